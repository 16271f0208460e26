"""How a large review queue behaves: the figures of docs/review.md.

    python tests/bench/review_queue.py [--items N] [--url URL]

Makes a queue of 5,000 codes with 1,000,000 occurrences, a 24-dot picture and nine proposals for each, and times: adding the first
run's findings, adding those of a second run, the workbook with pictures, its way back in without edits, and the list and
item pages as the review screen makes them (median of 20, each page of the list asked for in turn).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gaiji.model import Picture
from gaiji.queue.decisions import Decisions
from gaiji.queue.items import Item, Sample
from gaiji.queue.queue import Queue, open_queue
from gaiji.review.evidence.candidates import Proposal
from gaiji.review.sheets.exchange import export, import_sheet
from gaiji.review.web.app import create_app
from gaiji.shape.pictures import open_gallery
from gaiji.standard.repertoire import load_repertoire

OCCURRENCES = 1_000_000
LIMITS = {"second run": 10.0, "XLSX with pictures": 60.0, "list page": 0.2}
"""Seconds that must not be passed."""


def findings(count: int, rng: random.Random) -> list[Item]:
    """Codes with their counts falling off as names do, five samples each."""
    weights = [1 / (n + 5) for n in range(count)]
    scale = OCCURRENCES / sum(weights)
    out = []
    for number, weight in enumerate(weights):
        total = max(2, round(weight * scale))
        counts = {("氏名", "name"): total - total // 3, ("世帯主氏名", "name"): total // 3}
        samples = [Sample(rng.randrange(10**6), f"{n:010d}", "氏名", 1, "渡【〓】　太郎") for n in range(5)]
        out.append(
            Item("JEF", f"{0x8000 + number:04X}", "見本市", "unmapped-gaiji", counts, samples, dict(counts))
        )
    return out


def fill(queue: Queue, count: int, rng: random.Random) -> dict[str, float]:
    """Add two runs, pictures and proposals; returns the times."""
    items, times = findings(count, rng), {}
    times["first run"] = timed(lambda: queue.add("april.dat", items))
    times["second run"] = timed(lambda: queue.add("may.dat", items))
    pictures = {i.code: [Picture(24, 24, bytes(rng.choice((0, 255)) for _ in range(576)))] for i in items}
    queue.add_pictures("JEF", "見本市", pictures)
    names = load_repertoire().frame["name"].to_list()
    ids = [i for i, _ in queue.order(("open",))]
    queue.propose(
        "dump",
        {
            i: [Proposal(n, 0.9 - k / 20, "同じ読みの3人") for k, n in enumerate(rng.sample(names, 9))]
            for i in ids
        },
        ids,
    )
    return times


def timed(act: Callable[[], Any]) -> float:
    """Seconds that an act takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def pages(queue: Queue) -> dict[str, float]:
    """Median seconds of the list's pages and of items."""
    app = create_app(Decisions(queue), open_gallery(), "token", idle=3600)
    host = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "HTTP_HOST": "127.0.0.1"}
    client = app.test_client()
    client.get("/?open=token", environ_overrides=host)

    def median(address: Callable[[int], str]) -> float:
        def one(n: int) -> None:
            assert client.get(address(n), environ_overrides=host).status_code == 200

        return statistics.median(timed(lambda: one(n)) for n in range(1, 21))  # noqa: B023

    ids = [i for i, _ in queue.order(("open",))]
    return {"list page": median(lambda n: f"/?page={n}"), "item page": median(lambda n: f"/item/{ids[n]}")}


def main() -> None:
    """Print the table; exit 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--url", default="", help="a database URL instead of a SQLite file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        queue = open_queue(chosen.url or Path(folder) / "review.sqlite")
        times = fill(queue, chosen.items, random.Random(1))
        total = sum(i.total for i in queue.items()) // 2
        book = Path(folder) / "sheet.xlsx"
        times["XLSX with pictures"] = timed(lambda: export(queue, book, "xlsx"))
        size = book.stat().st_size
        times["XLSX back in"] = timed(lambda: import_sheet(queue, book))
        times |= pages(queue)
        queue.close()
    print(f"{chosen.items:,} codes, {total:,} occurrences a run; workbook {size / 1e6:.1f} MB")
    for name, seconds in times.items():
        limit = f"(limit {LIMITS[name]:g} s)" if name in LIMITS else ""
        print(f"{name:20} {seconds:8.3f} s {limit}")
    raise SystemExit(any(times[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    main()
