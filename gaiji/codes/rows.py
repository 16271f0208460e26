"""Which row decides a code, as bytes that are kept between two starts: most ask for a few of many thousand.

Owns the form of what is kept. What a town wrote beside its rows (the column ``note``) is not in it, but read
in its table. Where and how safely it is kept is ``gaiji.disk.kept``.
"""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from gaiji.codes.layers import Entries, Entry
from gaiji.codes.tables import Row, Table

_NOTE = Row._fields.index("note")
_LINE = Row._fields.index("line")
_JSON = json.JSONEncoder(ensure_ascii=False).encode


def frozen(entries: Entries, tables: Sequence[Table], shipped: int) -> bytes:
    """The rows as bytes: how many, their keys in order, where each ends, then each as JSON. The first
    ``shipped`` of the tables came with gaiji."""
    places = {id(table): place for place, table in enumerate(tables)}
    found = sorted((_number(*key), entry) for key, entry in entries.items())
    written = [_written(entry.row, places[id(entry.table)], shipped) for _, entry in found]
    ends = array("q", accumulate(map(len, written), initial=0))
    keys = array("q", [number for number, _ in found])
    return b"".join([array("q", [len(found)]).tobytes(), keys.tobytes(), ends.tobytes(), *written])


class KeptRows:
    """The rows of a charset's tables, each read when it is asked for. ``shipped`` as for ``frozen``."""

    def __init__(self, data: bytes, tables: Sequence[Table], shipped: int) -> None:
        count = array("q", data[:8])[0]
        behind = 8 + 8 * count
        self._keys = array("q", data[8:behind])
        self._ends = array("q", data[behind : behind + 8 * count + 8])
        self._data = memoryview(data)[behind + 8 * count + 8 :]
        self._tables, self._shipped = tables, shipped
        self._read: dict[tuple[int, int], Entry | None] = {}

    def get(self, key: tuple[int, int]) -> Entry | None:
        """The row that decides a code (size, code), or None."""
        if key not in self._read:
            self._read[key] = self._entry(_number(*key))
        return self._read[key]

    def _entry(self, number: int) -> Entry | None:
        place = bisect_left(self._keys, number)
        if place == len(self._keys) or self._keys[place] != number:
            return None
        of, *cells = json.loads(bytes(self._data[self._ends[place] : self._ends[place + 1]]))
        if of >= self._shipped:
            cells[_NOTE] = self._notes[of, cells[_LINE]]
        return Entry(Row(*cells), self._tables[of])

    @cached_property
    def _notes(self) -> dict[tuple[int, int], str]:
        """(table, line) → what a town wrote beside a row of its own."""
        sites = list(enumerate(self._tables))[self._shipped :]
        return {(place, row.line): row.note for place, site in sites for row in site.rows}


def _number(size: int, code: int) -> int:
    """A key as one number."""
    return code << 8 | size


def _written(row: Row, table: int, shipped: int) -> bytes:
    cells = list(row)
    if table >= shipped:
        cells[_NOTE] = ""
    return _JSON([table, *cells]).encode()
