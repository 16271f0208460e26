# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""What a code of the source reads as: whether its text stands at the cursor, and whether it is a blank.

Owns the look-ups in ``Codes`` that ``gaiji.kernel.compare`` asks unit by unit; writes nothing.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

if not cython.compiled:  # compiled code has them from the .pxd
    from gaiji.kernel.encode import read_point
    from gaiji.kernel.points import suffix_point

# As in gaiji.kernel.encode.
DECIMAL = 2
UTF8 = 3
VALUE = 0x0FFFFFFF
# The size that a base and its selector have together, as in gaiji.kernel.decode.
JOINED = 8


def compiled():
    """Whether this module runs as compiled code."""
    return bool(cython.compiled)


def wide_text(c, unit):
    """Where the text of a character beyond the BMP, or of a sequence, stands; -1: it is itself."""
    value = unit & VALUE if unit >> 24 & 15 >= JOINED else unit & 0xFFFFFF
    low = 0
    high = c.n_triple
    while low < high:
        middle = (low + high) >> 1
        if c.keys3[middle] < value:
            low = middle + 1
        else:
            high = middle
    if low < c.n_triple and c.keys3[low] == value:
        return low
    return -1


def _itself(w, unit):
    """Bytes of a code point, or of a base and its selector, when they stand at the cursor, else -1."""
    n = 0
    if w.pos >= w.end:
        return -1
    if unit >> 24 & 15 < JOINED:
        n = read_point(w, w.pos)
        return n if n and w.cp == unit & 0xFFFFFF else -1
    pack = (unit & VALUE) - (JOINED << 24)
    n = read_point(w, w.pos)
    if n == 0 or w.cp != pack >> 9 or w.pos + n >= w.end:
        return -1
    more = read_point(w, w.pos + n)
    return n + more if more and w.cp == suffix_point(pack & 511) else -1


def reads(c, w, unit):
    """Bytes of the text of a plain unit when it stands at the cursor, else -1."""
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    n = 0
    if c.kind >= UTF8:
        if size >= JOINED or code >= 0x10000:
            n = wide_text(c, unit)
            if n >= 0:
                return c.len3[n] if equal(w, c.blob, c.at3[n], c.len3[n]) else -1
        elif code < c.n_double and c.len2[code]:
            return c.len2[code] if equal(w, c.blob, c.at2[code], c.len2[code]) else -1
        return _itself(w, unit)
    if size == 1:
        n = c.len1[code]
        return n if n and equal(w, c.blob, c.at1[code], n) else -1
    if size == 3 and c.kind != DECIMAL:
        code = code & 0xFFFF
        n = c.len3[code]
        return n if n and equal(w, c.blob, c.at3[code], n) else -1
    n = c.len2[code] if code < c.n_double else 0
    return n if n and equal(w, c.blob, c.at2[code], n) else -1


def equal(w, blob, at, n):
    if w.pos + n > w.end:
        return 0
    for i in range(n):
        if w.src[w.pos + i] != blob[at + i]:
            return 0
    return 1


def is_blank(c, unit):
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    if unit >> 28:
        return 0
    if c.kind >= UTF8:
        return size < JOINED and (code == 0x20 or code == 0x3000)
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
