"""A sheet that was refused, for its clerk to mend: the same sheet with every wrong cell marked, and a list.

Owns the marks: a colour and a note in each wrong cell, and a sheet ``誤り`` with all of them in a line each.
What is wrong is told by ``refusals``. Handed in again, marks and list are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import read_whole, write_whole
from gaiji.errors import MissingExtra, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.workbooks import A4, height
from gaiji.queue.queue import Queue
from gaiji.review.sheets.reading import MAX_BYTES
from gaiji.review.sheets.refusals import Refusal, Refused
from gaiji.run.places import decisions_beside, queue_reads

LIST = mark("誤り")
HEAD = (mark("行"), mark("列"), mark("いまの内容"), mark("誤り"), mark("直し方"))
WIDTHS = (6, 14, 24, 44, 44)
COLOUR = "FFFFC7CE"
AUTHOR = "gaiji"


def write_marked(path: Path, refused: Refused, out: Path, *, queue: Queue) -> None:
    """Write the refused sheet at ``path`` with its marks as XLSX to ``out``. UsageError for another suffix
    or the sheet itself, MissingExtra without the extra ``xlsx``."""
    if out.suffix.lower() != ".xlsx":
        raise UsageError(fault("E0840", "is no .xlsx file"), where=str(out), next=tr("give another name"))
    reads = [Place("sheet", path), *queue_reads(queue), *decisions_beside(queue)]
    keep_apart([Place("marked sheet", out)], reads)
    try:
        from openpyxl import Workbook, load_workbook
    except ImportError as error:
        raise MissingExtra(tr("writing XLSX"), "xlsx") from error
    raw = read_whole(path, MAX_BYTES, fault("E0236", "is too big to be a 同定表"))
    if raw[:2] == b"PK":
        book = load_workbook(BytesIO(raw))
        sheet = book[refused.came.title]
    else:
        book = Workbook()
        sheet = book.active
        sheet.title = tr("同定表")
        _fill(sheet, refused)
    _clear(book, sheet)
    _mark(sheet, refused)
    _list(book.create_sheet(tr(LIST), 0), sheet.title, refused)
    book.active = 0
    data = BytesIO()
    book.save(data)
    write_whole(out, data.getvalue())


def _fill(sheet: Any, refused: Refused) -> None:
    """The cells of a CSV, each as text, in its own rows."""
    came = refused.came
    for column, name in enumerate(came.columns, 1):
        _text(sheet.cell(came.head, column), name)
    for number, row in came.rows:
        for column, name in enumerate(came.columns, 1):
            _text(sheet.cell(number, column), row[name])
    sheet.freeze_panes = sheet.cell(came.head + 1, 2)
    for column in range(1, len(came.columns) + 1):
        sheet.column_dimensions[sheet.cell(came.head, column).column_letter].width = 14


def _text(cell: Any, text: str) -> None:
    """A text that stays one, and what is typed over it too."""
    cell.number_format = "@"
    if text:
        cell.value = text
        cell.data_type = "s"


def _clear(book: Any, sheet: Any) -> None:
    """Take away the list and the marks of an earlier round."""
    from openpyxl.styles import PatternFill

    if tr(LIST) in book.sheetnames and book[tr(LIST)] is not sheet:
        del book[tr(LIST)]
    for row in sheet.iter_rows():
        for cell in row:
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment = None
            if cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb == COLOUR:
                cell.fill = PatternFill()


def _mark(sheet: Any, refused: Refused) -> None:
    """Colour and note in each wrong cell, several mistakes of one in one note."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    told: dict[tuple[int, str], list[Refusal]] = {}
    for one in refused.refusals:
        told.setdefault((one.row, one.column), []).append(one)
    for (row, column), wrong in told.items():
        cell = sheet.cell(row, _place(refused, column))
        if type(cell).__name__ == "MergedCell":
            continue  # its first cell is marked
        text = "\n".join(f"{one.why}。{one.right}" for one in wrong)
        cell.fill = PatternFill("solid", fgColor=COLOUR)
        cell.comment = Comment(text, AUTHOR, height=90, width=280)


def _place(refused: Refused, column: str) -> int:
    """Where a column stands in the marked sheet: where it came, or in the order of a CSV's cells."""
    columns = refused.came.columns
    return columns[column] if refused.came.title else list(columns).index(column) + 1


def _list(sheet: Any, table: str, refused: Refused) -> None:
    """One line for each wrong cell, with a link to it."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    rows = dict(refused.came.rows)
    sheet.append([tr(name) for name in HEAD])
    for number, one in enumerate(refused.refusals, 2):
        now = rows.get(one.row, {}).get(one.column, "")
        cells = (str(one.row), one.column, now[:200], one.why, one.right)
        _line(sheet, number, cells)
        sheet.row_dimensions[number].height = max(map(height, cells, WIDTHS))
        letter = get_column_letter(_place(refused, one.column))
        sheet.cell(number, 1).hyperlink = f"#'{table}'!{letter}{one.row}"
    for column, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.cell(1, column).font = Font(bold=True)
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToHeight, sheet.page_setup.fitToWidth = 0, 1
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _line(sheet: Any, number: int, cells: Sequence[str]) -> None:
    for column, cell in enumerate(cells, 1):
        _text(sheet.cell(number, column), cell)
