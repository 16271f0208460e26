"""The manager's page: one sheet of A4 with who is affected, what is open and for whom to act, and 決裁欄.

Owns its figures and its looks, over one job or several of a town. Whose characters changed is ``residents``',
who the people are is ``persons``'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any

from gaiji.columns.findings import REVIEWED_ROLES
from gaiji.errors.messages import mark, tr
from gaiji.queue.decisions import CONFIRMED, WAITING, Decision, Decisions, audit_lines
from gaiji.queue.items import Item
from gaiji.queue.queue import open_queue
from gaiji.queue.words import REASONS, STATES
from gaiji.reports.looks import bars, html_page
from gaiji.reports.people import GROUPS
from gaiji.reports.persons import Persons
from gaiji.run.job import Job
from gaiji.run.manifest import read_manifest
from gaiji.run.sources import source_of

ACTS_NEXT = {
    "open": mark("判定する担当者"),
    "proposed": mark("確認者（二人目）"),
    "contested": mark("判定した二人で話し合う"),
    "inquiry": mark("照会先の回答を待つ"),
    "deferred": mark("保留した担当者"),
}
"""Who acts next, by the state of a code."""
SIGNED = (mark("課長"), mark("課長補佐"), mark("係長"), mark("担当"))
WEEKS = 8
DECIDING = frozenset({"decide", "answer"})
MOST_REASONS = 6
STYLE = (
    "body{font:10pt/1.35 'IPAmjMincho','IPAmj明朝','Yu Mincho',serif;margin:0;max-width:186mm}"
    "h1{font-size:15pt;margin:0}h2{font-size:11pt;margin:2.5mm 0 1mm;border-bottom:1px solid #555}"
    "p{margin:.3em 0}"
    "table{border-collapse:collapse}th,td{border:1px solid #888;padding:.3mm 1.5mm;text-align:left}"
    "td.n{text-align:right}"
    ".sign{float:right}.sign td{width:16mm;height:14mm}.sign th{text-align:center}.two{display:flex;gap:6mm}"
    "svg{display:block}@page{size:A4;margin:12mm}"
)


@dataclass(frozen=True)
class Part:
    """What one job brings: its queue's items and decisions, its manifest, and the characters that decisions
    gave its output."""

    label: str
    manifest: Mapping[str, Any]
    items: Sequence[Item]
    made: Mapping[int, Decision]
    weeks: Mapping[str, int]
    given: int
    queue: str


@dataclass(frozen=True)
class Figures:
    """The figures of a summary. ``codes`` and ``waiting`` are codes; ``people`` distinct people who are
    affected, ``waiting_people`` those of them whose name the output does not hold as the source means it;
    coverage is from 0 to 1."""

    codes: int
    waiting: int
    people: int
    waiting_people: int
    read: int
    before: float
    after: float
    left: Mapping[str, int]
    states: Mapping[str, int]
    kinds: Mapping[str, int]
    weeks: Mapping[str, int]
    persons: Persons
    labels: tuple[str, ...] = field(default=())

    def plain(self) -> dict[str, float]:
        """The figures that a program asks for."""
        return {
            "codes": self.codes,
            "waiting": self.waiting,
            "people": self.people,
            "before": self.before,
            "after": self.after,
            "left": sum(self.left.values()),
        }


def part_of(job: Job, label: str = "") -> Part:
    """What a job brings to a summary. UsageError when it was not converted yet."""
    manifest = read_manifest(job.named_path)
    queue = open_queue(job.queue_where)
    try:
        items = [item for item in queue.items() if (item.site, item.gaiji_set) == job.owner]
        counts = queue.counts(source_of(job, str(manifest["input"]["sha256"])))
        made = Decisions(queue).all()
        mine = {item.id for item in items}
        weeks = Counter(
            _week(line["at"])
            for line in audit_lines(queue)
            if line["action"] in DECIDING and line["item_id"] in mine
        )
    finally:
        queue.close()
    label = label or str(manifest["input"]["path"])
    return Part(label, manifest, items, made, weeks, _given(manifest, items, counts), str(job.queue_where))


def figures(parts: Sequence[Part], persons: Persons) -> Figures:
    """The figures over some jobs; a queue that several share counts once."""
    fields = [f for p in parts for f in p.manifest["fields"].values() if f["role"] in REVIEWED_ROLES]
    units = sum(f["units"] for f in fields) or 1
    left = sum((_left(part.manifest) for part in parts), Counter[str]())
    given = sum(part.given for part in parts)
    items = {(part.queue, item.id): item for part in parts for item in part.items}
    made = {(part.queue, number): one for part in parts for number, one in part.made.items()}
    weeks: Counter[str] = Counter()
    for owner in {(part.queue, tuple(item.id for item in part.items)): part for part in parts}.values():
        weeks.update(owner.weeks)
    lost = sum(left.values())
    return Figures(
        codes=len(items),
        waiting=sum(item.state in WAITING for item in items.values()),
        people=persons.affected,
        waiting_people=persons.waiting,
        read=sum(int(part.manifest["records"]["read"]) for part in parts),
        before=1 - (lost + given) / units,
        after=1 - lost / units,
        left=left,
        states=Counter(item.state for item in items.values()),
        kinds=Counter(
            made[key].kind for key, item in items.items() if item.state == CONFIRMED and key in made
        ),
        weeks=weeks,
        persons=persons,
        labels=tuple(part.label for part in parts),
    )


def _week(at: str) -> str:
    """The Monday of a moment's week."""
    day = date.fromisoformat(at[:10])
    return date.fromordinal(day.toordinal() - day.weekday()).isoformat()


def _given(manifest: Mapping[str, Any], items: Sequence[Item], counts: Mapping[int, dict[str, int]]) -> int:
    """The characters of reviewed fields that decisions gave the output: of the codes decided, those that it
    does not have flagged."""
    flagged = Counter[tuple[str, str, str]]()
    for found in manifest["findings"]:
        flagged[found["field"], found["code"], found["reason"]] += found["count"]
    given = 0
    for item in items:
        roles = dict(item.counts.keys())
        for name, count in counts.get(item.id, {}).items() if item.state == CONFIRMED else ():
            if roles.get(name) in REVIEWED_ROLES:
                given += max(0, count - flagged[name, item.code, item.reason])
    return given


def _left(manifest: Mapping[str, Any]) -> Counter[str]:
    """Reason → characters of reviewed fields that the output does not hold as the source means them."""
    out = Counter[str]()
    for found in manifest["findings"]:
        if found["role"] in REVIEWED_ROLES:
            out[found["reason"]] += found["count"]
    out.subtract(manifest.get("corrections", {}).get("reasons", {}))
    return +out


# -- the page ------------------------------------------------------------------------------------------


def page(town: str, found: Figures) -> bytes:
    """The page, for A4."""
    signed = "".join(f"<th>{tr(name)}</th>" for name in SIGNED)
    shown = tr("、").join(found.labels[:3]) + (
        tr("　ほか{count}件", count=len(found.labels) - 3) if len(found.labels) > 3 else ""
    )
    said = tr("{town}　{inputs}　{read:,}件", town=town, inputs=shown, read=found.read)
    body = (
        f"<table class=sign><tr>{signed}</tr><tr>{'<td></td>' * len(SIGNED)}</tr></table>"
        f"<h1>{tr('移行のまとめ')}</h1><p>{escape(said)}</p>"
        f"<p>{escape(tr('作成日　　　　年　　月　　日'))}</p>"
        "<div style='clear:both'></div>"
        + _people(found)
        + _codes(found)
        + _open(found)
        + _coverage(found)
        + _progress(found)
    )
    return html_page(tr("移行のまとめ"), body, STYLE, heading=False)


def _people(found: Figures) -> str:
    lines = [
        tr(
            "字形などが変わる人、または名前がもとのとおりに書かれていない人：{people:,}人（実人数）",
            people=found.people,
        ),
        tr("うち、出力がもとの文字のとおりでない人：{count:,}人", count=found.waiting_people),
    ]
    lines += [
        tr("うち{group}：{count:,}人", group=tr(GROUPS[group]), count=count)
        for group, count in found.persons.groups.items()
    ]
    if found.persons.unseen:
        lines.append(tr("ほかに、住所の項目が桁あふれしただけの人：{count:,}人", count=found.persons.unseen))
    return f"<h2>{tr('人数')}</h2>" + "".join(f"<p>{escape(line)}</p>" for line in lines)


def _codes(found: Figures) -> str:
    """The codes that are settled, by 同定区分, with the people of each."""
    people = found.persons.kinds()
    head = f"<tr><th>{tr('同定区分')}</th><th>{tr('文字（旧コード）')}</th><th>{tr('人数')}</th></tr>"
    rows = "".join(
        f"<tr><td>{escape(kind)}</td><td class=n>{count:,}</td><td class=n>{people[kind] or '―'}</td></tr>"
        for kind, count in sorted(found.kinds.items(), key=lambda pair: -pair[1])
    )
    done = tr("判定の済んだ文字　{count:,}／{codes:,}", count=found.codes - found.waiting, codes=found.codes)
    return f"<h2>{escape(done)}</h2>" + (f"<table>{head}{rows}</table>" if rows else "")


def _open(found: Figures) -> str:
    """What is open: codes by state, and who acts next."""
    head = f"<tr><th>{tr('状態')}</th><th>{tr('文字（旧コード）')}</th><th>{tr('次に動く人')}</th></tr>"
    rows = "".join(
        f"<tr><td>{tr(STATES[state])}</td><td class=n>{found.states[state]:,}</td><td>{tr(who)}</td></tr>"
        for state, who in ACTS_NEXT.items()
        if found.states.get(state)
    )
    title = tr("残り　{waiting:,}文字", waiting=found.waiting)
    none = f"<p>{tr('残っている文字はありません')}</p>"
    return f"<h2>{title}</h2>" + (f"<table>{head}{rows}</table>" if rows else none)


def _coverage(found: Figures) -> str:
    """Coverage of the output, and what is left in it by reason."""
    shares = [(tr("判定の前"), found.before), (tr("判定の後"), found.after)]
    most = Counter(found.left).most_common()
    rows = [(tr(REASONS.get(reason, reason)), float(count)) for reason, count in most[:MOST_REASONS]]
    if len(most) > MOST_REASONS:
        rows.append((tr("そのほかの理由"), sum(count for _, count in most[MOST_REASONS:])))
    left = tr(
        "{left:,}文字が、もとの文字のとおりには書かれていません（判定の済んだものも含む）",
        left=sum(found.left.values()),
    )
    return (
        f"<h2>{tr('文字の対応率（氏名・フリガナ・住所、出力にあるもの）')}</h2>"
        + bars(shares, share=True, side=300)
        + f"<p>{left}</p>"
        + bars([(title, int(count)) for title, count in rows], side=300)
    )


def _progress(found: Figures) -> str:
    """Decisions per week, the last weeks."""
    weeks = sorted(found.weeks.items())[-WEEKS:]
    shown = bars([(tr("{day}からの週", day=day), count) for day, count in weeks], side=300)
    return f"<h2>{tr('週ごとの判定')}</h2>" + (shown if weeks else f"<p>{tr('まだ判定がありません')}</p>")
