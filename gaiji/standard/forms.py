"""Output forms beside the standard's own: sequences of Adobe-Japan1, and a town's private use characters.

Owns which text a glyph has in such a form, and the file of private use characters (docs/forms.md). A glyph
that the form cannot show has none: its plain base would print another glyph there.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.files import read_whole
from gaiji.errors import TableError
from gaiji.errors.messages import Fault, fault, tr
from gaiji.model.pattern import Pattern
from gaiji.standard.codepoints import adopted, registered
from gaiji.standard.repertoire import Repertoire

ADOBE, PRIVATE = "adobe-japan1", "pua:"
"""The form of Adobe-Japan1; what a form of private use begins with, before the path of its file."""
LISTS = ("sequences.tsv", "registered.tsv")
MAX_BYTES = 16 << 20
_POINT = Pattern(r"(?:U\+)?([0-9A-Fa-f]{4,6})")


def is_special(form: str) -> bool:
    """Whether a form is one of these."""
    return form == ADOBE or form.startswith(PRIVATE)


def form_file(form: str) -> Path | None:
    """The file that a form is read from, None where there is none."""
    return Path(form.removeprefix(PRIVATE)) if form.startswith(PRIVATE) else None


def form_digest(form: str) -> str:
    """The SHA-256 of what a form is made of beside the glyph lists, "" for the standard's own."""
    path = form_file(form)
    if path is not None:
        return hashlib.sha256(_raw(path)).hexdigest()
    if form != ADOBE:
        return ""
    lists = [(mappings_dir() / "repertoire" / name).read_bytes() for name in LISTS]
    return hashlib.sha256(b"".join(lists)).hexdigest()


def texts_in(repertoire: Repertoire, form: str) -> Mapping[str, str]:
    """Name → text in a form for every glyph, "" where the form has none; do not change it.

    ``form``: one of the repertoire's, ``adobe-japan1``, or ``pua:`` and the path of a town's file. GaijiError
    and TableError for a file that cannot be used.
    """
    if form == ADOBE:
        return _adobe(repertoire)
    path = form_file(form)
    return repertoire.forms(form) if path is None else _private(repertoire, path)


@lru_cache(maxsize=4)
def _adobe(repertoire: Repertoire) -> Mapping[str, str]:
    """A glyph's sequence of Adobe-Japan1; its plain base where that alone means it and Adobe-Japan1 has no
    sequence of the character at all. Of several sequences of one glyph the one with the most evidence is
    taken, then the first."""
    best: dict[str, tuple[int, str]] = {}
    known = {one.text[0] for one in registered() if one.collection == "Adobe-Japan1"}
    for one in adopted():
        if one.collection == "Adobe-Japan1":
            known.add(one.text[0])
            rank = (-len(one.evidence), one.text)
            best[one.glyph] = min(best.get(one.glyph, rank), rank)
    own = {name: text for name, (_, text) in best.items()}
    plain = repertoire.forms("needed")
    return {
        name: own.get(name) or (text if len(text) == 1 and text not in known else "")
        for name, text in plain.items()
    }


def _private(repertoire: Repertoire, path: Path) -> Mapping[str, str]:
    """What the file gives a glyph; else its plain base where that alone means it."""
    plain = repertoire.forms("needed")
    given = private_characters(repertoire, path)
    return {name: given.get(name) or (text if len(text) == 1 else "") for name, text in plain.items()}


def private_characters(repertoire: Repertoire, path: Path) -> Mapping[str, str]:
    """Glyph name → private use character of a town's file (``read_private``)."""
    return read_private(path, set(repertoire.forms("needed")), set(repertoire.forms("never").values()))


def read_private(path: Path, names: set[str], taken: set[str]) -> Mapping[str, str]:
    """Glyph name → private use character of a file with the columns ``glyph`` and ``ucs``, tab-separated.

    ``names``: the glyphs there are; ``taken``: characters that are the standard's (GJ's, on plane 16).
    TableError for a file that cannot be used, or that gives a glyph or a character twice."""
    try:
        lines = _raw(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise _wrong(path, 0, fault("E0664", "is not UTF-8"), tr("save it as UTF-8")) from error
    head = [cell.strip() for cell in lines[0].split("\t")] if lines else []
    if not {"glyph", "ucs"} <= set(head):
        what = fault("E0665", "has no columns glyph and ucs")
        raise _wrong(path, 1, what, tr("begin it with a line glyph, tab, ucs"))
    out: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = dict(zip(head, map(str.strip, line.split("\t")), strict=False))
        if not any(cells.values()):
            continue
        name, point = cells.get("glyph", "").upper(), _point(cells.get("ucs", ""))
        if name not in names:
            what = fault("E0666", "no glyph is named {name!r}", name=name[:40])
            raise _wrong(path, number, what, tr("write an MJ or GJ name"))
        if not point or point in taken:
            what = fault("E0667", "{ucs!r} is no free private use character", ucs=cells.get("ucs", "")[:20])
            raise _wrong(path, number, what, tr("write E000 to F8FF or F0000 to FFFFD"))
        if name in out or point in out.values():
            what = fault("E0668", "gives {name} or U+{ucs} a second time", name=name, ucs=f"{ord(point):04X}")
            raise _wrong(path, number, what, tr("leave one of the two rows"))
        out[name] = point
    return out


def _point(cell: str) -> str:
    match = _POINT.fullmatch(cell)
    value = int(match[1], 16) if match else 0
    return chr(value) if value <= 0x10FFFF and unicodedata.category(chr(value)) == "Co" else ""


def _raw(path: Path) -> bytes:
    return read_whole(path, MAX_BYTES, fault("E0669", "is too big to be a table of private use characters"))


def _wrong(path: Path, line: int, what: Fault, advice: str) -> TableError:
    return TableError(what, path=path, line=line, next=advice)
