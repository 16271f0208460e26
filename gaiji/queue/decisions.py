"""Decisions on queue items, who may make them, and the audit log that cannot be rewritten unseen.

Owns the states of an item, the two-person rule, optimistic locking and the hash chain. The schema and the
adding of findings are in ``gaiji.queue.queue``; files for clerks in ``gaiji.review.sheets.exchange``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.queue.accounts import account_fault, same_person
from gaiji.queue.acting import Acts, Together
from gaiji.queue.audit import HEAD, append, chained, now
from gaiji.queue.bonded import bond_fault
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue, Sources, of_sources
from gaiji.queue.schema import audit, decision, item, meta, place, usage
from gaiji.queue.undoing import steps

KINDS = ("字形一致", "デザイン差", "類似", "別字", "判読不能", "該当なし")
"""同定区分: how the decided glyph relates to the 外字; 判読不能 and 該当なし name no glyph."""
UNREADABLE, ANOTHER, NOWHERE = "判読不能", "別字", "該当なし"
NAMELESS = frozenset({UNREADABLE, NOWHERE})
"""What names no glyph: it cannot be read, or stands in no list (and is asked about)."""
OPEN, PROPOSED, CONFIRMED, DEFERRED, REJECTED = "open", "proposed", "confirmed", "deferred", "rejected"
CONTESTED = "contested"
"""Two people decided it otherwise; the first one's decision is kept beside the log's line of the second."""
INQUIRY = "inquiry"
"""It is in no list: its addition is asked for, and the item waits for the answer."""
STANDS = (PROPOSED, CONFIRMED, CONTESTED, INQUIRY)
"""States in which somebody's decision stands."""
STATES = (OPEN, PROPOSED, CONFIRMED, CONTESTED, INQUIRY, DEFERRED, REJECTED)
WAITING = (OPEN, PROPOSED, DEFERRED, CONTESTED, INQUIRY)
"""States in which a person still has to act."""
_PUTS = {DEFERRED: "defer", REJECTED: "reject"}
"""States that an item is put into without a decision, and what the log calls the act."""
PLACES = frozenset({"already-lost", "broken-shift", "illegal"})
"""Reasons that are about a place and not a code: no glyph is given to all of them at once."""
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

    def __init__(
        self, queue: Queue, *, confirm: str = "one-person", signed: bool = False, only: str = ""
    ) -> None:
        """``signed``: who acts has signed in, which a queue with accounts asks for; ``only``: the one person
        who acts here ("" for whoever signed in)."""
        if confirm not in CONFIRM:
            raise UsageError(
                fault("E0205", "confirm cannot be {confirm!r}", confirm=confirm[:40]),
                next=tr("use {confirm}", confirm=tr(" or ").join(CONFIRM)),
            )
        self.queue = queue
        self.confirm_rule = confirm
        self.signed, self.only = signed, only
        self.many: Together | None = None

    def _acts(self, connection: sa.Connection) -> Acts:
        """What writes the acts of a transaction."""
        return self.many or Acts(connection)

    def admit(self, connection: sa.Connection, person: str, *, confirms: bool = False) -> None:
        """Nothing in a queue without accounts. Else UsageError unless the person has signed in and is, where
        they act on what somebody else decided (``confirms``), a checker."""
        known = self._acts(connection).accounts()
        if not known:
            return
        if not self.signed:
            raise UsageError(
                fault("E0856", "has accounts: nobody acts in it without signing in"),
                where=self.queue.name,
                next=tr("act on the screen (gaiji review serve), or name yourself with --user"),
            )
        if person not in known or (self.only and person != self.only):
            raise UsageError(
                fault("E0857", "{person!r} is not who signed in", person=person[:60]),
                next=tr("each person's acts are taken when they have signed in themselves"),
            )
        if confirms and not known[person].checks:
            raise UsageError(
                fault("E0858", "a clerk does not act on what somebody else decided"),
                next=tr("let a checker (確認者) or manager (管理者) do it"),
            )

    def decide(self, item_id: int, made: Decision, *, version: int | None = None) -> str:
        """Record a decision; returns the new state (proposed under the two-person rule).

        Where another person's decision stands already, the same answer confirms it and another one contests
        it (``contested``): nobody's decision is replaced but by themselves, or after it was opened again.
        """
        with self.queue.writing() as connection:
            return self.decide_in(connection, item_id, made, version=version)

    def decide_in(
        self, connection: sa.Connection, item_id: int, made: Decision, *, version: int | None = None
    ) -> str:
        """``decide`` inside a transaction of the caller's."""
        check(made, self._acts(connection))
        state = PROPOSED if self.confirm_rule == "two-person" else CONFIRMED
        state = INQUIRY if made.kind == NOWHERE else state
        row = self._lock(connection, item_id, version)
        if row["reason"] in PLACES and made.kind != UNREADABLE:
            raise UsageError(
                fault("E0692", "what stood there is another character for each person"),
                where=_where(row),
                next=tr("list the places (gaiji review places JOB) and answer each"),
            )
        first = self._current(connection, item_id) if row["state"] in STANDS else None
        if first is not None and (
            row["state"] == CONTESTED or not same_person(first.decided_by, made.decided_by)
        ):
            return self._second(connection, row, first, made)
        self._acts(connection).decide(item_id, _plain(made))
        self._move(connection, item_id, state, made.decided_by, "decide", _plain(made))
        return state

    def _second(self, connection: sa.Connection, row: Any, first: Decision, made: Decision) -> str:
        """Another person's answer where a decision stands: it confirms or contests it."""
        _not_contested(row)
        self.admit(connection, made.decided_by, confirms=True)
        if (made.kind, made.glyph, made.text) == (first.kind, first.glyph, first.text):
            return self._confirmed(connection, row["id"], made.decided_by, made)
        said = {name: getattr(made, name) for name in ("kind", "glyph", "text", "evidence", "note")}
        self._move(connection, row["id"], CONTESTED, made.decided_by, "contest", said)
        return CONTESTED

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
        _not_contested(row)
        if made is None or row["state"] not in (PROPOSED, CONFIRMED):
            raise UsageError(
                fault("E0006", "there is no decision to confirm"),
                where=_where(row),
                next=tr("decide it first"),
            )
        if not person or same_person(person, made.decided_by):
            raise UsageError(
                fault("E0002", "nobody confirms their own decision"),
                where=_where(row),
                next=tr("let another person confirm it"),
            )
        self.admit(connection, person, confirms=True)
        return self._confirmed(connection, item_id, person)

    def _confirmed(
        self, connection: sa.Connection, item_id: int, person: str, why: Decision | None = None
    ) -> str:
        connection.execute(
            decision.update()
            .where(decision.c.item_id == item_id)
            .values(confirmed_by=person, confirmed_at=now())
        )
        said = {"evidence": why.evidence, "note": why.note} if why else {}
        asked = why is not None and why.kind == NOWHERE
        state = INQUIRY if asked else CONFIRMED
        self._move(connection, item_id, state, person, "confirm", said)
        return state

    def defer(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Put off, with a note."""
        return self._put(item_id, DEFERRED, person, note, version)

    def reject(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Not a character to be mapped (a stray code); it waits no longer."""
        return self._put(item_id, REJECTED, person, note, version)

    def put_in(
        self,
        connection: sa.Connection,
        item_id: int,
        state: str,
        person: str,
        note: str = "",
        *,
        version: int | None = None,
    ) -> None:
        """Put off or leave out (``state``) inside a transaction of the caller's."""
        if not person:
            raise UsageError(fault("E0208", "nobody is named"), next=tr("say who decides"))
        self._lock(connection, item_id, version)
        self._move(connection, item_id, state, person, _PUTS[state], {"note": note})

    def reopen(self, item_id: int, person: str, note: str = "", *, version: int | None = None) -> str:
        """Undo: back to open; the decision stays in the log."""
        with self.queue.writing() as connection:
            row = self._lock(connection, item_id, version)
            made = self._current(connection, item_id)
            others = made is not None and not same_person(made.decided_by, person)
            self.admit(connection, person, confirms=others or row["state"] == CONTESTED)
            connection.execute(decision.delete().where(decision.c.item_id == item_id))
            self._move(connection, item_id, OPEN, person, "reopen", {"note": note})
        return OPEN

    def undo(self, item_id: int, person: str, *, version: int | None = None) -> str:
        """Back to what was before the last act, which must be the person's own; returns the state. The log
        keeps both."""
        with self.queue.writing() as connection:
            row = self._lock(connection, item_id, version)
            stand = steps(connection, item_id)
            if not stand:
                raise UsageError(
                    fault("E0863", "nothing was done that could be taken back"),
                    where=_where(row),
                    next=tr("look at its history"),
                )
            if not same_person(stand[-1].person, person):
                raise UsageError(
                    fault("E0864", "somebody else acted on it since"),
                    where=_where(row),
                    next=tr("let them take it back, or open it again (未判定に戻す)"),
                )
            state, made = (stand[-2].state, stand[-2].decision) if len(stand) > 1 else (OPEN, None)
            connection.execute(decision.delete().where(decision.c.item_id == item_id))
            if made is not None:
                connection.execute(decision.insert().values(item_id=item_id, **made))
            said = {"undoes": stand[-1].number, "decision": dict(made) if made else None}
            self._move(connection, item_id, state, person, "undo", said)
        return state

    def comment(self, item_id: int, person: str, text: str) -> None:
        """Say something about an item, which changes nothing of it."""
        if not person or not text.strip():
            raise UsageError(fault("E0865", "a comment without a word or a person"), next=tr("write one"))
        with self.queue.writing() as connection:
            row = self._lock(connection, item_id, None)
            self.admit(connection, person)
            append(connection, person, "comment", item_id, {"note": text.strip(), "state": row["state"]})

    def of(self, item_id: int) -> Decision | None:
        """The current decision on an item."""
        with self.queue.reading() as connection:
            return self._current(connection, item_id)

    def all(self, ids: Sequence[int] | None = None) -> dict[int, Decision]:
        """Item id → current decision, of some items or of all."""
        query = sa.select(decision) if ids is None else sa.select(decision).where(decision.c.item_id.in_(ids))
        with self.queue.reading() as connection:
            return {row["item_id"]: _decision(row) for row in connection.execute(query).mappings()}

    def status(self, *, sources: Sources = None) -> dict[str, dict[str, int]]:
        """For each state how many items, occurrences in the data, and people (records) that they concern;
        of some sources (by id), what these have."""
        query = (
            sa.select(
                item.c.state,
                sa.func.count(sa.distinct(item.c.id)),
                sa.func.coalesce(sa.func.sum(usage.c.count), 0),
                sa.func.coalesce(sa.func.sum(usage.c.records), 0),
            )
            .join(usage, of_sources(sources), isouter=sources is None)
            .group_by(item.c.state)
        )
        with self.queue.reading() as connection:
            found = {
                state: {"items": int(n), "occurrences": int(total), "people": int(people)}
                for state, n, total, people in connection.execute(query)
            }
        none = {"items": 0, "occurrences": 0, "people": 0}
        return {state: found.get(state, none) for state in STATES}

    # -- inside a transaction -------------------------------------------------------------------

    def _lock(self, connection: sa.Connection, item_id: int, version: int | None) -> Any:
        row = self._acts(connection).row(item_id)
        if row is None:
            raise UsageError(
                fault("E0206", "the queue has no item {item_id}", item_id=item_id),
                next=tr("gaiji review export lists the items"),
            )
        if version is not None and row["version"] != version:
            raise Conflict(
                fault("E0207", "was changed by somebody else (it is {state} now)", state=row["state"]),
                where=_where(row),
                next=tr("look at it again and decide anew"),
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
        self.admit(connection, person)
        self._acts(connection).move(item_id, state, person, action, detail | {"state": state})

    def _put(self, item_id: int, state: str, person: str, note: str, version: int | None) -> str:
        with self.queue.writing() as connection:
            self.put_in(connection, item_id, state, person, note, version=version)
        return state

    def _current(self, connection: sa.Connection, item_id: int) -> Decision | None:
        row = connection.execute(sa.select(decision).where(decision.c.item_id == item_id)).mappings().first()
        return _decision(row) if row is not None else None


def _not_contested(row: Any) -> None:
    if row["state"] == CONTESTED:
        raise UsageError(
            fault("E0681", "two people decided it otherwise"),
            where=_where(row),
            next=tr("open it again (未判定に戻す) when they agree, and decide it anew"),
        )


def check(made: Decision, acts: Acts) -> None:
    """A decision that can stand: a known 同定区分, a person, and a glyph that exists unless it is
    判読不能."""
    if made.kind not in KINDS:
        raise UsageError(
            fault("E0005", "同定区分 cannot be {kind!r}", kind=made.kind[:20]),
            next=tr("use one of {kinds}", kinds="、".join(KINDS)),
        )
    if not made.decided_by.strip():
        raise UsageError(fault("E0209", "判定者 is empty"), next=tr("write who decided"))
    if made.kind == ANOTHER and not made.evidence.strip():
        raise UsageError(
            fault("E0680", "別字 without 根拠"), next=tr("write what the other character rests on in 根拠")
        )
    if made.kind == NOWHERE and not made.evidence.strip():
        raise UsageError(
            fault("E0695", "該当なし without 根拠"),
            next=tr("write where the character stands (典拠) in 根拠"),
        )
    if made.kind in NAMELESS:
        if made.glyph or made.text:
            raise UsageError(
                fault("E0210", "判読不能 or 該当なし names a glyph"),
                next=tr("leave 同定先 empty, or choose another 同定区分"),
            )
        return
    if not made.glyph and not made.text:
        raise UsageError(
            fault("E0003", "同定先 is empty"), next=tr("write an MJ or GJ name, or choose 判読不能")
        )
    if made.glyph and acts.repertoire.get(made.glyph) is None:
        version = acts.repertoire.version
        raise UsageError(
            fault("E0004", "{glyph!r} is not in {version}", glyph=made.glyph[:20], version=version),
            next=tr("write an MJ or GJ name that is"),
        )


# -- the audit log -----------------------------------------------------------------------------------


def audit_head(queue: Queue) -> str:
    """The hash of the newest line of the log, "" while it is empty."""
    with queue.reading() as connection:
        return str(connection.execute(sa.select(meta.c.value).where(meta.c.key == HEAD)).scalar() or "")


def verify_audit(queue: Queue) -> tuple[int, str]:
    """(lines that hold, what is wrong with the next one or ""). Decisions must be those the log ends with."""
    with queue.reading() as connection:
        count, wrong = chained(connection)
        if wrong:
            return count, wrong
        ends = {
            row.item_id: json.loads(row.detail).get("state", "")
            for row in connection.execute(sa.select(audit).order_by(audit.c.number))
        }
        states = {row.id: row.state for row in connection.execute(sa.select(item.c.id, item.c.state))}
        stored = {
            row["item_id"]: _decision(row) for row in connection.execute(sa.select(decision)).mappings()
        }
        logged = _last_decisions(connection)
        places = _last_answers(connection)
        answers = {
            row.id: (row.answer, row.new, row.evidence, row.note)
            for row in connection.execute(sa.select(place).where(place.c.answer != ""))
        }
        wrong = account_fault(connection) or bond_fault(connection)
    if wrong:
        return count, wrong
    for item_id, state in states.items():
        if ends.get(item_id, OPEN) != state:
            left = ends.get(item_id, OPEN)
            return count, tr(
                "item {item} is {state}, the log left it {left}", item=item_id, state=state, left=left
            )
    for item_id, made in stored.items():
        if logged.get(item_id) != _signed(made):
            return count, tr("the decision on item {item} is not the one in the log", item=item_id)
    for place_id, said in answers.items():
        if places.get(place_id) != said:
            return count, tr("the answer on place {place} is not the one in the log", place=place_id)
    return count, ""


def _last_answers(connection: sa.Connection) -> dict[int, tuple[str, str, str, str]]:
    """Place → the answer that the log ends with."""
    query = sa.select(audit.c.detail).where(audit.c.action == "answer").order_by(audit.c.number)
    lines = [json.loads(detail) for detail in connection.execute(query).scalars()]
    return {line["place"]: (line["answer"], line["new"], line["evidence"], line["note"]) for line in lines}


def _last_decisions(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    out: dict[int, dict[str, Any]] = {}
    query = sa.select(audit).where(audit.c.action.in_(("decide", "undo"))).order_by(audit.c.number)
    for row in connection.execute(query):
        said = json.loads(row.detail)
        made = said["decision"] if row.action == "undo" else {k: v for k, v in said.items() if k != "state"}
        if made:
            out[row.item_id] = _signed(Decision(**made))
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
