"""What a run's findings are as rows of the queue, and whether the queue has just these already.

Owns the rows of a source and how two sets of them are compared. Knows no database: those who read rows from
one are ``adding`` and ``unchanged``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gaiji.queue.items import Item
from gaiji.standard.individual import hidden, holds

UNSETTLED = ("open", "proposed", "deferred", "contested", "inquiry")
"""States of items that wait for a person."""
NUL = "\u2400"
"""What stands for a low-value in a sample."""
USAGE = ("field", "role", "count", "records")
SAMPLE = ("number", "record", "record_key", "field", "position", "text")
STANDING = ("basis", "candidates")


class Known(NamedTuple):
    """An item of the queue: its number, and its state now."""

    id: int
    state: str


def usages(found: Item) -> list[dict[str, Any]]:
    """How often each field holds the code."""
    return [
        {"field": name, "role": role, "count": count, "records": found.records.get((name, role), count)}
        for (name, role), count in found.counts.items()
    ]


def samples(found: Item) -> list[dict[str, Any]]:
    """An item's samples as the queue keeps them: no 個人番号 comes in, whoever gives it, and no low-value,
    which PostgreSQL cannot hold in a text."""
    return [
        {"number": number, "record": s.record, "field": s.field, "position": s.position}
        | {
            "record_key": str(s.record) if holds(s.record_key) else s.record_key.replace("\0", NUL),
            "text": hidden(s.text).replace("\0", NUL),
        }
        for number, s in enumerate(found.samples)
    ]


def standings(found: Item) -> list[dict[str, Any]]:
    """What the tables say of the code."""
    return [{"basis": found.basis, "candidates": found.candidates}]


PARTS = (("usage", USAGE, usages), ("sample", SAMPLE, samples), ("standing", STANDING, standings))
"""The tables that hold a source's findings, their columns, and their rows for an item."""


def has_all(
    items: Sequence[Item],
    known: Mapping[tuple[str, ...], Known],
    rows_of: Callable[[str], Iterable[Mapping[str, Any]]],
) -> bool:
    """Whether a source's findings stand in the queue just as they are given, and none beside them.

    ``known``: the queue's items by key; ``rows_of``: the source's rows in one of the tables of ``PARTS``.
    """
    if any(found.key not in known for found in items):
        return False
    given = {known[found.key].id: [of(found) for _, _, of in PARTS] for found in items}
    there: dict[int, tuple[list[Any], ...]] = {owner: ([], [], []) for owner in given}
    settled = {row.id for row in known.values() if row.state not in UNSETTLED}
    for number, (table, columns, _) in enumerate(PARTS):
        for row in rows_of(table):
            if row["item_id"] in there:
                there[row["item_id"]][number].append({key: row[key] for key in columns})
            elif row["item_id"] not in settled:
                return False
    return all(
        _same(one, other, key)
        for owner in given
        for one, other, key in zip(given[owner], there[owner], ("field", "number", "basis"), strict=True)
    )


def _same(some: list[dict[str, Any]], others: list[dict[str, Any]], key: str) -> bool:
    return sorted(some, key=lambda row: row[key]) == sorted(others, key=lambda row: row[key])
