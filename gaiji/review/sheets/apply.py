"""Confirmed decisions as site tables, one for each code system and site of a queue.

Owns which decisions a table can carry: a code stands for one glyph everywhere, so codes that were broken,
illegal or lost before cannot be settled by a row; their decisions stay in the queue alone.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from gaiji.codes.tables import SITE_COLUMNS
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.queue.decisions import Decision, confirmed_items
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.run.job import decisions_name
from gaiji.run.places import queue_reads
from gaiji.standard.characters import points

NOT_CODES = frozenset({"match"})
"""Systems whose items are no source codes: spellings that disagree between two registers."""
MAPPABLE = frozenset({"unmapped-gaiji", "unmapped-extension", "ambiguous", "no-unicode"})


def apply(queue: Queue, folder: Path) -> dict[Path, int]:
    """Write ``decisions-SYSTEM[-SITE].tsv`` files into ``folder``; returns path → rows. Same queue, same
    bytes.
    """
    rows: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
    for found, made in confirmed_items(queue):
        if found.reason in MAPPABLE and found.system not in NOT_CODES and (made.glyph or made.text):
            rows[found.system, found.site].append(_row(found, made))
    paths = {key: folder / decisions_name(*key) for key in rows}
    keep_apart([Place("table of decisions", path) for path in paths.values()], queue_reads(queue))
    out = {}
    for key, table in sorted(rows.items()):
        path = paths[key]
        lines = ["\t".join(SITE_COLUMNS), *("\t".join(row) for row in sorted(table))]
        write_whole(path, ("\n".join(lines) + "\n").encode(), own=True)
        out[path] = len(table)
    return out


def _row(found: Item, made: Decision) -> list[str]:
    ucs = "" if made.glyph else points(made.text)
    by = made.decided_by + (f", {made.confirmed_by}" if made.confirmed_by else "")
    cells = [
        found.code,
        ucs,
        made.glyph,
        "0",
        f"{made.kind} {made.note}".strip(),
        made.evidence,
        by,
        made.decided_at,
        found.candidates,
    ]
    return [" ".join(cell.split()) for cell in cells]
