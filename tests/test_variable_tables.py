"""OCCURS DEPENDING ON, rows of a table, and the way back of several outputs.

Copybooks are generated as trees; what their records hold is cut by walking the tree here, in a few lines that share no
code with gaiji.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.cli import main
from gaiji.errors import GaijiError
from gaiji.run.convert import scan
from gaiji.run.plan import Plan
from gaiji.run.reverse import reverse

ROOT = Path(__file__).parents[1]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def framed(records: list[bytes], format: str) -> bytes:
    if format == "lines":
        return b"".join(r + b"\n" for r in records)
    return b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records)


# -- generated layouts -------------------------------------------------------------------------------------

TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=0, max_size=4)


@st.composite
def groups(draw, depth=0):
    """A group: fields of four letters, and tables with their counters before them, some of which hold groups."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["field", "table", "fixed"] if depth < 2 else ["field"]))
        if kind == "field":
            parts.append(("field",))
        elif kind == "table":
            least = draw(st.integers(0, 1))
            how = draw(st.sampled_from(["zoned", "packed", "binary"]))
            parts.append(("table", how, least, least + draw(st.integers(1, 3)), draw(groups(depth + 1))))
        else:
            parts.append(("fixed", draw(st.integers(2, 3)), draw(groups(depth + 1))))
    return parts


COUNTERS = {"zoned": "PIC 9(2)", "packed": "PIC S9(3) COMP-3", "binary": "PIC 9(4) COMP"}


def copybook(parts, names, level=5):
    """The lines of a group; ``names`` numbers what is named, in order."""
    lines = []
    for part in parts:
        number = names[0]
        names[0] += 1
        if part[0] == "field":
            lines.append(f"{level:02} F{number} PIC X(4).")
        elif part[0] == "table":
            lines.append(f"{level:02} C{number} {COUNTERS[part[1]]}.")
            lines.append(f"{level:02} T{number} OCCURS {part[2]} TO {part[3]} TIMES DEPENDING ON C{number}.")
            lines += copybook(part[4], names, level + 5)
        else:
            lines.append(f"{level:02} T{number} OCCURS {part[1]} TIMES.")
            lines += copybook(part[2], names, level + 5)
    return lines


def counter(how, count, encoding):
    if how == "packed":
        return bytes.fromhex(f"{count:03}C"), f"{count:03}"
    if how == "binary":
        return count.to_bytes(2, "big"), str(count)
    return f"{count:02}".encode(encoding), f"{count:02}"


def filled(draw, parts, names, suffix, there, encoding):
    """(bytes, cells) of a group; where it is not there, no bytes and empty cells for all it could hold."""
    raw, cells = b"", {}
    for part in parts:
        number = names[0]
        names[0] += 1
        if part[0] == "field":
            text = draw(TEXT) if there else ""
            cells[f"f{number}{suffix}"] = text
            raw += text.ljust(4).encode(encoding) if there else b""
            continue
        most = part[3] if part[0] == "table" else part[1]
        many = most if there else 0
        if part[0] == "table":
            many = draw(st.integers(part[2], part[3])) if there else 0
            written, told = counter(part[1], many, encoding)
            raw += written if there else b""
            cells[f"c{number}{suffix}"] = told if there else ""
        begin = names[0]
        for occurrence in range(most):
            names[0] = begin
            own = f"{suffix}-{occurrence + 1}" if most > 1 else suffix
            more, inside = filled(draw, part[-1], names, own, there and occurrence < many, encoding)
            raw += more
            cells |= inside
    return raw, cells


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    random=st.data(),
    parts=groups(),
    form=st.sampled_from([("vb", "ibm-930", "cp037"), ("vb", "windows-31j", "ascii")]),
)
def test_generated_tables_come_out_as_the_tree_has_them_and_go_back_to_the_same_bytes(
    tmp_path, random, parts, form
):
    format, charset, encoding = form
    parts = [("field",), *parts, ("field",)]
    text = "01 R.\n" + "\n".join("   " + line for line in copybook(parts, [0])) + "\n"
    if text.count("PIC X") > 150 or "DEPENDING" not in text:
        return
    (tmp_path / "r.cpy").write_text(">>SOURCE FORMAT FREE\n" + text)
    made = [
        filled(random.draw, parts, [0], "", True, encoding) for _ in range(random.draw(st.integers(1, 6)))
    ]
    (tmp_path / "in.dat").write_bytes(framed([raw for raw, _ in made], format))
    job = tmp_path / "job.toml"
    job.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "{format}"\nlayout = "r.cpy"\n[output]\npath = "o.csv"\n'
    )
    assert gaiji.convert(job).data["records"]["written"] == len(made)
    assert rows_of(tmp_path / "o.csv") == [cells for _, cells in made]
    assert gaiji.verify(job).holds
    told = reverse(job)
    assert told.data["same_as_input"] is True
    assert (tmp_path / "o.csv.reversed.dat").read_bytes() == (tmp_path / "in.dat").read_bytes()


# -- by hand -----------------------------------------------------------------------------------------------

SETAI = """>>SOURCE FORMAT FREE
01 R.
  05 NO PIC 9(4).
  05 CNT PIC 9.
  05 MEMBER OCCURS 1 TO 3 TIMES DEPENDING ON CNT.
    10 SIMEI PIC X(6).
    10 AGE PIC 9(2).
  05 TAIL PIC X(3).
"""


def setai(number: int, members: list[str], said: int = -1, encoding: str = "cp037") -> bytes:
    inside = "".join(f"{name:6}{at + 20:02}" for at, name in enumerate(members))
    return f"{number:04}{len(members) if said < 0 else said}{inside}END".encode(encoding)


def write(
    folder: Path,
    records: list[bytes],
    more: str = "",
    output: str = "",
    format: str = "vb",
    charset: str = "ibm-930",
):
    (folder / "r.cpy").write_text(SETAI)
    (folder / "in.dat").write_bytes(framed(records, format) if format != "fixed" else b"".join(records))
    job = folder / "job.toml"
    job.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "{format}"\nlayout = "r.cpy"\n{more}\n'
        f'[output]\npath = "out/o.csv"\n{output}\n'
    )
    return job


BAD = [
    (setai(2, ["B"], 0), "out of its declared range"),
    (setai(2, ["B"], 4), "out of its declared range"),
    (b"\xf0" * 4 + b"\x40" + b"\xc1" * 11, "is no number"),
    (setai(2, ["B", "C", "D"])[: 5 + 8], "ends before"),
    (setai(2, ["B"])[:3], "is no number"),
]


@pytest.mark.parametrize(("raw", "why"), BAD)
def test_counters_that_say_what_cannot_be_set_the_record_aside(tmp_path, raw, why):
    job = write(tmp_path, [setai(1, ["A"]), raw, setai(3, ["C", "D"])])
    made = gaiji.convert(job)
    assert made.exit_code == 3 and made.data["records"]["quarantined"] == 1
    assert [r["no"] for r in rows_of(tmp_path / "out/o.csv")] == ["0001", "0003"]
    assert (tmp_path / "out/o.csv.bad-records.bin").read_bytes() == raw
    index = (tmp_path / "out/o.csv.bad-records.tsv").read_text().splitlines()
    assert index[1].split("\t")[0] == "2" and why in index[1]
    assert gaiji.verify(job).holds


@pytest.mark.parametrize(("raw", "why"), BAD)
def test_a_counter_of_one_type_sets_its_record_aside_and_no_other(tmp_path, raw, why):
    """Between records of another type, whose rows keep their numbers."""
    (tmp_path / "s.cpy").write_text(SETAI)
    other = b"\xe7" + b"\xc1" * 4
    records = [setai(1, ["A"]), other, raw, other, setai(3, ["C", "D"])]
    (tmp_path / "in.dat").write_bytes(framed(records, "vb"))
    job = tmp_path / "job.toml"
    job.write_text(
        '[source]\npath = "in.dat"\ncharset = "ibm-930"\nformat = "vb"\n[output]\npath = "out/o.csv"\n'
        '[[record]]\nname = "S"\nwhen = { offset = 0, bytes = "F0" }\nlayout = "s.cpy"\noutput = "out/s.csv"\n'
        '[[record]]\nname = "X"\nwhen = { offset = 0, bytes = "E7" }\noutput = "out/x.csv"\n'
        '[[record.field]]\nname = "x"\noffset = 1\nlength = 4\n'
    )
    made = gaiji.convert(job)
    assert made.exit_code == 3 and made.data["records"]["quarantined"] == 1
    assert [r["no"] for r in rows_of(tmp_path / "out/s.csv")] == ["0001", "0003"]
    assert [r["x"] for r in rows_of(tmp_path / "out/x.csv")] == ["AAAA", "AAAA"]
    index = next((tmp_path / "out").glob("*.bad-records.tsv")).read_text().splitlines()
    assert len(index) == 2 and index[1].split("\t")[0] == "3" and why in index[1]
    assert next((tmp_path / "out").glob("*.bad-records.bin")).read_bytes() == raw
    assert gaiji.verify(job).holds


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_records_that_end_within_their_last_field_are_counted(tmp_path, cut):
    """As shorter, once each; with all of a record there, or none of its last field, too."""
    records = [setai(1, ["A"]), setai(2, ["B", "C"])[: -cut or None], setai(3, ["D"])[: -cut or None]]
    made = gaiji.convert(write(tmp_path, records))
    assert made.data["records"]["shorter"] == (2 if cut else 0)
    assert made.data["bytes"]["short_records"] == (2 if cut else 0)
    assert gaiji.verify(tmp_path / "job.toml").holds


def test_lines_hold_variable_tables_too(tmp_path):
    records = [setai(1, ["SATO", "ITO"], encoding="ascii"), setai(2, ["MORI"], encoding="ascii")]
    job = write(tmp_path, records, format="lines", charset="windows-31j")
    gaiji.convert(job)
    assert [
        (r["simei-1"], r["simei-2"], r["simei-3"], r["tail"]) for r in rows_of(tmp_path / "out/o.csv")
    ] == [("SATO", "ITO", "", "END"), ("MORI", "", "", "END")]
    assert gaiji.verify(job).holds and reverse(job).data["same_as_input"] is True


def test_fixed_records_ask_how_their_tables_lie_and_max_reads_all_of_them(tmp_path):
    full = [setai(1, ["A", "", ""], 1), setai(2, ["B", "C", ""], 2)]
    job = write(tmp_path, full, format="fixed")
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(job)
    assert caught.value.number == "E0113" and 'depending = "max"' in caught.value.next
    job = write(tmp_path, full, 'depending = "max"', format="fixed")
    gaiji.convert(job)
    assert [(r["simei-1"], r["age-3"], r["tail"]) for r in rows_of(tmp_path / "out/o.csv")] == [
        ("A", "22", "END"),
        ("B", "22", "END"),
    ]
    assert gaiji.verify(job).holds


WRONG = [
    ("DEPENDING ON CNT", "DEPENDING ON OTHER", "E0420"),
    ("05 CNT PIC 9.", "05 CNT PIC X.", "E0422"),
    ("05 CNT PIC 9.", "05 CNT PIC S9 SIGN TRAILING SEPARATE.", "E0422"),
    ("  05 CNT PIC 9.\n", "  05 B OCCURS 2. 10 CNT PIC 9.\n", "E0423"),
]


@pytest.mark.parametrize(("old", "new", "number"), WRONG)
def test_a_counter_that_cannot_count_is_named(tmp_path, old, new, number):
    job = write(tmp_path, [setai(1, ["A"])])
    (tmp_path / "r.cpy").write_text(SETAI.replace(old, new, 1))
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(job)
    assert caught.value.number == number


COUNTERS_BY_FIELD = [
    # the clause, keys of [source], a [[field]] of the job, the bytes of 3, bytes that are no counter
    ("PIC 9(4) COMP-6.", "", "", "0003", "003C"),
    ("PIC 9(4) COMP-6.", "", "", "0003", "00F3"),
    ("PIC 9(4) COMP.", "", 'order = "little"', "0300", "0003"),
    ("PIC 9(9) COMP-5.", "", 'order = "little"', "03000000", "00000003"),
    ("PIC S9(3) COMP-3.", "", "", "003C", "003D"),
    ("PIC S9(2).", "", "", "F0C3", "F0D3"),
    ("PIC S9(2) SIGN LEADING.", "", "", "C0F3", "F0C3"),
    ("PIC S9(2).", 'signs = "netcobol"', "", "3043", "3053"),
    ("PIC S9(2).", 'signs = "translated"', "", "3043", "304C"),
    ("PIC S9(2).", 'signs = "microfocus"', "", "3033", "3073"),
    ("PIC S9(2).", 'signs = "microfocus"', "", "3033", "3043"),
    ("PIC S9(2) SIGN LEADING.", 'signs = "netcobol"', "", "4033", "3043"),
]


@pytest.mark.parametrize(("clause", "source", "keys", "three", "none"), COUNTERS_BY_FIELD)
def test_a_counter_is_read_as_its_field_is_written(tmp_path, clause, source, keys, three, none):
    ascii = bool(source)
    job = write(tmp_path, [], source, charset="windows-31j" if ascii else "ibm-930")
    (tmp_path / "r.cpy").write_text(SETAI.replace("PIC 9.", clause))
    if keys:
        job.write_text(job.read_text() + f'[[field]]\nname = "cnt"\n{keys}\n')
    whole = setai(1, ["SATO", "ITO", "MORI"], encoding="ascii" if ascii else "cp037")
    good, bad = (whole[:4] + bytes.fromhex(raw) + whole[5:] for raw in (three, none))
    (tmp_path / "in.dat").write_bytes(framed([good, bad], "vb"))
    made = gaiji.convert(job)
    assert made.data["records"]["quarantined"] == 1
    assert [(r["simei-3"], r["tail"]) for r in rows_of(tmp_path / "out/o.csv")] == [("MORI", "END")]
    assert (tmp_path / "out/o.csv.bad-records.bin").read_bytes() == bad
    assert gaiji.verify(job).holds
    assert reverse(job).data["records"] == 1
    assert (tmp_path / "out/o.csv.reversed.dat").read_bytes() == framed([good], "vb")


# -- rows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_a_row_for_each_occurrence_and_back(tmp_path, suffix):
    records = [setai(1, ["SATO", "ITO"]), setai(2, ["MORI"])]
    job = write(tmp_path, records, output='rows = "MEMBER"')
    job.write_text(job.read_text().replace("o.csv", f"o.{suffix}"))
    made = gaiji.convert(job)
    assert made.data["records"]["written"] == 2
    if suffix == "csv":
        assert [list(r.values()) for r in rows_of(tmp_path / "out/o.csv")] == [
            ["0001", "2", "1", "SATO", "20", "END"],
            ["0001", "2", "2", "ITO", "21", "END"],
            ["0002", "1", "1", "MORI", "20", "END"],
        ]
        assert list(rows_of(tmp_path / "out/o.csv")[0]) == [
            "no",
            "cnt",
            "member.occurrence",
            "simei",
            "age",
            "tail",
        ]
    assert gaiji.verify(job).holds
    assert reverse(job).data["same_as_input"] is True


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"ITO", b"ITA"), (b"0001,2,2", b"0009,2,2"), (b"2,2,ITO", b"2,3,ITO"), (b"0001,2,2,ITO,21,END\n", b"")],
)
def test_the_proof_finds_a_fault_in_the_rows(tmp_path, old, new):
    job = write(tmp_path, [setai(1, ["SATO", "ITO"]), setai(2, ["MORI"])], output='rows = "MEMBER"')
    gaiji.convert(job)
    path = tmp_path / "out/o.csv"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    proof = gaiji.verify(job)
    assert not proof.holds and proof.changed + proof.data["records"]["missing"] > 0


def test_a_record_without_occurrences_keeps_its_row(tmp_path):
    job = write(tmp_path, [setai(1, []), setai(2, ["MORI"])], output='rows = "member"')
    (tmp_path / "r.cpy").write_text(SETAI.replace("1 TO 3", "0 TO 3"))
    gaiji.convert(job)
    assert [list(r.values())[:4] for r in rows_of(tmp_path / "out/o.csv")] == [
        ["0001", "0", "0", ""],
        ["0002", "1", "1", "MORI"],
    ]
    assert gaiji.verify(job).holds and reverse(job).data["same_as_input"] is True


def told(job: Path) -> list[list[str]]:
    return [list(row.values()) for row in rows_of(job.parent / "out/o.csv")]


def test_a_flagged_counter_has_as_many_rows_as_the_record_has_occurrences(tmp_path):
    """Its walk takes more digits than its PICTURE has; the cell is empty then, and a finding."""
    job = write(tmp_path, [], output='rows = "MEMBER"')
    (tmp_path / "r.cpy").write_text(
        SETAI.replace("CNT PIC 9.", "CNT PIC 9 COMP.").replace("1 TO 3", "0 TO 12")
    )

    def record(number: int, names: list[str]) -> bytes:
        whole = setai(number, names, 0)
        return whole[:4] + len(names).to_bytes(2, "big") + whole[5:]

    many = [record(1, ["A"] * 12), record(2, ["B", "C"]), record(3, [])]
    (tmp_path / "in.dat").write_bytes(framed(many, "vb"))
    made = gaiji.convert(job)
    assert made.exit_code == 3 and made.data["fields"]["cnt"]["flagged"] == {"bad-number": 1}
    assert told(job) == [
        *[["0001", "", str(n + 1), "A", str(n + 20), "END"] for n in range(12)],
        ["0002", "2", "1", "B", "20", "END"],
        ["0002", "2", "2", "C", "21", "END"],
        ["0003", "0", "0", "", "", "END"],
    ]
    assert gaiji.verify(job).holds


QUALIFIED = """>>SOURCE FORMAT FREE
01 R.
  05 A.
    10 CNT PIC 9.
  05 B.
    10 CNT PIC 9.
    10 MEMBER OCCURS 0 TO 3 TIMES DEPENDING ON CNT OF B.
      15 SIMEI PIC X(6).
      15 AGE PIC 9(2).
  05 TAIL PIC X(3).
"""


def test_a_counter_with_a_group_before_its_name_still_counts(tmp_path):
    record = setai(0, ["SATO", "ITO"])
    job = write(tmp_path, [b"\xf3" + record[4:], b"\xf1" + setai(0, [])[4:]], output='rows = "MEMBER"')
    (tmp_path / "r.cpy").write_text(QUALIFIED)
    gaiji.convert(job)
    assert told(job) == [
        ["3", "2", "1", "SATO", "20", "END"],
        ["3", "2", "2", "ITO", "21", "END"],
        ["1", "0", "0", "", "", "END"],
    ]
    assert gaiji.verify(job).holds and reverse(job).data["same_as_input"] is True


def test_a_counter_in_a_definition_that_is_not_read_invents_no_rows(tmp_path):
    job = write(tmp_path, [setai(1, ["SATO", "ITO"]), setai(2, [])], output='rows = "MEMBER"')
    hidden = "05 X PIC X(1).\n  05 Y REDEFINES X.\n    10 CNT PIC 9."
    (tmp_path / "r.cpy").write_text(SETAI.replace("05 CNT PIC 9.", hidden).replace("1 TO 3", "0 TO 3"))
    gaiji.convert(job)
    assert [row[:4] for row in told(job)] == [
        ["0001", "2", "1", "SATO"],
        ["0001", "2", "2", "ITO"],
        ["0002", "0", "0", ""],
    ]
    assert gaiji.verify(job).holds


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("05 NO PIC 9(4).", "05 SIMEI PIC X(4)."),  # simei of the record, and simei-1, simei-2, simei-3
        ("05 TAIL PIC X(3).", "05 AGE PIC X(3)."),
    ],
)
def test_rows_with_two_columns_of_one_name_are_refused(tmp_path, old, new):
    job = write(tmp_path, [setai(1, ["A"])], output='rows = "MEMBER"')
    (tmp_path / "r.cpy").write_text(SETAI.replace(old, new))
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(job)
    assert caught.value.number == "E0397" and caught.value.key == "output.rows"
    assert not (tmp_path / "out/o.csv").exists()


def test_columns_of_rows_have_their_names_where_groups_stand_before_some_of_them(tmp_path):
    job = write(tmp_path, [setai(1, ["A", "B"])], output='rows = "MEMBER"')
    (tmp_path / "r.cpy").write_text(SETAI.replace("05 NO ", "05 AGE-1 ").replace("TAIL", "SIMEI-2"))
    gaiji.convert(job)
    assert list(rows_of(tmp_path / "out/o.csv")[0]) == [
        "r.age-1", "cnt", "member.occurrence", "simei", "age", "r.simei-2"
    ]  # fmt: skip
    assert told(job)[1] == ["0001", "2", "2", "B", "21", "END"] and gaiji.verify(job).holds


def test_a_wide_layout_has_few_records_in_a_batch_and_is_measured_quickly(tmp_path):
    """9,000 fields of short records: what is known of each field of each record stays small."""
    job = write(tmp_path, [b"\xf0" * 4 + b"\xf0" + b"\xc1" * 3] * 3000, output="")
    wide = "  05 MEMBER OCCURS 0 TO 9000 TIMES DEPENDING ON CNT.\n    10 AGE PIC 9(2).\n"
    begin = SETAI.index("  05 MEMBER")
    (tmp_path / "r.cpy").write_text(SETAI[:begin] + wide + "  05 TAIL PIC X(3).\n")
    plan = Plan.of(job)
    batches = list(plan.read())
    assert max(batch.rows * len(batch.starts) for batch in batches) <= 4_100_000 * 2
    assert sum(batch.rows for batch in batches) == 3000


@pytest.mark.parametrize(
    ("output", "number"), [('rows = "MEMBERS"', "E0444"), ('rows = "MEMBER"\nformat = "fixed"', "E0442")]
)
def test_rows_that_cannot_be_are_refused(tmp_path, output, number):
    with pytest.raises(GaijiError) as caught:
        gaiji.convert(write(tmp_path, [setai(1, ["A"])], output=output))
    assert caught.value.number == number


# -- types: back, scan, explain ----------------------------------------------------------------------------

TYPES = """
[[record]]
name = "A"
when = {{ offset = 0, equals = "A" }}
output = "out/a.csv"
{skip}
[[record.field]]
name = "a"
offset = 0
length = 6
[[record]]
name = "B"
when = {{ offset = 0, bytes = "{b}" }}
[[record.field]]
name = "b"
offset = 0
length = 1
[[record.field]]
name = "n"
offset = 1
length = 3
type = "zoned"
"""


def typed(folder: Path, format: str, charset: str, skip: str = "") -> Path:
    encoding = "cp037" if charset.startswith("ibm") else "ascii"
    texts = ["ASATO ", "B001", "B002", "AITO  ", "B003", "B004", "AMORI "]
    if format == "fixed":
        texts = [text.ljust(6) for text in texts]
    (folder / "in.dat").write_bytes(
        framed([t.encode(encoding) for t in texts], format)
        if format != "fixed"
        else "".join(texts).encode(encoding)
    )
    job = folder / "job.toml"
    more = "record_length = 6\n" if format == "fixed" else ""
    job.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "{format}"\n{more}[output]\npath = "out/b.csv"\n'
        + TYPES.format(skip=skip, b="B".encode(encoding).hex())
    )
    return job


FORMS = [
    ("vb", "ibm-930"),
    ("lines", "windows-31j"),
    ("fixed", "ibm-930"),
    ("fixed", "windows-31j"),
    ("vb", "windows-31j"),
]


@pytest.mark.parametrize(("format", "charset"), FORMS)
def test_all_types_together_give_the_input_back(tmp_path, format, charset):
    job = typed(tmp_path, format, charset)
    gaiji.convert(job)
    assert [r["n"] for r in rows_of(tmp_path / "out/b.csv")] == ["001", "002", "003", "004"]
    assert gaiji.verify(job).holds
    told = reverse(job)
    assert told.data["records"] == 7 and told.data["same_as_input"] is True
    order = tmp_path / "out/b.csv.record-order.tsv"
    order.write_text(order.read_text().replace("A\t1", "A\t2", 1))
    with pytest.raises(GaijiError) as caught:
        reverse(job)
    assert caught.value.number == "E0434"


def test_a_type_that_was_left_out_is_named_by_the_way_back_and_by_explain(tmp_path):
    job = typed(tmp_path, "vb", "ibm-930", "skip = true")
    gaiji.convert(job)
    for attempt in (lambda: reverse(job), lambda: gaiji.explain(job, 1)):
        with pytest.raises(GaijiError) as caught:
            attempt()
        assert caught.value.number == "E0433" and "type A" in str(caught.value)
    assert {part["type"] for part in gaiji.explain(job, 2)} == {"B"}
    assert "".join(part["text"] for part in gaiji.explain(job, 5) if part["field"] == "n") == "003"


def test_scan_tells_the_types_of_a_job(tmp_path):
    job = typed(tmp_path, "vb", "ibm-930")
    told = scan(tmp_path / "in.dat", "ibm-930", format="vb", types=job)
    assert {name: one["records"]["read"] for name, one in told["types"].items()} == {"A": 3, "B": 4}
    shown = CliRunner().invoke(
        main,
        ["scan", str(tmp_path / "in.dat"), "--charset", "ibm-930", "--format", "vb", "--types", str(job)],
    )
    assert shown.exit_code == 0 and "A: 3 records" in shown.stdout and "B.n" in shown.stdout


def test_packed_input_and_outputs_have_types_too(tmp_path):
    import gzip

    job = typed(tmp_path, "vb", "ibm-930")
    (tmp_path / "in.dat.gz").write_bytes(gzip.compress((tmp_path / "in.dat").read_bytes()))
    job.write_text(job.read_text().replace("in.dat", "in.dat.gz").replace("a.csv", "a.csv.gz"))
    gaiji.convert(job)
    assert gzip.decompress((tmp_path / "out/a.csv.gz").read_bytes()).count(b"\n") == 4
    assert gaiji.verify(job).holds
    assert reverse(job).data["same_as_input"] is None
    assert (tmp_path / "out/b.csv.reversed.dat").read_bytes() == (tmp_path / "in.dat").read_bytes()


# -- the page ----------------------------------------------------------------------------------------------


def test_the_example_of_the_page_does_what_it_shows(tmp_path, monkeypatch):
    text = (ROOT / "docs/record-types.md").read_text("utf-8")
    for name, body in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(body)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    shown = re.search(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    for command, wanted in re.findall(r"^\$ (.*?)\n((?:(?!\$ ).*\n)*)", shown, re.MULTILINE):
        if command.startswith("cat "):
            found = Path(command[4:]).read_text("utf-8")
        else:
            done = CliRunner().invoke(main, command.split()[1:])
            found = done.output
        assert found.splitlines() == wanted.splitlines(), command


@pytest.mark.parametrize("wrong", range(4))
def test_of_several_counters_the_wrong_one_is_named(tmp_path, wrong):
    names = ["KAZOKU", "JUSHO", "SHIKAKU", "BIKO"]
    counters = "".join(f"05 {name} PIC 9.\n" for name in names)
    tables = "".join(f"05 T-{name} OCCURS 0 TO 3 DEPENDING ON {name} PIC X.\n" for name in names)
    (tmp_path / "r.cpy").write_text(f"01 R.\n{counters}{tables}")
    good = b"1111abcd"
    bad = good[:wrong] + b"x" + good[wrong + 1 :]
    (tmp_path / "in.dat").write_bytes(good + b"\n" + bad + b"\n")
    (tmp_path / "job.toml").write_text(
        '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "lines"\nlayout = "r.cpy"\n'
        'depending = "counter"\n[output]\npath = "out/o.csv"\n'
    )
    gaiji.convert(tmp_path / "job.toml")
    (_, one) = (tmp_path / "out/o.csv.bad-records.tsv").read_text("utf-8").splitlines()
    assert f"counter {names[wrong].lower()} is no number" in one.lower()
