"""Which items a clerk wants to see, and in which order.

Owns the filter of the list and its order; what the list shows of them is the screen's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.errors.messages import mark
from gaiji.model.plain import dataclass
from gaiji.queue.accounts import same_person
from gaiji.queue.families import members
from gaiji.queue.queue import Queue, Sources, of_these
from gaiji.queue.schema import audit, decision, item, place, sample, usage
from gaiji.queue.work import radicals_of

SORTS = {
    "": mark("使用人数の多い順"),
    "code": mark("旧コード順"),
    "reason": mark("理由順"),
    "verdict": mark("字形の比較順"),
    "radical": mark("部首順"),
    "alike": mark("同じ形の外字をまとめて"),
    "person": mark("判定者順"),
    "last": mark("最後に操作した順"),
}
"""Order → what it is called."""


@dataclass(frozen=True)
class Filter:
    """What is asked for; "" and 0: anything. ``code``: how it begins; ``field``: one that holds it;
    ``person``: who decided or confirmed it; ``name``: a part of a sample's text, or a record's key;
    ``radical``: 1 to 214; ``alike``: an item whose shape it has (``families``)."""

    code: str = ""
    reason: str = ""
    verdict: str = ""
    field: str = ""
    person: str = ""
    name: str = ""
    radical: int = 0
    alike: int = 0
    sort: str = ""

    def __bool__(self) -> bool:
        return self != Filter()


def chosen(
    queue: Queue, states: Sequence[str], wanted: Filter, *, sources: Sources = None
) -> list[tuple[int, str]]:
    """(id, code) of the items in these states that a filter lets through, in its order, as far as some
    sources (by id) have them."""
    order = queue.order(states, sources=sources)
    if not wanted:
        return order
    keep = _kept(queue, wanted, sources)
    with queue.reading() as connection:
        alike = members(connection)
    radicals = radicals_of(queue) if wanted.radical or wanted.sort == "radical" else {}
    order = [
        (number, code)
        for number, code in order
        if code.startswith(wanted.code)
        and (keep is None or number in keep)
        and (not wanted.alike or number in alike.get(wanted.alike, ()))
        and (not wanted.radical or wanted.radical in radicals.get(number, ()))
    ]
    if wanted.sort == "code":
        return sorted(order, key=lambda one: (one[1], one[0]))
    if wanted.sort == "radical":
        return sorted(order, key=lambda one: min(radicals.get(one[0], (999,)), default=999))
    if wanted.sort == "alike":
        first = {number: at for at, (number, _) in reversed(list(enumerate(order)))}
        place = {
            number: min(first.get(one, at) for one in alike.get(number, (number,)))
            for number, at in first.items()
        }
        return sorted(order, key=lambda one: (one[0] not in alike, place[one[0]]))
    if wanted.sort in ("reason", "verdict", "person", "last"):
        keys = _keys(queue, wanted.sort)
        newest = wanted.sort == "last"
        return sorted(order, key=lambda one: keys.get(one[0], 0 if newest else "\U0010ffff"), reverse=newest)
    return order


def fields(queue: Queue, *, sources: Sources = None) -> list[str]:
    """The fields that hold any item."""
    query = sa.select(usage.c.field).where(of_these(usage.c.source, sources)).distinct()
    with queue.reading() as connection:
        return sorted(connection.execute(query).scalars())


def deciders(queue: Queue) -> list[str]:
    """Who decided anything that stands."""
    with queue.reading() as connection:
        return sorted(connection.execute(sa.select(decision.c.decided_by).distinct()).scalars())


def _kept(queue: Queue, wanted: Filter, sources: Sources) -> set[int] | None:
    """The items that every condition of the database lets through; None where there is none."""
    queries: list[sa.Select[Any]] = []
    if wanted.reason:
        queries.append(sa.select(item.c.id).where(item.c.reason == wanted.reason))
    if wanted.verdict:
        queries.append(sa.select(item.c.id).where(item.c.verdict == wanted.verdict))
    if wanted.field:
        mine = of_these(usage.c.source, sources)
        queries.append(sa.select(usage.c.item_id).where((usage.c.field == wanted.field) & mine))
    kept: set[int] | None = None
    with queue.reading() as connection:
        for query in queries:
            found = set(connection.execute(query).scalars())
            kept = found if kept is None else kept & found
        if wanted.person:
            rows = connection.execute(
                sa.select(decision.c.item_id, decision.c.decided_by, decision.c.confirmed_by)
            )
            found = {
                row.item_id
                for row in rows
                if same_person(row.decided_by, wanted.person) or same_person(row.confirmed_by, wanted.person)
            }
            kept = found if kept is None else kept & found
        if wanted.name:
            found = _named(connection, wanted.name, sources)
            kept = found if kept is None else kept & found
    return kept


def _named(connection: sa.Connection, name: str, sources: Sources) -> set[int]:
    """The items in whose samples or places a text stands, or whose record has that key."""
    out: set[int] = set()
    for table in (sample, place):
        text = sa.func.replace(sa.func.replace(table.c.text, "【", ""), "】", "")
        there = text.contains(name, autoescape=True) | (table.c.record_key == name)
        query = sa.select(table.c.item_id).where(there & of_these(table.c.source, sources))
        out |= set(connection.execute(query).scalars())
    return out


def _keys(queue: Queue, sort: str) -> dict[int, Any]:
    """Item id → what it is sorted by."""
    queries: dict[str, sa.Select[Any]] = {
        "reason": sa.select(item.c.id, item.c.reason),
        "verdict": sa.select(item.c.id, item.c.verdict).where(item.c.verdict != ""),
        "person": sa.select(decision.c.item_id, decision.c.decided_by),
        "last": sa.select(audit.c.item_id, sa.func.max(audit.c.number)).group_by(audit.c.item_id),
    }
    with queue.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(queries[sort])}
