"""What a run holds open: its reading, its files under temporary names, its sums, its checkpoints.

Owns when they are written, when all of them get their names, and whether they are kept for ``--resume``
or thrown away. What a batch becomes is in
``gaiji.run.stages``.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from gaiji.disk.files import AtomicFile
from gaiji.errors import ResumeError
from gaiji.log import event
from gaiji.messages import fault, tr
from gaiji.output.sink import Sink
from gaiji.records.quarantine import Quarantine
from gaiji.run.checkpoint import Checkpoint, Checkpoints, load_checkpoint
from gaiji.run.plan import Plan
from gaiji.run.totals import Converted, Totals


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
        self.totals = _totals(plan, kept)
        self.reading = plan.read(kept.start if kept else None)
        wanted = checkpoints and plan.resumable
        self._points = Checkpoints(plan.output.path, plan.identity, kept, wanted=wanted)
        self._kept = kept

    def __enter__(self) -> Self:
        """Open the files; what fails here is treated like any later error."""
        self._files: list[Sink | Quarantine | AtomicFile] = []
        kept, output = self._kept, self.plan.output
        try:
            self.sink = output.open(kept.output if kept else None)
            self._files.append(self.sink)
            before = (kept.quarantine, kept.quarantined) if kept else ()
            self.quarantine = Quarantine(self.plan.job.named_path, *before)
            self._files.append(self.quarantine)
        except BaseException as error:
            self._fail(error)
            raise
        return self

    def take(self, done: Converted) -> None:
        """Write a converted batch, the next in the order of the input."""
        chunk = done.batch.chunk
        if chunk is not None and self._points.due(chunk):
            self._points.save(
                chunk, self.sink.marks(), self.quarantine.marks(), self.quarantine.count, self.totals
            )
            event("checkpoint", {"records": chunk.records, "offset": chunk.offset})
        self.sink.write(done.encoded)
        self.quarantine.add(done.batch)
        self.totals.add(done, self.reading.reader.path)
        self.reading.recycle(done.batch)

    def finish(self) -> None:
        """All batches are written: check that everything adds up and is on the disk. Nothing has its name
        yet."""
        reader = self.reading.reader
        self.totals.reconcile(reader)
        reader.check_unchanged()
        self._points.save_last(
            reader.end(), self.sink.marks(), self.quarantine.marks(), self.quarantine.count, self.totals
        )
        self.standing = self.sink.seal()
        self.quarantine.seal()

    def name(self, others: Sequence[AtomicFile], manifest: AtomicFile) -> None:
        """Give all files their names, the manifest's last; when one cannot get its name, none has it."""
        self._files += [*others, manifest]
        files: list[Sink | Quarantine | AtomicFile] = [self.quarantine, *others, self.sink, manifest]
        try:
            for file in files:
                file.commit()
        except BaseException:
            for file in reversed(files):
                file.unname()
            raise

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


def _totals(plan: Plan, kept: Checkpoint | None) -> Totals:
    """Empty sums for the plan's fields, or those of a checkpoint."""
    totals = Totals(plan.fields, plan.job.review["samples"])
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
