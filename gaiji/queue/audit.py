"""The audit log: append only, each line's hash covering it and the line before.

Owns how a line is made and hashed, and the note of the newest hash in ``meta``, so that a log cut at its end
shows. Whoever can rewrite the whole database can rewrite the chain: note the printed head outside the queue
and compare. What the lines must agree with is checked in ``gaiji.queue.decisions``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gaiji.queue.schema import audit, meta

HEAD = "audit-head"
FIELDS = ("number", "at", "person", "action", "item_id", "detail", "previous")


def append(connection: sa.Connection, person: str, action: str, item_id: int, detail: dict[str, Any]) -> None:
    """Add a line whose hash covers it and the line before (call inside the act's own transaction)."""
    last = connection.execute(
        sa.select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    line = {
        "number": number,
        "at": now(),
        "person": person,
        "action": action,
        "item_id": item_id,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
        "previous": previous,
    }
    digest = line_hash(line)
    connection.execute(audit.insert().values(**line, hash=digest))
    noted = meta.update().where(meta.c.key == HEAD).values(value=digest)
    if not connection.execute(noted).rowcount:
        connection.execute(meta.insert().values(key=HEAD, value=digest))


def now() -> str:
    """The time of an act, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def line_hash(line: dict[str, Any]) -> str:
    """The hash of a line: SHA-256 of its fields as sorted JSON."""
    return hashlib.sha256(json.dumps(line, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
