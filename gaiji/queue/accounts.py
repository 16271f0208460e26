"""Who may work on a queue: names, roles, the systems that each may see, and passwords that nobody can read.

Owns the accounts and what a role may do. A queue without accounts is as it always was: whoever can open its
screen types a name. Every change of an account is a line of the log. Signing in on the screen is
``gaiji.review.web``'s; passwords are hashed by werkzeug, which the extra ``web`` brings.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gaiji.errors import MissingExtra, UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.plain import dataclass
from gaiji.queue.audit import append
from gaiji.queue.queue import Queue
from gaiji.queue.schema import account, audit, duty, lease

CLERK, CHECKER, MANAGER = "clerk", "checker", "manager"
ROLES = {CLERK: mark("担当者"), CHECKER: mark("確認者"), MANAGER: mark("管理者")}
"""Role → what it is called. A clerk decides; a checker confirms too, and opens what others decided; a manager
also assigns work and sees who saw what."""
CHECKERS = (CHECKER, MANAGER)
LEAST, MOST = 8, 200
"""Characters of a password at least and at most."""
LONGEST = 60
"""Characters of a name."""


@dataclass(frozen=True)
class Account:
    """One person. ``systems``: those whose data they may see, () for all; ``stamp``: changes with the
    password and with the account."""

    name: str
    role: str
    systems: tuple[str, ...] = ()
    stamp: str = ""

    @property
    def checks(self) -> bool:
        """Whether they may confirm, and open again, what somebody else decided."""
        return self.role in CHECKERS


class Accounts:
    """The accounts of a queue; every change is one transaction with its line in the log."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue

    def all(self) -> dict[str, Account]:
        """Name → account."""
        with self.queue.reading() as connection:
            return all_in(connection)

    def add(self, name: str, role: str, password: str, *, systems: Sequence[str] = ()) -> None:
        """A new person. UsageError for a name that is taken (however it is written), a role that is none, and
        a password that is too short."""
        name = " ".join(unicodedata.normalize("NFC", name).split())
        _check(name, role, systems)
        secret = _hashed(password)
        with self.queue.writing() as connection:
            if any(same_person(name, other) for other in all_in(connection)):
                raise UsageError(
                    fault("E0850", "has an account already"),
                    where=name,
                    next=tr("give another name, or change the password with: gaiji review user passwd"),
                )
            values = {"role": role, "systems": json.dumps(sorted(set(systems)), ensure_ascii=False)}
            connection.execute(account.insert().values(name=name, secret=secret, **values))
            self._log(connection, "account", name, values | {"secret": _digest(secret)})

    def remove(self, name: str) -> None:
        """Take an account away, with what was assigned to it; what the person did stays."""
        with self.queue.writing() as connection:
            found = self._found(connection, name)
            for table, column in ((account, account.c.name), (duty, duty.c.person), (lease, lease.c.person)):
                connection.execute(table.delete().where(column == found.name))
            self._log(connection, "no-account", found.name, {})

    def passwd(self, name: str, password: str) -> None:
        """Another password; sessions that were begun with the old one end."""
        secret = _hashed(password)
        with self.queue.writing() as connection:
            found = self._found(connection, name)
            connection.execute(account.update().where(account.c.name == found.name).values(secret=secret))
            values = {"role": found.role, "systems": json.dumps(list(found.systems), ensure_ascii=False)}
            self._log(connection, "account", found.name, values | {"secret": _digest(secret)})

    def signs_in(self, name: str, password: str) -> Account | None:
        """The account of a name and its password; None where they do not go together."""
        check_hash = _hashing()[1]
        with self.queue.reading() as connection:
            rows = connection.execute(sa.select(account.c.name, account.c.secret)).all()
            known = all_in(connection)
        secret = next((row.secret for row in rows if same_person(row.name, name)), "")
        right = check_hash(secret or _NOBODY, password[:MOST])  # nobody's takes as long
        found = next((one for one in known.values() if same_person(one.name, name)), None)
        return found if secret and right else None

    @staticmethod
    def _found(connection: sa.Connection, name: str) -> Account:
        found = next((one for one in all_in(connection).values() if same_person(one.name, name)), None)
        if found is None:
            raise UsageError(
                fault("E0851", "has no account"), where=name[:LONGEST], next=tr("see gaiji review user list")
            )
        return found

    @staticmethod
    def _log(connection: sa.Connection, action: str, name: str, detail: Mapping[str, Any]) -> None:
        append(connection, "gaiji", action, 0, {"account": name} | dict(detail))


def signed_in(queue: Queue, name: str, password: str) -> str:
    """The account's name, where the password is its own; UsageError where it is not."""
    found = Accounts(queue).signs_in(name, password)
    if found is None:
        raise UsageError(
            fault("E0859", "the name and the password do not go together"),
            where=name[:LONGEST],
            next=tr("give the password of the account, see gaiji review user list"),
        )
    return found.name


def all_in(connection: sa.Connection) -> dict[str, Account]:
    """Name → account, inside a transaction of the caller's."""
    rows = connection.execute(sa.select(account).order_by(account.c.name))
    return {
        row.name: Account(row.name, row.role, tuple(json.loads(row.systems)), _digest(row.secret))
        for row in rows
    }


def allowed_sources(queue: Queue, systems: Sequence[str]) -> frozenset[str] | None:
    """The sources (by id) of these systems; None where no system is named, which means all."""
    if not systems:
        return None
    return frozenset(one.id for one in queue.sources() if one.system in systems)


def account_fault(connection: sa.Connection) -> str:
    """What the accounts are that the log does not know, "" where both agree."""
    said: dict[str, dict[str, Any]] = {}
    acts = ("account", "no-account")
    query = sa.select(audit.c.action, audit.c.detail).where(audit.c.action.in_(acts)).order_by(audit.c.number)
    for row in connection.execute(query):
        detail = json.loads(row.detail)
        if row.action == "account":
            said[detail.pop("account")] = detail
        else:
            said.pop(detail["account"], None)
    there = {
        row.name: {"role": row.role, "systems": row.systems, "secret": _digest(row.secret)}
        for row in connection.execute(sa.select(account))
    }
    wrong = sorted(name for name in {*said, *there} if said.get(name) != there.get(name))
    return tr("the account of {name} is not the one in the log", name=wrong[0]) if wrong else ""


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's as far as names tell: width, case and blanks do not."""
    return plain_name(one) == plain_name(other)


def plain_name(name: str) -> str:
    """A name without what does not tell two people apart (``same_person``)."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _check(name: str, role: str, systems: Sequence[str]) -> None:
    printable = all(character.isprintable() for character in name)
    if not name or len(name) > LONGEST or not printable or same_person(name, "gaiji"):
        raise UsageError(
            fault("E0852", "a name cannot be {name!r}", name=name[:LONGEST]),
            next=tr("give the person's name, of at most {longest} characters", longest=LONGEST),
        )
    if role not in ROLES:
        raise UsageError(
            fault("E0853", "a role cannot be {role!r}", role=role[:20]),
            next=tr("use one of {roles}", roles=", ".join(ROLES)),
        )
    if any(not system.strip() for system in systems):
        raise UsageError(fault("E0854", "a system without a name"), next=tr("leave --system out for all"))


def _hashed(password: str) -> str:
    if not LEAST <= len(password) <= MOST:
        raise UsageError(
            fault("E0855", "a password has {least} to {most} characters", least=LEAST, most=MOST),
            next=tr("give a longer one, such as several words"),
        )
    return str(_hashing()[0](password))


def _hashing() -> tuple[Any, Any]:
    try:
        from werkzeug.security import check_password_hash, generate_password_hash
    except ImportError as error:
        raise MissingExtra(tr("accounts"), "web") from error
    return generate_password_hash, check_password_hash


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


_NOBODY = "scrypt:32768:8:1$" + "0" * 16 + "$" + "0" * 128
"""A hash that no password has."""
