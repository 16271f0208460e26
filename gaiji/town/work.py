"""What is done with one file of a town, in a process of its own: look how far it is, convert, prove.

Owns that an error of one file is a line about that file and nothing else. Who is called when, and how many at
a time, is ``gaiji.town.running``'s.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import parent_process
from typing import Any

from gaiji.disk.files import write_whole
from gaiji.disk.lock import left_behind
from gaiji.errors import GaijiError, OutputError, ResumeError
from gaiji.errors.messages import fault, tr
from gaiji.proof.verify import verify
from gaiji.run.checkpoint import checkpoint_path
from gaiji.run.convert import convert
from gaiji.run.manifest import verify_paths
from gaiji.town.project import TownFile
from gaiji.town.standing import Standing, seen, standing_of

BUSY = "E0087"
"""The error of an output that another run holds."""
PATIENCE = 10.0
"""Seconds for which the process of a run that was killed may take to let go of an output."""
OFTEN = 0.1
"""Seconds until an output that another process holds is tried again."""
_told: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a file. ``error``: the line that says why it failed."""

    label: str
    standing: Standing = field(default_factory=lambda: Standing("new"))
    converted: bool = False
    proved: bool = False
    error: str = ""
    seconds: float = 0.0


def begin(told: Any) -> None:
    """Set a process up: ``told`` holds, for each file by number, bytes read and records written; it is
    shared, and needs no lock. The process ends when the one that started it does, however that ends."""
    global _told
    _told = told
    if parent_process() is not None:
        threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os.kill(os.getpid(), signal.SIGTERM)  # at once: nobody waits for what it does


def look(file: TownFile) -> Done:
    """How far a file is."""
    return _kept_apart(file, lambda: Done(file.label, standing_of(file.here)))


def work(file: TownFile, number: int, before: Standing, resume: bool, threads: int) -> Done:
    """Convert a file that is due, prove it where it is not proved yet; ``number``: of its words about
    progress."""
    began = time.monotonic()

    def both() -> Done:
        due = before.due
        write_job(file)
        if due:
            _convert(file, number, resume, threads)
        proof = due or before.proof != "holds"
        if proof:
            verify(file.job, threads=threads)
            _tidy(file)
        return Done(file.label, seen(file.job), due, proof, seconds=time.monotonic() - began)

    return _kept_apart(file, both)


def _tidy(file: TownFile) -> None:
    """Take away what a run that was killed left beside a proof: it held the town, and is gone."""
    for path in (*verify_paths(file.job.named_path), file.path):
        for left in list(left_behind(path)):
            left.unlink(missing_ok=True)


def write_job(file: TownFile) -> None:
    """The job file of a file, where it is not there as it shall be."""
    file.path.parent.mkdir(parents=True, exist_ok=True)
    if not file.path.exists() or file.path.read_bytes() != file.text:
        write_whole(file.path, file.text)


def _convert(file: TownFile, number: int, resume: bool, threads: int) -> None:
    """Convert; an interrupted run of another job or input is begun anew, and a process that is just ending is
    waited for."""
    until = time.monotonic() + PATIENCE
    resume = resume and checkpoint_path(file.job.output_path).exists()
    while True:
        try:
            convert(file.job, threads=threads, resume=resume, progress=partial(_tell, number))
            return
        except ResumeError:
            resume = False
        except OutputError as error:
            if error.number != BUSY or time.monotonic() > until:
                raise
            time.sleep(OFTEN)


def _tell(number: int, size: int, records: int) -> None:
    if _told is not None:
        _told[2 * number], _told[2 * number + 1] = size, records


def _kept_apart(file: TownFile, act: Callable[[], Done]) -> Done:
    """What an act makes of a file; its error as a line."""
    try:
        return act()
    except GaijiError as error:
        return Done(file.label, error=str(error))
    except KeyboardInterrupt:
        if parent_process() is None:
            raise
        return Done(file.label, error=tr("stopped"))  # nobody reads it: the process that leads stops too
    except OSError as error:
        what = fault("E0010", "cannot be used: {reason}", reason=error.strerror or error)
        where = str(error.filename or file.label)
        return Done(file.label, error=str(GaijiError(what, where=where, next=tr("check the path"))))
    except MemoryError:
        what = fault("E0011", "there is not enough memory")
        return Done(file.label, error=str(GaijiError(what, next=tr("run with --jobs 1"))))
    except Exception as error:  # one file's, whatever it is: the others go on
        what = fault("E0761", "ended in an error of gaiji itself ({kind})", kind=type(error).__name__)
        told = GaijiError(what, where=file.label, next=tr("gaiji convert {job} shows it", job=file.path))
        return Done(file.label, error=str(told))
