"""The way back: a job's output becomes vendor bytes again, in the format of the job's input.

Owns reading the standard-code records and joining their encoded fields to records. For parallel running of
two systems; the proof of a conversion is ``gaiji.proof.verify``'s.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.charset import Charset
from gaiji.columns.decode import TEXTS
from gaiji.disk.files import AtomicFile
from gaiji.disk.packing import Input
from gaiji.errors import DataError, GaijiError, LayoutError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import join
from gaiji.layout.described import Whole
from gaiji.layout.layout import Layout
from gaiji.output.held import HeldReadback
from gaiji.output.readback import Cells, Readback
from gaiji.records.batch import NEWLINES
from gaiji.run.column_back import ColumnsBack, Encoded, Part
from gaiji.run.csv_back import CsvBack, end_of
from gaiji.run.framed import Framer
from gaiji.run.framing import framing_of
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import read_manifest, section_of
from gaiji.run.national import charset_of, own_charset, with_byte_order
from gaiji.run.occurrences import Occurrences
from gaiji.run.outputs import output_of
from gaiji.run.plan import Plan, layout_of, whole_of
from gaiji.run.reversal import Reversal, mark_of, put, reverse_types, same_as_input, target_of
from gaiji.run.types import moved

ROWS = 8192


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
    return Backward(job, charset_of(job, with_byte_order(job)), target_of(job, output)).run()


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
        self.layout = part.layout if part else self._layout()
        own = self.layout.fields[: len(whole.layout.fields)]
        settled = replace(whole, layout=replace(whole.layout, fields=own))
        variable = moved(settled, False) if whole.variable is not None else None
        self.columns = len(self.layout.fields)
        self.fields = self.layout.fields[: self.columns - (len(kind.borrowed) if kind else 0)]
        charsets = {name: own_charset(job, name) for name in {f.charset for f in self.fields} - {""}}
        self.length = part.framing.record_length if part else 0
        shaped = part is not None or variable is not None
        self.full = whole.layout.record_length if shaped else 0
        self.strip = self.job.source["format"] in ("vb", "lines") and self._shorter(shaped)
        self.output = part.output if part else output_of(job, self.fields, whole.tables)
        glyphs = [f.name for f in self.output.glyph_fields]
        self.back = ColumnsBack(job, charset, charsets, glyphs, self.columns)
        where = str(self.output.path)
        self.occurrences = Occurrences(variable, self.fields, where) if variable else None
        self.readback = self._open()

    def _shorter(self, shaped: bool) -> bool:
        """Whether records of the input ended before their layout did, as its manifest says; so it may have
        been where a manifest of an earlier version does not say."""
        told = read_manifest(self.whole_job.named_path)
        if not shaped:
            return bool(told.get("bytes", {}).get("short_records", True))
        return bool((section_of(told, self.job.type) if self.job.type else told)["records"].get("shorter"))

    def _layout(self) -> Layout:
        names: list[str] = []
        if self.job.columns and self.job.source["format"] == "csv":
            names = list(read_manifest(self.whole_job.named_path)["fields"])
        elif self.job.source["format"] == "csv":
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
        recipe, readback = self.output.recipe, self.output.read_back()
        if recipe is not None:
            lost = [name for number, name in enumerate(recipe.record) if number not in recipe.held]
            if lost:
                raise UsageError(
                    fault(
                        "E0736", "does not hold {names} as the records had them", names=", ".join(lost)[:200]
                    ),
                    where=str(self.job.output_path),
                    next=tr("give each field a column of its own ([[output.column]]), convert again"),
                )
            readback = HeldReadback(readback, recipe)
        if not readback.header_ok and self.job.output_format != "fixed":
            raise GaijiError(
                fault("E0273", "does not have the columns of the job"),
                where=str(self.job.output_path),
                next=tr("they are {names}", names=", ".join(self.output.written)[:200]),
            )
        return readback

    # -- the run ----------------------------------------------------------------------------------

    def run(self) -> Reversal:
        """Read, encode, join, write."""
        return put(self.job, self.path, self._write, self.describe)

    def _write(self, file: AtomicFile, notes: AtomicFile) -> None:
        laid = self.layout if self.job.source["format"] != "csv" else None
        mark = framing_of(self.job.source, self.charset, laid, self.job.path).mark
        file.write(mark_of(self.job, mark) + self._head())
        framer = Framer(self.job)
        for first, cells, rows in self._batches():
            columns = self._encoded(Part(cells, rows, first, notes))
            if self.job.source["format"] == "csv":
                file.write(self._rows(columns, rows))
                continue
            for record in self._records(columns, rows):
                file.write(framer.add(record))
        file.write(framer.end())

    def _encoded(self, part: Part) -> list[Encoded]:
        """The fields of some records as vendor bytes."""
        there = self.occurrences.there(self.back, part) if self.occurrences else {}
        return [
            self.back.encode(spec, number, part, there.get(number)) for number, spec in enumerate(self.fields)
        ]

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

    def _rows(self, columns: Sequence[Encoded], rows: int) -> bytes | memoryview:
        """The rows of a CSV."""
        source = self.job.source
        if not self.rows.plain:
            every = ([bytes(d[o[r] : o[r + 1]]) for d, o in columns] for r in range(rows))
            return b"".join(self.rows.line(cells) for cells in every)
        lines = join.Lines()
        for data, offsets in columns:
            lines.add(data or bytearray(1), offsets, 1)
        out = bytearray(lines.size(0, rows))
        return memoryview(out)[: lines.write(memoryview(out), 0, rows, ord(source["delimiter"]), 1)]

    def _records(self, columns: Sequence[Encoded], rows: int) -> Iterable[bytearray]:
        """Records, with the line end of their format; those of one length all together."""
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
        if self.occurrences is not None:
            return self._varied(out, step, rows, len(tail))
        return [out] if source["format"] == "fixed" else self._variable(out, step, rows)

    def _varied(self, records: bytearray, step: int, rows: int, tail: int) -> Iterator[bytearray]:
        """Records of full size as they lie in the input: with as many occurrences as their counters say."""
        assert self.occurrences is not None  # only such records are given here
        for row, record in enumerate(self.occurrences.compacted(records, step, rows)):
            if self.job.source["format"] == "fixed":
                end = records[(row + 1) * step - tail : (row + 1) * step]
                yield record.ljust(step - tail, self._pad[:1]) + end
            else:
                yield from self._variable(record, len(record), 1)

    def each(self, notes: AtomicFile) -> Iterator[bytes | bytearray]:
        """The records one by one, as they lie in the input but for descriptors."""
        for first, cells, rows in self._batches():
            columns = self._encoded(Part(cells, rows, first, notes))
            for row in range(rows):
                one = [
                    (data[ends[row] : ends[row + 1]], array("q", [0, ends[row + 1] - ends[row]]))
                    for data, ends in columns
                ]
                yield from self._records(one, 1)

    @property
    def _pad(self) -> bytes:
        """What fills bytes that no field has: a single byte, or two where the charset has no single ones."""
        spec, kind = self.charset.spec, self.charset.kind
        return kind.padding(spec.pad_double) if kind.width == "double" else bytes([spec.pad_single])

    def _variable(self, records: bytearray, step: int, rows: int) -> Iterator[bytearray]:
        """Records without the padding of their last field, in lines before their end."""
        lines = self.job.source["format"] == "lines"
        tail = self._text(end_of(self.job, self.charset)) if lines else b""
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
            yield record[:end] + tail

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
        own = (self.charset, *self.back.charsets.values())
        tables = {t.id: t for charset in own for t in (*charset.tables, *charset.sites)}.values()
        return {
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "output": {"path": self.path.name, "bytes": file.size, "sha256": file.sha256},
            "charset": {"name": self.charset.name, "options": self.charset.options},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables],
            "records": records,
            "same_as_input": same_as_input(self.whole_job, file.sha256),
            "findings": dict(sorted(self.back.findings.items())),
            "empty": {"written_as": "blanks", "fields": dict(+self.back.empty)},
            "findings_file": {"path": notes.path.name, "bytes": notes.size, "sha256": notes.sha256},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
        }
