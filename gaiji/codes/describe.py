"""A charset in plain words, for people: tables, ranges, shifts, options.

Owns the page that ``gaiji charset show`` prints; the facts are those of ``gaiji.codes.charset``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gaiji.codes.code import write_code
from gaiji.codes.kind import Kind
from gaiji.codes.spec import Spec
from gaiji.codes.tables import GRADES, Range, Table


def describe(spec: Spec, kind: Kind, tables: Sequence[Table], ranges: Sequence[Range]) -> str:
    """What the charset is: one fact a line."""
    lines = [f"{spec.name}: {spec.title}"]
    for label, sequences in (("shift in", spec.shift_in), ("shift out", spec.shift_out)):
        if sequences:
            lines.append(f"  {label}: {', '.join(s.hex().upper() for s in sequences)}")
    for table in tables:
        lines.append(f"  table {table.id} ({table.edition}): {len(table.rows)} rows; {table.title}")
        lines += [f"    {r.kind}: {_span(kind, r)}, {len(r)} codes" for r in table.ranges]
        lines += [f"    glyphs: {table.identity}"] if table.identity else []
        grades = Counter(row.grade for row in table.rows)
        shown = ", ".join(f"{grade} {grades[grade]:,}" for grade in GRADES if grades[grade])
        lines += [f"    grades: {shown}"] if shown else []
    lines += [f"  {r.kind}: {_span(kind, r)}, {len(r)} codes" for r in spec.ranges]
    for name, option in spec.options.items():
        lines.append(
            f"  option {name}: {' | '.join(option['values'])} (default {option['default']}): {option['what']}"
        )
    lines.append(
        "  option dash: jis | microsoft | source (default jis): wave dash, parallel, minus, dash, "
        "cent, pound, not"
    )
    conventions = sorted({name for r in ranges for name, _ in r.pua})
    if conventions:
        lines.append(
            f"  option pua: {' | '.join(conventions)} | a code point (default linear): PUA of the 外字 area"
        )
    if spec.note:
        lines.append(f"  note: {spec.note}")
    return "\n".join(lines)


def _span(kind: Kind, area: Range) -> str:
    codes = list(area.codes())
    return f"{write_code(kind.form, codes[0], area.size)}-{write_code(kind.form, codes[-1], area.size)}"
