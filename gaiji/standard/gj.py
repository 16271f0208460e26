"""The GJ 追加文字 that a user imports: reading the official font or list, checking it, keeping releases.

Owns ``gj/`` in the user's data folder: one ``<release>.tsv`` and ``.toml`` an import, and the file
``current`` that names the release in use. Does not own what the glyphs mean (``gaiji.standard.repertoire``).
Nothing of GJ may be shipped with the toolkit and it changes between releases (glyphs are added, the
numbering of plane 16 has gaps), so each release is known by the SHA-256 of the file it came from.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import os
import re
import struct
import tempfile
import tomllib
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from gaiji.disk.datafiles import user_data_dir
from gaiji.errors import MissingExtra, RepertoireError

COLUMNS = (
    "name",
    "ucs",
    "default",
    "also",
    "unified",
    "koseki",
    "juki",
    "touki",
    "x0213",
    "x0213_class",
    "x0212",
    "strokes",
    "radicals",
    "readings",
    "note",
)
"""The columns of a glyph list, as in ``mappings/repertoire/``."""

MAX_FONT = 256 << 20
MAX_LIST = 64 << 20
MAX_UNPACKED = 256 << 20  # of an .xlsx; the official lists unpack to some tens of MB
MAX_ENTRIES = 1_000
MAX_ROWS = 200_000
MAX_COLUMNS = 100
_HEADER_ROWS = 20  # titles and notes may stand above the header

_GJ_NAME = re.compile(r"GJ[0-9]{6}")
_MJ_NAME = re.compile(r"MJ[0-9]{6}")
_RELEASE = re.compile(r"[0-9a-f]{12}")
_CODE_POINT = re.compile(r"(?:U\+|0X|&#X)?([0-9A-F]{4,6});?")
_PRIVATE_PLANES = ((0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))

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


@dataclass(frozen=True, slots=True)
class GjRelease:
    """One imported release: its id (12 digits of the source's SHA-256), list, and origin."""

    release: str
    path: Path
    source: str
    sha256: str
    count: int
    imported_at: str
    list_sha256: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class GjImport:
    """What an import did. ``skipped`` rows are the list's MJ glyphs, which the toolkit has already.

    ``without_unicode`` glyphs are kept by name but have no code point; ``previous`` is the id of the
    release that was current before, or "".
    """

    release: str
    path: Path
    source: str
    sha256: str
    count: int
    without_unicode: int
    skipped: int
    previous: str


@dataclass(slots=True)
class _Glyph:
    """One glyph as read, before it is checked. ``where`` names its row or glyph in the source."""

    name: str
    point: int | None
    where: str
    columns: dict[str, str] = field(default_factory=dict)


def import_gj(path: Path | str) -> GjImport:
    """Reads a GJ font (TTF/OTF) or list (CSV, TSV, XLSX), keeps it in the user's folder, makes it current.

    A font names its glyphs ``gj000001``… and has their code points in its cmap; a list has a column
    for the name and one for the code point. What the file is, its content decides, not its name.
    Raises RepertoireError when the file is not such a font or list or contradicts itself, and
    MissingExtra when reading it needs an optional package.
    """
    path = Path(path)
    data = _read_bounded(path)
    glyphs, skipped = _read_glyphs(path, data)
    _check(path, glyphs)
    sha256 = hashlib.sha256(data).hexdigest()
    previous = ""
    with suppress(RepertoireError):  # importing is the way out of a damaged folder
        previous = _current_id()
    target = _store(path, sha256, glyphs)
    return GjImport(
        release=sha256[:12],
        path=target,
        source=path.name,
        sha256=sha256,
        count=len(glyphs),
        without_unicode=sum(glyph.point is None for glyph in glyphs),
        skipped=skipped,
        previous=previous,
    )


def gj_releases() -> tuple[GjRelease, ...]:
    """The imported releases, oldest import first; RepertoireError when one is damaged."""
    current = _current_id()
    found = [_release(toml.stem, current) for toml in sorted(_folder().glob("*.toml"))]
    return tuple(sorted(found, key=lambda release: (release.imported_at, release.release)))


def current_gj() -> GjRelease | None:
    """The release in use, or None when none was imported; RepertoireError when it is damaged."""
    current = _current_id()
    return _release(current, current) if current else None


def select_gj(release: str) -> GjRelease:
    """Makes an imported release current, by its id or the start of it; RepertoireError for no such one."""
    known = [one for one in gj_releases() if release and one.release.startswith(release.lower())]
    if len(known) != 1:
        ids = ", ".join(one.release for one in gj_releases()) or "none is imported"
        raise RepertoireError(f"{release[:40]!r} is not one GJ release", next=f"choose one of: {ids}")
    _write(_folder() / "current", known[0].release + "\n")
    return _release(known[0].release, known[0].release)


def check_release(release: GjRelease) -> None:
    """RepertoireError unless the kept list is the one that was imported (SHA-256)."""
    try:
        found = hashlib.sha256(release.path.read_bytes()).hexdigest()
    except OSError as error:
        raise _damaged(release.path, error) from error
    if found != release.list_sha256:
        raise _damaged(release.path, ValueError("it was changed since its import"))


# Reading a font or a list.


def _read_bounded(path: Path) -> bytes:
    """The whole file, at most MAX_FONT bytes: hash and content must come from one reading."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FONT + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RepertoireError(f"cannot read it: {reason}", where=str(path), next="check the path") from error
    if len(data) > MAX_FONT:
        raise RepertoireError(f"larger than {MAX_FONT >> 20} MB", where=str(path), next=_EXPECTED)
    return data


_EXPECTED = "give the official GJ font (TTF/OTF) or a list (CSV, XLSX) with GJ文字図形名 and UCS columns"


def _read_glyphs(path: Path, data: bytes) -> tuple[list[_Glyph], int]:
    """The glyphs of a font or list, and how many rows were MJ glyphs. The first bytes say which it is."""
    if data[:4] in (b"\0\1\0\0", b"OTTO", b"true"):
        return _font_glyphs(path, data), 0
    if len(data) > MAX_LIST:
        raise RepertoireError(f"a list larger than {MAX_LIST >> 20} MB", where=str(path), next=_EXPECTED)
    if data[:4] == b"PK\3\4":
        return _list_glyphs(path, _xlsx_rows(path, data))
    if data[:4] in (b"ttcf", b"wOFF", b"wOF2"):
        what = "a font collection or web font"
        raise RepertoireError(what, where=str(path), next="give the TTF or OTF itself")
    if data[:4] == b"\xd0\xcf\x11\xe0":
        what = "an old Excel file (.xls), or an encrypted one"
        raise RepertoireError(what, where=str(path), next="save it as XLSX without a password, or as CSV")
    return _list_glyphs(path, _csv_rows(path, data))


def _font_glyphs(path: Path, data: bytes) -> list[_Glyph]:
    """Every glyph named ``gj`` and six digits, with the code point that the font's cmap gives it."""
    try:
        from fontTools.ttLib import TTFont
    except ImportError as error:
        raise MissingExtra("reading a GJ font", "fonts") from error
    logging.getLogger("fontTools").setLevel(logging.CRITICAL)  # what is wrong is said once, in our own line
    try:
        font = TTFont(io.BytesIO(data), lazy=True)
        _check_cmap_size(font.reader["cmap"])
        names = [str(name) for name in font.getGlyphOrder()]
        points: dict[str, set[int]] = font["cmap"].buildReversed()
    except Exception as error:  # fontTools raises nearly every exception there is on a damaged font
        what = f"a damaged font: {_one_line(error)}"
        raise RepertoireError(what, where=str(path), next="get the font again") from error
    glyphs = []
    for name in names:
        upper, found = name.upper(), sorted(points.get(name, ()))
        if not _GJ_NAME.match(upper) or (not found and not _GJ_NAME.fullmatch(upper)):
            continue  # other glyphs, and unencoded variants such as gj000001.vert
        where = f"{path} glyph {name[:40]}"
        if len(found) > 1:
            listed = " ".join(f"U+{point:04X}" for point in found[:4])
            raise RepertoireError(f"has several code points ({listed})", where=where, next=_REPORT)
        glyphs.append(_Glyph(upper, found[0] if found else None, where))
    return glyphs


_REPORT = "this is not the official font or list, or it is damaged: get it again"


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


def _csv_rows(path: Path, data: bytes) -> Iterator[Sequence[str]]:
    """The rows of a CSV or TSV in UTF-8, UTF-16 with BOM or CP932."""
    text = _decode_text(path, data)
    first = text[:20_000]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    try:
        yield from islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MAX_ROWS + 1)
    except csv.Error as error:
        raise RepertoireError(f"not a CSV: {error}", where=str(path), next=_EXPECTED) from error


def _decode_text(path: Path, data: bytes) -> str:
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if utf16 or b"\0" not in data:
        for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp932"):
            with suppress(UnicodeDecodeError):
                return data.decode(encoding)
    raise RepertoireError("neither a font, an XLSX nor text", where=str(path), next=_EXPECTED)


def _xlsx_rows(path: Path, data: bytes) -> Iterator[Sequence[str]]:
    """The rows of the first sheet that has a name column."""
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtra("reading an XLSX list", "xlsx") from error
    try:
        _check_zip(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        chosen: list[list[str]] = []
        for sheet in book.worksheets:
            cells = sheet.iter_rows(values_only=True, max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
            rows = ([_cell(value) for value in row] for row in cells)
            head = list(islice(rows, _HEADER_ROWS))
            if _header(head) is not None:
                chosen = [*head, *rows]
                break
    except Exception as error:  # openpyxl, zipfile and the XML parser have no common base class
        what = f"not a readable XLSX: {_one_line(error)}"
        raise RepertoireError(what, where=str(path), next=_EXPECTED) from error
    yield from chosen


def _check_zip(data: bytes) -> None:
    """ValueError for an archive that would unpack to too much (zipfile never reads past the sizes stated)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > 200 * len(data) + (1 << 20):
        raise ValueError(f"unpacks to {unpacked:,} bytes in {len(entries)} parts, which no glyph list needs")


def _cell(value: object) -> str:
    """A cell as text; a whole number without its decimals, since spreadsheets turn codes into numbers."""
    if value is None:
        return ""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")  # XLSX can escape a lone surrogate


# Understanding a list's rows.


def _list_glyphs(path: Path, rows: Iterable[Sequence[str]]) -> tuple[list[_Glyph], int]:
    table = list(rows)
    if len(table) > MAX_ROWS:
        raise RepertoireError(f"more than {MAX_ROWS:,} rows", where=str(path), next=_EXPECTED)
    header = _header(table[:_HEADER_ROWS])
    if header is None:
        raise RepertoireError("no header with a glyph name and a code point", where=str(path), next=_EXPECTED)
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


def _list_glyph(where: str, cells: dict[str, str]) -> _Glyph:
    code = cells["ucs"]
    match = _CODE_POINT.fullmatch(code.upper())
    point: int | None = None
    if match:
        point = int(match[1], 16)
    elif len(code) == 1 and not code.isascii():  # the character itself
        point = ord(code)
    elif code not in ("", "-"):
        raise RepertoireError(f"{code[:40]!r} is no code point", where=where, next="write it as U+100000")
    columns = {key: cells.get(key, "") for key in ("juki", "readings", "note")}
    columns["koseki"] = _digits(cells, "koseki", 6)
    columns["touki"] = _digits(cells, "touki", 8)
    columns["strokes"] = _digits(cells, "strokes", 0)[:3]
    if radical := _digits(cells, "radical", 0):
        columns["radicals"] = f"{int(radical)}.{_digits(cells, 'inner', 0) or '-'}"
    return _Glyph(cells["name"].upper(), point, where, columns)


def _digits(cells: dict[str, str], key: str, width: int) -> str:
    """A number with the leading zeros that a spreadsheet drops, "" for anything else."""
    value = cells.get(key, "")
    return value.zfill(width) if re.fullmatch("[0-9]{1,8}", value) else ""


def _plain(cell: str) -> str:
    """One line without outer spaces, compatibility forms (full-width letters) as their plain ones."""
    return " ".join(unicodedata.normalize("NFKC", cell).split())


def _words(cell: str) -> list[str]:
    return [word for word in re.split(r"[\s・、,/;]+", unicodedata.normalize("NFKC", cell)) if word]


def _check(path: Path, glyphs: Sequence[_Glyph]) -> None:
    """RepertoireError unless names and code points are GJ's, each once, and there are some."""
    if not any(glyph.point is not None for glyph in glyphs):
        raise RepertoireError("no GJ glyph with a code point in it", where=str(path), next=_EXPECTED)
    names: set[str] = set()
    points: dict[int, str] = {}
    for glyph in glyphs:
        if not _GJ_NAME.fullmatch(glyph.name):
            what = f"{glyph.name[:40]!r} is no GJ name"
            raise RepertoireError(what, where=glyph.where, next="names look like GJ000001")
        if glyph.name in names:
            raise RepertoireError(f"{glyph.name} occurs twice", where=glyph.where, next=_REPORT)
        names.add(glyph.name)
        if glyph.point is None:
            continue
        if not any(low <= glyph.point <= high for low, high in _PRIVATE_PLANES):
            what = f"{glyph.name} is at U+{glyph.point:04X}, outside planes 15 and 16"
            raise RepertoireError(what, where=glyph.where, next=_REPORT)
        other = points.setdefault(glyph.point, glyph.name)
        if other != glyph.name:
            what = f"{other} and {glyph.name} are both at U+{glyph.point:04X}"
            raise RepertoireError(what, where=glyph.where, next=_REPORT)


# Keeping releases.


def _folder() -> Path:
    return user_data_dir() / "gj"


def _store(source: Path, sha256: str, glyphs: Sequence[_Glyph]) -> Path:
    """Writes the list, then its description, then the pointer: an interruption leaves the old one in use."""
    lines = ["\t".join(COLUMNS)]
    for glyph in sorted(glyphs, key=lambda glyph: glyph.name):
        row = dict.fromkeys(COLUMNS, "") | glyph.columns
        row |= {"name": glyph.name, "default": "0"}
        if glyph.point is not None:
            row |= {"ucs": f"{glyph.point:04X}", "default": "1"}
        lines.append("\t".join(row[column] for column in COLUMNS))
    text = "\n".join(lines) + "\n"
    release = sha256[:12]
    target = _folder() / f"{release}.tsv"
    about = {
        "release": release,
        "source": "".join(ch if ch.isprintable() else "?" for ch in source.name),
        "sha256": sha256,
        "count": len(glyphs),
        "imported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "list_sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
    }
    _write(target, text)
    toml = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in about.items())
    _write(target.with_suffix(".toml"), toml)
    _write(_folder() / "current", release + "\n")
    return target


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all: temporary file beside it, flushed to disk, renamed."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        reason = error.strerror or type(error).__name__
        raise RepertoireError(
            f"cannot write the GJ list: {reason}", where=str(path), next="set GAIJI_HOME to a writable folder"
        ) from error


def _current_id() -> str:
    """The id in ``current``, "" when nothing was imported."""
    path = _folder() / "current"
    try:
        release = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error
    if not _RELEASE.fullmatch(release):
        raise _damaged(path, ValueError("it names no release"))
    return release


def _release(release: str, current: str) -> GjRelease:
    path = _folder() / f"{release}.tsv"
    about = path.with_suffix(".toml")
    try:
        values = tomllib.loads(about.read_text(encoding="utf-8"))
        names = {one.name for one in fields(GjRelease)} - {"path", "current"}
        kept = {name: values[name] for name in names}
        return GjRelease(path=path, current=release == current, **kept)
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(about, error) from error


def _one_line(error: Exception) -> str:
    """A foreign exception's first line, short enough for a message."""
    return (str(error) or type(error).__name__).splitlines()[0][:120]


def _damaged(path: Path, error: Exception) -> RepertoireError:
    reason = getattr(error, "strerror", None) or _one_line(error)
    return RepertoireError(
        f"the kept GJ list is damaged: {reason}",
        where=str(path),
        next="import the font or list again (gaiji repertoire import-gj FONT_OR_LIST), or delete this file",
    )
