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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gaiji import __version__
from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.program import K
from gaiji.codes.spec import code_system
from gaiji.columns.decode import Decoder
from gaiji.columns.findings import Grouping, Hit
from gaiji.database.job import DbColumn, DbJob, load_db_job
from gaiji.database.progress import Progress
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import DataError, MissingExtra, QueueError, UsageError
from gaiji.kernel import decode as kernel
from gaiji.messages import fault, tr
from gaiji.model import Column, Reason
from gaiji.queue.items import Source
from gaiji.queue.place import database_url, with_journals
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.run.decided import check_decisions
from gaiji.run.enqueue import Found, items_of
from gaiji.run.job import sampling
from gaiji.run.places import charset_places, queue_places
from gaiji.run.totals import flagged as flagged_units


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
    """Converted rows, as the target takes them, with counts (by column) and hits."""

    rows: list[dict[str, Any]]
    counts: list[array[int]]
    hits: list[Hit]


def convert_table(job: DbJob | str, *, restart: bool = False, dry_run: bool = False) -> DbReport:
    """Convert a table as a job says, or go on where a run stopped.

    ``restart`` drops what earlier runs wrote; ``dry_run`` converts and counts and writes nothing. GaijiError
    when the databases cannot be used, UsageError when the target belongs to another job, DataError when
    counts do not reconcile.
    """
    job = job if isinstance(job, DbJob) else load_db_job(job)
    _check_apart(job)
    run = _Run(job)
    begin = time.monotonic()
    try:
        with run.source.connect() as reading:
            if dry_run:
                reports = [run.report_of(chunk) for chunk in run.chunks(reading, None, 0)]
                return run.summary(reports, 0, begin, waiting=0)
            progress = Progress(run.target, run.table, run.digest)
            done, rows, last = progress.prepare(restart)
            for chunk in run.chunks(reading, last, rows):
                progress.write(chunk.rows, run.report_of(chunk), done)
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


def _check_apart(job: DbJob) -> None:
    """UsageError when the manifest or the queue is a file that the job reads, or the manifest one of its
    databases (a queue may lie in one of them)."""
    reads = [Place("job file", job.path)]
    for column in job.columns:
        reads += [Place("site table", Path(table)) for table in column.tables]
        reads += [Place("table of decisions", job.decisions_path(code_system(column.charset)))]
        reads += charset_places(column.charset)
    held = list(queue_places(job.queue_where))
    keep_apart(held, reads)
    databases = [
        Place("database", path) for url in (job.source_url, job.target_url) for path in _files_of(url)
    ]
    keep_apart([Place("manifest", job.manifest_path)], [*reads, *held, *databases])


def _files_of(url: str) -> list[Path]:
    """The files of a database; none where it is on a server or in memory."""
    made = database_url(url)
    name = made.database or ""
    file = made.get_backend_name() == "sqlite" and name and not name.startswith((":", "file:"))
    return with_journals(name) if file else []


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
                    if there.get(wanted[run.job.key]) != wanted:
                        what = fault(
                            "E0055",
                            "the row of {key} {wanted!r} is not what the source gives",
                            key=run.job.key,
                            wanted=str(wanted[run.job.key])[:40],
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
        try:
            self.source = sa.create_engine(job.source_url)
            self.target = (
                self.source if job.target_url == job.source_url else sa.create_engine(job.target_url)
            )
            with self.source.connect() as connection:
                self.origin = sa.Table(job.source_table, sa.MetaData(), autoload_with=connection)
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
        self._check_origin()

    def close(self) -> None:
        self.source.dispose()
        self.target.dispose()

    def error(self, error: Exception) -> QueueError:
        """One line: what the driver says first, without the values that its later lines may quote."""
        cause = getattr(error, "orig", None) or error
        said = (str(cause).splitlines() or [""])[0][:120]
        return QueueError(
            fault(
                "E0058", "the database cannot be used: {kind}: {said}", kind=type(cause).__name__, said=said
            ),
            where=_shown(self.job.target_url),
            next=tr("check the URL, the driver and the rights"),
        )

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

    def _check_origin(self) -> None:
        names = [self.job.key, *(column.name for column in self.job.columns)]
        missing = [name for name in names if name not in self.origin.c]
        if missing:
            raise UsageError(
                fault("E0059", "has no column {missing!r}", missing=missing[0]),
                where=self.job.source_table,
                next=tr("check source.key and [[column]] name"),
            )
        if not isinstance(self.origin.c[self.job.key].type, (sa.Integer, sa.String)):
            raise UsageError(
                fault("E0060", "{key} is neither a whole number nor text", key=self.job.key),
                where=self.job.source_table,
                next=tr("name another key"),
            )
        if self.job.source_table == self.job.target_table and self.target is self.source:
            raise UsageError(
                fault("E0061", "is source and target at once"),
                where=self.job.target_table,
                next=tr("choose another target.table"),
            )
        with self.source.connect() as connection:
            inspector = sa.inspect(connection)
            unique = [inspector.get_pk_constraint(self.job.source_table)["constrained_columns"]]
            unique += [c["column_names"] for c in inspector.get_unique_constraints(self.job.source_table)]
        if [self.job.key] not in unique:
            raise UsageError(
                fault("E0062", "{key} is neither primary key nor unique", key=self.job.key),
                where=self.job.source_table,
                next=tr("name a column in source.key that is; chunks and resuming go by it"),
            )

    @cached_property
    def table(self) -> sa.Table:
        """The target: the key and the converted columns."""
        key = self.origin.c[self.job.key]
        return sa.Table(
            self.job.target_table,
            sa.MetaData(),
            sa.Column(self.job.key, key.type, primary_key=True, autoincrement=False),
            *(sa.Column(column.to, sa.Text) for column in self.job.columns),
        )

    def chunks(self, reading: sa.Connection, after: Any, first: int) -> Iterator[_Chunk]:
        """Rows in the order of the key, converted; ``first``: rows before ``after``."""
        key = self.origin.c[self.job.key]
        wanted = [
            key,
            *(self.origin.c[column.name].label(f"c{n}") for n, column in enumerate(self.job.columns)),
        ]
        while True:
            query = sa.select(*wanted).order_by(key).limit(self.job.chunk)
            rows = reading.execute(query if after is None else query.where(key > after)).all()
            reading.rollback()  # no snapshot is held from chunk to chunk
            if not rows:
                return
            yield self._convert(rows, first)
            after, first = rows[-1][0], first + len(rows)

    def stored(self, writing: sa.Connection, rows: Sequence[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        """Key → the target's row, for the keys of these rows; a range for whole numbers, which all databases
        order alike.
        """
        key = self.table.c[self.job.key]
        keys = [row[self.job.key] for row in rows]
        if isinstance(key.type, sa.Integer):
            wanted = [key.between(keys[0], keys[-1])]
        else:
            wanted = [key.in_(keys[start : start + 10_000]) for start in range(0, len(keys), 10_000)]
        return {
            row[self.job.key]: dict(row)
            for some in wanted
            for row in writing.execute(sa.select(self.table).where(some)).mappings()
        }

    # -- converting -------------------------------------------------------------------------------

    def _convert(self, rows: Sequence[Any], first: int) -> _Chunk:
        keys = _joined([str(row[0]).encode() for row in rows])
        counts, hits, texts = [], [], []
        for number, column in enumerate(self.job.columns):
            cells = [row[number + 1] for row in rows]
            src, starts, ends = _cells(cells, column)
            batch = Batch(src, [starts] * (number + 1), [ends] * (number + 1), len(rows), -1, first + 1)
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
            texts.append(_texts(made, cells))
        names = [column.to for column in self.job.columns]
        out = [
            {self.job.key: row[0], **dict(zip(names, cells, strict=True))}
            for row, *cells in zip(rows, *texts, strict=True)
        ]
        return _Chunk(out, counts, hits)

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
        name = f"{_shown(self.job.source_url)} {table}"
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
            "key": self.job.key,
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


def _shown(url: str) -> str:
    """A URL without its password."""
    return database_url(url).render_as_string(hide_password=True)


def _cells(cells: Sequence[Any], column: DbColumn) -> tuple[bytearray, array[int], array[int]]:
    """The cells' bytes one after the other, and where each begins and ends; nothing for NULL."""
    if any(isinstance(cell, str) for cell in cells) and not column.charset.startswith("unicode-utf8"):
        raise UsageError(
            fault("E0070", "holds text, not bytes of {charset}", charset=column.charset),
            where=column.name,
            next=tr("use charset unicode-utf8 for text columns"),
        )
    raw = [cell.encode() if isinstance(cell, str) else bytes(cell or b"") for cell in cells]
    src, ends = _joined(raw)
    return src, ends[:-1], ends[1:]


def _joined(raw: Sequence[bytes]) -> tuple[bytearray, array[int]]:
    """The bytes in one buffer (with one more byte, so that it is never empty) and the offsets."""
    offsets = array("q", [0])
    for cell in raw:
        offsets.append(offsets[-1] + len(cell))
    return bytearray(b"".join(raw) + b"\0"), offsets


def _texts(made: Column, cells: Sequence[Any]) -> list[str | None]:
    """The column's texts; NULL stays NULL."""
    data, at = memoryview(made.data), made.offsets
    return [None if cell is None else str(data[at[i] : at[i + 1]], "utf-8") for i, cell in enumerate(cells)]
