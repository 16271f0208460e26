"""A code chart as one HTML page: sixteen codes a line, a section for each lead byte, printable on A4.

Owns the look of the page. What stands in it is ``gaiji.tables.chart``'s.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import NamedTuple

from gaiji.codes.charset import Charset
from gaiji.errors.messages import tr
from gaiji.model import Picture
from gaiji.shape.pictures import Gallery, png

SIDE = 48
"""Dots of a picture, shown at two thirds of that so that it stays sharp in print."""
BASE = (
    "body{font-family:'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:1em}"
    "h2{font-size:11pt;margin:.8em 0 .2em;break-after:avoid}tr{break-inside:avoid}"
    "table{border-collapse:collapse}td{border:1px solid #999;padding:0}"
    ".none{background:#eee}.unsure{background:#fff3d0}i{display:block;font-style:normal}"
    "@page{size:A4 portrait;margin:10mm}@media print{body{margin:0}td{print-color-adjust:exact}}"
)
STYLE = (
    "td{width:11.2mm;min-width:11.2mm;max-width:11.2mm;height:15mm;text-align:center;vertical-align:top;"
    "font:6pt sans-serif;overflow-wrap:anywhere}b{font:20px serif;display:block}"
    f"img{{width:{SIDE * 2 // 3}px;height:{SIDE * 2 // 3}px;display:block;margin:auto}}"
)


class Cell(NamedTuple):
    """One code of a chart: as towns write it, its text and glyph cell, the glyph to draw, its area, grade,
    state ("": sure) and note."""

    code: str
    text: str
    glyph: str
    drawn: str
    area: str
    grade: str
    state: str
    note: str


def page(charset: Charset, cells: Sequence[Cell], gallery: Gallery) -> bytes:
    """The page as UTF-8."""
    title = tr("コード表 {name}", name=charset.name)
    tables = ", ".join(
        f"{table.id} ({table.edition})" if table.edition else table.id
        for table in (*charset.tables, *charset.sites)
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in (tables, gallery.missing) if note)
    guide = tr(
        "各マスは、上から表の文字、コード、MJ文字図形名、確度（s 規格、t 二つの資料、o 一つの資料、i 推定、"
        "+ 団体の表）です。"
        "灰色は対応なし、黄色は候補が複数か近い文字だけのコードです。"
        "実機で印字した字と違うときは、CSVの「相違」に×を付け、「実機の文字」に文字図形名か文字を書いてください。"
    )
    body = "".join(_section(lead, list(group), gallery) for lead, group in groupby(cells, _lead))
    return whole(title, STYLE, f"{notes}<p>{escape(guide)}</p>\n{body}")


def whole(title: str, style: str, body: str) -> bytes:
    """A page for A4 around a body, as UTF-8."""
    return (
        f'<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{BASE}{style}</style></head>\n<body><h1>{escape(title)}</h1>{body}</body></html>\n"
    ).encode()


def image(picture: Picture, name: str, side: int = 0) -> str:
    """A picture within a page; ``side``: fitted into a square of that many dots."""
    return f'<img src="data:image/png;base64,{b64encode(png(picture, side)).decode()}" alt="{escape(name)}">'


def _lead(cell: Cell) -> str:
    return cell.code[:-2]


def _section(lead: str, cells: Iterable[Cell], gallery: Gallery) -> str:
    """The codes of one lead byte, in lines by the first half of their last byte."""
    lines = []
    for _, group in groupby(cells, lambda cell: cell.code[:-1]):
        at = {int(cell.code[-1], 16): cell for cell in group}
        lines.append("<tr>" + "".join(_cell(at.get(n), gallery) for n in range(16)) + "</tr>")
    name = lead.removeprefix("0x")
    return f"<h2>{escape(name)}xx</h2><table>{''.join(lines)}</table>\n"


def _cell(cell: Cell | None, gallery: Gallery) -> str:
    if cell is None:
        return "<td></td>"
    kind = "" if cell.text or cell.glyph else "none"
    kind = "unsure" if cell.state and not kind else kind
    picture = gallery.glyph(cell.drawn, SIDE) if cell.drawn else None
    shown = image(picture, cell.drawn) if picture else f"<b>{escape(cell.text) or '&nbsp;'}</b>"
    grade = "+" if cell.grade == "site" else cell.grade[:1]
    code = cell.code.removeprefix("0x")
    about = f"<i>{code}</i><i>{escape(cell.glyph.replace('|', ' '))}</i><i>{grade}</i>"
    return f'<td class="{kind}" title="{escape(cell.note)}">{shown}{about}</td>'
