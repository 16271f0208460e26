"""One queue for many: towns, systems with 外字 of their own, jobs; no run touches what another left there."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
import sqlite3
from collections import Counter
from functools import lru_cache

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaiji.cli.commands import main
from gaiji.disk import together
from gaiji.errors import GaijiError, JobError, OutputError, QueueError, UsageError
from gaiji.proof.verify import verify
from gaiji.queue import acting
from gaiji.queue.decisions import Decision, Decisions, verify_audit
from gaiji.queue.items import Item, Sample, Source
from gaiji.queue.place import SCHEMA
from gaiji.queue.queue import Queue, open_queue
from gaiji.queue.schema import metadata
from gaiji.reports.residents import changed_residents
from gaiji.review.evidence.candidates import suggest
from gaiji.review.evidence.learn import learn
from gaiji.review.sheets.apply import apply
from gaiji.run.convert import convert
from gaiji.run.decided import decisions_name

JOB = """[source]
path = "{path}"
charset = "windows-31j-jis90"
format = "csv"
gaiji_set = "{gaiji_set}"
[output]
path = "{output}"
[review]
queue = "{queue}"
site = "{site}"
key = "番号"
"""
TOWNS, SYSTEMS, RUNS = ("架空町", "架空 町"), ("juki", "zei", "koku"), ("1", "2")
SURNAMES = {"juki": "渡邉", "zei": "高橋", "koku": "山崎"}
READINGS = {"juki": "ﾜﾀﾅﾍﾞ", "zei": "ﾀｶﾊｼ", "koku": "ﾔﾏｻｷ"}
GLYPHS = {"juki": "MJ026191", "zei": "MJ029117", "koku": "MJ010834"}
NAMES = list(itertools.product(TOWNS, SYSTEMS, RUNS))


def dump(system: str, more: int) -> bytes:
    """Records whose first character is the user-defined F040; ``more`` of them beside those with the plain name."""
    surname, kana = SURNAMES[system], READINGS[system]
    lines = ["番号,氏名,フリガナ"]
    lines += [f"{n},{surname}　太郎,{kana} ﾀﾛｳ" for n in range(1, 6)]
    lines += [f"{n},\ue000{surname[1:]}　花子,{kana} ﾊﾅｺ" for n in range(6, 7 + more)]
    return "\r\n".join(lines).encode("cp932")


def write(folder, town, system, run, *, queue="q.sqlite"):
    """The job of one run of a town's system, flat in a folder; both runs read one dump."""
    folder.mkdir(exist_ok=True)
    number = TOWNS.index(town)
    (folder / f"{number}-{system}.csv").write_bytes(dump(system, number))
    name = f"{number}-{system}-{run}"
    text = JOB.format(
        path=f"{number}-{system}.csv", gaiji_set=system, output=f"out/{name}.csv", queue=queue, site=town
    )
    (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder / f"{name}.toml"


def told(folder, queue="q.sqlite"):
    """(site, set, code) → counts by field, candidates of dumps, and state, of a queue."""
    opened = open_queue(folder / queue)
    try:
        return {
            (i.site, i.gaiji_set, i.code): (
                dict(i.counts),
                [(c.glyph, c.score, c.reason) for c in suggest(opened, i.id)],
                i.state,
            )
            for i in opened.items()
        }
    finally:
        opened.close()


def outputs(folder):
    return {path.name: path.read_bytes() for path in (folder / "out").glob("*.csv")}


def decide(folder, queue="q.sqlite"):
    """Each set's F040 as what it is there."""
    opened = open_queue(folder / queue)
    acts = Decisions(opened)
    for one in list(opened.items()):
        made = Decision("字形一致", GLYPHS[one.gaiji_set], decided_by="佐藤", decided_at="2026-01-01")
        acts.decide(one.id, made)
    apply(opened, (folder / queue).parent)
    opened.close()


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """What a job gives in a folder of its own: its counts and candidates, its output before and after decisions."""

    @lru_cache
    def made(name):
        folder = tmp_path_factory.mktemp("apart")
        job = write(folder, *name)
        convert(job)
        learn(job)
        ((key, first),) = told(folder).items()
        before = outputs(folder)
        decide(folder)
        assert convert(job).to_review == 0
        return key, first, before, outputs(folder)

    return made


def check_order(folder, apart, order, again, rest):
    """All jobs in one folder and queue, converted in one order and some of them again in another."""
    for name in order:
        job = write(folder, *name)
        convert(job)
        learn(job)
    for name in rest:
        convert(write(folder, *name))
    wanted = {}
    for key, (counts, candidates, state), _, _ in (apart(name) for name in order):
        both = wanted[key][0] if key in wanted else {}  # two runs over one dump count it twice
        wanted[key] = dict(Counter(both) + Counter(counts)), candidates, state
    assert told(folder) == wanted
    assert outputs(folder) == {k: v for name in order for k, v in apart(name)[2].items()}
    decide(folder)
    for name in again:
        assert convert(write(folder, *name)).to_review == 0
    assert {state for _, _, state in told(folder).values()} == {"confirmed"}
    assert outputs(folder) == {k: v for name in order for k, v in apart(name)[3].items()}


@pytest.mark.slow
@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(st.permutations(NAMES), st.permutations(NAMES), st.integers(0, len(NAMES)))
def test_any_order_gives_what_separate_folders_give(tmp_path_factory, apart, order, again, number):
    check_order(tmp_path_factory.mktemp("together"), apart, order, again, again[:number])


def test_an_order_gives_what_separate_folders_give(tmp_path, apart):
    order = [NAMES[n] for n in (7, 0, 2, 6, 1, 8)]
    check_order(tmp_path / "f", apart, order, order[::-1], order[3:])


def nested(folder, town, code):
    """A town's folder with the same names inside as every other town's."""
    (folder / town).mkdir(parents=True)
    (folder / town / "juki.csv").write_bytes("番号,氏名\r\n1,山".encode("cp932") + code + b"\r\n")
    text = JOB.format(path="juki.csv", gaiji_set="", output="out/x.csv", queue="../q.sqlite", site=town)
    (folder / town / "job.toml").write_text(text, "utf-8")
    return folder / town / "job.toml"


def keys(folder):
    return sorted((site, code) for site, _, code in told(folder))


def test_equal_relative_paths_are_not_one_source(tmp_path, monkeypatch):
    jobs = [nested(tmp_path, "t1", b"\xf0\x40"), nested(tmp_path, "t2", b"\xf0\x50")]
    for job in (*jobs, *jobs):
        convert(job)
        monkeypatch.chdir(job.parent)
        convert("job.toml")
        monkeypatch.undo()
    assert keys(tmp_path) == [("t1", "F040"), ("t2", "F050")]
    assert [counts for counts, _, _ in told(tmp_path).values()] == [{("氏名", "name"): 1}] * 2


def test_a_folder_that_is_moved_whole_and_a_job_that_is_renamed_count_once(tmp_path):
    job = nested(tmp_path / "here", "t1", b"\xf0\x40")
    convert(job)
    shutil.move(tmp_path / "here", tmp_path / "there")
    job = tmp_path / "there/t1/job.toml"
    convert(job)
    convert(job.rename(job.with_name("renamed.toml")))
    (job.with_name("juki.csv")).rename(job.with_name("moved.csv"))
    convert(job.with_name("renamed.toml"), overrides={"source.path": "moved.csv"})
    ((counts, _, _),) = told(tmp_path / "there").values()
    assert counts == {("氏名", "name"): 1}
    (job.with_name("moved.csv")).write_bytes("番号,氏名\r\n1,山\r\n".encode("cp932"))
    convert(job.with_name("renamed.toml"), overrides={"source.path": "moved.csv"})
    assert told(tmp_path / "there") == {}


def test_a_site_that_is_corrected_in_its_job_leaves_the_wrong_one(tmp_path):
    job = nested(tmp_path, "t1", b"\xf0\x40")
    convert(job, overrides={"review.site": "wrong"})
    convert(job)
    assert keys(tmp_path) == [("t1", "F040")]


def test_a_set_of_the_sites_name_is_its_own_set(tmp_path):
    job = nested(tmp_path, "t1", b"\xf0\x40")
    convert(job, overrides={"source.gaiji_set": "t1"})
    convert(job)
    assert list(told(tmp_path)) == [("t1", "", "F040")]


def test_learning_from_one_dump_leaves_what_another_said(tmp_path):
    """Two jobs of one set: the second dump has no witness for the code, and takes none away."""
    one, other = (write(tmp_path, TOWNS[0], "juki", run) for run in RUNS)
    (tmp_path / "other.csv").write_bytes(dump("juki", 0).splitlines()[0] + b"\r\n9,\xf0\x40,\xb1\r\n")
    convert(one)
    learn(one)
    before = told(tmp_path)[TOWNS[0], "juki", "F040"][1]
    assert before
    convert(other, overrides={"source.path": "other.csv"})
    learn(other, overrides={"source.path": "other.csv"})
    assert told(tmp_path)[TOWNS[0], "juki", "F040"][1] == before
    (tmp_path / "0-juki.csv").write_bytes((tmp_path / "other.csv").read_bytes())
    convert(one)
    learn(one)
    assert told(tmp_path)[TOWNS[0], "juki", "F040"][1] != before


def test_what_two_jobs_say_of_one_code_opens_nothing_again(queue):
    """Their tables differ: in turns they say what they always said."""
    one, other = (Source(f"{n}.dat", f"{n}.toml", "町") for n in "ab")
    items = [
        Item("CP932", "B1AC", "町", "ambiguous", {("n", "name"): 1}, candidates=c, basis=c) for c in "xy"
    ]
    queue.add(one, items[:1])
    queue.add(other, items[1:])
    (found,) = queue.items()
    Decisions(queue).decide(found.id, Decision("字形一致", "MJ026191", decided_by="a"))
    for _ in range(2):
        assert queue.add(one, items[:1]) == queue.add(other, items[1:]) == 0
    items[1].basis = "z"
    assert queue.add(other, items[1:]) == 1
    assert verify_audit(queue) == (2, "")


def test_names_of_sets_are_never_one_file():
    names = ["", "a", "A", "a-b", "a b", "b", "税", "a" * 90, "a" * 91, "架空町"]
    pairs = [(site, one) for site in names for one in names if one != site]
    made = [decisions_name("JEF", *pair) for pair in pairs]
    assert len({name.casefold() for name in made}) == len(pairs)
    assert all(len(name.encode()) < 250 and os.path.basename(name) == name for name in made)


# -- a queue that is opened -----------------------------------------------------------------------------


def _open(barrier, number, path, said):
    barrier.wait()
    try:
        queue = open_queue(path)
        queue.add(f"s{number}", [Item("CP932", f"F04{number}", "", "unmapped-gaiji", {("n", "name"): 1})])
        queue.close()
        said.put("ok")
    except Exception as error:
        said.put(f"{type(error).__name__}: {error}")


def test_a_new_queue_opened_by_three_at_once_works(tmp_path):
    forked = multiprocessing.get_context("fork")
    found = Counter()
    for round in range(5):
        path = tmp_path / f"{round}.sqlite"
        barrier, said = forked.Barrier(3), forked.Queue()
        some = [forked.Process(target=_open, args=(barrier, n, path, said)) for n in range(3)]
        for one in some:
            one.start()
        found.update(said.get() for _ in some)
        for one in some:
            one.join()
        queue = open_queue(path)
        assert sorted(i.code for i in queue.items()) == ["F040", "F041", "F042"]
        queue.close()
    assert found == {"ok": 15}


FIRST = """
CREATE TABLE meta ("key" VARCHAR(64) NOT NULL, value TEXT NOT NULL, PRIMARY KEY ("key"));
INSERT INTO meta VALUES('schema','1');
CREATE TABLE item (id INTEGER NOT NULL, system VARCHAR(32) NOT NULL, code VARCHAR(32) NOT NULL,
 site VARCHAR(128) NOT NULL, reason VARCHAR(32) NOT NULL, candidates TEXT NOT NULL, basis VARCHAR(64) NOT NULL,
 state VARCHAR(16) NOT NULL, version INTEGER NOT NULL, verdict VARCHAR(24) NOT NULL, PRIMARY KEY (id),
 UNIQUE (system, code, site, reason));
INSERT INTO item VALUES(1,'CP932','F040','架空町','unmapped-gaiji','','','open',0,'');
INSERT INTO item VALUES(7,'CP932','F041','架空町','unmapped-gaiji','','','open',0,'');
INSERT INTO item VALUES(8,'CP932','F040','隣町','unmapped-gaiji','','','open',0,'');
CREATE TABLE audit (number INTEGER NOT NULL, item_id INTEGER NOT NULL, at TEXT NOT NULL, person TEXT NOT NULL,
 action TEXT NOT NULL, detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (number));
CREATE TABLE usage (item_id INTEGER NOT NULL, source VARCHAR(512) NOT NULL, field VARCHAR(256) NOT NULL,
 role VARCHAR(16) NOT NULL, count BIGINT NOT NULL, records BIGINT NOT NULL, PRIMARY KEY (item_id, source, field),
 FOREIGN KEY(item_id) REFERENCES item (id));
INSERT INTO usage VALUES(1,'0-juki.csv','氏名','name',1,1);
INSERT INTO usage VALUES(7,'0-juki.csv','氏名','name',1,1);
INSERT INTO usage VALUES(8,'0-juki.csv','氏名','name',5,5);
CREATE TABLE sample (item_id INTEGER NOT NULL, source VARCHAR(512) NOT NULL, number INTEGER NOT NULL,
 record BIGINT NOT NULL, record_key VARCHAR(256) NOT NULL, field VARCHAR(256) NOT NULL, position INTEGER NOT NULL,
 text TEXT NOT NULL, PRIMARY KEY (item_id, source, number), FOREIGN KEY(item_id) REFERENCES item (id));
INSERT INTO sample VALUES(1,'0-juki.csv',0,6,'6','氏名',0,'【〓】邉　花子');
CREATE TABLE picture (item_id INTEGER NOT NULL, number INTEGER NOT NULL, width INTEGER NOT NULL,
 height INTEGER NOT NULL, digest VARCHAR(64) NOT NULL, ink BLOB NOT NULL, PRIMARY KEY (item_id, number),
 FOREIGN KEY(item_id) REFERENCES item (id));
INSERT INTO picture VALUES(1,0,1,1,'d',X'FF');
CREATE TABLE proposal (item_id INTEGER NOT NULL, source VARCHAR(16) NOT NULL, glyph VARCHAR(16) NOT NULL,
 score FLOAT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (item_id, source, glyph),
 FOREIGN KEY(item_id) REFERENCES item (id));
INSERT INTO proposal VALUES(1,'dump','MJ026191',0.5,'x');
CREATE TABLE decision (item_id INTEGER NOT NULL, kind TEXT NOT NULL, glyph TEXT NOT NULL, text TEXT NOT NULL,
 evidence TEXT NOT NULL, note TEXT NOT NULL, decided_by TEXT NOT NULL, decided_at TEXT NOT NULL,
 repertoire TEXT NOT NULL, confirmed_by TEXT NOT NULL, confirmed_at TEXT NOT NULL, PRIMARY KEY (item_id),
 FOREIGN KEY(item_id) REFERENCES item (id));
CREATE INDEX ix_picture_digest ON picture (digest);
"""
"""What the version before wrote, its tables as SQLite showed them."""


@pytest.fixture
def first(tmp_path):
    """A queue of the first schema, beside the job whose counts it has."""
    with sqlite3.connect(tmp_path / "q.sqlite") as made:
        made.executescript(FIRST)
    made.close()
    return tmp_path


def test_a_queue_of_the_first_schema_is_read(first):
    queue = open_queue(first / "q.sqlite")
    found = {(i.id, i.site, i.code): (dict(i.counts), len(i.samples)) for i in queue.items()}
    assert found == {
        (1, "架空町", "F040"): ({("氏名", "name"): 1}, 1),
        (7, "架空町", "F041"): ({("氏名", "name"): 1}, 0),
        (8, "隣町", "F040"): ({("氏名", "name"): 5}, 0),
    }
    assert [c.glyph for c in suggest(queue, 1)] == ["MJ026191"] and queue.pictured([1, 7]) == {1}
    Decisions(queue).decide(1, Decision("字形一致", "MJ026191", decided_by="佐藤"))
    assert verify_audit(queue) == (1, "")
    queue.close()
    job = write(first, TOWNS[0], "juki", "1")
    convert(job, overrides={"source.gaiji_set": ""})
    left = told(first)  # what the job had before is replaced, the other town's stands
    assert {key: (counts, state) for key, (counts, _, state) in left.items()} == {
        ("架空町", "", "F040"): ({("氏名", "name"): 1}, "confirmed"),
        ("隣町", "", "F040"): ({("氏名", "name"): 5}, "open"),
    }


def first_on_postgres():
    """The same on PostgreSQL, as the version before made it there; its URL."""
    from conftest import POSTGRES

    if not POSTGRES:
        pytest.skip("GAIJI_TEST_POSTGRES names no server")
    made = FIRST.replace("id INTEGER NOT NULL", "id SERIAL NOT NULL").replace("BLOB", "BYTEA")
    made = made.replace("X'FF'", "'\\xff'").replace("FLOAT", "DOUBLE PRECISION")
    engine = sa.create_engine(POSTGRES)
    with engine.begin() as connection:
        for name in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f'DROP TABLE "{name}" CASCADE')
        for statement in made.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("SELECT setval('item_id_seq', 8)")
    engine.dispose()
    return POSTGRES


def shape_of(engine):
    """The columns, keys and indexes of each table, without their names and what a default is."""
    seen = sa.inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted(one["column_names"] for one in seen.get_unique_constraints(name)),
            sorted(one["column_names"] for one in seen.get_indexes(name) if not one["unique"]),
            sorted((k["constrained_columns"], k["referred_table"]) for k in seen.get_foreign_keys(name)),
        )
        for name in sorted(seen.get_table_names())
    }


def by_name(shape):
    """Columns in the order of their names: ALTER TABLE adds at the end."""
    return {name: (sorted(columns), *keys) for name, (columns, *keys) in shape.items()}


def test_a_queue_of_the_first_schema_on_postgres_becomes_what_a_new_one_is(first):
    """Its tables have the columns and keys of a new queue, its rows are those that SQLite's become, and a run
    over it replaces what it must; two that open it at once make it once."""
    url = first_on_postgres()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_opened, [url] * 4) == [3] * 4
    files = open_queue(first / "q.sqlite")
    server = open_queue(url)
    for table in metadata.sorted_tables:
        with files.reading() as here, server.reading() as there:
            rows = [sorted(tuple(row) for row in one.execute(sa.select(table))) for one in (here, there)]
        assert rows[0] == rows[1], table.name
    found = shape_of(server.engine)
    metadata.drop_all(server.engine)
    server.close()
    files.close()
    new = open_queue(url)
    assert by_name(found) == by_name(shape_of(new.engine))
    new.close()
    url = first_on_postgres()
    job = write(first, TOWNS[0], "juki", "1", queue=url)
    convert(job, overrides={"source.gaiji_set": ""})
    server = open_queue(url)
    left = {(i.site, i.code): i.total for i in server.items()}
    assert left == {("架空町", "F040"): 1, ("隣町", "F040"): 5}
    server.close()


def _opened(url):
    queue = open_queue(url)
    try:
        return len(list(queue.items()))
    finally:
        queue.close()


def test_a_migration_on_postgres_that_is_cut_short_leaves_the_first_schema(monkeypatch):
    from gaiji.queue import opening

    url = first_on_postgres()
    engine = sa.create_engine(url)
    before = shape_of(engine)
    with monkeypatch.context() as patch, pytest.raises(QueueError):
        patch.setattr(opening, "SCHEMA", None)  # the last statement fails
        open_queue(url)
    assert shape_of(engine) == before
    engine.dispose()
    open_queue(url).close()


def test_a_run_counts_once_from_wherever_it_is_started_on_postgres(tmp_path, monkeypatch):
    url = first_on_postgres()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        convert(write(tmp_path, TOWNS[1], "juki", "1", queue=url))
    queue = open_queue(url)
    assert [i.total for i in queue.items() if i.gaiji_set == "juki"] == [2]
    assert len([one for one in queue.sources() if one.job]) == 1
    queue.close()


def test_a_migration_that_is_cut_short_leaves_the_first_schema(first, monkeypatch):
    from gaiji.queue import opening

    before = list(sqlite3.connect(first / "q.sqlite").iterdump())
    with monkeypatch.context() as patch:
        patch.setattr(opening, "SCHEMA", None)  # the last statement fails
        with pytest.raises(QueueError):
            open_queue(first / "q.sqlite")
    assert list(sqlite3.connect(first / "q.sqlite").iterdump()) == before
    open_queue(first / "q.sqlite").close()
    query = "SELECT value FROM meta WHERE key = 'schema'"
    assert sqlite3.connect(first / "q.sqlite").execute(query).fetchone() == (SCHEMA,)


def test_a_queue_of_a_later_version_is_refused(first):
    with sqlite3.connect(first / "q.sqlite") as made:
        made.execute("UPDATE meta SET value = '99'")
    made.close()
    with pytest.raises(QueueError, match="has schema 99"):
        open_queue(first / "q.sqlite")


# -- decisions that are half written --------------------------------------------------------------------


def test_tables_that_are_half_written_are_not_read(tmp_path):
    job = write(tmp_path, TOWNS[0], "juki", "1")
    convert(job)
    decide(tmp_path)
    name = decisions_name("CP932", TOWNS[0], "juki")
    shutil.move(tmp_path / name, tmp_path / f".{name}.unfinished")
    digest = hashlib.sha256((tmp_path / f".{name}.unfinished").read_bytes()).hexdigest()
    note = json.dumps({"named": {name: digest}, "removed": []})
    (tmp_path / ".decisions.together").write_text(note, "utf-8")
    with pytest.raises(JobError, match="half written"):
        convert(job)
    decide(tmp_path)
    assert convert(job).to_review == 0
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("fails", ["AtomicFile", "write_whole", "named"])
def test_files_that_cannot_change_together_leave_nothing(tmp_path, monkeypatch, fails):
    """The second file cannot be opened, the note cannot be written, or it has its name and then all ends."""
    (tmp_path / "a").write_bytes(b"old")
    left = [1 if fails == "AtomicFile" else 0]

    def ends(*args, **more):
        left[0] -= 1
        if fails == "named":
            whole(*args, **more)
        if left[0] < 0:
            raise KeyboardInterrupt
        return whole(*args, **more)

    name = "write_whole" if fails == "named" else fails
    whole = getattr(together, name)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(together, name, ends)
        together.write_all(tmp_path, "x", {tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_bytes() == b"old"


def test_a_note_of_files_that_are_not_there_is_one_line(tmp_path):
    digest = hashlib.sha256(b"new").hexdigest()
    whole = {"named": {"a": digest}, "removed": []}
    note = together.note_path(tmp_path, "x")
    (tmp_path / "a").write_bytes(b"old")
    for wrong in (whole, [], 1, {}, {"named": ["a"], "removed": []}, whole | {"removed": [1]}, "[" * 100_000):
        note.write_text(wrong if isinstance(wrong, str) else json.dumps(wrong), "utf-8")
        with pytest.raises(OutputError, match="is damaged"):
            together.finish(tmp_path, "x")
        assert (tmp_path / "a").read_bytes() == b"old"
    note.write_text(json.dumps(whole), "utf-8")
    (tmp_path / ".a.unfinished").write_bytes(b"new")
    together.finish(tmp_path, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_bytes() == b"new"


# -- where a queue lies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("postgresql+psycopg://user:secret@host:port/db", "E0566"),
        ("postgresql+psycopg://user:secret@[::1", "E0566"),
        ("://secret", "E0566"),
        ("nothing://user:secret@host/db", "E0212"),
        ("postgresql+secret://user:secret@host/db", "E0212"),
        ("sqlite://", "E0567"),
        ("sqlite://secret/x", "E0567"),
        ("sqlite:///:memory:", "E0567"),
        ("sqlite:///file:x?uri=true", "E0567"),
        ("sqlite:///x?mode=ro", "E0567"),
        ("sqlite+pysqlite:///", "E0567"),
    ],
)
def test_a_url_that_cannot_be_a_queue_is_one_line(tmp_path, monkeypatch, url, number):
    monkeypatch.chdir(tmp_path)
    job = write(tmp_path, TOWNS[0], "juki", "1", queue=url)
    for act in (lambda: open_queue(url), lambda: convert(job)):
        with pytest.raises(QueueError) as refused:
            act()
        assert refused.value.number == number and "\n" not in str(refused.value)
        assert ":secret@" not in str(refused.value)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("[!.]*"))


def test_a_queue_without_its_driver_says_what_to_install(monkeypatch):
    def none(*_, **__):
        raise ModuleNotFoundError("No module named 'driver'", name="driver")

    monkeypatch.setattr("gaiji.queue.queue.sa.create_engine", none)
    with pytest.raises(UsageError, match=r"gaiji\[postgres\]"):
        Queue("mysql://host/db")


def test_what_apply_writes_is_where_convert_reads_however_the_queue_is_named(tmp_path, monkeypatch):
    """A path, a path from elsewhere, an SQLite URL: one file, and the tables beside it. A URL that depends on
    the folder where gaiji runs is refused."""
    (tmp_path / "q").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for number, queue in enumerate(("q/1.sqlite", "{}/2.sqlite", "sqlite:///{}/3.sqlite"), 1):
        job = write(tmp_path, TOWNS[0], "juki", "1", queue=queue.format(tmp_path / "q"))
        monkeypatch.chdir(tmp_path)
        assert convert(job).to_review == 1
        decide(tmp_path / "q", f"{number}.sqlite")
        monkeypatch.chdir(tmp_path / "elsewhere")
        for named in (str(tmp_path / f"q/{number}.sqlite"), f"sqlite:///{tmp_path}/q/{number}.sqlite"):
            shown = CliRunner().invoke(main, ["review", "apply", "--queue", named])
            assert shown.exit_code == 0, shown.output
        done = convert(job)
        assert done.to_review == 0 and done.data["review"]["as_decided"] and done.exit_code == 0
        (path,) = (tmp_path / "q").glob("decisions-*")
        path.unlink()
    for queue in ("sqlite:///q/1.sqlite", "sqlite:///1.sqlite"):
        with pytest.raises(JobError) as refused:
            convert(write(tmp_path, TOWNS[0], "juki", "1", queue=queue))
        assert refused.value.number == "E0568" and "review.queue" in str(refused.value)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_tables_of_a_queue_on_a_server_go_where_somebody_says(tmp_path, monkeypatch):
    """It lies in no folder: its tables in the working folder would be read by nobody."""
    job = write(tmp_path, TOWNS[0], "juki", "1")
    convert(job)
    decide(tmp_path)
    for path in tmp_path.glob("decisions-*"):
        path.unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Queue, "served", property(lambda _: True))
    shown = CliRunner().invoke(main, ["review", "apply", "--queue", "q.sqlite"])
    assert shown.exit_code == 2 and shown.output.count("\n") == 1 and "E0569" in shown.output
    assert not list(tmp_path.glob("decisions-*"))
    shown = CliRunner().invoke(main, ["review", "apply", "--queue", "q.sqlite", "--folder", "."])
    assert shown.exit_code == 0 and len(list(tmp_path.glob("decisions-*"))) == 1
    opened = open_queue(tmp_path / "q.sqlite")
    far = Source(str(tmp_path / "x"), str(tmp_path / "job"))
    assert opened.near(far) == far  # wherever a client of the server works
    opened.close()


# -- fields with a charset of their own -------------------------------------------------------------------

OWN = """[source]
path = "in.dat"
charset = "windows-31j"
format = "fixed"
record_length = 6
[output]
path = "out/a.csv"
[review]
queue = "q.sqlite"
{records}
"""
FIELDS = """[[{0}field]]
name = "kind"
offset = 0
length = 2
[[{0}field]]
name = "shimei"
offset = 2
length = 4
type = "mixed"
charset = "unicode-be"
role = "name"
"""
RECORD = """[[record]]
name = "{0}"
when = {{ offset = 0, bytes = "{1}" }}
output = "out/{0}.csv"
"""


@pytest.mark.parametrize("typed", [False, True])
def test_a_code_of_a_field_with_its_own_charset_is_queued_decided_and_proved_as_such(tmp_path, typed):
    """U+E000 in UTF-16 beside Shift_JIS: the queue, the tables, the manifest, the proof and the residents
    know whose it is, in a job of record types as in a plain one."""
    types = "".join(RECORD.format(n, n.encode().hex()) + FIELDS.format("record.") for n in ("AA", "BB"))
    job = tmp_path / "job.toml"
    job.write_text(OWN.format(records=types if typed else FIELDS.format("")), "utf-8")
    raw = [
        kind + name.encode("utf-16-be")
        for kind, name in ((b"AA", "\ue000山"), (b"BB", "山田"), (b"BB", "\ue000田"))
    ]
    (tmp_path / "in.dat").write_bytes(b"".join(raw))
    first = convert(job)
    opened = open_queue(tmp_path / "q.sqlite")
    ((system, code, item, people),) = [(i.system, i.code, i.id, i.people) for i in opened.items()]
    assert (code, people) == ("E000", 2) and system != "CP932"
    assert [(row.code, row.kind) for row in changed_residents(job).rows] == [("E000", "未判定")] * 2
    made = Decision("別字", "MJ010834", evidence="戸籍", decided_by="a", decided_at="2026-01-01")
    Decisions(opened).decide(item, made)
    stale = convert(job)
    assert not stale.data["review"]["as_decided"] and stale.exit_code == 3  # no table of the other system
    apply(opened, tmp_path)
    opened.close()
    (table,) = tmp_path.glob(f"decisions-{system}.tsv")
    last = convert(job)
    assert last.to_review == 0 and last.data["review"]["as_decided"]
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    assert digest in {one["sha256"] for one in last.data["tables"]}
    assert digest not in {one["sha256"] for one in first.data["tables"]}
    written = "".join(path.read_text("utf-8") for path in sorted((tmp_path / "out").glob("*.csv")))
    assert written.count("帝") == 2 and "〓" not in written
    assert verify(job).holds
    assert [(row.code, row.kind) for row in changed_residents(job).rows] == [("E000", "別字")] * 2
    table.write_text(table.read_text("utf-8").replace("MJ010834", "MJ026191"), "utf-8")
    with pytest.raises(GaijiError, match="mapping or site table"):
        verify(job)


# -- 個人番号 ------------------------------------------------------------------------------------------------


def test_no_queue_holds_an_individual_number(tmp_path):
    """Whoever adds to it: a run, 縮退, matching; also where a digit of it is what the sample is about."""
    number, wide = "123456789018", "１２３４５６７８９０１８"
    rows = f"id,name,kana,birth,sex\n{number},渡邉{wide}\U00100000,ﾜﾀﾅﾍﾞ,1980-01-02,1\n"
    (tmp_path / "a.csv").write_text(rows, "utf-8")
    (tmp_path / "b.csv").write_text(rows.replace("邉", "邊"), "utf-8")
    shrink = ["shrink", "a.csv", "o.csv", "--side", "s.tsv", "--key", "id", "--column", "name"]
    columns = [word for name in ("id", "name", "kana", "birth", "sex") for word in (f"--{name}", name)]
    match = ["match", "a.csv", "b.csv", *columns, "--output", "m.csv"]
    with contextlib.chdir(tmp_path):
        for command in (shrink, match):
            shown = CliRunner().invoke(main, [*command, "--queue", "q.sqlite"])
            assert shown.exit_code in (0, 3), shown.output
    opened = open_queue(tmp_path / "q.sqlite")
    marked = f"{wide[:3]}【{wide[3]}】{wide[4:]}"
    item = Item(
        "X", "1", "", "ambiguous", counts={("n", "name"): 1}, samples=[Sample(7, marked, "n", 3, marked)]
    )
    opened.add("x", [item])
    opened.add("x", [item])
    found = [(i.system, s) for i in opened.items() for s in i.samples]
    opened.close()
    assert {system.split()[0] for system, _ in found} == {"shrink", "match", "X"}
    assert {s.record_key for _, s in found} <= {"1", "7"}
    assert all("＊＊＊" in s.text for _, s in found)
    assert "＊＊＊【＊】＊＊＊＊＊＊＊＊" in {s.text for _, s in found}
    raw = (tmp_path / "q.sqlite").read_bytes()
    assert number.encode() not in raw and wide.encode() not in raw


def test_acts_that_go_out_together_are_those_one_by_one(tmp_path):
    """Decisions, put off and confirmed, some of one item twice: states, versions and lines of the log are the same."""
    acts = [
        (1, "decide", "MJ026190", "甲"),
        (2, "decide", "MJ026191", "甲"),
        (1, "confirm", "", "乙"),
        (3, "defer", "", "甲"),
        (2, "decide", "MJ026190", "乙"),
        (4, "decide", "MJ026191", "甲"),
        (3, "decide", "MJ026191", "甲"),
    ]
    told = {}
    for name in ("one by one", "together"):
        queue = open_queue(tmp_path / f"{name}.sqlite")
        codes = [f"80A{n}" for n in range(1, 5)]
        queue.add(
            "a.dat", [Item("JEF", c, "町", "unmapped-gaiji", {("氏名", "name"): 1}, [], {}) for c in codes]
        )
        made = Decisions(queue, confirm="two-person")
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(queue.writing())
            if name == "together":
                stack.enter_context(acting.together(made, connection, {1, 2, 3, 4}))
            for item, act, glyph, who in acts:
                if act == "decide":
                    decision = Decision("類似", glyph, decided_by=who, decided_at="2026-11-28")
                    made.decide_in(connection, item, decision)
                elif act == "confirm":
                    made.confirm_in(connection, item, who)
                else:
                    made.put_in(connection, item, "deferred", who)
        assert verify_audit(queue)[1] == ""
        with queue.reading() as connection:
            items = connection.execute(sa.text("SELECT id, state, version FROM item ORDER BY id")).all()
            wrote = "SELECT number, person, action, item_id, detail FROM audit ORDER BY number"
            lines = [tuple(line) for line in connection.execute(sa.text(wrote))]
        decided = {n: (one.glyph, one.decided_by, one.confirmed_by) for n, one in made.all().items()}
        told[name] = (items, lines, decided)
        queue.close()
    assert told["together"] == told["one by one"]
    assert [state for _, state, _ in told["together"][0]] == [
        "confirmed",
        "contested",
        "proposed",
        "proposed",
    ]


def test_a_sheet_goes_out_in_few_statements(tmp_path):
    """Twenty times the codes take hardly more statements."""
    counts = []
    for many in (20, 400):
        queue = open_queue(tmp_path / f"{many}.sqlite")
        codes = [f"{0x8000 + n:04X}" for n in range(many)]
        queue.add(
            "a.dat", [Item("JEF", c, "町", "unmapped-gaiji", {("氏名", "name"): 1}, [], {}) for c in codes]
        )
        made, said = Decisions(queue), []
        with queue.writing() as connection, acting.together(made, connection, range(1, many + 1)):
            sa.event.listen(connection, "before_cursor_execute", lambda *_, said=said: said.append(1))
            for item in range(1, many + 1):
                decision = Decision("類似", "MJ026190", decided_by="甲", decided_at="2026-11-28")
                made.decide_in(connection, item, decision)
        assert verify_audit(queue)[1] == ""
        counts.append(len(said))
        queue.close()
    assert counts[0] == counts[1] < 8
