"""Japanese addresses as town and numbers, so that 三丁目１２番５号 and 3-12-5 are one place.

Owns the cutting of an address into 町・大字, 字, numbers (丁目, 番, 号, 枝番) and what follows (方書), and
when two are the same place. It knows no list of towns: what it cannot cut is said in docs/matching.md.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from gaiji.names.keys import key, keys
from gaiji.standard.characters import SELECTOR

_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"壱": 1, "弐": 2, "参": 3}
_SCALES = {"十": 10, "百": 100, "千": 1000, "拾": 10}
_MARKS = "丁目|番地|番|号"
_KANJI = f"([{''.join(_DIGITS)}{''.join(_SCALES)}]+)({_MARKS}|地割|線|条|-)"
_MARKED = rf"(\d+)(?:(?:{_MARKS})[のノ之]?|-)"
_BRANCH = r"(\d)[のノ之](\d)"
_SHAPE = r"^((?:\D*\d+(?:条|線|地割))*\D*)(\d+(?:-\d+)*)?"
_KEPT = {"文字": "\ue000", "番町": "\ue001"}
"""Parts of towns' names that look like marks (十文字, 四番町)."""
_HYPHENS = "[-\u2010-\u2015\u2212ー─]+"
_MUNICIPALITY = "都道府県市区町村郡"


def places(addresses: pl.Series) -> pl.DataFrame:
    """``town``, ``aza``, ``numbers`` (as ``3-12-5``), each "" where there is none, and ``place``, the block
    key."""
    distinct = addresses.unique().to_frame("address")
    cut = distinct.with_columns(_parts(digits(distinct["address"]))).with_columns(
        place=place_key(pl.col("town"), pl.col("numbers"))
    )
    return (
        addresses.to_frame("address")
        .join(cut, on="address", how="left", maintain_order="left")
        .drop("address")
    )


def _parts(text: pl.Series) -> list[pl.Series]:
    """Town, 字 and numbers of addresses whose numerals are digits."""
    text = text.str.replace_all(SELECTOR, "").str.replace_all(r"[ガがヶ]", "ケ").str.replace_many(_KEPT)
    text = text.str.replace_all(_MARKED, "${1}-").str.replace_all(_BRANCH, "${1}-${2}")
    text = text.str.replace_all(_BRANCH, "${1}-${2}").str.replace_all("大字", "", literal=True)
    place = text.str.extract(_SHAPE, 1).fill_null("").str.replace_all(r"\s", "").str.strip_chars_start("字")
    town, aza = place.str.extract("^([^字]+)", 1).fill_null(""), place.str.extract("字(.+)$", 1).fill_null("")
    return [
        _town(town).alias("town"),
        _town(aza).alias("aza"),
        text.str.extract(_SHAPE, 2).fill_null("").alias("numbers"),
    ]


def _town(names: pl.Series) -> pl.Series:
    """Towns' names under their variant key, each distinct one once."""
    distinct = names.unique()
    folded = keys(distinct.str.replace_many({sign: text for text, sign in _KEPT.items()}), "variant")
    return names.replace_strict(distinct, folded, return_dtype=pl.String)


def digits(addresses: pl.Series) -> pl.Series:
    """The addresses in NFKC, lower case, one hyphen, and kanji numerals before 丁目, 番, 号 and the like as
    digits."""
    plain = pl.Series("x", addresses).str.normalize("NFKC").str.to_lowercase()
    plain = plain.str.replace_all(rf"(\d){_HYPHENS}", "${1}-").str.replace_many({"番町": _KEPT["番町"]})
    runs = plain.str.extract_all(_KANJI).explode().drop_nulls().unique()
    cut = runs.to_frame("run").with_columns(
        number=pl.col("run").str.extract(_KANJI, 1), mark=pl.col("run").str.extract(_KANJI, 2)
    )
    numbers = cut["number"].unique()
    written = dict(zip(numbers, (str(_number(number)) for number in numbers), strict=True))
    cut = cut.filter(pl.col("mark") != "").with_columns(
        new=pl.col("number").replace_strict(written, return_dtype=pl.String) + pl.col("mark")
    )
    cut = cut.sort(pl.col("run").str.len_chars(), descending=True)
    if cut.height:
        plain = plain.str.replace_many(cut["run"].to_list(), cut["new"].to_list(), leftmost=True)
    return plain.str.replace_all(_KEPT["番町"], "番町", literal=True)


def _number(kanji: str) -> int:
    """The value of 十二, 百二十三 or 一二三."""
    if not any(c in _SCALES for c in kanji):
        return int("".join(str(_DIGITS[c]) for c in kanji))
    total, now = 0, 0
    for c in kanji:
        if c in _DIGITS:
            now = now * 10 + _DIGITS[c]
        else:
            total, now = total + (now or 1) * _SCALES[c], 0
    return total + now


def place_key(town: pl.Expr, numbers: pl.Expr) -> pl.Expr:
    """What equal places have in common however much of the municipality is written; "" without numbers."""
    first = numbers.str.extract(r"^(\d+(?:-\d+){0,2})", 1).fill_null("")
    return pl.when((first != "") & (town != "")).then(town.str.tail(2) + first).otherwise(pl.lit(""))


def place_level(side_a: dict[str, pl.Expr], side_b: dict[str, pl.Expr]) -> pl.Expr:
    """2 the same place, 1 the same town, 0 another; null where a side is empty.

    Towns are the same when one is the other after a municipality (緑ヶ浦市緑町, 緑町); a 字 that only one
    side has does not tell them apart, nor do numbers of a flat after 丁目, 番 and 号.
    """
    one, other = side_a["numbers"], side_b["numbers"]
    town = (
        _town_within(side_a["town"], side_b["town"])
        | _town_within(side_b["town"], side_a["town"])
        | (side_a["town"] == side_b["town"])
    )
    aza = (side_a["aza"] == side_b["aza"]) | (side_a["aza"] == "") | (side_b["aza"] == "")
    flat = _flat_of(one, other) | _flat_of(other, one)
    same = town & aza & (one != "") & ((one == other) | flat)
    empty = [(side["town"] == "") & (side["numbers"] == "") for side in (side_a, side_b)]
    level = pl.when(same).then(2).when(town & aza).then(1).otherwise(0)
    return pl.when(~(empty[0] | empty[1])).then(level).cast(pl.Int8)


def _town_within(long: pl.Expr, short: pl.Expr) -> pl.Expr:
    """Whether what stands before the shorter town is a municipality."""
    before = long.str.head(
        long.str.len_chars().cast(pl.Int64) - short.str.len_chars().cast(pl.Int64).clip(0, None)
    )
    longer = long.str.len_chars() > short.str.len_chars()
    return longer & (short != "") & long.str.ends_with(short) & before.str.contains(_municipality())


@lru_cache(maxsize=1)
def _municipality() -> str:
    """What stands before a town ends so, in characters of the variant key."""
    return f"[{key(_MUNICIPALITY)}]$"


def _flat_of(long: pl.Expr, short: pl.Expr) -> pl.Expr:
    """Whether ``long`` is ``short`` and a number more, where short has 丁目, 番 and 号."""
    return long.str.starts_with(short + "-") & (short.str.count_matches("-", literal=True) >= 2)
