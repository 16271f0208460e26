# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops of the proof: the cells of an output against the bytes that they came from.

Owns the comparison of a column encoded back with its source, byte for byte, and of what differs, unit by
unit. Like ``gaiji.kernel.decode`` it is one source, compiled or interpreted. Of the toolkit it uses
``gaiji.kernel.encode`` alone: nothing that it checks.
"""

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

if not cython.compiled:  # compiled code has them from the .pxd
    from gaiji.kernel.encode import check_lengths, encode_one, match_text, read_point
    from gaiji.kernel.points import suffix_point, utf8_width
    from gaiji.kernel.reads import equal, is_blank, reads, wide_text

# As in gaiji.kernel.encode.
LEAD = 1
DECIMAL = 2
UTF8 = 3
OVERFLOW = 8
FINDING = 6
VALUE = 0x0FFFFFFF
AHEAD = 16
# The size that a base and its selector have together, as in gaiji.kernel.decode.
JOINED = 8
# What a compared row is; each is worse than the one before it.
IDENTICAL = 0
FORM = 1
ONE_WAY = 2
FLAGGED = 3
CHANGED = 4


def same_rows(c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms):
    """Encode each text back, padded to the bytes of its source field, and compare byte for byte.

    ``differ`` (array q) receives the numbers of the rows that are not identical; returns how many.
    ``padded``: full-width padding counts for nothing at the end of a text, so rows whose bytes differ only by
    having it inside the shift go to ``forms`` instead (``w.n`` of them), as is usual in fixed-length records.
    ``w.blank``: how many rows of both kinds have an empty text, though their source has bytes.
    Findings of ``w`` are not kept: what a row that differs is, ``compare_rows`` says.
    """
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(s_starts), len(differ))
    check_lengths(n_rows, n_rows, len(s_ends), len(forms))
    if cython.compiled:
        with cython.nogil:
            found = _same_rows(
                c,
                w,
                mode,
                starts,
                ends,
                source,
                s_starts,
                s_ends,
                offset,
                length,
                padded,
                differ,
                forms,
                n_rows,
            )
    else:
        found = _same_rows(
            c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms, n_rows
        )
    return found


def _same_rows(
    c, w, mode, starts, ends, source, s_starts, s_ends, offset, length, padded, differ, forms, n_rows
):
    found = 0
    other = 0
    blank = 0
    for row in range(n_rows):
        if (
            cython.compiled and row + AHEAD < n_rows
        ):  # fields lie a record apart: fetch before they are needed
            gaiji_prefetch(cython.address(source[s_starts[row + AHEAD] + offset]))
            gaiji_prefetch(w.src + starts[row + AHEAD])
        pos = s_starts[row] + offset
        end = s_ends[row]
        if pos > end:
            pos = end
        if length >= 0 and pos + length < end:
            end = pos + length
        w.o = 0
        w.n = 0
        if ends[row] - starts[row] <= 8 * (end - pos) + 64:  # a longer text cannot be that field's
            encode_one(c, w, mode, starts[row], ends[row], end - pos)
        else:
            w.n = 1
        same = w.n == 0 and w.o == end - pos
        if same:
            if cython.compiled:
                same = w.o == 0 or memcmp(w.out, cython.address(source[pos]), w.o) == 0
            else:
                same = w.out[: w.o] == source[pos:end]
        if not same and padded and w.n == 0 and w.o == end - pos and _padded_inside(c, w, source, pos, end):
            forms[other] = row
            other += 1
            same = 1
        elif not same:
            differ[found] = row
            found += 1
        if same and starts[row] == ends[row] and end > pos:
            blank += 1
    w.n = other
    w.blank = blank
    return found


def _padded_inside(c, w, source, pos, end):
    """Whether the source is the encoded text with padding of double bytes before the closing shift."""
    at = w.body
    if at < 0:  # the text ends in single bytes
        return 0
    if at:
        for i in range(at):
            if source[pos + i] != w.out[i]:
                return 0
        pos += at
    else:  # a blank text: the shift encloses nothing but padding
        for i in range(c.n_in):
            if pos + i >= end or source[pos + i] != c.shift_in[i]:
                return 0
        pos += c.n_in
    while pos + 1 < end and source[pos] == c.pad_hi and source[pos + 1] == c.pad_lo:
        pos += 2
    for i in range(c.n_out):
        if pos + i >= end or source[pos + i] != c.shift_out[i]:
            return 0
    pos += c.n_out
    while pos < end and source[pos] == c.pad_single:
        pos += 1
    return pos == end


class Flags:
    """What the flagged units of a batch must stand as: a hash of unit (value | reason << 28) → text."""

    def __init__(self, keys, at, lengths, blob):
        self.keys = keys
        self.at = at
        self.lengths = lengths
        self._keep = blob
        self.blob = blob
        self.mask = len(keys) - 1


def compare_rows(
    c, w, flags, rows, first, starts, ends, units, unit_ends, flagged, trim, cut, classes, notes
):
    """Say what each row that is not byte-identical is, unit by unit.

    ``rows``: row numbers, done from the ``first`` of them on; ``starts``/``ends``: text ranges of all rows in
    ``w``'s source; ``units`` (array I): source units as value | reason << 28, of the n-th row up to byte
    ``unit_ends[n + 1]``; ``flagged[n]``: the n-th row has a finding beside its units. ``trim``: blanks at the
    end count for nothing; ``cut``: the bytes that a cell of a fixed-length output has (negative: UTF-16
    units), so that it may end before the source; 0 where cells have no limit. ``classes[n]`` receives the
    class; ``notes`` six int64 for each unit that is not plain: row, byte offset in the text, position, code,
    size, class (or reason << 8 | FLAGGED); ``w.n`` counts them. Stops before a row whose notes might not fit;
    returns which.
    """
    n_rows = len(rows)
    check_lengths(n_rows, len(unit_ends) - 1, len(flagged), len(classes))
    if cython.compiled:
        with cython.nogil:
            first = _compare_rows(
                c,
                w,
                flags,
                rows,
                first,
                starts,
                ends,
                units,
                unit_ends,
                flagged,
                trim,
                cut,
                classes,
                notes,
                n_rows,
            )
    else:
        first = _compare_rows(
            c,
            w,
            flags,
            rows,
            first,
            starts,
            ends,
            units,
            unit_ends,
            flagged,
            trim,
            cut,
            classes,
            notes,
            n_rows,
        )
    return first


def _compare_rows(
    c, w, flags, rows, i, starts, ends, units, unit_ends, flagged, trim, cut, classes, notes, n_rows
):
    room = len(notes) // FINDING
    while i < n_rows:
        if w.n + ((unit_ends[i + 1] - unit_ends[i]) >> 2) + 2 > room:
            break
        row = rows[i]
        w.row = row
        w.pos = starts[row]
        w.end = ends[row]
        w.start = starts[row]
        w.n = _compare_one(
            c, w, flags, units, unit_ends[i] >> 2, unit_ends[i + 1] >> 2, trim, cut, notes, w.n
        )
        if flagged[i] and w.full < FLAGGED:
            w.full = FLAGGED
        classes[i] = w.full
        i += 1
    return i


def _compare_one(c, w, flags, units, first, last, trim, cut, notes, n):
    """Match the units one after another with the text; ``w.full`` becomes the class."""
    w.full = FORM
    at = first
    while at < last:
        unit = units[at]
        reason = unit >> 28
        found = _stands(c, w, flags, unit)
        if found < 0:
            if trim and w.pos >= w.end and _blank_units(c, units, at, last):
                break
            if cut and _cut_short(c, w, flags, unit) and _too_long(c, w, flags, units, at, last, cut):
                w.full = FLAGGED
                return _record(w, notes, n, at - first, unit & VALUE, OVERFLOW << 8 | FLAGGED)
            w.full = CHANGED
            return _record(w, notes, n, at - first, unit & VALUE, CHANGED)
        if reason:
            w.full = FLAGGED
            n = _record(w, notes, n, at - first, unit & VALUE, reason << 8 | FLAGGED)
        elif found == ONE_WAY:
            n = _record(w, notes, n, at - first, unit & VALUE, ONE_WAY)
            if w.full < ONE_WAY:
                w.full = ONE_WAY
        at += 1
    if trim:
        _skip_blanks(w)
    if w.pos < w.end:
        w.full = CHANGED
        n = _record(w, notes, n, last - first, 0, CHANGED)
    return n


def _stands(c, w, flags, unit):
    """Whether the unit's text stands at the cursor, which then moves behind it: -1, else FORM or ONE_WAY."""
    size = 0
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        if flags.keys[i] == -1:
            return -1
        size = flags.lengths[i]
        if not equal(w, flags.blob, flags.at[i], size):
            return -1
    else:
        size = reads(c, w, unit)
        if size < 0:
            return -1
    after = w.pos + size
    if (
        after < w.end
        and w.src[after] == 0xF3
        and read_point(w, after)
        and w.cp >= 0xE0100
        and w.cp <= 0xE01EF
        and c.kind < UTF8
    ):
        return -1  # another form of the character stands here
    if unit >> 28:
        w.pos = after
        return FORM
    match_text(c, w, w.pos)
    if c.kind < UTF8:
        same = w.value & VALUE == unit
    elif unit >> 24 < JOINED:
        same = w.value & 0xFFFFFF == unit & 0xFFFFFF and w.value >> 24 & 15 < JOINED
    elif w.value & VALUE == unit:  # a sequence with a text of its own
        same = 1
    else:  # or it stands for itself
        pack = (unit & VALUE) - (JOINED << 24)
        same = w.value == pack >> 9 and size > w.used
        same = same and read_point(w, w.pos + w.used) and w.cp == suffix_point(pack & 511)
    w.pos = after
    return FORM if same else ONE_WAY


def _cut_short(c, w, flags, unit):
    """Whether what is left of the cell is the beginning of the unit's text (or nothing)."""
    n = w.end - w.pos
    if n <= 0:
        return 1
    code = unit & 0xFFFFFF
    size = (unit >> 24) & 15
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        return flags.keys[i] != -1 and n < flags.lengths[i] and equal(w, flags.blob, flags.at[i], n)
    if size == 2 and c.kind < UTF8 and code < c.n_double:
        return n < c.len2[code] and equal(w, c.blob, c.at2[code], n)
    if size == 3 and c.kind == LEAD:
        return n < c.len3[code & 0xFFFF] and equal(w, c.blob, c.at3[code & 0xFFFF], n)
    return 0


def _too_long(c, w, flags, units, at, last, cut):
    """Whether the unit at ``at``, behind blanks, could not have been written into a cell of ``cut``."""
    used = _room(w.src, w.start, w.pos - w.start, cut)
    limit = cut if cut > 0 else -cut
    while at < last:
        unit = units[at]
        used += _reading(c, flags, unit, cut)
        if used > limit:
            return 1
        if not is_blank(c, unit):
            return 0
        at += 1
    return 0


def _room(data, at, n, cut):
    """Bytes of a text, or its UTF-16 units when ``cut`` is negative."""
    if cut > 0:
        return n
    used = 0
    for i in range(at, at + n):
        if data[i] & 0xC0 != 0x80:
            used += 2 if data[i] >= 0xF0 else 1
    return used


def _reading(c, flags, unit, cut):
    """Room that a unit's text takes."""
    size = (unit >> 24) & 15
    code = unit & 0xFFFFFF
    if unit >> 28:
        i = (unit * 40503) & flags.mask
        while flags.keys[i] != unit and flags.keys[i] != -1:
            i = (i + 1) & flags.mask
        return _room(flags.blob, flags.at[i], flags.lengths[i], cut) if flags.keys[i] != -1 else 0
    if c.kind >= UTF8:
        if size >= JOINED or code >= 0x10000:
            i = wide_text(c, unit)
            if i >= 0:
                return _room(c.blob, c.at3[i], c.len3[i], cut)
        elif code < c.n_double and c.len2[code]:
            return _room(c.blob, c.at2[code], c.len2[code], cut)
        if size >= JOINED:
            code = (unit - (JOINED << 24)) >> 9
            i = suffix_point((unit - (JOINED << 24)) & 511)
            return _point_room(code, cut) + _point_room(i, cut)
        return _point_room(code, cut)
    if size == 1:
        return _room(c.blob, c.at1[code], c.len1[code], cut)
    if size == 3 and c.kind != DECIMAL:
        return _room(c.blob, c.at3[code & 0xFFFF], c.len3[code & 0xFFFF], cut)
    return _room(c.blob, c.at2[code], c.len2[code], cut) if code < c.n_double else 0


def _point_room(code, cut):
    """Room that a code point takes."""
    if cut < 0:
        return 1 if code < 0x10000 else 2
    return utf8_width(code)


def _blank_units(c, units, at, last):
    """Whether all units from ``at`` read as spaces."""
    while at < last:
        if not is_blank(c, units[at]):
            return 0
        at += 1
    return 1


def _skip_blanks(w):
    while w.pos < w.end:
        if w.src[w.pos] == 0x20:
            w.pos += 1
        elif (
            w.pos + 3 <= w.end
            and w.src[w.pos] == 0xE3
            and w.src[w.pos + 1] == 0x80
            and w.src[w.pos + 2] == 0x80
        ):
            w.pos += 3
        else:
            break


def _record(w, notes, n, position, unit, what):
    at = n * FINDING
    notes[at] = w.row
    notes[at + 1] = w.pos - w.start
    notes[at + 2] = position
    size = (unit >> 24) & 15
    notes[at + 3] = unit & 0xFFFFFF if size < 8 else (unit & VALUE) - (8 << 24)
    notes[at + 4] = size if size < 8 else 8
    notes[at + 5] = what
    return n + 1


def same_text(data, offsets, src, starts, ends, differ):
    """Rows whose text in a column (``data``, ``offsets``) is not the range of ``src``: numbers to
    ``differ``."""
    n_rows = len(starts)
    check_lengths(n_rows, len(ends), len(offsets) - 1, len(differ))
    found = 0
    for row in range(n_rows):
        n = ends[row] - starts[row]
        same = offsets[row + 1] - offsets[row] == n
        if same and n:
            if cython.compiled:
                same = memcmp(cython.address(data[offsets[row]]), cython.address(src[starts[row]]), n) == 0
            else:
                same = data[offsets[row] : offsets[row + 1]] == src[starts[row] : ends[row]]
        if not same:
            differ[found] = row
            found += 1
    return found


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "LEAD": LEAD,
    "DECIMAL": DECIMAL,
    "UTF8": UTF8,
    "OVERFLOW": OVERFLOW,
    "FINDING": FINDING,
    "VALUE": VALUE,
    "AHEAD": AHEAD,
    "JOINED": JOINED,
    "IDENTICAL": IDENTICAL,
    "FORM": FORM,
    "ONE_WAY": ONE_WAY,
    "FLAGGED": FLAGGED,
    "CHANGED": CHANGED,
}
