"""Asks the index every query of a set and keeps what was measured.

Owns the walk over the sets, nothing of the arithmetic of results.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import faces
import numpy as np
import queries

from gaiji.shape import Index, load_index
from gaiji.shape.gallery import Gallery
from gaiji.shape.verdict import Evidence

DEPTH = 50


@dataclass
class Measured:
    """A set, the names found for each query (DEPTH, best cosine first), the evidence, milliseconds a query."""

    queries: queries.QuerySet
    names: list[list[str]]
    evidence: list[Evidence]
    milliseconds: float


def index(removed: frozenset[str] = frozenset()) -> Index:
    """The index over IPAmj 明朝, less some glyphs."""
    whole = load_index([faces.IPAMJ])
    return Index(_without(whole.gallery, removed)) if removed else whole


def _without(gallery: Gallery, removed: frozenset[str]) -> Gallery:
    kept = np.array([name not in removed for name in gallery.names])
    names = tuple(name for name in gallery.names if name not in removed)
    return replace(gallery, names=names, sources=gallery.sources[kept], packed=gallery.packed[kept])


def measure(asked: queries.QuerySet, on: Index, with_strokes: bool = False) -> Measured:
    """Every query of a set, each picture a code of its own."""
    codes = [[picture] for picture in asked.pictures]
    strokes = asked.strokes if with_strokes else None
    started = time.perf_counter()
    found = list(on.measure(codes, strokes=strokes, more=DEPTH))
    spent = (time.perf_counter() - started) * 1000 / max(len(codes), 1)
    names = [[on.gallery.names[place] for place in places] for places, _ in found]
    return Measured(asked, names, [evidence for _, evidence in found], spent)
