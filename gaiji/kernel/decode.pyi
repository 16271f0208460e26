from array import array
from collections.abc import Sequence
from typing import Any

CONSTANTS: dict[str, int]

def compiled() -> bool: ...

class Program:
    kind: int
    units: int
    little: int
    wide: int
    digits: int
    bound: int
    def __init__(
        self,
        kind: int,
        bound: int,
        single: tuple[bytes, bytes, bytes],
        double: tuple[bytes, bytes, bytes],
        triple: tuple[bytes, bytes, bytes],
        lead: bytes,
        trail: bytes,
        shifts: bytes,
        policy: bytes,
        tag: bytes,
        longs: tuple[bytes, array[int]],
        **more: Any,
    ) -> None: ...

class Work:
    o: int
    n: int
    row: int
    pos: int
    char: int
    open_at: int
    shifted: int
    final: int
    special: int
    def __init__(
        self, src: bytes | bytearray | memoryview, out: bytearray, findings: array[int], counts: array[int]
    ) -> None: ...

class Single:
    size: int
    bound: int
    found: array[int]
    def __init__(self, size: int, bound: int) -> None: ...
    def decode(self, p: Program, mode: int, data: bytes) -> int: ...
    def findings(self, count: int) -> list[tuple[int, int, int, int, int, int]]: ...
    def text(self) -> str: ...
    def units(self) -> memoryview[int]: ...

def decode_rows(
    p: Program,
    w: Work,
    mode: int,
    trim: int,
    carry: int,
    starts: Sequence[int],
    ends: Sequence[int],
    offset: int,
    length: int,
    states: bytearray,
    offsets: array[int],
    row: int,
    capacity: int,
    slots: int,
) -> int: ...
