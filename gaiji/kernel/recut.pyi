"""Types of the kernel, for tools: compiled or not, it is called the same way."""

from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]

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
    stop: int
    def __init__(self, delimiter: int, quote: int, unit: int, big: int, lead: bytes) -> None: ...
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
