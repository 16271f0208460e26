"""The way back: a job's output becomes vendor bytes again, in the format of the job's input.

Owns reading the standard-code records, encoding their fields, joining them to records, and the list of what
could not be encoded. For parallel running of two systems; the proof of a conversion is
``gaiji.proof.verify``'s.
"""

from __future__ import annotations

import codecs
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.encoding import E
from gaiji.columns.numeric import NUMERIC, ascii_host, numeric_of, sign_unsaid
from gaiji.disk.apart import Place
from gaiji.disk.files import AtomicFile, beside, write_whole
from gaiji.disk.packing import Input, packing, unpacked_name
from gaiji.errors import DataError, GaijiError, LayoutError, UsageError
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import join, numbers_back
from gaiji.layout.layout import Layout
from gaiji.messages import fault, tr
from gaiji.model import SIGNS, Field, Reason
from gaiji.output.readback import Cells, Readback
from gaiji.records.forms import form_of
from gaiji.run.job import Job, load_job
from gaiji.run.places import check_beside
from gaiji.run.plan import charset_of, layout_of, output_of, with_byte_order
from gaiji.standard.characters import points

ROWS = 8192
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SEGMENT = 32_752
"""Bytes of a segment at most: with its descriptor and that of its block IBM's 32,760."""
_NEWLINES = {"none": b"", "lf": b"\n", "crlf": b"\r\n"}
Encoded = tuple[bytearray, "array[int]"]
"""A column of vendor bytes and the end of each row's (one more than there are rows)."""


@dataclass
class Reversal:
    """What was written; ``data`` is what is written as OUTPUT.reverse.json."""

    data: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0: all of it; 3: some texts have no code or no room, and stand in
        OUTPUT.reverse-findings.tsv."""
        return 3 if sum(self.data["findings"].values()) else 0


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
    return _Reverse(load_job(job, overrides) if not isinstance(job, Job) else job, output).run()


def reversed_path(job: Job) -> Path:
    """Where the way back goes by default: beside the job's output and named after the whole of it, with
    the suffix of the source."""
    suffix = unpacked_name(Path(job.source["path"])).suffix
    return beside(job.named_path, f"reversed{suffix}")


class _Reverse:
    """One reversal."""

    def __init__(self, job: Job, output: str | Path) -> None:
        self.job = job
        self.charset = charset_of(job, with_byte_order(job))
        self.path = Path(output) if output else reversed_path(job)
        if packing(self.path):
            raise UsageError(
                fault("E0271", "the way back is written unpacked"),
                where=str(self.path),
                next=tr("give a name without .gz or .zst"),
            )
        self.layout = self._layout()
        self.fields = self.layout.fields
        self.output = output_of(job, self.fields)
        self.glyphs = [f.name for f in self.output.glyph_fields]
        self.names = self.output.columns
        self.readback = self._open()
        self.findings: Counter[str] = Counter()
        self.empty: Counter[str] = Counter()

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
            notes.write(b"record\tfield\tposition\ttext\treason\n")
            file.write(self._mark() + self._head())
            for first, cells, rows in self._batches():
                columns = [
                    self._encode(spec, number, cells, rows, first, notes)
                    for number, spec in enumerate(self.fields)
                ]
                file.write(self._join(columns, rows))
            file.commit()
            notes.commit()
            data = self._describe(file, notes)
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
        if spec.type in NUMERIC:
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
        mode = self.charset.field_mode(spec.type)
        if width > 0 and (blank := sum(map(int.__eq__, starts, ends))):
            self.empty[spec.name] += blank
        codes, rows = self.charset.codes(mode), len(starts)
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
            notes.write(f"{first + row + 1}\t{spec.name}\t{position}\t{ucs}\t{label}\n".encode())

    def _by_glyphs(
        self, spec: Field, number: int, cells: Cells, rows: int
    ) -> tuple[bytearray, Sequence[int], Sequence[int]]:
        """The text of a field as its glyph column has it: names where there are names, else the text's
        characters.
        """
        column = len(self.fields) + self.glyphs.index(spec.name)
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
            text += self.charset.glyph_text(names, plain).encode()
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
        blank = b" " if ascii_host(self.charset, spec) else b"\x40"
        found = array("q")
        for row in range(rows):
            if bad[row]:
                if starts[row] == ends[row] and spec.type != "binary":
                    self.empty[spec.name] += 1
                else:
                    found.extend((row, 0, 0, 0, 0, Reason.BAD_NUMBER))
                out[offsets[row] : offsets[row + 1]] = blank * (offsets[row + 1] - offsets[row])
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

    def _mark(self) -> bytes:
        """The byte order mark with which the input begins, where its charset is Unicode and it has one."""
        path = Path(self.job.file(self.job.source["path"]))
        if not self.charset.kind.unicode or not path.is_file():
            return b""
        start = self._start(path)
        return next((mark for mark in MARKS if start.startswith(mark)), b"")

    def _head(self) -> bytes:
        """The header of a CSV."""
        source = self.job.source
        if source["format"] != "csv" or not source["header"]:
            return b""
        cells = [self.charset.encode(f.name, errors="geta") for f in self.fields]
        return self._csv_line(cells)

    def _csv_line(self, cells: Sequence[bytes]) -> bytes:
        source = self.job.source
        quote, special = (
            self._text(source["quote"]),
            [self._text(c) for c in (source["delimiter"], source["quote"], "\n", "\r")],
        )
        out = [
            quote + c.replace(quote, quote * 2) + quote if any(s in c for s in special) else c for c in cells
        ]
        return self._text(source["delimiter"]).join(out) + self._text("\r\n")

    def _join(self, columns: Sequence[Encoded], rows: int) -> bytes | bytearray | memoryview:
        """The records of a batch in the source's format."""
        source = self.job.source
        if source["format"] == "csv":
            if self.charset.kind.wide or source["quote"] != '"':
                every = ([bytes(d[o[r] : o[r + 1]]) for d, o in columns] for r in range(rows))
                return b"".join(self._csv_line(cells) for cells in every)
            lines = join.Lines()
            for data, offsets in columns:
                lines.add(data or bytearray(1), offsets, 1)
            out = bytearray(lines.size(0, rows))
            return memoryview(out)[: lines.write(memoryview(out), 0, rows, ord(source["delimiter"]), 1)]
        return self._records(columns, rows)

    def _records(self, columns: Sequence[Encoded], rows: int) -> bytearray:
        """Records of one length, with the descriptor or line end of their format."""
        source = self.job.source
        length = max(f.offset + f.length for f in self.fields)
        if source["format"] == "fixed":
            length = self.layout.record_length or source["record_length"] or length
        tail = _NEWLINES[source["newline"]] if source["format"] == "fixed" else b""
        pad = self._pad
        out = bytearray(((pad * length)[:length] + tail) * rows)
        step = length + len(tail)
        for spec, (data, offsets) in zip(self.fields, columns, strict=True):
            join.place(out, step, spec.offset, data or bytearray(1), offsets)
        return out if source["format"] == "fixed" else self._variable(out, step, rows)

    @property
    def _pad(self) -> bytes:
        """What fills bytes that no field has: a single byte, or two where the charset has no single ones."""
        spec, kind = self.charset.spec, self.charset.kind
        return kind.padding(spec.pad_double) if kind.width == "double" else bytes([spec.pad_single])

    def _variable(self, records: bytearray, step: int, rows: int) -> bytearray:
        """Records without the padding of their last field, behind a descriptor (vb) or before a line end."""
        source, out = self.job.source, bytearray()
        last = max(self.fields, key=lambda f: f.offset + f.length)
        text = last.type not in NUMERIC and last.type != "raw"
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
                out += self._described(record[:end])
            else:
                out += record[:end] + self._text("\n")
        return out

    def _described(self, record: bytearray) -> bytearray:
        """A record behind its descriptor, in segments where the source may have them and one cannot hold it,
        each in a block of its own where there are blocks."""
        source, out = self.job.source, bytearray()
        rdw, bdw = form_of(source["rdw"]), form_of(source["bdw"] or source["rdw"])
        assert rdw is not None and bdw is not None
        room = 0xFFFF - rdw.size - bdw.size if source["blocked"] else 0xFFFF - rdw.size
        room = min(room, SEGMENT) if source["spanned"] else room
        if len(record) > room and not source["spanned"]:
            raise DataError(
                fault("E0448", "has {count} bytes, more than a descriptor can say", count=len(record)),
                where=f"{self.job.output_path}: a record",
                next=tr('set spanned = true or format = "fixed" in [source]'),
            )
        parts = [record[at : at + room] for at in range(0, len(record), room)] or [record]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            mark = (0 if last else 1) if number == 0 else 2 if last else 3
            piece = rdw.write(len(part), mark) + part
            out += bdw.write(len(piece)) * source["blocked"] + piece
        return out

    def _describe(self, file: AtomicFile, notes: AtomicFile) -> dict[str, Any]:
        self.readback.rest()
        tables = (*self.charset.tables, *self.charset.sites)
        return {
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "input": {
                "path": self.job.output["path"],
                "bytes": self.readback.size,
                "sha256": self.readback.sha256,
            },
            "output": {"path": self.path.name, "bytes": file.size, "sha256": file.sha256},
            "charset": {"name": self.charset.name, "options": self.charset.options},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables],
            "records": self.readback.records,
            "findings": dict(sorted(self.findings.items())),
            "empty": {"written_as": "blanks", "fields": dict(self.empty)},
            "findings_file": {"path": notes.path.name, "bytes": notes.size, "sha256": notes.sha256},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
        }
