"""The kernel against hand-made edges, independent codecs, and its own interpreted form."""

from __future__ import annotations

import importlib
from array import array
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import interpreted

import gaiji
from gaiji.kernel import decode as kernel
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import Reason

loaded = cache(gaiji.load_charset)
IBM = gaiji.load_charset("ibm-939")
KEIS = gaiji.load_charset("hitachi-keis83-ebcdik")


def reasons(charset, data, **more):
    out = charset.decode(data, **more)
    return out.text, [(f.reason, f.code, f.offset) for f in out.findings]


KERNELS = (
    "decode",
    "cut",
    "described",
    "numbers",
    "join",
    "encode",
    "compare",
    "numbers_back",
    "shape",
    "digits",
    "unread",
    "recut",
)


def test_a_name_has_one_value_in_all_kernels():
    """Each kernel has constants of its own, so that none needs another for them. Compiled or not, they agree."""
    values = {}
    for name in KERNELS:
        module = importlib.import_module(f"gaiji.kernel.{name}")
        assert module.CONSTANTS == interpreted(name).CONSTANTS
        for constant, value in module.CONSTANTS.items():
            values.setdefault(constant, {})[name] = value
    assert len(values) > 40
    assert values.pop("FLAGGED") == {"decode": 4, "compare": 3}  # a counter, and a class of rows
    assert [constant for constant, found in values.items() if len(set(found.values())) > 1] == []


def test_every_constant_of_a_kernel_is_listed():
    for name in KERNELS:
        module = interpreted(name)
        plain = {n: v for n, v in vars(module).items() if n.isupper() and isinstance(v, int)}
        assert {n: v for n, v in module.CONSTANTS.items() if isinstance(v, int)} == plain


def test_reason_numbers_are_those_of_the_kernels():
    reasons = {reason.name: int(reason) for reason in Reason}
    for name in ("decode", "encode", "compare"):
        constants = importlib.import_module(f"gaiji.kernel.{name}").CONSTANTS
        shared = {
            n: constants[n]
            for n in ("ILLEGAL", "BROKEN_SHIFT", "OVERFLOW", "NOT_IN_STANDARD")
            if n in constants
        }
        assert shared and shared.items() <= reasons.items()


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


PLAIN = interpreted("decode")


def run(module, charset, data, monkeypatch=None):
    from gaiji.codes import program

    places, names = charset.program(name_field=True).compiled.arguments(program.DEFAULT_POLICY)
    compiled = module.Program(*places, **names)
    capacity = (len(data) + 1) * 32 + 256
    out, found = bytearray(capacity), array("q", bytes(8 * 6 * (len(data) + 4)))
    counts, offsets, states = array("q", bytes(8 * DECODE["N_COUNTS"])), array("q", [0, 0]), bytearray(1)
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
    _, found, counts, _ = run(kernel, loaded(name), data)
    flagged = sum(counts[DECODE["FLAGGED"] : DECODE["FLAGGED"] + 11])
    assert counts[DECODE["BYTES"]] == len(data)
    assert (
        counts[DECODE["UNITS"]] == counts[DECODE["MAPPED_UNITS"]] + counts[DECODE["PASSED_UNITS"]] + flagged
    )
    assert len(found) == 6 * flagged
