"""Which pictures are taken for one shape: the same glyph at other sizes, and the nearest other glyphs.

    python tests/eval/shape/alike.py [--glyphs 120]

Glyphs of IPAmj 明朝 drawn at random, in black and white with the hinter at 24, 32 and 48 dots (as host fonts are made)
and in grey at 96. *Same*: one glyph at two sizes. *Near*: a glyph and the other forms of its character and of related
ones, at the same and at neighbouring sizes; forms that part in less than a dot of the coarser size cannot be told.
"""

from __future__ import annotations

import argparse
import random

import numpy as np

from gaiji.errors import ShapeError
from gaiji.model import Picture
from gaiji.review.evidence.candidates import forms_of
from gaiji.shape.alike import same_shape
from gaiji.shape.pictures import Gallery, open_gallery
from gaiji.standard.repertoire import load_repertoire

SIZES = ((24, True), (32, True), (48, True), (96, False))
SIDE_BY_SIDE = ((0, 1), (1, 2), (2, 3), (3, 3))
EDGE = 6


def drawn(gallery: Gallery, name: str, size: tuple[int, bool]) -> Picture | None:
    """A glyph at a size with paper around it."""
    raster = gallery.raster(name, size[0], size[0], mono=size[1])
    if raster is None or not raster.ink:
        return None
    ink = np.pad(np.frombuffer(raster.ink, np.uint8).reshape(raster.height, raster.width), EDGE)
    return Picture(ink.shape[1], ink.shape[0], ink.tobytes())


def same(one: Picture | None, other: Picture | None) -> bool | None:
    """Whether two pictures are one shape; None where one cannot be compared."""
    try:
        return same_shape(one, other) if one and other else None
    except ShapeError:
        return None


def main(count: int) -> None:
    """Print both shares."""
    gallery, rng = open_gallery(), random.Random(5)
    names = [name for name in load_repertoire().frame["name"] if name.startswith("MJ")]
    found: dict[str, list[bool]] = {"same": [], "near": []}
    for name in rng.sample(names, count):
        pictures = [drawn(gallery, name, size) for size in SIZES]
        pairs = [(a, b) for at, a in enumerate(pictures) for b in pictures[:at]]
        found["same"] += [said for a, b in pairs if (said := same(a, b)) is not None]
        for other in forms_of(name, limit=6):
            for a, b in SIDE_BY_SIDE:
                said = same(pictures[a], drawn(gallery, other, SIZES[b]))
                found["near"] += [said] if said is not None else []
    for what, said in found.items():
        print(
            f"{what}: {sum(said)} of {len(said)} pairs are taken for one shape ({sum(said) / len(said):.4f})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--glyphs", type=int, default=120)
    main(parser.parse_args().glyphs)
