"""The files of a job: what it reads, and what its commands write beside its output.

Owns the lists that ``gaiji.disk.apart.keep_apart`` compares, and nothing of the comparing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.codes.spec import code_system, load_spec
from gaiji.disk.apart import Place, keep_apart, keep_outside
from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.files import STDOUT, beside, output_part, part_path
from gaiji.disk.lock import lock_path
from gaiji.disk.remote import local_path
from gaiji.queue.place import queue_files
from gaiji.records.quarantine import quarantine_paths
from gaiji.run.checkpoint import checkpoint_path
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import manifest_path, verify_paths
from gaiji.run.order import order_path
from gaiji.run.recipes import files_of
from gaiji.run.shrunk import policy_of, shrunk_paths

if TYPE_CHECKING:
    from gaiji.queue.queue import Queue
    from gaiji.shrinking.policy import Policy


def reads_of(job: Job) -> Iterator[Place]:
    """What a job's commands read: job file, input, layout, tables and decisions, pictures, shrink policy."""
    if job.path:
        yield Place("job file", Path(job.path))
    source = job.source
    named = [
        ("input", source["path"]),
        ("layout", source["layout"]),
        *(("site table", table) for table in source["tables"]),
        *(("layout", rule.layout) for rule in job.records if Path(rule.layout).suffix),
    ]
    files = ((what, job.file(name)) for what, name in named if name and name != STDOUT)
    yield from (Place(what, Path(local_path(path) or path)) for what, path in files)
    yield from (Place("table of the columns", Path(job.file(name))) for name in files_of(job))
    if job.target["pua"]:
        yield Place("table of private use characters", Path(job.file(job.target["pua"])))
    decided = job.decisions_path(code_system(source["charset"]))
    yield Place("table of decisions", decided)  # and those on codes of fields with a charset of their own:
    yield from (Place("table of decisions", path) for path in decided.parent.glob("decisions-*.tsv"))
    yield from (Place("table of corrections", path) for path in decided.parent.glob("corrections-*.tsv"))
    for path in (mappings_dir() / "tables").rglob("*.tsv"):
        yield Place("mapping table", path)
    if job.review["pictures"]:
        yield from picture_places(job.file(job.review["pictures"]))


def rules_of(policy: Policy | None) -> Iterator[Place]:
    """The files of a shrink policy."""
    return (Place("shrink policy", Path(name)) for name in (policy.files if policy else ()))


def charset_places(charset: str) -> Iterator[Place]:
    """The tables that gaiji brings for a charset."""
    spec = load_spec(charset)
    for table in (*spec.single, *spec.double, *spec.triple):
        yield Place("mapping table", mappings_dir() / "tables" / f"{table}.tsv")


def picture_places(source: str | Path) -> Iterator[Place]:
    """A source of 外字 pictures and, where it is a folder, all that lies in it."""
    source = Path(source)
    inside = source.iterdir() if source.is_dir() else ()
    pictures = [source, *(path for path in inside if path.is_file())]
    return (Place("外字 pictures", path) for path in pictures)


def queue_places(where: str | Path) -> Iterator[Place]:
    """The files of a review queue; none where it is a database on a server."""
    return (Place("review queue", path) for path in queue_files(where))


def writes_of(job: Job, policy: Policy | None) -> Iterator[Place]:
    """What ``convert`` writes: output, quarantine, manifest, the output for another system, and what stands
    there while it runs."""
    output, named = job.output_path, job.named_path
    outputs = outputs_of(job)
    yield from (Place("output", path) for path in outputs)
    if job.records:
        yield Place("order of records", order_path(named))
    yield Place("manifest", manifest_path(named))
    yield from (Place("quarantine", path) for path in quarantine_paths(named))
    yield from (Place("output for another system", path) for path in shrunk_paths(output, policy))
    yield Place("lock", lock_path(named))
    yield Place("checkpoint", checkpoint_path(output))
    yield from (Place("unfinished file", path) for path in unfinished_of(job))


def outputs_of(job: Job) -> list[Path]:
    """The files that hold a job's converted records: its own, or those of its record types."""
    typed = [job.base / rule.output for rule in job.records if rule.output and not rule.skip]
    to_own = not job.records or any(not rule.output and not rule.skip for rule in job.records)
    return [job.output_path, *typed] if to_own and job.output["path"] != STDOUT else typed


def unfinished_of(job: Job) -> list[Path]:
    """Where the files of a run stand until they are whole."""
    named, output = job.named_path, Path(os.path.realpath(job.output_path))
    own = [manifest_path(named), *quarantine_paths(named), beside(output, "checkpoint")]
    own += [order_path(named)] if job.records else []
    return [*map(output_part, outputs_of(job)), *map(part_path, own)]


def check_convert(job: Job, policy: Policy | None) -> None:
    """UsageError when ``convert`` would write over a file that it reads, or two of its files are one."""
    keep_apart([*writes_of(job, policy), *queue_places(job.queue_where)], [*reads_of(job), *rules_of(policy)])


def check_convert_in_pieces(job: Job) -> None:
    """The same where the outputs are folders: no other file of the run may lie in one of them."""
    check_convert(job, None)
    folders = [Place("output", path) for path in outputs_of(job)]
    keep_outside(folders, [*writes_of(job, None), *queue_places(job.queue_where), *reads_of(job)])


def check_beside(job: Job, writes: Iterable[Place], reads: Iterable[Place] = ()) -> None:
    """UsageError when a command on a converted job would write over what the job reads, has written or keeps
    in its queue; ``reads``: what else the command reads."""
    policy, writes = policy_of(job), list(writes)
    ours = {place.path for place in writes}
    proofs = (Place("proof", path) for path in verify_paths(job.named_path) if path not in ours)
    made = [*writes_of(job, policy), *queue_places(job.queue_where), *proofs]
    keep_apart(writes, [*reads_of(job), *rules_of(policy), *made, *reads])


def queue_reads(queue: Queue) -> Iterator[Place]:
    """What a command on a queue must leave alone: its files, and the jobs and inputs that its findings
    came from.

    A queue of an earlier version names inputs as their jobs did and does not know the jobs' folders: they are
    looked for in the working folder, beside the queue and in the folders above it. Manifests there, and
    the outputs that they tell of, are left alone too.
    """
    yield from queue_places(queue.url)
    folder = queue.folder.absolute()
    for source in queue.sources():
        if (folder / source.job).is_file():
            yield Place("job file", folder / source.job)
        for name in source.input.split(" = "):
            for base in (folder,) if source.job else (Path(), folder, *folder.parents):
                if (base / name).is_file():
                    yield Place("input", base / name)
    for path in sorted(folder.glob("*manifest.json")):
        yield Place("manifest", path)
        yield from outputs_told(path)


def outputs_told(manifest: Path) -> Iterator[Place]:
    """The files beside a manifest that it tells of; none where it is none."""
    try:
        data = json.loads(manifest.read_bytes())
        files = [("output", one["path"]) for one in (data["output"], *data.get("outputs", ()))]
        files += [("quarantine", one["path"]) for one in data["quarantine"]["files"]]
        files += [("output for another system", one["path"]) for one in data["shrink"].get("files", ())]
        told = [Place(what, manifest.with_name(Path(name).name)) for what, name in files if name != STDOUT]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    yield from told


def decisions_beside(queue: Queue) -> Iterator[Place]:
    """The tables of decisions beside a queue."""
    return (Place("table of decisions", path) for path in sorted(queue.folder.glob("decisions-*.tsv")))


def check_scan(job: Job, report_to: str | Path, types: str | Path = "") -> None:
    """UsageError when the report of a scan would be written over what the scan reads; ``types``: a job
    file, whose own files it leaves alone too."""
    if not report_to:
        return
    reads = list(reads_of(job))
    if types:
        whole = load_job(types)
        policy = policy_of(whole)
        made = [*writes_of(whole, policy), *queue_places(whole.queue_where)]
        reads += [*reads_of(whole), *rules_of(policy), *made]
    keep_apart([Place("report", Path(report_to))], reads)
