"""Bad nights: killed runs, two at once, an input that changes, a disk that is full, folders that cannot be written."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gaiji.disk.datafiles import samples_dir
from gaiji.disk.lock import OutputLock
from gaiji.errors import DataError, OutputError, QueueError
from gaiji.records.reader import BATCH, Reader
from gaiji.run import stages
from gaiji.run.convert import convert
from gaiji.run.plan import Plan
from tests.conftest import tmpfs

JOB = "juki-jef.toml"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    return tmp_path / "s"


def command(folder, *options, **more):
    """``gaiji convert`` in a process of its own."""
    return [sys.executable, "-m", "gaiji", "convert", str(folder / JOB), *options]


def outputs(folder):
    """Everything under out/, the manifest without its times."""
    found = {}
    for path in sorted((folder / "out").rglob("*")):
        if path.is_file() and not path.name.endswith(("manifest.json", "review.sqlite")):
            found[path.name] = path.read_bytes()
    return found


def test_a_second_run_on_the_same_output_is_refused(folder):
    out = folder / "out/juki-jef/juki.csv"
    with OutputLock(out):
        with pytest.raises(OutputError, match=rf"another run \(process {os.getpid()} on "):
            convert(folder / JOB)
        done = subprocess.run(command(folder), capture_output=True, text=True)
        assert done.returncode == 1 and "another run" in done.stderr and done.stderr.count("\n") == 1
        assert not out.exists()
    assert convert(folder / JOB).data["records"]["written"] == 2000
    assert not list(out.parent.glob(".*"))


def test_killed_at_any_moment_it_leaves_no_half_output_and_the_next_run_is_whole(folder):
    big = folder / "juki-jef.dat"
    big.write_bytes(big.read_bytes() * 100)
    convert(folder / JOB)
    whole = outputs(folder)
    shutil.rmtree(folder / "out")
    for delay in (0.3, 0.6, 0.9, 1.2, 1.5):
        process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        final = folder / "out/juki-jef/juki.csv"
        assert not final.exists() or final.read_bytes() == whole["juki.csv"]
        final.unlink(missing_ok=True)
    convert(folder / JOB)
    assert outputs(folder) == whole
    assert not list((folder / "out").rglob(".*"))


def test_only_our_own_leftovers_are_removed(tmp_path):
    lost = {".a[1].csv.abcd_123.part", ".b.csv.abcd_123.part"}
    kept = {
        ".a[1].csv.unfinished",
        ".a[1].csv.checkpoint",
        ".a[1].csv.checkpoint.unfinished",
        ".a[1].csv.manifest.json.unfinished",
        ".a[1].csv.bad-records.bin.unfinished",
    }
    others = {
        ".a[1].csv.gz.abcd_123.part",
        ".a1.csv.abcd_123.part",
        "a[1].csv",
        ".a[1].csv.part",
        ".a[1].csv.gz.unfinished",
        ".a[1].csv.gz.checkpoint",
    }
    for name in lost | kept | others:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".a[1].csv.efgh_456.part").mkdir()
    for keep, stay in ((True, kept | others), (False, others)):
        with OutputLock(tmp_path / "a[1].csv", keep=keep, also=[tmp_path / "b.csv"]):
            left = {path.name for path in tmp_path.iterdir()}
        assert left == stay | {".a[1].csv.lock"}


@pytest.mark.parametrize("change", ["append", "rewrite", "rewrite-in-time", "replace", "shorten"])
def test_an_input_that_changes_under_our_feet_is_an_error(folder, monkeypatch, change):
    meddle_at_the_end(folder / "juki-jef.dat", monkeypatch, change)
    with pytest.raises(DataError, match="changed while it was read"):
        convert(folder / JOB)
    assert outputs(folder) == {}


@pytest.mark.parametrize("change", ["touch", "same"])
def test_an_input_whose_content_is_the_same_has_not_changed(folder, monkeypatch, change):
    meddle_at_the_end(folder / "juki-jef.dat", monkeypatch, change)
    assert convert(folder / JOB).data["records"]["written"] == 2000


def meddle_at_the_end(path, monkeypatch, change):
    """Something happens to the input after its last byte was read."""
    check = Reader.check_unchanged

    def meddle(self):
        data, found = path.read_bytes(), path.stat()
        other = data[:400] + data[:400] + data[800:]
        if change == "append":
            path.write_bytes(data + data[:400])
        elif change == "touch":
            os.utime(path, ns=(1, 1))
        elif change == "shorten":
            os.truncate(path, len(data) - 400)
        elif change.startswith("rewrite"):
            path.write_bytes(other)
            if change == "rewrite-in-time":
                os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
        else:
            path.with_name("new").write_bytes(data if change == "same" else other)
            os.replace(path.with_name("new"), path)
        check(self)

    monkeypatch.setattr(Reader, "check_unchanged", meddle)


def test_what_holds_names_is_for_its_owner_alone(folder):
    old = os.umask(0o022)
    try:
        for job in ("juki-jef.toml", "juki-windows.toml"):
            convert(folder / job)
    finally:
        os.umask(old)
    files = [p for p in (folder / "out").rglob("*") if p.is_file()]
    assert len(files) >= 6
    assert {p.name: oct(p.stat().st_mode & 0o077) for p in files} == {p.name: "0o0" for p in files}


def test_a_file_that_may_not_grow_is_one_clear_line(folder):
    """The system's limit on file sizes stands for a full disk: writing fails in the middle."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(command(folder), capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "cannot be written" in done.stderr
    assert outputs(folder) == {}


@pytest.mark.skipif(
    "libasan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer reserves the whole address space"
)
@pytest.mark.parametrize("megabytes", [600, 900, 1200])
def test_too_little_memory_is_one_clear_line(folder, megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    done = subprocess.run(command(folder), capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "not enough memory" in done.stderr, done.stderr[-500:]
    assert not (folder / "out").exists()


def test_a_full_disk_is_one_clear_line(folder, tmp_path):
    with tmpfs(tmp_path / "small", "size=256k") as small:
        done = subprocess.run(
            command(folder, "--set", f"output.path={small}/juki.csv"), capture_output=True, text=True
        )
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and "No space left" in done.stderr
        assert list(small.iterdir()) == []


def test_a_read_only_file_system_is_one_clear_line(folder, tmp_path):
    with tmpfs(tmp_path / "ro", "ro") as place:
        for output, queue in ((place / "juki.csv", ""), (folder / "out/juki.csv", place / "q.sqlite")):
            settings = [
                "--set",
                f"output.path={output}",
                *(["--set", f"review.queue={queue}"] if queue else []),
            ]
            done = subprocess.run(command(folder, *settings), capture_output=True, text=True)
            assert done.returncode == 1
            assert done.stderr.count("\n") == 1 and "Read-only file system" in done.stderr, done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(folder):
    (folder / "out").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        convert(folder / JOB)


def test_a_pipe_and_a_link_are_inputs_too(folder):
    convert(folder / JOB)
    whole = outputs(folder)["juki.csv"]
    (folder / "link.dat").symlink_to("juki-jef.dat")
    os.mkfifo(folder / "pipe.dat")
    for name in ("link.dat", "pipe.dat"):
        feed = (
            subprocess.Popen(["cp", str(folder / "juki-jef.dat"), str(folder / name)])
            if name == "pipe.dat"
            else None
        )
        convert(folder / JOB, overrides={"source.path": name})
        assert feed is None or feed.wait() == 0
        assert outputs(folder)["juki.csv"] == whole
    with (folder / "juki-jef.dat").open("rb") as stdin:
        done = subprocess.run(command(folder, "--set", "source.path=-"), stdin=stdin, capture_output=True)
    assert done.returncode == 3 and outputs(folder)["juki.csv"] == whole


def test_many_findings_do_not_make_the_buffers_grow(folder):
    """Every name of every record is flagged; the buffers that each batch uses again stay in proportion to a batch."""
    path = folder / "juki-jef.dat"
    record = bytearray(path.read_bytes()[:400])
    record[20:60] = b"\x80\xae" * 20
    path.write_bytes(bytes(record) * 2000 * 30)
    plan = Plan.of(folder / JOB)
    sizes = []
    for batch in plan.read():
        stages.survey(plan, batch)
        sizes.append(sum(len(buffer) for buffer in plan.decoder._mine.__dict__.values()))
    assert len(sizes) > 2
    assert sizes[-1] <= 1.1 * sizes[0] and sizes[-1] < 8 * BATCH


# -- the end of a run: nothing has its name before everything is on the disk and in the queue ---------------

SMALL = """[source]
path = "a.csv"
charset = "windows-31j"
format = "csv"
on_bad_record = "quarantine"
roles = { n = "name" }
[target]
shrink = "jisx0208"
[output]
path = "out/x.csv"
[review]
queue = "queue/q.sqlite"
"""
NAMED = (
    "x.csv",
    "x.csv.manifest.json",
    "x.csv.bad-records.bin",
    "x.csv.bad-records.tsv",
    "x.jisx0208.csv",
    "x.jisx0208.csv.side.tsv",
)


@pytest.fixture
def small_job(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        "n,k\r\n山,1\r\n田@,2\r\n田,2,3\r\n".encode("cp932").replace(b"@", b"\xf0\x40")
    )
    (tmp_path / "job.toml").write_text(SMALL, "utf-8")
    return tmp_path / "job.toml"


def left(job):
    return {
        path.name: path.read_bytes() for path in (job.parent / "out").glob("*") if "manifest" not in path.name
    }


@pytest.mark.parametrize("step", ["fsync", "replace", "unlink"])
def test_a_disk_that_is_full_at_any_step_leaves_no_output(small_job, monkeypatch, step):
    convert(small_job)
    whole = left(small_job)
    assert set(NAMED) == {path.name for path in (small_job.parent / "out").iterdir()}
    act, failed = getattr(os, step), 0
    for at in range(40):
        shutil.rmtree(small_job.parent / "out")
        calls = [0]

        def fails(*args, calls=calls, at=at, **more):
            calls[0] += 1
            if calls[0] == at + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return act(*args, **more)

        try:
            with monkeypatch.context() as patch:
                patch.setattr(os, step, fails)
                convert(small_job)
        except OutputError:
            failed += 1
            assert not {path.name for path in (small_job.parent / "out").iterdir()} & set(NAMED)
        if calls[0] <= at:
            break
    assert at < 39 and (failed >= 6 or step == "unlink")
    convert(small_job)
    assert left(small_job) == whole


@pytest.mark.parametrize("size", ["8k", "40k", "64k"])
def test_a_disk_that_is_full_when_the_queue_is_filled_leaves_no_output(small_job, size):
    with tmpfs(small_job.parent / "queue", f"size={size}"):
        try:
            convert(small_job)
        except (QueueError, OutputError) as error:
            assert "\n" not in str(error)
            assert not {path.name for path in (small_job.parent / "out").glob("*")} & set(NAMED)
        else:
            assert size == "64k"
