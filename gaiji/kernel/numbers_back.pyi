from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]

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
def written_as(
    src: bytes | bytearray | memoryview,
    kind: int,
    ascii: int,
    starts: Sequence[int],
    ends: Sequence[int],
    kinds: bytearray,
) -> int: ...
