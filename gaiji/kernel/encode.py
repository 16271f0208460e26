# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops of the way back: UTF-8 columns to vendor bytes.

Owns the match of the longest text, canonical shifts, and padding to a length. Like ``gaiji.kernel.decode`` it
is one source, compiled or interpreted, and imports nothing of the toolkit but ``gaiji.kernel.points``; it
shares no loop and no table with decoding, so that one checks the other. ``gaiji.kernel.compare`` uses its
cursor and its match.

Look-up: a code point leads through ``pages`` to a 32-bit *value*: the code (24 bits), its bytes or digits
(4 bits) and a mark that longer texts begin so (selectors need none: their first byte, F3, shows them).
Longer texts are found by steps (state, code point) in a hash. A variation selector belongs to the
character before it: a match that leaves one behind is none.
"""

from array import array

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

if not cython.compiled:  # compiled code has them from the .pxd
    from gaiji.kernel.points import suffix_point, utf8_width

# Codes.kind
SHIFTED = 0
LEAD = 1
DECIMAL = 2
UTF8 = 3
UTF16 = 4
# Field modes, as in gaiji.kernel.decode.
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
# The size of a base and its selector in Unicode; their code is base << 9 | number of the selector.
JOINED = 8
SLACK = 64


def compiled():
    """Whether this module runs as compiled code."""
    return bool(cython.compiled)


class Codes:
    """A charset compiled for encoding in one field mode; ``gaiji.codes.encoding`` fills it.

    ``pages`` (array H), ``slots`` (array I): code point → value. ``keys`` (array q, -1 free), ``values`` (I),
    ``nexts`` (array q, -1 none): steps of longer texts; their length is a power of two.
    ``half``: the byte that is one blank among double bytes, too (-1: none).
    ``reads``: what each code reads as, for ``compare_rows``: for single, double and triple codes an array I
    of where its text stands in ``blob``, one array of its length. In Unicode the third are those of the
    values ``keys3`` (array I, sorted): characters beyond the BMP and sequences.
    """

    def __init__(
        self, kind, pages, slots, keys, values, nexts, shift_in, shift_out, pads, reads, blob, **more
    ):
        self.kind = kind
        self.little = more.get("little", 0)
        self.digits = more.get("digits", 0)
        self.half = more.get("half", -1)
        self.geta = more.get("geta", 0)
        self.mask = len(keys) - 1
        self.shift_in = shift_in
        self.shift_out = shift_out
        self.n_in = len(shift_in)
        self.n_out = len(shift_out)
        self.pad_single, self.pad_hi, self.pad_lo = pads
        self._keep = (pages, slots, keys, values, nexts, reads, blob, shift_in, shift_out)
        at1, len1, at2, len2, at3, len3 = reads
        self.keys3 = more.get("wide_keys") or array("I")
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
        self.blank = 0


def encode_rows(c, w, mode, starts, ends, widths, offsets, row, capacity, slots):
    """Encode the texts of the rows from ``row`` on; stops before a row that might not fit.

    ``starts``/``ends``: byte range of each text in the source. ``widths``: the bytes that each field has
    (padded, or cut at a character with an ``overflow`` finding), -1 for as many as it needs. ``offsets``
    receives the end of each row's bytes. A text without a code becomes 〓 (nothing, where the charset has
    none) and an ``illegal`` finding; broken UTF-8 is ``broken-shift``. Returns the next row to do.
    """
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(widths), len(offsets) - 1)
    if cython.compiled:
        with cython.nogil:
            row = _encode_rows(c, w, mode, starts, ends, widths, offsets, row, n_rows, capacity, slots)
    else:
        row = _encode_rows(c, w, mode, starts, ends, widths, offsets, row, n_rows, capacity, slots)
    return row


def check_lengths(rows, a, b, c):
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
        encode_one(c, w, mode, starts[row], ends[row], widths[row])
        offsets[row + 1] = w.o
        row += 1
    return row


def encode_one(c, w, mode, begin, end, width):
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
    match_text(c, w, w.pos)
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


def match_text(c, w, pos):
    """The longest text at ``pos``: its value in ``w.value`` (0: none), its bytes in ``w.used``, the first
    code point in ``w.point`` (-1: the byte at ``pos`` begins no character)."""
    w.value = 0
    n = read_point(w, pos)
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
        selector = read_point(w, after)
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
        n = read_point(w, pos)
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


def read_point(w, pos):
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
    blank = w.shifted and size == 1 and code == c.half and _wide_follows(c, w)
    if c.kind >= UTF8:
        if size >= JOINED:
            return _put_sequence(c, w, (value & VALUE) - (JOINED << 24))
        size = _width(c, code)
    wide = c.n_in and (size > 1 or blank)
    need = size
    if c.n_in:
        need += c.n_out if wide or w.shifted else 0
        need += c.n_in if wide and not w.shifted else 0
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


def _wide_follows(c, w):
    """Whether the blanks at the cursor stand before a unit of double bytes: no shift is needed for them."""
    pos = w.pos
    while pos < w.end and w.src[pos] == 0x20:
        pos += 1
    if pos >= w.end or read_point(w, pos) == 0:
        return 0
    value = c.slots[(c.pages[w.cp >> 8] << 8) | (w.cp & 255)]
    return (value >> 24) & 15 != 1


def _put_sequence(c, w, code):
    """Write a base and its selector, both or none (noted as ``overflow``)."""
    base = code >> 9
    mark = suffix_point(code & 511)
    first = _width(c, base)
    second = _width(c, mark)
    if w.limit >= 0 and w.o + first + second > w.limit:
        _note(w, base, w.used, OVERFLOW)
        w.full = 1
        return 0
    _write(c, w, base, first)
    _write(c, w, mark, second)
    return 1


def _width(c, cp):
    """Bytes of a code point in UTF-8 or UTF-16."""
    if c.kind == UTF16:
        return 2 if cp < 0x10000 else 4
    return utf8_width(cp)


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


# The names above are C integers in compiled code; so Python code reads them in either case.
CONSTANTS = {
    "SHIFTED": SHIFTED, "LEAD": LEAD, "DECIMAL": DECIMAL, "UTF8": UTF8, "UTF16": UTF16, "MIXED": MIXED,
    "DOUBLE": DOUBLE, "SINGLE": SINGLE, "ILLEGAL": ILLEGAL, "BROKEN_SHIFT": BROKEN_SHIFT, "MORE": MORE,
    "OVERFLOW": OVERFLOW, "FINDING": FINDING, "VALUE": VALUE, "SLACK": SLACK, "JOINED": JOINED,
}  # fmt: skip
