"""How a run's findings come into the queue, and what they replace.

Owns the rule of one source: a run replaces what the same job had over the same input before, and touches
nothing of any other, in whatever order they run; and that no 個人番号 comes in with a sample. Works inside a
transaction that ``gaiji.queue.queue`` opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from gaiji.queue.audit import append
from gaiji.queue.found import PARTS, UNSETTLED, Known, has_all
from gaiji.queue.items import Item, Source
from gaiji.queue.schema import (
    audit,
    decision,
    item,
    picture,
    place,
    proposal,
    sample,
    source,
    standing,
    usage,
)

SETTLED = ("confirmed", "rejected", "proposed", "contested", "inquiry")
"""States that a change of what they rest on opens again."""
_TABLES = {"usage": usage, "sample": sample, "standing": standing}


def add(connection: sa.Connection, given: Source, items: Sequence[Item]) -> int:
    """Record a run's findings; returns how many of them still wait for a person."""
    register(connection, given)
    known = {tuple(row[1:6]): row for row in connection.execute(sa.select(*_KNOWN)).all()}
    states = {key: Known(row.id, row.state) for key, row in known.items()}
    if has_all(items, states, partial(_rows_of, connection, given.id)):
        return sum(known[found.key].state in UNSETTLED for found in items)
    unsettled = sa.select(item.c.id).where(item.c.state.in_(UNSETTLED))
    mine = {known[found.key].id for found in items if found.key in known}
    for table in (usage, sample):
        connection.execute(
            table.delete().where((table.c.source == given.id) & table.c.item_id.in_(unsettled))
        )
    had = (standing.c.source == given.id) & standing.c.item_id.in_(unsettled)
    lost = sorted({*connection.execute(sa.select(standing.c.item_id).where(had)).scalars()} - mine)
    for start in range(0, len(lost), 500):
        some = standing.c.item_id.in_(lost[start : start + 500])
        connection.execute(standing.delete().where((standing.c.source == given.id) & some))
    fresh = [found for found in items if found.key not in known]
    _add_new(connection, given.id, fresh)
    again = [(found, known[found.key]) for found in items if found.key in known]
    waiting = len(fresh) + sum(_add_again(connection, given.id, found, old) for found, old in again)
    _drop_unused(connection)
    return waiting


_KNOWN = (
    item.c.id,
    item.c.system,
    item.c.code,
    item.c.site,
    item.c.gaiji_set,
    item.c.reason,
    item.c.state,
    item.c.version,
)


def register(connection: sa.Connection, given: Source) -> None:
    """Note a source, and let it take over what is its own under another name.

    That is: the same job over the same bytes at another path, the same output from the same input by a
    job that has another name or site now, and the text that an earlier version named it by.
    """
    there = {row["id"]: row for row in connection.execute(sa.select(source)).mappings()}
    for name, row in there.items():
        other = Source(**{key: value for key, value in row.items() if key != "id"})
        if name == given.id:
            continue
        if given.succeeds(other):
            _take_over(connection, given.id, name, sa.select(item.c.id))
        elif given.was(name, other):
            of_site = sa.select(item.c.id).where(item.c.site == given.site)
            _take_over(connection, given.id, name, of_site)
    values = {
        name: getattr(given, name) for name in ("site", "gaiji_set", "job", "input", "output", "digest")
    }
    mine = there.get(given.id)
    if mine is None:
        connection.execute(source.insert().values(id=given.id, **values))
    elif any(mine[name] != value for name, value in values.items()):
        connection.execute(source.update().where(source.c.id == given.id).values(**values))


def _take_over(connection: sa.Connection, mine: str, theirs: str, only: sa.Select[Any]) -> None:
    """What a source has of some items belongs to another now, which may have it already."""
    for table, column in (
        *((table, table.c.source) for table in _TABLES.values()),
        (proposal, proposal.c.origin),
        (place, place.c.source),
    ):
        which = (column == theirs) & table.c.item_id.in_(only)
        has = sa.select(sa.select(table.c.item_id).where(column == mine).distinct().subquery().c.item_id)
        connection.execute(table.delete().where(which & table.c.item_id.in_(has)))
        connection.execute(table.update().where(which).values({column.name: mine}))
    left = sa.select(usage.c.item_id).where(usage.c.source == theirs).limit(1)
    if connection.execute(left).first() is None:
        connection.execute(source.delete().where(source.c.id == theirs))


def _rows_of(connection: sa.Connection, name: str, table: str) -> Iterable[Mapping[str, Any]]:
    """The rows of a source in one of the tables that hold findings."""
    of = _TABLES[table]
    return connection.execute(sa.select(of).where(of.c.source == name)).mappings()  # type: ignore[return-value]


def _add_new(connection: sa.Connection, name: str, fresh: Sequence[Item]) -> None:
    """Items that the queue did not have, in a few statements however many they are."""
    if not fresh:
        return
    words = ("system", "code", "site", "gaiji_set", "reason", "candidates", "basis")
    rows = [{word: getattr(found, word) for word in words} for found in fresh]
    connection.execute(item.insert(), [row | {"state": "open", "version": 0} for row in rows])
    ids = {tuple(row[1:6]): row[0] for row in connection.execute(sa.select(*_KNOWN))}
    for table, of in ((_TABLES[part], of) for part, _, of in PARTS):
        added = [{"item_id": ids[found.key], "source": name} | row for found in fresh for row in of(found)]
        if added:
            connection.execute(table.insert(), added)


def _add_again(connection: sa.Connection, name: str, found: Item, old: Any) -> bool:
    """What a source has of an item that the queue knows; whether the item waits for a person."""
    state = old.state
    said = connection.execute(sa.select(standing).where(standing.c.item_id == old.id)).all()
    before = {row.source: (row.basis, row.candidates) for row in said}
    now = (found.basis, found.candidates)
    if before.get(name, now) != now or (name not in before and now not in before.values()):
        state = reopen(connection, old, "what the tables say of its code is another than at the decision")
    for table, rows in ((_TABLES[part], of(found)) for part, _, of in PARTS):
        connection.execute(table.delete().where((table.c.source == name) & (table.c.item_id == old.id)))
        if rows:
            connection.execute(table.insert(), [{"item_id": old.id, "source": name} | row for row in rows])
    if before.get(name) != now:
        basis, candidates = _together({*(before | {name: now}).values()})
        merged = item.update().where(item.c.id == old.id).values(basis=basis, candidates=candidates)
        connection.execute(merged)
    return state in UNSETTLED


def _together(said: set[tuple[str, str]]) -> tuple[str, str]:
    """What several sources say of a code, the same in whatever order they came."""
    if len(said) == 1:
        return next(iter(said))
    bases = sorted({basis for basis, _ in said})
    names = dict.fromkeys(name for _, some in sorted(said) for name in some.split("|") if name)
    return hashlib.sha256("\n".join(bases).encode()).hexdigest(), "|".join(names)


def reopen(connection: sa.Connection, old: Any, why: str) -> str:
    """A settled item is open again, and the log says why; returns the new state."""
    if old.state not in SETTLED:
        return str(old.state)
    connection.execute(decision.delete().where(decision.c.item_id == old.id))
    connection.execute(item.update().where(item.c.id == old.id).values(state="open", version=old.version + 1))
    append(connection, "gaiji", "reopen", old.id, {"note": why, "state": "open"})
    return "open"


def _drop_unused(connection: sa.Connection) -> None:
    """Open items that nobody touched and no source uses any more: a table settled them, or the input
    changed."""
    used, logged = sa.select(usage.c.item_id), sa.select(audit.c.item_id)
    gone = sa.select(item.c.id).where(
        item.c.id.not_in(used) & (item.c.state == "open") & item.c.id.not_in(logged)
    )
    for table in (picture, place, proposal, sample, standing):
        connection.execute(table.delete().where(table.c.item_id.in_(gone)))
    connection.execute(item.delete().where(item.c.id.in_(gone)))
