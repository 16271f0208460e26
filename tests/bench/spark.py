"""A conversion in Spark beside one process: what each core does, and what goes to Spark itself.

    python tests/bench/spark.py [--mb 1000] [--master "local-cluster[2,1,1024]"] [--cores 2] [--pieces 16]

The input is the sample's dump of a Fujitsu host (made-up residents), again and again up to the size. *one process*: ``gaiji.convert`` on one thread, and on as many as there are cores. *Spark*: the
same job on the master's cores; *pieces* is the time from the first task to the last, *beside them* everything else:
the digest of the input where it ends later, the sums of the pieces, queue, manifest, names. *verify* is that of one
process over the parts. Outputs are compared: the parts, one behind another, are the bytes of the one file.
The last lines reckon what a country takes by these figures alone: 125 million residents, 62 GB.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gaiji
from gaiji.disk.datafiles import samples_dir
from gaiji.run.gathered import convert_in_pieces
from gaiji.spark.engine import Session, pieces_in

COUNTRY = 62_000
"""MB: 125 million residents, 496 bytes each."""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that something takes, and what it gives."""
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def prepared(folder: Path, megabytes: int) -> Path:
    """A job over that many MB of the sample; its path."""
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


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--mb", type=int, default=1000)
    asked.add_argument("--master", default="local-cluster[2,1,1024]")
    asked.add_argument("--cores", type=int, default=2, help="cores of the master's executors together")
    asked.add_argument("--pieces", type=int, default=16)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as place:
        job = prepared(Path(place) / "s", given.mb)
        output = job.parent / "out/juki-jef/juki.csv"
        size = (job.parent / "juki-jef.dat").stat().st_size / 1e6
        load = os.getloadavg()[0]
        print(
            f"gaiji {gaiji.__version__}, {size:,.0f} MB, {os.cpu_count()} cores, load of the machine before {load:.1f}"
        )
        for threads in sorted({1, given.cores}):
            seconds, _ = timed(lambda n=threads: gaiji.convert(job, threads=n, checkpoints=False))
            print(
                f"one process, {threads} threads: {seconds:.1f} s, {size / seconds / threads:,.0f} MB/s a core"
            )
        whole = records_of(output)
        spark_run(job, given, size, whole, output)


def spark_run(job: Path, given: argparse.Namespace, size: float, whole: str, output: Path) -> None:
    """The same in Spark."""
    began = time.perf_counter()
    with Session(given.master) as spark:
        engine, inside = pieces_in(spark), []
        spark.range(given.cores).count()
        print(f"Spark on {given.master}: session {time.perf_counter() - began:.1f} s")
        for turn in ("first", "second"):

            def done(*args: Any) -> Any:
                seconds, found = timed(lambda: engine(*args))
                inside.append(seconds)
                return found

            seconds, made = timed(lambda: convert_in_pieces(job, given.pieces, done))
            parts = len(made.data["output"]["parts"])
            a_core = size / inside[-1] / given.cores
            print(
                f"  {turn} run, {parts} pieces: {seconds:.1f} s; pieces {inside[-1]:.1f} s, {a_core:,.0f} MB/s a core; "
                f"beside them {seconds - inside[-1]:.1f} s"
            )
    print(f"  the same bytes as one process: {'yes' if records_of(output) == whole else 'NO'}")
    seconds, proof = timed(lambda: gaiji.verify(job))
    print(f"verify of the parts, one process: {seconds:.1f} s, holds: {'yes' if proof.holds else 'NO'}")
    hours = COUNTRY / a_core / 3600
    print(f"a country, {COUNTRY / 1000:.0f} GB, by the second run: {hours:.2f} core hours for the pieces")


if __name__ == "__main__":
    main()
