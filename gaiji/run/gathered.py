"""A conversion in pieces: all of them gathered into one output, one queue, one manifest, as if one process
had done it.

Owns the order of the steps around the pieces, what must hold between them (each begins where the one before
ended, and read the very bytes whose digest the manifest has), and the names. Where pieces are done is the
caller's matter (``Engine``); how one is, ``run.pieces``'."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gaiji.disk.digest import digests
from gaiji.disk.files import AtomicFile, Named, give_names, is_stream
from gaiji.disk.lock import OutputLock
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.log import event
from gaiji.model.plain import dataclass
from gaiji.output.parts import Part, Parts
from gaiji.records.batch import BadRecord
from gaiji.records.quarantine import Quarantine
from gaiji.records.shape import Shaper
from gaiji.run.enqueue import check_queue, fill_queue, pictures_of
from gaiji.run.job import load_job
from gaiji.run.manifest import Manifest, lists_before, manifest_of, now, others, write_manifest
from gaiji.run.memory import check_memory
from gaiji.run.order import Order
from gaiji.run.pieces import ASIDE, DONE, ORDER, Piece
from gaiji.run.places import check_convert_in_pieces
from gaiji.run.plan import Plan
from gaiji.run.session import check_any
from gaiji.run.splits import Split, Splits, splits_of
from gaiji.run.sums import Sums

Engine = Callable[[Plan, Splits, Path], Sequence[Piece]]
"""Does all pieces of a plan, each in a folder of its own below the one given; of each what was done."""


def convert_in_pieces(
    job: str | Path, wanted: int, engine: Engine, *, overrides: Mapping[str, Any] | None = None
) -> Manifest:
    """Run a job in at most ``wanted`` pieces; outputs are folders of parts.

    Everything else is as in ``convert``: the sums must agree, the queue is filled, nothing has its name
    before all of it is on the disk. Raises what ``convert`` raises; of several pieces that cannot be done
    the first one's error.
    """
    check_memory()
    started, began = now(), time.monotonic()
    plan = Plan.of(load_job(Path(job).absolute(), overrides))
    check_pieces(plan)
    check_convert_in_pieces(plan.job)
    pictures = pictures_of(plan)
    check_queue(plan.job.queue_where)
    also = [part.output.path for part in plan.each]
    with OutputLock(plan.job.named_path, also=also):
        before = lists_before(plan.job.named_path)
        splits = splits_of(plan, wanted)
        event("convert-started", plan.facts() | {"pieces": len(splits.pieces)})
        with Gathered(plan, splits) as run:
            run.take(engine)
            review = fill_queue(plan, run.sums.totals, pictures, run.reader.sha256)
            manifest = manifest_of(plan, run, review, {}, started)
            manifest.data["pieces"] = [_begin(split) for split in splits.pieces]
            run.name(write_manifest(manifest, plan.job.named_path))
        done = {"records": manifest.data["records"], "waiting": manifest.to_review}
        manifest.before = others(before, manifest.data)
        event("convert-ended", plan.facts() | done | {"seconds": round(time.monotonic() - began, 3)})
        return manifest


def check_pieces(plan: Plan) -> None:
    """UsageError for what cannot be done in pieces."""
    job = plan.job
    if job.target["shrink"]:
        raise UsageError(
            fault("E0886", "is not written in pieces"),
            where=f"{job.path} key target.shrink",
            next=tr("remove it, and run gaiji shrink on each part afterwards"),
        )
    if any(is_stream(part.output.path) for part in plan.each):
        raise UsageError(
            fault("E0887", "cannot hold the parts of an output"),
            where=f"{job.path} key output.path",
            next=tr("name a file or folder that every worker can write"),
        )


@dataclass
class _Blocks:
    """What the manifest says of blocks."""

    data: dict[str, Any]

    def told(self) -> dict[str, Any]:
        """The same."""
        return self.data


@dataclass
class _Read:
    """What all pieces together have read, as a reader tells it."""

    path: str
    records: int = 0
    size: int = 0
    count: int = 0
    sha256: str = ""
    blocks: _Blocks | None = None


class Gathered:
    """All pieces of a run. As a context it leaves nothing behind but what has a name."""

    def __init__(self, plan: Plan, splits: Splits) -> None:
        self.plan = plan
        self.splits = splits
        self.sums = Sums.of(plan.each, plan.parts, plan.shape)
        self.shaper = Shaper(plan.shape) if plan.shape is not None else None
        self.reader = _Read(plan.job.file(plan.job.source["path"]))
        self.sinks: list[Parts] = []
        self.order: Order | None = None
        named = plan.job.named_path
        self.folder = named.absolute().with_name(f".{named.name}.pieces.part")
        self._manifest: AtomicFile | None = None

    @property
    def reading(self) -> Self:
        """What was read, for the manifest."""
        return self

    def __enter__(self) -> Self:
        plan = self.plan
        shutil.rmtree(self.folder, ignore_errors=True)
        self.quarantine = Quarantine(plan.job.named_path)
        for part in plan.each:
            self.sinks.append(Parts(part.output.path))
        if plan.parts and not any(part.skipped for part in plan.parts):
            self.order = Order(plan.job.named_path, [rule.name for rule in plan.job.records], None)
        return self

    def take(self, engine: Engine) -> None:
        """Have the pieces done, and join them in the order of the input; everything adds up then."""
        with ThreadPoolExecutor(1) as pool:
            hashed = pool.submit(digests, self.reader.path, [(s.offset, s.end) for s in self.splits.pieces])
            try:
                done = sorted(engine(self.plan, self.splits, self.folder), key=lambda one: one.number)
            except BaseException:
                hashed.cancel()
                raise
            self.reader.sha256, windows = hashed.result()
        for piece in done:
            if piece.error is not None:
                raise piece.error
        if [piece.number for piece in done] != [split.number for split in self.splits.pieces]:
            raise self._torn()
        first = True
        for piece, window in zip(done, windows, strict=True):
            empty = self._join(piece, window) and first
            first = False
        check_any(self.reader, self.plan.header, empty and len(done) == 1)
        self.sums.reconcile(self.reader)
        self.splits.state.check(self.reader.path)
        for sink in self.sinks:
            sink.seal()
        for file in (self.quarantine, self.order):
            if file is not None:
                file.seal()

    def _join(self, piece: Piece, window: str) -> bool:
        """Add a piece; whether its input was empty."""
        data = (piece.folder / DONE).read_bytes()
        told = json.loads(data)
        read, split = told["read"], self.splits.pieces[piece.number]
        begun = split.start.records if split.start else 0
        same = hashlib.sha256(data).hexdigest() == piece.sha256 and read["sha256"] == window
        if not same or begun != self.reader.records or split.end not in (-1, read["size"]):
            raise self._torn()
        for name in ("records", "size", "count"):
            setattr(self.reader, name, int(read[name]))
        blocks = self.splits.blocks or read["blocks"]
        self.reader.blocks = _Blocks(dict(blocks)) if blocks else None
        sums = Sums.of(self.plan.each, self.plan.parts, self.plan.shape)
        for one in sums.totals:
            one.most = self._all
        sums.go_on(told["sums"])
        self.sums.join(sums)
        if self.shaper is not None:
            self.shaper.tallies = {int(kind): int(n) for kind, n in told["tallies"].items()}
        self._files(piece.folder, [Part(**one) for one in told["parts"]])
        return bool(read["empty"])

    _all = 1 << 62
    """Bad numbers that a piece tells by their bytes."""

    def _files(self, folder: Path, parts: Sequence[Part]) -> None:
        """Take over the files of a piece."""
        outputs = sorted(
            (one for one in folder.iterdir() if "-part-" in one.name),
            key=lambda one: int(one.name.partition("-")[0]),
        )
        for sink, file, part in zip(self.sinks, outputs, parts, strict=True):
            sink.take(file, part)
        for bad in _aside(folder / ASIDE):
            self.quarantine.take([bad])
        if self.order is not None:
            with (folder / ORDER).open("rb") as lines:
                for line in lines:
                    self.order.write(line)
        shutil.rmtree(folder, ignore_errors=True)

    def _torn(self) -> GaijiError:
        """What the pieces read is not one input."""
        return GaijiError(
            fault("E0888", "was not the same for all of its pieces"),
            where=self.reader.path,
            next=tr("let nothing write to it, and run again; nothing was written"),
        )

    def name(self, manifest: AtomicFile) -> None:
        """Give all files their names, the manifest's last; when one cannot get its name, none has it."""
        self._manifest = manifest
        files: list[Named] = [self.quarantine, *self.sinks]
        files += [self.order] if self.order is not None else []
        give_names([*files, manifest])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self.quarantine, self.order, self._manifest, *self.sinks):
            if file is not None:
                file.discard()
        shutil.rmtree(self.folder, ignore_errors=True)


def _begin(split: Split) -> dict[str, int]:
    """Where a piece begins: bytes and records before it, bytes left of its block of records, columns."""
    start = split.start
    if start is None:
        return {"offset": 0, "records": 0, "block": 0, "columns": 0}
    return {"offset": start.offset, "records": start.records, "block": start.block, "columns": start.columns}


def _aside(path: Path) -> Iterator[BadRecord]:
    """The records that a piece set aside."""
    with path.open("rb") as file:
        while line := file.readline():
            told = json.loads(line)
            yield BadRecord(told["record"], told["offset"], file.read(told["bytes"]), told["why"])
