"""Keys that a clerk presses and seconds that the server works: the figures of docs/benchmarks.md on the review screen.

    python tests/bench/clerk_keys.py [--codes N] [--people N]

842 codes of a made-up job, each with a picture of 32 dots: glyphs of IPAmj 明朝 drawn in black and white, with dots added and dropped
at their edges, compared with all glyphs by gaiji review shapes. Then 300 people whose character an earlier migration lost, listed by gaiji
review places. Both are answered in Chromium by the keyboard alone, as the policy says that it prints. Keys are counted by the script that
presses them; server time is measured at the WSGI application: processor seconds of each request, summed. Prints Markdown.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))
from gaiji.queue.decisions import Decisions
from gaiji.queue.places import Places
from gaiji.queue.queue import Queue, open_queue
from gaiji.review.evidence.shapes import propose_shapes
from gaiji.shape.pictures import open_gallery
from gaiji.standard.repertoire import load_repertoire
from tests.clerking import CODES, POLICY, Clerk, Timed, made_up, seat
from tests.reviewing import chromium

SIDE, RATE = 32, 0.03
"""Dots of a 外字, and the share of dots at its edges that were added or dropped."""


def drawn(folder: Path, count: int, seed: int = 19) -> dict[str, str]:
    """Pictures of glyphs drawn by lot, one for each code, named by it; code → glyph."""
    gallery, dice, rng = open_gallery(), random.Random(seed), np.random.default_rng(seed)
    names = [glyph.name for glyph in load_repertoire() if glyph.base and glyph.name.startswith("MJ")]
    dice.shuffle(names)
    folder.mkdir(parents=True)
    out: dict[str, str] = {}
    for name in names:
        raster = gallery.raster(name, SIDE, SIDE, mono=True)
        if raster is None or not raster.ink or max(raster.width, raster.height) > SIDE:
            continue
        ink = np.zeros((SIDE, SIDE), bool)
        ink[: raster.height, : raster.width] = (
            np.frombuffer(raster.ink, np.uint8).reshape(raster.height, raster.width) > 127
        )
        code = CODES[len(out)].hex().upper()
        Image.fromarray(np.uint8(255) * ~(ink ^ flipped(ink, rng))).save(folder / f"{code}.png")
        out[code] = name
        if len(out) == count:
            return out
    raise SystemExit("IPAmj 明朝 draws too few glyphs")


def flipped(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Dots beside an edge, some by lot."""
    wide = np.pad(ink, 1)
    beside = [wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]
    edge = np.where(ink, ~np.logical_and.reduce(beside), np.logical_or.reduce(beside))
    return edge & (rng.random(ink.shape) < RATE)


def table(clerk: Clerk, timed: Timed, unit: str) -> list[str]:
    """What was done in which way, with keys; the last line is all of it."""
    every = sum(clerk.done.values())
    lines = [f"| how | {unit} | keys | keys each |", "|---|---:|---:|---:|"]
    for what in clerk.keys:
        keys, done = clerk.keys[what], clerk.done[what]
        lines.append(f"| {what} | {done} | {keys} | {keys / max(done, 1):.2f} |")
    keys = sum(clerk.keys.values())
    lines.append(f"| all | {every} | {keys} | {keys / every:.2f} |")
    spent = timed.seconds
    lines += ["", f"Server: {spent:.1f} s of a processor, {spent / every:.3f} s each.", ""]
    lines += [
        "| request | times | seconds | each, median | longest as it passed |",
        "|---|---:|---:|---:|---:|",
    ]
    for what, times in sorted(timed.spent.items(), key=lambda one: -sum(work for work, _ in one[1])):
        work = [one for one, _ in times]
        longest = max(passed for _, passed in times)
        lines.append(
            f"| `{what}` | {len(times)} | {sum(work):.2f} | {statistics.median(work):.4f} | {longest:.2f} |"
        )
    return lines


def at_the_keyboard(queue: Queue, right: dict[int, str], acts: tuple[str, ...]) -> tuple[Clerk, Timed]:
    """A clerk does all that waits."""
    with seat(queue) as (address, timed), chromium() as browser:
        context = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="ja-JP", bypass_csp=True
        )
        clerk = Clerk(context.new_page(), right)
        clerk.page.set_default_timeout(120_000)
        clerk.enter(address)
        for act in acts:
            getattr(clerk, act)()
        return clerk, timed


def codes(folder: Path, count: int) -> list[str]:
    """The codes: keys and server time; all decisions are right."""
    truth = drawn(folder / "gaiji", count)
    queue = open_queue(made_up(folder, count, pictures=True))
    done: Any = propose_shapes(queue)
    right = {item.id: truth[item.code] for item in queue.items()}
    clerk, timed = at_the_keyboard(queue, right, ("bulk", "singly"))
    made = {item: decision.glyph for item, decision in Decisions(queue).all().items()}
    assert made == right, "a decision is not what the clerk chose"
    queue.close()
    said = f"{count} codes; near-certain by their shape: {done.near_certain}, likely: {done.likely}, not in the repertoire: {done.unknown}"
    return [said, "", *table(clerk, timed, "codes")]


def people(folder: Path, count: int) -> list[str]:
    """The people whose character was lost."""
    queue = open_queue(made_up(folder, 0, count))
    clerk, timed = at_the_keyboard(queue, {}, ("people",))
    item = next(item.id for item in queue.items())
    assert all(place.answer for place in Places(Decisions(queue)).of(item)), "somebody has no answer"
    queue.close()
    return [f"{count} people whose character was lost", "", *table(clerk, timed, "people")]


def main() -> None:
    """Print policy and tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--codes", type=int, default=842)
    parser.add_argument("--people", type=int, default=300)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [POLICY, "", *codes(Path(folder) / "codes", chosen.codes)]
        lines += ["", *people(Path(folder) / "people", chosen.people)]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
