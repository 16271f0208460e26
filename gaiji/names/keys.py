"""Search keys of names: spellings of one name that people would look for together get one key.

Owns the foldings and which of them a key uses; vectorised over polars. A key finds people, it never says that
two glyphs are the same. Comparing two registers is in ``gaiji.names.matching``.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

import polars as pl

from gaiji.errors import UsageError
from gaiji.standard.relations import SHRINK, read_rows
from gaiji.standard.repertoire import load_repertoire

KEYS: dict[str, tuple[str, ...]] = {
    "glyph": ("default-selector", "space"),
    "base": ("width", "selector", "case", "space"),
    "variant": ("width", "selector", "case", "space", "variant"),
    "kana": ("width", "selector", "case", "space", "kana", "long-vowel"),
    "kana-written": ("width", "selector", "case", "space", "kana"),
}
"""Key → its foldings, in the order in which they are done.

- ``default-selector``: a selector that says what the plain character says anyway (form ``needed``)
- ``width``: half and full width, ﾞ and ﾟ, compatibility characters (NFKC)
- ``selector``: IVS and standardised variation selectors
- ``case``: Latin letters in lower case
- ``space``: spaces and middle dots
- ``variant``: 戸籍親字正字 and JIS 包摂 of the 縮退マップ, 異体字 lists of 戸籍, 常用漢字, 人名用漢字,
表外漢字 and 旧字体, 変体仮名 of one reading, ヶ/ケ, ヵ/カ
- ``kana``: hiragana and katakana, 変体仮名 of one reading, small kana, ヴ/バ行, ヂ/ジ, ヅ/ズ, ヰ/イ, ヱ/エ,
ヲ/オ
- ``long-vowel``: ー, and ウ or オ that lengthens (コウ, コオ, コー → コ)
"""
SHRINK_TABLES = frozenset({"koseki", "jis-ucs"})
VARIANT_KINDS = frozenset({"koseki", "joyo", "jinmei", "hyogai", "old"})
_SPACES = r"[\s\u{3000}\u{200B}-\u{200D}\u{FEFF}\u{30FB}\u{FF65}\u{00B7}\u{2022}\u{2027}]"
_SELECTORS = r"[\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]"
_LONG = (r"([オコソトノホモヨロヲゴゾドボポ])[ウオー]+", r"([ウクスツヌフムユルグズヅブプヴ])[ウー]+", "ー")
_KANA_PAIRS = {
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
        raise UsageError(f"there is no folding {folding[:40]!r}", next=f"use {', '.join(_FOLDINGS)}")
    return _FOLDINGS[folding](expression)


def key_expr(expression: pl.Expr, kind: str = "variant") -> pl.Expr:
    """The key of a column of names, lazy; null stays null. UsageError for an unknown kind."""
    if kind not in KEYS:
        raise UsageError(f"there is no key {kind[:40]!r}", next=f"use {', '.join(KEYS)}")
    for folding in KEYS[kind]:
        expression = fold(expression, folding)
    return expression


def keys(names: pl.Series, kind: str = "variant") -> pl.Series:
    """The keys of a column of names, as long as it is."""
    return (
        pl.DataFrame({"n": names.cast(pl.String)})
        .select(key_expr(pl.col("n"), kind))
        .to_series()
        .alias(names.name)
    )


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
    return text.str.replace_many(_katakana()).str.replace_many(_KANA_PAIRS, leftmost=True)


def _long_vowel(text: pl.Expr) -> pl.Expr:
    for pattern in _LONG:
        text = text.str.replace_all(pattern, "${1}" if "(" in pattern else "")
    return text


_FOLDINGS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "default-selector": _default_selector,
    "width": _width,
    "selector": lambda text: text.str.replace_all(_SELECTORS, ""),
    "case": lambda text: text.str.to_lowercase(),
    "space": lambda text: text.str.replace_all(_SPACES, ""),
    "variant": _variant,
    "kana": _kana,
    "long-vowel": _long_vowel,
}


@lru_cache(maxsize=1)
def _katakana() -> dict[str, str]:
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
    """Character → the one that stands for its variants: those in JIS X 0208 first, then the lower code."""
    joined = _Union()
    repertoire = load_repertoire(gj=False)
    for name, ucs, _, table, *_ in read_rows(SHRINK):
        if table in SHRINK_TABLES and (base := repertoire[name].base):
            joined.join(_plain(base), _plain(_text(ucs)))
    for ucs, other, kind in read_rows("variants.tsv"):
        if kind in VARIANT_KINDS:
            joined.join(_plain(_text(ucs)[0]), _plain(_text(other)[0]))
    for sign, kana in (*_hentaigana().items(), ("ヶ", "ケ"), ("ヵ", "カ")):
        joined.join(sign, kana)
    out = {}
    for group in joined.groups():
        first = min(group, key=_order)
        out.update({character: first for character in group if character != first})
    return out


class _Union:
    """Disjoint sets of characters."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, item: str) -> str:
        parent = self._parent.setdefault(item, item)
        while parent != item:
            self._parent[item] = self._parent[parent]
            item, parent = parent, self._parent[parent]
        return item

    def join(self, a: str, b: str) -> None:
        self._parent[self.find(a)] = self.find(b)

    def groups(self) -> Iterable[list[str]]:
        out: dict[str, list[str]] = defaultdict(list)
        for item in self._parent:
            out[self.find(item)].append(item)
        return out.values()


def _plain(character: str) -> str:
    """What ``width`` makes of it, since that folding goes before."""
    return unicodedata.normalize("NFKC", character)


def _order(character: str) -> tuple[int, bytes]:
    try:
        return 0, character.encode("iso2022_jp")
    except UnicodeError:
        return 1, character.encode("utf-32-be")


def _text(ucs: str) -> str:
    return "".join(chr(int(code, 16)) for code in ucs.split())
