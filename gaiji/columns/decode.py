"""Decodes the fields of a batch into columns.

Owns how each field type becomes text (double bytes, numbers, raw bytes, glyph names), the buffers that
this takes, and the counts and raw findings of a column. What findings mean to people is in
``gaiji.columns.findings``; the loops are in the kernels.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from gaiji.codes.charset import Charset
from gaiji.codes.code import code_of, value_of
from gaiji.codes.column import decode_rows
from gaiji.codes.lost import Marks, load_marks
from gaiji.codes.program import Controls, Grades, Writes, rules_of
from gaiji.codes.tables import GRADES, WEAK
from gaiji.columns.floats import float_text
from gaiji.columns.lost import lost_in
from gaiji.columns.numeric import NUMERIC, numeric_of
from gaiji.kernel import cut
from gaiji.kernel import decode as kernel
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.kernel.numbers import CONSTANTS as NUMBERS
from gaiji.kernel.numbers import Numeric, numbers
from gaiji.model import Column, Field, Reason
from gaiji.records.batch import Batch

Decoded = tuple[Column, "array[int]", "array[int]"]
"""A column, its counts (see ``kernel``) and its findings (six int64 each)."""
COUNTED = GRADES[1:]
"""The grades that are counted one by one; what is mapped and not among them rests on a standard."""
TEXTS = ("mixed", "dbcs", "sbcs")
PEOPLE = DECODE["GRADES"] + len(COUNTED)
"""The counter of records that rest on one source in this name field and in none before."""
Place = tuple[Any, Any, int, int]
"""Where a field lies: starts and ends of its records, its offset in them, its length (-1: the rest)."""


NAME = len("MJ000001 ")
"""Bytes that a glyph's name takes among others."""


def default_width(spec: Field) -> int:
    """Bytes of a field in fixed-length output when the job does not say: texts twice those of the source,
    numbers all digits.
    """
    if spec.type in ("binary", "float"):
        return 26  # 20 digits of 8 bytes, or 18 and an exponent; sign and point
    return 2 * spec.length + (2 if spec.type in NUMERIC else 0) or 80


def glyphs_width(spec: Field) -> int:
    """Bytes of a field's glyph names in fixed-length output when the job does not say: a name and a blank for
    each unit that it may hold."""
    return (spec.length // 2 if spec.type == "dbcs" else spec.length) * NAME or 80


class Decoder:
    """The fields of one job, ready to decode. ``decode`` may run on several threads.

    ``reuse``: the caller copies out of the columns before it decodes the next batch on the same thread,
    so their buffers are used again. ``marks``: what an earlier migration may have left in names.
    ``nul``: whether the output can hold U+0000; where it cannot, that is a finding in every field.
    """

    def __init__(
        self,
        charset: Charset,
        fields: Sequence[Field],
        *,
        csv: bool,
        form: str,
        policy: Mapping[Reason, str],
        trim: bool,
        carry: bool,
        reuse: bool = True,
        charsets: Mapping[str, Charset] | None = None,
        marks: Marks | None = None,
        nul: bool = True,
    ) -> None:
        self.charset = charset
        self.marks = marks or load_marks()
        self.charsets = dict(charsets or {})
        self.fields = tuple(fields)
        self.csv = csv
        self.form = form
        self.policy = policy
        self.trim = trim
        self.carry = carry
        self.reuse = reuse
        self.nul = nul
        self._mine = threading.local()
        self._blanks: dict[str, frozenset[int]] = {}
        # Compiled before the first batch: two threads that meet the first batches would each compile them.
        asked = Grades.ASK if Reason.ONE_SOURCE in policy else Grades.NOTE
        self._programs = {
            (name, names, controls): self.charsets.get(name, charset).program(
                name_field=names,
                controls=controls,
                form=form,
                policy=policy,
                grades=asked if names else Grades.LEAVE,
                marks=self.marks.starts if names else frozenset(),
            )
            for name, names, controls in {(f.charset, *self.rules(f)) for f in fields if f.type in TEXTS}
        }

    def charset_of(self, spec: Field) -> Charset:
        """A field's charset: its own, or the job's."""
        return self.charsets.get(spec.charset, self.charset)

    def rules(self, spec: Field) -> tuple[bool, Controls]:
        """Whether marks of loss, and which control characters, are findings in a field."""
        names, controls = rules_of(spec.role)
        return names, controls if controls or self.nul else Controls.NUL

    def decode(self, batch: Batch, spec: Field, states: bytearray, weak: set[int] | None = None) -> Decoded:
        """One field of all rows; ``states`` carries the rows' shift states from field to field, ``weak``
        those in which a name field before rests on one source.
        """
        if spec.type in NUMERIC:
            return self._numbers(batch, spec)
        if spec.type == "float":
            return self._floats(batch, spec)
        if spec.type == "raw":
            return self._raw(batch, spec)
        return self._text(batch, spec, states, weak)

    def place(self, batch: Batch, spec: Field) -> Place:
        """(starts, ends, offset, length) of a field in a batch."""
        if self.csv:
            return batch.starts[spec.column], batch.ends[spec.column], 0, -1
        return batch.starts[0], batch.ends[0], spec.offset, spec.length or -1

    def size(self, batch: Batch, spec: Field) -> int:
        """Bytes that the framing and the layout give a field: what its units must add up to."""
        return cut.extent(*self.place(batch, spec))[0]

    def _by_grade(
        self, charset: Charset, column: Column, counts: array[int], findings: array[int], weak: set[int]
    ) -> array[int]:
        """Count a name field's characters by grade, and the records that rest on one source; returns the
        findings without the kernel's notes, and with the marks of an earlier loss that these led to."""
        import polars as pl

        from gaiji.kernel.arrow import int64_series

        flat = int64_series("f", findings)
        row, code, size, reason = (flat.gather_every(DECODE["FINDING"], at) for at in (0, 3, 4, 5))
        frame = pl.DataFrame({"row": row, "code": code, "size": size, "reason": reason})
        noted = frame.filter(pl.col("reason").is_in([DECODE["GRADED"], int(Reason.ONE_SOURCE)]))
        if noted.is_empty():
            return findings
        people: set[int] = set()
        for code_at, size_at, count, rows in noted.group_by("code", "size").agg(pl.len(), "row").iter_rows():
            grade = charset.grade_of(code_at, size_at)
            if grade not in COUNTED:
                continue  # noted for the marks that may begin with it
            counts[DECODE["GRADES"] + COUNTED.index(grade)] += count
            if grade in WEAK:
                people.update(rows)
        counts[PEOPLE] += len(people - weak)
        weak |= people
        kept = (reason != DECODE["GRADED"]).repeat_by(DECODE["FINDING"]).explode()
        return array("q", flat.filter(kept).to_list()) + lost_in(self.marks, charset, column, findings)

    def _text(self, batch: Batch, spec: Field, states: bytearray, weak: set[int] | None = None) -> Decoded:
        charset = self.charset_of(spec)
        program = self._programs[spec.charset, *self.rules(spec)]
        place = self.place(batch, spec)
        total, longest = cut.extent(*place)
        out = self._buffer(spec.name, total * 3 // 2 + (longest + 1) * program.bound + 2 * DECODE["SLACK"])
        offsets, counts, findings, special = self._run(
            program, batch.src, place, spec, states, out, longest, int(self.trim) | DECODE["EMPTIES"]
        )
        column = Column(spec.name, out, offsets, not special and not charset.kind.unicode)
        if spec.role == "name" and findings:
            findings = self._by_grade(charset, column, counts, findings, set() if weak is None else weak)
        return column, counts, findings

    def units(
        self, batch: Batch, spec: Field, place: Place, states: bytearray, *, trim: bool
    ) -> tuple[memoryview, array[int], array[int]]:
        """The source units of a text field (``Writes.REASONS``), the byte where each row's
        end in them, and the findings. ``place`` may name some of the batch's rows only. ``trim``: leave out
        the padding at the end of fields of one width."""
        name_field, controls = self.rules(spec)
        program = self.charset_of(spec).program(
            name_field=name_field,
            controls=controls,
            form=self.form,
            policy=self.policy,
            writes=Writes.REASONS,
        )
        total, longest = cut.extent(*place)
        out = self._buffer(
            f"{spec.name} units", total * 4 + (longest + 1) * program.bound + 2 * DECODE["SLACK"]
        )
        offsets, _, findings, _ = self._run(program, batch.src, place, spec, states, out, longest, int(trim))
        return memoryview(out)[: offsets[-1]].cast("I"), offsets, findings

    def _run(
        self,
        program: kernel.Program,
        src: bytearray | bytes,
        place: Place,
        spec: Field,
        states: bytearray,
        out: bytearray,
        longest: int,
        trim: int,
    ) -> tuple[array[int], array[int], array[int], int]:
        """Decode into ``out``, which grows as needed: row ends, counts, findings, whether a slow text was
        met.
        """
        mode = self.charset_of(spec).field_mode(spec.type)
        carry = (2 if spec is self.last_mixed else 1) if self.carry and not spec.charset else 0
        done = decode_rows(
            program, src, place, mode, out, longest=longest, states=states, trim=trim, carry=carry
        )
        return done.offsets, done.counts, done.findings, done.special

    def _numbers(self, batch: Batch, spec: Field) -> Decoded:
        starts, ends, offset, length = self.place(batch, spec)
        rows = batch.rows
        _, longest = cut.extent(starts, ends, offset, length)
        out, offsets = (
            self._buffer(spec.name, rows * (2 * longest + spec.scale + 24) + 64),
            array("q", bytes(8 * rows + 8)),
        )
        bad, written = array("i", bytes(4 * rows)), array("q", bytes(8 * NUMBERS["N_WRITTEN"]))
        numeric = Numeric(*numeric_of(self.charset, spec))
        flagged = numbers(batch.src, numeric, starts, ends, offset, length, out, offsets, bad, written)
        counts = array("q", bytes(8 * DECODE["N_COUNTS"]))
        findings = array("q")
        for row in range(rows) if flagged else ():
            if bad[row] >= 0:
                at = starts[row] + offset + bad[row]
                code = batch.src[at] if at < ends[row] else 0
                findings.extend((row, bad[row], 0, code, 1, Reason.BAD_NUMBER))
        counts[DECODE["UNITS"]] = rows
        counts[DECODE["MAPPED_UNITS"]] = rows - flagged
        counts[DECODE["FLAGGED"] + Reason.BAD_NUMBER] = flagged
        for name, how in (("LOW_VALUES", "LOW"), ("BLANKS", "BLANK"), ("UNSIGNED", "UNSIGNED")):
            counts[DECODE[name]] = written[NUMBERS[f"WRITTEN_{how}"]]
        counts[DECODE["BYTES"]] = self.size(batch, spec)
        return Column(spec.name, out, offsets, plain=True), counts, findings

    def _floats(self, batch: Batch, spec: Field) -> Decoded:
        """Floating-point numbers. Blanks throughout are none, low-values are zero. Where counters say where
        fields lie, one without a byte is of an occurrence that is not there."""
        starts, ends, offset, own = self.place(batch, spec)
        length = spec.length
        blank = self.charset_of(spec).spec.pad_single
        out, offsets, findings = bytearray(), array("q", [0]), array("q")
        for row, (a, b) in enumerate(zip(starts, ends, strict=True)):
            raw = bytes(batch.src[min(a + offset, b) : min(a + offset + length, b)])
            whole = len(raw) == length and raw.count(blank) < length
            text = float_text(raw, spec.float) if whole else "" if own < 0 and a == b else None
            if text is None:
                findings.extend((row, 0, 0, raw[0] if raw else 0, 1, Reason.BAD_NUMBER))
            out += (text or "").encode()
            offsets.append(len(out))
        counts = array("q", bytes(8 * DECODE["N_COUNTS"]))
        flagged = len(findings) // DECODE["FINDING"]
        counts[DECODE["UNITS"]] = batch.rows
        counts[DECODE["MAPPED_UNITS"]] = batch.rows - flagged
        counts[DECODE["FLAGGED"] + Reason.BAD_NUMBER] = flagged
        counts[DECODE["BYTES"]] = self.size(batch, spec)
        return Column(spec.name, out or bytearray(1), offsets, plain=True), counts, findings

    def _raw(self, batch: Batch, spec: Field) -> Decoded:
        """Bytes as hex digits: carried over unread."""
        starts, ends, offset, length = self.place(batch, spec)
        out, offsets = bytearray(), array("q", [0])
        for a, b in zip(starts, ends, strict=True):
            stop = b if length < 0 else min(b, a + offset + length)
            out += bytes(batch.src[min(a + offset, b) : stop]).hex().upper().encode()
            offsets.append(len(out))
        counts = array("q", bytes(8 * DECODE["N_COUNTS"]))
        counts[DECODE["UNITS"]] = counts[DECODE["PASSED_UNITS"]] = counts[DECODE["BYTES"]] = len(out) // 2
        return Column(spec.name, out or bytearray(1), offsets, plain=True), counts, array("q")

    def glyphs(self, batch: Batch, spec: Field) -> Column:
        """The names of a field's glyphs, one for each character, ``-`` where a character has none."""
        charset = self.charset_of(spec)
        everyday, controls = self.rules(spec)
        program = charset.program(name_field=everyday, controls=controls, writes=Writes.UNITS)
        starts, ends, offset, length = self.place(batch, spec)
        rows = batch.rows
        total, longest = cut.extent(starts, ends, offset, length)
        capacity = total * 4 + (longest + 1) * program.bound + 2 * DECODE["SLACK"]
        out, offsets = bytearray(capacity), array("q", bytes(8 * rows + 8))
        findings = array("q", bytes(8 * DECODE["FINDING"] * (total + longest + 8)))
        work = kernel.Work(batch.src, out, findings, array("q", bytes(8 * DECODE["N_COUNTS"])))
        kernel.decode_rows(
            program,
            work,
            charset.field_mode(spec.type),
            DECODE["EMPTIES"],
            0,
            starts,
            ends,
            offset,
            length,
            bytearray(rows),
            offsets,
            0,
            capacity - 8,
            total + longest + 8,
        )
        units = memoryview(out).cast("B")[: work.o].tobytes()
        codes = memoryview(units).cast("I")
        names = {c: _glyph(charset, c) for c in set(codes)}
        text, ends_out = bytearray(), array("q", [0])
        blank = self._blank_units(charset) if self.trim else frozenset()
        for row in range(rows):
            first, last = offsets[row] // 4, offsets[row + 1] // 4
            while last > first and codes[last - 1] in blank:
                last -= 1
            text += " ".join(names[c] for c in codes[first:last]).encode()
            ends_out.append(len(text))
        return Column(f"{spec.name}.glyphs", text or bytearray(1), ends_out, plain=True)

    def _blank_units(self, charset: Charset) -> frozenset[int]:
        """The source units that are spaces, as the glyph column sees them."""
        if charset.name not in self._blanks:
            codes = {(size, c) for (size, c), e in charset.entries.items() if e.row.text in (" ", "\u3000")}
            if charset.kind.unicode:  # where no row says otherwise, a blank is itself
                itself = (c for c in (0x20, 0x3000) if charset.entry_of(c, 2) is None)
                codes |= {(size, c) for c in itself for size in (1, 2, 3, 4)}
            self._blanks[charset.name] = frozenset(value_of(c, size) for size, c in codes)
        return self._blanks[charset.name]

    def overflow(self, rows: Sequence[int]) -> array[int]:
        """Findings for texts cut by a fixed-length output; the units themselves stay counted as they were."""
        findings = array("q")
        for row in rows:
            findings.extend((row, 0, 0, 0, 0, Reason.OVERFLOW))
        return findings

    @cached_property
    def last_mixed(self) -> Field | None:
        """The field at whose end a carried shift must be closed."""
        return next((f for f in reversed(self.fields) if f.type == "mixed" and not f.charset), None)

    def _buffer(self, name: str, size: int) -> bytearray:
        """A column's output buffer; each thread uses its own again where the sink copies out of it."""
        if not self.reuse:
            return bytearray(size)
        mine: dict[str, bytearray] = self._mine.__dict__
        if len(mine.get(name, b"")) < size:
            mine[name] = bytearray(size + size // 8)
        return mine[name]


def _glyph(charset: Charset, unit: int) -> str:
    """The name of a source unit's glyph, ``-`` where it has none."""
    entry = charset.entry_of(*code_of(unit))
    return entry.row.glyph if entry and entry.row.glyph and "|" not in entry.row.glyph else "-"
