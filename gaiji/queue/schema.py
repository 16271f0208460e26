"""The tables of a review queue, the same for SQLite and PostgreSQL.

Owns names, types and keys; how they are filled is in ``adding``, ``queue``, ``audit`` and ``decisions``,
how a queue of an earlier version becomes one of this in ``opening``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()
meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
item = sa.Table(
    "item",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("system", sa.String(32), nullable=False),
    sa.Column("code", sa.String(32), nullable=False),
    sa.Column("site", sa.String(128), nullable=False),
    sa.Column("gaiji_set", sa.String(128), nullable=False, default="", server_default=""),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("candidates", sa.Text, nullable=False, default=""),
    sa.Column("basis", sa.String(64), nullable=False, default=""),
    sa.Column("state", sa.String(16), nullable=False, default="open"),
    sa.Column("version", sa.Integer, nullable=False, default=0),
    sa.Column("verdict", sa.String(24), nullable=False, default=""),
    sa.UniqueConstraint("system", "code", "site", "gaiji_set", "reason", name="item_is_one"),
)
source = sa.Table(
    "source",
    metadata,
    sa.Column("id", sa.String(512), primary_key=True),
    sa.Column("site", sa.String(128), nullable=False),
    sa.Column("gaiji_set", sa.String(128), nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("job", "input", "output", "digest")),
)
standing = sa.Table(
    "standing",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(512), primary_key=True),
    sa.Column("basis", sa.String(64), nullable=False),
    sa.Column("candidates", sa.Text, nullable=False),
)
usage = sa.Table(
    "usage",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(512), primary_key=True),
    sa.Column("field", sa.String(256), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False, default=0),
)
sample = sa.Table(
    "sample",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(512), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("record_key", sa.String(256), nullable=False),
    sa.Column("field", sa.String(256), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
picture = sa.Table(
    "picture",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    sa.Column("ink", sa.LargeBinary, nullable=False),
)
proposal = sa.Table(
    "proposal",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("source", sa.String(16), primary_key=True),
    sa.Column("origin", sa.String(512), primary_key=True, default="", server_default=""),
    sa.Column("glyph", sa.String(16), primary_key=True),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
decision = sa.Table(
    "decision",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    *(
        sa.Column(name, sa.Text, nullable=False, default="")
        for name in (
            "kind",
            "glyph",
            "text",
            "evidence",
            "note",
            "decided_by",
            "decided_at",
            "repertoire",
            "confirmed_by",
            "confirmed_at",
        )
    ),
)
place = sa.Table(
    "place",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("item_id", sa.ForeignKey("item.id"), nullable=False, index=True),
    sa.Column("source", sa.String(512), nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("key", sa.String(256), nullable=False),
    sa.Column("record_key", sa.String(256), nullable=False),
    sa.Column("field", sa.String(256), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("old", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    *(
        sa.Column(name, sa.Text, nullable=False, default="", server_default="")
        for name in ("answer", "new", "evidence", "note", "person", "at", "confirmed_by")
    ),
    sa.Column("stands", sa.Integer, nullable=False, default=0, server_default="0"),
    sa.Column("version", sa.Integer, nullable=False, default=0, server_default="0"),
)
alike = sa.Table(
    "alike",
    metadata,
    sa.Column("item_id", sa.ForeignKey("item.id"), primary_key=True),
    sa.Column("family", sa.Integer, nullable=False, index=True),
)
bond = sa.Table(
    "bond",
    metadata,
    sa.Column("one", sa.String(256), primary_key=True),
    sa.Column("other", sa.String(256), primary_key=True),
    *(
        sa.Column(name, sa.Text, nullable=False, default="", server_default="")
        for name in ("basis", "answer", "evidence", "person", "at", "confirmed_by")
    ),
    sa.Column("stands", sa.Integer, nullable=False, default=0, server_default="0"),
)


def _log(name: str) -> sa.Table:
    """A log whose lines are chained by their hashes (``audit``)."""
    return sa.Table(
        name,
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("item_id", sa.Integer, nullable=False),
        *(
            sa.Column(column, sa.Text, nullable=False)
            for column in ("at", "person", "action", "detail", "previous", "hash")
        ),
    )


audit = _log("audit")
viewed = _log("viewed")
"""Who saw whose data; what was done is in ``audit``."""
account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("systems", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
)
duty = sa.Table(
    "duty",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("system", sa.String(128), nullable=False),
    sa.Column("radical", sa.Integer, nullable=False),
)
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
)


def own_transactions(engine: sa.Engine) -> None:
    """SQLite's transactions as we ask for them: a writer takes the lock at its beginning, so that two never
    interleave.
    """

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins none of its own

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE" if connection.get_execution_options().get("gaiji_writes") else "BEGIN"
        )
