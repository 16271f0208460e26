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

def scan_vb(
    s: Scan, src: bytes | bytearray, n: int, blocked: int, starts: array[int], ends: array[int], final: int
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
def scan_csv(
    s: Scan,
    src: bytearray | memoryview,
    n: int,
    delimiter: int,
    quote: int,
    unit: int,
    big: int,
    lead: bytes,
    columns: int,
    rows: int,
    starts: array[int],
    ends: array[int],
    final: int,
) -> int: ...
def csv_skip(src: bytes | bytearray, pos: int, n: int, unit: int, big: int) -> int: ...
def numbers(
    src: bytes | bytearray,
    kind: int,
    digits: int,
    scale: int,
    signed: int,
    ascii: int,
    starts: Sequence[int],
    ends: Sequence[int],
    offset: int,
    length: int,
    out: bytearray,
    offsets: array[int],
    bad: array[int],
) -> int: ...

class Lines:
    count: int
    def add(self, data: bytearray, offsets: array[int], check: int) -> None: ...
    def size(self, first: int, last: int) -> int: ...
    def write(self, out: bytearray | memoryview, first: int, last: int, delimiter: int, crlf: int) -> int: ...

def fit(
    data: bytearray,
    offsets: array[int],
    width: int,
    wide: int,
    out: bytearray,
    out_offsets: array[int],
    bad: array[int],
) -> int: ...
def extent(starts: Sequence[int], ends: Sequence[int], offset: int, length: int) -> tuple[int, int]: ...
