"""Records by type, and records whose tables vary: batches as they are cut become batches of one kind each.

Owns which type a record is, whose child it is, where its fields lie when counters move them, and which
records are set aside for that. The loops are in ``gaiji.kernel.shape``. What a job says of its types becomes
a ``Shape`` in ``gaiji.run.types``; every record that goes in comes out in one part, is left out on purpose,
or is set aside.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from operator import gt
from typing import Any

from gaiji.errors import RecordError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.kernel import cut
from gaiji.kernel import shape as kernel
from gaiji.kernel.shape import CONSTANTS as S
from gaiji.model import Variable
from gaiji.model.plain import dataclass
from gaiji.records.batch import BadRecord, Batch, Sorted

TESTS = {"bytes": "STANDS", "length": "OF_LENGTH", "first": "IS_FIRST", "last": "IS_LAST"}
"""The tests of a record type, as the kernel calls them."""


@dataclass(frozen=True, slots=True)
class Test:
    """What a record of a type is like: ``what`` is one of bytes, length, first, last.

    ``bytes``: one of ``values`` stands at ``offset``; ``length``: the record has ``offset`` bytes.
    """

    what: str
    offset: int = 0
    values: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A field of an ancestor's record: the number of its kind, and its bytes in that record. ``whole``: it is
    nothing where the record does not hold all of it (a number: its own output has the finding)."""

    kind: int
    offset: int
    length: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record. ``variable``: its fields have a place of their own in each record; the places of
    ``borrowed`` follow. ``kept``: False where it is left out; ``counts``: the kinds that its records count;
    ``total``: the field that says how many, its number, place and length; ``size``: bytes of a record, where
    none of its tables varies.
    """

    name: str
    tests: tuple[Test, ...] = ()
    parent: int = -1
    variable: Variable | None = None
    borrowed: tuple[Borrowed, ...] = ()
    kept: bool = True
    counts: tuple[int, ...] = ()
    size: int = 0
    total: tuple[int, int, int] = (-1, 0, 0)


@dataclass(frozen=True)
class Shape:
    """The kinds of record of an input. ``typed``: its records are told apart; else there is one kind, whose
    tables vary."""

    kinds: tuple[Kind, ...]
    typed: bool

    @cached_property
    def tests(self) -> tuple[array[int], bytes]:
        """The tests of all kinds, as the kernel takes them."""
        out, values = array("q"), bytearray()
        for number, kind in enumerate(self.kinds):
            for test in kind.tests:
                size = len(test.values[0]) if test.values else 0
                out.extend((number, S[TESTS[test.what]], test.offset, size, len(test.values), len(values)))
                for value in test.values:
                    values += value
        return out, bytes(values) or b"\0"

    @cached_property
    def parents(self) -> array[int]:
        """The parent of each kind."""
        return array("q", [kind.parent for kind in self.kinds])


@dataclass
class _Spread:
    """What the walk over records of one kind needs, made once."""

    variable: Variable
    borrowed: int = 0
    steps: array[int] = field(init=False)
    columns: array[int] = field(init=False)

    def __post_init__(self) -> None:
        places = (*self.variable.columns, *self.variable.gaps, (-1, 0, 0, 0))
        self.steps = array("q", self.variable.steps)
        self.columns = array("q", [number for place in places for number in place])

    def run(
        self, src: bytearray | bytes, starts: Sequence[int], ends: Sequence[int]
    ) -> tuple[list[Sequence[int]], list[Sequence[int]], array[int], int]:
        """(starts, ends) of each field, gap and what is behind the record; why records cannot be walked; how
        many cannot."""
        rows, count = len(starts), len(self.columns) // S["COLUMN"]
        a, b = array("q", bytes(8 * rows * count)), array("q", bytes(8 * rows * count))
        bad, scratch = array("q", bytes(8 * rows)), array("q", bytes(8 * self.variable.slots))
        wrong = kernel.spread(src, starts, ends, self.steps, scratch, self.columns, a, b, bad) if rows else 0
        edges = [
            [memoryview(flat)[column * rows : column * rows + rows] for column in range(count)]
            for flat in (a, b)
        ]
        return list(edges[0]), list(edges[1]), bad, wrong

    def why(self, code: int) -> Fault:
        """Why a record cannot be walked."""
        name, what = self.variable.counters[code // 4] if code // 4 else "", code % 4
        if what == S["BAD_COUNTER"]:
            return _said(fault("E0427", "the counter {name} is no number", name=name))
        if what == S["OUT_OF_RANGE"]:
            return _said(fault("E0428", "the counter {name} is out of its declared range", name=name))
        return _said(fault("E0429", "the record ends before what its counters announce"))


class Shaper:
    """Shapes the batches of one pass, in order. ``before``: what an earlier pass knew where this one
    begins. ``refuse``: the path of an input of which no record may be set aside; RecordError then."""

    def __init__(self, shape: Shape, before: Mapping[str, Any] | None = None, refuse: str = "") -> None:
        self.shape = shape
        self.refuse = refuse
        self._spreads = [_Spread(k.variable, len(k.borrowed)) if k.variable else None for k in shape.kinds]
        before = before or {}
        self._raws = {int(k): bytes.fromhex(raw) for k, raw in before.get("parents", {}).items()}
        self.tallies = {int(k): int(n) for k, n in before.get("tallies", {}).items()}
        """Of each kind that counts others: how many there were since its last record."""
        for number, kind in enumerate(shape.kinds):
            if kind.counts:
                self.tallies.setdefault(number, 0)
        self._of_parents = {kind.parent for kind in shape.kinds} - {-1}

    def state(self) -> dict[str, Any]:
        """What the next batch must know of those before, as JSON can hold it."""
        return {
            "parents": {str(k): raw.hex() for k, raw in self._raws.items()},
            "tallies": {str(k): n for k, n in self.tallies.items()},
        }

    def shaped(self, batch: Batch, *, last: int = 0) -> Batch:
        """A batch with its records by type, or their fields with places of their own; ``last``: the number of
        the input's last record, where this batch holds it."""
        if not self.shape.typed:
            return self._varied(batch)
        return self._by_type(batch, last)

    # -- one kind ---------------------------------------------------------------------------------

    def _varied(self, batch: Batch) -> Batch:
        """The records of an input of one kind, whose tables vary."""
        numbers = self._numbers(batch)
        spread = self._spreads[0]
        assert spread is not None
        starts, ends, bad, wrong = spread.run(batch.src, batch.starts[0], batch.ends[0])
        shorter = _ending_early(starts, ends)
        raws = batch.starts[0], batch.ends[0]
        if not wrong:
            return replace(batch, starts=starts, ends=ends, shorter=shorter, raws=raws)
        kinds = array("q", (S["ASIDE"] if why else 0 for why in bad))
        aside = {row: spread.why(why) for row, why in enumerate(bad) if why}
        rows = self._rows(kinds, 0)
        return replace(
            batch,
            starts=[_taken(edges, rows) for edges in starts],
            ends=[_taken(edges, rows) for edges in ends],
            rows=len(rows),
            bad=self._aside(batch, aside, numbers),
            gaps=[],
            numbers=_taken(numbers, rows),
            shorter=shorter,
            raws=(_taken(raws[0], rows), _taken(raws[1], rows)),
        )

    # -- several kinds ----------------------------------------------------------------------------

    def _by_type(self, batch: Batch, last: int) -> Batch:
        """The records of a batch by type."""
        before = self.state()
        numbers, kinds = self._numbers(batch), array("q", bytes(8 * batch.rows))
        starts, ends = batch.starts[0], batch.ends[0]
        final = batch.rows - 1 if batch.rows and numbers[-1] == last else -1
        first = 0 if batch.rows and numbers[0] == 1 else -1
        tests, values = self.shape.tests
        kernel.sort(batch.src, starts, ends, tests, values, len(self.shape.kinds), first, final, kinds)
        nothing = _said(fault("E0430", "the record fits no record type"))
        aside = dict.fromkeys(self._rows(kinds, S["NO_TYPE"]), nothing)
        aside |= self._cut_off(batch, kinds)
        owner = self._owners(batch, kinds)
        for row in self._rows(kinds, S["ORPHAN"]):
            aside[row] = _said(fault("E0431", "no record of its parent's type stands before it"))
        done = [self._part(batch, number, kinds, owner, numbers) for number in range(len(self.shape.kinds))]
        tallies = {number: self._tally(number, kinds) for number in self.tallies}
        self._carry(batch, starts, ends)
        bad = self._aside(batch, aside, numbers)
        sizes = [self._size(batch, self._rows(kinds, number)) for number in range(len(self.shape.kinds))]
        parts = Sorted(kinds, done, tallies, sizes, before)
        return replace(batch, bad=bad, gaps=[], numbers=numbers, sorted=parts)

    def _cut_off(self, batch: Batch, kinds: array[int]) -> dict[int, Fault]:
        """Rows whose counters are wrong, and why; their kind becomes that of what is set aside."""
        aside = {}
        for number, spread in enumerate(self._spreads):
            if spread is None:
                continue
            rows = self._rows(kinds, number)
            _, _, bad, wrong = spread.run(
                batch.src, _taken(batch.starts[0], rows), _taken(batch.ends[0], rows)
            )
            for row, why in zip(rows, bad, strict=True) if wrong else ():
                if why:
                    aside[row] = spread.why(why)
                    kinds[row] = S["ASIDE"]
        return aside

    def _owners(self, batch: Batch, kinds: array[int]) -> array[int]:
        """The owner of each row; ``self._current`` afterwards has the last record of each type."""
        none, carried = S["NOBODY"], S["CARRIED"]
        types = range(len(self.shape.kinds))
        self._current = array("q", [carried if kind in self._raws else none for kind in types])
        owner = array("q", bytes(8 * batch.rows))
        kernel.owners(kinds, array("q", batch.gaps), self.shape.parents, self._current, owner)
        behind = len(batch.bad) > len(batch.gaps) or (batch.gaps and batch.gaps[-1] >= batch.rows)
        if behind:  # a record was set aside behind the last row, and nobody knows what it was
            self._current = array("q", [none for _ in types])
        return owner

    def _carry(self, batch: Batch, starts: Sequence[int], ends: Sequence[int]) -> None:
        """Keep the records that children in the next batch may belong to."""
        raws = {}
        for kind in self._of_parents:
            row = self._current[kind]
            if row >= 0:
                raws[kind] = bytes(batch.src[starts[row] : ends[row]])
            elif row == S["CARRIED"]:
                raws[kind] = self._raws[kind]
        self._raws = raws

    def _part(
        self, batch: Batch, number: int, kinds: array[int], owner: array[int], numbers: array[int]
    ) -> Batch | None:
        """The records of one kind."""
        kind, spread = self.shape.kinds[number], self._spreads[number]
        rows = self._rows(kinds, number)
        if not rows or not kind.kept:
            return None
        src = batch.src
        starts: list[Sequence[int]] = [_taken(batch.starts[0], rows)]
        ends: list[Sequence[int]] = [_taken(batch.ends[0], rows)]
        shorter = kernel.shorter(starts[0], ends[0], kind.size)
        if spread is not None:
            starts, ends, _, _ = spread.run(src, starts[0], ends[0])
            shorter = _ending_early(starts, ends)
            src, lent = self._borrowed(batch, kind, rows, owner)
            at = len(spread.variable.columns)
            starts[at:at] = [a for a, _ in lent]
            ends[at:at] = [b for _, b in lent]
        return Batch(
            src,
            starts,
            ends,
            len(rows),
            batch.file_offset,
            numbers[rows[0]],
            numbers=_taken(numbers, rows),
            shorter=shorter,
        )

    def _borrowed(
        self, batch: Batch, kind: Kind, rows: array[int], owner: array[int]
    ) -> tuple[bytearray | bytes, list[tuple[array[int], array[int]]]]:
        """Where the borrowed fields of some rows lie; where their ancestor is of an earlier batch, in a copy
        of the buffer with that record behind it."""
        src, lent, owners = batch.src, [], {}
        at, of = kind.parent, _taken(owner, rows) if kind.borrowed else rows
        while at >= 0 and kind.borrowed:
            owners[at] = of
            at, below = self.shape.kinds[at].parent, of
            of = array("q", bytes(8 * len(rows)))
            kernel.follow(owner, below, of)
        tails: dict[int, tuple[int, int]] = {}
        for one in kind.borrowed:
            if one.kind not in tails:
                raw = self._raws.get(one.kind, b"") if S["CARRIED"] in owners[one.kind] else b""
                tails[one.kind] = (len(src), len(src) + len(raw))
                src = bytearray(src) + raw if raw else src
            a, b = array("q", bytes(8 * len(rows))), array("q", bytes(8 * len(rows)))
            kernel.borrow(
                batch.starts[0],
                batch.ends[0],
                owners[one.kind],
                one.offset,
                one.length,
                int(one.whole),
                *tails[one.kind],
                a,
                b,
            )
            lent.append((a, b))
        return src, lent

    def _tally(self, number: int, kinds: array[int]) -> list[int]:
        """How many records each of this kind should count: those since the one before."""
        counted, tallies, begin = self.shape.kinds[number].counts, [], 0
        for row in (*self._rows(kinds, number), len(kinds)):
            self.tallies[number] += sum(kernel.count(kinds, kind, begin, row) for kind in counted)
            begin = row + 1
            if row < len(kinds):
                tallies.append(self.tallies[number])
                self.tallies[number] = 0
        return tallies

    # -- rows -------------------------------------------------------------------------------------

    def _rows(self, kinds: array[int], kind: int) -> array[int]:
        rows = array("q", bytes(8 * len(kinds)))
        return rows[: kernel.pick(kinds, kind, rows)]

    def _size(self, batch: Batch, rows: array[int]) -> int:
        """Bytes of some records."""
        return cut.extent(_taken(batch.starts[0], rows), _taken(batch.ends[0], rows), 0, -1)[0]

    def _numbers(self, batch: Batch) -> array[int]:
        numbers = array("q", bytes(8 * batch.rows))
        kernel.number(batch.first, array("q", batch.gaps), numbers)
        return numbers

    def _aside(self, batch: Batch, aside: Mapping[int, Fault], numbers: Sequence[int]) -> list[BadRecord]:
        """The records that were set aside before, and these; RecordError where none may be."""
        starts, ends = batch.starts[0], batch.ends[0]
        if aside and self.refuse:
            row = min(aside)
            raise RecordError(
                aside[row],
                path=self.refuse,
                record=numbers[row],
                offset=batch.file_offset + starts[row],
                next=tr("correct the file or the rules; without on_bad_record it is set aside"),
            )
        more = [
            BadRecord(
                numbers[row], batch.file_offset + starts[row], bytes(batch.src[starts[row] : ends[row]]), why
            )
            for row, why in aside.items()
        ]
        return sorted([*batch.bad, *more], key=lambda bad: bad.record)


def _said(what: Fault) -> Fault:
    """Why a record is set aside, as an error would say it."""
    return RecordError(what, path="", record=0, offset=0).what


def _ending_early(starts: Sequence[Sequence[int]], ends: Sequence[Sequence[int]]) -> int:
    """How many records end before the last of their pieces does."""
    return sum(map(gt, starts[-1], ends[-1]))


def _taken(edges: Sequence[int], rows: Sequence[int]) -> array[int]:
    out = array("q", bytes(8 * len(rows)))
    kernel.take(edges, rows, out)
    return out
