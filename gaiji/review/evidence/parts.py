"""Finds glyphs as a clerk thinks of them: by parts, IDS, strokes, radical, reading, number or character.

Owns the query's form and the matching of parts on the IDS table. Look-ups by number and character are
``gaiji.codes.lookup``'s.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import regex
from rapidfuzz import fuzz, process

from gaiji.codes.lookup import lookup
from gaiji.errors import GaijiError
from gaiji.standard.relations import load_ids
from gaiji.standard.repertoire import Repertoire, load_repertoire

OPERATORS = frozenset(chr(c) for c in range(0x2FF0, 0x3000)) | {"〾", "㇯"}
_STROKES = regex.compile(r"(\d{1,2})画")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]+")
_RADICAL = regex.compile(r"(?:部首|部)[:：]?(\d{1,3}|.)|(.)部")
SAME_PART = (
    ("辶", "辶⻌⻍⻎"),
    ("艹", "艹⺾⺿⻀䒑"),
    ("示", "示礻⺬⺭"),
    ("食", "食飠𩙿⻝⻞⻟"),
    ("阝", "阝⻖⻏"),
    ("氵", "氵⺡"),
    ("忄", "忄⺖"),
)
"""Parts that are typed in one form and stand in several."""
MAX_QUERY = 100


def find(query: str, *, limit: int = 60) -> list[str]:
    """Glyph names for a query, best first; words are separated by spaces and all must hold.

    A word is parts (``辶+鳥``, ``⿰氵``, ``⿺辶⿳自穴口``), strokes (``19画``), a radical (``部首:162``,
    ``辵部``),
    a reading (``わたなべ``, ``ワタ``), a number or name (``戸籍:445000``, ``J+9089``, ``MJ026190``), or a
    character: all its forms, or as a part when other words stand beside it.
    """
    words = unicodedata.normalize("NFC", query[:MAX_QUERY]).split()
    if not words:
        return []
    found = [_word(word, alone=len(words) == 1) for word in words]
    others = [set(names) for names in found[1:]]
    return [name for name in found[0] if all(name in names for names in others)][:limit]


def _word(word: str, *, alone: bool) -> list[str]:
    repertoire = load_repertoire()
    if match := _STROKES.fullmatch(word):
        return [g.name for g in repertoire.by_strokes(int(match[1]))]
    if match := _RADICAL.fullmatch(word):
        return [g.name for g in repertoire.by_radical(match[1] or match[2])]
    if _KANA.fullmatch(word) and not any(c in OPERATORS for c in word):
        return [g.name for g in repertoire.by_reading(word)]
    characters = [c for c in word if c not in "+＋"]
    if len(characters) == 1 and "+" not in word and "＋" not in word:
        forms = [g.name for g in repertoire.by_text(characters[0])] if alone else []
        return forms or by_parts(word)
    if not word.isascii() and not regex.match(r"[\w]+[:：]", word):
        exact = repertoire.by_text(word)
        return [g.name for g in exact] if exact else by_parts(word)
    try:
        return [g.name for g in lookup(word)]
    except GaijiError:
        return []


def by_parts(typed: str) -> list[str]:
    """Glyphs whose characters hold all the parts typed, those with least besides first; near misses of an IDS
    follow.
    """
    parts = Counter(_same(c) for c in typed if c not in OPERATORS and c not in "+＋")
    if not parts:
        return []
    atoms = _atoms()
    hits = [c for c, (have, _) in atoms.items() if all(have.get(part, 0) >= n for part, n in parts.items())]
    wanted = _flat(typed)
    hits.sort(key=lambda c: (not any(ids.startswith(typed) for ids in load_ids().get(c, ())), atoms[c][1], c))
    if not hits and len(typed) > 2:
        flat = {c: _flat(ids[0]) for c, ids in load_ids().items()}
        hits = [c for _, _, c in process.extract(wanted, flat, scorer=fuzz.ratio, score_cutoff=75, limit=30)]
    return list(dict.fromkeys(_glyphs(hits, load_repertoire())))


def _glyphs(characters: Iterable[str], repertoire: Repertoire) -> Iterable[str]:
    for character in characters:
        for glyph in repertoire.by_text(character):
            yield glyph.name


@lru_cache(maxsize=1)
def _atoms() -> dict[str, tuple[Counter[str], int]]:
    """Character → (every part it holds at any depth, how many smallest parts it has)."""
    table = load_ids()
    known: dict[str, tuple[Counter[str], int]] = {}

    def of(character: str, depth: int) -> tuple[Counter[str], int]:
        if character in known:
            return known[character]
        rows = table.get(character, ())
        have, size = Counter({_same(character): 1}), 1
        if rows and rows[0] != character and depth < 8:
            size = 0
            for ids in rows:
                inner: Counter[str] = Counter()
                smallest = 0
                for part in _parts(ids):
                    counts, number = of(part, depth + 1) if part != character else (Counter({part: 1}), 1)
                    inner += counts
                    smallest += number
                have |= inner
                size = max(size, smallest)
        known[character] = have, size
        return have, size

    return {character: of(character, 0) for character in table}


def _parts(ids: str) -> list[str]:
    """The operands of an IDS; an unencoded part ``{67}`` counts as one."""
    return [p for p in regex.findall(r"\{\d+\}|.", ids) if p not in OPERATORS]


def _flat(ids: str) -> str:
    return "".join(_same(p) for p in _parts(ids) if p not in "+＋")


def _same(part: str) -> str:
    return _SAME.get(part, part)


_SAME = {form: first for first, forms in SAME_PART for form in forms}
