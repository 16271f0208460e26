"""The columns of an output made of those of the records, by a recipe, for whole batches at once.

Owns how a rule is carried out: joining, splitting, dates, codes, and what of it is a finding. The rules are
``gaiji.output.recipe``'s, dates ``gaiji.output.dates``'. The proof shares nothing with it but the rules.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from gaiji.kernel.arrow import text_series
from gaiji.model import Column
from gaiji.model.plain import dataclass
from gaiji.output.dates import days
from gaiji.output.recipe import GETA, MISSING, NO_DATE, NOT_IN_TABLE, NOT_SPLIT, TOO_LONG, Item, Made, Recipe

_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_MARKS = "\u3099\u309a\u0300\u0301\u02e5\u02e9"
_CHARACTER = rf"(?s)[\uff66-\uff9d][\uff9e\uff9f]|[^{_SELECTORS}][{_SELECTORS}{_MARKS}]*|."
"""One character: a base with its selector and marks (``gaiji.standard.characters``)."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is found in a column: its number, the kind, the rows, and of each the text that a rule could not
    read."""

    column: int
    kind: str
    rows: Sequence[int]
    texts: Sequence[str]


def shape(recipe: Recipe, columns: Sequence[Column], rows: int) -> tuple[list[Column], list[Flaw]]:
    """The columns of the output for a batch, and what is found in them. Columns that stay as they are keep
    their buffers."""
    wanted = sorted({source for one in recipe.columns for source in one.sources})
    cells = [text_series(str(at), columns[at].data, columns[at].offsets)[:rows] for at in wanted]
    frame = pl.DataFrame(cells) if cells else pl.DataFrame({"none": pl.repeat("", rows, eager=True)})
    out, flaws = [], []
    for number, one in enumerate(recipe.columns):
        if one.plain:
            at = one.sources[0]
            out.append(replace(columns[at], name=one.name))
            text, bad = frame[str(at)], pl.repeat(False, rows, dtype=pl.Boolean, eager=True)
        else:
            text, bad, found = _made(one, frame, rows, recipe.keep)
            out.append(_column(one.name, text))
            flaws += [Flaw(number, kind, *_where(mask, source)) for kind, mask, source in found]
        if one.item is not None:
            flaws += _asked(number, one.item, text, bad)
    return out, [flaw for flaw in flaws if flaw.rows]


def _made(
    one: Made, frame: pl.DataFrame, rows: int, keep: bool
) -> tuple[pl.Series, pl.Series, list[tuple[str, pl.Series, pl.Series]]]:
    """The text of a column, where a rule could not be carried out, and what kind that is, with the text."""
    source = _source(one, frame, rows)
    text, found = source, []
    bad = pl.repeat(False, rows, dtype=pl.Boolean, eager=True)
    if one.of:
        text, left = _part(one, source)
        bad = text.is_null()
        found.append((NOT_SPLIT, bad, pl.repeat("", rows, eager=True)))  # it may be a name: not told
        text = text.zip_with(~bad, left if keep else pl.Series([GETA]).new_from_index(0, rows))
    if one.dates is not None or one.codes is not None:
        before = text
        read = days(before, one.dates) if one.dates is not None else _coded(one, before)
        wrong = read.is_null() & ~bad
        kind = NO_DATE if one.dates is not None else NOT_IN_TABLE
        found.append((kind, wrong, before))
        stands = before if keep else pl.Series([GETA]).new_from_index(0, rows)
        text = read.zip_with(~wrong, stands).zip_with(~bad, text)
        bad |= wrong
    return text, bad, found


def _source(one: Made, frame: pl.DataFrame, rows: int) -> pl.Series:
    """What a rule begins with: the constant, the column, or several joined without the empty ones."""
    if not one.sources:
        return pl.Series([one.constant], dtype=pl.String).new_from_index(0, rows)
    if len(one.sources) == 1:
        return frame[str(one.sources[0])]
    filled = pl.concat_list([str(at) for at in one.sources]).list.eval(
        pl.element().filter(pl.element() != "")
    )
    return frame.select(filled.list.join(one.separator)).to_series()


def _part(one: Made, text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """One part of texts that are cut, null where there are not so many; and what is kept of those: all of
    it in the first part."""
    frame = pl.DataFrame({"t": text}).with_columns(p=pl.col("t").str.split(one.separator))
    pieces, last = pl.col("p"), one.of - 1
    if one.more:
        pieces = pl.concat_list(pieces.list.head(last), pieces.list.slice(last).list.join(one.separator))
        frame = frame.with_columns(p=pl.when(pl.col("p").list.len() > last).then(pieces).otherwise("p"))
        pieces = pl.col("p")
    right = (pieces.list.len() == one.of) & ~pieces.list.contains("")
    cell = (
        pl.when(pl.col("t") == "")
        .then(pl.lit(""))
        .when(right)
        .then(pieces.list.get(one.part - 1, null_on_oob=True))
    )
    kept = pl.col("t") if one.part == 1 else pl.lit("")
    return frame.select(cell).to_series(), frame.select(kept.alias("k") + pl.col("t").str.head(0)).to_series()


def _coded(one: Made, text: pl.Series) -> pl.Series:
    """Values by a table; null for what is not in it. An empty one is "" where the table does not say
    otherwise."""
    assert one.codes is not None  # only such columns are given here
    table = {"": ""} | dict(one.codes.rows)
    return text.replace_strict(list(table), list(table.values()), default=None, return_dtype=pl.String)


def _asked(number: int, item: Item, text: pl.Series, bad: pl.Series) -> list[Flaw]:
    """What the receiver's list says against a column, where no rule said something before."""
    blank = pl.Series([""]).new_from_index(0, len(text))
    out, missing = [], pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
    if item.required:
        missing = (text == "") & ~bad
        out.append(Flaw(number, MISSING, *_where(missing, blank)))
    if item.length:
        long = (_length(text, item.unit) > item.length) & ~bad & ~missing
        out.append(Flaw(number, TOO_LONG, *_where(long, blank)))
    return out


def _length(text: pl.Series, unit: str) -> pl.Series:
    if unit == "bytes":
        return text.str.len_bytes()
    if unit == "code-points":
        return text.str.len_chars()
    if unit == "utf-16":
        return text.str.len_chars() + text.str.count_matches("[\U00010000-\U0010ffff]")
    return text.str.count_matches(_CHARACTER)


def _where(mask: pl.Series, texts: pl.Series) -> tuple[list[int], list[str]]:
    """The rows that a mask names, and the texts there."""
    return mask.arg_true().to_list(), texts.filter(mask).to_list()


def _column(name: str, series: pl.Series) -> Column:
    """A column of text."""
    offsets = array("q", [0])
    offsets.extend(series.str.len_bytes().cast(pl.Int64).cum_sum().to_list())
    data = bytearray(series.str.join("").item().encode()) if len(series) else bytearray()
    return Column(name, data or bytearray(1), offsets)
