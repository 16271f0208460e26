"""A newer edition of an official list: what it changes for the jobs of a town, and taking it.

Owns the comparison of two editions of MJ文字情報一覧表, GJ and MJ縮退マップ, what of a job each touches
(codes and records of its input, rows of its site tables, decisions and codes that wait in its queue, its
output), and when an edition is not taken. How a published file is read is ``gaiji.standard.published``,
what is kept of it ``gaiji.standard.editions`` and ``gaiji.standard.gj``. No output is written: the jobs
are run again by people."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaiji.codes.charset import Charset, load_charset
from gaiji.errors import GaijiError, RepertoireError, TableError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.reports.diff import Row, changed_codes, counted
from gaiji.run.job import Job, load_job
from gaiji.run.manifest import manifest_path, read_manifest
from gaiji.run.plan import Plan
from gaiji.run.target import form_of
from gaiji.shrinking.evidence import shrink_links
from gaiji.shrinking.policy import Policy, load_policy
from gaiji.shrinking.shrinker import Shrinker
from gaiji.standard.characters import points
from gaiji.standard.editions import KINDS, MJ, SHRINK, Edition, current_edition, keep_edition, write_edition
from gaiji.standard.gj import COLUMNS, GjRead, current_gj, keep_gj, read_gj
from gaiji.standard.lists import GlyphList, load_list
from gaiji.standard.numbers import tables_of
from gaiji.standard.published import GJ, Published, read_published
from gaiji.standard.relations import map_name
from gaiji.standard.repertoire import Repertoire, load_repertoire, repertoire_of

TEXTS = frozenset({"ucs", "default", "also", "unified"})
NUMBERS = frozenset({"koseki", "juki", "touki", "x0213", "x0213_class", "x0212"})
"""Columns of a glyph list by what a change of them touches: the text of an output, or numbered sources."""
NO_LIST = frozenset({"E0338", "E0341", "E0343"})
"""What a GJ reader says of a file that is no list at all."""
NOTHING: Row = {"records": {"read": 0, "changed": 0}, "fields": {}, "codes": []}
SHOWN = 20


@dataclass(frozen=True)
class Update:
    """What an official list changes: the names of the edition in use and of the one to come, glyphs by what
    changes, and a report of each job. ``taken``: it is in use now."""

    list: str
    now: str
    to_come: str
    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[Row, ...]
    jobs: tuple[Row, ...] = ()
    taken: bool = False

    @property
    def same(self) -> bool:
        """Whether it says what the list in use says."""
        return not (self.added or self.gone or self.changed)

    @property
    def data(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "list": self.list,
            "now": self.now,
            "to_come": self.to_come,
            "added": list(self.added),
            "gone": list(self.gone),
            "changed": list(self.changed),
            "jobs": list(self.jobs),
            "taken": self.taken,
        }


@dataclass(frozen=True)
class _Coming:
    """An edition to come: its name, what it would make of glyphs or links, and the act that takes it."""

    list: str
    now: str
    to_come: str
    old: Mapping[str, Row]
    new: Mapping[str, Row]
    repertoire: Repertoire | None = None
    edition: Edition | None = None
    gj: GjRead | None = None
    source: Path = field(default_factory=Path)


def update_lists(
    file: str | Path,
    jobs: Sequence[str | Path] = (),
    *,
    town: Mapping[str, Job] | None = None,
    dry_run: bool = False,
    older: bool = False,
) -> Update:
    """Compare an official list as published with the one in use, say what changes for these jobs, and
    take it.

    ``file``: MJ文字情報一覧表 (XLSX, CSV), MJ縮退マップ (JSON), or a GJ font or list; a ZIP of one of
    them. ``town``: further jobs by their labels; one that cannot be read is told, and the others go on.
    ``dry_run``: take nothing. ``older``: take it even where its publisher's version is lower. A list that
    says what the one in use says is not taken again. RepertoireError for what is no such list or lacks
    glyphs that the list in use has, UsageError for an older one."""
    read = read_published(file)
    with tempfile.TemporaryDirectory(prefix="gaiji-lists-") as folder:
        coming = _coming(read, Path(folder))
        done = _compared(coming)
        _check(coming, done, read, older)
        reports = [_job(Path(path).name, load_job(path), coming, done) for path in jobs]
        reports += [_of_town(label, job, coming, done) for label, job in (town or {}).items()]
        taken = not (dry_run or done.same)
        if taken and coming.gj is not None:
            keep_gj(coming.gj)
        elif taken and coming.edition is not None:
            keep_edition(coming.edition, coming.source)
    return Update(
        done.list, done.now, done.to_come, done.added, done.gone, done.changed, tuple(reports), taken
    )


# -- the two editions -----------------------------------------------------------------------------------


def _coming(read: Published, folder: Path) -> _Coming:
    """The list in use and the one to come, of whichever kind it is."""
    if read.kind == SHRINK:
        current = current_edition(SHRINK)
        parts = {"list": read.data}
        made = write_edition(SHRINK, read.version, read.path, read.sha256, parts, folder)
        links = _links(current, made)
        return _Coming(KINDS[SHRINK], map_name(current), made.name, *links, edition=made, source=read.path)
    now = load_repertoire()
    if read.kind == GJ:
        return _coming_gj(read, now)
    parts = {"list": read.data, **tables_of(read.data)}
    made = write_edition(MJ, read.version, read.path, read.sha256, parts, folder)
    gj = current_gj()
    version = f"MJ {made.name}" + (f" + GJ {gj.release}" if gj else "")
    mj = GlyphList("mj", made.path(), read.data)
    after = repertoire_of(mj, load_list("gj", gj.path) if gj else None, version, made)
    mine = now.edition.name if now.edition else now.version.partition(" + ")[0].removeprefix("MJ ")
    glyphs = (_glyphs(now, "mj"), _glyphs(after, "mj"))
    return _Coming(KINDS[MJ], mine, made.name, *glyphs, repertoire=after, edition=made, source=read.path)


def _coming_gj(read: Published, now: Repertoire) -> _Coming:
    try:
        found = read_gj(read.path, read.data, read.sha256)
    except RepertoireError as error:
        if error.number not in NO_LIST:
            raise
        raise RepertoireError(
            fault("E0657", "is none of the official lists"),
            where=str(read.path),
            next=tr(
                "give MJ文字情報一覧表 (XLSX, CSV), MJ縮退マップ (JSON), or the GJ font or list, as published"
            ),
        ) from error
    release, current = found.sha256[:12], current_gj()
    mj = now.version.partition(" + ")[0]
    own = now.edition
    base = GlyphList("mj", own.path(), own.read()) if own else now.list_of("mj")
    after = repertoire_of(base, GlyphList("gj", read.path, found.data), f"{mj} + GJ {release}", own)
    glyphs = (_glyphs(now, "gj"), _glyphs(after, "gj"))
    return _Coming(
        "GJ", current.release if current else tr("none"), release, *glyphs, repertoire=after, gj=found
    )


def _glyphs(repertoire: Repertoire, which: str) -> dict[str, Row]:
    """Name → the columns of the list, as they stand in it."""
    try:
        data = repertoire.list_of(which).data
    except KeyError:
        return {}
    lines = data.decode("utf-8").splitlines()[1:]
    return {line.partition("\t")[0]: dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines}


def _links(current: Edition | None, coming: Edition) -> tuple[dict[str, Row], dict[str, Row]]:
    """Name → the links of two editions of the map, as one text; "" where one of them has none."""
    both = [
        {
            name: " ".join(f"{one.text}:{one.table}:{one.distance}" for one in links)
            for name, links in found.items()
        }
        for found in (shrink_links(current), shrink_links(coming))
    ]
    names = both[0].keys() | both[1].keys()
    old, new = ({name: {"links": each.get(name, "")} for name in names} for each in both)
    return old, new


def _compared(coming: _Coming) -> Update:
    old, new = coming.old, coming.new
    changed = []
    for name in sorted(old.keys() & new.keys()):
        columns = {
            key: [old[name][key], new[name][key]] for key in new[name] if old[name][key] != new[name][key]
        }
        if columns:
            changed.append({"glyph": name, "what": _what(columns), "columns": columns})
    return Update(
        coming.list,
        coming.now,
        coming.to_come,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        tuple(changed),
    )


def _what(columns: Iterable[str]) -> str:
    """The gravest that changes of a glyph: its text, its numbers, its links, its description."""
    found = set(columns)
    if found & TEXTS:
        return "text"
    if found & NUMBERS:
        return "numbers"
    return "links" if "links" in found else "description"


def _check(coming: _Coming, done: Update, read: Published, older: bool) -> None:
    """Refuse what must not be taken."""
    if read.kind == MJ and done.gone:
        raise RepertoireError(
            fault(
                "E0816",
                "lacks {count} glyphs that the list in use has, such as {name}",
                count=len(done.gone),
                name=done.gone[0],
            ),
            where=str(read.path),
            next=tr("get the file again: tables and decisions name these glyphs"),
        )
    now = coming.now.partition(" ")[0]
    if read.kind != GJ and _order(read.version) < _order(now) and not older:
        raise UsageError(
            fault("E0817", "is {version}, older than {now}, which is in use", version=read.version, now=now),
            where=str(read.path),
            next=tr("give --older to take it all the same"),
        )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


# -- what it touches of a job ---------------------------------------------------------------------------


def _of_town(label: str, job: Job, coming: _Coming, done: Update) -> Row:
    """What an edition changes for one file of a town; one that cannot be read is told, and the others go
    on."""
    try:
        return _job(label, job, coming, done)
    except GaijiError as error:
        empty: Row = {"output": {}, "site_rows": [], "decisions": [], "waiting": []}
        return {"job": label, **empty, "stops": str(error), **NOTHING}


def _job(label: str, job: Job, coming: _Coming, done: Update) -> Row:
    """What an edition changes for one job."""
    plan = Plan.of(job)
    touched = {one["glyph"]: one for one in done.changed} | {name: {"what": "gone"} for name in done.gone}
    report: Row = {
        "job": label,
        "output": _made_with(plan),
        "site_rows": list(_site_rows(plan, touched)),
        **_queue(plan, touched),
    }
    if coming.repertoire is not None:
        return report | _codes(plan, coming.repertoire) | {"job": label}
    return report | _shrunk(plan, coming, touched) | {"job": label}


def _made_with(plan: Plan) -> Row:
    """The output that is there, and the editions that its manifest names."""
    if not manifest_path(plan.output.path).exists():
        return {}
    told = read_manifest(plan.output.path)
    return {
        "path": plan.job.output["path"],
        "repertoire": told.get("repertoire", ""),
        "map": told.get("shrink", {}).get("map", ""),
    }


def _site_rows(plan: Plan, touched: Mapping[str, Row]) -> Iterator[Row]:
    """Rows of site tables, and of tables of decisions, that name a glyph whose text, numbers or links
    change."""
    for table in plan.charset.sites:
        for row in table.rows:
            names = [
                name
                for name in row.names
                if touched.get(name, {}).get("what", "description") != "description"
            ]
            if names:
                code = plan.charset.code(row.code, row.size)
                yield {
                    "table": Path(table.path).name,
                    "line": row.line,
                    "code": code,
                    "glyphs": names,
                    "what": touched[names[0]]["what"],
                }


def _queue(plan: Plan, touched: Mapping[str, Row]) -> Row:
    """Decisions of the job's queue that name such a glyph, and codes that wait with one as a candidate."""
    from gaiji.queue.decisions import Decisions
    from gaiji.queue.queue import open_queue

    where = plan.job.queue_where
    if isinstance(where, Path) and not where.exists():
        return {"decisions": [], "waiting": []}
    decided, waiting = [], []
    with closing(open_queue(where)) as queue:
        made, proposed = Decisions(queue).all(), queue.proposed()
        for found in queue.items():
            what = {"system": found.system, "code": found.code, "site": found.site}
            if found.id in made:
                glyph = made[found.id].glyph
                if touched.get(glyph, {}).get("what", "description") != "description":
                    decided.append(what | {"glyph": glyph, "what": touched[glyph]["what"]})
                continue
            names = {*found.candidates.split("|"), *proposed.get(found.id, ())} & touched.keys()
            if names:
                waiting.append(what | {"glyphs": sorted(names)})
    return {"decisions": decided, "waiting": waiting}


def _codes(plan: Plan, after: Repertoire) -> Row:
    """Codes that become another text, glyph or finding, and the records that hold them."""
    sites = [table.path for table in plan.charset.sites]
    try:
        new = load_charset(plan.charset.name, sites, options=plan.job.source["options"], repertoire=after)
        changed = changed_codes(plan.charset, new, form_of(plan.job))
    except TableError as error:
        return {"stops": str(error), **NOTHING}
    return counted(plan, changed, new)


def _shrunk(plan: Plan, coming: _Coming, touched: Mapping[str, Row]) -> Row:
    """Codes whose character on the other system becomes another, and the records that hold them."""
    wanted = plan.job.target["shrink"]
    changed: dict[tuple[int, int], Row] = {}
    if wanted:
        policy = load_policy(plan.job.file(wanted)) if wanted.endswith(".toml") else Policy(to=wanted)
        before, after = Shrinker(policy), Shrinker(policy, edition=coming.edition)
        for key, name in _sure(plan.charset):
            if name in touched:
                old, new = (_chosen(one, name) for one in (before, after))
                if old != new:
                    changed[key] = {"old": old, "new": new}
    return counted(plan, changed, plan.charset)


def _sure(charset: Charset) -> Iterator[tuple[tuple[int, int], str]]:
    """(size, code) and glyph of the codes that have one."""
    for key, entry in charset.entries.items():
        if entry.row.glyph and "|" not in entry.row.glyph:
            yield key, entry.row.glyph


def _chosen(shrinker: Shrinker, name: str) -> Row:
    choice = shrinker.glyph(name)
    reason = choice.reason.label if choice.reason is not None else ""
    return {"ucs": points(choice.text), "glyph": choice.evidence, "reason": reason}


# -- as lines -------------------------------------------------------------------------------------------


def lines(done: Update) -> Iterator[str]:
    """An update for people, without any name of theirs."""
    yield tr("{list}: {now} in use, {new} to come", list=done.list, now=done.now, new=done.to_come)
    counts = {
        what: sum(one["what"] == what for one in done.changed)
        for what in ("text", "numbers", "links", "description")
    }
    yield tr(
        "{added} new glyphs, {gone} gone; changed: {text} texts, {numbers} numbers, {links} links, "
        "{description} descriptions",
        added=len(done.added),
        gone=len(done.gone),
        **counts,
    )
    told = [one for one in done.changed if one["what"] != "description"]
    for one in told[:SHOWN]:
        parts = (f"{key} {old or '-'} -> {new or '-'}" for key, (old, new) in one["columns"].items())
        yield f"  {one['glyph']}: {'; '.join(parts)}"
    if len(told) > SHOWN:
        yield tr("  and {count} more (--json has all)", count=len(told) - SHOWN)
    for report in done.jobs:
        yield from _job_lines(report)


def _job_lines(report: Row) -> Iterator[str]:
    yield f"{report['job']}:"
    if report["output"]:
        made = ", ".join(filter(None, (report["output"]["repertoire"], report["output"]["map"])))
        yield tr("  the output {path} was made with {made}", path=report["output"]["path"], made=made)
    for one in report["site_rows"]:
        yield tr(
            "  site row {table}:{line} {code} names {glyphs} ({what})",
            table=one["table"],
            line=one["line"],
            code=one["code"],
            glyphs=", ".join(one["glyphs"]),
            what=one["what"],
        )
    for one in report["decisions"]:
        yield tr(
            "  decided {system} {code} is {glyph} ({what})",
            system=one["system"],
            code=one["code"],
            glyph=one["glyph"],
            what=one["what"],
        )
    if report["waiting"]:
        yield tr("  {count} codes that wait have a candidate that changes", count=len(report["waiting"]))
    if report.get("stops"):
        yield tr("  it will not run before this is mended: {stops}", stops=report["stops"])
        return
    met = [one for one in report["codes"] if one["occurrences"]]
    for one in met[:SHOWN]:
        yield f"  {one['code']:8} {one['occurrences']:>10}  {meaning(one['old'])} -> {meaning(one['new'])}"
    if len(met) > SHOWN:
        yield tr("  and {count} more (--json has all)", count=len(met) - SHOWN)
    yield tr(
        "  {count} codes differ, {met} of them in the input; {changed} of {read} records would change",
        count=len(report["codes"]),
        met=len(met),
        changed=report["records"]["changed"],
        read=report["records"]["read"],
    )


def meaning(row: Row | None) -> str:
    """A code's value in short."""
    return " ".join(str(row[key]) for key in ("glyph", "ucs", "reason") if row.get(key)) if row else "(none)"
