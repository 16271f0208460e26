"""Commands for a town's reports: report residents, report summary. Parse, make one public call, print."""

from __future__ import annotations

import click

from gaiji.messages import tr


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


@report.command("residents")
@click.argument("job", type=click.Path())
@click.option(
    "--output", default="residents.html", show_default=True, type=click.Path(), help=".csv, .xlsx or .html."
)
@click.option(
    "--font",
    "fonts",
    multiple=True,
    help="A font with MJ or GJ glyph names; repeatable (default: IPAmj 明朝).",
)
def report_residents(job: str, output: str, fonts: tuple[str, ...]) -> None:
    """Who is told: residents with a character decided otherwise than 字形一致, lost before, or not decided
    yet.
    """
    from gaiji.reports.pages import report_residents as run

    done = run(job, output, fonts=fonts)
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(
        tr(
            "{people} of {read} records with {characters} characters written to {output}",
            people=done.people,
            read=done.read,
            characters=done.characters,
            output=output,
        )
    )


@report.command("summary")
@click.argument("job", type=click.Path())
@click.option("--output", default="summary.html", show_default=True, type=click.Path(), help="The HTML page.")
def report_summary(job: str, output: str) -> None:
    """One page for the manager: codes, people, progress, coverage before and after the decisions."""
    from gaiji.reports.pages import report_summary as run

    done = run(job, output)
    coverage = tr(
        "coverage {before:.4%} before, {after:.4%} after", before=done["before"], after=done["after"]
    )
    click.echo(
        tr(
            "{codes} codes, {waiting} wait; {coverage}: {output}",
            codes=done["codes"],
            waiting=done["waiting"],
            coverage=coverage,
            output=output,
        )
    )
