"""What is about a place and not a code: each occurrence on its own, with an answer of its own.

Owns the list of places of an item (lost before, broken, outside every area), their answers and when an item
is settled by them. No glyph is given to a code here: what stood there may be another character for every
person. How an answer gets into the output is ``gaiji.run.corrections``'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.plain import dataclass
from gaiji.queue.accounts import same_person
from gaiji.queue.audit import append, now
from gaiji.queue.decisions import CONFIRMED, OPEN, PROPOSED, REJECTED, Conflict, Decisions
from gaiji.queue.found import NUL
from gaiji.queue.items import Source
from gaiji.queue.queue import Queue, Sources, of_these
from gaiji.queue.schema import item, place, source
from gaiji.standard.characters import coded
from gaiji.standard.individual import hidden, holds

OPENED = ""
RESTORED, UNRESTORABLE, DEFERRED = "restored", "unrestorable", "deferred"
ANSWERS = {RESTORED: mark("復元した"), UNRESTORABLE: mark("復元できない"), DEFERRED: mark("保留")}
"""What can be said of a place, in the clerks' words."""
MOST = 40
"""Characters that an answer may restore at one place."""
ItemKey = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Place:
    """One occurrence. ``key``: the field that names the record ("": its number), ``position``: characters
    from the field's begin, ``old``: what the output has there, ``text``: the field with it in 【】.

    ``answer``: "" while nobody answered; ``new``: the text restored; ``stands``: the answer counts (with the
    two-person rule only once it is confirmed).
    """

    record: int
    key: str
    record_key: str
    field: str
    position: int
    old: str
    text: str
    id: int = 0
    item_id: int = 0
    answer: str = OPENED
    new: str = ""
    evidence: str = ""
    note: str = ""
    person: str = ""
    at: str = ""
    confirmed_by: str = ""
    stands: bool = False
    version: int = 0
    source: str = ""

    @property
    def identity(self) -> tuple[str, str, str, int, str]:
        """What makes it the same place in another reading of the same dump."""
        return self.key, self.record_key, self.field, self.position, self.old


class Places:
    """Acts on the places of a queue; every act is one transaction with its line in the log."""

    def __init__(self, acts: Decisions) -> None:
        self.acts = acts
        self.queue: Queue = acts.queue
        self.two = acts.confirm_rule == "two-person"

    # -- the list ---------------------------------------------------------------------------------

    def listed(self, origin: Source, found: Mapping[ItemKey, Sequence[Place]]) -> int:
        """Keep the places that one source has now: answers stay with the places that are there still.
        Returns how many there are. QueueError for an item that the queue does not have."""
        name = self.queue.near(origin).id
        with self.queue.writing() as connection:
            ids = {tuple(row[1:]): row[0] for row in connection.execute(sa.select(*_ITEM))}
            if any(key not in ids for key in found):
                raise QueueError(
                    fault("E0682", "does not have what is found in the input now"),
                    where=self.queue.name,
                    next=tr("run gaiji convert first, then list the places again"),
                )
            mine = place.c.source == name
            had = {
                (row.item_id, *_place(row).identity): row
                for row in connection.execute(sa.select(place).where(mine))
            }
            given = {(ids[key], *one.identity): one for key, some in found.items() for one in some}
            gone = [row.id for key, row in had.items() if key not in given]
            for start in range(0, len(gone), 500):
                connection.execute(place.delete().where(place.c.id.in_(gone[start : start + 500])))
            fresh = [_row(key[0], name, one) for key, one in given.items() if key not in had]
            if fresh:
                connection.execute(place.insert(), fresh)
            for item_id in sorted({key[0] for key in (*given, *had)}):
                self._settle(connection, item_id, "gaiji", {})
        return len(given)

    def of(self, item_id: int, *, sources: Sources = None) -> list[Place]:
        """The places of an item (of some sources, by id), in the order of the input."""
        query = sa.select(place).where((place.c.item_id == item_id) & of_these(place.c.source, sources))
        query = query.order_by(place.c.source, place.c.record)
        with self.queue.reading() as connection:
            return [_place(row) for row in connection.execute(query.order_by(place.c.id))]

    def place(self, place_id: int, *, sources: Sources = None) -> Place | None:
        """One of them, None where no source (of these) has it."""
        mine = (place.c.id == place_id) & of_these(place.c.source, sources)
        with self.queue.reading() as connection:
            row = connection.execute(sa.select(place).where(mine)).first()
        return _place(row) if row is not None else None

    def counts(self, ids: Sequence[int] | None = None) -> dict[int, tuple[int, int]]:
        """Item id → (places, those that are answered and stand)."""
        every, stands = sa.func.count(), sa.func.sum(place.c.stands)
        query = sa.select(place.c.item_id, every, stands).group_by(place.c.item_id)
        if ids is not None:
            query = query.where(place.c.item_id.in_(ids))
        with self.queue.reading() as connection:
            return {row[0]: (int(row[1]), int(row[2] or 0)) for row in connection.execute(query)}

    # -- acts -------------------------------------------------------------------------------------

    def answer(
        self,
        place_id: int,
        person: str,
        answer: str,
        *,
        new: str = "",
        evidence: str = "",
        note: str = "",
        version: int | None = None,
    ) -> None:
        """Answer one place. Another person's same answer confirms one that is there; a different one is
        refused: it must be taken back first. UsageError for an answer that cannot stand."""
        with self.queue.writing() as connection:
            said = {"new": new, "evidence": evidence, "note": note}
            self.answer_in(connection, place_id, person, answer, said, version=version)

    def answer_in(
        self,
        connection: sa.Connection,
        place_id: int,
        person: str,
        answer: str,
        more: Mapping[str, str],
        *,
        version: int | None = None,
    ) -> None:
        """``answer`` inside a transaction of the caller's; ``more``: new, evidence, note."""
        said = {"answer": answer, **{name: more.get(name, "") for name in ("new", "evidence", "note")}}
        check_answer(person, answer, said["new"], said["evidence"])
        self.acts.admit(connection, person)
        row = self._lock(connection, place_id, version)
        if row.answer in (RESTORED, UNRESTORABLE) and not same_person(row.person, person):
            self._confirm(connection, row, person, said)
            return
        stands = int(answer in (RESTORED, UNRESTORABLE) and not self.two)
        values = said | {"person": person, "at": now(), "confirmed_by": "", "stands": stands}
        self._write(connection, row, values)
        self._settle(connection, row.item_id, person, {"place": place_id} | said, "answer")

    def take_back(self, place_id: int, person: str, *, version: int | None = None) -> None:
        """The place is open again; the log keeps what was said."""
        if not person:
            raise UsageError(fault("E0208", "nobody is named"), next=tr("say who decides"))
        with self.queue.writing() as connection:
            row = self._lock(connection, place_id, version)
            others = bool(row.person) and not same_person(row.person, person)
            self.acts.admit(connection, person, confirms=others)
            empty = dict.fromkeys(("answer", "new", "evidence", "note"), "")
            values = empty | {"person": "", "at": "", "confirmed_by": "", "stands": 0}
            self._write(connection, row, values)
            self._settle(connection, row.item_id, person, {"place": place_id} | empty, "answer")

    def _confirm(self, connection: sa.Connection, row: Any, person: str, said: Mapping[str, str]) -> None:
        if (row.answer, row.new) != (said["answer"], said["new"]):
            raise UsageError(
                fault("E0683", "somebody else answered otherwise"),
                where=row.field,
                next=tr("speak with them; take the answer back before another one is given"),
            )
        self.acts.admit(connection, person, confirms=True)
        self._write(connection, row, {"confirmed_by": person, "stands": 1})
        self._settle(connection, row.item_id, person, {"confirms": row.id}, "confirm-answer")

    def _lock(self, connection: sa.Connection, place_id: int, version: int | None) -> Any:
        row = connection.execute(sa.select(place).where(place.c.id == place_id).with_for_update()).first()
        if row is None:
            raise UsageError(
                fault("E0684", "the queue has no place {place_id}", place_id=place_id),
                next=tr("gaiji review places lists them"),
            )
        if version is not None and row.version != version:
            raise Conflict(
                fault("E0685", "was answered by somebody else meanwhile"),
                where=row.field,
                next=tr("look at it again and answer anew"),
            )
        return row

    def _write(self, connection: sa.Connection, row: Any, values: Mapping[str, Any]) -> None:
        made = dict(values) | {"version": row.version + 1}
        connection.execute(place.update().where(place.c.id == row.id).values(**made))

    def _settle(
        self, connection: sa.Connection, item_id: int, person: str, said: dict[str, Any], action: str = ""
    ) -> None:
        """An item whose places are all answered is settled; one that has an open place is not. ``action``:
        what the log says of the act, "" where only a change of the item's state is said."""
        state = connection.execute(sa.select(item.c.state).where(item.c.id == item_id)).scalar_one()
        waits = (place.c.item_id == item_id) & (place.c.stands == 0)
        every = connection.execute(sa.select(place.c.id).where(place.c.item_id == item_id).limit(1)).first()
        left = connection.execute(sa.select(place.c.id).where(waits).limit(1)).first()
        now_ = state
        if every is not None:
            now_ = CONFIRMED if left is None else OPEN if state in (CONFIRMED, PROPOSED, REJECTED) else state
        if now_ != state:
            moved = item.update().where(item.c.id == item_id)
            connection.execute(moved.values(state=now_, version=item.c.version + 1))
        if action or now_ != state:
            append(connection, person, action or "places", item_id, said | {"state": now_})


def check_answer(person: str, answer: str, new: str, evidence: str) -> None:
    """An answer that can stand: a person, one of ``ANSWERS``, and for what is restored its text and what it
    rests on."""
    if not person.strip():
        raise UsageError(fault("E0208", "nobody is named"), next=tr("say who decides"))
    if answer not in ANSWERS:
        raise UsageError(
            fault("E0686", "an answer cannot be {answer!r}", answer=answer[:20]),
            next=tr("use one of {answers}", answers=", ".join(ANSWERS)),
        )
    bad = any(ord(c) < 32 for c in new) or len(new) > MOST or (new and coded("一" + new)[0] != "一")
    if (answer == RESTORED) != bool(new) or bad:
        raise UsageError(
            fault("E0687", "復元 and its text do not go together"),
            next=tr("write the character that stood there, for 復元した alone"),
        )
    if answer == RESTORED and not evidence.strip():
        raise UsageError(fault("E0688", "復元 without 根拠"), next=tr("write what it was read from in 根拠"))


def restored(queue: Queue) -> Iterator[tuple[str, Place]]:
    """(source, place) of every answer that stands and gives a text, in the order of the input; sources
    without one too would say nothing, see ``sources_of``."""
    query = sa.select(place).where((place.c.stands == 1) & (place.c.answer == RESTORED))
    with queue.reading() as connection:
        for row in connection.execute(query.order_by(place.c.source, place.c.record, place.c.id)):
            yield row.source, _place(row)


def sources_of(queue: Queue) -> dict[str, str]:
    """Source → the job that it names, of every source that has places."""
    query = sa.select(place.c.source, source.c.job).join(source, source.c.id == place.c.source).distinct()
    with queue.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


_ITEM = (item.c.id, item.c.system, item.c.code, item.c.site, item.c.gaiji_set, item.c.reason)


def _row(item_id: int, name: str, one: Place) -> dict[str, Any]:
    """A new place as the queue keeps it; no 個人番号 comes in."""
    numbered = holds(one.record_key)
    return {
        "item_id": item_id,
        "source": name,
        "record": one.record,
        "key": "" if numbered else one.key,
        "record_key": str(one.record) if numbered else one.record_key.replace("\0", NUL),
        "field": one.field,
        "position": one.position,
        "old": one.old,
        "text": hidden(one.text).replace("\0", NUL),
    }


def _place(row: Any) -> Place:
    values = {name: getattr(row, name) for name in Place.__dataclass_fields__}
    return Place(**values | {"stands": bool(row.stands)})
