"""Records by type and tables that vary, told apart once more for the proof.

Owns a second, plain reading of what ``gaiji.records.shape`` does with loops of its own: which type a record
is, whose child it is, where its fields lie, what is set aside. It shares the description of the types with
the conversion and no code that follows it: record by record, in plain Python, with every record's bytes
copied out.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any

from gaiji.model import Variable
from gaiji.model.plain import dataclass
from gaiji.proof.aside import Aside
from gaiji.records.batch import BadRecord, Batch, Sorted
from gaiji.records.shape import Kind, Shape, Test

PIECE, COUNT, NODE = 0, 1, 2
Spans = list[tuple[int, int]]
"""Where each field of a record begins and ends in it."""


@dataclass(frozen=True, slots=True)
class _Above:
    """A record that others may stand below, and the one that it stands below itself."""

    raw: bytes
    kind: int
    parent: _Above | None


class NoWalk(Exception):
    """A record whose counters say what cannot be."""


@dataclass
class _Part:
    """The records of one kind in a batch: their bytes one behind another, and the places of their fields."""

    numbers: array[int] = field(default_factory=lambda: array("q"))
    data: bytearray = field(default_factory=bytearray)
    starts: list[array[int]] = field(default_factory=list)
    ends: list[array[int]] = field(default_factory=list)

    def add(self, number: int, raw: bytes, spans: Spans) -> None:
        """One more record; ``raw``: its bytes, and behind them those of its ancestors' keys."""
        if not self.starts:
            self.starts = [array("q") for _ in spans]
            self.ends = [array("q") for _ in spans]
        base = len(self.data)
        self.data += raw
        self.numbers.append(number)
        for column, (begin, end) in enumerate(spans):
            self.starts[column].append(base + begin)
            self.ends[column].append(base + end)


class PlainShaper:
    """Shapes the batches of one pass for the proof; ``counts``: records of each kind so far. ``above``: of a
    pass that begins in the middle, what ``standing`` said at the end of the one before."""

    def __init__(self, shape: Shape, above: Mapping[int, bytes] = MappingProxyType({})) -> None:
        self.shape = shape
        self.counts = [0] * len(shape.kinds)
        self.tallies = {number: 0 for number, kind in enumerate(shape.kinds) if kind.counts}
        self.trailers: list[tuple[int, int, int, bytes]] = []
        """(kind, record number, records that it should count, what it says) of each trailer."""
        self.bad = Aside()
        """The records that were set aside, and how many there are."""
        self.aside = 0
        self.lying: dict[tuple[int, tuple[int, ...]], tuple[array[int], array[int], array[int]]] = {}
        """Of the last batch: where records of one kind with the same pieces begin and end, and their
        numbers."""
        self._above: dict[int, _Above] = {}
        """The last record of each type."""
        for number in above:
            self._put_back(number, above)

    def _put_back(self, number: int, above: Mapping[int, bytes]) -> _Above:
        """A record that stands at the begin of the pass, and those above it."""
        if number not in self._above:
            parent = self.shape.kinds[number].parent
            over = self._put_back(parent, above) if parent in above else None
            self._above[number] = _Above(above[number], number, over)
        return self._above[number]

    def standing(self) -> dict[int, bytes]:
        """The record of each type that the next one could stand below: all that a pass from here on must know
        of the records before."""
        parents = sorted({kind.parent for kind in self.shape.kinds} - {-1})
        found = {number: self._standing(number) for number in parents}
        return {number: one.raw for number, one in found.items() if one is not None}

    def state(self) -> dict[str, Any]:
        """A proof is never gone on with."""
        return {}

    def shaped(self, batch: Batch, *, last: int = 0) -> Batch:
        """A batch with its records by type, or their fields with places of their own."""
        parts = [_Part() for _ in self.shape.kinds]
        bad, kinds, self.lying = [], array("q"), {}
        for number, offset, raw, cut in self._records(batch):
            if cut is not None:
                bad.append(cut)
                self._above = {}
                continue
            kind = self._kind(raw, number == 1, number == last)
            why = self._take(kind, number, raw, parts, offset)
            kinds.append(-1 if why else kind)
            if why:
                bad.append(BadRecord(number, batch.file_offset + offset, raw, why))
        for one in bad:
            self.bad.add(one.raw)
        self.aside += len(bad)
        if not self.shape.typed:
            return self._batch(batch, parts[0], bad)
        done = [
            self._batch(batch, part, []) if part.numbers and kind.kept else None
            for part, kind in zip(parts, self.shape.kinds, strict=True)
        ]
        return replace(batch, bad=bad, gaps=[], sorted=Sorted(kinds, done, {}, [], {}))

    def _records(self, batch: Batch) -> Iterator[tuple[int, int, bytes, BadRecord | None]]:
        """(number, offset in the buffer, bytes, None) of each record, and those that could not be cut, in the
        order of the input."""
        aside = {bad.record: bad for bad in batch.bad}
        number = batch.first
        for begin, end in zip(batch.starts[0], batch.ends[0], strict=True):
            while number in aside:
                yield number, 0, b"", aside.pop(number)
                number += 1
            yield number, begin, bytes(batch.src[begin:end]), None
            number += 1
        for bad in batch.bad:
            if bad.record in aside:
                yield bad.record, 0, b"", bad

    def _kind(self, raw: bytes, first: bool, last: bool) -> int:
        """The first kind that a record fits, -1 for none."""
        for number, kind in enumerate(self.shape.kinds):
            if all(_holds(test, raw, first, last) for test in kind.tests):
                return number
        return -1

    def _take(self, number: int, record: int, raw: bytes, parts: Sequence[_Part], at: int) -> str:
        """Put a record, which begins ``at`` in its batch, into its part; why it is set aside, "" where it is
        not."""
        if number < 0:
            self._above = {}
            return "type"
        kind = self.shape.kinds[number]
        try:
            spans, there = _places(kind, raw)
        except NoWalk:
            self._above = {}
            return "counter"
        parent = self._standing(kind.parent)
        if kind.parent >= 0 and parent is None:
            self._above.pop(number, None)
            return "parent"
        for edges, edge in zip(self._lying(number, there), (at, at + len(raw), record), strict=True):
            edges.append(edge)
        column, offset, length = kind.total
        begin, end = spans[column] if kind.variable and kind.counts else (offset, offset + length)
        total = raw[begin:end]
        keys = b""
        own = len(kind.variable.columns) if kind.variable else 0
        for place, one in enumerate(kind.borrowed):
            key = _ancestor(parent, one.kind)[one.offset : one.offset + one.length]
            key = key if len(key) == one.length or not one.whole else b""
            begin = len(raw) + len(keys)
            spans.insert(own + place, (begin, begin + len(key)))
            keys += key
        parts[number].add(record, raw + keys, spans)
        self._above[number] = _Above(raw, number, parent)
        self._count(number, record, total)
        return ""

    def _lying(self, kind: int, there: tuple[int, ...]) -> tuple[array[int], array[int], array[int]]:
        """Where the records of one form are noted."""
        return self.lying.setdefault((kind, there), (array("q"), array("q"), array("q")))

    def _standing(self, number: int) -> _Above | None:
        """The last record of a type, where each of those above it is the last of its own type still."""
        found = at = self._above.get(number)
        while at is not None and at.parent is not None:
            if self._above.get(at.parent.kind) is not at.parent:
                return None
            at = at.parent
        return found

    def _count(self, number: int, record: int, total: bytes) -> None:
        """Count a record for its type, and for the trailers that count it; ``total``: what it says itself."""
        self.counts[number] += 1
        if number in self.tallies:
            self.trailers.append((number, record, self.tallies[number], total))
            self.tallies[number] = 0
        for trailer in self.tallies:
            self.tallies[trailer] += number in self.shape.kinds[trailer].counts

    def _batch(self, batch: Batch, part: _Part, bad: list[BadRecord]) -> Batch:
        """The records of one kind."""
        columns = 1
        if self.shape.kinds[0].variable is not None and not self.shape.typed:
            columns = len(self.shape.kinds[0].variable.columns)
        none = [array("q") for _ in range(columns)]
        return Batch(
            part.data,
            list(part.starts or none),
            list(part.ends or none),
            len(part.numbers),
            batch.file_offset,
            part.numbers[0] if part.numbers else batch.first,
            bad,
            chunk=batch.chunk,
            numbers=part.numbers,
        )


def _ancestor(record: _Above | None, kind: int) -> bytes:
    """The bytes of the nearest record of a type at or above one."""
    while record is not None and record.kind != kind:
        record = record.parent
    assert record is not None  # keys are borrowed from ancestors alone
    return record.raw


def _holds(test: Test, raw: bytes, first: bool, last: bool) -> bool:
    """Whether a record passes a test."""
    if test.what == "bytes":
        return any(raw[test.offset :].startswith(value) for value in test.values)
    return {"length": len(raw) == test.offset, "first": first, "last": last}[test.what]


def _places(kind: Kind, raw: bytes) -> tuple[Spans, tuple[int, ...]]:
    """Where the fields of a record lie, and the pieces that are there; NoWalk where its counters cannot be
    followed."""
    if kind.variable is None:
        return [(0, len(raw))], ()
    begins, stop = _walk(kind.variable, raw)
    spans: Spans = []
    for piece, offset, length, whole in (*kind.variable.columns, *kind.variable.gaps):
        if piece not in begins:
            spans.append((0, 0))
            continue
        begin = begins[piece] + offset
        if whole and begin + length > len(raw):
            raise NoWalk
        spans.append((min(begin, len(raw)), min(begin + length, len(raw))))
    return [*spans, (min(stop, len(raw)), len(raw))], tuple(begins)


def _walk(variable: Variable, raw: bytes) -> tuple[dict[int, int], int]:
    """Where each piece that is there begins, and where the last one ends."""
    begins: dict[int, int] = {}
    values: dict[int, int] = {}
    there: set[int] = {-1}
    at, steps = 0, variable.steps
    for what, me, a, b, c, d, least, most in (steps[i : i + 8] for i in range(0, len(steps), 8)):
        if what == PIECE and b in there:
            if b >= 0 and a and at >= len(raw):
                raise NoWalk
            begins[me], at = at, at + a
        elif what == NODE and a in there and values[b] >= c:
            there.add(me)
        elif what == COUNT:
            values[me] = 0
            if a in begins:
                digits = raw[begins[a] + b : begins[a] + b + c]
                values[me] = _value(digits, d) if len(digits) == c else -1
                if not least <= values[me] <= most:
                    raise NoWalk
    return begins, at


def _value(raw: bytes, how: int) -> int:
    """A counter as it is written (numbered as in ``gaiji.layout.copybook.variable``); -1 where it is none."""
    if how in (2, 4):
        return max(int.from_bytes(raw, "big" if how == 2 else "little", signed=True), -1)
    nibbles = raw.hex()
    if how == 3:
        return int(nibbles) if nibbles.isdecimal() else -1
    if how == 1:
        return int(nibbles[:-1]) if nibbles[:-1].isdecimal() and nibbles[-1] in "acef" else -1
    at = 0 if how in (5, 7) else len(raw) - 1
    sign = {f"{zone}{n}": str(n) for zone in ("4" if how in (6, 7) else "ace") for n in range(10)}
    sign |= {"7b": "0"} if how in (6, 7) else {}
    plain = {f"{zone}{n}": str(n) for zone in "f3" for n in range(10)}
    digits = [(plain | sign if place == at else plain).get(f"{b:02x}", "") for place, b in enumerate(raw)]
    return int("".join(digits)) if all(digits) else -1
