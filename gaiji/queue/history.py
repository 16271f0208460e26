"""What was done with an item, read from the log as clerks read it: who, when, what, why.

Owns the reading only; lines are made in ``audit``, what an act means is in ``decisions``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from gaiji.model.plain import dataclass
from gaiji.queue.queue import Queue
from gaiji.queue.schema import audit


@dataclass(frozen=True)
class Act:
    """One line of the log. ``at``: UTC, to the second; ``action``: decide, confirm, contest, defer, reject,
    inquire or reopen; ``state``: the item's after it; the rest is "" where the act has none."""

    at: str
    person: str
    action: str
    state: str
    kind: str = ""
    glyph: str = ""
    evidence: str = ""
    note: str = ""


def history(queue: Queue, item_id: int) -> list[Act]:
    """All acts on one item, oldest first."""
    return _acts(queue, [item_id]).get(item_id, [])


def last_notes(queue: Queue, ids: Sequence[int] | None = None) -> dict[int, str]:
    """Item id → the note of the last act on it, where that has one, of some items or of all."""
    return {item_id: acts[-1].note for item_id, acts in _acts(queue, ids).items() if acts[-1].note}


def _acts(queue: Queue, ids: Sequence[int] | None) -> dict[int, list[Act]]:
    columns = (audit.c.item_id, audit.c.at, audit.c.person, audit.c.action, audit.c.detail)
    query = sa.select(*columns).order_by(audit.c.number)
    if ids is not None:
        query = query.where(audit.c.item_id.in_(ids))
    out: dict[int, list[Act]] = {}
    with queue.reading() as connection:
        for row in connection.execute(query):
            said = json.loads(row.detail)
            words = {name: str(said.get(name, "")) for name in ("state", "kind", "glyph", "evidence", "note")}
            out.setdefault(row.item_id, []).append(Act(row.at, row.person, row.action, **words))
    return out
