"""XLSX workbooks, transitional or strict, as text cells with their row numbers.

Owns what a workbook's values are as text, and that a formula without its value is not taken for an empty
cell. Everything else about a workbook is openpyxl's.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from gaiji.disk.ooxml import transitional, unpacked_size
from gaiji.errors import GaijiError, MissingExtra
from gaiji.errors.messages import fault, tr
from gaiji.tables.sheet import Sheet

MAX_UNPACKED = 512 * 1024 * 1024


def read_workbook(path: Path, raw: bytes) -> tuple[Sheet, ...]:
    """Every sheet of a workbook, hidden ones too. GaijiError for what is none, MissingExtra without
    openpyxl."""
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtra(tr("reading XLSX"), "xlsx") from error
    try:
        data = _transitional(path, raw)
        book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True)
        said = openpyxl.load_workbook(BytesIO(data), read_only=True) if _formulas(data) else None
        return tuple(_sheet(sheet, said[sheet.title] if said else None) for sheet in book.worksheets)
    except GaijiError:
        raise
    except Exception as error:  # openpyxl, zipfile and the XML parser have no common base class
        raise GaijiError(
            fault("E0587", "cannot be read as XLSX ({kind})", kind=type(error).__name__),
            where=str(path),
            next=tr("open it in Excel and save it as .xlsx again"),
        ) from error


def _transitional(path: Path, raw: bytes) -> bytes:
    """The workbook with the namespaces that openpyxl knows."""
    if unpacked_size(raw)[0] > MAX_UNPACKED:
        raise GaijiError(
            fault("E0580", "is too big to be a table of characters"),
            where=str(path),
            next=tr("check the path"),
        )
    return transitional(raw)


def _formulas(data: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.endswith(".xml") and "worksheets/" in name]
        return any(re.search(rb"<(?:\w+:)?f[ >/]", archive.read(name)) for name in sheets)


def _sheet(sheet: Any, said: Any) -> Sheet:
    """One sheet; ``said``: the same with formulas in the place of their values."""
    rows = []
    formulas = _values(said) if said is not None else iter(())
    for number, values in enumerate(_values(sheet), 1):
        behind = next(formulas, ())
        cells = [_cell(value) for value in values]
        for place, formula in enumerate(behind):
            if isinstance(formula, str) and formula.startswith("=") and not cells[place]:
                cells[place] = formula  # never computed: the row is refused, with its formula to see
        rows.append((number, tuple(cells)))
    hidden = "" if sheet.sheet_state == "visible" else tr("hidden sheet")
    return Sheet(sheet.title, tuple(rows), hidden)


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The rows that are there, whatever the sheet says of its size."""
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _cell(value: Any) -> str:
    """A value as text; a whole number without its decimals."""
    if value is None:
        return ""
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
