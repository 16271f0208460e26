"""The commands about the people of a town: who is whom, whose name differs. Parse, one public call, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from gaiji.cli.options import asked_password, password_option
from gaiji.errors.messages import tr

if TYPE_CHECKING:
    from gaiji.town.people import People

_systems = click.option("--system", "systems", multiple=True, help="This system only; repeatable.")


@click.command("contradictions")
@click.argument("town", type=click.Path())
@_systems
@click.option(
    "--output", default="", type=click.Path(), help="Write those that are open: .csv, .xlsx, .html."
)
@click.option(
    "--import", "sheet", default="", type=click.Path(), help="Take what was decided in a sheet (.csv, .xlsx)."
)
@click.option(
    "--changes",
    default="",
    type=click.Path(),
    help="Write for each system what its owner has to change as settled: SYSTEM.csv in this folder.",
)
def contradictions(town: str, systems: tuple[str, ...], output: str, sheet: str, changes: str) -> None:
    """Where the same person's name differs between the systems of a town, character by character.

    Exit codes: 0 nothing is open; 3 something is. Prints counts; the sheet and the page hold personal data.
    """
    from gaiji.town.changes import by_system, changes_of, write_changes
    from gaiji.town.contradictions import KINDS, find
    from gaiji.town.people import read_people
    from gaiji.town.project import load_town
    from gaiji.town.sheets import take_settled, write_contradictions

    project = load_town(town).of(systems)
    people = read_people(project)
    found = find(project, people)
    if sheet:
        taken, wrong = take_settled(project, found, sheet)
        for line in wrong:
            click.echo(line, err=True)
        click.echo(tr("{count} settled, {wrong} rows are wrong", count=taken, wrong=len(wrong)))
        found = find(project, people)
    for label, why in found.left.items():
        click.echo(tr("{label}: not among the people: {why}", label=label, why=why))
    told = ", ".join(f"{tr(KINDS[kind])} {count}" for kind, count in found.counts().items())
    click.echo(tr("{residents:,} people: {told}", residents=found.residents, told=told))
    click.echo(
        tr(
            "{people} people with an open contradiction; {settled} settled; {codes} kinds of differences "
            "that the codes make",
            people=found.people,
            settled=sum(one.settled is not None for one in found.found),
            codes=len(found.by_code),
        )
    )
    wanted = changes_of(people, found)
    if wanted:
        told = ", ".join(f"{system} {count:,}" for system, count in by_system(wanted).items())
        click.echo(tr("settled and still to be changed in the systems: {told}", told=told))
    if output:
        rows = write_contradictions(project, found, output)
        click.echo(tr("{rows} rows written to {output}", rows=rows, output=output))
    if changes:
        for system, rows in write_changes(project, wanted, changes).items():
            click.echo(
                tr("{rows} rows written to {output}", rows=rows, output=Path(changes) / f"{system}.csv")
            )
    sys.exit(3 if found.open else 0)


def _say_people(people: People) -> None:
    """Who was told by what, and how many are asked about."""
    from gaiji.town.told import told_lines

    for label, why in people.left.items():
        click.echo(tr("{label}: not among the people: {why}", label=label, why=why))
    for line in told_lines(people.identity):
        click.echo(line)
    click.echo(
        tr(
            "{residents:,} people; {asked} records are asked about",
            residents=people.residents,
            asked=people.identity.waiting,
        )
    )


@click.command("identity")
@click.argument("town", type=click.Path())
@click.option("--output", default="", type=click.Path(), help="Write what is asked: .csv, .xlsx.")
@click.option(
    "--import",
    "sheet",
    default="",
    type=click.Path(),
    help="Take what was answered in a sheet (.csv, .xlsx).",
)
@click.option("--answers", default="", type=click.Path(), help="Write what was answered so far: .csv, .xlsx.")
@click.option(
    "--people",
    "table",
    default="",
    type=click.Path(),
    help="Write the table of people: who is whom in which file, and what told it (.parquet, .csv, .tsv).",
)
@click.option(
    "--take-back",
    "back",
    nargs=2,
    default=None,
    help="Take back the answer about two records (A and B of the sheet).",
)
@click.option("--person", default="", help="Who takes it back.")
@click.option(
    "--confirm", type=click.Choice(["one-person", "two-person"]), default="one-person", show_default=True
)
@click.option(
    "--user", default="", help="Who acts, in a queue with accounts: what is brought must be theirs."
)
@password_option
def identity(
    town: str,
    output: str,
    sheet: str,
    answers: str,
    table: str,
    back: tuple[str, str] | None,
    person: str,
    confirm: str,
    user: str,
    password_file: TextIO | None,
) -> None:
    """Who is whom over the systems of a town, and the records of which a person must say whose they are.

    Numbers in common go before everything; with [identity] match what people have in common tells them. What
    is answered is kept in the queue and not asked again. Exit codes: 0 nothing is asked; 3 something is.
    Prints counts; sheets and table hold personal data.
    """
    from gaiji.town.asking import (
        every_answer,
        take_answers,
        take_back,
        who_acts,
        write_answers,
        write_questions,
    )
    from gaiji.town.people import read_people, write_people
    from gaiji.town.project import load_town

    project = load_town(town)
    who = who_acts(project, user, asked_password(password_file)) if user else ""
    if back:
        take_back(project, back[0], back[1], who or person, user=who)
    people = read_people(project)
    if sheet:
        taken, wrong = take_answers(project, people.identity, sheet, confirm=confirm, user=who)
        for line in wrong:
            click.echo(line, err=True)
        click.echo(tr("{count} answers taken, {wrong} rows are wrong", count=taken, wrong=len(wrong)))
        people = read_people(project) if taken else people
    _say_people(people)
    if output:
        rows = write_questions(project, people.identity, output)
        click.echo(tr("{rows} rows written to {output}", rows=rows, output=output))
    if answers:
        rows = write_answers(project, every_answer(project), answers)
        click.echo(tr("{rows} rows written to {output}", rows=rows, output=answers))
    if table:
        write_people(people, Path(table), project)
        click.echo(tr("{rows} rows written to {output}", rows=people.frame.height, output=table))
    sys.exit(3 if people.identity.waiting else 0)


COMMANDS = (contradictions, identity)
