# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops around decoding: cutting bytes into records, numeric fields, writing delimited lines.

Owns the scans for RDW, line and CSV boundaries, the text of zoned, packed and binary numbers, and the
joining of columns into lines. Like ``gaiji.kernel.decode`` it is one source, compiled or interpreted, and
imports nothing of the toolkit. Scans never read past ``n``; what does not fit is left for the next batch.
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

ZONED = 0
PACKED = 1
BINARY = 2
MAX_COLUMNS = 1000


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


def scan_vb(s, src, n, blocked, starts, ends, final):
    """Find records behind 4-byte RDWs (big-endian length with itself, two zero bytes) from ``s.pos``.

    With ``blocked``, 4-byte BDWs enclose runs of records. Source of the rule: IBM z/OS DFSMS, record
    format V/VB. ``starts``/``ends`` receive the byte ranges without the RDW.
    """
    limit = len(starts)
    s.rows = 0
    s.error = OK
    while s.rows < limit and s.pos < n:
        if blocked and s.block_left == 0:
            if s.pos + 4 > n:
                break
            size = (src[s.pos] << 8) | src[s.pos + 1]
            if size < 8 or src[s.pos + 2] or src[s.pos + 3]:
                s.error = BAD_BDW
                break
            s.block_left = size - 4
            s.pos += 4
        if s.pos + 4 > n:
            break
        size = (src[s.pos] << 8) | src[s.pos + 1]
        if size < 4 or src[s.pos + 2] or src[s.pos + 3] or (blocked and size > s.block_left):
            s.error = BAD_RDW
            break
        if s.pos + size > n:
            break
        starts[s.rows] = s.pos + 4
        ends[s.rows] = s.pos + size
        s.rows += 1
        s.pos += size
        if blocked:
            s.block_left -= size
    s.at = s.pos
    if s.error == OK and final and s.rows < limit and (s.pos < n or (blocked and s.block_left > 0)):
        s.error = TRUNCATED  # a block that promises more is cut too, even between two of its records
    return s.rows


def scan_lines(s, src, n, unit, big, starts, ends, final):
    """Find lines that end in LF or CR LF from ``s.pos``; ``unit`` 2 is UTF-16 (``big``: big-endian)."""
    limit = len(starts)
    s.rows = 0
    s.error = OK
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


def scan_csv(s, src, n, delimiter, quote, unit, big, lead, columns, rows, starts, ends, final):
    """Find the cells of delimited records from ``s.pos``; ``src`` is rewritten where quotes are undone.

    ``starts``/``ends`` are column-major: cell (row, column) is at ``column * rows + row``. ``lead`` (256
    flags) marks lead bytes: a byte from 40 up behind one is its second half, never a delimiter. A record with
    another number of cells stops the scan with ``COLUMNS`` and ``s.cells``; so do a quote left open at
    the end and text behind a closing quote. Blank lines are skipped. ``columns`` 0 takes the first
    record's count.
    """
    s.rows = 0
    s.error = OK
    while s.rows < rows and s.pos < n:
        if not _csv_row(s, src, n, delimiter, quote, unit, big, lead, columns, rows, starts, ends, final):
            break
    return s.rows


def _csv_row(s, src, n, delimiter, quote, unit, big, lead, columns, rows, starts, ends, final):
    pos = s.pos
    cell = 0
    while True:
        begin = pos
        quoted = 0
        if pos + unit <= n and _at(src, pos, unit, big) == quote:
            quoted = 1
            pos += unit
            begin = pos
            while True:
                if pos + unit > n:
                    if final:
                        s.error = OPEN_QUOTE
                        s.at = s.pos
                    return 0
                c = _at(src, pos, unit, big)
                if c == quote:
                    if pos + 2 * unit > n and not final:
                        return 0
                    if pos + 2 * unit <= n and _at(src, pos + unit, unit, big) == quote:
                        pos += unit
                    else:
                        pos += unit
                        break
                elif unit == 1 and lead[c] and pos + 1 < n and src[pos + 1] >= 0x40:
                    pos += 1
                pos += unit
            stop = pos - unit
        while True:
            if pos + unit > n:
                if not final:
                    return 0
                c = 10
                break
            c = _at(src, pos, unit, big)
            if c == delimiter or c == 10:
                break
            if quoted and c != 13:
                s.error = BAD_QUOTE
                s.at = pos
                return 0
            if unit == 1 and lead[c] and pos + 1 < n and src[pos + 1] >= 0x40:
                pos += 1
            pos += unit
        if not quoted:
            stop = pos
            if c == 10 and stop - unit >= begin and _at(src, stop - unit, unit, big) == 13:
                stop -= unit
        pos += unit
        if cell == 0 and c == 10 and not quoted and stop == begin:
            s.pos = pos if pos < n else n
            return 1
        if cell < columns:
            starts[cell * rows + s.rows] = begin
            ends[cell * rows + s.rows] = stop
            if quoted:  # marked for _undo_quotes, which must not run before the record is known whole
                ends[cell * rows + s.rows] = -stop - 1
        cell += 1
        if c == 10:
            break
    s.cells = cell
    if cell != columns:
        s.error = COLUMNS
        s.at = s.pos
        return 0
    for i in range(columns):
        stop = ends[i * rows + s.rows]
        if stop < 0:
            ends[i * rows + s.rows] = _undo_quotes(
                src, starts[i * rows + s.rows], -stop - 1, quote, unit, big, lead
            )
    s.rows += 1
    s.pos = pos if pos < n else n
    return 1


def _undo_quotes(src, begin, stop, quote, unit, big, lead):
    """Close up doubled quotes inside ``begin``..``stop``; returns the new end."""
    put = begin
    pos = begin
    while pos < stop:
        c = _at(src, pos, unit, big)
        if c == quote:
            pos += unit
        elif unit == 1 and lead[c] and pos + 1 < stop and src[pos + 1] >= 0x40:
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


def numbers(src, kind, digits, scale, signed, ascii, starts, ends, offset, length, out, offsets, bad):
    """Text of numeric fields, exactly: no digit is dropped, the sign is kept, ``scale`` sets the point.

    ``kind``: ZONED, PACKED or BINARY; ``ascii``: zones are 3 (ASCII host) and not F. ``out`` must hold
    twice the field and 24 bytes a row. ``bad`` receives, for each row, -1 or the offset in the field of
    the byte that is not a digit or sign. Returns how many rows are bad. Source of the rules: IBM
    Enterprise COBOL, USAGE DISPLAY, COMP-3 and COMP.
    """
    if cython.compiled:
        with cython.nogil:
            wrong = _numbers(
                src, kind, digits, scale, signed, ascii, starts, ends, offset, length, out, offsets, bad
            )
    else:
        wrong = _numbers(
            src, kind, digits, scale, signed, ascii, starts, ends, offset, length, out, offsets, bad
        )
    return wrong


def _numbers(src, kind, digits, scale, signed, ascii, starts, ends, offset, length, out, offsets, bad):
    n_rows = len(starts)
    o = 0
    wrong = 0
    for row in range(n_rows):
        pos = starts[row] + offset
        end = ends[row]
        if pos > end:
            pos = end
        if length >= 0 and pos + length < end:
            end = pos + length
        bad[row] = -1
        if pos >= end:
            bad[row] = 0
        elif kind == PACKED:
            o = _packed(src, pos, end, digits, scale, out, o, bad, row)
        elif kind == ZONED:
            o = _zoned(src, pos, end, scale, ascii, out, o, bad, row)
        else:
            o = _binary(src, pos, end, scale, signed, out, o, bad, row)
        offsets[row + 1] = o
        if bad[row] >= 0:
            wrong += 1
    return wrong


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


def _packed(src, pos, end, digits, scale, out, o, bad, row):
    last = src[end - 1] & 15
    total = 2 * (end - pos) - 1
    for i in range(total):
        b = src[pos + (i >> 1)]
        d = (b >> 4) if i & 1 == 0 else (b & 15)
        if d > 9:
            bad[row] = i >> 1
            return o
    if last < 10:
        bad[row] = end - 1 - pos
        return o
    first = 0
    if digits and digits < total and src[pos] >> 4 == 0:
        first = 1  # an even number of digits leaves the first half byte empty
    if last == 11 or last == 13:
        out[o] = 45
        o += 1
    if total - first == scale:
        out[o] = 48
        o += 1
    for i in range(first, total):
        if scale and i == total - scale:
            out[o] = 46
            o += 1
        b = src[pos + (i >> 1)]
        out[o] = 48 + ((b >> 4) if i & 1 == 0 else (b & 15))
        o += 1
    return o


def _zoned(src, pos, end, scale, ascii, out, o, bad, row):
    """Digits with a zone each; the sign sits in the last zone, or apart as + or - before or behind."""
    plus = 0x2B if ascii else 0x4E
    minus = 0x2D if ascii else 0x60
    zone = 3 if ascii else 15
    begin = o
    negative = 0
    first = pos
    if src[pos] == plus or src[pos] == minus:
        negative = 1 if src[pos] == minus else 0
        pos += 1
    elif src[end - 1] == plus or src[end - 1] == minus:
        negative = 1 if src[end - 1] == minus else 0
        end -= 1
    total = end - pos
    if total <= 0:
        bad[row] = 0
        return begin
    out[o] = 45
    o += 1
    if total == scale:
        out[o] = 48
        o += 1
    for i in range(total):
        b = src[pos + i]
        z = b >> 4
        if z != zone:
            if i == total - 1 and (z == 12 or z == 15 or z == 10 or z == 14) and not ascii:
                negative = 0
            elif (i == total - 1 and (z == 13 or z == 11) and not ascii) or (
                i == total - 1 and z == 7 and ascii
            ):
                negative = 1
            else:
                bad[row] = pos + i - first
                return begin
        if b & 15 > 9:
            bad[row] = pos + i - first
            return begin
        if scale and i == total - scale:
            out[o] = 46
            o += 1
        out[o] = 48 + (b & 15)
        o += 1
    if not negative:  # the place kept for the sign is not needed: close up
        for i in range(begin, o - 1):
            out[i] = out[i + 1]
        o -= 1
    return o


def _binary(src, pos, end, scale, signed, out, o, bad, row):
    """Two's complement (or unsigned) big-endian, up to 8 bytes, without leading zeros."""
    size = end - pos
    if size > 8:
        bad[row] = 8
        return o
    value = 0
    negative = 0
    if signed and src[pos] & 0x80:
        negative = 1
    for i in range(size):
        b = src[pos + i]
        if negative:
            b = 255 - b
        value = (value << 8) | b
    if negative:
        value += 1
        out[o] = 45
        o += 1
    count = 1
    rest = value // 10
    while rest > 0:
        rest = rest // 10
        count += 1
    if count <= scale:
        count = scale + 1
    width = count + (1 if scale else 0)
    at = o + width - 1
    for i in range(count):
        if scale and i == scale:
            out[at] = 46
            at -= 1
        out[at] = 48 + value % 10
        value = value // 10
        at -= 1
    return o + width


class Lines:
    """Columns that are joined row by row into delimited lines (at most ``MAX_COLUMNS`` columns)."""

    def __init__(self):
        self.count = 0
        self._keep = []
        if not cython.compiled:
            self.data = []
            self.offs = []
            self.check = []

    def add(self, data, offsets, check):
        """One column: UTF-8 ``data``, int64 ``offsets`` (rows + 1); ``check``: it may need quoting."""
        if self.count >= MAX_COLUMNS:
            raise ValueError("too many columns")
        if cython.compiled:
            self._add(data, offsets, check)
        else:
            self.data.append(data)
            self.offs.append(offsets)
            self.check.append(check)
        self._keep.append((data, offsets))
        self.count += 1

    def _add(self, data, offsets, check):
        if cython.compiled:
            self.data[self.count] = cython.address(data[0])
            self.offs[self.count] = cython.address(offsets[0])
            self.check[self.count] = check

    def size(self, first, last):
        """The most bytes that the lines of rows ``first``..``last`` can take."""
        total = (last - first) * (3 * self.count + 2) + 64
        for i in range(self.count):
            total += (self.offs[i][last] - self.offs[i][first]) * (2 if self.check[i] else 1)
        return total

    def write(self, out, first, last, delimiter, crlf):
        """Write rows ``first``..``last`` to ``out``; returns the bytes written. Quoting: RFC 4180.

        ``delimiter`` 0 writes none (fixed-length records).
        """
        if cython.compiled:
            with cython.nogil:
                done = _write_lines(self, out, first, last, delimiter, crlf)
        else:
            done = _write_lines(self, out, first, last, delimiter, crlf)
        return done


def _write_lines(lines, out, first, last, delimiter, crlf):
    o = 0
    for row in range(first, last):
        for i in range(lines.count):
            if i and delimiter:
                out[o] = delimiter
                o += 1
            begin = lines.offs[i][row]
            n = lines.offs[i][row + 1] - begin
            if lines.check[i] and _needs_quotes(lines.data[i], begin, n, delimiter):
                o = _write_quoted(lines.data[i], begin, n, out, o)
            else:
                if cython.compiled:
                    memcpy(cython.address(out[o]), lines.data[i] + begin, n)
                else:
                    out[o : o + n] = lines.data[i][begin : begin + n]
                o += n
        if crlf:
            out[o] = 13
            o += 1
        out[o] = 10
        o += 1
    return o


def _needs_quotes(data, begin, n, delimiter):
    found = 0
    for i in range(n):
        b = data[begin + i]
        found |= (b == delimiter) | (b == 34) | (b == 10) | (b == 13)
    return found


def _write_quoted(data, begin, n, out, o):
    out[o] = 34
    o += 1
    for i in range(n):
        b = data[begin + i]
        if b == 34:
            out[o] = 34
            o += 1
        out[o] = b
        o += 1
    out[o] = 34
    return o + 1


def fit(data, offsets, width, wide, out, out_offsets, bad):
    """Pad each row's UTF-8 text with spaces to ``width`` units; cut what is longer at a character.

    A unit is a byte of UTF-8 or, when ``wide``, two bytes of UTF-16. A variation selector is never cut
    from its base. ``out`` needs room for ``width * 3`` bytes a row; ``bad`` receives 1 for each row that
    was cut. Returns the bytes written.
    """
    o = 0
    for row in range(len(bad)):
        pos = offsets[row]
        end = offsets[row + 1]
        used = 0
        last = pos
        units = 0
        while pos < end:
            size = 1
            if data[pos] >= 0xF0:
                size = 4
            elif data[pos] >= 0xE0:
                size = 3
            elif data[pos] >= 0xC0:
                size = 2
            selector = size == 4 and data[pos] == 0xF3 and data[pos + 1] == 0xA0
            units += (2 if size == 4 else 1) if wide else size
            if not selector and units > width:
                break
            if selector and units > width:
                pos = last
                break
            last = pos if not selector else last
            pos += size
            used = units
        bad[row] = 1 if pos < end else 0
        if pos < end:
            used = 0
        for i in range(offsets[row], pos):
            out[o] = data[i]
            o += 1
            if bad[row]:
                if not wide:
                    used += 1
                elif data[i] & 0xC0 != 0x80:
                    used += 2 if data[i] >= 0xF0 else 1
        while used < width:
            out[o] = 0x20
            o += 1
            used += 1
        out_offsets[row + 1] = o
    return o


CONSTANTS = {
    "OK": OK,
    "BAD_RDW": BAD_RDW,
    "BAD_BDW": BAD_BDW,
    "OPEN_QUOTE": OPEN_QUOTE,
    "BAD_QUOTE": BAD_QUOTE,
    "COLUMNS": COLUMNS,
    "TRUNCATED": TRUNCATED,
    "ZONED": ZONED,
    "PACKED": PACKED,
    "BINARY": BINARY,
    "MAX_COLUMNS": MAX_COLUMNS,
}
