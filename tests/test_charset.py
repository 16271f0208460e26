"""Layers, options and errors of charsets: site tables, PUA conventions, dashes, what is encoded back."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import gaiji
from gaiji.errors import CharsetError, TableError
from gaiji.model import Reason

HEADER = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"


def site(tmp_path, *rows, header=HEADER):
    path = tmp_path / "city.tsv"
    path.write_text(header + "".join(row + "\n" for row in rows), "utf-8")
    return path


def text(charset, data, **policy):
    from array import array

    from gaiji.kernel import decode as kernel
    from gaiji.kernel.decode import CONSTANTS as DECODE

    rules = {Reason.from_label(name.replace("_", "-")): how for name, how in policy.items()}
    program = charset.program(policy=rules)
    out, found = bytearray(4096), array("q", bytes(8 * 6 * 64))
    work = kernel.Work(data, out, found, array("q", bytes(8 * DECODE["N_COUNTS"])))
    ends, offsets = array("q", [len(data)]), array("q", [0, 0])
    kernel.decode_rows(
        program,
        work,
        charset.mode("dbcs"),
        0,
        0,
        array("q", [0]),
        ends,
        0,
        -1,
        bytearray(1),
        offsets,
        0,
        4000,
        64,
    )
    return out[: work.o].decode()


def test_a_site_row_maps_gaiji_and_says_where_it_came_from(tmp_path):
    path = site(tmp_path, "80A1\t\tMJ026191\t0\t\t戸籍簿\t佐藤\t2026-11-02\t")
    charset = gaiji.load_charset("fujitsu-jef", [path])
    out = charset.decode(bytes.fromhex("80A1"))
    assert (out.text, out.glyphs, out.findings) == ("邉\U000e0119", ("MJ026191",), ())
    assert [(p.layer, p.line) for p in charset.explain(0x80A1, 2)] == [("site", 2)]


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        ("C4D4\t\tMJ025760\t0", "replaces", "write MJ025761"),
        ("C4D4\t\tMJ025760\t0\t\t\t\t\tMJ000001", "replaces", "it is MJ025761"),
        ("80A1\t\tMJ025760\t0\t\t\t\t\tMJ025761", "replaces", "nothing maps 80A1"),
        ("20A1\t\tMJ025760\t0", "code", "outside every range"),
        ("80A1\t\tMJ999999\t0", "glyph", "does not have"),
        ("80A1\t845B\tMJ025760\t0", "ucs", "write 8FBB E0102"),
        ("80A1\tD800\t\t0", "ucs", "4 to 6 hex digits"),
        ("80A1\t\t\t0", "ucs", "neither ucs nor glyph"),
        ("80A\t8FBB\t\t0", "code", "hex digits"),
        ("80A1\t8FBB\t\t2", "flag", "0 (round trip)"),
    ],
)
def test_wrong_site_rows_are_named(tmp_path, row, column, says):
    with pytest.raises(TableError) as error:
        gaiji.load_charset("fujitsu-jef", [site(tmp_path, row)])
    assert (error.value.line, error.value.column) == (2, column)
    assert says in str(error.value)


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(TableError, match="header"):
        gaiji.load_charset("fujitsu-jef", [site(tmp_path, header="kode\tucs\tglyph\n")])
    with pytest.raises(TableError, match="again"):
        gaiji.load_charset("fujitsu-jef", [site(tmp_path, "80A1\t8FBB\t\t0", "80A1\t8FBB\t\t0")])
    with pytest.raises(TableError, match="cannot be read"):
        gaiji.load_charset("fujitsu-jef", [tmp_path / "none.tsv"])
    path = tmp_path / "latin.tsv"
    path.write_bytes(HEADER.encode() + "80A1\t8FBB\t\t0\t辻".encode("cp932"))
    with pytest.raises(TableError, match="not UTF-8"):
        gaiji.load_charset("fujitsu-jef", [path])


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "city.tsv"
    path.write_bytes(
        b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode() + b"80A1\t\tmj026191\t0\t\t\t\t\t\r\n\r\n"
    )
    assert gaiji.load_charset("fujitsu-jef", [path]).decode(bytes.fromhex("80A1")).glyphs == ("MJ026191",)


@pytest.mark.parametrize(
    ("option", "first", "last"), [("linear", 0xE000, 0xEC1D), ("E92E", 0xE92E, 0xE92E + 3101)]
)
def test_pua_conventions(option, first, last):
    jef = gaiji.load_charset("fujitsu-jef", options={"pua": option})
    assert text(jef, bytes.fromhex("80A1A0FE"), unmapped_gaiji="pua") == chr(first) + chr(last)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("fujitsu-jef", "pua", "4E00"),
        ("fujitsu-jef", "dsah", "jis"),
        ("fujitsu-jef", "dash", "jiss"),
        ("fujitsu-jeff", "", ""),
    ],
)
def test_wrong_options_are_named(name, option, value):
    with pytest.raises(CharsetError):
        gaiji.load_charset(name, options={option: value} if option else {})


def test_policies():
    jef = gaiji.load_charset("fujitsu-jef")
    assert text(jef, bytes.fromhex("80A1")) == "〓"
    assert text(jef, bytes.fromhex("80A1C4D4"), unmapped_gaiji="tag") == "{JEF:80A1}辻"
    assert text(jef, bytes.fromhex("A2FE"), already_lost="keep") == text(jef, bytes.fromhex("A2FE"))


@pytest.mark.parametrize(
    "name", ["windows-31j-jis90", "eucjp-ms", "ibm-939", "fujitsu-jef", "hitachi-keis83", "nec-jips-j"]
)
def test_the_wave_dash_is_one_option_for_every_charset(name):
    jis = gaiji.load_charset(name, options={"dash": "jis"})
    ms = gaiji.load_charset(name, options={"dash": "microsoft"})
    code, size = next(
        (e.row.code, e.row.size)
        for e in jis.entries.values()
        if e.row.text in ("〜", "～") and e.row.size == 2
    )
    raw = code.to_bytes(size, "big")
    raw = b"\x0e" + raw + b"\x0f" if name == "ibm-939" else raw
    assert (jis.decode(raw).text, ms.decode(raw).text) == ("〜", "～")


def test_encode_gives_the_code_of_the_glyph_and_refuses_what_it_has_not():
    jef = gaiji.load_charset("fujitsu-jef-ebcdik")
    assert jef.encode("辻") == bytes.fromhex("28C4D429")
    assert jef.encode("辻\U000e0102") == bytes.fromhex("2867A529")
    with pytest.raises(CharsetError, match="2A6A5"):
        jef.encode("𪚥")
    assert jef.decode(jef.encode("𪚥", errors="geta")).text == "〓"
    assert gaiji.load_charset("windows-31j").encode("葛") == "葛".encode("cp932")


def test_programs_of_many_policies_share_what_is_big_and_do_not_pile_up():
    """A long-lived process that decodes with ever other policies compiles once for each role and form, and keeps
    a bounded number of programs."""
    from itertools import product

    from gaiji.codes.charset import MAX_POLICIES

    system = gaiji.load_charset("koseki")
    ways = ("geta", "keep", "tag", "pua", "fail")
    used = [
        system.program(policy=dict(zip(list(Reason)[:3], three, strict=True)), form=form)
        for form in ("needed", "always", "never")
        for three in product(ways, repeat=3)
    ]
    assert len(used) == 375
    assert len({id(program.compiled) for program in used}) == 3
    assert len(system._programs) <= 3 * MAX_POLICIES
    assert system.program(policy=dict.fromkeys(list(Reason)[:3], "fail"), form="never") is used[-1]


def test_more_than_eight_combinations_do_not_thrash():
    jef = gaiji.load_charset("fujitsu-jef")
    ways = [
        (role, form, {Reason.UNMAPPED_GAIJI: how})
        for role in ("name", "address")
        for form in ("needed", "always", "never")
        for how in ("geta", "tag", "pua")
    ]
    first = [jef.reading(role=r, form=f, policy=p).text for r, f, p in ways]
    again = [jef.reading(role=r, form=f, policy=p).text for r, f, p in ways]
    assert all(a is b for a, b in zip(first, again, strict=True)) and len(set(map(id, first))) == 18


def test_every_charset_file_is_written_by_make_mappings(monkeypatch):
    """A file that only a hand has written is gone after ``make mappings``: seen here, before CI sees it."""
    mappings = Path(__file__).parents[1] / "mappings"
    monkeypatch.syspath_prepend(str(mappings / "build"))
    monkeypatch.delitem(sys.modules, "rows", raising=False)
    build = runpy.run_path(str(mappings / "build" / "charsets.py"))
    made = {f"{name}.toml": build["render"](spec) for name, spec in build["all_charsets"]().items()}
    assert {path.name: path.read_text("utf-8") for path in (mappings / "charsets").glob("*.toml")} == made
