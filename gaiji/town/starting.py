"""A project file to begin with: what lies in a folder of dumps, with empty keys and guesses beside them.

Owns which files are dumps, which of them are of one kind, and the text. The guesses are
``gaiji.town.guess``'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby, takewhile
from pathlib import Path, PurePath

from gaiji.disk.files import AtomicFile
from gaiji.disk.packing import unpacked_name
from gaiji.errors import UsageError
from gaiji.errors.messages import fault, tr
from gaiji.run.manifest import manifest_path
from gaiji.town.guess import LAYOUTS, Described, Guess, describe, guess

NO_DUMPS = {*LAYOUTS, ".tsv", ".md", ".html", ".json", ".sqlite", ".xlsx", ".pdf", ".py"}
PICTURES = {".png", ".bmp", ".ttf", ".tte", ".ttc", ".otf", ".bdf", ".pcf", ".fnt"}


@dataclass(frozen=True, slots=True)
class Found:
    """A dump, or several of one kind: its path or pattern, what it looks like, how many files it means."""

    system: str
    path: PurePath
    guess: Guess
    files: int = 1


def write_start(folder: str | Path, project: str | Path) -> list[Found]:
    """Write a project file for the dumps in a folder; what was found. UsageError where nothing is there, or
    the project file is already."""
    folder, project = Path(folder), Path(project)
    if not folder.is_dir():
        raise UsageError(
            fault("E0765", "is no folder"), where=str(folder), next=tr("give the folder with the dumps")
        )
    if project.exists():
        raise UsageError(
            fault("E0017", "is there already"), where=str(project), next=tr("give another name with --job")
        )
    found = list(find(folder, project))
    if not found:
        raise UsageError(
            fault("E0766", "holds no dump"), where=str(folder), next=tr("give the folder with the dumps")
        )
    file = AtomicFile(project)
    try:
        file.write(_text(found, project).encode())
        file.commit()
    finally:
        file.discard()
    return found


def find(folder: Path, project: Path) -> Iterator[Found]:
    """The dumps in a folder and below it, those of one kind together, as they are seen from the project
    file."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _hidden(path, folder)]
    layouts = [found for path in files if path.suffix.lower() in LAYOUTS and (found := describe(path))]
    base = project.absolute().parent
    seen = [Described(_from(one.path, base), one.length) for one in layouts]
    dumps = [path for path in files if _plain(path) not in NO_DUMPS | PICTURES and not _ours(path)]
    named = sorted(((_system(path, folder), path) for path in dumps), key=lambda one: (one[0], one[1]))
    for system, some in groupby(named, key=lambda one: one[0]):
        singles = [Found(system, _from(path, base), guess(path, seen)) for _, path in some]
        yield from _together(singles, base)


def _plain(path: Path) -> str:
    return unpacked_name(path).suffix.lower()


def _ours(path: Path) -> bool:
    """Whether a file is what a conversion made."""
    return manifest_path(path).exists()


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _from(path: Path, base: Path) -> Path:
    return Path(os.path.relpath(path.absolute(), base))


def _system(path: Path, folder: Path) -> str:
    """The folder below the dumps' in which a file lies, else the letters that its name begins with."""
    parts = path.relative_to(folder).parts
    if len(parts) > 1:
        return parts[0]
    stem = unpacked_name(path).stem
    letters = next((at for at, char in enumerate(stem) if not char.isalpha()), len(stem))
    return stem[:letters] or stem


def _together(files: Sequence[Found], base: Path) -> Iterator[Found]:
    """Files that look alike and begin alike as one pattern, where the pattern means them alone."""
    kinds: dict[tuple[object, ...], list[Found]] = {}
    for one in files:
        kind = (one.path.parent, one.path.suffix, replace(one.guess, why="", share=0.0))
        kinds.setdefault(kind, []).append(one)
    for some in kinds.values():
        stem = _beginning([one.path.name for one in some])
        pattern = some[0].path.with_name(f"{stem}*{some[0].path.suffix}") if stem else None
        meant = [one for one in files if pattern and fnmatch(str(one.path), str(pattern))]
        if len(some) > 1 and pattern and meant == some:
            yield replace(some[0], path=pattern, files=len(some))
        else:
            yield from some


def _beginning(names: Sequence[str]) -> str:
    """What names begin with in common."""
    same = takewhile(lambda chars: len(set(chars)) == 1, zip(*names, strict=False))
    return "".join(chars[0] for chars in same)


# -- the text ------------------------------------------------------------------------------------------


def _text(found: Sequence[Found], project: Path) -> str:
    lines = [
        "# "
        + tr("The project file of a town. Answer what is empty, then: gaiji run {name}", name=project.name),
        "# " + tr("What stands behind guess: is what the dumps look like; it decides nothing."),
        "",
        "[town]",
        *_key("name", tr("the municipality")),
        '# code = ""',
        '# folder = "migration"',
        "",
        "# [identity]",
        '# key = "宛名番号"',
        "# match = true          # " + tr("where systems have no number in common"),
    ]
    for system, some in groupby(found, key=lambda one: one.system):
        files = list(some)
        charsets = {one.guess.charsets for one in files}
        shared = len(charsets) == 1
        lines += ["", "[[system]]", f"name = {_quoted(system)}", '# maker = ""']
        lines += _key("charset", _charset(files[0].guess)) if shared else []
        lines += ["# tables = []", '# pictures = ""']
        for one in files:
            lines += _file(one, shared)
    return "\n".join(lines) + "\n"


def _file(one: Found, shared: bool) -> Iterator[str]:
    """The lines of one file."""
    more = tr(" ({count} files)", count=one.files) if one.files > 1 else ""
    yield from (
        "",
        "[[system.file]]",
        f"path = {_quoted(one.path.as_posix())}" + (f"  #{more}" if more else ""),
    )
    if not shared:
        yield from _key("charset", _charset(one.guess))
    yield from _key("format", tr("guess: {format}, for {why}", format=one.guess.format, why=one.guess.why))
    if one.guess.format != "csv":
        layouts = " | ".join(Path(name).as_posix() for name in one.guess.layouts[:3])
        yield from _key("layout", tr("guess: {layouts}", layouts=layouts) if layouts else tr("no guess"))
    yield '# key = ""'


def _charset(found: Guess) -> str:
    if not found.charsets:
        return tr("no guess: gaiji scan shows what a charset makes of a dump")
    names = " | ".join(found.charsets)
    return tr(
        "guess: {names}, in which {share:.0%} of the kanji are usual ones", names=names, share=found.share
    )


def _key(name: str, comment: str) -> list[str]:
    return [f'{name} = ""'.ljust(24) + f"# {comment}"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
