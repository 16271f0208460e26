"""The second stage: a query against a few candidates, cell by cell, with a little play.

Owns the distances that tell sisters apart (辶 with one dot or two, forms of 艹, joined strokes):
over the whole square, only where the candidates differ among themselves, and in the worst places. Ranks
nothing.
"""

from __future__ import annotations

import numpy as np

from gaiji.kernel import planes as kernel
from gaiji.shape.features import Floats

PLAY = 1
"""How many cells a part of the query may be displaced; each step costs ``_STEP``."""

WORST = 8
"""Cells of the 400 that *peak* is the mean of."""

_STEP = 0.03
_COSTS = np.array(
    [
        1 + _STEP * (down**2 + across**2)
        for down in range(-PLAY, PLAY + 1)
        for across in range(-PLAY, PLAY + 1)
    ],
    np.float32,
)
_SHARPNESS = 20.0  # of the first stage's cosines, when they weigh the candidates' differences


def compare(query: Floats, candidates: Floats, cosines: Floats) -> Floats:
    """Distances float32 [3, candidates] of fine planes: whole, focus, peak; smaller is nearer.

    ``query`` is [directions, cells, cells], ``candidates`` the same with one more axis before it,
    ``cosines`` the first stage's similarity of each. *Whole* is the mean over all cells. *Focus* weighs
    each cell by how much the likelier candidates differ there, so that what they share does not count.
    *Peak* is the mean of the WORST cells: a stroke too many is a great distance in a small place, another
    typeface a small one everywhere. All are relative to the candidate's own energy.
    """
    distances = _displaced(query, candidates)
    weights = np.exp((cosines - cosines.max()) * np.float32(_SHARPNESS))
    weights /= weights.sum()
    mean = np.tensordot(weights, candidates, 1)
    spread = _around(np.tensordot(weights, ((candidates - mean) ** 2).sum(axis=1), 1))
    spread /= spread.sum() + np.float32(1e-9)
    energy = np.maximum((candidates**2).sum(axis=(1, 2, 3)), np.float32(1e-9)) * np.float32(
        9 / distances[0].size
    )
    worst = np.partition(distances.reshape(len(distances), -1), -WORST, axis=1)[:, -WORST:]
    whole, focus = distances.mean(axis=(1, 2)), (distances * spread).sum(axis=(1, 2))
    out: Floats = np.divide(np.stack((whole, focus, worst.mean(axis=1))), energy)
    return out


def _displaced(query: Floats, candidates: Floats) -> Floats:
    """Squared distance of each cell's neighbourhood [candidates, cells, cells], at its best displacement."""
    cells = query.shape[-1]
    best = np.full((len(candidates), cells, cells), np.inf, np.float32)
    if kernel.compiled():
        scratch = np.empty(2 * (cells + 2) ** 2, np.float32)
        asked, given = _framed(query).reshape(-1), _framed(candidates).reshape(-1)
        kernel.displaced(asked, given, len(query), cells, _COSTS, scratch, best.reshape(-1))
        return best
    padded = _framed(query)
    for down in range(2 * PLAY + 1):
        for across in range(2 * PLAY + 1):
            moved = padded[:, down : down + cells, across : across + cells]
            difference = candidates - moved
            distance = _around(np.einsum("kdij,kdij->kij", difference, difference))
            np.minimum(best, distance * _COSTS[down * (2 * PLAY + 1) + across], out=best)
    return best


def _around(values: Floats) -> Floats:
    """Sum of each cell and its eight neighbours, over the last two axes."""
    framed = _framed(values)
    rows = framed[..., :-2, :] + framed[..., 1:-1, :] + framed[..., 2:, :]
    out: Floats = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
    return out


def _framed(values: Floats) -> Floats:
    """A cell of nothing (as much as PLAY) around the last two axes."""
    *more, rows, columns = values.shape
    out = np.zeros((*more, rows + 2 * PLAY, columns + 2 * PLAY), np.float32)
    out[..., PLAY:-PLAY, PLAY:-PLAY] = values
    return out
