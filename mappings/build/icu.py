"""ICU's converters as tables: every code decoded, every character encoded, through ``uconv``.

Owns the enumeration and the round-trip / encode-only / decode-only flags, which are ICU's own fallbacks.
Does not own which converter a charset uses (``ibm.py``).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from rows import DECODE_ONLY, ENCODE_ONLY, ROUND_TRIP

Entry = tuple[bytes, str, int]
SHIFT_OUT, SHIFT_IN = 0x0E, 0x0F
# A single byte that no double byte maps to, and the character it is: it keeps the answers apart.
MARK_BYTE, MARK = 0xF0, "0"


def run(args: list[str], data: bytes) -> bytes:
    """``uconv`` with these arguments on these bytes."""
    return subprocess.run(["uconv", *args], input=data, capture_output=True, check=True).stdout


def _decode(converter: str, units: list[bytes]) -> list[str]:
    data = bytes((MARK_BYTE,)).join([*units, b""])
    answer = run(["-f", converter, "-t", "UTF-32BE", "--from-callback", "substitute"], data)
    parts = answer.decode("utf-32-be").split(MARK)
    assert len(parts) == len(units) + 1, (converter, len(parts), len(units))
    return parts[:-1]


def _encodable() -> list[str]:
    planes = [*range(0x20, 0xD800), *range(0xF900, 0xFFFE), *range(0x1F000, 0x33480)]
    return [chr(cp) for cp in planes if chr(cp) != MARK]


def _encode(converter: str, texts: list[str], fallback: bool) -> list[tuple[bytes, bool]]:
    """Each text as ``(bytes, is double)``; no bytes where the converter has none."""
    data = "".join(text + MARK for text in texts).encode()
    flag = "--fallback" if fallback else "--no-fallback"
    answer = run(["-f", "UTF-8", "-t", converter, "--to-callback", "skip", flag], data)
    out = list(_units(answer))
    assert len(out) == len(texts), (converter, len(out), len(texts))
    return out


def _units(answer: bytes) -> Iterator[tuple[bytes, bool]]:
    """Cut shifted bytes at the mark, which stands in single-byte state."""
    at, double, unit, wide = 0, False, b"", False
    while at < len(answer):
        byte = answer[at]
        if byte in (SHIFT_OUT, SHIFT_IN):
            double = byte == SHIFT_OUT
            at += 1
        elif double:
            unit, wide, at = unit + answer[at : at + 2], True, at + 2
        elif byte == MARK_BYTE:
            yield unit, wide
            unit, wide, at = b"", False, at + 1
        else:
            unit, at = unit + answer[at : at + 1], at + 1


def converter_table(converter: str, sequences: list[str] = []) -> tuple[list[Entry], list[Entry]]:  # noqa: B006
    """The single-byte and the double-byte half of a stateful EBCDIC converter.

    Entries are (code, text, flag). ``sequences``: texts of several characters to try when encoding. The
    private use area is left out: 外字 are declared as ranges, not rows.
    """
    wide = [b"\x40\x40", *(bytes((h, t)) for h in range(0x41, 0xFF) for t in range(0x41, 0xFF))]
    narrow = [bytes((b,)) for b in range(0x100) if b not in (SHIFT_OUT, SHIFT_IN, MARK_BYTE)]
    double = _decode(converter, [bytes((SHIFT_OUT,)) + code + bytes((SHIFT_IN,)) for code in wide])
    single = [*_decode(converter, narrow), MARK]
    return (
        _entries(converter, dict(zip([*narrow, bytes((MARK_BYTE,))], single, strict=True)), False),
        _entries(converter, dict(zip(wide, double, strict=True)), True),
    )


def _entries(converter: str, decoded: dict[bytes, str], double: bool) -> list[Entry]:
    # ICU answers U+001A for a single byte that is not assigned; only 3F is that control itself.
    decoded = {c: t for c, t in decoded.items() if t != "\x1a" or c == b"\x3f"}
    decoded = {c: t for c, t in decoded.items() if t and "\ufffd" not in t and not _private(t)}
    texts = _encodable() + sorted({t for t in decoded.values() if len(t) > 1 or ord(t[0]) < 0x20})
    plain = dict(zip(texts, _encode(converter, texts, False), strict=True))
    wider = dict(zip(texts, _encode(converter, texts, True), strict=True))
    plain[MARK] = wider[MARK] = (bytes((MARK_BYTE,)), False)
    out: list[Entry] = []
    for code, text in decoded.items():
        out.append((code, text, ROUND_TRIP if plain.get(text) == (code, double) else DECODE_ONLY))
    decodes = set(decoded.items())
    for text, (code, wide) in wider.items():
        if wide == double and code in decoded and (code, text) not in decodes:
            out.append((code, text, ENCODE_ONLY))
    return sorted(out)


def _private(text: str) -> bool:
    return "\ue000" <= text[0] <= "\uf8ff"


def decode_double(converter: str, codes: list[bytes]) -> list[str]:
    """Codes of a pure double-byte converter, one text each (they must all be assigned)."""
    data = b"".join(code + b"\x40\x40" for code in codes)
    answer = run(["-f", converter, "-t", "UTF-32BE", "--from-callback", "substitute"], data)
    return answer.decode("utf-32-be").split("\u3000")
