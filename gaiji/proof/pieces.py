"""One part of an output proved, anywhere: against the part of the input that it was made of.

Owns what is sent back of it (``Proven``). How all parts are one proof is ``proof.gathered``'s matter; what is
done with a batch ``prover``'s, as in one process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from gaiji.errors import GaijiError
from gaiji.model.plain import dataclass
from gaiji.output.parts import part_name
from gaiji.output.parts_back import NoPart
from gaiji.output.readback import Readback
from gaiji.proof.account import Account
from gaiji.proof.again import Again, Own
from gaiji.proof.aside import NONE, Told
from gaiji.proof.kinds import PlainShaper
from gaiji.proof.proving import Proof, prove_together, reading_of
from gaiji.proof.totals import Totals
from gaiji.proof.windows import Spot, Window
from gaiji.run.plan import Plan


@dataclass(frozen=True)
class Read:
    """What was read of the input: bytes of it and of the file, the digest of these, the header of a CSV; and
    where that ended."""

    size: int
    count: int
    sha256: str
    header: list[bytes]
    place: Spot
    standing: Mapping[int, bytes]


@dataclass(frozen=True)
class Written:
    """A part of an output as it was read back; ``left``: bytes behind its last record."""

    size: int
    sha256: str
    records: int
    header_ok: bool
    left: int


@dataclass(frozen=True)
class Compared:
    """What a part of an output was found to be; ``read``: how many records it was made of. ``taken``: the
    lines of corrections that were found, those of them that do not hold, and how many were flagged."""

    read: int
    written: Written
    totals: Totals
    taken: tuple[set[int], set[int], int]


@dataclass(frozen=True)
class Sorted:
    """Records of several types: how many of each, how many were set aside, the trailers (as ``PlainShaper``
    has them), how many records that they count stand behind the last."""

    counts: Sequence[int]
    aside: int
    trailers: Sequence[tuple[int, int, int, bytes]]
    tallies: Mapping[int, int]


@dataclass(frozen=True)
class Proven:
    """All that was found of a part; or why it could not be proved."""

    number: int
    read: Read | None = None
    outputs: Sequence[Compared] = ()
    account: Account = field(default_factory=Account)
    aside: Told = NONE
    sorted: Sorted | None = None
    error: GaijiError | None = None


def prove_piece(plan: Plan, window: Window) -> Proven:
    """Prove one part of the outputs of a plan. An error of the toolkit is returned and not raised: of several
    parts the first one's is told."""
    try:
        return _proven(plan, window)
    except GaijiError as error:
        return Proven(window.number, error=error)


def standing_behind(plan: Plan, window: Window) -> Mapping[int, bytes] | GaijiError:
    """Of an input with record types: the records that stand at the end of a part of it, for others to be
    below; or why it cannot be read."""
    try:
        reading = reading_of(plan, window)
        for batch in reading:
            reading.recycle(batch)
        assert reading.shaper is not None  # the plan has types
        return reading.shaper.standing()
    except GaijiError as error:
        return error


def _proven(plan: Plan, window: Window) -> Proven:
    reading = reading_of(plan, window)
    if plan.parts:
        proofs = [Proof(part, Own(reading, part.number), read_back(part, window)) for part in plan.each]
        prove_together(proofs, reading, 1)
    else:
        proofs = [Proof(plan, reading, read_back(plan, window))]
        proofs[0].run(1)
    shaper, reader = reading.shaper, reading.reader
    standing = shaper.standing() if shaper is not None else {}
    bad = shaper.bad if shaper is not None and plan.parts else proofs[0].pairs.bad
    return Proven(
        window.number,
        Read(reader.size, reader.count, reader.sha256, reader.header, reader.place, standing),
        [_compared(one, reading, window) for one in proofs],
        reading.account,
        bad.told(),
        _sorted(shaper) if shaper is not None else None,
    )


def read_back(plan: Plan, window: Window) -> Readback:
    """The part of an output that a part of the input became."""
    path = plan.output.path / part_name(window.number, plan.output.path)
    if not path.is_file():
        return NoPart(path, plan.output.columns)
    return replace(plan.output, path=path).read_back()


def _compared(proof: Proof, reading: Again, window: Window) -> Compared:
    readback, taken = proof.readback, proof.taken
    left = readback.rest()
    written = Written(readback.size, readback.sha256, readback.records, readback.header_ok, left)
    read = proof.reading.records - (window.begin.records if proof.reading is reading else 0)
    return Compared(read, written, proof.totals, (taken.applied, taken.wrong, taken.flagged))


def _sorted(shaper: PlainShaper) -> Sorted:
    return Sorted(shaper.counts, shaper.aside, shaper.trailers, shaper.tallies)
