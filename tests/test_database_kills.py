"""kill -9 at random moments of a conversion into a database: chunks are there whole or not at all, and it ends as if never killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa
from databases import JEF, KINDS, NAMES, change, empty_database, verify_table

from gaiji.codes.charset import load_charset
from gaiji.database.convert import convert_table
from gaiji.database.engines import open_engine
from gaiji.database.progress import RUN

ROWS, CHUNK = 4000, 40
KILLED = """
import os, signal, sys, threading
from gaiji.database.convert import convert_table
from gaiji.database.progress import Progress

write, left, seconds = Progress.write, int(sys.argv[2]), float(sys.argv[3])

def counted(self, *chunk):
    global left
    if left == 0:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
    left -= 1
    return write(self, *chunk)

Progress.write = counted
convert_table(sys.argv[1], restart=len(sys.argv) > 4)
"""
"""A conversion that dies (SIGKILL) so many seconds after it began to write its chunk of this number, however busy the machine is."""
Made = list[tuple[int, str | None, str | None]]


def source_rows():
    """(number, JEF bytes, text, a column that nobody may touch)."""
    return [
        (n, JEF.encode(NAMES[n % 5]) + (b"\x80\xa1" if n % 11 == 0 else b""), f"東町{n}\ue000", 7 * n)
        for n in range(ROWS)
    ]


def made_rows() -> Made:
    """What each row must come to, by the charsets alone."""
    utf8 = load_charset("unicode-utf8")
    texts: dict[bytes, str] = {}
    out: Made = []
    for number, jef, text, _ in source_rows():
        texts.setdefault(jef, JEF.decode(jef).text)
        out.append((number, texts[jef], utf8.decode(text.encode(), role="address").text))
    return out


def prepare(tmp_path, kind, mode):
    """(URL, job) of a database with the source table."""
    url = empty_database(kind, tmp_path)
    engine = sa.create_engine(url)
    kinds = {"number": sa.Integer, "jef": sa.LargeBinary, "pua": sa.Text, "kept": sa.Integer}
    columns = [
        sa.Column(name, of, primary_key=name == "number", autoincrement=False) for name, of in kinds.items()
    ]
    people = sa.Table("people", sa.MetaData(), *columns)
    people.create(engine)
    with engine.begin() as connection:
        connection.execute(people.insert(), [dict(zip(kinds, row, strict=True)) for row in source_rows()])
    engine.dispose()
    target = 'mode = "columns"' if mode == "columns" else 'table = "people_mj"'
    path = tmp_path / "kills.toml"
    path.write_text(
        f'[source]\nurl = "{url}"\ntable = "people"\nkey = "number"\nchunk = {CHUNK}\n'
        '[[column]]\nname = "jef"\ncharset = "fujitsu-jef"\nto = "name"\n'
        '[[column]]\nname = "pua"\ncharset = "unicode-utf8"\nto = "address"\nrole = "address"\n'
        f"[target]\n{target}\n",
        "utf-8",
    )
    return url, str(path)


def state(url, mode) -> tuple[int, Made]:
    """In one snapshot: the rows that progress counts, and what the target holds; the source must be what it was."""
    engine = open_engine(url)
    level = {} if engine.dialect.name in ("sqlite", "duckdb") else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**level) as connection, connection.begin():
        source = connection.execute(
            sa.text("SELECT number, jef, pua, kept FROM people ORDER BY number")
        ).all()
        assert [(n, bytes(j), p, k) for n, j, p, k in source] == source_rows()
        tables = sa.inspect(connection).get_table_names()
        counted = connection.execute(sa.select(RUN.c.row_count)).scalar() if "gaiji_run" in tables else 0
        table = "people" if mode == "columns" else "people_mj"
        there = {c["name"] for c in sa.inspect(connection).get_columns(table)} if table in tables else set()
        if not {"name", "address"} <= there:
            assert not there & {"name", "address"} and not counted
            engine.dispose()
            return 0, []
        query = f"SELECT number, name, address FROM {table} ORDER BY number"
        found = [tuple(row) for row in connection.execute(sa.text(query))]
    engine.dispose()
    return int(counted or 0), found


def killed(path, restart, chunk, seconds):
    """Run a conversion that dies so many seconds after it began to write that chunk, counted from those it found."""
    words = [
        sys.executable,
        "-c",
        KILLED,
        path,
        str(chunk),
        str(seconds),
        *(["--restart"] if restart else []),
    ]
    return subprocess.run(words, capture_output=True, text=True).returncode


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["columns", "table"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_random_moments_it_is_whole_chunks_and_ends_the_same(tmp_path, kind, mode):
    url, path = prepare(tmp_path, kind, mode)
    wanted, rng = made_rows(), random.Random(15)
    convert_table(path)
    assert state(url, mode) == (ROWS, wanted)
    old = [(n, "old", "old") for n in range(ROWS)]
    restart, inside, counted = True, 0, 0
    for number in range(30 if (kind, mode) == ("sqlite", "columns") else 10):
        if restart and mode == "columns":
            change(url, "UPDATE people SET name = 'old', address = 'old'")
        # begun anew, what an ended run left stays until the first chunk comes, in columns until their own comes
        left = ROWS // CHUNK - (0 if restart else counted // CHUNK)
        ended = killed(
            path, restart, rng.randrange(left) if number % 5 else 0, rng.choice([0, rng.uniform(0, 0.02)])
        )
        assert ended in (0, -signal.SIGKILL)
        counted, found = state(url, mode)
        if restart and found == (wanted if mode == "table" else old):
            assert counted == ROWS or mode == "columns"  # before its first chunk
            continue
        assert counted % CHUNK == 0
        assert found == wanted[:counted] + (old[counted:] if mode == "columns" else [])
        inside += 0 < counted < ROWS
        restart = counted == ROWS
    assert inside >= 5, "the moments were not spread over the writing"
    if restart:
        change(url, f"UPDATE {'people' if mode == 'columns' else 'people_mj'} SET name = NULL")
        convert_table(path, restart=True)
    convert_table(path)
    assert state(url, mode) == (ROWS, wanted)
    proof = verify_table(path)
    assert proof.holds and proof.data["rows"]["compared"] == ROWS
