"""The committed tables against the converters they are made from, and against others.

Owns: format, counts, and agreement with ICU, glibc and Python code by code. A difference is allowed only
where ``mappings/disputes.tsv`` has it. A comparison whose program is missing is skipped with the reason.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from gaiji.codes.code import Form
from gaiji.codes.tables import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP, Row, load_table, table_ids

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
sys.path.insert(0, str(MAPPINGS / "build"))

import codecs_tables  # noqa: E402
import icu  # noqa: E402
from sources import SourceError  # noqa: E402

# decode rows, round-trip rows, encode-only rows, ambiguous rows. A change here is a change of edition.
COUNTS = {
    "euc/ascii": (128, 128, 0, 0),
    "euc/eucjp-ms": (7025, 7016, 7, 0),
    "euc/eucjp-ms-x0212": (6173, 6158, 1, 0),
    "euc/jis2004-plane1": (8860, 8860, 0, 2),
    "euc/jis2004-plane2": (2436, 2436, 0, 0),
    "fujitsu/ascii": (160, 160, 3, 0),
    "fujitsu/ebcdic": (160, 160, 4, 0),
    "fujitsu/ebcdik": (197, 197, 4, 0),
    "fujitsu/jef-extension": (5089, 4577, 0, 182),
    "fujitsu/jef-jis78": (6803, 6802, 0, 13),
    "fujitsu/jef-position": (43, 43, 0, 0),
    "hitachi/ebcdic": (222, 221, 2, 0),
    "hitachi/ebcdik": (222, 221, 2, 0),
    "hitachi/keis-row-9f": (44, 44, 0, 16),
    "hitachi/keis-set3": (1071, 1071, 0, 244),
    "hitachi/keis78": (6888, 6875, 0, 13),
    "hitachi/keis78-position": (42, 42, 0, 0),
    "hitachi/keis78-set3": (24, 7, 0, 0),
    "hitachi/keis83": (6878, 6877, 0, 0),
    "hitachi/keis83-set3": (20, 20, 0, 0),
    "hitachi/keis90": (6880, 6879, 0, 0),
    "hitachi/keis90-set3": (19, 19, 0, 0),
    "ibm/1027": (226, 226, 0, 0),
    "ibm/16684": (15897, 15896, 0, 0),
    "ibm/290": (226, 226, 0, 0),
    "ibm/300": (7265, 7265, 5, 0),
    "ibm/5123": (227, 227, 0, 0),
    "ibm/8482": (227, 227, 0, 0),
    "ibm/user-1880": (0, 0, 0, 0),
    "ibm/user-4370": (0, 0, 0, 0),
    "ibm/user-6205": (0, 0, 0, 0),
    "nec/ebcdik": (223, 223, 2, 0),
    "nec/jips-e": (6802, 6802, 0, 13),
    "nec/jips-e-extension": (1469, 1468, 0, 283),
    "nec/jips-e-signs": (471, 315, 0, 124),
    "nec/jips-j": (6802, 6802, 0, 13),
    "nec/jips-j-extension": (1469, 1468, 0, 283),
    "nec/jips-j-signs": (471, 315, 0, 124),
    "nec/jis8": (223, 223, 2, 0),
    "official/juki": (19563, 19563, 0, 0),
    "official/koseki": (55270, 55270, 0, 0),
    "official/touki": (56380, 56380, 0, 0),
    "unisys/jis8": (223, 223, 2, 0),
    "unisys/letsj": (6878, 6877, 0, 0),
    "unisys/letsj-extension": (2742, 2742, 0, 0),
    "windows/cp932": (7724, 7326, 6, 160),
    "windows/cp932-jis2004": (160, 160, 0, 2),
    "windows/cp932-jis90": (160, 160, 0, 0),
    "windows/cp932-single": (191, 191, 0, 0),
    "windows/shift-jis-2004": (11233, 11233, 0, 2),
    "windows/shift-jis-2004-single": (191, 191, 0, 0),
}


def base(text: str) -> str:
    """A text without variation selectors: what a converter that knows no IVS says."""
    return "".join(ch for ch in text if not 0xE0100 <= ord(ch) <= 0xE01EF)


def decode_rows(table: str) -> list[Row]:
    return [row for row in load_table(table).rows if row.flag != ENCODE_ONLY]


def code_bytes(row: Row) -> bytes:
    return row.code.to_bytes(row.size, "big")


@pytest.fixture(scope="module")
def disputed() -> set[tuple[str, str, str]]:
    """(table, code, the other source's text) of disputes.tsv."""
    with (MAPPINGS / "disputes.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert all(row["why"] and row["table"] and row["code"] for row in rows)
    return {(row["table"], row["code"], row["ucs_b"]) for row in rows}


def hex_text(text: str | None) -> str:
    return " ".join(f"{ord(ch):04X}" for ch in text or "")


def disagreements(table: str, decode, encode, disputed) -> list[str]:
    """Codes that another converter reads or writes differently, outside disputes.tsv."""
    out = []
    for row in load_table(table).rows:
        code, text = code_bytes(row), base(row.text)
        name = code.hex().upper()
        if row.flag != ENCODE_ONLY:
            other = decode(code)
            if other != text and (table, name, hex_text(other)) not in disputed:
                out.append(f"{name} decodes to {hex_text(other)}, not {hex_text(text)}")
                continue
            if other != text:
                continue
        if row.flag == ROUND_TRIP and encode(text) != code:
            out.append(f"{hex_text(text)} encodes to {encode(text)!r}, not {name}")
    return out


# -- format ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", table_ids())
def test_format(table: str) -> None:
    path = MAPPINGS / "tables" / f"{table}.tsv"
    raw = path.read_bytes()
    heads = (b"code\tucs\tglyph\tflag\tnote\n", b"code\tucs\tglyph\tflag\tgrade\tnote\n")
    assert raw.startswith(heads) and b"\r" not in raw and raw.endswith(b"\n")
    loaded = load_table(table)
    order = [(row.code, row.flag) for row in loaded.rows]
    assert order == sorted(order)
    decodes = [(row.size, row.code) for row in loaded.rows if row.flag != ENCODE_ONLY]
    assert len(set(decodes)) == len(decodes)
    encodes = [row.text for row in loaded.rows if row.flag != DECODE_ONLY and row.text and row.sure]
    assert len(set(encodes)) == len(encodes)
    if loaded.form is not Form.NUMBER:
        legal = {(area.size, code) for area in loaded.ranges for code in area.codes()}
        assert {(row.size, row.code) for row in loaded.rows} <= legal
    meta = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    assert meta["rows"] == len(loaded.rows)
    assert all({"name", "version", "licence", "what"} <= set(item) for item in loaded.sources)
    assert loaded.identity and loaded.title and loaded.system


@pytest.mark.parametrize("table", table_ids())
def test_ranges_do_not_overlap(table: str) -> None:
    codes = Counter((area.size, code) for area in load_table(table).ranges for code in area.codes())
    assert not [code for code, count in codes.items() if count > 1]


def test_every_kanji_has_a_glyph_that_agrees() -> None:
    listed = {}
    for path in ("mj-006.02.tsv", "hentaigana-002.01.tsv"):
        with (MAPPINGS / "repertoire" / path).open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            listed |= {row["name"]: row["ucs"] for row in rows}
    nameless = set()
    for table in table_ids():
        for row in load_table(table).rows:
            where = f"{table} line {row.line}"
            glyphs = [name for name in row.glyph.split("|") if name]
            assert all(glyph in listed for glyph in glyphs), where
            if len(glyphs) == 1:
                assert hex_text(row.text) == listed[glyphs[0]], where
            elif glyphs:
                assert len(row.text) == 1, where
            elif not row.text:
                assert row.note and "extension" in table, where
            else:
                cp = ord(row.text[0])
                if 0x3400 <= cp <= 0x9FFF or 0xF900 <= cp <= 0xFAD9 or 0x20000 <= cp <= 0x3FFFF:
                    nameless.add((table, f"{row.code:04X}"))
    # Kanji that the MJ list lacks; docs/charsets/fujitsu.md lists them.
    codes = ("48D3", "58C1", "68BC", "71FD", "72FD", "73FC")
    assert nameless == {("fujitsu/jef-extension", code) for code in codes}


def test_counts() -> None:
    found = {}
    for table in table_ids():
        rows = load_table(table).rows
        flags = Counter(row.flag for row in rows)
        ambiguous = sum("|" in row.glyph for row in rows)
        found[table] = (
            flags[ROUND_TRIP] + flags[DECODE_ONLY],
            flags[ROUND_TRIP],
            flags[ENCODE_ONLY],
            ambiguous,
        )
    assert found == COUNTS


# -- ICU ---------------------------------------------------------------------------------------------

needs_uconv = pytest.mark.skipif(not shutil.which("uconv"), reason="no uconv here (Debian: icu-devtools)")


@needs_uconv
@pytest.mark.parametrize(
    ("converter", "single", "double"),
    [
        ("ibm-930_P120-1999", "ibm/290", "ibm/300"),
        ("ibm-939_P120-1999", "ibm/1027", "ibm/300"),
        ("ibm-1390_P110-2003", "ibm/8482", "ibm/16684"),
        ("ibm-1399_P110-2003", "ibm/5123", "ibm/16684"),
    ],
)
def test_ibm_tables_are_icus(converter: str, single: str, double: str, disputed) -> None:
    """Every code that ICU decodes is in the table with its text and direction, and no other."""
    for table, entries in zip((single, double), icu.converter_table(converter), strict=True):
        theirs = {code: (text, flag) for code, text, flag in entries if flag != ENCODE_ONLY}
        ours = {code_bytes(row): row for row in decode_rows(table)}
        assert set(ours) == set(theirs)
        for code, (text, flag) in theirs.items():
            row = ours[code]
            if base(row.text) != text:
                assert (table, code.hex().upper(), hex_text(text)) in disputed
            elif table != "ibm/300":
                assert row.flag == flag, code.hex()


@needs_uconv
def test_16684_is_icus_pure_converter() -> None:
    rows = decode_rows("ibm/16684")
    answer = icu.run(
        ["-f", "ibm-16684_P110-2003", "-t", "UTF-32BE"],
        b"".join(code_bytes(row) for row in rows if row.text != "\u3000"),
    )
    theirs = answer.decode("utf-32-be")
    ours = "".join(base(row.text) for row in rows if row.text != "\u3000")
    compatible = sum(a != b for a, b in zip(theirs, ours, strict=True))
    assert compatible == 86  # compatibility ideographs, all in disputes.tsv


@needs_uconv
def test_user_areas_are_icus() -> None:
    """IBM's user-defined rows land where ICU puts them."""
    for table, converter in (("ibm/user-4370", "ibm-939_P120-1999"), ("ibm/user-6205", "ibm-1399_P110-2003")):
        areas = load_table(table).ranges
        codes = [code.to_bytes(2, "big") for area in areas for code in area.codes()]
        expected = [chr(dict(a.pua)["linear"] + n) for a in areas for n in range(len(a))]
        answer = icu.run(["-f", converter, "-t", "UTF-32BE"], b"\x0e" + b"".join(codes) + b"\x0f")
        assert answer.decode("utf-32-be") == "".join(expected)


# -- glibc -------------------------------------------------------------------------------------------

SHIFTED = {"IBM930", "IBM939", "IBM1390", "IBM1399"}


@pytest.mark.parametrize(
    ("table", "converter"),
    [
        ("ibm/300", "IBM930"),
        ("ibm/300", "IBM939"),
        ("ibm/16684", "IBM1390"),
        ("ibm/16684", "IBM1399"),
        ("ibm/290", "IBM930"),
        ("ibm/1027", "IBM939"),
        ("ibm/8482", "IBM1390"),
        ("ibm/5123", "IBM1399"),
        ("windows/cp932-single", "CP932"),
        ("windows/cp932", "CP932"),
        ("euc/eucjp-ms", "EUC-JP-MS"),
        ("euc/eucjp-ms-x0212", "EUC-JP-MS"),
        ("euc/jis2004-plane1", "EUC-JISX0213"),
        ("euc/jis2004-plane2", "EUC-JISX0213"),
        ("windows/shift-jis-2004", "SHIFT_JISX0213"),
    ],
)
def test_glibc_agrees(table: str, converter: str, disputed) -> None:
    try:
        decode, encode = codecs_tables.glibc_codec(converter)
    except (SourceError, OSError) as error:
        pytest.skip(str(error))
    if converter in SHIFTED and load_table(table).ranges[0].size == 2:
        plain_decode, plain_encode = decode, encode

        def decode(code: bytes) -> str | None:
            return plain_decode(b"\x0e" + code + b"\x0f")

        def encode(text: str) -> bytes | None:
            answer = plain_encode(text)
            return answer[1:-1] if answer and answer[0] == 0x0E else answer

    wrong = disagreements(table, decode, encode, disputed)
    if converter in ("IBM930", "IBM939"):
        # glibc writes the ASCII backslash and tilde at another code of the same single-byte page than ICU.
        wrong = [line for line in wrong if not line.startswith(("005C encodes", "007E encodes"))]
    assert not wrong, wrong[:10]


# -- Python ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "codec"),
    [
        ("windows/cp932-single", "cp932"),
        ("windows/cp932", "cp932"),
        ("euc/jis2004-plane1", "euc_jis_2004"),
        ("euc/jis2004-plane2", "euc_jis_2004"),
        ("windows/shift-jis-2004-single", "shift_jis_2004"),
        ("windows/shift-jis-2004", "shift_jis_2004"),
    ],
)
def test_python_agrees(table: str, codec: str, disputed) -> None:
    decode, encode = codecs_tables.python_codec(codec)
    wrong = disagreements(table, decode, encode, disputed)
    if table == "windows/cp932":
        # Windows and glibc write the IBM extension (FA40-FC4B); Python writes NEC's copy.
        copies = {code for name, code, said in disputed if name == table and said == "flag 0"}
        assert len(copies) == 373
        wrong = [line for line in wrong if line.partition("encodes to b")[0] == line]
    assert not wrong, wrong[:10]


def test_python_and_eucjp_ms(disputed) -> None:
    """Where Python's euc_jp has a code of eucJP-ms it agrees, but for the disputed dashes and signs."""
    decode, _ = codecs_tables.python_codec("euc_jp")
    for table in ("euc/eucjp-ms", "euc/eucjp-ms-x0212"):
        for row in decode_rows(table):
            other = decode(code_bytes(row))
            if other is not None and other != base(row.text):
                assert (table, code_bytes(row).hex().upper(), hex_text(other)) in disputed


def test_no_code_is_missing_from_windows() -> None:
    """Every code that Python's cp932 decodes is a row, or belongs to the user-defined area."""
    decode, _ = codecs_tables.python_codec("cp932")
    ours = {code_bytes(row) for row in decode_rows("windows/cp932")}
    user = {
        code for area in load_table("windows/cp932").ranges if area.kind == "user" for code in area.codes()
    }
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        for trail in range(0x40, 0xFD):
            code = bytes((lead, trail))
            text = decode(code)
            if text and len(text) == 1 and int.from_bytes(code, "big") not in user:
                assert code in ours, code.hex()


# -- the build ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_rebuild_is_byte_for_byte() -> None:
    """``make.py --check`` finds no difference, where the pinned packages are already in the cache."""
    cache = Path(os.environ.get("GAIJI_SOURCES") or MAPPINGS.parent / ".cache")
    if not (cache / "unpacked").exists():
        pytest.skip(f"the pinned packages are not in {cache}: run `make mappings` once")
    if not shutil.which("uconv"):
        pytest.skip("no uconv here (Debian: icu-devtools)")
    done = subprocess.run(
        [sys.executable, str(MAPPINGS / "build" / "make.py"), "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
