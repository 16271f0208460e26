# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that find where things begin and end: records in a dump, cells in delimited and fixed lines.

Owns the scans for RDW, line and CSV boundaries, and those of an output that is read back. Like
``gaiji.kernel.decode`` it is one source, compiled or interpreted, and imports nothing of the toolkit. Scans
never read past ``n``; what does not fit is left for the next batch. What the bytes say is for others.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

# Why a scan stopped (``Scan.error``).
OK = 0
BAD_RDW = 1
BAD_BDW = 2
OPEN_QUOTE = 3
BAD_QUOTE = 4
COLUMNS = 5
TRUNCATED = 6
# What stands where a line end may be.
NO_LINE_END = -2
UNKNOWN = -3


class Scan:
    """The place of a record scan in its input and why it stopped.

    ``pos``: bytes consumed; ``rows``: records found by the last call; ``error`` and ``at``: what was
    wrong and where; ``block_left``: bytes that the current block still holds (with BDW). ``descriptors``,
    ``line_ends``, ``delimiters``, ``quotes``, ``end_mark``: bytes of each that the last call consumed.
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
        self.clear()

    def clear(self):
        """No bytes of any kind yet."""
        self.descriptors = 0
        self.line_ends = 0
        self.delimiters = 0
        self.quotes = 0
        self.end_mark = 0


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
    s.clear()
    while s.rows < limit and s.pos < n:
        if not _vb_record(s, src, n, d, 0):
            break
        if s.cells > 1:
            _vb_record(s, src, n, d, 1)
        starts[s.rows] = s.begin
        ends[s.rows] = s.end
        s.descriptors += s.at - s.pos - (s.end - s.begin)
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


def scan_lines(s, src, n, unit, big, starts, ends, final):
    """Find lines that end in LF or CR LF from ``s.pos``; ``unit`` 2 is UTF-16 (``big``: big-endian)."""
    limit = len(starts)
    s.rows = 0
    s.error = OK
    s.clear()
    pos = s.pos
    begin = s.pos
    while s.rows < limit and pos + unit <= n:
        if _at(src, pos, unit, big) == 10:
            end = pos
            if end - unit >= begin and _at(src, end - unit, unit, big) == 13:
                end -= unit
            starts[s.rows] = begin
            ends[s.rows] = end
            s.rows += 1
            s.line_ends += pos + unit - end
            begin = pos + unit
        pos += unit
    if final and s.rows < limit and _end_mark(src, begin, n, unit, big):
        s.end_mark = n - begin
        begin = n
    if final and s.rows < limit and begin < n:
        starts[s.rows] = begin
        ends[s.rows] = n
        s.rows += 1
        begin = n
    s.pos = begin
    return s.rows


def _end_mark(src, pos, n, unit, big):
    """Whether all that is left is the 1A with which DOS ends a text."""
    return pos + unit == n and _at(src, pos, unit, big) == 0x1A


def _at(src, pos, unit, big):
    if unit == 1:
        return src[pos]
    if big:
        return (src[pos] << 8) | src[pos + 1]
    return (src[pos + 1] << 8) | src[pos]


class Dialect:
    """How cells are told apart: ``delimiter`` and ``quote`` (numbers of units), ``unit`` 2 for UTF-16,
    ``big`` its order; ``lead`` (256 flags) marks lead bytes: a byte from 40 up behind one is its second half,
    never a delimiter.
    """

    def __init__(self, delimiter, quote, unit, big, lead):
        self.delimiter = delimiter
        self.quote = quote
        self.unit = unit
        self.big = big
        self._keep = lead
        self.lead = lead


def scan_csv(s, src, n, dialect, columns, rows, starts, ends, final):
    """Find the cells of delimited records from ``s.pos``; ``src`` is rewritten where quotes are undone.

    ``starts``/``ends`` are column-major: cell (row, column) is at ``column * rows + row``. A record with
    another number of cells stops the scan with ``COLUMNS`` and ``s.cells``; so do a quote left open at
    the end and text behind a closing quote. Blank lines are line ends and no more, but where a record has one
    cell: there they are its empty ones. ``columns`` 0 takes the first record's count.
    """
    s.rows = 0
    s.error = OK
    s.clear()
    while s.rows < rows and s.pos < n:
        if not _csv_row(s, src, n, dialect, columns, rows, starts, ends, final):
            break
    return s.rows


def _csv_row(s, src, n, d, columns, rows, starts, ends, final):
    unit = d.unit
    pos = s.pos
    if final and _end_mark(src, pos, n, unit, d.big):
        s.end_mark = unit
        s.pos = n
        return 1
    cell = 0
    quotes = 0
    width = -1
    while width < 0:
        begin = pos
        quoted = 0
        if pos + unit <= n and _at(src, pos, unit, d.big) == d.quote:
            quoted = 1
            begin = pos + unit
            pos = _behind_quote(s, src, n, d, begin, final)
            stop = pos - unit
            quotes += 2 * unit
        else:
            pos = _cell_end(src, pos, n, d, final)
            stop = pos
        if pos < 0:
            return 0
        if cell < columns:
            starts[cell * rows + s.rows] = begin
            ends[cell * rows + s.rows] = stop
            if quoted:  # marked for _undo_quotes, which must not run before the record is known whole
                ends[cell * rows + s.rows] = -stop - 1
        cell += 1
        if pos + unit <= n and _at(src, pos, unit, d.big) == d.delimiter:
            pos += unit
            continue
        width = _line_end(src, pos, n, unit, d.big, final)
        if width < 0:
            if width == NO_LINE_END:
                s.error = BAD_QUOTE
                s.at = pos
            return 0
    pos += width
    if cell == 1 and columns != 1 and not quoted and stop == begin:
        s.line_ends += width
        s.pos = pos
        return 1
    s.cells = cell
    if cell != columns:
        s.error = COLUMNS
        s.at = s.pos
        return 0
    for i in range(columns):
        stop = ends[i * rows + s.rows]
        if stop < 0:
            ends[i * rows + s.rows] = _undo_quotes(src, starts[i * rows + s.rows], -stop - 1, d)
            quotes += -stop - 1 - ends[i * rows + s.rows]
    s.rows += 1
    s.line_ends += width
    s.delimiters += (cell - 1) * unit
    s.quotes += quotes
    s.pos = pos
    return 1


def _cell_end(src, pos, n, d, final):
    """Where a cell without quotes ends: before a delimiter or a line end; -1 when the buffer ends first."""
    unit = d.unit
    while pos + unit <= n:
        c = _at(src, pos, unit, d.big)
        if c == d.delimiter or c == 10:
            return pos
        if c == 13:
            width = _line_end(src, pos, n, unit, d.big, final)
            if width == UNKNOWN:
                return -1
            if width > 0:
                return pos
        if unit == 1 and d.lead[c] and pos + 1 < n and src[pos + 1] >= 0x40:
            pos += 1
        pos += unit
    return n if final else -1


def _line_end(src, pos, n, unit, big, final):
    """Bytes of the line end at ``pos``: LF, CR LF, the end of the input, or a CR before that. ``UNKNOWN``
    when the buffer ends before it can be told, ``NO_LINE_END`` when there is none."""
    if pos + unit > n:
        if not final:
            return UNKNOWN
        return 0 if pos == n else NO_LINE_END
    c = _at(src, pos, unit, big)
    if c == 10:
        return unit
    if c != 13:
        return NO_LINE_END
    if pos + 2 * unit > n:
        if not final:
            return UNKNOWN
        return unit if pos + unit == n else NO_LINE_END
    return 2 * unit if _at(src, pos + unit, unit, big) == 10 else NO_LINE_END


def _behind_quote(s, src, n, d, pos, final):
    """Behind the closing quote of a cell that begins at ``pos``; -1 when the buffer ends before it."""
    unit = d.unit
    while True:
        if pos + unit > n:
            if final:
                s.error = OPEN_QUOTE
                s.at = s.pos
            return -1
        c = _at(src, pos, unit, d.big)
        if c == d.quote:
            if pos + 2 * unit > n and not final:
                return -1
            if pos + 2 * unit > n or _at(src, pos + unit, unit, d.big) != d.quote:
                return pos + unit
            pos += unit
        elif unit == 1 and d.lead[c] and pos + 1 < n and src[pos + 1] >= 0x40:
            pos += 1
        pos += unit


def _undo_quotes(src, begin, stop, d):
    """Close up doubled quotes inside ``begin``..``stop``; returns the new end."""
    unit = d.unit
    put = begin
    pos = begin
    while pos < stop:
        c = _at(src, pos, unit, d.big)
        if c == d.quote:
            pos += unit
        elif unit == 1 and d.lead[c] and pos + 1 < stop and src[pos + 1] >= 0x40:
            src[put] = src[pos]
            put += 1
            pos += 1
        for i in range(unit):
            src[put + i] = src[pos + i]
        put += unit
        pos += unit
    return put


def csv_skip(src, pos, n, unit, big):
    """Where the line after ``pos`` begins (``n`` when there is none): how a bad record is stepped over."""
    while pos + unit <= n:
        if _at(src, pos, unit, big) == 10:
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


def scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends):
    """Cells of lines without quotes, from ``pos``: column-major, cell (row, column) at ``column * rows +
    row``.

    Starts at row ``first``; stops before a line that is not whole, has a cell that begins with a quote, or
    has another number of cells. Returns the next row to do.
    """
    if cython.compiled:
        with cython.nogil:
            first = _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends)
    else:
        first = _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends)
    return first


def _scan_cells(src, pos, n, delimiter, crlf, columns, first, rows, starts, ends):
    while first < rows:
        for column in range(columns):
            begin = pos
            if pos < n and src[pos] == 34:
                return first
            while pos < n and src[pos] != delimiter and src[pos] != 10:
                pos += 1
            if pos >= n or (src[pos] == 10) != (column == columns - 1):
                return first
            starts[column * rows + first] = begin
            ends[column * rows + first] = pos
            pos += 1
        if crlf:
            if pos < 2 or src[pos - 2] != 13:
                return first
            ends[(columns - 1) * rows + first] -= 1
        first += 1
    return first


def fixed_cells(src, rows, step, offset, width, starts, ends):
    """Cells of fixed-length lines of ``step`` bytes, without the spaces at their end."""
    for row in range(rows):
        pos = row * step + offset
        end = pos + width
        while end > pos and src[end - 1] == 0x20:
            end -= 1
        starts[row] = pos
        ends[row] = end


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "OK": OK,
    "BAD_RDW": BAD_RDW,
    "BAD_BDW": BAD_BDW,
    "OPEN_QUOTE": OPEN_QUOTE,
    "BAD_QUOTE": BAD_QUOTE,
    "COLUMNS": COLUMNS,
    "TRUNCATED": TRUNCATED,
    "NO_LINE_END": NO_LINE_END,
    "UNKNOWN": UNKNOWN,
}
