"""Checkpoints: how far a run has come, kept beside its output, so that an interrupted run can go on.

Owns the checkpoint file, when one is due, and whether one fits the run that wants to go on. A checkpoint is
written beside the work, on a thread of its own, after what it speaks of is on the disk; one that is still
being written delays nobody.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gaiji.disk.files import AtomicFile, Mark, Written, beside, part_path
from gaiji.errors import GaijiError, OutputError, QueueError, ResumeError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.records.batch import Chunk, Start
from gaiji.run.sums import Sums

EVERY = 32 * 1024 * 1024
"""Bytes of input from one checkpoint to the next."""


@dataclass(frozen=True)
class Checkpoint:
    """What an interrupted run had done: where it goes on, how far its files were written, its sums."""

    start: Start
    outputs: tuple[Written, ...]
    quarantine: tuple[Written, ...]
    quarantined: int
    totals: dict[str, Any]


def checkpoint_path(output: Path) -> Path:
    """Where the checkpoint of an output is: beside the file itself, however its path is spelled."""
    real = Path(os.path.realpath(output))
    return real.with_name(f".{real.name}.checkpoint")


def load_checkpoint(output: Path, identity: Mapping[str, str]) -> Checkpoint | None:
    """The checkpoint of an interrupted run, None when there is none.

    ``identity`` names what decides the output; ResumeError when the interrupted run's was another.
    """
    path = checkpoint_path(output)
    advice = tr("run again without --resume")
    try:
        data = json.loads(_checked(_read(path)))
        then = dict(data["identity"])
        made = Checkpoint(
            Start(**data["start"]),
            tuple(Written(**w) for w in data["outputs"]),
            tuple(Written(**w) for w in data["quarantine"]),
            int(data["quarantined"]),
            dict(data["totals"]),
        )
        if made.start.sha256 is None:
            raise ValueError("a run goes on where the bytes before it have a digest")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResumeError(
            fault("E0243", "cannot be read: {reason}", reason=error.strerror), where=str(path), next=advice
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResumeError(
            fault("E0393", "is damaged or no checkpoint"), where=str(path), next=advice
        ) from error
    changed = [name for name in identity if then.get(name) != identity[name]]
    if changed:
        raise ResumeError(
            fault("E0245", "was interrupted with another {changed}", changed=tr(" and ").join(changed)),
            where=str(output),
            next=advice,
        )
    return made


def _read(path: Path) -> bytes:
    """A checkpoint's bytes; what a link leads to is none."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        return file.read()


def _checked(raw: bytes) -> bytes:
    """What a checkpoint holds, behind the line with its digest; ValueError when they do not agree."""
    digest, _, data = raw.partition(b"\n")
    if digest.decode("ascii", "replace") != hashlib.sha256(data).hexdigest():
        raise ValueError("another digest")
    return data


class Checkpoints:
    """Writes the checkpoints of one run. ``saved``: whether one stands beside the output, so that a run can
    go on.
    """

    def __init__(
        self, output: Path, identity: Mapping[str, str], kept: Checkpoint | None, *, wanted: bool
    ) -> None:
        self._output = output
        self._path = checkpoint_path(output)
        self._identity = dict(identity)
        self._wanted = wanted
        self._at = kept.start.offset if kept else 0
        self._chunk: Chunk | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="gaiji-checkpoint")
        self._pending: Future[None] | None = None
        self.saved = kept is not None

    def due(self, chunk: Chunk) -> bool:
        """Whether a checkpoint shall be taken before a batch of ``chunk`` is written: at its start, and not
        too often.

        OutputError when the one before could not be written.
        """
        new, self._chunk = chunk is not self._chunk, chunk
        if not (self._wanted and new and chunk.offset - self._at >= EVERY):
            return False
        return self._pending is None or (self._pending.done() and self._settled())

    def _settled(self) -> bool:
        """Wait for the checkpoint that is being written; whatever it raised is raised here."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()
        return True

    def save(
        self, chunk: Chunk, outputs: Sequence[Mark], quarantine: Sequence[Mark], count: int, sums: Sums
    ) -> None:
        """Take a checkpoint: all before ``chunk`` is written. It goes to the disk while the work goes on."""
        self._at = chunk.offset
        self._pending = self._pool.submit(self._write, chunk, outputs, quarantine, count, sums.copy())

    def save_last(
        self, end: Chunk, outputs: Sequence[Mark], quarantine: Sequence[Mark], count: int, sums: Sums
    ) -> None:
        """Where there was a checkpoint: one more, and wait for it, before the first file gets its name."""
        self._settled()
        if self.saved:
            self.save(end, outputs, quarantine, count, sums)
            self._settled()

    def _write(
        self, chunk: Chunk, outputs: Sequence[Mark], quarantine: Sequence[Mark], count: int, sums: Sums
    ) -> None:
        data = {
            "identity": self._identity,
            "start": asdict(chunk.start()),
            "outputs": [asdict(mark.settle()) for mark in outputs],
            "quarantine": [asdict(mark.settle()) for mark in quarantine],
            "quarantined": count,
            "totals": sums.state(),
        }
        held = json.dumps(data, ensure_ascii=False).encode()
        part = part_path(beside(Path(os.path.realpath(self._output)), "checkpoint"))
        file = AtomicFile(self._path, part=part, own=True)
        try:
            file.write(hashlib.sha256(held).hexdigest().encode() + b"\n" + held)
            file.commit()
        finally:
            file.discard()
        self.saved = True

    def keep(self, error: BaseException) -> bool:
        """Whether what was written shall stay after an error: when a run that goes on may come further."""
        self.close()
        again = (OutputError, QueueError, OSError, MemoryError, KeyboardInterrupt)
        return isinstance(error, ResumeError) or (self.saved and isinstance(error, again))

    def advise(self, error: BaseException) -> BaseException:
        """The error, with the way to go on where there is one."""
        if not self.saved or not isinstance(error, OutputError | QueueError):
            return error
        plain = error.next.removesuffix(", then run again")
        told: GaijiError = type(error)(
            error.what, where=error.where, next=f"{plain}, then run again with --resume"
        )
        return told

    def close(self) -> None:
        """Let the checkpoint that is being written end."""
        self._pool.shutdown()

    def remove(self) -> None:
        """No run shall go on here: all is done, or going on would end in the same error."""
        self.close()
        with suppress(OSError):
            self._path.unlink()
