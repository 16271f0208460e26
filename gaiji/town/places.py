"""The files of a town: what its run reads and what it writes, over all its jobs.

Owns the lists that ``gaiji.disk.apart.keep_apart`` compares; those of one job are ``gaiji.run.places``'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaiji.disk.apart import Place, keep_apart
from gaiji.run.manifest import verify_paths
from gaiji.run.places import queue_places, reads_of, writes_of
from gaiji.run.shrunk import policy_of
from gaiji.town.project import Town


def reads(town: Town) -> Iterator[Place]:
    """What a run reads: the project file, and what its jobs read but their job files, which it writes."""
    yield Place("project file", town.path)
    for file in town.files:
        yield from (place for place in reads_of(file.here) if place.path != file.path)


def writes(town: Town) -> Iterator[Place]:
    """What a run writes: job files, outputs and what lies beside them, the proof book."""
    yield from (Place("proof book", town.folder / name) for name in ("book.json", "book.html"))
    yield from (
        Place("note of the town", town.folder / name)
        for name in ("heard.json", "run.json", "contradictions.tsv")
    )
    for file in town.files:
        yield Place("job file", file.path)
        yield from writes_of(file.here, policy_of(file.here))
        yield from (Place("proof", path) for path in verify_paths(file.here.named_path))


def places_of(town: Town) -> Iterator[Place]:
    """All files that something else must not be written over."""
    yield from reads(town)
    yield from writes(town)
    yield from queue_places(town.queue)


def check_run(town: Town) -> None:
    """UsageError when a run would write over a file that it reads, or two of its files are one."""
    keep_apart([*writes(town), *queue_places(town.queue)], list(reads(town)))
