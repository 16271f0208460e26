"""Numbers as the proof reads them: which bytes are one, whatever the conversion said.

Owns a plain second reading of zoned, packed and binary fields and of floating-point numbers, for the rows
that the conversion calls bad numbers, and the comparison of floating-point texts with their bytes. It shares
no loop with the kernels that decode; which field is how, ``gaiji.columns.numeric`` says to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gaiji.codes.charset import Charset
from gaiji.columns.floats_back import float_bytes, is_float, same_float
from gaiji.columns.numeric import NUMERIC, numeric_of
from gaiji.kernel.numbers_back import CONSTANTS as N
from gaiji.model import Field
from gaiji.output.readback import Cells

Spans = tuple[Sequence[int], Sequence[int]]
"""Where a field begins and ends in each row."""


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


def _is_number(
    raw: bytes,
    kind: int,
    digits: int,
    _scale: int,
    signed: int,
    ascii: int,
    place: int,
    signs: int,
    little: int,
) -> bool:
    """Whether bytes are a number of a field, its digits within the PICTURE (0 digits: it has none)."""
    if kind == N["BINARY"]:
        blank = raw == (b" " if ascii else b"\x40") * len(raw) and len(raw) > 1
        value = int.from_bytes(raw, "little" if little else "big", signed=bool(signed))
        return len(raw) <= 8 and not blank and (not digits or len(str(abs(value))) <= digits)
    if kind == N["PACKED"]:
        halves, last = raw.hex(), raw.hex()[-1]
        if place != N["SIGN_NONE"]:
            halves = halves[:-1]
            if last.isdecimal():
                return False
        return halves.isdecimal() and _within(halves, digits)
    found = _zoned(raw, ascii, place, signs)
    return bool(found) and _within(found, digits)


def _within(found: str, digits: int) -> bool:
    """Whether no digit stands before the PICTURE's."""
    return not digits or not found[:-digits].strip("0")


def _zoned(raw: bytes, ascii: int, place: int, signs: int) -> str:
    """The digits of a zoned number, "" for none."""
    apart = b"+-" if ascii else b"\x4e\x60"
    at = 0 if place == N["SIGN_LEADING"] else len(raw) - 1
    if place in (N["SIGN_ANY"], N["SIGN_BEFORE"]) and raw[0] in apart:
        raw, at = raw[1:], -1
    elif place in (N["SIGN_ANY"], N["SIGN_BEHIND"]) and raw[-1] in apart:
        raw, at = raw[:-1], -1
    elif place in (N["SIGN_BEFORE"], N["SIGN_BEHIND"]):
        return ""
    zone, found = (3 if ascii else 15), ""
    for number, byte in enumerate(raw):
        plain = {byte & 15} if byte >> 4 == zone and byte & 15 < 10 else set()
        digit = plain if number != at else _signed(byte, signs) if ascii else _host(byte)
        if len(digit) != 1:
            return ""
        found += str(abs(digit.pop()) % 16)
    return found


def _host(byte: int) -> set[int]:
    """The digit with a sign in its zone, on an EBCDIC host."""
    return {byte & 15} if byte & 15 < 10 and byte >> 4 >= 10 else set()


def _signed(byte: int, signs: int) -> set[int]:
    """What a byte with a sign may mean on an ASCII host to the conventions ``signs``; minus: 16 more."""
    found = {byte - 0x30} if 0x30 <= byte <= 0x39 else set()
    tables: tuple[tuple[str, Iterable[int], Iterable[int]], ...] = (
        ("MICROFOCUS", (), range(0x70, 0x7A)),
        ("NETCOBOL", range(0x40, 0x4A), range(0x50, 0x5A)),
        ("TRANSLATED", (0x7B, *range(0x41, 0x4A)), (0x7D, *range(0x4A, 0x53))),
    )
    for name, plus, minus in tables:
        if signs & N[name]:
            found |= {digit for digit, code in enumerate(plus) if code == byte}
            found |= {digit + 16 for digit, code in enumerate(minus) if code == byte}
    return found
