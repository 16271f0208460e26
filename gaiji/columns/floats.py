"""Floating-point numbers, COMP-1 and COMP-2, as the shortest decimal text that comes back to the same bytes.

Owns IBM's hexadecimal form and IEEE 754 in either byte order, and what of them is no number. The way back is
``gaiji.columns.floats_back``, which computes by other means. A number is worked out in Python, each different
one once: such fields are rare, and not on the hot path.

Source: IBM, z/Architecture Principles of Operation, hexadecimal floating point: a sign bit, seven bits of
characteristic (an exponent of 16, in excess of 64), six or fourteen hexadecimal digits of fraction.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


MOST_DIGITS = 18
"""Decimal digits that tell any two numbers of 56 bits apart."""
PLAIN = range(-5, 18)
"""Decimal exponents (of 0.d…) whose numbers are written without one."""


@lru_cache(maxsize=1 << 16)
def float_text(raw: bytes, form: str) -> str | None:
    """The text of a number of 4 or 8 bytes; ``form`` is one of ``gaiji.model.FLOATS``. None where the bytes
    are no number: IEEE's infinities, and what it calls so. A zero whose sign is set is ``-0``."""
    if form == "hex":
        value = _hex_value(raw)
        text = _shortest(value, lambda near: _hex_near(near, len(raw)) == _hex_near(value, len(raw)))
        return "-" * (raw[0] >> 7) + text
    order, kind = "<" if form == "ieee-little" else ">", "f" if len(raw) == 4 else "d"
    number: float = struct.unpack(order + kind, raw)[0]
    if not math.isfinite(number):
        return None
    mantissa, _, power = _ieee_text(abs(number), kind).partition("e")
    digits = (
        mantissa.replace(".", "").removesuffix("0") if mantissa.endswith(".0") else mantissa.replace(".", "")
    )
    exponent = len(mantissa.partition(".")[0]) + int(power or 0)
    bare = digits.lstrip("0")
    text = _written(bare, exponent - (len(digits) - len(bare))) if bare else "0"
    return "-" * (math.copysign(1, number) < 0) + text


def _hex_value(raw: bytes) -> Fraction:
    """The magnitude of a hexadecimal floating-point number."""
    from fractions import Fraction

    places = 2 * (len(raw) - 1)
    return int.from_bytes(raw[1:], "big") * Fraction(16) ** ((raw[0] & 0x7F) - 64 - places)


def _hex_near(value: Fraction, size: int) -> Fraction:
    """The nearest number of that many bytes, to the even one where two are as near."""
    from fractions import Fraction

    places = 2 * (size - 1)
    exponent = max(-64, (value.numerator.bit_length() - value.denominator.bit_length()) // 4 - 1)
    while value >= Fraction(16) ** exponent:
        exponent += 1
    unit = Fraction(16) ** (exponent - places)
    return round(value / unit) * unit


def _ieee_text(number: float, kind: str) -> str:
    """The digits of a finite number: Python's own for double precision; of single precision the fewest that
    are nearest to it."""
    if kind == "d":
        return repr(number)
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    return next(text for text in texts if _single(float(text)) == number)


def _single(number: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.inf


def _shortest(value: Fraction, same: Callable[[Fraction], bool]) -> str:
    """The fewest decimal digits that mean the same number."""
    from fractions import Fraction

    if not value:
        return "0"
    exponent = len(str(value.numerator)) - len(str(value.denominator)) - 1
    while value >= Fraction(10) ** exponent:
        exponent += 1
    for digits in range(1, MOST_DIGITS + 1):
        unit = Fraction(10) ** (exponent - digits)
        near = [n for n in _beside(value / unit) if same(n * unit)]
        if near:
            break
    return _written(str(near[0]), exponent + len(str(near[0])) - digits)


def _beside(value: Fraction) -> list[int]:
    """The whole numbers on both sides, the nearer first."""
    nearer = round(value)
    return [nearer, nearer - 1 if nearer > value else nearer + 1]


def _written(digits: str, exponent: int) -> str:
    """0.``digits`` times ten to the ``exponent``, without zeros behind."""
    digits = digits.rstrip("0")
    if exponent not in PLAIN:
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}E{exponent - 1:+d}"
    if exponent <= 0:
        return f"0.{'0' * -exponent}{digits}"
    whole, behind = digits[:exponent].ljust(exponent, "0"), digits[exponent:]
    return f"{whole}.{behind}" if behind else whole
