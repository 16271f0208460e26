"""Confirmed decisions as site tables, one for each code system and 外字 set of a queue.

Owns when they are written and removed, and that it is all of them or none; their names and rows are in
``gaiji.run.decided``.
"""

from __future__ import annotations

from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.lock import OutputLock
from gaiji.disk.together import finish, write_all
from gaiji.queue.queue import Queue
from gaiji.run.answered import corrections_tables
from gaiji.run.corrections import corrections_name
from gaiji.run.decided import DECISIONS, decided_tables, decisions_name, earlier_decisions_name
from gaiji.run.places import queue_reads


def apply(queue: Queue, folder: Path) -> dict[Path, int]:
    """Write ``decisions-SYSTEM[-SITE[-SET]].tsv`` files into ``folder``, and for each source with answered
    places its ``corrections-….tsv``: what is decided now; returns path → rows.

    A table of a set of the queue for which no decision stands any more is removed (0 rows), and so is one
    under the name that an earlier version gave it. Same queue, same bytes. Killed at any moment it has
    changed all of them, or the next run does before anything else.
    """
    tables = decided_tables(queue)
    paths = {key: folder / decisions_name(*key) for key in tables}
    own = set(paths.values())
    answered = {folder / corrections_name(name): made for name, made in corrections_tables(queue).items()}
    earlier = sorted({folder / earlier_decisions_name(*key[:2]) for key in tables if not key[2]} - own)
    places = [Place("table of decisions", path) for path in (*paths.values(), *earlier, *answered)]
    keep_apart(places, queue_reads(queue))
    wanted = {paths[key]: data for key, data in tables.items()} | dict.fromkeys(earlier, (b"", 0)) | answered
    with OutputLock(folder / DECISIONS):
        finish(folder, DECISIONS)
        changing = {path: data for path, (data, _) in wanted.items() if data or path.exists()}
        write_all(folder, DECISIONS, changing)
    return {path: wanted[path][1] for path in changing}
