"""A database table's columns converted in chunks by key range: each chunk with its progress in one
transaction.

Owns chunks, their conversion and the comparison afterwards; how far a run has come is in ``progress``.
Decoding is in ``gaiji.columns.decode``; findings are grouped in ``gaiji.columns.findings``.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from gaiji import __version__
from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.program import K
from gaiji.columns.decode import Decoder
from gaiji.columns.findings import Grouping, Hit
from gaiji.database.cells import Rows, as_it_stands, joined, open_engine, rows_of, texts
from gaiji.database.faults import driver_error, no_text
from gaiji.database.identity import check_source_file, identify
from gaiji.database.job import DbColumn, DbJob, load_db_job
from gaiji.database.keys import Key, Keys, shown
from gaiji.database.places import check_apart, shown_url
from gaiji.database.progress import Progress
from gaiji.disk.files import write_whole
from gaiji.errors import DataError, MissingExtra, QueueError, UsageError
from gaiji.kernel import decode as kernel
from gaiji.messages import fault, tr
from gaiji.model import Column, Reason
from gaiji.queue.items import Source
from gaiji.queue.place import database_url
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.run.decided import check_decisions
from gaiji.run.enqueue import Found, items_of
from gaiji.run.job import sampling
from gaiji.run.totals import flagged as flagged_units

_MYSQL_TEXT = mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin")
TEXT = sa.Text().with_variant(_MYSQL_TEXT, "mysql", "mariadb")
"""A converted column; MySQL and MariaDB are told a set of characters that holds all of Unicode."""


@dataclass(frozen=True)
class DbReport:
    """What is in the target: ``rows`` of which ``resumed`` were there before this run; counts by column;
    codes that wait.
    """

    rows: int
    resumed: int
    seconds: float
    columns: dict[str, dict[str, Any]]
    findings: list[dict[str, Any]]
    waiting: int


@dataclass(frozen=True)
class _Chunk:
    """Converted rows as the target takes them, counts by column, hits, and the digest of the source."""

    rows: list[dict[str, Any]]
    counts: list[array[int]]
    hits: list[Hit]
    digest: str


def convert_table(job: DbJob | str, *, restart: bool = False, dry_run: bool = False) -> DbReport:
    """Convert a table as a job says, or go on where a run stopped.

    ``restart`` drops what earlier runs wrote; ``dry_run`` converts and counts and writes nothing. GaijiError
    when the databases cannot be used, UsageError when the target belongs to another job, DataError when
    counts do not reconcile.
    """
    job = job if isinstance(job, DbJob) else load_db_job(job)
    check_apart(job)
    run = _Run(job)
    begin = time.monotonic()
    try:
        with run.source.connect() as reading:
            if dry_run:
                reports = [run.report_of(chunk) for chunk in run.chunks(reading, None, 0)]
                return run.summary(reports, 0, begin, waiting=0)
            progress = Progress(run.target, run.table, run.digest, run.from_)
            done, rows, last = progress.prepare(restart)
            run.check_unchanged(reading, progress.chunks())
            for chunk in run.chunks(reading, last, rows):
                progress.write(chunk.rows, run.report_of(chunk), done, chunk.digest)
                done += 1
            reports = progress.reports()
            run.reconcile(reading, reports)
            waiting = run.fill_queue(reports)
            report = run.summary(reports, rows, begin, waiting=waiting)
            run.write_manifest(report)
            return report
    except sa.exc.SQLAlchemyError as error:
        raise run.error(error) from error
    finally:
        run.close()


def verify_table(job: DbJob | str) -> int:
    """Convert the source again and compare every cell and every key of the target; returns the rows that
    hold.

    DataError names the first key that differs (the key, not the text).
    """
    run = _Run(job if isinstance(job, DbJob) else load_db_job(job))
    try:
        with run.source.connect() as reading, run.target.connect() as writing:
            total = 0
            for chunk in run.chunks(reading, None, 0):
                there = run.stored(writing, chunk.rows)
                for wanted in chunk.rows:
                    key = run.key_of(wanted)
                    if there.get(key) != wanted:
                        what = fault(
                            "E0055",
                            "the row of {key} {wanted!r} is not what the source gives",
                            key=run.job.key,
                            wanted=shown(key),
                        )
                        raise DataError(
                            what, where=run.job.target_table, next=tr("convert again with --restart")
                        )
                total += len(chunk.rows)
            kept = writing.execute(sa.select(sa.func.count()).select_from(run.table)).scalar_one()
            if kept != total:
                raise DataError(
                    fault("E0056", "has {kept} rows, the source {total}", kept=kept, total=total),
                    where=run.job.target_table,
                    next=tr("convert with --restart"),
                )
            return total
    except sa.exc.SQLAlchemyError as error:
        raise run.error(error) from error
    finally:
        run.close()


class _Run:
    """One job with its databases and charsets."""

    def __init__(self, job: DbJob) -> None:
        self.job = job
        self.charsets = [_load(column, job) for column in job.columns]
        self.fields = [column.field(number) for number, column in enumerate(job.columns)]
        self.readers = [self._reader(number) for number in range(len(job.columns))]
        tables = [t.sha256 for charset in self.charsets for t in (*charset.tables, *charset.sites)]
        whole = [job.digest, *tables, self.charsets[0].repertoire.version, __version__]
        self.digest = hashlib.sha256("\n".join(whole).encode()).hexdigest()
        for url in (job.source_url, job.target_url):
            database_url(url)
        check_source_file(job.source_url)
        try:
            self._connect()
        except sa.exc.NoSuchTableError as error:
            raise UsageError(
                fault("E0057", "is not in the source database"),
                where=job.source_table,
                next=tr("check source.table"),
            ) from error
        except sa.exc.SQLAlchemyError as error:
            raise self.error(error) from error
        except ImportError as error:
            raise MissingExtra(
                tr("this database (the driver {error})", error=error.name), "postgres"
            ) from error

    def _connect(self) -> None:
        """Engines, the source table and its key; UsageError when the target is the source."""
        job = self.job
        self.source = open_engine(job.source_url)
        self.target = self.source if job.target_url == job.source_url else open_engine(job.target_url)
        with self.source.connect() as connection:
            self.origin = sa.Table(
                job.source_table, sa.MetaData(), schema=job.source_schema or None, autoload_with=connection
            )
            self._check_columns()
            self.keys = Keys(self.origin, job.keys, connection)
        self.from_ = identify(self.source, job.source_url, job.source_table, job.source_schema)
        to = identify(self.target, job.target_url, job.target_table, job.target_schema)
        if self.from_.is_same(to):
            raise UsageError(
                fault("E0061", "is source and target at once"),
                where=job.target_table,
                next=tr("choose another target.table"),
            )

    def close(self) -> None:
        self.source.dispose()
        self.target.dispose()

    def error(self, error: Exception) -> QueueError:
        """A driver's error in one line, without a value of a row."""
        return driver_error(error, shown_url(self.job.target_url))

    def _reader(self, number: int) -> tuple[Decoder, Grouping]:
        column = self.job.columns[number]
        fields = Decoder(
            self.charsets[number],
            [self.fields[number]],
            csv=True,
            form=self.job.form,
            policy=self.job.policy,
            trim=column.trim == "right",
            carry=False,
            reuse=False,
        )
        return fields, Grouping(fields, policy=self.job.policy, **sampling(self.job.review))

    def _check_columns(self) -> None:
        names = [*self.job.keys, *(column.name for column in self.job.columns)]
        missing = [name for name in names if name not in self.origin.c]
        if missing:
            raise UsageError(
                fault("E0059", "has no column {missing!r}", missing=missing[0]),
                where=self.job.source_table,
                next=tr("check source.key and [[column]] name"),
            )

    @cached_property
    def table(self) -> sa.Table:
        """The target: the key and the converted columns."""
        return sa.Table(
            self.job.target_table,
            sa.MetaData(),
            *self.keys.target_columns(self.target.dialect.name),
            *(sa.Column(column.to, TEXT) for column in self.job.columns),
            schema=self.job.target_schema or None,
        )

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """The key of a row of the target."""
        return tuple(row[name] for name in self.job.keys)

    def _read(self, reading: sa.Connection, after: Key | None, first: int, limit: int) -> Rows:
        """The next rows behind a key, as bytes; ``first``: rows before them."""
        dialect = self.source.dialect.name
        wanted = [
            *(column.label(f"k{n}") for n, column in enumerate(self.keys.columns)),
            *(
                as_it_stands(self.origin.c[column.name], dialect).label(f"c{n}")
                for n, column in enumerate(self.job.columns)
            ),
        ]
        query = sa.select(*wanted).order_by(*self.keys.columns).limit(limit)
        try:
            rows = reading.execute(query if after is None else query.where(self.keys.behind(after))).all()
        except (UnicodeDecodeError, sa.exc.DBAPIError) as error:
            if isinstance(error, sa.exc.DBAPIError) and not no_text(error):
                raise
            raise DataError(
                fault("E0614", "text that is no UTF-8 is among the rows behind row {first}", first=first),
                where=self.job.source_table,
                next=tr("name a view in source.table that gives the column as bytes (convert_to)"),
            ) from error
        reading.rollback()  # no snapshot is held from chunk to chunk
        return rows_of(self.keys.values(rows, first), rows, self.job.columns, self.job.source_table)

    def chunks(self, reading: sa.Connection, after: Key | None, first: int) -> Iterator[_Chunk]:
        """Rows in the order of the key, converted; ``first``: rows before ``after``."""
        while rows := self._read(reading, after, first, self.job.chunk):
            yield self._convert(rows, first)
            after, first = rows.keys[-1], first + len(rows)

    def check_unchanged(self, reading: sa.Connection, chunks: Sequence[tuple[int, str]]) -> None:
        """DataError when rows of the source are no longer those that whole chunks were made from."""
        after, first = None, 0
        for count, digest in chunks:
            rows = self._read(reading, after, first, count)
            if rows.digest != digest:
                raise DataError(
                    fault(
                        "E0611",
                        "rows {first} to {last} in the order of the key are not those that were converted",
                        first=first + 1,
                        last=first + count,
                    ),
                    where=self.job.source_table,
                    next=tr("the source changed: convert anew with --restart"),
                )
            after, first = rows.keys[-1], first + count

    def stored(self, writing: sa.Connection, rows: Sequence[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
        """Key → the target's row, for the keys of these rows; a range for whole numbers, which all databases
        order alike.
        """
        keys = [self.key_of(row) for row in rows]
        columns = [self.table.c[name] for name in self.job.keys]
        if len(columns) == 1 and self.keys.numbers[0]:
            wanted = [columns[0].between(keys[0][0], keys[-1][0])]
        else:
            some = [keys[start : start + 5_000] for start in range(0, len(keys), 5_000)]
            wanted = [
                columns[0].in_([key for (key,) in part])
                if len(columns) == 1
                else sa.tuple_(*columns).in_(part)
                for part in some
            ]
        return {
            self.key_of(row): row
            for part in wanted
            for row in map(dict, writing.execute(sa.select(self.table).where(part)).mappings())
        }

    # -- converting -------------------------------------------------------------------------------

    def _convert(self, rows: Rows, first: int) -> _Chunk:
        keys = joined([shown(key).encode() for key in rows.keys])
        counts, hits, made_texts = [], [], []
        for number, column in enumerate(self.job.columns):
            src, ends = rows.raw[number]
            begins: list[Sequence[int]] = [ends[:-1]] * (number + 1)
            behind: list[Sequence[int]] = [ends[1:]] * (number + 1)
            batch = Batch(src, begins, behind, len(rows), -1, first + 1)
            fields, findings = self.readers[number]
            spec = self.fields[number]
            made, count, found = fields.decode(batch, spec, bytearray(len(rows)))
            if count[K["BYTES"]] != len(src) - 1:
                raise DataError(
                    fault(
                        "E0066",
                        "{count} of {count2} bytes accounted for",
                        count=count[K["BYTES"]],
                        count2=len(src) - 1,
                    ),
                    where=column.name,
                    next=tr("report this bug"),
                )
            grouped, _, failed, _ = findings.group(
                batch, [(spec, found)] if found else [], [made, Column(self.job.key, *keys)]
            )
            if failed:
                raise DataError(
                    fault("E0067", "{label} code {failed}", label=failed[1].label, failed=failed[2]),
                    where=f"{self.job.source_table}.{column.name} row {failed[3]}",
                    next=tr(
                        "map it in a site table, or choose another policy than fail for {label}",
                        label=failed[1].label,
                    ),
                )
            hits += grouped
            counts.append(count)
            made_texts.append(texts(made, rows.cells[number]))
        names = [*self.job.keys, *(column.to for column in self.job.columns)]
        out = [
            dict(zip(names, (*key, *cells), strict=True))
            for key, *cells in zip(rows.keys, *made_texts, strict=True)
        ]
        return _Chunk(out, counts, hits, rows.digest)

    # -- what it adds up to -----------------------------------------------------------------------

    def report_of(self, chunk: _Chunk) -> dict[str, Any]:
        """A chunk's counts and hits as plain data."""
        hits = [
            [h.field.name, h.field.role, h.code, h.reason.label, h.count, h.records, h.samples]
            for h in chunk.hits
        ]
        return {"rows": len(chunk.rows), "counts": [list(c) for c in chunk.counts], "hits": hits}

    def reconcile(self, reading: sa.Connection, reports: Sequence[dict[str, Any]]) -> None:
        """Source, target and progress have the same rows; every unit is mapped, passed or flagged."""
        with self.target.connect() as connection:
            there = connection.execute(sa.select(sa.func.count()).select_from(self.table)).scalar_one()
        source = reading.execute(sa.select(sa.func.count()).select_from(self.origin)).scalar_one()
        counted = sum(report["rows"] for report in reports)
        if not source == there == counted:
            raise DataError(
                fault(
                    "E0068",
                    "{source} rows in the source, {there} in the target, {counted} counted",
                    source=source,
                    there=there,
                    counted=counted,
                ),
                where=self.job.target_table,
                next=tr("the source changed during the run: convert anew with --restart"),
            )
        for name, counts in self._columns(reports).items():
            if not counts["reconciled"]:
                raise DataError(
                    fault("E0069", "units in are not those accounted for"),
                    where=name,
                    next=tr("report this as a bug of gaiji"),
                )

    def _columns(self, reports: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        out = {}
        for number, column in enumerate(self.job.columns):
            total = [
                sum(values) for values in zip(*(report["counts"][number] for report in reports), strict=True)
            ]
            total = total or [0] * K["N_COUNTS"]
            flagged = flagged_units(total)
            units, mapped, passed = (total[K[name]] for name in ("UNITS", "MAPPED_UNITS", "PASSED_UNITS"))
            out[column.to] = {
                "charset": column.charset,
                "bytes": total[K["BYTES"]],
                "units": units,
                "mapped": mapped,
                "passed": passed,
                "flagged": flagged,
                "reconciled": units == mapped + passed + sum(flagged.values()),
            }
        return out

    def fill_queue(self, reports: Sequence[dict[str, Any]]) -> int:
        """All findings of name, kana and address columns as items; returns how many wait."""
        numbers = {column.to: n for n, column in enumerate(self.job.columns)}
        found = (
            Found(self.charsets[numbers[name]], name, role, code, Reason.from_label(label), *counts)
            for report in reports
            for name, role, code, label, *counts in report["hits"]
        )
        items = items_of(found, owner=self.job.owner, samples=self.job.review["samples"])
        queue = open_queue(self.job.queue_where)
        try:
            return queue.add(self._source(), items)
        finally:
            queue.close()

    def _source(self) -> Source:
        """What the queue tells this job's findings by: the database, not only the name of its table."""
        site, gaiji_set = self.job.owner
        job, table = os.path.realpath(self.job.path), self.job.source_table
        name = f"{shown_url(self.job.source_url)} {table}"
        return Source(name, job, site, gaiji_set, earlier=table)

    def summary(
        self, reports: Sequence[dict[str, Any]], resumed: int, begin: float, *, waiting: int
    ) -> DbReport:
        found: dict[tuple[str, str, str], int] = {}
        for report in reports:
            for name, _, code, reason, count, *_ in report["hits"]:
                found[name, code, reason] = found.get((name, code, reason), 0) + count
        findings = [
            {"column": n, "code": c, "reason": r, "count": count}
            for (n, c, r), count in sorted(found.items())
        ]
        rows = sum(report["rows"] for report in reports)
        return DbReport(rows, resumed, time.monotonic() - begin, self._columns(reports), findings, waiting)

    def write_manifest(self, report: DbReport) -> None:
        tables = {t.id: t for charset in self.charsets for t in (*charset.tables, *charset.sites)}
        data = {
            "source": self.job.source_table,
            "target": self.job.target_table,
            "key": self.job.keys[0] if len(self.job.keys) == 1 else list(self.job.keys),
            "rows": report.rows,
            "columns": report.columns,
            "findings": report.findings,
            "waiting": report.waiting,
            "job": {"sha256": self.job.digest},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables.values()],
            "gaiji": {"version": __version__, "kernel": "compiled" if kernel.compiled() else "interpreted"},
        }
        write_whole(
            self.job.manifest_path, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode(), own=True
        )


def _load(column: DbColumn, job: DbJob) -> Charset:
    """The column's charset with its site tables and, over them, the decisions that wait beside the queue."""
    charset = load_charset(column.charset, column.tables, options=column.options)
    decided = job.decisions_path(charset.system)
    check_decisions(decided, charset.system, job.owner, job.path)
    if not decided.exists():
        return charset
    return load_charset(column.charset, [*column.tables, decided], options=column.options)
