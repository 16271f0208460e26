"""Tables converted in chunks: cell for cell as the charset decodes, NULLs, stops and resumes, and what is refused."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from conftest import POSTGRES

from gaiji.cli.commands import main
from gaiji.codes.charset import load_charset
from gaiji.database.convert import _Run, convert_table, verify_table
from gaiji.database.job import load_db_job
from gaiji.database.progress import CHUNK, RUN, Progress
from gaiji.errors import DataError, GaijiError, JobError, UsageError
from gaiji.queue.queue import open_queue

JEF = load_charset("fujitsu-jef")
NAMES = ["渡邉󠄏", "辻󠄃一郎", "山田", "", "高橋"]


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def url(request, tmp_path):
    """An empty database of each kind with a source table of 57 people, some of whose names hold 外字."""
    where = POSTGRES if request.param == "postgres" else f"sqlite:///{tmp_path / 'town.sqlite'}"
    engine = sa.create_engine(where)
    found = sa.MetaData()
    found.reflect(engine)
    found.drop_all(engine)
    people = sa.Table(
        "people",
        sa.MetaData(),
        sa.Column("number", sa.Integer, primary_key=True),
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


@pytest.mark.parametrize("chunk", [1, 10, 57, 1000])
def test_every_cell_is_as_the_charset_decodes_it_whatever_the_chunks(tmp_path, url, chunk):
    path = job(tmp_path, url, chunk)
    done = convert_table(path)
    assert done.rows == 57 and stored(url) == expected()
    assert verify_table(path) == 57
    assert all(column["reconciled"] for column in done.columns.values())
    assert done.columns["name"]["flagged"] == {"unmapped-gaiji": 7}
    manifest = json.loads((tmp_path / "db.manifest.json").read_text("utf-8"))
    assert manifest["rows"] == 57 and manifest["columns"] == done.columns
    queue = open_queue(tmp_path / "review.sqlite")
    items = {(i.system, i.code): i for i in queue.items()}
    assert items["JEF", "80A1"].total == 7 and items["UCS", "E000"].people == 37
    assert items["JEF", "80A1"].samples[0].record_key == "0"
    queue.close()


def test_a_stopped_run_goes_on_and_gives_the_same(tmp_path, url, monkeypatch):
    path = job(tmp_path, url)
    write, left = Progress.write, [2]

    def stop(self, rows, report, done, digest):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(self, rows, report, done, digest)

    monkeypatch.setattr(Progress, "write", stop)
    for already in (20, 40):
        left[0] = 2
        with pytest.raises(KeyboardInterrupt):
            convert_table(path)
        assert len(stored(url)) == already
    monkeypatch.undo()
    done = convert_table(path)
    assert (done.rows, done.resumed) == (57, 40) and stored(url) == expected()
    assert convert_table(path).resumed == 57
    assert done.columns == convert_table(path, restart=True).columns


def test_a_chunk_whose_rows_fail_leaves_no_progress(tmp_path, url, monkeypatch):
    path = job(tmp_path, url)
    insert, calls = Progress._insert, []

    def broken(self, connection, some):
        insert(self, connection, some)
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError

    monkeypatch.setattr(Progress, "_insert", broken)
    with pytest.raises(RuntimeError):
        convert_table(path)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.select(RUN.c.chunks, RUN.c.row_count)).one() == (2, 20)
        assert connection.execute(sa.select(sa.func.count()).select_from(CHUNK)).scalar_one() == 2
    engine.dispose()
    assert len(stored(url)) == 20


def test_a_dry_run_writes_nothing(tmp_path, url):
    done = convert_table(job(tmp_path, url), dry_run=True)
    assert done.rows == 57 and done.columns["name"]["flagged"] == {"unmapped-gaiji": 7}
    assert not (tmp_path / "review.sqlite").exists() and not (tmp_path / "db.manifest.json").exists()
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == ["people"]
    engine.dispose()


def change(url, statement):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def test_verify_sees_a_changed_cell_a_missing_row_and_one_too_many(tmp_path, url):
    path = job(tmp_path, url)
    for statement in (
        "UPDATE people_mj SET name = '別' WHERE number = 30",
        "DELETE FROM people_mj WHERE number = 30",
        "INSERT INTO people_mj (number, name, address) VALUES (1, 'a', 'b')",
    ):
        convert_table(path, restart=True)
        change(url, statement)
        with pytest.raises(DataError):
            verify_table(path)


def test_a_source_that_changed_meanwhile_is_told(tmp_path, url):
    path = job(tmp_path, url)
    convert_table(path)
    change(url, "DELETE FROM people WHERE number = 0")
    with pytest.raises(DataError, match="rows 1 to 10 in the order of the key are not those"):
        convert_table(path)


def test_a_changed_job_or_a_foreign_table_is_refused(tmp_path, url):
    convert_table(job(tmp_path, url))
    with pytest.raises(UsageError, match="another job"):
        convert_table(job(tmp_path, url, policy='unmapped-gaiji = "tag"'))
    change(url, "DELETE FROM gaiji_run")
    with pytest.raises(UsageError, match="there already"):
        convert_table(job(tmp_path, url))


def test_a_key_that_is_not_unique_and_a_second_writer_are_refused(tmp_path, url):
    with pytest.raises(UsageError, match="neither primary key nor unique"):
        convert_table(job(tmp_path, url, key="twice"))
    run = _Run(load_db_job(job(tmp_path, url)))
    progress = Progress(run.target, run.table, run.digest, run.from_)
    done, *_ = progress.prepare(False)
    with run.source.connect() as reading:
        chunk = next(run.chunks(reading, None, 0))
    progress.write(chunk.rows, run.report_of(chunk), done, chunk.digest)
    with pytest.raises(GaijiError, match="another run"):
        progress.write(chunk.rows, run.report_of(chunk), done, chunk.digest)
    run.close()


def test_a_finding_whose_policy_is_fail_ends_the_run(tmp_path, url):
    with pytest.raises(DataError, match="80A1"):
        convert_table(job(tmp_path, url, policy='unmapped-gaiji = "fail"'))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "number"', "", "source.key is missing"),
        ('table = "people_mj"', 'tabel = "x"', "is not a key"),
        ('to = "address"', 'to = "name"', "two have one name"),
        ('role = "address"', 'role = "street"', "cannot be"),
        ("[policy]", '[policy]\nillegal = "drop-record"', "drop-record"),
        ("[source]\nurl = ", "[source]\nurl = 'env:NOT_SET'\n#", "not set"),
    ],
)
def test_a_wrong_job_names_its_key(tmp_path, old, new, said):
    path = job(tmp_path, "sqlite://")
    text = (tmp_path / "db.toml").read_text("utf-8")
    (tmp_path / "db.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(JobError) as error:
        load_db_job(path)
    assert said in str(error.value).replace(" key source.key:", "source.key").replace("  ", " ")


def test_the_commands(tmp_path, url):
    path = job(tmp_path, url)
    run = CliRunner().invoke(main, ["db", "convert", path])
    assert run.exit_code == 3 and "57 rows converted" in run.output and "2 codes wait" in run.output
    assert "57 rows" in CliRunner().invoke(main, ["db", "verify", path]).output
    broken = CliRunner().invoke(
        main, ["db", "convert", job(tmp_path, "postgresql+psycopg://x:secret@127.0.0.1:1/none")]
    )
    assert (
        broken.exit_code in (1, 2) and "secret" not in broken.output and len(broken.output.splitlines()) == 1
    )


# -- whose a table is, and what a cell and a key may be -------------------------------------------------


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


TOWN = ("CREATE TABLE juki (k integer PRIMARY KEY, b text)", "INSERT INTO juki VALUES (1, '山田')")


@pytest.mark.parametrize("spelling", ["absolute", "link", "hard link", "dots", "uri", "case", "schema"])
def test_a_source_under_another_spelling_is_never_the_target(tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(tmp_path)
    files(tmp_path, a=TOWN)
    (tmp_path / "soft.db").symlink_to("a.db")
    os.link("a.db", "hard.db")
    names = {
        "absolute": f"sqlite:///{tmp_path}/a.db",
        "link": "sqlite:///soft.db",
        "hard link": "sqlite:///hard.db",
        "dots": f"sqlite:///../{tmp_path.name}/./a.db",
        "uri": "sqlite:///file:a.db?uri=true",
        "case": "sqlite:///a.db",
        "schema": "sqlite:///a.db",
    }
    target, schema = "JUKI" if spelling == "case" else "juki", "main" if spelling == "schema" else ""
    before = (tmp_path / "a.db").read_bytes()
    for options in ((), ("--restart",), ("--dry-run",)):
        assert "source and target at once" in said(
            small(tmp_path, "sqlite:///a.db", target=target, to=names[spelling], schema=schema), *options
        )
    assert (tmp_path / "a.db").read_bytes() == before


def test_only_a_table_that_the_run_registered_is_dropped(tmp_path):
    files(
        tmp_path,
        a=(*TOWN, "CREATE TABLE t (k integer PRIMARY KEY, made text)", "INSERT INTO t VALUES (7, 'x')"),
    )
    path, database = small(tmp_path, f"sqlite:///{tmp_path}/a.db"), tmp_path / "a.db"
    for options in ((), ("--restart",)):
        assert "no run made this one" in said(path, *options)
    assert held(database) == [(7, "x")]
    change(f"sqlite:///{database}", "ALTER TABLE t RENAME TO mine")
    convert_table(path)
    # somebody puts another table in the place of the run's: the name is registered, the table is not
    change(f"sqlite:///{database}", "ALTER TABLE t RENAME TO made_once")
    change(f"sqlite:///{database}", "ALTER TABLE mine RENAME TO t")
    for options in ((), ("--restart",)):
        assert "no run made this one" in said(path, *options)
    assert held(database) == [(7, "x")]
    change(f"sqlite:///{database}", "DROP TABLE t")
    assert "is gone" in said(path)
    assert convert_table(path, restart=True).rows == 1 and held(database) == [(1, "山田")]


def test_a_switched_source_is_told_and_keeps_what_is_there(tmp_path):
    files(tmp_path, one=TOWN, two=(TOWN[0], "INSERT INTO juki VALUES (1, '川上')"))
    to = f"sqlite:///{tmp_path}/t.db"
    convert_table(small(tmp_path, f"sqlite:///{tmp_path}/one.db", to=to))
    for options in ((), ("--restart",)):
        line = said(small(tmp_path, f"sqlite:///{tmp_path}/two.db", to=to), *options)
        assert "one.db" in line and "two.db" in line
    assert held(tmp_path / "t.db") == [(1, "山田")]


def test_a_changed_cell_and_a_changed_key_of_a_converted_chunk_are_found(tmp_path, url):
    path = job(tmp_path, url, chunk=10)
    for statement in (
        "UPDATE people SET pua = 'x' WHERE number = 42",
        "UPDATE people SET pua = NULL WHERE number = 0",
        "UPDATE people SET number = 43 WHERE number = 42",
    ):
        convert_table(path, restart=True)
        before = stored(url)
        change(url, statement)
        with pytest.raises(DataError, match="not those that were converted"):
            convert_table(path)
        assert stored(url) == before
    assert convert_table(path, restart=True).rows == 57 and verify_table(path) == 57


KEYS = {
    "numeric(10,0)": ([(1,), (9_007_199_254_740_993,), (9_007_199_254_740_995,)], '"k"'),
    "bigint": ([(-5,), (0,), (9_007_199_254_740_993,)], '"k"'),
    "char(3)": ([("A1 ",), ("a1 ",), ("longer than 3",)], '"k"'),
}


@pytest.mark.parametrize("kind", KEYS)
def test_keys_of_every_kind_come_over_unchanged(tmp_path, url, kind):
    rows, key = KEYS[kind]
    database = tmp_path / "keys.db"
    connection = sqlite3.connect(database)
    connection.execute(f"CREATE TABLE juki (k {kind} PRIMARY KEY, b text)")
    connection.executemany("INSERT INTO juki VALUES (?, '山')", rows)
    connection.commit()
    connection.close()
    path = small(tmp_path, f"sqlite:///{database}", key=key, to=url)
    assert convert_table(path).rows == len(rows) and verify_table(path) == len(rows)
    assert convert_table(path).resumed == len(rows)
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert sorted(tuple(r) for r in connection.execute(sa.text("SELECT k FROM t"))) == sorted(rows)
    engine.dispose()


def test_a_key_of_several_columns(tmp_path, url):
    change(url, "CREATE TABLE cities (city integer, who varchar(5), b text, PRIMARY KEY (city, who))")
    wanted = [(city, who, f"{city}{who}") for city in (1, 2, 3) for who in ("a", "b", "c", "d")]
    for row in wanted:
        change(url, "INSERT INTO cities VALUES ({}, '{}', '{}')".format(*row))
    path = small(tmp_path, url, table="cities", key='["city", "who"]')
    assert convert_table(path).rows == 12 and verify_table(path) == 12 and convert_table(path).resumed == 12
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert sorted(tuple(row) for row in connection.execute(sa.text("SELECT * FROM t"))) == wanted
    engine.dispose()
    assert "neither primary key nor unique" in said(small(tmp_path, url, table="cities", key='"city"'))
    change(url, "UPDATE t SET made = 'x' WHERE city = 2 AND who = 'c'")
    with pytest.raises(DataError, match="2, c"):
        verify_table(small(tmp_path, url, table="cities", key='["city", "who"]'))


@pytest.mark.parametrize(
    ("ddl", "row", "wanted"),
    [
        ("k numeric(10,0) PRIMARY KEY, b text", "1.5, 'x'", "k is no whole number in this row"),
        ("k integer UNIQUE, b text", "'秘密', 'x'", "k is no whole number in this row"),
        ("k text PRIMARY KEY, b text", "x'FF', 'x'", "k is no text in UTF-8 in this row"),
        ("k text PRIMARY KEY, b text", "cast(x'C4FF' as text), 'x'", "k is no text in UTF-8"),
        ("k integer UNIQUE, b text", "NULL, 'x'", "k is NULL in 1 rows"),
        ("k integer PRIMARY KEY, b blob", "1, 4", "juki.b row 1: holds a int"),
        ("k integer PRIMARY KEY, b blob", "1, 1.5", "juki.b row 1: holds a float"),
        ("k numeric(10,2) PRIMARY KEY, b text", "1, 'x'", "neither a whole number nor text"),
        ("k real PRIMARY KEY, b text", "1, 'x'", "neither a whole number nor text"),
    ],
)
def test_what_is_no_key_or_no_cell_is_one_line_without_its_value(tmp_path, ddl, row, wanted):
    files(tmp_path, a=(f"CREATE TABLE juki ({ddl})", f"INSERT INTO juki VALUES ({row})"))
    line = said(small(tmp_path, f"sqlite:///{tmp_path}/a.db"))
    assert wanted in line and "秘密" not in line


def test_text_that_is_no_utf_8_is_a_finding_and_never_shown(tmp_path):
    name = "59414D414441205461726FFF"  # a name, and a byte that no UTF-8 has
    files(tmp_path, a=(TOWN[0], f"INSERT INTO juki VALUES (1, cast(x'{name}' as text))"))
    run = CliRunner().invoke(main, ["db", "convert", small(tmp_path, f"sqlite:///{tmp_path}/a.db")])
    assert run.exit_code == 3 and "YAMADA" not in run.output
    assert held(tmp_path / "a.db") == [(1, "YAMADA Taro〓")]
    manifest = json.loads((tmp_path / "small.manifest.json").read_text("utf-8"))
    assert manifest["columns"]["made"]["flagged"] == {"illegal": 1}


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    assert "no such database" in said(small(tmp_path, f"sqlite:///{tmp_path}/none.db"))
    assert not (tmp_path / "none.db").exists()


def test_a_table_of_progress_of_another_version_is_left_alone(tmp_path):
    files(tmp_path, a=(*TOWN, "CREATE TABLE gaiji_run (target text)", "INSERT INTO gaiji_run VALUES ('x')"))
    assert "another version" in said(small(tmp_path, f"sqlite:///{tmp_path}/a.db"), "--restart")
    assert held(tmp_path / "a.db", "gaiji_run, juki")


POSTGRES_ONLY = pytest.mark.skipif(not POSTGRES, reason="postgres: needs GAIJI_TEST_POSTGRES")


@POSTGRES_ONLY
def test_postgres_refuses_its_source_by_another_host_and_schema(tmp_path):
    made = sa.make_url(POSTGRES)
    change(POSTGRES, "DROP TABLE IF EXISTS juki, t, gaiji_run, gaiji_chunk")
    for statement in TOWN:
        change(POSTGRES, statement)
    for other in (
        made.set(host="localhost"),
        made.update_query_dict({"application_name": "other"}),
        made.update_query_dict({"options": "-csearch_path=nowhere,public"}),
    ):
        to = other.render_as_string(hide_password=False)
        for options in ((), ("--restart",)):
            assert "source and target at once" in said(
                small(tmp_path, POSTGRES, target="juki", to=to), *options
            )
    convert_table(small(tmp_path, POSTGRES, target="t"))
    change(POSTGRES, "DROP TABLE juki, t, gaiji_run, gaiji_chunk")


@POSTGRES_ONLY
def test_postgres_values_that_it_cannot_hold_are_told_by_row_and_column(tmp_path):
    change(POSTGRES, "DROP TABLE IF EXISTS t, gaiji_run, gaiji_chunk")
    rows = ("INSERT INTO juki VALUES (3, 'x')", "INSERT INTO juki VALUES (5, '秘' || char(0))")
    files(tmp_path, a=(*TOWN, *rows))
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=POSTGRES)
    text = (tmp_path / "small.toml").read_text("utf-8")
    (tmp_path / "small.toml").write_text(text.replace('to = "made"', 'to = "made"\nrole = "other"'), "utf-8")
    line = said(path)
    assert "t.made row 5: the target cannot hold the value" in line and "秘" not in line
    change(POSTGRES, "DROP TABLE t, gaiji_run, gaiji_chunk")


@POSTGRES_ONLY
def test_postgres_in_an_encoding_without_the_standard_is_refused(tmp_path):
    engine = sa.create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    files(tmp_path, a=TOWN)
    to = sa.make_url(POSTGRES).set(database="gaiji_other").render_as_string(hide_password=False)
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=to)
    for encoding in ("EUC_JP", "SQL_ASCII"):
        with engine.connect() as connection:
            connection.execute(sa.text("DROP DATABASE IF EXISTS gaiji_other"))
            made = f"CREATE DATABASE gaiji_other ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'"
            connection.execute(sa.text(made))
        if encoding == "EUC_JP":
            assert "cannot hold the standard" in said(path)
            other = sa.create_engine(to)
            assert sa.inspect(other).get_table_names() == []
            other.dispose()
    assert convert_table(path).rows == verify_table(path) == 1  # bytes, which SQL_ASCII keeps as they are
    # text of another encoding in such a database
    back = small(tmp_path, to, table="sjis", target="juki_mj", to=f"sqlite:///{tmp_path}/b.db")
    for statement in (
        "CREATE TABLE sjis (k int PRIMARY KEY, b text)",
        "INSERT INTO sjis VALUES (1, E'\\x8e\\x52')",
    ):
        driver = sa.create_engine(to, connect_args={"client_encoding": "utf8"})
        with driver.begin() as connection:
            connection.exec_driver_sql(statement)
        driver.dispose()
    assert "no UTF-8 is among the rows" in said(back)
    with engine.connect() as connection:
        connection.execute(sa.text("DROP DATABASE gaiji_other"))
    engine.dispose()
