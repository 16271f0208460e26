"""The people of a town are heard after a run: what their names propose, and where they contradict each other.

Owns when that is done, and the note of what was found (``heard.json``), which status and proof book tell. The
note holds counts and a digest, no names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from gaiji.disk.files import write_whole
from gaiji.queue.decisions import STATES
from gaiji.town.contradictions import find, settled_path
from gaiji.town.evidence import propose, proposed
from gaiji.town.people import read_people
from gaiji.town.project import Town
from gaiji.town.queued import bonds_of
from gaiji.town.standing import Standing, digest_of
from gaiji.town.telling import says_who

HEARD = "heard.json"
"""The note, in the town's folder."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard. ``digest``: of what it was heard of. ``codes``: those that wait, ``proposed``: those of
    them for which the other systems propose something. ``contradictions``: open ones by kind;
    ``contradicted``: the people they are of; ``settled``: those that were; ``asked``: records
    of which a clerk must say whose they are (``gaiji identity``). ``new``: whether it was heard just now."""

    digest: str
    residents: int = 0
    codes: int = 0
    proposed: int = 0
    contradictions: Mapping[str, int] = field(default_factory=dict)
    contradicted: int = 0
    settled: int = 0
    asked: int = 0
    new: bool = False


def hear(town: Town, now: Mapping[str, Standing]) -> Hearing | None:
    """What the people say after a run that left the files as ``now`` says, heard anew where anything is
    another; None where the project file does not say who is who, there is one system only, or a file
    failed."""
    said = says_who(town)
    if not said or len(town.systems) < 2 or len(now) < len(town.files):
        return None
    digest = _digest(town, now)
    known = last(town)
    if known is not None and known.digest == digest and (not known.proposed or proposed(town)):
        return known
    people = read_people(town)
    heard = propose(town, people)
    _group(town)
    found = find(town, people)
    made = Hearing(
        digest,
        heard.residents,
        heard.codes,
        heard.proposed,
        found.counts(),
        found.people,
        sum(one.settled is not None for one in found.found),
        people.identity.waiting,
        new=True,
    )
    note = {name: value for name, value in asdict(made).items() if name != "new"}
    data = (json.dumps(note, ensure_ascii=False, indent=2) + "\n").encode()
    write_whole(town.folder / HEARD, data, own=True, again=True)
    return made


def _group(town: Town) -> None:
    """Codes of several sets whose pictures are of one shape are brought together, where there are any."""
    from gaiji.queue.queue import open_queue
    from gaiji.review.evidence.shapes import group_shapes

    queue = open_queue(town.queue)
    try:
        if queue.pictured([number for number, _ in queue.order(STATES)]):
            group_shapes(queue)
    finally:
        queue.close()


def last(town: Town) -> Hearing | None:
    """What was heard last; None where nothing was, or the note is none of this version."""
    try:
        return Hearing(**json.loads((town.folder / HEARD).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _digest(town: Town, now: Mapping[str, Standing]) -> str:
    """Of all that the people are read from, and what was settled."""
    made_of = [
        [file.label, file.person, file.called, now[file.label].manifest[key]]
        for file in town.files
        for key in ("identity", "input")
    ]
    answers = [(one.one, one.other, one.basis, one.answer) for one in bonds_of(town)]
    whole = [dict(town.identity), made_of, digest_of(settled_path(town)), answers]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
