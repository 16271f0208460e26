"""How far a file of a town is: new, stale and why, converted, proved.

Owns that question. It is answered by what lies there: the manifest and the proof beside the output, the
digests of what a conversion is made of, and those of the files themselves; no time stamp is believed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaiji.errors import GaijiError
from gaiji.errors.messages import mark
from gaiji.run.enqueue import pictures_digest
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, read_manifest, verify_paths
from gaiji.run.places import outputs_of
from gaiji.run.plan import Plan
from gaiji.run.shrunk import policy_digest, policy_of

WHY = {
    "version of gaiji": mark("version of gaiji"),
    "job": mark("job"),
    "table": mark("tables or decisions"),
    "layout": mark("layout"),
    "repertoire": mark("glyph list"),
    "縮退マップ": mark("MJ縮退マップ"),
    "input": mark("input"),
    "pictures": mark("pictures"),
    "queue": mark("queue: it does not know this conversion"),
    "shrink": mark("policy of 縮退"),
    "output": mark("output: gone or changed since"),
    "manifest": mark("manifest of an earlier version"),
}
"""What can be another than at the conversion."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``state``: new, stale or converted; ``why`` it is stale (of ``WHY``). ``proof``: none, stale, holds or
    fails. ``manifest`` and ``proved``: what manifest and proof say, empty where there is none."""

    state: str
    why: tuple[str, ...] = ()
    proof: str = "none"
    manifest: Mapping[str, Any] = field(default_factory=dict)
    proved: Mapping[str, Any] = field(default_factory=dict)

    @property
    def due(self) -> bool:
        """Whether it is to be converted."""
        return self.state != "converted"


def standing_of(job: Job) -> Standing:
    """How far a job is. GaijiError where it cannot be planned: an input that is not there, a table that is
    wrong."""
    plan = Plan.of(job)
    if not manifest_path(job.named_path).exists():
        return Standing("new")
    manifest = read_manifest(job.named_path)
    why = tuple(_changed(plan, manifest))
    proof, proved = _proof(job, manifest)
    return Standing("stale" if why else "converted", why, proof, manifest, proved)


def _changed(plan: Plan, manifest: Mapping[str, Any]) -> Iterator[str]:
    """What is another than it was when the output was made."""
    job, then = plan.job, dict(manifest).get("identity")
    if not isinstance(then, dict):
        yield "manifest"
        return
    yield from (name for name, digest in plan.identity.items() if then.get(name) != digest)
    if digest_of(Path(job.file(job.source["path"]))) != manifest["input"]["sha256"]:
        yield "input"
    if dict(manifest["shrink"]).get("policy", "") != policy_digest(policy_of(job)):
        yield "shrink"
    if dict(manifest["review"]).get("pictures_sha256", "") != pictures_digest(job):
        yield "pictures"
    told = dict(manifest).get("outputs") or [manifest["output"]]
    there = Path(job.path).parent  # manifests name files as job files do
    digests = {os.path.realpath(there / one["path"]): one["sha256"] for one in told}
    if any(digest_of(path) != digests.get(os.path.realpath(path)) for path in outputs_of(job)):
        yield "output"


def _proof(job: Job, manifest: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """What the proof beside an output says, where it is of this conversion and has its page."""
    told, shown = verify_paths(job.named_path)
    if not shown.exists():
        return "none", {}
    try:
        data = json.loads(told.read_bytes())
        then, holds = data["converted"], bool(data["holds"])
    except FileNotFoundError:
        return "none", {}
    except (OSError, ValueError, KeyError, TypeError):
        return "stale", {}
    if then != {"gaiji": manifest["gaiji"], "finished": manifest["finished"]}:
        return "stale", data
    if data["input"]["sha256"] != manifest["input"]["sha256"]:
        return "stale", data
    return "holds" if holds else "fails", data


def digest_of(path: Path) -> str:
    """SHA-256 of a file, "" where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def seen(job: Job) -> Standing:
    """How far a job is by its manifest and proof alone: nothing is planned and no input is read."""
    try:
        manifest = read_manifest(job.named_path)
    except GaijiError:
        return Standing("new")
    proof, proved = _proof(job, manifest)
    return Standing("converted", (), proof, manifest, proved)
