"""The plan: all of a job resolved, once. Frozen; nothing changes afterwards.

Owns how the keys of a job become charset, framing, layout, decoder and output. Every reading of a dump
(convert, verify, explain, impact, learn, residents, scan) starts from a plan and asks it for a fresh pass.
Writes nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gaiji import __version__
from gaiji.codes.charset import Charset, load_charset
from gaiji.codes.spec import code_system
from gaiji.columns.decode import Decoder, default_width
from gaiji.columns.findings import Grouping
from gaiji.columns.owners import Owners
from gaiji.disk.files import Written, is_stream
from gaiji.disk.packing import Input
from gaiji.errors import JobError, LayoutError, ResumeError, UsageError, nearest
from gaiji.layout.layout import (
    Layout,
    for_header,
    layout_from_fields,
    load_layout,
    override_fields,
    with_roles,
)
from gaiji.layout.settle import settle
from gaiji.layout.spans import owner_of, spans
from gaiji.messages import fault, tr
from gaiji.model import Field
from gaiji.output.formats import KEEPS, open_sink
from gaiji.output.readback import Readback, open_readback
from gaiji.output.sink import Sink
from gaiji.records.batch import Batch, Framing, Start
from gaiji.records.reader import BATCH, Reader
from gaiji.run.decided import check_decisions
from gaiji.run.framing import framing_of
from gaiji.run.job import Job, load_job
from gaiji.run.reading import Reading

PEEK = 256 * 1024
"""Bytes of a CSV that are read for its header."""


@dataclass(frozen=True, slots=True)
class Output:
    """The converted file: its columns are the fields, then a glyph column for each of ``glyph_fields``.

    ``widths``: bytes of each column in a file of fixed length.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    glyph_fields: tuple[Field, ...]
    widths: Mapping[str, int]
    bom: bool
    crlf: bool
    encoding: str

    def open(self, kept: Written | None = None) -> Sink:
        """The file under a temporary name; ``kept``: gone on with as a checkpoint left it."""
        return open_sink(
            self.path,
            self.format,
            list(self.columns),
            bom=self.bom,
            crlf=self.crlf,
            widths=dict(self.widths),
            encoding=self.encoding,
            kept=kept,
        )

    def read_back(self) -> Readback:
        """The file as cells again."""
        return open_readback(
            self.path,
            self.format,
            list(self.columns),
            bom=self.bom,
            crlf=self.crlf,
            widths=list(self.widths.values()),
            encoding=self.encoding,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A job with everything that it names found, checked and compiled.

    ``header``: the cells of a CSV's first record where it holds the names. ``resumable``: input and output
    are files, so that an interrupted run can go on. ``begun``: of an input that can be read only once (a
    pipe), the pass that was begun to see its header.
    """

    job: Job
    charset: Charset
    framing: Framing
    layout: Layout
    header: tuple[bytes, ...]
    decoder: Decoder
    grouping: Grouping
    owners: Owners
    output: Output
    resumable: bool
    begun: tuple[Reader, Batch | None, Iterator[Batch]] | None = None

    @staticmethod
    def of(
        job: Job | str | Path, overrides: Mapping[str, object] | None = None, *, reuse: bool = True
    ) -> Plan:
        """The plan of a job or of a job file.

        ``reuse``: columns are copied before the next batch is decoded on the same thread, so their buffers
        are used again. Raises GaijiError for what is missing, wrong or does not fit together.
        """
        job = job if isinstance(job, Job) else load_job(job, overrides)
        _check_input(job)
        charset = charset_of(job, with_byte_order(job))
        laid = layout_of(job, ()) if job.source["format"] != "csv" else None
        framing = framing_of(job.source, charset, laid)
        header, columns, begun = _peek(job, framing)
        layout = laid or layout_of(job, _names(charset, header, columns))
        _check_fields(job, charset, framing, layout)
        output = output_of(job, layout.fields)
        decoder = decoder_of(job, charset, layout.fields, reuse=reuse and output.format not in KEEPS)
        grouping = Grouping(decoder, policy=job.policy, **job.sampling)
        resumable = _regular(job.file(job.source["path"])) and not is_stream(job.output_path)
        owners = owners_of(job, charset, framing, layout)
        return Plan(
            job, charset, framing, layout, header, decoder, grouping, owners, output, resumable, begun
        )

    def __reduce__(self) -> tuple[object, ...]:
        """A plan is its job: another process resolves it anew, and refuses where a table has changed."""
        return _again, (self.job, self.identity, self.decoder.reuse)

    def read(self, start: Start | None = None) -> Reading:
        """A fresh pass over the input, from ``start`` on; UsageError for a second one over a pipe."""
        if self.begun is not None:
            reader, first, rest = self.begun
            return Reading(reader, self.header, (first, rest))
        quarantine = self.job.source["on_bad_record"] == "quarantine"
        reader = Reader(
            self.job.file(self.job.source["path"]), self.framing, quarantine=quarantine, start=start
        )
        return Reading(reader, self.header)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a record, in order."""
        return self.layout.fields

    @property
    def identity(self) -> dict[str, str]:
        """What decides the output: an interrupted run can be gone on with only while all of it is the
        same."""
        tables = [t.sha256 for t in (*self.charset.tables, *self.charset.sites)]
        extra = repr((self.layout.fillers, self.layout.shortest))
        layout = [repr(self.framing), extra, *map(repr, self.fields)]  # record lengths decide the cuts
        return {
            "version of gaiji": __version__,
            "job": self.job.digest,
            "table": _digest(tables),
            "layout": _digest(layout),
            "repertoire": self.charset.repertoire.version,
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
            pipe = not _regular(self.job.file(self.job.source["path"]))
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


def charset_of(job: Job, name: str) -> Charset:
    """The job's charset with its site tables and, over them, the decisions that lie beside the queue."""
    tables = [job.file(table) for table in job.source["tables"]]
    decided = job.decisions_path(code_system(name))
    check_decisions(decided, code_system(name), job.owner, job.path)
    tables += [str(decided)] if decided.exists() else []
    return load_charset(name, tables, options=job.source["options"])


def layout_of(job: Job, names: Sequence[str]) -> Layout:
    """Which bytes, or which of the columns ``names`` of a CSV, are which field."""
    source = job.source
    if source["format"] == "csv":
        layout = for_header(list(names), preset=source["preset"] or None)
    elif source["layout"]:
        layout = load_layout(
            job.file(source["layout"]),
            record_length=source["record_length"] or None,
            redefines=source["redefines"],
        )
    else:
        layout = layout_from_fields(
            list(job.fields), path=job.path, record_length=source["record_length"] or None
        )
    if job.fields and (source["layout"] or source["format"] == "csv"):
        layout = override_fields(layout, job.fields, path=job.path)
    layout = with_roles(layout, source["roles"], path=job.path)
    return replace(layout, fields=settle(layout.fields, signs=source["signs"], binary=source["binary"]))


def output_of(job: Job, fields: Sequence[Field]) -> Output:
    """The converted file of a job with these fields."""
    output = job.output
    glyph_fields = tuple(f for f in fields if f.role == "name") if job.target["glyph_columns"] else ()
    columns = (*(f.name for f in fields), *(f"{f.name}.glyphs" for f in glyph_fields))
    if twice := [name for name, count in Counter(columns).items() if count > 1]:
        raise JobError(
            fault("E0397", "two columns would have the name {twice!r}", twice=twice[0][:40]),
            path=job.path,
            key="target.glyph_columns",
            next=tr("rename the field in the source, or leave the glyph columns out"),
        )
    lengths = {f.name: default_width(f) for f in fields}
    return Output(
        job.output_path,
        job.output_format,
        columns,
        glyph_fields,
        {name: output["widths"].get(name, lengths.get(name, 80)) for name in columns},
        output["bom"],
        output["newline"] == "crlf",
        output["encoding"],
    )


def owners_of(job: Job, charset: Charset, framing: Framing, layout: Layout) -> Owners:
    """Whose each byte of the input is."""
    if framing.format == "csv":
        return Owners(charset, framing, (), [owner_of(spec) for spec in layout.fields], 0)
    shortest = int(job.source["shortest"]) or layout.shortest
    return Owners(charset, framing, spans(layout.fields, layout.fillers), (), shortest)


def decoder_of(job: Job, charset: Charset, fields: Sequence[Field], *, reuse: bool) -> Decoder:
    """What decodes the fields of a job."""
    return Decoder(
        charset,
        fields,
        csv=job.source["format"] == "csv",
        form=job.target["form"],
        policy=job.policy,
        trim=job.source["trim"] == "right",
        carry=job.source["shift"] == "carry",
        reuse=reuse,
    )


def _peek(
    job: Job, framing: Framing
) -> tuple[tuple[bytes, ...], int, tuple[Reader, Batch | None, Iterator[Batch]] | None]:
    """The header of a CSV and how many columns it has; of a pipe, also the pass that was begun for it."""
    path, quarantine = job.file(job.source["path"]), job.source["on_bad_record"] == "quarantine"
    regular = _regular(path)
    if framing.format != "csv":
        return (), 0, None
    reader = Reader(path, framing, quarantine=quarantine, batch=PEEK if regular else BATCH)
    batches = iter(reader)
    first = next(batches, None)
    header, columns = tuple(reader.header), len(first.starts) if first else 0
    if not regular:
        return header, columns, (reader, first, batches)
    assert isinstance(batches, Generator)
    batches.close()
    return header, columns, None


def _names(charset: Charset, header: Sequence[bytes], columns: int) -> list[str]:
    """The names of a CSV's columns."""
    names = [charset.decode(cell, role="other").text for cell in header]
    return names or [f"column{i + 1}" for i in range(columns)]


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
        if spec.type in ("mixed", "dbcs", "sbcs"):
            charset.mode(spec.type)


def _check_input(job: Job) -> None:
    """An input that cannot be read is an error before anything else is done."""
    path = job.file(job.source["path"])
    if _regular(path):
        Input(path).close()


def with_byte_order(job: Job) -> str:
    """``unicode`` as unicode-le or unicode-be, by the mark at the input's start (big-endian without one)."""
    charset, path = str(job.source["charset"]), job.file(job.source["path"])
    if charset != "unicode":
        return charset
    if path == "-":
        raise UsageError(
            fault("E0251", "the byte order of standard input cannot be known beforehand"),
            next=tr("use unicode-le or unicode-be"),
        )
    file = Input(path)
    try:
        return "unicode-le" if file.read(2) == b"\xff\xfe" else "unicode-be"
    finally:
        file.close()


def _regular(path: str) -> bool:
    """Whether a path is a file that can be read again (no pipe, not standard input); also one not there."""
    try:
        return path != "-" and stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
