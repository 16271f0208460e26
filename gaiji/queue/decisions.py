"""Decisions on queue items, who may make them, and the audit log that cannot be rewritten unseen.

Owns the states of an item, the two-person rule, optimistic locking and the hash chain. The schema and the
adding of findings are in ``gaiji.queue.queue``; files for clerks in ``gaiji.review.sheets.exchange``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError, UsageError
from gaiji.queue.audit import FIELDS, HEAD, append, line_hash, now
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.queue.schema import audit, decision, item, meta, usage

KINDS = ("字形一致", "デザイン差", "類似", "別字", "判読不能")
"""同定区分: how the decided glyph relates to the 外字; 判読不能 names no glyph."""
UNREADABLE = "判読不能"
OPEN, PROPOSED, CONFIRMED, DEFERRED, REJECTED = "open", "proposed", "confirmed", "deferred", "rejected"
WAITING = (OPEN, PROPOSED, DEFERRED)
"""States in which a person still has to act."""
CONFIRM = ("one-person", "two-person")


@dataclass(frozen=True)
class Decision:
    """What a clerk decided: a glyph name, or a text, or neither when the character cannot be read."""

    kind: str
    glyph: str = ""
    text: str = ""
    evidence: str = ""
    note: str = ""
    decided_by: str = ""
    decided_at: str = ""
    repertoire: str = ""
    confirmed_by: str = ""
    confirmed_at: str = ""


class Conflict(QueueError):
    """Somebody else changed the item since it was read; nothing was written."""


class Decisions:
    """Acts on the items of a queue. Every act is one transaction with its line in the audit log."""

    def __init__(self, queue: Queue, *, confirm: str = "one-person") -> None:
        if confirm not in CONFIRM:
            raise UsageError(f"confirm cannot be {confirm[:40]!r}", next=f"use {' or '.join(CONFIRM)}")
        self.queue = queue
        self.confirm_rule = confirm

    def decide(self, item_id: int, made: Decision, *, version: int | None = None) -> str:
        """Record a decision; returns the new state (proposed under the two-person rule)."""
        with self.queue.writing() as connection:
            return self.decide_in(connection, item_id, made, version=version)

    def decide_in(
        self, connection: sa.Connection, item_id: int, made: Decision, *, version: int | None = None
    ) -> str:
        """``decide`` inside a transaction of the caller's."""
        check(made)
        state = PROPOSED if self.confirm_rule == "two-person" else CONFIRMED
        self._lock(connection, item_id, version)
        connection.execute(decision.delete().where(decision.c.item_id == item_id))
        connection.execute(decision.insert().values(item_id=item_id, **_plain(made)))
        self._move(connection, item_id, state, made.decided_by, "decide", _plain(made))
        return state

    def confirm(self, item_id: int, person: str, *, version: int | None = None) -> str:
        """The second person agrees; nobody confirms their own decision."""
        with self.queue.writing() as connection:
            return self.confirm_in(connection, item_id, person, version=version)

    def confirm_in(
        self, connection: sa.Connection, item_id: int, person: str, *, version: int | None = None
    ) -> str:
        """``confirm`` inside a transaction of the caller's."""
        row = self._lock(connection, item_id, version)
        made = self._current(connection, item_id)
        if made is None or row["state"] not in (PROPOSED, CONFIRMED):
            raise UsageError("there is no decision to confirm", where=_where(row), next="decide it first")
        if not person or person == made.decided_by:
            raise UsageError(
                "nobody confirms their own decision", where=_where(row), next="let another person confirm it"
            )
        connection.execute(
            decision.update()
            .where(decision.c.item_id == item_id)
            .values(confirmed_by=person, confirmed_at=now())
        )
        self._move(connection, item_id, CONFIRMED, person, "confirm", {})
        return CONFIRMED

    def defer(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Put off, with a note."""
        return self._simple(item_id, DEFERRED, person, "defer", note, version)

    def reject(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Not a character to be mapped (a stray code); it waits no longer."""
        return self._simple(item_id, REJECTED, person, "reject", note, version)

    def reopen(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Undo: back to open; the decision stays in the log."""
        with self.queue.writing() as connection:
            self._lock(connection, item_id, version)
            connection.execute(decision.delete().where(decision.c.item_id == item_id))
            self._move(connection, item_id, OPEN, person, "reopen", {"note": note})
        return OPEN

    def of(self, item_id: int) -> Decision | None:
        """The current decision on an item."""
        with self.queue.reading() as connection:
            return self._current(connection, item_id)

    def all(self, ids: Sequence[int] | None = None) -> dict[int, Decision]:
        """Item id → current decision, of some items or of all."""
        query = sa.select(decision) if ids is None else sa.select(decision).where(decision.c.item_id.in_(ids))
        with self.queue.reading() as connection:
            return {row["item_id"]: _decision(row) for row in connection.execute(query).mappings()}

    def status(self) -> dict[str, dict[str, int]]:
        """For each state how many items, occurrences in the data, and people (records) that they concern."""
        query = (
            sa.select(
                item.c.state,
                sa.func.count(sa.distinct(item.c.id)),
                sa.func.coalesce(sa.func.sum(usage.c.count), 0),
                sa.func.coalesce(sa.func.sum(usage.c.records), 0),
            )
            .join(usage, usage.c.item_id == item.c.id, isouter=True)
            .group_by(item.c.state)
        )
        with self.queue.reading() as connection:
            found = {
                state: {"items": int(n), "occurrences": int(total), "people": int(people)}
                for state, n, total, people in connection.execute(query)
            }
        none = {"items": 0, "occurrences": 0, "people": 0}
        return {state: found.get(state, none) for state in (OPEN, PROPOSED, CONFIRMED, DEFERRED, REJECTED)}

    # -- inside a transaction -------------------------------------------------------------------

    def _lock(self, connection: sa.Connection, item_id: int, version: int | None) -> Any:
        row = (
            connection.execute(sa.select(item).where(item.c.id == item_id).with_for_update())
            .mappings()
            .first()
        )
        if row is None:
            raise UsageError(f"the queue has no item {item_id}", next="gaiji review export lists the items")
        if version is not None and row["version"] != version:
            raise Conflict(
                f"was changed by somebody else (it is {row['state']} now)",
                where=_where(row),
                next="look at it again and decide anew",
            )
        return row

    def _move(
        self,
        connection: sa.Connection,
        item_id: int,
        state: str,
        person: str,
        action: str,
        detail: dict[str, Any],
    ) -> None:
        connection.execute(
            item.update().where(item.c.id == item_id).values(state=state, version=item.c.version + 1)
        )
        append(connection, person, action, item_id, detail | {"state": state})

    def _simple(
        self, item_id: int, state: str, person: str, action: str, note: str, version: int | None
    ) -> str:
        if not person:
            raise UsageError("nobody is named", next="say who decides")
        with self.queue.writing() as connection:
            self._lock(connection, item_id, version)
            self._move(connection, item_id, state, person, action, {"note": note})
        return state

    def _current(self, connection: sa.Connection, item_id: int) -> Decision | None:
        row = connection.execute(sa.select(decision).where(decision.c.item_id == item_id)).mappings().first()
        return _decision(row) if row is not None else None


def check(made: Decision) -> None:
    """A decision that can stand: a known 同定区分, a person, and a glyph that exists unless it is
    判読不能."""
    from gaiji.standard.repertoire import load_repertoire

    if made.kind not in KINDS:
        raise UsageError(f"同定区分 cannot be {made.kind[:20]!r}", next=f"use one of {'、'.join(KINDS)}")
    if not made.decided_by.strip():
        raise UsageError("判定者 is empty", next="write who decided")
    if made.kind == UNREADABLE:
        if made.glyph or made.text:
            raise UsageError("判読不能 names a glyph", next="leave 同定先 empty, or choose another 同定区分")
        return
    if not made.glyph and not made.text:
        raise UsageError("同定先 is empty", next="write an MJ or GJ name, or choose 判読不能")
    if made.glyph and load_repertoire().get(made.glyph) is None:
        raise UsageError(
            f"{made.glyph[:20]!r} is not in {load_repertoire().version}",
            next="write an MJ or GJ name that is",
        )


# -- the audit log -----------------------------------------------------------------------------------


def audit_head(queue: Queue) -> str:
    """The hash of the newest line of the log, "" while it is empty."""
    with queue.reading() as connection:
        return str(connection.execute(sa.select(meta.c.value).where(meta.c.key == HEAD)).scalar() or "")


def verify_audit(queue: Queue) -> tuple[int, str]:
    """(lines that hold, what is wrong with the next one or ""). Decisions must be those the log ends with."""
    count, previous = 0, ""
    ends: dict[int, str] = {}
    with queue.reading() as connection:
        for row in connection.execute(sa.select(audit).order_by(audit.c.number)).mappings():
            line = {name: row[name] for name in FIELDS}
            if row["number"] != count + 1 or row["previous"] != previous or line_hash(line) != row["hash"]:
                return count, f"line {count + 1} is not what was written, or a line before it is missing"
            count, previous = count + 1, row["hash"]
            ends[row["item_id"]] = json.loads(row["detail"]).get("state", "")
        head = connection.execute(sa.select(meta.c.value).where(meta.c.key == HEAD)).scalar() or ""
        states = {row.id: row.state for row in connection.execute(sa.select(item.c.id, item.c.state))}
        stored = {
            row["item_id"]: _decision(row) for row in connection.execute(sa.select(decision)).mappings()
        }
        logged = _last_decisions(connection)
    if head != previous:
        return count, "lines are missing at its end"
    for item_id, state in states.items():
        if ends.get(item_id, OPEN) != state:
            return count, f"item {item_id} is {state}, the log left it {ends.get(item_id, OPEN)}"
    for item_id, made in stored.items():
        if logged.get(item_id) != _signed(made):
            return count, f"the decision on item {item_id} is not the one in the log"
    return count, ""


def _last_decisions(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    out: dict[int, dict[str, Any]] = {}
    query = (
        sa.select(audit.c.item_id, audit.c.detail).where(audit.c.action == "decide").order_by(audit.c.number)
    )
    for item_id, detail in connection.execute(query):
        made = json.loads(detail)
        made.pop("state", None)
        out[item_id] = _signed(Decision(**made))
    return out


def _signed(made: Decision) -> dict[str, Any]:
    """The part of a decision that only ``decide`` may set."""
    return {k: v for k, v in _plain(made).items() if k not in ("confirmed_by", "confirmed_at")}


def audit_lines(queue: Queue) -> Iterator[dict[str, Any]]:
    """The log, oldest first."""
    with queue.reading() as connection:
        yield from (
            dict(row) for row in connection.execute(sa.select(audit).order_by(audit.c.number)).mappings()
        )


def _plain(made: Decision) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Decision.__dataclass_fields__}


def _decision(row: Any) -> Decision:
    return Decision(**{name: row[name] for name in Decision.__dataclass_fields__})


def _where(row: Any) -> str:
    return f"{row['system']} {row['code']}"


def confirmed_items(queue: Queue) -> Iterator[tuple[Item, Decision]]:
    """Items whose decision stands, with it."""
    decisions = Decisions(queue).all()
    for found in queue.items():
        if found.state == CONFIRMED and found.id in decisions:
            yield found, decisions[found.id]
