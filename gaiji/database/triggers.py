"""What a database does of itself when a row is updated: triggers, rules, columns that take the time.

Owns how each kind of database is asked. What is refused for it, ``added`` says.
"""

from __future__ import annotations

import re

import sqlalchemy as sa

from gaiji.database.keys import MYSQL

_POSTGRES = """
SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(:spelled) AND NOT tgisinternal AND tgenabled <> 'D'
AND tgtype & 16 <> 0 AND tgattr = ''
UNION ALL SELECT rulename FROM pg_rewrite WHERE ev_class = to_regclass(:spelled) AND ev_type = '2'
"""
"""Triggers on any update (16), not those on named columns, which the run's are not among; and rules."""
_MYSQL = """
SELECT trigger_name FROM information_schema.triggers WHERE event_manipulation = 'UPDATE'
AND event_object_schema = coalesce(:schema, database()) AND event_object_table = :name
"""
_CLOCKS = """
SELECT column_name FROM information_schema.columns WHERE table_schema = coalesce(:schema, database())
AND table_name = :name AND lower(extra) LIKE '%on update%'
"""


def on_update(connection: sa.Connection, table: sa.Table) -> list[str]:
    """The names of what runs when any row of the table is updated."""
    kind, at = connection.dialect.name, {"schema": table.schema, "name": table.name}
    if kind == "sqlite":
        return _sqlite(connection, table)
    if kind == "postgresql":
        spelled = connection.dialect.identifier_preparer.format_table(table)
        return [str(n) for (n,) in connection.execute(sa.text(_POSTGRES), {"spelled": spelled})]
    if kind in MYSQL:
        return [str(n) for (n,) in connection.execute(sa.text(_MYSQL), at)]
    return []  # DuckDB has none


def clocks(connection: sa.Connection, table: sa.Table) -> list[str]:
    """The columns that take the time of an update unless it names them."""
    if connection.dialect.name not in MYSQL:
        return []
    at = {"schema": table.schema, "name": table.name}
    return [str(name) for (name,) in connection.execute(sa.text(_CLOCKS), at)]


def master_of(connection: sa.Connection, table: sa.Table) -> str:
    """SQLite's own table of what is in the database that a table is in."""
    if table.schema is None:
        return "sqlite_master"
    return f"{connection.dialect.identifier_preparer.quote(table.schema)}.sqlite_master"


def _sqlite(connection: sa.Connection, table: sa.Table) -> list[str]:
    """Triggers whose event is ``UPDATE ON`` (``UPDATE OF`` names columns)."""
    where = "type = 'trigger' AND lower(tbl_name) = lower(:name)"
    query = f"SELECT name, sql FROM {master_of(connection, table)} WHERE {where}"
    found = connection.execute(sa.text(query), {"name": table.name}).all()
    plain = [(str(name), re.sub(r"--[^\n]*|/\*.*?\*/", " ", str(sql), flags=re.S)) for name, sql in found]
    return [name for name, sql in plain if re.search(r"\bUPDATE\s+ON\b", sql, re.I)]
