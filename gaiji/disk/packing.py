"""gzip and zstd by the end of a file's name: inputs read unpacked, pieces of outputs packed.

Owns which names mean which packing, the digest of a packed input as it lies, and what a damaged one is
called. Outputs are packed piece by piece (a gzip member or zstd frame for each batch), so that pieces can be
packed on several threads and a run that was interrupted can go on behind any of them.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import IO, Any, BinaryIO

from gaiji.disk.digest import BackgroundDigest
from gaiji.disk.remote import open_input
from gaiji.errors import DataError, GaijiError, MissingExtra
from gaiji.errors.messages import fault, tr

SUFFIXES = {".gz": "gzip", ".zst": "zstd"}
_PIECE = 1 << 18


def packing(path: str | Path) -> str:
    """``gzip``, ``zstd``, or "" for a file that is not packed, as its name says."""
    return SUFFIXES.get(Path(path).suffix.lower(), "")


def unpacked_name(path: Path) -> Path:
    """The path without the suffix of its packing."""
    return path.with_suffix("") if packing(path) else path


def pack(data: memoryview, kind: str) -> bytes:
    """One piece of an output, whole in itself; pieces may follow each other. Nothing packs to nothing."""
    if not len(data):
        return b""
    if kind == "gzip":
        return zlib.compress(data, 6, wbits=31)
    packed: bytes = zstd().compress(data, options={zstd().CompressionParameter.checksum_flag: 1})
    return packed


def zstd() -> Any:
    """The module that knows zstd; MissingExtra where it is not installed."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd as module
        else:
            from backports import zstd as module
    except ImportError as error:
        raise MissingExtra(tr("zstd"), "zstd") from error
    return module


class Input:
    """An input opened for reading, unpacked as its name says; ``-`` is standard input.

    ``readinto`` and ``read`` give the unpacked bytes. ``count`` and ``sha256`` are of the file as it lies, as
    far as it has been read; an input that is not packed is not hashed here (``sha256`` is ""), for its reader
    does it in place.
    """

    def __init__(self, path: str, *, next: str = "check [source] path") -> None:
        self.path = path
        self.packing = packing(path)
        try:
            self.file = _opened(path)
        except OSError as error:
            raise GaijiError(
                fault("E0088", "cannot be read: {reason}", reason=error.strerror), where=path, next=next
            ) from error
        self._raw = _Counted(self.file) if self.packing else None
        self._stream: IO[bytes] | BinaryIO = self._unpacking(self._raw) if self._raw else self.file
        self._count = 0

    def _unpacking(self, raw: _Counted) -> IO[bytes]:
        buffered = io.BufferedReader(raw, _PIECE)
        if self.packing == "gzip":
            return gzip.GzipFile(fileobj=buffered)  # type: ignore[return-value]
        opened: IO[bytes] = zstd().ZstdFile(buffered)
        return opened

    @property
    def count(self) -> int:
        """Bytes of the file as it lies that have been read."""
        return self._raw.count if self._raw else self._count

    @property
    def sha256(self) -> str:
        """Digest of a packed file as far as it has been read."""
        return self._raw.digest.hexdigest() if self._raw else ""

    def readinto(self, view: memoryview) -> int:
        """Fill some of ``view``; 0 at the end. DataError when packed data are damaged or cut off."""
        try:
            got: int = self._stream.readinto(view) or 0  # type: ignore[union-attr]
        except (EOFError, zlib.error, OSError) as error:
            raise self._damaged(error) from error
        except Exception as error:
            if self.packing != "zstd" or not isinstance(error, zstd().ZstdError):
                raise
            raise self._damaged(error) from error
        if self._raw is not None and not got and not self._raw.count:
            raise self._damaged(EOFError())  # nothing at all is no packed file, not even of nothing
        self._count += got
        return got

    def seek(self, offset: int) -> None:
        """Go to a byte of an input that is not packed; ``count`` is then what lies before it."""
        assert not self.packing
        self.file.seek(offset)
        self._count = offset

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; empty at the end."""
        buffer = bytearray(size)
        with memoryview(buffer) as view:
            got = self.readinto(view)
        del buffer[got:]
        return bytes(buffer)

    def _damaged(self, error: Exception) -> GaijiError:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            return GaijiError(
                fault("E0089", "cannot be read: {reason}", reason=error.strerror or error),
                where=self.path,
                next=tr("check the file and its disk"),
            )
        cut = isinstance(error, EOFError)
        what = (
            fault("E0090", "ends in the middle of its {packing} data", packing=self.packing)
            if cut
            else fault("E0091", "is no whole {packing} file", packing=self.packing)
        )
        return DataError(what, where=self.path, next=tr("check the transfer of the file (binary)"))

    def close(self) -> None:
        """Close the file (never standard input)."""
        if self.path != "-":
            self._stream.close()
            self.file.close()


def _opened(path: str) -> BinaryIO:
    return sys.stdin.buffer if path == "-" else open_input(path)


class _Counted(io.RawIOBase):
    """A raw file that counts and hashes what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0
        self.digest = BackgroundDigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got: int = self._file.readinto(buffer) or 0  # type: ignore[attr-defined]
        self.digest.update(bytes(memoryview(buffer)[:got]))
        self.count += got
        return got
