"""Which records hold a word, and at which place of the name.

Owns the cutting of cells into words and the arrays that lead from words to cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gaiji.names.vocabulary import IDS, Extent, Level, Vocabulary, Words

BREAKS = dict.fromkeys("\u3000\u30fb\uff65\u00b7\u2022\u2027\t\n\r,，、", " ")
"""What stands between two words."""
MOST_WORDS = 255
ROWS = 1 << 17
"""Rows of a column that are cut at once: what cutting needs beside the result is some megabytes."""
READINGS = 20
"""Readings of one spelling that are followed, the most frequent ones."""


@dataclass(frozen=True)
class Places:
    """Where words stand: cells (row × columns + column), the word's place in its cell from 0, and ``source``,
    the position of the word in what was asked."""

    cells: NDArray[np.int64]
    positions: NDArray[np.uint8]
    source: NDArray[np.int64]


class Postings:
    """Word → cells, for some columns of a table."""

    def __init__(self, frame: pl.DataFrame, columns: Sequence[str]) -> None:
        self.columns, self.height = len(columns), frame.height
        kind = np.uint32 if frame.height * len(columns) < 2**32 else np.int64
        self.sizes = np.zeros(self.height * self.columns, np.uint8)  # words by cell
        parts = []
        for number, column in enumerate(columns):
            for start in range(0, self.height, ROWS):
                first = start * self.columns + number
                part = _cut(frame[column].slice(start, ROWS), first, self.columns, kind)
                self.sizes[first : first + len(part.sizes) * self.columns : self.columns] = part.sizes
                parts.append(part)
        distinct, ids = _numbered(parts)
        self.vocabulary = Vocabulary(distinct)
        cells = np.concatenate([np.empty(0, kind), *(part.cells for part in parts)])
        positions = np.concatenate([np.empty(0, np.uint8), *(part.positions for part in parts)])
        del parts
        self.first = self._words_at(ids, cells, positions)
        order = pl.Series(ids).arg_sort().to_numpy()
        self._cells, self._positions = cells[order], positions[order]
        counts = np.bincount(ids, minlength=len(self.vocabulary))
        self._starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    def _words_at(self, ids: IDS, cells: NDArray[np.int64], positions: NDArray[np.uint8]) -> IDS:
        """The first and second word of each cell (2 columns); the vocabulary's size where there is none."""
        out = np.full((len(self.sizes), 2), len(self.vocabulary), np.uint32)
        for place in (0, 1):
            here = positions == place
            out[cells[here], place] = ids[here]
        return out

    def places(self, ids: IDS) -> Places:
        """All places of some words, word by word."""
        starts = self._starts[ids]
        counts = self._starts[ids.astype(np.int64) + 1] - starts
        source = np.repeat(np.arange(len(ids)), counts)
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)[:-1]]) if len(ids) else counts
        at = np.arange(int(counts.sum())) + np.repeat(starts - before, counts)
        return Places(self._cells[at].astype(np.int64), self._positions[at], source)

    def beside(self, words: Words) -> Words:
        """The words in other columns that stand at the same place of the same records (first or second word),
        if they are in kana: how the register itself reads these words."""
        found = self.places(words.ids)
        seen = []
        for place in (0, 1):
            cells = found.cells[found.positions == place]
            rows = np.unique(cells // self.columns)
            for column in range(self.columns):
                seen.append(self.first[rows * self.columns + column, place])
        ids, counts = np.unique(np.concatenate(seen), return_counts=True)
        kana = self.vocabulary.in_kana(ids[ids < len(self.vocabulary)])
        often = counts[ids < len(self.vocabulary)][kana]
        chosen = ids[ids < len(self.vocabulary)][kana][np.argsort(-often)[:READINGS]]
        return Words.of([(chosen, Level.SOUND, Extent.WHOLE)])


@dataclass(frozen=True)
class _Cut:
    """Some rows of a column in words: the distinct ones, and for each word its row among them, its cell and
    its place there; ``sizes`` by row.
    """

    words: pl.Series
    ids: IDS
    cells: NDArray[np.uint32]
    positions: NDArray[np.uint8]
    sizes: NDArray[np.uint8]


def _numbered(parts: list[_Cut]) -> tuple[pl.Series, IDS]:
    """All distinct words in order, and for each word of the parts its row among them."""
    each = pl.concat([pl.Series([], dtype=pl.String), *(part.words for part in parts)])
    distinct = each.unique().sort()
    rows = _rows_of(each, distinct)
    ends = np.cumsum([len(part.words) for part in parts])
    ids = [rows[end - len(part.words) : end][part.ids] for part, end in zip(parts, ends, strict=True)]
    return distinct, np.concatenate([np.empty(0, np.uint32), *ids])


def _cut(texts: pl.Series, first: int, columns: int, kind: type) -> _Cut:
    """``first``: the cell of the first text."""
    plain = texts.cast(pl.String).fill_null("").str.replace_many(BREAKS).str.strip_chars(" ")
    if plain.str.contains("  ", literal=True).any():
        plain = plain.str.replace_all(" +", " ")
    lists = plain.str.split(" ")
    sizes = lists.list.len().to_numpy().astype(np.int32)
    words = lists.explode()
    distinct = words.unique()
    ids = _rows_of(words, distinct)
    cells = np.repeat(np.arange(len(texts), dtype=kind) * kind(columns) + kind(first), sizes)
    starts = np.cumsum(sizes, dtype=np.int32) - sizes
    positions = np.arange(len(ids), dtype=np.int32) - np.repeat(starts, sizes)
    low = [np.minimum(numbers, MOST_WORDS).astype(np.uint8) for numbers in (positions, sizes)]
    return _Cut(distinct, ids, cells, low[0], low[1])


def _numbers(distinct: pl.Series) -> pl.Series:
    return pl.int_range(len(distinct), dtype=pl.UInt32, eager=True)


def _rows_of(words: pl.Series, distinct: pl.Series) -> IDS:
    """The row of each word among the distinct ones."""
    if not len(words):
        return np.empty(0, np.uint32)
    rows: IDS = words.replace_strict(distinct, _numbers(distinct), return_dtype=pl.UInt32).to_numpy()
    return rows
