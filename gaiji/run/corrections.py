"""Corrections: what people restored at single places of records, as a table that the next run applies.

Owns the table (name, form, checks) and how its rows change the columns of a batch. A row says what stands
there without it; where that is not so, or nothing is flagged there, the run ends: nothing but a place that
waits for a person is ever changed. How verify takes it back is ``gaiji.proof.corrected``'s.
"""

from __future__ import annotations

import csv
import hashlib
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, fields
from io import StringIO
from pathlib import Path
from typing import Any

from gaiji.disk.files import read_whole
from gaiji.errors import DataError, TableError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.decode import CONSTANTS as DECODE
from gaiji.model import Column, Field, Reason
from gaiji.model.plain import dataclass
from gaiji.queue.items import Source
from gaiji.records.batch import Batch
from gaiji.run.job import Job
from gaiji.run.sources import source_of
from gaiji.standard.characters import coded

COLUMNS = ("key", "record", "field", "position", "old", "new", "evidence", "decided_by", "decided_at")
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Correction:
    """One row. ``key``: the field whose text ``record`` is, "" where that is the record's number;
    ``position``: characters from the field's begin, as the output has it without corrections."""

    line: int
    key: str
    record: str
    field: str
    position: int
    old: str
    new: str
    evidence: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """One row that was applied: where in the batch, and the reason of the finding there."""

    row: int
    offset: int
    correction: Correction
    reason: Reason


@dataclass(frozen=True)
class Corrections:
    """A table, found again by what names a record: field → text of the key → rows."""

    path: Path
    sha256: str
    rows: tuple[Correction, ...]

    @property
    def by_key(self) -> Mapping[str, Mapping[str, list[Correction]]]:
        """Key field → its text → rows."""
        out: dict[str, dict[str, list[Correction]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            out[row.key][row.record].append(row)
        return out

    @property
    def id(self) -> str:
        """The table as manifest and proof name it."""
        return f"corrections/{self.path.name}"


# -- files -----------------------------------------------------------------------------------------------


def corrections_name(source_id: str) -> str:
    """The table's file for what a queue has of one source."""
    return f"corrections-{hashlib.sha256(source_id.encode()).hexdigest()[:16]}.tsv"


def corrections_path(source: Source, queue: str | Path, beside: Path) -> Path:
    """Where the table of a source is looked for: beside the queue, or in ``beside`` where that is a database
    on a server."""
    if isinstance(queue, str):
        return beside / corrections_name(source.id)
    return queue.parent / corrections_name(source.near(queue.parent).id)


def corrections_of(job: Job) -> Path:
    """Where a job looks for its table."""
    return corrections_path(source_of(job), job.queue_where, job.output_path.parent)


def load_corrections(path: Path) -> Corrections | None:
    """The table there, None where there is none. TableError (file, line) for one that cannot be used."""
    if not path.exists():
        return None
    raw = read_whole(path, MAX_BYTES, fault("E0691", "is larger than a table of corrections can be"))
    try:
        lines = list(
            csv.reader(StringIO(raw.decode("utf-8"), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        )
    except (UnicodeDecodeError, csv.Error) as error:
        raise _wrong(path, 1, tr("it is no UTF-8 text")) from error
    if not lines or tuple(lines[0]) != COLUMNS:
        raise _wrong(path, 1, tr("its columns are not {columns}", columns=" ".join(COLUMNS)))
    rows = tuple(_parsed(path, number, cells) for number, cells in enumerate(lines[1:], 2))
    seen: dict[tuple[str, str, str, int], int] = {}
    for row in rows:
        first = seen.setdefault((row.key, row.record, row.field, row.position), row.line)
        if first != row.line:
            raise _wrong(path, row.line, tr("line {first} is about the same place", first=first))
    return Corrections(path, hashlib.sha256(raw).hexdigest(), rows)


def table_of(rows: Iterable[Sequence[str]]) -> bytes:
    """The bytes of a table with these cells, b"" without any."""
    lines = ["\t".join(row) for row in rows]
    return ("\n".join(["\t".join(COLUMNS), *lines]) + "\n").encode() if lines else b""


def _parsed(path: Path, line: int, cells: Sequence[str]) -> Correction:
    if len(cells) != len(COLUMNS):
        raise _wrong(path, line, tr("it has {count} cells", count=len(cells)))
    told = dict(zip(COLUMNS, cells, strict=True))
    for name in ("record", "field", "new", "evidence", "decided_by"):
        if not told[name]:
            raise _wrong(path, line, tr("{name} is empty", name=name))
    position = told.pop("position")
    if not (position.isascii() and position.isdigit()) or len(position) > 9:
        raise _wrong(path, line, tr("the position is no number"))
    names = {one.name for one in fields(Correction)}
    return Correction(line=line, position=int(position), **{n: v for n, v in told.items() if n in names})


def _wrong(path: Path, line: int, why: str) -> TableError:
    return TableError(
        fault("E0689", "is no table of corrections: {why}", why=why),
        path=path,
        line=line,
        next=tr("run gaiji review apply, which writes it anew"),
    )


# -- what they do to a batch --------------------------------------------------------------------------


def correct(
    table: Corrections,
    batch: Batch,
    columns: list[Column],
    found: Sequence[tuple[Field, array[int]]],
    prefix: str = "",
) -> list[Corrected]:
    """Put the rows that are about records of this batch into ``columns``; returns what was applied.

    ``found``: the raw findings of each field; ``prefix``: before a field's name in the table (its record
    type). DataError where a place does not hold what its row says, or nothing is flagged there.
    """
    at = {column.name: number for number, column in enumerate(columns)}
    edits: dict[str, dict[int, list[Correction]]] = defaultdict(lambda: defaultdict(list))
    for key, rows in table.by_key.items():
        for row, some in _rows(batch, columns[at[key]] if key in at else None, key, rows):
            for one in some:
                name = one.field.removeprefix(prefix)
                if one.field.startswith(prefix) and name in at:
                    edits[name][row].append(one)
    reasons = {spec.name: _flagged(findings) for spec, findings in found if spec.name in edits}
    done: list[Corrected] = []
    for name, by_row in edits.items():
        places = reasons.get(name, {})
        for row, some in by_row.items():
            here = _within(places.get(row, []), columns[at[name]], row)
            for one in some:
                offset, reason = here.get(one.position, (-1, Reason.ILLEGAL))
                if offset < 0:
                    raise _differs(table.path, one, tr("nothing waits for a person there"))
                done.append(Corrected(row, offset, one, reason))
        columns[at[name]] = _edited(table.path, columns[at[name]], batch.rows, by_row)
    return done


def _rows(
    batch: Batch, column: Column | None, key: str, rows: Mapping[str, list[Correction]]
) -> Iterable[tuple[int, list[Correction]]]:
    """The rows of a batch that corrections by one key are about."""
    if not key:
        numbers = range(batch.rows)
        for text, some in rows.items():
            wanted = int(text) if text.isdigit() else -1
            row = bisect_left(numbers, wanted, key=batch.record_number)
            if row < batch.rows and batch.record_number(row) == wanted:
                yield row, some
    elif column is not None:
        import polars as pl

        from gaiji.kernel.arrow import text_series

        texts = text_series(column.name, column.data, column.offsets)
        hits = texts.is_in(pl.Series(list(rows), dtype=pl.String).implode()).arg_true()
        for row in hits.to_list():
            yield row, rows[texts[row]]


_Found = tuple[int, int, Reason]
"""Position, byte offset and reason of a finding."""


def _flagged(findings: array[int]) -> dict[int, list[_Found]]:
    """Row → a field's findings."""
    width, out = DECODE["FINDING"], defaultdict[int, list[_Found]](list)
    for row, offset, position, reason in zip(*(findings[at::width] for at in (0, 1, 2, 5)), strict=True):
        out[row].append((position, offset, Reason(reason)))
    return out


def _within(found: Sequence[_Found], column: Column, row: int) -> dict[int, tuple[int, Reason]]:
    """Position → offset and reason; what lies behind the text (in blanks that were trimmed) is at its end."""
    text = bytes(column.data[column.offsets[row] : column.offsets[row + 1]]).decode("utf-8", "replace")
    return {place_in(text, position): (offset, reason) for position, offset, reason in found}


def place_in(text: str, position: int) -> int:
    """The position of a finding in the text of its field as it is written: at its end where the rest of it
    was trimmed."""
    return min(position, len(coded(text)))


def _edited(path: Path, column: Column, rows: int, edits: Mapping[int, list[Correction]]) -> Column:
    """A column with some of its texts replaced."""
    data, offsets = bytearray(), array("q", [0])
    for row in range(rows):
        text = column.data[column.offsets[row] : column.offsets[row + 1]]
        if row in edits:
            text = bytearray(_text(path, bytes(text).decode("utf-8"), edits[row]).encode())
        data += text
        offsets.append(len(data))
    return Column(column.name, data or bytearray(1), offsets)


def _text(path: Path, text: str, edits: Sequence[Correction]) -> str:
    """A text with its places corrected, the last one first: positions are those of the text without."""
    parts = coded(text)
    for one in sorted(edits, key=lambda one: -one.position):
        begin = sum(map(len, parts[: one.position]))
        if one.position > len(parts) or not text.startswith(one.old, begin):
            raise _differs(path, one, tr("the output does not have there what the row says"))
        text = text[:begin] + one.new + text[begin + len(one.old) :]
    return text


def _differs(path: Path, one: Correction, why: str) -> DataError:
    return DataError(
        fault("E0690", "cannot be applied: {why}", why=why),
        where=f"{path}:{one.line}",
        next=tr(
            "list the places again (gaiji review places JOB), answer what is open, and run gaiji review apply"
        ),
    )


@dataclass
class Applied:
    """What all batches so far had corrected: rows by line of the table, places by field and reason, and of
    these the units that are counted as flagged (marks of more than one sign are not)."""

    lines: Counter[int] = field(default_factory=Counter)
    places: Counter[tuple[str, Reason]] = field(default_factory=Counter)

    def add(self, done: Iterable[Corrected]) -> None:
        """Add those of a batch."""
        for one in done:
            self.lines[one.correction.line] += 1
            self.places[one.correction.field, one.reason] += 1

    def join(self, other: Applied) -> None:
        """Add those of another output."""
        self.lines += other.lines
        self.places += other.places

    def state(self) -> dict[str, object]:
        """As JSON can hold it."""
        places = [[name, int(reason), count] for (name, reason), count in self.places.items()]
        return {"lines": list(self.lines.items()), "places": places}

    @staticmethod
    def of_state(state: Mapping[str, Any]) -> Applied:
        """What ``state`` says."""
        places = {(str(name), Reason(reason)): int(count) for name, reason, count in state["places"]}
        return Applied(Counter({int(line): int(count) for line, count in state["lines"]}), Counter(places))

    def told(self, table: Corrections) -> dict[str, Any]:
        """What the manifest says. DataError where a row was about two records."""
        twice = [line for line, count in self.lines.items() if count > 1]
        if twice:
            one = next(row for row in table.rows if row.line == min(twice))
            raise _differs(table.path, one, tr("two records have its key"))
        reasons = Counter[str]()
        for (_, reason), count in self.places.items():
            reasons[reason.label] += count
        return {
            "file": table.path.name,
            "rows": len(table.rows),
            "applied": len(self.lines),
            "absent": len(table.rows) - len(self.lines),
            "reasons": dict(sorted(reasons.items())),
            "fields": {
                name: {r.label: n for (f, r), n in sorted(self.places.items()) if f == name}
                for name in sorted({f for f, _ in self.places})
            },
        }
