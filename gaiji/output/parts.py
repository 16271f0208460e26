"""An output in parts: a folder of files of one format, which appears under the output's name as a whole.

Owns the names of the parts, the digest over all of them, and how the folder gets its name. The parts
themselves are other sinks' files; ``parts_back`` reads them."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gaiji.disk.files import output_error, sync_folder
from gaiji.errors import OutputError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an output: its bytes, their digest, the records that were written to it."""

    bytes: int
    sha256: str
    records: int


def part_name(number: int, output: Path) -> str:
    """The name of a part: its number, and how the output's own name ends (``part-00003.csv.gz``)."""
    _, dot, ending = output.name.partition(".")
    return f"part-{number:05d}{dot}{ending}"


def whole_digest(names: Sequence[str], digests: Sequence[str]) -> str:
    """The digest of all parts: that of the lines that ``sha256sum part-*`` prints in the folder."""
    lines = "".join(f"{one}  {name}\n" for name, one in zip(names, digests, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


class Parts:
    """The folder of an output ``path`` until it has its name. Files are handed over one after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._final = Path(os.path.realpath(path))
        self._folder = self._final.with_name(f".{self._final.name}.parts.part")
        self._before = self._final.with_name(f".{self._final.name}.before.part")
        self._parts: list[Part] = []
        self._named = False
        self._check_replaced()
        try:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise output_error(path, error) from error

    def _check_replaced(self) -> None:
        """OutputError where the name is that of a folder with anything in it but parts of such an output."""
        if not self._final.is_dir():
            return
        for number, name in enumerate(sorted(os.listdir(self._final))):
            if name != part_name(number, self.path) or not self._final.joinpath(name).is_file():
                raise OutputError(
                    fault("E0894", "is a folder that holds other files than the parts of this output"),
                    where=str(self.path),
                    next=tr("give the output a name of its own, or empty the folder"),
                )

    def take(self, file: Path, part: Part) -> None:
        """The next part, which stands as ``file`` on the same file system."""
        try:
            os.replace(file, self._folder / part_name(len(self._parts), self.path))
        except OSError as error:
            raise output_error(self.path, error) from error
        self._parts.append(part)

    def seal(self) -> Path:
        """All parts are there. Returns where they stand."""
        sync_folder(self._folder)
        return self._folder

    def commit(self) -> None:
        """The folder appears under its name; what had that name before is gone when the run is
        (``discard``)."""
        self._check_replaced()
        try:
            if self._final.exists():
                shutil.rmtree(self._before, ignore_errors=True)
                os.rename(self._final, self._before)
            os.rename(self._folder, self._final)
            self._named = True
            sync_folder(self._final.parent)
        except OSError as error:
            self._back()
            raise output_error(self.path, error) from error

    def unname(self) -> None:
        """Take the name away again: what goes with the output could not be named."""
        if self._named:
            with suppress(OSError):
                os.rename(self._final, self._folder)
                self._named = False
        self._back()

    def _back(self) -> None:
        """What had the name before has it again."""
        if self._before.exists() and not self._final.exists():
            with suppress(OSError):
                os.rename(self._before, self._final)

    def discard(self) -> None:
        """Leave nothing behind but what has a name."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._before.is_dir() and not self._before.is_symlink():
            shutil.rmtree(self._before, ignore_errors=True)
        with suppress(OSError):
            self._before.unlink()

    def describe(self) -> dict[str, object]:
        """Path, size and digest of all parts for the manifest, and of each its records."""
        names = [part_name(number, self.path) for number in range(len(self._parts))]
        return {
            "path": str(self.path),
            "bytes": sum(part.bytes for part in self._parts),
            "sha256": whole_digest(names, [part.sha256 for part in self._parts]),
            "parts": [
                {"path": name, "bytes": part.bytes, "sha256": part.sha256, "records": part.records}
                for name, part in zip(names, self._parts, strict=True)
            ],
        }
