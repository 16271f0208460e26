"""What keeps batches flowing: digests computed beside the work, and buffers that are used again.

Owns one worker thread for each SHA-256, so that hashing (which releases the GIL) takes a core of its own
and never the thread that reads or writes; and pools of buffers, because fresh memory for every batch costs
more (page faults) than what is done in it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gaiji.disk.remote import open_input

if TYPE_CHECKING:
    from concurrent.futures import Future

PENDING = 4
BLOCK = 4 * 1024 * 1024


class Buffers:
    """A small pool of byte buffers, safe to use from several threads."""

    def __init__(self, keep: int = 6) -> None:
        self._keep = keep
        self._free: list[bytearray] = []
        self._lock = threading.Lock()

    def take(self, size: int) -> bytearray:
        """A buffer of at least ``size`` bytes with anything in it."""
        with self._lock:
            for i, buffer in enumerate(self._free):
                if len(buffer) >= size:
                    return self._free.pop(i)
        return bytearray(size + size // 8)

    def give(self, buffer: bytearray) -> None:
        """Take a buffer back; nobody may use it any more."""
        with self._lock:
            if len(self._free) < self._keep:
                self._free.append(buffer)


def digests(path: str, windows: Sequence[tuple[int, int]]) -> tuple[str, list[str]]:
    """The SHA-256 of a file as it lies, and of the bytes of each window (begin, end; -1: the end of the
    file); windows are in order, and a single one is all of it."""
    whole, each, at = hashlib.sha256(), [hashlib.sha256() for _ in windows], 0
    with open_input(path) as file:
        while block := file.read(BLOCK):
            whole.update(block)
            for (begin, end), one in zip(windows, each, strict=True):
                stop = len(block) if end < 0 else min(end - at, len(block))
                if begin < at + len(block) and stop > 0 and len(windows) > 1:
                    one.update(memoryview(block)[max(begin - at, 0) : stop])
            at += len(block)
    if len(windows) == 1:
        return whole.hexdigest(), [whole.hexdigest()]
    return whole.hexdigest(), [one.hexdigest() for one in each]


class BackgroundDigest:
    """A SHA-256 whose ``update`` returns at once, with at most ``PENDING`` pieces waiting."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # not for those who only read

        self._digest = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="gaiji-digest")
        self._waiting: deque[Future[None]] = deque()

    def update(self, data: bytes | bytearray | memoryview, then: Callable[[], None] | None = None) -> None:
        """Hash ``data`` after all that came before; it must not change until ``then`` is called."""
        self._waiting.append(self._pool.submit(self._update, data, then))
        while len(self._waiting) > PENDING:
            self._waiting.popleft().result()

    def _update(self, data: bytes | bytearray | memoryview, then: Callable[[], None] | None) -> None:
        self._digest.update(data)
        if then is not None:
            then()

    def mark(self) -> Future[str]:
        """The digest of everything handed over so far, once it has been hashed."""
        return self._pool.submit(lambda: self._digest.copy().hexdigest())

    def wait(self) -> None:
        """Return when everything handed over has been hashed."""
        while self._waiting:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """The digest of everything so far."""
        self.wait()
        return self._digest.hexdigest()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)
