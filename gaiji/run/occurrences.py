"""Tables that vary, on the way back: what a record's counters leave in, and records without the rest.

Owns which fields of an output's record are there by its counters. The walk is in ``gaiji.kernel.shape``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import join, shape
from gaiji.kernel.shape import CONSTANTS as S
from gaiji.model import Field, Variable
from gaiji.run.column_back import ColumnsBack, Part


class Occurrences:
    """The occurrences in the records of one output; ``where``: its name, for errors."""

    def __init__(self, variable: Variable, fields: Sequence[Field], where: str) -> None:
        self.variable, self.fields, self.where = variable, fields, where
        self._steps, self._full = array("q", variable.steps), array("q", variable.full)
        steps = [variable.steps[at : at + S["STEP"]] for at in range(0, len(variable.steps), S["STEP"])]
        loose = {step[1] for step in steps if step[0] == S["PIECE"] and step[3] >= 0}
        pieces = [piece for piece, *_ in variable.columns[: len(fields)]]
        self._loose = [number for number, piece in enumerate(pieces) if piece in loose]
        self._pieces = array("q", (pieces[number] for number in self._loose))
        counted = [
            range(variable.full[step[2]] + step[3], variable.full[step[2]] + step[3] + step[4])
            for step in steps
            if step[0] == S["COUNT"]
        ]
        self._counters = [
            number
            for number, spec in enumerate(fields)
            if any(spec.offset < one.stop and one.start < spec.offset + spec.length for one in counted)
        ]

    def there(self, back: ColumnsBack, part: Part) -> dict[int, bytearray]:
        """Of each field that a record may be without, by its number: which records have it. DataError where a
        counter is none."""
        if not self._loose:
            return {}
        size, rows = self.variable.size, part.rows
        records, quiet = bytearray(size * rows or 1), Part(part.cells, rows, part.first, None)
        for number in self._counters:
            spec = self.fields[number]
            data, offsets = back.encode(spec, number, quiet)
            join.place(records, size, spec.offset, data or bytearray(1), offsets)
        found, bad = bytearray(rows * len(self._loose) or 1), array("q", bytes(8 * rows))
        scratch = array("q", bytes(8 * self.variable.slots))
        shape.present(records, size, rows, self._steps, self._full, scratch, self._pieces, found, bad)
        self._check(bad, part.first)
        return {number: found[at * rows : at * rows + rows] for at, number in enumerate(self._loose) if rows}

    def compacted(self, records: bytearray, step: int, rows: int) -> Iterator[bytearray]:
        """Records of full size (``step`` bytes each) with as many occurrences as their counters say."""
        out, offsets = bytearray(len(records) or 1), array("q", bytes(8 * rows + 8))
        bad, scratch = array("q", bytes(8 * rows)), array("q", bytes(8 * self.variable.slots))
        shape.compact(records, step, rows, self._steps, self._full, scratch, out, offsets, bad)
        self._check(bad, -1)
        return (out[offsets[row] : offsets[row + 1]] for row in range(rows))

    def _check(self, bad: Sequence[int], first: int) -> None:
        """DataError for the first record that cannot be walked; ``first``: how many stand before these (-1:
        nobody knows)."""
        row = next((row for row, code in enumerate(bad) if code), -1)
        if row >= 0:
            name = self.variable.counters[bad[row] // 4]
            raise DataError(
                fault("E0428", "the counter {name} is out of its declared range", name=name),
                where=f"{self.where}: record {first + row + 1}" if first >= 0 else self.where,
                next=tr("check the file, or convert again"),
            )
