"""Tables of decisions: what is decided now for the 外字 of a site's set, and the file that the next run
reads.

Owns their names, which two sets never share, their rows, and whether a file says what its queue says. A
code stands for one glyph everywhere, so codes that were broken, illegal or lost before cannot be settled
by a row; their decisions stay in the queue alone. When they are written is ``gaiji.review.sheets.apply``'s.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gaiji.disk.together import unfinished
from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr

if TYPE_CHECKING:
    from gaiji.queue.decisions import Decision
    from gaiji.queue.items import Item
    from gaiji.queue.queue import Queue

SITE_LENGTH = 40
"""Characters of a site that stand in a file name; three bytes each leave room for the rest."""
NOT_CODES = frozenset({"match"})
"""Systems whose items are no source codes: spellings that disagree between two registers."""
MAPPABLE = frozenset({"unmapped-gaiji", "unmapped-extension", "ambiguous", "no-unicode", "one-source"})
DECISIONS = "decisions"
"""The name under which the tables of a folder change together."""
Owner = tuple[str, str]
"""Whose user-defined codes are meant: the site, and its 外字 set ("" for the site's own)."""


def own_set(gaiji_set: str, site: str) -> str:
    """A 外字 set of a site as the queue names it: "" for the site's own, which has the site's name."""
    return "" if gaiji_set == site else gaiji_set


# -- files ---------------------------------------------------------------------------------------------


def decisions_path(owner: Owner, queue: str | Path, beside: Path, system: str) -> Path:
    """The site table of decisions on a code system: beside the queue, or in ``beside`` where that is a
    database."""
    folder = beside if isinstance(queue, str) else queue.parent
    return folder / decisions_name(system, *owner)


def decisions_name(system: str, site: str, gaiji_set: str = "") -> str:
    """``decisions-JEF.tsv``, with the names of site and 外字 set where they are given: another name for
    each set.

    A site that is not of small letters and digits alone, or that a file system could take for another's
    (case, composition, length), has a digest behind its name, and so has every name with a set.
    """
    plain = _words(site)
    if gaiji_set:
        half = SITE_LENGTH // 2
        words = [word[:half] for word in (plain, _words(gaiji_set)) if word]
        return _named(system, f"{'-'.join(words)}.{_short(json.dumps([site, gaiji_set]))}")
    if site != plain or site != unicodedata.normalize("NFKC", site).casefold() or len(site) > SITE_LENGTH:
        return _named(system, f"{plain[:SITE_LENGTH]}.{_short(site)}")
    return _named(system, plain)


def earlier_decisions_name(system: str, site: str) -> str:
    """The name that an earlier version gave the file, which several sites could share."""
    return _named(system, _words(site))


def _named(system: str, name: str) -> str:
    return f"decisions-{system}{'-' + name if name else ''}.tsv"


def _words(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def check_decisions(decided: Path, system: str, owner: Owner, job: str | Path) -> None:
    """JobError when tables of decisions are half written, or lie there under a name that two sites could
    share instead of ``decided``: whose they are only the queue can say."""
    if unfinished(decided.parent, DECISIONS):
        raise JobError(
            fault("E0516", "the tables of decisions in {folder} are half written", folder=decided.parent),
            path=job,
            key="review.queue",
            next=tr("run gaiji review apply, which ends what was interrupted"),
        )
    site, gaiji_set = owner
    earlier = decided.with_name(earlier_decisions_name(system, site))
    if not gaiji_set and not decided.exists() and earlier != decided and earlier.exists():
        raise JobError(
            fault(
                "E0394",
                "{earlier} has the name that an earlier version gave to several sites",
                earlier=earlier,
            ),
            path=job,
            key="review.site",
            next=tr("run gaiji review apply, which writes each site's own"),
        )


# -- rows ----------------------------------------------------------------------------------------------


def decided_tables(queue: Queue) -> dict[tuple[str, str, str], tuple[bytes, int]]:
    """(system, site, 外字 set) → the file's bytes and rows, for each that the queue has codes of; b""
    where no decision stands. Same queue, same bytes."""
    from gaiji.codes.tables import SITE_COLUMNS
    from gaiji.queue.decisions import confirmed_items

    rows: dict[tuple[str, str, str], list[list[str]]] = {
        _key(found): [] for found in queue.items() if found.system not in NOT_CODES
    }
    for found, made in confirmed_items(queue):
        if found.reason in MAPPABLE and found.system not in NOT_CODES and (made.glyph or made.text):
            rows[_key(found)].append(_row(found, made))
    out = {}
    for key, table in sorted(rows.items()):
        lines = ["\t".join(SITE_COLUMNS), *("\t".join(row) for row in sorted(table))]
        out[key] = (("\n".join(lines) + "\n").encode() if table else b"", len(table))
    return out


def as_decided(queue: Queue, files: Mapping[str, Path], owner: Owner) -> bool:
    """Whether files of decisions (by code system) say what the queue says now; no file is what says
    nothing."""
    tables = decided_tables(queue)
    return all(
        tables.get((system, *owner), (b"", 0))[0] == (path.read_bytes() if path.exists() else b"")
        for system, path in files.items()
    )


def _key(found: Item) -> tuple[str, str, str]:
    return found.system, found.site, found.gaiji_set


def _row(found: Item, made: Decision) -> list[str]:
    from gaiji.standard.characters import points

    ucs = "" if made.glyph else points(made.text)
    by = made.decided_by + (f", {made.confirmed_by}" if made.confirmed_by else "")
    cells = [
        found.code,
        ucs,
        made.glyph,
        "0",
        f"{made.kind} {made.note}".strip(),
        made.evidence,
        by,
        made.decided_at,
        found.candidates,
    ]
    return [" ".join(cell.split()) for cell in cells]
