"""Commands for database tables: db convert, db verify. Parse, make one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gaiji.errors.messages import tr


@click.group()
def db() -> None:
    """Convert and verify tables of a database."""


@db.command("convert")
@click.argument("job", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Convert and count, write nothing.")
@click.option(
    "--restart",
    is_flag=True,
    help="Begin anew: over what earlier runs of this target wrote, and nothing else.",
)
def db_convert(job: str, dry_run: bool, restart: bool) -> None:
    """Convert a table's columns into a new table, or into new columns of the same; a run that was stopped
    goes on where it was."""
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
    """Prove a converted table: encode the target back and compare it with the source, byte for byte.

    Writes JOB.verify.json beside the job file. Exit codes: 0 proved; 3 proved, flagged characters wait for
    review; 1 something is changed or missing.
    """
    from gaiji.database.verify import verify_table
    from gaiji.proof.rows import RowsProof

    done = verify_table(job, RowsProof)
    data = done.data
    click.echo(
        tr(
            "{compared} of {source} rows compared with {table}",
            compared=data["rows"]["compared"],
            source=data["rows"]["source"],
            table=data["target"]["table"],
        )
    )
    click.echo(tr("cells: ") + ", ".join(f"{count} {name}" for name, count in data["cells"].items()))
    for change in data["changed"][:20]:
        where = tr(
            "row {key} column {column} character {position}",
            key=change["key"],
            column=change["column"],
            position=change["position"] + 1,
        )
        code = tr(" (code {code})", code=change["code"]) if change["code"] else ""
        click.echo(tr("changed: {where}", where=where) + code)
    report = Path(job).with_suffix(".verify.json")
    if done.changed > 20:
        click.echo(tr("and {changed} more ({told})", changed=done.changed - 20, told=report))
    for key in data["missing"]:
        click.echo(tr("missing: row {key}", key=key))
    for check in data["checks"]:
        if not check["holds"]:
            click.echo(
                tr(
                    "does not hold: {check}: {found} where {expected} is expected",
                    check=check["check"],
                    found=check["found"],
                    expected=check["expected"],
                )
            )
    holds = tr("it holds") if done.holds else tr("IT DOES NOT HOLD")
    click.echo(tr("{holds}; report: {shown}", holds=holds, shown=report))
    sys.exit(done.exit_code)


COMMANDS = (db,)
