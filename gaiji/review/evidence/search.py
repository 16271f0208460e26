"""Finds glyphs as a clerk thinks of them: by parts, IDS, strokes, radical, reading, surname, what people call
it, number, code or character.

Owns the query's form. The matching of parts is ``parts``', look-ups by number and code are
``gaiji.codes.lookup``'s, the tables of surnames and of what people call a form lie in
``mappings/repertoire``.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

from gaiji.codes.lookup import by_any_code, lookup
from gaiji.errors import GaijiError
from gaiji.review.evidence.holding import OPERATORS
from gaiji.review.evidence.official import daikanwa
from gaiji.review.evidence.parts import by_parts
from gaiji.standard.relations import read_rows
from gaiji.standard.repertoire import Repertoire, load_repertoire

MAX_QUERY = 100
_STROKES = regex.compile(r"(\d{1,2})画")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]+")
_RADICAL = regex.compile(r"(?:部首|部):?(\d{1,3}|.)|(.)部")
_NAME = regex.compile(r"(?i)(MJ|GJ)(\d{1,6})")
_NUMBER = regex.compile(
    r"(?i)(戸籍|登記|住基|大漢和|koseki|touki|juki|daikanwa)(?:ネット)?(?:統一)?(?:文字)?(?:番号|コード)?[:.]?"
    r"(?:J\+?)?(補?[0-9A-F]{1,8}'*)"
)
_JUKI = regex.compile(r"(?i)J\+?([0-9A-F]{4})")
_CODE = regex.compile(r"(?i)(?:0x)?([0-9A-F]{4,8})")
_KINDS = {"戸籍": "koseki", "登記": "touki", "住基": "juki", "大漢和": "daikanwa"}
_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_HALF = regex.compile(r"[\uff61-\uff9f]+")


def find(query: str, *, limit: int | None = 60) -> list[str]:
    """Glyph names for a query, best first; words are separated by spaces and all must hold.

    A word is parts (``辶+鳥``, ``⿰氵``, ``⿺辶⿳自穴口``), strokes (``19画``), a radical (``部首:162``,
    ``辵部``), a reading of a character or a surname (``ワタ``, ``わたなべ``), what people call it
    (``はしご高``), a number or name (``戸籍445000``, ``J+9089``, ``大漢和39130``, ``mj26190``), a code of a
    maker (``JEF:EEB5``, ``EEB5``), or a character: all its forms, or as a part when other words stand beside
    it. Full-width letters, digits and signs are as good as others, half-width kana too.
    """
    words = plain(query[:MAX_QUERY]).split()
    if len(words) == 2 and by_any_code(words[1], words[0]):  # JEF EEB5
        return by_any_code(words[1], words[0])[:limit]
    if not words:
        return []
    found = [_word(word, alone=len(words) == 1) for word in words]
    others = [set(names) for names in found[1:]]
    return [name for name in found[0] if all(name in names for names in others)][:limit]


def plain(text: str) -> str:
    """Full-width letters, digits and signs as ASCII, half-width kana as full-width. Nothing else is
    normalised: a compatibility ideograph is a form of its own."""
    wide = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else " " if c == "\u3000" else c for c in text)
    return str(_HALF.sub(lambda match: unicodedata.normalize("NFKC", match[0]), wide))


def _word(word: str, *, alone: bool) -> list[str]:
    repertoire = load_repertoire()
    if match := _STROKES.fullmatch(word):
        return [g.name for g in repertoire.by_strokes(int(match[1]))]
    if match := _RADICAL.fullmatch(word):
        return [g.name for g in repertoire.by_radical(match[1] or match[2])]
    if called := _nicknames().get(hiragana(word)):
        return [*called]
    if _KANA.fullmatch(word) and not any(c in OPERATORS for c in word):
        return _by_reading(word, repertoire)
    numbers = _by_number(word, repertoire)
    if numbers is not None:
        return numbers
    characters = [c for c in word if c != "+"]
    if len(characters) == 1 and "+" not in word:
        forms = [g.name for g in repertoire.by_text(characters[0])] if alone else []
        return forms or by_parts(word)
    if not word.isascii() and not regex.match(r"[\w]+:", word):
        exact = repertoire.by_text(word)
        return [g.name for g in exact] if exact else by_parts(word)
    try:
        return [g.name for g in lookup(word)]
    except GaijiError:
        return []


def _by_number(word: str, repertoire: Repertoire) -> list[str] | None:
    """Glyphs of a name, an official number or a maker's code; None for a word that is none."""
    if match := _NAME.fullmatch(word):
        glyph = repertoire.get(f"{match[1].upper()}{int(match[2]):06}")
        return [glyph.name] if glyph else []
    if match := _NUMBER.fullmatch(word):
        kind, number = _KINDS.get(match[1], match[1].lower()), match[2].upper()
        if kind == "daikanwa":
            return list(_daikanwa().get(number, ()))
        by = {"koseki": repertoire.by_koseki, "touki": repertoire.by_touki, "juki": repertoire.by_juki}
        return [g.name for g in by[kind](number)]
    if match := _JUKI.fullmatch(word):
        return [g.name for g in repertoire.by_juki(match[1].upper())]
    if match := _CODE.fullmatch(word):
        code = match[1].upper()
        found = [g.name for by in (repertoire.by_koseki, repertoire.by_touki) for g in by(code)]
        if 0x3000 < int(code, 16) < 0x110000 and len(code) < 7:
            found += [g.name for g in repertoire.by_text(chr(int(code, 16)))]
        return list(dict.fromkeys([*found, *by_any_code(code)]))
    return None


def _by_reading(word: str, repertoire: Repertoire) -> list[str]:
    """Glyphs with a reading; else those of the surnames that are read so, first where they differ."""
    found = [g.name for g in repertoire.by_reading(word)]
    if found:
        return found
    surnames = _surnames().get(hiragana(word), ())
    characters = dict.fromkeys(c for surname in surnames for c in surname if not _KANA.fullmatch(c))
    in_all = {c for c in characters if all(c in surname for surname in surnames)}
    ordered = sorted(characters, key=lambda c: c in in_all)  # 渡 stands in all, 辺 邊 邉 in some
    return list(dict.fromkeys(g.name for c in ordered for g in repertoire.by_text(c)))


def hiragana(text: str) -> str:
    """Katakana as hiragana."""
    return text.translate(_KATAKANA)


@lru_cache(maxsize=1)
def _surnames() -> dict[str, tuple[str, ...]]:
    return {reading: tuple(some.split("|")) for reading, some in read_rows("surnames.tsv")}


@lru_cache(maxsize=1)
def _nicknames() -> dict[str, tuple[str, ...]]:
    return {hiragana(called): tuple(glyphs.split("|")) for called, glyphs, *_ in read_rows("nicknames.tsv")}


@lru_cache(maxsize=1)
def _daikanwa() -> dict[str, tuple[str, ...]]:
    out: dict[str, list[str]] = {}
    for name, number in daikanwa().items():
        out.setdefault(number, []).append(name)
    return {number: tuple(names) for number, names in out.items()}
