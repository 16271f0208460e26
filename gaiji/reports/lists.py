"""Lists of residents as CSV, XLSX and HTML, a row each, and as a source of 差込印刷.

Owns the files' columns and looks; every cell is written as text. Who stands in a list is ``persons``'.
"""

from __future__ import annotations

import csv
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO, StringIO
from typing import Any

import polars as pl

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.cells import safe_cell
from gaiji.output.lines import BOM
from gaiji.output.tabular import csv_text, safe_cells
from gaiji.output.workbooks import landscape, new_workbook
from gaiji.reports.looks import STYLE, html_page
from gaiji.reports.people import GROUPS
from gaiji.reports.persons import NO_GROUP_SAID, Person, Persons, said
from gaiji.shape.pictures import Gallery, png

COLUMNS = (
    mark("番号"),
    mark("キー"),
    mark("システム"),
    mark("氏名"),
    mark("フリガナ"),
    mark("住所"),
    mark("世帯"),
    mark("区分"),
    mark("項目"),
    mark("変換前"),
    mark("変換後"),
    mark("旧コード"),
    mark("外字"),
    mark("新しい文字"),
    mark("文字図形名"),
    mark("字形"),
    mark("根拠"),
    mark("注意"),
)
OLD, NEW, SYSTEM, KANA, HOUSEHOLD, NOTE = (
    COLUMNS.index(name) for name in ("外字", "字形", "システム", "フリガナ", "世帯", "注意")
)
WIDE = {"変換前": 22, "変換後": 22, "住所": 22, "氏名": 14, "フリガナ": 14, "区分": 18, "根拠": 18, "番号": 5}
MERGED = (
    mark("キー"),
    mark("氏名"),
    mark("フリガナ"),
    mark("住所"),
    mark("世帯"),
    mark("区分"),
    mark("変わる前"),
    mark("変わった後"),
    mark("新しい文字"),
    mark("文字図形名"),
)
SIDE = 48
MOST = 4
"""Pictures of one person in one cell; of more the names stand in the columns beside."""


def cells(number: int, person: Person) -> tuple[str, ...]:
    """The cells of one resident."""
    codes = dict.fromkeys(code for code, _ in person.glyphs if code)
    names = dict.fromkeys(name for _, name in person.glyphs if name)
    return (
        str(number),
        person.key,
        "\n".join(person.systems),
        person.name,
        person.kana,
        person.address,
        person.household,
        person.said,
        tr("、").join(person.fields),
        "\n".join(person.before),
        "\n".join(person.after),
        "\n".join(codes),
        "",
        "\n".join(person.texts),
        "\n".join(names),
        "",
        "\n".join(person.evidence),
        tr("、").join(tr(GROUPS[group]) for group in person.groups),
    )


def told(found: Persons) -> list[str]:
    """What a list says above its rows: how many people, who is kept off it, what it does not show."""
    out = [
        tr(
            "{read:,}件を読み、{people:,}人、{count:,}文字",
            read=found.read,
            people=found.affected,
            count=found.characters,
        )
    ]
    out += [
        tr("{group}の{count:,}人は載せていません", group=tr(GROUPS[group]), count=count)
        for group, count in found.off.items()
    ]
    if found.unseen:
        out.append(tr("住所の項目が桁あふれしただけの{count:,}人は載せていません", count=found.unseen))
    out += [tr("{file}：入っていません（{why}）", file=file, why=why) for file, why in found.left.items()]
    return out if found.said else [*out, tr(NO_GROUP_SAID)]


def shown(found: Persons) -> list[int]:
    """The columns that a list has: systems, households and marks only where there are any."""
    frame = found.frame
    some = {
        SYSTEM: (frame["system"].list.len() > 0).any(),
        HOUSEHOLD: (frame["household"] != "").any(),
        NOTE: (frame["groups"].list.len() > 0).any(),
    }
    return [at for at in range(len(COLUMNS)) if some.get(at, True)]


def csv_list(found: Persons, gallery: Gallery) -> bytes:
    """The list as CSV, without pictures."""
    columns = [COLUMNS[at] for at in shown(found) if at not in (OLD, NEW)]
    rows = _cells(found.frame).select(safe_cells(name).alias(tr(name)) for name in columns)
    return BOM + csv_text(rows).encode()


def _cells(frame: pl.DataFrame) -> pl.DataFrame:
    """What ``cells`` says of each resident, in columns named as ``COLUMNS`` are."""
    groups = pl.element().replace_strict({group: tr(name) for group, name in GROUPS.items()})
    once = pl.element().filter(pl.element() != "").unique(maintain_order=True)
    kinds = frame["kinds"].list.join("\n")
    ways = kinds.unique()
    counted = [said(Counter(way.split("\n"))) for way in ways]
    every: tuple[pl.Expr | pl.Series, ...] = (
        pl.col("number").cast(pl.String),
        pl.col("key"),
        pl.col("system").list.join("\n"),
        pl.col("name"),
        pl.col("kana"),
        pl.col("address"),
        pl.col("household"),
        kinds.replace_strict(ways, counted, return_dtype=pl.String),
        pl.col("field").list.join(tr("、")),
        pl.col("before").list.join("\n"),
        pl.col("after").list.join("\n"),
        pl.col("codes").list.eval(once).list.join("\n"),
        pl.lit(""),
        pl.col("text").list.join("\n"),
        pl.col("names").list.eval(once).list.join("\n"),
        pl.lit(""),
        pl.col("evidence").list.join("\n"),
        pl.col("groups").list.eval(groups).list.join(tr("、")),
    )
    return frame.with_row_index("number", 1).select(
        one.alias(name) for one, name in zip(every, COLUMNS, strict=True)
    )


def csv_merge(found: Persons, gallery: Gallery) -> bytes:
    """The source of a 差込印刷: as the program that prints takes it, so that no cell can be kept for a
    spreadsheet. UsageError where one would be a formula there."""
    for row, line in enumerate(map(_merged, found.rows), 1):
        for name, cell in zip(MERGED, line, strict=True):
            if safe_cell(cell) != cell:
                raise UsageError(
                    fault("E0895", "would run as a formula in a spreadsheet"),
                    where=tr("row {row}, {column}", row=row, column=tr(name)),
                    next=tr("write it as .xlsx, where every cell is a text"),
                )
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([tr(name) for name in MERGED])
    writer.writerows(_merged(person) for person in found.rows)
    return BOM + text.getvalue().encode()


def xlsx_merge(found: Persons, gallery: Gallery) -> bytes:
    """The source of a 差込印刷 as a workbook: every cell a text."""
    out = BytesIO()
    book = new_workbook(out)
    page = book.add_worksheet(tr("差込印刷"))
    text = book.add_format({"num_format": "@"})
    for row, line in enumerate(([tr(name) for name in MERGED], *map(_merged, found.rows))):
        for column, cell in enumerate(line):
            page.write_string(row, column, cell, text)
    book.close()
    return out.getvalue()


def _merged(person: Person) -> tuple[str, ...]:
    names = dict.fromkeys(name for _, name in person.glyphs if name)
    whole = (person.key, person.name, person.kana, person.address, person.household, person.said)
    return (*whole, *("、".join(part) for part in (person.before, person.after, person.texts, tuple(names))))


# -- pictures ------------------------------------------------------------------------------------------


def pictures(found: Persons, gallery: Gallery) -> dict[str, bytes]:
    """PNG of every code (by ``code:``) and glyph name that has one."""
    pairs = {pair for person in found.rows for pair in person.glyphs}
    codes = sorted({code for code, _ in pairs if code in found.pictures})
    out = {f"code:{code}": png(found.pictures[code], 2 * SIDE) for code in codes}
    for name in sorted({name for _, name in pairs if name}):
        drawn = gallery.glyph(name, 2 * SIDE)
        if drawn is not None:
            out[name] = png(drawn)
    return out


def drawn_of(person: Person) -> tuple[list[str], list[str]]:
    """What is drawn for a resident, before and after, in the same order: names in ``pictures``."""
    pairs = person.glyphs[:MOST]
    return [f"code:{code}" for code, _ in pairs], [name for _, name in pairs]


def picture_styles(drawn: Mapping[str, bytes], side: int = SIDE) -> tuple[dict[str, str], str]:
    """Name → class of its picture, and the style sheet that holds each once, so that the page stays small."""
    numbers = {name: f"g{number}" for number, name in enumerate(sorted(drawn))}
    styles = [
        f".{numbers[name]}{{background-image:url(data:image/png;base64,{b64encode(data).decode()})}}"
        for name, data in drawn.items()
    ]
    frame = (
        f".p{{display:inline-block;width:{side}px;height:{side}px;background-size:contain;"
        "background-repeat:no-repeat;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    )
    return numbers, frame + "".join(styles)


def spans(names: Sequence[str], numbers: Mapping[str, str]) -> str:
    """The pictures of some names beside each other."""
    return "".join(f'<span class="p {numbers[name]}"></span>' for name in names if name in numbers)


def html_list(found: Persons, gallery: Gallery) -> bytes:
    """The list as a page with both pictures of each character."""
    drawn = pictures(found, gallery)
    numbers, styles = picture_styles(drawn)
    columns, body = shown(found), []
    for number, person in enumerate(found.rows, 1):
        row = [escape(cell).replace("\n", "<br>") for cell in cells(number, person)]
        old, new = drawn_of(person)
        row[OLD], row[NEW] = spans(old, numbers), spans(new, numbers)
        body.append("<tr>" + "".join(f"<td>{row[at]}</td>" for at in columns) + "</tr>")
    head = "".join(f"<th>{escape(tr(COLUMNS[at]))}</th>" for at in columns)
    lines = [*told(found), *([gallery.missing] if gallery.missing else [])]
    notes = "".join(f"<p>{escape(line)}</p>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return html_page(tr("字形などが変わる住民"), notes + table, STYLE + styles)


def xlsx_list(found: Persons, gallery: Gallery) -> bytes:
    """The list as a workbook with both pictures of each character."""
    out = BytesIO()
    book = new_workbook(out)
    drawn = pictures(found, gallery)
    page = book.add_worksheet(tr("住民一覧"))
    text = book.add_format({"text_wrap": True, "valign": "vcenter", "border": 1, "font_size": 10})
    head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1})
    columns = shown(found)
    most = max([1, *(len(person.glyphs[:MOST]) for person in found.rows)])
    for column, at in enumerate(columns):
        pictured = 8 * most if at in (OLD, NEW) else 11
        page.set_column(column, column, WIDE.get(COLUMNS[at], pictured))
        page.write_string(0, column, tr(COLUMNS[at]), head)
    for number, person in enumerate(found.rows, 1):
        page.set_row(number, max(40, 13 * max(len(person.before), len(person.after))))
        row = cells(number, person)
        for column, at in enumerate(columns):
            page.write_string(number, column, row[at], text)
        for at, names in zip((OLD, NEW), drawn_of(person), strict=True):
            for place, name in enumerate(names):
                if name in drawn:
                    _insert(page, number, columns.index(at), place, name, drawn[name])
    page.freeze_panes(1, columns.index(KANA))
    page.autofilter(0, 0, max(len(found.rows), 1), len(columns) - 1)
    landscape(page, head=0)
    notes = book.add_worksheet(tr("件数"))
    notes.set_column(0, 0, 90)
    for number, line in enumerate(told(found)):
        notes.write_string(number, 0, line)
    book.close()
    return out.getvalue()


def _insert(page: Any, row: int, column: int, place: int, name: str, data: bytes) -> None:
    page.insert_image(
        row,
        column,
        f"{name.replace(':', '-')}.png",
        {
            "image_data": BytesIO(data),
            "x_scale": 0.5,
            "y_scale": 0.5,
            "x_offset": 3 + place * (SIDE + 4),
            "y_offset": 3,
            "object_position": 1,
            "description": name,
        },
    )
