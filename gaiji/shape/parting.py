"""Where two glyphs part, and what sort of difference each place is.

Owns the comparison of two glyphs of the fonts with each other: the places where one has ink well away from
the other's, or where strokes touch in one only, and a word for each. Says nothing of which is right, nor
whether the two are one 字体.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gaiji.errors.messages import mark
from gaiji.shape.masks import Mask, box_of, grown, pieces

Kind = Literal["dots", "length", "contact", "end", "part"]
KINDS: dict[Kind, str] = {
    "dots": mark("点の数"),
    "length": mark("長さ"),
    "contact": mark("接触"),
    "end": mark("止め・はね"),
    "part": mark("部品の形"),
}
"""What clerks call a difference."""
AWAY = 0.026
"""Of an em: how far ink must be from the other glyph's to be a difference; less is a stroke that moved."""
FINER = (0.6, 0.35)
"""Shares of AWAY that are tried where nothing is that far."""
AROUND = 0.024
"""Of an em: how far the marked place reaches beyond the difference, where nothing else is said."""
SPECK = 0.0002
"""Of the em's square: less ink than this is no difference of its own where there are others."""
DOT = 0.36
"""Of an em: a piece that touches nothing and is no longer is a dot."""
END = 0.11
"""Of an em: what only the end of a stroke differs by."""
BOTH = 0.35
"""Where each has this share of what the other has for itself, neither has more."""


@dataclass(frozen=True)
class Place:
    """A place where two glyphs part: its box (left, top, right, bottom, in dots of the masks given), the word
    for it, and which glyph has more ink there (0 the first, 1 the second, None: each has its own)."""

    box: tuple[int, int, int, int]
    kind: Kind
    more: int | None


@dataclass(frozen=True)
class Parting:
    """All places where two glyphs part, the largest first; ``marked``: bool [rows, columns], all of them."""

    places: tuple[Place, ...]
    marked: Mask


def parting(
    first: Mask, second: Mask, em: float, around: float = 0, *, least: float = 0, most: float = 0
) -> Parting:
    """Where two glyphs, laid on each other, part. ``em``: dots of an em, both masks of one shape;
    ``around``: how many dots the marked places reach beyond the differences; ``most``: how many dots they
    take in all (0: any number), for which they reach less far, but ``least`` at any rate.

    No place where the two are the same dots.
    """
    touching = _touching(first, second, em)
    for share in (1.0, *FINER):
        ours, others = _apart(first, second, share * AWAY * em)
        if (ours | others).any():
            break
    differ = _without_specks(ours | others, em)
    whole = _with_room(differ | touching, max(AROUND * em, around), least, most)
    numbers, count = pieces(whole)
    found = []
    for number in range(1, count + 1):
        here = numbers == number
        extra = ours & here & differ, others & here & differ
        box = box_of(here)
        kind, more = _kind(here, extra, (first, second), bool((touching & here).any()), em)
        found.append((int((differ & here).sum()), Place(box, kind, more)))
    found.sort(key=lambda one: -one[0])
    return Parting(tuple(place for _, place in found), whole)


def _with_room(differ: Mask, around: float, least: float, most: float) -> Mask:
    """Differences with room around them: a ring around much of a character would show nothing."""
    whole = grown(differ, around)
    while most and around > least and int(whole.sum()) > most:
        around = max(around - 1, least)
        whole = grown(differ, around)
    return whole


def _apart(first: Mask, second: Mask, away: float) -> tuple[Mask, Mask]:
    """Ink of each that is further than ``away`` from the other's; the bare difference for less than a dot."""
    return first & ~grown(second, away), second & ~grown(first, away)


def _without_specks(differ: Mask, em: float) -> Mask:
    """Only the pieces that can be seen; all of them where none can."""
    numbers, count = pieces(differ)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    seen = sizes >= SPECK * em * em
    seen[0] = False
    kept: Mask = seen[numbers]
    return kept if kept.any() else differ


def _touching(first: Mask, second: Mask, em: float) -> Mask:
    """Where ink of one joins two strokes that are apart in the other, by a thin bridge."""
    out = np.zeros_like(first)
    for one, other in ((first, second), (second, first)):
        apart, count = pieces(other)
        if count < 2 or count == pieces(one)[1]:
            continue
        bridges, number = pieces(one & ~other)
        for bridge in range(1, number + 1):
            here = bridges == bridge
            left, top, right, bottom = box_of(here)
            near = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
            joined = np.unique(apart[near][grown(here[near], 1.5)])
            small = max(right - left, bottom - top) <= END * em
            if small and (joined > 0).sum() > 1:
                out |= here
    return out


def _kind(
    here: Mask, extra: tuple[Mask, Mask], inks: tuple[Mask, Mask], touches: bool, em: float
) -> tuple[Kind, int | None]:
    """The word for one place, and who has more ink there."""
    areas = [int(one.sum()) for one in extra]
    dots = [_dots(here, ink, em) for ink in inks]
    if dots[0] != dots[1]:
        return "dots", int(dots[1] > dots[0])
    if not any(areas):
        return "contact", None
    more = None if min(areas) >= BOTH * max(areas) else int(areas[1] > areas[0])
    left, top, right, bottom = box_of(extra[0] | extra[1] if more is None else extra[more])
    long, short = max(right - left, bottom - top) / em, min(right - left, bottom - top) / em
    if touches and long <= 2 * END:
        return "contact", more
    if long <= END:
        return "end", more
    return ("length" if short <= END and long >= 1.6 * short else "part"), more


def _dots(here: Mask, ink: Mask, em: float) -> int:
    """How many short pieces of ink that touch nothing else lie in a place."""
    numbers, count = pieces(ink)
    whole = np.bincount(numbers.ravel(), minlength=count + 1)
    inside = np.bincount(numbers[here], minlength=count + 1)
    found = [one for one in range(1, count + 1) if inside[one] >= 0.7 * whole[one]]
    boxes = [box_of(numbers == one) for one in found]
    return sum(max(right - left, bottom - top) <= DOT * em for left, top, right, bottom in boxes)
