"""Record types, tables that vary and numbers in them: what the conversion must do, and what the proof must not
believe.

What is expected comes from trees and numbers that the tests made, not from code of gaiji's.
"""

from __future__ import annotations

import csv
import struct
from array import array
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twins import interpreted

import gaiji
from gaiji.columns import decode
from gaiji.kernel import numbers, shape
from gaiji.proof.numbers import _read  # the whole of it is tried, byte by byte
from gaiji.run import stages
from gaiji.run.reverse import reverse

SHAPES = [shape, interpreted("shape")]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- whose child a record is -------------------------------------------------------------------------------

PARENTS = (-1, 0, 1, 2, 0, 3)
"""Four levels one below the other, and branches at the second and the last."""


def tree(kinds, parents=PARENTS):
    """The row above each record, None where it has none, "orphan" where that should be there and is not: an
    open branch of a tree is a list of rows from the root down."""
    branches: dict[int, list[int]] = {}
    found = []
    for row, kind in enumerate(kinds):
        for other in list(branches):
            if kind in path_of(other, parents):
                del branches[other]
        if kind < 0:
            branches.clear()
            found.append(None)
        elif parents[kind] < 0:
            branches[kind] = [row]
            found.append(None)
        elif parents[kind] in branches:
            branches[kind] = [*branches[parents[kind]], row]
            found.append(branches[kind][-2])
        else:
            found.append("orphan")
    return found


def path_of(kind, parents):
    out = []
    while kind >= 0:
        out.append(kind)
        kind = parents[kind]
    return out


@pytest.mark.parametrize("module", SHAPES)
@settings(max_examples=150, deadline=None)
@given(kinds=st.lists(st.integers(-1, 5), max_size=30), split=st.integers(0, 30))
@example(kinds=[0, 1, 2, 0, 1, 3], split=6)
@example(kinds=[0, 1, 2, 3, 0, 3], split=2)
def test_a_new_record_ends_all_below_the_one_before(module, kinds, split):
    expected, found, current = tree(kinds), [], array("q", [-1] * len(PARENTS))
    for part in (kinds[:split], kinds[split:]):
        rows, owner, base = array("q", part), array("q", bytes(8 * len(part))), len(found)
        module.owners(rows, array("q"), array("q", PARENTS), current, owner)
        for at, (kind, above) in enumerate(zip(rows, owner, strict=True)):
            if kind == shape.CONSTANTS["ORPHAN"]:
                found.append("orphan")
            elif above == shape.CONSTANTS["CARRIED"]:
                found.append("before")
            else:
                found.append(base + above if above >= 0 else None)
            assert kind in (part[at], shape.CONSTANTS["ORPHAN"])
        current = array("q", [shape.CONSTANTS["CARRIED"] if row != -1 else -1 for row in current])
    assert found == [
        "before" if isinstance(above, int) and above < split <= row else above
        for row, above in enumerate(expected)
    ]


LEVELS = """
[source]
path = "in.dat"
charset = "windows-31j"
format = "fixed"
record_length = 9
{more}
[output]
path = "out/a.csv"
"""
TYPE = """
[[record]]
name = "{name}"
when = {{ offset = 0, equals = "{name}" }}
output = "out/{name}.csv"
{parent}
[[record.field]]
name = "k"
offset = 0
length = 1
[[record.field]]
name = "no"
offset = 1
length = 8
{kind}
"""


def levels(folder: Path, records: list[bytes], kind: str = 'type = "zoned"') -> Path:
    """A job of four types, each below the one before."""
    (folder / "in.dat").write_bytes(b"".join(records))
    text = LEVELS.format(more="")
    for name, above in zip("ABCD", " ABC", strict=True):
        key = 'key = "no"\n' + (f'parent = "{above}"' if above != " " else "")
        text += TYPE.format(name=name, parent=key, kind=kind)
    (folder / "job.toml").write_text(text)
    return folder / "job.toml"


def test_keys_are_those_of_the_records_above_and_the_proof_says_so_by_itself(tmp_path):
    kinds = "ABCDDACABDBCDABCADBCD"
    job = levels(tmp_path, [f"{kind}{at:08}".encode() for at, kind in enumerate(kinds)])
    told = gaiji.convert(job)
    above = tree(["ABCD".index(kind) for kind in kinds], (-1, 0, 1, 2))
    assert told.data["records"]["quarantined"] == above.count("orphan") >= 3
    for at, name in enumerate("BCD", 1):
        wanted = []
        for row, kind in enumerate(kinds):
            if kind == name and above[row] != "orphan":
                chain, up = [row], above[row]
                while up is not None:
                    chain.insert(0, up)
                    up = above[up]
                wanted.append({f"{'ABC'[i]}.no": f"{n:08}" for i, n in enumerate(chain[:-1])})
        found = [
            {key: row[key] for key in row if "." in key} for row in rows_of(tmp_path / f"out/{name}.csv")
        ]
        assert found == wanted and len(wanted) >= 5 - at
    assert gaiji.verify(job).holds


def test_the_proof_finds_a_wrong_key_of_a_grandparent(tmp_path, monkeypatch):
    """The conversion is spoilt, in what it decides itself: the proof does not decide by the same means."""
    right = shape.owners

    def spoilt(kinds, gaps, parents, current, owner):
        right(kinds, gaps, parents, current, owner)
        owner[3] = 0

    job = levels(tmp_path, [f"{kind}{at:08}".encode() for at, kind in enumerate("AABB")])
    monkeypatch.setattr(shape, "owners", spoilt)
    gaiji.convert(job)
    assert [row["A.no"] for row in rows_of(tmp_path / "out/B.csv")] == ["00000001", "00000000"]
    proof = gaiji.verify(job)
    assert [(c["record"], c["field"]) for c in proof.data["changed"]] == [(4, "B.A.no")]


# -- floating-point numbers --------------------------------------------------------------------------------


def test_floats_of_children_and_their_keys(tmp_path):
    made = [1.5, -2.25, 1e10, 0.1, 3.0, float("inf")]
    kinds = "ABCDDA"
    raws = [kind.encode() + struct.pack(">d", value) for kind, value in zip(kinds, made, strict=True)]
    job = levels(tmp_path, raws, 'type = "float"\nfloat = "ieee-big"')
    told = gaiji.convert(job)
    assert [row["no"] for row in rows_of(tmp_path / "out/A.csv")] == ["1.5", ""]
    assert [float(row["B.no"]) for row in rows_of(tmp_path / "out/C.csv")] == [-2.25]
    assert [
        [float(row[key]) for key in ("no", "A.no", "B.no", "C.no")] for row in rows_of(tmp_path / "out/D.csv")
    ] == [[0.1, 1.5, -2.25, 1e10], [3.0, 1.5, -2.25, 1e10]]
    assert told.exit_code == 3 and told.data["flagged"]["bad-number"]["units"] == 1
    assert gaiji.verify(job).holds
    back = reverse(job)
    assert back.data["findings"] == {"bad-number": 1}
    text = (tmp_path / "out/D.csv").read_text().replace(",3,", ",4,")
    (tmp_path / "out/D.csv").write_text(text)
    assert not gaiji.verify(job).holds


ODO = """>>SOURCE FORMAT FREE
01 R.
  05 CNT PIC 9.
  05 T OCCURS 0 TO 2 TIMES DEPENDING ON CNT.
    10 F COMP-1.
    10 B PIC S9(4) COMP.
    10 P PIC S9(3) COMP-3.
  05 G COMP-2.
"""


def odo(folder: Path, records: list[bytes]) -> Path:
    (folder / "r.cpy").write_text(ODO)
    (folder / "in.dat").write_bytes(b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records))
    job = folder / "job.toml"
    job.write_text(
        '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "vb"\nlayout = "r.cpy"\n'
        'float = "ieee-little"\non_bad_record = "quarantine"\n[output]\npath = "o.csv"\n'
    )
    return job


def item(f: float, b: int, p: str) -> bytes:
    return struct.pack("<f", f) + struct.pack(">h", b) + bytes.fromhex(p)


def test_floats_and_binaries_that_are_not_there_are_no_findings_either_way(tmp_path):
    tail = struct.pack("<d", 7.5)
    records = [
        b"0" + tail,
        b"1" + item(1.25, -5, "123C") + tail,
        b"2" + item(0.0, 0, "000C") + item(-9.5, 77, "456D") + tail,
    ]
    job = odo(tmp_path, records)
    assert gaiji.convert(job).exit_code == 0
    assert [list(row.values()) for row in rows_of(tmp_path / "o.csv")] == [
        ["0", "", "", "", "", "", "", "7.5"],
        ["1", "1.25", "-5", "123", "", "", "", "7.5"],
        ["2", "0", "0", "000", "-9.5", "77", "-456", "7.5"],
    ]
    proof = gaiji.verify(job)
    assert proof.holds and proof.exit_code == 0
    done = reverse(job)
    assert done.data["same_as_input"] is True and done.exit_code == 0


def test_a_record_that_ends_in_a_float_is_cut_off(tmp_path):
    tail = struct.pack("<d", 7.5)
    job = odo(tmp_path, [b"0" + tail, b"0" + tail[:5], b"1" + item(1.0, 1, "001C") + tail])
    told = gaiji.convert(job)
    assert told.data["records"]["quarantined"] == 1 and told.data["records"]["written"] == 2
    assert gaiji.verify(job).holds


# -- what the conversion calls no number -------------------------------------------------------------------


@example(b"\0\n", 1, 1, 0, 0, 0, 1, 0)  # more digits than the PICTURE has, all of them zeros
@settings(max_examples=400, deadline=None)
@given(
    raw=st.one_of(
        st.binary(min_size=1, max_size=6),
        st.from_regex(rb"\A[0-9]{0,4}[0-9@-Yp-y{}+\-]\Z"),
        st.lists(st.sampled_from(b"\xf0\xf5\xf9\xc3\xd4\x4e\x60\x40"), min_size=1, max_size=5).map(bytes),
        st.lists(st.sampled_from(b"\x00\x12\x99\x1c\x2d\x5f\x0c"), min_size=1, max_size=5).map(bytes),
    ),
    kind=st.integers(0, 2),
    digits=st.integers(0, 9),
    signed=st.integers(0, 1),
    ascii=st.integers(0, 1),
    place=st.integers(0, 4),
    signs=st.integers(1, 7),
    little=st.integers(0, 1),
)
def test_the_proof_reads_which_bytes_are_a_number(raw, kind, digits, signed, ascii, place, signs, little):
    if kind != 0 and place not in (0, 4):
        place = 0
    form = (kind, digits, 0, signed, ascii, place, signs, little)
    empty = len(set(raw)) == 1 and raw[0] in (0, 0x20 if ascii else 0x40) and kind != 2
    if empty:
        return
    out, offsets, bad = bytearray(64), array("q", [0, 0]), array("i", [0])
    places, written = (array("q", [0]), array("q", [len(raw)])), array("q", bytes(24))
    numbers.numbers(raw, numbers.Numeric(*form), *places, 0, len(raw), out, offsets, bad, written)
    assert _read(raw, *form) == out[: offsets[1]].decode()


def test_a_number_that_the_conversion_gave_up_is_changed(tmp_path, monkeypatch):
    """A conversion that calls numbers bad, of whatever type, is not believed."""
    job = odo(tmp_path, [b"1" + item(1.25, -5, "123C") + struct.pack("<d", 7.5)])
    right = decode.numbers

    def spoilt(src, numeric, starts, ends, offset, length, out, offsets, bad, written):
        right(src, numeric, starts, ends, offset, length, out, offsets, bad, written)
        for row in range(len(starts)):
            bad[row], offsets[row + 1] = 0, 0
        return len(starts)

    monkeypatch.setattr(decode, "numbers", spoilt)
    monkeypatch.setattr(decode, "float_text", lambda raw, form: None)
    gaiji.convert(job)
    proof = gaiji.verify(job)
    names = {"cnt", "f-1", "b-1", "p-1", "g"}
    assert not proof.holds and {change["field"] for change in proof.data["changed"]} == names


# -- trailers ----------------------------------------------------------------------------------------------

TRAILER = """
[source]
path = "in.dat"
charset = "{charset}"
format = "vb"
float = "ieee-big"
[output]
path = "d.csv"
[[record]]
name = "D"
when = {{ offset = 0, bytes = "{d}" }}
[[record.field]]
name = "x"
offset = 0
length = 1
[[record]]
name = "T"
output = "t.csv"
trailer = {{ field = "n", counts = "D" }}
[[record.field]]
name = "n"
offset = 0
length = {length}
type = "{type}"
"""
WRITTEN = {
    "zoned": lambda n: f"{n:04}".encode("cp037"),
    "packed": lambda n: bytes.fromhex(f"{n:05}c"),
    "binary": lambda n: n.to_bytes(2, "big"),
    "float": lambda n: struct.pack(">f", n),
    "sbcs": lambda n: f"{n:4}".encode("cp037"),
    "mixed": lambda n: f"{n:<4}".encode("cp037"),
    "raw": lambda n: bytes.fromhex(f"{n:04}"),
}


QUICK = ("zoned", "float", "mixed")


@pytest.mark.parametrize(
    "type", [pytest.param(one, marks=[] if one in QUICK else pytest.mark.slow) for one in WRITTEN]
)
def test_the_proof_reads_what_trailers_say_by_itself(tmp_path, monkeypatch, type):
    """Five trailers, the second of which says one too many, and one that is no number."""
    write = WRITTEN[type]
    length, records = len(write(0)), []
    for count in (3, 2, 0, 1, 12):
        records += [b"\xc4"] * count + [write(count + (count == 2))]
    (tmp_path / "job.toml").write_text(TRAILER.format(charset="ibm-930", d="C4", length=length, type=type))
    records.append(b"\xff\xff\xff\xff"[:length])
    (tmp_path / "in.dat").write_bytes(
        b"".join((len(r) + 4).to_bytes(2, "big") + b"\0\0" + r for r in records)
    )
    told = gaiji.convert(tmp_path / "job.toml").data["trailers"]["T"]
    last = 65535 if type == "binary" else None
    wrong = [{"record": 7, "said": 3, "counted": 2}, {"record": 24, "said": last, "counted": 0}]
    assert told["checked"] == 6 and told["examples"] == wrong
    assert gaiji.verify(tmp_path / "job.toml").holds
    monkeypatch.setattr(
        stages, "Check", lambda kind, record, said, counted: check(kind, record, counted, counted)
    )
    assert gaiji.convert(tmp_path / "job.toml").data["trailers"]["T"]["wrong"] == 0
    proof = gaiji.verify(tmp_path / "job.toml")
    assert {one["check"] for one in proof.data["checks"] if not one["holds"]} >= {"trailers T"}


check = stages.Check
