"""Whether two checkouts make the same of the same inputs: samples, cases and dumps of the benches, file by file, byte for byte.

    python tests/bench/same_outputs.py --before CHECKOUT [--now CHECKOUT] [--folder DIR] [--exempt TEXT,…] [--blank PATTERN]

The inputs are this checkout's; each checkout (with a ``.venv`` of its own or this one) runs the commands on a copy. Compared are all files, the exit
code of each command, and what each case decodes to. Moments and durations are blanked (``BLANKED``, ``MOMENT``); a
queue is compared table by table, a workbook cell by cell and picture by picture (their containers hold times).
``--exempt``: parts of paths or commands that a change between the checkouts meant to change, or that neither knows. Exit code 1 when anything
else differs, or a command fails in both. ``--folder``: a new folder, in which what both made is kept. ``--blank``: a regular
expression of what is left out of texts, cells and rows of a queue: what one checkout makes otherwise from run to run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import limit_data as data
import run as whole
from limit_sides import HERE, Side

ROOT = HERE.parents[1]
BLANKED = {"seconds"}
"""Keys of JSON whose values say how long something took."""
JOBS = {
    "samples/juki-jef": "samples/out/juki-jef/review.sqlite",
    "samples/koseki-keis": "samples/out/koseki-keis/review.sqlite",
    "samples/juki-windows": "samples/out/juki-windows/review.sqlite",
    "bench/dense": "bench/out/review.sqlite",
    "bench/padded": "bench/out/review.sqlite",
    "bench/people-x": "bench/people-x/review.sqlite",
}
"""Each job with its queue."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)")
SUM = re.compile(r"\b[0-9a-f]{64}\b")
"""In a town's book: digests of files that hold moments."""
PASSING = ("__pycache__", "errors", "gaiji_cache-", "gaiji_home-", ".lock")
MB = 10
"""Size of a dump of the benches."""


def commands() -> list[list[str]]:
    """What is run in a copy of the inputs; a command that a checkout does not know fails there alike or is told."""
    lists: list[list[str]] = []
    for job, queue_at in JOBS.items():
        path, queue = f"{job}.toml", ("--queue", queue_at)
        out, sheets = job.split("/")[0], job.replace("/", "-")
        lists += [
            ["convert", path],
            ["verify", path],
            ["convert", path, "--reverse", "--output", f"made/{sheets}.back"],
            ["review", "learn", path],
            ["review", "export", *queue, "--format", "csv", "--output", f"made/{sheets}.csv"],
            ["review", "export", *queue, "--format", "xlsx", "--output", f"made/{sheets}.xlsx"],
            ["report", "residents", path, "--output", f"made/{sheets}-residents.csv"],
            ["convert", path, "--threads", "1", "--set", f"output.path={out}/one-thread/{sheets}.csv"],
            ["convert", path, "--set", f"output.path={out}/parquet/{sheets}.parquet"],
        ]
    lists.append(["run", "samples/town/town.toml", "--jobs", "1"])
    lists += [
        ["lookup", one] for one in ("辻", "MJ000010", "jef:C4D4")
    ]  # what it prints is compared as a file is
    return lists


def inputs(folder: Path) -> None:
    """Samples, and dumps of the benches."""
    ignored = shutil.ignore_patterns("__pycache__", "out", "*.py")
    shutil.copytree(ROOT / "data" / "samples", folder / "samples", ignore=ignored)
    bench = folder / "bench"
    bench.mkdir()
    (folder / "made").mkdir()
    codes = whole.agreed_codes(bench)
    for kind, layout in (("dense", whole.DENSE), ("padded", whole.PADDED)):
        whole.make(bench, kind, layout, codes, MB * whole.MB)
    data.write_people(bench / "people.dat", 5_000, 4)
    data.people_job(bench, "people", "x")


Blank = Callable[[str], str]
"""A text without what ``--blank`` says."""


def made_by(side: Side, given: Path, blank: Blank) -> dict[str, str]:
    """Path or command → digest of what a checkout made of a copy of the inputs."""
    folder = side.folder / side.name
    shutil.copytree(given, folder)
    told = {}
    for words in commands():
        command = [side.python, "-m", "gaiji", *words]
        done = subprocess.run(command, cwd=folder, env=side.environment, capture_output=True, check=False)
        said = done.stdout if words[0] == "lookup" else b""
        told[f"$ gaiji {' '.join(words)}"] = f"exit {done.returncode} {digest(said)}"
        if done.returncode not in (0, 3):
            print(
                f"{side.name}: gaiji {' '.join(words)}: {done.stderr.decode(errors='replace')[-300:]}",
                file=sys.stderr,
            )
    command = [side.python, str(HERE / "same_cases.py")]
    done = subprocess.run(command, cwd=folder, env=side.environment, stdout=subprocess.PIPE, check=True)
    for line in done.stdout.decode().splitlines():
        told[f"case {json.loads(line)[0]}"] = line
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if not any(part in name for part in PASSING):
            told[name] = READERS.get(path.suffix, plain)(path, blank)
    return told


def digest(content: bytes) -> str:
    """SHA-256 in hex, shortened for the eye."""
    return hashlib.sha256(content).hexdigest()[:16]


def plain(path: Path, blank: Blank) -> str:
    """A file's bytes."""
    return digest(path.read_bytes())


def lines(path: Path, blank: Blank) -> str:
    """A text, in whatever encoding of bytes."""
    return digest(
        blank(path.read_bytes().decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    )


def blanked(value: Any) -> Any:
    """JSON without what says when it was made."""
    if isinstance(value, dict):
        return {key: blanked(one) for key, one in value.items() if key not in BLANKED}
    return [blanked(one) for one in value] if isinstance(value, list) else value


def without_moments(path: Path) -> str:
    """A text without moments."""
    text = MOMENT.sub("MOMENT", path.read_text("utf-8"))
    return SUM.sub("SUM", text) if path.stem == "book" else text


def page(path: Path, blank: Blank) -> str:
    """A page without moments."""
    return digest(blank(without_moments(path)).encode())


def as_json(path: Path, blank: Blank) -> str:
    """A document of JSON, or lines of it."""
    text = blank(without_moments(path))
    try:
        found = json.loads(text)
    except ValueError:
        found = [json.loads(line) for line in text.splitlines()]
    return digest(json.dumps(blanked(found), sort_keys=True).encode())


def queue(path: Path, blank: Blank) -> str:
    """Every row of every table of a queue, in an order of their own, without columns that hold times."""
    connection = sqlite3.connect(path)
    kept = []
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
    ).fetchall():
        names = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        names = [name for name in names if not name.endswith(("_at", "time")) and name not in BLANKED]
        asked = ", ".join(f'"{name}"' for name in names) or "count(*)"
        rows = connection.execute(f'SELECT {asked} FROM "{table}"').fetchall()
        kept.append([table, names, sorted(blank(repr(row)) for row in rows)])
    connection.close()
    return digest(repr(kept).encode())


def workbook(path: Path, blank: Blank) -> str:
    """The parts of a workbook: XML as it stands but for the document's properties, pictures dot by dot."""
    from PIL import Image

    kept = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("docProps"):
                continue
            content = archive.read(name)
            if name.endswith(".xml"):
                content = blank(content.decode()).encode()
            if name.endswith(".png"):
                picture = Image.open(BytesIO(content)).convert("RGBA")
                content = repr(picture.size).encode() + picture.tobytes()
            kept.append([name, digest(content)])
    return digest(repr(kept).encode())


READERS: dict[str, Callable[[Path, Blank], str]] = {
    ".csv": lines,
    ".tsv": lines,
    ".json": as_json,
    ".jsonl": as_json,
    ".html": page,
    ".sqlite": queue,
    ".xlsx": workbook,
}


def main() -> int:
    """Print each difference and a last line; 1 when there is one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", type=Path, default=ROOT)
    parser.add_argument("--now", type=Path, default=ROOT)
    parser.add_argument(
        "--folder", type=Path, help="where the data go, and stay (default: a temporary folder)"
    )
    parser.add_argument("--exempt", default="", help="parts of paths, by commas")
    parser.add_argument("--blank", type=re.compile, help="a regular expression of what is left out")
    chosen = parser.parse_args()
    blank = partial(chosen.blank.sub, "") if chosen.blank else str
    if chosen.folder:
        chosen.folder.mkdir()
        now, before = both(chosen.folder.resolve(), blank, chosen.now, chosen.before)
    else:
        with tempfile.TemporaryDirectory(prefix="gaiji-same-") as place:
            now, before = both(Path(place), blank, chosen.now, chosen.before)
    return told(now, before, [part for part in chosen.exempt.split(",") if part])


def both(place: Path, blank: Blank, *roots: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What each of two checkouts made of the same inputs."""
    given = place / "given"
    given.mkdir()
    inputs(given)
    sides = [
        Side(name, root.resolve(), place, False) for name, root in zip(("now", "before"), roots, strict=True)
    ]
    now, before = (made_by(side, given, blank) for side in sides)
    return now, before


def told(now: dict[str, str], before: dict[str, str], exempt: list[str]) -> int:
    """Print what differs and what fails; 1 where that is not exempt."""

    def spared(name: str) -> bool:
        return any(part in name for part in exempt)

    names = sorted(now.keys() | before.keys())
    differ = [name for name in names if now.get(name) != before.get(name)]
    failed = [
        name for name in names if name.startswith("$") and now.get(name, "")[:6] not in ("exit 0", "exit 3")
    ]
    for name in failed:
        print(f"{'exempt' if spared(name) else 'FAILS'}: {name}: {now.get(name)}")
    for name in differ:
        was, made = (side.get(name, "–")[:200] for side in (before, now))
        print(f"{'exempt' if spared(name) else 'DIFFERS'}: {name}: {was} → {made}")
    print(
        f"{len(names)} files, commands and cases; {len(names) - len(differ)} the same, {len(differ)} differ, "
        f"{sum(map(spared, differ))} of them exempt"
    )
    return int(not all(map(spared, (*failed, *differ))))


if __name__ == "__main__":
    sys.exit(main())
