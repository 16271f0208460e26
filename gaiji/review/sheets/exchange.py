"""The 同定表 out to clerks (CSV, XLSX, HTML) and back in.

Owns the files that go out and the transaction that takes what comes back; what its rows say is ``rows``', and
the columns are ``gaiji.review.sheets.sheet``'s. Decisions are made by ``gaiji.queue.decisions``.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.files import write_whole
from gaiji.errors import QueueError, UsageError
from gaiji.errors.messages import tr
from gaiji.output.cells import kept_cell
from gaiji.output.lines import BOM
from gaiji.queue.acting import together
from gaiji.queue.decisions import Decisions
from gaiji.queue.history import last_notes
from gaiji.queue.queue import Queue
from gaiji.review.sheets.reading import Came, read_rows
from gaiji.review.sheets.refusals import Imported, Refused, joined_cells, refused, with_joined
from gaiji.review.sheets.rows import FILLED, RowChecks, Said
from gaiji.review.sheets.sheet import COLUMNS, EDITED, KEYS, Sheet, make_sheet
from gaiji.run.places import decisions_beside, queue_reads
from gaiji.standard.repertoire import load_repertoire

__all__ = ["Exported", "Imported", "Refused", "export", "import_sheet"]


@dataclass(frozen=True)
class Exported:
    """What was written: the number of rows, and in words what could not be shown."""

    rows: int
    notes: tuple[str, ...]


# -- out ---------------------------------------------------------------------------------------------


def export(queue: Queue, path: Path, format: str = "csv", *, fonts: Sequence[str | Path] = ()) -> Exported:
    """Write the queue as ``csv``, ``xlsx`` or ``html``. ``fonts`` draw the candidates, else those that are
    installed.
    """
    reads = [*queue_reads(queue), *decisions_beside(queue), *(Place("font", Path(font)) for font in fonts)]
    keep_apart([Place("sheet", path)], reads)
    sheet, data = _plain(queue) if format == "csv" else _drawn(queue, format, fonts)
    write_whole(path, data)
    return Exported(len(sheet.rows), sheet.notes if format != "csv" else ())


def _drawn(queue: Queue, format: str, fonts: Sequence[str | Path]) -> tuple[Sheet, bytes]:
    """The sheet with pictures, and the file it makes."""
    from gaiji.review.sheets.page import page  # what comes back, and CSV, needs no pictures
    from gaiji.review.sheets.workbook import workbook
    from gaiji.shape.pictures import open_gallery

    gallery = open_gallery(fonts)
    sheet = make_sheet(queue, gallery)
    return sheet, {"xlsx": workbook, "html": page}[format](sheet, gallery)


def _plain(queue: Queue) -> tuple[Sheet, bytes]:
    sheet = make_sheet(queue)
    return sheet, _csv(sheet)


def _csv(sheet: Sheet) -> bytes:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    kept = cache(_day_or_kept)  # most cells are empty, or those of another row
    writer.writerows(
        [kept(cell, name) for cell, name in zip(row.cells, COLUMNS, strict=True)] for row in sheet.rows
    )
    return BOM + text.getvalue().encode("utf-8")


def _day_or_kept(cell: str, name: str) -> str:
    """A cell as a spreadsheet keeps it; a date may become one, since any form of it is read again."""
    return cell if name == "判定日" else kept_cell(cell)


# -- in ----------------------------------------------------------------------------------------------


def import_sheet(
    queue: Queue,
    path: Path,
    *,
    confirm: str = "one-person",
    dry_run: bool = False,
    user: str = "",
    came: Came | None = None,
) -> Imported:
    """Take the decisions of a CSV or XLSX sheet (``came``: where it was read already); Refused (with every
    wrong cell) leaves the queue untouched."""
    came = came or read_rows(path, (*KEYS, *EDITED))
    acts = Decisions(queue, confirm=confirm, signed=bool(user), only=user)
    items = {found.id: found for found in queue.items(used=False)}
    checks = RowChecks(items, acts.all(), last_notes(queue), load_repertoire())
    joined, wrong = joined_cells(came, FILLED)
    said = checks.all(with_joined(came, joined))
    if wrong or checks.refusals:
        raise refused(path, came, [*wrong, *checks.refusals])
    if not dry_run:
        _carry_out(queue, acts, said, path)
    decided, put = (sum(bool(kind(one)) for one in said) for kind in (_made, _putting))
    moved = sum(1 for one in said if one.made or one.put or one.confirm)
    return Imported(
        decided, sum(bool(one.confirm) for one in said), len(said) - moved, put, _notes(checks.rewritten)
    )


def _made(said: Said) -> bool:
    return said.made is not None


def _putting(said: Said) -> bool:
    return bool(said.put)


def _notes(rewritten: set[int]) -> tuple[str, ...]:
    """What a spreadsheet had changed."""
    if not rewritten:
        return ()
    return (
        tr(
            "{count}行の旧コードを表計算ソフトが数や日付に変えていました（管理番号で読み取りました）",
            count=len(rewritten),
        ),
    )


def _carry_out(queue: Queue, acts: Decisions, said: Sequence[Said], path: Path) -> None:
    """All rows in one transaction: another clerk's change in the meantime takes none of them."""
    try:
        with queue.writing() as connection, together(acts, connection, {one.item.id for one in said}):
            for one in said:
                version = one.item.version
                if one.put:
                    acts.put_in(connection, one.item.id, one.put, one.person, one.note, version=version)
                if one.made is not None:
                    acts.decide_in(connection, one.item.id, one.made, version=version)
                    version += 1
                if one.confirm:
                    acts.confirm_in(connection, one.item.id, one.confirm, version=version)
    except UsageError as error:
        raise QueueError(error.what, where=f"{path} {error.where}", next=error.next) from error
