"""The tables that the project keeps by hand, held to what others say of their codes.

The oracles share nothing with the package: the rows are read here with ``csv``, the characters come from Python's
codecs, the glyphs from the repertoire's own file.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import gaiji

MAPPINGS = Path(__file__).resolve().parents[1] / "mappings"
sys.path.insert(0, str(MAPPINGS / "build"))

import kept  # noqa: E402
from rows import Print, Row  # noqa: E402

CHARSETS = {
    "fujitsu-jef": ("fujitsu/jef-extension",),
    "hitachi-keis78": ("hitachi/keis-set3", "hitachi/keis78-set3"),
    "hitachi-keis83": ("hitachi/keis-set3", "hitachi/keis83-set3"),
    "hitachi-keis90": ("hitachi/keis-set3", "hitachi/keis90-set3"),
    "nec-jips-j": ("nec/jips-j-signs", "nec/jips-j-extension"),
    "nec-jips-e": ("nec/jips-e-signs", "nec/jips-e-extension"),
    "unisys-letsj": ("unisys/letsj-extension",),
}
LOST = set("◎■□●〓")


def lines(table: str) -> list[dict[str, str]]:
    """A table's rows, as a stranger reads them."""
    with (MAPPINGS / "tables" / f"{table}.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def text(cell: str) -> str:
    return "".join(chr(int(part, 16)) for part in cell.split())


def plain(value: str) -> str:
    """Without variation selectors."""
    return "".join(ch for ch in value if not 0xE0100 <= ord(ch) <= 0xE01EF)


def test_the_kept_tables_are_held_to_ranges_list_uniqueness_and_order() -> None:
    assert kept.everything_wrong() == []


@pytest.mark.parametrize("table", kept.KEPT)
def test_the_check_sees_what_is_wrong(table: str) -> None:
    """Each rule is broken once, and is named."""
    good = kept.rows_of(table)
    legal = frozenset(row.code for row in good)
    assert kept.wrong(table, good, legal) == []
    first = next(row for row in good if row.print.text and not row.print.ambiguous and row.flag == 0)
    for bad, said in (
        (Row(b"\x00\x00", first.print, 0, "", "one"), "outside every declared range"),
        (Row(first.code, first.print, 3, "", "one"), "the code stands twice"),
        (Row(good[-1].code, first.print, 0, "", "sure"), "the grade 'sure'"),
        (Row(good[-1].code, Print("辻", ("MJ999999",)), 0, "", "one"), "the MJ list has no MJ999999"),
        (Row(good[-1].code, Print("辻", ("MJ025761",)), 0, "", "one"), "the text is not that of MJ025761"),
        (Row(good[-1].code, Print("辻", ("MJ025761", "MJ006545")), 0, "x", "one"), "is another character"),
        (Row(good[-1].code, Print("", ()), 3, "", "one"), "needs a note"),
        (Row(good[-1].code, first.print, 0, "", "one"), "another code encodes this text too"),
        (Row(good[0].code, first.print, 3, "", "one"), "not in the order"),
    ):
        found = kept.wrong(table, [*good, bad], legal)
        assert any(said in line for line in found), (said, found)


def test_a_kanji_out_of_the_order_of_radicals_is_found() -> None:
    rows = [row for row in kept.rows_of("unisys/letsj-extension") if row.code[0] >= 0xB0]
    assert kept.out_of_order(rows)[1] == []
    rows[100], rows[1500] = (
        Row(rows[100].code, rows[1500].print, 0, "", "one"),
        Row(rows[1500].code, rows[100].print, 0, "", "one"),
    )
    assert kept.out_of_order(rows)[1] == [rows[100].code, rows[1500].code]


@pytest.mark.parametrize("name", CHARSETS)
def test_every_row_of_the_extension_both_ways(name: str) -> None:
    """What is sure decodes to its text and glyph and comes back; what is not is a finding with the right reason."""
    type = "dbcs" if name == "unisys-letsj" else ""
    charset = gaiji.load_charset(name, options={"dash": "source"})
    for table in CHARSETS[name]:
        for row in lines(table):
            raw = bytes.fromhex(row["code"])
            out = charset.decode(raw, type=type, role="other")
            reasons = [finding.reason for finding in out.findings]
            if "|" in row["glyph"]:
                assert (reasons, out.glyphs) == (["ambiguous"], (None,)), row
                assert out.text == text(row["ucs"]), row
            elif not row["ucs"] and not row["glyph"]:
                assert (reasons, out.text) == (["unmapped-extension"], "〓") and row["note"], row
            else:
                assert reasons == [] and out.glyphs == (row["glyph"] or None,), row
                full = charset.decode(raw, type=type, role="other", form="always").text
                assert full == text(row["ucs"]), row
                back = charset.encode(full, type=type)
                assert (back == raw) == (row["flag"] == "0"), row
                assert charset.decode(back, type=type, role="other").text == out.text, row


def test_lets_j_has_jis_x_0212_at_the_same_rows_and_cells() -> None:
    for row in lines("unisys/letsj-extension"):
        lead, trail = bytes.fromhex(row["code"])
        expected = bytes((0x8F, lead, trail | 0x80)).decode("euc_jp")
        assert plain(text(row["ucs"])) == expected.replace("\uff5e", "~"), row


def test_jips_row_2d_is_row_13_of_windows() -> None:
    found = {row["code"]: text(row["ucs"]) for row in lines("nec/jips-j-signs")}
    for trail in range(0x40, 0x9D):
        if trail == 0x7F:
            continue
        cell = trail - 0x40 - (trail > 0x7F) + 0x21
        try:
            expected = bytes((0x87, trail)).decode("cp932")
        except UnicodeDecodeError:
            expected = None
        assert found.get(f"2D{cell:02X}") == expected
    assert [found[f"29{cell:02X}"] for cell in range(0x21, 0x7F)] == [chr(c) for c in range(0x21, 0x7F)]
    assert (found["2C24"], found["2C26"]) == ("─", "│")


def test_jips_e_is_jips_j_through_the_byte_table() -> None:
    with (MAPPINGS / "build" / "nec-jis8-to-ebcdik.tsv").open() as stream:
        table = {int(j, 16): int(e, 16) for j, e in (line.split() for line in list(stream)[1:])}
    for part in ("signs", "extension"):
        ours = {row.pop("code"): row for row in lines(f"nec/jips-e-{part}")}
        for row in lines(f"nec/jips-j-{part}"):
            code = bytes(table[byte] for byte in bytes.fromhex(row.pop("code"))).hex().upper()
            assert ours.pop(code) == row
        assert not ours


def test_vertical_forms_stand_in_the_order_of_jis_row_1() -> None:
    """（）〔〕［］｛｝〈〉《》「」『』【】, by their Unicode decompositions."""
    from unicodedata import normalize

    found = {row["code"]: text(row["ucs"]) for row in lines("fujitsu/jef-extension")}
    brackets = "（）〔〕［］｛｝〈〉《》「」『』【】"
    for at, sign in enumerate(brackets):
        assert normalize("NFKC", found[f"7D{0xB3 + at:02X}"]) == normalize("NFKC", sign)


def test_no_more_is_ambiguous_than_has_several_forms() -> None:
    """The kanji that several MJ glyphs fit: what the sources leave open, and no more."""
    most = {
        "fujitsu/jef-extension": 1,
        "hitachi/keis-set3": 254,
        "nec/jips-j-extension": 288,
        "unisys/letsj-extension": 644,
    }
    for table, limit in most.items():
        several = [row for row in lines(table) if row["glyph"].strip("|").count("|")]
        assert len(several) <= limit
        assert all(len(text(row["ucs"])) == 1 for row in several)
    nothing = [row["code"] for row in lines("fujitsu/jef-extension") if not row["ucs"]]
    assert Counter(code[:2] for code in nothing).total() <= 456


def test_what_earlier_releases_said_of_the_extension_still_holds() -> None:
    jef = gaiji.load_charset("fujitsu-jef")
    codes = ["44A4", "47C8", "54C4", "58A8", "59A2", "67A5", "70EB"]
    names = ["MJ007411", "MJ010316", "MJ014356", "MJ016565", "MJ017391", "MJ025760", "MJ026096"]
    assert [jef.decode(bytes.fromhex(code)).glyphs[0] for code in codes] == names


def test_row_9f_of_keis_is_the_users_unless_an_option_says_set_3() -> None:
    code = bytes.fromhex("9FA1")
    assert [f.reason for f in gaiji.load_charset("hitachi-keis83").decode(code).findings] == [
        "unmapped-gaiji"
    ]
    as_set3 = gaiji.load_charset("hitachi-keis83", options={"row-9f": "set3"})
    assert as_set3.decode(code).text == "伃" and not as_set3.decode(code).findings


def test_a_decision_from_before_there_was_a_row_is_taken_where_it_says_the_same(tmp_path: Path) -> None:
    head = "code\tucs\tglyph\tflag\tnote\treplaces\n"
    for name, row in (("same", "67A5\t\tMJ025760\t0\t\t\n"), ("blank", "74A1\t25A4\t\t0\t\t\n")):
        (tmp_path / f"{name}.tsv").write_text(head + row, "utf-8")
        gaiji.load_charset("fujitsu-jef", [tmp_path / f"{name}.tsv"])
    (tmp_path / "other.tsv").write_text(head + "67A5\t\tMJ025761\t0\t\t\n", "utf-8")
    with pytest.raises(gaiji.errors.TableError, match="MJ025760"):
        gaiji.load_charset("fujitsu-jef", [tmp_path / "other.tsv"])


def test_the_check_is_a_program_too() -> None:
    done = subprocess.run(
        [sys.executable, str(MAPPINGS / "build" / "kept.py")], capture_output=True, text=True, check=True
    )
    assert "nothing wrong" in done.stdout
