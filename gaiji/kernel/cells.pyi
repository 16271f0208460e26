from array import array

def scan_cells(
    src: memoryview | bytearray,
    pos: int,
    n: int,
    delimiter: int,
    crlf: int,
    columns: int,
    first: int,
    rows: int,
    starts: array[int],
    ends: array[int],
) -> int: ...
def fixed_cells(
    src: memoryview | bytearray,
    rows: int,
    step: int,
    offset: int,
    width: int,
    starts: array[int],
    ends: array[int],
) -> None: ...
