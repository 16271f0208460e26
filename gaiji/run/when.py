"""What a record must be like to be of a type: the bytes that ``when`` of its rule asks for.

Owns in which ways a value can stand in a field: a text in the field's own charset, a number with the field's
own digits, sign and byte order. The rules are ``gaiji.run.rules``'; ``gaiji.records.shape`` keeps them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from gaiji.codes.charset import Charset
from gaiji.columns.numeric import NUMERIC, numeric_of
from gaiji.errors import CharsetError, JobError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.numbers import CONSTANTS as NUMBERS
from gaiji.kernel.numbers import Numeric, numbers
from gaiji.model import Field, Variable
from gaiji.records.shape import Test
from gaiji.run.job import Job
from gaiji.run.national import own_charset
from gaiji.run.rules import RecordRule

MAX_DIGITS = 40
"""Of a number that is looked for: no field holds more."""
TEXTS = ("mixed", "dbcs", "sbcs")
SEPARATE = (b"\x4e", b"\x60", b"+", b"-")
"""A sign that stands apart, on hosts of EBCDIC and of ASCII."""


def tests_of(
    job: Job, rule: RecordRule, spec: Field | None, variable: Variable | None, charset: Charset
) -> list[Test]:
    """What a record must be like to be of a type. ``spec``: the field that the rule names; ``variable``: how
    the tables of its layout vary. JobError names the rule that cannot be kept."""
    when = rule.when
    tests = []
    key = f"record.{rule.name}.when"
    if "bytes" in when:
        texts = when["bytes"] if isinstance(when["bytes"], list) else [when["bytes"]]
        try:
            values = tuple(bytes.fromhex(text) for text in texts)
        except (TypeError, ValueError):
            values = ()
        tests.append(_test(job, key, when["offset"], values))
    elif "equals" in when:
        given = when["equals"] if isinstance(when["equals"], list) else [when["equals"]]
        if spec and variable is not None and moves(variable, spec):
            raise JobError(
                fault("E0440", "{name} stands behind a table that varies", name=spec.name[:40]),
                path=job.path,
                key=key,
                next=tr("name fields before it"),
            )
        own = own_charset(job, spec.charset) if spec and spec.charset else charset
        offset = spec.offset if spec else int(when["offset"])
        try:
            values = tuple(raw for value in given for raw in written(own, spec, value))
        except (CharsetError, TypeError, ValueError, InvalidOperation):
            values = ()
        tests.append(_test(job, key, offset, values))
    if "length" in when:
        tests.append(Test("length", int(when["length"])))
    tests += [Test(name) for name in ("first", "last") if when.get(name)]
    return tests


def moves(variable: Variable, spec: Field) -> bool:
    """Whether counters move a field: all before it must be one piece that is always there."""
    first = variable.steps[2]
    return spec.offset + spec.length > first


def _test(job: Job, key: str, offset: int, values: tuple[bytes, ...]) -> Test:
    """A test of bytes; JobError where they cannot stand in the record."""
    if not values or len({len(value) for value in values}) > 1 or not values[0]:
        raise JobError(
            fault("E0441", "holds what cannot stand there"),
            path=job.path,
            key=key,
            next=tr("equals: text or a number that fits the field, all of one length; bytes: hex digits"),
        )
    return Test("bytes", offset, values)


def written(charset: Charset, spec: Field | None, value: Any) -> list[bytes]:
    """The bytes that mean a value in a field (None: at a place, as it is), never none.

    ``charset``: the field's own. TypeError, ValueError, InvalidOperation or CharsetError for what cannot
    stand in it, or has no room.
    """
    if spec is not None and spec.type in NUMERIC:
        return _numbers(charset, spec, value)
    if not isinstance(value, str):
        raise TypeError(value)
    if spec is None:
        return [charset.encode(value)]
    if spec.type == "raw":
        raw = bytes.fromhex(value)
    elif spec.type in TEXTS:
        raw = _text(charset, spec, value)
    else:
        raise ValueError(value)
    if len(raw) != spec.length:
        raise ValueError(value)
    return [raw]


def _text(charset: Charset, spec: Field, value: str) -> bytes:
    """A text with the blanks behind it that fill the field."""
    type = spec.type if charset.kind.typed else ""
    raw = charset.encode(value, type=type)
    pad = charset.encode("\u3000" if spec.type == "dbcs" else " ", type=type)
    while len(raw) + len(pad) <= spec.length:
        raw += pad
    return raw


def _numbers(charset: Charset, spec: Field, value: Any) -> list[bytes]:
    """Every way in which a number stands in a field: those of all candidates that are read as it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError(value)
    wanted = Decimal(str(value))
    if not wanted.is_finite() or wanted.adjusted() > MAX_DIGITS:
        raise ValueError(value)
    whole = wanted.scaleb(spec.scale)
    if whole != whole.to_integral_value():
        raise ValueError(value)
    candidates = list(dict.fromkeys(_candidates(spec, int(whole))))
    told = _read(charset, spec, candidates)
    found = [raw for raw, text in zip(candidates, told, strict=True) if text and Decimal(text) == wanted]
    if not found:
        raise ValueError(value)
    return found


def _candidates(spec: Field, whole: int) -> Iterator[bytes]:
    """Bytes that may be a number: of each kind of field with every byte at the places where a sign can be."""
    size, digits = spec.length, str(abs(whole))
    if spec.type == "binary":
        try:
            yield whole.to_bytes(size, "little" if spec.order == "little" else "big", signed=whole < 0)
        except OverflowError:
            return
    elif spec.type == "packed":
        if spec.sign == "none" and len(digits) <= 2 * size:
            yield bytes.fromhex(digits.rjust(2 * size, "0"))
        elif len(digits) < 2 * size:
            half = digits.rjust(2 * size - 1, "0")
            yield from (bytes.fromhex(f"{half}{sign:x}") for sign in range(16))
    else:
        yield from _zoned(size, digits)


def _zoned(size: int, digits: str) -> Iterator[bytes]:
    """A zoned number: any byte as its first or its last, or a sign apart before or behind it."""
    for zone in (0xF0, 0x30):
        if len(digits) <= size:
            plain = bytes(zone | int(digit) for digit in digits.rjust(size, "0"))
            yield from (plain[:-1] + bytes([byte]) for byte in range(256))
            yield from (bytes([byte]) + plain[1:] for byte in range(256))
        if len(digits) < size:
            plain = bytes(zone | int(digit) for digit in digits.rjust(size - 1, "0"))
            yield from (raw for sign in SEPARATE for raw in (sign + plain, plain + sign))


def _read(charset: Charset, spec: Field, raws: list[bytes]) -> list[str]:
    """The numbers that bytes mean in a field, as the conversion reads them; "" for those that are none."""
    size, rows = spec.length, len(raws)
    out, offsets = bytearray(rows * (2 * size + spec.scale + 24) + 64), array("q", bytes(8 * rows + 8))
    bad, counts = array("i", bytes(4 * rows)), array("q", bytes(8 * NUMBERS["N_WRITTEN"]))
    starts = array("q", range(0, rows * size, size))
    ends = array("q", range(size, rows * size + size, size))
    numeric = Numeric(*numeric_of(charset, spec))
    numbers(b"".join(raws) or b"\0", numeric, starts, ends, 0, size, out, offsets, bad, counts)
    return [
        "" if bad[row] >= 0 else bytes(out[offsets[row] : offsets[row + 1]]).decode() for row in range(rows)
    ]
