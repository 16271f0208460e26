"""Reads a GJ font (TTF, OTF) or list (CSV, TSV, XLSX) of any origin: the glyphs that it names.

Owns the forms of such files and the bounds that keep a damaged one from filling memory. Whether names and
code points are GJ's, and what is kept, is for ``gaiji.standard.gj``.
"""

from __future__ import annotations

import csv
import io
import logging
import re
import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field
from itertools import islice
from pathlib import Path

from gaiji.disk.ooxml import transitional, unpacked_size
from gaiji.errors import MissingExtra, RepertoireError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.plain import dataclass

MAX_FONT = 256 << 20
MAX_LIST = 64 << 20
MAX_UNPACKED = 256 << 20  # of an .xlsx; the official lists unpack to some tens of MB
MAX_ENTRIES = 1_000
MAX_ROWS = 200_000
MAX_COLUMNS = 100
_HEADER_ROWS = 20  # titles and notes may stand above the header

EXPECTED = mark("give the official GJ font (TTF/OTF) or a list (CSV, XLSX) with GJ文字図形名 and UCS columns")
OTHER_FILE = mark("this is not the official font or list, or it is damaged: get it again")
GJ_NAME = re.compile(r"GJ[0-9]{6}")
_MJ_NAME = re.compile(r"MJ[0-9]{6}")
_CODE_POINT = re.compile(r"(?:U\+|0X|&#X)?([0-9A-F]{4,6});?")

# Header aliases, compared after NFKC, without spaces and in lower case; the first that is there wins.
_ALIASES: dict[str, tuple[str, ...]] = {
    "name": (
        "gj文字図形名",
        "mj/gj文字図形名",
        "行政事務標準文字図形名",
        "文字図形名",
        "gj番号",
        "gjコード",
        "gj",
        "name",
        "glyph",
    ),
    "ucs": (
        "ucs",
        "ucs符号位置",
        "unicode符号位置",
        "unicode",
        "ユニコード",
        "符号位置",
        "コードポイント",
        "実装したucs",
        "codepoint",
        "code",
        "外字コード",
        "文字",
    ),
    "koseki": ("戸籍統一文字番号", "戸籍統一文字", "戸籍番号", "koseki"),
    "juki": ("住基ネット統一文字コード", "住基ネット統一文字", "住基統一文字コード", "juki"),
    "touki": ("登記統一文字番号", "登記統一文字", "touki"),
    "strokes": ("総画数", "画数", "strokes"),
    "radical": ("部首", "部首番号", "radical"),
    "inner": ("内画数", "部首内画数"),
    "note": ("備考", "note"),
}
_READING_HEADERS = frozenset(
    ("読み", "読み(参考)", "音読み", "訓読み", "音", "訓", "音訓", "読み仮名", "よみ", "readings")
)


@dataclass(slots=True)
class Glyph:
    """One glyph as read, before it is checked. ``where`` names its row or glyph in the source."""

    name: str
    point: int | None
    where: str
    columns: dict[str, str] = field(default_factory=dict)


def read_bounded(path: Path) -> bytes:
    """The whole file, at most MAX_FONT bytes: hash and content must come from one reading."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FONT + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RepertoireError(
            fault("E0280", "cannot read it: {reason}", reason=reason),
            where=str(path),
            next=tr("check the path"),
        ) from error
    if len(data) > MAX_FONT:
        raise RepertoireError(
            fault("E0331", "larger than {max_font} MB", max_font=MAX_FONT >> 20),
            where=str(path),
            next=tr(EXPECTED),
        )
    return data


def read_glyphs(path: Path, data: bytes) -> tuple[list[Glyph], int]:
    """The glyphs of a font or list, and how many rows were MJ glyphs. The first bytes say which it is."""
    if data[:4] in (b"\0\1\0\0", b"OTTO", b"true"):
        return _font_glyphs(path, data), 0
    if len(data) > MAX_LIST:
        raise RepertoireError(
            fault("E0332", "a list larger than {max_list} MB", max_list=MAX_LIST >> 20),
            where=str(path),
            next=tr(EXPECTED),
        )
    if data[:4] == b"PK\3\4":
        return _list_glyphs(path, _xlsx_rows(path, data, lambda row: _header([row]) is not None))
    if data[:4] in (b"ttcf", b"wOFF", b"wOF2"):
        what = fault("E0333", "a font collection or web font")
        raise RepertoireError(what, where=str(path), next=tr("give the TTF or OTF itself"))
    if data[:4] == b"\xd0\xcf\x11\xe0":
        what = fault("E0334", "an old Excel file (.xls), or an encrypted one")
        raise RepertoireError(what, where=str(path), next=tr("save it as XLSX without a password, or as CSV"))
    return _list_glyphs(path, _csv_rows(path, data))


def _font_glyphs(path: Path, data: bytes) -> list[Glyph]:
    """Every glyph named ``gj`` and six digits, with the code point that the font's cmap gives it."""
    try:
        from fontTools.ttLib import TTFont
    except ImportError as error:
        raise MissingExtra(tr("reading a GJ font"), "fonts") from error
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)  # what is wrong is said once, in our own line
    try:
        font = TTFont(io.BytesIO(data), lazy=True)
        _check_cmap_size(font.reader["cmap"])
        names = [str(name) for name in font.getGlyphOrder()]
        points: dict[str, set[int]] = font["cmap"].buildReversed()
    except Exception as error:  # fontTools raises nearly every exception there is on a damaged font
        what = fault("E0335", "a damaged font: {value}", value=one_line(error))
        raise RepertoireError(what, where=str(path), next=tr("get the font again")) from error
    glyphs = []
    for name in names:
        upper, found = name.upper(), sorted(points.get(name, ()))
        if not GJ_NAME.match(upper) or (not found and not GJ_NAME.fullmatch(upper)):
            continue  # other glyphs, and unencoded variants such as gj000001.vert
        where = f"{path} glyph {name[:40]}"
        if len(found) > 1:
            listed = " ".join(f"U+{point:04X}" for point in found[:4])
            raise RepertoireError(
                fault("E0336", "has several code points ({listed})", listed=listed),
                where=where,
                next=tr(OTHER_FILE),
            )
        glyphs.append(Glyph(upper, found[0] if found else None, where))
    return glyphs


def _check_cmap_size(cmap: bytes) -> None:
    """ValueError when a cmap claims more characters than Unicode has, before anything expands it.

    OpenType cmap: header (version, count), records of platform, encoding and offset; formats 12 and
    13 are lists of groups (first, last, glyph), so a few damaged bytes can claim four billion.
    """
    (count,) = struct.unpack_from(">H", cmap, 2)
    for index in range(count):
        (offset,) = struct.unpack_from(">L", cmap, 4 + 8 * index + 4)
        (kind,) = struct.unpack_from(">H", cmap, offset)
        if kind not in (12, 13):
            continue
        (groups,) = struct.unpack_from(">L", cmap, offset + 12)
        body = cmap[offset + 16 : offset + 16 + 12 * groups]
        whole = body[: len(body) // 12 * 12]
        if sum(max(last - first + 1, 0) for first, last, _ in struct.iter_unpack(">LLL", whole)) > 0x110000:
            raise ValueError("its cmap claims more characters than Unicode has")


def rows_of(path: Path, data: bytes, is_header: Callable[[Sequence[str]], bool]) -> list[Sequence[str]]:
    """The rows of a list in an XLSX, strict or transitional (the first sheet with a header in its first
    rows), or in a CSV or TSV; RepertoireError for what is neither, MissingExtra where an XLSX needs the
    extra ``xlsx``."""
    if len(data) > MAX_LIST:
        raise RepertoireError(
            fault("E0332", "a list larger than {max_list} MB", max_list=MAX_LIST >> 20),
            where=str(path),
            next=tr(EXPECTED),
        )
    return list(_xlsx_rows(path, data, is_header) if data[:4] == b"PK\3\4" else _csv_rows(path, data))


def _csv_rows(path: Path, data: bytes) -> Iterator[Sequence[str]]:
    """The rows of a CSV or TSV in UTF-8, UTF-16 with BOM or CP932."""
    text = _decode_text(path, data)
    first = text[:20_000]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    try:
        yield from islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MAX_ROWS + 1)
    except csv.Error as error:
        raise RepertoireError(
            fault("E0337", "not a CSV: {error}", error=error), where=str(path), next=tr(EXPECTED)
        ) from error


def _decode_text(path: Path, data: bytes) -> str:
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if utf16 or b"\0" not in data:
        for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp932"):
            with suppress(UnicodeDecodeError):
                return data.decode(encoding)
    raise RepertoireError(
        fault("E0338", "neither a font, an XLSX nor text"), where=str(path), next=tr(EXPECTED)
    )


def _xlsx_rows(
    path: Path, data: bytes, is_header: Callable[[Sequence[str]], bool]
) -> Iterator[Sequence[str]]:
    """The rows of the first sheet that has a header."""
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtra(tr("reading an XLSX list"), "xlsx") from error
    try:
        _check_zip(data)
        book = openpyxl.load_workbook(io.BytesIO(transitional(data)), read_only=True, data_only=True)
        chosen: list[list[str]] = []
        for sheet in book.worksheets:
            cells = sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
            rows = ([_cell(value) for value in row] for row in cells)
            head = list(islice(rows, _HEADER_ROWS))
            if any(map(is_header, head)):
                chosen = [*head, *rows]
                break
    except Exception as error:  # openpyxl, zipfile and the XML parser have no common base class
        what = fault("E0339", "not a readable XLSX: {value}", value=one_line(error))
        raise RepertoireError(what, where=str(path), next=tr(EXPECTED)) from error
    yield from chosen


def _check_zip(data: bytes) -> None:
    """ValueError for an archive that would unpack to too much (zipfile never reads past the sizes stated)."""
    unpacked, entries = unpacked_size(data)
    if entries > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > 200 * len(data) + (1 << 20):
        raise ValueError(f"unpacks to {unpacked:,} bytes in {entries} parts, which no glyph list needs")


def _cell(value: object) -> str:
    """A cell as text; a whole number without its decimals, since spreadsheets turn codes into numbers."""
    if value is None:
        return ""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")  # XLSX can escape a lone surrogate


def _list_glyphs(path: Path, rows: Iterable[Sequence[str]]) -> tuple[list[Glyph], int]:
    table = list(rows)
    if len(table) > MAX_ROWS:
        raise RepertoireError(
            fault("E0340", "more than {max_rows:,} rows", max_rows=MAX_ROWS),
            where=str(path),
            next=tr(EXPECTED),
        )
    header = _header(table[:_HEADER_ROWS])
    if header is None:
        raise RepertoireError(
            fault("E0341", "no header with a glyph name and a code point"), where=str(path), next=tr(EXPECTED)
        )
    start, columns, readings = header
    glyphs, skipped = [], 0
    for number, row in enumerate(table[start + 1 :], start + 2):
        cells = {key: _plain(row[at]) if at < len(row) else "" for key, at in columns.items()}
        cells["readings"] = " ".join(word for at in readings if at < len(row) for word in _words(row[at]))
        if _MJ_NAME.fullmatch(cells["name"].upper()):
            skipped += 1
        elif cells["name"] or cells["ucs"]:
            glyphs.append(_list_glyph(f"{path}:{number}", cells))
    return glyphs, skipped


def _header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int], list[int]] | None:
    """Index of the header row, column of each key, columns of readings; None when no row is a header."""
    for index, row in enumerate(rows):
        titles = ["".join(_plain(cell).split()).lower() for cell in row[:MAX_COLUMNS]]
        columns = {
            key: titles.index(alias)
            for key, aliases in _ALIASES.items()
            for alias in [next((alias for alias in aliases if alias in titles), "")]
            if alias
        }
        if "name" in columns and "ucs" in columns:
            return index, columns, [at for at, title in enumerate(titles) if title in _READING_HEADERS]
    return None


def _list_glyph(where: str, cells: dict[str, str]) -> Glyph:
    code = cells["ucs"]
    match = _CODE_POINT.fullmatch(code.upper())
    point: int | None = None
    if match:
        point = int(match[1], 16)
    elif len(code) == 1 and not code.isascii():  # the character itself
        point = ord(code)
    elif code not in ("", "-"):
        raise RepertoireError(
            fault("E0342", "{code!r} is no code point", code=code[:40]),
            where=where,
            next=tr("write it as U+100000"),
        )
    columns = {key: cells.get(key, "") for key in ("juki", "readings", "note")}
    columns["koseki"] = _digits(cells, "koseki", 6)
    columns["touki"] = _digits(cells, "touki", 8)
    columns["strokes"] = _digits(cells, "strokes", 0)[:3]
    if radical := _digits(cells, "radical", 0):
        columns["radicals"] = f"{int(radical)}.{_digits(cells, 'inner', 0) or '-'}"
    return Glyph(cells["name"].upper(), point, where, columns)


def _digits(cells: dict[str, str], key: str, width: int) -> str:
    """A number with the leading zeros that a spreadsheet drops, "" for anything else."""
    value = cells.get(key, "")
    return value.zfill(width) if re.fullmatch("[0-9]{1,8}", value) else ""


def _plain(cell: str) -> str:
    """One line without outer spaces, compatibility forms (full-width letters) as their plain ones."""
    return " ".join(unicodedata.normalize("NFKC", cell).split())


def _words(cell: str) -> list[str]:
    return [word for word in re.split(r"[\s・、,/;]+", unicodedata.normalize("NFKC", cell)) if word]


def one_line(error: Exception) -> str:
    """A foreign exception's first line, short enough for a message."""
    return (str(error) or type(error).__name__).splitlines()[0][:120]
