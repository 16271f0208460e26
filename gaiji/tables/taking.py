"""The rows of a town's table as rows of a site table, or as refusals with their reason.

Owns what a row must say to be taken: a code that the site may map, and one glyph or character about which all
its cells agree. Nothing is chosen where a row leaves a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import regex

from gaiji.codes.charset import Charset
from gaiji.codes.code import write_code
from gaiji.codes.tables import ENCODE_ONLY, SITE_COLUMNS
from gaiji.errors.messages import tr
from gaiji.model import Glyph
from gaiji.standard.characters import bare, glyphs, points
from gaiji.tables.cells import character_in, code_in, is_empty, is_private, name_in, points_in
from gaiji.tables.columns import Plan, area_of

HAN = regex.compile(r"\p{Han}")
FLAGS = ("0", "1", "3")


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: sheet, number, its code as written there, why, and its cells."""

    sheet: str
    row: int
    code: str
    why: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A row that was taken: where it stands, and its cells by ``SITE_COLUMNS``."""

    sheet: str
    row: int
    key: tuple[int, int]
    cells: Mapping[str, str]

    @property
    def meaning(self) -> tuple[str, ...]:
        """What must be equal for two rows of one code to say the same."""
        cells = self.cells
        return (cells["glyph"] or cells["ucs"], cells["flag"], cells["replaces"])


@dataclass
class Taken:
    """All rows of a file: those taken, those refused, and how many were no data; ``by_name``: rows whose code
    points are only the base of the glyph that they name."""

    lines: list[Line] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    by_name: int = 0


class Refused(Exception):
    """Why a row is not taken."""


class Taker:
    """Turns rows into lines for one charset.

    ``areas``: which codes may be mapped (user, extension, standard); ``signed``: decided_by and decided_at of
    rows whose table does not say; ``known``: also rows that a person stands for must be of the standard.
    """

    def __init__(
        self,
        charset: Charset,
        file: Path,
        areas: Collection[str],
        signed: tuple[str, str] = ("", ""),
        *,
        known: bool = False,
    ) -> None:
        self.charset = charset
        self.file = file
        self.areas = frozenset(areas)
        self.signed = signed
        self.known = known
        self.form = charset.kind.form

    def take(self, plans: Iterable[Plan]) -> Taken:
        """All rows of the sheets; of rows that say different things of one code none is taken."""
        taken = Taken()
        for plan in plans:
            for number, cells in plan.data():
                try:
                    taken.lines.append(self._line(plan, number, cells, taken))
                except Refused as why:
                    code = plan.cell(cells, "code")
                    taken.refusals.append(Refusal(plan.sheet.name, number, code, str(why), cells))
        self._once(
            taken, {(plan.sheet.name, number): cells for plan in plans for number, cells in plan.data()}
        )
        taken.refusals.sort(key=lambda one: (one.sheet, one.row))
        return taken

    def _line(self, plan: Plan, number: int, cells: Sequence[str], taken: Taken) -> Line:
        if why := plan.cell(cells, "why"):
            raise Refused(why)
        size, code = self._code(plan.cell(cells, "code"))
        flag = plan.cell(cells, "flag") or "0"
        if flag not in FLAGS:
            raise Refused(tr("the flag {flag!r} is none of 0, 1, 3", flag=flag[:20]))
        glyph, ucs = self._identity(plan, cells, taken)
        replaces = plan.cell(cells, "replaces")
        self._replaces(size, code, glyph, ucs, replaces)
        place = (
            f"{self.file.name}!{plan.sheet.name}!{number}"
            if plan.sheet.name
            else f"{self.file.name}!{number}"
        )
        by, at = (plan.cell(cells, "decided_by"), plan.cell(cells, "decided_at")) if plan.own else self.signed
        said = plan.cell(cells, "evidence")
        evidence = said if plan.own else " ".join(filter(None, (said, place)))
        told = (
            write_code(self.form, code, size),
            ucs,
            glyph,
            flag,
            plan.cell(cells, "note"),
            evidence,
            by,
            at,
            replaces,
        )
        clean = (regex.sub(r"[\t\r\n]+", " ", cell).strip() for cell in told)
        return Line(plan.sheet.name, number, (size, code), dict(zip(SITE_COLUMNS, clean, strict=True)))

    def _code(self, cell: str) -> tuple[int, int]:
        if is_empty(cell):
            raise Refused(tr("there is no code"))
        found = code_in(cell, self.form)
        if found is None:
            raise Refused(tr("{cell!r} is no code; {advice}", cell=cell[:20], advice=self.form.advice))
        code, size = found
        area = area_of(self.charset, code, size)
        if not area:
            raise Refused(tr("the code is outside every range of {charset}", charset=self.charset.name))
        if area not in self.areas:
            raise Refused(
                tr(
                    "the code is in the {area} area of {charset}, not in the user-defined (--area {area})",
                    area=area,
                    charset=self.charset.name,
                )
            )
        return size, code

    def _identity(self, plan: Plan, cells: Sequence[str], taken: Taken) -> tuple[str, str]:
        """(glyph name, code points) of a row, each "" where it says nothing."""
        name, ucs, shown = (plan.cell(cells, role) for role in ("glyph", "ucs", "character"))
        glyph = None if is_empty(name) else self._glyph(name)
        text = "" if is_empty(ucs) else self._text(ucs)
        alone = "" if is_empty(shown) else character_in(shown)
        if alone is None and ("ucs" not in plan.columns and "glyph" not in plan.columns):
            raise Refused(tr("{cell!r} is not one character", cell=shown[:20]))
        if "ucs" not in plan.columns and "glyph" not in plan.columns:
            text = alone or ""
        elif alone and not is_private(alone):
            self._same_base(alone, glyph, text)
        if glyph is None and not text:
            raise Refused(tr("there is neither a character nor a glyph"))
        if glyph is not None and text:
            return glyph.name, self._agreed(glyph, text, taken)
        if glyph is None:
            self._known(text, plan.own and not self.known)
        return (glyph.name if glyph else ""), points(text)

    def _glyph(self, cell: str) -> Glyph:
        name = name_in(cell)
        if name is None:
            raise Refused(tr("{cell!r} is no MJ or GJ name", cell=cell[:20]))
        found = self.charset.repertoire.get(name)
        if found is None:
            version = self.charset.repertoire.version
            raise Refused(tr("{name} is not in {version}", name=name, version=version))
        return found

    def _text(self, cell: str) -> str:
        text = points_in(cell) or character_in(cell)
        if text is None:
            raise Refused(tr("{cell!r} is no code point", cell=cell[:20]))
        if is_private(text):
            raise Refused(tr("U+{points} is private use: it says no character", points=points(text)))
        if len(glyphs(text)) != 1:
            raise Refused(tr("{points} is more than one character", points=points(text)))
        return text

    def _same_base(self, shown: str, glyph: Glyph | None, text: str) -> None:
        """The character that a row shows must be that of its glyph, or of its code points."""
        if glyph is not None:
            names = {found.name for found in self.charset.repertoire.by_text(bare(shown)[:1])}
            same = glyph.name in names
        else:
            same = not text or bare(shown) == bare(text)
        if not same:
            says = glyph.name if glyph else f"U+{points(text)}"
            raise Refused(tr("the character U+{shown} is not that of {says}", shown=points(shown), says=says))

    def _agreed(self, glyph: Glyph, text: str, taken: Taken) -> str:
        """The code points to write beside a glyph's name, where the two agree."""
        if text in (glyph.text, glyph.form("needed")):
            return points(text)
        found = self.charset.repertoire.by_text(text)
        if (len(text) > 1 and found and found[0].name == glyph.name) or (
            len(text) == 1 and glyph.name in {one.name for one in found}
        ):
            taken.by_name += 1
            return ""
        right = f"U+{points(glyph.text)}" if glyph.text else tr("none")
        raise Refused(
            tr("U+{said} is not {name}: that is {right}", said=points(text), name=glyph.name, right=right)
        )

    def _known(self, text: str, own: bool) -> None:
        """Characters without a glyph's name: kanji must be the standard's, the rest must be characters."""
        if any(c < " " or "\x7f" <= c < "\xa0" for c in text):
            raise Refused(tr("U+{points} is a control character", points=points(text)))
        if own or self.charset.repertoire.by_text(text):
            return
        if HAN.match(text) or len(text) > 1:
            version = self.charset.repertoire.version
            raise Refused(tr("U+{points} is not in {version}", points=points(text), version=version))
        if not text.isprintable():
            raise Refused(tr("U+{points} is no character", points=points(text)))

    def _replaces(self, size: int, code: int, glyph: str, ucs: str, replaces: str) -> None:
        """A row over a shipped one must say what it replaces, as in every site table."""
        old = self.charset.entries.get((size, code))
        row = old.row if old else None
        if row is None or not (row.text or row.glyph):
            if replaces:
                raise Refused(
                    tr("it replaces {replaces!r}, but nothing maps the code", replaces=replaces[:20])
                )
            return
        says = glyph or ucs
        if replaces not in (row.glyph, points(row.text)) or not replaces:
            if not replaces and says in (row.glyph, points(row.text)):
                return
            shipped = row.glyph or points(row.text)
            raise Refused(
                tr("the shipped table maps the code to {shipped}: write that under 置換元", shipped=shipped)
            )

    def _once(self, taken: Taken, rows: Mapping[tuple[str, int], tuple[str, ...]]) -> None:
        """Rows of one code: the first of those that say the same, none of those that do not."""
        groups: dict[tuple[tuple[int, int], bool], list[Line]] = {}
        for line in taken.lines:
            groups.setdefault((line.key, line.cells["flag"] == str(ENCODE_ONLY)), []).append(line)
        gone: set[int] = set()
        for (_, encodes), lines in groups.items():
            first = lines[0]
            agree = len({line.meaning for line in lines}) == 1
            if len(lines) == 1 or (encodes and not agree):
                continue
            for line in lines[1:] if agree else lines:
                other = first if line is not first else lines[1]
                where = (
                    tr("sheet {sheet} row {row}", sheet=other.sheet, row=other.row)
                    if other.sheet
                    else other.row
                )
                why = (
                    tr("says the same as {where}", where=where)
                    if agree
                    else tr("contradicts {where}", where=where)
                )
                gone.add(id(line))
                cells = rows[line.sheet, line.row]
                taken.refusals.append(Refusal(line.sheet, line.row, line.cells["code"], str(why), cells))
        taken.lines = [line for line in taken.lines if id(line) not in gone]
