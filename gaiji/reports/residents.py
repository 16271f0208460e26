"""Which residents' names changed in more than their code: the characters of ``gaiji report residents``.

Owns the second reading of a job's input, by whole columns, and what counts as a change: whatever the output
does not hold as the source means it (not decided yet, left out, lost by an earlier migration, decided but not
written there, cut for its width), and a decision of another 同定区分 than 字形一致. Who the residents are is
in ``persons``, files are made in ``lists`` and ``letters``. Codes that the job's own site tables map are not
told: those tables hold no 同定区分.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from gaiji.codes.charset import load_charset
from gaiji.codes.program import K
from gaiji.columns.findings import NAMES, REVIEWED_ROLES, Grouping
from gaiji.errors.messages import mark, tr
from gaiji.kernel.arrow import int64_series, text_series
from gaiji.model import Column, Field, Picture, Reason
from gaiji.output.lines import fit_column
from gaiji.queue.decisions import CONFIRMED, REJECTED, UNREADABLE, WAITING, Decision, Decisions
from gaiji.queue.items import Item
from gaiji.queue.queue import open_queue
from gaiji.queue.words import STATES
from gaiji.records.batch import Batch
from gaiji.reports.people import GROUPS, People, people_of
from gaiji.run.corrections import Correction, correct
from gaiji.run.job import Job, load_job
from gaiji.run.plan import Plan, decoder_of
from gaiji.run.target import form_of
from gaiji.standard.characters import coded
from gaiji.standard.forms import texts_in
from gaiji.standard.repertoire import load_repertoire

SAME = "字形一致"
UNDECIDED = STATES["open"]
LOST = "過去の移行で失われた文字"
CUT = "出力項目の桁あふれ"
RESTORED = mark("復元")
UNWRITTEN = mark("{kind}（出力に未反映）")
"""Decided, but the output has it as before: it was made before the decision, or no table can say it."""


@dataclass(frozen=True)
class Changed:
    """One character of one resident. ``before``: the field with the character as 【〓】 or as it stood;
    ``after``: as written; ``open``: the output does not hold what the source means there.
    """

    record: int
    key: str
    field: str
    before: str
    after: str
    code: str
    glyph: str
    text: str
    kind: str
    evidence: str
    open: bool = False
    role: str = ""
    reason: str = ""
    person: str = ""


SCHEMA: dict[str, Any] = {
    "record": pl.Int64,
    "key": pl.String,
    "field": pl.String,
    "before": pl.String,
    "after": pl.String,
    "code": pl.String,
    "glyph": pl.String,
    "text": pl.String,
    "kind": pl.String,
    "evidence": pl.String,
    "open": pl.Boolean,
    "role": pl.String,
    "reason": pl.String,
    "person": pl.String,
}
"""The columns of the characters: those of ``Changed``."""
ROWS: dict[str, Any] = {
    "record": pl.Int64,
    "person": pl.String,
    "name": pl.String,
    "kana": pl.String,
    "address": pl.String,
    "household": pl.String,
}
"""What is known of a record with such a character."""


@dataclass(frozen=True)
class Residents:
    """The changed characters in the order of the input (``frame``, columns of ``Changed``), the records that
    have them (``records``: whose they are, name, reading, address, household as the output holds them),
    ``marked``: group → the people that it marks; how many records were ``read``, and the 外字 pictures by
    code. A person is ``=`` and the key, or ``#`` and the record's number where there is no key.
    """

    frame: pl.DataFrame
    records: pl.DataFrame
    marked: Mapping[str, frozenset[str]]
    read: int
    pictures: dict[str, Picture]
    settings: People | None = None

    @cached_property
    def rows(self) -> list[Changed]:
        """The characters, one by one."""
        return [Changed(**row) for row in self.frame.iter_rows(named=True)]

    @property
    def people(self) -> int:
        """Records with at least one changed character."""
        return self.frame["record"].n_unique()

    @property
    def waiting(self) -> int:
        """Records of which the output does not hold every name as the source means it."""
        return self.frame.filter("open")["record"].n_unique()


def changed_residents(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    key: str = "",
    called: Sequence[str] = (),
) -> Residents:
    """Read a job's input again, with and without the decisions of its queue, and tell what changed for
    whom. ``key``: the field that tells a resident, where it is not that of ``[review]``; where it stands in a
    table (a 戸籍), each of its occurrences is one. ``called``: the fields that are a resident's name."""
    job = load_job(job, overrides) if not isinstance(job, Job) else job
    plan = Plan.of(job, reuse=False)
    decided, pictures = _decided(job, [one.system for one in plan.charsets])
    every = [spec.name for part in plan.each for spec in part.fields]
    frames, records, marked = [pl.DataFrame(schema=SCHEMA)], [pl.DataFrame(schema=ROWS)], []
    read, settings = 0, None
    for part in plan.each:
        settings = people_of(job, part.fields, every, called)
        reader = _Reader(part, decided, settings, key or job.review["key"])
        for batch in part.read():
            found, rows, groups = reader.batch(batch)
            frames.append(found)
            records.append(rows)
            marked.append(groups)
            read += batch.rows
    frame = pl.concat(frames).sort("record", maintain_order=True)
    told = {name: frozenset(p for one in marked for p in one.get(name, ())) for name in GROUPS}
    return Residents(frame, pl.concat(records), told, read, pictures, settings)


Code = tuple[str, str, str]
"""Code system, code and reason."""


Standing = tuple[str, Decision | None]
"""The state of an item, and the decision that is confirmed."""


def _decided(job: Job, systems: Sequence[str]) -> tuple[dict[Code, Standing], dict[str, Picture]]:
    """How the codes of some systems stand in the job's queue, and code → picture; where two systems have a
    code, the picture of the first."""
    queue = open_queue(job.queue_where)
    try:
        mine = [i for i in queue.items() if i.system in systems and (i.site, i.gaiji_set) == job.owner]
        mine.sort(key=lambda item: systems.index(item.system), reverse=True)
        made, pictures = Decisions(queue).all(), queue.pictures()
        stands = {
            (i.system, i.code, i.reason): (i.state, made.get(i.id) if i.state == CONFIRMED else None)
            for i in mine
        }
        return stands, {i.code: pictures[i.id][0] for i in mine if pictures.get(i.id)}
    finally:
        queue.close()


KEPT = (Reason.ALREADY_LOST, Reason.AMBIGUOUS, Reason.NOT_IN_STANDARD)
"""What residents see as the old system has it."""


class _Reader:
    """Decodes each field twice: as the job's tables alone have it, and as the run writes it."""

    def __init__(self, plan: Plan, decided: Mapping[Code, Standing], people: People, key: str) -> None:
        self.plan, self.decided, self.people = plan, decided, people
        job = plan.job
        tables = [job.file(name) for name in job.source["tables"]]
        plain = load_charset(plan.charset.name, tables, options=job.source["options"])
        policy = dict.fromkeys(Reason, "geta") | dict.fromkeys(KEPT, "keep")
        without = replace(job, policy=policy)
        self.before = decoder_of(without, plain, plan.fields, reuse=False, decided=False)
        self.names = Grouping(self.before, policy=job.policy, **job.sampling)
        self.key = key
        self.told: dict[tuple[Any, ...], tuple[Any, ...] | None] = {}
        wanted = {key, job.review["household"], *people.fields}
        every = plan.corrections is not None or plan.decoder.carry
        self.places = occurrences([spec.name for spec in plan.fields], key)
        wanted |= {name + at for name in wanted for at in self.places}
        self.fields = [s for s in plan.fields if every or s.name in wanted or s.role in REVIEWED_ROLES]

    def batch(self, batch: Batch) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, set[str]]]:
        """The changes of one batch, the records that have them, and the keys of those that are marked."""
        old, new = bytearray(batch.rows), bytearray(batch.rows)
        now = [self.plan.decoder.decode(batch, spec, new) for spec in self.fields]
        restored, afters = self._restored(batch, now)
        texts: dict[str, pl.Series] = {}
        frames = []
        for spec, after, (_, _, left) in zip(self.fields, afters, now, strict=True):
            reviewed = spec.role in REVIEWED_ROLES
            if reviewed or self.before.carry:
                before, _, findings = self.before.decode(batch, spec, old)
            fitted, cut = self._fitted(spec, after, batch.rows)
            texts[spec.name] = text_series(spec.name, fitted.data, fitted.offsets)
            if reviewed and (findings or cut):
                was = text_series("before", before.data, before.offsets)
                frames.append(self._found(spec, was, texts[spec.name], findings, left, restored))
                frames.append(_cut(spec, was, texts[spec.name], cut))
        found = pl.concat([pl.DataFrame(schema=_PLACED), *frames])
        parts = [self._of_place(batch, texts, found, at) for at in self.places]
        marked = self.people.marked(texts)
        groups = {
            name: {who for at in self.places for who in self._people(batch, texts, on.arg_true(), at)}
            for name, on in marked.items()
        }
        return pl.concat([one for one, _ in parts]), pl.concat([two for _, two in parts]), groups

    def _of_place(
        self, batch: Batch, texts: Mapping[str, pl.Series], found: pl.DataFrame, at: str
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The characters of the residents that stand at one place of their records, and who they are: those
        of its own fields, and of the fields that all of a record share."""
        if at:
            place = pl.col("field").replace_strict(
                {name: _place_of(name, self.places) for name in texts}, default="", return_dtype=pl.String
            )
            there = texts[self.key + at].str.strip_chars(" \u3000") != ""
            none = (
                ~pl.DataFrame([texts[self.key + one] for one in self.places])
                .select(pl.any_horizontal(pl.all().str.strip_chars(" \u3000") != ""))
                .to_series()
            )
            shared = there | none if at == self.places[0] else there
            found = found.filter((place == at) | ((place == "") & shared.gather(found["row"])))
        rows = found["row"].unique().sort()
        numbers, key = _numbers(batch, found["row"]), self.key + at
        keys = texts[key].gather(found["row"]) if key in texts else numbers.cast(pl.String)
        people = self._people(batch, texts, found["row"], at)
        told = found.with_columns(people, record=numbers, key=keys).select(list(SCHEMA))
        return told, self._records(batch, texts, rows, at)

    def _people(self, batch: Batch, texts: Mapping[str, pl.Series], rows: pl.Series, at: str) -> pl.Series:
        """Whose some rows are: by key, or by the record's number where there is none."""
        numbers = "#" + _numbers(batch, rows).cast(pl.String) + at
        if self.key + at not in texts:
            return numbers.alias("person")
        keys = texts[self.key + at].gather(rows).str.normalize("NFKC").str.strip_chars()
        return numbers.zip_with(keys == "", "=" + keys).alias("person")

    def _records(
        self, batch: Batch, texts: Mapping[str, pl.Series], rows: pl.Series, at: str
    ) -> pl.DataFrame:
        """What is known of some rows, for the residents at one place of them."""
        people, household = self.people, (self.plan.job.review["household"],)
        parts = {"name": people.name, "kana": people.kana, "address": people.address, "household": household}
        out = [_numbers(batch, rows).alias("record"), self._people(batch, texts, rows, at)]
        for part, names in parts.items():
            here = [name if name in texts else name + at for name in names]
            mine = [name for name in here if name in texts and _place_of(name, self.places) in ("", at)]
            some = [texts[name].gather(rows).alias(name) for name in dict.fromkeys(mine)]
            empty = pl.Series([""] * len(rows), dtype=pl.String)
            joined = pl.DataFrame(some).select(pl.concat_str(pl.all())).to_series() if some else empty
            out.append(joined.str.strip_chars(" \u3000").alias(part))
        return pl.DataFrame(out).select(list(ROWS))

    def _restored(
        self, batch: Batch, now: Sequence[tuple[Column, array[int], array[int]]]
    ) -> tuple[dict[tuple[str, int, int], Correction], list[Column]]:
        """What people restored in a batch, by field, row and offset, and the columns with it."""
        columns = [column for column, _, _ in now]
        if self.plan.corrections is None:
            return {}, columns
        found = [(spec, left) for spec, (_, _, left) in zip(self.fields, now, strict=True) if left]
        done = correct(self.plan.corrections, batch, columns, found, self.plan.qualified(""))
        prefix = len(self.plan.qualified(""))
        places = {(one.correction.field[prefix:], one.row, one.offset): one.correction for one in done}
        return places, columns

    def _fitted(self, spec: Field, column: Column, rows: int) -> tuple[Column, list[int]]:
        """A column as the output holds it, and the rows that are cut there."""
        output = self.plan.output
        if output.format != "fixed" or spec.name not in output.widths:
            return column, []
        unit = 1 if output.encoding == "utf-8" else 2
        whole, cut = fit_column(column, rows, output.widths[spec.name] // unit, output.encoding)
        return (whole, cut) if cut else (column, [])

    def _found(
        self,
        spec: Field,
        before: pl.Series,
        after: pl.Series,
        findings: array[int],
        left: array[int],
        restored: Mapping[tuple[str, int, int], Correction],
    ) -> pl.DataFrame:
        """The findings of a field that a resident is told of."""
        frame = _frame(findings).join(
            _frame(left).select("row", "offset", left=pl.lit(True)).unique(), on=["row", "offset"], how="left"
        )
        frame = frame.with_columns(pl.col("left").fill_null(False))
        told = []
        for code, size, reason, still in frame.select("code", "size", "reason", "left").unique().iter_rows():
            what = self._what(spec, code, size, reason, still)
            if what is not None:
                told.append((code, size, reason, still, *what))
        known = pl.DataFrame(told, schema=_TOLD, orient="row")
        frame = frame.join(known, on=["code", "size", "reason", "left"], maintain_order="left")
        if restored:
            frame = _with_restored(frame, spec.name, restored)
        was, place = before.gather(frame["row"]), frame["position"]
        return frame.select(
            "row",
            field=pl.lit(spec.name),
            before=pl.Series(map(_marked, was, place), dtype=pl.String),
            after=after.gather(frame["row"]),
            code="hex",
            glyph="glyph",
            text="text",
            kind="kind",
            evidence="evidence",
            open="left",
            role=pl.lit(spec.role),
            reason="label",
        )

    def _what(self, spec: Field, code: int, size: int, reason_id: int, left: bool) -> tuple[Any, ...] | None:
        """Code, glyph, text, kind, evidence and reason of a finding; None where the output holds the same
        character. ``left``: the output has it flagged still."""
        system = self.before.charset_of(spec).system
        asked = (system, code, size, reason_id, left)
        if asked not in self.told:
            reason = Reason(reason_id)
            name = self.names.code_hex(spec, code, size)
            state, made = self.decided.get((system, name, reason.label), ("open", None))
            self.told[asked] = self._said(name, reason, state, made, left)
        return self.told[asked]

    def _said(
        self, name: str, reason: Reason, state: str, made: Decision | None, left: bool
    ) -> tuple[Any, ...] | None:
        if made is not None and made.kind == SAME and not left:
            return None
        glyph = load_repertoire().get(made.glyph) if made and made.glyph and not left else None
        text = made.text if made and not left else ""
        if glyph:
            text = texts_in(load_repertoire(), form_of(self.plan.job))[glyph.name]
        evidence = made.evidence if made else ""
        kind = _kind(reason, state, made, left)
        return (name, glyph.name if glyph else "", text, kind, evidence, reason.label)


_PLACED = {"row": pl.Int64} | {n: kind for n, kind in SCHEMA.items() if n not in ("record", "key", "person")}
_TOLD = {
    **dict.fromkeys(("code", "size", "reason"), pl.Int64),
    "left": pl.Boolean,
    **dict.fromkeys(("hex", "glyph", "text", "kind", "evidence", "label"), pl.String),
}


def occurrences(fields: Sequence[str], key: str) -> tuple[str, ...]:
    """Where the residents of a record are: what stands behind a field's name at each of them (``-1``, ``-2``
    for the occurrences of a table), "" alone where the record is one resident's."""
    if key in fields or not key:
        return ("",)
    found = [name.removeprefix(key) for name in fields if name.startswith(f"{key}-")]
    return tuple(at for at in found if at.replace("-", "").isdigit()) or ("",)


def _place_of(name: str, places: Sequence[str]) -> str:
    """The place of a record that a field is at, "" where it is of all of them."""
    return next((at for at in places if at and name.endswith(at)), "")


def _frame(findings: array[int]) -> pl.DataFrame:
    """A field's findings, a row each."""
    if not findings:
        return pl.DataFrame(schema=dict.fromkeys(NAMES, pl.Int64))
    flat = int64_series("f", findings)
    return pl.DataFrame({name: flat.gather_every(K["FINDING"], at) for at, name in enumerate(NAMES)})


def _numbers(batch: Batch, rows: pl.Series) -> pl.Series:
    """The record numbers of some rows."""
    if batch.numbers is None and not batch.gaps:
        return rows.cast(pl.Int64) + batch.first
    return pl.Series(map(batch.record_number, rows), dtype=pl.Int64)


def _cut(spec: Field, before: pl.Series, after: pl.Series, rows: Sequence[int]) -> pl.DataFrame:
    """The rows of a field that were cut for its width."""
    at = pl.Series(rows, dtype=pl.Int64)
    texts = {"field": spec.name, "code": "", "glyph": "", "text": "", "kind": CUT, "evidence": ""}
    return pl.DataFrame({"row": at, "before": before.gather(at), "after": after.gather(at)}).select(
        "row",
        *(pl.lit(texts[name]).alias(name) if name in texts else name for name in list(SCHEMA)[2:10]),
        pl.lit(True).alias("open"),
        pl.lit(spec.role).alias("role"),
        pl.lit(Reason.OVERFLOW.label).alias("reason"),
    )


def _with_restored(
    frame: pl.DataFrame, name: str, restored: Mapping[tuple[str, int, int], Correction]
) -> pl.DataFrame:
    """The findings with what people restored at some of them."""
    mine = [(row, at, one.new, one.evidence) for (field, row, at), one in restored.items() if field == name]
    schema = {"row": pl.Int64, "offset": pl.Int64, "new": pl.String, "why": pl.String}
    both = frame.join(
        pl.DataFrame(mine, schema=schema, orient="row"),
        on=["row", "offset"],
        how="left",
        maintain_order="left",
    )
    done = pl.col("new").is_not_null()
    return both.with_columns(
        glyph=pl.when(done).then(pl.lit("")).otherwise("glyph"),
        text=pl.coalesce("new", "text"),
        kind=pl.when(done).then(pl.lit(tr(RESTORED))).otherwise("kind"),
        evidence=pl.coalesce("why", "evidence"),
        left=pl.col("left") & ~done,
    )


def _kind(reason: Reason, state: str, made: Decision | None, left: bool) -> str:
    """What became of a character, in the words of the report."""
    if made is None:
        lost = reason is Reason.ALREADY_LOST and state != REJECTED
        return LOST if lost else tr(STATES[state])
    if not left or made.kind == UNREADABLE:
        return made.kind
    return LOST if reason is Reason.ALREADY_LOST else tr(UNWRITTEN, kind=made.kind)


def _marked(text: str, position: int) -> str:
    parts = coded(text)
    if position >= len(parts):
        return f"{text}【】"
    return "".join([*parts[:position], "【", parts[position], "】", *parts[position + 1 :]])


def waiting(item: Item) -> bool:
    """Whether a person still has to act on an item."""
    return item.state in WAITING
