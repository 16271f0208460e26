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
    left: int
    descriptors: int
    line_ends: int
    delimiters: int
    quotes: int
    blanks: int
    end: int

def scan_lines(
    s: Scan,
    src: bytes | bytearray,
    n: int,
    unit: int,
    big: int,
    stop: int,
    cr: int,
    starts: array[int],
    ends: array[int],
    final: int,
) -> int: ...

class Dialect:
    def __init__(
        self,
        delimiter: int,
        quote: int,
        unit: int,
        big: int,
        lead: bytes,
        trail: bytes,
        shifts: bytes,
        stop: int,
        cr: int,
        blank: int,
        spaces: int,
        ragged: int,
        trailing: int,
    ) -> None: ...

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
def csv_skip(src: bytes | bytearray, pos: int, n: int, unit: int, big: int, stop: int) -> int: ...
def place_views(
    table: memoryview[int], places: Sequence[int], base: int, starts: array[int], ends: array[int], row: int
) -> None: ...
def place_values(values: list[object], starts: array[int], ends: array[int]) -> int: ...
def put_values(values: list[bytes], starts: array[int], ends: array[int], out: bytearray) -> None: ...
def extent(starts: Sequence[int], ends: Sequence[int], offset: int, length: int) -> tuple[int, int]: ...
