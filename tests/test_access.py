"""Every page of the review screen by axe, at both sizes and at 200 % zoom, in real Chromium: nothing serious stands against it."""

from __future__ import annotations

import pytest

from gaiji.model import Picture
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.places import Place, Places
from gaiji.queue.queue import open_queue
from tests.reviewing import Screen, chromium
from tests.test_seats import JUKI, WORD

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
pytestmark = pytest.mark.system
SIZES = [(1366, 768), (1920, 1080), (683, 384)]
"""The last is 1366×768 at 200 %."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def filled(path):
    """Something on every page: an item with a picture and a history, one that is decided, places, near-certain codes."""
    queue = open_queue(path)
    sample = [Sample(1, "7", "氏名", 1, "渡【〓】")]
    codes = ["80A1", "80A2", "80A3"]
    items = [
        Item("JEF", code, "見本市", "unmapped-gaiji", {("氏名", "name"): 3}, sample, gaiji_set="住記")
        for code in codes
    ]
    queue.add(
        JUKI,
        [
            *items,
            Item("JEF", "FFFF", "見本市", "already-lost", {("氏名", "name"): 1}, sample, gaiji_set="住記"),
        ],
    )
    ids = {i.code: i.id for i in queue.items()}
    queue.add_pictures(
        "JEF", "見本市", {code: [Picture(8, 8, bytes(range(64)))] for code in codes}, gaiji_set="住記"
    )
    queue.propose(
        "shape",
        {ids[c]: [Proposal("MJ026191", 0.99, "似ている"), Proposal("MJ026192", 0.5, "")] for c in codes},
        list(ids.values()),
    )
    queue.judge({ids["80A3"]: "near-certain"})
    acts = Decisions(queue, confirm="two-person")
    acts.decide(
        ids["80A2"], Decision("デザイン差", "MJ026191", evidence="戸籍簿", note="要確認", decided_by="鈴木")
    )
    acts.defer(ids["80A1"], "鈴木", "後で")
    Places(acts).listed(
        JUKI,
        {
            ("JEF", "FFFF", "見本市", "住記", "already-lost"): [
                Place(1, "番号", "7", "氏名", 0, "◎", "【◎】田")
            ]
        },
    )
    queue.close()
    return {"list": "/", "filtered": "/?state=open", "item": f"/item/{ids['80A1']}", "decided": f"/item/{ids['80A2']}",
            "places": f"/item/{ids['FFFF']}", "place": "/place/1", "sheet": "/sheet", "work": "/work", "nothing": "/item/999"}  # fmt: skip


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {v['id']} {[n['html'][:120] for n in v['nodes']][:3]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def look(browser, url, pages, enter):
    wrong = []
    for width, height in SIZES:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="ja-JP", bypass_csp=True
        )
        page = context.new_page()
        page.goto(url)
        wrong += serious(page)
        enter(page)
        for path in pages.values():
            page.goto(url.partition("/?")[0].rstrip("/") + path)
            page.wait_for_load_state("networkidle")
            if path.startswith("/item"):
                page.keyboard.press("1")
            wrong += [f"{width}×{height} {one}" for one in serious(page)]
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            wrong += [f"{width}×{height} {path} is {over} too wide"] if over > 0 else []
        context.close()
    return wrong


def test_pages_without_accounts(browser, tmp_path):
    pages = filled(tmp_path / "q.sqlite")
    screen = Screen(tmp_path / "q.sqlite", "--confirm", "two-person")

    def enter(page):
        page.fill("#who", "佐藤")
        with page.expect_navigation():
            page.press("#who", "Enter")

    assert look(browser, screen.url, pages, enter) == []
    assert screen.stop() == 0


def test_pages_of_a_manager(browser, tmp_path):
    pages = filled(tmp_path / "q.sqlite")
    queue = open_queue(tmp_path / "q.sqlite")
    Accounts(queue).add("佐藤", "manager", WORD)
    queue.close()
    screen = Screen(tmp_path / "q.sqlite", "--confirm", "two-person")

    def enter(page):
        page.fill("input[name=name]", "佐藤")
        page.fill("input[name=password]", WORD)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")

    assert look(browser, screen.url, pages, enter) == []
    assert screen.stop() == 0
