# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that put columns together: delimited lines, cells of a fixed width, records.

Owns quoting and padding of what is written. Like ``gaiji.kernel.decode`` it is one source, compiled or
interpreted, and imports nothing of the toolkit.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

MAX_COLUMNS = 1000


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


def place(out, step, offset, data, offsets):
    """Copy a column's bytes into records of ``step`` bytes, ``offset`` bytes from the start of each.

    No text may be longer than the rest of its record (ValueError).
    """
    for row in range(len(offsets) - 1):
        n = offsets[row + 1] - offsets[row]
        at = row * step + offset
        if n > step - offset or at + n > len(out):
            raise ValueError("a field is longer than its record")
        if cython.compiled:
            if n:
                memcpy(cython.address(out[at]), cython.address(data[offsets[row]]), n)
        else:
            out[at : at + n] = data[offsets[row] : offsets[row + 1]]


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {"MAX_COLUMNS": MAX_COLUMNS}
