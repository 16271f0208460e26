"""Conversion tables of other products, read as the rows of a sheet whose columns are known.

Owns three forms. HULFT's table of external characters (HULFT help, "Templates for characters added in
JIS2004"): lines of an input and an output code, ``#`` or ``*`` before comments, ``defaultcode=``. Fujitsu's
``unijef.txt`` (manual B1FW-5911, "user-defined table"): a title line, sections, ``code:code`` between commas
or line ends, ``;`` before comments. jef4j's mapping (its ``fujitsu_jef_mapping.json`` and what reads it, both
published with it). What a row must say is ``gaiji.tables.taking``'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import regex

from gaiji.errors.messages import tr
from gaiji.standard.codepoints import adopted
from gaiji.tables.sheet import Sheet

UNIJEF = "CODE_CONVERT_Unicode-FJHOSTcode_USER_TABLE1.0"
DECODES, ENCODES = "JEF->Unicode", "Unicode->JEF"
KEYS = ("jef", "unicode", "sp", "hd", "aj1")
OPTIONS = (
    "encode_only", "decode_only", "irreversible", "oneway", "cjk_ci", "substitution", "unmappable",
)  # fmt: skip
ROLES = ("code", "ucs", "glyph", "flag", "note", "why")
_PAIR = regex.compile(r"(?i)0x((?:[0-9a-f]{2}){1,8})[ \t\u3000]+0x((?:[0-9a-f]{2}){1,8})")
_UNIJEF_PAIR = regex.compile(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})")
Rows = list[tuple[int, tuple[str, ...]]]


def is_policy(text: str) -> bool:
    """Whether a text is a policy file of Charset Manager, which only names its table."""
    return any(
        line.split("#")[0].strip() == "ID=Charset-Conversion-Policy" for line in text.splitlines()[:20]
    )


def read_foreign(text: str, *, both_ways: bool = False) -> Sheet | None:
    """The rows of such a table, None for a text that is none of them. A row that its form does not allow
    comes as it stands, with the reason. ``both_ways``: a HULFT table, which says one direction, is meant
    in both."""
    plain = text.removeprefix("\ufeff")
    lines = plain.splitlines()
    if lines and lines[0].split(";")[0].strip() == UNIJEF:
        return Sheet("", tuple(_unijef(lines)), tr("Fujitsu's unijef table"), ROLES)
    if plain.lstrip().startswith("["):
        return _jef4j(plain)
    marked = any(line.lstrip()[:1] in ("#", "*") or _is_default(line) for line in lines)
    if marked and any(_PAIR.fullmatch(line.strip()) for line in lines):
        how = tr("HULFT's table of external characters, each row the way that the file says")
        whole = tr("HULFT's table of external characters, its rows meant both ways (--both-ways)")
        return Sheet("", tuple(_hulft(lines, both_ways)), whole if both_ways else how, ROLES, one_way=True)
    return None


def _cells(code: str, ucs: str = "", glyph: str = "", flag: str = "0", note: str = "") -> tuple[str, ...]:
    return (code, ucs, glyph, flag, note, "")


def _wrong(written: str, why: str) -> tuple[str, ...]:
    return (written.strip()[:80], "", "", "0", "", why)


def _points(text: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in text)


# -- HULFT -------------------------------------------------------------------------------------------------


def _is_default(line: str) -> bool:
    return line.strip().lower().startswith("defaultcode")


def _hulft(lines: list[str], both_ways: bool) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Pairs of which one side is UTF-8: a table into UTF-8 only decodes, one out of it only encodes."""
    for number, line in enumerate(lines, 1):
        said = line.strip()
        if not said or said[0] in "#*" or _is_default(said):
            continue
        match = _PAIR.fullmatch(said)
        if match is None:
            yield number, _wrong(said, tr("the line is no pair of codes such as 0x80A1 0xE98289"))
            continue
        inside, outside = (bytes.fromhex(one) for one in match.groups())
        into, out_of = _utf8(outside), _utf8(inside)
        if bool(into) == bool(out_of):
            why = tr("neither code, or each of them, is UTF-8: the file does not say what the other code is")
            yield number, _wrong(said, why)
        elif into:
            yield number, _cells(f"0x{match[1]}", _points(into), flag="0" if both_ways else "3")
        else:
            yield number, _cells(f"0x{match[2]}", _points(out_of), flag="0" if both_ways else "1")


def _utf8(raw: bytes) -> str:
    """The character beyond ASCII that these bytes are in UTF-8, "" for any other."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return text if len(raw) > 2 and not text.isascii() else ""


# -- unijef ------------------------------------------------------------------------------------------------


def _unijef(lines: list[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Pairs of both sections once; of one section alone they only decode or only encode."""
    found: dict[tuple[str, str], tuple[int, set[str]]] = {}
    wrong: Rows = []
    section = ""
    for number, line in enumerate(lines[1:], 2):
        said = line.split(";")[0].strip()
        if said in (DECODES, ENCODES):
            section = said
            continue
        for part in filter(None, map(str.strip, said.split(","))):
            match = _UNIJEF_PAIR.fullmatch(part)
            if match is None:
                wrong.append((number, _wrong(part, tr("it is no pair such as 80A1:E92E"))))
            elif not section:
                wrong.append((number, _wrong(part, tr("it stands before JEF->Unicode and Unicode->JEF"))))
            else:
                found.setdefault((match[1].upper(), match[2].upper()), (number, set()))[1].add(section)
    rows = [
        (number, _cells(f"0x{code}", f"U+{ucs}", flag=_flag(sections)))
        for (code, ucs), (number, sections) in found.items()
    ]
    yield from sorted([*rows, *wrong])


def _flag(sections: set[str]) -> str:
    return "0" if len(sections) == 2 else "3" if DECODES in sections else "1"


# -- jef4j -------------------------------------------------------------------------------------------------


def _jef4j(text: str) -> Sheet | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, list) or not any(isinstance(one, dict) and "jef" in one for one in data):
        return None
    rows = tuple((number, _entry(one)) for number, one in enumerate(data, 1))
    return Sheet("", rows, tr("jef4j's mapping; a row's number is that of its entry"), ROLES)


def _entry(one: Any) -> tuple[str, ...]:
    """One entry; a selector of Hanyo-Denshi comes before one of Adobe-Japan1."""
    if not isinstance(one, dict) or not all(isinstance(one.get(key, ""), str) for key in KEYS):
        return _wrong(str(one), tr("it is no entry with jef and unicode"))
    options = one.get("options", [])
    if not isinstance(options, list) or not set(map(str, options)) <= set(OPTIONS):
        return _wrong(one.get("jef", ""), tr("its options are not those of jef4j"))
    code, unicode = one.get("jef", ""), one.get("unicode", "")
    selector = one.get("sp") or one.get("hd") or one.get("aj1") or ""
    try:
        text = "".join(chr(int(point, 16)) for point in (unicode, selector) if point)
    except (ValueError, TypeError, OverflowError):
        return _wrong(code, tr("unicode {unicode!r} is no code point", unicode=str(unicode)[:20]))
    for option in ("substitution", "unmappable"):
        if option in options:
            return _wrong(code, tr("jef4j says {option}: it is not that character", option=option))
    if {"irreversible", "oneway"} & set(options) and not selector:
        return _wrong(code, tr("jef4j says that it is irreversible: the plain character is not the code's"))
    flag = "1" if "encode_only" in options else "3" if "decode_only" in options else "0"
    glyph = _adopted().get(text, "")
    return _cells(code, "" if glyph else _points(text), glyph, flag)


@lru_cache(maxsize=1)
def _adopted() -> dict[str, str]:
    return {one.text: one.glyph for one in adopted()}
