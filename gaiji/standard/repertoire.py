"""The standard repertoire: the MJ list, 変体仮名 and the imported GJ, and every way to look a glyph up.

Owns the meaning of ``mappings/repertoire/*.tsv`` (docs/repertoire.md) at run time and the order in
which several glyphs are proposed. Does not own how a GJ font or list is imported (``gaiji.standard.gj``), nor
which glyph a vendor's code means (``gaiji.codes.tables``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji import __version__
from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.kept import keep, kept, key_of
from gaiji.errors import RepertoireError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.model import Glyph
from gaiji.standard.editions import MJ, Edition, current_edition, editions
from gaiji.standard.gj import COLUMNS as _COLUMNS
from gaiji.standard.gj import (
    GjImport,
    GjRelease,
    check_release,
    current_gj,
    gj_releases,
    import_gj,
    select_gj,
)
from gaiji.standard.lists import (
    Columns,
    GlyphList,
    lines_with,
    load_list,
    read_columns,
    read_list,
    read_radicals,
    text_of,
    toml_version,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "FORMS",
    "GjImport",
    "GjRelease",
    "GlyphNotFound",
    "Repertoire",
    "gj_releases",
    "import_gj",
    "load_repertoire",
    "select_gj",
]

FORMS = ("needed", "always", "never")
"""The text forms of a glyph: an IVS where it is needed, wherever the list has one, or none."""
FEW = 24  # characters that are looked up in the lines that name them, before all lines are read for more
_MJ, _HENTAIGANA, _RADICALS = "mj-006.02", "hentaigana-002.01", "radicals"


class GlyphNotFound(RepertoireError, KeyError):
    """No glyph has this name. It is a KeyError too, as for any mapping."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class Repertoire:
    """The glyphs of one release of the lists; unchanging. ``load_repertoire`` makes it.

    ``version`` names the editions (``MJ 006.02`` and the GJ release, when one is imported), ``identity`` is a
    digest of the lists themselves. ``edition``: that of the MJ list where it is not the toolkit's own.
    ``frame`` (made when first asked for) holds one row a glyph (MJ, 変体仮名, GJ, each in the order of
    names), for vectorised joins:

    - ``name``, ``list`` (``mj``, ``hentaigana`` or ``gj``);
    - ``text`` (base + IVS where the list has one), ``base``, ``ivs``; all "" without Unicode;
    - ``default`` (bool): the plain base already means this glyph;
    - ``also``: other texts that mean this glyph, in code points, joined by ``|``;
    - ``unified``: the list's 対応するUCS where it is not ``base``;
    - ``koseki``, ``juki``, ``touki``, ``x0213``, ``x0213_class``, ``x0212``, ``radicals``,
      ``readings`` (space separated), ``note``: "" where there is none; ``strokes``: may be null.
    """

    def __init__(
        self, lists: Sequence[GlyphList], version: str, radicals: GlyphList, edition: Edition | None = None
    ) -> None:
        self.version = version
        self.edition = edition
        self.identity = key_of(version, *(one.data for one in (*lists, radicals)))
        self._lists = tuple(lists)
        self._radical_list = radicals
        self._forms: dict[str, dict[str, str]] = {}
        self._glyphs: dict[int, Glyph] = {}
        self._indexes: dict[str, dict[str, list[int]]] = {}
        self._asked = 0

    def __repr__(self) -> str:
        return f"<Repertoire {self.version}: {len(self):,} glyphs>"

    @cached_property
    def frame(self) -> pl.DataFrame:
        """See the class. RepertoireError where a list is damaged or has a name twice."""
        import polars as pl

        frame = pl.concat([read_list(one) for one in self._lists])
        if frame["name"].n_unique() != frame.height:
            twice = frame.filter(pl.col("name").is_duplicated())["name"][0]
            raise RepertoireError(
                fault("E0353", "the name {twice} occurs twice", twice=twice),
                where=self.version,
                next=tr("install gaiji again"),
            )
        return frame

    def check(self) -> None:
        """RepertoireError where one of the lists is damaged."""
        _ = self.frame, self._radicals

    @cached_property
    def _radicals(self) -> dict[str, tuple[str, ...]]:
        return read_radicals(self._radical_list)

    def list_of(self, name: str) -> GlyphList:
        """One of its lists (``mj``, ``hentaigana``, ``gj``) as it was loaded; KeyError where it has none."""
        return {one.name: one for one in self._lists}[name]

    def naming(self, what: str) -> Repertoire:
        """The glyphs alone whose lines hold a name, a number as the list writes it, or a character (its code
        point): what one look-up needs, without reading 60,000 lines for it."""
        needle = f"{ord(what):04X}" if len(what) == 1 else what
        lists = [lines_with(one, needle.encode()) for one in self._lists]
        return Repertoire(lists, self.version, self._radical_list, self.edition)

    # One glyph by its name.

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Glyph]:
        return (self._glyph(row) for row in range(len(self)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _name(name) in self._rows

    def __getitem__(self, name: str) -> Glyph:
        """The glyph of that name, in any case; GlyphNotFound (a KeyError) when there is none."""
        row = self._rows.get(_name(name))
        if row is None:
            what = fault("E0350", "no glyph is named {name!r}", name=name[:40])
            raise GlyphNotFound(what, where=self.version, next=self._advice(name))
        return self._glyph(row)

    def get(self, name: str) -> Glyph | None:
        """The glyph of that name, in any case, or None."""
        row = self._rows.get(_name(name))
        return None if row is None else self._glyph(row)

    def note(self, name: str) -> str:
        """The list's 備考 on a glyph (its 字母 for a 変体仮名), "" where it says nothing."""
        return self._cells(self._rows[self[name].name])[-1]

    # Glyphs by a property, best first.

    def by_text(self, text: str) -> tuple[Glyph, ...]:
        """Glyphs of one character, best first.

        A base with a variation selector is exact: that glyph, or none. A compatibility ideograph
        and a standardised variation sequence count as exact too (the list's 実装したUCS and 実装したSVS).
        Nothing is normalised: a compatibility ideograph that the list does not implement finds nothing.
        A plain base gives the glyph that it means by default, then the others of that base in the
        order of the list, last those that correspond to it without being encoded (対応するUCS).
        """
        if text and self._asked < FEW and "_columns" not in self.__dict__:
            self._asked += 1
            return self.naming(text[0])._by_text(text)
        return self._by_text(text)

    def _by_text(self, text: str) -> tuple[Glyph, ...]:
        exact = [self._exact[text]] if text in self._exact else []
        if len(text) != 1:
            return self._take(exact)
        return self._take(dict.fromkeys([*exact, *self._bases.get(text, ())]))

    def by_koseki(self, number: str) -> tuple[Glyph, ...]:
        """Glyphs with this 戸籍統一文字番号 (six digits; leading zeros may be missing)."""
        return self._take(self._by("koseki", _ascii(number).zfill(6)))

    def by_juki(self, code: str) -> tuple[Glyph, ...]:
        """Glyphs with this 住基ネット統一文字コード (``J+845B``, or its four digits alone)."""
        return self._take(self._by("juki", "J+" + _ascii(code).removeprefix("J+")))

    def by_touki(self, number: str) -> tuple[Glyph, ...]:
        """Glyphs with this 登記統一文字番号 (eight digits)."""
        return self._take(self._by("touki", _ascii(number).zfill(8)))

    def by_x0213(self, code: str) -> tuple[Glyph, ...]:
        """Glyphs of this JIS X 0213 plane-row-cell (``1-78-21``), best first.

        First those that the standard prints (包摂区分 0) before those it unifies with them (2); in
        each group the one that the code's Unicode character means, then other defaults, then the
        order of the list.
        """
        code = "-".join(part.zfill(2) if i else part for i, part in enumerate(_ascii(code).split("-")))
        plain = self.defaults().get(_x0213_character(code), "")
        found = self._take(self._by("x0213", code))
        return tuple(sorted(found, key=lambda g: (g.x0213_class != "0", g.name != plain, not g.default)))

    def by_reading(self, reading: str) -> tuple[Glyph, ...]:
        """Glyphs with this reading, in hiragana or katakana (also half-width); 音 and 訓 alike."""
        return self._take(self._by("readings", _hiragana(reading)))

    def by_strokes(self, strokes: int) -> tuple[Glyph, ...]:
        """Glyphs with this 総画数."""
        return self._by_stroke_range(strokes)

    def by_radical(self, radical: int | str) -> tuple[Glyph, ...]:
        """Glyphs under a radical: ``162``, ``"162.13"`` with 内画数, or the radical itself, ``"辵"``."""
        return self._take(self._radical_rows(radical))

    def find(
        self,
        *,
        text: str | None = None,
        reading: str | None = None,
        strokes: int | tuple[int, int] | None = None,
        radical: int | str | None = None,
        koseki: str | None = None,
        juki: str | None = None,
        touki: str | None = None,
        x0213: str | None = None,
        limit: int | None = None,
    ) -> tuple[Glyph, ...]:
        """Glyphs for which all the given properties hold; nothing given finds nothing.

        ``strokes`` may be a pair, both ends included. The order is that of the list, but for
        ``text`` or ``x0213``, which put the best first.
        """
        lookups: tuple[tuple[Any, Callable[[Any], tuple[Glyph, ...]]], ...] = (
            (text, self.by_text),
            (x0213, self.by_x0213),
            (koseki, self.by_koseki),
            (juki, self.by_juki),
            (touki, self.by_touki),
            (reading, self.by_reading),
            (radical, self.by_radical),
            (strokes, self._by_stroke_range),
        )
        found = [lookup(value) for value, lookup in lookups if value is not None]
        others = [{glyph.name for glyph in glyphs} for glyphs in found[1:]]
        first = found[0] if found else ()
        return tuple(glyph for glyph in first if all(glyph.name in names for names in others))[:limit]

    # All glyphs at once.

    def forms(self, form: str = "needed") -> dict[str, str]:
        """Name → text in one form (``needed``, ``always``, ``never``) for every glyph; do not change it.

        The text is "" for the glyphs without Unicode. RepertoireError for another form.
        """
        if form not in FORMS:
            raise RepertoireError(
                fault("E0351", "unknown form {form!r}", form=form),
                next=tr("one of {forms}", forms=", ".join(FORMS)),
            )
        if form not in self._forms:
            columns = self._columns
            texts = columns.bases if form == "never" else columns.texts
            if form == "needed":
                triples = zip(columns.defaults, columns.bases, texts, strict=True)
                texts = [base if plain else text for plain, base, text in triples]
            self._forms[form] = dict(zip(columns.names, texts, strict=True))
        return self._forms[form]

    def defaults(self) -> dict[str, str]:
        """Plain character → name of the glyph that it means alone, compatibility ideographs included."""
        return self._defaults

    def names_of(self, base: str) -> tuple[str, ...]:
        """The names of the glyphs of a plain character, best first, as ``by_text`` has them."""
        return tuple(self._names[row] for row in self._bases.get(base, ()))

    def line_of(self, name: str) -> int:
        """The line of a glyph of the MJ list in its file (``mj-006.02.tsv``)."""
        return self._rows[name] + 2

    # Inside: rows, glyphs and indexes, each made when first asked for.

    @cached_property
    def _columns(self) -> Columns:
        return read_columns(self._lists)

    def _cells(self, row: int) -> list[str]:
        return self._columns.lines[row].split("\t")[5:]

    def _glyph(self, row: int) -> Glyph:
        glyph = self._glyphs.get(row)
        if glyph is None:
            columns = self._columns
            koseki, juki, touki, x0213, x0213_class, x0212, strokes, radicals, readings, _ = self._cells(row)
            base, selector = columns.bases[row], columns.selectors[row]
            glyph = Glyph(
                name=columns.names[row],
                text=base + selector,
                base=base,
                ivs=selector,
                default=columns.defaults[row],
                koseki=koseki,
                juki=juki,
                touki=touki,
                x0213=x0213,
                x0213_class=x0213_class,
                x0212=x0212,
                strokes=int(strokes) if strokes else None,
                radicals=tuple(radicals.split()),
                readings=tuple(readings.split()),
            )
            self._glyphs[row] = glyph
        return glyph

    def _by_stroke_range(self, strokes: int | tuple[int, int]) -> tuple[Glyph, ...]:
        low, high = (strokes, strokes) if isinstance(strokes, int) else strokes
        return self._take(row for n in range(low, high + 1) for row in self._by("strokes", str(n)))

    def _take(self, rows: Iterable[int]) -> tuple[Glyph, ...]:
        return tuple(self._glyph(row) for row in rows)

    @property
    def _names(self) -> list[str]:
        return self._columns.names

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self._names)}

    @cached_property
    def _exact(self) -> dict[str, int]:
        """Every text that means one glyph → its row."""
        columns = self._columns
        rows = {text: row for row, text in enumerate(columns.texts) if text}
        rows |= {text: row for row, texts in self._also for text in texts}
        plain = enumerate(zip(columns.bases, columns.defaults, strict=True))
        return rows | {base: row for row, (base, default) in plain if default}

    @cached_property
    def _also(self) -> list[tuple[int, list[str]]]:
        """Row and further texts of the few glyphs that have some."""
        some = ((row, also) for row, also in enumerate(self._columns.also) if also)
        return [(row, [text_of(hexes) for hexes in also.split("|")]) for row, also in some]

    @cached_property
    def _bases(self) -> dict[str, list[int]]:
        """Plain character → rows of its glyphs, best first."""
        bases: dict[str, list[int]] = {}
        columns = self._columns
        ordered = sorted(range(len(columns.names)), key=lambda row: not columns.defaults[row])
        for row in ordered:
            if columns.bases[row]:
                bases.setdefault(columns.bases[row], []).append(row)
        more = [(texts[0][0], row) for row, texts in self._also]
        more += [(text_of(columns.unified[row]), row) for row in ordered if columns.unified[row]]
        for base, row in more:
            rows = bases.setdefault(base, [])
            if row not in rows:
                rows.append(row)
        return bases

    @cached_property
    def _defaults(self) -> dict[str, str]:
        columns = self._columns
        plain = {ch: self._names[row] for row, texts in self._also for ch in texts if len(ch) == 1}
        every = zip(columns.bases, columns.names, columns.defaults, strict=True)
        return {base: name for base, name, default in every if default} | plain

    def _by(self, column: str, value: str) -> Sequence[int]:
        """Rows whose ``column`` holds ``value`` (one of the values, for readings and radicals)."""
        index = self._indexes.get(column)
        if index is None:
            at = _COLUMNS.index(column) - len(_COLUMNS)
            index = {}
            for row, line in enumerate(self._columns.lines):
                cell = line.split("\t")[at]
                values = _hiragana(cell).split() if column == "readings" else cell.split()
                for one in dict.fromkeys(values):
                    index.setdefault(one, []).append(row)
            self._indexes[column] = index
        return index.get(value, ())

    def _radical_rows(self, radical: int | str) -> list[int]:
        key = _ascii(str(radical))
        numbers = self._radicals.get(str(radical).strip()) or self._radicals.get(key) or (key,)
        if "." in key:
            return list(self._by("radicals", key))
        if "radical" not in self._indexes:
            index: dict[str, list[int]] = {}
            self._by("radicals", "")  # makes the index
            for full, rows in self._indexes["radicals"].items():
                index.setdefault(full.partition(".")[0], []).extend(rows)
            self._indexes["radical"] = index
        return sorted({row for number in numbers for row in self._indexes["radical"].get(number, ())})

    def _advice(self, name: str) -> str:
        """What to write instead: the nearest names, or how to get the GJ list."""
        if _name(name).startswith("GJ") and "GJ" not in self.version:
            return tr("import the GJ list first: gaiji repertoire import-gj FONT_OR_LIST")
        wanted = _name(name)[:40]
        near = [known for known in self._names if known.startswith(wanted)][:3] if len(wanted) > 6 else []
        return nearest(wanted, near or self._names, "names look like MJ026190 or GJ000001", limit=3)


def load_repertoire(gj: bool | str = True, mj: bool | str = True) -> Repertoire:
    """The repertoire: MJ, 変体仮名 and, with ``gj``, the current GJ release of this user, or the one named.

    ``mj``: True for the edition of the MJ list in use (the toolkit's own, or a newer one that this user
    took), False for the toolkit's own, or the release of an edition that was taken. Kept in memory after
    the first call; a new GJ import or edition is noticed. RepertoireError when a list is damaged or
    missing."""
    release = current_gj() if gj is True else None
    if isinstance(gj, str):
        release = next((r for r in gj_releases() if r.release == gj), None)
        if release is None:
            known = ", ".join(r.release for r in gj_releases()) or "none"
            raise RepertoireError(
                fault("E0352", "GJ release {gj!r} is not imported", gj=gj[:40]),
                next=tr("imported are: {known}", known=known),
            )
    edition = current_edition(MJ) if mj is True else None
    if isinstance(mj, str):
        edition = next((one for one in editions(MJ) if one.release == mj), None)
        if edition is None:
            known = ", ".join(one.release for one in editions(MJ)) or "none"
            raise RepertoireError(
                fault("E0815", "edition {mj!r} of the MJ list was not taken", mj=mj[:40]),
                next=tr("taken were: {known}", known=known),
            )
    return _load(mappings_dir() / "repertoire", release, edition)


@lru_cache(maxsize=4)
def _load(folder: Path, release: GjRelease | None, edition: Edition | None) -> Repertoire:
    if edition is None:
        mj = load_list("mj", folder / f"{_MJ}.tsv")
        version = f"MJ {toml_version(folder / f'{_MJ}.toml')}"
    else:
        mj = GlyphList("mj", edition.path(), edition.read())
        version = f"MJ {edition.name}"
    gj = None
    if release is not None:
        check_release(release)
        gj = load_list("gj", release.path)
        version += f" + GJ {release.release}"
    return repertoire_of(mj, gj, version, edition)


def repertoire_of(
    mj: GlyphList, gj: GlyphList | None, version: str, edition: Edition | None = None
) -> Repertoire:
    """A repertoire of these lists and the toolkit's own 変体仮名, checked; ``edition``: what ``mj`` is
    where it is not the toolkit's own. RepertoireError for a damaged list."""
    folder = mappings_dir() / "repertoire"
    lists = [mj, load_list("hentaigana", folder / f"{_HENTAIGANA}.tsv"), *([gj] if gj else [])]
    found = Repertoire(lists, version, load_list("", folder / f"{_RADICALS}.tsv"), edition)
    sound = key_of("repertoire", __version__, found.identity)
    if kept(sound) is None:  # lists that were read once need no reading to know that they can be read
        found.check()
        keep(sound, b"")
    return found


def _ascii(value: str) -> str:
    """Full-width digits and letters as ASCII, upper case, without outer spaces."""
    return unicodedata.normalize("NFKC", value).strip().upper()


def _name(name: str) -> str:
    return name if name.isascii() and name.isupper() else _ascii(name)


_KATAKANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def _hiragana(reading: str) -> str:
    if not reading.isascii():
        reading = unicodedata.normalize("NFKC", reading)
    return reading.strip().translate(_KATAKANA)


def _x0213_character(code: str) -> str:
    """The Unicode character of a plane-row-cell (Python's EUC-JIS-2004 codec), "" for no such code."""
    try:
        plane, row, cell = (int(part) for part in code.split("-"))
        raw = bytes([row + 0xA0, cell + 0xA0])
        return (b"\x8f" + raw if plane == 2 else raw).decode("euc_jis_2004")
    except (ValueError, OverflowError):
        return ""
