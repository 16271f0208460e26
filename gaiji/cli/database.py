"""Commands for database tables: db convert, db verify. Parse, make one public call, print."""

from __future__ import annotations

import sys

import click


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
    before = f", {done.resumed} of them by earlier runs" if done.resumed else ""
    new = done.rows - done.resumed
    click.echo(
        f"{done.rows} rows {'read' if dry_run else 'converted'}{before}; "
        f"{new / max(done.seconds, 1e-9):,.0f} rows/s"
    )
    for name, counts in done.columns.items():
        flagged = sum(counts["flagged"].values())
        click.echo(
            f"  {name[:30]:30} {counts['units']:>12} units {counts['mapped']:>12} mapped {flagged:>8} flagged"
        )
    if not dry_run:
        click.echo(f"{done.waiting} codes wait for review")
    sys.exit(3 if done.waiting else 0)


@db.command("verify")
@click.argument("job", type=click.Path())
def db_verify(job: str) -> None:
    """Convert the source again and compare every cell of the target."""
    from gaiji.database.convert import verify_table

    click.echo(f"{verify_table(job)} rows of the target are what the source gives")
