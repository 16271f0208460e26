"""What the suites of databases share: servers, a table of made-up people on each, and jobs that convert it."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from conftest import MARIADB, POSTGRES

from gaiji.cli.commands import main
from gaiji.codes.charset import load_charset
from gaiji.database.verify import DbVerification
from gaiji.database.verify import verify_table as verify_with
from gaiji.proof.rows import RowsProof

KINDS = ("sqlite", "postgres", "mariadb", "duckdb")
SERVERS = {"postgres": ("GAIJI_TEST_POSTGRES", POSTGRES), "mariadb": ("GAIJI_TEST_MARIADB", MARIADB)}
JEF = load_charset("fujitsu-jef")
NAMES = ["渡邉󠄏", "辻󠄃一郎", "山田", "", "高橋"]


def verify_table(path) -> DbVerification:
    """What ``gaiji db verify`` runs."""
    return verify_with(path, RowsProof)


def empty_database(kind, tmp_path):
    """The URL of a database without tables; the test is skipped where its server is not given."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'town.sqlite'}"
    if kind == "duckdb":
        pytest.importorskip("duckdb_engine", reason="duckdb: needs gaiji[duckdb]")
        return f"duckdb:///{tmp_path / 'town.duckdb'}"
    name, where = SERVERS[kind]
    if not where:
        pytest.skip(f"{kind}: needs {name}")
    engine = sa.create_engine(where)
    found = sa.MetaData()
    found.reflect(engine)
    found.drop_all(engine)
    engine.dispose()
    return where


def people_in(kind, tmp_path):
    """The URL of a database of that kind with a table of 57 people, some of whose names hold 外字."""
    where = empty_database(kind, tmp_path)
    engine = sa.create_engine(where)
    people = sa.Table(
        "people",
        sa.MetaData(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("jef", sa.LargeBinary),
        sa.Column("pua", sa.Text),
        sa.Column("twice", sa.Integer),
    )
    people.create(engine)
    with engine.begin() as connection:
        connection.execute(people.insert(), rows())
    engine.dispose()
    return where


def rows() -> list[dict[str, object]]:
    out = []
    for n in range(57):
        name = JEF.encode(NAMES[n % len(NAMES)]) + (bytes.fromhex("80A1") if n % 9 == 0 else b"")
        out.append(
            {
                "number": 3 * n,
                "jef": None if n == 7 else name,
                "pua": None if n == 8 else f"東町{n}\ue000" * (n % 3),
                "twice": n // 2,
            }
        )
    return out


def job(tmp_path, url, chunk=10, key="number", policy=""):
    path = tmp_path / "db.toml"
    path.write_text(
        f'[source]\nurl = "{url}"\ntable = "people"\nkey = "{key}"\nchunk = {chunk}\n'
        '[[column]]\nname = "jef"\ncharset = "fujitsu-jef"\nto = "name"\n'
        '[[column]]\nname = "pua"\ncharset = "unicode-utf8"\nto = "address"\nrole = "address"\n'
        f'[target]\ntable = "people_mj"\n[policy]\n{policy}\n',
        "utf-8",
    )
    return str(path)


def proved(path):
    """The rows of a target that a proof found right, every one."""
    done = verify_table(path)
    assert done.holds, done.data
    return done.data["rows"]["compared"]


def stored(url):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT number, name, address FROM people_mj ORDER BY number")
        ).all()
    engine.dispose()
    return [tuple(row) for row in found]


def expected():
    utf8 = load_charset("unicode-utf8")
    out = []
    for row in rows():
        name = None if row["jef"] is None else JEF.decode(row["jef"]).text
        address = None if row["pua"] is None else utf8.decode(row["pua"].encode(), role="address").text
        out.append((row["number"], name, address))
    return out


def change(url, statement):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def files(tmp_path, **tables):
    """An SQLite file for each name, made by statements of SQL."""
    for name, statements in tables.items():
        connection = sqlite3.connect(tmp_path / f"{name}.db")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()


def small(
    tmp_path,
    source,
    table="juki",
    key='"k"',
    target="t",
    to="",
    charset="unicode-utf8",
    column="b",
    schema="",
):
    """A job on one column; ``to``, ``schema``: the target's URL and schema."""
    path = tmp_path / "small.toml"
    path.write_text(
        f'[source]\nurl = "{source}"\ntable = "{table}"\nkey = {key}\nchunk = 2\n[[column]]\nname = "{column}"\n'
        f'to = "made"\ncharset = "{charset}"\n[target]\ntable = "{target}"\nurl = "{to}"\n'
        f'schema = "{schema}"\n',
        "utf-8",
    )
    return str(path)


def held(path, table="t"):
    connection = sqlite3.connect(path)
    found = connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
    connection.close()
    return found


def said(path, *options):
    """The one line that a refused run says."""
    run = CliRunner().invoke(main, ["db", "convert", path, *options])
    assert run.exit_code in (1, 2) and len(run.output.splitlines()) == 1, run.output
    return run.output
