"""The 同定表 as one HTML page: self-contained, readable without scripts, printable on A4 landscape.

Owns the look of the page. What stands in it is ``sheet``'s.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape

from gaiji.model import Picture
from gaiji.review.sheets.sheet import COLUMNS, FIRST_CANDIDATE, GUIDE, PICTURE, Row, Sheet
from gaiji.shape.pictures import Gallery, png

SIDE = 72
STYLE = (
    "body{font-family:'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:1.5em}table{border-collapse:collapse;font-size:10pt}"  # noqa: E501
    "th,td{border:1px solid #888;padding:.25em .4em;vertical-align:top;white-space:pre-line}"
    "th{background:#e7e6e6;position:sticky;top:0}"
    f"img{{width:{SIDE}px;height:{SIDE}px;display:block;image-rendering:auto}}"
    "tr{break-inside:avoid}@page{size:A4 landscape;margin:8mm}@media print{body{margin:0}table{font-size:6pt}th{position:static}"  # noqa: E501
    "img{width:44px;height:44px}}"
)


def page(sheet: Sheet) -> bytes:
    """The page as UTF-8."""
    drawn: dict[str, str] = {}
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS)
    body = "\n".join(_row(row, sheet.gallery, drawn) for row in sheet.rows)
    guide = "".join(f"<li>{escape(line)}</li>" for line in GUIDE)
    notes = "".join(f"<p>{escape(line)}</p>" for line in sheet.notes)
    return (
        f'<!doctype html>\n<html lang="ja"><head><meta charset="utf-8"><title>同定表</title><style>{STYLE}</style></head>\n'  # noqa: E501
        f"<body><h1>同定表</h1><p>{len(sheet.rows)}件</p>{notes}<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
        f"<h2>書き方</h2><ul>{guide}</ul></body></html>\n"
    ).encode()


def _row(row: Row, gallery: Gallery, drawn: dict[str, str]) -> str:
    images = {PICTURE: _image(row.picture, row.cells[2]) if row.picture else ""}
    for place, name in enumerate(row.candidates):
        if name not in drawn:
            picture = gallery.glyph(name, 2 * SIDE)
            drawn[name] = _image(picture, name) if picture else ""
        images[FIRST_CANDIDATE + place] = drawn[name]
    cells = (
        f"<td>{images.get(i, '')}{escape(cell if i != PICTURE else '')}</td>"
        for i, cell in enumerate(row.cells)
    )
    return "<tr>" + "".join(cells) + "</tr>"


def _image(picture: Picture, name: str) -> str:
    data = b64encode(png(picture, 2 * SIDE if picture.width < 2 * SIDE else 0)).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(name)}">'
