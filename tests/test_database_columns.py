"""New columns of the source's own table: added, filled in chunks, resumed after a kill, and never a byte of another column."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from databases import KINDS, change, expected, files, held, job, people_in, rows, said, small, verify_table

from gaiji.cli.commands import main
from gaiji.codes.charset import load_charset
from gaiji.database.added import AddedColumns
from gaiji.database.convert import convert_table
from gaiji.database.progress import Progress
from gaiji.errors import DataError, JobError, UsageError

OTHERS = "number, jef, pua, twice"


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """The table of people, on each kind of database."""
    return people_in(request.param, tmp_path)


def beside(tmp_path, url, more="", chunk=10):
    """The job of test_database, into new columns of ``people``; ``more``: lines of [target]."""
    path = job(tmp_path, url, chunk)
    text = (tmp_path / "db.toml").read_text("utf-8")
    text = text.replace('table = "people_mj"', f'mode = "columns"\n{more}')
    (tmp_path / "db.toml").write_text(text, "utf-8")
    return path


def every(url, columns="*"):
    """The rows of ``people``, by number."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT {columns} FROM people ORDER BY number")).all()
    engine.dispose()
    return [tuple(row) for row in found]


def changed(path):
    """What a proof finds changed, by key and column."""
    return [(one["key"], one["column"]) for one in verify_table(path).data["changed"]]


@pytest.mark.parametrize("chunk", [1, 10, 1000])
def test_new_columns_hold_what_a_new_table_would_and_the_others_what_they_held(tmp_path, url, chunk):
    before = every(url)
    path = beside(tmp_path, url, chunk=chunk)
    done = convert_table(path)
    assert done.rows == 57 and every(url, "number, name, address") == expected()
    assert every(url, OTHERS) == before
    proof = verify_table(path)
    assert proof.holds and proof.data["rows"] == {"source": 57, "compared": 57, "missing": 0, "target": 57}
    assert proof.exit_code == 3 and {f["code"] for f in proof.data["flagged"]} == {"80A1", "E000"}
    assert convert_table(path).resumed == 57


def test_glyph_columns(tmp_path, url):
    convert_table(beside(tmp_path, url, "glyph_columns = true"))
    jef = load_charset("fujitsu-jef")
    for (number, jef_bytes, glyphs), wanted in zip(
        every(url, "number, jef, name_glyphs"), rows(), strict=True
    ):
        own = wanted["jef"]
        assert (number, None if jef_bytes is None else bytes(jef_bytes)) == (wanted["number"], own)
        assert glyphs == (None if own is None else " ".join(g or "-" for g in jef.decode(own).glyphs))
    path = str(tmp_path / "db.toml")
    assert verify_table(path).holds
    change(url, "UPDATE people SET name_glyphs = 'MJ000001' WHERE number = 30")
    assert changed(path) == [("30", "name_glyphs")]


def test_a_stopped_run_goes_on_and_gives_the_same(tmp_path, url, monkeypatch):
    path, before = beside(tmp_path, url), every(url)
    write, left = Progress.write, [2]

    def stop(self, *given):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(self, *given)

    monkeypatch.setattr(Progress, "write", stop)
    for already in (20, 40):
        left[0] = 2
        with pytest.raises(KeyboardInterrupt):
            convert_table(path)
        assert every(url, "number, name, address") == [
            row if n < already else (row[0], None, None) for n, row in enumerate(expected())
        ]
    monkeypatch.undo()
    assert convert_table(path).resumed == 40
    assert every(url, "number, name, address") == expected() and every(url, OTHERS) == before


def test_a_column_without_the_mark_is_refused_before_the_first_byte(tmp_path, url):
    path = beside(tmp_path, url)
    change(url, "ALTER TABLE people ADD COLUMN address text")
    change(url, "UPDATE people SET address = 'mine'")
    before = every(url)
    for options in ((), ("--restart",), ()):
        assert "E0644" in said(path, *options) and every(url) == before
    change(url, "ALTER TABLE people DROP COLUMN address")
    convert_table(path)
    # somebody puts another column in the place of the run's: its name is registered, it is not the run's
    change(url, "ALTER TABLE people RENAME COLUMN address TO kept")
    change(url, "ALTER TABLE people ADD COLUMN address text")
    before = every(url)
    for options in ((), ("--restart",)):
        assert "E0644" in said(path, *options) and every(url) == before
    change(url, "DROP TABLE gaiji_run")
    assert "E0644" in said(path, "--restart") and every(url) == before


def test_begun_anew_it_fills_its_own_columns_again(tmp_path, url):
    path, before = beside(tmp_path, url), every(url)
    convert_table(path)
    change(url, "UPDATE people SET name = 'x', address = NULL")
    assert not verify_table(path).holds
    change(url, "CREATE VIEW shown AS SELECT number, name FROM people")
    assert convert_table(path, restart=True).rows == 57 and verify_table(path).holds
    assert every(url, "number, name, address") == expected() and every(url, OTHERS) == before
    change(url, "DROP VIEW shown")
    change(url, "ALTER TABLE people DROP COLUMN name")
    with pytest.raises(UsageError, match="is gone"):
        convert_table(path)
    assert convert_table(path, restart=True).rows == 57 and verify_table(path).holds


def test_a_row_that_is_gone_stops_the_run_before_its_chunk_is_written(tmp_path, url, monkeypatch):
    path, before, insert = beside(tmp_path, url), every(url), AddedColumns.insert

    def without(self, connection, some):
        if any(row["number"] == 72 for row in some):
            connection.execute(sa.text("DELETE FROM people WHERE number = 72"))
        insert(self, connection, some)

    monkeypatch.setattr(AddedColumns, "insert", without)
    with pytest.raises(DataError, match="9 rows are written, where 10 were read"):
        convert_table(path)
    monkeypatch.undo()
    assert every(url, OTHERS) == before
    assert [row for row in every(url, "number, name, address") if row[1:] != (None, None)] == expected()[:20]
    assert convert_table(path).resumed == 20 and verify_table(path).holds


def test_two_jobs_fill_columns_of_one_table(tmp_path, url):
    first = beside(tmp_path, url)
    convert_table(first)
    other = tmp_path / "other"
    other.mkdir()
    second = beside(other, url)
    text = (other / "db.toml").read_text("utf-8").replace('to = "name"', 'to = "name2"')
    (other / "db.toml").write_text(text.replace('to = "address"', 'to = "address2"'), "utf-8")
    convert_table(second)
    convert_table(first, restart=True)
    assert every(url, "number, name2, address2") == expected() == every(url, "number, name, address")
    assert verify_table(first).holds and verify_table(second).holds


def test_a_source_that_changes_is_told(tmp_path, url):
    path = beside(tmp_path, url)
    convert_table(path)
    change(url, "UPDATE people SET pua = 'x' WHERE number = 42")
    with pytest.raises(DataError, match="not those that were converted"):
        convert_table(path)
    assert changed(path) == [("42", "address")]
    convert_table(path, restart=True)
    change(url, "INSERT INTO people (number, pua) VALUES (1000, 'new')")
    assert changed(path) == [("1000", "address")]
    convert_table(path, restart=True)
    assert verify_table(path).holds


TRIGGER = {
    "mariadb": ["CREATE TRIGGER stamps BEFORE UPDATE ON people FOR EACH ROW SET new.twice = -1"],
    "sqlite": [
        "CREATE TRIGGER stamps AFTER UPDATE ON people BEGIN UPDATE people SET twice = -1 WHERE number = new.number; END"
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION stamp() RETURNS trigger AS $$ BEGIN new.twice = -1; RETURN new; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER stamps BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp()",
    ],
}
QUIET = {
    "mariadb": ["CREATE TRIGGER born BEFORE INSERT ON people FOR EACH ROW SET new.twice = -1"],
    "sqlite": [
        "CREATE TRIGGER stamps AFTER UPDATE OF twice ON people BEGIN DELETE FROM people; END",
        "CREATE TRIGGER born AFTER INSERT ON people BEGIN UPDATE people SET twice = -1; END",
    ],
    "postgresql": [
        "CREATE TRIGGER stamps BEFORE UPDATE OF twice ON people FOR EACH ROW EXECUTE FUNCTION stamp()",
        "CREATE TRIGGER born BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION stamp()",
    ],
}


def test_what_would_write_other_columns_is_refused(tmp_path, url):
    path, kind, before = beside(tmp_path, url), sa.make_url(url).get_backend_name(), every(url)
    if kind == "duckdb":
        pytest.skip("DuckDB has no triggers")
    for statement in TRIGGER[kind]:
        change(url, statement)
    assert "stamps runs when a row is updated" in said(path) and every(url) == before
    change(url, "DROP TRIGGER stamps" + (" ON people" if kind == "postgresql" else ""))
    for statement in QUIET[kind]:
        change(url, statement)
    convert_table(path)
    assert every(url, OTHERS) == before and verify_table(path).holds


def test_a_view_has_no_new_columns(tmp_path, url):
    path, before = beside(tmp_path, url), every(url)
    change(url, "CREATE VIEW seen AS SELECT * FROM people")
    text = (tmp_path / "db.toml").read_text("utf-8").replace('table = "people"', 'table = "seen"')
    (tmp_path / "db.toml").write_text(text, "utf-8")
    run = CliRunner().invoke(main, ["db", "convert", path])
    assert run.exit_code in (1, 2) and len(run.output.splitlines()) == 1
    change(url, "DROP VIEW seen")
    assert every(url) == before


@pytest.mark.parametrize("kind", ["char(3)", "varchar(5)", "numeric(12,0)", "text, who"])
def test_keys_of_every_kind(tmp_path, url, kind):
    """A blank at the end of CHAR, numbers beyond a float's, several columns: each row gets its own."""
    values = {
        "char(3)": ["A1", "a1", "B"],
        "varchar(5)": ["A1", "A1 ", "Ａ１"],
        "numeric(12,0)": [999999999998, 5, -7],
        "text, who": ["x", "y", "'"],
    }
    change(url, "DROP TABLE people")
    wanted = kind
    if "mariadb" in url:  # whose own collations would call some of these equal
        kind = kind.replace("text", "varchar(20)")
        ddl = (
            kind
            if "numeric" in kind
            else kind.replace(")", ") CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", 1)
        )
        ddl = ddl.replace(", who", ", who integer")
    else:
        ddl = kind.replace(", who", ", who integer")
    columns = "k, who" if "who" in kind else "k"
    change(url, f"CREATE TABLE juki (k {ddl}, b text, PRIMARY KEY ({columns}))")
    for number, key in enumerate(values[wanted]):
        shown = str(key).replace("'", "''")
        who = f", {number}" if "who" in kind else ""
        change(url, f"INSERT INTO juki VALUES ('{shown}'{who}, 'name {number}')")
    listed = '["k", "who"]' if "who" in kind else '"k"'
    path = small(tmp_path, url, key=listed)
    text = (tmp_path / "small.toml").read_text("utf-8").replace('table = "t"\nurl = ""', 'mode = "columns"')
    (tmp_path / "small.toml").write_text(text, "utf-8")
    assert convert_table(path).rows == 3 and convert_table(path).resumed == 3 and verify_table(path).holds
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        assert all(b == made for b, made in connection.execute(sa.text("SELECT b, made FROM juki")))
    engine.dispose()


@pytest.mark.parametrize(
    ("old", "new", "said_"),
    [
        ('mode = "columns"', 'mode = "column"', "target.mode"),
        ('mode = "columns"', 'mode = "columns"\ntable = "people"', "target.table"),
        ('mode = "columns"', 'mode = "columns"\nurl = "sqlite:///x"', "target.url"),
        ('mode = "columns"', 'mode = "columns"\nglyph_columns = 1', "target.glyph_columns"),
        ('mode = "columns"', 'mode = "table"', "target.table"),
        ('to = "address"', 'to = "Name"', "two have one name"),
        ('to = "address"', 'to = "name_glyphs"', "two have one name"),
    ],
)
def test_a_wrong_job_names_its_key(tmp_path, old, new, said_):
    path = beside(tmp_path, "sqlite://", "glyph_columns = true\n")
    text = (tmp_path / "db.toml").read_text("utf-8")
    text = text.replace("glyph_columns = true\n", "") if "= 1" in new else text
    (tmp_path / "db.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(JobError) as error:
        convert_table(path)
    assert said_ in str(error.value)


def test_the_names_of_columns_are_told_apart_as_the_database_does(tmp_path):
    files(
        tmp_path,
        a=(
            "CREATE TABLE juki (k integer PRIMARY KEY, b text, MADE text)",
            "INSERT INTO juki VALUES (1, '山', 'mine')",
        ),
    )
    path = small(tmp_path, f"sqlite:///{tmp_path}/a.db")
    text = (tmp_path / "small.toml").read_text("utf-8").replace('table = "t"\nurl = ""', 'mode = "columns"')
    (tmp_path / "small.toml").write_text(text, "utf-8")
    assert "has a column MADE" in said(path, "--restart")
    assert held(tmp_path / "a.db", "juki") == [(1, "山", "mine")]
