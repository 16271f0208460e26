"""Makes the pictures of the review screen in docs/images anew, in Chromium at 1366×768, from the samples' made-up people.

    python tests/make_screens.py [NAME …]

Needs Chromium and IPAmj 明朝. Look at them before they are committed.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.places import Places
from gaiji.queue.queue import Queue, open_queue
from gaiji.review.evidence.places import list_places
from gaiji.review.evidence.shapes import propose_shapes
from gaiji.town.project import load_town
from gaiji.town.running import run_town
from gaiji.town.status import glance, on_screen
from tests.clerking import seat
from tests.reviewing import chromium, sample_queue
from tests.test_town import copy_town

IMAGES = Path(__file__).parents[1] / "docs/images"
COLOURS = 48
Shot = tuple[str, Callable[[Any, str], None]]
"""The name of a picture, and what is done at a page (its address given) before it is taken."""


def keep(page: Any, name: str) -> None:
    """The page as it stands, in few colours."""
    page.wait_for_load_state("networkidle")
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = image.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(IMAGES / f"{name}.png", optimize=True)
    print(f"{name}.png {(IMAGES / f'{name}.png').stat().st_size:,}")


def filled(folder: Path) -> Queue:
    """The samples' 住記 with candidates by name and shape, places, and what two people did."""
    queue = open_queue(sample_queue(folder, **{"source.tables": []}))
    propose_shapes(queue)
    list_places(folder / "juki-jef.toml", overrides={"source.tables": []})
    acts = Decisions(queue)
    waiting = [item for item in queue.items() if item.reason == "unmapped-gaiji" and item.verdict == "likely"]
    first, second = waiting[-1], waiting[-2]
    glyph = queue_best(queue, first.id)
    acts.decide(first.id, Decision("字形一致", glyph, evidence="戸籍簿", decided_by="鈴木"))
    acts.defer(second.id, "鈴木", "戸籍係に照会中")
    places = Places(acts)
    lost = next(item for item in queue.items() if item.reason == "already-lost")
    told = places.of(lost.id)
    places.answer(told[0].id, "鈴木", "restored", new="田", evidence="戸籍簿", version=told[0].version)
    return queue


def queue_best(queue: Queue, item: int) -> str:
    """The first candidate's name."""
    from gaiji.review.evidence.candidates import suggest

    return suggest(queue, item)[0].glyph


def shots(queue: Queue) -> Iterator[Shot]:
    """All pictures but those of accounts."""
    items = list(queue.items())
    open_ones = [item for item in items if item.reason == "unmapped-gaiji" and item.state == "open"]
    hard = next((item for item in open_ones if item.verdict == "likely"), open_ones[0])
    lost = next(item for item in items if item.reason == "already-lost")
    place = next(one for one in Places(Decisions(queue)).of(lost.id) if not one.answer)

    def at(path: str, *keys: str) -> Callable[[Any, str], None]:
        def go(page: Any, base: str) -> None:
            page.goto(base + path)
            for key in keys:
                page.keyboard.press(key)
            if "1" in keys:
                page.wait_for_selector("#facts dt")

        return go

    def search(page: Any, base: str) -> None:
        page.goto(f"{base}/item/{hard.id}")
        page.fill("#search", "辶自穴口")
        page.press("#search", "Enter")
        page.wait_for_selector(".said")

    def forms(page: Any, base: str) -> None:
        search(page, base)
        page.keyboard.press("1")
        with page.expect_response(lambda answer: "/forms/" in answer.url):
            page.keyboard.press("f")
        page.locator("#candidates").scroll_into_view_if_needed()

    yield "list", at("/")
    yield "item", at(f"/item/{hard.id}", "1")
    yield "search", search
    yield "forms", forms
    yield "sheet", at("/sheet")
    yield "places", at(f"/item/{lost.id}")
    yield "place", at(f"/place/{place.id}")
    yield "people", at(f"/people/{hard.id}")
    yield "work", at("/work")
    yield "town", at("/town")


def conflict(browser: Any, address: str, queue: Queue) -> Any:
    """Two people at one code; the page of the second."""
    item = next(i for i in queue.items() if i.reason == "unmapped-gaiji" and i.state == "open")
    base, pages = address.partition("/?")[0], []
    for name in ("佐藤", "鈴木"):
        pages.append(enter(browser, address, name))
        pages[-1].goto(f"{base}/item/{item.id}")
    for page, key in zip(pages, "12", strict=True):
        page.keyboard.press(key)
        page.wait_for_selector("#facts dt")
        with page.expect_navigation():
            page.keyboard.press("Enter")
    return pages[1]


def enter(browser: Any, address: str, name: str) -> Any:
    """A page of somebody who came in."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    page.fill("#who", name)
    with page.expect_navigation():
        page.press("#who", "Enter")
    return page


def main(*wanted: str) -> None:
    """All pictures, or those named."""
    with tempfile.TemporaryDirectory() as folder:
        queue = filled(Path(folder) / "samples")
        project = copy_town(Path(folder) / "town")
        run_town(project, jobs=1)
        os.chdir(folder)
        town = load_town("town/town.toml")  # as somebody in the town's folder reads it
        with seat(queue, town=lambda: on_screen(glance(town))) as (address, _), chromium() as browser:
            page = enter(browser, address, "佐藤")
            for name, go in shots(queue):
                if not wanted or name in wanted:
                    go(page, address.partition("/?")[0])
                    keep(page, name)
            if not wanted or "conflict" in wanted:
                keep(conflict(browser, address, queue), "conflict")
            if not wanted or "signin" in wanted:
                Accounts(queue).add("佐藤", "clerk", "作り話の人の 合言葉 2026")
                page.goto(address.partition("?")[0])
                keep(page, "signin")
        queue.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
