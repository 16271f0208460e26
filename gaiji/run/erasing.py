"""How files go for good, and the note by which an erasure that was killed is ended by the next.

Owns the note, which files are those that it speaks of, and the overwriting. A file that goes has a name of
this module's own first: what stands under the old one afterwards is another file, and stays. Which files go
is ``gaiji.run.erase``'s.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gaiji.disk.files import output_error, sync_folder, write_whole
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr


@dataclass(frozen=True, order=True)
class Noted:
    """A file that goes: where it is, how long, and its SHA-256."""

    path: Path
    bytes: int
    sha256: str


def erasing_path(path: Path) -> Path:
    """The name of a file while it is overwritten."""
    return path.with_name(f".{path.name}.erasing")


def read_note(note: Path) -> tuple[tuple[Noted, ...], int]:
    """The files, and how many samples, that an erasure which was killed was to remove; nothing where there
    is no note.

    GaijiError when it is damaged, or was written in another folder: what it names is not what lies here.
    """
    try:
        if note.is_symlink():
            raise ValueError("a link")
        told = json.loads(note.read_bytes())
        files = tuple(_noted(one) for one in told["files"])
        samples, folder = told["samples"], told["folder"]
        if type(samples) is not int or samples < 0 or not isinstance(folder, str):
            raise ValueError("of another form")
    except FileNotFoundError:
        return (), 0
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = fault("E0517", "is damaged")
        raise GaijiError(what, where=str(note), next=tr("remove it and run again")) from error
    if folder != os.path.realpath(note.parent):
        raise GaijiError(
            fault("E0561", "was written in {folder}", folder=folder),
            where=str(note),
            next=tr("move the folder back and run again, or remove the note and erase what is here"),
        )
    return files, samples


def _noted(one: dict[str, object]) -> Noted:
    """A file of a note; ValueError, TypeError or KeyError where it is none."""
    path, size, digest = one["path"], one["bytes"], one["sha256"]
    if not (isinstance(path, str) and type(size) is int and isinstance(digest, str)):
        raise TypeError(one)
    if not os.path.isabs(path) or "\0" in path or size < 0 or len(bytes.fromhex(digest)) != 32:
        raise ValueError(path)
    return Noted(Path(path), size, digest)


def write_note(note: Path, files: Iterable[Noted], samples: int) -> None:
    """Say what goes, before the first of it does; OutputError when that cannot be written."""
    rows = [{"path": str(one.path), "bytes": one.bytes, "sha256": one.sha256} for one in files]
    told = {"folder": os.path.realpath(note.parent), "files": rows, "samples": samples}
    write_whole(note, json.dumps(told, ensure_ascii=False).encode(), own=True, again=True)


def check_named(named: Iterable[Path], noted: Iterable[Noted]) -> None:
    """UsageError when a file that somebody named is not there, and did not go already."""
    went = {one.path for one in noted}
    for path in named:
        if not os.path.lexists(path) and path not in went:
            raise UsageError(
                fault("E0562", "is not there, so that nothing of it can be erased"),
                where=str(path),
                next=tr("correct the path, or leave it out"),
            )


def to_erase(gone: Iterable[Path], noted: Sequence[Noted], note: Path) -> list[Noted]:
    """Everything that goes: what a note speaks of, and the files of ``gone`` that are there.

    UsageError for a link, a folder, a file with a second name, and where another file stands in the place of
    one that the note speaks of and is not asked for.
    """
    asked, files = list(gone), list(noted)
    for path in dict.fromkeys([*asked, *(one.path for one in noted)]):
        found = _described(path)
        if found is None or found in files:
            continue
        if path not in asked:
            raise UsageError(
                fault("E0563", "is another file than the one that was to be erased"),
                where=str(path),
                next=tr("name it with --also if it is to go too, or remove the note {note}", note=note),
            )
        files.append(found)
    return files


def _described(path: Path) -> Noted | None:
    """A file as it is, None where there is none; UsageError for what cannot be erased alone."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            plain = stat.S_ISREG(found.st_mode)
            raise UsageError(
                fault("E0564", "has a second name, under which its content would stay or be destroyed")
                if plain
                else fault("E0565", "is a link, a folder or a device, and no file that could be erased"),
                where=str(path),
                next=tr("remove its other name first")
                if plain
                else tr("remove it, and name the files that are meant with --also"),
            )
        with path.open("rb") as file:
            return Noted(path, found.st_size, hashlib.file_digest(file, "sha256").hexdigest())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise output_error(path, error) from error


def remove(path: Path) -> None:
    """A file overwritten, as far as the file system does that, and removed; OutputError when it cannot be."""
    mine = erasing_path(path)
    try:
        _overwrite(mine)  # what a killed erasure had begun
        with suppress(FileNotFoundError):
            os.rename(path, mine)
        _overwrite(mine)
    except OSError as error:
        raise output_error(path, error) from error


def _overwrite(path: Path) -> None:
    try:
        flags = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
    except FileNotFoundError:
        return
    with os.fdopen(handle, "wb", buffering=0) as file:
        left = os.fstat(handle).st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1 << 20)))
        os.fsync(handle)
    path.unlink()
    sync_folder(path.parent)
