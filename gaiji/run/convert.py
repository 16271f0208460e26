"""The main path: a job's input becomes standard-code output, a review queue and a manifest.

Owns the order of the steps. Each step lives a room away: ``plan``, ``stages``, ``session``, ``enqueue``,
``shrunk``, ``manifest``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gaiji.disk.files import write_whole
from gaiji.disk.lock import OutputLock
from gaiji.log import event
from gaiji.records.batch import MAX_RECORD
from gaiji.run import stages
from gaiji.run.enqueue import check_queue, fill_queue, pictures_of
from gaiji.run.job import Job, make_job
from gaiji.run.manifest import Manifest, manifest_of, now, report, write_manifest
from gaiji.run.memory import check_memory
from gaiji.run.places import check_convert, check_scan
from gaiji.run.plan import Plan
from gaiji.run.session import Session
from gaiji.run.shrunk import policy_of, shrink_output, shrunk_paths
from gaiji.run.totals import Totals
from gaiji.run.workers import in_order, progress_bar


def convert(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: bool = False,
    resume: bool = False,
    checkpoints: bool = True,
) -> Manifest:
    """Run a job: file → framing → layout → charset → output, queue and manifest.

    ``threads``: 0 takes one a core; the output does not depend on it. ``progress`` shows a bar on a terminal.
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
    also = [path.name for path in shrunk_paths(plan.output.path, policy)]
    with OutputLock(plan.job.named_path, keep=resume, also=also):
        with Session(plan, resume=resume, checkpoints=checkpoints) as session:
            event("convert-started", plan.facts() | {"record": session.begun_at})
            write_records(session, threads, progress)
            review = fill_queue(plan, session.totals, pictures, session.reading.reader.sha256)
            shrunk = shrink_output(plan, policy, session.standing)
            manifest = manifest_of(
                plan,
                session.reading.reader,
                session.totals,
                (session.sink, session.quarantine),
                review | {"waiting": review["waiting"] + shrunk.told.get("waiting", 0)},
                shrunk.told,
                started,
            )
            session.name(shrunk.files, write_manifest(manifest, plan.job.named_path))
        done = {"records": manifest.data["records"], "waiting": manifest.to_review}
        event("convert-ended", plan.facts() | done | {"seconds": round(time.monotonic() - began, 3)})
        return manifest


def write_records(session: Session, threads: int, progress: bool) -> None:
    """All records to the session's files; what they hold adds up then, and none has its name yet."""
    work = partial(stages.convert, session.plan, session.sink)
    with progress_bar(session.reading.reader, progress) as advance:
        for done in in_order(work, session.reading, threads):
            session.take(done)
            advance(session.reading.reader, session.totals.written)
    session.finish()


def scan(
    path: str | Path, charset: str, *, layout: str = "", report_to: str | Path = "", **source: Any
) -> dict[str, Any]:
    """What is in a dump: records, units per field, codes outside the tables; writes no output data.

    ``source`` takes the keys of a job's ``[source]``. Without a layout each record is one field.
    ``report_to``: a file for what is returned, as JSON; UsageError when it is the dump, its layout or a
    table.
    """
    spec = {
        "path": str(path),
        "charset": charset,
        "format": source.pop("format", "fixed"),
        "layout": layout,
        **source,
    }
    whole = not layout and spec["format"] != "csv"
    length = spec.get("record_length", 0) or MAX_RECORD
    fields = [{"name": "record", "offset": 0, "length": length, "role": "name"}] if whole else []
    job = make_job({"source": spec, "output": {"path": os.devnull, "format": "csv"}, "field": fields})
    check_scan(job, report_to)
    plan = Plan.of(job)
    plan = replace(plan, owners=plan.owners.of_any_length()) if whole else plan
    totals, reading = Totals(plan.fields, plan.job.review["samples"]), plan.read()
    for done in in_order(partial(stages.survey, plan), reading, 0):
        totals.add(done, reading.reader.path)
        reading.recycle(done.batch)
    totals.reconcile(reading.reader)
    data = report(plan, reading.reader, totals)
    if report_to:
        write_whole(Path(report_to), (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode())
    return data
