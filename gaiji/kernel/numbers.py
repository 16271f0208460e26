# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that write zoned, packed and binary numbers as text.

Owns what the digits and signs of such fields are. Like ``gaiji.kernel.decode`` it is one source, compiled or
interpreted, and imports nothing of the toolkit. The way back is ``gaiji.kernel.numbers_back``, which shares
no loop with it.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

ZONED = 0
PACKED = 1
BINARY = 2
# How a number was written: indices into ``written``.
WRITTEN_LOW = 0
WRITTEN_BLANK = 1
WRITTEN_UNSIGNED = 2
N_WRITTEN = 3


class Numeric:
    """How numbers stand in a field: ``kind`` (ZONED, PACKED or BINARY), ``digits``, ``scale`` (where the
    point is), ``signed``; ``ascii``: zones are 3 (ASCII host) and not F.
    """

    def __init__(self, kind, digits, scale, signed, ascii):
        self.kind = kind
        self.digits = digits
        self.scale = scale
        self.signed = signed
        self.ascii = ascii
        self.blank = 0x20 if ascii else 0x40


def numbers(src, numeric, starts, ends, offset, length, out, offsets, bad, written):
    """Text of numeric fields, exactly: no digit is dropped, the sign is kept, ``scale`` sets the point.

    ``out`` must hold twice the field and 24 bytes a row. ``bad`` receives, for each row, -1 or the offset in
    the field of the byte that is not a digit or sign, or that the record does not have. A zoned or packed
    field of low-values or blanks throughout is empty; ``written`` (three counts) receives how many are of
    either, and how many numbers of signed fields have no sign. Returns how many rows are bad. Source of the
    rules: IBM Enterprise COBOL, USAGE DISPLAY, COMP-3 and COMP.
    """
    if cython.compiled:
        with cython.nogil:
            wrong = _numbers(src, numeric, starts, ends, offset, length, out, offsets, bad, written)
    else:
        wrong = _numbers(src, numeric, starts, ends, offset, length, out, offsets, bad, written)
    return wrong


def _numbers(src, f, starts, ends, offset, length, out, offsets, bad, written):
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
        begin = o
        if pos >= end or (length >= 0 and end - pos < length):
            bad[row] = end - pos
        elif f.kind != BINARY and (src[pos] == 0 or src[pos] == f.blank) and _through(src, pos, end):
            written[WRITTEN_LOW if src[pos] == 0 else WRITTEN_BLANK] += 1
        elif f.kind == PACKED:
            o = _packed(src, pos, end, f.digits, f.scale, out, o, bad, row)
        elif f.kind == ZONED:
            o = _zoned(src, pos, end, f.scale, f.ascii, out, o, bad, row)
        else:
            o = _binary(src, pos, end, f.scale, f.signed, out, o, bad, row)
        offsets[row + 1] = o
        if bad[row] >= 0:
            wrong += 1
        elif f.signed and f.kind != BINARY and o > begin and _unsigned(src, pos, end, f.kind, f.ascii):
            written[WRITTEN_UNSIGNED] += 1
    return wrong


def _through(src, pos, end):
    """Whether all bytes are the first."""
    for i in range(pos + 1, end):
        if src[i] != src[pos]:
            return 0
    return 1


def _unsigned(src, pos, end, kind, ascii):
    """Whether a number that was read has no sign: zone F (3 in ASCII) or half byte F, and none apart."""
    if kind == PACKED:
        return src[end - 1] & 15 == 15
    zone = 3 if ascii else 15
    return src[pos] >> 4 == zone and src[end - 1] >> 4 == zone


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


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "ZONED": ZONED,
    "PACKED": PACKED,
    "BINARY": BINARY,
    "WRITTEN_LOW": WRITTEN_LOW,
    "WRITTEN_BLANK": WRITTEN_BLANK,
    "WRITTEN_UNSIGNED": WRITTEN_UNSIGNED,
    "N_WRITTEN": N_WRITTEN,
}
