"""The 同定表 as data: its columns, their Japanese texts, and a row for each code of the queue.

Owns what stands in which column. How a row becomes CSV is in ``exchange``, XLSX in ``workbook``, HTML in
``page``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gaiji.codes.evidence import note_of
from gaiji.messages import mark, tr
from gaiji.model import Picture
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.queue.words import REASONS, STATES, VERDICTS
from gaiji.review.evidence.candidates import Candidate, suggest_all
from gaiji.review.own import own_picture
from gaiji.shape.pictures import Gallery

CANDIDATES = tuple(f"候補{n}" for n in range(1, 6))
KEYS = ("管理番号", "旧コード体系", "旧コード", "理由")
"""Columns that say which item a row is about: what comes back must have them unchanged."""
FIXED = (
    "管理番号",
    "旧コード体系",
    "旧コード",
    "団体・外字セット",
    "字形",
    "理由",
    "状態",
    "使用人数",
    "使用件数",
    "使用項目",
    "用例",
    *CANDIDATES,
)
EDITED = ("同定先", "同定区分", "根拠", "判定者", "判定日", "確認者", "表の版", "備考")
COLUMNS = (*FIXED, *EDITED)
PICTURE = FIXED.index("字形")
FIRST_CANDIDATE = FIXED.index(CANDIDATES[0])
GUIDE = (
    (
        mark(
            "この表は、住民記録・戸籍のデータから、"
            "対応する標準の文字（MJ・GJ）が決まっていない文字を集めたものです。"
        )
    ),
    mark("灰色の列は変更しないでください。書き込むのは「同定先」から右の列です。"),
    mark("候補は参考です。決めるのは人です。必ず「字形」や戸籍簿などと見比べてください。"),
    mark("同定先：MJ文字図形名（例 MJ026191）またはGJの名前を書きます。判読不能のときは空欄にします。"),
    mark("同定区分：字形一致・デザイン差・類似・別字・判読不能 から選びます。"),
    mark("根拠：何を見て決めたかを書きます（例 戸籍簿 平成10年）。"),
    mark("判定者・判定日：決めた人と日付（例 2026-11-02）。判定日が空欄なら取り込んだ日になります。"),
    mark("確認者：二人で確認する運用では、判定者とは別の人の名前を書きます。"),
    (
        mark(
            "書き終えたら保存し、gaiji review import で取り込みます。誤りがあれば、"
            "何も取り込まれず、誤りの行が示されます。"
        )
    ),
)

SIDE = 144
"""Dots of an item's own glyph, where a font draws it."""


@dataclass(frozen=True)
class Row:
    """One code of the queue: the cells in the order of ``COLUMNS``, its 外字 picture and its candidates'
    names.
    """

    cells: tuple[str, ...]
    picture: Picture | None = None
    candidates: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Sheet:
    """All rows, with the fonts to draw candidates and, in words, what could not be shown."""

    rows: tuple[Row, ...]
    gallery: Gallery
    notes: tuple[str, ...]


def make_sheet(queue: Queue, gallery: Gallery) -> Sheet:
    """The whole queue as a sheet, those rows first that concern the most people."""
    items = list(queue.items())
    decisions = Decisions(queue).all()
    pictures = queue.pictures()
    candidates = suggest_all(queue, items, limit=len(CANDIDATES))
    own = {found.id: own_picture(found, pictures.get(found.id, []), gallery, SIDE) for found in items}
    rows = tuple(_row(found, decisions, own[found.id], candidates[found.id]) for found in items)
    notes = [gallery.missing] if gallery.missing else []
    without = sum(
        row.picture is None
        for row, found in zip(rows, items, strict=True)
        if found.reason == "unmapped-gaiji"
    )
    if without:
        notes.append(
            tr(
                "{without}件の外字は字形の画像がありません（job の review.pictures "
                "で外字フォントや画像を指定できます）。",
                without=without,
            )
        )
    return Sheet(rows, gallery, tuple(notes))


def _row(
    found: Item, decisions: Mapping[int, Decision], picture: Picture | None, candidates: list[Candidate]
) -> Row:
    fields = "、".join(f"{name}({count})" for (name, _), count in found.counts.items())
    samples = "／".join(f"{s.record_key}: {s.text}" if s.text else s.record_key for s in found.samples)
    shown = [f"{c.glyph} {c.text}（{c.score:.2f}）\n{c.reason}" for c in candidates]
    looks = VERDICTS.get(found.verdict, tr("画像")) if picture else ""
    cells = (
        f"{found.id}-{found.version}",
        found.system,
        found.code,
        found.owner,
        "\n".join(filter(None, (looks, note_of(found.system, found.code)))),
        REASONS.get(found.reason, found.reason),
        STATES.get(found.state, found.state),
        str(found.people),
        str(found.total),
        fields,
        samples,
        *shown,
        *[""] * (len(CANDIDATES) - len(shown)),
        *decided_cells(decisions.get(found.id)),
    )
    return Row(cells, picture, tuple(c.glyph for c in candidates))


def decided_cells(made: Decision | None) -> list[str]:
    """The cells of the edited columns for a decision."""
    if made is None:
        return [""] * len(EDITED)
    return [
        made.glyph or made.text,
        made.kind,
        made.evidence,
        made.decided_by,
        made.decided_at,
        made.confirmed_by,
        made.repertoire,
        made.note,
    ]
