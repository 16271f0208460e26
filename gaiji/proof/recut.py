"""Where records lie in the input, told a second time, plainly, for the proof alone.

Owns the cutting of every format and what each byte between records is. It shares no code with the cutters of
``gaiji.records``: only the plain data that says how records lie (``Framing``), and in what others take them
(``Batch``).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import field

from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import recut
from gaiji.kernel.recut import CONSTANTS as WHY
from gaiji.model.plain import dataclass
from gaiji.proof.raw import BLOCK, SLACK, Raw
from gaiji.proof.windows import WHOLE, Spot, Window
from gaiji.records.batch import MAX_RECORD, BadRecord, Batch, Framing

ENDINGS = {"none": b"", "lf": b"\n", "crlf": b"\r\n", "cr": b"\r", "15": b"\x15", "25": b"\x25"}
MOST = 65_536
"""Records of a batch at most, where they have many lengths."""


@dataclass
class Piece:
    """What was cut from a block: up to ``used``; the rows' places (of a CSV: a pair of arrays for each column
    of ``src``), (offset, bytes) of what is set aside, and before which row."""

    starts: list[Sequence[int]]
    ends: list[Sequence[int]]
    used: int
    rows: int = 0
    owned: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    src: bytearray | None = None

    def aside(self, at: int, size: int, before: int) -> None:
        """A record that is none."""
        self.bad.append((at, size))
        self.gaps.append(before)


class Recut:
    """The batches of an input. ``records``, ``size``, ``count``, ``sha256``, ``header`` describe all of it
    once the last is there; DataError for a record that is none where the job sets none aside. ``window``: the
    part of the input that is read; ``place`` is then where it has come to, and ``size``, ``count`` and
    ``sha256`` are of that part."""

    def __init__(
        self, path: str, framing: Framing, *, quarantine: bool, block: int = 0, window: Window | None = None
    ) -> None:
        window = window or WHOLE
        self.path = path
        self.framing = framing
        self.quarantine = quarantine
        self.window = window
        self.records = window.begin.records
        self.header: list[bytes] = []
        self.raw = Raw(path, block or BLOCK, window.begin.offset, window.end)
        self._offset = window.begin.offset
        self._done: bytearray | bytes = b""
        self._lost = ""
        self._left_of_block = window.begin.block
        self._columns = window.begin.columns
        self._same = array("q"), array("q")
        self._cut = {
            "fixed": self._fixed,
            "vb": self._described,
            "lines": self._lines,
            "csv": self._delimited,
        }[framing.format]

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.raw.size

    @property
    def count(self) -> int:
        """Bytes of the file as it lies."""
        return self.raw.count

    @property
    def sha256(self) -> str:
        """Digest of the file as it lies."""
        return self.raw.sha256

    @property
    def place(self) -> Spot:
        """Where the reading has come to: the record that would be the next begins there."""
        return Spot(self._offset, self.records, self._left_of_block, self._columns)

    def recycle(self, batch: Batch) -> None:
        """A batch is done. They come back in order: a buffer is free when batches of the next one come."""
        if batch.src is not self._done and self.framing.format != "csv":
            self.raw.recycle(self._done)
            self._done = batch.src

    def __iter__(self) -> Iterator[Batch]:
        """The batches, in order."""
        offset = self._offset
        for buffer, held, last in self.raw.blocks():
            begin = mark = self._mark(buffer, held) if offset == 0 else 0
            stop, ended = self._before_end_mark(buffer, mark, held)
            if not last and self.framing.format != "fixed":  # no other record can end between them
                stop = held
            read, held, ended = (stop, stop, ended) if last else (held, stop, 0)
            while True:
                piece = self._cut(buffer, begin, held, last)
                if mark and (piece.used > mark or last):
                    piece.owned["byte-order-mark"], mark = mark, 0
                piece.owned["end-mark"], ended = ended, 0
                batch = self._batch(buffer, piece, offset)
                moved, begin = piece.used > begin, piece.used
                if not batch.empty:
                    yield batch
                if not moved or begin >= held:
                    break
            begin -= mark if begin == mark else 0
            self.raw.left = bytes(buffer[begin:read])
            self._offset = offset = offset + begin
            if len(self.raw.left) > MAX_RECORD:
                raise self._none(0, offset)

    def _batch(self, buffer: bytearray, piece: Piece, offset: int) -> Batch:
        """A piece as others take it."""
        first = self.records + 1
        bad = [
            BadRecord(first + before + i, offset + at, bytes(buffer[at : at + size]), "")
            for i, ((at, size), before) in enumerate(zip(piece.bad, piece.gaps, strict=True))
        ]
        if bad and not self.quarantine:
            raise self._none(bad[0].record, bad[0].offset)
        self.records += piece.rows + len(bad)
        src = buffer if piece.src is None else piece.src
        return Batch(
            src,
            piece.starts,
            piece.ends,
            piece.rows,
            offset,
            first,
            bad,
            piece.gaps,
            owned=dict(+piece.owned),
        )

    def _none(self, record: int, offset: int) -> DataError:
        return DataError(
            fault("E0407", "cannot be cut into records"),
            where=f"{self.path}: record {record or self.records + 1} at byte {offset}",
            next=tr("run gaiji convert again, which says why"),
        )

    def _mark(self, buffer: bytearray, held: int) -> int:
        """Bytes of the byte order mark that is no part of the first record."""
        mark = self.framing.mark
        return len(mark) if mark and bytes(buffer[: min(held, len(mark))]) == mark else 0

    def _before_end_mark(self, buffer: bytearray, begin: int, held: int) -> tuple[int, int]:
        """Where the text ends before the 1A of old systems, and the bytes of those."""
        f, sub = self.framing, self._unit("\x1a")
        if not f.end_mark or f.format == "vb" or (f.format == "fixed" and f.newline == "none"):
            return held, 0
        stop = held
        while stop > begin and held > begin and bytes(buffer[max(stop - len(sub), 0) : stop]) == sub:
            stop -= len(sub)
        return stop, held - stop

    # -- records of one length ------------------------------------------------------------------------

    def _fixed(self, buffer: bytearray, begin: int, held: int, last: bool) -> Piece:
        length, ending = self.framing.record_length, ENDINGS[self.framing.newline]
        step = length + len(ending)
        rows, rest = divmod(held - begin, step)
        stop = begin + rows * step
        piece = Piece([], [], held if last else stop)
        if rows != len(self._same[0]) or (rows and begin != self._same[0][0]):
            self._same = array("q", bytes(8 * rows)), array("q", bytes(8 * rows))
            recut.each(begin, step, length, *self._same)
        starts, ends = self._same
        if any(buffer[begin + length + i : stop : step].count(byte) != rows for i, byte in enumerate(ending)):
            kept = array("q")
            for at in starts:
                if buffer[at + length : at + step] == ending:
                    kept.append(at)
                else:
                    piece.aside(at, step, len(kept))
            starts, ends = kept, array("q", [at + length for at in kept])
        piece.owned["line-ends"] = len(starts) * len(ending)
        if last and rest and ending and rest == length:
            starts, ends = starts + array("q", [stop]), ends + array("q", [held])
        elif last and rest:
            piece.aside(stop, rest, len(starts))
        return _placed(piece, starts, ends)

    # -- behind descriptors -----------------------------------------------------------------------------

    def _described(self, buffer: bytearray, begin: int, held: int, last: bool) -> Piece:
        starts, ends, pos = array("q"), array("q"), begin
        piece = Piece([], [], begin)
        if self.framing.spanned:
            self.raw.wait()  # joining segments rewrites the block
        while not self._lost and pos < held and len(starts) < MOST:
            found = self._record(buffer, pos, held)
            if isinstance(found, str):
                self._lost = found
                break
            start, end, behind, left = found
            starts.append(start)
            ends.append(end)
            piece.owned["descriptors"] += behind - pos - (end - start)
            pos, self._left_of_block = behind, left
        if last and len(starts) < MOST and not self._lost and (pos < held or self._left_of_block):
            self._lost = "first"
        starts, ends = self._not_too_long(piece, starts, ends)
        if self._lost:
            pos = self._rest(piece, pos, held, last, len(starts))
        piece.used = pos
        return _placed(piece, starts, ends)

    def _record(self, buffer: bytearray, pos: int, held: int) -> tuple[int, int, int, int] | str:
        """(begin, end, what is behind, bytes left of its block) of one record, its segments joined; "first"
        when a descriptor is none, "" when the input read so far ends before the record does."""
        f = self.framing
        parts: list[tuple[int, int]] = []
        left, over = self._left_of_block, False
        while not over:
            if f.blocked and not left:
                size, length, _ = _length(buffer, pos, held, f.bdw or f.rdw, block=True)
                if not size:
                    return ""
                if length < size + (2 if f.rdw.startswith("two") else 4):
                    return "first"
                left, pos = length - size, pos + size
            size, length, segment = _length(buffer, pos, held, f.rdw, block=False)
            if not size:
                return ""
            inside = segment in ((0, 1) if not parts else (2, 3)) and (f.spanned or not segment)
            if length < size or not inside or (f.blocked and length > left):
                return "first"
            if pos + length > held:
                return ""
            parts.append((pos + size, pos + length))
            pos += length
            left -= length if f.blocked else 0
            over = segment in (0, 2)
        begin, end = parts[0]
        for a, b in parts[1:]:
            buffer[end : end + b - a] = buffer[a:b]
            end += b - a
        return begin, end, pos, left

    def _rest(self, piece: Piece, pos: int, held: int, last: bool, rows: int) -> int:
        """Behind a descriptor that is none all is set aside, in pieces of one size; where it has come to."""
        size = min(held - pos, MAX_RECORD)
        if (last or size == MAX_RECORD) and (size or self._lost == "first"):
            piece.aside(pos, size, rows)
            self._lost = "on"
            return pos + size
        return pos

    def _not_too_long(
        self, piece: Piece, starts: array[int], ends: array[int]
    ) -> tuple[array[int], array[int]]:
        """The records that are not longer than the job allows."""
        limit = self.framing.record_length
        if not limit or all(b - a <= limit for a, b in zip(starts, ends, strict=True)):
            return starts, ends
        kept, kept_ends = array("q"), array("q")
        for a, b in zip(starts, ends, strict=True):
            if b - a > limit:
                piece.aside(a, b - a, len(kept))
            else:
                kept.append(a)
                kept_ends.append(b)
        return kept, kept_ends

    # -- lines ----------------------------------------------------------------------------------------

    def _lines(self, buffer: bytearray, begin: int, held: int, last: bool) -> Piece:
        starts, ends, pos, piece = array("q"), array("q"), begin, Piece([], [], begin)
        f = self.framing
        back, feed = self._unit("\r"), self._unit(chr(f.stop))
        wanted = back + feed if f.cr == 2 else feed
        while len(starts) < MOST and (at := self._find(wanted, buffer, pos, held)) >= 0:
            before = at - len(back)
            end = before if f.cr == 1 and before >= pos and buffer[before:at] == back else at
            starts.append(pos)
            ends.append(end)
            pos = at + len(wanted)
            piece.owned["line-ends"] += pos - end
        if last and len(starts) < MOST and pos < held:
            starts.append(pos)
            ends.append(held)
            pos = held
        piece.used = pos
        return _placed(piece, *self._not_too_long(piece, starts, ends))

    def _unit(self, char: str) -> bytes:
        """A character of line ends as it stands in the file."""
        if self.framing.unit == 1:
            return char.encode("latin-1")
        return char.encode("utf-16-be" if self.framing.big else "utf-16-le")

    def _find(self, end: bytes, buffer: bytearray, pos: int, held: int) -> int:
        """Where the next line end stands, at a whole number of characters; -1 when there is none."""
        at = buffer.find(end, pos, held)
        while at >= 0 and (at - pos) % self.framing.unit:
            at = buffer.find(end, at + 1, held)
        return at

    # -- cells ----------------------------------------------------------------------------------------

    def _delimited(self, buffer: bytearray, begin: int, held: int, last: bool) -> Piece:
        f = self.framing
        cells = recut.Cells(f)
        cells.pos = begin
        piece = Piece([], [], begin)
        if not self._columns:
            behind = self._behind_titles(buffer, begin, held)
            cells.pos = max(behind, begin)
            found = behind >= 0 and self._first(cells, piece, buffer, held, last)
            if found or last:
                piece.owned["skipped"] = (behind if behind >= 0 else held) - begin
            if not found:
                piece.used = held if last else begin
                return piece
        columns, out = self._columns, bytearray(held - cells.pos + SLACK)
        most = min(MOST, max(1, 4_000_000 // columns), (held - cells.pos) // (columns * f.unit) + 1)
        places = array("q", bytes(8 * columns * most)), array("q", bytes(8 * columns * most))
        rows = recut.read_rows(cells, buffer, held, int(last), columns, most, out, *places)
        _count(cells, piece)
        piece.used = cells.pos
        if cells.error:
            end = held
            if cells.error != WHY["NEVER_CLOSED"]:
                feed = self._unit(chr(f.stop))
                at = self._find(feed, buffer, cells.at, held)
                end = at + len(feed) if at >= 0 else held if last else cells.pos
            if end > cells.pos:
                piece.aside(cells.pos, end - cells.pos, rows)
                piece.used = end
        piece.src, piece.rows = out, rows
        piece.starts = [places[0][c : rows * columns : columns] for c in range(columns)]
        piece.ends = [places[1][c : rows * columns : columns] for c in range(columns)]
        return piece

    def _behind_titles(self, buffer: bytearray, begin: int, held: int) -> int:
        """Where the lines above the first record end; -1 where no record is behind them, so far."""
        feed, pos = self._unit(chr(self.framing.stop)), begin
        for _ in range(self.framing.skip):
            at = self._find(feed, buffer, pos, held)
            pos = at + len(feed)
            if at < 0 or pos >= held:
                return -1
        return pos

    def _first(self, cells: recut.Cells, piece: Piece, buffer: bytearray, held: int, last: bool) -> bool:
        """Count the cells of the first record, and take it where it is the header; whether there is one."""
        begin, none = cells.pos, array("q", [0])
        out = bytearray(held - begin + SLACK)
        recut.read_rows(cells, buffer, held, int(last), 0, 1, out, none, none)
        if cells.error and cells.error != WHY["WRONG_COUNT"]:
            raise self._none(1, cells.at)
        columns = int(cells.count)
        if columns == 1 and not self.framing.header:
            cells.pos = begin
        elif columns or last:
            _count(cells, piece)
        if columns and self.framing.header:
            starts, ends = array("q", bytes(8 * columns)), array("q", bytes(8 * columns))
            recut.read_rows(cells, buffer, held, int(last), columns, 1, out, starts, ends)
            _count(cells, piece)
            self.header = [bytes(out[a:b]) for a, b in zip(starts, ends, strict=True)]
            piece.owned["header"] = sum(map(len, self.header))
        self._columns = columns
        return columns > 0


def _length(buffer: bytearray, pos: int, held: int, form: str, *, block: bool) -> tuple[int, int, int]:
    """(bytes of a descriptor, bytes from its begin to the end of what it describes, which segment that is);
    all 0 when it is not all there, a length of -1 when it is none."""
    words = form.split("-")
    size = 2 if "two" in words else 4
    if pos + size > held:
        return 0, 0, 0
    raw = bytes(buffer[pos : pos + size])
    more, order = size if "exclusive" in words else 0, "little" if "little" in words else "big"
    if size == 2:
        said, other = raw, b"\0\0"
    elif "second" in words:
        said, other = raw[2:], raw[:2]
    else:
        said, other = raw[:2], raw[2:]
        if block and order == "big" and raw[0] == 0x80 and any(raw[1:]):  # a large block: 31 bits
            return size, int.from_bytes(raw[1:], "big") + more if any(other) else -1, 0
    segment = {0: 0, 1: 1, 2: 2, 3: 3, 0x10: 2, 0x11: 3}.get(other[0], -1)
    if other[1] or segment < 0 or (block and other[0]):
        return size, -1, 0
    length = int.from_bytes(said, "little" if order == "little" else "big") + more
    return size, length, 0 if block else segment


def _placed(piece: Piece, starts: array[int], ends: array[int]) -> Piece:
    piece.starts, piece.ends, piece.rows = [starts], [ends], len(starts)
    return piece


def _count(cells: recut.Cells, piece: Piece) -> None:
    """What the last reading met between cells."""
    piece.owned.update(
        {
            "line-ends": cells.ends_of_lines,
            "delimiters": cells.marks,
            "quotes": cells.quoting,
            "padding": cells.passed,
        }
    )
