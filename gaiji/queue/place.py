"""Where a review queue lies: the files of one that is a file, and that they are for their owner alone.

Owns no table and no connection; those are ``queue``'s.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.disk.files import make_private
from gaiji.errors import QueueError
from gaiji.errors.messages import fault, tr

if TYPE_CHECKING:
    import sqlalchemy as sa


SCHEMA = "5"
"""The version of a queue's tables that this gaiji reads and writes."""


def queue_files(where: str | Path) -> list[Path]:
    """The files that a queue lies in, with those that SQLite keeps beside it; none for other databases."""
    text = str(where)
    if "://" in text:
        file = sqlite_file(text)
        if file is None:
            return []
        text = str(file)
    return with_journals(text)


def with_journals(name: str) -> list[Path]:
    """A file of SQLite and those that it keeps beside it."""
    return [Path(name + end) for end in ("", "-journal", "-wal", "-shm")]


def sqlite_file(url: str) -> Path | None:
    """The file that an SQLite URL names, None for another database. QueueError for a database in memory and
    a URL with options: no other command would find that queue, or find it the same."""
    scheme, _, rest = url.partition("://")
    if scheme.partition("+")[0] != "sqlite":
        return None
    name = rest.removeprefix("/")
    if not rest.startswith("/") or not name or "?" in name or name.startswith((":", "file:")):
        raise QueueError(
            fault("E0567", "names no plain file"), where=url, next=tr("write the path of the queue's file")
        )
    return Path(name)


def database_url(text: str) -> sa.URL:
    """A database URL in its parts; QueueError where it is none, which does not repeat it: it may hold a
    password."""
    import sqlalchemy as sa  # a tenth of a second that a file does not cost

    try:
        return sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise QueueError(
            fault("E0566", "is no URL of a database"),
            where=f"{text.partition('://')[0][:40]}://…",
            next=tr("write postgresql+psycopg://USER@HOST:PORT/NAME, or the path of a file"),
        ) from None


def make_queue_file(path: Path) -> None:
    """Make a queue's file where there is none; one that is there becomes its owner's alone.

    QueueError when that cannot be, or the path is a link: what somebody else named is no place for names.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            make_private(handle)
        finally:
            os.close(handle)
    except OSError as error:
        what = tr("it is a link") if os.path.islink(path) else error.strerror
        raise QueueError(
            fault("E0392", "the review queue cannot be used: {what}", what=what),
            where=str(path),
            next=tr("name the queue's own file in [review] queue, in a folder of yours"),
        ) from error
