"""What a run fills: a table that it makes, or columns that it adds to the source's own table.

Owns how either is made with the run's mark, known again by it, tried for the standard's characters, and
filled. Which run a mark belongs to, and how far it has come, is in ``progress``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.database.faults import said_by
from gaiji.database.keys import MYSQL
from gaiji.database.plan import DbPlan
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr

STANDARD = "\u845b\U000e0100\U0002000b\U0010fffd"
"""A character with its selector, one of plane 2, and one of plane 16, where 追加文字 are for now."""
NEARLY = (("\U0002000b", "\U0002000c"), ("\u845b\U000e0100", "\u845b\U000e0101"))
"""Texts that a collation for people may call equal: two characters of plane 2, two forms of one."""
PLAIN = ("sqlite", "postgresql", "duckdb")
"""Databases to which two texts are equal when their bytes are, unless a column says otherwise."""
Row = Mapping[str, Any]


class Target:
    """The columns of one run. ``table``: the key, which is its primary key here, and the columns that are
    made; ``where``: the table in messages; ``name``: what progress knows the target by; ``keeps_mark``: what
    is begun anew keeps its mark."""

    keeps_mark = False

    def __init__(self, plan: DbPlan) -> None:
        self.plan = plan
        self.engine = plan.target
        self.table = plan.table
        self.where = self.table.fullname
        self.name = self.where
        self.keys = list(plan.job.keys)

    def there(self, connection: sa.Connection) -> bool:
        """Whether anything of the target is there, the run's own or not."""
        raise NotImplementedError

    def check_own(self, connection: sa.Connection, mark: str | None) -> None:
        """UsageError unless what is there carries the mark (None: no run is known)."""
        raise NotImplementedError

    def whole(self, connection: sa.Connection) -> bool:
        """Whether all of what a run made is there still."""
        raise NotImplementedError

    def make(self, connection: sa.Connection, mark: str) -> None:
        """Make it, with the mark, in the place of the run's own that may be there."""
        raise NotImplementedError

    def insert(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Write rows, without ending the transaction; what the driver raises passes."""
        raise NotImplementedError

    def refusals(self, connection: sa.Connection) -> tuple[type[Exception], ...]:
        """What a driver raises for a value: its errors, also as SQLAlchemy wraps them, and Python's for a
        number that is too large or a text that has no bytes."""
        driver: type[Exception] = connection.dialect.loaded_dbapi.Error
        return (sa.exc.DBAPIError, driver, OverflowError, ValueError)

    def cannot_hold(self, said: str) -> UsageError:
        """The refusal of a database that changes texts of the standard."""
        return UsageError(
            fault("E0613", "its database cannot hold the standard's characters: {said}", said=said),
            where=self.where,
            next=tr("make one whose encoding is all of Unicode: UTF8 of PostgreSQL, utf8mb4 of MariaDB"),
        )


class NewTable(Target):
    """A table of the run's own: the mark is the name of its primary key, and in its comment."""

    def there(self, connection: sa.Connection) -> bool:
        return sa.inspect(connection).has_table(self.table.name, schema=self.table.schema)

    def whole(self, connection: sa.Connection) -> bool:
        return self.there(connection)

    def check_own(self, connection: sa.Connection, mark: str | None) -> None:
        if mark is None or not self._carries(connection, mark):
            raise UsageError(
                fault("E0063", "is there already"),
                where=self.where,
                next=tr("choose another target.table; no run made this one, and gaiji drops no other"),
            )

    def _carries(self, connection: sa.Connection, mark: str) -> bool:
        """Whether the table has the mark: in the name of its primary key, or its comment where primary keys
        have no names."""
        inspector = sa.inspect(connection)
        at = self.table.name, self.table.schema
        if inspector.get_pk_constraint(*at).get("name") == f"gaiji_{mark}":
            return True
        if not connection.dialect.supports_comments:
            return False
        return mark in (inspector.get_table_comment(*at).get("text") or "")

    def make(self, connection: sa.Connection, mark: str) -> None:
        if self.there(connection):
            self.table.drop(connection)
        self.table.primary_key.name = f"gaiji_{mark}"
        self.table.comment = f"gaiji db convert {mark}"
        self.table.create(connection)
        try:
            self._check_holds(connection)
        except UsageError:
            if connection.dialect.name in MYSQL:  # where making a table ends the transaction
                self.table.drop(connection)
            raise

    def _check_holds(self, connection: sa.Connection) -> None:
        """UsageError when a text of the standard does not come back from the new table as it went in, or
        two keys of different characters are one to it."""
        keys = list(self.table.primary_key.columns)
        row = {column.name: "1" if isinstance(column.type, sa.String) else 1 for column in keys}
        texts = [name for name in map(str, self.table.columns.keys()) if name not in row]
        row |= dict.fromkeys(texts, STANDARD)
        try:
            connection.execute(self.table.insert(), [row])
            found = connection.execute(sa.select(self.table)).mappings().one()
            same = all(found[name] == STANDARD for name in texts)
            connection.execute(self.table.delete())
            said = tr("a text comes back changed")
        except self.refusals(connection) as error:
            same, said = False, said_by(error)
        if not same:
            raise self.cannot_hold(said)
        if connection.dialect.name not in PLAIN:
            self._check_apart(connection, row)

    def _check_apart(self, connection: sa.Connection, row: dict[str, Any]) -> None:
        """UsageError when two keys that differ are equal under the key's collation."""
        for column in self.table.primary_key.columns:
            if not isinstance(column.type, sa.String):
                continue
            for pair in NEARLY:
                if column.type.length and column.type.length < len(pair[0]):
                    continue
                try:
                    connection.execute(self.table.insert(), [row | {column.name: key} for key in pair])
                    connection.execute(self.table.delete())
                except sa.exc.IntegrityError as error:
                    raise UsageError(
                        fault("E0649", "different characters are equal in its key {key}", key=column.name),
                        where=self.where,
                        next=tr("give the database a binary collation, or name a key of whole numbers"),
                    ) from error

    def insert(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """COPY where the driver is psycopg, else an INSERT of many rows."""
        if connection.dialect.driver != "psycopg":
            connection.execute(self.table.insert(), list(map(dict, rows)))
            return
        names = [column.name for column in self.table.columns]
        copy_rows(connection, connection.dialect.identifier_preparer.format_table(self.table), names, rows)


def copy_rows(connection: sa.Connection, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    """COPY rows into a table of PostgreSQL, which is named as SQL quotes it."""
    from gaiji.database.blocks import Filled

    listed = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
    driver: Any = connection.connection.driver_connection
    form = " WITH (FORMAT csv)" if isinstance(rows, Filled) else ""
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN{form}") as copy:
        if isinstance(rows, Filled):
            copy.write(rows.csv(names))
            return
        for row in rows:
            copy.write_row([row[name] for name in names])
