"""A run of a town: look at every file, convert and prove what is due, several at a time.

Owns how many processes there are, in which order they take the files, and the one display of progress. What
is done with a file is ``gaiji.town.work``'s, how far it is ``gaiji.town.standing``'s.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from gaiji.disk.lock import OutputLock
from gaiji.errors import GaijiError, OutputError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.log import event, logs_json
from gaiji.run.memory import check_memory
from gaiji.town.places import check_run
from gaiji.town.project import Town, TownFile, load_town
from gaiji.town.queued import decided_files, folders, has_queue, queue_of
from gaiji.town.standing import Standing, digest_of
from gaiji.town.work import BUSY, Done, begin, look, work

ROOM = 1 << 30
"""Bytes of free memory for each process: more than a run takes."""
DRAWN = 0.2
"""Seconds from one look of the display to the next."""
Act = Callable[..., Done]


@dataclass(frozen=True, slots=True)
class TownRun:
    """What a run of a town did. ``looked``: how far each file was before; ``done``: what became of those that
    were due; ``applied``: tables of decisions that were written."""

    town: Town
    looked: tuple[Done, ...]
    done: tuple[Done, ...] = ()
    applied: tuple[Path, ...] = ()
    seconds: float = 0.0

    @property
    def failed(self) -> list[Done]:
        """Files that could not be looked at, converted or proved."""
        return [one for one in (*self.looked, *self.done) if one.error]

    @property
    def now(self) -> dict[str, Standing]:
        """How far each file that did not fail is now, by its label."""
        bad = {one.label for one in self.failed}
        found = {one.label: one.standing for one in (*self.looked, *self.done)}
        return {label: standing for label, standing in found.items() if label not in bad}


def run_town(
    town: Town | str | Path,
    *,
    systems: Sequence[str] = (),
    resume: bool = False,
    dry_run: bool = False,
    every: bool = False,
    jobs: int = 0,
    progress: bool = False,
    told: Callable[[Done], None] | None = None,
) -> TownRun:
    """Convert and prove what is new in a town, or made of inputs, tables, decisions or pictures that are
    others now.

    ``systems``: those alone. ``resume``: files that were being converted when a run was interrupted go on
    where they were. ``dry_run``: look only, write nothing. ``every``: convert what is as it was too.
    ``jobs``: files at a time (0: as many as there are cores and memory for). ``told``: is given each file
    that is done. A file that fails does not stop the others. JobError for a wrong project file, OutputError
    when another run of the town is on.
    """
    check_memory()
    began = time.monotonic()
    whole = town if isinstance(town, Town) else load_town(town)
    town = whole.of(tuple(systems))
    if jobs < 0:
        raise UsageError(fault("E0762", "cannot be negative"), where="--jobs", next=tr("give 1 or more"))
    if dry_run:
        with _Hands(len(town.files), jobs, progress=False) as hands:
            looked = list(hands.each(look, [(file,) for file in town.files]))
        return TownRun(town, tuple(with_queue(town, looked)))
    check_run(whole)
    with _alone(town):
        applied = tuple(_apply(whole))
        with _Hands(len(town.files), jobs, progress) as hands:
            looked = with_queue(town, list(hands.each(look, [(file,) for file in town.files])))
            due = [
                (file, Standing("stale") if every else one.standing)
                for file, one in zip(town.files, looked, strict=True)
                if not one.error and (every or one.standing.due or one.standing.proof != "holds")
            ]
            due.sort(key=lambda one: (-_size(one[0]), one[0].label))
            given = [(file, at, before, resume, hands.threads) for at, (file, before) in enumerate(due)]
            done = list(hands.each(work, given, told))
    run = TownRun(town, tuple(looked), tuple(done), applied, time.monotonic() - began)
    event("town-ended", {"files": len(looked), "converted": len(done), "failed": len(run.failed)})
    return run


@contextmanager
def _alone(town: Town) -> Iterator[None]:
    """One run of a town at a time."""
    lock = OutputLock(town.folder / "run")
    try:
        lock.__enter__()
    except OutputError as error:
        if error.number != BUSY:
            raise
        raise OutputError(
            fault("E0775", "is being run by another process"),
            where=str(town.path),
            next=tr("wait for it to end"),
        ) from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def with_queue(town: Town, looked: Sequence[Done]) -> list[Done]:
    """Files whose conversion the queue does not know (it is gone, or an older one was put back) or whose
    table of decisions is not what the queue says are stale too."""
    queue = queue_of(town)
    known, behind = (queue.known, queue.behind) if queue is not None else ({}, {})
    out = []
    for file, one in zip(town.files, looked, strict=True):
        standing, why = one.standing, []
        if standing.manifest:
            codes = standing.manifest["review"]["codes"]
            if codes and known.get(file.label) != standing.manifest["input"]["sha256"]:
                why.append("queue")
            if file.label in behind and "table" not in standing.why:
                why.append("table")
        if why and not one.error:
            standing = replace(standing, state="stale", why=(*standing.why, *why))
        out.append(replace(one, standing=standing))
    return out


def _apply(town: Town) -> Iterator[Path]:
    """Bring the tables of decisions to what the queue says; those that changed."""
    if not has_queue(town):
        return
    from gaiji.queue.queue import open_queue
    from gaiji.review.sheets.apply import apply

    before = {path: digest_of(path) for path in decided_files(town)}
    queue = open_queue(town.queue)
    try:
        for folder in folders(town):
            for path in apply(queue, folder):
                if digest_of(path) != before.get(path, ""):
                    yield path
    finally:
        queue.close()


def _size(file: TownFile) -> int:
    try:
        return file.input.stat().st_size
    except OSError:
        return 0


# -- processes -----------------------------------------------------------------------------------------


class _Hands:
    """Processes that take files, and the display of what they do. With one file at a time it is this process
    that does it. ``threads``: those of each."""

    def __init__(self, files: int, jobs: int, progress: bool) -> None:
        cores = os.cpu_count() or 1
        self.count = max(1, min(jobs or min(cores, _room()), files))
        self.threads = max(1, cores // self.count)
        self._context = multiprocessing.get_context("spawn")
        self._told = self._context.RawArray("q", 2 * max(files, 1))
        self._pool: ProcessPoolExecutor | None = None
        self._progress = progress and sys.stderr.isatty() and not logs_json()

    def __enter__(self) -> _Hands:
        if self.count == 1:
            begin(self._told)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def each(
        self, act: Act, given: Sequence[tuple[Any, ...]], told: Callable[[Done], None] | None = None
    ) -> Iterator[Done]:
        """What an act makes of each, in the order given; ``told`` is given them as they are done."""
        results: dict[str, Done] = {}
        numbers = {one[0].label: at for at, one in enumerate(given)}
        with _Display(self._told, [one[0] for one in given], self._progress and act is work) as display:
            for done in self._done(act, given):
                results[done.label] = done
                display.end(numbers[done.label])
                if told is not None:
                    told(done)
        return iter([results[one[0].label] for one in given])

    def _done(self, act: Act, given: Sequence[tuple[Any, ...]]) -> Iterator[Done]:
        """Results as they come. Where a process is ended from outside, what it had begun is tried once more,
        one file at a time: the file that ends its process again has failed."""
        if self.count == 1:
            yield from (act(*one) for one in given)
            return
        left = list(given)
        for done in self._together(act, left, self.count):
            left = [one for one in left if one[0].label != done.label]
            yield done
        for one in left:
            found = list(self._together(act, [one], 1))
            yield found[0] if found else _ended(one[0])

    def _together(self, act: Act, given: Sequence[tuple[Any, ...]], count: int) -> Iterator[Done]:
        """What processes make of files, until one of them is ended from outside."""
        if self._pool is None:
            start = partial(begin, self._told)
            self._pool = ProcessPoolExecutor(count, self._context, initializer=start)
        try:
            futures: list[Future[Done]] = [self._pool.submit(act, *one) for one in given]
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = None


def _ended(file: TownFile) -> Done:
    told = GaijiError(
        fault("E0763", "its process was ended from outside, twice (killed, or no memory left)"),
        where=file.label,
        next=tr("free memory, then run again with --resume --jobs 1"),
    )
    return Done(file.label, error=str(told))


def _room() -> int:
    """How many processes there is memory for; at least one."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows does not say
        return os.cpu_count() or 1
    return max(1, free // ROOM)


class _Display:
    """One bar over all files: bytes, files done, records a second; nothing where there is no terminal.
    ``told``: bytes read and records written of each of ``files``, as their processes say."""

    def __init__(self, told: Sequence[int], files: Sequence[TownFile], shown: bool) -> None:
        self._told = told
        self._sizes = [_size(file) for file in files]
        self._shown = shown and bool(files)
        self._ended: set[int] = set()
        self._over = threading.Event()

    def __enter__(self) -> _Display:
        self._began = time.monotonic()
        self._bar: Any = None
        if self._shown:
            from tqdm import tqdm

            self._bar = tqdm(total=sum(self._sizes), unit="B", unit_scale=True, file=sys.stderr)
            self._watcher = threading.Thread(target=self._watch, daemon=True)
            self._watcher.start()
        return self

    def end(self, number: int) -> None:
        """A file is done."""
        self._ended.add(number)

    def _watch(self) -> None:
        while not self._over.wait(DRAWN):
            self._draw()

    def _draw(self) -> None:
        read = [
            size if at in self._ended else min(self._told[2 * at], size)
            for at, size in enumerate(self._sizes)
        ]
        rate = sum(self._told[1::2]) / max(time.monotonic() - self._began, 1e-6)
        shown = tr(
            "{ended} of {files} files, {rate:,.0f} records/s",
            ended=len(self._ended),
            files=len(read),
            rate=rate,
        )
        self._bar.set_postfix_str(shown, refresh=False)
        self._bar.update(sum(read) - self._bar.n)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._over.set()
            self._watcher.join()
            self._draw()
            self._bar.close()
