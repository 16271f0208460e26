"""Rows of mapping files and their text form.

Owns the TSV and TOML that ``docs/mapping-files.md`` describes, as the scripts of this folder write
them: sorted, LF, the same bytes for the same input. Does not own what the rows say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

HEADER = "code\tucs\tglyph\tflag\tnote\n"
GRADED_HEADER = "code\tucs\tglyph\tflag\tgrade\tnote\n"
GRADES = ("standard", "two", "one", "inferred")
"""What a row rests on: a published standard or its own converter, two sources that agree, one, an
inference."""
ROUND_TRIP, ENCODE_ONLY, DECODE_ONLY = 0, 1, 3


@dataclass(frozen=True)
class Print:
    """What a code prints: its text, its glyph (or candidates, best first), and how that was decided.

    An empty name at the end of ``glyphs`` says that the right one may be none of them; a text with two empty
    names is only near what is printed; no text and no glyph: nothing is known but the row's note.
    """

    text: str
    glyphs: tuple[str, ...] = ()
    note: str = ""

    @property
    def ambiguous(self) -> bool:
        """Whether several glyphs fit and none could be chosen."""
        return len(self.glyphs) > 1


@dataclass(frozen=True)
class Row:
    """One line of a table; ``code`` in bytes (or the decimal digits as ASCII bytes, for a decimal "
    "table)."""

    code: bytes
    print: Print
    flag: int = ROUND_TRIP
    note: str = ""
    grade: str = ""


@dataclass
class Table:
    """A table and what its ``.toml`` says."""

    id: str
    title: str
    system: str
    edition: str
    identity: str
    rows: list[Row]
    ranges: list[dict[str, Any]]
    sources: list[dict[str, str]] = field(default_factory=list)
    code: str = "hex"
    grade: str = "standard"


def hex_text(text: str) -> str:
    """``"8FBB E0103"`` for a text of two code points."""
    return " ".join(f"{ord(ch):04X}" for ch in text)


def once_each(rows: Iterable[Row]) -> list[Row]:
    """The rows with every text round trip at most once: a later code for the same text is decode only."""
    seen: set[str] = set()
    out: list[Row] = []
    for row in rows:
        if row.flag == ROUND_TRIP and row.print.text:
            if row.print.text in seen:
                first = "another code has this text"
                note = "; ".join(filter(None, (row.note, first)))
                row = Row(row.code, row.print, DECODE_ONLY, note, row.grade)
            seen.add(row.print.text)
        out.append(row)
    return out


def tsv(table: Table) -> str:
    """The table's TSV; AssertionError when a code decodes twice or a text encodes twice."""
    decode: set[bytes] = set()
    encode: set[str] = set()
    graded = any(row.grade for row in table.rows)
    lines = [GRADED_HEADER if graded else HEADER]
    for row in sorted(table.rows, key=lambda r: (r.code, r.flag, r.print.text)):
        if row.flag != ENCODE_ONLY:
            assert row.code not in decode, (table.id, row)
            decode.add(row.code)
        if row.flag != DECODE_ONLY and row.print.text and not row.print.ambiguous:
            assert row.print.text not in encode, (table.id, row)
            encode.add(row.print.text)
        code = row.code.decode("ascii") if table.code == "decimal" else row.code.hex().upper()
        note = "; ".join(filter(None, (row.print.note, row.note)))
        grade = f"{row.grade}\t" if graded else ""
        lines.append(
            f"{code}\t{hex_text(row.print.text)}\t{'|'.join(row.print.glyphs)}\t{row.flag}\t{grade}{note}\n"
        )
    return "".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(_value(v) for v in value) + "]"


def toml(plain: dict[str, Any], arrays: dict[str, Sequence[dict[str, Any]]] | None = None) -> str:
    """TOML: plain keys (a dict value becomes an inline table), then arrays of tables."""
    out = [f"{key} = {_value(value)}\n" for key, value in plain.items()]
    for name, items in (arrays or {}).items():
        for item in items:
            out.append(f"\n[[{name}]]\n")
            out += [f"{key} = {_value(value)}\n" for key, value in item.items()]
    return "".join(out)


def table_toml(table: Table) -> str:
    """The ``.toml`` beside a table."""
    keys = ("title", "system", "edition", "code", "grade", "identity")
    head = {key: getattr(table, key) for key in keys}
    counts = {"rows": len(table.rows), "ambiguous": sum(r.print.ambiguous for r in table.rows)}
    return toml(head | counts, {"range": table.ranges, "source": table.sources})


def byte_ranges(values: Sequence[int]) -> list[str]:
    """Bytes in order as a list of ranges: ``[0x4A, 0x4C, 0x4D]`` gives ``["4A", "4C-4D"]``."""
    out: list[list[int]] = []
    for value in values:
        if out and out[-1][1] + 1 == value:
            out[-1][1] = value
        else:
            out.append([value, value])
    return [f"{a:02X}" if a == b else f"{a:02X}-{b:02X}" for a, b in out]
