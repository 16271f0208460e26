"""Output files that stand under their names only when they are whole, and how one that was interrupted is
taken up again.

Owns temporary names, syncs, renames, digests of what was written, and the form of "cannot be written". Knows
no format.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from gaiji.disk.digest import BackgroundDigest
from gaiji.errors import GaijiError, OutputError, ResumeError
from gaiji.errors.messages import Fault, fault, tr

if TYPE_CHECKING:
    from concurrent.futures import Future

FLUSH = 32 * 1024 * 1024
"""Bytes after which what was written is sent to the disk, so that no run ends in one long wait."""
STDOUT = "-"
"""The name of an output that is standard output."""
Then = Callable[[], None] | None


@dataclass(frozen=True)
class Written:
    """How far a file was written at a checkpoint: its first ``bytes``, with this digest."""

    bytes: int
    sha256: str


class Syncs(Protocol):
    """What can be put on the disk."""

    def sync(self) -> None:
        """Put what was written on the disk; OutputError when that fails."""


@dataclass(frozen=True)
class Mark:
    """A file's state at one moment, cheap to take; ``settle`` makes it last and tells what was written."""

    file: Syncs
    bytes: int
    digest: Future[str]

    def settle(self) -> Written:
        """Sync the file; OutputError when the system cannot."""
        self.file.sync()
        return Written(self.bytes, self.digest.result())


class OutputFile(Protocol):
    """What sinks write to."""

    size: int

    @property
    def sha256(self) -> str:
        """Digest of the bytes written so far."""

    @property
    def standing(self) -> Path:
        """Where what was written stands now."""

    def write(self, data: bytes | bytearray | memoryview, then: Then = None) -> None:
        """Append; ``data`` must not change until ``then`` is called, from another thread."""

    def marks(self) -> list[Mark]:
        """The state for a checkpoint; none where no run can go on."""

    def seal(self) -> None:
        """All is written; only the name is missing."""

    def commit(self) -> None:
        """All is written, and stands under its name."""

    def unname(self) -> None:
        """Take the name away again: what goes with this file could not be named."""

    def discard(self) -> None:
        """Leave nothing behind; harmless after ``commit``."""

    def leave(self) -> None:
        """Let go of the file; what was written stays for a run that goes on."""


def part_path(path: Path) -> Path:
    """Where a file of a run stands until it is whole: a fixed name, for runs that hold the output's lock."""
    return path.with_name(f".{path.name}.unfinished")


def output_part(path: Path) -> Path:
    """``part_path`` of an output that somebody named: the file's own, whatever a link to it is called."""
    return part_path(Path(os.path.realpath(path)))


def beside(output: Path, what: str) -> Path:
    """Where a file about an output stands: beside it, named after its whole name."""
    return output.with_name(f"{output.name}.{what}")


class AtomicFile:
    """A file that appears under its name only when ``commit`` is called, complete and synced.

    Without ``part`` the temporary name is new and the file is for this process alone. With it the file can be
    gone on with at ``kept``; ResumeError when what stands there is not what was kept. A file that was already
    complete and named then needs only ``commit``.

    A link in the place of a file that somebody named stays, and what it leads to is replaced; in the place of
    one that the run names itself (``own``) the link is replaced and never followed. Either way what stands
    there is new and for its owner alone.
    """

    def __init__(
        self, path: Path, *, part: Path | None = None, kept: Written | None = None, own: bool = False
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor  # not for those who only read

        self.path = path
        self.size = 0
        self._digest = BackgroundDigest()
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="gaiji-flush")
        self._flushing: Future[None] | None = None
        self._flushed = 0
        self._failed: OSError | None = None
        self._named = self._sealed = False
        self._final = Path(os.path.realpath(path)) if path.is_symlink() and not own else path
        part = part_path(self._final) if part and self._final != path else part
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if self._final.is_dir():  # known now, and not when all is done and a name is to be given
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._temporary, self._file = self._open(part, kept)
            if kept is not None:
                self._go_on(kept)
        except OSError as error:
            raise output_error(path, error) from error

    def _open(self, part: Path | None, kept: Written | None) -> tuple[Path, IO[bytes]]:
        if part is None:
            part = self._final.parent / f".{self._final.name}.{os.urandom(8).hex()}.part"
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        if kept is None:
            with suppress(FileNotFoundError):
                part.unlink()
            return part, os.fdopen(os.open(part, flags | os.O_CREAT | os.O_EXCL, 0o600), "r+b", buffering=0)
        self._named = not part.exists()
        if self._named and not self._final.exists():
            raise not_kept(self.path)
        handle = os.open(self._final if self._named else part, flags)
        try:
            make_private(handle)
        except OSError:
            os.close(handle)
            raise
        return part, os.fdopen(handle, "r+b", buffering=0)

    def _go_on(self, kept: Written) -> None:
        """Check and hash what was kept, cut off what came after it."""
        while self.size < kept.bytes and (piece := self._file.read(min(1 << 20, kept.bytes - self.size))):
            self._digest.update(piece)
            self.size += len(piece)
        longer = self._named and os.fstat(self._file.fileno()).st_size != kept.bytes
        if longer or Written(self.size, self._digest.hexdigest()) != kept:
            self.leave()
            raise not_kept(self.path)
        if not self._named:
            self._file.truncate(kept.bytes)
        self._flushed = kept.bytes

    @property
    def sha256(self) -> str:
        """Digest of the bytes written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview, then: Then = None) -> None:
        """Append; OutputError when the disk is full or the file is gone.

        ``data`` must not change until ``then`` is called, from another thread.
        """
        view = memoryview(data)
        try:
            while view:
                done = self._file.write(view)
                view = view[done:]
        except OSError as error:
            raise output_error(self.path, error) from error
        self.size += len(data)
        self._digest.update(data, then)
        if self.size - self._flushed >= FLUSH and (self._flushing is None or self._flushing.done()):
            self._flushing = self._flusher.submit(self._flush, self.size)
            self._flushed = self.size

    def _flush(self, size: int) -> None:
        """Put the first ``size`` bytes on the disk and let go of the memory that held them.

        An error is kept for ``commit``: the system may report it only once.
        """
        try:
            os.fsync(self._file.fileno())
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(self._file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)
        except OSError as error:
            self._failed = error

    def marks(self) -> list[Mark]:
        """The file as it is now, for a checkpoint."""
        return [Mark(self, self.size, self._digest.mark())]

    def sync(self) -> None:
        """Put what was written on the disk; OutputError when that fails."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._failed = error
            raise output_error(self.path, error) from error

    def seal(self) -> None:
        """All is written and on the disk; only the name is missing. OutputError when the disk is full."""
        if self._sealed:
            return
        self._flusher.shutdown()
        try:
            if self._failed is not None:
                raise self._failed
            os.fsync(self._file.fileno())
            self._file.close()
            self._digest.wait()
        except OSError as error:
            raise output_error(self.path, error) from error
        self._sealed = True

    @property
    def standing(self) -> Path:
        """Where what was written stands now."""
        return self._final if self._named else self._temporary

    def commit(self) -> None:
        """Sync and give the file its name."""
        self.seal()
        try:
            if not self._named:
                os.replace(self._temporary, self._final)
                self._named = True
            sync_folder(self._final.parent)
        except OSError as error:
            raise output_error(self.path, error) from error

    def unname(self) -> None:
        """Take the name away again, when it has been given."""
        if self._named:
            with suppress(OSError):
                os.replace(self._final, self._temporary)
                self._named = False

    def discard(self) -> None:
        """Remove what was written; harmless after ``commit``."""
        self.leave()
        with suppress(OSError):
            self._temporary.unlink()

    def leave(self) -> None:
        """Let go of the file; what was written stays for a run that goes on."""
        self._digest.close()
        self._flusher.shutdown()
        with suppress(OSError):
            self._file.close()


class Stream:
    """Standard output, or a named pipe that somebody reads, as an output: it cannot be taken back, nor gone
    on with.
    """

    def __init__(self, pipe: Path | None = None) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._where = str(pipe) if pipe else "standard output"
        try:
            self._file: IO[bytes] = pipe.open("wb") if pipe else sys.stdout.buffer
        except OSError as error:
            raise output_error(pipe or Path("-"), error) from error

    @property
    def sha256(self) -> str:
        """Digest of the bytes written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview, then: Then = None) -> None:
        """Append; OutputError when nobody reads any more."""
        self._safely(lambda: self._file.write(data))
        self.size += len(data)
        self._digest.update(data)
        if then is not None:
            then()

    def marks(self) -> list[Mark]:
        """None: no run can go on here."""
        return []

    def seal(self) -> None:
        """Send what is buffered."""
        self._safely(self._file.flush)

    @property
    def standing(self) -> Path:
        """Nowhere that it could be read again."""
        return Path(os.devnull)

    def unname(self) -> None:
        """What was sent cannot be taken back."""

    def commit(self) -> None:
        """Send what is buffered."""
        self._safely(self._file.flush if self._file is sys.stdout.buffer else self._file.close)

    def discard(self) -> None:
        """What was sent cannot be taken back; whoever reads a named pipe learns that it ended."""
        if self._file is not sys.stdout.buffer:
            with suppress(OSError):
                self._file.close()

    leave = discard

    def _safely(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            with suppress(
                OSError, ValueError
            ):  # what is still buffered has nowhere to go, also at the end of the process
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._file.fileno())
            raise OutputError(
                fault("E0083", "cannot be written: {reason}", reason=error.strerror or error),
                where=self._where,
                next=tr("read it to its end, or name a file"),
            ) from error


def is_stream(path: Path) -> bool:
    """Whether an output is no file: standard output or a named pipe."""
    return path.name == STDOUT or path.is_fifo()


def make_private(handle: int) -> None:
    """An open file that is there already, for its owner alone; OSError when it is no plain file, has a second
    name, or is another's that others can read.
    """
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file")
    if found.st_nlink > 1:
        raise OSError(errno.EMLINK, "it has a second name")
    if found.st_mode & 0o077 and hasattr(os, "fchmod"):
        os.fchmod(handle, 0o600)


def read_whole(path: Path, most: int, too_big: Fault) -> bytes:
    """A small file; GaijiError when it cannot be read, or (``too_big``) has more than ``most`` bytes."""
    try:
        if path.stat().st_size > most:
            raise GaijiError(too_big, where=str(path), next=tr("check the path"))
        return path.read_bytes()
    except OSError as error:
        raise GaijiError(
            fault("E0195", "cannot be read: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("check the path"),
        ) from error


def write_whole(path: Path, data: bytes, *, own: bool = False, again: bool = False) -> None:
    """A small file, whole or not at all; OutputError when it cannot be written. ``own``: as in
    ``AtomicFile``. ``again``: whoever is killed here is run again, and nobody writes it at the same time: the
    next run takes away what this one leaves."""
    file = AtomicFile(path, part=part_path(path) if again else None, own=own)
    try:
        file.write(data)
        file.commit()
    finally:
        file.discard()


class Named(Protocol):
    """What gets a name when everything is written."""

    def commit(self) -> None: ...
    def unname(self) -> None: ...


def give_names(files: Sequence[Named]) -> None:
    """Give files their names, in this order; when one cannot get its name, none has it."""
    try:
        for file in files:
            file.commit()
    except BaseException:
        for file in reversed(files):
            file.unname()
        raise


def name_all(files: Sequence[AtomicFile]) -> None:
    """Give files their names, all or none, and leave nothing else of them."""
    try:
        give_names(files)
    finally:
        for file in files:
            file.discard()


def staged(path: Path, data: bytes, *, part: Path | None = None, own: bool = False) -> AtomicFile:
    """A small file that is whole and on the disk, all but its name; OutputError when it cannot be written."""
    file = AtomicFile(path, part=part, own=own)
    try:
        file.write(data)
        file.seal()
    except BaseException:
        file.discard()
        raise
    return file


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` last (where the system can)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def not_kept(path: Path) -> ResumeError:
    """The one line for a file that cannot be gone on with."""
    return ResumeError(
        fault("E0084", "is not what the interrupted run left there"),
        where=str(path),
        next=tr("run again without --resume"),
    )


def output_error(path: Path, error: OSError) -> OutputError:
    """The one line for an output that cannot be written."""
    return OutputError(
        fault("E0085", "cannot be written: {reason}", reason=error.strerror or error),
        where=str(path),
        next=tr("check the folder, its permissions and the free space, then run again"),
    )
