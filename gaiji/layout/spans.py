"""Which bytes of a record belong to fields, to FILLER, or to nobody.

Owns how fields that overlap (REDEFINES) share bytes: each byte belongs to the first field that takes it, a
declared FILLER only has what no field takes, and what is left is a gap. Looks at no data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from gaiji.model import Field
from gaiji.model.plain import dataclass

GAP = "uncovered"
FILLER = "filler"
_OWNERS = {"zoned": "numbers", "packed": "numbers", "binary": "numbers", "float": "numbers", "raw": "raw"}


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``begin``..``end`` of a record, counted from 0, and their owner (``gaiji.model.OWNERS``)."""

    begin: int
    end: int
    owner: str


def owner_of(spec: Field) -> str:
    """The owner of a field's bytes: text, numbers or raw."""
    return _OWNERS.get(spec.type, "text")


def spans(fields: Sequence[Field], fillers: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Every byte of a record from 0 to the end of its last field or FILLER, in order; neighbours of one owner
    are one span. ``fillers``: (offset, length). What is behind the last span belongs to nobody."""
    taken = [(f.offset, f.offset + f.length, rank, owner_of(f)) for rank, f in enumerate(fields)]
    last = len(taken)
    taken += [(offset, offset + length, last, FILLER) for offset, length in fillers]
    taken.sort()
    edges = sorted({0, *(edge for begin, end, _, _ in taken for edge in (begin, end))})
    out: list[Span] = []
    open_: list[tuple[int, int, str]] = []
    at = 0
    for begin, end in pairwise(edges):
        while at < len(taken) and taken[at][0] <= begin:
            _, stop, rank, owner = taken[at]
            heappush(open_, (rank, stop, owner))
            at += 1
        while open_ and open_[0][1] <= begin:
            heappop(open_)
        owner = open_[0][2] if open_ else GAP
        if out and out[-1].owner == owner:
            out[-1] = Span(out[-1].begin, end, owner)
        else:
            out.append(Span(begin, end, owner))
    return tuple(out)
