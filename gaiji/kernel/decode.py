# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The hot loops that turn vendor bytes into UTF-8, column by column.

Owns decoding of shifted, double-byte, single-byte, lead-byte, UTF-8/16 and decimal-number fields, and
the record of every unit that has no clean answer. Knows nothing of files, tables or reasons' meanings
beyond their numbers, and imports nothing of the toolkit but the stand-in for an absent Cython.

One source serves twice: compiled by Cython (types in ``decode.pxd``) and run as plain Python. The only
code that differs is guarded by ``cython.compiled`` and concerns raw memory. Compiled code reads and
writes through bare pointers: every loop is bounded by ``end``, and ``decode_rows`` starts a record only
when the output has room for the longest text that the record can become (``Program.bound``).

Look-up: a table of 8-byte texts beside a table of their lengths; each character is one unaligned 8-byte
copy, so buffers carry 8 bytes of slack. Length 0 sends a unit down the slow path, where ``kind`` says
what it is: the low four bits are a reason (or ``MAPPED``, ``LONG``), the high four the length of the text
stored for it.

Unicode: code points beyond the BMP are looked up by pages (``pages``: the page of each 256 of them), and a
selector or mark joins the unit before it, which is taken back: base and selector are one unit, with a table
of its own (``qkeys``). The code of such a unit is base << 9 | number of the selector (``_suffix``), its size
``JOINED``. A text that is stored as ``ITSELF`` is the unit's own code point or sequence.
"""

from array import array

try:
    import cython
except ImportError:  # a bare install without Cython: the same code, interpreted
    from gaiji.kernel import nocython as cython

# Finding reasons; gaiji.model.Reason is the list, a test holds the two equal.
ILLEGAL = 3
BROKEN_SHIFT = 4
# Other values of the low four bits of ``kind``.
MAPPED = 0
LONG = 15
# Mapped too, by a row that rests on less than a standard: the unit is noted, so that it can be counted by
# grade.
GRADED = 13
GRADED_SPECIAL = 14  # its text holds what a CSV must quote
GRADED_LONG = 11  # its text is one of the long ones
# A selector or a mark, which belongs to the character before it.
JOINS = 10
# Values of the high four bits of ``kind`` beyond every length: the text is the unit itself, in Unicode.
ITSELF = 13
# What base and selector together have for a size; numbers of eight digits are their only others.
JOINED = 8
NOT_IN_STANDARD = 9
# No base is joined beyond plane 3: nothing is registered there, and its code would not fit.
BASES = 0x40000
# Replacement policies.
GETA = 0
STORED = 1
TAG = 2
# Program.kind
SHIFTED = 0
LEAD = 1
DECIMAL = 2
UTF8 = 3
# Field modes of a shifted or double-byte program.
MIXED = 0
DOUBLE = 1
SINGLE = 2
# Counters: indices into ``counts``; flagged units by reason follow at FLAGGED + reason.
UNITS = 0
MAPPED_UNITS = 1
PASSED_UNITS = 2
TRIMMED_UNITS = 3
FLAGGED = 4
LAST_COUNTED = 19  # the last reason that has a counter
BYTES = 24  # bytes of the source that units were made of: the framing's own sum must equal it
LOW_VALUES = 25  # fields of low-values throughout
BLANKS = 26  # fields of blanks throughout
UNSIGNED = 27  # numbers of signed fields that were written without a sign
GRADES = 28  # filled by gaiji.columns: units by grade (two, one, inferred, site), then people on one source
N_COUNTS = 33
# What is done at the borders of a field (``trim`` of ``decode_rows``).
TRIM = 1
EMPTIES = 2
# A finding is six int64: row, offset in the field, character position, code, bytes of the code, reason.
FINDING = 6
SLACK = 64
# So many rows ahead of the one at work a field is fetched into the processor's cache, which foresees no
# steps as long as a record.
AHEAD = 16
# Eight U+3000 and sixteen U+0020.
WIDE_SPACES = (
    b"\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80\xe3\x80\x80"
)
SPACES = b"                "


EMPTY = array("I")


def compiled():
    """Whether this module runs as compiled code."""
    return bool(cython.compiled)


class Program:
    """One charset compiled for one field role, one output form and one set of policies.

    All tables are ``bytes``; see ``gaiji.codes.program`` (``Compiler``) for how they are filled.
    ``half``: the byte that is one blank among double bytes, too, -1 where there is none; no code begins with
    it. ``pad_double``: the two bytes as they stand in the source, in its byte order; ``padded``: whether the
    single and the double pad are blanks (or no character), so that they may be taken off unread.
    """

    def __init__(self, kind, bound, single, double, triple, lead, trail, shifts, policy, tag, longs, **more):
        self._keep = (single, double, triple, lead, trail, shifts, policy, tag, longs)
        stext, slen, skind = single
        dtext, dlen, dkind = double
        ttext, tlen, tkind = triple
        long_text, long_offsets = longs
        pad = more.get("pad_double", b"\0\0")
        self.kind = kind
        self.bound = bound
        self.units = more.get("units", 0)
        self.little = more.get("little", 0)
        self.wide = more.get("wide", 0)
        self.digits = more.get("digits", 0)
        self.half = more.get("half", -1)
        self.pad_single = more.get("pad_single", 0x20)
        self.pad_hi = pad[0]
        self.pad_lo = pad[1]
        self.padded_single, self.padded_double = more.get("padded", (1, 1))
        # Padding comes in long runs: eight double or sixteen single units of it go in one step (compiled code
        # only).
        space = pad[self.little] << 8 | pad[1 - self.little]
        plain = dlen[space] == 3 and dtext[8 * space : 8 * space + 3] == b"\xe3\x80\x80"
        self.space_double = space if plain else -1
        plain = slen[self.pad_single] == 1 and stext[8 * self.pad_single] == 0x20
        self.space_single = self.pad_single if plain else -1
        self._pads = (pad * 8, bytes([self.pad_single]) * 16)
        self.double_pads = self._pads[0]
        self.single_pads = self._pads[1]
        self.stext = stext
        self.slen = slen
        self.skind = skind
        self.dtext = dtext
        self.dlen = dlen
        self.dkind = dkind
        self.ttext = ttext
        self.tlen = tlen
        self.tkind = tkind
        self.lead = lead
        self.trail = trail
        self.shifts = shifts
        self.n_shifts = len(shifts) // 4
        first = bytearray(256)
        for i in range(0, len(shifts), 4):
            first[shifts[i]] = 1
        sfirst = bytes(first)
        self._first = sfirst
        self.sfirst = sfirst
        self.policy = policy
        self.tag = tag
        self.tag_length = len(tag)
        self.long_text = long_text
        self.long_offsets = long_offsets
        self.unicode = more.get("unicode", 0)
        pages, keys, self.qtext, self.qkind = more.get("wide_planes", (EMPTY, EMPTY, b"", b""))
        if (kind == UTF8 or self.wide) and len(pages) < 0x1100:
            raise ValueError("a program of Unicode needs a page for each 256 code points")
        self.pages = pages
        self.qkeys = keys
        self.n_sequences = len(keys)
        self._keep += (self.qtext, self.qkind)


class Work:
    """The cursor of one decode call: where it reads, where it writes, what it has counted.

    ``special``: something went the slow way, as every text with a CSV delimiter, quote or line end does.
    """

    def __init__(self, src, out, findings, counts):
        self.findings = findings
        self.counts = counts
        if cython.compiled:
            self._src = src
            self._out = out
            self.src = cython.address(self._src[0])
            self.out = cython.address(self._out[0])
        else:
            self.src = src
            self.out = out
        self.o = 0
        self.n = 0
        self.row = 0
        self.final = 1
        self.special = 0
        self.last_end = -1


class Single:
    """One field after another in the same buffers: making them costs more than decoding a name.

    ``size``: bytes of the longest field, ``bound``: the largest ``Program.bound`` that will decode one. One
    thread at a time.
    """

    def __init__(self, size, bound):
        self.size = size
        self.bound = bound
        self.capacity = (size + 1) * bound + 2 * SLACK
        self.slots = size + 4
        self.found = array("q", bytes(8 * FINDING * self.slots))
        self.starts = array("q", [0])
        self.ends = array("q", [0])
        self.offsets = array("q", [0, 0])
        self.states = bytearray(1)
        self.out = bytearray(self.capacity + 8)
        self.work = Work(b"\0", self.out, self.found, array("q", bytes(8 * N_COUNTS)))

    def decode(self, p, mode, data):
        """Decode one whole field (bytes); returns the number of its findings."""
        w = self.work
        if p.bound > self.bound or len(data) > self.size:
            raise ValueError("the field is longer than the buffers")
        w.src = data
        w.o = 0
        w.n = 0
        self.ends[0] = len(data)
        _rows(
            p,
            w,
            mode,
            0,
            0,
            self.starts,
            self.ends,
            0,
            -1,
            self.states,
            self.offsets,
            0,
            1,
            self.capacity,
            self.slots,
        )
        return w.n

    def findings(self, count):
        """The first findings of the field: row, offset, position, code, bytes of the code, reason."""
        w = self.work
        out = []
        at = 0
        while at < count * FINDING:
            f = w.findings
            out.append((f[at], f[at + 1], f[at + 2], f[at + 3], f[at + 4], f[at + 5]))
            at += FINDING
        return out

    def text(self):
        """The text of the field, where its program writes texts."""
        w = self.work
        if cython.compiled:
            return w.out[: w.o].decode("utf-8")
        return str(memoryview(self.out)[: w.o], "utf-8")

    def units(self):
        """The units of the field, where its program writes those, as native 32-bit numbers."""
        return memoryview(self.out)[: self.work.o].cast("I")


def decode_rows(p, w, mode, trim, carry, starts, ends, offset, length, states, offsets, row, capacity, slots):
    """Decode one field of the rows from ``row`` on; stops before a row that might not fit.

    ``starts``/``ends``: byte range of each record in the source; the field is ``length`` bytes (-1: the
    rest) from ``offset``. ``trim``: TRIM takes blanks off the end, EMPTIES makes a field of low-values
    throughout an empty text and counts those of blanks. ``states``: shift state of each row, read when
    ``carry`` is 1 (the field's own end is no end of the shift) or 2 (it is: the record's last field).
    ``offsets`` receives the end of each row's text. ``capacity`` is the size of the output in bytes,
    ``slots`` that of the findings. Returns the next row to do (``len(starts)`` when all are done).
    """
    n_rows = len(starts)
    if cython.compiled:
        with cython.nogil:
            row = _rows(
                p,
                w,
                mode,
                trim,
                carry,
                starts,
                ends,
                offset,
                length,
                states,
                offsets,
                row,
                n_rows,
                capacity,
                slots,
            )
    else:
        row = _rows(
            p,
            w,
            mode,
            trim,
            carry,
            starts,
            ends,
            offset,
            length,
            states,
            offsets,
            row,
            n_rows,
            capacity,
            slots,
        )
    return row


def _rows(
    p, w, mode, trim, carry, starts, ends, offset, length, states, offsets, row, n_rows, capacity, slots
):
    while row < n_rows:
        if cython.compiled and row + AHEAD < n_rows:
            gaiji_prefetch(w.src + starts[row + AHEAD] + offset)
        pos = starts[row] + offset
        end = ends[row]
        if pos > end:
            pos = end
        if length >= 0 and pos + length < end:
            end = pos + length
        whole = trim & EMPTIES and not (carry and states[row])  # no shift is open
        if whole and end > pos and w.src[pos] == 0 and _low_values(w, pos, end):
            offsets[row + 1] = w.o
            row += 1
            continue
        if w.o + (end - pos + 1) * p.bound + SLACK > capacity or w.n + (end - pos) + 2 > slots:
            break
        w.row = row
        w.start = pos
        w.pos = pos
        w.end = end
        w.char = 0
        w.open_at = -1
        w.last_end = -1
        w.mixed = 1 if mode == MIXED else 0
        w.shifted = 1 if mode == DOUBLE else 0
        w.open_with = 0
        if carry and mode == MIXED and states[row]:
            w.shifted = 1
            w.open_with = states[row]
        first = w.o
        noted = w.n
        if trim & TRIM and mode != MIXED:
            _drop_padding(p, w, mode)
        _field(p, w)
        w.counts[BYTES] += w.pos - pos + end - w.end
        if mode == MIXED:
            states[row] = w.open_with if w.shifted else 0
            if w.shifted and carry != 1:
                _flag_open(p, w)
        if trim & TRIM and not p.units:
            _trim(w, first)
            if trim & EMPTIES and w.o == first and end > pos and w.n == noted:
                w.counts[BLANKS] += 1
        offsets[row + 1] = w.o
        row += 1
    return row


def _low_values(w, pos, end):
    """Whether a field is low-values throughout; its bytes are then counted as passed over."""
    for i in range(pos, end):
        if w.src[i]:
            return 0
    done = end - pos
    w.counts[UNITS] += done
    w.counts[PASSED_UNITS] += done
    w.counts[TRIMMED_UNITS] += done
    w.counts[BYTES] += done
    w.counts[LOW_VALUES] += 1
    return 1


def _field(p, w):
    """Decode from ``w.pos`` to ``w.end``, or to the last whole unit when the input goes on later."""
    if p.kind == LEAD:
        _field_lead(p, w)
    elif p.kind == UTF8:
        _field_utf8(p, w)
    elif p.kind == DECIMAL:
        _field_decimal(p, w)
    else:
        while w.pos < w.end:
            if w.shifted:
                _run_double(p, w)
            else:
                _run_single(p, w)
            if w.pos < w.end and not _step_shifted(p, w):
                break
    if p.unicode and not w.final:
        _hold(p, w)


def _run_double(p, w):
    """Copy the texts of double bytes until one needs care."""
    src = w.src
    out = w.out
    text = p.dtext
    lens = p.dlen
    hi = p.little
    lo = 1 - p.little
    space = p.space_double
    pos = w.pos
    last = w.end - 1
    o = w.o
    while pos < last:
        code = (src[pos + hi] << 8) | src[pos + lo]
        n = lens[code]
        if n == 0:
            break
        if cython.compiled:
            memcpy(out + o, text + 8 * code, 8)
        else:
            out[o : o + n] = text[8 * code : 8 * code + n]
        o += n
        pos += 2
        if cython.compiled and code == space:
            while pos + 16 <= w.end and memcmp(src + pos, p.double_pads, 16) == 0:
                memcpy(out + o, WIDE_SPACES, 24)
                o += 24
                pos += 16
    done = (pos - w.pos) >> 1
    w.counts[UNITS] += done
    if p.wide:
        w.counts[PASSED_UNITS] += done
    else:
        w.counts[MAPPED_UNITS] += done
    w.char += done
    w.pos = pos
    w.o = o


def _run_single(p, w):
    """Copy the texts of single bytes until one needs care."""
    src = w.src
    out = w.out
    text = p.stext
    lens = p.slen
    space = p.space_single
    pos = w.pos
    end = w.end
    o = w.o
    while pos < end:
        b = src[pos]
        n = lens[b]
        if n == 0:
            break
        if cython.compiled:
            memcpy(out + o, text + 8 * b, 8)
        else:
            out[o : o + n] = text[8 * b : 8 * b + n]
        o += n
        pos += 1
        if cython.compiled and b == space:
            while pos + 16 <= end and memcmp(src + pos, p.single_pads, 16) == 0:
                memcpy(out + o, SPACES, 16)
                o += 16
                pos += 16
    done = pos - w.pos
    w.counts[UNITS] += done
    w.counts[MAPPED_UNITS] += done
    w.char += done
    w.pos = pos
    w.o = o


def _match_shift(p, w, pos):
    """Which shift sequence stands at ``pos``: its number from 1, 0 for none, -1 if cut off by the end."""
    src = w.src
    shifts = p.shifts
    b = src[pos]
    if p.sfirst[b] == 0:
        return 0
    for i in range(p.n_shifts):
        if shifts[4 * i] != b:
            continue
        if shifts[4 * i + 2] == 1:
            return i + 1
        if pos + 1 >= w.end:
            return -1
        if shifts[4 * i + 1] == src[pos + 1]:
            return i + 1
    return 0


def _step_shifted(p, w):
    """One unit that the fast loops left: a shift, a flagged or a rare unit. 0: more input is needed."""
    if w.mixed:
        s = _match_shift(p, w, w.pos)
        if s > 0:
            _shift(p, w, s)
            return 1
        if s < 0 and not w.final:
            return 0
    if not w.shifted:
        b = w.src[w.pos]
        _emit(p, w, 1, b, p.skind[b], p.stext, b)
        return 1
    if w.src[w.pos] == p.half:
        kind = p.skind[p.half] if p.slen[p.half] == 0 else p.slen[p.half] << 4
        _emit(p, w, 1, p.half, kind, p.stext, p.half)
        return 1
    if w.pos + 1 >= w.end:
        if not w.final:
            return 0
        _flag(p, w, 1, w.src[w.pos], BROKEN_SHIFT, p.stext, 0, 0)
        return 1
    code = (w.src[w.pos + p.little] << 8) | w.src[w.pos + 1 - p.little]
    kind = p.dkind[code]
    if p.wide:
        if (code & 0xF800) == 0xD800:
            return _step_surrogate(p, w, code)
        if kind & 15 == JOINS:
            _join(p, w, 2, code)
            return 1
    if w.mixed and (kind == 0 or kind == ILLEGAL):
        s = _match_shift(p, w, w.pos + 1)
        if s < 0 and not w.final:
            return 0
        if s == 0 and w.src[w.pos] == p.pad_single and p.pad_single == p.pad_hi:
            if w.pos + 2 >= w.end and not w.final:
                return 0
            s = w.pos + 2 < w.end and _has_code(p, (w.src[w.pos + 1] << 8) | w.src[w.pos + 2])
        if s > 0:  # a shift or a code stands where the second half should be: half a character
            _flag(p, w, 1, w.src[w.pos], BROKEN_SHIFT, p.stext, 0, 0)
            return 1
    _emit(p, w, 2, code, kind, p.dtext, code)
    return 1


def _has_code(p, code):
    """Whether double bytes are a code of the charset, be it a finding."""
    return p.dlen[code] != 0 or (p.dkind[code] != 0 and p.dkind[code] & 15 != ILLEGAL)


def _shift(p, w, s):
    """Apply shift sequence number ``s``; one that changes nothing is flagged, a new point size is not."""
    at = 4 * (s - 1)
    size = p.shifts[at + 2]
    into = p.shifts[at + 3]
    if into and not w.shifted:
        w.open_at = w.pos
        w.open_with = s
    elif into and w.open_with != s:
        w.open_with = s
    elif not into and w.shifted:
        w.open_at = -1
    else:
        code = w.src[w.pos]
        if size == 2:
            code = (code << 8) | w.src[w.pos + 1]
        _note(p, w, size, code, BROKEN_SHIFT)
        w.counts[UNITS] += 1
        w.counts[FLAGGED + BROKEN_SHIFT] += 1
        w.pos += size
        return
    w.counts[UNITS] += 1
    w.counts[PASSED_UNITS] += 1
    w.pos += size
    w.shifted = into


def _flag_open(p, w):
    """The field ends shifted: flag the shift that was never closed (it was counted as passed before)."""
    if w.open_with == 0:
        return
    at = 4 * (w.open_with - 1)
    size = p.shifts[at + 2]
    code = p.shifts[at]
    if size == 2:
        code = (code << 8) | p.shifts[at + 1]
    pos = w.pos
    if w.open_at >= 0:
        w.pos = w.open_at
        w.counts[PASSED_UNITS] -= 1
    else:  # it was opened in a field before this one: the missing shift counts as a unit of its own
        w.pos = w.start
        w.counts[UNITS] += 1
    _note(p, w, size, code, BROKEN_SHIFT)
    w.pos = pos
    w.counts[FLAGGED + BROKEN_SHIFT] += 1


def _step_surrogate(p, w, code):
    """UTF-16 beyond the BMP: a pair becomes one unit, half a pair is flagged."""
    if code < 0xDC00 and w.pos + 3 >= w.end and not w.final:
        return 0
    if code < 0xDC00 and w.pos + 3 < w.end:
        low = (w.src[w.pos + 2 + p.little] << 8) | w.src[w.pos + 3 - p.little]
        if (low & 0xFC00) == 0xDC00:
            _wide(p, w, 4, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00))
            return 1
    _flag(p, w, 2, code, BROKEN_SHIFT, p.stext, 0, 0)
    return 1


def _wide(p, w, size, cp):
    """A character beyond the BMP, by its page."""
    index = (p.pages[cp >> 8] << 8) | (cp & 255)
    kind = p.tkind[index]
    if kind & 15 == JOINS:
        _join(p, w, size, cp)
    else:
        _emit(p, w, size, cp, kind, p.ttext, index)


def _suffix(cp):
    """The number of a selector (0 to 255) or of a mark (from 256)."""
    if cp >= 0xE0100:
        return cp - 0xE0100 + 16
    if cp >= 0xFE00:
        return cp - 0xFE00
    if cp >= 0x3099:
        return cp - 0x3099 + 256
    if cp < 0x302:
        return cp - 0x300 + 258
    return 260 if cp == 0x2E5 else 261


def _suffix_point(n):
    """The selector or mark of that number."""
    if n < 16:
        return 0xFE00 + n
    if n < 256:
        return 0xE0100 + n - 16
    if n < 258:
        return 0x3099 + n - 256
    if n < 260:
        return 0x300 + n - 258
    return 0x2E5 if n == 260 else 0x2E9


def _sequence(p, pack):
    """Where the sequence stands in the tables, -1 when nothing registers it."""
    low = 0
    high = p.n_sequences
    while low < high:
        middle = (low + high) >> 1
        if p.qkeys[middle] < pack:
            low = middle + 1
        else:
            high = middle
    if low < p.n_sequences and p.qkeys[low] == pack:
        return low
    return -1


def _last(p, w):
    """Find the unit that ends at the cursor into ``w.last_…``; 0 when none does that could have a selector.

    What went the slow way has left it there; what the fast loops copied is itself, of a known width.
    """
    if w.last_end == w.pos:
        return w.joins
    if w.pos <= w.start:
        return 0
    src = w.src
    at = w.pos - 2
    cp = 0
    if p.wide:
        cp = (src[at + p.little] << 8) | src[at + 1 - p.little]
    else:
        at = w.pos - 1
        while at > w.start and src[at] & 0xC0 == 0x80:
            at -= 1
        cp = src[at]
        if cp >= 0xE0:
            cp = ((cp & 15) << 12) | ((src[at + 1] & 63) << 6) | (src[at + 2] & 63)
        elif cp >= 0x80:
            cp = ((cp & 31) << 6) | (src[at + 1] & 63)
    w.last_pos = at
    w.last_cp = cp
    w.last_o = w.o - p.dlen[cp]
    w.last_n = w.n
    w.last_counter = PASSED_UNITS
    return 1


def _take_back(w):
    """As if the unit before the cursor had not been read."""
    w.o = w.last_o
    w.n = w.last_n
    w.pos = w.last_pos
    w.counts[UNITS] -= 1
    w.counts[w.last_counter] -= 1
    w.char -= 1


def _join(p, w, size, cp):
    """A selector or mark of ``size`` bytes: one unit with the character before it, which is taken back."""
    if not _last(p, w) or w.last_cp >= BASES:
        _flag(p, w, size, cp, ILLEGAL, p.stext, 0, 0)
        w.joins = 0
        return
    n = _suffix(cp)
    pack = (w.last_cp << 9) | n
    end = w.pos + size
    kind = ILLEGAL
    index = _sequence(p, pack)
    if index >= 0:
        kind = p.qkind[index]
    elif n >= 256:
        if w.last_counter != PASSED_UNITS:  # what the base became, or was found to be, stays
            _flag(p, w, size, cp, ILLEGAL, p.stext, 0, 0)
            w.joins = 0
            return
        kind = ITSELF << 4
    _take_back(w)
    _emit(p, w, JOINED, pack, kind, p.qtext, index if index >= 0 else 0)
    w.pos = end
    w.last_end = end
    w.joins = 0


def _hold(p, w):
    """The input goes on later, and may go on with a selector: the last unit waits for what follows it."""
    if w.pos > w.start and _last(p, w) and w.last_cp > 0x20:
        _take_back(w)


def _field_lead(p, w):
    """CP932, EUC: the first byte says how many bytes a character has."""
    while w.pos < w.end:
        _run_lead(p, w)
        if w.pos < w.end and not _step_lead(p, w):
            break


def _run_lead(p, w):
    src = w.src
    out = w.out
    pos = w.pos
    end = w.end
    o = w.o
    done = 0
    while pos < end:
        b = src[pos]
        n = p.slen[b]
        if n:
            if cython.compiled:
                memcpy(out + o, p.stext + 8 * b, 8)
            else:
                out[o : o + n] = p.stext[8 * b : 8 * b + n]
            pos += 1
        else:
            if pos + 1 >= end or p.lead[b] != 1:
                break
            code = (b << 8) | src[pos + 1]
            n = p.dlen[code]
            if n == 0:
                break
            if cython.compiled:
                memcpy(out + o, p.dtext + 8 * code, 8)
            else:
                out[o : o + n] = p.dtext[8 * code : 8 * code + n]
            pos += 2
        o += n
        done += 1
    w.counts[UNITS] += done
    w.counts[MAPPED_UNITS] += done
    w.char += done
    w.pos = pos
    w.o = o


def _step_lead(p, w):
    src = w.src
    b = src[w.pos]
    size = p.lead[b]
    if size == 0:
        _emit(p, w, 1, b, p.skind[b], p.stext, b)
        return 1
    for i in range(1, size + 1):
        if w.pos + i >= w.end:
            if not w.final:
                return 0
            _flag(p, w, 1, b, BROKEN_SHIFT, p.stext, 0, 0)
            return 1
        if p.trail[src[w.pos + i]] == 0:  # the byte that follows belongs to the next character
            _flag(p, w, 1, b, BROKEN_SHIFT, p.stext, 0, 0)
            return 1
    code = (src[w.pos + size - 1] << 8) | src[w.pos + size]
    if size == 1:
        _emit(p, w, 2, code, p.dkind[code], p.dtext, code)
    elif p.tlen[code]:
        _emit(p, w, 3, (b << 16) | code, p.tlen[code] << 4, p.ttext, code)
    else:
        _emit(p, w, 3, (b << 16) | code, p.tkind[code], p.ttext, code)
    return 1


def _field_utf8(p, w):
    """UTF-8: valid characters pass through, those with a row (PUA, lost characters) go by the table."""
    src = w.src
    while w.pos < w.end:
        b = src[w.pos]
        size = _utf8_size(b)
        if w.pos + size > w.end:
            if not w.final and _utf8_tail_ok(w, w.end - w.pos):
                break
            _flag(p, w, 1, b, BROKEN_SHIFT, p.stext, 0, 0)
            continue
        if size == 0 or not _utf8_tail_ok(w, size):
            _flag(p, w, 1, b, ILLEGAL if size == 0 else BROKEN_SHIFT, p.stext, 0, 0)
            continue
        cp = b
        if size > 1:
            cp = b & (0xFF >> (size + 1))
        for i in range(1, size):
            cp = (cp << 6) | (src[w.pos + i] & 0x3F)
        if size == 4:
            _wide(p, w, 4, cp)
            continue
        n = p.dlen[cp]
        if n == 0:
            if p.dkind[cp] & 15 == JOINS:
                _join(p, w, size, cp)
            else:
                _emit(p, w, size, cp, p.dkind[cp], p.dtext, cp)
            continue
        if cython.compiled:
            memcpy(w.out + w.o, p.dtext + 8 * cp, 8)
        else:
            w.out[w.o : w.o + n] = p.dtext[8 * cp : 8 * cp + n]
        w.o += n
        w.pos += size
        w.char += 1
        w.counts[UNITS] += 1
        w.counts[PASSED_UNITS] += 1


def _utf8_size(b):
    if b < 0x80:
        return 1
    if b < 0xC2:
        return 0
    if b < 0xE0:
        return 2
    if b < 0xF0:
        return 3
    if b < 0xF5:
        return 4
    return 0


def _utf8_tail_ok(w, size):
    """Whether the first ``size`` bytes at ``w.pos`` can begin one character (no overlong, no surrogate)."""
    src = w.src
    b = src[w.pos]
    for i in range(1, size):
        c = src[w.pos + i]
        if c & 0xC0 != 0x80:
            return 0
        if i == 1 and ((b == 0xE0 and c < 0xA0) or (b == 0xED and c > 0x9F)):
            return 0
        if i == 1 and ((b == 0xF0 and c < 0x90) or (b == 0xF4 and c > 0x8F)):
            return 0
    return 1


def _field_decimal(p, w):
    """Numbers of a fixed count of ASCII digits, one a character (戸籍統一文字番号, 登記統一文字番号)."""
    src = w.src
    size = p.digits
    while w.pos < w.end:
        b = src[w.pos]
        if b < 0x30 or b > 0x39:
            _emit(p, w, 1, b, p.skind[b] if p.skind[b] else p.slen[b] << 4, p.stext, b)
            continue
        code = 0
        i = 0
        while i < size and w.pos + i < w.end and 0x30 <= src[w.pos + i] <= 0x39:
            code = code * 10 + src[w.pos + i] - 0x30
            i += 1
        if i < size:
            if w.pos + i >= w.end and not w.final:
                break
            _flag(p, w, i, code, BROKEN_SHIFT, p.stext, 0, 0)
            continue
        if code >= 2000000 or (size == 6 and code >= 1000000):
            _flag(p, w, size, code, ILLEGAL, p.stext, 0, 0)
        elif p.dlen[code]:
            _emit(p, w, size, code, p.dlen[code] << 4, p.dtext, code)
        else:
            _emit(p, w, size, code, p.dkind[code], p.dtext, code)


def _emit(p, w, size, code, kind, text, index):
    """Write what ``kind`` says of a unit of ``size`` bytes whose text is at ``text[8 * index]``."""
    reason = kind & 15
    stored = kind >> 4
    if reason != GRADED:
        w.special = 1
    if reason == MAPPED and stored == 0:
        _flag(p, w, size, code, ILLEGAL, text, index, 0)
        return
    graded = reason == GRADED_LONG or GRADED <= reason <= GRADED_SPECIAL
    if reason != MAPPED and reason != LONG and not graded:
        _flag(p, w, size, code, reason, text, index, stored)
        return
    counter = PASSED_UNITS if stored >= ITSELF else MAPPED_UNITS
    if p.unicode:
        _remember(w, size, code, counter, 1)
    if graded:
        _note(p, w, size, code, GRADED)
    if p.units:
        _put_unit(w, code, size)
    elif stored >= ITSELF:
        _put_itself(w, code, size)
    elif reason == LONG or reason == GRADED_LONG:  # noqa: SIM109 (a tuple is no C)
        _put_long(p, w, text, index)
    else:
        _put(w, text, index, stored)
    w.counts[UNITS] += 1
    w.counts[counter] += 1
    w.char += 1
    w.pos += size


def _remember(w, size, code, counter, joins):
    """How to take the unit back that now begins; ``joins``: whether a selector may follow it."""
    w.last_pos = w.pos
    w.last_end = w.pos + size
    w.last_cp = code
    w.last_o = w.o
    w.last_n = w.n
    w.last_counter = counter
    w.joins = joins


def _flag(p, w, size, code, reason, text, index, stored):
    """A unit that a person must look at: note it and write the replacement that the policy names."""
    if p.unicode:
        _remember(w, size, code, FLAGGED + reason, reason == NOT_IN_STANDARD)
    _note(p, w, size, code, reason)
    w.special = 1
    how = p.policy[reason]
    if p.units:
        _put_unit(w, code, size if p.units == 1 else size | reason << 4)
    elif how == TAG:
        _put_tag(p, w, code, size)
    elif how == STORED and stored >= ITSELF:
        _put_itself(w, code, size)
    elif how == STORED and stored:
        _put(w, text, index, stored)
    else:
        w.out[w.o] = 0xE3  # 〓, the geta mark
        w.out[w.o + 1] = 0x80
        w.out[w.o + 2] = 0x93
        w.o += 3
    w.counts[UNITS] += 1
    w.counts[FLAGGED + reason] += 1
    w.char += 1
    w.pos += size


def _note(p, w, size, code, reason):
    at = w.n * FINDING
    w.findings[at] = w.row
    w.findings[at + 1] = w.pos - w.start
    w.findings[at + 2] = w.char
    w.findings[at + 3] = code
    w.findings[at + 4] = size
    w.findings[at + 5] = reason
    w.n += 1


def _put(w, text, index, n):
    if cython.compiled:
        memcpy(w.out + w.o, text + 8 * index, 8)
    else:
        w.out[w.o : w.o + n] = text[8 * index : 8 * index + n]
    w.o += n


def _put_long(p, w, text, index):
    """A text of more than 8 bytes: the table holds its number, little-endian."""
    which = text[8 * index] | (text[8 * index + 1] << 8) | (text[8 * index + 2] << 16)
    at = p.long_offsets[which]
    stop = p.long_offsets[which + 1]
    while at < stop:
        w.out[w.o] = p.long_text[at]
        w.o += 1
        at += 1


def _put_unit(w, code, size):
    """In a program of units the output is four bytes a unit: the code (24 bits) and its byte count.

    With ``units`` 2 the high half of the last byte is the reason of a flagged unit, 0 of a clean one.
    """
    w.out[w.o] = code & 0xFF
    w.out[w.o + 1] = (code >> 8) & 0xFF
    w.out[w.o + 2] = (code >> 16) & 0xFF
    w.out[w.o + 3] = size + (code >> 24)  # eight digits go on in the size (gaiji.codes.code.value_of)
    w.o += 4


def _put_tag(p, w, code, size):
    """``{JEF:80A1}``: ``tag`` holds everything before the digits."""
    for i in range(p.tag_length):
        w.out[w.o] = p.tag[i]
        w.o += 1
    if p.unicode and size == JOINED:  # 845B_E0100
        _put_digits(w, code >> 9, 4 if code >> 9 < 0x10000 else 6, 16)
        w.out[w.o] = 0x5F
        w.o += 1
        code = _suffix_point(code & 511)
        _put_digits(w, code, 4 if code < 0x10000 else 5, 16)
    elif p.unicode:
        _put_digits(w, code, 4 if code < 0x10000 else 6, 16)
    elif p.kind == DECIMAL and size > 1:
        _put_digits(w, code, size, 10)
    else:  # bytes, also one that is no number
        _put_digits(w, code, 2 * size, 16)
    w.out[w.o] = 0x7D
    w.o += 1


def _put_digits(w, code, n, base):
    """The last ``n`` digits of a number."""
    at = w.o + n - 1
    w.o += n
    while n > 0:
        d = code % base
        w.out[at] = 48 + d if d < 10 else 55 + d
        code = code // base
        at -= 1
        n -= 1


def _put_itself(w, code, size):
    """A code point as UTF-8, or a base and what joined it."""
    if size == JOINED:
        _put_utf8(w, code >> 9)
        _put_utf8(w, _suffix_point(code & 511))
    else:
        _put_utf8(w, code)


def _put_utf8(w, cp):
    """A code point in UTF-8."""
    out = w.out
    o = w.o
    if cp < 0x80:
        out[o] = cp
        w.o += 1
        return
    if cp < 0x800:
        out[o] = 0xC0 | (cp >> 6)
        w.o += 2
    elif cp < 0x10000:
        out[o] = 0xE0 | (cp >> 12)
        out[o + 1] = 0x80 | ((cp >> 6) & 0x3F)
        w.o += 3
    else:
        out[o] = 0xF0 | (cp >> 18)
        out[o + 1] = 0x80 | ((cp >> 12) & 0x3F)
        out[o + 2] = 0x80 | ((cp >> 6) & 0x3F)
        w.o += 4
    out[w.o - 1] = 0x80 | (cp & 0x3F)


def _drop_padding(p, w, mode):
    """Take the padding off the end of a field whose unit width is known before it is decoded."""
    src = w.src
    end = w.end
    if p.units == 1 or p.kind != SHIFTED or not (p.padded_single if mode == SINGLE else p.padded_double):
        return
    if mode == SINGLE:
        while cython.compiled and end - w.pos >= 16 and memcmp(src + end - 16, p.single_pads, 16) == 0:
            end -= 16
        while end > w.pos and src[end - 1] == p.pad_single:
            end -= 1
        done = w.end - end
    else:
        if (end - w.pos) & 1:
            return
        while cython.compiled and end - w.pos >= 16 and memcmp(src + end - 16, p.double_pads, 16) == 0:
            end -= 16
        while end > w.pos and src[end - 2] == p.pad_hi and src[end - 1] == p.pad_lo:
            end -= 2
        done = (w.end - end) >> 1
    w.counts[UNITS] += done
    if p.wide:
        w.counts[PASSED_UNITS] += done
    else:
        w.counts[MAPPED_UNITS] += done
    w.counts[TRIMMED_UNITS] += done
    w.end = end


def _trim(w, first):
    """Take spaces (U+0020, U+3000) off the end of the text written since ``first``."""
    out = w.out
    o = w.o
    done = 0
    while o > first:
        if out[o - 1] == 0x20:
            o -= 1
            done += 1
            while cython.compiled and o - first >= 16 and memcmp(out + o - 16, SPACES, 16) == 0:
                o -= 16
                done += 16
        elif o - first >= 3 and out[o - 1] == 0x80 and out[o - 2] == 0x80 and out[o - 3] == 0xE3:
            o -= 3
            done += 1
            while cython.compiled and o - first >= 24 and memcmp(out + o - 24, WIDE_SPACES, 24) == 0:
                o -= 24
                done += 8
        else:
            break
    w.counts[TRIMMED_UNITS] += done
    w.o = o


# The names above are C integers in compiled code; this is how Python code reads them in either case.
CONSTANTS = {
    "ILLEGAL": ILLEGAL,
    "BROKEN_SHIFT": BROKEN_SHIFT,
    "MAPPED": MAPPED,
    "LONG": LONG,
    "GRADED": GRADED,
    "GRADED_SPECIAL": GRADED_SPECIAL,
    "GRADED_LONG": GRADED_LONG,
    "JOINS": JOINS,
    "ITSELF": ITSELF,
    "JOINED": JOINED,
    "BASES": BASES,
    "NOT_IN_STANDARD": NOT_IN_STANDARD,
    "GETA": GETA,
    "STORED": STORED,
    "TAG": TAG,
    "SHIFTED": SHIFTED,
    "LEAD": LEAD,
    "DECIMAL": DECIMAL,
    "UTF8": UTF8,
    "MIXED": MIXED,
    "DOUBLE": DOUBLE,
    "SINGLE": SINGLE,
    "UNITS": UNITS,
    "MAPPED_UNITS": MAPPED_UNITS,
    "PASSED_UNITS": PASSED_UNITS,
    "TRIMMED_UNITS": TRIMMED_UNITS,
    "FLAGGED": FLAGGED,
    "BYTES": BYTES,
    "LOW_VALUES": LOW_VALUES,
    "BLANKS": BLANKS,
    "UNSIGNED": UNSIGNED,
    "TRIM": TRIM,
    "EMPTIES": EMPTIES,
    "GRADES": GRADES,
    "N_COUNTS": N_COUNTS,
    "LAST_COUNTED": LAST_COUNTED,
    "FINDING": FINDING,
    "SLACK": SLACK,
    "AHEAD": AHEAD,
}
