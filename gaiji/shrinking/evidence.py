"""What the tables of the MJ縮退マップ assert, and what else speaks for or against a substitute.

Owns the links of the map, the meaning of each of its tables, the pairs that are vetoed, and the glyphs that
sequences of other collections show. Which of them a policy takes is in ``gaiji.shrinking.shrinker``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gaiji.standard.editions import Edition
from gaiji.standard.relations import read_links, read_rows

SAME, CORRESPONDS, RELATED, SIMILAR, ANOTHER = "same", "corresponds", "related", "similar", "another"
CLASSES = {
    "jis-ucs": SAME,
    "koseki": CORRESPONDS,
    "min2842": CORRESPONDS,
    "min2842-zokuji": CORRESPONDS,
    "min5202": CORRESPONDS,
    "min2842-betsuji": ANOTHER,
    "moj582-1": CORRESPONDS,
    "moj582-2": SIMILAR,
    "analogy": RELATED,
    "dictionary": RELATED,
}
"""The map's tables by their short names (``gaiji.standard.published.RULES`` has the full ones), and
what each asserts of a glyph and its substitute:

- ``same``: one character in another form, by the unification rules of JIS and UCS
- ``corresponds``: a notice or list of the Ministry of Justice names it as the substitute (正字 of a 俗字 or
  誤字, 親字, the 正字 of a 簡体字)
- ``related``: the publisher's own inference, or a dictionary's word
- ``similar``: similar in shape only (類字): another character
- ``another``: the notice itself says that it is another character (別字)
"""
ASSERTS = CLASSES | {
    "same": SAME,
    "sign": SAME,
    "base": SAME,
    "hentaigana": CORRESPONDS,
    "decided": "decided",
    "replacement": "decided",
}
"""Evidence of a side table → what it asserts; a finding asserts nothing. ``same``: the glyph is a form of
the character that the target has; ``base``: of a sequence nothing but its base character is known."""
DEFAULT_EVIDENCE = (
    ("jis-ucs",),
    ("koseki",),
    ("min2842", "min2842-zokuji", "min5202"),
    ("moj582-1",),
    ("analogy",),
    ("dictionary",),
)
"""Same character first, then what the law says of 戸籍, then lists for other uses. 類字 and 別字 name another
character: never without being asked for by name."""
LOOKALIKES = tuple(table for table, asserts in CLASSES.items() if asserts in (SIMILAR, ANOTHER))
DISPUTES = "key-disputes.tsv"
SEQUENCES = "sequences.tsv"
SOURCES_DIFFER = "shrink-disputes.tsv"


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the MJ縮退マップ; ``distance``: its 順位 or ホップ数, 0 where it has none."""

    text: str
    table: str
    distance: int


@lru_cache(maxsize=2)
def shrink_links(edition: Edition | None = None) -> dict[str, tuple[Link, ...]]:
    """Glyph name → its links, in the order of the file: of an edition of the map that a user took, else
    of the toolkit's own."""
    out: dict[str, list[Link]] = defaultdict(list)
    for name, ucs, _, table, rank, hops in read_links(edition):
        out[name].append(Link(_text(ucs), table, int(rank or hops or 0)))
    return {name: tuple(links) for name, links in out.items()}


@lru_cache(maxsize=1)
def disputed() -> frozenset[frozenset[str]]:
    """Pairs of characters that a table links and that were looked at and found to be two."""
    rows = read_rows(DISPUTES)
    return frozenset(frozenset((_text(ucs), _text(other))) for ucs, other, join, *_ in rows if join == "no")


@lru_cache(maxsize=1)
def led_elsewhere() -> Mapping[tuple[str, str], str]:
    """(character, what the map leads it to) → what 国税庁's JIS縮退マップ leads it to instead."""
    rows = read_rows(SOURCES_DIFFER)
    return {(_text(ucs), _text(taken)): _text(other) for ucs, taken, other, *_ in rows}


@lru_cache(maxsize=1)
def sequences() -> Mapping[str, str]:
    """Sequence of Adobe-Japan1 or Hanyo-Denshi that Moji_Joho lacks → the MJ glyph that it shows."""
    return {_text(ucs): glyph for ucs, glyph, *_ in read_rows(SEQUENCES)}


@lru_cache(maxsize=2)
def named_another(edition: Edition | None) -> Mapping[str, frozenset[str]]:
    """Glyph name → the characters that 民一2842 says are others (別字)."""
    return {
        name: frozenset(link.text for link in links if link.table == "min2842-betsuji")
        for name, links in shrink_links(edition).items()
        if any(link.table == "min2842-betsuji" for link in links)
    }


def vetoed(
    name: str, base: str, link: Link, read_alike: Callable[[str], bool], edition: Edition | None
) -> bool:
    """Whether a link of a glyph may not be taken although its table stands in the policy: 民一2842 says 別字
    of the same two (the unification rules of JIS say more), or the characters are disputed and the glyph is
    not read like the other (a glyph drawn like 切 that is read like 功 may be 功).
    """
    if link.text in named_another(edition).get(name, ()) and CLASSES[link.table] != SAME:
        return True
    return {base, link.text} in disputed() and not read_alike(link.text)


def _text(ucs: str) -> str:
    return "".join(chr(int(code, 16)) for code in ucs.split())
