"""The proofs of a job's record types as one report.

Owns how they are joined, and the checks over all types: how many records each has, what was set aside, what
the trailers say, counted anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gaiji.proof.account import differences
from gaiji.proof.again import Pass
from gaiji.proof.aside import quarantine_digest
from gaiji.proof.kinds import PlainShaper
from gaiji.proof.numbers import whole_number
from gaiji.proof.report import told_bytes
from gaiji.run.counted import SHOWN
from gaiji.run.plan import Plan
from gaiji.run.types import named


def join(
    plan: Plan,
    manifest: Mapping[str, Any],
    shown: Mapping[str, Mapping[str, Any]],
    reading: Pass,
    shaper: PlainShaper,
) -> dict[str, Any]:
    """One report of all types; ``shown``: that of each output by its type, ``reading``: the pass for all of
    them, with the account of all bytes, ``shaper``: what told them apart in it."""
    first, whose = next(iter(shown.values())), told_bytes(reading)
    checks = _checks(plan, manifest, shaper)
    checks += [
        {"check": name, "holds": found == wanted, "found": found, "expected": wanted}
        for name, found, wanted in differences(whose, manifest)
    ]
    for name, one in shown.items():
        checks += [{**check, "check": f"{name}: {check['check']}"} for check in one["checks"]]
    records = {key: sum(one["records"][key] for one in shown.values()) for key in first["records"]}
    records |= {"read": sum(shaper.counts) + shaper.aside, "quarantined": shaper.aside}
    cells = {key: sum(one["cells"][key] for one in shown.values()) for key in first["cells"]}
    return {
        **first,
        **whose,
        "holds": cells["changed"] == 0 and all(check["holds"] for check in checks),
        "output": {
            "path": plan.job.output["path"],
            "bytes": sum(one["output"]["bytes"] for one in shown.values()),
        },
        "outputs": [one["output"] for one in shown.values()],
        "records": records,
        "cells": cells,
        "fields": {
            f"{name}.{field}": told for name, one in shown.items() for field, told in one["fields"].items()
        },
        "columns": {
            f"{name}.{column}": told for name, one in shown.items() for column, told in one["columns"].items()
        },
        "left_out": [f"{name}.{field}" for name, one in shown.items() for field in one["left_out"]],
        "checks": checks,
        "grades": _summed(one["grades"] for one in shown.values()),
        "types": {
            name: {key: one[key] for key in ("records", "cells", "output")} for name, one in shown.items()
        },
        "started": first["started"],
        "finished": [one["finished"] for one in shown.values()][-1],
    } | {
        key: [
            {**told, "field": f"{name}.{told['field']}"} for name, one in shown.items() for told in one[key]
        ]
        for key in ("form_examples", "one_way", "flagged", "changed")
    }


def _checks(plan: Plan, manifest: Mapping[str, Any], shaper: PlainShaper) -> list[dict[str, Any]]:
    """What must hold over all types."""
    names = [rule.name for rule in plan.job.records]
    then = {name: told["records"]["read"] for name, told in manifest["types"].items()}
    rows: list[tuple[str, object, object]] = [
        ("records-by-type", dict(zip(names, shaper.counts, strict=True)), then),
        ("records-quarantined", shaper.aside, manifest["records"]["quarantined"]),
        (
            "quarantine-sha256",
            quarantine_digest(plan, manifest),
            shaper.bad.hexdigest() if shaper.aside else "",
        ),
    ]
    every = listed = 0
    for number, behind in shaper.tallies.items():
        told = manifest["trailers"].get(names[number], {})
        mine = _trailers(plan, number, shaper)
        wrong = [one for one in mine if one["said"] != one["counted"]]
        found = {
            "checked": len(mine),
            "wrong": len(wrong),
            "behind": behind,
            "holds": not wrong and not behind and bool(mine),
        }
        rows.append((f"trailers {names[number]}", found, {key: told.get(key) for key in found}))
        shown = told.get("examples", [])
        rows.append((f"trailer counts {names[number]}", wrong[: len(shown)], shown))
        every, listed = every + len(wrong), listed + len(shown)
    rows.append(("trailers listed", listed, min(every, SHOWN)))
    return [
        {"check": name, "holds": found == wanted, "found": found, "expected": wanted}
        for name, found, wanted in rows
    ]


def _trailers(plan: Plan, number: int, shaper: PlainShaper) -> list[dict[str, int | None]]:
    """What each trailer of a type says and what there is, read and counted anew."""
    part = plan.parts[number]
    spec = named(part.layout, plan.job.records[number].trailer_field)
    charset = part.decoder.charset_of(spec)
    return [
        {"record": record, "said": whole_number(raw, spec, charset), "counted": counted}
        for kind, record, counted, raw in shaper.trailers
        if kind == number
    ]


def _summed(every: Any) -> dict[str, int]:
    out: dict[str, int] = {}
    for one in every:
        for key, count in one.items():
            out[key] = out.get(key, 0) + count
    return out
