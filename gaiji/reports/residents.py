"""Which residents' names changed in more than their code: the rows of ``gaiji report residents``.

Owns the second reading of a job's input and what counts as a change: a decision of another 同定区分 than
字形一致, a character lost by an earlier migration, a code not decided yet. How the rows become files is in
``gaiji.reports.pages``. Codes that the job's own site tables map are not told: those tables hold no 同定区分.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.codes.charset import load_charset
from gaiji.codes.program import K
from gaiji.columns.findings import NAMES, REVIEWED_ROLES, Grouping
from gaiji.kernel.arrow import int64_series
from gaiji.model import Column, Field, Picture, Reason
from gaiji.queue.decisions import UNREADABLE, Decision, Decisions
from gaiji.queue.items import Item
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan, decoder_of
from gaiji.standard.characters import coded
from gaiji.standard.repertoire import load_repertoire

SAME = "字形一致"
UNDECIDED = "未判定"
LOST = "過去の移行で失われた文字"


@dataclass(frozen=True)
class Changed:
    """One character of one resident. ``before``: the field with the character as 【〓】 or as it stood;
    ``after``: as written.
    """

    record: int
    key: str
    field: str
    before: str
    after: str
    code: str
    glyph: str
    text: str
    kind: str
    evidence: str


@dataclass(frozen=True)
class Residents:
    """The changed characters in the order of the input, how many records were read, and the 外字 pictures by
    code.
    """

    rows: list[Changed]
    read: int
    pictures: dict[str, Picture]

    @property
    def people(self) -> int:
        """Records with at least one changed character."""
        return len({row.record for row in self.rows})


def changed_residents(job: Job | str | Path, *, overrides: Mapping[str, Any] | None = None) -> Residents:
    """Read a job's input again, with and without the decisions of its queue, and tell what changed for
    whom."""
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    plan = Plan.of(job, reuse=False)
    decided, pictures = _decided(job, [one.system for one in plan.charsets])
    rows: list[Changed] = []
    read = 0
    for part in plan.each:
        reader = _Reader(part, decided)
        for batch in part.read():
            rows += reader.batch(batch)
            read += batch.rows
    rows.sort(key=lambda row: row.record)
    return Residents(rows, read, pictures)


Code = tuple[str, str, str]
"""Code system, code and reason."""


def _decided(job: Job, systems: Sequence[str]) -> tuple[dict[Code, Decision], dict[str, Picture]]:
    """The confirmed decisions on codes of some systems, and code → picture, of the job's queue; where two
    systems have a code, the picture of the first."""
    queue = open_queue(job.queue_where)
    try:
        mine = [i for i in queue.items() if i.system in systems and (i.site, i.gaiji_set) == job.owner]
        mine.sort(key=lambda item: systems.index(item.system), reverse=True)
        made, pictures = Decisions(queue).all(), queue.pictures()
        stands = [i for i in mine if i.state == "confirmed" and i.id in made]
        confirmed = {(i.system, i.code, i.reason): made[i.id] for i in stands}
        return confirmed, {i.code: pictures[i.id][0] for i in mine if pictures.get(i.id)}
    finally:
        queue.close()


KEPT = (Reason.ALREADY_LOST, Reason.AMBIGUOUS, Reason.NOT_IN_STANDARD)
"""What residents see as the old system has it."""


class _Reader:
    """Decodes each field twice: as the job's tables alone have it, and as the run writes it."""

    def __init__(self, plan: Plan, decided: Mapping[Code, Decision]) -> None:
        self.plan, self.decided = plan, decided
        job = plan.job
        tables = [job.file(name) for name in job.source["tables"]]
        plain = load_charset(plan.charset.name, tables, options=job.source["options"])
        policy = dict.fromkeys(Reason, "geta") | dict.fromkeys(KEPT, "keep")
        without = replace(job, policy=policy)
        self.before = decoder_of(without, plain, plan.fields, reuse=False, decided=False)
        self.names = Grouping(self.before, policy=job.policy, **job.sampling)

    def batch(self, batch: Batch) -> Iterator[Changed]:
        """The changes of one batch."""
        old, new = bytearray(batch.rows), bytearray(batch.rows)
        columns: dict[str, Column] = {}
        found: list[tuple[Field, Column, Column, array[int]]] = []
        for spec in self.plan.fields:
            before, _, findings = self.before.decode(batch, spec, old)
            after, _, _ = self.plan.decoder.decode(batch, spec, new)
            columns[spec.name] = after
            if findings and spec.role in REVIEWED_ROLES:
                found.append((spec, before, after, findings))
        key = columns.get(self.plan.job.review["key"])
        for spec, before, after, findings in found:
            for row, position, code, reason in self._told(spec, findings):
                record = batch.record_number(row)
                label = _cell(key, row) if key else str(record)
                shown = _marked(_cell(before, row), position)
                made = self.decided.get((self.before.charset_of(spec).system, code, reason.label))
                yield self._changed(record, label, spec.name, shown, _cell(after, row), code, reason, made)

    def _told(self, spec: Field, findings: array[int]) -> Iterator[tuple[int, int, str, Reason]]:
        """Row, position, code and reason of the findings that residents are told of."""
        flat = int64_series("f", findings)
        frame = pl.DataFrame({name: flat.gather_every(K["FINDING"], i) for i, name in enumerate(NAMES)})
        for (number, size, reason_id), part in frame.group_by("code", "size", "reason", maintain_order=True):
            reason = Reason(int(reason_id))
            code = self.names.code_hex(spec, number, size)
            made = self.decided.get((self.before.charset_of(spec).system, code, reason.label))
            if made is None or made.kind != SAME:
                for row, position in part.select("row", "position").iter_rows():
                    yield row, position, code, reason

    def _changed(
        self,
        record: int,
        key: str,
        field: str,
        before: str,
        after: str,
        code: str,
        reason: Reason,
        made: Decision | None,
    ) -> Changed:
        kind = made.kind if made else LOST if reason is Reason.ALREADY_LOST else UNDECIDED
        glyph = load_repertoire().get(made.glyph) if made and made.glyph and made.kind != UNREADABLE else None
        text = glyph.form(self.plan.job.target["form"]) if glyph else made.text if made else ""
        return Changed(
            record,
            key,
            field,
            before,
            after,
            code,
            glyph.name if glyph else "",
            text,
            kind,
            made.evidence if made else "",
        )


def _cell(column: Column, row: int) -> str:
    return bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")


def _marked(text: str, position: int) -> str:
    parts = coded(text)
    if position >= len(parts):
        return f"{text}【】"
    return "".join([*parts[:position], "【", parts[position], "】", *parts[position + 1 :]])


def waiting(item: Item) -> bool:
    """Whether a person still has to act on an item."""
    return item.state in ("open", "proposed", "deferred")
