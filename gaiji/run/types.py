"""What the record types of a job mean for its bytes: a job and a layout of its own for each, and the tests.

Owns how rules become jobs of one type each and the ``Shape`` that ``gaiji.records.shape`` cuts by. The rules
are ``gaiji.run.rules``'; what is put together from all of it is the plan's.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gaiji.codes.charset import Charset
from gaiji.columns.numeric import NUMERIC
from gaiji.errors import JobError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook import SUFFIXES, Table
from gaiji.layout.copybook.variable import COUNT, NUMBERS, STEP, how_written, plain
from gaiji.layout.described import Whole
from gaiji.layout.layout import Layout
from gaiji.model import Field, Variable
from gaiji.model.pattern import Pattern
from gaiji.model.plain import dataclass
from gaiji.output.melt import EVERY, FOUND, Melt
from gaiji.records.shape import Borrowed, Kind, Shape
from gaiji.run.job import Job
from gaiji.run.rules import KEYS, RecordRule
from gaiji.run.when import moves, tests_of

_FIRST = Pattern("-1(?![0-9])")


@dataclass(frozen=True)
class Typed:
    """One type of a job: its rule, its job, what its layout says, and the fields of its output (its own, then
    the keys of its ancestors)."""

    rule: RecordRule
    job: Job
    whole: Whole
    layout: Layout


def own_job(job: Job, rule: RecordRule) -> Job:
    """The job of one record type: the source's keys with its layout, its output, everything else as it is."""
    source: dict[str, Any] = dict(job.source)
    fields: tuple[Mapping[str, Any], ...] = job.fields
    if rule.fields:
        source |= {"layout": "", "redefines": {}}
        fields = rule.fields
    elif rule.layout and (os.path.splitext(rule.layout)[1].lower() in (*SUFFIXES, ".toml")):
        source |= {"layout": rule.layout, "redefines": dict(rule.redefines)}
    elif rule.layout:
        source |= {"item": rule.layout, "redefines": dict(rule.redefines)}
    elif rule.redefines:
        source["redefines"] = {**source["redefines"], **rule.redefines}
    output = {**job.output, "path": rule.output or job.output["path"], "rows": rule.rows}
    output["items"] = rule.items or job.output["items"]
    queue = job.queue_where
    review = {**job.review, "queue": queue if isinstance(queue, str) else os.path.abspath(queue)}
    more: dict[str, Any] = {"records": (), "type": rule.name, "columns": rule.columns}
    return replace(job, source=source, fields=fields, output=output, review=review, **more)


def within(job: Job, layout: Layout) -> Job:
    """The job with those of its names only that the layout has: roles, field tables, the key of records."""
    names = {spec.name for spec in layout.fields}
    source = {**job.source, "roles": {n: r for n, r in job.source["roles"].items() if n in names}}
    fields = (
        tuple(table for table in job.fields if table.get("name") in names) if source["layout"] else job.fields
    )
    review = {
        **job.review,
        **{key: job.review[key] if job.review[key] in names else "" for key in ("key", "household")},
    }
    return replace(job, source=source, fields=fields, review=review)


def check_names(job: Job, layouts: Sequence[Layout]) -> None:
    """JobError for a name in the job that no type has."""
    names = {spec.name for layout in layouts for spec in layout.fields}
    wanted = [("source.roles", name) for name in job.source["roles"]]
    wanted += [("field", str(table.get("name"))) for table in job.fields]
    wanted += [("review.key", job.review["key"])] if job.review["key"] else []
    for key, name in wanted:
        if name not in names:
            raise JobError(
                fault("E0439", "names the field {name!r}, which no record type has", name=name[:40]),
                path=job.path,
                key=key,
                next=nearest(name, sorted(names)),
            )


def shape_of(job: Job, types: Sequence[Typed], charset: Charset) -> Shape:
    """How the records of the job are told apart and cut."""
    numbers = {typed.rule.name: number for number, typed in enumerate(types)}
    kinds = []
    for typed in types:
        rule = typed.rule
        spec = named(typed.layout, rule.when["field"]) if "field" in rule.when else None
        borrowed = tuple(_borrowed(job, types, numbers, typed)) if rule.parent else ()
        kinds.append(
            Kind(
                rule.name,
                tuple(tests_of(job, rule, spec, typed.whole.variable, charset)),
                numbers[rule.parent] if rule.parent else -1,
                moved(typed.whole, bool(borrowed)),
                tuple(one for one, _ in borrowed),
                not rule.skip or bool(rule.counts),
                tuple(numbers[name] for name in rule.counts),
                typed.whole.layout.record_length if rule.fields else _end(typed.whole.layout),
                _total(typed),
            )
        )
    return Shape(tuple(kinds), typed=True)


def _total(typed: Typed) -> tuple[int, int, int]:
    """The field of a trailer that says how many records there are: its number, place and length."""
    if not typed.rule.counts:
        return -1, 0, 0
    spec = named(typed.layout, typed.rule.trailer_field)
    return typed.layout.fields.index(spec), spec.offset, spec.length


def _end(layout: Layout) -> int:
    """Bytes that the fields of a layout reach."""
    return max(spec.offset + spec.length for spec in layout.fields)


def moved(whole: Whole, apart: bool) -> Variable | None:
    """How the fields of a layout get places of their own, where they have: its tables vary, or (``apart``)
    more than its own fields are read. Numbers must be whole; counters are read as their fields are written,
    which a job can say."""
    fields, found = whole.layout.fields, whole.variable
    if found is None:
        return plain(fields, whole.layout.record_length) if apart else None
    columns = tuple(
        (piece, offset, length, int(spec.type in NUMBERS))
        for (piece, offset, length, _), spec in zip(found.columns, fields, strict=True)
    )
    return replace(found, columns=columns, steps=tuple(_steps(found, fields)))


def _steps(variable: Variable, fields: Sequence[Field]) -> Iterator[int]:
    """The steps of a walk, where a counter is a field as that says of itself."""
    places = {(piece, offset, size): at for at, (piece, offset, size, _) in enumerate(variable.columns)}
    for begin in range(0, len(variable.steps), STEP):
        step = variable.steps[begin : begin + STEP]
        at = places.get((step[2], step[3], step[4]), -1) if step[0] == COUNT else -1
        if at >= 0 and fields[at].type in NUMERIC:
            spec = fields[at]
            step = (*step[:5], how_written(spec.type, spec.sign, spec.signs, spec.order), *step[6:])
        yield from step


def with_keys(job: Job, types: Sequence[Typed], number: int) -> Layout:
    """The layout of a type's output: its fields, then the keys of the records above it, nearest last; by
    column where their places are given for each record."""
    typed = types[number]
    numbers = {one.rule.name: at for at, one in enumerate(types)}
    keys = [spec for _, spec in _borrowed(job, types, numbers, typed)] if typed.rule.parent else []
    if not keys and typed.whole.variable is None:
        return typed.layout
    fields = [replace(spec, column=at) for at, spec in enumerate((*typed.layout.fields, *keys))]
    return replace(typed.layout, fields=tuple(fields))


def _borrowed(
    job: Job, types: Sequence[Typed], numbers: Mapping[str, int], typed: Typed
) -> list[tuple[Borrowed, Field]]:
    """The key fields of all records above a type."""
    found: list[tuple[Borrowed, Field]] = []
    at = typed.rule.parent
    while at:
        above = types[numbers[at]]
        mine = []
        for name in above.rule.key:
            spec = named(above.layout, name)
            if above.whole.variable is not None and moves(above.whole.variable, spec):
                raise JobError(
                    fault("E0440", "{name} stands behind a table that varies", name=name[:40]),
                    path=job.path,
                    key=f"record.{above.rule.name}.key",
                    next=tr("name fields before it"),
                )
            mine.append(
                (
                    Borrowed(numbers[at], spec.offset, spec.length, spec.type in NUMBERS),
                    replace(spec, name=f"{above.rule.name}.{spec.name}"),
                )
            )
        found = mine + found
        at = above.rule.parent
    return found


def named(layout: Layout, name: str) -> Field:
    """The field that a rule names; COBOL's names have no case. LayoutError as ``Layout.field``."""
    known = {spec.name: spec for spec in layout.fields}
    return known.get(name) or known.get(lowered(name)) or layout.field(name)


def check_outputs(job: Job, types: Sequence[Typed]) -> None:
    """JobError where two types would write one file, or something that types cannot have is asked for."""
    if job.source["format"] == "csv" or job.target["shrink"]:
        raise JobError(
            fault("E0442", "does not go with {other}", other="[[record]]"),
            path=job.path,
            key="target.shrink" if job.target["shrink"] else "source.format",
            next=tr("run gaiji shrink on each output")
            if job.target["shrink"]
            else tr("types are for fixed, vb and lines"),
        )
    if job.columns:
        raise JobError(
            fault("E0442", "does not go with {other}", other="[[record]]"),
            path=job.path,
            key="output.column",
            next=tr("write [[record.column]] below the type whose output they are"),
        )
    seen: dict[str, str] = {}
    for typed in types:
        path = os.path.realpath(typed.job.output_path)
        if typed.rule.skip:
            continue
        if path in seen:
            raise JobError(
                fault("E0443", "writes the file of {other}", other=seen[path]),
                path=job.path,
                key=f"record.{typed.rule.name}.output",
                next=tr("give each type an output of its own, or skip = true"),
            )
        seen[path] = typed.rule.name
    if not seen:
        raise JobError(
            fault("E0259", "is missing"), path=job.path, key="record.output", next=tr(KEYS["output"][1])
        )


def melt_of(job: Job, fields: Sequence[Field], columns: Sequence[str], tables: Sequence[Table]) -> Melt:
    """How records become rows of the table that ``rows`` names. JobError where there is none, or the output
    cannot have rows."""
    key = f"record.{job.type}.rows" if job.type else "output.rows"
    name = job.output["rows"]
    if job.output_format == "fixed" or job.target["shrink"]:
        raise JobError(
            fault(
                "E0442",
                "does not go with {other}",
                other=".dat" if job.output_format == "fixed" else "shrink",
            ),
            path=job.path,
            key=key,
            next=tr("write a .csv, .tsv or .parquet file, and run gaiji shrink on it"),
        )
    table = next((one for one in tables if lowered(one.name) == lowered(name)), None)
    if table is None:
        raise JobError(
            fault("E0444", "names the table {name!r}, which the layout does not have", name=name[:40]),
            path=job.path,
            key=key,
            next=nearest(name, [one.name for one in tables]),
        )
    names = [spec.name for spec in fields]
    inside = {at for one in table.occurrences for at in one}
    first = table.occurrences[0]
    shown: list[tuple[str, tuple[int, ...]]] = []
    for at, column in enumerate(columns):
        owner = names.index(column.removesuffix(".glyphs")) if at >= len(names) else at
        if owner not in inside:
            shown.append((column, (at,)))
        elif owner in first:
            if at == first[0]:
                shown.append((f"{table.name}.occurrence", ()))
            place = first.index(owner)
            same = tuple(
                columns.index(names[one[place]] + column[len(names[owner]) :]) for one in table.occurrences
            )
            shown.append(
                (_without_number([columns[at] for at in same]), same if len(same) > 1 else (*same, *same))
            )
    columns_of_rows = [name for name, _ in shown]
    if twice := [name for name, count in Counter(columns_of_rows).items() if count > 1]:
        raise JobError(
            fault("E0397", "two columns would have the name {twice!r}", twice=twice[0][:40]),
            path=job.path,
            key=key,
            next=tr("rename the field or the table in the copybook, or leave rows out"),
        )
    counter = names.index(table.counter) if table.counter else FOUND if table.varies else EVERY
    return Melt(tuple(columns_of_rows), tuple(one for _, one in shown), counter, len(table.occurrences))


def _without_number(names: Sequence[str]) -> str:
    """The name of a column of all occurrences: without their number. Where a clash has put groups before the
    name of some of them, that of the field alone."""
    if len(names) < 2:
        return names[0]
    first, second = names[:2]
    for a, b in ((first, second), (first.rpartition(".")[2], second.rpartition(".")[2])):
        for found in _FIRST.finditer(a):
            begin, end = found.span()
            if f"{a[:begin]}-2{a[end:]}" == b:
                return a[:begin] + a[end:]
    return first


def lowered(name: str) -> str:
    """A name as COBOL compares it: Latin letters have no case."""
    return "".join(char.lower() if char.isascii() else char for char in name)
