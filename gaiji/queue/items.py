"""What waits for a person, as plain data: items, samples, proposals, and where findings come from.

Owns no storage: the queue is in ``queue``, its tables in ``schema``.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import field, replace
from dataclasses import field as _field
from pathlib import Path

from gaiji.model.plain import dataclass


@dataclass(frozen=True)
class Sample:
    """One occurrence. ``text``: the field with the glyph between 【 and 】, as far as the context allows;
    ``source``: whose it is, where it was read from a queue."""

    record: int
    record_key: str
    field: str
    position: int
    text: str
    source: str = _field(default="", compare=False)


@dataclass(frozen=True)
class Proposal:
    """A glyph that a source proposes for an item: ``score`` from 0 to 1, and why, in Japanese."""

    glyph: str
    score: float
    reason: str


@dataclass(frozen=True)
class Source:
    """Where findings come from: a job over an input, for the 外字 of a site's set.

    ``job`` and ``input`` tell it from others together with site and set, the bytes of the input
    (``digest``, SHA-256) tell an input that lies elsewhere now, ``output`` a job that has another name
    now. ``earlier``: how a queue of the first schema named it. Files are absolute paths; a queue that is
    a file keeps them as seen from its folder, so that a folder can be moved whole.
    """

    input: str
    job: str = ""
    site: str = ""
    gaiji_set: str = ""
    output: str = ""
    digest: str = ""
    earlier: str = ""

    @property
    def system(self) -> str:
        """The system that it is of: its 外字 set, else its job's name, else its input's."""
        return self.gaiji_set or Path(self.job or self.input).stem

    @property
    def id(self) -> str:
        """What the queue's counts go by; an input alone is its own name."""
        if not (self.job or self.site or self.gaiji_set):
            return self.input
        whole = json.dumps([self.site, self.gaiji_set, self.job, self.input], ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()

    def succeeds(self, other: Source) -> bool:
        """Whether what a queue has of another source is this one's now: the same job over the same bytes at
        another path, or the same output from the same input by a job that has another name or site."""
        same_input = other.input == self.input or (self.digest != "" and other.digest == self.digest)
        owner, others = ((one.site, one.gaiji_set, one.job) for one in (self, other))
        same_output = self.output != "" and other.output == self.output
        return same_input and ((owner == others and self.job != "") or same_output)

    def was(self, name: str, other: Source) -> bool:
        """Whether another source, kept under ``name``, is what an earlier version called this one."""
        return self.earlier != "" and name == self.earlier and not other.job

    def near(self, folder: Path) -> Source:
        """The same, with its files as they are seen from a folder."""
        seen = os.path.realpath(folder)
        inputs = " = ".join(_near(name, seen) for name in self.input.split(" = "))  # two of them are compared
        return replace(self, input=inputs, job=_near(self.job, seen), output=_near(self.output, seen))


def _near(name: str, folder: str) -> str:
    if not os.path.isabs(name):
        return name
    try:
        return Path(os.path.relpath(name, folder)).as_posix()
    except ValueError:  # another drive
        return name


@dataclass
class Item:
    """A code to review, with how often each field of each source holds it.

    ``gaiji_set``: whose 外字 of the site they are, "" for the site's own: a code of one set is another
    character than the same code of another.
    """

    system: str
    code: str
    site: str
    reason: str
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    records: dict[tuple[str, str], int] = field(default_factory=dict)
    """Field → records that hold the code there and in no earlier field."""
    candidates: str = ""
    state: str = "open"
    basis: str = ""
    id: int = 0
    version: int = 0
    verdict: str = ""
    """What its shape says: ``near-certain``, ``likely``, ``not-in-repertoire``, "" where nobody compared it.
    """
    gaiji_set: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes an item one: code system, code, site, 外字 set, reason."""
        return self.system, self.code, self.site, self.gaiji_set, self.reason

    @property
    def owner(self) -> str:
        """Whose 外字 it is, for people: the site and, where it has several sets, the set."""
        return "／".join(name for name in (self.site, self.gaiji_set) if name)

    @property
    def total(self) -> int:
        """Occurrences in all fields."""
        return sum(self.counts.values())

    @property
    def people(self) -> int:
        """Records that hold the code in any field: the people it concerns."""
        return sum(self.records.values())
