"""Where a review queue lies: the files of one that is a file, and that they are for their owner alone.

Owns no table and no connection; those are ``queue``'s.
"""

from __future__ import annotations

import os
from pathlib import Path

from gaiji.disk.files import make_private
from gaiji.errors import QueueError
from gaiji.messages import fault, tr


def queue_files(where: str | Path) -> list[Path]:
    """The files that a queue lies in, with those that SQLite keeps beside it; none for other databases."""
    text = str(where)
    if "://" in text:
        import sqlalchemy as sa  # a tenth of a second that a file does not cost

        try:
            url = sa.make_url(text)
        except sa.exc.ArgumentError:
            return []
        if url.get_backend_name() != "sqlite" or (url.database or ":memory:").startswith((":", "file:")):
            return []
        text = str(url.database)
    return [Path(text + end) for end in ("", "-journal", "-wal", "-shm")]


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
