# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that find where records and cells of a dump begin and end.

Owns the scans for line and CSV boundaries; ``gaiji.kernel.described`` has those for descriptors. Like
``gaiji.kernel.decode`` it is one source, compiled or interpreted, and imports nothing of the toolkit. Scans
never read past ``n``; what does not fit is left for the next batch. What the bytes say is for others.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

# Why a scan stopped (``Scan.error``).
OK = 0
OPEN_QUOTE = 3
BAD_QUOTE = 4
COLUMNS = 5
SPACED = 7
INLINE = 12
"""Bytes of a value that stands in its view itself."""


class Scan:
    """The place of a record scan in its input and why it stopped.

    ``pos``: bytes consumed; ``rows``: records found by the last call; ``error`` and ``at``: what was
    wrong and where; ``block_left``: bytes that the current block still holds (with BDW). ``descriptors``,
    ``line_ends``, ``delimiters``, ``quotes``, ``blanks`` (around quotes): bytes of each that the last call
    consumed; ``line``, ``marks``, ``quoting``, ``around``: those of the row that is read.
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
        self.line = 0
        self.marks = 0
        self.quoting = 0
        self.around = 0
        self.clear()

    def clear(self):
        """No bytes of any kind yet."""
        self.descriptors = 0
        self.line_ends = 0
        self.delimiters = 0
        self.quotes = 0
        self.blanks = 0


def scan_lines(s, src, n, unit, big, stop, cr, starts, ends, final):
    """Find lines from ``s.pos`` that end in the unit ``stop``; ``unit`` 2 is UTF-16 (``big``: big-endian).

    ``cr``: what a CR before it is: 0 text, 1 part of the line end, 2 needed for one.
    """
    limit = len(starts)
    s.rows = 0
    s.error = OK
    s.clear()
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
                s.line_ends += pos + unit - end
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
    if s.inside and (c == d.stop or (c == 13 and d.cr and pos + 1 < n and src[pos + 1] == d.stop)):
        s.inside = 0
        return 1
    return 2 if s.inside and pos + 1 < n else 1


def scan_csv(s, src, n, dialect, columns, rows, starts, ends, final):
    """Find the cells of delimited records from ``s.pos``; ``src`` is rewritten where quotes are undone.

    ``starts``/``ends`` are column-major: cell (row, column) is at ``column * rows + row``. A record with
    another number of cells stops the scan with ``COLUMNS``, ``s.cells`` and its end in ``s.end``; so do a
    quote left open at the end, blanks before a quote and text behind a closing quote. Blank lines are line
    ends and no more where there are several columns; else they are empty cells. ``columns`` 0 takes the first
    record's count.
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
    cell = 0
    s.marks = 0
    s.quoting = 0
    s.around = 0
    while True:
        begin = pos
        pos = _cell_start(s, src, pos, n, d)
        if pos < 0:
            return 0
        s.around += pos - begin
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
            s.quoting += 2 * unit
        behind = pos
        pos = _cell_end(s, src, pos, n, d, begin, quoted, final)
        if pos < 0:
            return 0
        c = d.stop
        if pos + unit <= n:
            c = _at(src, pos, unit, d.big)
        s.line = _line_begin(src, pos, n, d, behind)
        if quoted:
            s.around += s.line - behind
        else:
            stop = s.line
        pos += unit
        if cell == 0 and c == d.stop and not quoted and stop == begin and columns != 1:
            s.pos = pos if pos < n else n
            s.line_ends += s.pos - stop
            return 1
        if cell < columns:
            starts[cell * rows + s.rows] = begin
            ends[cell * rows + s.rows] = stop
            if quoted:  # marked for _undo_quotes, which must not run before the record is known whole
                ends[cell * rows + s.rows] = -stop - 1
        cell += 1
        if c == d.stop:
            break
        s.marks += unit
    s.end = pos if pos < n else n
    s.left = 1 if not quoted and stop == begin else 0
    return _row_done(s, src, d, cell, columns, rows, starts, ends, stop)


def _line_begin(src, pos, n, d, behind):
    """Where the line end (or delimiter) at ``pos`` begins: a CR before it may be part of it, not before
    ``behind``; ``n`` at the end of the input."""
    if pos + d.unit > n:
        return n
    before = pos - d.unit
    ends = d.cr and before >= behind and _at(src, pos, d.unit, d.big) == d.stop
    return before if ends and _at(src, before, d.unit, d.big) == 13 else pos


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
            s.quoting += -end - 1 - ends[i * rows + s.rows]
    s.rows += 1
    s.line_ends += s.end - s.line
    s.delimiters += s.marks
    s.quotes += s.quoting
    s.blanks += s.around
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


def place_views(table, places, base, starts, ends, row):
    """Where the values of a column of views lie (Arrow specification, "Variable-size Binary View Layout").

    ``table``: four words a value: its length, then itself up to 12 bytes, or its first four, the number of
    the buffer that has it and its place there. ``places``: where each buffer begins in the source; ``base``:
    where the table does. ``starts`` and ``ends`` are filled from ``row`` on. A null's view may hold anything.
    """
    at = 0
    for i in range(len(table) // 4):
        size = table[at]
        begin = base + 4 * at + 4
        if size > INLINE and 0 <= table[at + 2] < len(places):
            begin = places[table[at + 2]] + table[at + 3]
        starts[row + i] = begin
        ends[row + i] = begin + size
        at += 4


def place_values(values, starts, ends):
    """Where each value of a list begins and ends when all stand end to end; their length in all, or -1 where
    one is not ``bytes``."""
    at = 0
    for row, value in enumerate(values):
        if type(value) is not bytes:
            return -1
        starts[row] = at
        at += len(value)
        ends[row] = at
    return at


def put_values(values, starts, ends, out):
    """Values of ``bytes`` to the places that ``place_values`` found for them."""
    for row, value in enumerate(values):
        if cython.compiled:
            data = value
            memcpy(cython.address(out[starts[row]]), data, ends[row] - starts[row])
        else:
            out[starts[row] : ends[row]] = value


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "OK": OK,
    "OPEN_QUOTE": OPEN_QUOTE,
    "BAD_QUOTE": BAD_QUOTE,
    "COLUMNS": COLUMNS,
    "SPACED": SPACED,
    "INLINE": INLINE,
}
