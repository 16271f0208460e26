"""The manifest: what a run did, beside its output.

Owns its keys and its place. The sums come from ``gaiji.run.totals``; what verify thinks of it is verify's.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from gaiji import __version__
from gaiji.codes.program import K
from gaiji.columns.decode import COUNTED, PEOPLE
from gaiji.disk.files import AtomicFile, beside, part_path, staged
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.kernel import decode as kernel
from gaiji.model import OWNERS, Field, Reason
from gaiji.model.plain import dataclass
from gaiji.output.recipe import KINDS
from gaiji.run.corrections import Applied
from gaiji.run.plan import Plan
from gaiji.run.plausible import doubts_of
from gaiji.run.reading import Shapes
from gaiji.run.sums import Sums
from gaiji.run.totals import Read, Totals, empties, flagged, flagged_by_reason


@dataclass
class Manifest:
    """What a run did; ``data`` is what is written as OUTPUT.manifest.json. ``before``: the official lists
    that the output before was made with, where they were others; no part of what is written."""

    data: dict[str, Any]
    before: str = ""

    @property
    def to_review(self) -> int:
        """Codes that wait for a person."""
        return int(self.data["review"]["waiting"])

    @property
    def exit_code(self) -> int:
        """0: done, nothing is flagged or set aside in any field; 3: done, something waits."""
        records = self.data["records"]
        stale = not self.data["review"].get("as_decided", True)
        wrong = any(not trailer["holds"] for trailer in self.data.get("trailers", {}).values())
        parts = [self.data, *self.data.get("types", {}).values()]
        wrong |= any(any(part.get("items", {}).values()) for part in parts)
        done = self.data.get("corrections", {"reasons": {}, "absent": 0})
        left = any(told["units"] > done["reasons"].get(r, 0) for r, told in self.data["flagged"].items())
        waits = self.to_review or left or done["absent"] or records["quarantined"] or records["dropped"]
        return 3 if stale or waits or wrong else 0


def manifest_path(output: Path) -> Path:
    """Beside the output, named after it."""
    return beside(output, "manifest.json")


def verify_paths(output: Path) -> tuple[Path, Path]:
    """The proof of an output, beside it: what was found, and the page to be signed."""
    return beside(output, "verify.json"), beside(output, "verify.html")


def read_manifest(output: Path) -> dict[str, Any]:
    """The manifest of an output; GaijiError when there is none.

    An output of an earlier version has it as ``manifest.json`` in the same folder, if that speaks of it.
    """
    path = manifest_path(output)
    older = output.parent / "manifest.json"
    found = path if path.exists() or not older.exists() else older
    try:
        data: dict[str, Any] = json.loads(found.read_bytes(), object_pairs_hook=partial(_Told, path=found))
        parts = [data[key] for key in ("input", "output", "records", "fields", "job")]
        parts += [*data["tables"], *data["fields"].values(), *data.get("types", {}).values()]
        if not all(isinstance(part, dict) for part in parts):
            raise TypeError("another form")
        if found is older and Path(data["output"]["path"]).name != output.name:
            raise ValueError("of another output")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _none(found) from error
    return data


def lists_told(data: Mapping[str, Any]) -> tuple[str, str]:
    """The official lists that a manifest names: the glyph list, and the 縮退マップ where the run used it."""
    return str(data["repertoire"]), str(data.get("shrink", {}).get("map", ""))


def lists_before(output: Path) -> tuple[str, str]:
    """The official lists that the output which is there was made with, "" where no manifest says it."""
    try:
        return lists_told(read_manifest(output))
    except (GaijiError, AttributeError):
        return "", ""


def others(before: tuple[str, str], data: Mapping[str, Any]) -> str:
    """Those of the lists before that are others in a manifest, in one line."""
    now = lists_told(data)
    return lists_line(tuple(old if new and old != new else "" for old, new in zip(before, now, strict=True)))


def lists_line(told: Iterable[str]) -> str:
    """Official lists in one line; those that are "" are left out."""
    return ", ".join(f"{name}{one}" for name, one in zip(("", "MJ縮退マップ "), told, strict=True) if one)


class _Told(dict[str, Any]):
    """A part of a manifest; GaijiError for a key that it does not have: it is damaged, or none."""

    def __init__(self, pairs: Iterable[tuple[str, Any]], path: Path) -> None:
        super().__init__(pairs)
        self.path = path

    def __missing__(self, key: str) -> Any:
        raise _none(self.path)


def _none(path: Path) -> GaijiError:
    return GaijiError(
        fault("E0201", "is no manifest of a conversion"), where=str(path), next=tr("run gaiji convert first")
    )


class Lain(Protocol):
    """How records lay in blocks."""

    def told(self) -> dict[str, Any]: ...


class Described(Protocol):
    """A file, or several, that the manifest tells of."""

    def describe(self) -> dict[str, object]: ...


class ReadWhole(Read, Protocol):
    """What was read, and the blocks that it lay in."""

    @property
    def blocks(self) -> Lain | None: ...


class Passed(Protocol):
    """A pass over all of an input."""

    @property
    def reader(self) -> ReadWhole: ...
    @property
    def shaper(self) -> Shapes | None: ...


class Run(Protocol):
    """All that a conversion has read and written."""

    @property
    def reading(self) -> Passed: ...
    @property
    def sums(self) -> Sums: ...
    @property
    def sinks(self) -> Sequence[Described]: ...
    @property
    def quarantine(self) -> Described: ...
    @property
    def order(self) -> Described | None: ...


def report(plan: Plan, reader: Read, totals: Totals) -> dict[str, Any]:
    """Records, fields, bytes and findings: the part of the manifest that ``scan`` shares."""
    account = totals.account
    return {
        "input": {"path": plan.job.source["path"], "bytes": reader.count, "sha256": reader.sha256},
        "charset": {"name": plan.charset.name, "options": plan.charset.options},
        "records": {
            "read": reader.records,
            "written": totals.written,
            "dropped": totals.dropped,
            "quarantined": totals.bad,
        }
        | ({"shorter": totals.shorter} if plan.shape is not None else {}),
        "fields": {
            spec.name: _field(spec, counts) for spec, counts in zip(plan.fields, totals.counts, strict=True)
        },
        "bytes": {
            "unpacked": reader.size,
            "owners": {owner: account.owned[owner] for owner in OWNERS if account.owned[owner]},
            "filler": {"bytes": account.filler.size, "records": account.filler.records},
            "short_records": account.short,
        },
        "individual_numbers": {
            spec.name: rows for spec, rows in zip(plan.fields, totals.individuals, strict=True) if rows
        },
        "flagged": flagged_by_reason(totals),
        "findings": [
            {"field": name, "role": role, "code": code, "reason": reason.label, "count": hit.count}
            for (name, role, code, reason), hit in sorted(totals.hits.items())
        ],
    } | ({"doubts": doubts_of(plan)} if plan.number < 0 else {})


def _columns(plan: Plan, totals: Totals) -> dict[str, Any]:
    """The columns of an output that has its own: what each is made of and what is found in it, the fields
    that none is made of, and what does not agree with the receiver's list of items."""
    recipe = plan.output.recipe
    if recipe is None:
        return {}
    shown = {
        one.name: {
            "made": one.kind,
            "of": [recipe.record[source] for source in one.sources],
            "flagged": {kind: n for kind in KINDS if (n := totals.kinds[one.name, kind])},
        }
        for one in recipe.columns
    }
    told = {"columns": shown, "left_out": [recipe.record[number] for number in recipe.left_out]}
    if not recipe.items[0]:
        return told
    return told | {"items": {"not_in_list": list(recipe.unlisted), "missing": list(recipe.absent)}}


def section_of(manifest: Mapping[str, Any], type: str) -> dict[str, Any]:
    """The manifest of one record type's output: the whole one, with that type's own parts in their place.

    GaijiError when the manifest has no such type.
    """
    types = manifest["types"]
    path = getattr(manifest, "path", Path())
    own = types.get(type) if isinstance(types, dict) else None
    tables = own is not None and all(
        isinstance(own.get(key, {}), dict) for key in ("records", "fields", "output")
    )
    if not tables:
        raise _none(path)
    return _Told({**manifest, **types[type]}.items(), path)


def types_report(plan: Plan, reading: Passed, sums: Sums) -> dict[str, Any]:
    """Records, fields and findings over all record types, and of each: what ``scan`` shares."""
    counted, shaper = sums.counted, reading.shaper
    assert counted is not None and shaper is not None  # the plan has types
    whole = report(plan, reading.reader, Totals((), 0, account=sums.account))
    types: dict[str, Any] = {}
    shown = {part.number: one for part, one in zip(plan.each, sums.totals, strict=True)}
    for part in plan.parts:
        name, read = plan.job.records[part.number].name, counted.records[part.number]
        types[name] = {"skipped": part.skipped, "bytes": counted.sizes[part.number]}
        if part.skipped:
            types[name]["records"] = {"read": read, "written": 0, "dropped": 0, "quarantined": 0}
            continue
        one = report(part, reading.reader, shown[part.number])
        one["records"]["read"] = read
        shared = ("records", "fields", "individual_numbers", "flagged", "findings")
        types[name] |= {key: one[key] for key in shared}
        numbers = {f"{name}.{field}": rows for field, rows in one["individual_numbers"].items()}
        whole["individual_numbers"] |= numbers
        whole["fields"] |= {f"{name}.{field}": told for field, told in one["fields"].items()}
        whole["findings"] += [{"type": name, **found} for found in one["findings"]]
        _join_flagged(whole["flagged"], one["flagged"], name)
    whole["records"] |= {
        "written": sums.written,
        "dropped": sums.dropped,
        "quarantined": sums.bad,
        "skipped": sums.skipped,
    }
    return whole | {"types": types, "trailers": counted.trailers(shaper.tallies)}


def _join_flagged(whole: dict[str, Any], more: Mapping[str, Any], name: str) -> None:
    """Findings by reason of one more record type."""
    for reason, told in more.items():
        fields = {f"{name}.{field}": count for field, count in told["fields"].items()}
        first = told["first"] | {"field": f"{name}.{told['first']['field']}"}
        before = whole.get(reason)
        if before is None:
            whole[reason] = told | {"fields": fields, "first": first}
            continue
        whole[reason] = {
            "units": before["units"] + told["units"],
            "records": before["records"] + told["records"],
            "fields": before["fields"] | fields,
            "first": min(before["first"], first, key=lambda one: int(one["record"])),
        }


def manifest_of(
    plan: Plan, session: Run, review: Mapping[str, Any], shrunk: Mapping[str, Any], started: str
) -> Manifest:
    """Everything that docs/job-file.md promises of a manifest; ``review``: codes, and those that wait."""
    files = [
        sink.describe() | {"path": part.job.output["path"]}
        for part, sink in zip(plan.each, session.sinks, strict=True)
    ]
    if plan.parts:
        told = types_report(plan, session.reading, session.sums)
        for part, file, totals in zip(plan.each, files, session.sums.totals, strict=True):
            own = {"output": file, "tables": _tables(part), **_columns(part, totals)}
            told["types"][plan.job.records[part.number].name] |= own
        told |= {"outputs": files} | ({"order": session.order.describe()} if session.order else {})
    else:
        told = report(plan, session.reading.reader, session.sums.totals[0])
        told |= _columns(plan, session.sums.totals[0])
    if plan.corrections is not None:
        told |= corrected(plan, session, told)
    blocks = session.reading.reader.blocks
    return Manifest(
        told
        | ({"blocks": blocks.told()} if blocks else {})
        | {
            "job": {"path": Path(plan.job.path).name, "sha256": plan.job.digest},
            "identity": plan.identity,
            "tables": _tables(plan),
            "repertoire": plan.charset.repertoire.version,
            "output": files[0] if not plan.parts else {"path": plan.job.output["path"]},
            "quarantine": session.quarantine.describe(),
            "review": {"queue": plan.job.review["queue"] or "review.sqlite", **review},
            "gaiji": {"version": __version__, "kernel": "compiled" if kernel.compiled() else "interpreted"},
            "started": started,
            "finished": now(),
            "shrink": dict(shrunk),
        }
    )


def corrected(plan: Plan, session: Run, told: Mapping[str, Any]) -> dict[str, Any]:
    """What people restored at single places, over all outputs; of each record type besides."""
    assert plan.corrections is not None
    every = Applied()
    for part, totals in zip(plan.each, session.sums.totals, strict=True):
        every.join(totals.applied)
        if plan.parts:
            name = plan.job.records[part.number].name
            told["types"][name]["corrections"] = totals.applied.told(plan.corrections)
    return {"corrections": every.told(plan.corrections)}


def _tables(plan: Plan) -> list[dict[str, str]]:
    """The tables that gave codes their meaning."""
    tables = [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in plan.tables]
    return [*tables, *plan.form_tables]


def write_manifest(manifest: Manifest, output: Path) -> AtomicFile:
    """Write a run's manifest, all but its name."""
    path = manifest_path(output)
    data = (json.dumps(manifest.data, ensure_ascii=False, indent=2) + "\n").encode()
    return staged(path, data, part=part_path(path), own=True)


def now() -> str:
    """The time, as manifests have it (UTC, ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _field(spec: Field, counts: array[int]) -> dict[str, Any]:
    by_reason = flagged(counts)
    units = counts[K["UNITS"]]
    return {
        "role": spec.role,
        "type": spec.type,
        "bytes": counts[K["BYTES"]],
        "units": units,
        "mapped": counts[K["MAPPED_UNITS"]],
        "passed": counts[K["PASSED_UNITS"]],
        "flagged": by_reason,
        "trimmed": counts[K["TRIMMED_UNITS"]],
        "empty": empties(counts),
        "unsigned": counts[K["UNSIGNED"]],
        "reconciled": units
        == counts[K["MAPPED_UNITS"]] + counts[K["PASSED_UNITS"]] + sum(by_reason.values()),
    } | ({"grades": grades(counts), "one_source_records": counts[PEOPLE]} if spec.role == "name" else {})


def grades(counts: array[int]) -> dict[str, int]:
    """Characters of a name field by what their rows rest on; those that a person must look at are not
    among them, but
    for the codes that ``[review] one-source`` asks about."""
    rest = {grade: counts[K["GRADES"] + at] for at, grade in enumerate(COUNTED)}
    asked = counts[K["FLAGGED"] + Reason.ONE_SOURCE]
    return {"standard": counts[K["MAPPED_UNITS"]] + asked - sum(rest.values())} | rest
