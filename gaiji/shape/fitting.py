"""A glyph laid where a 外字 has its own: as many dots an em, and shifted so that the two lie on each other.

Owns the search for size and place. The glyph is drawn in black and white with the automatic hinter, as fonts
of dots were made from outlines; nothing is stretched but where the cell itself is not square. What lies on
each other then is compared in ``gaiji.shape.parting`` and shown by ``gaiji.shape.laid``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gaiji.model import Picture
from gaiji.shape.masks import Mask, box_of
from gaiji.shape.pictures import Gallery, Raster

MOST = 128
"""Dots a side of a picture that is compared at its own dots; a larger one (a scan) is made smaller first."""
LESS, MORE = 0.86, 1.16
"""Of the size that ink alone suggests: how far the true one may be, for a stroke's end can add to a box."""
SQUARE = 0.87
"""Cells whose proportion is at least this are square."""
FINE = 192
"""Dots of an em at which outlines are compared, about."""


@dataclass(frozen=True)
class Fit:
    """How a glyph lies on a picture: dots of an em ``across`` and ``down``, and where its origin is, in dots
    from the picture's top left corner: ``column`` and ``row`` of the drawing in dots, ``x`` and ``y`` of the
    outline. ``like``: 0 to 1, how well the two lie."""

    across: int
    down: int
    column: int
    row: int
    x: float
    y: float
    like: float


def ink_of(picture: Picture) -> Mask:
    """A picture's dots, made smaller when it has more than MOST a side."""
    grey = np.frombuffer(picture.ink, np.uint8).reshape(picture.height, picture.width)
    step = -(-max(grey.shape) // MOST)
    if step > 1:
        rows, columns = (-(-side // step) * step for side in grey.shape)
        grey = np.pad(grey, ((0, rows - grey.shape[0]), (0, columns - grey.shape[1])))
        grey = grey.reshape(rows // step, step, columns // step, step).mean(axis=(1, 3)).astype(np.uint8)
    ink: Mask = grey > 127
    return ink


def fit(ours: Mask, gallery: Gallery, name: str) -> Fit | None:
    """Where a glyph lies best on a picture; None when no font has the glyph, or one of them is empty."""
    left, top, right, bottom = box_of(ours)
    drawn = gallery.raster(name, FINE, FINE, mono=False)
    if drawn is None or not drawn.ink or right == left:
        return None
    wide, high = (right - left) / drawn.width, (bottom - top) / drawn.height
    shape = wide / high
    thin = min(drawn.width, drawn.height) < FINE / 4  # 一: its height says nothing of the cell's
    square = thin or SQUARE <= shape <= 1 / SQUARE
    guess = FINE * (max(wide, high) if thin else (wide * high) ** 0.5 if square else high)
    best: Fit | None = None
    for down in range(max(8, int(LESS * guess)), int(MORE * guess) + 2):
        across = down if square else max(8, round(down * shape))
        one = _laid(ours, gallery.raster(name, across, down, mono=True), across, down)
        if one is not None and (best is None or one.like > best.like):
            best = one
    return _finely(ours, gallery, name, best) if best is not None else None


def _laid(ours: Mask, drawn: Raster | None, across: int, down: int) -> Fit | None:
    """A drawing laid in its best place of whole dots."""
    if drawn is None or not drawn.ink:
        return None
    theirs = _mask(drawn)
    row, column, like = _best(_soft(ours), _soft(theirs))
    column, row = column - drawn.left, row + drawn.top
    return Fit(across, down, column, row, column, row, like)


def _finely(ours: Mask, gallery: Gallery, name: str, coarse: Fit) -> Fit:
    """The same with the outline's own place, to a fraction of a dot: hinting moves strokes."""
    zoom = zoom_of(coarse)
    drawn = gallery.raster(name, coarse.across * zoom, coarse.down * zoom, mono=False)
    if drawn is None or not drawn.ink:
        return coarse
    large = np.kron(ours, np.ones((zoom, zoom), np.bool_))
    row, column, _ = _best(large.astype(np.float32), _mask(drawn).astype(np.float32))
    x, y = (column - drawn.left) / zoom, (row + drawn.top) / zoom
    far = abs(x - coarse.x) > 1 or abs(y - coarse.y) > 1
    return coarse if far else replace(coarse, x=x, y=y)


def zoom_of(found: Fit) -> int:
    """How many fine dots are one of the picture's."""
    return max(2, round(FINE / found.down))


def drawn_there(gallery: Gallery, name: str, found: Fit, *, shape: tuple[int, int], margin: int) -> Mask:
    """A glyph's dots as ``found`` says, on a canvas of a picture's ``shape`` with ``margin`` dots around."""
    raster = gallery.raster(name, found.across, found.down, mono=True)
    return _pasted(raster, found.column, found.row, 1, shape, margin)


def outline_there(gallery: Gallery, name: str, found: Fit, *, shape: tuple[int, int], margin: int) -> Mask:
    """The same at ``zoom_of`` fine dots for each of the picture's, without hinting."""
    zoom = zoom_of(found)
    raster = gallery.raster(name, found.across * zoom, found.down * zoom, mono=False)
    return _pasted(raster, found.x * zoom, found.y * zoom, zoom, shape, margin)


def _pasted(
    raster: Raster | None, x: float, y: float, zoom: int, shape: tuple[int, int], margin: int
) -> Mask:
    canvas = np.zeros(((shape[0] + 2 * margin) * zoom, (shape[1] + 2 * margin) * zoom), np.bool_)
    if raster is None or not raster.ink:
        return canvas
    left, top = round(x + raster.left) + margin * zoom, round(y - raster.top) + margin * zoom
    ink = _mask(raster)[max(0, -top) :, max(0, -left) :]
    left, top = max(0, left), max(0, top)
    ink = ink[: max(0, canvas.shape[0] - top), : max(0, canvas.shape[1] - left)]
    canvas[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return canvas


def _mask(raster: Raster) -> Mask:
    mask: Mask = np.frombuffer(raster.ink, np.uint8).reshape(raster.height, raster.width) > 127
    return mask


def _soft(mask: Mask) -> npt.NDArray[np.float32]:
    """Ink with a little of it on the eight dots around, so that a stroke one dot off still counts."""
    padded = np.pad(mask, 2).astype(np.float32)
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    soft: npt.NDArray[np.float32] = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16
    return soft


def _best(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> tuple[int, int, float]:
    """Row and column where ``theirs`` lies best on ``ours``, and the cosine there."""
    size = [a + b for a, b in zip(ours.shape, theirs.shape, strict=True)]
    product = np.fft.rfft2(ours, size) * np.conj(np.fft.rfft2(theirs, size))
    sums = np.fft.irfft2(product, size)
    row, column = (int(one) for one in np.unravel_index(int(sums.argmax()), sums.shape))
    like = float(sums[row, column]) / float(np.linalg.norm(ours) * np.linalg.norm(theirs))
    row -= size[0] if row >= ours.shape[0] else 0
    column -= size[1] if column >= ours.shape[1] else 0
    return row, column, like
