"""Records of the way back as they lie in a file: behind descriptors, in segments, in the input's blocks.

Owns how long a segment is and when a block is whole. How a descriptor is written is ``gaiji.records.forms``',
where blocks end ``gaiji.records.blocks``'.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaiji.errors import DataError, GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.records.blocks import Filling
from gaiji.records.forms import form_of
from gaiji.run.job import Job
from gaiji.run.manifest import manifest_path, read_manifest

SEGMENT = 32_752
"""Bytes of a segment at most: with its descriptor and that of its block IBM's 32,760."""


class Framer:
    """Puts the records of a job one behind the other; those of other formats than vb as they are."""

    def __init__(self, job: Job) -> None:
        self.job, source = job, job.source
        rdw, bdw = form_of(source["rdw"]), form_of(source["bdw"] or source["rdw"])
        assert rdw is not None and bdw is not None  # the job was checked
        self._rdw, self._bdw = rdw, bdw
        self._described = source["format"] == "vb"
        self._blocked, self._spanned = bool(source["blocked"]), bool(source["spanned"])
        self._block = bytearray()
        self._filling = _filling(job) if self._described and self._blocked else Filling({})

    def add(self, record: bytes | bytearray) -> bytes | bytearray:
        """One more record; what can be written now."""
        if not self._described:
            return record
        if not self._blocked:
            return b"".join(self._segments(record))
        out = bytearray()
        for piece in self._segments(record):
            if self._block and self._filling.ends(self._bdw.size + len(self._block), len(piece)):
                out += self.end()
            self._block += piece
        return out

    def end(self) -> bytes:
        """The last block."""
        block, self._block = self._block, bytearray()
        try:
            return self._bdw.block(len(block)) + block if block else b""
        except OverflowError as error:
            raise self._too_long(len(block)) from error

    def _segments(self, record: bytes | bytearray) -> Iterator[bytes]:
        """A record behind its descriptor, in segments where the source may have them and one cannot hold
        it."""
        room = 0xFFFF - self._rdw.size - (self._bdw.size if self._blocked else 0)
        room = min(room, SEGMENT) if self._spanned else room
        if len(record) > room and not self._spanned:
            raise self._too_long(len(record))
        parts = [record[at : at + room] for at in range(0, len(record), room)] or [record]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            mark = (0 if last else 1) if number == 0 else 2 if last else 3
            yield self._rdw.write(len(part), mark) + part

    def _too_long(self, count: int) -> DataError:
        return DataError(
            fault("E0448", "has {count} bytes, more than a descriptor can say", count=count),
            where=f"{self.job.output_path}: a record",
            next=tr('set spanned = true or format = "fixed" in [source]'),
        )


def _filling(job: Job) -> Filling:
    """Where the input's blocks ended, as its manifest says; each record has its own where there is no
    manifest, or an older one."""
    try:
        return Filling(read_manifest(job.named_path).get("blocks", {}))
    except GaijiError:
        return Filling({})
    except (AttributeError, TypeError, ValueError) as error:
        raise GaijiError(
            fault("E0201", "is no manifest of a conversion"),
            where=str(manifest_path(job.named_path)),
            next=tr("run gaiji convert first"),
        ) from error
