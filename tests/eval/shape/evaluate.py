"""Asks the shipped index the half of the queries that set nothing, and prints one table: make eval-shape.

Owns the arithmetic of the results and their printing. Exit status 1 when a figure falls under its floor
(FLOORS), so that a change that makes answers worse is seen.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import faces
import numpy as np
import queries
from measure import Measured, index, measure

from gaiji.disk.datafiles import samples_dir
from gaiji.shape import load_index
from gaiji.shape.model import load_calibration
from gaiji.shape.pictures import read_image
from gaiji.shape.verdict import judge, share_out

HALF = 1
OUTSIDE_SHARE = 0.1

FLOORS = {
    ("ordinary", 24): (92, 99.5),
    ("rare", 24): (92, 99.5),
    ("extension B+", 24): (92, 99.5),
    ("IVS only", 24): (85, 99.5),
    ("ordinary", 32): (97, 99.8),
    ("rare", 32): (97, 99.8),
    ("extension B+", 32): (97, 99.8),
    ("IVS only", 32): (91, 99.8),
    ("ordinary", 48): (97, 99.8),
    ("rare", 48): (97, 99.8),
    ("extension B+", 48): (97, 99.8),
    ("IVS only", 48): (93, 99.8),
}
"""Least top-1 and top-10 in percent, by stratum and size, for HanaMin."""

REAL_FLOOR, AUROC_FLOORS = (96, 99.5), {24: 0.95, 48: 0.985}
PRECISION_FLOOR, COVERAGE_FLOOR = 0.995, 0.5


@dataclass
class Result:
    """What came of one set: ranks of the right glyph from 0 (DEPTH and more: not found), and the verdicts."""

    measured: Measured
    ranks: np.ndarray
    same: np.ndarray
    known: np.ndarray
    verdicts: np.ndarray

    def top(self, count: int) -> float:
        """Percent of queries with a right glyph among the first ``count``."""
        return 100 * float((self.ranks < count).mean())

    def share(self, verdict: str) -> float:
        """Percent of queries with this verdict."""
        return 100 * float((self.verdicts == verdict).mean())


def judge_all(measured: Measured) -> Result:
    """The shipped calibration's answer to every query of a set."""
    calibration, same = load_calibration(), queries.same_character()
    ranks, alike, chances, verdicts = [], [], [], []
    for names, evidence, right in zip(measured.names, measured.evidence, measured.queries.right, strict=True):
        shares, known = share_out(evidence, calibration)
        order = np.argsort(-shares, kind="stable")
        ranked = [names[one] for one in order] + names[len(order) :]
        ranks.append(next((place for place, name in enumerate(ranked) if name in right), 1 << 20))
        alike.append(any(ranked[0] in same[name] for name in right))
        chances.append(known)
        verdicts.append(judge(float(shares[order[0]]) * known, known, calibration))
    return Result(measured, np.array(ranks), np.array(alike), np.array(chances), np.array(verdicts))


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Probability that a query in MJ is thought likelier known than one outside; ties count half."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")
    return float(below.mean() / 2 / len(ordered))


def near_certain(inside: list[Result], outside: list[Result]) -> tuple[float, float]:
    """Precision and coverage of near-certain answers when OUTSIDE_SHARE of all queries are outside MJ."""
    called = good = 0.0
    for group, share in ((inside, 1 - OUTSIDE_SHARE), (outside, OUTSIDE_SHARE)):
        count = sum(len(one.ranks) for one in group)
        for one in group:
            near = one.verdicts == "near-certain"
            called += share * near.sum() / count
            good += share * (near & (one.ranks == 0)).sum() / count
    return good / called if called else 1.0, called


HEAD = f"{'source':20}{'stratum':14}{'dots':>5}{'n':>6}{'top-1':>7}{'top-5':>7}{'top-10':>7}{'top-50':>7}{'same':>7}"
HEAD += f"{'near':>7}{'right':>7}{'not in':>7}{'ms':>6}"


def line(result: Result) -> str:
    """One row of the table. ``same``: first answer of the same character; ``right``: precision of ``near``."""
    asked = result.measured.queries
    near = result.verdicts == "near-certain"
    right = f"{100 * (result.ranks[near] == 0).mean():.1f}" if near.any() else "-"
    row = f"{asked.source:20}{asked.stratum:14}{asked.size:>5}{len(result.ranks):>6}"
    row += (
        "".join(f"{result.top(count):>7.1f}" for count in (1, 5, 10, 50))
        if any(asked.right)
        else f"{'-':>7}" * 4
    )
    row += f"{100 * result.same.mean():>7.1f}" if any(asked.right) else f"{'-':>7}"
    return (
        row
        + f"{near.mean() * 100:>7.1f}{right:>7}{result.share('not-in-repertoire'):>7.1f}{result.measured.milliseconds:>6.1f}"
    )


def build_times() -> None:
    """Builds the index anew in a folder of its own, then answers one queue: 842 codes."""
    import os

    home = tempfile.mkdtemp(prefix="gaiji-eval-shape-")
    kept = os.environ.get("GAIJI_HOME")
    os.environ["GAIJI_HOME"] = home
    try:
        started = time.perf_counter()
        built = load_index([faces.IPAMJ])
        spent, size = time.perf_counter() - started, built.gallery.path.stat().st_size
        raw = built.gallery.packed.size
        print(
            f"index: {len(built):,} glyphs, built in {spent:.1f} s, {raw:,} bytes int8, {size:,} bytes on disk"
        )
        codes = [[one] for one in next(iter(queries.rendered(HALF))).pictures[:842]]
        started = time.perf_counter()
        built.query_many(codes)
        print(f"842 codes answered in {time.perf_counter() - started:.1f} s")
    finally:
        shutil.rmtree(home)
        if kept is None:
            del os.environ["GAIJI_HOME"]
        else:
            os.environ["GAIJI_HOME"] = kept


def ask(sets: Iterable[queries.QuerySet], with_strokes: bool = False) -> list[Result]:
    """Measures, judges and prints one set after the other."""
    results = []
    for one in sets:
        results.append(judge_all(measure(one, index(one.removed), with_strokes)))
        print(line(results[-1]), flush=True)
    return results


def samples() -> list[str]:
    """Asks the sample dumps' 外字 and prints where the right glyph stands; what must not be, as text."""
    folders = {"juki-jef.dat": "jef", "koseki-keis.dat": "keis", "juki-windows.csv": "windows"}
    with (samples_dir() / "truth.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    folder = samples_dir() / "gaiji"
    answers = index().query_many(
        [[read_image(folder / folders[row["file"]] / f"{row['code']}.png")] for row in rows], limit=50
    )
    ranks, found = [], []
    for row, answer in zip(rows, answers, strict=True):
        names = [match.glyph for match in answer.matches]
        if row["glyph"] == "none":
            if answer.verdict != "not-in-repertoire":
                found.append(f"sample {row['code']} is not in MJ and called {answer.verdict}")
            continue
        ranks.append(names.index(row["glyph"]) if row["glyph"] in names else len(names))
        if ranks[-1] >= 5 or answer.verdict == "not-in-repertoire":
            found.append(f"sample {row['code']}: place {ranks[-1] + 1}, {answer.verdict}")
    places = [sum(rank < count for rank in ranks) for count in (1, 5)]
    print(
        f"samples, shape alone: of {len(ranks)} in MJ first {places[0]}, in the first five {places[1]}; {len(rows) - len(ranks)} are not in MJ"
    )
    return found


def below_floors(
    rendered: list[Result], real: list[Result], figures: dict[str, tuple[float, float]]
) -> list[str]:
    """Every figure under its floor, as text."""
    rows = [(f"{one.measured.queries.stratum} at {one.measured.queries.size} dots", one) for one in rendered]
    found = []
    for name, one in rows:
        floor = FLOORS.get((one.measured.queries.stratum, one.measured.queries.size))
        if (
            floor
            and one.measured.queries.source == "HanaMin"
            and (one.top(1) < floor[0] or one.top(10) < floor[1])
        ):
            found.append(f"{name}: {one.top(1):.1f}/{one.top(10):.1f} under {floor[0]}/{floor[1]}")
    at24 = [one for one in real if one.measured.queries.size == 24]
    ranks = np.concatenate([one.ranks for one in at24])
    top = [100 * float((ranks < count).mean()) for count in (1, 10)]
    print(f"real bitmaps at 24 dots together, same character: top-1 {top[0]:.1f}, top-10 {top[1]:.1f}")
    if top[0] < REAL_FLOOR[0] or top[1] < REAL_FLOOR[1]:
        found.append(
            f"real bitmaps at 24 dots: {top[0]:.1f}/{top[1]:.1f} under {REAL_FLOOR[0]}/{REAL_FLOOR[1]}"
        )
    return found + [
        f"{name}: {value:.4f} under {floor}" for name, (value, floor) in figures.items() if value < floor
    ]


def open_set(rendered: list[Result], outside: list[Result]) -> dict[str, tuple[float, float]]:
    """Prints AUROC by size, precision and coverage; gives those that have a floor."""
    figures: dict[str, tuple[float, float]] = {}
    for size in queries.SIZES:
        out = np.concatenate([one.known for one in outside if one.measured.queries.size == size])
        values = []
        for only in (True, False):
            mine = [one for one in rendered if one.measured.queries.size == size]
            mine = [one for one in mine if one.measured.queries.source == "HanaMin" or not only]
            values.append(auroc(np.concatenate([one.known for one in mine]), out))
        print(
            f"open set at {size} dots: AUROC {values[0]:.4f} (HanaMin in and out), {values[1]:.4f} (all faces in, HanaMin out)"
        )
        if size in AUROC_FLOORS:
            figures[f"AUROC at {size} dots"] = values[0], AUROC_FLOORS[size]
    precision, coverage = near_certain(rendered, outside)
    print(
        f"near-certain, {OUTSIDE_SHARE:.0%} of queries outside MJ: precision {precision:.2%}, coverage {coverage:.1%}"
    )
    return figures | {"precision": (precision, PRECISION_FLOOR), "coverage": (coverage, COVERAGE_FLOOR)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--each", type=int, default=queries.EACH, help="queries of one stratum, size and half"
    )
    queries.EACH = parser.parse_args().each
    faces.need([Path(path) for path in faces.PACKAGES])
    build_times()
    print(HEAD)
    rendered = ask(queries.rendered(HALF))
    print("with the number of strokes given, every fifth miscounted by one:")
    ask(queries.counted(HALF), with_strokes=True)
    print("other sets:")
    ask(queries.own(HALF))
    real = ask(queries.real(HALF))
    outside = ask(queries.outside(HALF))
    ask(queries.left_out(HALF))
    failures = samples() + below_floors(rendered, real, open_set(rendered, outside))
    sys.exit("under the floor: " + "; ".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
