"""How far the conversion of a table has come, in the target database itself.

Owns the two tables of progress, the mark by which a target is known as the run's own, and what is written in
one transaction: a chunk's rows with its progress. A run that is killed goes on after its last whole chunk;
when the job, the source or a table changed since, it refuses. Only a table with the mark is ever dropped.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.database.faults import said_by
from gaiji.database.identity import Identity
from gaiji.database.keys import Key, shown
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.messages import fault, tr

_meta = sa.MetaData()
RUN = sa.Table(
    "gaiji_run",
    _meta,
    sa.Column("target", sa.String(128), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("mark", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("last_key", sa.Text, nullable=False),
)
CHUNK = sa.Table(
    "gaiji_chunk",
    _meta,
    sa.Column("target", sa.String(128), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("source_digest", sa.String(64), nullable=False),
    sa.Column("report", sa.Text, nullable=False),
)

STANDARD = "\u845b\U000e0100\U0002000b\U0010fffd"
"""A character with its selector, one of plane 2, and one of plane 16, where 追加文字 are for now."""


class Progress:
    """The progress of one run, of tables and a job that ``digest`` names, from ``source`` into ``table``,
    whose primary key begins its columns."""

    def __init__(self, engine: sa.Engine, table: sa.Table, digest: str, source: Identity) -> None:
        self.engine = engine
        self.table = table
        self.digest = digest
        self.source = str(source)
        self.name = table.fullname
        self._keys = [column.name for column in table.primary_key.columns]

    def prepare(self, restart: bool) -> tuple[int, int, Key | None]:
        """(chunks, rows, last key) that the target holds already; UsageError when they are another job's or
        another source's, or the table is not the run's own. ``restart`` drops the run's own table first."""
        with self.engine.begin() as connection:
            self._own_tables(connection)
            known = connection.execute(sa.select(RUN).where(RUN.c.target == self.name)).first()
            there = sa.inspect(connection).has_table(self.table.name, schema=self.table.schema)
            if there:
                self._check_own(connection, known)
            if restart or known is None or not (there or known.chunks):
                return self._begin(connection, there)
            if not there:
                raise UsageError(
                    fault("E0606", "is gone, though a run made it"),
                    where=self.name,
                    next=tr("convert anew with --restart"),
                )
        if known.digest != self.digest:
            raise UsageError(
                fault("E0064", "was begun with another job, other tables or another version"),
                where=self.name,
                next=tr("convert anew with --restart"),
            )
        last = json.loads(known.last_key)
        return known.chunks, known.row_count, None if last is None else tuple(last)

    def _own_tables(self, connection: sa.Connection) -> None:
        """Make the tables of progress; UsageError when others have their names."""
        inspector = sa.inspect(connection)
        for table in (RUN, CHUNK):
            if inspector.has_table(table.name):
                names = {column["name"] for column in inspector.get_columns(table.name)}
                if not names >= set(table.c.keys()):
                    raise UsageError(
                        fault("E0607", "is another version's table of progress, or no table of progress"),
                        where=table.name,
                        next=tr(
                            "rename it, or drop it together with the targets that it lists; then convert anew"
                        ),
                    )
        _meta.create_all(connection)

    def _check_own(self, connection: sa.Connection, known: Any) -> None:
        """UsageError unless a run registered the table that is there, and it was this source's run."""
        if known is None or not self._carries(connection, known.mark):
            raise UsageError(
                fault("E0063", "is there already"),
                where=self.name,
                next=tr("choose another target.table; no run made this one, and gaiji drops no other"),
            )
        if known.source != self.source:
            raise UsageError(
                fault(
                    "E0608",
                    "was made from {known}, and this job reads {source}",
                    known=known.source[:200],
                    source=self.source[:200],
                ),
                where=self.name,
                next=tr("choose another target.table, or drop the table yourself"),
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

    def _begin(self, connection: sa.Connection, there: bool) -> tuple[int, int, None]:
        """A new table with a new mark, in the place of the run's own when that is ``there``."""
        if there:
            self.table.drop(connection)
        connection.execute(RUN.delete().where(RUN.c.target == self.name))
        connection.execute(CHUNK.delete().where(CHUNK.c.target == self.name))
        mark = secrets.token_hex(8)
        self.table.primary_key.name = f"gaiji_{mark}"
        self.table.comment = f"gaiji db convert {mark}"
        begun = {
            "target": self.name,
            "source": self.source,
            "mark": mark,
            "digest": self.digest,
            "chunks": 0,
            "row_count": 0,
            "last_key": "null",
        }
        connection.execute(RUN.insert().values(**begun))
        self.table.create(connection)
        self._check_holds(connection)
        return 0, 0, None

    def _check_holds(self, connection: sa.Connection) -> None:
        """UsageError when a text of the standard does not come back from the new table as it went in."""
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
        except self._refusals(connection) as error:
            same, said = False, said_by(error)
        if not same:
            raise UsageError(
                fault("E0613", "its database cannot hold the standard's characters: {said}", said=said),
                where=self.name,
                next=tr("make one whose encoding is all of Unicode: UTF8 of PostgreSQL, utf8mb4 of MariaDB"),
            )

    def write(
        self, rows: Sequence[Mapping[str, Any]], report: Mapping[str, Any], done: int, source_digest: str
    ) -> None:
        """The chunk and its progress in one transaction; refused when another run wrote meanwhile. DataError
        names a row that the target cannot hold."""
        last = json.dumps([rows[-1][key] for key in self._keys])
        refused: Exception | None = None
        with self.engine.connect() as connection, connection.begin() as transaction:
            moved = connection.execute(
                RUN.update()
                .where((RUN.c.target == self.name) & (RUN.c.chunks == done))
                .values(chunks=done + 1, row_count=RUN.c.row_count + len(rows), last_key=last)
            )
            if moved.rowcount != 1:
                raise GaijiError(
                    fault("E0065", "another run writes to it"), where=self.name, next=tr("let that run end")
                )
            try:
                self._insert(connection, rows)
            except self._refusals(connection) as error:
                refused = error
                transaction.rollback()
            else:
                told = json.dumps(report, ensure_ascii=False)
                connection.execute(
                    CHUNK.insert().values(
                        target=self.name,
                        number=done,
                        row_count=len(rows),
                        source_digest=source_digest,
                        report=told,
                    )
                )
        if refused is not None:
            raise self._refused(rows, refused) from refused

    def _refusals(self, connection: sa.Connection) -> tuple[type[Exception], ...]:
        """What a driver raises for a value: its errors, also as SQLAlchemy wraps them, and Python's for a
        number that is too large or a text that has no bytes."""
        driver = connection.dialect.loaded_dbapi.Error
        return (sa.exc.DBAPIError, driver, OverflowError, ValueError)

    def _insert(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """COPY where the driver is psycopg, else an INSERT of many rows."""
        if connection.dialect.driver != "psycopg":
            connection.execute(self.table.insert(), list(map(dict, rows)))
            return
        preparer = connection.dialect.identifier_preparer
        names = [column.name for column in self.table.columns]
        listed = ", ".join(map(preparer.quote, names))
        statement = f"COPY {preparer.format_table(self.table)} ({listed}) FROM STDIN"
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def _refused(self, rows: Sequence[Mapping[str, Any]], error: Exception) -> GaijiError:
        """The error of a chunk, by the row and column that the target does not take when tried alone."""
        for row in rows:
            said = self._tried(row)
            if said is None:
                continue
            key = {name: row[name] for name in self._keys}
            empty = dict.fromkeys(column.name for column in self.table.columns)
            others = [name for name in empty if name not in key and self._tried(empty | key) is None]
            bad = [name for name in others if self._tried(empty | key | {name: row[name]}) is not None]
            return DataError(
                fault("E0609", "the target cannot hold the value: {said}", said=said),
                where=tr(
                    "{table}.{column} row {key}",
                    table=self.name,
                    column=(bad or [", ".join(self._keys)])[0],
                    key=shown(tuple(key.values())),
                ),
                next=tr("correct the row in the source, or convert into a database that holds it"),
            )
        return DataError(
            fault("E0610", "the target does not take these rows together: {said}", said=said_by(error)),
            where=self.name,
            next=tr("look for keys that are equal to the target database and not to the source's"),
        )

    def _tried(self, row: Mapping[str, Any]) -> str | None:
        """What the target says to a row alone, which is not kept; None when it takes it."""
        with self.engine.connect() as connection:
            try:
                self._insert(connection, [row])
            except self._refusals(connection) as error:
                return said_by(error)
            finally:
                connection.rollback()
        return None

    def chunks(self) -> list[tuple[int, str]]:
        """Rows and digest of the source of each whole chunk, in order."""
        with self.engine.connect() as connection:
            query = sa.select(CHUNK.c.row_count, CHUNK.c.source_digest).where(CHUNK.c.target == self.name)
            return [(rows, digest) for rows, digest in connection.execute(query.order_by(CHUNK.c.number))]

    def reports(self) -> list[dict[str, Any]]:
        """What each whole chunk counted, in order."""
        with self.engine.connect() as connection:
            query = sa.select(CHUNK.c.report).where(CHUNK.c.target == self.name).order_by(CHUNK.c.number)
            return [json.loads(report) for (report,) in connection.execute(query)]
