from array import array

from gaiji.kernel.cut import Scan

CONSTANTS: dict[str, int]

class Descriptors:
    def __init__(
        self, blocked: int, spanned: int, rdw: tuple[int, int, int], bdw: tuple[int, int, int]
    ) -> None: ...

def scan_vb(
    s: Scan, src: bytearray, n: int, d: Descriptors, starts: array[int], ends: array[int], final: int
) -> int: ...
