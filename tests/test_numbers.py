"""Sign conventions, digits beyond the PICTURE and the way back, compiled and interpreted.

What is right stands in the tables here: the byte that carries the sign, as each maker's manual has it (docs/layouts.md).
"""

from __future__ import annotations

from array import array
from itertools import product

import pytest
from twins import interpreted

from gaiji import convert, verify
from gaiji.errors import DataError, LayoutError
from gaiji.kernel import numbers, numbers_back
from gaiji.layout.layout import layout_from_fields, override_fields
from gaiji.run.reverse import reverse

READERS = [numbers, interpreted("numbers")]
WRITERS = [numbers_back, interpreted("numbers_back")]
ZONED, PACKED, BINARY = 0, 1, 2
ANY, LEADING, BEFORE, BEHIND, NONE = range(5)
MF, NET, TEXT, EVERY = 1, 2, 4, 7
PLUS = {
    MF: "30 31 32 33 34 35 36 37 38 39",
    NET: "40 41 42 43 44 45 46 47 48 49",
    TEXT: "7B 41 42 43 44 45 46 47 48 49",
}
MINUS = {
    MF: "70 71 72 73 74 75 76 77 78 79",
    NET: "50 51 52 53 54 55 56 57 58 59",
    TEXT: "7D 4A 4B 4C 4D 4E 4F 50 51 52",
}


def meanings(byte: int, signs: int) -> set[str]:
    """What a byte that carries a sign means to those conventions."""
    found = {str(byte & 15)} if 0x30 <= byte <= 0x39 else set()
    for convention in (MF, NET, TEXT):
        if signs & convention:
            for sign, table in (("", PLUS), ("-", MINUS)):
                codes = bytes.fromhex(table[convention])
                found |= {f"{sign}{codes.index(byte)}"} if byte in codes else set()
    return found


def ebcdic(byte: int) -> set[str]:
    zone, digit = f"{byte:02X}"
    if not digit.isdigit() or zone not in "ABCDEF":
        return set()
    return {"-" * (zone in "BD") + digit}


def read(module, raw, *form):
    out, offsets, bad = bytearray(128), array("q", [0, 0]), array("i", [0])
    place = array("q", [0]), array("q", [len(raw)])
    written = array("q", bytes(24))
    wrong = module.numbers(raw, module.Numeric(*form), *place, 0, len(raw), out, offsets, bad, written)
    assert wrong == (bad[0] >= 0)
    return out[: offsets[1]].decode(), bad[0], list(written)


def write(module, text, width, *form):
    out, offsets, bad = bytearray(width + 8), array("q", [0, 0]), array("i", [0])
    data = text.encode() or b"\0"
    place = array("q", [0]), array("q", [len(text)]), array("q", [width])
    wrong = module.encode_numbers(data, module.Numeric(*form), *place, out, offsets, bad)
    assert wrong == bad[0] and offsets[1] == width and not any(out[width:])
    return None if wrong else bytes(out[:width])


def means(module, raw, text, *form):
    same = bytearray(b"\7")
    place = array("q", [0]), array("q", [len(raw)])
    told = array("q", [0]), array("q", [len(text)])
    found = module.same_numbers(
        raw, module.Numeric(*form), *place, text.encode() or b"\0", *told, array("q", [0]), same
    )
    assert found == same[0] <= 1
    return bool(found)


@pytest.mark.parametrize("module", READERS)
@pytest.mark.parametrize("signs", [MF, NET, TEXT, EVERY, MF | NET, MF | TEXT, NET | TEXT])
def test_every_byte_in_every_convention(module, signs):
    for byte, place in product(range(256), (ANY, LEADING)):
        raw = bytes([byte, 0x32]) if place == LEADING else bytes([0x32, byte])
        found = meanings(byte, signs)
        right = ""
        if len(found) == 1:
            text = found.pop()
            digits = text[-1] + "2" if place == LEADING else "2" + text[-1]
            right = "-" * text.startswith("-") + digits
        elif place == ANY and byte in b"+-":
            right = "-2" if byte == ord("-") else "2"
        shown, bad, written = read(module, raw, ZONED, 2, 0, 1, 1, place, signs)
        assert (shown, bad) == (right, -1 if right else int(place == ANY)), f"{byte:02X}"
        assert written == [0, 0, int(0x30 <= byte <= 0x39)]


@pytest.mark.parametrize("module", READERS)
def test_every_byte_of_ebcdic(module):
    for byte, place in product(range(256), (ANY, LEADING)):
        raw = bytes([byte, 0xF2]) if place == LEADING else bytes([0xF2, byte])
        right = ""
        if found := ebcdic(byte):
            text = found.pop()
            digits = text[-1] + "2" if place == LEADING else "2" + text[-1]
            right = "-" * text.startswith("-") + digits
        elif place == ANY and byte in (0x4E, 0x60):
            right = "-2" if byte == 0x60 else "2"
        shown, bad, written = read(module, raw, ZONED, 2, 0, 1, 0, place)
        assert (shown, bad) == (right, -1 if right else int(place == ANY)), f"{byte:02X}"
        assert written == [0, 0, int(0xF0 <= byte <= 0xF9)]


@pytest.mark.parametrize("module", READERS)
def test_every_half_byte_of_packed(module):
    for byte in range(256):
        zone, sign = f"{byte:02X}"
        right = "-" * (sign in "BD") + zone if zone.isdigit() and not sign.isdigit() else ""
        if byte not in (0, 0x40):
            assert read(module, bytes([byte]), PACKED, 1, 0, 1, 0)[:2] == (right, -1 if right else 0)
        right = f"{byte:02X}" if zone.isdigit() and sign.isdigit() else ""
        assert read(module, bytes([byte]), PACKED, 2, 0, 0, 0, NONE)[:2] == (right, -1 if right else 0)
    for raw, right in (("0000", "0000"), ("2020", "2020"), ("4040", ""), ("4020", "4020")):
        shown = read(module, bytes.fromhex(raw), PACKED, 4, 0, 0, 0, NONE)[:2]
        assert shown == (right, -1 if right else 0)


FOUND = [  # bytes, form, text, offset of what is wrong
    ("F1F2F3", (ZONED, 3, 2, 1, 0), "1.23", -1),
    ("F1F2D3", (ZONED, 3, 3, 1, 0), "-0.123", -1),
    ("F1F2D3", (ZONED, 3, 5, 1, 0), "-0.00123", -1),
    ("F1F2F3", (ZONED, 2, 0, 1, 0), "", 0),
    ("F0F2F3", (ZONED, 2, 0, 1, 0), "023", -1),
    ("F1F2F3", (ZONED, 0, 0, 1, 0), "123", -1),
    ("60F1F2", (ZONED, 2, 0, 1, 0, BEFORE), "-12", -1),
    ("4EF1F2", (ZONED, 2, 1, 1, 0, BEFORE), "1.2", -1),
    ("F1F2F3", (ZONED, 2, 0, 1, 0, BEFORE), "", 0),
    ("60F1D2", (ZONED, 2, 0, 1, 0, BEFORE), "", 2),
    ("F1F260", (ZONED, 2, 0, 1, 0, BEHIND), "-12", -1),
    ("F1F24E", (ZONED, 2, 2, 1, 0, BEHIND), "0.12", -1),
    ("F1F2D3", (ZONED, 2, 0, 1, 0, BEHIND), "", 2),
    ("60F1F2", (ZONED, 2, 0, 1, 0, BEHIND), "", 2),
    ("F1F260", (ZONED, 2, 0, 1, 0, BEFORE), "", 0),
    ("60F1F2", (ZONED, 3, 0, 1, 0, LEADING), "", 0),
    ("F1F260", (ZONED, 3, 0, 1, 0, LEADING), "", 2),
    ("60F160", (ZONED, 0, 0, 1, 0), "", 2),
    ("D14E", (ZONED, 1, 0, 1, 0), "", 0),
    ("2B71", (ZONED, 1, 0, 1, 1), "", 1),
    ("2D31", (ZONED, 1, 0, 1, 1), "-1", -1),
    ("312D", (ZONED, 1, 0, 1, 1), "-1", -1),
    ("2D", (ZONED, 1, 0, 1, 1), "", 0),
    ("D1F2", (ZONED, 2, 1, 1, 0, LEADING), "-1.2", -1),
    ("D1D2", (ZONED, 2, 1, 1, 0, LEADING), "", 1),
    ("012C", (PACKED, 2, 0, 1, 0), "12", -1),
    ("112C", (PACKED, 2, 0, 1, 0), "", 0),
    ("0002C0", (PACKED, 2, 0, 1, 0), "", 2),
    ("00012D", (PACKED, 2, 2, 1, 0), "-0.12", -1),
    ("00012D", (PACKED, 3, 2, 1, 0), "-0.12", -1),
    ("00112D", (PACKED, 3, 2, 1, 0), "-1.12", -1),
    ("00012D", (PACKED, 2, 4, 1, 0), "-0.0012", -1),
    ("01012D", (PACKED, 2, 0, 1, 0), "", 0),
    ("0A012D", (PACKED, 0, 0, 1, 0), "", 0),
    ("12A4", (PACKED, 4, 0, 0, 0, NONE), "", 1),
    ("1234", (PACKED, 4, 2, 0, 0, NONE), "12.34", -1),
    ("0123", (PACKED, 3, 3, 0, 0, NONE), "0.123", -1),
    ("1123", (PACKED, 3, 0, 0, 0, NONE), "", 0),
    ("270F", (BINARY, 4, 0, 1, 0), "9999", -1),
    ("2710", (BINARY, 4, 0, 1, 0), "", 0),
    ("D8F0", (BINARY, 4, 0, 1, 0), "", 0),
    ("D8F1", (BINARY, 4, 2, 1, 0), "-99.99", -1),
    ("2710", (BINARY, 0, 0, 1, 0), "10000", -1),
    ("1027", (BINARY, 0, 0, 1, 0, ANY, EVERY, 1), "10000", -1),
    ("FEFF", (BINARY, 4, 0, 1, 0, ANY, EVERY, 1), "-2", -1),
    ("0080", (BINARY, 0, 0, 0, 0, ANY, EVERY, 1), "32768", -1),
    ("4040", (BINARY, 0, 0, 1, 0), "", 0),
    ("2020", (BINARY, 0, 0, 1, 1), "", 0),
    ("2020", (BINARY, 0, 0, 1, 0), "8224", -1),
    ("20", (BINARY, 0, 0, 1, 1), "32", -1),
    ("0000", (BINARY, 4, 0, 1, 1), "0", -1),
    ("0000", (BINARY, 4, 2, 1, 1), "0.00", -1),
    ("8000000000000000", (BINARY, 19, 0, 1, 0), "-9223372036854775808", -1),
    ("FFFFFFFFFFFFFFFF", (BINARY, 0, 0, 0, 0), "18446744073709551615", -1),
    ("FFFFFFFFFFFFFFFF", (BINARY, 19, 0, 0, 0), "", 0),
    ("000000000000000001", (BINARY, 0, 0, 0, 0), "", 8),
]


@pytest.mark.parametrize("module", READERS)
def test_numbers_are_read_or_told(module):
    for raw, form, text, at in FOUND:
        assert read(module, bytes.fromhex(raw), *form)[:2] == (text, at), (raw, form)


@pytest.mark.parametrize("module", READERS)
def test_a_field_that_the_record_does_not_have(module):
    out, offsets, bad = bytearray(99), array("q", bytes(40)), array("i", bytes(16))
    starts, ends = array("q", [0, 3, 6, 9]), array("q", [3, 6, 7, 9])
    src, form, written = b"\xf1\xf2\xf3" * 3, (ZONED, 2, 0, 0, 0), array("q", bytes(24))
    wrong = module.numbers(src, module.Numeric(*form), starts, ends, 1, 2, out, offsets, bad, written)
    assert (wrong, list(bad), out[: offsets[4]]) == (2, [-1, -1, 0, 0], b"2323")
    wrong = module.numbers(src, module.Numeric(*form), starts, ends, 0, -1, out, offsets, bad, written)
    assert (wrong, list(bad)) == (2, [0, 0, -1, -1])  # digits beyond the PICTURE; an empty cell is no finding
    assert out[: offsets[4]] == b"1" and list(written) == [0, 0, 0]


WAYS = [  # text, bytes, form; all of them read back
    ("12", "F1F2", (ZONED, 2, 0, 0, 0)),
    ("12", "F1C2", (ZONED, 2, 0, 1, 0)),
    ("-1.2", "F1D2", (ZONED, 2, 1, 1, 0)),
    ("-12", "D1F2", (ZONED, 2, 0, 1, 0, LEADING)),
    ("12", "C1F2", (ZONED, 2, 0, 1, 0, LEADING)),
    ("12", "4EF1F2", (ZONED, 2, 0, 1, 0, BEFORE)),
    ("-12", "60F1F2", (ZONED, 2, 0, 1, 0, BEFORE)),
    ("12", "F1F24E", (ZONED, 2, 0, 1, 0, BEHIND)),
    ("-0.12", "F1F260", (ZONED, 2, 2, 1, 0, BEHIND)),
    ("12", "2B3132", (ZONED, 2, 0, 1, 1, BEFORE)),
    ("-12", "31322D", (ZONED, 2, 0, 1, 1, BEHIND)),
    ("12", "3132", (ZONED, 2, 0, 1, 1, ANY, MF)),
    ("-12", "3172", (ZONED, 2, 0, 1, 1, ANY, MF)),
    ("12", "3142", (ZONED, 2, 0, 1, 1, ANY, NET)),
    ("-12", "3152", (ZONED, 2, 0, 1, 1, ANY, NET)),
    ("12", "3132", (ZONED, 2, 0, 0, 1, ANY, NET)),
    ("-12", "314B", (ZONED, 2, 0, 1, 1, ANY, TEXT)),
    ("12", "3142", (ZONED, 2, 0, 1, 1, ANY, TEXT)),
    ("10", "317B", (ZONED, 2, 0, 1, 1, ANY, TEXT)),
    ("-10", "317D", (ZONED, 2, 0, 1, 1, ANY, TEXT)),
    ("-19", "3152", (ZONED, 2, 0, 1, 1, ANY, TEXT)),
    ("-12", "7132", (ZONED, 2, 0, 1, 1, LEADING, MF)),
    ("123", "123C", (PACKED, 3, 0, 1, 0)),
    ("-123", "123D", (PACKED, 3, 0, 1, 0)),
    ("123", "123F", (PACKED, 3, 0, 0, 0)),
    ("12", "012C", (PACKED, 2, 0, 1, 1)),
    ("12.34", "1234", (PACKED, 4, 2, 0, 0, NONE)),
    ("123", "0123", (PACKED, 3, 0, 0, 0, NONE)),
    ("-2", "FEFF", (BINARY, 4, 0, 1, 0, ANY, EVERY, 1)),
    ("256", "000100", (BINARY, 4, 0, 1, 0, ANY, EVERY, 1)),
    ("-99.99", "D8F1", (BINARY, 4, 2, 1, 0)),
    ("9999", "270F", (BINARY, 4, 0, 1, 0)),
]


@pytest.mark.parametrize("at", [0, 1])
def test_there_and_back(at):
    reader, writer = READERS[at], WRITERS[at]
    for text, hexed, form in WAYS:
        raw = bytes.fromhex(hexed)
        assert write(writer, text, len(raw), *form) == raw, (text, hexed)
        assert read(reader, raw, *form)[0] == text, (text, hexed)
        assert means(writer, raw, text, *form) == (form[0] != BINARY)
        if form[0] != BINARY:
            other = text[1:] if text.startswith("-") else "-" + text
            assert not means(writer, raw, other, *form) or form[5:6] == (NONE,)
            assert not means(writer, raw, text[:-1] + "7", *form)
            assert means(writer, raw, text.replace("-", "-0") if "-" in text else "0" + text, *form)


@pytest.mark.parametrize("module", WRITERS)
def test_what_does_not_fit_is_not_written(module):
    for text, width, form in [
        ("123", 2, (ZONED, 0, 0, 0, 0)),
        ("123", 3, (ZONED, 2, 0, 0, 0)),
        ("12", 2, (ZONED, 2, 0, 1, 0, BEFORE)),
        ("12", 2, (ZONED, 2, 0, 1, 0, BEHIND)),
        ("0", 1, (ZONED, 1, 0, 1, 0, BEFORE)),
        ("0", 1, (ZONED, 1, 0, 1, 0, BEHIND)),
        ("-12", 1, (PACKED, 2, 0, 0, 0, NONE)),
        ("123", 1, (PACKED, 0, 0, 0, 0, NONE)),
        ("12", 1, (PACKED, 0, 0, 0, 0)),
        ("123", 2, (PACKED, 2, 0, 0, 0)),
        ("10000", 2, (BINARY, 4, 0, 1, 0)),
        ("-1", 2, (BINARY, 4, 0, 0, 0)),
        ("32768", 2, (BINARY, 0, 0, 1, 0)),
        ("-32769", 2, (BINARY, 0, 0, 1, 0)),
        ("1", 9, (BINARY, 0, 0, 1, 0)),
        ("1", 2, (ZONED, 2, 1, 0, 0)),
        (".1", 2, (ZONED, 2, 1, 0, 0)),
        ("1.23", 3, (ZONED, 3, 1, 0, 0)),
        ("1:", 2, (ZONED, 2, 0, 0, 0)),
        ("1/", 2, (ZONED, 2, 0, 0, 0)),
        ("", 2, (ZONED, 2, 0, 0, 0)),
        ("-", 2, (ZONED, 2, 0, 1, 0)),
        ("1", 0, (ZONED, 0, 0, 0, 0)),
    ]:
        assert write(module, text, width, *form) is None, (text, form)
    assert (
        write(module, "0012", 2, ZONED, 2, 0, 0, 0) == b"\xf1\xf2"
    )  # zeros before a number are no digits of it
    assert write(module, "00010000", 4, BINARY, 5, 0, 1, 0) == b"\0\0\x27\x10"
    assert write(module, "-0", 2, BINARY, 4, 0, 1, 0) == b"\0\0"


@pytest.mark.parametrize("module", WRITERS)
def test_other_forms_of_a_number_and_other_numbers(module):
    every = [meanings(byte, EVERY) for byte in range(256)]
    for byte in range(256):
        for signs in (MF, NET, TEXT, EVERY):
            found = meanings(byte, signs)
            for text in ("2-", "20", "21", "25", "29", "-22", "-27", "-20"):
                right = len(found) == 1 and (text[0] == "-", text[-1]) == (
                    next(iter(found))[0] == "-",
                    next(iter(found))[-1],
                )
                assert means(module, bytes([0x32, byte]), text, ZONED, 2, 0, 1, 1, ANY, signs) == right, (
                    f"{byte:02X} {text} {signs}"
                )
    assert len(every) == 256
    for zone, raw in product("ABCDEF", ("12", "19")):
        minus = zone in "BD"
        hexed = f"F{raw[0]}{zone}{raw[1]}"
        assert means(module, bytes.fromhex(hexed), "-" * minus + raw, ZONED, 2, 0, 1, 0)
        assert not means(module, bytes.fromhex(hexed), "-" * (not minus) + raw, ZONED, 2, 0, 1, 0)
        assert means(module, bytes.fromhex(f"0{raw}{zone}"), "-" * minus + raw, PACKED, 2, 0, 1, 0)
        assert not means(module, bytes.fromhex(f"0{raw}{zone}"), "-" * (not minus) + raw, PACKED, 2, 0, 1, 0)
    for raw, text, form in [
        ("60F1", "-1", (ZONED, 2, 0, 1, 0)),
        ("F160", "-1", (ZONED, 2, 0, 1, 0)),
        ("4EF1", "1", (ZONED, 2, 0, 1, 0)),
        ("2D31", "-1", (ZONED, 2, 0, 1, 1)),
        ("312B", "1", (ZONED, 2, 0, 1, 1)),
        ("60F1F2", "-1.2", (ZONED, 2, 1, 1, 0, BEFORE)),
    ]:
        assert means(module, bytes.fromhex(raw), text, *form), raw
    for raw, text, form in [
        ("60F1", "1", (ZONED, 2, 0, 1, 0)),
        ("60D1", "-1", (ZONED, 2, 0, 1, 0)),
        ("D1F1", "-11", (ZONED, 2, 0, 1, 0)),
        ("F1D1", "-11", (ZONED, 2, 0, 1, 0, LEADING)),
        ("F1D1", "-11", (ZONED, 2, 0, 1, 0, BEHIND)),
        ("60F1", "-1", (ZONED, 2, 0, 1, 0, BEHIND)),
        ("F160", "-1", (ZONED, 2, 0, 1, 0, BEFORE)),
        ("60", "-", (ZONED, 1, 0, 1, 0)),
        ("60", "-0", (ZONED, 1, 0, 1, 0)),
        ("F1F2", "", (ZONED, 2, 0, 1, 0)),
        ("F1F2", "-", (ZONED, 2, 0, 1, 0)),
        ("F1F2", "1.2", (ZONED, 2, 0, 1, 0)),
        ("F1F2", "12", (ZONED, 2, 1, 1, 0)),
        ("F1F2", "112", (ZONED, 2, 0, 1, 0)),
        ("F1F2", "2", (ZONED, 2, 0, 1, 0)),
        ("E1F2", "12", (ZONED, 2, 0, 1, 0)),
        ("1235", "123", (PACKED, 3, 0, 1, 0)),
        ("", "1", (ZONED, 0, 0, 1, 0)),
        ("0001", "1", (BINARY, 4, 0, 1, 0)),
    ]:
        assert not means(module, bytes.fromhex(raw), text, *form), (raw, text)


@pytest.mark.parametrize("module", WRITERS)
def test_only_the_rows_that_are_asked(module):
    src, text = b"\xf1\xc2\xd3", b"12-3"
    starts, ends = array("q", [0, 1, 2]), array("q", [1, 2, 3])
    told, stop = array("q", [0, 1, 2]), array("q", [1, 2, 4])
    same = bytearray(2)
    form = module.Numeric(ZONED, 1, 0, 1, 0)
    assert module.same_numbers(src, form, starts, ends, text, told, stop, array("q", [2, 1]), same) == 2
    assert module.same_numbers(src, form, starts, ends, b"1294", told, stop, array("q", [2, 0]), same) == 1
    assert same == b"\0\1"
    with pytest.raises(ValueError):
        module.same_numbers(src, form, starts, ends, text, told, stop, array("q", [2]), same)


# -- whole jobs ---------------------------------------------------------------------------------------------------------

JOB = """
[source]
path = "r.dat"
charset = "{charset}"
format = "fixed"
record_length = {length}
{source}
[[field]]
name = "n"
offset = 0
length = {length}
{field}
[output]
path = "out/r.csv"
"""


def job(tmp_path, data, *, charset="windows-31j", field="type = 'zoned'\nsigned = true", source="", length=5):
    (tmp_path / "r.dat").write_bytes(data)
    path = tmp_path / "job.toml"
    path.write_text(JOB.format(charset=charset, length=length, field=field, source=source), "utf-8")
    return path


def cells(tmp_path):
    return (tmp_path / "out/r.csv").read_text("utf-8").splitlines()[1:]


ROWS = b"001230012s0012S0012C0012L0012}0012{-0123     0012P0012R"


def test_nobody_said_how_signs_are_written(tmp_path):
    manifest = convert(job(tmp_path, ROWS)).data
    shown = ["00123", "-00123", "-00123", "00123", "-00123", "-00120", "00120", "-0123", '""', '""', '""']
    assert [c or '""' for c in cells(tmp_path)] == shown
    assert manifest["flagged"]["bad-number"]["records"] == 2
    codes = {f["code"]: f["count"] for f in manifest["findings"]}
    assert codes == {"3030313250": 1, "3030313252": 1}
    done = verify(tmp_path / "job.toml")
    assert done.holds, done.data
    with pytest.raises(DataError, match="nobody said how a minus is written"):
        reverse(tmp_path / "job.toml")


@pytest.mark.parametrize(
    ("signs", "data"),
    [
        ("microfocus", b"001230012s0012p"),
        ("netcobol", b"0012C0012S0012P0012R"),
        ("translated", b"0012C0012L0012P0012R0012{0012}"),
        ("ibm", "F0F0F1F2C3 F0F0F1F2D3 F0F0F1F2C0"),
    ],
)
def test_a_convention_is_read_proved_and_written_back(tmp_path, signs, data):
    data = bytes.fromhex(data) if isinstance(data, str) else data
    path = job(tmp_path, data, source=f'signs = "{signs}"')
    manifest = convert(path).data
    assert not manifest["flagged"]
    done = verify(path)
    assert done.data["fields"]["n"]["cells"]["identical"] == len(data) // 5
    assert reverse(path).exit_code == 0
    assert (tmp_path / "out/r.csv.reversed.dat").read_bytes() == data
    assert cells(tmp_path)[0] == "00123" and cells(tmp_path)[1] == "-00123"


def test_a_field_may_say_its_own_convention(tmp_path):
    field = "type = 'zoned'\nsigned = true\nsigns = 'translated'"
    convert(job(tmp_path, b"0012R", source='signs = "netcobol"', field=field))
    assert cells(tmp_path) == ["-00129"]


@pytest.mark.parametrize(("source", "cell"), [("", ""), ('binary = "full"', "10000")])
def test_digits_of_comp_by_option(tmp_path, source, cell):
    field = "type = 'binary'\nsigned = true\ndigits = 4"
    path = job(tmp_path, b"\x27\x10", charset="ibm-939", source=source, field=field, length=2)
    manifest = convert(path).data
    assert [c.strip('"') for c in cells(tmp_path)] == [cell]
    assert [f["code"] for f in manifest["findings"]] == ([] if cell else ["2710"])
    assert verify(path).holds


@pytest.mark.parametrize("order", ["big", "little"])
def test_eight_bytes_hold_twenty_digits(tmp_path, order):
    most = [2**64 - 1, 10**19, 0, 1]
    data = b"".join(number.to_bytes(8, order) for number in most)
    field = f"type = 'binary'\ndigits = 20\norder = '{order}'"
    path = job(tmp_path, data, charset="ibm-939", field=field, length=8)
    assert not convert(path).data["findings"]
    assert cells(tmp_path) == [str(number) for number in most]
    assert verify(path).holds and reverse(path).exit_code == 0
    assert (tmp_path / "out/r.csv.reversed.dat").read_bytes() == data
    with pytest.raises(LayoutError, match="use 0 to 20"):
        convert(job(tmp_path, data, field="type = 'binary'\ndigits = 21", length=8))


def test_what_a_cell_says_must_be_what_the_bytes_mean(tmp_path):
    """Not only what is written back: 1 and -1 are both good numbers."""
    path = job(tmp_path, b"0012S0012C", source='signs = "netcobol"')
    convert(path)
    out = tmp_path / "out/r.csv"
    out.write_text(out.read_text("utf-8").replace("-00123", "00123"), "utf-8")
    assert not verify(path).holds


def test_many_bad_numbers_are_told_together(tmp_path):
    data = b"".join(b"%04dZ" % n for n in range(250))
    manifest = convert(job(tmp_path, data)).data
    told = [f for f in manifest["findings"] if f["code"]]
    rest = [f for f in manifest["findings"] if not f["code"]]
    assert len(told) == 100 and [f["count"] for f in rest] == [150]
    assert manifest["fields"]["n"]["flagged"] == {"bad-number": 250}


@pytest.mark.parametrize("context", ["field", "glyph-only", "none"])
@pytest.mark.parametrize(
    ("field", "raw", "byte"),
    [
        ("type = 'zoned'", "F1F9F7F2F0F5F2Z0".replace("Z", "4"), "40"),
        ("type = 'packed'", "197205201234567A".replace("A", "8"), "78"),
        ("type = 'binary'\ndigits = 3", "0000000000100000", "00"),
        ("type = 'float'\nfloat = 'ieee-big'", "7FF8000000000001", "7F"),
    ],
)
def test_a_bad_number_is_told_as_far_as_the_context_lets_it(tmp_path, context, field, raw, byte):
    """A date of birth with a bad sign is a date of birth: its bytes are told by default only."""
    path = job(tmp_path, bytes.fromhex(raw), charset="ibm-939", field=field, length=8)
    path.write_text(path.read_text() + f'[review]\ncontext = "{context}"\n')
    (found,) = convert(path).data["findings"]
    assert found["code"] == (raw if context == "field" else byte)
    if context != "field":
        kept = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())
        assert raw.encode() not in kept
    assert verify(path).holds


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("type = 'zoned'\nsigned = false", "F1F2F3F4F5F6F7F8F9F0F1Z8"),
        ("type = 'packed'\ndigits = 11", "0123456789018C"),
        ("type = 'packed'\nsign = 'none'\ndigits = 11", "123456789018"),
        ("type = 'binary'\ndigits = 11", f"{123456789018:016X}"),
        ("type = 'binary'\norder = 'little'\ndigits = 11", (123456789018).to_bytes(8, "little").hex()),
    ],
)
def test_a_bad_number_that_holds_an_individual_number_is_never_told(tmp_path, field, raw):
    raw = raw.replace("Z", "0")
    path = job(tmp_path, bytes.fromhex(raw), charset="ibm-939", field=field, length=len(raw) // 2)
    (found,) = convert(path).data["findings"]
    assert found["reason"] == "bad-number" and len(found["code"]) == 2
    kept = b"".join(p.read_bytes() for p in (tmp_path / "out").iterdir())
    assert raw.upper().encode() not in kept.upper() and b"123456789018" not in kept


def test_a_field_of_another_type_drops_what_only_its_own_had():
    number = {
        "name": "n",
        "offset": 0,
        "length": 4,
        "type": "zoned",
        "signed": True,
        "digits": 4,
        "sign": "leading",
    }
    layout = override_fields(layout_from_fields([number]), [{"name": "n", "type": "raw"}])
    assert (layout.fields[0].type, layout.fields[0].digits, layout.fields[0].sign) == ("raw", 0, "")


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({"type": "zoned", "sign": "none"}, "sign cannot be 'none'"),
        ({"type": "packed", "sign": "leading"}, "sign cannot be 'leading'"),
        ({"type": "packed", "sign": "none", "signed": True}, "no place for a sign"),
        ({"type": "packed", "signs": "netcobol"}, "has signs, but its type is packed"),
        ({"type": "zoned", "signs": "cobol"}, "has the signs 'cobol'"),
        ({"type": "zoned", "order": "little"}, "has order, but its type is zoned"),
        ({"type": "float", "length": 5}, "floating-point number of 5 bytes"),
        ({"type": "zoned", "float": "hex"}, "has float, but its type is zoned"),
        ({"type": "packed", "sign": "none", "digits": 9}, "has digits 9 in 4 bytes"),
    ],
)
def test_keys_that_do_not_go_together(field, says):
    with pytest.raises(LayoutError) as caught:
        layout_from_fields([{"name": "n", "offset": 0, "length": 4, **field}])
    assert says in str(caught.value)
