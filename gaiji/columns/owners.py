"""Whose each byte of a batch is: every byte of the input has exactly one owner.

Owns the account of a batch (``gaiji.model.OWNERS``) and the findings about bytes that no field reads and
about records that end too early. Which bytes a layout gives to whom comes from ``gaiji.layout.spans``; the
bytes between records were counted where they were cut; the loops are in ``gaiji.kernel.unread``.

Padding is what a charset pads its fields with, narrow and wide, and NUL (low-values): a gap, a FILLER or the
end of a record is padding when it holds nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Protocol

from gaiji.codes.charset import Charset
from gaiji.columns.findings import Place
from gaiji.kernel import cut, unread
from gaiji.model import OWNERS, Reason
from gaiji.records.batch import Batch, Framing

PADDING, FILLER, GAP = "padding", "filler", "uncovered"


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
        self.first = self.first or more.first

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
    spans).
    """

    def __init__(
        self, charset: Charset, framing: Framing, spans: Sequence[Span], columns: Sequence[str], shortest: int
    ) -> None:
        self.spans = tuple(spans)
        self.columns = tuple(columns)
        self.described = self.spans[-1].end if self.spans else 0
        self.least = min(shortest or self.described, self.described)
        self.length = framing.record_length if framing.format == "fixed" else 0
        self._pads = pads_of(charset)
        self._unread = tuple(span for span in self.spans if span.owner in (GAP, FILLER))

    def of_any_length(self) -> Owners:
        """The same for records of which none is too short."""
        other = copy(self)
        other.least = 0
        return other

    def of(self, batch: Batch) -> Account:
        """The account of a batch."""
        done = Account(Counter(batch.owned))
        if batch.bad:
            done.owned["quarantined"] += sum(len(bad.raw) for bad in batch.bad)
        if self.columns:
            for starts, ends, owner in zip(batch.starts, batch.ends, self.columns, strict=True):
                done.owned[owner] += cut.extent(starts, ends, 0, -1)[0]
        elif batch.rows:
            self._records(batch, done)
        done.owned = Counter({owner: size for owner, size in done.owned.items() if size})
        return done

    def _records(self, batch: Batch, done: Account) -> None:
        """Bytes of records by the spans of the layout, and what is behind them."""
        starts, ends = batch.starts[0], batch.ends[0]
        if self.length:
            shortest = longest = self.length
        else:
            _, shortest, longest = unread.lengths(starts, ends)
        for span in self.spans:
            if span.owner not in (GAP, FILLER):
                size = span.end - span.begin
                whole = shortest >= span.end
                done.owned[span.owner] += (
                    size * batch.rows if whole else cut.extent(starts, ends, span.begin, size)[0]
                )
        if self._unread or longest > self.described:
            self._look(batch, longest > self.described, done)
        if shortest < self.described:
            self._short(batch, done)

    def _look(self, batch: Batch, beyond: bool, done: Account) -> None:
        """What stands in gaps, FILLER and behind the last field."""
        gaps = [(span.begin, span.end) for span in self._unread if span.owner == GAP]
        gaps += [(self.described, -1)] if beyond else []
        fillers = [(span.begin, span.end) for span in self._unread if span.owner == FILLER]
        size, other = self._sums(batch, fillers)
        done.owned[FILLER] += size
        done.filler = other
        size, other = self._sums(batch, gaps)
        done.owned[PADDING] += size - other.size
        done.owned[GAP] += other.size
        if other.records:
            done.findings[Reason.UNCOVERED] = other

    def _sums(self, batch: Batch, places: Sequence[tuple[int, int]]) -> tuple[int, Unowned]:
        """(bytes in these places of all records, those that are in no padding)."""
        marks, size, other = bytearray(batch.rows), 0, Unowned()
        first: tuple[int, int] | None = None
        for begin, end in places:
            found = unread.unread(batch.src, batch.starts[0], batch.ends[0], begin, end, self._pads, marks)
            size += found.size
            other.size += found.other
            if found.row >= 0 and (first is None or (found.row, found.at) < first):
                first = found.row, found.at
        if first is not None:
            other.records = marks.count(1)
            other.first = Place(batch.record_number(first[0]), "", batch.file_offset + first[1])
        return size, other

    def _short(self, batch: Batch, done: Account) -> None:
        """Records that end before the last field does."""
        starts, ends = batch.starts[0], batch.ends[0]
        done.short = unread.shorter(starts, ends, self.described)[0]
        records, row = unread.shorter(starts, ends, self.least)
        if records:
            place = Place(batch.record_number(row), "", batch.file_offset + ends[row])
            done.findings[Reason.SHORT_RECORD] = Unowned(0, records, place)


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
