# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that find where records and cells of a dump begin and end.

Owns the scans for RDW, line and CSV boundaries. Like ``gaiji.kernel.decode`` it is one source, compiled or
interpreted, and imports nothing of the toolkit. Scans never read past ``n``; what does not fit is left for
the next batch. What the bytes say is for others.
"""

# Why a scan stopped (``Scan.error``).
OK = 0
BAD_RDW = 1
BAD_BDW = 2
OPEN_QUOTE = 3
BAD_QUOTE = 4
COLUMNS = 5
TRUNCATED = 6
SPACED = 7


class Scan:
    """The place of a record scan in its input and why it stopped.

    ``pos``: bytes consumed; ``rows``: records found by the last call; ``error`` and ``at``: what was
    wrong and where; ``block_left``: bytes that the current block still holds (with BDW).
    """

    def __init__(self):
        self.pos = 0
        self.rows = 0
        self.error = OK
        self.at = 0
        self.block_left = 0
        self.cells = 0
        self.begin = 0
        self.end = 0
        self.left = 0
        self.inside = 0


class Descriptors:
    """How the lengths before records (``rdw``) and blocks (``bdw``) are written, as numbers of
    ``gaiji.records.forms``: ``place`` 0 a length in the first half of four bytes, 1 in the second, 2 two
    bytes alone; ``little`` its order; ``more``: what is to be added to it, 0 or the bytes of the descriptor.
    ``spanned``: the third byte (of the half that holds no length) may mark a segment.
    """

    def __init__(self, blocked, spanned, rdw, bdw):
        self.blocked = blocked
        self.spanned = spanned
        self.place = rdw[0]
        self.little = rdw[1]
        self.more = rdw[2]
        self.block_place = bdw[0]
        self.block_little = bdw[1]
        self.block_more = bdw[2]


def scan_vb(s, src, n, d, starts, ends, final):
    """Find records behind their descriptors from ``s.pos``; ``starts``/``ends`` receive their byte ranges.

    Sources of the rules: IBM z/OS DFSMS, record formats V, VB, VS, VBS (a length that counts its descriptor,
    big-endian, in the first half; in the third byte 0 a whole record, 1 its first segment, 2 its last, 3 one
    between); what transfer programs make of it: ``Descriptors``. Segments are moved together in ``src``, once
    the last of them is there. ``s.pos`` stands where a record begins, with ``s.block_left`` bytes of its
    block; ``s.at`` where the descriptor is that stopped the scan.
    """
    limit = len(starts)
    s.rows = 0
    s.error = OK
    while s.rows < limit and s.pos < n:
        if not _vb_record(s, src, n, d, 0):
            break
        if s.cells > 1:
            _vb_record(s, src, n, d, 1)
        starts[s.rows] = s.begin
        ends[s.rows] = s.end
        s.rows += 1
        s.pos = s.at
        s.block_left = s.left
    if s.rows == limit or s.pos >= n:
        s.at = s.pos
    if s.error == OK and final and s.rows < limit and (s.pos < n or (d.blocked and s.block_left > 0)):
        s.error = TRUNCATED  # a block that promises more is cut too, even between two of its records
    return s.rows


def _vb_record(s, src, n, d, join):
    """One record from ``s.pos``: 1 when it is whole. ``s.begin``, ``s.end``: its bytes; ``s.cells``: its
    segments; ``s.at``, ``s.left``: what is behind it, or which descriptor stopped it. ``join``: move them.
    """
    size = 2 if d.place == 2 else 4
    block = 2 if d.block_place == 2 else 4
    s.at = s.pos
    s.left = s.block_left
    s.cells = 0
    while True:
        if d.blocked and s.left == 0:
            if s.at + block > n:
                return 0
            length = _described(src, s.at, d.block_place, d.block_little, 1) + d.block_more
            if length < block + size:
                s.error = BAD_BDW
                return 0
            s.left = length - block
            s.at += block
        if s.at + size > n:
            return 0
        length = _described(src, s.at, d.place, d.little, 0) + d.more
        flag = _segment(src, s.at, d.place)
        if (
            length < size
            or (d.blocked and length > s.left)
            or (flag and not d.spanned)
            or flag < 0
            or (s.cells == 0 and flag > 1)
            or (s.cells and flag < 2)
        ):
            s.error = BAD_RDW
            return 0
        if s.at + length > n:
            return 0
        if s.cells == 0:
            s.begin = s.at + size
            s.end = s.at + length
        elif join:
            for i in range(s.at + size, s.at + length):
                src[s.end] = src[i]
                s.end += 1
        s.at += length
        s.cells += 1
        if d.blocked:
            s.left -= length
        if flag == 0 or flag == 2:
            return 1


def _described(src, pos, place, little, block):
    """The length that a descriptor says; far below zero when the bytes cannot be one.

    Of a block, the first bit set means a length of 31 bits (large blocks of DFSMS); where that could be 16
    bits as well, it is neither.
    """
    if (
        block
        and place == 0
        and not little
        and src[pos] == 0x80
        and (src[pos + 1] or src[pos + 2] or src[pos + 3])
    ):
        if not src[pos + 2] and not src[pos + 3]:
            return -65536
        return (src[pos + 1] << 16) | (src[pos + 2] << 8) | src[pos + 3]
    if place == 0 and (src[pos + 3] or (block and src[pos + 2])):
        return -65536
    if place == 1:
        if src[pos + 1] or (block and src[pos]):
            return -65536
        pos += 2
    if little:
        return (src[pos + 1] << 8) | src[pos]
    return (src[pos] << 8) | src[pos + 1]


def _segment(src, pos, place):
    """Which segment of a record a descriptor stands before: 0 the whole, 1 the first, 2 the last, 3 one
    between, -1 none. The two bits 10 and 11 stand in some files as X'10' and X'11'.
    """
    if place == 2:
        return 0
    flag = src[pos + 2] if place == 0 else src[pos]
    if flag == 0x10 or flag == 0x11:
        return flag - 14
    return flag if flag <= 3 else -1


def scan_lines(s, src, n, unit, big, stop, cr, starts, ends, final):
    """Find lines from ``s.pos`` that end in the unit ``stop``; ``unit`` 2 is UTF-16 (``big``: big-endian).

    ``cr``: what a CR before it is: 0 text, 1 part of the line end, 2 needed for one.
    """
    limit = len(starts)
    s.rows = 0
    s.error = OK
    pos = s.pos
    begin = s.pos
    while s.rows < limit and pos + unit <= n:
        if _at(src, pos, unit, big) == stop:
            end = pos
            if cr and end - unit >= begin and _at(src, end - unit, unit, big) == 13:
                end -= unit
            if cr < 2 or end < pos:
                starts[s.rows] = begin
                ends[s.rows] = end
                s.rows += 1
                begin = pos + unit
        pos += unit
    if final and s.rows < limit and begin < n:
        starts[s.rows] = begin
        ends[s.rows] = n
        s.rows += 1
        begin = n
    s.pos = begin
    return s.rows


def _at(src, pos, unit, big):
    if unit == 1:
        return src[pos]
    if big:
        return (src[pos] << 8) | src[pos + 1]
    return (src[pos + 1] << 8) | src[pos]


class Dialect:
    """How cells are told apart.

    ``delimiter``, ``quote``, ``stop`` (what ends a row), ``blank``: numbers of units; ``unit`` 2 for UTF-16,
    ``big`` its order; ``cr`` as for ``scan_lines``. ``lead``, ``trail`` (256 flags each): a byte of the
    second behind one of the first is its second half. ``shifts`` (65,536 numbers, or none): at the first two
    bytes of a shift, those of one byte at 256 times it, 1 and 2 into double bytes, 5 and 6 out of them, by
    their length.
    ``spaces``: blanks before a quote are 0 refused, 1 passed over, 2 text; ``ragged``: rows may have fewer
    cells; ``trailing``: a delimiter stands behind the last cell.
    """

    def __init__(
        self, delimiter, quote, unit, big, lead, trail, shifts, stop, cr, blank, spaces, ragged, trailing
    ):
        self.delimiter = delimiter
        self.quote = quote
        self.unit = unit
        self.big = big
        self.stop = stop
        self.cr = cr
        self.blank = blank
        self.spaces = spaces
        self.ragged = ragged
        self.trailing = trailing
        self.shifted = 1 if len(shifts) else 0
        self._keep = (lead, trail, shifts)
        self.lead = lead
        self.trail = trail
        self.shifts = shifts


def _width(s, src, pos, n, d):
    """Bytes of what begins at ``pos``; ``s.inside``: among double bytes, from there on."""
    if d.unit == 2:
        return 2
    c = src[pos]
    if not d.shifted:
        return 2 if d.lead[c] and pos + 1 < n and d.trail[src[pos + 1]] else 1
    kind = d.shifts[c * 256]
    if not kind and pos + 1 < n:
        kind = d.shifts[c * 256 + src[pos + 1]]
    if kind > 4 and s.inside:
        s.inside = 0
        return kind - 4
    if kind and kind < 4:
        s.inside = 1
        return kind
    if s.inside and c == d.stop:
        s.inside = 0
        return 1
    return 2 if s.inside and pos + 1 < n else 1


def scan_csv(s, src, n, dialect, columns, rows, starts, ends, final):
    """Find the cells of delimited records from ``s.pos``; ``src`` is rewritten where quotes are undone.

    ``starts``/``ends`` are column-major: cell (row, column) is at ``column * rows + row``. A record with
    another number of cells stops the scan with ``COLUMNS``, ``s.cells`` and its end in ``s.end``; so do a
    quote left open at the end, blanks before a quote and text behind a closing quote. Blank lines are
    skipped where there are several columns. ``columns`` 0 takes the first record's count.
    """
    s.rows = 0
    s.error = OK
    while s.rows < rows and s.pos < n:
        if not _csv_row(s, src, n, dialect, columns, rows, starts, ends, final):
            break
    return s.rows


def _csv_row(s, src, n, d, columns, rows, starts, ends, final):
    unit = d.unit
    pos = s.pos
    cell = 0
    while True:
        pos = _cell_start(s, src, pos, n, d)
        if pos < 0:
            return 0
        begin = pos
        quoted = 0
        stop = pos
        s.inside = 0
        if pos + unit <= n and _at(src, pos, unit, d.big) == d.quote:
            quoted = 1
            begin = pos + unit
            pos = _behind_quote(s, src, n, d, begin, final)
            if pos < 0:
                return 0
            stop = pos - unit
        pos = _cell_end(s, src, pos, n, d, begin, quoted, final)
        if pos < 0:
            return 0
        c = d.stop
        if pos + unit <= n:
            c = _at(src, pos, unit, d.big)
        if not quoted:
            stop = pos
            if pos + unit > n:
                stop = n
            elif c == d.stop and d.cr and stop - unit >= begin and _at(src, stop - unit, unit, d.big) == 13:
                stop -= unit
        pos += unit
        if cell == 0 and c == d.stop and not quoted and stop == begin and columns != 1:
            s.pos = pos if pos < n else n
            return 1
        if cell < columns:
            starts[cell * rows + s.rows] = begin
            ends[cell * rows + s.rows] = stop
            if quoted:  # marked for _undo_quotes, which must not run before the record is known whole
                ends[cell * rows + s.rows] = -stop - 1
        cell += 1
        if c == d.stop:
            break
    s.end = pos if pos < n else n
    s.left = 1 if not quoted and stop == begin else 0
    return _row_done(s, src, d, cell, columns, rows, starts, ends, stop)


def _row_done(s, src, d, cell, columns, rows, starts, ends, stop):
    """The row with its ``cell`` cells, when they are as many as there must be: quotes are undone."""
    if d.trailing and s.left and cell > 1 and (cell == columns + 1 or not columns):
        cell -= 1
    s.cells = cell
    if d.ragged and cell < columns:
        for i in range(cell, columns):
            starts[i * rows + s.rows] = stop
            ends[i * rows + s.rows] = stop
        cell = columns
    if cell != columns:
        s.error = COLUMNS
        s.at = s.pos
        return 0
    for i in range(columns):
        end = ends[i * rows + s.rows]
        if end < 0:
            ends[i * rows + s.rows] = _undo_quotes(s, src, starts[i * rows + s.rows], -end - 1, d)
    s.rows += 1
    s.pos = s.end
    return 1


def _cell_start(s, src, pos, n, d):
    """Where a cell begins: behind blanks before its quote, where they do not belong to it; -1 where nobody
    has said."""
    begin = pos
    while pos + d.unit <= n and _at(src, pos, d.unit, d.big) == d.blank:
        pos += d.unit
    if pos == begin or pos + d.unit > n or _at(src, pos, d.unit, d.big) != d.quote or d.spaces == 2:
        return begin
    if d.spaces == 1:
        return pos
    s.error = SPACED
    s.at = begin
    return -1


def _cell_end(s, src, pos, n, d, begin, quoted, final):
    """Where the delimiter or line end behind a cell stands, ``n`` or a byte less at the end of the input; -1
    when the buffer ends before it, or something stands behind a closing quote."""
    unit = d.unit
    while True:
        if pos + unit > n:
            if not final:
                return -1
            if quoted and pos < n:
                s.error = BAD_QUOTE
                s.at = pos
                return -1
            return pos
        c = _at(src, pos, unit, d.big)
        if not s.inside and c == d.delimiter:
            return pos
        stops = c == d.stop and not (d.shifted and not s.inside and _shift(src, pos, n, d))
        if stops and (d.cr < 2 or (pos - unit >= begin and _at(src, pos - unit, unit, d.big) == 13)):
            return pos
        if quoted:
            if c == 13 and d.cr and pos + 2 * unit > n and not final:
                return -1
            if c == 13 and d.cr and pos + 2 * unit <= n and _at(src, pos + unit, unit, d.big) == d.stop:
                pos += unit
                return pos
            if c != d.blank or d.spaces != 1:
                s.error = BAD_QUOTE
                s.at = pos
                return -1
            pos += unit
        else:
            pos += _width(s, src, pos, n, d)


def _shift(src, pos, n, d):
    """Whether a shift begins at ``pos``."""
    if d.shifts[src[pos] * 256]:
        return 1
    return 1 if pos + 1 < n and d.shifts[src[pos] * 256 + src[pos + 1]] else 0


def _behind_quote(s, src, n, d, pos, final):
    """Behind the closing quote of a cell that begins at ``pos``; -1 when the buffer ends before it."""
    unit = d.unit
    while True:
        if pos + unit > n:
            if final:
                s.error = OPEN_QUOTE
                s.at = s.pos
            return -1
        if not s.inside and _at(src, pos, unit, d.big) == d.quote:
            if pos + 2 * unit > n and not final:
                return -1
            if pos + 2 * unit > n or _at(src, pos + unit, unit, d.big) != d.quote:
                return pos + unit
            pos += 2 * unit
        else:
            pos += _width(s, src, pos, n, d)


def _undo_quotes(s, src, begin, stop, d):
    """Close up doubled quotes inside ``begin``..``stop``; returns the new end."""
    put = begin
    pos = begin
    s.inside = 0
    while pos < stop:
        size = d.unit
        if not s.inside and _at(src, pos, d.unit, d.big) == d.quote:
            pos += d.unit
        else:
            size = _width(s, src, pos, stop, d)
        for i in range(size):
            src[put + i] = src[pos + i]
        put += size
        pos += size
    return put


def csv_skip(src, pos, n, unit, big, stop):
    """Where the line after ``pos`` begins (``n`` when there is none): how a bad record is stepped over."""
    while pos + unit <= n:
        if _at(src, pos, unit, big) == stop:
            return pos + unit
        pos += unit
    return n


def extent(starts, ends, offset, length):
    """(bytes that a field has in all rows, the most that it has in one): what framing and layout give it."""
    total = 0
    longest = 0
    for row in range(len(starts)):
        size = ends[row] - starts[row] - offset
        if size < 0:
            size = 0
        if length >= 0 and size > length:
            size = length
        total += size
        if size > longest:
            longest = size
    return total, longest


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "OK": OK,
    "BAD_RDW": BAD_RDW,
    "BAD_BDW": BAD_BDW,
    "OPEN_QUOTE": OPEN_QUOTE,
    "BAD_QUOTE": BAD_QUOTE,
    "COLUMNS": COLUMNS,
    "TRUNCATED": TRUNCATED,
    "SPACED": SPACED,
}
