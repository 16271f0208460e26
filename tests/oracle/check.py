"""The oracle's reading of a whole dump, and its comparison with what came out.

Owns what is compared: every cell, the findings of each field by reason, the bytes of each field, the records.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oracle import figures, owners, records, text
from oracle.charsets import load
from oracle.dumps import Dump


@dataclass
class Expected:
    """What is right: cells of each row, and of each field the findings by reason and the bytes."""

    rows: list[list[str]] = field(default_factory=list)
    findings: list[Counter[str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    raw: list[list[bytes]] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """Where gaiji and the oracle disagree; ``row`` counts from 1, 0 is the whole field or dump."""

    dump: str
    row: int
    field: str
    kind: str
    right: object
    found: object
    raw: str = ""

    def __str__(self) -> str:
        place = (
            f"{self.dump} record {self.row} {self.field} ({self.kind})"
            if self.row
            else f"{self.dump} {self.field} ({self.kind})"
        )
        return f"{place}: right {self.right!r}, found {self.found!r}" + (
            f", bytes {self.raw}" if self.raw else ""
        )


def expected(dump: Dump) -> Expected:
    """Cut the file and read every field."""
    charset = load(dump.charset)
    out = Expected(findings=[Counter() for _ in dump.columns], sizes=[0] * len(dump.columns))
    for raws in _fields(dump):
        row = []
        for number, (column, raw) in enumerate(zip(dump.columns, raws, strict=True)):
            if column.type == "raw":
                reading = text.Reading(raw.hex().upper())
            elif column.figure is not None:
                reading = figures.read(column.figure, raw, ebcdic=charset.ebcdic)
            else:
                reading = text.read(
                    charset, raw, column.type, column.role, trim=dump.source.get("trim") != "none"
                )
            row.append(reading.cell)
            out.findings[number] += reading.findings
            out.sizes[number] += len(raw)
        out.rows.append(row)
        out.raw.append(raws)
    return out


def _fields(dump: Dump) -> list[list[bytes]]:
    """The bytes of every field of every record."""
    charset, source = load(dump.charset), dump.source
    if dump.format == "csv":
        codec = charset.kind if charset.unicode else "ascii"
        data = dump.data.removeprefix("\ufeff".encode(codec)) if charset.unicode else dump.data
        units = records.characters(data, charset.kind, charset.leads, charset.trails)
        marks = [c.encode(codec) for c in (source["delimiter"], '"', "\r", "\n")]
        return records.delimited(units, *marks)[1 if source["header"] else 0 :]
    if dump.format == "fixed":
        cut = records.fixed(dump.data, source["record_length"], source.get("newline", "none"))
    elif dump.format == "vb":
        cut = records.variable(dump.data, blocked=source.get("blocked", False))
    else:
        cut = records.lines(dump.data, charset.kind, source.get("newline", ""))
    return [[record[c.offset : c.offset + c.length] for c in dump.columns] for record in cut]


def compare(
    dump: Dump,
    output: bytes,
    manifest: Mapping[str, Any],
    name: str = "",
    names: Mapping[str, str] | None = None,
) -> list[Difference]:
    """Everything in which the output (CSV) and the manifest are not what is right. ``names``: reasons that have another
    name today."""
    right = expected(dump)
    where = name or f"{dump.charset} {dump.format}"
    found = list(csv.reader(io.StringIO(output.decode("utf-8"), newline="")))
    out = []
    header = [c.name for c in dump.columns]
    if found[:1] != [header]:
        out.append(Difference(where, 0, "header", "layout", header, found[:1]))
    if len(found) - 1 != len(right.rows):
        out.append(Difference(where, 0, "records", "framing", len(right.rows), len(found) - 1))
    for number, (row, cells) in enumerate(zip(right.rows, found[1:], strict=False)):
        for at, column in enumerate(dump.columns):
            cell = cells[at] if at < len(cells) else None
            if cell != row[at]:
                raw = right.raw[number][at].hex().upper()
                out.append(
                    Difference(where, number + 1, column.name, dump.kinds[number][at], row[at], cell, raw)
                )
    return out + _sums(dump, right, manifest, where, names or {})


def _sums(
    dump: Dump, right: Expected, manifest: Mapping[str, Any], where: str, names: Mapping[str, str]
) -> list[Difference]:
    """Findings by reason and bytes of each field, the owners of all bytes, and the count of records."""
    out = [
        Difference(where, 0, owner, "owner of bytes", wanted, found)
        for owner, wanted, found in owners.wrong(dump, manifest["bytes"]["owners"])
    ]
    if manifest["records"]["read"] != len(right.rows):
        out.append(
            Difference(where, 0, "records read", "framing", len(right.rows), manifest["records"]["read"])
        )
    for column, findings, size in zip(dump.columns, right.findings, right.sizes, strict=True):
        told = manifest["fields"].get(column.name, {})
        flagged = {reason: n for reason, n in told.get("flagged", {}).items() if n}
        wanted = {names.get(reason, reason): n for reason, n in findings.items()}
        if flagged != wanted:
            out.append(Difference(where, 0, column.name, "findings", wanted, flagged))
        if told.get("bytes") != size:
            out.append(Difference(where, 0, column.name, "bytes", size, told.get("bytes")))
    return out
