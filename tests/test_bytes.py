"""Every byte of the input has exactly one owner: in the sums of the manifest, on the screen, in the exit code."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from oracle.dumps import make
from oracle.owners import wrong
from oracle.run import convert as convert_dump
from twins import interpreted

import gaiji
from gaiji.cli.commands import main
from gaiji.columns.findings import Place
from gaiji.columns.owners import Account, Unowned
from gaiji.errors import GaijiError, RecordError
from gaiji.kernel import unread
from gaiji.layout.copybook import describe_copybook
from gaiji.layout.layout import layout_from_fields, load_layout
from gaiji.layout.spans import Span, spans
from gaiji.model import OWNERS, Field, Reason
from gaiji.records.batch import Framing
from gaiji.records.reader import Reader

ONE = [{"name": "a", "offset": 0, "length": 2}]


def job(folder, data, charset, format, fields=(), more="", name="dump.dat"):
    """A job over some bytes; its path."""
    (folder / name).write_bytes(data)
    tables = "".join(
        "\n[[field]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in field.items())
        for field in fields
    )
    path = folder / "job.toml"
    path.write_text(
        f'[source]\npath = "{name}"\ncharset = "{charset}"\nformat = "{format}"\n{more}\n'
        f'[output]\npath = "out.csv"\n{tables}'
    )
    return path


# charset, format, keys of [source], fields, bytes, owners, findings (bytes or records, the first record and offset)
ACCOUNTS = {
    "a line longer than its layout": (
        ("windows-31j", "lines", "", ONE, b"abSECRET\nab\n"),
        {"text": 4, "line-ends": 2, "uncovered": 6},
        {"uncovered": (6, 1, 2)},
    ),
    "only blanks behind the last field": (
        ("windows-31j", "lines", "", ONE, b"ab \x81\x40 \nab\0\0\n"),
        {"text": 4, "line-ends": 2, "padding": 6},
        {},
    ),
    "half a wide blank is none": (
        ("windows-31j", "lines", "", ONE, b"ab  \x81\n"),
        {"text": 2, "line-ends": 1, "uncovered": 3},
        {"uncovered": (3, 1, 4)},
    ),
    "a short line": (
        ("windows-31j", "lines", "", ONE, b"ab\r\na\r\n\r\nab"),
        {"text": 5, "line-ends": 6},
        {"short-record": (2, 2, 5)},
    ),
    "short lines that the job allows": (
        ("windows-31j", "lines", "shortest = 1", ONE, b"ab\na\nab"),
        {"text": 5, "line-ends": 2},
        {},
    ),
    "a gap of fixed records": (
        (
            "ibm-930",
            "fixed",
            "record_length = 5",
            [*ONE, {"name": "b", "offset": 4, "length": 1, "type": "raw"}],
            b"\x81\x81\x40\x40\x01" + b"\x81\x81\x40\xc1\x01" + b"\x81\x81\x00\x40\x01",
        ),
        {"text": 6, "raw": 3, "padding": 4, "uncovered": 2},
        {"uncovered": (2, 2, 8)},
    ),
    "fixed records longer than their fields": (
        ("windows-31j", "fixed", 'record_length = 4\nnewline = "lf"', ONE, b"abxy\nab  \nab  "),
        {"text": 6, "line-ends": 2, "padding": 4, "uncovered": 2},
        {"uncovered": (2, 1, 2)},
    ),
    "filler": (
        (
            "windows-31j",
            "fixed",
            "record_length = 6",
            [*ONE, {"type": "filler", "offset": 2, "length": 2}],
            b"abxyzw" + b"ab  zw",
        ),
        {"text": 4, "filler": 4, "uncovered": 4},
        {"uncovered": (4, 1, 4)},
    ),
    "fields that overlap count once": (
        (
            "windows-31j",
            "fixed",
            "record_length = 4",
            [
                {"name": "a", "offset": 0, "length": 3},
                {"name": "b", "offset": 1, "length": 3, "type": "zoned", "overlaps": True},
            ],
            b"1234",
        ),
        {"text": 3, "numbers": 1},
        {},
    ),
    "descriptors": (
        (
            "windows-31j",
            "vb",
            "blocked = true",
            ONE,
            bytes.fromhex("000E0000000600006162000400000008000000040000"),
        ),
        {"text": 2, "descriptors": 20},
        {"short-record": (2, 2, 14)},
    ),
    "blanks and line ends of UTF-16": (
        ("unicode-le", "lines", "", ONE, "\ufeffa \u3000\0\r\nb\u0120\n".encode("utf-16-le")),
        {"byte-order-mark": 2, "text": 4, "line-ends": 6, "padding": 6, "uncovered": 2},
        {"uncovered": (2, 2, 16)},
    ),
    "cells, quotes, blank lines": (
        ("windows-31j", "csv", "", [], b'a,b\r\n"x""y",\n\n\r\n"",z'),
        {"header": 2, "delimiters": 3, "quotes": 5, "line-ends": 6, "text": 4},
        {},
    ),
    "cells of UTF-16 and half a unit": (
        ("unicode-be", "csv", "header = false", [], '\ufeff"a",b\n'.encode("utf-16-be") + b"\0c\0,\0d\0"),
        {"byte-order-mark": 2, "delimiters": 4, "quotes": 4, "line-ends": 2, "text": 9},
        {"broken-shift": None},
    ),
    "empty rows of one column": (
        ("windows-31j", "csv", "header = false", [], b"\nx\n\n"),
        {"text": 1, "line-ends": 3},
        {},
    ),
    "a header and a mark alone": (
        ("unicode-utf8", "csv", "", [], b"\xef\xbb\xbf\n\na,b\n\x1a"),
        {"byte-order-mark": 3, "line-ends": 3, "header": 2, "delimiters": 1, "end-mark": 1},
        {},
    ),
    "the end mark of DOS": (
        ("windows-31j", "lines", "", ONE, b"ab\r\n\x1a"),
        {"text": 2, "line-ends": 2, "end-mark": 1},
        {},
    ),
    "records set aside": (
        ("windows-31j", "lines", 'record_length = 3\non_bad_record = "quarantine"', ONE, b"ab\nabcd\nabc\n"),
        {"text": 4, "line-ends": 3, "quarantined": 4, "uncovered": 1},
        {"uncovered": (1, 3, 10)},
    ),
    "rows with more cells than the header": (
        ("windows-31j", "csv", 'on_bad_record = "quarantine"', [], b"a,b\n1,2,3\n4,5\n"),
        {"header": 2, "delimiters": 2, "line-ends": 2, "text": 2, "quarantined": 6},
        {},
    ),
    "nothing": (("windows-31j", "lines", "", ONE, b""), {}, {}),
    "lines of EBCDIC": (
        ("ibm-930", "lines", 'newline = "15"', ONE, b"\x81\x82\x15\x81\x82\x40\x0d\x15"),
        {"text": 4, "line-ends": 2, "uncovered": 2},
        {"uncovered": (2, 2, 6)},
    ),
    "end marks behind fixed records": (
        ("windows-31j", "fixed", 'record_length = 2\nnewline = "cr"', ONE, b"ab\rcd\r" + b"\x1a" * 9),
        {"text": 4, "line-ends": 2, "end-mark": 9},
        {},
    ),
    "titles above the header": (
        ("windows-31j", "csv", "skip = 2\nheader = true", [], b'T "x\r\n\na,b\n1,2\n'),
        {"header": 2, "delimiters": 2, "line-ends": 2, "text": 2, "skipped": 7},
        {},
    ),
    "blanks around quotes, cells that lack, a delimiter behind the last": (
        (
            "windows-31j",
            "csv",
            'header = false\nspaces = "skip"\nragged = true\ntrailing = true',
            [],
            b'a, "b" ,c,\n "1" ,\r\n2,3,4,\n',
        ),
        {"delimiters": 7, "quotes": 4, "line-ends": 4, "text": 7, "padding": 4},
        {},
    ),
    "cells of the host": (
        (
            "ibm-930",
            "csv",
            'header = false\nnewline = "15"',
            [],
            b"\x81\x6b\x7f\x81\x6b\x7f\x7f\x7f\x15\x0e\x42\x6b\x0f\x6b\x82\x15",
        ),
        {"delimiters": 2, "quotes": 3, "line-ends": 2, "text": 9},
        {},
    ),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_owners_of_all_bytes(tmp_path, name):
    (charset, format, more, fields, data), owned, findings = ACCOUNTS[name]
    done = gaiji.convert(job(tmp_path, data, charset, format, fields, more))
    told = done.data["bytes"]
    assert told["owners"] == owned and list(told["owners"]) == [o for o in OWNERS if o in owned]
    assert sum(owned.values()) == told["unpacked"] == len(data)
    assert set(done.data["flagged"]) == set(findings)
    for reason, wanted in findings.items():
        found = done.data["flagged"][reason]
        if wanted:
            assert (found["units"], found["first"]["record"], found["first"]["offset"]) == wanted
    assert done.exit_code == (3 if findings or "quarantined" in owned else 0)
    assert not done.to_review or any(findings.values()) is False


def test_filler_is_declared_counted_and_told(tmp_path, capsys):
    """Not padding: counted, but no finding; a copybook's FILLER, and that of a layout and of the job besides."""
    (tmp_path / "r.cpy").write_text("       01 R.\n          05 A PIC X(2).\n          05 FILLER PIC X(3).\n")
    data = b"abxyz" + b"ab   " + b"ab\0\0\0"
    path = job(tmp_path, data, "windows-31j", "fixed", more='layout = "r.cpy"')
    done = gaiji.convert(path)
    assert done.data["bytes"] == {
        "unpacked": 15,
        "owners": {"text": 6, "filler": 9},
        "filler": {"bytes": 3, "records": 1},
        "short_records": 0,
    }
    assert done.exit_code == 0
    with pytest.raises(SystemExit) as left:
        main(["convert", str(path)])
    assert (
        left.value.code == 0 and "FILLER that is not blank: 3 bytes in 1 records" in capsys.readouterr().out
    )
    more = 'layout = "r.cpy"\nrecord_length = 6'
    path = job(
        tmp_path, b"abxyz!", "windows-31j", "fixed", [{"type": "filler", "offset": 5, "length": 1}], more
    )
    assert gaiji.convert(path).data["bytes"]["owners"] == {"text": 2, "filler": 4}


def test_uncovered_and_short_records_are_on_the_screen(tmp_path, capsys):
    path = job(tmp_path, b"ab!!\na\nab!\n", "windows-31j", "lines", ONE)
    with pytest.raises(SystemExit) as left:
        main(["convert", str(path)])
    out = capsys.readouterr().out
    assert left.value.code == 3
    assert "uncovered: 3 bytes in 2 records that no field takes; first in record 1, byte 2" in out
    assert "short-record: 1 records end before their last field; first record 2, byte 6" in out
    assert "0 codes wait for review" in out


def test_scan_looks_at_the_whole_record(tmp_path, capsys):
    """More than a megabyte, and no layout: the 外字 at the end of the record is there."""
    (tmp_path / "a.dat").write_bytes(b"a" * (1 << 20) + b"\xf0\x40\n" + b"\n")
    main(
        ["scan", str(tmp_path / "a.dat"), "--charset", "windows-31j", "--format", "lines"],
        standalone_mode=False,
    )
    out = capsys.readouterr().out
    assert "unmapped-gaiji       F040" in out and "uncovered" not in out and "short" not in out
    (tmp_path / "l.toml").write_text('[[field]]\nname = "a"\noffset = 0\nlength = 2\n')
    args = ["scan", str(tmp_path / "a.dat"), "--charset", "windows-31j", "--format", "lines"]
    main([*args, "--layout", str(tmp_path / "l.toml")], standalone_mode=False)
    assert f"uncovered: {1 << 20} bytes in 1 records" in capsys.readouterr().out


def test_a_run_whose_sums_are_not_the_size_fails(tmp_path, monkeypatch):
    from gaiji.columns.owners import Owners

    whole = Owners.of

    def less(self, batch):
        account = whole(self, batch)
        account.owned["text"] -= 1
        return account

    monkeypatch.setattr(Owners, "of", less)
    path = job(tmp_path, b"ab\n", "windows-31j", "lines", ONE)
    with pytest.raises(GaijiError, match=r"E0400 .*3 bytes in, 2 with an owner"):
        gaiji.convert(path)
    assert not list(tmp_path.glob("out*"))


# -- layouts ------------------------------------------------------------------------------------------------


def test_spans_of_fields_that_overlap():
    fields = [
        Field("a", 2, 6),
        Field("b", 4, 2, "packed"),
        Field("c", 7, 3, "zoned"),
        Field("d", 10, 1, "raw"),
    ]
    assert spans(fields, [(0, 1), (9, 4)]) == (
        Span(0, 1, "filler"),
        Span(1, 2, "uncovered"),
        Span(2, 8, "text"),
        Span(8, 10, "numbers"),
        Span(10, 11, "raw"),
        Span(11, 13, "filler"),
    )


def test_filler_of_copybooks(tmp_path):
    text = (
        "01 R. 05 FILLER PIC X. 05 G OCCURS 2. 10 FILLER PIC X(2). 10 PIC X. 10 A PIC X. 10 FILLER PIC X. "
        "05 B PIC X(2). 05 C REDEFINES B PIC X(9). 05 FILLER. 10 FILLER PIC X(3) OCCURS 4."
    )
    (tmp_path / "r.cpy").write_text(text)
    assert describe_copybook(tmp_path / "r.cpy").fillers == ((0, 4), (5, 4), (10, 1), (20, 12))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"type": "filler", "offset": 2}, "E0402"),
        ({"type": "filler", "offset": -1, "length": 2}, "E0402"),
        ({"type": "filler", "offset": 2, "length": True}, "E0402"),
        ({"type": "filler", "offset": 2, "length": 2, "role": "name"}, "E0401"),
        ({"type": "filler", "offset": 2, "length": 9}, "E0178"),
    ],
)
def test_fillers_that_are_none(table, why):
    with pytest.raises(GaijiError, match=why):
        layout_from_fields([*ONE, table], record_length=8)


def test_fillers_go_by_bytes_and_shortest_is_a_length(tmp_path):
    filler = {"type": "filler", "offset": 0, "length": 1}
    with pytest.raises(GaijiError, match="E0403"):
        layout_from_fields([{"name": "a", "column": 0}, filler])
    with pytest.raises(GaijiError, match="E0403"):
        gaiji.convert(job(tmp_path, b"a,b\n", "windows-31j", "csv", [filler]))
    with pytest.raises(GaijiError, match="E0148"):
        layout_from_fields([filler])
    with pytest.raises(GaijiError, match="E0404"):
        gaiji.convert(job(tmp_path, b"a,b\n", "windows-31j", "csv", more="shortest = 2"))
    layout = tmp_path / "l.toml"
    layout.write_text('shortest = 1\n[[field]]\nname = "a"\noffset = 0\nlength = 2\n')
    assert load_layout(layout).shortest == 1
    assert (
        gaiji.convert(job(tmp_path, b"a\n", "windows-31j", "lines", more='layout = "l.toml"')).exit_code == 0
    )
    layout.write_text(layout.read_text().replace("shortest = 1", "shortest = 0"))
    with pytest.raises(GaijiError, match="E0405"):
        load_layout(layout)


# -- loops --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_the_loops_find_the_same_interpreted(seed):
    from array import array
    from random import Random

    rng, plain = Random(seed), interpreted("unread")
    pads, unit = rng.choice(
        [([b"\x40"], 1), ([b" ", b"\x81\x40"], 1), ([b"\0 ", b"\x30\0"], 2), ([b" ", b"\xe3\x80\x80"], 1)]
    )
    pieces = [*pads * 6, bytes(unit), b"x", pads[-1][:1]]
    starts, ends, src = array("q"), array("q"), bytearray()
    for _ in range(30):
        starts.append(len(src))
        src += b"".join(rng.choice(pieces) for _ in range(rng.choice([0, 1, 3, 20])))
        ends.append(len(src))
    for begin, stop in [(0, -1), (3, -1), (2, 6), (0, 40), (50, 60)]:
        both = []
        for module in (unread, plain):
            marks = bytearray(30)
            found = module.unread(src, starts, ends, begin, stop, module.Pads(pads, unit), marks)
            both.append((found.size, found.other, found.row, found.at, marks))
        assert both[0] == both[1]
        size = other = 0
        for a, b in zip(starts, ends, strict=True):
            part = bytes(src[a:b][begin : None if stop < 0 else stop])
            size += len(part)
            left = part
            while left and (pad := next((p for p in (bytes(unit), *pads) if left.startswith(p)), None)):
                left = left[len(pad) :]
            other += len(part) if left and any(part) else 0
        assert both[0][:2] == (size, other) and (other or both[0][2:4] == (-1, -1))
    for least in (0, 2, 5):
        assert unread.shorter(starts, ends, least) == plain.shorter(starts, ends, least)
    assert unread.lengths(starts, ends) == plain.lengths(starts, ends)


UTF8 = {"own_mark": b"\xef\xbb\xbf", "mark": b"\xef\xbb\xbf"}
UTF16 = {"own_mark": b"\xff\xfe", "mark": b"\xff\xfe", "unit": 2}
EBCDIC = {"stop": 0x15, "cr": 0, "newline": "15", "ebcdic": True, "end_mark": False, "blank": 0x40}


def shifts(into=(b"\x0e",), out=(b"\x0f",)):
    """A table of shifts, as the framing has it."""
    table = bytearray(65536)
    for first, sequences in ((0, into), (4, out)):
        for raw in sequences:
            table[raw[0] * 256 + (raw[1] if len(raw) == 2 else 0)] = first + len(raw)
    return bytes(table)


HOST = {**EBCDIC, "delimiter": "\x6b", "quote": "\x7f", "shifts": shifts()}
KEIS = {**EBCDIC, "delimiter": "\x6b", "quote": "\x7f", "shifts": shifts((b"\x0a\x42",), (b"\x0a\x41",))}
FRAMINGS = {
    "vb": (Framing("vb", blocked=True), bytes.fromhex("000E0000000600006162000400000008000000040000")),
    "lines": (Framing("lines", **UTF8), b"\xef\xbb\xbfab\r\n\r\nc\n\x1a\x1a"),
    "lines of UTF-16": (Framing("lines", **UTF16), "\ufeffab\r\n\r\nc\n\x1a".encode("utf-16-le")),
    "lines of EBCDIC": (Framing("lines", **EBCDIC), b"ab\x15\x15c\r\x15\x1a"),
    "lines that end in CR": (Framing("lines", stop=13, cr=0, newline="cr"), b"ab\r\rc\n\r\x1a"),
    "lines that need CR": (Framing("lines", cr=2, newline="crlf"), b"a\nb\r\n\r\n\rc\r\n\n"),
    "fixed": (Framing("fixed", 2, "crlf"), b"ab\r\ncd\r\nef"),
    "fixed with marks": (Framing("fixed", 2, "15", **UTF8), b"\xef\xbb\xbfab\x15cd\x15\x1a\x1a"),
    "csv": (Framing("csv", **UTF8), b'\xef\xbb\xbf\r\na,b\r\n"x""\n",\r\n\n\r\n"",z\r\n\x1a'),
    "csv of one column": (Framing("csv", header=False), b'\r\n"x""\r\n"\r\n\ny\r'),
    "csv of UTF-16": (Framing("csv", **UTF16), '\ufeff\r\na,b\r\n"x""\n",\r\n\n'.encode("utf-16-le")),
    "csv below titles": (Framing("csv", skip=2), b'T "1"\r\n"2\n\na,b\n1,"2"\n'),
    "csv with a trailing delimiter": (Framing("csv", trailing=True), b'a,b,\n1,2,\n\n"3",,\r\n4,"5",\n'),
    "a ragged csv": (Framing("csv", ragged=True), b'a,b,c\n1,2\n3\n"4",\n5,6,7\n'),
    "csv with blanks before quotes": (Framing("csv", spaces=1), b'a, "b"\n "1" ,  "2 "\r\n x, y \n"3" \n'),
    "csv whose blanks are text": (Framing("csv", spaces=2), b'a, b\n "1" ,"2"\n'),
    "csv of the host": (
        Framing("csv", header=False, **HOST),
        b"\x81\x6b\x7f\x0e\x6b\x7f\x0f\x7f\x7f\x7f\x15\x0e\x41\x6b\x0f\x6b\x82\x15\x6b\x0e\x41\x15",
    ),
    "csv of KEIS": (
        Framing("csv", header=False, **KEIS),
        b"\x81\x6b\x0a\x42\x6b\x6b\x0a\x41\x15\x6b\x7f\x0a\x42\x7f\x7f\x0a\x41\x7f\x15",
    ),
    "csv that needs CR": (Framing("csv", cr=2, newline="crlf"), b'a,b\r\n1\n,"2\n"\r\n\r\n\r,\r\n'),
    "a broken csv": (Framing("csv"), b'a,b\n1,2,3\n"4"x,5\n6,7\n "6",7\n"8'),
}


def batches(reader):
    """The batches of a reader; none where not even the first record of a CSV can be cut."""
    try:
        yield from reader
    except RecordError as error:
        assert error.number in ("E0225", "E0226", "E0450", "E0451", "E0453", "E0454"), error


@pytest.mark.parametrize("name", FRAMINGS)
def test_bytes_between_records_do_not_depend_on_where_buffers_end(tmp_path, name):
    framing, data = FRAMINGS[name]
    path = tmp_path / "a"
    for cut in range(len(data) + 1):
        path.write_bytes(data[:cut] if "broken" not in name else data)
        sums = []
        for size in range(1, len(data) + 2):
            owned = Counter[str]()
            reader = Reader(str(path), framing, quarantine=True, batch=size)
            for batch in batches(reader):
                owned.update(batch.owned)
                owned["records"] += sum(
                    sum(e) - sum(s) for s, e in zip(batch.starts, batch.ends, strict=True)
                )
                owned["bad"] += sum(len(bad.raw) for bad in batch.bad)
            assert owned.total() in (reader.size, 0), (cut, size, owned)
            sums.append(owned)
        assert all(owned == sums[0] for owned in sums), cut


# -- record types and tables that vary -------------------------------------------------------------------------

TYPED = """
[[record]]
name = "H"
skip = true
when = {{ offset = 0, equals = "H" }}
[[record.field]]
name = "all"
offset = 0
length = 3

[[record]]
name = "D"
output = "d.csv"
when = {{ offset = 0, equals = "D" }}
[[record.field]]
name = "kind"
offset = 0
length = 1
[[record.field]]
name = "name"
offset = 1
length = 2
[[record.field]]
type = "filler"
offset = 3
length = 1
{more}"""


def both_accounts(path):
    """The manifest's part about bytes, what is told of them, and the exit code: told alike by the proof."""
    done, proof = gaiji.convert(path), gaiji.verify(path)
    assert proof.holds, [check for check in proof.data["checks"] if not check["holds"]]
    assert proof.data["bytes"] == done.data["bytes"]
    found = {r: done.data["flagged"][r] for r in ("uncovered", "short-record") if r in done.data["flagged"]}
    assert proof.data["flagged_bytes"] == found
    assert sum(done.data["bytes"]["owners"].values()) == done.data["bytes"]["unpacked"]
    told = {r: (f["units"], f["first"]["record"], f["first"]["offset"]) for r, f in found.items()}
    return done.data["bytes"], told, done.exit_code


def typed(folder, data, source, more=""):
    (folder / "dump.dat").write_bytes(data)
    path = folder / "job.toml"
    keys = f'[source]\npath = "dump.dat"\ncharset = "windows-31j"\n{source}\n[output]\npath = "all.csv"\n'
    path.write_text(keys + TYPED.format(more=more))
    return path


def test_the_owners_of_record_types(tmp_path):
    """A type left out, bytes behind a type's layout, FILLER that is used, a short record, one of no type."""
    data = b"Hxxxx\nDab Z\nDcd!\nDe\nDfg \nQ\n"  # the short record ends at byte 19
    told, found, code = both_accounts(typed(tmp_path, data, 'format = "lines"\non_bad_record = "quarantine"'))
    assert told["owners"] == {
        "line-ends": 6,
        "text": 11,
        "filler": 3,
        "skipped": 5,
        "quarantined": 1,
        "uncovered": 1,
    }
    assert told["filler"] == {"bytes": 1, "records": 1} and told["short_records"] == 1
    assert found == {"uncovered": (1, 2, 10), "short-record": (1, 4, 19)} and code == 3


@pytest.mark.parametrize("format", ["fixed", "vb"])
def test_the_owners_of_record_types_behind_descriptors_and_of_one_length(tmp_path, format):
    records = [b"Hxxxxx", b"Dab   ", b"Dcd Z "]
    data = b"".join((b"" if format == "fixed" else bytes([0, len(r) + 4, 0, 0])) + r for r in records)
    more = "record_length = 6" if format == "fixed" else ""
    told, found, code = both_accounts(typed(tmp_path, data, f'format = "{format}"\n{more}'))
    assert found == {"uncovered": (2, 3, 16 if format == "fixed" else 28)} and code == 3
    between = {} if format == "fixed" else {"descriptors": 12}
    rest = {"text": 6, "padding": 2, "filler": 2, "skipped": 6, "uncovered": 2}
    assert told["owners"] == between | rest


ODO = """       01 R.
          05 N PIC 9.
          05 T OCCURS 0 TO 3 DEPENDING ON N.
             10 A PIC X(2).
             10 FILLER PIC X.
          05 B PIC X(2).
          05 FILLER PIC X(2).
"""


def test_the_owners_of_tables_that_vary(tmp_path):
    """FILLER of an occurrence and behind the table, bytes behind the record, a record that ends too early."""
    records = [b"0zz  ", b"2ab cd!zz  ", b"1ab zz  XY  ", b"1ab z", b"9"]
    (tmp_path / "r.cpy").write_text(ODO)
    source = 'layout = "r.cpy"\non_bad_record = "quarantine"'
    path = job(tmp_path, b"\n".join(records) + b"\n", "windows-31j", "lines", more=source)
    told, found, code = both_accounts(path)
    assert told["owners"] == {
        "line-ends": 5,
        "text": 15,
        "numbers": 4,
        "filler": 10,
        "quarantined": 1,
        "uncovered": 4,
    }
    assert told["filler"] == {"bytes": 1, "records": 1} and told["short_records"] == 1
    assert found == {"uncovered": (4, 3, 26), "short-record": (1, 4, 36)} and code == 3
    path.write_text(path.read_text().replace("[output]", "shortest = 5\n[output]"))
    assert "short-record" not in both_accounts(path)[1]
    path.write_text(path.read_text().replace("shortest = 5", "shortest = 6"))
    assert both_accounts(path)[1]["short-record"] == (1, 4, 36)


# -- across processes, generated dumps ----------------------------------------------------------------------


def test_a_checkpoint_keeps_the_account():
    kept = Account(
        Counter(text=3, uncovered=2), {Reason.UNCOVERED: Unowned(2, 1, Place(4, "", 9))}, Unowned(), 7
    )
    assert Account.of_state(json.loads(json.dumps(kept.state()))) == kept
    with pytest.raises(ValueError):
        Account.of_state(kept.state() | {"owned": {"nobody": 1}})


@pytest.mark.parametrize("format", ["fixed-crlf", "copybook", "vb-blocked", "lines", "csv"])
def test_a_generated_dump_of_each_format_has_the_oracles_sums(tmp_path, format):
    dump = make("windows-31j", format, 40, 3)
    _, manifest = convert_dump(dump, tmp_path)
    assert wrong(dump, manifest["bytes"]["owners"]) == []
    assert not {"uncovered", "short-record"} & set(manifest["flagged"])
