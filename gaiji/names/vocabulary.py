"""The distinct words of names and their keys: which words are a query's word, begin with it, hold it, or
nearly are it.

Owns look-ups in one vocabulary; levels say how much was folded. Which records hold a word is in
``gaiji.names.postings``, what a clerk sees of it in ``gaiji.names.searching``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import polars as pl
import regex
from numpy.typing import NDArray

from gaiji.names.keys import fold, keys
from gaiji.names.romaji import romaji_key
from gaiji.names.single import key, latin
from gaiji.standard.characters import SELECTORS

IDS = NDArray[np.uint32]
CODES = NDArray[np.uint8]
KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー゛゜ﾞﾟ\u3099\u309a]+")
LATIN = regex.compile(r"[\p{Latin}'’`.\-ー]+")
_KANA_WORD = r"^[\p{Hiragana}\p{Katakana}ー゛゜ﾞﾟ\u{3099}\u{309A}]+$"
_LATIN_WORD = r"^[\p{Latin}'’`.\-]+$"
_NO_SELECTOR = rf"([^{SELECTORS}]|$)"
_LAST = "\U0010ffff"
_LEAST_NEAR = {"kana": 2, "latin": 3, "kanji": 2}
"""Characters that a word needs before one of them may be wrong; one more when it stands alone."""


class Level(IntEnum):
    """How much was folded: nothing, a variant or a way to write kana, 濁点 or lengths or romaji or a
    homophone, one character wrong."""

    WRITTEN = 0
    SPELLED = 1
    SOUND = 2
    NEAR = 3


class Extent(IntEnum):
    """How much of a word the query's word is."""

    WHOLE = 0
    BEGINNING = 1
    INSIDE = 2


@dataclass(frozen=True)
class Words:
    """Words that were found: their numbers, with a ``Level`` and an ``Extent`` for each."""

    ids: IDS
    levels: CODES
    extents: CODES

    @classmethod
    def of(cls, parts: list[_Part]) -> Words:
        """From (numbers, level, extent); a word in several is of the first."""
        ids = np.concatenate([np.empty(0, np.uint32), *(part[0] for part in parts)]).astype(np.uint32)
        levels = np.concatenate([np.empty(0, np.uint8), *(np.full(len(p[0]), p[1], np.uint8) for p in parts)])
        extents = np.concatenate(
            [np.empty(0, np.uint8), *(np.full(len(p[0]), p[2], np.uint8) for p in parts)]
        )
        first = np.unique(ids, return_index=True)[1]
        return cls(ids[first], levels[first], extents[first])

    def __len__(self) -> int:
        return len(self.ids)


class _Sorted:
    """One key of every word, in order, for words that have it."""

    def __init__(self, texts: pl.Series, ids: IDS) -> None:
        frame = pl.DataFrame({"text": texts, "id": pl.Series(ids, dtype=pl.UInt32)})
        frame = frame.filter(pl.col("text") != "").sort("text")
        self.texts, self.ids = frame["text"], frame["id"].to_numpy()

    def equal(self, texts: list[str]) -> list[IDS]:
        """For each text, the words whose key it is."""
        return self._between(texts, texts)

    def beginning(self, texts: list[str]) -> list[IDS]:
        """For each text, the words whose key begins with it."""
        return self._between(texts, [text + _LAST for text in texts])

    def holding(self, text: str) -> IDS:
        hit: IDS = self.ids[self.texts.str.contains(text, literal=True).arg_true().to_numpy()]
        return hit

    def near(self, text: str) -> IDS:
        """Words of which one character is wrong, missing, too much, or exchanged with its neighbour."""
        sizes = self.texts.str.len_chars()
        rows = sizes.is_between(len(text) - 1, len(text) + 1).arg_true()
        hit: IDS = self.ids[rows.to_numpy()[one_wrong(text, self.texts.gather(rows).to_list())]]
        return hit

    def _between(self, low: list[str], high: list[str]) -> list[IDS]:
        starts = self.texts.search_sorted(pl.Series(low, dtype=pl.String), side="left")
        ends = self.texts.search_sorted(pl.Series(high, dtype=pl.String), side="right")
        return [self.ids[start:end] for start, end in zip(starts, ends, strict=True)]


def one_wrong(text: str, others: list[str]) -> NDArray[np.bool_]:
    """Which of the others are one edit away (optimal string alignment) or equal."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    if not others:
        return np.empty(0, np.bool_)
    distances = cdist([text], others, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)[0]
    near: NDArray[np.bool_] = distances <= 1
    return near


class Vocabulary:
    """Distinct words with the keys by which they are found."""

    def __init__(self, words: pl.Series) -> None:
        self.words = words
        ids = np.arange(len(words), dtype=np.uint32)
        kana = words.str.contains(_KANA_WORD)
        latin = words.str.normalize("NFKC").str.contains(_LATIN_WORD)
        variants = keys(words, "variant")
        self._variant = _Sorted(variants, ids)
        some = kana | words.str.contains(r"[\p{Hiragana}\p{Katakana}]")
        in_kana, numbers = words.filter(some), ids[some.arg_true().to_numpy()]
        self._kana = _Sorted(keys(in_kana, "kana"), numbers)
        self._as_written = _Sorted(keys(in_kana, "kana-written"), numbers)
        whole, numbers = words.filter(kana), ids[kana.arg_true().to_numpy()]
        self._loose = _Sorted(keys(whole, "kana-loose"), numbers)
        sounding = words.filter(kana | latin)
        self._romaji = _Sorted(_romaji(sounding), ids[(kana | latin).arg_true().to_numpy()])
        kanji = ~(kana | latin)
        self._kanji = _Sorted(variants.filter(kanji), ids[kanji.arg_true().to_numpy()])

    def __len__(self) -> int:
        return len(self.words)

    def in_kana(self, ids: IDS) -> NDArray[np.bool_]:
        """Which of some words are in kana throughout."""
        kana: NDArray[np.bool_] = self.words.gather(ids).str.contains(_KANA_WORD).to_numpy()
        return kana

    def whole(self, words: list[str], *, sound: bool = True) -> list[Words]:
        """For each word, the words that are it; with ``sound`` also those that only sound alike."""
        return [Words.of(parts) for parts in self._whole(words, sound)]

    def beginning(self, words: list[str]) -> list[Words]:
        """For each word, the words that are it or begin with it."""
        both = zip(self._whole(words, True), self._beginning(words), strict=True)
        return [Words.of([*one, *other]) for one, other in both]

    def anywhere(self, word: str) -> Words:
        """Words that are this one, begin with it, or hold it."""
        return Words.of([*self._whole([word], True)[0], *self._beginning([word])[0], *self._inside(word)])

    def nearly(self, word: str, *, alone: bool = False) -> Words:
        """Words that differ from this one in one character; ``alone``: no other word speaks for them."""
        size, kind = len(key(word, "base")), kind_of(word)
        if size < _LEAST_NEAR[kind] + alone:
            return Words.of([])
        held = {"kana": self._loose, "latin": self._romaji, "kanji": self._kanji}[kind]
        keys_by: dict[str, Callable[[str], str]] = {"kana": _loose, "latin": latin, "kanji": _variant}
        text = keys_by[kind](word)
        return Words.of([(held.near(text), Level.NEAR, Extent.WHOLE)])

    def _whole(self, words: list[str], sound: bool) -> list[list[_Part]]:
        found = self._variant.equal([key(word) for word in words])
        parts = [self._graded(ids, word, Extent.WHOLE) for ids, word in zip(found, words, strict=True)]
        looks: list[_Look] = [("kana", self._kana.equal, _kana, Level.SPELLED)]
        if sound:
            looks += [("kana", self._loose.equal, _loose, Level.SOUND)]
            looks += [("latin", self._romaji.equal, latin, Level.SOUND)]
        return _add(parts, words, looks, Extent.WHOLE)

    def _beginning(self, words: list[str]) -> list[list[_Part]]:
        found = self._variant.beginning([key(word) for word in words])
        parts = [self._graded(ids, word, Extent.BEGINNING) for ids, word in zip(found, words, strict=True)]
        looks: list[_Look] = [
            ("kana", self._kana.beginning, _kana, Level.SPELLED),
            ("kana", self._as_written.beginning, _as_written, Level.SPELLED),
            ("kana", self._loose.beginning, _loose, Level.SOUND),
            ("latin", self._romaji.beginning, latin, Level.SOUND),
        ]
        return _add(parts, words, looks, Extent.BEGINNING)

    def _inside(self, word: str) -> list[_Part]:
        parts = self._graded(self._variant.holding(key(word)), word, Extent.INSIDE)
        if kind_of(word) == "kana":
            for held, name in ((self._kana, "kana"), (self._as_written, "kana-written")):
                parts.append((held.holding(key(word, name)), Level.SPELLED, Extent.INSIDE))
        return parts

    def _graded(self, ids: IDS, word: str, extent: Extent) -> list[_Part]:
        """Words of one variant key: those written as the query is before the others."""
        if not len(ids):
            return []
        written = self.words.gather(ids).str.contains(pl.escape_regex(word) + _NO_SELECTOR).to_numpy()
        return [(ids[written], Level.WRITTEN, extent), (ids[~written], Level.SPELLED, extent)]


_Part = tuple[IDS, int, int]
_Look = tuple[str, Callable[[list[str]], list[IDS]], Callable[[str], str], Level]
"""Kind of word, look-up, key, and the level of what is found."""


def _add(parts: list[list[_Part]], words: list[str], looks: list[_Look], extent: Extent) -> list[list[_Part]]:
    """What further look-ups find of the words of their kind, all words of one kind at once."""
    for kind, look_up, key_by, level in looks:
        numbers = [number for number, word in enumerate(words) if kind_of(word) == kind and key_by(word)]
        if numbers:
            found = look_up([key_by(words[number]) for number in numbers])
            for number, ids in zip(numbers, found, strict=True):
                parts[number].append((ids, level, extent))
    return parts


def kind_of(word: str) -> str:
    """kana, latin or kanji (anything else)."""
    if KANA.fullmatch(word):
        return "kana"
    return "latin" if LATIN.fullmatch(key(word, "base")) else "kanji"


def _variant(word: str) -> str:
    return key(word)


def _kana(word: str) -> str:
    return key(word, "kana")


def _as_written(word: str) -> str:
    return key(word, "kana-written")


def _loose(word: str) -> str:
    return key(word, "kana-loose")


def _romaji(words: pl.Series) -> pl.Series:
    text = words.to_frame("w").select(fold(fold(pl.col("w"), "width"), "case"))
    return text.select(romaji_key(pl.col("w"))).to_series()
