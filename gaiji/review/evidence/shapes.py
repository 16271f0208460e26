"""What the pictures of a queue's codes look like: each compared with every glyph, as proposals and a verdict.

Owns which codes are compared and what is kept of the answer. The comparison is ``gaiji.shape``'s. It orders
the queue and pre-fills proposals; a person decides.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gaiji.errors import ShapeError
from gaiji.model import Picture
from gaiji.queue.decisions import WAITING
from gaiji.queue.families import keep_families
from gaiji.queue.items import Proposal
from gaiji.queue.queue import Queue
from gaiji.shape import load_index
from gaiji.shape.alike import groups
from gaiji.shape.find import IndexBar
from gaiji.shape.picture import as_ink

KEPT = 10
"""Glyphs kept for a code."""


@dataclass(frozen=True)
class Compared:
    """How many codes were compared, what was said of them, the seconds (without building the index), what was
    left out.
    """

    codes: int
    near_certain: int
    likely: int
    unknown: int
    seconds: float
    notes: tuple[str, ...]


def propose_shapes(queue: Queue, *, fonts: Sequence[Path] | None = None, progress: bool = False) -> Compared:
    """Compare the pictures of all codes that wait, several of one code together; earlier proposals by shape
    are replaced.
    """
    index = load_index(fonts, progress=IndexBar() if progress else None)
    began = time.perf_counter()
    waiting = [item_id for item_id, _ in queue.order(WAITING)]
    codes = {found.id: found.code for found in queue.items()}
    pictures, notes = _usable(queue.pictures(), set(waiting), codes)
    answers = dict(zip(pictures, index.query_many(list(pictures.values()), limit=KEPT), strict=True))
    proposals = {
        item_id: [
            Proposal(m.glyph, round(m.score, 4), answer.reason) for m in answer.matches if m.score >= 0.001
        ]
        for item_id, answer in answers.items()
    }
    queue.propose("shape", proposals, waiting)
    queue.judge({item_id: answer.verdict for item_id, answer in answers.items()})
    said = [answer.verdict for answer in answers.values()]
    return Compared(
        len(said),
        said.count("near-certain"),
        said.count("likely"),
        said.count("not-in-repertoire"),
        time.perf_counter() - began,
        notes,
    )


def group_shapes(queue: Queue) -> tuple[int, int]:
    """Bring the codes together whose pictures are of one shape, where two 外字 sets or more have it; returns
    (families, codes in them). What was kept before is replaced."""
    items = list(queue.items())  # those first that concern the most people
    pictures, _ = _usable(queue.pictures(), {one.id for one in items}, {one.id: one.code for one in items})
    pictured = [one for one in items if one.id in pictures]
    leaders = groups([pictures[one.id] for one in pictured])
    sets: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
    for one, leader in zip(pictured, leaders, strict=True):
        sets[leader].add((one.system, one.site, one.gaiji_set))
    kept = {
        one.id: pictured[leader].id
        for one, leader in zip(pictured, leaders, strict=True)
        if len(sets[leader]) > 1
    }
    keep_families(queue, kept)
    return len(set(kept.values())), len(kept)


def _usable(
    found: dict[int, list[Picture]], waiting: set[int], codes: dict[int, str]
) -> tuple[dict[int, list[Picture]], tuple[str, ...]]:
    """The pictures that can be compared, and a note on each code that has none such."""
    out: dict[int, list[Picture]] = {}
    notes = []
    for item_id, some in found.items():
        if item_id not in waiting:
            continue
        try:
            for picture in some:
                as_ink(picture)
            out[item_id] = some
        except ShapeError as error:
            notes.append(f"{codes[item_id]}: {error.what}; it was not compared")
    return out, tuple(notes)
