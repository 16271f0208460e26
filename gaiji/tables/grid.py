"""Files of rows and cells as a town has them, CSV and XLSX of any maker, as text cells with row numbers.

Owns encodings, separators, sheets, and that no row or cell goes missing on the way; what a cell means is in
``gaiji.tables.cells``. A file is in memory whole.
"""

from __future__ import annotations

import codecs
import csv
from io import StringIO
from pathlib import Path

from gaiji.disk.files import read_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.tables.foreign import is_policy, read_foreign
from gaiji.tables.sheet import Sheet
from gaiji.tables.xlsx import read_workbook

MAX_BYTES = 64 * 1024 * 1024
MAX_CELL = 1 << 20
"""Characters of a cell: beyond it a quote was never closed."""
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
"""How .xls begins, and an .xlsx that is locked by a password ([MS-CFB] 2.2)."""


def read_sheets(path: Path, encoding: str = "", *, both_ways: bool = False) -> tuple[Sheet, ...]:
    """All sheets of an XLSX, or the one of a CSV or TSV.

    ``encoding``: a CSV's, by Python's name; "" recognises UTF-8, UTF-16 and CP932. ``both_ways``: a HULFT
    table of one direction is meant in both; UsageError where the file is none. GaijiError for a file that
    is none of these or that leaves a choice, MissingExtra where the extra ``xlsx`` is not installed.
    """
    found = _sheets(path, encoding, both_ways)
    if both_ways and not any(sheet.one_way for sheet in found):
        raise UsageError(
            fault("E0818", "says itself which way each row goes, or that it goes both"),
            where=str(path),
            next=tr("leave out --both-ways: it is for HULFT tables"),
        )
    return found


def _sheets(path: Path, encoding: str, both_ways: bool) -> tuple[Sheet, ...]:
    raw = read_whole(path, MAX_BYTES, fault("E0580", "is too big to be a table of characters"))
    if raw[:8] == OLE:
        raise GaijiError(
            fault("E0581", "is an old workbook (.xls), or one with a password"),
            where=str(path),
            next=tr("save it in Excel as .xlsx without a password"),
        )
    if raw[:4] == b"PK\x03\x04":
        return read_workbook(path, raw)
    text, used = _text(path, raw, encoding)
    if is_policy(text):
        raise GaijiError(
            fault("E0674", "is a conversion policy of Charset Manager: it holds no codes of characters"),
            where=str(path),
            next=tr("give a CSV or XLSX of its user table (no published layout of that file was found)"),
        )
    foreign = read_foreign(text, both_ways=both_ways)
    if foreign is not None:
        return (foreign,)
    return (Sheet("", _rows(path, text), used),)


def _text(path: Path, raw: bytes, encoding: str) -> tuple[str, str]:
    """A CSV's text and the encoding that it was read in."""
    if encoding:
        return _named(path, raw, encoding), encoding
    for begin, name in MARKS:
        if raw.startswith(begin):
            return _named(path, raw, name), name
    if b"\0" in raw[:4096]:  # a line end of UTF-16 without its mark says the order
        for name, line_end in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
            at = raw.find(line_end)
            if at >= 0 and at % 2 == 0 and _decodes(raw, name):
                return raw.decode(name), name
    fits = [name for name in ("utf-8", "cp932", "euc_jp") if b"\0" not in raw and _decodes(raw, name)]
    if fits[:1] == ["utf-8"] or len(fits) == 1:
        return raw.decode(fits[0]), fits[0]
    what = (
        fault("E0582", "may be {names}", names=tr(" or ").join(fits))
        if fits
        else fault("E0583", "is neither XLSX nor text in UTF-8, UTF-16 or CP932")
    )
    raise GaijiError(what, where=str(path), next=tr("name its encoding with --encoding, such as cp932"))


def _named(path: Path, raw: bytes, name: str) -> str:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        raise GaijiError(
            fault("E0584", "is not {encoding} at byte {at}", encoding=name, at=error.start),
            where=str(path),
            next=tr("name its encoding with --encoding, such as cp932"),
        ) from error
    except LookupError as error:
        raise UsageError(
            fault("E0585", "there is no encoding {name!r}", name=name[:40]),
            next=tr("use cp932, utf-8, utf-16 or euc_jp"),
        ) from error


def _decodes(raw: bytes, name: str) -> bool:
    try:
        raw.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _rows(path: Path, text: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The rows of a CSV or TSV, each with the line that it begins on."""
    first = text[:20_000]
    separator = max("\t,;", key=first.count)
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator, strict=True)
    rows, begins = [], 1
    before = csv.field_size_limit(MAX_CELL)
    try:
        for cells in reader:
            rows.append((begins, tuple(_unsafe(cell).strip() for cell in cells)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise GaijiError(
            fault("E0586", "is no CSV at line {line}: {error}", line=begins, error=error),
            where=str(path),
            next=tr("close the quotes there, or save it from Excel again"),
        ) from error
    finally:
        csv.field_size_limit(before)
    return tuple(rows)


def _unsafe(cell: str) -> str:
    """A cell as it was before ``gaiji.tables.exporting`` kept it from being a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "'") else cell
