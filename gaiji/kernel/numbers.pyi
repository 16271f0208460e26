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

def numbers(
    src: bytes | bytearray,
    numeric: Numeric,
    starts: Sequence[int],
    ends: Sequence[int],
    offset: int,
    length: int,
    out: bytearray,
    offsets: array[int],
    bad: array[int],
    written: array[int],
) -> int: ...
