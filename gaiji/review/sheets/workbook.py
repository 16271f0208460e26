"""The 同定表 as an Excel workbook: pictures in cells, drop-down lists, locked columns, a guide sheet, A4
landscape.

Owns the look of the workbook. Every cell is written as text, so none can run as a formula. What stands in it
is ``sheet``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from gaiji.errors.messages import tr
from gaiji.output.workbooks import A4, height, new_workbook
from gaiji.queue.decisions import KINDS
from gaiji.review.sheets.sheet import COLUMNS, EDITED, FIRST_CANDIDATE, FIXED, GUIDE, PICTURE, PUT, Row, Sheet
from gaiji.run.workers import in_order
from gaiji.shape.pictures import Gallery, png

NAME = "同定表"
SIDE = 64
"""Pixels of a picture in its cell; drawn at twice that, so that it stays sharp in print."""
WIDTHS = {
    "管理番号": 6,
    "旧コード体系": 7,
    "旧コード": 7,
    "団体・外字セット": 8,
    "字形": 10,
    "理由": 10,
    "状態": 8,
    "使用人数": 6,
    "使用件数": 6,
    "使用項目": 13,
    "用例": 24,
    "同定先": 10,
    "同定区分": 9,
    "根拠": 10,
    "判定者": 7,
    "判定日": 10,
    "確認者": 7,
    "表の版": 5,
    "備考": 9,
}
"""Characters. What is repeated on each page (to 字形), and then facts, candidates, and what is written in,
fill an A4 page across at 10 points each, also where the program has another font than Excel's."""
CANDIDATE_WIDTH = 13.5
POINTS = 10
ROW = 128


def workbook(sheet: Sheet, gallery: Gallery) -> bytes:
    """The workbook's bytes; MissingExtra without the extra ``xlsx``."""
    out = BytesIO()
    book = new_workbook(out)
    _table(book, book.add_worksheet(NAME), sheet, gallery)
    guide = book.add_worksheet(tr("書き方"))
    wrapped = book.add_format({"text_wrap": True, "font_size": 11})
    guide.set_column(0, 0, 66, wrapped)
    guide.set_paper(A4)
    for number, line in enumerate((*map(tr, GUIDE), *sheet.notes)):
        guide.set_row(number, height(line, 66, 16))
        guide.write_string(number, 0, line, wrapped)
    book.close()
    return out.getvalue()


def _table(book: Any, page: Any, sheet: Sheet, gallery: Gallery) -> None:
    base = {"text_wrap": True, "valign": "top", "border": 1, "font_name": "游明朝", "font_size": POINTS}
    head = book.add_format({**base, "bold": True, "bg_color": "#E7E6E6"})
    fixed = book.add_format({**base, "bg_color": "#F2F2F2"})
    under = book.add_format({**base, "bg_color": "#F2F2F2", "valign": "bottom"})
    free = book.add_format({**base, "locked": False, "num_format": "@"})
    day = book.add_format({**base, "locked": False, "num_format": "yyyy-mm-dd"})
    for column, name in enumerate(COLUMNS):
        page.set_column(column, column, WIDTHS.get(name, CANDIDATE_WIDTH))
        page.write_string(0, column, name, head)
    formats = [
        day
        if COLUMNS[column] == "判定日"
        else free
        if column >= len(FIXED)
        else under
        if column >= FIRST_CANDIDATE or column == PICTURE
        else fixed
        for column in range(len(COLUMNS))
    ]
    for number, (row, pictures) in enumerate(_drawn(sheet, gallery), 1):
        page.set_row(number, ROW)
        for column, (cell, format_) in enumerate(zip(row.cells, formats, strict=True)):
            page.write_string(number, column, cell, format_) if cell else page.write_blank(
                number, column, None, format_
            )
        for column, data, name in pictures:
            _insert(page, number, column, data, name)
    last = max(len(sheet.rows), 1)
    kinds = len(FIXED) + EDITED.index("同定区分")
    page.data_validation(
        1,
        kinds,
        last,
        kinds,
        {
            "validate": "list",
            "source": [*KINDS, *map(tr, PUT.values())],
            "error_title": "同定区分",
            "error_message": tr("一覧から選んでください"),
        },
    )
    page.freeze_panes(1, PICTURE + 1)
    page.autofilter(0, 0, last, len(COLUMNS) - 1)
    page.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
    page.set_landscape()
    page.set_paper(A4)
    page.set_print_scale(100)  # 10 points are 10 points on paper
    page.set_v_pagebreaks([FIRST_CANDIDATE, len(FIXED)])
    page.set_margins(0.25, 0.25, 0.4, 0.5)
    page.repeat_rows(0)
    page.repeat_columns(0, PICTURE)
    page.set_footer("&C&P / &N")


def _drawn(sheet: Sheet, gallery: Gallery) -> Iterator[tuple[Row, list[tuple[int, bytes, str]]]]:
    """Each row with its pictures (the column, a PNG, what it is called): the 外字 and its candidates. Threads
    draw the rows that come next."""
    glyphs: dict[str, bytes | None] = {}

    def pictures(row: Row) -> tuple[Row, list[tuple[int, bytes, str]]]:
        out = []
        if row.picture is not None:
            out.append((PICTURE, png(row.picture, 2 * SIDE), row.cells[2]))
        for column, name in enumerate(row.candidates, FIRST_CANDIDATE):
            if name not in glyphs:
                glyphs[name] = _glyph(gallery, name)
            data = glyphs[name]
            if data is not None:
                out.append((column, data, name))
        return row, out

    return in_order(pictures, sheet.rows, threads=0)


def _glyph(gallery: Gallery, name: str) -> bytes | None:
    picture = gallery.glyph(name, 2 * SIDE)
    return png(picture) if picture is not None else None


def _insert(page: Any, row: int, column: int, data: bytes, name: str) -> None:
    page.insert_image(
        row,
        column,
        f"{name}.png",
        {
            "image_data": BytesIO(data),
            "x_offset": 3,
            "y_offset": 3,
            "x_scale": 0.5,
            "y_scale": 0.5,
            "object_position": 1,
            "description": name,
        },
    )
