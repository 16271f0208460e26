"""Types of the kernel, for tools: compiled or not, it is called the same way."""

from array import array
from collections.abc import Sequence
from typing import Protocol

CONSTANTS: dict[str, int]

class Lies(Protocol):
    """How cells lie, as ``gaiji.records.batch.Framing`` says it."""

    @property
    def delimiter(self) -> str: ...
    @property
    def quote(self) -> str: ...

class Cells:
    pos: int
    o: int
    rows: int
    count: int
    error: int
    at: int
    ends_of_lines: int
    marks: int
    quoting: int
    passed: int
    def __init__(self, framing: Lies) -> None: ...
    def restart(self) -> None: ...

def read_rows(
    s: Cells,
    src: bytes | bytearray,
    n: int,
    final: int,
    columns: int,
    most: int,
    out: bytearray,
    begins: array[int],
    ends: array[int],
) -> int: ...

class Blanks:
    size: int
    other: int
    row: int
    at: int
    def __init__(self, alone: bytes, pairs: bytes, three: bytes, unit: int) -> None: ...

def look(
    b: Blanks,
    src: bytes | bytearray,
    starts: Sequence[int],
    ends: Sequence[int],
    begin: int,
    stop: int,
    rows: bytearray,
) -> None: ...
def each(begin: int, step: int, length: int, starts: array[int], ends: array[int]) -> None: ...
def within(
    starts: Sequence[int], ends: Sequence[int], offset: int, length: int, begin: array[int], stop: array[int]
) -> None: ...
def widths(begin: Sequence[int], stop: Sequence[int], out: array[int]) -> int: ...
