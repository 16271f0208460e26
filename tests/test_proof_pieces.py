"""A conversion in pieces proved in pieces: the report is that of one process, and a fault is found by both.

Owns what goes wrong between parts, in outputs, inputs and what the manifest says of them. That a sound one holds in
every format and record kind: tests/test_pieces.py; in Spark: tests/test_spark.py.
"""

from __future__ import annotations

import json
import shutil

import pytest
from oracle.dumps import make
from oracle.run import write_job
from test_pieces import here, there, verdict
from test_rectypes import EBCDIC, head, trail, vb
from test_rectypes import data as person

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault
from gaiji.output.parts import part_name
from gaiji.proof.gathered import verify_in_pieces
from gaiji.proof.pieces import Proven, prove_piece, standing_behind
from gaiji.run import splits
from gaiji.run.gathered import convert_in_pieces

FORMATS = ("fixed-crlf", "vb-blocked", "csv")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(splits, "LEAST", 64)


def converted(folder, format="fixed", charset="windows-31j", count=5):
    """A job whose output stands in parts; its path."""
    path = write_job(folder, make(charset, format, 60, 5))
    convert_in_pieces(path, count, here)
    return path


def part(job, number):
    """A part of the output."""
    output = job.parent / "out.csv"
    return output / part_name(number, output)


def flip(path, at):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def a_byte_of_a_part(job):
    flip(part(job, 3), -3)


def two_parts_swapped(job):
    one, other = part(job, 1).read_bytes(), part(job, 3).read_bytes()
    part(job, 1).write_bytes(other)
    part(job, 3).write_bytes(one)


def a_part_missing(job):
    part(job, 2).unlink()


def the_last_part_missing(job):
    part(job, 4).unlink()


def a_part_more(job):
    shutil.copy(part(job, 4), part(job, 5))


def a_part_in_the_place_of_the_next(job):
    shutil.copy(part(job, 1), part(job, 2))


def a_part_without_its_last_record(job):
    part(job, 1).write_bytes(b"".join(part(job, 1).read_bytes().splitlines(True)[:-1]))


def a_part_without_its_header(job):
    part(job, 1).write_bytes(b"".join(part(job, 1).read_bytes().splitlines(True)[1:]))


def a_record_moved_to_the_next_part(job):
    first, second = (part(job, at).read_bytes().splitlines(True) for at in (1, 2))
    part(job, 1).write_bytes(b"".join(first[:-1]))
    part(job, 2).write_bytes(b"".join([second[0], first[-1], *second[1:]]))


def bytes_of_the_input(job):
    data = bytearray((job.parent / "dump.dat").read_bytes())
    at = len(data) // 2
    data[at : at + 8] = bytes(one ^ 1 for one in data[at : at + 8])
    (job.parent / "dump.dat").write_bytes(data)


def the_input_longer(job):
    data = (job.parent / "dump.dat").read_bytes()
    (job.parent / "dump.dat").write_bytes(data + data)


def the_input_shorter(job):
    data = (job.parent / "dump.dat").read_bytes()
    (job.parent / "dump.dat").write_bytes(data[: len(data) // 3])


FAULTS = (
    a_byte_of_a_part,
    two_parts_swapped,
    a_part_missing,
    the_last_part_missing,
    a_part_more,
    a_part_in_the_place_of_the_next,
    a_part_without_its_last_record,
    a_part_without_its_header,
    bytes_of_the_input,
    the_input_longer,
    the_input_shorter,
)


def outcome(prove):
    """Whether a proof holds and its exit code; of an error its number."""
    try:
        done = prove()
    except GaijiError as error:
        return str(error)[:5]
    return done.holds, done.exit_code


@pytest.mark.parametrize("format", FORMATS)
def test_a_planted_fault_is_found_by_both(tmp_path, format):
    sound = converted(tmp_path)  # whatever may be kept is there
    shutil.rmtree(sound.parent)
    (tmp_path / "sound").mkdir(parents=True)
    job = converted(tmp_path / "sound", format)
    assert outcome(lambda: gaiji.verify(job)) == outcome(lambda: verify_in_pieces(job, there))
    assert gaiji.verify(job).holds
    for plant in FAULTS:
        place = tmp_path / plant.__name__
        shutil.copytree(tmp_path / "sound", place)
        own = place / job.name
        plant(own)
        one, many = outcome(lambda j=own: gaiji.verify(j)), outcome(lambda j=own: verify_in_pieces(j, there))
        assert one == many, plant.__name__
        assert one == (False, 1) or plant not in FAULTS[:8], plant.__name__


def test_of_a_changed_byte_both_tell_the_same(tmp_path):
    job = converted(tmp_path)
    a_byte_of_a_part(job)
    assert verdict(verify_in_pieces(job, there)) == verdict(gaiji.verify(job))


def test_a_record_in_the_next_part_is_seen(tmp_path):
    """One process reads the parts one behind another: to it such an output has another digest, no more."""
    job = converted(tmp_path)
    a_record_moved_to_the_next_part(job)
    assert not gaiji.verify(job).holds
    done = verify_in_pieces(job, there)
    assert not done.holds and "pieces" in {
        check["check"] for check in done.data["checks"] if not check["holds"]
    }


def manifest_of(job):
    path = job.parent / "out.csv.manifest.json"
    return path, json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("format", "key"),
    [(one, key) for one in FORMATS for key in ("offset", "records")]
    + [("vb-blocked", "block"), ("csv", "columns")],
)
def test_what_the_manifest_says_of_the_places_is_a_claim(tmp_path, format, key):
    """Where it is wrong nothing is proved."""
    job = converted(tmp_path, format)
    path, told = manifest_of(job)
    assert len(told["pieces"]) == 5
    told["pieces"][2][key] += 1
    path.write_text(json.dumps(told), "utf-8")
    found = outcome(lambda: verify_in_pieces(job, there))
    assert found == (False, 1) or found == "E0407", found
    assert gaiji.verify(job).holds


@pytest.mark.parametrize(
    "pieces",
    [
        None,
        [],
        3,
        [{}],
        [{"offset": 0}],
        [{"offset": 9, "records": 0, "block": 0, "columns": 0}],
        "twice",
        "back",
    ],
)
def test_without_places_in_the_manifest_it_is_refused_in_one_line(tmp_path, pieces):
    job = converted(tmp_path)
    path, told = manifest_of(job)
    first = told.pop("pieces")
    pieces = {"twice": first[:2] + first[1:], "back": [first[0], *first[:0:-1]]}.get(str(pieces), pieces)
    path.write_text(json.dumps(told | ({} if pieces is None else {"pieces": pieces})), "utf-8")
    with pytest.raises(GaijiError, match="E0778") as error:
        verify_in_pieces(job, there)
    assert "\n" not in str(error.value)
    assert gaiji.verify(job).holds


def test_the_output_of_one_process_is_refused(tmp_path):
    path = write_job(tmp_path, make("windows-31j", "fixed", 60, 5))
    gaiji.convert(path)
    with pytest.raises(GaijiError, match="E0778"):
        verify_in_pieces(path, there)


def test_a_part_that_read_other_bytes_ends_the_proof(tmp_path):
    from dataclasses import replace

    job = converted(tmp_path)

    def lying(does, plan, given):
        done = there(does, plan, given)
        return [*done[:2], replace(done[2], read=replace(done[2].read, sha256="0" * 64)), *done[3:]]

    with pytest.raises(GaijiError, match="E0888"):
        verify_in_pieces(job, lying)
    assert not (tmp_path / "out.csv.verify.json").exists()


def test_of_several_parts_that_fail_the_first_is_told(tmp_path):
    job = converted(tmp_path)

    def failing(does, plan, given):
        done = there(does, plan, given)
        return [
            *done[:2],
            *(Proven(at, error=GaijiError(fault("E0089", "{at}", at=at))) for at in (2, 3)),
            *done[4:],
        ]

    with pytest.raises(GaijiError, match=r"E0089 2"):
        verify_in_pieces(job, failing)


def test_the_records_set_aside_are_compared(tmp_path):
    place = tmp_path / "s"
    shutil.copytree(samples_dir(), place, ignore=shutil.ignore_patterns("out", "*.py", "town"))
    job, output = place / "juki-windows.toml", "out/juki-windows/juki.csv"
    raw = (place / "juki-windows.csv").read_bytes().splitlines(True)
    lines = [line + b'"x"y\r\n' if n % 300 == 7 else line for n, line in enumerate(raw)]
    (place / "juki-windows.csv").write_bytes(b"".join(lines))
    manifest = convert_in_pieces(job, 6, here, overrides={"source.on_bad_record": "quarantine"})
    assert manifest.data["records"]["quarantined"] > 3
    over = {"source.on_bad_record": "quarantine"}
    one, many = gaiji.verify(job, overrides=over), verify_in_pieces(job, there, overrides=over)
    assert one.holds and verdict(one) == verdict(many)
    aside = place / manifest.data["quarantine"]["files"][0]["path"]
    aside = aside if aside.exists() else (place / output).with_name(aside.name)
    for change in (lambda raw: raw[:-1], lambda raw: raw + b"x", lambda raw: bytes([raw[0] ^ 1]) + raw[1:]):
        raw = aside.read_bytes()
        aside.write_bytes(change(raw))
        assert not gaiji.verify(job, overrides=over).holds
        assert not verify_in_pieces(job, there, overrides=over).holds
        aside.write_bytes(raw)


MORE = {
    "glyphs": {"target.glyph_columns": True},
    "dropped": {"policy.unmapped-gaiji": "drop-record", "policy.bad-number": "drop-record"},
    "rows of text": {"output.path": "out/juki-jef/juki.dat", "target.glyph_columns": True},
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_what_else_a_job_may_ask_for(tmp_path, more):
    place = tmp_path / "s"
    shutil.copytree(samples_dir(), place, ignore=shutil.ignore_patterns("out", "*.py", "town"))
    job = place / "juki-jef.toml"
    convert_in_pieces(job, 6, here, overrides=more)
    one = gaiji.verify(job, overrides=more)
    assert one.holds and verdict(one) == verdict(verify_in_pieces(job, there, overrides=more))
    assert verdict(gaiji.verify(job, overrides=more, names=True)) == verdict(
        verify_in_pieces(job, there, overrides=more, names=True)
    )


# -- record types --------------------------------------------------------------------------------------------------


COPYBOOK = """
       01  FILE-REC.
           05  F-KBN      PIC X.
           05  F-TOWN     PIC X(9).
       01  HOUSE-REC.
           05  H-KBN      PIC X.
           05  H-NO       PIC 9(4).
           05  FILLER     PIC X(5).
       01  DATA-REC.
           05  D-KBN      PIC X.
           05  D-SEQ      PIC 9(3) COMP-3.
           05  D-NAME     PIC X(7).
       01  TRAIL-REC.
           05  T-KBN      PIC X.
           05  T-COUNT    PIC 9(6).
           05  FILLER     PIC X(3).
"""
JOB = """
[source]
path = "in.dat"
charset = "ibm-930"
format = "vb"
layout = "r.cpy"
on_bad_record = "quarantine"
[output]
path = "out/d.csv"
[[record]]
name = "F"
when = { field = "F-KBN", equals = "F" }
layout = "FILE-REC"
output = "out/f.csv"
key = "F-TOWN"
[[record]]
name = "H"
when = { field = "H-KBN", equals = "H" }
layout = "HOUSE-REC"
output = "out/h.csv"
parent = "F"
key = "H-NO"
[[record]]
name = "D"
when = { field = "D-KBN", equals = "D" }
layout = "DATA-REC"
parent = "H"
[[record]]
name = "T"
when = { offset = 0, bytes = "E3" }
layout = "TRAIL-REC"
output = "out/t.csv"
trailer = { field = "T-COUNT", counts = "D" }
"""


def typed(folder, records):
    """A job over records with three levels, converted in pieces; its path."""
    (folder / "in.dat").write_bytes(vb(records))
    (folder / "r.cpy").write_text(COPYBOOK)
    (folder / "job.toml").write_text(JOB)
    convert_in_pieces(folder / "job.toml", 9, here)
    return folder / "job.toml"


def town(name):
    return f"F{name:<9}".encode(EBCDIC)


def houses(first, count):
    """Households and who lives in them."""
    return [
        one for n in range(first, first + count) for one in (head(n), *(person(k, "SATO") for k in range(5)))
    ]


TOWNS = {
    "one header": [town("KAKU"), *houses(1, 60), trail(300)],
    "two": [town("KAKU"), *houses(1, 30), trail(150), town("SHIN"), *houses(1, 30), trail(149)],
    "one that is set aside in the middle": [
        town("KAKU"),
        *houses(1, 30),
        b"\xe7" * 10,
        *houses(31, 30),
        trail(9),
    ],
    "one household": [town("KAKU"), head(1), *(person(k % 999, "ITO") for k in range(400)), trail(400)],
}


@pytest.mark.parametrize("records", TOWNS.values(), ids=TOWNS)
def test_each_part_knows_the_records_above_its_first(tmp_path, records):
    job = typed(tmp_path, records)
    asked = []

    def counting(does, plan, given):
        asked.append((does, len(given)))
        return there(does, plan, given)

    one, many = gaiji.verify(job), verify_in_pieces(job, counting)
    assert verdict(one) == verdict(many) and one.holds
    pieces = json.loads((tmp_path / "out/d.csv.manifest.json").read_text())["pieces"]
    assert len(pieces) > 5
    rounds = [does for does, _ in asked]
    assert rounds[-1] is prove_piece and rounds.count(standing_behind) == len(rounds) - 1 <= 3


def test_a_part_that_was_told_another_parent_proves_nothing(tmp_path):
    job = typed(tmp_path, TOWNS["one header"])

    def lying(does, plan, given):
        done = there(does, plan, given)
        if does is standing_behind:
            return [{number: raw[:1] + b"\xf9" + raw[2:] for number, raw in one.items()} for one in done]
        return done

    done = verify_in_pieces(job, lying)
    assert not done.holds and done.exit_code == 1


@pytest.mark.parametrize("name", ["d.csv", "h.csv", "t.csv"])
def test_a_fault_in_the_output_of_any_type_is_found(tmp_path, name):
    job = typed(tmp_path, TOWNS["two"])
    folder = tmp_path / "out" / name
    files = [one for one in sorted(folder.iterdir()) if len(one.read_bytes().splitlines()) > 1]
    flip(files[-1], -4)
    assert not gaiji.verify(job).holds and not verify_in_pieces(job, there).holds
    flip(files[-1], -4)
    assert verify_in_pieces(job, there).holds
    files[-1].unlink()
    assert not gaiji.verify(job).holds and not verify_in_pieces(job, there).holds


def test_columns_of_the_jobs_own(tmp_path):
    place = tmp_path / "s"
    shutil.copytree(samples_dir(), place, ignore=shutil.ignore_patterns("out", "*.py", "town"))
    job = place / "juki-jef.toml"
    columns = '\n[[output.column]]\nfield = "氏名"\n\n[[output.column]]\nname = "姓"\nfield = "氏名"\n'
    job.write_text(job.read_text("utf-8") + columns + 'split = "　"\npart = 1\nof = 2\n', "utf-8")
    convert_in_pieces(job, 6, here)
    one = gaiji.verify(job)
    assert verdict(one) == verdict(verify_in_pieces(job, there)) and one.holds and one.data["columns"]
