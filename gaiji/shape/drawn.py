"""The 外字 that a town drew, as its systems give them: which code has which picture.

Owns the readers: fonts with a private use area, BDF, PCF, FONTX2, pictures named by code, folders of all of
them, raw dot matrices. One picture, and drawing from a font, are ``gaiji.shape.pictures``'. Sources: Glyph
Bitmap Distribution Format 2.1 (Adobe, document 5005); X11 Portable Compiled Format, by FreeType; FONTX2:
"FONTX2 font file format" (ChaN, elm-chan.org) and "fontx2の仕様メモ" (6809.net), which agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import regex

from gaiji.codes.charset import Charset
from gaiji.errors import PictureError
from gaiji.errors.messages import fault, tr
from gaiji.model import IMAGES, MAX_SIDE, Picture
from gaiji.shape.pictures import FONTS, MAX_PICTURES, BitmapFont, GlyphFont, dots, read_image

MAX_FILE = 256 * 1024 * 1024
ORDERS = ("rows", "rows-low", "columns", "columns-low")
"""How a raw matrix is written: by rows from the top, or by columns from the left; the first dot of a byte is
its highest bit, or its lowest."""
FONTX = b"FONTX2"
EUF = b"Windows EUDC Editor Bitmap File"
_STEM = regex.compile(r"(?:.*[_-])?(U\+)?([0-9A-F]{4,6})", regex.IGNORECASE)

Found = Iterator[tuple[str, Picture]]
"""Names (a code in hex, or U+ and a private use character) and their pictures."""


@dataclass(frozen=True)
class Dots:
    """The size of each character of a raw matrix, and the order of its dots."""

    width: int
    height: int
    order: str = "rows"


@dataclass(frozen=True)
class Drawn:
    """Code (hex) → pictures, and what lies beside them that is none, with the reason."""

    pictures: dict[str, list[Picture]]
    left: tuple[str, ...] = ()


def read_pictures(
    path: str | Path, charset: Charset, *, dots: Dots | None = None, host: bool = False
) -> Drawn:
    """The pictures of a 外字 source; PictureError when it has none.

    A font (TTF, TTE, OTF) is read by its private use characters, which the charset's ``pua`` option turns
    into codes; a BDF or PCF by its encoding (a code of the charset, or a private use character); a FONTX2 by
    the private use characters of its Shift_JIS codes; a picture by its name (``80A1.png``, ``U+E000.bmp``,
    also after ``_``); a folder by what lies in it; anything else is a raw matrix of ``dots``: one character
    after the other in the order of the charset's 外字 area, each row (or column) padded to bytes.
    ``host``: the pictures are of all the host's codes, so that a number in E000 to F8FF is the code, and a
    private use character only where it is written U+.
    """
    path, left = Path(path), list[str]()
    try:
        found = _folder(path, left) if path.is_dir() else _file(path, charset, dots)
        private = charset.private_use()
        out: dict[str, list[Picture]] = {}
        for name, picture in found:
            code = _code(name, private, host)
            if code and not picture.empty:
                out.setdefault(code, []).append(picture)
            elif not code and path.is_dir():
                left.append(tr("{name}: names no code of {charset}", name=name, charset=charset.name))
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
            next=left[0] if left else tr("name pictures by code, like 80A1.png"),
        )
    return Drawn(out, tuple(left))


def _file(path: Path, charset: Charset, size: Dots | None) -> Found:
    """The pictures of one file; those of a raw matrix when nothing says what else it is."""
    reader = _reader(path)
    return _matrix(path, charset, size) if reader is None else reader(path)


def _reader(path: Path) -> Callable[[Path], Found] | None:
    """What reads a file: by its suffix, else by its first bytes; None for bytes that say nothing."""
    if path.stat().st_size > MAX_FILE:
        raise PictureError(
            fault("E0290", "is too big to be a 外字 source"),
            where=str(path),
            next=tr("give at most {max_file} MiB", max_file=MAX_FILE >> 20),
        )
    name = path.name.lower()
    known = next((read for suffix, read in READERS.items() if name.endswith(suffix)), None)
    if known is not None:
        return known
    with path.open("rb") as file:
        first = file.read(64)
    if first.startswith(FONTX):
        return _fontx
    if first.startswith(EUF):
        raise PictureError(
            fault("E0634", "is the editor's own file of 外字 bitmaps, whose layout is not published"),
            where=str(path),
            next=tr("give the font EUDC.TTE that lies beside it"),
        )
    return None


def parse_dots(text: str) -> Dots | None:
    """``24x24`` or ``24x24 columns`` (see ``ORDERS``), None for ""; PictureError for anything else."""
    if not text:
        return None
    match = regex.fullmatch(r"(\d{1,3})[xX×](\d{1,3})(?:[ :]([a-z-]+))?", text.strip())
    if match is None or (match[3] or "rows") not in ORDERS:
        raise PictureError(
            fault("E0292", "{text!r} is no size of a dot matrix", text=text[:20]),
            next=tr(
                "write it as 24x24, or with its order: 24x24 columns ({orders})", orders=", ".join(ORDERS)
            ),
        )
    return Dots(int(match[1]), int(match[2]), match[3] or "rows")


def _code(name: str, private: Mapping[int, str], host: bool) -> str:
    """The vendor code that a picture's name or private use character means, "" for none."""
    match = _STEM.fullmatch(name)
    if match is None:
        return ""
    value = int(match[2], 16)
    drawn = not host and value in private and 0xE000 <= value <= 0xF8FF and value not in _codes(private)
    if match[1] or drawn:
        return private.get(value, "")
    return str(match[2]).upper()


def _codes(private: Mapping[int, str]) -> frozenset[int]:
    return frozenset(int(code, 16) for code in private.values())


def _folder(folder: Path, left: list[str]) -> Found:
    """All that lies in a folder, by name; what cannot be read is noted in ``left``."""
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    folders = (path.name for path in inside if path.is_dir())
    left += [tr("{file}: is a folder, and not looked into", file=name) for name in folders]
    files = [path for path in inside if path.is_file()]
    if len(files) > MAX_PICTURES:
        raise PictureError(
            fault("E0295", "holds {count} pictures", count=len(files)),
            where=str(folder),
            next=tr("give at most {max_pictures}", max_pictures=MAX_PICTURES),
        )
    for file in files:
        try:
            reader = _reader(file)
            if reader is None:
                left.append(tr("{file}: is no picture, font, BDF, PCF or FONTX2", file=file.name))
            else:
                yield from reader(file)
        except PictureError as error:
            left.append(str(error))


def _image(path: Path) -> Found:
    yield path.stem, read_image(path)


def _font(path: Path) -> Found:
    """Each private use character of a font, at 96 dots to the em."""
    font = GlyphFont(path)
    for code_point in font.private_use():
        yield f"U+{code_point:04X}", font.character(chr(code_point), 96)


def _bdf(path: Path) -> Found:
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
                    yield f"{code:04X}", dots(b"".join(row[: (box[0] + 7) // 8] for row in rows), *box)
                code, box, rows = -1, (0, 0), None
        except (ValueError, IndexError, PictureError):
            raise PictureError(
                fault("E0297", "is broken"), where=f"{path}:{number}", next=tr("write the BDF font anew")
            ) from None


def _pcf(path: Path) -> Found:
    """Characters of a PCF font, at its own size."""
    yield from ((f"{code:04X}", picture) for code, picture in BitmapFont(path).characters())


def _fontx(path: Path) -> Found:
    """Characters of the 外字 rows F0 to F9 of a FONTX2 of double bytes, whose codes are Shift_JIS."""
    raw = path.read_bytes()
    try:
        width, height, double = raw[14:17]
        if double != 1:
            raise ValueError(double)
        areas = [
            (int.from_bytes(raw[at : at + 2], "little"), int.from_bytes(raw[at + 2 : at + 4], "little"))
            for at in range(18, 18 + 4 * raw[17], 4)
        ]
        at, size = 18 + 4 * raw[17], (width + 7) // 8 * height
        if at + size * sum(max(last + 1 - first, 0) for first, last in areas) != len(raw) or not size:
            raise ValueError(size)
    except (ValueError, IndexError):
        raise PictureError(
            fault("E0635", "is no FONTX2 of double bytes, or not all of it is there"),
            where=str(path),
            next=tr("write the font file anew"),
        ) from None
    for first, last in areas:
        for code in range(first, last + 1):
            private = _private_of(code)
            if private:
                yield f"U+{private:04X}", dots(raw[at : at + size], width, height)
            at += size


def _private_of(code: int) -> int:
    """The private use character of a Shift_JIS 外字 code (F040 is U+E000 in Windows), 0 for another."""
    lead, trail = code >> 8, code & 0xFF
    if not (0xF0 <= lead <= 0xF9 and 0x40 <= trail <= 0xFC and trail != 0x7F):
        return 0
    return 0xE000 + (lead - 0xF0) * 188 + trail - 0x40 - (trail > 0x7F)


def _matrix(path: Path, charset: Charset, size: Dots | None) -> Found:
    """One character after the other, in the order of the charset's 外字 area."""
    if size is None:
        raise PictureError(
            fault("E0298", "is not a font, a BDF, PCF or FONTX2, a picture or a folder of them"),
            where=str(path),
            next=tr("for a raw dot matrix give --dots WxH"),
        )
    width, height = size.width, size.height
    if not (8 <= width <= MAX_SIDE and 8 <= height <= MAX_SIDE):
        raise PictureError(
            fault("E0299", "cannot have {width}x{height} dots", width=width, height=height),
            where=str(path),
            next=tr("give a size such as 24x24"),
        )
    across, down = (width, height) if size.order.startswith("rows") else (height, width)
    count = (across + 7) // 8 * down
    raw = path.read_bytes()
    if not raw or len(raw) % count:
        raise PictureError(
            fault(
                "E0300",
                "has {count} bytes, not a multiple of the {size} of a {width}x{height} character",
                count=len(raw),
                size=count,
                width=width,
                height=height,
            ),
            where=str(path),
            next=tr("check --dots"),
        )
    codes = [code for area in charset.ranges if area.kind == "user" for code in area.codes()]
    if len(raw) // count > len(codes):
        raise PictureError(
            fault(
                "E0301",
                "holds {count} characters, the 外字 area of {charset} has {count2}",
                count=len(raw) // count,
                charset=charset.name,
                count2=len(codes),
            ),
            where=str(path),
            next=tr("check --dots"),
        )
    for number, at in enumerate(range(0, len(raw), count)):
        yield f"{codes[number]:04X}", _ordered(raw[at : at + count], size)


def _ordered(raw: bytes, size: Dots) -> Picture:
    """One character of a raw matrix, whatever the order of its dots."""
    if size.order.endswith("-low"):
        raw = raw.translate(_TURNED)
    if size.order.startswith("rows"):
        return dots(raw, size.width, size.height)
    by_columns = dots(raw, size.height, size.width)
    ink = b"".join(by_columns.ink[row :: size.height] for row in range(size.height))
    return Picture(size.width, size.height, ink)


_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
READERS: Mapping[str, Callable[[Path], Found]] = {
    **dict.fromkeys(FONTS, _font),
    **dict.fromkeys(IMAGES, _image),
    ".bdf": _bdf,
    ".pcf": _pcf,
    ".pcf.gz": _pcf,
}
"""What reads a file, by the end of its name."""
