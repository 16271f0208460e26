"""A code chart that was compared with the host: its ticked rows as a site table with evidence.

Owns what a tick is and what a ticked row must say. How such a row becomes a line of a site table is
``gaiji.tables.taking``'s.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gaiji.codes.charset import Charset, load_charset
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import beside
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.run.places import charset_places
from gaiji.standard.characters import bare, points
from gaiji.tables.cells import code_in, is_empty, name_in, points_in
from gaiji.tables.chart import AT, BY, CODE, EVIDENCE, GLYPH, HOST, TICK, UNICODE
from gaiji.tables.columns import Plan
from gaiji.tables.grid import read_sheets
from gaiji.tables.importing import AREAS, refuse_existing, write_taken
from gaiji.tables.sheet import Sheet
from gaiji.tables.taking import Refusal, Taker

NEEDED = (CODE, UNICODE, GLYPH, TICK, HOST)
TICKS = frozenset("○◯〇●×✕✖X✓✔☑レV1")
"""What people put into a cell to tick it, in NFKC and capitals; also 相違 and 違."""
ROLES = ("code", "ucs", "glyph", "note", "evidence", "decided_by", "decided_at", "replaces", "flag")


@dataclass(frozen=True)
class Compared:
    """What became of a chart's rows: ``read`` = ``same`` (no tick) + ``taken`` + refusals."""

    table: Path
    listed: Path
    read: int
    same: int
    taken: int
    refusals: tuple[Refusal, ...]


class Wrong(Exception):
    """Why a row is not taken."""


def import_chart(
    chart: str | Path,
    charset: str,
    output: str | Path = "",
    *,
    tables: Sequence[str | Path] = (),
    options: Mapping[str, str] | None = None,
) -> Compared:
    """The rows of a chart (CSV, XLSX) that are ticked as different from the host, as a site table.

    ``tables``, ``options``: the site tables and charset options that the chart was made with. A ticked
    row must say under 実機の文字 what the host has; its old value stands under ``replaces``, and its
    evidence is the chart's file and row behind 根拠. Rows that cannot be taken are listed beside the
    table. UsageError for a file that is no chart, or an output that is there.
    """
    path = Path(chart)
    table = Path(output) if output else path.with_suffix(".tsv")
    listed = beside(table, "refused.csv")
    reads = [Place("code chart", path), *(Place("site table", Path(one)) for one in tables)]
    keep_apart(
        [Place("site table", table), Place("list of rows", listed)], [*reads, *charset_places(charset)]
    )
    refuse_existing(table)
    loaded = load_charset(charset, list(tables), options=options)
    sheet, head, at = _headed(path)
    rows = [(n, cells) for n, cells in sheet.rows if n > head and any(cells)]
    ticked, refusals, same = [], [], 0
    for number, cells in rows:
        told = {name: cells[place] if place < len(cells) else "" for name, place in at.items()}
        try:
            made = _ticked(loaded, told, f"{path.name}!{number}")
        except Wrong as why:
            refusals.append(Refusal(sheet.name, number, told[CODE], str(why), cells))
            continue
        same += made is None
        ticked += [(number, made)] if made else []
    taken = Taker(loaded, path, AREAS, known=True).take([_plan(sheet.name, ticked)])
    whole = dict(rows)
    refusals += [replace(one, cells=whole[one.row]) for one in taken.refusals]
    refusals.sort(key=lambda one: one.row)
    write_taken(loaded, tables, taken.lines, refusals, table, listed)
    return Compared(table, listed, len(rows), same, len(taken.lines), tuple(refusals))


def _headed(path: Path) -> tuple[Sheet, int, dict[str, int]]:
    """The sheet with a chart's headings, their row, and heading → column."""
    for sheet in read_sheets(path):
        for number, cells in sheet.rows:
            if set(NEEDED) <= set(cells):
                return (
                    sheet,
                    number,
                    {name: cells.index(name) for name in (*NEEDED, EVIDENCE, BY, AT) if name in cells},
                )
    raise UsageError(
        fault("E0198", "has no column {missing}", missing=", ".join(NEEDED)),
        where=str(path),
        next=tr("give the .csv that gaiji charset sheet wrote"),
    )


def _ticked(charset: Charset, told: Mapping[str, str], place: str) -> tuple[str, ...] | None:
    """The cells of a site row (``ROLES``) for a ticked row, None for one without a tick; Wrong where it says
    too little."""
    found = code_in(told[CODE], charset.kind.form)
    if found is None:
        raise Wrong(
            tr("{cell!r} is no code; {advice}", cell=told[CODE][:20], advice=charset.kind.form.advice)
        )
    code, size = found
    if not _is_tick(told[TICK]):
        if not is_empty(told[HOST]):
            raise Wrong(tr("実機の文字 is filled in, but 相違 is not ticked"))
        return None
    entry = charset.entries.get((size, code))
    glyph, text = (entry.row.glyph, entry.row.text) if entry else ("", "")
    if told[GLYPH] != glyph or (points_in(told[UNICODE]) or "") != text:
        raise Wrong(
            tr(
                "the table in force has {now} for it: make the chart anew",
                now=glyph or points(text) or tr("none"),
            )
        )
    if is_empty(told[HOST]):
        raise Wrong(tr("it differs, but 実機の文字 does not say what the host has"))
    name = name_in(told[HOST])
    host = points_in(told[HOST]) or told[HOST]
    shapes = [one.name for one in charset.repertoire.by_text(host)] if not name else []
    if name == glyph if name else host == text or (glyph and shapes == [glyph]):
        raise Wrong(tr("it is ticked, but 実機の文字 is what the table has"))
    if len(shapes) > 1 and text and host == bare(text):
        raise Wrong(tr("実機の文字 is the character that the table has: write the MJ name of its shape"))
    evidence = " ".join(filter(None, (told.get(EVIDENCE, ""), place)))
    signed = (told.get(BY, ""), told.get(AT, ""))
    note = tr("as the host prints it")
    said = ("", name) if name else (told[HOST], "")
    return (told[CODE], *said, note, evidence, *signed, glyph or points(text), "0")


def _is_tick(cell: str) -> bool:
    """Whether a cell is ticked; Wrong where that cannot be told."""
    text = unicodedata.normalize("NFKC", cell).upper().strip()
    if is_empty(cell):
        return False
    if text in TICKS or text in ("相違", "違"):
        return True
    raise Wrong(tr("{cell!r} is no tick: write ×, or nothing", cell=cell[:20]))


def _plan(name: str, rows: Sequence[tuple[int, tuple[str, ...]]]) -> Plan:
    """Rows of ``ROLES`` as a sheet that is read by them."""
    columns = {role: (at,) for at, role in enumerate(ROLES)}
    return Plan(Sheet(name, tuple(rows)), columns, ROLES, frozenset(), frozenset())
