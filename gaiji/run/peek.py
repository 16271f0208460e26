"""The first look at an input: its header, its first records, whether it can be read again.

Owns the one pass over a pipe that was begun to see them. What follows from what is seen is the caller's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Sequence

from gaiji.codes.charset import Charset
from gaiji.records.batch import Batch, Framing
from gaiji.records.reader import BATCH, Reader
from gaiji.run.header import ROWS
from gaiji.run.job import Job

PEEK = 256 * 1024
"""Bytes of a CSV that are read for its header."""


def regular(path: str) -> bool:
    """Whether a path is a file that can be read again (no pipe, not standard input); also one not there."""
    try:
        return path != "-" and stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def peek(
    job: Job, framing: Framing
) -> tuple[tuple[bytes, ...], int, list[list[bytes]], tuple[Reader, Batch | None, Iterator[Batch]] | None]:
    """The header of a CSV, how many columns it has, its first records; of a pipe, also the pass that was
    begun for it."""
    path, quarantine = job.file(job.source["path"]), job.source["on_bad_record"] == "quarantine"
    again = regular(path)
    if framing.format != "csv":
        return (), 0, [], None
    reader = Reader(path, framing, quarantine=quarantine, batch=PEEK if again else BATCH)
    batches = iter(reader)
    first = next(batches, None)
    header, columns = tuple(reader.header), len(first.starts) if first else 0
    rows = [first.cells(row) for row in range(min(ROWS, first.rows))] if first else []
    if not again:
        return header, columns, rows, (reader, first, batches)
    assert isinstance(batches, Generator)
    batches.close()
    return header, columns, rows, None


def begin(job: Job, framing: Framing) -> tuple[Reader, Batch | None, Iterator[Batch]]:
    """The one pass over a pipe, begun to see its first records."""
    quarantine = job.source["on_bad_record"] == "quarantine"
    reader = Reader(job.file(job.source["path"]), framing, quarantine=quarantine)
    batches = iter(reader)
    return reader, next(batches, None), batches


def column_names(charset: Charset, header: Sequence[bytes], columns: int) -> list[str]:
    """The names of a CSV's columns."""
    names = texts(charset, header)
    return names or [f"column{i + 1}" for i in range(columns)]


def texts(charset: Charset, cells: Sequence[bytes]) -> list[str]:
    """Cells as text, their findings as the default policies write them."""
    return [charset.decode(cell, role="other").text for cell in cells]
