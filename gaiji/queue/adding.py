"""How a run's findings come into the queue, and what they replace.

Owns the rule of one source: a run replaces what the same job had over the same input before, and touches
nothing of any other, in whatever order they run; and that no 個人番号 comes in with a sample. Works inside a
transaction that ``gaiji.queue.queue`` opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.queue.audit import append
from gaiji.queue.items import Item, Source
from gaiji.queue.schema import audit, decision, item, picture, proposal, sample, source, standing, usage
from gaiji.standard.individual import hidden, holds

UNSETTLED = ("open", "proposed", "deferred")
"""States of items that wait for a person."""
SETTLED = ("confirmed", "rejected", "proposed")
"""States that a change of what they rest on opens again."""
NUL = "\u2400"
"""What stands for a low-value in a sample."""
_USAGE = ("field", "role", "count", "records")
_SAMPLE = ("number", "record", "record_key", "field", "position", "text")
_STANDING = ("basis", "candidates")
_OF_SOURCE = (usage, sample, standing)


def add(connection: sa.Connection, given: Source, items: Sequence[Item]) -> int:
    """Record a run's findings; returns how many of them still wait for a person."""
    register(connection, given)
    known = {tuple(row[1:6]): row for row in connection.execute(sa.select(*_KNOWN)).all()}
    if _has_all(connection, given.id, items, known):
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
    same_input = source.c.input == given.input
    if given.digest:
        same_input |= source.c.digest == given.digest
    same_job = (source.c.site == given.site) & (source.c.gaiji_set == given.gaiji_set)
    same_job &= (source.c.job == given.job) & (source.c.job != "")
    same_output = (source.c.output == given.output) if given.output else sa.false()
    rows = connection.execute(sa.select(source)).all() if given.earlier else ()
    wanted = sa.select(source.c.id).where((same_job | same_output) & same_input & (source.c.id != given.id))
    for theirs in connection.execute(wanted).scalars().all():
        _take_over(connection, given.id, theirs, sa.select(item.c.id))
    if given.earlier in {row.id for row in rows if not row.job and row.id != given.id}:
        of_site = sa.select(item.c.id).where(item.c.site == given.site)
        _take_over(connection, given.id, given.earlier, of_site)
    values = {
        name: getattr(given, name) for name in ("site", "gaiji_set", "job", "input", "output", "digest")
    }
    there = connection.execute(sa.select(source).where(source.c.id == given.id)).mappings().first()
    if there is None:
        connection.execute(source.insert().values(id=given.id, **values))
    elif any(there[name] != value for name, value in values.items()):
        connection.execute(source.update().where(source.c.id == given.id).values(**values))


def _take_over(connection: sa.Connection, mine: str, theirs: str, only: sa.Select[Any]) -> None:
    """What a source has of some items belongs to another now, which may have it already."""
    for table, column in (*((table, table.c.source) for table in _OF_SOURCE), (proposal, proposal.c.origin)):
        which = (column == theirs) & table.c.item_id.in_(only)
        has = sa.select(sa.select(table.c.item_id).where(column == mine).distinct().subquery().c.item_id)
        connection.execute(table.delete().where(which & table.c.item_id.in_(has)))
        connection.execute(table.update().where(which).values({column.name: mine}))
    left = sa.select(usage.c.item_id).where(usage.c.source == theirs).limit(1)
    if connection.execute(left).first() is None:
        connection.execute(source.delete().where(source.c.id == theirs))


def _has_all(connection: sa.Connection, name: str, items: Sequence[Item], known: Mapping[Any, Any]) -> bool:
    """Whether the source's findings stand in the queue just as they are given, and none beside them."""
    if any(found.key not in known for found in items):
        return False
    given = {known[found.key].id: (_usages(found), _samples(found), _standings(found)) for found in items}
    there: dict[int, tuple[list[Any], ...]] = {owner: ([], [], []) for owner in given}
    settled = {row.id for row in known.values() if row.state not in UNSETTLED}
    for number, (table, keys) in enumerate(zip(_OF_SOURCE, (_USAGE, _SAMPLE, _STANDING), strict=True)):
        for row in connection.execute(sa.select(table).where(table.c.source == name)).mappings():
            if row["item_id"] in there:
                there[row["item_id"]][number].append({key: row[key] for key in keys})
            elif row["item_id"] not in settled:
                return False
    return all(
        _same(one, other, key)
        for owner in given
        for one, other, key in zip(given[owner], there[owner], ("field", "number", "basis"), strict=True)
    )


def _add_new(connection: sa.Connection, name: str, fresh: Sequence[Item]) -> None:
    """Items that the queue did not have, in a few statements however many they are."""
    if not fresh:
        return
    words = ("system", "code", "site", "gaiji_set", "reason", "candidates", "basis")
    rows = [{word: getattr(found, word) for word in words} for found in fresh]
    connection.execute(item.insert(), [row | {"state": "open", "version": 0} for row in rows])
    ids = {tuple(row[1:6]): row[0] for row in connection.execute(sa.select(*_KNOWN))}
    for table, of in ((usage, _usages), (sample, _samples), (standing, _standings)):
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
    for table, rows in ((usage, _usages(found)), (sample, _samples(found)), (standing, _standings(found))):
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
    for table in (picture, proposal, sample, standing):
        connection.execute(table.delete().where(table.c.item_id.in_(gone)))
    connection.execute(item.delete().where(item.c.id.in_(gone)))


def _usages(found: Item) -> list[dict[str, Any]]:
    return [
        {"field": name, "role": role, "count": count, "records": found.records.get((name, role), count)}
        for (name, role), count in found.counts.items()
    ]


def _samples(found: Item) -> list[dict[str, Any]]:
    """An item's samples as the queue keeps them: no 個人番号 comes in, whoever gives it, and no low-value,
    which PostgreSQL cannot hold in a text."""
    return [
        {"number": number, "record": s.record, "field": s.field, "position": s.position}
        | {
            "record_key": str(s.record) if holds(s.record_key) else s.record_key.replace("\0", NUL),
            "text": hidden(s.text).replace("\0", NUL),
        }
        for number, s in enumerate(found.samples)
    ]


def _standings(found: Item) -> list[dict[str, Any]]:
    return [{"basis": found.basis, "candidates": found.candidates}]


def _same(some: list[dict[str, Any]], others: list[dict[str, Any]], key: str) -> bool:
    return sorted(some, key=lambda row: row[key]) == sorted(others, key=lambda row: row[key])
