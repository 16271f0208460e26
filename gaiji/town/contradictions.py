"""Where the same person's name differs between the systems of a town: found, told, settled once.

Owns what counts as a contradiction and what was decided about each. How names are read is ``people``'s, how
they are laid beside each other ``pairs``'s; the sheet and the page are ``sheets``'s.

What is none: a difference that the codes themselves make. The code of 翔 is printed as JIS C 6226-1978 does
by JEF, as JIS X 0208:1990 does by Windows; and where neither system's code can write what the other has, and
both are forms of one character, nobody wrote anything otherwise. Such pairs are counted apart.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from io import StringIO
from pathlib import Path

from gaiji.disk.files import write_whole
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, mark, tr
from gaiji.standard.characters import bare
from gaiji.standard.relations import related
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.pairs import pairs
from gaiji.town.people import People, Writing, can_write, glyph_of
from gaiji.town.project import Town

FORM, VARIANT, CHARACTER, LENGTH, FLAGGED = "form", "variant", "character", "length", "flagged"
KINDS = {
    FORM: mark("同じ文字の別の字形"),
    VARIANT: mark("異体字など関連する文字"),
    CHARACTER: mark("別の文字"),
    LENGTH: mark("文字数が違う"),
    FLAGGED: mark("一方が未同定"),
}
"""In the order in which they are told."""
SETTLED = "contradictions.tsv"
"""The file, in the town's folder, of what was decided."""
COLUMNS = ("id", "person", "position", "seen", "right", "evidence", "decided_by", "decided_at")


@dataclass(frozen=True, slots=True)
class Settled:
    """What was decided about a contradiction: which glyph is right, on what evidence, by whom."""

    id: str
    person: str
    position: int
    seen: str
    right: str
    evidence: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One character of one person's name that systems write otherwise.

    ``position``: from 1, 0 where the names have not as many characters. ``written``: label of the file → what
    it has there (a tag for a code without a certain character; the whole name where the position is 0).
    ``settled``: what was decided about just this.
    """

    person: str
    position: int
    kind: str
    written: Mapping[str, str]
    settled: Settled | None = None

    @property
    def seen(self) -> str:
        """What stood there, for whoever decides: file and glyph or code."""
        return " ".join(f"{label}={_named(unit)}" for label, unit in sorted(self.written.items()))

    @property
    def id(self) -> str:
        """The 管理番号: the same as long as the person, the place and what stands there are."""
        whole = f"{self.person}\t{self.position}\t{self.seen}"
        return "K" + hashlib.sha256(whole.encode()).hexdigest()[:12].upper()


@dataclass(frozen=True, slots=True)
class Contradictions:
    """What was found among ``residents`` people. ``by_code``: differences that the codes make, as pairs of
    (file, character) with the people that have them."""

    town: str
    residents: int
    found: tuple[Contradiction, ...]
    by_code: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def open(self) -> list[Contradiction]:
        """Those that nobody has settled, and that are no question of a code that waits for review."""
        return [one for one in self.found if one.settled is None and one.kind != FLAGGED]

    @property
    def people(self) -> int:
        """Residents with an open one."""
        return len({one.person for one in self.open})

    def counts(self) -> dict[str, int]:
        """Open ones by kind, and those of codes that wait."""
        told = Counter(one.kind for one in self.found if one.settled is None)
        return {kind: told[kind] for kind in KINDS}


def find(town: Town, people: People) -> Contradictions:
    """The contradictions of a town's people, in the order of the people; what was settled before is told as
    settled as long as just the same stands there."""
    written: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    kinds: dict[tuple[str, int], set[str]] = defaultdict(set)
    by_code: Counter[tuple[str, str, str, str]] = Counter()
    for pair in pairs(people):
        first, second = people.writings[pair.first], people.writings[pair.second]
        if not pair.aligned:
            places = [(0, LENGTH, "".join(pair.one), "".join(pair.other))]
        else:
            places = [
                (at, kind, a, b)
                for at, (a, b) in enumerate(zip(pair.one, pair.other, strict=True), 1)
                if a != b and (kind := _kind(a, b, first, second))
            ]
        for at, kind, a, b in places:
            if kind == BY_CODE:
                by_code[first.file.label, a, second.file.label, b] += 1
                continue
            kinds[pair.person, at].add(kind)
            written[pair.person, at][first.file.label].add(a)
            written[pair.person, at][second.file.label].add(b)
    settled = {one.id: one for one in read_settled(town)}
    found = []
    for (person, at), texts in sorted(written.items()):
        kind = next(kind for kind in (LENGTH, CHARACTER, VARIANT, FORM, FLAGGED) if kind in kinds[person, at])
        told = {label: " / ".join(sorted(some)) for label, some in texts.items()}
        one = Contradiction(person, at, kind, told)
        found.append(replace(one, settled=settled.get(one.id)))
    return Contradictions(town.name, people.residents, tuple(found), dict(by_code), people.left)


BY_CODE = "code"


def _kind(a: str, b: str, first: Writing, second: Writing) -> str:
    """What a difference of two characters is; "" where both are tags of codes nobody knows."""
    if a[0] == "{" or b[0] == "{":
        return FLAGGED if (a[0] == "{") != (b[0] == "{") else ""
    kind = FORM if bare(a) == bare(b) else VARIANT if _related(a, b) else CHARACTER
    if (
        kind == FORM
        and glyph_of(a) == first.printed.get(bare(a))
        and glyph_of(b) == second.printed.get(bare(b))
    ):
        return BY_CODE
    alone = not can_write(second, a) and not can_write(first, b)
    return BY_CODE if kind != CHARACTER and alone else kind


@lru_cache(maxsize=65_536)
def _related(a: str, b: str) -> bool:
    """Whether the relations of the MJ list join two characters."""
    found = load_repertoire().by_text(a)
    return bool(found) and any(other == bare(b) for other, _ in related(found[0].name))


def _named(unit: str) -> str:
    """A glyph's name, else a code as the queue has it, else a digest: no name stands in what is kept."""
    if unit[:1] == "{":
        return unit
    return glyph_of(unit) or hashlib.sha256(unit.encode()).hexdigest()[:8]


# -- what was decided ------------------------------------------------------------------------------------


def settled_path(town: Town) -> Path:
    """The file of what was decided."""
    return town.folder / SETTLED


def read_settled(town: Town) -> list[Settled]:
    """What was decided so far; GaijiError where the file is none of ours."""
    path = settled_path(town)
    if not path.exists():
        return []
    rows = list(csv.reader(StringIO(path.read_text("utf-8")), delimiter="\t"))
    if not rows or tuple(rows[0]) != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise GaijiError(
            fault("E0770", "is no file of settled contradictions"),
            where=str(path),
            next=tr("put back the file that gaiji contradictions --import wrote"),
        )
    return [Settled(row[0], row[1], int(row[2] or 0), *row[3:]) for row in rows[1:]]


def write_settled(town: Town, made: Iterable[Settled]) -> int:
    """Add decisions to those that are kept, later ones in the place of earlier; how many there are now."""
    whole = {one.id: one for one in (*read_settled(town), *made)}
    text = StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in sorted(whole.values(), key=lambda one: (one.person, one.position, one.id)):
        writer.writerow([" ".join(str(getattr(one, name)).split()) for name in COLUMNS])
    town.folder.mkdir(parents=True, exist_ok=True)
    write_whole(settled_path(town), text.getvalue().encode(), own=True)
    return len(whole)


def groups(
    found: Sequence[Contradiction],
) -> dict[tuple[str, tuple[tuple[str, str], ...]], list[Contradiction]]:
    """Contradictions that are the same but for the person: kind and (system, character) of each side."""
    out: dict[tuple[str, tuple[tuple[str, str], ...]], list[Contradiction]] = defaultdict(list)
    for one in found:
        sides = {(label.partition("/")[0], unit) for label, unit in one.written.items()}
        key = tuple(sorted(sides)) if one.position else (("", ""),)
        out[one.kind, key].append(one)
    order = list(KINDS)
    return dict(sorted(out.items(), key=lambda item: (order.index(item[0][0]), -len(item[1]), item[0][1])))
