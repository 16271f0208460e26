"""Whose each byte of a batch is: every byte of the input has exactly one owner.

Owns the account of a batch (``gaiji.model.OWNERS``) and the findings about bytes that no field reads and
about records that end too early. Which bytes a layout gives to whom comes from ``gaiji.layout.spans``; the
bytes between records were counted where they were cut; the loops are in ``gaiji.kernel.unread``.

Padding is what a charset pads its fields with, narrow and wide, and NUL (low-values): a gap, a FILLER or the
end of a record is padding when it holds nothing else.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import field, replace
from typing import Any, Protocol

from gaiji.codes.charset import Charset
from gaiji.columns.findings import Place
from gaiji.kernel import cut, shape, unread
from gaiji.kernel.shape import CONSTANTS as S
from gaiji.model import OWNERS, Reason, Variable
from gaiji.model.plain import dataclass
from gaiji.records.batch import Batch, Framing

PADDING, FILLER, GAP = "padding", "filler", "uncovered"
Spot = tuple[Sequence[int], Sequence[int], int, int]
"""Where records, or pieces of them, begin and end, and bytes inside of them (-1: to the end)."""


class Span(Protocol):
    """Bytes of a record with one owner."""

    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def owner(self) -> str: ...


@dataclass
class Unowned:
    """Findings of one kind about bytes: how many bytes and records, and the first place."""

    size: int = 0
    records: int = 0
    first: Place | None = None

    def add(self, more: Unowned) -> None:
        """Add those of a later batch."""
        self.size += more.size
        self.records += more.records
        places = [place for place in (self.first, more.first) if place]
        self.first = min(places, key=lambda place: (place.record, place.offset), default=None)

    def state(self) -> list[int]:
        """As JSON can hold it."""
        place = [self.first.record, self.first.offset] if self.first else []
        return [self.size, self.records, *place]

    @classmethod
    def of_state(cls, state: Sequence[int]) -> Unowned:
        """That of a state."""
        size, records, *place = map(int, state)
        return cls(size, records, Place(place[0], "", place[1]) if place else None)


@dataclass
class Account:
    """The bytes of some batches by owner, and what is to be told: ``findings`` by reason, ``filler`` that is
    not padding, ``short`` records whether the layout allows them or not."""

    owned: Counter[str] = field(default_factory=Counter)
    findings: dict[Reason, Unowned] = field(default_factory=dict)
    filler: Unowned = field(default_factory=Unowned)
    short: int = 0

    def add(self, more: Account) -> None:
        """Add the account of a later batch."""
        self.owned.update(more.owned)
        for reason, found in more.findings.items():
            self.findings.setdefault(reason, Unowned()).add(found)
        self.filler.add(more.filler)
        self.short += more.short

    def plain(self) -> Account:
        """The account without owners of nothing."""
        self.owned = +self.owned
        return self

    def state(self) -> dict[str, Any]:
        """The account as JSON can hold it."""
        found = {int(reason): one.state() for reason, one in self.findings.items()}
        return {
            "owned": dict(self.owned),
            "findings": found,
            "filler": self.filler.state(),
            "short": self.short,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Account:
        """The account of ``state``; KeyError, TypeError or ValueError when it is none."""
        owned = Counter({OWNERS[OWNERS.index(owner)]: int(size) for owner, size in state["owned"].items()})
        found = {Reason(int(reason)): Unowned.of_state(one) for reason, one in state["findings"].items()}
        return cls(owned, found, Unowned.of_state(state["filler"]), int(state["short"]))


class Owners:
    """The owners of the bytes of one layout's records.

    ``spans``: whose the bytes of a record are, from its first to the end of its last field; ``columns``: of a
    CSV, the owner of each column instead. ``shortest``: bytes of the shortest record allowed (0: all of the
    spans). ``variable``: how the record's tables vary; the spans are then those of a record of full size.
    """

    def __init__(
        self,
        charset: Charset,
        framing: Framing,
        spans: Sequence[Span],
        columns: Sequence[str],
        shortest: int,
        variable: Variable | None = None,
    ) -> None:
        self.spans = tuple(spans)
        self.columns = tuple(columns)
        self.shortest = shortest
        self.described = self.spans[-1].end if self.spans else 0
        self.least = min(shortest or self.described, self.described)
        self.length = framing.record_length if framing.format == "fixed" else 0
        self._pads = pads_of(charset)
        self._unread = tuple(span for span in self.spans if span.owner in (GAP, FILLER))
        self._pieces = _Pieces(variable, self.spans) if variable is not None else None

    def of_any_length(self) -> Owners:
        """The same for records of which none is too short."""
        other = copy(self)
        other.least = 0
        return other

    def of(self, batch: Batch) -> Account:
        """The account of a batch."""
        done = outside(batch)
        if self.columns:
            for starts, ends, owner in zip(batch.starts, batch.ends, self.columns, strict=True):
                done.owned[owner] += cut.extent(starts, ends, 0, -1)[0]
        elif batch.rows:
            starts, ends = batch.raws or (batch.starts[0], batch.ends[0])
            self.records(batch, starts, ends, done)
        return done.plain()

    def records(self, batch: Batch, starts: Sequence[int], ends: Sequence[int], done: Account) -> None:
        """Add the bytes of records at these places of a batch, by the spans of the layout, and what is
        behind them."""
        if self._pieces is not None:
            self._varied(batch, starts, ends, self._pieces, done)
            return
        if self.length:
            shortest = longest = self.length
        else:
            _, shortest, longest = unread.lengths(starts, ends)
        rows = len(starts)
        for span in self.spans:
            if span.owner not in (GAP, FILLER):
                size = span.end - span.begin
                whole = shortest >= span.end
                done.owned[span.owner] += (
                    size * rows if whole else cut.extent(starts, ends, span.begin, size)[0]
                )
        if self._unread or longest > self.described:
            gaps = [(starts, ends, one.begin, one.end) for one in self._unread if one.owner == GAP]
            gaps += [(starts, ends, self.described, -1)] if longest > self.described else []
            fillers = [(starts, ends, one.begin, one.end) for one in self._unread if one.owner == FILLER]
            self._look(batch, gaps, fillers, done)
        if shortest < self.described:
            done.short += unread.shorter(starts, ends, self.described)[0]
            count, row = unread.shorter(starts, ends, self.least)
            self._short(batch, count, row, ends, done)

    def _varied(
        self, batch: Batch, starts: Sequence[int], ends: Sequence[int], pieces: _Pieces, done: Account
    ) -> None:
        """The same for records whose tables vary: piece by piece."""
        begins, stops = pieces.places(batch.src, starts, ends)
        gaps: list[Spot] = [(begins[-1], ends, 0, -1)]
        fillers: list[Spot] = []
        for a, b, spans in zip(begins, stops, pieces.spans, strict=False):
            for span in spans:
                if span.owner == GAP:
                    gaps.append((a, b, span.begin, span.end))
                elif span.owner == FILLER:
                    fillers.append((a, b, span.begin, span.end))
                else:
                    done.owned[span.owner] += cut.extent(a, b, span.begin, span.end - span.begin)[0]
        self._look(batch, gaps, fillers, done)
        early, row = unread.shorter(begins[-1], ends, 0)
        done.short += early
        if early and self.shortest:
            short = [
                row
                for row, (begin, behind, end) in enumerate(zip(starts, begins[-1], ends, strict=True))
                if end < behind and end - begin < self.shortest
            ]
            early, row = len(short), short[0] if short else -1
        self._short(batch, early, row, ends, done)

    def _look(self, batch: Batch, gaps: Sequence[Spot], fillers: Sequence[Spot], done: Account) -> None:
        """What stands in gaps, FILLER and behind the last field."""
        size, other = self._sums(batch, fillers)
        done.owned[FILLER] += size
        done.filler.add(other)
        size, other = self._sums(batch, gaps)
        done.owned[PADDING] += size - other.size
        done.owned[GAP] += other.size
        if other.records:
            done.findings.setdefault(Reason.UNCOVERED, Unowned()).add(other)

    def _sums(self, batch: Batch, spots: Sequence[Spot]) -> tuple[int, Unowned]:
        """(bytes in these places of all records, those that are in no padding)."""
        marks, size, other = bytearray(len(spots[0][0]) if spots else 0), 0, Unowned()
        first: tuple[int, int] | None = None
        for starts, ends, begin, end in spots:
            found = unread.unread(batch.src, starts, ends, begin, end, self._pads, marks)
            size += found.size
            other.size += found.other
            if found.row >= 0 and (first is None or (found.row, found.at) < first):
                first = found.row, found.at
        if first is not None:
            other.records = marks.count(1)
            other.first = Place(batch.record_number(first[0]), "", batch.file_offset + first[1])
        return size, other

    def _short(self, batch: Batch, records: int, row: int, ends: Sequence[int], done: Account) -> None:
        """Records that end before the last field does, the first of them that of ``row``."""
        if records:
            place = Place(batch.record_number(row), "", batch.file_offset + ends[row])
            done.findings.setdefault(Reason.SHORT_RECORD, Unowned()).add(Unowned(0, records, place))


class TypedOwners:
    """The owners of the bytes of records of several types: ``kinds`` those of each, None where records of the
    type are left out."""

    def __init__(self, kinds: Sequence[Owners | None]) -> None:
        self.kinds = tuple(kinds)

    def of(self, batch: Batch) -> Account:
        """The account of a batch."""
        assert batch.sorted is not None  # its records have types
        done, kinds = outside(batch), array("q", batch.sorted.kinds)
        for number, owners in enumerate(self.kinds):
            rows = array("q", bytes(8 * len(kinds)))
            rows = rows[: shape.pick(kinds, number, rows)]
            starts, ends = (array("q", bytes(8 * len(rows))) for _ in range(2))
            shape.take(batch.starts[0], rows, starts)
            shape.take(batch.ends[0], rows, ends)
            if owners is None:
                done.owned["skipped"] += cut.extent(starts, ends, 0, -1)[0]
            elif rows:
                numbers = array("q", bytes(8 * len(rows)))
                shape.take(batch.numbers or (), rows, numbers)
                owners.records(replace(batch, rows=len(rows), numbers=numbers), starts, ends, done)
        return done.plain()


class _Pieces:
    """How records whose tables vary fall into pieces, and whose the bytes of each piece are."""

    def __init__(self, variable: Variable, spans: Sequence[Span]) -> None:
        self._steps = array("q", variable.steps)
        self._slots = variable.slots
        every = [variable.steps[i : i + S["STEP"]] for i in range(0, len(variable.steps), S["STEP"])]
        pieces = [(step[1], step[2]) for step in every if step[0] == S["PIECE"]]
        places = [number for slot, size in pieces for number in (slot, 0, size, 0)]
        self._columns = array("q", [*places, -1, 0, 0, 0])
        self.spans = [_within(spans, variable.full[slot], size) for slot, size in pieces]

    def places(
        self, src: bytearray | bytes, starts: Sequence[int], ends: Sequence[int]
    ) -> tuple[list[Sequence[int]], list[Sequence[int]]]:
        """Where each piece of each record begins and ends, and last what is behind them all."""
        rows, count = len(starts), len(self._columns) // S["COLUMN"]
        a, b = (array("q", bytes(8 * rows * count)) for _ in range(2))
        bad, scratch = array("q", bytes(8 * rows)), array("q", bytes(8 * self._slots))
        shape.spread(src, starts, ends, self._steps, scratch, self._columns, a, b, bad)
        begins, stops = (
            [memoryview(flat)[at * rows : at * rows + rows] for at in range(count)] for flat in (a, b)
        )
        return list(begins), list(stops)


@dataclass(frozen=True, slots=True)
class _Part:
    """A span of a piece, counted from the piece's first byte."""

    begin: int
    end: int
    owner: str


def _within(spans: Sequence[Span], begin: int, size: int) -> list[_Part]:
    """The spans of a record inside ``size`` bytes from ``begin``; bytes of no span are a gap."""
    out, at = [], 0
    for span in spans:
        a, b = max(span.begin - begin, 0), min(span.end - begin, size)
        if a < b:
            out.append(_Part(a, b, span.owner))
            at = b
    return [*out, _Part(at, size, GAP)] if at < size else out


def outside(batch: Batch) -> Account:
    """The bytes of a batch between its records, and of those set aside."""
    done = Account(Counter(batch.owned))
    done.owned["quarantined"] += sum(len(bad.raw) for bad in batch.bad)
    return done


def pads_of(charset: Charset) -> unread.Pads:
    """What pads fields of a charset: its blanks of one and two bytes, in the order of its bytes."""
    spec, kind = charset.spec, charset.kind
    if kind.wide:
        codec = "utf-16-le" if kind.little else "utf-16-be"
        return unread.Pads([blank.encode(codec) for blank in (" ", "\u3000")], 2)
    if kind.unicode:
        return unread.Pads([blank.encode() for blank in (" ", "\u3000")], 1)
    pads = [bytes([spec.pad_single])]
    if not kind.numbered and kind.width != "single" and any(spec.pad_double):
        pads.append(kind.padding(spec.pad_double))
    return unread.Pads(pads, 1)
