"""The records that were set aside: what the proof cut off as none, and the file that the conversion put them
into.

Owns their digest, also where several read them part by part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.run.plan import Plan

BLOCK = 1 << 20


class Told(NamedTuple):
    """The bytes of some records that were set aside, one behind another, and the digest of those."""

    size: int
    sha256: str


NONE = Told(0, "")


class Aside:
    """The bytes of records that were set aside, one behind another."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, raw: bytes) -> None:
        """One more record, or some bytes of one."""
        self._digest.update(raw)
        self._size += len(raw)

    def told(self) -> Told:
        """All so far."""
        return Told(self._size, self._digest.hexdigest())

    def hexdigest(self) -> str:
        """The digest of all so far."""
        return self._digest.hexdigest()


def joined(parts: Iterable[Told], path: Path | None) -> Aside:
    """What several readers set aside, one behind the other. Their bytes are those of the conversion's file,
    where each finds its own in it; else the digest is that of no such file."""
    out, right = Aside(), True
    parts = list(parts)
    if path is not None:
        with suppress(OSError), path.open("rb") as file:
            for part in parts:
                own, left = Aside(), part.size
                while left and (data := file.read(min(left, BLOCK))):
                    own.add(data)
                    out.add(data)
                    left -= len(data)
                right &= own.told() == part
    if not right or out.told().size != sum(part.size for part in parts):
        out.add(repr(parts).encode())
    return out


def quarantine_path(plan: Plan, manifest: Mapping[str, Any]) -> Path | None:
    """The file of the records that were set aside, None when none were."""
    if not manifest["records"]["quarantined"]:
        return None
    return plan.job.named_path.with_name(Path(manifest["quarantine"]["files"][0]["path"]).name)


def quarantine_digest(plan: Plan, manifest: Mapping[str, Any]) -> str:
    """Digest of the records that were set aside, "" when none were."""
    path = quarantine_path(plan, manifest)
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise GaijiError(
            fault("E0204", "cannot be read: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("run gaiji convert again"),
        ) from error
