"""What a finished migration leaves of people's data beside its output, removed, with a certificate.

Owns which files and queue rows these are, and the certificate; how a file goes, and the note by which an
erasure that was killed is ended by the next, are ``gaiji.run.erasing``'s. The output and its manifest stay:
they are the migration. What a file system, a copy or a backup keeps is not in anybody's hand here, and the
certificate says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import beside, sync_folder, write_whole
from gaiji.disk.lock import OutputLock, left_behind
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.records.quarantine import quarantine_paths
from gaiji.run.checkpoint import checkpoint_path
from gaiji.run.erasing import Noted, check_named, read_note, remove, to_erase, write_note
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import manifest_path, now, read_manifest
from gaiji.run.order import order_path
from gaiji.run.places import outputs_of, queue_places, reads_of, rules_of
from gaiji.run.reversal import reversed_path
from gaiji.run.shrunk import policy_of, shrunk_paths
from gaiji.run.sources import source_of

SHEETS = ("review.csv", "review.xlsx", "review.html")
"""What ``gaiji review export`` writes where it is not told another name."""
LIMITS = (
    "copies, backups and snapshots of these files are not erased",
    "a disk without overwriting in place (SSD, copy on write, a journal) may keep what stood there",
    "the output, its manifest, the decisions of the queue and what the job reads stay, corrections too",
    "sheets, lists, letters and reports under names of their own stay, unless they are named with --also",
)


@dataclass(frozen=True)
class Erased:
    """What was removed: ``data`` is what is written as OUTPUT.erased.json."""

    path: Path
    data: Mapping[str, Any]


def certificate_path(output: Path) -> Path:
    """Where the certificate of an erasure stands: beside the output, named after it."""
    return beside(output, "erased.json")


def erase(
    job: Job | str | Path, *, also: Iterable[str | Path] = (), overrides: Mapping[str, Any] | None = None
) -> Erased:
    """Remove what a converted job left beside its output: checkpoint, quarantine, what a killed run left
    unfinished, the table that leads back from 縮退, the way back, sheets, and the samples and names'
    proposals of its queue; write a certificate.

    ``also``: further files, such as sheets under other names. Killed anywhere it can be run again, from any
    folder: a note says what was to go, and the certificate tells of all of it. GaijiError when the job was
    not converted, or the note or an earlier certificate cannot be read; UsageError when a file is one that
    the job reads or its output, is not there, is a link, has a second name, or is another than the one that
    was to go.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    migration = _migration(job, read_manifest(job.named_path))
    certificate, note = certificate_path(job.named_path), beside(job.named_path, "erasing.json")
    named = [Path(os.path.abspath(one)) for one in also]
    with OutputLock(job.named_path, touch=False):
        noted, samples = read_note(note)
        check_named(named, noted)
        gone = list(dict.fromkeys([*(Path(os.path.abspath(p)) for p in _files(job)), *named]))
        stay = [*_stay(job), Place("certificate", certificate), Place("note of what goes", note)]
        every = dict.fromkeys([*gone, *(one.path for one in noted)])
        keep_apart((Place("erased file", path) for path in every), stay)
        files = to_erase(gone, noted, note)
        samples = max(samples, _samples(job))
        earlier = _earlier(certificate, _shown(files))
        write_note(note, files, samples)
        _samples(job, forget=True)
        for path in dict.fromkeys(one.path for one in files):
            remove(path)
        for folder in [left for path in outputs_of(job) for left in left_behind(path) if left.is_dir()]:
            with suppress(OSError):  # of a Parquet file; empty now
                folder.rmdir()
        data = migration | {
            "files": _shown(files),
            "queue": {"samples": samples},
            "not_promised": list(LIMITS),
            "gaiji": {"version": __version__},
            "finished": now(),
            "earlier": earlier,
        }
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        write_whole(certificate, text.encode(), own=True, again=True)
        note.unlink(missing_ok=True)
        sync_folder(note.parent)
    return Erased(certificate, data)


def _files(job: Job) -> Iterator[Path]:
    """The files beside a job's output that hold people's data and are not the output."""
    output, named = job.output_path, job.named_path
    shrunk = shrunk_paths(output, policy_of(job))
    back = reversed_path(job)
    queue = job.queue_where
    sheets = [queue.parent / name for name in SHEETS] if isinstance(queue, Path) else []
    ways = [back, beside(back, "reverse-findings.tsv")]
    own = [checkpoint_path(output), *quarantine_paths(named), *shrunk[1:], *ways, *sheets]
    yield from own
    kept = (beside(Path(os.path.realpath(output)), "checkpoint"), manifest_path(named), order_path(named))
    for path in (*outputs_of(job), *shrunk[:1], *kept, *own):
        for left in left_behind(path):
            if left.is_dir() and not left.is_symlink():
                yield from (Path(folder, name) for folder, _, names in os.walk(left) for name in names)
            else:
                yield left


def _stay(job: Job) -> list[Place]:
    """What an erasure leaves: the migration, what it was made of, and the decisions."""
    policy = policy_of(job)
    stay = [Place("output", path) for path in outputs_of(job)]
    stay += [Place("output for another system", path) for path in shrunk_paths(job.output_path, policy)[:1]]
    stay += [Place("order of records", order_path(job.named_path))]
    stay += [Place("manifest", manifest_path(job.named_path)), *reads_of(job)]
    return [*stay, *rules_of(policy), *queue_places(job.queue_where)]


def _earlier(certificate: Path, files: list[dict[str, Any]]) -> list[Any]:
    """What an earlier certificate of this output tells of: it is not lost when there is more to erase. One
    that tells of ``files`` is this erasure's, which was killed at its end. GaijiError when it cannot be
    read."""
    try:
        data = json.loads(certificate.read_bytes())
        before, finished, told = data["earlier"], data["finished"], data["files"]
        if not (isinstance(before, list) and isinstance(finished, str) and isinstance(told, list)):
            raise ValueError("of another form")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise GaijiError(
            fault("E0560", "is no certificate of an erasure, and would be written over"),
            where=str(certificate),
            next=tr("move it away and run again"),
        ) from error
    return before if files and told == files else [*before, {"finished": finished, "files": told}]


def _shown(files: Iterable[Noted]) -> list[dict[str, Any]]:
    """Files as a certificate tells of them: without their folders."""
    return [{"path": f.path.name, "bytes": f.bytes, "sha256": f.sha256} for f in sorted(files)]


def _samples(job: Job, *, forget: bool = False) -> int:
    """How many samples of a job its queue has; ``forget``: take them and its dump's proposals out."""
    from gaiji.queue.place import queue_files
    from gaiji.queue.queue import open_queue

    where = job.queue_where
    if queue_files(where) and not queue_files(where)[0].exists():
        return 0
    queue = open_queue(where)
    try:
        mine = source_of(job)
        outputs = {replace(mine, input=os.path.realpath(path)) for path in outputs_of(job)}
        shrunk = {queue.near(one).input for one in outputs}
        own = queue.near(mine).id
        names = [
            one.id
            for one in queue.sources()
            if one.id == own or (one.input in shrunk and one.job.startswith("shrink "))
        ]
        return queue.forget(names) if forget else queue.samples(names)
    finally:
        queue.close()


def _migration(job: Job, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a certificate says of the migration; GaijiError where its manifest does not."""
    try:
        outputs = [
            {"path": Path(one["path"]).name, "sha256": str(one["sha256"])}
            for one in manifest.get("outputs", (manifest["output"],))
        ]
        read = str(manifest["input"]["sha256"])
    except (KeyError, TypeError, AttributeError) as error:
        raise GaijiError(
            fault("E0201", "is no manifest of a conversion"),
            where=str(manifest_path(job.named_path)),
            next=tr("run gaiji convert first"),
        ) from error
    told = {"output": outputs[0]} if len(outputs) == 1 else {"outputs": outputs}
    return {"job": {"path": Path(job.path).name, "sha256": job.digest}, "input": {"sha256": read}, **told}
