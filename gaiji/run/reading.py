"""One pass over the input of a plan.

Owns the reader of the pass and the buffers that come back from batches that are done. How bytes become
records is in ``gaiji.records``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gaiji.errors import DataError
from gaiji.records.batch import Batch
from gaiji.records.reader import Reader


class Reading:
    """The batches of an input, once, in order; ``reader`` says afterwards what was read.

    ``header``: the first record of a CSV as the plan has it. ``begun``: a batch that was read already, and
    those that follow it, of an input that cannot be opened again.
    """

    def __init__(
        self,
        reader: Reader,
        header: Sequence[bytes] = (),
        begun: tuple[Batch | None, Iterator[Batch]] | None = None,
    ) -> None:
        self.reader = reader
        self._header = list(header)
        self._begun = begun
        self._src: bytearray | bytes = b""

    def __iter__(self) -> Iterator[Batch]:
        """The batches; a caller keeps none while it reads the next."""
        if self._begun is not None:
            first, rest = self._begun
            self._begun = None
            if first is not None:
                yield first
                del first
            yield from rest
            return
        for batch in self.reader:
            if self.reader.header != self._header and self.reader.header:
                raise DataError(
                    "has another header than a moment ago",
                    where=self.reader.path,
                    next="let nothing write to it, then run again; nothing was written",
                )
            yield batch

    def recycle(self, batch: Batch) -> None:
        """A batch is done. Batches come back in order: when the buffer changes, the one before is free."""
        if batch.src is not self._src:
            self.reader.recycle(self._src)
            self._src = batch.src
