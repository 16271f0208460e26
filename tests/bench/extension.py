"""What the makers' extension areas do for names: people whose name needs no clerk, before and after, and the speed.

    python tests/bench/extension.py [--people 100000] [--before DIRECTORY] [--pairs 9]

Makes dumps of made-up names in which 1 person of 40 has a code of the maker's extension area, converts each, and counts
the records without any finding in the name. ``--before``: a checkout to compare with, whose kernels are compiled; its
runs and ours alternate, each in a process of its own, and the ratio of the whole job's time is printed with its range.
Prints Markdown; ``docs/benchmarks.md`` holds what it printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHARSETS = {
    "fujitsu-jef": ("fujitsu/jef-jis78", ("fujitsu/jef-extension",), "4040"),
    "hitachi-keis83": ("hitachi/keis83", ("hitachi/keis-set3", "hitachi/keis83-set3"), "4040"),
    "nec-jips-j": ("nec/jips-j", ("nec/jips-j-extension",), "2121"),
    "unisys-letsj": ("unisys/letsj", ("unisys/letsj-extension",), "2020"),
}
EVERY = 40
"""One person of so many has a code of the extension area in the name."""
LENGTH = 10
"""Characters of a name field."""
RUN = """
import json, sys, time
import gaiji
at = time.perf_counter()
made = gaiji.convert(sys.argv[1], checkpoints=False)
print(json.dumps({"seconds": time.perf_counter() - at, "fields": made.data["fields"]}))
"""


def kanji(tables: tuple[str, ...]) -> list[bytes]:
    """The codes of a table that are kanji, findings among them: a dump does not ask which have one meaning."""
    out = []
    for table in tables:
        with (ROOT / "mappings" / "tables" / f"{table}.tsv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                first = int(row["ucs"].split()[0], 16) if row["ucs"] else 0
                if 0x3400 <= first <= 0x9FFF or 0x20000 <= first <= 0x3FFFF:
                    out.append(bytes.fromhex(row["code"]))
    return out


def dump(path: Path, name: str, people: int) -> None:
    """Names of two to five characters of level 1; one of ``EVERY`` has an extension kanji in a random place."""
    standard, extension, space = CHARSETS[name]
    chance = random.Random(16)
    common = kanji((standard,))[:2965]
    rare = kanji(extension)
    with path.open("wb") as stream:
        for person in range(people):
            text = [chance.choice(common) for _ in range(chance.randint(2, 5))]
            if person % EVERY == 0:
                text[chance.randrange(len(text))] = chance.choice(rare)
            stream.write(b"".join(text) + bytes.fromhex(space) * (LENGTH - len(text)))


def job(folder: Path, name: str, out: str) -> Path:
    """A job file for the dump of that charset."""
    path = folder / f"{name}-{out}.toml"
    path.write_text(
        f'[source]\npath = "{name}.dat"\ncharset = "{name}"\nformat = "fixed"\nrecord_length = {2 * LENGTH}\n'
        f'[[field]]\nname = "氏名"\noffset = 0\nlength = {2 * LENGTH}\ntype = "dbcs"\nrole = "name"\n'
        f'[output]\npath = "{name}-{out}/names.csv"\n',
        "utf-8",
    )
    return path


def run(checkout: Path, path: Path) -> dict[str, object]:
    """One conversion in a process of its own."""
    python = checkout / ".venv" / "bin" / "python"
    done = subprocess.run(
        [str(python if python.exists() else sys.executable), "-c", RUN, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=checkout,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def flagged(found: dict[str, object]) -> int:
    """Findings in the names: each record has one at most."""
    fields = found["fields"]
    assert isinstance(fields, dict)
    return sum(fields["氏名"]["flagged"].values())


def main() -> None:
    """Print the table, and the ratios where there is something to compare with."""
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=100_000)
    options.add_argument("--before", type=Path)
    options.add_argument("--pairs", type=int, default=9)
    chosen = options.parse_args()
    sides = {"after": ROOT} | ({"before": chosen.before.resolve()} if chosen.before else {})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(
            "| charset | " + " | ".join(f"no clerk, {side}" for side in sides) + " | ratio of speed (range) |"
        )
        print("|---|" + "---|" * (len(sides) + 1))
        for charset in CHARSETS:
            dump(folder / f"{charset}.dat", charset, chosen.people)
            cells = compare(folder, charset, sides, chosen.people, chosen.pairs)
            print(f"| {charset} | {' | '.join(cells)} |", flush=True)


def compare(folder: Path, charset: str, sides: dict[str, Path], people: int, pairs: int) -> list[str]:
    """The cells of one charset."""
    jobs = {side: job(folder, charset, side) for side in sides}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    shares = {}
    for number in range(pairs if len(sides) > 1 else 1):
        for side in sorted(sides, reverse=bool(number % 2)):
            found = run(sides[side], jobs[side])
            seconds[side].append(float(str(found["seconds"])))
            shares[side] = f"{1 - flagged(found) / people:.2%}"
    if len(sides) == 1:
        return [*shares.values(), ""]
    ratios = sorted(b / a for a, b in zip(seconds["after"], seconds["before"], strict=True))
    told = f"{statistics.median(ratios):.3f} ({ratios[0]:.3f}–{ratios[-1]:.3f})"
    return [*(shares[side] for side in sides), told]


if __name__ == "__main__":
    main()
