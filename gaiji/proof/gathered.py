"""A conversion in pieces proved in pieces: all of them gathered into one report, as if one process had read
everything.

Owns what must hold between the parts: that each begins where the one before ended, whichever way its records
lie, and that all of them together are the file whose digest the manifest has. Where the parts are proved is
the caller's matter (``Engine``); how one is, ``proof.pieces``'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from gaiji.disk.digest import digests
from gaiji.disk.packing import packing
from gaiji.errors import GaijiError
from gaiji.errors.messages import fault, tr
from gaiji.log import event
from gaiji.model.plain import dataclass
from gaiji.output.parts import part_name
from gaiji.proof.account import Account
from gaiji.proof.aside import Aside, joined, quarantine_path
from gaiji.proof.kinds import PlainShaper
from gaiji.proof.pairs import MAX_DAMAGED, too_many
from gaiji.proof.pieces import Compared, Proven, Written, prove_piece, standing_behind
from gaiji.proof.proving import check_same, prover_of, taken_of
from gaiji.proof.report import Report
from gaiji.proof.totals import Totals
from gaiji.proof.typed import join
from gaiji.proof.verify import Verification, write_report
from gaiji.proof.windows import Window, windows_of
from gaiji.run.manifest import manifest_path, now, read_manifest, section_of
from gaiji.run.memory import check_memory
from gaiji.run.plan import Plan

Engine = Callable[[Callable[[Plan, Window], Any], Plan, Sequence[Window]], Sequence[Any]]
"""Does something with each part of a plan's input, wherever there is room; what came of each, in order."""

_Standing = frozenset[tuple[int, bytes]]
"""Records that stand at a place, by their types."""


def verify_in_pieces(
    job: str | Path, engine: Engine, *, overrides: Mapping[str, Any] | None = None, names: bool = False
) -> Verification:
    """Prove a job that was converted in pieces, each part by itself; all else is as with ``verify``.

    Raises what ``verify`` raises, and UsageError for an output that is one file or whose manifest does not
    say where its parts begin in the input.
    """
    check_memory()
    plan = Plan.of(job, overrides)
    whole = read_manifest(plan.job.named_path)
    path = plan.job.file(plan.job.source["path"])
    windows = windows_of(whole, str(manifest_path(plan.job.named_path)), packed=bool(packing(path)))
    event("verify-started", plan.facts() | {"pieces": len(windows)})
    gathered = _Gathered(plan, whole, windows)
    gathered.take(engine)
    data = gathered.report(names=names)
    write_report(plan.job, data)
    event("verify-ended", plan.facts() | {"holds": data["holds"], "cells": data["cells"]})
    return Verification(data)


@dataclass
class _Cut:
    """What all parts together have read, as a reader tells it."""

    size: int = 0
    count: int = 0
    sha256: str = ""
    header: list[bytes] = field(default_factory=list)


@dataclass
class _Back:
    """An output in parts, as a readback tells it; ``left``: bytes behind the last records."""

    size: int = 0
    sha256: str = ""
    records: int = 0
    header_ok: bool = True
    left: int = 0


@dataclass
class _Pass:
    """The pass over the input, of all outputs or of one."""

    reader: _Cut
    records: int = 0
    account: Account = field(default_factory=Account)


class _Gathered:
    """All parts of a proof."""

    def __init__(self, plan: Plan, whole: dict[str, Any], windows: Sequence[Window]) -> None:
        self.plan = plan
        self.whole = whole
        self.windows = list(windows)
        self.started = now()
        self.reader = _Cut()
        self.reading = _Pass(self.reader)
        self.types = [plan.job.records[part.number].name for part in plan.each] if plan.parts else []
        self.sections = [section_of(whole, name) for name in self.types] or [whole]
        for part, section in zip(plan.each, self.sections, strict=True):
            check_same(part, section)
        self.done: list[Proven] = []

    # -- the parts ----------------------------------------------------------------------------------------

    def take(self, engine: Engine) -> None:
        """Have the parts proved. Raises the error of the first that could not be."""
        path = self.plan.job.file(self.plan.job.source["path"])
        with ThreadPoolExecutor(1) as pool:
            hashed = pool.submit(digests, path, [(w.begin.offset, w.end) for w in self.windows])
            try:
                if self.plan.parts and any(kind.parent >= 0 for kind in self._kinds):
                    self._find_parents(engine)
                self.done = list(engine(prove_piece, self.plan, self.windows))
            except BaseException:
                hashed.cancel()
                raise
            self.reader.sha256, each = hashed.result()
        for piece in self.done:
            if piece.error is not None:
                raise piece.error
        read = [piece.read.sha256 for piece in self.done if piece.read is not None]
        if read != each:
            raise GaijiError(
                fault("E0888", "was not the same for all of its pieces"),
                where=path,
                next=tr("let nothing write to it, and run again; nothing was written"),
            )
        self._add_up()

    @property
    def _kinds(self) -> Sequence[Any]:
        return self.plan.shape.kinds if self.plan.shape is not None else ()

    def _find_parents(self, engine: Engine) -> None:
        """Give each part the records that stand at its begin. What is given is guessed and tried, until each
        part begins with what the one before ended with: the first does from the start, so all are right."""
        known: list[dict[_Standing, Mapping[int, bytes]]] = [{} for _ in self.windows]
        while left := self._unknown(known):
            for window, stands in zip(left, engine(standing_behind, self.plan, left), strict=True):
                if isinstance(stands, GaijiError):
                    raise stands
                known[window.number][frozenset(window.parents.items())] = stands

    def _unknown(self, known: Sequence[Mapping[_Standing, Mapping[int, bytes]]]) -> list[Window]:
        """Go from part to part by what is ``known`` of each: what it ends with for what it begins with. The
        parts of which that is not known; what they end with is guessed by what they ended with before."""
        left: list[Window] = []
        stands: Mapping[int, bytes] = {}
        for number, ends in enumerate(known):
            self.windows[number] = window = replace(self.windows[number], parents=stands)
            found = ends.get(frozenset(stands.items()))
            if found is None and number < len(known) - 1:
                left.append(window)
            if found is None:
                found = {**stands, **list(ends.values())[-1]} if ends else {}
            stands = found
        return left

    def _add_up(self) -> None:
        """What was read by all parts together."""
        for piece in self.done:
            assert piece.read is not None  # it has no error
            self.reader.size += piece.read.size
            self.reader.count += piece.read.count
            self.reader.header = self.reader.header or piece.read.header
            self.reading.records = piece.read.place.records
            self.reading.account.add(piece.account)

    # -- what they are together ---------------------------------------------------------------------------

    def report(self, *, names: bool) -> dict[str, Any]:
        """What was found."""
        aside = joined((piece.aside for piece in self.done), quarantine_path(self.plan, self.whole))
        shown = [self._output(number, names, aside) for number in range(len(self.sections))]
        if self.plan.parts:
            every = dict(zip(self.types, shown, strict=True))
            data = join(self.plan, self.whole, every, self.reading, self._shaper(aside))
        else:
            data = shown[0]
        found, wanted = self._meeting()
        if found != wanted:  # what one process cannot see, so that its report has no such line
            data["checks"].append({"check": "pieces", "holds": False, "found": found, "expected": wanted})
            data["holds"] = False
        return data

    def _output(self, number: int, names: bool, aside: Aside) -> dict[str, Any]:
        """The report of one output."""
        plan, parts = self.plan.each[number], [piece.outputs[number] for piece in self.done]
        prover, taken = prover_of(plan), taken_of(plan)
        totals = Totals.empty(len(prover.columns), len(plan.fields))
        for part in parts:
            totals.join(part.totals)
            taken.join(*part.taken)
        if totals.broken > MAX_DAMAGED:
            raise too_many(plan)
        own = _Pass(self.reader, sum(part.read for part in parts))
        back = _back(plan, parts)
        report = Report(
            plan,
            own if self.plan.parts else self.reading,
            back,
            prover,
            totals,
            self.sections[number],
            taken=taken,
            names=names,
            started=self.started,
        )
        return report.data(back.left, aside.hexdigest() if totals.bad else "")

    def _shaper(self, aside: Aside) -> PlainShaper:
        """What told the records apart, as one pass would have left it."""
        assert self.plan.shape is not None  # the plan has types
        shaper = PlainShaper(self.plan.shape)
        shaper.bad = aside
        for piece in self.done:
            assert piece.sorted is not None
            own = piece.sorted
            shaper.counts = [a + b for a, b in zip(shaper.counts, own.counts, strict=True)]
            shaper.aside += own.aside
            before = dict(shaper.tallies)
            for kind, record, counted, raw in own.trailers:
                shaper.trailers.append((kind, record, counted + before.pop(kind, 0), raw))
            shaper.tallies = {kind: n + before.get(kind, 0) for kind, n in own.tallies.items()}
        return shaper

    def _meeting(self) -> tuple[list[Any], list[Any]]:
        """Where each part ended, what stood there, how many records of each output it became; and what the
        next one began with and the manifest says."""
        found: list[Any] = []
        wanted: list[Any] = []
        for window, piece in zip(self.windows[1:], self.done, strict=False):
            assert piece.read is not None
            found.append([*piece.read.place, piece.read.standing == window.parents])
            wanted.append([*window.begin, True])
        last = self.done[-1]
        if len(self.windows) > 1 and self.plan.parts:  # else the last record was not known for the last
            assert last.read is not None
            found.append(last.read.place.records > self.windows[-1].begin.records)
            wanted.append(True)
        for number, section in enumerate(self.sections):
            told = section["output"].get("parts", [])
            found.append([piece.outputs[number].written.records for piece in self.done])
            wanted.append([part.get("records") for part in told])
        return found, wanted


def _back(plan: Plan, parts: Sequence[Compared]) -> _Back:
    """An output in parts, and whatever else lies in its folder, which is behind the last record."""
    folder, lines = plan.output.path, []
    each = {part_name(number, folder): part.written for number, part in enumerate(parts)}
    there = sorted(one.name for one in folder.iterdir() if one.name[0] != ".") if folder.is_dir() else []
    if not there:  # a file or nothing: read, or refused, as one process does
        whole = plan.output.read_back()
        left = whole.rest()
        return _Back(whole.size, whole.sha256, 0, whole.header_ok, left)
    back = _Back(header_ok=all(one.header_ok for one in each.values()))
    for name in there:
        one = each.get(name) or _more(plan, folder / name)
        back.size += one.size
        back.records += one.records
        back.left += one.left
        lines.append(f"{one.sha256}  {name}\n")
    back.sha256 = hashlib.sha256("".join(lines).encode()).hexdigest()
    return back


def _more(plan: Plan, path: Path) -> Written:
    """A file in the folder of an output that no part of the input became."""
    more = replace(plan.output, path=path).read_back()
    left = more.rest()
    return Written(more.size, more.sha256, 0, more.header_ok, left)
