# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that write texts of numbers back as zoned, packed and binary fields, and compare the two.

Owns the canonical form of their digits and signs, and which other forms mean the same number. Like
``gaiji.kernel.decode`` it is one source, compiled or interpreted; it shares no loop with
``gaiji.kernel.numbers``, so that one checks the other.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

if not cython.compiled:  # compiled code has it from the .pxd
    from gaiji.kernel.encode import check_lengths

# As in gaiji.kernel.numbers.
ZONED = 0
PACKED = 1
BINARY = 2
SIGN_ANY = 0
SIGN_LEADING = 1
SIGN_BEFORE = 2
SIGN_BEHIND = 3
SIGN_NONE = 4
MICROFOCUS = 1
NETCOBOL = 2
TRANSLATED = 4


class Numeric:
    """How numbers stand in a field; as in ``gaiji.kernel.numbers``."""

    def __init__(self, kind, digits, scale, signed, ascii, place=0, signs=7, little=0):
        self.kind = kind
        self.digits = digits
        self.scale = scale
        self.signed = signed
        self.ascii = ascii
        self.place = place
        self.signs = signs
        self.little = little


def encode_numbers(src, numeric, starts, ends, widths, out, offsets, bad):
    """Texts of numbers back to zoned, packed or binary bytes, ``widths`` bytes each, zeros before them.

    Signs in canonical form: zones F without a sign, C or D with one; on ASCII hosts that of the first
    convention in ``signs`` (Micro Focus before NetCOBOL before translated EBCDIC); packed as zones of EBCDIC;
    binary is two's complement. ``bad`` receives 1 for a text that is no such number or does not fit; its
    bytes are zero. Returns how many are bad. Source of the rules: as ``gaiji.kernel.numbers``.
    """
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(widths), len(bad))
    check_lengths(n_rows, n_rows, len(offsets) - 1, n_rows)
    if cython.compiled:
        with cython.nogil:
            wrong = _encode_numbers(src, numeric, starts, ends, widths, out, offsets, bad, n_rows)
    else:
        wrong = _encode_numbers(src, numeric, starts, ends, widths, out, offsets, bad, n_rows)
    return wrong


def _encode_numbers(src, f, starts, ends, widths, out, offsets, bad, n_rows):
    o = 0
    wrong = 0
    for row in range(n_rows):
        stop = o + widths[row]
        for i in range(o, stop):
            out[i] = 0
        bad[row] = 1 - _number(src, f, starts[row], ends[row], out, o, stop)
        if bad[row]:
            wrong += 1
            for i in range(o, stop):
                out[i] = 0
        o = stop
        offsets[row + 1] = o
    return wrong


def _number(src, f, pos, end, out, o, stop):
    """One number into ``out[o:stop]``; 0 when it is none or does not fit."""
    negative = 0
    if pos < end and src[pos] == 45:
        negative = 1
        pos += 1
    if (
        pos >= end
        or stop <= o
        or (negative and (f.place == SIGN_NONE or (not f.signed and f.kind == BINARY)))
    ):
        return 0
    if not _is_number(src, f, pos, end):
        return 0
    if f.kind == BINARY:
        return _put_binary(src, f, negative, pos, end, out, o, stop)
    first = o + 1 if f.place == SIGN_BEFORE else o
    last = stop - 1 if f.place == SIGN_BEHIND else stop
    at = 0  # digits from the right
    room = _room(f, last - first)
    for i in range(end - pos):
        d = src[end - 1 - i]
        if d == 46:
            continue
        if at >= room or (f.digits and at >= f.digits):
            if d != 48:
                return 0
            continue
        _put_digit(f, out, last, at, d - 48)
        at += 1
    while at < room:
        _put_digit(f, out, last, at, 0)
        at += 1
    if room < 1:
        return 0
    _put_sign(f, negative, out, o, stop)
    return 1


def _is_number(src, f, pos, end):
    """Whether a text is digits with their point at its place."""
    if f.scale and (end - pos < f.scale + 2 or src[end - 1 - f.scale] != 46):
        return 0
    for i in range(pos, end):
        if (src[i] < 48 or src[i] > 57) and not (f.scale and i == end - 1 - f.scale):
            return 0
    return 1


def _room(f, size):
    """How many digits ``size`` bytes hold."""
    if f.kind == ZONED:
        return size
    return 2 * size if f.place == SIGN_NONE else 2 * size - 1


def _put_digit(f, out, last, at, d):
    """The digit that stands ``at`` places from the right."""
    if f.kind == ZONED:
        out[last - 1 - at] = (0x30 if f.ascii else 0xF0) | d
        return
    if f.place != SIGN_NONE:
        at += 1
    if at & 1:
        out[last - 1 - (at >> 1)] = (out[last - 1 - (at >> 1)] & 15) | (d << 4)
    else:
        out[last - 1 - (at >> 1)] = (out[last - 1 - (at >> 1)] & 0xF0) | d


def _put_sign(f, negative, out, o, stop):
    """The sign in its canonical form, over digits that have none yet."""
    if f.place == SIGN_BEFORE:
        out[o] = _apart(f, negative)
    elif f.place == SIGN_BEHIND:
        out[stop - 1] = _apart(f, negative)
    elif f.kind == PACKED:
        if f.place != SIGN_NONE:
            out[stop - 1] = (out[stop - 1] & 0xF0) | _half(f, negative)
    else:
        at = o if f.place == SIGN_LEADING else stop - 1
        if f.ascii:
            out[at] = _ascii(f, out[at] & 15, negative)
        else:
            out[at] = (out[at] & 15) | (_half(f, negative) << 4)


def _apart(f, negative):
    """The sign as a character."""
    if f.ascii:
        return 0x2D if negative else 0x2B
    return 0x60 if negative else 0x4E


def _half(f, negative):
    """The sign as a half byte."""
    if negative:
        return 13
    return 12 if f.signed else 15


def _ascii(f, d, negative):
    """A digit with its sign as the first of the conventions writes it."""
    if f.signs & MICROFOCUS:
        return (0x70 if negative else 0x30) | d
    if not negative and not f.signed:
        return 0x30 | d
    if f.signs & NETCOBOL:
        return (0x50 if negative else 0x40) | d
    if d == 0:
        return 0x7D if negative else 0x7B
    return (0x49 if negative else 0x40) + d


def _put_binary(src, f, negative, pos, end, out, o, stop):
    """Two's complement of up to 8 bytes, built byte by byte so that nothing overflows."""
    if stop - o > 8:
        return 0
    count = 0
    for i in range(pos, end):
        if src[i] == 46:
            continue
        if count or src[i] != 48:
            count += 1
        carry = src[i] - 48
        for k in range(stop - o):
            carry += out[stop - 1 - k] * 10
            out[stop - 1 - k] = carry & 255
            carry = carry >> 8
        if carry:
            return 0
    if f.digits and count > f.digits:
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
        if some and not out[o] >> 7:
            return 0
    elif f.signed and top:
        return 0
    if f.little:
        for k in range((stop - o) >> 1):
            carry = out[o + k]
            out[o + k] = out[stop - 1 - k]
            out[stop - 1 - k] = carry
    return 1


def same_numbers(src, numeric, starts, ends, text, text_starts, text_ends, rows, same):
    """Of some ``rows``, those whose bytes in ``src`` are another form of the number that ``text`` is: other
    zones or half bytes of the same sign, a sign apart, fewer or more zeros before it. ``same`` receives 1 for
    them, 0 for others; returns how many there are."""
    check_lengths(len(starts), len(ends), len(text_starts), len(text_ends))
    check_lengths(len(rows), len(same), len(rows), len(rows))
    found = 0
    for i in range(len(rows)):
        row = rows[i]
        same[i] = _means(src, numeric, starts[row], ends[row], text, text_starts[row], text_ends[row])
        found += same[i]
    return found


def _means(src, f, pos, end, text, at, stop):
    """Whether ``src[pos:end]`` is the number ``text[at:stop]``, digit by digit from the right."""
    negative = 0
    if at < stop and text[at] == 45:
        negative = 1
        at += 1
    if at >= stop or pos >= end or f.kind == BINARY or not _is_number(text, f, at, stop):
        return 0  # a binary number has one form only
    if f.kind == PACKED:
        if f.place != SIGN_NONE and _half_minus(src[end - 1] & 15) != negative:
            return 0
        return _same_digits(src, f, pos, end, -1, text, at, stop)
    if (f.place == SIGN_ANY or f.place == SIGN_BEFORE) and src[pos] == _apart(f, negative):
        return _same_digits(src, f, pos + 1, end, -1, text, at, stop)
    if (f.place == SIGN_ANY or f.place == SIGN_BEHIND) and src[end - 1] == _apart(f, negative):
        return _same_digits(src, f, pos, end - 1, -1, text, at, stop)
    if f.place == SIGN_BEFORE or f.place == SIGN_BEHIND:
        return 0
    sign = pos if f.place == SIGN_LEADING else end - 1
    return _zone_minus(src[sign], f) == negative and _same_digits(src, f, pos, end, sign, text, at, stop)


def _same_digits(src, f, pos, end, sign, text, at, stop):
    """Whether ``src[pos:end]`` and ``text[at:stop]`` have the same digits but for zeros before them."""
    room = _room(f, end - pos)
    if room < 1:
        return 0
    k = 0
    while stop > at or k < room:
        wanted = 0
        if stop > at:
            stop -= 1
            if text[stop] == 46:
                continue
            wanted = text[stop] - 48
        found = 0
        if k < room:
            found = _found_digit(src, f, end, k, sign)
        if found != wanted:
            return 0
        k += 1
    return 1


def _found_digit(src, f, end, k, sign):
    """The digit of the source that stands ``k`` places from the right; -1 for none."""
    if f.kind == ZONED:
        at = end - 1 - k
        if at == sign:
            return _zone_digit(src[at], f)
        return (src[at] & 15) if (src[at] >> 4) == (3 if f.ascii else 15) else -1
    if f.place != SIGN_NONE:
        k += 1
    b = src[end - 1 - (k >> 1)]
    return b >> 4 if k & 1 else b & 15


def _half_minus(b):
    """Whether a half byte is minus (1) or plus (0); -1 for a digit."""
    if b < 10:
        return -1
    return 1 if b == 11 or b == 13 else 0


def _zone_minus(b, f):
    """Whether the byte that carries a sign is minus (1) or plus (0); -1 where it is neither, or where two
    conventions read other numbers in it (50 to 52)."""
    if not f.ascii:
        return _half_minus(b >> 4)
    if 0x30 <= b <= 0x39:
        return 0
    if f.signs & TRANSLATED and f.signs & NETCOBOL and 0x50 <= b <= 0x52:
        return -1
    if 0x70 <= b <= 0x79:
        return 1 if f.signs & MICROFOCUS else -1
    if 0x40 <= b <= 0x49 and f.signs & NETCOBOL:
        return 0
    if 0x50 <= b <= 0x59 and f.signs & NETCOBOL:
        return 1
    if not f.signs & TRANSLATED:
        return -1
    if b == 0x7B or 0x41 <= b <= 0x49:
        return 0
    return 1 if b == 0x7D or 0x4A <= b <= 0x52 else -1


def _zone_digit(b, f):
    """The digit of a byte that carries a sign (``_zone_minus`` knows which)."""
    if f.ascii:
        if b == 0x7B or b == 0x7D:
            return 0
        if 0x4A <= b <= 0x4F or (0x50 <= b <= 0x52 and not f.signs & NETCOBOL):
            return b - 0x49
    return b & 15


def written_as(src, kind, ascii, starts, ends, kinds):
    """Which fields are low-values (1) or blanks (2) throughout, 0 for others; returns how many are."""
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(kinds), n_rows)
    blank = 0x20 if ascii else 0x40
    found = 0
    for row in range(n_rows):
        n = ends[row] - starts[row]
        low = 0
        spaces = 0
        for i in range(starts[row], ends[row]):
            if src[i] == 0:
                low += 1
            elif src[i] == blank:
                spaces += 1
            else:
                break
        kinds[row] = 0
        if n > 0 and kind != BINARY and (low == n or spaces == n):
            kinds[row] = 1 if low == n else 2
            found += 1
    return found


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
}
