"""The output once more, in the characters of another system, where a job wants that.

Owns the names of those files and what the manifest says of them. 縮退 itself is ``gaiji.shrinking``.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji.disk.files import beside
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


def shrunk_paths(output: Path, policy: Policy | None) -> list[Path]:
    """Where the output for another system goes, and its way back; none where none is wanted."""
    if policy is None:
        return []
    shrunk = output.with_name(f"{output.stem}.{policy.to}{output.suffix}")
    return [shrunk, beside(shrunk, "side.tsv")]


def shrink_output(plan: Plan, policy: Policy | None) -> dict[str, Any]:
    """Write the output again for another system, with its way back; what the manifest says of it."""
    if policy is None:
        return {}
    from gaiji.shrinking.files import shrink_file

    review = plan.job.review
    shrunk, side = shrunk_paths(plan.output.path, policy)
    done = shrink_file(
        plan.output.path,
        shrunk,
        side,
        policy=policy,
        columns=[f.name for f in plan.fields if f.role in ("name", "address")],
        key=review["key"],
        queue=plan.job.queue_where,
        context="field" if review["context"] == "field" else "none",
        site=review["site"],
    )
    return {
        "to": policy.to,
        "files": [_described(shrunk), _described(side)],
        "changed": done.changed,
        "findings": done.findings,
        "waiting": done.waiting,
        "people": dict(done.people),
    }


def _described(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.name, "bytes": path.stat().st_size, "sha256": digest}
