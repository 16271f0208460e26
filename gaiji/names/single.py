"""The keys of one word without a table: the foldings of ``gaiji.names.keys`` as plain Python.

Owns a twin of those foldings for queries, since an automaton of all variants costs more than the whole
search; a test holds both equal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from gaiji.names import keys, romaji
from gaiji.standard.characters import bare

_SPACES = re.compile(
    "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "\u200b-\u200d\ufeff\u30fb\uff65\u00b7\u2022\u2027]"
)
_MARKS = {"゛": "\u3099", "゜": "\u309a"}


@lru_cache(maxsize=10_000)
def key(word: str, kind: str = "variant") -> str:
    """What ``gaiji.names.keys.key`` gives."""
    for folding in keys.KEYS[kind]:
        word = _FOLDINGS[folding](word)
    return word


@lru_cache(maxsize=10_000)
def latin(word: str) -> str:
    """What ``gaiji.names.romaji.romaji_key`` gives for a word under ``width`` and ``case``."""
    word = _width(word).lower()
    kana, spelled = romaji.kana_syllables(), romaji.latin_forms()
    word = _longest(kana).sub(lambda m: kana[m[0]], word)
    word = re.sub("ッ(.)", r"\1\1", word)
    word = "".join(romaji.MARKS.get(c, c) for c in word.replace("ッ", ""))
    word = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", word))
    word = _longest(spelled).sub(lambda m: spelled[m[0]], word)
    for pattern, short in romaji.LONG:
        word = re.sub(pattern, short.replace("${1}", r"\1"), word)
    return word


def _longest(table: dict[str, str]) -> re.Pattern[str]:
    return _pattern(tuple(table))


@lru_cache(maxsize=8)
def _pattern(texts: tuple[str, ...]) -> re.Pattern[str]:
    """The first of some texts that fits, in their order."""
    return re.compile("|".join(map(re.escape, texts)))


def _width(word: str) -> str:
    return unicodedata.normalize("NFKC", "".join(_MARKS.get(c, c) for c in word))


def _variant(word: str) -> str:
    classes = keys.variant_classes()
    return "".join(classes.get(c, c) for c in word)


def _kana(word: str) -> str:
    katakana = keys.katakana()
    word = "".join(katakana.get(c, c) for c in word)
    return _longest(keys.KANA_PAIRS).sub(lambda m: keys.KANA_PAIRS[m[0]], word)


def _long_vowel(word: str) -> str:
    for pattern in keys.LONG:
        word = re.sub(pattern, r"\1ー", word)
    return word


def _voice(word: str) -> str:
    plain = keys.voiceless()
    return "".join(plain.get(c, c) for c in word)


_FOLDINGS: dict[str, Callable[[str], str]] = {
    "width": _width,
    "selector": bare,
    "case": str.lower,
    "space": lambda word: _SPACES.sub("", word),
    "variant": _variant,
    "kana": _kana,
    "long-vowel": _long_vowel,
    "voice": _voice,
    "length": lambda word: _long_vowel(word).replace("ー", ""),
}
