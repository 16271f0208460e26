"""Proves a batch: encodes its output back and compares it with the source, byte for byte, field by field.

Owns what a field of a record is found to be (identical, another form of shifts or padding, a row that only
decodes, flagged, changed) and the place of what is not identical. The loops are in ``gaiji.kernel.encode``;
files, totals and reports are ``gaiji.proof.verify``'s.
"""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Sequence

from gaiji.codes.charset import Charset
from gaiji.codes.code import value_of
from gaiji.codes.encoding import E
from gaiji.codes.program import K
from gaiji.columns.decode import TEXTS, Decoder, Place
from gaiji.columns.numeric import NUMERIC, ascii_host, numeric_of
from gaiji.kernel import compare, cut, numbers_back, recut
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Column, Field, Reason
from gaiji.output.readback import Cells, Readback
from gaiji.proof.empties import blanks, empty_numbers, low_values, without_bare_pads
from gaiji.proof.flags import FlagTexts
from gaiji.proof.numbers import other_floats, readable
from gaiji.proof.places import first, first_of, part, place
from gaiji.proof.totals import CHANGED, CLASSES, EMPTY, FLAGGED, FORM, IDENTICAL, KEPT, Change, Pair, Proved
from gaiji.records.batch import Batch
from gaiji.standard.characters import points


class Prover:
    """Compares batches of one job. ``prove`` may run on several threads. ``readback``: the output where it is
    a file, whose records may be such that they cannot be cut. ``more``: columns beside the fields and their
    glyphs, which a kind of it proves."""

    more = 0

    def __init__(
        self,
        fields: Decoder,
        glyph_fields: Sequence[Field],
        readback: Readback | None = None,
        widths: Sequence[int] = (),
        wide: bool = False,
    ) -> None:
        self.fields = fields
        self.charset = fields.charset
        self.glyph_fields = tuple(glyph_fields)
        self.readback = readback
        self.limits = [(-(w // 2) if wide else w) for w in widths]
        self.trim = int(fields.trim or bool(widths))
        self._mine = threading.local()
        every = {spec.charset: fields.charset_of(spec) for spec in fields.fields}
        self._flags = {name: FlagTexts(own, fields.policy, fields.form) for name, own in every.items()}
        self._ranges: dict[str, tuple[object, int, array[int], array[int]]] = {}
        self.codes = {
            spec.name: fields.charset_of(spec).proof(
                self.mode(spec),
                name_field=fields.rules(spec)[0],
                controls=fields.rules(spec)[1],
                form=fields.form,
            )
            for spec in fields.fields
            if spec.type in TEXTS
        }

    @property
    def columns(self) -> list[str]:
        """The names of the columns: fields, then their glyphs."""
        return [*(f.name for f in self.fields.fields), *(f"{f.name}.glyphs" for f in self.glyph_fields)]

    def mode(self, spec: Field) -> int:
        return self.fields.charset_of(spec).field_mode(spec.type)

    def prove(self, pair: Pair) -> Proved:
        """Every cell of a batch."""
        specs = self.fields.fields
        names = len(specs) + len(self.glyph_fields) + self.more
        done = Proved(
            [[0] * len(CLASSES) for _ in range(names)],
            [Counter() for _ in specs],
            [],
            pair.batch.rows,
            len(pair.cells.damaged),
            empties=[Counter() for _ in specs],
        )
        states = bytearray(pair.batch.rows)
        broken = set(pair.cells.damaged)
        for number, spec in enumerate(specs):
            done.sizes.append(self.fields.size(pair.whole, spec))
            if pair.dropped:
                done.flagged[number].update(pair.dropped[number])
            if spec.type not in TEXTS:
                self._exact(pair, spec, number, done, broken)
            else:
                self._text(pair, spec, number, done, states, broken)
        for number, spec in enumerate(self.glyph_fields, len(specs)):
            self._glyphs(pair, spec, number, done, broken)
        for row in sorted(broken):
            self._damaged(pair, row, done)
        return done

    # -- text -------------------------------------------------------------------------------------

    def _text(
        self, pair: Pair, spec: Field, number: int, done: Proved, states: bytearray, broken: set[int]
    ) -> None:
        """Encode back and compare bytes; then unit by unit where they differ."""
        batch = pair.batch
        place = self.fields.place(batch, spec)
        rows, forms, blank = self._differing(pair, spec, number, place)
        rows, lows = low_values(pair, number, place, rows)
        forms = array("q", (row for row in forms if row not in broken)) if broken else forms
        classes = done.classes[number]
        classes[FORM] += len(forms)
        classes[IDENTICAL] += batch.rows - len(rows) - len(forms) - lows
        classes[EMPTY] += lows
        done.empties[number].update({"low-values": lows, "blanks": blank if self.fields.trim else 0})
        if forms:
            done.forms.setdefault(number, []).extend(pair.record(row) for row in forms[:3])
        if not rows:
            classes[IDENTICAL] -= len(broken)
            return
        some, mine = self._unpadded(batch, spec, self._some(place, rows, batch.rows)), states
        units, ends, findings = self.fields.units(
            batch, spec, some, mine if len(rows) == batch.rows else bytearray(len(rows)), trim=False
        )
        flagged = bytearray(len(rows))
        width = K["FINDING"]
        for row in findings[::width]:
            flagged[row] = 1
        done.flagged[number].update(findings[5::width])
        flags = self._flags[spec.charset].of(
            {
                value_of(c, s) | r << 28
                for c, s, r in zip(findings[3::width], findings[4::width], findings[5::width], strict=True)
            }
        )
        found, notes = self._classes(pair, spec, number, rows, units, ends, flagged, flags)
        if self.fields.trim:
            done.empties[number]["blanks"] += blanks(pair, number, place, rows, found)
        counts = Counter(found)
        for kind, count in counts.items():
            classes[kind] += count
        for row in broken:
            self._uncount(classes, found, rows, row)
        if counts[FORM]:
            examples = done.forms.setdefault(number, [])
            examples += [pair.record(rows[i]) for i in first_of(FORM, found, 3)]
        self._group(pair, spec, number, notes, done, broken)

    def _classes(
        self,
        pair: Pair,
        spec: Field,
        number: int,
        rows: array[int],
        units: memoryview,
        ends: array[int],
        flagged: bytearray,
        flags: compare.Flags,
    ) -> tuple[bytearray, array[int]]:
        """The class of each of these rows, by its units, and the notes on what is not identical."""
        cells = pair.cells
        pen = self._pen(cells, 64)
        found = bytearray(len(rows))
        notes = array("q", bytes(8 * E["FINDING"] * 2048))
        at = 0
        while True:
            at = compare.compare_rows(
                self.codes[spec.name],
                pen,
                flags,
                rows,
                at,
                cells.starts[number],
                cells.ends[number],
                units,
                ends,
                flagged,
                self.trim,
                self.limits[number] if self.limits else 0,
                found,
                notes,
            )
            if at >= len(rows):
                break
            notes.frombytes(bytes(8 * len(notes) + 48 * len(units)))
        return found, notes[: pen.n * E["FINDING"]]

    def _uncount(self, classes: list[int], found: bytearray, rows: array[int], row: int) -> None:
        """A record that could not be cut has no cells to be of a class; ``_damaged`` counts it once."""
        at = next((i for i, r in enumerate(rows) if r == row), -1)
        classes[found[at] if at >= 0 else IDENTICAL] -= 1

    def _differing(
        self, pair: Pair, spec: Field, number: int, place: Place
    ) -> tuple[array[int], array[int], int]:
        """Rows whose text does not encode back to the very bytes of the source, those that do but for padding
        inside the shift, and how many of all others are empty cells."""
        starts, ends, offset, length = place
        rows = pair.batch.rows
        if (
            self.fields.carry and spec.type == "mixed" and not spec.charset
        ):  # bytes mean nothing without the state before them
            return array("q", range(rows)), array("q"), 0
        _, longest = cut.extent(starts, ends, offset, length)
        differ, forms = array("q", bytes(8 * rows)), array("q", bytes(8 * rows))
        pen = self._pen(pair.cells, longest + 2 * E["SLACK"], 8 * longest + 80)
        padded = int(self._pads_are_blank(spec) and self.mode(spec) == K["MIXED"])
        n = compare.same_rows(
            self.codes[spec.name],
            pen,
            self.mode(spec),
            pair.cells.starts[number],
            pair.cells.ends[number],
            pair.batch.src,
            starts,
            ends,
            offset,
            length,
            padded,
            differ,
            forms,
        )
        return differ[:n], forms[: pen.n], pen.blank

    def _pads_are_blank(self, field: Field) -> bool:
        """Whether both kinds of padding of a shifted charset read as spaces, which the job trims."""
        charset = self.fields.charset_of(field)
        spec, entries = charset.spec, charset.entries
        keys = (1, spec.pad_single), (2, int.from_bytes(spec.pad_double, "big"))
        texts = [entry.row.text if entry else "" for entry in map(entries.get, keys)]
        halves = [spec.pad_single] * 2 == [charset.half] * 2 == list(spec.pad_double)
        blank = texts == [" ", "\u3000"] or (halves and texts[0] == " ")
        return bool(self.fields.trim and charset.kind.typed and blank)

    def _some(self, place: Place, rows: array[int], every: int) -> Place:
        """The place of a field in some rows only."""
        starts, ends, offset, length = place
        if len(rows) == every:
            return place
        return array("q", [starts[r] for r in rows]), array("q", [ends[r] for r in rows]), offset, length

    def _unpadded(self, batch: Batch, spec: Field, place: Place) -> Place:
        """The place without padding that is no character."""
        padded = self.fields.trim and self.mode(spec) == K["DOUBLE"]
        return without_bare_pads(self.fields.charset_of(spec), batch, place) if padded else place

    def _pen(self, cells: Cells, out: int, findings: int = 1) -> kernel_encode.Pen:
        """A cursor on the output's text, with this thread's scratch buffers."""
        mine = self._mine.__dict__
        if len(mine.get("out", b"")) < out:
            mine["out"] = bytearray(2 * out)
        if len(mine.get("found", b"")) < E["FINDING"] * findings:
            mine["found"] = array("q", bytes(16 * E["FINDING"] * findings))
        return kernel_encode.Pen(cells.src, mine["out"], mine["found"])

    def _group(
        self, pair: Pair, spec: Field, number: int, notes: array[int], done: Proved, broken: set[int]
    ) -> None:
        """Count the notes by code and class, keep the places of some."""
        width = E["FINDING"]
        for i in range(0, len(notes), width):
            row, offset, position, code, size, what = notes[i : i + width]
            if what == CHANGED:
                if row not in broken and len(done.changes) < KEPT:
                    done.changes.append(self._change(pair, spec, number, row, offset, position, code, size))
                continue
            count, records = done.groups.get((number, what, code, size), (0, []))
            if len(records) < 3:
                records = [*records, pair.record(row)]
            done.groups[number, what, code, size] = (count + 1, records)

    def _change(
        self, pair: Pair, spec: Field, number: int, row: int, offset: int, position: int, code: int, size: int
    ) -> Change:
        """The place of a difference; the characters are told by their code points."""
        cells = pair.cells
        start, end = cells.starts[number][row] + offset, cells.ends[number][row]
        found = bytes(cells.src[start : min(start + 8, end)])
        charset = self.fields.charset_of(spec)
        unit = charset.entry_of(code, size) if size else None
        expected = unit.row.text if unit else ""
        return Change(
            pair.record(row),
            spec.name,
            position,
            offset,
            charset.code(code, size),
            points(expected),
            first(found),
        )

    def charset_at(self, number: int) -> Charset:
        """The charset of a column: a field's, or that of the field whose glyphs it names."""
        specs = (*self.fields.fields, *self.glyph_fields)
        return self.fields.charset_of(specs[number])

    def code(self, number: int, code: int, size: int) -> str:
        """A code of a column as users write it, "" for none."""
        return self.charset_at(number).code(code, size)

    # -- numbers, bytes, glyph names --------------------------------------------------------------

    def _exact(self, pair: Pair, spec: Field, number: int, done: Proved, broken: set[int]) -> None:
        """Numbers and raw bytes: the text must be exactly the source's; numbers are encoded back besides, to
        tell those whose sign has another form."""
        rows, cells = pair.batch.rows, pair.cells
        column, _, findings = self.fields.decode(pair.batch, spec, bytearray(rows))
        done.flagged[number].update(findings[5 :: K["FINDING"]])
        differ = array("q", bytes(8 * rows))
        n = compare.same_text(
            column.data, column.offsets, cells.src, cells.starts[number], cells.ends[number], differ
        )
        changed = set(differ[:n]) - broken
        if findings:  # what the conversion calls no number must be none by the proof's own reading
            spans, own = self._field_range(pair.batch, spec), self.fields.charset_of(spec)
            rows_ = findings[:: K["FINDING"]]
            changed |= readable(pair.batch.src, spans, spec, own, self.fields.csv, rows_) - broken
        flagged = set(findings[:: K["FINDING"]]) - changed - broken
        kinds = self._empty_numbers(pair.batch, spec)
        empty = {row for row in kinds if row not in broken}
        done.empties[number].update(kinds[row] for row in empty)
        changed |= {row for row in empty if cells.starts[number][row] != cells.ends[number][row]}
        empty -= changed
        flagged -= empty
        forms, others = self._other_forms(pair, spec, number, changed | flagged | broken | empty)
        changed |= others
        classes = done.classes[number]
        parts = ((CHANGED, changed), (FLAGGED, flagged), (FORM, forms), (EMPTY, empty))
        for kind, some in parts:
            classes[kind] += len(some)
        classes[IDENTICAL] += rows - sum(len(some) for _, some in parts) - len(broken)
        if forms:
            done.forms.setdefault(number, []).extend(pair.record(row) for row in sorted(forms)[:3])
        for row in sorted(changed)[: KEPT - len(done.changes)]:
            text = column.data[column.offsets[row] : column.offsets[row + 1]]
            done.changes.append(self._text_change(pair, spec.name, number, row, text))
        if flagged:
            records = [pair.record(row) for row in sorted(flagged)[:3]]
            done.groups[number, Reason.BAD_NUMBER << 8 | FLAGGED, 0, 0] = (len(flagged), records)

    def _empty_numbers(self, batch: Batch, spec: Field) -> dict[int, str]:
        """The empty numbers of a batch."""
        if spec.type not in NUMERIC or spec.sign == "none":
            return {}
        places = self._field_range(batch, spec)
        length = 0 if self.fields.csv else spec.length
        return empty_numbers(batch, NUMERIC[spec.type], places, length, ascii_host(self.charset, spec))

    def _other_forms(
        self, pair: Pair, spec: Field, number: int, known: set[int]
    ) -> tuple[set[int], set[int]]:
        """Rows, but for those ``known``, whose number does not encode back to the very bytes of the source:
        those whose bytes are another form of the same number, and those whose bytes are not."""
        if spec.type == "float":
            some = (row for row in range(pair.batch.rows) if row not in known)
            spans = self._field_range(pair.batch, spec)
            return other_floats(pair.batch.src, spans, pair.cells, number, spec, self.fields.csv, some)
        if spec.type not in NUMERIC:
            return set(), set()
        rows, cells = pair.batch.rows, pair.cells
        begin, end = self._field_range(pair.batch, spec)
        widths = array("q", bytes(8 * rows))
        out, offsets = bytearray(recut.widths(begin, end, widths) + 8), array("q", bytes(8 * rows + 8))
        bad, differ = array("i", bytes(4 * rows)), array("q", bytes(8 * rows))
        numeric = numbers_back.Numeric(*numeric_of(self.charset, spec))
        starts, ends = cells.starts[number], cells.ends[number]
        numbers_back.encode_numbers(cells.src, numeric, starts, ends, widths, out, offsets, bad)
        n = compare.same_text(out, offsets, pair.batch.src, begin, end, differ)
        left = array("q", (row for row in differ[:n] if row not in known))
        same = bytearray(len(left))
        numbers_back.same_numbers(pair.batch.src, numeric, begin, end, cells.src, starts, ends, left, same)
        forms = {row for row, means in zip(left, same, strict=True) if means}
        return forms, set(left) - forms

    def _field_range(self, batch: Batch, spec: Field) -> tuple[array[int], array[int]]:
        """Byte ranges of a field in its batch; kept while the framing gives the same ones."""
        starts, ends, offset, length = self.fields.place(batch, spec)
        kept = self._ranges.get(spec.name)
        if kept is not None and kept[0] is starts and kept[1] == batch.rows:
            return kept[2], kept[3]
        begin, end = (array("q", bytes(8 * batch.rows)) for _ in range(2))
        recut.within(starts, ends, offset, length, begin, end)
        self._ranges[spec.name] = (starts, batch.rows, begin, end)
        return begin, end

    def _glyphs(self, pair: Pair, spec: Field, number: int, done: Proved, broken: set[int]) -> None:
        """Glyph names as the source's codes have them."""
        cells, rows = pair.cells, pair.batch.rows
        column = self.fields.glyphs(pair.batch, spec)
        differ = array("q", bytes(8 * rows))
        n = compare.same_text(
            column.data, column.offsets, cells.src, cells.starts[number], cells.ends[number], differ
        )
        changed = set(differ[:n]) - broken
        cut = {row for row in changed if self._is_cut(pair, column, number, row)}
        changed -= cut
        done.classes[number][CHANGED] += len(changed)
        done.classes[number][FLAGGED] += len(cut)
        done.classes[number][IDENTICAL] += rows - len(changed) - len(cut) - len(broken)
        if cut:
            records = [pair.record(row) for row in sorted(cut)[:3]]
            done.groups[number, Reason.OVERFLOW << 8 | FLAGGED, 0, 0] = (len(cut), records)
        for row in sorted(changed)[: KEPT - len(done.changes)]:
            done.changes.append(
                self._text_change(
                    pair, column.name, number, row, column.data[column.offsets[row] : column.offsets[row + 1]]
                )
            )

    def _is_cut(self, pair: Pair, column: Column, number: int, row: int) -> bool:
        """Whether a cell is as much of the names as the output has room for (ASCII: a byte a character)."""
        if not self.limits:
            return False
        names = bytes(column.data[column.offsets[row] : column.offsets[row + 1]])
        most, cells = abs(self.limits[number]), pair.cells
        found = bytes(cells.src[cells.starts[number][row] : cells.ends[number][row]])
        return len(names) > most and found == names[:most].rstrip(b" ")

    def _text_change(
        self, pair: Pair, name: str, number: int, row: int, expected: bytes | bytearray
    ) -> Change:
        """Where two texts part."""
        cells = pair.cells
        found = bytes(cells.src[cells.starts[number][row] : cells.ends[number][row]])
        at, position = part(bytes(expected), found)
        return Change(
            pair.record(row), name, position, at, "", first(bytes(expected)[at:]), first(found[at:])
        )

    # -- records that cannot be cut ---------------------------------------------------------------

    def class_at(self, number: int) -> int:
        """The column among those proved that a cell of the output belongs to."""
        return number

    def found(self, batch: Batch) -> list[tuple[int, str, str]]:
        """(row, column, kind) of what the rules of columns find in a batch; fields have no rules."""
        return []

    def expected(self, batch: Batch, row: int) -> list[bytes]:
        """The cells that a source record becomes."""
        one = Batch(
            batch.src,
            [array("q", [s[row]]) for s in batch.starts],
            [array("q", [e[row]]) for e in batch.ends],
            1,
            batch.file_offset,
            batch.record_number(row),
        )
        states = bytearray(1)
        columns = [self.fields.decode(one, spec, states)[0] for spec in self.fields.fields]
        cells = [bytes(c.data[: c.offsets[1]]) for c in columns]
        glyphs = [self.fields.glyphs(one, spec) for spec in self.glyph_fields]
        return cells + [bytes(c.data[: c.offsets[1]]) for c in glyphs]

    def _damaged(self, pair: Pair, row: int, done: Proved) -> None:
        """A line that is not one record: it is changed where it first differs from what it should be."""
        assert self.readback is not None  # nothing else is damaged
        cells = self.expected(pair.batch, row)
        line, found = self.readback.line(cells), pair.cells.damaged[row]
        at = next(
            (i for i, (a, b) in enumerate(zip(line, found, strict=False)) if a != b),
            min(len(line), len(found)) - 1,
        )
        number, begin = 0, 0
        while number < len(cells) - 1 and at >= self.readback.reach(cells[: number + 1]):
            number += 1
            begin = self.readback.reach(cells[:number])
        done.classes[self.class_at(number)][CHANGED] += 1
        offset, position = place(line[begin:], at - begin)
        done.changes.append(
            Change(
                pair.record(row),
                self.columns[self.class_at(number)],
                position,
                offset,
                "",
                first(line[begin + offset :]),
                first(found[begin + offset :]),
            )
        )
