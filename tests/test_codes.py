"""How a code is written and read, what one character is, kinds of charsets, streams and what goes to other processes."""

from __future__ import annotations

import pickle
from array import array
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gaiji
from gaiji import errors
from gaiji.codes.code import Form, code_of, read_code, value_of, write_code
from gaiji.codes.kind import KINDS, kind_of
from gaiji.codes.lookup import lookup
from gaiji.codes.program import K
from gaiji.codes.spec import charset_names, load_spec
from gaiji.codes.tables import load_table
from gaiji.columns.decode import Decoder
from gaiji.columns.findings import Grouping
from gaiji.errors import CharsetError, UsageError
from gaiji.errors.messages import Fault
from gaiji.kernel import decode as kernel
from gaiji.model import Field, Reason
from gaiji.queue.queue import Queue
from gaiji.reports.explain import explain
from gaiji.standard.characters import characters, coded, glyphs

GAIJI = {
    "fujitsu-jef": ("80A1", "80A1"),
    "ibm-939": ("0E69410F", "6941"),
    "windows-31j": ("F040", "F040"),
    "eucjp-ms": ("8FF5A1", "8FF5A1"),
    "unicode-utf8": ("EE8080", "E000"),
    "unicode-be": ("E000", "E000"),
    "unicode-le": ("00E0", "E000"),
    "unicode": ("FFFE00E0", "E000"),
    "koseki": ("78", "78"),
    "touki": ("78", "78"),
}
"""One field of each kind with a finding, in hex, and how its code is written."""


# -- write, read, write ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", charset_names())
def test_every_code_of_every_charset_is_written_read_and_written(name):
    charset = gaiji.load_charset(name)
    written = {}
    for size, code in charset.entries:
        text = charset.code(code, size)
        assert read_code(charset.kind.form, text) == (code, size)
        written.setdefault(text, (size, code))
        assert charset.entry(text) is charset.entries[size, code]
    for area in charset.recipe.ranges:
        for code in area.codes():
            text = charset.code(code, area.size)
            assert charset.code(*read_code(charset.kind.form, text)) == text
    assert len(written) == len(charset.entries)  # no two codes are written alike


@given(st.sampled_from(list(Form)), st.integers(0, 0x10FFFF), st.integers(1, 8))
def test_what_is_written_is_read_and_written_the_same(form, code, size):
    limit = 10**size if form is Form.NUMBER and size > 1 else 256 ** min(size, 4)
    size = min(size, 4) if form is not Form.NUMBER else size
    text = write_code(form, code % limit, size)
    if form is Form.NUMBER and size == 2:
        text = text.zfill(2)
    assert write_code(form, *read_code(form, text)) == text


@given(st.integers(0, 0x10FFFF))
def test_a_code_point_with_zeros_before_it_is_the_same_code(point):
    assert read_code(Form.UNICODE, f"{point:06X}") == read_code(Form.UNICODE, f"{point:04x}")


@pytest.mark.parametrize(
    ("form", "text"),
    [(Form.HEX, "80A"), (Form.HEX, ""), (Form.HEX, "80 A1"), (Form.NUMBER, "1"), (Form.NUMBER, "34992G"),
     (Form.UNICODE, "U+E000"), (Form.UNICODE, "E00"), (Form.HEX, "٣٤")],
)  # fmt: skip
def test_what_is_no_code_is_refused(form, text):
    with pytest.raises(UsageError, match="is not a code"):
        read_code(form, text)


@given(st.integers(0, 0xFFFFFF), st.integers(1, 7))
def test_values_of_the_kernels_come_back(code, size):
    assert code_of(value_of(code, size)) == (code, size)


# -- the speakers ------------------------------------------------------------------------------------


def job(tmp_path, charset, raw):
    (tmp_path / "in.dat").write_bytes(raw)
    (tmp_path / "job.toml").write_text(
        f"""
[source]
path = "in.dat"
charset = "{charset}"
format = "fixed"
record_length = {len(raw)}

[[field]]
name = "name"
offset = 0
length = {len(raw)}
type = "{"dbcs" if charset == "fujitsu-jef" else "mixed"}"
role = "name"

[output]
path = "out.csv"
""",
        "utf-8",
    )
    return tmp_path / "job.toml"


@pytest.mark.parametrize("name", GAIJI)
def test_queue_explain_columns_and_decode_name_a_code_alike(name, tmp_path, monkeypatch):
    raw, written = bytes.fromhex(GAIJI[name][0]), GAIJI[name][1]
    charset = gaiji.load_charset(name)
    type = "dbcs" if name == "fujitsu-jef" else ""
    out = charset.decode(raw, type=type)
    assert [f.code for f in out.findings] == [written] and written in out.codes
    assert charset.decode_many([raw], type=type).findings["code"].to_list() == [written]
    with pytest.raises(errors.UndecodableError) as error:
        charset.decode_text(raw, type=type)
    assert error.value.code == written

    if name == "unicode":
        raw = raw[2:][::-1]  # a file is one field after another: its byte order stands before the first only
    path = job(tmp_path, name, raw)
    gaiji.convert(path)
    assert {item.code for item in Queue(f"sqlite:///{tmp_path}/review.sqlite").items()} == {written}
    parts = [part for part in explain(path, 1) if part["kind"] == "character"]
    assert [part["code"] for part in parts] == [written]
    grouping = Grouping(
        Decoder(charset, (), csv=False, form="needed", policy={}, trim=False, carry=False),
        policy={}, samples=1, key="", context="none",
    )  # fmt: skip
    number, size = read_code(charset.kind.form, written)
    assert grouping.code_hex(Field("a", 0, 1), number, size) == written


@pytest.mark.parametrize("table", ["fujitsu/jef-jis78", "official/koseki", "official/juki"])
def test_lookup_reads_what_is_written(table):
    rows = load_table(table)
    row = next(row for row in rows.rows if row.glyph and "|" not in row.glyph)
    written = write_code(rows.form, row.code, row.size)
    assert row.glyph in {glyph.name for glyph in lookup(f"{rows.system}:{written}")}


def test_a_site_table_holds_codes_as_the_queue_writes_them(tmp_path):
    path = tmp_path / "city.tsv"
    path.write_text("code\tucs\tglyph\nE000\t\tMJ026191\nF0001\t\tMJ026192\n", "utf-8")
    for name in ("unicode-utf8", "unicode-be", "unicode-le"):
        charset = gaiji.load_charset(name, [path])
        codec = {"unicode-utf8": "utf-8", "unicode-be": "utf-16-be", "unicode-le": "utf-16-le"}[name]
        out = charset.decode("渡\ue000\U000f0001A".encode(codec))
        assert out.codes == ("6E21", "E000", "F0001", "0041")
        assert out.glyphs == ("MJ015547", "MJ026191", "MJ026192", None)


# -- kinds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", charset_names())
def test_every_charset_file_names_a_kind(name):
    assert kind_of(load_spec(name).kind) in KINDS.values()


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(CharsetError, match="did you mean 'shifted'"):
        kind_of("shiftet")


def test_no_module_compares_the_name_of_a_kind():
    from pathlib import Path

    root = Path(gaiji.__file__).parent
    left: set[str] = set()
    wrong = [
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if "spec.kind" in path.read_text("utf-8").replace("kind_of(spec.kind)", "")
    ]
    assert set(wrong) <= left


@pytest.mark.parametrize(("name", "codec"), [("unicode-le", "utf-16-le"), ("unicode-be", "utf-16-be")])
@pytest.mark.parametrize("text", ["丁目200", "0000", "丁目　　", "丁目" + "　" * 20, "10 "])
def test_trimming_takes_spaces_and_nothing_else(name, codec, text):
    """Little-endian text lost every 0 at its end: the pad's bytes stood in the wrong order."""
    charset, raw = gaiji.load_charset(name), text.encode(codec)
    program = charset.program(name_field=False)
    out, found = bytearray(4096), array("q", bytes(8 * K["FINDING"] * 64))
    work = kernel.Work(raw, out, found, array("q", bytes(8 * K["N_COUNTS"])))
    kernel.decode_rows(
        program, work, charset.mode(), 1, 0, array("q", [0]), array("q", [len(raw)]), 0, -1, bytearray(1),
        array("q", [0, 0]), 0, 4000, 64,
    )  # fmt: skip
    assert out[: work.o].decode() == text.rstrip(" \u3000")


# -- characters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "people", "drawn"),
    [
        ("渡邉\U000e0119様", ["渡", "邉\U000e0119", "様"], None),
        ("辻\ufe00", ["辻\ufe00"], None),
        ("か\u309aは\u3099", ["か\u309a", "は\u3099"], None),
        ("ﾜﾀﾅﾍﾞ", ["ﾜ", "ﾀ", "ﾅ", "ﾍﾞ"], ["ﾜ", "ﾀ", "ﾅ", "ﾍ", "ﾞ"]),
        ("ﾊﾟﾟ", ["ﾊﾟ", "ﾟ"], ["ﾊ", "ﾟ", "ﾟ"]),
        ("\U000e0100辻", ["\U000e0100", "辻"], None),
        ("\n辻", ["\n", "辻"], None),
        ("", [], None),
    ],
)
def test_what_one_character_is(text, people, drawn):
    assert characters(text) == people
    assert glyphs(text) == (drawn or people)


def test_tags_are_one_character():
    assert coded("渡{JEF:80A1}邉\U000e0119") == ["渡", "{JEF:80A1}", "邉\U000e0119"]


@given(st.text())
def test_characters_lose_nothing(text):
    assert "".join(characters(text)) == "".join(glyphs(text)) == "".join(coded(text)) == text


# -- streams -----------------------------------------------------------------------------------------


def test_a_byte_order_mark_keeps_role_form_and_policy(tmp_path):
    path = tmp_path / "city.tsv"
    path.write_text("code\tucs\tglyph\nE001\t\tMJ026191\n", "utf-8")
    charset = gaiji.load_charset("unicode", [path], options={"pua": "E92E", "dash": "microsoft"})
    text = "\ue000◎\ue001"
    policy = {"unmapped-gaiji": "tag", Reason.ALREADY_LOST: "geta"}
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-16-be", b"")):
        raw = mark + text.encode(codec)
        name = charset.decode(raw, form="always", policy=policy)
        assert name.text == "{UCS:E000}〓邉\U000e0119"
        assert [f.offset - len(mark) for f in name.findings] == [0, 2]
        other = charset.decode(raw, role="address", form="never", policy=policy)
        assert other.text == "{UCS:E000}◎邉" and len(other.findings) == 1
        column = charset.decode_many([raw, None, "辻".encode("utf-16-be")], form="always", policy=policy)
        assert column.texts.to_list() == [name.text, None, "辻"]
        assert column.findings["offset"].to_list() == [f.offset for f in name.findings]
        assert column.glyphs.to_list() == [list(name.glyphs), None, ["MJ025761"]]


def test_a_decoder_begins_anew():
    charset = gaiji.load_charset("ibm-939")
    decoder = charset.decoder()
    decoder.feed(b"\x0e\x45")
    decoder.reset()
    assert (decoder.held, decoder.state) == (0, 0)
    assert decoder.feed(b"\xc1", final=True) == charset.decode(b"\xc1")
    little = gaiji.load_charset("unicode").decoder()
    assert little.feed(b"\xff\xfe\xbb\x8f\n\0").text == "辻\n"
    little.reset()
    assert little.feed(b"\x8f\xbb\0\n").text == "辻\n"  # no mark: big-endian again


# -- other processes ---------------------------------------------------------------------------------


def in_other_process(charset, raw):
    return charset.decode(raw, form="always"), charset.decode_text(raw, errors="geta")


def fails_in_other_process(charset, what):
    if what == "decode":
        return charset.decode_text(b"\x28\x80\xa1\x29")
    return charset.encode("𪚥")


def test_charsets_and_errors_go_to_other_processes_and_back(tmp_path):
    path = tmp_path / "city.tsv"
    path.write_text("code\tucs\tglyph\n80A1\t\tMJ026191\n", "utf-8")
    charset = gaiji.load_charset("fujitsu-jef-ebcdik", [path], options={"reading": "position"})
    plain = gaiji.load_charset("fujitsu-jef-ebcdik")
    raw = bytes.fromhex("28B0A280A129")
    here = in_other_process(charset, raw)  # compiled, and pickled nevertheless
    path.unlink()  # a site table goes along, not its path
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(in_other_process, charset, raw).result() == here
        for what, start in (("decode", 1), ("encode", 0)):
            with pytest.raises(CharsetError) as error:
                pool.submit(fails_in_other_process, plain, what).result()
            assert isinstance(error.value, UnicodeError) and error.value.start == start


def test_a_compiled_program_comes_back_the_same():
    program = gaiji.load_charset("ibm-1399").program(policy={Reason.ILLEGAL: "tag"}, form="always")
    again = pickle.loads(pickle.dumps(program))
    assert (again.compiled, again.rules) == (program.compiled, program.rules)
    assert (again.kind, again.bound, again.units) == (program.kind, program.bound, program.units)


def test_a_charset_does_not_come_back_with_other_tables(monkeypatch):
    from gaiji.codes import spec as module

    data = pickle.dumps(gaiji.load_charset("ibm-939"))
    real = module.load_table
    monkeypatch.setattr(
        module, "load_table", lambda *given: __import__("dataclasses").replace(real(*given), sha256="0")
    )
    with pytest.raises(CharsetError, match="other tables"):
        pickle.loads(data)


def every_error():
    kinds = [errors.GaijiError]
    for kind in kinds:
        kinds += [k for k in kind.__subclasses__() if k.__module__.startswith("gaiji") and k not in kinds]
    return kinds


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_can_be_pickled(kind):
    import inspect

    made = {
        "what": Fault("E9999", "what"), "path": "a.tsv", "record": 3, "offset": 12, "line": 7, "start": 1, "end": 2, "raw": b"ab",
    }  # fmt: skip
    names = list(inspect.signature(kind).parameters.values())
    places = [made.get(p.name, p.name) for p in names if p.kind is p.POSITIONAL_OR_KEYWORD]
    others = {p.name: made.get(p.name, p.name) for p in names if p.kind is p.KEYWORD_ONLY}
    error = kind(*places, **others)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error) and again.__dict__ == error.__dict__


def test_a_tag_has_every_digit():
    """A byte that is no number stands as two hex digits, in the tag as in the queue."""
    koseki = gaiji.load_charset("koseki")
    policy = dict.fromkeys(("illegal", "broken-shift", "unmapped-gaiji", "unmapped-extension"), "tag")
    for raw in (b"x", b"\x7f", b"\xfe", b"999999", b"000000"):
        found = koseki.decode(raw, policy=policy)
        assert found.text == f"{{{koseki.system}:{found.codes[0]}}}" and found.findings[0].code in found.text
