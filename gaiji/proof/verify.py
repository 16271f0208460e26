"""The proof of a conversion: the output is encoded back and compared with the original, record by record.

Owns the pairing of source and output records, the counts that must agree with the manifest though they are
made anew, and the report (``OUTPUT.verify.json``, ``OUTPUT.verify.html``). What a batch is found to be:
``gaiji.proof.prover``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.log import event
from gaiji.proof.account import Accountant, TypedAccountant
from gaiji.proof.again import Again, Own
from gaiji.proof.columns import Rules
from gaiji.proof.corrected import TakenBack
from gaiji.proof.kinds import PlainShaper
from gaiji.proof.pairs import Pairs
from gaiji.proof.prover import Prover
from gaiji.proof.recut import Recut
from gaiji.proof.report import Report
from gaiji.proof.shaped import ShapedProver
from gaiji.proof.totals import Pair, Proved, Totals
from gaiji.proof.typed import join
from gaiji.records.batch import Batch
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, now, read_manifest, section_of, verify_paths
from gaiji.run.memory import check_memory
from gaiji.run.places import check_beside
from gaiji.run.plan import Plan, layout_of
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
    if plan.parts:
        types = [plan.job.records[part.number].name for part in plan.each]
        reading = _reading(plan)
        proofs = [
            _Proof(part, names, section_of(whole, name), Own(reading, part.number))
            for part, name in zip(plan.each, types, strict=True)
        ]
        shown = _together(proofs, reading, threads)
        data = join(plan, whole, dict(zip(types, shown, strict=True)), reading)
    else:
        data = _Proof(plan, names, whole, _reading(plan)).run(threads)
    _write(plan.job, data)
    event("verify-ended", plan.facts() | {"holds": data["holds"], "cells": data["cells"]})
    return Verification(data)


def accountant_of(plan: Plan) -> Accountant | TypedAccountant:
    """Who counts, for the proof, whose each byte of a plan's input is."""
    if plan.parts:
        return TypedAccountant([None if part.skipped else _accountant(part) for part in plan.parts])
    return TypedAccountant([_accountant(plan)]) if plan.shape is not None else _accountant(plan)


def _accountant(plan: Plan) -> Accountant:
    """Who counts for records of one kind."""
    framing = plan.framing
    layout = plan.layout if plan.number < 0 else layout_of(plan.job, ())  # without its parents' keys
    return Accountant(
        plan.charset.spec,
        layout.fields,
        layout.fillers,
        csv=framing.format == "csv",
        shortest=int(plan.job.source["shortest"]) or layout.shortest,
        length=framing.record_length if framing.format == "fixed" else 0,
        variable=plan.shape.kinds[max(plan.number, 0)].variable if plan.shape is not None else None,
    )


def _reading(plan: Plan) -> Again:
    """One more pass over the input of a plan, with the account of its bytes. UsageError where it cannot be
    read again."""
    source, path = plan.job.source, plan.job.path
    if source["path"] == "-":
        raise UsageError(
            fault("E0200", "standard input cannot be read again"),
            where=path,
            next=tr("verify a job whose input is a file"),
        )
    if plan.begun is not None:
        raise UsageError(
            fault("E0408", "a pipe cannot be read again"),
            where=path,
            next=tr("verify a job whose input is a file"),
        )
    quarantine = source["on_bad_record"] == "quarantine"
    reader = Recut(plan.job.file(source["path"]), plan.framing, quarantine=quarantine)
    shaper = PlainShaper(plan.shape) if plan.shape is not None else None
    return Again(reader, accountant_of(plan), shaper)


def _together(proofs: Sequence[_Proof], reading: Again, threads: int) -> list[dict[str, Any]]:
    """The proofs of all record types in one pass; what each found."""

    def pairs() -> Iterator[tuple[_Proof, Pair]]:
        for batch in reading:
            for proof in proofs:
                own = proof.part_of(batch)
                if own is not None:
                    yield proof, proof.pairs.of(own)

    def prove(one: tuple[_Proof, Pair]) -> tuple[_Proof, Proved]:
        proof, pair = one
        return proof, proof.prover.prove(pair)

    for proof, done in in_order(prove, pairs(), threads):
        proof.totals.add(done)
    return [proof.report() for proof in proofs]


class _Proof:
    """One verification of an output: of a job, or of one of its record types, which has its ``Own`` of the
    pass."""

    def __init__(self, plan: Plan, names: bool, manifest: dict[str, Any], reading: Again | Own) -> None:
        self.plan, self.job = plan, plan.job
        self.names = names
        self.started = now()
        self.reading = reading
        self.manifest = manifest
        self._check_same()
        self.readback = plan.output.read_back()
        widths = list(plan.output.widths.values()) if plan.output.format == "fixed" else []
        wide = plan.output.encoding != "utf-8"
        self.prover = Prover(plan.decoder, plan.output.glyph_fields, self.readback, widths, wide)
        if plan.output.recipe is not None:
            self.prover = ShapedProver(self.prover, Rules(plan.output.recipe, self.job.file))
        self.totals = Totals.empty(len(self.prover.columns), len(plan.fields))
        batches = reading if isinstance(reading, Again) else ()
        self.taken = TakenBack(
            plan.corrections.path if plan.corrections else None,
            plan.output.columns,
            plan.qualified(""),
            plan.decoder.marks.starts,
        )
        self.pairs = Pairs(plan, batches, self.readback, self.prover, self.totals, self.taken)

    # -- before -----------------------------------------------------------------------------------

    def _check_same(self) -> None:
        """The job, its tables and the glyph list must be those of the conversion."""
        charset = self.plan.charset
        now = [*(t.sha256 for t in self.plan.tables), *(t["sha256"] for t in self.plan.form_tables)]
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

    def part_of(self, batch: Batch) -> Batch | None:
        """The records of a batch that are of this output."""
        return self.reading.of(batch) if isinstance(self.reading, Own) else batch

    def run(self, threads: int) -> dict[str, Any]:
        """Compare everything; what was found."""
        for pair, done in in_order(self._prove, self.pairs, threads):
            self.totals.add(done)
            self.reading.recycle(pair.whole)
        return self.report()

    def report(self) -> dict[str, Any]:
        """What was found, once all is compared."""
        left = self.readback.rest()
        report = Report(
            self.plan,
            self.reading,
            self.readback,
            self.prover,
            self.totals,
            self.manifest,
            taken=self.taken,
            names=self.names,
            started=self.started,
        )
        return report.data(left, self.pairs.bad.hexdigest() if self.totals.bad else "")

    def _prove(self, pair: Pair) -> tuple[Pair, Proved]:
        return pair, self.prover.prove(pair)


def _write(job: Job, data: Mapping[str, Any]) -> None:
    """The page of a verification, then its report: whose report says that it holds has the page too."""
    from gaiji.proof.page import page

    told, shown = verify_paths(job.named_path)
    check_beside(job, [Place("proof", told), Place("page of the proof", shown)])
    for path, text in ((shown, page(data)), (told, json.dumps(data, ensure_ascii=False, indent=2) + "\n")):
        write_whole(path, text.encode(), own=True)
