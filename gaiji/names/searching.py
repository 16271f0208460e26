"""A clerk's search: 渡辺 finds every 渡邉, 渡邊 …, the whole name before the whole surname before a part of
it, each hit shown with what was folded.

Owns the order of hits and when looser look-ups are tried. Words and their keys are in
``gaiji.names.vocabulary``, which cells hold them in ``gaiji.names.postings``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import regex
from numpy.typing import NDArray

from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.names.addresses import places
from gaiji.names.dates import agree_partly, date_keys
from gaiji.names.keys import variant_classes
from gaiji.names.postings import BREAKS, Postings
from gaiji.names.single import key
from gaiji.names.vocabulary import KANA, LATIN, Extent, Level, Words, kind_of
from gaiji.output.tabular import need_columns, read_table
from gaiji.standard.characters import bare, characters

CLASSES = (
    "whole name",
    "whole surname",
    "whole other word",
    "beginning",
    "beginning of another word",
    "inside",
)
"""The order of hits of one kind of folding."""
HOW = ("sound", "romaji", "homophone", "one character", "order", "middle name")
"""What a hit may owe to, beside variants and ways to write kana: 濁点 or length of vowels, Latin letters, a
reading that the register gives to another spelling, one wrong character, words in another order, a word more
or less."""
ENOUGH = 10
"""With so many whole names found, one wrong character and homophones are not tried."""
_SOUND, _ROMAJI, _HOMOPHONE, _NEAR, _ORDER, _MIDDLE = (1 << n for n in range(len(HOW)))
_NONE = 255
_GROUP = (0, 0, 1, 2)
_TAIL = regex.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u3099\u309aﾞﾟ゛゜ー]")
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Hit:
    """A cell that was found: ``row`` from 0, the characters that were folded as (as written, as sought), and
    ``how`` it was found beside that (of ``HOW``)."""

    row: int
    column: str
    text: str
    folded: tuple[tuple[str, str], ...]
    how: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """How many cells were found, and the first of them."""

    total: int
    hits: tuple[Hit, ...]


class NameIndex:
    """The words of some columns of a table, kept in memory; ``search`` may be called often.

    ``birth`` and ``address`` name columns by which a search can be narrowed.
    """

    def __init__(
        self, frame: pl.DataFrame, columns: Sequence[str], *, birth: str = "", address: str = ""
    ) -> None:
        self.frame = frame
        self.columns = list(columns)
        self._birth, self._address = birth, address
        self._days: pl.Series | None = None
        self._postings = Postings(frame, self.columns)

    def search(self, query: str, *, limit: int | None = None, birth: str = "", address: str = "") -> Found:
        """Cells that hold the query, the best first, then in the order of the table.

        In this order: by what had to be folded (variants and ways to write kana; sound, romaji, other order;
        one wrong character), by ``CLASSES``, then cells written as the query is. ``birth`` (a date, or a year
        or a year and month) and ``address`` (a town, numbers, or both) leave the records that agree.
        UsageError for a query that is empty once folded and for narrowing by a column that was not named.
        """
        words = [word for word in query.translate(_BREAKS).split(" ") if key(word)]
        if not words:
            raise UsageError(
                fault("E0191", "the query has no character to look for"),
                next=tr("write a name or a part of one"),
            )
        board = _Board(self._postings, self._kept(birth, address))
        _Query(self._postings, words, board).run()
        found, asked = board.found(), "".join(words)
        shown = found.tolist() if limit is None else found[:limit].tolist()
        return Found(len(found), tuple(self._hit(cell, board.how(cell), asked) for cell in shown))

    def _hit(self, cell: int, how: int, asked: str) -> Hit:
        row, number = divmod(cell, len(self.columns))
        text = str(self.frame[self.columns[number]][row])
        ways = tuple(name for bit, name in enumerate(HOW) if how >> bit & 1)
        return Hit(row, self.columns[number], text, _folded(text, asked), ways)

    def _kept(self, birth: str, address: str) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None:
        """Which of some rows agree with what narrows the search; None for all."""
        if not birth and not address:
            return None
        if birth and self._days is None:
            self._days = date_keys(self._narrowing(self._birth, "birth").fill_null(""))
        day = str(date_keys(pl.Series([birth]))[0]) if birth else ""
        held = self._narrowing(self._address, "address").fill_null("") if address else None
        there = str(_canonical(pl.Series([address]))[0]) if address else ""

        def agree(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
            kept = np.ones(len(rows), np.bool_)
            if birth and self._days is not None:
                kept &= _on_day(self._days.gather(rows), day)
            if held is not None:
                kept &= _canonical(held.gather(rows)).str.contains(there, literal=True).to_numpy()
            return kept

        return agree

    def _narrowing(self, column: str, what: str) -> pl.Series:
        if not column:
            raise UsageError(
                fault("E0378", "no column of the {what} was named", what=what),
                next=tr("give NameIndex(…, {what}=COLUMN)", what=what),
            )
        return self.frame[column].cast(pl.String)


def search_file(
    query: str,
    path: str | Path,
    *,
    columns: Sequence[str] = (),
    limit: int | None = None,
    birth: tuple[str, str] = ("", ""),
    address: tuple[str, str] = ("", ""),
) -> tuple[Found, NameIndex]:
    """Search a .csv, .tsv or .parquet file, in all its columns when none is named; the index can be asked
    again.

    ``birth`` and ``address`` are (column, value) by which the search is narrowed.
    """
    frame = read_table(path)
    need_columns(frame, [*columns, *(column for column, _ in (birth, address) if column)], path)
    index = NameIndex(frame, columns or frame.columns, birth=birth[0], address=address[0])
    return index.search(query, limit=limit, birth=birth[1], address=address[1]), index


class _Board:
    """The best way in which each cell was found: a code of group, class and level, and bits of ``HOW``."""

    def __init__(
        self, postings: Postings, agree: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None
    ) -> None:
        cells = postings.height * postings.columns
        self._columns, self._agree = postings.columns, agree
        self._codes, self._how = np.full(cells, _NONE, np.uint8), np.zeros(cells, np.uint8)

    def put(self, cells: NDArray[np.int64], classes: Bytes, levels: Bytes, how: Bytes) -> None:
        """Cells that were found; the best way of each stays."""
        codes = _codes(classes, levels)
        better = codes < self._codes[cells]
        if self._agree is not None:
            better[better] = self._agree(cells[better] // self._columns)
        cells, codes, how = cells[better], codes[better], how[better]
        for code in np.flatnonzero(np.bincount(codes))[::-1]:
            here = codes == code
            self._codes[cells[here]], self._how[cells[here]] = code, how[here]

    def wholes(self, classes: int) -> int:
        """Cells found so far in the first classes, whatever was folded."""
        codes = self._codes[self._codes < 64]
        return int(np.count_nonzero(codes % 32 < classes * 4))

    def found(self) -> NDArray[np.int64]:
        """Cells in the order of their codes, then of the table. A cell found by a looser way goes when
        another of its row was found by a stricter one; of those in one row that owe to a looser way the best
        one stays."""
        cells = np.flatnonzero(self._codes != _NONE)
        codes = self._codes[cells]
        order = np.argsort(codes, kind="stable")
        cells, codes = cells[order], codes[order]
        if self._columns > 1:
            first = np.zeros(len(cells), np.bool_)
            first[np.unique(cells // self._columns, return_index=True)[1]] = True
            kept = first | (codes < 32)
            cells = cells[kept]
        return cells

    def how(self, cell: int) -> int:
        return int(self._how[cell])


def _codes(classes: Bytes, levels: Bytes) -> Bytes:
    codes: Bytes = np.array(_GROUP, np.uint8)[levels] * 32 + classes * 4 + levels
    return codes


class _Query:
    """One query on one board."""

    def __init__(self, postings: Postings, words: list[str], board: _Board) -> None:
        self._postings, self._words, self._board = postings, words, board
        self._vocabulary = postings.vocabulary

    def run(self) -> None:
        joined = "".join(self._words)
        if len(self._words) == 1:
            self._single(self._vocabulary.anywhere(joined), _way(joined))
            self._splits(joined)
        else:
            self._single(self._vocabulary.whole([joined])[0], _way(joined), least=1)
            self._several(self._words, self._vocabulary.anywhere)
        if self._board.wholes(1 if len(self._words) > 1 else 3) < ENOUGH:
            self._looser(joined)

    def _looser(self, joined: str) -> None:
        """Homophones, and one wrong character in one word."""
        if len(self._words) > 1:
            self._one_differs(self._words, self._vocabulary.whole(self._words))
            return
        self._single(self._homophones(joined), _HOMOPHONE)
        fronts, backs = _halves(joined)
        both = zip(fronts, backs, self._vocabulary.whole(fronts), self._vocabulary.whole(backs), strict=True)
        for front, back, one, other in both:
            if len(one) or len(other):
                self._one_differs([front, back], [one, other])
        if self._board.wholes(3) == 0 and kind_of(joined) != "kanji":
            self._single(self._vocabulary.nearly(joined, alone=True), _NEAR)

    def _one_differs(self, words: list[str], whole: list[Words]) -> None:
        """One word as a homophone or with one wrong character, the others whole."""
        for found in (self._homophones, self._vocabulary.nearly):
            for number, word in enumerate(words):
                rest = whole[:number] + whole[number + 1 :]
                if all(len(some) for some in rest) and len(changed := found(word)):
                    self._together([*whole[:number], changed, *whole[number + 1 :]], words, 0)
        if all(len(some) for some in whole):
            alike = [self._homophones(word) for word in words]
            if all(len(some) for some in alike):
                self._together(alike, words, 0)

    def _single(self, words: Words, how: int, least: int = 0) -> None:
        """Cells that hold one of the words."""
        found = self._postings.places(words.ids)
        levels, extents = words.levels[found.source], words.extents[found.source]
        alone = self._postings.sizes[found.cells] == 1
        first = found.positions == 0
        if least:
            alone, first = alone & (extents == Extent.WHOLE), first & alone
        classes = np.select(
            [
                (extents == Extent.WHOLE) & alone,
                (extents == Extent.WHOLE) & first,
                extents == Extent.WHOLE,
                (extents == Extent.BEGINNING) & first,
                extents == Extent.BEGINNING,
            ],
            [0, 1, 2, 3, 4],
            5,
        ).astype(np.uint8)
        self._board.put(found.cells, classes, levels, _ways(levels, how))

    def _splits(self, word: str) -> None:
        """A name without a space: a whole word and, after it, a word that the rest begins or is."""
        fronts, backs = _halves(word)
        found = self._vocabulary.whole(fronts)
        numbers = [number for number, front in enumerate(found) if len(front)]
        rest = self._vocabulary.beginning([backs[number] for number in numbers])
        for number, back in zip(numbers, rest, strict=True):
            if len(back):
                self._together([found[number], back], [fronts[number], backs[number]], 0)

    def _several(self, words: list[str], look_up: Callable[[str], Words]) -> None:
        found = [look_up(word) for word in words]
        if all(len(some) for some in found):
            self._together(found, words, 0)
        if len(words) > 2:
            for number in range(1, len(words) - 1):
                rest = words[:number] + words[number + 1 :]
                wholes = self._vocabulary.whole(rest)
                if all(len(some) for some in wholes):
                    self._together(wholes, rest, _MIDDLE)

    def _together(self, found: list[Words], words: list[str], how: int) -> None:
        """Cells that hold the first word in rows that hold the others too, in whatever column."""
        postings = self._postings
        front = postings.places(found[0].ids)
        rows = front.cells // postings.columns
        levels, extents = found[0].levels[front.source], found[0].extents[front.source]
        ways = _ways(levels, _way(words[0]))
        first = front.positions == 0
        straight = np.ones(len(rows), np.bool_)
        for word, some in zip(words[1:], found[1:], strict=True):
            at_first, later = self._by_row(some)
            value = np.where(first, later[rows], at_first[rows])
            if len(found) > 2:
                value = np.minimum(later[rows], at_first[rows])
            kept = value != _NONE
            rows, front_cells, value = rows[kept], front.cells[kept], value[kept]
            front = type(front)(front_cells, front.positions[kept], front.source[kept])
            levels, extents, ways = levels[kept], extents[kept], ways[kept]
            first, straight = first[kept], straight[kept]
            ways = ways | _ways(value // 3, _way(word))
            levels, extents = np.maximum(levels, value // 3), np.maximum(extents, value % 3)
        self._judge(front.cells, levels, extents, ways, first & straight, how, len(words))

    def _judge(
        self,
        cells: NDArray[np.int64],
        levels: Bytes,
        extents: Bytes,
        ways: Bytes,
        straight: NDArray[np.bool_],
        how: int,
        asked: int,
    ) -> None:
        """Class and level of cells that hold all words."""
        whole = extents == Extent.WHOLE
        sizes = self._postings.sizes[cells]
        middle = whole & (sizes > asked)
        ways = ways | np.where(straight, 0, _ORDER).astype(np.uint8)
        ways = ways | np.where(middle, _MIDDLE, 0).astype(np.uint8)
        ways = (ways | (how & _MIDDLE)).astype(np.uint8)
        folded = ~straight | middle | bool(how & _MIDDLE)
        levels = np.where(folded, np.maximum(levels, Level.SOUND), levels).astype(np.uint8)
        classes = np.select([whole, extents == Extent.BEGINNING], [0, 3], 5).astype(np.uint8)
        self._board.put(cells, classes, levels, ways)

    def _by_row(self, words: Words) -> tuple[Bytes, Bytes]:
        """By row: level and extent (level × 3 + extent) of the best word as first word, and as a later
        one."""
        found = self._postings.places(words.ids)
        rows = found.cells // self._postings.columns
        values = (words.levels * 3 + words.extents)[found.source]
        out = (
            np.full(self._postings.height, _NONE, np.uint8),
            np.full(self._postings.height, _NONE, np.uint8),
        )
        for value in np.unique(values)[::-1]:
            here = values == value
            for dense, place in zip(out, (found.positions == 0, found.positions > 0), strict=True):
                dense[rows[here & place]] = value
        return out

    def _homophones(self, word: str) -> Words:
        """Words that the register's rows put in the place of this one in another column: its readings."""
        if kind_of(word) != "kanji" or self._postings.columns < 2:
            return Words.of([])
        whole = self._vocabulary.whole([word], sound=False)[0]
        return self._postings.beside(whole)


def _halves(word: str) -> tuple[list[str], list[str]]:
    """All ways to cut a word in two, none within a character and its selectors or marks."""
    cuts = [
        at for at in range(1, len(word)) if key(word[:at]) and key(word[at:]) and not _TAIL.match(word[at])
    ]
    return [word[:at] for at in cuts], [word[at:] for at in cuts]


def _ways(levels: Bytes, sound: int) -> Bytes:
    """Bits of ``HOW`` for levels."""
    ways: Bytes = np.array([0, 0, sound, _NEAR], np.uint8)[levels]
    return ways


def _way(word: str) -> int:
    """How a word of level SOUND was found."""
    return {"latin": _ROMAJI, "kana": _SOUND, "kanji": _HOMOPHONE}[kind_of(word)]


_BREAKS = str.maketrans(BREAKS)


def _on_day(days: pl.Series, day: str) -> NDArray[np.bool_]:
    """Which dates are this one, as far as both are known."""
    both = pl.DataFrame({"x": days}).with_columns(y=pl.lit(day))
    same = (pl.col("x") == pl.col("y")) | agree_partly(pl.col("x"), pl.col("y"))
    agree: NDArray[np.bool_] = both.select(same.alias("s")).to_series().to_numpy()
    return agree


def _canonical(addresses: pl.Series) -> pl.Series:
    """Town and numbers as one text."""
    return places(addresses).select(pl.concat_str("town", "aza", "numbers")).to_series()


def _folded(text: str, asked: str) -> tuple[tuple[str, str], ...]:
    """Characters of a cell that stand for one of the query and are written in another way."""
    classes = variant_classes()
    sought = {classes.get(c, c): c for c in unicodedata.normalize("NFKC", asked)}
    units = set(characters(asked))
    out = []
    for unit in characters(text):
        plain = unicodedata.normalize("NFKC", bare(unit))
        meant = sought.get(classes.get(plain, plain))
        if meant and unit not in units and not KANA.fullmatch(plain) and not LATIN.fullmatch(plain):
            out.append((unit, meant))
    return tuple(out)
