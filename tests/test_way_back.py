"""The way back where it could say something else than the output says: marks, quotes, counters, raw bytes, damaged
files."""

from __future__ import annotations

import csv
import json
from array import array
from dataclasses import replace
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.codes.charset import load_charset
from gaiji.errors import GaijiError
from gaiji.records.blocks import Blocks, Filling
from gaiji.run.csv_back import CsvBack
from gaiji.run.job import load_job
from gaiji.run.manifest import manifest_path
from gaiji.run.reverse import reverse


def field(name, offset, length, **more):
    told = {"name": name, "offset": offset, "length": length, **more}
    return "[[field]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items())


def job_of(folder, charset, source, fields, data, output="o.csv"):
    (folder / "in.dat").write_bytes(data)
    path = folder / "job.toml"
    text = f'[source]\npath = "in.dat"\ncharset = "{charset}"\n{source}\n[output]\npath = "{output}"\n'
    path.write_text(text + "".join(fields), "utf-8")
    return path


def back(job):
    done = reverse(job)
    return done, (job.parent / done.data["output"]["path"]).read_bytes()


# -- byte order marks --------------------------------------------------------------------------------------

MARK = {"unicode-le": b"\xff\xfe", "unicode-be": b"\xfe\xff", "unicode-utf8": b"\xef\xbb\xbf"}


HEAVY = [
    pytest.param(kind, charset, marks=[] if (kinds + charsets) % 3 == 0 else pytest.mark.slow)
    for kinds, kind in enumerate(["fixed", "fixed-raw", "vb", "lines", "csv"])
    for charsets, charset in enumerate(MARK)
]


@pytest.mark.parametrize(("kind", "charset"), HEAVY)
def test_a_mark_stands_once_wherever_it_stood(tmp_path, charset, kind):
    write = load_charset(charset).encode
    mark, size = MARK[charset], len(write("A"))
    more, fields = f'format = "fixed"\nrecord_length = {4 * size}', [field("a", 0, 4 * size)]
    data = mark + write("ABCDEFGH")
    if kind == "fixed-raw":
        first = field("r", 0, 4, type="raw")
        more = f'format = "fixed"\nrecord_length = {4 + 4 * size}'
        fields = [first, field("a", 4, 4 * size)]
        data = (mark + b"\x01\x02\x03\x04")[:4] + write("ABCD") + b"\x01\x02\x03\x04" + write("EFGH")
    elif kind == "vb":
        record = mark + write("AB")
        more, fields = 'format = "vb"', [field("a", 0, 8 * size)]
        data = (len(record) + 4).to_bytes(2, "big") + b"\0\0" + record
    elif kind == "lines":
        more = 'format = "lines"'
        data = mark + write("ABCD\nEFGH\n")
    elif kind == "csv":
        more, fields = 'format = "csv"', []
        data = mark + write("a,b\r\nAB,CD\r\n")
    job = job_of(tmp_path, charset, more, fields, data)
    gaiji.convert(job)
    done, found = back(job)
    assert found == data and done.data["same_as_input"] is True


def test_a_mark_before_record_types_comes_back(tmp_path):
    charset = "unicode-le"
    write = load_charset(charset).encode
    size = len(write("A"))
    data = MARK[charset] + write("A123B456A789")
    kinds = ""
    for name in "AB":
        kinds += (
            f'[[record]]\nname = "{name}"\nwhen = {{ offset = 0, bytes = "{write(name).hex()}" }}\n'
            + 'output = "A.csv"\n' * (name == "A")
            + field("t", 0, 4 * size).replace("[[field]]", "[[record.field]]")
        )
    more = f'format = "fixed"\nrecord_length = {4 * size}'
    job = job_of(tmp_path, charset, more, [kinds], data, "B.csv")
    gaiji.convert(job)
    done, found = back(job)
    assert found == data and done.data["same_as_input"] is True


# -- quotes ------------------------------------------------------------------------------------------------


@cache
def charset_and_job(charset, folder):
    job = load_job(job_of(Path(folder), charset, "format = 'csv'", [], b""))
    return load_charset(charset), job


@settings(max_examples=150, deadline=None)
@given(
    cells=st.lists(
        st.lists(st.text('ABソ十表ポ能|\\"^@,\r\nⰬ∬', max_size=5), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    ),
    charset=st.sampled_from(["windows-31j", "eucjp-ms", "unicode-le", "unicode-be", "unicode-utf8"]),
    delimiter=st.sampled_from(",|^@"),
    quote=st.sampled_from('"\\@'),
)
def test_rows_read_back_as_the_cells_they_were_made_of(tmp_path_factory, cells, charset, delimiter, quote):
    if delimiter == quote:
        return
    own, job = charset_and_job(charset, str(tmp_path_factory.getbasetemp()))
    if not charset.startswith("unicode"):
        cells = [[cell.replace("Ⱜ", "").replace("∬", "") for cell in row] for row in cells]
    rows = CsvBack(replace(job, source={**job.source, "delimiter": delimiter, "quote": quote}), own)
    made = [[own.encode(cell) for cell in row] for row in cells]
    data = b"".join(rows.line(row) for row in made)
    codec = {
        "windows-31j": "cp932",
        "eucjp-ms": "euc_jp",
        "unicode-le": "utf-16-le",
        "unicode-be": "utf-16-be",
    }
    text = data.decode(codec.get(charset, "utf-8"))
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    assert list(reader) == cells
    plain = [row for row in cells if not any(set(cell) & {delimiter, quote, "\r", "\n"} for cell in row)]
    assert text.count(quote) >= 0 and all(delimiter.join(row) + "\r\n" in text for row in plain)


def test_a_half_of_a_double_byte_is_no_quote_of_the_whole_way(tmp_path):
    data = "名|住所\r\nソ十表|\\ポ能\\\r\n".encode("cp932")
    job = job_of(tmp_path, "windows-31j", "format = 'csv'\ndelimiter = '|'\nquote = '\\'", [], data)
    gaiji.convert(job)
    assert back(job)[1] == data.replace(b"|\\", b"|").replace(b"\\\r", b"\r")


# -- counters ----------------------------------------------------------------------------------------------

ODO = """>>SOURCE FORMAT FREE
01 R.
  05 CNT PIC 9.
  05 T OCCURS 0 TO 2 TIMES DEPENDING ON CNT.
    10 INNER PIC 9.
    10 B PIC S9(4) COMP.
    10 U OCCURS 0 TO 2 TIMES DEPENDING ON INNER.
      15 Z PIC 9(2).
      15 N PIC X(2).
"""
RECORDS = [b"0", b"10\x00\x05", b"21\x00\x0712AB2\xff\xf034CD56EF"]


def odo(folder):
    (folder / "r.cpy").write_text(ODO)
    data = b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in RECORDS)
    return job_of(folder, "windows-31j", 'format = "vb"\nlayout = "r.cpy"', [], data)


def test_what_the_counters_leave_out_is_no_finding(tmp_path):
    job = odo(tmp_path)
    assert gaiji.convert(job).exit_code == 0
    done, found = back(job)
    assert (
        done.exit_code == 0
        and done.data["same_as_input"] is True
        and found == (tmp_path / "in.dat").read_bytes()
    )
    assert done.data["empty"]["fields"] == {}


@pytest.mark.parametrize(
    ("old", "new", "findings", "empty"),
    [
        ("1,0,5,", "1,0,,", {"bad-number": 1}, {}),
        ("2,1,7,12,AB", "2,1,7,,AB", {}, {"z-1-1": 1}),
        ("2,1,7,12,AB", "2,1,7,12,", {}, {"n-1-1": 1}),
    ],
)
def test_what_is_there_and_empty_is_told(tmp_path, old, new, findings, empty):
    job = odo(tmp_path)
    gaiji.convert(job)
    out = tmp_path / "o.csv"
    assert old in out.read_text()
    out.write_text(out.read_text().replace(old, new))
    done, _ = back(job)
    assert done.data["findings"] == findings and done.data["empty"]["fields"] == empty


def test_a_value_that_the_counters_leave_out_is_refused(tmp_path):
    job = odo(tmp_path)
    gaiji.convert(job)
    out = tmp_path / "o.csv"
    out.write_text(out.read_text().replace("2,1,7,12,AB", "2,0,7,12,AB"))
    with pytest.raises(GaijiError, match="record 3, field z-1-1") as caught:
        reverse(job)
    assert caught.value.number == "E0551"
    assert not (tmp_path / "o.csv.reversed.dat").exists()


# -- raw bytes and damaged files ---------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_raw_cells_are_their_fields_bytes_or_refused(tmp_path, ending):
    fields = [field("a", 0, 2), field("r", 2, 3, type="raw")]
    data = b"AB\x01\x02\x03CD\xff\xfe\xfd"
    more = 'format = "fixed"\nrecord_length = 5'
    job = job_of(tmp_path, "windows-31j", more, fields, data, f"o.{ending}")
    gaiji.convert(job)
    assert back(job)[1] == data
    out = tmp_path / f"o.{ending}"
    whole = out.read_bytes()
    wrong = {"0102": "E0552", "01020304": "E0552", "0102G3": "E0550", "01020": "E0550"}
    for cell, number in list(wrong.items())[:: 1 if ending == "csv" else 3]:
        if ending == "csv":
            out.write_bytes(whole.replace(b"FFFEFD", cell.encode()))
        else:
            import polars as pl

            frame = pl.read_parquet(whole)
            frame.with_columns(r=pl.Series(["010203", cell])).write_parquet(out)
        with pytest.raises(GaijiError, match="record 2, field r") as caught:
            reverse(job)
        assert caught.value.number == number


def test_a_damaged_manifest_is_one_line(tmp_path):
    kinds = "".join(
        f'[[record]]\nname = "{name}"\nwhen = {{ offset = 0, equals = "{name}" }}\n'
        + 'output = "A.csv"\n' * (name == "A")
        + field("t", 0, 4).replace("[[field]]", "[[record.field]]")
        for name in "AB"
    )
    job = job_of(tmp_path, "windows-31j", 'format = "lines"', [kinds], b"A123\nB456\n", "B.csv")
    gaiji.convert(job)
    path = manifest_path(tmp_path / "B.csv")
    whole = path.read_text()
    spoilt = [("input", None), ("input.sha256", None), ("types", None)]
    spoilt += [("output", 7), ("types.B.records", [])]
    for key, value in spoilt:
        told = json.loads(whole)
        *inside, name = key.split(".")
        at = told
        for step in inside:
            at = at[step]
        at[name] = value
        if value is None:
            del at[name]
        path.write_text(json.dumps(told))
        for attempt in (reverse, gaiji.verify):
            try:
                found = attempt(job)
            except GaijiError as error:
                assert error.number == "E0201", (key, value)
            else:
                assert key in ("input.sha256", "types.B.records"), (key, value)
                assert attempt is reverse or not found.holds


# -- blocks ------------------------------------------------------------------------------------------------


def filled(records, size, most):
    """Blocks into which records go while they fit."""
    blocks = [[]]
    for record in records:
        used = 4 + sum(len(one) + size for one in blocks[-1])
        if blocks[-1] and used + len(record) + size > most:
            blocks.append([])
        blocks[-1].append(record)
    return blocks


def laid(blocks, words):
    """Blocks behind their descriptors, in a form that ``words`` name; nothing here is gaiji's."""
    order, more = ("little" if "little" in words else "big"), 0 if "exclusive" in words else 4

    def before(raw):
        half = (len(raw) + more).to_bytes(2, order)
        return (b"\0\0" + half if "second" in words else half + b"\0\0") + raw

    return b"".join(before(b"".join(before(record) for record in block)) for block in blocks)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=40),
    rule=st.one_of(st.integers(17, 80), st.lists(st.integers(1, 5), min_size=1, max_size=6)),
    words=st.sampled_from(["standard", "little", "second", "exclusive", "little-exclusive"]),
    spanned=st.booleans(),
    typed=st.booleans(),
)
def test_any_blocks_come_back_as_they_were(tmp_path_factory, lengths, rule, words, spanned, typed):
    come_back(tmp_path_factory.mktemp("blocks"), lengths, rule, words, spanned, typed)


@pytest.mark.parametrize(
    ("rule", "words", "typed"),
    [(40, "standard", False), ([1, 3, 2], "little-exclusive", True), ([1], "second", False)],
)
def test_blocks_come_back_as_they_were(tmp_path, rule, words, typed):
    come_back(tmp_path, [5, 9, 1, 1, 9, 9, 4, 2, 8], rule, words, False, typed)


def come_back(folder, lengths, rule, words, spanned, typed):
    """The records of these lengths, in blocks of so many bytes or of so many records by turns."""
    records = [b"AB"[n % 2 : n % 2 + 1] + b"0123456789"[1:n] for n in lengths]
    if isinstance(rule, int):
        blocks = filled(records, 4, rule)
    else:
        blocks, left = [], list(records)
        while left:
            count = rule[len(blocks) % len(rule)]
            blocks, left = [*blocks, left[:count]], left[count:]
    data = laid(blocks, words)
    kinds = [field("t", 0, 9)]
    if typed:
        kinds = [
            f'[[record]]\nname = "{name}"\nwhen = {{ offset = 0, equals = "{name}" }}\n'
            + 'output = "A.csv"\n' * (name == "A")
            + field("t", 0, 9).replace("[[field]]", "[[record.field]]")
            for name in "AB"
        ]
    more = f'format = "vb"\nblocked = true\nrdw = "{words}"\nspanned = {str(spanned).lower()}'
    job = job_of(folder, "windows-31j", more, kinds, data)
    told = gaiji.convert(job).data["blocks"]
    assert told["known"] and (len(told) == 2 or not isinstance(rule, int))
    done, found = back(job)
    assert found == data and done.data["same_as_input"] is True


@settings(max_examples=100, deadline=None)
@given(
    blocks=st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=4), min_size=1, max_size=12),
    every=st.integers(1, 5),
)
def test_blocks_are_known_wherever_a_run_went_on(blocks, every):
    """The records of blocks as a reader finds them, some at a time, each time from what was kept as JSON."""
    places, at = [], 0
    for block in blocks:
        begin = at
        at += 4
        for length in block:
            places.append((begin, at + 4, at + 4 + length))
            begin = at = at + 4 + length
    told = []
    for step in (every, len(places)):
        state = None
        for first in range(0, len(places), step):
            some = places[first : first + step]
            one = Blocks(4, 4, state)
            one.add(
                array("q", [a for _, a, _ in some]),
                array("q", [b for *_, b in some]),
                some[0][0],
                some[-1][2],
            )
            state = json.loads(json.dumps(one.state()))
        told.append(one.told())
    assert told[0] == told[1] and told[0]["known"]
    filling, found, size = Filling(told[0]), [[]], 4
    for number, (_, a, b) in enumerate(places):
        if number and filling.ends(size, b - a + 4):
            found, size = [*found, []], 4
        found[-1].append(b - a)
        size += b - a + 4
    assert found == blocks


def test_blocks_of_segments_are_not_known_and_large_ones_come_back(tmp_path):
    record = b"A" * 40
    whole = b"\0\x2c\0\0" + record
    halves = b"\0\x18\1\0" + record[:20] + b"\0\x18\2\0" + record[20:]
    data = b"".join(
        (len(part) + 4).to_bytes(2, "big") + b"\0\0" + part for part in (whole, halves, whole + whole)
    )
    more = 'format = "vb"\nblocked = true\nspanned = true'
    job = job_of(tmp_path, "windows-31j", more, [field("t", 0, 40)], data)
    assert gaiji.convert(job).data["blocks"]["known"] is False
    done, found = back(job)
    assert found == (b"\0\x30\0\0" + whole) * 4 and done.data["same_as_input"] is False
    large = b"\x80\x01\x14\xbc" + whole * 1610
    job = job_of(
        tmp_path,
        "windows-31j",
        'format = "vb"\nblocked = true',
        [field("t", 0, 40)],
        large + b"\0\x30\0\0" + whole,
    )
    assert gaiji.convert(job).data["blocks"] == {"bytes": 70844, "known": True}
    assert back(job)[0].data["same_as_input"] is True
