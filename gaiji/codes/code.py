"""The one way to write a code and to read it again: queue, decisions, explain, verify, manifest, lookup.

Owns the forms of a code as people see it and as the kernels hold it. Users' queues and tables hold the
written form, so it never changes. Which rows a code has is in ``gaiji.codes.layers``.
"""

from __future__ import annotations

from enum import Enum

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, mark, tr
from gaiji.model.pattern import Pattern
from gaiji.standard.codepoints import pack, unpack

JOINED, BASES = 8, 0x40000
"""The size of a base with its selector (of Unicode); bases from here on have none. As in the kernel."""


class Form(Enum):
    """How codes are written: hex bytes, decimal numbers, or Unicode code points."""

    HEX = "hex"
    NUMBER = "number"
    UNICODE = "unicode"

    @property
    def advice(self) -> str:
        """What to write, in words."""
        return tr(_ADVICE[self])


_ADVICE = {
    Form.HEX: mark("write 2, 4 or 6 hex digits"),
    Form.NUMBER: mark("write decimal digits"),
    Form.UNICODE: mark("write 4 to 6 hex digits, like E000, or base and selector, like 845B_E0101"),
}
_LEGAL = {
    Form.HEX: Pattern(r"(?:[0-9A-Fa-f]{2}){1,4}"),
    Form.NUMBER: Pattern(r"[0-9]{3,8}|[0-9A-Fa-f]{2}"),
    Form.UNICODE: Pattern(
        r"(?i)[0-9A-F]{2}|[0-9A-F]{4,6}|[0-9A-F]{4,6}_(?:FE0[0-9A-F]|E01[0-9A-F]{2}|309[9A]|030[01])"
    ),
}


def write_code(form: Form, code: int, size: int) -> str:
    """A code of ``size`` bytes (digits of a number) as people see it, "" for none (size 0).

    ``HEX``: its bytes (``C4D4``). ``NUMBER``: its digits (``349920``), a byte that is no number as two hex
    digits (``78``). ``UNICODE``: its code point in four digits or as many as it needs (``E000``, ``F0000``),
    a byte that is no character as two; a base with its selector or mark as in the MJ list (``845B_E0101``).
    """
    if not size:
        return ""
    if size == 1:
        return f"{code:02X}"
    if form is Form.NUMBER:
        return f"{code:0{size}d}"
    if form is Form.UNICODE:
        return "_".join(f"{ord(c):04X}" for c in unpack(code)) if size == JOINED else f"{code:04X}"
    return f"{code:0{2 * size}X}"


def read_code(form: Form, text: str) -> tuple[int, int]:
    """(code, size) of a written code; UsageError when it is none. ``write_code`` of it is ``text``, but for
    letters' case and zeros before a code point.

    The size of a code point is that of tables: 2 up to FFFF, 3 beyond. A number cut to two digits is written
    like a byte and read as one.
    """
    if not _LEGAL[form].fullmatch(text):
        raise UsageError(fault("E0362", "{text!r} is not a code", text=text[:20]), next=form.advice)
    if form is Form.NUMBER and len(text) > 2:
        return int(text), len(text)
    base, _, selector = text.partition("_")
    if selector:
        return pack(_chars(text, base, selector)), JOINED
    code = int(text, 16)
    if form is Form.UNICODE and code > 0x10FFFF:
        raise UsageError(fault("E0362", "{text!r} is not a code", text=text[:20]), next=form.advice)
    if form is Form.UNICODE and len(text) > 2:
        return code, 2 if code < 0x10000 else 3
    return code, len(text) // 2


def _chars(text: str, base: str, selector: str) -> str:
    """The characters of a written sequence; UsageError where no such base can have a selector."""
    if int(base, 16) >= BASES or int(selector, 16) in range(0xE01F0, 0xE0200):
        raise UsageError(fault("E0362", "{text!r} is not a code", text=text[:20]), next=Form.UNICODE.advice)
    return chr(int(base, 16)) + chr(int(selector, 16))


def tag_digits(form: Form, code: int, size: int) -> str:
    """The digits of a code in a tag like ``{JEF:80A1}``, which the policy ``tag`` writes."""
    if form is Form.NUMBER and size > 1:
        return f"{code:0{size}d}"
    if form is Form.UNICODE and size == JOINED:
        text = unpack(code)
        return f"{tag_digits(form, ord(text[0]), 2)}_{ord(text[1]):04X}"
    if form is Form.UNICODE:
        return f"{code:04X}" if code < 0x10000 else f"{code:06X}"
    return f"{code:0{2 * size}X}"


def value_of(code: int, size: int) -> int:
    """A code and its bytes (digits) as the kernels hold them: 24 bits of code, four of size.

    Numbers of eight digits, and a base with its selector in Unicode, reach beyond 24 bits; what is above
    counts on from 8 in the size, which nothing else uses.
    """
    return code + (size << 24)


def code_of(value: int) -> tuple[int, int]:
    """(code, size) of a value of the kernels; what stands above its 28 bits is left out."""
    value &= 0x0FFFFFFF
    return (value - (8 << 24), 8) if value >= 8 << 24 else (value & 0xFFFFFF, value >> 24)
