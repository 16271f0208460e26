"""The records of a converted batch as rows: the job's columns, which record each is, what was found in it.

Owns the frame that a batch becomes, and its form in Arrow. What a batch is converted to is ``run.stages``'
matter."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl
import pyarrow as pa

from gaiji.errors import JobError
from gaiji.errors.messages import fault, tr
from gaiji.kernel.arrow import int64_series, text_series
from gaiji.kernel.shape import number
from gaiji.model import Column
from gaiji.output.rows import RowsSink
from gaiji.output.sink import Sink
from gaiji.records.batch import Batch
from gaiji.run import stages
from gaiji.run.made import reason_of, specs_of, told
from gaiji.run.plan import Plan
from gaiji.run.reading import Reading
from gaiji.run.totals import Converted, Totals
from gaiji.spark.lists import listed

RECORD, FINDINGS, INPUT = "_record", "_findings", "_input"
"""The columns beside the job's: the record's number in its input from 1, what a person must look at, and the
input where several are read."""
FINDING = pa.struct(
    [("field", pa.string()), ("position", pa.int32()), ("code", pa.string()), ("reason", pa.string())]
)
_ROW = "\0row"


def columns_of(plan: Plan) -> list[str]:
    """The job's columns; JobError where one has a name that this module gives."""
    names = plan.output.written
    for name in (RECORD, FINDINGS, INPUT):
        if name in names:
            raise JobError(
                fault("E0877", "is the name of a column, which Spark needs for its own"),
                path=plan.job.path,
                key=name,
                next=tr("rename the field in the layout, or the column in [[output.column]]"),
            )
    return names


def schema_of(plan: Plan, *, inputs: bool) -> pa.Schema:
    """The rows' columns in Arrow; ``inputs``: several inputs are read."""
    texts = [(name, pa.string()) for name in columns_of(plan)]
    more = [(RECORD, pa.int64()), (FINDINGS, pa.list_(FINDING))]
    return pa.schema(texts + more + ([(INPUT, pa.string())] if inputs else []))


class _Frames(Sink):
    """Keeps a batch's columns as a frame."""

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> pl.DataFrame:
        frame = pl.DataFrame([text_series(c.name, c.data, c.offsets) for c in columns])
        return pl.concat([frame[a:b] for a, b in keep]) if keep else frame.clear()


class RowsOf(Sink):
    """Keeps them with the row of the batch that each is of (``_ROW``); a table written one occurrence a row
    has several of one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.output.path)
        self._inner: Sink = _Frames(plan.output.path)
        if (melt := plan.output.melt) is not None:
            sources = (*melt.sources, (len(plan.output.columns),))
            self._inner = RowsSink(self._inner, replace(melt, names=(*melt.names, _ROW), sources=sources))

    def encode(self, columns: Sequence[Column], rows: int, keep: Sequence[tuple[int, int]]) -> object:
        return self._inner.encode([*columns, _counted(rows)], rows, keep)


def _counted(rows: int) -> Column:
    """The numbers of a batch's rows, as the column of text that sinks take."""
    texts = [str(row).encode() for row in range(rows)]
    offsets = array("q", [0])
    for text in texts:
        offsets.append(offsets[-1] + len(text))
    return Column(_ROW, bytearray(b"".join(texts)) or bytearray(1), offsets, plain=True)


@dataclass
class Rows:
    """The rows of a reading of a plan (or of one record type's), as Arrow batches of ``schema``; afterwards
    every unit of every field is accounted for. ``input``: what stands in the column of inputs."""

    plan: Plan
    schema: pa.Schema
    input: str = ""

    def of(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The batches. DataError for a finding whose policy is ``fail``, and for sums that do not agree."""
        plan, sink = self.plan, RowsOf(self.plan)
        totals = Totals(plan.fields, plan.job.review["samples"], columns=specs_of(plan))
        for batch in reading:
            done = stages.convert(plan, sink, batch)
            totals.add(done, reading.reader.path)
            yield self._arrow(done)
            reading.recycle(batch)
        totals.reconcile_units(reading.reader)

    def _arrow(self, done: Converted) -> pa.RecordBatch:
        assert isinstance(done.encoded, pl.DataFrame)
        batch, frame = done.batch, done.encoded
        rows = pl.DataFrame({"row": frame[_ROW].cast(pl.Int64)})
        numbers = (
            int64_series(RECORD, _numbers(batch)).gather(rows["row"])
            if batch.rows
            else pl.Series(RECORD, [], pl.Int64)
        )
        found = rows.join(self._found(done), on="row", how="left", maintain_order="left")[FINDINGS]
        texts = frame.drop(_ROW).to_arrow().cast(pa.schema(list(self.schema)[: frame.width - 1]))
        arrays = [column.combine_chunks() for column in texts.columns]
        arrays += [numbers.to_arrow(), listed(found, FINDING)]
        if INPUT in self.schema.names:
            arrays.append(pa.repeat(pa.scalar(self.input), frame.height))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _found(self, done: Converted) -> pl.DataFrame:
        """Of each row that has some its findings, in the order of the fields, then of the job's own
        columns."""
        every = [self.plan.grouping.each(done.batch, done.found)]
        specs = specs_of(self.plan)
        for flaw in done.flaws:
            same = {"field": specs[flaw.column].name, "reason": reason_of(flaw.kind).label}
            rows = [
                {"row": row, "position": 0, "code": text, **same}
                for row, text in zip(flaw.rows, told(self.plan, flaw), strict=True)
            ]
            every.append(pl.DataFrame(rows, schema=every[0].schema))
        one = pl.struct("field", pl.col("position").cast(pl.Int32), "code", "reason").alias(FINDINGS)
        return pl.concat(every).group_by("row", maintain_order=True).agg(one)


def _numbers(batch: Batch) -> array[int]:
    """The number of each record of a batch."""
    if batch.numbers is not None:
        return array("q", batch.numbers)
    out = array("q", bytes(8 * batch.rows))
    number(batch.first, array("q", batch.gaps), out)
    return out
