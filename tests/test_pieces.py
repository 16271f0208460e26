"""A conversion in pieces is that of one process: rows, findings, sums, bytes, queue, digests, proof.

Owns every way in which records lie, in 1 to 64 pieces, each done with a plan that was sent to it, without Spark
(tests/test_spark.py has that); and what must not come of a piece that read something else.
"""

from __future__ import annotations

import csv
import json
import pickle
import shutil
from itertools import groupby
from pathlib import Path

import pytest
import sqlalchemy as sa
from oracle.charsets import load
from oracle.dumps import formats, make
from oracle.run import write_job
from test_rectypes import WHOLE, data, head, trail
from test_rectypes import write as write_types

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.disk.packing import pack
from gaiji.errors import GaijiError
from gaiji.output import parts
from gaiji.proof.gathered import verify_in_pieces
from gaiji.run import splits
from gaiji.run.gathered import convert_in_pieces
from gaiji.run.pieces import convert_piece

TIMES = ("started", "finished")
PLACES = ("output", "outputs", "order", "pieces")


def here(plan, found, folder):
    """All pieces, the last first, each with a plan that was sent to it."""
    sent = pickle.dumps(plan)
    every = reversed(found.pieces)
    return [
        convert_piece(pickle.loads(sent), split, found.state, folder / f"p{split.number}") for split in every
    ]


def there(does, plan, given):
    """Something done with each part, the last first, with a plan that was sent."""
    sent = pickle.loads(pickle.dumps(plan))
    done = [pickle.loads(pickle.dumps(does(sent, one))) for one in reversed(given)]
    return done[::-1]


def verdict(proof):
    """All that a proof found, but for times."""
    return {key: value for key, value in proof.data.items() if key not in TIMES}, proof.exit_code


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(splits, "LEAST", 64)


def rows_of(path, format):
    """The rows of an output, a file or a folder of parts."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    if format == "parquet":
        import polars as pl

        return [row for file in files for row in pl.read_parquet(file).rows()]
    if format == "fixed":
        return b"".join(file.read_bytes() for file in files)
    out = []
    for number, file in enumerate(files):
        with file.open(encoding="utf-8", newline="") as lines:
            out += list(csv.reader(lines))[1 if number else 0 :]
    return out


def queue_of(where):
    """Everything that a queue says of codes, but for times; ``where``: its file, or the URL of its server."""
    engine = sa.create_engine(where if "://" in str(where) else f"sqlite:///{where}")
    names = sa.inspect(engine).get_table_names()
    with engine.connect() as connection:
        told = {}
        for name in names:
            rows = [dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {name}")).mappings()]
            told[name] = sorted(
                repr({k: v for k, v in row.items() if not k.endswith("_at") and k != "seen"}) for row in rows
            )
    engine.dispose()
    return told


def made(job):
    """Everything that a conversion left: manifest, rows of each output, queue, what was set aside, the order."""
    manifest = json.loads((job.parent / found_manifest(job)).read_text("utf-8"))
    outputs = [one["path"] for one in manifest.get("outputs", [manifest["output"]])]
    kinds = {".parquet": "parquet", ".dat": "fixed"}
    rows = {one: rows_of(job.parent / one, kinds.get(Path(one).suffix, "csv")) for one in outputs}
    folder = (job.parent / found_manifest(job)).parent
    aside = {one.name: one.read_bytes() for one in sorted(folder.glob("*.bad-records.*"))}
    order = [
        line.split("\t") for one in folder.glob("*.record-order.tsv") for line in one.read_text().splitlines()
    ]
    runs = [(name, sum(int(n) for _, n in some)) for name, some in groupby(order, key=lambda line: line[0])]
    queues = {one.name: queue_of(one) for one in sorted(folder.glob("*.sqlite"))}
    told = {key: value for key, value in manifest.items() if key not in (*TIMES, *PLACES)}
    for one in told.get("types", {}).values():
        one.pop("output", None)
    return told, rows, aside, runs, queues


def found_manifest(job):
    return next(one.relative_to(job.parent) for one in sorted(job.parent.rglob("*.manifest.json")))


def clean(job):
    """Only what was there before a conversion."""
    folder = (job.parent / found_manifest(job)).parent
    for one in folder.iterdir():
        if one.name.startswith(("out.", "juki.", "koseki.", "review", "d.csv", "h.csv", "t.csv")):
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def check(job, counts=(1, 2, 7, 64), proof=7):
    """A job in one process, then in pieces; how many parts there were at the most."""
    gaiji.convert(job)
    whole = made(job)
    assert gaiji.verify(job).holds
    most = 0
    for count in counts:
        clean(job)
        manifest = convert_in_pieces(job, count, here)
        assert made(job) == whole, count
        files = manifest.data.get("outputs", [manifest.data["output"]])
        for one in files:
            folder = job.parent / one["path"]
            names = [part["path"] for part in one["parts"]]
            assert sorted(file.name for file in folder.iterdir()) == names and len(names) <= count
            assert sum((folder / name).stat().st_size for name in names) == one["bytes"]
            most = max(most, len(names))
        assert not [left for left in job.parent.rglob(".*") if left.name.endswith((".part", ".unfinished"))]
        assert verify_in_pieces(job, there).holds, count
        if count == proof:
            done = gaiji.verify(job)
            assert done.holds, [check for check in done.data["checks"] if not check["holds"]]
            assert verdict(verify_in_pieces(job, there)) == verdict(done)
    return most


@pytest.mark.slow
@pytest.mark.parametrize("charset", ["fujitsu-jef-ebcdik", "windows-31j", "unicode-le"])
def test_every_format_in_pieces(tmp_path, charset):
    for format in formats(load(charset)):
        place = tmp_path / format
        place.mkdir()
        assert check(write_job(place, make(charset, format, 60, 5))) > 7, format


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet", ".dat"])
@pytest.mark.parametrize("job", ["juki-jef", "koseki-keis"])
def test_the_samples_in_pieces_of_every_output(tmp_path, job, suffix):
    folder = tmp_path / "s"
    shutil.copytree(
        samples_dir(), folder, ignore=shutil.ignore_patterns("out", "*.py", "town", "__pycache__")
    )
    path = folder / f"{job}.toml"
    name = "juki" if "juki" in job else "koseki"
    path.write_text(path.read_text("utf-8").replace(f"{name}.csv", f"{name}{suffix}"), "utf-8")
    if suffix == ".csv.gz":
        manifest = convert_in_pieces(path, 7, here)
        assert len(manifest.data["output"]["parts"]) == 7 and gaiji.verify(path).holds
        return
    assert check(path, (5,), 5) == 5


@pytest.mark.parametrize("frame", ["fixed", "newline", "vb"])
def test_record_types_in_pieces(tmp_path, frame):
    records = [*WHOLE, *(data(n % 999, "MORI") for n in range(200)), trail(7), b"\xe7" * 10, data(1, "A")]
    records += [record for n in range(60) for record in (head(n), data(1, "ITO"), trail(n % 2))]
    assert check(write_types(tmp_path, records, frame)) > 7


def test_a_packed_input_and_an_empty_one_are_one_part(tmp_path):
    path = write_job(tmp_path, make("windows-31j", "lines", 30, 5))
    raw = (tmp_path / "dump.dat").read_bytes()
    (tmp_path / "dump.dat.gz").write_bytes(pack(memoryview(raw), "gzip"))
    path.write_text(path.read_text("utf-8").replace("dump.dat", "dump.dat.gz"), "utf-8")
    assert check(path, (1, 7)) == 1
    clean(path)
    (tmp_path / "dump.dat.gz").write_bytes(pack(memoryview(b"\x1a"), "gzip"))
    assert check(path, (7,)) == 1
    (tmp_path / "blank.dat").write_bytes(b"\n")
    path.write_text(path.read_text("utf-8").replace("dump.dat.gz", "blank.dat"), "utf-8")
    clean(path)
    assert check(path, (7,)) == 1


def test_bad_numbers_beyond_those_that_are_told_are_the_same_ones(tmp_path):
    from gaiji.run import totals

    fields = '\n[[field]]\nname = "n"\noffset = 0\nlength = 4\ntype = "zoned"\n'
    numbers = [b"%04d" % n if n % 3 else b"x%03d" % (n % 170) for n in range(900)]
    (tmp_path / "dump.dat").write_bytes(b"\n".join(numbers) + b"\n")
    path = tmp_path / "job.toml"
    path.write_text(
        '[source]\npath = "dump.dat"\ncharset = "windows-31j"\nformat = "lines"\n[output]\npath = "out.csv"\n'
        + fields
    )
    check(path)
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert len(manifest["findings"]) == totals.MOST_NUMBERS + 1


def test_of_several_pieces_that_fail_the_first_is_told_and_nothing_is_left(tmp_path):
    path = write_job(tmp_path, make("fujitsu-jef-ebcdik", "fixed", 60, 5))
    path.write_text(
        path.read_text("utf-8") + '[policy]\nunmapped-gaiji = "fail"\nillegal = "fail"\n', "utf-8"
    )
    with pytest.raises(GaijiError) as one:
        gaiji.convert(path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(GaijiError) as other:
        convert_in_pieces(path, 9, here)
    assert str(other.value).partition(":")[2] == str(one.value).partition(":")[2]
    assert sorted(tmp_path.iterdir()) == before


def test_a_piece_that_read_other_bytes_ends_the_run(tmp_path):
    path = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))

    def lying(plan, found, folder):
        done = here(plan, found, folder)
        told = json.loads((done[0].folder / "done.json").read_text())
        told["read"]["sha256"] = "0" * 64
        (done[0].folder / "done.json").write_text(json.dumps(told))
        return done

    for engine in (lying, lambda *args: here(*args)[1:]):
        with pytest.raises(GaijiError, match="E0888"):
            convert_in_pieces(path, 5, engine)
        assert not (tmp_path / "out.csv").exists() and not list(tmp_path.glob(".*"))


def test_a_fault_in_any_part_is_found_by_the_proof(tmp_path):
    path = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    convert_in_pieces(path, 5, here)
    part = tmp_path / "out.csv" / parts.part_name(3, tmp_path / "out.csv")
    lines = part.read_bytes()
    part.write_bytes(lines[:-2] + bytes([lines[-2] ^ 1]) + lines[-1:])
    assert not gaiji.verify(path).holds
    part.unlink()
    assert not gaiji.verify(path).holds


def test_an_output_that_was_a_file_becomes_a_folder_and_stays_where_naming_fails(tmp_path, monkeypatch):
    from gaiji.errors import OutputError
    from gaiji.errors.messages import fault

    path = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    gaiji.convert(path)
    before = (tmp_path / "out.csv").read_bytes()

    def fails(*_):
        raise OutputError(fault("E0086", "cannot be written: {reason}", reason="full"), where="out.csv")

    with monkeypatch.context() as one:
        one.setattr(parts, "sync_folder", lambda place: fails() if place == tmp_path else None)
        with pytest.raises(OutputError):
            convert_in_pieces(path, 5, here)
    assert (tmp_path / "out.csv").read_bytes() == before
    convert_in_pieces(path, 5, here)
    assert (tmp_path / "out.csv").is_dir() and gaiji.verify(path).holds


def test_no_folder_is_replaced_but_one_of_such_parts(tmp_path):
    """Whatever lies in a folder of the output's name is somebody's, unless it is an output that stood there."""
    shutil.copytree(samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out"))
    job, folder = tmp_path / "s" / "juki-jef.toml", tmp_path / "s" / "o.csv"
    output = {"output.path": "o.csv"}
    for name in ("mine.txt", ".hidden", "part-00000.txt", "part-1.csv", "part-00000.csv/x"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("mine")
        with pytest.raises(GaijiError, match="E0894"):
            convert_in_pieces(job, 3, here, overrides=output)
        assert (folder / name).read_text() == "mine"
        shutil.rmtree(folder)
    for count in (4, 2):
        convert_in_pieces(job, count, here, overrides=output)
    assert sorted(one.name for one in folder.iterdir()) == ["part-00000.csv", "part-00001.csv"]

    def meanwhile(plan, found, place):
        (folder / "mine.txt").write_text("mine")
        return here(plan, found, place)

    with pytest.raises(GaijiError, match="E0894"):
        convert_in_pieces(job, 3, meanwhile, overrides=output)
    assert sorted(one.name for one in folder.iterdir()) == ["mine.txt", "part-00000.csv", "part-00001.csv"]
    assert not [one for one in tmp_path.rglob(".*") if one.name.endswith(".part")]


@pytest.mark.parametrize("key", ["source.path", "source.layout", "source.tables", "review.queue"])
def test_nothing_of_a_run_lies_in_the_folder_that_it_writes(tmp_path, key):
    shutil.copytree(samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out"))
    inside, link = tmp_path / "s" / "o.csv", tmp_path / "s" / "link.csv"
    inside.mkdir()
    link.symlink_to(inside)
    names = {"source.path": "juki-jef.dat", "source.layout": "juki-jef.cpy"}
    target = inside / ("r.cpy" if key == "source.layout" else "part-00000.csv")
    if key in names:
        shutil.copy(tmp_path / "s" / names[key], target)
    elif key == "source.tables":
        target.write_text("code\tucs\tglyph\n")
    value = [f"o.csv/{target.name}"] if key == "source.tables" else f"o.csv/{target.name}"
    for spelled in ("o.csv", "link.csv", "./o.csv"):
        with pytest.raises(GaijiError, match="E0390"):
            convert_in_pieces(
                tmp_path / "s" / "juki-jef.toml", 3, here, overrides={"output.path": spelled, key: value}
            )
    assert sorted(one.name for one in inside.iterdir()) in ([], [target.name])
