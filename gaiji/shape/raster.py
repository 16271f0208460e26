"""Glyphs of a font file as small pictures.

Owns opening a font, its glyph names, and drawing one glyph with FreeType. Does not own what the
pictures are compared by (``features``) nor where fonts lie (``index``).
Pictures are uint8 arrays, rows first, 0 = paper and 255 = ink.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from pathlib import Path

import freetype
import freetype.raw as ft
import numpy as np
import numpy.typing as npt

from gaiji.errors import ShapeError
from gaiji.errors.messages import fault, tr


def open_font(path: Path | str, number: int = 0) -> freetype.Face:
    """One face of a font file; ShapeError when it is missing, damaged or has no outlines."""
    path = Path(path)
    try:
        with path.open("rb") as file:  # opened here for the reason why it cannot be
            file.read(4)
        face = freetype.Face(str(path), index=number)
    except OSError as error:
        raise ShapeError(
            fault("E0280", "cannot read it: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("check the path"),
        ) from error
    except freetype.FT_Exception as error:
        raise ShapeError(
            fault("E0304", "not a font, or a damaged one"), where=str(path), next=tr("get the font again")
        ) from error
    if not face.is_scalable:
        raise ShapeError(
            fault("E0305", "a font without outlines"), where=str(path), next=tr("give a TTF or OTF font")
        )
    return face


def glyph_names(face: freetype.Face) -> list[str]:
    """The names of all glyphs of a face, by glyph number; "" where the font has no name."""
    names, buffer = [], ctypes.create_string_buffer(64)
    for number in range(face.num_glyphs):
        error = ft.FT_Get_Glyph_Name(face._FT_Face, number, buffer, 64)
        names.append("" if error else buffer.value.decode("latin-1"))
    return names


def draw(
    face: freetype.Face, glyphs: Iterable[int], size: int, *, mono: bool = False
) -> npt.NDArray[np.uint8]:
    """Pictures of glyphs (by number) at ``size`` dots an em: uint8 [glyphs, side, side], side = 1.25 size.

    Each glyph's ink stands in the middle of its picture. ``mono`` draws black and white with the
    automatic hinter, as host fonts were made from outlines; otherwise grey without hinting.
    A glyph without ink is an empty picture; ShapeError for one that cannot be drawn.
    """
    face.set_pixel_sizes(size, size)
    flags = freetype.FT_LOAD_RENDER
    flags |= (
        freetype.FT_LOAD_TARGET_MONO | freetype.FT_LOAD_FORCE_AUTOHINT
        if mono
        else freetype.FT_LOAD_NO_HINTING
    )
    numbers = list(glyphs)
    side = size + size // 4
    out = np.zeros((len(numbers), side, side), np.uint8)
    bitmap = face._FT_Face.contents.glyph.contents.bitmap  # the face's one place for what it draws
    for canvas, number in zip(out, numbers, strict=True):
        if ft.FT_Load_Glyph(face._FT_Face, int(number), flags):
            name = (face.family_name or b"the font").decode("utf-8", "replace")
            raise ShapeError(
                fault("E0306", "glyph {number} cannot be drawn", number=number),
                where=name,
                next=tr("get the font again"),
            )
        _centre(canvas, bitmap, mono)
    return out


def _centre(canvas: npt.NDArray[np.uint8], bitmap: ctypes.Structure, mono: bool) -> None:
    """Copies FreeType's bitmap into the middle of a canvas, cut at its edges."""
    rows, width, pitch = bitmap.rows, bitmap.width, abs(bitmap.pitch)
    if not rows or not width:
        return
    cells = np.frombuffer(ctypes.string_at(bitmap.buffer, rows * pitch), np.uint8).reshape(rows, pitch)
    ink = np.unpackbits(cells, axis=1)[:, :width] * np.uint8(255) if mono else cells[:, :width]
    side = canvas.shape[0]
    if rows > side or width > side:
        ink = ink[max(0, (rows - side) // 2) :, max(0, (width - side) // 2) :][:side, :side]
        rows, width = ink.shape
    top, left = (side - rows) // 2, (side - width) // 2
    canvas[top : top + rows, left : left + width] = ink
