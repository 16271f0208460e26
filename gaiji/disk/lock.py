"""One run at a time on one output: a lock file beside it that names its owner.

Owns the lock and the removal of what a killed run left under temporary names. The system lets go of the lock
when its process ends, however it ends; a lock file that nobody holds is taken over.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from gaiji.disk.files import make_private
from gaiji.errors import OutputError
from gaiji.errors.messages import fault, tr


def lock_path(output: Path) -> Path:
    """Where the lock of an output is: beside the file itself, however the output's path spells it."""
    real = Path(os.path.realpath(output))
    return real.with_name(f".{real.name}.lock")


def left_behind(path: Path) -> Iterator[Path]:
    """What a killed run left of a file under names of its own: beside the path, and beside what a link there
    leads to."""
    real = Path(os.path.realpath(path))
    for folder, name in {(path.parent, path.name), (real.parent, real.name)}:
        ours = re.compile(rf"\.{re.escape(name)}\.([^.]+\.part|unfinished)")  # not of juki.csv beside juki
        if folder.is_dir():
            yield from (one for one in folder.iterdir() if ours.fullmatch(one.name))


class OutputLock:
    """``with OutputLock(path):`` holds the lock of an output; OutputError with its owner when another run
    does.

    What a killed run left is removed unless ``keep`` says that this one goes on with it. ``also``: other
    files of the run, whose temporary files go too. ``touch``: False leaves all of that where it is.
    """

    def __init__(
        self, output: Path, *, keep: bool = False, also: Iterable[Path] = (), touch: bool = True
    ) -> None:
        self.output = output
        self._keep = keep
        self._touch = touch
        self._also = tuple(also)
        self.path = lock_path(output)
        self._handle = -1

    def __enter__(self) -> OutputLock:
        self._open()
        while not self._is_ours():  # the holder removed the file between our opening and locking it
            os.close(self._handle)
            self._open()
        os.ftruncate(self._handle, 0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        os.write(self._handle, f"process {os.getpid()} on {_machine()} since {since}\n".encode())
        if self._touch:
            self._remove_leftovers()
        return self

    def _open(self) -> None:
        try:
            self.output.parent.mkdir(parents=True, exist_ok=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(
                self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600
            )  # emptied below: never what a link leads to
            try:
                make_private(self._handle)
            except OSError:
                os.close(self._handle)
                raise
        except OSError as error:
            if self.path.exists() or self.path.is_symlink():
                raise OutputError(
                    fault("E0391", "cannot be locked: {reason}", reason=error.strerror),
                    where=str(self.path),
                    next=tr("somebody put that there; remove it and run again"),
                ) from error
            raise OutputError(
                fault("E0086", "cannot be written: {reason}", reason=error.strerror),
                where=str(self.output),
                next=tr("check the folder and its permissions"),
            ) from error
        if not _lock(self._handle):
            owner = os.read(self._handle, 200).decode("utf-8", "replace").strip()
            os.close(self._handle)
            raise OutputError(
                fault("E0087", "is being written by another run ({owner})", owner=owner or tr("unknown")),
                where=str(self.output),
                next=tr("wait for it to end, or give another [output] path"),
            )

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(self.path))
        except OSError:
            return False

    def _remove_leftovers(self) -> None:
        """Temporary files of runs that were killed: nobody else writes this output now."""
        real = Path(os.path.realpath(self.output))  # what is written lies there, what is told of it here
        for folder, name in {(self.output.parent, self.output.name), (real.parent, real.name)}:
            self._remove_from(folder, name)
        for path in self._also:
            for left in list(left_behind(path)):
                if left.suffix == ".part" or not self._keep:
                    _remove(left)

    def _remove_from(self, folder: Path, name: str) -> None:
        lost = rf"\.{re.escape(name)}\.[^.]+\.part"  # not those of an output juki.csv beside juki
        kept = rf"\.{re.escape(name)}\.(([^.]+\.(bin|tsv|json)\.|checkpoint\.)?unfinished|checkpoint)"
        ours = re.compile(lost if self._keep else f"{lost}|{kept}")
        for left in [path for path in folder.iterdir() if ours.fullmatch(path.name)]:
            _remove(left)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # Windows keeps a file that is open; it is taken over next time
            self.path.unlink()
        os.close(self._handle)


def _remove(left: Path) -> None:
    if left.is_dir() and not left.is_symlink():
        import shutil

        shutil.rmtree(left, ignore_errors=True)
    else:
        with suppress(OSError):
            left.unlink()


def _lock(handle: int) -> bool:
    """Take the system's lock on an open file without waiting; False when somebody holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)  # past the text, which others read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _machine() -> str:
    """The name of this machine, for a person; ``socket``, which tells it everywhere, takes longer to load."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "")
