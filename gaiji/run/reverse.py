"""The way back: a job's output becomes vendor bytes again, in the format of the job's input.

Owns reading the standard-code records, encoding their fields, joining them to records, and the list of what
could not be encoded. For parallel running of two systems; the proof of a conversion is
``gaiji.proof.verify``'s.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.charset import Charset
from gaiji.codes.encoding import E
from gaiji.columns.decode import TEXTS
from gaiji.columns.floats_back import float_column
from gaiji.columns.numeric import ascii_host, numeric_of, sign_unsaid
from gaiji.disk.apart import Place
from gaiji.disk.files import AtomicFile, beside, write_whole
from gaiji.disk.packing import Input
from gaiji.errors import DataError, GaijiError, LayoutError
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import join, numbers_back
from gaiji.layout.described import Whole
from gaiji.layout.layout import Layout
from gaiji.messages import fault, tr
from gaiji.model import SIGNS, Field, Reason
from gaiji.output.readback import Cells, Readback
from gaiji.records.batch import NEWLINES
from gaiji.run.csv_back import CsvBack, end_of
from gaiji.run.framing import with_byte_order
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import read_manifest, section_of
from gaiji.run.national import own_charset
from gaiji.run.places import check_beside
from gaiji.run.plan import Plan, charset_of, layout_of, output_of, whole_of
from gaiji.run.reversal import (
    HEAD,
    Reversal,
    behind_descriptors,
    compacted,
    ends_of,
    mark_of,
    optional,
    reverse_types,
    same_as_input,
    target_of,
)
from gaiji.run.types import moved
from gaiji.standard.characters import points

ROWS = 8192
Encoded = tuple[bytearray, "array[int]"]
"""A column of vendor bytes and the end of each row's (one more than there are rows)."""


def reverse(
    job: Job | str | Path, output: str | Path = "", *, overrides: Mapping[str, Any] | None = None
) -> Reversal:
    """Turn a job's output (its ``[output]`` path) into vendor bytes as its ``[source]`` describes them.

    ``output``: where to; by default named after the job's output, beside it: ``juki.csv.reversed.dat``.
    Shifts are written in canonical form, fields padded to their length, unnamed bytes filled with
    padding. Glyph columns, where the job has them, decide before the text. A text without a code becomes
    〓, one that is too long is cut at a character; both are findings. Raises GaijiError when the output
    cannot be read.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    if job.records:
        return reverse_types(job, target_of(job, output), partial(_of_type, job))
    return Backward(
        job,
        charset_of(job, with_byte_order(job.source["charset"], job.file(job.source["path"]))),
        target_of(job, output),
    ).run()


def _of_type(job: Job, path: Path, part: Plan) -> Backward:
    """The output of one record type of a job."""
    return Backward(part.job, part.charset, path, part, job)


class Backward:
    """One output on its way back: of a job, or of a type (``part``) of ``whole_job``."""

    def __init__(
        self, job: Job, charset: Charset, path: Path, part: Plan | None = None, whole_job: Job | None = None
    ) -> None:
        self.job, self.charset, self.path = job, charset, path
        if job.source["format"] == "csv":
            self.rows = CsvBack(job, charset)
        self.whole_job = whole_job or job
        whole = Whole(self._layout()) if job.source["format"] == "csv" else whole_of(job)
        kind = part.shape.kinds[part.number] if part and part.shape else None
        self.variable = moved(whole, False) if whole.variable is not None else None
        self.layout = part.layout if part else self._layout()
        self.columns = len(self.layout.fields)
        self.optional = optional(self.variable, self.layout.fields) if self.variable else frozenset()
        self.fields = self.layout.fields[: self.columns - (len(kind.borrowed) if kind else 0)]
        self.charsets = {name: own_charset(job, name) for name in {f.charset for f in self.fields} - {""}}
        self.prefix = f"{job.type}." if part else ""
        self.length = part.framing.record_length if part else 0
        shaped = part is not None or self.variable is not None
        self.full = whole.layout.record_length if shaped else 0
        self.strip = not shaped or self._shorter()
        self.output = part.output if part else output_of(job, self.fields, whole.tables)
        self.glyphs = [f.name for f in self.output.glyph_fields]
        self.names = self.output.columns
        self.readback = self._open()
        self.findings: Counter[str] = Counter()
        self.empty: Counter[str] = Counter()

    def _shorter(self) -> bool:
        """Whether records of the input ended before their layout did, as its manifest says."""
        told = read_manifest(self.whole_job.named_path)
        return bool((section_of(told, self.job.type) if self.job.type else told)["records"].get("shorter"))

    def _layout(self) -> Layout:
        names: list[str] = []
        if self.job.source["format"] == "csv":
            glyphs = self.job.target["glyph_columns"]
            names = [n for n in self._header() if not (glyphs and n.endswith(".glyphs"))]
        return layout_of(self.job, names)

    def _header(self) -> list[str]:
        """The column names of the output, which alone say what a CSV source had."""
        path, format = self.job.output_path, self.job.output_format
        if format == "parquet":
            import polars as pl

            return list(pl.read_parquet_schema(path))
        if format not in ("csv", "tsv"):
            raise LayoutError(
                fault("E0272", "has no header that names the fields of a CSV"),
                path=path,
                next=tr("use a CSV, TSV or Parquet output"),
            )
        import csv

        start = self._start(path).decode("utf-8-sig", "replace")
        try:
            return next(
                csv.reader(StringIO(start, newline=""), delimiter="\t" if format == "tsv" else ","), []
            )
        except csv.Error as error:
            raise GaijiError(
                fault("E0233", "cannot be read"), where=str(path), next=tr("run gaiji convert first")
            ) from error

    @staticmethod
    def _start(path: Path) -> bytes:
        file = Input(str(path), next="run gaiji convert first")
        try:
            return file.read(1 << 20)
        finally:
            file.close()

    def _open(self) -> Readback:
        readback = self.output.read_back()
        if not readback.header_ok and self.job.output_format != "fixed":
            raise GaijiError(
                fault("E0273", "does not have the columns of the job"),
                where=str(self.job.output_path),
                next=tr("they are {names}", names=", ".join(self.names)[:200]),
            )
        return readback

    # -- the run ----------------------------------------------------------------------------------

    def run(self) -> Reversal:
        """Read, encode, join, write."""
        notes_path, told = beside(self.path, "reverse-findings.tsv"), beside(self.path, "reverse.json")
        written = (("reversed file", self.path), ("findings", notes_path), ("report", told))
        check_beside(self.job, [Place(what, path) for what, path in written])
        file, notes = AtomicFile(self.path), AtomicFile(notes_path, own=True)
        try:
            notes.write(HEAD)
            file.write(mark_of(self.job, self.charset) + self._head())
            for first, cells, rows in self._batches():
                columns = [
                    self._encode(spec, number, cells, rows, first, notes)
                    for number, spec in enumerate(self.fields)
                ]
                file.write(self._join(columns, rows))
            file.commit()
            notes.commit()
            data = self.describe(file, notes)
            write_whole(told, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode(), own=True)
        finally:
            file.discard()
            notes.discard()
        return Reversal(data)

    def _batches(self) -> Iterator[tuple[int, Cells, int]]:
        """(records before it, cells, rows) of each batch."""
        while True:
            first = self.readback.records
            cells = self.readback.take(ROWS)
            rows = ROWS if cells.missing < 0 else cells.missing
            broken = min(cells.damaged, default=-1)
            if broken >= 0 or (cells.missing >= 0 and self.readback.more()):
                number = first + (broken if broken >= 0 else rows) + 1
                raise DataError(
                    fault("E0274", "is not one record of the job"),
                    where=f"{self.job.output_path}: record {number}",
                    next=tr("check the file, or convert again"),
                )
            if rows:
                yield first, cells, rows
            if rows < ROWS:
                return

    def _encode(
        self, spec: Field, number: int, cells: Cells, rows: int, first: int, notes: AtomicFile
    ) -> Encoded:
        """One field of a batch as vendor bytes."""
        starts, ends = cells.starts[number][:rows], cells.ends[number][:rows]
        width = -1 if self.job.source["format"] == "csv" else spec.length
        if spec.type == "raw":
            return self._raw(cells, starts, ends, width)
        if spec.type not in TEXTS:
            return self._numbers(spec, cells, starts, ends, width, first, notes)
        src = cells.src
        if spec.name in self.glyphs:
            src, starts, ends = self._by_glyphs(spec, number, cells, rows)
        return self._texts(spec, src, starts, ends, width, first, notes)

    def _texts(
        self,
        spec: Field,
        src: bytearray | memoryview,
        starts: Sequence[int],
        ends: Sequence[int],
        width: int,
        first: int,
        notes: AtomicFile,
    ) -> Encoded:
        charset = self.charsets.get(spec.charset, self.charset)
        mode = charset.field_mode(spec.type)
        if width > 0 and spec.name not in self.optional and (blank := sum(map(int.__eq__, starts, ends))):
            self.empty[spec.name] += blank
        codes, rows = charset.codes(mode), len(starts)
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
            pen = kernel_encode.Pen(src, out, found)
            pen.o = o
            row = kernel_encode.encode_rows(
                codes, pen, mode, starts, ends, widths, offsets, row, capacity, slots
            )
            o = pen.o
            self._note(spec, src, starts, found[: pen.n * E["FINDING"]], first, notes)
        return out, offsets

    def _note(
        self,
        spec: Field,
        src: bytearray | memoryview,
        starts: Sequence[int],
        found: array[int],
        first: int,
        notes: AtomicFile,
    ) -> None:
        """Findings as lines: record, field, position, code points, reason. They name characters, not
        texts."""
        width = E["FINDING"]
        for i in range(0, len(found), width):
            row, offset, position, _, size, reason = found[i : i + width]
            at = starts[row] + offset
            text = bytes(src[at : at + size]).decode("utf-8", "replace")
            label = Reason(reason).label
            self.findings[label] += 1
            ucs = points(text)
            notes.write(f"{first + row + 1}\t{self.prefix}{spec.name}\t{position}\t{ucs}\t{label}\n".encode())

    def _by_glyphs(
        self, spec: Field, number: int, cells: Cells, rows: int
    ) -> tuple[bytearray, Sequence[int], Sequence[int]]:
        """The text of a field as its glyph column has it: names where there are names, else the text's
        characters.
        """
        column = self.columns + self.glyphs.index(spec.name)
        text, ends = bytearray(), array("q", [0])
        for row in range(rows):
            plain = bytes(cells.src[cells.starts[number][row] : cells.ends[number][row]]).decode(
                "utf-8", "replace"
            )
            names = (
                bytes(cells.src[cells.starts[column][row] : cells.ends[column][row]])
                .decode("utf-8", "replace")
                .split(" ")
            )
            own = self.charsets.get(spec.charset, self.charset)
            text += own.glyph_text(names, plain).encode()
            ends.append(len(text))
        return text or bytearray(1), ends[:-1], ends[1:]

    def _numbers(
        self,
        spec: Field,
        cells: Cells,
        starts: Sequence[int],
        ends: Sequence[int],
        width: int,
        first: int,
        notes: AtomicFile,
    ) -> Encoded:
        if spec.type == "float":
            blank = self.charset.spec.pad_single
            out, none = float_column(cells.src, starts, ends, (spec.length, spec.float), blank)
            found = array("q", (n for row in none for n in (row, 0, 0, 0, 0, Reason.BAD_NUMBER)))
            self._note(spec, cells.src, starts, found, first, notes)
            return out, array("q", range(0, len(out) + 1, spec.length))
        rows = len(starts)
        widths = (
            array("q", [width]) * rows
            if width >= 0
            else array("q", (b - a for a, b in zip(starts, ends, strict=True)))
        )
        out, offsets, bad = (
            bytearray(sum(widths) + 8),
            array("q", bytes(8 * rows + 8)),
            array("i", bytes(4 * rows)),
        )
        self._check_minus(spec, cells, starts, ends, first)
        numeric = numbers_back.Numeric(*numeric_of(self.charset, spec))
        numbers_back.encode_numbers(cells.src, numeric, starts, ends, widths, out, offsets, bad)
        fill = b" " if ascii_host(self.charset, spec) else b"\x40"
        found = array("q")
        for row in range(rows):
            if bad[row]:
                if starts[row] == ends[row] and spec.type != "binary":
                    self.empty[spec.name] += spec.name not in self.optional
                else:
                    found.extend((row, 0, 0, 0, 0, Reason.BAD_NUMBER))
                out[offsets[row] : offsets[row + 1]] = fill * (offsets[row + 1] - offsets[row])
        self._note(spec, cells.src, starts, found, first, notes)
        return out, offsets

    def _check_minus(
        self, spec: Field, cells: Cells, starts: Sequence[int], ends: Sequence[int], first: int
    ) -> None:
        """A minus can be written only where it is known how: makers differ."""
        if not sign_unsaid(self.charset, spec):
            return
        for row, (a, b) in enumerate(zip(starts, ends, strict=True)):
            if a < b and cells.src[a] == ord("-"):
                raise DataError(
                    fault("E0473", "nobody said how a minus is written"),
                    where=f"{self.job.output_path}: record {first + row + 1}, field {spec.name}",
                    next=tr("set signs in [source] (or in its [[field]]): {signs}", signs=", ".join(SIGNS)),
                )

    def _raw(self, cells: Cells, starts: Sequence[int], ends: Sequence[int], width: int) -> Encoded:
        out, offsets = bytearray(), array("q", [0])
        for a, b in zip(starts, ends, strict=True):
            raw = bytes.fromhex(bytes(cells.src[a:b]).decode("ascii", "replace").replace("\ufffd", ""))
            out += raw if width < 0 else raw[:width].ljust(width, b"\0")
            offsets.append(len(out))
        return out, offsets

    # -- records ----------------------------------------------------------------------------------

    def _text(self, text: str) -> bytes:
        """A delimiter, quote or line end in the source's charset."""
        return text.encode(self.charset.kind.codec)

    def _head(self) -> bytes:
        """The header of a CSV."""
        source = self.job.source
        if source["format"] != "csv" or not source["header"]:
            return b""
        cells = [self.charset.encode(f.name, errors="geta") for f in self.fields]
        return self.rows.line(cells)

    def _join(self, columns: Sequence[Encoded], rows: int) -> bytes | bytearray | memoryview:
        """The records of a batch in the source's format."""
        source = self.job.source
        if source["format"] != "csv":
            return self._records(columns, rows)
        if not self.rows.plain:
            every = ([bytes(d[o[r] : o[r + 1]]) for d, o in columns] for r in range(rows))
            return b"".join(self.rows.line(cells) for cells in every)
        lines = join.Lines()
        for data, offsets in columns:
            lines.add(data or bytearray(1), offsets, 1)
        out = bytearray(lines.size(0, rows))
        return memoryview(out)[: lines.write(memoryview(out), 0, rows, ord(source["delimiter"]), 1)]

    def _records(self, columns: Sequence[Encoded], rows: int) -> bytearray:
        """Records of one length, with the descriptor or line end of their format."""
        source = self.job.source
        length = self.full or max(f.offset + f.length for f in self.fields)
        if source["format"] == "fixed":
            length = self.length or self.layout.record_length or source["record_length"] or length
        tail = NEWLINES[source["newline"]] if source["format"] == "fixed" else b""
        pad = self._pad
        out = bytearray(((pad * length)[:length] + tail) * rows)
        step = length + len(tail)
        for spec, (data, offsets) in zip(self.fields, columns, strict=True):
            join.place(out, step, spec.offset, data or bytearray(1), offsets)
        if self.variable is not None:
            return bytearray().join(self._varied(out, step, rows, len(tail)))
        return out if source["format"] == "fixed" else self._variable(out, step, rows)

    def _varied(self, records: bytearray, step: int, rows: int, tail: int) -> Iterator[bytes | bytearray]:
        """Records of full size as they lie in the input: with as many occurrences as their counters say."""
        assert self.variable is not None  # only such records are given here
        for row, record in enumerate(compacted(self.variable, records, step, rows, str(self.output.path))):
            if self.job.source["format"] == "fixed":
                end = records[(row + 1) * step - tail : (row + 1) * step]
                yield record.ljust(step - tail, self._pad[:1]) + end
            else:
                yield self._variable(record, len(record), 1)

    def each(self, notes: AtomicFile) -> Iterator[bytes]:
        """The records one by one, as they lie in the input."""
        for first, cells, rows in self._batches():
            columns = [
                self._encode(spec, number, cells, rows, first, notes)
                for number, spec in enumerate(self.fields)
            ]
            for row in range(rows):
                one = [
                    (data[offsets[row] : offsets[row + 1]], ends_of(offsets, row))
                    for data, offsets in columns
                ]
                yield bytes(self._records(one, 1))

    @property
    def _pad(self) -> bytes:
        """What fills bytes that no field has: a single byte, or two where the charset has no single ones."""
        spec, kind = self.charset.spec, self.charset.kind
        return kind.padding(spec.pad_double) if kind.width == "double" else bytes([spec.pad_single])

    def _variable(self, records: bytearray, step: int, rows: int) -> bytearray:
        """Records without the padding of their last field, behind a descriptor (vb) or before a line end."""
        source, out = self.job.source, bytearray()
        last = max(self.fields, key=lambda f: f.offset + f.length)
        text = self.strip and last.type in TEXTS and not last.charset
        pads = {self._pad, self.charset.spec.pad_double} if last.type == "dbcs" else {self._pad}
        for row in range(rows):
            record = records[row * step : row * step + step]
            end = step
            while text and (
                n := next(
                    (len(p) for p in pads if end - len(p) >= last.offset and record[end - len(p) : end] == p),
                    0,
                )
            ):
                end -= n
            if source["format"] == "vb":
                out += behind_descriptors(self.job, record[:end])
            else:
                out += record[:end] + self._text(end_of(self.job, self.charset))
        return out

    def describe(self, file: AtomicFile, notes: AtomicFile) -> dict[str, Any]:
        """What the report says."""
        self.readback.rest()
        return self._told(self.readback.records, file, notes) | {
            "input": {
                "path": self.job.output["path"],
                "bytes": self.readback.size,
                "sha256": self.readback.sha256,
            }
        }

    def _told(self, records: int, file: AtomicFile, notes: AtomicFile) -> dict[str, Any]:
        tables = (*self.charset.tables, *self.charset.sites)
        return {
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "output": {"path": self.path.name, "bytes": file.size, "sha256": file.sha256},
            "charset": {"name": self.charset.name, "options": self.charset.options},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables],
            "records": records,
            "same_as_input": same_as_input(self.whole_job, file.sha256),
            "findings": dict(sorted(self.findings.items())),
            "empty": {"written_as": "blanks", "fields": dict(self.empty)},
            "findings_file": {"path": notes.path.name, "bytes": notes.size, "sha256": notes.sha256},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
        }
