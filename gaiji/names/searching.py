"""A clerk's search: 渡辺 finds every 渡邉, 渡邊 …, each hit shown with what was folded.

Owns which key a query is looked up by, the order of hits, and how a folding is told. The foldings are in
``gaiji.names.keys``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path

import polars as pl
import regex

from gaiji.errors import UsageError
from gaiji.names.keys import key, keys, variant_classes
from gaiji.output.tabular import need_columns, read_table
from gaiji.standard.characters import bare, characters

_KANA_KEYS = ("kana", "kana-written")
"""A part of a reading may begin in a vowel that lengthens: ウエ stands in イノウエ as written, not in its
folded form.
"""
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー゛゜ﾞﾟ\u3099\u309a\s・･]+")


@dataclass(frozen=True)
class Hit:
    """A cell that was found: ``row`` from 0, and the characters that were folded as (as written, as
    sought)."""

    row: int
    column: str
    text: str
    folded: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Found:
    """How many cells were found, and the first of them."""

    total: int
    hits: tuple[Hit, ...]


class NameIndex:
    """The keys of some columns of a table, kept in memory; ``search`` may be called often."""

    def __init__(self, frame: pl.DataFrame, columns: Sequence[str]) -> None:
        self.frame = frame
        self.columns = list(columns)
        self._keys = {(c, kind): keys(frame[c], kind) for c in columns for kind in ("variant", *_KANA_KEYS)}

    def search(self, query: str, *, limit: int | None = None) -> Found:
        """Cells that hold the query under its key: either kana key for a query in kana, else the variant key.

        Cells written as the query is come first, then those with the fewest folded characters, then in the
        order of the table. UsageError for a query that is empty once folded.
        """
        kinds = _KANA_KEYS if _KANA.fullmatch(query) else ("variant",)
        sought = {kind: text for kind in kinds if (text := key(query, kind))}
        if not sought:
            raise UsageError("the query has no character to look for", next="write a name or a part of one")
        parts = []
        for number, column in enumerate(self.columns):
            held = [
                self._keys[column, kind].str.contains(text, literal=True).fill_null(False)
                for kind, text in sought.items()
            ]
            rows = reduce(or_, held).arg_true()
            parts.append(
                pl.DataFrame({"row": rows, "text": self.frame[column].gather(rows)}).with_columns(
                    column=pl.lit(number)
                )
            )
        cells = pl.concat(parts)
        distinct = {text: _folded(text, kinds[0]) for text in cells["text"].unique().to_list()}
        counts = pl.DataFrame(
            {"text": list(distinct), "folds": [len(f) for f in distinct.values()]},
            schema_overrides={"text": pl.String},
        )
        ordered = cells.join(counts, on="text").sort(
            ~pl.col("text").str.contains(query, literal=True), "folds", "row", "column"
        )
        shown = ordered.head(limit) if limit is not None else ordered
        hits = [
            Hit(row, self.columns[c], text, distinct[text])
            for row, text, c in shown.select("row", "text", "column").iter_rows()
        ]
        return Found(cells.height, tuple(hits))


def search_file(
    query: str, path: str | Path, *, columns: Sequence[str] = (), limit: int | None = None
) -> tuple[Found, NameIndex]:
    """Search a .csv, .tsv or .parquet file, in all its columns when none is named; the index can be asked
    again.
    """
    frame = read_table(path)
    need_columns(frame, list(columns), path)
    index = NameIndex(frame, columns or frame.columns)
    return index.search(query, limit=limit), index


def _folded(text: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Characters of a cell that its variant key writes in another way, spaces apart; kana keys fold nearly
    all, so none.
    """
    if kind == "kana":
        return ()
    classes = variant_classes()
    out = []
    for unit in characters(text):
        plain = unicodedata.normalize("NFKC", bare(unit)).lower()
        sought = "".join(classes.get(c, c) for c in plain)
        if sought != unit and not unit.isspace():
            out.append((unit, sought))
    return tuple(out)
