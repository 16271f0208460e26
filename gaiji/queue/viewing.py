"""Who saw whose data: a log of its own, chained as that of the acts is.

Owns what such a line says: the page, its item, and the records whose samples or places it showed, as source
and record number. No name, key or text is in it: whose a record is, the queue says while it keeps its samples
(``people``), and the input says afterwards. ``gaiji.queue.audit`` makes and proves the chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from gaiji.model.plain import dataclass
from gaiji.queue.audit import append, chained
from gaiji.queue.queue import Queue
from gaiji.queue.schema import place, sample, source, viewed

Record = tuple[str, int]
"""A source by its id, and the number of a record in it."""


@dataclass(frozen=True)
class View:
    """One line of it. ``at``: UTC, to the second; ``page``: list, item or place; ``item_id``: 0 for a page of
    many; ``digest``: of the input that each source had then."""

    at: str
    person: str
    page: str
    item_id: int
    records: tuple[Record, ...]


def saw(queue: Queue, person: str, page: str, item_id: int, records: Iterable[Record]) -> None:
    """Note that a person was shown these records; a page without any is noted too."""
    told: dict[str, list[int]] = {}
    for owner, number in sorted(set(records)):
        told.setdefault(owner, []).append(number)
    with queue.writing() as connection:
        digests = sa.select(source.c.id, source.c.digest).where(source.c.id.in_(list(told)))
        inputs = {row.id: row.digest[:16] for row in connection.execute(digests)} if told else {}
        append(connection, person, page, item_id, {"records": told, "inputs": inputs}, log=viewed)


def views(queue: Queue, *, person: str = "", key: str = "") -> Iterator[View]:
    """The lines, oldest first: of one person, of those who saw the record with this key (as far as the queue
    still has samples or places of it)."""
    wanted = people(queue, key) if key else None
    query = sa.select(viewed).order_by(viewed.c.number)
    with queue.reading() as connection:
        rows = connection.execute(query.where(viewed.c.person == person) if person else query).all()
    for row in rows:
        told = json.loads(row.detail)["records"]
        records = tuple((owner, number) for owner, numbers in told.items() for number in numbers)
        if wanted is None or wanted & set(records):
            yield View(row.at, row.person, row.action, row.item_id, records)


def people(queue: Queue, key: str) -> set[Record]:
    """The records that the queue shows under a key."""
    with queue.reading() as connection:
        return {
            (row.source, row.record)
            for table in (sample, place)
            for row in connection.execute(
                sa.select(table.c.source, table.c.record).where(table.c.record_key == key)
            )
        }


def verify_views(queue: Queue) -> tuple[int, str]:
    """(lines that hold, what is wrong with the next one or "")."""
    with queue.reading() as connection:
        return chained(connection, viewed)
