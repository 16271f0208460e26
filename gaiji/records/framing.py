"""Cuts an input file into batches of records: fixed, variable with RDW, lines, CSV.

Owns record boundaries, byte offsets, the input's digest, and what happens to a record that cannot be cut
(an error, or quarantine). Knows nothing of fields inside fixed records, nor of characters beyond what a
CSV delimiter needs. The scans themselves are in ``gaiji.kernel.io``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from gaiji.disk.digest import BackgroundDigest, Buffers
from gaiji.disk.packing import Input
from gaiji.errors import DataError, RecordError, ResumeError, UsageError
from gaiji.kernel import io as kernel_io

S: dict[str, int] = kernel_io.CONSTANTS
FORMATS = ("fixed", "vb", "lines", "csv")
BATCH = 2 * 1024 * 1024
MAX_RECORD = 16 * 1024 * 1024
_NEWLINES = {"none": b"", "lf": b"\n", "crlf": b"\r\n"}


@dataclass(frozen=True)
class Framing:
    """How records lie in the input.

    ``record_length``: bytes of a fixed record without its newline, or the longest record allowed (0: any).
    ``newline``: none, lf, crlf (fixed only). ``blocked``: VB with block descriptors. ``unit`` is 2 for
    UTF-16, ``big`` its byte order; ``lead`` marks lead bytes of double bytes (CSV).
    """

    format: str
    record_length: int = 0
    newline: str = "none"
    blocked: bool = False
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    unit: int = 1
    big: bool = False
    lead: bytes = bytes(256)


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be cut: its number from 1, its byte offset, its raw bytes, why."""

    record: int
    offset: int
    raw: bytes
    why: str


@dataclass(frozen=True)
class Start:
    """A place where a reader can begin and cut the same batches as one that came there from the start.

    ``offset``: of the first byte; ``carried``: how many bytes from there on the buffer before it ended with;
    ``records``: how many came before it; ``columns``: of a CSV; ``block``: how many bytes are left of a block
    of records; ``sha256``: digest of the input up to and with what was carried.
    """

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    sha256: str


@dataclass(frozen=True)
class Chunk:
    """Where a buffer of the input begins: a start whose digest may not be known yet."""

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    digest: Future[str]

    def start(self) -> Start:
        """The place, once the input before it has been hashed."""
        return Start(self.offset, self.carried, self.records, self.columns, self.block, self.digest.result())


@dataclass
class Batch:
    """Some whole records: byte ranges into ``src``; one pair of arrays, or one for each CSV column.

    ``file_offset`` is the offset of ``src[0]`` in the input, ``first`` the number of the first record
    (from 1; records set aside are counted too, ``numbers`` then has the number of each).
    """

    src: bytearray | bytes
    starts: list[Sequence[int]]
    ends: list[Sequence[int]]
    rows: int
    file_offset: int
    first: int
    number: int = 0
    bad: list[BadRecord] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    chunk: Chunk | None = None

    def record_number(self, row: int) -> int:
        """The number in the input of the batch's row (``gaps``: rows before which a record was set aside)."""
        return self.first + row + sum(1 for gap in self.gaps if gap <= row)


class Reader:
    """Reads one input in batches; afterwards ``size``, ``sha256`` and ``records`` describe all of it.

    A packed input (.gz, .zst) is read unpacked: offsets and ``size`` are of what is in it, ``count`` and
    ``sha256`` of the file as it lies. ``start``: where to go on; ResumeError when the input before it is not
    what it was.
    """

    def __init__(
        self,
        path: str,
        framing: Framing,
        *,
        quarantine: bool = False,
        batch: int = BATCH,
        start: Start | None = None,
    ) -> None:
        self.path = path
        self.framing = framing
        self.quarantine = quarantine
        self.batch = batch
        self.size = 0
        self.records = start.records if start else 0
        self.header: list[bytes] = []
        self._start = start
        self._digest = BackgroundDigest()
        self._buffers = Buffers()
        self._input = Input(path)
        self._state = self._stat()
        self._chunk: Chunk | None = None
        self._columns = start.columns if start else 0
        self._block = start.block if start else 0

    def again(self, start: Start) -> Reader:
        """Another reader of the same input that begins at ``start``."""
        other = Reader(self.path, self.framing, quarantine=self.quarantine, batch=self.batch, start=start)
        other.header = self.header
        return other

    @property
    def sha256(self) -> str:
        """Digest of the file as far as it has been read."""
        return self._input.sha256 or self._digest.hexdigest()

    @property
    def count(self) -> int:
        """Bytes of the file that have been read; those of a packed one are fewer than ``size``."""
        return self._input.count

    @property
    def regular(self) -> bool:
        """Whether the input is a file that can be read again (no pipe, not standard input)."""
        return self._state is not None

    @property
    def total(self) -> int:
        """Bytes of the input when it is a regular file, else 0."""
        try:
            return os.fstat(self._input.file.fileno()).st_size
        except OSError:
            return 0

    def end(self) -> Chunk:
        """The place behind all that was read: nothing is left there, of a block neither, however it ended."""
        return Chunk(self.size, 0, self.records, self._columns, 0, self._digest.mark())

    def check_unchanged(self) -> None:
        """DataError when a regular input is not what was read: another size, or other content where its times
        differ.
        """
        if self._state is None:
            return
        state = self._stat()
        if (
            self.count != self._state[0]
            or state is None
            or state[0] != self._state[0]
            or (state != self._state and self._read_again() != self.sha256)
        ):
            raise DataError(
                "changed while it was read",
                where=self.path,
                next="let nothing write to it, then run again; nothing was written",
            )

    def _stat(self) -> tuple[int, int, int, int, int] | None:
        """Size, times, device and number of a regular file; None for pipes and standard input."""
        if self.path == "-":
            return None
        try:
            found = os.stat(self.path)
        except OSError:
            return (-1, -1, -1, -1, -1)
        if not stat.S_ISREG(found.st_mode):
            return None
        return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)

    def _read_again(self) -> str:
        """The digest of the file as it is now."""
        try:
            with open(self.path, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def recycle(self, src: bytearray | bytes) -> None:
        """Take back the buffer of batches that nobody needs any more."""
        if isinstance(src, bytearray):
            self._digest.update(b"", lambda: self._buffers.give(src))

    def __iter__(self) -> Iterator[Batch]:
        try:
            self._skip()
            cut = {"fixed": self._fixed, "vb": self._vb, "lines": self._lines, "csv": self._csv}
            for number, batch in enumerate(cut[self.framing.format]()):
                batch.number = number
                batch.chunk = self._chunk
                yield batch
        finally:
            self._input.close()

    def _skip(self) -> None:
        """Read and hash what lies before the start; what its chunk carried stays for the first buffer."""
        self._tail = b""
        start = self._start
        if start is None:
            return
        self._take(start.offset, keep=False)
        self._tail = self._take(start.carried, keep=True)
        if self._digest.hexdigest() != start.sha256:
            raise ResumeError(
                "is not what the interrupted run read", where=self.path, next="run again without --resume"
            )

    def _take(self, size: int, *, keep: bool) -> bytes:
        """Read and hash ``size`` bytes, or to the end of the input; returned when they are kept."""
        pieces = []
        while size and (piece := self._input.read(min(1 << 20, size))):
            self._digest.update(piece)
            self.size += len(piece)
            size -= len(piece)
            if keep:
                pieces.append(piece)
        return b"".join(pieces)

    def _chunks(self, size: int) -> Iterator[tuple[bytearray, int, int, bool]]:
        """(buffer, bytes in it, offset of its first byte, last?). The caller sets ``self._tail`` to what
        it did not use; the next buffer begins with it. Buffers double while nothing fits."""
        offset = self._start.offset if self._start else 0
        while True:
            tail = self._tail
            self._chunk = Chunk(
                offset, len(tail), self.records, self._columns, self._block, self._digest.mark()
            )
            if len(tail) > MAX_RECORD:
                raise self._error("is longer than any record can be", offset, "check the format")
            room = max(size, 2 * len(tail))
            buffer = self._buffers.take(room + 8)
            buffer[: len(tail)] = tail
            filled = len(tail)
            view = memoryview(buffer)
            while filled < room:
                got = self._input.readinto(view[filled:room])
                if not got:
                    break
                self._digest.update(view[filled : filled + got])
                filled += got
                self.size += got
            if self.framing.format == "csv":
                self._digest.wait()  # undoing quotes rewrites the buffer
            last = filled < room
            yield buffer, filled, offset, last
            offset += filled - len(self._tail)
            if last:
                return

    # -- fixed ----------------------------------------------------------------------------------

    def _fixed(self) -> Iterator[Batch]:
        length = self.framing.record_length
        newline = _NEWLINES[self.framing.newline]
        step = length + len(newline)
        if length <= 0:
            raise UsageError("fixed records need a length", next="set record_length in [source]")
        starts = ends = array("q")  # the same for every batch but the last
        for buffer, filled, offset, last in self._chunks(max(self.batch // step, 1) * step):
            rows = filled // step
            self._tail = bytes(buffer[rows * step : filled])
            ended = rows  # records that have room for their newline
            if last and newline and len(self._tail) == length:
                rows, self._tail = rows + 1, b""  # the last record may lack it
            bad, gaps, keep = self._check_newlines(buffer, rows, ended, step, newline, offset)
            if rows != len(starts):
                starts = array("q", range(0, rows * step, step))
                ends = array("q", range(length, rows * step + length, step))
            a, b = (array("q", (edge[i] for i in keep)) if bad else edge for edge in (starts, ends))
            batch = Batch(buffer, [a], [b], len(a), offset, self.records + 1, 0, bad, gaps)
            self.records += rows
            if last and self._tail:
                at = offset + rows * step
                what = f"the last record has {len(self._tail)} bytes where {step} are needed"
                self._bad(batch, at, self._tail, what, "check record_length, or the transfer of the file")
                self._tail = b""
            if batch.rows or batch.bad:
                yield batch

    def _check_newlines(
        self, buffer: bytearray, rows: int, ended: int, step: int, newline: bytes, offset: int
    ) -> tuple[list[BadRecord], list[int], list[int]]:
        """Of the first ``ended`` records those that do not end in the declared newline (no check without
        one).
        """
        bad: list[BadRecord] = []
        gaps: list[int] = []
        keep: list[int] = []
        if not newline:
            return bad, gaps, keep
        length = step - len(newline)
        for i in range(rows):
            at = i * step
            found = bytes(buffer[at + length : at + step])
            if i >= ended or found == newline:
                keep.append(i)
                continue
            raw = bytes(buffer[at : at + step])
            why = f"the record does not end in {self.framing.newline} after {length} bytes"
            number = self.records + i + 1
            if not self.quarantine:
                raise RecordError(
                    why,
                    path=self.path,
                    record=number,
                    offset=offset + at + length,
                    raw=found,
                    next="check record_length and newline in [source]",
                )
            bad.append(BadRecord(number, offset + at, raw, why))
            gaps.append(len(keep))
        return bad, gaps, keep

    # -- variable -------------------------------------------------------------------------------

    def _vb(self) -> Iterator[Batch]:
        scan = kernel_io.Scan()
        scan.block_left = self._block
        blocked = int(self.framing.blocked)
        for buffer, filled, offset, last in self._chunks(self.batch):
            scan.pos = 0
            while True:
                starts, ends = array("q", bytes(8 * 65_536)), array("q", bytes(8 * 65_536))
                rows = kernel_io.scan_vb(scan, buffer, filled, blocked, starts, ends, int(last))
                batch = self._variable(buffer, starts[:rows], ends[:rows], offset)
                if scan.error:
                    self._bad_rdw(batch, buffer, filled, scan, offset, last)
                if batch.rows or batch.bad:
                    yield batch
                if rows < 65_536:
                    break
            self._tail = bytes(buffer[scan.pos : filled])
            self._block = scan.block_left
            if scan.error and not last:
                yield from self._aside()
                return

    def _bad_rdw(
        self, batch: Batch, buffer: bytearray, filled: int, scan: kernel_io.Scan, offset: int, last: bool
    ) -> None:
        """Behind a bad descriptor no boundary can be trusted: the rest of the input goes aside."""
        names = {
            S["BAD_RDW"]: "the record descriptor (RDW) is not valid",
            S["BAD_BDW"]: "the block descriptor (BDW) is not valid",
            S["TRUNCATED"]: "the last record is cut off",
        }
        raw = bytes(buffer[scan.at : filled])
        if self.quarantine and not last:
            raw += self._take(max(MAX_RECORD - len(raw), 0), keep=True)
        advice = "check blocked in [source], or the transfer of the file (binary, with RDW)"
        self._bad(batch, offset + scan.at, raw, names[scan.error], advice, raw[:4])
        scan.pos = filled

    def _aside(self) -> Iterator[Batch]:
        """What is left of the input behind a bad descriptor, piece by piece: it may be longer than memory."""
        while True:
            offset = self.size
            piece = self._take(MAX_RECORD, keep=True)
            if not piece:
                return
            batch = Batch(b"", [array("q")], [array("q")], 0, offset, self.records + 1)
            self._bad(batch, offset, piece, "stands behind a bad descriptor", "")
            yield batch

    def _variable(self, buffer: bytearray, starts: array[int], ends: array[int], offset: int) -> Batch:
        """A batch of found records; those longer than declared are bad."""
        rows = len(starts)
        batch = Batch(buffer, [starts], [ends], rows, offset, self.records + 1)
        limit = self.framing.record_length
        self.records += rows
        if limit and kernel_io.extent(starts, ends, 0, -1)[1] > limit:
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
                why = f"the record has {size} bytes, more than the {limit} declared"
                raw = bytes(buffer[starts[i] : ends[i]])
                number = batch.first + i
                if not self.quarantine:
                    raise RecordError(
                        why,
                        path=self.path,
                        record=number,
                        offset=offset + starts[i],
                        next="check record_length in [source]",
                    )
                batch.gaps.append(sum(1 for k in keep if k < i))
                batch.bad.append(BadRecord(number, offset + starts[i], raw, why))
        return batch

    # -- lines and CSV --------------------------------------------------------------------------

    def _lines(self) -> Iterator[Batch]:
        scan = kernel_io.Scan()
        unit, big = self.framing.unit, int(self.framing.big)
        for buffer, filled, offset, last in self._chunks(self.batch):
            scan.pos = self._bom(buffer, filled, offset)
            while True:
                starts, ends = array("q", bytes(8 * 65_536)), array("q", bytes(8 * 65_536))
                rows = kernel_io.scan_lines(scan, buffer, filled, unit, big, starts, ends, int(last))
                if rows:
                    yield self._variable(buffer, starts[:rows], ends[:rows], offset)
                if rows < 65_536:
                    break
            self._tail = bytes(buffer[scan.pos : filled])

    def _bom(self, buffer: bytearray, filled: int, offset: int) -> int:
        """Bytes of a byte order mark at the very start of the input."""
        marks = (b"\xff\xfe", b"\xfe\xff") if self.framing.unit == 2 else (b"\xef\xbb\xbf",)
        return next((len(m) for m in marks if offset == 0 and buffer[:filled].startswith(m)), 0)

    def _csv(self) -> Iterator[Batch]:
        scan = kernel_io.Scan()
        for buffer, filled, offset, last in self._chunks(self.batch):
            scan.pos = self._bom(buffer, filled, offset)
            if not self._columns:
                self._columns = self._csv_header(scan, buffer, filled, last)
                if not self._columns:
                    self._tail = b"" if last else bytes(buffer[:filled])
                    continue
            yield from self._csv_batches(scan, buffer, filled, offset, self._columns, last)
            self._tail = bytes(buffer[scan.pos : filled])

    def _scan_csv(
        self,
        scan: kernel_io.Scan,
        buffer: bytearray,
        filled: int,
        columns: int,
        rows: int,
        starts: array[int],
        ends: array[int],
        last: bool,
    ) -> int:
        f = self.framing
        return int(
            kernel_io.scan_csv(
                scan,
                buffer,
                filled,
                ord(f.delimiter),
                ord(f.quote),
                f.unit,
                int(f.big),
                f.lead,
                columns,
                rows,
                starts,
                ends,
                int(last),
            )
        )

    def _csv_header(self, scan: kernel_io.Scan, buffer: bytearray, filled: int, last: bool) -> int:
        """Count the columns of the first record; take it as the header when there is one."""
        none = array("q", [0])
        begin = scan.pos
        self._scan_csv(scan, buffer, filled, 0, 1, none, none, last)
        if scan.error == S["OPEN_QUOTE"] or scan.error == S["BAD_QUOTE"]:
            raise self._csv_error(scan, buffer, 0, 1)
        columns = int(scan.cells)
        if columns and self.framing.header:
            scan.pos = begin
            starts, ends = array("q", bytes(8 * columns)), array("q", bytes(8 * columns))
            self._scan_csv(scan, buffer, filled, columns, 1, starts, ends, last)
            self.header = [bytes(buffer[a:b]) for a, b in zip(starts, ends, strict=True)]
        return columns

    def _csv_batches(
        self, scan: kernel_io.Scan, buffer: bytearray, filled: int, offset: int, columns: int, last: bool
    ) -> Iterator[Batch]:
        limit = max(1, min(65_536, 4_000_000 // columns))
        while True:
            starts, ends = array("q", bytes(8 * columns * limit)), array("q", bytes(8 * columns * limit))
            rows = self._scan_csv(scan, buffer, filled, columns, limit, starts, ends, last)
            a, b = memoryview(starts), memoryview(ends)
            batch = Batch(
                buffer,
                [a[c * limit : c * limit + rows] for c in range(columns)],
                [b[c * limit : c * limit + rows] for c in range(columns)],
                rows,
                offset,
                self.records + 1,
            )
            self.records += rows
            error = scan.error
            more = bool(error) and not self._bad_csv(batch, scan, buffer, filled, offset, columns, last)
            if batch.rows or batch.bad:
                yield batch
            if more or (not error and rows < limit):
                return

    def _bad_csv(
        self,
        batch: Batch,
        scan: kernel_io.Scan,
        buffer: bytearray,
        filled: int,
        offset: int,
        columns: int,
        last: bool,
    ) -> bool:
        """Set a record aside to the end of its line; False when the line goes on behind the buffer."""
        error = self._csv_error(scan, buffer, offset, columns)
        if not self.quarantine:
            raise error
        f = self.framing
        end = (
            filled
            if scan.error == S["OPEN_QUOTE"]
            else kernel_io.csv_skip(buffer, scan.at, filled, f.unit, int(f.big))
        )
        feed = "\n".encode("utf-16-be" if f.big else "utf-16-le") if f.unit == 2 else b"\n"
        if end == filled and not last and bytes(buffer[end - len(feed) : end]) != feed:
            return False
        begin = scan.pos
        self._bad(batch, offset + begin, bytes(buffer[begin:end]), error.what, error.next)
        scan.pos = end
        return True

    def _csv_error(self, scan: kernel_io.Scan, buffer: bytearray, offset: int, columns: int) -> RecordError:
        what = {
            S["OPEN_QUOTE"]: "a quote is opened and never closed",
            S["BAD_QUOTE"]: "text stands behind a closing quote",
            S["COLUMNS"]: f"the record has {scan.cells} cells where {columns} are needed",
        }[scan.error]
        return RecordError(
            what,
            path=self.path,
            record=self.records + 1,
            offset=offset + scan.at,
            next='check delimiter, quote and charset in [source], or set on_bad_record = "quarantine"',
        )

    def _bad(self, batch: Batch, offset: int, raw: bytes, what: str, advice: str, shown: bytes = b"") -> None:
        """Set a record aside behind the batch's rows, or raise; ``shown`` is what the error may show of it,
        no name.
        """
        self.records += 1
        if not self.quarantine:
            raise RecordError(
                what, path=self.path, record=self.records, offset=offset, raw=shown, next=advice
            )
        batch.bad.append(BadRecord(self.records, offset, raw, what))

    def _error(self, what: str, offset: int, advice: str) -> RecordError:
        return RecordError(what, path=self.path, record=self.records + 1, offset=offset, next=advice)


def resolve(path: str, base: Path) -> str:
    """A path of a job file, relative to it; ``-`` stays standard input."""
    return path if path == "-" else str(base / path)
