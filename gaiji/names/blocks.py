"""Which pairs of records are looked at: those that share a block, each pair once.

Owns the blocks. A pair in no block is never seen by anybody, so they are wide; what they hold is judged in
``gaiji.names.matching``.
"""

from __future__ import annotations

import polars as pl

BLOCKS = (
    "birth",
    "birth+word",
    "name",
    "reading",
    "name+reading",
    "name+place",
    "reading+place",
    "given+place",
)
"""Block → what is equal in it: ``birth`` a whole date (month and day in any order), ``word`` any word of the
name or the reading, or how the name ends; ``given`` the last word; ``place`` the end of the town and the
numbers.
"""
PAIRS = pl.Schema({"x": pl.UInt32, "y": pl.UInt32})


def candidates(left: pl.DataFrame, right: pl.DataFrame, largest: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """Pairs (x, y: row numbers of the two frames) and, by block, the pairs of blocks that have more than
    ``largest`` and were left out of it."""
    found, left_out = [pl.DataFrame(schema=PAIRS)], {}
    for block in BLOCKS:
        sides = [_keys(frame, block) for frame in (left, right)]
        sizes = sides[0].group_by("key").len().join(sides[1].group_by("key").len(), on="key")
        sizes = sizes.with_columns(pairs=pl.col("len").cast(pl.Int64) * pl.col("len_right"))
        too_many = sizes.filter(pl.col("pairs") > largest)
        if too_many.height:
            left_out[block] = int(too_many["pairs"].sum())
        kept = sides[0].join(sizes.filter(pl.col("pairs") <= largest).select("key"), on="key", how="semi")
        joined = kept.join(sides[1], on="key").select(x="row", y="row_right")
        found.append(joined.unique(maintain_order=False))
    return pl.concat(found).unique(maintain_order=False).sort("x", "y"), left_out


def _keys(frame: pl.DataFrame, block: str) -> pl.DataFrame:
    """(key: hash of what must be equal, row: the frame's row number) of the records that have it all."""
    numbered = frame.with_row_index("x")
    parts = [_part(numbered, part) for part in block.split("+")]
    keys = parts[0]
    for part in parts[1:]:
        keys = keys.join(part, on="row").select("row", key=pl.struct("key", "key_right").hash())
    return keys.select("key", "row")


def _part(frame: pl.DataFrame, part: str) -> pl.DataFrame:
    simple = {"birth": pl.col("day"), "name": pl.col("v"), "reading": pl.col("k"), "place": pl.col("place")}
    if part in simple:
        held = frame.select(row="x", text=simple[part])
    elif part == "given":
        held = _words(frame, pl.col("vw").str.extract_all(" ([^ ]+)$"))
    else:
        ends = pl.concat_list(pl.col("v").str.tail(2))
        held = pl.concat(
            [_words(frame, w) for w in (pl.col("vw").str.split(" "), pl.col("kw").str.split(" "), ends)]
        )
    return held.filter(pl.col("text").is_not_null() & (pl.col("text") != "")).select(
        "row", key=pl.col("text").hash()
    )


def _words(frame: pl.DataFrame, words: pl.Expr) -> pl.DataFrame:
    return frame.select(row="x", text=words).explode("text")
