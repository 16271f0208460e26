"""The 同定表 as data: its columns, their Japanese texts, and a row for each code of the queue.

Owns what stands in which column. How a row becomes CSV is in ``exchange``, XLSX in ``workbook``, HTML in
``page``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gaiji.codes.evidence import note_of
from gaiji.errors.messages import mark, tr
from gaiji.model import Picture
from gaiji.queue.decisions import DEFERRED, REJECTED, STANDS, Decision, Decisions
from gaiji.queue.families import Family, families_of
from gaiji.queue.history import last_notes
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.queue.words import REASONS, STATES, VERDICTS
from gaiji.review.evidence.candidates import Candidate, suggest_all
from gaiji.review.own import own_picture
from gaiji.review.sheets.cells import number_cell
from gaiji.standard.standing import Standing, standings_of

if TYPE_CHECKING:
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
PUT = {DEFERRED: mark("保留"), REJECTED: mark("対象外")}
"""What 同定区分 can say besides a decision, by the state that it makes."""
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
    mark(
        "同定先：MJ文字図形名（例 MJ026191）またはGJの文字図形名を書きます。"
        "候補のセルをそのまま写してもかまいません。"
        "㈱などの記号は、その記号を書きます。判読不能・該当なし・保留・対象外のときは空欄にします。"
    ),
    mark("同定区分：字形一致・デザイン差・類似・別字・判読不能・該当なし・保留・対象外 から選びます。"),
    mark("デザイン差は、字形は違うが同じ字体であるものです。字体が違う異体字は、類似か別字になります。"),
    mark(
        "正字・俗字・誤字の別は「備考」に書きます（例 俗字、戸籍では正字）。"
        "誤字を正字に直すことは、この表でもプログラムでも行いません。"
    ),
    mark("根拠：何を見て決めたかを書きます（例 戸籍簿 平成10年）。"),
    mark(
        "判定者・判定日：決めた人と日付（例 2026-11-02、令和8年11月2日）。"
        "判定日が空欄なら取り込んだ日になります。"
    ),
    mark("同定先と同定区分のセルは結合しないでください。一行ずつ書きます。"),
    mark("確認者：二人で確認する運用では、判定者とは別の人の名前を書きます。"),
    (
        mark(
            "書き終えたら保存し、担当の技術者に渡します。誤りがあれば、"
            "何も取り込まれず、誤りのセルに印のついた表が戻ります。"
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
    """All rows, and in words what could not be shown."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def make_sheet(queue: Queue, gallery: Gallery | None = None) -> Sheet:
    """The whole queue as a sheet, those rows first that concern the most people; ``gallery``: what draws the
    glyphs that stand for a picture, where the sheet shows any."""
    items = list(queue.items())
    decisions = Decisions(queue).all()
    pictures = queue.pictures()
    candidates = suggest_all(queue, items, limit=len(CANDIDATES))
    own = {found.id: own_picture(found, pictures.get(found.id, []), gallery, SIDE) for found in items}
    notes_of = last_notes(queue)
    families = families_of(queue)
    called = standings_of({one.glyph for some in candidates.values() for one in some})
    rows = tuple(
        _row(found, decisions, notes_of, own[found.id], candidates[found.id], called, families.get(found.id))
        for found in items
    )
    notes = [gallery.missing] if gallery is not None and gallery.missing else []
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
    return Sheet(rows, tuple(notes))


def _row(
    found: Item,
    decisions: Mapping[int, Decision],
    notes: Mapping[int, str],
    picture: Picture | None,
    candidates: list[Candidate],
    called: Mapping[str, tuple[Standing, ...]],
    family: Family | None,
) -> Row:
    fields = "、".join(f"{name}({count})" for (name, _), count in found.counts.items())
    samples = "／".join(f"{s.record_key}: {s.text}" if s.text else s.record_key for s in found.samples)
    shown = [
        "\n".join((f"{c.glyph} {c.text}（{c.score:.2f}）", c.reason, *map(str, called[c.glyph])))
        for c in candidates
    ]
    looks = VERDICTS.get(found.verdict, tr("画像")) if picture else ""
    cells = (
        number_cell(found.id, found.version),
        found.system,
        found.code,
        found.owner,
        "\n".join(filter(None, (looks, _alike(found, family), note_of(found.system, found.code)))),
        REASONS.get(found.reason, found.reason),
        "：".join(filter(None, (STATES.get(found.state, found.state), _note(found, notes)))),
        str(found.people),
        str(found.total),
        fields,
        samples,
        *shown,
        *[""] * (len(CANDIDATES) - len(shown)),
        *cells_of(found, decisions.get(found.id), notes),
    )
    return Row(cells, picture, tuple(c.glyph for c in candidates))


def _alike(found: Item, family: Family | None) -> str:
    """The codes of other sets that have the shape."""
    if family is None:
        return ""
    others = "、".join(
        " ".join(filter(None, (one.gaiji_set, one.system, one.code)))
        for one in family.items
        if one.id != found.id
    )
    told = tr("同じ形：{sets}セット、のべ{people}人", sets=family.sets, people=f"{family.people:,}")
    return f"{told}（{others}）"


def _note(found: Item, notes: Mapping[int, str]) -> str:
    """Why an item was put off or left out: a decision has its note in a column of its own."""
    return notes.get(found.id, "") if found.state in (DEFERRED, REJECTED) else ""


def cells_of(found: Item, made: Decision | None, notes: Mapping[int, str]) -> list[str]:
    """The cells of the edited columns for an item. Who put it off or left it out is not among them: who
    decides it now writes their own name."""
    if found.state not in PUT:
        return decided_cells(made if found.state in STANDS else None)
    put = {"同定区分": tr(PUT[found.state]), "備考": _note(found, notes)}
    return [put.get(name, "") for name in EDITED]


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
