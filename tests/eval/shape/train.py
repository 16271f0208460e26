"""Trains the whitening projection and writes gaiji/shape/model.npz: make shape-model.

Classes are MJ glyphs; a class's views are its drawings in IPAmj 明朝 and two other faces (fonts-morisawa-bizud-mincho,
-gothic) at several sizes, black and white with the automatic hinter, some of them spoiled: dots added and dropped
at the edges, upright strokes thickened, parts displaced. The projection whitens what differs within classes and
keeps the directions in which classes differ most (linear discriminant analysis). Same fonts and library versions
give the same projection up to rounding.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import faces
import numpy as np

from gaiji.shape import features
from gaiji.shape.gallery import DOTS
from gaiji.shape.model import MODEL
from gaiji.shape.raster import draw

DIMENSIONS = 224
"""68,600 glyphs of MJ and GJ at one byte a dimension, with their names, stay under 16 MB."""

SHRINKAGE = 0.1  # of the within-class covariance towards a multiple of the unit matrix
SIZES = (24, 32, 48)


def spoil_edges(pictures: np.ndarray, rng: np.random.Generator, rate: float = 0.05) -> np.ndarray:
    """Flips dots at the edges of the ink at a rate."""
    ink = pictures > 127
    wide = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    neighbours = (wide[:, :-2, 1:-1], wide[:, 2:, 1:-1], wide[:, 1:-1, :-2], wide[:, 1:-1, 2:])
    edge = np.where(ink, ~np.logical_and.reduce(neighbours), np.logical_or.reduce(neighbours))
    flipped = edge & (rng.random(ink.shape, np.float32) < rate)
    return (ink ^ flipped) * np.uint8(255)


def thicken(pictures: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Upright strokes one dot thicker (two at 40 dots and more), as hand-made bold bitmaps have them."""
    ink = pictures > 127
    for _step in range(1 if pictures.shape[1] < 50 else 2):
        wide = np.pad(ink, ((0, 0), (1, 1), (0, 0)))
        upright = ink & wide[:, :-2] & wide[:, 2:]
        ink[:, :, 1:] |= upright[:, :, :-1]
    return ink * np.uint8(255)


def bend(pictures: np.ndarray, rng: np.random.Generator, amount: float = 0.02) -> np.ndarray:
    """Parts displaced along each axis by smooth waves of about ``amount`` of the side."""
    side = pictures.shape[1]
    line = np.linspace(-1, 1, side, dtype=np.float32)

    def bent() -> np.ndarray:
        phase = rng.uniform(0, 2 * np.pi, (len(pictures), 3, 1))
        height = rng.normal(0, amount, (len(pictures), 3, 1)) / np.array([1, 1.5, 2])[:, None]
        wave = (height * np.sin(np.pi * np.arange(1, 4)[:, None] / 1.5 * line + phase)).sum(axis=1)
        places = np.arange(side) + wave * side
        return np.maximum(1 - np.abs(places[:, :, None] - np.arange(side)), 0).astype(np.float32)

    moved = np.matmul(np.matmul(bent(), pictures.astype(np.float32)), bent().transpose(0, 2, 1))
    return np.clip(moved, 0, 255).astype(np.uint8)


Spoil = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def views(limit: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Names and feature vectors of each view, one view after the other."""
    rng = np.random.default_rng(20260823)
    own = faces.ipamj()
    own = own.take(faces.in_training(own.names)).take(slice(None, limit))
    others = [faces.truth(path).take(slice(None, limit)) for path in (faces.BIZ_MINCHO, faces.BIZ_GOTHIC)]
    plan: list[tuple[faces.Pairs, int, bool, Spoil | None]] = [
        (own, DOTS, False, None),
        (others[0], DOTS, False, None),
    ]
    plan += [(pairs, size, True, None) for pairs in (own, *others) for size in SIZES]
    plan += [
        (own, 24, True, spoil_edges),
        (own, 24, True, bend),
        (own, 48, True, bend),
        (others[0], 24, True, bend),
    ]
    plan += [(pairs, size, True, thicken) for pairs in (own, others[0]) for size in (24, 48)]
    for pairs, size, mono, spoil in plan:
        out = []
        for start in range(0, len(pairs.glyphs), 1024):
            pictures = draw(pairs.face, pairs.glyphs[start : start + 1024], size, mono=mono)
            out.append(features.describe(spoil(pictures, rng) if spoil else pictures))
        yield pairs.names, np.concatenate(out)
        print(f"  {len(pairs.names):6} glyphs at {size} dots {spoil.__name__ if spoil else ''}", flush=True)


def learn(names: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean [features] and matrix [features, DIMENSIONS] of the discriminant projection."""
    _, classes = np.unique(names, return_inverse=True)
    order = np.argsort(classes, kind="stable")
    classes, vectors = classes[order], vectors[order]
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    counts = np.diff(starts, append=len(classes))
    means = np.add.reduceat(vectors, starts, axis=0, dtype=np.float64) / counts[:, None]
    mean = means.mean(axis=0)
    rest = vectors - means[classes].astype(np.float32)
    within = (rest.T @ rest).astype(np.float64) / (len(vectors) - len(means))
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    values, axes = np.linalg.eigh(within)
    white = axes / np.sqrt(values)
    between = ((means - mean) @ white).T @ ((means - mean) @ white) / len(means)
    spread, turn = np.linalg.eigh(between)
    return mean, white @ turn[:, np.argsort(-spread)[:DIMENSIONS]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--limit", type=int, default=1 << 30, help="glyphs a face (for a quick try)")
    given = parser.parse_args()
    faces.need([faces.IPAMJ, faces.BIZ_MINCHO, faces.BIZ_GOTHIC])
    started = time.perf_counter()
    parts = list(views(given.limit))
    mean, matrix = learn(
        np.concatenate([names for names, _ in parts]), np.concatenate([rows for _, rows in parts])
    )
    np.savez_compressed(given.out, mean=mean.astype(np.float32), matrix=matrix.astype(np.float16))
    size = given.out.stat().st_size
    print(
        f"{given.out}: {matrix.shape[0]} to {matrix.shape[1]}, {size:,} bytes, {time.perf_counter() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
