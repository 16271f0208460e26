"""Several files that change together: all of them, or none.

Owns the note between the moment when all of them are on the disk and the moment when each has its name.
Who is killed in between leaves the note; ``finish`` does what it says, and ``unfinished`` tells that it
is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gaiji.disk.files import AtomicFile, output_error, part_path, sync_folder, write_whole
from gaiji.errors import OutputError
from gaiji.errors.messages import fault, tr


def note_path(folder: Path, name: str) -> Path:
    """Where the note of files that change together stands in their folder."""
    return folder / f".{name}.together"


def unfinished(folder: Path, name: str) -> bool:
    """Whether files of ``folder`` were to change together, and have not all done so."""
    return note_path(folder, name).exists()


def write_all(folder: Path, name: str, files: Mapping[Path, bytes]) -> None:
    """Write files of ``folder``, and remove those that become nothing (b""), all of them or none.

    The caller holds a lock on ``name``. OutputError when they cannot be written: then none has changed.
    """
    finish(folder, name)
    staged: list[AtomicFile] = []
    try:
        for path, data in files.items():
            if data:
                staged.append(AtomicFile(path, part=part_path(path), own=True))
                staged[-1].write(data)
                staged[-1].seal()
        told = {
            "named": {path.name: _digest(data) for path, data in files.items() if data},
            "removed": [path.name for path, data in files.items() if not data],
        }
        note = json.dumps(told, ensure_ascii=False).encode()
        write_whole(note_path(folder, name), note, own=True, again=True)
    except BaseException:
        with suppress(OSError):  # before the files that it speaks of: a note without them is damaged
            note_path(folder, name).unlink()
            sync_folder(folder)
        for file in staged:
            file.discard()
        raise
    for file in staged:
        file.leave()
    finish(folder, name)


def finish(folder: Path, name: str) -> None:
    """Do what a note says that is still to do. OutputError when it cannot be done, or the note is none, or
    what it speaks of is not there."""
    path = note_path(folder, name)
    try:
        told = json.loads(path.read_bytes())
        named = {folder / Path(one).name: str(digest) for one, digest in told["named"].items()}
        removed = [folder / Path(one).name for one in told["removed"]]
    except FileNotFoundError:
        return
    except OSError as error:
        raise output_error(path, error) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path) from error
    try:
        for final, digest in named.items():
            staged = part_path(final)
            standing = staged if staged.exists() else final
            if not standing.is_file() or _digest(standing.read_bytes()) != digest:
                raise _damaged(path)
        for final in named:
            if part_path(final).exists():
                os.replace(part_path(final), final)
        for gone in removed:
            with suppress(FileNotFoundError):
                gone.unlink()
        sync_folder(folder)
        path.unlink()
        sync_folder(folder)
    except OSError as error:
        raise output_error(path, error) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _damaged(path: Path) -> OutputError:
    return OutputError(fault("E0515", "is damaged"), where=str(path), next=tr("remove it and run again"))
