"""What the units of a Unicode source become: the standard's own rows, and the planes of its programs.

Owns how MJ's sequences, those of other collections, compatibility ideographs, dashes and the shape that a
plain character had on the old system become rows of tables, and how a kernel program of a Unicode charset is
laid out. What Unicode says is in ``gaiji.standard.codepoints``; the loops are in ``gaiji.kernel.decode``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial

from gaiji.codes.code import Form
from gaiji.codes.program import CONTROLS, LOST, Compiled, Compiler, K, Plane, Recipe, Unit, Wide, Writes
from gaiji.codes.spec import DASHES
from gaiji.codes.tables import DECODE_ONLY, ROUND_TRIP, Row, Table, load_table
from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.toml import parse_toml
from gaiji.model import Reason
from gaiji.standard.codepoints import JOINING, SELECTORS, adopted, pack, registered, spans
from gaiji.standard.editions import KINDS
from gaiji.standard.repertoire import Repertoire

JOINED = K["JOINED"]
ITSELF, RARE = K["ITSELF"] << 4, K["ITSELF"] + 1 << 4
"""Kinds of what is its own text; RARE: a kanji that the standard lacks, which is a finding in names."""
NAMED = bytes.maketrans(bytes([RARE]), bytes([Reason.NOT_IN_STANDARD | ITSELF]))
SHAPES = {
    "jis90": ("windows/cp932", "windows/cp932-jis90"),
    "jis2004": ("windows/cp932", "windows/cp932-jis2004"),
}
"""The tables that say which glyph a font of each standard draws for a plain character."""
STRONG = frozenset({"number", "print"})
"""Evidence of a sequence that is a standard's own word."""


# -- rows ---------------------------------------------------------------------------------------------


def standard_tables(repertoire: Repertoire, options: Mapping[str, str]) -> list[Table]:
    """The tables of a Unicode charset, later ones winning; their rows are made of the repertoire's lists."""
    shape = options.get("shape", "unicode")
    made = [_dashes(options["dash"]), *_lists(repertoire)]
    return [*made, _shape(shape, repertoire)] if shape in SHAPES else made


@lru_cache(maxsize=4)
def _lists(repertoire: Repertoire) -> tuple[Table, ...]:
    return (
        _table("registered", partial(_registered, repertoire)),
        _table("sequences", partial(_adopted, repertoire)),
        _edition(repertoire) or _table("mj-006.02", partial(_moji_joho, repertoire)),
    )


def _edition(repertoire: Repertoire) -> Table | None:
    """The rows of the MJ list where it is one that a user took."""
    of = repertoire.edition
    if of is None:
        return None
    title, rows = KINDS[of.kind], partial(_moji_joho, repertoire)
    name, path = f"repertoire/mj-{of.version}", str(of.path())
    digest = of.files["list"]
    return Table(
        name, path, title, "UCS", of.name, Form.UNICODE, "", (), (of.told,), digest, rows, "standard"
    )


def _table(name: str, parse: Callable[[], Iterable[Row]]) -> Table:
    """Rows made of a list of the repertoire folder, with what its file says of itself."""
    path = mappings_dir() / "repertoire" / f"{name}.tsv"
    meta = parse_toml(path.with_suffix(".toml").read_bytes())
    return Table(
        f"repertoire/{name}",
        str(path),
        meta["title"],
        "UCS",
        meta["version"],
        Form.UNICODE,
        "",
        (),
        tuple(meta.get("source", ())),
        meta["sha256"],
        parse,
        "standard",
    )


def _key(text: str) -> tuple[int, int]:
    """(code, size) of a character or a sequence."""
    if len(text) == 2:
        return pack(text), JOINED
    return ord(text), 2 if text < "\U00010000" else 3


def _moji_joho(repertoire: Repertoire) -> Iterator[Row]:
    """The sequences of the MJ list, and the other texts that it gives for a glyph."""
    import polars as pl

    some = repertoire.frame.with_row_index("line", 2).filter((pl.col("ivs") != "") | (pl.col("also") != ""))
    for line, name, text, also, which in some.select("line", "name", "text", "also", "list").iter_rows():
        if which != "mj":
            continue
        if len(text) == 2:
            yield Row(pack(text), JOINED, text, name, ROUND_TRIP, "", line, "", "standard")
        for other in also.split("|") if also else ():
            code, size = _key("".join(chr(int(point, 16)) for point in other.split()))
            yield Row(code, size, text, name, DECODE_ONLY, "", line, "", "standard")


def _adopted(repertoire: Repertoire) -> Iterator[Row]:
    """Sequences of Adobe-Japan1 and Hanyo-Denshi, as the glyph that they show."""
    texts = repertoire.forms("always")
    for one in adopted():
        grade = "standard" if STRONG & set(one.evidence) else "two" if len(one.evidence) > 1 else "one"
        note = " ".join(one.evidence)
        yield Row(pack(one.text), JOINED, texts[one.glyph], one.glyph, DECODE_ONLY, note, one.line, "", grade)


def _registered(repertoire: Repertoire) -> Iterator[Row]:
    """Sequences and compatibility ideographs whose glyph nobody names: each glyph of the base may be it. Of a
    base that the standard lacks they are themselves."""
    known = repertoire.defaults()
    for one in registered():
        glyph = known.get(one.ideograph, "")
        if not glyph and one.text[0] in known:
            glyph = "|".join(repertoire.names_of(one.text[0])) + "|"
        yield Row(
            pack(one.text), JOINED, one.text, glyph, DECODE_ONLY, one.collection, one.line, "", "standard"
        )
        if one.ideograph and one.ideograph not in known and glyph:
            code, size = _key(one.ideograph)
            yield Row(code, size, one.ideograph, glyph, DECODE_ONLY, one.collection, one.line, "", "standard")


def _dashes(option: str) -> Table:
    """The characters that the option ``dash`` changes; ``Charset.units`` does it."""
    return Table(
        "option/dash",
        "",
        f"option dash = {option}",
        "UCS",
        "",
        Form.UNICODE,
        "",
        (),
        (),
        "",
        partial(_changed_dashes, option),
        "standard",
    )


def _changed_dashes(option: str) -> Iterator[Row]:
    for point in sorted(DASHES[option]):
        yield Row(point, 2, chr(point), "", DECODE_ONLY, "", 0, "", "standard")


def _shape(shape: str, repertoire: Repertoire) -> Table:
    """The plain characters that meant another glyph than MJ's on fonts of that standard."""
    last = load_table(SHAPES[shape][-1])
    return Table(
        f"option/shape-{shape}",
        last.path,
        f"option shape = {shape}: {last.title}",
        "UCS",
        last.edition,
        Form.UNICODE,
        last.identity,
        (),
        last.sources,
        last.sha256,
        partial(_shaped, shape, repertoire),
        last.grade,
    )


def _shaped(shape: str, repertoire: Repertoire) -> Iterator[Row]:
    known, rows = repertoire.defaults(), {}
    tables = [load_table(name) for name in SHAPES[shape]]
    for row in (row for table in tables for row in table.rows):
        base, glyph = row.text[:1], repertoire.get(row.glyph) if row.sure and row.glyph else None
        if glyph is not None and base in known:
            code, size = _key(base)
            rows[base] = Row(code, size, glyph.text, glyph.name, ROUND_TRIP, shape, row.line, "", row.grade)
    yield from (row for base, row in rows.items() if row.glyph != known[base])


def plain_row(repertoire: Repertoire, code: int) -> Row | None:
    """The row of a plain character that the standard has a glyph for: it is itself."""
    text = chr(code)
    glyph = repertoire.defaults().get(text)
    if glyph is None:
        return None
    return Row(code, _key(text)[1], text, glyph, ROUND_TRIP, "", repertoire.line_of(glyph), "", "standard")


# -- programs -----------------------------------------------------------------------------------------


class UnicodeCompiler(Compiler):
    """Fills the planes of a program for a Unicode charset: ``double`` is the BMP, ``triple`` the pages beyond
    it, ``sequence`` what a base and its selector are together."""

    def __init__(self, recipe: Recipe, repertoire: Repertoire, *, writes: Writes = Writes.TEXT) -> None:
        super().__init__(recipe, writes=writes)
        self.repertoire = repertoire
        self.pages = array("I", bytes(4 * 0x1100))
        self.shared: set[int] = {0}
        self.sequence = Plane(1, 3)
        self.keys = array("I")

    def build(self, entries: Iterable[Unit]) -> Compiled:
        """The planes for these units."""
        units = list(entries)
        joined = {unit.code: unit for unit in units if unit.size == JOINED}
        self._bmp()
        self._beyond()
        for mark in (*LOST, *CONTROLS):
            self._watch(self.double, ord(mark), mark)
        self._joined(joined)
        return super().build(unit for unit in units if unit.size != JOINED)

    def _wide(self) -> Wide:
        return Wide(self.pages, self.keys, self.sequence.frozen(), NAMED)

    def _bmp(self) -> None:
        """Each assigned character of the BMP is its own text."""
        plane, kinds = self.double, _kinds(self.repertoire)[:0x10000]
        lens = b"\4" * 0x10000 if self.writes else b"\1" * 0x80 + b"\2" * 0x780 + b"\3" * 0xF800
        _own_texts(plane.text, units=bool(self.writes))
        direct = kinds.translate(bytes(255 if value == ITSELF else 0 for value in range(256)))
        plane.lens[:] = (int.from_bytes(direct, "big") & int.from_bytes(lens, "big")).to_bytes(0x10000, "big")
        plane.kind[:] = kinds.translate(bytes(0 if value == ITSELF else value for value in range(256)))

    def _beyond(self) -> None:
        """The pages beyond the BMP, alike ones once; page 0 is what is not assigned."""
        kinds, known, pages = _kinds(self.repertoire), {bytes(256): 0}, [bytes(256)]
        for number in range(0x100, 0x1100):
            page = kinds[number << 8 : (number + 1) << 8]
            if page not in known:
                known[page] = len(pages)
                pages.append(page)
            else:
                self.shared.add(known[page])
            self.pages[number] = known[page]
        self.triple = Plane(256 * len(pages), 2)
        self.triple.kind[:] = b"".join(pages)

    def _own_page(self, number: int) -> int:
        """The page of these code points, which no others share from now on."""
        page = self.pages[number]
        if page in self.shared:
            plane = self.triple
            plane.text[-8:-8] = plane.text[2048 * page : 2048 * (page + 1)]
            for part in (plane.lens, plane.kind):
                part += part[256 * page : 256 * (page + 1)]
            page = self.pages[number] = plane.slots >> 8
            plane.slots += 256
        return page

    def _joined(self, units: Mapping[int, Unit]) -> None:
        """The table of sequences, sorted by their codes."""
        self.keys = array("I", sorted(units))
        plane = self.sequence = Plane(len(self.keys), 3)
        known = self.repertoire.defaults()
        for slot, code in enumerate(self.keys):
            unit = units[code]
            if unit.reason is not None:
                plane.flag(slot, unit.reason, unit.text.encode())
            elif chr(code >> 9) not in known and pack_of(unit.text) == code:
                plane.kind[slot] = RARE
            elif self.writes:  # the kernel writes the unit itself
                plane.kind[slot] = K["MAPPED"] | 1 << 4
            else:
                self._set(plane, slot, code, JOINED, unit.text.encode(), override=True)
                self._watch(plane, slot, unit.text, unit.grade)

    def _flag(self, plane: Plane, slot: int, reason: Reason, text: bytes) -> None:
        plane.flag(slot, reason, text)

    def _place(self, unit: Unit) -> tuple[Plane, int]:
        if unit.code < 0x10000:
            return self.double, unit.code
        page = self._own_page(unit.code >> 8)
        return self.triple, page << 8 | unit.code & 255


def compiler_of(recipe: Recipe, repertoire: Repertoire, writes: Writes) -> Compiler:
    """What fills the planes of a charset's programs."""
    if recipe.kind.unicode:
        return UnicodeCompiler(recipe, repertoire, writes=writes)
    return Compiler(recipe, writes=writes)


def pack_of(text: str) -> int:
    """The code of a text that is a base and a selector, else -1."""
    return pack(text) if len(text) == 2 and ord(text[1]) in _SELECTORS else -1


_SELECTORS = frozenset(SELECTORS)


@lru_cache(maxsize=4)
def _kinds(repertoire: Repertoire) -> bytes:
    """The kind of every code point, for fields in which anything may stand."""
    kinds = bytearray(0x110000)
    known = repertoire.defaults()
    for first, last, kind in spans():
        count = last + 1 - first
        if kind == "private":
            kinds[first : last + 1] = bytes([Reason.UNMAPPED_GAIJI | ITSELF]) * count
        elif kind == "kanji":
            kinds[first : last + 1] = bytes(
                ITSELF if chr(point) in known else RARE for point in range(first, last + 1)
            )
        elif kind == "other" or last < 0x10000:  # beyond the BMP no field has format characters
            kinds[first : last + 1] = bytes([ITSELF]) * count
    for point in (*JOINING, *SELECTORS):
        kinds[point] = K["JOINS"]
    return bytes(kinds)


def flagged_points(repertoire: Repertoire, *, name_field: bool) -> bytearray:
    """1 for each code point that is a finding though its text may stay."""
    private = bytes([Reason.UNMAPPED_GAIJI | ITSELF])
    found = private + (bytes([RARE]) if name_field else b"")
    return bytearray(_kinds(repertoire).translate(bytes(value in found for value in range(256))))


def _own_texts(text: bytearray, *, units: bool) -> None:
    """Every code point of the BMP in UTF-8, or as a unit of two bytes, each at its eight bytes."""
    if units:
        text[: 8 * 0x10000 : 8] = bytes(range(256)) * 256
        text[1 : 8 * 0x10000 : 8] = b"".join(bytes([high]) * 256 for high in range(256))
        text[3 : 8 * 0x10000 : 8] = b"\2" * 0x10000
        return
    text[: 8 * 0x80 : 8] = bytes(range(0x80))
    text[8 * 0x80 : 8 * 0x800 : 8] = bytes(0xC0 | point >> 6 for point in range(0x80, 0x800))
    text[8 * 0x80 + 1 : 8 * 0x800 : 8] = bytes(range(0x80, 0xC0)) * 30
    first = b"".join(bytes([0xE0 | high]) * 0x1000 for high in range(16))[0x800:]
    middle = (b"".join(bytes([0x80 | part]) * 64 for part in range(64)) * 16)[0x800:]
    for at, part in enumerate((first, middle, bytes(range(0x80, 0xC0)) * 992)):
        text[8 * 0x800 + at : 8 * 0x10000 : 8] = part
