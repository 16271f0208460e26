"""Candidates for a code: proposed with their reasons from independent sources, never decided.

Owns the sources that look at the queue itself (the same code or the same picture decided before, the tables'
own candidates), the forms related to a candidate, and how all sources become one ranking. Names speak through
``gaiji.review.evidence.learn``, shapes through ``gaiji.review.evidence.shapes``; both leave proposals in the
queue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gaiji.codes.code import write_code
from gaiji.codes.evidence import note_of
from gaiji.codes.lookup import form_of
from gaiji.codes.tables import load_site
from gaiji.errors.messages import mark, tr
from gaiji.queue.families import members
from gaiji.queue.items import Item, Proposal
from gaiji.queue.queue import Queue, Sources
from gaiji.queue.schema import decision, item, picture, proposal
from gaiji.run.decided import own_set
from gaiji.standard.errata import erratum
from gaiji.standard.repertoire import Repertoire, load_repertoire

__all__ = ["SOURCES", "Candidate", "Proposal", "forms_of", "propose_from_tables", "suggest", "suggest_all"]

SOURCES = {
    "table": mark("変換表の候補"),
    "site": mark("他の対応表"),
    "code": mark("同じコードの判定"),
    "picture": mark("同じ字形の判定"),
    "alike": mark("同じ形の外字の判定"),
    "town": mark("他のシステムの同じ人"),
    "dump": mark("氏名と読み"),
    "shape": mark("字形の比較"),
    "form": mark("候補の異体字"),
}
"""Source → what clerks are told it is, the most telling first."""
_ORDER = {source: place for place, source in enumerate(SOURCES)}
WEIGHTS = {
    "table": 0.9,
    "site": 0.7,
    "code": 0.6,
    "picture": 0.98,
    "alike": 0.9,
    "town": 0.97,
    "dump": 0.85,
    "shape": 0.97,
    "form": 0.3,
}
"""How far a score of 1 from a source carries in the ranking: 1 - (1 - w₁s₁)(1 - w₂s₂)…"""
OF_A_SET = frozenset({"unmapped-gaiji"})
"""Reasons of codes that mean another character in each 外字 set: what another set decided says nothing of
them."""
OF_PEOPLE = frozenset({"dump", "town"})
"""Sources whose reasons tell of people: kept from those who may not see their system."""
UNHEARD, BEHIND = 0.3, 0.2
"""Where shapes were compared: the share that a glyph keeps for which nothing else speaks, and what the others
carry alone.
"""


@dataclass(frozen=True)
class Candidate:
    """A glyph proposed for a code. ``score``: 0 to 1, for the order only; ``parts``: what each source gave,
    and why.
    """

    glyph: str
    text: str
    score: float
    parts: tuple[tuple[str, float, str], ...]

    @property
    def reason(self) -> str:
        """All reasons in one line, in Japanese."""
        told = [
            f"{tr(SOURCES[source])} {score:.2f}" + (f"：{why}" if why else "")
            for source, score, why in self.parts
        ]
        wrong = erratum(self.glyph)
        return "／".join(told + ([f"※{wrong}"] if wrong else []))


def suggest(queue: Queue, item_id: int, *, limit: int = 9, sources: Sources = None) -> list[Candidate]:
    """The candidates of one item, best first; ``sources``: whose names may speak (by id)."""
    found = queue.item(item_id, sources=sources)
    return suggest_all(queue, [found], limit=limit, sources=sources)[item_id] if found else []


def suggest_all(
    queue: Queue, items: Iterable[Item], *, limit: int = 9, sources: Sources = None
) -> dict[int, list[Candidate]]:
    """Item id → candidates, best first, for many items with a few queries; ``sources`` as in ``suggest``."""
    items = list(items)
    gathered = _gather(queue, items, sources)
    repertoire = load_repertoire()
    return {found.id: _ranked(gathered.get(found.id, {}), repertoire, limit) for found in items}


def _gather(
    queue: Queue, items: Sequence[Item], sources: Sources
) -> dict[int, dict[str, dict[str, tuple[float, str]]]]:
    """Item id → glyph → source → (score, reason)."""
    out: dict[int, dict[str, dict[str, tuple[float, str]]]] = defaultdict(lambda: defaultdict(dict))
    one = items[0].id if len(items) == 1 else None
    with queue.reading() as connection:
        has = proposal.c
        kept = sa.select(has.item_id, has.glyph, has.source, has.origin, has.score, has.reason)
        kept = kept if one is None else kept.where(has.item_id == one)
        for owner, glyph, source, origin, score, reason in connection.execute(kept).all():
            if sources is not None and source in OF_PEOPLE and origin not in sources:
                continue
            said, now = out[owner][glyph], (score, reason)
            said[source] = max(said.get(source, now), now)  # of several dumps the one that says most
        decided = _decided(connection)
        alike = members(connection)
        digests: dict[int, set[str]] = defaultdict(set)
        for owner, digest in connection.execute(sa.select(picture.c.item_id, picture.c.digest)):
            digests[owner].add(digest)
    by_code: dict[tuple[str, str], list[tuple[int, str, str]]] = defaultdict(list)
    by_digest: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    by_item: dict[int, tuple[str, str]] = {}
    for owner, system, code, glyph, why in decided:
        by_code[system, code].append((owner, glyph, why))
        by_item[owner] = (glyph, f"{system} {code} {why}")
        for digest in digests.get(owner, ()):
            by_digest[digest].append((owner, glyph, why))
    for found in items:
        mine = out[found.id]
        why = note_of(found.system, found.code)
        for rank, name in enumerate(n for n in found.candidates.split("|") if n):
            mine[name]["table"] = (round(0.9**rank, 4), why)
        for owner, glyph, why in by_code.get((found.system, found.code), ()):
            if owner != found.id and found.reason not in OF_A_SET:
                mine[glyph]["code"] = (1.0, why)
        for owner in set(alike.get(found.id, ())) & by_item.keys() - {found.id}:
            mine[by_item[owner][0]]["alike"] = (1.0, by_item[owner][1])
        for digest in digests.get(found.id, ()):
            for owner, glyph, why in by_digest[digest]:
                if owner != found.id:
                    mine[glyph]["picture"] = (1.0, why)
    return out


def _decided(connection: sa.Connection) -> list[tuple[int, str, str, str, str]]:
    """(item, system, code, glyph, who and when) of every standing decision that names a glyph."""
    query = (
        sa.select(item.c.id, item.c.system, item.c.code, item.c.site)
        .add_columns(decision.c.glyph, decision.c.decided_by, decision.c.decided_at)
        .join(decision, decision.c.item_id == item.c.id)
        .where((decision.c.glyph != "") & (item.c.state == "confirmed"))
    )
    return [
        (
            row.id,
            row.system,
            row.code,
            row.glyph,
            " ".join(x for x in (row.site, row.decided_by, row.decided_at) if x),
        )
        for row in connection.execute(query)
    ]


def _ranked(
    found: Mapping[str, Mapping[str, tuple[float, str]]], repertoire: Repertoire, limit: int
) -> list[Candidate]:
    out: list[Candidate] = []
    scores = {name: round(score, 4) for name, score in _scores(found).items()}
    for name in sorted(found, key=lambda one: (-scores[one], one)):
        glyph = repertoire.get(name) if len(out) < limit else None
        if glyph is not None:
            ordered = sorted(found[name].items(), key=lambda part: _ORDER[part[0]])
            told = tuple((source, score, why) for source, (score, why) in ordered)
            out.append(Candidate(glyph.name, glyph.text, scores[name], told))
    return out


def _scores(found: Mapping[str, Mapping[str, tuple[float, str]]]) -> dict[str, float]:
    """Glyph → score. Sources that agree add up; where a picture was compared, the others only shift its
    answer.

    A picture tells forms of one character apart, names do not: shape's probabilities are multiplied by what
    else speaks for each glyph and brought to their old sum. What nothing but others propose stays behind, the
    more so the surer shape is of its own candidates together.
    """
    others = {}
    for name, parts in found.items():
        rest = 1.0
        for source, (score, _) in parts.items():
            rest *= 1 - WEIGHTS[source] * score if source != "shape" else 1
        others[name] = 1 - rest
    shapes = {name: parts["shape"][0] for name, parts in found.items() if "shape" in parts}
    if not shapes:
        return others
    shifted = {name: score * (UNHEARD + others[name]) for name, score in shapes.items()}
    seen = sum(shapes.values())
    scale = seen / (sum(shifted.values()) or 1)
    behind = BEHIND * (1 - seen)
    return {
        name: 1 - (1 - WEIGHTS["shape"] * shifted.get(name, 0.0) * scale) * (1 - behind * score)
        for name, score in others.items()
    }


def forms_of(name: str, *, limit: int = 60) -> list[str]:
    """Glyphs one click from a glyph: the other forms of its character, then of the characters related
    to it."""
    from gaiji.standard.relations import related

    repertoire = load_repertoire()
    glyph = repertoire[name]
    out = dict.fromkeys(g.name for g in repertoire.by_text(glyph.base) if glyph.base)
    for other, _ in related(glyph.name):
        named = repertoire.get(other)
        base = named.base if named else other
        out |= dict.fromkeys([named.name] if named else [])
        out |= dict.fromkeys(g.name for g in repertoire.by_text(base) if base)
    out.pop(glyph.name, None)
    return list(out)[:limit]


def propose_from_tables(
    queue: Queue,
    system: str,
    tables: Sequence[str | Path],
    *,
    site: str | None = None,
    gaiji_set: str | None = None,
) -> int:
    """Proposals for the codes of a system that other towns' site tables map; returns how many codes got
    one. ``site`` and ``gaiji_set``: only the codes of that site, of that set of it; None: of all."""
    rows: dict[str, list[Proposal]] = defaultdict(list)
    form = form_of(system)
    for path in tables:
        for row in load_site(path, form=form).rows:
            if row.glyph and "|" not in row.glyph:
                rows[write_code(form, row.code, row.size)].append(Proposal(row.glyph, 1.0, Path(path).name))
    wanted = None if gaiji_set is None else own_set(gaiji_set, site or "")
    items = [
        found
        for found in queue.items()
        if found.system == system and site in (None, found.site) and wanted in (None, found.gaiji_set)
    ]
    given = {
        found.id: list({p.glyph: p for p in rows[found.code]}.values())
        for found in items
        if found.code in rows
    }
    queue.propose("site", given, [found.id for found in items])
    return len(given)
