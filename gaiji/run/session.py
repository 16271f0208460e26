"""What a run holds open: its reading, its files under temporary names, its sums, its checkpoints.

Owns when they are written, when all of them get their names, and whether they are kept for ``--resume``
or thrown away. What a batch becomes is in
``gaiji.run.stages``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from gaiji.disk.files import AtomicFile, Mark, give_names
from gaiji.errors import DataError, ResumeError
from gaiji.errors.messages import fault, tr
from gaiji.log import event
from gaiji.output.sink import Sink
from gaiji.records.quarantine import Quarantine
from gaiji.run.checkpoint import Checkpoint, Checkpoints, load_checkpoint
from gaiji.run.order import Order
from gaiji.run.plan import Plan
from gaiji.run.sums import Sums
from gaiji.run.totals import Converted, Parted, Read


class Session:
    """One execution of a plan. As a context it keeps or throws away what was written when an error ends it.

    ``resume``: go on where an interrupted run of the plan left off; ResumeError when it cannot.
    ``checkpoints``: keep what a later run needs to go on.
    """

    def __init__(self, plan: Plan, *, resume: bool = False, checkpoints: bool = True) -> None:
        self.plan = plan
        kept = load_checkpoint(plan.output.path, plan.identity) if resume else None
        self.begun_at = kept.start.records if kept else 0
        """Records that an earlier run had done."""
        self.sums = _sums(plan, kept)
        self.reading = plan.read(kept.start if kept else None, self.sums.before)
        wanted = checkpoints and plan.resumable
        self._points = Checkpoints(plan.output.path, plan.identity, kept, wanted=wanted)
        self._kept = kept

    def __enter__(self) -> Self:
        """Open the files; what fails here is treated like any later error."""
        self._files: list[Sink | Quarantine | Order | AtomicFile] = []
        self.sinks: list[Sink] = []
        self.order: Order | None = None
        kept, outputs = self._kept, [part.output for part in self.plan.each]
        try:
            for number, output in enumerate(outputs):
                self.sinks.append(output.open(kept.outputs[number] if kept else None))
                self._files.append(self.sinks[-1])
            if self.plan.parts and not any(part.skipped for part in self.plan.parts):
                names = [rule.name for rule in self.plan.job.records]
                self.order = Order(self.plan.job.named_path, names, kept.outputs[-1] if kept else None)
                self._files.append(self.order)
            before = (kept.quarantine, kept.quarantined) if kept else ()
            self.quarantine = Quarantine(self.plan.job.named_path, *before)
            self._files.append(self.quarantine)
        except BaseException as error:
            self._fail(error)
            raise
        return self

    def take(self, done: Converted | Parted) -> None:
        """Write a converted batch, the next in the order of the input."""
        chunk = done.batch.chunk
        if done.batch.sorted is not None:
            self.sums.before = done.batch.sorted.before
        if chunk is not None and self._points.due(chunk):
            self._points.save(chunk, self._marks(), self.quarantine.marks(), self.quarantine.count, self.sums)
            event("checkpoint", {"records": chunk.records, "offset": chunk.offset})
        parts = done.parts if isinstance(done, Parted) else [done]
        for sink, part in zip(self.sinks, parts, strict=True):
            if part is not None:
                sink.write(part.encoded)
        if self.order is not None and done.batch.sorted is not None:
            self.order.add(done.batch.sorted.kinds)
        self.quarantine.add(done.batch)
        self.sums.add(done, self.reading.reader.path)
        self.reading.recycle(done.batch)

    def finish(self) -> None:
        """All batches are written: check that everything adds up and is on the disk. Nothing has its name
        yet."""
        reader = self.reading.reader
        check_any(reader, reader.header, reader.empty)
        self.sums.reconcile(reader)
        reader.check_unchanged()
        self.sums.before = self.reading.shaper.state() if self.reading.shaper else {}
        self._points.save_last(
            reader.end(), self._marks(), self.quarantine.marks(), self.quarantine.count, self.sums
        )
        self.standing = self.sinks[0].seal()
        for sink in self.sinks[1:]:
            sink.seal()
        self.quarantine.seal()
        if self.order is not None:
            self.order.seal()

    def name(self, others: Sequence[AtomicFile], manifest: AtomicFile) -> None:
        """Give all files their names, the manifest's last; when one cannot get its name, none has it."""
        self._files += [*others, manifest]
        told = [file for file in (self.order, manifest) if file is not None]
        give_names([self.quarantine, *others, *self.sinks, *told])

    def _marks(self) -> list[Mark]:
        """The outputs as they are now, and the order of the records in them."""
        return [mark for file in (*self.sinks, self.order) if file is not None for mark in file.marks()]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._fail(error)
            return
        self._points.remove()
        for file in self._files:
            file.discard()

    def _fail(self, error: BaseException) -> None:
        """Keep what a run that goes on needs, and say how; else leave nothing."""
        if self._points.keep(error):
            for file in self._files:
                file.leave()
            advised = self._points.advise(error)
            if advised is not error:
                raise advised from error.__cause__
            return
        self._points.remove()
        for file in self._files:
            file.discard()


def check_any(reader: Read, header: Sequence[bytes], empty: bool) -> None:
    """DataError where an input that is not empty holds no record."""
    if not reader.records and not empty and not header:
        raise DataError(
            fault("E0452", "holds no record"),
            where=reader.path,
            next=tr("check format and its keys in [source]"),
        )


def _sums(plan: Plan, kept: Checkpoint | None) -> Sums:
    """Empty sums for the plan's outputs, or those of a checkpoint."""
    totals = Sums.of(plan.each, plan.parts, plan.shape)
    if kept is not None:
        try:
            totals.go_on(kept.totals)
        except (KeyError, TypeError, ValueError) as error:
            raise ResumeError(
                fault("E0250", "has a damaged checkpoint"),
                where=plan.job.path,
                next=tr("run again without --resume"),
            ) from error
    return totals
