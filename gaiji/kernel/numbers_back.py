# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that write texts of numbers back as zoned, packed and binary fields.

Owns the canonical form of their digits and signs. Like ``gaiji.kernel.decode`` it is one source, compiled or
interpreted; it shares no loop with ``gaiji.kernel.numbers``, so that one checks the other.
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


def encode_numbers(src, kind, scale, signed, ascii, starts, ends, widths, out, offsets, bad):
    """Texts of numbers back to zoned, packed or binary bytes, ``widths`` bytes each, zeros before them.

    Signs in canonical form: zones F without a sign, C or D with one (ASCII hosts: 3, or 7 for minus); packed
    likewise; binary is two's complement. ``bad`` receives 1 for a text that is no such number or does not
    fit; its bytes are zero. Returns how many are bad. Source of the rules: as ``gaiji.kernel.numbers``.
    """
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(widths), len(bad))
    check_lengths(n_rows, n_rows, len(offsets) - 1, n_rows)
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
CONSTANTS = {"ZONED": ZONED, "PACKED": PACKED, "BINARY": BINARY}
