"""Columns that a run adds to the source's own table, and fills by key.

Owns how columns are added with the run's mark and known again by it, that no other column is written, and
what makes a table unfit for that. The run's chunks and progress are in ``progress``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.database.faults import said_by
from gaiji.database.keys import MYSQL
from gaiji.database.plan import DbPlan
from gaiji.database.target import STANDARD, Row, Target, copy_rows
from gaiji.database.triggers import clocks, master_of, on_update
from gaiji.errors import DataError, UsageError
from gaiji.errors.messages import fault, tr

MARKED = ("sqlite", "postgresql", "duckdb", *MYSQL)
"""Databases whose columns can carry a mark: in their comment, in SQLite in the name of a constraint."""

STAGED = ("postgresql", "duckdb", *MYSQL)
"""Databases to which many rows go at once, and where one UPDATE with a join is known."""


class AddedColumns(Target):
    """New columns of the source's table. Whose they are is told by a mark on each. Begun anew, they stay with
    what was built on them since (a view, an index), and are filled from the first row on."""

    keeps_mark = True

    def __init__(self, plan: DbPlan) -> None:
        super().__init__(plan)
        self.made = list(plan.job.made)
        self.name = _name(self.where, self.made)
        self._clocks: list[str] = []

    def there(self, connection: sa.Connection) -> bool:
        self._check_fit(connection)
        return bool(self._found(connection))

    def whole(self, connection: sa.Connection) -> bool:
        return len(self._found(connection)) == len(self.made)

    def check_own(self, connection: sa.Connection, mark: str | None) -> None:
        found = self._found(connection)
        marked = self._marked(connection, mark) if mark is not None else set()
        for name in found:
            if found[name] not in marked:
                raise UsageError(
                    fault("E0644", "has a column {name}, which no run of this job made", name=found[name]),
                    where=self.where,
                    next=tr("choose another `to` in [[column]]; gaiji writes to no column but its own"),
                )

    def make(self, connection: sa.Connection, mark: str) -> None:
        found = self._found(connection)
        self._add(connection, [name for name in self.made if name not in found], mark)
        self._check_holds(connection)

    def insert(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Write rows into the columns, each into the row of its key; DataError when that is not there."""
        if connection.dialect.name in STAGED:
            done = self._from_stage(connection, rows)
        else:
            done = self._one_by_one(connection, rows)
        if done != len(rows):
            raise DataError(
                fault(
                    "E0645", "{count} rows are written, where {rows} were read", count=done, rows=len(rows)
                ),
                where=self.where,
                next=tr("let nobody write to the table during the run, then convert again"),
            )

    # -- what is there ----------------------------------------------------------------------------

    def _check_fit(self, connection: sa.Connection) -> None:
        """UsageError where no columns can be added, or an update would write other columns too."""
        if connection.dialect.name not in MARKED:
            raise UsageError(
                fault("E0646", "columns of this kind of database cannot be marked as the run's own"),
                where=connection.dialect.name,
                next=tr('write mode = "table"'),
            )
        if self.table.name not in sa.inspect(connection).get_table_names(self.table.schema):
            raise UsageError(
                fault("E0647", "is no table to which columns can be added"),
                where=self.where,
                next=tr('name the table itself, or write mode = "table"'),
            )
        found = on_update(connection, self.table)
        if found:
            raise UsageError(
                fault(
                    "E0648", "{name} runs when a row is updated, and may write other columns", name=found[0]
                ),
                where=self.where,
                next=tr('switch it off for the run, or write mode = "table"'),
            )
        self._clocks = clocks(connection, self.table)

    def _found(self, connection: sa.Connection) -> dict[str, str]:
        """Those of the run's names that the table has a column of → the column's own name; only PostgreSQL
        tells names apart by case."""
        exact = connection.dialect.name == "postgresql"
        columns = sa.inspect(connection).get_columns(self.table.name, self.table.schema)
        there = {str(c["name"]) if exact else str(c["name"]).casefold(): str(c["name"]) for c in columns}
        names = {name: there.get(name if exact else name.casefold()) for name in self.made}
        return {name: own for name, own in names.items() if own is not None}

    def _marked(self, connection: sa.Connection, mark: str) -> set[str]:
        """The columns that carry a mark."""
        if connection.dialect.name == "sqlite":
            master = master_of(connection, self.table)
            query = f"SELECT sql FROM {master} WHERE type = 'table' AND lower(name) = lower(:name)"
            made = str(connection.execute(sa.text(query), {"name": self.table.name}).scalar_one())
            return {name for name in self.made if self._of_sqlite(connection, name, mark) in made}
        columns = sa.inspect(connection).get_columns(self.table.name, self.table.schema)
        return {str(c["name"]) for c in columns if _comment(mark) == c.get("comment")}

    def _of_sqlite(self, connection: sa.Connection, name: str, mark: str) -> str:
        """A column as it stands in SQLite's text of its table."""
        quoted = connection.dialect.identifier_preparer.quote_identifier(name)
        return f"{quoted} TEXT CONSTRAINT gaiji_{mark} NULL"

    # -- making -----------------------------------------------------------------------------------

    def _add(self, connection: sa.Connection, names: Sequence[str], mark: str) -> None:
        """Add columns with the mark; on MySQL and MariaDB, which end the transaction here, in one
        statement."""
        dialect = connection.dialect
        table = dialect.identifier_preparer.format_table(self.table)
        if dialect.name == "sqlite":
            for name in names:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} ADD COLUMN {self._of_sqlite(connection, name, mark)}"
                )
            return
        specs = []
        for name in names:
            column = self.table.c[name]
            column.comment = _comment(mark)
            specs.append(f"ADD COLUMN {sa.schema.CreateColumn(column).compile(dialect=dialect)}")
        if dialect.name in MYSQL:
            connection.exec_driver_sql(f"ALTER TABLE {table} {', '.join(specs)}")
            return
        for name, spec in zip(names, specs, strict=True):
            connection.exec_driver_sql(f"ALTER TABLE {table} {spec}")
            connection.execute(sa.schema.SetColumnComment(self.table.c[name]))

    def _check_holds(self, connection: sa.Connection) -> None:
        """UsageError when a text of the standard does not come back from the columns of the first row, which
        afterwards hold what they held."""
        keys, made = [self.table.c[name] for name in self.keys], [self.table.c[name] for name in self.made]
        query = sa.select(*keys, *made).order_by(*keys).limit(1)
        first = connection.execute(query).mappings().first()
        if first is None:
            return
        try:
            self.insert(connection, [dict(first) | dict.fromkeys(self.made, STANDARD)])
            found = connection.execute(query).mappings().one()
            same = all(found[name] == STANDARD for name in self.made)
            self.insert(connection, [dict(first)])
            said = tr("a text comes back changed")
        except self.refusals(connection) as error:
            same, said = False, said_by(error)
        if not same:
            raise self.cannot_hold(said)

    # -- filling ----------------------------------------------------------------------------------

    def _one_by_one(self, connection: sa.Connection, rows: Sequence[Row]) -> int:
        """An UPDATE of each row; how many rows there were for them."""
        new: dict[str, Any] = {name: sa.bindparam(f"new_{n}") for n, name in enumerate(self.made)}
        old = [self.table.c[name] == sa.bindparam(f"key_{n}") for n, name in enumerate(self.keys)]
        values = [
            {f"new_{n}": row[name] for n, name in enumerate(self.made)}
            | {f"key_{n}": row[name] for n, name in enumerate(self.keys)}
            for row in rows
        ]
        return connection.execute(sa.update(self.table).where(*old).values(new), values).rowcount

    def _from_stage(self, connection: sa.Connection, rows: Sequence[Row]) -> int:
        """All rows into a table that is the transaction's alone, and from there in one UPDATE; how many rows
        there were for them. A column that takes the time of an update keeps its own."""
        quote = connection.dialect.identifier_preparer.quote
        table = connection.dialect.identifier_preparer.format_table(self.table)
        names = [*self.keys, *self.made]
        same = " AND ".join(f"{table}.{quote(name)} = {_STAGE}.{quote(name)}" for name in self.keys)
        listed = ", ".join(map(quote, names))
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE {_STAGE} AS SELECT {listed} FROM {table} WHERE 1 = 0"
        )
        self._stage(connection, names, rows)
        if connection.dialect.name in MYSQL:
            given = [f"{table}.{quote(name)} = {_STAGE}.{quote(name)}" for name in self.made]
            given += [f"{table}.{quote(name)} = {table}.{quote(name)}" for name in self._clocks]
            update = f"UPDATE {table} JOIN {_STAGE} ON {same} SET {', '.join(given)}"
        else:
            given = [f"{quote(name)} = {_STAGE}.{quote(name)}" for name in self.made]
            update = f"UPDATE {table} SET {', '.join(given)} FROM {_STAGE} WHERE {same}"
        done = connection.exec_driver_sql(update).rowcount
        # On MySQL and MariaDB no other DROP leaves the transaction open.
        kind = "TEMPORARY " if connection.dialect.name in MYSQL else ""
        connection.exec_driver_sql(f"DROP {kind}TABLE {_STAGE}")
        return done

    def _stage(self, connection: sa.Connection, names: Sequence[str], rows: Sequence[Row]) -> None:
        if connection.dialect.driver == "psycopg":
            copy_rows(connection, _STAGE, names, rows)
            return
        stage = sa.table(_STAGE, *(_plain(self.table.c[name]) for name in names))
        connection.execute(stage.insert(), [dict(row) for row in rows])


_STAGE = "gaiji_stage"


def _plain(column: sa.ColumnElement[Any]) -> sa.ColumnClause[Any]:
    """A column as a statement has it, of no table."""
    return sa.column(column.name, column.type)


def _comment(mark: str) -> str:
    return f"gaiji db convert {mark}"


def _name(table: str, columns: Sequence[str]) -> str:
    """What progress knows some columns of a table by: 128 characters at most."""
    name = f"{table} ({', '.join(columns)})"
    return name if len(name) <= 128 else f"{name[:90]}… {hashlib.sha256(name.encode()).hexdigest()[:32]}"
