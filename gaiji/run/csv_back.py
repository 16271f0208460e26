"""Rows of a CSV as the source's system writes them: what the way back joins, in the source's charset.

Owns delimiters, quotes and line ends of such rows. Their cells are encoded in ``gaiji.run.reverse``.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaiji.codes.charset import Charset
from gaiji.records.batch import NEWLINES
from gaiji.run.framing import is_ebcdic, shifts_of, unit_of
from gaiji.run.job import Job


def end_of(job: Job, charset: Charset) -> str:
    """What ends a line or a row of the source."""
    if job.source["newline"] != "none":
        return NEWLINES[job.source["newline"]].decode("latin-1")
    return "\n" if job.source["format"] == "lines" or is_ebcdic(charset) else "\r\n"


class CsvBack:
    """The rows of a job's source, one after the other."""

    def __init__(self, job: Job, charset: Charset) -> None:
        codec, source = charset.kind.codec, job.source
        marks = (unit_of(source, charset, key, job.path) for key in ("delimiter", "quote"))
        self.delimiter, self.quote = (mark.encode(codec) for mark in marks)
        self.shifts = shifts_of(charset)
        end = end_of(job, charset)
        self.end = end.encode(codec)
        self._special = (self.delimiter, self.quote, "\n".encode(codec), "\r".encode(codec), self.end)
        self._more = self.delimiter if source["trailing"] else b""
        usual = source["quote"] == '"' and not source["trailing"] and end == "\r\n"
        same = self.delimiter == source["delimiter"].encode(codec)
        self.plain = usual and same and not charset.kind.wide and not self.shifts
        """Whether the rows are those that the kernel joins."""

    def line(self, cells: Sequence[bytes]) -> bytes:
        """A row; cells that hold a delimiter, a quote or a line end stand in quotes."""
        out = [self._quoted(c) if any(s in c for s in self._special) else c for c in cells]
        return self.delimiter.join(out) + self._more + self.end

    def _quoted(self, cell: bytes) -> bytes:
        """A cell in quotes; a quote inside is doubled, the half of a double byte is not."""
        quote, inside, out, at = self.quote, False, bytearray(), 0
        while at < len(cell):
            kind = self.shifts[cell[at] * 256] if self.shifts else 0
            if self.shifts and not kind and at + 1 < len(cell):
                kind = self.shifts[cell[at] * 256 + cell[at + 1]]
            size = (kind - 4 if kind > 4 else kind) or (2 if inside else len(quote))
            inside = kind < 4 if kind else inside
            piece = cell[at : at + size]
            out += piece * 2 if piece == quote and not inside else piece
            at += size
        return quote + bytes(out) + quote
