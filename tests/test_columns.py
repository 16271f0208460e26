"""Numbers, joined lines and fitted cells, compiled and interpreted, against the standard library."""

from __future__ import annotations

import csv
import io
from array import array
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import interpreted

from gaiji.kernel import join, numbers

NUMBERS = [numbers, interpreted("numbers")]
JOINS = [join, interpreted("join")]
ZONED, PACKED, BINARY = (numbers.CONSTANTS[name] for name in ("ZONED", "PACKED", "BINARY"))


def number(module, kind, raw, *, digits=0, scale=0, signed=1, ascii=0):
    out, offsets, bad = bytearray(64 + 4 * len(raw)), array("q", [0, 0]), array("i", [0])
    module.numbers(
        raw or b"\0",
        module.Numeric(kind, digits, scale, signed, ascii),
        array("q", [0]),
        array("q", [len(raw)]),
        0,
        -1,
        out,
        offsets,
        bad,
        written := array("q", bytes(8 * 3)),
    )
    return out[: offsets[1]].decode(), ("low", "blanks")[written.index(1)] if any(written[:2]) else bad[0]


def packed(text, sign):
    digits = text if len(text) % 2 else "0" + text
    return bytes.fromhex(digits + sign)


@pytest.mark.parametrize("module", NUMBERS)
@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=15), st.sampled_from("CDF"))
def test_packed(module, text, sign):
    assert number(module, PACKED, packed(text, sign), digits=len(text)) == ("-" * (sign == "D") + text, -1)


@pytest.mark.parametrize("module", NUMBERS)
@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=15), st.sampled_from("CDF"))
def test_zoned(module, text, sign):
    raw = bytearray(0xF0 | int(d) for d in text)
    raw[-1] = int(sign, 16) << 4 | int(text[-1])
    assert number(module, ZONED, bytes(raw)) == ("-" * (sign == "D") + text, -1)


@pytest.mark.parametrize("module", NUMBERS)
@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 4, 8]), st.data())
def test_binary(module, size, data):
    value = data.draw(st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1))
    assert number(module, BINARY, value.to_bytes(size, "big", signed=True)) == (str(value), -1)
    value = data.draw(st.integers(0, (1 << 8 * size) - 1))
    assert number(module, BINARY, value.to_bytes(size, "big"), signed=0) == (str(value), -1)


@pytest.mark.parametrize("module", NUMBERS)
@pytest.mark.parametrize(
    ("kind", "raw", "scale", "text"),
    [
        (PACKED, "12345C", 2, "123.45"),
        (PACKED, "12345D", 5, "-0.12345"),
        (ZONED, "F1F2F3", 1, "12.3"),
        (ZONED, "60F1F2", 0, "-12"),
        (ZONED, "F1F24E", 0, "12"),
        (BINARY, "0005", 2, "0.05"),
        (BINARY, "FFFB", 2, "-0.05"),
    ],
)
def test_points_and_signs(module, kind, raw, scale, text):
    assert number(module, kind, bytes.fromhex(raw), scale=scale) == (text, -1)


@pytest.mark.parametrize("module", NUMBERS)
@pytest.mark.parametrize(
    ("kind", "raw", "ascii", "at"),
    [
        (PACKED, "1A345C", 0, 0),
        (PACKED, "123450", 0, 2),
        (ZONED, "F1C1F2", 0, 1),
        (ZONED, "F1FAF2", 0, 1),
        (ZONED, "3139C1", 1, 2),
        (BINARY, "00" * 9, 0, 8),
        (ZONED, "4E", 0, 0),
    ],
)
def test_a_byte_that_is_no_digit_is_found(module, kind, raw, ascii, at):
    assert number(module, kind, bytes.fromhex(raw), ascii=ascii) == ("", at)


@pytest.mark.parametrize("module", NUMBERS)
@pytest.mark.parametrize(
    ("kind", "raw", "ascii", "said"),
    [
        (PACKED, "404040", 0, "blanks"),
        (PACKED, "202020", 1, "blanks"),
        (PACKED, "000000", 0, "low"),
        (ZONED, "4040", 0, "blanks"),
        (ZONED, "2020", 1, "blanks"),
        (ZONED, "00", 1, "low"),
    ],
)
def test_low_values_and_blanks_throughout_are_no_number(module, kind, raw, ascii, said):
    assert number(module, kind, bytes.fromhex(raw), ascii=ascii) == ("", said)


@pytest.mark.parametrize("module", NUMBERS)
@pytest.mark.parametrize("kind", [ZONED, PACKED, BINARY])
def test_a_number_depends_on_nothing_around_its_field(module, kind):
    """A field anywhere in a record, and one that a record has nothing or too little of."""
    rng = Random(kind)
    for _ in range(300):
        record = bytes(rng.choice(b"\xf1\xf2\xc3\xd4\x12\x3c\x4d\x00\x40") for _ in range(rng.randrange(7)))
        at, offset, length = rng.randrange(3), rng.randrange(5), rng.choice([-1, 0, 1, 2, 3])
        cut = record[offset : None if length < 0 else offset + length]
        told = []
        for src, start, end, first, size in (
            (b"\xf5" * at + record + b"\xf6" * 3, at, at + len(record), offset, length),
            (cut or b"\0", 0, len(cut), 0, length),
        ):
            out, offsets, bad, written = (
                bytearray(99),
                array("q", [0, 0]),
                array("i", [7]),
                array("q", [0] * 3),
            )
            wrong = module.numbers(
                src, module.Numeric(kind, 0, 1, 1, 0), array("q", [start]), array("q", [end]), first, size, out, offsets,
                bad, written,
            )  # fmt: skip
            told.append((wrong, out[: offsets[1]], bad[0], list(written)))
        assert told[0] == told[1], (record, offset, length)
        if not cut:
            assert told[0] == ((0, b"", -1, [0, 0, 0]) if length <= 0 else (1, b"", 0, [0, 0, 0]))
        elif len(cut) < length:
            assert told[0] == (1, b"", len(cut), [0, 0, 0])


@pytest.mark.parametrize("module", NUMBERS)
def test_binary_zero_is_a_number(module):
    assert number(module, BINARY, b"\0\0") == ("0", -1)


@pytest.mark.parametrize("module", JOINS)
@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(
            st.lists(st.text('a,"\n\r渡', max_size=6), min_size=n, max_size=n), min_size=1, max_size=8
        )
    )
)
def test_lines_are_csv(module, table):
    lines = module.Lines()
    for column in zip(*table, strict=True):
        data, offsets = bytearray(), array("q", [0])
        for cell in column:
            data += cell.encode()
            offsets.append(len(data))
        lines.add(data or bytearray(1), offsets, 1)
    out = bytearray(lines.size(0, len(table)))
    done = lines.write(out, 0, len(table), ord(","), 0)
    read = list(csv.reader(io.StringIO(out[:done].decode(), newline="")))
    assert [row or [""] for row in read] == table


def fitted(text, width, wide):
    """What ``fit`` should do, character by character, a selector staying with its base."""
    clusters = []
    for c in text:
        if clusters and 0xE0100 <= ord(c) <= 0xE01EF:
            clusters[-1] += c
        else:
            clusters.append(c)
    codec, unit = ("utf-16-le", 2) if wide else ("utf-8", 1)
    kept = ""
    for cluster in clusters:
        if len((kept + cluster).encode(codec)) // unit > width:
            break
        kept += cluster
    return kept + " " * (width - len(kept.encode(codec)) // unit), kept != text


@pytest.mark.parametrize("module", JOINS)
@settings(max_examples=150, deadline=None)
@given(st.text("aé渡𠮷\U000e0102", max_size=8), st.integers(0, 14), st.booleans())
def test_fit(module, text, width, wide):
    data = bytearray(text.encode()) or bytearray(1)
    out, offsets, bad = bytearray(width * 3 + 64), array("q", [0, 0]), array("i", [0])
    module.fit(data, array("q", [0, len(text.encode())]), width, int(wide), out, offsets, bad)
    assert (out[: offsets[1]].decode(), bool(bad[0])) == fitted(text, width, wide)
