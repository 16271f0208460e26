"""What a dump's own names and readings say of the codes that wait: 渡〓 ﾜﾀﾅﾍﾞ beside 渡邉 ﾜﾀﾅﾍﾞ.

Owns how names are cut into parts, which clean parts speak for a tagged one, and how many people's parts
become one score for each character. Knows nothing of files or queues: ``Names`` is fed frames of names,
``gaiji.review.evidence.learn`` has them decoded.

The rule: a code stands for one character everywhere. Each distinct part that holds it (with its reading)
gives a distribution over the characters that other people have in its place; the parts of one code are
independent witnesses. A character is the likelier the more of its forms the vendor's code lacks, for a 外字
was drawn where the code had none.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz import fuzz, process

from gaiji.review.evidence.undivided import HEAD, Alike, Undivided
from gaiji.standard.characters import TAG, coded

_SPACE = r"[\s\u3000]+"
SAME_READING = 1.0
"""Weight of a person whose part has the same reading and the same other characters."""
LINKED = 3.0
"""Weight of the same family: another name in the record, or another member of the household."""
NEAR_READING = 0.3
"""Weight of a person whose reading is nearly the same (濁点, 長音, a typing error)."""
ALONE = 0.05
"""Weight of a person who shares the reading alone, with other characters beside."""
NEAR = 84
"""rapidfuzz ratio, 0 to 100, from which two readings are nearly the same."""
EPSILON = 0.02
VARIANTS = 150
"""Texts that a reading may leave with kana left out; longer ones are looked for by what they share."""
TOGETHER = 512
"""Readings that are held against all others at once."""


@dataclass(frozen=True)
class Witness:
    """A part that holds the code: its characters, where the code is among them, and the part's reading."""

    units: tuple[str, ...]
    at: int
    kana: str

    def fits(self, other: tuple[str, ...]) -> bool:
        """Whether another part has the same characters but for the code's own place (other codes fit
        anything).
        """
        return len(other) == len(self.units) and all(
            a == b or i == self.at or a[0] == "{"
            for i, (a, b) in enumerate(zip(self.units, other, strict=True))
        )

    @property
    def others(self) -> int:
        """How many known characters stand beside the code."""
        return sum(i != self.at and unit[0] != "{" for i, unit in enumerate(self.units))


@dataclass(frozen=True)
class Evidence:
    """A character proposed for a code. ``score`` is between 0 and 1; ``people`` have it in the code's
    place."""

    character: str
    score: float
    people: int
    linked: int
    example: str


@dataclass
class _Votes:
    weight: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    people: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    linked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    example: dict[str, str] = field(default_factory=dict)

    def add(self, character: str, weight: float, people: int, example: str, linked: int = 0) -> None:
        self.weight[character] += weight
        self.people[character] += people
        self.linked[character] += linked
        self.example.setdefault(character, example)

    def add_many(self, alike: Alike) -> None:
        """``add`` for each of many, in their order."""
        before = [self.weight[one] for one in alike.units]  # the sums go on from there, addend by addend
        every = np.concatenate([np.arange(len(before)), alike.which])
        sums = np.bincount(every, np.concatenate([before, alike.weights])).tolist()
        counts = np.bincount(alike.which, alike.people).tolist()
        each = zip(alike.units, sums, counts, alike.examples, strict=True)
        for character, weight, count, example in each:
            self.weight[character] = weight
            self.people[character] += int(count)
            self.example.setdefault(character, example)


class Names:
    """The distinct name parts of a dump with their readings; grows with the names, not with the records."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []
        self._links: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame, links: Iterable[str] = ()) -> None:
        """Take a batch: columns ``name`` and ``kana`` (text, tags for codes), ``household`` (text, "" for
        none).

        ``links`` are further columns of names in the same record (世帯主, 筆頭者), without readings.
        """
        divided = frame.select(
            name=pl.col("name").str.replace_all(_SPACE, " ").str.strip_chars(),
            kana=pl.col("kana").str.normalize("NFKC").str.replace_all(_SPACE, " ").str.strip_chars(),
            household="household",
            **{
                f"link{i}": pl.col(link).str.replace_all(_SPACE, " ").str.strip_chars()
                for i, link in enumerate(links)
            },
        )
        parts = _divide(divided)
        self._parts.append(parts.group_by("part", "kana").agg(pl.len().alias("people")))
        family = parts.select("part", "household").filter(pl.col("household") != "")
        tagged = divided.filter(pl.col("name").str.contains(TAG))
        for i, _ in enumerate(links):
            self._links.append(_pairs(tagged, f"link{i}"))
        if family.height:
            self._links.append(family.unique())
        if len(self._parts) >= 32:
            self._parts = [self._all()]

    def _all(self) -> pl.DataFrame:
        if not self._parts:
            return pl.DataFrame(schema={"part": pl.String, "kana": pl.String, "people": pl.Int64})
        return (
            pl.concat(f.with_columns(pl.col("people").cast(pl.Int64)) for f in self._parts)
            .group_by("part", "kana")
            .agg(pl.col("people").sum())
        )

    def evidence(self, prior: Callable[[str], float] = lambda _: 1.0) -> dict[str, list[Evidence]]:
        """Code (as tagged, ``JEF:80A1``) → characters, likeliest first. ``prior`` weighs a character, 1 being
        neutral.
        """
        parts = self._all()
        is_tagged = pl.col("part").str.contains(TAG)
        clean = parts.filter(~is_tagged & (pl.col("part") != ""))
        witnesses = _witnesses(parts.filter(is_tagged))
        people = _People(clean, {w.kana for found in witnesses.values() for w in found})
        family = self._family()
        return {
            code: _combined([self._votes(w, people, family) for w in found], prior)
            for code, found in witnesses.items()
        }

    def _votes(self, witness: Witness, people: _People, family: Mapping[str, Counter[str]]) -> _Votes:
        votes = _Votes()
        for example, count in family.get("".join(witness.units), Counter()).items():
            units = _units(example)
            if witness.others and witness.fits(units):
                votes.add(units[witness.at], LINKED * count, 0, example, count)
        for example, count, weight in people.near(witness):
            units = _units(example)
            if witness.at < len(units):
                votes.add(units[witness.at], weight * count, count, example)
        if people.undivided is not None and not people.found and len(witness.kana) > HEAD:
            like = people.undivided.like(witness.units, witness.at, witness.kana)
            if like.units:
                votes.add_many(like)
        return votes

    def _family(self) -> dict[str, Counter[str]]:
        """Tagged part → the clean parts that stand beside it in records and households, with how often."""
        out: dict[str, Counter[str]] = defaultdict(Counter)
        pairs = [frame for frame in self._links if "household" not in frame.columns]
        homes = [frame for frame in self._links if "household" in frame.columns]
        if homes:
            every = pl.concat(homes).unique()
            tagged = every.filter(pl.col("part").str.contains(TAG))
            clean = every.filter(~pl.col("part").str.contains(TAG)).rename({"part": "other"})
            pairs.append(tagged.join(clean, on="household").select("part", "other"))
        for frame in pairs:
            for part, other, count in frame.group_by("part", "other").len().iter_rows():
                out[part][other] += count
        return out


class _People:
    """The clean parts of the dump, found by reading. ``found``: whether the last witness that was asked for
    (``near``) has somebody with the same characters."""

    found = False

    def __init__(self, clean: pl.DataFrame, wanted: set[str]) -> None:
        readings = clean["kana"].unique().to_list()
        self._near = _near_readings(sorted(k for k in wanted if k), [k for k in readings if k])
        needed = wanted | {kana for near in self._near.values() for kana in near}
        rows = clean.filter(pl.col("kana").is_in(list(needed))).sort(
            "people", "part", descending=[True, False]
        )
        self._by_kana: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for part, kana, people in rows.iter_rows():
            self._by_kana[kana].append((part, people))
        self.undivided: Undivided | None = None
        if any(len(kana) > HEAD for kana in wanted):
            whole = clean.filter(
                (pl.col("kana").str.len_chars() > HEAD) & (pl.col("part").str.len_chars() > 2)
            )
            whole = whole.sort("people", "part", "kana", descending=[True, False, False])
            named = ((_units(part), part, kana, people) for part, kana, people in whole.iter_rows())
            self.undivided = Undivided(named, ALONE)

    def near(self, witness: Witness) -> Iterator[tuple[str, int, float]]:
        """(part, people, weight of each) of those who may have the witness's character in its place."""
        self.found = False
        for part, count in self._by_kana.get(witness.kana, ()) if witness.kana else ():
            if witness.fits(_units(part)):
                self.found = True
                yield part, count, SAME_READING if witness.others or len(witness.units) == 1 else ALONE
            elif len(_units(part)) == len(witness.units):
                yield part, count, ALONE * _share(witness, _units(part))
        for kana, likeness in self._near.get(witness.kana, {}).items():
            for part, count in self._by_kana.get(kana, ()):
                if witness.others and witness.fits(_units(part)):
                    self.found = True
                    yield part, count, NEAR_READING * likeness


def _share(witness: Witness, other: tuple[str, ...]) -> float:
    """What part of the known characters beside the code another name of that length has too."""
    same = sum(i != witness.at and a == b for i, (a, b) in enumerate(zip(witness.units, other, strict=True)))
    return (same + 0.1) / (witness.others + 0.1)


def _divide(frame: pl.DataFrame) -> pl.DataFrame:
    """Names and readings at their spaces where both have as many parts, else whole: part, kana, household."""
    split = frame.with_columns(part=pl.col("name").str.split(" "), sound=pl.col("kana").str.split(" "))
    same = pl.col("part").list.len() == pl.col("sound").list.len()
    divided = split.filter(same).select("part", kana="sound", household="household").explode("part", "kana")
    silent = (
        split.filter(~same & (pl.col("kana") == ""))
        .select("part", kana="kana", household="household")
        .explode("part")
    )
    whole = split.filter(~same & (pl.col("kana") != "")).select(
        part=pl.col("name").str.replace_all(" ", ""),
        kana=pl.col("kana").str.replace_all(" ", ""),
        household="household",
    )
    return pl.concat([divided, silent, whole]).filter(pl.col("part") != "")


def _pairs(tagged: pl.DataFrame, link: str) -> pl.DataFrame:
    """(tagged part, clean part of another name in the record)."""
    both = tagged.select(part=pl.col("name").str.split(" "), other=pl.col(link).str.split(" "))
    return (
        both.explode("part")
        .explode("other")
        .filter(
            pl.col("part").str.contains(TAG) & (pl.col("other") != "") & ~pl.col("other").str.contains(TAG)
        )
    )


def _witnesses(tagged: pl.DataFrame) -> dict[str, list[Witness]]:
    """Code → the distinct parts that hold it, in a fixed order."""
    out: dict[str, list[Witness]] = defaultdict(list)
    for part, kana in tagged.select("part", "kana").sort("part", "kana").iter_rows():
        units = _units(part)
        for at, unit in enumerate(units):
            if unit[0] == "{":
                out[unit[1:-1]].append(Witness(units, at, kana))
    return out


def _combined(votes: list[_Votes], prior: Callable[[str], float]) -> list[Evidence]:
    """The witnesses of one code together: the product of their smoothed distributions, times the prior."""
    voted = [v for v in votes if v.weight]
    characters = sorted({c for v in voted for c in v.weight if c[0] != "{"})
    if not characters:
        return []
    logs = {}
    totals = [sum(v.weight.values()) for v in voted]
    for c in characters:
        logs[c] = math.log(prior(c))
        for v, total in zip(voted, totals, strict=True):
            logs[c] += math.log((v.weight.get(c, 0.0) + EPSILON) / (total + EPSILON * len(characters)))
    top = max(logs.values())
    raw = {c: math.exp(value - top) for c, value in logs.items()}
    heard = sum(sum(v.weight.values()) for v in voted)
    sure = heard / (heard + 0.5) / sum(raw.values())
    out = [
        Evidence(
            c,
            round(raw[c] * sure, 4),
            sum(v.people.get(c, 0) for v in voted),
            sum(v.linked.get(c, 0) for v in voted),
            next(v.example[c] for v in voted if c in v.example),
        )
        for c in characters
    ]
    return sorted(out, key=lambda e: (-raw[e.character], e.character))


def _near_readings(wanted: list[str], known: list[str]) -> dict[str, dict[str, float]]:
    """Reading → others that are nearly the same, with their likeness (0 to 1)."""
    by_length: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for kana in known:
        folded = _folded(kana)
        by_length[len(folded)].append((kana, folded))
    asked: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for kana in wanted:
        folded = _folded(kana)
        asked[len(folded)].append((kana, folded))
    out: dict[str, dict[str, float]] = {}
    for length, some in asked.items():
        sizes = [size for size in range(length - 1, length + 2) if by_length.get(size)]
        beside = [pair for size in sizes for pair in by_length[size]]
        short = all(comb(max(length, size), max(0, *_left_out(length, size))) <= VARIANTS for size in sizes)
        found = _left_alike(some, by_length, sizes) if short else _likely(some, beside)
        for (kana, folded), places in zip(some, found, strict=True):
            choices = [beside[at][1] for at in places]
            matches = process.extract(folded, choices, scorer=fuzz.ratio, score_cutoff=NEAR, limit=50)
            names = [(beside[places[i]][0], score) for _, score, i in matches]
            near = {name: score / 100 for name, score in names if name != kana}
            if near:
                out[kana] = near
    return {kana: out[kana] for kana in wanted if kana in out}


def _left_out(one: int, two: int) -> tuple[int, int]:
    """How many kana may be left out of each of two texts of these lengths until both are the same, for the
    ratio to be that of NEAR; (-1, -1) where none is near enough."""
    apart = abs(one - two)
    most = (100 - NEAR) * (one + two) // 100  # kana that only one of them has, of both together
    if most < apart:
        return -1, -1
    less = (most - apart) // 2  # of the shorter
    return (less, less + apart) if one <= two else (less + apart, less)


def _left_alike(
    some: list[tuple[str, str]], by_length: Mapping[int, list[tuple[str, str]]], sizes: list[int]
) -> Iterator[list[int]]:
    """For each reading the places (among those of these lengths, one after the other) of those that are the
    same once so few kana are left out of both that the two are nearly the same."""
    length, first = len(some[0][1]), 0
    tables: list[tuple[int, Mapping[str, list[int]]]] = []
    for size in sizes:
        mine, theirs = _left_out(length, size)
        held: dict[str, list[int]] = defaultdict(list)
        for place, (_, folded) in enumerate(by_length[size] if theirs >= 0 else (), first):
            for rest in _without(folded, theirs):
                held[rest].append(place)
        tables.append((mine, held))
        first += len(by_length[size])
    for _, folded in some:
        yield sorted(
            {
                place
                for mine, held in tables
                if held
                for rest in _without(folded, mine)
                for place in held.get(rest, ())
            }
        )


def _without(text: str, count: int) -> set[str]:
    """What is left of a text without so many of its characters, whichever."""
    return {"".join(rest) for rest in combinations(text, len(text) - count)} if count else {text}


def _likely(some: list[tuple[str, str]], beside: list[tuple[str, str]]) -> Iterator[list[int]]:
    """For each reading the places of those that share enough kana, in whatever order, to be nearly the same:
    no common subsequence is longer than what two texts have in common as bags of characters."""
    characters = sorted({c for _, folded in (*some, *beside) for c in folded})
    sizes = np.array([len(folded) for _, folded in beside], np.float32)
    bags = _bags([folded for _, folded in beside], characters)
    used = bags.any(axis=0)  # few kana stand twice in a reading
    bags = np.ascontiguousarray(bags[:, used])
    for start in range(0, len(some), TOGETHER):
        part = [folded for _, folded in some[start : start + TOGETHER]]
        shared = _bags(part, characters)[:, used] @ bags.T
        least = NEAR / 200 * (sizes + len(part[0])) - 0.001
        for row in shared >= least:
            yield np.flatnonzero(row).tolist()


def _bags(texts: list[str], characters: list[str]) -> npt.NDArray[np.float32]:
    """What each text has as a bag, so that the product of two is at least how many characters they share: a
    column each for a character that is there, is there twice, three times, and for those beyond."""
    numbers = {c: at for at, c in enumerate(characters)}
    counts = np.zeros((len(texts), len(characters)), np.float32)
    for row, text in enumerate(texts):
        for c in text:
            counts[row, numbers[c]] += 1
    rest = np.maximum(counts - 3, 0)
    return np.hstack([*((counts >= n).astype(np.float32) for n in (1, 2, 3)), rest])


def _folded(kana: str) -> str:
    """A reading without 濁点, 半濁点, 長音 and small kana."""
    plain = "".join(c for c in unicodedata.normalize("NFD", kana) if c not in "\u3099\u309aー")
    return plain.translate(_SMALL)


_SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")


def _units(text: str) -> tuple[str, ...]:
    """Characters with their selectors, tags whole."""
    return tuple(coded(text))
