"""Systems without a number in common: whose records are whose people, by what they have in common.

Owns that the systems are taken in the order of the project file, each matched with the people so far
(``gaiji.names.matching``): what a rule holds for, and for one alone, is bound; where more than one fits
nobody is, and a clerk is asked once. The answers are kept in the queue (``gaiji.queue.bonds``).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from gaiji.errors.messages import tr
from gaiji.names.matching import match
from gaiji.town.masks import MASKED, masked, shown_names
from gaiji.town.telling import MORE, OWN
from gaiji.town.told import ABOUT, ASKED, BEHIND, BY_SCHEMA, MOST, Identity, Source

if TYPE_CHECKING:
    from gaiji.queue.bonds import Bond


class Matched:
    """Systems matched with the people so far, one after the other."""

    def __init__(
        self, rows: pl.DataFrame, sources: Sequence[Source], bonds: Sequence[Bond], notes: list[str]
    ) -> None:
        self.sources, self.notes = sources, notes
        systems = pl.DataFrame(
            [(at, one.system) for at, one in enumerate(sources)],
            schema={"file": pl.Int32, "system": pl.String},
            orient="row",
        )
        own = pl.col("kind") == OWN
        node = pl.when(own).then(pl.col("system") + ":" + pl.col("number")).otherwise("person")
        rows = rows.join(systems, on="file", how="left", maintain_order="left")
        self.rows = shown_names(rows.with_columns(node=node), sources)
        self.bonds = {(one.one, one.other): one for one in bonds}
        self.used = self.changed = 0
        self.people = pl.DataFrame(
            schema={"id": pl.String} | dict.fromkeys(ABOUT, pl.String) | {"file": pl.Int32}
        )
        self.person: dict[str, str] = {}
        self.told: dict[str, str] = {}
        self.asked = [pl.DataFrame(schema=ASKED)]

    def result(self) -> tuple[pl.DataFrame, Identity]:
        """The rows with their people, and how each was told."""
        keyed = self.rows.filter(pl.col("kind") != OWN)
        if keyed.height:
            self.people = _records(keyed)
        for system in self.rows.filter(pl.col("kind") == OWN)["system"].unique(maintain_order=True):
            self._take(system)
        person, told = (
            pl.col("node").replace_strict(words, default=None, return_dtype=pl.String)
            for words in (self.person, self.told)
        )
        rows = self.rows.with_columns(
            person=person.fill_null(pl.col("node")), by=told.fill_null(pl.col("by"))
        ).with_columns(name=pl.col("written"))
        each = rows.unique(["system", "node"], keep="first", maintain_order=True)
        counts: dict[str, Counter[str]] = {}
        for system, by, count in each.group_by("system", "by", maintain_order=True).len().iter_rows():
            counts.setdefault(system, Counter())[by] = count
        by = rows.select(*BY_SCHEMA).unique(["person", "file"], keep="first", maintain_order=True)
        answered = self.used, self.changed
        asked = pl.concat(self.asked)
        return rows, Identity(by, asked, counts, answered, tuple(self.notes), self.person)

    def _take(self, system: str) -> None:
        """Bind the people of a system to those so far; who is nobody's is new among them."""
        mine = self.rows.filter((pl.col("kind") == OWN) & (pl.col("system") == system))
        several = _several(mine)
        if several.len():
            self.notes.append(
                tr(
                    "{system}: {count} numbers stand for several people each: they are matched with nobody",
                    system=system,
                    count=several.len(),
                )
            )
        records = _records(mine)
        told = ~pl.col("id").is_in(several.implode()) & ((pl.col("birth") != "") | (pl.col("address") != ""))
        able = records.filter(told)
        new = "alone" if self.people.height else "first"
        self.told |= dict.fromkeys(records["id"], "nothing") | dict.fromkeys(able["id"], new)
        if records.height - able.height > several.len():
            self.notes.append(
                tr(
                    "{system}: {count} people have neither birth date nor address: they are matched with "
                    "nobody",
                    system=system,
                    count=records.height - able.height - several.len(),
                )
            )
        if self.people.height:
            able = self._match(able)
        self.people = pl.concat([self.people, able])

    def _match(self, able: pl.DataFrame) -> pl.DataFrame:
        """Match with the people so far; those who are nobody's, or whom a clerk is asked about."""
        together, apart = self._decided(able)
        for one, other in together:
            self._bind(other, one, "decision")
        left = able.filter(~pl.col("id").is_in([other for _, other in together]))
        free = self.people.filter(~pl.col("id").is_in([one for one, _ in together]))
        a, b = masked(free, left, self.sources)
        found = match(_register(a), _register(b), decided=_rows_of(apart, a, b))
        pairs = _named(found.pairs, a, b)
        bound = pairs.filter(pl.col("status").str.starts_with("matched"))
        doubtful = _only_masked(bound)
        open_ = pl.concat([pairs.filter(pl.col("status") == "ambiguous"), bound.filter(doubtful)])
        waiting = [one for one, by in self.told.items() if by in ("asked", "many")]
        by_place = _by_place(open_).filter(~pl.col("one").is_in(waiting))
        for one, other, by in (
            pl.concat([bound.filter(~doubtful), by_place]).select("one", "other", "rule").rows()
        ):
            self._bind(other, one, by)
        done = pl.concat([bound.filter(~doubtful), by_place])
        open_ = open_.join(done, on="one", how="anti").join(done, on="other", how="anti")
        self._ask(open_)
        self._learn(able, [*together, *done.select("one", "other").rows()])
        known_ = {other for _, other in together} | set(done["other"])
        return able.filter(~pl.col("id").is_in(list(known_)))

    def _bind(self, record: str, person: str, by: str) -> None:
        self.person[record] = self.person.get(person, person)
        self.told[record] = by

    def _decided(self, able: pl.DataFrame) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(person, record) pairs that people answered: the same, and different. An answer holds while both
        say what they said; two people cannot be one."""
        about = {row["id"]: row for row in pl.concat([self.people, able]).iter_rows(named=True)}
        mine = set(able["id"])
        together: dict[str, str] = {}
        apart = []
        for (one, other), bond in self.bonds.items():
            pair = (one, other) if other in mine else (other, one)
            if pair[1] not in mine or pair[0] not in about or pair[0] in mine:
                continue
            if bond.basis != basis_of(about[one], about[other]):
                self.changed += 1
                continue
            self.used += 1
            if bond.answer == "same":
                together.setdefault(pair[1], pair[0])
            else:
                apart.append(pair)
        return [(one, other) for other, one in together.items()], apart

    def _ask(self, pairs: pl.DataFrame) -> None:
        """The questions of records for which few people fit; the others are told as such."""
        best = pairs.filter(pl.col("score") >= pl.col("score").max().over("other") - BEHIND)
        counted = best.with_columns(fit=pl.len().over("other"))
        few = counted.filter(pl.col("fit") <= MOST).drop("fit")
        self.told |= dict.fromkeys(counted.filter(pl.col("fit") > MOST)["other"], "many")
        self.told |= dict.fromkeys(few["other"], "asked")
        rows = [
            {**row, "basis": basis_of(*({n: row[f"{n}_{s}"] for n in ABOUT} for s in ("one", "other")))}
            for row in few.iter_rows(named=True)
        ]
        made = (
            pl.DataFrame(rows, schema_overrides=ASKED).select(*ASKED) if rows else pl.DataFrame(schema=ASKED)
        )
        self.asked.append(made.sort("other", "score", "one", descending=[False, True, False]))

    def _learn(self, able: pl.DataFrame, pairs: Sequence[tuple[str, str]]) -> None:
        """What a person's new records say where the earlier ones said nothing, and a name without codes that
        nobody knows in the place of one with them."""
        new = pl.DataFrame(pairs, schema={"id": pl.String, "record": pl.String}, orient="row")
        new = new.join(able.rename({"id": "record"}), on="record").unique("id", keep="first")
        both = self.people.join(new, on="id", how="left", suffix="_new", maintain_order="left")
        known_ = ~pl.col("name").str.contains(MASKED) | pl.col("name_new").fill_null(
            MASKED_TEXT
        ).str.contains(MASKED)
        filled = [
            pl.when((pl.col(n) == "") & pl.col(f"{n}_new").is_not_null())
            .then(f"{n}_new")
            .otherwise(n)
            .alias(n)
            for n in MORE
        ]
        named = [pl.when(known_).then(n).otherwise(f"{n}_new").alias(n) for n in ("name", "file")]
        self.people = both.with_columns(*filled, *named).select(self.people.columns)


MASKED_TEXT = "\U000f0000"


def basis_of(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    """What an answer rests on, in whichever order: a digest of what both records say."""
    said = sorted(json.dumps([row[name] for name in ABOUT], ensure_ascii=False) for row in (one, other))
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]


def _records(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each record's person: the first that is said of each, names without unknown codes first."""
    unknown = pl.col("name").str.contains(MASKED)
    ordered = rows.with_columns(unknown=unknown).sort("unknown", maintain_order=True)
    said = [pl.col(n).filter(pl.col(n) != "").first().fill_null("") for n in MORE]
    return (
        ordered.group_by("node", maintain_order=True)
        .agg(pl.col("name").first(), *said, pl.col("file").first())
        .rename({"node": "id"})
        .sort("id")
    )


def _several(rows: pl.DataFrame) -> pl.Series:
    """Numbers whose records have more than one birth date, or without dates more than one given name: they
    are of several people (a household's)."""
    births = pl.col("birth").filter(pl.col("birth") != "").n_unique()
    given = pl.col("name").str.extract(r"[\s\u{3000}](\S+)$", 1).drop_nulls().n_unique()
    found = rows.group_by("node").agg(births=births, given=given)
    return found.filter((pl.col("births") > 1) | ((pl.col("births") == 0) & (pl.col("given") > 1)))["node"]


def _register(records: pl.DataFrame) -> pl.DataFrame:
    return records.select("id", *ABOUT, "alias")


def _rows_of(pairs: Sequence[tuple[str, str]], a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """Pairs that are not one person, by row numbers."""
    rows = [{id_: at for at, id_ in enumerate(frame["id"])} for frame in (a, b)]
    found = [(rows[0][x], rows[1][y], False) for x, y in pairs if x in rows[0] and y in rows[1]]
    return pl.DataFrame(found, schema={"a": pl.Int64, "b": pl.Int64, "same": pl.Boolean}, orient="row")


def _named(pairs: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    """Pairs of both registers with what both records say."""
    both = pairs.filter(pl.col("a").is_not_null() & pl.col("b").is_not_null())
    sides = [
        frame[both[side]].rename({name: to if name == "id" else f"{name}_{to}" for name in frame.columns})
        for frame, side, to in ((a, "a", "one"), (b, "b", "other"))
    ]
    return pl.concat([both.drop("a", "b"), *sides], how="horizontal")


def _only_masked(pairs: pl.DataFrame) -> pl.Series:
    """Pairs whose names are equal but for codes that nobody knows, and that have no more in common than the
    birth date: another 外字 could stand there."""
    blank = pl.col("name_one").str.replace_all(r"\s", "") != pl.col("name_other").str.replace_all(r"\s", "")
    alias = (pl.col("alias_one") != "") & (pl.col("alias_one") == pl.col("alias_other"))
    words = pl.col("agrees").str.split(" ")
    more = words.list.contains("kana") | words.list.contains("place")
    return pairs.select((blank & alias & ~more).alias("doubtful"))["doubtful"]


def _by_place(pairs: pl.DataFrame) -> pl.DataFrame:
    """Those of one name at one place (町, 番 and 号), where one side has neither birth date nor reading, the
    sex is not another, and nobody else of that name is there on either side."""
    agrees, differs = (pl.col(name).str.split(" ") for name in ("agrees", "differs"))
    named = agrees.list.contains("name:glyph") | agrees.list.contains("name:variant")
    told = pl.concat_str(pl.col("agrees"), pl.lit(" "), pl.col("differs"))
    none = ~told.str.contains("birth|kana") & ~differs.list.contains("sex")
    found = pairs.filter(named & agrees.list.contains("place"))
    alone = ~pl.col("one").is_duplicated() & ~pl.col("other").is_duplicated()
    return found.filter(alone).filter(none).with_columns(rule=pl.lit("name+place"))
