"""How far the conversion of a table has come, in the target database itself.

Owns the two tables of progress, which run a target belongs to, and what is written in one transaction: a
chunk's rows with its progress. A run that is killed goes on after its last whole chunk; when the job, the
source or a table changed since, it refuses. How a target is made, marked and filled is in ``target``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.database.faults import said_by
from gaiji.database.identity import Identity
from gaiji.database.keys import MYSQL, Key, shown
from gaiji.database.plan import INNODB, TEXT
from gaiji.database.target import Row, Target
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.errors.messages import fault, tr

_meta = sa.MetaData()
_BYTES: dict[str, Any] = INNODB | {
    f"{name}_{key}": value
    for name in MYSQL
    for key, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}
"""MySQL and MariaDB: names that differ are different, of whatever characters."""
RUN = sa.Table(
    "gaiji_run",
    _meta,
    sa.Column("target", sa.String(128), primary_key=True),
    sa.Column("source", TEXT, nullable=False),
    sa.Column("mark", sa.String(32), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("last_key", TEXT, nullable=False),
    **_BYTES,
)
CHUNK = sa.Table(
    "gaiji_chunk",
    _meta,
    sa.Column("target", sa.String(128), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("source_digest", sa.String(64), nullable=False),
    sa.Column("report", TEXT, nullable=False),
    **_BYTES,
)


class Progress:
    """The progress of one run, of a job and tables that ``digest`` names, from ``source`` into ``target``."""

    def __init__(self, target: Target, digest: str, source: Identity) -> None:
        self.target = target
        self.engine = target.engine
        self.digest = digest
        self.source = str(source)
        self.name = target.name

    def prepare(self, restart: bool) -> tuple[int, int, Key | None]:
        """(chunks, rows, last key) that the target holds already; UsageError when they are another job's or
        another source's, or the target is not the run's own. ``restart`` makes the run's own anew."""
        with self.engine.begin() as connection:
            self._own_tables(connection)
            known = connection.execute(sa.select(RUN).where(RUN.c.target == self.name)).first()
            there, mark = self.target.there(connection), known.mark if known is not None else None
            if there:
                self.target.check_own(connection, mark)
                self._check_source(known)
            if restart or known is None or not known.chunks:
                return self._begin(connection, mark if there and self.target.keeps_mark else None)
            if not self.target.whole(connection):
                raise UsageError(
                    fault("E0606", "is gone, though a run made it"),
                    where=self.target.where,
                    next=tr("convert anew with --restart"),
                )
        if known.digest != self.digest:
            raise UsageError(
                fault("E0064", "was begun with another job, other tables or another version"),
                where=self.target.where,
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

    def _check_source(self, known: Any) -> None:
        """UsageError unless it was this source's run that made what is there."""
        if known.source != self.source:
            raise UsageError(
                fault(
                    "E0608",
                    "was made from {known}, and this job reads {source}",
                    known=known.source[:200],
                    source=self.source[:200],
                ),
                where=self.target.where,
                next=tr("choose another target.table, or drop the table yourself"),
            )

    def _begin(self, connection: sa.Connection, mark: str | None) -> tuple[int, int, None]:
        """A target with a mark (None: a new one), in the place of the run's own where that is there."""
        connection.execute(RUN.delete().where(RUN.c.target == self.name))
        connection.execute(CHUNK.delete().where(CHUNK.c.target == self.name))
        mark = mark or secrets.token_hex(8)
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
        self.target.make(connection, mark)
        return 0, 0, None

    def write(self, rows: Sequence[Row], report: Mapping[str, Any], done: int, source_digest: str) -> None:
        """The chunk and its progress in one transaction; refused when another run wrote meanwhile. DataError
        names a row that the target cannot hold."""
        last = json.dumps([rows[-1][key] for key in self.target.keys])
        refused: Exception | None = None
        with self.engine.connect() as connection, connection.begin() as transaction:
            moved = connection.execute(
                RUN.update()
                .where(RUN.c.target == self.name, RUN.c.digest == self.digest, RUN.c.chunks == done)
                .values(chunks=done + 1, row_count=RUN.c.row_count + len(rows), last_key=last)
            )
            if moved.rowcount != 1:
                raise GaijiError(
                    fault("E0065", "another run writes to it"),
                    where=self.target.where,
                    next=tr("let that run end"),
                )
            try:
                self.target.insert(connection, rows)
            except self.target.refusals(connection) as error:
                refused = error
                transaction.rollback()
            else:
                told = json.dumps(report)  # in ASCII, whatever the encoding of the table
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

    def _refused(self, rows: Sequence[Row], error: Exception) -> GaijiError:
        """The error of a chunk, by the row and column that the target does not take when tried alone."""
        for row in rows:
            said = self._tried(row)
            if said is None:
                continue
            key = {name: row[name] for name in self.target.keys}
            empty = dict.fromkeys(column.name for column in self.target.table.columns)
            others = [name for name in empty if name not in key and self._tried(empty | key) is None]
            bad = [name for name in others if self._tried(empty | key | {name: row[name]}) is not None]
            return DataError(
                fault("E0609", "the target cannot hold the value: {said}", said=said),
                where=tr(
                    "{table}.{column} row {key}",
                    table=self.target.where,
                    column=(bad or [", ".join(self.target.keys)])[0],
                    key=shown(tuple(key.values())),
                ),
                next=tr("correct the row in the source, or convert into a database that holds it"),
            )
        return DataError(
            fault("E0610", "the target does not take these rows together: {said}", said=said_by(error)),
            where=self.target.where,
            next=tr("look for keys that are equal to the target database and not to the source's"),
        )

    def _tried(self, row: Row) -> str | None:
        """What the target says to a row alone, which is not kept; None when it takes it."""
        with self.engine.connect() as connection:
            try:
                self.target.insert(connection, [row])
            except self.target.refusals(connection) as error:
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
