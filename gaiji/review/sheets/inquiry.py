"""What a town asks to have added: the characters that stand in no list, as a page or table for the inquiry.

Owns what is told and what is not: picture, code, 典拠 and counts; no sample, no key, no note, nobody's name.
"""

from __future__ import annotations

import csv
from base64 import b64encode
from collections import Counter
from html import escape
from io import StringIO
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.queue.decisions import INQUIRY, Decisions
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.run.places import decisions_beside, queue_reads
from gaiji.shape.pictures import png

COLUMNS = (
    mark("番号"),
    mark("団体"),
    mark("旧コード"),
    mark("典拠"),
    mark("照会を始めた日"),
    mark("人数"),
    mark("件数"),
    mark("使われ方"),
)
ROLES = {"name": mark("氏名"), "kana": mark("フリガナ"), "address": mark("住所"), "other": mark("その他")}
SIDE = 144
STYLE = (
    "body{font-family:serif;margin:1.5em}table{border-collapse:collapse;font-size:10.5pt}"
    "th,td{border:1px solid #888;padding:.25em .5em}tr{break-inside:avoid}img{width:72px;height:72px}"
    "@page{size:A4 landscape;margin:10mm}"
)


def export_inquiry(queue: Queue, path: Path) -> int:
    """Write the items that are asked about as .html (with pictures) or .csv; returns how many. UsageError for
    another suffix."""
    if path.suffix.lower() not in (".html", ".csv"):
        raise UsageError(
            fault("E0696", "is no .html or .csv file"), where=str(path), next=tr("give another name")
        )
    keep_apart([Place("inquiry", path)], [*queue_reads(queue), *decisions_beside(queue)])
    made = Decisions(queue).all()
    asked = [item for item in queue.items() if item.state == INQUIRY and item.id in made]
    rows = [
        _cells(n, item, made[item.id].evidence, made[item.id].decided_at) for n, item in enumerate(asked, 1)
    ]
    pictures = queue.pictures([item.id for item in asked])
    inks = [png(pictures[item.id][0], SIDE) if pictures.get(item.id) else b"" for item in asked]
    write_whole(path, _csv(rows) if path.suffix.lower() == ".csv" else _html(rows, inks))
    return len(asked)


def _cells(number: int, item: Item, evidence: str, day: str) -> tuple[str, ...]:
    roles = Counter[str]()
    for (_, role), count in item.counts.items():
        roles[role] += count
    used = tr("、").join(f"{tr(ROLES.get(role, role))} {count}" for role, count in sorted(roles.items()))
    counts = (str(item.people), str(item.total), used)
    return (str(number), item.owner, f"{item.system} {item.code}", evidence, day, *counts)


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([tr(name) for name in COLUMNS])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return BOM + text.getvalue().encode("utf-8")


def _html(rows: list[tuple[str, ...]], inks: list[bytes]) -> bytes:
    head = "".join(f"<th>{escape(tr(name))}</th>" for name in (*COLUMNS[:1], mark("字形"), *COLUMNS[1:]))
    body = []
    for row, ink in zip(rows, inks, strict=True):
        shown = f'<img src="data:image/png;base64,{b64encode(ink).decode()}" alt="">' if ink else ""
        cells = [escape(row[0]), shown, *map(escape, row[1:])]
        body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    title = tr("追加要求・照会する文字")
    return (
        f'<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></body></html>\n"
    ).encode()
