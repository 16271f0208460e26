"""Compiles the rows of a charset into the kernel's arrays.

Owns the layout of ``kernel.Program`` (texts, lengths, kinds, replacement policies) and nothing else:
which rows there are is decided in ``gaiji.codes.charset``, what a unit becomes at run time in
``gaiji.kernel.decode``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from enum import IntEnum
from typing import Any, NamedTuple

from gaiji.codes.kind import Kind
from gaiji.codes.tables import WEAK, Range
from gaiji.kernel import decode as kernel
from gaiji.model import Reason
from gaiji.model.plain import dataclass

K: dict[str, int] = kernel.CONSTANTS
LOST = frozenset("◎■□●〓�")
"""What earlier migrations left where a character of a name should be."""
DIRECTIONS = frozenset(
    map(chr, (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070)))
) | frozenset("\ufeff\ufff9\ufffa\ufffb")
"""What shows nothing but changes how the text around it is read, joined or ordered."""
CONTROLS = (frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0)))) | DIRECTIONS) - set("\t\n\r")
"""Control characters: no part of a name or an address. Tabs and line ends may stand in a CSV's cell."""
BLANKS = frozenset((" ", "\u3000"))
"""What padding reads as."""


class Controls(IntEnum):
    """Which control characters are findings in a field: none, all (True), or U+0000, which no database can be
    trusted with, alone."""

    PASS = 0
    ALL = 1
    NUL = 2

    @property
    def texts(self) -> frozenset[str]:
        """These characters."""
        return (frozenset[str](), CONTROLS, frozenset("\0"))[self]


SPECIAL = frozenset(b',"\t\r\n')

POLICIES = ("geta", "keep", "pua", "tag", "drop-record", "fail")
DEFAULT_POLICY = {
    Reason.UNMAPPED_GAIJI: "geta",
    Reason.UNMAPPED_EXTENSION: "geta",
    Reason.ILLEGAL: "geta",
    Reason.BROKEN_SHIFT: "geta",
    Reason.ALREADY_LOST: "keep",
    Reason.AMBIGUOUS: "keep",
    Reason.NO_UNICODE: "geta",
    Reason.OVERFLOW: "keep",
    Reason.SHRINK_NONE: "keep",
    Reason.SHRINK_MANY: "keep",
    Reason.SHRINK_LOOKALIKE: "keep",
    Reason.BAD_NUMBER: "keep",
    Reason.NOT_IN_STANDARD: "keep",
    Reason.BAD_VALUE: "geta",
}
POLICIES_OF = {Reason.BAD_VALUE: ("geta", "keep", "drop-record", "fail")}
"""Reasons that are no character's, and the policies that mean something for them."""
_HOW = {"keep": K["STORED"], "pua": K["STORED"], "tag": K["TAG"]}


class Writes(IntEnum):
    """What a program writes for each unit of the source.

    ``TEXT``: its text, or what the policies put in its place. ``UNITS``: the unit itself in four bytes (see
    ``gaiji.codes.code.value_of``). ``REASONS``: the unit, with the reason of a flagged one in the high half
    of the last byte; padding is left out as for texts.
    """

    TEXT = 0
    UNITS = 1
    REASONS = 2


class Grades(IntEnum):
    """What a program of texts does with units whose rows rest on less than a standard.

    ``LEAVE``: nothing. ``NOTE``: they are mapped, and noted among the findings (``K["GRADED"]``), so that
    they can be counted. ``ASK``: noted too, but those that rest on one source are findings of that reason.
    """

    LEAVE = 0
    NOTE = 1
    ASK = 2


class Rules(NamedTuple):
    """What a kind of field asks of mapped units. ``names``: ``◎`` and its like are findings; ``controls``:
    which control characters are; ``grades``: what becomes of rows that rest on less than a standard;
    ``marks``: the characters that are noted besides, because a mark of an earlier loss may begin with one.
    """

    names: bool = False
    controls: Controls = Controls.PASS
    grades: Grades = Grades.LEAVE
    marks: frozenset[str] = frozenset()


def rules_of(role: str) -> tuple[bool, Controls]:
    """Whether marks of loss, and which control characters, are findings in fields of that role."""
    return role == "name", Controls(role in ("name", "kana", "address"))


class Unit(NamedTuple):
    """What one code becomes: its text (in the output form), or the reason why it has none that is sure."""

    code: int
    size: int
    text: str
    reason: Reason | None = None
    grade: str = "standard"


@dataclass(frozen=True)
class Watched:
    """A mapped unit that is a finding in some fields, or noted there: a mark of an earlier loss, control
    characters, a row that rests on less than a standard.
    """

    plane: int
    slot: int
    text: str
    grade: str

    def flag(self, rules: Rules) -> tuple[Reason, bytes] | None:
        """The reason and what it keeps as text in such a field; None where it is clean there too."""
        if rules.names and self.text in LOST:
            return Reason.ALREADY_LOST, self.text.encode()
        if not rules.controls.texts.isdisjoint(self.text):
            return Reason.ILLEGAL, b""  # no policy lets it into the output
        if rules.grades is Grades.ASK and self.grade in WEAK:
            return Reason.ONE_SOURCE, self.text.encode()
        return None


@dataclass
class Plane:
    """One look-up table of the kernel: 8-byte texts, their lengths, their kinds.

    ``number``: by which ``Watched`` knows it: single, double, triple bytes, sequences.
    """

    slots: int
    number: int
    text: bytearray = field(init=False)
    lens: bytearray = field(init=False)
    kind: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.text = bytearray(8 * self.slots + 8)
        self.lens = bytearray(self.slots)
        self.kind = bytearray(self.slots)

    @classmethod
    def thawed(cls, number: int, tables: tuple[bytes, bytes, bytes]) -> Plane:
        """A plane that can be changed, of the kernel's three tables."""
        plane = cls.__new__(cls)
        plane.slots, plane.number = len(tables[1]), number
        plane.text, plane.lens, plane.kind = map(bytearray, tables)
        return plane

    def flag(self, slot: int, reason: Reason, text: bytes) -> None:
        """Make the unit at a slot a finding; ``text`` is what some policies write for it, up to 8 bytes."""
        if len(text) > 8:
            text = b""
        self.text[8 * slot : 8 * slot + len(text)] = text
        self.lens[slot] = 0
        self.kind[slot] = reason | len(text) << 4

    def flag_run(self, slot: int, reason: Reason, texts: Sequence[bytes]) -> None:
        """The same for slots in a row."""
        end = slot + len(texts)
        self.text[8 * slot : 8 * end] = b"".join(text.ljust(8, b"\0") for text in texts)
        self.lens[slot:end] = bytes(len(texts))
        self.kind[slot:end] = bytes(reason | len(text) << 4 for text in texts)

    def grade(self, slot: int, text: bytes) -> None:
        """Send a mapped unit the way on which it is noted; what it writes stays the same."""
        kind = K["GRADED"] if SPECIAL.isdisjoint(text) else K["GRADED_SPECIAL"]
        if len(text) > 8:
            kind, text = K["GRADED_LONG"], b"\0\0\0"
        self.kind[slot] = kind | len(text) << 4
        self.lens[slot] = 0

    def note(self, slot: int, text: bytes, own: bool) -> None:
        """The same for a unit that is mapped or (``own``) passes as itself; others stay what they are."""
        kind = self.kind[slot]
        if own and (self.lens[slot] or kind == K["ITSELF"] << 4):
            self.kind[slot], self.lens[slot] = K["GRADED"] | K["ITSELF"] << 4, 0
        elif not own and (self.lens[slot] or (kind & 15 == K["MAPPED"] and kind >> 4)):
            self.grade(slot, text)

    def frozen(self) -> tuple[bytes, bytes, bytes]:
        """The three tables as the kernel takes them."""
        return bytes(self.text), bytes(self.lens), bytes(self.kind)


@dataclass(frozen=True)
class Recipe:
    """Everything a program is made of but its units; see ``kernel.Program``."""

    kind: Kind
    system: str
    shift_in: tuple[bytes, ...] = ()
    shift_out: tuple[bytes, ...] = ()
    ranges: tuple[Range, ...] = ()
    pad_single: int = 0x40
    pad_double: bytes = b"\x40\x40"
    digits: int = 0
    pua: str = "linear"
    half: int = -1
    """The single byte that is a blank among double bytes, too."""


def decimal_slots(digits: int) -> int:
    """How many numbers of that many digits there can be: those of eight begin with 00 or 01."""
    return 2_000_000 if digits == 8 else 1_000_000


@dataclass(frozen=True)
class Wide:
    """What only Unicode has: the page of each 256 code points in ``triple``, the codes of sequences (sorted)
    with their plane, and how kinds differ in names (``bytes.translate``)."""

    pages: array[int]
    keys: array[int]
    sequence: tuple[bytes, bytes, bytes]
    named: bytes


@dataclass(frozen=True)
class Compiled:
    """Everything of a program but the policies: what is megabytes, and the same for all of them."""

    recipe: Recipe
    writes: Writes
    single: tuple[bytes, bytes, bytes]
    double: tuple[bytes, bytes, bytes]
    triple: tuple[bytes, bytes, bytes]
    lead: bytes
    trail: bytes
    longs: tuple[bytes, ...]
    padded: tuple[int, ...]
    watched: tuple[Watched, ...] = ()
    unicode: Wide | None = None

    def ruled(self, rules: Rules, units: Iterable[Unit]) -> Compiled:
        """The same for fields that ask more of the ``units`` it was made of than that they are mapped."""
        if rules == Rules():
            return self
        frozen = (self.single, self.double, self.triple, *self._sequences)
        planes = [Plane.thawed(*numbered) for numbered in enumerate(frozen)]
        for unit in self.watched:
            flag = unit.flag(rules)
            if flag is not None:
                planes[unit.plane].flag(unit.slot, *flag)
            elif unit.grade != "standard" and rules.grades is not Grades.LEAVE:
                planes[unit.plane].grade(unit.slot, unit.text.encode())
        for number, slot, text in _places(self.recipe.kind, units, rules.marks):
            planes[number].note(slot, text.encode(), self.unicode is not None)
        if rules.names and self.unicode:
            for plane in planes[1:]:
                plane.kind[:] = plane.kind.translate(self.unicode.named)
        single, double, triple, *more = (plane.frozen() for plane in planes)
        wide = replace(self.unicode, sequence=more[0]) if self.unicode else None
        return replace(self, single=single, double=double, triple=triple, watched=(), unicode=wide)

    @property
    def _sequences(self) -> tuple[tuple[bytes, bytes, bytes], ...]:
        return (self.unicode.sequence,) if self.unicode else ()

    def arguments(self, policy: Mapping[Reason, str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What ``kernel.Program`` takes for these policies, by place and by name."""
        recipe, kind = self.recipe, self.recipe.kind
        offsets = array("q", [0])
        for text in self.longs:
            offsets.append(offsets[-1] + len(text))
        how = bytearray(32)
        for reason, name in policy.items():
            how[reason] = _HOW.get(name, K["GETA"])
        tag = f"{{{recipe.system}:".encode()
        places = (
            K[kind.reads],
            max([8, len(tag) + 16] + [len(text) for text in self.longs]),
            self.single,
            self.double,
            self.triple,
            self.lead,
            self.trail,
            _shifts(recipe),
            bytes(how),
            tag,
            (b"".join(self.longs), offsets),
        )
        wide = self.unicode
        planes = {"wide_planes": (wide.pages, wide.keys, wide.sequence[0], wide.sequence[2])} if wide else {}
        return places, planes | {
            "unicode": int(kind.unicode),
            "units": int(self.writes),
            "little": int(kind.little),
            "wide": int(kind.wide),
            "digits": recipe.digits,
            "half": recipe.half,
            "pad_single": recipe.pad_single,
            "pad_double": kind.padding(recipe.pad_double),
            "padded": self.padded,
        }


def _places(kind: Kind, units: Iterable[Unit], marks: frozenset[str]) -> list[tuple[int, int, str]]:
    """Plane, slot and text of each unit that is one of ``marks``: of single bytes, of two, of three; in
    Unicode all are in the BMP's."""
    if kind.unicode or not marks:
        return [(1, ord(mark), mark) for mark in marks if ord(mark) <= 0xFFFF]
    return [
        (unit.size - 1, unit.code & 0xFFFF, unit.text)
        for unit in units
        if unit.text in marks and unit.reason is None and unit.size <= 3
    ]


class Program(kernel.Program):
    """A compiled program that can go to another process: it is made again from what it was made of."""

    def __init__(self, compiled: Compiled, policy: Mapping[Reason, str]) -> None:
        places, names = compiled.arguments(policy)
        super().__init__(*places, **names)
        self.compiled = compiled
        self.rules = dict(policy)

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.compiled, self.rules)


def _shifts(recipe: Recipe) -> bytes:
    """Four bytes a shift: its one or two bytes, how many, and 1 where it shifts in."""
    out = bytearray()
    for sequences, into in ((recipe.shift_in, 1), (recipe.shift_out, 0)):
        for sequence in sequences:
            out += bytes([sequence[0], sequence[1] if len(sequence) > 1 else 0, len(sequence), into])
    return bytes(out)


class Compiler:
    """Fills the planes of one program, for fields in which anything may stand (see ``Compiled.ruled``)."""

    def __init__(self, recipe: Recipe, *, writes: Writes = Writes.TEXT) -> None:
        self.recipe = recipe
        self.kind = recipe.kind
        self.writes = writes
        self.watched: dict[tuple[int, int], Watched] = {}
        self.shields = not self.kind.unicode
        self.single = Plane(256, 0)
        self.double = Plane(decimal_slots(recipe.digits) if recipe.digits else 65_536, 1)
        self.triple = Plane(65_536, 2)
        self.longs: list[bytes] = []
        self.lead = bytearray(256)
        self.trail = bytearray(256)
        pads = ((1, recipe.pad_single), (2, int.from_bytes(recipe.pad_double, "big")))
        self.padding = dict.fromkeys(pads, True)
        if recipe.half >= 0:  # a pair of them is two characters
            self.padding[pads[1]] = False

    def build(self, entries: Iterable[Unit]) -> Compiled:
        """The planes for these units; codes of the declared ranges that have none become findings."""
        for area in self.recipe.ranges:
            self._area(area)
        for unit in entries:
            self._unit(unit, override=self.kind.unicode)
        self._shield_shifts()
        return Compiled(
            self.recipe,
            self.writes,
            self.single.frozen(),
            self.double.frozen(),
            self.triple.frozen(),
            bytes(self.lead),
            bytes(self.trail),
            tuple(self.longs),
            tuple(map(int, self.padding.values())),
            tuple(self.watched.values()),
            self._wide(),
        )

    def _wide(self) -> Wide | None:
        """What only Unicode has (``gaiji.codes.unicode``)."""
        return None

    def _watch(self, plane: Plane, slot: int, text: str, grade: str = "standard") -> None:
        """Note a mapped unit of which some fields ask more; forget what stood there before."""
        place = plane.number, slot
        if place in self.watched:
            del self.watched[place]
        if grade != "standard" or text in LOST or not CONTROLS.isdisjoint(text):
            self.watched[place] = Watched(*place, text, grade)

    def _area(self, area: Range) -> None:
        """Every code of a range: a finding until a row says otherwise."""
        reason = {"user": Reason.UNMAPPED_GAIJI, "extension": Reason.UNMAPPED_EXTENSION}.get(
            area.kind, Reason.ILLEGAL
        )
        if self.kind.led and area.lead:
            for lead in area.lead:
                self.lead[lead] = max(self.lead[lead], 1)
            if area.prefix >= 0:
                self.lead[area.prefix] = 2
                for lead in area.lead:
                    self.trail[lead] = 1
            for trail in area.trail:
                self.trail[trail] = 1
        plane = self._plane(area.size)
        start = dict(area.pua).get(self.recipe.pua)
        many = len(area)
        own = [b""] * many if start is None else [chr(start + number).encode() for number in range(many)]
        at = 0
        for slot, length in area.runs():
            plane.flag_run(slot & plane.slots - 1, reason, own[at : at + length])
            at += length

    def _plane(self, size: int) -> Plane:
        """The plane for codes of that many bytes."""
        if self.recipe.digits:
            return self.double if size == self.recipe.digits else self.single
        if size == 1:
            return self.single
        return self.double if size == 2 else self.triple

    def _place(self, unit: Unit) -> tuple[Plane, int]:
        """The plane and slot of a unit."""
        plane = self._plane(unit.size)
        return plane, unit.code & 0xFFFF if plane is self.triple else unit.code

    def _unit(self, unit: Unit, *, override: bool) -> None:
        plane, slot = self._place(unit)
        if (unit.size, unit.code) in self.padding:  # a code that reads as anything but a blank is no padding
            self.padding[unit.size, unit.code] = unit.reason is None and unit.text in BLANKS
        text = unit.text.encode()
        reason = unit.reason
        if reason is not None:
            self._watch(plane, slot, "")
            self._flag(plane, slot, reason, text)
            return
        self._watch(plane, slot, unit.text, unit.grade)
        self._set(plane, slot, unit.code, unit.size, text, override=override)

    def _set(
        self, plane: Plane, slot: int, code: int, size: int, text: bytes, *, override: bool = False
    ) -> None:
        """A clean unit. ``override``: a row for a Unicode source counts as mapped, so it goes the
        slow way.
        """
        kind = K["MAPPED"]
        if self.writes:
            text = code.to_bytes(3, "little") + bytes([size])
        elif len(text) > 8:
            kind = K["LONG"]
            self.longs.append(text)
            text = (len(self.longs) - 1).to_bytes(3, "little")
        plane.text[8 * slot : 8 * slot + len(text)] = text
        # A text that a CSV must quote goes the slow way, which tells the kernel's caller of it.
        special = self.shields and not self.writes and not SPECIAL.isdisjoint(text)
        direct = kind == K["MAPPED"] and not override and not special
        plane.lens[slot] = len(text) if direct else 0
        plane.kind[slot] = 0 if direct else kind | len(text) << 4

    def _flag(self, plane: Plane, slot: int, reason: Reason, text: bytes) -> None:
        plane.flag(slot if self.recipe.digits else slot & plane.slots - 1, reason, text)

    def _shield_shifts(self) -> None:
        """A byte that may begin a shift must not be taken by the fast loop: it keeps its text aside."""
        for sequence in (*self.recipe.shift_in, *self.recipe.shift_out):
            byte = sequence[0]
            n = self.single.lens[byte]
            self.single.kind[byte] = self.single.kind[byte] or n << 4
            self.single.lens[byte] = 0
            for trail in range(256):
                code = byte << 8 | trail
                n = self.double.lens[code]
                if n:
                    self.double.kind[code] = n << 4
                    self.double.lens[code] = 0
