"""What the columns of a job's own must hold, by the proof's own reading of the job's rules.

Owns that reading, one cell at a time, and that of the code tables. It shares the rules, which are data, with
``convert``, and nothing that carries them out.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from gaiji.model import Reason
from gaiji.output.recipe import GETA, MISSING, NO_DATE, NOT_IN_TABLE, NOT_SPLIT, TOO_LONG, Item, Made, Recipe
from gaiji.proof.dates import day_of
from gaiji.standard.characters import characters

Cell = tuple[str, str, str]
"""What stands in a cell; what a rule could not read, and what the receiver's list says against it ("" where
nothing is)."""


class Rules:
    """The columns of one output. ``file``: where a file lies that the job names. ``tables``: the tables of
    code values by name, old → new."""

    def __init__(self, recipe: Recipe, file: Callable[[str], str]) -> None:
        self.recipe = recipe
        self.tables = {
            one.codes.path: _table(file(one.codes.path)) for one in recipe.columns if one.codes is not None
        }
        self._known: list[dict[tuple[str, ...], Cell]] = [{} for _ in recipe.columns]

    def cell(self, number: int, texts: Sequence[str]) -> Cell:
        """A column's cell, made of the texts of its fields."""
        known, key = self._known[number], tuple(texts)
        found = known.get(key)
        if found is None:
            if len(known) > 1 << 18:
                known.clear()
            found = known[key] = self._cell(self.recipe.columns[number], key)
        return found

    def _cell(self, one: Made, texts: tuple[str, ...]) -> Cell:
        text = one.separator.join(text for text in texts if text) if len(texts) > 1 else "".join(texts)
        text = text if one.sources else one.constant
        wrong = ""
        if one.of:
            parts = _cut(one, text)
            if parts is None:
                wrong = NOT_SPLIT
                text = (text if one.part == 1 else "") if self.recipe.keep else GETA
            else:
                text = parts[one.part - 1]
        if one.dates is not None and not wrong:
            read, wrong = day_of(text, one.dates), NO_DATE
        elif one.codes is not None and not wrong:
            read, wrong = self.tables[one.codes.path].get(text, "" if not text else None), NOT_IN_TABLE
        else:
            read = None
        if read is not None:
            text, wrong = read, ""
        elif wrong in (NO_DATE, NOT_IN_TABLE):
            text = text if self.recipe.keep else GETA
        asked = _asked(one.item, text) if one.item is not None and not wrong else ""
        return text, wrong, asked


def reason_of(kind: str) -> Reason:
    """The reason of a finding."""
    return Reason.OVERFLOW if kind == TOO_LONG else Reason.BAD_VALUE


def kinds_of(cell: Cell) -> Counter[str]:
    """What is found in a cell."""
    return Counter(kind for kind in cell[1:] if kind)


def _cut(one: Made, text: str) -> list[str] | None:
    """The parts of a text, None where there are not as many as there must be."""
    if not text:
        return [""] * one.of
    parts = text.split(one.separator, one.of - 1) if one.more else text.split(one.separator)
    return parts if len(parts) == one.of and all(parts) else None


def _asked(item: Item, text: str) -> str:
    """What the receiver's list says against a text."""
    if item.required and not text:
        return MISSING
    if item.unit == "characters":
        size = len(characters(text))
    elif item.unit == "code-points":
        size = len(text)
    elif item.unit == "utf-16":
        size = len(text.encode("utf-16-le", "surrogatepass")) // 2
    else:
        size = len(text.encode("utf-8", "surrogateescape"))
    return TOO_LONG if item.length and size > item.length else ""


def _table(path: str) -> dict[str, str]:
    """A table of code values as the proof reads it. The conversion has checked that it is one."""
    if Path(path).suffix.lower() == ".parquet":
        import polars as pl

        frame = pl.read_parquet(path, columns=["old", "new"]).cast(pl.String)
        return {old or "": new or "" for old, new in frame.iter_rows()}
    delimiter = "\t" if Path(path).suffix.lower() == ".tsv" else ","
    with open(path, encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream, delimiter=delimiter)
        return {row["old"] or "": row["new"] or "" for row in rows}
