"""A charset in plain words, for people: tables, ranges, shifts, options.

Owns where the rows of a code stand, which codes private use stands for, and the page that
``gaiji charset show`` prints; the facts are those of ``gaiji.codes.charset``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gaiji.codes.code import write_code
from gaiji.codes.kind import Kind
from gaiji.codes.program import Recipe
from gaiji.codes.spec import Spec
from gaiji.codes.tables import ENCODE_ONLY, GRADES, Range, Table
from gaiji.errors.messages import tr
from gaiji.model import Provenance


def provenance(tables: Sequence[Table], layer: str, key: tuple[int, int]) -> list[Provenance]:
    """Where tables of one layer have a row that decodes a code (``key``: its size, the code)."""
    return [
        Provenance(layer, table.path, row.line)
        for table in tables
        for row in table.rows
        if (row.size, row.code) == key and row.flag != ENCODE_ONLY
    ]


def private_codes(kind: Kind, recipe: Recipe) -> dict[int, str]:
    """Private use code point → 外字 code as written."""
    out: dict[int, str] = {}
    for area in recipe.ranges:
        start = dict(area.pua).get(recipe.pua)
        if area.kind == "user" and start is not None:
            codes = enumerate(area.codes())
            out |= {start + n: write_code(kind.form, code, area.size) for n, code in codes}
    return out


def describe(spec: Spec, kind: Kind, tables: Sequence[Table], ranges: Sequence[Range]) -> str:
    """What the charset is: one fact a line."""
    lines = [f"{spec.name}: {spec.title}"]
    for label, sequences in ((tr("shift in"), spec.shift_in), (tr("shift out"), spec.shift_out)):
        if sequences:
            lines.append(f"  {label}: {', '.join(s.hex().upper() for s in sequences)}")
    for table in tables:
        lines.append(
            tr(
                "  table {id} ({edition}): {count} rows; {title}",
                id=table.id,
                edition=table.edition,
                count=len(table.rows),
                title=table.title,
            )
        )
        lines += [
            tr("    {kind}: {value}, {count} codes", kind=r.kind, value=_span(kind, r), count=len(r))
            for r in table.ranges
        ]
        lines += [tr("    glyphs: {identity}", identity=table.identity)] if table.identity else []
        grades = Counter(row.grade for row in table.rows)
        shown = ", ".join(f"{grade} {grades[grade]:,}" for grade in GRADES if grades[grade])
        lines += [tr("    grades: {shown}", shown=shown)] if shown else []
    lines += [
        tr("  {kind}: {value}, {count} codes", kind=r.kind, value=_span(kind, r), count=len(r))
        for r in spec.ranges
    ]
    for name, option in spec.options.items():
        lines.append(
            tr(
                "  option {name}: {values} (default {default}): {what}",
                name=name,
                values=" | ".join(option["values"]),
                default=option["default"],
                what=option["what"],
            )
        )
    lines.append(
        tr(
            "  option dash: jis | microsoft | source (default jis): wave dash, parallel, "
            "minus, dash, cent, pound, not"
        )
    )
    conventions = sorted({name for r in ranges for name, _ in r.pua})
    if conventions:
        lines.append(
            tr(
                "  option pua: {conventions} | a code point (default linear): PUA of the 外字 area",
                conventions=" | ".join(conventions),
            )
        )
    if spec.note:
        lines.append(tr("  note: {note}", note=spec.note))
    return "\n".join(lines)


def _span(kind: Kind, area: Range) -> str:
    codes = list(area.codes())
    return f"{write_code(kind.form, codes[0], area.size)}-{write_code(kind.form, codes[-1], area.size)}"
