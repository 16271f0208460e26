"""From findings to the review queue.

Owns which findings become items and what an item says of its code. The queue itself is ``gaiji.queue``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji.codes.charset import Charset
from gaiji.columns.findings import reviewed
from gaiji.model import ROLES, Reason
from gaiji.model.plain import dataclass
from gaiji.run.answered import as_answered
from gaiji.run.corrections import corrections_of
from gaiji.run.decided import as_decided
from gaiji.run.job import Job
from gaiji.run.places import picture_places
from gaiji.run.plan import Plan
from gaiji.run.sources import source_of
from gaiji.run.totals import Totals

if TYPE_CHECKING:
    from gaiji.queue.items import Item
    from gaiji.shape.drawn import Drawn


@dataclass(frozen=True, slots=True)
class Found:
    """Equal findings of one field: how often, in how many records, and samples (record, key, position,
    text)."""

    charset: Charset
    field: str
    role: str
    code: str
    reason: Reason
    count: int
    records: int
    samples: Sequence[tuple[int, str, int, str]]


def items_of(
    found: Iterable[Found], *, owner: tuple[str, str], samples: int, roles: Collection[str] = ROLES
) -> list[Item]:
    """One item for each code and reason that ``reviewed`` lets in, with ``samples`` at most; ``owner``:
    site and 外字 set."""
    from gaiji.queue.items import Item, Sample

    items: dict[tuple[str, str, Reason], Item] = {}
    for one in found:
        if not reviewed(one.role, one.reason, roles):
            continue
        key = (one.charset.system, one.code, one.reason)
        if key not in items:
            candidates, basis = standing(one.charset, one.code, one.reason)
            items[key] = Item(
                one.charset.system,
                one.code,
                owner[0],
                one.reason.label,
                candidates=candidates,
                basis=basis,
                gaiji_set=owner[1],
            )
        item, place = items[key], (one.field, one.role)
        item.counts[place] = item.counts.get(place, 0) + one.count
        item.records[place] = item.records.get(place, 0) + one.records
        room = samples - len(item.samples)
        item.samples += [Sample(r, label, one.field, at, text) for r, label, at, text in one.samples[:room]]
    return list(items.values())


def standing(charset: Charset, code: str, reason: Reason) -> tuple[str, str]:
    """What the tables say of a code now: its candidates, where it is ambiguous or rests on one source (the
    code points of what has no glyph), and a digest of its row. When the digest changes, a decision on the
    code is open again."""
    entry = charset.entry(code) if code else None
    if entry is None:
        return "", ""
    basis = hashlib.sha256(f"{entry.row.text}\t{entry.row.glyph}".encode()).hexdigest()
    if reason is Reason.ONE_SOURCE:
        return entry.row.glyph or " ".join(f"{ord(c):04X}" for c in entry.row.text), basis
    return entry.row.glyph if reason is Reason.AMBIGUOUS else "", basis


def check_queue(where: str | Path) -> None:
    """A queue that cannot be used is an error before the first byte is converted; a new file is not made
    yet."""
    from gaiji.queue.unchanged import usable

    if not usable(where) and (isinstance(where, str) or where.exists() or where.is_symlink()):
        from gaiji.queue.queue import open_queue

        open_queue(where).close()


def pictures_of(plan: Plan) -> Drawn | None:
    """The town's 外字 pictures by code, where the job names a source of them."""
    review = plan.job.review
    if not review["pictures"]:
        return None
    from gaiji.shape.drawn import parse_dots, read_pictures

    return read_pictures(plan.job.file(review["pictures"]), plan.charset, dots=parse_dots(review["dots"]))


def pictures_digest(job: Job) -> str:
    """Digest of the files that a job's pictures are read from, "" where it names none."""
    if not job.review["pictures"]:
        return ""
    whole = hashlib.sha256()
    for place in sorted(picture_places(job.file(job.review["pictures"])), key=lambda one: one.path):
        if place.path.is_file():
            with place.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{place.path.name} {digest}\n".encode())
    return whole.hexdigest()


def fill_queue(plan: Plan, totals: Sequence[Totals], drawn: Drawn | None, digest: str) -> dict[str, Any]:
    """Put a run's findings (``totals``: of each output) and the town's pictures into the job's queue; returns
    what the manifest says: codes, those that wait, whether the tables of decisions that were used say what
    the queue says (``as_decided``), and what beside the pictures could not be read (``pictures_left``).
    ``digest``: of the input's bytes."""
    from gaiji.queue.unchanged import unchanged

    job, charset = plan.job, plan.charset
    names = [spec.name for one in totals for spec in one.fields]
    place = {name: i for i, name in reversed(list(enumerate(names)))}
    every = [
        (key, hit, part.decoder)
        for part, one in zip(plan.each, totals, strict=True)
        for key, hit in one.hits.items()
        if not one.of_column(hit.reason)
    ]
    every.sort(key=lambda one: (one[0][2:], place[one[0][0]]))
    found = (
        Found(decoder.charset_of(hit.field), *key, hit.count, hit.records, hit.samples)
        for key, hit, decoder in every
    )
    review = job.review
    items = items_of(found, owner=job.owner, samples=review["samples"], roles=review["roles"])
    systems = sorted({one.system for one in plan.charsets})
    tables = {name: job.decisions_path(name) for name in systems}
    source = source_of(job, digest)
    corrections = corrections_of(job)
    waits = unchanged(job.queue_where, source, items) if drawn is None else None
    if waits is not None:
        made = any(map(_says, (*tables.values(), corrections)))
        return {"codes": len(items), "waiting": waits, "as_decided": not made}
    from gaiji.queue.queue import open_queue

    queue = open_queue(job.queue_where)
    try:
        decided = as_decided(queue, tables, job.owner)
        waiting = queue.add(source, items)
        decided = decided and as_answered(queue, queue.near(source).id, corrections)
        if drawn:
            site, gaiji_set = job.owner
            waiting += queue.add_pictures(charset.system, site, drawn.pictures, gaiji_set=gaiji_set)[1]
    finally:
        queue.close()
    left: dict[str, Any] = {"pictures_left": list(drawn.left)} if drawn and drawn.left else {}
    left |= {"pictures_sha256": pictures_digest(job)} if drawn else {}
    return {"codes": len(items), "waiting": waiting, "as_decided": decided} | left


def _says(decided: Path) -> bool:
    """Whether a table of decisions says anything."""
    return decided.exists() and decided.stat().st_size > 0
