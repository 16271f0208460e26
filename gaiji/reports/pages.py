"""Reports for a town's counter and its manager: changed residents as CSV, XLSX or HTML, and the summary page.

Owns the files' columns and looks. Which residents changed is in ``gaiji.reports.residents``; every cell is
written as text.
"""

from __future__ import annotations

import csv
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from gaiji.columns.findings import REVIEWED_ROLES
from gaiji.disk.apart import Place
from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.messages import fault, mark, tr
from gaiji.output.lines import BOM
from gaiji.output.tabular import safe_cell
from gaiji.output.workbooks import landscape, new_workbook
from gaiji.queue.items import Item
from gaiji.queue.queue import open_queue
from gaiji.queue.words import REASONS, STATES
from gaiji.reports.residents import Changed, Residents, changed_residents, waiting
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import read_manifest
from gaiji.run.places import check_beside
from gaiji.shape.pictures import Gallery, open_gallery, png

COLUMNS = (
    mark("記録番号"),
    mark("キー"),
    mark("項目"),
    mark("変換前"),
    mark("変換後"),
    mark("旧コード"),
    mark("外字"),
    mark("新しい文字"),
    mark("文字図形名"),
    mark("字形"),
    mark("区分"),
    mark("根拠"),
)
OLD, NEW = COLUMNS.index("外字"), COLUMNS.index("字形")
SIDE = 56
STYLE = (
    "body{font-family:'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:1.5em}table{border-collapse:collapse;font-size:10.5pt}"  # noqa: E501
    "th,td{border:1px solid #888;padding:.25em .5em;vertical-align:middle}th{background:#e7e6e6}tr{break-inside:avoid}"  # noqa: E501
    f".p{{width:{SIDE}px;height:{SIDE}px;background-size:contain;background-repeat:no-repeat;print-color-adjust:exact}}"
    "svg{display:block}@page{size:A4 landscape;margin:10mm}"
)


@dataclass(frozen=True)
class Reported:
    """Characters and people in the report, records read, and in words what could not be shown."""

    characters: int
    people: int
    read: int
    notes: tuple[str, ...] = ()


def report_residents(
    job: Job | str | Path,
    output: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    fonts: Sequence[str | Path] = (),
) -> Reported:
    """Write who is affected to ``output`` (.csv, .xlsx, .html). UsageError for another suffix."""
    path = Path(output)
    writers = {".csv": _csv, ".xlsx": _xlsx, ".html": _html}
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    check_beside(job, [Place("report", path)], [Place("font", Path(font)) for font in fonts])
    if path.suffix.lower() not in writers:
        raise UsageError(
            fault("E0232", "is no .csv, .xlsx or .html file"), where=str(path), next=tr("give another name")
        )
    found = changed_residents(job)
    gallery = Gallery([]) if path.suffix.lower() == ".csv" else open_gallery(fonts)
    write_whole(path, writers[path.suffix.lower()](found, gallery))
    return Reported(
        len(found.rows),
        found.people,
        found.read,
        (gallery.missing,) if path.suffix != ".csv" and gallery.missing else (),
    )


def report_summary(
    job: Job | str | Path, output: str | Path, *, overrides: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Write the manager's page; returns its figures: codes, waiting, people, coverage before and after (0 to
    1).

    Coverage is of the characters in name, kana and address fields: before, without any decision; after, with
    those confirmed. UsageError when the job was not converted yet.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    check_beside(job, [Place("report", Path(output))])
    manifest = read_manifest(job.named_path)
    queue = open_queue(job.queue_where)
    try:
        items = [item for item in queue.items() if (item.site, item.gaiji_set) == job.owner]
    finally:
        queue.close()
    fields = [f for f in manifest["fields"].values() if f["role"] in REVIEWED_ROLES]
    units = sum(f["units"] for f in fields) or 1
    every, open_ = sum(i.total for i in items), sum(i.total for i in items if waiting(i))
    figures = {
        "codes": len(items),
        "waiting": sum(map(waiting, items)),
        "people": sum(i.people for i in items),
        "before": 1 - every / units,
        "after": 1 - open_ / units,
    }
    write_whole(Path(output), _summary(job, manifest, items, figures))
    return figures


def _cells(row: Changed) -> tuple[str, ...]:
    return (
        str(row.record),
        row.key,
        row.field,
        row.before,
        row.after,
        row.code,
        "",
        row.text,
        row.glyph,
        "",
        row.kind,
        row.evidence,
    )


def _csv(found: Residents, gallery: Gallery) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    shown = [i for i in range(len(COLUMNS)) if i not in (OLD, NEW)]
    writer.writerow([tr(COLUMNS[i]) for i in shown])
    writer.writerows([safe_cell(_cells(row)[i]) for i in shown] for row in found.rows)
    return BOM + text.getvalue().encode("utf-8")


def _pictures(found: Residents, gallery: Gallery) -> dict[str, bytes]:
    """PNG of every code (by ``code:``) and glyph name that has one."""
    out = {f"code:{code}": png(picture, 2 * SIDE) for code, picture in found.pictures.items()}
    for name in {row.glyph for row in found.rows if row.glyph}:
        drawn = gallery.glyph(name, 2 * SIDE)
        if drawn is not None:
            out[name] = png(drawn)
    return out


def _html(found: Residents, gallery: Gallery) -> bytes:
    """Each picture once, in the style sheet, so that the page stays small."""
    pictures = _pictures(found, gallery)
    numbers = {name: f"g{number}" for number, name in enumerate(sorted(pictures))}
    styles = "".join(
        f".{numbers[name]}{{background-image:url(data:image/png;base64,{b64encode(data).decode()})}}"
        for name, data in pictures.items()
    )
    body = []
    for row in found.rows:
        cells = [escape(cell) for cell in _cells(row)]
        for place, name in ((OLD, f"code:{row.code}"), (NEW, row.glyph)):
            cells[place] = f'<div class="p {numbers[name]}"></div>' if name in numbers else ""
        body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{escape(tr(name))}</th>" for name in COLUMNS)
    note = f"<p>{escape(gallery.missing)}</p>" if gallery.missing else ""
    return _page(
        tr("字形などが変わる住民"),
        (
            "<p>"
            + tr(
                "{read:,}件のうち{people:,}件、{count:,}文字",
                read=found.read,
                people=found.people,
                count=len(found.rows),
            )
            + f"</p>{note}<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        ),
        styles,
    )


def _xlsx(found: Residents, gallery: Gallery) -> bytes:
    out = BytesIO()
    book = new_workbook(out)
    pictures = _pictures(found, gallery)
    page = book.add_worksheet(tr("住民一覧"))
    cell_format = book.add_format({"text_wrap": True, "valign": "vcenter", "border": 1})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
    for column, name in enumerate(COLUMNS):
        page.set_column(column, column, 24 if name in ("変換前", "変換後", "根拠") else 11)
        page.write_string(0, column, tr(name), head)
    for number, row in enumerate(found.rows, 1):
        page.set_row(number, 46)
        for column, cell in enumerate(_cells(row)):
            page.write_string(number, column, cell, cell_format)
        for column, name in ((OLD, f"code:{row.code}"), (NEW, row.glyph)):
            if name in pictures:
                page.insert_image(
                    number,
                    column,
                    f"{name.replace(':', '-')}.png",
                    {
                        "image_data": BytesIO(pictures[name]),
                        "x_scale": 0.5,
                        "y_scale": 0.5,
                        "x_offset": 3,
                        "y_offset": 3,
                        "object_position": 1,
                        "description": name,
                    },
                )
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(found.rows), 1), len(COLUMNS) - 1)
    landscape(page, head=0)
    book.close()
    return out.getvalue()


def _summary(job: Job, manifest: dict[str, Any], items: Sequence[Item], figures: dict[str, float]) -> bytes:
    states = Counter[str]()
    reasons = Counter[str]()
    for item in items:
        states[item.state] += 1
        reasons[item.reason] += item.people
    rows = "".join(
        f"<tr><td>{escape(i.system)} {escape(i.code)}</td><td>{tr(REASONS.get(i.reason, escape(i.reason)))}</td><td>{i.people:,}</td>"  # noqa: E501
        f"<td>{tr(STATES.get(i.state, escape(i.state)))}</td></tr>"
        for i in items[:30]
    )
    return _page(
        tr("移行のまとめ"),
        (
            "<p>"
            + tr(
                "{site}　入力 {path}　{read:,}件",
                site=escape(job.review["site"]),
                path=escape(str(manifest["input"]["path"])),
                read=manifest["records"]["read"],
            )
            + f"</p><h2>{tr('同定の進み具合')}</h2><p>"
            + tr(
                "{codes:,}文字のうち、残り{waiting:,}文字", codes=figures["codes"], waiting=figures["waiting"]
            )
            + "</p>"
        )
        + _bars([(tr(title), states[state]) for state, title in STATES.items()])
        + f"<h2>{tr('文字の対応率（氏名・フリガナ・住所）')}</h2>"
        + _bars([(tr("判定の前"), figures["before"]), (tr("判定の後"), figures["after"])], share=True)
        + (
            f"<h2>{tr('理由別の人数')}</h2><p>"
            f"{tr('のべ{people:,}人（文字ごとの人数の合計）', people=figures['people'])}</p>"
        )
        + _bars([(tr(REASONS.get(reason, reason)), count) for reason, count in reasons.most_common()])
        + (
            f"<h2>{tr('人数の多い文字（30文字まで）')}</h2><table><tr><th>{tr('旧コード')}</th><th>"
            f"{tr('理由')}</th><th>{tr('人数')}</th><th>{tr('状態')}</th></tr>{rows}</table>"
        ),
    )


def _bars(values: Sequence[tuple[str, float]], *, share: bool = False) -> str:
    """A bar chart that needs no script; with ``share`` the bars are of 100 %."""
    most = 1.0 if share else max([1.0, *(value for _, value in values)])
    lines = []
    for number, (title, value) in enumerate(values):
        y, label = 26 * number, f"{value:.4%}" if share else f"{value:,}"
        width = f"{400 * value / most:.1f}"
        lines.append(
            f'<text x="0" y="{y + 16}">{escape(title)}</text>'
            f'<rect x="190" y="{y + 3}" width="{width}" height="18" fill="#4472c4"/>'
            f'<text x="{196 + 400 * value / most:.1f}" y="{y + 16}">{label}</text>'
        )
    return (
        f'<svg width="720" height="{26 * len(values) + 6}" font-size="13" role="img">{"".join(lines)}</svg>'
    )


def _page(title: str, body: str, styles: str = "") -> bytes:
    return (
        f'<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}{styles}</style></head>\n"
        f"<body><h1>{title}</h1>{body}</body></html>\n"
    ).encode()
