"""Numbers as the proof reads them: which bytes are one, whatever the conversion said.

Owns a plain second reading of zoned, packed and binary fields and of floating-point numbers, for the rows
that the conversion calls bad numbers and for trailers, and the comparison of floating-point texts with their
bytes. It shares no loop with the kernels that decode; which field is how, ``gaiji.columns.numeric`` says to
both.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction

from gaiji.codes.charset import Charset
from gaiji.columns.floats_back import float_bytes, is_float, same_float
from gaiji.columns.numeric import NUMERIC, ascii_host, numeric_of
from gaiji.errors import CharsetError
from gaiji.kernel.numbers_back import CONSTANTS as N
from gaiji.model import Field
from gaiji.output.readback import Cells

Spans = tuple[Sequence[int], Sequence[int]]
"""Where a field begins and ends in each row."""
MINUS = 16
"""What is added to a digit whose zone is a minus."""


def readable(
    src: bytes | bytearray, spans: Spans, spec: Field, charset: Charset, csv: bool, rows: Iterable[int]
) -> set[int]:
    """Of some rows, those whose bytes are a number. ``csv``: fields have no length of their own."""
    begin, end = spans
    raws = ((row, bytes(src[begin[row] : end[row]])) for row in rows)
    if spec.type == "float":
        blank = charset.spec.pad_single
        return {row for row, raw in raws if is_float(raw, spec.length, spec.float, blank)}
    if spec.type not in NUMERIC:
        return set()
    form, length = numeric_of(charset, spec), 0 if csv else spec.length
    return {row for row, raw in raws if raw and len(raw) >= length and _is_number(raw, *form)}


def other_floats(
    src: bytes | bytearray,
    spans: Spans,
    cells: Cells,
    column: int,
    spec: Field,
    absent: bool,
    rows: Iterable[int],
) -> tuple[set[int], set[int]]:
    """Of some rows, those whose cell is the number of its bytes in another form (hexadecimal ones alone have
    more than one), and those whose cell is not. ``absent``: a field without a byte may be of an occurrence
    that is not there, whose cell is empty."""
    (begin, end), forms, others = spans, set[int](), set[int]()
    for row in rows:
        raw = bytes(src[begin[row] : end[row]])
        text = bytes(cells.src[cells.starts[column][row] : cells.ends[column][row]]).decode(
            "ascii", "replace"
        )
        if not raw and absent:
            others.update({row} if text else ())
        elif float_bytes(text, len(raw), spec.float) != raw:
            (forms if same_float(raw, text, spec.float) else others).add(row)
    return forms, others


def whole_number(raw: bytes, spec: Field, charset: Charset) -> int | None:
    """The whole number that a field's bytes say, not below zero; None where they say none."""
    if spec.type in NUMERIC:
        empty = len(set(raw)) == 1 and raw[0] in (0, 0x20 if ascii_host(charset, spec) else 0x40)
        if spec.scale or len(raw) != spec.length or (empty and spec.type != "binary"):
            return None
        return _from_digits(_read(raw, *numeric_of(charset, spec)))
    if spec.type == "float":
        return (
            _whole_float(raw, spec)
            if is_float(raw, spec.length, spec.float, charset.spec.pad_single)
            else None
        )
    if spec.type == "raw":
        return _from_digits(raw.hex())
    written = dict(_digits(charset))
    size = min(map(len, written), default=1)
    units = (raw[at : at + size] for at in range(0, len(raw), size))
    return _from_digits("".join(written.get(unit, "?") for unit in units).strip(" "))


def _digits(charset: Charset) -> Iterator[tuple[bytes, str]]:
    """The digits and the space that a charset has, as it writes them."""
    for char in "0123456789 ":
        with suppress(CharsetError):
            yield charset.encode(char), char


def _from_digits(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _whole_float(raw: bytes, spec: Field) -> int | None:
    """The value of a floating-point number that is whole, from its parts."""
    if spec.float == "hex":
        value = int.from_bytes(raw[1:], "big") * Fraction(16) ** ((raw[0] & 0x7F) - 64 - 2 * (len(raw) - 1))
        sign = raw[0] >> 7
    else:
        order, kind = "<" if spec.float == "ieee-little" else ">", "f" if len(raw) == 4 else "d"
        number = struct.unpack(order + kind, raw)[0]
        value, sign = Fraction(abs(number)), int(math.copysign(1, number) < 0)
    return None if sign or value.denominator != 1 else value.numerator


def _is_number(raw: bytes, *form: int) -> bool:
    """Whether bytes are a number of a field that ``numeric_of`` describes."""
    return bool(_read(raw, *form))


def _read(
    raw: bytes,
    kind: int,
    digits: int,
    _scale: int,
    signed: int,
    ascii: int,
    place: int,
    signs: int,
    little: int,
) -> str:
    """The digits of a number behind its minus, "" where bytes are none, or where digits stand before those of
    the PICTURE (``digits`` 0: it has none); the zeros before those are none of a packed number's."""
    blank = raw == (b" " if ascii else b"\x40") * len(raw) and len(raw) > 1
    if kind == N["BINARY"]:
        value = int.from_bytes(raw, "little" if little else "big", signed=bool(signed))
        fits = len(raw) <= 8 and not blank and (not digits or len(str(abs(value))) <= digits)
        return str(value) if fits else ""
    if kind == N["PACKED"]:
        halves, sign = raw.hex(), "c"
        if place != N["SIGN_NONE"]:
            halves, sign = halves[:-1], halves[-1]
        found = halves if halves.isdecimal() and not sign.isdecimal() and not blank else ""
        minus = sign in "bd"
    else:
        found, minus = _zoned(raw, ascii, place, signs)
    if not found or (digits and found[:-digits].strip("0")):
        return ""
    return "-" * minus + (found[-digits:] if kind == N["PACKED"] else found)


def _zoned(raw: bytes, ascii: int, place: int, signs: int) -> tuple[str, bool]:
    """The digits of a zoned number, "" for none, and whether it has a minus."""
    apart, minus = (b"+-" if ascii else b"\x4e\x60"), False
    at = 0 if place == N["SIGN_LEADING"] else len(raw) - 1
    if place in (N["SIGN_ANY"], N["SIGN_BEFORE"]) and raw[0] in apart:
        raw, at, minus = raw[1:], -1, raw[0] == apart[1]
    elif place in (N["SIGN_ANY"], N["SIGN_BEHIND"]) and raw[-1] in apart:
        raw, at, minus = raw[:-1], -1, raw[-1] == apart[1]
    elif place in (N["SIGN_BEFORE"], N["SIGN_BEHIND"]):
        return "", False
    zone, found = (3 if ascii else 15), ""
    for number, byte in enumerate(raw):
        plain = {byte & 15} if byte >> 4 == zone and byte & 15 < 10 else set()
        digit = plain if number != at else _signed(byte, signs) if ascii else _host(byte)
        if len(digit) != 1:
            return "", False
        one = digit.pop()
        minus, found = minus or one >= MINUS, found + str(one % MINUS)
    return found, minus


def _host(byte: int) -> set[int]:
    """The digit with a sign in its zone, on an EBCDIC host."""
    zone, digit = byte >> 4, byte & 15
    return {digit + MINUS * (zone in (0xB, 0xD))} if digit < 10 and zone >= 10 else set()


def _signed(byte: int, signs: int) -> set[int]:
    """What a byte with a sign may mean on an ASCII host to the conventions ``signs``; minus: ``MINUS``
    more."""
    found = {byte - 0x30} if 0x30 <= byte <= 0x39 else set()
    tables: tuple[tuple[str, Iterable[int], Iterable[int]], ...] = (
        ("MICROFOCUS", (), range(0x70, 0x7A)),
        ("NETCOBOL", range(0x40, 0x4A), range(0x50, 0x5A)),
        ("TRANSLATED", (0x7B, *range(0x41, 0x4A)), (0x7D, *range(0x4A, 0x53))),
    )
    for name, plus, minus in tables:
        if signs & N[name]:
            found |= {digit for digit, code in enumerate(plus) if code == byte}
            found |= {digit + MINUS for digit, code in enumerate(minus) if code == byte}
    return found
