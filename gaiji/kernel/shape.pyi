from array import array
from collections.abc import Sequence

CONSTANTS: dict[str, int]
Numbers = Sequence[int]

def sort(
    src: bytes | bytearray,
    starts: Numbers,
    ends: Numbers,
    tests: array[int],
    values: bytes,
    types: int,
    first: int,
    last: int,
    kinds: array[int],
) -> None: ...
def owners(
    kinds: array[int], gaps: array[int], parents: array[int], current: array[int], owner: array[int]
) -> None: ...
def pick(kinds: array[int], kind: int, rows: array[int]) -> int: ...
def count(kinds: Numbers, kind: int, first: int, last: int) -> int: ...
def shorter(starts: Numbers, ends: Numbers, least: int) -> int: ...
def take(edges: Numbers, rows: Numbers, out: array[int]) -> None: ...
def follow(owner: array[int], rows: Numbers, out: array[int]) -> None: ...
def borrow(
    starts: Numbers,
    ends: Numbers,
    owner: Numbers,
    offset: int,
    length: int,
    whole: int,
    carried: int,
    behind: int,
    out_starts: array[int],
    out_ends: array[int],
) -> None: ...
def number(first: int, gaps: array[int], out: array[int]) -> None: ...
def spread(
    src: bytes | bytearray,
    starts: Numbers,
    ends: Numbers,
    steps: array[int],
    scratch: array[int],
    columns: array[int],
    out_starts: array[int],
    out_ends: array[int],
    bad: array[int],
) -> int: ...
def compact(
    records: bytearray,
    step: int,
    rows: int,
    steps: array[int],
    full: array[int],
    scratch: array[int],
    out: bytearray,
    offsets: array[int],
    bad: array[int],
) -> int: ...
def present(
    records: bytearray,
    step: int,
    rows: int,
    steps: array[int],
    full: array[int],
    scratch: array[int],
    pieces: array[int],
    there: bytearray,
    bad: array[int],
) -> None: ...
