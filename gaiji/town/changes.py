"""What each system's owner has to change: the settled contradictions that still stand in its data.

Owns the lists and their columns. Nothing of an output is changed by them: an output is what its dump says,
and ``verify`` proves that; what is wrong in a register is corrected there, by whoever answers for it, and
comes with the next dump. What was decided is ``contradictions``'.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors.messages import mark, tr
from gaiji.output.cells import kept_cell
from gaiji.output.lines import BOM
from gaiji.standard.characters import bare, coded
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.contradictions import Contradiction, Contradictions, Settled
from gaiji.town.people import People, Writing, can_write, glyph_of
from gaiji.town.places import places_of
from gaiji.town.project import Town, check_name

HEADS = (
    mark("管理番号"),
    mark("ファイル"),
    mark("このシステムの番号"),
    mark("いまの氏名"),
    mark("何文字目"),
    mark("いまの文字"),
    mark("正しい文字"),
    mark("正しい文字図形名"),
    mark("直した氏名"),
    mark("根拠"),
    mark("判定者"),
    mark("判定日時"),
    mark("備考"),
)
NO_CODE = mark("このシステムの文字コードにない文字：外字の登録が必要")
WAITS = mark("いまの文字は外字（未同定）：同じ字形かどうかを先に確認")


@dataclass(frozen=True, slots=True)
class Change:
    """One person's name in one file that is not what was settled. ``number``: of the person in that system;
    ``now``: what stands there; ``code``: it is a code that nobody knows yet; ``writable``: whether the file's
    code has the right character."""

    id: str
    label: str
    number: str
    name: str
    position: int
    now: str
    settled: Settled
    code: bool
    writable: bool

    @property
    def system(self) -> str:
        """Whose it is to change."""
        return self.label.partition("/")[0]


def changes_of(people: People, found: Contradictions) -> list[Change]:
    """What is to be changed, in the order of the people and files."""
    settled = [one for one in found.found if one.settled is not None]
    at = {writing.file.label: number for number, writing in enumerate(people.writings)}
    wanted = pl.Series([one.person for one in settled], dtype=pl.String)
    frame = people.frame.filter(pl.col("person").is_in(wanted.implode()))
    numbers = people.identity.numbers.filter(pl.col("person").is_in(wanted.implode()))
    names: dict[tuple[str, int], list[str]] = {}
    for person, name, file in frame.select("person", "name", "file").iter_rows():
        names.setdefault((person, file), []).append(name)
    known: dict[tuple[str, int], list[str]] = {}
    for person, file, number in numbers.iter_rows():
        known.setdefault((person, file), []).append(number)
    out = []
    for one in settled:
        for label in sorted(one.written):
            key = one.person, at[label]
            for name in names.get(key, []):
                change = _change(one, label, " ".join(known.get(key, [])), name, people.writings[at[label]])
                out += [change] if change is not None else []
    return out


def _change(one: Contradiction, label: str, number: str, name: str, writing: Writing) -> Change | None:
    """None where the name has the right character there, as far as its code can say it."""
    assert one.settled is not None
    units = coded(name)
    now = units[one.position - 1] if 0 < one.position <= len(units) else name
    right = load_repertoire().get(one.settled.right)
    by_code = right is not None and bare(now) == bare(right.text) and _printed(writing, now)
    if glyph_of(now) == one.settled.right or by_code:
        return None
    writable = can_write(writing, right.text if right else one.settled.right)
    return Change(one.id, label, number, name, one.position, now, one.settled, now[0] == "{", writable)


def _printed(writing: Writing, unit: str) -> bool:
    """Whether a character stands as the code of its standard is printed, which has no other form of it."""
    return glyph_of(unit) == writing.printed.get(bare(unit))


def write_changes(town: Town, changes: Sequence[Change], folder: str | Path) -> dict[str, int]:
    """Write a list (.csv) for each system that has anything to change into a folder; system → rows. A list
    of a system that has nothing any more is written empty. UsageError for what the town reads or has made."""
    folder = Path(folder)
    rows: dict[str, list[list[str]]] = {
        name: [] for name in town.systems if (folder / f"{name}.csv").exists()
    }
    for change in changes:
        rows.setdefault(change.system, []).append(_cells(change))
    paths = {name: folder / f"{check_name(name, 'system.name', town.path)}.csv" for name in rows}
    keep_apart([Place("list of changes", path) for path in paths.values()], places_of(town))
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in rows.items():
        write_whole(paths[name], _csv(some), own=True)
    return {name: len(some) for name, some in rows.items()}


def by_system(changes: Sequence[Change]) -> Mapping[str, int]:
    """System → how many names are to be changed there."""
    out: dict[str, int] = {}
    for change in changes:
        out[change.system] = out.get(change.system, 0) + 1
    return out


def _cells(change: Change) -> list[str]:
    right = load_repertoire().get(change.settled.right)
    text = right.text if right is not None else ""
    units = coded(change.name)
    made = ""
    if change.position and text:
        made = "".join([*units[: change.position - 1], text, *units[change.position :]])
    notes = [tr(WAITS)] if change.code else []
    notes += [tr(NO_CODE)] if not change.writable else []
    settled = change.settled
    return [
        change.id,
        change.label,
        change.number,
        change.name,
        str(change.position) if change.position else "",
        " ".join(filter(None, (change.now, glyph_of(change.now)))),
        text,
        settled.right,
        made,
        settled.evidence,
        settled.decided_by,
        settled.decided_at,
        "　".join(notes),
    ]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([tr(name) for name in HEADS])
    writer.writerows([kept_cell(cell) for cell in row] for row in rows)
    return BOM + text.getvalue().encode()
