"""People whose name a shrunk table no longer tells apart, and those whose name holds a look-alike.

Owns the list of people (one row a person and reason). What a character becomes is in
``gaiji.shrinking.shrinker``, files are in ``gaiji.shrinking.files``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from gaiji.shrinking.evidence import ANOTHER, SIMILAR
from gaiji.standard.repertoire import load_repertoire

PEOPLE_COLUMNS = ("record", "key", "what", "group", "birth", "field", "position", "written", "original")
"""``what``: ``equal-name`` (the name became that of the others of ``group``, who were written otherwise;
``birth`` says whether one of those has an equal birth date: equal, other, or "" without a column of dates)
or ``lookalike`` (the policy took a look-alike: field, position, what was written, for what)."""
EQUAL, LOOKALIKE = "equal-name", "lookalike"
_BETWEEN = "\x1f"


def equal_names(
    before: pl.DataFrame, after: pl.DataFrame, names: Sequence[str], birth: str = ""
) -> pl.DataFrame:
    """The people whose name became another's: ``row`` (from 0), ``group`` (from 1), ``birth``.

    ``before`` and ``after`` have the same rows; ``names`` are the columns that make up the name. Names that
    were equal already are no news: a group has at least two that were written otherwise, as glyphs.
    """
    plain = dict(
        load_repertoire()
        .frame.filter(pl.col("default") & (pl.col("text") != pl.col("base")))
        .select("text", "base")
        .iter_rows()
    )
    old, new = (
        frame.select(
            pl.concat_str(pl.col(names).cast(pl.String).fill_null(""), separator=_BETWEEN)
        ).to_series()
        for frame in (before, after)
    )
    moved = new.filter(old != new).unique()
    frame = pl.DataFrame({"old": old, "new": new}).with_row_index("row")
    days = (
        before[birth].cast(pl.String).fill_null("")
        if birth
        else pl.Series([""] * before.height, dtype=pl.String)
    )
    frame = frame.with_columns(day=days).filter(pl.col("new").is_in(moved.implode()))
    frame = frame.with_columns(pl.col("old").str.replace_many(plain) if plain else pl.col("old"))
    several = pl.col("old").n_unique()
    known = pl.col("day").str.contains("[1-9]")  # 00000000 and 不詳 are no date
    alike = pl.when(known & (several.over("new", "day") > 1)).then(pl.lit("equal"))
    return (
        frame.filter(several.over("new") > 1)
        .with_columns(
            group=pl.col("new").rank("dense").cast(pl.Int64),
            birth=alike.otherwise(pl.lit("other")) if birth else pl.lit(""),
        )
        .select(pl.col("row").cast(pl.Int64), "group", "birth")
        .sort("group", "row")
    )


def people(equal: pl.DataFrame, side: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
    """The list of people, with ``PEOPLE_COLUMNS``: those of ``equal_names``, then those of the side table
    (columns of ``gaiji.shrinking.files.SIDE_COLUMNS``) that hold a look-alike. ``keys``: of all records.
    """
    none = pl.lit(None, pl.Int64)
    named = equal.select(
        (pl.col("row") + 1).alias("record"),
        keys.gather(equal["row"]).alias("key"),
        pl.lit(EQUAL).alias("what"),
        "group",
        "birth",
        pl.lit("").alias("field"),
        none.alias("position"),
        pl.lit("").alias("written"),
        pl.lit("").alias("original"),
    )
    like = side.filter(pl.col("asserts").is_in([SIMILAR, ANOTHER])).select(
        "record",
        "key",
        pl.lit(LOOKALIKE).alias("what"),
        none.alias("group"),
        pl.lit("").alias("birth"),
        "field",
        "position",
        "written",
        "original",
    )
    return pl.concat([named, like])


def counted(equal: pl.DataFrame, side: pl.DataFrame) -> Mapping[str, int]:
    """People by what happened to their names, and the groups of equal ones."""
    like = side.filter(pl.col("asserts").is_in([SIMILAR, ANOTHER]))
    return {
        "equal-names": equal["group"].n_unique(),
        "people-with-an-equal-name": equal.height,
        "and-birth-date": equal.filter(pl.col("birth") == "equal").height,
        "people-with-a-lookalike": like["record"].n_unique(),
    }
