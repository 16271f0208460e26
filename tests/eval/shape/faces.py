"""Fonts that training and evaluation draw from, and which of their glyphs is which MJ glyph for certain.

Owns the paths of the Debian packages' fonts and the truth about them. A font's glyph is taken for an
MJ glyph when both have the same variation sequence, or when the character has one MJ glyph only and
the font has it; other glyphs are left out, because a font's default form need not be the list's.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import freetype
import numpy as np
import polars as pl
from fontTools.ttLib import TTFont

import gaiji
from gaiji.shape.raster import glyph_names, open_font

FONTS = Path("/usr/share/fonts")
IPAMJ = FONTS / "truetype/ipamj/ipamjm.ttf"
BIZ_MINCHO = FONTS / "truetype/bizud-mincho/BIZUDMincho-Regular.ttf"
BIZ_GOTHIC = FONTS / "truetype/bizud-gothic/BIZUDGothic-Regular.ttf"
HANAMIN = (FONTS / "truetype/hanazono/HanaMinA.ttf", FONTS / "truetype/hanazono/HanaMinB.ttf")
NOTO_SERIF = FONTS / "opentype/noto/NotoSerifCJK-Regular.ttc"
NOTO_SANS = FONTS / "opentype/noto/NotoSansCJK-Regular.ttc"
X11 = FONTS / "X11/misc"

PACKAGES = {
    IPAMJ: "fonts-ipamj-mincho",
    BIZ_MINCHO: "fonts-morisawa-bizud-mincho",
    BIZ_GOTHIC: "fonts-morisawa-bizud-gothic",
    HANAMIN[0]: "fonts-hanazono",
    HANAMIN[1]: "fonts-hanazono",
    NOTO_SERIF: "fonts-noto-cjk",
    NOTO_SANS: "fonts-noto-cjk",
    X11 / "jiskan24.pcf.gz": "xfonts-base",
    X11 / "jksp24.pcf.gz": "xfonts-intl-japanese",
    X11 / "jksp40.pcf.gz": "xfonts-intl-japanese-big",
}

STRATA = ("ordinary", "rare", "extension B+", "IVS only")


@dataclass(frozen=True)
class Pairs:
    """Glyph numbers of a face, the MJ names they show, and their strata (places in STRATA)."""

    face: freetype.Face
    glyphs: np.ndarray
    names: np.ndarray
    strata: np.ndarray

    def take(self, which: np.ndarray) -> Pairs:
        """Some of the pairs, by mask or places."""
        return Pairs(self.face, self.glyphs[which], self.names[which], self.strata[which])


def need(paths: list[Path]) -> None:
    """Ends the run with the packages to install when a font is missing."""
    missing = sorted({PACKAGES[path] for path in paths if not path.is_file()})
    if missing:
        sys.exit(f"fonts are missing; install the Debian packages: {' '.join(missing)}")


def draw_of(name: str, salt: str = "") -> int:
    """A number from 0 to 9999 that depends on the name alone: how glyphs are dealt into sets."""
    return zlib.crc32((salt + name).encode()) % 10_000


@cache
def mj() -> pl.DataFrame:
    """The MJ list's frame without 変体仮名 and GJ, with the stratum of each glyph."""
    frame = gaiji.load_repertoire(gj=False).frame.filter((pl.col("list") == "mj") & (pl.col("base") != ""))
    code = pl.col("base").map_elements(ord, return_dtype=pl.Int64)
    stratum = (
        pl.when(~pl.col("default"))
        .then(3)
        .when(code >= 0x20000)
        .then(2)
        .when(pl.col("x0213") != "")
        .then(0)
        .otherwise(1)
    )
    return frame.with_columns(stratum.alias("stratum"), pl.len().over("base").alias("forms"))


@cache
def truth(path: Path, number: int = 0) -> Pairs:
    """The certain pairs of a font, in the list's order."""
    font = TTFont(path, fontNumber=number, lazy=True)
    cmap, numbers = font.getBestCmap(), font.getReverseGlyphMap()
    sequences: dict[str, str] = {}
    for table in font["cmap"].tables:
        if table.format == 14:
            for selector, entries in table.uvsDict.items():
                sequences |= {
                    chr(point) + chr(selector): glyph or cmap.get(point) for point, glyph in entries
                }
    found = []
    for name, text, base, also, forms, stratum in (
        mj().select("name", "text", "base", "also", "forms", "stratum").iter_rows()
    ):
        texts = [
            text,
            *("".join(chr(int(one, 16)) for one in hexes.split()) for hexes in also.split("|") if hexes),
        ]
        glyph = next((sequences[one] for one in texts if len(one) == 2 and one in sequences), None)
        if glyph is None and forms == 1:
            glyph = cmap.get(ord(base))
        if glyph is not None:
            found.append((numbers[glyph], name, stratum))
    glyphs, names, strata = zip(*found, strict=True)
    return Pairs(open_font(path, number), np.array(glyphs), np.array(names), np.array(strata))


@cache
def ipamj() -> Pairs:
    """Every MJ glyph of the gallery's own font."""
    face = open_font(IPAMJ)
    numbers = {name.upper(): number for number, name in enumerate(glyph_names(face)) if name}
    frame = mj()
    glyphs = np.array([numbers[name] for name in frame["name"]])
    return Pairs(face, glyphs, frame["name"].to_numpy(), frame["stratum"].to_numpy())


def in_training(names: np.ndarray) -> np.ndarray:
    """Which MJ glyphs training may see: a third of all, and those that the second Mincho face has."""
    second = set(truth(BIZ_MINCHO).names)
    return np.array([name in second or draw_of(name, "training") < 3333 for name in names])
