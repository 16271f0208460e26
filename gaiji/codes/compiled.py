"""Compiled programs as bytes, kept on disk between two starts, and what else is kept of a charset.

Owns the form of a program that is kept (of rows: ``gaiji.codes.rows``), and the identity of a charset: a
digest of every file that its programs follow from, the code that compiles them included. Where and how safely
they are kept is ``gaiji.disk.kept``; the plain files stay the truth: what ``verify`` compares texts with is
compiled from them in each process.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.layers import Entries
from gaiji.codes.program import Compiled, K, Recipe, Rules, Watched, Wide, Writes
from gaiji.codes.rows import KeptRows, frozen
from gaiji.codes.spec import Spec
from gaiji.codes.tables import Table
from gaiji.disk.datafiles import mappings_dir, user_cache_dir
from gaiji.disk.kept import keep, kept, key_of
from gaiji.standard.forms import form_digest
from gaiji.standard.repertoire import Repertoire

_UNICODE = ("codepoints", "registered", "sequences")
"""Lists of the repertoire folder that only the programs of Unicode charsets follow from."""
_SHAPES = "windows/cp932*.tsv"


class Kept:
    """What is kept of one charset: its programs, and that it was loaded without fault."""

    def __init__(
        self,
        spec: Spec,
        tables: Sequence[Table],
        sites: Sequence[Table],
        options: Mapping[str, str],
        repertoire: Repertoire,
        *,
        unicode: bool,
    ) -> None:
        said = [f"{name}={value}" for name, value in sorted(options.items())]
        files = [f"{table.id} {table.sha256}" for table in (*tables, *sites)]
        more = _unicode_lists() if unicode else ""
        parts = (spec.sha256, *said, "|", *files, repertoire.identity, more)
        self.identity = key_of(_code(), *parts)
        self._tables, self._shipped = (*tables, *sites), len(tables)

    @property
    def sound(self) -> bool:
        """Whether the charset was loaded before without fault, of the same files."""
        return kept(key_of(self.identity, "sound")) is not None

    @cached_property
    def rows(self) -> KeptRows | None:
        """The rows that decide the charset's codes, as they were kept."""
        data = kept(key_of(self.identity, "rows"))
        return KeptRows(data, self._tables, self._shipped) if data is not None else None

    def noted(self, entries: Entries) -> Entries:
        """Note that it was, and keep the rows that decide its codes; returns them."""
        if user_cache_dir() is not None and self.rows is None:
            keep(key_of(self.identity, "rows"), frozen(entries, self._tables, self._shipped))
        keep(key_of(self.identity, "sound"), b"")
        return entries

    def read(self, recipe: Recipe, rules: Rules, form: str, writes: Writes) -> Compiled | None:
        """A program that was kept."""
        data = kept(self._key(recipe, rules, form, writes))
        return _thawed(data, recipe, writes) if data is not None else None

    def keep(self, compiled: Compiled, rules: Rules, form: str) -> None:
        """Keep a program."""
        keep(self._key(compiled.recipe, rules, form, compiled.writes), _frozen(compiled))

    def _key(self, recipe: Recipe, rules: Rules, form: str, writes: Writes) -> str:
        asked = f"{int(rules.names)} {int(rules.controls)} {rules.grades.name}"
        how = f"{form} {form_digest(form)} {writes.name} {recipe.kind.name} {int(recipe.kind.little)}"
        return key_of(self.identity, asked, "".join(sorted(rules.marks)), how)


@lru_cache(maxsize=1)
def _code() -> str:
    """A digest of the code that compiles programs, of the kernel's numbers and of this machine's."""
    root = Path(__file__).parents[1]
    sources = [path for name in ("codes", "standard") for path in sorted((root / name).glob("*.py"))]
    numbers = json.dumps(K, sort_keys=True)
    machine = f"{sys.byteorder} {array('I').itemsize}"
    return key_of(
        __version__,
        numbers,
        machine,
        *(path.read_bytes() for path in (*sources, root / "model" / "__init__.py")),
    )


@lru_cache(maxsize=1)
def _unicode_lists() -> str:
    """A digest of the lists that only programs of Unicode charsets follow from, and of the tables whose
    glyphs a plain character may mean there."""
    folder = mappings_dir()
    lists = [folder / "repertoire" / f"{name}.tsv" for name in _UNICODE]
    return key_of(*(path.read_bytes() for path in (*lists, *sorted((folder / "tables").glob(_SHAPES)))))


# -- as bytes -----------------------------------------------------------------------------------------


def _frozen(one: Compiled) -> bytes:
    """A program as bytes: how long each part is, then the parts. One of nothing but zeros is only its
    length."""
    parts = [*one.single, *one.double, *one.triple, one.lead, one.trail, bytes(one.padded)]
    parts += [_numbers(list(accumulate(map(len, one.longs), initial=0))), b"".join(one.longs)]
    watched = [(each.plane, each.slot, each.text, each.grade) for each in one.watched]
    parts.append(json.dumps(watched).encode() if watched else b"")
    if one.unicode:
        wide = one.unicode
        parts += [wide.pages.tobytes(), wide.keys.tobytes(), *wide.sequence, wide.named]
    empty = [bool(part) and part.count(0) == len(part) for part in parts]
    sizes = _numbers([-len(part) if zero else len(part) for part, zero in zip(parts, empty, strict=True)])
    whole = [part for part, zero in zip(parts, empty, strict=True) if not zero]
    return b"".join([_numbers([len(parts)]), sizes, *whole])


def _thawed(data: bytes, recipe: Recipe, writes: Writes) -> Compiled:
    parts = list(_parts(data))
    single, double, triple = ((parts[at], parts[at + 1], parts[at + 2]) for at in (0, 3, 6))
    lead, trail, padded, offsets, longs, watched = parts[9:15]
    edges = array("q", offsets)
    wide = None
    if len(parts) > 15:
        pages, keys, *sequence, named = parts[15:]
        wide = Wide(array("I", pages), array("I", keys), (sequence[0], sequence[1], sequence[2]), named)
    return Compiled(
        recipe,
        writes,
        single,
        double,
        triple,
        lead,
        trail,
        tuple(longs[a:b] for a, b in pairwise(edges)),
        tuple(padded),
        tuple(Watched(*each) for each in json.loads(watched)) if watched else (),
        wide,
    )


def _parts(data: bytes) -> Iterator[bytes]:
    many = array("q", data[:8])[0]
    at = 8 + 8 * many
    for size in array("q", data[8:at]):
        yield data[at : at + size] if size > 0 else bytes(-size)
        at += max(size, 0)


def _numbers(values: Sequence[int]) -> Any:
    return array("q", values).tobytes()
