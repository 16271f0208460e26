"""Commands for a town's reports: report residents, report summary. Parse, make one public call, print."""

from __future__ import annotations

import sys

import click

from gaiji.errors.messages import tr


@click.group()
def report() -> None:
    """Reports for the counter and the manager."""


@click.command()
@click.argument("job", type=click.Path())
@click.option("--also", multiple=True, type=click.Path(), help="A further file to remove; repeatable.")
def erase(job: str, also: tuple[str, ...]) -> None:
    """Remove what a finished migration left of people's data beside its output, and write a certificate."""
    from gaiji.run.erase import erase as run

    done = run(job, also=also)
    click.echo(
        tr(
            "{files} files and {samples} samples of the queue erased; certificate: {path}",
            files=len(done.data["files"]),
            samples=done.data["queue"]["samples"],
            path=done.path,
        )
    )
    for limit in done.data["not_promised"]:
        click.echo(tr("not promised: {limit}", limit=limit), err=True)


_systems = click.option("--system", "systems", multiple=True, help="Of a town, this system only; repeatable.")


@report.command("residents")
@click.argument("job", type=click.Path())
@click.option(
    "--output",
    default="residents.html",
    show_default=True,
    type=click.Path(),
    help=".csv, .xlsx or .html; letters and notice: .html.",
)
@click.option(
    "--form",
    type=click.Choice(["list", "merge", "letters", "notice"]),
    default="list",
    show_default=True,
    help="A list, a source for 差込印刷, a letter for each resident, or the public notice.",
)
@click.option("--template", default="", type=click.Path(), help="The town's words for letters and notice.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(["name", "kana", "address"]),
    help="What is in these fields only; repeatable.",
)
@click.option("--reason", "reasons", multiple=True, help="For this reason only (overflow …); repeatable.")
@click.option("--kind", "kinds", multiple=True, help="Of this 区分 only (デザイン差 …); repeatable.")
@_systems
@click.option(
    "--font",
    "fonts",
    multiple=True,
    help="A font with MJ or GJ glyph names; repeatable (default: IPAmj 明朝).",
)
def report_residents(
    job: str,
    output: str,
    form: str,
    template: str,
    roles: tuple[str, ...],
    reasons: tuple[str, ...],
    kinds: tuple[str, ...],
    systems: tuple[str, ...],
    fonts: tuple[str, ...],
) -> None:
    """Who is told: residents with a character decided otherwise than 字形一致, or of whom the output does not
    hold the name as the source means it: not decided yet, left out, lost before, cut. The exit code is 3
    where there are any of these. An address that was cut makes nobody affected unless --reason asks for it.

    JOB is a job file, or the project file of a town: then a resident is told once, with all systems.
    """
    from gaiji.reports.pages import Reported
    from gaiji.reports.pages import report_residents as of_job
    from gaiji.reports.persons import Wanted
    from gaiji.town.residents import report_residents as of_town

    wanted = Wanted(roles, reasons, kinds)
    done: Reported
    if _is_town(job, systems):
        done = of_town(job, output, systems=systems, fonts=fonts, form=form, wanted=wanted, template=template)
    else:
        done = of_job(job, output, fonts=fonts, form=form, wanted=wanted, template=template)
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(
        tr(
            "{people} people of {read} records with {characters} characters; {written} written to {output}",
            people=done.people,
            read=done.read,
            characters=done.characters,
            written=done.written,
            output=output,
        )
    )
    if done.waiting:
        click.echo(
            tr("of {people} the output does not hold the name as the source means it", people=done.waiting)
        )
    sys.exit(3 if done.waiting else 0)


@report.command("template")
@click.argument("path", type=click.Path())
def report_template(path: str) -> None:
    """Write the usual words of letters and notice to PATH (.toml), for the town to edit."""
    from gaiji.reports.letters import write_template

    write_template(path)
    click.echo(tr("{path} written; write sender, contact and date into it", path=path))


@report.command("summary")
@click.argument("job", type=click.Path())
@click.option("--output", default="summary.html", show_default=True, type=click.Path(), help="The HTML page.")
@_systems
def report_summary(job: str, output: str, systems: tuple[str, ...]) -> None:
    """One page of A4 for the manager: distinct people, codes by 区分, what is open, who acts next, coverage
    of the output before and after the decisions, decisions per week, 決裁欄. The exit code is 3 where codes
    wait or the output does not hold all characters. JOB is a job file, or the project file of a town.
    """
    from gaiji.reports.pages import report_summary as of_job
    from gaiji.town.residents import report_summary as of_town

    done = of_town(job, output, systems=systems) if _is_town(job, systems) else of_job(job, output)
    coverage = tr(
        "coverage {before:.4%} before, {after:.4%} after", before=done["before"], after=done["after"]
    )
    click.echo(
        tr(
            "{codes} codes, {waiting} wait; {coverage}, {left} characters left: {output}",
            codes=done["codes"],
            waiting=done["waiting"],
            coverage=coverage,
            left=done["left"],
            output=output,
        )
    )
    sys.exit(3 if done["waiting"] or done["left"] else 0)


def _is_town(path: str, systems: tuple[str, ...]) -> bool:
    """Whether a file is a town's project file: it has systems, which no job has."""
    from gaiji.town.project import is_town

    return bool(systems) or is_town(path)


COMMANDS = (erase, report)
