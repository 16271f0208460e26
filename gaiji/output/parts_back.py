"""Reads an output that stands in parts back, as one file would be.

Owns the order of the parts, records that are asked for over the end of one, and the digest over all. How one
part is read is ``gaiji.output.readback``'s."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.output.readback import Cells, Readback


class PartsReadback(Readback):
    """The files of a folder, each opened with ``opened`` when its turn comes."""

    def __init__(self, path: Path, names: Sequence[str], opened: Callable[[Path], Readback]) -> None:
        super().__init__(path, names)
        files = sorted(one for one in path.iterdir() if not one.name.startswith("."))
        if not files:
            raise GaijiError(
                fault("E0885", "is a folder without any part of an output"),
                where=str(path),
                next=tr("run gaiji convert again"),
            )
        self._left = files[1:]
        self._opened = opened
        self._part = opened(files[0])
        self._told = hashlib.sha256()
        self._done_size = self._done_records = 0
        self.header_ok = self._part.header_ok

    @property
    def sha256(self) -> str:
        """Digest over the parts' digests, as ``sha256sum`` lists them."""
        whole = self._told.copy()
        whole.update(self._line())
        return whole.hexdigest()

    def _line(self) -> bytes:
        return f"{self._part.sha256}  {self._part.path.name}\n".encode()

    def _next(self) -> int:
        """Go on with the next part; the bytes behind the last record of the one that ends."""
        left = self._part.rest()
        self._told.update(self._line())
        self._done_size += self._part.size
        self._done_records += self._part.records
        self._part = self._opened(self._left.pop(0))
        self.header_ok &= self._part.header_ok
        self._count()
        return left

    def _count(self) -> None:
        self.size = self._done_size + self._part.size
        self.records = self._done_records + self._part.records

    def take(self, rows: int) -> Cells:
        cells = self._part.take(rows)
        while 0 <= cells.missing < rows and self._left and not self._part.more():
            self._next()
            cells = _joined(cells, self._part.take(rows - cells.missing), rows)
        self._count()
        return cells

    def skip(self, expected: bytes, following: bytes) -> bytes:
        found = self._part.skip(expected, following)
        self._count()
        return found

    def more(self) -> bool:
        while self._left and not self._part.more():
            self._next()
        return self._part.more()

    def rest(self) -> int:
        left = 0
        while self._left:
            left += self._next()
        left += self._part.rest()
        self._count()
        return left

    def line(self, cells: Sequence[bytes]) -> bytes:
        return self._part.line(cells)

    def reach(self, cells: Sequence[bytes]) -> int:
        return self._part.reach(cells)


class NoPart(Readback):
    """A part that is not there: every record of it is missing."""

    sha256 = ""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(path, names)
        self.header_ok = False

    def take(self, rows: int) -> Cells:
        none = [array("q", bytes(8 * rows)) for _ in self.names]
        return Cells(bytearray(1), list(none), list(none), rows, missing=0)

    def more(self) -> bool:
        return False

    def rest(self) -> int:
        return 0

    def line(self, cells: Sequence[bytes]) -> bytes:
        return b""

    def skip(self, expected: bytes, following: bytes) -> bytes:
        return b""


def _joined(first: Cells, second: Cells, rows: int) -> Cells:
    """Records of one part, of which some are missing, and those of the next behind them."""
    many, base = first.missing, len(first.src)
    src = bytearray(first.src) + bytearray(second.src)
    starts: list[Sequence[int]] = []
    ends: list[Sequence[int]] = []
    for out, mine, more in ((starts, first.starts, second.starts), (ends, first.ends, second.ends)):
        for before, after in zip(mine, more, strict=True):
            out.append(array("q", [*before[:many], *(base + at for at in after)]))
    damaged = first.damaged | {many + row: raw for row, raw in second.damaged.items()}
    return Cells(src, starts, ends, rows, damaged, -1 if second.missing < 0 else many + second.missing)
