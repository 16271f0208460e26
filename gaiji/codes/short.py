"""One short field at a time, as fast as a call from Python can be.

Owns the buffers that each thread uses again. Whole columns are decoded in ``gaiji.codes.column``, fields that
arrive in chunks in ``gaiji.codes.stream``.
"""

from __future__ import annotations

import threading
from operator import itemgetter

from gaiji.codes.stream import MARKS, Reading
from gaiji.errors import UndecodableError
from gaiji.kernel.decode import Single
from gaiji.model import Characters, Decoded, Finding, Reason

SHORT = 256
"""Bytes of a field that the buffers are made for; a longer one gets buffers of its own."""
UNIT = 4
"""Bytes that a program of units writes for each."""


class _Buffers(threading.local):
    """What one thread decodes with."""

    def __init__(self, bound: int) -> None:
        self.single = Single(SHORT, bound)


class ShortDecoder:
    """Single whole fields, read one way. ``strict``: a finding is an error; ``mark``: how many bytes were
    taken off before each field."""

    def __init__(self, reading: Reading, *, strict: bool, mark: int = 0) -> None:
        self._reading = reading
        self._strict = strict
        self._mark = mark
        self._may_be_marked = reading.kind.marked and not mark
        self._program, self._mode = reading.text, reading.mode
        self._mine = _Buffers(max(self._program.bound, UNIT))
        self._read = self._characters  # one for all results

    def text(self, data: bytes) -> str:
        """The text of a field; UndecodableError at its first finding where ``strict``."""
        if self._may_be_marked and data[:2] in MARKS:
            return self._behind(data).text(data[2:])
        single = self._single(data)
        if (found := single.decode(self._program, self._mode, data)) and self._strict:
            self._refuse(single, found)
        return single.text()

    def decoded(self, data: bytes) -> Decoded:
        """Text and findings of a field; its glyphs and codes are read when they are asked for."""
        if self._may_be_marked and data[:2] in MARKS:
            return self._behind(data).decoded(data[2:])
        single = self._single(data)
        found = single.decode(self._program, self._mode, data)
        if not found:
            return Decoded.unread(single.text(), (), self._read, data)
        if self._strict:
            self._refuse(single, found)
        finding, mark = self._reading.finding, self._mark
        findings = tuple([finding(row, mark) for row in single.findings(found)])
        return Decoded.unread(single.text(), findings, self._read, data)

    def _characters(self, data: bytes, findings: tuple[Finding, ...]) -> Characters:
        """Glyph names and codes of a field that was decoded."""
        single = self._single(data)
        single.decode(self._reading.units, self._mode, data)
        flagged = [finding.position for finding in findings] if findings else ()
        return self._reading.characters(single.units(), flagged)

    def _single(self, data: bytes) -> Single:
        """Buffers that a field fits into."""
        mine = self._mine.single
        return mine if len(data) <= SHORT else Single(len(data), mine.bound)

    def _behind(self, data: bytes) -> ShortDecoder:
        """What decodes the rest of a field that begins with a byte order mark."""
        reading, mark = self._reading.opened(data)
        return ShortDecoder(reading, strict=self._strict, mark=mark)

    def _refuse(self, single: Single, found: int) -> None:
        """UndecodableError for the finding that stands first in the bytes (an open shift is found last)."""
        _, offset, _, code, size, reason = min(single.findings(found), key=itemgetter(1))
        begin = offset + self._mark
        reading = self._reading
        raise UndecodableError(
            reading.name,
            reading.code(code, size),
            begin,
            begin + reading.kind.length(code, size),
            Reason(reason).label,
        )
