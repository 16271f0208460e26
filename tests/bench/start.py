"""What a start costs: a job of 20 KB, the library, a look-up, each in processes of its own, with and without what is
kept between starts.

``python tests/bench/start.py [--rounds 20]`` prints medians in seconds and their ratios; the two ways run turn by turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gaiji

RECORD = 40
JOB = f"""[source]
path = "in.dat"
charset = "ibm-939"
format = "fixed"
record_length = {RECORD}
[output]
path = "out.csv"
[[field]]
name = "name"
offset = 0
length = {RECORD}
role = "name"
"""
STARTS = {
    "Python alone": ["-c", "pass"],
    "gaiji convert, 20 KB": ["-m", "gaiji", "convert", "job.toml"],
    "gaiji verify, 20 KB": ["-m", "gaiji", "verify", "job.toml"],
    "import gaiji; load_charset": ["-c", "import gaiji; gaiji.load_charset('ibm-939')"],
    "gaiji lookup 辻": ["-m", "gaiji", "lookup", "辻"],
}


def seconds(arguments: list[str], folder: Path, cache: str) -> float:
    """One start from its first to its last moment."""
    environment = os.environ | {"GAIJI_CACHE": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    began = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True)
    assert done.returncode in (0, 3), done.stderr
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        name = gaiji.load_charset("ibm-939").encode("田中太郎　佐藤花子").ljust(RECORD, b"\x40")
        (folder / "in.dat").write_bytes(name * (20_000 // RECORD))
        (folder / "job.toml").write_text(JOB, "utf-8")
        print(f"median of {rounds}; ratio: without what is kept / with it")
        for what, arguments in STARTS.items():
            times: dict[str, list[float]] = {str(folder / "cache"): [], "off": []}
            for number in range(rounds + 1):
                for cache, found in times.items():
                    took = seconds(arguments, folder, cache)
                    found += [took] if number else []  # the first one fills the folder
            kept, computed = map(statistics.median, times.values())
            print(f"{what:28} {kept:.3f} s with, {computed:.3f} s without: ratio {computed / kept:.2f}")


if __name__ == "__main__":
    main()
