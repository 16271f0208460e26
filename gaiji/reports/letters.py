"""Letters to residents, and the public notice, from a template that the town edits.

Owns the template's form, its usual text and what is put in where; whom a letter goes to is ``persons``'. What
changes and what does not is said for each 区分; people of whom nothing is settled yet get no letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.disk.files import write_whole
from gaiji.disk.toml import NotToml, parse_toml
from gaiji.errors import UsageError, nearest
from gaiji.errors.messages import fault, mark, tr
from gaiji.reports.lists import picture_styles, pictures, spans
from gaiji.reports.looks import html_page
from gaiji.reports.persons import Person, Persons
from gaiji.shape.pictures import Gallery

TEMPLATE = mark('''# 住民へのお知らせの文面です。町のことばに直して使います（UTF-8）。
# {氏名} {フリガナ} {住所} {世帯} {区分} {町} {日付} {差出人} {問合せ先} は、出すときに置き換わります。
# [kind.○○] のない区分の人には、お知らせを出しません。

sender = ""    # 差出人（例 見本市長）
contact = ""   # 問合せ先（例 市民課 電話 000-000-0000）
date = ""      # 日付（例 令和9年1月12日）

[letter]
title = "氏名などの文字の表示についてのお知らせ"
opening = """
{町}では、国の定めた標準の文字（行政事務標準文字）を使うシステムに移ります。
これにともない、住民票などに表示される次の文字の形が変わります。"""
closing = """
戸籍の文字はそのままです。お手続きは必要ありません。
これまでの証明書やお手元のカードなどは、そのままお使いになれます。
ご不明な点は、{問合せ先} へお問い合わせください。"""

[kind."デザイン差"]
text = "字形（デザイン）は変わりますが、字体（文字の骨組み）は変わりません。同じ文字です。"

[kind."類似"]
text = "標準の文字にまったく同じ形がないため、最も近い形の文字で表示します。"

[kind."別字"]
text = "標準の文字にないため、別の文字で表示します。ご確認をお願いします。"

[kind."復元"]
text = "以前のシステムで表示できなくなっていた文字を、もとの文字に戻します。"

[notice]
title = "住民票などの文字の表示が変わることについて"
text = """
{町}では、国の定めた標準の文字（行政事務標準文字）を使うシステムに移ります。
このため、一部の方の氏名などの文字の形（字形）が、表示の上で変わります。
字形（デザイン）が変わる場合も、字体（文字の骨組み）は変わりません。
戸籍の文字はそのままです。お手続きは必要ありません。
誤字を正字に直すなど、届け出られた文字を改めるものではありません。
お問い合わせ：{問合せ先}"""
''')
ASKED = ("sender", "contact", "date")
PERSONS, TOWNS = ("氏名", "フリガナ", "住所", "世帯", "区分"), ("町", "日付", "差出人", "問合せ先")
WORDS = (*PERSONS, *TOWNS)
"""What stands in braces in a text."""
_PLACE = re.compile(r"\{([^{}\n]*)\}")
FEW = 10
"""Fewer people than these are not counted in public: a rare character would name them."""
STYLE = (
    "body{font:11pt/1.7 'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:0}"
    "article{max-width:170mm;margin:0 auto;padding:4mm 0;break-after:page}"
    "article:last-child{break-after:auto}"
    ".to{min-height:32mm;font-size:12pt}.from{text-align:right}h1{font-size:15pt;text-align:center}"
    "p{margin:.4em 0;white-space:pre-line}table{border-collapse:collapse;margin:3mm 0;width:100%}"
    "th,td{border:1px solid #555;padding:1.5mm 2mm;text-align:left}tr{break-inside:avoid}"
    "@page{size:A4;margin:18mm}"
)


@dataclass(frozen=True)
class Template:
    """A town's words. ``kinds``: 区分 → what is said of it."""

    town: str
    sender: str
    contact: str
    date: str
    letter: Mapping[str, str]
    kinds: Mapping[str, str]
    notice: Mapping[str, str]

    def filled(self, text: str, person: Person | None = None) -> str:
        """A text with what stands for its words in braces."""
        words = dict(zip(TOWNS, (self.town, self.date, self.sender, self.contact), strict=True))
        if person is not None:
            whole = (person.name, person.kana, person.address, person.household, person.said)
            words |= dict(zip(PERSONS, whole, strict=True))
        return _PLACE.sub(lambda found: words.get(found[1], found[0]), text).strip("\n")


def write_template(path: str | Path) -> None:
    """Write the usual text for a town to edit; UsageError where there is a file already."""
    if Path(path).exists():
        raise UsageError(fault("E0017", "is there already"), where=str(path), next=tr("give another name"))
    write_whole(Path(path), tr(TEMPLATE).encode())


def load_template(path: str | Path, town: str) -> Template:
    """A template as a town edited it. UsageError for what it lacks, or has that no template has."""
    try:
        data = parse_toml(Path(path).read_bytes())
    except (OSError, NotToml) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(
            fault("E0843", "is no template that can be read: {why}", why=why),
            where=str(path),
            next=tr("gaiji report template writes one to edit"),
        ) from error
    known = {*ASKED, "letter", "kind", "notice"}
    for name in data:
        if name not in known:
            raise _wrong(path, name, known)
    kinds = {
        name: _texts(path, f"kind.{name}", told, {"text"})["text"]
        for name, told in _table(path, data, "kind")
    }
    letter = _texts(path, "letter", data.get("letter", {}), {"title", "opening", "closing"})
    notice = _texts(path, "notice", data.get("notice", {}), {"title", "text"})
    empty = [name for name in ASKED if not isinstance(data.get(name), str) or not data[name].strip()]
    if empty:
        raise UsageError(
            fault("E0845", "does not say yet: {names}", names=", ".join(empty)),
            where=str(path),
            next=tr("write them above [letter]: what people shall see as sender, contact and date"),
        )
    for text in (*kinds.values(), *letter.values(), *notice.values()):
        for found in _PLACE.finditer(text):
            if found[1] not in WORDS:
                raise _wrong(path, found[0][:40], [f"{{{word}}}" for word in WORDS])
    return Template(town, data["sender"], data["contact"], data["date"], letter, kinds, notice)


def _table(path: str | Path, data: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    told = data.get(name, {})
    if not isinstance(told, dict):
        raise _wrong(path, name, [f"[{name}.…]"])
    return list(told.items())


def _texts(path: str | Path, name: str, told: Any, wanted: set[str]) -> dict[str, str]:
    """The texts of a table, all of them there."""
    if (
        not isinstance(told, dict)
        or set(told) != wanted
        or not all(isinstance(t, str) for t in told.values())
    ):
        raise UsageError(
            fault("E0846", "{name} needs the texts {keys}", name=name[:40], keys=", ".join(sorted(wanted))),
            where=str(path),
            next=tr("gaiji report template writes one to compare with"),
        )
    return dict(told)


def _wrong(path: str | Path, name: str, known: Any) -> UsageError:
    return UsageError(
        fault("E0847", "{name!r} is nothing that a template has", name=name),
        where=str(path),
        next=nearest(name, sorted(known)),
    )


def addressed(found: Persons, template: Template) -> tuple[Persons, int]:
    """Those who get a letter, and how many do not since nothing that the template speaks of concerns them."""
    frame = found.frame.filter(pl.col("kinds").list.set_intersection(list(template.kinds)).list.len() > 0)
    return replace(found, frame=frame), found.frame.height - frame.height


def html_letters(found: Persons, template: Template, gallery: Gallery) -> bytes:
    """A letter for each resident, each on a page of its own."""
    numbers, styles = picture_styles(pictures(found, gallery), side=44)
    body = "".join(_letter(person, template, numbers) for person in found.rows)
    return html_page(escape(template.filled(template.letter["title"])), body, STYLE + styles, heading=False)


def _letter(person: Person, template: Template, numbers: Mapping[str, str]) -> str:
    said = [(kind, template.kinds[kind]) for kind in person.kinds if kind in template.kinds]
    shown = "".join(
        f"<tr><td>{spans([f'code:{code}'], numbers)}</td><td>{spans([name], numbers)}</td></tr>"
        for code, name in person.glyphs
        if name in numbers
    )
    heads = f"<tr><th>{tr('これまでの形')}</th><th>{tr('これからの形')}</th></tr>"
    heads = f"<table>{heads}{shown}</table>" if shown else ""
    changes = "".join(
        f"<tr><th>{escape(kind)}</th><td>{escape(template.filled(text, person))}</td></tr>"
        for kind, text in said
    )
    parts = (template.filled(template.letter[name], person) for name in ("title", "opening", "closing"))
    title, opening, closing = (escape(part) for part in parts)
    return (
        f"<article><p class=from>{escape(template.date)}</p>"
        f"<p class=to>{escape(person.address)}\n{tr('{name}　様', name=escape(person.name))}</p>"
        f"<p class=from>{escape(template.sender)}</p><h1>{title}</h1><p>{opening}</p>"
        f"{heads}<table>{changes}</table><p>{closing}</p></article>"
    )


def html_notice(found: Persons, template: Template) -> bytes:
    """The notice for everybody: how many people in which 区分, nobody's name and no character."""
    kinds = [(kind, count) for kind, count in found.kinds().items() if kind in template.kinds]
    rows = "".join(
        f"<tr><td>{escape(kind)}</td><td>{_people(count)}</td><td>{escape(template.filled(template.kinds[kind]))}</td></tr>"
        for kind, count in sorted(kinds)
    )
    head = f"<tr><th>{tr('区分')}</th><th>{tr('人数')}</th><th>{tr('表示')}</th></tr>"
    title, text = (escape(template.filled(template.notice[name])) for name in ("title", "text"))
    body = (
        f"<article><p class=from>{escape(template.date)}\n{escape(template.sender)}</p><h1>{title}</h1>"
        f"<p>{text}</p><table>{head}{rows}</table></article>"
    )
    return html_page(title, body, STYLE, heading=False)


def _people(count: int) -> str:
    return tr("{few}人未満", few=FEW) if count < FEW else tr("{count:,}人", count=count)
