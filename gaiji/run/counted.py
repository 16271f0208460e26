"""How many records of each type there were, and whether trailers say the same.

Owns the counts by type, what trailers are found to say, and the form in which both outlive a process. What a
trailer's record should count comes from ``gaiji.records.shape``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from gaiji.kernel import shape as kernel
from gaiji.model.plain import dataclass
from gaiji.records.batch import Batch
from gaiji.records.shape import Shape

SHOWN = 100
"""Wrong trailers that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a trailer says (None: no number) and how many records there were; ``record``: its number."""

    kind: int
    record: int
    said: int | None
    counted: int


@dataclass
class Counted:
    """The sums over all batches so far, for the types of a ``shape``."""

    shape: Shape
    records: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    checked: list[int] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    examples: list[Check] = field(default_factory=list)
    aside: int = 0

    def __post_init__(self) -> None:
        for name in ("records", "sizes", "checked", "wrong"):
            setattr(self, name, getattr(self, name) or [0] * len(self.shape.kinds))

    def add(self, batch: Batch, checks: Sequence[Check]) -> None:
        """Add a batch and what its trailers say."""
        assert batch.sorted is not None  # only jobs with types are counted here
        kinds = batch.sorted.kinds
        for kind in range(len(self.shape.kinds)):
            self.records[kind] += kernel.count(kinds, kind, 0, batch.rows)
        for kind, size in enumerate(batch.sorted.sizes):
            self.sizes[kind] += size
        self.aside += len(batch.bad)
        for check in checks:
            self.checked[check.kind] += 1
            if check.said != check.counted:
                self.wrong[check.kind] += 1
                self.examples = [*self.examples, check][:SHOWN]

    def join(self, more: Counted) -> None:
        """Add the sums of the piece of the input that follows."""
        for name in ("records", "sizes", "checked", "wrong"):
            both = zip(getattr(self, name), getattr(more, name), strict=True)
            setattr(self, name, [mine + other for mine, other in both])
        self.examples = [*self.examples, *more.examples][:SHOWN]
        self.aside += more.aside

    def copy(self) -> Counted:
        """The sums as they are now."""
        made = Counted(self.shape, list(self.records), list(self.sizes), list(self.checked), list(self.wrong))
        made.examples, made.aside = list(self.examples), self.aside
        return made

    def state(self) -> dict[str, Any]:
        """The sums as JSON can hold them."""
        checks = [[c.kind, c.record, c.said, c.counted] for c in self.examples]
        names = ("records", "sizes", "checked", "wrong", "aside")
        return {name: getattr(self, name) for name in names} | {"examples": checks}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Take over the sums of ``state``; KeyError, TypeError or ValueError when it is none of this
        shape."""
        for name in ("records", "sizes", "checked", "wrong"):
            setattr(self, name, [int(number) for number in state[name]])
            if len(getattr(self, name)) != len(self.shape.kinds):
                raise ValueError("another number of types")
        self.aside = int(state["aside"])
        self.examples = [Check(*numbers) for numbers in state["examples"]]

    def trailers(self, left: Mapping[int, int]) -> dict[str, Any]:
        """What the manifest says of trailers; ``left``: for each type that counts others, how many of them
        stand behind its last record. A trailer that never came, and records behind the last one, are wrong
        too."""
        out = {}
        for kind, behind in left.items():
            name = self.shape.kinds[kind].name
            out[name] = {
                "counts": [self.shape.kinds[other].name for other in self.shape.kinds[kind].counts],
                "checked": self.checked[kind],
                "wrong": self.wrong[kind],
                "behind": behind,
                "holds": not self.wrong[kind] and not behind and self.checked[kind] > 0,
                "examples": [
                    {"record": c.record, "said": c.said, "counted": c.counted}
                    for c in self.examples
                    if c.kind == kind
                ],
            }
        return out
