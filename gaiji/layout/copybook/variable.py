"""OCCURS DEPENDING ON: where fields lie when counters decide how many occurrences a record holds.

Owns the steps of a walk over such a record, as ``gaiji.kernel.shape`` takes them. A piece is a run of bytes
that are there together or not at all; pieces follow each other without room between them, as COBOL lays out
variable tables. Source of the rule: IBM Enterprise COBOL for z/OS Language Reference, "OCCURS DEPENDING ON
clause" and, for what is nested or stands behind a table, its appendix on complex OCCURS DEPENDING ON.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import field

from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.choose import counter_of, families, walk
from gaiji.layout.copybook.entries import Item
from gaiji.model import Field, Variable
from gaiji.model.plain import dataclass

PIECE, COUNT, NODE, STEP = 0, 1, 2, 8
WRITTEN = {"zoned": 0, "packed": 1, "binary": 2}
BARE, LITTLE, LEADING, LETTERS, LEADING_LETTERS = 3, 4, 5, 6, 7
"""How a counter is written, as ``gaiji.kernel.shape`` numbers it."""
NUMBERS = (*WRITTEN, "float")
"""Types of which a part is nothing: a record that ends in one is cut off."""


@dataclass
class _Piece:
    """Bytes that are there together: the slot, where they begin in a record of full size, how many."""

    slot: int
    node: int
    full: int
    size: int
    step: int


@dataclass
class _Walk:
    """The steps so far; ``shifts``: how far the occurrence that is walked lies behind the first, by table."""

    root: Item
    steps: list[list[int]] = field(default_factory=list)
    pieces: list[_Piece] = field(default_factory=list)
    counters: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    shifts: dict[int, int] = field(default_factory=dict)
    slots: int = 0

    def slot(self) -> int:
        """Room for one more number."""
        self.slots += 1
        return self.slots - 1

    def add(self, full: int, size: int, node: int, counter: int) -> None:
        """Bytes that are there with ``node``: more of the last piece, or a new one."""
        last = self.pieces[-1] if self.pieces else None
        if last and last.node == node and last.full + last.size == full:
            last.size += size
            self.steps[last.step][2] = last.size
        elif size:
            piece = _Piece(self.slot(), node, full, size, len(self.steps))
            self.pieces.append(piece)
            self.steps.append([PIECE, piece.slot, size, node, counter, 0, 0, 0])

    def group(self, item: Item, shift: int, node: int, counter: int) -> None:
        """The parts of one occurrence of a group, ``shift`` bytes behind the first."""
        at = end = item.start + shift
        parts = families(item)
        for family in parts:
            first = family[0]
            kept = next((one for one in family if one.named_leaves), first)
            size = max(one.size * one.occurs for one in family)
            if len(family) > 1 and any(_varies(one) for one in family) and family is not parts[-1]:
                raise first.error(
                    fault("E0421", "an area with REDEFINES holds a table that varies"),
                    tr('keep one of its definitions, or set depending = "max" in [source]'),
                )
            if _varies(kept):
                self.add(end, first.start + shift - end, node, counter)
                self.table(kept, shift, node, counter)
            else:
                self.add(end, first.start + shift + size - end, node, counter)
            end = first.start + shift + size
        self.add(end, at + item.size - end, node, counter)

    def table(self, item: Item, shift: int, node: int, counter: int) -> None:
        """An item with variable tables in it, or one itself, every occurrence."""
        for number in range(item.occurs):
            inside, mine = node, counter
            self.shifts[id(item)] = number * item.size
            if item.depending:
                mine = self.counter(item)
                inside = self.slot()
                self.steps.append([NODE, inside, node, mine, number + 1, 0, 0, 0])
            at = shift + number * item.size
            if any(_varies(child) for child in item.children):
                self.group(item, at, inside, mine)
            else:
                self.add(item.start + at, item.size, inside, mine)
        del self.shifts[id(item)]

    def counter(self, item: Item) -> int:
        """The slot of a table's counter, which is read where it is needed first."""
        found = counter_of(self.root, item)
        leaf = found.leaf
        if leaf is None or leaf.type not in WRITTEN or leaf.scale or leaf.size > 10 or _separate(found):
            raise item.error(
                fault("E0422", "DEPENDING ON {name}, which is no plain whole number", name=found.name),
                tr("check its PICTURE; SIGN SEPARATE cannot count"),
            )
        full, at = found.start, found.parent
        chain = [found]
        while at is not None:
            chain.append(at)
            at = at.parent
        for one in chain:
            if one.occurs > 1 or one.depending:
                if id(one) not in self.shifts:
                    raise item.error(
                        fault("E0423", "DEPENDING ON {name}, which is in another table", name=found.name),
                        tr("a counter stands in the record, or in the occurrence that its table is in"),
                    )
                full += self.shifts[id(one)]
        if full not in self.counters:
            piece = self.piece(full)
            if piece is None or full + leaf.size > piece.full + piece.size:
                raise item.error(
                    fault("E0424", "DEPENDING ON {name}, which does not stand before it", name=found.name),
                    tr("a counter stands before its table"),
                )
            slot = self.slot()
            self.counters[full], self.names[slot] = len(self.steps), found.name
            how = how_written(leaf.type, leaf.sign)
            self.steps.append(
                [COUNT, slot, piece.slot, full - piece.full, leaf.size, how, item.least, item.occurs]
            )
            return slot
        step = self.steps[self.counters[full]]
        step[6], step[7] = max(step[6], item.least), min(step[7], item.occurs)
        return step[1]

    def piece(self, full: int) -> _Piece | None:
        """The piece that a byte of a record of full size is in."""
        at = bisect_right(self.pieces, full, key=lambda piece: piece.full) - 1
        found = self.pieces[at] if at >= 0 else None
        return found if found and full < found.full + found.size else None


def variable(root: Item, fields: Sequence[Field]) -> Variable | None:
    """How the ``fields`` of a measured record move with its counters; None where nothing varies."""
    if not _varies(root):
        return None
    done = _Walk(root)
    done.group(root, 0, -1, -1)
    columns = []
    for spec in fields:
        piece = done.piece(spec.offset)
        assert piece is not None  # every field is in the record
        whole = int(spec.type in NUMBERS)
        columns.append((piece.slot, spec.offset - piece.full, spec.length, whole))
    full, names = [0] * done.slots, [""] * done.slots
    for piece in done.pieces:
        full[piece.slot] = piece.full
    for slot, name in done.names.items():
        names[slot] = name
    steps = tuple(number for step in done.steps for number in step)
    gaps = tuple(_gaps(done.pieces, columns))
    return Variable(steps, done.slots, tuple(columns), gaps, tuple(full), root.size, tuple(names))


def plain(fields: Sequence[Field], size: int) -> Variable:
    """A record of which nothing varies, in the same words."""
    piece = _Piece(0, -1, 0, size, 0)
    columns = [(0, spec.offset, spec.length, int(spec.type in NUMBERS)) for spec in fields]
    gaps = tuple(_gaps([piece], columns))
    return Variable((PIECE, 0, size, -1, -1, 0, 0, 0), 1, tuple(columns), gaps, (0,), size, ("",))


def how_written(type: str, sign: str, signs: str = "", order: str = "") -> int:
    """The number of how a counter of that type is written; the rest as in ``gaiji.model.Field``. Where nobody
    said how signs are written, letters are no digits."""
    if type == "packed":
        return BARE if sign == "none" else WRITTEN[type]
    if type == "binary":
        return LITTLE if order == "little" else WRITTEN[type]
    letters = signs in ("netcobol", "translated")
    if sign == "leading":
        return LEADING_LETTERS if letters else LEADING
    return LETTERS if letters else WRITTEN[type]


def _gaps(
    pieces: Sequence[_Piece], columns: Sequence[tuple[int, int, int, int]]
) -> list[tuple[int, int, int, int]]:
    """The bytes of pieces that no field has."""
    taken: dict[int, list[tuple[int, int]]] = {}
    for slot, offset, length, _ in columns:
        taken.setdefault(slot, []).append((offset, offset + length))
    gaps = []
    for piece in pieces:
        at = 0
        for begin, end in [*sorted(taken.get(piece.slot, [])), (piece.size, piece.size)]:
            if begin > at:
                gaps.append((piece.slot, at, begin - at, 0))
            at = max(at, end)
    return gaps


def _varies(item: Item) -> bool:
    return any(one.depending for one in walk(item))


def _separate(item: Item) -> bool:
    """Whether a zoned counter has its sign in a byte of its own."""
    return item.leaf is not None and item.leaf.type == "zoned" and item.leaf.size != item.leaf.digits
