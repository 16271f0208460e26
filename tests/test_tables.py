"""Tables that towns bring: every shape that people give them, and nothing lost on the way in or back."""

from __future__ import annotations

import csv
import zipfile
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.cli.commands import main
from gaiji.codes.tables import SITE_COLUMNS
from gaiji.errors import GaijiError, UsageError
from gaiji.tables.cells import code_in, points_in
from gaiji.tables.columns import parse_columns
from gaiji.tables.exporting import export_table
from gaiji.tables.importing import import_table, survey

HEAD = ["No", "外字コード", "Unicode", "MJ文字図形名", "備考"]
GOOD = [
    ["1", "80A1", "U+9089 U+E011F", "MJ026193", "戸籍簿確認済"],
    ["2", "80A2", "U+9089 U+E011A", "MJ026194", ""],
    ["3", "80A3", "U+8FBB", "", "辻"],
]


def brought(folder, path, charset="fujitsu-jef", **more):
    """What a file becomes: the site table's rows (cells by column) and the refusals as (row, code, why)."""
    areas = more.pop("areas", ("user",))
    done = import_table(survey(path, charset, **more), folder / "site.tsv", areas=areas)
    gaiji.load_charset(charset, site=[done.table])
    with done.table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return rows, [(one.row, one.code, one.why) for one in done.refusals], done


def sheet_csv(folder, rows, encoding="utf-8", name="henkan.csv", separator=","):
    text = StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def sheet_xlsx(folder, sheets, name="henkan.xlsx"):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(folder / name)
    return folder / name


# -- what is read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_and_separators_are_recognised(tmp_path, encoding, separator):
    path = sheet_csv(tmp_path, [["架空町 外字変換表"], [], HEAD, *GOOD], encoding, separator=separator)
    rows, refused, done = brought(tmp_path, path)
    assert [(row["code"], row["ucs"], row["glyph"], row["note"]) for row in rows] == [
        ("80A1", "9089 E011F", "MJ026193", "戸籍簿確認済"),
        ("80A2", "9089 E011A", "MJ026194", ""),
        ("80A3", "8FBB", "", "辻"),
    ]
    assert [row["evidence"] for row in rows] == ["henkan.csv!4", "henkan.csv!5", "henkan.csv!6"]
    assert (refused, done.read, done.apart) == ([], 5, 2)


def test_an_encoding_that_leaves_a_choice_is_asked_for(tmp_path):
    path = tmp_path / "henkan.csv"
    path.write_bytes(b"code,mj,\xb1\xb2\r\n80A1,MJ026193,\r\n")
    with pytest.raises(GaijiError, match=r"E0582.*cp932 or euc_jp"):
        survey(path, "fujitsu-jef")
    assert len(brought(tmp_path, path, encoding="cp932")[0]) == 1
    (tmp_path / "site.tsv").unlink()
    named = sheet_csv(tmp_path, [HEAD, *GOOD], "euc_jp", name="euc.csv")
    assert len(brought(tmp_path, named, encoding="euc_jp")[0]) == 3
    with pytest.raises(UsageError, match="E0585"):
        survey(named, "fujitsu-jef", encoding="no-such")
    with pytest.raises(GaijiError, match="E0584"):
        survey(named, "fujitsu-jef", encoding="utf-8")


@pytest.mark.parametrize(
    "cell",
    ["0x80A1", "80a1", "８０Ａ１", "X'80A1'", "&H80A1", "80A1h", "80 A1", "0x80 0xA1", r"\x80\xA1", "$80A1"],
)
def test_ways_to_write_a_code(cell):
    assert code_in(cell, gaiji.load_charset("fujitsu-jef").kind.form) == (0x80A1, 2)


@pytest.mark.parametrize(
    "cell",
    ["U+9089 U+E011A", "U+9089+U+E011A", "U+9089,U+E011A", "<9089,E011A>", "9089_E011A", "9089 E011A",
     "0x9089 0xE011A", "&#x9089;&#xE011A;", "u9089 uE011A", "ｕ＋９０８９ Ｕ＋Ｅ０１１Ａ", "U+9089U+E011A"],
)  # fmt: skip
def test_ways_to_write_code_points(cell):
    assert points_in(cell) == "邉󠄚"


@pytest.mark.parametrize("cell", ["", "80A", "8OA1", "80A1 ほか", "12-34", "GHIJ", "80A1,80A2"])
def test_what_is_no_code(cell):
    assert code_in(cell, gaiji.load_charset("fujitsu-jef").kind.form) is None


REFUSED = {
    "a letter for a digit": (["", "8OA9", "U+9089", "MJ026193", ""], "no code"),
    "no code": (["", "", "U+9089", "MJ026193", ""], "there is no code"),
    "standard area": (["", "B0A1", "U+4E9C", "", ""], "standard area"),
    "outside": (["", "8040", "U+9089", "MJ026193", ""], "outside every range"),
    "made a number": (["", "800", "U+9089", "MJ026193", ""], "no code"),
    "unknown name": (["", "80A9", "", "MJ999999", ""], "not in MJ"),
    "no name": (["", "80A9", "U+9089", "不明", ""], "no MJ or GJ name"),
    "two names": (["", "80A9", "", "MJ026193/MJ026194", ""], "no MJ or GJ name"),
    "another character": (["", "80A9", "U+908A", "MJ026193", ""], "is not MJ026193"),
    "another form": (["", "80A9", "U+9089 U+E011A", "MJ026193", ""], "is not MJ026193"),
    "sequence of nobody": (["", "80A9", "U+9089 U+E01EF", "", ""], "not in MJ"),
    "two characters": (["", "80A9", "U+9089 U+908A", "", ""], "more than one character"),
    "private use": (["", "80A9", "U+E000", "", ""], "private use"),
    "a surrogate": (["", "80A9", "U+D842", "", ""], "no code point"),
    "control": (["", "80A9", "U+0085", "", ""], "control"),
    "unassigned": (["", "80A9", "U+0378", "", ""], "no character"),
    "nothing": (["", "80A9", "―", "-", "未同定"], "neither a character nor a glyph"),
    "the end": (["以上", "", "", "", ""], "there is no code"),
}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("name", REFUSED)
def test_rows_that_cannot_be_read_are_listed_with_the_reason(tmp_path, name, kind):
    bad, why = REFUSED[name]
    rows = [HEAD, *GOOD, bad, ["9", "80B0", "", "MJ028902", ""]]
    path = sheet_csv(tmp_path, rows) if kind == "csv" else sheet_xlsx(tmp_path, {"表": rows})
    taken, refused, done = brought(tmp_path, path)
    assert [row["code"] for row in taken] == ["80A1", "80A2", "80A3", "80B0"]
    ((row, code, said),) = refused
    assert (row, code) == (5, bad[1]) and why in said
    listed = list(csv.reader(StringIO(done.listed.read_text("utf-8-sig"))))
    assert listed[1][1:4] == ["5", bad[1], said]
    assert all(cell in listed[1][4] for cell in bad)


def test_rows_of_one_code(tmp_path):
    same, other = ["7", "0x80a1", "", "mj026193", "again"], ["8", "80A2", "", "MJ026195", ""]
    rows = [HEAD, GOOD[0], ["", "80A1", "U+9089 U+E011F", "MJ026193", ""], GOOD[1], other, GOOD[2]]
    taken, refused, _ = brought(tmp_path, sheet_csv(tmp_path, rows))
    assert [row["code"] for row in taken] == ["80A1", "80A3"]
    assert [(row, why) for row, _, why in refused] == [
        (3, "says the same as 2"),
        (4, "contradicts 5"),
        (5, "contradicts 4"),
    ]
    rows = [HEAD, GOOD[0], same]
    (tmp_path / "b").mkdir()
    taken, refused, _ = brought(tmp_path / "b", sheet_csv(tmp_path, rows))
    assert [row["glyph"] for row in taken] == ["MJ026193"] and len(refused) == 1


def test_the_base_alone_beside_a_name_is_taken_by_name_and_counted(tmp_path):
    rows = [
        ["外字コード", "Unicode", "MJ文字図形名"],
        ["0xF041", "U+9089", "MJ026194"],
        ["0xF042", "邊", "MJ026202"],
    ]
    taken, refused, done = brought(tmp_path, sheet_csv(tmp_path, rows, "cp932"), "windows-31j")
    assert [(row["code"], row["ucs"], row["glyph"]) for row in taken] == [
        ("F041", "", "MJ026194"),
        ("F042", "", "MJ026202"),
    ]
    assert (refused, done.by_name) == ([], 2)
    out = gaiji.load_charset("windows-31j", site=[done.table]).decode(b"\xf0\x41\xf0\x42")
    assert (out.text, out.findings) == ("邉󠄚邊󠄍", ())


def test_a_shown_character_that_is_another_is_no_small_thing(tmp_path):
    rows = [["外字コード", "文字", "MJ文字図形名"], ["80A1", "邉", "MJ026193"], ["80A2", "邊", "MJ026194"]]
    taken, refused, _ = brought(tmp_path, sheet_csv(tmp_path, rows))
    assert [row["code"] for row in taken] == ["80A1"]
    assert "U+908A is not that of MJ026194" in refused[0][2]


def test_pages_with_headings_again_and_several_sheets(tmp_path):
    path = sheet_xlsx(
        tmp_path,
        {
            "住記": [["架空町"], [], HEAD, *GOOD[:2], HEAD, GOOD[2]],
            "税": [HEAD, ["1", "80B0", "", "MJ028902", "=1+1"]],
            "凡例": [["MJ", "文字情報基盤"]],
        },
    )
    taken, refused, done = brought(tmp_path, path)
    assert [row["evidence"].split("!")[1:] for row in taken] == [
        ["住記", "4"],
        ["住記", "5"],
        ["住記", "7"],
    ] + [["税", "2"]] * (len(taken) - 3)
    assert [why for *_, why in refused] == ["this sheet holds no codes with characters"]
    assert done.read == done.taken + len(done.refusals) + done.apart
    (tmp_path / "one").mkdir()
    taken, refused, _ = brought(tmp_path / "one", path, sheets=["税"])
    assert ([row["code"] for row in taken], refused) == (["80B0"], [])
    with pytest.raises(UsageError, match="E0592"):
        survey(path, "fujitsu-jef", sheets=["税務"])


def test_numbers_of_a_spreadsheet_are_what_they_show(tmp_path):
    path = sheet_xlsx(tmp_path, {"表": [["コード", "UCS"], [7421, 9089], [7422.0, "908A"]]}, "jips.xlsx")
    taken, refused, _ = brought(tmp_path, path, "nec-jips-j")
    assert [(row["code"], row["ucs"]) for row in taken] == [("7421", "9089"), ("7422", "908A")]
    assert refused == []


# -- workbooks that other programs write --------------------------------------------------------------------

MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
DOCUMENT = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def by_hand(path, rows, main=MAIN, document=DOCUMENT, dimension="A1"):
    """A workbook of ISO/IEC 29500 made of its parts: ``rows``, the XML of the rows."""
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{document}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{document}" conformance="strict"><sheets>'
        '<sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{document}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><dimension ref="{dimension}"/><sheetData>{rows}'
        "</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def xml(cells, number):
    made = "".join(
        f'<c r="{"ABCDE"[at]}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{made}</row>'


def test_strict_workbooks_and_wrong_sizes(tmp_path):
    rows = "".join(xml(cells, 3 + n) for n, cells in enumerate([HEAD, *GOOD]))
    taken, refused, _ = brought(tmp_path, by_hand(tmp_path / "strict.xlsx", rows))
    assert [row["evidence"] for row in taken] == [f"strict.xlsx!表!{n}" for n in (4, 5, 6)]
    assert refused == []


def test_a_formula_without_its_value_is_no_empty_cell(tmp_path):
    rows = xml(HEAD, 1) + "".join(xml(cells, 2 + n) for n, cells in enumerate(GOOD))
    rows += '<row r="9"><c r="B9"><f>DEC2HEX(32936)</f></c><c r="D9" t="inlineStr"><is><t>MJ026195</t></is></c></row>'
    rows += '<row r="10"><c r="B10" t="str"><f>DEC2HEX(32937)</f><v>80A9</v></c><c r="D10" t="inlineStr"><is><t>MJ026195</t></is></c></row>'
    taken, refused, _ = brought(tmp_path, by_hand(tmp_path / "formula.xlsx", rows))
    assert [row["code"] for row in taken] == ["80A1", "80A2", "80A3", "80A9"]
    assert refused[0][:2] == (9, "=DEC2HEX(32936)")


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600), "E0581"),
        (b"PK\x03\x04" + bytes(90), "E0587"),
        (b'\x81\xff"', "E0583"),
        (b'code,mj\r\n80A1,"MJ026193\r\n80A2,MJ026194\r\n', "E0586"),
        (b"name,age\r\nx,1\r\n", "E0593"),
        (b"", "E0593"),
    ],
)
def test_files_that_are_no_table(tmp_path, raw, number):
    (tmp_path / "t.xlsx").write_bytes(raw)
    with pytest.raises(GaijiError, match=number):
        survey(tmp_path / "t.xlsx", "fujitsu-jef")


# -- columns -----------------------------------------------------------------------------------------------


def test_columns_that_could_be_either_are_asked_for(tmp_path):
    rows = [["a", "b", "c"], ["80A1", "80B1", "MJ026193"], ["80A2", "80B2", "MJ026194"]]
    path = sheet_csv(tmp_path, rows)
    with pytest.raises(UsageError, match=r"E0591.*A a, B b"):
        survey(path, "fujitsu-jef")
    taken, _, _ = brought(tmp_path, path, columns="code=b,glyph=3,note=A")
    assert [(row["code"], row["note"]) for row in taken] == [("80B1", "80A1"), ("80B2", "80A2")]


def test_without_headings_no_row_is_taken_for_one(tmp_path):
    taken, refused, _ = brought(tmp_path, sheet_csv(tmp_path, [["8OA0", "MJ02619"], ["80A1", "MJ026193"]]))
    assert [row["code"] for row in taken] == ["80A1"]
    assert [row for row, *_ in refused] == [1]


@pytest.mark.parametrize(
    ("text", "number"),
    [("cod=A,ucs=B", "E0588"), ("code=,ucs=B", "E0589"), ("code=A", "E0590"), ("ucs=A", "E0590")],
)
def test_columns_that_say_too_little(text, number):
    with pytest.raises(UsageError, match=number):
        parse_columns(text)


def test_official_numbers_and_private_use(tmp_path):
    rows = [["旧Unicode", "新", "備考"], ["U+E000", "U+9089 U+E011A", ""], ["U+F0001", "U+8FBB", ""]]
    taken, refused, _ = brought(tmp_path, sheet_csv(tmp_path, rows), "unicode")
    assert [(row["code"], row["ucs"]) for row in taken] == [("E000", "9089 E011A"), ("F0001", "8FBB")]
    assert refused == []


# -- the way back ------------------------------------------------------------------------------------------

REPERTOIRE = gaiji.load_repertoire()
NAMES = ["MJ026193", "MJ026194", "MJ025761", "MJ022335", "MJ028902", "MJ000004"]
CELL = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"),
    max_size=12,
).map(str.strip) | st.sampled_from(
    ["=1+1", "'=x", "''=x", "+81", "-", "@a", "'", "_x0041_", '"a', "a,b", "0x80A1"]
)


@st.composite
def site_rows(draw):
    codes = draw(st.lists(st.integers(0x80A1, 0x80FE), unique=True, min_size=1, max_size=6))
    rows = []
    for code in codes:
        name = draw(st.sampled_from(["", *NAMES]))
        text = REPERTOIRE[name].text if name else draw(st.sampled_from("辻邉あ①㈱Ω"))
        ucs = draw(st.sampled_from(["", text])) if name else text
        cells = [f"{code:04X}", " ".join(f"{ord(c):04X}" for c in ucs), name, draw(st.sampled_from("013"))]
        rows.append([*cells, draw(CELL), draw(CELL), draw(CELL), draw(CELL), ""])
    return rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(site_rows(), st.sampled_from([".csv", ".xlsx"]))
def test_what_is_exported_imports_as_the_same_table(tmp_path, rows, suffix):
    table, out, back = tmp_path / "site.tsv", tmp_path / f"out{suffix}", tmp_path / "back.tsv"
    table.write_text("\n".join("\t".join(row) for row in [SITE_COLUMNS, *rows]) + "\n", "utf-8", newline="\n")
    back.unlink(missing_ok=True)
    assert export_table(table, "fujitsu-jef", out).rows == len(rows)
    done = import_table(survey(out, "fujitsu-jef"), back)
    assert done.refusals == ()
    assert back.read_bytes() == table.read_bytes()
    if suffix == ".csv":
        cells = [cell for row in csv.reader(StringIO(out.read_text("utf-8-sig"), newline="")) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    else:
        with zipfile.ZipFile(BytesIO(out.read_bytes())) as archive:
            assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_a_table_with_replacements_comes_back_with_its_areas(tmp_path):
    table = tmp_path / "site.tsv"
    row = ["C4D4", "", "MJ025760", "0", "one dot", "", "", "", "MJ025761"]
    table.write_text("\n".join("\t".join(cells) for cells in (SITE_COLUMNS, row)) + "\n", "utf-8")
    export_table(table, "fujitsu-jef", tmp_path / "out.csv")
    _, refused, _ = brought(tmp_path / "a", tmp_path / "out.csv")
    assert "standard area" in refused[0][2]
    done = import_table(survey(tmp_path / "out.csv", "fujitsu-jef"), tmp_path / "b.tsv", areas=("standard",))
    assert done.table.read_bytes() == table.read_bytes()


def test_rows_that_the_form_cannot_hold_are_not_exported(tmp_path):
    table = tmp_path / "site.tsv"
    table.write_text("code\tucs\tglyph\n80A1\t30AD 30ED\t\n", "utf-8")
    with pytest.raises(GaijiError, match=r"E0595.*80A1.*more than one character"):
        export_table(table, "fujitsu-jef", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


# -- the commands ------------------------------------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_nothing_is_written_before_the_columns_are_confirmed(tmp_path):
    path = sheet_csv(tmp_path, [HEAD, *GOOD, ["", "80A9", "", "", "未"]])
    asked = run("tables", "import", path, "--charset", "fujitsu-jef")
    assert (
        asked.exit_code == 3
        and "code       B 外字コード: 80A1" in asked.output
        and "not read: A No" in asked.output
    )
    assert [one.name for one in tmp_path.iterdir()] == ["henkan.csv"]
    done = run("tables", "import", path, "--charset", "fujitsu-jef", "--yes")
    assert done.exit_code == 3 and "row 5: 80A9 there is neither" in done.output
    assert {one.name for one in tmp_path.iterdir()} == {"henkan.csv", "henkan.tsv", "henkan.tsv.refused.csv"}
    again = run("tables", "import", path, "--charset", "fujitsu-jef", "--yes")
    assert again.exit_code == 2 and "E0017" in again.output


@pytest.mark.parametrize("kind", ["itself", "link", "hard link"])
def test_outputs_are_never_inputs(tmp_path, kind):
    path = sheet_csv(tmp_path, [HEAD, *GOOD])
    before = path.read_bytes()
    out = {"itself": path, "link": tmp_path / "l.csv", "hard link": tmp_path / "h.csv"}[kind]
    if kind == "link":
        out.symlink_to(path)
    if kind == "hard link":
        out.hardlink_to(path)
    done = run("tables", "import", path, "--charset", "fujitsu-jef", "--yes", "--output", out)
    assert done.exit_code == 2 and "E0390" in done.output
    table = tmp_path / "site.csv"
    table.write_text("code\tucs\tglyph\n80A1\t\tMJ026193\n", "utf-8")
    (tmp_path / "s.csv").symlink_to(table)
    assert (
        "E0390"
        in run("tables", "export", table, "--charset", "fujitsu-jef", "--output", tmp_path / "s.csv").output
    )
    assert path.read_bytes() == before and table.read_text("utf-8").startswith("code")


def test_what_comes_out_is_taken_by_a_job(tmp_path):
    path = sheet_xlsx(tmp_path, {"表": [["架空町 外字変換表"], [], HEAD, *GOOD]})
    assert run("tables", "import", path, "--charset", "fujitsu-jef", "--yes").exit_code == 0
    (tmp_path / "d.dat").write_bytes(bytes.fromhex("80A180A280A34040"))
    Path(tmp_path, "job.toml").write_text(
        '[source]\npath = "d.dat"\ncharset = "fujitsu-jef"\nformat = "fixed"\nrecord_length = 8\n'
        'tables = ["henkan.tsv"]\n[[field]]\nname = "n"\noffset = 0\nlength = 8\ntype = "dbcs"\nrole = "name"\n'
        '[output]\npath = "o.csv"\n',
        "utf-8",
    )
    assert run("convert", tmp_path / "job.toml").exit_code == 0
    assert (tmp_path / "o.csv").read_text("utf-8-sig").splitlines()[1].rstrip("\u3000 ") == "邉󠄟邉󠄚辻"
