"""What the queue of a town says of its files: the conversions that it knows, the tables that are behind.

Owns those questions, and where the tables of what clerks decided lie; what waits and what is decided is
counted by ``gaiji.town.status``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.queue.place import queue_files
from gaiji.run.answered import corrections_tables
from gaiji.run.corrections import corrections_of
from gaiji.run.decided import decided_tables
from gaiji.run.sources import source_of
from gaiji.town.project import Town, TownFile

if TYPE_CHECKING:
    from gaiji.queue.bonds import Bond
    from gaiji.queue.queue import Queue


@dataclass(frozen=True, slots=True)
class Queued:
    """``known``: label of a file → digest of the input whose findings the queue has; ``behind``: label → its
    tables of decisions and corrections that do not say what the queue says."""

    known: dict[str, str]
    behind: dict[str, list[Path]]

    @property
    def unapplied(self) -> int:
        """How many tables are behind."""
        return len({os.path.realpath(path) for paths in self.behind.values() for path in paths})


def has_queue(town: Town) -> bool:
    """Whether the town has a queue yet."""
    return isinstance(town.queue, str) or queue_files(town.queue)[0].exists()


def folders(town: Town) -> list[Path]:
    """Where the jobs of a town look for the tables of what was decided: beside the queue, or beside their
    outputs where that is on a server."""
    if not isinstance(town.queue, str):
        return [town.queue.parent]
    return sorted({Path(os.path.realpath(file.job.output_path.parent)) for file in town.files})


def decided_files(town: Town) -> list[Path]:
    """The tables of decisions and corrections that lie there."""
    names = ("decisions-*.tsv", "corrections-*.tsv")
    return sorted(path for folder in folders(town) for name in names for path in folder.glob(name))


def queue_of(town: Town) -> Queued | None:
    """What the queue says; None where there is none yet."""
    if not has_queue(town):
        return None
    import sqlalchemy as sa

    from gaiji.queue.queue import open_queue
    from gaiji.queue.schema import source

    queue = open_queue(town.queue)
    try:
        with queue.reading() as connection:
            rows = connection.execute(sa.select(source.c.id, source.c.digest)).all()
        digests = {row[0]: row[1] for row in rows}
        ids = {file.label: queue.near(source_of(file.job)).id for file in town.files}
        known = {label: digests.get(name, "") for label, name in ids.items()}
        wanted = dict(_wanted(town, queue, ids))
        behind = {
            label: [path for path, data in tables if data != (path.read_bytes() if path.exists() else b"")]
            for label, tables in wanted.items()
        }
        return Queued(known, {label: paths for label, paths in behind.items() if paths})
    finally:
        queue.close()


def _wanted(town: Town, queue: Queue, ids: dict[str, str]) -> Iterator[tuple[str, list[tuple[Path, bytes]]]]:
    """For each file the tables that its job looks for, and what the queue says stands in them."""
    decided, corrected = decided_tables(queue), corrections_tables(queue)
    for file in town.files:
        tables = _decided(file, decided)
        tables.append((corrections_of(file.job), corrected.get(ids[file.label], (b"", 0))[0]))
        yield file.label, tables


def _decided(
    file: TownFile, decided: dict[tuple[str, str, str], tuple[bytes, int]]
) -> list[tuple[Path, bytes]]:
    job = file.job
    return [(job.decisions_path(key[0]), data) for key, (data, _) in decided.items() if key[1:] == job.owner]


def bonds_of(town: Town) -> list[Bond]:
    """What people answered about who is whom, each answer that stands; none where there is no queue yet."""
    if not town.identity.get("match") or not has_queue(town):
        return []
    from gaiji.queue.bonds import Bonds
    from gaiji.queue.decisions import Decisions
    from gaiji.queue.queue import open_queue

    queue = open_queue(town.queue)
    try:
        return [one for one in Bonds(Decisions(queue)).all() if one.stands]
    finally:
        queue.close()
