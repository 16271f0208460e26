"""The input as the proof reads it: its bytes unpacked by the library, in blocks, hashed beside the work.

Owns the file and its blocks. Shares nothing with ``gaiji.records``; where records end is for ``recut``.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, Any

from gaiji.disk.digest import BackgroundDigest, Buffers
from gaiji.disk.packing import packing, zstd
from gaiji.disk.remote import open_input
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr

BLOCK = 2 * 1024 * 1024
SLACK = 16
"""Bytes behind a block that loops may read."""


class Raw:
    """One input file, or its bytes from ``begin`` to ``end`` (-1: all that follow). ``count`` and ``sha256``
    are of the file as it lies, ``size`` of what is in it, as far as it was read; all once ``blocks`` has come
    to its end."""

    def __init__(self, path: str, block: int = BLOCK, begin: int = 0, end: int = -1) -> None:
        self.path = path
        self._begin, self._end = begin, end
        self.count = 0
        self.size = 0
        self._block = block
        self._digest = BackgroundDigest()
        self._buffers = Buffers()

    @property
    def sha256(self) -> str:
        """Digest of the file."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[tuple[bytearray, int, bool]]:
        """(buffer, bytes in it, last of the file?): each begins with ``self.left``, what the caller has put
        there. GaijiError where the file cannot be read."""
        self.left = b""
        try:
            with open_input(self.path) as file:
                stream, packed = self._unpacked(file)
                last = False
                if self._begin:
                    stream.seek(self._begin)
                while not last and self._wanted:
                    room = max(self._block, 2 * len(self.left))
                    if self._end >= 0:
                        room = min(room, len(self.left) + self._wanted)
                    buffer = self._buffers.take(room + SLACK)
                    held = self._fill(stream, buffer, room, packed)
                    last = held < room
                    yield buffer, held, last
        except (OSError, EOFError, zlib.error) as error:
            raise self._unreadable(error) from error

    @property
    def _wanted(self) -> int:
        """Bytes that are still to be read (1 where all are)."""
        return self._end - self._begin - self.size if self._end >= 0 else 1

    def _fill(self, stream: IO[bytes], buffer: bytearray, room: int, packed: bool) -> int:
        """Fill a buffer behind what is left of the last; bytes in it."""
        held = len(self.left)
        buffer[:held] = self.left
        view = memoryview(buffer)
        while held < room:
            got: int = stream.readinto(view[held:room]) or 0  # type: ignore[attr-defined]
            if not got:
                break
            if not packed:
                self._digest.update(view[held : held + got])
                self.count += got
            held += got
            self.size += got
        return held

    def _unpacked(self, file: IO[bytes]) -> tuple[IO[bytes], bool]:
        """The file's content as a stream, and whether that is packed."""
        kind = packing(self.path)
        if not kind:
            return file, False
        counted = io.BufferedReader(_Counted(file, self))
        if kind == "gzip":
            return gzip.GzipFile(fileobj=counted), True  # type: ignore[return-value]
        opened: IO[bytes] = zstd().ZstdFile(counted)
        return opened, True

    def hash(self, data: bytes) -> None:
        """Count and hash bytes of a packed file."""
        self._digest.update(data)
        self.count += len(data)

    def wait(self) -> None:
        """Until all that was read is hashed: then a block may be rewritten."""
        self._digest.wait()

    def recycle(self, buffer: bytearray | bytes) -> None:
        """Take back a buffer that nobody needs any more."""
        if isinstance(buffer, bytearray):
            self._digest.update(b"", lambda: self._buffers.give(buffer))

    def _unreadable(self, error: Exception) -> GaijiError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return GaijiError(
            fault("E0406", "cannot be read: {reason}", reason=reason),
            where=self.path,
            next=tr("check the file and its disk"),
        )


class _Counted(io.RawIOBase):
    """A packed file that tells ``Raw`` what is read from it."""

    def __init__(self, file: IO[bytes], raw: Raw) -> None:
        self._file = file
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got: int = self._file.readinto(buffer) or 0  # type: ignore[attr-defined]
        self._raw.hash(bytes(memoryview(buffer)[:got]))
        return got
