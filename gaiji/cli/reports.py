"""Commands for a town's reports: report residents, report summary. Parse, make one public call, print."""

from __future__ import annotations

import click


@click.group()
def report() -> None:
    """Reports for the counter and the manager."""


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
    click.echo(f"{done.people} of {done.read} records with {done.characters} characters written to {output}")


@report.command("summary")
@click.argument("job", type=click.Path())
@click.option("--output", default="summary.html", show_default=True, type=click.Path(), help="The HTML page.")
def report_summary(job: str, output: str) -> None:
    """One page for the manager: codes, people, progress, coverage before and after the decisions."""
    from gaiji.reports.pages import report_summary as run

    done = run(job, output)
    coverage = f"coverage {done['before']:.4%} before, {done['after']:.4%} after"
    click.echo(f"{done['codes']} codes, {done['waiting']} wait; {coverage}: {output}")
