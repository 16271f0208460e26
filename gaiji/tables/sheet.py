"""One sheet of a table, as its readers hand it on: rows of text cells with their numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One sheet, or a CSV (whose name is ""): its rows with their numbers, cells stripped. ``how``: in words
    what was found out about it (encoding, that it is hidden)."""

    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    how: str = ""
