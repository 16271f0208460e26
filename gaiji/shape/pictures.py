"""Pictures of characters: the 外字 that a town drew, and the glyphs of a font beside them.

Owns the readers of 外字 pictures (fonts with a private use area, BDF, folders of PNG or BMP, raw dot
matrices), the search for a Mincho font that names its glyphs as the MJ list does, and drawing at one size.
Does not compare shapes.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import regex

from gaiji.codes.charset import Charset
from gaiji.errors import MissingExtra, PictureError
from gaiji.messages import fault, mark, tr
from gaiji.model import IMAGES, MAX_SIDE, Picture

MAX_FILE = 256 * 1024 * 1024
MAX_PICTURES = 65_536
FONTS = (".ttf", ".tte", ".otf", ".ttc")
_GREYS = bytes(value // 16 for value in range(256))
NO_FONT = mark("MJの字形を表示するフォント（IPAmj明朝）が見つかりません。--font で指定してください。")
NO_EXTRA = mark("MJの字形を表示するには追加の部品が必要です（pip install 'gaiji[images]'）。")
FONT_NAMES = ("ipamjm.ttf", "ipamjm.otf", "IPAmjMincho.ttf")
_STEM = regex.compile(r"(?:.*[_-])?(U\+)?([0-9A-F]{4,6})", regex.IGNORECASE)


def png(picture: Picture, side: int = 0) -> bytes:
    """A picture as PNG, black on white in 16 greys; with ``side`` fitted into a square of that many pixels,
    dots kept sharp.
    """
    image = _image(picture)
    if side:
        image = _fitted(image, side)
    greys = _pillow().Image.frombytes("P", image.size, image.tobytes().translate(_GREYS))
    greys.putpalette([255 - 17 * (n // 3) for n in range(48)])
    out = BytesIO()
    greys.save(out, "PNG", bits=4, compress_level=6)
    return out.getvalue()


def _image(picture: Picture) -> Any:
    return _pillow().Image.frombytes("L", (picture.width, picture.height), picture.ink)


def overlay(ours: Picture, other: Picture, side: int) -> bytes:
    """PNG of both in one square, inked parts laid on each other: only ``ours`` is red, only ``other`` blue,
    both black.
    """
    pil = _pillow()
    a, b = (_filled(_image(p), side) for p in (ours, other))
    invert = pil.ImageOps.invert
    both = pil.ImageChops.lighter(a, b)
    out = BytesIO()
    pil.Image.merge("RGB", (invert(b), invert(both), invert(a))).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _filled(image: Any, side: int) -> Any:
    """The inked part stretched over a square with a narrow margin."""
    pil = _pillow()
    margin = side // 20
    square = pil.Image.new("L", (side, side), 0)
    inked = image.crop(image.getbbox() or (0, 0, *image.size))
    square.paste(
        inked.resize((side - 2 * margin, side - 2 * margin), pil.Image.Resampling.BILINEAR), (margin, margin)
    )
    return square


def _fitted(image: Any, side: int) -> Any:
    """In the middle of a square, as large as it goes; whole-number enlargement keeps dots square."""
    pil = _pillow()
    largest = max(image.size)
    how = pil.Image.Resampling.NEAREST if side >= 2 * largest else pil.Image.Resampling.LANCZOS
    size = tuple(max(1, round(x * side / largest)) for x in image.size)
    square = pil.Image.new("L", (side, side), 0)
    square.paste(image.resize(size, how), ((side - size[0]) // 2, (side - size[1]) // 2))
    return square


# -- 外字 in ------------------------------------------------------------------------------------------


def read_pictures(
    path: str | Path, charset: Charset, *, dots: tuple[int, int] | None = None
) -> dict[str, list[Picture]]:
    """Code (hex) → pictures of a 外字 source; PictureError when it is none.

    A font (TTF, TTE, OTF) is read by its private use characters, which the charset's ``pua`` option turns
    into codes; a BDF by its ENCODING (a code of the charset, or a private use character); a folder by file
    names (``80A1.png``, ``U+E000.bmp``, also after ``_``); anything else is a raw matrix of ``dots`` (width,
    height): one character after the other in the order of the charset's 外字 area, rows padded to bytes, the
    leftmost dot the highest bit.
    """
    path = Path(path)
    try:
        if path.is_dir():
            found = _folder(path)
        elif path.stat().st_size > MAX_FILE:
            raise PictureError(
                fault("E0290", "is too big to be a 外字 source"),
                where=str(path),
                next=tr("give at most {max_file} MiB", max_file=MAX_FILE >> 20),
            )
        elif path.suffix.lower() in FONTS:
            found = _font(path)
        elif path.suffix.lower() == ".bdf":
            found = _bdf(path)
        elif path.suffix.lower() in IMAGES:
            found = iter([(path.stem, read_image(path))])
        else:
            found = _matrix(path, charset, dots)
        private = charset.private_use()
        out: dict[str, list[Picture]] = {}
        for name, picture in found:
            code = _code(name, private)
            if code and not picture.empty:
                out.setdefault(code, []).append(picture)
    except OSError as error:
        raise PictureError(
            fault("E0195", "cannot be read: {reason}", reason=error.strerror or error),
            where=str(path),
            next=tr("check the path"),
        ) from error
    if not out:
        raise PictureError(
            fault("E0291", "holds no picture of a code of {charset}", charset=charset.name),
            where=str(path),
            next=tr("name pictures by code, like 80A1.png"),
        )
    return out


def parse_dots(text: str) -> tuple[int, int] | None:
    """``24x24`` as (24, 24), None for ""; PictureError for anything else."""
    if not text:
        return None
    match = regex.fullmatch(r"(\d{1,3})[xX×](\d{1,3})", text.strip())
    if match is None:
        raise PictureError(
            fault("E0292", "{text!r} is no size of a dot matrix", text=text[:20]),
            next=tr("write it as 24x24"),
        )
    return int(match[1]), int(match[2])


def _code(name: str, private: Mapping[int, str]) -> str:
    """The vendor code that a picture's name or private use character means, "" for none."""
    match = _STEM.fullmatch(name)
    if match is None:
        return ""
    value = int(match[2], 16)
    if match[1] or (
        value in private and len(match[2]) >= 4 and 0xE000 <= value <= 0xF8FF and value not in _codes(private)
    ):
        return private.get(value, "")
    return str(match[2]).upper()


def _codes(private: Mapping[int, str]) -> frozenset[int]:
    return frozenset(int(code, 16) for code in private.values())


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


def _folder(folder: Path) -> Iterator[tuple[str, Picture]]:
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGES and p.is_file())
    if len(files) > MAX_PICTURES:
        raise PictureError(
            fault("E0295", "holds {count} pictures", count=len(files)),
            where=str(folder),
            next=tr("give at most {max_pictures}", max_pictures=MAX_PICTURES),
        )
    for file in files:
        yield file.stem, read_image(file)


def _font(path: Path) -> Iterator[tuple[str, Picture]]:
    """Each private use character of a font, at 96 dots to the em."""
    font = GlyphFont(path)
    for code_point in font.private_use():
        yield f"U+{code_point:04X}", font.character(chr(code_point), 96)


def _bdf(path: Path) -> Iterator[tuple[str, Picture]]:
    """Characters of a BDF font (Glyph Bitmap Distribution Format 2.1): ENCODING, BBX and BITMAP are read."""
    lines = path.read_bytes().decode("ascii", "replace").splitlines()
    if not lines or not lines[0].startswith("STARTFONT"):
        raise PictureError(fault("E0296", "is not a BDF font"), where=str(path), next=tr("check the file"))
    code, box = -1, (0, 0)
    rows: list[bytes] | None = None
    for number, line in enumerate(lines, 1):
        words = line.split()
        try:
            if rows is not None and words[:1] != ["ENDCHAR"]:
                rows.append(bytes.fromhex(line.strip()))
            elif words[:1] == ["ENCODING"]:
                code = int(words[1])
            elif words[:1] == ["BBX"]:
                box = (int(words[1]), int(words[2]))
            elif words[:1] == ["BITMAP"]:
                rows = []
            elif words[:1] == ["ENDCHAR"]:
                if rows is None or len(rows) != box[1]:
                    raise ValueError(line)
                if code >= 0 and all(box):
                    yield f"{code:04X}", _dots(b"".join(row[: (box[0] + 7) // 8] for row in rows), *box)
                code, box, rows = -1, (0, 0), None
        except (ValueError, IndexError, PictureError):
            raise PictureError(
                fault("E0297", "is broken"), where=f"{path}:{number}", next=tr("write the BDF font anew")
            ) from None


def _matrix(path: Path, charset: Charset, dots: tuple[int, int] | None) -> Iterator[tuple[str, Picture]]:
    if dots is None:
        raise PictureError(
            fault("E0298", "is not a font, a BDF, a picture or a folder of pictures"),
            where=str(path),
            next=tr("for a raw dot matrix give --dots WxH"),
        )
    width, height = dots
    if not (8 <= width <= 256 and 8 <= height <= 256):
        raise PictureError(
            fault("E0299", "cannot have {width}x{height} dots", width=width, height=height),
            where=str(path),
            next=tr("give a size such as 24x24"),
        )
    size = (width + 7) // 8 * height
    raw = path.read_bytes()
    if not raw or len(raw) % size:
        raise PictureError(
            fault(
                "E0300",
                "has {count} bytes, not a multiple of the {size} of a {width}x{height} character",
                count=len(raw),
                size=size,
                width=width,
                height=height,
            ),
            where=str(path),
            next=tr("check --dots"),
        )
    codes = [code for area in charset.ranges if area.kind == "user" for code in area.codes()]
    if len(raw) // size > len(codes):
        raise PictureError(
            fault(
                "E0301",
                "holds {count} characters, the 外字 area of {charset} has {count2}",
                count=len(raw) // size,
                charset=charset.name,
                count2=len(codes),
            ),
            where=str(path),
            next=tr("check --dots"),
        )
    for number, at in enumerate(range(0, len(raw), size)):
        yield f"{codes[number]:04X}", _dots(raw[at : at + size], width, height)


def _dots(packed: bytes, width: int, height: int) -> Picture:
    """Rows of bits, padded to bytes, as a picture."""
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            fault("E0185", "a picture of {width}x{height} dots", width=width, height=height),
            next=tr("give at most {max_side}x{max_side}", max_side=MAX_SIDE),
        )
    image = _pillow().Image.frombytes("1", (width, height), packed).convert("L")
    return Picture(width, height, image.tobytes())


# -- glyphs of a font -----------------------------------------------------------------------------------


class GlyphFont:
    """A font drawn through FreeType, by the names of its glyphs (``mj026191``) or by character."""

    def __init__(self, path: Path) -> None:
        try:
            import freetype
        except ImportError as error:
            raise MissingExtra(tr("drawing glyphs"), "images") from error
        self.path = path
        self._ft = freetype
        self._lock = threading.Lock()  # a FreeType face is for one thread at a time
        try:
            self._face = freetype.Face(str(path))
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
        return bool(self._face.get_name_index(name.lower().encode()))

    def glyph(self, name: str, side: int) -> Picture | None:
        """The glyph of an MJ or GJ name in a square em of that many dots; None when the font has none."""
        index = self._face.get_name_index(name.lower().encode())
        return self._draw(index, side) if index else None

    def character(self, text: str, side: int) -> Picture:
        """A plain character."""
        return self._draw(self._face.get_char_index(text), side)

    def _draw(self, index: int, side: int) -> Picture:
        with self._lock:
            return self._drawn(index, side)

    def _drawn(self, index: int, side: int) -> Picture:
        ft, face = self._ft, self._face
        try:
            face.set_pixel_sizes(0, side)
            face.load_glyph(index, ft.FT_LOAD_RENDER | ft.FT_LOAD_NO_HINTING)
        except ft.FT_Exception as error:
            raise PictureError(
                fault("E0303", "has a broken glyph {index}", index=index),
                where=str(self.path),
                next=tr("use another copy of the font"),
            ) from error
        slot, bitmap = face.glyph, face.glyph.bitmap
        ascender = round(side * face.ascender / (face.ascender - face.descender)) if face.ascender else side
        canvas = _pillow().Image.new("L", (side, side), 0)
        if bitmap.rows and bitmap.width:
            rows = ctypes.string_at(bitmap._FT_Bitmap.buffer, bitmap.rows * bitmap.pitch)
            if bitmap.pixel_mode == ft.FT_PIXEL_MODE_MONO:
                drawn = (
                    _pillow()
                    .Image.frombytes("1", (bitmap.width, bitmap.rows), rows, "raw", "1", bitmap.pitch)
                    .convert("L")
                )
            else:
                drawn = _pillow().Image.frombytes(
                    "L", (bitmap.width, bitmap.rows), rows, "raw", "L", bitmap.pitch
                )
            canvas.paste(drawn, (slot.bitmap_left, ascender - slot.bitmap_top))
        return Picture(side, side, canvas.tobytes())


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


def _pillow() -> Any:
    try:
        import PIL.Image
        import PIL.ImageChops
        import PIL.ImageOps
    except ImportError as error:
        raise MissingExtra(tr("pictures"), "images") from error
    return PIL
