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
    """The PICTURE of a number: decimal places, whether it has a sign, its digits (0: as many as fit), where its sign
    stands and how it is written ("" for both: nobody said), whether its low byte comes first."""

    type: str
    scale: int = 0
    signed: bool = False
    digits: int = 0
    place: str = ""
    signs: str = ""
    little: bool = False


def host(figure: Figure, ebcdic: bool) -> bool:
    """Whether the digits and blanks are EBCDIC's: as its signs say, else as the charset's are."""
    return figure.signs == "ibm" if figure.signs else ebcdic


def read(figure: Figure, raw: bytes, *, ebcdic: bool) -> Reading:
    """A field of type zoned, packed or binary. Blanks or low-values throughout are empty, but a binary zero."""
    ebcdic = host(figure, ebcdic)
    blank = b"\x40" if ebcdic else b"\x20"
    if figure.type == "binary":
        return _binary(figure, raw, blank)
    if figure.place == "none":  # every byte may be two digits; only blanks all through are taken for none
        if len(raw) > 1 and not raw.strip(blank):
            return Reading("", BAD.copy())
    elif not raw.strip(b"\0") or not raw.strip(blank):
        return Reading("")
    number = _packed(figure, raw) if figure.type == "packed" else _zoned(figure, raw, ebcdic)
    return Reading("", BAD.copy()) if number is None else Reading(_point(*number, figure.scale))


def _point(negative: bool, digits: str, scale: int) -> str:
    if scale:
        digits = digits.rjust(scale + 1, "0") if len(digits) <= scale else digits
        digits = f"{digits[:-scale]}.{digits[-scale:]}"
    return "-" + digits if negative else digits


def _binary(figure: Figure, raw: bytes, blank: bytes) -> Reading:
    value = int.from_bytes(raw, "little" if figure.little else "big", signed=figure.signed)
    too_big = figure.digits and abs(value) >= 10**figure.digits
    if too_big or (len(raw) > 1 and not raw.strip(blank)):
        return Reading("", BAD.copy())
    return Reading(_point(value < 0, str(abs(value)), figure.scale))


def _packed(figure: Figure, raw: bytes) -> tuple[bool, str] | None:
    text = raw.hex()
    digits, sign = (text, "f") if figure.place == "none" else (text[:-1], text[-1])
    if not digits.isdecimal() or sign.isdecimal():
        return None
    spare = len(digits) - figure.digits if figure.digits else 0
    if digits[:spare].strip("0"):
        return None
    return sign in "bd", digits[spare:]


def _zoned(figure: Figure, raw: bytes, ebcdic: bool) -> tuple[bool, str] | None:
    """A sign may stand apart, before or behind, or in the zone of the last digit; where the copybook says one of
    them, nowhere else."""
    text = raw.decode("cp037" if ebcdic else "latin-1")
    apart = {"": [0, -1], "leading": [], "leading-separate": [0], "trailing-separate": [-1]}[figure.place]
    for at in apart:
        if text[at] in "+-":
            rest = text[1:] if at == 0 else text[:-1]
            return _fits(figure, text[at] == "-", rest if rest.isascii() and rest.isdigit() else None)
    if figure.place.endswith("separate"):
        return None
    at = 0 if figure.place == "leading" else len(raw) - 1
    last = _ebcdic_sign(raw[at]) if ebcdic else _ascii_sign(raw[at], figure.signs)
    rest = text[:at] + text[at + 1 :]
    if last is None or not all(c in "0123456789" for c in rest):
        return None
    return _fits(figure, last[0], text[:at] + str(last[1]) + text[at + 1 :])


def _fits(figure: Figure, negative: bool, digits: str | None) -> tuple[bool, str] | None:
    """A number whose digits before those of the PICTURE are zeros."""
    if digits is None or (figure.digits and digits[: -figure.digits].strip("0")):
        return None
    return negative, digits


def _ebcdic_sign(byte: int) -> tuple[bool, int] | None:
    zone, digit = byte >> 4, byte & 15
    return (zone in (0xB, 0xD), digit) if zone >= 0xA and digit < 10 else None


PLAIN = {0x30 + d: (False, d) for d in range(10)}
SIGNS = {
    "microfocus": {0x70 + d: (True, d) for d in range(10)},  # and GnuCOBOL
    "netcobol": {0x40 + d: (False, d) for d in range(10)} | {0x50 + d: (True, d) for d in range(10)},
    "translated": {b: (False, d) for d, b in enumerate(b"{ABCDEFGHI")}  # EBCDIC translated as if it were text
    | {b: (True, d) for d, b in enumerate(b"}JKLMNOPQR")},
}
"""What the byte that carries the sign means, by convention; a digit without a sign is a digit in all of them."""


def _ascii_sign(byte: int, signs: str) -> tuple[bool, int] | None:
    """Every convention that may be meant is asked; None where none knows the byte, or two give different numbers."""
    tables = [PLAIN, *(table for name, table in SIGNS.items() if signs in ("", name))]
    found = {table[byte] for table in tables if byte in table}
    return found.pop() if len(found) == 1 else None
