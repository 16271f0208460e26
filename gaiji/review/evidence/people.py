"""The people whose records hold a code, for a look into their 戸籍: read from the dump again, kept nowhere.

Owns one more reading of a job's input and what it tells of each record: key, フリガナ, 生年月日, 住所, 世帯,
as far as the job's context allows. How it is shown is the screen's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gaiji.errors import GaijiError, QueueError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.layout.roles import normalise
from gaiji.model import Column, Field, Reason
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.records.batch import Batch
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan
from gaiji.run.stages import Decoded, decode
from gaiji.standard.characters import coded
from gaiji.standard.individual import hidden

_BIRTH = re.compile("生年月日|誕生日|BIRTH|SEINEN|TANJO")
LONGEST = 200
"""Characters of a cell that a list shows."""


@dataclass(frozen=True)
class Person:
    """One record with the code. ``key``: of the job's key field, else its number in the input; ``fields``:
    where the code stands; ``text``: the first of them with the code in 【】; ``source``: the id of the
    queue's source. What the context keeps back is ""."""

    record: int
    key: str
    fields: tuple[str, ...]
    text: str = ""
    kana: str = ""
    birth: str = ""
    address: str = ""
    household: str = ""
    source: str = ""


def people_of(
    job: Job | str | Path, system: str, code: str, *, overrides: Mapping[str, Any] | None = None
) -> list[Person]:
    """Everybody whose record in a job's input holds a code that waits, by フリガナ, then 生年月日 and key.

    ``[review] context`` of the job: with ``glyph-only`` nothing but key, field and the character, with
    ``none`` key and field. JobError and others for a job that cannot be read.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    plan = Plan.of(job, reuse=False)
    found = [
        person
        for part in plan.each
        for batch in part.read()
        for person in _in_batch(part, batch, system, code.upper())
    ]
    return sorted(found, key=_order)


def _order(one: Person) -> tuple[bool, str, str, str, int]:
    return one.kana == "", one.kana, one.birth, one.key, one.record


def people_in(
    queue: Queue, item: Item, seen: Collection[str] | None = None
) -> tuple[list[Person], tuple[str, ...]]:
    """Everybody in the inputs of a queue whose record holds an item's code, and the jobs that could not be
    read, with why. ``seen``: only of these sources (by id). QueueError where there is none to read."""
    found, wrong = list[Person](), list[str]()
    used = [source for source in queue.sources_of(item.id) if source.job]
    sources = [source for source in used if seen is None or source.id in seen]
    for source in sources:
        place = Path(source.job) if queue.served else queue.folder / source.job
        try:
            read = people_of(place, item.system, item.code)
            found += [replace(person, source=source.id) for person in read]
        except GaijiError as error:
            wrong.append(str(error))
    if len(wrong) == len(sources):
        raise QueueError(
            fault("E0820", "has no job from which the people of {code} can be read", code=item.code),
            where=queue.name,
            next=wrong[0] if wrong else tr("run the job with gaiji convert, then open this page again"),
        )
    return sorted(found, key=_order), tuple(wrong)


def _in_batch(plan: Plan, batch: Batch, system: str, code: str) -> Iterator[Person]:
    decoded = decode(plan, batch)
    columns = {column.name: column for column in decoded.columns}
    rows: dict[int, list[tuple[Field, int]]] = {}
    for spec, row, position in _with_code(plan, decoded, system, code):
        rows.setdefault(row, []).append((spec, position))
    context = plan.job.review["context"]
    for row, places in sorted(rows.items()):
        record, key = batch.record_number(row), plan.grouping.key
        told = hidden(_cell(columns[key], row)) if key else ""
        fields = tuple(dict.fromkeys(plan.qualified(spec.name) for spec, _ in places))
        spec, position = places[0]
        text = "" if context == "none" else _shown(plan, columns[spec.name], row, position, context)
        more = _more(plan, columns, row) if context == "field" else {}
        yield Person(record, told or str(record), fields, text, **more)


def _with_code(plan: Plan, decoded: Decoded, system: str, code: str) -> Iterator[tuple[Field, int, int]]:
    """Field, row and position of every finding of the code."""
    width = DECODE["FINDING"]
    for spec, findings in decoded.found:
        if plan.decoder.charset_of(spec).system != system:
            continue
        for row, _, position, number, size, what in zip(
            *(findings[at::width] for at in range(6)), strict=True
        ):
            if not Reason(what).of_place and plan.grouping.code_hex(spec, number, size) == code:
                yield spec, row, position


def _more(plan: Plan, columns: Mapping[str, Column], row: int) -> dict[str, str]:
    """What a list tells beside the key: by the roles of the fields and what they are called."""
    household = plan.job.review["household"]
    wanted = {
        "kana": [spec.name for spec in plan.fields if spec.role == "kana"],
        "birth": [spec.name for spec in plan.fields if _BIRTH.search(normalise(spec.name))],
        "address": [spec.name for spec in plan.fields if spec.role == "address"],
        "household": [household] if household else [],
    }
    return {what: _joined(columns, names, row) for what, names in wanted.items()}


def _joined(columns: Mapping[str, Column], names: Sequence[str], row: int) -> str:
    cells = (_cell(columns[name], row).strip() for name in names if name in columns)
    return hidden(" ".join(cell for cell in cells if cell))[:LONGEST]


def _shown(plan: Plan, column: Column, row: int, position: int, context: str) -> str:
    """The field with the code in 【】, or with ``glyph-only`` the character alone."""
    text = _cell(column, row)
    parts = coded(text)
    begin = sum(map(len, parts[:position]))
    mark = plan.decoder.marks.pattern.match(text, begin)
    old = mark[0] if mark else parts[position] if position < len(parts) else ""
    whole = f"{text[:begin]}【{old}】{text[begin + len(old) :]}" if context == "field" else f"【{old}】"
    return hidden(whole.strip())[:LONGEST]


def _cell(column: Column, row: int) -> str:
    return bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")
