from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]

class Scan:
    pos: int
    rows: int
    error: int
    at: int
    block_left: int
    cells: int
    descriptors: int
    line_ends: int
    delimiters: int
    quotes: int
    end_mark: int

class Descriptors:
    def __init__(
        self, blocked: int, spanned: int, rdw: tuple[int, int, int], bdw: tuple[int, int, int]
    ) -> None: ...

def scan_vb(
    s: Scan, src: bytearray, n: int, d: Descriptors, starts: array[int], ends: array[int], final: int
) -> int: ...
def scan_lines(
    s: Scan,
    src: bytes | bytearray,
    n: int,
    unit: int,
    big: int,
    starts: array[int],
    ends: array[int],
    final: int,
) -> int: ...

class Dialect:
    def __init__(self, delimiter: int, quote: int, unit: int, big: int, lead: bytes) -> None: ...

def scan_csv(
    s: Scan,
    src: bytearray | memoryview,
    n: int,
    dialect: Dialect,
    columns: int,
    rows: int,
    starts: array[int],
    ends: array[int],
    final: int,
) -> int: ...
def csv_skip(src: bytes | bytearray, pos: int, n: int, unit: int, big: int) -> int: ...
def extent(starts: Sequence[int], ends: Sequence[int], offset: int, length: int) -> tuple[int, int]: ...
def scan_cells(
    src: memoryview | bytearray,
    pos: int,
    n: int,
    delimiter: int,
    crlf: int,
    columns: int,
    first: int,
    rows: int,
    starts: array[int],
    ends: array[int],
) -> int: ...
def fixed_cells(
    src: memoryview | bytearray,
    rows: int,
    step: int,
    offset: int,
    width: int,
    starts: array[int],
    ends: array[int],
) -> None: ...
