"""Which columns of a record are which columns of the rows that its table is written as. Plain data."""

from __future__ import annotations

from collections.abc import Sequence

from gaiji.model.plain import dataclass

EVERY, FOUND = -1, -2
"""Counters that are no column: all occurrences are always there; as many as hold something."""


@dataclass(frozen=True, slots=True)
class Melt:
    """How records become rows. ``names``: the columns of a row; ``sources``: for each, the column of the
    record (one), the columns of the table's occurrences (one for each), or none: the number of the
    occurrence. ``counter``: the record's column that says how many there are, ``EVERY`` where all of them
    always are, ``FOUND`` where no column says it. ``most``: occurrences.

    A record without any has one row, with the number 0 and empty cells. Where a counter is no number (it was
    flagged, its cell is empty), and behind what it says, an occurrence is there where it or a later one holds
    something: none is lost, none invented.
    """

    names: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]
    counter: int
    most: int

    def count(self, cells: Sequence[bytes]) -> int:
        """How many occurrences a record has."""
        if self.counter == EVERY:
            return self.most
        said = cells[self.counter] if self.counter >= 0 else b""
        told = int(said) if said.isdigit() else 0
        return max(told if told <= self.most else 0, self._last(cells))

    def _last(self, cells: Sequence[bytes]) -> int:
        """The last occurrence that holds something."""
        for number in range(self.most, 0, -1):
            if any(cells[source[number - 1]] for source in self.sources if len(source) > 1):
                return number
        return 0

    def of(self, cells: Sequence[bytes]) -> list[list[bytes]]:
        """The rows of one record."""
        many = self.count(cells)
        numbers = range(1, many + 1) if many else (0,)
        return [[self._cell(cells, source, number) for source in self.sources] for number in numbers]

    def _cell(self, cells: Sequence[bytes], source: tuple[int, ...], number: int) -> bytes:
        if not source:
            return str(number).encode()
        if len(source) == 1:
            return cells[source[0]]
        return cells[source[number - 1]] if number else b""
