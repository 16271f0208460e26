"""The way back where it could say something else than the output says: marks, quotes, counters, raw bytes, damaged
files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from functools import cache
from io import StringIO
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.codes.charset import load_charset
from gaiji.errors import GaijiError
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


@pytest.mark.parametrize("charset", MARK)
@pytest.mark.parametrize("kind", ["fixed", "fixed-raw", "vb", "lines", "csv"])
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


@pytest.mark.parametrize("charset", ["unicode-le", "unicode-utf8"])
def test_a_mark_before_record_types_comes_back(tmp_path, charset):
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


@pytest.mark.parametrize(
    ("cell", "number"), [("0102", "E0552"), ("01020304", "E0552"), ("0102G3", "E0550"), ("01020", "E0550")]
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_raw_cells_are_their_fields_bytes_or_refused(tmp_path, cell, number, ending):
    fields = [field("a", 0, 2), field("r", 2, 3, type="raw")]
    job = job_of(
        tmp_path,
        "windows-31j",
        'format = "fixed"\nrecord_length = 5',
        fields,
        b"AB\x01\x02\x03CD\xff\xfe\xfd",
        f"o.{ending}",
    )
    gaiji.convert(job)
    assert back(job)[1] == (tmp_path / "in.dat").read_bytes()
    out = tmp_path / f"o.{ending}"
    if ending == "csv":
        out.write_text(out.read_text().replace("FFFEFD", cell))
    else:
        import polars as pl

        frame = pl.read_parquet(out)
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
    keys = [
        "input",
        "input.sha256",
        "records",
        "output",
        "fields",
        "types",
        "types.B",
        "types.B.records",
        "job",
    ]
    for key, value in product(keys, (None, [], 7)):
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
