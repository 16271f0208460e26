from array import array
from collections.abc import Sequence

from gaiji.kernel.encode import Codes, Pen

CONSTANTS: dict[str, int]

class Flags:
    def __init__(self, keys: array[int], at: array[int], lengths: array[int], blob: bytes) -> None: ...

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
def same_text(
    data: bytes | bytearray,
    offsets: array[int],
    src: bytes | bytearray | memoryview,
    starts: Sequence[int],
    ends: Sequence[int],
    differ: array[int],
) -> int: ...
