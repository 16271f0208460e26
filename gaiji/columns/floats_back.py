"""Decimal texts back to the bytes of COMP-1 and COMP-2, and whether bytes mean a text.

Owns the canonical bytes of a floating-point number: normal, rounded to the nearest, to even where two are as
near. Shares nothing with ``gaiji.columns.floats``: it computes in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

_NUMBER = regex.compile(r"(-?)(\d+)(?:\.(\d+))?(?:E([+-]\d{1,4}))?")
_IEEE = {4: (24, -149, 8), 8: (53, -1074, 11)}
"""Bits of a significand, the exponent of the least number, bits of an exponent."""


LONGEST = 400
"""Characters of a number at most: more than any that is read."""


def float_bytes(text: str, size: int, form: str) -> bytes | None:
    """The bytes of a number; None for a text that is none or is beyond the range. ``form``: as in
    ``gaiji.model.FLOATS``."""
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > LONGEST:
        return None
    digits, places = found[2] + (found[3] or ""), len(found[3] or "") - int(found[4] or 0)
    above, below = int(digits) * 10 ** max(-places, 0), 10 ** max(places, 0)
    body = _hex(above, below, size) if form == "hex" else _ieee(above, below, size)
    if body is None:
        return None
    raw = (body | (bool(found[1]) << (8 * size - 1))).to_bytes(size, "big")
    return raw[::-1] if form == "ieee-little" else raw


def float_column(
    src: bytes | bytearray | memoryview,
    starts: Sequence[int],
    ends: Sequence[int],
    kind: tuple[int, str],
    blank: int,
) -> tuple[bytearray, list[int]]:
    """The bytes of a column of texts, blanks where a text is no number; and the rows of those. ``kind``: size
    and form."""
    out, bad = bytearray(), []
    for row, (begin, end) in enumerate(zip(starts, ends, strict=True)):
        raw = float_bytes(bytes(src[begin:end]).decode("ascii", "replace"), *kind)
        if raw is None:
            bad.append(row)
        out += bytes([blank]) * kind[0] if raw is None else raw
    return out, bad


def is_float(raw: bytes, size: int, form: str, blank: int) -> bool:
    """Whether bytes are a finite number of ``size`` bytes, and not blanks throughout: IEEE's exponent is not
    of ones alone."""
    if len(raw) != size or raw == bytes([blank]) * size:
        return False
    bits = _IEEE[size][2]
    top = int.from_bytes(raw[::-1][:2] if form == "ieee-little" else raw[:2], "big")
    return form == "hex" or (top >> 15 - bits) % (1 << bits) != (1 << bits) - 1


def same_float(raw: bytes, text: str, form: str) -> bool:
    """Whether the bytes are the number of a text: its canonical ones, or hexadecimal ones that are not
    normal."""
    wanted = float_bytes(text, len(raw), form)
    if wanted is None or form != "hex":
        return wanted == raw
    return wanted[0] >> 7 == raw[0] >> 7 and _units(wanted) == _units(raw)


def _units(raw: bytes) -> int:
    """The magnitude of a hexadecimal number in units of the least one."""
    return int.from_bytes(raw[1:], "big") << 4 * (raw[0] & 0x7F)


def _rounded(above: int, below: int) -> int:
    """A quotient to the nearest whole number, to the even one where two are as near."""
    whole, rest = divmod(above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole & 1))


def _scaled(above: int, below: int, power: int) -> int:
    """The quotient in units of two to the ``power``, rounded."""
    return _rounded(above << max(-power, 0), below << max(power, 0))


def _hex(above: int, below: int, size: int) -> int | None:
    """Characteristic and fraction."""
    bits = 8 * (size - 1)
    least = max(0, 64 + (above.bit_length() - below.bit_length() - 1) // 4)  # it is this one, or the next
    for characteristic in range(least, 128):
        fraction = _scaled(above, below, 4 * (characteristic - 64) - bits)
        if fraction < 1 << bits:
            return characteristic << bits | fraction if fraction else 0
    return None


def _ieee(above: int, below: int, size: int) -> int | None:
    """Exponent and significand."""
    if not above:
        return 0
    bits, least, width = _IEEE[size]
    power = max(least, above.bit_length() - below.bit_length() - bits)
    significand = _scaled(above, below, power)
    if significand >= 1 << bits:  # the quotient has a bit more than its parts' lengths tell
        power += 1
        significand = _scaled(above, below, power)
    if significand >= 1 << bits:
        power, significand = power + 1, significand >> 1
    if significand < 1 << (bits - 1):  # less than normal
        return significand if power == least else None
    exponent = power - least + 1
    if exponent >= (1 << width) - 1:
        return None
    return exponent << (bits - 1) | significand & ((1 << (bits - 1)) - 1)
