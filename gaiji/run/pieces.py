"""One piece of an input converted, anywhere: its records to files of its own, its sums beside them.

Owns the folder of a piece, which the machine that did it leaves and the one that gathers all of them reads
(``run.gathered``). What is done with a batch is ``run.stages``' matter, as in one process.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from gaiji.disk.files import output_error
from gaiji.errors import GaijiError
from gaiji.model.plain import dataclass
from gaiji.output.parts import Part, part_name
from gaiji.output.sink import Sink
from gaiji.records.batch import Batch
from gaiji.run import stages
from gaiji.run.order import order_lines
from gaiji.run.plan import Plan
from gaiji.run.reading import Reading
from gaiji.run.splits import Split, State
from gaiji.run.sums import Sums
from gaiji.run.totals import Converted, Parted

DONE, ASIDE, ORDER = "done.json", "aside", "order.tsv"
"""What is in the folder of a piece beside its outputs: what was done, the records set aside, their order."""


@dataclass(frozen=True)
class Piece:
    """What was done with a piece: its folder, and the digest of what that says; or why it could not be
    done."""

    number: int
    folder: Path
    sha256: str = ""
    error: GaijiError | None = None


def convert_piece(plan: Plan, split: Split, state: State, folder: Path) -> Piece:
    """Convert one piece of a plan's input into a new folder that this machine and the one that gathers can
    reach.

    An error of the toolkit is returned and not raised: of several pieces the first one's is told.
    """
    path = plan.job.file(plan.job.source["path"])
    try:
        state.check(path)
        folder.mkdir(mode=0o700, parents=True)
        reading = plan.read(split.start, split.before, batch=split.batch, stop=split.stop)
        with _Writing(plan, folder) as writing:
            for batch in reading:
                writing.take(writing.work(batch), path)
                reading.recycle(batch)
            told = writing.finish(reading)
        state.check(path)
        data = json.dumps(told, ensure_ascii=False).encode()
        _write(folder / DONE, data)
    except GaijiError as error:
        return Piece(split.number, folder, error=error)
    except OSError as error:
        return Piece(split.number, folder, error=output_error(folder, error))
    return Piece(split.number, folder, hashlib.sha256(data).hexdigest())


class _Writing:
    """The files of a piece while they are written."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.sums = Sums.of(plan.each, plan.parts, plan.shape)
        for totals in self.sums.totals:
            totals.most = sys.maxsize  # which are told is known when all pieces are there
        self.sinks: list[Sink] = []
        self.work: Callable[[Batch], Converted | Parted]

    def __enter__(self) -> _Writing:
        for number, part in enumerate(self.plan.each):
            place = self.folder / f"{number}-{part_name(0, part.output.path)}"
            self.sinks.append(replace(part.output, path=place).open())
        self._aside = _private(self.folder / ASIDE)
        self._order = _private(self.folder / ORDER)
        plan = self.plan
        self.work = partial(stages.convert, plan, self.sinks[0])
        if plan.parts:
            self.work = partial(stages.convert_types, plan, self.sinks)
        return self

    def take(self, done: Converted | Parted, path: str) -> None:
        """Write a converted batch, the next in the order of the input."""
        self.sums.add(done, path)
        parts = done.parts if isinstance(done, Parted) else [done]
        for sink, part in zip(self.sinks, parts, strict=True):
            if part is not None:
                sink.write(part.encoded)
        for bad in done.batch.bad:
            told = {"record": bad.record, "offset": bad.offset, "bytes": len(bad.raw), "why": str(bad.why)}
            self._aside.write(json.dumps(told, ensure_ascii=False).encode() + b"\n" + bad.raw)
        if done.batch.sorted is not None:
            names = [rule.name for rule in self.plan.job.records]
            self._order.write(order_lines(names, done.batch.sorted.kinds))

    def finish(self, reading: Reading) -> dict[str, Any]:
        """All batches are written; what the folder says of them."""
        parts = []
        for sink, totals in zip(self.sinks, self.sums.totals, strict=True):
            sink.seal()
            sink.commit()
            sink.discard()
            told = sink.describe()
            parts.append(Part(int(str(told["bytes"])), str(told["sha256"]), totals.written))
        for file in (self._aside, self._order):
            file.close()
        reader = reading.reader
        return {
            "sums": self.sums.state(),
            "parts": [asdict(part) for part in parts],
            "read": {
                "records": reader.records,
                "size": reader.size,
                "count": reader.count,
                "sha256": reader.sha256,
                "empty": reader.empty,
                "blocks": reader.blocks.told() if reader.blocks else None,
            },
            "tallies": {str(kind): n for kind, n in reading.shaper.tallies.items()} if reading.shaper else {},
        }

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for file in (self._aside, self._order):
            file.close()
        for sink in self.sinks if kind is not None else ():
            sink.discard()


def _private(path: Path) -> IO[bytes]:
    """A new file for this user alone: names are personal data."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write(path: Path, data: bytes) -> None:
    with _private(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
