"""What a run puts beside its output belongs to it: no link is followed, nobody else can read it, and a checkpoint that
was damaged is known."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.disk.datafiles import samples_dir
from gaiji.disk.files import AtomicFile, Written, part_path
from gaiji.disk.lock import OutputLock, lock_path
from gaiji.errors import GaijiError, OutputError, QueueError, ResumeError
from gaiji.queue.queue import open_queue
from gaiji.run import checkpoint
from gaiji.run.checkpoint import checkpoint_path, load_checkpoint
from gaiji.run.convert import convert
from gaiji.run.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and modes of POSIX")
VICTIM = b"somebody else's"
BESIDE = [
    "juki.csv.manifest.json",
    ".juki.csv.manifest.json.unfinished",
    ".juki.csv.unfinished",
    ".juki.csv.checkpoint",
    ".juki.csv.checkpoint.unfinished",
    "juki.csv.bad-records.bin",
    ".juki.csv.bad-records.bin.unfinished",
    ".juki.csv.lock",
    "review.sqlite",
]


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "town"
    shutil.copytree(samples_dir(), target, ignore=shutil.ignore_patterns("out", "__pycache__"))
    job = target / "juki-jef.toml"
    (target / "short.dat").write_bytes((target / "juki-jef.dat").read_bytes()[: 400 * 20] + b"cut")
    text = job.read_text("utf-8").replace('"juki-jef.dat"', '"short.dat"\non_bad_record = "quarantine"')
    job.write_text(text.replace("out/juki-jef/juki.csv", "out/juki.csv"), "utf-8")
    (target / "out").mkdir()
    return target


def private(folder):
    """The files that others can read; links are looked at, not followed."""
    return [
        path.name
        for path in folder.iterdir()
        if not stat.S_ISDIR(path.lstat().st_mode) and (path.is_symlink() or path.lstat().st_mode & 0o077)
    ]


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link"])
def test_a_link_beside_an_output_is_never_followed(folder, tmp_path, name, kind):
    victim, place = tmp_path / "victim", folder / "out" / name
    if kind != "dangling link":
        victim.write_bytes(VICTIM)
        victim.chmod(0o644)
    if kind == "hard link":
        os.link(victim, place)
    else:
        place.symlink_to(victim)
    shown = CliRunner().invoke(main, ["convert", str(folder / "juki-jef.toml")])
    if victim.exists():
        assert victim.read_bytes() == VICTIM and stat.S_IMODE(victim.stat().st_mode) == 0o644
    assert victim.exists() == (kind != "dangling link")
    if name in (".juki.csv.lock", "review.sqlite"):  # what is written in its place, not replaced
        assert shown.exit_code == 1 and shown.output.count("\n") == 1, shown.output
        assert not (folder / "out/juki.csv").exists()
        place.unlink()
    assert convert(folder / "juki-jef.toml").data["records"]["quarantined"] == 1
    assert private(folder / "out") == []


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.parquet"])
def test_an_output_behind_a_link_of_another_name_leaves_nothing_unfinished(folder, tmp_path, name):
    """The part is that of the file, not of the link: another output of the link's name has its own there."""
    real = tmp_path / "theirs"
    real.mkdir()
    suffix = name.removeprefix("x")
    (real / f"y{suffix}").write_bytes(b"before")
    (folder / "out").mkdir(exist_ok=True)
    (folder / "out" / name).symlink_to(real / f"y{suffix}")
    (real / f".{name}.unfinished").write_bytes(b"another's")
    (real / f".y{suffix}.unfinished").write_bytes(b"left by a run that was killed")
    convert(folder / "juki-jef.toml", overrides={"output.path": f"out/{name}"})
    assert (folder / "out" / name).is_symlink() and (real / f"y{suffix}").read_bytes() != b"before"
    assert {one.name for one in real.iterdir()} == {f"y{suffix}", f".{name}.unfinished"}
    assert (real / f".{name}.unfinished").read_bytes() == b"another's"


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640])
def test_modes_of_files_that_were_there_are_not_kept(folder, mode):
    job = folder / "juki-jef.toml"
    convert(job)
    for path in (folder / "out").iterdir():
        path.chmod(mode)
    for name in (".juki.csv.lock", ".juki.csv.unfinished"):
        (folder / "out" / name).touch(mode=mode)
    convert(job)
    assert private(folder / "out") == []


def test_a_sqlite_url_is_as_private_as_a_path(tmp_path):
    for place, where in ((tmp_path / "a.sqlite", "{}"), (tmp_path / "b.sqlite", "sqlite:///{}")):
        place.touch(mode=0o644)
        open_queue(where.format(place)).close()
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        link = tmp_path / f"link-{place.name}"
        link.symlink_to(place)
        with pytest.raises(QueueError, match="it is a link"):
            open_queue(where.format(link))


def test_a_part_that_is_gone_on_with_is_nobody_elses(tmp_path):
    path = tmp_path / "x.csv"
    part, kept = part_path(path), Written(len(VICTIM), hashlib.sha256(VICTIM).hexdigest())
    (tmp_path / "victim").write_bytes(VICTIM + b" and more")
    for make in (os.symlink, os.link):
        make(tmp_path / "victim", part)
        with pytest.raises(GaijiError):
            AtomicFile(path, part=part, kept=kept)
        assert (tmp_path / "victim").read_bytes() == VICTIM + b" and more"
        part.unlink()
    part.write_bytes(VICTIM + b" and more")
    part.chmod(0o666)
    file = AtomicFile(path, part=part, kept=kept)
    file.commit()
    file.discard()
    assert path.read_bytes() == VICTIM and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_of_parquet_parts_behind_a_link_is_left_alone(folder, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/00000000.parquet").write_bytes(VICTIM)
    link = folder / "out/.juki.parquet.unfinished"
    link.symlink_to(tmp_path / "theirs")
    convert(folder / "juki-jef.toml", overrides={"output.path": "out/juki.parquet"})
    assert (tmp_path / "theirs/00000000.parquet").read_bytes() == VICTIM
    assert not link.is_symlink()


def test_a_lock_that_is_no_plain_file_is_one_line(tmp_path):
    os.mkfifo(lock_path(tmp_path / "x.csv"))
    with pytest.raises(OutputError, match="remove it"), OutputLock(tmp_path / "x.csv"):
        pass


@pytest.fixture
def interrupted(folder, monkeypatch):
    """A run that was stopped with a checkpoint; its job."""
    job = folder / "juki-jef.toml"
    job.write_text(job.read_text("utf-8").replace("short.dat", "juki-jef.dat"), "utf-8")
    monkeypatch.setattr(checkpoint, "EVERY", 1)
    monkeypatch.setattr("gaiji.run.peek.BATCH", 4000)

    def stop(self):
        self._points.save_last = lambda *some: None
        reader = self.reading.reader
        self._points.save(
            reader.end(), self._marks(), self.quarantine.marks(), self.quarantine.count, self.sums
        )
        self._points._settled()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Session, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            convert(job)
    assert checkpoint_path(folder / "out/juki.csv").exists()
    return job


def test_a_checkpoint_that_was_damaged_anywhere_is_one_line(interrupted, folder):
    place = checkpoint_path(folder / "out/juki.csv")
    whole = place.read_bytes()
    for at in [0, 63, 64, 65, *range(66, len(whole), max(1, len(whole) // 150)), len(whole) - 1]:
        for damaged in (
            whole[:at],
            whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :],
            whole[:at] + b"1" + whole[at:],
        ):
            place.write_bytes(damaged)
            with pytest.raises(ResumeError, match="damaged or no checkpoint; run again without --resume"):
                load_checkpoint(folder / "out/juki.csv", {})
    place.write_bytes(whole.replace(b'"quarantined": 0', b'"quarantined": 7'))
    before = {path: path.read_bytes() for path in (folder / "out").iterdir()}
    shown = CliRunner().invoke(main, ["convert", str(interrupted), "--resume"])
    assert shown.exit_code == 1 and shown.output.count("\n") == 1 and "damaged" in shown.output
    assert {path: path.read_bytes() for path in (folder / "out").iterdir()} == before
    place.write_bytes(whole)
    assert convert(interrupted, resume=True).data["records"]["written"] == 2000


def test_a_checkpoint_behind_a_link_is_none(interrupted, folder, tmp_path):
    place = checkpoint_path(folder / "out/juki.csv")
    shutil.move(place, tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ResumeError, match="without --resume"):
        convert(interrupted, resume=True)
    assert (tmp_path / "elsewhere").exists()


def test_a_queue_of_somebody_else_that_others_read_is_one_line(folder):
    if os.getuid() != 0:
        pytest.skip("needs two users")
    queue = folder / "out/review.sqlite"
    open_queue(queue).close()
    os.chown(queue, 65534, 65534)
    queue.chmod(0o666)
    for path in (folder, *folder.parents[:4]):
        path.chmod(path.stat().st_mode | 0o055)
    (folder / "out").chmod(0o777)
    code = (
        f"import os; from gaiji.queue.queue import open_queue; os.setuid(65533); open_queue({str(queue)!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1 and "QueueError" in done.stderr, done.stderr
    assert stat.S_IMODE(queue.stat().st_mode) == 0o666
