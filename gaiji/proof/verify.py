"""The proof of a conversion: the output is encoded back and compared with the original, record by record.

Owns the pairing of source and output records, the counts that must agree with the manifest though they are
made anew, and the report (``OUTPUT.verify.json``, ``OUTPUT.verify.html``). What a batch is found to be:
``gaiji.proof.prover``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.log import event
from gaiji.messages import fault, tr
from gaiji.proof.account import Accountant
from gaiji.proof.pairs import Pairs
from gaiji.proof.prover import Prover
from gaiji.proof.recut import Recut
from gaiji.proof.report import Report
from gaiji.proof.totals import Pair, Proved, Totals
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, now, read_manifest, verify_paths
from gaiji.run.memory import check_memory
from gaiji.run.places import check_beside
from gaiji.run.plan import Plan
from gaiji.run.workers import in_order


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
        """0: proved; 3: proved, flagged characters wait for review, or bytes of the input are in no field; 1:
        something changed or is missing."""
        if not self.holds:
            return 1
        return 3 if self.data["cells"]["flagged"] or self.data["flagged_bytes"] else 0


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
    return _Proof(Plan.of(job, overrides), names).run(threads)


def accountant_of(plan: Plan) -> Accountant:
    """Who counts, for the proof, whose each byte of a plan's input is."""
    layout, framing = plan.layout, plan.framing
    return Accountant(
        plan.charset.spec,
        layout.fields,
        layout.fillers,
        csv=framing.format == "csv",
        shortest=int(plan.job.source["shortest"]) or layout.shortest,
        length=framing.record_length if framing.format == "fixed" else 0,
    )


class _Proof:
    """One verification of a job."""

    def __init__(self, plan: Plan, names: bool) -> None:
        self.plan, self.job = plan, plan.job
        if self.job.source["path"] == "-":
            raise UsageError(
                fault("E0200", "standard input cannot be read again"),
                where=self.job.path,
                next=tr("verify a job whose input is a file"),
            )
        self.names = names
        self.started = now()
        if plan.begun is not None:
            raise UsageError(
                fault("E0408", "a pipe cannot be read again"),
                where=self.job.path,
                next=tr("verify a job whose input is a file"),
            )
        source = self.job.source
        self.reading = Recut(
            self.job.file(source["path"]), plan.framing, quarantine=source["on_bad_record"] == "quarantine"
        )
        self.accountant = accountant_of(plan)
        self.manifest = read_manifest(self.job.named_path)
        self._check_same()
        told, shown = verify_paths(self.job.named_path)
        check_beside(self.job, [Place("proof", told), Place("page of the proof", shown)])
        self.readback = plan.output.read_back()
        widths = list(plan.output.widths.values()) if plan.output.format == "fixed" else []
        wide = plan.output.encoding != "utf-8"
        self.prover = Prover(plan.decoder, plan.output.glyph_fields, self.readback, widths, wide)

    # -- before -----------------------------------------------------------------------------------

    def _check_same(self) -> None:
        """The job, its tables and the glyph list must be those of the conversion."""
        charset = self.plan.charset
        now = [t.sha256 for t in (*charset.tables, *charset.sites)]
        then = [t["sha256"] for t in self.manifest["tables"]]
        for same, what in (
            (self.manifest["job"]["sha256"] == self.job.digest, tr("the job file")),
            (now == then, tr("a mapping or site table")),
            (self.manifest["repertoire"] == charset.repertoire.version, tr("the glyph list")),
        ):
            if not same:
                raise GaijiError(
                    fault("E0202", "{what} is not the one that the output was made with", what=what),
                    where=str(manifest_path(self.job.named_path)),
                    next=tr("run gaiji convert again (gaiji impact says what changes), then verify"),
                )

    # -- the run ----------------------------------------------------------------------------------

    def run(self, threads: int) -> Verification:
        """Compare everything and write the report."""
        event("verify-started", self.plan.facts())
        totals = Totals.empty(len(self.plan.output.columns), len(self.plan.fields))
        pairs = Pairs(self.plan, self.reading, self.readback, self.prover, totals)
        for pair, done in in_order(self._prove, pairs, threads):
            totals.add(done)
            self.reading.recycle(pair.whole)
        left = self.readback.rest()
        report = Report(
            self.plan,
            self.reading,
            self.readback,
            self.prover,
            totals,
            self.manifest,
            names=self.names,
            started=self.started,
        )
        data = report.data(left, pairs.bad.hexdigest() if totals.bad else "")
        self._write(data)
        event("verify-ended", self.plan.facts() | {"holds": data["holds"], "cells": data["cells"]})
        return Verification(data)

    def _prove(self, pair: Pair) -> tuple[Pair, Proved]:
        done = self.prover.prove(pair)
        done.account = self.accountant.account(pair.whole)
        return pair, done

    def _write(self, data: Mapping[str, Any]) -> None:
        from gaiji.proof.page import page

        told, shown = verify_paths(self.job.named_path)
        for path, text in (
            (told, json.dumps(data, ensure_ascii=False, indent=2) + "\n"),
            (shown, page(data)),
        ):
            write_whole(path, text.encode(), own=True)
