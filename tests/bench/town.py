"""A whole town beside its jobs one by one, and how good the evidence of the other systems is.

    python tests/bench/town.py [--people 60000] [--evidence 40000] [--rounds 3]

The town is a generated one (``data/samples/town/generate.py``): six systems, seven files, 300 rare glyphs more in
its names. *run*: ``gaiji run`` on an empty folder, everything converted, proved and in the book. *one by one*:
``gaiji convert`` and ``gaiji verify`` of each of its jobs, one command after the other. *candidates*: codes of
外字 without pictures whose person also stands in a system that knows the character; is the right glyph the first
candidate, is it among five, by the dump's own names alone and with the other systems' names. *contradictions*:
names written otherwise on purpose, with every 外字 known; found, and told of people whose names nobody changed.
*identity*: the same town without numbers in common (``[identity] match``); the generator's own numbers, which the
matching does not see, say who was bound right, who wrong, and whether the right one is among those asked about.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

from gaiji.disk.datafiles import samples_dir
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.candidates import suggest_all
from gaiji.review.evidence.learn import learn
from gaiji.town.contradictions import find
from gaiji.town.evidence import propose, votes
from gaiji.town.people import read_people
from gaiji.town.project import load_town

SAMPLE = samples_dir() / "town"
TABLES = {"住記": "juki", "戸籍": "koseki", "税": "zei", "国保": "kokuho", "福祉": "fukushi"}
GAIJI = [sys.executable, "-m", "gaiji"]


def made(folder: Path, people: int, contradictions: float = 0.02) -> Path:
    """A generated town in a folder; its project file."""
    generate = runpy.run_path(str(SAMPLE / "generate.py"))
    generate["main"](folder, people, contradictions, 7, 300)
    shutil.copytree(SAMPLE / "layouts", folder / "layouts")
    shutil.copy(SAMPLE / "town.toml", folder)
    return folder / "town.toml"


def timed(*commands: list[str], folder: Path) -> float:
    """Seconds of commands, one after the other; each may say that something waits."""
    began = time.perf_counter()
    for command in commands:
        done = subprocess.run([*GAIJI, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), done.stderr
    return time.perf_counter() - began


def speed(root: Path, people: int, rounds: int) -> None:
    """The town at once beside its jobs one by one, alternating."""
    project = made(root / "town", people)
    size = sum(path.stat().st_size for path in (project.parent / "dumps").iterdir())
    both: list[tuple[float, float]] = []
    for _ in range(rounds):
        whole = timed(["run", "town.toml"], folder=project.parent)
        jobs = sorted((project.parent / "migration" / "jobs").rglob("*.toml"))
        for below in ("住記", "印鑑", "戸籍", "税", "国保", "福祉", "review.sqlite"):
            path = project.parent / "migration" / below
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        each = [[verb, str(job)] for job in jobs for verb in ("convert", "verify")]
        both.append((whole, timed(*each, folder=project.parent)))
        shutil.rmtree(project.parent / "migration")
    ratio = median(whole / single for whole, single in both)
    whole, single = (median(column) for column in zip(*both, strict=True))
    print(f"run / one by one: {ratio:.2f} (median of {rounds}; {os.cpu_count()} cores)")
    print(
        f"{people:,} people, 6 systems, 7 files, {size / 1e6:.0f} MB: run {whole:.1f} s, one by one {single:.1f} s"
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest process {peak / 1024:.0f} MB")


def candidates(root: Path, people: int) -> None:
    """The first candidate and the first five, by the dump's names alone and with those of other systems."""
    town = load_town(made(root / "evidence", people))
    timed(["run", "town.toml"], folder=town.path.parent)
    with (town.path.parent / "truth-gaiji.tsv").open(encoding="utf-8", newline="") as file:
        truth = {(row["set"], row["code"]): row["glyph"] for row in csv.DictReader(file, delimiter="\t")}
    everyone = read_people(town)
    said = votes(everyone)
    for one in town.files:
        if one.system != "戸籍":  # its names are in a table, which learning does not read
            learn(one.job)
    queue = open_queue(town.queue)
    try:
        items = [item for item in queue.items() if item.reason == "unmapped-gaiji"]
        known = [
            item
            for item in items
            if any(
                right(text) == truth[item.gaiji_set, item.code]
                for text in said[item.site, item.gaiji_set, f"{{{item.system}:{item.code}}}"].known
            )
        ]
        queue.propose("town", {}, [item.id for item in items])
        shown("by the dump's own names", suggest_all(queue, known), known, truth)
    finally:
        queue.close()
    propose(town, everyone)
    queue = open_queue(town.queue)
    try:
        shown("with the other systems' names", suggest_all(queue, known), known, truth)
    finally:
        queue.close()
    print(
        f"{len(known):,} of {len(items):,} codes have a person whom another system writes with the character known"
    )


def right(text: str) -> str:
    """The glyph that a character is."""
    from gaiji.standard.repertoire import load_repertoire

    found = load_repertoire().by_text(text)
    return found[0].name if found else ""


def shown(what: str, found: dict, known: list, truth: dict[tuple[str, str], str]) -> None:
    """One line of figures."""
    first = five = 0
    for item in known:
        names = [one.glyph for one in found[item.id]]
        wanted = truth[item.gaiji_set, item.code]
        first += names[:1] == [wanted]
        five += wanted in names[:5]
    print(f"candidates {what}: right first {first / len(known):.4f}, in five {five / len(known):.4f}")


def contradictions(root: Path, people: int) -> None:
    """Planted ones found, false ones, with every 外字 known."""
    town = load_town(made(root / "planted", people, 0.5))
    folder = town.path.parent
    with (folder / "truth-gaiji.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for name, table in TABLES.items():
        path = folder / "site" / f"{table}.tsv"
        head, *lines = path.read_text("utf-8").splitlines()
        there = {line.partition("\t")[0] for line in lines}
        lines += [
            f"{row['code']}\t\t{row['glyph']}\t0\t\t台帳\t見本\t2026-10-01\t"
            for row in rows
            if row["set"] == name and row["code"] not in there
        ]
        path.write_text("\n".join([head, *sorted(lines)]) + "\n", "utf-8")
    began = time.perf_counter()
    found = find(town, read_people(town))
    seconds = time.perf_counter() - began
    with (folder / "truth-contradictions.tsv").open(encoding="utf-8", newline="") as file:
        planted = {(row["number"], int(row["position"]) + 1) for row in csv.DictReader(file, delimiter="\t")}
    told = {(one.person, one.position) for one in found.open}
    false = {person for person, _ in told - planted}
    share = len(planted & told) / len(planted)
    print(
        f"contradictions: {len(planted):,} planted, found {share:.4f}; false ones {len(false):,} of "
        f"{found.residents:,} people ({len(false) / found.residents:.5f}); {seconds:.1f} s"
    )


def identity(root: Path, people: int) -> None:
    """Who is whom without numbers in common, by what the systems' people have in common."""
    project = made(root / "matched", people)
    text = project.read_text("utf-8")
    said = '[identity]\nmatch = true\neras = { "2" = "大正", "3" = "昭和", "4" = "平成" }\n'
    said += 'address = ["住所", "本籍"]\nmunicipality = ["ﾎﾞｳｼ"]'
    project.write_text(text.replace('[identity]\nkey = "宛名番号"', said), "utf-8")
    town = load_town(project)
    began = time.perf_counter()
    told = read_people(town).identity
    seconds = time.perf_counter() - began
    number = {record: record.partition(":")[2] for record in (*told.people, *told.people.values())}
    right = Counter(
        record.partition(":")[0] for record, one in told.people.items() if number[record] == number[one]
    )
    wrong = len(told.people) - right.total()
    asked = [(one.partition(":")[2], other) for one, other in told.asked.select("one", "other").iter_rows()]
    among = len({other for one, other in asked if one == other.partition(":")[2]})
    first = next(iter(told.counts))
    every = {system: counts.total() for system, counts in told.counts.items() if system != first}
    shares = ", ".join(f"{name} {right[name] / count:.4f} of {count:,}" for name, count in every.items())
    able = sum(count for name, count in every.items() if right[name])
    print(
        f"identity without numbers, {people:,} people: bound right {shares}; wrong {wrong} of {len(told.people):,}; "
        f"asked {told.waiting:,} ({told.waiting / able:.4f}), the right one among {among:,}; {seconds:.1f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--evidence", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speed(Path(folder), given.people, given.rounds)
        candidates(Path(folder), given.evidence)
        contradictions(Path(folder), given.evidence)
        identity(Path(folder), given.evidence)
