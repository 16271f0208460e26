"""The proof of rows that lie in no file: cells as a database gives them, with those that they were made into.

Owns what such cells must be beside their text (NULL, no blank at the end) and one column's findings, by the
keys of its rows. What a cell is found to be is ``gaiji.proof.prover``'s; where rows come from is the
caller's.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from gaiji.columns.decode import Decoder
from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.model import Field, Reason
from gaiji.output.readback import Cells
from gaiji.proof import groups
from gaiji.proof.prover import Prover
from gaiji.proof.totals import CHANGED, CLASSES, MAX_CHANGES, WRITTEN, Change, Pair, Totals
from gaiji.records.batch import Batch

BYTES = (bytes, bytearray, memoryview)
BLANKS = (" ", "\u3000")
"""What padding reads as."""


class RowsProof:
    """The proof of one column and, where there are two ``names``, of the one with its glyphs' names.

    ``names``: of the columns that were made; ``trimmed``: padding was taken off their text.
    """

    def __init__(self, decoder: Decoder, spec: Field, names: Sequence[str], *, trimmed: bool) -> None:
        self.spec, self.names, self.trimmed = spec, tuple(names), trimmed
        self.prover = Prover(decoder, [spec] if len(names) > 1 else [])
        self.totals = Totals.empty(len(names), 1)
        self.changed: list[dict[str, Any]] = []

    @property
    def bytes(self) -> int:
        """Bytes of the source's cells so far."""
        return self.totals.sizes[0]

    @property
    def counts(self) -> dict[str, int]:
        """Cells of the columns that were made, by class."""
        sums = (sum(classes[kind] for classes in self.totals.classes) for kind in range(len(CLASSES)))
        return dict(zip(CLASSES, sums, strict=True))

    @property
    def flagged(self) -> dict[str, int]:
        """Flagged units by reason."""
        return {Reason(r).label: n for r, n in sorted(self.totals.flagged[0].items())}

    @property
    def empty(self) -> dict[str, int]:
        """Empty cells by what their sources are."""
        return {label: self.totals.empties[0][label] for label in WRITTEN if self.totals.empties[0][label]}

    def one_way(self) -> list[dict[str, Any]]:
        """Characters that do not come back as they were, in the form of a report."""
        return groups.one_way(self.prover, self.totals)

    def flagged_characters(self) -> list[dict[str, Any]]:
        """Flagged characters in the form of a report."""
        return groups.flagged(self.prover, self.totals)

    def missing(self, cell: Any) -> None:
        """A cell of the source whose row was not made: its bytes count."""
        self.totals.sizes[0] += len(_raw(cell))

    def compare(
        self,
        cells: Sequence[Any],
        there: Sequence[Sequence[Any]],
        numbers: Sequence[int],
        key: Callable[[int], str],
    ) -> None:
        """Cells of the source with those that were made of each; ``numbers``: which rows they are, ``key``:
        such a number → the row's key as people see it."""
        raw, texts, kept = [], [[] for _ in self.names], array("q")  # type: list[bytes], list[list[bytes]], Any
        for cell, found, number in zip(cells, there, numbers, strict=True):
            if self._fits(cell, found):
                raw.append(_raw(cell))
                kept.append(number)
                for column, text in enumerate(found):
                    texts[column].append(_raw(text))
                continue
            self.missing(cell)
            self._wrong_kind(cell, found, number, key)
        if not raw:
            return
        done = self.prover.prove(_pair(raw, texts, kept, self.spec.column))
        self.totals.add(done)
        for change in done.changes:
            self._note(change, key)

    def _fits(self, cell: Any, found: Sequence[Any]) -> bool:
        """NULL stays NULL, all else is text. Trimmed text ends with no blank, which encoding back
        would take for padding."""
        if cell is None or any(type(text) is not str for text in found):
            return cell is None and all(text is None for text in found)
        return not self.trimmed or not found[0].endswith(BLANKS)

    def _wrong_kind(self, cell: Any, found: Sequence[Any], number: int, key: Callable[[int], str]) -> None:
        """A row that does not fit: its cells are changed, also the one beside the one that is wrong, which is
        not proved without it."""
        at = len(found[0].rstrip(" \u3000")) if isinstance(found[0], str) and cell is not None else 0
        for column in range(len(found)):
            self.totals.classes[column][CHANGED] += 1
            name = f"{self.spec.name}.glyphs" if column else self.spec.name
            self._note(Change(number, name, at, 0, "", "", ""), key)

    def _note(self, change: Change, key: Callable[[int], str]) -> None:
        if len(self.changed) < MAX_CHANGES:
            column = self.names[change.field != self.spec.name]
            where = {"row": change.record, "key": key(change.record), "column": column}
            self.changed.append(
                where | {"position": change.position, "byte": change.offset, "code": change.code}
            )

    def told(self) -> dict[str, Any]:
        """What was found of each column, in the form of a report."""
        out: dict[str, Any] = {}
        for name, classes in zip(self.names, self.totals.classes, strict=True):
            out[name] = {"cells": dict(zip(CLASSES, classes, strict=True))}
        out[self.names[0]] |= {
            "role": self.spec.role,
            "bytes": self.bytes,
            "flagged": self.flagged,
            "empty": self.empty,
        }
        return out


def _raw(cell: Any) -> bytes:
    """A cell as bytes: text in UTF-8, as it is in the database where it is none; NULL as nothing. DataError
    for what is neither."""
    if cell is None:
        return b""
    if isinstance(cell, str):
        return cell.encode("utf-8", "surrogateescape")
    if isinstance(cell, BYTES):
        return bytes(cell)
    raise DataError(
        fault("E0653", "holds a {kind}, neither bytes nor text", kind=type(cell).__name__),
        where=tr("the source"),
        next=tr("correct the row, then convert anew"),
    )


def _pair(raw: Sequence[bytes], texts: Sequence[Sequence[bytes]], numbers: Any, column: int) -> Pair:
    """Cells of the source, as the column of that number, and what they were made into."""
    src, starts, ends = _joined([raw])
    batch = Batch(src, starts * (column + 1), ends * (column + 1), len(raw), 0, 1, numbers=numbers)
    made, begins, stops = _joined(texts)
    return Pair(batch, batch, None, Cells(made, begins, stops, len(raw)))


def _joined(columns: Sequence[Sequence[bytes]]) -> tuple[bytearray, list[Any], list[Any]]:
    """Cells end to end, with one byte more; where those of each column begin and end."""
    data, starts, ends = bytearray(), [], []
    for cells in columns:
        stops = array("q", accumulate(map(len, cells), initial=len(data)))
        data += b"".join(cells)
        starts.append(stops[:-1])
        ends.append(stops[1:])
    return data + b"\0", starts, ends
