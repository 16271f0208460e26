"""The columns that a job wants, resolved: which columns of its records they are made of, by which tables.

Owns the reading of code tables and of the list of items that a town fills, and what they are checked for.
What was asked for is ``gaiji.run.columns``', the result ``gaiji.output.recipe``'s.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gaiji.errors import JobError, TableError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model import Reason
from gaiji.output.recipe import UNITS, Codes, Dates, Day, Item, Made, Recipe
from gaiji.run.columns import ColumnRule
from gaiji.run.job import Job
from gaiji.standard.eras import Era, load_eras

MOST = 2**31 - 1
REQUIRED = {"yes": True, "no": False, "": False}


def recipe_of(job: Job, names: Sequence[str]) -> Recipe | None:
    """The columns of a job's output whose records have the columns ``names``; None where they are those of
    the records. JobError or TableError, which names it, for what cannot be."""
    items = str(job.output["items"])
    if not job.columns and not items:
        return None
    _check_output(job, names)
    rules = job.columns or tuple(ColumnRule("", name, (name,)) for name in names)
    asked = items_of(job.file(items)) if items else {}
    columns = tuple(_made(job, rule, names, asked.get(rule.name)) for rule in rules)
    absent = set(asked) - {one.name for one in columns}
    return Recipe(
        columns,
        tuple(names),
        keep=job.policy[Reason.BAD_VALUE] == "keep",
        items=(items, _digest(job.file(items))) if items else ("", ""),
        unlisted=tuple(one.name for one in columns if items and one.name not in asked),
        absent=tuple(name for name, item in asked.items() if name in absent and item.required),
    )


def files_of(job: Job) -> Iterable[str]:
    """The files that the columns of a job are made by, as it names them."""
    columns = [*job.columns, *(column for rule in job.records for column in rule.columns)]
    lists = [job.output["items"], *(rule.items for rule in job.records)]
    return dict.fromkeys(name for name in (*(column.codes for column in columns), *lists) if name)


def _check_output(job: Job, names: Sequence[str]) -> None:
    """JobError where columns of its own do not go with something else that the output has."""
    at = "output.column" if job.columns else "output.items"
    others = {
        ".dat": job.output_format == "fixed",
        "rows": bool(job.output["rows"]),
        "shrink": bool(job.target["shrink"]),
    }
    if other := next((name for name, there in others.items() if there), ""):
        raise JobError(
            fault("E0442", "does not go with {other}", other=other),
            path=job.path,
            key=at,
            next=tr(
                "write a .csv, .tsv or .parquet file with a row for each record; gaiji shrink can follow"
            ),
        )
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise JobError(
            fault("E0729", "cannot be chosen from two fields with the name {twice!r}", twice=twice[0][:40]),
            path=job.path,
            key=at,
            next=tr("rename the field in the source"),
        )


def _made(job: Job, rule: ColumnRule, names: Sequence[str], item: Item | None) -> Made:
    """One column."""
    for name in rule.fields:
        if name not in names:
            raise JobError(
                fault("E0730", "names the field {name!r}, which the records do not have", name=name[:40]),
                path=job.path,
                key=rule.key,
                next=nearest(name, names),
            )
    return Made(
        rule.name,
        tuple(names.index(name) for name in rule.fields),
        constant=rule.constant,
        separator=rule.separator,
        part=rule.part,
        of=rule.of,
        more=rule.more,
        dates=_dates(job, rule) if rule.date else None,
        codes=_codes(job, rule.codes) if rule.codes else None,
        item=item,
    )


def _dates(job: Job, rule: ColumnRule) -> Dates:
    """How the dates of a column are written; the eras that the town's own texts stand for."""
    western, eras = rule.date != "wareki", load_eras()
    special = tuple(rule.special.items())
    if rule.date == "seireki":
        if rule.eras or rule.beyond:
            raise JobError(
                fault("E0723", "means nothing without {other}", other='date = "wareki"'),
                path=job.path,
                key=f"{rule.key}.{'eras' if rule.eras else 'beyond'}",
                next=tr("write {other} too, or leave it out", other='date = "wareki"'),
            )
        return Dates(western=True, special=special, basic=rule.basic)
    return replace(
        usual_dates(),
        marks=tuple((text, _era(job, rule, text, name, eras)) for text, name in rule.eras.items()),
        western=western,
        beyond=rule.beyond,
        special=special,
        basic=rule.basic,
    )


def usual_dates() -> Dates:
    """Dates as people write them without saying how: 和暦 by any name of its era, and 西暦."""
    eras = load_eras()
    words = tuple((word, at) for at, era in enumerate(eras) for word in _words(era))
    return Dates(tuple(Day(era.name, era.year, era.first, era.last) for era in eras), words, western=True)


def _words(era: Era) -> tuple[str, ...]:
    """What an era is called: 昭和, 昭, S, s, ㍼."""
    return era.name, era.name[0], era.letter, era.letter.lower(), era.sign


def _era(job: Job, rule: ColumnRule, text: str, name: str, eras: Sequence[Era]) -> int:
    """The era that a text of the town stands for. JobError where it can be read in two ways."""
    known = [era.name for era in eras]
    key = f"{rule.key}.eras"
    if name not in known:
        raise JobError(
            fault("E0731", "names {name!r}, which is no era", name=name[:40]),
            path=job.path,
            key=key,
            next=nearest(name, known),
        )
    taken = {word for era in eras for word in _words(era)}
    digits = [
        other for other in rule.eras if other != text and (other.startswith(text) or text.startswith(other))
    ]
    long = rule.date == "either" and text.isdigit() and len(text) == 2  # with six digits, 西暦
    if not text or not text.isascii() or not text.isalnum() or text in taken or digits or long:
        raise JobError(
            fault("E0732", "gives {text!r}, which cannot be told from another date", text=text[:40]),
            path=job.path,
            key=key,
            next=tr('write ASCII letters or digits as before the year; date = "wareki" where two digits do'),
        )
    return known.index(name)


def _digest(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise TableError(
            fault("E0733", "cannot be read: {reason}", reason=error.strerror),
            path=path,
            next=tr("check the path in the job file"),
        ) from error


def _table(path: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a table that must have some columns. UsageError or TableError, which names it, else."""
    _digest(path)  # whether it is there at all
    from gaiji.output.tabular import need_columns, read_table

    frame = read_table(path)
    need_columns(frame, list(columns), path)
    return [tuple(cell or "" for cell in row) for row in frame.select(columns).iter_rows()]


def _codes(job: Job, name: str) -> Codes:
    """A table of code values; TableError for a value that stands there twice."""
    path = job.file(name)
    rows = _table(path, ("old", "new"))
    seen: dict[str, int] = {}
    for number, (old, _) in enumerate(rows, 1):
        if old in seen:
            raise TableError(
                fault("E0734", "gives {old!r} again (first in row {first})", old=old[:40], first=seen[old]),
                path=path,
                next=tr("keep one of the two rows"),
            )
        seen[old] = number
    return Codes(name, _digest(path), tuple((old, new) for old, new in rows))


def items_of(path: str) -> dict[str, Item]:
    """The receiver's list of items: columns item, length, unit, required. TableError names the row."""
    found: dict[str, Item] = {}
    for number, (name, length, unit, required) in enumerate(
        _table(path, ("item", "length", "unit", "required")), 1
    ):
        wrong = (
            tr("item is empty, or stands there twice")
            if not name or name in found
            else tr("length is no whole number")
            if length and not (length.isascii() and length.isdigit() and 0 < int(length[:10]) <= MOST)
            else tr("unit is none of {units}", units=", ".join(UNITS))
            if length and unit not in UNITS
            else tr("required is neither yes nor no")
            if required not in REQUIRED
            else ""
        )
        if wrong:
            raise TableError(
                fault("E0735", "row {number}: {wrong}", number=number, wrong=wrong),
                path=path,
                next=tr("correct the row (item, length, unit, required)"),
            )
        found[name] = Item(int(length or 0), unit or UNITS[0], REQUIRED[required])
    return found
