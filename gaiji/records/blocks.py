"""How the records of an input lie in blocks: enough to lay them down in the same blocks again.

Owns what is kept of the blocks while an input is cut, and the rule by which blocks are filled on the way
back. Cuts nothing: ``variable`` does.

Most systems fill a block until the next record does not fit into it. Then the longest block says where all of
them end, and nothing else is kept: no record went into a new block that had room in the one before. Else the
number of records in each is kept, in runs of blocks with as many, as long as there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import sub
from typing import Any

RUNS = 4096
"""Runs of blocks that are kept."""


class Blocks:
    """The blocks of an input, as its records are found. ``rdw``, ``bdw``: bytes of the descriptors before
    records and blocks; ``kept``: what ``state`` said, to go on from there."""

    def __init__(self, rdw: int, bdw: int, kept: Mapping[str, Any] | None = None) -> None:
        self.rdw, self.bdw = rdw, bdw
        state = kept or {"most": 0, "room": None, "bytes": bdw, "records": 0, "runs": [], "lost": False}
        self.most = int(state["most"])
        """Bytes of the longest block, with its descriptor."""
        self.room: int | None = state["room"]
        """Bytes that the fullest block would have had with the first record of the next."""
        self.bytes, self.records = int(state["bytes"]), int(state["records"])
        self.runs: list[list[int]] = [list(run) for run in state["runs"]]
        self.lost = bool(state["lost"])
        """Whether segments were joined, so that nobody knows how the records lay."""

    def state(self) -> dict[str, Any]:
        """What is known so far, as JSON can hold it."""
        names = ("most", "room", "bytes", "records", "lost")
        return {name: getattr(self, name) for name in names} | {"runs": [list(run) for run in self.runs]}

    def add(self, starts: Sequence[int], ends: Sequence[int], pos: int, behind: int) -> None:
        """Records that were found from ``pos`` to ``behind`` in a buffer."""
        if not starts or self.lost:
            return
        gaps = [starts[0] - pos, *map(sub, starts[1:], ends)]
        first = [row for row, gap in enumerate(gaps) if gap != self.rdw]
        if behind != ends[-1] or any(gaps[row] != self.rdw + self.bdw for row in first):
            self.lost = True
            return
        at = 0
        for row in (*first, len(starts)):
            if row > at:
                self.records += row - at
                self.bytes += ends[row - 1] - starts[at] + self.rdw
            if row < len(starts):
                self._close(ends[row] - starts[row] + self.rdw)
            at = row

    def _close(self, following: int) -> None:
        """A block ends before a record of ``following`` bytes, with its descriptor."""
        if self.records:
            self.most = max(self.most, self.bytes)
            room = self.bytes + following
            self.room = room if self.room is None else min(self.room, room)
            self._run()
        self.bytes, self.records = self.bdw, 0

    def _run(self) -> None:
        if self.runs and self.runs[-1][0] == self.records:
            self.runs[-1][1] += 1
        elif len(self.runs) <= RUNS:
            self.runs.append([self.records, 1])

    def told(self) -> dict[str, Any]:
        """What the manifest says: ``bytes`` of the longest block; ``runs`` (records, blocks) where blocks are
        not filled; ``known``: whether this tells where every block ends."""
        most = max(self.most, self.bytes)
        filled = self.room is None or self.room > most
        runs = [*self.runs, [self.records, 1]]
        few = len(runs) <= RUNS
        told: dict[str, Any] = {"bytes": most, "known": not self.lost and (filled or few)}
        return told | ({"runs": runs} if not filled and few and not self.lost else {})


class Filling:
    """Where blocks end on the way back, by what ``Blocks.told`` said; {}: each record has its own."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._known = bool(told.get("known"))
        self._most = int(told.get("bytes", 0))
        runs = [(int(records), int(blocks)) for records, blocks in told.get("runs", ())]
        self._counts = self._each(runs) if runs else None
        self._left = next(self._counts, 0) if self._counts else 0

    @staticmethod
    def _each(runs: Sequence[Sequence[int]]) -> Iterator[int]:
        for records, blocks in runs:
            for _ in range(blocks):
                yield records

    def ends(self, bytes: int, following: int) -> bool:
        """Whether a block of so many bytes (with its descriptor) ends before a record of ``following`` bytes
        (with its own). Asked once for each record but the first of all."""
        if not self._known:
            return True
        if self._counts is None:
            return bytes + following > self._most
        self._left -= 1
        if self._left > 0:
            return False
        self._left = next(self._counts, 0)
        return True
