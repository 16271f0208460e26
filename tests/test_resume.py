"""Runs that were interrupted go on: outputs, queue and manifest are those of an undisturbed run, wherever it was cut."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gaiji.disk.datafiles import samples_dir
from gaiji.disk.files import AtomicFile
from gaiji.disk.packing import pack
from gaiji.errors import GaijiError, OutputError, QueueError, ResumeError
from gaiji.errors.messages import fault
from gaiji.output.lines import LinesSink
from gaiji.output.parquet import ParquetSink
from gaiji.records.quarantine import Quarantine
from gaiji.records.reader import Reader
from gaiji.run import checkpoint
from gaiji.run.checkpoint import Checkpoints, checkpoint_path
from gaiji.run.convert import convert
from gaiji.run.session import Session
from tests.conftest import tmpfs

SINKS = (LinesSink, ParquetSink)
main_path = sys.modules["gaiji.run.convert"]  # the package has a function of that name


class Killed(KeyboardInterrupt):
    """Stands for the end of the process."""


def samples(place: Path) -> Path:
    """A copy of the samples."""
    ignored = shutil.ignore_patterns("out", "town", "*.py", "__pycache__")
    return Path(shutil.copytree(samples_dir(), place / "s", ignore=ignored))


@pytest.fixture
def folder(tmp_path):
    return samples(tmp_path)


@pytest.fixture(scope="module")
def undisturbed_of(tmp_path_factory):
    """``undisturbed_of(case)``: what a run of that case makes that nothing interrupts, in another folder; made once."""
    done = {}

    def once(case):
        if case not in done:
            folder = samples(tmp_path_factory.mktemp("undisturbed"))
            job, overrides = prepare(folder, case)
            convert(job, overrides=overrides)
            done[case] = made(folder)
        return done[case]

    return once


@pytest.fixture
def small(monkeypatch):
    """Small buffers, a checkpoint at each, and nothing left to chance: each is on the disk before the work goes on."""
    monkeypatch.setitem(Reader.__init__.__kwdefaults__, "batch", 80_000)
    monkeypatch.setattr(checkpoint, "EVERY", 1)
    save = Checkpoints.save

    def save_and_wait(self, *args):
        save(self, *args)
        self._pending.result()

    monkeypatch.setattr(Checkpoints, "save", save_and_wait)


def made(folder: Path) -> dict[str, bytes]:
    """Everything under out/, the manifest without its times."""
    found = {}
    for path in sorted((folder / "out").rglob("*")):
        if path.is_file():
            found[path.name] = path.read_bytes()
    (name,) = [name for name in found if name.endswith(".manifest.json")]
    manifest = json.loads(found[name])
    del manifest["started"], manifest["finished"]
    return found | {name: json.dumps(manifest).encode()}


def vb_records(raw: bytes, length: int) -> bytes:
    """Fixed records as variable ones of many lengths, some of them longer than the job allows."""
    records = [raw[i : i + length] for i in range(0, len(raw), length)]
    out = b""
    for number, record in enumerate(records):
        record += b"\x40" * 30 if number % 97 == 5 else b""
        out += struct.pack(">HH", len(record) + 4, 0) + record
    return out


def blocked(raw: bytes) -> bytes:
    """Blocks of three variable records."""
    out, at, block, number = b"", 0, b"", 0
    while at < len(raw):
        size = struct.unpack_from(">H", raw, at)[0]
        block += raw[at : at + size]
        at, number = at + size, number + 1
        if number % 3 == 0 or at >= len(raw):
            out, block = out + struct.pack(">HH", len(block) + 4, 0) + block, b""
    return out


def prepare(folder: Path, case: str) -> tuple[Path, dict[str, object]]:
    """The job of a case and what it overrides."""
    jef, dump = folder / "juki-jef.toml", folder / "juki-jef.dat"
    if case == "fixed-csv":
        return jef, {}
    if case == "gzip-gzip":
        (folder / "d.dat.gz").write_bytes(gzip.compress(dump.read_bytes(), mtime=0))
        return jef, {"source.path": "d.dat.gz", "output.path": "out/juki.csv.gz", "output.bom": True}
    if case == "zstd-zstd":
        (folder / "d.dat.zst").write_bytes(pack(memoryview(dump.read_bytes()), "zstd"))
        return jef, {"source.path": "d.dat.zst", "output.path": "out/juki.tsv.zst"}
    if case == "parquet":
        return jef, {"output.path": "out/juki.parquet", "target.glyph_columns": True}
    if case == "utf16":
        return jef, {"output.path": "out/juki.dat", "output.encoding": "utf-16-be"}
    if case == "shrunk":
        return jef, {"target.shrink": "jisx0213"}
    if case == "vb-blocked":
        (folder / "d.dat").write_bytes(blocked(vb_records(dump.read_bytes(), 400)))
        return jef, {
            "source.path": "d.dat",
            "source.format": "vb",
            "source.record_length": 500,
            "source.blocked": True,
            "source.layout": "juki-jef.cpy",
        }
    if case == "vb-cut-off":  # behind the descriptor in the middle of a block nothing is a record any more
        raw = blocked(vb_records(dump.read_bytes(), 400))
        at = len(raw) // 2
        (folder / "d.dat").write_bytes(raw[:at] + b"\xff" * (len(raw) - at))
        return jef, {
            "source.path": "d.dat",
            "source.format": "vb",
            "source.record_length": 500,
            "source.blocked": True,
            "source.on_bad_record": "quarantine",
            "source.layout": "juki-jef.cpy",
        }
    if case == "vb-quarantine":
        (folder / "d.dat").write_bytes(vb_records(dump.read_bytes(), 400))
        return jef, {
            "source.path": "d.dat",
            "source.format": "vb",
            "source.record_length": 400,
            "source.on_bad_record": "quarantine",
            "policy.unmapped-gaiji": "drop-record",
        }
    csv = folder / "juki-windows.csv"
    lines = csv.read_bytes().splitlines(keepends=True)
    quoted = b",".join(b'"' + cell + b'""x"' for cell in lines[1].rstrip(b"\r\n").split(b",")) + b"\r\n"
    csv.write_bytes(lines[0] + (b"".join(lines[1:]) + quoted * 3 + b"bad,line\r\n") * 2)
    return folder / "juki-windows.toml", {"source.on_bad_record": "quarantine", "output.path": "out/juki.csv"}


CASES = [
    "fixed-csv",
    "gzip-gzip",
    "zstd-zstd",
    "parquet",
    "utf16",
    "shrunk",
    "vb-quarantine",
    "vb-blocked",
    "csv-quarantine",
]


@pytest.mark.parametrize("case", CASES)
def test_interrupted_before_any_batch_it_goes_on_to_the_same_bytes(folder, small, monkeypatch, case):
    job, overrides = prepare(folder, case)
    convert(job, overrides=overrides, checkpoints=False)
    whole = made(folder)
    assert any(name.endswith(".bad-records.bin") for name in whole) == ("quarantine" in case)
    gone_on = cut = 0
    while True:
        shutil.rmtree(folder / "out")
        with monkeypatch.context() as patch:
            left = [cut]
            for sink in SINKS:
                patch.setattr(sink, "write", _limited(sink.write, left))
            try:
                convert(job, overrides=overrides)
                break
            except Killed:
                pass
        gone_on += any(folder.rglob(".*.checkpoint"))
        convert(job, overrides=overrides, resume=True)
        assert made(folder) == whole
        cut += 1
    assert made(folder) == whole
    assert cut >= 6 and gone_on >= cut - 4


def _limited(write, left):
    def limited(self, encoded):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        write(self, encoded)

    return limited


STEPS = [
    (LinesSink, "seal"),
    (ParquetSink, "seal"),
    (Quarantine, "seal"),
    (main_path, "fill_queue"),
    (main_path, "shrink_output"),
    (main_path, "write_manifest"),
    (LinesSink, "commit"),
    (ParquetSink, "commit"),
    (Quarantine, "commit"),
    (Session, "name"),
    (Checkpoints, "remove"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "step"), STEPS, ids=lambda x: getattr(x, "__name__", x))
@pytest.mark.parametrize("case", ["csv-quarantine", "vb-cut-off", "parquet", "shrunk"])
def test_interrupted_while_files_get_their_names_it_goes_on_to_the_same_bytes(
    folder, undisturbed_of, small, monkeypatch, case, owner, step, when
):
    if (owner in SINKS) and (owner is ParquetSink) != (case == "parquet"):
        pytest.skip("another kind of output")
    job, overrides = prepare(folder, case)
    whole = undisturbed_of(case)
    act, reached = getattr(owner, step), []

    def interrupted(*args):
        reached.append(1)
        if when == "after":
            act(*args)
        raise Killed

    def ended(*args):
        """The process is gone: nothing that would be tidied up is."""
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, interrupted)
        for one in (*SINKS, Quarantine, AtomicFile):
            patch.setattr(one, "unname", ended)
        with pytest.raises(Killed):
            convert(job, overrides=overrides)
    assert reached
    for _ in range(2):
        convert(job, overrides=overrides, resume=True)
        assert made(folder) == whole


def interrupt(folder, monkeypatch, writes=5):
    """A run that is interrupted after some batches; the job."""
    job = folder / "juki-jef.toml"
    with monkeypatch.context() as patch:
        patch.setattr(LinesSink, "write", _limited(LinesSink.write, [writes]))
        with pytest.raises(Killed):
            convert(job)
    assert checkpoint_path(folder / "out/juki-jef/juki.csv").exists()
    return job


@pytest.mark.parametrize("change", ["input", "part", "part-gone", "job", "table", "layout", "totals"])
def test_what_has_changed_since_is_refused_and_nothing_is_lost(folder, small, monkeypatch, change):
    job = interrupt(folder, monkeypatch)
    out = folder / "out/juki-jef"
    part, kept = out / ".juki.csv.unfinished", checkpoint_path(out / "juki.csv")
    overrides = {}
    if change == "input":
        path = folder / "juki-jef.dat"
        path.write_bytes(path.read_bytes()[:400] * 2000)
    elif change == "part":
        raw = bytearray(part.read_bytes())
        raw[1000] ^= 1
        part.write_bytes(raw)
    elif change == "part-gone":
        part.unlink()
    elif change == "job":
        overrides = {"source.trim": "none"}
    elif change == "layout":  # the fields stay where they are, the records are longer
        path = folder / "juki-jef.cpy"
        path.write_text(path.read_text("utf-8").rstrip() + "\n           05  FILLER  PIC X(400).\n", "utf-8")
    elif change == "table":
        path = folder / "site/sample-city-jef.tsv"
        path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    else:
        data = json.loads(kept.read_text("utf-8").partition("\n")[2])
        data["totals"]["totals"][0]["counts"].pop()
        text = json.dumps(data)
        kept.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", "utf-8")
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(ResumeError, match="run again without --resume"):
        convert(job, overrides=overrides, resume=True)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    convert(job, overrides=overrides)
    assert sorted(path.name for path in out.iterdir()) == [
        "juki.csv",
        "juki.csv.manifest.json",
        "review.sqlite",
    ]


def test_without_resume_it_starts_clean(folder, small, monkeypatch):
    job = interrupt(folder, monkeypatch)
    convert(job, checkpoints=False)
    clean = made(folder)
    shutil.rmtree(folder / "out")
    convert(job)
    assert made(folder) == clean


def test_an_error_in_the_data_leaves_nothing(folder, small, monkeypatch):
    job = interrupt(folder, monkeypatch)
    with (folder / "juki-jef.dat").open("ab") as file:
        file.write(b"\x40" * 7)
    with pytest.raises(GaijiError, match="the last record has 7 bytes"):
        convert(job, resume=True)
    assert list((folder / "out/juki-jef").iterdir()) == []


def test_a_queue_that_cannot_be_used_at_the_end_is_gone_on_with(folder, small, monkeypatch):
    job = folder / "juki-jef.toml"
    convert(job)
    whole = made(folder)
    shutil.rmtree(folder / "out")

    def fails(*args):
        raise QueueError(
            fault("E0212", "the review queue cannot be used: {reason}", reason="gone"),
            where="review.sqlite",
            next="check it",
        )

    with monkeypatch.context() as patch:
        patch.setattr(main_path, "fill_queue", fails)
        with pytest.raises(QueueError, match="then run again with --resume"):
            convert(job)
    convert(job, resume=True)
    assert made(folder) == whole


def test_a_pipe_and_standard_output_work_but_cannot_go_on(folder, capsysbinary):
    job = folder / "juki-jef.toml"
    convert(job)
    whole = made(folder)["juki.csv"]
    command = [
        sys.executable,
        "-m",
        "gaiji",
        "convert",
        str(job),
        "--set",
        "output.path=-",
        "--set",
        "source.path=-",
    ]
    with (folder / "juki-jef.dat").open("rb") as stdin:
        done = subprocess.run(command, stdin=stdin, capture_output=True)
    assert done.returncode == 3 and done.stdout == whole
    assert b"2000 of 2000 records written to standard output" in done.stderr
    assert (folder / "juki-jef.toml.manifest.json").exists()
    refused = subprocess.run([*command, "--resume"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (
        refused.returncode == 2
        and refused.stderr.count("\n") == 1
        and "cannot be gone on with" in refused.stderr
    )


def test_a_named_pipe_is_an_output(folder):
    convert(folder / "juki-jef.toml")
    whole = made(folder)["juki.csv"]
    os.mkfifo(folder / "out/pipe.csv")
    reader = subprocess.Popen(["cp", str(folder / "out/pipe.csv"), str(folder / "read.csv")])
    convert(folder / "juki-jef.toml", overrides={"output.path": "out/pipe.csv"})
    assert reader.wait(timeout=20) == 0 and (folder / "read.csv").read_bytes() == whole
    assert (folder / "out/pipe.csv").is_fifo()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_an_output_that_is_a_link_stays_one(folder, tmp_path, suffix):
    (folder / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / f"elsewhere/real.{suffix}", folder / f"out/juki.{suffix}"
    link.symlink_to(real)
    convert(folder / "juki-jef.toml", overrides={"output.path": f"out/juki.{suffix}"})
    assert link.is_symlink() and real.stat().st_size > 1000
    assert [path.name for path in real.parent.iterdir()] == [real.name]


def test_standard_output_that_nobody_reads_is_one_line(folder):
    path = folder / "juki-jef.dat"
    path.write_bytes(path.read_bytes() * 5)
    command = [
        sys.executable,
        "-m",
        "gaiji",
        "convert",
        str(folder / "juki-jef.toml"),
        "--set",
        "output.path=-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(100)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 1 and said.count("\n") == 1 and "standard output: cannot be written" in said


def command(folder, *options):
    """``gaiji convert`` in a process of its own."""
    return [sys.executable, "-m", "gaiji", "convert", str(folder / "juki-jef.toml"), *options]


OFTEN = """
import os, sys
from gaiji.cli.commands import main
from gaiji.records.reader import Reader
from gaiji.run import checkpoint

left, number = int(sys.argv.pop(1)), int(sys.argv.pop(1))
checkpoint.EVERY = 1 << 20
Reader.__init__.__kwdefaults__["batch"] = 1 << 18
save = checkpoint.Checkpoints.save

def counted(self, *args):
    global left
    save(self, *args)
    left -= 1
    if number:
        self._pending.result()
    if number and not left:
        os.kill(os.getpid(), number)

checkpoint.Checkpoints.save = counted
main()
"""


def often(folder, *options, at=(0, 0)):
    """The same with a checkpoint at every megabyte, so that a small dump has many. ``at``: it sends itself a signal when so many
    checkpoints are on the disk (their number, the signal's)."""
    count, number = map(int, at)
    return [sys.executable, "-c", OFTEN, str(count), str(number), *command(folder, *options)[3:]]


def undisturbed(folder, copies, run, records=2000):
    """A dump of some size (the first records of the sample, so many times), what an undisturbed run makes of it, and its seconds."""
    path = folder / "juki-jef.dat"
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2000 * records] * copies)
    begin = time.monotonic()
    subprocess.run(run(folder), stdout=subprocess.DEVNULL, check=False)
    return made(folder), time.monotonic() - begin


def test_stopped_by_hand_it_says_how_to_go_on(folder):
    whole, _ = undisturbed(folder, 10, often)
    shutil.rmtree(folder / "out")
    stopped = subprocess.run(often(folder, at=(3, signal.SIGINT)), capture_output=True, text=True)
    assert stopped.returncode == 1
    assert stopped.stderr == "gaiji: E0016 stopped; gaiji convert --resume goes on from here\n"
    done = subprocess.run(command(folder, "--resume"), capture_output=True, text=True)
    assert done.returncode == 3 and done.stderr == "went on from a checkpoint\n"
    assert made(folder) == whole


def goes_on(folder, whole, run):
    """--resume after a run that died; whether it went on from a checkpoint. What it says is held to what that run left."""
    left = any(folder.rglob(".*.checkpoint"))
    done = subprocess.run(run(folder, "--resume"), capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert ("went on from a checkpoint" in done.stderr) is left
    assert made(folder) == whole
    return left


def kill_and_go_on(folder, times, whole, seconds, run):
    """``kill -9`` at random moments of a run, then --resume; how many runs went on from a checkpoint."""
    kept = 0
    for _ in range(times):
        shutil.rmtree(folder / "out")
        process = subprocess.Popen(run(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.1, seconds))
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept += goes_on(folder, whole, run)
    return kept


def test_killed_at_random_moments_it_goes_on(folder):
    whole, seconds = undisturbed(folder, 10, often)
    shutil.rmtree(folder / "out")
    died = subprocess.run(often(folder, at=(random.randint(1, 6), signal.SIGKILL)), stdout=subprocess.DEVNULL)
    assert died.returncode == -signal.SIGKILL and goes_on(folder, whole, often)
    kill_and_go_on(folder, 3, whole, seconds, often)


@pytest.mark.slow
@pytest.mark.soak(reason="100 runs over 200 MB")
def test_killed_50_times_in_200_megabytes_it_goes_on(folder):
    whole, seconds = undisturbed(folder, 250, command)
    assert (folder / "juki-jef.dat").stat().st_size == 200_000_000
    kept = kill_and_go_on(folder, 50, whole, seconds, command)
    print(f"50 of 50 runs end as the undisturbed one; {kept} of them went on from a checkpoint")
    assert kept >= 5


SOAK = [pytest.mark.slow, pytest.mark.soak(reason="ten runs over 200 MB")]


@pytest.mark.parametrize("copies", [100, pytest.param(250, marks=SOAK)])
def test_a_full_disk_is_gone_on_with_when_there_is_room(folder, copies):
    """The file system fills up at many sizes; room is made, the run goes on. A hundred copies are of a tenth of the dump."""
    run, records = (often, 200) if copies == 100 else (command, 2000)
    whole, _ = undisturbed(folder, copies, run, records)
    size = sum(map(len, whole.values())) / 1e6
    kept = 0
    for share in (0.2, 0.5, 0.8, 0.95, 1.0):
        shutil.rmtree(folder / "out")
        with tmpfs(folder / "out", f"size={int(size * share * 1024)}k"):
            done = subprocess.run(run(folder), capture_output=True, text=True)
            if done.returncode != 3:
                assert (
                    done.returncode == 1
                    and done.stderr.count("\n") == 1
                    and re.search("No space left|disk is full", done.stderr)  # the output's, or the queue's
                ), done.stderr
                names = {path.name for path in (folder / "out").rglob("*") if path.is_file()}
                if any(name.endswith(".checkpoint") for name in names):
                    kept += 1
                    assert "then run again with --resume" in done.stderr
                else:
                    assert not names
                subprocess.run(
                    ["mount", "-o", f"remount,size={int(size * 3) + 8}m", str(folder / "out")], check=True
                )
                done = subprocess.run(run(folder, "--resume"), capture_output=True, text=True)
            assert done.returncode == 3, done.stderr
            assert made(folder) == whole
    assert kept >= 2


def test_a_disk_that_fills_while_the_checkpoint_is_written_is_one_line(folder, small, monkeypatch):
    def full(self, *args):
        raise OutputError(
            fault("E0056", "cannot be written: {reason}", reason="No space left on device"),
            where="x",
            next="make room, then run again",
        )

    job = folder / "juki-jef.toml"
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "_write", full)
        with pytest.raises(OutputError, match="No space left"):
            convert(job)
    assert list((folder / "out/juki-jef").iterdir()) == []
