"""CSV, TSV and fixed-length records. The joining of columns into lines is in ``gaiji.kernel.join``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from gaiji.disk.files import Written
from gaiji.kernel import join
from gaiji.model import Column
from gaiji.output.sink import StreamSink

BOM = b"\xef\xbb\xbf"


class LinesSink(StreamSink):
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
        lines = join.Lines()
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


def fit_column(column: Column, rows: int, width: int, encoding: str) -> tuple[Column, list[int]]:
    """A column at its width (in units of the encoding), and the rows whose text was cut for it."""
    out, offsets, bad = (
        bytearray(rows * width * 3 + 8),
        array("q", bytes(8 * rows + 8)),
        array("i", bytes(4 * rows)),
    )
    join.fit(column.data, column.offsets, width, int(encoding != "utf-8"), out, offsets, bad)
    return Column(column.name, out, offsets, plain=True), [row for row in range(rows) if bad[row]]


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
        StreamSink.__init__(self, path, kept)
        self._delimiter = self._crlf = 0
        self._encoding = encoding
        unit = 1 if encoding == "utf-8" else 2
        self._widths = [widths[name] // unit for name in names]

    def prepare(
        self, columns: Sequence[Column], rows: int
    ) -> tuple[list[Column], list[tuple[int, list[int]]]]:
        fitted, overflows = [], []
        for number, (column, width) in enumerate(zip(columns, self._widths, strict=True)):
            whole, cut = fit_column(column, rows, width, self._encoding)
            fitted.append(whole)
            if cut:
                overflows.append((number, cut))
        return fitted, overflows

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> memoryview:
        lines = self._join(columns, keep)
        return self.packed(
            lines if self._encoding == "utf-8" else memoryview(str(lines, "utf-8").encode(self._encoding))
        )
