"""The main path: a job's input becomes standard-code output, a review queue and a manifest.

Owns the order of the steps, batches on threads and the manifest. Each step itself lives a layer below:
framing, layout, charset (kernel), sinks, sums, checkpoints, review queue.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gaiji import __version__
from gaiji.codes.charset import Entry, code_system, load_charset
from gaiji.codes.program import K
from gaiji.columns.decode import Decoder, default_width
from gaiji.columns.findings import REVIEWED_ROLES, Grouping
from gaiji.disk.files import AtomicFile, is_stream, part_path
from gaiji.disk.lock import OutputLock
from gaiji.disk.packing import Input
from gaiji.errors import JobError, LayoutError, ResumeError, UsageError
from gaiji.kernel import decode as kernel
from gaiji.layout.layout import (
    Layout,
    for_header,
    layout_from_fields,
    load_layout,
    override_fields,
    with_roles,
)
from gaiji.log import event, logs_json
from gaiji.model import Column, Field, Reason
from gaiji.output.sinks import Sink, open_sink
from gaiji.records.framing import Batch, Framing, Reader, Start
from gaiji.records.quarantine import Quarantine
from gaiji.run.checkpoint import Checkpoint, Checkpoints, load_checkpoint
from gaiji.run.job import Job, load_job
from gaiji.run.memory import check_memory
from gaiji.run.totals import Converted, Totals, flagged

if TYPE_CHECKING:
    from gaiji.model import Picture
    from gaiji.shrinking.shrinker import Policy


@dataclass
class Manifest:
    """What a run did; ``data`` is what is written as manifest.json."""

    data: dict[str, Any]

    @property
    def to_review(self) -> int:
        """Codes that wait for a person."""
        return int(self.data["review"]["waiting"])

    @property
    def exit_code(self) -> int:
        """0: done, nothing to review; 3: done, glyphs wait for review."""
        return 3 if self.to_review else 0


def convert(
    job: Job | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: bool = False,
    resume: bool = False,
    checkpoints: bool = True,
) -> Manifest:
    """Run a job: file → framing → layout → charset → output, queue and manifest.

    ``threads``: 0 takes one a core; the output does not depend on it. ``progress`` shows a bar on a terminal.
    ``resume`` goes on where an interrupted run of the same job left off, from its start where it left
    nothing; UsageError for a pipe, ResumeError when the input, the output or a table has changed since.
    ``checkpoints``: keep what a later run needs to go on. Errors leave no output under its final name.
    """
    check_memory()
    run = Run(load_job(job, overrides) if not isinstance(job, Job) else job)
    run.check_resumable(resume)
    with OutputLock(run.job.output_path, keep=resume, also=[path.name for path in run.shrunk_paths]):
        kept = load_checkpoint(run.job.output_path, run.identity) if resume else None
        if kept is not None:
            run.go_on(kept.start)
        return _convert(run, threads, progress, kept, checkpoints)


def check_queue(where: str | Path) -> None:
    """A queue that cannot be used is an error before the first byte is converted; a new file is not
    made yet."""
    from gaiji.queue.queue import open_queue

    if isinstance(where, str) or where.exists():
        open_queue(where).close()


def _convert(run: Run, threads: int, progress: bool, kept: Checkpoint | None, checkpoints: bool) -> Manifest:
    started, began = _now(), time.monotonic()
    check_queue(run.job.queue_where)
    event("convert-started", run.facts() | {"record": kept.start.records if kept else 0})
    points = Checkpoints(run.job.output_path, run.identity, kept, wanted=checkpoints and run.resumable)
    files: list[Sink | Quarantine] = []
    try:
        files.append(sink := run.open_sink(kept))
        files.append(
            quarantine := Quarantine(
                run.job.output_path, *((kept.quarantine, kept.quarantined) if kept else ())
            )
        )
        totals = run.totals(kept)
        _write_records(run, points, sink, quarantine, totals, threads, progress)
        sink.commit()
        quarantine.commit()
        codes, waiting = run.fill_queue(totals)
        shrunk = run.shrink()
        manifest = run.manifest(
            totals, sink, quarantine, (codes, waiting + shrunk.get("waiting", 0)), started
        )
        manifest["shrink"] = shrunk
        _write_manifest(run.manifest_path, manifest, run.job.output_path)
    except BaseException as error:
        if points.keep(error):
            for file in files:
                file.leave()
            raise points.advise(error) from error.__cause__
        points.remove()
        for file in files:
            file.discard()
        raise
    points.remove()
    for file in files:
        file.discard()
    seconds = round(time.monotonic() - began, 3)
    done = {"records": manifest["records"], "waiting": manifest["review"]["waiting"], "seconds": seconds}
    event("convert-ended", run.facts() | done)
    return Manifest(manifest)


def _write_records(
    run: Run,
    points: Checkpoints,
    sink: Sink,
    quarantine: Quarantine,
    totals: Totals,
    threads: int,
    progress: bool,
) -> None:
    """All records to their files, none of which has its name yet; the sums are checked."""
    with progress_bar(run.reader, progress) as advance:
        for done in _in_order(run.process, run.batches(), threads or os.cpu_count() or 1):
            chunk = done.batch.chunk
            if chunk is not None and points.due(chunk):
                points.save(chunk, sink.marks(), quarantine.marks(), quarantine.count, totals)
                event("checkpoint", {"records": chunk.records, "offset": chunk.offset})
            sink.write(done.encoded)
            quarantine.add(done.batch)
            totals.add(done, run.reader.path)
            run.recycle(done.batch)
            advance(run.reader, totals.written)
    totals.reconcile(run.reader)
    run.reader.check_unchanged()
    points.save_last(run.reader.end(), sink.marks(), quarantine.marks(), quarantine.count, totals)


def scan(path: str | Path, charset: str, *, layout: str = "", **source: Any) -> dict[str, Any]:
    """What is in a dump: records, units per field, codes outside the tables; writes no output data.

    ``source`` takes the keys of a job's ``[source]``. Without a layout each record is one field.
    """
    from gaiji.run.job import make_job

    spec = {
        "path": str(path),
        "charset": charset,
        "format": source.pop("format", "fixed"),
        "layout": layout,
        **source,
    }
    whole = not layout and spec["format"] != "csv"
    fields = (
        [{"name": "record", "offset": 0, "length": spec.get("record_length", 0) or 1 << 20, "role": "name"}]
        if whole
        else []
    )
    job = make_job({"source": spec, "output": {"path": os.devnull, "format": "csv"}, "field": fields})
    run = Run(job, keep_output=False)
    totals = run.totals()
    for done in _in_order(run.process, run.batches(), os.cpu_count() or 1):
        totals.add(done, run.reader.path)
        run.recycle(done.batch)
    totals.reconcile(run.reader)
    return run.report(totals)


class Run:
    """One execution of a job: everything resolved before the first byte is converted."""

    def __init__(self, job: Job, *, keep_output: bool = True) -> None:
        self.job = job
        self.keep_output = keep_output
        source = job.source
        tables = [job.file(name) for name in source["tables"]]
        decided = job.decisions_path(code_system(source["charset"]))
        tables += [str(decided)] if decided.exists() else []
        self.pictures: dict[str, list[Picture]] = {}
        name = _with_byte_order(source["charset"], job.file(source["path"]))
        self.charset = load_charset(name, tables, options=source["options"])
        if keep_output:
            self.pictures = self._pictures()
        self.reader = Reader(
            job.file(source["path"]), self._framing(), quarantine=source["on_bad_record"] == "quarantine"
        )
        self._batches = iter(self.reader)
        self._first = next(self._batches, None)  # a CSV's header is known only now
        self.layout = self._layout()
        self.fields = self.layout.fields
        self._check_fields()
        self.sink: Sink | None = None
        self._src: bytearray | bytes = b""
        self.columns = Decoder(
            self.charset,
            self.fields,
            csv=source["format"] == "csv",
            form=job.target["form"],
            policy=job.policy,
            trim=source["trim"] == "right",
            carry=source["shift"] == "carry",
        )
        self.findings = Grouping(self.columns, policy=job.policy, **job.sampling)
        self.shrink_policy = self._policy()

    # -- set-up ---------------------------------------------------------------------------------

    def _framing(self) -> Framing:
        source, kind = self.job.source, self.charset.spec.kind
        length = source["record_length"]
        if not length and source["format"] == "fixed" and source["layout"]:
            length = load_layout(self.job.file(source["layout"]), redefines=source["redefines"]).record_length
        lead = bytearray(256)
        if kind == "lead-byte":
            for area in self.charset.ranges:
                for byte in area.lead:
                    lead[byte] = 1
        return Framing(
            source["format"],
            length,
            source["newline"],
            source["blocked"],
            source["delimiter"],
            source["quote"],
            source["header"],
            2 if kind.startswith("utf-16") else 1,
            kind == "utf-16-be",
            bytes(lead),
        )

    def _layout(self) -> Layout:
        job, source = self.job, self.job.source
        if source["format"] == "csv":
            names = [self.charset.decode(cell, role="other").text for cell in self.reader.header]
            layout = for_header(names or self._column_names(), preset=source["preset"] or None)
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
        return with_roles(layout, source["roles"], path=job.path)

    def _column_names(self) -> list[str]:
        columns = len(self._first.starts) if self._first else 0
        return [f"column{i + 1}" for i in range(columns)]

    def _check_fields(self) -> None:
        key = self.job.review["key"]
        if key and key not in {f.name for f in self.fields}:
            raise JobError(
                f"names the field {key[:40]!r}, which the layout does not have",
                path=self.job.path,
                key="review.key",
                next=_closest(key, [f.name for f in self.fields]),
            )
        length = self.reader.framing.record_length
        for spec in self.fields:
            if self.reader.framing.format == "fixed" and spec.offset + spec.length > length:
                raise LayoutError(
                    f"ends at byte {spec.offset + spec.length}, records have {length}",
                    path=self.layout.path,
                    field=spec.name,
                    next="correct record_length in [source], or the layout",
                )
            if spec.type in ("mixed", "dbcs", "sbcs"):
                self.charset.mode(spec.type)

    @property
    def resumable(self) -> bool:
        """Whether a run that is interrupted can go on: input and output are files."""
        return self.reader.regular and not is_stream(self.job.output_path)

    def check_resumable(self, wanted: bool) -> None:
        """UsageError when a run shall go on that never can."""
        if wanted and not self.resumable:
            raise UsageError(
                "a pipe cannot be gone on with"
                if not self.reader.regular
                else "a stream cannot be gone on with",
                where=self.job.path,
                next="run again without --resume, or use files",
            )

    @cached_property
    def identity(self) -> dict[str, str]:
        """What decides the output: an interrupted run can be gone on with only while all of it is the
        same."""
        tables = [t.sha256 for t in (*self.charset.tables, *self.charset.sites)]
        layout = [
            repr(self.reader.framing),
            *map(repr, self.fields),
        ]  # how long records are decides where they are cut
        return {
            "version of gaiji": __version__,
            "job": self.job.digest,
            "table": _digest(tables),
            "layout": _digest(layout),
            "repertoire": self.charset.repertoire.version,
        }

    def facts(self) -> dict[str, object]:
        """What events tell of the run."""
        job = Path(self.job.path).name
        return {
            "job": job,
            "input": self.job.source["path"],
            "output": self.job.output["path"],
            "charset": self.charset.name,
        }

    def go_on(self, start: Start) -> None:
        """Read from ``start`` on."""
        self.reader = self.reader.again(start)
        self._first, self._batches = None, iter(self.reader)

    def open_sink(self, kept: Checkpoint | None = None) -> Sink:
        """The output, under a temporary name, gone on with where a checkpoint is given."""
        output = self.job.output
        widths = {c: output["widths"].get(c, self._width(c)) for c in self.column_names}
        self.sink = open_sink(
            self.job.output_path,
            self.job.output_format,
            self.column_names,
            bom=output["bom"],
            crlf=output["newline"] == "crlf",
            widths=widths,
            encoding=output["encoding"],
            kept=kept.output if kept else None,
        )
        self.columns.reuse = self.sink.copies
        return self.sink

    def _width(self, column: str) -> int:
        return next((default_width(f) for f in self.fields if f.name == column), 80)

    @cached_property
    def column_names(self) -> list[str]:
        """The output's columns: the fields, then a glyph column for each name field when asked for."""
        names = [f.name for f in self.fields]
        return names + [f"{f.name}.glyphs" for f in self._glyph_fields]

    @cached_property
    def _glyph_fields(self) -> list[Field]:
        return [f for f in self.fields if f.role == "name"] if self.job.target["glyph_columns"] else []

    def recycle(self, batch: Batch) -> None:
        """Batches come back in order: when the buffer changes, the one before is free for the reader."""
        if batch.src is not self._src:
            self.reader.recycle(self._src)
            self._src = batch.src

    # -- one batch (runs on a worker thread) ------------------------------------------------------

    def process(self, batch: Batch) -> Converted:
        """Decode every field of a batch and join them for the output."""
        columns: list[Column] = []
        counts: list[array[int]] = []
        sizes: list[int] = []
        found: list[tuple[Field, array[int]]] = []
        states = bytearray(batch.rows)
        for spec in self.fields:
            column, count, findings = self.columns.decode(batch, spec, states)
            columns.append(column)
            counts.append(count)
            sizes.append(self.columns.size(batch, spec))
            if findings:
                found.append((spec, findings))
        columns += [self.columns.glyphs(batch, spec) for spec in self._glyph_fields]
        if self.sink is None:
            hits, drop, failed = self.findings.group(batch, found, columns)
            return Converted(batch, None, counts, sizes, hits, len(drop), failed)
        prepared, overflows = self.sink.prepare(columns, batch.rows)
        for number, rows in overflows:
            if number < len(self.fields):
                found.append((self.fields[number], self.columns.overflow(rows)))
        hits, drop, failed = self.findings.group(batch, found, columns)
        encoded = self.sink.encode(prepared, batch.rows, _ranges(batch.rows, drop))
        return Converted(batch, encoded, counts, sizes, hits, len(drop), failed)

    # -- totals -----------------------------------------------------------------------------------

    def totals(self, kept: Checkpoint | None = None) -> Totals:
        """Empty totals for the run's fields, or those of a checkpoint."""
        totals = Totals(self.fields, self.job.review["samples"])
        if kept is not None:
            try:
                totals.go_on(kept.totals)
            except (KeyError, TypeError, ValueError) as error:
                raise ResumeError(
                    "has a damaged checkpoint", where=self.job.path, next="run again without --resume"
                ) from error
        return totals

    def fill_queue(self, totals: Totals) -> tuple[int, int]:
        """Put the findings of name, kana and address fields into the queue; returns (codes, those that
        wait)."""
        from gaiji.queue.queue import Item, Sample, open_queue

        items: dict[tuple[str, Reason], Item] = {}
        place = {spec.name: i for i, spec in enumerate(self.fields)}
        for (name, role, code, reason), hit in sorted(
            totals.hits.items(), key=lambda kv: (kv[0][2:], place[kv[0][0]])
        ):
            if role not in REVIEWED_ROLES:
                continue
            found = items.setdefault(
                (code, reason),
                Item(
                    self.charset.system,
                    code,
                    self.job.review["site"],
                    reason.label,
                    candidates=self._candidates(code, reason),
                    basis=self._basis(code),
                ),
            )
            found.counts[name, role] = hit.count
            found.records[name, role] = hit.records
            room = self.job.review["samples"] - len(found.samples)
            found.samples += [Sample(r, key, name, at, text) for r, key, at, text in hit.samples[:room]]
        queue = open_queue(self.job.queue_where)
        try:
            waiting = queue.add(self.job.source["path"], items.values())
            if self.pictures:
                waiting += queue.add_pictures(self.charset.system, self.job.review["site"], self.pictures)[1]
        finally:
            queue.close()
        return len(items), waiting

    def _policy(self) -> Policy | None:
        """How the output is also written for another system, where the job wants that."""
        wanted = self.job.target["shrink"]
        if not wanted:
            return None
        from gaiji.shrinking.shrinker import Policy, Shrinker, load_policy

        policy = load_policy(self.job.file(wanted)) if wanted.endswith(".toml") else Policy(to=wanted)
        Shrinker(policy)  # a target or a file that cannot be is an error now, not after the conversion
        return policy

    @property
    def shrunk_paths(self) -> list[Path]:
        """Where the output goes that is written for another system, and its way back; none where none is
        wanted.
        """
        if self.shrink_policy is None:
            return []
        out, to = self.job.output_path, self.shrink_policy.to
        return [out.with_name(f"{out.stem}.{to}{out.suffix}"), out.with_name(f"{out.stem}.{to}.side.tsv")]

    def shrink(self) -> dict[str, Any]:
        """Write the output again in the characters of another system, with its way back; what the manifest
        says of it.
        """
        if self.shrink_policy is None:
            return {}
        from gaiji.shrinking.files import shrink_file

        out = self.job.output_path
        shrunk, side = self.shrunk_paths
        columns = [f.name for f in self.fields if f.role in ("name", "address")]
        context = "field" if self.job.review["context"] == "field" else "none"
        done = shrink_file(
            out,
            shrunk,
            side,
            policy=self.shrink_policy,
            columns=columns,
            key=self.job.review["key"],
            queue=self.job.queue_where,
            context=context,
        )
        return {
            "to": self.shrink_policy.to,
            "files": [_described(shrunk), _described(side)],
            "changed": done.changed,
            "findings": done.findings,
            "waiting": done.waiting,
        }

    def _pictures(self) -> dict[str, list[Picture]]:
        """The town's 外字 pictures by code, where the job names a source of them."""
        if not self.job.review["pictures"]:
            return {}
        from gaiji.shape.pictures import parse_dots, read_pictures

        dots = parse_dots(self.job.review["dots"])
        return read_pictures(self.job.file(self.job.review["pictures"]), self.charset, dots=dots)

    def batches(self) -> Iterator[Batch]:
        """The input's batches, the first included; a caller keeps none while it reads the next."""
        return _chain(self._first, self._batches)

    def _candidates(self, code: str, reason: Reason) -> str:
        entry = self._entry(code)
        return entry.row.glyph if entry and reason is Reason.AMBIGUOUS else ""

    def _basis(self, code: str) -> str:
        """What the tables say of a code now; when it changes, a decision on the code is open again."""
        entry = self._entry(code)
        return hashlib.sha256(f"{entry.row.text}\t{entry.row.glyph}".encode()).hexdigest() if entry else ""

    def _entry(self, code: str) -> Entry | None:
        decimal = (
            self.charset.spec.kind == "decimal" and len(code) > 2
        )  # a byte that is no digit is told in hex
        return (
            self.charset.entries.get((len(code), int(code)) if decimal else (len(code) // 2, int(code, 16)))
            if code
            else None
        )

    # -- reports ----------------------------------------------------------------------------------

    @property
    def manifest_path(self) -> Path:
        """Beside the output."""
        return self.job.output_path.parent / "manifest.json"

    def report(self, totals: Totals) -> dict[str, Any]:
        """Records, fields and findings: the part of the manifest that ``scan`` shares."""
        return {
            "input": {
                "path": self.job.source["path"],
                "bytes": self.reader.count,
                "sha256": self.reader.sha256,
            },
            "charset": {"name": self.charset.name, "options": self.charset.options},
            "records": {
                "read": self.reader.records,
                "written": totals.written,
                "dropped": totals.dropped,
                "quarantined": totals.bad,
            },
            "fields": {
                spec.name: _field_report(spec, counts)
                for spec, counts in zip(self.fields, totals.counts, strict=True)
            },
            "findings": [
                {"field": name, "role": role, "code": code, "reason": reason.label, "count": hit.count}
                for (name, role, code, reason), hit in sorted(totals.hits.items())
            ],
        }

    def manifest(
        self, totals: Totals, sink: Sink, quarantine: Quarantine, codes: tuple[int, int], started: str
    ) -> dict[str, Any]:
        """Everything that DESIGN promises of manifest.json."""
        tables = (*self.charset.tables, *self.charset.sites)
        return self.report(totals) | {
            "job": {"path": Path(self.job.path).name, "sha256": self.job.digest},
            "tables": [{"id": t.id, "edition": t.edition, "sha256": t.sha256} for t in tables],
            "repertoire": self.charset.repertoire.version,
            "output": sink.describe() | {"path": self.job.output["path"]},
            "quarantine": quarantine.describe(),
            "review": {
                "queue": self.job.review["queue"] or "review.sqlite",
                "codes": codes[0],
                "waiting": codes[1],
            },
            "gaiji": {"version": __version__, "kernel": "compiled" if kernel.compiled() else "interpreted"},
            "started": started,
            "finished": _now(),
        }


# -- helpers --------------------------------------------------------------------------------------


def _with_byte_order(charset: str, path: str) -> str:
    """``unicode`` as unicode-le or unicode-be, by the mark at the start of the input (big-endian without
    one).
    """
    if charset != "unicode":
        return charset
    if path == "-":
        raise UsageError(
            "the byte order of standard input cannot be known beforehand", next="use unicode-le or unicode-be"
        )
    file = Input(path)
    try:
        return "unicode-le" if file.read(2) == b"\xff\xfe" else "unicode-be"
    finally:
        file.close()


def _in_order(
    work: Callable[[Batch], Converted], batches: Iterator[Batch], threads: int
) -> Iterator[Converted]:
    """Results in input order, computed on threads, with a bounded number of batches in flight."""
    if threads <= 1:
        yield from map(work, batches)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="gaiji") as pool:
        waiting: deque[Future[Converted]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(work, batch))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _chain(first: Batch | None, rest: Iterator[Batch]) -> Iterator[Batch]:
    if first is not None:
        yield first
        del first
    yield from rest


def _ranges(rows: int, drop: list[int]) -> list[tuple[int, int]]:
    """The runs of rows that are kept."""
    edges = [-1, *drop, rows]
    return [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]


def _field_report(spec: Field, counts: array[int]) -> dict[str, Any]:
    by_reason = flagged(counts)
    units = counts[K["UNITS"]]
    return {
        "role": spec.role,
        "type": spec.type,
        "bytes": counts[K["BYTES"]],
        "units": units,
        "mapped": counts[K["MAPPED_UNITS"]],
        "passed": counts[K["PASSED_UNITS"]],
        "flagged": by_reason,
        "trimmed": counts[K["TRIMMED_UNITS"]],
        "reconciled": units
        == counts[K["MAPPED_UNITS"]] + counts[K["PASSED_UNITS"]] + sum(by_reason.values()),
    }


def _described(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {
            "path": path.name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _write_manifest(path: Path, data: Mapping[str, Any], output: Path) -> None:
    file = AtomicFile(path, part=part_path(path, output))
    try:
        file.write((json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode())
        file.commit()
    finally:
        file.discard()


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _closest(name: str, known: list[str]) -> str:
    from rapidfuzz import process

    best = process.extractOne(name, known, score_cutoff=50)
    return f"did you mean {best[0]!r}?" if best else f"the fields are {', '.join(known[:20])}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


class progress_bar:
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self, reader: Reader, progress: bool) -> None:
        self._bar: Any = None
        if progress and sys.stderr.isatty() and not logs_json():
            from tqdm import tqdm

            self._bar = tqdm(total=reader.total or None, unit="B", unit_scale=True, file=sys.stderr)
        self._began = time.monotonic()

    def __enter__(self) -> Callable[[Reader, int], None]:
        return self._advance

    def _advance(self, reader: Reader, records: int) -> None:
        if self._bar is not None:
            seconds = max(time.monotonic() - self._began, 1e-6)
            self._bar.set_postfix_str(f"{records:,} records, {records / seconds:,.0f}/s", refresh=False)
            self._bar.update(reader.count - self._bar.n)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
