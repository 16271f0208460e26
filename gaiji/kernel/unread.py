# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Looks at the bytes of records that no field reads: are they padding, or does something stand there?

Owns the loops over gaps, FILLER and what lies behind the last field. What padding is comes from the caller;
who owns the other bytes, and what is made of a finding, is for ``gaiji.columns.owners``. One source, compiled
or interpreted, that imports nothing of the toolkit.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

LONGEST = 4096
"""Bytes of the runs of padding that are compared at once."""


class Pads:
    """What padding is made of: each of ``pads`` (one to three bytes), and NUL in units of ``unit`` bytes; NUL
    throughout is padding of any length."""

    def __init__(self, pads, unit):
        pads = [bytes(unit), *pads]
        self.unit = unit
        self.count = len(pads)
        self._keep = b"".join(bytes((pad * LONGEST)[:LONGEST]) for pad in pads)
        self.runs = self._keep
        self._sizes = bytes(len(pad) for pad in pads)
        self.sizes = self._sizes


class Unread:
    """What was found: ``size`` bytes in all rows, of them ``other`` in ranges that are not padding; ``row``
    and ``at``: the first such row (-1: none) and where in the source its first byte that is no padding is."""

    def __init__(self):
        self.size = 0
        self.other = 0
        self.row = -1
        self.at = -1


def unread(src, starts, ends, begin, stop, pads, marks):
    """Look at the bytes ``begin``..``stop`` (-1: to its end) of every record of a batch.

    A range is padding when it consists of pads throughout, else all of it counts as ``other`` and the record
    gets a mark in ``marks``. Records that end before ``begin`` have nothing there.
    """
    found = Unread()
    _unread(src, starts, ends, begin, stop, pads, marks, found)
    return found


def _unread(src, starts, ends, begin, stop, pads, marks, found):
    for row in range(len(starts)):
        first = starts[row] + begin
        last = ends[row]
        if stop >= 0 and starts[row] + stop < last:
            last = starts[row] + stop
        if first >= last:
            continue
        found.size += last - first
        at = _odd(src, first, last, pads)
        if at >= 0:
            found.other += last - first
            marks[row] = 1
            if found.row < 0:
                found.row = row
                found.at = at


def _odd(src, first, last, p):
    """Where the first byte is that is no padding; -1 when there is none."""
    pos = first
    while pos < last and src[pos] == 0:
        pos += 1
    if pos == last:  # low-values throughout, whatever a character's bytes
        return -1
    pos = first
    size = last - first
    for i in range(p.count if cython.compiled and size <= LONGEST else 0):
        same = memcmp(cython.address(src[first]), p.runs + i * LONGEST, size) == 0
        if same and size % p.sizes[i] == 0:
            return -1
    while pos < last:
        step = 0
        for i in range(p.count):
            size = p.sizes[i]
            if pos + size > last:
                continue
            k = 0
            while k < size and src[pos + k] == p.runs[i * LONGEST + k]:
                k += 1
            if k == size:
                step = size
                break
        if step == 0:
            return pos
        pos += step
    return -1


def lengths(starts, ends):
    """(bytes of all records, of the shortest, of the longest); nothing but 0 where there are none."""
    total = 0
    shortest = -1
    longest = 0
    for row in range(len(starts)):
        size = ends[row] - starts[row]
        total += size
        if shortest < 0 or size < shortest:
            shortest = size
        if size > longest:
            longest = size
    if shortest < 0:
        shortest = 0
    return total, shortest, longest


def shorter(starts, ends, least):
    """(how many records have fewer than ``least`` bytes, the first of them or -1)."""
    count = 0
    first = -1
    for row in range(len(starts)):
        if ends[row] - starts[row] < least:
            count += 1
            if first < 0:
                first = row
    return count, first


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {"LONGEST": LONGEST}
