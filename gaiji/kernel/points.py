# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Code points as the proof writes and measures them: selectors by number, bytes in UTF-8.

Owns no buffer and no table. ``gaiji.kernel.decode``, whose work is checked with these, has its own.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython


def compiled():
    """Whether this module runs as compiled code."""
    return bool(cython.compiled)


def suffix_point(n):
    """The selector (0 to 255) or mark of that number."""
    if n < 16:
        return 0xFE00 + n
    if n < 256:
        return 0xE0100 + n - 16
    if n < 258:
        return 0x3099 + n - 256
    if n < 260:
        return 0x300 + n - 258
    return 0x2E5 if n == 260 else 0x2E9


def utf8_width(cp):
    """Bytes of a code point in UTF-8."""
    return 1 if cp < 0x80 else (2 if cp < 0x800 else (3 if cp < 0x10000 else 4))
