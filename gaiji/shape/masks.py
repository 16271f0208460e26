"""Ink as true and false: growing, connected pieces, boxes.

Owns the few operations on masks (bool [rows, columns]) that comparing pictures needs. Knows nothing of
glyphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def grown(mask: Mask, radius: float) -> Mask:
    """Every place within ``radius`` dots (a disk) of the mask; same shape."""
    reach = int(radius)
    out = mask.copy()
    if reach < 1 or not mask.any():
        return out
    rows, columns = mask.shape
    padded = np.pad(mask, reach)
    for down in range(-reach, reach + 1):
        half = int((radius * radius - down * down) ** 0.5)
        row = padded[reach + down : reach + down + rows]
        span = _spread(row, half)
        out |= span[:, reach : reach + columns]
    return out


def _spread(rows: Mask, half: int) -> Mask:
    """Every place within ``half`` columns of the mask, by running sums."""
    sums = np.cumsum(np.pad(rows, ((0, 0), (half + 1, half))).astype(np.int32), axis=1)
    spread: Mask = sums[:, 2 * half + 1 :] > sums[:, : -2 * half - 1]
    return spread


def pieces(mask: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Connected pieces (eight neighbours): their numbers from 1 where the mask is true, and how many."""
    starts, ends, lines = _runs(mask)
    parent = list(range(len(starts)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    first = 0
    for run, line in enumerate(lines):
        while first < run and lines[first] < line - 1:
            first += 1
        above = first
        while above < run and lines[above] == line - 1 and starts[above] <= ends[run]:
            if ends[above] >= starts[run]:  # ends lie one behind: touching corners count
                parent[root(above)] = root(run)
            above += 1
    numbers: dict[int, int] = {}
    out = np.zeros(mask.shape, np.int32)
    for run, line in enumerate(lines):
        number = numbers.setdefault(root(run), len(numbers) + 1)
        out[line, starts[run] : ends[run]] = number
    return out, len(numbers)


def _runs(mask: Mask) -> tuple[list[int], list[int], list[int]]:
    """Begin, end (one behind) and row of every run of true, row by row."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    lines, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    return starts.tolist(), ends.tolist(), lines.tolist()


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right and bottom (one behind) of what is true; all 0 where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
