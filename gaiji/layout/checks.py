"""Rules that the fields of a layout keep together: names, columns, bytes that they share.

Owns them. Rules of one field alone are in ``gaiji.layout.check``.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaiji.errors.messages import fault, tr
from gaiji.layout.check import field_error
from gaiji.model import Field

MAX_FIELD_NAME = 120
"""Characters of a field's name: it stands in queues and reports."""


def check_names(fields: Sequence[Field], path: str) -> None:
    seen: dict[str, Field] = {}
    for spec in fields:
        if len(spec.name) > MAX_FIELD_NAME or not spec.name.isprintable():
            raise field_error(
                fault("E0173", "has a name that is too long or holds control characters"),
                spec,
                path,
                tr("give it a short, plain name"),
            )
        if spec.name in seen:
            first = f" (first on line {seen[spec.name].line})" if seen[spec.name].line else ""
            raise field_error(
                fault("E0174", "is described twice{first}", first=first),
                spec,
                path,
                tr("give each field its own name"),
            )
        seen[spec.name] = spec


def check_columns(fields: Sequence[Field], path: str) -> None:
    seen: dict[int, str] = {}
    for spec in fields:
        if spec.column in seen:
            raise field_error(
                fault(
                    "E0175", "has the column {column} of {seen}", column=spec.column, seen=seen[spec.column]
                ),
                spec,
                path,
                tr("columns count from 0"),
            )
        seen[spec.column] = spec.name


def check_overlaps(fields: Sequence[Field], allowed: Sequence[bool], path: str) -> None:
    """Each field may share bytes with those before it only where it says so."""
    order = sorted(range(len(fields)), key=lambda at: (fields[at].offset, at))
    end, last = 0, -1
    for at in order:
        spec = fields[at]
        if allowed[at]:
            continue
        if spec.offset < end:
            later, earlier = (spec, fields[last]) if at > last else (fields[last], spec)
            stop = min(end, spec.offset + spec.length) - 1
            raise field_error(
                fault(
                    "E0176",
                    "shares bytes {offset}–{stop} with {earlier}",
                    offset=spec.offset,
                    stop=stop,
                    earlier=earlier.name,
                ),
                later,
                path,
                tr("correct offset or length, or set overlaps = true on it"),
            )
        if spec.offset + spec.length > end:
            end, last = spec.offset + spec.length, at
