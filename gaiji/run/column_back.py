"""The way back of a column: its cells become vendor bytes, and what they cannot say is noted.

Owns the encoding of texts, numbers and raw bytes, the list of what has no code or no room, and which cells
may not stand where a record's counters leave their occurrence out. How columns become records is
``gaiji.run.reverse``'s.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gaiji.codes.charset import Charset
from gaiji.codes.encoding import E
from gaiji.columns.decode import TEXTS
from gaiji.columns.floats_back import float_column
from gaiji.columns.numeric import ascii_host, numeric_of, sign_unsaid
from gaiji.disk.files import AtomicFile
from gaiji.errors import DataError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import numbers_back
from gaiji.model import SIGNS, Field, Reason
from gaiji.model.plain import dataclass
from gaiji.output.readback import Cells
from gaiji.run.job import Job
from gaiji.run.target import form_of
from gaiji.standard.characters import points

Encoded = tuple[bytearray, "array[int]"]
"""A column of vendor bytes and the end of each row's (one more than there are rows)."""


@dataclass(frozen=True)
class Part:
    """The cells of some records. ``first``: records before them; ``notes``: where findings go (None: nowhere,
    and nothing is counted)."""

    cells: Cells
    rows: int
    first: int
    notes: AtomicFile | None


@dataclass(frozen=True)
class _Column:
    """The cells of one field: the text of a row is ``src[starts[row] : ends[row]]``. ``width``: bytes that
    each becomes (-1: its own); ``there``: which rows have the field (None: all)."""

    spec: Field
    src: bytearray | memoryview
    starts: Sequence[int]
    ends: Sequence[int]
    width: int
    part: Part
    there: Sequence[int] | None

    def missing(self, row: int) -> bool:
        """Whether a row's record is without the field."""
        return self.there is not None and not self.there[row]


class ColumnsBack:
    """The fields of one output. ``findings`` and ``empty`` count, by reason and by field, what had no code or
    no room, and the empty cells that were written as blanks.

    ``charsets``: those of fields that have their own; ``glyphs``: names of the fields with a glyph column;
    these stand behind ``columns`` others.
    """

    def __init__(
        self, job: Job, charset: Charset, charsets: Mapping[str, Charset], glyphs: Sequence[str], columns: int
    ) -> None:
        self.job, self.charset, self.charsets = job, charset, charsets
        self.glyphs, self.columns = list(glyphs), columns
        self.findings: Counter[str] = Counter()
        self.empty: Counter[str] = Counter()

    def encode(self, spec: Field, number: int, part: Part, there: Sequence[int] | None = None) -> Encoded:
        """One field of some records as vendor bytes; ``there``: which of them have it."""
        starts, ends = part.cells.starts[number][: part.rows], part.cells.ends[number][: part.rows]
        width = -1 if self.job.source["format"] == "csv" else spec.length
        column = _Column(spec, part.cells.src, starts, ends, width, part, there)
        for row in range(part.rows) if there is not None else ():
            if column.missing(row) and starts[row] != ends[row]:
                raise self._error(
                    column, row, fault("E0551", "holds a value, but the counters say that it is not there")
                )
        if spec.type == "raw":
            return self._raw(column)
        if spec.type == "float":
            return self._floats(column)
        if spec.type not in TEXTS:
            return self._numbers(column)
        return self._texts(self._by_glyphs(column) if spec.name in self.glyphs else column)

    def _error(self, column: _Column, row: int, what: Fault) -> DataError:
        return DataError(
            what,
            where=f"{self.job.output_path}: record {column.part.first + row + 1}, field {column.spec.name}",
            next=tr("check the file, or convert again"),
        )

    def _count_empty(self, column: _Column, row: int) -> None:
        self.empty[column.spec.name] += column.part.notes is not None and not column.missing(row)

    def _note(self, column: _Column, found: array[int]) -> None:
        """Findings as lines: record, field, position, code points, reason. They name characters, not
        texts."""
        width, part = E["FINDING"], column.part
        name = f"{self.job.type}.{column.spec.name}" if self.job.type else column.spec.name
        for i in range(0, len(found) if part.notes else 0, width):
            row, offset, position, _, size, reason = found[i : i + width]
            at = column.starts[row] + offset
            text = bytes(column.src[at : at + size]).decode("utf-8", "replace")
            label = Reason(reason).label
            self.findings[label] += 1
            line = f"{part.first + row + 1}\t{name}\t{position}\t{points(text)}\t{label}\n"
            assert part.notes is not None  # the range above is empty without
            part.notes.write(line.encode())

    # -- texts ------------------------------------------------------------------------------------

    def _texts(self, column: _Column) -> Encoded:
        spec, starts, ends, width = column.spec, column.starts, column.ends, column.width
        charset = self.charsets.get(spec.charset, self.charset)
        mode = charset.field_mode(spec.type)
        for row in range(len(starts)) if width > 0 else ():
            if starts[row] == ends[row]:
                self._count_empty(column, row)
        codes, rows = charset.codes(mode, form_of(self.job)), len(starts)
        widths = array("q", [width]) * rows
        longest = max((b - a for a, b in zip(starts, ends, strict=True)), default=0)
        total = sum(b - a for a, b in zip(starts, ends, strict=True))
        capacity = (
            (max(width, 0) * rows if width >= 0 else 8 * total) + 9 * longest + max(width, 0) + 2 * E["SLACK"]
        )
        slots = longest + 256
        out, offsets, row = bytearray(capacity), array("q", bytes(8 * rows + 8)), 0
        o = 0
        while row < rows:
            found = array("q", bytes(8 * E["FINDING"] * slots))
            pen = kernel_encode.Pen(column.src, out, found)
            pen.o = o
            row = kernel_encode.encode_rows(
                codes, pen, mode, starts, ends, widths, offsets, row, capacity, slots
            )
            o = pen.o
            self._note(column, found[: pen.n * E["FINDING"]])
        return out, offsets

    def _by_glyphs(self, column: _Column) -> _Column:
        """The text of a field as its glyph column has it: names where there are names, else the text's
        characters.
        """
        cells, own = column.part.cells, self.charsets.get(column.spec.charset, self.charset)
        at = self.columns + self.glyphs.index(column.spec.name)
        text, ends = bytearray(), array("q", [0])
        for row, (a, b) in enumerate(zip(column.starts, column.ends, strict=True)):
            plain = bytes(column.src[a:b]).decode("utf-8", "replace")
            names = bytes(cells.src[cells.starts[at][row] : cells.ends[at][row]]).decode("utf-8", "replace")
            text += own.glyph_text(names.split(" "), plain).encode()
            ends.append(len(text))
        return replace(column, src=text or bytearray(1), starts=ends[:-1], ends=ends[1:])

    # -- numbers ----------------------------------------------------------------------------------

    def _floats(self, column: _Column) -> Encoded:
        spec, blank = column.spec, self.charset.spec.pad_single
        kind = (spec.length, spec.float)
        out, none = float_column(column.src, column.starts, column.ends, kind, blank)
        rows = (row for row in none if not column.missing(row))
        self._note(column, array("q", (n for row in rows for n in (row, 0, 0, 0, 0, Reason.BAD_NUMBER))))
        return out, array("q", range(0, len(out) + 1, spec.length))

    def _numbers(self, column: _Column) -> Encoded:
        spec, starts, ends, rows = column.spec, column.starts, column.ends, len(column.starts)
        sizes = (b - a for a, b in zip(starts, ends, strict=True))
        widths = array("q", [column.width]) * rows if column.width >= 0 else array("q", sizes)
        out, offsets = bytearray(sum(widths) + 8), array("q", bytes(8 * rows + 8))
        bad = array("i", bytes(4 * rows))
        self._check_minus(column)
        numeric = numbers_back.Numeric(*numeric_of(self.charset, spec))
        numbers_back.encode_numbers(column.src, numeric, starts, ends, widths, out, offsets, bad)
        fill = b" " if ascii_host(self.charset, spec) else b"\x40"
        found = array("q")
        for row in range(rows):
            if bad[row]:
                if starts[row] == ends[row] and spec.type != "binary" and spec.sign != "none":
                    self._count_empty(column, row)
                elif not column.missing(row):
                    found.extend((row, 0, 0, 0, 0, Reason.BAD_NUMBER))
                out[offsets[row] : offsets[row + 1]] = fill * (offsets[row + 1] - offsets[row])
        self._note(column, found)
        return out, offsets

    def _check_minus(self, column: _Column) -> None:
        """A minus can be written only where it is known how: makers differ."""
        spec = column.spec
        if not sign_unsaid(self.charset, spec):
            return
        for row, (a, b) in enumerate(zip(column.starts, column.ends, strict=True)):
            if a < b and column.src[a] == ord("-"):
                raise DataError(
                    fault("E0473", "nobody said how a minus is written"),
                    where=f"{self.job.output_path}: record {column.part.first + row + 1}, field {spec.name}",
                    next=tr("set signs in [source] (or in its [[field]]): {signs}", signs=", ".join(SIGNS)),
                )

    # -- bytes ------------------------------------------------------------------------------------

    def _raw(self, column: _Column) -> Encoded:
        """Bytes from their hexadecimal digits: as many as the field has, or none, where the record ended
        before it; DataError for others."""
        out, offsets, width = bytearray(), array("q", [0]), column.width
        for row, (a, b) in enumerate(zip(column.starts, column.ends, strict=True)):
            try:
                raw = bytes.fromhex(bytes(column.src[a:b]).decode("ascii"))
            except ValueError as error:
                what = fault("E0550", "is not written in pairs of hexadecimal digits")
                raise self._error(column, row, what) from error
            if width >= 0 and not raw:
                raw = bytes([self.charset.spec.pad_single]) * width
                self._count_empty(column, row)
            if width >= 0 and len(raw) != width:
                raise self._error(
                    column,
                    row,
                    fault(
                        "E0552", "has {count} bytes, its field {width}", count=len(raw), width=column.width
                    ),
                )
            out += raw
            offsets.append(len(out))
        return out, offsets
