"""Kana and Latin letters brought together: one spelling for Hepburn, 訓令 and passport forms.

Owns the syllables (内閣告示第一号「ローマ字のつづり方」, 1954, 第1表 and 第2表) and what passports write
(旅券のヘボン式: m before b, m, p; long vowels unmarked or OH). The key finds names, it does not transliterate
them.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl

_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "s": "サシスセソ",
    "t": "タチツテト",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "m": "マミムメモ",
    "r": "ラリルレロ",
    "g": "ガギグゲゴ",
    "z": "ザジズゼゾ",
    "d": "ダヂヅデド",
    "b": "バビブベボ",
    "p": "パピプペポ",
}
_OTHERS = {
    "ヤ": "ya",
    "ユ": "yu",
    "ヨ": "yo",
    "ワ": "wa",
    "ヲ": "o",
    "ン": "n",
    "ヴ": "bu",
    "ヰ": "i",
    "ヱ": "e",
}
_SMALL_Y = {"ャ": "ya", "ュ": "yu", "ョ": "yo"}
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
_TO_ONE = {
    "shi": "si",
    "sh": "sy",
    "chi": "ti",
    "ch": "ty",
    "tsu": "tu",
    "fu": "hu",
    "ji": "zi",
    "jy": "zy",
    "j": "zy",
    "dzu": "zu",
    "du": "zu",
    "di": "zi",
    "dy": "zy",
    "wo": "o",
    "l": "r",
    "v": "b",
    "mb": "nb",
    "mp": "np",
    "mm": "nm",
    "tch": "tty",
    "tchi": "tti",
    "cch": "tty",
    "cchi": "tti",
    "c": "k",
}
"""Hepburn and passport forms → 訓令, the longest first; l and v as katakana has them."""
MARKS = {"'": "", "’": "", "`": "", "-": "", "ー": ""}


LONG = (("oh([^aiueoy]|$)", "o${1}"), ("o[ou]+", "o"), ("u+", "u"), ("e[ei]+", "e"))
"""Long vowels and how they are shortened, in this order."""


def romaji_key(text: pl.Expr) -> pl.Expr:
    """Kana or Latin text (NFKC, any case, without spaces) → one 訓令-like spelling, long vowels as short
    ones.

    たきぐち, takiguchi and takiguti have one key; so have Ohno, Oono, Ōno and オオノ. Other characters stay.
    """
    text = text.str.to_lowercase().str.replace_many(kana_syllables(), leftmost=True)
    text = text.str.replace_all("ッ(.)", "${1}${1}").str.replace_many({"ッ": "", **MARKS})
    text = text.str.normalize("NFD").str.replace_all(r"[\u{0300}-\u{036F}]", "")
    text = text.str.replace_many(latin_forms(), leftmost=True)
    for pattern, short in LONG:
        text = text.str.replace_all(pattern, short)
    return text


@lru_cache(maxsize=1)
def kana_syllables() -> dict[str, str]:
    """Katakana, and hiragana by their offset; syllables of two kana before those of one."""
    one = {kana: c + v for c, row in _ROWS.items() for v, kana in zip("aiueo", row, strict=True)} | _OTHERS
    one |= {"ヂ": "zi", "ヅ": "zu"}
    two = {i + y: one[i][:-1] + tail for i in one if one[i].endswith("i") for y, tail in _SMALL_Y.items()}
    vowels = {
        kana + small: one[kana][:-1] + vowel
        for kana in one
        if len(one[kana]) > 1
        for small, vowel in _SMALL.items()
    }
    wide = {
        "シェ": "sye",
        "ジェ": "zye",
        "チェ": "tye",
        "ヴァ": "ba",
        "ヴィ": "bi",
        "ヴェ": "be",
        "ヴォ": "bo",
    }
    whole = {
        **wide,
        **{k: v for k, v in {**two, **vowels}.items() if k not in wide},
        **one,
        **_SMALL,
        **_SMALL_Y,
    }
    plain = dict(sorted(whole.items(), key=lambda item: -len(item[0])))
    low = {"".join(chr(ord(c) - 0x60) for c in kana): latin for kana, latin in plain.items()}
    return {**plain, **low, "っ": "ッ"}


@lru_cache(maxsize=1)
def latin_forms() -> dict[str, str]:
    """Spellings of other systems → 訓令, the longest first."""
    return dict(sorted(_TO_ONE.items(), key=lambda item: -len(item[0])))
