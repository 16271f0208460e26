"""Corrections taken back out of an output, so that the rest of it is proved against the source.

Owns its own reading of the table and of the places that it names: each must hold in the output exactly what
its row says was restored, and what is left must be what the source says. Shares with the conversion neither
the reading nor the changing.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gaiji.proof.totals import Pair
from gaiji.standard.characters import coded


class Row(NamedTuple):
    """One row of the table: its line, the field, the place, what the source has there and what was put."""

    line: int
    field: str
    position: int
    old: str
    new: str


class TakenBack:
    """The table of an output. ``applied``: the lines that were found in it; ``wrong``: those whose place
    does not hold what the row says; ``flagged``: those of signs that are flagged units of their field."""

    def __init__(self, path: Path | None, columns: Sequence[str], prefix: str, marks: frozenset[str]) -> None:
        self.columns = {name: number for number, name in enumerate(columns)}
        self.marks = marks
        self.applied: set[int] = set()
        self.wrong: set[int] = set()
        self.flagged = 0
        self._rows: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for line, text in enumerate(path.read_text("utf-8").split("\n")[1:] if path else [], 2):
            if not text:
                continue
            key, record, field, position, old, new = text.split("\t")[:6]
            if field.startswith(prefix) and field[len(prefix) :] in self.columns:
                row = Row(line, field[len(prefix) :], int(position), old, new)
                self._rows[key][record].append(row)

    def out_of(self, pair: Pair) -> Pair:
        """The cells of a pair as they would be without corrections."""
        for key, rows in self._rows.items():
            if key and key not in self.columns:
                continue
            for at in range(pair.batch.rows):
                name = self._text(pair, self.columns[key], at).rstrip() if key else str(pair.record(at))
                for row in sorted(rows.get(name, ()), key=lambda one: one.position):
                    self._take_back(pair, at, row)
        return pair

    def join(self, applied: set[int], wrong: set[int], flagged: int) -> None:
        """Add what was found in another part of the output; no row is for two records."""
        self.wrong |= wrong | (self.applied & applied)
        self.applied |= applied
        self.flagged += flagged

    def told(self) -> dict[str, int]:
        """What the report says: the rows found, and those of them that are flagged units."""
        return {"applied": len(self.applied), "flagged": self.flagged}

    def _text(self, pair: Pair, column: int, at: int) -> str:
        cells = pair.cells
        return bytes(cells.src[cells.starts[column][at] : cells.ends[column][at]]).decode("utf-8", "replace")

    def _take_back(self, pair: Pair, at: int, row: Row) -> None:
        """One place: from left to right, so that all before it is as the source has it."""
        column, cells = self.columns[row.field], pair.cells
        text = self._text(pair, column, at)
        begin = sum(len(part) for part in coded(text)[: row.position])
        if row.line in self.applied or not text.startswith(row.new, begin):
            self.wrong.add(row.line)
            return
        self.applied.add(row.line)
        self.flagged += row.old[:1] not in self.marks
        made = (text[:begin] + row.old + text[begin + len(row.new) :]).encode()
        cells.src = bytearray(cells.src)
        for edges, end in ((cells.starts, 0), (cells.ends, len(made))):
            moved = array("q", edges[column])
            moved[at] = len(cells.src) + end
            edges[column] = moved
        cells.src += made
