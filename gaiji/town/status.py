"""How far a town is: figures of each system, and what to do next; as data and as a page.

Owns the figures. How far one file is, is ``gaiji.town.standing``'s; what waits for a person is the queue's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors.messages import mark, tr
from gaiji.proof.page import STYLE, table
from gaiji.queue.found import UNSETTLED
from gaiji.run.manifest import Manifest
from gaiji.run.sources import source_of
from gaiji.town.places import places_of
from gaiji.town.project import Town, TownFile
from gaiji.town.queued import queue_of
from gaiji.town.running import TownRun
from gaiji.town.standing import WHY, Standing, seen
from gaiji.town.work import Done

STATES = {
    "new": mark("未変換"),
    "stale": mark("変換し直しが必要"),
    "converted": mark("変換済み"),
    "failed": mark("失敗"),
}
PROOFS = {
    "none": mark("未検証"),
    "stale": mark("検証し直しが必要"),
    "holds": mark("一致"),
    "fails": mark("不一致"),
}
PROOF_WORDS = {
    "none": mark("not proved"),
    "stale": mark("not proved"),
    "holds": mark("the proof holds"),
    "fails": mark("THE PROOF DOES NOT HOLD"),
}
WORDS = {
    "new": mark("not converted yet"),
    "stale": mark("made of what is another now"),
    "converted": mark("not proved yet"),
    "failed": mark("failed"),
}
"""The states of a file for a terminal; of those converted only what has no proof is shown."""
SYSTEM_HEADS = {
    "name": mark("システム"),
    "maker": mark("メーカー"),
    "files": mark("ファイル"),
    "converted": mark("変換済み"),
    "verified": mark("検証一致"),
    "stale": mark("要再変換"),
    "failed": mark("失敗"),
    "records": mark("レコード"),
    "characters": mark("文字"),
    "codes": mark("外字など"),
    "decided": mark("確定"),
    "waiting": mark("残り"),
    "entries": mark("残りを含むレコード（のべ）"),
}
FILE_HEAD = (mark("ファイル"), mark("状態"), mark("理由"), mark("検証"), mark("レコード"))


@dataclass
class SystemStatus:
    """One system: files by how far they are, records and characters as their manifests count them, codes of
    the queue that occur in it. ``entries``: records that hold a code which waits, counted for each code."""

    name: str
    maker: str
    files: int = 0
    converted: int = 0
    stale: int = 0
    failed: int = 0
    verified: int = 0
    records: int = 0
    characters: int = 0
    quarantined: int = 0
    codes: int = 0
    waiting: int = 0
    decided: int = 0
    entries: int = 0


@dataclass
class FileStatus:
    """One file: how far it is and why, as ``standing`` and ``proof`` name it; ``error``: why it failed;
    ``flagged``: units that its manifest flags, by reason; ``waits``: whether ``gaiji convert`` would end with
    code 3."""

    label: str
    state: str
    why: list[str] = field(default_factory=list)
    proof: str = "none"
    records: int = 0
    error: str = ""
    flagged: dict[str, int] = field(default_factory=dict)
    waits: bool = False


@dataclass
class Status:
    """A town's status. ``unapplied``: tables of decisions that do not say what the queue says now. ``left``:
    what earlier runs made of files that the project file has no more. ``next``: what to do, in order."""

    town: str
    systems: list[SystemStatus]
    files: list[FileStatus]
    codes: int = 0
    waiting: int = 0
    decided: int = 0
    unapplied: int = 0
    left: list[str] = field(default_factory=list)
    next: list[str] = field(default_factory=list)

    def json(self) -> str:
        """The same for programs."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @property
    def exit_code(self) -> int:
        """0: all is converted and proved, and nothing waits; 3: something waits; 1: something failed."""
        if any(one.failed for one in self.systems) or any(one.proof == "fails" for one in self.files):
            return 1
        done = all(one.state == "converted" and one.proof == "holds" for one in self.files)
        waits = self.waiting or self.unapplied or any(one.waits for one in self.files)
        return 0 if done and not waits else 3


def status_of(run: TownRun) -> Status:
    """The figures of a town as a run (or a look without one) left it."""
    town, now = run.town, run.now
    errors = {one.label: one.error for one in run.failed}
    systems = {name: SystemStatus(name, maker) for name, maker in town.systems.items()}
    files = []
    for file in town.files:
        standing = now.get(file.label, Standing("failed"))
        files.append(_file(file, standing, errors.get(file.label, "")))
        _count(systems[file.system], standing)
    status = Status(town.name, list(systems.values()), files)
    queued = queue_of(town)
    if queued is not None:
        status.unapplied = queued.unapplied
        _ask_queue(town, systems, status)
    status.left = _left(town)
    status.next = list(_next(town, status))
    return status


def _left(town: Town) -> list[str]:
    """Labels of job files that no file of the project has any more; their outputs lie there still."""
    ours = {file.label for file in town.files}
    jobs = sorted((town.folder / "jobs").rglob("*.toml")) if not town.part else []
    labels = [f"{path.parent.name}/{path.stem}" for path in jobs]
    return [label for label in labels if label not in ours]


def _file(file: TownFile, standing: Standing, error: str) -> FileStatus:
    made = FileStatus(file.label, standing.state, list(standing.why), standing.proof, error=error)
    if standing.manifest:
        made.records = int(standing.manifest["records"]["written"])
        made.flagged = {reason: told["units"] for reason, told in standing.manifest["flagged"].items()}
        made.waits = Manifest(dict(standing.manifest)).exit_code != 0
    return made


def _count(system: SystemStatus, standing: Standing) -> None:
    """One file more of a system."""
    system.files += 1
    system.converted += standing.state == "converted"
    system.stale += standing.state == "stale"
    system.failed += standing.state == "failed"
    system.verified += standing.state == "converted" and standing.proof == "holds"
    if standing.manifest:
        system.records += standing.manifest["records"]["written"]
        system.quarantined += standing.manifest["records"]["quarantined"]
        fields = standing.manifest["fields"].values()
        system.characters += sum(f["units"] for f in fields if f["role"] in ("name", "kana", "address"))


def _ask_queue(town: Town, systems: Mapping[str, SystemStatus], status: Status) -> None:
    """What the queue says of each system, by the sources of its files."""
    import sqlalchemy as sa

    from gaiji.queue.queue import open_queue
    from gaiji.queue.schema import item, usage

    queue = open_queue(town.queue)
    try:
        system_of = {queue.near(source_of(file.job)).id: file.system for file in town.files}
        query = (
            sa.select(usage.c.source, item.c.id, item.c.state, sa.func.sum(usage.c.records))
            .join(item, item.c.id == usage.c.item_id)
            .group_by(usage.c.source, item.c.id, item.c.state)
        )
        with queue.reading() as connection:
            rows = [row for row in connection.execute(query).all() if row[0] in system_of]
    finally:
        queue.close()
    by_system: dict[str, dict[int, str]] = {name: {} for name in systems}
    for source, number, state, records in rows:
        name = system_of[source]
        by_system[name][number] = state
        systems[name].entries += int(records) if state in UNSETTLED else 0
    for name, states in by_system.items():
        systems[name].codes = len(states)
        systems[name].waiting = sum(state in UNSETTLED for state in states.values())
        systems[name].decided = sum(state == "confirmed" for state in states.values())
    every = {number: state for states in by_system.values() for number, state in states.items()}
    status.codes = len(every)
    status.waiting = sum(state in UNSETTLED for state in every.values())
    status.decided = sum(state == "confirmed" for state in every.values())


def _next(town: Town, status: Status) -> list[str]:
    """What is to be done, in order."""
    out = []
    wrong = [one.label for one in status.files if one.proof == "fails"]
    if wrong:
        out.append(tr("look at the proof of {label}: it does not hold", label=", ".join(wrong[:5])))
    if any(one.failed for one in status.systems):
        out.append(tr("mend what the failed files say"))
    behind = [one for one in status.files if one.state in ("new", "stale") or one.proof in ("none", "stale")]
    if any(one.state != "failed" for one in behind) or status.unapplied:
        out.append(tr("gaiji run {town}", town=town.path))
    if status.waiting:
        out.append(
            tr(
                "gaiji review serve --town {town}: {waiting} codes wait",
                town=town.path,
                waiting=status.waiting,
            )
        )
    from gaiji.town.hearing import last

    heard = last(town)
    if heard is not None and heard.asked and town.identity.get("match"):
        out.append(
            tr(
                "gaiji identity {town}: {asked} records may be of more than one person",
                town=town.path,
                asked=heard.asked,
            )
        )
    flagged = [one.label for one in status.files if one.waits and one.state == "converted"]
    if flagged and not status.waiting:
        labels = ", ".join(flagged[:5]) + (" …" if len(flagged) > 5 else "")
        out.append(
            tr(
                "look at what is flagged or set aside in {labels}: manifests and proofs say where",
                labels=labels,
            )
        )
    if status.left:
        labels = ", ".join(status.left[:5]) + (" …" if len(status.left) > 5 else "")
        out.append(
            tr(
                "what earlier runs made of {labels} lies there still: the project file has no such file",
                labels=labels,
            )
        )
    if not out:
        out.append(tr("nothing: all is converted, decided and proved"))
    return out


# -- files and the page --------------------------------------------------------------------------------


def write_json(town: Town, status: Status, path: Path) -> None:
    """The figures as a file; UsageError where the town reads or has made that."""
    keep_apart([Place("status", path)], places_of(town))
    write_whole(path, status.json().encode(), own=True)


def write_page(town: Town, status: Status, path: Path) -> None:
    """The page as a file: it loads nothing and holds no names; UsageError where the town reads or has made
    that."""
    keep_apart([Place("status", path)], places_of(town))
    write_whole(path, page(status).encode(), own=True)


def glance(town: Town) -> Status:
    """The status by manifests, proofs and queue alone: no input is read, and nothing is found stale."""
    return status_of(TownRun(town, tuple(Done(file.label, seen(file.job)) for file in town.files)))


def on_screen(status: Status) -> dict[str, Any]:
    """What stands on the page, in Japanese: ``title``, ``steps``, and ``tables`` of (heading, heads,
    rows)."""
    systems = [[getattr(one, column) for column in SYSTEM_HEADS] for one in status.systems]
    files = []
    for one in status.files:
        why = "、".join(tr(WHY[name]) for name in one.why) + one.error
        files.append([one.label, tr(STATES[one.state]), why, tr(PROOFS[one.proof]), one.records])
    return {
        "title": tr("{town}　移行の進み具合", town=status.town),
        "steps": [
            tr(
                "外字などのコード {codes:,}、確定 {decided:,}、残り {waiting:,}",
                codes=status.codes,
                decided=status.decided,
                waiting=status.waiting,
            ),
            *status.next,
        ],
        "tables": [
            (tr("システム"), [tr(name) for name in SYSTEM_HEADS.values()], systems),
            (tr("ファイル"), [tr(name) for name in FILE_HEAD], files),
        ],
    }


def page(status: Status) -> str:
    """The page as a file."""
    shown = on_screen(status)
    steps = "".join(f"<li>{escape(line)}</li>" for line in shown["steps"])
    tables = "".join(f"<h2>{escape(name)}</h2>{table(heads, rows)}" for name, heads, rows in shown["tables"])
    return (
        f"<!doctype html><html lang=ja><meta charset=utf-8><title>{escape(shown['title'])}</title>"
        f"<style>{STYLE}</style><body><h1>{escape(shown['title'])}</h1><h2>{tr('次にすること')}</h2>"
        f"<ol>{steps}</ol>{tables}</body></html>\n"
    )


def lines(status: Status) -> Sequence[str]:
    """The status for a terminal: a line for each system, then what to do."""
    out = [_line(one) for one in status.systems]
    behind = [one for one in status.files if one.state != "converted" or one.proof != "holds"]
    for one in behind[:20]:
        why = ", ".join(tr(WHY[name]) for name in one.why)
        out.append(f"  {one.label}: {one.error or tr(WORDS[one.state])}" + (f" ({why})" if why else ""))
    if len(behind) > 20:
        out.append(tr("  and {count} more files", count=len(behind) - 20))
    return [*out, *(tr("next: {what}", what=what) for what in status.next)]


def _line(one: SystemStatus) -> str:
    told: dict[str, Any] = asdict(one)
    line = tr(
        "{name}: {converted} of {files} files converted, {verified} proved; {records:,} records, "
        "{characters:,} characters; {decided} of {codes} codes decided, {waiting} wait in {entries:,} "
        "entries",
        **told,
    )
    extra = [tr("{stale} stale", **told)] if one.stale else []
    extra += [tr("{failed} failed", **told)] if one.failed else []
    extra += [tr("{quarantined} records set aside", **told)] if one.quarantined else []
    return line + ("; " + ", ".join(extra) if extra else "")
