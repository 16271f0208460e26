"""What a field says of its numbers, as the kernels take it.

Owns which field is a number and what its keys mean: digits, decimal places, where the sign stands and how.
The loops that read numbers and those that write them back share nothing but what is asked of them here.
"""

from __future__ import annotations

from gaiji.codes.charset import Charset
from gaiji.kernel.numbers import CONSTANTS as NUMBERS
from gaiji.model import SIGN_PLACES, Field

NUMERIC = {"zoned": NUMBERS["ZONED"], "packed": NUMBERS["PACKED"], "binary": NUMBERS["BINARY"]}
_PLACES = dict(
    zip(
        ("", *SIGN_PLACES),
        (NUMBERS[f"SIGN_{n}"] for n in ("ANY", "LEADING", "BEFORE", "BEHIND", "NONE")),
        strict=True,
    )
)
_SIGNS = {
    "microfocus": NUMBERS["MICROFOCUS"],
    "netcobol": NUMBERS["NETCOBOL"],
    "translated": NUMBERS["TRANSLATED"],
}
_EVERY = sum(_SIGNS.values())
SPACE = 0x20


def ascii_host(charset: Charset, spec: Field) -> bool:
    """Whether a field's digits and blanks are those of ASCII: as its signs say, else as its charset's are."""
    return spec.signs != "ibm" if spec.signs else charset.spec.pad_single == SPACE


def numeric_of(charset: Charset, spec: Field) -> tuple[int, int, int, int, int, int, int, int]:
    """What ``Numeric`` of either kernel is made of. Where nobody said how signs are written, every convention
    may be meant."""
    return (
        NUMERIC[spec.type],
        spec.digits,
        spec.scale,
        int(spec.signed),
        int(ascii_host(charset, spec)),
        _PLACES[spec.sign],
        _SIGNS.get(spec.signs, _EVERY),
        int(spec.order == "little"),
    )


def sign_unsaid(charset: Charset, spec: Field) -> bool:
    """Whether nobody said how a minus is written in the zone of a digit, though that differs by maker."""
    apart = spec.sign.endswith("separate")
    return spec.type == "zoned" and not spec.signs and not apart and ascii_host(charset, spec)
