"""Files of a run that must be apart: nothing that is written may be what is read, or another thing written.

Owns when two paths are one file, and the one line that refuses them. Every command that writes asks
``keep_apart`` before its first byte; which files a command has is the command's to say.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gaiji.disk.files import STDOUT
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr

STANDARD_ERROR = "standard error"
"""The place of a refusal when errors go to that file: its line must not be written there either."""
Identity = tuple[int, int] | str
"""Device and number of a file that is there, else its path with all links resolved."""


@dataclass(frozen=True)
class Place:
    """A file of a run: what it is to the run (``input``, ``review queue``), and where."""

    what: str
    path: Path


def keep_apart(writes: Iterable[Place], reads: Iterable[Place]) -> None:
    """UsageError when a file to be written is one that is read, or another one that is written.

    Files are compared by device and number where they are there, so that links and other spellings of a path
    count, and by their resolved path where they are not (case folded where the system folds it). Standard
    output and standard error are compared too where they are files. Devices and pipes are nobody's.
    """
    seen: dict[Identity, Place] = {}
    for place in reads:
        for identity in identities(place.path):
            seen.setdefault(identity, place)
    for place in writes:
        for identity in identities(place.path):
            if identity in seen:
                raise _refused(place, seen[identity])
        for identity in identities(place.path):
            seen[identity] = place
    for name, number in ((STANDARD_ERROR, 2), ("standard output", 1)):
        held = _stream(number)
        if held is not None and held in seen:
            raise _refused(Place("log" if number == 2 else "printed", Path(name)), seen[held])


def keep_outside(folders: Iterable[Place], others: Iterable[Place]) -> None:
    """UsageError when a file of the run lies in a folder that is to be written as a whole."""
    beneath = [(place, Path(os.path.normcase(os.path.realpath(place.path)))) for place in others]
    for folder in folders:
        whole = Path(os.path.normcase(os.path.realpath(folder.path)))
        for place, path in beneath:
            if whole in path.parents:
                raise _refused(folder, place)


def identities(path: Path) -> Iterator[Identity]:
    """What tells that two paths are one file; nothing for a stream or a device."""
    if str(path) == STDOUT or path.name == STDOUT:
        return
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        found = None
    if found is not None and not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return
    if found is not None:
        yield found.st_dev, found.st_ino
    try:
        yield os.path.normcase(os.path.realpath(path))
    except (OSError, ValueError):
        return


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are one file."""
    return not set(identities(one)).isdisjoint(identities(other))


def _stream(number: int) -> Identity | None:
    """The file behind standard output or standard error, None where it is no file."""
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _refused(place: Place, other: Place) -> UsageError:
    spelled = f" ({other.path})" if str(other.path) != str(place.path) else ""
    return UsageError(
        fault(
            "E0390",
            "is to be written as {what}, but it is the {what2} of this run{spelled}",
            what=place.what,
            what2=other.what,
            spelled=spelled,
        ),
        where=str(place.path),
        next=tr("give it a path of its own"),
    )
