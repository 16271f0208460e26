"""Record types and tables that vary, from the job file to the proof.

What is expected is worked out here from the records that a test wrote: by Python's own codecs, with a cutter of its own
that shares no code with gaiji.
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.errors import GaijiError
from gaiji.proof.kinds import PlainShaper
from gaiji.records import reader as record_reader
from gaiji.records.shape import Shaper
from gaiji.run import peek as first_look
from gaiji.run.plan import Plan
from gaiji.run.reading import Reading

EBCDIC = "cp037"
"""Digits, capitals and the blank lie alike in it and in the single bytes of ibm-930."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def vb(records: list[bytes]) -> bytes:
    return b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records)


def packed(number: int, size: int) -> bytes:
    return bytes.fromhex(str(number).zfill(2 * size - 1) + "C")


COPYBOOK = """
       01  HEAD-REC.
           05  H-KBN      PIC X.
           05  H-NO       PIC 9(4).
           05  FILLER     PIC X(5).
       01  DATA-REC.
           05  D-KBN      PIC X.
           05  D-SEQ      PIC 9(3) COMP-3.
           05  D-NAME     PIC X(7).
       01  TRAIL-REC.
           05  T-KBN      PIC X.
           05  T-COUNT    PIC 9(6).
           05  FILLER     PIC X(3).
"""
JOB = """
[source]
path = "in.dat"
charset = "ibm-930"
format = "{format}"
layout = "r.cpy"
{more}
[output]
path = "out/d.csv"
[[record]]
name = "H"
when = {{ field = "H-KBN", equals = "H" }}
layout = "HEAD-REC"
output = "out/h.csv"
key = "H-NO"
[[record]]
name = "D"
when = {{ field = "D-KBN", equals = "D" }}
layout = "DATA-REC"
parent = "H"
[[record]]
name = "T"
when = {{ offset = 0, bytes = "E3" }}
layout = "TRAIL-REC"
output = "out/t.csv"
trailer = {{ field = "T-COUNT", counts = "D" }}
"""


def head(number: int) -> bytes:
    return f"H{number:04}     ".encode(EBCDIC)


def data(seq: int, name: str) -> bytes:
    return "D".encode(EBCDIC) + packed(seq, 2) + name.ljust(7).encode(EBCDIC)


def trail(count: int) -> bytes:
    return f"T{count:06}   ".encode(EBCDIC)


FRAMES = {
    "fixed": (lambda records: b"".join(records), ""),
    "newline": (lambda records: b"".join(r + b"\n" for r in records), 'newline = "lf"'),
    "vb": (vb, ""),
}


def write(folder: Path, records: list[bytes], frame: str = "fixed", job: str = JOB) -> Path:
    make, more = FRAMES[frame]
    (folder / "in.dat").write_bytes(make(records))
    (folder / "r.cpy").write_text(COPYBOOK)
    path = folder / "job.toml"
    path.write_text(job.format(format="vb" if frame == "vb" else "fixed", more=more))
    return path


WHOLE = [head(7), data(1, "SATO"), data(2, "ITO"), head(8), data(3, "MORI"), trail(3)]


@pytest.mark.parametrize("frame", FRAMES)
def test_each_type_goes_to_its_output_with_its_parents_key(tmp_path, frame):
    job = write(tmp_path, WHOLE, frame)
    made = gaiji.convert(job)
    assert made.exit_code == 0
    assert rows_of(tmp_path / "out/h.csv") == [{"h-kbn": "H", "h-no": "0007"}, {"h-kbn": "H", "h-no": "0008"}]
    found = [(r["d-seq"], r["d-name"], r["H.h-no"]) for r in rows_of(tmp_path / "out/d.csv")]
    assert found == [("001", "SATO", "0007"), ("002", "ITO", "0007"), ("003", "MORI", "0008")]
    assert {name: told["records"]["read"] for name, told in made.data["types"].items()} == {
        "H": 2,
        "D": 3,
        "T": 1,
    }
    assert made.data["trailers"]["T"]["holds"] and made.data["records"]["read"] == 6
    proof = gaiji.verify(job)
    assert proof.holds and set(proof.data["types"]) == {"H", "D", "T"}


@pytest.mark.parametrize("name", ["h", "d", "t"])
def test_the_proof_finds_a_fault_in_the_output_of_each_type(tmp_path, name):
    job = write(tmp_path, WHOLE)
    gaiji.convert(job)
    path = tmp_path / f"out/{name}.csv"
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1][:-1] + b"Z"
    path.write_bytes(b"\n".join(lines))
    proof = gaiji.verify(job)
    assert not proof.holds and proof.data["changed"][0]["field"].startswith(f"{name.upper()}.")


def test_a_parents_key_that_was_changed_in_the_output_is_found(tmp_path):
    job = write(tmp_path, WHOLE)
    gaiji.convert(job)
    path = tmp_path / "out/d.csv"
    path.write_bytes(path.read_bytes().replace(b"MORI,0008", b"MORI,0007"))
    proof = gaiji.verify(job)
    assert [(c["record"], c["field"]) for c in proof.data["changed"]] == [(5, "D.H.h-no")]


def test_what_fits_no_type_is_set_aside_and_so_is_what_stood_below_it(tmp_path):
    job = write(
        tmp_path, [head(7), data(1, "SATO"), b"\xe7" * 10, data(2, "ITO"), head(8), data(3, "MORI"), trail(2)]
    )
    made = gaiji.convert(job)
    assert made.exit_code == 3 and made.data["records"]["quarantined"] == 2
    index = (tmp_path / "out/d.csv.bad-records.tsv").read_text().splitlines()[1:]
    assert [line.split("\t")[0] for line in index] == ["3", "4"]
    assert [r["d-name"] for r in rows_of(tmp_path / "out/d.csv")] == ["SATO", "MORI"]
    assert gaiji.verify(job).holds


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        ([head(1), data(1, "A"), trail(2)], {"wrong": 1, "behind": 0, "checked": 1}),
        ([head(1), data(1, "A")], {"wrong": 0, "behind": 1, "checked": 0}),
        ([head(1), trail(0), data(1, "A")], {"wrong": 0, "behind": 1, "checked": 1}),
        ([head(1), data(1, "A"), b"\xe3" + b"\xc1" * 9], {"wrong": 1, "behind": 0, "checked": 1}),
    ],
)
def test_a_trailer_that_is_wrong_missing_or_too_early_is_told(tmp_path, records, wrong):
    made = gaiji.convert(write(tmp_path, records))
    told = made.data["trailers"]["T"]
    assert made.exit_code == 3 and not told["holds"] and {key: told[key] for key in wrong} == wrong


def test_each_trailer_counts_what_stands_since_the_one_before(tmp_path):
    made = gaiji.convert(
        write(tmp_path, [head(1), data(1, "A"), trail(1), head(2), data(2, "B"), data(3, "C"), trail(2)])
    )
    assert made.exit_code == 0 and made.data["trailers"]["T"]["checked"] == 2


FIRST_AND_LAST = """
[source]
path = "in.dat"
charset = "ibm-930"
format = "vb"
layout = "r.cpy"
[output]
path = "out/d.csv"
[[record]]
name = "first"
when = { first = true }
layout = "HEAD-REC"
skip = true
[[record]]
name = "last"
when = { last = true }
layout = "TRAIL-REC"
skip = true
[[record]]
name = "long"
when = { length = 12 }
skip = true
[[record.field]]
name = "all"
offset = 0
length = 12
[[record]]
name = "rest"
layout = "DATA-REC"
"""


def test_types_by_length_first_and_last_and_those_left_out(tmp_path):
    records = [head(1), data(1, "A"), b"\xc1" * 12, data(2, "B"), data(3, "C"), trail(9)]
    path = write(tmp_path, records, "vb")
    path.write_text(FIRST_AND_LAST)
    made = gaiji.convert(path)
    assert [r["d-name"] for r in rows_of(tmp_path / "out/d.csv")] == ["A", "B", "C"]
    assert made.exit_code == 0 and made.data["records"]["skipped"] == 3
    assert made.data["types"]["long"]["bytes"] == 12
    assert gaiji.verify(path).holds


@pytest.mark.parametrize("frame", ["vb", "fixed", "newline"])
def test_a_record_is_the_last_wherever_a_buffer_ends(tmp_path, monkeypatch, frame):
    path = write(tmp_path, [head(1), data(1, "A"), data(2, "B"), trail(9)], frame)
    framing = 'format = "vb"' if frame == "vb" else f'format = "fixed"\n{FRAMES[frame][1]}'
    named = FIRST_AND_LAST.split("[[record]]")
    path.write_text(
        "[[record]]".join(part for part in named if '"long"' not in part).replace('format = "vb"', framing)
    )
    size = (tmp_path / "in.dat").stat().st_size
    for batch in (size // 2, *range(size - 2, size + 3)):
        monkeypatch.setitem(record_reader.Reader.__init__.__kwdefaults__, "batch", batch)
        made = gaiji.convert(path)
        assert [r["d-name"] for r in rows_of(tmp_path / "out/d.csv")] == ["A", "B"], batch
        assert made.data["records"]["skipped"] == 2, batch


WRONG = [
    ('name = "H"', 'nam = "H"', "E0258"),
    ('equals = "H"', 'equals = "HH"', "E0441"),
    ('field = "H-KBN"', 'field = "KBN"', "E0145"),
    ('layout = "HEAD-REC"', 'layout = "OTHER-REC"', "E0425"),
    ('parent = "H"', 'parent = "X"', "E0437"),
    ('key = "H-NO"', "", "E0259"),
    ('counts = "D"', 'counts = "X"', "E0437"),
    ('bytes = "E3"', 'bytes = "E"', "E0441"),
    ('output = "out/h.csv"', "", "E0443"),
    ('name = "T"', 'name = "D"', "E0174"),
    ("offset = 0, ", "", "E0436"),
    ('trailer = { field = "T-COUNT"', 'trailer = { field = "COUNT"', "E0145"),
]


@pytest.mark.parametrize(("old", "new", "number"), WRONG, ids=[number + new[:12] for _, new, number in WRONG])
def test_a_wrong_rule_is_one_error_that_names_it(tmp_path, old, new, number):
    path = write(tmp_path, WHOLE)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(path)
    assert caught.value.number == number
    assert not (tmp_path / "out/d.csv").exists()


# -- values of `when`, by what the field says of itself -------------------------------------------------------

BY_FIELD = [
    # charset and keys of [source], keys of the field, the value, bytes that are it, bytes that are not
    ("ibm-930", "", 'type = "binary"', "258", ["0102"], ["0201"]),
    ("ibm-930", "", 'type = "binary", order = "little"', "258", ["0201"], ["0102"]),
    ("ibm-930", "", 'type = "binary", signed = true', "-2", ["FFFE"], ["0002", "FEFF"]),
    ("ibm-930", "", 'type = "packed", scale = 1', "1.5", ["015C", "015F"], ["015D", "150C"]),
    ("ibm-930", "", 'type = "packed", scale = 1', "15", ["150C"], ["015C"]),
    ("ibm-930", "", 'type = "packed", sign = "none"', "12", ["0012"], ["012C"]),
    ("ibm-930", "", 'type = "packed", signed = true', "-12", ["012D", "012B"], ["012C"]),
    ("ibm-930", "", 'type = "zoned"', "7", ["F0F7", "F0C7"], ["F0D7", "3037"]),
    ("ibm-930", "", 'type = "zoned", signed = true, sign = "leading"', "7", ["C0F7", "F0F7"], ["F0C7"]),
    (
        "ibm-930",
        "",
        'type = "zoned", signed = true, sign = "trailing-separate"',
        "-7",
        ["F760"],
        ["F74E", "60F7"],
    ),
    (
        "windows-31j",
        'signs = "microfocus"',
        'type = "zoned", signed = true',
        "-1",
        ["3071"],
        ["3031", "304A"],
    ),
    ("windows-31j", 'signs = "translated"', 'type = "zoned", signed = true', "-1", ["304A"], ["3071"]),
    ("windows-31j", 'signs = "netcobol"', 'type = "zoned", signed = true', "11", ["3141", "3131"], ["3151"]),
    ("windows-31j", "", 'type = "zoned", signs = "ibm"', "11", ["F1F1", "F1C1"], ["3131"]),
    ("ibm-930", "", 'charset = "windows-31j"', '"D"', ["4420"], ["C440"]),
    ("windows-31j", "", 'charset = "unicode-le"', '"D"', ["4400"], ["0044", "4420"]),
    ("windows-31j", "", 'type = "raw"', '"0aFF"', ["0AFF"], ["FF0A"]),
]


@pytest.mark.parametrize(("charset", "source", "keys", "value", "those", "others"), BY_FIELD)
def test_a_value_is_looked_for_as_its_field_writes_it(tmp_path, charset, source, keys, value, those, others):
    job = tmp_path / "job.toml"
    field = f'field = [{{ name = "k", offset = 0, length = 2, {keys} }}]'
    job.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "fixed"\nrecord_length = 2\n{source}\n[output]\npath = "that.csv"\n'
        f'[[record]]\nname = "that"\nwhen = {{ field = "k", equals = {value} }}\n{field}\n'
        f'[[record]]\nname = "other"\noutput = "other.csv"\n{field}\n'
    )
    (tmp_path / "in.dat").write_bytes(bytes.fromhex("".join(those + others)))
    made = gaiji.convert(job)
    assert [made.data["types"][name]["records"]["read"] for name in ("that", "other")] == [
        len(those),
        len(others),
    ]
    if "charset" not in keys:
        assert gaiji.verify(job).holds


@pytest.mark.parametrize("value", ["1.5", "100000", "true", '"nan"', '"1e999999"', "-7", '"x"'])
def test_a_number_that_the_field_cannot_hold_is_refused(tmp_path, value):
    job = tmp_path / "job.toml"
    (tmp_path / "in.dat").write_bytes(b"\xf1\xf2")
    job.write_text(
        '[source]\npath = "in.dat"\ncharset = "ibm-930"\nformat = "fixed"\nrecord_length = 2\n'
        f'[[record]]\nname = "that"\nwhen = {{ field = "k", equals = {value} }}\noutput = "that.csv"\n'
        'field = [{ name = "k", offset = 0, length = 2, type = "binary" }]\n'
    )
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(job)
    assert caught.value.number == "E0441"


# -- whose child a record is, wherever the buffers of the input end ------------------------------------------

GENERATIONS = """
[source]
path = "in.dat"
charset = "ibm-930"
format = "{format}"
{more}
[output]
path = "out/a.csv"
""" + "".join(
    f"""
[[record]]
name = "{name}"
when = {{{{ offset = 0, equals = "{name}" }}}}
output = "out/{name}.csv"
key = "no"
{f'parent = "{above}"' if above else ""}
[[record.field]]
name = "no"
offset = 1
length = 2
"""
    for name, above in (("A", ""), ("B", "A"), ("C", "B"), ("D", "C"), ("Z", ""))
)
CUT = {
    "newline": (lambda raws: b"".join(r + (b"!" if r[:1] == b"?" else b"\n") for r in raws), "fixed"),
    "vb": (lambda raws: vb([r * 2 if r[:1] == b"?" else r for r in raws]), "vb"),
}
"""Files in which the records that begin with ? cannot be cut: without their line end, and too long."""


def parents_by_hand(kinds: str) -> dict[int, tuple[str, ...]]:
    """The numbers of the records above each that has what it needs; ? and X are of no type."""
    above, found, line = {}, {}, "ABCD"
    for number, kind in enumerate(kinds, 1):
        if kind in "?X":
            above = {}
        elif kind == "Z":
            found[number] = ()
        else:
            at = line.index(kind)
            for below in line[at:]:
                above.pop(below, None)
            if all(one in above for one in line[:at][-1:]):
                found[number] = tuple(above[one] for one in line[:at])
                above[kind] = f"{number:02}"
    return found


def parents_found(plan, shaper, batch: int) -> dict[int, tuple[str, ...]]:
    """The same as the records come out of a pass whose buffers have ``batch`` bytes."""
    reader = record_reader.Reader(
        plan.job.file(plan.job.source["path"]), plan.framing, quarantine=True, batch=batch
    )
    found = {}
    for whole in Reading(reader, shaper=shaper):
        for kind, part in zip(plan.shape.kinds, whole.sorted.parts, strict=True):
            for row in range(part.rows if part else 0):
                own = len(kind.variable.columns) if kind.variable else 0
                cells = part.cells(row)[own : own + len(kind.borrowed)]
                found[part.record_number(row)] = tuple(cell.decode(EBCDIC) for cell in cells)
    return found


@pytest.mark.parametrize("frame", CUT)
def test_a_record_belongs_to_the_same_parent_wherever_buffers_end(tmp_path, frame):
    dice = random.Random(20261127)
    make, format = CUT[frame]
    more = "record_length = 3\n" + ('newline = "lf"' if format == "fixed" else "")
    job = tmp_path / "job.toml"
    job.write_text(GENERATIONS.format(format=format, more=more))
    (tmp_path / "in.dat").write_bytes(b"")
    plan = Plan.of(job)
    files = ["AB?CB", "ABCDADCD", "ABCXCD", "A?B", "ABAC", "?A", "AB?"]
    files += ["".join(dice.choices("AABBBCCCDDDZ?X", k=12)) for _ in range(60)]
    for kinds in files:
        raws = [
            b"?" * 3 if kind == "?" else f"{kind}{number:02}".encode(EBCDIC)
            for number, kind in enumerate(kinds, 1)
        ]
        (tmp_path / "in.dat").write_bytes(make(raws))
        wanted = parents_by_hand(kinds)
        for batch in (1, 8, 9, 15, 22, 1 << 20):
            assert parents_found(plan, Shaper(plan.shape), batch) == wanted, (kinds, batch)
            assert parents_found(plan, PlainShaper(plan.shape), batch) == wanted, (kinds, batch)


# -- generated ---------------------------------------------------------------------------------------------

NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=7)
RECORDS = st.lists(
    st.one_of(
        st.integers(0, 9999).map(lambda n: ("H", n)),
        st.tuples(st.just("D"), st.integers(0, 999), NAMES),
        st.just(("X",)),
        st.just(("T",)),
    ),
    min_size=1,
    max_size=40,
)


def cut_by_hand(made):
    """What must come out: the rows of H and D, the records set aside, the counts that trailers should say."""
    heads, datas, aside, above, counts, since = [], [], [], None, [], 0
    for number, (kind, *more) in enumerate(made, 1):
        if kind == "H":
            above = f"{more[0]:04}"
            heads.append(above)
        elif kind == "D" and above is not None:
            datas.append((f"{more[0]:03}", more[1], above))
            since += 1
        elif kind == "T":
            counts.append(since)
            since = 0
        else:
            aside.append(number)
            above = None if kind == "X" else above
    return heads, datas, aside, counts


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=RECORDS, batch=st.sampled_from([16, 64, 1 << 20]))
def test_generated_files_come_out_as_cut_by_hand(tmp_path, monkeypatch, frame, made, batch):
    heads, datas, aside, counts = cut_by_hand(made)
    said = iter(counts)
    raw = {
        "H": lambda n: head(n),
        "D": lambda seq, name: data(seq, name),
        "X": lambda: b"\xe7" * 10,
        "T": lambda: trail(next(said)),
    }
    job = write(tmp_path, [raw[kind](*more) for kind, *more in made], frame)
    for place in (first_look, record_reader):
        monkeypatch.setattr(place, "BATCH", batch)
    monkeypatch.setitem(record_reader.Reader.__init__.__kwdefaults__, "batch", batch)
    told = gaiji.convert(job)
    assert [r["h-no"] for r in rows_of(tmp_path / "out/h.csv")] == heads
    assert [(r["d-seq"], r["d-name"], r["H.h-no"]) for r in rows_of(tmp_path / "out/d.csv")] == datas
    assert told.data["records"]["quarantined"] == len(aside)
    if aside:
        index = (tmp_path / "out/d.csv.bad-records.tsv").read_text().splitlines()[1:]
        assert [int(line.split("\t")[0]) for line in index] == aside
    assert told.data["trailers"]["T"]["wrong"] == 0
    assert gaiji.verify(job).holds
    assert json.loads((tmp_path / "out/d.csv.verify.json").read_text())["records"]["quarantined"] == len(
        aside
    )


def test_verify_of_types_names_its_report(tmp_path):
    """More changes than are shown: the rest is in the report, whose path is told, not a section of it."""
    from click.testing import CliRunner

    from gaiji.cli.commands import main

    job = tmp_path / "job.toml"
    job.write_text(
        JOB.format(format="vb", more="")
        .replace('[output]\npath = "out/d.csv"\n', "")
        .replace('parent = "H"', 'parent = "H"\noutput = "out/d.csv"'),
        "utf-8",
    )
    (tmp_path / "r.cpy").write_text(COPYBOOK, "utf-8")
    rows = [f"D{' ' * 2}".encode(EBCDIC)[:1] + packed(n, 2) + b"\xc1" * 7 for n in range(30)]
    records = ["H0001     ".encode(EBCDIC), *rows, "T000030   ".encode(EBCDIC)]
    (tmp_path / "in.dat").write_bytes(vb(records))
    assert gaiji.convert(job).exit_code == 0  # and a job whose types alone have outputs is no error
    output = tmp_path / "out/d.csv"
    output.write_bytes(output.read_bytes().replace(b"AAAAAAA", b"AAAAAAB"))
    shown = CliRunner().invoke(main, ["verify", str(job)])
    assert shown.exit_code == 1
    assert f"and 10 more ({tmp_path / 'out/h.csv.verify.json'})" in shown.output, shown.output


@pytest.mark.parametrize("records", [[head(1), b"\xe7" * 10], [data(1, "A")]])
def test_a_record_of_no_type_ends_the_run_only_where_the_job_says_so(tmp_path, records):
    job = write(tmp_path, [*records, trail(0)])
    assert gaiji.convert(job).exit_code == 3
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    job.write_text(job.read_text().replace("[source]", '[source]\non_bad_record = "fail"'))
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(job)
    assert caught.value.number in ("E0430", "E0431") and f"record {len(records)}" in str(caught.value)
    assert not [path for path in (tmp_path / "out").iterdir() if path.suffix == ".csv"]
