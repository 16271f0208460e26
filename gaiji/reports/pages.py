"""``gaiji report residents`` and ``report summary`` of a job: one public call each.

Owns which writer a form and a suffix mean, and what is asked before a letter goes out. For a town:
``gaiji.town.residents``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gaiji.disk.apart import Place
from gaiji.disk.files import write_whole
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model import ROLES, Reason
from gaiji.reports import letters, lists, summary
from gaiji.reports.persons import EVERYBODY, LETTERS, Persons, Wanted, persons
from gaiji.reports.residents import changed_residents
from gaiji.run.job import Job, load_job
from gaiji.run.places import check_beside
from gaiji.shape.pictures import Gallery, open_gallery

FORMS = ("list", "merge", "letters", "notice")
Writer = Callable[[Persons, Gallery], bytes]
WRITERS: dict[str, dict[str, Writer]] = {
    "list": {".csv": lists.csv_list, ".xlsx": lists.xlsx_list, ".html": lists.html_list},
    "merge": {".csv": lists.csv_merge, ".xlsx": lists.xlsx_merge},
}


@dataclass(frozen=True)
class Reported:
    """Characters and people in the report, records read, and in words what it does not show; ``waiting``: the
    people whose name the output does not hold as the source means it; ``written``: rows or letters."""

    characters: int
    people: int
    read: int
    waiting: int
    notes: tuple[str, ...] = ()
    written: int = 0


def check_form(form: str, path: Path, wanted: Wanted, template: str | Path) -> None:
    """UsageError for a suffix that a form has not, an unknown reason, or letters without a template."""
    suffixes = [*WRITERS[form]] if form in WRITERS else [".html"]
    if path.suffix.lower() not in suffixes:
        what = (
            fault("E0232", "is no .csv, .xlsx or .html file")
            if form == "list"
            else fault("E0848", "is no {suffixes} file", suffixes=tr(" or ").join(suffixes))
        )
        raise UsageError(what, where=str(path), next=tr("give another name"))
    for reason in wanted.reasons:
        Reason.from_label(reason)
    if form in ("letters", "notice") and not template:
        raise UsageError(
            fault("E0849", "{form} needs --template", form=form),
            next=tr("gaiji report template letters.toml writes one to edit"),
        )


def written(
    found: Persons, path: Path, form: str, town: str, template: str | Path, fonts: Sequence[str | Path]
) -> Reported:
    """Write a report of some people to ``path``."""
    gallery = Gallery([]) if path.suffix.lower() == ".csv" or form == "notice" else open_gallery(fonts)
    notes = lists.told(found)[1:]
    rows = found.frame.height
    if form in WRITERS:
        data = WRITERS[form][path.suffix.lower()](found, gallery)
    else:
        words = letters.load_template(template, town)
        if form == "letters":
            found, without = letters.addressed(found, words)
            rows = found.frame.height
            data = letters.html_letters(found, words, gallery)
            if without:
                notes.append(
                    tr("判定などが済んでいない{count:,}人には、お知らせを作っていません", count=without)
                )
        else:
            data = letters.html_notice(found, words)
    write_whole(path, data)
    shown = (
        (gallery.missing,) if path.suffix.lower() != ".csv" and form != "notice" and gallery.missing else ()
    )
    return Reported(found.characters, found.affected, found.read, found.waiting, (*notes, *shown), rows)


def check_protected(said: bool, form: str, where: str | Path) -> None:
    """UsageError where letters shall go out and nobody said who is under 支援措置."""
    if form in ("merge", "letters") and not said:
        raise UsageError(
            fault("E0844", "does not say who is under 支援措置"),
            where=str(where),
            next=tr('write [people] and protected = { "FIELD" = ["1"] }, or {} where nobody is'),
        )


def report_residents(
    job: Job | str | Path,
    output: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    fonts: Sequence[str | Path] = (),
    form: str = "list",
    wanted: Wanted = EVERYBODY,
    template: str | Path = "",
) -> Reported:
    """Write who is affected to ``output``. ``form``: ``list`` (.csv, .xlsx, .html; a row each), ``merge``
    (.csv, .xlsx; for 差込印刷), ``letters`` or ``notice`` (.html; by ``template``). UsageError for another
    suffix."""
    path = Path(output)
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    reads = [Place("font", Path(font)) for font in fonts]
    reads += [Place("template", Path(template))] if template else []
    check_beside(job, [Place("report", path)], reads)
    check_form(form, path, wanted, template)
    check_protected("people.protected" in job.said, form, job.path)
    found = persons({"": changed_residents(job)}, purpose(wanted, form))
    return written(found, path, form, job.review["site"], template, fonts)


def purpose(wanted: Wanted, form: str) -> Wanted:
    """What a form shows: letters and what is printed from keep off whom letters keep off."""
    return replace(wanted, where=LETTERS) if form in ("merge", "letters") else wanted


def report_summary(
    job: Job | str | Path, output: str | Path, *, overrides: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Write the manager's page; returns its figures: codes, waiting, distinct people, coverage before and
    after (0 to 1), and the characters that are ``left``.

    Coverage is of the characters in name, kana and address fields, and of what the output holds: after, as it
    was written last; before, without what decisions gave it. What is decided without the output having it
    (broken, lost, decided since) is left. UsageError when the job was not converted yet.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    check_beside(job, [Place("report", Path(output))])
    part = summary.part_of(job)
    found = summary.figures([part], persons({"": changed_residents(job)}))
    write_whole(Path(output), summary.page(job.review["site"], found))
    return found.plain()


__all__ = ["FORMS", "ROLES", "Reported", "report_residents", "report_summary"]
