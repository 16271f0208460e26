"""Whose each byte of a generated dump is, counted with the oracle's own cutting.

Owns the sums that a manifest must have: every byte once. What no field takes is blank in these dumps, so it is
padding, or FILLER where a copybook says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from oracle import records
from oracle.charsets import load
from oracle.dumps import Dump

OUTSIDE = ("padding", "filler")
KINDS = {"zoned": "numbers", "packed": "numbers", "binary": "numbers", "float": "numbers", "raw": "raw"}


def owners(dump: Dump) -> Counter[str]:
    """Bytes by owner; those outside of fields as ``padding``."""
    if dump.format == "csv":
        return +_delimited(dump)
    source, out = dump.source, Counter[str]()
    if dump.format == "fixed":
        found = records.fixed(dump.data, source["record_length"], source.get("newline", "none"))
        between = "line-ends"
    elif dump.format == "vb":
        found = records.variable(dump.data, blocked=source.get("blocked", False))
        between = "descriptors"
    else:
        found = records.lines(dump.data, load(dump.charset).kind, source.get("newline", ""))
        between = "line-ends"
    for record in found:
        whose = ["padding"] * len(record)
        for column in reversed(dump.columns):
            for at in range(column.offset, min(column.offset + column.length, len(record))):
                whose[at] = KINDS.get(column.type, "text")
        out.update(whose)
    out[between] += len(dump.data) - sum(map(len, found))
    return +out


def _delimited(dump: Dump) -> Counter[str]:
    """Cells, and what tells them apart."""
    charset, source, out = load(dump.charset), dump.source, Counter[str]()
    codec = charset.kind if charset.unicode else "ascii"
    bom = "\ufeff".encode(codec) if charset.unicode else b""
    data = dump.data.removeprefix(bom)
    out["byte-order-mark"] = len(dump.data) - len(data)
    units = records.characters(data, charset.kind, charset.leads, charset.trails)
    marks = dict(zip((c.encode(codec) for c in (source["delimiter"], '"', "\r", "\n")), "DQCL", strict=True))
    shape = "".join(marks.get(unit, "x") for unit in units)
    width = len("\n".encode(codec))
    owner, at = "header" if source["header"] else "text", 0
    for found in re.finditer(r"(Q(?:[^Q]|QQ)*Q|[^DL]*?)(D|C?L|\Z)", shape):
        cell, size = found[1], len(b"".join(units[found.start(1) : found.end(1)]))
        quotes = (2 + cell[1:-1].count("QQ")) * width if cell.startswith("Q") else 0
        out[owner] += size - quotes
        out["quotes"] += quotes
        out["delimiters" if found[2] == "D" else "line-ends"] += len(found[2]) * width
        at = found.end()
        if found[2] != "D":
            owner = "text"
    if at != len(shape):
        raise ValueError(f"character {at}")
    return out


def wrong(dump: Dump, told: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(owner, right, told) where a manifest has other sums."""
    right = owners(dump)
    found = Counter(told)
    for owner in OUTSIDE[1:]:
        found["padding"] += found.pop(owner, 0)
    return [(o, right[o], found[o]) for o in sorted(set(right) | set(found)) if right[o] != found[o]]
