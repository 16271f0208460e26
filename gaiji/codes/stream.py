"""Decoding bytes that arrive in chunks, and single fields: what one reading of a charset is and remembers.

Owns ``Reading`` (the programs for one role, form and set of policies) and the streaming decoder. Programs are
compiled in ``gaiji.codes.program``; whole columns are decoded in ``gaiji.codes.column``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TypeVar

from gaiji.codes.arguments import raw_bytes
from gaiji.codes.code import code_of, write_code
from gaiji.codes.kind import Kind
from gaiji.codes.program import K
from gaiji.kernel import decode as kernel
from gaiji.model import Characters, Decoded, Finding, Reason
from gaiji.model.plain import dataclass

LITTLE_MARK, BIG_MARK = MARKS = b"\xff\xfe", b"\xfe\xff"
"""What a text of UTF-16 may begin with: the byte order mark, in either order."""

LABELS = {int(reason): reason.label for reason in Reason}
"""Number of a reason in the kernels → how it is written."""
MANY = 100_000
"""Codes that are remembered as written: more than a charset has."""
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Reading:
    """One charset read one way: for a role, an output form, policies and a field mode.

    ``text``: the program that writes the texts; ``by_unit``: makes the one that writes the source units;
    ``glyph_of``: (code, size) → glyph name or None; ``little``: makes the same reading for the other byte
    order, where the text itself says which (``kind.marked``).
    """

    name: str
    kind: Kind
    mode: int
    shift_in: tuple[bytes, ...]
    text: kernel.Program
    by_unit: Callable[[], kernel.Program]
    glyph_of: Callable[[int, int], str | None]
    little: Callable[[], Reading] | None = None

    @cached_property
    def units(self) -> kernel.Program:
        """The program that writes the source units: who wants texts alone never waits for it."""
        return self.by_unit()

    def opened(self, data: bytes) -> tuple[Reading, int]:
        """The reading for a text that begins so, and the bytes of its byte order mark."""
        if not self.kind.marked or data[:2] not in MARKS:
            return self, 0
        return self.little() if data[:2] == LITTLE_MARK and self.little is not None else self, 2

    def code(self, code: int, size: int) -> str:
        """A source unit as people see it."""
        return write_code(self.kind.form, code, size)

    def finding(self, row: Sequence[int], offset: int = 0, position: int = 0) -> Finding:
        """A row of the kernel's findings, of a text that begins at that byte and character of a stream."""
        _, at, char, code, size, reason = row
        written = self._written.get((code, size)) or self._write(code, size)
        return Finding.found(LABELS[reason], written, offset + at, position + char)

    def characters(self, units: Sequence[int], flagged: Collection[int]) -> Characters:
        """Glyph name and code of each unit; one at a ``flagged`` place has a finding and no sure glyph."""
        known = self._known
        names: list[str | None] = []
        codes: list[str] = []
        for unit in units:
            name, code = known.get(unit) or self._look(unit)
            names.append(name)
            codes.append(code)
        for place in flagged:
            if place < len(units):  # an open shift stands behind the last
                key = code_of(units[place])
                names[place], codes[place] = None, self._written.get(key) or self._write(*key)
        return tuple(names), tuple(codes)

    @cached_property
    def _known(self) -> dict[int, tuple[str | None, str]]:
        """Unit → glyph name and code, of those that were met."""
        return {}

    @cached_property
    def _written(self) -> dict[tuple[int, int], str]:
        """Code and size → the code as people see it, of those that had a finding."""
        return {}

    def _write(self, code: int, size: int) -> str:
        return _kept(self._written, (code, size), self.code(code, size))

    def _look(self, unit: int) -> tuple[str | None, str]:
        size, code = self.kind.key(*code_of(unit))
        return _kept(self._known, unit, (self.glyph_of(code, size), self.code(code, size)))


def _kept(known: dict[Key, Value], key: Key, value: Value) -> Value:
    """A value, noted for the next time; what noise has filled begins again."""
    if len(known) >= MANY:
        known.clear()
    known[key] = value
    return value


class StreamDecoder:
    """Decodes bytes that arrive in chunks; positions and offsets count from the start of the stream."""

    def __init__(self, reading: Reading) -> None:
        self._first = reading
        self.reset()

    def reset(self) -> None:
        """Forget everything that was fed: the next chunk begins a new stream, read the same way."""
        self._reading = self._first
        self._state = 0
        self._held = b""
        self._offset = 0
        self._position = 0
        self._opened = 0
        self._fresh = self._first.kind.marked

    @property
    def held(self) -> int:
        """Bytes at the end of what was fed that begin a unit and wait for more."""
        return len(self._held)

    @property
    def state(self) -> int:
        """The shift state: 0, or the number of the shift that is open. Set it to go on where a field before
        ended.
        """
        return self._state

    @state.setter
    def state(self, state: int) -> None:
        self._state = state

    def feed(self, chunk: bytes, *, final: bool = False) -> Decoded:
        """The text of all whole units so far; half a unit at the end waits for the next chunk."""
        data = self._held + raw_bytes(chunk, "chunk")
        if self._fresh and data:
            if len(data) < 2 and not final:
                self._held = data
                return Decoded("")
            data = self._take_mark(data)
        text, used, found, state, chars, opened = self._run(self._reading.text, data, final)
        units, *_ = self._run(self._reading.units, data, final)
        begin, reading, width = (self._offset, self._position), self._reading, K["FINDING"]
        findings = [reading.finding(found[i : i + width], *begin) for i in range(0, len(found), width)]
        flagged = {finding.position - self._position for finding in findings}
        names, codes = reading.characters(memoryview(units).cast("I"), flagged)
        if opened >= 0:
            self._opened = self._offset + opened
        self._state = state
        self._held = data[used:]
        self._offset += used
        self._position += chars
        if final:
            findings += self._close()
        return Decoded(text.decode("utf-8"), names, codes, tuple(findings))

    def _close(self) -> list[Finding]:
        """The end of the stream: a shift that is still open is a finding."""
        open_with, self._state = self._state, 0
        if not open_with or self._reading.mode != K["MIXED"]:
            return []
        shift = self._reading.shift_in[open_with - 1].hex().upper()
        return [Finding(Reason.BROKEN_SHIFT.label, shift, self._opened, self._position)]

    def _take_mark(self, data: bytes) -> bytes:
        self._fresh = False
        self._reading, mark = self._reading.opened(data)
        self._offset += mark
        return data[mark:]

    def _run(
        self, program: kernel.Program, data: bytes, final: bool
    ) -> tuple[bytes, int, array[int], int, int, int]:
        capacity = (len(data) + 1) * program.bound + 2 * K["SLACK"]
        out = bytearray(capacity + 8)
        found = array("q", bytes(8 * K["FINDING"] * (len(data) + 4)))
        work = kernel.Work(data or b"\0", out, found, array("q", bytes(8 * K["N_COUNTS"])))
        work.final = int(final)
        states = bytearray([self._state])
        kernel.decode_rows(
            program,
            work,
            self._reading.mode,
            0,
            1,
            array("q", [0]),
            array("q", [len(data)]),
            0,
            -1,
            states,
            array("q", [0, 0]),
            0,
            capacity,
            len(data) + 4,
        )
        return (
            bytes(out[: work.o]),
            work.pos,
            found[: work.n * K["FINDING"]],
            states[0],
            work.char,
            work.open_at,
        )
