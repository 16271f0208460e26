"""Parts of an input that are proved by themselves, as the manifest of a conversion in pieces says where they
begin.

Owns what is said of such a place, and nothing that makes it true: each is a claim until the part before was
read to its end and ended just there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from itertools import pairwise
from typing import Any, NamedTuple

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass


class Spot(NamedTuple):
    """A place between two records: bytes and records before it, the bytes that are left of its block of
    records, the columns of a CSV (0 where its first record is still to come)."""

    offset: int = 0
    records: int = 0
    block: int = 0
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A part of an input, from ``begin`` to the byte before ``end`` (-1: the last). ``parents``: the records
    of types that stand there for those that follow to be below."""

    number: int
    begin: Spot
    end: int
    parents: Mapping[int, bytes] = field(default_factory=dict)


WHOLE = Window(0, Spot(), -1)


def windows_of(manifest: Mapping[str, Any], where: str, *, packed: bool) -> list[Window]:
    """The parts of the input that the parts of the output were made of; UsageError where the manifest does
    not say it (the output is one file, or of an earlier version)."""
    told = manifest.get("pieces")
    try:
        spots = [Spot(*(int(dict(one)[key]) for key in Spot._fields)) for one in told or ()]
    except (KeyError, TypeError, ValueError):
        spots = []
    rising = all(a.offset < b.offset and a.records <= b.records for a, b in pairwise(spots))
    if not spots or spots[0] != Spot() or not rising or (packed and len(spots) > 1):
        raise UsageError(
            fault("E0778", "does not say where the parts of the output begin in the input"),
            where=where,
            next=tr("run gaiji verify without --engine spark, or gaiji convert --engine spark again"),
        )
    ends = [*(spot.offset for spot in spots[1:]), -1]
    return [Window(at, spot, end) for at, (spot, end) in enumerate(zip(spots, ends, strict=True))]
