"""Single fields: the same answer as from the decoder of streams, whatever was decoded before, in any thread, and nothing of it can be set."""

from __future__ import annotations

import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

import gaiji
from gaiji.codes.spec import charset_names
from gaiji.model import Finding

NAMES = sorted(charset_names())
ROLES = ("name", "kana", "address", "other")


def fields(charset: gaiji.Charset, dice: random.Random) -> list[bytes]:
    """Fields of noise, of the charset's own codes whole and cut, short and longer than the buffers, in any order."""
    known = dice.sample(sorted(charset.entries), min(60, len(charset.entries)))
    shift = [*charset.spec.shift_in, *charset.spec.shift_out]
    out = [b"", b"\xff\xfe", b"\xfe\xff", b"\xff\xfeA\x00", b"\xfe\xff\xff\xfe"]
    for length in (1, 2, 3, 7, 20, 300):
        out.append(dice.randbytes(length))
        parts = []
        for size, code in dice.choices(known, k=length):
            parts.append(
                f"{code:0{size}d}".encode() if charset.digits else code.to_bytes(min(size, 4), "big")
            )
            parts += dice.choices([b"", *shift], [6, *(1 for _ in shift)])
        joined = b"".join(parts)
        out += [joined, joined[:-1], joined[1:]]
        out.append("山田　太郎Ａ辻󠄀𠮷か゚".encode()[: length * 2])
    dice.shuffle(out)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_one_field_is_the_stream_of_it(name):
    charset, dice = gaiji.load_charset(name), random.Random(name)
    for role in ROLES:
        for data in fields(charset, dice):
            whole = charset.decode(data, role=role)
            stream = charset.decoder(role=role).feed(data, final=True)
            assert (whole.text, whole.glyphs, whole.codes, whole.findings) == (
                stream.text,
                stream.glyphs,
                stream.codes,
                stream.findings,
            )
            assert charset.decode_text(data, role=role, errors="geta") == stream.text
            if stream.findings:
                first = min(stream.findings, key=lambda finding: finding.offset)
                for strictly in (charset.decode_text, charset.decode):
                    with pytest.raises(gaiji.errors.UndecodableError) as told:
                        strictly(data, role=role, errors="strict")
                    assert (told.value.start, told.value.reason) == (first.offset, first.reason)


def test_results_do_not_share_the_buffers():
    charset = gaiji.load_charset("ibm-939")
    raws = [charset.encode(text) for text in ("山田　太郎", "佐藤", "渡辺花子" * 60, "佐")]
    made = [charset.decode(raw) for raw in raws]
    again = [charset.decoder().feed(raw, final=True) for raw in raws]
    assert [one.glyphs for one in reversed(made)] == [one.glyphs for one in reversed(again)]
    assert made == again


def test_threads_have_buffers_of_their_own():
    charset = gaiji.load_charset("ibm-939")
    texts = ["山田　太郎", "佐藤花子", "渡辺", "一二三四五六七八九十" * 30]
    raws = [charset.encode(text) for text in texts] * 500

    def read(raw: bytes) -> tuple[str, int]:
        made = charset.decode(raw)
        return made.text, len(made.codes)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, raws, chunksize=7)) == [(text, len(text)) for text in texts * 500]


def test_a_result_is_a_value():
    charset = gaiji.load_charset("ibm-939")
    raw = charset.encode("山田") + b"\x0e\x80\xa1\x0f"
    made, same = charset.decode(raw), charset.decode(raw)
    assert made == same
    assert hash(made) == hash(same)
    assert pickle.loads(pickle.dumps(made)) == made
    assert made != charset.decode(raw[:-1])
    assert eval(repr(made), {"Decoded": gaiji.Decoded, "Finding": gaiji.Finding}) == made
    match made:
        case gaiji.Decoded(text, glyphs, codes, (finding,)):
            assert (len(text), len(glyphs), codes[2], finding.code) == (3, 3, "80A1", "80A1")
    for name in ("text", "glyphs", "codes", "findings", "other"):
        with pytest.raises(AttributeError):
            setattr(made, name, "")


def test_what_was_answered_before_makes_no_argument_legal():
    charset = gaiji.load_charset("ibm-939")
    charset.decode(b"A", errors="findings")
    charset.decode_text(b"A", errors="geta")
    for call, errors in ((charset.decode_text, "findings"), (charset.decode, "geta")):
        with pytest.raises(gaiji.errors.ArgumentError):
            call(b"A", errors=errors)
    with pytest.raises(gaiji.errors.ArgumentError):
        charset.decode(b"A", policy={"illegal": "none"})


def test_a_finding_of_a_field_alone_is_one_of_the_class():
    """Made without the class's own constructor, it has all of its fields."""
    made, plain = Finding.found("unmapped-gaiji", "80A1", 3, 1), Finding("unmapped-gaiji", "80A1", 3, 1)
    assert made == plain and repr(made) == repr(plain) and hash(made) == hash(plain)
    assert pickle.loads(pickle.dumps(made)) == plain
