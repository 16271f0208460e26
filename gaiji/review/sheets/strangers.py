"""Files that are handed in as a sheet and are none: each named for what it is.

Owns how such a file is told by its bytes, and what its sender does next. Nothing of it is read.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import Path

from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr

OLE = bytes.fromhex("D0CF11E0A1B11AE1")
"""How .xls begins, and an .xlsx that is locked by a password ([MS-CFB] 2.2)."""
LOCKED, XLS = "EncryptedPackage", ("Workbook", "Book")
"""Streams of such a file: [MS-OFFCRYPTO] 2.3.4.4, and [MS-XLS] 2.1.7.20 with that of Excel 5."""
_FILEPASS = b"\x2f\x00"
"""The record that says that an .xls has a password ([MS-XLS] 2.4.117), as it follows the first record."""


def check_stranger(path: Path, raw: bytes) -> None:
    """GaijiError for a file that is surely no CSV and no XLSX."""
    if raw[:8] == OLE:
        _old(path, raw)
    if raw[:2] == b"PK":
        _packed(path, raw)
    if raw[:5] == b"%PDF-":
        raise GaijiError(
            fault("E0831", "PDFは取り込めません"),
            where=str(path),
            next=tr("書き込んだもとの表（.xlsx か .csv）を渡してください"),
        )
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"{\\rtf")):
        raise GaijiError(
            fault("E0832", "表計算の表ではなく、ウェブページや文書の形です"),
            where=str(path),
            next=tr("Excelで開き、「Excelブック（.xlsx）」として保存し直してください"),
        )


def _old(path: Path, raw: bytes) -> None:
    """An .xls, with or without a password, an .xlsx with one, or another program's file."""
    streams = {name for name in (LOCKED, *XLS) if name.encode("utf-16-le") + b"\0\0" in raw}
    if LOCKED in streams or (streams and _has_filepass(raw)):
        raise GaijiError(
            fault("E0833", "パスワードで保護されたブックです"),
            where=str(path),
            next=tr("Excelで開き、パスワードを外して .xlsx として保存してください"),
        )
    if streams:
        raise GaijiError(
            fault("E0830", "古い形のExcelブック（.xls）です"),
            where=str(path),
            next=tr("Excelで開き、「Excelブック（.xlsx）」として保存し直してください"),
        )
    raise GaijiError(
        fault("E0834", "Excelの表ではありません（Wordなど、ほかのプログラムの古い形のファイル）"),
        where=str(path),
        next=tr("書き込んだもとの表（.xlsx か .csv）を渡してください"),
    )


def _has_filepass(raw: bytes) -> bool:
    """Whether an .xls says that it has a password: its first record is BOF, FilePass follows within the
    first few."""
    at = next((found.start() for found in re.finditer(rb"\x09\x08\x10\x00\x00\x06\x05\x00", raw)), -1)
    for _ in range(4):
        if at < 0 or at + 4 > len(raw):
            return False
        if raw[at : at + 2] == _FILEPASS:
            return True
        at += 4 + int.from_bytes(raw[at + 2 : at + 4], "little")
    return False


def _packed(path: Path, raw: bytes) -> None:
    """An OpenDocument sheet, a binary workbook, or an archive that holds something else."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError):
        return  # whoever reads it says that it is broken
    if kind.startswith(b"application/vnd.oasis.opendocument") or "xl/workbook.bin" in names:
        form = ".xlsb" if "xl/workbook.bin" in names else ".ods"
        raise GaijiError(
            fault("E0835", "{form} のブックです", form=form),
            where=str(path),
            next=tr("Excelで開き、「Excelブック（.xlsx）」として保存し直してください"),
        )
    if "[Content_Types].xml" not in names:
        raise GaijiError(
            fault("E0836", "表ではなく、ZIPにまとめたファイルです"),
            where=str(path),
            next=tr("展開して、中の表（.xlsx か .csv）を渡してください"),
        )
    if not any(name.startswith("xl/") for name in names):
        raise GaijiError(
            fault("E0837", "Excelの表ではなく、WordやPowerPointのファイルです"),
            where=str(path),
            next=tr("書き込んだもとの表（.xlsx か .csv）を渡してください"),
        )
