"""Records that could not be cut: raw bytes in ``OUTPUT.bad-records.bin``, one line each in its index,
``OUTPUT.bad-records.tsv``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gaiji.disk.files import AtomicFile, Mark, Written, beside, output_error, part_path
from gaiji.records.batch import BadRecord, Batch


def quarantine_paths(output: Path) -> tuple[Path, Path]:
    """The records' bytes and their index, beside an output."""
    return beside(output, "bad-records.bin"), beside(output, "bad-records.tsv")


class Quarantine:
    """The two files beside an output; none are made while nothing is set aside, and those of an earlier run
    go when this one sets nothing aside. ``kept``: to go on with them."""

    def __init__(self, output: Path, kept: Sequence[Written] = (), count: int = 0) -> None:
        self._output = output
        self._files: tuple[AtomicFile, AtomicFile] | None = None
        self.count = count
        if kept:
            self._open(*kept)

    def _open(
        self, data: Written | None = None, index: Written | None = None
    ) -> tuple[AtomicFile, AtomicFile]:
        paths = quarantine_paths(self._output)
        first = AtomicFile(paths[0], part=part_path(paths[0]), kept=data, own=True)
        self._files = first, AtomicFile(paths[1], part=part_path(paths[1]), kept=index, own=True)
        return self._files

    def add(self, batch: Batch) -> None:
        """Set a batch's bad records aside."""
        self.take(batch.bad)

    def take(self, some: Sequence[BadRecord]) -> None:
        """Set records aside."""
        if not some:
            return
        if self._files is None:
            self._open()[1].write(b"record\toffset\tbytes\tposition\twhy\n")
        assert self._files is not None
        data, index = self._files
        for bad in some:
            index.write(f"{bad.record}\t{bad.offset}\t{len(bad.raw)}\t{data.size}\t{bad.why}\n".encode())
            data.write(bad.raw)
            self.count += 1

    def marks(self) -> list[Mark]:
        """The files as they are now, for a checkpoint."""
        return [mark for file in self._files or () for mark in file.marks()]

    def seal(self) -> None:
        """All is written and on the disk; only the names are missing."""
        for file in self._files or ():
            file.seal()

    def unname(self) -> None:
        """Take the names away again."""
        for file in self._files or ():
            file.unname()

    def commit(self) -> None:
        """Give the files their names; OutputError when those of an earlier run cannot be removed."""
        for file in self._files or ():
            file.commit()
        for path in () if self._files else quarantine_paths(self._output):
            try:
                with suppress(FileNotFoundError):
                    path.unlink()
            except OSError as error:
                raise output_error(path, error) from error

    def discard(self) -> None:
        """Remove uncommitted files."""
        for file in self._files or ():
            file.discard()

    def leave(self) -> None:
        """Let go of the files; what was written stays for a run that goes on."""
        for file in self._files or ():
            file.leave()

    def describe(self) -> dict[str, object]:
        """Count, names and digests for the manifest."""
        files = [{"path": f.path.name, "bytes": f.size, "sha256": f.sha256} for f in self._files or ()]
        return {"records": self.count, "files": files}
