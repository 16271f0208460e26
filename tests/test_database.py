"""Tables converted in chunks: cell for cell as the charset decodes, NULLs, stops and resumes, and what is refused."""

from __future__ import annotations

import json
import os
import re
import sqlite3

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from conftest import POSTGRES
from databases import (
    JEF,
    KINDS,
    change,
    expected,
    files,
    held,
    job,
    people_in,
    proved,
    rows,
    said,
    small,
    stored,
    verify_table,
)

from gaiji.cli.commands import main
from gaiji.database.convert import Run, convert_table
from gaiji.database.job import load_db_job
from gaiji.database.plan import DbPlan
from gaiji.database.progress import CHUNK, RUN, Progress
from gaiji.database.target import NewTable
from gaiji.errors import DataError, GaijiError, JobError, UsageError
from gaiji.queue.queue import open_queue


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """The table of people, on each kind of database."""
    return people_in(request.param, tmp_path)


@pytest.mark.parametrize("chunk", [1, 10, 57, 1000])
def test_every_cell_is_as_the_charset_decodes_it_whatever_the_chunks(tmp_path, url, chunk):
    path = job(tmp_path, url, chunk)
    done = convert_table(path)
    assert done.rows == 57 and stored(url) == expected()
    assert proved(path) == 57
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
    insert, calls = NewTable.insert, []

    def broken(self, connection, some):
        insert(self, connection, some)
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError

    monkeypatch.setattr(NewTable, "insert", broken)
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


def test_verify_sees_a_changed_cell_a_missing_row_and_one_too_many(tmp_path, url):
    path = job(tmp_path, url)
    for statement in (
        "UPDATE people_mj SET name = '別' WHERE number = 30",
        "DELETE FROM people_mj WHERE number = 30",
        "INSERT INTO people_mj (number, name, address) VALUES (1, 'a', 'b')",
    ):
        convert_table(path, restart=True)
        change(url, statement)
        assert not verify_table(path).holds


def test_a_conversion_that_is_wrong_in_itself_is_found_by_encoding_back(tmp_path, url, monkeypatch):
    """Converting once more would say the same; the codes of the source do not."""
    insert = NewTable.insert

    def wrong(target, connection, made):
        insert(
            target,
            connection,
            [dict(row) | {"name": (row["name"] or "").replace("山", "川") or row["name"]} for row in made],
        )

    monkeypatch.setattr(NewTable, "insert", wrong)
    path = job(tmp_path, url)
    convert_table(path)
    for _ in range(2):
        proof = verify_table(path)
        assert proof.exit_code == 1 and {c["column"] for c in proof.data["changed"]} == {"name"}
        wrong = [row["number"] for row in rows() if row["jef"] and JEF.encode("山") in row["jef"]]
        assert [int(c["key"]) for c in proof.data["changed"]] == wrong
        assert proof.data["columns"]["name"]["cells"]["changed"] == len(wrong) == 10
    monkeypatch.undo()
    told = (tmp_path / "db.verify.json").read_text("utf-8")
    assert json.loads(told) == proof.data and "川" not in told and "田" not in told
    run = CliRunner().invoke(main, ["db", "verify", path])
    assert run.exit_code == 1 and "changed: row 6 column name character 1" in run.output
    assert "IT DOES NOT HOLD" in run.output


@pytest.mark.parametrize(
    ("statement", "cells"),
    [
        ("name = NULL WHERE number = 30", [("30", "name")]),
        ("name = '' WHERE number = 21", [("21", "name")]),  # NULL in the source
        ("name = name || ' ' WHERE number = 30", [("30", "name")]),  # blanks are trimmed, so none is right
        ("address = address || '\u3000' WHERE number = 3", [("3", "address")]),
        ("name = '〓' WHERE number = 6", [("6", "name")]),  # what flagged codes become, where none is
        ("name = '渡邉' WHERE number = 0", [("0", "name")]),  # the flagged code is gone
        ("name = '渡辺〓' WHERE number = 0", [("0", "name")]),  # another form of the character
        ("address = replace(address, '町', '丁') WHERE number = 3", [("3", "address")]),
        ("number = 31 WHERE number = 30", []),
    ],
)
def test_no_change_of_a_cell_passes_the_proof(tmp_path, url, statement, cells):
    path = job(tmp_path, url)
    convert_table(path)
    if "mariadb" in url:
        statement = re.sub(r"(\w+) \|\| ('.')", r"concat(\1, \2)", statement)
    change(url, f"UPDATE people_mj SET {statement}")
    proof = verify_table(path)
    assert not proof.holds and [(c["key"], c["column"]) for c in proof.data["changed"]] == cells
    failed = {check["check"] for check in proof.data["checks"] if not check["holds"]}
    if not cells:
        assert proof.data["missing"] == ["30"] and "rows-missing" in failed
        change(url, "INSERT INTO people_mj VALUES (30, 'x', 'y')")
        assert "rows-of-target" in {c["check"] for c in verify_table(path).data["checks"] if not c["holds"]}


def test_the_proof_needs_the_run_that_it_proves(tmp_path, url):
    path, manifest = job(tmp_path, url), tmp_path / "db.manifest.json"

    def refusal():
        run = CliRunner().invoke(main, ["db", "verify", path])
        assert run.exit_code in (1, 2) and len(run.output.splitlines()) == 1
        return run.output

    assert "E0650" in refusal()
    convert_table(path)
    whole = manifest.read_text("utf-8")
    for damaged in ("", "[]", '{"rows": 57}', whole.replace('"flagged"', '"flaged"')):
        manifest.write_text(damaged, "utf-8")
        assert "E0650" in refusal()
    told = json.loads(whole)
    told["columns"]["name"]["flagged"] = {}
    manifest.write_text(json.dumps(told), "utf-8")
    assert [c["check"] for c in verify_table(path).data["checks"] if not c["holds"]] == ["flagged name"]
    manifest.write_text(whole, "utf-8")
    job(tmp_path, url, policy='unmapped-gaiji = "tag"')
    assert "the job file is not the one" in refusal()


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
    plan = DbPlan.of(job(tmp_path, url))
    plan.open()
    run, progress = Run(plan), Progress(NewTable(plan), plan.digest, plan.from_)
    done, *_ = progress.prepare(False)
    with plan.source.connect() as reading:
        chunk = next(run.chunks(reading, None, 0))
    progress.write(chunk.rows, run.report_of(chunk), done, chunk.digest)
    with pytest.raises(GaijiError, match="another run"):
        progress.write(chunk.rows, run.report_of(chunk), done, chunk.digest)
    plan.close()


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
    proof = CliRunner().invoke(main, ["db", "verify", path])
    assert proof.exit_code == 3 and "57 of 57 rows compared with people_mj" in proof.output
    assert "it holds" in proof.output
    broken = CliRunner().invoke(
        main, ["db", "convert", job(tmp_path, "postgresql+psycopg://x:secret@127.0.0.1:1/none")]
    )
    assert (
        broken.exit_code in (1, 2) and "secret" not in broken.output and len(broken.output.splitlines()) == 1
    )


# -- whose a table is, and what a cell and a key may be -------------------------------------------------


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
    assert convert_table(path, restart=True).rows == 57 and proved(path) == 57


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
    assert convert_table(path).rows == len(rows) and proved(path) == len(rows)
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
    assert convert_table(path).rows == 12 and proved(path) == 12 and convert_table(path).resumed == 12
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert sorted(tuple(row) for row in connection.execute(sa.text("SELECT * FROM t"))) == wanted
    engine.dispose()
    assert "neither primary key nor unique" in said(small(tmp_path, url, table="cities", key='"city"'))
    change(url, "UPDATE t SET made = 'x' WHERE city = 2 AND who = 'c'")
    found = verify_table(small(tmp_path, url, table="cities", key='["city", "who"]')).data["changed"]
    assert [(one["key"], one["column"]) for one in found] == [("2, c", "made")]


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


NULS = {
    "fujitsu-jef": "C5CF0000EEB5",
    "unicode-utf8": "E5B1B100E5B79D",
    "ibm-930": "0E4541000F",
    "unicode": "5C7100005DDD",
}
"""U+0000 inside a text of each kind of charset."""


@pytest.mark.parametrize("role", ["name", "kana", "address", "other"])
@pytest.mark.parametrize("charset", NULS)
@pytest.mark.parametrize("mode", ["table", "columns"])
def test_u_0000_never_reaches_a_column_without_a_finding(tmp_path, charset, role, mode):
    """PostgreSQL refuses it, and what reads SQLite cuts the text there: whatever the role and the target."""
    cell = f"x'{NULS[charset]}'" if charset != "unicode-utf8" else f"cast(x'{NULS[charset]}' as text)"
    files(
        tmp_path,
        a=("CREATE TABLE juki (k integer PRIMARY KEY, b blob)", f"INSERT INTO juki VALUES (1, {cell})"),
    )
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db", charset=charset)
    text = (
        (tmp_path / "small.toml").read_text("utf-8").replace('to = "made"', f'to = "made"\nrole = "{role}"')
    )
    text = (
        text.replace('table = "t"', "").replace("[target]", '[target]\nmode = "columns"')
        if mode == "columns"
        else text
    )
    (tmp_path / "small.toml").write_text(text, "utf-8")
    done = convert_table(path)
    made = held(tmp_path / "a.db", "t" if mode == "table" else "juki")[0][-1]
    assert "\0" not in made and "〓" in made
    assert (
        done.columns["made"]["flagged"].keys() & {"illegal", "broken-shift"}
        and done.columns["made"]["reconciled"]
    )
    assert verify_table(path).exit_code == 3
    change(
        f"sqlite:///{tmp_path}/a.db",
        f"UPDATE {'t' if mode == 'table' else 'juki'} SET made = replace(made, '〓', char(0))",
    )
    assert not verify_table(path).holds


@POSTGRES_ONLY
def test_postgres_values_that_it_cannot_hold_are_told_by_row_and_column(tmp_path):
    change(POSTGRES, "DROP TABLE IF EXISTS t, gaiji_run, gaiji_chunk")
    town = ("CREATE TABLE juki (k text PRIMARY KEY, b text)", "INSERT INTO juki VALUES ('a', '山')")
    files(
        tmp_path,
        a=(*town, "INSERT INTO juki VALUES ('b', 'x')", "INSERT INTO juki VALUES ('c' || char(0), '秘')"),
    )
    line = said(small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=POSTGRES))
    assert "t.k row c" in line and "the target cannot hold the value" in line and "秘" not in line
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
    assert convert_table(path).rows == proved(path) == 1  # bytes, which SQL_ASCII keeps as they are
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


def test_sequences_of_adobe_japan1_are_written_and_proved(tmp_path, url):
    """A form that is none of the standard's: cells as the charset has them in it, what it lacks is a finding."""
    path = job(tmp_path, url)
    text = (
        (tmp_path / "db.toml")
        .read_text("utf-8")
        .replace('table = "people_mj"', 'table = "people_mj"\nform = "adobe-japan1"')
    )
    text = text.replace(
        '[[column]]\nname = "pua"\ncharset = "unicode-utf8"\nto = "address"\nrole = "address"\n', ""
    )
    (tmp_path / "db.toml").write_text(text, "utf-8")
    done = convert_table(path)
    told = {key: JEF.decode(raw, form="adobe-japan1") for key, raw in jef_of(url)}
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        cells = dict(connection.execute(sa.text("SELECT number, name FROM people_mj")).all())
    engine.dispose()
    assert {key: out.text for key, out in told.items()} == {
        key: cell for key, cell in cells.items() if cell is not None
    }
    assert "辻\U000e0101" in "".join(out.text for out in told.values())
    reasons = [str(finding.reason) for out in told.values() for finding in out.findings]
    assert sum(done.columns["name"]["flagged"].values()) == len(reasons) == 7
    assert proved(path) == 57
    key = next(key for key, cell in cells.items() if cell and "辻\U000e0101" in cell)
    changed = cells[key].replace("辻\U000e0101", "辻")
    change(url, f"UPDATE people_mj SET name = '{changed}' WHERE number = {key}")
    assert not verify_table(path).holds


def jef_of(url):
    """Key and bytes of the cells that hold some."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT number, jef FROM people WHERE jef IS NOT NULL")).all()
    engine.dispose()
    return [(key, bytes(raw)) for key, raw in found]
