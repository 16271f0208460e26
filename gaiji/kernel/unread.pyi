"""Types of the kernel, for tools: compiled or not, it is called the same way."""

from collections.abc import Sequence

CONSTANTS: dict[str, int]

class Pads:
    unit: int
    count: int
    def __init__(self, pads: Sequence[bytes], unit: int) -> None: ...

class Unread:
    size: int
    other: int
    row: int
    at: int

def unread(
    src: bytes | bytearray,
    starts: Sequence[int],
    ends: Sequence[int],
    begin: int,
    stop: int,
    pads: Pads,
    marks: bytearray,
) -> Unread: ...
def lengths(starts: Sequence[int], ends: Sequence[int]) -> tuple[int, int, int]: ...
def shorter(starts: Sequence[int], ends: Sequence[int], least: int) -> tuple[int, int]: ...
