"""How characters are related: MJ縮退マップ, 異体字 lists, and the parts that a character is made of (IDS).

Owns the meaning of ``mappings/repertoire/{shrink,variants,ids}*.tsv`` at run time. Relations propose; none of
them says that two glyphs are the same. Ranking for clerks is in ``gaiji.review.evidence.candidates``, search
by parts in ``gaiji.review.evidence.parts``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import RepertoireError
from gaiji.errors.messages import fault, tr
from gaiji.standard.editions import SHRINK, Edition, current_edition
from gaiji.standard.lists import toml_version
from gaiji.standard.repertoire import load_repertoire

OWN_MAP = "shrink-1.2.0.tsv"
KINDS = {
    "koseki": "戸籍の異体字",
    "joyo": "常用漢字表の旧字体",
    "jinmei": "人名用漢字の異体字",
    "hyogai": "表外漢字の簡易慣用字体",
    "old": "旧字体",
}
SHRINK_KIND = "縮退"


def related(name: str) -> list[tuple[str, str]]:
    """(character, relation in Japanese) for a glyph: what the MJ縮退マップ and the 異体字 lists join it to.

    Both directions and through one character between: 辺, 邊 and 邉 are joined by 邊. Best known relations
    first.
    """
    glyph = load_repertoire()[name]
    out: dict[str, str] = {}
    shrink = _shrink(current_edition(SHRINK))
    for character in shrink.get(glyph.name, ()):
        out.setdefault(character, SHRINK_KIND)
    graph = _graph()
    seeds = [c for c in (glyph.base, *out) if c]
    for seed in seeds:
        for other, kind in graph.get(seed, {}).items():
            out.setdefault(other, KINDS[kind])
    for middle in list(out):
        for other, kind in graph.get(middle, {}).items():
            out.setdefault(other, KINDS[kind])
    out.pop(glyph.base, None)
    return list(out.items())


def direct(one: str, other: str) -> str:
    """What joins two characters in the 異体字 lists themselves: a key of KINDS, "" for nothing."""
    return _graph().get(one, {}).get(other, "")


def read_links(edition: Edition | None) -> Iterator[list[str]]:
    """The rows of the MJ縮退マップ: of the edition that a user took, else (None) of the toolkit's own."""
    data = _read(OWN_MAP) if edition is None else edition.read()
    return (line.split("\t") for line in data.decode("utf-8").splitlines()[1:])


def links_of(name: str, edition: Edition | None) -> list[list[str]]:
    """Its rows of one glyph, without reading the others."""
    data, needle, found = _map(edition), f"\n{name}\t".encode(), list[list[str]]()
    at = data.find(needle)
    while at >= 0:
        end = data.find(b"\n", at + 1) % (len(data) + 1)
        found.append(data[at + 1 : end].decode("utf-8").split("\t"))
        at = data.find(needle, end)
    return found


@lru_cache(maxsize=2)
def _map(edition: Edition | None) -> bytes:
    return _read(OWN_MAP) if edition is None else edition.read()


def map_name(edition: Edition | None) -> str:
    """The map as a manifest names it: ``1.2.0``, with the release of one that a user took."""
    return edition.name if edition else toml_version(mappings_dir() / "repertoire" / "shrink-1.2.0.toml")


@lru_cache(maxsize=2)
def _shrink(edition: Edition | None) -> dict[str, list[str]]:
    """Glyph name → the characters that the map leads it to, in the order of the file."""
    out: dict[str, list[str]] = defaultdict(list)
    for name, ucs, *_ in read_links(edition):
        character = _text(ucs)
        if character not in out[name]:
            out[name].append(character)
    return dict(out)


@lru_cache(maxsize=1)
def _graph() -> dict[str, dict[str, str]]:
    """Character (without selector) → related characters, both directions."""
    out: dict[str, dict[str, str]] = defaultdict(dict)
    for ucs, other, kind in read_rows("variants.tsv"):
        a, b = _text(ucs)[0], _text(other)[0]
        if a != b:
            out[a].setdefault(b, kind)
            out[b].setdefault(a, kind)
    return dict(out)


@lru_cache(maxsize=1)
def load_ids() -> dict[str, tuple[str, ...]]:
    """Character → its IDS, the Japanese shape first."""
    found: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for ucs, sources, ids in read_rows("ids.tsv"):
        found[_text(ucs)].append(("J" not in sources, ids))
    return {
        c: tuple(dict.fromkeys(ids for _, ids in sorted(rows, key=lambda r: r[0])))
        for c, rows in found.items()
    }


def read_rows(name: str) -> Iterator[list[str]]:
    """The rows of a file of the repertoire folder, without its header; RepertoireError when it is missing."""
    lines = _read(name).decode("utf-8").splitlines()
    return (line.split("\t") for line in lines[1:])


def _read(name: str) -> bytes:
    path = Path(mappings_dir() / "repertoire" / name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise RepertoireError(
            fault("E0284", "cannot be read: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("install gaiji again"),
        ) from error


def _text(ucs: str) -> str:
    return "".join(chr(int(code, 16)) for code in ucs.split())
