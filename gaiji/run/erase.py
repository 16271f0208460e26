"""What a finished migration leaves of people's data beside its output, removed, with a certificate.

Owns which files and queue rows these are, the note by which an erasure that was killed is ended by the
next, and the certificate. The output and its manifest stay: they are the migration. What a file system, a
copy or a backup keeps is not in anybody's hand here, and the certificate says so.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji import __version__
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import beside, output_error, part_path, sync_folder, write_whole
from gaiji.disk.lock import OutputLock
from gaiji.errors import GaijiError
from gaiji.messages import fault, tr
from gaiji.records.quarantine import quarantine_paths
from gaiji.run.checkpoint import checkpoint_path
from gaiji.run.enqueue import source_of
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import manifest_path, now, read_manifest
from gaiji.run.places import queue_places, reads_of
from gaiji.run.reversal import reversed_path
from gaiji.run.shrunk import policy_of, shrunk_paths

if TYPE_CHECKING:
    from gaiji.queue.items import Source

SHEETS = ("review.csv", "review.xlsx", "review.html")
"""What ``gaiji review export`` writes where it is not told another name."""
LIMITS = (
    "copies, backups and snapshots of these files are not erased",
    "a disk without overwriting in place (SSD, copy on write, a journal) may keep what stood there",
    "the output, its manifest and the decisions of the queue stay",
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
    """Remove what a converted job left beside its output: checkpoint, quarantine, the table that leads
    back from 縮退, the way back, sheets, and the samples and names' proposals of its queue; write a
    certificate.

    ``also``: further files, such as sheets under other names. Killed anywhere it can be run again: a note
    says what was to go, and the certificate tells of all of it. GaijiError when the job was not converted;
    UsageError when a file is one that the job reads.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    manifest = read_manifest(job.named_path)
    certificate = certificate_path(job.named_path)
    gone = [*_files(job), *(Path(one) for one in also)]
    stay = [
        Place("output", job.output_path),
        Place("manifest", manifest_path(job.named_path)),
        *reads_of(job),
    ]
    stay += queue_places(job.queue_where)
    keep_apart((Place("erased file", path) for path in gone), [*stay, Place("certificate", certificate)])
    with OutputLock(job.named_path, keep=True):
        note = beside(job.named_path, "erasing.json")
        before = _told(note)
        files = {str(p): _described(p) for p in gone if p.is_file() and not p.is_symlink()} | before["files"]
        samples = max(before["samples"], _samples(job))
        told = {"files": files, "samples": samples}
        write_whole(note, json.dumps(told, ensure_ascii=False).encode(), own=True)
        _samples(job, forget=True)
        for name in files:
            _remove(Path(name))
        data = _certificate(job, manifest, files, samples, _earlier(certificate))
        write_whole(certificate, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode(), own=True)
        note.unlink(missing_ok=True)
    return Erased(certificate, data)


def _files(job: Job) -> list[Path]:
    """The files beside a job's output that hold people's data and are not the output."""
    output, named = job.output_path, job.named_path
    shrunk = shrunk_paths(output, policy_of(job))
    back = reversed_path(job)
    parts = [part_path(path) for path in (output, *quarantine_paths(named), beside(output, "checkpoint"))]
    queue = job.queue_where
    sheets = [queue.parent / name for name in SHEETS] if isinstance(queue, Path) else []
    ways = [back, beside(back, "reverse-findings.tsv")]
    return [checkpoint_path(output), *quarantine_paths(named), *shrunk[1:], *ways, *parts, *sheets]


def _told(note: Path) -> dict[str, Any]:
    """What an erasure that was killed was to remove; GaijiError when its note is damaged."""
    try:
        told = json.loads(note.read_bytes())
        return {"files": dict(told["files"]), "samples": int(told["samples"])}
    except FileNotFoundError:
        return {"files": {}, "samples": 0}
    except (ValueError, TypeError, KeyError) as error:
        what = fault("E0517", "is damaged")
        raise GaijiError(what, where=str(note), next=tr("remove it and run again")) from error


def _earlier(certificate: Path) -> list[Any]:
    """What an earlier certificate of this output tells of: it is not lost when there is more to erase."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        data = json.loads(certificate.read_bytes())
        return [*data["earlier"], {"finished": data["finished"], "files": data["files"]}]
    return []


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _remove(path: Path) -> None:
    """A file overwritten, as far as the file system does that, and removed; OutputError when it cannot be."""
    try:
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with os.fdopen(handle, "wb", buffering=0) as file:
                left = os.fstat(file.fileno()).st_size
                while left > 0:
                    left -= file.write(bytes(min(left, 1 << 20)))
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
    except OSError as error:
        raise output_error(path, error) from error


def _samples(job: Job, *, forget: bool = False) -> int:
    """How many samples of a job its queue has; ``forget``: take them and its dump's proposals out."""
    from gaiji.queue.place import queue_files
    from gaiji.queue.queue import open_queue

    where = job.queue_where
    if queue_files(where) and not queue_files(where)[0].exists():
        return 0
    queue = open_queue(where)
    try:
        mine = source_of(job).near(queue.folder)
        names = [one.id for one in queue.sources() if one.id == mine.id or _shrunk_of(one, mine)]
        return queue.forget(names) if forget else queue.samples(names)
    finally:
        queue.close()


def _shrunk_of(one: Source, mine: Source) -> bool:
    """Whether a source is what 縮退 found in a job's output."""
    return bool(mine.output) and one.input == mine.output and one.job.startswith("shrink ")


def _certificate(
    job: Job, manifest: Mapping[str, Any], told: Mapping[str, Any], rows: int, earlier: list[Any]
) -> dict[str, Any]:
    return {
        "job": {"path": Path(job.path).name, "sha256": job.digest},
        "input": {"sha256": manifest["input"]["sha256"]},
        "output": {
            "path": Path(manifest["output"]["path"]).name,
            "sha256": manifest["output"].get("sha256", ""),
        },
        "files": [{"path": Path(name).name, **facts} for name, facts in sorted(told.items())],
        "queue": {"samples": rows},
        "not_promised": list(LIMITS),
        "gaiji": {"version": __version__},
        "finished": now(),
        "earlier": earlier,
    }
