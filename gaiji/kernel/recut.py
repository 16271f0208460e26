# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The proof's own loops over the input: cells of delimited records, and bytes that are more than blanks.

A second, plain reading: it shares nothing with the loops that ``convert`` cuts and looks with, and imports
nothing of the toolkit. Cells are copied out, so nothing of the input is rewritten. What cannot be cut is left
where it stands, with the reason in ``Cells.error``.
"""

# Where in a cell the reading is.
FRESH = 0
INSIDE = 1
QUOTED = 2
CLOSED = 3
# What a character does to a record.
GOES_ON = 0
ENDED = 1
NEXT = 2
STOPPED = 3
# Why a record is none.
WRONG_COUNT = 1
BEHIND_QUOTE = 2
NEVER_CLOSED = 3
BLANK_BEFORE_QUOTE = 4
# What blanks before a quote are: an error, nothing, text.
REFUSED = 0
PASSED_OVER = 1
# What a CR before the end of a line is: text, a part of the end that may lack, one that must stand there.
TEXT = 0
MAY = 1
# Numbers of the table of shifts from here on lead out of double bytes.
OUT_OF = 5


class Cells:
    """A reading of delimited text, record by record, as a ``gaiji.records.batch.Framing`` says. ``pos``: what
    has been read; ``o``: bytes of ``out`` in use; ``rows`` and ``count``: whole records, and the cells of the
    last; ``error`` and ``at``: what is wrong, and where. ``ends_of_lines``, ``marks``, ``quoting``,
    ``passed``: bytes of line ends, delimiters, quotes and blanks around quotes."""

    def __init__(self, framing):
        f = framing
        self.delimiter = ord(f.delimiter)
        self.quote = ord(f.quote)
        self.unit = f.unit
        self.big = 1 if f.big else 0
        self.stop = f.stop
        self.cr = f.cr
        self.blank = f.blank
        self.spaces = f.spaces
        self.ragged = 1 if f.ragged else 0
        self.trailing = 1 if f.trailing else 0
        self.shifting = 1 if f.shifts else 0
        self._keep = (f.lead, f.trail, f.shifts or bytes(65536))
        self.lead = self._keep[0]
        self.trail = self._keep[1]
        self.shifts = self._keep[2]
        self.pos = 0
        self.restart()

    def restart(self):
        """Nothing read yet of a batch."""
        self.o = 0
        self.rows = 0
        self.count = 0
        self.error = 0
        self.at = 0
        self.ends_of_lines = 0
        self.marks = 0
        self.quoting = 0
        self.passed = 0


def read_rows(s, src, n, final, columns, most, out, begins, ends):
    """Read up to ``most`` records of ``columns`` cells (0: count those of the first, and take none) from
    ``s.pos``; cell by cell their places in ``out`` go to ``begins`` and ``ends``. Stops at the end of ``src``
    when that is not ``final``, and before a record that is none."""
    s.restart()
    while s.rows < most and s.pos < n:
        if not _read_row(s, src, n, final, columns, out, begins, ends):
            break
    return s.rows


def _unit(s, src, pos):
    if s.unit == 1:
        return src[pos]
    return src[pos] * 256 + src[pos + 1] if s.big else src[pos + 1] * 256 + src[pos]


def _read_row(s, src, n, final, columns, out, begins, ends):
    s.to = s.pos
    s.put = s.o
    s.place = FRESH
    s.double = 0
    s.line = 0
    s.quoted = 0
    s.gone = 0
    s.told = 0
    k = s.rows * columns
    count = 0
    begin = s.o
    over = GOES_ON
    while over != ENDED:
        over = _step(s, src, n, final, out)
        if over == STOPPED:
            return 0
        if over == ENDED and columns != 1 and count == 0 and s.place == FRESH:
            s.ends_of_lines += s.line
            s.pos = s.to
            return 1
        if over != GOES_ON:
            if (
                over == ENDED
                and s.trailing
                and count
                and s.place == FRESH
                and (count == columns or not columns)
            ):
                break  # the delimiter behind the last cell, and no cell
            if count < columns:
                begins[k + count] = begin
                ends[k + count] = s.put
            count += 1
            begin = s.put
            s.place = FRESH
            s.double = 0
    return _whole(s, columns, count, k, begins, ends)


def _whole(s, columns, count, k, begins, ends):
    """Take the record that was read when it has its cells."""
    s.count = count
    while s.ragged and count < columns:
        begins[k + count] = s.put
        ends[k + count] = s.put
        count += 1
    if count != columns:
        s.error = WRONG_COUNT
        s.at = s.pos
        return 0
    s.rows += 1
    s.o = s.put
    s.pos = s.to
    s.ends_of_lines += s.line
    s.marks += s.told
    s.quoting += s.quoted
    s.passed += s.gone
    return 1


def _step(s, src, n, final, out):
    """Take the next character of a record, or the quote at the begin of a cell with the blanks before it."""
    if n - s.to < s.unit:
        return _last(s, src, n - s.to, final, out)
    if s.place == QUOTED:
        return _inside_quotes(s, src, n, out)
    if s.place == FRESH:
        blanks = _blanks(s, src, n)
        if s.to + blanks + s.unit > n:
            if not final:
                return STOPPED
        elif _unit(s, src, s.to + blanks) == s.quote and (blanks == 0 or s.spaces <= PASSED_OVER):
            if blanks and s.spaces == REFUSED:
                return _wrong(s, BLANK_BEFORE_QUOTE, s.to)
            s.gone += blanks
            s.quoted += s.unit
            s.to += blanks + s.unit
            s.place = QUOTED
            return GOES_ON
    if not s.double and _unit(s, src, s.to) == s.delimiter:
        s.to += s.unit
        s.told += s.unit
        return NEXT
    s.line = _line(s, src, n, final)
    if s.line:
        s.to += s.line
        return ENDED if s.line > 0 else STOPPED
    if s.place == CLOSED:
        if s.spaces != PASSED_OVER or _unit(s, src, s.to) != s.blank:
            return _wrong(s, BEHIND_QUOTE, s.to)
        s.gone += s.unit
        s.to += s.unit
        return GOES_ON
    s.place = INSIDE
    _copy(s, src, n, out)
    return GOES_ON


def _inside_quotes(s, src, n, out):
    """Take the next character of a cell in quotes: two quotes are one of its text. Where the rest of the
    input is not there yet, the record is read again from its first byte."""
    if s.double or _unit(s, src, s.to) != s.quote:
        _copy(s, src, n, out)
        return GOES_ON
    s.quoted += s.unit
    s.to += s.unit
    if n - s.to >= s.unit and _unit(s, src, s.to) == s.quote:
        for i in range(s.unit):
            out[s.put + i] = src[s.to + i]
        s.put += s.unit
        s.to += s.unit
    else:
        s.place = CLOSED
    return GOES_ON


def _blanks(s, src, n):
    """Bytes of the blanks that stand here; none where blanks tell cells apart."""
    pos = s.to
    while s.blank != s.delimiter and pos + s.unit <= n and _unit(s, src, pos) == s.blank:
        pos += s.unit
    return pos - s.to


def _copy(s, src, n, out):
    """Take a character, or a shift, as it is."""
    size = _size(s, src, n)
    for i in range(size):
        out[s.put + i] = src[s.to + i]
    s.put += size
    s.to += size


def _size(s, src, n):
    """Bytes of what stands here, and whether double bytes follow it."""
    c = src[s.to]
    two = s.to + 1 < n
    if s.unit == 2:
        return 2
    if not s.shifting:
        return 2 if two and s.lead[c] and s.trail[src[s.to + 1]] else 1
    kind = s.shifts[c * 256]
    if kind == 0 and two:
        kind = s.shifts[c * 256 + src[s.to + 1]]
    if kind >= OUT_OF:
        if s.double:
            s.double = 0
            return kind - OUT_OF + 1
    elif kind:
        s.double = 1
        return kind
    if s.double and (c == s.stop or (c == 0x0D and s.cr and two and src[s.to + 1] == s.stop)):
        s.double = 0
    return 2 if s.double and two else 1


def _last(s, src, rest, final, out):
    """At the end of what there is; ``rest``: bytes of half a character."""
    if not final:
        return STOPPED
    if s.place == QUOTED:
        return _wrong(s, NEVER_CLOSED, s.pos)
    if rest and s.place == CLOSED:
        return _wrong(s, BEHIND_QUOTE, s.to)
    if rest:
        out[s.put] = src[s.to]
        s.put += 1
        s.to += 1
        s.place = INSIDE
    return ENDED


def _wrong(s, error, at):
    s.error = error
    s.at = at
    return STOPPED


def _line(s, src, n, final):
    """Bytes of the line end here, 0 for none, -1 when more of the input is needed to tell."""
    c = _unit(s, src, s.to)
    if c == s.stop and s.cr <= MAY:
        return 0 if s.shifting and not s.double and _shift(s, src, n) else s.unit
    if c != 0x0D or s.cr == TEXT:
        return 0
    if n - s.to < 2 * s.unit:
        return 0 if final else -1
    return 2 * s.unit if _unit(s, src, s.to + s.unit) == s.stop else 0


def _shift(s, src, n):
    """Whether what stands here is a shift."""
    c = src[s.to]
    return s.shifts[c * 256] or (s.to + 1 < n and s.shifts[c * 256 + src[s.to + 1]])


class Blanks:
    """Which bytes are blank: ``alone`` (256 flags) by themselves, ``pairs`` (two bytes each) together, and
    ``three`` bytes (or none); ``unit`` 2: bytes count in pairs only."""

    def __init__(self, alone, pairs, three, unit):
        self._keep = (bytes(alone), bytes(pairs), bytes(three))
        self.alone = self._keep[0]
        self.pairs = self._keep[1]
        self.three = self._keep[2]
        self.n_pairs = len(pairs) // 2
        self.n_three = len(three)
        self.unit = unit
        self.size = 0
        self.other = 0
        self.row = -1
        self.at = -1


def look(b, src, starts, ends, begin, stop, rows):
    """Look at bytes ``begin``..``stop`` (-1: the rest) of each record; ``b.size`` and ``b.other`` grow by
    those that are there, and those in ranges with more than blanks, whose ``rows`` get a 1. ``b.row``,
    ``b.at``: the first such place, by row and byte."""
    for row in range(len(starts)):
        a = starts[row] + begin
        z = ends[row]
        if stop >= 0 and z > starts[row] + stop:
            z = starts[row] + stop
        if a < z:
            b.size += z - a
            pos = a
            while pos < z and src[pos] == 0:
                pos += 1
            pos = a if pos < z else z  # low-values throughout, or blanks one after another
            while pos < z:
                width = _blank(b, src, pos, z)
                if width == 0:
                    break
                pos += width
            if pos < z:
                b.other += z - a
                rows[row] = 1
                if b.row < 0 or row < b.row or (row == b.row and pos < b.at):
                    b.row = row
                    b.at = pos


def _blank(b, src, pos, end):
    """Bytes of the blank at a place, 0 for none."""
    if b.unit == 1 and b.alone[src[pos]]:
        return 1
    if pos + 1 < end:
        for i in range(b.n_pairs):
            if src[pos] == b.pairs[2 * i] and src[pos + 1] == b.pairs[2 * i + 1]:
                return 2
    three = b.n_three and pos + 2 < end and src[pos] == b.three[0]
    return 3 if three and src[pos + 1] == b.three[1] and src[pos + 2] == b.three[2] else 0


def each(begin, step, length, starts, ends):
    """Where records of one length begin and end, ``step`` bytes apart."""
    for row in range(len(starts)):
        starts[row] = begin + row * step
        ends[row] = starts[row] + length


def within(starts, ends, offset, length, begin, stop):
    """Where a field begins and stops in each record, whatever the record has of it; ``length`` -1: up to its
    end."""
    for row in range(len(begin)):
        at = min(starts[row] + offset, ends[row])
        to = ends[row] if length < 0 else min(starts[row] + offset + length, ends[row])
        begin[row] = at
        stop[row] = max(at, to)


def widths(begin, stop, out):
    """The bytes of each, and of all together."""
    total = 0
    for row in range(len(out)):
        out[row] = stop[row] - begin[row]
        total += out[row]
    return total


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "FRESH": FRESH,
    "INSIDE": INSIDE,
    "QUOTED": QUOTED,
    "CLOSED": CLOSED,
    "GOES_ON": GOES_ON,
    "ENDED": ENDED,
    "NEXT": NEXT,
    "STOPPED": STOPPED,
    "WRONG_COUNT": WRONG_COUNT,
    "BEHIND_QUOTE": BEHIND_QUOTE,
    "NEVER_CLOSED": NEVER_CLOSED,
    "BLANK_BEFORE_QUOTE": BLANK_BEFORE_QUOTE,
    "REFUSED": REFUSED,
    "PASSED_OVER": PASSED_OVER,
    "TEXT": TEXT,
    "MAY": MAY,
    "OUT_OF": OUT_OF,
}
