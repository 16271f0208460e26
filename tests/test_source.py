"""One input read in pieces of any kind: its bytes, its digests, and whether something wrote to it meanwhile.

Owns ``gaiji.records.source`` alone, and the plain data of batches; records are for ``test_framing``.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from array import array
from random import Random

import pytest

from gaiji.errors import DataError, ResumeError
from gaiji.records import source
from gaiji.records.batch import BadRecord, Batch, Framing, Start
from gaiji.records.reader import Reader
from gaiji.records.source import Source


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("head", [1, 7, 64])
def test_every_way_of_reading_gives_the_same_bytes(tmp_path, monkeypatch, packed, head):
    """Peeked or not, taken, passed over or filled into buffers: in order, once, with the digests of what was read."""
    monkeypatch.setattr(source, "HEAD", head)
    rng = Random(head)
    for _ in range(60):
        data = rng.randbytes(rng.randrange(40))
        path = tmp_path / ("d.gz" if packed else "d")
        stored = gzip.compress(data) if packed else data
        path.write_bytes(stored)
        one, at = Source(str(path)), 0
        assert one.regular and one.total == len(stored) and one.plain_total == (0 if packed else len(data))
        if rng.randrange(2):
            assert one.peeked() == (data[:head], len(data) < head)
        while True:
            size = rng.randrange(1, 9)
            how, tail = rng.choice(("take", "pass", "fill")), rng.randbytes(rng.randrange(4))
            rest = data[at : at + size]
            if how == "fill":
                buffer, filled = one.fill(tail, len(tail) + size)
                assert buffer[:filled] == tail + rest and len(buffer) >= len(tail) + size + 8
                if rng.randrange(2):
                    one.recycle(buffer)
            else:
                assert one.take(size, keep=how == "take") == (rest if how == "take" else b"")
            at += len(rest)
            assert one.size == at and one.mark().result() == hashlib.sha256(data[:at]).hexdigest()
            if len(rest) < size:
                break
        assert (one.count, one.sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
        one.check_unchanged()
        assert one.peeked() == (
            (data[:head], len(data) < head) if one._head is not None else (b"", data == b"")
        )
        one.close()


def test_an_input_that_is_gone_on_with_is_what_was_read_before(tmp_path):
    data = bytes(range(200))
    (tmp_path / "d").write_bytes(data)
    for offset, carried in ((0, 0), (0, 5), (20, 7), (200, 0)):
        right = hashlib.sha256(data[: offset + carried]).hexdigest()
        one = Source(str(tmp_path / "d"))
        assert one.skip(Start(offset, carried, 3, 0, 0, right)) == data[offset : offset + carried]
        assert one.take(10, keep=True) == data[offset + carried :][:10]
        assert one.peeked() == (b"", False)  # its beginning is not known any more
        one.close()
        for wrong in (hashlib.sha256(data[: offset + carried] + b"x").hexdigest(), ""):
            with pytest.raises(ResumeError, match="E0215"):
                Source(str(tmp_path / "d")).skip(Start(offset, carried, 3, 0, 0, wrong))


def changed(path, how):
    """Do something to an input that was read."""
    if how == "longer":
        path.write_bytes(path.read_bytes() + b"x")
    elif how == "shorter":
        path.write_bytes(path.read_bytes()[:-1])
    elif how == "other bytes":
        path.write_bytes(b"x" * path.stat().st_size)
    elif how == "gone":
        path.unlink()
    elif how == "touched":
        os.utime(path, (1, 1))
    elif how == "another file":
        other = path.with_name("other")
        other.write_bytes(path.read_bytes())
        other.replace(path)


@pytest.mark.parametrize(
    ("how", "fine"),
    [
        ("nothing", True), ("touched", True), ("another file", True), ("longer", False), ("shorter", False),
        ("other bytes", False), ("gone", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_what_was_read_must_still_be_there(tmp_path, how, fine, packed):
    path = tmp_path / ("d.gz" if packed else "d")
    path.write_bytes(gzip.compress(b"abc" * 50) if packed else b"abc" * 50)
    one = Source(str(path))
    one.take(1000, keep=False)
    changed(path, how)
    if fine:
        one.check_unchanged()
    else:
        with pytest.raises(DataError, match="E0214"):
            one.check_unchanged()


def test_an_input_that_was_not_read_to_its_end_is_not_what_was_read(tmp_path):
    (tmp_path / "d").write_bytes(b"abc")
    one = Source(str(tmp_path / "d"))
    one.take(2, keep=False)
    with pytest.raises(DataError, match="E0214"):
        one.check_unchanged()


def test_a_pipe_has_no_size_and_nothing_to_compare():
    read, write = os.pipe()
    os.write(write, b"ab\ncd\n")
    os.close(write)
    one = Source(f"/dev/fd/{read}")
    assert not one.regular and (one.total, one.plain_total) == (0, 0)
    assert one.take(99, keep=True) == b"ab\ncd\n"
    one.check_unchanged()
    one.close()
    os.close(read)


def test_another_reader_goes_on_where_a_batch_began(tmp_path):
    """With the header of the first, for every batch of it; all batches are closed behind the last."""
    (tmp_path / "d").write_bytes(b"h,k\n" + b"".join(b"%d,x\n" % n for n in range(40)))
    reader, found = Reader(str(tmp_path / "d"), Framing("csv"), batch=32), []
    for batch in reader:
        cells = [batch.cells(row) for row in range(batch.rows)]
        found.append((batch.chunk.start(), batch.first, cells))
    assert len(found) > 4 and reader.records == 40
    for number, (start, first, _) in enumerate(found):
        other = reader.again(start)
        rest = [(one.first, [one.cells(row) for row in range(one.rows)]) for one in other]
        assert other.header == [b"h", b"k"] and rest[0][0] == first
        assert [cells for _, cells in rest] == [cells for *_, cells in found[number:]]
        assert (other.records, other.size, other.sha256) == (40, reader.size, reader.sha256)
    end = reader.end().start()
    assert (end.offset, end.carried, end.records, end.sha256) == (reader.size, 0, 40, reader.sha256)
    assert list(reader.again(end)) == []


def test_what_a_batch_knows_of_its_rows():
    a, b = array("q", [0, 2, 4]), array("q", [1, 4, 4])
    batch = Batch(
        b"abcd", [a, b], [b, array("q", [2, 4, 4])], 3, 100, 7, [BadRecord(8, 101, b"?", "")], [1, 3]
    )
    assert [batch.cells(row) for row in range(3)] == [[b"a", b"b"], [b"cd", b""], [b"", b""]]
    assert [batch.record_number(row) for row in range(3)] == [7, 9, 10]
    batch.numbers = [5, 50, 500]
    assert [batch.record_number(row) for row in range(3)] == [5, 50, 500]
    nothing = Batch(b"", [], [], 0, 0, 1)
    assert nothing.empty and not batch.empty
    for key, value in (("rows", 1), ("bad", [BadRecord(1, 0, b"", "")]), ("owned", {"line-ends": 1})):
        other = Batch(b"", [], [], 0, 0, 1)
        setattr(other, key, value)
        assert not other.empty


@pytest.mark.parametrize(
    ("fields", "most"), [(0, 65_536), (1, 65_536), (61, 65_536), (62, 64_516), (4_000_000, 1), (9_000_000, 1)]
)
def test_a_batch_has_room_for_its_fields(fields, most):
    assert Framing("vb", fields=fields).most == most
