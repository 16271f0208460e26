"""The key that chunks and resuming go by: one column or several, whole numbers or text.

Owns which columns can be a key, their values as the target takes them, the type that they have there, and the
order of rows. Says nothing of the columns that are converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from gaiji.errors import DataError, UsageError
from gaiji.errors.messages import fault, tr

Key = tuple[Any, ...]
DIGITS = 38
"""Digits of a whole number's column where the source bounds them not: what every database has."""
MYSQL = ("mysql", "mariadb")
UNBOUND = ("sqlite", "duckdb")
"""Databases whose texts may be longer than their column says."""
INDEXED = 768
"""Characters of four bytes in an index of MySQL's and MariaDB's InnoDB."""


class Whole(sa.types.UserDefinedType[int]):
    """A decimal column without a fraction, whose values go to and come from the driver as they are: a float
    on the way would change numbers of 16 digits and more."""

    cache_ok = True

    def __init__(self, digits: int = DIGITS) -> None:
        self.digits = digits

    def get_col_spec(self, **_: Any) -> str:
        return f"NUMERIC({self.digits}, 0)"


class Keys:
    """The key of a source table. UsageError for columns that can be none."""

    def __init__(self, origin: sa.Table, names: Sequence[str], connection: sa.Connection) -> None:
        self.names = tuple(names)
        self.origin = origin
        self.dialect = connection.dialect.name
        self._plain = [origin.c[name] for name in self.names]
        self.numbers = [_is_number(column.type) for column in self._plain]
        self.columns: list[sa.ColumnElement[Any]] = [
            sa.type_coerce(c, Whole()) if isinstance(c.type, sa.Numeric) else c for c in self._plain
        ]
        self._check(connection)

    def _check(self, connection: sa.Connection) -> None:
        for column, number in zip(self._plain, self.numbers, strict=True):
            text = isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
            if not number and not text:
                raise UsageError(
                    fault("E0060", "{key} is neither a whole number nor text", key=column.name),
                    where=self.origin.name,
                    next=tr("name another key"),
                )
        if not any(unique <= set(self.names) for unique in _unique(self.origin, connection)):
            raise UsageError(
                fault("E0062", "{key} is neither primary key nor unique", key=", ".join(self.names)),
                where=self.origin.name,
                next=tr(
                    'name what is in source.key, a column or several (key = ["city", "number"]); chunks and '
                    "resuming go by it"
                ),
            )
        empty = sa.or_(*(column.is_(None) for column in self._plain))
        query = sa.select(sa.func.count()).select_from(self.origin).where(empty)
        count = connection.execute(query).scalar_one()
        if count:
            raise UsageError(
                fault("E0602", "{key} is NULL in {count} rows", key=", ".join(self.names), count=count),
                where=self.origin.name,
                next=tr("fill it in, or name another key"),
            )

    def values(self, rows: Sequence[Any], first: int) -> list[Key]:
        """The keys of rows that begin with them; DataError for the first that is not what its column says
        (SQLite holds any value in any column). ``first``: rows before these."""
        count = len(self.names)
        return [
            tuple(self._value(row[at], at, first + number) for at in range(count))
            for number, row in enumerate(rows, 1)
        ]

    def _value(self, value: Any, at: int, row: int) -> Any:
        if self.numbers[at]:
            if type(value) is int:
                return value
            if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
                return int(value)
            what = fault("E0603", "{key} is no whole number in this row", key=self.names[at])
        else:
            if isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value):
                return value
            what = fault("E0604", "{key} is no text in UTF-8 in this row", key=self.names[at])
        raise DataError(
            what,
            where=tr("{table} row {row} in the order of the key", table=self.origin.name, row=row),
            next=tr("correct the row, or name another key"),
        )

    def behind(self, last: Key) -> sa.ColumnElement[bool]:
        """What is true of the rows behind the one of this key."""
        columns, some = self.columns, []
        for at, column in enumerate(columns):
            equal = [columns[i] == last[i] for i in range(at)]
            some.append(sa.and_(*equal, column > last[at]))
        return some[0] if len(some) == 1 else sa.and_(columns[0] >= last[0], sa.or_(*some))

    def target_columns(self, dialect: sa.Dialect) -> list[sa.Column[Any]]:
        """The key's columns of a target of this dialect: what holds every value that the source can hold, and
        tells apart what the source does."""
        return [
            sa.Column(c.name, self._type(c.type, dialect), primary_key=True, autoincrement=False)
            for c in self._plain
        ]

    def _length(self, own: Any) -> int:
        """Characters of a text where it must have a bound: that of the source where the source keeps to it,
        else what an index of several columns can hold."""
        bound = own.length if self.dialect not in UNBOUND else None
        return bound or min(255, INDEXED // len(self.names))

    def _type(self, own: Any, to: sa.Dialect) -> Any:
        dialect = to.name
        same = dialect == self.dialect
        if isinstance(own, sa.Integer):
            return own if same else sa.BigInteger()
        if isinstance(own, sa.Numeric):
            if same and dialect == "postgresql" and own.precision is None:
                return Whole(1000)
            return Whole((own.precision if same else None) or DIGITS)
        if dialect in MYSQL:
            exact = "utf8mb4_nopad_bin" if getattr(to, "is_mariadb", False) else "utf8mb4_bin"
            return mysql.VARCHAR(self._length(own), charset="utf8mb4", collation=exact)
        if same:
            return own
        return sa.Text() if dialect in ("sqlite", "postgresql", "duckdb") else sa.String(self._length(own))


def shown(key: Key) -> str:
    """A key in one line, for a person."""
    return ", ".join(str(value) for value in key)[:60]


def _is_number(kind: Any) -> bool:
    if isinstance(kind, sa.Integer):
        return True
    return isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and not kind.scale


def _unique(origin: sa.Table, connection: sa.Connection) -> list[set[str]]:
    """The sets of columns of which the database says that no two rows are equal."""
    inspector = sa.inspect(connection)
    at = origin.name, origin.schema
    found = [inspector.get_pk_constraint(*at)["constrained_columns"]]
    found += [c["column_names"] for c in inspector.get_unique_constraints(*at)]
    for index in inspector.get_indexes(*at):
        partial = any(name.endswith("_where") for name in index.get("dialect_options", {}))
        if index["unique"] and not partial and None not in index["column_names"]:
            found.append([str(name) for name in index["column_names"]])
    return [set(names) for names in found if names]
