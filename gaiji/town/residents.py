"""``gaiji report residents`` and ``report summary`` over all systems of a town: a resident is told once.

Owns which files of a town take part, and by which field their residents are told apart; the reports
are ``gaiji.reports``'.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.reports import summary
from gaiji.reports.pages import Reported, check_form, check_protected, purpose, written
from gaiji.reports.persons import EVERYBODY, Persons, Wanted, persons
from gaiji.reports.residents import Residents, changed_residents, occurrences
from gaiji.run.plan import Plan
from gaiji.town.people import read_people
from gaiji.town.places import places_of
from gaiji.town.project import Town, TownFile, load_town
from gaiji.town.telling import KEY, SECOND, check_says_who, numbers_of
from gaiji.town.told import NOBODY, Identity


def report_residents(
    town: Town | str | Path,
    output: str | Path,
    *,
    systems: Sequence[str] = (),
    fonts: Sequence[str | Path] = (),
    form: str = "list",
    wanted: Wanted = EVERYBODY,
    template: str | Path = "",
) -> Reported:
    """Write who is affected in any system of a town to ``output``, as ``gaiji.reports.pages`` does for a
    job. JobError where no file says who its residents are."""
    town = _of(town, systems)
    path = Path(output)
    reads = [Place("font", Path(font)) for font in fonts]
    reads += [Place("template", Path(template))] if template else []
    keep_apart([Place("report", path)], [*places_of(town), *reads])
    check_form(form, path, wanted, template)
    found = town_persons(town, purpose(wanted, form))
    check_protected(found.said, form, town.path)
    return written(found, path, form, town.name, template, fonts)


def report_summary(
    town: Town | str | Path, output: str | Path, *, systems: Sequence[str] = ()
) -> dict[str, float]:
    """Write the manager's page over a town; returns its figures as that of a job does. UsageError where
    nothing of it was converted yet."""
    town = _of(town, systems)
    keep_apart([Place("report", Path(output))], list(places_of(town)))
    parts = [summary.part_of(file.here, file.label) for file in town.files]
    found = summary.figures(parts, town_persons(town))
    write_whole(Path(output), summary.page(town.name, found))
    return found.plain()


def town_persons(town: Town, wanted: Wanted = EVERYBODY) -> Persons:
    """The residents of all files that say who theirs are; ``left``: the others, and why."""
    check_says_who(town)
    found: dict[str, Residents] = {}
    left: dict[str, str] = {}
    told = read_people(town).identity if _apart(town) else NOBODY
    for file in town.files:
        kind, key = _key(town, file)
        if not key:
            keys = " / ".join(name for _, name in numbers_of(town, file))
            left[file.label] = tr("no field {keys}", keys=keys)
            continue
        one = changed_residents(file.here, key=key, called=file.called)
        found[file.label] = _whose(one, kind, file.system, told)
    if not found:
        raise JobError(
            fault("E0768", "does not say which field tells a resident"),
            path=town.path,
            key="identity.key",
            next=tr('write [identity] and key = "宛名番号"'),
        )
    return persons(found, wanted, left=left)


def _apart(town: Town) -> bool:
    """Whether numbers of the town's files do not mean residents by themselves."""
    return bool(town.identity.get("match") or town.identity.get("second"))


def _key(town: Town, file: TownFile) -> tuple[str, str]:
    """The field that tells the residents of a file, and what kind of number it is; "" where it has none."""
    names = {spec.name for part in Plan.of(file.here, reuse=False).each for spec in part.fields}
    asked = numbers_of(town, file)
    there = (one for one in asked if one[1] in names or occurrences(sorted(names), one[1]) != ("",))
    return next(there, ("", ""))


def _whose(found: Residents, kind: str, system: str, told: Identity) -> Residents:
    """A file's residents by the people that its numbers mean; a number of its own system is nobody else's."""
    if kind == KEY or (kind == SECOND and not told.joined):
        return found

    def person(text: str) -> str:
        number = unicodedata.normalize("NFKC", text).strip(" =").lstrip("0")
        own = f"{system}:{number}"
        means = told.joined.get(number, own) if kind == SECOND else own
        return "=" + told.people.get(means, means) if text.startswith("=") else text

    def named(frame: pl.DataFrame) -> pl.DataFrame:
        words = {text: person(text) for text in frame["person"].unique()}
        return frame.with_columns(pl.col("person").replace_strict(words, return_dtype=pl.String))

    marked = {group: frozenset(map(person, some)) for group, some in found.marked.items()}
    return replace(found, frame=named(found.frame), records=named(found.records), marked=marked)


def _of(town: Town | str | Path, systems: Sequence[str]) -> Town:
    whole = load_town(town) if not isinstance(town, Town) else town
    return whole.of(tuple(systems))
