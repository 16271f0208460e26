"""The audit log: append only, each line's hash covering it and the line before.

Owns how a line is made and hashed, and the note of the newest hash in ``meta``, so that a log cut at its end
shows. Whoever can rewrite the whole database can rewrite the chain: note the printed head outside the queue
and compare. What the lines must agree with is checked in ``gaiji.queue.decisions``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gaiji.errors.messages import tr
from gaiji.queue.schema import audit, meta

HEAD = "audit-head"
HEADS = {"audit": HEAD, "viewed": "viewed-head"}
"""Where each log's newest hash is noted."""
FIELDS = ("number", "at", "person", "action", "item_id", "detail", "previous")


def append(
    connection: sa.Connection,
    person: str,
    action: str,
    item_id: int,
    detail: dict[str, Any],
    *,
    log: sa.Table = audit,
) -> None:
    """Add a line whose hash covers it and the line before (call inside the act's own transaction). ``log``:
    the table of the log, each of which has a chain and a head of its own."""
    append_all(connection, [(person, action, item_id, detail)], log=log)


def append_all(
    connection: sa.Connection, acts: Sequence[tuple[str, str, int, dict[str, Any]]], *, log: sa.Table = audit
) -> None:
    """Add a line for each act (person, action, item, detail), as ``append`` does."""
    if not acts:
        return
    last = connection.execute(
        sa.select(log.c.number, log.c.hash).order_by(log.c.number.desc()).limit(1)
    ).first()
    number, previous = (last.number, last.hash) if last else (0, "")
    lines = []
    for person, action, item_id, detail in acts:
        number += 1
        line = {
            "number": number,
            "at": now(),
            "person": person,
            "action": action,
            "item_id": item_id,
            "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
            "previous": previous,
        }
        previous = line_hash(line)
        lines.append(line | {"hash": previous})
    connection.execute(log.insert(), lines)
    noted = meta.update().where(meta.c.key == HEADS[log.name]).values(value=previous)
    if not connection.execute(noted).rowcount:
        connection.execute(meta.insert().values(key=HEADS[log.name], value=previous))


def chained(connection: sa.Connection, log: sa.Table = audit) -> tuple[int, str]:
    """(lines of a log that hold, what is wrong with the next one or "")."""
    count, previous = 0, ""
    for row in connection.execute(sa.select(log).order_by(log.c.number)).mappings():
        line = {name: row[name] for name in FIELDS}
        if row["number"] != count + 1 or row["previous"] != previous or line_hash(line) != row["hash"]:
            wrong = tr("line {line} is not what was written, or a line before it is missing", line=count + 1)
            return count, wrong
        count, previous = count + 1, row["hash"]
    noted = connection.execute(sa.select(meta.c.value).where(meta.c.key == HEADS[log.name])).scalar() or ""
    return count, "" if noted == previous else tr("lines are missing at its end")


def now() -> str:
    """The time of an act, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def line_hash(line: dict[str, Any]) -> str:
    """The hash of a line: SHA-256 of its fields as sorted JSON."""
    return hashlib.sha256(json.dumps(line, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
