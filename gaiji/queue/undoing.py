"""What an item was before the last act on it, read from the log.

Owns the reading; the act that goes back is ``gaiji.queue.decisions``'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gaiji.model.plain import dataclass
from gaiji.queue.schema import audit

WORDS = frozenset({"comment"})
"""Acts that change nothing."""


@dataclass(frozen=True)
class Step:
    """One act that stands: its line's ``number``, who did it, and the item's ``state`` and decision (its
    columns, None where there was none) after it."""

    number: int
    person: str
    state: str
    decision: Mapping[str, Any] | None


def steps(connection: sa.Connection, item_id: int) -> list[Step]:
    """The acts on an item that were not taken back, oldest first."""
    query = sa.select(audit).where(audit.c.item_id == item_id).order_by(audit.c.number)
    out: list[Step] = []
    for row in connection.execute(query):
        said = json.loads(row.detail)
        if row.action in WORDS:
            continue
        if row.action == "undo":
            del out[-1:]
            continue
        made = out[-1].decision if out else None
        if row.action == "decide":
            made = {key: value for key, value in said.items() if key != "state"}
        elif row.action == "confirm" and made is not None:
            made = {**made, "confirmed_by": row.person, "confirmed_at": row.at}
        elif row.action == "reopen":
            made = None
        out.append(Step(row.number, row.person, said.get("state", ""), made))
    return out
