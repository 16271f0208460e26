"""Each loop over records alone, compiled and interpreted: what it says against slices and lists of Python, and that it looks
at nothing behind its end.

Owns no file and no job; records of whole jobs are for ``test_framing``, ``test_descriptors``, ``test_rectypes`` and
``test_variable_tables``.
"""

from __future__ import annotations

from array import array
from itertools import product
from random import Random

import pytest
from test_bytes import HOST, KEIS
from twins import interpreted

from gaiji.kernel import cut, described, recut, shape, unread
from gaiji.records import forms
from gaiji.records.batch import Framing
from gaiji.records.forms import FORMS

CUTS = [(cut, described, recut, unread), tuple(map(interpreted, ("cut", "described", "recut", "unread")))]
SHAPES = [shape, interpreted("shape")]
BEFORE, BEHIND = (
    b'\n,"\x40',
    (b"", b"\0" * 8, b'""",,,""', b"\n" * 8, b"\r\n" * 4, b"\xff" * 8, b"\x40\x15\x0f\x0e" * 2),
)


def numbers(values):
    return array("q", values)


# -- what stands behind the end -------------------------------------------------------------------------------------------

TEXTS = {
    "csv": (Framing("csv"), b'a,"\n\r \x1a'),
    "csv whose blanks are nothing": (Framing("csv", spaces=1, ragged=True, trailing=True), b'a, "\n\r'),
    "csv whose blanks are text": (Framing("csv", spaces=2, cr=0), b'a, "\n\r'),
    "csv that needs CR": (Framing("csv", cr=2, newline="crlf"), b'a,"\n\r'),
    "csv of UTF-16": (Framing("csv", unit=2, big=True), b'\0\0\0\0a,"\n\r'),
    "csv of UTF-16 with wide commas": (
        Framing("csv", delimiter="，", quote="″", unit=2),
        "，″\n\rF".encode("utf-16-le"),
    ),
    "csv of UTF-16 with wide commas, high byte first": (
        Framing("csv", delimiter="，", quote="″", unit=2, big=True),
        "，″\n\rF".encode("utf-16-be"),
    ),
    "csv of Shift_JIS": (Framing("csv", lead=bytes(0x81 <= b <= 0x9F for b in range(256))), b'a,"\n\x81\x40'),
    "csv of the host": (Framing("csv", **HOST), b"\x81\x6b\x7f\x15\x40\x0e\x0f"),
    "csv of KEIS": (Framing("csv", **KEIS), b"\x6b\x7f\x15\x0a\x41\x42"),
    "csv of KEIS in lines of LF": (
        Framing("csv", **KEIS | {"stop": 10, "newline": "lf"}),
        b"\x6b\x7f\x0a\x0a\x41\x42",
    ),
}


def cells_of(modules, framing, src, begin, n, final, columns):
    """What both cuttings say of the same text: where its cells lie, what stands between them, what is wrong."""
    cutting, _, again, _ = modules
    f = framing
    dialect = cutting.Dialect(
        ord(f.delimiter), ord(f.quote), f.unit, int(f.big), f.lead, f.trail, f.shifts, f.stop, f.cr, f.blank, f.spaces,
        int(f.ragged), int(f.trailing),
    )  # fmt: skip
    scan, buffer = cutting.Scan(), bytearray(src)
    scan.pos, scan.error = begin, 7
    a, b = numbers(bytes(8 * 8)), numbers(bytes(8 * 8))
    rows = cutting.scan_csv(scan, buffer, n, dialect, columns, 4, a, b, final)
    first = [[bytes(buffer[a[4 * c + row] : b[4 * c + row]]) for c in range(columns)] for row in range(rows)]
    told = (
        scan.error,
        scan.at if scan.error else 0,
        scan.pos,
        scan.line_ends,
        scan.delimiters,
        scan.quotes,
        scan.blanks,
    )
    cells, out = again.Cells(framing), bytearray(n - begin + 16)
    cells.pos = begin
    a, b = numbers(bytes(8 * 8)), numbers(bytes(8 * 8))
    rows = again.read_rows(cells, src, n, final, columns, 4, out, a, b)
    second = [
        [bytes(out[a[columns * r + c] : b[columns * r + c]]) for c in range(columns)] for r in range(rows)
    ]
    other = (
        cells.error,
        cells.at if cells.error else 0,
        cells.pos,
        cells.ends_of_lines,
        cells.marks,
        cells.quoting,
        cells.passed,
    )
    return first, told, second, other


@pytest.mark.parametrize("name", TEXTS)
def test_cells_depend_on_nothing_before_or_behind(name):
    """Compiled and interpreted (which would fail behind the end of what there is), in all cuts of a text."""
    framing, letters = TEXTS[name]
    rng, size = Random(name), 2 if "wide" in name else 1
    pieces = [letters[at : at + size] for at in range(0, len(letters), size)]
    for _ in range(60):
        text = b"".join(rng.choice(pieces) for _ in range(2 * rng.randrange(1, 8)))
        for final, columns in ((0, 2), (1, 2), (1, 1)):
            found = []
            for behind in BEHIND:
                for modules in CUTS if not behind else CUTS[:1]:
                    src = BEFORE + text + behind
                    found.append(cells_of(modules, framing, src, 4, 4 + len(text), final, columns))
            alone = cells_of(CUTS[1], framing, text, 0, len(text), final, columns)
            assert found[1:] == found[:-1], (text, final)
            first, told, second, other = found[0]
            assert first == second == alone[0] and told[2:] == other[2:] and alone[1][2] + 4 == told[2], (
                text,
                final,
            )


@pytest.mark.parametrize("modules", CUTS)
@pytest.mark.parametrize(("unit", "big"), [(1, 0), (2, 0), (2, 1)])
@pytest.mark.parametrize("cr", [0, 1, 2])
def test_lines_are_what_the_text_is_split_into(modules, unit, big, cr):
    """By ``bytes.split`` of the characters, with 5 records a call; nothing behind the end is looked at."""
    scan, codec = modules[0].Scan(), "latin-1" if unit == 1 else "utf-16-be" if big else "utf-16-le"
    rng = Random(unit + 2 * big + 4 * cr)
    for _ in range(150):
        text = "".join(rng.choice("a\n\r\n\u0a0d"[: 4 + (unit == 2)]) for _ in range(rng.randrange(12)))
        data = text.encode(codec)
        end = "\r\n" if cr == 2 else "\n"
        lines = text.split(end)
        rest = lines.pop()
        whole = [line.removesuffix("\r") if cr == 1 else line for line in lines]
        for final, behind in product((0, 1), BEHIND):
            src = BEFORE + data + behind
            wanted = [*whole, rest] if final and rest else whole
            got, ends, scan.pos, scan.error = [], 0, 4, 7  # why an earlier call stopped is no matter
            while True:
                a, b = numbers(bytes(40)), numbers(bytes(40))
                rows = modules[0].scan_lines(scan, src, 4 + len(data), unit, big, 10, cr, a, b, final)
                got += [src[x:y].decode(codec) for x, y in zip(a[:rows], b[:rows], strict=True)]
                ends += scan.line_ends
                if rows < 5:
                    break
            assert got == wanted and scan.error == 0
            assert ends == len(data) - sum(len(line) for line in whole) * unit - len(rest) * unit
            assert scan.pos == 4 + len(data) - (0 if final else len(rest) * unit)


# -- descriptors --------------------------------------------------------------------------------------------------------


def said(raw, place, little, more, block):
    """(bytes with the descriptor, segment) by the rules as they are written down; none: a length below 0."""
    if place == 2:
        return int.from_bytes(raw[:2], "little" if little else "big") + more, 0
    if block and place == 0 and not little and raw[0] == 0x80 and any(raw[1:]):
        return (int.from_bytes(raw[1:], "big") + more if any(raw[2:]) else -1), 0
    half, other = (raw[2:], raw[:2]) if place else (raw[:2], raw[2:])
    segment = {0: 0, 1: 1, 2: 2, 3: 3, 0x10: 2, 0x11: 3}.get(other[0])
    if segment is None or other[1] or (block and segment):
        return -1, -1
    return int.from_bytes(half, "little" if little else "big") + more, segment


@pytest.mark.parametrize("modules", CUTS)
@pytest.mark.parametrize(("place", "little"), list(product((0, 1, 2), (0, 1))))
@pytest.mark.parametrize("exclusive", [0, 1])
def test_every_descriptor_says_what_the_rules_say(modules, place, little, exclusive):
    """All of seven bytes in four places, before a record and before a block; one scan for all: the last error is gone."""
    cutting, kernel, _, _ = modules
    size = 2 if place == 2 else 4
    form, one = (place, little, exclusive * size), numbers([0])
    scan, body = cutting.Scan(), bytearray(70_000)
    single, blocks = (kernel.Descriptors(blocked, 0, form, form) for blocked in (0, 1))
    least = bytes(2)  # a record of no bytes
    least = {2: b"", 0: least, 1: least}[place] + (0 if exclusive else size).to_bytes(
        2, "little" if little else "big"
    )
    least = least[2:] + least[:2] if place == 0 else least
    for quad in product((0, 1, 2, 0x10, 0x11, 0x80, 0xFF), repeat=4):
        raw = bytes(quad)
        length, segment = said(raw, place, little, form[2], False)
        body[:4] = raw
        a, b = numbers([0]), numbers([0])
        scan.pos = scan.block_left = 0
        rows = kernel.scan_vb(scan, body, len(body), single, a, b, 0)
        good = length >= size and not segment
        assert rows == good and scan.error == (0 if good else 1), raw
        assert not good or (a[0], b[0], scan.pos, scan.descriptors) == (size, length, length, size), raw
        length, _ = said(raw, place, little, form[2], True)
        block = raw[:size] + least
        scan.pos = scan.block_left = 0
        rows = kernel.scan_vb(scan, bytearray(block), len(block), blocks, one, one, 0)
        good = length >= 2 * size
        assert (rows, scan.error) == ((1, 0) if good else (0, 2)), raw
        assert not good or (scan.block_left, scan.descriptors) == (length - 2 * size, 2 * size), raw


@pytest.mark.parametrize("name", FORMS)
def test_the_words_of_a_form_read_and_write_what_the_rules_say(name):
    """The same seven bytes by the forms that a job names, and the descriptors that are written back."""
    form = FORMS[name]
    place, little = ("", "second", "two").index(form.place), int(form.little)
    size = 2 if place == 2 else 4
    more = size if form.exclusive else 0
    assert form.numbers == (place, little, more) and form.size == size
    for quad in product((0, 1, 2, 0x10, 0x11, 0x80, 0xFF), repeat=4):
        raw = bytes(quad)[:size]
        length, segment = said(bytes(quad), place, little, more, False)
        found = form.length(raw), form.segment(raw)
        assert found == (length, segment) if length >= 0 else -1 in found, raw
        assert form.length(raw[:-1]) == -1
        length, _ = said(bytes(quad), place, little, more, True)
        assert max(forms._block(raw, form), -1) == max(length - size, -1), raw
    for count in (0, 1, 255, 256, 32763, 32764, 65531, 65532, 65533, 65535):
        for segment in (0, 1, 2, 3) if size == 4 else (0,):
            if count + size - more > 0xFFFF:
                with pytest.raises(OverflowError):
                    form.write(count, segment)
            else:
                raw = form.write(count, segment)
                assert said(raw.ljust(4, b"?"), place, little, more, False) == (count + size, segment)
    for count in (
        0,
        65531,
        65532,
        65535,
        65536,
        70_000,
        131_072 - size + more,
        65_537 - size + more,
        131_073 - size + more,
        (1 << 24) - 1 - size,
        1 << 24,
    ):
        length = count + size - more
        if length > 0xFFFF and (place or little or length >= 1 << 24 or not length & 0xFFFF):
            with pytest.raises(OverflowError):
                form.block(count)
        else:
            assert said(form.block(count).ljust(4, b"?"), place, little, more, True)[0] == count + size


@pytest.mark.parametrize("modules", CUTS)
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("blocked", [0, 1])
def test_segments_are_joined_in_their_order_and_in_no_other(modules, place, blocked):
    """By the sequence of marks: a whole record, or a first, some between, a last; what is cut off waits."""
    cutting, kernel, _, _ = modules

    def described_by(mark, count):
        half, other = (count + 4).to_bytes(2, "big"), bytes([mark, 0])
        return other + half if place else half + other

    for marks in product((0, 1, 2, 3, 0x10, 0x11, 4), repeat=3):
        parts = [bytes([65 + at]) * (at + 1) for at in range(3)]
        segments = [described_by(mark, len(part)) + part for mark, part in zip(marks, parts, strict=True)]
        data = (
            b"".join(described_by(0, len(one)) + one for one in segments) if blocked else b"".join(segments)
        )
        wanted, joined, wrong = [], None, False
        for mark, part in zip(marks, parts, strict=True):
            kind = {0x10: 2, 0x11: 3}.get(mark, mark)
            if kind > 3 or (joined is None) != (kind < 2):
                wrong = True
                break
            joined = (joined or b"") + part
            if kind in (0, 2):
                wanted.append(joined)
                joined = None
        for final in (0, 1):
            scan, src = cutting.Scan(), bytearray(data + b"\xff" * 8)
            a, b = numbers([0] * 5), numbers([0] * 5)
            rows = kernel.scan_vb(
                scan,
                src,
                len(data),
                kernel.Descriptors(blocked, 1, (place, 0, 0), (place, 0, 0)),
                a,
                b,
                final,
            )
            assert [bytes(src[x:y]) for x, y in zip(a[:rows], b[:rows], strict=True)] == wanted, marks
            cut_off = joined is not None and final
            assert scan.error == (1 if wrong else 6 if cut_off else 0), marks
            assert scan.descriptors == scan.pos - sum(map(len, wanted))


# -- record types ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", SHAPES)
def test_a_record_is_of_the_first_type_all_of_whose_tests_it_passes(kernel):
    rng, c = Random(1), shape.CONSTANTS
    for _ in range(300):
        records = [bytes(rng.choice(b"AB") for _ in range(rng.randrange(5))) for _ in range(5)]
        src = b"".join(records)
        ends = numbers(sum(map(len, records[: i + 1])) for i in range(5))
        starts = numbers([0, *ends[:-1]])
        first, last, types = rng.choice([-1, 0]), rng.choice([-1, 4]), rng.randrange(1, 4)
        tests, values, holds = numbers([]), bytearray(), []
        for kind in range(types):
            for _ in range(rng.randrange(3)):
                what, at, size = (
                    rng.choice(("STANDS", "OF_LENGTH", "IS_FIRST", "IS_LAST")),
                    rng.randrange(4),
                    rng.randrange(1, 3),
                )
                texts = [bytes(rng.choice(b"AB") for _ in range(size)) for _ in range(rng.randrange(1, 3))]
                tests.extend((kind, c[what], at, size, len(texts), len(values)))
                values += b"".join(texts)
                held = {
                    "STANDS": lambda r, row, at=at, size=size, texts=texts: r[at : at + size] in texts,
                    "OF_LENGTH": lambda r, row, at=at: len(r) == at,
                    "IS_FIRST": lambda r, row, first=first: row == first,
                    "IS_LAST": lambda r, row, last=last: row == last,
                }[what]
                holds.append((kind, held))
        kinds = numbers([7] * 5)
        kernel.sort(src, starts, ends, tests, bytes(values) or b"\0", types, first, last, kinds)
        assert list(kinds) == [
            next((k for k in range(types) if all(h(r, row) for kind, h in holds if kind == k)), c["NO_TYPE"])
            for row, r in enumerate(records)
        ]


@pytest.mark.parametrize("kernel", SHAPES)
def test_a_record_belongs_to_the_nearest_parent_that_nothing_ended(kernel):
    """By a chain of open records that is cut at each new one; kinds are a tree."""
    rng, c = Random(2), shape.CONSTANTS
    for _ in range(400):
        types = rng.randrange(1, 5)
        parents = [rng.randrange(-1, kind) if kind else -1 for kind in range(types)]
        kinds = [rng.choice([*range(types), *range(types), -1, c["ASIDE"]]) for _ in range(8)]
        gaps = sorted(rng.sample(range(9), rng.randrange(3)))
        carried = [rng.choice((c["NOBODY"], c["CARRIED"])) for _ in range(types)]

        def above(kind, parents=parents):
            return [] if kind < 0 else [kind, *above(parents[kind])]

        open_ = {kind: row for kind, row in enumerate(carried) if row != c["NOBODY"]}
        wanted, wanted_kinds = [], []
        for row, kind in enumerate(kinds):
            if kind < 0 or row in gaps:
                open_ = {}
            wanted.append(c["NOBODY"])
            wanted_kinds.append(kind)
            if kind < 0:
                continue
            open_ = {one: at for one, at in open_.items() if kind not in above(one)}
            if parents[kind] >= 0:
                if parents[kind] not in open_:
                    wanted_kinds[-1] = c["ORPHAN"]
                    continue
                wanted[-1] = open_[parents[kind]]
            open_[kind] = row
        found, current, owner = numbers(kinds), numbers(carried), numbers([9] * 8)
        kernel.owners(found, numbers(gaps), numbers(parents), current, owner)
        assert (list(found), list(owner)) == (wanted_kinds, wanted)
        assert list(current) == [open_.get(kind, c["NOBODY"]) for kind in range(types)]


@pytest.mark.parametrize("kernel", SHAPES)
def test_rows_are_picked_counted_numbered_and_lent(kernel):
    rng, c = Random(3), shape.CONSTANTS
    for _ in range(200):
        kinds = [rng.randrange(-3, 3) for _ in range(7)]
        rows = numbers([0] * 7)
        n = kernel.pick(numbers(kinds), 1, rows)
        picked = [row for row, kind in enumerate(kinds) if kind == 1]
        assert list(rows[:n]) == picked
        a, b = sorted(rng.choices(range(8), k=2))
        assert kernel.count(numbers(kinds), 1, a, b) == kinds[a:b].count(1)
        starts = numbers(rng.randrange(20) for _ in range(7))
        ends = numbers(start + rng.randrange(6) for start in starts)
        assert kernel.shorter(starts, ends, 3) == sum(b - a < 3 for a, b in zip(starts, ends, strict=True))
        taken = numbers([0] * n)
        kernel.take(starts, rows[:n], taken)
        assert list(taken) == [starts[row] for row in picked]
        gaps = sorted(rng.choices(range(8), k=rng.randrange(4)))
        kernel.number(5, numbers(gaps), out := numbers([0] * 7))
        assert list(out) == [5 + row + sum(gap <= row for gap in gaps) for row in range(7)]
        owner = [rng.choice((c["CARRIED"], c["NOBODY"], *range(7))) for _ in range(7)]
        of = [rng.choice((c["CARRIED"], c["NOBODY"], *range(7))) for _ in range(5)]
        kernel.follow(numbers(owner), numbers(of), out := numbers([0] * 5))
        assert list(out) == [owner[row] if row >= 0 else row for row in of]
        src, offset, length, whole = bytes(range(40)), rng.randrange(5), rng.randrange(1, 4), rng.randrange(2)
        a, b = numbers([0] * 7), numbers([0] * 7)
        kernel.borrow(starts, ends, numbers(owner), offset, length, whole, 30, 33, a, b)
        for row, one in enumerate(owner):
            record = src[starts[one] : ends[one]] if one >= 0 else src[30:33]
            part = record[offset : offset + length]
            assert src[a[row] : b[row]] == (b"" if whole and len(part) < length else part)


# -- tables that vary -------------------------------------------------------------------------------------------------

HOW = {
    "ZONED": lambda n, size: bytes([*(0xF0 | int(d) for d in str(n).zfill(size)[:-1]), 0xC0 | n % 10]),
    "LEADING": lambda n, size: (lambda t: bytes([0xC0 | int(t[0]), *(0xF0 | int(d) for d in t[1:])]))(
        str(n).zfill(size)
    ),
    "LETTERS": lambda n, size: str(n).zfill(size)[:-1].encode() + b"{ABCDEFGHI"[n % 10 :][:1],
    "LEADING_LETTERS": lambda n, size: (lambda t: b"{ABCDEFGHI"[int(t[0]) :][:1] + t[1:].encode())(
        str(n).zfill(size)
    ),
    "PACKED": lambda n, size: bytes.fromhex(str(n).zfill(2 * size - 1) + "C"),
    "BARE": lambda n, size: bytes.fromhex(str(n).zfill(2 * size)),
    "BINARY": lambda n, size: n.to_bytes(size, "big"),
    "LITTLE": lambda n, size: n.to_bytes(size, "little"),
}
"""How a counter is written."""


def read(raw, how):
    """A counter's number, None where it has none; by the digits' own texts."""
    if how in ("BINARY", "LITTLE"):
        value = int.from_bytes(raw, "big" if how == "BINARY" else "little", signed=True)
        return value if value >= 0 else None
    if how in ("PACKED", "BARE"):
        text = raw.hex()
        digits, sign = (text[:-1], text[-1]) if how == "PACKED" else (text, "f")
        return int(digits) if digits.isdecimal() and sign in "acef" else None
    signed = 0 if how.startswith("LEADING") else len(raw) - 1
    digits = ""
    for at, byte in enumerate(raw):
        zone, digit = f"{byte:02x}"
        letters = dict(zip(b"{ABCDEFGHI", "0123456789", strict=True))
        if at == signed and "LETTERS" in how and byte in letters:
            digit, zone = letters[byte], "f"
        elif at == signed and "LETTERS" not in how and zone in "ace":
            zone = "f"
        if zone not in "3f" or not digit.isdecimal():
            return None
        digits += digit
    return int(digits)


def record_of(rng, how, size, most, tail):
    """(steps, slots, columns): a counter, up to ``most`` occurrences of two bytes, of which each holds a table of one that is
    there where a second counter says so, and a last piece of ``tail`` bytes."""
    c = shape.CONSTANTS
    pieces = most * 2 + 2
    steps, node = [], pieces + 2
    steps += [c["PIECE"], 0, size + 1, -1, 0, 0, 0, 0]
    steps += [c["COUNT"], pieces, 0, 0, size, c[how], 0, most]
    steps += [c["COUNT"], pieces + 1, 0, size, 1, c["BINARY"], 0, 1]
    for k in range(most):
        steps += [c["NODE"], node + 2 * k, -1, pieces, k + 1, 0, 0, 0]
        steps += [c["PIECE"], 1 + 2 * k, 2, node + 2 * k, pieces, 0, 0, 0]
        steps += [c["NODE"], node + 2 * k + 1, node + 2 * k, pieces + 1, 1, 0, 0, 0]
        steps += [c["PIECE"], 2 + 2 * k, 1, node + 2 * k + 1, pieces + 1, 0, 0, 0]
    steps += [c["PIECE"], pieces - 1, tail, -1, 0, 0, 0, 0]
    return numbers(steps), node + 2 * most, pieces


@pytest.mark.parametrize("kernel", SHAPES)
@pytest.mark.parametrize("how", HOW)
def test_tables_that_vary_lie_where_their_counters_say_and_come_back(kernel, how):
    rng, c = Random(how), shape.CONSTANTS
    size, most, tail = 2, 3, 2
    steps, slots, pieces = record_of(rng, how, size, most, tail)
    places = [
        n
        for piece in range(pieces)
        for n in (piece, 0, {0: size + 1, pieces - 1: tail}.get(piece, 2 - (piece + 1) % 2), 0)
    ]
    columns = numbers([*places, 0, size, 1, 1, -1, 0, 0, 0])
    full, at = [0] * slots, 0
    for piece in range(pieces):
        full[piece] = at
        at += places[4 * piece + 2]
    for _ in range(150):
        count, inner = rng.randrange(5), rng.randrange(3)
        raw = (
            HOW[how](count, size)
            if rng.random() < 0.7
            else bytes(
                rng.choice(b"\x00\x01\x0c\x1c\x1d\xf1\xf0\xc1\xd1\x31\x7b\x41\x4a\x80\xfa")
                for _ in range(size)
            )
        )
        head = raw + bytes([inner if rng.random() < 0.9 else 0x81])
        value, sub = read(raw, how), read(head[-1:], "BINARY")
        bad = 0
        for number, (found, limit) in enumerate(((value, most), (sub, 1)), pieces):
            if not bad and (found is None or found > limit):
                bad = number * 4 + (c["BAD_COUNTER"] if found is None else c["OUT_OF_RANGE"])
        parts = {0: head, pieces - 1: b"zz"}
        for k in range(0 if bad else value):
            parts[1 + 2 * k] = bytes([97 + k]) * 2
            if sub:
                parts[2 + 2 * k] = bytes([65 + k])
        data = b"".join(parts[k] for k in sorted(parts))
        cut_at = rng.choice([len(data), len(data), rng.randrange(len(data) + 1)])
        record, behind = data[:cut_at], rng.choice([b"", b"!"]) if cut_at == len(data) else b""
        src, begin = b"??" + record + behind, 2
        n = len(columns) // 4
        a, b, why = numbers([0] * n), numbers([0] * n), numbers([0])
        wrong = kernel.spread(
            src + b"7777",
            numbers([begin]),
            numbers([begin + len(record + behind)]),
            steps,
            numbers([0] * slots),
            columns,
            a,
            b,
            why,
        )
        if len(record) < size + 1:  # a counter is not there
            assert wrong == 1 and why[0] in (
                (pieces + (len(record) >= size)) * 4 + c["BAD_COUNTER"],
                pieces * 4 + c["OUT_OF_RANGE"],
                pieces * 4 + c["BAD_COUNTER"],
            )
            continue
        lie, at = {}, 0
        for k in sorted(parts):
            lie[k] = at
            at += len(parts[k])
        gone = [k for k in sorted(parts) if 0 < k < pieces - 1 and lie[k] >= len(record) and not bad]
        if gone:
            bad = (pieces + (gone[0] - 1) % 2) * 4 + c["CUT_OFF"]
        assert (wrong, why[0]) == (1 if bad else 0, bad), (raw, head, record)
        if not bad:
            for k in range(pieces):
                wanted = record[lie[k] : lie[k] + len(parts[k])] if k in parts else b""
                assert src[a[k] : b[k]] == wanted, (k, record)
            assert src[a[pieces] : b[pieces]] == head[-1:]
            assert (a[-1], b[-1]) == (begin + at, begin + len(record + behind))
        if record == data and not behind:
            whole = b"".join(parts.get(k, b"\xee" * places[4 * k + 2]) for k in range(pieces))
            out, offsets, why = bytearray(64), numbers([0, 0, 0]), numbers([0, 0])
            done = kernel.compact(
                whole * 2, len(whole), 2, steps, numbers(full), numbers([0] * slots), out, offsets, why
            )
            if not bad:
                assert (bytes(out[:done]), list(offsets), list(why)) == (
                    data * 2,
                    [0, len(data), 2 * len(data)],
                    [0, 0],
                )
            else:
                assert why[0] == why[1] and why[0] % 4 in (1, 2)
            there = bytearray(pieces * 2)
            kernel.present(
                whole * 2,
                len(whole),
                2,
                steps,
                numbers(full),
                numbers([0] * slots),
                numbers(range(pieces)),
                there,
                why,
            )
            assert bad or [there[2 * k] for k in range(pieces)] == [
                there[2 * k + 1] for k in range(pieces)
            ] == [k in parts for k in range(pieces)]


@pytest.mark.parametrize("kernel", SHAPES)
@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 0), (1, 2), (2, 0)])
def test_a_counter_that_is_not_there_counts_nothing(kernel, first, second):
    """The second counter stands in an occurrence of the first; a third at the end counts for itself."""
    c = shape.CONSTANTS
    steps = [c["PIECE"], 0, 1, -1, 0, 0, 0, 0, c["COUNT"], 5, 0, 0, 1, c["BINARY"], 0, 1]
    steps += [c["NODE"], 8, -1, 5, 1, 0, 0, 0, c["PIECE"], 1, 1, 8, 5, 0, 0, 0]
    steps += [c["COUNT"], 6, 1, 0, 1, c["BINARY"], 0, 2]
    for k in (0, 1):
        steps += [c["NODE"], 9 + k, 8, 6, k + 1, 0, 0, 0, c["PIECE"], 2 + k, 1, 9 + k, 6, 0, 0, 0]
    steps += [c["PIECE"], 4, 1, -1, 0, 0, 0, 0]
    full = numbers([0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0])
    record = bytes([first, *([second, *b"xy"[:second]] if first else []), 90])
    columns = numbers([n for piece in range(5) for n in (piece, 0, 1, 0)])
    a, b, why = numbers([0] * 5), numbers([0] * 5), numbers([0])
    steps = numbers(steps)
    wrong = kernel.spread(
        record, numbers([0]), numbers([len(record)]), steps, numbers([9] * 11), columns, a, b, why
    )
    if first > 1:
        assert (wrong, why[0]) == (1, 5 * 4 + c["OUT_OF_RANGE"])
        return
    parts = [
        record[:1],
        record[1:2] if first else b"",
        *(b"xy"[k : k + 1] if k < second else b"" for k in (0, 1)),
        b"Z",
    ]
    assert wrong == 0 and [record[x:y] for x, y in zip(a, b, strict=True)] == parts
    whole = b"".join(part or b"\xee" for part in parts)
    out, ends, there = bytearray(9), numbers([0, 0]), bytearray(5)
    assert (
        kernel.compact(whole, 5, 1, steps, full, numbers([9] * 11), out, ends, why) == len(record)
        and why[0] == 0
    )
    assert out[: ends[1]] == record
    kernel.present(whole, 5, 1, steps, full, numbers([9] * 11), numbers(range(5)), there, why)
    assert list(there) == [bool(part) for part in parts]


@pytest.mark.parametrize("kernel", SHAPES)
@pytest.mark.parametrize("there", [0, 1])
def test_a_counter_that_is_not_there_has_nothing_of_the_one_before(kernel, there):
    """A second counter of two stands before one that lies in an occurrence of the first."""
    c = shape.CONSTANTS
    steps = [c["PIECE"], 0, 2, -1, 0, 0, 0, 0]
    steps += [c["COUNT"], 4, 0, 0, 1, c["BINARY"], 0, 1, c["COUNT"], 5, 0, 1, 1, c["BINARY"], 2, 2]
    steps += [c["NODE"], 7, -1, 4, 1, 0, 0, 0, c["PIECE"], 1, 1, 7, 4, 0, 0, 0]
    steps += [c["COUNT"], 6, 1, 0, 1, c["BINARY"], 0, 1]
    steps += [
        c["NODE"],
        8,
        -1,
        6,
        1,
        0,
        0,
        0,
        c["PIECE"],
        2,
        1,
        8,
        6,
        0,
        0,
        0,
        c["PIECE"],
        3,
        1,
        -1,
        0,
        0,
        0,
        0,
    ]
    record = bytes([there, 2, *([1, 88] if there else []), 90])
    columns, a, b, why = numbers([2, 0, 1, 0, 3, 0, 1, 0]), numbers([0] * 2), numbers([0] * 2), numbers([0])
    spans = numbers([0]), numbers([len(record)])
    assert kernel.spread(record, *spans, numbers(steps), numbers([9] * 9), columns, a, b, why) == 0
    assert [record[x:y] for x, y in zip(a, b, strict=True)] == [b"X" if there else b"", b"Z"]


@pytest.mark.parametrize("modules", CUTS)
def test_what_a_field_has_of_its_records(modules):
    """By slices: all bytes, and the most of one; length -1: to the end."""
    rng = Random(4)
    for _ in range(200):
        starts = numbers(rng.randrange(20) for _ in range(rng.randrange(6)))
        ends = numbers(start + rng.randrange(8) for start in starts)
        offset, length, src = rng.randrange(9), rng.randrange(-1, 6), bytes(40)
        sizes = [
            len(src[a:b][offset : None if length < 0 else offset + length])
            for a, b in zip(starts, ends, strict=True)
        ]
        assert modules[0].extent(starts, ends, offset, length) == (sum(sizes), max(sizes, default=0))
        sizes = [b - a for a, b in zip(starts, ends, strict=True)]
        gaps = modules[3]
        assert gaps.lengths(starts, ends) == (sum(sizes), min(sizes, default=0), max(sizes, default=0))
        short = [row for row, size in enumerate(sizes) if size < offset]
        assert gaps.shorter(starts, ends, offset) == (len(short), short[0] if short else -1)


@pytest.mark.parametrize("module", [shape, interpreted("shape")])
def test_a_number_that_a_record_cuts_off_makes_it_one_that_cannot_be_walked(module):
    """One piece of six bytes: text, which may be cut, and behind it a number, which must be whole."""
    steps = array("q", [module.CONSTANTS["PIECE"], 0, 6, -1, -1, 0, 0, 0])
    columns = array("q", [0, 0, 4, 0, 0, 4, 2, 1, -1, 0, 0, 0])
    for length in range(8):
        out = [array("q", bytes(24)) for _ in range(2)]
        bad, scratch = array("q", [9]), array("q", bytes(8))
        ends = array("q", [length])
        wrong = module.spread(b"abcdefgh", array("q", [0]), ends, steps, scratch, columns, *out, bad)
        assert (wrong, bad[0]) == ((1, module.CONSTANTS["CUT_OFF"]) if length < 6 else (0, 0))
        assert list(out[1])[:2] == [min(4, length), min(6, length)]
