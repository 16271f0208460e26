"""PostgreSQL by whole columns: the same rows, digests, targets and refusals as row by row."""

from __future__ import annotations

import csv
import struct
from array import array
from io import StringIO
from itertools import pairwise

import polars as pl
import pytest
import sqlalchemy as sa
from conftest import POSTGRES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gaiji.database import convert
from gaiji.database.blocks import Block, Blocks, Filled, block_of
from gaiji.database.cells import rows_of
from gaiji.database.convert import Run, convert_table
from gaiji.database.job import DbColumn
from gaiji.database.keys import shown
from gaiji.database.plan import DbPlan
from gaiji.database.progress import Progress
from gaiji.errors import GaijiError
from gaiji.model import Column
from tests.databases import change, job, proved, rows

POSTGRES_ONLY = pytest.mark.skipif(not POSTGRES, reason="postgres: needs GAIJI_TEST_POSTGRES")
COLUMNS = [
    DbColumn(name, to, charset, "dbcs", "name", (), {}, "right")
    for name, charset, to in (("b", "fujitsu-jef", "x"), ("t", "unicode-utf8", "y"))
]
NUMBER = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text("山é\U000e0100,\"'\r\n\t\\N.; ", max_size=5)
ROW = st.tuples(st.none() | st.binary(max_size=4), st.none() | TEXT)
KEYED = st.dictionaries(st.tuples(NUMBER, NUMBER), ROW, max_size=6)


def answer(made, width):
    """What the server says to a chunk of these rows: sizes and numbers in network order."""
    cells = [b"".join(struct.pack(">q", key[at]) for key, _ in made) or None for at in range(width)]
    for at in range(2):
        some = [row[at].encode() if isinstance(row[at], str) else row[at] for _, row in made]
        held = [cell for cell in some if cell is not None]
        cells.append(b"".join(held) if held else None)
        cells.append(b"".join(struct.pack(">i", -1 if cell is None else len(cell)) for cell in some) or None)
    return cells


@settings(max_examples=150, deadline=None)
@given(KEYED, st.sampled_from([1, 2]))
@example({(0, 0): (None, None)}, 1)
@example({(-1, 5): (b"", ""), (7, -2): (b"\0\n", "\\N"), (8, 0): (None, "")}, 2)
def test_a_block_is_what_its_rows_are(table, width):
    made = sorted({key[:width]: row for key, row in table.items()}.items())
    plain = rows_of([key for key, _ in made], [(*key, *row) for key, row in made], COLUMNS, "t")
    block = block_of(len(made), answer(made, width), width)
    assert block is not None and len(block) == len(plain)
    assert block.raw == plain.raw and block.digest == plain.digest and block.shown() == plain.shown()
    if not made:
        return
    assert block.last == plain.last
    decoded = [as_column([row[at] for _, row in made]) for at in (0, 1)]
    names = [*(f"k{at}" for at in range(width)), "x", "y"]
    filled = block.made(names, [block.texts(one, at) for at, one in enumerate(decoded)])
    listed = plain.made(names, [plain.texts(one, at) for at, one in enumerate(decoded)])
    assert list(filled) == list(map(dict, filled)) == listed
    assert filled[-1] == listed[-1] and list(filled[:1]) == listed[:1] and len(filled) == len(listed)


def as_column(cells):
    """The cells as a decoder leaves them: what is no text as its digits; NULL as nothing."""
    texts = [(cell.hex() if isinstance(cell, bytes) else cell or "").encode() for cell in cells]
    offsets = array("q", [0])
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    return Column("", bytearray(b"".join(texts) + b"\0" * 8), offsets)


def test_rows_that_are_not_in_the_order_of_their_key_are_no_block():
    made = [((2,), (b"", "")), ((1,), (b"", ""))]
    assert block_of(2, answer(made, 1), 1) is None
    assert isinstance(block_of(2, answer(made[::-1], 1), 1), Block)
    pairs = [((1, 2), (b"", "")), ((1, 1), (b"", ""))]
    assert block_of(2, answer(pairs, 2), 2) is None
    assert block_of(3, answer(made[::-1], 1), 1) is None  # a key that became NULL meanwhile


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NUMBER, st.none() | TEXT), min_size=1, max_size=5))
def test_what_copy_reads_is_what_the_csv_module_reads(cells):
    """And an empty text is told from NULL by its quotes, as COPY tells them."""
    frame = pl.DataFrame(cells, schema={"k": pl.Int64, "t": pl.String}, orient="row")
    text = Filled(frame).csv(["t", "k"]).decode()
    read = list(csv.reader(StringIO(text, newline=""), strict=True))
    assert read == [[cell or "", str(number)] for number, cell in cells]
    assert text.count('"",') >= sum(cell == "" for _, cell in cells)
    assert len(Filled(frame.filter(pl.col("t").is_null())).csv(["t"]).replace(b"\n", b"")) == 0


@pytest.fixture
def url():
    """The server with the table of people of tests/databases, and with rows that are hard to copy."""
    change(POSTGRES, "DROP TABLE IF EXISTS people, people_mj, gaiji_run, gaiji_chunk")
    change(
        POSTGRES, "CREATE TABLE people (number integer PRIMARY KEY, jef bytea, pua varchar, twice smallint)"
    )
    engine = sa.create_engine(POSTGRES)
    table = sa.Table("people", sa.MetaData(), autoload_with=engine)
    hard = ['"', "", ",", "a\nb\r", "\\.", "\\N", "\t", "\\", "'", "山\U000e0100", "\ue000", "x\r\n", None]
    more = [
        {"number": -n - 1, "jef": None if n % 2 else b"", "pua": text, "twice": -n}
        for n, text in enumerate(hard)
    ]
    with engine.begin() as connection:
        connection.execute(table.insert(), rows() + more)
    engine.dispose()
    yield POSTGRES
    change(POSTGRES, "DROP TABLE IF EXISTS people, people_mj, gaiji_run, gaiji_chunk")


def all_of(url):
    """Everything that a run leaves in the database."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [
            connection.execute(sa.text(query)).all()
            for query in (
                "SELECT * FROM people_mj ORDER BY number",
                "SELECT * FROM gaiji_chunk ORDER BY number",
                "SELECT digest, chunks, row_count, last_key FROM gaiji_run",
            )
        ]
    engine.dispose()
    return found


@POSTGRES_ONLY
@pytest.mark.parametrize("key", ['"number"', '["twice", "number"]'])
@pytest.mark.parametrize("mode", ["table", "columns"])
def test_postgres_holds_the_same_by_columns_as_by_rows(tmp_path, url, monkeypatch, key, mode):
    path = keyed(tmp_path, url, key, mode)
    read, seen = Blocks.read, []
    monkeypatch.setattr(Blocks, "read", lambda *given: seen.append(read(*given)) or seen[-1])
    told = []
    for by_rows in (False, True):
        if by_rows:
            monkeypatch.setattr(convert, "blocks_of", lambda plan: None)
        convert_table(path, restart=True)
        if mode == "columns":
            change(url, "CREATE VIEW people_mj AS SELECT number, twice, name, address FROM people")
        manifest = (tmp_path / "db.manifest.json").read_text("utf-8")
        told.append((all_of(url), [line for line in manifest.splitlines() if "finished" not in line]))
        if mode == "columns":
            change(url, "DROP VIEW people_mj")
        assert proved(path) == 70
    assert told[0] == told[1] and len(told[0][0][0]) == 70
    assert [len(block) for block in seen] == [10] * 7 + [0]  # and every one of them was read whole


def keyed(tmp_path, url, key, mode):
    """The job with another key and mode."""
    job(tmp_path, url)
    text = (tmp_path / "db.toml").read_text("utf-8").replace('key = "number"', f"key = {key}")
    if mode == "columns":
        text = text.replace('table = "people_mj"', 'mode = "columns"')
    (tmp_path / "db.toml").write_text(text, "utf-8")
    if key != '"number"':
        change(url, "ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (twice, number)")
    return str(tmp_path / "db.toml")


@POSTGRES_ONLY
def test_postgres_goes_on_by_columns_where_rows_stopped_and_the_other_way(tmp_path, url, monkeypatch):
    """A run that another version or another way of reading began: the digests of whole chunks are the same."""
    path, write = job(tmp_path, url), Progress.write

    def stop(progress, made, report, done, digest):
        if done == 3:
            raise KeyboardInterrupt
        write(progress, made, report, done, digest)

    ends = []
    for first in (None, convert.blocks_of):
        other = convert.blocks_of if first is None else None
        for by, stopped in ((first, True), (other, False)):
            with monkeypatch.context() as now:
                now.setattr(convert, "blocks_of", by or (lambda plan: None))
                if stopped:
                    now.setattr(Progress, "write", stop)
                    with pytest.raises(KeyboardInterrupt):
                        convert_table(path, restart=True)
                else:
                    assert convert_table(path).resumed == 30
        ends.append(all_of(url))
    assert ends[0] == ends[1]


@POSTGRES_ONLY
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER TABLE people ALTER pua TYPE char(20)", "blanks at the end would be lost"),
        ("ALTER TABLE people ALTER jef TYPE text USING 'x'", "text that is no text of its charset: E0070"),
        ("ALTER TABLE people ALTER number TYPE numeric", "a key that is more than a machine's number"),
        ("ALTER TABLE people ALTER number TYPE text", "a key of text"),
    ],
)
def test_postgres_is_read_by_rows_where_columns_would_say_something_else(tmp_path, url, statement, why):
    change(url, statement)
    plan = DbPlan.of(job(tmp_path, url))
    try:
        plan.open()
        assert Blocks.of(plan) is None and Run(plan).blocks is None, why
    finally:
        plan.close()


@POSTGRES_ONLY
def test_postgres_names_the_row_of_a_fault_as_before(tmp_path, url, monkeypatch):
    change(url, "UPDATE people SET pua = NULL WHERE number < 3")
    path = job(tmp_path, url, policy='unmapped-gaiji = "fail"')
    said = []
    for by in (convert.blocks_of, lambda plan: None):
        monkeypatch.setattr(convert, "blocks_of", by)
        with pytest.raises(GaijiError) as error:
            convert_table(path, restart=True)
        said.append(str(error.value))
        assert all_of(url)[1] and len(all_of(url)[0]) == 10 * len(all_of(url)[1])  # what was whole stands
    assert said[0] == said[1] and "80A1" in said[0]


@POSTGRES_ONLY
def test_postgres_gives_rows_that_are_too_long_together_one_by_one(tmp_path, url, monkeypatch):
    from gaiji.database import blocks

    over = sa.literal_column("repeat('x', 2000000000)::bytea")  # what the server says to more than 1 GB
    monkeypatch.setattr(blocks, "_together", lambda values: over)
    assert convert_table(job(tmp_path, url)).rows == 70
    assert proved(str(tmp_path / "db.toml")) == 70


def test_keys_are_shown_as_for_rows():
    block = block_of(2, answer([((1, -2), (b"", "")), ((3, 4), (b"", ""))], 2), 2)
    data, ends = block.shown()
    assert [bytes(data[a:b]).decode() for a, b in pairwise(ends)] == ["1, -2", "3, 4"]
    assert shown((1, -2)) == "1, -2"
