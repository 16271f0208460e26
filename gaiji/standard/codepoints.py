"""What Unicode says of code points and of variation sequences.

Owns ``codepoints.tsv``, ``registered.tsv`` and ``sequences.tsv`` of the repertoire folder at run time
(``mappings/build`` makes them). Which glyph a text is, is in ``gaiji.standard.repertoire``; what a unit of a
Unicode source becomes in ``gaiji.codes.unicode``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gaiji.standard.characters import MARKS
from gaiji.standard.relations import read_rows

JOINING = tuple(ord(mark) for mark in MARKS if mark not in "\u02e5\u02e9")
"""The marks that only ever stand behind a character (the tone letters stand alone, too)."""
SELECTORS = (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
"""The variation selectors, in the order of their numbers (UTS #37)."""
_SUFFIXES = (*SELECTORS, 0x3099, 0x309A, 0x300, 0x301, 0x2E5, 0x2E9)
_NUMBERS = {point: number for number, point in enumerate(_SUFFIXES)}


class Span(NamedTuple):
    """Code points of one kind, both ends included: kanji, control, format, private or other."""

    first: int
    last: int
    kind: str


class Registered(NamedTuple):
    """A registered sequence for which no MJ glyph is known: its collection, the compatibility ideograph that
    it stands for ("" where none), its line in the file."""

    text: str
    collection: str
    ideograph: str
    line: int


class Adopted(NamedTuple):
    """A sequence of Adobe-Japan1 or Hanyo-Denshi, the MJ glyph that it shows, its collection, and what says
    so."""

    text: str
    glyph: str
    collection: str
    evidence: tuple[str, ...]
    line: int


@lru_cache(maxsize=1)
def spans() -> tuple[Span, ...]:
    """The assigned code points, in order."""
    rows = read_rows("codepoints.tsv")
    return tuple(Span(int(first, 16), int(last, 16), kind) for first, last, kind in rows)


def registered() -> Iterator[Registered]:
    """The registered sequences without an MJ glyph."""
    for line, (ucs, collection, ideograph) in enumerate(read_rows("registered.tsv"), 2):
        yield Registered(_text(ucs), collection, _text(ideograph), line)


def adopted() -> Iterator[Adopted]:
    """The sequences of other collections that an MJ glyph is known for."""
    for line, (ucs, glyph, collection, evidence) in enumerate(read_rows("sequences.tsv"), 2):
        yield Adopted(_text(ucs), glyph, collection, tuple(evidence.split()), line)


def pack(text: str) -> int:
    """The code of a base with its selector or mark: base << 9, and the number of what joins it. The kernel
    makes it in the same way (``gaiji.kernel.decode``)."""
    return ord(text[0]) << 9 | _NUMBERS[ord(text[1])]


def unpack(code: int) -> str:
    """The base and selector (or mark) of such a code."""
    return chr(code >> 9) + chr(_SUFFIXES[code & 511])


def _text(ucs: str) -> str:
    return "".join(chr(int(point, 16)) for point in ucs.split())
