"""XLSX as we write it: a workbook in which no cell runs, and pages for A4.

Owns the settings that every workbook has; what stands in one is for who fills it.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from gaiji.errors import MissingExtra
from gaiji.messages import tr

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


def landscape(page: Any, *, head: int) -> None:
    """Printed across A4, as wide as one page, the row ``head`` on top of each."""
    page.set_landscape()
    page.set_paper(A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
