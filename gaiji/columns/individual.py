"""個人番号 in columns: how many rows hold one.

What a 個人番号 is, in one text, is ``gaiji.standard.individual``'s. Knows no field's name: a number is
found wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gaiji.kernel.digits import digit_rows
from gaiji.model import Column
from gaiji.standard.individual import DIGIT, DIGITS, FOUR, GAP, WEIGHTS, checked, holds

if TYPE_CHECKING:
    import polars as pl

_RUNS = f"{DIGIT}+"
_GROUPS = f"{FOUR}{GAP}{FOUR}{GAP}?{FOUR}|{FOUR}{GAP}?{FOUR}{GAP}{FOUR}"
_NARROW = {chr(0xFF10 + digit): str(digit) for digit in range(10)}


def number_holds(raw: bytes, type: str, order: str) -> bool:
    """Whether a zoned, packed or binary number, well written or not, is a 個人番号 behind any zeros."""
    nibbles = raw.hex()
    texts = {
        "zoned": (nibbles[1::2], nibbles[1:-1:2], nibbles[3::2]),
        "packed": (nibbles, nibbles[:-1]),
        "binary": (str(int.from_bytes(raw, "little" if order == "little" else "big")),),
    }
    digits = (text.zfill(DIGITS) if len(text) > DIGITS - 3 else text for text in texts.get(type, ()))
    return any(
        text[-DIGITS:].isdecimal() and not text[:-DIGITS].strip("0") and checked(text[-DIGITS:])
        for text in digits
        if len(text) >= DIGITS
    )


def rows_holding(column: Column) -> int:
    """How many rows of a column hold a 個人番号."""
    enough = digit_rows(column.data, column.offsets, DIGITS)
    if not enough:
        return 0
    import polars as pl

    from gaiji.kernel.arrow import int64_series, text_series

    texts = text_series("t", column.data, column.offsets).gather(int64_series("row", enough))
    grouped = texts.str.contains(_GROUPS)
    groups = sum(map(holds, texts.filter(grouped)))  # few: numbers that are written in fours
    rows = pl.DataFrame({"t": texts.filter(~grouped).str.extract_all(_RUNS)}).with_row_index("row")
    plain = pl.col("t").str.replace_many(_NARROW)
    rows = rows.explode("t").drop_nulls().with_columns(plain).filter(pl.col("t").str.len_bytes() == DIGITS)
    return groups + (0 if rows.is_empty() else int(rows.filter(_right())["row"].n_unique()))


def _right() -> pl.Expr:
    """Whether the check digit is right of twelve digits in the column ``t``."""
    import polars as pl

    digit = [pl.col("t").str.slice(n, 1).cast(pl.Int64) for n in range(DIGITS)]
    rest = pl.sum_horizontal(w * d for w, d in zip(WEIGHTS, digit, strict=False)) % 11
    wanted = pl.when(rest <= 1).then(0).otherwise(11 - rest)
    return (digit[-1] == wanted) & (pl.col("t").cast(pl.Int64) > 0)
