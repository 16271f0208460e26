"""Which characters hold a part: the index that a search by parts asks.

Owns the index over the IDS table, how it is made and kept for the next start, and the counting of parts in
one character. What a clerk may type is ``search``'s.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

import regex

from gaiji.disk.datafiles import mappings_dir
from gaiji.disk.kept import keep, kept, key_of
from gaiji.errors import RepertoireError
from gaiji.errors.messages import fault, tr

OPERATORS = frozenset(chr(c) for c in range(0x2FF0, 0x3000)) | {"〾", "㇯"}
SAME_PART = (
    ("辶", "辶⻌⻍⻎"),
    ("艹", "艹⺾⺿⻀䒑"),
    ("示", "示礻⺬⺭"),
    ("食", "食飠𩙿⻝⻞⻟"),
    ("阝", "阝⻖⻏"),
    ("氵", "氵⺡"),
    ("忄", "忄⺖"),
)
"""Parts that are typed in one form and stand in several."""
DEEPEST = 8
"""How deep parts of parts are looked into."""
KEPT = 500_000
"""Counts of a part in a character that are kept in memory."""
FORM = "2"
"""Changes when the index does."""
_PART = regex.compile(r"\{\d+\}|.")
_SAME = {form: first for first, forms in SAME_PART for form in forms}


class Holding:
    """The index: ``ids`` are a character's IDS, the Japanese shape first, joined by a tab; ``holders`` the
    characters in whose IDS a part stands itself."""

    def __init__(self, ids: Mapping[str, str], holders: Mapping[str, str]) -> None:
        self._ids = ids
        self._holders = holders
        self._sizes: dict[str, int] = {}
        self._times: dict[tuple[str, str], int] = {}

    def ids(self, character: str) -> tuple[str, ...]:
        """The IDS of a character, the Japanese shape first; none where the table has none."""
        found = self._ids.get(character, "")
        return tuple(found.split("\t")) if found else ()

    def characters(self) -> Iterable[str]:
        """Every character that has an IDS."""
        return self._ids.keys()

    def holding(self, part: str) -> set[str]:
        """The characters that hold a part at any depth, itself included."""
        found = {part, *(form for form, first in _SAME.items() if first == part)}
        edge = set(found)
        for _ in range(DEEPEST + 1):
            edge = {c for one in edge for c in self._holders.get(one, "")} - found
            if not edge:
                break
            found |= edge
            edge |= {first for one in edge if (first := _SAME.get(one)) is not None}
        return {c for c in found if c in self._ids}

    def times(self, character: str, part: str, depth: int = 0) -> int:
        """How often a part stands in a character, by the IDS that has it most often."""
        known = self._times.get((character, part))
        if known is not None:
            return known
        rows, most = self.ids(character), int(same(character) == part)
        if rows and rows[0] != character and depth <= DEEPEST:
            for row in rows:
                inside = (
                    int(same(one) == part) if one == character else self.times(one, part, depth + 1)
                    for one in parts_of(row)
                )
                most = max(most, sum(inside))
        if len(self._times) >= KEPT:
            self._times.clear()
        self._times[character, part] = most
        return most

    def size(self, character: str, depth: int = 0) -> int:
        """How many smallest parts a character has."""
        known = self._sizes.get(character)
        if known is not None:
            return known
        rows, size = self.ids(character), 1
        if rows and rows[0] != character and depth <= DEEPEST:
            size = max(
                sum(1 if one == character else self.size(one, depth + 1) for one in parts_of(row))
                for row in rows
            )
        self._sizes[character] = size
        return size


def same(part: str) -> str:
    """The form in which a part is typed."""
    return _SAME.get(part, part)


def parts_of(ids: str) -> list[str]:
    """The operands of an IDS; an unencoded part ``{67}`` counts as one."""
    if "{" in ids:
        return [part for part in _PART.findall(ids) if part not in OPERATORS]
    return [part for part in ids if part not in OPERATORS]


_making = threading.Lock()


def load_holding() -> Holding:
    """The index, kept in memory and for the next start; RepertoireError when the IDS table is missing."""
    with _making:  # who asks while it is made waits for it, and does not make it twice
        return _load()


@lru_cache(maxsize=1)
def _load() -> Holding:
    path = mappings_dir() / "repertoire" / "ids.tsv"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RepertoireError(
            fault("E0284", "cannot be read: {reason}", reason=error.strerror),
            where=str(path),
            next=tr("install gaiji again"),
        ) from error
    key = key_of("holding", FORM, data)
    stored = kept(key)
    if stored is not None:
        return Holding(*_read(stored))
    ids, holders = _made(data.decode("utf-8"))
    keep(key, "\0".join("\n".join(some) for one in (ids, holders) for some in (one, one.values())).encode())
    return Holding(ids, holders)


def _read(stored: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """The two columns of each index, lines of text: read in half the time of JSON's."""
    one, ids, part, holders = (column.split("\n") for column in stored.decode().split("\0"))
    return dict(zip(one, ids, strict=True)), dict(zip(part, holders, strict=True))


def _made(text: str) -> tuple[dict[str, str], dict[str, str]]:
    ids: dict[str, list[str]] = defaultdict(list)
    later: dict[str, list[str]] = defaultdict(list)
    holders: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines()[1:]:
        ucs, sources, row = line.split("\t")
        character = chr(int(ucs, 16))
        (ids if "J" in sources else later)[character].append(row)
        for part in parts_of(row) if "{" in row else row:
            holders[part].append(character)
    for part in OPERATORS & holders.keys():
        del holders[part]
    for form, first in _SAME.items():
        if form != first:
            holders[first] += holders.pop(form, [])
    for character, rows in later.items():
        ids[character] += rows
    return (
        {character: "\t".join(dict.fromkeys(rows)) for character, rows in ids.items()},
        {part: "".join(dict.fromkeys(some)) for part, some in holders.items()},
    )
