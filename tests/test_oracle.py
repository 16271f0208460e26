"""gaiji against the oracle: every charset in every format, ends of fields above all; and what is known to be wrong.

The oracle (``tests/oracle``) shares no code with gaiji. What comes out wrong today stands in ``oracle/known.toml`` as
strict xfail: whoever mends one of the cases writes ``mended = true`` into it (or removes it).
"""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
from oracle import charsets
from oracle.cases import known
from oracle.check import compare
from oracle.copybook import Column, columns
from oracle.dumps import EVERY, Dump, formats, make
from oracle.figures import Figure
from oracle.figures import read as read_figure
from oracle.run import convert, hold, hold_case, known_kinds, run, smallest
from oracle.text import read

ORACLE = Path(__file__).with_name("oracle")
CASES = known()["case"]


def shown(differences):
    return "\n".join(map(str, smallest(differences)[:12]))


def one_of_each():
    """A charset of every maker and kind; the others are made of the same parts, and take their turn with -m slow."""
    found = {(name.split("-")[0], charsets.kind(name)): name for name in charsets.names()}
    return sorted(found.values())


@pytest.mark.parametrize("name", one_of_each())
def test_a_charset_of_every_maker_and_kind(name):
    every = formats(charsets.load(name))
    at = one_of_each().index(name)
    differences = hold(make(name, every[at % len(every)], 30, 1, EVERY - known_kinds()))
    assert not differences, shown(differences)


@pytest.mark.slow
@pytest.mark.parametrize("name", charsets.names())
def test_every_charset_in_every_format(name):
    done = run(8_000, 7, [name])
    assert not done.differences, shown(done.differences)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["windows-31j", "unicode-le"])
@pytest.mark.parametrize("format", ["fixed", "fixed-crlf", "lines", "vb", "vb-blocked", "csv"])
def test_records_that_lie_across_buffers(name, format):
    """More than twice the 2 MiB that are read at once: what is cut by the end of a buffer is as whole as the rest."""
    dump = make(name, format, 40, 11, EVERY - known_kinds())
    dump = make(name, format, 40, 11, EVERY - known_kinds(), 4_500_000 // len(dump.data) + 1)
    assert len(dump.data) > 4 << 20
    differences = hold(dump)
    assert not differences, shown(differences)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["fixed", "lines", "vb", "csv"])
def test_more_records_than_one_scan_takes(format):
    """65,536 records are looked for at a time; the file has some more, and ends without a line end."""
    count = 65_536 + 3
    body = [b"%d" % (n % 10) for n in range(count)]
    data = {"fixed": b"", "lines": b"\n", "vb": b"\0\5\0\0", "csv": b",x\n"}[format].join(body)
    data = b"\0\5\0\0" + data if format == "vb" else data + b",x" if format == "csv" else data
    columns_ = [
        Column("column1", 0, 1 if format != "csv" else 0),
        *([Column("column2", 0, 0)] if format == "csv" else []),
    ]
    source = {"fixed": {"record_length": 1}, "csv": {"header": False, "delimiter": ",", "preset": "none"}}
    dump = Dump("windows-31j", format, columns_, source.get(format, {}), data)
    dump.kinds = [["plain"] * len(columns_)] * count
    differences = hold(dump)
    assert not differences, shown(differences)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case["name"],
            marks=[] if case.get("mended") else pytest.mark.xfail(strict=True, raises=AssertionError),
        )
        for case in CASES
    ],
)
def test_what_is_known_to_be_wrong(case, tmp_path):
    wrong = hold_case(case, tmp_path)
    assert not wrong, wrong


@pytest.mark.parametrize("reason", sorted(known()["reasons"]))
def test_a_reason_has_its_own_name_only_once(reason):
    """An entry of [reasons] is of use only while gaiji does not know the name."""
    from gaiji.model import Reason

    assert reason not in {r.label for r in Reason}, "gaiji has the reason now: remove it from known.toml"


# -- the oracle itself ------------------------------------------------------------------------------------------------


def test_the_oracle_shares_no_code():
    for path in ORACLE.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        calls = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        taken = {name for name in imported if name.split(".")[0] in ("gaiji", "importlib", "runpy")}
        assert path.name == "run.py" or (not taken and not calls & {"__import__", "exec", "eval"}), path.name
        assert len(path.read_text("utf-8").splitlines()) <= 500


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("windows-31j-jis90", "cp932"),
        ("windows-31j-jis2004", "cp932"),
        ("shift_jis-2004", "shift_jis_2004"),
        ("euc-jis-2004", "euc_jis_2004"),
    ],
)
def test_the_oracle_reads_what_python_reads(name, codec):
    """Every code, selectors and the option of the dashes aside; what Python cannot read is a finding."""
    wide = (
        {"815f": "＼", "81b0": "～"} if codec == "shift_jis_2004" else {}
    )  # Python: ASCII's (mappings/disputes.tsv)
    for code, meaning in charsets.load(name).codes.items():
        try:
            plain = wide.get(code.hex()) or code.decode(codec)
        except UnicodeDecodeError:
            assert meaning.reason, code.hex()
            continue
        if meaning.reason in ("", "ambiguous"):
            base = "".join(c for c in meaning.text if not "\U000e0100" <= c <= "\U000e01ef")
            right = "".join(charsets.DASH.get(c, c) for c in plain)
            assert unicodedata.normalize("NFC", base) == unicodedata.normalize("NFC", right), code.hex()


def test_the_oracle_reads_fields():
    jef, sjis = charsets.load("fujitsu-jef-ebcdik"), charsets.load("windows-31j")
    assert read(jef, bytes.fromhex("C1 28 B0A1 29 40"), "mixed", "name").cell[0] == "A"
    assert read(jef, bytes.fromhex("28 B0A1"), "mixed", "name").findings == {"broken-shift": 1}
    assert read(sjis, b"A\x88", "mixed", "name").cell == "A〓"
    assert read(sjis, "■".encode("cp932"), "mixed", "name").findings == {"already-lost": 1}
    assert read(sjis, b"  ", "mixed", "name").cell == read(sjis, b"\0\0", "mixed", "name").cell == ""


@pytest.mark.parametrize(
    ("figure", "raw", "ebcdic", "cell"),
    [
        (Figure("zoned", 2, True, 4), "F1F2F3D4", True, "-12.34"),
        (Figure("zoned", 0, True, 2), "3173", False, "-13"),
        (Figure("zoned", 0, True, 2), "3150", False, ""),  # -10 to NetCOBOL, -17 in translated EBCDIC
        (Figure("packed", 1, True, 3), "123D", True, "-12.3"),
        (Figure("packed", 0, True, 2), "123C", True, ""),
        (Figure("binary", 3, True, 4), "FFFE", True, "-0.002"),
        (Figure("binary", 0, False, 4), "4040", True, ""),
    ],
)
def test_the_oracle_reads_numbers(figure, raw, ebcdic, cell):
    reading = read_figure(figure, bytes.fromhex(raw), ebcdic=ebcdic)
    assert reading.cell == cell
    assert bool(reading.findings) == (not cell)


def test_the_oracle_measures_copybooks():
    text = """
000001 01  R.
000002     05  A PIC S9(5)V99 COMP-3.
000003     05  B OCCURS 2 TIMES.
000004         10  C PIC N(3) DISPLAY-1.
000005         10  D PIC S9(4) COMP.
000006     05  E PIC S9(3) SIGN LEADING SEPARATE.
000007     05  E-R REDEFINES E PIC X(6).
000008     05  FILLER PIC X(2).
000009     05  F PIC X.
"""
    found, length = columns(text)
    places = [(c.name, c.offset, c.length, c.type) for c in found]
    assert places == [
        ("a", 0, 4, "packed"),
        ("c-1", 4, 6, "dbcs"),
        ("d-1", 10, 2, "binary"),
        ("c-2", 12, 6, "dbcs"),
        ("d-2", 18, 2, "binary"),
        ("e", 20, 4, "zoned"),
        ("f", 28, 1, "mixed"),
    ]
    assert length == 29


def test_a_changed_cell_count_or_sum_is_seen(tmp_path):
    dump = make("ibm-939", "fixed", 5, 3, frozenset({"plain", "number"}))
    output, manifest = convert(dump, tmp_path)
    assert not compare(dump, output, manifest)
    lines = output.decode("utf-8").splitlines(keepends=True)
    assert {d.row for d in compare(dump, "".join([*lines[:2], "x", *lines[2:]]).encode(), manifest)} == {2}
    assert [d.field for d in compare(dump, "".join(lines[:-1]).encode(), manifest)] == ["records"]
    first = dump.columns[0].name
    manifest["fields"][first]["bytes"] += 1
    manifest["fields"][first]["flagged"] = {"illegal": 1}
    assert [d.kind for d in compare(dump, output, manifest)] == ["findings", "bytes"]


def test_dumps_are_the_same_for_a_seed_and_hold_each_kind():
    one, two = (make("fujitsu-jef-ebcdik", "fixed", 300, 5) for _ in range(2))
    assert one.data == two.data != make("fujitsu-jef-ebcdik", "fixed", 300, 6).data
    kinds = {kind for row in one.kinds for kind in row}
    assert {
        "full",
        "blank",
        "low-values",
        "half-double",
        "stray-shift",
        "unclosed-shift",
        "bad-digit",
        "raw",
    } <= kinds
