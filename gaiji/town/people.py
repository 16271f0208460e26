"""The people of a town: every file read once more for who its records are and how their names are written.

Owns the table of people: which field tells a resident, which fields are the name, and that codes without a
certain character stay what they are, as tags. What the names say of each other is for ``contradictions`` and
``evidence``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.codes.layers import Entry
from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.kernel.arrow import text_series
from gaiji.model import Field
from gaiji.records.batch import Batch
from gaiji.review.evidence.learn import TAGGED, pairs_of
from gaiji.run.plan import Plan
from gaiji.standard.characters import bare
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.project import Town, TownFile

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
    tells a resident, with the reason."""

    frame: pl.DataFrame
    writings: tuple[Writing, ...]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def residents(self) -> int:
        """How many people there are."""
        return self.frame["person"].n_unique()


def read_people(town: Town) -> People:
    """Read every file of a town for its people. JobError where the project file does not say what tells
    them; GaijiError where a file cannot be read."""
    keys = [key for key in (town.identity.get("key"), town.identity.get("second")) if key]
    if not keys and not any(file.person for file in town.files):
        raise JobError(
            fault("E0768", "does not say which field tells a resident"),
            path=town.path,
            key="identity.key",
            next=tr('write [identity] and key = "宛名番号"'),
        )
    frames: list[pl.DataFrame] = []
    writings: list[Writing] = []
    left: dict[str, str] = {}
    for one in town.files:
        job = replace(one.here, policy={**one.here.policy, **dict.fromkeys(TAGGED, "tag")})
        plan = Plan.of(job, reuse=False)
        parts = [(part, found) for part in plan.each if (found := _columns(part, one, keys))]
        if not parts:
            left[one.label] = tr("no field {keys}", keys=" / ".join([one.person] if one.person else keys))
            continue
        entries = plan.charset.entries.values()
        reach = frozenset(name for e in entries for name in (e.row.glyph or e.row.text).split("|"))
        for part, columns in parts:
            frames += [
                frame.with_columns(file=pl.lit(len(writings), pl.Int32)) for frame in _frames(part, columns)
            ]
        printed = {bare(e.row.text): e.row.glyph for e in entries if e.row.glyph and _standard(e)}
        writings.append(Writing(one, job.owner, plan.charset.system, reach, printed))
    whole = pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)
    return People(whole.unique(maintain_order=True), tuple(writings), left)


Columns = list[tuple[str, list[str]]]
"""The field that tells a resident, and the fields of the name, for each resident that a record can hold."""


def _columns(plan: Plan, file: TownFile, keys: Sequence[str]) -> Columns:
    """Where the residents of a record are; none where it has none. JobError for a field that the file is
    said to have and has not."""
    names = [spec.name for spec in plan.fields]
    for wanted in (*([file.person] if file.person else []), *file.called):
        if not any(_is(name, wanted) for name in names) and len(plan.each) == 1:
            raise JobError(
                fault("E0769", "has no field {field!r}", field=wanted),
                path=file.label,
                key="system.file.person" if wanted == file.person else "system.file.called",
                next=nearest(wanted, names),
            )
    key = next((key for key in ([file.person] if file.person else keys) if _any(names, key)), "")
    if not key:
        return []
    called = list(file.called) or _usual(plan.fields)
    called = called if all(_any(names, one) for one in called) else []
    if not called:
        return []
    if key in names:
        return [(key, called)] if all(one in names for one in called) else []
    places = [name.removeprefix(key) for name in names if _is(name, key)]
    return [(key + at, [one if one in names else one + at for one in called]) for at in places]


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


def _is(name: str, wanted: str) -> bool:
    """Whether a field is the one that is wanted, or an occurrence of it in a table."""
    return name == wanted or (
        name.startswith(f"{wanted}-") and name[len(wanted) + 1 :].replace("-", "").isdigit()
    )


def _any(names: Sequence[str], wanted: str) -> bool:
    return any(_is(name, wanted) for name in names)


def _usual(fields: Sequence[Field]) -> list[str]:
    """The fields of the resident's own name, where nobody said: those that the first reading reads."""
    return next(iter(pairs_of(fields).values()), [])


def _frames(plan: Plan, columns: Columns) -> Iterator[pl.DataFrame]:
    """The people of each batch."""
    wanted = {name for key, called in columns for name in (key, *called)}
    for batch in plan.read():
        frame = _decoded(plan, batch, wanted)
        for key, called in columns:
            yield (
                frame.select(
                    person=pl.col(key).str.normalize("NFKC").str.strip_chars().str.strip_chars_start("0"),
                    name=pl.concat_str(called).str.replace_all(SPACE, ""),
                )
                .filter((pl.col("person") != "") & (pl.col("name") != ""))
                .unique(maintain_order=True)
            )


def _decoded(plan: Plan, batch: Batch, wanted: set[str]) -> pl.DataFrame:
    states, out = bytearray(batch.rows), {}
    for spec in plan.fields:
        if spec.name in wanted or plan.decoder.carry:
            column, _, _ = plan.decoder.decode(batch, spec, states)
            if spec.name in wanted:
                out[spec.name] = text_series(spec.name, column.data, column.offsets)
    return pl.DataFrame(out)


def write_people(people: People, path: Path) -> None:
    """The table as Parquet: ``person``, ``name``, ``system``, ``file``. It holds names."""
    from gaiji.output.tabular import write_table

    named: list[dict[str, Any]] = [
        {"file": at, "system": one.file.system, "label": one.file.label}
        for at, one in enumerate(people.writings)
    ]
    schema = {"file": pl.Int32, "system": pl.String, "label": pl.String}
    joined = people.frame.join(pl.DataFrame(named, schema=schema), on="file", how="left")
    write_table(
        joined.select("person", "name", "system", file="label").sort("person", "system", "file"), path
    )
