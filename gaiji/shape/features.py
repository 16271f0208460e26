"""What a picture of a character is compared by: gradient-direction planes of the normalised picture.

Owns the path from pictures to vectors: moment normalisation to a fixed square, the gradient split into
8 directions, each plane sampled on a grid, square root. Does not own what was learnt from data (``model``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gaiji.kernel import planes as kernel

Floats = npt.NDArray[np.float32]
"""Arrays of this package; single precision is enough and half the memory."""

SIDE = 64
"""Dots a side of the normalised square."""

SPAN = np.float32(4.4)
"""How many standard deviations of the ink the square holds; even ink over a square has 3.46."""

DIRECTIONS = 8

_BATCH = 16  # pictures whose planes are made at once: what a processor keeps near

COARSE, FINE = 9, 20
"""Cells a side of the grids: the coarse one is projected and indexed, the fine one compares sisters."""


def normalise(pictures: npt.NDArray[np.uint8]) -> Floats:
    """Pictures [n, rows, columns] moved and scaled to float32 [n, SIDE, SIDE], ink 0 to 1.

    Centre and spread of the ink come from its moments. A narrow or flat character is stretched only
    in part (the aspect is the root of the sine of the old one), so that 一 does not fill the square.
    A picture without ink stays empty.
    """
    ink, across, down = _inks(pictures)
    (middle, spread_x), (height, spread_y) = _spread(across), _spread(down)
    ratio = np.minimum(spread_x, spread_y) / np.maximum(spread_x, spread_y)
    kept = np.sqrt(np.sin(ratio * np.float32(np.pi / 2)))
    span_x: Floats = np.divide(SPAN * spread_x, np.where(spread_x < spread_y, kept, np.float32(1)))
    span_y: Floats = np.divide(SPAN * spread_y, np.where(spread_y < spread_x, kept, np.float32(1)))
    step_x, step_y = span_x / np.float32(SIDE), span_y / np.float32(SIDE)
    if not kernel.compiled():
        left, up = _weights(middle, step_x, ink.shape[2]), _weights(height, step_y, ink.shape[1])
        resampled: Floats = np.matmul(np.matmul(up, ink), left.transpose(0, 2, 1))
        return resampled
    squares = np.empty((len(ink), SIDE, SIDE), np.float32)
    places = np.stack((middle, step_x, height, step_y), axis=1)
    scratch = np.empty(2 * SIDE * ink.shape[2], np.float32)
    sums = _flat(across), _flat(down)
    kernel.resample(_flat(ink), *sums, _flat(places), SIDE, scratch, _flat(squares))
    return squares


def _inks(pictures: npt.NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    """The ink of every dot, 0 to 1, and its sums over every column [n, columns] and every row [n, rows]."""
    if not kernel.compiled():
        ink = pictures.astype(np.float32) / np.float32(255)
        return ink, ink.sum(axis=1), ink.sum(axis=2)
    count, rows, columns = pictures.shape
    ink = np.empty(pictures.shape, np.float32)
    across, down = np.empty((count, columns), np.float32), np.empty((count, rows), np.float32)
    kernel.ink(_flat(pictures), rows, columns, _flat(ink), _flat(across), _flat(down))
    return ink, across, down


def _flat(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array in one row, as the kernel takes it."""
    return np.ascontiguousarray(array).reshape(-1)


def _spread(profile: Floats) -> tuple[Floats, Floats]:
    """Centre and standard deviation of each row of ink sums [n, length], in dots."""
    places = np.arange(profile.shape[1], dtype=np.float32)
    mass = np.maximum(profile.sum(axis=1), np.float32(1e-6))
    centre = (profile @ places) / mass
    variance = (profile @ places**2) / mass - centre**2
    return centre, np.sqrt(np.maximum(variance, 0) + np.float32(1 / 12))  # a dot has a width of its own


def _weights(centre: Floats, step: Floats, length: int) -> Floats:
    """Interpolation [n, SIDE, length]: which old dots make each new one, by area when shrinking."""
    places = (
        centre[:, None] + (np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)) * step[:, None]
    )
    reach = np.maximum(step, np.float32(1))[:, None, None]
    distance = np.abs(places[:, :, None] - np.arange(length, dtype=np.float32)) / reach
    weights: Floats = np.divide(np.maximum(np.float32(1) - distance, np.float32(0)), reach)
    return weights


def planes(squares: Floats) -> Floats:
    """The gradient of squares [n, SIDE, SIDE] as DIRECTIONS planes: float32 [n, DIRECTIONS, SIDE, SIDE].

    Sobel's operator; each gradient is the sum of its two neighbouring directions' parts.
    """
    out = np.empty((len(squares), DIRECTIONS, SIDE, SIDE), np.float32)
    if kernel.compiled():
        scratch = np.zeros((SIDE + 2) * (2 * SIDE + 2) + 6 * SIDE, np.float32)
        kernel.split(_flat(squares), SIDE, scratch, _flat(out))
        return out
    padded = np.pad(squares, ((0, 0), (1, 1), (1, 1)))
    row = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    column = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    gx, gy = row[:, :, 2:] - row[:, :, :-2], column[:, 2:] - column[:, :-2]
    ax, ay = np.abs(gx), np.abs(gy)
    slant = np.float32(np.sqrt(2)) * np.minimum(ax, ay)
    flat, steep = np.maximum(ax - ay, 0), np.maximum(ay - ax, 0)
    east, south = gx > 0, gy > 0
    for place, (part, mask) in enumerate(
        (
            (flat, east),
            (slant, east & south),
            (steep, south),
            (slant, ~east & south),
            (flat, ~east),
            (slant, ~east & ~south),
            (steep, ~south),
            (slant, east & ~south),
        )
    ):
        np.multiply(part, mask, out=out[:, place])
    return out


@lru_cache
def _sampler(grid: int) -> Floats:
    """Gaussian sampling [grid, SIDE]: a window of 0.6 steps' deviation at the middle of each of the grid's
    cells.
    """
    step = SIDE / grid
    middles = (np.arange(grid) + 0.5) * step - 0.5
    distance = (np.arange(SIDE)[None, :] - middles[:, None]) / (step * 0.6)
    weights = np.exp(-0.5 * distance**2)
    sampler: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return sampler


def describe(pictures: npt.NDArray[np.uint8]) -> Floats:
    """Coarse feature vectors of pictures of one size: float32 [n, DIRECTIONS * COARSE * COARSE]."""
    return _in_batches(pictures, (COARSE,))[0]


def fine_planes(pictures: npt.NDArray[np.uint8]) -> Floats:
    """Fine planes float32 [n, DIRECTIONS, FINE, FINE] of pictures of one size."""
    return _in_batches(pictures, (FINE,))[0].reshape(-1, DIRECTIONS, FINE, FINE)


def describe_finely(pictures: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Coarse vectors, and fine planes float32 [n, DIRECTIONS, FINE, FINE], of pictures of one size."""
    coarse, fine = _in_batches(pictures, (COARSE, FINE))
    return coarse, fine.reshape(len(pictures), DIRECTIONS, FINE, FINE)


def describe_each(pictures: Sequence[npt.NDArray[np.uint8]]) -> tuple[Floats, Floats]:
    """``describe_finely`` for pictures of any sizes: those of like size go together, padded with paper."""
    coarse = np.empty((len(pictures), DIRECTIONS * COARSE**2), np.float32)
    fine = np.empty((len(pictures), DIRECTIONS, FINE, FINE), np.float32)
    groups: dict[int, list[int]] = {}
    for place, picture in enumerate(pictures):
        groups.setdefault(-(-max(picture.shape) // 16) * 16, []).append(place)
    for side, places in groups.items():
        stack = np.zeros((len(places), side, side), np.uint8)
        for row, place in enumerate(places):
            rows, columns = pictures[place].shape
            stack[row, :rows, :columns] = pictures[place]
        coarse[places], fine[places] = describe_finely(stack)
    return coarse, fine


def _in_batches(pictures: npt.NDArray[np.uint8], grids: tuple[int, ...], batch: int = _BATCH) -> list[Floats]:
    out = [np.empty((len(pictures), DIRECTIONS * grid * grid), np.float32) for grid in grids]
    for start in range(0, len(pictures), batch):
        part = planes(normalise(pictures[start : start + batch]))
        for grid, rows in zip(grids, out, strict=True):
            sampler = _sampler(grid)
            cells = np.matmul(np.matmul(sampler, part), sampler.T)
            rows[start : start + batch] = np.sqrt(np.maximum(cells, 0)).reshape(len(part), -1)
    return out
