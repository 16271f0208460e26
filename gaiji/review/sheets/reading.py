"""What a spreadsheet gives back: CSV and XLSX as rows of text, below the row that names the columns.

Owns the reading, where in a file the table stands (below titles, on which sheet, in which order of columns),
and cells that were joined. What is no sheet is told by ``strangers``; what the cells mean is ``rows``' and
``places``'.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from gaiji.disk.files import read_whole
from gaiji.errors import GaijiError, MissingExtra
from gaiji.errors.messages import fault, tr
from gaiji.output.cells import plain_cell
from gaiji.review.sheets.strangers import check_stranger

MAX_BYTES = 64 * 1024 * 1024
TITLES = 50
"""Rows in which the names of the columns are looked for: a town writes titles above them."""
Area = tuple[int, int, int, int]
"""First row, first column, last row, last column of joined cells, counted from 1."""


@dataclass(frozen=True)
class Came:
    """A sheet as it came back. ``form``: which of the forms asked for it is; ``rows``: number in the sheet →
    cells by column, as text; ``head``: the number of the row that names the columns; ``columns``: name →
    place from 1; ``joined``: what is joined below the head, by row and column name."""

    form: int
    rows: list[tuple[int, dict[str, str]]]
    head: int
    columns: Mapping[str, int]
    title: str = ""
    joined: Mapping[tuple[int, str], Area] = field(default_factory=dict)


@dataclass(frozen=True)
class _Page:
    """One sheet of a file: its title, its rows, and the areas of joined cells."""

    title: str
    rows: list[list[str]]
    areas: list[Area] = field(default_factory=list)


def read_rows(path: Path, *forms: Sequence[str]) -> Came:
    """A sheet that has the columns of one of the ``forms`` (the last one where none fits), with its rows.
    GaijiError for a file that is no sheet, that lacks columns, or that has several such sheets."""
    raw = read_whole(path, MAX_BYTES, fault("E0236", "is too big to be a 同定表"))
    check_stranger(path, raw)
    pages = _read_xlsx(path, raw) if raw[:2] == b"PK" else [_Page("", _read_csv(path, raw))]
    found = [(page, at, form) for page in pages if (at_form := _head(page, forms)) for at, form in [at_form]]
    if len(found) > 1:
        raise GaijiError(
            fault(
                "E0838", "同じ列のシートが{count}枚あります：{names}", count=len(found),
                names="、".join(page.title for page, _, _ in found),
            ),
            where=str(path),
            next=tr("取り込む一枚だけを残してください"),
        )  # fmt: skip
    if not found:
        raise _no_head(path, pages[0].rows if pages else [], forms[-1])
    page, at, form = found[0]
    return _came(path, page, at, form, forms[form])


def _head(page: _Page, forms: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    """The first row that names all columns of a form, and the form."""
    for at, row in enumerate(page.rows[:TITLES]):
        names = {_heading(cell) for cell in row}
        for number, needed in enumerate(forms):
            if set(needed) <= names:
                return at, number
    return None


def _heading(cell: str) -> str:
    """The name of a column without the blanks and line breaks that a spreadsheet's user put into it."""
    return "".join(unicodedata.normalize("NFKC", cell).split())


def _no_head(path: Path, rows: list[list[str]], needed: Sequence[str]) -> GaijiError:
    """The error for a sheet without some columns: which ones, of the row that has the most."""
    best = max(
        ({_heading(cell) for cell in row} for row in rows[:TITLES]),
        key=lambda names: len(names & set(needed)), default=set(),
    )  # fmt: skip
    return GaijiError(
        fault("E0237", "列がありません：{missing}", missing="、".join(n for n in needed if n not in best)),
        where=str(path),
        next=tr("gaiji review export で書き出した表を使ってください"),
    )


def _came(path: Path, page: _Page, at: int, form: int, needed: Sequence[str]) -> Came:
    """The rows below the head. GaijiError where it names a column twice."""
    head = [_heading(cell) for cell in page.rows[at]]
    twice = [name for name in needed if head.count(name) > 1]
    if twice:
        raise GaijiError(
            fault("E0839", "同じ名前の列が二つあります：{names}", names="、".join(twice)),
            where=str(path),
            next=tr("写した列を消してください"),
        )
    columns = {name: head.index(name) for name in needed}
    rows = []
    for number, cells in enumerate(page.rows[at + 1 :], at + 2):
        row = {name: cells[i] if i < len(cells) else "" for name, i in columns.items()}
        if any(row.values()) and any(_heading(cell) != name for name, cell in row.items()):
            rows.append((number, {name: plain_cell(cell.strip()) for name, cell in row.items()}))
    by_place = {place: name for name, place in columns.items()}
    joined = {
        (row, by_place[column - 1]): area
        for area in page.areas
        for row in range(max(area[0], at + 2), min(area[2], len(page.rows)) + 1)
        for column in range(area[1], min(area[3], len(head)) + 1)
        if column - 1 in by_place
    }
    return Came(form, rows, at + 1, {n: i + 1 for n, i in columns.items()}, page.title, joined)


# -- files -------------------------------------------------------------------------------------------


def _read_csv(path: Path, raw: bytes) -> list[list[str]]:
    codecs = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp932")
    for codec in codecs:  # Excel saves one of them; UTF-16 as "Unicode text", with tabs
        try:
            text = raw.decode(codec)
            first = text[:20_000]
            separator = max(",\t;", key=first.count)
            return list(csv.reader(StringIO(text, newline=""), delimiter=separator))
        except UnicodeDecodeError:
            continue
        except csv.Error as error:
            raise GaijiError(
                fault("E0238", "CSVとして読めません：{error}", error=error),
                where=str(path),
                next=tr("Excelで「CSV UTF-8」として保存してください"),
            ) from error
    raise GaijiError(
        fault("E0239", "文字コードが分かりません"),
        where=str(path),
        next=tr("Excelで「CSV UTF-8」として保存してください"),
    )


def _read_xlsx(path: Path, raw: bytes) -> list[_Page]:
    import zipfile

    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtra(tr("reading XLSX"), "xlsx") from error
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if sum(info.file_size for info in archive.infolist()) > 8 * MAX_BYTES:
                raise GaijiError(
                    fault("E0240", "unpacks to more than a 同定表 can hold"),
                    where=str(path),
                    next=tr("check the path"),
                )
            parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            joined = any(b"mergeCell" in archive.read(name) for name in parts)
        book = load_workbook(BytesIO(raw), read_only=True, data_only=True)
        areas = _areas(load_workbook(BytesIO(raw))) if joined else {}
        return [_page(sheet, areas) for sheet in book.worksheets]
    except GaijiError:
        raise
    except Exception as error:  # openpyxl lets many kinds out of a broken file
        raise GaijiError(
            fault("E0241", "XLSXとして読めません（{kind}）", kind=type(error).__name__),
            where=str(path),
            next=tr("Excelで開けるか確かめてください"),
        ) from error


def _page(sheet: Any, areas: Mapping[str, list[Area]]) -> _Page:
    """A sheet's rows (from its first, whatever it says of its size) and joined cells."""
    sheet.reset_dimensions()
    rows = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    return _Page(sheet.title, rows, areas.get(sheet.title, []))


def _areas(book: Any) -> dict[str, list[Area]]:
    """The joined cells of each sheet, which a workbook that is read row by row does not tell."""
    return {
        sheet.title: [
            (one.min_row, one.min_col, one.max_row, one.max_col) for one in sheet.merged_cells.ranges
        ]
        for sheet in book.worksheets
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.strftime("%Y-%m-%d")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
