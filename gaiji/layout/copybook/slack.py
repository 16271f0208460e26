"""Slack bytes: what a compiler puts before binary items with SYNC so that they begin on a boundary.

Owns the boundaries that compilers use and where slack goes; sizes without it are ``measure``'s. Sources: IBM,
Enterprise COBOL for z/OS Language Reference, "SYNCHRONIZED clause"; the same boundaries in Fujitsu, COBOL2000
(BS2000/OSD) Reference Manual, "BINARY phrase"; by size: Micro Focus, Visual COBOL, "SYNCHRONIZED Clause"
(data size and boundary multiple). A record begins on a boundary of its own.
"""

from __future__ import annotations

from gaiji.errors.messages import fault, tr
from gaiji.layout.copybook.choose import families, walk
from gaiji.layout.copybook.entries import Item, Leaf

RULES = ("refuse", "none", "word", "size")
"""What the key ``sync`` of a job can say: no slack; halfwords and fullwords, as hosts have it; the item's own
size."""
DOUBLE_FLOAT = 8


def slacken(root: Item, rule: str) -> None:
    """Put the slack bytes of a rule into a measured tree, as FILLER. LayoutError where items have SYNC and
    nothing says what it does, or the rule cannot say where an item lies."""
    synced = [item for item in walk(root) if item.synced]
    if rule == "none" or not synced:
        return
    if rule == "refuse":
        raise synced[0].error(
            fault(
                "E0129", "SYNC on a binary item puts slack bytes before it, which differ between compilers"
            ),
            tr('say sync = "word" (hosts), "size" or "none" in [source]'),
        )
    for item in walk(root):
        _check(item, rule)
    _fill(root, 0, rule)


def boundary(leaf: Leaf, rule: str) -> int:
    """The bytes of which a synchronized item's place is a multiple."""
    if rule == "word" and not (leaf.type == "float" and leaf.size == DOUBLE_FLOAT):
        return min(leaf.size, 4)
    return max(leaf.size, 2) if rule == "size" else leaf.size


def _check(item: Item, rule: str) -> None:
    """Tables in which nobody can say by these rules where an item with SYNC lies."""
    inside = list(walk(item))[1:]
    if item.leaf and item.synced and item.occurs > 1 and item.size % boundary(item.leaf, rule):
        raise item.error(
            fault("E0630", "a table of items with SYNC whose size is no multiple of their boundary"),
            tr("write the slack bytes as FILLER and remove SYNC"),
        )
    table = item.occurs > 1 or item.depending
    if table and any(one.depending for one in inside) and any(one.synced for one in inside):
        raise item.error(
            fault("E0632", "items with SYNC in a table whose occurrences vary in length have no one place"),
            tr("write the slack bytes as FILLER and remove SYNC"),
        )


def _fill(item: Item, start: int, rule: str, varies: bool = False) -> bool:
    """Slack before the items of a group that begins at ``start``, and behind each occurrence of a table, so
    that all have it in the same place. ``varies``: a table before it does; gives whether one has by its end.
    """
    if item.leaf is not None or not item.children:
        return varies
    at, made = start, list[Item]()
    for family in families(item):
        if varies and any(_widest(member, rule) > 1 for member in family):
            raise family[0].error(
                fault("E0631", "has SYNC behind a table that varies: its slack bytes vary too"),
                tr('set depending = "max" in [source], or write the slack bytes as FILLER and remove SYNC'),
            )
        gap = -at % _leading(family[0], rule)
        if gap:
            made.append(_slack(item, gap))
        at += gap
        for member in family:
            if at % _leading(member, rule):
                raise member.error(
                    fault("E0633", "redefines a place that is no boundary for its first item with SYNC"),
                    tr("write the slack bytes as FILLER and remove SYNC"),
                )
            varies = _fill(member, at, rule, varies) or varies or bool(member.depending)
        made.extend(family)
        at += max(member.size * member.occurs for member in family)
    if (item.occurs > 1 or item.depending) and (gap := -(at - start) % _widest(item, rule)):
        made.append(_slack(item, gap))
        at += gap
    item.children, item.size = made, at - start
    return varies


def _leading(item: Item, rule: str) -> int:
    """The boundary of the first elementary item: slack for that one goes before the groups that it begins."""
    while not item.leaf and item.children:
        item = item.children[0]
    return boundary(item.leaf, rule) if item.synced and item.leaf else 1


def _widest(item: Item, rule: str) -> int:
    """The widest boundary of what an item holds."""
    return max((boundary(one.leaf, rule) for one in walk(item) if one.synced and one.leaf), default=1)


def _slack(parent: Item, size: int) -> Item:
    """A FILLER that the compiler has put in."""
    made = Item(parent.level + 1, "", parent.line, parent.path, size=size, parent=parent)
    made.leaf = Leaf("raw", size)
    return made
