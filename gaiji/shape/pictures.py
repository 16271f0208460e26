"""Pictures of characters: a picture file, and the glyphs of a font.

Owns reading and writing one picture, the search for a Mincho font that names its glyphs as the MJ list does,
and drawing at one size. What a town drew is read in ``gaiji.shape.drawn``. Does not compare shapes.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any, NamedTuple
from zlib import compress, crc32

import numpy as np
import regex

from gaiji.errors import MissingExtra, PictureError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model import MAX_SIDE, Picture

MAX_FILE = 256 * 1024 * 1024
MAX_PICTURES = 65_536
FONTS = (".ttf", ".tte", ".otf", ".ttc")
FEW = 100
"""Names of glyphs that are looked up one by one."""
_GREYS = bytes(value // 16 for value in range(256))
NO_FONT = mark("MJの字形を表示するフォント（IPAmj明朝）が見つかりません。--font で指定してください。")
NO_EXTRA = mark("MJの字形を表示するには追加の部品が必要です（pip install 'gaiji[images]'）。")
FONT_NAMES = ("ipamjm.ttf", "ipamjm.otf", "IPAmjMincho.ttf")
_STEM = regex.compile(r"(?:.*[_-])?(U\+)?([0-9A-F]{4,6})", regex.IGNORECASE)


def png(picture: Picture, side: int = 0) -> bytes:
    """A picture as PNG, black on white in 16 greys; with ``side`` fitted into a square of that many pixels,
    dots kept sharp.
    """
    size, ink = (picture.width, picture.height), picture.ink
    if side:
        image = _fitted(_image(picture), side)
        size, ink = image.size, image.tobytes()
    # The chunks that Image.save writes with bits=4; its ways around each take several times as long.
    rows = compress(_halves(ink.translate(_GREYS), *size), _LEVEL)
    head = _chunk(b"IHDR", pack(">IIBBBBB", *size, 4, 3, 0, 0, 0))
    pieces = [_chunk(b"IDAT", rows[at : at + _PIECE]) for at in range(0, len(rows), _PIECE)]
    return b"".join([_PNG, head, _PALETTE, *pieces, _END])


def _halves(greys: bytes, width: int, height: int) -> bytes:
    """Rows of PNG of 4 bits a dot: the filter's number (none), then two dots a byte, the left one high."""
    rows = np.frombuffer(greys, np.uint8).reshape(height, width)
    out = np.zeros((height, 1 + (width + 1) // 2), np.uint8)
    np.left_shift(rows[:, ::2], 4, out=out[:, 1:])
    out[:, 1 : 1 + width // 2] |= rows[:, 1::2]
    return out.tobytes()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data))


_PIECE = 65536
_LEVEL = 4  # what zlib's own 6 gains takes twice as long
_PNG = b"\x89PNG\r\n\x1a\n"
_PALETTE, _END = _chunk(b"PLTE", bytes(255 - 17 * (n // 3) for n in range(48))), _chunk(b"IEND", b"")


def _image(picture: Picture) -> Any:
    return _pillow().Image.frombytes("L", (picture.width, picture.height), picture.ink)


def _fitted(image: Any, side: int) -> Any:
    """In the middle of a square, as large as it goes; whole-number enlargement keeps dots square."""
    pil = _pillow()
    largest = max(image.size)
    how = pil.Image.Resampling.NEAREST if side >= 2 * largest else pil.Image.Resampling.LANCZOS
    size = tuple(max(1, round(x * side / largest)) for x in image.size)
    square = pil.Image.new("L", (side, side), 0)
    square.paste(image.resize(size, how), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


# -- one picture ---------------------------------------------------------------------------------------


def read_image(path: Path) -> Picture:
    """A picture file, dark on light or light on dark; PictureError for one that is broken or too large."""
    try:
        data = path.read_bytes() if path.stat().st_size <= 16 << 20 else b""
    except OSError as error:
        raise PictureError(
            fault("E0195", "cannot be read: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("check the path"),
        ) from error
    return image(data, str(path))


def dots(packed: bytes, width: int, height: int) -> Picture:
    """Rows of bits, padded to bytes, as a picture."""
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            fault("E0185", "a picture of {width}x{height} dots", width=width, height=height),
            next=tr("give at most {max_side}x{max_side}", max_side=MAX_SIDE),
        )
    image = _pillow().Image.frombytes("1", (width, height), packed).convert("L")
    return Picture(width, height, image.tobytes())


def image(data: bytes, where: str) -> Picture:
    """A PNG, BMP, GIF or TIFF as a picture; what most of its edge shows is the paper."""
    pil = _pillow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's of its own size limit; ours is below
            opened = pil.Image.open(BytesIO(data), formats=("PNG", "BMP", "GIF", "TIFF"))
        if max(opened.size) > MAX_SIDE:
            raise PictureError(
                fault("E0293", "is {size}x{size2} dots", size=opened.size[0], size2=opened.size[1]),
                where=where,
                next=tr("give at most {max_side}x{max_side}", max_side=MAX_SIDE),
            )
        if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
            opened = opened.convert("RGBA")
            opened = pil.Image.alpha_composite(pil.Image.new("RGBA", opened.size, "white"), opened)
        grey = opened.convert("L")
    except PictureError:
        raise
    except Exception as error:  # Pillow lets many kinds out of a broken file
        raise PictureError(
            fault("E0294", "is not a PNG, BMP, GIF or TIFF picture"), where=where, next=tr("check the file")
        ) from error
    width, height = grey.size
    pixels = grey.tobytes()
    edge = [*pixels[:width], *pixels[-width:], *pixels[::width], *pixels[width - 1 :: width]]
    if sorted(edge)[len(edge) // 2] > 127:
        pixels = bytes(255 - p for p in pixels)
    return Picture(width, height, pixels)


# -- glyphs of a font -----------------------------------------------------------------------------------


class Raster(NamedTuple):
    """A glyph's ink (one byte a dot, 255 = ink): ``left`` and ``top`` are where its first column and row lie
    from the glyph's origin, ``top`` upwards."""

    left: int
    top: int
    width: int
    height: int
    ink: bytes


class GlyphFont:
    """A font drawn through FreeType, by the names of its glyphs (``mj026191``) or by character."""

    def __init__(self, path: Path) -> None:
        self.path, self._ft = path, _freetype()
        self._lock = threading.Lock()  # a FreeType face is for one thread at a time
        self._asked = 0
        try:
            self._face = self._ft.Face(str(path))
        except Exception as error:  # freetype-py raises its own kind, and others for odd files
            raise PictureError(
                fault("E0302", "is not a font that can be read"),
                where=str(path),
                next=tr("give a TTF, TTE or OTF font"),
            ) from error

    def private_use(self) -> list[int]:
        """The font's private use characters, in order."""
        found = sorted(c for c, _ in self._face.get_chars() if 0xE000 <= c <= 0xF8FF or c >= 0xF0000)
        return found[:MAX_PICTURES]

    def has(self, name: str) -> bool:
        """Whether a glyph has that name."""
        return bool(self._index(name))

    def _index(self, name: str) -> int:
        """The number of the glyph of that name, 0 for none. FreeType goes through all names for each; one who
        asks for many gets a table of them."""
        self._asked += 1
        wanted = name.lower().encode()
        return self._names.get(wanted, 0) if self._asked > FEW else int(self._face.get_name_index(wanted))

    @cached_property
    def _names(self) -> dict[bytes, int]:
        """Name → number of each glyph; the first of that name."""
        get, face = self._ft.raw.FT_Get_Glyph_Name, self._face
        out, buffer = dict[bytes, int](), ctypes.create_string_buffer(64)
        with self._lock:
            for number in range(face.num_glyphs):
                if not get(face._FT_Face, number, buffer, 64):
                    out.setdefault(buffer.value, number)
        return out

    def glyph(self, name: str, side: int) -> Picture | None:
        """The glyph of an MJ or GJ name in a square em of that many dots; None when the font has none."""
        index = self._index(name)
        return self._draw(index, side) if index else None

    def character(self, text: str, side: int) -> Picture:
        """A plain character."""
        return self._draw(self._face.get_char_index(text), side)

    def raster(self, name: str, across: int, down: int, *, mono: bool) -> Raster | None:
        """The glyph of a name at so many dots an em, cut to its ink; None when the font has none. ``mono``:
        black and white by the automatic hinter, as host fonts were made; else grey, without hinting."""
        index = self._index(name)
        if not index:
            return None
        with self._lock:
            return self._raster(index, across, down, mono)

    def _draw(self, index: int, side: int) -> Picture:
        """In a square em; ink that reaches beyond it is moved in, so that none is cut off."""
        with self._lock:
            face, drawn = self._face, self._raster(index, side, side, False)
            high = face.ascender - face.descender
            ascender = round(side * face.ascender / high) if face.ascender else side
        canvas = np.zeros((side, side), np.uint8)
        left = min(max(drawn.left, 0), max(side - drawn.width, 0))
        top = min(max(ascender - drawn.top, 0), max(side - drawn.height, 0))
        ink = np.frombuffer(drawn.ink, np.uint8).reshape(drawn.height, drawn.width)
        canvas[top : top + drawn.height, left : left + drawn.width] = ink[: side - top, : side - left]
        return Picture(side, side, canvas.tobytes())

    def _raster(self, index: int, across: int, down: int, mono: bool) -> Raster:
        ft, face = self._ft, self._face
        how = ft.FT_LOAD_TARGET_MONO | ft.FT_LOAD_FORCE_AUTOHINT if mono else ft.FT_LOAD_NO_HINTING
        try:
            face.set_pixel_sizes(across, down)
            face.load_glyph(index, ft.FT_LOAD_RENDER | how)
        except ft.FT_Exception as error:
            raise PictureError(
                fault("E0303", "has a broken glyph {index}", index=index),
                where=str(self.path),
                next=tr("use another copy of the font"),
            ) from error
        slot, bitmap = face.glyph, face.glyph.bitmap
        if not (bitmap.rows and bitmap.width):
            return Raster(0, 0, 0, 0, b"")
        width, height, pitch = bitmap.width, bitmap.rows, bitmap.pitch
        raw = ctypes.string_at(bitmap._FT_Bitmap.buffer, height * pitch)
        rows = np.frombuffer(raw, np.uint8).reshape(height, pitch)
        if bitmap.pixel_mode == ft.FT_PIXEL_MODE_MONO:
            rows = np.unpackbits(rows, axis=1) * np.uint8(255)
        return Raster(slot.bitmap_left, slot.bitmap_top, width, height, rows[:, :width].tobytes())


class BitmapFont:
    """A font of dots (PCF) through FreeType, by the codes of its own encoding."""

    def __init__(self, path: Path) -> None:
        self.path, self._ft = path, _freetype()
        try:
            self._face = self._ft.Face(str(path))
            self._face.set_charmap(self._face.charmaps[0])
            self._face.select_size(0)
        except Exception as error:  # freetype-py raises its own kind, and others for odd files
            raise PictureError(
                fault("E0636", "is not a font of dots that can be read"),
                where=str(path),
                next=tr("give a PCF or a BDF"),
            ) from error

    def characters(self) -> Iterator[tuple[int, Picture]]:
        """Each code that has dots, and them, in the order of the codes."""
        face = self._face
        for code, index in sorted(face.get_chars())[:MAX_PICTURES]:
            if not code:
                continue  # what FreeType shows for codes that the font has not
            try:
                face.load_glyph(index, self._ft.FT_LOAD_RENDER)
            except self._ft.FT_Exception as error:
                raise PictureError(
                    fault("E0303", "has a broken glyph {index}", index=index),
                    where=str(self.path),
                    next=tr("use another copy of the font"),
                ) from error
            bitmap = face.glyph.bitmap
            if bitmap.rows and bitmap.width:
                rows = ctypes.string_at(bitmap._FT_Bitmap.buffer, bitmap.rows * bitmap.pitch)
                row = (bitmap.width + 7) // 8
                packed = b"".join(rows[at : at + row] for at in range(0, len(rows), bitmap.pitch))
                yield code, dots(packed, bitmap.width, bitmap.rows)


class Gallery:
    """Draws any glyph of the repertoire from the fonts at hand; ``missing`` says in words what is not
    there."""

    def __init__(self, fonts: Sequence[GlyphFont], why: str = "") -> None:
        self.fonts = tuple(fonts)
        self._why = why
        self._drawn = lru_cache(maxsize=4096)(self._draw)

    @property
    def missing(self) -> str:
        """ "" when there is a font."""
        return "" if self.fonts else self._why or tr(NO_FONT)

    def glyph(self, name: str, side: int) -> Picture | None:
        """The glyph's picture, None when no font has it."""
        return self._drawn(name, side)

    def raster(self, name: str, across: int, down: int, *, mono: bool) -> Raster | None:
        """The glyph's ink at so many dots an em (``GlyphFont.raster``); None when no font has it."""
        found = (font.raster(name, across, down, mono=mono) for font in self.fonts)
        return next((raster for raster in found if raster is not None), None)

    def _draw(self, name: str, side: int) -> Picture | None:
        for font in self.fonts:
            picture = font.glyph(name, side)
            if picture is not None:
                return picture
        return None


def open_gallery(fonts: Sequence[str | Path] = ()) -> Gallery:
    """The fonts given, else those found where systems install them, and the imported GJ font when there is
    one.
    """
    from gaiji.standard.gj import current_gj

    paths = [Path(f) for f in fonts] or [p for p in [find_font()] if p is not None]
    release = current_gj()
    if (
        release is not None
        and Path(release.source).suffix.lower() in FONTS
        and Path(release.source).is_file()
    ):
        paths.append(Path(release.source))
    try:
        return Gallery([GlyphFont(path) for path in paths])
    except MissingExtra:
        if fonts:
            raise
        return Gallery([], tr(NO_EXTRA))


def find_font() -> Path | None:
    """IPAmj 明朝 where Debian, Windows and macOS install it.

    ``GAIJI_MJ_FONT`` names the font when set; ``GAIJI_FONT_PATH``, when set, names the folders to look in
    instead of the system's, separated as in PATH (set but empty: none, as on a machine without fonts).
    """
    if given := os.environ.get("GAIJI_MJ_FONT"):
        return Path(given)
    return next(
        (folder / name for folder in _font_folders() for name in FONT_NAMES if (folder / name).is_file()),
        None,
    )


def _font_folders() -> list[Path]:
    given = os.environ.get("GAIJI_FONT_PATH")
    if given is not None:
        return [Path(folder) for folder in given.split(os.pathsep) if folder]
    if sys.platform == "win32":
        return [
            Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
            Path(os.environ.get("LOCALAPPDATA", "")) / "Microsoft/Windows/Fonts",
        ]
    home = Path.home()
    return [
        Path("/usr/share/fonts/truetype/ipamj"),
        Path("/usr/share/fonts/ipa-mj-mincho-fonts"),
        Path("/usr/local/share/fonts"),
        home / ".local/share/fonts",
        home / ".fonts",
        home / "Library/Fonts",
        Path("/Library/Fonts"),
    ]


def _freetype() -> Any:
    try:
        import freetype
    except ImportError as error:
        raise MissingExtra(tr("drawing glyphs"), "images") from error
    return freetype


def _pillow() -> Any:
    try:
        import PIL.Image
    except ImportError as error:
        raise MissingExtra(tr("pictures"), "images") from error
    return PIL
