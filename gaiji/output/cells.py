"""A cell of a CSV as a spreadsheet keeps it: neither run as a formula nor read as a number or a date.

Owns that rule and the way back; whole tables are ``tabular``'s.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"[-+(¥$]*[0-9][0-9,]*(\.[0-9]*)?(E[-+]?[0-9]+)?[%)]*|[-+]?\.[0-9]+(E[-+]?[0-9]+)?")
_MONTHS = r"(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*"
_DATE = re.compile(
    r"(?:[A-Z]|[明大昭平令][治正和成]?)?[0-9]{1,4}([-/.][0-9]{1,4}){1,2}"
    r"|([A-Z]|明治|大正|昭和|平成|令和|西暦)?[0-9元]{1,4}年([0-9]{1,2}月([0-9]{1,2}日)?)?"
    r"|[0-9]{1,2}月([0-9]{1,2}日)?"
    rf"|{_MONTHS}[-/., ]*[0-9]{{1,4}}([-/., ]+[0-9]{{1,4}})?"
    rf"|[0-9]{{1,4}}[-/., ]*{_MONTHS}([-/., ]*[0-9]{{1,4}})?"
    r"|[0-9]{1,4}:[0-9]{1,2}(:[0-9.]+)?( *[AP]M?)?|[0-9]{1,2}( *[AP]M| +[AP])|[0-9]{0,4} *[0-9]+/[0-9]+"
    r"|TRUE|FALSE"
)
_AS_IT_IS = re.compile(r"0|[1-9][0-9]{0,10}")
"""A whole number that a spreadsheet writes as it read it: beyond 11 digits it shows 1.23E+12."""


def safe_cell(cell: str) -> str:
    """A cell that a spreadsheet cannot take for a formula (OWASP, CSV injection)."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def read_as_value(cell: str) -> bool:
    """Whether a spreadsheet that opens a CSV takes a text for a number, a date, a time or a truth value, and
    would save another text: 83E5 becomes 8.30E+06, 1-1 and DEC1 a date, 0012 the number 12."""
    text = unicodedata.normalize("NFKC", cell).strip().upper()
    if not text or len(text) > 40 or _AS_IT_IS.fullmatch(cell):
        return False
    return bool(_NUMBER.fullmatch(text) or _DATE.fullmatch(text))


def kept_cell(cell: str) -> str:
    """A cell that a spreadsheet takes for no formula and no value, and saves as it stands: behind an
    apostrophe where it must be. ``plain_cell`` is the way back."""
    return "'" + cell if cell[:1] == "'" or read_as_value(cell) else safe_cell(cell)


def plain_cell(cell: str) -> str:
    """A cell as it was before ``kept_cell``; what was never kept stays as it is."""
    return cell[1:] if cell[:1] == "'" and kept_cell(cell[1:]) == cell else cell
