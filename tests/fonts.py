"""Fonts that the tests draw themselves, so that no test needs one that a machine may lack.

Owns building a small TrueType font of glyphs made of boxes. Which names and characters it has is the caller's.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Mapping

import pytest

FontBuilder = pytest.importorskip(
    "fontTools.fontBuilder", reason="fonts are drawn with fonttools"
).FontBuilder
TTGlyphPen = pytest.importorskip("fontTools.pens.ttGlyphPen").TTGlyphPen

Box = tuple[int, int, int, int]
"""Left, bottom, right, top in an em of 1000."""


def bars(seed: int) -> list[Box]:
    """Upright and level strokes of a made-up character; another one for each seed."""
    rng, boxes = random.Random(seed), []
    for _ in range(rng.randint(4, 9)):
        near, start, end = rng.randint(50, 900), rng.randint(0, 400), rng.randint(550, 950)
        boxes.append((near, start, near + 60, end) if rng.random() < 0.5 else (start, near, end, near + 40))
    return boxes


def outline(boxes: Iterable[Box]):
    """A glyph of filled boxes; of none it is empty."""
    pen = TTGlyphPen(None)
    for left, bottom, right, top in boxes:
        pen.moveTo((left, bottom))
        for point in ((left, top), (right, top), (right, bottom)):
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def font_bytes(glyphs: Mapping[str, Iterable[Box]], cmap: Mapping[int, str] | None = None) -> bytes:
    """A TrueType font: the named glyphs after .notdef, and which character shows which (else U+4E00 and on)."""
    cmap = cmap or {0x4E00 + place: name for place, name in enumerate(glyphs)}
    outlines = {".notdef": outline(()), **{name: outline(boxes) for name, boxes in glyphs.items()}}
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCharacterMap(dict(cmap))
    builder.setupGlyf(outlines)
    builder.setupHorizontalMetrics(dict.fromkeys(outlines, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Drawn by a test", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=True)
    stream = io.BytesIO()
    builder.save(stream)
    return stream.getvalue()


def mj_font_bytes(names: Iterable[str]) -> bytes:
    """A font whose glyphs have MJ names, in small letters as in IPAmj 明朝, each with strokes of its own."""
    return font_bytes({name.lower(): bars(int(name[2:])) for name in names})
