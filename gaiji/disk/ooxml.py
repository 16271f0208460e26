"""Workbooks of ISO/IEC 29500 strict as transitional ones, which openpyxl reads.

Owns the namespaces of the two, and what an archive says that it unpacks to. What the cells hold is each
reader's.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

STRICT = (
    ("http://purl.oclc.org/ooxml/spreadsheetml/main", "http://schemas.openxmlformats.org/spreadsheetml/2006/main"),
    ("http://purl.oclc.org/ooxml/drawingml/", "http://schemas.openxmlformats.org/drawingml/2006/"),
    (
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    ("http://purl.oclc.org/ooxml/officeDocument/", "http://schemas.openxmlformats.org/officeDocument/2006/"),
)  # fmt: skip
"""Namespaces of ISO/IEC 29500 strict (Part 1) → transitional (Part 4, annex A)."""
_MARK = b"http://purl.oclc.org/ooxml/"


def unpacked_size(raw: bytes) -> tuple[int, int]:
    """What an archive says that it unpacks to (zipfile never reads past it): bytes and parts.

    zipfile.BadZipFile for what is no archive.
    """
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        return sum(info.file_size for info in archive.infolist()), len(archive.infolist())


def transitional(raw: bytes) -> bytes:
    """The workbook with the namespaces that openpyxl knows; the very bytes where it has them already.

    Unpacks it whole: ask ``unpacked_size`` first.
    """
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        names = [info.filename for info in archive.infolist() if info.filename.endswith((".xml", ".rels"))]
        if not any(_MARK in archive.read(name) for name in names):
            return raw
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for info in archive.infolist():
                part = archive.read(info)
                if info.filename in names:
                    for strict, known in STRICT:
                        part = part.replace(strict.encode(), known.encode())
                made.writestr(info.filename, part)
        return out.getvalue()
