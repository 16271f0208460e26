"""What cutting has in common: buffers one after another, record numbers, records that cannot be cut.

Owns how a buffer begins with what the one before it could not use, and what happens to a bad record (an
error, or set aside). Where records end is for ``fixed``, ``variable`` and ``delimited``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gaiji.errors import RecordError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.kernel import cut
from gaiji.records.batch import MAX_RECORD, BadRecord, Batch, Chunk, Framing, Start
from gaiji.records.blocks import Blocks
from gaiji.records.ends import foreign_mark, other_end
from gaiji.records.source import Source


class Cutter:
    """Cuts a source into batches of about ``batch`` bytes, from ``start`` on; ``records`` counts them.

    ``chunk``: where the buffer of the batch begins that was cut last. ``header``: cells of a CSV's header.
    ``text``: its records end in line ends, and a byte order mark before them is none of them. ``stop``: the
    offset of the buffer that is not cut any more (-1: all are); ``reckoned``: such offsets are reckoned, so
    that no buffer may go beyond them, and not those of a pass that cut the same buffers.
    """

    text = False
    reckoned = False

    def __init__(
        self,
        source: Source,
        framing: Framing,
        *,
        quarantine: bool,
        batch: int,
        start: Start | None,
        stop: int = -1,
    ) -> None:
        self.source = source
        self.framing = framing
        self.quarantine = quarantine
        self.batch = batch
        self.stop = stop
        self.records = start.records if start else 0
        self.header: list[bytes] = []
        self.chunk: Chunk | None = None
        self._start = start
        self._tail = b""
        self._columns = start.columns if start else 0
        self._block = start.block if start else 0
        self.blocks: Blocks | None = None
        """The blocks that records were found in, where they lie in such."""

    def __iter__(self) -> Iterator[Batch]:
        """The batches, in order; the source is closed behind the last."""
        try:
            if self._start is not None:
                self._tail = self.source.skip(self._start)
            else:
                self.judge()
            for batch in self.batches():
                batch.chunk = self.chunk
                yield batch
        finally:
            self.source.close()

    def batches(self) -> Iterator[Batch]:
        """The batches of the format."""
        raise NotImplementedError

    def judge(self) -> None:
        """RecordError when the first bytes are surely not what the framing says, whether they can be cut like
        it or not."""
        head, ended = self.source.peeked()
        wrong = None
        if self.framing.apart and (charset := foreign_mark(head, ended, self.framing.own_mark)):
            wrong = (
                fault("E0450", "begins with a byte order mark of another charset"),
                tr('set charset = "{charset}" in [source]', charset=charset),
            )
        elif self.text and (newline := other_end(head, self.framing)):
            wrong = (
                fault("E0451", "the records do not end as the job says"),
                tr('set newline = "{newline}" in [source]', newline=newline),
            )
        if wrong:
            raise RecordError(wrong[0], path=self.source.path, record=1, offset=0, next=wrong[1])

    def mark_length(self, buffer: bytearray, filled: int, offset: int) -> int:
        """Bytes of the charset's byte order mark at the very start of the input."""
        mark = self.framing.mark
        return len(mark) if mark and offset == 0 and buffer[: min(filled, 3)].startswith(mark) else 0

    def without_end_mark(self, buffer: bytearray, filled: int, last: bool) -> int:
        """``filled`` without the X'1A' that some systems put at the end of a text."""
        f = self.framing
        mark = "\x1a".encode("latin-1" if f.unit == 1 else "utf-16-be" if f.big else "utf-16-le")
        while last and f.end_mark and filled >= f.unit and buffer[filled - f.unit : filled] == mark:
            filled -= f.unit
        return filled

    def edges(
        self, buffer: bytearray, filled: int, offset: int, last: bool, *, ended: bool = True
    ) -> tuple[int, Counter[str]]:
        """``filled`` without the X'1A' at the end (``ended``: it may stand there), and the bytes of it and of
        the byte order mark."""
        mark = self.mark_length(buffer, filled, offset)
        stop = self.without_end_mark(buffer, filled, last and ended) if mark < filled else filled
        return stop, +Counter({"byte-order-mark": mark, "end-mark": filled - stop})

    def end(self) -> Chunk:
        """The place behind all that was read: nothing is left there, of a block neither, however it ended."""
        return Chunk(self.source.size, 0, self.records, self._columns, 0, self.source.mark(), self._blocks())

    def _blocks(self) -> Mapping[str, Any] | None:
        return self.blocks.state() if self.blocks else None

    def chunks(self, size: int) -> Iterator[tuple[bytearray, int, int, bool]]:
        """(buffer, bytes in it, offset of its first byte, last?). The caller sets ``self._tail`` to what
        it did not use; the next buffer begins with it. Buffers double while nothing fits."""
        offset = self._start.offset if self._start else 0
        while self.stop < 0 or offset < self.stop:
            tail = self._tail
            self.chunk = Chunk(
                offset,
                len(tail),
                self.records,
                self._columns,
                self._block,
                self.source.mark(),
                self._blocks(),
            )
            if len(tail) > MAX_RECORD:
                raise RecordError(
                    fault("E0216", "is longer than any record can be"),
                    path=self.source.path,
                    record=self.records + 1,
                    offset=offset,
                    next=tr("check the format"),
                )
            room = max(size, 2 * len(tail))
            if self.reckoned and self.stop >= 0:
                room = min(room, self.stop - offset)
            buffer, filled = self.source.fill(tail, room)
            last = filled < room
            yield buffer, filled, offset, last
            offset += filled - len(self._tail)
            if last:
                return

    def bad(
        self, batch: Batch, offset: int, raw: bytes, what: Fault, advice: str, shown: bytes = b""
    ) -> None:
        """Set a record aside behind the batch's rows, or raise; ``shown`` is what the error may show of it,
        no name.
        """
        self.records += 1
        if not self.quarantine:
            raise RecordError(
                what, path=self.source.path, record=self.records, offset=offset, raw=shown, next=advice
            )
        batch.bad.append(BadRecord(self.records, offset, raw, what))


def owned_by(scan: cut.Scan) -> dict[str, int]:
    """The bytes between and around the records that a scan consumed, by their owners."""
    found = {
        "descriptors": scan.descriptors,
        "line-ends": scan.line_ends,
        "delimiters": scan.delimiters,
        "quotes": scan.quotes,
        "padding": scan.blanks,
    }
    return {owner: size for owner, size in found.items() if size}
