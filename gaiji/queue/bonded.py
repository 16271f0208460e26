"""Whether the answers about two records (``gaiji.queue.bonds``) are those that the log ends with.

Owns the reading of those lines of the log; the acts that write them are ``bonds``'.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

from gaiji.errors.messages import tr
from gaiji.queue.schema import audit, bond


def bond_fault(connection: sa.Connection) -> str:
    """What the answers are that the log does not know, "" where both agree."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    acts = ("bond", "no-bond")
    query = sa.select(audit.c.action, audit.c.detail).where(audit.c.action.in_(acts)).order_by(audit.c.number)
    for row in connection.execute(query):
        detail = json.loads(row.detail)
        key = detail.pop("one"), detail.pop("other")
        said.pop(key, None)
        if row.action == "bond":
            said[key] = detail
    there = {
        (row["one"], row["other"]): {name: row[name] for name in ("basis", "answer", "evidence")}
        for row in connection.execute(sa.select(bond)).mappings()
    }
    wrong = sorted(key for key in {*said, *there} if said.get(key) != there.get(key))
    return tr("the answer about {pair} is not the one in the log", pair=" ".join(wrong[0])) if wrong else ""
