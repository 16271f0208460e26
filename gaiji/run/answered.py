"""What people restored, as tables of corrections: what a queue says now, and whether a file says the same.

Owns the rows. Form and name of the table are ``corrections``'; when it is written is
``gaiji.review.sheets.apply``'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.run.corrections import table_of

if TYPE_CHECKING:
    from gaiji.queue.queue import Queue


def corrections_tables(queue: Queue) -> dict[str, tuple[bytes, int]]:
    """Source → the bytes of its table of corrections and their rows, for each source that has places; b""
    where no answer that gives a text stands. Same queue, same bytes."""
    from gaiji.queue.places import restored, sources_of

    rows: dict[str, list[list[str]]] = {name: [] for name in sources_of(queue)}
    for name, one in restored(queue):
        by = one.person + (f", {one.confirmed_by}" if one.confirmed_by else "")
        cells = [one.key, one.record_key, one.field, str(one.position), one.old, one.new]
        told = [" ".join(cell.split()) for cell in (one.evidence, by, one.at)]
        rows[name].append([*cells, *told])
    return {name: (table_of(some), len(some)) for name, some in rows.items()}


def as_answered(queue: Queue, source: str, file: Path) -> bool:
    """Whether a table of corrections says what the queue says now of its source."""
    now = corrections_tables(queue).get(source, (b"", 0))[0]
    return now == (file.read_bytes() if file.exists() else b"")
