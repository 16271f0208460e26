"""The plan: all of a job resolved, once. Frozen; nothing changes afterwards.

Owns how the keys of a job become charset, framing, layout, decoder and output. Every reading of a dump
(convert, verify, explain, impact, learn, residents, scan) starts from a plan and asks it for a fresh pass.
Writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gaiji import __version__
from gaiji.codes.charset import Charset
from gaiji.codes.lost import load_marks
from gaiji.codes.tables import Table
from gaiji.columns.decode import TEXTS, Decoder
from gaiji.columns.findings import Grouping
from gaiji.columns.owners import Owners, TypedOwners
from gaiji.disk.files import is_stream
from gaiji.disk.packing import Input
from gaiji.errors import JobError, LayoutError, ResumeError, UsageError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.layout.described import Whole, described
from gaiji.layout.layout import Layout, for_header, layout_from_fields, override_fields, with_roles
from gaiji.layout.settle import settle
from gaiji.model import Field
from gaiji.model.plain import dataclass
from gaiji.output.formats import KEEPS
from gaiji.records.batch import Batch, Framing, Start
from gaiji.records.reader import Reader
from gaiji.records.shape import Kind, Shape, Shaper
from gaiji.run.corrections import Corrections, corrections_of, load_corrections
from gaiji.run.framing import framing_of, framing_of_types
from gaiji.run.header import check_header
from gaiji.run.job import Job, load_job
from gaiji.run.national import assumes, charset_of, check_national, own_charset, unseen, with_byte_order
from gaiji.run.outputs import Output, output_of
from gaiji.run.owning import owners_of, typed_owners
from gaiji.run.peek import begin, column_names, peek, regular, texts
from gaiji.run.reading import Reading, Shapes
from gaiji.run.target import form_of
from gaiji.run.types import (
    Typed,
    check_names,
    check_outputs,
    moved,
    named,
    own_job,
    shape_of,
    with_keys,
    within,
)
from gaiji.standard.editions import SHRINK, current_edition
from gaiji.standard.forms import form_digest, form_file
from gaiji.standard.relations import map_name


@dataclass(frozen=True, slots=True)
class Plan:
    """A job with everything that it names found, checked and compiled.

    ``header``: the cells of a CSV's first record where it holds the names. ``resumable``: input and output
    are files, so that an interrupted run can go on. ``begun``: of an input that can be read only once (a
    pipe), the pass that was begun to see its header. ``shape``: how records are told apart and their tables
    cut, where they have types or vary. ``parts``: a plan for each record type; the whole then has no fields
    of its own. ``number``: in the plan of a type, which it is; ``skipped``: it is left out.
    """

    job: Job
    charset: Charset
    framing: Framing
    layout: Layout
    header: tuple[bytes, ...]
    decoder: Decoder
    grouping: Grouping
    owners: Owners | TypedOwners
    output: Output
    resumable: bool
    begun: tuple[Reader, Batch | None, Iterator[Batch]] | None = None
    shape: Shape | None = None
    parts: tuple[Plan, ...] = ()
    number: int = -1
    skipped: bool = False
    corrections: Corrections | None = None

    @staticmethod
    def of(
        job: Job | str | Path, overrides: Mapping[str, object] | None = None, *, reuse: bool = True
    ) -> Plan:
        """The plan of a job or of a job file.

        ``reuse``: columns are copied before the next batch is decoded on the same thread, so their buffers
        are used again. Raises GaijiError for what is missing, wrong or does not fit together.
        """
        job = job if isinstance(job, Job) else load_job(job, overrides)
        plan, table = Plan._resolved(job, reuse), load_corrections(corrections_of(job))
        if table is not None and any(part.output.recipe is not None for part in plan.each):
            raise JobError(
                fault("E0694", "has columns of its own, and a table of corrections lies beside its queue"),
                path=job.path,
                key="output.column",
                next=tr("convert without [[output.column]], where what was restored can be proved"),
            )
        parts = tuple(replace(part, corrections=table) for part in plan.parts)
        return replace(plan, corrections=table, parts=parts)

    @staticmethod
    def _resolved(job: Job, reuse: bool) -> Plan:
        _check_input(job)
        charset = charset_of(job, with_byte_order(job))
        if job.records:
            return typed_plan(job, charset, reuse)
        whole = whole_of(job) if job.source["format"] != "csv" else None
        laid = layout_of(job, (), whole) if whole else None
        framing = framing_of(job.source, charset, laid, job.path)
        header, columns, first, begun = peek(job, framing)
        if header and "source.header" not in job.said:
            names, *rows = (texts(charset, cells) for cells in (header, *first))
            check_header(names, rows, job.path)
        layout = laid or layout_of(job, column_names(charset, header, columns))
        whole = whole or Whole(layout)
        _check_fields(job, charset, framing, layout)
        shape = None
        if whole.variable is not None:
            whole = replace(whole, layout=layout)
            shape = Shape((Kind("", variable=moved(whole, False)),), typed=False)
            layout = replace(
                layout, fields=tuple(replace(spec, column=at) for at, spec in enumerate(layout.fields))
            )
        output = output_of(job, layout.fields, whole.tables)
        decoder = decoder_of(job, charset, layout.fields, reuse=reuse and output.format not in KEEPS)
        grouping = Grouping(decoder, policy=job.policy, **job.sampling)
        resumable = regular(job.file(job.source["path"])) and not is_stream(job.output_path)
        owners = owners_of(job, charset, framing, layout, whole)
        plan = Plan(job, charset, framing, layout, header, decoder, grouping, owners, output, resumable)
        plan = replace(plan, begun=begun, shape=shape)
        if not assumes(decoder):
            return plan
        if not regular(job.file(job.source["path"])) and begun is None:
            if shape is not None:
                raise unseen(job.path)
            plan = replace(plan, begun=begin(job, framing))
        check_national(job.path, decoder, plan.first())
        return plan

    def __reduce__(self) -> tuple[object, ...]:
        """A plan is its job: another process resolves it anew, and refuses where a table has changed."""
        return _again, (self.job, self.identity, self.decoder.reuse)

    def read(
        self,
        start: Start | None = None,
        before: Mapping[str, Any] | None = None,
        shaper: Shapes | None = None,
        *,
        batch: int = 0,
        stop: int = -1,
    ) -> Reading:
        """A fresh pass over the input, from ``start`` on; UsageError for a second one over a pipe.
        ``before``: what a pass that begins there must know of the records before. ``shaper``: what
        else than the plan's own tells the records apart. ``batch``: bytes of a batch (0: as ever); ``stop``:
        where the pass ends (-1: with the input).
        """
        if self.begun is not None:
            reader, first, rest = self.begun
            return Reading(reader, self.header, (first, rest))
        quarantine = self.job.source["on_bad_record"] == "quarantine"
        if self.shape is not None:
            strict = "source.on_bad_record" in self.job.said and not quarantine
            shaper = shaper or Shaper(self.shape, before, self.job.source["path"] if strict else "")
        path, sized = self.job.file(self.job.source["path"]), {"batch": batch} if batch else {}
        reader = Reader(path, self.framing, quarantine=quarantine, start=start, stop=stop, **sized)
        return Reading(reader, self.header, shaper=shaper, only=self.number)

    def first(self) -> Batch | None:
        """The first records of the input, None where there are none; of a pipe those that were read for it,
        which its one pass gives again."""
        return self.begun[1] if self.begun is not None else next(iter(self.read()), None)

    @property
    def each(self) -> tuple[Plan, ...]:
        """The plans of the outputs: of each record type that is not left out, or this one."""
        return tuple(part for part in self.parts if not part.skipped) or (self,)

    def qualified(self, name: str) -> str:
        """A field's name, behind that of the record type where the plan is of one."""
        return f"{self.job.type}.{name}" if self.number >= 0 else name

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a record, in order."""
        return self.layout.fields

    @property
    def charsets(self) -> tuple[Charset, ...]:
        """Every charset that a field of an output has, the job's first."""
        own = {name: one for part in self.each for name, one in part.decoder.charsets.items()}
        return (self.charset, *(own[name] for name in sorted(own)))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table that gives a code its meaning, the site's too; each once."""
        every = self.charsets
        return tuple({t.id: t for one in every for t in (*one.tables, *one.sites)}.values())

    @property
    def form_tables(self) -> list[dict[str, str]]:
        """What the output's form and its columns are made of beside the standard's lists, and the
        corrections of its places, as manifest and proof tell it."""
        form = form_of(self.job)
        digest, file = form_digest(form), form_file(form)
        name = file.name if file else form
        told = {f"form/{name}": digest} if digest else {}
        for part in self.each:
            if part.output.recipe is not None:
                told |= {f"columns/{file}": sha256 for file, sha256 in part.output.recipe.files}
        if self.corrections is not None:
            told[self.corrections.id] = self.corrections.sha256
        return [{"id": id, "edition": "", "sha256": sha256} for id, sha256 in told.items()]

    @property
    def identity(self) -> dict[str, str]:
        """What decides the output: an interrupted run can be gone on with only while all of it is the
        same."""
        tables = [*(t.sha256 for t in self.tables), *(one["sha256"] for one in self.form_tables)]
        extra = repr((self.layout.fillers, self.layout.shortest))
        layout = [repr(self.framing), extra, *map(repr, self.fields)]  # record lengths decide the cuts
        layout += [repr(self.shape)] if self.shape is not None else []
        layout += [repr(spec) for part in self.parts for spec in part.fields]
        layout += [repr((part.layout.fillers, part.layout.shortest)) for part in self.parts]
        return {
            "version of gaiji": __version__,
            "job": self.job.digest,
            "table": _digest(tables),
            "layout": _digest(layout),
            "repertoire": self.charset.repertoire.version,
            **({"縮退マップ": map_name(current_edition(SHRINK))} if self.job.target["shrink"] else {}),
        }

    def facts(self) -> dict[str, object]:
        """What events tell of the run."""
        return {
            "job": Path(self.job.path).name,
            "input": self.job.source["path"],
            "output": self.job.output["path"],
            "charset": self.charset.name,
        }

    def check_resumable(self) -> None:
        """UsageError when a run shall go on that never can."""
        if not self.resumable:
            pipe = not regular(self.job.file(self.job.source["path"]))
            raise UsageError(
                fault("E0248", "a pipe cannot be gone on with")
                if pipe
                else fault("E0249", "a stream cannot be gone on with"),
                where=self.job.path,
                next=tr("run again without --resume, or use files"),
            )


def _again(job: Job, identity: Mapping[str, str], reuse: bool) -> Plan:
    plan = Plan.of(job, reuse=reuse)
    if plan.identity != identity:
        raise ResumeError(
            fault("E0380", "is planned with other tables than those there are now"),
            where=job.path,
            next=tr("run again"),
        )
    return plan


def whole_of(job: Job) -> Whole:
    """The layout of the job's records as it is described, with how its tables vary."""
    source = job.source
    length = source["record_length"] or None
    if not source["layout"]:
        return Whole(layout_from_fields(list(job.fields), path=job.path, record_length=length))
    return described(
        job.file(source["layout"]),
        record_length=length,
        redefines=source["redefines"],
        depending=source["depending"] or ("counter" if source["format"] in ("vb", "lines") else "refuse"),
        sync=source["sync"] or "refuse",
        item=source.get("item", ""),
        encoding=source["copybook_encoding"],
        replacing=source["replacing"],
    )


def layout_of(job: Job, names: Sequence[str], whole: Whole | None = None) -> Layout:
    """Which bytes, or which of the columns ``names`` of a CSV, are which field; ``whole``: the layout as it
    is described, where it was read already."""
    source = job.source
    if source["format"] == "csv":
        layout = for_header(list(names), preset=source["preset"] or None)
    else:
        layout = (whole or whole_of(job)).layout
    if job.fields and (source["layout"] or source["format"] == "csv"):
        layout = override_fields(layout, job.fields, path=job.path)
    layout = with_roles(layout, source["roles"], path=job.path)
    return replace(layout, fields=settle(layout.fields, source, layout.path or job.path))


def typed_plan(job: Job, charset: Charset, reuse: bool) -> Plan:
    """The plan of a job with record types: a plan for each, and what they share."""
    owns = [own_job(job, rule) for rule in job.records]
    wholes = [whole_of(own) for own in owns]
    check_names(job, [whole.layout for whole in wholes])
    types = []
    for rule, own, whole in zip(job.records, owns, wholes, strict=True):
        mine = within(own, whole.layout)
        layout = layout_of(mine, (), whole)
        types.append(Typed(rule, mine, replace(whole, layout=layout), layout))
    check_outputs(job, types)
    framing = framing_of_types(job.source, charset, [one.layout for one in types], job.path)
    shape = shape_of(job, types, charset)
    parts = []
    for number, one in enumerate(types):
        if one.rule.counts:
            named(one.layout, one.rule.trailer_field)
        _check_fields(one.job, charset, framing, one.layout)
        part = _part(one, charset, framing, with_keys(job, types, number), reuse)
        if assumes(part.decoder):
            raise unseen(job.path)
        parts.append(replace(part, shape=shape, number=number, skipped=one.rule.skip))
    resumable = all(part.resumable for part in parts if not part.skipped)
    nothing = Typed(job.records[0], job, Whole(Layout(())), Layout(()))
    return replace(
        _part(nothing, charset, framing, Layout(()), reuse),
        owners=typed_owners(types, charset, framing),
        resumable=resumable,
        shape=shape,
        parts=tuple(parts),
    )


def _part(typed: Typed, charset: Charset, framing: Framing, layout: Layout, reuse: bool) -> Plan:
    """A plan of one type over a framing that is known; ``layout``: that of its output."""
    job = typed.job
    output = output_of(job, layout.fields, typed.whole.tables)
    decoder = decoder_of(job, charset, layout.fields, reuse=reuse and output.format not in KEEPS)
    grouping = Grouping(decoder, policy=job.policy, **job.sampling)
    resumable = regular(job.file(job.source["path"])) and not is_stream(job.output_path)
    owners = owners_of(job, charset, framing, typed.layout, typed.whole)
    return Plan(job, charset, framing, layout, (), decoder, grouping, owners, output, resumable)


def decoder_of(
    job: Job, charset: Charset, fields: Sequence[Field], *, reuse: bool, decided: bool = True
) -> Decoder:
    """What decodes the fields of a job. ``decided``: with the decisions on the codes of fields that have a
    charset of their own."""
    return Decoder(
        charset,
        fields,
        csv=any(spec.column >= 0 for spec in fields),
        form=form_of(job),
        policy=job.policy,
        trim=job.source["trim"] == "right",
        carry=job.source["shift"] == "carry",
        reuse=reuse,
        charsets={
            name: own_charset(job, name, decided=decided)
            for name in sorted({f.charset for f in fields} - {""})
        },
        marks=load_marks(tuple(job.review["lost"])),
    )


def _check_fields(job: Job, charset: Charset, framing: Framing, layout: Layout) -> None:
    """Rules that span job, layout and charset."""
    key = job.review["key"]
    if key and key not in {f.name for f in layout.fields}:
        raise JobError(
            fault("E0246", "names the field {key!r}, which the layout does not have", key=key[:40]),
            path=job.path,
            key="review.key",
            next=nearest(key, [f.name for f in layout.fields]),
        )
    for spec in layout.fields:
        if framing.format == "fixed" and spec.offset + spec.length > framing.record_length:
            raise LayoutError(
                fault(
                    "E0381",
                    "ends at byte {offset}, records have {record_length}",
                    offset=spec.offset + spec.length,
                    record_length=framing.record_length,
                ),
                path=layout.path,
                field=spec.name,
                next=tr("correct record_length in [source], or the layout"),
            )
        if spec.type in TEXTS and not spec.charset:
            charset.mode(spec.type)


def _check_input(job: Job) -> None:
    """An input that cannot be read is an error before anything else is done."""
    path = job.file(job.source["path"])
    if regular(path):
        Input(path).close()


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
