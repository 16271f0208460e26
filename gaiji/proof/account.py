"""Whose each byte of the input is, by the proof's own account.

Owns the sums that the manifest must have, told from the layout and the bytes alone: its own map of a record,
its own idea of padding (what the charset file pads with, and low-values). It shares nothing with
``gaiji.layout.spans`` and ``gaiji.columns.owners``, which it checks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import Any

from gaiji.codes.kind import kind_of
from gaiji.codes.spec import Spec
from gaiji.kernel import recut
from gaiji.model import OWNERS, Field, Variable
from gaiji.model.plain import dataclass
from gaiji.records.batch import BadRecord, Batch

NUMBERS = ("zoned", "packed", "binary", "float")
PIECE = 0
"""The step of a variable record that is a piece."""
TEXT, NUMBER, RAW, FILLER, NOBODY = b"tnrf-"
Form = tuple[int, tuple[int, ...]]
"""The kind of a record, and its pieces that are there."""
Lying = tuple[Sequence[int], Sequence[int], Sequence[int]]
"""Where records begin and end in their batch, and their numbers."""
_NAMES = {TEXT: "text", NUMBER: "numbers", RAW: "raw"}


@dataclass
class Place:
    """Bytes and records that are to be told, and the first: (record, byte of the input)."""

    size: int = 0
    records: int = 0
    first: tuple[int, int] | None = None

    def add(self, more: Place) -> None:
        """Add those of a later batch."""
        self.size += more.size
        self.records += more.records
        self.first = min((one for one in (self.first, more.first) if one), default=None)


@dataclass
class Account:
    """The bytes of some batches by owner, and what is to be told of them."""

    owned: Counter[str] = field(default_factory=Counter)
    uncovered: Place = field(default_factory=Place)
    filler: Place = field(default_factory=Place)
    short: Place = field(default_factory=Place)
    ended_early: int = 0

    def add(self, more: Account) -> None:
        """Add the account of a later batch."""
        self.owned.update(more.owned)
        self.uncovered.add(more.uncovered)
        self.filler.add(more.filler)
        self.short.add(more.short)
        self.ended_early += more.ended_early

    def data(self, size: int) -> dict[str, Any]:
        """The account in the form of the manifest."""
        return {
            "unpacked": size,
            "owners": {owner: self.owned[owner] for owner in OWNERS if self.owned[owner]},
            "filler": {"bytes": self.filler.size, "records": self.filler.records},
            "short_records": self.ended_early,
        }

    def findings(self) -> dict[str, dict[str, Any]]:
        """What is told under ``flagged``, in the form of the manifest."""
        out = {}
        for name, place, units in (
            ("uncovered", self.uncovered, self.uncovered.size),
            ("short-record", self.short, self.short.records),
        ):
            if place.first:
                first = {"record": place.first[0], "field": "", "offset": place.first[1]}
                out[name] = {"units": units, "records": place.records, "fields": {}, "first": first}
        return out


class Accountant:
    """Accounts for batches of one layout. ``shortest``: as the job or the layout has it, 0 for none;
    ``length``: of every record, 0 where they differ; ``variable``: how its tables vary."""

    def __init__(
        self,
        spec: Spec,
        fields: Sequence[Field],
        fillers: Sequence[tuple[int, int]],
        *,
        csv: bool,
        shortest: int,
        length: int = 0,
        variable: Variable | None = None,
    ) -> None:
        self.length = length
        self.shortest = shortest
        self.columns = [_kind(one) for one in fields] if csv else []
        self.record = b"" if csv else _map(fields, fillers)
        self._pieces = _pieces(variable) if variable is not None else {}
        self._maps: dict[tuple[int, ...], _Map] = {(): _Map(self.record)}
        self._blanks = _blank_bytes(spec)

    def account(self, batch: Batch) -> Account:
        """The account of a batch."""
        done = Account(Counter(batch.owned))
        done.owned["quarantined"] += sum(len(bad.raw) for bad in batch.bad)
        for number, kind in enumerate(self.columns if batch.rows else ()):
            done.owned[_NAMES[kind]] += sum(batch.ends[number]) - sum(batch.starts[number])
        if not self.columns and batch.rows:
            self.records(batch, (), done)
        return done

    def records(self, batch: Batch, there: tuple[int, ...], done: Account) -> None:
        """Add the bytes of records with the same pieces ``there``: as many of each length as there are, each
        a part of the map."""
        starts, ends = batch.starts[0], batch.ends[0]
        same = {self.length: batch.rows}
        lengths = same if self.length else Counter(map(int.__sub__, ends, starts))
        record = self._map_of(there if self._pieces else ())
        whole = len(record.letters)
        for length, rows in lengths.items():
            part = record.letters[:length]
            for kind, name in _NAMES.items():
                done.owned[name] += part.count(kind) * rows
            if length < whole:
                done.ended_early += rows
        beyond = [(whole, -1, NOBODY)] if max(lengths) > whole else []
        sizes, before = {}, done.uncovered.size
        for wanted, place in ((FILLER, done.filler), (NOBODY, done.uncovered)):
            spots = [(a, b) for a, b, kind in [*record.places, *beyond] if kind == wanted]
            sizes[wanted] = self._look(batch, spots, place)
        done.owned["filler"] += sizes[FILLER]
        done.owned["uncovered"] += done.uncovered.size - before
        done.owned["padding"] += sizes[NOBODY] - (done.uncovered.size - before)
        least = min(self.shortest or whole, whole)
        if min(lengths) < least:
            rows_short = [r for r, (a, b) in enumerate(zip(starts, ends, strict=True)) if b - a < least]
            first = rows_short[0]
            where = batch.record_number(first), batch.file_offset + ends[first]
            done.short.add(Place(0, len(rows_short), where))

    def _map_of(self, there: tuple[int, ...]) -> _Map:
        """The map of records that have these pieces, one behind another."""
        if there not in self._maps:
            full = self.record.ljust(max(a + n for a, n in self._pieces.values()), bytes([NOBODY]))
            parts = [full[a : a + n] for a, n in (self._pieces[piece] for piece in there)]
            self._maps[there] = _Map(b"".join(parts))
        return self._maps[there]

    def _look(self, batch: Batch, spots: Sequence[tuple[int, int]], place: Place) -> int:
        """Add what is more than blanks in these places; bytes that there are in all."""
        if not spots:
            return 0
        blanks, rows = recut.Blanks(*self._blanks), bytearray(batch.rows)
        for begin, stop in spots:
            recut.look(blanks, batch.src, batch.starts[0], batch.ends[0], begin, stop, rows)
        if blanks.row >= 0:
            first = batch.record_number(blanks.row), batch.file_offset + blanks.at
            place.add(Place(blanks.other, rows.count(1), first))
        return blanks.size


class TypedAccountant:
    """Accounts for batches of records that were told apart; ``kinds``: who counts for each kind, None where
    its records are left out."""

    def __init__(self, kinds: Sequence[Accountant | None]) -> None:
        self.kinds = tuple(kinds)

    def account(self, batch: Batch, bad: Sequence[BadRecord], lying: Mapping[Form, Lying]) -> Account:
        """The account of a batch as it was cut: its records by ``lying``, and those set aside."""
        done = Account(Counter(batch.owned))
        done.owned["quarantined"] += sum(len(one.raw) for one in bad)
        for (kind, there), (starts, ends, numbers) in lying.items():
            accountant = self.kinds[kind]
            if accountant is None:
                done.owned["skipped"] += sum(ends) - sum(starts)
                continue
            part = replace(
                batch, starts=[starts], ends=[ends], rows=len(starts), numbers=numbers, bad=[], gaps=[]
            )
            accountant.records(part, there, done)
        return done


@dataclass
class _Map:
    """One letter for each byte of a record, and where FILLER and bytes of nobody are: (from, to, letter)."""

    letters: bytes

    @cached_property
    def places(self) -> list[tuple[int, int, int]]:
        """Those of FILLER and of nobody."""
        return [(found.start(), found.end(), found[0][0]) for found in re.finditer(b"f+|-+", self.letters)]


def _pieces(variable: Variable) -> dict[int, tuple[int, int]]:
    """Where each piece begins in a record of full size, and its bytes; none where no table varies."""
    steps = [variable.steps[i : i + 8] for i in range(0, len(variable.steps), 8)]
    if all(step[0] == PIECE for step in steps):
        return {}
    return {step[1]: (variable.full[step[1]], step[2]) for step in steps if step[0] == PIECE}


def _kind(spec: Field) -> int:
    return NUMBER if spec.type in NUMBERS else RAW if spec.type == "raw" else TEXT


def _map(fields: Sequence[Field], fillers: Sequence[tuple[int, int]]) -> bytes:
    """One letter for each byte of a record: what fields write over FILLER, and earlier ones over later."""
    ends = [f.offset + f.length for f in fields] + [a + n for a, n in fillers]
    record = bytearray([NOBODY]) * max(ends, default=0)
    for offset, length in fillers:
        record[offset : offset + length] = bytes([FILLER]) * length
    for spec in reversed(fields):
        record[spec.offset : spec.offset + spec.length] = bytes([_kind(spec)]) * spec.length
    return bytes(record)


def _blank_bytes(spec: Spec) -> tuple[bytes, bytes, bytes, int]:
    """Bytes that are blank alone, in pairs and in threes, and how many bytes a character has at least."""
    alone = bytearray(256)
    alone[0] = alone[spec.pad_single] = 1
    kind = kind_of(spec.kind)
    if kind.wide:
        return bytes(256), "\0 \u3000".encode("utf-16-le" if kind.little else "utf-16-be"), b"", 2
    if kind.unicode:
        return bytes(alone), b"", "\u3000".encode(), 1
    wide = b"" if kind.numbered or kind.width == "single" else spec.pad_double
    return bytes(alone), wide, b"", 1


def differences(mine: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(what, found, expected) of the account and its findings, as checks of a report."""
    there = manifest.get("bytes", {})
    owners, told = mine["bytes"]["owners"], there.get("owners", {})
    rows: list[tuple[str, Any, Any]] = [
        (f"bytes: {name}", owners.get(name, 0), told.get(name, 0))
        for name in OWNERS
        if name in {*owners, *told}
    ]
    rows.append(("bytes with an owner", sum(owners.values()), mine["bytes"]["unpacked"]))
    rows += [
        (f"bytes: {key}", mine["bytes"][key], there.get(key))
        for key in ("unpacked", "filler", "short_records")
    ]
    flagged = manifest.get("flagged", {})
    for reason in ("uncovered", "short-record"):
        if reason in flagged or reason in mine["flagged_bytes"]:
            rows.append((reason, mine["flagged_bytes"].get(reason), flagged.get(reason)))
    return rows
