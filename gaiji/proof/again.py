"""One more pass over the input, for the proof: cut, told apart by type, and every byte accounted for.

Owns the order of the three, and the account of all batches. How records are cut is ``recut``'s, what they are
``kinds``', whose their bytes are ``account``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gaiji.proof.account import Account, Accountant, TypedAccountant
from gaiji.proof.kinds import PlainShaper
from gaiji.proof.recut import Recut
from gaiji.records.batch import Batch


class Cut(Protocol):
    """What a reader says of the input that it has read."""

    @property
    def size(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def header(self) -> list[bytes]: ...


class Pass(Protocol):
    """A pass that has come to its end."""

    @property
    def reader(self) -> Cut: ...
    @property
    def records(self) -> int: ...
    @property
    def account(self) -> Account: ...


class Again:
    """The batches of a pass, in order; ``account``: of all that came before, where an ``accountant`` counts.

    ``shaper``: what tells the records apart.
    """

    def __init__(
        self,
        reader: Recut,
        accountant: Accountant | TypedAccountant | None,
        shaper: PlainShaper | None = None,
    ) -> None:
        self.reader = reader
        self.shaper = shaper
        self.account = Account()
        self._accountant = accountant

    @property
    def records(self) -> int:
        """Records that were read."""
        return self.reader.records

    def __iter__(self) -> Iterator[Batch]:
        """The batches, of records that are told apart where there is something that does it."""
        if self.shaper is None:
            for batch in self.reader:
                if isinstance(self._accountant, Accountant):
                    self.account.add(self._accountant.account(batch))
                yield batch
            return
        yield from self._shaped(self.shaper)

    def _shaped(self, shaper: PlainShaper) -> Iterator[Batch]:
        """The batches told apart. One is held back, to know which is the last; its bytes are copied
        before the next is read."""
        held: Batch | None = None
        for batch in self.reader:
            if held is not None:
                yield self._told_apart(shaper, held, 0)
                self.reader.recycle(held)
            held = batch
        if held is not None:
            yield self._told_apart(shaper, held, self.reader.records if self.reader.window.end < 0 else 0)

    def _told_apart(self, shaper: PlainShaper, batch: Batch, last: int) -> Batch:
        done = shaper.shaped(batch, last=last)
        if isinstance(self._accountant, TypedAccountant):
            self.account.add(self._accountant.account(batch, done.bad, shaper.lying))
        return done

    def recycle(self, batch: Batch) -> None:
        """A batch is done."""
        if self.shaper is None:
            self.reader.recycle(batch)


class Own:
    """What one record type (its ``number``) has of a pass that all types share; ``records``: how many so
    far."""

    def __init__(self, shared: Again, number: int) -> None:
        self.reader = shared.reader
        self.account = Account()
        self.number = number
        self.records = 0

    def of(self, batch: Batch) -> Batch | None:
        """The records of the type in a batch, the next of the pass."""
        assert batch.sorted is not None  # the plan has types
        own = batch.sorted.parts[self.number]
        self.records += own.rows if own is not None else 0
        return own

    def recycle(self, batch: Batch) -> None:
        """A batch is done; its bytes are copies."""
