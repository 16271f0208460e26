"""The output once more, in the characters of another system, where a job wants that.

Owns the names of those files and what the manifest says of them. 縮退 itself is ``gaiji.shrinking``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji.disk.files import AtomicFile, beside
from gaiji.model.plain import dataclass
from gaiji.run.job import Job
from gaiji.run.plan import Plan

if TYPE_CHECKING:
    from gaiji.shrinking.policy import Policy


def policy_of(job: Job) -> Policy | None:
    """How the output is also written for another system, None where that is not wanted.

    UsageError for a target or a policy file that cannot be.
    """
    wanted = job.target["shrink"]
    if not wanted:
        return None
    from gaiji.shrinking.policy import Policy, load_policy
    from gaiji.shrinking.shrinker import Shrinker

    policy = load_policy(job.file(wanted)) if wanted.endswith(".toml") else Policy(to=wanted)
    Shrinker(policy)
    return policy


def policy_digest(policy: Policy | None) -> str:
    """What the output for another system is made by: the target and the policy's files; "" where none is
    wanted."""
    if policy is None:
        return ""
    whole = hashlib.sha256(policy.to.encode())
    for name in policy.files:
        whole.update(Path(name).read_bytes())
    return whole.hexdigest()


def shrunk_paths(output: Path, policy: Policy | None) -> list[Path]:
    """Where the output for another system goes, and its way back; none where none is wanted."""
    if policy is None:
        return []
    shrunk = output.with_name(f"{output.stem}.{policy.to}{output.suffix}")
    return [shrunk, beside(shrunk, "side.tsv")]


@dataclass(frozen=True)
class Shrunk:
    """The output for another system: what the manifest says of it, and its files, which have no names yet."""

    told: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[AtomicFile, ...] = ()


def shrink_output(plan: Plan, policy: Policy | None, standing: Path) -> Shrunk:
    """Write the output again for another system, with its way back, all but the names; ``standing``:
    where the output stands, which has no name yet either."""
    if policy is None:
        return Shrunk()
    from gaiji.shrinking.files import shrink_staged

    review = plan.job.review
    done = shrink_staged(
        standing,
        *shrunk_paths(plan.output.path, policy),
        policy=policy,
        columns=[f.name for f in plan.fields if f.role in ("name", "address")],
        key=review["key"],
        queue=plan.job.queue_where,
        context="field" if review["context"] == "field" else "none",
        site=review["site"],
        named=plan.output.path,
    )
    side, shrunk = done.files
    told = {
        "to": policy.to,
        "map": done.report.map,
        "policy": policy_digest(policy),
        "files": [_described(shrunk), _described(side)],
        "changed": done.report.changed,
        "findings": done.report.findings,
        "waiting": done.report.waiting,
        "people": dict(done.report.people),
    }
    return Shrunk(told, done.files)


def _described(file: AtomicFile) -> dict[str, object]:
    return {"path": file.path.name, "bytes": file.size, "sha256": file.sha256}
