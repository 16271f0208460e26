"""The places of a dump that no table can settle, each as a line of its own for the queue.

Owns one more reading of a job's input that lists them: whom they concern and what the output has there. What
is answered is ``gaiji.queue.places``'.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaiji.columns.findings import reviewed
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import Column, Field, Reason
from gaiji.queue.decisions import PLACES, Decisions
from gaiji.queue.places import ItemKey, Place, Places
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.run.corrections import place_in
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan
from gaiji.run.sources import source_of
from gaiji.run.stages import decode
from gaiji.standard.characters import coded


@dataclass(frozen=True)
class Listed:
    """How many places were found, and in how many records."""

    places: int
    records: int


def list_places(job: Job | str | Path, *, overrides: Mapping[str, Any] | None = None) -> Listed:
    """Read a job's input again and keep every place of the reasons that are about a place in its queue.

    QueueError when the job was not converted before. UsageError when a policy writes more than one character
    for a code (``tag``, ``pua``): no position would name a place for sure.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    long = sorted(reason.label for reason, how in job.policy.items() if how in ("tag", "pua"))
    if long:
        raise UsageError(
            fault(
                "E0693",
                "writes codes as tags ({reasons}), so that places cannot be counted",
                reasons=", ".join(long),
            ),
            where=str(job.path),
            next=tr("use the policy geta or keep, and convert again"),
        )
    plan = Plan.of(job, reuse=False)
    found: dict[ItemKey, list[Place]] = defaultdict(list)
    records: set[int] = set()
    for part in plan.each:
        for batch in part.read():
            for key, place in _of(part, batch):
                found[key].append(place)
                records.add(place.record)
    queue = open_queue(job.queue_where)
    try:
        count = Places(Decisions(queue)).listed(source_of(job), found)
    finally:
        queue.close()
    return Listed(count, len(records))


def _of(plan: Plan, batch: Batch) -> Iterator[tuple[ItemKey, Place]]:
    """The places of one batch, with the item that each belongs to."""
    decoded = decode(plan, batch)
    columns = {column.name: column for column in decoded.columns}
    key = plan.grouping.key
    site, gaiji_set = plan.job.owner
    for spec, findings in decoded.found:
        system = plan.decoder.charset_of(spec).system
        for row, position, code, reason in _listed(plan, spec, findings):
            text = _cell(columns[spec.name], row)
            position = place_in(text, position)
            old, shown = _shown(plan, text, position)
            record = batch.record_number(row)
            name = _cell(columns[key], row) if key else str(record)
            place = Place(
                record,
                key if name else "",
                name or str(record),
                plan.qualified(spec.name),
                position,
                old,
                shown,
            )
            yield (system, code, site, gaiji_set, reason.label), place


def _listed(plan: Plan, spec: Field, findings: array[int]) -> Iterator[tuple[int, int, str, Reason]]:
    """Row, position, code and reason of a field's findings that are about a place."""
    width = DECODE["FINDING"]
    if not reviewed(spec.role, Reason.ALREADY_LOST, plan.job.review["roles"]):
        return
    for row, _, position, code, size, what in zip(*(findings[at::width] for at in range(6)), strict=True):
        reason = Reason(what)
        if reason.label in PLACES and plan.job.policy[reason] != "drop-record":
            yield row, position, plan.grouping.code_hex(spec, code, size), reason


def _shown(plan: Plan, text: str, position: int) -> tuple[str, str]:
    """What the output has at a place, and the field with it in 【】 as far as the context allows."""
    parts = coded(text)
    begin = sum(map(len, parts[:position]))
    mark = plan.decoder.marks.pattern.match(text, begin)
    old = mark[0] if mark else parts[position] if position < len(parts) else ""
    context = plan.job.review["context"]
    if context == "field":
        return old, f"{text[:begin]}【{old}】{text[begin + len(old) :]}"
    return old, f"【{old}】" if context == "glyph-only" else ""


def _cell(column: Column, row: int) -> str:
    return bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")
