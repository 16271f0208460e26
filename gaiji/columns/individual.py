"""個人番号 in text: where a field holds one, and text without it.

Owns the check digit. A 個人番号 is twelve digits whose last is the 検査用数字 of 平成26年総務省令第85号,
第5条 (行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による通知カード及び個人番号
カード並びに情報提供ネットワークシステムによる特定個人情報の提供等に関する省令): with Pn the n-th of the
eleven other digits from the right, Qn = n + 1 for n ≤ 6 and n − 5 for n ≥ 7, it is 11 − (Σ PnQn mod 11),
and 0 where the remainder is 0 or 1. About one in eleven other numbers of twelve digits passes. Knows no
field's name: a number is found wherever it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from gaiji.model import Column

if TYPE_CHECKING:
    import polars as pl

DIGITS = 12
WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
"""Qn of the eleven digits, from the left."""
HIDDEN = "＊" * DIGITS
_DIGIT = "[0-9０-９]"
BETWEEN = " \u3000-‐‑‒–—―−－ーｰ"
"""What may stand between its fours: blanks, and whatever a charset makes of a dash."""
_FOUR, _GAP = f"{_DIGIT}{{4}}", f"[{BETWEEN.replace('-', '')}-]"
_NUMBER = regex.compile(f"(?<!{_DIGIT}){_FOUR}{_GAP}?{_FOUR}{_GAP}?{_FOUR}(?!{_DIGIT})")
_RUNS = f"{_DIGIT}+"
_GROUPS = f"{_FOUR}{_GAP}{_FOUR}{_GAP}?{_FOUR}|{_FOUR}{_GAP}?{_FOUR}{_GAP}{_FOUR}"
_OTHERS = bytes(byte for byte in range(256) if not 0x30 <= byte <= 0x39)
_NARROW = {chr(0xFF10 + digit): str(digit) for digit in range(10)}
_WIDE = b"\xef\xbc"
"""How full-width digits begin in UTF-8."""


def checked(digits: str) -> bool:
    """Whether twelve digits end in the right check digit; twelve zeros are no number."""
    rest = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False)) % 11
    return int(digits[-1]) == (0 if rest <= 1 else 11 - rest) and int(digits) > 0


def hidden(text: str) -> str:
    """A text with ＊ in the place of every 個人番号."""
    if len(text) < DIGITS:
        return text
    spans = [m.span() for m in _NUMBER.finditer(text, overlapped=True) if checked(_plain(m[0]))]
    for first, last in reversed(spans):
        text = text[:first] + HIDDEN + text[last:]
    return text


def holds(text: str) -> bool:
    """Whether a 個人番号 stands in a text."""
    return hidden(text) != text


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


def _plain(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())


def rows_holding(column: Column) -> int:
    """How many rows of a column hold a 個人番号. A column that cannot is passed over by a look at one byte in
    four: no four digits in a row escape that."""
    end = column.offsets[-1]
    if end < DIGITS or not _may_hold(column.data, end):
        return 0
    import polars as pl

    from gaiji.kernel.arrow import text_series

    texts = text_series("t", column.data, column.offsets)
    texts = texts.filter(texts.str.len_bytes() >= DIGITS)
    if texts.is_empty():
        return 0
    grouped = texts.str.contains(_GROUPS)
    groups = sum(map(holds, texts.filter(grouped)))  # few: numbers that are written in fours
    rows = pl.DataFrame({"t": texts.filter(~grouped).str.extract_all(_RUNS)}).with_row_index("row")
    plain = pl.col("t").str.replace_many(_NARROW)
    rows = rows.explode("t").drop_nulls().with_columns(plain).filter(pl.col("t").str.len_bytes() == DIGITS)
    return groups + (0 if rows.is_empty() else int(rows.filter(_right())["row"].n_unique()))


def _may_hold(data: bytearray, end: int) -> bool:
    """Whether four digits could stand in a row: ASCII ones at every fourth byte, or full-width ones."""
    return bool(data[3:end:4].translate(None, _OTHERS)) or data.find(_WIDE, 0, end) >= 0


def _right() -> pl.Expr:
    """Whether the check digit is right of twelve digits in the column ``t``."""
    import polars as pl

    digit = [pl.col("t").str.slice(n, 1).cast(pl.Int64) for n in range(DIGITS)]
    rest = pl.sum_horizontal(w * d for w, d in zip(WEIGHTS, digit, strict=False)) % 11
    wanted = pl.when(rest <= 1).then(0).otherwise(11 - rest)
    return (digit[-1] == wanted) & (pl.col("t").cast(pl.Int64) > 0)
