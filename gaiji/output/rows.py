"""A table written one occurrence a row: what stands once in a record is repeated, each row has its number.

Owns how the columns of records become those of rows, and rows that are read back columns of records. The
files themselves are other sinks' and readers'.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from gaiji.disk.files import Mark
from gaiji.kernel.arrow import text_series
from gaiji.model import Column
from gaiji.output.melt import EVERY, Melt
from gaiji.output.readback import Cells, Readback
from gaiji.output.sink import Sink

CHUNK = 4096
"""Rows that are read back at once."""


class RowsSink(Sink):
    """Writes rows into another sink."""

    def __init__(self, inner: Sink, melt: Melt) -> None:
        super().__init__(inner.path)
        self.inner = inner
        self.melt = melt

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        kept = (
            pl.concat([pl.int_range(a, b, eager=True) for a, b in keep])
            if keep
            else pl.Series([], dtype=pl.Int64)
        )
        texts = [
            text_series(f"c{at}", one.data, one.offsets)[:rows].gather(kept) for at, one in enumerate(columns)
        ]
        records = pl.DataFrame(texts).with_row_index("record")
        long = self._long(records)
        out = [_column(name, long[f"r{at}"]) for at, name in enumerate(self.melt.names)]
        return self.inner.encode(out, long.height, [(0, long.height)] if long.height else [])

    def _long(self, records: pl.DataFrame) -> pl.DataFrame:
        """The rows of some records, in order."""
        melt = self.melt
        records = records.with_columns(many=self._many())
        parts = []
        for number in range(melt.most + 1):
            some = records.filter(pl.col("many") >= number if number else pl.col("many") == 0)
            cells = [self._source(source, number).alias(f"r{at}") for at, source in enumerate(melt.sources)]
            parts.append(some.select("record", pl.lit(number).alias("number"), *cells))
        return pl.concat(parts).sort("record", "number")

    def _many(self) -> pl.Expr:
        """How many occurrences each record has: ``Melt.count`` for all of them at once."""
        melt = self.melt
        if melt.counter == EVERY:
            return pl.lit(melt.most)
        said = pl.lit(0, pl.Int64)
        if melt.counter >= 0:
            cell = pl.col(f"c{melt.counter}")
            number = pl.when(cell.str.contains("^[0-9]+$")).then(cell).cast(pl.Int64, strict=False)
            said = pl.when(number <= melt.most).then(number).otherwise(0)
        found = [
            pl.when(pl.any_horizontal(pl.col(f"c{s[at]}") != "" for s in melt.sources if len(s) > 1))
            .then(at + 1)
            .otherwise(0)
            for at in range(melt.most)
        ]
        return pl.max_horizontal(said, *found)

    def _source(self, source: tuple[int, ...], number: int) -> pl.Expr:
        if not source:
            return pl.lit(str(number))
        if len(source) == 1:
            return pl.col(f"c{source[0]}")
        return pl.col(f"c{source[number - 1]}") if number else pl.lit("")

    def write(self, encoded: object) -> None:
        self.inner.write(encoded)

    def seal(self) -> Path:
        return self.inner.seal()

    def unname(self) -> None:
        self.inner.unname()

    def commit(self) -> None:
        self.inner.commit()

    def discard(self) -> None:
        self.inner.discard()

    def marks(self) -> list[Mark]:
        return self.inner.marks()

    def leave(self) -> None:
        self.inner.leave()

    def describe(self) -> dict[str, object]:
        return self.inner.describe()


class RowsReadback(Readback):
    """Reads rows back as records. A row that cannot be read ends what can: the records behind it are
    missing."""

    def __init__(self, inner: Readback, names: Sequence[str], melt: Melt) -> None:
        self.inner = inner
        self.melt = melt
        super().__init__(inner.path, names)
        self.header_ok = inner.header_ok
        self._rows: list[list[bytes]] = []
        self._broken = False

    @property
    def sha256(self) -> str:
        return self.inner.sha256

    def take(self, rows: int) -> Cells:
        src = bytearray(1)
        starts = [array("q", bytes(8 * rows)) for _ in self.names]
        ends = [array("q", bytes(8 * rows)) for _ in self.names]
        damaged: dict[int, bytes] = {}
        done = 0
        while done < rows and (group := self._record()):
            cells = self._wide(group)
            if cells is None:
                damaged[done] = b"".join(self.inner.line(row) for row in group)
            for column, cell in enumerate(cells or [b""] * len(self.names)):
                starts[column][done] = len(src)
                src += cell
                ends[column][done] = len(src)
            done += 1
        self.records += done
        self.size = self.inner.size
        return Cells(src, list(starts), list(ends), rows, damaged, done if done < rows else -1)

    def _record(self) -> list[list[bytes]]:
        """The rows of the next record; none at the end."""
        at = 1
        while True:
            if len(self._rows) <= at and not self._fill():
                break
            if self._number(self._rows[at]) <= 1:
                break
            at += 1
        group, self._rows = self._rows[:at], self._rows[at:]
        return group

    def _fill(self) -> bool:
        """Read on; False at the end, or where a row cannot be read."""
        if self._broken:
            return False
        cells = self.inner.take(CHUNK)
        count = CHUNK if cells.missing < 0 else cells.missing
        self._broken = count < CHUNK
        for row in range(count):
            edges = zip(cells.starts, cells.ends, strict=True)
            self._rows.append([bytes(cells.src[a[row] : b[row]]) for a, b in edges])
        return count > 0

    def _number(self, row: Sequence[bytes]) -> int:
        cell = row[self.melt.sources.index(())]
        return int(cell) if cell.isdigit() else 0

    def _wide(self, group: Sequence[list[bytes]]) -> list[bytes] | None:
        """The cells of the record of some rows; None where they are not those of one record."""
        cells = [b""] * len(self.names)
        for number, row in enumerate(group, 1):
            for cell, source in zip(row, self.melt.sources, strict=True):
                if len(source) == 1:
                    cells[source[0]] = cell
                elif source and number <= len(source):
                    cells[source[number - 1]] = cell
        try:
            return cells if self.melt.of(cells) == list(group) else None
        except (ValueError, IndexError):
            return None

    def more(self) -> bool:
        return False  # where a row cannot be read, the rest is missing

    def line(self, cells: Sequence[bytes]) -> bytes:
        try:
            return b"".join(self.inner.line(row) for row in self.melt.of(cells))
        except (ValueError, IndexError):
            return b""

    def skip(self, expected: bytes, following: bytes) -> bytes:
        return b""

    def rest(self) -> int:
        return len(self._rows) + self.inner.rest()


def _column(name: str, series: pl.Series) -> Column:
    """A column of text."""
    offsets = array("q", [0])
    offsets.extend(series.str.len_bytes().cast(pl.Int64).cum_sum().to_list())
    return Column(name, bytearray("".join(series.to_list()).encode()) or bytearray(1), offsets)
