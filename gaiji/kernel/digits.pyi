"""Types of the kernel, for tools: compiled or not, it is called the same way."""

from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]

def compiled() -> bool: ...
def digit_rows(data: bytes | bytearray, offsets: Sequence[int], least: int) -> array[int]: ...
