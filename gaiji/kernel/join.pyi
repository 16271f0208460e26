from array import array

CONSTANTS: dict[str, int]

class Lines:
    count: int
    def add(self, data: bytearray, offsets: array[int], check: int) -> None: ...
    def size(self, first: int, last: int) -> int: ...
    def write(self, out: bytearray | memoryview, first: int, last: int, delimiter: int, crlf: int) -> int: ...

def fit(
    data: bytearray,
    offsets: array[int],
    width: int,
    wide: int,
    out: bytearray,
    out_offsets: array[int],
    bad: array[int],
) -> int: ...
def place(out: bytearray, step: int, offset: int, data: bytes | bytearray, offsets: array[int]) -> None: ...
