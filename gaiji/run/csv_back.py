"""Rows of a CSV as the source's system writes them: what the way back joins, in the source's charset.

Owns delimiters, quotes and line ends of such rows. Their cells are encoded in ``gaiji.run.reverse``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gaiji.codes.charset import Charset
from gaiji.records.batch import NEWLINES
from gaiji.run.framing import halves, is_ebcdic, shifts_of, unit_of
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
        self.lead, self.trail = halves(charset)
        end = end_of(job, charset)
        self.end = end.encode(codec)
        special = (self.delimiter, self.quote, "\n".encode(codec), "\r".encode(codec))
        self._special = {*special, *(char.encode(codec) for char in end)}
        self._more = self.delimiter if source["trailing"] else b""
        usual = source["quote"] == '"' and not source["trailing"] and end == "\r\n"
        same = self.delimiter == source["delimiter"].encode(codec)
        halved = any(self.trail[byte] for mark in self._special for byte in mark)
        self.plain = usual and same and not charset.kind.wide and not self.shifts and not halved
        """Whether the rows are those that the kernel joins."""

    def line(self, cells: Sequence[bytes]) -> bytes:
        """A row; cells that hold a delimiter, a quote or a line end stand in quotes."""
        return self.delimiter.join(map(self._cell, cells)) + self._more + self.end

    def _cell(self, cell: bytes) -> bytes:
        """A cell as it stands in a row: a quote inside quotes is doubled, a half of a double byte is none."""
        if not any(mark in cell for mark in self._special):
            return cell
        units = list(self._units(cell))
        if not any(unit in self._special for unit in units):
            return cell
        return self.quote + b"".join(unit * 2 if unit == self.quote else unit for unit in units) + self.quote

    def _units(self, cell: bytes) -> Iterator[bytes]:
        """The characters and shifts of a cell, as far as they matter to its quotes. Two bytes inside a shift
        are one."""
        inside, at = False, 0
        while at < len(cell):
            size = len(self.quote)
            if self.shifts:
                kind = self.shifts[cell[at] * 256]
                if not kind and at + 1 < len(cell):
                    kind = self.shifts[cell[at] * 256 + cell[at + 1]]
                size = (kind - 4 if kind > 4 else kind) or (2 if inside else size)
                inside = kind < 4 if kind else inside
            elif self.lead[cell[at]] and at + 1 < len(cell) and self.trail[cell[at + 1]]:
                size = 2
            yield cell[at : at + size]
            at += size
