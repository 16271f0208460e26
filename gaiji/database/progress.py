"""How far the conversion of a table has come, in the target database itself.

Owns the two tables of progress and what is written in one transaction: a chunk's rows with its progress. A
run that is killed goes on after its last whole chunk; when the job or a table changed since, it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.errors import GaijiError, UsageError

_meta = sa.MetaData()
RUN = sa.Table(
    "gaiji_run",
    _meta,
    sa.Column("target", sa.String(128), primary_key=True),
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
    sa.Column("report", sa.Text, nullable=False),
)


class Progress:
    """The progress of one run, of tables and a job that ``digest`` names, into ``table``."""

    def __init__(self, engine: sa.Engine, table: sa.Table, digest: str) -> None:
        self.engine = engine
        self.table = table
        self.digest = digest
        self._key = table.primary_key.columns.keys()[0]

    def prepare(self, restart: bool) -> tuple[int, int, Any]:
        """(chunks, rows, last key) that the target holds already; UsageError when they are another job's."""
        mine = RUN.c.target == self.table.name
        with self.engine.begin() as connection:
            _meta.create_all(connection)
            if restart:
                self.table.drop(connection, checkfirst=True)
                connection.execute(RUN.delete().where(mine))
                connection.execute(CHUNK.delete().where(CHUNK.c.target == self.table.name))
            known = connection.execute(sa.select(RUN).where(mine)).first()
            if known is None:
                if sa.inspect(connection).has_table(self.table.name):
                    raise UsageError(
                        "is there already",
                        where=self.table.name,
                        next="choose another table, or use --restart",
                    )
                self.table.create(connection)
                begun = {
                    "target": self.table.name,
                    "digest": self.digest,
                    "chunks": 0,
                    "row_count": 0,
                    "last_key": "null",
                }
                connection.execute(RUN.insert().values(**begun))
                return 0, 0, None
        if known.digest != self.digest:
            raise UsageError(
                "was begun with another job, other tables or another version",
                where=self.table.name,
                next="convert anew with --restart",
            )
        return known.chunks, known.row_count, json.loads(known.last_key)

    def write(self, rows: Sequence[Mapping[str, Any]], report: Mapping[str, Any], done: int) -> None:
        """The chunk and its progress in one transaction; refused when another run wrote meanwhile."""
        last = json.dumps(rows[-1][self._key])
        with self.engine.begin() as connection:
            moved = connection.execute(
                RUN.update()
                .where((RUN.c.target == self.table.name) & (RUN.c.chunks == done))
                .values(chunks=done + 1, row_count=RUN.c.row_count + len(rows), last_key=last)
            )
            if moved.rowcount != 1:
                raise GaijiError("another run writes to it", where=self.table.name, next="let that run end")
            self._insert(connection, rows)
            told = json.dumps(report, ensure_ascii=False)
            connection.execute(
                CHUNK.insert().values(target=self.table.name, number=done, row_count=len(rows), report=told)
            )

    def _insert(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """COPY where the driver is psycopg, else an INSERT of many rows."""
        if connection.dialect.driver != "psycopg":
            connection.execute(self.table.insert(), list(map(dict, rows)))
            return
        quote = connection.dialect.identifier_preparer.quote
        names = [column.name for column in self.table.columns]
        statement = f"COPY {quote(self.table.name)} ({', '.join(map(quote, names))}) FROM STDIN"
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])

    def reports(self) -> list[dict[str, Any]]:
        """What each whole chunk counted, in order."""
        with self.engine.connect() as connection:
            query = (
                sa.select(CHUNK.c.report).where(CHUNK.c.target == self.table.name).order_by(CHUNK.c.number)
            )
            return [json.loads(report) for (report,) in connection.execute(query)]
