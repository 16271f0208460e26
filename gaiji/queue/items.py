"""What waits for a person, as plain data: items, samples, proposals.

Owns no storage: the queue is in ``queue``, its tables in ``schema``.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One occurrence. ``text``: the field with the glyph between 【 and 】, as far as the context allows."""

    record: int
    record_key: str
    field: str
    position: int
    text: str


@dataclass(frozen=True)
class Proposal:
    """A glyph that a source proposes for an item: ``score`` from 0 to 1, and why, in Japanese."""

    glyph: str
    score: float
    reason: str


@dataclass
class Item:
    """A code to review, with how often each field of each source holds it."""

    system: str
    code: str
    site: str
    reason: str
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    records: dict[tuple[str, str], int] = field(default_factory=dict)
    """Field → records that hold the code there and in no earlier field."""
    candidates: str = ""
    state: str = "open"
    basis: str = ""
    id: int = 0
    version: int = 0
    verdict: str = ""
    """What its shape says: ``near-certain``, ``likely``, ``not-in-repertoire``, "" where nobody compared it.
    """

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes an item one: code system, code, site, reason."""
        return self.system, self.code, self.site, self.reason

    @property
    def total(self) -> int:
        """Occurrences in all fields."""
        return sum(self.counts.values())

    @property
    def people(self) -> int:
        """Records that hold the code in any field: the people it concerns."""
        return sum(self.records.values())
