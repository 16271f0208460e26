"""Glyphs by the parts that they are made of.

Owns the matching of parts on the IDS table and which parts two characters do not share. The index is
``holding``'s, what a clerk may type ``search``'s.
"""

from __future__ import annotations

from collections import Counter

from rapidfuzz import fuzz, process

from gaiji.errors.messages import tr
from gaiji.review.evidence.holding import OPERATORS, load_holding, parts_of, same
from gaiji.standard.repertoire import load_repertoire

NEAR, NEAR_MISSES = 75, 30
"""How like an IDS must be, of 100, to be a near miss, and how many are shown."""
MEASURED = 3000
"""More hits than this are ordered by the length of their IDS, not by their smallest parts."""


def by_parts(typed: str) -> list[str]:
    """Glyphs whose characters hold all the parts typed, those with least besides first; near misses of an IDS
    follow.
    """
    parts = Counter(same(c) for c in typed if c not in OPERATORS and c not in "+＋")
    if not parts:
        return []
    index = load_holding()
    hits = set.intersection(*(index.holding(part) for part in parts))
    twice = {part: n for part, n in parts.items() if n > 1}
    if twice:
        hits = {c for c in hits if all(index.times(c, part) >= n for part, n in twice.items())}
    if hits or len(typed) <= 2:
        size = index.size if len(hits) <= MEASURED else lambda c: len(index.ids(c)[0])
        best = {c: not any(ids.startswith(typed) for ids in index.ids(c)) for c in hits}
        ordered = sorted(hits, key=lambda c: (best[c], size(c), c))
    else:
        flat = {c: _flat(index.ids(c)[0]) for c in index.characters()}
        near = process.extract(_flat(typed), flat, scorer=fuzz.ratio, score_cutoff=NEAR, limit=NEAR_MISSES)
        ordered = [c for _, _, c in near]
    repertoire = load_repertoire()
    return list(dict.fromkeys(glyph.name for c in ordered for glyph in repertoire.by_text(c)))


def parts_apart(one: str, other: str) -> str:
    """Which parts two characters do not share, by their IDS: ``口 ↔ 方``; "" for one character, where one of
    them has no IDS, or where only the arrangement differs."""
    index = load_holding()
    if one == other or not (index.ids(one) and index.ids(other)):
        return ""
    ours, theirs = (Counter(parts_of(index.ids(character)[0])) for character in (one, other))
    sides = [
        "".join(tr("〔符号のない部品〕") if part[0] == "{" else part for part in sorted((a - b).elements()))
        for a, b in ((ours, theirs), (theirs, ours))
    ]
    return " ↔ ".join(side or "－" for side in sides) if any(sides) else ""


def _flat(ids: str) -> str:
    return "".join(same(p) for p in parts_of(ids) if p not in "+＋")
