"""A code chart of a charset to compare with the host: what our tables say of every code, and a file to
print there.

Owns which codes a chart has, its CSV (in which differences are ticked) and the records of the test file. The
page is ``gaiji.tables.chart_page``'s, what comes back ``gaiji.tables.compared``'s.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import regex

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.code import Form
from gaiji.codes.tables import Row
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import name_all, staged
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.run.places import charset_places
from gaiji.shape.pictures import open_gallery
from gaiji.standard.characters import points
from gaiji.tables.cells import written
from gaiji.tables.chart_page import Cell, page
from gaiji.tables.columns import area_of
from gaiji.tables.importing import refuse_existing

CODE, UNICODE, GLYPH = "コード", "Unicode", "MJ文字図形名"
TICK, HOST, EVIDENCE, BY, AT = "相違", "実機の文字", "根拠", "判定者", "判定日"
COLUMNS = (CODE, "文字", UNICODE, GLYPH, "確度", "状態", "表の備考", TICK, HOST, EVIDENCE, BY, AT)
RECORD = 80
"""Bytes of a record of the test file, as of a punched card: what every host's print utility takes."""
FULL = {ord(" "): "\u3000", **{ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789ABCDEF"}}
"""Digits as double bytes have them."""
HEX_WIDTH = 7
"""Characters before the code itself: six digits at most, and a blank."""


@dataclass(frozen=True)
class Charted:
    """What was written: the files, the codes, and in words why there are no pictures ("": there are)."""

    paths: tuple[Path, ...]
    codes: int
    missing: str


def write_chart(
    charset: str,
    output: str | Path,
    *,
    rows: str = "",
    tables: Sequence[str | Path] = (),
    fonts: Sequence[str | Path] = (),
    options: Mapping[str, str] | None = None,
) -> Charted:
    """Write ``OUTPUT.html`` (for A4, with our pictures where a font is at hand), ``.csv`` and ``.dat``.

    ``options``: the charset's. ``rows``: only these lead bytes, as ``41-47,B0`` (default: every code of
    two or more bytes that a range of the charset declares). The test file has a record of 80 bytes for
    each code, without line ends: its hex, a blank, the code itself between its shifts, blanks. UsageError
    for a charset whose codes are no bytes, and for files that are there.
    """
    loaded = load_charset(charset, list(tables), options=options)
    codes = codes_of(loaded, rows)
    base = Path(output)
    paths = [base.with_name(f"{base.name}{suffix}") for suffix in (".html", ".csv", ".dat")]
    reads = [*(Place("site table", Path(t)) for t in tables), *(Place("font", Path(f)) for f in fonts)]
    keep_apart([Place("code chart", path) for path in paths], [*reads, *charset_places(charset)])
    for path in paths:
        refuse_existing(path)
    gallery = open_gallery(fonts)
    cells = [cell_of(loaded, code, size) for code, size in codes]
    write_together(paths, (page(loaded, cells, gallery), chart_csv(cells), _records(loaded, codes)))
    return Charted(tuple(paths), len(codes), gallery.missing)


def write_together(paths: Sequence[Path], data: Sequence[bytes]) -> None:
    """Write all of the files, or none."""
    files = []
    try:
        for path, one in zip(paths, data, strict=True):
            files.append(staged(path, one))
        name_all(files)
    finally:
        for file in files:
            file.discard()


def codes_of(charset: Charset, rows: str = "") -> list[tuple[int, int]]:
    """(code, size) of every code of two or more bytes that the charset declares, in order; ``rows``: only
    these leads."""
    check_codes(charset)
    chosen = _leads(rows)
    found = {
        (area.size, code)
        for area in charset.ranges
        if area.size > 1
        for code in area.codes()
        if chosen is None or any(first <= code >> 8 <= last for first, last in chosen)
    }
    if not found:
        raise UsageError(
            fault("E0598", "{charset} has no codes in rows {rows!r}", charset=charset.name, rows=rows[:40]),
            next=tr("`gaiji charset show {name}` lists the ranges", name=charset.name),
        )
    return [(code, size) for size, code in sorted(found)]


def check_codes(charset: Charset) -> None:
    """UsageError for a charset whose codes are no bytes of a host."""
    if charset.kind.form is not Form.HEX:
        raise UsageError(
            fault("E0597", "has no codes in bytes to print or to draw"),
            where=charset.name,
            next=tr("name the charset of the host, such as fujitsu-jef-ebcdik"),
        )


def _leads(rows: str) -> list[tuple[int, int]] | None:
    if not rows:
        return None
    out = []
    for part in rows.split(","):
        match = regex.fullmatch(r"\s*([0-9A-Fa-f]{2,4})(?:-([0-9A-Fa-f]{2,4}))?\s*", part)
        if not match:
            raise UsageError(
                fault("E0599", "--rows cannot be {rows!r}", rows=rows[:40]),
                next=tr("write lead bytes in hex, such as 41-47,B0"),
            )
        out.append((int(match[1], 16), int(match[2] or match[1], 16)))
    return out


def cell_of(charset: Charset, code: int, size: int) -> Cell:
    """What the tables in force say of a code."""
    entry = charset.entries.get((size, code))
    row = entry.row if entry else None
    area = area_of(charset, code, size)
    shown = written(charset.kind.form, code, size)
    if row is None:
        return Cell(shown, "", "", "", area, "", tr("対応なし"), "")
    return Cell(
        shown, row.text, row.glyph, row.names[0] if row.names else "", area, row.grade, _state(row), row.note
    )


def _state(row: Row) -> str:
    if row.sure:
        return ""
    if len(row.names) > 1:
        return tr("候補が複数")
    return tr("近い文字") if row.text or row.glyph else tr("説明だけ")


def chart_csv(cells: Sequence[Cell], more: Sequence[str] = (), told: Sequence[Sequence[str]] = ()) -> bytes:
    """The chart's CSV (UTF-8 with its mark), no cell of which can run as a formula; ``more``: further columns
    behind, ``told``: their cells for each code."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*COLUMNS, *more))
    for at, cell in enumerate(cells):
        ucs = " ".join(f"U+{point}" for point in points(cell.text).split())
        ours = (cell.code, cell.text, ucs, cell.glyph, cell.grade, cell.state, cell.note)
        empty = ("",) * (len(COLUMNS) - len(ours))
        writer.writerow([safe_cell(one) for one in (*ours, *empty, *(told[at] if told else ()))])
    return BOM + text.getvalue().encode("utf-8")


def _records(charset: Charset, codes: Sequence[tuple[int, int]]) -> bytes:
    """The test file: in a charset of double bytes alone the hex is in full-width digits, and left out in one
    that has none."""
    double = charset.kind.width == "double"
    into, out = (shifts[0] if shifts else b"" for shifts in (charset.spec.shift_in, charset.spec.shift_out))
    pad = charset.spec.pad_double if double else bytes([charset.spec.pad_single])
    kind = "" if not charset.kind.typed else "dbcs" if double else "sbcs"
    labelled = not double or "\uff10" in charset.encoding()
    records = []
    for code, size in codes:
        raw = code.to_bytes(size, "big")
        label = f"{raw.hex().upper():{HEX_WIDTH}}"
        label = label.translate(FULL) if double else label
        told = charset.encode(label, type=kind) if labelled else b""
        record = told + (raw if double else into + raw + out)
        records.append(record + pad * ((RECORD - len(record)) // len(pad)))
    return b"".join(records)
