"""The traps of the field, as far as the tables themselves show them.

Each test is one way in which names are silently corrupted; `docs/charsets.md` explains them.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from gaiji.codes.code import Form
from gaiji.codes.tables import ENCODE_ONLY, Row, load_table

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
PAIRS = "鯵鰺 鴬鶯 蛎蠣 撹攪 竃竈 潅灌 諌諫 頚頸 砿礦 蕊蘂 靭靱 賎賤 壷壺 砺礪 梼檮 涛濤 迩邇 蝿蠅 桧檜 侭儘 薮藪 篭籠"
SWAPPED = PAIRS.split()


def rows(table: str) -> dict[str, Row]:
    """Code in hex → decode row."""
    loaded = load_table(table)
    number = loaded.form is Form.NUMBER
    return {
        f"{r.code:0{r.size * (1 if number else 2)}{'d' if number else 'X'}}": r
        for r in loaded.rows
        if r.flag != ENCODE_ONLY
    }


def base(row: Row) -> str:
    return row.text[:1]


def user_areas(table: str) -> list:
    return [area for area in load_table(table).ranges if area.kind == "user"]


def charset(name: str) -> dict:
    return tomllib.loads((MAPPINGS / "charsets" / f"{name}.toml").read_text(encoding="utf-8"))


# -- editions of JIS ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", SWAPPED)
@pytest.mark.parametrize("old", ["hitachi/keis78", "fujitsu/jef-jis78"])
def test_the_22_pairs_are_swapped(pair: str, old: str) -> None:
    assert len(SWAPPED) == 22
    before, after = rows(old), rows("hitachi/keis83")
    codes = [code for code, row in after.items() if base(row) in pair]
    assert len(codes) == 2
    assert [base(before[code]) for code in codes] == [base(after[code]) for code in codes[::-1]]


def test_keis_moves() -> None:
    old, new, newest = rows("hitachi/keis78"), rows("hitachi/keis83"), rows("hitachi/keis90")
    old |= rows("hitachi/keis78-set3")
    new |= rows("hitachi/keis83-set3")
    assert base(old["B0B3"]) == "鰺" and base(new["B0B3"]) == "鯵"
    for code_78, code_83, form in (
        ("5CC3", "F4A1", "堯"),
        ("61FC", "F4A2", "槇"),
        ("6BA2", "F4A3", "遙"),
        ("65A7", "F4A4", "瑤"),
    ):
        assert base(old[code_78]) == base(new[code_83]) == form
        assert old[code_78].glyph == new[code_83].glyph
        assert code_83 not in old and code_78 not in new
    assert "F4A5" not in new and "F4A6" not in new
    assert (base(newest["F4A5"]), base(newest["F4A6"])) == ("凜", "熙")
    assert (old["A2BE"].text, old["A2BF"].text) == ("⊃", "⊂")
    assert (new["A2BE"].text, new["A2BF"].text) == ("⊂", "⊃")
    # Ruled lines: the same characters, from row AF to row A8.
    lines = {row.text for code, row in new.items() if code.startswith("A8")}
    moved = {row.text for code, row in old.items() if code.startswith("AF")}
    assert moved - lines == {"╎", "╏"} and len(moved & lines) == 22


def test_jef_keeps_1978_and_has_the_new_forms_in_its_extension() -> None:
    standard, extension = rows("fujitsu/jef-jis78"), rows("fujitsu/jef-extension")
    assert standard["C4D4"].glyph == "MJ025761" and standard["C4D4"].text == "辻\U000e0103"
    assert extension["67A5"].glyph == "MJ025760"
    for code, form in {
        "47C8": "尭",
        "54C4": "槙",
        "70EB": "遥",
        "59A2": "瑶",
        "44A4": "凜",
        "58A8": "熙",
    }.items():
        assert base(extension[code]) == form
    assert [base(standard[code]) for code in ("B6C6", "CBEA", "CDDA", "E0F6")] == list("堯槇遙瑤")
    assert standard["4040"].text == standard["A1A1"].text == "\u3000" and standard["A1A1"].flag == 3
    assert len(standard) == 6803 and "F4A1" not in standard


def test_jef_shape_and_position() -> None:
    shape, position = rows("fujitsu/jef-jis78"), rows("fujitsu/jef-position")
    for code, by_shape, by_position in (("B0A2", "啞", "唖"), ("C8AE", "潑", "溌"), ("DFF3", "𤏐", "燗")):
        assert (base(shape[code]), base(position[code])) == (by_shape, by_position)
    assert len(position) == 43
    assert not set("".join(SWAPPED)) & {base(row) for row in position.values()}
    option = charset("fujitsu-jef-ebcdik")["options"]["reading"]
    assert option["default"] == "shape" and option["position"] == {"double": ["fujitsu/jef-position"]}


def test_shapes_that_changed_in_2004() -> None:
    plain, old, new = (rows(f"windows/cp932{suffix}") for suffix in ("", "-jis90", "-jis2004"))
    assert old["8A8B"].glyph == "MJ022335" and new["8A8B"].glyph == "MJ022336"
    assert plain["8A8B"].glyph == "MJ022336|MJ022335" and plain["8A8B"].text == "葛"
    assert old["92D2"].glyph == "MJ025760" and new["92D2"].glyph == "MJ025761"
    assert set(old) == set(new) == {code for code, row in plain.items() if "|" in row.glyph}
    assert len(old) == 160 and all(old[code].glyph != new[code].glyph for code in old)
    assert {"葛", "辻", "芦", "祇", "飴", "榊"} <= {base(row) for row in plain.values() if "|" in row.glyph}
    # Hosts print the old shape, X0213 charsets the new one.
    assert rows("hitachi/keis83")["B3EB"].glyph == "MJ022335"
    assert rows("euc/jis2004-plane1")["B3EB"].glyph == "MJ022336"


# -- the official numbers ----------------------------------------------------------------------------


def test_juki_is_not_unicode() -> None:
    juki = rows("official/juki")
    assert juki["845B"].glyph == "MJ022335" and juki["B9D5"].glyph == "MJ022336"
    assert juki["BD47"].glyph == "MJ026191" and base(juki["BD47"]) == "邉"
    differing = [code for code, row in juki.items() if row.text and base(row) != chr(int(code, 16))]
    assert len(differing) == 5_563
    assert len(juki) == 19_563


def test_koseki_and_touki() -> None:
    koseki, touki = rows("official/koseki"), rows("official/touki")
    assert koseki["349920"].glyph == touki["00349920"].glyph == "MJ022335"
    assert (len(koseki), len(touki)) == (55_270, 56_380)
    assert not koseki.get("445000") or koseki["445000"].glyph


# -- bytes -------------------------------------------------------------------------------------------


def nec_bytes() -> dict[int, int]:
    with (MAPPINGS / "build" / "nec-jis8-to-ebcdik.tsv").open(encoding="ascii") as stream:
        return {
            int(row["jis8"], 16): int(row["ebcdik"], 16) for row in csv.DictReader(stream, delimiter="\t")
        }


def test_jips_e_is_jips_j_through_the_byte_table() -> None:
    table = nec_bytes()
    assert sorted(table) == sorted(table.values()) == list(range(256))
    assert (table[0x70], table[0x71], table[0x3B], table[0x7A]) == (0x75, 0x76, 0x5E, 0xB0)
    j, e = rows("nec/jips-j"), rows("nec/jips-e")
    assert base(j["3B7A"]) == base(e["5EB0"]) == "字"
    assert base(j["3646"]) == "堯"
    assert {f"{table[int(c[:2], 16)]:02X}{table[int(c[2:], 16)]:02X}": r.text for c, r in j.items()} == {
        c: r.text for c, r in e.items()
    }
    for name_j, name_e in (("shift_in", "shift_in"), ("shift_out", "shift_out")):
        (shift_j,), (shift_e,) = charset("nec-jips-j-jis8")[name_j], charset("nec-jips-e-ebcdik")[name_e]
        assert bytes(table[b] for b in bytes.fromhex(shift_j)) == bytes.fromhex(shift_e)
    assert e["4F4F"].text == "\u3000"


def test_jips_e_areas_are_the_images_of_jips_j_areas_in_order() -> None:
    table = nec_bytes()
    for area_j, area_e in zip(load_table("nec/jips-j").ranges, load_table("nec/jips-e").ranges, strict=True):
        image = [table[code >> 8] << 8 | table[code & 0xFF] for code in area_j.codes()]
        assert image == list(area_e.codes()) and (area_j.kind, area_j.pua) == (area_e.kind, area_e.pua)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("ibm/290", {"62": "a", "81": "ｱ", "5B": "¥", "59": None}),
        ("ibm/1027", {"62": "ｲ", "81": "a", "5B": "$"}),
        ("fujitsu/ebcdik", {"81": "ｱ", "C1": "A", "62": None, "4A": "£", "E0": "$"}),
        ("fujitsu/ebcdic", {"81": "a", "41": None, "4F": "|", "5A": "!"}),
        ("fujitsu/ascii", {"81": "a", "4F": "!", "5A": "]", "5B": "$", "E0": "\\"}),
        ("hitachi/ebcdik", {"62": "b", "81": "ｱ", "59": "a", "A7": "ﾒ"}),
        ("hitachi/ebcdic", {"62": "ｲ", "81": "a", "59": "ｱ", "8E": "ﾈ", "8F": "ﾉ"}),
        ("nec/ebcdik", {"57": "a", "59": "b", "62": "c", "81": "ｱ"}),
    ],
)
def test_ebcdic_kana_variants(table: str, expected: dict[str, str | None]) -> None:
    found = rows(table)
    assert {code: found[code].text if code in found else None for code in expected} == expected


def test_dashes_stay_as_in_their_source() -> None:
    """One option rewrites them at load; the tables keep what each vendor has."""
    for table, codes, expected in (
        ("windows/cp932", ("8160", "8161", "817C", "815C", "8191"), "～∥－―￠"),
        ("ibm/300", ("43A1", "447C", "4260", "444A"), "〜‖−—"),
        ("fujitsu/jef-jis78", ("A1C1", "A1C2", "A1DD", "A1BD", "A1F1"), "〜‖−—¢"),
        ("hitachi/keis83", ("A1C1", "A1C2", "A1DD", "A1BD", "A1F1"), "〜‖−—¢"),
        ("nec/jips-j", ("2141", "2142", "215D", "213D", "2171"), "〜‖−—¢"),
    ):
        found = rows(table)
        assert "".join(found[code].text for code in codes) == expected, table


# -- user-defined areas ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "size", "first", "last", "last_linear"),
    [
        ("fujitsu/jef-jis78", 3_102, 0x80A1, 0xA0FE, 0xEC1D),
        ("hitachi/keis78", 3_008, 0x81A1, 0xA0FE, 0xEBBF),
        ("hitachi/keis83", 3_008, 0x81A1, 0xA0FE, 0xEBBF),
        ("nec/jips-j", 1_034 + 2_914, 0x7421, 0xFEFE, 0xEF6B),
        ("ibm/user-1880", 1_880, 0x6941, 0x72EA, 0xE757),
        ("ibm/user-4370", 4_370, 0x6941, 0x7FFE, 0xF111),
        ("ibm/user-6205", 6_205, 0x6941, 0x89BD, 0xF83C),
        ("windows/cp932", 1_880, 0xF040, 0xF9FC, 0xE757),
        ("euc/eucjp-ms", 940, 0xF5A1, 0xFEFE, 0xE3AB),
        ("euc/eucjp-ms-x0212", 940, 0x8FF5A1, 0x8FFEFE, 0xE757),
    ],
)
def test_user_areas(table: str, size: int, first: int, last: int, last_linear: int) -> None:
    areas = user_areas(table)
    codes = [code for area in areas for code in area.codes()]
    linear = [dict(area.pua)["linear"] + n for area in areas for n in range(len(area))]
    assert (len(codes), codes[0], codes[-1], linear[-1]) == (size, first, last, last_linear)
    assert linear == list(range(linear[0], linear[0] + size))
    # The convention "windows" has 1,880 places and no more.
    aligned = sum(len(area) for area in areas if "windows" in dict(area.pua))
    assert aligned == min(1_880, size)


def test_5026_and_5035_stop_at_72ea() -> None:
    for short, long in (("ibm-5026", "ibm-930"), ("ibm-5035", "ibm-939")):
        assert charset(short)["double"] == ["ibm/300", "ibm/user-1880"]
        assert charset(long)["double"] == ["ibm/300", "ibm/user-4370"]
        assert charset(short)["single"] == charset(long)["single"]


def test_shifts() -> None:
    expected = {
        "fujitsu-jef-ebcdik": (["28", "38", "30E2"], ["29"]),
        "hitachi-keis83-ebcdik": (["0A42"], ["0A41"]),
        "nec-jips-j-jis8": (["1A70"], ["1A71"]),
        "nec-jips-e-ebcdik": (["3F75"], ["3F76"]),
        "ibm-939": (["0E"], ["0F"]),
        "unisys-letsj": (["9370"], ["93F1"]),
    }
    for name, shifts in expected.items():
        spec = charset(name)
        assert (spec["shift_in"], spec["shift_out"]) == shifts


def test_space_of_lets_j() -> None:
    letsj = rows("unisys/letsj")
    assert letsj["2020"].text == "\u3000" and letsj["2020"].flag == 0 and letsj["A1A1"].flag == 3


def test_every_trap_of_a_published_reference_is_in_disputes() -> None:
    with (MAPPINGS / "disputes.tsv").open(encoding="utf-8") as stream:
        found = {
            (row["table"], row["code"])
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    assert {
        ("nec/jips-j", "3646"),
        ("nec/jips-j-extension", "B6DA"),
        ("nec/jips-e", "5EB0"),
        ("fujitsu/jef-jis78", "DFF3"),
    } <= found
