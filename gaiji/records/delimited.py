"""Cuts delimited records (CSV): cells between delimiters, in quotes or not.

The scans are in ``gaiji.kernel.cut``.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from gaiji.errors import RecordError
from gaiji.kernel import cut
from gaiji.kernel.cut import CONSTANTS as CUT
from gaiji.messages import fault, tr
from gaiji.records.batch import Batch
from gaiji.records.cutter import Cutter
from gaiji.records.variable import mark_length, owned_by


class Delimited(Cutter):
    """Records of cells; the first may be the header."""

    def batches(self) -> Iterator[Batch]:
        scan = cut.Scan()
        for buffer, filled, offset, last in self.chunks(self.batch):
            self.source.wait()  # undoing quotes rewrites the buffer
            scan.pos = mark = mark_length(buffer, filled, offset, self.framing.unit)
            owned = Counter({"byte-order-mark": mark} if mark else {})
            if not self._columns:
                self._columns = self._first(scan, buffer, filled, last, owned)
                if not self._columns and not last:
                    self._tail = bytes(buffer[:filled])
                    continue
            if self._columns:
                yield from self._rows(scan, buffer, filled, offset, self._columns, last, owned)
            elif owned:  # blank lines, a mark: no record
                yield Batch(buffer, [], [], 0, offset, self.records + 1, owned=dict(owned))
            self._tail = bytes(buffer[scan.pos : filled])

    def _scan(
        self,
        scan: cut.Scan,
        buffer: bytearray,
        filled: int,
        columns: int,
        rows: int,
        starts: array[int],
        ends: array[int],
        last: bool,
    ) -> int:
        f = self.framing
        dialect = cut.Dialect(ord(f.delimiter), ord(f.quote), f.unit, int(f.big), f.lead)
        return int(cut.scan_csv(scan, buffer, filled, dialect, columns, rows, starts, ends, int(last)))

    def _first(self, scan: cut.Scan, buffer: bytearray, filled: int, last: bool, owned: Counter[str]) -> int:
        """Count the columns of the first record; take it as the header when there is one. ``owned`` gets the
        bytes of the header, and of what stands before the first record."""
        none = array("q", [0])
        begin = scan.pos
        self._scan(scan, buffer, filled, 0, 1, none, none, last)
        if scan.error == CUT["OPEN_QUOTE"] or scan.error == CUT["BAD_QUOTE"]:
            raise self._error(scan, buffer, 0, 1)
        columns = int(scan.cells)
        if columns == 1 and not self.framing.header:
            scan.pos = begin  # blank lines before it are records of one empty cell
        else:
            owned.update(owned_by(scan))
        if columns and self.framing.header:
            starts, ends = array("q", bytes(8 * columns)), array("q", bytes(8 * columns))
            self._scan(scan, buffer, filled, columns, 1, starts, ends, last)
            self.header = [bytes(buffer[a:b]) for a, b in zip(starts, ends, strict=True)]
            owned.update(owned_by(scan) | {"header": sum(map(len, self.header))})
        return columns

    def _rows(
        self,
        scan: cut.Scan,
        buffer: bytearray,
        filled: int,
        offset: int,
        columns: int,
        last: bool,
        owned: Counter[str],
    ) -> Iterator[Batch]:
        """Batches of rows; the first has ``owned`` besides its own."""
        limit = max(1, min(65_536, 4_000_000 // columns))
        while True:
            starts, ends = array("q", bytes(8 * columns * limit)), array("q", bytes(8 * columns * limit))
            rows = self._scan(scan, buffer, filled, columns, limit, starts, ends, last)
            a, b = memoryview(starts), memoryview(ends)
            batch = Batch(
                buffer,
                [a[c * limit : c * limit + rows] for c in range(columns)],
                [b[c * limit : c * limit + rows] for c in range(columns)],
                rows,
                offset,
                self.records + 1,
                owned=dict(owned + Counter(owned_by(scan))),
            )
            owned.clear()
            self.records += rows
            error = scan.error
            more = bool(error) and not self._aside(batch, scan, buffer, filled, offset, columns, last)
            if not batch.empty:
                yield batch
            if more or (not error and rows < limit):
                return

    def _aside(
        self,
        batch: Batch,
        scan: cut.Scan,
        buffer: bytearray,
        filled: int,
        offset: int,
        columns: int,
        last: bool,
    ) -> bool:
        """Set a record aside to the end of its line; False when the line goes on behind the buffer."""
        error = self._error(scan, buffer, offset, columns)
        if not self.quarantine:
            raise error
        f = self.framing
        end = (
            filled
            if scan.error == CUT["OPEN_QUOTE"]
            else cut.csv_skip(buffer, scan.at, filled, f.unit, int(f.big))
        )
        feed = "\n".encode("utf-16-be" if f.big else "utf-16-le") if f.unit == 2 else b"\n"
        if end == filled and not last and bytes(buffer[end - len(feed) : end]) != feed:
            return False
        begin = scan.pos
        self.bad(batch, offset + begin, bytes(buffer[begin:end]), error.what, error.next)
        scan.pos = end
        return True

    def _error(self, scan: cut.Scan, buffer: bytearray, offset: int, columns: int) -> RecordError:
        what = {
            CUT["OPEN_QUOTE"]: fault("E0225", "a quote is opened and never closed"),
            CUT["BAD_QUOTE"]: fault("E0226", "text stands behind a closing quote"),
            CUT["COLUMNS"]: fault(
                "E0227",
                "the record has {cells} cells where {columns} are needed",
                cells=scan.cells,
                columns=columns,
            ),
        }[scan.error]
        return RecordError(
            what,
            path=self.source.path,
            record=self.records + 1,
            offset=offset + scan.at,
            next=tr('check delimiter, quote and charset in [source], or set on_bad_record = "quarantine"'),
        )
