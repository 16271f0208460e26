"""Two records side by side: how far name, reading, birth date, sex and address agree, pair by pair, columnar.

Owns the levels of agreement and the score that sums them up. Which levels make a match is in
``gaiji.names.matching``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_

import polars as pl

from gaiji.names.addresses import place_level
from gaiji.names.dates import agree_partly, known, swapped

LEVELS = {
    "name": {0: "other", 1: "near", 2: "given", 3: "order", 4: "variant", 5: "glyph"},
    "kana": {0: "other", 1: "near", 2: "given", 3: "order", 4: "equal"},
    "birth": {0: "other", 1: "slip", 2: "swapped", 3: "partly", 4: "equal"},
    "sex": {0: "other", 1: "equal"},
    "place": {0: "other", 1: "town", 2: "same"},
}
"""Field → level → its name; null where one record does not say. ``order`` is the same words in another order
(氏 and 名 swapped, foreign names) or without a middle name; ``given`` another surname with the given name.
"""
WEIGHTS = {"name": 30.0, "kana": 25.0, "birth": 30.0, "sex": 3.0, "place": 12.0}
_WORTH = {
    "name": {1: 0.0, 2: 0.65, 3: 0.9, 4: 0.88, 5: 1.0},
    "kana": {1: 0.0, 2: 0.65, 3: 0.9, 4: 1.0},
    "birth": {1: 0.5, 2: 0.5, 3: 0.7, 4: 1.0},
    "sex": {1: 1.0},
    "place": {1: 0.3, 2: 1.0},
}
"""Share of a field's weight; names and readings that are near have their likeness."""
CHUNK = 100_000
"""Pairs that are side by side at once."""
_TEXTS = ("g", "v", "k", "vw", "kw", "latin", "script", "birth", "sex", "town", "aza", "numbers")


def compared(pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame, near: float) -> pl.DataFrame:
    """Pairs (x, y: row numbers of the prepared registers) with a, b (records), levels and ``score`` (0 to
    100).

    ``near`` is the least likeness (normalised Indel) of the level of that name.
    """
    parts = [_chunk(part, left, right, near) for part in pairs.iter_slices(CHUNK)]
    if not parts:
        return _chunk(pairs.clear(), left, right, near)
    return pl.concat(parts)


def _chunk(pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame, near: float) -> pl.DataFrame:
    sides = left.select("row", *_TEXTS)[pairs["x"]], right.select("row", *_TEXTS)[pairs["y"]]
    wide = pl.concat([sides[0], sides[1].rename(lambda c: f"{c}_b")], how="horizontal")
    wide = wide.with_columns(
        name_like=_likeness(wide, _name_texts(), pl.col("v") != pl.col("v_b")),
        kana_like=_likeness(wide, (pl.col("k"), pl.col("k_b")), _unequal("k")),
    )
    levels = wide.select(
        a="row",
        b="row_b",
        name=_name_level(near),
        kana=_word_level("k", "kw", pl.col("kana_like"), near),
        birth=_birth_level(wide),
        sex=pl.when((pl.col("sex") != "") & (pl.col("sex_b") != ""))
        .then((pl.col("sex") == pl.col("sex_b")).cast(pl.Int8))
        .otherwise(None),
        place=place_level(_side(""), _side("_b")),
        name_like="name_like",
        kana_like="kana_like",
    )
    return levels.with_columns(score=_score())


def _side(suffix: str) -> dict[str, pl.Expr]:
    return {column: pl.col(column + suffix) for column in ("town", "aza", "numbers")}


def _unequal(column: str) -> pl.Expr:
    other = f"{column}_b"
    return (pl.col(column) != "") & (pl.col(other) != "") & (pl.col(column) != pl.col(other))


def _scripts_differ() -> pl.Expr:
    return (pl.col("script") != pl.col("script_b")) & (pl.col("script") != "") & (pl.col("script_b") != "")


def _kana_and_kanji() -> pl.Expr:
    """One name in kana, the other in kanji: their spelling says nothing, their reading does."""
    kana, none = pl.lit("kana"), pl.lit("")
    one, other = pl.col("script"), pl.col("script_b")
    return ((one == kana) & (other == none)) | ((one == none) & (other == kana))


def _name_texts() -> tuple[pl.Expr, pl.Expr]:
    """What is likened: the names, or both in Latin letters when one is in kana and one in Latin letters."""
    apart = _scripts_differ()
    one, other = ((pl.when(apart).then(f"latin{s}").otherwise(f"v{s}")) for s in ("", "_b"))
    return one, other


def _likeness(wide: pl.DataFrame, texts: tuple[pl.Expr, pl.Expr], where: pl.Expr) -> pl.Series:
    """Normalised Indel similarity (0 to 1) where asked for, else null; each distinct pair of texts once."""
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cpdist

    asked = wide.select(where.fill_null(False).alias("where")).to_series()
    hit = wide.filter(asked).select(x=texts[0], y=texts[1])
    distinct = hit.unique()
    values = cpdist(
        distinct["x"].to_list(), distinct["y"].to_list(), scorer=Indel.normalized_similarity, dtype=np.float32
    )
    table = distinct.with_columns(like=pl.Series(values, dtype=pl.Float32))
    likes = hit.join(table, on=["x", "y"], how="left", maintain_order="left")["like"]
    out = pl.Series("like", [None], dtype=pl.Float32).new_from_index(0, wide.height)
    return out.scatter(asked.arg_true(), likes)


def _sorted_words(column: str) -> pl.Expr:
    return pl.col(column).str.split(" ").list.sort().list.join(" ")


def _reordered(column: str) -> pl.Expr:
    """The same two or more words in another order, or all of one's words among the other's (two at least)."""
    one, other = pl.col(column), pl.col(f"{column}_b")
    several = one.str.contains(" ", literal=True) & other.str.contains(" ", literal=True)
    same = _sorted_words(column) == _sorted_words(f"{column}_b")
    x, y = one.str.split(" "), other.str.split(" ")
    fewer = pl.min_horizontal(x.list.n_unique(), y.list.n_unique())
    within = (x.list.set_intersection(y).list.len() == fewer) & (fewer >= 2)
    return several & (one != other) & (same | within)


def _same_given(column: str) -> pl.Expr:
    """The given name of one record ends the other: of both in words, or one that is written without a
    space."""
    one, other = pl.col(column), pl.col(f"{column}_b")
    given, given_b = one.str.extract(" ([^ ]+)$", 1), other.str.extract(" ([^ ]+)$", 1)
    both = given == given_b
    ends = given_b.is_null() & other.str.ends_with(given) & (given.str.len_chars() >= 2)
    starts = given.is_null() & one.str.ends_with(given_b) & (given_b.str.len_chars() >= 2)
    return both.fill_null(False) | ends.fill_null(False) | starts.fill_null(False)


def _word_level(text: str, spaced: str, like: pl.Expr, near: float) -> pl.Expr:
    """Level of a reading."""
    one, other = pl.col(text), pl.col(f"{text}_b")
    return (
        pl.when((one == "") | (other == ""))
        .then(None)
        .when(one == other)
        .then(4)
        .when(_reordered(spaced))
        .then(3)
        .when(_same_given(spaced))
        .then(2)
        .when(like >= near)
        .then(1)
        .otherwise(0)
        .cast(pl.Int8)
    )


def _name_level(near: float) -> pl.Expr:
    return (
        pl.when((pl.col("v") == "") | (pl.col("v_b") == ""))
        .then(None)
        .when((pl.col("v") == pl.col("v_b")) & (pl.col("g") == pl.col("g_b")))
        .then(5)
        .when(pl.col("v") == pl.col("v_b"))
        .then(4)
        .when(_kana_and_kanji())
        .then(None)
        .when(_reordered("vw"))
        .then(3)
        .when(_same_given("vw"))
        .then(2)
        .when(pl.col("name_like") >= near)
        .then(1)
        .when(_scripts_differ())
        .then(None)
        .otherwise(0)
        .cast(pl.Int8)
    )


def _birth_level(wide: pl.DataFrame) -> pl.Expr:
    """Equal, agreeing as far as both go, month and day exchanged, a slip of the hand, or another day."""
    one, other = pl.col("birth"), pl.col("birth_b")
    slip = _slip(wide)
    return (
        pl.when((one == "") | (other == ""))
        .then(None)
        .when((one == other) & ~_partly_known(one))
        .then(4)
        .when(agree_partly(one, other))
        .then(3)
        .when(swapped(one, other))
        .then(2)
        .when(pl.lit(slip))
        .then(1)
        .otherwise(0)
        .cast(pl.Int8)
    )


def _partly_known(key: pl.Expr) -> pl.Expr:
    return key.str.contains(r"^\d{8}$") & ~known(key)


def _slip(wide: pl.DataFrame) -> pl.Series:
    """One digit wrong or two neighbours exchanged, in whole dates."""
    one, other = pl.col("birth"), pl.col("birth_b")
    digit = [one.str.slice(i, 1) == other.str.slice(i, 1) for i in range(8)]
    wrong = 8 - pl.sum_horizontal(same.cast(pl.Int8) for same in digit)
    crossed = [
        (one.str.slice(i, 1) == other.str.slice(i + 1, 1))
        & (one.str.slice(i + 1, 1) == other.str.slice(i, 1))
        for i in range(7)
    ]
    neighbours = (wrong == 2) & reduce(lambda x, y: x | y, [c & ~digit[i] for i, c in enumerate(crossed)])
    whole = reduce(and_, (known(key) for key in (one, other)))
    return wide.select((whole & ((wrong == 1) | neighbours)).alias("slip")).to_series()


def _score() -> pl.Expr:
    """Points of 100 over what both records have."""
    worth = []
    for field, table in _WORTH.items():
        share = pl.col(field).replace_strict({0: 0.0, **table}, return_dtype=pl.Float64)
        if field in ("name", "kana"):
            share = pl.max_horizontal(share, pl.col(f"{field}_like").cast(pl.Float64) * 0.9)
        worth.append((pl.col(field).is_not_null(), share, WEIGHTS[field]))
    points = pl.sum_horizontal(pl.when(has).then(share * weight) for has, share, weight in worth)
    most = pl.sum_horizontal(pl.when(has).then(weight) for has, _, weight in worth)
    return (100 * points / pl.max_horizontal(most, pl.lit(1.0))).round(2)


def evidence(levels: pl.DataFrame) -> Iterator[pl.Series]:
    """What speaks for a pair and what against it, each as words with a space between; another surname with
    the given name speaks for both."""
    full = {"name": 3, "kana": 3, "birth": 3, "sex": 1, "place": 2}
    for side, wanted in (("agrees", True), ("differs", False)):
        words = []
        for field, table in LEVELS.items():
            for level, label in table.items():
                text = field if label in ("equal", "same", "other") else f"{field}:{label}"
                if label == "given":
                    words.append(_told(field, level, text if wanted else f"{field}:surname"))
                elif (level >= full[field]) is wanted:
                    words.append(_told(field, level, text))
        yield levels.select(pl.concat_str(words, separator=" ", ignore_nulls=True).alias(side)).to_series()


def _told(field: str, level: int, text: str) -> pl.Expr:
    return pl.when(pl.col(field) == level).then(pl.lit(text))
