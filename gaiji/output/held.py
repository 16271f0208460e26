"""Reads an output with columns of its own back as the records that it was made of.

Owns which cell is which column of a record, where each stands in the output as it is. What was joined, split
or read as a date or code is not undone.
"""

from __future__ import annotations

from gaiji.output.readback import Cells, Readback
from gaiji.output.recipe import Recipe


class HeldReadback(Readback):
    """The records behind an output whose ``recipe`` holds every column of theirs."""

    def __init__(self, inner: Readback, recipe: Recipe) -> None:
        super().__init__(inner.path, recipe.record)
        self.inner = inner
        self.header_ok = inner.header_ok
        self._at = [recipe.held[number] for number in range(len(recipe.record))]

    @property
    def sha256(self) -> str:
        return self.inner.sha256

    def take(self, rows: int) -> Cells:
        cells = self.inner.take(rows)
        self.size, self.records = self.inner.size, self.inner.records
        starts, ends = ([edges[at] for at in self._at] for edges in (cells.starts, cells.ends))
        return Cells(cells.src, starts, ends, cells.rows, cells.damaged, cells.missing)

    def more(self) -> bool:
        return self.inner.more()

    def rest(self) -> int:
        left = self.inner.rest()
        self.size = self.inner.size
        return left
