"""Writes which characters share a search key (``mappings/repertoire/keys.tsv``) and which links it leaves.

Owns the rule by which relations become classes (docs/matching.md, Keys). Reads the lists that
``repertoire.py`` and ``relations.py`` wrote and the pairs that were looked at one by one
(``repertoire/key-disputes.tsv``); needs no package, and prints what it made. What a key does with the
classes is in the package's ``names``.

    python mappings/build/keys.py [--repertoire DIRECTORY]
"""

from __future__ import annotations

import argparse
import csv
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from repertoire import write_toml, write_tsv

Pair = frozenset[str]

LOOKED_AT = "looked-at"
WEIGHTS = {
    "jis-ucs": 3,
    "koseki": 3,
    "min2842": 3,
    "min2842-zokuji": 3,
    "min5202": 3,
    "koseki-list": 3,
    "joyo": 3,
    "jinmei": 3,
    "hyogai": 3,
    "old": 3,
    LOOKED_AT: 3,
    "analogy": 2,
    "moj582-2": 2,
    "moj582-1": 1,
    "dictionary": 1,
}
# 3: the same character, or its variant, 正字, 俗字 or 誤字 by a list (these join); 2: similar in shape; 1:
# from a list for other uses (2 and 1 join nothing: they only say which of two candidates is the nearer).
JOINS = 3
FORBIDS = "min2842-betsuji"
SAYS_ANYWAY = frozenset({"jis-ucs", "koseki-list", "joyo", "jinmei", "hyogai", "old"})
# Lists of variants that a 別字 row does not overrule: it says that the form is a character of its own too.
JOYO, JINMEI, LEVEL1, LEVEL2, X0213, REST = range(6)
LIST_RANKS = {"joyo": JOYO, "jinmei": JINMEI}
FIRST_OF_LEVEL2 = 0xA0 + 48  # its first row, in EUC


@dataclass
class Characters:
    """What is known of characters: how common each is (0 常用 to 5 outside JIS) and how it is read."""

    rank: dict[str, int] = field(default_factory=dict)
    readings: dict[str, frozenset[str]] = field(default_factory=dict)

    def order(self, character: str) -> tuple[int, int]:
        """The commoner first, then the lower code."""
        return self.ranked(character), ord(character)

    def ranked(self, character: str) -> int:
        """How common: 常用, 人名用, JIS level 1, level 2, JIS X 0213, the rest."""
        return self.rank[character] if character in self.rank else _jis_rank(character)

    def read_alike(self, a: str, b: str) -> bool:
        """Whether two characters have a reading in common."""
        return bool(self.readings.get(a, frozenset()) & self.readings.get(b, frozenset()))

    def read_apart(self, a: str, b: str) -> bool:
        """Whether both have readings and none in common."""
        both = a in self.readings and b in self.readings and self.readings[a] and self.readings[b]
        return bool(both) and not self.read_alike(a, b)


def _jis_rank(character: str) -> int:
    for codec, rank in (("iso2022_jp", LEVEL2), ("shift_jis_2004", X0213)):
        try:
            character.encode(codec)
        except UnicodeError:
            continue
        return LEVEL1 if rank == LEVEL2 and character.encode("euc_jp")[0] < FIRST_OF_LEVEL2 else rank
    return REST


def read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a list."""
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)


def text(codes: str) -> str:
    """The characters of code points in hex."""
    return "".join(chr(int(code, 16)) for code in codes.split())


def plain(character: str) -> str:
    """What NFKC makes of it: keys fold compatibility characters first."""
    return unicodedata.normalize("NFKC", character)


def plain_glyphs(folder: Path) -> dict[str, str]:
    """Glyph → character, of those glyphs only that the plain character means (a 師 with a selector can mean
    帥).
    """
    rows = [(row, text(row["ucs"])) for row in read(folder / "mj-006.02.tsv") if row["ucs"]]
    have = {drawn[0] for row, drawn in rows if row["default"] == "1"}
    return {
        row["name"]: plain(drawn[0]) for row, drawn in rows if row["default"] == "1" or drawn[0] not in have
    }


def characters(folder: Path, glyphs: dict[str, str]) -> Characters:
    """Ranks from the lists of 常用漢字 and 人名用漢字 and from JIS, readings from the MJ list."""
    found = Characters()
    for row in read(folder / "kanji-lists.tsv"):
        character = plain(text(row["ucs"]))
        found.rank[character] = min(LIST_RANKS[row["list"]], found.rank.get(character, REST))
    readings: dict[str, set[str]] = defaultdict(set)
    for row in read(folder / "mj-006.02.tsv"):
        if row["name"] in glyphs:
            readings[glyphs[row["name"]]].update(row["readings"].split())
    found.readings = {character: frozenset(said) for character, said in readings.items()}
    return found


def relations(folder: Path, glyphs: dict[str, str]) -> dict[Pair, set[str]]:
    """Pair of characters → what a source states of the two directly (no link of several hops)."""
    out: dict[Pair, set[str]] = defaultdict(set)
    for row in read(folder / "shrink-1.2.0.tsv"):
        a, b = glyphs.get(row["name"]), plain(text(row["ucs"]))
        if a and a != b and row["hops"] in ("", "1"):
            out[frozenset((a, b))].add(row["table"])
    for row in read(folder / "variants.tsv"):
        a, b = plain(text(row["ucs"])[0]), plain(text(row["other"])[0])
        if a != b:
            out[frozenset((a, b))].add("koseki-list" if row["kind"] == "koseki" else row["kind"])
    return dict(out)


def disputes() -> dict[Pair, bool]:
    """Pair → whether it is joined, of the pairs that were looked at one by one."""
    rows = list(read(Path(__file__).parents[1] / "repertoire" / "key-disputes.tsv"))
    if wrong := [row["join"] for row in rows if row["join"] not in ("yes", "no")]:
        sys.exit(f"key-disputes.tsv: join is {wrong[0]!r}; write yes or no")
    return {frozenset((text(row["ucs"]), text(row["other"]))): row["join"] == "yes" for row in rows}


class Classes:
    """Classes of characters, grown from the common characters to the rare, strongest relation first."""

    def __init__(self, known: Characters, stated: dict[Pair, set[str]], looked_at: dict[Pair, bool]) -> None:
        self.known, self.looked_at = known, looked_at
        self.stated = {pair: set(kinds) for pair, kinds in stated.items()}
        for pair in (pair for pair, join in looked_at.items() if join):
            self.stated.setdefault(pair, set()).add(LOOKED_AT)
        self.members: dict[str, set[str]] = {}
        self.via: dict[str, tuple[str, str]] = {}
        self.refused: list[tuple[str, str, str]] = []

    def grow(self) -> None:
        """All relations that join, by the rank of their rarer character."""
        links = [pair for pair, kinds in self.stated.items() if self._weight(kinds) == JOINS]
        for pair in sorted(links, key=self._order):
            common, rare = sorted(pair, key=self.known.order)
            if why := self._why_not(common, rare):
                self.refused.append((common, rare, why))
            else:
                self._join(common, rare)

    def _order(self, pair: Pair) -> tuple[object, ...]:
        common, rare = sorted(pair, key=self.known.order)
        weights = [WEIGHTS.get(kind, 0) for kind in self.stated[pair]]
        alike = self.known.read_alike(common, rare)
        return (
            self.known.ranked(rare),
            not alike,
            -sum(weights),
            self.known.order(common),
            self.known.order(rare),
        )

    @staticmethod
    def _weight(kinds: Iterable[str]) -> int:
        return max((WEIGHTS.get(kind, 0) for kind in kinds), default=0)

    def of(self, character: str) -> set[str]:
        """The class of a character."""
        return self.members.get(character) or {character}

    def _why_not(self, common: str, rare: str) -> str:
        ours, theirs = self.of(common), self.of(rare)
        if ours is theirs:
            return ""
        level = self.known.ranked(rare)
        for a in sorted(ours, key=self.known.order):
            for b in sorted(theirs, key=self.known.order):
                if why := self._apart(a, b):
                    return why if {a, b} == {common, rare} else f"would join {a} and {b}: {why}"
        older = [min(map(self.known.ranked, side)) < level for side in (ours, theirs)]
        if all(older):
            first, second = (min(side, key=self.known.order) for side in (ours, theirs))
            return f"would join {first} and {second} through a rarer character"
        return ""

    def _apart(self, a: str, b: str) -> str:
        """Why two characters may not be in one class, "" when they may."""
        kinds = self.stated.get(frozenset((a, b)), set())
        direct = self._weight(kinds) == JOINS
        if (said := self.looked_at.get(frozenset((a, b)))) is not None:
            return "" if said else "disputed"
        if FORBIDS in kinds and not kinds & SAYS_ANYWAY:
            return "別字"
        ranks = [self.known.ranked(c) for c in (a, b)]
        if max(ranks) <= JINMEI and not direct:
            return "no source links them"
        if max(ranks) <= LEVEL2 and not direct and not self.known.read_alike(a, b):
            return "no source links them and no reading is common"
        if max(ranks) <= LEVEL2 and self.known.read_apart(a, b):
            return "no reading is common"
        return ""

    def _join(self, common: str, rare: str) -> None:
        ours, theirs = self.of(common), self.of(rare)
        if ours is not theirs:
            both = ours | theirs
            self.members.update(dict.fromkeys(both, both))
            pair = frozenset((common, rare))
            self.via[rare] = common, " ".join(sorted(k for k in self.stated[pair] if WEIGHTS.get(k) == JOINS))


def rows_of(classes: Classes) -> list[dict[str, str]]:
    """One row a character for which another stands: which, and by which link it came in."""
    out = []
    for character, members in classes.members.items():
        first = min(members, key=classes.known.order)
        if character != first:
            via, kinds = classes.via.get(character, (first, ""))
            out.append({"ucs": code(character), "first": code(first), "via": code(via), "relations": kinds})
    return sorted(out, key=lambda row: int(row["ucs"], 16))


def refused_rows(classes: Classes) -> list[dict[str, str]]:
    """One row a link that did not join."""
    out = [
        {
            "ucs": code(a),
            "other": code(b),
            "relations": " ".join(sorted(classes.stated[frozenset((a, b))])),
            "why": why,
        }
        for a, b, why in classes.refused
        if classes.of(a) is not classes.of(b)
    ]
    return sorted(out, key=lambda row: (int(row["ucs"], 16), int(row["other"], 16)))


def code(character: str) -> str:
    """A character's code point in hex."""
    return f"{ord(character):04X}"


def build(folder: Path) -> Classes:
    """The classes that the folder's lists make."""
    glyphs = plain_glyphs(folder)
    classes = Classes(characters(folder, glyphs), relations(folder, glyphs), disputes())
    classes.grow()
    return classes


def pairs(classes: Classes, rank: int) -> Iterator[tuple[str, str, bool]]:
    """The pairs of a class of at most this rank, and whether a source links them directly."""
    for members in {id(members): members for members in classes.members.values()}.values():
        some = sorted((c for c in members if classes.known.ranked(c) <= rank), key=classes.known.order)
        for a, b in combinations(some, 2):
            kinds = classes.stated.get(frozenset((a, b)), set())
            yield a, b, any(WEIGHTS.get(kind) == JOINS for kind in kinds)


def report(classes: Classes) -> list[str]:
    """What was made, in lines: counts, and the pairs of JIS X 0208 that no source links directly."""
    sets = len({id(members) for members in classes.members.values()})
    apart = len(refused_rows(classes))
    lines = [f"{len(classes.members):,} characters in {sets:,} classes, {apart:,} links apart"]
    for what, rank in (("常用 and 人名用", JINMEI), ("JIS X 0208", LEVEL2)):
        found = list(pairs(classes, rank))
        through = [f"{a}{b}" for a, b, direct in found if not direct]
        direct = len(found) - len(through)
        lines.append(f"{what}: {len(found):,} pairs, {direct:,} by a source, {len(through)} through others")
        lines += [f"  with a reading in common: {' '.join(through)}"] if through else []
    return lines


def write(classes: Classes, folder: Path) -> None:
    """``keys.tsv``, ``keys-apart.tsv`` and what they are."""
    joined, apart = rows_of(classes), refused_rows(classes)
    source = """
[[source]]
name = "the lists beside this one, and key-disputes.tsv"
version = "as they are here"
licence = "CC BY-SA 2.1 JP, as shrink-1.2.0.tsv is"
what = "mappings/build/keys.py; docs/matching.md has the rule"
"""
    digest = write_tsv(folder / "keys.tsv", ("ucs", "first", "via", "relations"), joined)
    write_toml(folder / "keys.toml", "検索キーの異体字類", "1", len(joined), digest, source)
    digest = write_tsv(folder / "keys-apart.tsv", ("ucs", "other", "relations", "why"), apart)
    write_toml(folder / "keys-apart.toml", "検索キーで結ばない関係", "1", len(apart), digest, source)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repertoire", type=Path, default=Path(__file__).parents[1] / "repertoire")
    folder = parser.parse_args().repertoire
    classes = build(folder)
    write(classes, folder)
    print("\n".join(report(classes)))


if __name__ == "__main__":
    main()
