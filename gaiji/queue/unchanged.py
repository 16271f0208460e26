"""A queue file that a run would leave as it is: seen by reading it with SQLite's own module alone.

Owns that question and nothing that writes: whatever is not plainly so is left to ``queue``, whose
SQLAlchemy takes longer to load than a small job to run.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from gaiji.queue.found import UNSETTLED, Known, has_all
from gaiji.queue.items import Item, Source
from gaiji.queue.place import SCHEMA, with_journals

Answer = TypeVar("Answer")
_SOURCE = ("site", "gaiji_set", "job", "input", "output", "digest")


def usable(where: str | Path) -> bool:
    """Whether there is a queue file of this version, its owner's alone, that can be written."""
    return bool(
        _asked(where, lambda database: os.access(where, os.W_OK) and os.access(_folder(where), os.W_OK))
    )


def unchanged(where: str | Path, given: Source, items: Sequence[Item]) -> int | None:
    """How many of a run's findings wait for a person, where the queue file has exactly these from the same
    source, and no decision stands in it; None where that is not so, or cannot be seen."""
    return _asked(where, lambda database: _waiting(database, given.near(_folder(where)), items))


def _waiting(database: sqlite3.Connection, given: Source, items: Sequence[Item]) -> int | None:
    sources = {
        str(row["id"]): Source(**{name: row[name] for name in _SOURCE})
        for row in database.execute("SELECT * FROM source")
    }
    mine = sources.pop(given.id, None)
    if mine is None or any(getattr(mine, name) != getattr(given, name) for name in _SOURCE):
        return None
    if any(given.succeeds(other) or given.was(name, other) for name, other in sources.items()):
        return None
    known: dict[tuple[str, ...], Known] = {}
    for row in database.execute("SELECT * FROM item"):
        key = (row["system"], row["code"], row["site"], row["gaiji_set"], row["reason"])
        known[key] = Known(row["id"], row["state"])
    if any(row.state == "confirmed" for row in known.values()):
        return None  # the tables of decisions must be held against them
    if database.execute("SELECT 1 FROM place WHERE stands = 1 LIMIT 1").fetchone():
        return None  # and so must those of corrections
    rows = "SELECT * FROM {} WHERE source = ?"
    if not has_all(items, known, lambda table: database.execute(rows.format(table), (given.id,))):
        return None
    return sum(known[found.key].state in UNSETTLED for found in items)


def _folder(where: str | Path) -> Path:
    return Path(where).parent


def _asked(where: str | Path, question: Callable[[sqlite3.Connection], Answer | None]) -> Answer | None:
    """What a question finds in a queue file, in one transaction; None where it is no file of this version
    with nothing unfinished, or cannot be read."""
    if not isinstance(where, Path):
        return None
    try:
        if not _private(os.lstat(where)) or any(map(os.path.lexists, with_journals(str(where))[1:])):
            return None
        with closing(sqlite3.connect(f"{where.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.isolation_level = None
            database.execute("BEGIN")
            version = database.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
            return question(database) if version is not None and version[0] == SCHEMA else None
    except (OSError, sqlite3.Error):
        return None


def _private(found: os.stat_result) -> bool:
    """Whether a file is a plain one under one name, for its owner alone."""
    alone = not found.st_mode & 0o077 or not hasattr(os, "fchmod")
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and alone
