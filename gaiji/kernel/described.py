# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that find records behind descriptors (RDW, in blocks or not, in segments or not).

Owns the scan over them; its place is a ``gaiji.kernel.cut.Scan``. One source, compiled or interpreted. Scans
never read past ``n``; what does not fit is left for the next batch. What the bytes say is for others.
"""

# Why a scan stopped (``Scan.error``).
OK = 0
BAD_RDW = 1
BAD_BDW = 2
TRUNCATED = 6


class Descriptors:
    """How the lengths before records (``rdw``) and blocks (``bdw``) are written, as numbers of
    ``gaiji.records.forms``: ``place`` 0 a length in the first half of four bytes, 1 in the second, 2 two
    bytes alone; ``little`` its order; ``more``: what is to be added to it, 0 or the bytes of the descriptor.
    ``spanned``: the third byte (of the half that holds no length) may mark a segment.
    """

    def __init__(self, blocked, spanned, rdw, bdw):
        self.blocked = blocked
        self.spanned = spanned
        self.place = rdw[0]
        self.little = rdw[1]
        self.more = rdw[2]
        self.block_place = bdw[0]
        self.block_little = bdw[1]
        self.block_more = bdw[2]


def scan_vb(s, src, n, d, starts, ends, final):
    """Find records behind their descriptors from ``s.pos``; ``starts``/``ends`` receive their byte ranges.

    Sources of the rules: IBM z/OS DFSMS, record formats V, VB, VS, VBS (a length that counts its descriptor,
    big-endian, in the first half; in the third byte 0 a whole record, 1 its first segment, 2 its last, 3 one
    between); what transfer programs make of it: ``Descriptors``. Segments are moved together in ``src``, once
    the last of them is there. ``s.pos`` stands where a record begins, with ``s.block_left`` bytes of its
    block; ``s.at`` where the descriptor is that stopped the scan.
    """
    limit = len(starts)
    s.rows = 0
    s.error = OK
    s.clear()
    while s.rows < limit and s.pos < n:
        if not _vb_record(s, src, n, d, 0):
            break
        if s.cells > 1:
            _vb_record(s, src, n, d, 1)
        starts[s.rows] = s.begin
        ends[s.rows] = s.end
        s.descriptors += s.at - s.pos - (s.end - s.begin)
        s.rows += 1
        s.pos = s.at
        s.block_left = s.left
    if s.rows == limit or s.pos >= n:
        s.at = s.pos
    if s.error == OK and final and s.rows < limit and (s.pos < n or (d.blocked and s.block_left > 0)):
        s.error = TRUNCATED  # a block that promises more is cut too, even between two of its records
    return s.rows


def _vb_record(s, src, n, d, join):
    """One record from ``s.pos``: 1 when it is whole. ``s.begin``, ``s.end``: its bytes; ``s.cells``: its
    segments; ``s.at``, ``s.left``: what is behind it, or which descriptor stopped it. ``join``: move them.
    """
    size = 2 if d.place == 2 else 4
    block = 2 if d.block_place == 2 else 4
    s.at = s.pos
    s.left = s.block_left
    s.cells = 0
    while True:
        if d.blocked and s.left == 0:
            if s.at + block > n:
                return 0
            length = _described(src, s.at, d.block_place, d.block_little, 1) + d.block_more
            if length < block + size:
                s.error = BAD_BDW
                return 0
            s.left = length - block
            s.at += block
        if s.at + size > n:
            return 0
        length = _described(src, s.at, d.place, d.little, 0) + d.more
        flag = _segment(src, s.at, d.place)
        if (
            length < size
            or (d.blocked and length > s.left)
            or (flag and not d.spanned)
            or flag < 0
            or (s.cells == 0 and flag > 1)
            or (s.cells and flag < 2)
        ):
            s.error = BAD_RDW
            return 0
        if s.at + length > n:
            return 0
        if s.cells == 0:
            s.begin = s.at + size
            s.end = s.at + length
        elif join:
            for i in range(s.at + size, s.at + length):
                src[s.end] = src[i]
                s.end += 1
        s.at += length
        s.cells += 1
        if d.blocked:
            s.left -= length
        if flag == 0 or flag == 2:
            return 1


def _described(src, pos, place, little, block):
    """The length that a descriptor says; far below zero when the bytes cannot be one.

    Of a block, the first bit set means a length of 31 bits (large blocks of DFSMS); where that could be 16
    bits as well, it is neither.
    """
    if (
        block
        and place == 0
        and not little
        and src[pos] == 0x80
        and (src[pos + 1] or src[pos + 2] or src[pos + 3])
    ):
        if not src[pos + 2] and not src[pos + 3]:
            return -65536
        return (src[pos + 1] << 16) | (src[pos + 2] << 8) | src[pos + 3]
    if place == 0 and (src[pos + 3] or (block and src[pos + 2])):
        return -65536
    if place == 1:
        if src[pos + 1] or (block and src[pos]):
            return -65536
        pos += 2
    if little:
        return (src[pos + 1] << 8) | src[pos]
    return (src[pos] << 8) | src[pos + 1]


def _segment(src, pos, place):
    """Which segment of a record a descriptor stands before: 0 the whole, 1 the first, 2 the last, 3 one
    between, -1 none. The two bits 10 and 11 stand in some files as X'10' and X'11'.
    """
    if place == 2:
        return 0
    flag = src[pos + 2] if place == 0 else src[pos]
    if flag == 0x10 or flag == 0x11:
        return flag - 14
    return flag if flag <= 3 else -1


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {"OK": OK, "BAD_RDW": BAD_RDW, "BAD_BDW": BAD_BDW, "TRUNCATED": TRUNCATED}
