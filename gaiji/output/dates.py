"""Dates of the source as days in ISO 8601, for whole columns at once.

Owns the spellings (和暦 and 西暦) and the expressions that read them; nothing is guessed: what no spelling
fits, or no calendar has, is no date. The proof reads dates in its own way (``gaiji.proof.dates``).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gaiji.output.recipe import Dates

_FULL = "０１２３４５６７８９ＭＴＳＨＲｍｔｓｈｒ．／－−‐\u3000零壱弐参拾"
_HALF = "0123456789MTSHRmtshr./--- 〇一二三十"
_NUMBER = "[0-9]{1,2}"
_KANJI = "[〇一二三四五六七八九十]{1,3}"
_DIGITS = "〇一二三四五六七八九"
_TIME = r"(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?"
_WESTERN = (
    rf"^(?:西暦)? *([0-9]{{4}}) *年() *({_NUMBER}|{_KANJI}) *月() *({_NUMBER}|{_KANJI}) *日$",
    rf"^([0-9]{{4}})([-./]) *({_NUMBER})([-./]) *({_NUMBER}){_TIME}$",
    r"^([0-9]{4})()([0-9]{2})()([0-9]{2})$",
)


def _numerals() -> dict[str, str]:
    """Every way to write 1 to 99 in kanji, with the number; 元 is the first year."""
    found = {"元": "1"}
    for number in range(1, 100):
        tens, ones = divmod(number, 10)
        last = _DIGITS[ones] if ones else ""
        written = [_DIGITS[tens] + _DIGITS[ones]] + ([_DIGITS[ones]] if not tens else [])
        written += [_DIGITS[tens] + "十" + last] if tens else []
        written += ["十" + last] if tens == 1 else []
        found |= dict.fromkeys(written, str(number))
    return found


_NUMERALS = _numerals()


def days(texts: pl.Series, rule: Dates) -> pl.Series:
    """The day of each text, as the rule writes it; null for what is no date. An empty text, and one of blanks
    alone, is "" where ``special`` does not say otherwise."""
    distinct = texts.unique()
    text = distinct.str.replace_many(list(_FULL), list(_HALF)).str.strip_chars(" ")
    found = [_era(text, pattern, rule, marks) for pattern, marks in _patterns(rule)]
    if rule.western:
        found += [_western(text, pattern) for pattern in _WESTERN]
    frame = pl.DataFrame([one.alias(str(number)) for number, one in enumerate(found)])
    day = frame.select(pl.coalesce(pl.all())).to_series()
    if rule.basic:
        day = day.str.replace_all("-", "", literal=True)
    told = pl.DataFrame({"raw": distinct, "text": text, "day": day}).select(
        pl.when(pl.col("text") == "").then(pl.lit("")).otherwise("day").alias("day"), "raw"
    )
    old, new = zip(*rule.special, strict=True) if rule.special else ((), ())
    day = (
        distinct.replace_strict(list(old), list(new), default=told["day"], return_dtype=pl.String)
        if old
        else told["day"]
    )
    return texts.replace_strict(distinct, day, default=None, return_dtype=pl.String)


def _patterns(rule: Dates) -> list[tuple[str, Sequence[tuple[str, int]]]]:
    """The spellings of 和暦, each with what may stand for an era in it. Groups: era, year, month, day, and
    the signs between them, which must be the same."""
    out: list[tuple[str, Sequence[tuple[str, int]]]] = []
    if rule.words:
        era = _any(rule.words)
        year = f"({_NUMBER}|元|{_KANJI})"
        part = f"({_NUMBER}|{_KANJI})"
        out.append((rf"^({era}) *{year} *年 *{part} *月 *{part} *日()()()$", rule.words))
        signs = rf"^({era})([-./]?) *({_NUMBER}|元) *([-./]) *({_NUMBER}) *([-./]) *({_NUMBER})$"
        out.append((signs, rule.words))
    if rule.marks:
        signs = rf"^({_any(rule.marks)})([-./]) *({_NUMBER}) *([-./]) *({_NUMBER}) *([-./]) *({_NUMBER})$"
        out.append((signs, rule.marks))
    both = (*rule.words, *rule.marks)
    if both:
        out.append((rf"^({_any(both)})([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})()()()$", both))
    return out


def _any(spellings: Sequence[tuple[str, int]]) -> str:
    """An expression for any of some spellings, the longest first."""
    escape = pl.Series([text for text, _ in spellings]).str.escape_regex().to_list()
    return "|".join(sorted(escape, key=len, reverse=True))


def _groups(text: pl.Series, pattern: str) -> pl.DataFrame:
    return text.to_frame("t").select(pl.col("t").str.extract_groups(pattern)).unnest("t")


def _iso(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """A day in ISO 8601, null where the calendar does not have it."""
    parts = [year.cast(pl.String).str.zfill(4), *(part.str.zfill(2) for part in (month, day))]
    written = pl.concat_str(parts, separator="-")
    return pl.when(written.str.to_date("%Y-%m-%d", strict=False).is_not_null()).then(written)


def _number(part: pl.Expr) -> pl.Expr:
    """A number in kanji as digits; digits as they are, null for kanji that are no number."""
    plain = pl.when(part.str.contains("^[0-9]+$")).then(part)
    return pl.coalesce(plain, part.replace_strict(list(_NUMERALS), list(_NUMERALS.values()), default=None))


def _western(text: pl.Series, pattern: str) -> pl.Series:
    found = _groups(text, pattern)
    year, first, month, second, day = (pl.col(name) for name in found.columns)
    iso = _iso(year, _number(month), _number(day))
    return found.select(pl.when((year != "0000") & (first == second)).then(iso)).to_series()


def _era(text: pl.Series, pattern: str, rule: Dates, spellings: Sequence[tuple[str, int]]) -> pl.Series:
    """The days of what fits a spelling of 和暦; null where the era does not have the day."""
    found = _groups(text, pattern)
    signs = pattern.count("[-./]") > 0
    at = (0, 2, 4, 6) if signs else (0, 1, 2, 3)
    between = (1, 3, 5) if signs else ()
    era, year, month, day = (pl.col(found.columns[number]) for number in at)
    if signs:
        apart, first, second = (pl.col(found.columns[number]) for number in between)
        same = (first == second) & ((apart == "") | (apart == first))
    else:
        same = pl.lit(True)
    which = era.replace_strict(
        [spelling for spelling, _ in spellings], [number for _, number in spellings], default=None
    )
    told = found.select(
        which=which, same=same, year=_number(year).cast(pl.Int64), month=_number(month), day=_number(day)
    )
    numbers = list(range(len(rule.eras)))

    def of(values: Sequence[object], kind: pl.DataType) -> pl.Expr:
        return pl.col("which").replace_strict(numbers, list(values), default=None, return_dtype=kind)

    first_year = of([one.year for one in rule.eras], pl.Int64())
    begins = of([one.first for one in rule.eras], pl.String())
    ends = of([one.last or "9999-12-31" for one in rule.eras], pl.String())
    told = told.with_columns(
        iso=_iso(first_year + pl.col("year") - 1, pl.col("month"), pl.col("day")), begins=begins, ends=ends
    )
    inside = pl.col("iso") >= pl.col("begins")
    if not rule.beyond:
        inside &= pl.col("iso") <= pl.col("ends")
    return told.select(pl.when(inside & pl.col("same") & (pl.col("year") > 0)).then("iso")).to_series()
