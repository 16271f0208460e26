"""Which database a URL leads to and which table a name means there, however they are spelled.

Owns the identity of a database (a file by what it is, a server by what it says of itself) and of a table in
it, and the rule that a target is never the source. Writes nothing and makes no file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.queue.place import database_url


@dataclass(frozen=True)
class Identity:
    """A table of a database: ``database`` is one text for every spelling of its URL, and holds no password;
    ``file`` is the path of a database that is a file, else ""."""

    database: str
    schema: str
    table: str
    file: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (f"{self.database} {self.schema}".strip(), self.table) if part)

    def is_same(self, other: Identity) -> bool:
        """Whether both are one table; a file may have several names, and names of tables that differ by
        case only are one, but on PostgreSQL."""
        if self.file and other.file and os.path.exists(self.file) and os.path.exists(other.file):
            one = os.path.samefile(self.file, other.file)
        else:
            one = self.database == other.database
        exact = self.database.startswith("postgresql")
        ours, theirs = (
            (i.schema, i.table) if exact else (i.schema.casefold(), i.table.casefold()) for i in (self, other)
        )
        return one and ours == theirs


def plain_file(url: str) -> str:
    """The path of an SQLite or DuckDB database, links resolved; "" on a server, in memory and for a URI."""
    made = database_url(url)
    name = made.database or ""
    plain = made.get_backend_name() in ("sqlite", "duckdb") and name and not name.startswith((":", "file:"))
    return os.path.realpath(name) if plain else ""


def check_source_file(url: str) -> None:
    """UsageError when the source is a file that is not there: connecting would make an empty one."""
    file = plain_file(url)
    if file and not os.path.isfile(file):
        raise UsageError(fault("E0601", "there is no such database"), where=file, next=tr("check source.url"))


def identify(engine: sa.Engine, url: str, table: str, schema: str) -> Identity:
    """The table ``table`` (in ``schema``, "" for the connection's own) of the database behind ``engine``."""
    if engine.dialect.name == "sqlite" and schema.casefold() == "main":
        schema = ""  # another name of the same
    file = plain_file(url)
    if file:
        return Identity(f"{engine.dialect.name}:{file}", schema, table, file)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return _postgres(connection, table, schema)
        if engine.dialect.name in ("mysql", "mariadb"):
            return _mysql(connection, table, schema)
        if engine.dialect.name == "sqlite":
            return _sqlite(connection, table, schema)
    made = engine.url
    place = f"{made.get_backend_name()}://{(made.host or '').lower()}:{made.port or ''}/{made.database or ''}"
    return Identity(place, schema, table)


def _sqlite(connection: sa.Connection, table: str, schema: str) -> Identity:
    """A database by URI, whose file SQLite names, or one in memory, which is its engine's alone."""
    listed = connection.execute(sa.text("PRAGMA database_list")).all()
    file = os.path.realpath(listed[0][2]) if listed[0][2] else ""
    return Identity(f"sqlite:{file or f':memory:{id(connection.engine)}'}", schema, table, file)


def _postgres(connection: sa.Connection, table: str, schema: str) -> Identity:
    """By the cluster's own number, else its address; the schema is the one in which the name is found."""
    known = "SELECT has_function_privilege('pg_control_system()', 'execute')"
    if connection.execute(sa.text(known)).scalar_one():
        cluster = connection.execute(
            sa.text("SELECT system_identifier FROM pg_control_system()")
        ).scalar_one()
    else:
        where = "SELECT coalesce(host(inet_server_addr()), ''), coalesce(inet_server_port(), 0)"
        cluster = ":".join(str(part) for part in connection.execute(sa.text(where)).one())
    name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
    quote = connection.dialect.identifier_preparer.quote_identifier
    spelled = ".".join(quote(part) for part in (schema, table) if part)
    found = connection.execute(
        sa.text(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = to_regclass(:spelled)"
        ),
        {"spelled": spelled},
    ).first()
    own = connection.execute(sa.text("SELECT current_schema()")).scalar_one()
    at, relation = found or (schema or own or "", table)
    return Identity(f"postgresql:{cluster}/{name}", at, relation)


def _mysql(connection: sa.Connection, table: str, schema: str) -> Identity:
    """By the server's own number where it has one, else by its name, port and folder."""
    wanted = "('server_uuid', 'server_uid', 'hostname', 'port', 'datadir')"
    rows = connection.execute(sa.text(f"SHOW VARIABLES WHERE Variable_name IN {wanted}")).all()
    told = {str(name): str(value) for name, value in rows}
    own = told.get("server_uuid") or told.get("server_uid")
    server = own or ":".join(told.get(name, "") for name in ("hostname", "port", "datadir"))
    base = schema or connection.execute(sa.text("SELECT database()")).scalar_one() or ""
    return Identity(f"mysql:{server}", base, table)
