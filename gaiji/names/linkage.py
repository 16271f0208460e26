"""A Fellegi–Sunter model of two registers: how probable it is that a pair is one person.

Owns the model and its fitting. It orders what a person must look at; it never says that a pair matched.
Levels of agreement are from ``gaiji.names.compare``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from gaiji.names.compare import LEVELS

FIELDS = tuple(LEVELS)
ROUNDS = 100
"""Rounds of fitting at most; it stops when the expected number of people in both changes by less than one."""


@dataclass(frozen=True)
class Model:
    """``m`` and ``u``: field → level → share of pairs of one person, and of two, that agree so far; ``both``:
    people expected in both registers; ``pairs``: all pairs of the two registers."""

    m: dict[str, dict[int, float]]
    u: dict[str, dict[int, float]]
    both: float
    pairs: float

    def weight(self, field: str) -> dict[int, float]:
        """Level → its weight of evidence, the natural logarithm of m/u."""
        return {level: math.log(self.m[field][level] / self.u[field][level]) for level in LEVELS[field]}

    def probability(self) -> pl.Expr:
        """The probability (0 to 1) of a pair from its levels; a field that one record lacks says nothing."""
        prior = math.log(self.both / max(self.pairs - self.both, 1.0))
        weights = [
            pl.col(field).replace_strict(self.weight(field), return_dtype=pl.Float64).fill_null(0.0)
            for field in FIELDS
        ]
        return 1 / (1 + (-(pl.sum_horizontal(weights) + prior)).exp())


def fit(levels: pl.DataFrame, chance: pl.DataFrame, records: tuple[int, int]) -> Model:
    """Fit on the compared pairs (``levels``) of registers of that many records, without any labels.

    ``u`` comes from ``chance``, pairs drawn at random (Fellegi and Sunter 1969); ``m`` and the number of
    people in both by expectation maximisation over the patterns of agreement (Winkler 1988), u held fixed.
    """
    patterns = levels.group_by(*FIELDS).agg(pairs=pl.len().cast(pl.Float64))
    u = {field: _shares(chance, field, pl.lit(1.0)) for field in FIELDS}
    m = {field: _begin(field) for field in FIELDS}
    model = Model(m, u, min(records) * 0.5, float(records[0]) * records[1])
    for _ in range(ROUNDS):
        weighed = patterns.with_columns(p=model.probability() * pl.col("pairs"))
        both = min(max(float(weighed["p"].sum()), 1.0), float(min(records)))
        m = {field: _shares(weighed, field, pl.col("p")) for field in FIELDS}
        moved, model = abs(both - model.both), Model(m, u, both, model.pairs)
        if moved < 1.0:
            break
    return model


def _begin(field: str) -> dict[int, float]:
    """First guess of m: the best level of a field nine times in ten."""
    levels = list(LEVELS[field])
    rest = 0.1 / (len(levels) - 1)
    return {level: 0.9 if level == levels[-1] else rest for level in levels}


def _shares(frame: pl.DataFrame, field: str, weight: pl.Expr) -> dict[int, float]:
    """Level → its share of the pairs that have the field; half a pair is added to each, so that none is
    nought."""
    held = frame.select(field, w=weight).drop_nulls(field).group_by(field).agg(pl.col("w").sum())
    counts = dict(held.iter_rows())
    total = sum(counts.values()) + 0.5 * len(LEVELS[field])
    return {level: (counts.get(level, 0.0) + 0.5) / total for level in LEVELS[field]}


def random_pairs(
    left: pl.DataFrame,
    right: pl.DataFrame,
    compare: Callable[[pl.DataFrame], pl.DataFrame],
    count: int = 100_000,
) -> pl.DataFrame:
    """Levels of ``count`` pairs drawn at random, always the same ones for the same registers."""
    rows = [
        pl.int_range(frame.height, dtype=pl.UInt32, eager=True).sample(
            min(count, left.height * right.height), with_replacement=True, seed=seed
        )
        for seed, frame in ((1, left), (2, right))
    ]
    return compare(pl.DataFrame({"x": rows[0], "y": rows[1]}))
