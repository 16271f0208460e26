"""A blank list of items (``[output] items``) for the columns of a job, to be filled from the receiver's list.

Owns the blank file alone: which lengths and required items there are is the receiver's to say, and none is
invented here. How a filled one is read is ``recipes``'.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from pathlib import Path

from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.output.lines import BOM
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan

HEAD = ("item", "length", "unit", "required")


def blank_items(job: Job | str | Path, path: str | Path) -> list[str]:
    """Write a list of items with a row for each column that a job's output has, and empty cells for length,
    unit and required; its columns. UsageError where the file is there already, or is no .csv."""
    job = load_job(job) if not isinstance(job, Job) else job
    path = Path(path)
    if path.suffix.lower() != ".csv":
        raise UsageError(fault("E0827", "is no .csv file"), where=str(path), next=tr("give another name"))
    if path.exists():
        raise UsageError(fault("E0017", "is there already"), where=str(path), next=tr("give another name"))
    bare = replace(
        job,
        output={**job.output, "items": ""},
        records=tuple(replace(rule, items="") for rule in job.records),
    )
    parts = Plan.of(bare, reuse=False).each
    names = list(dict.fromkeys(name for part in parts for name in part.output.written))
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([name, "", "", ""] for name in names)
    write_whole(path, BOM + text.getvalue().encode())
    return names
