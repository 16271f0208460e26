"""The people of a town: every file read once more for who its records are and how their names are written.

Owns the table of people, and that codes without a certain character stay what they are, as tags. Which
fields tell a resident is ``telling``'s, who is whom over the systems ``identity``'s; what the names say of
each other is for ``contradictions`` and ``evidence``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.codes.layers import Entry
from gaiji.disk.apart import Place, keep_apart
from gaiji.errors.messages import tr
from gaiji.kernel.arrow import text_series
from gaiji.records.batch import Batch
from gaiji.review.evidence.learn import TAGGED
from gaiji.run.plan import Plan
from gaiji.standard.characters import bare
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.identity import identified
from gaiji.town.places import places_of
from gaiji.town.project import Town, TownFile
from gaiji.town.queued import bonds_of
from gaiji.town.telling import MORE, Told, check_says_who, numbers_of, told_by
from gaiji.town.told import NOBODY, NUMBERS, READ, Identity, Source

SPACE = r"[\s\u3000]+"
SCHEMA = {"person": pl.String, "name": pl.String, "file": pl.Int32}


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file writes: its system, whose 外字 its codes are, the name of its code system, and what its
    charset and tables can write at all: glyphs, and characters that have none. ``printed``: the glyph that
    the code of a standard character is printed with, by the plain character: 翔 → MJ020685 in JEF."""

    file: TownFile
    owner: tuple[str, str]
    system: str
    reach: frozenset[str]
    printed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class People:
    """Who is where. ``frame``: ``person``, ``name`` (without blanks; tags for codes without a certain
    character), ``file`` (a place in ``writings``), each combination once. ``left``: files in which no field
    tells a resident, with the reason. ``identity``: how they were told."""

    frame: pl.DataFrame
    writings: tuple[Writing, ...]
    left: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = NOBODY

    @property
    def residents(self) -> int:
        """How many people there are."""
        return self.frame["person"].n_unique()


def read_people(town: Town) -> People:
    """Read every file of a town for its people. JobError where the project file does not say what tells
    them; GaijiError where a file cannot be read."""
    check_says_who(town)
    frames: list[pl.DataFrame] = [pl.DataFrame(schema=READ)]
    writings: list[Writing] = []
    left: dict[str, str] = {}
    for one in town.files:
        job = replace(one.here, policy={**one.here.policy, **dict.fromkeys(TAGGED, "tag")})
        plan = Plan.of(job, reuse=False)
        parts = [(part, found) for part in plan.each if (found := told_by(town, part, one))]
        if not parts:
            keys = " / ".join(name for _, name in numbers_of(town, one))
            left[one.label] = tr("no field {keys}", keys=keys)
            continue
        entries = plan.charset.entries.values()
        reach = frozenset(name for e in entries for name in (e.row.glyph or e.row.text).split("|"))
        for part, told in parts:
            frames += [
                frame.with_columns(file=pl.lit(len(writings), pl.Int32)) for frame in _frames(part, told)
            ]
        printed = {bare(e.row.text): e.row.glyph for e in entries if e.row.glyph and _standard(e)}
        writings.append(Writing(one, job.owner, plan.charset.system, reach, printed))
    read = pl.concat([frame.select(*READ) for frame in frames]).unique(maintain_order=True)
    rows, identity = identified(town, read, [_source(one) for one in writings], bonds_of(town))
    identity = replace(identity, numbers=rows.select(*NUMBERS).unique(maintain_order=True))
    names = rows.with_columns(pl.col("name").str.replace_all(SPACE, "")).select(*SCHEMA)
    return People(names.unique(maintain_order=True), tuple(writings), left, identity)


def _source(writing: Writing) -> Source:
    return Source(writing.file.label, writing.file.system, writing.owner, partial(can_write, writing))


@lru_cache(maxsize=65_536)
def glyph_of(unit: str) -> str:
    """The name of the glyph that a character is, "" where it is a tag, a whole name or no kanji."""
    found = load_repertoire().by_text(unit) if unit and unit[0] != "{" else ()
    return found[0].name if found else ""


def _standard(entry: Entry) -> bool:
    """Whether a row is of a standard's own area, not of a maker's extension or a town's table."""
    lead, trail = divmod(entry.row.code, 256)
    ranges = [one for one in entry.table.ranges if one.kind == "standard"]
    return any(lead in one.lead and trail in one.trail for one in ranges)


def can_write(writing: Writing, unit: str) -> bool:
    """Whether a file's charset and tables have a character."""
    return (glyph_of(unit) or unit) in writing.reach


def _frames(plan: Plan, told: Sequence[Told]) -> Iterator[pl.DataFrame]:
    """The people of each batch."""
    wanted = {name for one in told for name in one.fields}
    for batch in plan.read():
        frame = _decoded(plan, batch, wanted)
        yield from (_residents(frame, one) for one in told)


def _residents(frame: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Those whom one place of the records tells, with the columns ``READ`` but ``file``."""
    there = pl.all_horizontal(pl.lit(True), *(pl.col(name).str.contains(r"\S") for name in told.there))
    more = {role: pl.col(told.more[role]) if role in told.more else pl.lit("") for role in MORE}
    name = pl.concat_str(told.called, separator="\u3000").str.strip_chars()
    return (
        frame.filter(there)
        .select(
            number=_number(told.number) + pl.lit(told.at),
            other=_number(told.other) if told.other else pl.lit(""),
            kind=pl.lit(told.kind),
            name=name,
            **more,
        )
        .filter((pl.col("number") != told.at) & (pl.col("name") != ""))
        .unique(maintain_order=True)
    )


def _number(name: str) -> pl.Expr:
    """A number as it is compared: widths of digits and zeros before it do not count."""
    return pl.col(name).str.normalize("NFKC").str.strip_chars().str.strip_chars_start("0")


def _decoded(plan: Plan, batch: Batch, wanted: set[str]) -> pl.DataFrame:
    states, out = bytearray(batch.rows), {}
    for spec in plan.fields:
        if spec.name in wanted or plan.decoder.carry:
            column, _, _ = plan.decoder.decode(batch, spec, states)
            if spec.name in wanted:
                out[spec.name] = text_series(spec.name, column.data, column.offsets)
    return pl.DataFrame(out)


def write_people(people: People, path: Path, town: Town | None = None) -> None:
    """The table (.parquet, .csv, .tsv): ``person``, ``name``, ``system``, ``file``, ``by`` (what told
    that it is this person: ``gaiji.town.told.BY``). It holds names. ``town``: whose
    files it must not be written over (UsageError)."""
    from gaiji.output.tabular import write_table

    if town is not None:
        keep_apart([Place("table of people", path)], places_of(town))

    named: list[dict[str, Any]] = [
        {"file": at, "system": one.file.system, "label": one.file.label}
        for at, one in enumerate(people.writings)
    ]
    schema = {"file": pl.Int32, "system": pl.String, "label": pl.String}
    joined = people.frame.join(pl.DataFrame(named, schema=schema), on="file", how="left")
    joined = joined.join(people.identity.by, on=["person", "file"], how="left", maintain_order="left")
    table = joined.select("person", "name", "system", file="label", by=pl.col("by").fill_null(""))
    write_table(table.sort("person", "system", "file"), path)
