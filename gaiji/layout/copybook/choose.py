"""Which item is meant: of the definitions of an area the one that is read, for a table its counter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gaiji.errors import LayoutError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.entries import Item


def choose(root: Item, chosen: Mapping[str, str], path: str) -> None:
    """Check every REDEFINES and keep the names of the one definition of each area that is read."""
    used: set[str] = set()
    records = [item for item in root.children if item.level == 1 and not item.redefines]
    if records and (stray := next((item for item in root.children if item.level > 1), None)):
        raise stray.error(
            fault("E0119", "level {level} stands before the record", level=stray.level),
            tr("put it below a level 01"),
        )
    _choose_record(root, records, chosen, used)
    for parent in walk(root):
        for family in families(parent):
            _choose_one(family, chosen, used)
    unknown = sorted(set(chosen) - used)
    if unknown:
        areas = sorted({f[0].name for p in walk(root) for f in families(p) if len(f) > 1 and f[0].name})
        every = f"redefined here: {', '.join(areas[:20])}" if areas else "nothing is redefined here"
        raise LayoutError(
            fault("E0120", "redefines names {unknown!r}, which no item redefines", unknown=unknown[0][:40]),
            path=path,
            next=nearest(unknown[0], areas, every),
        )


def selected(root: Item, name: str, path: str) -> dict[str, str]:
    """The choices that keep one item by its name: an 01 level, or one definition of a redefined area, and
    those of the areas that it lies in. LayoutError when no item, or several, are called that."""
    records = [item for item in root.children if item.level == 1]
    inside = [
        item for parent in walk(root) for family in families(parent) if len(family) > 1 for item in family
    ]
    every = {id(item): item for item in (*records, *inside) if item.name}
    found = [item for item in every.values() if item.name.upper() == name.upper()]
    if len(found) != 1:
        names = sorted({item.name for item in every.values()})
        raise LayoutError(
            fault("E0425", "{name!r} is not one record, or one definition of an area, here", name=name[:40]),
            path=path,
            next=nearest(name, names),
        )
    chosen: dict[str, str] = {}
    at: Item | None = found[0]
    while at is not None and at is not root:
        parent = at.parent or root
        family = next(family for family in families(parent) if any(one is at for one in family))
        if parent is root and len(records) > 1:
            chosen[records[0].name.upper()] = at.name.upper()
        elif len(family) > 1:
            chosen[family[0].name.upper()] = at.name.upper()
        at = parent
    return chosen


def _choose_record(root: Item, records: list[Item], chosen: Mapping[str, str], used: set[str]) -> None:
    """Several 01 levels describe the same bytes; which one is read must be said."""
    if len(records) < 2:
        return
    first = records[0].name.upper()
    names = [item.name for item in records]
    used.add(first)
    if first not in chosen:
        raise LayoutError(
            fault("E0121", "has {count} records ({names})", count=len(records), names=", ".join(names[:8])),
            path=root.path,
            line=records[1].line,
            next=tr('keep one, or choose: redefines = {{ "{names}" = "{names}" }}', names=names[0]),
        )
    kept = next((item for item in records if item.name.upper() == chosen[first]), None)
    if kept is None:
        raise records[0].error(
            fault("E0122", "{chosen!r} is not a record here", chosen=chosen[first][:40]),
            tr("use one of: {names}", names=", ".join(names)),
        )
    alias = {kept.name.upper()}  # an 01 that redefines the one kept stays with it
    root.children = [
        item for item in root.children if item is kept or (item.redefines and item.redefines.upper() in alias)
    ]


def families(parent: Item) -> list[list[Item]]:
    """The children of an item, each with those that redefine it (the first is the area itself)."""
    families: list[list[Item]] = []
    names: set[str] = set()
    for item in parent.children:
        if not item.redefines:
            families.append([])
            names = set()
        elif item.redefines.upper() not in names:
            raise item.error(
                fault(
                    "E0123",
                    "REDEFINES {redefines}, which is not the item before it",
                    redefines=item.redefines[:40],
                ),
                tr("it can redefine {names}", names=tr(" or ").join(sorted(names)[:8]))
                if names
                else tr("remove the clause"),
            )
        families[-1].append(item)
        names.add(item.name.upper())
    return families


def _choose_one(family: list[Item], chosen: Mapping[str, str], used: set[str]) -> None:
    """Silence all definitions of an area but the one that is read."""
    if len(family) < 2:
        return
    wanted = next((chosen[i.name.upper()] for i in family if i.name and i.name.upper() in chosen), None)
    used.update(i.name.upper() for i in family if i.name)
    names = [item.name.upper() or "FILLER" for item in family]
    if wanted is None:
        keep = 0
    elif names.count(wanted) == 1:
        keep = names.index(wanted)
    else:
        raise family[0].error(
            fault("E0124", "{wanted!r} does not name one definition of it", wanted=wanted[:40]),
            tr("use one of: {family}", family=", ".join(item.name for item in family if item.name)),
        )
    for number, item in enumerate(family):
        if number != keep:
            _silence(item)


def _silence(item: Item) -> None:
    """Keep the bytes of an item and its parts, drop the names: they are FILLER now."""
    for part in walk(item):
        part.named_leaves = -1
        part.silent = True


def walk(item: Item) -> Iterator[Item]:
    """An item and everything below it (levels go to 49, so the depth is bounded)."""
    yield item
    for child in item.children:
        yield from walk(child)


def counter_of(root: Item, item: Item) -> Item:
    """The item that a table depends on: that of its name, in the groups named, nearest before it."""
    name, *groups = item.depending
    before = []
    for one in walk(root):
        if one is item:
            break
        if one.name.upper() == name and _inside(one, groups):
            before.append(one)
    if not before:
        raise item.error(
            fault("E0420", "DEPENDING ON {name}, which does not stand before it in the record", name=name),
            tr('put the counter into the copybook, or set depending = "max" where tables have full size'),
        )
    return before[-1]


def _inside(item: Item, groups: Sequence[str]) -> bool:
    wanted = list(groups)
    at = item.parent
    while at is not None and wanted:
        if at.name.upper() == wanted[0]:
            wanted.pop(0)
        at = at.parent
    return not wanted
