"""Birth dates as registers write them: one key for each day, unknown parts as zeros, and how far two agree.

Owns the notations (calendar and era years) and what counts as unknown. What agreement is worth is in
``gaiji.names.compare``.
"""

from __future__ import annotations

import polars as pl

from gaiji.standard.eras import load_eras

_ERA = {word: era.year - 1 for era in load_eras() for word in (era.name, era.letter)}
"""Era, or its letter → the year before its first."""
_ERAS = f"({'|'.join(era.name for era in load_eras())}|[{''.join(era.letter for era in load_eras())}])"
_LETTERS = f"([{''.join(era.letter for era in load_eras())}])"
_WRITTEN = rf"^{_ERAS}?(\d{{1,4}})(?:[-/.年](\d{{1,2}})?(?:[-/.月](\d{{1,2}})?日?)?)?$"
_COMPACT = rf"^{_LETTERS}?(\d{{2}}|\d{{4}})(\d{{2}})(\d{{2}})$"
_TIME = r"[T ]0?0:00.*$"
_TAIL = r"月?日?(?:不詳|不明|未詳|頃|ごろ|生まれ|生)+$"
_NOTHING = r"^(?:[0\-/. ]+|[9\-/. ]+|\D*(?:不詳|不明|未詳|なし|無し)\D*|[-*?.]+)$"
"""All zeros, all nines, or words that say so: nobody's birth date."""


def date_keys(dates: pl.Series) -> pl.Series:
    """Dates as YYYYMMDD, of 1980/1/2, 1980-01-02, 19800102, S55.1.2, S550102 or 昭和55年1月2日; null stays
    null.

    An unknown month or day (00, 99, missing, 不詳) is ``00``, an unknown year ``0000``; a date of which
    nothing is known (00000000, 9999-99-99, 不詳) is "". What cannot be read as a date is kept as it is
    written but for spaces at the ends, so that it equals itself only.
    """
    distinct = dates.unique().drop_nulls().cast(pl.String)
    text = distinct.str.normalize("NFKC").str.strip_chars().str.to_uppercase()
    text = text.str.replace("元年", "1年", literal=True)
    bare = text.str.replace(_TIME, "").str.replace_all(" ", "", literal=True).str.replace(_TAIL, "")
    frame = pl.DataFrame({"text": text, "one": _dates_of(bare, _WRITTEN), "other": _dates_of(bare, _COMPACT)})
    day = pl.coalesce("one", "other", "text")
    nothing = pl.col("text").str.contains(_NOTHING) | (day == "00000000")
    key = frame.select(pl.when(nothing).then(pl.lit("")).otherwise(day)).to_series()
    return dates.cast(pl.String).replace_strict(distinct, key, default=None, return_dtype=pl.String)


def _dates_of(text: pl.Series, pattern: str) -> pl.Series:
    """YYYYMMDD where the pattern fits; a year has four digits, or an era and one or two."""
    cut = text.to_frame("t").select(pl.col("t").str.extract_groups(pattern)).unnest("t")
    era, written, month, day = (pl.col(name) for name in cut.columns[:4])
    fits = pl.when(era.is_null()).then(written.str.len_chars() == 4).otherwise(written.str.len_chars() <= 2)
    number = written.cast(pl.Int64)
    unknown = number.is_in([0, 9999]) | (era.is_not_null() & (number == 99))
    first = era.replace_strict(_ERA, default=None, return_dtype=pl.Int64).fill_null(0)
    whole = cut.select(
        fits=fits,
        year=pl.when(unknown).then(0).otherwise(number + first).cast(pl.String).str.zfill(4),
        month=month.fill_null("00").str.zfill(2).replace("99", "00"),
        day=day.fill_null("00").str.zfill(2).replace("99", "00"),
    )
    right = pl.col("fits") & (pl.col("month") <= "12") & (pl.col("day") <= "31")
    return whole.select(pl.when(right).then(pl.concat_str("year", "month", "day"))).to_series()


def known(key: pl.Expr) -> pl.Expr:
    """Whether a key of ``date_keys`` is a whole date."""
    return key.str.contains(r"^\d{8}$") & ~partial(key)


def partial(key: pl.Expr) -> pl.Expr:
    """Whether a key has an unknown year, month or day."""
    return key.str.contains(r"^(?:0000\d{4}|\d{4}00\d{2}|\d{6}00)$")


def agree_partly(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Whether two keys, one of which has unknown parts, agree in every part that both know, the year among
    them."""
    parts = [(0, 4), (4, 2), (6, 2)]
    same = []
    for start, size in parts:
        one, other = x.str.slice(start, size), y.str.slice(start, size)
        zero = "0" * size
        same.append((one == other) | (one == zero) | (other == zero))
    year = (x.str.head(4) != "0000") & (y.str.head(4) != "0000")
    return (partial(x) | partial(y)) & year & pl.all_horizontal(same)


def swapped(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Whether month and day are exchanged."""
    year, month, day = y.str.head(4), y.str.slice(4, 2), y.str.slice(6, 2)
    return known(x) & known(y) & (x == year + day + month) & (x != y)


def unordered(key: pl.Expr) -> pl.Expr:
    """A whole date with month and day in order of size, so that exchanged ones meet; null for others."""
    month, day = key.str.slice(4, 2), key.str.slice(6, 2)
    return pl.when(known(key)).then(
        key.str.head(4) + pl.when(month <= day).then(month + day).otherwise(day + month)
    )
