"""Writes converted columns: CSV, TSV, Parquet, fixed-length records. Whole files only.

Owns temporary names, fsync, rename, digests of what was written and the form of each output format. The
joining of columns into lines is in ``gaiji.kernel_io``; nothing here knows a charset.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gaiji import kernel_io
from gaiji.digest import BackgroundDigest, Buffers
from gaiji.errors import OutputError, UsageError

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".dat": "fixed"}
FORMATS = ("csv", "tsv", "parquet", "fixed")
BOM = b"\xef\xbb\xbf"
FLUSH = 32 * 1024 * 1024
"""Bytes after which what was written is sent to the disk, so that no run ends in one long wait."""


@dataclass(frozen=True)
class Column:
    """One converted field: UTF-8 ``data`` with int64 ``offsets``; ``plain``: it can need no CSV quotes."""

    name: str
    data: bytearray
    offsets: array[int]
    plain: bool = False


class AtomicFile:
    """A file that appears under its name only when ``commit`` is called, complete and synced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._digest = BackgroundDigest()
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="gaiji-flush")
        self._flushing: Future[None] | None = None
        self._flushed = 0
        self._failed: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        except OSError as error:
            raise output_error(path, error) from error
        self._temporary = Path(name)
        self._file: IO[bytes] = os.fdopen(handle, "wb", buffering=0)

    @property
    def sha256(self) -> str:
        """Digest of the bytes written so far."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview, then: Callable[[], None] | None = None) -> None:
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

    def commit(self) -> None:
        """Sync and give the file its name."""
        self._flusher.shutdown()
        try:
            if self._failed is not None:
                raise self._failed
            os.fsync(self._file.fileno())
            self._file.close()
            self._digest.wait()
            os.replace(self._temporary, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise output_error(self.path, error) from error

    def discard(self) -> None:
        """Remove what was written; harmless after ``commit``."""
        self._digest.close()
        self._flusher.shutdown()
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` last (where the system can)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def output_error(path: Path, error: OSError) -> OutputError:
    """The one line for an output that cannot be written."""
    return OutputError(
        f"cannot be written: {error.strerror or error}", where=str(path),
        next="check the folder, its permissions and the free space, then run again",
    )  # fmt: skip


class Sink:
    """Where batches go. ``encode`` may run on several threads; ``write`` takes its results in order."""

    copies = True
    """Whether ``encode`` copies: the columns' buffers may be used again when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._buffers = Buffers()

    def prepare(self, columns: Sequence[Column], rows: int) -> tuple[list[Column], list[tuple[int, list[int]]]]:
        """The columns as the format can hold them, and for each that was cut: (column, rows cut)."""
        return list(columns), []

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        """What ``write`` will append for these columns; ``keep`` lists the row ranges to write."""
        raise NotImplementedError

    def write(self, encoded: object) -> None:
        """Append one encoded batch."""
        raise NotImplementedError

    def commit(self) -> None:
        """Finish: the output appears under its name."""
        raise NotImplementedError

    def discard(self) -> None:
        """Leave nothing behind."""
        raise NotImplementedError

    def describe(self) -> dict[str, object]:
        """Path, size and digest for the manifest."""
        raise NotImplementedError


class LinesSink(Sink):
    """CSV and TSV in UTF-8 (RFC 4180 quoting)."""

    def __init__(self, path: Path, names: Sequence[str], *, delimiter: str, bom: bool, crlf: bool) -> None:
        super().__init__(path)
        self._delimiter = ord(delimiter)
        self._crlf = int(crlf)
        self._file = AtomicFile(path)
        quoted = [_quote(name, delimiter) for name in names]
        head = delimiter.join(quoted) + ("\r\n" if crlf else "\n")
        self._file.write((BOM if bom else b"") + head.encode())

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> memoryview:
        lines = kernel_io.Lines()
        for column in columns:
            lines.add(column.data, column.offsets, int(not column.plain))
        out = self._buffers.take(sum(lines.size(a, b) for a, b in keep))
        at = 0
        for first, last in keep:
            at += lines.write(memoryview(out)[at:], first, last, self._delimiter, self._crlf)
        return memoryview(out)[:at]

    def write(self, encoded: object) -> None:
        assert isinstance(encoded, memoryview)
        buffer = encoded.obj
        self._file.write(encoded, lambda: self._buffers.give(buffer) if isinstance(buffer, bytearray) else None)

    def commit(self) -> None:
        self._file.commit()

    def discard(self) -> None:
        self._file.discard()

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self._file.size, "sha256": self._file.sha256}


def _quote(cell: str, delimiter: str) -> str:
    if any(c in cell for c in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


class FixedSink(LinesSink):
    """Fixed-length records in UTF-8 or UTF-16: each field padded with spaces to its width in bytes."""

    def __init__(self, path: Path, names: Sequence[str], *, widths: dict[str, int], encoding: str) -> None:
        Sink.__init__(self, path)
        self._delimiter = self._crlf = 0
        self._encoding = encoding
        unit = 1 if encoding == "utf-8" else 2
        self._widths = [widths[name] // unit for name in names]
        self._file = AtomicFile(path)

    def prepare(self, columns: Sequence[Column], rows: int) -> tuple[list[Column], list[tuple[int, list[int]]]]:
        fitted, overflows = [], []
        for number, (column, width) in enumerate(zip(columns, self._widths, strict=True)):
            out, offsets, bad = (
                bytearray(rows * width * 3 + 8),
                array("q", bytes(8 * rows + 8)),
                array("i", bytes(4 * rows)),
            )
            kernel_io.fit(column.data, column.offsets, width, int(self._encoding != "utf-8"), out, offsets, bad)
            fitted.append(Column(column.name, out, offsets, plain=True))
            if any(bad):
                overflows.append((number, [row for row in range(rows) if bad[row]]))
        return fitted, overflows

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> memoryview:
        lines = super().encode(columns, rows, keep)
        return lines if self._encoding == "utf-8" else memoryview(str(lines, "utf-8").encode(self._encoding))


class ParquetSink(Sink):
    """Parquet by polars: a part for each batch, then one file."""

    copies = False

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(path)
        self._names = list(names)
        self._sha256 = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        except OSError as error:
            raise output_error(path, error) from error
        self._parts: list[Path] = []

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        import polars as pl

        from gaiji.arrow import text_series

        frame = pl.DataFrame([text_series(c.name, c.data, c.offsets) for c in columns])
        return pl.concat([frame[a:b] for a, b in keep]) if keep else frame.clear()

    def write(self, encoded: object) -> None:
        part = self._folder / f"{len(self._parts):08d}.parquet"
        try:
            encoded.write_parquet(part)  # type: ignore[attr-defined]
        except OSError as error:
            raise output_error(self.path, error) from error
        self._parts.append(part)

    def commit(self) -> None:
        import polars as pl

        whole = self._folder / "whole.parquet"
        try:
            if self._parts:
                pl.scan_parquet(self._parts).sink_parquet(whole)
            else:
                pl.DataFrame(schema=dict.fromkeys(self._names, pl.String)).write_parquet(whole)
            with whole.open("rb+") as file:
                self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            whole.chmod(0o600)  # as the other outputs: names are personal data
            os.replace(whole, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise output_error(self.path, error) from error
        self.discard()

    def discard(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self.path.stat().st_size, "sha256": self._sha256}


def open_sink(
    path: Path, format: str, names: Sequence[str], *, bom: bool, crlf: bool, widths: dict[str, int], encoding: str
) -> Sink:
    """The sink for a format; UsageError for columns that the format cannot have."""
    if len(names) > kernel_io.CONSTANTS["MAX_COLUMNS"]:
        raise UsageError(f"the output would have {len(names)} columns", next="leave fields out of the layout")
    if format == "parquet":
        return ParquetSink(path, names)
    if format == "fixed":
        return FixedSink(path, names, widths=widths, encoding=encoding)
    return LinesSink(path, names, delimiter="\t" if format == "tsv" else ",", bom=bom, crlf=crlf)
