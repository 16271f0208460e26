# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops of the way back: UTF-8 columns to vendor bytes, and the proof of a column against its source.

Owns the match of the longest text, canonical shifts, padding to a length, numbers back to their bytes, and
the comparison of a converted column with the bytes it came from. Like ``gaiji.kernel.decode`` it is one
source, compiled or interpreted, and imports nothing of the toolkit; it shares no loop and no table with
decoding, so that one checks the other.

Look-up: a code point leads through ``pages`` to a 32-bit *value*: the code (24 bits), its bytes or digits
(4 bits) and a mark that longer texts begin so (selectors need none: their first byte, F3, shows them).
Longer texts are found by steps (state, code point) in a hash. A variation selector belongs to the
character before it: a match that leaves one behind is none.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

# Codes.kind
SHIFTED = 0
LEAD = 1
DECIMAL = 2
UTF8 = 3
UTF16 = 4
# Field modes, as in gaiji.kernel.
MIXED = 0
DOUBLE = 1
SINGLE = 2
# Reasons, as in gaiji.model.
ILLEGAL = 3
BROKEN_SHIFT = 4
OVERFLOW = 8
# A finding is six int64: row, byte offset in the text, character position, code point, bytes of text, reason.
FINDING = 6
MORE = 0x80000000
VALUE = 0x0FFFFFFF
SLACK = 64
AHEAD = 16
# What a compared row is; each is worse than the one before it.
IDENTICAL = 0
FORM = 1
ONE_WAY = 2
FLAGGED = 3
CHANGED = 4
# Kinds of numbers, as in gaiji.kernel_io.
ZONED = 0
PACKED = 1
BINARY = 2


def compiled():
    """Whether this module runs as compiled code."""
    return bool(cython.compiled)


class Codes:
    """A charset compiled for encoding in one field mode; ``gaiji.codes.encoding`` fills it.

    ``pages`` (array H), ``slots`` (array I): code point → value. ``keys`` (array q, -1 free), ``values`` (I),
    ``nexts`` (array q, -1 none): steps of longer texts; their length is a power of two.
    ``reads``: what each code reads as, for ``compare_rows``: for single, double and triple codes an array I
    of where its text stands in ``blob``, one array of its length.
    """

    def __init__(
        self, kind, pages, slots, keys, values, nexts, shift_in, shift_out, pads, reads, blob, **more
    ):
        self.kind = kind
        self.little = more.get("little", 0)
        self.digits = more.get("digits", 0)
        self.geta = more.get("geta", 0)
        self.mask = len(keys) - 1
        self.shift_in = shift_in
        self.shift_out = shift_out
        self.n_in = len(shift_in)
        self.n_out = len(shift_out)
        self.pad_single, self.pad_hi, self.pad_lo = pads
        self._keep = (pages, slots, keys, values, nexts, reads, blob, shift_in, shift_out)
        at1, len1, at2, len2, at3, len3 = reads
        self.n_double = len(len2)
        self.n_triple = len(len3)
        self.blob = blob
        self.len1 = len1
        self.len2 = len2
        self.len3 = len3
        if cython.compiled:
            self._bind(pages, slots, keys, values, nexts, at1, at2, at3)
        else:
            self.pages, self.slots, self.keys, self.values, self.nexts = pages, slots, keys, values, nexts
            self.at1, self.at2, self.at3 = at1, at2, at3

    def _bind(self, pages, slots, keys, values, nexts, at1, at2, at3):
        """Bare pointers to the arrays, which ``_keep`` holds."""
        if cython.compiled:
            self._pages = pages
            self._slots = slots
            self._keys = keys
            self._values = values
            self._nexts = nexts
            self._at1 = at1
            self._at2 = at2
            self._at3 = at3
            self.pages = cython.address(self._pages[0])
            self.slots = cython.address(self._slots[0])
            self.keys = cython.address(self._keys[0])
            self.values = cython.address(self._values[0])
            self.nexts = cython.address(self._nexts[0])
            self.at1 = cython.address(self._at1[0])
            self.at2 = cython.address(self._at2[0])
            self.at3 = cython.address(self._at3[0])


class Pen:
    """The cursor of one encode call: where it reads, where it writes, what it noted.

    ``units``: write four bytes a unit (its value) and no shifts, padding or limit.
    """

    def __init__(self, src, out, findings):
        self.findings = findings
        if cython.compiled:
            self._src = src
            self._out = out
            self.src = cython.address(self._src[0])
            self.out = cython.address(self._out[0])
        else:
            self.src = src
            self.out = out
        self.o = 0
        self.n = 0
        self.row = 0
        self.char = 0
        self.body = 0
        self.units = 0


def encode_rows(c, w, mode, starts, ends, widths, offsets, row, capacity, slots):
    """Encode the texts of the rows from ``row`` on; stops before a row that might not fit.

    ``starts``/``ends``: byte range of each text in the source. ``widths``: the bytes that each field has
    (padded, or cut at a character with an ``overflow`` finding), -1 for as many as it needs. ``offsets``
    receives the end of each row's bytes. A text without a code becomes 〓 (nothing, where the charset has
    none) and an ``illegal`` finding; broken UTF-8 is ``broken-shift``. Returns the next row to do.
    """
    n_rows = len(starts)
    _check(n_rows, len(ends), len(widths), len(offsets) - 1)
    if cython.compiled:
        with cython.nogil:
            row = _encode_rows(c, w, mode, starts, ends, widths, offsets, row, n_rows, capacity, slots)
    else:
        row = _encode_rows(c, w, mode, starts, ends, widths, offsets, row, n_rows, capacity, slots)
    return row


def _check(rows, a, b, c):
    """Compiled loops do not check bounds: arrays of other lengths must not come in."""
    if a != rows or b < rows or c < rows:
        raise ValueError("arrays of different lengths")


def _encode_rows(c, w, mode, starts, ends, widths, offsets, row, n_rows, capacity, slots):
    while row < n_rows:
        size = ends[row] - starts[row]
        need = widths[row] if widths[row] >= 0 else size * 8
        if w.o + need + size + SLACK > capacity or w.n + size + 2 > slots:
            break
        w.row = row
        _encode_one(c, w, mode, starts[row], ends[row], widths[row])
        offsets[row + 1] = w.o
        row += 1
    return row


def _encode_one(c, w, mode, begin, end, width):
    """One text from ``begin`` to ``end``, closed and padded."""
    first = w.o
    w.start = begin
    w.pos = begin
    w.end = end
    w.char = 0
    w.shifted = 0
    w.full = 0
    w.limit = first + width if width >= 0 else -1
    _text(c, w)
    if w.units:
        return
    w.body = w.o - first if w.shifted or w.o == first else -1
    if w.shifted:
        _bytes(w, c.shift_out, c.n_out)
        w.shifted = 0
    if width >= 0:
        _pad(c, w, mode, first + width)


def _text(c, w):
    """Encode from ``w.pos`` to ``w.end``: runs of units that need no shift, then one unit that may need
    care."""
    while w.pos < w.end and not w.full:
        if not w.units:
            _run(c, w)
        if w.pos < w.end:
            _slow(c, w)


def _run(c, w):
    """Write units of one width until another width, a longer text or the end of the room comes."""
    src = w.src
    out = w.out
    pages = c.pages
    slots = c.slots
    pos = w.pos
    end = w.end
    o = w.o
    done = 0
    stop = w.limit - 2 if w.limit >= 0 else o + 8 * (end - pos)
    if c.n_in and w.shifted:
        stop -= c.n_out if w.limit >= 0 else 0
    wide = 2
    if c.kind > LEAD:
        return
    if c.n_in and not w.shifted:
        wide = 1
    while pos < end and o <= stop:
        b = src[pos]
        if b >= 0xE0:
            if b >= 0xF0 or pos + 3 > end or src[pos + 1] & 0xC0 != 0x80 or src[pos + 2] & 0xC0 != 0x80:
                break
            code = ((b & 15) << 12) | ((src[pos + 1] & 63) << 6) | (src[pos + 2] & 63)
            n = 3
        elif b < 0x80:
            code = b
            n = 1
        else:
            break
        value = slots[(pages[code >> 8] << 8) | (code & 255)]
        size = value >> 24
        if pos + n < end and src[pos + n] == 0xF3:
            break
        if size == 2 and wide == 2:
            out[o] = (value >> 8) & 255
            out[o + 1] = value & 255
            o += 2
        elif size == 1 and (wide == 1 or c.n_in == 0):
            out[o] = value & 255
            o += 1
        else:
            break
        pos += n
        done += 1
    w.char += done
    w.pos = pos
    w.o = o


def _slow(c, w):
    """One character that the fast loop left: a longer text, one without a code, or broken UTF-8."""
    _match(c, w, w.pos)
    size = w.used
    if w.value:
        if not _put(c, w, w.value):
            return
    else:
        reason = ILLEGAL if w.point >= 0 else BROKEN_SHIFT
        if c.geta and not _put(c, w, c.geta):
            return
        _note(w, w.point if w.point >= 0 else w.src[w.pos], size, reason)
    w.pos += size
    w.char += 1


def _match(c, w, pos):
    """The longest text at ``pos``: its value in ``w.value`` (0: none), its bytes in ``w.used``, the first
    code point in ``w.point`` (-1: the byte at ``pos`` begins no character)."""
    w.value = 0
    n = _point(w, pos)
    if n == 0:
        w.point = -1
        w.used = 1
        return
    first = w.cp
    w.point = first
    w.used = n
    best = c.slots[(c.pages[first >> 8] << 8) | (first & 255)]
    after = pos + n
    if best & MORE or (after < w.end and w.src[after] == 0xF3):
        after = _steps(c, w, first, pos + n, best & VALUE)
        best = w.value
        w.used = after - pos
    w.value = 0
    if best == VALUE:  # blocked: it has no code and does not stand for itself
        return
    selector = 0
    if after < w.end and w.src[after] == 0xF3:
        selector = _point(w, after)
        if w.cp < 0xE0100 or w.cp > 0xE01EF:
            selector = 0
    if best and not selector:
        w.value = best
    elif c.kind >= UTF8:  # Unicode: what has no row is itself
        w.value = first
        w.used = n
        if first == 0:
            w.value = MORE
    elif selector:
        w.used = after + selector - pos


def _steps(c, w, state, pos, best):
    """Follow longer texts from ``state``; the best value goes to ``w.value``, returns where it ends."""
    after = pos
    w.value = best
    while pos < w.end:
        n = _point(w, pos)
        if n == 0:
            break
        i = ((state * 31 + w.cp) * 40503) & c.mask
        key = (state << 21) | w.cp
        while c.keys[i] != key and c.keys[i] != -1:
            i = (i + 1) & c.mask
        if c.keys[i] == -1:
            break
        pos += n
        if c.values[i]:
            w.value = c.values[i]
            after = pos
        state = c.nexts[i]
        if state < 0:
            break
    return after


def _point(w, pos):
    """Read one code point into ``w.cp``; returns its bytes, 0 when they are no valid UTF-8."""
    src = w.src
    end = w.end
    b = src[pos]
    if b < 0x80:
        w.cp = b
        return 1
    n = 0
    if b >= 0xC2 and b < 0xE0:
        n = 2
    elif b >= 0xE0 and b < 0xF0:
        n = 3
    elif b >= 0xF0 and b < 0xF5:
        n = 4
    if n == 0 or pos + n > end:
        return 0
    cp = b & (0xFF >> (n + 1))
    for i in range(1, n):
        b = src[pos + i]
        if b & 0xC0 != 0x80:
            return 0
        cp = (cp << 6) | (b & 63)
    if (
        (n == 3 and cp < 0x800)
        or (n == 4 and (cp < 0x10000 or cp > 0x10FFFF))
        or (cp >= 0xD800 and cp < 0xE000)
    ):
        return 0
    w.cp = cp
    return n


def _put(c, w, value):
    """Write a unit; 0 when the field has no room for it and what must close it (noted as ``overflow``)."""
    if w.units:
        for i in range(4):
            w.out[w.o + i] = ((value & VALUE) >> (8 * i)) & 255
        w.o += 4
        return 1
    size = (value >> 24) & 15
    code = value & 0xFFFFFF
    if c.kind >= UTF8:
        size = _width(c, code)
    wide = c.n_in and size > 1
    need = size
    if c.n_in:
        if wide:
            need += c.n_out + (0 if w.shifted else c.n_in)
        elif w.shifted:
            need += c.n_out
    if w.limit >= 0 and w.o + need > w.limit:
        _note(w, code, w.used, OVERFLOW)
        w.full = 1
        return 0
    if c.n_in and wide != w.shifted:
        if wide:
            _bytes(w, c.shift_in, c.n_in)
        else:
            _bytes(w, c.shift_out, c.n_out)
        w.shifted = wide
    _write(c, w, code, size)
    return 1


def _width(c, cp):
    """Bytes of a code point in UTF-8 or UTF-16."""
    if c.kind == UTF16:
        return 2 if cp < 0x10000 else 4
    if cp < 0x80:
        return 1
    if cp < 0x800:
        return 2
    return 3 if cp < 0x10000 else 4


def _write(c, w, code, size):
    """The bytes of one code."""
    out = w.out
    o = w.o
    if c.kind == UTF8 and size > 1:
        for i in range(size - 1):
            out[o + size - 1 - i] = 0x80 | (code & 63)
            code = code >> 6
        out[o] = (code | (0xF00 >> size)) & 255
    elif c.kind == UTF16:
        if size == 4:
            low = 0xDC00 | (code & 0x3FF)
            code = 0xD7C0 + (code >> 10)
            out[o + 2 + c.little] = low >> 8
            out[o + 3 - c.little] = low & 255
        out[o + c.little] = code >> 8
        out[o + 1 - c.little] = code & 255
    elif c.kind == DECIMAL and size > 1:
        for i in range(size):
            out[o + size - 1 - i] = 48 + code % 10
            code = code // 10
    else:
        for i in range(size):
            out[o + i] = (code >> (8 * (size - 1 - i))) & 255
    w.o = o + size


def _bytes(w, data, n):
    for i in range(n):
        w.out[w.o] = data[i]
        w.o += 1


def _pad(c, w, mode, stop):
    """Padding up to ``stop``: double bytes where the field has nothing else, single bytes elsewhere."""
    if mode == DOUBLE:
        while w.o + 1 < stop:
            w.out[w.o] = c.pad_hi
            w.out[w.o + 1] = c.pad_lo
            w.o += 2
    if cython.compiled:
        if w.o < stop:
            memset(w.out + w.o, c.pad_single, stop - w.o)
            w.o = stop
    else:
        while w.o < stop:
            w.out[w.o] = c.pad_single
            w.o += 1


def _note(w, code, size, reason):
    at = w.n * FINDING
    w.findings[at] = w.row
    w.findings[at + 1] = w.pos - w.start
    w.findings[at + 2] = w.char
    w.findings[at + 3] = code
    w.findings[at + 4] = size
    w.findings[at + 5] = reason
    w.n += 1


# -- the proof --------------------------------------------------------------------------------------


def same_rows(c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms):
    """Encode each text back, padded to the bytes of its source field, and compare byte for byte.

    ``differ`` (array q) receives the numbers of the rows that are not identical; returns how many.
    ``padded``: full-width padding counts for nothing at the end of a text, so rows whose bytes differ only by
    having it inside the shift go to ``forms`` instead (``w.n`` of them), as is usual in fixed-length records.
    Findings of ``w`` are not kept: what a row that differs is, ``compare_rows`` says.
    """
    n_rows = len(starts)
    _check(n_rows, len(ends), len(s_starts), len(differ))
    _check(n_rows, n_rows, len(s_ends), len(forms))
    if cython.compiled:
        with cython.nogil:
            found = _same_rows(
                c,
                w,
                mode,
                starts,
                ends,
                source,
                s_starts,
                s_ends,
                offset,
                length,
                padded,
                differ,
                forms,
                n_rows,
            )
    else:
        found = _same_rows(
            c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms, n_rows
        )
    return found


def _same_rows(
    c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms, n_rows
):
    found = 0
    other = 0
    for row in range(n_rows):
        if (
            cython.compiled and row + AHEAD < n_rows
        ):  # fields lie a record apart: fetch before they are needed
            gaiji_prefetch(cython.address(source[s_starts[row + AHEAD] + offset]))
            gaiji_prefetch(w.src + starts[row + AHEAD])
        pos = s_starts[row] + offset
        end = s_ends[row]
        if pos > end:
            pos = end
        if length >= 0 and pos + length < end:
            end = pos + length
        w.o = 0
        w.n = 0
        if ends[row] - starts[row] <= 8 * (end - pos) + 64:  # a longer text cannot be that field's
            _encode_one(c, w, mode, starts[row], ends[row], end - pos)
        else:
            w.n = 1
        same = w.n == 0 and w.o == end - pos
        if same:
            if cython.compiled:
                same = w.o == 0 or memcmp(w.out, cython.address(source[pos]), w.o) == 0
            else:
                same = w.out[: w.o] == source[pos:end]
        if not same and padded and w.n == 0 and w.o == end - pos and _padded_inside(c, w, source, pos, end):
            forms[other] = row
            other += 1
        elif not same:
            differ[found] = row
            found += 1
    w.n = other
    return found


def _padded_inside(c, w, source, pos, end):
    """Whether the source is the encoded text with padding of double bytes before the closing shift."""
    at = w.body
    if at < 0:  # the text ends in single bytes
        return 0
    if at:
        for i in range(at):
            if source[pos + i] != w.out[i]:
                return 0
        pos += at
    else:  # a blank text: the shift encloses nothing but padding
        for i in range(c.n_in):
            if pos + i >= end or source[pos + i] != c.shift_in[i]:
                return 0
        pos += c.n_in
    while pos + 1 < end and source[pos] == c.pad_hi and source[pos + 1] == c.pad_lo:
        pos += 2
    for i in range(c.n_out):
        if pos + i >= end or source[pos + i] != c.shift_out[i]:
            return 0
    pos += c.n_out
    while pos < end and source[pos] == c.pad_single:
        pos += 1
    return pos == end


class Flags:
    """What the flagged units of a batch must stand as: a hash of unit (value | reason << 28) → text."""

    def __init__(self, keys, at, lengths, blob):
        self.keys = keys
        self.at = at
        self.lengths = lengths
        self._keep = blob
        self.blob = blob
        self.mask = len(keys) - 1


def compare_rows(
    c, w, flags, rows, first, starts, ends, units, unit_ends, flagged, trim, cut, classes, notes
):
    """Say what each row that is not byte-identical is, unit by unit.

    ``rows``: row numbers, done from the ``first`` of them on; ``starts``/``ends``: text ranges of all rows in
    ``w``'s source; ``units`` (array I): source units as value | reason << 28, of the n-th row up to byte
    ``unit_ends[n + 1]``; ``flagged[n]``: the n-th row has a finding beside its units. ``trim``: blanks at the
    end count for nothing; ``cut``: the bytes that a cell of a fixed-length output has (negative: UTF-16
    units), so that it may end before the source; 0 where cells have no limit. ``classes[n]`` receives the
    class; ``notes`` six int64 for each unit that is not plain: row, byte offset in the text, position, code,
    size, class (or reason << 8 | FLAGGED); ``w.n`` counts them. Stops before a row whose notes might not fit;
    returns which.
    """
    n_rows = len(rows)
    _check(n_rows, len(unit_ends) - 1, len(flagged), len(classes))
    if cython.compiled:
        with cython.nogil:
            first = _compare_rows(
                c,
                w,
                flags,
                rows,
                first,
                starts,
                ends,
                units,
                unit_ends,
                flagged,
                trim,
                cut,
                classes,
                notes,
                n_rows,
            )
    else:
        first = _compare_rows(
            c,
            w,
            flags,
            rows,
            first,
            starts,
            ends,
            units,
            unit_ends,
            flagged,
            trim,
            cut,
            classes,
            notes,
            n_rows,
        )
    return first


def _compare_rows(
    c, w, flags, rows, i, starts, ends, units, unit_ends, flagged, trim, cut, classes, notes, n_rows
):
    room = len(notes) // FINDING
    while i < n_rows:
        if w.n + ((unit_ends[i + 1] - unit_ends[i]) >> 2) + 2 > room:
            break
        row = rows[i]
        w.row = row
        w.pos = starts[row]
        w.end = ends[row]
        w.start = starts[row]
        w.n = _compare_one(
            c, w, flags, units, unit_ends[i] >> 2, unit_ends[i + 1] >> 2, trim, cut, notes, w.n
        )
        if flagged[i] and w.full < FLAGGED:
            w.full = FLAGGED
        classes[i] = w.full
        i += 1
    return i


def _compare_one(c, w, flags, units, first, last, trim, cut, notes, n):
    """Match the units one after another with the text; ``w.full`` becomes the class."""
    w.full = FORM
    at = first
    while at < last:
        unit = units[at]
        reason = unit >> 28
        found = _stands(c, w, flags, unit)
        if found < 0:
            if trim and w.pos >= w.end and _blank_units(c, units, at, last):
                break
            if cut and _cut_short(c, w, flags, unit) and _too_long(c, w, flags, units, at, last, cut):
                w.full = FLAGGED
                return _record(w, notes, n, at - first, unit & VALUE, OVERFLOW << 8 | FLAGGED)
            w.full = CHANGED
            return _record(w, notes, n, at - first, unit & VALUE, CHANGED)
        if reason:
            w.full = FLAGGED
            n = _record(w, notes, n, at - first, unit & VALUE, reason << 8 | FLAGGED)
        elif found == ONE_WAY:
            n = _record(w, notes, n, at - first, unit & VALUE, ONE_WAY)
            if w.full < ONE_WAY:
                w.full = ONE_WAY
        at += 1
    if trim:
        _skip_blanks(w)
    if w.pos < w.end:
        w.full = CHANGED
        n = _record(w, notes, n, last - first, 0, CHANGED)
    return n


def _stands(c, w, flags, unit):
    """Whether the unit's text stands at the cursor, which then moves behind it: -1, else FORM or ONE_WAY."""
    size = 0
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        if flags.keys[i] == -1:
            return -1
        size = flags.lengths[i]
        if not _equal(w, flags.blob, flags.at[i], size):
            return -1
    else:
        size = _reads(c, w, unit)
        if size < 0:
            return -1
    after = w.pos + size
    if (
        after < w.end
        and w.src[after] == 0xF3
        and _point(w, after)
        and w.cp >= 0xE0100
        and w.cp <= 0xE01EF
        and c.kind < UTF8
    ):
        return -1  # another form of the character stands here
    if unit >> 28:
        w.pos = after
        return FORM
    _match(c, w, w.pos)
    same = w.value & VALUE == unit or (c.kind >= UTF8 and w.value & 0xFFFFFF == unit & 0xFFFFFF)
    w.pos = after
    return FORM if same else ONE_WAY


def _cut_short(c, w, flags, unit):
    """Whether what is left of the cell is the beginning of the unit's text (or nothing)."""
    n = w.end - w.pos
    if n <= 0:
        return 1
    code = unit & 0xFFFFFF
    size = (unit >> 24) & 15
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        return flags.keys[i] != -1 and n < flags.lengths[i] and _equal(w, flags.blob, flags.at[i], n)
    if size == 2 and c.kind < UTF8 and code < c.n_double:
        return n < c.len2[code] and _equal(w, c.blob, c.at2[code], n)
    if size == 3 and c.kind == LEAD:
        return n < c.len3[code & 0xFFFF] and _equal(w, c.blob, c.at3[code & 0xFFFF], n)
    return 0


def _too_long(c, w, flags, units, at, last, cut):
    """Whether the unit at ``at``, behind blanks, could not have been written into a cell of ``cut``."""
    used = _room(w.src, w.start, w.pos - w.start, cut)
    limit = cut if cut > 0 else -cut
    while at < last:
        unit = units[at]
        used += _reading(c, flags, unit, cut)
        if used > limit:
            return 1
        if not _blank(c, unit):
            return 0
        at += 1
    return 0


def _room(data, at, n, cut):
    """Bytes of a text, or its UTF-16 units when ``cut`` is negative."""
    if cut > 0:
        return n
    used = 0
    for i in range(at, at + n):
        if data[i] & 0xC0 != 0x80:
            used += 2 if data[i] >= 0xF0 else 1
    return used


def _reading(c, flags, unit, cut):
    """Room that a unit's text takes."""
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        return _room(flags.blob, flags.at[i], flags.lengths[i], cut) if flags.keys[i] != -1 else 0
    if c.kind >= UTF8:
        if code < c.n_double and c.len2[code]:
            return _room(c.blob, c.at2[code], c.len2[code], cut)
        if cut < 0:
            return 1 if code < 0x10000 else 2
        return 1 if code < 0x80 else (2 if code < 0x800 else (3 if code < 0x10000 else 4))
    if size == 1:
        return _room(c.blob, c.at1[code], c.len1[code], cut)
    if size == 3 and c.kind != DECIMAL:
        return _room(c.blob, c.at3[code & 0xFFFF], c.len3[code & 0xFFFF], cut)
    return _room(c.blob, c.at2[code], c.len2[code], cut) if code < c.n_double else 0


def _reads(c, w, unit):
    """Bytes of the text of a plain unit when it stands at the cursor, else -1."""
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    n = 0
    if c.kind >= UTF8:
        if code < c.n_double and c.len2[code]:
            return c.len2[code] if _equal(w, c.blob, c.at2[code], c.len2[code]) else -1
        if code >= 0xF0000 and code - 0xF0000 < c.n_triple and c.len3[code - 0xF0000]:
            code -= 0xF0000
            return c.len3[code] if _equal(w, c.blob, c.at3[code], c.len3[code]) else -1
        if w.pos >= w.end:
            return -1
        n = _point(w, w.pos)
        return n if n and w.cp == code else -1
    if size == 1:
        n = c.len1[code]
        return n if n and _equal(w, c.blob, c.at1[code], n) else -1
    if size == 3 and c.kind != DECIMAL:
        code = code & 0xFFFF
        n = c.len3[code]
        return n if n and _equal(w, c.blob, c.at3[code], n) else -1
    n = c.len2[code] if code < c.n_double else 0
    return n if n and _equal(w, c.blob, c.at2[code], n) else -1


def _equal(w, blob, at, n):
    if w.pos + n > w.end:
        return 0
    for i in range(n):
        if w.src[w.pos + i] != blob[at + i]:
            return 0
    return 1


def _blank_units(c, units, at, last):
    """Whether all units from ``at`` read as spaces."""
    while at < last:
        if not _blank(c, units[at]):
            return 0
        at += 1
    return 1


def _blank(c, unit):
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    if unit >> 28:
        return 0
    if c.kind >= UTF8:
        return code == 0x20 or code == 0x3000
    n = 0
    at = 0
    if size == 1:
        n = c.len1[code]
        at = c.at1[code]
    elif size == 2 or c.kind == DECIMAL:
        n = c.len2[code] if code < c.n_double else 0
        at = c.at2[code] if code < c.n_double else 0
    if n == 1:
        return c.blob[at] == 0x20
    return n == 3 and c.blob[at] == 0xE3 and c.blob[at + 1] == 0x80 and c.blob[at + 2] == 0x80


def _skip_blanks(w):
    while w.pos < w.end:
        if w.src[w.pos] == 0x20:
            w.pos += 1
        elif (
            w.pos + 3 <= w.end
            and w.src[w.pos] == 0xE3
            and w.src[w.pos + 1] == 0x80
            and w.src[w.pos + 2] == 0x80
        ):
            w.pos += 3
        else:
            break


def _record(w, notes, n, position, unit, what):
    at = n * FINDING
    notes[at] = w.row
    notes[at + 1] = w.pos - w.start
    notes[at + 2] = position
    size = (unit >> 24) & 15
    notes[at + 3] = unit & 0xFFFFFF if size < 8 else (unit & VALUE) - (8 << 24)
    notes[at + 4] = size if size < 8 else 8
    notes[at + 5] = what
    return n + 1


# -- numbers ----------------------------------------------------------------------------------------


def encode_numbers(src, kind, scale, signed, ascii, starts, ends, widths, out, offsets, bad):
    """Texts of numbers back to zoned, packed or binary bytes, ``widths`` bytes each, zeros before them.

    Signs in canonical form: zones F without a sign, C or D with one (ASCII hosts: 3, or 7 for minus); packed
    likewise; binary is two's complement. ``bad`` receives 1 for a text that is no such number or does not
    fit; its bytes are zero. Returns how many are bad. Source of the rules: as ``kernel_io.numbers``.
    """
    n_rows = len(starts)
    _check(n_rows, len(ends), len(widths), len(bad))
    _check(n_rows, n_rows, len(offsets) - 1, n_rows)
    if cython.compiled:
        with cython.nogil:
            wrong = _encode_numbers(
                src, kind, scale, signed, ascii, starts, ends, widths, out, offsets, bad, n_rows
            )
    else:
        wrong = _encode_numbers(
            src, kind, scale, signed, ascii, starts, ends, widths, out, offsets, bad, n_rows
        )
    return wrong


def _encode_numbers(src, kind, scale, signed, ascii, starts, ends, widths, out, offsets, bad, n_rows):
    o = 0
    wrong = 0
    for row in range(n_rows):
        stop = o + widths[row]
        for i in range(o, stop):
            out[i] = 0
        bad[row] = 1 - _number(src, kind, scale, signed, ascii, starts[row], ends[row], out, o, stop)
        if bad[row]:
            wrong += 1
            for i in range(o, stop):
                out[i] = 0
        o = stop
        offsets[row + 1] = o
    return wrong


def _number(src, kind, scale, signed, ascii, pos, end, out, o, stop):
    """One number into ``out[o:stop]``; 0 when it is none or does not fit."""
    negative = 0
    if pos < end and src[pos] == 45:
        negative = 1
        pos += 1
    if pos >= end or stop <= o or (negative and not signed and kind == BINARY):
        return 0
    if scale and (end - pos < scale + 2 or src[end - 1 - scale] != 46):
        return 0
    for i in range(pos, end):
        if (src[i] < 48 or src[i] > 57) and not (scale and i == end - 1 - scale):
            return 0
    if kind == BINARY:
        return _put_binary(src, scale, signed, negative, pos, end, out, o, stop)
    at = 0  # digits from the right
    room = stop - o if kind == ZONED else 2 * (stop - o) - 1
    for i in range(end - pos):
        d = src[end - 1 - i]
        if d == 46:
            continue
        if at >= room:
            if d != 48:
                return 0
            continue
        _put_digit(kind, ascii, out, stop, at, d - 48)
        at += 1
    while at < room:
        _put_digit(kind, ascii, out, stop, at, 0)
        at += 1
    sign = 13 if negative else (12 if signed else 15)
    if kind == PACKED:
        out[stop - 1] = (out[stop - 1] & 0xF0) | sign
    elif ascii:
        out[stop - 1] = (out[stop - 1] & 15) | (0x70 if negative else 0x30)
    else:
        out[stop - 1] = (out[stop - 1] & 15) | (sign << 4)
    return 1


def _put_digit(kind, ascii, out, stop, at, d):
    """The digit that stands ``at`` places from the right."""
    if kind == ZONED:
        out[stop - 1 - at] = (0x30 if ascii else 0xF0) | d
    elif at & 1:
        out[stop - 1 - ((at + 1) >> 1)] = (out[stop - 1 - ((at + 1) >> 1)] & 0xF0) | d
    else:
        out[stop - 1 - (at >> 1)] = (out[stop - 1 - (at >> 1)] & 15) | (d << 4)


def _put_binary(src, scale, signed, negative, pos, end, out, o, stop):
    """Big-endian two's complement of up to 8 bytes, built byte by byte so that nothing overflows."""
    if stop - o > 8:
        return 0
    for i in range(pos, end):
        if src[i] == 46:
            continue
        carry = src[i] - 48
        for k in range(stop - o):
            carry += out[stop - 1 - k] * 10
            out[stop - 1 - k] = carry & 255
            carry = carry >> 8
        if carry:
            return 0
    top = out[o] >> 7
    if negative:
        carry = 1
        some = 0
        for k in range(stop - o):
            carry += 255 - out[stop - 1 - k]
            out[stop - 1 - k] = carry & 255
            carry = carry >> 8
            some = some | out[stop - 1 - k]
        return 1 if out[o] >> 7 or some == 0 else 0
    return 0 if signed and top else 1


def same_text(data, offsets, src, starts, ends, differ):
    """Rows whose text in a column (``data``, ``offsets``) is not the range of ``src``: numbers to
    ``differ``."""
    n_rows = len(starts)
    _check(n_rows, len(ends), len(offsets) - 1, len(differ))
    found = 0
    for row in range(n_rows):
        n = ends[row] - starts[row]
        same = offsets[row + 1] - offsets[row] == n
        if same and n:
            if cython.compiled:
                same = memcmp(cython.address(data[offsets[row]]), cython.address(src[starts[row]]), n) == 0
            else:
                same = data[offsets[row] : offsets[row + 1]] == src[starts[row] : ends[row]]
        if not same:
            differ[found] = row
            found += 1
    return found


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


# -- reading an output back -------------------------------------------------------------------------


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
    "SHIFTED": SHIFTED,
    "LEAD": LEAD,
    "DECIMAL": DECIMAL,
    "UTF8": UTF8,
    "UTF16": UTF16,
    "ILLEGAL": ILLEGAL,
    "BROKEN_SHIFT": BROKEN_SHIFT,
    "OVERFLOW": OVERFLOW,
    "FINDING": FINDING,
    "MORE": MORE,
    "VALUE": VALUE,
    "SLACK": SLACK,
    "IDENTICAL": IDENTICAL,
    "FORM": FORM,
    "ONE_WAY": ONE_WAY,
    "FLAGGED": FLAGGED,
    "CHANGED": CHANGED,
}
