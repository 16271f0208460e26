# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loop that finds the rows of a text column in which many digits stand.

Owns no rule about numbers: what is made of such a row is for ``gaiji.columns.individual``. One source,
compiled or interpreted, that imports nothing of the toolkit.
"""

from array import array

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

IN_A_ROW = 4
"""Digits that stand together at the least in what is looked for: one of them lies at a fourth byte."""


def compiled():
    """Whether this module runs as compiled code."""
    return cython.compiled


def digit_rows(data, offsets, least):
    """The rows with at least that many digits, ASCII or full-width ones in UTF-8; most columns have none, and
    are passed over by a look at every fourth byte."""
    found = array("q")
    rows = len(offsets) - 1
    if rows > 0 and _some(data, offsets[0], offsets[rows]):
        for row in range(rows):
            if (
                offsets[row + 1] - offsets[row] >= least
                and _count(data, offsets[row], offsets[row + 1]) >= least
            ):
                found.append(row)
    return found


def _some(data, at, end):
    """Whether four digits could stand in a row: full-width ones, of three bytes each, have one whose first
    byte is a fourth byte."""
    at += IN_A_ROW - 1
    while at < end:
        if _digit(data, at, end):
            return 1
        at += IN_A_ROW
    return 0


def _count(data, at, end):
    """How many digits stand there."""
    count = 0
    while at < end:
        n = _digit(data, at, end)
        if n:
            count += 1
            at += n
        else:
            at += 1
    return count


def _digit(data, at, end):
    """The bytes of the digit that begins there, else 0."""
    byte = data[at]
    if 0x30 <= byte <= 0x39:
        return 1
    if byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and 0x90 <= data[at + 2] <= 0x99:
        return 3
    return 0


# The name above is a C integer in compiled code; this is how Python code reads it in either case.
CONSTANTS = {"IN_A_ROW": IN_A_ROW}
