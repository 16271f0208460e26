"""One database job with its databases and charsets: what a conversion and its proof begin from.

Owns what a job names, resolved: engines, the source table and its key, charsets and decoders, the columns of
the target. Reads and writes no row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql

from gaiji import __version__
from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.tables import Table
from gaiji.columns.decode import Decoder
from gaiji.database.engines import open_engine
from gaiji.database.faults import driver_error
from gaiji.database.identity import check_source_file, identify
from gaiji.database.job import DbColumn, DbJob, load_db_job
from gaiji.database.keys import MYSQL, Key, Keys
from gaiji.database.places import shown_url
from gaiji.errors import QueueError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.queue.place import database_url
from gaiji.run.decided import check_decisions

TEXT = (
    sa.Text()
    .with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
    .with_variant(mssql.NVARCHAR(), "mssql")
)
"""A converted column; MySQL, MariaDB and SQL Server are told a type that holds all of Unicode."""


INNODB: dict[str, Any] = {f"{name}_engine": "InnoDB" for name in MYSQL}
"""A table whose chunks are transactions, whatever engine a server of that kind prefers."""


class DbPlan:
    """A job with its engines, tables, charsets and decoders; ``open`` it before, ``close`` it after.
    UsageError for what is not there."""

    def __init__(self, job: DbJob) -> None:
        self.job = job
        self.charsets = [_load(column, job) for column in job.columns]
        self.fields = [column.field(number) for number, column in enumerate(job.columns)]
        self.decoders = [self._decoder(number) for number in range(len(job.columns))]
        whole = [job.digest, *(t.sha256 for t in self.tables_of_codes), self.repertoire, __version__]
        self.digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
        self.engines: list[sa.Engine] = []

    @classmethod
    def of(cls, job: DbJob | str | Path) -> DbPlan:
        """The plan of a job or of the file that it stands in; nothing is connected to."""
        return cls(job if isinstance(job, DbJob) else load_db_job(job))

    def open(self) -> None:
        """Connect, and look up the source table, its columns and its key."""
        for url in (self.job.source_url, self.job.target_url):
            database_url(url)
        check_source_file(self.job.source_url)
        try:
            self._connect()
        except sa.exc.NoSuchTableError as error:
            raise UsageError(
                fault("E0057", "is not in the source database"),
                where=self.job.source_table,
                next=tr("check source.table"),
            ) from error

    def _connect(self) -> None:
        """Engines, the source table and its key; UsageError when the target is the source."""
        job = self.job
        self.source = self._engine(job.source_url)
        same = job.target_url == job.source_url
        self.target = self.source if same else self._engine(job.target_url)
        with self.source.connect() as connection:
            self.origin = sa.Table(
                job.source_table, sa.MetaData(), schema=job.source_schema or None, autoload_with=connection
            )
            self._check_columns()
            self.keys = Keys(self.origin, job.keys, connection)
        self.from_ = identify(self.source, job.source_url, job.source_table, job.source_schema)
        to = identify(self.target, job.target_url, job.target_table, job.target_schema)
        if job.mode == "table" and self.from_.is_same(to):
            raise UsageError(
                fault("E0061", "is source and target at once"),
                where=job.target_table,
                next=tr("choose another target.table"),
            )

    def _engine(self, url: str) -> sa.Engine:
        self.engines.append(open_engine(url))
        return self.engines[-1]

    def _check_columns(self) -> None:
        names = [*self.job.keys, *(column.name for column in self.job.columns)]
        missing = [name for name in names if name not in self.origin.c]
        if missing:
            raise UsageError(
                fault("E0059", "has no column {missing!r}", missing=missing[0]),
                where=self.job.source_table,
                next=tr("check source.key and [[column]] name"),
            )

    def _decoder(self, number: int) -> Decoder:
        return Decoder(
            self.charsets[number],
            [self.fields[number]],
            csv=True,
            form=self.job.form,
            policy=self.job.policy,
            trim=self.job.columns[number].trim == "right",
            carry=False,
            reuse=False,
            nul=False,
        )

    @property
    def tables_of_codes(self) -> list[Table]:
        """The tables of all columns' charsets, the sites' own among them, in order."""
        return [t for charset in self.charsets for t in (*charset.tables, *charset.sites)]

    @property
    def repertoire(self) -> str:
        """The version of the glyph list."""
        return self.charsets[0].repertoire.version

    @cached_property
    def table(self) -> sa.Table:
        """The target as far as it concerns the run: the key and the columns that are made."""
        return sa.Table(
            self.job.target_table,
            sa.MetaData(),
            *self.keys.target_columns(self.target.dialect),
            *(sa.Column(name, TEXT) for name in self.job.made),
            schema=self.job.target_schema or None,
            **INNODB,
        )

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """The key of a row of the target."""
        return tuple(row[name] for name in self.job.keys)

    def close(self) -> None:
        """Let the connections go."""
        for engine in self.engines:
            engine.dispose()

    def error(self, error: Exception) -> QueueError:
        """A driver's error in one line, without a value of a row."""
        return driver_error(error, shown_url(self.job.target_url))


def _load(column: DbColumn, job: DbJob) -> Charset:
    """The column's charset with its site tables and, over them, the decisions that wait beside the queue."""
    charset = load_charset(column.charset, column.tables, options=column.options)
    decided = job.decisions_path(charset.system)
    check_decisions(decided, charset.system, job.owner, job.path)
    if not decided.exists():
        return charset
    return load_charset(column.charset, [*column.tables, decided], options=column.options)
