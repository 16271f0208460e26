"""What a proof found, as verify.json has it.

Owns the keys of the report and the checks of conservation, counted anew.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Protocol

from gaiji import __version__
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Reason
from gaiji.output.recipe import KINDS
from gaiji.proof.account import Account, differences
from gaiji.proof.again import Pass
from gaiji.proof.aside import quarantine_digest
from gaiji.proof.corrected import TakenBack
from gaiji.proof.groups import flagged, one_way
from gaiji.proof.prover import Prover
from gaiji.proof.shaped import ShapedProver
from gaiji.proof.totals import CHANGED, CLASSES, WRITTEN, Change, Totals
from gaiji.run.manifest import now
from gaiji.run.plan import Plan


class ReadBack(Protocol):
    """An output that was read to its end."""

    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def records(self) -> int: ...
    @property
    def header_ok(self) -> bool: ...


class Report:
    """One report: of a plan's output (``readback``), compared by ``prover``, against the ``manifest`` of its
    conversion. ``names``: the texts of changes too."""

    def __init__(
        self,
        plan: Plan,
        reading: Pass,
        readback: ReadBack,
        prover: Prover,
        totals: Totals,
        manifest: dict[str, Any],
        *,
        taken: TakenBack,
        names: bool,
        started: str,
    ) -> None:
        self.plan = plan
        self.reading = reading
        self.reader = reading.reader
        self.readback = readback
        self.prover = prover
        self.totals = totals
        self.manifest = manifest
        self.taken = taken
        self.names = names
        self.started = started

    def data(self, left: int, bad: str) -> dict[str, Any]:
        """The report; ``left``: bytes of the output behind the last record, ``bad``: the digest of the
        records that could not be cut, "" for none.
        """
        totals = self.totals
        counts = [sum(column[kind] for column in totals.classes) for kind in range(len(CLASSES))]
        checks = self._checks(left, bad)
        return {
            "holds": counts[CHANGED] == 0 and all(check["holds"] for check in checks),
            "job": {"path": Path(self.plan.job.path).name, "sha256": self.plan.job.digest},
            "input": {
                "path": self.plan.job.source["path"],
                "bytes": self.reader.count,
                "sha256": self.reader.sha256,
            },
            "output": {
                "path": self.plan.job.output["path"],
                "bytes": self.readback.size,
                "sha256": self.readback.sha256,
            },
            "charset": {"name": self.plan.charset.name, "options": self.plan.charset.options},
            "form": self.plan.job.target["form"],
            "tables": [
                *({"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in self.plan.tables),
                *self.plan.form_tables,
            ],
            "repertoire": self.plan.charset.repertoire.version,
            "records": {
                "read": self.reading.records,
                "compared": totals.rows,
                "dropped": totals.dropped,
                "quarantined": totals.bad,
                "damaged": totals.broken,
                "missing": totals.missing,
            },
            "cells": dict(zip(CLASSES, counts, strict=True)),
            "fields": self._fields(),
            **self._columns(),
            **(told_bytes(self.reading) if self.plan.number < 0 else {}),
            "form_examples": [
                {"field": self.prover.columns[number], "records": records}
                for number, records in sorted(totals.forms.items())
            ],
            "one_way": one_way(self.prover, totals),
            "flagged": flagged(self.prover, totals),
            "changed": [
                self._change(change) for change in sorted(totals.changes, key=lambda c: (c.record, c.field))
            ],
            "checks": checks,
            "corrections": self.taken.told(),
            "site": self.plan.job.review["site"],
            "grades": self._grades(),
            "converted": {"gaiji": self.manifest["gaiji"], "finished": self.manifest["finished"]},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
            "started": self.started,
            "finished": now(),
        }

    def _fields(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for number, name in enumerate(self.plan.output.columns):
            cells = dict(zip(CLASSES, self.totals.classes[number], strict=True))
            out[name] = {"cells": cells}
            if number < len(self.plan.fields):
                spec = self.plan.fields[number]
                units = {Reason(r).label: n for r, n in sorted(self.totals.flagged[number].items())}
                out[name] |= {
                    "role": spec.role,
                    "type": spec.type,
                    "bytes": self.totals.sizes[number],
                    "flagged": units,
                    "empty": _counts(self.totals.empties[number]),
                }
        return out

    def _columns(self) -> dict[str, Any]:
        """The columns of an output that has its own: what each is made of, its cells by class (of one that
        holds a field as it is they are the field's), what is found in it; the fields that none is made of."""
        recipe = self.plan.output.recipe
        if recipe is None:
            return {"columns": {}, "left_out": []}
        base, shown = len(recipe.record), {}
        for number, one in enumerate(recipe.columns):
            cells = dict(zip(CLASSES, self.totals.classes[base + number], strict=True))
            shown[one.name] = {
                "made": one.kind,
                "of": [recipe.record[source] for source in one.sources],
                **({"cells": cells} if number in recipe.made else {}),
                "flagged": {kind: n for kind in KINDS if (n := self.totals.kinds[one.name, kind])},
            }
        return {"columns": shown, "left_out": [recipe.record[number] for number in recipe.left_out]}

    def _change(self, change: Change) -> dict[str, Any]:
        out: dict[str, Any] = {
            "record": change.record,
            "field": change.field,
            "position": change.position,
            "byte": change.offset,
            "code": change.code,
        }
        return out | ({"expected": change.expected, "found": change.found} if self.names else {})

    def _checks(self, left: int, bad: str) -> list[dict[str, Any]]:
        """Conservation, counted anew: nothing here comes from the conversion but what is compared with it."""
        then, reader, totals = self.manifest, self.reader, self.totals
        columns = counted(self.prover)
        cells = totals.rows * columns - totals.broken * (columns - 1)
        rows = [
            ("input-sha256", reader.sha256, then["input"]["sha256"]),
            ("output-sha256", self.readback.sha256, then["output"]["sha256"]),
            ("header", self.readback.header_ok, True),
            ("records-read", self.reading.records, then["records"]["read"]),
            ("records-compared", totals.rows, then["records"]["written"]),
            ("records-in-output", self.readback.records, then["records"]["written"]),
            ("records-dropped", totals.dropped, then["records"]["dropped"]),
            ("records-quarantined", totals.bad, then["records"]["quarantined"]),
            (
                "records-in-sum",
                totals.rows + totals.missing + totals.dropped + totals.bad,
                self.reading.records,
            ),
            ("quarantine-sha256", quarantine_digest(self.plan, self.manifest), bad),
            ("left-in-output", left, 0),
            ("cells", sum(map(sum, totals.classes)), cells),
            ("header-of-input", reader.header == list(self.plan.header), True),
        ]
        if self.plan.corrections is not None:
            rows += [("corrections-applied", len(self.taken.applied), then["corrections"]["applied"])]
            rows += [("corrections-hold", sorted(self.taken.wrong), [])]
        shaped = self._columns()
        for name, told in shaped["columns"].items():
            there = then.get("columns", {}).get(name, {})
            rows += [(f"column {name}", told["flagged"], there.get("flagged"))]
        if self.plan.output.recipe is not None:
            rows += [("left-out", shaped["left_out"], then.get("left_out"))]
        if self.plan.number < 0:  # of record types all bytes are accounted for together
            rows += differences(told_bytes(self.reading), then)
        for number, spec in enumerate(self.plan.fields):
            there = then["fields"].get(spec.name, {})
            found = {Reason(r).label: n for r, n in sorted(totals.flagged[number].items())}
            if not totals.dropped:  # of records that were dropped nothing is compared
                rows += [(f"empty {spec.name}", _counts(totals.empties[number]), there.get("empty", {}))]
            wanted = dict(sorted(there.get("flagged", {}).items(), key=_reason))
            wanted.pop(Reason.ONE_SOURCE.label, None)  # asked about, but converted, so proved
            rows += [(f"bytes {spec.name}", totals.sizes[number], there.get("bytes"))]
            rows += [(f"flagged {spec.name}", found, wanted)]
        return [
            {"check": name, "holds": found == wanted, "found": found, "expected": wanted}
            for name, found, wanted in rows
        ]

    def _grades(self) -> dict[str, int]:
        """What the characters of all name fields rest on, as the conversion counted them, and the records
        on one source; empty for a manifest of an earlier release."""
        out: dict[str, int] = {}
        for there in self.manifest["fields"].values():
            for grade, count in there.get("grades", {}).items():
                out[grade] = out.get(grade, 0) + count
            if "grades" in there:
                out["records"] = out.get("records", 0) + there["one_source_records"]
        return out


def counted(prover: Prover) -> int:
    """How many cells are proved of each record."""
    return prover.counted if isinstance(prover, ShapedProver) else len(prover.columns)


def told_bytes(reading: Pass) -> dict[str, Any]:
    """Whose each byte is, and what is to be told of it, by the proof's own account."""
    account: Account = reading.account
    return {"bytes": account.data(reading.reader.size), "flagged_bytes": account.findings()}


def _counts(counter: Counter[str]) -> dict[str, int]:
    """What was counted, in the order of the manifest."""
    return {label: counter[label] for label in WRITTEN if counter[label]}


def _reason(item: tuple[str, int]) -> int:
    return Reason.from_label(item[0])
