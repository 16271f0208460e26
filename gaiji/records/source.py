"""The bytes of one input, read once: unpacked, hashed beside the work, in buffers that are used again.

Owns the input's size and digest, the check that nothing wrote to it meanwhile, and buffers. Knows no record
boundaries.
"""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import Future

from gaiji.disk.digest import BackgroundDigest, Buffers
from gaiji.disk.packing import Input
from gaiji.disk.remote import is_url, open_input, told
from gaiji.errors import DataError, ResumeError
from gaiji.errors.messages import fault, tr
from gaiji.records.batch import Start

HEAD = 256 * 1024
"""Bytes of an input's beginning that are kept, so that its form can be judged by them."""


class Source:
    """One input, from its first byte to its last. ``size``: bytes of its content that have been read.

    A packed input (.gz, .zst) is read unpacked: ``size`` is of what is in it, ``count`` and ``sha256`` of the
    file as it lies.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self._ahead = b""
        self._head: bytes | None = None
        self._ended = False
        self._digest = BackgroundDigest()
        self._buffers = Buffers()
        self._input = Input(path)
        self._state = self._stat()

    @property
    def sha256(self) -> str:
        """Digest of the file as far as it has been read."""
        return self._input.sha256 or self._digest.hexdigest()

    @property
    def count(self) -> int:
        """Bytes of the file that have been read; those of a packed one are fewer than ``size``."""
        return self._input.count

    @property
    def regular(self) -> bool:
        """Whether the input is a file that can be read again (no pipe, not standard input)."""
        return self._state is not None

    @property
    def total(self) -> int:
        """Bytes of the input when it is a regular file, else 0."""
        try:
            return os.fstat(self._input.file.fileno()).st_size
        except OSError:
            return 0

    @property
    def plain_total(self) -> int:
        """Bytes of the content of a regular file that is not packed, else 0."""
        return 0 if self._input.packing else self.total

    def check_unchanged(self) -> None:
        """DataError when a regular input is not what was read: another size, or other content where its times
        differ.
        """
        if self._state is None:
            return
        state = self._stat()
        if (
            self.count != self._state[0]
            or state is None
            or state[0] != self._state[0]
            or (state != self._state and self._read_again() != self.sha256)
        ):
            raise DataError(
                fault("E0214", "changed while it was read"),
                where=self.path,
                next=tr("let nothing write to it, then run again; nothing was written"),
            )

    def _stat(self) -> tuple[object, ...] | None:
        """Size, times, device and number of a regular file, or what is told of a URL; None for pipes and
        standard input."""
        if self.path == "-":
            return None
        if is_url(self.path):
            return _told(self.path)
        try:
            found = os.stat(self.path)
        except OSError:
            return (-1, -1, -1, -1, -1)
        if not stat.S_ISREG(found.st_mode):
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)

    def _read_again(self) -> str:
        """The digest of the file as it is now."""
        try:
            with open_input(self.path) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError:
            return ""

    def recycle(self, src: bytearray | bytes) -> None:
        """Take back the buffer of batches that nobody needs any more."""
        if isinstance(src, bytearray):
            self._digest.update(b"", lambda: self._buffers.give(src))

    def skip(self, start: Start) -> bytes:
        """Read and hash what lies before a start; returns what its buffer began with. ResumeError when it is
        not what it was. Without a digest nothing before the start is read.
        """
        if start.sha256 is None:
            self._input.seek(start.offset)
            self.size = start.offset
            return self.take(start.carried, keep=True)
        self.take(start.offset, keep=False)
        tail = self.take(start.carried, keep=True)
        if self._digest.hexdigest() != start.sha256:
            raise ResumeError(
                fault("E0215", "is not what the interrupted run read"),
                where=self.path,
                next=tr("run again without --resume"),
            )
        return tail

    def peeked(self) -> tuple[bytes, bool]:
        """The first ``HEAD`` bytes of the input, and whether they are all of it; asked for the first time
        before anything else is read (of an input that is gone on with they are not known)."""
        if self._head is None and self.size:
            return b"", False
        if self._head is None:
            pieces, left = [], HEAD
            while left and (piece := self._input.read(left)):
                pieces.append(piece)
                left -= len(piece)
            self._ahead = self._head = b"".join(pieces)
            self._ended = left > 0
        return self._head, self._ended

    def _readinto(self, view: memoryview) -> int:
        """Fill some of ``view``, first with what was peeked; 0 at the end."""
        if not self._ahead:
            return self._input.readinto(view)
        got = min(len(view), len(self._ahead))
        view[:got] = self._ahead[:got]
        self._ahead = self._ahead[got:]
        return got

    def take(self, size: int, *, keep: bool) -> bytes:
        """Read and hash ``size`` bytes, or to the end of the input; returned when they are kept."""
        pieces = []
        while size:
            piece = bytearray(min(1 << 20, size))
            got = self._readinto(memoryview(piece))
            if not got:
                break
            del piece[got:]
            self._digest.update(piece)
            self.size += got
            size -= got
            if keep:
                pieces.append(piece)
        return b"".join(pieces)

    def fill(self, tail: bytes, room: int) -> tuple[bytearray, int]:
        """(a buffer of ``room`` bytes and 8 more that begins with ``tail``, how many bytes are in it); fewer
        than ``room`` at the end of the input.
        """
        buffer = self._buffers.take(room + 8)
        buffer[: len(tail)] = tail
        filled = len(tail)
        view = memoryview(buffer)
        while filled < room:
            got = self._readinto(view[filled:room])
            if not got:
                break
            self._digest.update(view[filled : filled + got])
            filled += got
            self.size += got
        return buffer, filled

    def mark(self) -> Future[str]:
        """Digest of what has been read so far, once it is known."""
        return self._digest.mark()

    def wait(self) -> None:
        """Until all that was read is hashed: then its buffers may be rewritten."""
        self._digest.wait()

    def close(self) -> None:
        """Let go of the file."""
        self._input.close()


def _told(url: str) -> tuple[object, ...]:
    """Size of a URL's content and what changes with it, as far as it can be reached."""
    try:
        return told(url)
    except OSError:
        return (-1, "")
