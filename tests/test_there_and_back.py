"""Generated layouts there, proved, and back: record types, tables that vary, numbers of every kind, blocks, CSV.

A record is made as values; its bytes and the cells that must come out are written here, by Python's codecs.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.run.reverse import reverse

HEX = {1.0: "41100000", -118.625: "C276A000", 0.5: "40800000", 0.0: "00000000"}
"""Numbers in IBM's hexadecimal form, from the Principles of Operation."""
WORDS = ["standard", "little", "second", "exclusive", "little-exclusive"]


@dataclass
class Leaf:
    """A field: its clause, and how a value is written in bytes and in a cell."""

    kind: str
    size: int

    def clause(self) -> str:
        digits = f"{self.size}"
        return {
            "text": f"PIC X({digits})",
            "zoned": f"PIC 9({digits})",
            "signed": f"PIC S9({digits})",
            "packed": f"PIC S9({2 * self.size - 1}) COMP-3",
            "binary": f"PIC S9({(4, 9, 18)[self.size % 3]}) COMP",
            "single": "COMP-1",
            "double": "COMP-2",
        }[self.kind]

    def value(self, draw) -> tuple[bytes, str]:
        size = self.size
        if self.kind == "text":
            text = draw(st.text("ABCXYZ0189 ", max_size=size - 1)).lstrip() + "Q"
            return text.ljust(size).encode("cp037"), text
        if self.kind == "single":
            number = draw(st.sampled_from(sorted(HEX)))
            return bytes.fromhex(HEX[number]), f"{number:g}"
        if self.kind == "double":
            number = draw(st.sampled_from(sorted(HEX)))
            return bytes.fromhex(HEX[number]) + b"\0\0\0\0", f"{number:g}"
        if self.kind == "binary":
            width = (2, 4, 8)[size % 3]
            number = draw(st.integers(-(10 ** (4, 9, 18)[size % 3]) + 1, 10 ** (4, 9, 18)[size % 3] - 1))
            return number.to_bytes(width, "big", signed=True), str(number)
        digits = draw(st.text("0123456789", min_size=size, max_size=size))
        minus = self.kind != "zoned" and int(digits) != 0 and draw(st.booleans())
        if self.kind == "packed":
            digits = (digits * 2)[: 2 * size - 1]
            minus = minus and int(digits) != 0
            return bytes.fromhex(digits + "CD"[minus]), "-" * minus + digits
        raw = bytearray(0xF0 | int(d) for d in digits)
        if self.kind == "signed":
            raw[-1] = (0xD0 if minus else 0xC0) | int(digits[-1])
        return bytes(raw), "-" * minus + digits


@dataclass
class Kind:
    """A record type: fields, a table of fields that a counter moves, fields behind it."""

    name: str
    before: list[Leaf]
    table: list[Leaf] = field(default_factory=list)
    most: int = 0
    after: list[Leaf] = field(default_factory=list)

    def lines(self) -> str:
        out = [f"01 {self.name}-REC.", f"  05 {self.name}-T PIC X."]
        out += [f"  05 {self.name}-F{n} {leaf.clause()}." for n, leaf in enumerate(self.before)]
        if self.table:
            out.append(f"  05 {self.name}-N PIC 9.")
            out.append(f"  05 {self.name}-G OCCURS 0 TO {self.most} TIMES DEPENDING ON {self.name}-N.")
            out += [f"    10 {self.name}-I{n} {leaf.clause()}." for n, leaf in enumerate(self.table)]
        out += [f"  05 {self.name}-A{n} {leaf.clause()}." for n, leaf in enumerate(self.after)]
        return "\n".join(out) + "\n"

    def record(self, draw) -> tuple[bytes, list[str]]:
        raw, cells = self.name.encode("cp037"), [self.name]
        made = [leaf.value(draw) for leaf in self.before]
        if self.table:
            count = draw(st.integers(0, self.most))
            made.append((f"{count}".encode("cp037"), str(count)))
            for number in range(self.most):
                made += [leaf.value(draw) if number < count else (b"", "") for leaf in self.table]
        made += [leaf.value(draw) for leaf in self.after]
        return raw + b"".join(part for part, _ in made), cells + [cell for _, cell in made]


LEAF = st.builds(
    Leaf,
    st.sampled_from(["text", "zoned", "signed", "packed", "binary", "single", "double"]),
    st.integers(1, 6),
)
LEAVES = st.lists(LEAF, min_size=1, max_size=3)


@st.composite
def towns(draw):
    """Record types, records in an order in which none is without its parent, and how they lie."""
    kinds = []
    for name in "ABC"[: draw(st.integers(1, 3))]:
        table = draw(st.one_of(st.just([]), LEAVES))
        kinds.append(Kind(name, draw(LEAVES), table, draw(st.integers(1, 3)), draw(LEAVES)))
    records, depth = [], 0
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, min(depth, len(kinds) - 1)))
        depth = at + 1
        records.append((at, *kinds[at].record(draw)))
    return kinds, records, draw(st.sampled_from(WORDS)), draw(st.one_of(st.just(0), st.integers(1, 4)))


def descriptor(raw: bytes, words: str) -> bytes:
    said = len(raw) + (0 if "exclusive" in words else 4)
    half = said.to_bytes(2, "little" if "little" in words else "big")
    return (b"\0\0" + half if "second" in words else half + b"\0\0") + raw


def write(folder: Path, kinds, records, words: str, block: int) -> Path:
    described = [descriptor(raw, words) for _, raw, _ in records]
    if block:
        groups = [described[at : at + block] for at in range(0, len(described), block)]
        described = [descriptor(b"".join(group), words) for group in groups]
    (folder / "in.dat").write_bytes(b"".join(described))
    (folder / "r.cpy").write_text(">>SOURCE FORMAT FREE\n" + "".join(kind.lines() for kind in kinds))
    text = (
        '[source]\npath = "in.dat"\ncharset = "ibm-930"\nformat = "vb"\nfloat = "hex"\nlayout = "r.cpy"\n'
        f'rdw = "{words}"\nblocked = {str(block > 0).lower()}\n[output]\npath = "A.csv"\n'
    )
    for number, kind in enumerate(kinds) if len(kinds) > 1 else ():
        text += f'[[record]]\nname = "{kind.name}"\nwhen = {{ field = "{kind.name}-T", equals = "{kind.name}" }}\n'
        text += f'layout = "{kind.name}-REC"\nkey = "{kind.name}-T"\n'
        text += f'output = "{kind.name}.csv"\nparent = "{kinds[number - 1].name}"\n' if number else ""
    (folder / "job.toml").write_text(text)
    return folder / "job.toml"


def there_and_back(folder: Path, town) -> None:
    kinds, records = town[:2]
    job = write(folder, *town)
    told = gaiji.convert(job)
    assert told.exit_code == 0, told.data["flagged"]
    for at, kind in enumerate(kinds):
        with (folder / f"{kind.name}.csv").open(encoding="utf-8", newline="") as file:
            found = list(csv.reader(file))[1:]
        above = [kinds[n].name for n in range(at)]
        assert found == [cells + above for number, _, cells in records if number == at]
    proof = gaiji.verify(job)
    assert proof.holds and proof.exit_code == 0 and proof.data["records"]["read"] == len(records)
    done = reverse(job)
    assert done.exit_code == 0 and done.data["same_as_input"] is True
    out = folder / f"{kinds[records[-1][0]].name}.csv"
    rows = out.read_bytes().split(b"\n")
    rows[-2] = rows[-2].replace(b",", b"7,", 1)
    out.write_bytes(b"\n".join(rows))
    assert not gaiji.verify(job).holds


@settings(max_examples=2, deadline=None, derandomize=True)
@given(town=towns())
def test_a_few_layouts(tmp_path_factory, town):
    there_and_back(tmp_path_factory.mktemp("town"), town)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(town=towns())
def test_any_layout(tmp_path_factory, town):
    there_and_back(tmp_path_factory.mktemp("town"), town)


CELL = st.text('ABアﾊ山|\\",^ \r\n1', max_size=6)


@st.composite
def tables(draw):
    columns = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(CELL, min_size=columns, max_size=columns), min_size=1, max_size=6))
    return (
        [[cell.strip(" ") for cell in row] for row in rows],
        draw(st.sampled_from(",|^\t")),
        draw(st.booleans()),
    )


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(table=tables(), charset=st.sampled_from(["windows-31j", "unicode-utf8", "unicode-le", "eucjp-ms"]))
def test_any_table(tmp_path_factory, table, charset):
    rows, delimiter, trailing = table
    folder = tmp_path_factory.mktemp("table")
    names = [f"c{n}" for n in range(len(rows[0]))]

    def cell(text):
        return '"' + text.replace('"', '""') + '"' if set(text) & {delimiter, '"', "\r", "\n"} else text

    end = delimiter * trailing + "\r\n"
    text = "".join(delimiter.join(map(cell, row)) + end for row in [names, *rows])
    codec = {"windows-31j": "cp932", "unicode-utf8": "utf-8", "unicode-le": "utf-16-le", "eucjp-ms": "euc_jp"}
    (folder / "in.csv").write_bytes(text.encode(codec[charset]))
    job = folder / "job.toml"
    job.write_text(
        f'[source]\npath = "in.csv"\ncharset = "{charset}"\nformat = "csv"\nheader = true\ntrailing = {str(trailing).lower()}\n'
        f"delimiter = {delimiter!r}\n[output]\npath = 'o.parquet'\n".replace("'\\t'", '"\\t"')
    )
    told = gaiji.convert(job)
    import polars as pl

    found = [list(map(str, row)) for row in pl.read_parquet(folder / "o.parquet").iter_rows()]
    assert found == rows and told.data["records"]["written"] == len(rows)
    assert gaiji.verify(job).holds
    assert reverse(job).data["same_as_input"] is True
