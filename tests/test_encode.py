"""Encoding: every round-trip row of every charset both ways, mixed fields, edges, the interpreted kernel."""

from __future__ import annotations

from array import array
from collections import Counter
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import interpreted

import gaiji
from gaiji.codes import encoding, texts
from gaiji.codes.encoding import encode_one
from gaiji.codes.spec import charset_names
from gaiji.errors import CharsetError
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import numbers_back
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import Reason

MARKS = {"\u309a", "\u0300", "\u0301", "\u02e5", "\u02e9", "゜"}
"""What may stand behind a character and make one text with it: encoded apart from the others."""
NAMES = [n for n in charset_names() if n != "unicode"]
MIXED = [
    "fujitsu-jef-ebcdik",
    "hitachi-keis83-ebcdik",
    "nec-jips-e-ebcdik",
    "ibm-1399",
    "unisys-letsj",
    "windows-31j-jis90",
    "eucjp-ms",
    "shift_jis-2004",
]


@lru_cache(maxsize=48)
def load(name):
    """Each charset once: it keeps what was compiled of it for the tests that follow."""
    return gaiji.load_charset(name, options={"dash": "jis"})


def raw(charset, code, size):
    return f"{code:0{size}d}".encode() if charset.kind.numbered and size > 1 else code.to_bytes(size, "big")


def round_trip_rows(charset):
    """Size → rows that decode to a text without a finding, and that are no shift."""
    shifts = {s[0] for s in (*charset.spec.shift_in, *charset.spec.shift_out)}
    found = {size: [] for size in sorted({size for size, _ in charset.entries})}
    for unit in charset.units("needed"):
        row = charset.entries[unit.size, unit.code].row
        if row.flag == 0 and unit.reason is None and not (unit.size == 1 and unit.code in shifts):
            found[unit.size].append(unit)
    return found


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("unicode")])
@pytest.mark.parametrize("dash", ["jis", "source"])
def test_every_round_trip_row_comes_back(name, dash):
    charset = load(name) if dash == "jis" else gaiji.load_charset(name, options={"dash": dash})
    shifted = charset.spec.kind == "shifted"
    for size, rows in round_trip_rows(charset).items():
        type = {1: "sbcs", 2: "dbcs"}[size] if shifted else ""
        twice = {t for t, n in Counter(u.text for u in rows).items() if n > 1}
        assert (
            not twice or dash == "jis"
        )  # the option makes one of two dashes: only "source" keeps them apart
        units = [u for u in rows if u.text not in twice]
        for some in ([u for u in units if u.text not in MARKS], *([u] for u in units if u.text in MARKS)):
            data = b"".join(raw(charset, u.code, size) for u in some)
            text = charset.decode(data, type=type, role="other").text
            assert text == "".join(u.text for u in some)
            assert charset.encode(text, type=type) == data


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("unicode")])
def test_every_text_a_table_can_hold_comes_back(name):
    """With shifts: a text that is in single and in double bytes goes to single bytes and reads the same."""
    charset = load(name)
    units = [u for rows in round_trip_rows(charset).values() for u in rows]
    for at in range(0, len(units), 997):
        text = "".join(u.text for u in units[at : at + 997] if u.text not in MARKS)
        assert charset.decode(charset.encode(text), role="other").text == text


@pytest.mark.parametrize("name", ["unicode-le", "unicode-be", "unicode-utf8"])
def test_unicode_passes_both_ways(name):
    codec = {"unicode-le": "utf-16-le", "unicode-be": "utf-16-be", "unicode-utf8": "utf-8"}[name]
    charset = load(name)
    every = [
        chr(cp)
        for cp in (
            *range(0xD800),
            *range(0xF900, 0x10000),
            *range(0x20000, 0x20800),
            *range(0xE0100, 0xE01F0),
        )
    ]
    text = "".join(every)
    assert charset.encode(text) == text.encode(codec)
    dashes = set("～∥－―￠￡￢")
    decoded = {c: charset.decode(c.encode(codec), role="other") for c in every}
    kept = [c for c in every if decoded[c].text == c]
    flagged = [c for c in every if decoded[c].findings]
    changed = set(every) - set(kept) - set(flagged) - {c for c in every if 0xF900 <= ord(c) < 0xFB00}
    assert not changed ^ dashes
    assert len(kept) > 54_000 and charset.decode("".join(kept).encode(codec), role="other").text == "".join(
        kept
    )


@pytest.mark.parametrize("name", ["unicode-le", "unicode-be", "unicode-utf8"])
def test_unicode_site_gaiji_come_back(name, tmp_path):
    path = tmp_path / "city.tsv"
    path.write_text("code\tucs\tglyph\nE000\t\tMJ026191\n0F0001\t\tMJ026192\n", "utf-8")
    codec = {"unicode-le": "utf-16-le", "unicode-be": "utf-16-be", "unicode-utf8": "utf-8"}[name]
    charset = gaiji.load_charset(name, [path])
    source = "渡\ue000\U000f0001辺".encode(codec)
    assert charset.encode(charset.decode(source).text) == source


@pytest.mark.parametrize("name", MIXED)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mixed_fields_come_back(name, data):
    charset = load(name)
    units = _pool(name)
    text = "".join(data.draw(st.lists(st.sampled_from(units), max_size=30)))
    encoded = charset.encode(text)
    assert charset.decode(encoded, role="other").text == text
    assert charset.encode(charset.decode(encoded, role="other").text) == encoded


@lru_cache(maxsize=16)
def _pool(name):
    rows = round_trip_rows(load(name))
    return [u.text for size in (1, 2, 3) for u in rows.get(size, ()) if u.text not in MARKS]


def test_shifts_are_canonical():
    jef, keis = load("fujitsu-jef-ebcdik"), load("hitachi-keis83-ebcdik")
    assert keis.encode("山") == b"\x0a\x42" + "山".encode("euc-jp") + b"\x0a\x41"
    assert jef.encode("A辻B辻辻") == bytes.fromhex("C1 28C4D429 C2 28C4D4C4D429")
    assert jef.encode("辻辻", type="dbcs") == bytes.fromhex("C4D4C4D4")


def test_fields_are_padded_and_cut_at_a_character():
    jef = load("fujitsu-jef-ebcdik")
    mixed, double = DECODE["MIXED"], DECODE["DOUBLE"]
    assert encode_one(jef.codes(mixed), mixed, "辻A", 8) == (bytes.fromhex("28C4D429C1404040"), [])
    assert encode_one(jef.codes(double), double, "辻", 6) == (bytes.fromhex("C4D440404040"), [])
    cut, found = encode_one(jef.codes(mixed), mixed, "辻辻辻", 7)
    assert cut == bytes.fromhex("28C4D4C4D42940")
    assert [(f.position, f.reason) for f in found] == [(2, Reason.OVERFLOW)]


def test_what_has_no_code_is_named():
    jef = load("fujitsu-jef-ebcdik")
    mixed, double = DECODE["MIXED"], DECODE["DOUBLE"]
    data, found = encode_one(jef.codes(mixed), mixed, "辻𪚥辻\U000e01ef")
    assert jef.decode(data, role="other").text == "辻〓〓"
    assert [(f.position, f.text, f.reason.label) for f in found] == [
        (1, "𪚥", "illegal"),
        (2, "辻\U000e01ef", "illegal"),
    ]
    assert encode_one(jef.codes(double), double, "A")[1][0].text == "A"
    with pytest.raises(CharsetError, match="2A6A5"):
        jef.encode("𪚥")
    assert [f.reason.label for f in encode_one(jef.codes(mixed), mixed, "\ud800")[1]] == ["broken-shift"] * 3


def test_glyph_names_say_what_text_cannot():
    jef = load("fujitsu-jef-ebcdik")
    raw = bytes.fromhex("28C4D467A529C1")
    out = jef.decode(raw, form="never")
    assert out.text == "辻辻A"
    assert jef.encode_glyphs(out.glyphs, out.text) == raw
    with pytest.raises(CharsetError, match="MJ999999"):
        jef.encode_glyphs(["MJ999999"])


PLAIN = interpreted("encode")


@lru_cache(maxsize=16)
def plain_codes(name, mode):
    """The same texts and rows as the compiled kernel's, in the tables of the interpreted one."""
    charset = load(name)
    compiled = dict(charset.texts._made.codes)
    old, encoding.kernel_encode = encoding.kernel_encode, PLAIN
    charset.texts._made.codes.clear()
    try:
        return charset.codes(mode)
    finally:
        encoding.kernel_encode = old
        charset.texts._made.codes.clear()
        charset.texts._made.codes.update(compiled)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=40) | st.text("辻\U000e0102A邉か\u309a\U000e0100◎𠮷ｱ\0", max_size=12).map(str.encode),
    st.sampled_from(["fujitsu-jef-ebcdik", "ibm-1399", "eucjp-ms", "unicode-le", "unicode-utf8", "koseki"]),
    st.integers(-1, 40),
)
def test_compiled_and_interpreted_agree(data, name, width):
    mode = load(name).mode()
    results = []
    for module, codes in ((kernel_encode, load(name).codes(mode)), (PLAIN, plain_codes(name, mode))):
        out, findings, offsets = bytearray(1024), array("q", bytes(8 * 6 * 64)), array("q", [0, 0])
        pen = module.Pen(data or b"\0", out, findings)
        done = module.encode_rows(
            codes,
            pen,
            mode,
            array("q", [0]),
            array("q", [len(data)]),
            array("q", [width]),
            offsets,
            0,
            1000,
            60,
        )
        assert done == 1
        assert width < 0 or pen.o == width
        results.append((bytes(out[: pen.o]), findings[: 6 * pen.n].tolist(), offsets.tolist()))
    assert results[0] == results[1]


NUMBERS = [
    ("12345C", 1, 2, 1, 0, "123.45"),
    ("12345D", 1, 5, 1, 0, "-0.12345"),
    ("F1F2F3", 0, 1, 0, 0, "12.3"),
    ("F1F2D3", 0, 0, 1, 0, "-123"),
    ("313273", 0, 0, 1, 1, "-123"),
    ("0005", 2, 2, 1, 0, "0.05"),
    ("FFFB", 2, 2, 1, 0, "-0.05"),
    ("8000", 2, 0, 1, 0, "-32768"),
    ("FFFF", 2, 0, 0, 0, "65535"),
    ("0123456C", 1, 0, 1, 0, "123456"),
]


def number(module, text, kind, scale, signed, ascii, width, **more):
    data = text.encode()
    out, offsets, bad = bytearray(width + 8), array("q", [0, 0]), array("i", [0])
    module.encode_numbers(
        data or b"\0",
        module.Numeric(kind, 0, scale, signed, ascii, **more),
        array("q", [0]),
        array("q", [len(data)]),
        array("q", [width]),
        out,
        offsets,
        bad,
    )
    return bytes(out[:width]).hex().upper(), bad[0]


@pytest.mark.parametrize("module", [numbers_back, interpreted("numbers_back")])
def test_numbers_come_back(module):
    for hexed, kind, scale, signed, ascii, text in NUMBERS:
        assert number(module, text, kind, scale, signed, ascii, len(hexed) // 2) == (hexed, 0)
    for text, kind, signed, width in (
        ("12345", 0, 0, 4),
        ("-1", 2, 0, 2),
        ("65536", 2, 0, 2),
        ("32768", 2, 1, 2),
        ("1.5", 0, 0, 4),
        ("", 1, 0, 2),
        ("1a", 0, 0, 2),
        ("-", 0, 1, 2),
    ):
        assert number(module, text, kind, 0, signed, 0, width)[1] == 1


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_binary_numbers(size, data):
    value = data.draw(st.integers(-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1))
    assert number(numbers_back, str(value), 2, 0, 1, 0, size) == (
        value.to_bytes(size, "big", signed=True).hex().upper(),
        0,
    )


def test_what_was_compiled_serves_every_charset_of_the_same_files_and_no_other(tmp_path):
    site = tmp_path / "site.tsv"

    def said(glyph):
        site.write_text(f"code\tucs\tglyph\tflag\tnote\n80A1\t\t{glyph}\t0\t\n", "utf-8")
        return gaiji.load_charset("fujitsu-jef", site=[site])

    one, other = gaiji.load_charset("fujitsu-jef"), gaiji.load_charset("fujitsu-jef")
    mode, first = one.mode(), said("MJ026191")
    assert one.codes(mode) is other.codes(mode)
    assert one.codes(mode, "adobe-japan1") is not other.codes(mode, "adobe-japan1")  # of a form's own files
    assert first.codes(mode) is not one.codes(mode)
    text = first.decode(bytes.fromhex("80A1")).text
    assert first.encode(text) == bytes.fromhex("80A1")
    second = said("MJ026192")  # the same path, other rows
    assert second.codes(mode) is not first.codes(mode)
    assert second.encode(second.decode(bytes.fromhex("80A1")).text) == bytes.fromhex("80A1")
    for name in charset_names()[:6]:
        assert gaiji.load_charset(name).texts
    assert len(texts._made) == texts.MOST
