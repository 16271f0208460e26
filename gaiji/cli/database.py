"""Commands for database tables: db convert, db verify. Parse, make one public call, print."""

from __future__ import annotations

import sys

import click

from gaiji.messages import tr


@click.group()
def db() -> None:
    """Convert and verify tables of a database."""


@db.command("convert")
@click.argument("job", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Convert and count, write nothing.")
@click.option("--restart", is_flag=True, help="Drop what earlier runs of this target wrote, and begin anew.")
def db_convert(job: str, dry_run: bool, restart: bool) -> None:
    """Convert a table's columns into a new table; a run that was stopped goes on where it was."""
    from gaiji.database.convert import convert_table

    done = convert_table(job, restart=restart, dry_run=dry_run)
    before = tr(", {resumed} of them by earlier runs", resumed=done.resumed) if done.resumed else ""
    new = done.rows - done.resumed
    click.echo(
        tr(
            "{rows} rows {dry_run}{before}; {new:,.0f} rows/s",
            rows=done.rows,
            dry_run=tr("read") if dry_run else tr("converted"),
            before=before,
            new=new / max(done.seconds, 1e-09),
        )
    )
    for name, counts in done.columns.items():
        flagged = sum(counts["flagged"].values())
        click.echo(
            tr(
                "  {name:30} {units:>12} units {mapped:>12} mapped {flagged:>8} flagged",
                name=name[:30],
                units=counts["units"],
                mapped=counts["mapped"],
                flagged=flagged,
            )
        )
    if not dry_run:
        click.echo(tr("{waiting} codes wait for review", waiting=done.waiting))
    sys.exit(3 if done.waiting else 0)


@db.command("verify")
@click.argument("job", type=click.Path())
def db_verify(job: str) -> None:
    """Convert the source again and compare every cell of the target."""
    from gaiji.database.convert import verify_table

    click.echo(tr("{value} rows of the target are what the source gives", value=verify_table(job)))
