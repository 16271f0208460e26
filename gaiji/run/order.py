"""In which order the records of several types stood in an input: ``OUTPUT.record-order.tsv``.

Owns that file, which the way back needs to put the records of several outputs together again. One line is a
run of records of one type: its name and how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from gaiji.disk.files import AtomicFile, Mark, Written, beside, part_path
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr


def order_path(output: Path) -> Path:
    """Beside the output that the files of a job are named after."""
    return beside(output, "record-order.tsv")


def order_lines(names: Sequence[str], kinds: Sequence[int]) -> bytes:
    """What the file says of some records, by the number of each one's type in ``names``; what was set aside
    (below 0) is not among them."""
    runs = ((kind, sum(1 for _ in run)) for kind, run in groupby(kinds))
    return "".join(f"{names[kind]}\t{count}\n" for kind, count in runs if kind >= 0).encode()


class Order:
    """The file while it is written; ``names``: the types. ``kept``: to go on with it."""

    def __init__(self, output: Path, names: Sequence[str], kept: Written | None) -> None:
        path = order_path(output)
        self._names = names
        self._file = AtomicFile(path, part=part_path(path), kept=kept, own=True)

    def add(self, kinds: Sequence[int]) -> None:
        """The types of a batch's records, in order."""
        self.write(order_lines(self._names, kinds))

    def write(self, lines: bytes) -> None:
        """Lines as ``order_lines`` makes them."""
        if lines:
            self._file.write(lines)

    def marks(self) -> list[Mark]:
        """The file as it is now, for a checkpoint."""
        return self._file.marks()

    def seal(self) -> None:
        """Put all of it on the disk; it has no name yet."""
        self._file.seal()

    def unname(self) -> None:
        """Take its name back."""
        self._file.unname()

    def commit(self) -> None:
        """Give the file its name."""
        self._file.commit()

    def discard(self) -> None:
        """Remove it where it is not complete."""
        self._file.discard()

    def leave(self) -> None:
        """Let go of it; what was written stays for a run that goes on."""
        self._file.leave()

    def describe(self) -> dict[str, object]:
        """Name, size and digest for the manifest."""
        return {"path": self._file.path.name, "bytes": self._file.size, "sha256": self._file.sha256}


def read_order(output: Path) -> Iterator[tuple[str, int]]:
    """(type, how many records) of each run; GaijiError where the file is not there or is none."""
    path = order_path(output)
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                name, _, count = line.rstrip("\n").rpartition("\t")
                yield name, int(count)
    except (OSError, ValueError) as error:
        raise GaijiError(
            fault("E0426", "does not say in which order the records stood"),
            where=str(path),
            next=tr("run gaiji convert first"),
        ) from error
