"""Columns of bytes and text: every kind of input gives what single fields give, nulls stay, codecs when asked."""

from __future__ import annotations

import codecs
import gc
import subprocess
import sys
from array import array
from functools import lru_cache
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quick import mostly_slow
from twins import interpreted

import gaiji
from gaiji.codes import registry
from gaiji.codes.spec import charset_names
from gaiji.errors import ArgumentError, CharsetError, UndecodableError, UnencodableError
from gaiji.kernel import cut
from gaiji.kernel.arrow import binary_cells
from gaiji.names.keys import key, keys


@lru_cache(maxsize=64)
def load(name):
    return gaiji.load_charset(name)


JEF = load("fujitsu-jef-ebcdik")
IBM = load("ibm-939")
RAWS = [bytes.fromhex("28C4D429"), None, b"", bytes.fromhex("2880A1C4D4"), b"\xc1\xc2", bytes.fromhex("28C4")]


def alike(charset, raws, column, **how):
    """What a column says is what each value says alone."""
    given = [i for i, raw in enumerate(raws) if raw is not None]
    single = {i: charset.decode(raws[i], **how) for i in given}
    texts = [single[i].text if i in single else None for i in range(len(raws))]
    assert column.texts.to_list() == texts
    assert column.glyphs.to_list() == [
        list(single[i].glyphs) if i in single else None for i in range(len(raws))
    ]
    found = [(i, f.reason, f.code, f.offset, f.position) for i in given for f in single[i].findings]
    columns = ("row", "reason", "code", "offset", "position")
    assert sorted(column.findings.select(columns).rows()) == sorted(found)
    for i in given:
        assert charset.decode_text(raws[i], errors="geta", **how) == single[i].text
        if single[i].findings:
            with pytest.raises(UndecodableError) as error:
                charset.decode_text(raws[i], **how)
            with pytest.raises(UndecodableError) as other:
                charset.decode(raws[i], errors="strict", **how)
            assert error.value.start == other.value.start == min(f.offset for f in single[i].findings)
            assert error.value.reason == other.value.reason and error.value.end == other.value.end


@pytest.mark.parametrize(
    "name", mostly_slow(charset_names(), ("windows-31j", "fujitsu-jef-ebcdik", "unicode-utf8", "koseki"))
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_column_of_any_bytes_is_its_fields(name, data):
    charset = load(name)
    known = [charset.code(e.row.code, e.row.size) for e in list(charset.entries.values())[:40]]
    if charset.kind.unicode:
        codec = charset.kind.codec if charset.kind.wide else "utf-8"
        known = [
            text.encode(codec).hex()
            for text in ("葛\U000e0100", "\U00020122", "か\u3099", "\U000e0101", "山")
        ]
    legal = [bytes.fromhex(c) for c in known if len(c) % 2 == 0 and not charset.kind.numbered]
    legal += [c.encode() for c in known if charset.kind.numbered]
    part = st.one_of(
        st.binary(max_size=6), st.sampled_from([*legal, b"\xff\xfe", b"\xfe\xff", b"\x0e", b"0"])
    )
    value = st.one_of(st.none(), st.lists(part, max_size=4).map(b"".join))
    raws = data.draw(st.lists(value, max_size=6))
    role = data.draw(st.sampled_from(["name", "other"]))
    alike(charset, raws, charset.decode_many(raws, role=role), role=role)


def kinds(values):
    """The same column as each kind of object that is installed here."""
    yield "list", values
    yield "tuple", tuple(values)
    yield (
        "polars",
        pl.Series("c", values, dtype=pl.Binary if any(isinstance(v, bytes) for v in values) else None),
    )
    np = pytest.importorskip("numpy")
    yield "numpy objects", np.array(values, dtype=object)
    yield "arrow", Arrow(pl.Series("c", values))
    for name in ("pandas", "pyarrow"):
        try:
            module = __import__(name)
        except ImportError:
            continue
        yield name, module.Series(values, dtype=object) if name == "pandas" else module.array(values)


class Arrow:
    """An object of which nothing is known but that it speaks Arrow."""

    def __init__(self, series):
        self.series = series

    def __arrow_c_stream__(self, requested_schema=None):
        return self.series.__arrow_c_stream__(requested_schema)


def test_every_kind_of_column_of_bytes_gives_the_same():
    for what, values in kinds(RAWS):
        column = JEF.decode_many(values)
        assert column.texts.to_list()[0] == "辻", what
        alike(JEF, RAWS, column)


def test_numpy_bytes_of_one_width():
    np = pytest.importorskip("numpy")
    column = JEF.decode_many(np.array([bytes.fromhex("28C4D429"), b"\xc1"], dtype="S8"))
    assert column.texts.to_list() == ["辻", "A"]


def test_an_empty_column():
    column = JEF.decode_many([])
    assert (column.texts.to_list(), column.glyphs.to_list(), column.findings.rows()) == ([], [], [])
    assert column.texts.dtype == pl.String and column.glyphs.dtype == pl.List(pl.String)
    assert JEF.encode_many([]).codes.to_list() == []


def test_strict_columns_name_the_first_row():
    with pytest.raises(UndecodableError) as error:
        JEF.decode_many(RAWS, errors="strict")
    assert (error.value.code, error.value.start, error.value.end) == ("28", 0, 1)
    assert error.value.__notes__ == ["row 3 of the column, counted from 0"]
    with pytest.raises(UnencodableError) as error:
        JEF.encode_many(["辻", "辻𪚥"])
    assert (error.value.start, error.value.end, error.value.points) == (1, 2, "2A6A5")


def test_columns_of_text_are_encoded_as_single_texts_are():
    texts = ["渡邉", None, "", "A辻B", "𪚥辻𪚥", "ｱｲｳ"]
    for what, values in kinds(texts):
        column = JEF.encode_many(values, errors="geta")
        one = [None if t is None else JEF.encode(t, errors="geta") for t in texts]
        assert column.codes.to_list() == one, what
        assert column.findings.rows() == [(4, 0, "𪚥", "illegal"), (4, 2, "𪚥", "illegal")]
    with pytest.raises(UnencodableError) as error:
        JEF.encode("辻辻\U000e0102𪚥")
    assert (error.value.start, error.value.end) == (3, 4)


def test_long_columns_grow_their_buffers():
    raws = [bytes.fromhex("28" + "80A1" * (n % 400) + "29") for n in range(3000)]
    column = JEF.decode_many(raws)
    assert column.findings["row"].value_counts().height == 3000 - len(range(0, 3000, 400))
    assert column.texts.str.len_chars().to_list() == [n % 400 for n in range(3000)]
    assert JEF.decode_text(raws[399], errors="geta") == "〓" * 399


def test_shrink_and_keys_take_the_same_columns():
    names = ["渡邉\U000e0119", None, "辻"]
    for what, values in kinds(names):
        out = gaiji.shrink(values)
        assert out.text.to_list() == [gaiji.shrink(n).text if n else None for n in names], what
        made = keys(values)
        listed = (
            made
            if isinstance(made, list | tuple)
            else made.to_list()
            if hasattr(made, "to_list")
            else made.tolist()
        )
        assert list(listed) == [key(n) if n else None for n in names], what
        if what in ("list", "tuple", "polars", "numpy objects", "pandas"):
            assert type(made) is type(values)


# -- codecs ------------------------------------------------------------------------------------------


def test_nothing_is_registered_by_an_import():
    code = "import gaiji, codecs; cs = gaiji.load_charset('ibm-939')\ntry: codecs.lookup('gaiji-ibm-939')\nexcept LookupError: print('none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "none\n"


def test_charsets_are_codecs_when_asked(tmp_path):
    gaiji.codes.register()
    raw = JEF.encode("A辻B")
    assert raw.decode("gaiji-fujitsu-jef-ebcdik") == "A辻B"
    assert "A辻B".encode("gaiji-fujitsu-jef-ebcdik") == raw
    assert b"\x28\x80\xa1\x29".decode("gaiji-fujitsu-jef-ebcdik", "geta") == "〓"
    with pytest.raises(UnicodeError) as error:
        b"\x28\x80\xa1\x29".decode("gaiji-fujitsu-jef-ebcdik")
    assert error.value.start == 1
    for how in ("replace", "ignore", "surrogateescape"):
        with pytest.raises(ArgumentError):
            b"\x28\x80\xa1\x29".decode("gaiji-fujitsu-jef-ebcdik", how)
    path = tmp_path / "a.txt"
    path.write_bytes(raw * 2000)
    with open(path, encoding="gaiji-fujitsu-jef-ebcdik", newline="") as file:
        assert file.read() == "A辻B" * 2000
    pieces = (raw[i : i + 1] for i in range(len(raw)))
    assert "".join(codecs.iterdecode(pieces, "gaiji-fujitsu-jef-ebcdik")) == "A辻B"


def test_a_charset_with_site_tables_is_a_codec_of_its_own_name(tmp_path):
    path = tmp_path / "city.tsv"
    path.write_text("code\tucs\tglyph\n80A1\t\tMJ026191\n", "utf-8")
    try:
        gaiji.load_charset("fujitsu-jef-ebcdik", [path]).register("jef-of-our-town")
        assert b"\x28\x80\xa1\x29".decode("jef-of-our-town") == "邉\U000e0119"
        with pytest.raises(ArgumentError, match="codec already"):
            JEF.register("cp932")
    finally:
        registry.forget("jef-of-our-town")
    with pytest.raises(LookupError):
        codecs.lookup("jef-of-our-town")


def test_strict_is_a_charset_error_too():
    with pytest.raises(CharsetError):
        JEF.decode_text(b"\x28\x80\xa1\x29")


@pytest.mark.parametrize("raw", [b"12", b"0", b"1234567", b"0000000x"])
def test_a_number_cut_short_ends_at_the_same_byte_however_it_is_read(raw):
    """Digits of a number that are one byte in hex besides."""
    charset = gaiji.load_charset("touki")
    ends = []
    for read in (
        charset.decode,
        charset.decode_text,
        lambda data, errors: charset.decode_many([data], errors=errors),
    ):
        with pytest.raises(UndecodableError) as error:
            read(raw, errors="strict")
        ends.append((error.value.start, error.value.end))
    assert len(set(ends)) == 1 and ends[0][1] <= len(raw)


@pytest.mark.parametrize("rows", [0, 1, 5, 1000])
@pytest.mark.parametrize("longest", [0, 12, 13, 40, 5000])
def test_cells_are_read_where_polars_has_them(rows, longest):
    """Values in their views and behind them, nulls, several chunks, slices: what ``to_list`` gives"""
    rng = Random(rows + longest)
    values = [rng.randbytes(rng.randint(0, longest)) if rng.random() < 0.9 else None for _ in range(rows)]
    series = pl.Series(values, dtype=pl.Binary)
    chunks = pl.concat([series, series[:3], series], rechunk=False)
    for one in (series, chunks, chunks[1:], series[1:], series[2:7], series.reverse()):
        src, begins, ends = binary_cells(one)
        cells = [src[a:b] for a, b in zip(begins, ends, strict=True)]
        assert cells == [value or b"" for value in one.to_list()]


@pytest.mark.parametrize("kernel", [cut, interpreted("cut")], ids=["as installed", "interpreted"])
def test_both_kernels_find_the_places_of_values(kernel):
    """Values in their view, behind it, of no length, and the view of a null, which may hold anything."""
    views = array("i", [2, 1, 0, 0, 13, 7, 1, 5, 0, 9, 9, 9, 40, 1, 77, 3, 12, 1, 2, 3])
    starts, ends = array("q", [-1] * 6), array("q", [-1] * 6)
    kernel.place_views(memoryview(views), array("q", [1000, 2000]), 100, starts, ends, 1)
    assert starts.tolist() == [-1, 104, 2005, 136, 152, 168]
    assert ends.tolist() == [-1, 106, 2018, 136, 192, 180]


@pytest.mark.parametrize("kernel", [cut, interpreted("cut")], ids=["as installed", "interpreted"])
def test_both_kernels_put_the_values_of_a_list_end_to_end(kernel):
    for values in ([b"ab", b"", b"cde", b""], [b""], []):
        starts, ends = (array("q", [-1] * len(values)) for _ in range(2))
        src = bytearray(b"." * (len(b"".join(values)) + 1))
        assert kernel.place_values(values, starts, ends) == len(src) - 1
        kernel.put_values(values, starts, ends, src)
        assert src == b"".join(values) + b"."
        assert [bytes(src[a:b]) for a, b in zip(starts, ends, strict=True)] == values
    for values in ([b"ab", None], [bytearray(b"a")], ["a"], [b"a", memoryview(b"b")]):
        places = array("q", [0] * len(values))
        assert kernel.place_values(values, places, places) == -1


def test_glyphs_are_read_again_from_what_was_given():
    """Of a list, and of a column that nobody else keeps: after it is gone its memory is still there."""
    names = ["田中", "山田太郎", "", "佐藤"] * 50
    raws = [IBM.encode(name) for name in names]
    wanted = [list(IBM.decode(raw).glyphs) for raw in raws[:4]] * 50
    columns = [raws, pl.Series(raws, dtype=pl.Binary), pl.Series([b"\x0e" * 40, *raws], dtype=pl.Binary)[1:]]
    while columns:
        done = IBM.decode_many(columns.pop())
        gc.collect()
        junk = [pl.Series([bytes(12)] * 200, dtype=pl.Binary) for _ in range(50)]
        assert done.glyphs.to_list() == wanted and junk


def test_a_list_may_change_after_it_was_read():
    raws = [IBM.encode("田中"), IBM.encode("佐藤")]
    done = IBM.decode_many(raws)
    raws.clear()
    assert done.texts.to_list() == ["田中", "佐藤"] and len(done.glyphs) == 2
