from array import array
from collections.abc import Sequence
from typing import Any

CONSTANTS: dict[str, int]

def compiled() -> bool: ...

class Codes:
    kind: int
    little: int
    digits: int
    geta: int
    def __init__(
        self,
        kind: int,
        pages: array[int],
        slots: array[int],
        keys: array[int],
        values: array[int],
        nexts: array[int],
        shift_in: bytes,
        shift_out: bytes,
        pads: tuple[int, int, int],
        reads: tuple[array[int], bytes, array[int], bytes, array[int], bytes],
        blob: bytes,
        **more: Any,
    ) -> None: ...

class Pen:
    o: int
    n: int
    row: int
    pos: int
    char: int
    units: int
    def __init__(self, src: bytes | bytearray | memoryview, out: bytearray, findings: array[int]) -> None: ...

class Flags:
    def __init__(self, keys: array[int], at: array[int], lengths: array[int], blob: bytes) -> None: ...

def encode_rows(
    c: Codes,
    w: Pen,
    mode: int,
    starts: Sequence[int],
    ends: Sequence[int],
    widths: array[int],
    offsets: array[int],
    row: int,
    capacity: int,
    slots: int,
) -> int: ...
def same_rows(
    c: Codes,
    w: Pen,
    mode: int,
    starts: Sequence[int],
    ends: Sequence[int],
    source: bytes | bytearray,
    s_starts: Sequence[int],
    s_ends: Sequence[int],
    offset: int,
    length: int,
    padded: int,
    differ: array[int],
    forms: array[int],
) -> int: ...
def compare_rows(
    c: Codes,
    w: Pen,
    flags: Flags,
    rows: array[int],
    first: int,
    starts: Sequence[int],
    ends: Sequence[int],
    units: Sequence[int],
    unit_ends: array[int],
    flagged: bytearray,
    trim: int,
    cut: int,
    classes: bytearray,
    notes: array[int],
) -> int: ...
def encode_numbers(
    src: bytes | bytearray | memoryview,
    kind: int,
    scale: int,
    signed: int,
    ascii: int,
    starts: Sequence[int],
    ends: Sequence[int],
    widths: array[int],
    out: bytearray,
    offsets: array[int],
    bad: array[int],
) -> int: ...
def same_text(
    data: bytes | bytearray,
    offsets: array[int],
    src: bytes | bytearray | memoryview,
    starts: Sequence[int],
    ends: Sequence[int],
    differ: array[int],
) -> int: ...
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
def place(out: bytearray, step: int, offset: int, data: bytes | bytearray, offsets: array[int]) -> None: ...
