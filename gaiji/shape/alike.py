"""Pictures of one shape: which codes of several 外字 sets show the same drawn character, at whatever size.

Owns the judgement of two pictures, and the groups. Two are of one shape when, laid on each other by their
ink, nothing of either is further than about a dot of the coarser one from the other; that they are one
character is for a person to say. What a picture is compared with glyphs by is ``features``'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaiji.shape.features import SIDE, Floats, describe_each, normalise
from gaiji.shape.masks import Mask, box_of, grown
from gaiji.shape.model import load_model
from gaiji.shape.picture import Ink, Source, as_ink

EDGE = 4
"""64ths of the square around the ink."""
NEAR = 0.5
"""Cosine of two pictures of one shape at least; what is less alike is not laid on each other."""
REACH, LEAST = 1.25, 1.8
"""How far ink may be from the other's: of a dot of the coarser picture, and at least in 64ths of the
square."""
SPECK = 2
"""64ths of the square, squared, that may be further."""
INK = 0.45
"""Share of a place's ink from which on it is ink."""


@dataclass(frozen=True)
class _Laid:
    """A picture on the square, by the moments of its ink and by its box; how large a dot of it is there."""

    inks: tuple[Mask, Mask]
    dot: float


def groups(codes: Sequence[Sequence[Source]]) -> list[int]:
    """For each code's pictures the place of the first code that shows the same shape (its own, where none
    before it does). Of several pictures of a code the largest speaks. ShapeError as for ``Index.query``."""
    inks = [max((as_ink(one) for one in some), key=lambda ink: ink.size) for some in codes]
    if not inks:
        return []
    vectors = load_model().project(describe_each(inks)[0])
    laid = [_on_square(ink) for ink in inks]
    out: list[int] = []
    leaders: list[int] = []
    for at in range(len(inks)):
        found = _leader(at, leaders, vectors, laid)
        out.append(found)
        if found == at:
            leaders.append(at)
    return out


def same_shape(one: Source, other: Source) -> bool:
    """Whether two pictures show one shape."""
    first, second = (_on_square(as_ink(picture)) for picture in (one, other))
    return _same(first, second)


def _leader(at: int, leaders: Sequence[int], vectors: Floats, laid: Sequence[_Laid]) -> int:
    """The most alike of the leaders whose shape a picture has; itself for none."""
    if not leaders:
        return at
    likeness = vectors[list(leaders)] @ vectors[at]
    for place in np.argsort(-likeness, kind="stable"):
        if likeness[place] < NEAR:
            break
        if _same(laid[leaders[place]], laid[at]):
            return int(leaders[place])
    return at


def _on_square(ink: Ink) -> _Laid:
    masks = normalise(ink[None])[0] >= INK, _boxed(ink)
    left, top, right, bottom = box_of(masks[0])
    return _Laid(masks, max((right - left) / ink.shape[1], (bottom - top) / ink.shape[0]))


def _boxed(ink: Ink) -> Mask:
    """A picture's ink in the middle of the square, its longer side as long as it goes."""
    from PIL import Image

    rows, columns = ink.shape
    size = [max(1, round((SIDE - 2 * EDGE) * side / max(ink.shape))) for side in (columns, rows)]
    image = Image.fromarray(ink).resize((size[0], size[1]), Image.Resampling.BOX)
    out = np.zeros((SIDE, SIDE), np.bool_)
    top, left = (SIDE - size[1]) // 2, (SIDE - size[0]) // 2
    out[top : top + size[1], left : left + size[0]] = np.asarray(image) >= 255 * INK
    return out


def _same(one: _Laid, other: _Laid) -> bool:
    reach = max(REACH * max(one.dot, other.dot), LEAST)
    return any(_on_each_other(*pair, reach) for pair in zip(one.inks, other.inks, strict=True))


def _on_each_other(one: Mask, other: Mask, reach: float) -> bool:
    """Whether nothing of either is further than ``reach`` from the other, in some place of the two."""
    wide = grown(one, reach), grown(other, reach)
    for down in (0, -1, 1):
        for across in (0, -1, 1):
            moved, room = (np.roll(mask, (down, across), (0, 1)) for mask in (other, wide[1]))
            if (one & ~room).sum() + (moved & ~wide[0]).sum() <= SPECK:
                return True
    return False
