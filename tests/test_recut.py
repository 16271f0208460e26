"""The proof reads the input for itself: its own cutting, its own account of bytes, and what it sees of faults.

Owns the comparison of the two cuttings, and faults that are put into manifests, accounts and outputs.
"""

from __future__ import annotations

import gzip
import json
from array import array
from collections import Counter
from dataclasses import fields as fields_of
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle.dumps import make
from oracle.run import convert as convert_dump
from test_bytes import ACCOUNTS, EBCDIC, FRAMINGS, HOST, KEIS, UTF8, UTF16, job
from twins import interpreted

import gaiji
from gaiji.errors import GaijiError
from gaiji.kernel import recut as kernel
from gaiji.proof.recut import Recut
from gaiji.records.batch import Framing
from gaiji.records.forms import FORMS
from gaiji.records.reader import Reader
from gaiji.run.manifest import manifest_path


def told(batches):
    """Records with their numbers, what was set aside, and the bytes between: the same however batches are cut."""
    records, bad, owned, columns = [], [], Counter(), 0
    for batch in batches:
        columns = max(columns, len(batch.starts))
        for row in range(batch.rows):
            cells = [bytes(batch.src[s[row] : e[row]]) for s, e in zip(batch.starts, batch.ends, strict=True)]
            records.append((batch.record_number(row), cells))
        bad += [(one.record, one.offset, bytes(one.raw)) for one in batch.bad]
        owned.update(batch.owned)
    return records, sorted(bad), +owned


REFUSED = ("E0445", "E0450", "E0451", "E0453")
"""In another form than the job says: no conversion, so no proof."""


def both(path, framing, size, block):
    """What the conversion and what the proof read."""
    out = []
    for reader in (
        Reader(str(path), framing, quarantine=True, batch=size),
        Recut(str(path), framing, quarantine=True, block=block),
    ):
        try:
            found = told(reader)
        except GaijiError as error:
            if error.number in REFUSED:
                return "refused", "refused"
            out.append("no record")
            continue
        out.append((*found, reader.records, reader.size, reader.count, reader.sha256, list(reader.header)))
    return out


@pytest.mark.parametrize("name", FRAMINGS)
def test_both_cut_the_same_whole_files_and_cut_ones(tmp_path, name):
    framing, data = FRAMINGS[name]
    path = tmp_path / "a"
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut])
        for block in (1, 2, 3, 5, len(data) + 9):
            mine, other = both(path, framing, len(data) + 9, block)
            assert mine == other, (cut, block)


ODD = {
    "lines": (Framing("lines", 3), [b"a", b"bcd", b"\n", b"\r", b"\r\n", b"\x1a", b"\n\n"]),
    "lines of UTF-16": (
        Framing("lines", unit=2, big=True, own_mark=b"\xfe\xff", mark=b"\xfe\xff"),
        [b"\0a", b"\0\n", b"\0\r\0\n", b"\n\0", b"\0\x1a", b"\0"],
    ),
    "fixed lf": (Framing("fixed", 2, "lf"), [b"ab\n", b"abc", b"\n"]),
    "fixed": (Framing("fixed", 3), [b"a", b"abc", b"\n"]),
    "vb": (
        Framing("vb", 3),
        [b"\0\6\0\0ab", b"\0\4\0\0", b"\0\x08\0\0abcd", b"\0\3\0\0", b"\0\5\0\0c", b"\0"],
    ),
    "vb in blocks": (
        Framing("vb", blocked=True),
        [b"\0\x0e\0\0\0\6\0\0ab\0\4\0\0", b"\0\x08\0\0\0\4\0\0", b"\0\x0c\0\0\0\5\0\0a", b"\0\5\0\0c"],
    ),
    **{
        f"vb {name}": (
            Framing("vb", rdw=name),
            [one.write(2) + b"ab", one.write(0), one.write(3) + b"a", b"\0", b"\0\2"],
        )
        for name, one in FORMS.items()
    },
    **{
        f"vb in blocks {name}": (
            Framing("vb", blocked=True, rdw=name, bdw=other, spanned=True),
            [
                FORMS[other].write(len(inside)) + inside
                for inside in (
                    one.write(2) + b"ab",
                    one.write(2, 1) + b"ab" + one.write(1, 3) + b"c",
                    one.write(2, 2) + b"de",
                    one.write(0, 3) + one.write(1, 2) + b"x",
                )
            ],
        )
        for (name, one), other in zip(FORMS.items(), [*list(FORMS)[1:], "standard"], strict=True)
    },
    "spanned": (
        Framing("vb", spanned=True),
        [
            b"\0\6\1\0ab",
            b"\0\5\3\0c",
            b"\0\6\2\0de",
            b"\0\5\x11\0f",
            b"\0\4\0\0",
            b"\0\5\x10\0g",
            b"\0\5\4\0h",
        ],
    ),
    "large blocks": (
        Framing("vb", blocked=True),
        [b"\x80\0\0\x0c\0\6\0\0ab\0\0", b"\x80\0\0\x0c\0\4\0\0\0\4\0\0", b"\x80\1\0\0", b"\x80\0\0\0"],
    ),
    "csv": (
        Framing("csv"),
        [b"a", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"a,b\n", b'"x\ny",z\n', b"\x1a"],
    ),
    "csv without header": (
        Framing("csv", header=False),
        [b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"a,b\n", b"\n\n"],
    ),
    "lines of EBCDIC": (Framing("lines", **EBCDIC), [b"a", b"\x15", b"\r\x15", b"\x25", b"\x1a", b"\n"]),
    "lines that need CR": (
        Framing("lines", cr=2, newline="crlf"),
        [b"a", b"\n", b"\r", b"\r\n", b"\x1a", b"ab\r\n"],
    ),
    "lines that end in CR": (Framing("lines", stop=13, cr=0, newline="cr"), [b"a", b"\r", b"\r\n", b"\x1a"]),
    "fixed cr with a mark": (
        Framing("fixed", 2, "cr", **UTF8),
        [b"ab\r", b"abc", b"\r", b"\x1a", b"\xef\xbb\xbf"],
    ),
    "csv with every key": (
        Framing("csv", spaces=1, ragged=True, trailing=True, skip=1),
        [b"a", b",", b" ", b'"', b'""', b"\n", b"\r\n", b"\r", b'a, "b" ,\n', b"1\n", b"\x1a"],
    ),
    "csv whose blanks are refused": (
        Framing("csv", trailing=True, header=False),
        [b"a", b",", b" ", b'"', b"\n", b"a,b,\n", b' "x",y,\n', b"1,2,\r\n"],
    ),
    "csv whose blanks are text": (
        Framing("csv", spaces=2, ragged=True, header=False),
        [b"a", b",", b" ", b'"', b"\n", b"a,b,c\n", b' "x",y\n', b'"p" \n'],
    ),
    "csv that needs CR": (
        Framing("csv", cr=2, newline="crlf", header=False),
        [b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"a,b\r\n", b'"x\n",y\r\n'],
    ),
    "csv of the host": (
        Framing("csv", header=False, **HOST),
        [b"\x81", b"\x6b", b"\x7f", b"\x15", b"\x0e", b"\x0f", b"\x81\x6b\x82\x15", b"\x0e\x6b\x7f\x0f"],
    ),
    "csv of the host with CR": (
        Framing("csv", header=False, **{**HOST, "stop": 10, "cr": 1, "newline": "none"}),
        [
            b"\x81",
            b"\x6b",
            b"\x7f",
            b"\r\n",
            b"\n",
            b"\r",
            b"\x0e",
            b"\x0f",
            b"\x81\x6b\x82\n",
            b"\x0e\x6b\x41",
        ],
    ),
    "csv of KEIS": (
        Framing("csv", header=False, **KEIS),
        [
            b"\x81",
            b"\x6b",
            b"\x7f",
            b"\x15",
            b"\x0a\x42",
            b"\x0a\x41",
            b"\x0a",
            b"\x81\x6b\x82\x15",
            b"\x6b\x41",
        ],
    ),
    "csv of Shift_JIS": (
        Framing("csv", delimiter="|", header=False, lead=bytes(0x81 <= b < 0xA0 for b in range(256))),
        [b"\x81|", b"\x81\x7c|", b"a|b\n", b'"\x81"|"\n', b"\x81\n", b'"', b"|"],
    ),
    "csv of UTF-16": (
        Framing("csv", **UTF16),
        [
            '"'.encode("utf-16-le"),
            "a,b\n".encode("utf-16-le"),
            ",".encode("utf-16-le"),
            "\r\n".encode("utf-16-le"),
            b"\n\0",
            b"\0",
        ],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_both_cut_the_same_of_anything(tmp_path, name):
    framing, pieces = ODD[name]
    path, rng = tmp_path / "a", Random(name)
    head = f"a{framing.delimiter}b{chr(13) * (framing.cr == 2)}{chr(framing.stop)}"
    codec = "latin-1" if framing.unit == 1 else "utf-16-be" if framing.big else "utf-16-le"
    start = [head.encode(codec), b"", b""]
    for _ in range(150):
        lead = rng.choice(start) if framing.format == "csv" else b""
        data = lead + b"".join(rng.choice(pieces) for _ in range(rng.randrange(14)))
        path.write_bytes(data)
        mine, other = both(path, framing, rng.randint(1, 40), rng.randint(1, 40))
        assert mine == other, data


def test_packed_input_is_unpacked_by_the_library(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"ab\n" * 50) + gzip.compress(b"cd\n"))
    mine, other = both(path, Framing("lines"), 64, 64)
    assert mine == other and mine[3] == 51
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(GaijiError, match="E0406"):
        list(Recut(str(path), Framing("lines"), quarantine=False))
    with pytest.raises(GaijiError, match="E0406"):
        list(Recut(str(tmp_path / "none"), Framing("lines"), quarantine=False))


def test_the_proof_takes_its_buffers_back(tmp_path):
    """A file of any size in a few buffers; and none is taken while records of it are still to come."""
    path = tmp_path / "a"
    path.write_bytes(b"".join(b"%07d\n" % number for number in range(40_000)))
    reader, buffers, seen = Recut(str(path), Framing("lines"), quarantine=False, block=4096), {}, 0
    for batch in reader:
        buffers[id(batch.src)] = batch.src  # held, so that no other has its address
        for row in range(batch.rows):
            assert bytes(batch.src[batch.starts[0][row] : batch.ends[0][row]]) == b"%07d" % seen
            seen += 1
        reader.raw.wait()
        reader.recycle(batch)
    assert seen == 40_000 and len(buffers) < 20


def test_every_way_in_which_records_lie_is_known_to_the_proof():
    """Whoever adds one to the conversion teaches it the proof, too."""
    known = [
        "format",
        "record_length",
        "newline",
        "blocked",
        "delimiter",
        "quote",
        "header",
        "unit",
        "big",
        "lead",
    ]
    known += [
        "rdw",
        "bdw",
        "spanned",
        "longest",
        "fields",
        "stop",
        "cr",
        "ebcdic",
        "end_mark",
        "own_mark",
        "mark",
        "apart",
    ]
    known += ["trail", "shifts", "blank", "spaces", "ragged", "trailing", "skip"]
    assert [field.name for field in fields_of(Framing)] == known


@pytest.mark.parametrize("name", ODD)
def test_the_loops_read_the_same_interpreted(name):
    from array import array

    framing, pieces = ODD[name]
    plain, rng = interpreted("recut"), Random(name)
    if framing.format != "csv":
        framing = Framing("csv")
    for _ in range(60):
        data, found = b"".join(rng.choice(pieces) for _ in range(12)), []
        for module in (kernel, plain):
            cells = module.Cells(framing)
            out, places = bytearray(len(data) + 16), (array("q", bytes(160)), array("q", bytes(160)))
            rows = module.read_rows(cells, data, len(data), 1, 2, 10, out, *places)
            names = (
                "pos",
                "o",
                "rows",
                "count",
                "error",
                "at",
                "ends_of_lines",
                "marks",
                "quoting",
                "passed",
            )
            found.append((rows, [getattr(cells, n) for n in names], out, *places))
            blanks, marks = (
                module.Blanks(bytes([1] + [0] * 31 + [1] + [0] * 223), b"\x81\x40", b"abc", 1),
                bytearray(1),
            )
            module.look(blanks, data, array("q", [0]), array("q", [len(data)]), 1, -1, marks)
            found[-1] += (blanks.size, blanks.other, blanks.row, blanks.at, marks)
        assert found[0] == found[1]


# -- the proof ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_proof_has_the_same_account(tmp_path, name):
    (charset, format, more, fields, data), owned, findings = ACCOUNTS[name]
    path = job(tmp_path, data, charset, format, fields, more)
    gaiji.convert(path)
    done = gaiji.verify(path)
    assert done.holds, [check for check in done.data["checks"] if not check["holds"]]
    assert done.data["bytes"]["owners"] == owned
    assert done.exit_code == (3 if findings else 0)
    assert set(done.data["flagged_bytes"]) == set(findings) - {"broken-shift"}


@pytest.mark.parametrize(
    "format", ["fixed", "fixed-lf", "fixed-crlf", "copybook", "vb", "vb-blocked", "lines", "csv"]
)
@pytest.mark.parametrize("charset", ["windows-31j", "unicode-le"])
def test_the_proof_of_generated_dumps(tmp_path, charset, format):
    convert_dump(make(charset, format, 30, 5), tmp_path)
    done = gaiji.verify(tmp_path / "job.toml")
    assert done.holds, [check for check in done.data["checks"] if not check["holds"]]


FAULTS = {
    "a byte more of one owner": lambda told: told["bytes"]["owners"].update(
        text=told["bytes"]["owners"]["text"] + 1
    ),
    "a byte that changed its owner": lambda told: told["bytes"]["owners"].update(
        text=told["bytes"]["owners"]["text"] - 1, padding=1
    ),
    "an owner that is gone": lambda told: told["bytes"]["owners"].pop("uncovered"),
    "another size": lambda told: told["bytes"].update(unpacked=told["bytes"]["unpacked"] + 1),
    "no account": lambda told: told.pop("bytes"),
    "filler": lambda told: told["bytes"]["filler"].update(records=0),
    "short records": lambda told: told["bytes"].update(short_records=0),
    "nothing uncovered": lambda told: told["flagged"].pop("uncovered"),
    "another place": lambda told: told["flagged"]["uncovered"]["first"].update(offset=4),
    "no short record": lambda told: told["flagged"].pop("short-record"),
    "one more kind": lambda told: told["flagged"].update({"uncovered": None}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_in_the_account_are_seen(tmp_path, name):
    fields = [{"name": "a", "offset": 0, "length": 2}, {"type": "filler", "offset": 2, "length": 1}]
    path = job(tmp_path, b"ab!SECRET\na\nab \n", "windows-31j", "lines", fields)
    gaiji.convert(path)
    assert gaiji.verify(path).holds
    where = manifest_path(tmp_path / "out.csv")
    data = json.loads(where.read_text("utf-8"))
    FAULTS[name](data)
    where.write_text(json.dumps(data), "utf-8")
    done = gaiji.verify(path)
    assert not done.holds and done.exit_code == 1


@pytest.mark.parametrize("format", ["fixed", "lines", "csv", "vb"])
def test_a_reader_that_drops_a_record_is_seen(tmp_path, monkeypatch, format):
    """A fault of the conversion's cutting that its own counts do not show: the last record of a batch, and its bytes."""
    from gaiji.columns.owners import Owners
    from gaiji.records.cutter import Cutter

    real, account = Cutter.__iter__, Owners.of

    def drop(self):
        for batch in real(self):
            batch.rows -= 1
            batch.starts = [edges[:-1] for edges in batch.starts]
            batch.ends = [edges[:-1] for edges in batch.ends]
            self.records -= 1
            yield batch

    def of(self, batch):
        done = account(self, batch)
        done.owned["text"] += size - done.owned.total()
        return done

    data = {"vb": b"\0\6\0\0ab\0\6\0\0cd", "fixed": b"abcd"}.get(format, b"ab\ncd\n")
    size = len(data)
    fields = [] if format == "csv" else [{"name": "a", "offset": 0, "length": 2}]
    more = {"fixed": "record_length = 2", "csv": "header = false"}.get(format, "")
    path = job(tmp_path, data, "windows-31j", format, fields, more)
    monkeypatch.setattr(Cutter, "__iter__", drop)
    monkeypatch.setattr(Owners, "of", of)
    gaiji.convert(path)
    done = gaiji.verify(path)
    assert not done.holds
    assert "records-read" in [check["check"] for check in done.data["checks"] if not check["holds"]]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8),
    st.integers(0, 20),
    st.integers(-1, 20),
)
def test_a_field_lies_within_its_record_whatever_that_has(records, offset, length):
    """By slices of Python, which cut at the end of a record by themselves; compiled and interpreted."""
    starts = array("q", [at for at, _ in records])
    ends = array("q", [at + size for at, size in records])
    source = bytes(range(61))
    for loops in (kernel, interpreted("recut")):
        begin, stop, sizes = (array("q", bytes(8 * len(records))) for _ in range(3))
        loops.within(starts, ends, offset, length, begin, stop)
        total = loops.widths(begin, stop, sizes)
        last = None if length < 0 else offset + length
        cut = [source[a:b][offset:last] for a, b in zip(starts, ends, strict=True)]
        assert [source[a:b] for a, b in zip(begin, stop, strict=True)] == cut
        assert list(sizes) == [len(part) for part in cut] and total == sum(sizes)
        loops.each(7, 5, 3, begin, stop)
        assert list(begin) == [7 + 5 * row for row in range(len(records))]
        assert list(stop) == [a + 3 for a in begin]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_shift_that_is_open_at_a_line_end_ends_there_in_both_cuttings(tmp_path, end, quoted):
    """The line end counts among double bytes too, with its carriage return, and in quotes."""
    odd = b'"\x1a\x70!0!!' + end + b'1",b' if quoted else b"\x1a\x70!0!"
    lines = [b"n,m", odd, b"1,\x1a\x70!!\x1a\x71", b"2,b"]
    (tmp_path / "in.csv").write_bytes(b"".join(line + end for line in lines))
    path = tmp_path / "job.toml"
    path.write_text(
        '[source]\npath = "in.csv"\ncharset = "nec-jips-j-jis8"\nformat = "csv"\non_bad_record = "quarantine"\n'
        '[output]\npath = "out.csv"\n'
    )
    told = gaiji.convert(path).data["records"]
    if quoted:
        assert (told["written"], told["quarantined"]) == (3, 0)
    else:
        assert (told["written"], told["quarantined"]) == (2, 1)
        assert (tmp_path / "out.csv.bad-records.bin").read_bytes() == odd + end
    assert gaiji.verify(path).holds


def test_a_record_longer_than_any_is_an_error_in_both_cuttings(tmp_path, monkeypatch):
    """Wherever buffers end: its number, and the byte at which it begins; one byte less is a record."""
    for module in ("gaiji.records.cutter", "gaiji.proof.recut"):
        monkeypatch.setattr(f"{module}.MAX_RECORD", 20)
    path = tmp_path / "a"
    for size in (20, 21, 70):
        path.write_bytes(b"ab\n" + b"x" * size + b"\nc\n")
        for block in (1, 4, 8):
            framing = Framing("lines")
            for reader, number in (
                (Reader(str(path), framing, batch=block), "E0216"),
                (Recut(str(path), framing, quarantine=False, block=block), "E0407"),
            ):
                if size < 70:
                    assert sum(batch.rows for batch in reader) == 3
                    continue
                with pytest.raises(GaijiError, match=f"{number} .*record 2 at byte 3"):
                    list(reader)


@pytest.mark.parametrize(
    ("framing", "data", "record", "offset"),
    [
        (Framing("fixed", 2, "lf"), b"ab\ncd\nefgh", 3, 6),
        (Framing("fixed", 2), b"abcde", 3, 4),
        (Framing("vb"), b"\0\5\0\0a\0\3\0\0", 2, 5),
        (Framing("vb", 3), b"\0\5\0\0a\0\x08\0\0abcd", 2, 9),
        (Framing("lines", 2), b"a\nbcd\n", 2, 2),
        (Framing("csv"), b"a,b\n1,2\n3\n", 2, 8),
        (Framing("csv"), b'a,b\n1,2\n"3\n', 2, 8),
    ],
)
def test_a_record_that_is_none_is_named_where_none_is_set_aside(tmp_path, framing, data, record, offset):
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(GaijiError, match=f"E0407 .*record {record} at byte {offset}"):
        list(Recut(str(path), framing, quarantine=False))
    aside = [one for batch in Recut(str(path), framing, quarantine=True) for one in batch.bad]
    assert (aside[0].record, aside[0].offset) == (record, offset)


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("name", FRAMINGS)
def test_the_proof_cuts_the_same_however_many_records_a_batch_has(tmp_path, monkeypatch, name, most):
    framing, data = FRAMINGS[name]
    path = tmp_path / "a"
    for part in (data, data * 3, data[:-1]):
        path.write_bytes(part)
        right, _ = both(path, framing, len(part) + 9, len(part) + 9)
        with monkeypatch.context() as patch:
            patch.setattr("gaiji.proof.recut.MOST", most)
            _, found = both(path, framing, len(part) + 9, len(part) + 9)
        assert found == right
