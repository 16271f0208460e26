"""A site table in the shape that towns keep theirs in: CSV or XLSX with a title, headings and written codes.

Owns that shape, that no cell of it can run as a formula, and the proof that it reads back as the same table.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.tables import Row, load_site
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.output.workbooks import landscape, new_workbook
from gaiji.run.places import charset_places
from gaiji.standard.characters import points
from gaiji.tables.cells import written
from gaiji.tables.foreign_out import FORMS, ONE_WAY, CannotHold, held, pair_of, write_foreign
from gaiji.tables.importing import AREAS, import_table, survey

HEAD = (
    "外字コード", "文字", "Unicode", "MJ文字図形名", "備考", "向き", "根拠", "判定者", "判定日", "置換元",
)  # fmt: skip
TITLE = "外字変換表"
WIDTHS = (12, 6, 18, 14, 24, 6, 36, 12, 12, 14)


@dataclass(frozen=True)
class Exported:
    """What was written: the file and its rows; ``left``: rows of the other direction, which a form of one
    direction has no place for."""

    path: Path
    rows: int
    left: int = 0


def export_table(
    table: str | Path,
    charset: str,
    output: str | Path,
    *,
    form: str = "",
    options: Mapping[str, str] | None = None,
) -> Exported:
    """Write a site table as ``.csv`` (UTF-8 with its mark) or ``.xlsx``, by the output's suffix, or for
    another product (``form``): ``hulft`` and, for the other direction, ``hulft-back``; ``unijef``,
    ``jef4j``; those hold codes, characters and directions.

    The file is read back with ``import_table`` before it gets its name: GaijiError where that would not be
    the same rows in the same order, TableError for a site table that its charset cannot load, MissingExtra
    without the extra ``xlsx``.
    """
    table, output = Path(table), Path(output)
    suffix = output.suffix.lower()
    if form and form not in FORMS:
        raise UsageError(
            fault("E0673", "there is no form {form!r}", form=form[:20]), next=nearest(form, FORMS)
        )
    if not form and suffix not in (".csv", ".xlsx"):
        raise UsageError(
            fault("E0594", "is no .csv or .xlsx file"), where=str(output), next=tr("give another name")
        )
    keep_apart([Place("exported table", output)], [Place("site table", table), *charset_places(charset)])
    loaded = load_charset(charset, [table], options=options)
    rows = load_site(table, form=loaded.kind.form).rows
    if form:
        some = held(form, rows)
        write_whole(output, _foreign(form, table, loaded, some))
        return Exported(output, len(some), len(rows) - len(some))
    cells = cells_of(table, loaded, rows)
    title = f"{TITLE} {table.name}"
    data = _csv(title, cells) if suffix == ".csv" else _xlsx(title, cells)
    _check(table, loaded, data, suffix)
    write_whole(output, data)
    return Exported(output, len(rows))


def _foreign(form: str, table: Path, charset: Charset, rows: Sequence[Row]) -> bytes:
    """The rows in the form of another product; GaijiError unless the file imports as the same codes, texts
    and directions."""
    try:
        data = write_foreign(form, charset, rows)
    except CannotHold as error:
        raise _lost(table, error.code, error.why) from error
    with tempfile.TemporaryDirectory() as folder:
        copy, back = Path(folder, "table.txt"), Path(folder, "back.tsv")
        copy.write_bytes(data)
        done = import_table(survey(copy, charset.name, options=charset.options), back, areas=AREAS)
        for refusal in done.refusals:
            raise _lost(table, refusal.code, refusal.why)
        again = [pair_of(charset, row) for row in load_site(back, form=charset.kind.form).rows]
    way = ONE_WAY.get(form)
    ours = {pair_of(charset, row)._replace(glyph="") for row in rows}
    ours = ours if way is None else {pair._replace(flag=way) for pair in ours}
    gone = ours ^ {pair._replace(glyph="") for pair in again}
    if gone or len(again) != len(rows):
        code = min(gone).code if gone else ""
        raise _lost(table, code, tr("{column} would not come back as it is", column=tr("the row")))
    return data


def cells_of(table: Path, charset: Charset, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The cells of a site table's rows, in the order of ``HEAD``."""
    own = _own_cells(table)
    out = []
    for row, cells in zip(rows, own, strict=True):
        glyph = charset.repertoire.get(row.glyph) if row.glyph else None
        ucs = " ".join(f"U+{point}" for point in points(row.text).split())
        code = written(charset.kind.form, row.code, row.size)
        shown = glyph.text if glyph else row.text
        signed = [cells.get(name, "") for name in ("evidence", "decided_by", "decided_at")]
        out.append((code, shown, ucs, row.glyph, row.note, str(row.flag), *signed, row.replaces))
    return out


def _own_cells(table: Path) -> list[dict[str, str]]:
    """The cells by their columns, for those that a loaded row does not keep (who decided, when, on what)."""
    lines = table.read_bytes().decode("utf-8-sig").split("\n")
    header = lines[0].rstrip("\r").split("\t")
    rows = [line.rstrip("\r").split("\t") for line in lines[1:] if line.strip("\t \r")]
    return [dict(zip(header, map(str.strip, cells), strict=False)) for cells in rows]


def _check(table: Path, charset: Charset, data: bytes, suffix: str) -> None:
    """GaijiError unless the file imports as the very rows."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, f"table{suffix}")
        copy.write_bytes(data)
        back = Path(folder, "back.tsv")
        done = import_table(survey(copy, charset.name, options=charset.options), back, areas=AREAS)
        for refusal in done.refusals:
            raise _lost(table, refusal.code, refusal.why)
        for ours, theirs in zip(_own_cells(table), _own_cells(back), strict=True):
            for name, cell in theirs.items():
                said = ours.get(name, "") or ("0" if name == "flag" else "")
                if name in ("code", "ucs", "glyph"):
                    said, cell = said.upper(), cell.upper()
                if said.split() != cell.split() if name == "ucs" else said != cell:
                    raise _lost(table, ours["code"], tr("{column} would not come back as it is", column=name))


def _lost(table: Path, code: str, why: str) -> GaijiError:
    return GaijiError(
        fault("E0595", "has a row for {code} that the form cannot hold: {why}", code=code[:20], why=why),
        where=str(table),
        next=tr("hand on the site table itself, or mend the row"),
    )


def _csv(title: str, rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([[_safe(title)], [], HEAD, *([_safe(cell) for cell in row] for row in rows)])
    return BOM + text.getvalue().encode("utf-8")


def _safe(cell: str) -> str:
    """A cell that no spreadsheet runs, and that ``gaiji.tables.grid`` reads as it was."""
    return "'" + cell if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "'") else safe_cell(cell)


def _xlsx(title: str, rows: Sequence[Sequence[str]]) -> bytes:
    out = BytesIO()
    book = new_workbook(out)
    page = book.add_worksheet(TITLE)
    text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
    for column, width in enumerate(WIDTHS):
        page.set_column(column, column, width, text)
    page.write_string(0, 0, title)
    for column, name in enumerate(HEAD):
        page.write_string(2, column, name, head)
    for number, row in enumerate(rows, 3):
        for column, cell in enumerate(row):
            if cell:
                page.write_string(number, column, cell, text)
    page.freeze_panes(3, 1)
    landscape(page, head=2)
    book.close()
    return out.getvalue()
