"""Search keys of names: spellings of one name that people would look for together get one key.

Owns the foldings and which of them a key uses; vectorised over polars. A key finds people, it never says that
two glyphs are the same. Comparing two registers is in ``gaiji.names.matching``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, overload

import polars as pl

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.series import text_column
from gaiji.standard.characters import SELECTOR
from gaiji.standard.relations import read_rows
from gaiji.standard.repertoire import load_repertoire

KEYS: dict[str, tuple[str, ...]] = {
    "glyph": ("default-selector", "space"),
    "base": ("width", "selector", "case", "space"),
    "variant": ("width", "selector", "case", "space", "variant"),
    "kana": ("width", "selector", "case", "space", "kana", "long-vowel"),
    "kana-written": ("width", "selector", "case", "space", "kana"),
    "kana-loose": ("width", "selector", "case", "space", "kana", "voice", "length"),
}
"""Key → its foldings, in the order in which they are done.

- ``default-selector``: a selector that says what the plain character says anyway (form ``needed``)
- ``width``: half and full width, ﾞ and ﾟ, compatibility characters (NFKC)
- ``selector``: IVS and standardised variation selectors
- ``case``: Latin letters in lower case
- ``space``: spaces and middle dots
- ``variant``: the classes of ``mappings/repertoire/keys.tsv`` (their rule: docs/matching.md), 変体仮名 of
one reading, ヶ/ケ, ヵ/カ
- ``kana``: hiragana and katakana, 変体仮名 of one reading, small kana, ヴ/バ行, ヂ/ジ, ヅ/ズ, ヰ/イ, ヱ/エ,
ヲ/オ
- ``long-vowel``: a lengthened vowel is written one way (コウ, コオ, コー → コー; ケイ, ケエ → ケー); its
length stays, since オオノ and オノ are two families
- ``voice``: 濁点 and 半濁点 left out (ザ → サ)
- ``length``: a lengthened vowel as a short one (コウ, コー → コ), for searching only
"""
CLASSES = "keys.tsv"
_SPACES = r"[\s\u{3000}\u{200B}-\u{200D}\u{FEFF}\u{30FB}\u{FF65}\u{00B7}\u{2022}\u{2027}]"
LONG = (
    r"([オコソトノホモヨロヲゴゾドボポ])[ウオー]",
    r"([ウクスツヌフムユルグズヅブプヴ])[ウー]",
    r"([エケセテネヘメレゲゼデベペ])[イエー]",
    r"([イキシチニヒミリギジヂビピ])[イー]",
    r"([アカサタナハマヤラワガザダバパ])[アー]",
)
"""A kana and what lengthens its vowel, by the row of the vowel (内閣告示「現代仮名遣い」第1の5, both in
hiragana's and katakana's way).
"""
_VOICED = str.maketrans("", "", "\u3099\u309a")
KANA_PAIRS = {
    "ヴァ": "バ",
    "ヴィ": "ビ",
    "ヴェ": "ベ",
    "ヴォ": "ボ",
    "ヴャ": "ビヤ",
    "ヴュ": "ビユ",
    "ヴョ": "ビヨ",
    "ヴ": "ブ",
    "ヂ": "ジ",
    "ヅ": "ズ",
    "ヰ": "イ",
    "ヱ": "エ",
    "ヲ": "オ",
    "ヷ": "バ",
    "ヸ": "ビ",
    "ヹ": "ベ",
    "ヺ": "ボ",
    **dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True)),
}


def fold(expression: pl.Expr, folding: str) -> pl.Expr:
    """One folding of a column of text; UsageError for an unknown name."""
    if folding not in _FOLDINGS:
        raise UsageError(
            fault("E0186", "there is no folding {folding!r}", folding=folding[:40]),
            next=tr("use {foldings}", foldings=", ".join(_FOLDINGS)),
        )
    return _FOLDINGS[folding](expression)


def key_expr(expression: pl.Expr, kind: str = "variant") -> pl.Expr:
    """The key of a column of names, lazy; null stays null. UsageError for an unknown kind."""
    if kind not in KEYS:
        raise UsageError(
            fault("E0187", "there is no key {kind!r}", kind=kind[:40]),
            next=tr("use {keys}", keys=", ".join(KEYS)),
        )
    for folding in KEYS[kind]:
        expression = fold(expression, folding)
    return expression


@overload
def keys(names: pl.Series, kind: str = ...) -> pl.Series: ...
@overload
def keys(names: list[str], kind: str = ...) -> list[str]: ...
@overload
def keys(names: Any, kind: str = ...) -> Any: ...
def keys(names: Any, kind: str = "variant") -> Any:
    """The keys of a column of names, as long as it is and of the same kind: a list, an Arrow array, a polars
    or pandas series, a NumPy array (see ``gaiji.model.series``). ArgumentTypeError for anything else."""
    given = text_column(names, "names")
    frame = pl.DataFrame({"n": given.series})
    return given.back(frame.select(key_expr(pl.col("n"), kind)).to_series())


def key(name: str, kind: str = "variant") -> str:
    """The key of one name."""
    return str(keys(pl.Series([name]), kind)[0])


def foldings_used(name: str, kind: str = "variant") -> tuple[str, ...]:
    """The foldings of a key that changed this name, in order."""
    used, now = [], name
    for folding in KEYS[kind]:
        after = str(pl.select(fold(pl.lit(now), folding)).item())
        if after != now:
            used.append(folding)
        now = after
    return tuple(used)


# -- the foldings ------------------------------------------------------------------------------------


def _default_selector(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(_default_texts())


def _variant(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(variant_classes())


def _width(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many({"゛": "\u3099", "゜": "\u309a"}).str.normalize("NFKC")


def _kana(text: pl.Expr) -> pl.Expr:
    """Katakana, small ones as large ones; the pairs of ヴ go first, as the longest pattern wins."""
    return text.str.replace_many(katakana()).str.replace_many(KANA_PAIRS, leftmost=True)


def _long_vowel(text: pl.Expr) -> pl.Expr:
    for pattern in LONG:
        text = text.str.replace_all(pattern, "${1}ー")
    return text


def _length(text: pl.Expr) -> pl.Expr:
    return _long_vowel(text).str.replace_all("ー", "", literal=True)


def _voice(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(voiceless())


_FOLDINGS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "default-selector": _default_selector,
    "width": _width,
    "selector": lambda text: text.str.replace_all(SELECTOR, ""),
    "case": lambda text: text.str.to_lowercase(),
    "space": lambda text: text.str.replace_all(_SPACES, ""),
    "variant": _variant,
    "kana": _kana,
    "long-vowel": _long_vowel,
    "voice": _voice,
    "length": _length,
}


@lru_cache(maxsize=1)
def voiceless() -> dict[str, str]:
    """ガ → カ and the like, by their canonical decomposition."""
    kana = (chr(code) for code in range(0x30A1, 0x30FB))
    plain = {c: unicodedata.normalize("NFD", c).translate(_VOICED) for c in kana}
    return {c: p for c, p in plain.items() if c != p}


@lru_cache(maxsize=1)
def katakana() -> dict[str, str]:
    """Hiragana and 変体仮名 of one reading → katakana."""
    plain = {chr(code): chr(code + 0x60) for code in [*range(0x3041, 0x3097), 0x309D, 0x309E]}
    return plain | {sign: plain[kana] for sign, kana in _hentaigana().items()}


@lru_cache(maxsize=1)
def _hentaigana() -> dict[str, str]:
    """変体仮名 → its hiragana; those of several readings are left out, since a key has one spelling."""
    frame = load_repertoire(gj=False).frame.filter((pl.col("list") == "hentaigana") & (pl.col("base") != ""))
    return {base: kana for base, kana in frame.select("base", "readings").iter_rows() if len(kana) == 1}


@lru_cache(maxsize=1)
def _default_texts() -> dict[str, str]:
    frame = load_repertoire().frame.filter(pl.col("default") & (pl.col("text") != pl.col("base")))
    return dict(frame.select("text", "base").iter_rows())


@lru_cache(maxsize=1)
def variant_classes() -> dict[str, str]:
    """Character → the one that stands for its variants: the commonest of them, of the lowest code."""
    out = {_text(ucs): _text(first) for ucs, first, *_ in read_rows(CLASSES)}
    return out | _hentaigana() | {"ヶ": "ケ", "ヵ": "カ"}


def _text(ucs: str) -> str:
    return "".join(chr(int(code, 16)) for code in ucs.split())
