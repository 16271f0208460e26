"""A database table's columns converted in chunks by key range: each chunk with its progress in one
transaction.

Owns chunks, their conversion and the comparison afterwards; how far a run has come is in ``progress``.
Decoding is in ``gaiji.columns.decode``; findings are grouped in ``gaiji.columns.findings``.
"""

from __future__ import annotations

import json
import os
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from gaiji import __version__
from gaiji.codes.program import K
from gaiji.columns.findings import Grouping, Hit
from gaiji.database.added import AddedColumns
from gaiji.database.cells import Rows, as_it_stands, rows_of
from gaiji.database.faults import no_text
from gaiji.database.job import DbJob
from gaiji.database.keys import Key
from gaiji.database.places import check_apart, shown_url
from gaiji.database.plan import DbPlan
from gaiji.database.progress import Progress
from gaiji.database.target import NewTable, Row
from gaiji.disk.files import write_whole
from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import decode as kernel
from gaiji.model import Column, Reason
from gaiji.queue.items import Source
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.run.enqueue import Found, items_of
from gaiji.run.job import sampling
from gaiji.run.manifest import now
from gaiji.run.totals import empties
from gaiji.run.totals import flagged as flagged_units

if TYPE_CHECKING:
    from gaiji.database.blocks import Block, Blocks


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

    rows: Sequence[Row]
    counts: list[array[int]]
    hits: list[Hit]
    digest: str


def convert_table(job: DbJob | str, *, restart: bool = False, dry_run: bool = False) -> DbReport:
    """Convert a table as a job says, or go on where a run stopped.

    ``restart`` drops what earlier runs wrote; ``dry_run`` converts and counts and writes nothing. GaijiError
    when the databases cannot be used, UsageError when the target belongs to another job, DataError when
    counts do not reconcile.
    """
    plan = DbPlan.of(job)
    check_apart(plan.job)
    begin = time.monotonic()
    try:
        plan.open()
        run = Run(plan)
        with plan.source.connect() as reading:
            if dry_run:
                reports = [run.report_of(chunk) for chunk in run.chunks(reading, None, 0)]
                return run.summary(reports, 0, begin, waiting=0)
            target = AddedColumns(plan) if plan.job.mode == "columns" else NewTable(plan)
            progress = Progress(target, plan.digest, plan.from_)
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
        raise plan.error(error) from error
    finally:
        plan.close()


def ahead(chunks: Iterator[_Chunk], asked: Callable[[], object]) -> Iterator[_Chunk]:
    """Chunks as they are, the next one made on a thread meanwhile; on another, once one has a finding, what
    will be ``asked`` of the tables at the end."""
    with ThreadPoolExecutor(2, "gaiji-read") as pool:
        waiting, told = pool.submit(next, chunks, None), False
        while (chunk := waiting.result()) is not None:
            waiting = pool.submit(next, chunks, None)
            if chunk.hits and not told:
                told = bool(pool.submit(asked))
            yield chunk


def blocks_of(plan: DbPlan) -> Blocks | None:
    """What reads the source by whole columns; None where it is read row by row."""
    if plan.source.dialect.driver != "psycopg":
        return None
    from gaiji.database.blocks import Blocks

    return Blocks.of(plan)


class Run:
    """The reading, converting and counting of one plan."""

    def __init__(self, plan: DbPlan) -> None:
        self.plan = plan
        self.job = plan.job
        self.groupings = [
            Grouping(decoder, policy=self.job.policy, **sampling(self.job.review))
            for decoder in plan.decoders
        ]
        self.blocks = blocks_of(plan)

    def _read(self, reading: sa.Connection, after: Key | None, first: int, limit: int) -> Rows | Block:
        """The next rows behind a key, as bytes; ``first``: rows before them."""
        block = self.blocks.read(reading, after, limit) if self.blocks else None
        return self._read_rows(reading, after, first, limit) if block is None else block

    def _read_rows(self, reading: sa.Connection, after: Key | None, first: int, limit: int) -> Rows:
        dialect = self.plan.source.dialect.name
        wanted = [
            *(column.label(f"k{n}") for n, column in enumerate(self.plan.keys.columns)),
            *(
                as_it_stands(self.plan.origin.c[column.name], dialect).label(f"c{n}")
                for n, column in enumerate(self.job.columns)
            ),
        ]
        query = sa.select(*wanted).order_by(*self.plan.keys.columns).limit(limit)
        try:
            rows = reading.execute(
                query if after is None else query.where(self.plan.keys.behind(after))
            ).all()
        except (UnicodeDecodeError, sa.exc.DBAPIError) as error:
            if isinstance(error, sa.exc.DBAPIError) and not no_text(error):
                raise
            raise DataError(
                fault("E0614", "text that is no UTF-8 is among the rows behind row {first}", first=first),
                where=self.job.source_table,
                next=tr("name a view in source.table that gives the column as bytes (convert_to)"),
            ) from error
        reading.rollback()  # no snapshot is held from chunk to chunk
        return rows_of(self.plan.keys.values(rows, first), rows, self.job.columns, self.job.source_table)

    def chunks(self, reading: sa.Connection, after: Key | None, first: int) -> Iterator[_Chunk]:
        """Rows in the order of the key, converted; ``first``: rows before ``after``. Of a server's table that
        the run does not fill itself, a chunk is read and converted while the one before is written."""
        made = self._chunks(reading, after, first)
        return made if self.blocks is None or self.job.mode == "columns" else ahead(made, self._look_up)

    def _look_up(self) -> None:
        """Parse the tables, whose rows the queue is told of; what is wrong there is said then."""
        for charset in self.plan.charsets:
            _ = charset.entries

    def _chunks(self, reading: sa.Connection, after: Key | None, first: int) -> Iterator[_Chunk]:
        while rows := self._read(reading, after, first, self.job.chunk):
            yield self._convert(rows, first)
            after, first = rows.last, first + len(rows)

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
            after, first = rows.last, first + count

    # -- converting -------------------------------------------------------------------------------

    def _convert(self, rows: Rows | Block, first: int) -> _Chunk:
        keys = rows.shown()
        counts, hits = [], []
        made_texts, glyphs = list[Any](), list[Any]()  # columns as the rows have them
        for number, column in enumerate(self.job.columns):
            src, ends = rows.raw[number]
            begins: list[Sequence[int]] = [ends[:-1]] * (number + 1)
            behind: list[Sequence[int]] = [ends[1:]] * (number + 1)
            batch = Batch(src, begins, behind, len(rows), -1, first + 1)
            decoder, spec = self.plan.decoders[number], self.plan.fields[number]
            made, count, found = decoder.decode(batch, spec, bytearray(len(rows)))
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
            grouped, _, failed, _ = self.groupings[number].group(
                batch, [(spec, found)] if found else [], [made, Column(self.job.review["key"], *keys)]
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
            made_texts.append(rows.texts(made, number))
            if column in self.job.glyphs:
                glyphs.append(rows.texts(decoder.glyphs(batch, spec), number))
        out = rows.made([*self.job.keys, *self.job.made], [*made_texts, *glyphs])
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
        with self.plan.target.connect() as connection:
            there = connection.execute(sa.select(sa.func.count()).select_from(self.plan.table)).scalar_one()
        source = reading.execute(sa.select(sa.func.count()).select_from(self.plan.origin)).scalar_one()
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
                "empty": empties(array("q", total)),
                "reconciled": units == mapped + passed + sum(flagged.values()),
            }
        return out

    def fill_queue(self, reports: Sequence[dict[str, Any]]) -> int:
        """All findings of name, kana and address columns as items; returns how many wait."""
        numbers = {column.to: n for n, column in enumerate(self.job.columns)}
        found = (
            Found(self.plan.charsets[numbers[name]], name, role, code, Reason.from_label(label), *counts)
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
        tables = {t.id: t for t in self.plan.tables_of_codes}
        data = {
            "source": self.job.source_table,
            "target": self.job.target_table,
            "mode": self.job.mode,
            "key": self.job.keys[0] if len(self.job.keys) == 1 else list(self.job.keys),
            "rows": report.rows,
            "columns": report.columns,
            "findings": report.findings,
            "waiting": report.waiting,
            "job": {"sha256": self.job.digest},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables.values()],
            "repertoire": self.plan.repertoire,
            "finished": now(),
            "gaiji": {"version": __version__, "kernel": "compiled" if kernel.compiled() else "interpreted"},
        }
        write_whole(
            self.job.manifest_path, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode(), own=True
        )
