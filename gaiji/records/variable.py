"""Cuts records of many lengths: behind record descriptors (RDW, in blocks or not), and lines.

The scans are in ``gaiji.kernel.described`` and ``gaiji.kernel.cut``.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from gaiji.errors import RecordError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import cut, described
from gaiji.kernel.described import CONSTANTS as CUT
from gaiji.records.batch import MAX_RECORD, BadRecord, Batch
from gaiji.records.blocks import Blocks
from gaiji.records.cutter import Cutter, owned_by
from gaiji.records.forms import FAR, FORMS, Shape, judge


class Variable(Cutter):
    """What records of many lengths share."""

    def found(
        self, buffer: bytearray, starts: array[int], ends: array[int], offset: int, scan: cut.Scan
    ) -> Batch:
        """A batch of records found by a scan; those longer than declared are bad."""
        rows = len(starts)
        batch = Batch(buffer, [starts], [ends], rows, offset, self.records + 1)
        batch.owned = owned_by(scan)
        limit = self.framing.record_length
        self.records += rows
        if limit and cut.extent(starts, ends, 0, -1)[1] > limit:
            keep = [i for i in range(rows) if ends[i] - starts[i] <= limit]
            batch.starts, batch.ends = (
                [array("q", (starts[i] for i in keep))],
                [array("q", (ends[i] for i in keep))],
            )
            batch.rows = len(keep)
            for i in range(rows):
                size = ends[i] - starts[i]
                if size <= limit:
                    continue
                why = fault(
                    "E0224",
                    "the record has {size} bytes, more than the {limit} declared",
                    size=size,
                    limit=limit,
                )
                raw = bytes(buffer[starts[i] : ends[i]])
                number = batch.first + i
                if not self.quarantine:
                    raise RecordError(
                        why,
                        path=self.source.path,
                        record=number,
                        offset=offset + starts[i],
                        next=tr("check record_length in [source]"),
                    )
                batch.gaps.append(sum(1 for k in keep if k < i))
                batch.bad.append(BadRecord(number, offset + starts[i], raw, why))
        return batch


class Described(Variable):
    """Records behind descriptors: IBM record formats V, VB, VS and VBS, and what transfers make of them."""

    def batches(self) -> Iterator[Batch]:
        scan = cut.Scan()
        scan.block_left = self._block
        lie, shape, most = self._lie(), self._shape(), self.framing.most
        if shape.bdw is not None:
            before = self._start.blocks if self._start else None
            self.blocks = Blocks(shape.rdw.size, shape.bdw.size, before)
        for buffer, filled, offset, last in self.chunks(self.batch):
            if self.framing.spanned:
                self.source.wait()  # joining segments rewrites the buffer
            scan.pos = 0
            while True:
                starts, ends = array("q", bytes(8 * most)), array("q", bytes(8 * most))
                begin = scan.pos
                rows = described.scan_vb(scan, buffer, filled, lie, starts, ends, int(last))
                if self.blocks is not None:
                    self.blocks.add(starts[:rows], ends[:rows], begin, scan.pos)
                batch = self.found(buffer, starts[:rows], ends[:rows], offset, scan)
                if scan.error:
                    self._bad_rdw(batch, buffer, filled, scan, offset, last)
                if not batch.empty:
                    yield batch
                if rows < most:
                    break
            self._tail = bytes(buffer[scan.pos : filled])
            self._block = scan.block_left
            if scan.error and not last:
                yield from self._aside()
                return

    def _shape(self) -> Shape:
        """How the job says that the records lie."""
        f = self.framing
        return Shape(FORMS[f.rdw], FORMS[f.bdw or f.rdw] if f.blocked else None, f.spanned)

    def _lie(self) -> described.Descriptors:
        """The same for the kernel."""
        shape = self._shape()
        rdw, bdw = shape.rdw.numbers, (shape.bdw or shape.rdw).numbers
        return described.Descriptors(int(self.framing.blocked), int(self.framing.spanned), rdw, bdw)

    def judge(self) -> None:
        """RecordError when the first bytes are surely in another form than the declared one, whether they
        can be cut in that or not."""
        head, ended = self.source.peeked()
        declared = self._shape()
        found = judge(head, ended, declared, self.framing.longest)
        if found is None:
            return
        first = found.bdw or found.rdw
        raise RecordError(
            fault("E0445", "the descriptors are not in the form that the job names"),
            path=self.source.path,
            record=1,
            offset=0,
            raw=head[: first.size],
            next=tr("they look like this: {keys} in [source]", keys=found.keys(declared, self.framing.bdw)),
        )

    def _bad_rdw(
        self, batch: Batch, buffer: bytearray, filled: int, scan: cut.Scan, offset: int, last: bool
    ) -> None:
        """Behind a bad descriptor no boundary can be trusted: the rest of the input goes aside."""
        names = {
            CUT["BAD_RDW"]: fault("E0220", "the record descriptor (RDW) is not valid"),
            CUT["BAD_BDW"]: fault("E0221", "the block descriptor (BDW) is not valid"),
            CUT["TRUNCATED"]: fault("E0222", "the last record is cut off"),
        }
        raw = bytes(buffer[scan.pos : filled])
        if not self.quarantine:
            raise RecordError(
                names[scan.error],
                path=self.source.path,
                record=self.records + 1,
                offset=offset + scan.at,
                raw=_shown(bytes(buffer[scan.at : filled])[:4], self.framing.unit),
                next=self._advice(),
            )
        if not last:
            raw += self.source.take(max(MAX_RECORD - len(raw), 0), keep=True)
        self.bad(batch, offset + scan.pos, raw, names[scan.error], "")
        scan.pos = filled

    def _advice(self) -> str:
        """What to do about an input in which no form of descriptors is found."""
        longest, total = self.framing.longest, self.source.plain_total
        if self.records < FAR and longest and total:
            for name, ending in (("crlf", b"\r\n"), ("lf", b"\n"), ("none", b"")):
                at, step = longest, longest + len(ending)
                ends = self.source.peeked()[0][at : at + len(ending)] == ending
                if ends and (total % step == 0 or (ending and total % step == longest)):
                    return tr(
                        "records of the layout's {length} bytes without descriptors fit: "
                        'set format = "fixed", newline = "{newline}" in [source]',
                        length=longest,
                        newline=name,
                    )
        return tr(
            "check rdw, blocked and spanned in [source], or the transfer of the file (binary, with RDW)"
        )

    def _aside(self) -> Iterator[Batch]:
        """What is left of the input behind a bad descriptor, piece by piece: it may be longer than memory."""
        while True:
            offset = self.source.size
            piece = self.source.take(MAX_RECORD, keep=True)
            if not piece:
                return
            batch = Batch(b"", [array("q")], [array("q")], 0, offset, self.records + 1)
            self.bad(batch, offset, piece, fault("E0223", "stands behind a bad descriptor"), "")
            yield batch


def _shown(raw: bytes, unit: int) -> bytes:
    """Bytes at a descriptor's place, where they cannot be text of a record (a zero is in none but UTF-16)."""
    return raw if 0 in raw and unit == 1 else b""


class Lines(Variable):
    """Lines that end in LF or CR LF, or as the framing says; ``unit`` 2: of UTF-16."""

    text = True

    def batches(self) -> Iterator[Batch]:
        scan, f = cut.Scan(), self.framing
        unit, big, most = f.unit, int(f.big), f.most
        for buffer, filled, offset, last in self.chunks(self.batch):
            filled, owned = self.edges(buffer, filled, offset, last)
            scan.pos = owned["byte-order-mark"]
            while True:
                starts, ends = array("q", bytes(8 * most)), array("q", bytes(8 * most))
                rows = cut.scan_lines(scan, buffer, filled, unit, big, f.stop, f.cr, starts, ends, int(last))
                batch = self.found(buffer, starts[:rows], ends[:rows], offset, scan)
                batch.owned = dict(Counter(batch.owned) + owned)
                owned.clear()
                if not batch.empty:
                    yield batch
                if rows < most:
                    break
            self._tail = bytes(buffer[scan.pos : filled])
