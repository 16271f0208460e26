"""The kernel against hand-made edges, independent codecs, and its own interpreted form."""

from __future__ import annotations

import importlib
from array import array
from functools import cache
from itertools import accumulate

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
HALF = gaiji.load_charset("hitachi-keis83-ebcdik", options={"space": "two-half"})


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
    "planes",
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
    for charset in (IBM, KEIS, HALF):
        assert run(kernel, charset, data) == run(PLAIN, charset, data)


BYTES = st.sampled_from(
    [b"\x40", b"\x0a\x42", b"\x0a\x41", b"\xbb\xb3", b"\xc5", b"\xa1\xa1", b"\x81", b"\xc1"]
)


@pytest.mark.skipif(not kernel.compiled(), reason="the kernel is interpreted here")
@settings(max_examples=100, deadline=None)
@given(st.lists(BYTES, max_size=14).map(b"".join))
def test_compiled_and_interpreted_agree_on_blanks_among_kanji(data):
    for charset in (KEIS, HALF):
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


class Loop:
    """One decode loop over records of one field laid end to end, and everything that it counted."""

    def __init__(
        self,
        module,
        charset,
        records,
        *,
        mode="mixed",
        trim=0,
        carry=0,
        states=None,
        room=1 << 16,
        slots=64,
        **changed,
    ):
        from gaiji.codes import program

        places, names = charset.program(name_field=True).compiled.arguments(program.DEFAULT_POLICY)
        ends = list(accumulate(map(len, records)))
        self.out = bytearray(b"\xee" * (1 << 16))
        found, self.counts = array("q", bytes(8 * 6 * 256)), array("q", bytes(8 * DECODE["N_COUNTS"]))
        self.states = bytearray(states or bytes(len(records)))
        self.offsets = array("q", bytes(8 * (len(records) + 1)))
        work = module.Work(b"".join(records) or b"\0", self.out, found, self.counts)
        starts = array("q", [0, *ends[:-1]])
        self.done = module.decode_rows(
            module.Program(*places, **names | changed), work, charset.mode(mode), trim, carry, starts, array("q", ends), 0, -1,
            self.states, self.offsets, 0, room, slots,
        )  # fmt: skip
        self.written, self.found = work.o, work.n

    def count(self, name):
        return self.counts[DECODE[name]]


LOOPS = [kernel, PLAIN]


@pytest.mark.parametrize("module", LOOPS)
@pytest.mark.parametrize(("mode", "raw"), [("sbcs", b"\xc1"), ("dbcs", b"\xb0\xa1")])
def test_what_a_charset_pads_with_is_dropped_unread_only_where_it_is_a_blank(module, mode, raw):
    """A charset whose padding stands for a character of its own: at the end of a field it is that."""
    fill = {"pad_single": raw[0], "pad_double": (raw * 2)[:2]}
    records = [raw * 3, raw * 20 + b"\x40" * 2, b"", b"\x40" * 4]
    kept = Loop(module, KEIS, records, mode=mode, trim=DECODE["TRIM"])
    for padded, same in (((0, 0), True), ((1, 1), False)):
        done = Loop(module, KEIS, records, mode=mode, trim=DECODE["TRIM"], padded=padded, **fill)
        texts = [loop.out[: loop.written] for loop in (kept, done)]
        assert (texts[0] == texts[1] and done.offsets == kept.offsets and done.counts == kept.counts) == same


@pytest.mark.parametrize("module", LOOPS)
def test_a_loop_stops_before_a_record_that_might_not_fit(module):
    record = KEIS.encode("山田太郎")
    many = [record] * 50
    assert Loop(module, KEIS, many).done == 50
    for room in (500, 600, 700):
        some = Loop(module, KEIS, many, room=room)
        assert 0 < some.done < 50
        assert some.written == some.offsets[some.done] <= room
        assert set(some.out[room:]) == {0xEE}  # nothing is written behind the room
    few = Loop(module, KEIS, [b"\xff" * 6] * 50, slots=20)
    assert 0 < few.done < 50 and few.found <= 20


@pytest.mark.parametrize("module", LOOPS)
@pytest.mark.parametrize(
    ("carry", "state", "low"), [(0, 0, 1), (1, 0, 1), (2, 0, 1), (1, 1, 0), (2, 1, 0), (0, 1, 1)]
)
def test_low_values_are_an_empty_field_where_no_shift_is_open(module, carry, state, low):
    done = Loop(module, KEIS, [bytes(6)], trim=DECODE["EMPTIES"], carry=carry, states=[state])
    assert done.count("LOW_VALUES") == low
    assert (done.written == 0) == bool(low)


@pytest.mark.parametrize("module", LOOPS)
@pytest.mark.parametrize("mode", ["mixed", "dbcs", "sbcs"])
@pytest.mark.parametrize("trim", [0, 1, 2, 3])
def test_blank_fields_are_counted_where_that_is_asked_and_units_once(module, mode, trim):
    trim = (DECODE["TRIM"] if trim & 1 else 0) | (DECODE["EMPTIES"] if trim & 2 else 0)
    done = Loop(module, KEIS, [b"\x40" * 8, b""], mode=mode, trim=trim)
    units = 4 if mode == "dbcs" else 8
    assert done.count("UNITS") == done.count("MAPPED_UNITS") == units and done.count("BYTES") == 8
    trimmed = bool(trim & DECODE["TRIM"])
    assert done.count("TRIMMED_UNITS") == (units if trimmed else 0) and (done.written == 0) == trimmed
    assert done.count("BLANKS") == (trimmed and bool(trim & DECODE["EMPTIES"]))
