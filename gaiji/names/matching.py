"""The same people in two registers: matched, matched but spelled differently, ambiguous, unmatched. Never
merges anything.

Owns the rules by which two records are one person, the blocks in which they are compared, and the score that
orders candidates. Keys are from ``gaiji.names.keys``; files, summary and queue are in
``gaiji.names.matchfile``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from gaiji.errors import UsageError
from gaiji.names.keys import key_expr

COLUMNS = ("id", "name", "kana", "birth", "sex", "address")
"""The columns of a register, all text; ``kana``, ``birth``, ``sex`` and ``address`` may be empty everywhere.
"""
STATUSES = ("matched", "matched-spelling", "ambiguous", "only-a", "only-b")
BLOCKS = (
    ("birth", "v"),
    ("birth", "k"),
    ("birth", "address_key"),
    ("birth", "v1"),
    ("birth", "k1"),
    ("v", "k"),
    ("v", "address_key"),
)
"""Records are compared that are equal in one of these: v and k are the variant and kana keys, v1 and k1 how
they begin.
"""
WEIGHTS = {"name": 30.0, "kana": 25.0, "birth": 30.0, "sex": 3.0, "address": 12.0}
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA = {**_ERAS, **dict(zip("MTSHR", _ERAS.values(), strict=True))}
"""Era → the year before its first; the letters are those of JIS X 0301."""
_WRITTEN = (
    r"^(明治|大正|昭和|平成|令和|[MTSHR])?(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]0?0:00.*)?$"
)
_COMPACT = r"^([MTSHR])?(\d{2}|\d{4})(\d{2})(\d{2})$"
RULES = ("glyph", "exact-key", "name+birth", "kana+birth", "name+kana")


@dataclass(frozen=True)
class MatchPolicy:
    """``near``: least likeness (0 to 1) of a name or kana that is not equal; ``margin``: how much better than
    the next
    candidate, in points of 100, the best must be; ``consider``: least score of an ambiguous candidate;
    ``largest``: pairs in one block above which it is left out, and told."""

    near: float = 0.5
    margin: float = 3.0
    consider: float = 70.0
    largest: int = 20_000

    def __post_init__(self) -> None:
        if not (
            0 <= self.near <= 1 and 0 <= self.margin <= 100 and 0 <= self.consider <= 100 and self.largest > 0
        ):
            raise UsageError(
                "a value of the match policy is out of its range",
                next="near is 0 to 1, margin and consider 0 to 100",
            )


@dataclass(frozen=True)
class Matches:
    """``pairs``: one row a result, with the columns ``status``, ``rule``, ``score`` and a, b (row numbers
    from 0, null where there is none); an ambiguous record of A has a row for each candidate. ``left_out``:
    block → pairs too many to compare."""

    pairs: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Status → records of A (of B for ``only-b``)."""
        rows = self.pairs.group_by("status").agg(a=pl.col("a").n_unique(), b=pl.col("b").n_unique())
        found = {status: b if status == "only-b" else a for status, a, b in rows.iter_rows()}
        return {status: found.get(status, 0) for status in STATUSES}


def match(a: pl.DataFrame, b: pl.DataFrame, *, policy: MatchPolicy | None = None) -> Matches:
    """Compare two registers with the columns ``COLUMNS``; UsageError when one is missing.

    First those alike in every glyph, reading, birth date and sex, when nobody else in either register is;
    then equal keys in place of glyphs; then pairs from blocks, scored with rapidfuzz and judged by the rules
    in docs/matching.md.
    """
    policy = policy or MatchPolicy()
    left, right = _prepared(a, "A"), _prepared(b, "B")
    done: list[pl.DataFrame] = []
    for rule, on in (("glyph", ["g", "k", "birth", "sex"]), ("exact-key", ["v", "k", "birth", "sex"])):
        found = _unique_join(left, right, on).with_columns(rule=pl.lit(rule), score=pl.lit(100.0))
        done.append(found)
        left, right = (
            left.join(found, left_on="row", right_on="a", how="anti"),
            right.join(found, left_on="row", right_on="b", how="anti"),
        )
    candidates, left_out = _candidates(left, right, policy)
    scored = _scored(candidates, left, right, policy)
    chosen = _chosen(scored, policy)
    done.append(chosen.select("a", "b", "rule", "score"))
    matched = pl.concat(done)
    return Matches(_assemble(matched, scored, a, b, policy), left_out)


def _prepared(frame: pl.DataFrame, which: str) -> pl.DataFrame:
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise UsageError(
            f"register {which} has no column {', '.join(missing)}",
            next="give an empty column for what it lacks",
        )
    text = frame.select(pl.col(*COLUMNS).cast(pl.String).fill_null("")).with_row_index("row")
    keyed = text.with_columns(
        g=key_expr(pl.col("name"), "glyph"),
        v=key_expr(pl.col("name"), "variant"),
        k=key_expr(pl.col("kana"), "kana"),
        address_key=key_expr(pl.col("address"), "variant"),
        birth=date_key(pl.col("birth")),
        sex=pl.col("sex").str.strip_chars(),
    )
    return keyed.with_columns(
        v1=pl.col("v").str.head(1), k1=pl.col("k").str.head(1), row=pl.col("row").cast(pl.Int64)
    )


def date_key(dates: pl.Expr) -> pl.Expr:
    """Dates as YYYYMMDD, of 1980/1/2, 1980-01-02, 19800102, S55.1.2, S550102 or 昭和55年1月2日; null stays
    null.

    What cannot be read as a date is kept as it is written but for spaces at the ends, so that it equals
    itself only.
    """
    text = (
        dates.str.normalize("NFKC")
        .str.strip_chars()
        .str.to_uppercase()
        .str.replace("元年", "1年", literal=True)
    )
    written, compact = _date_of(text, _WRITTEN), _date_of(text, _COMPACT)
    return pl.coalesce(written, compact, text)


def _date_of(text: pl.Expr, pattern: str) -> pl.Expr:
    """YYYYMMDD where the pattern fits; a year has four digits, or an era and one or two."""
    era, year, month, day = (text.str.extract(pattern, group) for group in (1, 2, 3, 4))
    first = era.replace_strict(_ERA, default=None, return_dtype=pl.Int64).fill_null(0)
    fits = pl.when(era.is_null()).then(year.str.len_chars() == 4).otherwise(year.str.len_chars() <= 2)
    whole = (year.cast(pl.Int64) + first).cast(pl.String).str.zfill(4) + month.str.zfill(2) + day.str.zfill(2)
    return pl.when(fits).then(whole)


def _unique_join(left: pl.DataFrame, right: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Pairs equal in all of ``on``, where one record of each side is so; none without a birth date."""
    sides = [
        frame.filter((pl.col(on[0]) != "") & (pl.col("birth") != ""))
        .filter(pl.struct(on).is_unique())
        .select("row", *on)
        for frame in (left, right)
    ]
    return sides[0].join(sides[1], on=on).select(a="row", b="row_right")


def _candidates(
    left: pl.DataFrame, right: pl.DataFrame, policy: MatchPolicy
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Pairs (a, b) that share a block, each once; and what was left out."""
    found, left_out = [pl.DataFrame(schema={"a": pl.Int64, "b": pl.Int64})], {}
    for block in BLOCKS:
        sides = [
            frame.filter(pl.all_horizontal(pl.col(c) != "" for c in block)).select("row", *block)
            for frame in (left, right)
        ]
        sizes = sides[0].group_by(block).len().join(sides[1].group_by(block).len(), on=block)
        sizes = sizes.with_columns(pairs=pl.col("len").cast(pl.Int64) * pl.col("len_right"))
        too_many = sizes.filter(pl.col("pairs") > policy.largest)
        if too_many.height:
            left_out["+".join(block)] = int(too_many["pairs"].sum())
            sides[0] = sides[0].join(too_many, on=block, how="anti")
        found.append(sides[0].join(sides[1], on=block).select(a="row", b="row_right"))
    return pl.concat(found).unique(maintain_order=False).sort("a", "b"), left_out


def _scored(
    pairs: pl.DataFrame, left: pl.DataFrame, right: pl.DataFrame, policy: MatchPolicy
) -> pl.DataFrame:
    """The pairs with likenesses (null where a side is empty), their score of 100 and the rule that holds (""
    for none).
    """
    wanted = ["v", "k", "birth", "sex", "address_key"]
    wide = pairs.join(left.select("row", *wanted), left_on="a", right_on="row", maintain_order="left").join(
        right.select("row", *wanted), left_on="b", right_on="row", suffix="_b", maintain_order="left"
    )
    wide = wide.with_columns(
        _likeness(wide, "v", _ratio).alias("name"),
        _likeness(wide, "k", _ratio).alias("kana"),
        _likeness(wide, "birth", _date_likeness).alias("date"),
        _likeness(wide, "sex", _equal).alias("gender"),
        _likeness(wide, "address_key", _ratio).alias("place"),
    )
    parts = {"name": "name", "kana": "kana", "date": "birth", "gender": "sex", "place": "address"}
    points = pl.sum_horizontal(pl.col(c) * WEIGHTS[w] for c, w in parts.items())
    most = pl.sum_horizontal(pl.col(c).is_not_null() * WEIGHTS[w] for c, w in parts.items())
    wide = wide.with_columns(
        score=(100 * points / pl.max_horizontal(most, pl.lit(1.0))).round(2), rule=_rule(policy.near)
    )
    return wide.select("a", "b", "rule", "score")


def _rule(near: float) -> pl.Expr:
    """Two of name, kana and birth date equal and the third not far, the sex not another; else ""."""
    name, kana, date, place = pl.col("name"), pl.col("kana"), pl.col("date"), pl.col("place")
    there = (place == 1).fill_null(False)
    same_sex = (pl.col("gender") == 1).fill_null(True)
    third_kana, third_name = (kana >= near).fill_null(there), (name >= near).fill_null(False)
    equal = [(c == 1).fill_null(False) for c in (name, kana, date)]
    return (
        pl.when(~same_sex)
        .then(pl.lit(""))
        .when(equal[0] & equal[2] & (third_kana | there))
        .then(pl.lit("name+birth"))
        .when(equal[1] & equal[2] & (third_name | there))
        .then(pl.lit("kana+birth"))
        .when(equal[0] & equal[1] & there & (date >= 0.5).fill_null(True))
        .then(pl.lit("name+kana"))
        .otherwise(pl.lit(""))
    )


def _likeness(wide: pl.DataFrame, column: str, compare: Callable[[str, str], float]) -> pl.Series:
    """0 to 1 for each pair, null where a side is empty; each distinct pair of texts is compared once."""
    other = f"{column}_b"
    texts = wide.select(column, other)
    distinct = texts.unique().filter((pl.col(column) != "") & (pl.col(other) != ""))
    values = [1.0 if x == y else compare(x, y) for x, y in distinct.iter_rows()]
    table = distinct.with_columns(pl.Series("likeness", values, dtype=pl.Float64))
    return texts.join(table, on=[column, other], how="left", maintain_order="left")["likeness"]


def _ratio(x: str, y: str) -> float:
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(x, y))


def _equal(x: str, y: str) -> float:
    return float(x == y)


def _date_likeness(x: str, y: str) -> float:
    """Half for one digit wrong or two neighbours swapped, as a hand slips; else nothing."""
    from rapidfuzz.distance import OSA

    return 0.5 if len(x) == len(y) and OSA.distance(x, y, score_cutoff=1) == 1 else 0.0


def _chosen(scored: pl.DataFrame, policy: MatchPolicy) -> pl.DataFrame:
    """Pairs with a rule that are the best of both records by the margin."""
    ranked = scored.with_columns(
        second_a=pl.col("score").sort(descending=True).get(1, null_on_oob=True).over("a"),
        second_b=pl.col("score").sort(descending=True).get(1, null_on_oob=True).over("b"),
    )
    clear = [pl.col("score") - pl.col(c).fill_null(-100) >= policy.margin for c in ("second_a", "second_b")]
    return ranked.filter((pl.col("rule") != "") & clear[0] & clear[1])


def _assemble(
    matched: pl.DataFrame, scored: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame, policy: MatchPolicy
) -> pl.DataFrame:
    """One table of all results, ordered by the records of A, then those only B has."""
    glyphs = [
        frame.select(key_expr(pl.col("name").cast(pl.String).fill_null(""), "glyph")).to_series()
        for frame in (a, b)
    ]
    same = glyphs[0].gather(matched["a"]) == glyphs[1].gather(matched["b"])
    status = pl.when(pl.Series(same)).then(pl.lit("matched")).otherwise(pl.lit("matched-spelling"))
    settled = matched.with_columns(status=status)
    open_pairs = (
        scored.filter(pl.col("score") >= policy.consider)
        .join(matched, on="a", how="anti")
        .join(matched, on="b", how="anti")
        .with_columns(status=pl.lit("ambiguous"))
    )
    parts = [frame.select("status", "rule", "score", "a", "b") for frame in (settled, open_pairs)]
    for column, status_name, height in (("a", "only-a", a.height), ("b", "only-b", b.height)):
        seen = pl.concat([part.select(column) for part in parts[:2]])
        rest = pl.DataFrame({column: pl.int_range(height, dtype=pl.Int64, eager=True)}).join(
            seen, on=column, how="anti"
        )
        parts.append(
            rest.select(
                status=pl.lit(status_name),
                rule=pl.lit(""),
                score=pl.lit(None, dtype=pl.Float64),
                a=pl.col("a") if column == "a" else pl.lit(None, dtype=pl.Int64),
                b=pl.col("b") if column == "b" else pl.lit(None, dtype=pl.Int64),
            )
        )
    return pl.concat(parts).sort(
        pl.col("a").fill_null(a.height), pl.col("score"), "b", descending=[False, True, False]
    )
