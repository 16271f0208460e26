"""The commands about the people who review: accounts, and who saw what. Parse, one public call, print."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TextIO

import click

from gaiji.cli.options import asked_password, password_option
from gaiji.cli.review import opened_queue, queue_option
from gaiji.errors.messages import tr


@click.group("user")
def user() -> None:
    """The accounts of a queue. With the first one the screen asks for a name and a password."""


@user.command("add")
@queue_option
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["clerk", "checker", "manager"]),
    default="clerk",
    show_default=True,
    help="A checker also confirms what others decided; a manager also assigns work and sees who saw what.",
)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="A system whose data they may see (its 外字 set, else its job's name); repeatable (default: all).",
)
@password_option
def user_add(
    queue: str, name: str, role: str, systems: tuple[str, ...], password_file: TextIO | None
) -> None:
    """Add a person, with a password that is asked for."""
    from gaiji.queue.accounts import Accounts

    with opened_queue(queue) as opened:
        there = {one.system for one in opened.sources()}
        Accounts(opened).add(name, role, asked_password(password_file, again=True), systems=systems)
    click.echo(tr("{name} may sign in", name=name))
    for system in systems:
        if system not in there:
            click.echo(tr("nothing in the queue is of the system {system} yet", system=system), err=True)


@user.command("list")
@queue_option
def user_list(queue: str) -> None:
    """Print the accounts: name, role, systems."""
    from gaiji.queue.accounts import ROLES, Accounts

    with opened_queue(queue) as opened:
        for one in Accounts(opened).all().values():
            systems = "、".join(one.systems) or tr("all systems")
            click.echo(f"{one.name}\t{one.role} {tr(ROLES[one.role])}\t{systems}")


@user.command("remove")
@queue_option
@click.argument("name")
def user_remove(queue: str, name: str) -> None:
    """Take an account away; what the person did stays in the log."""
    from gaiji.queue.accounts import Accounts

    with opened_queue(queue) as opened:
        Accounts(opened).remove(name)
    click.echo(tr("{name} has no account any more", name=name))


@user.command("passwd")
@queue_option
@click.argument("name")
@password_option
def user_passwd(queue: str, name: str, password_file: TextIO | None) -> None:
    """Give a person another password; their sessions end."""
    from gaiji.queue.accounts import Accounts

    with opened_queue(queue) as opened:
        Accounts(opened).passwd(name, asked_password(password_file, again=True))
    click.echo(tr("{name} has another password", name=name))


@click.command("views")
@queue_option
@click.option("--user", "person", default="", help="Only what this person saw.")
@click.option(
    "--key", default="", help="Only who saw the record with this key, while the queue has samples of it."
)
def review_views(queue: str, person: str, key: str) -> None:
    """Print who saw whose data: one JSON object a page, with its records by source and number."""
    from gaiji.queue.viewing import views

    with opened_queue(queue) as opened:
        for one in views(opened, person=person, key=key):
            told = {"at": one.at, "person": one.person, "page": one.page, "item": one.item_id}
            click.echo(json.dumps(told | {"records": one.records}, ensure_ascii=False))


@click.group("assign")
def assign() -> None:
    """Who works at what, in a queue with accounts. What is assigned to others alone is nobody else's next."""


@assign.command("add")
@queue_option
@click.argument("name")
@click.option("--system", default="", help="The codes of this system (its 外字 set, else its job's name).")
@click.option(
    "--radical", default=0, help="The codes whose first candidate stands under this 部首 (1 to 214)."
)
def assign_add(queue: str, name: str, system: str, radical: int) -> None:
    """Give a person the codes of a system, of a 部首, of both, or all."""
    from gaiji.queue.work import Duties

    with opened_queue(queue) as opened:
        Duties(opened).assign(name, "gaiji", system=system, radical=radical)
    click.echo(tr("assigned to {name}", name=name))


@assign.command("list")
@queue_option
def assign_list(queue: str) -> None:
    """Print what is assigned: number, person, system, 部首."""
    from gaiji.queue.work import Duties

    with opened_queue(queue) as opened:
        for one in Duties(opened).all():
            click.echo(f"{one.id}\t{one.person}\t{one.system or tr('all systems')}\t{one.radical or '-'}")


@assign.command("remove")
@queue_option
@click.argument("number", type=int)
def assign_remove(queue: str, number: int) -> None:
    """Take back what has this number in the list."""
    from gaiji.queue.work import Duties

    with opened_queue(queue) as opened:
        Duties(opened).remove(number, "gaiji")
    click.echo(tr("{number} is assigned no more", number=number))


@click.command("progress")
@queue_option
def review_progress(queue: str) -> None:
    """How far each person is, how fast, and when the rest will be done."""
    from gaiji.queue.decisions import WAITING, Decisions
    from gaiji.queue.pace import forecast, paces

    with opened_queue(queue) as opened:
        status = Decisions(opened).status()
        told = forecast(opened, sum(status[state]["items"] for state in WAITING))
        people = paces(opened)
    for one in people:
        click.echo(
            tr(
                "{person}: {decided} decided, {confirmed} confirmed, {other} put off or left out; "
                "{today} today, {days} days, {per_hour} an hour; last {last}",
                **asdict(one),
            )
        )
    if told.days is None:
        click.echo(tr("{left} codes wait; nothing is settled yet to go by", left=told.left))
    else:
        click.echo(
            tr(
                "{left} codes wait; at {settled:.1f} a working day they are done in {days} days",
                **asdict(told),
            )
        )


COMMANDS = (user, assign, review_progress, review_views)
"""Commands of ``gaiji review``."""
