"""What a change of tables means: which codes differ, and how many records of a dump they touch.

Owns the comparison of two mapping tables, site tables or GJ releases (``diff_tables``) and the count of
what would change in a job's input (``impact``). Writes no output; converting is ``gaiji.run.convert``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.code import Form, value_of, write_code
from gaiji.codes.tables import Table, load_site, load_table, table_ids
from gaiji.columns.decode import TEXTS
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.records.batch import Batch
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan
from gaiji.run.target import form_of
from gaiji.standard.characters import points
from gaiji.standard.repertoire import gj_releases, load_repertoire

Row = dict[str, Any]


def diff_tables(old: str | Path, new: str | Path, *, decimal: bool = False) -> list[Row]:
    """The rows in which two tables differ: code, what happened (added, removed, changed), old and new value.

    A table is a file (mapping or site table), the id of a shipped table, or an imported GJ release (both must
    then be one; rows are glyphs). ``decimal``: the codes of the files are decimal numbers. UsageError for a
    name that is neither.
    """
    releases = {release.release for release in gj_releases()}
    if str(old) in releases and str(new) in releases:
        before, after = _glyphs(str(old)), _glyphs(str(new))
    else:
        before, after = _rows(_table(old, decimal)), _rows(_table(new, decimal))
    out = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is None or now is None or _value(was) != _value(now):
            what = "added" if was is None else "removed" if now is None else "changed"
            out.append({"code": key, "change": what, "old": was or {}, "new": now or {}})
    return out


def _value(row: Row) -> Row:
    """What a row means; its line and note may change freely."""
    return {k: v for k, v in row.items() if k != "line"}


def _table(name: str | Path, decimal: bool) -> Table:
    if str(name) in table_ids():
        return load_table(str(name))
    if not Path(name).exists():
        raise UsageError(
            fault(
                "E0228",
                "{name!r} is no table file, no shipped table and no imported GJ release",
                name=str(name)[:80],
            ),
            next=tr("gaiji charset show lists tables, gaiji repertoire releases the GJ releases"),
        )
    return load_site(name, form=Form.NUMBER if decimal else Form.HEX)


def _rows(table: Table) -> dict[str, Row]:
    """Code and direction → the row's value."""
    out: dict[str, Row] = {}
    for row in table.rows:
        code = write_code(table.form, row.code, row.size)
        ucs = points(row.text)
        key = f"{code} (encode only, {ucs})" if row.flag == 1 else code
        out[key] = {"ucs": ucs, "glyph": row.glyph, "flag": row.flag, "line": row.line}
    return out


def _glyphs(release: str) -> dict[str, Row]:
    repertoire = load_repertoire(release)
    return {
        glyph.name: {"ucs": points(glyph.text), "glyph": glyph.name}
        for glyph in repertoire
        if glyph.name.startswith("GJ")
    }


# -- impact -------------------------------------------------------------------------------------------


def impact(
    job: Job | str | Path,
    *,
    tables: Sequence[str | Path] | None = None,
    old_tables: Sequence[str | Path] | None = None,
    gj: str = "",
    overrides: Mapping[str, Any] | None = None,
) -> Row:
    """What would change in a job's input with other tables: codes with their old and new value, occurrences,
    fields and records. Reads the input, writes nothing.

    ``tables``: the site tables to come, instead of those that the job (and its decisions) names now;
    ``old_tables``: those to compare with, where the job's were edited in place; ``gj``: the GJ release to
    come.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    if tables is None and not gj and old_tables is None:
        raise UsageError(
            fault("E0229", "nothing is said to change"), next=tr("give --table, --old-table or --gj")
        )
    plan = Plan.of(job)
    now = [table.path for table in plan.charset.sites]
    name, options = plan.charset.name, job.source["options"]
    before = plan.charset if old_tables is None else load_charset(name, old_tables, options=options)
    repertoire = load_repertoire(gj) if gj else None
    after = load_charset(name, now if tables is None else tables, options=options, repertoire=repertoire)
    changed = changed_codes(before, after, form_of(job))
    return counted(plan, changed, after)


def counted(plan: Plan, changed: Mapping[tuple[int, int], Row], charset: Charset) -> Row:
    """How often codes occur in a job's input: (size, code) → what is told of it, with occurrences and fields,
    and the records that hold any of them. ``charset`` writes the codes."""
    codes: dict[tuple[int, int], Counter[str]] = {key: Counter() for key in changed}
    records: Counter[str] = Counter()
    total = 0
    read = 0
    for part in plan.each:
        reading = part.read()
        for batch in reading:
            found, touched, rows = _count(part, batch, changed)
            for (field, key), count in found.items():
                codes[key][part.qualified(field)] += count
            records.update({part.qualified(field): count for field, count in touched.items()})
            total += rows
        read += reading.records
    return {
        "job": Path(plan.job.path).name,
        "records": {"read": read, "changed": total},
        "fields": dict(sorted(records.items())),
        "codes": [
            {
                "code": charset.code(key[1], key[0]),
                **value,
                "occurrences": sum(codes[key].values()),
                "fields": dict(codes[key]),
            }
            for key, value in sorted(changed.items())
        ],
    }


def changed_codes(before: Charset, after: Charset, form: str) -> dict[tuple[int, int], Row]:
    """(size, code) → old and new value, of the codes whose text, glyph or finding differs."""
    old, new = _meanings(before, form), _meanings(after, form)
    return {
        key: {"old": old.get(key), "new": new.get(key)}
        for key in old.keys() | new.keys()
        if old.get(key) != new.get(key)
    }


def _meanings(charset: Charset, form: str) -> dict[tuple[int, int], Row]:
    out: dict[tuple[int, int], Row] = {}
    for unit in charset.units(form):
        row = charset.entries[unit.size, unit.code].row
        ucs = points(unit.text)
        out[unit.size, unit.code] = {
            "ucs": ucs,
            "glyph": row.glyph,
            "reason": unit.reason.label if unit.reason else "",
        }
    return out


def _count(
    plan: Plan, batch: Batch, changed: Mapping[tuple[int, int], Row]
) -> tuple[Counter[tuple[str, tuple[int, int]]], Counter[str], int]:
    """Occurrences by field and code, records by field, and records in all, of one batch."""
    import polars as pl

    from gaiji.kernel.arrow import uint32_series

    unicode_kind = plan.charset.kind.unicode
    by_unit = {code if unicode_kind else value_of(code, size): (size, code) for size, code in changed}
    wanted = list(by_unit)
    found: Counter[tuple[str, tuple[int, int]]] = Counter()
    records: Counter[str] = Counter()
    every: set[int] = set()
    states = bytearray(batch.rows)
    for spec in plan.fields:
        if spec.type not in TEXTS or spec.charset:
            continue
        place = plan.decoder.place(batch, spec)
        units, ends, _ = plan.decoder.units(batch, spec, place, states, trim=plan.decoder.trim)
        if not len(units):
            continue
        series = uint32_series("u", bytearray(units.cast("B"))) & (0xFFFFFF if unicode_kind else 0x0FFFFFFF)
        at = series.is_in(wanted).arg_true()
        if not len(at):
            continue
        for row in series.gather(at).value_counts().iter_rows():
            found[spec.name, by_unit[row[0]]] += row[1]
        edges = pl.Series("e", list(ends)) // 4
        rows = set(edges.search_sorted(at.cast(pl.Int64), side="right").to_list())
        records[spec.name] += len(rows)
        every |= rows
    return found, records, len(every)
