"""Numbers of COBOL, read plainly: zoned, packed and binary.

Owns which bytes are a number, which are an empty field, and which are a finding: what two makers read as different
numbers, and what does not fit the PICTURE. Digits keep their leading zeros, as the documentation promises.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from oracle.text import Reading

BAD = Counter({"bad-number": 1})


@dataclass(frozen=True)
class Figure:
    """The PICTURE of a number: decimal places, whether it has a sign, its digits (0: as many as fit)."""

    type: str
    scale: int = 0
    signed: bool = False
    digits: int = 0


def read(figure: Figure, raw: bytes, *, ebcdic: bool) -> Reading:
    """A field of type zoned, packed or binary. Blanks or low-values throughout are empty, but a binary zero."""
    blank = b"\x40" if ebcdic else b"\x20"
    if figure.type == "binary":
        return _binary(figure, raw, blank)
    if not raw.strip(b"\0") or not raw.strip(blank):
        return Reading("")
    number = _packed(figure, raw) if figure.type == "packed" else _zoned(figure, raw, ebcdic)
    return Reading("", BAD.copy()) if number is None else Reading(_point(*number, figure.scale))


def _point(negative: bool, digits: str, scale: int) -> str:
    if scale:
        digits = digits.rjust(scale + 1, "0") if len(digits) <= scale else digits
        digits = f"{digits[:-scale]}.{digits[-scale:]}"
    return "-" + digits if negative else digits


def _binary(figure: Figure, raw: bytes, blank: bytes) -> Reading:
    value = int.from_bytes(raw, "big", signed=figure.signed)
    too_big = figure.digits and abs(value) >= 10**figure.digits
    if too_big or (len(raw) > 1 and not raw.strip(blank)):
        return Reading("", BAD.copy())
    return Reading(_point(value < 0, str(abs(value)), figure.scale))


def _packed(figure: Figure, raw: bytes) -> tuple[bool, str] | None:
    digits, sign = raw.hex()[:-1], raw.hex()[-1]
    if not digits.isdecimal() or sign.isdecimal():
        return None
    spare = len(digits) - figure.digits if figure.digits else 0
    if digits[:spare].strip("0"):
        return None
    return sign in "bd", digits[spare:]


def _zoned(figure: Figure, raw: bytes, ebcdic: bool) -> tuple[bool, str] | None:
    """A sign may stand apart, before or behind, or in the zone of the last digit."""
    text = raw.decode("cp037" if ebcdic else "latin-1")
    for sign, rest in ((text[0], text[1:]), (text[-1], text[:-1])):
        if sign in "+-":
            plain = all(c in "0123456789" for c in rest) and rest
            return (sign == "-", rest) if plain else None
    if not all(c in "0123456789" for c in text[:-1]):
        return None
    last = (_ebcdic_sign if ebcdic else _ascii_sign)(raw[-1])
    return (last[0], text[:-1] + str(last[1])) if last else None


def _ebcdic_sign(byte: int) -> tuple[bool, int] | None:
    zone, digit = byte >> 4, byte & 15
    return (zone in (0xB, 0xD), digit) if zone >= 0xA and digit < 10 else None


def _ascii_sign(byte: int) -> tuple[bool, int] | None:
    """Every convention is asked; None where none knows the byte, or where two give different numbers."""
    found = {
        table[byte]
        for table in (
            {0x30 + d: (False, d) for d in range(10)},  # no sign, or Micro Focus and GnuCOBOL's plus
            {0x70 + d: (True, d) for d in range(10)},  # their minus
            {0x40 + d: (False, d) for d in range(10)} | {0x50 + d: (True, d) for d in range(10)},  # NetCOBOL
            {b: (False, d) for d, b in enumerate(b"{ABCDEFGHI")}  # EBCDIC translated as if it were text
            | {b: (True, d) for d, b in enumerate(b"}JKLMNOPQR")},
        )
        if byte in table
    }
    return found.pop() if len(found) == 1 else None
