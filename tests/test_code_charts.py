"""Code charts to compare a table with the host: every code is there and printable, ticks become rows, pictures that differ are found."""

from __future__ import annotations

import csv
import re
import shutil

import pytest
from click.testing import CliRunner
from fonts import bars, font_bytes

import gaiji
from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.tables.chart import write_chart
from gaiji.tables.compared import import_chart

EBCDIC = {**{0xF0 + n: str(n) for n in range(10)}, **{0xC1 + n: "ABCDEF"[n] for n in range(6)}, 0x40: " "}
SHIFTS = {
    "fujitsu-jef-ebcdik": ("28", "29", "40-4F,80,A1-C0"),
    "hitachi-keis83-ebcdik": ("0A42", "0A41", "40,59-5A,81,A1-B2"),
    "ibm-1399": ("0E", "0F", "40-46,69,B3"),
    "nec-jips-e-ebcdik": ("3F75", "3F76", ""),
    "unisys-letsj": ("9370", "93F1", "20-22,A1,B0-B1"),
}


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def told(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def charted(folder, charset, rows="", **more):
    done = write_chart(charset, folder / "chart", rows=rows, **more)
    page, sheet, dump = done.paths
    return page.read_text("utf-8"), told(sheet), dump.read_bytes()


# -- the chart ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("charset", SHIFTS)
def test_the_file_to_print_has_a_record_for_every_code_between_its_shifts(tmp_path, charset):
    into, out, rows = SHIFTS[charset]
    page, cells, dump = charted(tmp_path, charset, rows)
    loaded = gaiji.load_charset(charset)
    into, out = bytes.fromhex(into), bytes.fromhex(out)
    leads = [range(int(one[:2], 16), int(one[-2:], 16) + 1) for one in rows.split(",") if one] or [range(256)]
    assert len(dump) == 80 * len(cells)
    codes = {code for area in loaded.ranges if area.size == 2 for code in area.codes()}
    codes = {code for code in codes if any(code >> 8 in one for one in leads)}
    shown = set(re.findall("<i>([0-9A-F]{4})</i>", page))
    assert len(codes) == len(cells)
    for at, cell in enumerate(cells):
        record, code = dump[80 * at : 80 * at + 80], cell["コード"].removeprefix("0x")
        codes.remove(int(code, 16))
        label = "".join(EBCDIC.get(byte, chr(byte)) for byte in record[:7])
        assert label == f"{code}   ", code
        assert record[7:].rstrip(record[-1:]) == into + bytes.fromhex(code) + out, code
        assert code in shown, code
    assert not codes
    for at, cell in enumerate(cells):  # and what the chart says of a code is what a dump with it becomes
        if cell["MJ文字図形名"] and not cell["状態"]:
            found = loaded.decode(dump[80 * at : 80 * at + 80])
            assert not found.findings and found.text.startswith(f"{cell['コード'][2:]:7}")
            assert found.glyphs[7] == cell["MJ文字図形名"] and found.text[7] == cell["文字"][:1], cell


def test_a_charset_of_double_bytes_alone_is_labelled_in_full_width(tmp_path):
    _, cells, dump = charted(tmp_path, "fujitsu-jef", "41,80-81")
    assert len(cells) == 94 + 2 * 94 and len(dump) == 80 * len(cells)
    assert dump[:16] == bytes.fromhex("A3B4A3B1A3C1A3B1" + "4040" * 3 + "41A1") and dump[-2:] == b"\x40\x40"


def test_three_byte_codes_and_charsets_without_shifts(tmp_path):
    _, cells, dump = charted(tmp_path, "eucjp-ms", "8FF5")
    assert cells[0]["コード"] == "0x8FF5A1"
    assert (
        dump[:10] == b"8FF5A1 \x8f\xf5\xa1" and dump[:80].decode("euc_jisx0213", "replace")[:7] == "8FF5A1 "
    )


@pytest.mark.parametrize(
    ("charset", "rows", "number"),
    [("koseki", "", "E0597"), ("unicode", "", "E0597"), ("fujitsu-jef", "01", "E0598"), ("fujitsu-jef", "x", "E0599")],
)  # fmt: skip
def test_charts_that_cannot_be(tmp_path, charset, rows, number):
    with pytest.raises(UsageError, match=number):
        write_chart(charset, tmp_path / "c", rows=rows)
    assert not list(tmp_path.iterdir())


def test_the_chart_says_what_the_tables_in_force_say(tmp_path):
    site = tmp_path / "site.tsv"
    site.write_text("code\tucs\tglyph\tflag\tnote\n80A1\t\tMJ026193\t0\t=1+1\n80A2\t003D\t\t0\t\n", "utf-8")
    page, cells, _ = charted(tmp_path, "fujitsu-jef", "80,B0", tables=[site])
    by_code = {cell["コード"]: cell for cell in cells}
    assert by_code["0x80A1"]["MJ文字図形名"] == "MJ026193" and by_code["0x80A1"]["確度"] == "site"
    assert by_code["0x80A1"]["表の備考"] == "'=1+1" and by_code["0x80A2"]["文字"] == "'="
    assert by_code["0x80A3"]["状態"] == "対応なし" and by_code["0xB0A1"]["文字"][0] == "亜"
    for cell in cells:
        assert not [one for one in cell.values() if one[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert "site.tsv" in page or "site" in page


def test_the_command_names_its_files_and_never_writes_over_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("charset", "sheet", "ibm-930", "--rows", "45")
    assert done.exit_code == 0 and "190 codes written to chart-ibm-930.html" in done.output
    assert {one.suffix for one in tmp_path.iterdir()} == {".html", ".csv", ".dat"}
    again = run("charset", "sheet", "ibm-930", "--rows", "45")
    assert again.exit_code == 2 and "E0017" in again.output and again.output.count("\n") == 1


@pytest.mark.system
def test_the_chart_prints_on_a4(tmp_path):
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    page, *_ = write_chart("fujitsu-jef-ebcdik", tmp_path / "chart", rows="41-45,B0").paths
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": 718, "height": 1047})  # 190 × 277 mm
        shown.emulate_media(media="print")
        shown.goto(page.as_uri())
        assert shown.evaluate("document.documentElement.scrollWidth") <= 718
        assert shown.locator("td:has(i)").count() == 6 * 94
        wide = "[...document.querySelectorAll('td')].filter(c => c.scrollWidth > c.clientWidth + 1).length"
        assert shown.evaluate(wide) == 0
        pdf = shown.pdf(prefer_css_page_size=True)
        browser.close()
    sizes = {tuple(map(float, one.split())) for one in re.findall(rb"/MediaBox \[0 0 ([\d. ]+)\]", pdf)}
    assert all(abs(w - 595) < 2 and abs(h - 842) < 2 for w, h in sizes) and sizes
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) <= 4


# -- what was ticked ---------------------------------------------------------------------------------------


def ticked(folder, changes, charset="fujitsu-jef", rows="41,80,B0", name="ticked.csv", encoding="utf-8-sig"):
    """A chart in which some cells were filled in; ``changes``: code → cells."""
    _, cells, _ = charted(folder, charset, rows)
    path = folder / name
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.DictWriter(file, cells[0].keys())
        writer.writeheader()
        writer.writerows({**cell, **changes.get(cell["コード"][2:], {})} for cell in cells)
    return path


def site_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_ticked_rows_become_a_site_table_with_evidence(tmp_path, encoding):
    changes = {
        "80A1": {"相違": "×", "実機の文字": "MJ026193", "根拠": "印字 2026-11-20", "判定者": "山田"},
        "41A1": {"相違": "レ", "実機の文字": "mj006300"},
        "B0A1": {"相違": "○", "実機の文字": "U+555E"},
        "80A2": {"相違": "1", "実機の文字": "辻"},
    }
    path = ticked(tmp_path, changes, encoding=encoding)
    done = import_chart(path, "fujitsu-jef", tmp_path / "site.tsv")
    assert (done.read, done.same, done.taken, done.refusals) == (3 * 94, 3 * 94 - 4, 4, ())
    rows = site_rows(done.table)
    assert rows["80A1"]["glyph"] == "MJ026193" and rows["80A1"]["decided_by"] == "山田"
    assert re.fullmatch(r"印字 2026-11-20 ticked\.csv!\d+", rows["80A1"]["evidence"])
    assert rows["41A1"]["replaces"] == "MJ006296" and rows["80A1"]["replaces"] == ""
    town = gaiji.load_charset("fujitsu-jef", site=[done.table])
    assert town.decode(bytes.fromhex("80A141A1B0A180A2")).glyphs[:2] == ("MJ026193", "MJ006300")
    assert town.decode(bytes.fromhex("B0A180A2")).text == "啞辻"


REFUSED = {
    "filled in without a tick": ({"実機の文字": "MJ026193"}, "not ticked"),
    "a tick without a character": ({"相違": "×"}, "does not say"),
    "what is no tick": ({"相違": "たぶん", "実機の文字": "MJ026193"}, "no tick"),
    "the table's own glyph": ({"相違": "×", "実機の文字": "MJ006296"}, "what the table has"),
    "the table's own character": ({"相違": "×", "実機の文字": "丂"}, "what the table has"),
    "no glyph of the list": ({"相違": "×", "実機の文字": "MJ999999"}, "not in"),
    "a kanji of no list": ({"相違": "×", "実機の文字": "\U00030000"}, "not in"),
    "a word": ({"相違": "×", "実機の文字": "別の字"}, "no code point"),
    "private use": ({"相違": "×", "実機の文字": "\ue000"}, "private use"),
    "an older chart": ({"相違": "×", "実機の文字": "MJ026193", "MJ文字図形名": "MJ000001"}, "anew"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_rows_that_do_not_say_what_the_host_has_are_listed(tmp_path, kind):
    cells, why = REFUSED[kind]
    path = ticked(tmp_path, {"41A1": cells})
    done = run("charset", "sheet", "fujitsu-jef", "--import", path, "--output", tmp_path / "site.tsv")
    assert done.exit_code == 3 and why in done.output and "0x41A1" in done.output, done.output
    assert site_rows(tmp_path / "site.tsv") == {}
    assert "41A1" in (tmp_path / "site.tsv.refused.csv").read_text("utf-8-sig")


def test_the_same_character_of_another_shape_needs_its_name(tmp_path):
    loaded, known = gaiji.load_charset("fujitsu-jef"), gaiji.load_repertoire()
    code, row = next(
        (code, e.row)
        for (size, code), e in sorted(loaded.entries.items())
        if size == 2
        and e.row.sure
        and e.row.glyph
        and len(known.by_text(e.row.text[0])) > 1
        and code > 0xB0A0
    )
    told = {"相違": "×", "実機の文字": row.text[0]}
    path = ticked(tmp_path, {f"{code:04X}": told}, rows=f"{code >> 8:02X}")
    (refusal,) = import_chart(path, "fujitsu-jef", tmp_path / "site.tsv").refusals
    assert "write the MJ name" in refusal.why


def test_a_charset_without_digits_is_printed_without_labels(tmp_path):
    _, cells, dump = charted(tmp_path, "juki", "84")
    assert dump[:82] == bytes.fromhex(cells[0]["コード"][2:]) + bytes(78) + bytes.fromhex(
        cells[1]["コード"][2:]
    ) and len(dump) == 80 * len(cells)


def test_a_file_that_is_no_chart(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    done = run("charset", "sheet", "fujitsu-jef", "--import", tmp_path / "x.csv")
    assert done.exit_code == 2 and "E0198" in done.output and done.output.count("\n") == 1


# -- the host's own pictures -------------------------------------------------------------------------------


def bdf(drawings):
    """A BDF of codes → boxes, 48 dots, drawn here."""
    out = [
        "STARTFONT 2.1",
        "FONT host",
        "SIZE 48 75 75",
        "FONTBOUNDINGBOX 48 48 0 0",
        f"CHARS {len(drawings)}",
    ]
    for code, boxes in drawings.items():
        rows = []
        for y in range(48):
            high = 880 - (y + 0.5) * 1000 / 48
            bits = "".join(
                str(int(any(a <= (x + 0.5) * 1000 / 48 < c and b <= high < d for a, b, c, d in boxes)))
                for x in range(48)
            )
            rows.append(f"{int(bits, 2):012X}")
        out += ["STARTCHAR c", f"ENCODING {code}", "BBX 48 48 0 0", "BITMAP", *rows, "ENDCHAR"]
    return "\n".join([*out, "ENDFONT", ""])


def test_pictures_that_do_not_look_like_their_rows_glyph_are_found(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    loaded = gaiji.load_charset("fujitsu-jef")
    codes = [
        code for (size, code), e in sorted(loaded.entries.items()) if size == 2 and e.row.sure and e.row.names
    ]
    first = {loaded.entries[2, code].row.names[0]: code for code in reversed(codes)}
    codes = sorted(first.values())
    codes = [*codes[:30], *[code for code in codes if 0xE4A1 <= code <= 0xE4FE][:30]]  # E4…: also private use
    names = [loaded.entries[2, code].row.names[0] for code in codes]
    (tmp_path / "mj.ttf").write_bytes(
        font_bytes({name.lower(): bars(n + 100) for n, name in enumerate(names)})
    )
    drawings = {code: bars(n + 100) for n, code in enumerate(codes)}
    swapped = (codes[4], codes[40])
    drawings[swapped[0]], drawings[swapped[1]] = drawings[swapped[1]], drawings[swapped[0]]
    drawings[0x80A1] = bars(107)
    (tmp_path / "host.bdf").write_text(bdf(drawings), "ascii")
    monkeypatch.chdir(tmp_path)
    done = run("charset", "compare", "fujitsu-jef", "host.bdf", "--font", "mj.ttf")
    assert done.exit_code == 3, done.output
    counts = {word: int(count) for count, word in re.findall(r"^ *(\d+) (\S+)$", done.output, re.M)}
    assert counts["不一致"] == 2 and counts["対応なし"] == 1 and sum(counts.values()) == 61
    assert counts["一致"] >= 50, "boxes are no characters: some are not clear"
    cells = {cell["コード"]: cell for cell in told(tmp_path / "compare-fujitsu-jef.csv")}
    assert {code for code, cell in cells.items() if cell["判定"] == "不一致"} == {
        f"0x{c:04X}" for c in swapped
    }
    for code, other in (swapped, swapped[::-1]):
        assert cells[f"0x{code:04X}"]["似た字形"].startswith(names[codes.index(other)])
    assert cells["0x80A1"]["判定"] == "対応なし" and cells["0x80A1"]["似た字形"].startswith(names[7])
    assert (tmp_path / "compare-fujitsu-jef.html").read_text("utf-8").count("<img") >= 6
    # and the list is a chart, which a person ticks
    text = (tmp_path / "compare-fujitsu-jef.csv").read_text("utf-8-sig").splitlines()
    one = next(n for n, line in enumerate(text) if line.startswith(f"0x{swapped[0]:04X}"))
    first = text[one].split(",")
    first[7:9] = ["×", names[40]]
    text[one] = ",".join(first)
    (tmp_path / "t.csv").write_text("\n".join(text), "utf-8")
    done = import_chart("t.csv", "fujitsu-jef", "site.tsv")
    assert done.taken == 1 and not done.refusals
    assert gaiji.load_charset("fujitsu-jef", site=["site.tsv"]).decode(
        swapped[0].to_bytes(2, "big")
    ).glyphs == (names[40],)


def test_a_chart_is_of_the_charset_with_its_options(tmp_path):
    """JEF read by position has another character at B0A2; what was ticked there replaces that one."""
    words = ["charset", "sheet", "fujitsu-jef", "--rows", "B0", "--option", "reading=position"]
    assert run(*words, "--output", tmp_path / "c").exit_code == 0
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    (own,) = [cell for cell in cells if cell["コード"] == "0xB0A2"]
    assert own["文字"][0] == "唖"
    own |= {"相違": "×", "実機の文字": "MJ008264"}
    with (tmp_path / "ticked.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(own))
        writer.writeheader()
        writer.writerows(cells)
    back = ["charset", "sheet", "fujitsu-jef", "--import", tmp_path / "ticked.csv", "--output"]
    done = run(*back, tmp_path / "no.tsv")
    assert done.exit_code == 3 and "anew" in done.output  # the chart was made with another reading
    assert run(*back, tmp_path / "site.tsv", "--option", "reading=position").exit_code == 0
    town = gaiji.load_charset("fujitsu-jef", site=[tmp_path / "site.tsv"], options={"reading": "position"})
    assert town.decode(b"\xb0\xa2").glyphs == ("MJ008264",)
    for wrong, number in (("reading", "E0819"), ("reading=sideways", "E0")):
        done = run("charset", "sheet", "fujitsu-jef", "--option", wrong, "--output", tmp_path / "d")
        assert done.exit_code in (1, 2) and number in done.output and done.output.count("\n") == 1
