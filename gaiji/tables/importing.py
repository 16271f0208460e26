"""A town's own 変換表 into a site table: what is seen in the file, and what is taken once a person agrees.

Owns the two steps and the files that are written: the site table, and the list of every row that was not
taken. How sheets are read is in ``gaiji.tables.columns``, how rows are in ``gaiji.tables.taking``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.tables import SITE_COLUMNS
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import beside, name_all, staged
from gaiji.errors import DataError, GaijiError, UsageError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.run.places import charset_places
from gaiji.tables.columns import BY_CONTENT, Plan, letter, parse_columns, plan_sheet
from gaiji.tables.grid import read_sheets
from gaiji.tables.sheet import Sheet
from gaiji.tables.taking import Line, Refusal, Taken, Taker

AREAS = ("user", "extension", "standard")
SHOWN_ROWS = 3


@dataclass(frozen=True)
class Survey:
    """What a file holds, before anything is written: the sheets with codes, those without, those not asked
    for."""

    path: Path
    charset: Charset
    plans: tuple[Plan, ...]
    without: tuple[Sheet, ...]
    left: tuple[Sheet, ...]

    def lines(self) -> list[str]:
        """What a person confirms: sheets, columns with examples, titles, and what is not read."""
        out = []
        for plan in self.plans:
            out += _shown(plan)
        out += [
            tr(
                "sheet {name}: no codes with characters were found; its rows are listed",
                name=sheet.name or "-",
            )
            for sheet in self.without
        ]
        out += [tr("sheet {name}: not asked for, not read", name=sheet.name) for sheet in self.left]
        return out


@dataclass(frozen=True)
class Imported:
    """What became of a file's rows: ``read`` = ``taken`` + refusals + ``apart`` (titles and headings)."""

    table: Path
    listed: Path
    read: int
    taken: int
    apart: int
    by_name: int
    refusals: tuple[Refusal, ...]


def survey(
    path: str | Path,
    charset: str,
    *,
    sheets: Sequence[str] = (),
    columns: str = "",
    encoding: str = "",
    both_ways: bool = False,
    options: Mapping[str, str] | None = None,
) -> Survey:
    """Read a table of any shape (CSV, TSV, XLSX) and recognise its columns.

    ``sheets``: only these; ``columns``: role=column instead of recognition (``parse_columns``);
    ``encoding``: a CSV's; ``both_ways``: a HULFT table of one direction is meant in both; ``options``:
    the charset's. GaijiError and its kin for a file that cannot be read, a sheet that is not there,
    columns that leave a choice, or when no sheet holds codes.
    """
    path, loaded = Path(path), load_charset(charset, options=options)
    found = read_sheets(path, encoding, both_ways=both_ways)
    names = [sheet.name for sheet in found]
    for name in sheets:
        if name not in names:
            raise UsageError(
                fault("E0592", "has no sheet {name!r}", name=name[:40]),
                where=str(path),
                next=nearest(name, names),
            )
    named = parse_columns(columns) if columns else None
    chosen = [sheet for sheet in found if not sheets or sheet.name in sheets]
    try:
        planned = [(sheet, plan_sheet(sheet, loaded, named)) for sheet in chosen]
    except UsageError as error:
        where = f"{path} {error.where}".strip()
        raise UsageError(error.what, where=where, next=error.next) from error
    plans = tuple(plan for _, plan in planned if plan is not None)
    if not plans:
        raise GaijiError(
            fault("E0593", "holds no column of {charset} codes beside one of characters", charset=charset),
            where=str(path),
            next=tr("check --charset, or name the columns: --columns code=A,ucs=B,glyph=C,note=D"),
        )
    left = tuple(sheet for sheet in found if sheet not in chosen)
    return Survey(path, loaded, plans, tuple(sheet for sheet, plan in planned if plan is None), left)


def import_table(
    seen: Survey,
    output: str | Path = "",
    *,
    areas: Sequence[str] = ("user",),
    decided_by: str = "",
    decided_at: str = "",
) -> Imported:
    """Write the site table of a file that was surveyed, and beside it the list of the rows not taken.

    ``output``: the site table (default: beside the file, ``NAME.tsv``), which must not be there yet.
    ``areas``: which codes may be mapped. The table is loaded with its charset before it gets its name.
    """
    table = Path(output) if output else seen.path.with_suffix(".tsv")
    listed = beside(table, "refused.csv")
    reads = [Place("table to import", seen.path), *charset_places(seen.charset.name)]
    keep_apart([Place("site table", table), Place("list of rows", listed)], reads)
    refuse_existing(table)
    taken = Taker(seen.charset, seen.path, areas, (decided_by, decided_at)).take(seen.plans)
    _skipped(taken, seen.without)
    done = _reckoned(seen, taken, table, listed)
    write_taken(seen.charset, (), taken.lines, taken.refusals, table, listed)
    return done


def refuse_existing(path: Path) -> None:
    """UsageError where a file is there: people work in tables and charts, so none is written over."""
    if path.exists():
        raise UsageError(
            fault("E0017", "is there already"), where=str(path), next=tr("give another name with --output")
        )


def write_taken(
    charset: Charset,
    tables: Sequence[str | Path],
    lines: Sequence[Line],
    refusals: Sequence[Refusal],
    table: Path,
    listed: Path,
) -> None:
    """Write a site table and the list of rows that were not taken, both or none; TableError where the charset
    cannot load it over ``tables``."""
    files = []
    try:
        files.append(staged(table, site_bytes(lines)))
        load_charset(charset.name, [*tables, files[0].standing], options=charset.options)
        files.append(staged(listed, _listed(refusals)))
        name_all(files)
    finally:
        for file in files:
            file.discard()


def _reckoned(seen: Survey, taken: Taken, table: Path, listed: Path) -> Imported:
    """The account of a file's rows; DataError unless each was taken, refused or set apart."""
    held = [cells for plan in seen.plans for _, cells in plan.sheet.rows if any(cells)]
    apart = len(held) - sum(len(plan.data()) for plan in seen.plans)
    read = len(held) + sum(any(cells) for sheet in seen.without for _, cells in sheet.rows)
    if read != len(taken.lines) + len(taken.refusals) + apart:
        raise DataError(
            fault("E0596", "rows do not add up: {read} were read", read=read),
            where=str(seen.path),
            next=tr("please report this as a bug"),
        )
    return Imported(table, listed, read, len(taken.lines), apart, taken.by_name, tuple(taken.refusals))


def site_bytes(lines: Iterable[Line]) -> bytes:
    """A site table as a file."""
    rows = ["\t".join(line.cells[name] for name in SITE_COLUMNS) for line in lines]
    return ("\n".join(["\t".join(SITE_COLUMNS), *rows]) + "\n").encode()


def _skipped(taken: Taken, sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        why = tr("this sheet holds no codes with characters")
        taken.refusals += [
            Refusal(sheet.name, number, "", why, cells) for number, cells in sheet.rows if any(cells)
        ]


def _listed(refusals: Sequence[Refusal]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("sheet", "row", "code", "reason", "cells"))
    for one in refusals:
        cells = " | ".join(one.cells).strip()
        writer.writerow([safe_cell(cell) for cell in (one.sheet, str(one.row), one.code, one.why, cells)])
    return BOM + text.getvalue().encode("utf-8", "backslashreplace")


def _shown(plan: Plan) -> list[str]:
    rows = plan.data()
    about = ", ".join(filter(None, (plan.sheet.how, tr("{count} rows", count=len(rows)))))
    out = [tr("sheet {name}: {about}", name=plan.sheet.name or "-", about=about)]
    titles = [" ".join(filter(None, cells)) for n, cells in plan.sheet.rows if n in plan.above and any(cells)]
    out += [tr("  above the table: {title}", title=title[:100]) for title in titles]
    used = {at for places in plan.columns.values() for at in places}
    for role, places in plan.columns.items():
        for at in places:
            some = [cells[at] for _, cells in rows if at < len(cells) and cells[at]]
            shown = (
                ", ".join(some[:SHOWN_ROWS]) if role in BY_CONTENT else tr("{count} cells", count=len(some))
            )
            out.append(f"  {role:10} {letter(at)} {plan.headings[at]}: {shown}")
    rest = [
        f"{letter(at)} {heading}".strip()
        for at, heading in enumerate(plan.headings)
        if at not in used and any(at < len(cells) and cells[at] for _, cells in rows)
    ]
    return [*out, tr("  not read: {columns}", columns=", ".join(rest))] if rest else out
