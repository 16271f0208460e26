"""A site table in the forms of other products (``gaiji.tables.foreign`` says which, and reads them).

Owns what such a form can hold. That what is written reads back as the same is ``gaiji.tables.exporting``'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gaiji.codes.charset import Charset
from gaiji.codes.code import Form, write_code
from gaiji.codes.tables import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP, Row
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.standard.codepoints import adopted
from gaiji.tables.foreign import DECODES, ENCODES, UNIJEF


class Pair(NamedTuple):
    """A row as these forms have it: its code in hex, its text (with a selector only where it must), its glyph
    ("": none), its flag."""

    code: str
    text: str
    glyph: str
    flag: int


class CannotHold(Exception):
    """A row that the form cannot hold: its code, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


def pair_of(charset: Charset, row: Row) -> Pair:
    """What a row says to a product that knows no glyph names."""
    glyph = charset.repertoire.get(row.glyph) if row.glyph else None
    text = glyph.form("needed") if glyph else row.text
    return Pair(write_code(charset.kind.form, row.code, row.size), text, row.glyph, row.flag)


def write_foreign(form: str, charset: Charset, rows: Sequence[Row]) -> bytes:
    """The rows in one of ``FORMS``; CannotHold for a row that it has no place for, UsageError for a charset
    that the product does not have."""
    if charset.kind.form is not Form.HEX or (
        form not in ONE_WAY and not charset.name.startswith("fujitsu-jef")
    ):
        raise UsageError(
            fault("E0672", "{form} has no codes of {charset}", form=form, charset=charset.name),
            next=tr("write .csv or .xlsx"),
        )
    return FORMS[form]([pair_of(charset, row) for row in rows]).encode()


def _plain(pair: Pair, most: int = 0x10FFFF) -> Pair:
    if len(pair.text) != 1:
        raise CannotHold(pair.code, tr("it needs a selector, or more than one character"))
    if ord(pair.text) > most:
        raise CannotHold(pair.code, tr("it is beyond U+FFFF"))
    return pair


def _unijef(pairs: Sequence[Pair]) -> str:
    lines = [UNIJEF]
    for section, left in ((DECODES, ENCODE_ONLY), (ENCODES, DECODE_ONLY)):
        some = [_plain(pair, 0xFFFF) for pair in pairs if pair.flag != left]
        lines += [section, *(f"{pair.code}:{ord(pair.text):04X}" for pair in some)]
    return "\r\n".join([*lines, ""])


def _hulft(pairs: Sequence[Pair]) -> str:
    """A table into UTF-8: a file of HULFT's has one direction."""
    lines = ["# code -> UTF-8", "#incode #outcode"]
    lines += [f"0x{pair.code}  {_utf8(pair)}" for pair in pairs]
    return "\n".join([*lines, ""])


def _hulft_back(pairs: Sequence[Pair]) -> str:
    """The table out of UTF-8."""
    lines = ["# UTF-8 -> code", "#incode #outcode"]
    lines += [f"{_utf8(pair)}  0x{pair.code}" for pair in pairs]
    return "\n".join([*lines, ""])


def _utf8(pair: Pair) -> str:
    return f"0x{_plain(pair).text.encode().hex().upper()}"


def _jef4j(pairs: Sequence[Pair]) -> str:
    named = {one.glyph: one.text for one in adopted() if one.collection == "Hanyo-Denshi"}
    lines = [json.dumps(_entry(pair, named), ensure_ascii=False) for pair in pairs]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _entry(pair: Pair, named: Mapping[str, str]) -> dict[str, object]:
    options = {ENCODE_ONLY: ["encode_only"], DECODE_ONLY: ["decode_only"]}.get(pair.flag, [])
    text = named.get(pair.glyph, pair.text) if len(pair.text) > 1 else pair.text
    if len(text) > 1 and pair.glyph not in named:
        raise CannotHold(pair.code, tr("it needs a selector that Hanyo-Denshi does not have"))
    selector = {"hd": f"{ord(text[1]):04X}"} if len(text) == 2 else {}
    entry: dict[str, object] = {"unicode": f"{ord(text[0]):04X}", **selector, "jef": pair.code, "text": text}
    return entry | {"options": options}


FORMS: Mapping[str, Callable[[Sequence[Pair]], str]] = {
    "hulft": _hulft,
    "hulft-back": _hulft_back,
    "unijef": _unijef,
    "jef4j": _jef4j,
}
ONE_WAY = {"hulft": DECODE_ONLY, "hulft-back": ENCODE_ONLY}
"""Forms of one direction: the flag that their rows come back with; rows of the other direction alone are
for the other form."""


def held(form: str, rows: Sequence[Row]) -> list[Row]:
    """The rows that a form has a place for by their direction."""
    way = ONE_WAY.get(form)
    return [row for row in rows if way is None or row.flag in (way, ROUND_TRIP)]
