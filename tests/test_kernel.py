"""The kernel against hand-made edges, independent codecs, and its own interpreted form."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.codes.program import K
from gaiji.kernel import decode as kernel
from gaiji.model import Reason

IBM = gaiji.load_charset("ibm-939")
KEIS = gaiji.load_charset("hitachi-keis83-ebcdik")


def reasons(charset, data, **more):
    out = charset.decode(data, **more)
    return out.text, [(f.reason, f.code, f.offset) for f in out.findings]


def numbers(module):
    """The names in capitals that a kernel's source gives a whole number, as written."""
    source = ast.parse((Path(gaiji.__file__).parent / "kernel" / f"{module}.py").read_text("utf-8"))
    return {
        node.targets[0].id: node.value.value
        for node in source.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
    }


def test_numbers_that_kernels_share_are_the_same_in_each():
    """The kernels import nothing of each other; what they mean by one name is held equal here."""
    decode, encode, io = numbers("decode"), numbers("encode"), numbers("io")
    own = {"FLAGGED"}  # a counter's index to one, a verdict on a field to the other
    shared = set(decode) & set(encode) - own
    assert shared >= {"SHIFTED", "LEAD", "DECIMAL", "UTF8", "MIXED", "DOUBLE", "SINGLE", "FINDING", "SLACK"}
    assert {name: decode[name] for name in shared} == {name: encode[name] for name in shared}
    assert set(encode) & set(io) == {"ZONED", "PACKED", "BINARY"} and not set(decode) & set(io)
    assert all(encode[name] == io[name] for name in set(encode) & set(io))


@pytest.mark.parametrize("module", ["decode", "encode", "io"])
def test_a_kernel_hands_out_the_numbers_of_its_source(module):
    """Compiled or not: a compiled kernel older than its source is seen here."""
    written = numbers(module)
    handed = importlib.import_module(f"gaiji.kernel.{module}").CONSTANTS
    assert handed == {name: written[name] for name in handed}


def test_reason_numbers_are_those_of_the_kernels():
    for module in ("decode", "encode"):
        found = {name: n for name, n in numbers(module).items() if name in Reason.__members__}
        assert {"ILLEGAL", "BROKEN_SHIFT"} <= set(found)
        assert found == {name: Reason[name].value for name in found}
    # A counter for each reason, before the one of bytes; a reason fits into four bits beside the other two.
    assert K["FLAGGED"] + max(Reason) < K["BYTES"] < K["N_COUNTS"]
    assert K["MAPPED"] < min(Reason) and max(Reason) < K["LONG"] < 16


def test_a_two_byte_shift_in_place_of_a_second_half():
    assert reasons(KEIS, bytes.fromhex("0A42B0A1B00A41C1"))[1] == [("broken-shift", "B0", 4)]


def test_odd_double_byte_field():
    assert reasons(IBM, bytes.fromhex("455A45"), type="dbcs")[1] == [("broken-shift", "45", 2)]


def test_lost_characters_are_findings_only_in_names():
    lost = IBM.encode("◎")
    assert [f.reason for f in IBM.decode(lost).findings] == ["already-lost"]
    assert IBM.decode(lost, role="address").findings == ()


def test_must_show_codes():
    jef = gaiji.load_charset("fujitsu-jef")
    assert jef.decode(bytes.fromhex("C4D467A5")).glyphs == ("MJ025761", "MJ025760")
    assert gaiji.load_charset("nec-jips-e").decode(bytes.fromhex("5EB0")).text == "字"
    for name, glyph in (("jis90", "MJ022335"), ("jis2004", "MJ022336")):
        assert gaiji.load_charset(f"windows-31j-{name}").decode("葛".encode("cp932")).glyphs == (glyph,)
    juki = gaiji.load_charset("juki")
    assert juki.decode(bytes.fromhex("845BBD47")).glyphs == ("MJ022335", "MJ026191")


def test_user_area_of_three_byte_euc():
    found = gaiji.load_charset("eucjp-ms").decode(bytes.fromhex("8FF5A1")).findings
    assert [(f.reason, f.code) for f in found] == [("unmapped-gaiji", "8FF5A1")]


SAMPLES = {
    "ibm-939": bytes.fromhex("C10E455A69410F820E456E"),
    "hitachi-keis83-ebcdik": bytes.fromhex("C10A42B0A181A1B00A41C10A42B0A1"),
    "windows-31j": "渡邉A葛".encode("cp932") + b"\xf0\x40\x81",
    "eucjp-ms": "渡邉A".encode("euc-jp") + b"\x8f\xf5\xa1\x8f\xb0\xa1\xa4",
    "unicode-utf8": "渡邉A𠮷\ue000".encode() + b"\xe6\xb8",
    "unicode-be": "渡邉A𠮷\ue000".encode("utf-16-be") + b"\xd8\x42",
    "koseki": b"445000349920x12345",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_stream_may_be_cut_anywhere(name):
    charset, data = gaiji.load_charset(name), SAMPLES[name]
    whole = charset.decode(data)
    for cut in range(len(data) + 1):
        decoder = charset.decoder()
        parts = [decoder.feed(data[:cut]), decoder.feed(data[cut:], final=True)]
        assert "".join(p.text for p in parts) == whole.text
        assert sum((p.codes for p in parts), ()) == whole.codes
        assert sum((p.findings for p in parts), ()) == whole.findings


def interpreted():
    path = Path(kernel.__file__).with_name("decode.py")
    spec = importlib.util.spec_from_file_location("gaiji_kernel_interpreted", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = interpreted()


def run(module, charset, data, monkeypatch=None):
    from gaiji.codes import program

    old, program.kernel = program.kernel, module
    try:
        compiled = program.Compiler(
            charset._recipe(), program.DEFAULT_POLICY, name_field=True, units=0
        ).build(charset._units("needed"))
    finally:
        program.kernel = old
    capacity = (len(data) + 1) * 32 + 256
    out, found = bytearray(capacity), array("q", bytes(8 * 6 * (len(data) + 4)))
    counts, offsets, states = array("q", bytes(8 * K["N_COUNTS"])), array("q", [0, 0]), bytearray(1)
    work = module.Work(data or b"\0", out, found, counts)
    module.decode_rows(
        compiled,
        work,
        charset.mode(),
        1,
        0,
        array("q", [0]),
        array("q", [len(data)]),
        0,
        -1,
        states,
        offsets,
        0,
        capacity - 8,
        len(data) + 4,
    )
    return bytes(out[: work.o]), found[: work.n * 6].tolist(), counts.tolist(), states


@pytest.mark.skipif(not kernel.compiled(), reason="the kernel is interpreted here")
@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=40))
def test_compiled_and_interpreted_agree(data):
    for charset in (IBM, KEIS):
        assert run(kernel, charset, data) == run(PLAIN, charset, data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(sorted(SAMPLES)))
def test_every_byte_is_accounted_for(data, name):
    _, found, counts, _ = run(kernel, gaiji.load_charset(name), data)
    flagged = sum(counts[K["FLAGGED"] : K["FLAGGED"] + 11])
    assert counts[K["BYTES"]] == len(data)
    assert counts[K["UNITS"]] == counts[K["MAPPED_UNITS"]] + counts[K["PASSED_UNITS"]] + flagged
    assert len(found) == 6 * flagged
