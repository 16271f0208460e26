"""One sheet of a table, as its readers hand it on: rows of text cells with their numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """One sheet, or a CSV (whose name is ""): its rows with their numbers, cells stripped. ``how``: in words
    what was found out about it (encoding, that it is hidden). ``roles``: what its columns are, where the
    form of the file says so; the role ``why`` holds the reason why a row cannot be taken.
    ``one_way``: the file says one direction, whatever is meant by it."""

    name: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    how: str = ""
    roles: tuple[str, ...] = ()
    one_way: bool = False
