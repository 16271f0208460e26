"""Writes converted columns: CSV, TSV, Parquet, fixed-length records.

Owns the form of each output format. The joining of columns into lines is in ``gaiji.kernel.io``, temporary
names and renames in ``gaiji.disk.files``; nothing here knows a charset.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from array import array
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from gaiji.disk.digest import Buffers
from gaiji.disk.files import (
    STDOUT,
    AtomicFile,
    Mark,
    OutputFile,
    Stream,
    Written,
    is_stream,
    not_kept,
    output_error,
    part_path,
    sync_folder,
)
from gaiji.disk.packing import pack, packing
from gaiji.errors import UsageError
from gaiji.kernel import io as kernel_io
from gaiji.model import Column

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".dat": "fixed"}
FORMATS = ("csv", "tsv", "parquet", "fixed")
BOM = b"\xef\xbb\xbf"


class Sink:
    """Where batches go. ``encode`` may run on several threads; ``write`` takes its results in order."""

    copies = True
    """Whether ``encode`` copies: the columns' buffers may be used again when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._buffers = Buffers()

    def prepare(
        self, columns: Sequence[Column], rows: int
    ) -> tuple[list[Column], list[tuple[int, list[int]]]]:
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

    def marks(self) -> list[Mark]:
        """The output as it is now, for a checkpoint; none where no run can go on."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let go of the output; what was written stays for a run that goes on."""
        raise NotImplementedError

    def describe(self) -> dict[str, object]:
        """Path, size and digest for the manifest."""
        raise NotImplementedError


class _StreamSink(Sink):
    """What formats of lines share: one file, packed batch by batch where its name says so."""

    def __init__(self, path: Path, kept: Written | None) -> None:
        super().__init__(path)
        self._packing = packing(path)
        self._file: OutputFile
        if is_stream(path):
            self._file = Stream(None if path.name == STDOUT else path)
        else:
            self._file = AtomicFile(path, part=part_path(path), kept=kept)

    def packed(self, lines: memoryview) -> memoryview:
        """A piece of the output as it is written."""
        if not self._packing:
            return lines
        piece = pack(lines, self._packing)
        if isinstance(lines.obj, bytearray):
            self._buffers.give(lines.obj)
        return memoryview(piece)

    def write(self, encoded: object) -> None:
        assert isinstance(encoded, memoryview)
        buffer = encoded.obj
        self._file.write(
            encoded, lambda: self._buffers.give(buffer) if isinstance(buffer, bytearray) else None
        )

    def commit(self) -> None:
        self._file.commit()

    def discard(self) -> None:
        self._file.discard()

    def marks(self) -> list[Mark]:
        return self._file.marks()

    def leave(self) -> None:
        self._file.leave()

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self._file.size, "sha256": self._file.sha256}


class LinesSink(_StreamSink):
    """CSV and TSV in UTF-8 (RFC 4180 quoting)."""

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        *,
        delimiter: str,
        bom: bool,
        crlf: bool,
        kept: Written | None = None,
    ) -> None:
        super().__init__(path, kept)
        self._delimiter = ord(delimiter)
        self._crlf = int(crlf)
        if kept is None:
            quoted = [_quote(name, delimiter) for name in names]
            head = delimiter.join(quoted) + ("\r\n" if crlf else "\n")
            self.write(self.packed(memoryview((BOM if bom else b"") + head.encode())))

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> memoryview:
        return self.packed(self._join(columns, keep))

    def _join(self, columns: Sequence[Column], keep: Sequence[tuple[int, int]]) -> memoryview:
        lines = kernel_io.Lines()
        for column in columns:
            lines.add(column.data, column.offsets, int(not column.plain))
        out = self._buffers.take(sum(lines.size(a, b) for a, b in keep))
        at = 0
        for first, last in keep:
            at += lines.write(memoryview(out)[at:], first, last, self._delimiter, self._crlf)
        return memoryview(out)[:at]


def _quote(cell: str, delimiter: str) -> str:
    if any(c in cell for c in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


class FixedSink(LinesSink):
    """Fixed-length records in UTF-8 or UTF-16: each field padded with spaces to its width in bytes."""

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        *,
        widths: dict[str, int],
        encoding: str,
        kept: Written | None = None,
    ) -> None:
        _StreamSink.__init__(self, path, kept)
        self._delimiter = self._crlf = 0
        self._encoding = encoding
        unit = 1 if encoding == "utf-8" else 2
        self._widths = [widths[name] // unit for name in names]

    def prepare(
        self, columns: Sequence[Column], rows: int
    ) -> tuple[list[Column], list[tuple[int, list[int]]]]:
        fitted, overflows = [], []
        for number, (column, width) in enumerate(zip(columns, self._widths, strict=True)):
            out, offsets, bad = (
                bytearray(rows * width * 3 + 8),
                array("q", bytes(8 * rows + 8)),
                array("i", bytes(4 * rows)),
            )
            kernel_io.fit(
                column.data, column.offsets, width, int(self._encoding != "utf-8"), out, offsets, bad
            )
            fitted.append(Column(column.name, out, offsets, plain=True))
            if any(bad):
                overflows.append((number, [row for row in range(rows) if bad[row]]))
        return fitted, overflows

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> memoryview:
        lines = self._join(columns, keep)
        return self.packed(
            lines if self._encoding == "utf-8" else memoryview(str(lines, "utf-8").encode(self._encoding))
        )


class ParquetSink(Sink):
    """Parquet by polars: a part for each batch, then one file."""

    copies = False

    def __init__(self, path: Path, names: Sequence[str], kept: Written | None = None) -> None:
        super().__init__(path)
        self._names = list(names)
        self._sha256 = ""
        self._folder = part_path(Path(os.path.realpath(path)))
        self._parts: list[Path] = []
        self._unsynced: list[Path] = []
        self._chain = ""
        """Digest over the parts' digests, in order."""
        try:
            if kept is None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder.mkdir(mode=0o700, parents=True)
            else:
                self._go_on(kept)
        except OSError as error:
            raise output_error(path, error) from error

    def _go_on(self, kept: Written) -> None:
        """Check the parts that were kept and remove those that came after them."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for number in range(kept.bytes):
            part = self._part(number)
            if part.is_file():
                self._chain_on(part)
        if Written(len(self._parts), self._chain) != kept:
            raise not_kept(self.path)
        for left in set(self._folder.iterdir()) - set(self._parts):
            left.unlink()

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:08d}.parquet"

    def _chain_on(self, part: Path) -> None:
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._chain = hashlib.sha256((self._chain + digest).encode()).hexdigest()
        self._parts.append(part)

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        import polars as pl

        from gaiji.kernel.arrow import text_series

        frame = pl.DataFrame([text_series(c.name, c.data, c.offsets) for c in columns])
        return pl.concat([frame[a:b] for a, b in keep]) if keep else frame.clear()

    def write(self, encoded: object) -> None:
        part = self._part(len(self._parts))
        try:
            encoded.write_parquet(part)  # type: ignore[attr-defined]
            self._chain_on(part)
        except OSError as error:
            raise output_error(self.path, error) from error
        self._unsynced.append(part)

    def marks(self) -> list[Mark]:
        digest: Future[str] = Future()
        digest.set_result(self._chain)
        return [Mark(self, len(self._parts), digest)]

    def sync(self) -> None:
        """Put the parts on the disk."""
        some, self._unsynced = self._unsynced, []
        try:
            for part in some:
                with part.open("rb+") as file:
                    os.fsync(file.fileno())
            sync_folder(self._folder)
        except OSError as error:
            raise output_error(self.path, error) from error

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
            final = Path(os.path.realpath(self.path))
            os.replace(whole, final)
            sync_folder(final.parent)
        except OSError as error:
            raise output_error(self.path, error) from error

    def discard(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def leave(self) -> None:
        pass  # no part is open

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self.path.stat().st_size, "sha256": self._sha256}


def open_sink(
    path: Path,
    format: str,
    names: Sequence[str],
    *,
    bom: bool,
    crlf: bool,
    widths: dict[str, int],
    encoding: str,
    kept: Written | None = None,
) -> Sink:
    """The sink for a format, gone on with at ``kept``; UsageError for columns that the format cannot have."""
    if len(names) > kernel_io.CONSTANTS["MAX_COLUMNS"]:
        raise UsageError(f"the output would have {len(names)} columns", next="leave fields out of the layout")
    if format == "parquet":
        return ParquetSink(path, names, kept)
    if format == "fixed":
        return FixedSink(path, names, widths=widths, encoding=encoding, kept=kept)
    return LinesSink(path, names, delimiter="\t" if format == "tsv" else ",", bom=bom, crlf=crlf, kept=kept)
