"""One short field at a time, as fast as a call from Python can be.

Owns the buffers that each thread uses again. Whole columns are decoded in ``gaiji.codes.column``.
"""

from __future__ import annotations

import threading
from array import array

from gaiji.codes.program import K
from gaiji.codes.stream import Reading
from gaiji.errors import UndecodableError
from gaiji.kernel import decode as kernel
from gaiji.model import Reason

SHORT = 256
"""Bytes of a field that the buffers are made for; a longer one gets buffers of its own."""


class _Buffers(threading.local):
    """What one thread decodes with."""

    def __init__(self, size: int, bound: int) -> None:
        self.size = size
        self.capacity = (size + 1) * bound + 2 * K["SLACK"]
        self.slots = size + 4
        self.out = bytearray(self.capacity + 8)
        self.view = memoryview(self.out)
        self.found = array("q", bytes(8 * K["FINDING"] * self.slots))
        self.counts = array("q", bytes(8 * K["N_COUNTS"]))
        self.starts = array("q", [0])
        self.ends = array("q", [0])
        self.offsets = array("q", [0, 0])
        self.states = bytearray(1)


class ShortDecoder:
    """The texts of single fields, read one way. ``strict``: a finding is an error."""

    def __init__(self, reading: Reading, *, strict: bool) -> None:
        self._reading = reading
        self._strict = strict
        self._program, self._mode = reading.text, reading.mode
        self._marked = reading.kind.marked
        self._mine = _Buffers(SHORT, reading.text.bound)

    def text(self, data: bytes) -> str:
        """The text of one whole field; UndecodableError at its first finding where ``strict``."""
        if self._marked:
            reading, mark = self._reading.opened(data)
            return self._text(reading.text, data[mark:], mark) if mark else self._text(self._program, data, 0)
        return self._text(self._program, data, 0)

    def _text(self, program: kernel.Program, data: bytes, mark: int) -> str:
        b = self._mine
        size = len(data)
        if not size:
            return ""
        if size > b.size:
            b = _Buffers(size, program.bound)
        work = kernel.Work(data, b.out, b.found, b.counts)
        b.ends[0] = size
        kernel.decode_rows(
            program,
            work,
            self._mode,
            0,
            0,
            b.starts,
            b.ends,
            0,
            -1,
            b.states,
            b.offsets,
            0,
            b.capacity,
            b.slots,
        )
        if work.n and self._strict:
            raise self._error(b.found, work.n, mark)
        return str(b.view[: work.o], "utf-8")

    def _error(self, found: array[int], n: int, mark: int) -> UndecodableError:
        """The finding that stands first in the bytes (an open shift is found last)."""
        width = K["FINDING"]
        rows = [found[i : i + width] for i in range(0, n * width, width)]
        _, offset, _, code, size, reason = min(rows, key=lambda row: row[1])
        return UndecodableError(
            self._reading.name,
            self._reading.code(code, size),
            offset + mark,
            offset + mark + self._reading.kind.length(code, size),
            Reason(reason).label,
        )
