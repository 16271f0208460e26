"""Editions of MJ文字情報一覧表 and MJ縮退マップ that a user took, newer than the toolkit's own.

Owns ``lists/`` in the user's data folder: the files of each edition, known by the SHA-256 of the file that it
came from, and ``current.toml``, which names those in use. The toolkit's own lists stay where they are and are
used again when nothing is named. Does not own how a published file is read (``gaiji.standard.published``) nor
GJ releases (``gaiji.standard.gj``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.datafiles import user_data_dir
from gaiji.disk.files import write_whole
from gaiji.disk.toml import parse_toml
from gaiji.errors import OutputError, RepertoireError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass

MJ, SHRINK = "mj", "shrink"
KINDS = {MJ: "MJ文字情報一覧表", SHRINK: "MJ縮退マップ"}
"""The lists that have editions here, by what they are called in ``current.toml``."""
OWN = "own"
"""The word for the toolkit's own edition."""
_RELEASE = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a list that a user took.

    ``release``: 12 digits of the SHA-256 of the published file; ``version``: the publisher's (``006.03``);
    ``files``: part (``list``, or a table made of it) → its SHA-256; ``count``: rows.
    """

    kind: str
    release: str
    version: str
    source: str
    sha256: str
    count: int
    taken_at: str
    folder: Path
    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    current: bool = False

    @property
    def name(self) -> str:
        """The edition as manifests and decisions name it: ``006.03 (1a2b3c4d5e6f)``."""
        return f"{self.version} ({self.release})"

    @property
    def told(self) -> dict[str, str]:
        """What it came from, in the keys of a table's source."""
        return {
            "name": KINDS[self.kind],
            "version": self.version,
            "sha256": self.sha256,
            "licence": "as published",
            "what": self.source,
        }

    def path(self, part: str = "list") -> Path:
        """Where a part of it lies."""
        return self.folder / f"{self.kind}-{self.release}-{part}.tsv"

    def read(self, part: str = "list") -> bytes:
        """A part as it was taken; RepertoireError where it is not that any more."""
        path = self.path(part)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _damaged(path, error) from error
        if hashlib.sha256(data).hexdigest() != self.files.get(part):
            raise _damaged(path, ValueError("it was changed since it was taken"))
        return data


def current_edition(kind: str) -> Edition | None:
    """The edition in use of ``mj`` or ``shrink``, None where it is the toolkit's own; RepertoireError when
    what is kept is damaged."""
    release = _current().get(kind, "")
    return _edition(kind, release, current=True) if release else None


def editions(kind: str) -> tuple[Edition, ...]:
    """The editions of a list that were taken, the first first; RepertoireError when one is damaged."""
    now = _current().get(kind, "")
    found = [path.stem.partition("-")[2] for path in _folder().glob(f"{kind}-*.toml")]
    taken = [_edition(kind, release, current=release == now) for release in found]
    return tuple(sorted(taken, key=lambda one: (one.taken_at, one.release)))


def use_edition(kind: str, release: str) -> Edition | None:
    """Put an edition that was taken into use, by its release or the start of it, or the toolkit's own
    (``own``: None comes back); RepertoireError for no such one."""
    known = [one for one in editions(kind) if release and one.release.startswith(release.lower())]
    if release != OWN and len(known) != 1:
        ids = ", ".join([*(one.release for one in editions(kind)), OWN])
        raise RepertoireError(
            fault(
                "E0800", "{release!r} is not one edition of {list}", release=release[:40], list=KINDS[kind]
            ),
            next=tr("choose one of: {ids}", ids=ids),
        )
    chosen = None if release == OWN else known[0].release
    _point(kind, chosen or "")
    return _edition(kind, chosen, current=True) if chosen else None


def write_edition(
    kind: str, version: str, source: Path, sha256: str, parts: Mapping[str, bytes], folder: Path
) -> Edition:
    """Write an edition into a folder: its lists, then what they are. It is not in use yet. OutputError
    when it cannot be written."""
    release = sha256[:12]
    made = Edition(
        kind,
        release,
        version,
        "".join(ch if ch.isprintable() else "?" for ch in source.name),
        sha256,
        parts["list"].count(b"\n") - 1,
        datetime.now(UTC).isoformat(timespec="seconds"),
        folder,
        {part: hashlib.sha256(data).hexdigest() for part, data in parts.items()},
    )
    keys = ("kind", "release", "version", "source", "sha256", "count", "taken_at")
    lines = [f"{key} = {json.dumps(getattr(made, key), ensure_ascii=False)}" for key in keys]
    lines += [
        "[files]",
        *(f"{json.dumps(part)} = {json.dumps(digest)}" for part, digest in made.files.items()),
    ]
    written = [made.path(part) for part in parts] + [_about(folder, kind, release)]
    keep_apart([Place("list of the edition", path) for path in written], [Place("published list", source)])
    for part, data in parts.items():
        _write(made.path(part), data)
    _write(_about(folder, kind, release), ("\n".join(lines) + "\n").encode())
    return made


def keep_edition(made: Edition, source: Path) -> Edition:
    """Keep an edition that was written elsewhere in the user's data folder and put it into use; the
    pointer is written last, so that who is interrupted leaves the old one in use."""
    parts = {part: made.read(part) for part in made.files}
    write_edition(made.kind, made.version, source, made.sha256, parts, _folder())
    _point(made.kind, made.release)
    return _edition(made.kind, made.release, current=True)


def _folder() -> Path:
    return user_data_dir() / "lists"


def _about(folder: Path, kind: str, release: str) -> Path:
    return folder / f"{kind}-{release}.toml"


def _pointer() -> Path:
    return _folder() / "current.toml"


def _current() -> dict[str, str]:
    """Which edition of each list is in use; empty where all are the toolkit's own."""
    path = _pointer()
    try:
        found = parse_toml(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    for kind, release in found.items():
        if kind not in KINDS or not isinstance(release, str) or not _RELEASE.fullmatch(release):
            raise _damaged(path, ValueError("it names no edition"))
    return found


def _point(kind: str, release: str) -> None:
    now = _current() | {kind: release}
    text = "".join(f'{key} = "{value}"\n' for key, value in sorted(now.items()) if value)
    _write(_pointer(), text.encode())


def _edition(kind: str, release: str, *, current: bool) -> Edition:
    path = _about(_folder(), kind, release)
    try:
        told = parse_toml(path.read_bytes())
        if (told["kind"], told["release"]) != (kind, release) or not isinstance(told["files"], dict):
            raise ValueError("it is about another edition")
        return Edition(
            kind,
            release,
            str(told["version"]),
            str(told["source"]),
            str(told["sha256"]),
            int(told["count"]),
            str(told["taken_at"]),
            _folder(),
            {str(part): str(digest) for part, digest in told["files"].items()},
            current,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            fault("E0801", "cannot keep an edition: {reason}", reason=error.strerror or type(error).__name__),
            where=str(path.parent),
            next=tr("set GAIJI_HOME to a writable folder"),
        ) from error
    write_whole(path, data, own=True)


def _damaged(path: Path, error: Exception) -> RepertoireError:
    reason = getattr(error, "strerror", None) or (str(error) or type(error).__name__).splitlines()[0][:120]
    return RepertoireError(
        fault("E0802", "a kept edition of an official list is damaged: {reason}", reason=reason),
        where=str(path),
        next=tr(
            "take the published file again (gaiji repertoire update FILE), or delete lists/current.toml in "
            "your data folder to use the toolkit's own"
        ),
    )
