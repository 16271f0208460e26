"""Sheets as they come back from clerks and spreadsheets: read for what they mean, or every wrong cell told."""

from __future__ import annotations

import csv
import io
import re
import shutil
import struct
import subprocess
import zipfile
from datetime import datetime

import pytest

from gaiji.errors import GaijiError
from gaiji.output.cells import kept_cell, plain_cell
from gaiji.queue.decisions import Decisions, verify_audit
from gaiji.queue.history import history
from gaiji.queue.items import Item, Sample
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.exchange import Refused, export, import_sheet
from gaiji.review.sheets.marked import write_marked
from gaiji.review.sheets.sheet import COLUMNS
from gaiji.standard.repertoire import load_repertoire

CODES = ("83E5", "90E2", "DEC1", "0012", "80A1", "FEB1", "1E10")
"""Hex codes, most of which a spreadsheet takes for a number or a date."""
GOOD = {
    "同定先": "MJ026191",
    "同定区分": "字形一致",
    "根拠": "戸籍簿",
    "判定者": "佐藤",
    "判定日": "2026-11-02",
}


@pytest.fixture
def queue(tmp_path):
    opened = open_queue(tmp_path / "review.sqlite")
    opened.add("a.dat", [item(code) for code in CODES])
    yield opened
    opened.close()


def item(code: str, reason: str = "unmapped-gaiji") -> Item:
    made = Item(
        "JEF", code, "町", reason, {("氏名", "name"): 3}, [Sample(1, "000123", "氏名", 1, "渡【〓】")]
    )
    made.records[("氏名", "name")] = 3
    return made


def rows_of(path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def write(path, rows, encoding="utf-8-sig", delimiter=",") -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


def sheet(queue, path, edits=None, *, every=False, **cells):
    """The exported CSV with cells of its first row (or ``every`` row) written as a clerk would."""
    export(queue, path)
    rows = rows_of(path)
    for number, row in enumerate(rows[1:]):
        for name, cell in (cells | (edits or {}) if every or not number else {}).items():
            row[COLUMNS.index(name)] = cell
    write(path, rows)
    return rows


def refused(queue, path) -> list[tuple[int, str]]:
    before = list(queue.items())
    with pytest.raises(Refused) as error:
        import_sheet(queue, path)
    assert list(queue.items()) == before
    return [(one.row, one.column) for one in error.value.refusals]


# -- what a spreadsheet does to a sheet --------------------------------------------------------------


def test_no_spreadsheet_changes_what_we_write(queue, tmp_path):
    """LibreOffice, told to look for dates and numbers in Japanese, opens the CSV and saves it again."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("no LibreOffice here; tests/test_office.py asks for it")
    sheet(queue, tmp_path / "sheet.csv", every=True, **GOOD | {"備考": "1-1", "根拠": "12-3"})
    import_sheet(queue, tmp_path / "sheet.csv")
    export(queue, tmp_path / "sheet.csv")
    before = rows_of(tmp_path / "sheet.csv")
    assert before[1][0].endswith("v1")
    write(
        tmp_path / "sheet.csv",
        [*before, *([code, f"{n}-1", f"{n}月", f"00{n}"] for n, code in enumerate(CODES, 1))],
    )
    option = "44,34,76,1,,1041,false,true"  # comma, quote, UTF-8, from row 1, Japanese, look for numbers
    command = [
        office,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        f"--infilter=CSV:{option}",
    ]
    out = tmp_path / "out"
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1041,false,true"
    subprocess.run(
        [*command, "--convert-to", form, "--outdir", str(out), str(tmp_path / "sheet.csv")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    after = rows_of(out / "sheet.csv")
    days = COLUMNS.index("判定日")
    same = [[cell for at, cell in enumerate(row) if at != days] for row in after[: len(before)]]
    assert same == [[cell for at, cell in enumerate(row) if at != days] for row in before]
    bare = [row[:4] for row in after[len(before) :]]
    assert any(
        row != [code, f"{n}-1", f"{n}月", f"00{n}"]
        for n, (row, code) in enumerate(zip(bare, CODES, strict=True), 1)
    )
    done = (
        import_sheet(queue, out / "sheet.csv")
        if not (write(out / "sheet.csv", after[: len(before)]))
        else None
    )
    assert (done.decided, done.unchanged) == (0, len(CODES))


@pytest.mark.parametrize(
    "cell", [*CODES, "1-1", "=1", "'=1", "'abc", "0012", "12", "12月1日", "R8.11.2", "1/2", "(1)", "１２", "戸籍簿", ""]
)  # fmt: skip
def test_a_kept_cell_comes_back(cell):
    assert plain_cell(kept_cell(cell)) == cell


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932", "utf-16"])
def test_codes_that_a_spreadsheet_rewrote_are_known_by_their_number(queue, tmp_path, encoding):
    path = tmp_path / "sheet.csv"
    rows = sheet(queue, path, every=True, **GOOD)
    made = {
        "83E5": "8.30E+06",
        "90E2": "9.00E+03",
        "DEC1": "12月1日",
        "0012": "12",
        "FEB1": "1-Feb",
        "1E10": "1.00E+10",
    }
    at = COLUMNS.index("旧コード")
    for row in rows[1:]:
        row[at] = made.get(plain_cell(row[at]), row[at])
    write(path, rows, encoding, "\t" if encoding == "utf-16" else ",")
    done = import_sheet(queue, path)
    assert done.decided == len(CODES) and f"{len(made)}行" in done.notes[0]


def test_another_code_is_no_rewritten_one(queue, tmp_path):
    path = tmp_path / "sheet.csv"
    rows = sheet(queue, path, **GOOD)
    at = COLUMNS.index("旧コード")
    rows[1][at], rows[2][at] = rows[2][at], rows[1][at]  # sorted by a part of the columns
    write(path, rows)
    assert refused(queue, path) == [(2, "旧コード"), (3, "旧コード")]


def test_numbers_of_earlier_sheets(queue, tmp_path):
    path = tmp_path / "sheet.csv"
    rows = sheet(queue, path, **GOOD)
    number = rows[1][0].partition("v")
    rows[1][0] = f"{number[0]}-{number[2]}"
    write(path, rows)
    assert import_sheet(queue, path, dry_run=True).decided == 1
    rows[1][0] = "1月1日"
    write(path, rows)
    with pytest.raises(Refused) as error:
        import_sheet(queue, path)
    assert "日付に変えて" in str(error.value.refusals[0])


def test_a_sheet_that_was_taken_already_changes_nothing(queue, tmp_path):
    path = tmp_path / "sheet.csv"
    rows = sheet(queue, path, **GOOD)
    assert import_sheet(queue, path).decided == 1
    write(path, rows, "cp932")
    assert import_sheet(queue, path) == type(import_sheet(queue, path))(0, 0, len(CODES))
    rows[1][COLUMNS.index("根拠")] = "申出書"
    write(path, rows)
    assert refused(queue, path) == [(2, "管理番号")] and verify_audit(queue) == (1, "")


def test_a_date_that_a_spreadsheet_wrote_otherwise_is_no_new_decision(queue, tmp_path):
    path = tmp_path / "sheet.csv"
    sheet(queue, path, **GOOD)
    import_sheet(queue, path)
    sheet(queue, path, 判定日="2026/11/02")
    assert import_sheet(queue, path).unchanged == len(CODES)
    assert verify_audit(queue) == (1, "")


# -- what a clerk writes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "令和8年11月2日", "令和８年１１月２日", "Ｒ８．１１．２", "R8.11.2", "令8.11.2", "R081102", "２０２６／１１／２", "20261102",
        "2026年11月2日(月)", "2026-11-02 00:00:00", "令和八年十一月二日", "2026. 11. 2",
    ],
)  # fmt: skip
def test_dates_of_every_kind(queue, tmp_path, typed):
    sheet(queue, tmp_path / "s.csv", **GOOD | {"判定日": typed})
    import_sheet(queue, tmp_path / "s.csv")
    assert next(d for d in Decisions(queue).all().values()).decided_at == "2026-11-02"


@pytest.mark.parametrize("typed", ["11/2", "8.11.2", "H33.1.1", "2026/13/1", "きのう", "#REF!"])
def test_what_is_no_date_is_refused(queue, tmp_path, typed):
    sheet(queue, tmp_path / "s.csv", **GOOD | {"判定日": typed})
    assert refused(queue, tmp_path / "s.csv") == [(2, "判定日")]


@pytest.mark.parametrize(
    ("typed", "glyph", "text"),
    [
        ("MJ026191 邉（0.93）\n渡邉の読み。MJ026190 も近い", "MJ026191", ""),
        ("ｍｊ０２６１９１", "MJ026191", ""),
        ("mj026191", "MJ026191", ""),
        ("㈱", "", "㈱"),
        ("①", "", "①"),
        ("Ａ", "", "Ａ"),
    ],
)  # fmt: skip
def test_what_names_a_glyph_or_a_sign(queue, tmp_path, typed, glyph, text):
    character = load_repertoire()["MJ026191"].base
    sheet(queue, tmp_path / "s.csv", **GOOD | {"同定先": typed.replace("邉", character)})
    import_sheet(queue, tmp_path / "s.csv")
    made = next(iter(Decisions(queue).all().values()))
    assert (made.glyph, made.text) == (glyph, text)


@pytest.mark.parametrize(
    "typed", ["MJ026191 辻", "MJ026191 MJ026190", "MJ0261911", "◎", "？", "㈱㈲", "\ue000", "#N/A"]
)
def test_what_names_none(queue, tmp_path, typed):
    sheet(queue, tmp_path / "s.csv", **GOOD | {"同定先": typed})
    assert refused(queue, tmp_path / "s.csv") == [(2, "同定先")]


def test_put_off_and_left_out_by_a_sheet(queue, tmp_path):
    path = tmp_path / "s.csv"
    rows = sheet(queue, path)
    for row, kind in zip(rows[1:], ("保留", "対象外", "保 留"), strict=False):
        for name, cell in {"同定区分": kind, "判定者": "佐藤", "備考": "戸籍を待つ"}.items():
            row[COLUMNS.index(name)] = cell
    write(path, rows)
    assert import_sheet(queue, path).put == 3
    items = {one.code: one for one in queue.items()}
    told = [items[plain_cell(row[COLUMNS.index("旧コード")])] for row in rows[1:4]]
    assert [one.state for one in told] == ["deferred", "rejected", "deferred"]
    assert [(a.person, a.note) for a in history(queue, told[0].id)] == [("佐藤", "戸籍を待つ")]
    export(queue, path)
    assert import_sheet(queue, path).unchanged == len(CODES)
    sheet(queue, path, every=True, 同定先="MJ026191", 同定区分="字形一致")
    assert {column for _, column in refused(queue, path)} == {"判定者"}  # nobody's name is taken over


def test_every_wrong_cell_of_every_row_is_told_at_once(queue, tmp_path):
    path = tmp_path / "s.csv"
    sheet(queue, path, every=True, 同定先="MJ999999", 同定区分="だいたい", 判定日="きのう")
    told = refused(queue, path)
    columns = ["同定先", "同定区分", "判定者", "判定日"]
    assert told == [(row, column) for row in range(2, len(CODES) + 2) for column in columns]


def test_titles_above_other_order_and_more_columns(queue, tmp_path):
    path = tmp_path / "s.csv"
    rows = sheet(queue, path, **GOOD)
    order = [*range(len(COLUMNS) - 1, -1, -1)]
    turned = [["課内メモ", *(row[at] for at in order)] for row in rows]
    turned[0] = ["メモ", *(f" {cell[:2]}\n{cell[2:]} " for cell in turned[0][1:])]
    write(path, [["○○町　同定表", *[""] * 5], [], *turned, [], turned[0]])
    assert import_sheet(queue, path).decided == 1
    write(path, [[*rows[0], "同定先"], *([*row, "MJ000001"] for row in rows[1:])])
    with pytest.raises(GaijiError, match="二つ"):
        import_sheet(queue, path)


# -- workbooks ---------------------------------------------------------------------------------------


def book(queue, path, cells, merge=()):
    from openpyxl import load_workbook

    export(queue, path, "xlsx")
    opened = load_workbook(path)
    page = opened["同定表"]
    for (row, name), value in cells.items():
        page.cell(row, COLUMNS.index(name) + 1).value = value
    for name, first, last in merge:
        at = COLUMNS.index(name) + 1
        page.merge_cells(start_row=first, end_row=last, start_column=at, end_column=at)
    opened.save(path)
    return path


def test_joined_cells(queue, tmp_path):
    cells = {
        (row, name): cell for row in (2, 3) for name, cell in GOOD.items() if name != "判定者" or row == 2
    }
    cells[2, "判定日"] = datetime(2026, 11, 2)
    path = book(queue, tmp_path / "s.xlsx", cells, [("判定者", 2, 3)])
    assert import_sheet(queue, path, dry_run=True).decided == 2
    path = book(queue, tmp_path / "s.xlsx", cells, [("判定者", 2, 3), ("同定先", 2, 3)])
    assert (2, "同定先") in refused(queue, path)


def test_the_refused_sheet_goes_back_with_its_cells_marked(queue, tmp_path):
    from openpyxl import load_workbook

    path = book(
        queue,
        tmp_path / "s.xlsx",
        {(3, "同定先"): "MJ999999", (3, "同定区分"): "だいたい", (5, "確認者"): "鈴木"},
    )
    for round in range(2):
        with pytest.raises(Refused) as error:
            import_sheet(queue, path)
        write_marked(path, error.value, tmp_path / f"back{round}.xlsx", queue=queue)
        path = tmp_path / f"back{round}.xlsx"
        page = load_workbook(path)["同定表"]
        marked = {
            (c.row, COLUMNS[c.column - 1]) for row in page for c in row if c.fill.fgColor.rgb == "FFFFC7CE"
        }
        assert marked == {(one.row, one.column) for one in error.value.refusals} and len(marked) == 4
        assert all(page.cell(r, COLUMNS.index(c) + 1).comment for r, c in marked)
        listed = [[cell.value for cell in row] for row in load_workbook(path)["誤り"]]
        assert [row[:2] for row in listed[1:]] == [[str(o.row), o.column] for o in error.value.refusals]
    opened = load_workbook(path)
    for name, value in {**GOOD, "判定日": "2026-11-02"}.items():
        opened["同定表"].cell(3, COLUMNS.index(name) + 1).value = value
    opened["同定表"].cell(5, COLUMNS.index("確認者") + 1).value = None
    opened.save(path)
    assert import_sheet(queue, path).decided == 1


def test_a_refused_csv_goes_back_as_a_workbook(queue, tmp_path):
    path = tmp_path / "s.csv"
    sheet(queue, path, 同定先="MJ999999", 同定区分="字形一致", 判定者="佐藤")
    with pytest.raises(Refused) as error:
        import_sheet(queue, path)
    write_marked(path, error.value, tmp_path / "back.xlsx", queue=queue)
    assert refused(queue, tmp_path / "back.xlsx") == [(2, "同定先")]
    with pytest.raises(GaijiError, match="E0840"):
        write_marked(path, error.value, path, queue=queue)
    before = (tmp_path / "back.xlsx").read_bytes()
    with pytest.raises(GaijiError):
        write_marked(tmp_path / "back.xlsx", error.value, tmp_path / "back.xlsx", queue=queue)
    assert before == (tmp_path / "back.xlsx").read_bytes()


def test_it_prints_at_ten_points_on_a4(queue, tmp_path):
    from openpyxl import load_workbook

    export(queue, tmp_path / "s.xlsx", "xlsx")
    opened = load_workbook(tmp_path / "s.xlsx")
    page = opened["同定表"]
    assert page.page_setup.scale in (None, 100)
    assert {cell.font.size for row in page for cell in row} == {10}
    assert int(page.page_setup.paperSize) == int(opened["書き方"].page_setup.paperSize) == 9
    widths = {at: d.width for d in page.column_dimensions.values() for at in range(d.min, d.max + 1)}
    repeated = sum(widths[at] for at in range(1, 6))
    breaks = [b.id for b in page.col_breaks.brk]
    for first, last in zip([5, *breaks], [*breaks, len(COLUMNS)], strict=True):
        wide = repeated + sum(widths[at] for at in range(first + 1, last + 1))
        assert wide <= 115  # of columns; A4 across holds as many, whatever the program's own font is
    export(queue, tmp_path / "s.html", "html")
    text = (tmp_path / "s.html").read_text("utf-8")
    assert min(float(size) for size in re.findall(r"font-size:([0-9.]+)pt", text)) >= 10 and "size:A4" in text


def test_a_copied_sheet_is_no_second_answer(queue, tmp_path):
    from openpyxl import load_workbook

    path = book(queue, tmp_path / "s.xlsx", {})
    opened = load_workbook(path)
    opened.copy_worksheet(opened["同定表"])
    opened.save(path)
    with pytest.raises(GaijiError, match="2枚"):
        import_sheet(queue, path)


# -- files that are none -----------------------------------------------------------------------------

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
BOF = bytes.fromhex("0908100000060500") + bytes(12)


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_t", ".t").replace("_b", ".b"), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "number", "says"),
    [
        (OLE + bytes(504) + BOF + bytes(99) + "Workbook".encode("utf-16-le") + bytes(9), "E0830", ".xls"),
        (OLE + bytes(504) + BOF + struct.pack("<HH", 0x2F, 6) + bytes(99) + "Workbook".encode("utf-16-le") + bytes(9), "E0833", "パスワード"),
        (OLE + bytes(900) + "EncryptedPackage".encode("utf-16-le") + bytes(9), "E0833", "パスワード"),
        (OLE + bytes(900) + "WordDocument".encode("utf-16-le") + bytes(9), "E0834", "Word"),
        (b"%PDF-1.7\n", "E0831", "PDF"),
        (b"<html xmlns:x=urn:schemas-microsoft-com:office:excel><table>", "E0832", "ウェブページ"),
        (packed(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "E0835", ".ods"),
        (packed(xl__workbook_bin=b""), "E0835", ".xlsb"),
        (packed(a_txt=b""), "E0836", "ZIP"),
    ],
)  # fmt: skip
def test_files_that_are_named_for_what_they_are(queue, tmp_path, data, number, says):
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(data)
    with pytest.raises(GaijiError, match=says) as error:
        import_sheet(queue, path)
    assert number in str(error.value) or error.value.number == number
