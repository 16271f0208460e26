"""The GJ 追加文字 that a user imports: checking them, keeping releases. Reading is in ``gj_files``.

Owns ``gj/`` in the user's data folder: one ``<release>.tsv`` and ``.toml`` an import, and the file
``current`` that names the release in use. Does not own what the glyphs mean (``gaiji.standard.repertoire``).
Nothing of GJ may be shipped with the toolkit and it changes between releases (glyphs are added, the
numbering of plane 16 has gaps), so each release is known by the SHA-256 of the file it came from.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.disk.apart import Place, keep_apart
from gaiji.disk.datafiles import user_data_dir
from gaiji.disk.toml import parse_toml
from gaiji.errors import RepertoireError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass

if TYPE_CHECKING:
    from gaiji.standard.gj_files import Glyph

COLUMNS = (
    "name",
    "ucs",
    "default",
    "also",
    "unified",
    "koseki",
    "juki",
    "touki",
    "x0213",
    "x0213_class",
    "x0212",
    "strokes",
    "radicals",
    "readings",
    "note",
)
"""The columns of a glyph list, as in ``mappings/repertoire/``."""


_RELEASE = re.compile(r"[0-9a-f]{12}")

_PRIVATE_PLANES = ((0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))


@dataclass(frozen=True, slots=True)
class GjRelease:
    """One imported release: its id (12 digits of the source's SHA-256), list, and origin."""

    release: str
    path: Path
    source: str
    sha256: str
    count: int
    imported_at: str
    list_sha256: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class GjImport:
    """What an import did. ``skipped`` rows are the list's MJ glyphs, which the toolkit has already.

    ``without_unicode`` glyphs are kept by name but have no code point; ``previous`` is the id of the
    release that was current before, or "".
    """

    release: str
    path: Path
    source: str
    sha256: str
    count: int
    without_unicode: int
    skipped: int
    previous: str


def import_gj(path: Path | str) -> GjImport:
    """Reads a GJ font (TTF/OTF) or list (CSV, TSV, XLSX), keeps it in the user's folder, makes it current.

    A font names its glyphs ``gj000001``… and has their code points in its cmap; a list has a column
    for the name and one for the code point. What the file is, its content decides, not its name.
    Raises RepertoireError when the file is not such a font or list or contradicts itself, and
    MissingExtra when reading it needs an optional package.
    """
    from gaiji.standard.gj_files import read_bounded

    path = Path(path)
    data = read_bounded(path)
    return keep_gj(read_gj(path, data, hashlib.sha256(data).hexdigest()))


@dataclass(frozen=True, slots=True)
class GjRead:
    """A GJ font or list as read and checked, not yet kept; ``data``: the list as it would be kept."""

    path: Path
    sha256: str
    data: bytes
    count: int
    without_unicode: int
    skipped: int


def read_gj(path: Path, data: bytes, sha256: str) -> GjRead:
    """The glyphs of a font or list, given as bytes; ``path`` and ``sha256`` say what it came from."""
    from gaiji.standard.gj_files import read_glyphs

    glyphs, skipped = read_glyphs(path, data)
    _check(path, glyphs)
    without = sum(glyph.point is None for glyph in glyphs)
    return GjRead(path, sha256, _list_of(glyphs), len(glyphs), without, skipped)


def keep_gj(read: GjRead) -> GjImport:
    """Keep what was read as a release and make it current."""
    previous = ""
    with suppress(RepertoireError):  # importing is the way out of a damaged folder
        previous = _current_id()
    return GjImport(
        release=read.sha256[:12],
        path=_store(read),
        source=read.path.name,
        sha256=read.sha256,
        count=read.count,
        without_unicode=read.without_unicode,
        skipped=read.skipped,
        previous=previous,
    )


def gj_releases() -> tuple[GjRelease, ...]:
    """The imported releases, oldest import first; RepertoireError when one is damaged."""
    current = _current_id()
    found = [_release(toml.stem, current) for toml in sorted(_folder().glob("*.toml"))]
    return tuple(sorted(found, key=lambda release: (release.imported_at, release.release)))


def current_gj() -> GjRelease | None:
    """The release in use, or None when none was imported; RepertoireError when it is damaged."""
    current = _current_id()
    return _release(current, current) if current else None


def select_gj(release: str) -> GjRelease:
    """Makes an imported release current, by its id or the start of it; RepertoireError for no such one."""
    known = [one for one in gj_releases() if release and one.release.startswith(release.lower())]
    if len(known) != 1:
        ids = ", ".join(one.release for one in gj_releases()) or "none is imported"
        raise RepertoireError(
            fault("E0330", "{release!r} is not one GJ release", release=release[:40]),
            next=tr("choose one of: {ids}", ids=ids),
        )
    _write(_folder() / "current", known[0].release + "\n")
    return _release(known[0].release, known[0].release)


def check_release(release: GjRelease) -> None:
    """RepertoireError unless the kept list is the one that was imported (SHA-256)."""
    try:
        found = hashlib.sha256(release.path.read_bytes()).hexdigest()
    except OSError as error:
        raise _damaged(release.path, error) from error
    if found != release.list_sha256:
        raise _damaged(release.path, ValueError("it was changed since its import"))


def _check(path: Path, glyphs: Sequence[Glyph]) -> None:
    """RepertoireError unless names and code points are GJ's, each once, and there are some."""
    from gaiji.standard.gj_files import EXPECTED, GJ_NAME, OTHER_FILE

    if not any(glyph.point is not None for glyph in glyphs):
        raise RepertoireError(
            fault("E0343", "no GJ glyph with a code point in it"), where=str(path), next=tr(EXPECTED)
        )
    names: set[str] = set()
    points: dict[int, str] = {}
    for glyph in glyphs:
        if not GJ_NAME.fullmatch(glyph.name):
            what = fault("E0344", "{glyph!r} is no GJ name", glyph=glyph.name[:40])
            raise RepertoireError(what, where=glyph.where, next=tr("names look like GJ000001"))
        if glyph.name in names:
            raise RepertoireError(
                fault("E0347", "{glyph} occurs twice", glyph=glyph.name),
                where=glyph.where,
                next=tr(OTHER_FILE),
            )
        names.add(glyph.name)
        if glyph.point is None:
            continue
        if not any(low <= glyph.point <= high for low, high in _PRIVATE_PLANES):
            what = fault(
                "E0345",
                "{glyph} is at U+{point:04X}, outside planes 15 and 16",
                glyph=glyph.name,
                point=glyph.point,
            )
            raise RepertoireError(what, where=glyph.where, next=tr(OTHER_FILE))
        other = points.setdefault(glyph.point, glyph.name)
        if other != glyph.name:
            what = fault(
                "E0346",
                "{other} and {glyph} are both at U+{point:04X}",
                other=other,
                glyph=glyph.name,
                point=glyph.point,
            )
            raise RepertoireError(what, where=glyph.where, next=tr(OTHER_FILE))


# Keeping releases.


def _folder() -> Path:
    return user_data_dir() / "gj"


def _list_of(glyphs: Sequence[Glyph]) -> bytes:
    """The list that is kept of a release."""
    lines = ["\t".join(COLUMNS)]
    for glyph in sorted(glyphs, key=lambda glyph: glyph.name):
        row = dict.fromkeys(COLUMNS, "") | glyph.columns
        row |= {"name": glyph.name, "default": "0"}
        if glyph.point is not None:
            row |= {"ucs": f"{glyph.point:04X}", "default": "1"}
        lines.append("\t".join(row[column] for column in COLUMNS))
    return ("\n".join(lines) + "\n").encode("utf-8")


def _store(read: GjRead) -> Path:
    """Writes the list, then its description, then the pointer: an interruption leaves the old one in use."""
    release = read.sha256[:12]
    target = _folder() / f"{release}.tsv"
    about = {
        "release": release,
        "source": "".join(ch if ch.isprintable() else "?" for ch in read.path.name),
        "sha256": read.sha256,
        "count": read.count,
        "imported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "list_sha256": hashlib.sha256(read.data).hexdigest(),
    }
    written = (target, target.with_suffix(".toml"), _folder() / "current")
    keep_apart([Place("list of the release", path) for path in written], [Place("font or list", read.path)])
    _write(target, read.data.decode("utf-8"))
    toml = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in about.items())
    _write(target.with_suffix(".toml"), toml)
    _write(_folder() / "current", release + "\n")
    return target


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all: temporary file beside it, flushed to disk, renamed."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        import tempfile  # not for those who only read

        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)
        reason = error.strerror or type(error).__name__
        raise RepertoireError(
            fault("E0348", "cannot write the GJ list: {reason}", reason=reason),
            where=str(path),
            next=tr("set GAIJI_HOME to a writable folder"),
        ) from error


def _current_id() -> str:
    """The id in ``current``, "" when nothing was imported."""
    path = _folder() / "current"
    try:
        release = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, error) from error
    if not _RELEASE.fullmatch(release):
        raise _damaged(path, ValueError("it names no release"))
    return release


def _release(release: str, current: str) -> GjRelease:
    path = _folder() / f"{release}.tsv"
    about = path.with_suffix(".toml")
    try:
        values = parse_toml(about.read_bytes())
        names = {one.name for one in fields(GjRelease)} - {"path", "current"}
        kept = {name: values[name] for name in names}
        return GjRelease(path=path, current=release == current, **kept)
    except (OSError, ValueError, KeyError) as error:
        raise _damaged(about, error) from error


def _damaged(path: Path, error: Exception) -> RepertoireError:
    from gaiji.standard.gj_files import one_line

    reason = getattr(error, "strerror", None) or one_line(error)
    return RepertoireError(
        fault("E0349", "the kept GJ list is damaged: {reason}", reason=reason),
        where=str(path),
        next=tr(
            "import the font or list again (gaiji repertoire import-gj FONT_OR_LIST), or delete this file"
        ),
    )
