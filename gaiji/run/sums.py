"""What a run adds up to over all its outputs: the totals of each, and the counts by record type.

Owns nothing but their being together, in memory and in a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import field, replace
from typing import Any

from gaiji.columns.owners import Account
from gaiji.model.plain import dataclass
from gaiji.records.shape import Shape
from gaiji.run.counted import Counted
from gaiji.run.made import specs_of
from gaiji.run.plan import Plan
from gaiji.run.totals import Converted, Parted, Read, Totals, check_bytes, check_records


@dataclass
class Sums:
    """``totals``: of each output, in the order of ``Plan.each``; ``counted``: of record types, None where
    there are none; ``left_out``: the types that are skipped; ``before``: what a pass that goes on here must
    know of the records before; ``account``: whose the bytes of an input with record types are."""

    totals: list[Totals]
    counted: Counted | None = None
    left_out: tuple[int, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    account: Account = field(default_factory=Account)

    @staticmethod
    def of(each: Sequence[Plan], parts: Sequence[Plan] = (), shape: Shape | None = None) -> Sums:
        """Nothing yet; ``each``: the plans of the outputs, ``parts``: of all record types, where there are
        any, told apart by ``shape``."""
        totals = [Totals(part.fields, part.job.review["samples"], columns=specs_of(part)) for part in each]
        left_out = tuple(part.number for part in parts if part.skipped)
        return Sums(totals, Counted(shape) if parts and shape else None, left_out)

    @property
    def written(self) -> int:
        """Records that were written to any output."""
        return sum(one.written for one in self.totals)

    @property
    def bad(self) -> int:
        """Records that were set aside."""
        return self.counted.aside if self.counted else self.totals[0].bad

    @property
    def skipped(self) -> int:
        """Records of types that are left out."""
        return sum(self.counted.records[kind] for kind in self.left_out) if self.counted else 0

    @property
    def dropped(self) -> int:
        """Records that the policies dropped."""
        return sum(one.dropped for one in self.totals)

    def add(self, done: Converted | Parted, path: str) -> None:
        """Add a batch; a finding whose policy is ``fail`` ends the run here, the first in the input."""
        parts = done.parts if isinstance(done, Parted) else [done]
        failed = [part for part in parts if part is not None and part.failed]
        first = min(failed, key=lambda part: part.failed[3] if part.failed else 0, default=None)
        for total, part in zip(self.totals, parts, strict=True):
            if part is not None and (first is None or part is first):
                total.add(part, path)
        if self.counted is not None and isinstance(done, Parted):
            self.counted.add(done.batch, done.checks)
            self.account.add(done.account)

    def join(self, more: Sums) -> None:
        """Add the sums of the piece of the input that follows."""
        for one, other in zip(self.totals, more.totals, strict=True):
            one.join(other)
        if self.counted is not None and more.counted is not None:
            self.counted.join(more.counted)
        self.account.add(more.account)

    def reconcile(self, reader: Read) -> None:
        """Every unit of every field, and every record, is accounted for; else the run fails."""
        if self.counted is None:
            self.totals[0].reconcile(reader)
            return
        check_bytes(reader, self.account)
        for one in self.totals:
            one.reconcile_units(reader)
        check_records(reader, self.written + self.dropped + self.skipped + self.bad)

    def copy(self) -> Sums:
        """The sums as they are now."""
        counted = self.counted.copy() if self.counted else None
        totals, account = [one.copy() for one in self.totals], deepcopy(self.account)
        return replace(self, totals=totals, counted=counted, account=account)

    def state(self) -> dict[str, Any]:
        """The sums as JSON can hold them."""
        return {
            "totals": [one.state() for one in self.totals],
            "counted": self.counted.state() if self.counted else None,
            "before": dict(self.before),
            "account": self.account.state(),
        }

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Take over the sums of ``state``; KeyError, TypeError or ValueError when it is none of this plan."""
        for one, mine in zip(self.totals, state["totals"], strict=True):
            one.go_on(mine)
        if self.counted is not None:
            self.counted.go_on(state["counted"])
        self.before = dict(state["before"])
        self.account = Account.of_state(state["account"])
