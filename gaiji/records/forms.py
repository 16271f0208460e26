"""Forms of the descriptors before variable records and their blocks; which a file's first bytes have.

Owns the words that name a form, how a descriptor of it is written, and the judgement whether bytes that can
be cut in one form are surely of another. Cuts no input: ``variable`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from itertools import product

from gaiji.model.plain import dataclass

PLACES = ("", "second", "two")
"""Where a descriptor has its length: in the first half of four bytes, in the second, in two bytes alone."""
MEANS_SPANNED = {1: 1, 2: 2, 3: 3, 0x10: 2, 0x11: 3}
"""Third byte of a descriptor → segment: first, last, one between. Two bits, which some write as hex."""
FAR = 3
"""Records by which a form must come further than the declared one to be named for a damaged file."""


@dataclass(frozen=True)
class Form:
    """How a descriptor says a length: its ``place``, ``little`` its order, ``exclusive``: without itself."""

    place: str = ""
    little: bool = False
    exclusive: bool = False

    @property
    def name(self) -> str:
        """The words of the key ``rdw``."""
        words = [self.place, "little" if self.little else "", "exclusive" if self.exclusive else ""]
        return "-".join(filter(None, words)) or "standard"

    @property
    def size(self) -> int:
        """Bytes of a descriptor."""
        return 2 if self.place == "two" else 4

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Place, order and what is to be added to the length, as the kernel takes them."""
        return PLACES.index(self.place), int(self.little), self.size if self.exclusive else 0

    def length(self, raw: bytes) -> int:
        """Bytes of what a descriptor begins, with itself; negative when ``raw`` is none."""
        half = raw[2:4] if self.place == "second" else raw[:2]
        if len(raw) < self.size or (self.size == 4 and raw[1 if self.place == "second" else 3]):
            return -1
        said = int.from_bytes(half, "little" if self.little else "big")
        return said + (self.size if self.exclusive else 0)

    def segment(self, raw: bytes) -> int:
        """Which segment of a record it begins: 0 the whole, 1 first, 2 last, 3 one between, -1 none."""
        if self.size == 2:
            return 0
        flag = raw[0] if self.place == "second" else raw[2]
        return MEANS_SPANNED.get(flag, -1) if flag else 0

    def write(self, count: int, segment: int = 0) -> bytes:
        """A descriptor before ``count`` bytes; OverflowError when the form cannot say so many."""
        said = count if self.exclusive else count + self.size
        half = said.to_bytes(2, "little" if self.little else "big")
        mark = bytes([segment, 0])
        return half if self.size == 2 else mark + half if self.place == "second" else half + mark

    def block(self, count: int) -> bytes:
        """A descriptor before a block of ``count`` bytes; a length that two bytes cannot say has 31 bits,
        where the form may (``gaiji.kernel.cut``). OverflowError when the form cannot say so many."""
        said = count if self.exclusive else count + self.size
        long = said > 0xFFFF and said < 1 << 24 and said & 0xFFFF
        if long and self.place == "" and not self.little:
            return (0x8000_0000 | said).to_bytes(4, "big")
        return self.write(count)


STANDARD = Form()
FORMS = {
    form.name: form for form in (Form(*parts) for parts in product(PLACES, (False, True), (False, True)))
}


def form_of(words: str) -> Form | None:
    """The form that words name, in any order (``exclusive little``); None when they name none."""
    found = set(re.split(r"[\s,+_-]+", words.strip().casefold())) - {
        "",
        "standard",
        "big",
        "inclusive",
        "first",
    }
    places = found & {"second", "two"}
    if found - {"little", "exclusive", "second", "two"} or len(places) > 1:
        return None
    return Form("".join(places), "little" in found, "exclusive" in found)


@dataclass(frozen=True)
class Shape:
    """How variable records lie: the form before each record, that before each block, segments or not."""

    rdw: Form = STANDARD
    bdw: Form | None = None
    spanned: bool = False

    def keys(self, declared: Shape, bdw: str) -> str:
        """The keys of a job that read this and that ``declared`` has otherwise; ``bdw``: the job's."""
        out = []
        if self.rdw != declared.rdw:
            out.append(f'rdw = "{self.rdw.name}"')
        if (self.bdw is None) != (declared.bdw is None):
            out.append(f"blocked = {'false' if self.bdw is None else 'true'}")
        if self.bdw is not None and self.bdw != (FORMS[bdw] if bdw else self.rdw):
            out.append(f'bdw = "{self.bdw.name}"')
        if self.spanned and not declared.spanned:
            out.append("spanned = true")
        return ", ".join(out)


@dataclass
class Walk:
    """What a shape makes of the first bytes: ``whole`` when it fits all of them; ``end`` where it stopped."""

    shape: Shape
    lengths: list[int] = field(default_factory=list)
    end: int = 0
    whole: bool = False
    marked: bool = False
    zeros: int = 0

    @property
    def halved(self) -> bool:
        """Two bytes alone before data that mostly begin like the other half of a descriptor."""
        return self.shape.rdw.size == 2 and self.zeros * 2 > len(self.lengths)

    def rank(self, longest: int) -> tuple[bool | int, ...]:
        """Of shapes that fit, the least is what the bytes are."""
        own = self.shape
        return (
            self.halved and max(self.lengths) != longest,
            self.lengths.count(0),
            own.bdw is None,
            bool(longest) and sum(length > longest for length in self.lengths),
            own.bdw not in (None, own.rdw),
            list(FORMS).index(own.rdw.name),
        )


def walk(head: bytes, ended: bool, shape: Shape) -> Walk:
    """Follow the descriptors from the first byte; segments are followed wherever they are marked."""
    done, inside, length = Walk(shape), False, 0
    for start, stop, segment in _segments(head, ended, shape):
        if stop < 0 or inside != (segment > 1):
            return done
        length = (length if inside else 0) + stop - start
        done.marked |= segment > 0
        done.zeros += head[start : start + 2] in _MARKS
        inside = segment in (1, 3)
        done.end = stop
        if not inside:
            done.lengths.append(length)
    done.whole = bool(done.lengths) and not (ended and inside)
    return done


_MARKS = {bytes([flag, 0]) for flag in (0, *MEANS_SPANNED)}
"""What two bytes behind a length are where they are the other half of a descriptor."""


def _segments(head: bytes, ended: bool, shape: Shape) -> Iterator[tuple[int, int, int]]:
    """(start, end, which segment) of each; an end of -1: no descriptor, or the input is cut off."""
    at = left = 0
    rdw, bdw = shape.rdw, shape.bdw
    while at < len(head):
        if bdw is not None and not left:
            left = _block(head[at : at + 4], bdw)
            if (left < rdw.size) if len(head) - at >= bdw.size else ended:
                yield at, -1, 0
                return
            at += bdw.size
        raw = head[at : at + rdw.size]
        length, segment = (rdw.length(raw), rdw.segment(raw)) if len(raw) == rdw.size else (0, 0)
        cut = at + max(length, rdw.size) > len(head)
        if cut and not ended:
            return
        if cut or length < rdw.size or segment < 0 or (bdw is not None and length > left):
            yield at, -1, 0
            return
        yield at + rdw.size, at + length, segment
        at += length
        left -= length if bdw is not None else 0
    if ended and left:
        yield at, -1, 0


def _block(raw: bytes, form: Form) -> int:
    """Bytes of the records of a block; negative when ``raw`` is no descriptor of one."""
    if form.place == "" and not form.little and raw[0:1] == b"\x80" and raw[1:] > b"\0\0\0":
        said = int.from_bytes(raw[1:], "big")
        return said - (0 if form.exclusive else form.size) if raw[2:] != b"\0\0" else -1
    return form.length(raw) - form.size if len(raw) >= form.size and not form.segment(raw) else -1


def shapes() -> Iterator[Shape]:
    """Every shape, those with one form for both kinds of descriptors first."""
    forms = list(FORMS.values())
    yield from (Shape(form) for form in forms)
    yield from (Shape(form, form) for form in forms)
    yield from (Shape(rdw, bdw) for rdw in forms for bdw in forms if rdw != bdw)


def judge(head: bytes, ended: bool, declared: Shape, longest: int) -> Shape | None:
    """The shape that the first bytes of an input have where it is surely not the declared one.

    ``ended``: they are all of it; ``longest``: bytes of a record by its layout, 0 when there is none.
    """
    own = walk(head, ended, declared)
    fits, own.whole = own.whole, own.whole and (declared.spanned or not own.marked)
    others = [walk(head, ended, s) for s in shapes() if (s.rdw, s.bdw) != (declared.rdw, declared.bdw)]
    found = [w for w in others if w.whole and _credible(w, own, longest)]
    if own.whole:
        found = found if any(_surely(w, own, longest) for w in found) else []
    elif fits:
        found.append(own)
    elif not found:
        further = [w for w in others if w.end > own.end and len(w.lengths) >= len(own.lengths) + FAR]
        found = sorted(further, key=lambda w: -w.end)[:1]
    if not found:
        return None
    best = min(found, key=lambda w: w.rank(longest))
    return Shape(best.shape.rdw, best.shape.bdw, declared.spanned or best.marked)


def _credible(rival: Walk, own: Walk, longest: int) -> bool:
    """Whether a shape that fits all bytes is worth a name: damaged files fit odd ones by chance."""
    if rival.lengths.count(0) * 2 >= len(rival.lengths) or (rival.halved and max(rival.lengths) != longest):
        return False
    if rival.shape.bdw is None:  # whole blocks always look like records
        return own.shape.bdw is None or not any(own.lengths)
    return rival.shape.bdw == rival.shape.rdw or len(rival.lengths) >= FAR


def _surely(rival: Walk, own: Walk, longest: int) -> bool:
    """Whether a shape that fits, too, is what the bytes are, though the declared one fits.

    A block can be read as a record, which then holds descriptors throughout; the half of a descriptor without
    a length as data, or as an empty record. All that can speak for the declared one is its layout.
    """
    mine, other = own.shape, rival.shape
    as_laid_out = bool(longest) and max(own.lengths) == longest
    if mine.bdw is None and other.bdw == mine.rdw:
        sure = len(rival.lengths) > 1 or other.rdw == mine.rdw
        return sure and not (as_laid_out and min(own.lengths) == longest)
    if other.bdw != mine.bdw:
        return False
    if own.halved and own.zeros == len(own.lengths) and not mine.rdw.exclusive:
        return other.rdw == Form("", mine.rdw.little) and not as_laid_out
    empty = own.lengths[::2].count(0)
    alternate = empty == len(own.lengths[::2]) and len(own.lengths) > 1
    return alternate and other.rdw.place == "second" and len(rival.lengths) * 2 == len(own.lengths)
