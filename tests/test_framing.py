"""Records are cut right whatever the size of the batches; what cannot be cut is named or set aside."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.errors import RecordError, UsageError
from gaiji.records.batch import Framing
from gaiji.records.reader import Reader

CP932_LEAD = bytes(1 if 0x81 <= b <= 0x9F or 0xE0 <= b <= 0xFC else 0 for b in range(256))


def cut(tmp_path, data, framing, *, quarantine=False, batch=64):
    path = tmp_path / "in"
    path.write_bytes(data)
    reader = Reader(str(path), framing, quarantine=quarantine, batch=batch)
    rows, bad = [], []
    for part in reader:
        for row in range(part.rows):
            cells = [bytes(part.src[a[row] : b[row]]) for a, b in zip(part.starts, part.ends, strict=True)]
            rows.append((part.record_number(row), cells if framing.format == "csv" else cells[0]))
        bad += part.bad
    assert reader.size == len(data)
    assert reader.sha256 == hashlib.sha256(data).hexdigest()
    return rows, bad, reader


@pytest.mark.parametrize("batch", [1, 7, 10, 64, 1 << 20])
def test_fixed(tmp_path, batch):
    data = b"".join(b"%010d" % i for i in range(50))
    rows, _, _ = cut(tmp_path, data, Framing("fixed", 10), batch=batch)
    assert rows == [(i + 1, b"%010d" % i) for i in range(50)]


@pytest.mark.parametrize("newline", ["lf", "crlf"])
def test_fixed_with_newlines(tmp_path, newline):
    end = {"lf": b"\n", "crlf": b"\r\n"}[newline]
    data = end.join(b"%05d" % i for i in range(20))
    rows, _, _ = cut(tmp_path, data, Framing("fixed", 5, newline))
    assert [raw for _, raw in rows] == [b"%05d" % i for i in range(20)]
    broken = data.replace(b"00007" + end, b"00007" + b"x" * len(end))
    with pytest.raises(RecordError, match="record 8 at byte"):
        cut(tmp_path, broken, Framing("fixed", 5, newline))
    rows, bad, _ = cut(tmp_path, broken, Framing("fixed", 5, newline), quarantine=True)
    assert [b.record for b in bad] == [8]
    assert [n for n, _ in rows] == [n for n in range(1, 21) if n != 8]


def vb(records, blocks=0):
    out = b""
    group = [records] if not blocks else [records[i : i + blocks] for i in range(0, len(records), blocks)]
    for part in group:
        body = b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in part)
        out += ((len(body) + 4).to_bytes(2, "big") + b"\0\0" if blocks else b"") + body
    return out


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=40), min_size=1, max_size=40),
    st.sampled_from([0, 1, 3]),
    st.sampled_from([5, 64, 4096]),
)
def test_vb(tmp_path_factory, records, blocks, batch):
    rows, _, _ = cut(
        tmp_path_factory.mktemp("vb"), vb(records, blocks), Framing("vb", blocked=bool(blocks)), batch=batch
    )
    assert [raw for _, raw in rows] == records


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        (b"\0\3\0\0", "RDW"),
        (b"\0\x09\0\1hello", "RDW"),
        (b"\0\x20\0\0abc", "cut off"),
        (b"\0\x05", "cut off"),
    ],
)
@pytest.mark.parametrize("batch", [6, 4096])
def test_bad_rdw(tmp_path, tail, says, batch):
    data = vb([b"one", b"two"]) + tail
    with pytest.raises(RecordError, match=says) as error:
        cut(tmp_path, data, Framing("vb"), batch=batch)
    assert (error.value.record, error.value.offset) == (3, 14)
    rows, bad, _ = cut(tmp_path, data, Framing("vb"), quarantine=True, batch=batch)
    assert [raw for _, raw in rows] == [b"one", b"two"]
    assert [(b.record, b.offset, b.raw) for b in bad] == [(3, 14, tail)]


def test_what_is_behind_a_bad_descriptor_goes_aside_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("gaiji.records.variable.MAX_RECORD", 20)
    data = vb([b"one"]) + b"\0\1\0\0" + bytes(range(100))
    for batch in (6, 13, 4096):
        rows, bad, _ = cut(tmp_path, data, Framing("vb"), quarantine=True, batch=batch)
        assert [raw for _, raw in rows] == [b"one"]
        assert b"".join(b.raw for b in bad) == data[7:] and [b.record for b in bad] == list(
            range(2, len(bad) + 2)
        )
        assert [b.offset for b in bad] == [7 + sum(len(x.raw) for x in bad[:i]) for i in range(len(bad))]
        if batch < 20:
            assert {len(b.raw) for b in bad[:-1]} == {20}


def test_a_record_longer_than_declared(tmp_path):
    data = vb([b"one", b"too long", b"two"])
    with pytest.raises(RecordError, match="8 bytes, more than the 5 declared"):
        cut(tmp_path, data, Framing("vb", 5))
    rows, bad, _ = cut(tmp_path, data, Framing("vb", 5), quarantine=True)
    assert rows == [(1, b"one"), (3, b"two")]
    assert [(b.record, b.raw) for b in bad] == [(2, b"too long")]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text("ab渡\u3042", max_size=6), min_size=1, max_size=20),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_lines(tmp_path_factory, lines, end, wide):
    codec = "utf-16-le" if wide else "cp932"
    data = "".join(line + end for line in lines).encode(codec)
    framing = Framing("lines", unit=2 if wide else 1)
    rows, _, _ = cut(tmp_path_factory.mktemp("lines"), data, framing, batch=9)
    assert [raw.decode(codec) for _, raw in rows] == lines


CELL = st.text('ab"|,ソ表渡\n', max_size=5)  # ソ and 表 end in 5C, other kanji in 7C: bytes of a delimiter


@settings(max_examples=120, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=12)
    ),
    st.sampled_from([",", "|", "\t"]),
    st.sampled_from(["cp932", "utf-8", "utf-16-le", "utf-16-be"]),
    st.sampled_from([7, 40, 4096]),
)
def test_csv_against_the_standard_library(tmp_path_factory, table, delimiter, codec, batch):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    wide = codec.startswith("utf-16")
    framing = Framing(
        "csv",
        delimiter=delimiter,
        header=False,
        unit=2 if wide else 1,
        big=codec == "utf-16-be",
        lead=CP932_LEAD if codec == "cp932" else bytes(256),
    )
    rows, _, _ = cut(tmp_path_factory.mktemp("csv"), text.getvalue().encode(codec), framing, batch=batch)
    assert [[cell.decode(codec) for cell in cells] for _, cells in rows] == table


def test_csv_with_a_delimiter_inside_double_bytes(tmp_path):
    data = "渡－|ポ\n".encode("cp932")  # 81 7C and 83 7C: second bytes that look like the delimiter
    framing = Framing("csv", delimiter="|", header=False, lead=CP932_LEAD)
    rows, _, _ = cut(tmp_path, data, framing)
    assert [cell.decode("cp932") for cell in rows[0][1]] == ["渡－", "ポ"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,b\n1\n2,3\n", "has 1 cells where 2 are needed"),
        (b'a,b\n"1"x,2\n2,3\n', "behind a closing quote"),
        (b'a,b\n1,2\n"3,4\n', "never closed"),
    ],
)
def test_bad_csv(tmp_path, data, says):
    with pytest.raises(RecordError, match=says):
        cut(tmp_path, data, Framing("csv"))
    rows, bad, reader = cut(tmp_path, data, Framing("csv"), quarantine=True)
    assert len(rows) == len(bad) == 1
    assert reader.header == [b"a", b"b"]
    assert reader.records == 2


@pytest.mark.parametrize(
    ("data", "key", "at"),
    [(b"a,b\n1,2,\n3,4,\n", "trailing = true", 4), (b"T\na,b\n1,2\n3,4\n", "skip = 1", 2)],
)
def test_the_key_that_all_rows_fit_is_proposed_at_the_first_that_does_not(tmp_path, data, key, at):
    with pytest.raises(RecordError, match=f"E0453 .*{key}") as error:
        cut(tmp_path, data, Framing("csv"))
    assert (error.value.record, error.value.offset) == (1, at)


def test_a_row_behind_many_that_fit_is_the_one_that_is_named(tmp_path):
    """No key is proposed where the first of all rows is like the others that are looked at."""
    data = b"a,b\n" + b"1,2\n" * 600 + b"3,4,5\n" + b"1,2\n"
    with pytest.raises(RecordError, match="has 3 cells where 2 are needed") as error:
        cut(tmp_path, data, Framing("csv"))
    assert (error.value.record, error.value.offset) == (601, 4 * 601)


@pytest.mark.parametrize("batch", [4, 1 << 20])
@pytest.mark.parametrize(("unit", "codec"), [(1, "ascii"), (2, "utf-16-le")])
def test_blank_lines_above_the_first_cell_of_one_column_are_cells(tmp_path, batch, unit, codec):
    """With a header they stand above it; where there are several columns a blank line is no record."""
    data = "\n\r\nA\n\nB\n".encode(codec)
    rows, _, _ = cut(tmp_path, data, Framing("csv", header=False, unit=unit), batch=batch)
    assert [cells for _, cells in rows] == [[b""], [b""], ["A".encode(codec)], [b""], ["B".encode(codec)]]
    rows, _, reader = cut(tmp_path, data, Framing("csv", header=True, unit=unit), batch=batch)
    assert reader.header == ["A".encode(codec)]
    assert [cells for _, cells in rows] == [[b""], ["B".encode(codec)]]
    rows, _, _ = cut(
        tmp_path, "\n\nA,B\n".encode(codec), Framing("csv", header=False, unit=unit), batch=batch
    )
    assert [cells for _, cells in rows] == [["A".encode(codec), "B".encode(codec)]]


@pytest.mark.parametrize(
    ("charset", "codec"), [("windows-31j", "ascii"), ("unicode-le", "utf-16-le"), ("ibm-930", "cp037")]
)
@pytest.mark.parametrize("spaces", ["fail", "skip", "text"])
def test_blanks_that_part_cells_are_no_blanks_before_a_quote(tmp_path, charset, codec, spaces):
    (tmp_path / "in.csv").write_bytes(
        'A  "B" \n  "C D" E\n'.replace("\n", "\n" if codec != "cp037" else "\x85").encode(codec)
    )
    job = tmp_path / "job.toml"
    job.write_text(
        f'[source]\npath = "in.csv"\ncharset = "{charset}"\nformat = "csv"\ndelimiter = " "\nheader = false\n'
        f'spaces = "{spaces}"\n'
        + ('newline = "15"\n' if codec == "cp037" else "")
        + '[output]\npath = "o.csv"\n'
    )
    gaiji.convert(job)
    assert (tmp_path / "o.csv").read_text("utf-8").splitlines()[1:] == ["A,,B,", ",,C D,E"]
    assert gaiji.verify(job).holds


@pytest.mark.parametrize("framing", [Framing("fixed", 10), Framing("vb"), Framing("lines"), Framing("csv")])
def test_an_empty_file_has_no_records(tmp_path, framing):
    assert cut(tmp_path, b"", framing)[0] == []


def test_fixed_records_need_a_length(tmp_path):
    with pytest.raises(UsageError, match="E0217"):
        cut(tmp_path, b"ab", Framing("fixed", 0))
    assert cut(tmp_path, b"ab", Framing("fixed", 1))[0] == [(1, b"a"), (2, b"b")]


def test_bom_is_not_part_of_the_first_record(tmp_path):
    rows, _, reader = cut(
        tmp_path, b"\xef\xbb\xbfa,b\n1,2\n", Framing("csv", mark=b"\xef\xbb\xbf", own_mark=b"\xef\xbb\xbf")
    )
    assert (reader.header, rows) == ([b"a", b"b"], [(1, [b"1", b"2"])])


@pytest.mark.parametrize("mark", ["fffe", "feff", "efbbbf"])
@pytest.mark.parametrize("type", ["binary", "packed", "raw", "mixed"])
@pytest.mark.parametrize("typed", [False, True])
def test_the_first_bytes_of_a_number_are_no_byte_order_mark(tmp_path, mark, type, typed):
    """A fixed record may begin with a number whose bytes look like one; a text may not."""
    (tmp_path / "in.dat").write_bytes(bytes.fromhex(mark) + b"A" * (10 - len(mark) // 2))
    fields = "\n".join(
        f'[[{"record." if typed else ""}field]]\nname = "{name}"\noffset = {at}\nlength = {size}\ntype = "{kind}"'
        for name, at, size, kind in (("n", 0, 3, type), ("t", 3, 7, "mixed"))
    )
    job = tmp_path / "job.toml"
    job.write_text(
        '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "fixed"\nrecord_length = 10\n'
        '[output]\npath = "o.csv"\n' + ('[[record]]\nname = "all"\n' if typed else "") + fields
    )
    if type == "mixed":
        with pytest.raises(RecordError, match="E0450"):
            gaiji.convert(job)
    else:
        made = gaiji.convert(job)
        assert made.data["records"]["read"] == 1
        if type == "raw":
            told = (tmp_path / "o.csv").read_text("utf-8").splitlines()[1]
            assert told.split(",")[0].lower() == (mark + "41" * (3 - len(mark) // 2))


def test_a_block_that_promises_more_is_cut_even_between_records(tmp_path):
    """A transfer that ends on a record's edge inside a block is a truncated file."""
    record = b"\0\x08\0\0abcd"
    path = tmp_path / "d.dat"
    framing = Framing("vb", blocked=True)
    path.write_bytes((4 + 16).to_bytes(2, "big") + b"\0\0" + record * 2)
    assert sum(batch.rows for batch in Reader(str(path), framing)) == 2
    path.write_bytes((4 + 16).to_bytes(2, "big") + b"\0\0" + record)
    with pytest.raises(RecordError, match="cut off"):
        list(Reader(str(path), framing))


def test_the_last_record_may_lack_its_newline_in_a_buffer_that_was_used_before(tmp_path):
    data = b"".join(b"%04d\r\n" % i for i in range(4)) + b"last"
    rows, bad, _ = cut(tmp_path, data, Framing("fixed", record_length=4, newline="crlf"), batch=12)
    assert [raw for _, raw in rows] == [b"0000", b"0001", b"0002", b"0003", b"last"] and not bad


def test_zeros_are_no_newline_at_the_end_of_a_buffer(tmp_path):
    with pytest.raises(RecordError, match="does not end in crlf"):
        cut(
            tmp_path,
            b"0000\0\0" + b"0001\r\n" * 3,
            Framing("fixed", record_length=4, newline="crlf"),
            batch=6,
        )


@pytest.mark.parametrize("batch", [10, 16, 4096])
def test_a_bad_record_of_a_csv_goes_aside_whole_wherever_the_buffer_ends(tmp_path, batch):
    data = b'a,b\r\n"x"y,1,2,3,4,5,6,7,8\r\nc,d\r\n'
    rows, bad, _ = cut(tmp_path, data, Framing("csv", header=False), quarantine=True, batch=batch)
    assert [cells for _, cells in rows] == [[b"a", b"b"], [b"c", b"d"]]
    assert [b.raw for b in bad] == [b'"x"y,1,2,3,4,5,6,7,8\r\n']
