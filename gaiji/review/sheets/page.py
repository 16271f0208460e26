"""The 同定表 as one HTML page: self-contained, readable without scripts, a card for each code, for A4.

Owns the look of the page. What stands in it is ``sheet``'s.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape

from gaiji.errors.messages import tr
from gaiji.model import Picture
from gaiji.review.sheets.sheet import CANDIDATES, COLUMNS, FIRST_CANDIDATE, GUIDE, PICTURE, Row, Sheet
from gaiji.shape.pictures import Gallery, png

SIDE = 72
STYLE = (
    "body{font:10.5pt/1.35 'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:1.5em;max-width:200mm}"
    "section{border:1px solid #555;margin:0 0 3mm;padding:1.5mm 2mm;break-inside:avoid}"
    "h2{font-size:12pt;margin:0 0 1mm}p{margin:.2em 0}.c,.w{display:grid;gap:1mm}"
    ".c{grid-template-columns:repeat(6,1fr)}.c div{border:1px solid #bbb;padding:1mm;overflow-wrap:anywhere}"
    ".w{grid-template-columns:repeat(6,1fr);margin-top:1mm}.w div{border:1px solid #555;min-height:10mm}"
    ".w .l{grid-column:span 2}.w .x{grid-column:span 3}"
    "h2,h1{break-after:avoid}small{font-size:10pt;color:#333;display:block}"
    f"img{{width:{SIDE}px;height:{SIDE}px;display:block}}.why{{white-space:pre-line}}"
    "@page{size:A4;margin:10mm}@media print{body{margin:0;font-size:10pt}}"
)
_FACTS = ("旧コード体系", "旧コード", "団体・外字セット", "理由", "状態")
_USES = ("使用人数", "使用件数", "使用項目", "用例")
_WRITTEN = {"同定先": "l", "同定区分": "", "判定者": "", "判定日": "", "確認者": "", "根拠": "x", "備考": "x"}
"""What is written in by hand, in the order of the card, with how wide it is."""


def page(sheet: Sheet, gallery: Gallery) -> bytes:
    """The page as UTF-8."""
    drawn: dict[str, str] = {}
    body = "\n".join(_card(row, gallery, drawn) for row in sheet.rows)
    guide = "".join(f"<li>{escape(tr(line))}</li>" for line in GUIDE)
    notes = "".join(f"<p>{escape(line)}</p>" for line in sheet.notes)
    return (
        "<!doctype html>\n"
        f"""<html lang="ja"><head><meta charset="utf-8"><title>{tr("同定表")}</title><style>"""
        f"{STYLE}</style></head>\n"
        f"<body><h1>{tr('同定表')}</h1><p>{tr('{count}件', count=len(sheet.rows))}</p>{notes}\n"
        f"{body}\n<h2>{tr('書き方')}</h2><ul>{guide}</ul></body></html>\n"
    ).encode()


def _card(row: Row, gallery: Gallery, drawn: dict[str, str]) -> str:
    """One code: what it is and who has it, its picture beside the candidates, and what is written in."""
    cells = dict(zip(COLUMNS, row.cells, strict=True))
    facts = "　".join(escape(cells[name]) for name in _FACTS if cells[name])
    uses = "　".join(
        f"<span>{escape(tr(name))} {escape(cells[name])}</span>" for name in _USES if cells[name]
    )
    own = _image(row.picture, cells["旧コード"]) if row.picture else ""
    said = escape(cells[COLUMNS[PICTURE]])
    looks = f"<div>{own}<small class=why>{said}</small></div>" if own or said else ""
    shown = []
    for place in range(len(CANDIDATES)):
        glyph = row.candidates[place] if place < len(row.candidates) else ""
        cell = row.cells[FIRST_CANDIDATE + place]
        if cell:
            shown.append(f"<div>{_drawn(glyph, gallery, drawn)}<small class=why>{escape(cell)}</small></div>")
    edited = "".join(
        f'<div class="{wide}"><small>{escape(tr(name))}</small>{escape(cells[name])}</div>'
        for name, wide in _WRITTEN.items()
    )
    return (
        f"<section><h2>{escape(cells['管理番号'])}　{facts}</h2><p>{uses}</p>"
        f"<div class=c>{looks}{''.join(shown)}</div><div class=w>{edited}</div></section>"
    )


def _drawn(name: str, gallery: Gallery, drawn: dict[str, str]) -> str:
    """A candidate's picture, drawn once for all cards."""
    if name and name not in drawn:
        picture = gallery.glyph(name, 2 * SIDE)
        drawn[name] = _image(picture, name) if picture else ""
    return drawn.get(name, "")


def _image(picture: Picture, name: str) -> str:
    data = b64encode(png(picture, 2 * SIDE if picture.width < 2 * SIDE else 0)).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(name)}">'
