"""What the columns of an output are made of. Plain data.

Owns what a rule says; how it is carried out is ``gaiji.output.shaping``'s, and the proof reads the same rules
in its own way (``gaiji.proof.columns``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gaiji.model.plain import dataclass

NOT_SPLIT, NO_DATE, NOT_IN_TABLE = "not-split", "no-date", "not-in-table"
MISSING, TOO_LONG = "missing", "too-long"
KINDS = (NOT_SPLIT, NO_DATE, NOT_IN_TABLE, MISSING, TOO_LONG)
"""What a value can be found to be, the first that applies; the last two leave the cell as it is."""
UNITS = ("characters", "code-points", "utf-16", "bytes")
"""What a length counts: a base with its selector and marks as one, code points, UTF-16 units, UTF-8 bytes."""
GETA = "〓"


@dataclass(frozen=True, slots=True)
class Day:
    """The days of an era: its name, the Gregorian year of its first, and its first and last day (ISO 8601,
    ``last`` "" while it lasts)."""

    name: str
    year: int
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Dates:
    """How a date is written in the source, and in the output.

    ``words``: spellings of eras that stand before a year (昭和, 昭, S, ㍼), ``marks``: those that the town
    says (3), which stand before six digits or apart; each with the number of its era in ``eras``. Without
    either no 和暦 is read. ``western``: 西暦 is read. ``beyond``: days behind the end of an era are read by
    its years (平成35年). ``special``: texts that stand for something else than a day, with what is written
    for them. ``basic``: the output has YYYYMMDD in place of YYYY-MM-DD.
    """

    eras: tuple[Day, ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    marks: tuple[tuple[str, int], ...] = ()
    western: bool = False
    beyond: bool = False
    special: tuple[tuple[str, str], ...] = ()
    basic: bool = False


@dataclass(frozen=True, slots=True)
class Codes:
    """A table of code values: the file, and its rows as (old, new)."""

    path: str
    sha256: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What the receiver asks of a column: at most ``length`` of ``unit`` (0: any), and that it is filled."""

    length: int = 0
    unit: str = "characters"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """One column of the output.

    ``sources``: columns of the record, joined by ``separator`` where there are several (empty ones are left
    out, with their separator); none: ``constant`` stands in every record. ``of``: the text is cut at
    ``separator`` into that many parts, none of them empty, and this is ``part`` (from 1); ``more``: what
    has more parts has them in the last. Then ``dates`` or ``codes`` read what is there.
    """

    name: str
    sources: tuple[int, ...]
    constant: str = ""
    separator: str = ""
    part: int = 0
    of: int = 0
    more: bool = False
    dates: Dates | None = None
    codes: Codes | None = None
    item: Item | None = None

    @property
    def plain(self) -> bool:
        """Whether it is one column of the record as it is."""
        return len(self.sources) == 1 and not (self.of or self.dates or self.codes)

    @property
    def kind(self) -> str:
        """What it is: copy, constant, join, split, and dates or codes behind it."""
        first = "constant" if not self.sources else "join" if len(self.sources) > 1 else "copy"
        parts = ["split" if self.of else first, "date" if self.dates else "codes" if self.codes else ""]
        return " ".join(part for part in parts if part and (part != "copy" or not parts[1]))


@dataclass(frozen=True)
class Recipe:
    """All columns of an output.

    ``record``: the names of the columns that they are made of; ``keep``: a value that a rule cannot read is
    written as it stands in the source, not as 〓. ``items``: the list of items that the town filled, with its
    digest ("" without one); ``unlisted``: columns that it does not have; ``absent``: items that must be
    there and are no column.
    """

    columns: tuple[Made, ...]
    record: tuple[str, ...]
    keep: bool = False
    items: tuple[str, str] = ("", "")
    unlisted: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(one.name for one in self.columns)

    @cached_property
    def held(self) -> Mapping[int, int]:
        """Columns of the record that stand in the output as they are, with the first that holds each."""
        found: dict[int, int] = {}
        for number, one in enumerate(self.columns):
            if one.plain:
                found.setdefault(one.sources[0], number)
        return found

    @cached_property
    def left_out(self) -> tuple[int, ...]:
        """Columns of the record that no column of the output is made of."""
        used = {source for one in self.columns for source in one.sources}
        return tuple(number for number in range(len(self.record)) if number not in used)

    @cached_property
    def made(self) -> tuple[int, ...]:
        """Columns that are not the first to hold a column of the record as it is."""
        first = set(self.held.values())
        return tuple(number for number in range(len(self.columns)) if number not in first)

    @property
    def files(self) -> list[tuple[str, str]]:
        """Every file that the rules are read from, with its digest; each once."""
        found = {one.codes.path: one.codes.sha256 for one in self.columns if one.codes}
        return [*found.items(), *([self.items] if self.items[0] else [])]
