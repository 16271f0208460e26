"""Commands on tables that a town brings: ``tables import``, ``export``. Parse, one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gaiji.cli.options import charset_options, options_of
from gaiji.errors.messages import tr

if TYPE_CHECKING:
    from gaiji.tables.importing import Imported

SHOWN = 20
"""Refused rows on the screen; the list holds all."""


@click.group()
def tables() -> None:
    """A town's own 変換表 into a site table, and back."""


@tables.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--charset", required=True, help="The charset whose codes the table maps.")
@click.option("--sheet", "sheets", multiple=True, help="Only this sheet of a workbook; repeatable.")
@click.option(
    "--columns",
    default="",
    metavar="ROLE=COLUMN,…",
    help=(
        "Which column is what, by letter, number or heading: code, ucs, glyph, character, note, evidence, "
        "decided_by, decided_at, replaces, flag; several notes joined by +. Confirms them too."
    ),
)
@click.option("--encoding", default="", help="Encoding of a CSV (default: UTF-8, UTF-16 or CP932, as it is).")
@click.option(
    "--area",
    "areas",
    type=click.Choice(["user", "extension", "standard"]),
    multiple=True,
    default=("user",),
    show_default=True,
    help="Codes that may be mapped; repeatable.",
)
@click.option("--output", default="", type=click.Path(), help="The site table (default: FILE with .tsv).")
@click.option("--decided-by", default="", help="Who stands for the rows that do not say.")
@click.option("--decided-at", default="", help="When they were decided, such as 2026-11-02.")
@click.option("--both-ways", is_flag=True, help="A HULFT table, which says one direction, is meant in both.")
@charset_options
@click.option("--yes", is_flag=True, help="Take the columns as recognised.")
def tables_import(
    file: Path,
    charset: str,
    sheets: tuple[str, ...],
    columns: str,
    encoding: str,
    areas: tuple[str, ...],
    output: str,
    decided_by: str,
    decided_at: str,
    both_ways: bool,
    options: tuple[str, ...],
    yes: bool,
) -> None:
    """Read a 変換表 (XLSX, CSV, TSV; tables of HULFT, unijef, jef4j) into a site table for [source] tables.

    Shows which columns were recognised and asks, unless --yes or --columns confirms them. Every row that is
    not taken is listed beside the site table with its reason; the exit code is 3 then.
    """
    from gaiji.tables.importing import import_table, survey

    seen = survey(
        file,
        charset,
        sheets=sheets,
        columns=columns,
        encoding=encoding,
        both_ways=both_ways,
        options=options_of(options),
    )
    for line in seen.lines():
        click.echo(line)
    if not (yes or columns):
        if not sys.stdin.isatty():
            click.echo(tr("nothing was written: confirm with --yes, or name the columns with --columns"))
            sys.exit(3)
        click.confirm(tr("Are these the columns?"), abort=True)
    done = import_table(seen, output, areas=areas, decided_by=decided_by, decided_at=decided_at)
    _print_imported(done)
    sys.exit(3 if done.refusals else 0)


def _print_imported(done: Imported) -> None:
    """The account of an import: rows not taken, and the sums."""
    for one in done.refusals[:SHOWN]:
        where = (
            tr("sheet {sheet} row {row}", sheet=one.sheet, row=one.row)
            if one.sheet
            else tr("row {row}", row=one.row)
        )
        click.echo(f"  {where}: {one.code} {one.why}")
    if len(done.refusals) > SHOWN:
        click.echo(tr("  and {count} more", count=len(done.refusals) - SHOWN))
    if done.by_name:
        click.echo(
            tr(
                "{count} rows give only the base of the glyph that they name: taken by name",
                count=done.by_name,
            )
        )
    click.echo(
        tr(
            "{taken} of {read} rows written to {table}; {apart} titles and headings, {refused} rows not "
            "taken: {listed}",
            taken=done.taken,
            read=done.read,
            table=done.table,
            apart=done.apart,
            refused=len(done.refusals),
            listed=done.listed,
        )
    )


@tables.command("export")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--charset", required=True, help="The charset whose codes the table maps.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The .csv or .xlsx to write.")
@click.option(
    "--form",
    type=click.Choice(["hulft", "hulft-back", "unijef", "jef4j"]),
    default=None,
    help="Write it for another product instead.",
)
@charset_options
def tables_export(
    table: Path, charset: str, output: Path, form: str | None, options: tuple[str, ...]
) -> None:
    """Write a site table in the shape of a town's 変換表, or for another product, for systems that stay.

    What is written imports as the same rows, or is not written.
    """
    from gaiji.tables.exporting import export_table

    done = export_table(table, charset, output, form=form or "", options=options_of(options))
    click.echo(tr("{rows} rows written to {path}", rows=done.rows, path=done.path))
    if done.left:
        click.echo(
            tr(
                "{left} rows go the other way alone: --form {form} writes them",
                left=done.left,
                form="hulft" if form == "hulft-back" else "hulft-back",
            )
        )


COMMANDS = (tables,)
