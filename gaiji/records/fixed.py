"""Cuts records of one length, with a newline behind each where the framing says so."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from gaiji.errors import RecordError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.records.batch import NEWLINES, BadRecord, Batch
from gaiji.records.cutter import Cutter


class Fixed(Cutter):
    """Records of ``record_length`` bytes."""

    reckoned = True

    def batches(self) -> Iterator[Batch]:
        length = self.framing.record_length
        newline = NEWLINES[self.framing.newline]
        step = length + len(newline)
        if length <= 0:
            raise UsageError(
                fault("E0217", "fixed records need a length"), next=tr("set record_length in [source]")
            )
        starts = ends = array("q")  # the same for every batch but the first and the last
        before = -1
        for buffer, filled, offset, last in self.chunks(max(self.batch // step, 1) * step):
            read = filled
            filled, owned = self.edges(buffer, filled, offset, last, ended=bool(newline))
            begin = owned["byte-order-mark"]
            if newline and not last:  # an X'1A' at the end of a buffer may be the first of those at the end
                rows = (self.without_end_mark(buffer, filled, True) - begin) // step
            else:
                rows, read = (filled - begin) // step, filled
            self._tail = bytes(buffer[begin + rows * step : read])
            ended = rows  # records that have room for their newline
            if last and newline and len(self._tail) == length:
                rows, self._tail = rows + 1, b""  # the last record may lack it
            bad, gaps, keep = self._check_newlines(buffer, begin, rows, ended, newline, offset)
            if rows != len(starts) or begin != before:
                starts = array("q", range(begin, begin + rows * step, step))
                ends = array("q", range(begin + length, begin + rows * step + length, step))
                before = begin
            a, b = (array("q", (edge[i] for i in keep)) if bad else edge for edge in (starts, ends))
            batch = Batch(buffer, [a], [b], len(a), offset, self.records + 1, bad, gaps)
            whole = ended - sum(1 for one in bad if len(one.raw) == step)
            batch.owned = dict(+(owned + Counter({"line-ends": whole * len(newline)})))
            self.records += rows
            if last and self._tail:
                at = offset + begin + rows * step
                what = fault(
                    "E0218",
                    "the last record has {count} bytes where {step} are needed",
                    count=len(self._tail),
                    step=step,
                )
                self.bad(batch, at, self._tail, what, tr("check record_length, or the transfer of the file"))
                self._tail = b""
            if not batch.empty:
                yield batch

    def _check_newlines(
        self, buffer: bytearray, begin: int, rows: int, ended: int, newline: bytes, offset: int
    ) -> tuple[list[BadRecord], list[int], list[int]]:
        """Of the first ``ended`` records those that do not end in the declared newline (no check without
        one).
        """
        bad: list[BadRecord] = []
        gaps: list[int] = []
        keep: list[int] = []
        if not newline:
            return bad, gaps, keep
        length = self.framing.record_length
        step = length + len(newline)
        for i in range(rows):
            at = begin + i * step
            found = bytes(buffer[at + length : at + step])
            if i >= ended or found == newline:
                keep.append(i)
                continue
            raw = bytes(buffer[at : at + step])
            why = fault(
                "E0219",
                "the record does not end in {newline} after {length} bytes",
                newline=self.framing.newline,
                length=length,
            )
            number = self.records + i + 1
            if not self.quarantine:
                raise RecordError(
                    why,
                    path=self.source.path,
                    record=number,
                    offset=offset + at + length,
                    raw=found,
                    next=tr("check record_length and newline in [source]"),
                )
            bad.append(BadRecord(number, offset + at, raw, why))
            gaps.append(len(keep))
        return bad, gaps, keep
