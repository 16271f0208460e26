"""The files of the repertoire as frames: the MJ list, 変体仮名, an imported GJ, and the radicals.

Owns the format of ``mappings/repertoire/{mj,hentaigana,radicals}*.tsv`` and what a damaged one is told as.
What glyphs mean and how they are found is ``gaiji.standard.repertoire``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gaiji.errors import RepertoireError
from gaiji.errors.messages import fault, tr
from gaiji.standard.gj import COLUMNS

if TYPE_CHECKING:
    import polars as pl

_TEXT_COLUMNS = [column for column in COLUMNS if column != "strokes"]


class GlyphList(NamedTuple):
    """A file of the repertoire as it was when it was loaded; ``name``: what the glyphs of it are in the
    column ``list``."""

    name: str
    path: Path
    data: bytes


class Columns(NamedTuple):
    """What look-ups need of each glyph, as lists: its name, its base character and selector ("" without
    Unicode), whether the plain base means it, its other texts and 対応するUCS in hex, and its line."""

    names: list[str]
    bases: list[str]
    selectors: list[str]
    defaults: list[bool]
    also: list[str]
    unified: list[str]
    lines: list[str]

    @property
    def texts(self) -> list[str]:
        """Base and selector of each."""
        return list(map(str.__add__, self.bases, self.selectors))


def load_list(name: str, path: Path) -> GlyphList:
    try:
        return GlyphList(name, path, path.read_bytes())
    except OSError as error:
        raise _damaged(path, error) from error


def toml_version(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(path, error) from error


def read_list(one: GlyphList) -> pl.DataFrame:
    """One glyph list as the public frame (see Repertoire)."""
    import polars as pl

    try:
        raw = pl.read_csv(one.data, separator="\t", quote_char=None, infer_schema=False)
        raw = raw.select(COLUMNS).with_columns(pl.col(_TEXT_COLUMNS).fill_null(""))
        bases, selectors = _decode(raw["ucs"])
        return raw.select(
            "name",
            pl.lit(one.name).alias("list"),
            pl.concat_str(bases, selectors).alias("text"),
            bases.alias("base"),
            selectors.alias("ivs"),
            pl.col("default") == "1",
            "also",
            _decode_few(raw["unified"]).alias("unified"),
            *COLUMNS[5:11],
            pl.col("strokes").cast(pl.Int16),
            *COLUMNS[12:],
        )
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise _damaged(one.path, error) from error


def read_columns(lists: Iterable[GlyphList]) -> Columns:
    """What look-ups need of the lists, one after the other."""
    found = Columns([], [], [], [], [], [], [])
    for one in lists:
        try:
            head, _, text = one.data.decode("utf-8").removesuffix("\n").partition("\n")
            if tuple(head.split("\t")) != COLUMNS:
                raise ValueError("its columns are not those of a glyph list")
            if not text:
                continue
            names, ucs, default, also, unified = _first_cells(text)
            parts = [points.partition(" ") for points in ucs]
            bases, selectors = (_characters([part[at] for part in parts]) for at in (0, 2))
        except ValueError as error:
            raise _damaged(one.path, error) from error
        plain = [value == "1" for value in default]
        every: tuple[Iterable[Any], ...] = (names, bases, selectors, plain, also, unified, text.split("\n"))
        for column, values in zip(cast("tuple[list[Any], ...]", found), every, strict=True):
            column.extend(values)
    return found


def _first_cells(text: str) -> list[list[str]]:
    """The first five columns of a list's lines. All cells are cut at once, the ends of the lines among them:
    60,000 lines one by one take twice the time."""
    cells, step = text.replace("\n", "\t\n\t").split("\t"), len(COLUMNS) + 1
    if len(cells) % step != step - 1 or cells[step - 1 :: step].count("\n") != len(cells) // step:
        raise ValueError("a line has not a cell for each column")
    return [cells[at::step] for at in range(5)]


def lines_with(one: GlyphList, needle: bytes) -> GlyphList:
    """The list with those of its lines alone that hold the needle."""
    data, end = one.data, one.data.find(b"\n")
    lines = [data[:end]]
    while (at := data.find(needle, end)) >= 0:
        begin = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at) % (len(data) + 1)
        lines.append(data[begin:end])
    return one._replace(data=b"\n".join(lines) + b"\n")


def _characters(hexes: Sequence[str]) -> list[str]:
    """One code point in hex each → the characters, "" where there is none: eight digits of UTF-32BE each, so
    that Python decodes the whole column at once. A row without one gets U+0000, which no list holds."""
    packed = bytes.fromhex("".join([value.zfill(8) for value in hexes]))
    return ["" if character == "\0" else character for character in packed.decode("utf-32-be")]


def _decode(hexes: pl.Series) -> list[pl.Series]:
    """Code points in hex → base and selector, each "" where there is none."""
    import polars as pl

    parts = hexes.str.split_exact(" ", 1).struct.unnest()
    return [
        pl.Series(_characters(part.fill_null("").to_list()), dtype=pl.String) for part in parts.iter_columns()
    ]


def _decode_few(hexes: pl.Series) -> pl.Series:
    """Code points in hex → text, for a column with few different values."""
    values = hexes.unique().to_list()
    return hexes.replace(values, [text_of(value) for value in values])


def read_radicals(one: GlyphList) -> dict[str, tuple[str, ...]]:
    """Character of a radical → its number as text; 阝 has two."""
    radicals: dict[str, tuple[str, ...]] = {}
    try:
        for line in one.data.decode("utf-8").splitlines()[1:]:
            number, forms = line.split("\t")
            for character in map(text_of, forms.split("|")):
                radicals[character] = (*radicals.get(character, ()), number)
    except ValueError as error:
        raise _damaged(one.path, error) from error
    return radicals


def _damaged(path: Path, error: Exception) -> RepertoireError:
    reason = (str(error) or type(error).__name__).splitlines()[0][:120]
    return RepertoireError(
        fault("E0284", "cannot be read: {reason}", reason=reason),
        where=str(path),
        next=tr("install gaiji again"),
    )


def text_of(hexes: str) -> str:
    return "".join(chr(int(point, 16)) for point in hexes.split())
