"""What is compared, what it is found to be, and what that adds up to.

Owns the classes of cells and the plain data between ``pairs``, ``prover`` and ``report``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field
from typing import Any

from gaiji.model.plain import dataclass
from gaiji.output.readback import Cells
from gaiji.records.batch import Batch

MAX_CHANGES = 1000
CLASSES = ("identical", "form", "one-way", "flagged", "changed", "empty")
IDENTICAL, FORM, ONE_WAY, FLAGGED, CHANGED, EMPTY = range(6)
WRITTEN = ("", "low-values", "blanks")
"""What empty fields were written as; the numbers are those of ``numbers_back.written_as``."""
KEPT = 1000
"""Changes of a batch whose place is kept; all are counted."""
Key = tuple[int, int, int, int]
"""Column, class (or reason << 8 | FLAGGED), code, bytes of the code."""


@dataclass(frozen=True)
class Pair:
    """A batch of source records and the output records that must be theirs.

    ``rows`` names the batch's rows that were written, None when all were (``drop-record`` drops some).
    ``dropped``: of each field the flagged units of the others, then what was found in their columns.
    """

    whole: Batch
    batch: Batch
    rows: Sequence[int] | None
    cells: Cells
    dropped: tuple[Counter[Any], ...] = ()

    def record(self, row: int) -> int:
        """The number in the input of a row."""
        return self.whole.record_number(row if self.rows is None else self.rows[row])


@dataclass(frozen=True)
class Change:
    """Where an output is not what its source says: ``position`` counts characters, ``offset`` bytes of the
    cell.
    """

    record: int
    field: str
    position: int
    offset: int
    code: str
    expected: str
    found: str


@dataclass
class Proved:
    """What a batch was found to be: cells by class, flagged units by reason, bytes, for each column."""

    classes: list[list[int]]
    flagged: list[Counter[int]]
    sizes: list[int]
    rows: int
    broken: int
    groups: dict[Key, tuple[int, list[int]]] = field(default_factory=dict)
    forms: dict[int, list[int]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    empties: list[Counter[str]] = field(default_factory=list)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of columns of the job's own: what the rules and the receiver's list find in them."""


@dataclass
class Totals:
    """What all batches so far were found to be."""

    classes: list[list[int]]
    flagged: list[Counter[int]]
    sizes: list[int]
    rows: int = 0
    broken: int = 0
    dropped: int = 0
    bad: int = 0
    missing: int = 0
    groups: dict[Key, tuple[int, list[int]]] = field(default_factory=dict)
    forms: dict[int, list[int]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    empties: list[Counter[str]] = field(default_factory=list)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def empty(cls, columns: int, fields: int) -> Totals:
        """No batch yet, of an output with so many columns, the first ``fields`` of which are fields."""
        return cls(
            [[0] * len(CLASSES) for _ in range(columns)],
            [Counter() for _ in range(fields)],
            [0] * fields,
            empties=[Counter() for _ in range(fields)],
        )

    def join(self, more: Totals) -> None:
        """Add what batches behind these were found to be."""
        self.add(more)
        self.dropped += more.dropped
        self.bad += more.bad
        self.missing += more.missing

    def add(self, done: Proved | Totals) -> None:
        """Add what a batch was found to be, the next."""
        for mine, more in zip(self.classes, done.classes, strict=True):
            for kind, count in enumerate(more):
                mine[kind] += count
        for number, (counts, size) in enumerate(zip(done.flagged, done.sizes, strict=True)):
            self.flagged[number].update(counts)
            self.sizes[number] += size
        for known, more_empty in zip(self.empties, done.empties, strict=True):
            known.update(more_empty)
        self.kinds.update(done.kinds)
        self.rows += done.rows
        self.broken += done.broken
        for key, (count, records) in done.groups.items():
            before, examples = self.groups.get(key, (0, []))
            self.groups[key] = (before + count, (examples + records)[:3])
        for number, records in done.forms.items():
            self.forms[number] = sorted(self.forms.get(number, []) + records)[:3]
        self.changes = (self.changes + done.changes)[:MAX_CHANGES]
