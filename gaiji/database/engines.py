"""Connections to databases: how each kind is asked for text, and which extra brings its driver.

Owns what an engine is made with. What a URL leads to is in ``identity``, its rows in ``cells``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gaiji.database.keys import MYSQL
from gaiji.errors import GaijiError, MissingExtra, UsageError
from gaiji.errors.messages import fault, tr

EXTRAS = {"psycopg": "postgres", "pymysql": "mariadb", "duckdb_engine": "duckdb", "duckdb": "duckdb"}
"""The module of a driver → the extra of this package that brings it."""
URLS = ("sqlite:///", "postgresql+psycopg://", "mariadb+pymysql://", "duckdb:///")
"""How URLs begin whose drivers are tried."""


def open_engine(url: str) -> sa.Engine:
    """The engine of a database. SQLite's text that is no UTF-8 is read byte for byte, so that it becomes a
    finding; PostgreSQL speaks UTF-8 whatever encoding the database has; MySQL and MariaDB cut no value.
    MissingExtra without its driver."""
    made = sa.make_url(url)
    if made.get_backend_name() == "duckdb":
        sa.dialects.registry.register("duckdb", "gaiji.database.duck", "DuckDB")
    try:
        utf8 = made.get_driver_name() == "psycopg"
        engine = sa.create_engine(made, connect_args={"client_encoding": "utf8"} if utf8 else {})
    except sa.exc.NoSuchModuleError as error:
        raise _missing(made.get_backend_name()) from error
    except ImportError as error:
        raise _missing(error.name or made.drivername) from error
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def connect(connection: Any, _: Any) -> None:
            connection.text_factory = lambda raw: str(raw, "utf-8", "surrogateescape")

    if engine.dialect.name in MYSQL:

        @sa.event.listens_for(engine, "connect")
        def strict(connection: Any, _: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")

    return engine


def _missing(driver: str) -> GaijiError:
    """The extra that brings a driver; of another driver, its own name."""
    name = driver.partition(".")[0]
    if name.lower() in EXTRAS:
        return MissingExtra(tr("this database (the driver {error})", error=name), EXTRAS[name.lower()])
    return UsageError(
        fault("E0640", "the driver of this database is not installed"),
        where=name,
        next=tr("write {known}, or install the driver", known=", ".join(URLS)),
    )
