"""What the other systems of a town say of an unknown 外字: the same people's names there.

Owns the votes and the proposals that come of them. A person is one witness: JEF 80A1 is what Windows F040 and
IBM 6941 are for the same 22 people. What is proposed is decided by nobody but a clerk.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gaiji.errors.messages import tr
from gaiji.queue.items import Item, Proposal
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.learn import TAGGED
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.pairs import pairs
from gaiji.town.people import People, can_write
from gaiji.town.project import Town

SOURCE = "town"
"""How the queue names these proposals."""
PRIOR = 0.3
"""Witnesses that stand against every glyph: one person alone is not sure of it."""
WRITABLE = 0.25
"""What a witness counts for a glyph that the 外字's own code can write: nobody would have drawn it."""
PROPOSED = 5
Code = tuple[str, str, str]
"""Whose 外字 and which: site, 外字 set, tag."""


@dataclass
class Votes:
    """What people say of one code. ``known``: character → system → people who have it there in the code's
    place; ``codes``: another set's code → people; ``writable``: characters that the code's own charset
    has."""

    known: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    codes: dict[Code, set[str]] = field(default_factory=lambda: defaultdict(set))
    writable: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Heard:
    """How many people there are, how many codes wait in the queue, and for how many of them the other systems
    propose something."""

    residents: int
    codes: int
    proposed: int


def votes(people: People) -> dict[Code, Votes]:
    """Code → what the same people have in its place in systems with other 外字."""
    out: dict[Code, Votes] = defaultdict(Votes)
    for pair in pairs(people):
        first, second = people.writings[pair.first], people.writings[pair.second]
        if not pair.aligned:
            continue
        for a, b in zip(pair.one, pair.other, strict=True):
            for mine, unit, theirs, other in ((first, a, second, b), (second, b, first, a)):
                if unit[0] != "{" or other == unit:
                    continue
                said = out[*mine.owner, unit]
                if other[0] == "{":
                    said.codes[*theirs.owner, other].add(pair.person)
                else:
                    said.known[other][theirs.file.system].add(pair.person)
                    if can_write(mine, other):
                        said.writable.add(other)
    return out


def propose(town: Town, people: People) -> Heard:
    """Put what the people of the other systems say into the queue, in the place of what they said before."""
    said = votes(people)
    queue = open_queue(town.queue)
    try:
        labels = {reason.label for reason in TAGGED}
        items = [item for item in queue.items() if item.reason in labels]
        decided = _decided(town)
        proposals = {}
        for item in items:
            code = (item.site, item.gaiji_set, f"{{{item.system}:{item.code}}}")
            found = list(_proposals(code, said, decided)) if code in said else []
            if found:
                proposals[item.id] = found
        queue.propose(SOURCE, proposals, [item.id for item in items])
    finally:
        queue.close()
    return Heard(people.residents, len(items), len(proposals))


def proposed(town: Town) -> bool:
    """Whether the queue has anything that the other systems propose."""
    import sqlalchemy as sa

    from gaiji.queue.schema import proposal

    queue = open_queue(town.queue)
    try:
        with queue.reading() as connection:
            query = sa.select(proposal.c.item_id).where(proposal.c.source == SOURCE).limit(1)
            return connection.execute(query).first() is not None
    finally:
        queue.close()


def _decided(town: Town) -> dict[Code, str]:
    """What the clerks decided: code → glyph."""
    from gaiji.queue.decisions import confirmed_items

    queue = open_queue(town.queue)
    try:
        return {_code(item): made.glyph for item, made in confirmed_items(queue) if made.glyph}
    finally:
        queue.close()


def _code(item: Item) -> Code:
    return item.site, item.gaiji_set, f"{{{item.system}:{item.code}}}"


def _proposals(code: Code, said: Mapping[Code, Votes], decided: Mapping[Code, str]) -> Iterator[Proposal]:
    """The glyphs that people speak for, best first, each with who speaks for and against it."""
    weights, told = weigh(code, said, decided)
    every = sum(weights.values())
    repertoire = load_repertoire()
    doubtful = {glyph.name for text in said[code].writable for glyph in repertoire.by_text(text)[:1]}
    scores = {
        glyph: weight / (every + PRIOR) * (WRITABLE if glyph in doubtful else 1.0)
        for glyph, weight in weights.items()
    }
    for glyph, score in sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:PROPOSED]:
        yield Proposal(glyph, round(score, 4), _reason(glyph, told))


def weigh(
    code: Code, said: Mapping[Code, Votes], decided: Mapping[Code, str]
) -> tuple[dict[str, float], dict[str, Counter[str]]]:
    """Glyph → weight of the people who speak for it, and glyph → system → people. A code of another set
    speaks by what was decided of it, else by what the people say of it in their turn."""
    repertoire = load_repertoire()
    weights: dict[str, float] = defaultdict(float)
    told: dict[str, Counter[str]] = defaultdict(Counter)

    def hear(votes: Votes, share: float, writable: set[str]) -> None:
        for character, systems in votes.known.items():
            found = repertoire.by_text(character)
            if not found:
                continue
            people = set().union(*systems.values())
            less = WRITABLE if character in writable else 1.0
            weights[found[0].name] += share * less * len(people)
            for system, some in systems.items():
                told[found[0].name][system] += len(some)

    own = said[code]
    hear(own, 1.0, own.writable)
    for other, people in own.codes.items():
        if other in decided:
            weights[decided[other]] += len(people)
            told[decided[other]][other[1] or other[2]] += len(people)
        elif other in said:
            every = sum(len(set().union(*systems.values())) for systems in said[other].known.values())
            if every:
                hear(said[other], len(people) / (every + len(people)), own.writable)
    return weights, told


def _reason(glyph: str, told: Mapping[str, Counter[str]]) -> str:
    """Why, in Japanese, with those who say otherwise; no names."""
    said = "、".join(tr("{system}で{people}人", system=s, people=n) for s, n in told[glyph].most_common())
    against = sum(sum(systems.values()) for name, systems in told.items() if name != glyph)
    other = tr("（異なる文字 {count}人）", count=against) if against else ""
    return tr("同じ人の氏名：{said}", said=said) + other
