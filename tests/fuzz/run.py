"""Fuzzes gaiji with coverage (atheris), target by target, and prints what was run.

    python tests/fuzz/run.py [TARGET …] --seconds 60 --jobs 2

Each target starts from its corpus. A finding is kept as a file and printed with the way to run it again; then the exit code is 1.
``--interpreted`` runs the kernels uncompiled, so that their lines count as coverage too.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
CORPUS = HERE / "corpus"
LATE = (
    "gaiji.shrinking.shrinker",
    "gaiji.names.keys",
    "gaiji.names.searching",
    "gaiji.standard.gj",
    "gaiji.standard.gj_files",
    "gaiji.layout.copybook.read",
    "gaiji.output.tabular",
    "gaiji.kernel.arrow",
    "gaiji.shrinking.files",
    "gaiji.queue.queue",
    "gaiji.review.sheets.exchange",
    "gaiji.shape.pictures",
)
"""Modules that the targets (or gaiji) import in functions, so that they would run without coverage."""


def fuzz(name: str, seconds: int, found: Path, seed: int) -> None:
    """Fuzz one target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["gaiji", "targets"]):
        from targets import TARGETS

        for module in LATE:  # instrumented only when they are imported in here
            importlib.import_module(module)
    grown = tempfile.mkdtemp(prefix="corpus-")
    options = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
        f"-artifact_prefix={found}/{name}-",
        f"-seed={seed}",
    ]
    atheris.Setup([sys.argv[0], grown, str(CORPUS / name), *options], TARGETS[name])
    atheris.Fuzz()


def child(name: str, seconds: int, found: Path, interpreted: bool, seed: int) -> tuple[str, bool]:
    """One target in a process of its own: the line of the table, and whether it found nothing."""
    with tempfile.TemporaryDirectory(prefix="gaiji-fuzz-") as place:
        environment = os.environ | {"TMPDIR": place}
        if interpreted:
            environment |= {"PYTHONPATH": str(uncompiled(Path(place))), "PYTHONSAFEPATH": "1"}
        begin = time.monotonic()
        command = [
            sys.executable,
            __file__,
            name,
            "--seconds",
            str(seconds),
            "--found",
            str(found),
            "--seed",
            str(seed),
            "--here",
        ]
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        taken = time.monotonic() - begin
    runs = re.search(r"number_of_executed_units: *(\d+)", done.stdout)
    cover = re.findall(r" cov: (\d+)", done.stdout)
    count = int(runs[1]) if runs else 0
    clean = done.returncode == 0 and count > 0
    label = name + (" (interpreted)" if interpreted else "")
    line = f"{label:22} {count:>12,} runs {taken:7.0f} s {int(cover[-1]) if cover else 0:>7,} edges  {'clean' if clean else 'FINDING'}"
    if not clean:
        line += (
            "\n"
            + "\n".join(done.stdout.splitlines()[-40:])
            + f"\nrun it again: python tests/fuzz/run.py {name} --replay FILE"
        )
    return line, clean


def uncompiled(place: Path) -> Path:
    """A copy of the package without compiled kernels."""
    import gaiji

    shutil.copytree(
        Path(gaiji.__file__).parent,
        place / "gaiji",
        ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__"),
    )
    return place


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help="default: all that have a corpus")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--found", type=Path, default=Path("fuzz-found"))
    parser.add_argument("--interpreted", action="store_true")
    parser.add_argument("--seed", type=int, default=0, help="0: another each time")
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.replay:
        from targets import TARGETS

        TARGETS[given.targets[0]](given.replay.read_bytes())
        return
    given.found.mkdir(parents=True, exist_ok=True)
    if given.here:
        fuzz(given.targets[0], given.seconds, given.found, given.seed)
    names = given.targets or sorted(path.name for path in CORPUS.iterdir())
    with ThreadPoolExecutor(given.jobs) as pool:
        clean = True
        found = given.found.resolve()
        for line, good in pool.map(
            lambda name: child(name, given.seconds, found, given.interpreted, given.seed), names
        ):
            print(line, flush=True)
            clean = clean and good
    if clean and not any(given.found.iterdir()):
        given.found.rmdir()
    sys.exit(0 if clean else 1)


if __name__ == "__main__":
    main()
