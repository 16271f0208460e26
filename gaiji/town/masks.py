"""Names with codes that nobody knows yet, so that they can be compared over systems.

Owns how such a code stands in a name that is compared: as one private character for each code of a 外字 set,
equal in systems that share the set. Over sets a code can stand for any character that its own code cannot
write (nobody draws what the code has), and for another set's code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from gaiji.standard.characters import TAG, bare, coded

if TYPE_CHECKING:
    from gaiji.town.told import Source

FIRST, LAST = 0xF0000, 0x10FFFD
MASKED = "[\U000f0000-\U0010fffd]"
"""What stands for a code in a name that is compared."""
ANY = "〓"
"""What stands for it in a name that is compared over sets."""


def shown_names(rows: pl.DataFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """Rows with ``written`` (the name as it was) and ``name`` with one private character for each code of a
    set."""
    rows = rows.with_columns(written=pl.col("name"))
    codes: dict[tuple[tuple[str, str], str], str] = {}
    parts = []
    for (at,), part in rows.partition_by("file", as_dict=True, maintain_order=True).items():
        owner = sources[at].owner
        tags = part["name"].str.extract_all(TAG).explode().drop_nulls().unique().sort().to_list()
        for tag in tags:
            codes.setdefault((owner, tag), chr(min(FIRST + len(codes), LAST)))
        if tags:
            signs = [codes[owner, tag] for tag in tags]
            part = part.with_columns(pl.col("name").str.replace_many(tags, signs))
        parts.append(part)
    return pl.concat(parts) if parts else rows


def masked(a: pl.DataFrame, b: pl.DataFrame, sources: Sequence[Source]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two registers with ``alias``: the name with ``ANY`` in the place of codes that nobody knows, where the
    other register has a name that can be the same; else ""."""
    names = [_units(frame) for frame in (a, b)]
    found: list[dict[tuple[str, int], str]] = [{}, {}]
    for mine, theirs in ((0, 1), (1, 0)):
        by_length: dict[tuple[int, tuple[int, ...]], dict[str, list[tuple[str, int]]]] = {}
        for key, units in names[mine].items():
            places = tuple(at for at, unit in enumerate(units) if is_code(unit))
            if places:
                said = by_length.setdefault((len(units), places), defaultdict(list))
                said[_with(units, places)].append(key)
        for key, units in names[theirs].items():
            for (length, places), said in by_length.items():
                if len(units) != length or (text := _with(units, places)) not in said:
                    continue
                for other in said[text]:
                    if _can_be(units, places, names[mine][other], sources[other[1]]):
                        found[theirs].setdefault(key, text)
                        found[mine].setdefault(other, text)
    return _aliased(a, found[0]), _aliased(b, found[1])


def is_code(unit: str) -> bool:
    """Whether a character stands for a code."""
    return FIRST <= ord(unit[0]) <= LAST


def _units(frame: pl.DataFrame) -> dict[tuple[str, int], tuple[str, ...]]:
    """Distinct names of files, cut into characters without blanks."""
    distinct = frame.select("name", "file").unique(maintain_order=True)
    return {(name, at): tuple(u for u in coded(name) if not u.isspace()) for name, at in distinct.iter_rows()}


def _with(units: Sequence[str], places: Sequence[int]) -> str:
    """A name with ``ANY`` at some places, forms of one character alike."""
    return "".join(ANY if at in places else bare(unit) for at, unit in enumerate(units))


def _can_be(units: Sequence[str], places: Sequence[int], codes: Sequence[str], source: Source) -> bool:
    """Whether the codes of a source's name can stand for what another name has at these places."""
    return units != codes and all(is_code(units[at]) or not source.can_write(units[at]) for at in places)


def _aliased(frame: pl.DataFrame, found: dict[tuple[str, int], str]) -> pl.DataFrame:
    rows = [(name, at, text) for (name, at), text in found.items()]
    schema = {"name": pl.String, "file": pl.Int32, "alias": pl.String}
    alias = pl.DataFrame(rows, schema=schema, orient="row")
    joined = frame.drop("alias", strict=False).join(
        alias, on=["name", "file"], how="left", maintain_order="left"
    )
    return joined.with_columns(pl.col("alias").fill_null(""))
