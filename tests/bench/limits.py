"""Every threshold of speed and memory that gaiji has, beside its peer, its limit and the state before, in one table.

    python tests/bench/limits.py [--before CHECKOUT] [--only start,calls,…] [--rounds 9] [--large] [--cpu]

CHECKOUT is an older checkout with its own ``.venv``. In a round everything of a group runs once, one after the other, the next round
the other way about; a ratio is the median over the rounds, with the interval that holds the median of such ratios in 95 of 100 cases
(order statistics). ``--cpu`` judges processes by the time of the processors instead of the clock's, for a machine that others use too.
``--large`` measures whole jobs on 1 GB and growth up to 10⁸ records. What is run is in ``limit_rows``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from math import comb
from pathlib import Path

from limit_rows import GROUPS, Group, Row, Setting
from limit_sides import Side

HEAD = ("what", "before / now", "against peer or limit", "now", "before", "peer or limit", "threshold", "")
ROOT = Path(__file__).resolve().parents[2]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Median of some values, and the interval of it: the narrowest of order statistics that covers 95 %."""
    ordered, count = sorted(values), len(values)
    left = 0
    while left + 1 < count / 2 and sum(comb(count, k) for k in range(left + 2)) / 2**count <= 0.025:
        left += 1
    return statistics.median(ordered), ordered[left], ordered[count - 1 - left]


def measured(group: Group, rounds: int) -> dict[str, list[float]]:
    """Name of a number → its value in each round; a first round is not counted."""
    found: dict[str, list[float]] = {}
    for number in range(rounds + group.warm):
        for trial in group.trials[:: 1 if number % 2 else -1]:
            for name, value in trial().items():
                found.setdefault(name, []).extend([value] if number >= group.warm else [])
    return found


def ratio(above: Sequence[float], below: Sequence[float]) -> str:
    """Median and interval of the rounds' ratios."""
    if not above or not below:
        return "–"
    middle, low, high = spread([a / b for a, b in zip(above, below, strict=True)])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def shown(values: Sequence[float], unit: str) -> str:
    """The median with its unit."""
    if not values:
        return "–"
    value = statistics.median(values)
    return f"{value:,.{0 if value >= 100 else 3 if value < 1 else 2}f} {unit}"


def cells(row: Row, found: dict[str, list[float]]) -> list[str]:
    """The cells of one row."""
    now, before = found.get(f"now {row.key}", []), found.get(f"before {row.key}", [])
    peer = found.get(row.peer, [])
    if not now:
        return [row.what, "–", "–", "–", "–", row.peer_name, row.threshold, "not measured"]
    pair = (peer, now) if row.faster else (now, peer)
    judged = statistics.median(now)
    if row.by_ratio:
        judged = statistics.median([a / b for a, b in zip(*pair, strict=True)])
    kept = judged >= row.limit if row.faster else judged <= row.limit
    told = "" if not row.peer else f"{row.peer_name}: {shown(peer, row.unit)}"
    verdict = "met" if kept else "**missed**"
    against = ratio(*pair) if row.peer else "–"
    earlier = ratio(before, now) if before else "–"
    return [
        row.what,
        earlier,
        against,
        shown(now, row.unit),
        shown(before, row.unit),
        told,
        row.threshold,
        verdict,
    ]


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", type=Path, help="an older checkout with a .venv of its own")
    parser.add_argument("--only", default="", help=f"groups, by commas: {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--large", action="store_true", help="1 GB, and 10⁸ records")
    parser.add_argument(
        "--size", type=int, default=0, help="MB of a whole job (default 250, with --large 1000)"
    )
    parser.add_argument("--cpu", action="store_true", help="time of the processors instead of the clock's")
    parser.add_argument(
        "--postgres", default="", help="URL of an empty database (default: a server of its own)"
    )
    parser.add_argument("--folder", help="where the data go (default: a temporary folder)")
    return parser.parse_args()


def main() -> None:
    """Print the table; groups that cannot be measured here say why."""
    chosen = options()
    names = chosen.only.split(",") if chosen.only else list(GROUPS)
    size = chosen.size or (1000 if chosen.large else 250)
    print(
        f"{'processor time' if chosen.cpu else 'time'}; median of {chosen.rounds} alternating rounds (95 %)\n"
    )
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gaiji-limits-", dir=chosen.folder) as place:
        sides = [Side("now", ROOT, Path(place), chosen.cpu)]
        sides += [Side("before", chosen.before.resolve(), Path(place), chosen.cpu)] if chosen.before else []
        setting = Setting(Path(place), sides, size, chosen.large, chosen.postgres)
        for name in names:
            with GROUPS[name](setting) as group:
                found = measured(group, min(chosen.rounds, group.most) if group.most else chosen.rounds)
            for row in group.rows:
                print(f"| {' | '.join(cells(row, found))} |", flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
