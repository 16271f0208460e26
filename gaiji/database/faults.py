"""What a database driver says, in one line without anything of a row.

Owns which words of a driver may be shown: those of a connection, of names and of rights; where it speaks of
values, only the kind of the error and the names that it gives besides.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gaiji.errors import QueueError
from gaiji.errors.messages import fault, tr

NAMING = ("08", "28", "3D", "3F", "42", "53", "55", "57", "58")
"""Classes of SQLSTATE whose messages speak of connections, names, rights and resources, never of values."""


def driver_error(error: Exception, where: str) -> QueueError:
    """One line for an error of SQLAlchemy or of a driver; ``where``: the database, without its password."""
    kind, said = _parts(error)
    return QueueError(
        fault("E0058", "the database cannot be used: {kind}: {said}", kind=kind, said=said),
        where=where,
        next=tr("check the URL, the driver and the rights"),
    )


def said_by(error: Exception) -> str:
    """The kind of an error, and of its words what cannot hold a value."""
    return ": ".join(part for part in _parts(error) if part)


def _parts(error: Exception) -> tuple[str, str]:
    cause: Any = getattr(error, "orig", None) or error
    kind = type(cause).__name__
    first = (str(cause).splitlines() or [""])[0][:120]
    connecting = isinstance(error, sa.exc.DBAPIError) and error.statement is None
    state = str(getattr(cause, "sqlstate", None) or "")
    if connecting or state[:2] in NAMING or hasattr(cause, "sqlite_errorname"):
        return kind, first
    diag = getattr(cause, "diag", None)
    names = [getattr(diag, name, None) for name in ("table_name", "column_name", "constraint_name")]
    number = cause.args[0] if cause.args and isinstance(cause.args[0], int) else state
    return kind, " ".join(str(part) for part in (number, *names) if part)


def no_text(error: sa.exc.DBAPIError) -> bool:
    """Whether a server says that bytes which it holds as text are none in the encoding asked for (22021)."""
    return getattr(error.orig, "sqlstate", None) == "22021"
