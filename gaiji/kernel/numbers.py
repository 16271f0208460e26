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
# Where the sign stands: in the zone of the last digit or apart at either end; in the zone of the first; apart
# before; apart behind; nowhere, not even a half byte for it.
SIGN_ANY = 0
SIGN_LEADING = 1
SIGN_BEFORE = 2
SIGN_BEHIND = 3
SIGN_NONE = 4
# Conventions for the sign in a zone of an ASCII host, a bit each: 7x is minus; 4x plus and 5x minus; the
# letters that EBCDIC's zones C and D become when they are translated as text.
MICROFOCUS = 1
NETCOBOL = 2
TRANSLATED = 4
MINUS = 16  # beside a digit
# How a number was written: indices into ``written``.
WRITTEN_LOW = 0
WRITTEN_BLANK = 1
WRITTEN_UNSIGNED = 2
N_WRITTEN = 3


class Numeric:
    """How numbers stand in a field: ``kind`` (ZONED, PACKED or BINARY), ``digits`` of the PICTURE (0: as many
    as there is room for), ``scale`` (where the point is), ``signed``; ``ascii``: zones are 3 (ASCII host) and
    not F; ``place``: where the sign stands; ``signs``: conventions of an ASCII host that may be meant;
    ``little``: the low byte of a binary number comes first.
    """

    def __init__(self, kind, digits, scale, signed, ascii, place=0, signs=7, little=0):
        self.kind = kind
        self.digits = digits
        self.scale = scale
        self.signed = signed
        self.ascii = ascii
        self.place = place
        self.signs = signs
        self.little = little
        self.blank = 0x20 if ascii else 0x40


def numbers(src, numeric, starts, ends, offset, length, out, offsets, bad, written):
    """Text of numeric fields, exactly: no digit is dropped, the sign is kept, ``scale`` sets the point.

    ``out`` must hold twice the field, ``scale`` and 24 bytes a row. ``bad`` receives, for each row, -1 or the
    offset in the field of the byte that is no digit or sign, that is beyond the PICTURE, or that the record
    does not have. A zoned or packed field of low-values or blanks throughout is empty; ``written`` (three
    counts) receives how many are of either, and how many numbers of signed fields have no sign. Returns how
    many rows are bad. Source of the rules: docs/layouts.md, "Numbers".
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
        if end - pos < length:
            bad[row] = end - pos
        elif pos == end:
            pass  # a cell of a delimited file with nothing in it
        elif (
            (src[pos] == 0 or src[pos] == f.blank)
            and _through(src, pos, end)
            and _empty(f, src[pos], end - pos)
        ):
            if f.kind == BINARY or f.place == SIGN_NONE:
                bad[row] = 0
            else:
                written[WRITTEN_LOW if src[pos] == 0 else WRITTEN_BLANK] += 1
        elif f.kind == PACKED:
            o = _packed(src, pos, end, f, out, o, bad, row)
        elif f.kind == ZONED:
            o = _zoned(src, pos, end, f, out, o, bad, row)
        else:
            o = _binary(src, pos, end, f, out, o, bad, row)
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


def _empty(f, b, size):
    """Whether ``size`` bytes ``b``, low-values or blanks, are no number: in binary, and in packed digits
    without a place for a sign, low-values are zero, and a single blank is as good as any other byte."""
    return (f.kind != BINARY and f.place != SIGN_NONE) or (b != 0 and size > 1)


def _unsigned(src, pos, end, kind, ascii):
    """Whether a number that was read has no sign: zone F (3 in ASCII) or half byte F, and none apart."""
    if kind == PACKED:
        return src[end - 1] & 15 == 15
    zone = 3 if ascii else 15
    return src[pos] >> 4 == zone and src[end - 1] >> 4 == zone


def _point(out, o, count, scale):
    """What stands before the digits of a number with no digit before its point."""
    if scale and count <= scale:
        out[o] = 48
        out[o + 1] = 46
        o += 2
        for _ in range(scale - count):
            out[o] = 48
            o += 1
    return o


def _packed(src, pos, end, f, out, o, bad, row):
    """Two digits a byte; the last half byte is the sign, where there is one for it."""
    total = 2 * (end - pos)
    negative = 0
    if f.place != SIGN_NONE:
        total -= 1
        negative = src[end - 1] & 15
        if negative < 10:
            bad[row] = end - 1 - pos
        negative = negative == 11 or negative == 13
    spare = total - f.digits if f.digits and f.digits < total else 0
    for i in range(total):
        b = src[pos + (i >> 1)]
        d = (b >> 4) if i & 1 == 0 else (b & 15)
        if d > 9 or (i < spare and d):
            bad[row] = i >> 1
            break
    if bad[row] >= 0:
        return o
    if negative:
        out[o] = 45
        o += 1
    o = _point(out, o, total - spare, f.scale)
    for i in range(spare, total):
        if f.scale and i == total - f.scale and i > spare:
            out[o] = 46
            o += 1
        b = src[pos + (i >> 1)]
        out[o] = 48 + ((b >> 4) if i & 1 == 0 else (b & 15))
        o += 1
    return o


def _zoned(src, pos, end, f, out, o, bad, row):
    """Digits with a zone each; the sign sits in the zone of the last or the first, or apart as + or -."""
    plus = 0x2B if f.ascii else 0x4E
    minus = 0x2D if f.ascii else 0x60
    first = pos
    begin = o
    sign = pos if f.place == SIGN_LEADING else end - 1
    negative = 0
    b = src[pos]
    last = src[end - 1]
    if (f.place == SIGN_ANY or f.place == SIGN_BEFORE) and b in (plus, minus):
        negative = b == minus
        pos += 1
        sign = -1
    elif (f.place == SIGN_ANY or f.place == SIGN_BEHIND) and last in (plus, minus):
        negative = last == minus
        end -= 1
        sign = -1
    elif f.place == SIGN_BEFORE or f.place == SIGN_BEHIND:
        bad[row] = 0 if f.place == SIGN_BEFORE else end - 1 - pos
        return o
    total = end - pos
    if total == 0:
        bad[row] = 0
        return o
    out[o] = 45
    o = _point(out, o + 1, total, f.scale)
    for i in range(total):
        d = _signed(src[pos + i], f) if pos + i == sign else _digit(src[pos + i], f.ascii)
        if d < 0 or (f.digits and i < total - f.digits and d & 15):
            bad[row] = pos + i - first
            return begin
        if d & MINUS:
            negative = 1
        if f.scale and i == total - f.scale and i > 0:
            out[o] = 46
            o += 1
        out[o] = 48 + (d & 15)
        o += 1
    if not negative:  # the place kept for the sign is not needed: close up
        for i in range(begin, o - 1):
            out[i] = out[i + 1]
        o -= 1
    return o


def _digit(b, ascii):
    """The digit of a byte without a sign, -1 when it is none."""
    if b >> 4 != (3 if ascii else 15) or b & 15 > 9:
        return -1
    return b & 15


def _signed(b, f):
    """The digit of the byte whose zone is the sign, ``MINUS`` beside it; -1 when it is none, or when two
    conventions that may be meant make different numbers of it."""
    d = b & 15
    z = b >> 4
    if not f.ascii:
        if d > 9 or z < 10:
            return -1
        return d | MINUS if z == 11 or z == 13 else d
    if z == 3 or (z == 7 and f.signs & MICROFOCUS) or (z in (4, 5) and f.signs & NETCOBOL):
        found = (d if z < 5 else d | MINUS) if d < 10 else -1
    else:
        found = -1
    if f.signs & TRANSLATED:
        other = _translated(b)
        if found < 0:
            return other
        if other >= 0 and other != found:
            return -1
    return found


def _translated(b):
    """What ``{ A-I`` (plus) and ``} J-R`` (minus) stand for, -1 for others."""
    if b == 0x7B:
        return 0
    if b == 0x7D:
        return MINUS
    if 0x41 <= b <= 0x49:
        return b - 0x40
    return (b - 0x49) | MINUS if 0x4A <= b <= 0x52 else -1


def _binary(src, pos, end, f, out, o, bad, row):
    """Two's complement (or unsigned) of up to 8 bytes, without leading zeros."""
    size = end - pos
    if size > 8:
        bad[row] = 8
        return o
    value = 0
    negative = 0
    if f.signed and src[end - 1 if f.little else pos] & 0x80:
        negative = 1
    for i in range(size):
        b = src[end - 1 - i if f.little else pos + i]
        if negative:
            b = 255 - b
        value = (value << 8) | b
    if negative:
        value += 1
    count = 1
    rest = value // 10
    while rest > 0:
        rest = rest // 10
        count += 1
    if f.digits and count > f.digits:
        bad[row] = 0
        return o
    if negative:
        out[o] = 45
        o += 1
    if count <= f.scale:
        count = f.scale + 1
    width = count + (1 if f.scale else 0)
    at = o + width - 1
    for i in range(count):
        if f.scale and i == f.scale:
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
    "SIGN_ANY": SIGN_ANY,
    "SIGN_LEADING": SIGN_LEADING,
    "SIGN_BEFORE": SIGN_BEFORE,
    "SIGN_BEHIND": SIGN_BEHIND,
    "SIGN_NONE": SIGN_NONE,
    "MICROFOCUS": MICROFOCUS,
    "NETCOBOL": NETCOBOL,
    "TRANSLATED": TRANSLATED,
    "MINUS": MINUS,
    "WRITTEN_LOW": WRITTEN_LOW,
    "WRITTEN_BLANK": WRITTEN_BLANK,
    "WRITTEN_UNSIGNED": WRITTEN_UNSIGNED,
    "N_WRITTEN": N_WRITTEN,
}
