"""Plain data of cutting: how records lie, batches of them, places to begin at, records that cannot be cut.

Owns no reading (``gaiji.records.source``) and no cutting (``fixed``, ``variable``, ``delimited``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import field
from typing import Any

from gaiji.model.plain import dataclass

FORMATS = ("fixed", "vb", "lines", "csv")
NEWLINES = {"none": b"", "lf": b"\n", "crlf": b"\r\n", "cr": b"\r", "15": b"\x15", "25": b"\x25"}
"""What ends a record, by the key ``newline``."""
MAX_RECORD = 16 * 1024 * 1024
"""Bytes of the longest record that there can be."""


@dataclass(frozen=True)
class Framing:
    """How records lie in the input.

    ``record_length``: bytes of a fixed record without its newline, or the longest record allowed (0: any).
    ``newline``: none, lf, crlf (fixed only). ``blocked``: VB with block descriptors. ``unit`` is 2 for
    UTF-16, ``big`` its byte order; ``lead`` marks lead bytes of double bytes (CSV). ``rdw``, ``bdw``: how a
    descriptor says a length (``forms``; ``bdw`` "": as ``rdw``); ``spanned``: records in segments are joined;
    ``longest``: bytes of a record by its layout (0: not known), which nothing is cut by; ``fields``: how many
    a record has at the most, as far as that is known: the more, the fewer records are in a batch.

    Of lines and CSV: ``stop`` is the unit that ends one and ``cr`` what a CR before it is (0 text, 1 part of
    the end, 2 needed); ``ebcdic``: 15 and 25 may end lines, too; ``end_mark``: X'1A' at the end of the input
    is no record; ``own_mark``: the charset's byte order mark, ``mark`` where it is no part of the first
    record; ``apart``: whether the first bytes can be a mark at all, and are no number.
    ``trail``, ``shifts``, ``blank``, ``spaces``, ``ragged``, ``trailing``: as ``gaiji.kernel.cut.Dialect``
    has them; ``skip``: lines above the header.
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
    fields: int = 0
    stop: int = 10
    cr: int = 1
    ebcdic: bool = False
    end_mark: bool = True
    own_mark: bytes = b""
    mark: bytes = b""
    apart: bool = True
    trail: bytes = bytes(64) + b"\1" * 192
    shifts: bytes = b""
    blank: int = 0x20
    spaces: int = 0
    ragged: bool = False
    trailing: bool = False
    skip: int = 0

    @property
    def most(self) -> int:
        """Records of a batch at the most, so that what is known of each of its fields has room in memory."""
        return max(1, min(65_536, 4_000_000 // max(self.fields, 1)))


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
    of records; ``sha256``: digest of the input up to and with what was carried (None: nothing before is read,
    and who begins here compares digests otherwise); ``blocks``: what is known of the blocks before it
    (``gaiji.records.blocks``).
    """

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    sha256: str | None
    blocks: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Chunk:
    """Where a buffer of the input begins: a start whose digest may not be known yet."""

    offset: int
    carried: int
    records: int
    columns: int
    block: int
    digest: Future[str]
    blocks: Mapping[str, Any] | None = None

    def start(self) -> Start:
        """The place, once the input before it has been hashed."""
        before = self.offset, self.carried, self.records, self.columns, self.block
        return Start(*before, self.digest.result(), self.blocks)


@dataclass
class Batch:
    """Some whole records: byte ranges into ``src``; one pair of arrays, or one for each CSV column.

    ``file_offset`` is the offset of ``src[0]`` in the input, ``first`` the number of the first record
    (from 1; records set aside are counted too). ``numbers``: the number of each record where they do not
    follow each other; ``sorted``: its records by type, where a job has several types;
    ``shorter``: how many records end before their layout does, where they have types or vary; ``raws``: where
    records lie whose fields have places of their own. ``owned``: how many bytes between and around the
    records are what (``gaiji.model.OWNERS``).
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
    numbers: Sequence[int] | None = None
    sorted: Sorted | None = None
    shorter: int = 0
    owned: dict[str, int] = field(default_factory=dict)
    raws: tuple[Sequence[int], Sequence[int]] | None = None

    @property
    def empty(self) -> bool:
        """Whether it has nothing: no record, none set aside, and no byte between records."""
        return not (self.rows or self.bad or self.owned)

    def cells(self, row: int) -> list[bytes]:
        """The cells of a row, or its one record."""
        return [bytes(self.src[a[row] : b[row]]) for a, b in zip(self.starts, self.ends, strict=True)]

    def record_number(self, row: int) -> int:
        """The number in the input of the batch's row (``gaps``: rows before which a record was set aside)."""
        if self.numbers is not None:
            return self.numbers[row]
        return self.first + row + sum(1 for gap in self.gaps if gap <= row)


@dataclass(frozen=True)
class Sorted:
    """The records of a batch by type.

    ``kinds``: of each row (negative: set aside); ``parts``: the records of each type, None where it has none
    here or they are left out; ``tallies``: for each record of a type that counts others, how many it should
    count; ``sizes``: bytes of the records of each type; ``before``: what a reader that begins with this
    batch must know of those before, as JSON can hold it.
    """

    kinds: Sequence[int]
    parts: Sequence[Batch | None]
    tallies: Mapping[int, Sequence[int]]
    sizes: Sequence[int]
    before: Mapping[str, Any]
