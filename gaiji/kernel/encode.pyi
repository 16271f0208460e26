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
    blank: int
    units: int
    def __init__(self, src: bytes | bytearray | memoryview, out: bytearray, findings: array[int]) -> None: ...

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
