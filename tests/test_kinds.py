"""Kinds of fields that makers differ in: floating point, national characters, encodings and clauses of copybooks."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaiji import convert, verify
from gaiji.columns.floats import float_text
from gaiji.columns.floats_back import float_bytes, same_float
from gaiji.errors import GaijiError, JobError, LayoutError
from gaiji.layout.copybook import parse_copybook
from gaiji.layout.copybook.encoding import copybook_text
from gaiji.run.reverse import reverse

# -- floating point -----------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([4, 8]), st.sampled_from(["ieee-big", "ieee-little"]), st.data())
def test_ieee_comes_back(size, form, data):
    raw = data.draw(st.binary(min_size=size, max_size=size))
    number = struct.unpack(("<" if form == "ieee-little" else ">") + ("f" if size == 4 else "d"), raw)[0]
    text = float_text(raw, form)
    if not math.isfinite(number):
        assert text is None
        return
    assert text is not None and float_bytes(text, size, form) == raw and same_float(raw, text, form)
    if size == 8:
        assert float(text) == number and math.copysign(1, float(text)) == math.copysign(1, number)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([4, 8]), st.integers(0, 255), st.data())
def test_hexadecimal_comes_back(size, first, data):
    raw = bytes([first]) + data.draw(st.binary(min_size=size - 1, max_size=size - 1))
    text = float_text(raw, "hex")
    back = float_bytes(text, size, "hex")
    assert same_float(raw, text, "hex")
    value = Fraction(int.from_bytes(raw[1:], "big")) * Fraction(16) ** ((first & 127) - 64 - 2 * (size - 1))
    mean = Fraction(text.lstrip("-"))
    if value:
        unit = Fraction(16) ** ((first & 127) - 64 - 2 * (size - 1))
        assert abs(mean - value) <= max(unit / 2, value / 2 ** (8 * (size - 1) - 4))
    normal = first & 127 == 0 or raw[1] >> 4 or not any(raw[1:])
    assert back == raw or not normal or not any(raw[1:])
    assert not same_float(bytes([first ^ 128]) + raw[1:], text, "hex")


FLOATS = [  # IBM: 41 10 00 00 is 1, C2 76 A0 00 is -118.625
    ("41100000", "hex", "1"),
    ("C276A000", "hex", "-118.625"),
    ("4019999A", "hex", "0.1"),
    ("00000000", "hex", "0"),
    ("80000000", "hex", "-0"),
    ("4276A00000000000", "hex", "118.625"),
    ("411999999999999A", "hex", "1.6"),
    ("7FFFFFFF", "hex", "7.237005E+75"),
    ("3F800000", "ieee-big", "1"),
    ("C2ED4000", "ieee-big", "-118.625"),
    ("CDCCCC3D", "ieee-little", "0.1"),
    ("3FB999999999999A", "ieee-big", "0.1"),
    ("7F7FFFFF", "ieee-big", "3.4028235E+38"),
    ("00000001", "ieee-big", "1E-45"),
    ("80000000", "ieee-big", "-0"),
    ("43F0F0F0F0F0F0F0", "ieee-big", None),
]


@pytest.mark.parametrize(("size", "form"), [(4, "hex"), (8, "hex"), (4, "ieee-big"), (8, "ieee-little")])
def test_a_float_has_one_form_and_no_digit_too_many(size, form):
    """Of numbers large and small: one digit before the point where there is an exponent, no zeros behind; a text that is
    shorter by a digit means another number."""
    rng = Random(size)
    for _ in range(300):
        mantissa, power = rng.choice([1, 5, 25, 30, 700, rng.randrange(1, 1 << 20)]), rng.randrange(-30, 30)
        raw = float_bytes(f"{mantissa}E{power:+d}", size, form)
        text = float_text(raw, form)
        match = re.fullmatch(r"(0|[1-9]\d*)(?:\.(\d*[1-9]))?(?:E([+-][1-9]\d*))?", text)
        assert match, text
        whole, behind, exponent = match[1], match[2] or "", match[3]
        digits = (whole + behind).lstrip("0")
        first = len(digits) - len(behind) + int(exponent or 0)  # it is 0.digits times ten to that
        assert (exponent is None) == (-5 <= first < 18) and (exponent is None or len(whole) == 1), text
        digits = digits.rstrip("0")
        for near in (int(digits[:-1] or 0), int(digits[:-1] or 0) + 1):
            assert not near or float_bytes(f"{near}E{first - len(digits) + 1:+d}", size, form) != raw, text


def test_floats_by_hand():
    for hexed, form, text in FLOATS:
        if text is not None:
            raw = bytes.fromhex(hexed)
            assert (float_text(raw, form), float_bytes(text, len(raw), form)) == (text, raw)
    for text in ("", "1,5", "1E+400", "--1", "1e5", "NaN"):
        assert float_bytes(text, 8, "ieee-big") is None
    assert float_bytes("1E+80", 4, "hex") is None and float_bytes("3.5E+38", 4, "ieee-big") is None
    assert same_float(bytes.fromhex("42010000"), "1", "hex")  # not normal, and the same number
    assert not same_float(bytes.fromhex("42010000"), "2", "hex")


JOB = """
[source]
path = "r.dat"
charset = "{charset}"
format = "fixed"
layout = "r.cpy"
{source}
[output]
path = "out/r.csv"
"""


def job(folder: Path, copybook: str | bytes, data: bytes, charset: str = "ibm-939", source: str = "") -> Path:
    raw = copybook if isinstance(copybook, bytes) else copybook.encode()
    (folder / "r.cpy").write_bytes(raw)
    (folder / "r.dat").write_bytes(data)
    path = folder / "job.toml"
    path.write_text(JOB.format(charset=charset, source=source), "utf-8")
    return path


def rows(folder: Path) -> list[str]:
    return (folder / "out/r.csv").read_text("utf-8").splitlines()


def test_a_job_with_floats(tmp_path):
    text = "       01 R.\n           05 A COMP-1.\n           05 B COMP-2.\n"
    data = bytes.fromhex("C276A000 4276A00000000000 00000000 0000000000000000 40404040 4040404040404040")
    with pytest.raises(LayoutError, match="nobody said of which kind"):
        convert(job(tmp_path, text, data))
    path = job(tmp_path, text, data, source='float = "hex"')
    manifest = convert(path).data
    assert rows(tmp_path)[1:] == ["-118.625,118.625", "0,0", ","]
    assert {f["code"] for f in manifest["findings"]} == {"40404040", "4040404040404040"}
    done = verify(path)
    assert done.holds and done.data["fields"]["a"]["cells"]["identical"] == 2
    reverse(path)
    assert (tmp_path / "out/r.csv.reversed.dat").read_bytes() == data
    out = tmp_path / "out/r.csv"
    out.write_text(out.read_text("utf-8").replace("-118.625", "118.625"), "utf-8")
    assert not verify(path).holds


# -- national characters ------------------------------------------------------------------------------------------------

NAMES = ("見本太郎", "山田花子", "鈴木一郎", "高橋三郎")


def national(codec: str) -> bytes:
    return b"".join(name.ljust(6, "\u3000").encode(codec) for name in NAMES)


def double(charset: str) -> bytes:
    import gaiji

    own = gaiji.load_charset(charset)
    return b"".join(own.encode(name.ljust(6, "\u3000"), type="dbcs") for name in NAMES)


@pytest.mark.parametrize("charset", ["ibm-939", "fujitsu-jef", "hitachi-keis83", "windows-31j", "nec-jips-j"])
@pytest.mark.parametrize("usage", ["", " USAGE NATIONAL"])
@pytest.mark.parametrize("kind", ["host", "utf-16-be", "utf-16-le"])
def test_what_pic_n_holds_is_said_or_seen(tmp_path, charset, usage, kind):
    text = f"       01 R.\n           05 SIMEI PIC N(6){usage}.\n"
    data = double(charset) if kind == "host" else national(kind)
    assumed = "utf-16-be" if usage and charset.startswith("ibm") else "host"
    path = job(tmp_path, text, data, charset)
    if kind == assumed:
        assert not convert(path).data["flagged"]
    else:
        with pytest.raises(JobError) as caught:
            convert(path)
        assert caught.value.number == "E0485" and f'"{kind}"' in str(caught.value)
    path = job(tmp_path, text, data, charset, f'national = "{kind}"')
    assert convert(path).exit_code == 0
    assert rows(tmp_path)[1:] == list(NAMES)
    assert verify(path).holds
    reverse(path)
    back = (tmp_path / "out/r.csv.reversed.dat").read_bytes()
    assert (
        back.replace(b"  ", "\u3000".encode("cp932")) if kind == "host" and "31j" in charset else back == data
    )


def test_a_field_has_a_charset_of_its_own(tmp_path):
    """Its findings are of its own codes: E000 is 外字 of Unicode, not of the host."""
    path = job(
        tmp_path, "       01 R.\n           05 A PIC N(2).\n           05 B PIC N(2) DISPLAY-1.\n", b""
    )
    (tmp_path / "r.dat").write_bytes("\ue000A".encode("utf-16-le") + bytes.fromhex("45414541"))
    path.write_text(
        path.read_text("utf-8")
        + '[[field]]\nname = "a"\ntype = "mixed"\ncharset = "unicode-le"\nrole = "name"\n',
        "utf-8",
    )
    manifest = convert(path).data
    assert rows(tmp_path)[1].split(",")[0] == "〓A"
    assert [(f["field"], f["code"]) for f in manifest["findings"]] == [("a", "E000")]
    assert verify(path).holds
    with pytest.raises(GaijiError):
        convert(path, overrides={"source.charset": "no-such"})


# -- copybooks ----------------------------------------------------------------------------------------------------------

BOOK = "       01  記録.\n           05  氏名  PIC N(6).\n           05  カナ氏名  PIC X(10).\n"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("cp932", b""), ("euc_jp", b""), ("utf-16-le", b"\xff\xfe"),
     ("utf-16-be", b"\xfe\xff"), ("utf-16-le", b""), ("utf-16-be", b"")],
)  # fmt: skip
def test_encodings_of_copybooks(encoding, mark):
    assert copybook_text(mark + BOOK.encode(encoding), Path("r.cpy")) == BOOK


def test_encodings_that_are_told_and_those_that_are_asked():
    cards = "".join(line.ljust(80) for line in BOOK.replace("記録", "R").splitlines()[:1]).encode("cp037")
    for raw, number in (
        (cards * 3, "E0477"),
        (b"       01 R.\n  05 \x81\x20 PIC X.\n", "E0475"),
        ("       01  R.\n  05  ｱｲ  PIC X.\n".encode("cp932").replace(b"\xb1\xb2", b"\xb0\xa1"), "E0476"),
    ):
        with pytest.raises(LayoutError) as caught:
            copybook_text(raw, Path("r.cpy"))
        assert caught.value.number == number
    ambiguous = "       01  R.\n  05  亜  PIC X.\n".encode("euc_jp")
    assert "亜" in copybook_text(ambiguous, Path("r.cpy"), "euc-jp")
    assert "ｰ｡" in copybook_text(ambiguous, Path("r.cpy"), "shift_jis")
    own = b"       * " + b"\xf5\xa1\n" + BOOK.encode("euc_jp")
    assert copybook_text(own, Path("r.cpy")).endswith(BOOK)
    with pytest.raises(LayoutError, match="is not utf-8 at byte"):
        copybook_text(BOOK.encode("cp932"), Path("r.cpy"), "utf-8")


@pytest.mark.parametrize(
    ("clauses", "type_", "length", "more"),
    [
        ("PIC N(10) CHARACTER TYPE IS POINT-7", "dbcs", 20, {"national": "unsaid"}),
        ("CHARACTER TYPE MODE-1 BY F-1 PIC N(2)", "dbcs", 4, {}),
        ("PIC X(4) PRINTING POSITION IS 10", "mixed", 4, {}),
        ("PIC N(3) NATIONAL", "dbcs", 6, {"national": "national"}),
        ("PIC G(3)", "dbcs", 6, {"national": ""}),
        ("PIC 9(3) NATIONAL", "dbcs", 6, {"national": "national"}),
        ("PIC U(5)", "mixed", 20, {"charset": "unicode-utf8"}),
        ("PIC U BYTE-LENGTH 7", "mixed", 7, {"charset": "unicode-utf8"}),
        ("PIC U BYTE-LENGTH IS 7 USAGE UTF-8", "mixed", 7, {"charset": "unicode-utf8"}),
        ("PIC 9(4) PACKED-DECIMAL WITH NO SIGN", "packed", 2, {"sign": "none", "digits": 4}),
        ("PIC 9(5) COMP-6", "packed", 3, {"sign": "none", "digits": 5}),
        ("PIC S9(4) COMP-5", "binary", 2, {"digits": 0}),
        ("PIC S9(4) COMP", "binary", 2, {"digits": 4}),
        ("COMP-1", "float", 4, {}),
        ("USAGE IS COMPUTATIONAL-2", "float", 8, {}),
        ("FLOAT-LONG", "float", 8, {}),
    ],
)
def test_clauses_of_makers(clauses, type_, length, more):
    fields, size = parse_copybook(f"01 R. 05 A {clauses}. 05 Z PIC X.", format="free")
    assert (fields[0].type, fields[0].length, size) == (type_, length, length + 1)
    assert {key: getattr(fields[0], key) for key in more} == more


def test_group_usage_and_placeholders():
    fields, _ = parse_copybook(
        "01 R. 05 G GROUP-USAGE NATIONAL. 10 :TAG:-A PIC N(5). 10 B PIC 9(2). 05 OLD PIC X VALUE ':TAG:'.",
        format="free",
        replacing={":tag:": "SE", "OLD": "NEW"},
    )
    assert [(f.name, f.length, f.national) for f in fields] == [
        ("se-a", 10, "national"),
        ("b", 4, "national"),
        ("new", 1, ""),
    ]


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("05 A PIC S9(3) NATIONAL.", "E0482"),
        ("05 A PIC 9V9 NATIONAL.", "E0482"),
        ("05 A PIC U(2) BYTE-LENGTH 7.", "E0481"),
        ("05 A PIC UX.", "E0480"),
        ("05 A PIC S9(3) COMP-6.", "E0472"),
        ("05 A PIC 9(3) COMP NO SIGN.", "E0478"),
        ("05 G GROUP-USAGE BIT. 10 A PIC 1.", "E0479"),
        ("05 A COMP-1 PIC 9.", "E0127"),
        ("05 A COMP-1 SYNC.", "E0129"),
        ("05 :TAG:-A PIC X.", "E0107"),
    ],
)
def test_clauses_that_are_refused(body, number):
    with pytest.raises(LayoutError) as caught:
        parse_copybook(f"01 R. {body}", format="free")
    assert caught.value.number == number


# -- raw bytes ------------------------------------------------------------------------------------------------------------


def test_raw_bytes_are_hex_wherever_their_place_comes_from(tmp_path):
    """A column of a CSV, a field at the end of records whose tables vary, and one that lines do not have whole."""
    job = tmp_path / "job.toml"
    keys = '[source]\npath = "d"\ncharset = "windows-31j"\n{}\n[output]\npath = "o.csv"\n[[field]]\nname = "t"\ntype = "raw"\n{}\n'
    columns = 'column = 1\n[[field]]\nname = "a"\ncolumn = 0\n'
    (tmp_path / "r.cpy").write_text(
        ">>SOURCE FORMAT FREE\n01 R. 05 N PIC 9. 05 M OCCURS 0 TO 3 DEPENDING ON N. 10 A PIC X(2). 05 T PIC X(3)."
    )
    vb = b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in (b"1abxyz", b"2abcduvw"))
    for data, source, field, cells in (
        (b"a,t\n1,xy\n22,\n", 'format = "csv"', columns, ["7879", ""]),
        (vb, 'format = "vb"\nlayout = "r.cpy"', "offset = 7\nlength = 3", ["78797A", "757677"]),
        (vb, 'format = "vb"', "offset = 5\nlength = 2", ["7A", "7576"]),
    ):
        (tmp_path / "d").write_bytes(data)
        job.write_text(keys.format(source, field))
        convert(job)
        lines = [line.split(",") for line in (tmp_path / "o.csv").read_text("utf-8").splitlines()]
        assert [line[lines[0].index("t")] for line in lines[1:]] == cells
        assert verify(job).holds
