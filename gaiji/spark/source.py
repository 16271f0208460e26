"""The data source ``gaiji`` of Spark: what a job reads, as a table.

Owns the options, the partitions and what a worker is told; a worker makes the plan anew from its job, and
keeps it for the next partition. Rows are ``spark.rows``' matter."""

from __future__ import annotations

import glob
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from gaiji.disk.remote import is_url, matching
from gaiji.disk.toml import value_said
from gaiji.errors import GaijiError, UsageError, nearest
from gaiji.errors.messages import fault, tr
from gaiji.run.job import load_job
from gaiji.run.plan import Plan
from gaiji.run.splits import Split, State, splits_of
from gaiji.spark.rows import Rows, columns_of, schema_of

PIECE = 64 * 1024 * 1024
"""Bytes of a partition, where nobody says how many there shall be."""
OPTIONS = ("job", "type", "partitions", "glyph_columns")
"""The options of the source; those with a point in them are keys of the job."""


@dataclass
class Piece(InputPartition):
    """One partition: a piece of one of the inputs (its number), which was in that state."""

    input: int
    split: Split
    state: State


class GaijiDataSource(DataSource):
    """``spark.read.format("gaiji").option("job", "juki.toml").load()``: the columns of a job, as text.

    Options: ``job``, the job file (or what ``load`` is given); ``type``, the record type, where the job has
    some; ``partitions``, into how many pieces an input is split (by default one for each 64 MiB);
    ``glyph_columns``; and keys of the job, such as ``source.path``, which may be a pattern (``dumps/*.dat``).
    The table has besides ``_record``, the number of the record in its input from 1, ``_findings``, what a
    person must look at (field, position, code, reason), and with a pattern ``_input``. Nothing is written: no
    queue, no manifest."""

    @classmethod
    def name(cls) -> str:
        """What ``format`` is given."""
        return "gaiji"

    def schema(self) -> StructType:
        """The columns: those of the job, and those of this source."""
        return from_arrow_schema(_Wanted.of(self.options).schema)

    def reader(self, schema: StructType) -> DataSourceReader:
        """Who reads the partitions."""
        return _Reader(_Wanted.of(self.options))


@dataclass
class _Wanted:
    """What is to be read: the pickled plan of each input, which of its record types (-1: it has none), the
    columns."""

    plans: Sequence[bytes]
    inputs: Sequence[str]
    number: int
    schema: pa.Schema
    partitions: int

    @staticmethod
    def of(options: Mapping[str, str]) -> _Wanted:
        """What options say; UsageError for options that there are not, and whatever the job has wrong."""
        settings = {key: value_said(value) for key, value in options.items() if "." in key}
        unknown = [key for key in options if key not in (*OPTIONS, "path") and "." not in key]
        if unknown:
            raise UsageError(
                fault("E0878", "is no option of the source"),
                where=unknown[0],
                next=nearest(unknown[0], OPTIONS),
            )
        if "glyph_columns" in options:
            settings["target.glyph_columns"] = value_said(options["glyph_columns"])
        named = options.get("job") or options.get("path") or ""
        if not named:
            raise UsageError(
                fault("E0879", "names no job"),
                where="option job",
                next=tr('write .option("job", "juki.toml")'),
            )
        job = str(Path(named).absolute())
        whole = load_job(job, settings)
        inputs = _inputs(whole.file(whole.source["path"]))
        several = inputs != [whole.file(whole.source["path"])]
        plans = [Plan.of(job, {**settings, "source.path": path}, reuse=False) for path in inputs]
        number = _type(plans[0], options.get("type", ""))
        own = [part_of(plan, number) for plan in plans]
        for plan, path in zip(own, inputs, strict=True):
            if columns_of(plan) != columns_of(own[0]):
                raise UsageError(
                    fault("E0880", "has other columns than {first}", first=inputs[0]),
                    where=path,
                    next=tr("read it as a table of its own"),
                )
        partitions = value_said(options.get("partitions", "0"))
        if not isinstance(partitions, int) or partitions < 0:
            raise UsageError(
                fault("E0881", "is no number of pieces"),
                where="option partitions",
                next=tr("write a number from 1"),
            )
        kept = [pickle.dumps(plan) for plan in plans]
        return _Wanted(kept, inputs, number, schema_of(own[0], inputs=several), partitions)


def _inputs(path: str) -> list[str]:
    """The files or URLs that one or a pattern of them names, in the order of their names."""
    if is_url(path):
        if not any(sign in path for sign in "*["):
            return [path]
        found = _matching(path)
    elif not glob.has_magic(path) or Path(path).exists():
        return [path]
    else:
        found = sorted(one for one in glob.glob(path, recursive=True) if Path(one).is_file())
    if not found:
        raise UsageError(
            fault("E0882", "is a pattern that no file fits"), where=path, next=tr("check source.path")
        )
    return found


def _matching(pattern: str) -> list[str]:
    """The URLs that a pattern names; GaijiError where nobody can be asked."""
    try:
        return matching(pattern)
    except OSError as error:
        raise GaijiError(
            fault("E0783", "cannot be listed: {reason}", reason=error.strerror),
            where=pattern,
            next=tr("name the files one by one"),
        ) from error


def _type(plan: Plan, name: str) -> int:
    """The number of the record type that is asked for."""
    names = [one.job.type for one in plan.parts if not one.skipped]
    if not name and not names:
        return -1
    for part in plan.parts:
        if part.job.type == name and not part.skipped:
            return part.number
    raise UsageError(
        fault("E0883", "is no record type that the job converts")
        if name
        else fault("E0884", "must say which of the job's record types is read"),
        where=f"option type {name}".strip(),
        next=nearest(name, names, tr("use one of: {names}", names=", ".join(names))),
    )


def part_of(plan: Plan, number: int) -> Plan:
    """The plan of one record type, or the whole where there are none."""
    return plan.parts[number] if number >= 0 else plan


@lru_cache(maxsize=4)
def plan_of(pickled: bytes) -> Plan:
    """A plan as another process sent it, made once in this one."""
    plan = pickle.loads(pickled)
    assert isinstance(plan, Plan)
    return plan


class _Reader(DataSourceReader):
    """Reads the partitions on the workers."""

    def __init__(self, wanted: _Wanted) -> None:
        self.wanted = wanted

    def partitions(self) -> Sequence[InputPartition]:
        """The pieces of all inputs."""
        out: list[InputPartition] = []
        for number, pickled in enumerate(self.wanted.plans):
            plan = plan_of(pickled)
            size = State.of(plan.job.file(plan.job.source["path"])).size
            splits = splits_of(plan, self.wanted.partitions or -(-size // PIECE))
            out += [Piece(number, split, splits.state) for split in splits.pieces]
        return out

    def read(self, partition: InputPartition) -> Iterator[Any]:
        """The rows of one of them."""
        assert isinstance(partition, Piece)
        wanted, split = self.wanted, partition.split
        plan = part_of(plan_of(wanted.plans[partition.input]), wanted.number)
        path = plan.job.file(plan.job.source["path"])
        partition.state.check(path)
        reading = plan.read(split.start, split.before, batch=split.batch, stop=split.stop)
        yield from Rows(plan, wanted.schema, wanted.inputs[partition.input]).of(reading)
        partition.state.check(path)
