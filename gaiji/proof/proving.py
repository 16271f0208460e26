"""The proof of one output: the passes over its input and over what was made of it, side by side.

Owns who reads, who counts and who compares, of a whole input or of a part of it. What a batch is found to be
is ``prover``'s, what is reported ``report``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.output.readback import Readback
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
from gaiji.proof.windows import WHOLE, Window
from gaiji.records.batch import Batch
from gaiji.run.manifest import manifest_path, now
from gaiji.run.plan import Plan, layout_of
from gaiji.run.workers import in_order


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


def reading_of(plan: Plan, window: Window = WHOLE) -> Again:
    """One more pass over the input of a plan, or a part of it, with the account of its bytes. UsageError
    where it cannot be read again."""
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
    reader = Recut(plan.job.file(source["path"]), plan.framing, quarantine=quarantine, window=window)
    shaper = PlainShaper(plan.shape, window.parents) if plan.shape is not None else None
    return Again(reader, accountant_of(plan), shaper)


def check_same(plan: Plan, manifest: Mapping[str, Any]) -> None:
    """GaijiError unless the job, its tables and the glyph list are those of the conversion."""
    charset = plan.charset
    now = [*(t.sha256 for t in plan.tables), *(t["sha256"] for t in plan.form_tables)]
    then = [t["sha256"] for t in manifest["tables"]]
    for same, what in (
        (manifest["job"]["sha256"] == plan.job.digest, tr("the job file")),
        (now == then, tr("a mapping or site table")),
        (manifest["repertoire"] == charset.repertoire.version, tr("the glyph list")),
    ):
        if not same:
            raise GaijiError(
                fault("E0202", "{what} is not the one that the output was made with", what=what),
                where=str(manifest_path(plan.job.named_path)),
                next=tr("run gaiji convert again (gaiji impact says what changes), then verify"),
            )


def prover_of(plan: Plan, readback: Readback | None = None) -> Prover:
    """Who compares the batches of an output; ``readback``: what reads its records."""
    output = plan.output
    widths = list(output.widths.values()) if output.format == "fixed" else []
    prover = Prover(plan.decoder, output.glyph_fields, readback, widths, output.encoding != "utf-8")
    return ShapedProver(prover, Rules(output.recipe, plan.job.file)) if output.recipe is not None else prover


def taken_of(plan: Plan) -> TakenBack:
    """Who takes the corrections of an output back."""
    table = plan.corrections.path if plan.corrections else None
    return TakenBack(table, plan.output.columns, plan.qualified(""), plan.decoder.marks.starts)


def prove_together(proofs: Sequence[Proof], reading: Again, threads: int) -> None:
    """Compare the outputs of all record types in one pass."""

    def pairs() -> Iterator[tuple[Proof, Pair]]:
        for batch in reading:
            for proof in proofs:
                own = proof.part_of(batch)
                if own is not None:
                    yield proof, proof.pairs.of(own)

    def prove(one: tuple[Proof, Pair]) -> tuple[Proof, Proved]:
        proof, pair = one
        return proof, proof.prover.prove(pair)

    for proof, done in in_order(prove, pairs(), threads):
        proof.totals.add(done)


class Proof:
    """One verification of an output (``readback``), or of a part of it: of a job, or of one of its record
    types, which has its ``Own`` of the pass."""

    def __init__(self, plan: Plan, reading: Again | Own, readback: Readback) -> None:
        self.plan = plan
        self.started = now()
        self.reading = reading
        self.readback = readback
        self.prover = prover_of(plan, readback)
        self.totals = Totals.empty(len(self.prover.columns), len(plan.fields))
        batches = reading if isinstance(reading, Again) else ()
        self.taken = taken_of(plan)
        self.pairs = Pairs(plan, batches, self.readback, self.prover, self.totals, self.taken)

    def part_of(self, batch: Batch) -> Batch | None:
        """The records of a batch that are of this output."""
        return self.reading.of(batch) if isinstance(self.reading, Own) else batch

    def run(self, threads: int) -> None:
        """Compare everything."""
        for pair, done in in_order(self._prove, self.pairs, threads):
            self.totals.add(done)
            self.reading.recycle(pair.whole)

    def report(self, manifest: dict[str, Any], *, names: bool) -> dict[str, Any]:
        """What was found, once all is compared."""
        left = self.readback.rest()
        report = Report(
            self.plan,
            self.reading,
            self.readback,
            self.prover,
            self.totals,
            manifest,
            taken=self.taken,
            names=names,
            started=self.started,
        )
        return report.data(left, self.pairs.bad.hexdigest() if self.totals.bad else "")

    def _prove(self, pair: Pair) -> tuple[Pair, Proved]:
        return pair, self.prover.prove(pair)
