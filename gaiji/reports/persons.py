"""Residents, one row each: the characters of ``residents`` brought together by whose they are.

Owns what one row says, filters by role, reason and 区分, and who is kept off which list. Files are made in
``lists`` and ``letters``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from gaiji.errors.messages import mark, tr
from gaiji.model import Picture
from gaiji.reports.people import ADDRESSES, GROUPS, LETTERS, LISTS, People
from gaiji.reports.residents import CUT, Residents

NO_GROUP_SAID = mark(
    "支援措置の項目が job にありません（[people] protected）。一覧には全員の住所が載っています。"
)


@dataclass(frozen=True, slots=True)
class Person:
    """One resident with the characters that are told. ``groups``: those that mark them; ``glyphs``: (code,
    glyph) pairs, each once; ``kinds``: 区分 → characters; ``address``: "" where it is kept off."""

    key: str
    systems: tuple[str, ...]
    name: str
    kana: str
    address: str
    household: str
    groups: tuple[str, ...]
    fields: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    glyphs: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    kinds: Mapping[str, int]
    evidence: tuple[str, ...]
    open: bool
    records: int

    @property
    def said(self) -> str:
        """区分 with counts, as lists show it."""
        return said(self.kinds)


def said(kinds: Mapping[str, int]) -> str:
    """区分 with counts, as lists show them."""
    return tr("、").join(f"{kind} {count}" for kind, count in kinds.items())


FRAME: dict[str, Any] = {
    "key": pl.String,
    "system": pl.List(pl.String),
    "name": pl.String,
    "kana": pl.String,
    "address": pl.String,
    "household": pl.String,
    "groups": pl.List(pl.String),
    "field": pl.List(pl.String),
    "before": pl.List(pl.String),
    "after": pl.List(pl.String),
    "codes": pl.List(pl.String),
    "names": pl.List(pl.String),
    "text": pl.List(pl.String),
    "kinds": pl.List(pl.String),
    "evidence": pl.List(pl.String),
    "open": pl.Boolean,
    "count": pl.UInt32,
}
"""The columns of residents, a row each, in the order of ``Person``. ``codes``, ``names`` and ``kinds`` have
one of each for every character; the other lists have each text once."""


@dataclass(frozen=True)
class Persons:
    """The residents of a list (``frame``, columns of ``FRAME``). ``off``: group → people who are affected and
    kept off it; ``unseen``: people whose address alone is cut, who are not on it; ``affected``: all of whom
    are, ``waiting``: those of them whose name the output does not hold as the source means it; ``left``:
    files that are not in it, why."""

    frame: pl.DataFrame
    read: int
    affected: int
    waiting: int
    characters: int
    off: Mapping[str, int]
    unseen: int
    pictures: Mapping[str, Picture]
    said: bool
    left: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def rows(self) -> tuple[Person, ...]:
        """The residents, one by one."""
        return tuple(map(_person, self.frame.iter_rows(named=True)))

    def kinds(self) -> Counter[str]:
        """区分 → people."""
        return _people_of(self.frame.select(pl.col("kinds").list.unique(maintain_order=True)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shall show: roles of fields, reasons, 区分 (none: all), and for what it is (``lists`` or
    ``letters``), which says who is kept off."""

    roles: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    where: str = LISTS


EVERYBODY = Wanted()


def persons(
    found: Mapping[str, Residents], wanted: Wanted = EVERYBODY, *, left: Mapping[str, str] | None = None
) -> Persons:
    """Bring the characters of one or more files together by resident. ``found``: name of the system ("": the
    only one) → its characters; where there are several, the same key is the same resident in all.

    A cut address (方書) alone makes nobody affected, unless it is asked for by its reason.
    """
    frames = [_tagged(name, one, len(found) > 1) for name, one in found.items()]
    frame = pl.concat([one for one, _ in frames])
    records = pl.concat([one for _, one in frames])
    every = frame["person"].n_unique()
    shown = frame.filter(_filter(wanted))
    marked = _marked(found)
    settings = [one.settings for one in found.values() if one.settings is not None]
    rows = _rows(shown, records, marked, settings)
    keeping = [g for g in GROUPS if any(s.kept_off([g], wanted.where) for s in settings)]
    kept_off = pl.col("groups").list.set_intersection(keeping)
    asked = bool(wanted.roles or wanted.reasons or wanted.kinds)
    return Persons(
        rows.filter(kept_off.list.len() == 0),
        sum(one.read for one in found.values()),
        rows.height,
        shown.filter("open")["person"].n_unique(),
        shown.height,
        _people_of(rows.select(kept_off)),
        0 if asked else every - rows.height,
        {code: picture for one in reversed(list(found.values())) for code, picture in one.pictures.items()},
        any(one.said for one in settings),
        dict(left or {}),
        _people_of(rows.select("groups")),
    )


def _filter(wanted: Wanted) -> pl.Expr:
    """The characters that a list shows."""
    out = pl.lit(True)
    if wanted.roles:
        out = out & pl.col("role").is_in(wanted.roles)
    if wanted.reasons:
        out = out & pl.col("reason").is_in(wanted.reasons)
    if wanted.kinds:
        out = out & pl.col("kind").is_in(wanted.kinds)
    asked = wanted.reasons or CUT in wanted.kinds
    return out if asked else out & ~((pl.col("kind") == CUT) & (pl.col("role") == "address"))


def _tagged(system: str, found: Residents, several: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Characters and records of a system with whose they are."""
    return tuple(  # type: ignore[return-value]
        one.with_columns(person=_of(system, one["person"], several), system=pl.lit(system))
        for one in (found.frame, found.records)
    )


def _of(system: str, people: pl.Series, several: bool) -> pl.Series:
    """People of a system as they are told apart over all: a key means the same in each, whatever zeros stand
    before it; a record's number means nothing outside."""
    if not several:
        return people
    keyed = people.str.starts_with("=")
    return ("=" + people.str.strip_chars_start("=0")).zip_with(keyed, system + people)


def _marked(found: Mapping[str, Residents]) -> dict[str, set[str]]:
    """Group → the residents that any system marks."""
    out: dict[str, set[str]] = {group: set() for group in GROUPS}
    for system, one in found.items():
        for group, people in one.marked.items():
            told = pl.Series(list(people), dtype=pl.String)
            out[group] |= set(_of(system, told, len(found) > 1).to_list())
    return out


def _rows(
    frame: pl.DataFrame, records: pl.DataFrame, marked: Mapping[str, set[str]], settings: Sequence[People]
) -> pl.DataFrame:
    """One row for each resident, in the order of the input."""
    if frame.is_empty():
        return pl.DataFrame(schema=FRAME)
    about = records.group_by("person", maintain_order=True).agg(
        *(_first(name) for name in ("name", "kana", "address", "household")), count=pl.len()
    )
    listed = ("system", "field", "before", "after", "text", "evidence")
    parts = frame.group_by("person", maintain_order=True).agg(
        pl.col("key").first(),
        *(_each(name) for name in listed),
        codes=pl.col("code"),
        names=pl.col("glyph"),
        kinds=pl.col("kind"),
        open=pl.col("open").any(),
    )
    whole = parts.join(about, on="person", how="left", maintain_order="left")
    hiding = [group for group in GROUPS if any(one.kept_off([group], ADDRESSES) for one in settings)]
    hidden = pl.col("groups").list.set_intersection(hiding).list.len() > 0
    return (
        whole.with_columns(groups=_groups(whole["person"], marked))
        .with_columns(address=pl.when(hidden).then(pl.lit("")).otherwise("address"))
        .select(list(FRAME))
    )


def _groups(people: pl.Series, marked: Mapping[str, set[str]]) -> pl.Series:
    """The groups that mark each of some people."""
    mine = [
        pl.when(people.is_in(list(some))).then(pl.lit(group)).alias(group)
        for group, some in marked.items()
        if some
    ]
    none = pl.lit(None, dtype=pl.String)
    every = pl.select(people, pl.concat_list(*mine, none).list.drop_nulls().alias("groups"))
    return every["groups"]


def _people_of(told: pl.DataFrame) -> Counter[str]:
    """How many rows have each text of a column of lists; in the order in which they come up."""
    texts = told.to_series().explode().drop_nulls().alias("text")
    return Counter(dict(texts.to_frame().group_by("text", maintain_order=True).len().iter_rows()))


def _person(row: Mapping[str, Any]) -> Person:
    pairs = zip(row["codes"], row["names"], strict=True)
    return Person(
        row["key"],
        tuple(row["system"]),
        row["name"],
        row["kana"],
        row["address"],
        row["household"],
        tuple(row["groups"]),
        tuple(row["field"]),
        tuple(row["before"]),
        tuple(row["after"]),
        tuple(dict.fromkeys(pair for pair in pairs if any(pair))),
        tuple(row["text"]),
        Counter(row["kinds"]),
        tuple(row["evidence"]),
        row["open"],
        row["count"],
    )


def _first(name: str) -> pl.Expr:
    """The first text of a column that is not empty."""
    column = pl.col(name)
    return column.filter(column != "").first().fill_null("").alias(name)


def _each(name: str) -> pl.Expr:
    """The texts of a column, each once, without empty ones."""
    column = pl.col(name)
    return column.filter(column != "").unique(maintain_order=True).alias(name)


__all__ = ["LETTERS", "LISTS", "Person", "Persons", "Wanted", "persons", "said"]
