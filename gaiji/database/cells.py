"""Rows of a source table as the bytes that are decoded, and their digest.

Owns what a cell may be, how cells stand in one buffer, and what tells rows that changed. Decodes nothing.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gaiji.database.job import DbColumn
from gaiji.database.keys import Key, shown
from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.model import Column

Buffer = tuple[bytearray, "array[int]"]
BYTES = (bytes, bytearray, memoryview)


@dataclass(frozen=True)
class Rows:
    """Rows as they were read: their keys, each column's cells as they came and as bytes, and a digest."""

    keys: list[Key]
    cells: list[list[Any]]
    raw: list[Buffer]
    digest: str

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def last(self) -> Key:
        return self.keys[-1]

    def shown(self) -> Buffer:
        """The keys for a person, in one buffer."""
        return joined([shown(key).encode() for key in self.keys])

    def texts(self, made: Column, number: int) -> list[str | None]:
        """A decoded column's texts; NULL stays NULL."""
        data, at = memoryview(made.data), made.offsets
        return [
            None if cell is None else str(data[at[i] : at[i + 1]], "utf-8")
            for i, cell in enumerate(self.cells[number])
        ]

    def made(self, names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> list[dict[str, Any]]:
        """The target's rows: the key and these columns."""
        return [
            dict(zip(names, (*key, *cells), strict=True))
            for key, *cells in zip(self.keys, *columns, strict=True)
        ]


def rows_of(keys: list[Key], rows: Sequence[Any], columns: Sequence[DbColumn], table: str) -> Rows:
    """Rows (each with its key first) as bytes; DataError names the first cell that holds neither bytes nor
    text of its column's charset."""
    digest = hashlib.sha256(repr(keys).encode())
    before = len(keys[0]) if keys else 0
    cells, raw = [], []
    for number, column in enumerate(columns, before):
        some = [row[number] for row in rows]
        _check(some, keys, column, table)
        src, ends = joined(
            [c.encode("utf-8", "surrogateescape") if isinstance(c, str) else bytes(c or b"") for c in some]
        )
        cells.append(some)
        raw.append((src, ends))
        digest.update(ends.tobytes())
        digest.update(src)
        digest.update(bytes(cell is None for cell in some))
    return Rows(keys, cells, raw, digest.hexdigest())


def _check(cells: Sequence[Any], keys: Sequence[Key], column: DbColumn, table: str) -> None:
    text = column.charset.startswith("unicode-utf8")
    allowed = {type(None), *BYTES} | ({str} if text else set())
    if {type(cell) for cell in cells} <= allowed:
        return
    at = next(i for i, cell in enumerate(cells) if type(cell) not in allowed)
    where = tr("{table}.{column} row {key}", table=table, column=column.name, key=shown(keys[at]))
    if isinstance(cells[at], str):
        raise DataError(
            fault("E0070", "holds text, not bytes of {charset}", charset=column.charset),
            where=where,
            next=tr("use charset unicode-utf8 for text columns"),
        )
    raise DataError(
        fault("E0605", "holds a {kind}, neither bytes nor text", kind=type(cells[at]).__name__),
        where=where,
        next=tr("correct the row, or name a view in source.table that casts the column"),
    )


def joined(raw: Sequence[bytes]) -> Buffer:
    """The bytes in one buffer (with one more byte, so that it is never empty) and the offsets."""
    offsets = array("q", [0])
    for cell in raw:
        offsets.append(offsets[-1] + len(cell))
    return bytearray(b"".join(raw) + b"\0"), offsets


def as_it_stands(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """A column whose values come as the driver gives them: by a type of SQLAlchemy's, a number in a column of
    bytes becomes that many bytes, and a date that is none an error that quotes it. Oracle's large objects
    need theirs."""
    return column if dialect == "oracle" else sa.type_coerce(column, sa.types.NullType())
