"""Source records and the output records that must be theirs.

Owns the pairing, also where ``drop-record`` left some out or a record of the output cannot be read.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gaiji.codes.program import K
from gaiji.columns.lost import begins_mark
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import join
from gaiji.model import Column, Field, Reason
from gaiji.output.readback import Cells, Readback
from gaiji.proof.aside import Aside
from gaiji.proof.columns import reason_of
from gaiji.proof.corrected import TakenBack
from gaiji.proof.prover import Prover
from gaiji.proof.totals import Pair, Totals
from gaiji.records.batch import Batch
from gaiji.run.plan import Plan

MAX_DAMAGED = 1000


class Pairs:
    """Each batch of a reading with its output records; counts in ``totals`` what has none. ``bad``: the
    records that could not be cut."""

    def __init__(
        self,
        plan: Plan,
        reading: Iterable[Batch],
        readback: Readback,
        prover: Prover,
        totals: Totals,
        taken: TakenBack,
    ) -> None:
        self.plan = plan
        self.reading = reading
        self.readback = readback
        self.prover = prover
        self.totals = totals
        self.taken = taken
        self.bad = Aside()
        self._dropping = "drop-record" in plan.job.policy.values()

    def __iter__(self) -> Iterator[Pair]:
        """Each batch with its output records."""
        for batch in self.reading:
            yield self.of(batch)

    def of(self, batch: Batch) -> Pair:
        """A batch, the next, with its output records."""
        for bad in batch.bad:
            self.bad.add(bad.raw)
        self.totals.bad += len(batch.bad)
        kept, dropped = self._drop(batch) if self._dropping else (None, ())
        written = batch if kept is None else _some(batch, kept)
        self.totals.dropped += batch.rows - written.rows
        cells = self._take(written)
        if cells.missing >= 0:
            self.totals.missing += written.rows - cells.missing
            kept = list(range(batch.rows) if kept is None else kept)[: cells.missing]
            cells.starts, cells.ends = (
                [edges[: cells.missing] for edges in both] for both in (cells.starts, cells.ends)
            )
            written = _some(batch, kept)
        return self.taken.out_of(Pair(batch, written, kept, cells, dropped))

    def _drop(self, batch: Batch) -> tuple[list[int] | None, tuple[Counter[Any], ...]]:
        """Rows that ``drop-record`` keeps (None: all), and of the others the flagged units of each field and
        what was found in columns."""
        out: set[int] = set()
        states, limits = bytearray(batch.rows), self.prover.limits
        found = []
        for number, spec in enumerate(self.plan.fields):
            column, _, findings = self.plan.decoder.decode(batch, spec, states)
            marks = list(zip(findings[:: K["FINDING"]], findings[5 :: K["FINDING"]], strict=True))
            found.append(self._flagged(spec, findings))
            out.update(row for row, reason in marks if self.plan.job.policy[Reason(reason)] == "drop-record")
            if limits and self.plan.job.policy[Reason.OVERFLOW] == "drop-record":
                out.update(_cut(column, batch.rows, limits[number]))
        if limits and self.plan.job.policy[Reason.OVERFLOW] == "drop-record":
            for number, spec in enumerate(self.prover.glyph_fields, len(self.plan.fields)):
                out.update(_cut(self.plan.decoder.glyphs(batch, spec), batch.rows, limits[number]))
        policy, of_columns = self.plan.job.policy, self.prover.found(batch)
        out.update(row for row, _, kind in of_columns if policy[reason_of(kind)] == "drop-record")
        if not out:
            return None, ()
        kinds = Counter((name, kind) for row, name, kind in of_columns if row in out)
        return [r for r in range(batch.rows) if r not in out], (
            *(Counter(r for row, r in m if row in out) for m in found),
            kinds,
        )

    def _flagged(self, spec: Field, findings: array[int]) -> list[tuple[int, int]]:
        """Row and reason of the findings whose units count as flagged: not of marks of an earlier loss that
        were found in the text."""
        decoder = self.plan.decoder
        charset, width = decoder.charset_of(spec), K["FINDING"]
        every = zip(*(findings[at::width] for at in (0, 3, 4, 5)), strict=True)
        return [
            (row, reason)
            for row, code, size, reason in every
            if reason != Reason.ALREADY_LOST or not begins_mark(decoder.marks, charset, code, size)
        ]

    def _take(self, batch: Batch) -> Cells:
        """The output records of a batch; over lines that are no records it steps, looking for the next."""
        cells = self.readback.take(batch.rows)
        while 0 <= cells.missing < batch.rows and self.readback.more():
            row = cells.missing
            if self.totals.broken + len(cells.damaged) >= MAX_DAMAGED:
                raise too_many(self.plan)
            following = (
                self.readback.line(self.prover.expected(batch, row + 1)) if row + 1 < batch.rows else b""
            )
            found = self.readback.skip(self.readback.line(self.prover.expected(batch, row)), following)
            cells = _join(cells, row, found, self.readback.take(batch.rows - row - 1), batch.rows)
        return cells


def too_many(plan: Plan) -> GaijiError:
    """More records of an output cannot be read than a report could tell."""
    return GaijiError(
        fault("E0203", "more than {max_damaged:,} records cannot be read", max_damaged=MAX_DAMAGED),
        where=str(plan.output.path),
        next=tr("check that this is the job's output, then run gaiji convert again"),
    )


def _some(batch: Batch, rows: list[int]) -> Batch:
    """A batch with some of its rows. Record numbers are the whole batch's: see ``Pair.record``."""
    starts: list[Sequence[int]] = [array("q", [edges[r] for r in rows]) for edges in batch.starts]
    ends: list[Sequence[int]] = [array("q", [edges[r] for r in rows]) for edges in batch.ends]
    return replace(batch, starts=starts, ends=ends, rows=len(rows))


def _join(before: Cells, row: int, found: bytes, after: Cells, rows: int) -> Cells:
    """Records before a damaged one, that one, and those behind it, as one piece."""
    used = max([0, *(edges[row - 1] for edges in before.ends)]) if row else 0
    src = bytearray(before.src[:used]) + bytearray(after.src)
    starts: list[Sequence[int]] = []
    ends: list[Sequence[int]] = []
    for column in range(len(before.starts)):
        for edges, first, second in ((starts, before.starts, after.starts), (ends, before.ends, after.ends)):
            edges.append(
                array("q", [*first[column][:row], 0, *(used + at for at in second[column][: rows - row - 1])])
            )
    damaged = before.damaged | {row: found} | {row + 1 + r: raw for r, raw in after.damaged.items()}
    missing = -1 if after.missing < 0 else row + 1 + after.missing
    return Cells(src or bytearray(1), starts, ends, rows, damaged, missing)


def _cut(column: Column, rows: int, limit: int) -> list[int]:
    """The rows whose text a fixed-length output cuts; ``limit``: its bytes, or less than 0, UTF-16 units."""
    bad, width = array("i", bytes(4 * rows)), abs(limit)
    room, offsets = bytearray(rows * width * 3 + 8), array("q", bytes(8 * rows + 8))
    join.fit(column.data, column.offsets, width, int(limit < 0), room, offsets, bad)
    return [row for row in range(rows) if bad[row]]
