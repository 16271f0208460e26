"""What is done with a batch, as functions of the plan and the batch alone; they run on worker threads.

Owns the order decode, fit (or the making of columns, where the job has its own), group, encode. How each is
done lies a package below: columns, output.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gaiji.columns.findings import Failure, Hit, Reasons
from gaiji.columns.individual import rows_holding
from gaiji.columns.owners import Account
from gaiji.model import Column, Field
from gaiji.model.plain import dataclass
from gaiji.output.sink import Sink
from gaiji.records.batch import Batch
from gaiji.run.corrections import Corrected, correct
from gaiji.run.counted import Check
from gaiji.run.made import make
from gaiji.run.plan import Plan
from gaiji.run.totals import Converted, Parted
from gaiji.run.types import named


@dataclass(frozen=True, slots=True)
class Decoded:
    """The columns of a batch, with the counts and bytes of each field and its raw findings."""

    columns: list[Column]
    counts: list[array[int]]
    sizes: list[int]
    found: list[tuple[Field, array[int]]]


def decode(plan: Plan, batch: Batch) -> Decoded:
    """Every field of a batch as text, and the glyph columns."""
    out = Decoded([], [], [], [])
    states, weak = bytearray(batch.rows), set[int]()
    for spec in plan.fields:
        column, counts, findings = plan.decoder.decode(batch, spec, states, weak)
        out.columns.append(column)
        out.counts.append(counts)
        out.sizes.append(plan.decoder.size(batch, spec))
        if findings:
            out.found.append((spec, findings))
    out.columns.extend(plan.decoder.glyphs(batch, spec) for spec in plan.output.glyph_fields)
    return out


def restore(plan: Plan, batch: Batch, decoded: Decoded) -> tuple[Decoded, list[Corrected]]:
    """The columns with what people restored at single places of them, and which places these are; findings
    stay those of the source."""
    if plan.corrections is None:
        return decoded, []
    columns = list(decoded.columns)
    done = correct(plan.corrections, batch, columns, decoded.found, plan.qualified(""))
    return replace(decoded, columns=columns), done


def fit(plan: Plan, sink: Sink, batch: Batch, decoded: Decoded) -> list[Column]:
    """The columns as the output can hold them; texts and glyph names that it cuts join the findings."""
    fitted, overflows = sink.prepare(decoded.columns, batch.rows)
    specs = (*plan.fields, *plan.output.glyph_fields)
    cut: dict[str, tuple[Field, set[int]]] = {}
    for number, rows in overflows:
        cut.setdefault(specs[number].name, (specs[number], set()))[1].update(rows)
    decoded.found.extend((spec, plan.decoder.overflow(sorted(rows))) for spec, rows in cut.values())
    return fitted


def group(plan: Plan, batch: Batch, decoded: Decoded) -> tuple[list[Hit], list[int], Failure | None, Reasons]:
    """The findings for people; the rows that the policies drop; the first that ends the run; the records
    of each reason."""
    return plan.grouping.group(batch, decoded.found, decoded.columns)


def encode(sink: Sink, batch: Batch, fitted: Sequence[Column], dropped: list[int]) -> object:
    """The rows that stay, joined for the output."""
    return sink.encode(fitted, batch.rows, _kept(batch.rows, dropped))


def convert(plan: Plan, sink: Sink, batch: Batch) -> Converted:
    """A batch on its way to the output."""
    decoded = decode(plan, batch)
    shown, corrected = restore(plan, batch, decoded)
    made = make(plan, batch, decoded.columns)
    fitted = made.columns if made is not None else fit(plan, sink, batch, shown)
    hits, dropped, failed, reasons = group(plan, batch, decoded)
    if made is not None:
        hits, dropped = hits + made.hits, sorted({*dropped, *made.dropped})
        failed = min((one for one in (failed, made.failed) if one), key=lambda one: one[3], default=None)
        reasons = reasons | made.reasons
    individuals = [rows_holding(column) for column in decoded.columns[: len(plan.fields)]]
    encoded = encode(sink, batch, fitted, dropped)
    counts, sizes, account = decoded.counts, decoded.sizes, _account(plan, batch)
    kinds: Counter[tuple[str, str]] = made.kinds if made is not None else Counter()
    return Converted(
        batch,
        encoded,
        counts,
        sizes,
        hits,
        len(dropped),
        account,
        failed,
        reasons,
        individuals,
        kinds,
        corrected,
        decoded.found,
        made.flaws if made is not None else (),
    )


def convert_types(plan: Plan, sinks: Sequence[Sink], batch: Batch) -> Parted:
    """A batch of several record types on its way to their outputs (``sinks``: of the types that have one)."""
    assert batch.sorted is not None  # the plan has types
    parts: list[Converted | None] = []
    for part, sink in zip(plan.each, sinks, strict=True):
        own = batch.sorted.parts[part.number]
        parts.append(convert(part, sink, own) if own is not None else None)
    return Parted(batch, parts, checks(plan, batch), plan.owners.of(batch))


def survey_types(plan: Plan, batch: Batch) -> Parted:
    """What is in a batch of several record types that goes nowhere."""
    assert batch.sorted is not None  # the plan has types
    owns = [(part, batch.sorted.parts[part.number]) for part in plan.each]
    parts = [survey(part, own) if own else None for part, own in owns]
    return Parted(batch, parts, checks(plan, batch), plan.owners.of(batch))


def checks(plan: Plan, batch: Batch) -> list[Check]:
    """What the trailers of a batch say, and how many records there were."""
    assert batch.sorted is not None  # the plan has types
    found = []
    for kind, counted in batch.sorted.tallies.items():
        own = batch.sorted.parts[kind]
        if own is None:
            continue
        part = plan.parts[kind]
        spec = named(part.layout, plan.job.records[kind].trailer_field)
        column, _, _ = part.decoder.decode(own, spec, bytearray(own.rows))
        for row, many in enumerate(counted):
            text = bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode().strip()
            said = int(text) if text.isascii() and text.isdigit() else None
            found.append(Check(kind, own.record_number(row), said, many))
    return found


def survey(plan: Plan, batch: Batch) -> Converted:
    """What is in a batch that goes nowhere."""
    decoded = decode(plan, batch)
    hits, dropped, failed, reasons = group(plan, batch, decoded)
    individuals = [rows_holding(column) for column in decoded.columns[: len(plan.fields)]]
    counts, sizes, account = decoded.counts, decoded.sizes, _account(plan, batch)
    return Converted(batch, None, counts, sizes, hits, len(dropped), account, failed, reasons, individuals)


def _account(plan: Plan, batch: Batch) -> Account:
    """Whose the bytes of a batch are; those of record types are accounted for together."""
    return plan.owners.of(batch) if plan.number < 0 else Account()


def _kept(rows: int, dropped: list[int]) -> list[tuple[int, int]]:
    """The runs of rows that are kept."""
    edges = [-1, *dropped, rows]
    return [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]
