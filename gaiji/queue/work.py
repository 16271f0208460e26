"""Who works at what: leases, so that two never get the same next item, and what is assigned to whom.

Owns the leases of items and places and the duties of people (a system, a 部首, or all that nobody else has).
A lease is soft: whoever opens an item by hand is told who has it, and the version check decides between them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.queue.accounts import all_in, same_person
from gaiji.queue.audit import append
from gaiji.queue.queue import Queue
from gaiji.queue.schema import duty, item, lease, place, proposal, usage
from gaiji.standard.repertoire import load_repertoire

LEASE = 15 * 60
"""Seconds for which an item that was given out is nobody else's next."""
RADICALS = range(1, 215)


@dataclass(frozen=True)
class Duty:
    """What a person has to do: the items of a system ("" any) and of a 部首 (1 to 214, 0 any)."""

    id: int
    person: str
    system: str = ""
    radical: int = 0


class Leases:
    """Who has which item (``kind`` "item") or place ("place") before them."""

    def __init__(self, queue: Queue, *, clock: Callable[[], float] = time.time) -> None:
        self.queue, self.clock = queue, clock

    def next(self, kind: str, ids: Iterable[int], person: str, states: Collection[str] = ()) -> int | None:
        """The first of ``ids`` that nobody else has and that still waits (in one of ``states``; a place: not
        answered), which is the person's from here on instead of what they had; None where there is none.
        One transaction: of two that ask at once each gets another."""
        with self.queue.writing() as connection:
            taken = self._taken(connection, kind, person)
            for one in ids:
                if one not in taken and _waits(connection, kind, one, states):
                    self._give(connection, kind, one, person)
                    return one
        return None

    def open(self, kind: str, one: int, person: str) -> str:
        """The person looks at it: it is theirs from here on, unless somebody else has it, who is named."""
        with self.queue.writing() as connection:
            holder = self._taken(connection, kind, person).get(one, "")
            if not holder:
                self._give(connection, kind, one, person)
        return holder

    def done(self, kind: str, one: int, person: str) -> None:
        """The person has done with it."""
        this = (lease.c.kind == kind) & (lease.c.id == one)
        with self.queue.writing() as connection:
            if one not in self._taken(connection, kind, person):
                connection.execute(lease.delete().where(this))

    def _taken(self, connection: sa.Connection, kind: str, person: str) -> dict[int, str]:
        """What others have: id → person."""
        query = sa.select(lease.c.id, lease.c.person).where(
            (lease.c.kind == kind) & (lease.c.until > int(self.clock()))
        )
        return {
            row.id: row.person for row in connection.execute(query) if not same_person(row.person, person)
        }

    def _give(self, connection: sa.Connection, kind: str, one: int, person: str) -> None:
        rows = connection.execute(sa.select(lease.c.id, lease.c.person).where(lease.c.kind == kind)).all()
        old = [row.id for row in rows if row.id == one or same_person(row.person, person)]
        connection.execute(lease.delete().where((lease.c.kind == kind) & lease.c.id.in_(old)))
        until = int(self.clock()) + LEASE
        connection.execute(lease.insert().values(kind=kind, id=one, person=person, until=until))


def _waits(connection: sa.Connection, kind: str, one: int, states: Collection[str]) -> bool:
    if kind == "place":
        return connection.execute(sa.select(place.c.answer).where(place.c.id == one)).scalar() == ""
    state = connection.execute(sa.select(item.c.state).where(item.c.id == one)).scalar()
    return state is not None and (not states or state in states)


# -- duties -----------------------------------------------------------------------------------------


class Duties:
    """What is assigned to whom; every change is a line of the log."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    def all(self) -> list[Duty]:
        """All of them, by person."""
        with self.queue.reading() as connection:
            rows = connection.execute(sa.select(duty).order_by(duty.c.person, duty.c.id))
            return [Duty(row.id, row.person, row.system, row.radical) for row in rows]

    def assign(self, person: str, by: str, *, system: str = "", radical: int = 0) -> None:
        """Give a person the items of a system, of a 部首, of both, or (with neither) all. UsageError for a
        person without an account and a 部首 that is none."""
        if radical and radical not in RADICALS:
            raise UsageError(
                fault("E0860", "部首 {radical} is none of 1 to 214", radical=radical),
                next=tr("give its number in the 康熙字典, as the MJ list does"),
            )
        with self.queue.writing() as connection:
            known = all_in(connection)
            name = next((one for one in known if same_person(one, person)), "")
            if not name:
                raise UsageError(
                    fault("E0861", "work is assigned to accounts"),
                    where=person[:60],
                    next=tr("gaiji review user add makes one"),
                )
            values = {"person": name, "system": system, "radical": radical}
            there = (duty.c.person == name) & (duty.c.system == system) & (duty.c.radical == radical)
            if connection.execute(sa.select(duty.c.id).where(there)).first() is None:
                connection.execute(duty.insert().values(**values))
                append(connection, by, "assign", 0, values)

    def remove(self, number: int, by: str) -> None:
        """Take one back."""
        with self.queue.writing() as connection:
            row = connection.execute(sa.select(duty).where(duty.c.id == number)).first()
            if row is None:
                raise UsageError(
                    fault("E0862", "no work has the number {number}", number=number),
                    next=tr("see gaiji review assign list"),
                )
            connection.execute(duty.delete().where(duty.c.id == number))
            values = {"person": row.person, "system": row.system, "radical": row.radical}
            append(connection, by, "unassign", 0, values)

    def order(self, ids: Sequence[int], person: str) -> list[int]:
        """Those of ``ids`` that are the person's, first what is assigned to them, then what is assigned to
        nobody; what is assigned to others alone is left out."""
        duties = self.all()
        if not duties:
            return list(ids)
        owners = self._owners(duties, ids)
        mine = [one for one in ids if any(same_person(name, person) for name in owners[one])]
        return mine + [one for one in ids if not owners[one]]

    def _owners(self, duties: Sequence[Duty], ids: Sequence[int]) -> Mapping[int, set[str]]:
        systems = systems_of(self.queue) if any(one.system for one in duties) else {}
        radicals = radicals_of(self.queue) if any(one.radical for one in duties) else {}
        out: dict[int, set[str]] = defaultdict(set)
        for number in ids:
            for one in duties:
                of_system = not one.system or one.system in systems.get(number, ())
                if of_system and (not one.radical or one.radical in radicals.get(number, ())):
                    out[number].add(one.person)
        return out


def systems_of(queue: Queue) -> dict[int, set[str]]:
    """Item id → the systems that have it."""
    names = {one.id: one.system for one in queue.sources()}
    out: dict[int, set[str]] = defaultdict(set)
    with queue.reading() as connection:
        for row in connection.execute(sa.select(usage.c.item_id, usage.c.source).distinct()):
            out[row.item_id].add(names.get(row.source, ""))
    return out


def radicals_of(queue: Queue) -> dict[int, frozenset[int]]:
    """Item id → the 部首 (several where the list names several) of what it may be: of the glyph proposed with
    the highest score, else of the table's first; items of which nothing is known are not there."""
    glyphs: dict[int, str] = {}
    with queue.reading() as connection:
        for row in connection.execute(sa.select(item.c.id, item.c.system, item.c.code, item.c.candidates)):
            first = row.candidates.split("|")[0] if row.candidates else ""
            glyphs[row.id] = row.code if row.system.startswith("shrink ") else first
        best = sa.select(proposal.c.item_id, proposal.c.glyph, proposal.c.score)
        for said in connection.execute(best.order_by(proposal.c.score, proposal.c.glyph.desc())):
            glyphs[said.item_id] = said.glyph
    repertoire = load_repertoire()
    found = {number: repertoire.get(name) for number, name in glyphs.items() if name}
    return {
        number: frozenset(int(one.partition(".")[0]) for one in glyph.radicals)
        for number, glyph in found.items()
        if glyph is not None
    }
