"""Reads a dump once more for what its own names and readings say of the codes that wait for a clerk.

Owns the second pass: which name fields go with which reading, the names decoded with their unknown codes as
tags, and the proposals that come of it. How names bear witness is in ``gaiji.review.evidence.context``, how
proposals are kept in ``gaiji.queue.queue``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.arrow import text_series
from gaiji.model import Field, Reason
from gaiji.model.pattern import Pattern
from gaiji.queue.queue import open_queue
from gaiji.records.batch import Batch
from gaiji.review.evidence.candidates import Proposal
from gaiji.review.evidence.context import Evidence, Names
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan
from gaiji.run.sources import source_of
from gaiji.run.workers import progress_bar
from gaiji.standard.relations import related
from gaiji.standard.repertoire import Repertoire

TAGGED = (Reason.UNMAPPED_GAIJI, Reason.UNMAPPED_EXTENSION, Reason.AMBIGUOUS, Reason.NO_UNICODE)
"""Findings whose code stands for one character everywhere, so that names can bear witness."""
_READING = Pattern(
    r"(?i)[\s_＿・]*(?:フリガナ|ふりがな|カナ|かな|ヨミ|よみ|読み?|kana|furigana|yomi)[\s_＿・]*"
)
RELATED, REACHED = 0.7, 0.4
"""Shares of a character's score: for forms of related characters, and for forms that the code has already."""
PROPOSED = 9
"""Characters proposed for a code at most, each with its forms."""


@dataclass(frozen=True)
class Learned:
    """What a pass found: codes that wait in the queue, and those for which the names propose something."""

    codes: int
    proposed: int


def learn(
    job: Job | str | Path, *, overrides: Mapping[str, Any] | None = None, progress: bool = False
) -> Learned:
    """Read the job's input again and put what its names propose into the job's review queue.

    Memory grows with the distinct names of the dump, not with its records. What the job's own dump
    proposed before is replaced; what other jobs' dumps propose stays.
    """
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    names, plan = read_names(job, progress=progress)
    found = names.evidence(prior(plan))
    told = job.review["context"] == "field"
    queue = open_queue(job.queue_where)
    try:
        mine = (plan.charset.system, *job.owner)
        items = [i for i in queue.items() if i.reason in _LABELS and (i.system, i.site, i.gaiji_set) == mine]
        heard = {item.id: found.get(f"{item.system}:{item.code}", []) for item in items}
        reached = {e.row.glyph for e in plan.charset.entries.values() if e.row.glyph}
        proposals = {
            item_id: _proposals(plan.charset.repertoire, reached, evidence, told)
            for item_id, evidence in heard.items()
            if evidence
        }
        queue.propose("dump", proposals, list(heard), origin=source_of(job))
    finally:
        queue.close()
    return Learned(len(items), len(proposals))


_LABELS = frozenset(reason.label for reason in TAGGED)


def read_names(job: Job, *, progress: bool = False) -> tuple[Names, Plan]:
    """The names of a job's input, codes without a certain glyph as tags."""
    plan = Plan.of(replace(job, policy={**job.policy, **dict.fromkeys(TAGGED, "tag")}), reuse=False)
    names = Names()
    named = [part for part in plan.each if pairs_of(part.fields)]
    if not named:
        raise JobError(
            fault("E0234", "has no field with role name"),
            path=job.path,
            next=tr("give the names their role: [source] roles"),
        )
    for part in named:
        _read_part(part, names, progress)
    return names, plan


def _read_part(plan: Plan, names: Names, progress: bool) -> None:
    """The names of one output: of a job, or of one of its record types."""
    reading, pairs, household = plan.read(), pairs_of(plan.fields), plan.job.review["household"]
    with progress_bar(reading.reader, progress) as advance:
        read = 0
        for batch in reading:
            frame = _frame(plan, batch)
            for kana, members in pairs.items():
                links = [f.name for f in plan.fields if f.role == "name" and f.name not in members]
                names.add(
                    frame.with_columns(
                        name=pl.concat_str(*(pl.col(m) for m in members), separator=" "),
                        kana=pl.col(kana) if kana else pl.lit(""),
                        household=pl.col(household) if household else pl.lit(""),
                    ).select("name", "kana", "household", *links),
                    links,
                )
            read += batch.rows
            advance(reading.reader, read)


def _frame(plan: Plan, batch: Batch) -> pl.DataFrame:
    """The name and reading fields of a batch, and the household where the job names it."""
    wanted = {f.name for f in plan.fields if f.role in ("name", "kana")} | {plan.job.review["household"]}
    states = bytearray(batch.rows)
    out = {}
    for spec in plan.fields:
        if spec.name in wanted or plan.decoder.carry:
            column, _, _ = plan.decoder.decode(batch, spec, states)
            if spec.name in wanted:
                out[spec.name] = text_series(spec.name, column.data, column.offsets)
    return pl.DataFrame(out)


def pairs_of(fields: Sequence[Field]) -> dict[str, list[str]]:
    """Reading field → the name fields it reads, in order (氏 and 名 together); "" → names when there is no
    reading.

    A reading goes with the names that its own name begins with (氏名_フリガナ, 氏名), or that begin with what
    it begins with (筆頭者_フリガナ: 筆頭者_氏, 筆頭者_名); the only reading of a layout goes with its first
    name.
    """
    names = [f.name for f in fields if f.role == "name"]
    kanas = [f.name for f in fields if f.role == "kana"]
    out: dict[str, list[str]] = {}
    for kana in kanas:
        stem = _READING.sub("", kana)
        exact = [n for n in names if n == stem]
        begun = [n for n in names if stem and n.startswith(stem)]
        if exact or begun:
            out[kana] = exact or begun
    if not out and names:
        out = {kanas[0]: names[:1]} if len(kanas) == 1 else {"": names[:1]}
    return out


def prior(plan: Plan) -> Any:
    """Character → how likely it is to stand behind a 外字: the more, the more of its forms the charset
    lacks."""
    reached = {e.row.glyph for e in plan.charset.entries.values() if e.row.glyph}
    repertoire = plan.charset.repertoire

    def weigh(character: str) -> float:
        lacking = sum(g.name not in reached for g in repertoire.by_text(character[0]))
        return 0.3 + min(lacking, 10) / 10

    return weigh


def _proposals(
    repertoire: Repertoire, reached: set[str], evidence: list[Evidence], told: bool
) -> list[Proposal]:
    """Each proposed character as glyphs: the forms that the charset lacks, those of related characters, then
    the others. ``reached``: the glyphs that the code has.

    A character that the code has was written with its own code; its 外字 is then a form that the code has not
    (髙 for 高).
    """
    out: dict[str, Proposal] = {}
    for found in evidence[:PROPOSED]:
        for name, share in _forms(found.character[0], repertoire, reached):
            score = round(found.score * share, 4)
            if score >= 0.001 and (name not in out or out[name].score < score):
                out[name] = Proposal(name, score, _reason(found, told))
    return list(out.values())


def _forms(character: str, repertoire: Repertoire, reached: set[str]) -> Iterator[tuple[str, float]]:
    """(glyph, share of the character's score), the likeliest first."""
    own = [g for g in repertoire.by_text(character) if g.base == character]
    for rank, glyph in enumerate(g for g in own if g.name not in reached):
        yield glyph.name, 0.98**rank
    others = [c for glyph in own[:1] for c, _ in related(glyph.name)]
    near = [g for c in others for g in repertoire.by_text(c) if g.base == c]
    for rank, glyph in enumerate(g for g in near if g.name not in reached):
        yield glyph.name, RELATED * 0.98**rank
    for rank, glyph in enumerate(g for g in own if g.name in reached):
        yield glyph.name, REACHED * 0.98**rank
    # A town may have drawn what its maker's extension has already, 髙 or 﨑: perhaps before it had.
    for rank, glyph in enumerate(g for g in near if g.name in reached):
        yield glyph.name, RELATED * REACHED * 0.98**rank


def _reason(found: Evidence, told: bool) -> str:
    """Why, in Japanese for the clerk; the example is somebody's name, so it is told only where the queue may
    hold names.
    """
    parts = []
    if found.people:
        parts.append(
            tr("同じ読みの{people}人が「{character}」", people=found.people, character=found.character)
        )
    if found.linked:
        parts.append(tr("同じ世帯・筆頭者で{linked}件", linked=found.linked))
    example = tr("（例 {example}）", example=found.example) if told else ""
    return "、".join(parts or [tr("似た名前が「{character}」", character=found.character)]) + example
