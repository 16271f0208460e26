"""What people decided about pairs of records, from earlier outputs of matching, for the next run.

Owns the words of a decision and when one still holds. What it does to the result is in
``gaiji.names.matching``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.output.tabular import need_columns, read_table

WORDS = {"same": True, "同一人": True, "同一": True, "different": False, "別人": False}
"""What may stand in the column ``decision``; an empty cell is no decision."""
_HOLDING = ("name", "kana", "birth", "sex")
"""What a decision rested on: where the file has these columns, they must still be what they were."""


@dataclass(frozen=True)
class Decided:
    """``pairs``: a, b (row numbers of the registers) and ``same``; ``words``: a, b and the decision as it was
    written; ``counts``: decisions used, about records that changed since, about records that are gone."""

    pairs: pl.DataFrame
    words: pl.DataFrame
    counts: tuple[int, int, int]


def decided_pairs(paths: Sequence[str | Path], left: pl.DataFrame, right: pl.DataFrame) -> Decided:
    """The decisions of some files (.csv, .tsv, .parquet) with the columns id_a, id_b and decision.

    UsageError for a missing column, another word in ``decision``, and decisions that contradict each other.
    """
    tables = [_read(path) for path in paths]
    columns = ["id_a", "id_b", "decision", *(f"{role}_{side}" for side in "ab" for role in _HOLDING)]
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    written = pl.concat(
        [empty, *(table.select(c for c in columns if c in table.columns) for table in tables)], how="diagonal"
    )
    known = _beside(written, left, "a").pipe(_beside, right, "b")
    gone = known.filter(pl.col("a").is_null() | pl.col("b").is_null())
    there = known.filter(pl.col("a").is_not_null() & pl.col("b").is_not_null())
    unchanged = pl.all_horizontal(
        pl.col(f"{role}_{side}").is_null()
        | (pl.col(f"{role}_{side}") == pl.col(f"{role}_{side}_now").fill_null(""))
        for side in "ab"
        for role in _HOLDING
    )
    held = there.filter(unchanged)
    words = held.select("a", "b", "decision").unique(["a", "b"], keep="first", maintain_order=True)
    pairs = held.select(
        "a", "b", same=pl.col("decision").replace_strict(WORDS, return_dtype=pl.Boolean)
    ).unique()
    return Decided(pairs, words, (words.height, there.height - held.height, gone.height))


def _read(path: str | Path) -> pl.DataFrame:
    table = read_table(path)
    need_columns(table, ["id_a", "id_b", "decision"], path)
    table = table.with_columns(pl.col("decision").fill_null("").str.strip_chars()).filter(
        pl.col("decision") != ""
    )
    wrong = table.filter(~pl.col("decision").is_in(list(WORDS)))
    if wrong.height:
        raise UsageError(
            fault(
                "E0376", "{height} decisions are none of {words}", height=wrong.height, words=", ".join(WORDS)
            ),
            where=str(path),
            next=tr("correct the column decision; an empty cell is no decision"),
        )
    return table


def _beside(written: pl.DataFrame, register: pl.DataFrame, side: str) -> pl.DataFrame:
    """The row number of a decision's record, and what the record says now."""
    now = register.with_row_index(side).select(
        pl.col(side).cast(pl.Int64),
        pl.col("id").cast(pl.String).alias(f"id_{side}"),
        *(pl.col(role).cast(pl.String).fill_null("").alias(f"{role}_{side}_now") for role in _HOLDING),
    )
    return written.join(now, on=f"id_{side}", how="left", maintain_order="left")
