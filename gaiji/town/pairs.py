"""The same person's name in two systems, character by character.

Owns how two writings of a name are laid beside each other. What a difference means is for ``contradictions``,
what a tag is when the other system knows the character is for ``evidence``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from gaiji.standard.characters import coded
from gaiji.town.people import People


@dataclass(frozen=True, slots=True)
class Pair:
    """One person's name in two files: cut into characters, tags whole."""

    person: str
    first: int
    second: int
    one: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def aligned(self) -> bool:
        """Whether both have as many characters, so that each stands for the other's."""
        return len(self.one) == len(self.other)


def pairs(people: People) -> Iterator[Pair]:
    """Every two writings of one person that are not the same, in the order of the files.

    A person whom a file has twice with two names is compared with the others by both; within a file nothing
    is compared: that is the system's own affair.
    """
    frame = people.frame
    several = (
        frame.group_by("person").agg(pl.col("name").n_unique().alias("names")).filter(pl.col("names") > 1)
    )
    left = frame.join(several.select("person"), on="person", how="semi")
    both = left.join(left, on="person", suffix="_other").filter(
        (pl.col("file") < pl.col("file_other")) & (pl.col("name") != pl.col("name_other"))
    )
    cut: dict[str, tuple[str, ...]] = {}

    def units(name: str) -> tuple[str, ...]:
        if name not in cut:
            cut[name] = tuple(coded(name))
        return cut[name]

    rows = both.sort("person", "file", "file_other", "name", "name_other")
    for person, name, first, other, second in rows.select(
        "person", "name", "file", "name_other", "file_other"
    ).iter_rows():
        yield Pair(person, first, second, units(name), units(other))
