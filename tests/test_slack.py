"""SYNC on binary items: where the slack bytes go.

The worked examples are counted by hand by the rules of the IBM Language Reference; the property asks each place
for what a boundary is, and shares nothing with what puts slack in.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gaiji
from gaiji.errors import GaijiError, LayoutError
from gaiji.layout.copybook import parse_copybook


def places(body, sync="word", **more):
    fields, length = parse_copybook(f"01 REC.\n{body}", sync=sync, format="free", **more)
    return {field.name: field.offset for field in fields}, length


def test_slack_stands_before_the_item_in_its_group():
    """5 + 2 bytes, one of slack, then a fullword."""
    body = "05 B PIC X(5).\n05 C.\n10 D PIC XX.\n10 E PIC S9(6) COMP SYNC."
    assert places(body) == ({"b": 0, "d": 5, "e": 8}, 12)


def test_slack_stands_before_the_group_that_the_item_begins():
    """The group itself then begins on the boundary: what redefines it does too."""
    body = "05 M PIC X(5).\n05 N PIC XX.\n05 O.\n10 P PIC S9(6) COMP SYNC.\n05 R REDEFINES O PIC X(4).\n05 Z PIC X."
    assert places(body) == ({"m": 0, "n": 5, "p": 8, "z": 12}, 13)
    assert places(body, redefines={"O": "R"}) == ({"m": 0, "n": 5, "r": 8, "z": 12}, 13)


def test_every_occurrence_has_its_slack_in_the_same_place():
    """1 + 1 bytes, 2 of slack, 4, 2, 5: 14 bytes, so 2 more behind each occurrence."""
    body = (
        "05 CODE PIC X.\n05 T OCCURS 3.\n10 KIND PIC X.\n10 PAY PIC S9(4)V99 COMP SYNC.\n"
        "10 HOURS PIC S9(3) COMP SYNC.\n10 NAME PIC X(5)."
    )
    found, length = places(body)
    assert length == 1 + 3 * 16
    assert [found[f"kind-{n}"] for n in (1, 2, 3)] == [1, 17, 33]
    assert [found[f"pay-{n}"] for n in (1, 2, 3)] == [4, 20, 36]
    assert [found[f"name-{n}"] for n in (1, 2, 3)] == [10, 26, 42]


@pytest.mark.parametrize(
    ("item", "word", "size"),
    [
        ("PIC S9(4) COMP", 2, 2),
        ("PIC S9(9) COMP-5", 4, 4),
        ("PIC S9(18) BINARY", 4, 8),
        ("COMP-1", 4, 4),
        ("COMP-2", 8, 8),
        ("PIC 9(4)", 1, 1),
        ("PIC S9(5) COMP-3", 1, 1),
        ("PIC X", 1, 1),
    ],
)
def test_the_boundaries_of_each_rule(item, word, size):
    body = f"05 A PIC X.\n05 B {item} SYNC."
    assert [places(body, rule)[0]["b"] for rule in ("word", "size", "none")] == [word, size, 1]
    grouped = f"05 A PIC X.\n05 G SYNC.\n10 B {item}."
    assert places(grouped) == places(body)


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("05 A PIC X(3).\n05 T OCCURS 3 BINARY-CHAR SYNC.", "E0630"),
        ("05 T OCCURS 2 BINARY-CHAR SYNC.", "E0630"),
        ("05 N PIC 9.\n05 T OCCURS 1 TO 3 DEPENDING ON N PIC X.\n05 B PIC 9(4) COMP SYNC.", "E0631"),
        (
            "05 N PIC 9.\n05 T OCCURS 2.\n10 B PIC 9(4) COMP SYNC.\n10 U OCCURS 1 TO 3 DEPENDING ON N PIC X.",
            "E0632",
        ),
        ("05 A PIC X.\n05 G.\n10 H PIC X(8).\n05 R REDEFINES G.\n10 B PIC 9(9) COMP SYNC.", "E0633"),
    ],
)
def test_places_that_nobody_can_say_are_refused(body, number):
    with pytest.raises(LayoutError, match=number):
        places(body, "size", depending="counter")


def test_what_has_no_item_with_sync_gets_no_slack():
    body = "05 A PIC X.\n05 T OCCURS 3.\n10 B PIC X(3).\n05 C PIC 9(4) COMP SYNC.\n05 D PIC X."
    assert places(body) == ({"a": 0, "b-1": 1, "b-2": 4, "b-3": 7, "c": 10, "d": 12}, 13)
    behind = "05 N PIC 9.\n05 T OCCURS 1 TO 3 DEPENDING ON N PIC X.\n05 B PIC X(3)."
    places(behind, "size", depending="counter")  # and may stand behind a table that varies


def test_sync_that_nothing_says_is_refused_and_a_table_at_its_most_is_not():
    with pytest.raises(LayoutError, match=r'E0129.*sync = "word"'):
        places("05 A PIC 9(4) COMP SYNC.", "refuse")
    with pytest.raises(LayoutError, match="E0144"):
        places("05 A PIC 9(4) COMP SYNC.", "natural")
    varying = "05 N PIC 9.\n05 T OCCURS 1 TO 3 DEPENDING ON N PIC X.\n05 B PIC 9(4) COMP SYNC."
    assert places(varying, depending="max") == ({"n": 0, "t-1": 1, "t-2": 2, "t-3": 3, "b": 4}, 6)


LEAVES = {
    "PIC X": (1, 1, 1),
    "PIC X(3)": (3, 1, 1),
    "PIC 9(3) COMP SYNC": (2, 2, 2),
    "PIC 9(7) COMP SYNC": (4, 4, 4),
    "PIC 9(12) COMP SYNC": (8, 4, 8),
    "COMP-2 SYNC": (8, 8, 8),
    "PIC 9(7) COMP": (4, 1, 1),
}
TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)),
    lambda inner: st.tuples(st.integers(1, 3), st.lists(inner, min_size=1, max_size=4)),
    max_leaves=8,
)


def written(tree, level, names):
    """A tree as entries, each elementary item with a number of its own in its name."""
    if isinstance(tree, str):
        names.append(tree)
        return [f"{level:02} I{len(names)} {tree}."]
    times, parts = tree
    occurs = f" OCCURS {times}" if times > 1 else ""
    names.append("")
    lines = [f"{level:02} G{len(names)}{occurs}."]
    return lines + [line for part in parts for line in written(part, level + 1, names)]


@given(st.lists(TREES, min_size=1, max_size=4), st.sampled_from([("word", 1), ("size", 2)]))
def test_every_item_lies_on_its_boundary_and_no_slack_is_longer_than_it(trees, rule):
    names = []
    body = "\n".join(line for tree in trees for line in written(tree, 5, names))
    try:
        fields, length = parse_copybook(f"01 REC.\n{body}", sync=rule[0], format="free")
    except LayoutError as error:
        assert "nested deeper" in str(error)
        return
    plain, _ = parse_copybook(f"01 REC.\n{body}", sync="none", format="free")
    assert [(f.name, f.length) for f in fields] == [(f.name, f.length) for f in plain]
    end = 0
    for field in fields:
        size, *boundaries = LEAVES[names[int(field.name[1:].split("-")[0]) - 1]]
        assert field.length == size and field.offset % boundaries[rule[1] - 1] == 0
        assert 0 <= field.offset - end < 16  # slack behind an occurrence, and before the next item
        end = field.offset + size
    assert 0 <= length - end < 8 * 4


def test_slack_is_filler_and_what_stands_in_it_is_told(tmp_path):
    (tmp_path / "r.cpy").write_text(
        "       01 REC.\n           05 A PIC X(3).\n           05 B PIC S9(9) COMP SYNC.\n"
    )
    records = [b"ABC\0" + struct.pack(">i", 7), b"DEF?" + struct.pack(">i", -8)]
    (tmp_path / "in.dat").write_bytes(b"".join(records))
    job = tmp_path / "j.toml"
    lines = '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "fixed"\nlayout = "r.cpy"\n{}[output]\npath = "out.csv"\n'
    job.write_text(lines.format(""))
    with pytest.raises(GaijiError, match="E0129"):
        gaiji.convert(job)
    job.write_text(lines.format('sync = "word"\n'))
    told = gaiji.convert(job).data
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines() == ["a,b", "ABC,7", "DEF,-8"]
    assert told["bytes"]["owners"]["filler"] == 2
    assert told["bytes"]["filler"] == {"bytes": 1, "records": 1}
    assert gaiji.verify(job).holds


def test_a_table_that_varies_keeps_the_slack_of_each_occurrence(tmp_path):
    """2 bytes of counter, then occurrences of 1 + 3 of slack + 4 + 1 + 3 behind: all begin on a fullword."""
    (tmp_path / "r.cpy").write_text(
        "       01 REC.\n           05 N PIC 9(4).\n"
        "           05 T OCCURS 0 TO 3 DEPENDING ON N.\n"
        "             10 A PIC X.\n             10 B PIC S9(9) COMP SYNC.\n             10 C PIC X.\n"
    )
    rows = [[], [("a", 1, "x")], [("b", -2, "y"), ("c", 3, "z"), ("d", 4, "w")]]
    raw = b""
    for row in rows:
        one = b"%04d" % len(row)
        for a, b, c in row:
            one += a.encode() + bytes(3) + struct.pack(">i", b) + c.encode() + bytes(3)
        raw += struct.pack(">HH", len(one) + 4, 0) + one
    (tmp_path / "in.vb").write_bytes(raw)
    job = tmp_path / "j.toml"
    job.write_text(
        '[source]\npath = "in.vb"\ncharset = "windows-31j"\nformat = "vb"\nlayout = "r.cpy"\nsync = "word"\n'
        '[output]\npath = "out.csv"\n'
    )
    told = gaiji.convert(job)
    lines = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert lines == [
        "n,a-1,b-1,c-1,a-2,b-2,c-2,a-3,b-3,c-3",
        "0000,,,,,,,,,",
        "0001,a,1,x,,,,,,",
        "0003,b,-2,y,c,3,z,d,4,w",
    ]
    assert told.data["bytes"]["owners"]["filler"] == 4 * 6 and gaiji.verify(job).holds


def test_sync_without_a_copybook_is_refused(tmp_path):
    (tmp_path / "l.toml").write_text('[[field]]\nname = "a"\noffset = 0\nlength = 1\n')
    (tmp_path / "in.dat").write_bytes(b"A")
    job = tmp_path / "j.toml"
    job.write_text(
        '[source]\npath = "in.dat"\ncharset = "windows-31j"\nformat = "fixed"\nlayout = "l.toml"\nsync = "word"\n'
        '[output]\npath = "out.csv"\n'
    )
    with pytest.raises(GaijiError, match="E0637"):
        gaiji.convert(job)
