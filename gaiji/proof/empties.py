"""Empty fields and padding, by the proof's own account.

Owns what is a field of low-values or blanks throughout, told from the bytes of the source alone. It shares
nothing with the kernels that decode; what a cell of an empty field must be, ``prover`` says.
"""

from __future__ import annotations

from array import array

from gaiji.codes.charset import Charset
from gaiji.columns.decode import Place
from gaiji.kernel import numbers_back
from gaiji.proof.totals import FORM, WRITTEN, Pair
from gaiji.records.batch import Batch


def low_values(pair: Pair, number: int, place: Place, rows: array[int]) -> tuple[array[int], int]:
    """Of rows that differ: those that are something else than an empty cell for a source of low-values
    throughout, and how many are just that."""
    src, cells = pair.batch.src, pair.cells
    others = array("q")
    for row in rows:
        begin, end = _range(place, row)
        empty = cells.starts[number][row] == cells.ends[number][row] and row not in cells.damaged
        if not empty or end == begin or src[begin] or src.count(0, begin, end) != end - begin:
            others.append(row)
    return others, len(rows) - len(others)


def blanks(pair: Pair, number: int, place: Place, rows: array[int], found: bytearray) -> int:
    """How many of the rows that differ (``found``: their classes) are an empty cell for blanks in another
    form."""
    cells = pair.cells
    some = (row for kind, row in zip(found, rows, strict=True) if kind == FORM)
    empty = (row for row in some if cells.starts[number][row] == cells.ends[number][row])
    return sum(begin < end for begin, end in (_range(place, row) for row in empty))


def empty_numbers(
    batch: Batch, kind: int, places: tuple[array[int], array[int]], length: int, ascii_host: bool
) -> dict[int, str]:
    """Rows whose zoned or packed field is low-values or blanks throughout, and which; ``length``: bytes that
    the field must have (0: any)."""
    begin, end = places
    kinds = bytearray(batch.rows)
    if not numbers_back.written_as(batch.src, kind, int(ascii_host), begin, end, kinds):
        return {}
    some = ((row, written) for row, written in enumerate(kinds) if written)
    return {row: WRITTEN[written] for row, written in some if end[row] - begin[row] >= length}


def without_bare_pads(charset: Charset, batch: Batch, place: Place) -> Place:
    """A place of double bytes without padding that is no character of the charset. Blanks stay: the
    comparison knows them by what they read as, and shares nothing with what took them off."""
    pad = charset.spec.pad_double
    shifts = charset.kind.name in ("double", "shifted")
    if not shifts or charset.half == pad[0] or charset.entries.get((2, int.from_bytes(pad, "big"))):
        return place
    starts, ends, offset, length = place
    kept = array("q")
    for start, end in zip(starts, ends, strict=True):
        begin = min(start + offset, end)
        stop = end if length < 0 else min(begin + length, end)
        while (stop - begin) % 2 == 0 and stop > begin and batch.src[stop - 2 : stop] == pad:
            stop -= 2
        kept.append(stop)
    return starts, kept, offset, length


def _range(place: Place, row: int) -> tuple[int, int]:
    """Where a field begins and ends in a row."""
    starts, ends, offset, length = place
    begin = min(starts[row] + offset, ends[row])
    return begin, ends[row] if length < 0 else min(begin + length, ends[row])
