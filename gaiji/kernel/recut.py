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


class Cells:
    """A reading of delimited text, record by record. ``pos``: what has been read; ``o``: bytes of ``out``
    in use; ``rows`` and ``count``: whole records, and the cells of the last; ``error`` and ``at``: what is
    wrong, and where. ``ends_of_lines``, ``marks``, ``quoting``, ``stop``: bytes of line ends, delimiters,
    quotes and the 1A at the end."""

    def __init__(self, delimiter, quote, unit, big, lead):
        self.delimiter = delimiter
        self.quote = quote
        self.unit = unit
        self.big = big
        self._lead = lead
        self.lead = lead
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
        self.stop = 0


def read_rows(s, src, n, final, columns, most, out, begins, ends):
    """Read up to ``most`` records of ``columns`` cells (0: count those of the first, and take none) from
    ``s.pos``; cell by cell their places in ``out`` go to ``begins`` and ``ends``. Stops at the end of ``src``
    when that is not ``final``, and before a record that is none."""
    s.restart()
    while s.rows < most and s.pos < n:
        if final and s.pos + s.unit == n and _unit(s, src, s.pos) == 0x1A:
            s.stop = s.unit
            s.pos = n
        elif not _read_row(s, src, n, final, columns, out, begins, ends):
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
    s.line = 0
    s.quoted = 0
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
            if count < columns:
                begins[k + count] = begin
                ends[k + count] = s.put
            count += 1
            begin = s.put
            s.place = FRESH
    s.count = count
    if count != columns:
        s.error = WRONG_COUNT
        s.at = s.pos
        return 0
    s.rows += 1
    s.o = s.put
    s.pos = s.to
    s.ends_of_lines += s.line
    s.marks += (count - 1) * s.unit
    s.quoting += s.quoted
    return 1


def _step(s, src, n, final, out):
    """Take the next character of a record."""
    rest = n - s.to
    if rest < s.unit:
        return _last(s, src, rest, final, out)
    c = _unit(s, src, s.to)
    width = s.unit
    if s.place != QUOTED:
        s.line = _line(s, src, s.to, n, final)
        if s.line:
            s.to += s.line
            return ENDED if s.line > 0 else STOPPED
        if c == s.delimiter:
            s.to += width
            return NEXT
    if c == s.quote and (s.place == FRESH or s.place == QUOTED):
        s.place = QUOTED if s.place == FRESH else CLOSED
        s.quoted += width
        s.to += width
        return GOES_ON
    if s.place == CLOSED and c != s.quote:
        return _wrong(s, BEHIND_QUOTE, s.to)
    s.place = QUOTED if s.place == CLOSED or s.place == QUOTED else INSIDE
    if width == 1 and s.lead[c] and rest > 1 and src[s.to + 1] >= 0x40 and c != s.quote:
        width = 2
    for i in range(width):
        out[s.put + i] = src[s.to + i]
    s.put += width
    s.to += width
    return GOES_ON


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


def _line(s, src, pos, n, final):
    """Bytes of the line end here, 0 for none, -1 when more of the input is needed to tell."""
    c = _unit(s, src, pos)
    if c == 0x0A:
        return s.unit
    if c != 0x0D:
        return 0
    rest = n - pos - s.unit
    if rest < s.unit:
        if not final:
            return -1
        return s.unit if rest == 0 else 0
    return 2 * s.unit if _unit(s, src, pos + s.unit) == 0x0A else 0


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
}
