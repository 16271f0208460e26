"""Where an input can be read from in pieces: places at which a pass that begins there cuts the same records
as one that came there from the first byte.

Owns the choice of these places: reckoned for records of one length, found in one pass that only cuts for all
others, the whole where an input is packed. Who reads the pieces, and where, is no matter of this module.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field
from typing import Any

from gaiji import __version__
from gaiji.disk.kept import keep, kept, key_of
from gaiji.disk.packing import packing
from gaiji.disk.remote import is_url, open_input, told
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.records.batch import NEWLINES, Batch, Framing, Start
from gaiji.records.reader import BATCH, Reader
from gaiji.run.peek import regular
from gaiji.run.plan import Plan

LEAST = 4096
"""Bytes of a batch at least, where an input is cut into more pieces than it has batches."""
NEAR = 1000
"""Records that are looked at for a place where a piece of records of one length can begin."""


@dataclass(frozen=True, slots=True)
class Split:
    """A piece of an input: from ``start`` (None: its first byte) to the buffer that begins at ``stop`` (-1:
    its end), read in batches of ``batch`` bytes. ``end``: where the bytes end that this reads (-1: with the
    input); ``before``: what a pass that begins here must know of the records before."""

    number: int
    start: Start | None
    stop: int
    end: int
    batch: int
    before: Mapping[str, Any] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        """The first byte that is read."""
        return self.start.offset if self.start else 0


@dataclass(frozen=True, slots=True)
class State:
    """Size in bytes of a file and what changes with it (its time in ns; of a URL what is told of it), by
    which every machine can tell that it is the same."""

    size: int
    changed: int | str

    @staticmethod
    def of(path: str) -> State:
        """That of a file as it is now; UsageError where it is no file that can be read twice."""
        if not regular(path):
            raise UsageError(
                fault("E0875", "cannot be read in pieces, for it can be read only once"),
                where=path,
                next=tr("write it to a file that every worker can read"),
            )
        if is_url(path):
            return State(*_told(path))
        found = os.stat(path)
        return State(found.st_size, found.st_mtime_ns)

    def check(self, path: str) -> None:
        """DataError where the file is no longer the one that was split."""
        if State.of(path) != self:
            raise DataError(
                fault("E0876", "is not the file that was split into pieces"),
                where=path,
                next=tr("let nothing write to it, then run again; nothing was written"),
            )


@dataclass(frozen=True)
class Splits:
    """The pieces of an input, in order, and its ``state``. ``blocks``: what the manifest says of the blocks
    that its records lay in, {} where the pieces were not found by a pass."""

    state: State
    pieces: tuple[Split, ...]
    blocks: Mapping[str, Any] = field(default_factory=dict)


def _told(url: str) -> tuple[int, str]:
    """Size of a URL's content and what changes with it; GaijiError where it cannot be reached."""
    try:
        return told(url)
    except OSError as error:
        raise GaijiError(
            fault("E0784", "cannot be reached: {reason}", reason=error.strerror),
            where=url,
            next=tr("check [source] path"),
        ) from error


def splits_of(plan: Plan, wanted: int) -> Splits:
    """The input of a plan in at most ``wanted`` pieces (at least 1), of about the same size.

    Raises RecordError and DataError for an input that cannot be cut, as a conversion does.
    """
    path = plan.job.file(plan.job.source["path"])
    state = State.of(path)
    if packing(path) or wanted <= 1 or not state.size:
        return Splits(state, (Split(0, None, -1, -1, BATCH),))
    batch = max(min(BATCH, state.size // wanted), LEAST)
    if plan.framing.format == "fixed" and not plan.parts:
        return Splits(state, _pieces(_reckoned(plan, path, state.size, wanted), batch))
    found = _kept_index(plan, path, state, batch) if not plan.parts else None
    if found is not None:
        chosen = _chosen(((one, {}) for one in found.starts), state.size, wanted)
        return Splits(state, _pieces(chosen, batch), found.blocks)
    chosen = _chosen(_typed_starts(plan, batch), state.size, wanted)
    return Splits(state, _pieces(chosen, batch))


def _pieces(starts: list[tuple[Start, Mapping[str, Any]]], batch: int) -> tuple[Split, ...]:
    """The pieces that begin at the first byte and at these places."""
    begins: list[tuple[Start | None, Mapping[str, Any]]] = [(None, {}), *starts]
    out = []
    for number, (start, before) in enumerate(begins):
        following = begins[number + 1][0] if number + 1 < len(begins) else None
        stop = following.offset if following else -1
        end = following.offset + following.carried if following else -1
        out.append(Split(number, start, stop, end, batch, before))
    return tuple(out)


# -- records of one length -----------------------------------------------------------------------------


def _reckoned(plan: Plan, path: str, size: int, wanted: int) -> list[tuple[Start, Mapping[str, Any]]]:
    """Places between records of one length."""
    framing = plan.framing
    out: list[tuple[Start, Mapping[str, Any]]] = []
    step = framing.record_length + len(NEWLINES[framing.newline])
    with open_input(path) as file:
        mark = len(framing.mark) if framing.mark and file.read(3).startswith(framing.mark) else 0
        last = 0
        for number in range(1, wanted):
            record = max((size * number // wanted - mark) // step, last + 1)
            for at in range(record, min(record + NEAR, (size - mark - 1) // step + 1)):
                if framing.newline == "none" or not _ends_in_mark(file, mark + at * step, framing.unit):
                    out.append((Start(mark + at * step, 0, at, 0, 0, None), {}))
                    last = at
                    break
    return out


def _ends_in_mark(file: Any, offset: int, unit: int) -> bool:
    """Whether the bytes before a place may be the mark of an input's end, which the cutter then holds
    back."""
    file.seek(offset - unit)
    return b"\x1a" in file.read(unit)


# -- all others: one pass that cuts --------------------------------------------------------------------


@dataclass(frozen=True)
class _Index:
    """Every place where a buffer of a pass began, and what the pass found of blocks."""

    starts: tuple[Start, ...]
    blocks: Mapping[str, Any]


def _kept_index(plan: Plan, path: str, state: State, batch: int) -> _Index:
    """The index of an input whose records all have one kind; kept for the next time, for nothing of a record
    is in it."""
    same: tuple[object, ...] = (path, state)
    if not is_url(path):
        found = os.stat(path)
        same = (os.path.realpath(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    quarantine = plan.job.source["on_bad_record"] == "quarantine"
    key = key_of("starts of pieces", __version__, repr(same), repr(plan.framing), repr((quarantine, batch)))
    data = kept(key) if state.changed else None
    if data is not None:
        told = json.loads(data)
        return _Index(tuple(Start(**one) for one in told["starts"]), told["blocks"])
    reader = Reader(path, plan.framing, quarantine=quarantine, batch=batch)
    index = _Index(tuple(_starts(reader, batch)), {})
    if reader.blocks is not None:
        index = _Index(index.starts, reader.blocks.told())
    reader.check_unchanged()
    told = {"starts": [asdict(one) for one in index.starts], "blocks": dict(index.blocks)}
    keep(key, json.dumps(told).encode())
    return index


def _starts(reader: Reader, batch: int) -> Iterator[Start]:
    """Where the buffers of a pass begin."""
    chunk, done = None, None
    for one in reader:
        if one.chunk is not chunk:
            chunk = one.chunk
            start = _start(one, batch, reader.framing)
            if start is not None:
                yield start
        if done is not None and done is not one.src:
            reader.recycle(done)
        done = one.src


def _typed_starts(plan: Plan, batch: int) -> Iterator[tuple[Start, Mapping[str, Any]]]:
    """The same where records have types, with what must be known of the records before."""
    reading, chunk = plan.read(batch=batch), None
    for one in reading:
        if one.chunk is not chunk:
            chunk = one.chunk
            start = _start(one, batch, plan.framing)
            if start is not None and one.rows and one.sorted is not None:
                yield start, one.sorted.before
        reading.recycle(one)
    reading.reader.check_unchanged()


def _start(batch: Batch, size: int, framing: Framing) -> Start | None:
    """Where a batch's buffer begins; None for the first, for one that only grew because nothing fitted, and
    for one of records of one length that the cutter held back for the mark of the input's end."""
    chunk = batch.chunk
    if chunk is None or not chunk.offset or chunk.carried >= size:
        return None
    if framing.format == "fixed" and chunk.carried:
        return None
    return Start(chunk.offset, chunk.carried, chunk.records, chunk.columns, chunk.block, None)


def _chosen(
    starts: Iterator[tuple[Start, Mapping[str, Any]]], size: int, wanted: int
) -> list[tuple[Start, Mapping[str, Any]]]:
    """Of all places those from which pieces of about the same size begin; all are looked at, for a pass must
    come to its end."""
    out: list[tuple[Start, Mapping[str, Any]]] = []
    for one in starts:
        if len(out) < wanted - 1 and one[0].offset >= size * (len(out) + 1) // wanted:
            out.append(one)
    return out
