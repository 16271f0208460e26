"""What is done with a batch, as functions of the plan and the batch alone; they run on worker threads.

Owns the order decode, fit, group, encode. How each is done lies a package below: columns, output.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gaiji.columns.findings import Failure, Hit, Reasons
from gaiji.columns.individual import rows_holding
from gaiji.model import Column, Field
from gaiji.output.sink import Sink
from gaiji.records.batch import Batch
from gaiji.run.plan import Plan
from gaiji.run.totals import Converted


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


def fit(plan: Plan, sink: Sink, batch: Batch, decoded: Decoded) -> list[Column]:
    """The columns as the output can hold them; texts that it cuts join the findings."""
    fitted, overflows = sink.prepare(decoded.columns, batch.rows)
    for number, rows in overflows:
        if number < len(plan.fields):
            decoded.found.append((plan.fields[number], plan.decoder.overflow(rows)))
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
    fitted = fit(plan, sink, batch, decoded)
    hits, dropped, failed, reasons = group(plan, batch, decoded)
    individuals = [rows_holding(column) for column in decoded.columns[: len(plan.fields)]]
    encoded = encode(sink, batch, fitted, dropped)
    counts, sizes, account = decoded.counts, decoded.sizes, plan.owners.of(batch)
    return Converted(batch, encoded, counts, sizes, hits, len(dropped), account, failed, reasons, individuals)


def survey(plan: Plan, batch: Batch) -> Converted:
    """What is in a batch that goes nowhere."""
    decoded = decode(plan, batch)
    hits, dropped, failed, reasons = group(plan, batch, decoded)
    individuals = [rows_holding(column) for column in decoded.columns[: len(plan.fields)]]
    counts, sizes, account = decoded.counts, decoded.sizes, plan.owners.of(batch)
    return Converted(batch, None, counts, sizes, hits, len(dropped), account, failed, reasons, individuals)


def _kept(rows: int, dropped: list[int]) -> list[tuple[int, int]]:
    """The runs of rows that are kept."""
    edges = [-1, *dropped, rows]
    return [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]
