"""DuckDB by SQLAlchemy: the dialect of duckdb-engine, which asks PostgreSQL's catalogue, asking DuckDB's own.

Owns what is looked up of tables, columns, keys and comments. Statements are the dialect's.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from duckdb_engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.engine.interfaces import ReflectedTableComment

_HERE = (
    "database_name = current_database() AND schema_name = coalesce(:schema, current_schema()) "
    "AND lower({}) = lower(:name)"
)
_KINDS: dict[str, Any] = {
    "TINYINT": sa.SmallInteger,
    "SMALLINT": sa.SmallInteger,
    "INTEGER": sa.Integer,
    "BIGINT": sa.BigInteger,
    "HUGEINT": lambda: sa.Numeric(38, 0),
    "BLOB": sa.LargeBinary,
    "VARCHAR": sa.String,
}


class DuckDB(Dialect):  # type: ignore[misc]
    """duckdb-engine's dialect with a look-up of its own."""

    supports_statement_cache = False
    get_multi_columns = DefaultDialect.get_multi_columns
    get_multi_pk_constraint = DefaultDialect.get_multi_pk_constraint
    get_multi_foreign_keys = DefaultDialect.get_multi_foreign_keys
    get_multi_indexes = DefaultDialect.get_multi_indexes
    get_multi_unique_constraints = DefaultDialect.get_multi_unique_constraints
    get_multi_check_constraints = DefaultDialect.get_multi_check_constraints
    get_multi_table_comment = DefaultDialect.get_multi_table_comment
    get_multi_table_options = DefaultDialect.get_multi_table_options

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        query = f"SELECT count(*) FROM duckdb_columns() WHERE {_HERE.format('table_name')}"
        return bool(self._found(connection, query, schema, table_name)[0][0])

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:
        query = f"SELECT table_name FROM duckdb_tables() WHERE {_HERE.format('table_name')}"
        everything = query.partition(" AND lower(")[0]
        return [name for (name,) in self._found(connection, everything, schema, "")]

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        query = (
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
            f"WHERE {_HERE.format('table_name')} ORDER BY column_index"
        )
        found = self._found(connection, query, schema, table_name)
        if not found:
            raise sa.exc.NoSuchTableError(table_name)
        return [
            {"name": name, "type": _type(kind), "nullable": nullable, "default": None, "comment": comment}
            for name, kind, nullable, comment in found
        ]

    def get_pk_constraint(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:
        found = self._constraints(connection, table_name, schema, "PRIMARY KEY")
        return {"constrained_columns": found[0] if found else [], "name": None}

    def get_unique_constraints(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> Any:
        return [
            {"name": None, "column_names": names}
            for names in self._constraints(connection, table_name, schema, "UNIQUE")
        ]

    def get_table_comment(
        self, connection: Any, table_name: str, schema: str | None = None, **_: Any
    ) -> ReflectedTableComment:
        query = f"SELECT comment FROM duckdb_tables() WHERE {_HERE.format('table_name')}"
        found = self._found(connection, query, schema, table_name)
        return {"text": found[0][0] if found else None}

    def get_foreign_keys(self, *_: Any, **__: Any) -> Any:
        """Nothing that a run asks for, as the next three."""
        return []

    get_indexes = get_check_constraints = get_foreign_keys

    def get_table_options(self, *_: Any, **__: Any) -> Any:
        return {}

    def _constraints(self, connection: Any, name: str, schema: str | None, kind: str) -> list[list[str]]:
        query = (
            "SELECT constraint_type, constraint_column_names FROM duckdb_constraints() "
            f"WHERE {_HERE.format('table_name')}"
        )
        return [list(names) for of, names in self._found(connection, query, schema, name) if of == kind]

    def _found(self, connection: Any, query: str, schema: str | None, name: str) -> list[Any]:
        given = {"schema": schema, "name": name}
        rows: list[Any] = connection.execute(
            sa.text(query), given if ":name" in query else {"schema": schema}
        ).all()
        return rows


def _type(kind: str) -> Any:
    """SQLAlchemy's type of a column; of one that is neither number, text nor bytes none."""
    if kind.startswith("DECIMAL("):
        precision, scale = kind[8:-1].split(",")
        return sa.Numeric(int(precision), int(scale))
    return _KINDS.get(kind, sa.types.NullType)()
