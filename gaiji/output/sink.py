"""Where batches of columns go: what every output format does, and what those of lines share.

Temporary names and renames are in ``gaiji.disk.files``; nothing here knows a charset.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gaiji.disk.digest import Buffers
from gaiji.disk.files import STDOUT, AtomicFile, Mark, OutputFile, Stream, Written, is_stream, part_path
from gaiji.disk.packing import pack, packing
from gaiji.model import Column


class Sink:
    """Where batches go. ``encode`` may run on several threads; ``write`` takes its results in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._buffers = Buffers()

    def prepare(
        self, columns: Sequence[Column], rows: int
    ) -> tuple[list[Column], list[tuple[int, list[int]]]]:
        """The columns as the format can hold them, and for each that was cut: (column, rows cut)."""
        return list(columns), []

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        """What ``write`` will append for these columns; ``keep`` lists the row ranges to write."""
        raise NotImplementedError

    def write(self, encoded: object) -> None:
        """Append one encoded batch."""
        raise NotImplementedError

    def seal(self) -> Path:
        """All is written and on the disk; only the name is missing. Returns where it stands."""
        raise NotImplementedError

    def commit(self) -> None:
        """The output appears under its name."""
        raise NotImplementedError

    def unname(self) -> None:
        """Take the name away again: what goes with the output could not be named."""
        raise NotImplementedError

    def discard(self) -> None:
        """Leave nothing behind."""
        raise NotImplementedError

    def marks(self) -> list[Mark]:
        """The output as it is now, for a checkpoint; none where no run can go on."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let go of the output; what was written stays for a run that goes on."""
        raise NotImplementedError

    def describe(self) -> dict[str, object]:
        """Path, size and digest for the manifest."""
        raise NotImplementedError


class StreamSink(Sink):
    """What formats of lines share: one file, packed batch by batch where its name says so."""

    def __init__(self, path: Path, kept: Written | None) -> None:
        super().__init__(path)
        self._packing = packing(path)
        self._file: OutputFile
        if is_stream(path):
            self._file = Stream(None if path.name == STDOUT else path)
        else:
            self._file = AtomicFile(path, part=part_path(path), kept=kept)

    def packed(self, lines: memoryview) -> memoryview:
        """A piece of the output as it is written."""
        if not self._packing:
            return lines
        piece = pack(lines, self._packing)
        if isinstance(lines.obj, bytearray):
            self._buffers.give(lines.obj)
        return memoryview(piece)

    def write(self, encoded: object) -> None:
        assert isinstance(encoded, memoryview)
        buffer = encoded.obj
        self._file.write(
            encoded, lambda: self._buffers.give(buffer) if isinstance(buffer, bytearray) else None
        )

    def seal(self) -> Path:
        self._file.seal()
        return self._file.standing

    def commit(self) -> None:
        self._file.commit()

    def unname(self) -> None:
        self._file.unname()

    def discard(self) -> None:
        self._file.discard()

    def marks(self) -> list[Mark]:
        return self._file.marks()

    def leave(self) -> None:
        self._file.leave()

    def describe(self) -> dict[str, object]:
        return {"path": str(self.path), "bytes": self._file.size, "sha256": self._file.sha256}
