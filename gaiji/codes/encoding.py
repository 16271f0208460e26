"""Compiles texts and their codes into the arrays of the encode kernel.

Owns the layout of ``kernel_encode.Codes`` and the encoding of single texts. Which text has which code is
decided in ``gaiji.codes.charset``; the loops are in ``gaiji.kernel.encode``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

from gaiji.codes.code import JOINED
from gaiji.codes.program import Recipe, Unit, decimal_slots
from gaiji.kernel import encode as kernel_encode
from gaiji.model import Reason
from gaiji.model.plain import dataclass
from gaiji.standard.characters import is_selector

E: dict[str, int] = kernel_encode.CONSTANTS
BLOCKED = E["VALUE"]
"""The value of a text that has no code and must not stand for itself (Unicode charsets)."""


@dataclass(frozen=True)
class Unmatched:
    """A text that could not be encoded: where (``position`` in characters as they were matched, ``start`` in
    code points), what, why (``illegal``, ``broken-shift`` or ``overflow``)."""

    position: int
    text: str
    reason: Reason
    start: int


def compile_codes(
    recipe: Recipe,
    values: Mapping[str, int],
    *,
    shifts: bool,
    reads: Iterable[Unit] = (),
    geta: int = 0,
    blocked: bytes = b"",
) -> kernel_encode.Codes:
    """The kernel's arrays for these texts and their values (``value_of``).

    ``shifts``: the field mixes single and double bytes, so shift sequences stand between them.
    ``reads``: what each code reads as, for the comparison with a source; ``geta``: the value written for a
    text without a code (0: nothing); ``blocked``: a byte for each code point, 1 where it must not stand for
    itself.
    """
    tree = _Tree()
    if blocked:
        tree.block(blocked)
    for text, value in values.items():
        if text:
            tree.add(text, value)
    shifted = shifts and recipe.kind.typed
    pad = recipe.kind.padding(recipe.pad_double)
    planes, wide, blob = _reads_unicode(reads) if recipe.kind.unicode else _reads(recipe, reads)
    return kernel_encode.Codes(
        E[recipe.kind.writes],
        *tree.arrays(),
        recipe.shift_in[0] if shifted and recipe.shift_in else b"",
        recipe.shift_out[0] if shifted and recipe.shift_out else b"",
        (recipe.pad_single, pad[0], pad[1]),
        planes,
        blob,
        little=int(recipe.kind.little),
        digits=recipe.digits,
        half=recipe.half,
        geta=geta,
        wide_keys=wide,
    )


class _Tree:
    """Texts on their way into the kernel's arrays: first code points in pages, longer texts in steps."""

    def __init__(self) -> None:
        self._pages = array("H", bytes(2 * 0x1100))
        self._slots = array("I", bytes(4 * 256))
        self._steps: dict[tuple[int, int], list[int]] = {}
        self._shared = {0}

    def add(self, text: str, value: int) -> None:
        """One text; the longest text that matches wins, so order does not matter."""
        first = ord(text[0])
        slot = self._slot(first)
        if len(text) == 1:
            more = E["MORE"] if value == BLOCKED else self._slots[slot] & E["MORE"]
            self._slots[slot] = value | more
            return
        if not is_selector(ord(text[1])):
            self._slots[slot] |= E["MORE"]
        state = first
        for i, char in enumerate(text[1:], 1):
            step = self._steps.setdefault((state, ord(char)), [0, -1])
            if i == len(text) - 1:
                step[0] = value
            else:
                if step[1] < 0:
                    step[1] = 0x110000 + len(self._steps)
                state = step[1]

    def block(self, points: bytes) -> None:
        """The code points that must not stand for themselves."""
        known = {bytes(256): 0}
        for number in range(0x1100):
            page = points[number << 8 : (number + 1) << 8]
            if page not in known:
                known[page] = len(self._slots) // 256
                self._slots.extend((BLOCKED | E["MORE"]) * mark for mark in page)
            self._pages[number] = known[page]
        self._shared = set(known.values())

    def _slot(self, point: int) -> int:
        page = self._pages[point >> 8]
        if page in self._shared:
            self._slots.extend(self._slots[page << 8 : (page + 1) << 8])
            page = self._pages[point >> 8] = len(self._slots) // 256 - 1
        return page << 8 | point & 255

    def arrays(self) -> tuple[array[int], array[int], array[int], array[int], array[int]]:
        """pages, slots, keys, values, nexts as ``kernel_encode.Codes`` takes them."""
        size = 16
        while size < 2 * len(self._steps) + 2:
            size *= 2
        keys = array("q", [-1]) * size
        values, nexts = array("I", bytes(4 * size)), array("q", [-1]) * size
        for (state, point), (value, next) in self._steps.items():
            i = ((state * 31 + point) * 40503) & (size - 1)
            while keys[i] != -1:
                i = (i + 1) & (size - 1)
            keys[i], values[i], nexts[i] = state << 21 | point, value, next
        return self._pages, self._slots, keys, values, nexts


Reads = tuple[tuple["array[int]", bytes, "array[int]", bytes, "array[int]", bytes], "array[int]", bytes]
"""Where each code's text stands and its length, for single, double and triple codes; the values of the third
in Unicode; and all texts in one piece."""


def _reads_unicode(units: Iterable[Unit]) -> Reads:
    """Characters of the BMP by their number; those beyond it and sequences by their values, sorted."""
    at, lengths, blob = array("I", bytes(4 * 65_536)), bytearray(65_536), bytearray()
    more: dict[int, bytes] = {}
    for unit in units:
        text = unit.text.encode()
        if unit.size == JOINED or unit.code > 0xFFFF:
            more[unit.code + (JOINED << 24 if unit.size == JOINED else 0)] = text
        else:
            at[unit.code], lengths[unit.code] = len(blob), len(text)
            blob += text
    keys, places, sizes = array("I", sorted(more)), array("I"), bytearray()
    for key in keys:
        places.append(len(blob))
        sizes.append(len(more[key]))
        blob += more[key]
    none = array("I", [0])
    planes = (none, b"\0", at, bytes(lengths), places or none, bytes(sizes))
    return planes, keys, bytes(blob) + b"\0"


def _reads(recipe: Recipe, units: Iterable[Unit]) -> Reads:
    """By the numbers of the codes."""
    wanted = list(units)
    double = (decimal_slots(recipe.digits) if recipe.digits else 65_536) if wanted else 1
    slots = (256, double, 65_536 if wanted else 1)
    at = [array("I", bytes(4 * n)) for n in slots]
    lengths = [bytearray(n) for n in slots]
    blob = bytearray()
    for unit in wanted:
        if recipe.digits:
            plane, code = (0, unit.code) if unit.size == 1 else (1, unit.code)
        else:
            plane, code = unit.size - 1, unit.code & 0xFFFF
        text = unit.text.encode()
        at[plane][code], lengths[plane][code] = len(blob), len(text)
        blob += text
    planes = (at[0], bytes(lengths[0]), at[1], bytes(lengths[1]), at[2], bytes(lengths[2]))
    return planes, array("I"), bytes(blob) + b"\0"


def encode_one(
    codes: kernel_encode.Codes, mode: int, text: str, width: int = -1
) -> tuple[bytes, list[Unmatched]]:
    """One text to bytes, padded or cut to ``width`` bytes (-1: as many as it needs)."""
    data = text.encode("utf-8", "surrogatepass")
    capacity = len(data) * 9 + max(width, 0) + 2 * E["SLACK"]
    out, findings = bytearray(capacity), array("q", bytes(8 * E["FINDING"] * (len(data) + 4)))
    pen = kernel_encode.Pen(data or b"\0", out, findings)
    kernel_encode.encode_rows(
        codes,
        pen,
        mode,
        array("q", [0]),
        array("q", [len(data)]),
        array("q", [width]),
        array("q", [0, 0]),
        0,
        capacity,
        len(data) + 4,
    )
    found = []
    for i in range(0, pen.n * E["FINDING"], E["FINDING"]):
        _, offset, position, _, size, reason = findings[i : i + E["FINDING"]]
        shown = data[offset : offset + size].decode("utf-8", "replace")
        start = sum(byte & 0xC0 != 0x80 for byte in data[: offset + 1]) - 1  # it may be half of one
        found.append(Unmatched(position, shown, Reason(reason), start))
    return bytes(out[: pen.o]), found
