"""縮退: text of MJ and GJ glyphs as the characters that another system can hold, and the way back.

Owns the policy, which character it takes for a glyph, and ``shrink`` and ``unshrink`` over texts and columns.
The map's publisher says that it is not for direct use by machines: only what is single under the policy is
taken; every other glyph is a ``shrink-none`` or ``shrink-many`` finding. Files and the review queue are in
``gaiji.shrinking.files``.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, overload

import polars as pl

from gaiji.errors import DataError, UsageError
from gaiji.model import Reason
from gaiji.shrinking.targets import Target, load_target
from gaiji.standard.relations import SHRINK, read_rows
from gaiji.standard.repertoire import Repertoire, load_repertoire

CLASSES = (
    "jis-ucs",
    "koseki",
    "min2842",
    "min2842-zokuji",
    "min5202",
    "min2842-betsuji",
    "moj582-1",
    "moj582-2",
    "analogy",
    "dictionary",
)
"""The map's tables by their short names (``mappings/repertoire/shrink-1.2.0.toml`` has the full ones)."""
DEFAULT_EVIDENCE = (
    ("jis-ucs",),
    ("koseki",),
    ("min2842", "min2842-zokuji", "min5202"),
    ("moj582-1", "moj582-2"),
    ("analogy",),
    ("dictionary",),
)
"""Same character first, then what the law says of 戸籍, then lists for other uses; 別字 never without being
asked for.
"""
GETA = "〓"
_CHOICES = {
    "ties": ("nearest", "review"),
    "hentaigana": ("kana", "review"),
    "fallback": ("geta", "reading", "keep"),
}
_UNIT = re.compile(
    "[^\ufe00-\ufe0f\U000e0100-\U000e01ef][\ufe00-\ufe0f\U000e0100-\U000e01ef\u309a]?|.", re.DOTALL
)
_SIGNS = ("〜～", "‖∥", "−－", "—―", "¢￠", "£￡", "¬￢", "¦￤")
"""One sign, two code points: JIS's and Microsoft's."""
SIDE = {
    "row": pl.Int64,
    "position": pl.Int64,
    "written": pl.String,
    "original": pl.String,
    "glyph": pl.String,
    "evidence": pl.String,
}
"""The side table: row from 0, position in characters of the shrunk text, what was written there, what for,
its glyph, and why.
"""


@dataclass(frozen=True)
class Policy:
    """How a glyph outside the target finds its character.

    ``evidence``: groups of ``CLASSES`` in order; the first group with a candidate decides. ``hops``: the most
    hops of a 戸籍統一文字 link (0: any). ``ties``: ``nearest`` keeps a group's candidates of the lowest 順位
    or hop count, ``review`` all of them. ``hentaigana``: ``kana`` takes the kana of a 変体仮名 that has one
    only. ``fallback``: what is written for a finding: 〓, the glyph's only reading, or its own character.
    ``replacements``: TSV files (``glyph``, ``text``) that go before the map: a 代替マップ for GJ, a town's
    own rules. ``characters``: the file of the target ``list``. ``path``: the file that the policy is from.
    """

    to: str = "jisx0213"
    evidence: tuple[tuple[str, ...], ...] = DEFAULT_EVIDENCE
    hops: int = 0
    ties: str = "nearest"
    hentaigana: str = "kana"
    fallback: str = "geta"
    characters: str = ""
    replacements: tuple[str, ...] = ()
    path: str = field(default="", compare=False)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it is read from."""
        return tuple(name for name in (self.path, self.characters, *self.replacements) if name)

    def __post_init__(self) -> None:
        for key, values in _CHOICES.items():
            if getattr(self, key) not in values:
                raise UsageError(
                    f"shrink {key} cannot be {str(getattr(self, key))[:40]!r}",
                    next=f"use {' or '.join(values)}",
                )
        for name in (name for group in self.evidence for name in group):
            if name not in CLASSES:
                raise UsageError(f"there is no evidence {name[:40]!r}", next=f"use {', '.join(CLASSES)}")
        if self.hops < 0:
            raise UsageError("shrink hops is negative", next="write 0 for any number of hops")


def load_policy(path: str | Path, **overrides: Any) -> Policy:
    """The policy of a TOML file's ``[shrink]`` table; files in it are relative to it. UsageError names the
    wrong key.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text("utf-8")).get("shrink")
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(
            f"cannot be read as TOML: {error}", where=str(path), next="check the file"
        ) from error
    if not isinstance(table, dict):
        raise UsageError("has no table [shrink]", where=str(path), next="see docs/shrink.md")
    known = {f.name: type(f.default) for f in fields(Policy) if f.name != "path"}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"has no key {key[:40]!r}", where=str(path), next=f"keys are {', '.join(known)}")
        if not isinstance(value, list if known[key] is tuple else known[key]) or isinstance(value, bool):
            raise UsageError(f"key {key} has a wrong type", where=str(path), next="see docs/shrink.md")
    if "evidence" in table:
        table["evidence"] = tuple(
            (group,) if isinstance(group, str) else tuple(group) for group in table["evidence"]
        )
    if table.get("characters"):
        table["characters"] = str(path.parent / table["characters"])
    table["replacements"] = tuple(str(path.parent / name) for name in table.get("replacements", ()))
    return Policy(**(table | overrides), path=str(path))


@dataclass(frozen=True)
class Choice:
    """What the policy makes of one glyph: ``text`` and why, or a ``reason``, candidates and the fallback as
    ``text``.
    """

    text: str
    evidence: str
    reason: Reason | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One replaced character: ``position`` counts characters of the shrunk text; ``choice.text`` is what was
    written there.
    """

    position: int
    original: str
    glyph: str
    choice: Choice


@dataclass(frozen=True)
class Shrunk:
    """A text in the target's characters; ``changes`` leads back; ``findings`` are those changes nobody has
    decided.
    """

    text: str
    changes: tuple[Change, ...] = ()

    @property
    def findings(self) -> tuple[Change, ...]:
        """The changes that wait for a person."""
        return tuple(change for change in self.changes if change.choice.reason is not None)


@dataclass(frozen=True)
class ShrunkColumn:
    """A shrunk column; ``side`` has the columns of ``SIDE``; ``findings``: row, position, glyph, reason,
    candidates.
    """

    text: pl.Series
    side: pl.DataFrame
    findings: pl.DataFrame = field(repr=False)


class Shrinker:
    """One policy over one repertoire. ``decided`` (glyph name → text) goes before everything else."""

    def __init__(self, policy: Policy, *, decided: Mapping[str, str] | None = None) -> None:
        self.policy = policy
        self.target: Target = load_target(policy.to, characters=policy.characters)
        if GETA not in self.target:
            raise UsageError(
                f"the target {self.target.name} has no {GETA}, which stands for what nobody decided",
                next=f"add {GETA} to the file of characters",
            )
        self.repertoire: Repertoire = load_repertoire()
        self._replacements = _read_replacements(policy.replacements, self.target, self.repertoire)
        self._decided = dict(decided or {})
        self._units: dict[str, tuple[str, Choice] | None] = {}

    def glyph(self, name: str) -> Choice:
        """What the policy makes of a glyph, by its name."""
        glyph = self.repertoire[name]
        if glyph.name in self._decided:
            decided = self._decided[glyph.name]
            return Choice(decided or self._fallback(glyph.name), "decided")
        if glyph.name in self._replacements:
            return Choice(self._replacements[glyph.name], "replacement")
        if glyph.default and glyph.base in self.target:
            return Choice(glyph.base, "same")
        if self.policy.hentaigana == "kana" and glyph.name in self._hentaigana:
            return self._one_of(glyph.name, self._hentaigana[glyph.name], "hentaigana")
        return self._by_map(glyph.name)

    @cached_property
    def _hentaigana(self) -> dict[str, tuple[str, ...]]:
        frame = self.repertoire.frame.filter(pl.col("list") == "hentaigana").select("name", "readings")
        return {name: tuple(readings.split()) for name, readings in frame.iter_rows()}

    def _by_map(self, name: str) -> Choice:
        links = [
            link for link in shrink_links().get(name, ()) if link.text in self.target and self._near(link)
        ]
        for group in self.policy.evidence:
            found = [link for link in links if link.table in group]
            if self.policy.ties == "nearest" and found:
                least = min(link.distance for link in found)
                found = [link for link in found if link.distance == least]
            if found:
                return self._one_of(name, dict.fromkeys(link.text for link in found), found[0].table)
        return self._one_of(name, (), "")

    def _near(self, link: Link) -> bool:
        return link.table != "koseki" or not self.policy.hops or link.distance <= self.policy.hops

    def _one_of(self, name: str, candidates: Iterable[str], evidence: str) -> Choice:
        found = tuple(c for c in candidates if c in self.target)
        if len(found) == 1:
            return Choice(found[0], evidence)
        reason = Reason.SHRINK_MANY if found else Reason.SHRINK_NONE
        return Choice(self._fallback(name), reason.label, reason, found)

    def _fallback(self, name: str) -> str:
        glyph = self.repertoire.get(name)
        if self.policy.fallback == "keep" and glyph is not None and glyph.base:
            return glyph.base
        if self.policy.fallback == "reading" and glyph is not None and len(glyph.readings) == 1:
            kana = glyph.readings[0]
            if all(c in self.target for c in kana):
                return kana
        return GETA

    # -- units of text ------------------------------------------------------------------------------

    def unit(self, unit: str) -> tuple[str, Choice] | None:
        """(glyph name or U+ code points, choice) for one character that has to change, None for one that
        stays.
        """
        if unit not in self._units:
            self._units[unit] = self._unit(unit)
        return self._units[unit]

    def _unit(self, unit: str) -> tuple[str, Choice] | None:
        plain = len(unit) == 1
        if (plain or unit[-1] == "\u309a") and unit in self.target:
            name = self.repertoire.defaults().get(unit)
            decided = self._decided.get(name) or self._replacements.get(name) if name else None
            return (name, self.glyph(name)) if name and decided else None
        for pair in _SIGNS:
            if plain and unit in pair:
                other = pair[1 - pair.index(unit)]
                if other in self.target:
                    return _code(unit), Choice(other, "sign")
        found = self.repertoire.by_text(unit)
        if found and (unit in (found[0].text, found[0].base) or unit in self._also.get(found[0].name, ())):
            return found[0].name, self.glyph(found[0].name)
        code = _code(unit)
        if code in self._decided:
            return code, Choice(self._decided[code] or GETA, "decided")
        return code, Choice(
            unit if self.policy.fallback == "keep" else GETA, Reason.SHRINK_NONE.label, Reason.SHRINK_NONE
        )

    @cached_property
    def _also(self) -> dict[str, set[str]]:
        """Glyph name → the texts that mean it besides its own (compatibility ideographs, standardised
        sequences).
        """
        some = self.repertoire.frame.filter(pl.col("also") != "").select("name", "also")
        return {
            name: {"".join(chr(int(code, 16)) for code in text.split()) for text in texts.split("|")}
            for name, texts in some.iter_rows()
        }

    def text(self, text: str) -> Shrunk:
        """A text with every character outside the target replaced."""
        out: list[str] = []
        changes: list[Change] = []
        at = 0
        for unit in _UNIT.findall(text):
            made = self.unit(unit)
            if made is None:
                out.append(unit)
                at += len(unit)
                continue
            name, choice = made
            changes.append(Change(at, unit, name, choice))
            out.append(choice.text)
            at += len(choice.text)
        return Shrunk("".join(out), tuple(changes))

    def column(self, texts: pl.Series) -> ShrunkColumn:
        """A column of texts; null stays null. Each distinct text with a character to change is looked at
        once.
        """
        frame = pl.DataFrame({"text": texts.cast(pl.String)}).with_row_index("row")
        seen = set("".join(frame["text"].drop_nulls().unique().to_list()))
        wrong = sorted(
            c for c in seen if "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef" or self.unit(c)
        )
        if not wrong:
            return ShrunkColumn(texts.cast(pl.String), pl.DataFrame(schema=SIDE), _findings([]))
        hit = frame.filter(pl.col("text").str.contains_any(wrong))
        done = {text: self.text(text) for text in hit["text"].unique().to_list()}
        changed = hit.select(
            "row",
            new=pl.col("text").replace_strict(
                list(done), [shrunk.text for shrunk in done.values()], return_dtype=pl.String
            ),
        )
        text = frame.join(changed, on="row", how="left", maintain_order="left").select(
            pl.coalesce("new", "text")
        )
        rows = [(row, change) for row, old in hit.iter_rows() for change in done[old].changes]
        side = pl.DataFrame(
            [(row, c.position, c.choice.text, c.original, c.glyph, c.choice.evidence) for row, c in rows],
            schema=SIDE,
            orient="row",
        )
        return ShrunkColumn(text.to_series().alias(texts.name), side, _findings(rows))


def _findings(rows: Sequence[tuple[int, Change]]) -> pl.DataFrame:
    schema = {
        "row": pl.Int64,
        "position": pl.Int64,
        "glyph": pl.String,
        "reason": pl.String,
        "candidates": pl.String,
    }
    found = [
        (row, c.position, c.glyph, c.choice.reason.label, "".join(c.choice.candidates))
        for row, c in rows
        if c.choice.reason
    ]
    return pl.DataFrame(found, schema=schema, orient="row")


@overload
def shrink(text: str, to: str = ..., *, policy: Policy | str | Path | None = ...) -> Shrunk: ...
@overload
def shrink(text: pl.Series, to: str = ..., *, policy: Policy | str | Path | None = ...) -> ShrunkColumn: ...
def shrink(
    text: str | pl.Series, to: str = "", *, policy: Policy | str | Path | None = None
) -> Shrunk | ShrunkColumn:
    """A text, or a polars column of texts, in the characters of another system.

    ``to`` is one of ``gaiji.shrinking.targets.NAMES`` and goes before the policy's; ``policy`` a ``Policy``
    or a TOML file. UsageError for an unknown target or a wrong policy.
    """
    chosen = policy if isinstance(policy, Policy) else load_policy(policy) if policy else Policy()
    if to and to != chosen.to:
        chosen = Policy(**{f.name: getattr(chosen, f.name) for f in fields(Policy)} | {"to": to})
    shrinker = _shrinker(chosen)
    return shrinker.text(text) if isinstance(text, str) else shrinker.column(text)


@lru_cache(maxsize=4)
def _shrinker(policy: Policy) -> Shrinker:
    return Shrinker(policy)


@overload
def unshrink(shrunk: Shrunk) -> str: ...
@overload
def unshrink(shrunk: pl.Series, side: pl.DataFrame) -> pl.Series: ...
def unshrink(shrunk: Shrunk | pl.Series, side: pl.DataFrame | None = None) -> str | pl.Series:
    """The text, or the column with its side table, as it was; DataError where the side table does not fit."""
    if isinstance(shrunk, Shrunk):
        return _restore(
            shrunk.text, [(c.position, c.choice.text, c.original) for c in shrunk.changes], "text"
        )
    if side is None:
        raise UsageError("there is no side table", next="give the one that shrink made")
    texts = shrunk.to_list()
    by_row: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for row, position, written, original in side.select("row", "position", "written", "original").iter_rows():
        by_row[row].append((position, written, original))
    for row, changes in by_row.items():
        if not 0 <= row < len(texts) or texts[row] is None:
            raise _misfit(f"row {row + 1}")
        texts[row] = _restore(texts[row], changes, f"row {row + 1}")
    return pl.Series(shrunk.name, texts, dtype=pl.String)


def _restore(text: str, changes: Sequence[tuple[int, str, str]], where: str) -> str:
    out, at = [], 0
    for position, written, original in sorted(changes):
        if position < at or not written or not text.startswith(written, position):
            raise _misfit(where)
        out += [text[at:position], original]
        at = position + len(written)
    return "".join([*out, text[at:]])


def _misfit(where: str) -> DataError:
    return DataError(
        "the side table does not fit the text",
        where=where,
        next="use the file that was shrunk with it, unchanged",
    )


# -- the map and a town's own files ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the MJ縮退マップ; ``distance``: its 順位 or ホップ数, 0 where it has none."""

    text: str
    table: str
    distance: int


@lru_cache(maxsize=1)
def shrink_links() -> dict[str, tuple[Link, ...]]:
    """Glyph name → its links, in the order of the file."""
    out: dict[str, list[Link]] = defaultdict(list)
    for name, ucs, _, table, rank, hops in read_rows(SHRINK):
        out[name].append(
            Link("".join(chr(int(code, 16)) for code in ucs.split()), table, int(rank or hops or 0))
        )
    return {name: tuple(links) for name, links in out.items()}


def _read_replacements(paths: Iterable[str], target: Target, repertoire: Repertoire) -> dict[str, str]:
    """Glyph name → text of the TSV files; the later file wins. UsageError names the line that is wrong."""
    out: dict[str, str] = {}
    for path in paths:
        try:
            lines = Path(path).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            raise UsageError(
                "cannot be read as UTF-8 text", where=path, next="check [shrink] replacements"
            ) from error
        if not lines or lines[0].split("\t")[:2] != ["glyph", "text"]:
            raise UsageError(
                "the header is not glyph, text", where=f"{path}:1", next="write glyph, a tab, text"
            )
        for number, line in enumerate(lines[1:], 2):
            name, _, rest = line.partition("\t")
            text = rest.partition("\t")[0]
            if repertoire.get(name) is None:
                what = f"{name[:20]!r} is not in {repertoire.version}"
                raise UsageError(what, where=f"{path}:{number}", next="write a glyph name")
            if not text or any(unit not in target for unit in _UNIT.findall(text)):
                what = f"the text is not in {target.name}"
                raise UsageError(what, where=f"{path}:{number}", next="write characters of the target")
            out[repertoire[name].name] = text
    return out


def _code(unit: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in unit)
