"""Inputs that lie elsewhere: a URL (``s3://bucket/juki.dat``) instead of a path, read by a library of its
kind.

Owns how an input is opened and what tells that a URL's content is still the same. Which kinds there are is
fsspec's matter, and that of the libraries that it names.
"""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, BinaryIO, cast

from gaiji.errors import GaijiError, MissingExtra, UsageError
from gaiji.errors.messages import fault, tr

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(::[A-Za-z][A-Za-z0-9+.-]*)*://")
_TOLD = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created", "md5", "checksum")
"""What file systems tell of a file that changes with it."""


def is_url(path: str) -> bool:
    """Whether an input is a URL and no path."""
    return _URL.match(path) is not None


def local_path(url: str) -> str:
    """The file of this machine that a URL leads to, also through others (``simplecache::file:///a``); "" for
    a URL that leads elsewhere. What guards inputs must know it: an output could be that very file."""
    last = url.rpartition("::")[2]
    if last.partition("://")[0].lower() not in ("file", "local") or find_spec("fsspec") is None:
        return ""
    return _system(last)[1]


def open_input(path: str) -> BinaryIO:
    """A file or a URL's content, from any byte on, unbuffered. OSError where it cannot be read."""
    if not is_url(path):
        return cast(BinaryIO, open(path, "rb", buffering=0))
    system, place = _system(path)
    with _said():
        return cast(BinaryIO, _Remote(system.open(place, "rb")))


def told(url: str) -> tuple[int, str]:
    """Bytes of a URL's content, and what its file system tells that changes with it ("" where that is
    nothing). OSError where it is not there; GaijiError where nobody says how long it is."""
    system, path = _system(url)
    with _said():
        system.invalidate_cache()
        found = system.info(path)
    if found.get("size") is None:
        raise GaijiError(
            fault("E0780", "is served without saying how long it is, so that it cannot be split"),
            where=url,
            next=tr("copy it to where its size is known"),
        )
    return int(found["size"]), repr([(key, found[key]) for key in _TOLD if key in found])


def matching(pattern: str) -> list[str]:
    """The URLs that a pattern names, in the order of their names."""
    system, path = _system(pattern)
    with _said():
        return sorted(system.unstrip_protocol(one) for one in system.glob(path) if system.isfile(one))


class _Remote(io.RawIOBase):
    """What a library opened; its errors, whatever they are, are OSErrors."""

    def __init__(self, file: Any) -> None:
        own = isinstance(file, io.BytesIO)  # one object, and one place in it, for all who open it
        self._file = io.BytesIO(file.getvalue()) if own else file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _said():
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        with _said():
            return int(self._file.seek(offset, whence))

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def _said() -> Iterator[None]:
    """Errors of whichever library as OSError with a text in one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
    except GaijiError:
        raise
    except Exception as error:  # each library has classes of its own
        raise OSError(errno.EIO, _line(error) or type(error).__name__) from error


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    if find_spec("fsspec") is None:
        raise MissingExtra(tr("An input by URL"), "spark")
    import fsspec

    kind = url.partition("://")[0]
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise UsageError(
            fault("E0781", "needs a library that is not installed: {reason}", reason=_line(error)),
            where=url,
            next=tr("install it on every machine that reads"),
        ) from error
    except ValueError as error:
        raise UsageError(
            fault("E0782", "is of a kind that nothing reads: {kind}", kind=kind),
            where=url,
            next=tr("check source.path"),
        ) from error
    return system, str(path)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
