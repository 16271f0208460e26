"""The proof of a conversion: the output is encoded back and compared with the original, record by record.

Owns the pairing of source and output records, the counts that must agree with the manifest though they are
made anew, and the report (``OUTPUT.verify.json``, ``OUTPUT.verify.html``). What a batch is found to be:
``gaiji.proof.prover``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place
from gaiji.disk.files import write_whole
from gaiji.log import event
from gaiji.model.plain import dataclass
from gaiji.proof.again import Again, Own
from gaiji.proof.proving import Proof, check_same, prove_together, reading_of
from gaiji.proof.typed import join
from gaiji.run.job import Job
from gaiji.run.manifest import read_manifest, section_of, verify_paths
from gaiji.run.memory import check_memory
from gaiji.run.places import check_beside
from gaiji.run.plan import Plan


@dataclass
class Verification:
    """What was found; ``data`` is what is written as OUTPUT.verify.json."""

    data: dict[str, Any]

    @property
    def changed(self) -> int:
        """Cells that are not what their source says."""
        return int(self.data["cells"]["changed"])

    @property
    def holds(self) -> bool:
        """No cell changed, and every count and digest agrees."""
        return bool(self.data["holds"])

    @property
    def exit_code(self) -> int:
        """0: proved; 3: proved, flagged characters wait for review, columns have findings, or bytes of the
        input are in no field; 1: something changed or is missing."""
        if not self.holds:
            return 1
        units = sum(sum(told.get("flagged", {}).values()) for told in self.data["fields"].values())
        left = self.data["cells"]["flagged"] and units > self.data["corrections"]["flagged"]
        told = any(column["flagged"] for column in self.data.get("columns", {}).values())
        return 3 if told or left or self.data["flagged_bytes"] else 0


def verify(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    names: bool = False,
) -> Verification:
    """Prove a converted job: read the original and the output, encode the output back, compare every byte.

    Writes OUTPUT.verify.json and OUTPUT.verify.html beside the output. ``names`` puts the text of changed and
    flagged fields into them; without it they tell codes, records and positions only. Raises GaijiError when
    there is nothing to compare (no output, no manifest, other tables than those of the conversion).
    """
    check_memory()
    plan = Plan.of(job, overrides)
    whole = read_manifest(plan.job.named_path)
    event("verify-started", plan.facts())
    reading = reading_of(plan)
    if plan.parts:
        data = _of_types(plan, whole, reading, threads, names)
    else:
        check_same(plan, whole)
        proof = Proof(plan, reading, plan.output.read_back())
        proof.run(threads)
        data = proof.report(whole, names=names)
    write_report(plan.job, data)
    event("verify-ended", plan.facts() | {"holds": data["holds"], "cells": data["cells"]})
    return Verification(data)


def _of_types(plan: Plan, whole: dict[str, Any], reading: Again, threads: int, names: bool) -> dict[str, Any]:
    """The proof of all record types, in one pass."""
    types = [plan.job.records[part.number].name for part in plan.each]
    sections = [section_of(whole, name) for name in types]
    proofs = []
    for part, section in zip(plan.each, sections, strict=True):
        check_same(part, section)
        proofs.append(Proof(part, Own(reading, part.number), part.output.read_back()))
    prove_together(proofs, reading, threads)
    shown = [one.report(section, names=names) for one, section in zip(proofs, sections, strict=True)]
    assert reading.shaper is not None  # the plan has types
    return join(plan, whole, dict(zip(types, shown, strict=True)), reading, reading.shaper)


def write_report(job: Job, data: Mapping[str, Any]) -> None:
    """The page of a verification, then its report: whose report says that it holds has the page too."""
    from gaiji.proof.page import page

    told, shown = verify_paths(job.named_path)
    check_beside(job, [Place("proof", told), Place("page of the proof", shown)])
    for path, text in ((shown, page(data)), (told, json.dumps(data, ensure_ascii=False, indent=2) + "\n")):
        write_whole(path, text.encode(), own=True)
