"""縮退: text of MJ and GJ glyphs as the characters that another system can hold, and the way back.

Owns which character a policy takes for a glyph, and ``shrink`` and ``unshrink`` over texts and columns.
The map's publisher says that it is not for direct use by machines: only what is single under the policy is
taken; every other glyph is a finding (``shrink-none``, ``shrink-many``, ``shrink-lookalike``). Files and the
review queue are in ``gaiji.shrinking.files``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, overload

import polars as pl

from gaiji.errors import DataError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model import Reason
from gaiji.model.series import text_column
from gaiji.shrinking.evidence import (
    ASSERTS,
    CLASSES,
    LOOKALIKES,
    RELATED,
    Link,
    led_elsewhere,
    sequences,
    shrink_links,
    vetoed,
)
from gaiji.shrinking.policy import Policy, load_policy
from gaiji.shrinking.targets import Target, load_target
from gaiji.standard.characters import bare, glyphs
from gaiji.standard.editions import SHRINK, Edition, current_edition
from gaiji.standard.repertoire import Repertoire, load_repertoire

GETA = "〓"
_SIGNS = ("〜～", "‖∥", "−－", "—―", "¢￠", "£￡", "¬￢", "¦￤")
"""One sign, two code points: JIS's and Microsoft's."""
SIDE = {
    "row": pl.Int64,
    "position": pl.Int64,
    "written": pl.String,
    "original": pl.String,
    "glyph": pl.String,
    "evidence": pl.String,
    "asserts": pl.String,
    "seal": pl.String,
}
"""The side table: row from 0, position in characters of the shrunk text, what was written there, what for,
its glyph, why, what that asserts (``ASSERTS``), and the seal of the whole shrunk text.
"""
_FINDINGS = {
    "row": pl.Int64,
    "position": pl.Int64,
    "glyph": pl.String,
    "reason": pl.String,
    "candidates": pl.String,
}


@dataclass(frozen=True)
class Choice:
    """What the policy makes of one glyph: ``text`` and why, or a ``reason``, candidates and the fallback as
    ``text``.
    """

    text: str
    evidence: str
    reason: Reason | None = None
    candidates: tuple[str, ...] = ()

    @property
    def asserts(self) -> str:
        """What the evidence asserts of the two characters (``ASSERTS``); "" for a finding."""
        return ASSERTS.get(self.evidence, "")


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
    """One policy over one repertoire and one MJ縮退マップ. ``decided`` (glyph name → text) goes before
    everything else; ``edition``: of the map (True: the one in use, None: the toolkit's own)."""

    def __init__(
        self,
        policy: Policy,
        *,
        decided: Mapping[str, str] | None = None,
        edition: Edition | Literal[True] | None = True,
    ) -> None:
        self.policy = policy
        self.edition = current_edition(SHRINK) if edition is True else edition
        self.target: Target = load_target(policy.to, characters=policy.characters)
        if GETA not in self.target:
            raise UsageError(
                fault(
                    "E0319",
                    "the target {target} has no {geta}, which stands for what nobody decided",
                    target=self.target.name,
                    geta=GETA,
                ),
                next=tr("add {geta} to the file of characters", geta=GETA),
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
        return self._agreed(glyph.name, self._by_map(glyph.name))

    def _agreed(self, name: str, choice: Choice) -> Choice:
        """The choice, or both characters for a person where two official maps lead to two that the target
        has.
        """
        other = led_elsewhere().get((self.repertoire[name].base, choice.text), "")
        if choice.reason is not None or not other or other not in self.target:
            return choice
        reason = Reason.SHRINK_MANY
        return Choice(self._fallback(name), reason.label, reason, (choice.text, other))

    @cached_property
    def _hentaigana(self) -> dict[str, tuple[str, ...]]:
        frame = self.repertoire.frame.filter(pl.col("list") == "hentaigana").select("name", "readings")
        return {name: tuple(readings.split()) for name, readings in frame.iter_rows()}

    def _by_map(self, name: str) -> Choice:
        """By the first group of the policy with a candidate; look-alikes that no group names wait for a
        person.
        """
        whole = shrink_links(self.edition).get(name)
        if whole is None:
            return self._lookalike(name, ())
        links = [link for link in whole if link.text in self.target and self._near(link)]
        for group in self.policy.evidence:
            found = [link for link in links if link.table in group and self._fits(name, whole, link)]
            if self.policy.ties == "nearest" and found:
                least = min(link.distance for link in found)
                found = [link for link in found if link.distance == least]
            if found:
                return self._one_of(name, dict.fromkeys(link.text for link in found), found[0].table)
        return self._lookalike(name, dict.fromkeys(link.text for link in links))

    def _near(self, link: Link) -> bool:
        return link.table != "koseki" or not self.policy.hops or link.distance <= self.policy.hops

    def _fits(self, name: str, whole: tuple[Link, ...], link: Link) -> bool:
        """Whether a link may be taken where its table stands in the policy."""
        if link.table in LOOKALIKES:
            return link.table in self._named
        related = CLASSES[link.table] == RELATED and self.policy.readings == "common"
        if related and not self._read_alike(name, link.text):
            return False
        alike = partial(self._read_alike, name)
        if not vetoed(name, self.repertoire[name].base, link, alike, self.edition):
            return True
        return any(o.table in self._named for o in whole if o.text == link.text)

    def _read_alike(self, name: str, text: str) -> bool:
        """Whether a glyph and a character have a reading in common."""
        other = self.repertoire.get(self.repertoire.defaults().get(text, ""))
        return other is not None and not set(other.readings).isdisjoint(self.repertoire[name].readings)

    @cached_property
    def _named(self) -> frozenset[str]:
        """The tables of look-alikes that the policy takes by name."""
        return frozenset(table for group in self.policy.evidence for table in group if table in LOOKALIKES)

    def _lookalike(self, name: str, candidates: Iterable[str]) -> Choice:
        """Nothing to take: a look-alike to be shown, when there is one."""
        found = tuple(candidates)
        reason = Reason.SHRINK_LOOKALIKE if found else Reason.SHRINK_NONE
        return Choice(self._fallback(name), reason.label, reason, found)

    def _one_of(self, name: str, candidates: Iterable[str], evidence: str) -> Choice:
        found = tuple(c for c in candidates if c in self.target)
        if len(found) == 1:
            return Choice(found[0], evidence)
        if (base := self.repertoire[name].base) in found:  # of several, the one whose form the glyph is
            return Choice(base, "base")
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
        if len(unit) == 2 and not bare(unit[1]):
            return self._foreign(unit)
        return code, Choice(
            unit if self.policy.fallback == "keep" else GETA, Reason.SHRINK_NONE.label, Reason.SHRINK_NONE
        )

    def _foreign(self, unit: str) -> tuple[str, Choice]:
        """A sequence that MJ lacks: as the MJ glyph that it shows, where that is known, else as its base
        character, with which it is unified by definition.
        """
        name = sequences().get(unit, "")
        if name:
            choice = self.glyph(name)
            if choice.reason is None or unit[0] not in self.target:
                return name, choice
        if unit[0] in self.target:
            return name or _code(unit), Choice(unit[0], "base")
        plain = self.unit(unit[0])
        assert plain is not None  # a character that the target lacks always changes
        return name or _code(unit), plain[1]

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
        for unit in glyphs(text):
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
        frame = frame.with_columns(pl.col("row").cast(pl.Int64))
        seen = set("".join(frame["text"].drop_nulls().unique().to_list()))
        wrong = sorted(c for c in seen if not bare(c) or self.unit(c))
        if not wrong:
            return ShrunkColumn(
                texts.cast(pl.String), pl.DataFrame(schema=SIDE), pl.DataFrame(schema=_FINDINGS)
            )
        hit = frame.filter(pl.col("text").str.contains_any(wrong))
        done = {text: self.text(text) for text in hit["text"].unique().to_list()}
        new = pl.DataFrame(
            {"text": list(done), "new": [shrunk.text for shrunk in done.values()]},
            schema={"text": pl.String, "new": pl.String},
        )
        text = frame.join(new, on="text", how="left", maintain_order="left").select(
            pl.coalesce("new", "text")
        )
        lines = hit.join(_lines(done), on="text", maintain_order="left_right")
        found = lines.filter(pl.col("reason") != "").select(list(_FINDINGS))
        return ShrunkColumn(text.to_series().alias(texts.name), lines.select(list(SIDE)), found)


def _lines(done: Mapping[str, Shrunk]) -> pl.DataFrame:
    """The changes of each distinct text, in the columns of ``SIDE`` and ``_FINDINGS`` but for the row."""
    rows = [
        (old, c.position, made.text, c.original, c.glyph, made.evidence, made.asserts, mark, reason, shown)
        for old, shrunk in done.items()
        for mark in [seal(shrunk.text)]
        for c in shrunk.changes
        for made in [c.choice]
        for reason, shown in [(made.reason.label, "".join(made.candidates)) if made.reason else ("", "")]
    ]
    schema = {"text": pl.String} | {name: kind for name, kind in (SIDE | _FINDINGS).items() if name != "row"}
    return pl.DataFrame(rows, schema=schema, orient="row")


def seal(*texts: str) -> str:
    """What a side table keeps of texts to know them again: 16 hex digits of BLAKE2b."""
    return blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


@overload
def shrink(text: str, to: str = ..., *, policy: Policy | str | Path | None = ...) -> Shrunk: ...
@overload
def shrink(text: Any, to: str = ..., *, policy: Policy | str | Path | None = ...) -> ShrunkColumn: ...
def shrink(text: Any, to: str = "", *, policy: Policy | str | Path | None = None) -> Shrunk | ShrunkColumn:
    """A text, or a column of texts, in the characters of another system.

    A column is a list, an Arrow array, a polars or pandas series, or a NumPy array (see
    ``gaiji.model.series``); the answer has polars columns, and ArgumentTypeError says what is none.

    ``to`` is one of ``gaiji.shrinking.targets.NAMES`` and goes before the policy's; ``policy`` a ``Policy``
    or a TOML file. UsageError for an unknown target or a wrong policy.
    """
    chosen = policy if isinstance(policy, Policy) else load_policy(policy) if policy else Policy()
    if to and to != chosen.to:
        chosen = Policy(**{f.name: getattr(chosen, f.name) for f in fields(Policy)} | {"to": to})
    shrinker = _shrinker(chosen)
    return shrinker.text(text) if isinstance(text, str) else shrinker.column(text_column(text, "text").series)


@lru_cache(maxsize=4)
def _shrinker(policy: Policy) -> Shrinker:
    return Shrinker(policy)


@overload
def unshrink(shrunk: Shrunk) -> str: ...
@overload
def unshrink(shrunk: pl.Series, side: pl.DataFrame) -> pl.Series: ...
def unshrink(shrunk: Shrunk | pl.Series, side: pl.DataFrame | None = None) -> str | pl.Series:
    """The text, or the column with its side table, as it was; DataError where the side table does not fit: a
    text has to be what was written at its place, whole.
    """
    if isinstance(shrunk, Shrunk):
        return restore(shrunk.text, [(c.position, c.choice.text, c.original) for c in shrunk.changes], "text")
    if side is None:
        raise UsageError(fault("E0320", "there is no side table"), next=tr("give the one that shrink made"))
    texts = shrunk.to_list()
    by_row: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    seals: dict[int, str] = {}
    columns = ("row", "position", "written", "original", "seal")
    for row, position, written, original, mark in side.select(columns).iter_rows():
        by_row[row].append((position, written, original))
        seals[row] = mark
    for row, changes in by_row.items():
        if not 0 <= row < len(texts) or texts[row] is None or seal(texts[row]) != seals[row]:
            raise _misfit(f"row {row + 1}")
        texts[row] = restore(texts[row], changes, f"row {row + 1}")
    return pl.Series(shrunk.name, texts, dtype=pl.String)


def restore(text: str, changes: Sequence[tuple[int, str, str]], where: str) -> str:
    """A text with originals at their places (position, what was written, original); DataError at ``where``
    when something else stands there.
    """
    out, at = [], 0
    for position, written, original in sorted(changes):
        if position < at or not written or not text.startswith(written, position):
            raise _misfit(where)
        out += [text[at:position], original]
        at = position + len(written)
    return "".join([*out, text[at:]])


def _misfit(where: str) -> DataError:
    return DataError(
        fault("E0321", "the side table does not fit the text"),
        where=where,
        next=tr("use the file that was shrunk with it, unchanged"),
    )


# -- a town's own files ------------------------------------------------------------------------------


def _read_replacements(paths: Iterable[str], target: Target, repertoire: Repertoire) -> dict[str, str]:
    """Glyph name → text of the TSV files; the later file wins. UsageError names the line that is wrong."""
    out: dict[str, str] = {}
    for path in paths:
        try:
            lines = Path(path).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            raise UsageError(
                fault("E0322", "cannot be read as UTF-8 text"),
                where=path,
                next=tr("check [shrink] replacements"),
            ) from error
        if not lines or lines[0].split("\t")[:2] != ["glyph", "text"]:
            raise UsageError(
                fault("E0323", "the header is not glyph, text"),
                where=f"{path}:1",
                next=tr("write glyph, a tab, text"),
            )
        for number, line in enumerate(lines[1:], 2):
            name, _, rest = line.partition("\t")
            text = rest.partition("\t")[0]
            if repertoire.get(name) is None:
                what = fault(
                    "E0324", "{name!r} is not in {version}", name=name[:20], version=repertoire.version
                )
                raise UsageError(what, where=f"{path}:{number}", next=tr("write a glyph name"))
            if not text or any(unit not in target for unit in glyphs(text)):
                what = fault("E0325", "the text is not in {target}", target=target.name)
                raise UsageError(what, where=f"{path}:{number}", next=tr("write characters of the target"))
            out[repertoire[name].name] = text
    return out


def _code(unit: str) -> str:
    return " ".join(f"U+{ord(c):04X}" for c in unit)
