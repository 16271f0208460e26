"""XLSX as we write it: a workbook in which no cell runs, and pages for A4.

Owns the settings that every workbook has; what stands in one is for who fills it.
"""

from __future__ import annotations

import unicodedata
from io import BytesIO
from typing import Any

from gaiji.errors import MissingExtra
from gaiji.errors.messages import tr

A4 = 9
"""The number that XLSX has for the paper."""


def new_workbook(out: BytesIO) -> Any:
    """A workbook (xlsxwriter's) that is written into ``out`` when it is closed, in which text stays text;
    MissingExtra without the extra ``xlsx``."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise MissingExtra(tr("writing XLSX"), "xlsx") from error
    return xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )


def height(text: str, width: float, points: float = 14) -> float:
    """Points that a wrapped text needs in a column of that width (half-width characters), for programs that
    do not fit rows themselves."""
    lines = [
        sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line) for line in text.split("\n")
    ]
    return points * sum(max(1, -(-size // int(width * 0.9))) for size in lines)


def landscape(page: Any, *, head: int) -> None:
    """Printed across A4, as wide as one page, the row ``head`` on top of each."""
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
