"""The fields of a measured copybook: their names, occurrences and roles; and its FILLER."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

from gaiji.errors import LayoutError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.choose import counter_of
from gaiji.layout.copybook.entries import Item
from gaiji.layout.roles import find_role
from gaiji.model import Field
from gaiji.model.plain import dataclass


@dataclass(frozen=True)
class Table:
    """A table that lies in no other: its name, the field that counts its occurrences ("": none does, because
    ``varies`` is false and all of them are always there, or because it lies in a definition of an area that
    is not read), and the numbers of the fields of each occurrence, in the same order in all."""

    name: str
    counter: str
    occurrences: tuple[tuple[int, ...], ...]
    varies: bool = False


def tables(root: Item, made: Sequence[Field]) -> tuple[Table, ...]:
    """The tables of a measured record that lie in no other and have named fields; ``made``: its fields."""
    order = sorted(range(len(made)), key=lambda number: made[number].offset)
    offsets = [made[number].offset for number in order]
    found = []
    for item, shift in _tables(root, 0):
        edges = [item.start + shift + n * item.size for n in range(item.occurs + 1)]
        cuts = [bisect_left(offsets, edge) for edge in edges]
        inside = tuple(tuple(sorted(order[a:b])) for a, b in pairwise(cuts))
        found.append(Table(_lower(item.name), _counter(root, item, made), inside, bool(item.depending)))
    return tuple(found)


def _counter(root: Item, item: Item, made: Sequence[Field]) -> str:
    """The name of the field that a table depends on; "" where it has none."""
    if not item.depending:
        return ""
    counter = counter_of(root, item)
    return next((spec.name for spec in made if _is(spec, counter)), "")


def _is(spec: Field, item: Item) -> bool:
    """Whether a field is that item: at its place, of its size and name."""
    leaf = item.leaf
    same = leaf is not None and (spec.offset, spec.length, spec.type) == (item.start, leaf.size, leaf.type)
    return same and spec.name.rpartition(".")[2] == _lower(item.name)


def _tables(item: Item, shift: int) -> Iterator[tuple[Item, int]]:
    """The outermost tables with a name and named fields."""
    for child in item.children:
        if not child.named_leaves:
            continue
        if child.occurs > 1 or child.depending:
            if child.name:
                yield child, shift
        else:
            yield from _tables(child, shift)


def fields(root: Item, roles: Mapping[str, str], path: str) -> tuple[Field, ...]:
    """The named elementary items in record order, every occurrence one field."""
    found = list(_expand(root, 0, (), ""))
    made, used = [], set[str]()
    for (_, _, offset, item), name in zip(found, _unique_names(found), strict=True):
        leaf = item.leaf
        assert leaf is not None  # _expand yields elementary items only
        made.append(
            Field(
                name,
                offset,
                leaf.size,
                leaf.type,
                _role(name, item, roles, used),
                -1,
                leaf.scale,
                leaf.signed,
                leaf.digits,
                item.line,
                leaf.sign,
                charset=leaf.charset,
                national=leaf.national,
            )
        )
    if unused := [pattern for pattern in roles if pattern not in used]:
        raise LayoutError(
            fault("E0142", "roles names {unused!r}, which fits no field", unused=unused[0][:40]),
            path=path,
            next=nearest(unused[0], [f.name for f in made], "give a field name, or a pattern like *-simei"),
        )
    return tuple(made)


def fillers(root: Item) -> tuple[tuple[int, int], ...]:
    """(offset, length) of every FILLER and item without a name. A definition of an area that is not read is
    none: what it has beyond the one that is read, nobody has declared to be empty."""
    return tuple(_unnamed(root))


def _unnamed(item: Item) -> list[tuple[int, int]]:
    """Those of an item with all its occurrences; neighbours are one."""
    if item.silent:
        return []
    if not item.named_leaves:
        return [(item.start, item.size * item.occurs)] if item.size else []
    once: list[tuple[int, int]] = []
    for child in item.children:
        for offset, length in _unnamed(child):
            if once and sum(once[-1]) == offset:
                once[-1] = (once[-1][0], once[-1][1] + length)
            else:
                once.append((offset, length))
    return [(offset + number * item.size, length) for number in range(item.occurs) for offset, length in once]


def _expand(
    item: Item, shift: int, groups: tuple[str, ...], occurrence: str
) -> Iterator[tuple[tuple[str, ...], str, int, Item]]:
    """(groups, name with occurrence numbers, offset, item) of every named elementary item."""
    if not item.named_leaves:
        return
    for number in range(item.occurs):
        at = shift + number * item.size
        suffix = f"{occurrence}-{number + 1}" if item.occurs > 1 else occurrence
        if item.leaf:
            yield groups, _lower(item.name) + suffix, item.start + at, item
        inside = (*groups, _lower(item.name)) if item.name else groups
        for child in item.children:
            yield from _expand(child, at, inside, suffix)


def _unique_names(found: list[tuple[tuple[str, ...], str, int, Item]]) -> list[str]:
    """The names, those that clash with as many of their groups before them as tell them apart."""
    names = [name for _, name, _, _ in found]
    for depth in range(1, 50):
        counts = Counter(names)
        if len(counts) == len(names):
            return names
        for at, (groups, name, _, _) in enumerate(found):
            if counts[names[at]] > 1:
                names[at] = ".".join((*groups[-depth:], name))
    twice = next(at for at, name in enumerate(names) if Counter(names)[name] > 1)
    raise found[twice][3].error(
        fault("E0143", "has the name of another item of its group"), tr("rename one of the two")
    )


def _role(name: str, item: Item, roles: Mapping[str, str], used: set[str]) -> str:
    """The role of a field: the caller's patterns, then the rules for its name, then for its groups' names."""
    plain = _lower(item.name)
    for pattern, role in roles.items():
        if fnmatchcase(name, _lower(pattern)) or fnmatchcase(plain, _lower(pattern)):
            used.add(pattern)
            return role
    if item.leaf is None or item.leaf.type not in ("mixed", "dbcs", "sbcs"):
        return "other"
    at: Item | None = item
    while at is not None and (at is item or at.level > 1):  # a record's own name says nothing of its fields
        role_here = find_role(at.name) if at.name else None
        if role_here is not None and (at is item or role_here != "other"):
            return role_here
        at = at.parent
    return "other"


def _lower(name: str) -> str:
    """COBOL compares Latin letters without case; Japanese names stay as they are."""
    return "".join(char.lower() if char.isascii() else char for char in name)
