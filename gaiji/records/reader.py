"""Reads one input in batches of records: fixed, variable with RDW, lines, CSV.

Owns the choice of what cuts it and the face that others see. Knows nothing of fields inside fixed records,
nor of characters beyond what a CSV delimiter needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaiji.records.batch import Batch, Chunk, Framing, Start
from gaiji.records.blocks import Blocks
from gaiji.records.cutter import Cutter
from gaiji.records.delimited import Delimited
from gaiji.records.fixed import Fixed
from gaiji.records.source import Source
from gaiji.records.variable import Described, Lines

BATCH = 2 * 1024 * 1024
CUTTERS: dict[str, type[Cutter]] = {"fixed": Fixed, "vb": Described, "lines": Lines, "csv": Delimited}


class Reader:
    """Reads one input in batches; afterwards ``size``, ``sha256`` and ``records`` describe all of it.

    A packed input (.gz, .zst) is read unpacked: offsets and ``size`` are of what is in it, ``count`` and
    ``sha256`` of the file as it lies. ``start``: where to go on; ResumeError when the input before it is not
    what it was. ``stop``: the offset of the buffer that is not read any more (-1: all are); ``size`` is then
    where the bytes that were read end, and ``sha256`` of those from the start to there.
    """

    def __init__(
        self,
        path: str,
        framing: Framing,
        *,
        quarantine: bool = False,
        batch: int = BATCH,
        start: Start | None = None,
        stop: int = -1,
    ) -> None:
        self.path = path
        self.framing = framing
        self.quarantine = quarantine
        self.batch = batch
        self.stop = stop
        self._source = Source(path)
        self._cutter = CUTTERS[framing.format](
            self._source, framing, quarantine=quarantine, batch=batch, start=start, stop=stop
        )

    def again(self, start: Start) -> Reader:
        """Another reader of the same input that begins at ``start``."""
        other = Reader(self.path, self.framing, quarantine=self.quarantine, batch=self.batch, start=start)
        other._cutter.header = self.header
        return other

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._cutter)

    @property
    def records(self) -> int:
        """Records so far, those set aside counted too."""
        return self._cutter.records

    @property
    def header(self) -> list[bytes]:
        """Cells of a CSV's header, once the first batch is there."""
        return self._cutter.header

    @property
    def empty(self) -> bool:
        """Whether nothing is in the input but a byte order mark or the mark of its end."""
        head, ended = self._source.peeked()
        mark = self.framing.mark
        return ended and not head.removeprefix(mark).strip(b"\x1a\0" if self.framing.unit == 2 else b"\x1a")

    @property
    def size(self) -> int:
        """Bytes of the content that have been read."""
        return self._source.size

    @property
    def sha256(self) -> str:
        """Digest of the file as far as it has been read."""
        return self._source.sha256

    @property
    def count(self) -> int:
        """Bytes of the file that have been read; those of a packed one are fewer than ``size``."""
        return self._source.count

    @property
    def regular(self) -> bool:
        """Whether the input is a file that can be read again (no pipe, not standard input)."""
        return self._source.regular

    @property
    def total(self) -> int:
        """Bytes of the input when it is a regular file, else 0."""
        return self._source.total

    @property
    def blocks(self) -> Blocks | None:
        """The blocks that the records lay in, where the framing has such."""
        return self._cutter.blocks

    def end(self) -> Chunk:
        """The place behind all that was read: nothing is left there, of a block neither, however it ended."""
        return self._cutter.end()

    def check_unchanged(self) -> None:
        """DataError when a regular input is not what was read: another size, or other content where its times
        differ.
        """
        self._source.check_unchanged()

    def recycle(self, src: bytearray | bytes) -> None:
        """Take back the buffer of batches that nobody needs any more."""
        self._source.recycle(src)
