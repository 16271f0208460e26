"""A conversion and its proof in Spark beside one process: what each core does, and what goes to Spark itself.

    python tests/bench/spark.py [--mb 1000] [--master "local-cluster[2,1,1024]"] [--cores 2] [--pieces 0] [--folder DIR]

The input is the sample's dump of a Fujitsu host (made-up residents), again and again up to the size, in a folder of its own
that is gone afterwards, whatever happens but ``kill -9``; it needs room for twice the size. *one process*:
``gaiji.convert`` on one thread, and on as many as there are cores. *Spark*: the same job on the master's cores, one piece for
each 64 MiB unless ``--pieces`` says how many; *pieces* is the time from the first task to the last, *beside them* everything
else: the digest of the input where it ends later, the sums of the pieces, queue, manifest, names. *empty tasks*: as many as
there are pieces, with nothing to do. Outputs are compared: the parts, one behind another, are the bytes of the one file; so
are the two proofs. *memory* is that of the Python processes beside the executors, as they say it themselves: the most they
had, what they have (shared pages by their part: PSS), and what of that is theirs alone. The last line reckons what a country
takes by these figures alone: 125 million residents, 62 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.proof.gathered import verify_in_pieces
from gaiji.run.gathered import convert_in_pieces
from gaiji.spark.engine import Session, each_in, pieces_in, pieces_of

COUNTRY = 62_000
"""MB: 125 million residents, 496 bytes each."""
ROOM = 2
"""Bytes on the disk for each of the input: it, an output, and some of the next one."""
TOLD = ("VmHWM", "Pss", "Private_Dirty")
"""What a process says of its memory."""
OUTPUT = "out/juki-jef/juki.csv"


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that something takes, and what it gives."""
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def prepared(folder: Path, megabytes: int) -> Path:
    """A job over that many MB of the sample; its path."""
    free = shutil.disk_usage(folder.parent).free
    if free < ROOM * megabytes * 1_000_000:
        sys.exit(f"{folder.parent} has {free / 1e9:.0f} GB free, {ROOM * megabytes / 1e3:.0f} GB are needed")
    shutil.copytree(
        samples_dir(), folder, ignore=shutil.ignore_patterns("out", "*.py", "town", "__pycache__")
    )
    raw = (folder / "juki-jef.dat").read_bytes()
    with (folder / "juki-jef.dat").open("wb") as file:
        for _ in range(megabytes * 1_000_000 // len(raw)):
            file.write(raw)
    return folder / "juki-jef.toml"


def records_of(output: Path) -> str:
    """A digest of an output's header and records, whether it is a file or a folder of parts."""
    whole = hashlib.sha256()
    files = sorted(output.iterdir()) if output.is_dir() else [output]
    for number, path in enumerate(files):
        with path.open("rb") as file:
            head = file.readline()
            whole.update(head if number == 0 else b"")
            while block := file.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


def said(proof: Any) -> dict[str, Any]:
    """All that a proof found, but for times."""
    return {key: value for key, value in proof.data.items() if key not in ("started", "finished")}


def memory(spark: Any, cores: int) -> None:
    """Print what each Python process beside an executor says of its memory."""

    def asked(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        text = Path("/proc/self/status").read_text() + Path("/proc/self/smaps_rollup").read_text()
        words = [line.split() for line in text.splitlines()]
        found = {line[0].rstrip(":"): int(line[1]) for line in words if line[0].rstrip(":") in TOLD}
        time.sleep(1)  # so that each process is asked, and none twice
        for _ in batches:
            rows = {"pid": [os.getpid()], **{name: [found[name]] for name in TOLD}}
            yield pa.RecordBatch.from_pydict(rows)

    columns = "pid long, " + ", ".join(f"{name} long" for name in TOLD)
    rows = spark.range(0, cores, 1, cores).mapInArrow(asked, columns).collect()
    for row in {row.pid: row for row in rows}.values():
        most, now, own = (f"{row[name] / 1000:,.0f} MB" for name in TOLD)
        print(f"  memory of a Python process: at most {most}; now {now}, of which {own} its own")


def one_process(job: Path, size: float, cores: int) -> str:
    """Convert in one process; a digest of the records."""
    for threads in sorted({1, cores}):
        seconds, _ = timed(lambda n=threads: gaiji.convert(job, threads=n, checkpoints=False))
        print(
            f"one process, {threads} threads: {seconds:.1f} s, {size / seconds / threads:,.0f} MB/s a core",
            flush=True,
        )
    output = job.parent / OUTPUT
    whole = records_of(output)
    output.unlink()  # the parts need its room
    return whole


def spark_run(spark: Any, job: Path, given: argparse.Namespace, size: float, whole: str) -> float:
    """The same in Spark; MB/s a core of the second run."""
    engine, inside, output = pieces_in(spark), [], job.parent / OUTPUT
    wanted = given.pieces or pieces_of(job, None)

    def done(*args: Any) -> Any:
        seconds, found = timed(lambda: engine(*args))
        inside.append(seconds)
        return found

    for turn in ("first", "second"):
        shutil.rmtree(output, ignore_errors=True)
        seconds, made = timed(lambda: convert_in_pieces(job, wanted, done))
        a_core, parts = size / inside[-1] / given.cores, len(made.data["output"]["parts"])
        print(
            f"  {turn} run, {parts} pieces: {seconds:.1f} s; pieces {inside[-1]:.1f} s, {a_core:,.0f} MB/s a core; "
            f"beside them {seconds - inside[-1]:.1f} s",
            flush=True,
        )
    empty, _ = timed(
        lambda: spark.range(0, wanted, 1, wanted).mapInArrow(lambda batches: batches, "id long").collect()
    )
    print(f"  {wanted} empty tasks: {empty:.1f} s")
    memory(spark, given.cores)
    print(f"  the same bytes as one process: {'yes' if records_of(output) == whole else 'NO'}")
    return a_core


def proofs(spark: Any, job: Path, size: float, cores: int) -> None:
    """The proof in Spark, and in one process."""
    many, there = timed(lambda: verify_in_pieces(job, each_in(spark)))
    print(f"  verify: {many:.1f} s, {size / many / cores:,.0f} MB/s a core", flush=True)
    one, here = timed(lambda: gaiji.verify(job, threads=cores))
    print(
        f"verify, one process, {cores} threads: {one:.1f} s, {size / one / cores:,.0f} MB/s a core; holds: {here.holds}"
    )
    print(f"the same report in Spark: {'yes' if said(there) == said(here) else 'NO'}")


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--mb", type=int, default=1000)
    asked.add_argument("--master", default="local-cluster[2,1,1024]")
    asked.add_argument("--cores", type=int, default=2, help="cores of the master's executors together")
    asked.add_argument("--pieces", type=int, default=0)
    asked.add_argument(
        "--folder", default=None, help="where the files go meanwhile (default: that of temporary files)"
    )
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # the folder goes then, too
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="gaiji-bench-") as place:
        job = prepared(Path(place) / "s", given.mb)
        size, load = (job.parent / "juki-jef.dat").stat().st_size / 1e6, os.getloadavg()[0]
        print(
            f"gaiji {gaiji.__version__}, {size:,.0f} MB, {os.cpu_count()} cores, load of the machine before {load:.1f}"
        )
        os.environ["GAIJI_CACHE"] = str(Path(place) / "cache")
        whole = one_process(job, size, given.cores)
        tables = sum(one.stat().st_size for one in (Path(place) / "cache").iterdir())
        print(f"compiled tables, as they are kept: {tables / 1e6:.1f} MB")
        began = time.perf_counter()
        with Session(given.master) as spark:
            spark.range(given.cores).count()
            print(f"Spark on {given.master}: session {time.perf_counter() - began:.1f} s", flush=True)
            a_core = spark_run(spark, job, given, size, whole)
            proofs(spark, job, size, given.cores)
    hours = COUNTRY / a_core / 3600
    print(f"a country, {COUNTRY / 1000:.0f} GB, by the second run: {hours:.2f} core hours for the pieces")


if __name__ == "__main__":
    main()
