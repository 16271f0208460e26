"""People whose names are not divided, by how their names begin: who may have a code's character in its place.

Owns the search among whole names, by columns of numbers: a town has tens of thousands of them, and each of
thousands of witnesses is held against all that begin alike. What the votes make of it is ``context``'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.intp]
WHOLE = 0.3
"""Weight of a person whose undivided name begins the same, reading and characters."""
LESS = 0.3
"""What each kana less of a shared beginning leaves of that weight."""
STEPS = 5
"""So many kana less than the most that anybody shares count nothing."""
HEAD = 3
"""Kana at the beginning by which undivided names are looked up."""
WIDTH = 48
"""Kana that are compared by columns; of longer readings the rest is compared one by one."""
_NONE = np.zeros(0, np.intp)


@dataclass(frozen=True)
class Alike:
    """Those who begin like a name, by what they have in a place: ``units`` in the order in which they come
    up, each with the first name that has it (``examples``); of all of them ``which`` unit they have, the
    ``weights`` of all their people, and how many ``people`` these are."""

    units: list[str]
    which: Places
    weights: npt.NDArray[np.float64]
    people: npt.NDArray[np.int64]
    examples: list[str]


class Undivided:
    """Names with their units, readings of more than ``HEAD`` kana and people; each name and reading once.
    ``alone``: what is left of the weight where other characters stand beside."""

    def __init__(self, rows: Iterable[tuple[tuple[str, ...], str, str, int]], alone: float) -> None:
        self._rows = list(rows)
        self._numbers: dict[str, int] = {}
        first, second = ([self._number(row[0][at]) for row in self._rows] for at in (0, 1))
        self._columns = np.array(first, np.int64), np.array(second, np.int64)
        self._units_at: dict[int, npt.NDArray[np.int64]] = {}
        self._by_beginning: dict[int, dict[tuple[str, ...], Places]] = {}
        self._by_place = [_grouped(column.tolist()) for column in self._columns]
        kanas = [row[2] for row in self._rows]
        self._by_head = _grouped([kana[:HEAD] for kana in kanas])
        self._kana = np.array([kana[:WIDTH] for kana in kanas], f"U{WIDTH}").view(np.uint32)
        self._kana = self._kana.reshape(len(kanas), WIDTH)
        self._sounds = np.array([len(kana) for kana in kanas], np.int64)
        self._units = np.array([len(row[0]) for row in self._rows], np.int64)
        self._people = np.array([row[3] for row in self._rows], np.int64)
        scales = [LESS**step for step in range(STEPS)]
        self._weights = np.array([[WHOLE * scale for scale in scales], [WHOLE * alone * s for s in scales]])

    def like(self, units: tuple[str, ...], at: int, kana: str) -> Alike:
        """Those who begin like a name whose unit ``at`` is not known."""
        end = max(at + 1, 2)
        rows, same = self._beside(units, at, kana) if len(units) >= end else (_NONE, _NONE.astype(bool))
        long = self._units[rows] >= end
        rows, same = rows[long], same[long]
        if not len(rows):
            return Alike([], _NONE, np.zeros(0), np.zeros(0, np.int64), [])
        shared = self._shared(rows, kana)
        less = shared.max() - shared
        some = (shared > 0) & (less < STEPS)
        rows = rows[some]
        people = self._people[rows]
        weights = self._weights[(~same[some]).astype(np.intp), less[some]] * people
        _, first, which = np.unique(self._column(at)[rows], return_index=True, return_inverse=True)
        order = np.argsort(first)  # units in the order in which they come up
        places = np.empty(len(order), np.intp)
        places[order] = np.arange(len(order))
        shown = [self._rows[row] for row in rows[first[order]].tolist()]
        return Alike([row[0][at] for row in shown], places[which], weights, people, [row[1] for row in shown])

    def _column(self, at: int) -> npt.NDArray[np.int64]:
        """The number of each name's unit at a place, -1 where it has none."""
        if at not in self._units_at:
            found = [self._number(row[0][at]) if len(row[0]) > at else -1 for row in self._rows]
            self._units_at[at] = np.array(found, np.int64)
        return self._units_at[at]

    def _begun(self, units: tuple[str, ...]) -> Places:
        """The names that begin with some units."""
        at = len(units)
        if at not in self._by_beginning:
            self._by_beginning[at] = _grouped([row[0][:at] for row in self._rows])
        return self._by_beginning[at].get(units, _NONE)

    def _number(self, unit: str) -> int:
        return self._numbers.setdefault(unit, len(self._numbers))

    def _beside(self, units: tuple[str, ...], at: int, kana: str) -> tuple[Places, npt.NDArray[np.bool_]]:
        """The names with the same units before the code (behind it, where it is the first), and where it is
        the first those with the same beginning of the reading, too; whether the units are the same."""
        beside = 1 if at == 0 else 0
        number = self._numbers.get(units[beside], -1)
        rows = self._by_place[beside].get(number, _NONE)
        if at == 0:
            more = self._by_head.get(kana[:HEAD], _NONE)
            more = more[self._columns[1][more] != number]
            same = np.repeat([True, False], [len(rows), len(more)])
            return np.concatenate([rows, more]), same
        if at > 1:
            rows = self._begun(units[:at])
        return rows, np.ones(len(rows), bool)

    def _shared(self, rows: Places, kana: str) -> npt.NDArray[np.int64]:
        """How many kana each reading begins alike; all of its own where one is the beginning of the other."""
        wide = min(len(kana), WIDTH)
        wanted = np.array([kana[:wide]], f"U{wide}").view(np.uint32)
        prefix: npt.NDArray[np.int64] = np.cumprod(self._kana[rows, :wide] == wanted, axis=1).sum(axis=1)
        sounds = self._sounds[rows]
        if len(kana) > WIDTH:
            for place in np.flatnonzero(prefix == WIDTH).tolist():
                prefix[place] = _prefix(self._rows[rows[place]][2], kana)
        return np.where(prefix >= len(kana), sounds, np.minimum(prefix, sounds))


def _prefix(one: str, two: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two))
    )


Key = TypeVar("Key")


def _grouped(keys: Sequence[Key]) -> dict[Key, Places]:
    """Key → the places that have it, in order."""
    found: dict[Key, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        found[key].append(place)
    return {key: np.array(places, np.intp) for key, places in found.items()}
