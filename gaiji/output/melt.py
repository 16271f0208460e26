"""Which columns of a record are which columns of the rows that its table is written as. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Melt:
    """How records become rows. ``names``: the columns of a row; ``sources``: for each, the column of the
    record (one), the columns of the table's occurrences (one for each), or none: the number of the
    occurrence. ``counter``: the record's column that says how many there are, -1: all of them. ``most``:
    occurrences.

    A record without any has one row, with the number 0 and empty cells.
    """

    names: tuple[str, ...]
    sources: tuple[tuple[int, ...], ...]
    counter: int
    most: int

    def count(self, said: bytes | str) -> int:
        """How many occurrences a record has whose counter says so."""
        return self.most if self.counter < 0 else int(said or 0)

    def of(self, cells: Sequence[bytes]) -> list[list[bytes]]:
        """The rows of one record."""
        many = self.count(cells[self.counter])
        numbers = range(1, many + 1) if many else (0,)
        return [[self._cell(cells, source, number) for source in self.sources] for number in numbers]

    def _cell(self, cells: Sequence[bytes], source: tuple[int, ...], number: int) -> bytes:
        if not source:
            return str(number).encode()
        if len(source) == 1:
            return cells[source[0]]
        return cells[source[number - 1]] if number else b""
