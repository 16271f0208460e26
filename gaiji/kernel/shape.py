# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops between records and fields: of which type a record is, and where its fields lie when tables
vary.

Owns the tests of record types, the nearest parent before a record, and the places that OCCURS DEPENDING ON
moves. Like ``gaiji.kernel.decode`` it is one source, compiled or interpreted, and imports nothing of the
toolkit. What the types and tables are is for ``gaiji.records.shape``.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

# What a test looks at.
STANDS = 0
OF_LENGTH = 1
IS_FIRST = 2
IS_LAST = 3
TEST = 6

# Kinds of a record that fits no type, and of one whose parent is not there.
NO_TYPE = -1
ORPHAN = -2
# A record that was set aside for another reason.
ASIDE = -3
# The owner of a record: none, or a record of an earlier batch.
NOBODY = -1
CARRIED = -2

# Steps of a walk over a record.
PIECE = 0
COUNT = 1
NODE = 2
STEP = 8
COLUMN = 4

# How a counter is written.
ZONED = 0  # the sign in the zone of the last digit
PACKED = 1
BINARY = 2
BARE = 3  # packed, without a half byte for the sign
LITTLE = 4  # binary, the low byte first
LEADING = 5  # zoned, the sign in the first digit
LETTERS = 6  # zoned, a plus makes a letter of the last digit: X'40' to X'49', or X'7B' for 0
LEADING_LETTERS = 7  # of the first

# Why a record cannot be walked; what is about the counter in slot ``n`` has ``n * 4`` added to it.
BAD_COUNTER = 1
OUT_OF_RANGE = 2
CUT_OFF = 3


def sort(src, starts, ends, tests, values, types, first, last, kinds):
    """Set the kind of each record: the first type all of whose tests it passes, else ``NO_TYPE``.

    ``tests``: six numbers each, ordered by type: type, what, offset, length, count, place in ``values``. For
    ``STANDS`` the ``length`` bytes at ``offset`` are one of ``count`` values; for ``OF_LENGTH`` the record
    has ``offset`` bytes. ``first`` and ``last``: the rows of the input's first and last record, or -1.
    """
    n = len(tests) // TEST
    for row in range(len(kinds)):
        kinds[row] = NO_TYPE
        i = 0
        for kind in range(types):
            fits = 1
            while i < n and tests[i * TEST] == kind:
                if fits:
                    fits = _passes(src, starts[row], ends[row], tests, i * TEST, values, row, first, last)
                i += 1
            if fits:
                kinds[row] = kind
                break


def _passes(src, begin, end, tests, at, values, row, first, last):
    what = tests[at + 1]
    if what == IS_FIRST:
        return 1 if row == first else 0
    if what == IS_LAST:
        return 1 if row == last else 0
    if what == OF_LENGTH:
        return 1 if end - begin == tests[at + 2] else 0
    begin += tests[at + 2]
    size = tests[at + 3]
    if begin + size > end:
        return 0
    for value in range(tests[at + 4]):
        base = tests[at + 5] + value * size
        i = 0
        while i < size and src[begin + i] == values[base + i]:
            i += 1
        if i == size:
            return 1
    return 0


def owners(kinds, gaps, parents, current, owner):
    """Set the owner of each record: the row of the nearest record before it of its parent's type, ``CARRIED``
    where that is of an earlier batch, ``NOBODY`` where its type has no parent.

    ``parents``: the parent of each type or -1; ``current``: the row of the last record of each type,
    ``CARRIED`` or ``NOBODY``, before and after. A new record of a type ends all records below the one before,
    however far below. A record that was set aside, of which nobody knows what it was (kind below 0, or one of
    ``gaps``: the rows before which it stood), ends all. A record whose parent is not there becomes an
    ``ORPHAN``, and ends what is below its type too.
    """
    types = len(parents)
    gap = 0
    for row in range(len(kinds)):
        kind = kinds[row]
        owner[row] = NOBODY
        lost = kind < 0
        while gap < len(gaps) and gaps[gap] <= row:
            gap += 1
            lost = 1
        if lost:
            for below in range(types):
                current[below] = NOBODY
            if kind < 0:
                continue
        for below in range(types):
            above = below
            while above >= 0 and above != kind:
                above = parents[above]
            if above == kind:
                current[below] = NOBODY
        if parents[kind] >= 0:
            owner[row] = current[parents[kind]]
            if owner[row] == NOBODY:
                kinds[row] = ORPHAN
                continue
        current[kind] = row


def pick(kinds, kind, rows):
    """Put the rows of one kind into ``rows``; returns how many there are."""
    n = 0
    for row in range(len(kinds)):
        if kinds[row] == kind:
            rows[n] = row
            n += 1
    return n


def shorter(starts, ends, least):
    """How many records have fewer than ``least`` bytes."""
    n = 0
    for row in range(len(starts)):
        n += ends[row] - starts[row] < least
    return n


def count(kinds, kind, first, last):
    """How many of the rows ``first``..``last`` (without it) are of a kind."""
    n = 0
    for row in range(first, last):
        n += kinds[row] == kind
    return n


def take(edges, rows, out):
    """Gather ``edges`` at ``rows`` into ``out``."""
    for i in range(len(rows)):
        out[i] = edges[rows[i]]


def follow(owner, rows, out):
    """The owners of ``rows`` (each a row, or ``CARRIED``, which stays)."""
    for i in range(len(rows)):
        out[i] = owner[rows[i]] if rows[i] >= 0 else rows[i]


def borrow(starts, ends, owner, offset, length, whole, carried, behind, out_starts, out_ends):
    """Where ``length`` bytes at ``offset`` lie in the owner of each record; that of an earlier batch lies at
    ``carried``..``behind``. ``whole``: nowhere, where a record does not hold all of them."""
    for i in range(len(owner)):
        begin = carried
        end = behind
        if owner[i] >= 0:
            begin = starts[owner[i]]
            end = ends[owner[i]]
        if whole and begin + offset + length > end:
            begin = end
        out_starts[i] = begin + offset if begin + offset < end else end
        out_ends[i] = begin + offset + length if begin + offset + length < end else end


def number(first, gaps, out):
    """Record numbers: ``first``, one more each row; ``gaps``: rows before which a record was set aside."""
    gap = 0
    for row in range(len(out)):
        while gap < len(gaps) and gaps[gap] <= row:
            gap += 1
        out[row] = first + row + gap


def spread(src, starts, ends, steps, scratch, columns, out_starts, out_ends, bad):
    """Find the fields of records whose tables vary in length.

    ``steps``: eight numbers each. ``PIECE``: number, bytes, node (-1: always there), counter of the node.
    ``COUNT``: number, piece, offset in it, bytes, how it is written, least, most. ``NODE``: number, node
    around it (-1: none), counter, occurrence: there while the counter is no less. ``columns``: (piece,
    offset, bytes) of each; -1 as piece: what stands behind all pieces. ``out_*`` are column-major.
    ``scratch`` has room for one number of each piece, counter and node. ``bad``: why a record cannot be
    walked, 0 where it can. Returns how many cannot.
    """
    if cython.compiled:
        with cython.nogil:
            wrong = _spread(src, starts, ends, steps, scratch, columns, out_starts, out_ends, bad)
    else:
        wrong = _spread(src, starts, ends, steps, scratch, columns, out_starts, out_ends, bad)
    return wrong


def _spread(src, starts, ends, steps, scratch, columns, out_starts, out_ends, bad):
    wrong = 0
    rows = len(starts)
    n = len(columns) // COLUMN
    for row in range(rows):
        end = ends[row]
        stop = _walk(src, starts[row], end, steps, scratch, bad, row)
        for column in range(n):
            piece = columns[column * COLUMN]
            begin = stop if piece < 0 else scratch[piece]
            at = column * rows + row
            if begin < 0 or bad[row]:
                out_starts[at] = starts[row]
                out_ends[at] = starts[row]
                continue
            begin += columns[column * COLUMN + 1]
            behind = end if piece < 0 else begin + columns[column * COLUMN + 2]
            if begin > end and piece >= 0:
                begin = end
            if behind > end:
                behind = end
                if columns[column * COLUMN + 3]:
                    bad[row] = CUT_OFF
            out_starts[at] = begin
            out_ends[at] = behind
        if bad[row]:
            wrong += 1
    return wrong


def _walk(src, begin, end, steps, scratch, bad, row):
    """Set where each piece of a record begins (-1: not there); returns where the last one ends."""
    pos = begin
    bad[row] = 0
    for k in range(len(steps) // STEP):
        i = k * STEP
        what = steps[i]
        me = steps[i + 1]
        if what == PIECE:
            node = steps[i + 3]
            if node >= 0 and not scratch[node]:
                scratch[me] = -1
                continue
            if node >= 0 and pos >= end and steps[i + 2]:
                bad[row] = steps[i + 4] * 4 + CUT_OFF
                return pos
            scratch[me] = pos
            pos += steps[i + 2]
        elif what == NODE:
            node = steps[i + 2]
            there = 1 if node < 0 or scratch[node] else 0
            scratch[me] = 1 if there and scratch[steps[i + 3]] >= steps[i + 4] else 0
        else:
            value = 0
            if scratch[steps[i + 2]] >= 0:
                at = scratch[steps[i + 2]] + steps[i + 3]
                value = -1
                if at + steps[i + 4] <= end:
                    value = _counter(src, at, steps[i + 4], steps[i + 5])
                if value < 0:
                    bad[row] = steps[i + 1] * 4 + BAD_COUNTER
                    return pos
                if value < steps[i + 6] or value > steps[i + 7]:
                    bad[row] = steps[i + 1] * 4 + OUT_OF_RANGE
                    return pos
            scratch[me] = value
    return pos


def _counter(src, at, length, how):
    """A number without decimals; -1 where it is none, or below zero."""
    if how in (BINARY, LITTLE):
        return _binary(src, at, length, how)
    value = 0
    sign = 0 if how in (LEADING, LEADING_LETTERS) else length - 1
    for i in range(length):
        high = src[at + i] >> 4
        low = src[at + i] & 15
        if how in (PACKED, BARE):
            if high > 9:
                return -1
            value = value * 10 + high
            if i == length - 1 and how == PACKED:
                return value if low in (10, 12, 14, 15) else -1
        else:
            low = _zoned(src[at + i], how, i == sign)
        if low > 9:
            return -1
        value = value * 10 + low
    return value


def _binary(src, at, length, how):
    """A binary counter; its first bit, which may be a sign, is none of a number that counts."""
    if src[at if how == BINARY else at + length - 1] & 0x80:
        return -1
    value = 0
    for i in range(length):
        value = value << 8 | src[at + i if how == BINARY else at + length - 1 - i]
    return value


def _zoned(b, how, sign):
    """The digit of a zoned byte, above 9 where it is none; ``sign``: whether a plus may stand in it."""
    high = b >> 4
    if high in (3, 15):
        return b & 15
    if sign and how in (ZONED, LEADING) and high in (10, 12, 14):
        return b & 15
    if sign and how in (LETTERS, LEADING_LETTERS):
        return 0 if b == 0x7B else b & 15 if high == 4 else 15
    return 15


def compact(records, step, rows, steps, full, scratch, out, offsets, bad):
    """Write records of full size (``step`` bytes each) as they lie in a file: without the occurrences that
    their counters leave out. ``full``: where each piece begins in a record of full size. ``offsets`` receives
    the end of each record. Returns the bytes written; ``bad`` as in ``spread``.
    """
    o = 0
    for row in range(rows):
        base = row * step
        bad[row] = _weigh(records, base, steps, full, scratch)
        for j in range(len(steps) // STEP):
            i = j * STEP
            me = steps[i + 1]
            if steps[i] == PIECE and scratch[me] >= 0:
                for k in range(steps[i + 2]):
                    out[o] = records[base + full[me] + k]
                    o += 1
        offsets[row + 1] = o
    return o


def present(records, step, rows, steps, full, scratch, pieces, there, bad):
    """Which of some ``pieces`` the counters of records of full size (``step`` bytes each) leave in: 1 in
    ``there`` (column-major), 0 for others. ``full``, ``bad`` as in ``compact``."""
    for row in range(rows):
        bad[row] = _weigh(records, row * step, steps, full, scratch)
        for i in range(len(pieces)):
            there[i * rows + row] = 1 if scratch[pieces[i]] >= 0 else 0


def _weigh(records, base, steps, full, scratch):
    """Set which pieces of a record of full size its counters leave in (0) and out (-1); returns why it cannot
    be walked, 0 where it can."""
    bad = 0
    for j in range(len(steps) // STEP):
        i = j * STEP
        what = steps[i]
        me = steps[i + 1]
        if what == PIECE:
            node = steps[i + 3]
            there = 1 if node < 0 or scratch[node] else 0
            scratch[me] = 0 if there else -1
        elif what == NODE:
            node = steps[i + 2]
            there = 1 if node < 0 or scratch[node] else 0
            scratch[me] = 1 if there and scratch[steps[i + 3]] >= steps[i + 4] else 0
        else:
            piece = steps[i + 2]
            value = 0
            if scratch[piece] >= 0:
                value = _counter(records, base + full[piece] + steps[i + 3], steps[i + 4], steps[i + 5])
                if value < 0:
                    bad = me * 4 + BAD_COUNTER
                    value = 0
                elif value < steps[i + 6] or value > steps[i + 7]:
                    bad = me * 4 + OUT_OF_RANGE
            scratch[me] = value
    return bad


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "STANDS": STANDS,
    "OF_LENGTH": OF_LENGTH,
    "IS_FIRST": IS_FIRST,
    "IS_LAST": IS_LAST,
    "TEST": TEST,
    "NO_TYPE": NO_TYPE,
    "ORPHAN": ORPHAN,
    "ASIDE": ASIDE,
    "NOBODY": NOBODY,
    "CARRIED": CARRIED,
    "PIECE": PIECE,
    "COUNT": COUNT,
    "NODE": NODE,
    "STEP": STEP,
    "COLUMN": COLUMN,
    "ZONED": ZONED,
    "PACKED": PACKED,
    "BINARY": BINARY,
    "BARE": BARE,
    "LITTLE": LITTLE,
    "LEADING": LEADING,
    "LETTERS": LETTERS,
    "LEADING_LETTERS": LEADING_LETTERS,
    "BAD_COUNTER": BAD_COUNTER,
    "OUT_OF_RANGE": OUT_OF_RANGE,
    "CUT_OFF": CUT_OFF,
}
