"""The cases of known.toml, and whether an output is what a case calls right.

Owns the form of the cases. What is right stands in them by hand; no reading of the oracle's is asked.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

KNOWN = Path(__file__).with_name("known.toml")


def known() -> dict[str, Any]:
    """What is known to come out wrong."""
    return tomllib.loads(KNOWN.read_text("utf-8"))


def job_of(case: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]], bytes]:
    """[source] without its path, the fields, and the bytes of the file."""
    data = bytes.fromhex(case["file"])
    format = case.get("format", "fixed")
    source = {"charset": case["charset"], "format": format, **case.get("source", {})}
    if format == "fixed":
        source.setdefault("record_length", len(data))
    return source, case["field"], data


def wrong(case: Mapping[str, Any], output: bytes, manifest: Mapping[str, Any]) -> list[str]:
    """In what the output and the manifest are not right."""
    found = list(csv.reader(io.StringIO(output.decode("utf-8"), newline="")))
    out = []
    cells = [row or [""] for row in found[1:]]  # a line without anything is one empty cell
    if "rows" in case and cells != case["rows"]:
        out.append(f"cells {cells}, right {case['rows']}")
    if "header" in case and found[0] != case["header"]:
        out.append(f"header {found[0]}, right {case['header']}")
    flagged = {name: sum(field["flagged"].values()) for name, field in manifest["fields"].items()}
    out += [f"no finding in {name}" for name in case.get("some", ()) if not flagged.get(name)]
    out += [f"a finding in {name}" for name in case.get("none", ()) if flagged.get(name)]
    reasons = {finding["reason"] for finding in manifest["findings"]} | {
        reason for field in manifest["fields"].values() for reason, n in field["flagged"].items() if n
    }
    reasons |= set(manifest["flagged"])
    if "said" in case and not reasons & set(case["said"]):
        out.append(f"reasons {sorted(reasons)}, right one of {case['said']}")
    return out
