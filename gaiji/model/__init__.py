"""Plain data that every layer speaks: glyphs, fields, findings, provenance.

Owns the frozen dataclasses and the closed list of finding reasons; no behaviour beyond small
properties, no input or output.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from gaiji.errors import ArgumentError, PictureError, UnknownName, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass

Characters = tuple[tuple[str | None, ...], tuple[str, ...]]
"""The glyph names, and the codes as written, of a row of characters."""
ROLES = ("name", "kana", "address", "other")
"""What a field holds."""
SIGNS = ("ibm", "microfocus", "netcobol", "translated")
"""How the sign of a zoned number stands in the zone of a digit."""
SIGN_PLACES = ("leading", "leading-separate", "trailing-separate", "none")
"""Where the sign of a number stands, where that is said."""
FLOATS = ("hex", "ieee-big", "ieee-little")
"""Floating point: hexadecimal as on IBM hosts, or IEEE 754 of either byte order."""
FORMS = ("needed", "always", "never")
TARGET_FORMS = (*FORMS, "adobe-japan1", "pua")
"""What an output may be written in; ``pua`` has a table."""
"""When the output has a variation selector."""
OWNERS = (
    "descriptors",
    "line-ends",
    "byte-order-mark",
    "end-mark",
    "delimiters",
    "quotes",
    "header",
    "text",
    "numbers",
    "raw",
    "padding",
    "filler",
    "skipped",
    "quarantined",
    "uncovered",
)
"""Who owns a byte of the input; each has exactly one of them. ``text``, ``numbers``, ``raw``: a field of
that kind; ``padding``: blanks or low-values outside of fields; ``skipped``: a record that is left out."""
IMAGES = (".png", ".bmp", ".gif", ".tif", ".tiff")
"""What files of pictures are called."""
MAX_SIDE = 1024
"""Pixels; a larger picture is not a 外字."""


class Reason(IntEnum):
    """Why a code unit waits for a person (the closed list; users' files depend on the names)."""

    UNMAPPED_GAIJI = 1
    UNMAPPED_EXTENSION = 2
    ILLEGAL = 3
    BROKEN_SHIFT = 4
    ALREADY_LOST = 5
    AMBIGUOUS = 6
    NO_UNICODE = 7
    OVERFLOW = 8
    NOT_IN_STANDARD = 9
    ONE_SOURCE = 12
    # No units of text: above 15, the last that the four bits of a kernel's kind hold.
    BAD_NUMBER = 16
    UNCOVERED = 17  # about a place in a record, as the next: no code, so nothing for the clerks' queue
    SHORT_RECORD = 18
    BAD_VALUE = 20  # of a column of the output: what its rule cannot read, or what must be there and is not
    SHRINK_NONE = 24
    SHRINK_MANY = 25
    SHRINK_LOOKALIKE = 26

    @property
    def of_place(self) -> bool:
        """Whether it is about bytes of a record, not about a code: no policy writes anything for it."""
        return self in (Reason.UNCOVERED, Reason.SHORT_RECORD)

    @property
    def label(self) -> str:
        """The name used in files: ``unmapped-gaiji`` and so on."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> Reason:
        """The reason of that name; UnknownName (a KeyError) when there is none."""
        found = cls.__members__.get(label.upper().replace("-", "_"))
        if found is None:
            known = [reason.label for reason in cls]
            raise UnknownName(
                fault("E0373", "there is no reason {label!r}", label=label[:40]), next=nearest(label, known)
            )
        return found


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph of the standard repertoire (a row of the MJ list, or a GJ glyph).

    ``text`` is the full form (base + IVS where the glyph has an IVS), ``base`` the plain code point;
    both are "" for a glyph without Unicode. ``default`` says that the plain base alone already means
    this glyph (the list's 実装したUCS). Numbers are as printed in the list, "" where there is none.
    """

    name: str
    text: str
    base: str
    ivs: str = ""
    default: bool = False
    koseki: str = ""
    juki: str = ""
    touki: str = ""
    x0213: str = ""
    x0213_class: str = ""
    x0212: str = ""
    strokes: int | None = None
    radicals: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()

    def form(self, ivs: str) -> str:
        """The text in one of the three output forms: ``needed``, ``always`` or ``never``."""
        if ivs not in FORMS:
            raise ArgumentError(
                fault("E0374", "cannot be {ivs!r}", ivs=ivs[:40]), argument="ivs", next=nearest(ivs, FORMS)
            )
        if ivs == "always":
            return self.text
        if ivs == "never" or self.default:
            return self.base
        return self.text


@dataclass(frozen=True, slots=True)
class Field:
    """Which bytes of a record are one field, and how they are read.

    ``offset`` and ``length`` are in bytes from the record's start (0 and 0 for delimited formats,
    where ``column`` counts from 0). ``type`` is one of mixed, dbcs, sbcs, zoned, packed, binary,
    float, raw; ``role`` one of name, kana, address, other. ``scale`` is the number of decimal places of a
    numeric field, ``signed`` whether it carries a sign, ``digits`` those of its PICTURE (0: as many as fit),
    ``sign`` where the sign stands and ``signs`` how (``SIGN_PLACES``, ``SIGNS``; "" where nobody said),
    ``order`` the byte order of a binary number ("" is big), ``float`` the kind of a floating one.
    ``charset`` is that of a text field which does not have the job's; ``national``: "national" where the
    copybook says that its characters are national ones, "unsaid" where PIC N alone does; the job says which
    those are.
    """

    name: str
    offset: int = 0
    length: int = 0
    type: str = "mixed"
    role: str = "other"
    column: int = -1
    scale: int = 0
    signed: bool = False
    digits: int = 0
    line: int = 0
    sign: str = ""
    signs: str = ""
    order: str = ""
    float: str = ""
    charset: str = ""
    national: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """Where the fields of a record lie whose tables vary in length (OCCURS DEPENDING ON).

    ``steps``: how ``gaiji.kernel.shape`` walks over a record; ``slots``: numbers that it needs room for.
    ``columns`` and ``gaps``: (piece, offset in it, bytes, whether it must be whole) of each field, and of the
    bytes that have no name.
    ``full``: where each piece begins in a record of full size, ``size`` bytes of that. ``counters``: the name
    of the counter in each slot, "" in others.
    """

    steps: tuple[int, ...]
    slots: int
    columns: tuple[tuple[int, int, int, int], ...]
    gaps: tuple[tuple[int, int, int, int], ...]
    full: tuple[int, ...]
    size: int
    counters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One code unit that a person must look at.

    ``record`` counts from 1; ``offset`` is the byte offset of the unit inside the field and
    ``file_offset`` that inside the input (-1 when unknown); ``position`` counts characters in the
    field from 0; ``code`` is the unit's bytes in upper-case hex.
    """

    reason: str
    code: str
    offset: int
    position: int
    record: int = 0
    field: str = ""
    file_offset: int = -1

    @staticmethod
    def found(reason: str, code: str, offset: int, position: int) -> Finding:
        """One of a field alone; twice as fast as by the class, whose frozen fields are set by name."""
        made = _new(Finding)
        _reason(made, reason)
        _code(made, code)
        _offset(made, offset)
        _position(made, position)
        _record(made, 0)
        _field(made, "")
        _file_offset(made, -1)
        return made


_new = object.__new__
_reason, _code, _offset, _position, _record, _field, _file_offset = (
    getattr(Finding, name).__set__ for name in Finding.__dataclass_fields__
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the meaning of one code came from."""

    layer: str
    path: str
    line: int


class Decoded:
    """The result of decoding bytes; nothing of it can be set.

    ``glyphs`` holds one name or None for each source character (shift bytes are not characters);
    ``codes`` the source code of each in upper-case hex, in the same order.
    """

    __slots__ = ("_data", "_findings", "_read", "_text")
    __match_args__ = ("text", "glyphs", "codes", "findings")

    def __init__(
        self,
        text: str,
        glyphs: tuple[str | None, ...] = (),
        codes: tuple[str, ...] = (),
        findings: tuple[Finding, ...] = (),
    ) -> None:
        self._text, self._findings = text, findings
        self._read: Callable[[bytes, tuple[Finding, ...]], Characters] | None = None
        self._data: bytes | Characters = (glyphs, codes)

    @classmethod
    def unread(
        cls,
        text: str,
        findings: tuple[Finding, ...],
        read: Callable[[bytes, tuple[Finding, ...]], Characters],
        data: bytes,
    ) -> Decoded:
        """A result whose glyphs and codes ``read`` gives, of bytes and findings, when they are asked for."""
        made = cls.__new__(cls)
        made._text, made._findings, made._read, made._data = text, findings, read, data
        return made

    @property
    def text(self) -> str:
        """What the bytes say."""
        return self._text

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is to be looked at, in the order of the bytes."""
        return self._findings

    @property
    def glyphs(self) -> tuple[str | None, ...]:
        """The glyph name of each character, None where none is sure."""
        return self._characters()[0]

    @property
    def codes(self) -> tuple[str, ...]:
        """The source code of each character."""
        return self._characters()[1]

    def _characters(self) -> Characters:
        data, read = self._data, self._read
        if isinstance(data, tuple) or read is None:
            return data  # type: ignore[return-value]
        self._data = characters = read(data, self._findings)
        return characters

    def __repr__(self) -> str:
        values = zip(self.__match_args__, self._values(), strict=True)
        return f"Decoded({', '.join(f'{name}={value!r}' for name, value in values)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decoded):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[Any, ...]:
        return Decoded, self._values()

    def _values(self) -> tuple[Any, ...]:
        return (self.text, *self._characters(), self.findings)


@dataclass(frozen=True)
class Column:
    """One converted field: UTF-8 ``data`` with int64 ``offsets``; ``plain``: it can need no CSV quotes."""

    name: str
    data: bytearray
    offsets: array[int]
    plain: bool = False


@dataclass(frozen=True)
class Picture:
    """A grey picture, row by row from the top: 0 is paper, 255 is ink."""

    width: int
    height: int
    ink: bytes

    def __post_init__(self) -> None:
        if not (
            0 < self.width <= MAX_SIDE
            and 0 < self.height <= MAX_SIDE
            and len(self.ink) == self.width * self.height
        ):
            raise PictureError(
                fault("E0185", "a picture of {width}x{height} dots", width=self.width, height=self.height),
                next=tr("give at most {max_side}x{max_side}", max_side=MAX_SIDE),
            )

    @property
    def digest(self) -> str:
        """What makes two pictures the same: size and every dot."""
        return hashlib.sha256(f"{self.width}x{self.height}:".encode() + self.ink).hexdigest()

    @property
    def empty(self) -> bool:
        """No ink at all."""
        return not any(self.ink)
