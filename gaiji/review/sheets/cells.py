"""What a clerk or a spreadsheet wrote into a cell, read as what it means.

Owns the reading of dates, names of glyphs, signs and numbers of rows, and what a spreadsheet makes of a code.
Whether it may stand there is the checks' (``rows``, ``places``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache

import regex

from gaiji.codes.lost import load_marks
from gaiji.codes.program import LOST
from gaiji.output.cells import read_as_value
from gaiji.run.recipes import usual_dates
from gaiji.standard.characters import glyphs

_NUMBER = re.compile(r"#?([0-9]{1,9})(?:[Vv]|-)([0-9]{1,9})")
_GLYPH = re.compile(r"(?<![0-9A-Za-z])[MGmgＭＧｍｇ][JjＪｊ][0-9０-９]{6}(?![0-9A-Za-z０-９])")
_SCORE = re.compile(r"[(（][0-9.０-９]+[)）]$")
_WEEKDAY = re.compile(r"\(?[月火水木金土日](?:曜日?)?\)$|[月火水木金土日]曜日?$")
_TIME = re.compile(r"[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?$")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
ERRORS = re.compile(r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|Err:[0-9]{3}")
"""What a spreadsheet shows for a formula that went wrong."""


def number_cell(item: int, version: int) -> str:
    """A 管理番号 that no spreadsheet takes for a number or a date: item 12 as it was in its third version,
    12v3."""
    return f"{item}v{version}"


def read_number(cell: str) -> tuple[int, int] | None:
    """Item and version of a 管理番号, also as earlier versions wrote it (12-3); None for what is none."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    return (int(found[1]), int(found[2])) if found else None


@lru_cache(maxsize=4096)
def read_day(cell: str) -> str | None:
    """A date in 西暦 or 和暦, in any width, as YYYY-MM-DD; None for what is none, "" for an empty cell.

    Five digits are a spreadsheet's serial day: a date typed into a cell of another format is saved so. A
    weekday or a time behind the date is left out.
    """
    text = unicodedata.normalize("NFKC", cell).strip()
    if not text:
        return ""
    if len(text) == 5 and text.isascii() and text.isdigit():
        return (date(1899, 12, 30) + timedelta(days=int(text))).isoformat()
    import polars as pl  # a sheet that goes out reads no day

    from gaiji.output.dates import days

    bare = _WEEKDAY.sub("", _TIME.sub("", text))
    found = days(pl.Series([bare.replace(" ", "")]), usual_dates())[0]
    return str(found) if found else None


def named_glyphs(cell: str) -> list[str]:
    """The names of glyphs that the first line of a cell holds, in any width and case: the cell of a
    candidate, pasted whole, is its name, its character and below why it is one."""
    names = [unicodedata.normalize("NFKC", found[0]).upper() for found in _GLYPH.finditer(_line(cell))]
    return list(dict.fromkeys(names))


def beside_glyph(cell: str) -> str:
    """What else stands in the first line of a cell than names of glyphs and a score in brackets."""
    return _SCORE.sub("", _GLYPH.sub("", _line(cell)).strip()).strip()


def _line(cell: str) -> str:
    return cell.strip().split("\n")[0]


def is_sign(text: str) -> bool:
    """Whether a text is one sign, letter or digit of JIS X 0213 or Windows-31J that is no kanji and no mark
    of something lost: ㈱, ①, Ａ."""
    if len(glyphs(text)) != 1 or regex.search(r"\p{Han}|\p{C}|\s", text) or text in LOST:
        return False
    if next(load_marks().found(text), None) is not None:
        return False
    return any(_has(text, codec) for codec in ("euc_jis_2004", "cp932"))


def _has(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def made_of(cell: str, right: str) -> bool:
    """Whether a spreadsheet may have written ``cell`` where ``right`` stood: 8.30E+06 for 83E5, 12 for 0012,
    12月1日 for DEC1."""
    if not read_as_value(right):
        return False
    text, was = (unicodedata.normalize("NFKC", one).strip().upper() for one in (cell, right))
    with suppress(ValueError, OverflowError):
        number, old = float(text.replace(",", "")), float(was.replace(",", ""))
        digits = len(text.partition("E")[0].partition(".")[2])
        return number == (float(f"{old:.{digits}E}") if "E" in text else old)
    return bool(_day_parts(text)) and _day_parts(text) == _day_parts(was)


def _day_parts(text: str) -> tuple[int, int] | None:
    """Month and day of DEC1, 1DEC, 1-Dec, 12月1日, 2026-12-01, 1-1."""
    month = next((at for at, name in enumerate(_MONTHS, 1) if name in text), 0)
    numbers = [int(part) for part in re.findall(r"[0-9]+", text)]
    if month:
        return (month, numbers[0]) if numbers else None
    found = numbers[-2:] if len(numbers) >= 2 and "年" not in text else numbers[1:3]
    return (found[0], found[1]) if len(found) == 2 else None


def one_of(cell: str, words: Sequence[str]) -> str:
    """The word that a cell means, whatever blanks and widths it is written with; the cell where none fits."""
    plain = "".join(unicodedata.normalize("NFKC", cell).split())
    return plain if plain in words else cell
