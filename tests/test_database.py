"""Tables converted in chunks: cell for cell as the charset decodes, NULLs, stops and resumes, and what is refused."""

from __future__ import annotations

import json

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

    def stop(self, rows, report, done):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(self, rows, report, done)

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
    with pytest.raises(DataError, match="56 rows in the source, 57 in the target"):
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
    progress = Progress(run.target, run.table, run.digest)
    done, *_ = progress.prepare(False)
    with run.source.connect() as reading:
        chunk = next(run.chunks(reading, None, 0))
    progress.write(chunk.rows, run.report_of(chunk), done)
    with pytest.raises(GaijiError, match="another run"):
        progress.write(chunk.rows, run.report_of(chunk), done)
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
