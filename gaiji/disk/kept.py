"""What was computed from files once and is kept for the next start: compiled tables.

Owns the folder, and that nothing comes back but what was put there under the same key: the key is a digest of
everything that the data follow from, and the data's own digest is checked each time. What cannot be kept or
is damaged is computed again; nobody is told, since nothing but time depends on it. Knows no format.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gaiji.disk.datafiles import user_cache_dir

MOST = 256
"""Files that are kept; the oldest go first."""
BIGGEST = 64 * 1024 * 1024
_DIGEST = hashlib.sha256().digest_size


def key_of(*parts: bytes | str) -> str:
    """A digest of the parts, each with its length: other parts have another key."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(b"%d:" % len(data) + data)
    return found.hexdigest()


def kept(key: str) -> bytes | None:
    """What was kept under a key, whole and as it was; None where there is nothing that could be trusted."""
    folder = user_cache_dir()
    if folder is None:
        return None
    try:
        if not _ours(os.lstat(folder), stat.S_ISDIR):
            return None
        handle = os.open(
            folder / key, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not _ours(found, stat.S_ISREG) or found.st_size > BIGGEST:
                return None
            data = file.read()
    except OSError:
        return None
    digest, body = data[:_DIGEST], data[_DIGEST:]
    return body if digest == _digest(key, body) else None


def keep(key: str, data: bytes) -> None:
    """Keep data under a key, where this user has a folder for it."""
    import tempfile  # not for those who only read

    folder = user_cache_dir()
    if folder is None or len(data) > BIGGEST:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(os.lstat(folder), stat.S_ISDIR):
            return
        handle, name = tempfile.mkstemp(dir=folder, prefix=".")  # its owner's alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, data) + data)
            os.replace(name, folder / key)
        except OSError:
            os.unlink(name)
            return
        _prune(folder)


def _digest(key: str, data: bytes) -> bytes:
    return hashlib.sha256(key.encode() + data).digest()


def _ours(found: os.stat_result, right: Callable[[int], bool]) -> bool:
    """Whether a file or folder is this user's, and nobody else can write it."""
    if not right(found.st_mode):
        return False
    if sys.platform == "win32":
        return True  # a user's own folders are closed to others there
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _prune(folder: Path) -> None:
    """Take the oldest files out of a full folder."""
    every = [entry for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    if len(every) <= MOST:
        return
    every.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime_ns)
    for entry in every[: len(every) - MOST]:
        with suppress(OSError):
            os.unlink(entry.path)
