"""What is read of the people of a town, what told them and what is asked: as plain data.

Owns the columns and the words. How people are told is ``identity``'s and ``matched``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from gaiji.errors.messages import mark, tr
from gaiji.town.telling import KEY, MORE, SECOND

READ = dict.fromkeys(("number", "other", "kind", "name", *MORE), pl.String) | {"file": pl.Int32}
"""What is read of each resident of a record (``gaiji.town.people``)."""
ABOUT = ("name", *MORE)
BY = {
    KEY: mark("共通の番号"),
    SECOND: mark("第二の番号（附票）"),
    "decision": mark("人の回答"),
    "name+place": mark("氏名・住所（生年月日・読みなし）"),
    "first": mark("最初のシステム"),
    "alone": mark("他のシステムに同じ人がいない"),
    "nothing": mark("照合する項目がない"),
    "asked": mark("確認待ち"),
    "many": mark("候補が多すぎる"),
}
"""What told that a record is of this person; other words are rules of ``gaiji match`` (docs/matching.md)."""
MOST = 5
"""People that a record is asked about at most: where more fit, what is known of it tells nobody."""
BEHIND = 12.0
"""Points of 100 (docs/matching.md) behind the best of them from which on a person is not asked about."""
ASKED = pl.Schema(
    {"one": pl.String, "other": pl.String, "score": pl.Float64, "agrees": pl.String, "differs": pl.String}
    | {f"{name}_{side}": pl.String for side in ("one", "other") for name in ABOUT}
    | {"basis": pl.String}
)
"""A question: two records (``SYSTEM:NUMBER``, a number in common alone), what speaks for and against, and
what both say."""

NUMBERS = {"person": pl.String, "file": pl.Int32, "number": pl.String}
BY_SCHEMA = {"person": pl.String, "file": pl.Int32, "by": pl.String}


@dataclass(frozen=True, slots=True)
class Source:
    """A file of people: its label, its system, whose 外字 its codes are, and whether its charset has a
    character."""

    label: str
    system: str
    owner: tuple[str, str]
    can_write: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Identity:
    """How people were told. ``by``: person, file → what told it (``BY``); ``asked``: questions that nobody
    answered (``ASKED``); ``counts``: system → what told → records; ``answered``: answers used, and those
    about records that say something else now; ``notes``: what else there is to tell; ``people``: record
    (``SYSTEM:NUMBER``) → person; ``joined``: second number → person, where a file joins
    the two; ``numbers``: person, file → the numbers of their records there."""

    by: pl.DataFrame
    asked: pl.DataFrame
    counts: Mapping[str, Counter[str]] = field(default_factory=dict)
    answered: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    joined: Mapping[str, str] = field(default_factory=dict)
    numbers: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERS))

    @property
    def waiting(self) -> int:
        """Records that a clerk is asked about."""
        return self.asked["other"].n_unique()


NOBODY = Identity(pl.DataFrame(schema=BY_SCHEMA), pl.DataFrame(schema=ASKED))


def told_lines(identity: Identity) -> list[str]:
    """What told the people, for a terminal: a line for each system that was matched, then the notes."""
    out = []
    for system, counts in identity.counts.items():
        words = ", ".join(f"{by} {count:,}" for by, count in counts.most_common())
        out.append(f"{system}: {words}")
    used, changed = identity.answered
    if used or changed:
        out.append(
            tr("{used} answers used, {changed} about records that changed since", used=used, changed=changed)
        )
    return [*out, *identity.notes]
