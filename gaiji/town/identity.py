"""Who is whom over the systems of a town: by a number in common, by a second one that a file joins to it, or
by what people have in common.

Owns the person of each record by numbers, which go before everything, and birth dates as days. Where systems
have no number in common (``[identity] match``) their people are brought together by ``matched``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.names.dates import date_keys, known, partial
from gaiji.standard.eras import load_eras
from gaiji.town.matched import Matched
from gaiji.town.project import Town
from gaiji.town.telling import KEY, SECOND
from gaiji.town.told import ASKED, BY_SCHEMA, Identity, Source

if TYPE_CHECKING:
    from gaiji.queue.bonds import Bond


def identified(
    town: Town, read: pl.DataFrame, sources: Sequence[Source], bonds: Sequence[Bond]
) -> tuple[pl.DataFrame, Identity]:
    """The rows read (``READ``) with ``person``, and how they were told."""
    rows, notes, joined = _joined(town, read)
    if not town.identity.get("match"):
        by = rows.select(*BY_SCHEMA).unique(["person", "file"], keep="first", maintain_order=True)
        return rows, Identity(by, pl.DataFrame(schema=ASKED), notes=notes, joined=joined)
    rows, unread = _with_births(town, rows, sources)
    for text in town.identity.get("municipality", ()):
        rows = rows.with_columns(pl.col("address").str.strip_prefix(text).str.strip_chars())
    rows, identity = Matched(rows, sources, bonds, [*notes, *unread]).result()
    return rows, replace(identity, joined=joined)


def _joined(town: Town, read: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...], dict[str, str]]:
    """``person`` by the numbers in common: a second one by the file that has both, where there is one. One
    that stands for several people, or that no file joins, is nobody else's."""
    joins = read.filter((pl.col("kind") == KEY) & (pl.col("other") != "")).select("other", "number").unique()
    twice = joins.filter(pl.col("other").is_duplicated())["other"].n_unique()
    joins = joins.unique("other", keep="none").rename({"other": "number", "number": "joined"})
    rows = read.join(joins, on="number", how="left", maintain_order="left")
    second = pl.col("kind") == SECOND
    apart = pl.lit(f"{town.identity.get('second')}=") + pl.col("number")
    found = pl.col("joined").fill_null(apart if joins.height or twice else pl.col("number"))
    person = pl.when(second).then(found).otherwise(pl.col("number"))
    alone = rows.filter(second & pl.col("joined").is_null())["number"].n_unique() if joins.height else 0
    notes = []
    if twice:
        notes.append(
            tr("{count} second numbers stand for several people each: they join nobody", count=twice)
        )
    if alone:
        notes.append(tr("{count} second numbers stand in no file that joins them to the first", count=alone))
    rows = rows.with_columns(person=person, by=pl.col("kind"))
    told = rows.filter(second & (joins.height + twice > 0)).select("number", "person").unique()
    return rows.drop("joined"), tuple(notes), dict(told.iter_rows())


def _with_births(town: Town, rows: pl.DataFrame, sources: Sequence[Source]) -> tuple[pl.DataFrame, list[str]]:
    """Birth dates as days; those that cannot be read say nothing, and are told."""
    letters = {era.name: era.letter for era in load_eras()}
    text = pl.col("birth").str.normalize("NFKC").str.strip_chars()
    for sign, name in town.identity.get("eras", {}).items():
        if name not in letters:
            raise JobError(
                fault("E0824", "names an era that is none: {name}", name=str(name)[:20]),
                path=town.path,
                key="identity.eras",
                next=tr("use {names}", names=", ".join(letters)),
            )
        pattern = rf"^{pl_escape(sign)}[-./]?(\d\d)[-./]?(\d\d)[-./]?(\d\d)$"
        text = text.str.replace(pattern, f"{letters[name]}${{1}}${{2}}${{3}}")
    days = date_keys(rows.select(text.alias("birth"))["birth"])
    day = pl.col("day")
    told = rows.with_columns(day=days).with_columns(wrong=(day != "") & ~(known(day) | partial(day)))
    notes = []
    for at, count, every in (
        told.group_by("file").agg(pl.col("wrong").sum(), (day != "").sum()).sort("file").iter_rows()
    ):
        if count:
            notes.append(
                tr(
                    "{label}: {count} of {every} birth dates cannot be read and say nothing; see "
                    "[identity] eras",
                    label=sources[at].label,
                    count=count,
                    every=every,
                )
            )
    birth = pl.when("wrong").then(pl.lit("")).otherwise(day)
    return told.with_columns(birth=birth).drop("day", "wrong"), notes


def pl_escape(text: str) -> str:
    """A text as a pattern that means just it."""
    return "".join(f"\\{c}" if not c.isalnum() else c for c in text)
