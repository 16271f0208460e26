"""The same people in two registers: matched, matched but spelled differently, ambiguous, unmatched. Never
merges anything.

Owns the rules by which two records are one person and which pairs a person must look at. Keys of records are
from ``gaiji.names.registers``, pairs from ``gaiji.names.blocks``, levels and score from
``gaiji.names.compare``, probabilities from ``gaiji.names.linkage``; files, summary and queue are in
``gaiji.names.matchfile``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.names.blocks import PAIRS, candidates
from gaiji.names.compare import compared, evidence
from gaiji.names.keys import keys
from gaiji.names.linkage import Model, fit, random_pairs
from gaiji.names.registers import COLUMNS, align_sexes, prepared

__all__ = ["COLUMNS", "STATUSES", "MatchPolicy", "Matches", "match"]
STATUSES = ("matched", "matched-spelling", "matched-name", "ambiguous", "only-a", "only-b")
RULES = (
    "decision",
    "glyph",
    "exact-key",
    "name+birth",
    "kana+birth",
    "name+kana",
    "name+address",
    "order+birth",
    "given+birth",
)
ROUNDS = 3
"""How often pairs are chosen: a record that is matched no longer competes with others in the next round."""
_RESULT = pl.Schema(
    {
        "a": pl.Int64,
        "b": pl.Int64,
        "rule": pl.String,
        "score": pl.Float64,
        "probability": pl.Float64,
        "spelling": pl.Int8,
        "agrees": pl.String,
        "differs": pl.String,
    }
)


@dataclass(frozen=True)
class MatchPolicy:
    """``near``: least likeness (0 to 1) of a name or kana that is not equal; ``margin``: how much better than
    the next
    candidate, in points of 100, the best must be; ``consider``: least score of an ambiguous candidate;
    ``largest``: pairs in one block above which it is left out, and told; ``model``: whether a Fellegi–Sunter
    model is fitted, which orders candidates by probability."""

    near: float = 0.5
    margin: float = 3.0
    consider: float = 70.0
    largest: int = 20_000
    model: bool = False

    def __post_init__(self) -> None:
        if not (
            0 <= self.near <= 1 and 0 <= self.margin <= 100 and 0 <= self.consider <= 100 and self.largest > 0
        ):
            raise UsageError(
                fault("E0189", "a value of the match policy is out of its range"),
                next=tr("near is 0 to 1, margin and consider 0 to 100"),
            )


@dataclass(frozen=True)
class Matches:
    """``pairs``: one row a result, with the columns ``status``, ``rule``, ``score``, ``probability`` (null
    without a model), ``agrees``, ``differs`` and a, b (row numbers from 0, null where there is none); an
    ambiguous record of A has a row for each candidate, the likeliest first. ``left_out``: block → pairs too
    many to compare. ``notes``: what else there is to tell. ``model``: the fitted model, if one was asked
    for."""

    pairs: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    model: Model | None = None

    def counts(self) -> dict[str, int]:
        """Status → records of A (of B for ``only-b``)."""
        rows = self.pairs.group_by("status").agg(a=pl.col("a").n_unique(), b=pl.col("b").n_unique())
        found = {status: b if status == "only-b" else a for status, a, b in rows.iter_rows()}
        return {status: found.get(status, 0) for status in STATUSES}


def match(
    a: pl.DataFrame,
    b: pl.DataFrame,
    *,
    policy: MatchPolicy | None = None,
    decided: pl.DataFrame | None = None,
) -> Matches:
    """Compare two registers with the columns ``COLUMNS`` (and those of
    ``gaiji.names.registers.OTHER_NAMES``).

    ``decided``: pairs that a person judged, with the columns a, b (row numbers) and ``same`` (boolean).
    UsageError for a missing column and for numbers (id) that are not unique.

    First what persons decided; then those who alone in either register have their name and birth date, when
    reading and sex do not say otherwise; then pairs from blocks, judged by the rules in docs/matching.md.
    """
    policy = policy or MatchPolicy()
    left = prepared(a, "A")
    right, note = align_sexes(left, prepared(b, "B"))
    decided = _decisions(decided)
    together = decided.filter("same").select("a", "b")
    left, right = _without(left, right, together)
    compare = partial(compared, left=left, right=right, near=policy.near)
    sure = _sure(compare(_alone(left, right)))
    sure = sure.join(decided, on=["a", "b"], how="anti")
    rest = _without(left, right, sure)
    pairs, left_out = candidates(*rest, policy.largest)
    open_pairs = compared(pairs, *rest, near=policy.near).join(decided, on=["a", "b"], how="anti")
    scored = _best_names(open_pairs).with_columns(rule=_rule(policy.near))
    model = None
    if policy.model and left.height and right.height:
        everything = pl.concat([frame.select(scored.columns) for frame in (sure, scored)])
        model = fit(everything, random_pairs(left, right, compare), (a.height, b.height))
    chosen = _chosen(scored, policy)
    settled = _shown(pl.concat([sure.select(scored.columns), chosen.select(scored.columns)]), model)
    settled = pl.concat([_bare(together, a, b), settled])
    waiting = _without_pairs(scored.filter(_worth_a_look(policy)), settled)
    result = _assemble(settled, _shown(waiting, model), a, b)
    return Matches(result, left_out, (note,) if note else (), model)


def _decisions(decided: pl.DataFrame | None) -> pl.DataFrame:
    schema = pl.Schema({"a": pl.Int64, "b": pl.Int64, "same": pl.Boolean})
    if decided is None:
        return pl.DataFrame(schema=schema)
    decided = decided.select(*schema).cast(schema).unique()
    same = decided.filter("same")
    again = decided.select("a", "b").is_duplicated().any()
    if again or same["a"].is_duplicated().any() or same["b"].is_duplicated().any():
        raise UsageError(
            fault(
                "E0375",
                "two decisions contradict each other: one pair is the same person and not, or "
                "one is two people",
            ),
            next=tr("keep one decision for each pair and one partner for each record"),
        )
    return decided


def _bare(pairs: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """Decided pairs as results: a person compared them; only their spelling is looked at."""
    if not pairs.height:
        return pl.DataFrame(schema=_RESULT)
    equal = {}
    for kind in ("glyph", "variant"):
        one, other = (keys(frame["name"].gather(pairs[c]), kind) for frame, c in ((a, "a"), (b, "b")))
        equal[kind] = (one == other).fill_null(False)
    spelling = pl.when("glyph").then(1).when("variant").then(2).otherwise(3)
    return (
        pairs.with_columns(**equal)
        .with_columns(
            spelling=spelling, rule=pl.lit("decision"), score=pl.lit(100.0), agrees=pl.lit("decision")
        )
        .with_columns(differs=pl.lit(""), probability=pl.lit(None))
        .select(*_RESULT)
        .cast(_RESULT)
    )


def _without(
    left: pl.DataFrame, right: pl.DataFrame, pairs: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both registers without the records of some pairs."""
    return (
        left.join(pairs, left_on="row", right_on="a", how="anti", maintain_order="left"),
        right.join(pairs, left_on="row", right_on="b", how="anti", maintain_order="left"),
    )


def _without_pairs(scored: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    return scored.join(settled, on="a", how="anti").join(settled, on="b", how="anti")


def _alone(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Pairs (x, y) equal in variant key and whole birth date, where one record of each side is so."""
    sides = [
        frame.select("v", "day", "birth", row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .filter(pl.col("day").is_not_null() & (pl.col("v") != ""))
        .unique(["v", "birth"], keep="none")
        for frame in (left, right)
    ]
    joined = sides[0].join(sides[1], on=["v", "birth"])
    return joined.select(x="row", y="row_right").cast(PAIRS).sort("x", "y")


def _sure(levels: pl.DataFrame) -> pl.DataFrame:
    """Those of one name and birth date whose reading and sex are equal or not said, one pair a record."""
    rule = (
        pl.when(pl.col("kana").is_null())
        .then(pl.lit("name+birth"))
        .when(pl.col("name") == 5)
        .then(pl.lit("glyph"))
        .otherwise(pl.lit("exact-key"))
    )
    kept = levels.filter((pl.col("kana") == 4).fill_null(True) & (pl.col("sex") == 1).fill_null(True))
    kept = kept.with_columns(rule=rule).unique(["a", "b"], keep="first", maintain_order=True)
    return kept.filter(~pl.col("a").is_duplicated() & ~pl.col("b").is_duplicated())


def _best_names(levels: pl.DataFrame) -> pl.DataFrame:
    """One row a pair of records: of several names the two that agree best."""
    if not levels.select("a", "b").is_duplicated().any():
        return levels
    return levels.sort("score", descending=True, maintain_order=True).unique(
        ["a", "b"], keep="first", maintain_order=True
    )


def _rule(near: float) -> pl.Expr:
    """The first rule that holds, "" for none; docs/matching.md has them in words."""
    name, kana, place = pl.col("name"), pl.col("kana"), pl.col("place")
    there = (place == 2).fill_null(False)
    born = (pl.col("birth") == 4).fill_null(False)
    nearly = pl.col("birth").is_in([1, 2, 3])
    same_name, same_kana = (name >= 4).fill_null(False), (kana == 4).fill_null(False)
    kana_near = (pl.col("kana_like") >= near).fill_null(False) | (kana >= 1).fill_null(True)
    name_near = (pl.col("name_like") >= near).fill_null(False) | (name >= 1).fill_null(True)
    of_one_sex = (pl.col("sex") == 1).fill_null(False)
    another_sex = (pl.col("sex") == 0).fill_null(False)
    ordered = (name == 3).fill_null(False) & ((kana >= 3).fill_null(True) | there)
    given = (name == 2).fill_null(False) & (kana == 2).fill_null(True)
    rules = {
        "name+birth": same_name & born & (kana_near | there),
        "kana+birth": same_kana & born & (name_near | there),
        "name+kana": same_name & same_kana & there & (nearly | pl.col("birth").is_null()),
        "name+address": same_name & kana.is_null() & there & nearly,
        "order+birth": ordered & born & (of_one_sex | there),
        "given+birth": given & born & of_one_sex & there,
    }
    chain: Any = pl.when(another_sex).then(pl.lit(""))
    for rule, holds in rules.items():
        chain = chain.when(holds.fill_null(False)).then(pl.lit(rule))
    first: pl.Expr = chain.otherwise(pl.lit(""))
    return first


def _worth_a_look(policy: MatchPolicy) -> pl.Expr:
    """Pairs that a person must see: a high score, or what marriage, a 通称, an exchange of words or of month
    and day leave alike."""
    name, kana, birth, place = pl.col("name"), pl.col("kana"), pl.col("birth"), pl.col("place")
    born = birth == 4
    same_sex = (pl.col("sex") == 1).fill_null(True)
    named = (name >= 3) & (kana >= 3).fill_null(True)
    return pl.any_horizontal(
        expression.fill_null(False)
        for expression in (
            pl.col("score") >= policy.consider,
            born & same_sex & ((name == 2) | (kana == 2)) & (kana > 0).fill_null(True),
            born & same_sex & ((name >= 3) | (kana >= 3)),
            born & (place == 2) & (pl.col("sex") == 1),
            named & same_sex & (birth.is_null() | birth.is_in([1, 2, 3])),
        )
    )


def _chosen(scored: pl.DataFrame, policy: MatchPolicy) -> pl.DataFrame:
    """Pairs with a rule that are the best of both records by the margin, round by round."""
    parts, left = [scored.clear()], scored
    for _ in range(ROUNDS):
        found = _leading(left, policy.margin)
        if not found.height:
            break
        parts.append(found)
        left = _without_pairs(left, found)
    return pl.concat(parts)


def _leading(scored: pl.DataFrame, margin: float) -> pl.DataFrame:
    ranked = scored.with_columns(
        second_a=pl.col("score").top_k(2).min().over("a"),
        second_b=pl.col("score").top_k(2).min().over("b"),
        several_a=pl.len().over("a") > 1,
        several_b=pl.len().over("b") > 1,
    )
    clear = [~pl.col(f"several_{c}") | (pl.col("score") - pl.col(f"second_{c}") >= margin) for c in "ab"]
    return ranked.filter((pl.col("rule") != "") & clear[0] & clear[1]).select(scored.columns)


def _shown(levels: pl.DataFrame, model: Model | None) -> pl.DataFrame:
    """Pairs as results, with what speaks for and against them."""
    agrees, differs = evidence(levels)
    probability = model.probability() if model else pl.lit(None, dtype=pl.Float64)
    spelling = pl.when(pl.col("name") == 5).then(1).when(pl.col("name") == 4).then(2).otherwise(3)
    frame = levels.with_columns(probability=probability, spelling=spelling, agrees=agrees, differs=differs)
    return frame.select(*_RESULT).cast(_RESULT)


def _assemble(settled: pl.DataFrame, waiting: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """One table of all results, ordered by the records of A, then those only B has."""
    names = {1: "matched", 2: "matched-spelling", 3: "matched-name"}
    parts = [
        settled.with_columns(status=pl.col("spelling").replace_strict(names, return_dtype=pl.String)),
        waiting.with_columns(status=pl.lit("ambiguous")),
    ]
    for column, status, height in (("a", "only-a", a.height), ("b", "only-b", b.height)):
        seen = pl.concat([part.select(column) for part in parts[:2]])
        rest = pl.DataFrame({column: pl.int_range(height, dtype=pl.Int64, eager=True)})
        empty = parts[0].clear().with_columns(status=pl.lit(""))
        alone = rest.join(seen, on=column, how="anti").with_columns(status=pl.lit(status), rule=pl.lit(""))
        parts.append(pl.concat([empty, alone], how="diagonal_relaxed").select(parts[0].columns))
    whole = pl.concat(parts).with_columns(pl.col("agrees", "differs").fill_null(""))
    columns = ("status", "rule", "score", "probability", "agrees", "differs", "a", "b")
    return whole.select(columns).sort(
        pl.col("a").fill_null(a.height),
        pl.col("probability").fill_null(-1.0),
        pl.col("score").fill_null(-1.0),
        "b",
        descending=[False, True, True, False],
    )
