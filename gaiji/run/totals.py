"""What the batches of a run add up to, and whether it adds up.

Owns the sums over batches, the reconciliation of units and records, and the form in which sums outlive a
process.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Protocol

from gaiji.codes.program import K
from gaiji.columns.findings import Failure, Hit, Place, Reasons
from gaiji.columns.owners import Account
from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.model import Field, Reason
from gaiji.model.plain import dataclass
from gaiji.records.batch import Batch
from gaiji.run.corrections import Applied, Corrected
from gaiji.run.counted import Check

if TYPE_CHECKING:
    from gaiji.output.shaping import Flaw

MOST_NUMBERS = 100
"""Different bad numbers of a field that are told by their bytes; the others are counted together."""
LISTED = (Reason.BAD_NUMBER, Reason.BAD_VALUE)
"""Reasons whose findings are told by what stands in the record."""
OF_COLUMNS = (Reason.BAD_VALUE, Reason.OVERFLOW)
"""Reasons of findings in columns of the job's own; fields of such a job have none of them."""
EMPTY_AS = {"low-values": "LOW_VALUES", "blanks": "BLANKS"}


class Read(Protocol):
    """What was read, as a reader tells it behind the last record."""

    @property
    def path(self) -> str: ...
    @property
    def records(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def sha256(self) -> str: ...


@dataclass
class Converted:
    """A batch on its way out."""

    batch: Batch
    encoded: object
    counts: list[array[int]]
    sizes: list[int]
    hits: list[Hit]
    dropped: int
    account: Account
    failed: Failure | None = None
    reasons: Reasons = field(default_factory=dict)
    individuals: list[int] = field(default_factory=list)
    """Rows of each field that hold a 個人番号."""
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cells of each column of the job's own by what is found in them."""
    corrected: list[Corrected] = field(default_factory=list)
    found: list[tuple[Field, array[int]]] = field(default_factory=list)
    """The raw findings of each field, six int64 each, as the kernel gave them."""
    flaws: Sequence[Flaw] = ()
    """What is found in columns of the job's own."""


@dataclass
class Parted:
    """A batch of several record types on its way out: what each output gets of it (None: nothing), and what
    its trailers say."""

    batch: Batch
    parts: list[Converted | None]
    checks: list[Check]
    account: Account


@dataclass
class Totals:
    """What all batches so far add up to, for the ``fields`` of a run; ``samples``: how many occurrences a
    finding keeps. ``numbers``: of each field, how many different bad numbers or values there were.
    ``columns``: those of the job's own, where it has some, and ``kinds`` what is found in them.
    """

    fields: Sequence[Field]
    samples: int
    counts: list[array[int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    hits: dict[tuple[str, str, str, Reason], Hit] = field(default_factory=dict)
    written: int = 0
    dropped: int = 0
    bad: int = 0
    shorter: int = 0
    reasons: Reasons = field(default_factory=dict)
    account: Account = field(default_factory=Account)
    individuals: list[int] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)
    applied: Applied = field(default_factory=Applied)
    columns: Sequence[Field] = ()
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    most: int = MOST_NUMBERS
    """Different bad numbers of a field that are told by their bytes."""

    def __post_init__(self) -> None:
        self.individuals = self.individuals or [0] * len(self.fields)
        self.counts = self.counts or [array("q", bytes(8 * K["N_COUNTS"])) for _ in self.fields]
        self.sizes = self.sizes or [0] * len(self.fields)

    def add(self, done: Converted, path: str) -> None:
        """Add a batch of the input ``path``; a finding whose policy is ``fail`` ends the run here."""
        if done.failed:
            spec, reason, code, record, at = done.failed
            raise DataError(
                fault(
                    "E0275",
                    "{reason} code {code} in field {spec}",
                    reason=reason.label,
                    code=code,
                    spec=spec.name,
                ),
                where=f"{path}: record {record} at byte {at}",
                next=tr(
                    "correct the dump or the column's rule, or choose another policy than fail for {reason}",
                    reason=reason.label,
                )
                if self.of_column(reason)
                else tr(
                    "map it in a site table, or choose another policy than fail for {reason}",
                    reason=reason.label,
                ),
            )
        for mine, more in zip(self.counts, done.counts, strict=True):
            for i, value in enumerate(more):
                mine[i] += value
        self.sizes = [a + b for a, b in zip(self.sizes, done.sizes, strict=True)]
        self.individuals = [a + b for a, b in zip(self.individuals, done.individuals, strict=True)]
        for hit in done.hits:
            self._add_hit(hit)
        for found, (records, place) in done.reasons.items():
            before, first = self.reasons.get(found, (0, place))
            self.reasons[found] = (before + records, first)
        self.written += done.batch.rows - done.dropped
        self.dropped += done.dropped
        self.bad += len(done.batch.bad)
        self.account.add(done.account)
        self.shorter += done.batch.shorter
        self.applied.add(done.corrected)
        self.kinds.update(done.kinds)

    def _add_hit(self, hit: Hit) -> None:
        key = (hit.field.name, hit.field.role, hit.code, hit.reason)
        old = self.hits.get(key)
        if old is None and hit.reason in LISTED:
            if self.numbers[hit.field.name] >= self.most:
                hit, key = replace(hit, code=""), (*key[:2], "", hit.reason)
                old = self.hits.get(key)
            self.numbers[hit.field.name] += 1
        if old is None:
            self.hits[key] = hit
            return
        samples = (old.samples + hit.samples)[: self.samples]
        self.hits[key] = replace(
            old, count=old.count + hit.count, samples=samples, records=old.records + hit.records
        )

    def join(self, more: Totals) -> None:
        """Add the sums of the piece of the input that follows; bad numbers must all be told by their bytes
        there (``most``), so that here the same ones are as without pieces."""
        for mine, counts in zip(self.counts, more.counts, strict=True):
            for i, value in enumerate(counts):
                mine[i] += value
        self.sizes = [a + b for a, b in zip(self.sizes, more.sizes, strict=True)]
        self.individuals = [a + b for a, b in zip(self.individuals, more.individuals, strict=True)]
        for hit in more.hits.values():
            self._add_hit(hit)
        for found, (records, place) in more.reasons.items():
            before, first = self.reasons.get(found, (0, place))
            self.reasons[found] = (before + records, first)
        self.written, self.dropped = self.written + more.written, self.dropped + more.dropped
        self.bad, self.shorter = self.bad + more.bad, self.shorter + more.shorter
        self.account.add(more.account)
        self.applied.join(more.applied)
        self.kinds.update(more.kinds)

    def of_column(self, reason: Reason) -> bool:
        """Whether findings of that reason are of columns of the job's own, about which nobody is asked: the
        way is to correct the dump, a table or the rule."""
        return bool(self.columns) and reason in OF_COLUMNS

    def reconcile(self, reader: Read) -> None:
        """Every unit is mapped, passed or flagged, the units cover every byte of their field, and every byte
        of the input has one owner; else the run fails.
        """
        check_bytes(reader, self.account)
        self.reconcile_units(reader)
        check_records(reader, self.written + self.dropped + self.bad)

    def reconcile_units(self, reader: Read) -> None:
        """The same without the records, of which an output with one type of several has only its own."""
        for spec, counts, size in zip(self.fields, self.counts, self.sizes, strict=True):
            parts = counts[K["MAPPED_UNITS"]] + counts[K["PASSED_UNITS"]] + sum(flagged(counts).values())
            if counts[K["UNITS"]] != parts or counts[K["BYTES"]] != size:
                raise DataError(
                    (
                        fault(
                            "E0276",
                            "{counts} units in ({counts2} of {size} bytes), {parts} accounted for",
                            counts=counts[K["UNITS"]],
                            counts2=counts[K["BYTES"]],
                            size=size,
                            parts=parts,
                        )
                    ),
                    where=f"{reader.path}: field {spec.name}",
                    next=tr("report this as a bug of gaiji"),
                )

    def copy(self) -> Totals:
        """The sums as they are now; batches added later do not change it."""
        return replace(
            self,
            counts=[array("q", c) for c in self.counts],
            sizes=list(self.sizes),
            individuals=list(self.individuals),
            hits=dict(self.hits),
            reasons=dict(self.reasons),
            account=deepcopy(self.account),
            numbers=Counter(self.numbers),
            kinds=Counter(self.kinds),
        )

    def state(self) -> dict[str, Any]:
        """The sums as JSON can hold them."""
        hits = [
            [name, code, int(reason), hit.count, hit.records, hit.samples]
            for (name, _, code, reason), hit in self.hits.items()
        ]
        return {
            "counts": [list(c) for c in self.counts],
            "sizes": self.sizes,
            "individuals": self.individuals,
            "hits": hits,
            "written": self.written,
            "dropped": self.dropped,
            "bad": self.bad,
            "shorter": self.shorter,
            "reasons": [[int(r), n, p.record, p.field, p.offset] for r, (n, p) in self.reasons.items()],
            "account": self.account.state(),
            "applied": self.applied.state(),
            "kinds": [[name, kind, count] for (name, kind), count in self.kinds.items()],
        }

    def go_on(self, state: dict[str, Any]) -> None:
        """Take over the sums of ``state``; KeyError, TypeError or ValueError when it is no state of these
        fields.
        """
        by_name = {spec.name: spec for spec in self.fields}
        made = {spec.name: spec for spec in self.columns}
        self.counts = [array("q", c) for c in state["counts"]]
        self.sizes = [int(size) for size in state["sizes"]]
        self.individuals = [int(rows) for rows in state["individuals"]]
        self.written, self.dropped, self.bad = (int(state[name]) for name in ("written", "dropped", "bad"))
        self.shorter = int(state["shorter"])
        self.reasons = {
            Reason(r): (n, Place(record, name, at)) for r, n, record, name, at in state["reasons"]
        }
        self.account = Account.of_state(state["account"])
        self.applied = Applied.of_state(state["applied"])
        self.kinds = Counter({(name, kind): int(count) for name, kind, count in state["kinds"]})
        for name, code, reason, count, records, samples in state["hits"]:
            hit = Hit(
                (made if self.of_column(Reason(reason)) else by_name)[name],
                code,
                Reason(reason),
                count,
                tuple((r, k, p, t) for r, k, p, t in samples),
                records,
            )
            self.hits[name, hit.field.role, code, hit.reason] = hit
            self.numbers[name] += hit.reason in LISTED
        if [len(c) for c in self.counts] != [K["N_COUNTS"]] * len(self.fields) or len(self.sizes) != len(
            self.fields
        ):
            raise ValueError("another number of fields")


def check_bytes(reader: Read, account: Account) -> None:
    """Every byte that was read has one owner; else the run fails."""
    if (owned := account.owned.total()) != reader.size:
        raise DataError(
            fault("E0400", "{size} bytes in, {owned} with an owner", size=reader.size, owned=owned),
            where=reader.path,
            next=tr("report this as a bug of gaiji"),
        )


def check_records(reader: Read, accounted: int) -> None:
    """Every record that was read is accounted for; else the run fails."""
    if accounted != reader.records:
        raise DataError(
            fault(
                "E0277",
                "{records} records in, {written} accounted for",
                records=reader.records,
                written=accounted,
            ),
            where=reader.path,
            next=tr("report this as a bug of gaiji"),
        )


def flagged(counts: Sequence[int]) -> dict[str, int]:
    """Flagged units by reason."""
    known = [(reason.label, K["FLAGGED"] + reason) for reason in Reason if reason <= K["LAST_COUNTED"]]
    return {label: counts[at] for label, at in known if counts[at]}


def empties(counts: array[int]) -> dict[str, int]:
    """Empty fields by what they were written as: low-values, or blanks."""
    return {label: counts[K[key]] for label, key in EMPTY_AS.items() if counts[K[key]]}


def flagged_by_reason(totals: Totals) -> dict[str, dict[str, Any]]:
    """Per reason: units, the records that have one, the fields with their units, and the first place. Units
    of what is about a place are bytes that no field takes, or records that end early.
    """
    out: dict[str, dict[str, Any]] = {}
    for reason in sorted(totals.reasons):
        records, first = totals.reasons[reason]
        fields: Counter[str] = Counter()
        for (name, _, _, other), hit in totals.hits.items():
            if other is reason:
                fields[name] += hit.count
        out[reason.label] = {
            "units": fields.total(),
            "records": records,
            "fields": {
                spec.name: fields[spec.name]
                for spec in (totals.columns if totals.of_column(reason) else totals.fields)
                if fields[spec.name]
            },
            "first": {"record": first.record, "field": first.field, "offset": first.offset},
        }
    for reason, found in sorted(totals.account.findings.items()):
        assert found.first is not None  # a finding has a first place
        first = found.first
        out[reason.label] = {
            "units": found.size or found.records,
            "records": found.records,
            "fields": {},
            "first": {"record": first.record, "field": "", "offset": first.offset},
        }
    return out
