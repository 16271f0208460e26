"""Sets gaiji/shape/calibration.json on half 0 of the queries: make shape-calibration.

``rank`` is a conditional logit over the candidates of each query (which one is right), ``known`` a logistic
regression (is the right one in MJ at all), ``least_known`` and ``least_certain`` thresholds on what they give.
"""

from __future__ import annotations

import argparse
import json

import faces
import numpy as np
import queries
from measure import Measured, index, measure

from gaiji.shape.model import CALIBRATION
from gaiji.shape.verdict import share_out

PRECISION = 0.997
"""Wanted of near-certain answers on half 0, a little over the 99.5% promised for others."""

KEPT = 0.985
"""Share of queries in MJ, the worse of the sizes, that must not be called outside it."""

OUTSIDE_SHARE = 0.1  # of all queries, when thresholds are set: queues hold few 外字 that MJ does not have


def fit_rank(sets: list[Measured]) -> np.ndarray:
    """Weights of Evidence.columns by Newton's method, with a small ridge."""
    columns, right = [], []
    for one in sets:
        for names, evidence, wanted in zip(one.names, one.evidence, one.queries.right, strict=True):
            hits = [place for place, name in enumerate(names[: len(evidence.cosines)]) if name in wanted]
            if hits:
                columns.append(evidence.columns())
                right.append(hits[0])
    x, y = np.stack(columns).astype(np.float64), np.array(right)
    weights = np.zeros(x.shape[2])
    for _ in range(30):
        appeal = x @ weights
        shares = np.exp(appeal - appeal.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        mean = np.einsum("nk,nkf->nf", shares, x)
        gradient = (x[np.arange(len(y)), y] - mean).sum(axis=0) - 1e-2 * weights
        hessian = np.einsum("nk,nkf,nkg->fg", shares, x, x) - mean.T @ mean + 1e-2 * np.eye(len(weights))
        step = np.linalg.solve(hessian, gradient)
        weights += step * min(1, 20 / np.abs(step).max())
    return weights


def fit_known(rows: np.ndarray, inside: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights of Evidence.summary by Newton's method."""
    scale = np.maximum(np.abs(rows).mean(axis=0), 1e-6)
    rows = rows / scale  # for the ridge
    weights = np.zeros(rows.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        gradient = rows.T @ (weight * (inside - chance)) - 1e-3 * weights
        hessian = (rows * (weight * chance * (1 - chance))[:, None]).T @ rows + 1e-3 * np.eye(len(weights))
        step = np.linalg.solve(hessian, gradient)
        weights += step * min(1, 20 / np.abs(step).max())
    return weights / scale


def thresholds(inside: list[Measured], outside: list[Measured], calibration: dict) -> tuple[float, float]:
    """``least_known`` and ``least_certain`` for KEPT and PRECISION at OUTSIDE_SHARE."""
    known, certain, correct, weight = [], [], [], []
    for group, share in ((inside, 1 - OUTSIDE_SHARE), (outside, OUTSIDE_SHARE)):
        count = sum(len(one.names) for one in group)
        for one in group:
            for names, evidence, wanted in zip(one.names, one.evidence, one.queries.right, strict=True):
                shares, chance = share_out(evidence, calibration)
                best = int(shares.argmax())
                known.append(chance)
                certain.append(shares[best] * chance)
                correct.append(names[best] in wanted)
                weight.append(share / count)
    by_size: dict[int, list[float]] = {}
    start = 0
    for one in inside:
        by_size.setdefault(one.queries.size, []).extend(known[start : start + len(one.names)])
        start += len(one.names)
    least_known = min(float(np.quantile(values, 1 - KEPT)) for values in by_size.values())
    order = np.argsort(-np.array(certain))
    mass, good = np.cumsum(np.array(weight)[order]), np.cumsum((np.array(weight) * np.array(correct))[order])
    last = np.flatnonzero(good / mass >= PRECISION)[-1]
    return least_known, float(np.array(certain)[order][last])


def calibrate(rendered: list[Measured], stroked: list[Measured], outside: list[Measured]) -> dict:
    """The contents of the calibration file."""
    rank = fit_rank(rendered)
    rank[-1] = fit_rank(stroked)[-1]
    calibration = {"rank": [round(float(one), 4) for one in rank], "known": [0.0] * 18}
    rows, inside, weight = [], [], []
    for group, truth in ((rendered, 1.0), (outside, 0.0)):
        count = sum(len(one.names) for one in group)
        for one in group:
            for evidence in one.evidence:
                rows.append(evidence.summary(share_out(evidence, calibration)[0]))
                inside.append(truth)
                weight.append(10_000 / count)
    known = fit_known(np.stack(rows).astype(np.float64), np.array(inside), np.array(weight))
    calibration["known"] = [round(float(one), 4) for one in known]
    least_known, least_certain = thresholds(rendered, outside, calibration)
    return calibration | {"least_known": round(least_known, 6), "least_certain": round(least_certain, 6)}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    faces.need(list(faces.PACKAGES))
    on = index()
    rendered = [measure(one, on) for one in queries.rendered(0)]
    print("rendered", flush=True)
    stroked = [measure(one, on, with_strokes=True) for one in queries.counted(0)]
    outside = [measure(one, on) for one in queries.outside(0)]
    result = calibrate(rendered, stroked, outside)
    CALIBRATION.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
