"""How well the ring of the review screen shows where two sister glyphs part: make eval-overlay.

200 pairs of glyphs of one character, dealt with a fixed seed, at 24 to 48 dots. The first of a pair is drawn in black and white as a
font of dots, in a cell at a size and place that nobody tells the screen, with dots added and dropped at its edges; the screen lays both
on it and marks where they part. The truth comes from the fonts' outlines: they are read with fontTools and filled by their winding
numbers here, and the true difference is the ink of either glyph that lies AWAY or more from all ink of the other. Where the outline lies
on the cell: the centre of its ink is that of the drawing before it is spoiled, for hinting shifts what it draws. Shares no code with the
marking. A pair that has no difference is left out and counted.

A pair is covered when COVERED of the true difference's area is marked. A pair is wide when its true difference, with half a dot of the
外字 around it, alone takes more than MOST of the box: no ring that leaves it half a dot can be smaller. These are counted apart, with the share
that their true difference takes. Exit status 1 when fewer than FLOOR of the other pairs are covered or marked on MOST of the box or less,
or fewer than FLOOR of all pairs are covered at the sizes from 32 dots on.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import cache

import faces
import numpy as np
import queries
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from train import spoil_edges

from gaiji.model import Picture
from gaiji.shape.laid import lay
from gaiji.shape.pictures import open_gallery
from gaiji.shape.raster import draw

PAIRS, SEED = 200, 19
SIZES = (24, 32, 40, 48)
GRID = 256
"""Points a side of the em at which outlines are looked at."""
AWAY = 0.03
"""Of an em: ink that is this far from the other glyph's is a true difference. A stroke is 0.03 to 0.09 wide."""
COVERED = 0.95
FLOOR, MOST = 0.95, 0.15
"""Least share of pairs that are covered and that are small, most of the box that is marked: what must be shown."""
ROOM = 0.5
"""Dots of the 外字 around a true difference, of which a wide pair leaves no more."""


@cache
def font() -> TTFont:
    return TTFont(faces.IPAMJ, lazy=True)


def contours(name: str) -> list[np.ndarray]:
    """The closed lines of a glyph, in ems, curves cut into eight."""
    pen = DecomposingRecordingPen(font().getGlyphSet())
    font().getGlyphSet()[name.lower()].draw(pen)
    out: list[list[tuple[float, float]]] = []
    for what, points in pen.value:
        if what == "moveTo":
            out.append([points[0]])
        elif what == "lineTo":
            out[-1].append(points[0])
        elif what == "qCurveTo":
            *offs, end = points
            if end is None:  # a contour without a point on the curve
                offs, end = [*offs], ((offs[-1][0] + offs[0][0]) / 2, (offs[-1][1] + offs[0][1]) / 2)
                out.append([end])
            for at, off in enumerate(offs):
                ends = (
                    end
                    if at == len(offs) - 1
                    else tuple((a + b) / 2 for a, b in zip(off, offs[at + 1], strict=True))
                )
                begin = out[-1][-1]
                for t in np.linspace(0, 1, 9)[1:]:
                    out[-1].append(
                        tuple(
                            (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c
                            for a, b, c in zip(begin, off, ends, strict=True)
                        )
                    )
    return [np.array(line, float) / font()["head"].unitsPerEm for line in out]


def filled(name: str) -> np.ndarray:
    """Which points of the grid lie in a glyph: bool [GRID + GRID // 4, GRID + GRID // 4], rows upwards from -1/8 em."""
    side = GRID + GRID // 4
    places = (np.arange(side) + 0.5) / GRID - 0.125
    down = places - 0.12  # the em's bottom lies under the baseline
    begins, ends = (
        np.concatenate([np.roll(line, shift, axis=0) for line in contours(name)]) for shift in (0, -1)
    )
    out = np.zeros((side, side), bool)
    for row, y in enumerate(down):
        crosses = (begins[:, 1] <= y) != (ends[:, 1] <= y)
        a, b = begins[crosses], ends[crosses]
        at = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
        order = np.argsort(at)
        turns = np.concatenate(([0], np.cumsum(np.where(b[order, 1] > a[order, 1], 1, -1))))
        out[row] = turns[np.searchsorted(at[order], places)] != 0
    return out


def points_of(mask: np.ndarray) -> np.ndarray:
    """The points of a grid in ems from the glyph's origin, x and y upwards: float [n, 2]."""
    rows, columns = np.nonzero(mask)
    return np.stack(((columns + 0.5) / GRID - 0.125, (rows + 0.5) / GRID - 0.245), axis=1)


def true_difference(first: str, second: str) -> np.ndarray:
    """Points of the ink of either that lie AWAY or more from all of the other's."""
    inks = [filled(name) for name in (first, second)]
    found = []
    for mine, other in ((0, 1), (1, 0)):
        points, others = points_of(inks[mine] & ~inks[other]), points_of(inks[other])
        for start in range(0, len(points), 500):
            part = points[start : start + 500]
            squares = (part**2).sum(1)[:, None] + (others**2).sum(1) - 2 * part @ others.T
            found.append(part[squares.min(axis=1) >= AWAY**2])
    return np.concatenate(found)


@cache
def pairs(count: int = PAIRS) -> list[tuple[str, str, np.ndarray]]:
    """The first pairs of sisters with what differs between them."""
    rng = np.random.default_rng(SEED)
    families = [sorted(names) for _, names in sorted(queries.families().items()) if len(names) > 1]
    out = []
    while len(out) < count:
        family = families[rng.integers(len(families))]
        first, second = rng.choice(family, 2, replace=False)
        out.append((str(first), str(second), true_difference(first, second)))
    return out


@dataclass(frozen=True)
class Asked:
    """A 外字 of known size and place: dots of its em, and the middle of its ink in the cell, in dots from the left and from above."""

    picture: Picture
    em: int
    x: float
    y: float


def asked(face: object, glyph: int, cell: int, rng: np.random.Generator) -> Asked:
    """A glyph drawn as a font of dots in a cell, spoiled; where it lies is drawn by lot."""
    em = int(rng.integers(round(0.86 * cell), cell + 1))
    drawn = draw(face, [glyph], em, mono=True)[0] > 127
    rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))
    ink = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    top, left = (int(rng.integers(0, max(1, cell - side + 1))) for side in ink.shape)
    canvas = np.zeros((1, *(max(cell, side) for side in ink.shape)), np.uint8)
    canvas[0, top : top + ink.shape[0], left : left + ink.shape[1]] = ink * np.uint8(255)
    y, x = (float(places.mean()) + 0.5 for places in np.nonzero(canvas[0]))
    spoiled = spoil_edges(canvas, rng, 0.03)[0, :cell, :cell]
    return Asked(Picture(cell, cell, spoiled.tobytes()), em, x, y)


def measured(
    cells: int, gallery: object, shown: list[tuple[str, str, np.ndarray]], face: object, glyphs: list[int]
) -> list[tuple[float, float, float, float]]:
    """What ``figures`` gives, pair by pair."""
    rng = np.random.default_rng(cells)
    out = []
    for (first, second, points), glyph in zip(shown, glyphs, strict=True):
        one = asked(face, glyph, cells, rng)
        laid = lay(one.picture, gallery, first, second)
        margin = (laid.own.shape[0] - cells) // 2
        middle = middle_of(first)
        columns = (one.x + (points[:, 0] - middle[0]) * one.em + margin) * laid.zoom
        rows = (one.y - (points[:, 1] - middle[1]) * one.em + margin) * laid.zoom
        inside = (
            (columns >= 0) & (rows >= 0) & (columns < laid.marked.shape[1]) & (rows < laid.marked.shape[0])
        )
        hit = laid.marked[rows[inside].astype(int), columns[inside].astype(int)].sum()
        marked = laid.marked.sum() / (cells * laid.zoom) ** 2
        box = (one.em / (cells * GRID)) ** 2
        out.append((hit / len(points), marked, len(points) * box, spread(points, ROOM / one.em) * box))
    return out


@cache
def middle_of(name: str) -> np.ndarray:
    """The middle of a glyph's ink, in ems from its origin."""
    return points_of(filled(name)).mean(axis=0)


def spread(points: np.ndarray, around: float) -> int:
    """How many points of the grid lie within ``around`` (in ems) of points."""
    side, reach = GRID + GRID // 4, int(around * GRID)
    columns, rows = (np.round((points + np.array([0.125, 0.245])) * GRID - 0.5).astype(int) + reach).T
    out = np.zeros((side + 2 * reach, side + 2 * reach), bool)
    for down in range(-reach, reach + 1):
        half = int(((around * GRID) ** 2 - down * down) ** 0.5)
        for across in range(-half, half + 1):
            out[rows + down, columns + across] = True
    return int(out.sum())


def figures(size: int, count: int = PAIRS) -> np.ndarray:
    """Of each pair that differs: the share of the true difference that is marked, and the shares of the box that are marked, that the true
    difference takes, and that it takes with half a dot around it."""
    gallery, own = open_gallery([faces.IPAMJ]), faces.ipamj()
    numbers = dict(zip(own.names.tolist(), own.glyphs.tolist(), strict=True))
    shown = [one for one in pairs(count) if len(one[2])]
    return np.array(measured(size, gallery, shown, own.face, [numbers[first] for first, *_ in shown]))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    faces.need([faces.IPAMJ])
    print(f"{sum(len(one[2]) > 0 for one in pairs())} of {PAIRS} pairs differ by {AWAY} em or more")
    print(f"{'all pairs':>13}{'others than wide ones':>58}{'wide ones':>15}")
    print("dots covered   area  marked median   over  covered  marked  over 15%   wide  own  marked")
    failed = []
    for size in SIZES:
        rows = figures(size)
        wide = rows[:, 3] > MOST
        covered, small = rows[:, 0] >= COVERED, rows[:, 1] <= MOST
        every = f"{size:>4}{covered.mean():>8.1%}{rows[:, 0].mean():>7.1%}{rows[:, 1].mean():>8.1%}"
        every += f"{np.median(rows[:, 1]):>7.1%}{1 - small.mean():>7.1%}"
        others = f"{covered[~wide].mean():>9.1%}{rows[~wide, 1].mean():>8.1%}{1 - small[~wide].mean():>10.1%}"
        apart = f"{wide.sum():>7}" + (
            f"{rows[wide, 2].mean():>6.1%}{rows[wide, 1].mean():>7.1%}" if wide.any() else ""
        )
        print(every + others + apart, flush=True)
        if min(covered[~wide].mean(), small[~wide].mean()) < FLOOR or covered.mean() < FLOOR:
            failed.append(
                f"{size} dots: {covered[~wide].mean():.1%} covered, {small[~wide].mean():.1%} small"
            )
    sys.exit("under the floor: " + "; ".join(failed) if failed else 0)


if __name__ == "__main__":
    main()
