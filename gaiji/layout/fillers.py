"""Bytes of a record that a TOML layout declares to be no field: ``[[field]]`` tables of type ``filler``.

Owns their keys. What stands in those bytes is looked at by ``gaiji.columns.owners``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gaiji.errors import LayoutError
from gaiji.errors.messages import fault, tr

TYPE = "filler"
_KEYS = ("name", "offset", "length", "type")

Tables = Sequence[Mapping[str, Any]]


def without_fillers(
    tables: Tables, lines: Sequence[int] | None, path: str
) -> tuple[Tables, Sequence[int] | None, tuple[tuple[int, int], ...]]:
    """The tables of fields with their lines, and (offset, length) of each filler. Raises LayoutError where
    one has other keys, or where fields go by columns."""
    kept, kept_lines, fillers = [], [], []
    known = lines if lines is not None and len(lines) == len(tables) else None
    for number, table in enumerate(tables):
        line = known[number] if known else 0
        if table.get("type") == TYPE:
            fillers.append(_filler(table, number + 1, line, path))
        else:
            kept.append(table)
            kept_lines.append(line)
    if fillers and any("column" in table for table in kept):
        raise LayoutError(
            fault("E0403", "has a filler, and fields by column"),
            path=path,
            next=tr("leave the filler out: a CSV has no bytes outside its columns"),
        )
    return kept, kept_lines if known else lines, tuple(fillers)


def _filler(table: Mapping[str, Any], number: int, line: int, path: str) -> tuple[int, int]:
    """Where a filler lies."""
    label = str(table.get("name") or f"#{number}")[:60]
    for key in table:
        if key not in _KEYS:
            raise LayoutError(
                fault("E0401", "is a filler, which has no {key}", key=str(key)[:40]),
                path=path,
                line=line,
                field=label,
                next=tr("give offset and length only"),
            )
    place = table.get("offset"), table.get("length")
    for key, value, least in (("offset", place[0], 0), ("length", place[1], 1)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise LayoutError(
                fault("E0402", "{key} must be a whole number from {least}", key=key, least=least),
                path=path,
                line=line,
                field=label,
                next=tr("give it in bytes"),
            )
    offset, length = place
    assert isinstance(offset, int) and isinstance(length, int)
    return offset, length
