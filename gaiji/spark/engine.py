"""Pieces done by Spark: each on whatever machine has room, as often as machines are lost.

Owns the session, what is sent and what comes back. How a piece is converted is ``run.pieces``', how all
become one output ``run.gathered``'."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from gaiji.disk.packing import packing
from gaiji.errors import GaijiError, UsageError
from gaiji.errors.messages import fault, tr
from gaiji.proof.gathered import Engine as Proving
from gaiji.proof.gathered import verify_in_pieces
from gaiji.proof.verify import Verification
from gaiji.run.gathered import Engine, convert_in_pieces
from gaiji.run.job import load_job
from gaiji.run.manifest import Manifest
from gaiji.run.pieces import Piece, convert_piece
from gaiji.run.plan import Plan
from gaiji.run.splits import Splits, State
from gaiji.spark.source import PIECE, plan_of


def convert(
    job: str | Path, *, overrides: Mapping[str, Any] | None = None, master: str = "", partitions: int = 0
) -> Manifest:
    """Run a job in Spark; outputs are folders of parts, all else is as with ``gaiji.convert``.

    ``master``: the cluster (by default the session's that runs, or what Spark is configured to);
    ``partitions``: pieces of the input (0: one for each 64 MiB). The job, its tables, the input and the
    folder of the output must have the same paths on every machine."""
    with Session(master) as spark:
        wanted = partitions or pieces_of(job, overrides)
        return convert_in_pieces(job, wanted, pieces_in(spark), overrides=overrides)


def pieces_in(spark: SparkSession) -> Engine:
    """What does the pieces of a plan on the machines of a session."""
    return partial(_pieces, spark)


def pieces_of(job: str | Path, overrides: Mapping[str, Any] | None) -> int:
    """Into how many pieces the input of a job is split where nobody says it."""
    whole = load_job(Path(job).absolute(), overrides)
    path = whole.file(whole.source["path"])
    return 1 if packing(path) else -(-State.of(path).size // PIECE)


def verify(
    job: str | Path, *, overrides: Mapping[str, Any] | None = None, master: str = "", names: bool = False
) -> Verification:
    """Prove in Spark a job that was converted in pieces; all else is as with ``gaiji.verify``.

    ``master``: the cluster (by default the session's that runs, or what Spark is configured to). The job, its
    tables, input and output must have the same paths on every machine. UsageError for an output that one
    process made."""
    with Session(master) as spark:
        return verify_in_pieces(job, each_in(spark), overrides=overrides, names=names)


def each_in(spark: SparkSession) -> Proving:
    """What does something with each part of a plan's input on the machines of a session."""
    return partial(_each, spark)


def _each(spark: SparkSession, does: Callable[[Plan, Any], Any], plan: Plan, given: Sequence[Any]) -> Any:
    sent = pickle.dumps(plan)

    def work(task: bytes) -> bytes:
        return pickle.dumps(does(plan_of(sent), pickle.loads(task)))

    return [pickle.loads(one) for one in run(spark, [pickle.dumps(one) for one in given], work)]


def _pieces(spark: SparkSession, plan: Plan, splits: Splits, folder: Path) -> Sequence[Piece]:
    sent, state = pickle.dumps(plan), splits.state
    tasks = [pickle.dumps(split) for split in splits.pieces]
    folder.mkdir(mode=0o700, parents=True)

    def work(task: bytes) -> bytes:
        place = folder / uuid.uuid4().hex  # an attempt of its own: another may still be writing
        return pickle.dumps(convert_piece(plan_of(sent), pickle.loads(task), state, place))

    return [pickle.loads(one) for one in run(spark, tasks, work)]


def run(spark: SparkSession, tasks: Sequence[bytes], work: Callable[[bytes], bytes]) -> list[bytes]:
    """Do tasks on the machines of a session, each in a partition of its own; what came of each.

    GaijiError in one line where Spark could not have them done.
    """

    def done(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            numbers = batch.column(0).to_pylist()
            results = [work(tasks[number]) for number in numbers]
            yield pa.RecordBatch.from_arrays(
                [pa.array(numbers, pa.int64()), pa.array(results, pa.binary())], names=["number", "result"]
            )

    many = len(tasks)
    try:
        rows = spark.range(0, many, 1, many).mapInArrow(done, "number long, result binary").collect()
    except PySparkException as error:
        raise _failed(error) from error
    return [bytes(row["result"]) for row in sorted(rows, key=lambda row: int(row["number"]))]


def _failed(error: Exception) -> GaijiError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return GaijiError(
        fault("E0889", "could not do the work: {reason}", reason=lines[-1][:200] if lines else ""),
        where="Spark",
        next=tr("see the log of the executors; nothing was written"),
    )


class Session:
    """A session of Spark: the one that runs, which stays, or a new one, which ends with the block."""

    def __init__(self, master: str = "") -> None:
        self._master = master
        self._own: SparkSession | None = None

    def __enter__(self) -> SparkSession:
        active = SparkSession.getActiveSession()
        if active is not None and not self._master:
            return active
        if not shutil.which("java") and not Path(os.environ.get("JAVA_HOME", "-"), "bin", "java").exists():
            raise UsageError(
                fault("E0890", "needs Java, which is not there"),
                where="Spark",
                next=tr("install a Java runtime of 17 or later, or set JAVA_HOME"),
            )
        if not self._master or self._master.startswith("local"):
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # on this machine its own Python is there
        builder = SparkSession.builder.appName("gaiji").config("spark.log.level", "ERROR")
        try:
            self._own = (builder.master(self._master) if self._master else builder).getOrCreate()
        except Exception as error:  # Java's errors have no class of their own here
            raise _failed(error) from error
        return self._own

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.stop()
