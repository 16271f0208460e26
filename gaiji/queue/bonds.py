"""Whether two records of two systems are one person: what people answered, once, and kept with the queue.

Owns the answers, the two-person rule for them and their lines in the log. Which pairs are asked about is
``gaiji.town.identity``'s. A record is named as ``SYSTEM:NUMBER``; no name of a person is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.plain import dataclass
from gaiji.queue.accounts import same_person
from gaiji.queue.audit import append, now
from gaiji.queue.decisions import Decisions
from gaiji.queue.schema import bond

SAME, DIFFERENT = "same", "different"
ANSWERS = {SAME: mark("同一人"), DIFFERENT: mark("別人")}
"""What can be said of two records, in the clerks' words."""


@dataclass(frozen=True)
class Bond:
    """What was answered about two records. ``basis``: digest of what both said then; ``stands``: the answer
    counts (with the two-person rule only once it is confirmed)."""

    one: str
    other: str
    basis: str
    answer: str
    evidence: str
    person: str
    at: str
    confirmed_by: str = ""
    stands: bool = False


class Bonds:
    """Acts on the answers of a queue; every act is one transaction with its line in the log."""

    def __init__(self, acts: Decisions) -> None:
        self.acts = acts
        self.queue = acts.queue
        self.two = acts.confirm_rule == "two-person"

    def all(self) -> list[Bond]:
        """Every answer, in the order of the records."""
        with self.queue.reading() as connection:
            rows = connection.execute(sa.select(bond).order_by(bond.c.one, bond.c.other)).mappings()
            return [_bond(row) for row in rows]

    def answer_in(self, connection: sa.Connection, said: Bond) -> None:
        """Answer inside a transaction of the caller's. Another person's same answer confirms one that is
        there about the same texts; a different one is refused: it must be taken back first. UsageError for an
        answer that cannot stand."""
        _check(said)
        self.acts.admit(connection, said.person)
        had = connection.execute(sa.select(bond).where(_of(said)).with_for_update()).mappings().first()
        other = had is not None and had["basis"] == said.basis and not same_person(had["person"], said.person)
        if had is not None and other:
            self._confirm(connection, _bond(had), said)
            return
        values: dict[str, Any] = {"basis": said.basis, "answer": said.answer, "evidence": said.evidence}
        values |= {"person": said.person, "at": now(), "confirmed_by": "", "stands": int(not self.two)}
        connection.execute(bond.delete().where(_of(said)))
        connection.execute(bond.insert().values(one=said.one, other=said.other, **values))
        told = {name: values[name] for name in ("basis", "answer", "evidence")}
        append(connection, said.person, "bond", 0, {"one": said.one, "other": said.other, **told})

    def _confirm(self, connection: sa.Connection, had: Bond, said: Bond) -> None:
        if had.answer != said.answer:
            raise UsageError(
                fault("E0821", "somebody else answered otherwise: {answer}", answer=tr(ANSWERS[had.answer])),
                where=f"{had.one} {had.other}",
                next=tr("speak with them; take the answer back before another one is given"),
            )
        self.acts.admit(connection, said.person, confirms=True)
        connection.execute(bond.update().where(_of(had)).values(confirmed_by=said.person, stands=1))
        append(connection, said.person, "confirm-bond", 0, {"one": had.one, "other": had.other})

    def take_back(self, one: str, other: str, person: str) -> None:
        """The question is open again; the log keeps what was said. UsageError where nothing was."""
        if not person.strip():
            raise UsageError(fault("E0208", "nobody is named"), next=tr("say who decides"))
        with self.queue.writing() as connection:
            mine = (bond.c.one == one) & (bond.c.other == other)
            had = connection.execute(sa.select(bond).where(mine).with_for_update()).mappings().first()
            if had is None:
                raise UsageError(
                    fault("E0822", "nothing was answered about these two"),
                    where=f"{one} {other}",
                    next=tr("gaiji identity TOWN --answers lists what was"),
                )
            self.acts.admit(connection, person, confirms=not same_person(had["person"], person))
            connection.execute(bond.delete().where(mine))
            append(connection, person, "no-bond", 0, {"one": one, "other": other})


def _check(said: Bond) -> None:
    if not said.person.strip():
        raise UsageError(fault("E0208", "nobody is named"), next=tr("say who decides"))
    if said.answer not in ANSWERS:
        raise UsageError(
            fault("E0686", "an answer cannot be {answer!r}", answer=said.answer[:20]),
            next=tr("use one of {answers}", answers=", ".join(ANSWERS)),
        )
    if not said.evidence.strip():
        raise UsageError(
            fault("E0823", "同一人 or 別人 without 根拠"), next=tr("write what it rests on in 根拠")
        )


def _of(said: Bond) -> sa.ColumnElement[bool]:
    return (bond.c.one == said.one) & (bond.c.other == said.other)


def _bond(row: Mapping[Any, Any]) -> Bond:
    values = {name: row[name] for name in Bond.__dataclass_fields__}
    return Bond(**values | {"stands": bool(row["stands"])})
