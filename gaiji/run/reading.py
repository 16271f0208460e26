"""One pass over the input of a plan.

Owns the reader of the pass and the buffers that come back from batches that are done. How bytes become
records is in ``gaiji.records``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from gaiji.errors import DataError
from gaiji.errors.messages import fault, tr
from gaiji.records.batch import Batch
from gaiji.records.reader import Reader


class Shapes(Protocol):
    """What tells the records of a pass apart, as ``gaiji.records.shape.Shaper`` does."""

    tallies: dict[int, int]

    def shaped(self, batch: Batch, *, last: int = 0) -> Batch:
        """A batch with its records by type, or their fields with places of their own."""

    def state(self) -> dict[str, Any]:
        """What the next batch must know of those before, as JSON can hold it."""


class Reading:
    """The batches of an input, once, in order; ``reader`` says afterwards what was read.

    ``header``: the first record of a CSV as the plan has it. ``begun``: a batch that was read already, and
    those that follow it, of an input that cannot be opened again. ``shaper``: what tells records apart;
    ``only``: the record type whose batches are given (-1: whole batches).
    """

    def __init__(
        self,
        reader: Reader,
        header: Sequence[bytes] = (),
        begun: tuple[Batch | None, Iterator[Batch]] | None = None,
        shaper: Shapes | None = None,
        only: int = -1,
    ) -> None:
        self.reader = reader
        self.shaper = shaper
        self._only = only
        self._own = 0
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
        if self.shaper is None:
            yield from self._cut()
            return
        for batch in self._shaped(self.shaper):
            one = batch if self._only < 0 else (batch.sorted.parts[self._only] if batch.sorted else None)
            if one is not None:
                self._own += one.rows
                yield one

    def _shaped(self, shaper: Shapes) -> Iterator[Batch]:
        """The batches with their records by type. Those from the last on that has a record are held back, to
        know which record is the last."""
        held: list[Batch] = []
        for batch in self._cut():
            if batch.rows:
                yield from map(shaper.shaped, held)
                held = []
            held.append(batch)
        for batch in held:
            yield shaper.shaped(batch, last=self.reader.records if self.reader.stop < 0 else 0)

    @property
    def records(self) -> int:
        """Records that were read: of the one type, where only its batches are given."""
        return self.reader.records if self._only < 0 else self._own

    def _cut(self) -> Iterator[Batch]:
        """The batches as they are cut."""
        for batch in self.reader:
            if self.reader.header != self._header and self.reader.header:
                raise DataError(
                    fault("E0382", "has another header than a moment ago"),
                    where=self.reader.path,
                    next=tr("let nothing write to it, then run again; nothing was written"),
                )
            yield batch

    def recycle(self, batch: Batch) -> None:
        """A batch is done. Batches come back in order: when the buffer changes, the one before is free."""
        if self._only >= 0:
            return  # other types of the batch may still be read
        if batch.src is not self._src:
            self.reader.recycle(self._src)
            self._src = batch.src
