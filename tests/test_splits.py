"""An input in pieces: each begins where the one before ends, and together they are read as the whole is.

Owns every way in which records lie, in 1 to 64 pieces, without Spark: what a machine of its own would do with each
piece is done here one after another.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from oracle.charsets import load
from oracle.dumps import formats, make
from oracle.run import write_job
from test_bytes import ACCOUNTS, job
from test_rectypes import WHOLE, data, head, trail
from test_rectypes import write as write_types

from gaiji.disk.packing import pack
from gaiji.errors import GaijiError
from gaiji.run import splits
from gaiji.run.plan import Plan
from gaiji.run.splits import splits_of

CHARSETS = ("fujitsu-jef-ebcdik", "windows-31j", "unicode-le", "eucjp-ms", "koseki")
COUNTS = (1, 2, 3, 7, 64)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Buffers of few bytes, so that small files have many places to begin at."""
    monkeypatch.setattr(splits, "LEAST", 16)


def told(readings):
    """Records with their numbers and types, what is set aside, the bytes between, what trailers count."""
    records, bad, owned, tallies = [], [], Counter(), Counter()
    for reading in readings:
        for batch in reading:
            parts = batch.sorted.parts if batch.sorted else [batch]
            for kind, part in enumerate(parts):
                for row in range(part.rows if part else 0):
                    records.append((part.record_number(row), kind, part.cells(row)))
            bad += [(one.record, one.offset, bytes(one.raw), one.why) for one in batch.bad]
            owned.update(batch.owned)
            if batch.sorted:
                tallies.update({k: tuple(n) for k, n in batch.sorted.tallies.items() if n})
    return sorted(records), bad, +owned


def check(path, counts=COUNTS):
    """All the pieces against the whole; how many there were at the most."""
    plan = Plan.of(path, reuse=False)
    source, most = plan.job.file(plan.job.source["path"]), 0
    reading = plan.read()
    try:
        whole = told([reading])
    except GaijiError as error:
        with pytest.raises(type(error)):
            told(pieces(plan, splits_of(plan, 7).pieces))
        return 1
    data = Path(source).read_bytes()
    for count in counts:
        found = splits_of(plan, count)
        assert 1 <= len(found.pieces) <= count
        readings = pieces(pickle.loads(pickle.dumps(plan)), found.pieces)
        assert told(readings) == whole, count
        for split, one in zip(found.pieces, readings, strict=True):
            end = one.reader.size
            assert split.end in (end, -1)
            if found.pieces[-1].start is not None:
                assert one.reader.sha256 == hashlib.sha256(data[split.offset : end]).hexdigest()
        assert readings[-1].records == reading.records and readings[-1].reader.size == reading.reader.size
        assert not found.blocks or found.blocks == reading.reader.blocks.told()
        if plan.shape is not None:
            assert readings[-1].shaper.state() == reading.shaper.state()
        most = max(most, len(found.pieces))
    return most


def pieces(plan, splits):
    """The reading of each piece, read anew."""
    return [plan.read(s.start, s.before, batch=s.batch, stop=s.stop) for s in splits]


@pytest.mark.parametrize("charset", CHARSETS)
def test_pieces_of_every_format_are_the_whole(tmp_path, charset):
    for format in formats(load(charset)):
        dump = make(charset, format, 60, 21)
        assert check(write_job(tmp_path, dump)) > 7, format


@pytest.mark.parametrize("name", ACCOUNTS)
def test_pieces_of_odd_inputs_are_the_whole(tmp_path, name):
    charset, format, more, fields, data = ACCOUNTS[name][0]
    check(job(tmp_path, data, charset, format, fields, more))


MARKED = {
    "lf": (
        'newline = "lf"\nrecord_length = 3',
        [b"abc\n", b"ab\x1a\n", b"ab\x1a\x1a", b"\x1a\x1a\x1a\x1a", b"abcd"],
    ),
    "none": ("record_length = 3", [b"abc", b"ab\x1a", b"\x1a\x1a\x1a", b"a"]),
}


@pytest.mark.parametrize("name", MARKED)
def test_signs_of_the_end_in_records_of_one_length(tmp_path, name):
    more, records = MARKED[name]
    fields = [{"name": "a", "offset": 0, "length": 3}]
    for number in range(40):
        rng = Random(number)
        data = b"".join(rng.choice(records[:-1]) for _ in range(60)) + rng.choice(
            [b"", records[-1], b"\x1a" * 9]
        )
        check(
            job(tmp_path, data, "windows-31j", "fixed", fields, more + '\non_bad_record = "quarantine"'),
            (2, 5, 40),
        )


@pytest.mark.parametrize("frame", ["fixed", "newline", "vb"])
def test_pieces_know_the_parents_and_counts_of_the_records_before(tmp_path, frame):
    records = [*WHOLE, *(data(n % 999, "MORI") for n in range(300)), trail(300), b"\xe7" * 10, data(1, "A")]
    records += [record for n in range(80) for record in (head(n), data(1, "ITO"), trail(1))]
    assert check(write_types(tmp_path, records, frame)) > 7


def test_a_packed_input_is_one_piece(tmp_path):
    path = job(tmp_path, b"ab\n" * 100, "windows-31j", "lines", [{"name": "a", "offset": 0, "length": 2}])
    (tmp_path / "dump.dat.gz").write_bytes(pack(memoryview(b"ab\n" * 100), "gzip"))
    path.write_text(path.read_text().replace("dump.dat", "dump.dat.gz"))
    assert check(path) == 1


def test_the_index_of_starts_is_kept_and_made_anew_for_another_file(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIJI_CACHE", str(tmp_path / "cache"))
    path = job(tmp_path, b"ab\n" * 100, "windows-31j", "lines", [{"name": "a", "offset": 0, "length": 2}])
    plan, passes = Plan.of(path), []
    starts = splits._starts
    monkeypatch.setattr(splits, "_starts", lambda *args: passes.append(1) or starts(*args))
    first = splits_of(plan, 5)
    assert splits_of(plan, 5) == first and len(passes) == 1
    (tmp_path / "dump.dat").write_bytes(b"a\n" * 200)
    assert splits_of(plan, 5) != first and len(passes) == 2


def test_a_pipe_is_not_split_and_a_file_that_changed_is_seen(tmp_path):
    path = job(tmp_path, b"ab\n" * 9, "windows-31j", "lines", [{"name": "a", "offset": 0, "length": 2}])
    plan = Plan.of(path)
    state = splits_of(plan, 2).state
    state.check(str(tmp_path / "dump.dat"))
    os.utime(tmp_path / "dump.dat", ns=(1, 1))
    with pytest.raises(GaijiError, match="E0876"):
        state.check(str(tmp_path / "dump.dat"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GaijiError, match="E0875"):
        splits.State.of(str(tmp_path / "pipe"))
