"""The main path: a job's input becomes standard-code output, a review queue and a manifest.

Owns the order of the steps. Each step lives a room away: ``plan``, ``stages``, ``session``, ``enqueue``,
``shrunk``, ``manifest``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gaiji.columns.owners import Owners
from gaiji.disk.files import write_whole
from gaiji.disk.lock import OutputLock
from gaiji.errors import JobError
from gaiji.log import event
from gaiji.records.batch import MAX_RECORD, Batch
from gaiji.run import stages
from gaiji.run.enqueue import check_queue, fill_queue, pictures_of
from gaiji.run.job import Job, load_job, make_job
from gaiji.run.manifest import (
    Manifest,
    lists_before,
    manifest_of,
    now,
    others,
    report,
    types_report,
    write_manifest,
)
from gaiji.run.memory import check_memory
from gaiji.run.places import check_convert, check_scan
from gaiji.run.plan import Plan
from gaiji.run.session import Session
from gaiji.run.shrunk import policy_of, shrink_output, shrunk_paths
from gaiji.run.sums import Sums
from gaiji.run.totals import Converted, Parted
from gaiji.run.workers import Progress, in_order, progress_bar


def convert(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: Progress = False,
    resume: bool = False,
    checkpoints: bool = True,
) -> Manifest:
    """Run a job: file → framing → layout → charset → output, queue and manifest.

    ``threads``: 0 takes one a core; the output does not depend on it. ``progress`` shows a bar on a terminal;
    a function is told the bytes read and the records written instead.
    ``resume`` goes on where an interrupted run of the same job left off, from its start where it left
    nothing; UsageError for a pipe, ResumeError when the input, the output or a table has changed since.
    ``checkpoints``: keep what a later run needs to go on. Errors leave no output under its final name:
    the queue is filled and everything that the run writes is on the disk before the first file gets its name.
    """
    check_memory()
    started, began = now(), time.monotonic()
    plan = Plan.of(job, overrides)
    if resume:
        plan.check_resumable()
    policy = policy_of(plan.job)
    check_convert(plan.job, policy)
    pictures = pictures_of(plan)
    check_queue(plan.job.queue_where)
    also = shrunk_paths(plan.output.path, policy)
    also += [part.output.path for part in plan.parts if not part.skipped]
    with OutputLock(plan.job.named_path, keep=resume, also=also):
        before = lists_before(plan.job.named_path)
        with Session(plan, resume=resume, checkpoints=checkpoints) as session:
            event("convert-started", plan.facts() | {"record": session.begun_at})
            write_records(session, threads, progress)
            review = fill_queue(plan, session.sums.totals, pictures, session.reading.reader.sha256)
            shrunk = shrink_output(plan, policy, session.standing)
            manifest = manifest_of(
                plan,
                session,
                review | {"waiting": review["waiting"] + shrunk.told.get("waiting", 0)},
                shrunk.told,
                started,
            )
            session.name(shrunk.files, write_manifest(manifest, plan.job.named_path))
        done = {"records": manifest.data["records"], "waiting": manifest.to_review}
        manifest.before = others(before, manifest.data)
        event("convert-ended", plan.facts() | done | {"seconds": round(time.monotonic() - began, 3)})
        return manifest


def write_records(session: Session, threads: int, progress: Progress) -> None:
    """All records to the session's files; what they hold adds up then, and none has its name yet."""
    plan, sinks = session.plan, session.sinks
    work: Callable[[Batch], Converted | Parted] = partial(stages.convert, plan, sinks[0])
    if plan.parts:
        work = partial(stages.convert_types, plan, sinks)
    with progress_bar(session.reading.reader, progress) as advance:
        for done in in_order(work, session.reading, threads):
            session.take(done)
            advance(session.reading.reader, session.sums.written)
    session.finish()


def scan(
    path: str | Path,
    charset: str,
    *,
    layout: str = "",
    types: str | Path = "",
    report_to: str | Path = "",
    **source: Any,
) -> dict[str, Any]:
    """What is in a dump: records, units per field, codes outside the tables; writes no output data.

    ``source`` takes the keys of a job's ``[source]``. Without a layout each record is one field.
    ``types``: a job file whose ``[[record]]`` tables tell the record types apart. ``report_to``: a file for
    what is returned, as JSON; UsageError when it is the dump, its layout or a table.
    """
    spec = {
        "path": str(path),
        "charset": charset,
        "format": source.pop("format", "fixed"),
        "layout": layout,
        **source,
    }
    records = _types(types) if types else []
    whole = not layout and spec["format"] != "csv" and not records
    length = spec.get("record_length", 0) or MAX_RECORD
    fields = [{"name": "record", "offset": 0, "length": length, "role": "name"}] if whole else []
    wish = {
        "source": spec,
        "output": {"path": os.devnull, "format": "csv"},
        "field": fields,
        "record": records,
    }
    job = make_job(wish)
    check_scan(job, report_to, types)
    try:
        plan = Plan.of(job)
    except JobError as error:
        if error.number != "E0456" or spec["path"] == "-":
            raise
        plan = Plan.of(make_job(wish | {"source": spec | {"header": False}}))  # it is counted, not named
    if isinstance(plan.owners, Owners) and whole:
        plan = replace(plan, owners=plan.owners.of_any_length())
    sums, reading = Sums.of(plan.each, plan.parts, plan.shape), plan.read()
    survey: Callable[[Batch], Converted | Parted] = partial(stages.survey, plan)
    for done in in_order(partial(stages.survey_types, plan) if records else survey, reading, 0):
        sums.add(done, reading.reader.path)
        reading.recycle(done.batch)
    sums.reconcile(reading.reader)
    data = types_report(plan, reading, sums) if records else report(plan, reading.reader, sums.totals[0])
    if report_to:
        write_whole(Path(report_to), (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode())
    return data


def _types(path: str | Path) -> list[dict[str, Any]]:
    """The ``[[record]]`` tables of a job file, for a pass that writes no output."""
    found, base = [], Path(path).absolute().parent
    for number, rule in enumerate(load_job(path).records):
        table: dict[str, Any] = {"name": rule.name, "when": dict(rule.when), "output": f"{number}.csv"}
        layout = str(base / rule.layout) if Path(rule.layout).suffix else rule.layout
        more = {"layout": layout, "redefines": dict(rule.redefines), "field": list(rule.fields)}
        more |= {"parent": rule.parent, "key": list(rule.key)}
        if rule.counts:
            more["trailer"] = {"field": rule.trailer_field, "counts": list(rule.counts)}
        found.append(table | {key: value for key, value in more.items() if value})
    return found
