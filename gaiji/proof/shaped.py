"""Proves an output with columns of its own: the texts that they are made of, and that they are made as said.

Owns how both go together. A field that stands in the output as it is is proved by that cell. Of the others
the conversion's decoder is asked for the text, which is a claim: it is encoded back and compared with the
source like a cell of the output, and the columns must be what the proof's own reading of the rules
(``gaiji.proof.columns``) makes of it.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from gaiji.codes.charset import Charset
from gaiji.model import Column, Reason
from gaiji.output.readback import Cells
from gaiji.proof.columns import Rules, kinds_of, reason_of
from gaiji.proof.places import first, part
from gaiji.proof.prover import Prover
from gaiji.proof.totals import CHANGED, CLASSES, FLAGGED, IDENTICAL, KEPT, Change, Pair, Proved
from gaiji.records.batch import Batch


class ShapedProver(Prover):
    """Compares batches of a job with columns of its own; ``rules``: what they are made of. What is proved are
    the fields, their glyphs, then all columns of the output, of which those that hold a field as it is are
    proved as that field."""

    def __init__(self, prover: Prover, rules: Rules) -> None:
        super().__init__(prover.fields, prover.glyph_fields, prover.readback)
        self.rules = rules
        self.recipe = rules.recipe
        self.base = len(self.recipe.record)
        self.more = len(self.recipe.columns)

    @property
    def columns(self) -> list[str]:
        """The names of all that is proved."""
        return [*self.recipe.record, *self.recipe.names]

    @property
    def counted(self) -> int:
        """How many cells are proved of each record."""
        return self.base - len(self.recipe.left_out) + len(self.recipe.made)

    def charset_at(self, number: int) -> Charset:
        return super().charset_at(number) if number < self.base else self.charset

    def class_at(self, number: int) -> int:
        made = self.recipe.columns[number]
        held = made.plain and self.recipe.held[made.sources[0]] == number
        return made.sources[0] if held else self.base + number

    def prove(self, pair: Pair) -> Proved:
        own = replace(pair, cells=self._record(pair))
        done = super().prove(own)
        unseen = {self.recipe.record[number] for number in self.recipe.left_out}
        done.changes = [change for change in done.changes if change.field not in unseen]
        for number in self.recipe.left_out:
            done.classes[number] = [0] * len(CLASSES)
        for dropped in pair.dropped[len(self.fields.fields) :]:
            done.kinds.update(dropped)
        texts = {number: _texts(own.cells, number) for number in self._used()}
        for number in range(self.more):
            self._column(pair, number, texts, done)
        return done

    def expected(self, batch: Batch, row: int) -> list[bytes]:
        texts = [cell.decode("utf-8", "surrogateescape") for cell in super().expected(batch, row)]
        return [
            self.rules.cell(number, [texts[at] for at in one.sources])[0].encode("utf-8", "surrogateescape")
            for number, one in enumerate(self.recipe.columns)
        ]

    def found(self, batch: Batch) -> list[tuple[int, str, str]]:
        """(row, column, kind) of what the rules find, whether or not the record was written."""
        columns = self._decoded(batch, range(self.base))
        texts = {
            number: [
                bytes(one.data[a:b]).decode("utf-8", "surrogateescape")
                for a, b in zip(one.offsets, one.offsets[1:], strict=False)
            ]
            for number, one in columns.items()
        }
        return [
            (row, one.name, kind)
            for number, one in enumerate(self.recipe.columns)
            for row in range(batch.rows)
            for kind in kinds_of(self.rules.cell(number, [texts[at][row] for at in one.sources]))
        ]

    # -- the fields -------------------------------------------------------------------------------

    def _used(self) -> list[int]:
        """The columns of the record that a column of the output is made of."""
        return sorted({source for one in self.recipe.columns for source in one.sources})

    def _decoded(self, batch: Batch, wanted: Sequence[int]) -> dict[int, Column]:
        """Columns of the record as the conversion decodes them. All fields before one are decoded where they
        share their shift state."""
        states, specs, out = bytearray(batch.rows), self.fields.fields, {}
        for number in range(self.base):
            if number < len(specs):
                if number in wanted or self.fields.carry:
                    column = self.fields.decode(batch, specs[number], states)[0]
            elif number in wanted:
                column = self.fields.glyphs(batch, self.glyph_fields[number - len(specs)])
            if number in wanted:
                copied = bytearray(column.data[: column.offsets[batch.rows]])
                out[number] = replace(column, data=copied)
        return out

    def _record(self, pair: Pair) -> Cells:
        """The cells of the record: those of the output that hold one as it is, else what is decoded."""
        cells, rows = pair.cells, pair.batch.rows
        held = self.recipe.held
        made = self._decoded(pair.batch, [number for number in range(self.base) if number not in held])
        src, starts, ends = bytearray(cells.src), [], []
        for number in range(self.base):
            if number in held:
                starts.append(cells.starts[held[number]])
                ends.append(cells.ends[held[number]])
                continue
            begin, column = len(src), made[number]
            src += column.data
            places = array("q", (begin + at for at in column.offsets[: rows + 1]))
            after = places[1:]
            for row in cells.damaged:
                after[row] = places[row]
            starts.append(places[:-1])
            ends.append(after)
        return Cells(src or bytearray(1), starts, ends, rows, cells.damaged)

    # -- the columns ------------------------------------------------------------------------------

    def _column(self, pair: Pair, number: int, texts: dict[int, list[str]], done: Proved) -> None:
        """Every cell of a column of the output."""
        one, classes = self.recipe.columns[number], done.classes[self.base + number]
        own = number in self.recipe.made
        found = _texts(pair.cells, number)
        sources = [texts[at] for at in one.sources]
        keys = zip(*sources, strict=True) if sources else [()] * pair.batch.rows
        noted: dict[Reason, list[int]] = {}
        for row, key in enumerate(keys):
            if row in pair.cells.damaged:
                continue
            cell = self.rules.cell(number, key)
            for kind in kinds_of(cell):
                done.kinds[one.name, kind] += 1
                noted.setdefault(reason_of(kind), []).append(row)
            if not own:
                continue
            if cell[0] == found[row]:
                classes[FLAGGED if cell[1] else IDENTICAL] += 1
                continue
            classes[CHANGED] += 1
            if len(done.changes) < KEPT:
                done.changes.append(_change(pair.record(row), one.name, cell[0], found[row]))
        for reason, rows in noted.items():
            key = (self.base + number, reason << 8 | FLAGGED, 0, 0)
            done.groups[key] = (len(rows), [pair.record(row) for row in rows[:3]])


def _change(record: int, name: str, expected: str, found: str) -> Change:
    """Where a cell is not what the rule makes of its fields."""
    wanted, there = (text.encode("utf-8", "surrogateescape") for text in (expected, found))
    at, position = part(wanted, there)
    return Change(record, name, position, at, "", first(wanted[at:]), first(there[at:]))


def _texts(cells: Cells, number: int) -> list[str]:
    """A column's cells as texts; bytes that are none stay apart from every text."""
    src, places = cells.src, zip(cells.starts[number], cells.ends[number], strict=True)
    return [bytes(src[a:b]).decode("utf-8", "surrogateescape") for a, b in places]
