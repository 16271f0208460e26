"""The sets of queries that calibration and evaluation ask, each dealt into two halves by glyph.

Owns which pictures are asked and what is right for each. Half 0 sets the thresholds, half 1 is reported. The
independent sets come from faces that training never saw; the set from the gallery's own face has only glyphs
that training never saw.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import faces
import freetype
import numpy as np
from train import spoil_edges

from gaiji.shape.raster import draw

SIZES = (24, 32, 40, 48, 96)
"""Dots an em; 96 stands for 外字 that come as a font."""
EACH = 1000  # queries of one stratum, size and half
OUTSIDE = 1500


@dataclass(frozen=True)
class QuerySet:
    """Pictures [n, rows, columns] of one stratum and size; ``right`` holds for each the MJ names that are right.

    ``right`` is empty where the glyph is outside MJ. ``exact`` says whether the names are the very glyph or all
    glyphs of the same character. ``strokes`` has the number of strokes of each or None.
    """

    source: str
    stratum: str
    size: int
    pictures: np.ndarray
    right: list[frozenset[str]]
    exact: bool = True
    strokes: list[int | None] = field(default_factory=list)
    removed: frozenset[str] = frozenset()


@cache
def families() -> dict[str, frozenset[str]]:
    """Character → the names of all MJ glyphs of it, unified ones included."""
    out: dict[str, set[str]] = {}
    for name, base, unified in faces.mj().select("name", "base", "unified").iter_rows():
        out.setdefault(base, set()).add(name)
        if unified:
            out.setdefault(unified, set()).add(name)
    return {character: frozenset(names) for character, names in out.items()}


@cache
def same_character() -> dict[str, frozenset[str]]:
    """MJ name → the names of all glyphs of the same character."""
    out: dict[str, frozenset[str]] = {}
    for names in families().values():
        out |= {name: names | out.get(name, frozenset()) for name in names}
    return out


@cache
def strokes() -> dict[str, int | None]:
    return dict(faces.mj().select("name", "strokes").iter_rows())


def _half(names: np.ndarray, half: int) -> np.ndarray:
    return np.array([faces.draw_of(name, "half") % 2 == half for name in names])


def _some(count: int, wanted: int, salt: int) -> np.ndarray:
    rng = np.random.default_rng(salt)
    return np.sort(rng.choice(count, min(count, wanted), replace=False))


def _set(source: str, stratum: str, size: int, pairs: faces.Pairs, spoiled: bool = False) -> QuerySet:
    pictures = draw(pairs.face, pairs.glyphs, size, mono=True)
    if spoiled:
        pictures = spoil_edges(pictures, np.random.default_rng(size), 0.03)
    right = [frozenset((name,)) for name in pairs.names]
    return QuerySet(source, stratum, size, pictures, right, strokes=[strokes()[name] for name in pairs.names])


def rendered(half: int) -> Iterator[QuerySet]:
    """HanaMin in four strata and all sizes, and the two Noto faces."""
    for stratum, name in enumerate(faces.STRATA):
        parts = [faces.truth(path) for path in faces.HANAMIN]
        parts = [one.take((one.strata == stratum) & _half(one.names, half)) for one in parts]
        pairs = max(parts, key=lambda one: len(one.glyphs))
        pairs = pairs.take(_some(len(pairs.glyphs), EACH, stratum))
        for size in SIZES:
            yield _set("HanaMin", name, size, pairs)
    for source, path in (("Noto Serif", faces.NOTO_SERIF), ("Noto Sans", faces.NOTO_SANS)):
        pairs = faces.truth(path)
        pairs = pairs.take((pairs.strata < 3) & _half(pairs.names, half))
        pairs = pairs.take(_some(len(pairs.glyphs), EACH, 9))
        for size in (24, 48):
            yield _set(source, "any", size, pairs)


def counted(half: int) -> Iterator[QuerySet]:
    """HanaMin at 24 dots with the number of strokes, which one in five miscounts by one."""
    rng = np.random.default_rng(3)
    for one in rendered(half):
        if one.source == "HanaMin" and one.size == 24:
            slips = rng.choice((-1, 0, 1), len(one.strokes), p=(0.1, 0.8, 0.1))
            stated = [
                None if count is None else count + int(slip)
                for count, slip in zip(one.strokes, slips, strict=True)
            ]
            yield replace(one, strokes=stated)


def own(half: int) -> Iterator[QuerySet]:
    """The gallery's own face, spoiled, only glyphs that training has not seen."""
    pairs = faces.ipamj()
    pairs = pairs.take(~faces.in_training(pairs.names) & _half(pairs.names, half))
    pairs = pairs.take(_some(len(pairs.glyphs), EACH, 11))
    for size in (24, 48):
        yield _set("IPAmj, spoiled", "any", size, pairs, spoiled=True)


def _bitmaps(path: Path, codec: str) -> tuple[list[np.ndarray], list[str]]:
    """Pictures and characters of the kanji of an X11 bitmap font in the order of JIS X 0208 or X 0212."""
    face = freetype.Face(str(path))
    face.set_charmap(face.charmaps[0])
    pictures, characters = [], []
    for row in range(0x21, 0x7F):
        for cell in range(0x21, 0x7F):
            number = face.get_char_index(row << 8 | cell)
            code = (b"\x8f" if codec == "X 0212" else b"") + bytes((row | 0x80, cell | 0x80))
            character = code.decode("euc_jp", errors="ignore")
            if number and len(character) == 1 and 0x3400 <= ord(character) < 0xA000:
                face.load_glyph(number, freetype.FT_LOAD_RENDER | freetype.FT_LOAD_TARGET_MONO)
                bitmap = face.glyph.bitmap._FT_Bitmap
                cells = np.frombuffer(ctypes.string_at(bitmap.buffer, bitmap.rows * bitmap.pitch), np.uint8)
                bits = np.unpackbits(cells.reshape(bitmap.rows, bitmap.pitch), axis=1)[:, : bitmap.width]
                pictures.append(bits * np.uint8(255))
                characters.append(character)
    return pictures, characters


def real(half: int) -> Iterator[QuerySet]:
    """Bitmaps drawn by hand; the character is known, its form is the artist's."""
    for file, codec, size in (("jiskan24", "X 0208", 24), ("jksp24", "X 0212", 24), ("jksp40", "X 0212", 40)):
        pictures, characters = _bitmaps(faces.X11 / f"{file}.pcf.gz", codec)
        keep = np.flatnonzero(
            _half(np.array(characters), half) & np.array([one in families() for one in characters])
        )
        stack = np.zeros((len(keep), *np.max([one.shape for one in pictures], axis=0)), np.uint8)
        for row, place in enumerate(keep):
            rows, columns = pictures[place].shape
            stack[row, :rows, :columns] = pictures[place]
        yield QuerySet(
            f"{file} (by hand)",
            codec,
            size,
            stack,
            [families()[characters[one]] for one in keep],
            exact=False,
        )


def outside(half: int) -> Iterator[QuerySet]:
    """HanaMin's characters that MJ does not have, compatibility ideographs left out."""
    for path in faces.HANAMIN[1:]:
        face = freetype.Face(str(path))
        known = families()
        points = [
            point for point, _ in face.get_chars() if 0x20000 <= point < 0x2F800 and chr(point) not in known
        ]
        points = [point for point in points if faces.draw_of(chr(point), "half") % 2 == half]
        points = [points[one] for one in _some(len(points), OUTSIDE, 5)]
        numbers = np.array([face.get_char_index(point) for point in points])
        for size in SIZES:
            pictures = draw(face, numbers, size, mono=True)
            yield QuerySet("HanaMin", "not in MJ", size, pictures, [frozenset()] * len(points))


def left_out(half: int) -> Iterator[QuerySet]:
    """IVS-only forms of HanaMin whose own glyph is taken out of the gallery while its sisters stay."""
    pairs = faces.truth(faces.HANAMIN[0])
    pairs = pairs.take((pairs.strata == 3) & _half(pairs.names, half))
    pairs = pairs.take(_some(len(pairs.glyphs), EACH // 2, 13))
    for size in (24, 48):
        pictures = draw(pairs.face, pairs.glyphs, size, mono=True)
        names = frozenset(pairs.names.tolist())
        yield QuerySet("HanaMin", "form left out", size, pictures, [frozenset()] * len(names), removed=names)
