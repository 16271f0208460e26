"""``gaiji report residents`` and ``report summary`` over all systems of a town: a resident is told once.

Owns which files of a town take part, and by which field their residents are told apart; the reports
are ``gaiji.reports``'.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.reports import summary
from gaiji.reports.pages import Reported, check_form, check_protected, purpose, written
from gaiji.reports.persons import EVERYBODY, Persons, Wanted, persons
from gaiji.reports.residents import Residents, changed_residents, occurrences
from gaiji.run.plan import Plan
from gaiji.town.places import places_of
from gaiji.town.project import Town, TownFile, load_town


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
    found: dict[str, Residents] = {}
    left: dict[str, str] = {}
    keys = [key for key in (town.identity.get("key"), town.identity.get("second")) if key]
    for file in town.files:
        key = _key(file, keys)
        if not key:
            left[file.label] = tr("no field {keys}", keys=" / ".join([file.person] if file.person else keys))
            continue
        found[file.label] = changed_residents(file.here, key=key, called=file.called)
    if not found:
        raise JobError(
            fault("E0768", "does not say which field tells a resident"),
            path=town.path,
            key="identity.key",
            next=tr('write [identity] and key = "宛名番号"'),
        )
    return persons(found, wanted, left=left)


def _key(file: TownFile, keys: Sequence[str]) -> str:
    """The field that tells the residents of a file, "" where it has none."""
    names = {spec.name for part in Plan.of(file.here, reuse=False).each for spec in part.fields}
    asked = [file.person] if file.person else keys
    return next((key for key in asked if key in names or occurrences(sorted(names), key) != ("",)), "")


def _of(town: Town | str | Path, systems: Sequence[str]) -> Town:
    whole = load_town(town) if not isinstance(town, Town) else town
    return whole.of(tuple(systems))
