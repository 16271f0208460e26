"""Pictures as this package takes them, and the checks that refuse what cannot be a character.

Owns the form (uint8, rows first, 0 = paper, 255 = ink) and its limits. Does not read files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gaiji.errors import ShapeError
from gaiji.errors.messages import fault, tr
from gaiji.model import Picture

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage

Ink = npt.NDArray[np.uint8]
Source: TypeAlias = "npt.NDArray[Any] | Picture | PilImage"
"""What the public functions take as a picture."""

SMALLEST, LARGEST = 12, 1024
"""Dots a side of a picture: below the first no kanji can be told, above the second it is a scan of a page."""

_BLACK = 0.9  # of the box around the ink; the densest glyph of the MJ list fills about half at 24 dots


def as_ink(image: Source, name: str = "") -> Ink:
    """A picture as uint8 [rows, columns], 255 = ink, checked and cut to its ink.

    An array must be uint8 or bool with 0 = paper; a ``Picture`` is such already. A Pillow image may have any
    mode: the tone of its border is taken for paper, so that white on black is read like black on white.
    ``name`` says in errors which picture it is. ShapeError when it is empty, all black, too small or too
    large.
    """
    if isinstance(image, Picture):
        image = np.frombuffer(image.ink, np.uint8).reshape(image.height, image.width)
    if not isinstance(image, np.ndarray):
        _check_sides(image.height, image.width, name)
        ink = _from_pillow(image)
    else:
        ink = _from_array(image, name)
        _check_sides(ink.shape[0], ink.shape[1], name)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 127), np.flatnonzero(ink.max(axis=0) > 127)
    if not len(rows):
        raise ShapeError(
            fault("E0285", "the picture is empty"),
            where=name,
            next=tr("draw the 外字 again or take it from its font"),
        )
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if (box > 127).mean() > _BLACK and min(box.shape) >= SMALLEST:
        raise ShapeError(
            fault("E0286", "the picture is all black"),
            where=name,
            next=tr("give the character in black on white"),
        )
    return np.ascontiguousarray(box)


def _from_array(array: npt.NDArray[Any], name: str) -> Ink:
    if array.ndim != 2 or array.dtype not in (np.uint8, np.bool_):
        what = fault("E0287", "a picture of {dtype} with {ndim} axes", dtype=array.dtype, ndim=array.ndim)
        raise ShapeError(what, where=name, next=tr("give uint8 rows and columns, 0 = paper and 255 = ink"))
    return array * np.uint8(255) if array.dtype == np.bool_ else array


def _from_pillow(image: PilImage) -> Ink:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        from PIL import Image

        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    tone = np.asarray(image.convert("L"))
    border = np.concatenate((tone[0], tone[-1], tone[:, 0], tone[:, -1]))
    return tone.copy() if np.median(border) < 128 else 255 - tone


def _check_sides(rows: int, columns: int, name: str) -> None:
    if rows < SMALLEST or columns < SMALLEST:
        what = fault("E0288", "a picture of {columns}×{rows} dots is too small", columns=columns, rows=rows)
        raise ShapeError(
            what,
            where=name,
            next=tr("give at least {smallest} dots a side, best 24 or more", smallest=SMALLEST),
        )
    if rows > LARGEST or columns > LARGEST:
        what = fault("E0289", "a picture of {columns}×{rows} dots is too large", columns=columns, rows=rows)
        raise ShapeError(
            what,
            where=name,
            next=tr("cut out the one character, at most {largest} dots a side", largest=LARGEST),
        )
