"""How far each person is, how fast, and when the rest will be done: read from the log.

Owns the counting. A day is a day of this machine's clock; a pause of ten minutes is no work.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

import sqlalchemy as sa

from gaiji.model.plain import dataclass
from gaiji.queue.queue import Queue
from gaiji.queue.schema import audit

ACTS = ("decide", "confirm", "contest", "defer", "reject", "answer", "confirm-answer")
SETTLED = frozenset({"confirmed", "rejected"})
PAUSE = 600.0
"""Seconds between two acts from which on somebody did something else."""
DAYS = 10
"""Working days that a forecast looks back on."""


@dataclass(frozen=True)
class Pace:
    """What one person did: ``decided``, ``confirmed`` (and contested) and ``other`` acts, ``today``, on how
    many ``days``, and ``per_hour`` while they were at it (0.0 where two acts never followed each other)."""

    person: str
    decided: int
    confirmed: int
    other: int
    today: int
    days: int
    per_hour: float
    last: str


@dataclass(frozen=True)
class Forecast:
    """``settled``: items a working day, lately; ``days``: working days for the rest, None where nothing was
    settled yet."""

    left: int
    settled: float
    days: int | None


def paces(queue: Queue, *, today: date | None = None) -> list[Pace]:
    """Everybody who did something, the busiest first."""
    lines = _lines(queue)
    by_person: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for at, person, action, _, _ in lines:
        by_person[person].append((at, action))
    day = today or date.today()
    made = [_pace(person, acts, day) for person, acts in by_person.items()]
    return sorted(made, key=lambda one: (-one.decided - one.confirmed, one.person))


def forecast(queue: Queue, left: int) -> Forecast:
    """When ``left`` items will be settled at the pace of the last working days."""
    settled: Counter[date] = Counter()
    for at, _, _, _, state in _lines(queue):
        settled[at.date()] += state in SETTLED
    days = sorted(settled)[-DAYS:]
    rate = sum(settled[one] for one in days) / len(days) if days else 0.0
    return Forecast(left, rate, math.ceil(left / rate) if rate else None)


def _pace(person: str, acts: Sequence[tuple[datetime, str]], today: date) -> Pace:
    kinds = Counter(action for _, action in acts)
    gaps = [(later - at).total_seconds() for (at, _), (later, _) in pairwise(acts)]
    at_it = [gap for gap in gaps if gap <= PAUSE]
    spent = sum(at_it)
    return Pace(
        person,
        decided=kinds["decide"] + kinds["answer"],
        confirmed=kinds["confirm"] + kinds["contest"] + kinds["confirm-answer"],
        other=kinds["defer"] + kinds["reject"],
        today=sum(at.date() == today for at, _ in acts),
        days=len({at.date() for at, _ in acts}),
        per_hour=round(3600 * len(at_it) / spent, 1) if spent else 0.0,
        last=acts[-1][0].strftime("%Y-%m-%d %H:%M"),
    )


def _lines(queue: Queue) -> list[tuple[datetime, str, str, int, str]]:
    """(when, who, act, item, state after it) of every act of a person, oldest first."""
    query = sa.select(audit).where(audit.c.action.in_(ACTS) & (audit.c.person != "gaiji"))
    with queue.reading() as connection:
        return [
            (
                datetime.fromisoformat(row.at).astimezone(),
                row.person,
                row.action,
                row.item_id,
                json.loads(row.detail).get("state", ""),
            )
            for row in connection.execute(query.order_by(audit.c.number))
        ]
