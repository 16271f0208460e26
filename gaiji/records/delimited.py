"""Cuts delimited records (CSV): cells between delimiters, in quotes or not.

The scans are in ``gaiji.kernel.cut``.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from gaiji.errors import RecordError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.kernel import cut
from gaiji.kernel.cut import CONSTANTS as CUT
from gaiji.records.batch import Batch
from gaiji.records.cutter import Cutter, owned_by

TITLES = 20
"""Lines above the header that are looked for at most."""
LOOK = 500
"""Rows whose cells are counted to say what a file that does not fit is like."""


class Delimited(Cutter):
    """Records of cells; the first may be the header."""

    text = True

    def batches(self) -> Iterator[Batch]:
        f = self.framing
        self._dialect = cut.Dialect(
            ord(f.delimiter),
            ord(f.quote),
            f.unit,
            int(f.big),
            f.lead,
            f.trail,
            f.shifts,
            f.stop,
            f.cr,
            f.blank,
            f.spaces,
            int(f.ragged),
            int(f.trailing),
        )
        scan, skip = cut.Scan(), f.skip if self._start is None else 0
        for buffer, filled, offset, last in self.chunks(self.batch):
            self.source.wait()  # undoing quotes rewrites the buffer
            filled, owned = self.edges(buffer, filled, offset, last)
            scan.pos = begin = owned["byte-order-mark"]
            if not self._columns:
                scan.pos = self._behind_titles(buffer, filled, begin, skip)
                if scan.pos >= 0:
                    owned += Counter({"skipped": scan.pos - begin})
                    self._columns = self._first(scan, buffer, filled, last, owned)
                elif last:  # titles and no more
                    owned += Counter({"skipped": filled - begin})
                    scan.pos = filled
                if not self._columns and not last:
                    self._tail = bytes(buffer[:filled])
                    continue
            if self._columns:
                yield from self._rows(scan, buffer, filled, offset, self._columns, last, owned)
            elif owned:  # blank lines, a mark: no record
                yield Batch(buffer, [], [], 0, offset, self.records + 1, owned=dict(owned))
            self._tail = bytes(buffer[scan.pos : filled])

    def _behind_titles(self, buffer: bytearray, filled: int, pos: int, skip: int) -> int:
        """Where the lines above the header end; -1 when the buffer ends before."""
        f = self.framing
        for _ in range(skip):
            after = cut.csv_skip(buffer, pos, filled, f.unit, int(f.big), f.stop)
            if after == filled:
                return -1
            pos = after
        return pos

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
        return int(cut.scan_csv(scan, buffer, filled, self._dialect, columns, rows, starts, ends, int(last)))

    def _first(self, scan: cut.Scan, buffer: bytearray, filled: int, last: bool, owned: Counter[str]) -> int:
        """Count the columns of the first record; take it as the header when there is one. ``owned`` gets the
        bytes of the header, and of what stands before the first record."""
        none = array("q", [0])
        begin = scan.pos
        self._scan(scan, buffer, filled, 0, 1, none, none, last)
        if scan.error and scan.error != CUT["COLUMNS"]:
            raise self._error(scan, buffer, 0, 1)
        columns = int(scan.cells) if scan.error else 0
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
        if not self.quarantine or error.number == "E0453":
            raise error
        f = self.framing
        end = (
            filled
            if scan.error == CUT["OPEN_QUOTE"]
            else cut.csv_skip(buffer, scan.at, filled, f.unit, int(f.big), f.stop)
        )
        feed = chr(f.stop).encode("latin-1" if f.unit == 1 else "utf-16-be" if f.big else "utf-16-le")
        if end == filled and not last and bytes(buffer[end - len(feed) : end]) != feed:
            return False
        begin = scan.pos
        self.bad(batch, offset + begin, bytes(buffer[begin:end]), error.what, error.next)
        scan.pos = end
        return True

    def _error(self, scan: cut.Scan, buffer: bytearray, offset: int, columns: int) -> RecordError:
        if scan.error == CUT["COLUMNS"] and (keys := self._form(columns)):
            return self._fault(
                fault("E0453", "the rows do not have the cells of the first one"),
                offset + scan.at,
                tr("they look like this: {keys} in [source]", keys=keys),
            )
        what = {
            CUT["OPEN_QUOTE"]: fault("E0225", "a quote is opened and never closed"),
            CUT["BAD_QUOTE"]: fault("E0226", "text stands behind a closing quote"),
            CUT["SPACED"]: fault("E0454", "blanks stand before a quote"),
            CUT["COLUMNS"]: fault(
                "E0227",
                "the record has {cells} cells where {columns} are needed",
                cells=scan.cells,
                columns=columns,
            ),
        }[scan.error]
        advice = tr('check delimiter, quote and charset in [source], or set on_bad_record = "quarantine"')
        if scan.error == CUT["SPACED"]:
            advice = tr('set spaces in [source]: "skip" passes over them, "text" keeps blanks and quotes')
        elif scan.error == CUT["COLUMNS"] and scan.cells < columns:
            advice = tr('set ragged = true in [source] where cells may lack, or on_bad_record = "quarantine"')
        return self._fault(what, offset + scan.at, advice)

    def _fault(self, what: Fault, offset: int, advice: str) -> RecordError:
        return RecordError(what, path=self.source.path, record=self.records + 1, offset=offset, next=advice)

    def _form(self, columns: int) -> str:
        """The key that all of the first rows fit, where the first of them alone is in the way; "" without."""
        counts = self._counts()
        if self._start is not None or len(counts) < 2:
            return ""
        below = counts[1:]
        if not self.framing.trailing and all(n == columns + 1 and empty for n, empty in below):
            return "trailing = true"
        most = counts[-1][0]
        titles = next((i for i, (cells, _) in enumerate(counts) if cells == most), 0)
        same = len(counts) - titles > 1 and all(n == most for n, _ in counts[titles:])
        if 0 < titles <= TITLES and same and most > max(n for n, _ in counts[:titles]):
            return f"skip = {self.framing.skip + titles}"
        return ""

    def _counts(self) -> list[tuple[int, bool]]:
        """(cells, whether the last is empty) of the first rows of the input."""
        head, ended = self.source.peeked()
        buffer, scan, none = bytearray(head), cut.Scan(), array("q", [0])
        out: list[tuple[int, bool]] = []
        filled = self.without_end_mark(buffer, len(buffer), ended)
        scan.pos = max(
            self._behind_titles(buffer, filled, self.mark_length(buffer, filled, 0), self.framing.skip), 0
        )
        while len(out) < LOOK and scan.pos < filled:
            self._scan(scan, buffer, filled, 0, 1, none, none, ended)
            if scan.error != CUT["COLUMNS"]:
                break
            out.append((int(scan.cells), bool(scan.left)))
            scan.pos = scan.end
        return out
