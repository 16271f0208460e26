"""Contradictions as a sheet or a page, and the sheet back with what a clerk decided.

Owns columns and looks. What a contradiction is, and the file of what was decided, are ``contradictions``'s.
"""

from __future__ import annotations

import csv
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from html import escape
from io import BytesIO, StringIO
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.output.workbooks import landscape, new_workbook
from gaiji.proof.page import STYLE
from gaiji.queue.audit import now
from gaiji.shape.pictures import Gallery, open_gallery, png
from gaiji.standard.repertoire import load_repertoire
from gaiji.tables.grid import read_sheets
from gaiji.town.contradictions import KINDS, Contradiction, Contradictions, Settled, groups, write_settled
from gaiji.town.people import glyph_of
from gaiji.town.places import places_of
from gaiji.town.project import Town

ID, RIGHT, WHY, WHO = mark("管理番号"), mark("正しい文字図形名"), mark("根拠"), mark("判定者")
HEAD = (ID, mark("種別"), mark("宛名番号"), mark("何文字目"))
TAIL = (RIGHT, WHY, WHO)
SIDE = 48


def write_contradictions(town: Town, found: Contradictions, path: str | Path) -> int:
    """Write what is open as .csv, .xlsx or .html; how many rows. UsageError for another suffix, or a file
    that the town reads or has made."""
    path = Path(path)
    writers: dict[str, Callable[[Contradictions], bytes]] = {".csv": _csv, ".xlsx": _xlsx, ".html": _html}
    if path.suffix.lower() not in writers:
        raise UsageError(
            fault("E0232", "is no .csv, .xlsx or .html file"), where=str(path), next=tr("give another name")
        )
    keep_apart([Place("contradictions", path)], places_of(town))
    write_whole(path, writers[path.suffix.lower()](found), own=True)
    return len(found.open)


def take_settled(town: Town, found: Contradictions, path: str | Path) -> tuple[int, list[str]]:
    """Take what a clerk wrote into a sheet: how many were settled, and what is wrong with the others, a line
    each. GaijiError where the file is no such sheet."""
    open_ = {one.id: one for one in found.found}
    made, wrong = [], []
    repertoire = load_repertoire()
    for number, cells in _rows(Path(path)):
        number_of, right, why, who = (cells.get(name, "").strip() for name in (ID, RIGHT, WHY, WHO))
        if not right and not why and not who:
            continue
        where = tr("row {row}", row=number)
        if number_of not in open_:
            wrong.append(tr("{where}: {id} is not open now: write the sheet anew", where=where, id=number_of))
        elif right not in repertoire:
            wrong.append(tr("{where}: {name!r} is no MJ or GJ name", where=where, name=right))
        elif not who or not why:
            wrong.append(tr("{where}: who decided, and on what evidence, is missing", where=where))
        else:
            one = open_[number_of]
            made.append(Settled(one.id, one.person, one.position, one.seen, right, why, who, now()))
    if made:
        write_settled(town, made)
    return len(made), wrong


def _rows(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    """The rows below the head, by column."""
    for sheet in read_sheets(path):
        for at, (_, cells) in enumerate(sheet.rows):
            heads = [cell.strip() for cell in cells]
            if ID in heads and RIGHT in heads:
                return [(row, dict(zip(heads, below, strict=False))) for row, below in sheet.rows[at + 1 :]]
    raise GaijiError(
        fault("E0771", "is no sheet of contradictions"),
        where=str(path),
        next=tr("give the .csv or .xlsx that gaiji contradictions --output wrote"),
    )


# -- cells ---------------------------------------------------------------------------------------------


def _systems(found: Sequence[Contradiction]) -> list[str]:
    """The files that the sheet has columns for."""
    return sorted({label for one in found for label in one.written})


def shown(unit: str) -> str:
    """A character with its glyph's name."""
    glyph = glyph_of(unit)
    return f"{unit} {glyph}" if glyph else unit


def _cells(one: Contradiction, systems: Sequence[str]) -> list[str]:
    place = str(one.position) if one.position else ""
    written = [shown(one.written[label]) if label in one.written else "" for label in systems]
    return [one.id, tr(KINDS[one.kind]), one.person, place, *written, "", "", ""]


def _heads(systems: Sequence[str]) -> list[str]:
    return [*map(tr, HEAD), *systems, *map(tr, TAIL)]


def _csv(found: Contradictions) -> bytes:
    systems, text = _systems(found.open), StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_heads(systems))
    writer.writerows([safe_cell(cell) for cell in _cells(one, systems)] for one in found.open)
    return BOM + text.getvalue().encode()


def _xlsx(found: Contradictions) -> bytes:
    systems, out = _systems(found.open), BytesIO()
    book = new_workbook(out)
    page = book.add_worksheet(tr("食い違い"))
    text = book.add_format({"border": 1, "valign": "vcenter", "num_format": "@"})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
    for column, name in enumerate(_heads(systems)):
        page.set_column(column, column, 16)
        page.write_string(0, column, name, head)
    for row, one in enumerate(found.open, 1):
        for column, cell in enumerate(_cells(one, systems)):
            page.write_string(row, column, cell, text)
    page.freeze_panes(1, 1)
    landscape(page, head=0)
    book.close()
    return out.getvalue()


def _html(found: Contradictions) -> bytes:
    """Equal contradictions together, with the pictures of their glyphs, and whose they are."""
    gallery = open_gallery()
    title = tr("{town}　氏名の食い違い", town=escape(found.town))
    parts = [
        f"<!doctype html><html lang=ja><meta charset=utf-8><title>{title}</title><style>{STYLE}",
        f"img{{width:{SIDE}px;height:{SIDE}px;vertical-align:middle}}</style><body><h1>{title}</h1><p>",
        tr("{people:,}人中 {count:,}人", people=found.residents, count=found.people),
        "</p>",
        f"<p>{escape(gallery.missing)}</p>" if gallery.missing else "",
    ]
    drawn: dict[str, str] = {}
    for (kind, sides), some in groups(found.open).items():
        told = "".join(
            f"<td>{escape(system)}<br>{_picture(unit, gallery, drawn)} {escape(shown(unit))}</td>"
            for system, unit in sides
            if system
        )
        people = "、".join(escape(one.person) for one in some[:200])
        more = tr("ほか {count:,}人", count=len(some) - 200) if len(some) > 200 else ""
        parts.append(
            f"<h2>{escape(tr(KINDS[kind]))}　{tr('{count:,}人', count=len(some))}</h2>"
            f"<table><tr>{told}</tr></table><p>{tr('宛名番号')} {people}{more}</p>"
        )
    parts.append("</body></html>\n")
    return "".join(parts).encode()


def _picture(unit: str, gallery: Gallery, drawn: dict[str, str]) -> str:
    name = glyph_of(unit)
    if name and name not in drawn:
        picture = gallery.glyph(name, 2 * SIDE)
        drawn[name] = b64encode(png(picture)).decode() if picture is not None else ""
    data = drawn.get(name, "")
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{data}">' if data else ""
