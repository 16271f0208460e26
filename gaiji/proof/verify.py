"""The proof of a conversion: the output is encoded back and compared with the original, record by record.

Owns the pairing of source and output records, the counts that must agree with the manifest though they are
made anew, and the report (``verify.json``, ``verify.html``). What a batch is found to be:
``gaiji.proof.prover``.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.program import K
from gaiji.codes.tables import DECODE_ONLY
from gaiji.disk.files import AtomicFile
from gaiji.errors import GaijiError, UsageError
from gaiji.kernel import encode as kernel_encode
from gaiji.kernel import io as kernel_io
from gaiji.log import event
from gaiji.model import Reason
from gaiji.output.readback import Cells
from gaiji.proof.prover import CHANGED, CLASSES, FLAGGED, ONE_WAY, Change, Pair, Proved, Prover
from gaiji.records.framing import Batch
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, now
from gaiji.run.memory import check_memory
from gaiji.run.plan import Plan
from gaiji.run.workers import in_order

MAX_CHANGES = 1000
MAX_DAMAGED = 1000
FLAG = K["FLAGGED"]


@dataclass
class Verification:
    """What was found; ``data`` is what is written as verify.json."""

    data: dict[str, Any]

    @property
    def changed(self) -> int:
        """Cells that are not what their source says."""
        return int(self.data["cells"]["changed"])

    @property
    def holds(self) -> bool:
        """No cell changed, and every count and digest agrees."""
        return bool(self.data["holds"])

    @property
    def exit_code(self) -> int:
        """0: proved; 3: proved, flagged characters wait for review; 1: something changed or is missing."""
        if not self.holds:
            return 1
        return 3 if self.data["cells"]["flagged"] else 0


@dataclass
class _Totals:
    """What all batches so far were found to be."""

    classes: list[list[int]]
    flagged: list[Counter[int]]
    sizes: list[int]
    rows: int = 0
    broken: int = 0
    dropped: int = 0
    bad: int = 0
    missing: int = 0
    groups: dict[Any, tuple[int, list[int]]] = field(default_factory=dict)
    forms: dict[int, list[int]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def verify(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    names: bool = False,
) -> Verification:
    """Prove a converted job: read the original and the output, encode the output back, compare every byte.

    Writes verify.json and verify.html beside the output. ``names`` puts the text of changed and flagged
    fields into them; without it they tell codes, records and positions only. Raises GaijiError when there
    is nothing to compare (no output, no manifest, other tables than those of the conversion).
    """
    check_memory()
    return _Proof(Plan.of(job, overrides), names).run(threads)


class _Proof:
    """One verification of a job."""

    def __init__(self, plan: Plan, names: bool) -> None:
        self.plan, self.job = plan, plan.job
        if self.job.source["path"] == "-":
            raise UsageError(
                "standard input cannot be read again",
                where=self.job.path,
                next="verify a job whose input is a file",
            )
        self.names = names
        self.started = now()
        self.reading = plan.read()
        self.manifest = self._read_manifest()
        self._check_same()
        self.readback = plan.output.read_back()
        widths = list(plan.output.widths.values()) if plan.output.format == "fixed" else []
        wide = plan.output.encoding != "utf-8"
        self.prover = Prover(plan.decoder, plan.output.glyph_fields, self.readback, widths, wide)
        self._dropping = "drop-record" in self.job.policy.values()
        self._bad = hashlib.sha256()

    # -- before -----------------------------------------------------------------------------------

    def _read_manifest(self) -> dict[str, Any]:
        path = manifest_path(self.plan.output.path)
        try:
            data: dict[str, Any] = json.loads(path.read_bytes())
            for key in ("input", "output", "records", "fields", "tables", "job"):
                data[key]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GaijiError(
                "is no manifest of a conversion", where=str(path), next="run gaiji convert first"
            ) from error
        return data

    def _check_same(self) -> None:
        """The job, its tables and the glyph list must be those of the conversion."""
        charset = self.plan.charset
        now = [t.sha256 for t in (*charset.tables, *charset.sites)]
        then = [t["sha256"] for t in self.manifest["tables"]]
        for same, what in (
            (self.manifest["job"]["sha256"] == self.job.digest, "the job file"),
            (now == then, "a mapping or site table"),
            (self.manifest["repertoire"] == charset.repertoire.version, "the glyph list"),
        ):
            if not same:
                raise GaijiError(
                    f"{what} is not the one that the output was made with",
                    where=str(manifest_path(self.plan.output.path)),
                    next="run gaiji convert again (gaiji impact says what changes), then verify",
                )

    # -- the run ----------------------------------------------------------------------------------

    def run(self, threads: int) -> Verification:
        """Compare everything and write the report."""
        event("verify-started", self.plan.facts())
        columns = len(self.plan.output.columns)
        fields = len(self.plan.fields)
        totals = _Totals([[0] * 5 for _ in range(columns)], [Counter() for _ in range(fields)], [0] * fields)
        for pair, done in in_order(self._prove, self._pairs(totals), threads):
            self._add(totals, done)
            self.reading.recycle(pair.whole)
        left = self.readback.rest()
        data = self._report(totals, left)
        self._write(data)
        event("verify-ended", self.plan.facts() | {"holds": data["holds"], "cells": data["cells"]})
        return Verification(data)

    def _prove(self, pair: Pair) -> tuple[Pair, Proved]:
        return pair, self.prover.prove(pair)

    def _pairs(self, totals: _Totals) -> Iterator[Pair]:
        """Each batch with its output records."""
        for batch in self.reading:
            for bad in batch.bad:
                self._bad.update(bad.raw)
            totals.bad += len(batch.bad)
            kept, dropped = self._drop(batch) if self._dropping else (None, ())
            written = batch if kept is None else _some(batch, kept)
            totals.dropped += batch.rows - written.rows
            cells = self._take(written, totals)
            if cells.missing >= 0:
                totals.missing += written.rows - cells.missing
                kept = list(range(batch.rows) if kept is None else kept)[: cells.missing]
                cells.starts, cells.ends = (
                    [edges[: cells.missing] for edges in both] for both in (cells.starts, cells.ends)
                )
                written = _some(batch, kept)
            yield Pair(batch, written, kept, cells, dropped)

    def _drop(self, batch: Batch) -> tuple[list[int] | None, tuple[Counter[int], ...]]:
        """Rows that ``drop-record`` keeps (None: all), and the flagged units of the others."""
        out: set[int] = set()
        states, limits = bytearray(batch.rows), self.prover.limits
        found = []
        for number, spec in enumerate(self.plan.fields):
            column, _, findings = self.plan.decoder.decode(batch, spec, states)
            marks = list(zip(findings[:: K["FINDING"]], findings[5 :: K["FINDING"]], strict=True))
            found.append(marks)
            out.update(row for row, reason in marks if self.job.policy[Reason(reason)] == "drop-record")
            if limits and self.job.policy[Reason.OVERFLOW] == "drop-record":
                bad, width = array("i", bytes(4 * batch.rows)), abs(limits[number])
                room, offsets = bytearray(batch.rows * width * 3 + 8), array("q", bytes(8 * batch.rows + 8))
                kernel_io.fit(column.data, column.offsets, width, int(limits[number] < 0), room, offsets, bad)
                out.update(row for row in range(batch.rows) if bad[row])
        if not out:
            return None, ()
        return [r for r in range(batch.rows) if r not in out], tuple(
            Counter(r for row, r in m if row in out) for m in found
        )

    def _take(self, batch: Batch, totals: _Totals) -> Cells:
        """The output records of a batch; over lines that are no records it steps, looking for the next."""
        cells = self.readback.take(batch.rows)
        while 0 <= cells.missing < batch.rows and self.readback.more():
            row = cells.missing
            if totals.broken + len(cells.damaged) >= MAX_DAMAGED:
                raise GaijiError(
                    f"more than {MAX_DAMAGED:,} records cannot be read",
                    where=str(self.job.output_path),
                    next="check that this is the job's output, then run gaiji convert again",
                )
            following = (
                self.readback.line(self.prover.expected(batch, row + 1)) if row + 1 < batch.rows else b""
            )
            found = self.readback.skip(self.readback.line(self.prover.expected(batch, row)), following)
            cells = _join(cells, row, found, self.readback.take(batch.rows - row - 1), batch.rows)
        return cells

    def _add(self, totals: _Totals, done: Proved) -> None:
        for mine, more in zip(totals.classes, done.classes, strict=True):
            for kind, count in enumerate(more):
                mine[kind] += count
        for number, (counts, size) in enumerate(zip(done.flagged, done.sizes, strict=True)):
            totals.flagged[number].update(counts)
            totals.sizes[number] += size
        totals.rows += done.rows
        totals.broken += done.broken
        for key, (count, records) in done.groups.items():
            before, examples = totals.groups.get(key, (0, []))
            totals.groups[key] = (before + count, (examples + records)[:3])
        for number, records in done.forms.items():
            totals.forms[number] = (totals.forms.get(number, []) + records)[:3]
        totals.changes = (totals.changes + done.changes)[:MAX_CHANGES]

    # -- the report -------------------------------------------------------------------------------

    def _report(self, totals: _Totals, left: int) -> dict[str, Any]:
        counts = [sum(column[kind] for column in totals.classes) for kind in range(5)]
        checks = self._checks(totals, left)
        tables = (*self.plan.charset.tables, *self.plan.charset.sites)
        return {
            "holds": counts[CHANGED] == 0 and all(check["holds"] for check in checks),
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "input": {
                "path": self.job.source["path"],
                "bytes": self.reading.reader.count,
                "sha256": self.reading.reader.sha256,
            },
            "output": {
                "path": self.job.output["path"],
                "bytes": self.readback.size,
                "sha256": self.readback.sha256,
            },
            "charset": {"name": self.plan.charset.name, "options": self.plan.charset.options},
            "form": self.job.target["form"],
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables],
            "repertoire": self.plan.charset.repertoire.version,
            "records": {
                "read": self.reading.reader.records,
                "compared": totals.rows,
                "dropped": totals.dropped,
                "quarantined": totals.bad,
                "damaged": totals.broken,
                "missing": totals.missing,
            },
            "cells": dict(zip(CLASSES, counts, strict=True)),
            "fields": self._fields(totals),
            "form_examples": [
                {"field": self.plan.output.columns[number], "records": records}
                for number, records in sorted(totals.forms.items())
            ],
            "one_way": self._one_way(totals),
            "flagged": self._flagged(totals),
            "changed": [
                self._change(change) for change in sorted(totals.changes, key=lambda c: (c.record, c.field))
            ],
            "checks": checks,
            "site": self.job.review["site"],
            "converted": {"gaiji": self.manifest["gaiji"], "finished": self.manifest["finished"]},
            "gaiji": {
                "version": __version__,
                "kernel": "compiled" if kernel_encode.compiled() else "interpreted",
            },
            "started": self.started,
            "finished": now(),
        }

    def _fields(self, totals: _Totals) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for number, name in enumerate(self.plan.output.columns):
            cells = dict(zip(CLASSES, totals.classes[number], strict=True))
            out[name] = {"cells": cells}
            if number < len(self.plan.fields):
                spec = self.plan.fields[number]
                flagged = {Reason(r).label: n for r, n in sorted(totals.flagged[number].items())}
                out[name] |= {
                    "role": spec.role,
                    "type": spec.type,
                    "bytes": totals.sizes[number],
                    "flagged": flagged,
                }
        return out

    def _one_way(self, totals: _Totals) -> list[dict[str, Any]]:
        """Codes whose text belongs to another code: the row, the table, and the code that it encodes to."""
        out = []
        for (number, what, code, size), (count, records) in sorted(totals.groups.items()):
            if what != ONE_WAY:
                continue
            charset = self.plan.charset
            entry = charset.entries.get((size, code)) or next(
                (
                    e
                    for (_, c), e in charset.entries.items()
                    if c == code and charset.spec.kind.startswith("utf")
                ),
                None,
            )
            row = entry.row if entry else None
            out.append(
                {
                    "field": self.plan.output.columns[number],
                    "code": self.prover.code(code, size),
                    "count": count,
                    "row": f"{Path(entry.table.path).name}:{entry.row.line}" if entry else "",
                    "decode_only": bool(row and row.flag == DECODE_ONLY),
                    "glyph": row.glyph if row else "",
                    "encodes_to": self._encodes_to(
                        number, row.glyph if row else "", row.text if row else chr(code)
                    ),
                    "records": records,
                }
            )
        return out

    def _encodes_to(self, number: int, glyph: str, text: str) -> str:
        """The code that the text of a one-way row becomes, "" when it has none."""
        spec, charset = self.plan.fields[number], self.plan.charset
        written = charset.repertoire.forms(self.job.target["form"]).get(glyph, text) if glyph else text
        row = charset.encoding(self.prover._mode(spec)).get(written)
        return self.prover.code(row.code, row.size) if row else ""

    def _flagged(self, totals: _Totals) -> list[dict[str, Any]]:
        out = []
        for (number, what, code, size), (count, records) in sorted(totals.groups.items()):
            if what & 0xFF == FLAGGED and what != FLAGGED:
                reason = Reason(what >> 8)
                out.append(
                    {
                        "field": self.plan.output.columns[number],
                        "code": self.prover.code(code, size),
                        "reason": reason.label,
                        "policy": self.job.policy[reason],
                        "count": count,
                        "records": records,
                    }
                )
        return out

    def _change(self, change: Change) -> dict[str, Any]:
        out: dict[str, Any] = {
            "record": change.record,
            "field": change.field,
            "position": change.position,
            "byte": change.offset,
            "code": change.code,
        }
        return out | ({"expected": change.expected, "found": change.found} if self.names else {})

    def _checks(self, totals: _Totals, left: int) -> list[dict[str, Any]]:
        """Conservation, counted anew: nothing here comes from the conversion but what is compared with it."""
        then, reader = self.manifest, self.reading.reader
        cells = totals.rows * len(totals.classes) - totals.broken * (len(totals.classes) - 1)
        rows = [
            ("input-sha256", reader.sha256, then["input"]["sha256"]),
            ("output-sha256", self.readback.sha256, then["output"]["sha256"]),
            ("header", self.readback.header_ok, True),
            ("records-read", reader.records, then["records"]["read"]),
            ("records-compared", totals.rows, then["records"]["written"]),
            ("records-in-output", self.readback.records, then["records"]["written"]),
            ("records-dropped", totals.dropped, then["records"]["dropped"]),
            ("records-quarantined", totals.bad, then["records"]["quarantined"]),
            ("records-in-sum", totals.rows + totals.missing + totals.dropped + totals.bad, reader.records),
            ("quarantine-sha256", self._quarantined(), self._bad.hexdigest() if totals.bad else ""),
            ("left-in-output", left, 0),
            ("cells", sum(map(sum, totals.classes)), cells),
        ]
        for number, spec in enumerate(self.plan.fields):
            there = then["fields"].get(spec.name, {})
            flagged = {Reason(r).label: n for r, n in sorted(totals.flagged[number].items())}
            rows += [(f"bytes {spec.name}", totals.sizes[number], there.get("bytes"))]
            rows += [
                (f"flagged {spec.name}", flagged, dict(sorted(there.get("flagged", {}).items(), key=_reason)))
            ]
        return [
            {"check": name, "holds": found == wanted, "found": found, "expected": wanted}
            for name, found, wanted in rows
        ]

    def _quarantined(self) -> str:
        """Digest of the records that were set aside, "" when none were."""
        path = self.job.output_path.parent / "bad-records.bin"
        if not self.manifest["records"]["quarantined"]:
            return ""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise GaijiError(
                f"cannot be read: {error.strerror}", where=str(path), next="run gaiji convert again"
            ) from error

    def _write(self, data: Mapping[str, Any]) -> None:
        from gaiji.proof.page import page

        folder = self.job.output_path.parent
        for name, text in (
            ("verify.json", json.dumps(data, ensure_ascii=False, indent=2) + "\n"),
            ("verify.html", page(data)),
        ):
            file = AtomicFile(folder / name)
            try:
                file.write(text.encode())
                file.commit()
            finally:
                file.discard()


def _reason(item: tuple[str, int]) -> int:
    return Reason.from_label(item[0])


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
