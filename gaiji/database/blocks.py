"""Rows of PostgreSQL read and written as whole columns: no object for each value.

Owns which tables can be read so, the statement that the server answers a chunk with, and the text that COPY
takes. What a row is, and what is made of it, is the same as for the rows of ``cells``, which every other
database and every other kind of column goes by.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import accumulate
from typing import Any, overload

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from gaiji.database.cells import Buffer
from gaiji.database.keys import Key
from gaiji.database.plan import DbPlan
from gaiji.kernel.arrow import int64_series, text_series
from gaiji.model import Column

Row = Mapping[str, Any]
NUMBERS = (sa.BIGINT, sa.INTEGER, sa.SMALLINT)
TEXTS = (sa.TEXT, sa.VARCHAR)


class Filled(Sequence[Row]):
    """Rows that a target takes, as columns (``frame``); each row is made when it is asked for."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return self.frame.height

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Filled: ...
    def __getitem__(self, at: int | slice) -> Row | Filled:
        return Filled(self.frame[at]) if isinstance(at, slice) else self.frame.row(at, named=True)

    def __iter__(self) -> Iterator[Row]:
        return self.frame.iter_rows(named=True)

    def csv(self, names: Sequence[str]) -> bytes:
        """Some columns as COPY … (FORMAT csv) takes them: nothing for NULL, quotes around an empty text."""
        out = BytesIO()
        self.frame.select(names).write_csv(out, include_header=False, quote_style="necessary")
        return out.getvalue()


@dataclass(frozen=True)
class Block:
    """A chunk's rows: the columns of its key, and of each column the bytes with their ends and, where there
    are some, its NULLs (as ``gaiji.database.cells.Rows``, with columns for cells)."""

    keys: pl.DataFrame
    raw: list[Buffer]
    nulls: list[pl.Series | None]

    def __len__(self) -> int:
        return self.keys.height

    @property
    def last(self) -> Key:
        return self.keys.row(-1)

    @cached_property
    def digest(self) -> str:
        """That of the same rows in ``cells``."""
        end = ",)" if self.keys.width == 1 else ")"
        listed = f"({self._joined(f'{end}, (')}{end}" if len(self) else ""
        found = hashlib.sha256(f"[{listed}]".encode())  # as Python writes a list of tuples
        for (src, offsets), nulls in zip(self.raw, self.nulls, strict=True):
            found.update(memoryview(offsets))
            found.update(src)
            found.update(bytes(len(self)) if nulls is None else bytes(nulls.to_list()))
        return found.hexdigest()

    def _joined(self, between: str) -> str:
        return str(self._told.str.join(between).item())

    @cached_property
    def _told(self) -> pl.Series:
        return self.keys.select(pl.concat_str(pl.all(), separator=", ")).to_series()

    def shown(self) -> Buffer:
        """The keys for a person, in one buffer."""
        return bytearray(self._joined("").encode() + b"\0"), _ends(self._told.str.len_bytes().to_list())

    def texts(self, made: Column, number: int) -> pl.Series:
        """A decoded column's texts; NULL stays NULL."""
        found, nulls = text_series("", made.data, made.offsets), self.nulls[number]
        return found if nulls is None else found.zip_with(~nulls, pl.Series([None], dtype=pl.String))

    def made(self, names: Sequence[str], columns: Sequence[pl.Series]) -> Filled:
        """The target's rows: the key and these columns."""
        every = [*self.keys.get_columns(), *columns]
        return Filled(pl.DataFrame([one.alias(name) for one, name in zip(every, names, strict=True)]))


class Blocks:
    """Reads a source by blocks: a key of whole numbers, columns of bytes or of text in UTF-8."""

    def __init__(self, plan: DbPlan) -> None:
        self.plan = plan

    @classmethod
    def of(cls, plan: DbPlan) -> Blocks | None:
        """None for a source that has to be read row by row."""
        if plan.source.dialect.driver != "psycopg":
            return None
        columns = plan.origin.c
        able = all(type(columns[name].type) in NUMBERS for name in plan.job.keys) and all(
            type(columns[one.name].type) is postgresql.BYTEA
            or (type(columns[one.name].type) in TEXTS and one.charset.startswith("unicode-utf8"))
            for one in plan.job.columns
        )
        return cls(plan) if able else None

    def read(self, reading: sa.Connection, after: Key | None, limit: int) -> Block | None:
        """The next rows behind a key; None where the server speaks another encoding than UTF-8 at home, or
        the rows are too long for it to give them together."""
        driver: Any = reading.connection.driver_connection
        if driver.info.parameter_status("server_encoding") != "UTF8":
            return None
        dialect = reading.dialect
        asked = self._statement(after, limit).compile(dialect=dialect)
        try:
            with driver.cursor(binary=True) as cursor:
                count, *cells = cursor.execute(str(asked), asked.params).fetchone()
        except dialect.loaded_dbapi.Error as error:
            if error.sqlstate == "54000":  # program_limit_exceeded: a value of 1 GB
                return None
            raise sa.exc.DBAPIError.instance(
                str(asked), None, error, dialect.loaded_dbapi.Error, dialect=dialect
            ) from error
        finally:
            driver.rollback()  # no snapshot is held from chunk to chunk
        return block_of(count, cells, len(self.plan.job.keys))

    def _statement(self, after: Key | None, limit: int) -> sa.Select[Any]:
        """One row: how many rows there are and, of all together, each column of the key as 8 bytes a number,
        of each column the bytes and their lengths (-1: NULL). The server gives them in the order of the rows
        that they are made of."""
        plan = self.plan
        wanted = [column.label(f"k{at}") for at, column in enumerate(plan.keys.columns)]
        wanted += [_bytes(plan.origin.c[one.name]).label(f"c{at}") for at, one in enumerate(plan.job.columns)]
        rows = sa.select(*wanted).order_by(*plan.keys.columns).limit(limit)
        some = (rows if after is None else rows.where(plan.keys.behind(after))).subquery("some")
        every: list[sa.ColumnElement[Any]] = [sa.func.count()]
        for column in some.c:
            if column.name.startswith("k"):
                every.append(_together(sa.func.int8send(sa.cast(column, sa.BIGINT))))
            else:
                long = sa.func.coalesce(sa.func.octet_length(column), sa.literal_column("-1"))
                every += [_together(column), _together(sa.func.int4send(long))]
        return sa.select(*every).select_from(some)


def block_of(count: int, cells: Sequence[bytes | None], width: int) -> Block | None:
    """The rows of a server's answer, whose key has ``width`` columns; None where they are not in the key's
    order, or one has no key."""
    keys = [_numbers("q", cell) for cell in cells[:width]]
    if any(len(key) != count for key in keys):
        return None
    columns = [
        _cells(data, _numbers("i", sizes)) for data, sizes in zip(*[iter(cells[width:])] * 2, strict=True)
    ]
    frame = pl.DataFrame([_whole(f"k{at}", key) for at, key in enumerate(keys)])
    if not frame.equals(frame.sort(frame.columns)):
        return None
    return Block(frame, [raw for raw, _ in columns], [nulls for _, nulls in columns])


def _bytes(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """A column of bytes, or of text in UTF-8, as bytes."""
    if type(column.type) is postgresql.BYTEA:
        return column
    return sa.func.convert_to(column, sa.literal_column("'UTF8'"), type_=postgresql.BYTEA())


def _together(values: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.string_agg(values, sa.literal_column("''::bytea"))


def _numbers(kind: str, cell: bytes | None) -> array[int]:
    """Numbers as the server sends them, in network order."""
    found = array(kind, cell or b"")
    if sys.byteorder == "little":
        found.byteswap()
    return found


def _whole(name: str, numbers: array[int]) -> pl.Series:
    return int64_series(name, numbers) if numbers else pl.Series(name, dtype=pl.Int64)


def _cells(data: bytes | None, sizes: array[int]) -> tuple[Buffer, pl.Series | None]:
    """A column's bytes with the end of each cell, and which cells are NULL, if any."""
    nulls = None
    if sizes and min(sizes) < 0:
        nulls = pl.Series([size < 0 for size in sizes])
        sizes = array("i", [max(size, 0) for size in sizes])
    return (bytearray((data or b"") + b"\0"), _ends(sizes)), nulls


def _ends(sizes: Sequence[int]) -> array[int]:
    return array("q", accumulate(sizes, initial=0))
