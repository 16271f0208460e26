"""A 外字 and a glyph laid on each other, dot by dot, with a ring where two candidates part: as a picture.

Owns the comparison that a clerk sees and its drawing. The search for size and place is ``fitting``'s, what
differs between candidates ``parting``'s. Colours are two that people with any colour vision tell apart
(orange and blue), and the glyph's dots are hollow besides, so that black and white print shows as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import numpy as np
import numpy.typing as npt

from gaiji.model import Picture
from gaiji.shape.fitting import Fit, drawn_there, fit, ink_of, outline_there, zoom_of
from gaiji.shape.masks import Mask, grown
from gaiji.shape.parting import Parting, Place, parting
from gaiji.shape.pictures import Gallery

Layer = Literal["both", "own", "glyph"]
LAYERS: tuple[Layer, ...] = ("both", "own", "glyph")
SIDE = 576
"""Pixels that the longer side of a comparison has, about: a whole number for each dot."""
PAPER, BOTH, OWN, OTHER, RING = (255, 255, 255), (125, 125, 125), (213, 94, 0), (0, 114, 178), (0, 0, 0)
SURE, LEAST = 1.5, 0.6
"""Dots of the 外字 that a marked place reaches beyond the difference, for the place itself is known to one;
and at least, where the whole would be too large."""
MOST = 0.15
"""Of the picture: what is marked at most, unless the differences with LEAST around them take more."""
EDGE = 3
"""Dots of paper around all that is shown: room for the ring."""
NUMBERED = 9
"""Places that get a number."""


@dataclass(frozen=True)
class Laid:
    """A 外字 (``own``) and a glyph (``glyph``) on one canvas, bool [rows, columns], one for each dot.

    ``marked`` has ``zoom`` fine dots for each: where the glyph and its rival part; ``places`` are in dots of
    the canvas. Without a rival, or where one of the two cannot be drawn, nothing is marked. ``wide``: they
    part in so many places that more than MOST of the picture is marked.
    """

    own: Mask
    glyph: Mask
    marked: Mask
    zoom: int
    places: tuple[Place, ...]
    fit: Fit
    wide: bool = False


def lay(picture: Picture, gallery: Gallery, name: str, rival: str = "") -> Laid | None:
    """A glyph laid on a picture, and where it parts from its rival; None when no font draws the glyph."""
    ours = ink_of(picture)
    found = fit(ours, gallery, name)
    if found is None:
        return None
    second = fit(ours, gallery, rival) if rival and rival != name else None
    frame = found if second is None or found.like >= second.like else second
    drawn = [(name, found)] + ([(name, frame), (rival, frame)] if second is not None else [])
    margin = EDGE + max(_beyond(gallery, one, at, ours.shape) for one, at in drawn)
    glyph = drawn_there(gallery, name, found, shape=ours.shape, margin=margin)
    zoom = zoom_of(frame)
    marked, places = np.zeros(tuple(zoom * side for side in glyph.shape), np.bool_), tuple[Place, ...]()
    if second is not None:
        part = parted(gallery, (name, rival), frame, shape=ours.shape, margin=margin)
        marked, places = part.marked, part.places
    wide = int(marked.sum()) > MOST * ours.size * zoom * zoom
    return Laid(np.pad(ours, margin), glyph, marked, zoom, places, found, wide)


def parted(
    gallery: Gallery, names: tuple[str, str], frame: Fit, *, shape: tuple[int, int], margin: int
) -> Parting:
    """Where two glyphs part when both lie as ``frame`` says; boxes in dots of the canvas."""
    zoom = zoom_of(frame)
    first, second = (outline_there(gallery, one, frame, shape=shape, margin=margin) for one in names)
    most = MOST * shape[0] * shape[1] * zoom * zoom
    part = parting(first, second, frame.down * zoom, SURE * zoom, least=LEAST * zoom, most=most)
    places = (
        Place(_scaled(one.box, zoom), one.kind, one.more)  # fine dots → dots, whole ones around
        for one in part.places
    )
    return Parting(tuple(places), part.marked)


def _scaled(box: tuple[int, int, int, int], zoom: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return left // zoom, top // zoom, -(-right // zoom), -(-bottom // zoom)


def _beyond(gallery: Gallery, name: str, at: Fit, shape: tuple[int, ...]) -> int:
    """By how many dots a glyph reaches out of a cell, so that nothing is cut off."""
    drawn = gallery.raster(name, at.across, at.down, mono=True)
    if drawn is None or not drawn.ink:
        return 0
    left, top = at.column + drawn.left, at.row - drawn.top
    out = (-left, -top, left + drawn.width - shape[1], top + drawn.height - shape[0])
    return max(0, *out)


def picture_of(laid: Laid, layer: Layer = "both") -> bytes:
    """The comparison as PNG: the 外字's own dots orange, the glyph's own hollow and blue, those of both grey,
    and a black ring around each place where the glyph and its rival part. ``own``, ``glyph``: one alone, in
    the same place, so that they can be shown in turn."""
    from PIL import Image

    rows, columns = laid.own.shape
    size = max(2, SIDE // max(rows, columns))
    canvas = np.full((rows, columns, 3), PAPER, np.uint8)
    if layer == "both":
        canvas[laid.own & laid.glyph] = BOTH
        canvas[laid.own & ~laid.glyph] = OWN
        canvas[laid.glyph & ~laid.own] = OTHER
    else:
        canvas[laid.own if layer == "own" else laid.glyph] = RING
    large = np.repeat(np.repeat(canvas, size, axis=0), size, axis=1)
    if layer == "both" and size >= 4:
        _hollow(large, laid.glyph & ~laid.own, size)
    _rings(large, laid, size)
    image = Image.fromarray(large)
    _numbers(image, laid.places, size)
    out = BytesIO()
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _hollow(large: npt.NDArray[np.uint8], dots: Mask, size: int) -> None:
    """Paper in the middle of each of the dots."""
    edge = max(1, size // 5)
    cell = np.zeros((size, size), np.bool_)
    cell[edge : size - edge, edge : size - edge] = True
    large[np.kron(dots, cell)] = PAPER


def _rings(large: npt.NDArray[np.uint8], laid: Laid, size: int) -> None:
    """A line around what is marked, with paper on both sides of it."""
    if not laid.marked.any():
        return
    rows, columns = (np.arange(side) * laid.zoom // size for side in large.shape[:2])
    marked = laid.marked[rows][:, columns]
    large[grown(marked, 4) & ~grown(marked, 0)] = PAPER
    large[grown(marked, 3) & ~marked] = RING


def _numbers(image: object, places: tuple[Place, ...], size: int) -> None:
    """The number of each place beside it."""
    from PIL import ImageDraw, ImageFont
    from PIL.Image import Image

    assert isinstance(image, Image)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(20)
    for number, place in enumerate(places[:NUMBERED], 1):
        left = min(max(place.box[0] * size - 18, 0), image.width - 18)
        top = min(max(place.box[1] * size - 18, 0), image.height - 22)
        pen.rectangle((left, top, left + 17, top + 21), fill=RING)
        pen.text((left + 3, top - 2), str(number), fill=PAPER, font=font)
