from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]

class Numeric:
    def __init__(
        self,
        kind: int,
        digits: int,
        scale: int,
        signed: int,
        ascii: int,
        place: int = 0,
        signs: int = 7,
        little: int = 0,
    ) -> None: ...

def encode_numbers(
    src: bytes | bytearray | memoryview,
    numeric: Numeric,
    starts: Sequence[int],
    ends: Sequence[int],
    widths: array[int],
    out: bytearray,
    offsets: array[int],
    bad: array[int],
) -> int: ...
def written_as(
    src: bytes | bytearray | memoryview,
    kind: int,
    ascii: int,
    starts: Sequence[int],
    ends: Sequence[int],
    kinds: bytearray,
) -> int: ...
def same_numbers(
    src: bytes | bytearray | memoryview,
    numeric: Numeric,
    starts: Sequence[int],
    ends: Sequence[int],
    text: bytes | bytearray | memoryview,
    text_starts: Sequence[int],
    text_ends: Sequence[int],
    rows: array[int],
    same: bytearray,
) -> int: ...
