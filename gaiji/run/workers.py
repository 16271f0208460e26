"""Work on threads in input order, and the bar that shows it.

Owns how many batches are in flight and the progress on a terminal; knows nothing of what is done with
a batch.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from gaiji.log import logs_json
from gaiji.records.reader import Reader

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_order(work: Callable[[Given], Made], given: Iterable[Given], threads: int) -> Iterator[Made]:
    """Results in input order, computed on ``threads`` (0: one a core), with a bounded number in flight."""
    threads = threads or os.cpu_count() or 1
    if threads <= 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="gaiji") as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for one in given:
                waiting.append(pool.submit(work, one))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


Progress = bool | Callable[[int, int], None]
"""Whether a bar is shown on a terminal; or who is told instead: bytes of the input read, records written."""


class progress_bar:
    """A progress bar on a terminal, nothing elsewhere; or what ``progress`` makes of it."""

    def __init__(self, reader: Reader, progress: Progress) -> None:
        self._bar: Any = None
        self._told = progress if callable(progress) else None
        if progress is True and sys.stderr.isatty() and not logs_json():
            from tqdm import tqdm

            self._bar = tqdm(total=reader.total or None, unit="B", unit_scale=True, file=sys.stderr)
        self._began = time.monotonic()

    def __enter__(self) -> Callable[[Reader, int], None]:
        return self._advance

    def _advance(self, reader: Reader, records: int) -> None:
        if self._told is not None:
            self._told(reader.count, records)
        if self._bar is not None:
            seconds = max(time.monotonic() - self._began, 1e-6)
            self._bar.set_postfix_str(f"{records:,} records, {records / seconds:,.0f}/s", refresh=False)
            self._bar.update(reader.count - self._bar.n)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
