"""Where the way back goes, what is told of it, and how the outputs of several record types become one file.

Owns the order of records, and what is written beside the file. How the cells of a record
become bytes is ``gaiji.run.reverse``'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from gaiji.disk.apart import Place
from gaiji.disk.files import AtomicFile, beside, write_whole
from gaiji.disk.packing import Input, packing, unpacked_name
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.model.plain import dataclass
from gaiji.run.framed import Framer
from gaiji.run.job import Job
from gaiji.run.manifest import read_manifest
from gaiji.run.national import charset_of, with_byte_order
from gaiji.run.order import order_path, read_order
from gaiji.run.places import check_beside
from gaiji.run.plan import Plan, typed_plan

HEAD = b"record\tfield\tposition\ttext\treason\n"
"""The first line of the list of findings."""


class Records(Protocol):
    """The records of one output on their way back."""

    def each(self, notes: AtomicFile) -> Iterator[bytes | bytearray]:
        """The records one by one, as they lie in the input but for descriptors."""

    def describe(self, file: AtomicFile, notes: AtomicFile) -> dict[str, Any]:
        """What the report says."""


@dataclass
class Reversal:
    """What was written; ``data`` is what is written as OUTPUT.reverse.json."""

    data: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """0: all of it; 3: some texts have no code or no room, and stand in
        OUTPUT.reverse-findings.tsv."""
        return 3 if sum(self.data["findings"].values()) else 0


def reversed_path(job: Job) -> Path:
    """Where the way back goes by default: beside the job's output and named after the whole of it, with
    the suffix of the source."""
    suffix = unpacked_name(Path(job.source["path"])).suffix
    return beside(job.named_path, f"reversed{suffix}")


def target_of(job: Job, output: str | Path) -> Path:
    """Where the way back goes: where the caller says, or beside the job's output."""
    path = Path(output) if output else reversed_path(job)
    if packing(path):
        raise UsageError(
            fault("E0271", "the way back is written unpacked"),
            where=str(path),
            next=tr("give a name without .gz or .zst"),
        )
    return path


def same_as_input(job: Job, sha256: str) -> bool | None:
    """Whether the way back gave the very bytes of the input; None where nobody can say (it is packed, or not
    the input of the manifest)."""
    try:
        told = read_manifest(job.named_path)["input"]["sha256"]
    except GaijiError:
        return None
    return None if packing(Path(job.source["path"])) else bool(told == sha256)


def mark_of(job: Job, mark: bytes) -> bytes:
    """The byte order mark that stands apart from the records (``Framing.mark``), where the input begins with
    it; one that is part of the first record comes back with it."""
    path = Path(job.file(job.source["path"]))
    if not mark or not path.is_file():
        return b""
    file = Input(str(path), next="run gaiji convert first")
    try:
        return mark if file.read(len(mark)) == mark else b""
    finally:
        file.close()


def put(
    job: Job,
    path: Path,
    write: Callable[[AtomicFile, AtomicFile], None],
    describe: Callable[[AtomicFile, AtomicFile], dict[str, Any]],
) -> Reversal:
    """Write the file of the way back, the list of findings beside it, and the report. ``write`` fills the
    first two; ``describe`` says afterwards what the report says."""
    notes_path, told = beside(path, "reverse-findings.tsv"), beside(path, "reverse.json")
    written = (("reversed file", path), ("findings", notes_path), ("report", told))
    check_beside(job, [Place(what, where) for what, where in written])
    file, notes = AtomicFile(path), AtomicFile(notes_path, own=True)
    try:
        notes.write(HEAD)
        write(file, notes)
        file.commit()
        notes.commit()
        data = describe(file, notes)
        write_whole(told, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode(), own=True)
    finally:
        file.discard()
        notes.discard()
    return Reversal(data)


def reverse_types(job: Job, path: Path, of_type: Callable[[Path, Plan], Records]) -> Reversal:
    """Turn the outputs of a job's record types into the bytes of its input. UsageError, which names it,
    where a type was left out: its records stand nowhere."""
    left_out = next((rule.name for rule in job.records if rule.skip), "")
    if left_out:
        raise UsageError(
            fault("E0433", "records of type {name} are left out", name=left_out),
            where=job.path,
            next=tr("the way back needs all of them: remove skip, convert again"),
        )
    plan = typed_plan(job, charset_of(job, with_byte_order(job)), reuse=False)
    parts = {part.job.type: of_type(path, part) for part in plan.parts}

    def write(file: AtomicFile, notes: AtomicFile) -> None:
        file.write(mark_of(job, plan.framing.mark))
        framer = Framer(job)
        for record in _in_order(job, parts, notes):
            file.write(framer.add(record))
        file.write(framer.end())

    return put(job, path, write, partial(_describe, parts))


def _in_order(job: Job, parts: dict[str, Records], notes: AtomicFile) -> Iterator[bytes | bytearray]:
    """The records of all types, as they stood in the input; DataError where an output has more or fewer."""
    each = {name: part.each(notes) for name, part in parts.items()}
    for name, count in read_order(job.named_path):
        for _ in range(count):
            record = next(each[name], None) if name in each else None
            if record is None:
                raise _other(job, name)
            yield record
    for name, records in each.items():
        if next(records, None) is not None:
            raise _other(job, name)


def _other(job: Job, name: str) -> DataError:
    return DataError(
        fault("E0434", "tells of another number of records of type {name} than there are", name=name[:40]),
        where=str(order_path(job.named_path)),
        next=tr("convert again; where a policy drops records there is no way back"),
    )


def _describe(parts: dict[str, Records], file: AtomicFile, notes: AtomicFile) -> dict[str, Any]:
    """One report of all types."""
    every = [part.describe(file, notes) for part in parts.values()]
    tables = {table["id"]: table for one in every for table in one["tables"]}
    findings: dict[str, int] = {}
    for one in every:
        for reason, count in one["findings"].items():
            findings[reason] = findings.get(reason, 0) + count
    empty = {
        f"{name}.{field}": count
        for name, one in zip(parts, every, strict=True)
        for field, count in one["empty"]["fields"].items()
    }
    return every[0] | {
        "input": [one["input"] for one in every],
        "tables": list(tables.values()),
        "records": sum(one["records"] for one in every),
        "findings": dict(sorted(findings.items())),
        "empty": {"written_as": "blanks", "fields": empty},
    }
