"""Confirmed decisions as site tables, one for each code system and site of a queue.

Owns which decisions a table can carry: a code stands for one glyph everywhere, so codes that were broken,
illegal or lost before cannot be settled by a row; their decisions stay in the queue alone.
"""

from __future__ import annotations

from pathlib import Path

from gaiji.codes.tables import SITE_COLUMNS
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import output_error, sync_folder, write_whole
from gaiji.queue.decisions import Decision, confirmed_items
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.run.job import decisions_name, earlier_decisions_name
from gaiji.run.places import queue_reads
from gaiji.standard.characters import points

NOT_CODES = frozenset({"match"})
"""Systems whose items are no source codes: spellings that disagree between two registers."""
MAPPABLE = frozenset({"unmapped-gaiji", "unmapped-extension", "ambiguous", "no-unicode", "one-source"})


def apply(queue: Queue, folder: Path) -> dict[Path, int]:
    """Write ``decisions-SYSTEM[-SITE].tsv`` files into ``folder``: what is decided now; returns path → rows.

    A table of a site of the queue for which no decision stands any more is removed (0 rows), and so is one
    under the name that an earlier version gave it. Same queue, same bytes.
    """
    rows: dict[tuple[str, str], list[list[str]]] = {
        (found.system, found.site): [] for found in queue.items() if found.system not in NOT_CODES
    }
    for found, made in confirmed_items(queue):
        if found.reason in MAPPABLE and found.system not in NOT_CODES and (made.glyph or made.text):
            rows[found.system, found.site].append(_row(found, made))
    paths = {key: folder / decisions_name(*key) for key in rows}
    earlier = {folder / earlier_decisions_name(*key) for key in rows} - set(paths.values())
    places = [Place("table of decisions", path) for path in (*paths.values(), *sorted(earlier))]
    keep_apart(places, queue_reads(queue))
    out = {}
    for key, table in sorted(rows.items()):
        path = paths[key]
        if not table:
            if _removed(path):
                out[path] = 0
            continue
        lines = ["\t".join(SITE_COLUMNS), *("\t".join(row) for row in sorted(table))]
        write_whole(path, ("\n".join(lines) + "\n").encode(), own=True)
        out[path] = len(table)
    for path in sorted(earlier):
        if _removed(path):
            out[path] = 0
    return out


def _removed(path: Path) -> bool:
    """Remove a table of decisions; whether there was one. OutputError when it cannot be removed."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise output_error(path, error) from error
    sync_folder(path.parent)
    return True


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
