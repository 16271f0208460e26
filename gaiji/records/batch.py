"""Plain data of cutting: how records lie, batches of them, places to begin at, records that cannot be cut.

Owns no reading (``gaiji.records.source``) and no cutting (``fixed``, ``variable``, ``delimited``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

FORMATS = ("fixed", "vb", "lines", "csv")
MAX_RECORD = 16 * 1024 * 1024
"""Bytes of the longest record that there can be."""


@dataclass(frozen=True)
class Framing:
    """How records lie in the input.

    ``record_length``: bytes of a fixed record without its newline, or the longest record allowed (0: any).
    ``newline``: none, lf, crlf (fixed only). ``blocked``: VB with block descriptors. ``unit`` is 2 for
    UTF-16, ``big`` its byte order; ``lead`` marks lead bytes of double bytes (CSV). ``rdw``, ``bdw``: how a
    descriptor says a length (``forms``; ``bdw`` "": as ``rdw``); ``spanned``: records in segments are joined;
    ``longest``: bytes of a record by its layout (0: not known), which nothing is cut by.
    """

    format: str
    record_length: int = 0
    newline: str = "none"
    blocked: bool = False
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    unit: int = 1
    big: bool = False
    lead: bytes = bytes(256)
    rdw: str = "standard"
    bdw: str = ""
    spanned: bool = False
    longest: int = 0


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be cut: its number from 1, its byte offset, its raw bytes, why."""

    record: int
    offset: int
    raw: bytes
    why: str


@dataclass(frozen=True)
class Start:
    """A place where a reader can begin and cut the same batches as one that came there from the start.

    ``offset``: of the first byte; ``carried``: how many bytes from there on the buffer before it ended with;
    ``records``: how many came before it; ``columns``: of a CSV; ``block``: how many bytes are left of a block
    of records; ``sha256``: digest of the input up to and with what was carried.
    """

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    sha256: str


@dataclass(frozen=True)
class Chunk:
    """Where a buffer of the input begins: a start whose digest may not be known yet."""

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    digest: Future[str]

    def start(self) -> Start:
        """The place, once the input before it has been hashed."""
        return Start(self.offset, self.carried, self.records, self.columns, self.block, self.digest.result())


@dataclass
class Batch:
    """Some whole records: byte ranges into ``src``; one pair of arrays, or one for each CSV column.

    ``file_offset`` is the offset of ``src[0]`` in the input, ``first`` the number of the first record
    (from 1; records set aside are counted too, ``numbers`` then has the number of each). ``owned``: how many
    bytes between and around the records are what (``gaiji.model.OWNERS``).
    """

    src: bytearray | bytes
    starts: list[Sequence[int]]
    ends: list[Sequence[int]]
    rows: int
    file_offset: int
    first: int
    bad: list[BadRecord] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    chunk: Chunk | None = None
    owned: dict[str, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether it has nothing: no record, none set aside, and no byte between records."""
        return not (self.rows or self.bad or self.owned)

    def record_number(self, row: int) -> int:
        """The number in the input of the batch's row (``gaps``: rows before which a record was set aside)."""
        return self.first + row + sum(1 for gap in self.gaps if gap <= row)
