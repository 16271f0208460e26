"""Columns of a job's own on their way: made of a batch's columns, with what is found in them.

Owns how flaws of columns become findings as those of fields are: told by reason and policy, never more of the
record than the context lets out. The columns themselves are ``gaiji.output.shaping``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gaiji.columns.findings import Failure, Hit, Place, Reasons
from gaiji.model import Column, Field, Reason
from gaiji.model.plain import dataclass
from gaiji.output.recipe import NO_DATE, NOT_IN_TABLE, TOO_LONG
from gaiji.records.batch import Batch
from gaiji.run.plan import Plan
from gaiji.standard.individual import holds

if TYPE_CHECKING:
    from gaiji.output.shaping import Flaw

TOLD = (NO_DATE, NOT_IN_TABLE)
"""Kinds whose texts are told, where the context lets them be: they are no names."""
SHOWN = 40
"""Characters of a text that is told."""


@dataclass(frozen=True, slots=True)
class MadeColumns:
    """The columns of a batch as the output has them, and what is found in them: groups of equal findings, the
    rows that the policies drop, the first that ends the run, the records of each reason, how many cells of
    each column are of which kind, and every single one."""

    columns: list[Column]
    hits: list[Hit]
    dropped: list[int]
    failed: Failure | None
    reasons: Reasons
    kinds: Counter[tuple[str, str]]
    flaws: Sequence[Flaw] = ()


def reason_of(kind: str) -> Reason:
    """The reason that a kind of flaw has."""
    return Reason.OVERFLOW if kind == TOO_LONG else Reason.BAD_VALUE


def specs_of(plan: Plan) -> tuple[Field, ...]:
    """The columns of a plan's output as what findings are told of: each has the place of the first field
    that it is made of. Nothing of them goes to the queue."""
    recipe = plan.output.recipe
    if recipe is None:
        return ()
    fields = (*plan.fields, *plan.output.glyph_fields)
    first = [fields[one.sources[0]] if one.sources else plan.fields[0] for one in recipe.columns]
    return tuple(
        replace(spec, name=one.name, role="other", type="raw")
        for one, spec in zip(recipe.columns, first, strict=True)
    )


def make(plan: Plan, batch: Batch, columns: Sequence[Column]) -> MadeColumns | None:
    """The output's columns of a batch whose fields and glyph names are ``columns``; None where the output has
    those."""
    if plan.output.recipe is None:
        return None
    from gaiji.output.shaping import shape

    made, flaws = shape(plan.output.recipe, columns, batch.rows)
    specs, policy = specs_of(plan), plan.job.policy
    hits: list[Hit] = []
    drop: set[int] = set()
    failed: list[Failure] = []
    rows: dict[Reason, set[int]] = {}
    first: dict[Reason, Failure] = {}
    kinds: Counter[tuple[str, str]] = Counter()
    for flaw in flaws:
        spec, reason = specs[flaw.column], reason_of(flaw.kind)
        kinds[spec.name, flaw.kind] += len(flaw.rows)
        place = _failure(plan, batch, spec, reason, flaw)
        first[reason] = min(first.get(reason, place), place, key=lambda one: one[3])
        rows.setdefault(reason, set()).update(flaw.rows)
        drop.update(flaw.rows if policy[reason] == "drop-record" else ())
        failed += [place] if policy[reason] == "fail" else []
        hits += [Hit(spec, text, reason, count, ()) for text, count in _texts(plan, flaw).items()]
    reasons = {reason: (len(some), _place(first[reason])) for reason, some in rows.items()}
    return MadeColumns(
        made,
        hits,
        sorted(drop),
        min(failed, key=lambda one: one[3]) if failed else None,
        reasons,
        kinds,
        flaws,
    )


def _texts(plan: Plan, flaw: Flaw) -> Counter[str]:
    """The texts that a rule could not read, as far as they may be told."""
    return Counter(told(plan, flaw))


def told(plan: Plan, flaw: Flaw) -> list[str]:
    """Of each row of a flaw the text that a rule could not read, "" where it may not be told."""
    if flaw.kind not in TOLD or plan.job.review["context"] != "field":
        return [""] * len(flaw.rows)
    return ["" if holds(text) else text[:SHOWN] for text in flaw.texts]


def _failure(plan: Plan, batch: Batch, spec: Field, reason: Reason, flaw: Flaw) -> Failure:
    """The first flaw of a kind: which column, and where its first field lies in the input."""
    row = flaw.rows[0]
    starts, ends, at, _ = plan.decoder.place(batch, spec)
    offset = int(batch.file_offset + min(starts[row] + at, ends[row]))
    return spec, reason, flaw.kind, batch.record_number(row), offset


def _place(failure: Failure) -> Place:
    spec, _, _, record, offset = failure
    return Place(record, spec.name, offset)
