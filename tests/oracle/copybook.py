"""Copybooks, measured plainly: which bytes are which field.

Owns the sizes of COBOL items as IBM's Enterprise COBOL for z/OS gives them, for the clauses that the made-up
copybooks have: PICTURE, USAGE, SIGN … SEPARATE, OCCURS, REDEFINES (the first definition is read), groups, FILLER.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from oracle.figures import Figure

COMP = {"COMP", "COMP-4", "BINARY", "COMP-5"}
PACKED = {"COMP-3", "PACKED-DECIMAL"}


@dataclass(frozen=True)
class Column:
    """A field: its name in the output, its bytes in the record (from 0), its type and role, what a number is."""

    name: str
    offset: int
    length: int
    type: str = "mixed"
    role: str = "other"
    figure: Figure | None = None


@dataclass
class Item:
    """One entry of a copybook with what stands below it."""

    level: int
    name: str
    clauses: str
    below: list[Item] = field(default_factory=list)

    def clause(self, pattern: str) -> str:
        """The first group of a clause, or all of it, or nothing."""
        found = re.search(rf"(?<!\S){pattern}(?!\S)", self.clauses)
        return (found.group(found.re.groups and 1) or "") if found else ""


def columns(text: str) -> tuple[list[Column], int]:
    """The fields of a copybook in fixed format, and the bytes of a record."""
    root = Item(0, "", "")
    open_items = [root]
    for entry in re.split(
        r"\.(?=\s|$)", " ".join(line[7:72] for line in text.splitlines() if line[6:7] != "*")
    ):
        if not entry.split():
            continue
        level, name, *rest = entry.split()
        item = Item(int(level), name, " ".join(rest).upper())
        while open_items[-1].level >= item.level:
            open_items.pop()
        open_items[-1].below.append(item)
        open_items.append(item)
    out: list[Column] = []
    return out, _place(root, 0, "", "", out)


def _place(group: Item, offset: int, usage: str, numbers: str, out: list[Column]) -> int:
    """Put a group's items behind each other; where the next item begins."""
    start_of: dict[str, int] = {}
    end = offset
    for item in group.below:
        first = item.clause(r"REDEFINES (\S+)")
        at = start_of[first] if first else end
        start_of[item.name.upper()] = at
        at = _times(item, at, usage, numbers, None if first else out)
        end = max(end, at)
    return end


def _times(item: Item, at: int, usage: str, numbers: str, out: list[Column] | None) -> int:
    """One item, as often as it occurs."""
    usage = _usage(item) or usage
    times = item.clause(r"OCCURS (\d+)(?: TIMES)?")
    for number in range(int(times or 1)):
        suffix = f"{numbers}-{number + 1}" if times else numbers
        if item.below:
            at = _place(item, at, usage, suffix, [] if out is None else out)
            continue
        column = _column(item, at, usage, suffix)
        at += column.length
        if out is not None and item.name.upper() != "FILLER":
            out.append(column)
    return at


def _usage(item: Item) -> str:
    words = item.clauses.split()
    return next((w for w in words if w in COMP | PACKED | {"DISPLAY-1"}), "")


def _column(item: Item, at: int, usage: str, suffix: str) -> Column:
    picture = re.sub(r"(.)\((\d+)\)", lambda m: m[1] * int(m[2]), item.clause(r"PIC (?:IS )?(\S+)"))
    name = item.name.lower() + suffix
    if set(picture) <= set("XAB0/") and set(picture) & set("XA"):
        return Column(name, at, len(picture))
    if set(picture) <= set("NG"):
        return Column(name, at, 2 * len(picture), "dbcs")
    if set(picture) - set("S9V"):
        return Column(name, at, len(picture.replace("V", "")), "sbcs")
    digits, scale = picture.count("9"), len(picture.partition("V")[2])
    figure = Figure("zoned", scale, "S" in picture, digits)
    if usage in PACKED:
        return Column(
            name, at, digits // 2 + 1, "packed", figure=Figure("packed", scale, figure.signed, digits)
        )
    if usage in COMP:
        size = 2 if digits <= 4 else 4 if digits <= 9 else 8
        bound = 0 if usage == "COMP-5" else digits
        return Column(name, at, size, "binary", figure=Figure("binary", scale, figure.signed, bound))
    end = item.clause(r"SIGN (?:IS )?(LEADING|TRAILING)").lower()
    apart = f"{end}-separate" if item.clause("SEPARATE") else ""
    place = (apart or (end if end == "leading" else "")) if figure.signed else ""
    figure = Figure("zoned", scale, figure.signed, digits, place)
    return Column(name, at, digits + bool(apart), "zoned", figure=figure)
