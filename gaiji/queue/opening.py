"""How a queue's tables come to be: made new, found, or brought to this version from an earlier one.

Owns that this is one act: of several processes that open a new queue at once one makes it, and one that
is killed on the way leaves what was there.
"""

from __future__ import annotations

import sqlalchemy as sa

from gaiji.queue.place import SCHEMA
from gaiji.queue.schema import item, meta, metadata, proposal, source, standing, usage

_LOCK = 0x6761696A  # the number of PostgreSQL's lock for it: the bytes of "gaij"
_FIRST = "1"
_EARLIER = (_FIRST, "2", "3", "4")
"""The second has no places, the third no accounts, duties and leases and no log of who saw what, the fourth
no answers about two records and no codes of one shape."""


def prepare(engine: sa.Engine) -> str:
    """Make the tables where there are none, and bring those of an earlier version to this one; returns
    the version that they have then, which is ``SCHEMA`` where this gaiji can use them."""
    found = _version(engine)
    if found == SCHEMA or found not in ("", *_EARLIER):
        return found
    with engine.connect().execution_options(gaiji_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found = _version(connection)  # another process may have been first
        if found == _FIRST:
            _from_first(connection)
        metadata.create_all(connection)
        if found in _EARLIER:
            connection.execute(meta.update().where(meta.c.key == "schema").values(value=SCHEMA))
        if not found:
            connection.execute(meta.insert().values(key="schema", value=SCHEMA))
    return found if found not in ("", *_EARLIER) else SCHEMA


def _version(bind: sa.Engine | sa.Connection) -> str:
    """The version of the queue there, "" where there is none."""
    if not sa.inspect(bind).has_table("meta"):
        return ""
    wanted = sa.select(meta.c.value).where(meta.c.key == "schema")
    if isinstance(bind, sa.Connection):
        return str(bind.execute(wanted).scalar() or "")
    with bind.connect() as connection:
        return str(connection.execute(wanted).scalar() or "")


def _from_first(connection: sa.Connection) -> None:
    """From the first schema: 外字 sets, sources that are more than a text, what each source says of a code.

    Counts keep the text that they had as the name of their source until the job that it names runs again.
    """
    metadata.create_all(connection, tables=[source, standing])
    if connection.dialect.name == "postgresql":
        for statement in (
            "ALTER TABLE item ADD COLUMN gaiji_set VARCHAR(128) NOT NULL DEFAULT ''",
            "ALTER TABLE item DROP CONSTRAINT IF EXISTS item_system_code_site_reason_key",
            "ALTER TABLE item ADD CONSTRAINT item_is_one UNIQUE (system, code, site, gaiji_set, reason)",
            "ALTER TABLE proposal ADD COLUMN origin VARCHAR(512) NOT NULL DEFAULT ''",
            "ALTER TABLE proposal DROP CONSTRAINT proposal_pkey",
            "ALTER TABLE proposal ADD PRIMARY KEY (item_id, source, origin, glyph)",
        ):
            connection.exec_driver_sql(statement)
    else:
        for table in (item, proposal):
            _rebuild(connection, table)
    texts = sa.select(usage.c.source, sa.literal(""), sa.literal(""), sa.literal(""), usage.c.source)
    texts = texts.add_columns(sa.literal(""), sa.literal("")).distinct()
    names = ["id", "site", "gaiji_set", "job", "input", "output", "digest"]
    connection.execute(source.insert().from_select(names, texts))
    said = sa.select(usage.c.item_id, usage.c.source, item.c.basis, item.c.candidates).distinct()
    said = said.join(item, item.c.id == usage.c.item_id)
    connection.execute(standing.insert().from_select(["item_id", "source", "basis", "candidates"], said))


def _rebuild(connection: sa.Connection, table: sa.Table) -> None:
    """A table with the columns and keys of this version: SQLite changes no key of a table that is there."""
    had = [column["name"] for column in sa.inspect(connection).get_columns(table.name)]
    listed = ", ".join(f'"{name}"' for name in had)
    connection.exec_driver_sql(f'CREATE TEMP TABLE "kept" AS SELECT {listed} FROM "{table.name}"')
    connection.exec_driver_sql(f'DROP TABLE "{table.name}"')
    table.create(connection)
    connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({listed}) SELECT {listed} FROM "kept"')
    connection.exec_driver_sql('DROP TABLE "kept"')
