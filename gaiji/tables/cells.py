"""What a cell of a town's table says: a code, code points, a character, a glyph's name.

Owns the ways in which people write these. Whether a code or glyph exists is for ``gaiji.tables.taking``. A
cell is one of them whole or not at all: nothing is cut out of a longer text.
"""

from __future__ import annotations

import unicodedata

import regex

from gaiji.codes.code import Form, read_code, write_code
from gaiji.errors import UsageError
from gaiji.standard.characters import glyphs

_HEX = r"[0-9A-F]{2}(?: ?[0-9A-F]{2}){0,3}"
_CODE = regex.compile(
    rf"(?:0X|&H|\$)(?P<hex>{_HEX})|X(['\"])(?P<hex>{_HEX})\2|(?P<hex>{_HEX})H?"
    r"|(?P<each>(?:(?:0X|\\X)[0-9A-F]{2} ?){1,4})"
)
"""A code in bytes: 80A3, 0x80A3, &H80A3, X'80A3', 80A3H, 80 A3, 0x80 0xA3."""
_PREFIX = r"(?:U\+|UCS\+|0X|\\U|UNI|&\#X|U(?=[0-9A-F]{4,6}\b))"
_POINT = rf"{_PREFIX}?([0-9A-F]{{4,6}});?"
_POINTS = regex.compile(rf"<?{_POINT}(?:(?:[ ,_|+/]+|(?={_PREFIX})){_POINT}){{0,7}}>?")
"""Code points: U+9089, U+9089 U+E011A, U+9089,U+E011A, <9089,E011A>, 9089_E011A, 0x9089, &#x9089;,
\\u9089."""
_MARKED = regex.compile(rf"<?{_PREFIX}")
_NAME = regex.compile(r"(?:MJ|GJ)[0-9]{6}")
_EMPTY = regex.compile(r"[-‐‑‒–—―−－ー─]*")
"""An empty cell, or a stroke that says there is nothing."""


def plain(cell: str) -> str:
    """A cell in half-width capitals, runs of blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", cell).upper().split())


def is_empty(cell: str) -> bool:
    """Whether a cell says nothing."""
    return _EMPTY.fullmatch(cell) is not None


def code_in(cell: str, form: Form) -> tuple[int, int] | None:
    """(code, size) of a cell that holds one code written in that form, None of any other."""
    text = plain(cell)
    if form is Form.UNICODE:
        points = points_in(text)
        text = "_".join(f"{ord(c):04X}" for c in points) if points else text
    elif form is Form.HEX:
        match = _CODE.fullmatch(text)
        if match is None:
            return None
        text = regex.sub(r"0X|\\X| ", "", match["hex"] or match["each"])
    elif not text.isdecimal():
        return None
    try:
        return read_code(form, text)
    except UsageError:
        return None


def written(form: Form, code: int, size: int) -> str:
    """A code as towns' tables hold it, which no spreadsheet takes for a number: ``0xF041``, ``U+E000``,
    digits as they are."""
    text = write_code(form, code, size)
    if form is Form.UNICODE:
        return " ".join(f"U+{point}" for point in text.split("_"))
    return text if form is Form.NUMBER and size > 1 else f"0x{text}"


def points_in(cell: str) -> str | None:
    """The text of a cell that holds code points in hex and nothing else, None of any other."""
    match = _POINTS.fullmatch(plain(cell))
    if match is None:
        return None
    values = [int(digits, 16) for digits in (*match.captures(1), *match.captures(2))]
    if any(value > 0x10FFFF or 0xD800 <= value <= 0xDFFF for value in values):
        return None
    return "".join(map(chr, values))


def is_marked(cell: str) -> bool:
    """Whether code points are written as such (U+9089) and not as bare hex, which may be a code."""
    return _MARKED.match(plain(cell)) is not None


def character_in(cell: str) -> str | None:
    """The text of a cell that is one character itself, with its selector, no Latin letter or digit."""
    text = cell.strip()
    one = len(text) and not text[0].isascii() and len(glyphs(text)) == 1
    return text if one else None


def name_in(cell: str) -> str | None:
    """The MJ or GJ name that a cell holds, None of any other."""
    text = plain(cell)
    return text if _NAME.fullmatch(text) else None


def is_private(text: str) -> bool:
    """Whether a text holds a character of a private use area."""
    return any(unicodedata.category(c) == "Co" for c in text)
