"""A sheet that came back, whichever it is: the 同定表 or the 箇所表.

Owns the choice by its columns; each is taken by its own module.
"""

from __future__ import annotations

from pathlib import Path

from gaiji.queue.queue import Queue
from gaiji.review.sheets import places
from gaiji.review.sheets.exchange import Imported, import_sheet
from gaiji.review.sheets.reading import read_rows
from gaiji.review.sheets.sheet import EDITED, KEYS


def take(
    queue: Queue, path: Path, *, confirm: str = "one-person", dry_run: bool = False, user: str = ""
) -> Imported:
    """Take the decisions or answers of a sheet; Refused (with every wrong row) leaves the queue untouched."""
    came = read_rows(path, places.COLUMNS, (*KEYS, *EDITED))
    if came.form == 0:
        return places.import_places(queue, path, came, confirm=confirm, dry_run=dry_run, user=user)
    return import_sheet(queue, path, confirm=confirm, dry_run=dry_run, user=user, came=came)
