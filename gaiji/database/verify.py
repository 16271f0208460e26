"""The proof of a converted table: what the target holds is encoded back and compared with the source's bytes.

Owns a reading of both tables of its own, the pairing of their rows by key, the counts that must agree with
the manifest, and the report (``JOB.verify.json``). What a cell is found to be is ``gaiji.proof.rows``', which
the caller hands in; nothing that reads, converts or writes rows in a run is used here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from gaiji import __version__
from gaiji.columns.decode import Decoder
from gaiji.database.faults import no_text
from gaiji.database.job import DbJob
from gaiji.database.keys import Key, shown
from gaiji.database.places import check_apart
from gaiji.database.plan import DbPlan
from gaiji.disk.files import write_whole
from gaiji.errors import DataError, GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Field, Reason
from gaiji.run.manifest import now

MAX_CHANGES = 1000
"""Changes that a report names."""
Row = Sequence[Any]


class RowsProof(Protocol):
    """The proof of one column and of the one with its glyphs' names: ``gaiji.proof.rows`` is it."""

    changed: list[dict[str, Any]]

    @property
    def bytes(self) -> int:
        """Bytes of the source's cells so far."""

    @property
    def counts(self) -> dict[str, int]:
        """Cells of the columns that were made, by class."""

    @property
    def flagged(self) -> dict[str, int]:
        """Flagged units by reason."""

    @property
    def empty(self) -> dict[str, int]:
        """Empty cells by what their sources are."""

    def compare(
        self, cells: Sequence[Any], there: Sequence[Row], numbers: Sequence[int], key: Callable[[int], str]
    ) -> None:
        """Cells of the source with those that were made of each."""

    def missing(self, cell: Any) -> None:
        """A cell whose row was not made."""

    def told(self) -> dict[str, Any]:
        """What was found of each column that was made."""

    def one_way(self) -> list[dict[str, Any]]:
        """Characters that do not come back as they were."""

    def flagged_characters(self) -> list[dict[str, Any]]:
        """Characters that wait for a person."""


class Proving(Protocol):
    """What makes the proof of a column."""

    def __call__(self, decoder: Decoder, spec: Field, names: Sequence[str], *, trimmed: bool) -> RowsProof:
        """See ``gaiji.proof.rows.RowsProof``."""


@dataclass(frozen=True)
class _Column:
    """A column of the source; ``made``: its numbers among the columns that were made (text, glyphs)."""

    number: int
    made: tuple[int, ...]
    proof: RowsProof


@dataclass
class DbVerification:
    """What was found; ``data`` is what is written as JOB.verify.json."""

    data: dict[str, Any]

    @property
    def changed(self) -> int:
        """Cells that are not what their source says."""
        return int(self.data["cells"]["changed"])

    @property
    def holds(self) -> bool:
        """No cell changed, and every count agrees."""
        return bool(self.data["holds"])

    @property
    def exit_code(self) -> int:
        """0: proved; 3: proved, flagged characters wait for review; 1: something changed or is missing."""
        return 1 if not self.holds else 3 if self.data["cells"]["flagged"] else 0


def verify_table(job: DbJob | str | Path, proving: Proving) -> DbVerification:
    """Prove a converted table: read source and target, encode the target back, compare every byte.

    ``proving``: ``gaiji.proof.rows.RowsProof``, which whoever calls has and this room need not know. Writes
    JOB.verify.json beside the job. Raises GaijiError when there is nothing to compare: no target, no
    manifest, a job or tables other than those of the conversion.
    """
    plan = DbPlan.of(job)
    check_apart(plan.job)
    try:
        plan.open()
        data = _Proof(plan, proving).run()
    except sa.exc.SQLAlchemyError as error:
        raise plan.error(error) from error
    finally:
        plan.close()
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    write_whole(plan.job.proof_path, text.encode(), own=True)
    return DbVerification(data)


class _Proof:
    """One proof of an open plan."""

    def __init__(self, plan: DbPlan, proving: Proving) -> None:
        self.plan, self.job = plan, plan.job
        self.started = now()
        self.manifest = self._manifest()
        glyphs = [column in self.job.glyphs for column in self.job.columns]
        self.columns = [
            self._column(proving, number, len(self.job.columns) + sum(glyphs[:number]) if there else -1)
            for number, there in enumerate(glyphs)
        ]
        self.rows = self.missing = 0
        self.lost: list[str] = []

    def _column(self, proving: Proving, number: int, glyphs: int) -> _Column:
        column, decoder = self.job.columns[number], self.plan.decoders[number]
        names = [column.to] if glyphs < 0 else [column.to, column.glyphs]
        proof = proving(decoder, self.plan.fields[number], names, trimmed=column.trim != "none")
        return _Column(number, (number,) if glyphs < 0 else (number, glyphs), proof)

    def _manifest(self) -> dict[str, Any]:
        """What the conversion said at its end; GaijiError where it said nothing, or was another."""
        path = self.job.manifest_path
        try:
            told: dict[str, Any] = json.loads(path.read_bytes())
            tables = {table["id"]: table["sha256"] for table in told["tables"]}
            then = told["job"]["sha256"], tables, told["repertoire"]
            parts = [told["rows"], *(told["columns"][c.to]["flagged"] for c in self.job.columns)]
            assert isinstance(parts[0], int)
        except (OSError, ValueError, KeyError, TypeError, AssertionError, RecursionError) as error:
            raise GaijiError(
                fault("E0650", "is no manifest of a conversion of this table"),
                where=str(path),
                next=tr("run gaiji db convert to its end first"),
            ) from error
        now_ = self.job.digest, {t.id: t.sha256 for t in self.plan.tables_of_codes}, self.plan.repertoire
        names = tr("the job file"), tr("a mapping or site table"), tr("the glyph list")
        for mine, its, what in zip(now_, then, names, strict=True):
            if mine != its:
                raise GaijiError(
                    fault("E0651", "{what} is not the one that the target was made with", what=what),
                    where=str(path),
                    next=tr("run gaiji db convert --restart, then verify"),
                )
        return told

    def run(self) -> dict[str, Any]:
        """Compare everything; what was found."""
        with self.plan.source.connect() as reading, self.plan.target.connect() as writing:
            after: Key | None = None
            while some := self._source_rows(reading, after):
                keys = self.plan.keys.values(some, self.rows + self.missing)
                self._compare(keys, some, self._target_rows(writing, keys))
                after = keys[-1]
            count = sa.select(sa.func.count())
            source = reading.execute(count.select_from(self.plan.origin)).scalar_one()
            target = writing.execute(count.select_from(self.plan.table)).scalar_one()
        return self._report(source, target)

    # -- reading ----------------------------------------------------------------------------------

    def _source_rows(self, reading: sa.Connection, after: Key | None) -> Sequence[Row]:
        """The next rows of the source: key, then the columns as the driver gives them."""
        raw = reading.dialect.name != "oracle"  # whose large objects are read by their type
        plain = [self.plan.origin.c[column.name] for column in self.job.columns]
        cells = [sa.type_coerce(c, sa.types.NullType()) if raw else c for c in plain]
        keys = self.plan.keys.columns
        named = [part.label(f"p{number}") for number, part in enumerate((*keys, *cells))]
        query = sa.select(*named).order_by(*keys).limit(self.job.chunk)
        if after is not None:
            query = query.where(self.plan.keys.behind(after))
        try:
            return reading.execute(query).all()
        except (UnicodeDecodeError, sa.exc.DBAPIError) as error:
            if isinstance(error, sa.exc.DBAPIError) and not no_text(error):
                raise
            raise DataError(
                fault("E0652", "text that is no UTF-8 is among the rows behind row {first}", first=self.rows),
                where=self.job.source_table,
                next=tr("name a view in source.table that gives the column as bytes (convert_to)"),
            ) from error

    def _target_rows(self, writing: sa.Connection, keys: Sequence[Key]) -> dict[Key, Row]:
        """Key → the cells that were made, for these keys."""
        table = self.plan.table
        columns = [table.c[name] for name in self.job.keys]
        plain = [table.c[name] for name in self.job.made]
        raw = writing.dialect.name != "oracle"
        made = [sa.type_coerce(c, sa.types.NullType()) if raw else c for c in plain]
        query = sa.select(*columns, *(c.label(f"m{n}") for n, c in enumerate(made)))
        if len(columns) == 1 and self.plan.keys.numbers[0]:  # all databases order whole numbers alike
            parts: list[Any] = [columns[0].between(keys[0][0], keys[-1][0])]
        else:
            some = [keys[start : start + 1_000] for start in range(0, len(keys), 1_000)]
            one = len(columns) == 1
            parts = [
                columns[0].in_([key for (key,) in part]) if one else sa.tuple_(*columns).in_(part)
                for part in some
            ]
        width = len(columns)
        return {
            tuple(row[:width]): row[width:]
            for part in parts
            for row in writing.execute(query.where(part)).all()
        }

    # -- comparing --------------------------------------------------------------------------------

    def _compare(self, keys: Sequence[Key], some: Sequence[Row], there: dict[Key, Row]) -> None:
        first = self.rows + self.missing + 1
        numbers = [number for number, key in enumerate(keys) if key in there]
        absent = [shown(key) for key in keys if key not in there]
        for column in self.columns:
            at = len(self.job.keys) + column.number
            for n, key in enumerate(keys if absent else ()):
                if key not in there:
                    column.proof.missing(some[n][at])
            made = [[there[keys[n]][m] for m in column.made] for n in numbers]
            cells, rows = [some[n][at] for n in numbers], [first + n for n in numbers]
            column.proof.compare(cells, made, rows, lambda row: shown(keys[row - first]))
        self.rows += len(numbers)
        self.missing += len(absent)
        self.lost = (self.lost + absent)[:MAX_CHANGES]

    # -- what was found ---------------------------------------------------------------------------

    def _report(self, source: int, target: int) -> dict[str, Any]:
        proofs = [column.proof for column in self.columns]
        cells: Counter[str] = Counter()
        for proof in proofs:
            cells.update(proof.counts)
        checks = self._checks(source, target, cells.total())
        changed = [change for proof in proofs for change in proof.changed]
        return {
            "holds": cells["changed"] == 0 and all(check["holds"] for check in checks),
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "source": self.job.source_table,
            "target": {"table": self.job.target_table, "columns": list(self.job.made)},
            "mode": self.job.mode,
            "rows": {"source": source, "compared": self.rows, "missing": self.missing, "target": target},
            "missing": self.lost[:20],
            "cells": dict(cells),
            "columns": {name: told for proof in proofs for name, told in proof.told().items()},
            "one_way": [row for proof in proofs for row in proof.one_way()],
            "flagged": [row for proof in proofs for row in proof.flagged_characters()],
            "changed": changed[:MAX_CHANGES],
            "checks": checks,
            "converted": {key: self.manifest.get(key) for key in ("gaiji", "finished")},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
            "started": self.started,
            "finished": now(),
        }

    def _checks(self, source: int, target: int, cells: int) -> list[dict[str, Any]]:
        """Conservation, counted anew: nothing here comes from the conversion but what is compared with it."""
        then = self.manifest
        rows: list[tuple[str, Any, Any]] = [
            ("rows-of-source", source, then["rows"]),
            ("rows-read", self.rows + self.missing, source),
            ("rows-missing", self.missing, 0),
            ("rows-of-target", target, source),
            ("cells", cells, self.rows * len(self.job.made)),
        ]
        for column in self.columns:
            proof, name = column.proof, self.plan.fields[column.number].name
            there = then["columns"][name]
            wanted = {k: n for k, n in there["flagged"].items() if k != Reason.ONE_SOURCE.label}
            rows += [
                (f"bytes {name}", proof.bytes, there.get("bytes")),
                (f"flagged {name}", proof.flagged, wanted),
                (f"empty {name}", proof.empty, there.get("empty", {})),
            ]
        return [
            {"check": name, "holds": found == wanted, "found": found, "expected": wanted}
            for name, found, wanted in rows
        ]
