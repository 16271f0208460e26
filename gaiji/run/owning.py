"""Whose the bytes of a job's input are: what ``gaiji.columns.owners`` needs, from the job and its layout.

Owns nothing but that; the accounts are made where batches are.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaiji.codes.charset import Charset
from gaiji.columns.owners import Owners, TypedOwners
from gaiji.layout.described import Whole
from gaiji.layout.layout import Layout
from gaiji.layout.spans import owner_of, spans
from gaiji.records.batch import Framing
from gaiji.run.job import Job
from gaiji.run.types import Typed, moved


def owners_of(job: Job, charset: Charset, framing: Framing, layout: Layout, whole: Whole) -> Owners:
    """Whose each byte of the input is, of records that ``whole`` describes."""
    if framing.format == "csv":
        return Owners(charset, framing, (), [owner_of(spec) for spec in layout.fields], 0)
    shortest = int(job.source["shortest"]) or layout.shortest
    return Owners(charset, framing, spans(layout.fields, layout.fillers), (), shortest, moved(whole, False))


def typed_owners(types: Sequence[Typed], charset: Charset, framing: Framing) -> TypedOwners:
    """The same of records of several types."""
    return TypedOwners(
        [
            None if one.rule.skip else owners_of(one.job, charset, framing, one.layout, one.whole)
            for one in types
        ]
    )
