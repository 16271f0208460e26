"""What only MariaDB does: its encodings and collations, columns that take the time of an update, a mode that cuts values."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from conftest import MARIADB
from databases import change, empty_database, files, proved, said, small, verify_table
from sqlalchemy.dialects import mysql

from gaiji.database.convert import convert_table
from gaiji.database.keys import Keys

pytestmark = pytest.mark.skipif(not MARIADB, reason="mariadb: needs GAIJI_TEST_MARIADB")
TOWN = ("CREATE TABLE juki (k integer PRIMARY KEY, b text)", "INSERT INTO juki VALUES (1, '山田')")


@pytest.fixture
def url(tmp_path):
    """An empty database of the server."""
    return empty_database("mariadb", tmp_path)


def query(url, statement):
    """The rows of a statement."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(statement))]
    engine.dispose()
    return found


def beside(tmp_path, url, **keys):
    """A job that fills a new column of ``juki``."""
    path = small(tmp_path, url, **keys)
    text = (tmp_path / "small.toml").read_text("utf-8").replace('table = "t"', 'mode = "columns"')
    (tmp_path / "small.toml").write_text(text, "utf-8")
    return path


@pytest.fixture(params=["latin1", "utf8mb3", "cp932"])
def old(request, url):
    """A database whose own encoding is not all of Unicode."""
    made = sa.make_url(url).set(database="gaiji_old")
    change(url, "DROP DATABASE IF EXISTS gaiji_old")
    change(url, f"CREATE DATABASE gaiji_old CHARACTER SET {request.param}")
    yield made.render_as_string(hide_password=False)
    change(url, "DROP DATABASE gaiji_old")


@pytest.mark.parametrize("mode", ["table", "columns"])
def test_a_database_of_an_old_encoding_holds_the_standard_in_the_columns_that_are_made(tmp_path, old, mode):
    """The source's column is in CP932, as a town's may be: its 外字 come as private use, and are findings."""
    change(
        old,
        "CREATE TABLE juki (k integer PRIMARY KEY, b text CHARACTER SET cp932, 住所 text CHARACTER SET cp932)",
    )
    change(old, "INSERT INTO juki VALUES (1, x'8E5293638BF3', x'8E52'), (2, x'8E52F040', NULL)")
    make = beside if mode == "columns" else small
    path = make(tmp_path, old)
    done = convert_table(path)
    assert done.columns["made"]["flagged"] == {"unmapped-gaiji": 1} and proved(path) == 2
    table = "juki" if mode == "columns" else "t"
    assert query(old, f"SELECT k, made FROM {table} ORDER BY k") == [(1, "山田空"), (2, "山〓")]
    change(old, f"UPDATE {table} SET made = '𠀋葛󠄀' WHERE k = 1")
    assert query(old, f"SELECT made FROM {table} WHERE k = 1") == [("𠀋葛󠄀",)]
    assert query(old, "SELECT k, hex(b), hex(住所) FROM juki ORDER BY k") == [
        (1, "8E5293638BF3", "8E52"),
        (2, "8E52F040", None),
    ]


def test_a_connection_that_cannot_carry_the_standard_is_refused_each_time(tmp_path, url):
    narrow = sa.make_url(url).update_query_dict({"charset": "utf8mb3"}).render_as_string(hide_password=False)
    for statement in TOWN:
        change(url, statement)
    for make, drop in ((small, []), (beside, ["made"])):
        path = make(tmp_path, narrow)
        for options in ((), (), ("--restart",)):
            assert "E0613" in said(path, *options)
        assert query(url, "SELECT k, b FROM juki") == [(1, "山田")]
        for name in drop:
            assert query(url, f"SELECT {name} FROM juki") == [(None,)]
    assert not sa.inspect(sa.create_engine(url)).has_table("t")
    assert convert_table(beside(tmp_path, url), restart=True).rows == 1


def test_a_column_that_takes_the_time_of_an_update_keeps_its_own(tmp_path, url):
    change(
        url,
        "CREATE TABLE juki (k integer PRIMARY KEY, b text, seen timestamp(6) NOT NULL DEFAULT '2001-02-03 04:05:06' "
        "ON UPDATE current_timestamp(6), at datetime ON UPDATE current_timestamp)",
    )
    change(url, "INSERT INTO juki (k, b) VALUES (1, '山'), (2, '川'), (3, NULL)")
    before = query(url, "SELECT k, b, seen, at FROM juki ORDER BY k")
    path = beside(tmp_path, url)
    convert_table(path)
    convert_table(path, restart=True)
    assert query(url, "SELECT k, b, seen, at FROM juki ORDER BY k") == before
    assert query(url, "SELECT made FROM juki ORDER BY k") == [("山",), ("川",), (None,)] and proved(path) == 3


def test_keys_that_differ_in_a_character_of_plane_2_a_selector_a_case_or_a_blank_stay_apart(tmp_path, url):
    keys = ["𠀋", "𠀌", "葛󠄀", "葛󠄁", "a", "A", "a ", "あ", "ア", "ー"]
    files(
        tmp_path,
        a=[
            "CREATE TABLE juki (k char(3) PRIMARY KEY, b text)",
            *(f"INSERT INTO juki VALUES ('{k}', '名{n}')" for n, k in enumerate(keys)),
        ],
    )
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=url)
    assert convert_table(path).rows == 10 and convert_table(path).resumed == 10 and proved(path) == 10
    assert dict(query(url, "SELECT k, made FROM t")) == {key: f"名{n}" for n, key in enumerate(keys)}


@pytest.mark.parametrize("kind", ["general_ci", "unicode_520_ci"])
def test_a_key_to_which_different_characters_are_equal_is_refused(tmp_path, url, monkeypatch, kind):
    """Were the key of the new table not made in a binary collation."""
    loose = mysql.VARCHAR(9, charset="utf8mb4", collation=f"utf8mb4_{kind}")
    monkeypatch.setattr(Keys, "_type", lambda *_: loose)
    files(
        tmp_path, a=("CREATE TABLE juki (k text PRIMARY KEY, b text)", "INSERT INTO juki VALUES ('a', 'x')")
    )
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=url)
    for options in ((), (), ("--restart",)):
        assert "E0649" in said(path, *options)
    assert not sa.inspect(sa.create_engine(url)).has_table("t")


@pytest.mark.parametrize("mode", ["table", "columns"])
@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_unicode_520_ci", "utf8mb4_bin"])
def test_a_source_whose_key_is_in_the_order_of_a_collation(tmp_path, url, collation, mode):
    change(
        url, f"CREATE TABLE juki (k varchar(9) CHARACTER SET utf8mb4 COLLATE {collation} PRIMARY KEY, b text)"
    )
    keys = ["b", "A", "Z", "c", "𠀋", "は", "ん", "zz", "_", "葛"]
    for number, key in enumerate(keys):
        change(url, f"INSERT INTO juki VALUES ('{key}', '名{number}')")
    path = (beside if mode == "columns" else small)(tmp_path, url)
    assert convert_table(path).rows == 10 and convert_table(path).resumed == 10 and proved(path) == 10
    table = "juki" if mode == "columns" else "t"
    assert dict(query(url, f"SELECT k, made FROM {table}")) == {key: f"名{n}" for n, key in enumerate(keys)}


def test_a_value_that_is_too_long_is_never_cut_whatever_the_servers_mode(tmp_path, url):
    old = query(url, "SELECT @@global.sql_mode")[0][0]
    change(url, "SET GLOBAL sql_mode = ''")
    try:
        rows = (TOWN[0].replace("integer", "text"), f"INSERT INTO juki VALUES ('{'長' * 300}', 'x')")
        files(tmp_path, a=rows)
        line = said(small(tmp_path, f"sqlite:///{tmp_path}/a.db", to=url))
        assert "the target cannot hold the value" in line and query(url, "SELECT * FROM t") == []
    finally:
        change(url, f"SET GLOBAL sql_mode = '{old}'")


def test_what_the_server_says_of_a_row_is_not_shown(tmp_path, url):
    for statement in TOWN:
        change(url, statement)
    change(url, "CREATE TABLE kept (k integer PRIMARY KEY)")
    convert_table(small(tmp_path, url))
    change(url, "UPDATE t SET made = '秘密' WHERE k = 1")
    assert verify_table(str(tmp_path / "small.toml")).data["changed"][0]["key"] == "1"
    assert "no run made this one" in said(small(tmp_path, url, target="kept"))
    gone = sa.make_url(url).set(password="secret", port=1).render_as_string(hide_password=False)
    assert "secret" not in said(small(tmp_path, gone))
