"""Rehearsals: what a run of a town made is kept, and a later run is compared with it.

Owns what is kept (``gaiji run --keep``), and what came out differently for whom and why (``gaiji compare``).
A migration runs several times before it counts: what changed between two runs must be what somebody wanted.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.codes.spec import code_system
from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.output.cells import safe_cell
from gaiji.output.tabular import read_table, table_bytes
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, read_manifest, verify_paths
from gaiji.standard.characters import coded
from gaiji.standard.repertoire import Repertoire, load_repertoire
from gaiji.town.project import Town, check_name
from gaiji.town.standing import digest_of

KEPT = "kept"
"""The folder, in the town's, of runs that were kept."""
DECISION, TABLE, EDITION, VERSION = "decision", "table", "edition", "version"
JOB, INPUT, UNKNOWN = "job", "input", "unknown"
NOTE = "run.json"
"""The file, in a run's folder, that says what the run made."""
CAUSES = {
    INPUT: mark("the input"),
    DECISION: mark("a decision"),
    TABLE: mark("a site table"),
    EDITION: mark("another edition of a table or list"),
    VERSION: mark("another version of gaiji"),
    JOB: mark("the job or its layout"),
    UNKNOWN: mark("nothing that the runs noted"),
}
GETA = "〓"
COLUMNS = ("file", "key", "field", "position", "old", "new", "why")
MOST = 1_000_000
"""Differences that are kept one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that came out differently: whose it is, the first place that differs (from 1), both texts."""

    file: str
    key: str
    field: str
    position: int
    old: str
    new: str
    why: str


@dataclass
class FileComparison:
    """One output of two runs: records in both, in one only, cells that differ by cause, fields of one run
    only."""

    label: str
    both: int = 0
    same: int = 0
    gone: int = 0
    added: int = 0
    people: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    missing: str = ""
    by_number: bool = False


@dataclass
class Comparison:
    """Two runs of a town beside each other."""

    files: list[FileComparison]
    differences: list[Difference]

    @property
    def differs(self) -> bool:
        """Whether anything is another."""
        return any(one.causes or one.gone or one.added or one.missing for one in self.files)


# -- what a run made -------------------------------------------------------------------------------------


def note_run(town: Town) -> None:
    """Note in the town's folder what the last run over the whole town made: what ``compare`` reads."""
    _write_note(town.folder, list(_made(town)))


def _made(town: Town) -> Iterator[dict[str, Any]]:
    """For each file: its manifest, its outputs with the column that tells their records, and the tables that
    people changed; paths as they are."""
    for file in town.files:
        job, named = file.here, file.job.named_path
        manifest = read_manifest(named)
        told = dict(manifest).get("outputs") or [manifest["output"]]
        outputs = []
        for one in told:
            path = file.path.parent / one["path"]
            label = file.label + (f"/{path.name}" if len(told) > 1 else "")
            outputs.append(
                {"label": label, "path": str(path), "sha256": one["sha256"], "key": _key(job, path)}
            )
        decided = job.decisions_path(code_system(job.source["charset"]))
        yield {
            "label": file.label,
            "manifest": str(manifest_path(named)),
            "outputs": outputs,
            "tables": [job.file(name) for name in job.source["tables"]],
            "decisions": [str(decided)] if decided.exists() else [],
        }


def _key(job: Job, output: Path) -> str:
    """The column that tells the records of an output: the job's key, under the name that its columns give
    it; "" where no column has it as it is."""
    rule = next((rule for rule in job.records if Path(rule.output).name == output.name), None)
    columns = (rule.columns if rule is not None else ()) or job.columns
    if not columns:
        return str(job.review["key"])
    plain = (one for one in columns if one.fields == (job.review["key"],))
    return next((one.name for one in plain if not (one.part or one.date or one.codes)), "")


def _write_note(folder: Path, files: list[dict[str, Any]]) -> None:
    """The note of a run, its paths as they are seen from its folder."""

    def seen(path: str) -> str:
        return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(folder))).as_posix()

    told = []
    for one in files:
        outputs = [{**output, "path": seen(output["path"])} for output in one["outputs"]]
        paths = {name: [seen(path) for path in one[name]] for name in ("tables", "decisions")}
        told.append({**one, **paths, "manifest": seen(one["manifest"]), "outputs": outputs})
    data = json.dumps({"files": told}, ensure_ascii=False, indent=2) + "\n"
    write_whole(folder / NOTE, data.encode(), own=True)


def check_keep(town: Town, name: str) -> None:
    """UsageError for a name that no folder can have, or under which a run is kept already."""
    check_name(name, "--keep", town.path)
    if (town.folder / KEPT / name).exists():
        raise UsageError(
            fault("E0772", "is kept already"), where=name, next=tr("give another name, or remove that folder")
        )


def keep(town: Town, name: str) -> Path:
    """Keep a copy of what a run made: outputs, manifests, proofs, job files, tables, the book."""
    check_keep(town, name)
    target = town.folder / KEPT / name
    part = target.with_name(f".{name}.part")
    shutil.rmtree(part, ignore_errors=True)
    files = []
    for file, one in zip(town.files, _made(town), strict=True):
        folder = part / file.system / file.name
        also = [file.path, *(path for path in verify_paths(file.job.named_path) if path.exists())]
        for path in also:
            _copy(path, folder)
        outputs = [{**output, "path": str(_copy(Path(output["path"]), folder))} for output in one["outputs"]]
        tables = {
            name: [str(_copy(Path(path), folder / "tables")) for path in one[name]]
            for name in ("tables", "decisions")
        }
        manifest = str(_copy(Path(one["manifest"]), folder))
        files.append({**one, **tables, "manifest": manifest, "outputs": outputs})
    for path in town.folder.glob("book.*"):
        _copy(path, part)
    _write_note(part, files)
    part.rename(target)
    return target


def _copy(path: Path, folder: Path) -> Path:
    """A copy of a file in a folder, under a name that nothing has there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (folder / (f"{number}-{path.name}" if number else path.name) for number in count())
    to = next(name for name in names if not name.exists())
    shutil.copy2(path, to)
    return to


# -- comparing -----------------------------------------------------------------------------------------


def compare(old: str | Path, new: str | Path, *, delta: bool = False) -> Comparison:
    """Compare two runs: folders of a town (``migration``, or one that was kept). ``delta``: the new run's
    inputs hold changed records only, so that records which it has not are no difference. GaijiError where
    a folder holds no run."""
    first, second = _run_of(Path(old)), _run_of(Path(new))
    files: list[FileComparison] = []
    found: list[Difference] = []
    for label in sorted(first.keys() | second.keys()):
        if label not in first or label not in second:
            missing = tr("in the old run only") if label in first else tr("in the new run only")
            files.append(FileComparison(label, missing=missing))
            continue
        try:
            made, differences = _compare(label, first[label], second[label], delta)
        except GaijiError as error:  # one output that cannot be read hides no other
            files.append(FileComparison(label, missing=tr("not compared: {error}", error=error)))
            continue
        files.append(made)
        found += differences[: max(MOST - len(found), 0)]
    return Comparison(files, found)


@dataclass(frozen=True, slots=True)
class _Output:
    """One output of a run: where it is, its manifest, the field that tells its records ("": their number),
    and what each table of decisions and of the site says (code → glyph or text)."""

    path: Path
    sha256: str
    manifest: Mapping[str, Any]
    key: str
    decisions: Mapping[str, str]
    tables: Mapping[str, str]


def _run_of(folder: Path) -> dict[str, _Output]:
    """The outputs of a run by label."""
    try:
        files = json.loads((folder / NOTE).read_bytes())["files"]
        repertoire = load_repertoire()
        out = {}
        for file in files:
            decisions, tables = (
                _rows([folder / path for path in file[name]], repertoire) for name in ("decisions", "tables")
            )
            manifest = json.loads((folder / file["manifest"]).read_bytes())
            for one in file["outputs"]:
                path = folder / one["path"]
                out[one["label"]] = _Output(path, one["sha256"], manifest, one["key"], decisions, tables)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GaijiError(
            fault("E0773", "holds no run of a town"),
            where=str(folder),
            next=tr(
                "give the town's folder (migration) after a run over the whole town, or one that was kept"
            ),
        ) from error
    return out


def _rows(paths: Sequence[Path], repertoire: Repertoire) -> dict[str, str]:
    """What site tables say: file and code → the text as outputs have it."""
    out = {}
    for number, path in enumerate(paths):
        for row in csv.DictReader(StringIO(path.read_text("utf-8-sig")), delimiter="\t"):
            glyph, points = row.get("glyph") or "", (row.get("ucs") or "").split()
            text = repertoire[glyph].text if glyph in repertoire else ""
            out[f"{number} {row.get('code')}"] = text or "".join(chr(int(one, 16)) for one in points)
    return out


def _compare(label: str, old: _Output, new: _Output, delta: bool) -> tuple[FileComparison, list[Difference]]:
    for one in (old, new):
        if digest_of(one.path) != one.sha256:
            raise GaijiError(fault("E0776", "is not what the run wrote, or gone"), where=str(one.path))
    first, second = _table(old), _table(new)
    columns = [name for name in first.columns if name in second.columns and name not in (KEY, AT)]
    told = FileComparison(
        label,
        only_old=tuple(name for name in first.columns if name not in second.columns),
        only_new=tuple(name for name in second.columns if name not in first.columns),
    )
    joined = first.join(second, on=[KEY, AT], how="inner", suffix=NEW)
    told.by_number = old.key not in first.columns or new.key not in second.columns
    told.both = joined.height
    told.gone = 0 if delta else first.join(second, on=[KEY, AT], how="anti").height
    told.added = second.join(first, on=[KEY, AT], how="anti").height
    unlike = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name + NEW)) for name in columns)
    differing = joined.filter(unlike) if columns else joined.clear()
    told.same, told.people = joined.height - differing.height, differing[KEY].n_unique()
    why = _Why(old, new)
    found = []
    for name in columns:
        some = differing.filter(pl.col(name).ne_missing(pl.col(name + NEW)))
        for key, before, after in some.select(KEY, name, name + NEW).iter_rows():
            at, cause = why.of(before or "", after or "")
            told.causes[cause] += 1
            told.fields[name] += 1
            found.append(Difference(label, key, name, at, before or "", after or "", cause))
    return told, found


KEY, AT, NEW = "\0key", "\0at", "\0new"


def _table(output: _Output) -> pl.DataFrame:
    """An output with the key of each record and, where a key stands several times, which of them it is; its
    number where no column has the key."""
    frame = read_table(output.path)
    key = pl.col(output.key).fill_null("") if output.key in frame.columns else pl.int_range(1, pl.len() + 1)
    frame = frame.with_columns(key.cast(pl.String).alias(KEY))
    return frame.with_columns(pl.int_range(pl.len()).over(KEY).alias(AT))


class _Why:
    """Why cells of one output differ between two runs.

    A character that a changed row explains (what the row said before, what it says now) is that row's; so is
    a 〓 for which a row came. What no row explains is the input's where that is another, else what else
    changed.
    """

    def __init__(self, old: _Output, new: _Output) -> None:
        self.by_decision = _changes(old.decisions, new.decisions)
        self.by_table = _changes(old.tables, new.tables)
        then, now = dict(old.manifest), dict(new.manifest)
        self.input = then["input"]["sha256"] != now["input"]["sha256"]
        before, after = then.get("identity", {}), now.get("identity", {})
        changed = {name for name in after if before.get(name) != after[name]}
        vendor = _vendor(then) != _vendor(now)
        self.other = VERSION if "version of gaiji" in changed else UNKNOWN
        if "repertoire" in changed or vendor:
            self.other = EDITION
        elif changed & {"job", "layout"}:
            self.other = JOB
        elif _corrections(then) != _corrections(now):
            self.other = DECISION
        elif "table" in changed and self.other == UNKNOWN:
            self.other = TABLE

    def of(self, before: str, after: str) -> tuple[int, str]:
        """(the first place that differs, from 1; the cause)."""
        one, other = coded(before), coded(after)
        places = [at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
        first = (places[0] if places else min(len(one), len(other))) + 1
        if places and len(one) == len(other):
            pairs = {(one[at], other[at]) for at in places}
            for changes, cause in ((self.by_decision, DECISION), (self.by_table, TABLE)):
                if all(_explains(changes, pair) for pair in pairs):
                    return first, cause
        return first, INPUT if self.input else self.other


def _explains(changes: Mapping[str, set[str]], pair: tuple[str, str]) -> bool:
    before, after = pair
    unknown = before == GETA or before[:1] == "{"
    return after in changes.get("" if unknown else before, ())


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, set[str]]:
    """What a character was → what it is now, by rows that are new, gone or other; "" for none."""
    repertoire = load_repertoire()

    def shown(text: str) -> set[str]:
        """A row's text, and the plain character where that means the same glyph."""
        found = repertoire.by_text(text) if text else ()
        plain = {found[0].base} if found and found[0].default else set()
        return {text} | plain

    out: dict[str, set[str]] = defaultdict(set)
    for code in old.keys() | new.keys():
        before, after = old.get(code, ""), new.get(code, "")
        if before != after:
            for one in shown(before):
                out[one] |= shown(after) | ({GETA} if not after else set())
    return dict(out)


def _vendor(manifest: Mapping[str, Any]) -> list[str]:
    """The digests of the tables that gaiji brings: not those of a job's form, columns and corrections."""
    theirs = ("form/", "columns/", "corrections/")
    ids = ((one["id"], one["sha256"]) for one in manifest["tables"])
    return sorted(sha256 for id, sha256 in ids if "/" in id and not id.startswith(theirs))


def _corrections(manifest: Mapping[str, Any]) -> list[str]:
    return [one["sha256"] for one in manifest["tables"] if one["id"].startswith("corrections/")]


# -- telling -------------------------------------------------------------------------------------------


def write_differences(found: Comparison, path: str | Path, runs: Sequence[str | Path]) -> int:
    """Write every cell that differs as .csv or .tsv: personal data. UsageError for another suffix, and for
    a file of the ``runs`` that were compared."""
    path = Path(path)
    keep_apart([Place("differences", path)], [place for run in runs for place in _places(Path(run))])
    rows = [[safe_cell(str(getattr(one, name))) for name in COLUMNS] for one in found.differences]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    write_whole(path, table_bytes(frame, path), own=True)
    return len(rows)


def _places(run: Path) -> Iterator[Place]:
    """The files of a run, and of the town in whose folder it is: nothing is written over them."""
    yield Place("note of a run", run / NOTE)
    for file in json.loads((run / NOTE).read_bytes())["files"]:
        names = [
            file["manifest"],
            *file["tables"],
            *file["decisions"],
            *(one["path"] for one in file["outputs"]),
        ]
        yield from (Place("file of a run", run / name) for name in names)
    yield from (Place("file of a run", path) for path in run.rglob("*") if path.is_file())


def as_json(found: Comparison) -> str:
    """The counts for programs; no texts."""
    files = [
        {
            "file": one.label,
            "records": {"both": one.both, "same": one.same, "gone": one.gone, "added": one.added},
            "people": one.people,
            "causes": dict(one.causes),
            "fields": dict(one.fields),
            "only_old": list(one.only_old),
            "only_new": list(one.only_new),
            "missing": one.missing,
            "by_number": one.by_number,
        }
        for one in found.files
    ]
    return json.dumps({"files": files}, ensure_ascii=False, indent=2) + "\n"
