"""Codes of several 外字 sets whose pictures are of one shape, as the queue keeps them: families.

Owns the table and who of a family may be seen. What one shape is, is ``gaiji.shape.alike``'s; a family says
nothing of what a code means, which a person decides for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from gaiji.model.plain import dataclass
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue, Sources
from gaiji.queue.schema import alike


@dataclass(frozen=True)
class Family:
    """The codes of one shape: those that concern the most people first."""

    items: tuple[Item, ...]

    @property
    def sets(self) -> int:
        """How many 外字 sets have the shape."""
        return len({(one.system, one.site, one.gaiji_set) for one in self.items})

    @property
    def people(self) -> int:
        """Records that hold one of the codes, counted for each code."""
        return sum(one.people for one in self.items)


def keep_families(queue: Queue, families: Mapping[int, int]) -> None:
    """Keep item → family in the place of what was kept before."""
    with queue.writing() as connection:
        had = {row.item_id: row.family for row in connection.execute(sa.select(alike))}
        if had == dict(families):
            return
        connection.execute(alike.delete())
        if families:
            rows = [{"item_id": number, "family": family} for number, family in sorted(families.items())]
            connection.execute(alike.insert(), rows)


def members(connection: sa.Connection) -> dict[int, list[int]]:
    """Item → all items of its family, itself among them."""
    by_family: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute(sa.select(alike).order_by(alike.c.item_id)):
        by_family[row.family].append(row.item_id)
    return {number: some for some in by_family.values() for number in some}


def families_of(
    queue: Queue, ids: Sequence[int] | None = None, *, sources: Sources = None
) -> dict[int, Family]:
    """Item → its family, of some items or of all, as far as some sources (by id) have the codes; only where
    two sets of it are left."""
    with queue.reading() as connection:
        every = members(connection)
    wanted = {number: some for number, some in every.items() if ids is None or number in ids}
    needed = sorted({one for some in wanted.values() for one in some})
    items = {one.id: one for one in queue.items(needed, sources=sources)} if needed else {}
    out = {}
    for number, some in wanted.items():
        there = sorted((items[one] for one in some if one in items), key=lambda one: (-one.people, one.id))
        family = Family(tuple(there))
        if family.sets > 1 and number in items:
            out[number] = family
    return out
