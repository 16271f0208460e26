"""Every page of the review screen by axe, at both sizes and at 200 % zoom, in real Chromium: nothing serious stands against it.

Which pages there are is the application's to say: an address or a template that is in neither list below fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaiji.model import Picture
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.places import Place, Places
from gaiji.queue.queue import open_queue
from gaiji.review.web import app as app_module
from gaiji.review.web.app import create_app
from gaiji.shape.pictures import Gallery
from gaiji.town.project import load_town
from gaiji.town.status import glance, on_screen
from tests.clerking import made_up, seat
from tests.reviewing import chromium
from tests.test_seats import JUKI, WORD
from tests.test_town import copy_town

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe
pytestmark = pytest.mark.system
SIZES = [(1366, 768), (1920, 1080), (683, 384)]
"""The last is 1366×768 at 200 %."""
PAGES = {
    "list": ("/", "/?state=open", "/?state=rejected"),
    "item": ("/item/{80A1}", "/item/{80A2}", "/item/{FFFF}", "/item/999"),
    "place": ("/place/1",),
    "sheet": ("/sheet",),
    "work": ("/work",),
    "people": ("/people/{80A1}",),
    "town": ("/town",),
    "sign_in": ("/signin",),
}
"""View → its addresses; {code}: the item of that code."""
NO_PAGES = {
    "static": "files",
    "alive": "an answer to a script",
    "next": "leads to an item or the list",
    **dict.fromkeys(("glyph", "picture", "overlay"), "pictures on the page of an item"),
    **dict.fromkeys(("find", "forms", "look", "facts"), "parts of the page of an item, looked at there"),
}
"""Views that answer GET without a page of their own, and why."""


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
    return ids


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {v['id']} {[n['html'][:120] for n in v['nodes']][:3]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def wide(page):
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{page.url} is {over} too wide"] if over > 0 else []


def states(page):
    """A page as it comes, and an item's with a glyph chosen, with what a search found, and with its forms."""
    yield
    if not page.query_selector("#candidates"):
        return
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.wait_for_selector("#facts dt")
    yield
    page.fill("#search", "邉")
    page.press("#search", "Enter")
    page.wait_for_selector(".said")
    yield
    page.keyboard.press("1")
    with page.expect_response(lambda answer: "/forms/" in answer.url):
        page.keyboard.press("f")
    page.wait_for_selector(".glyph")
    yield


def look(browser, address, paths, enter):
    """All that stands against the pages, at each size."""
    wrong, base = [], address.partition("/?")[0]
    for width, height in SIZES:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="ja-JP", bypass_csp=True
        )
        page = context.new_page()
        page.goto(address)
        wrong += serious(page)
        enter(page)
        for path in paths:
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            for _ in states(page):
                wrong += [f"{width}×{height} {one}" for one in serious(page) + wide(page)]
        for button in ("#lock button", "form[action='/end'] button"):
            if page.query_selector(button):
                with page.expect_navigation():
                    page.click(button)
                wrong += [f"{width}×{height} {one}" for one in serious(page)]
        context.close()
    return wrong


@pytest.fixture
def rendered():
    """The templates that pages were made of."""
    from flask import template_rendered

    names = set()

    def note(_, template, **__):
        names.add(template.name)

    with template_rendered.connected_to(note):
        yield names


def named(ids, views):
    return [path.format(**ids) for view in views for path in PAGES[view]]


def town_in(folder):
    project = load_town(copy_town(folder))
    return lambda: on_screen(glance(project))


def by_name(page):
    page.fill("#who", "佐藤")
    with page.expect_navigation():
        page.press("#who", "Enter")


def by_password(page):
    page.fill("input[name=name]", "佐藤")
    page.fill("input[name=password]", WORD)
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")


def test_every_page_has_an_entry(tmp_path):
    queue = open_queue(tmp_path / "q.sqlite")
    app = create_app(Decisions(queue), Gallery([]), "key", idle=60, town=dict)
    views = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert views == PAGES.keys() | NO_PAGES.keys() and not PAGES.keys() & NO_PAGES.keys()
    queue.close()


def test_pages_without_accounts(browser, tmp_path):
    ids = filled(tmp_path / "q.sqlite")
    queue = open_queue(tmp_path / "q.sqlite")
    views = [view for view in PAGES if view != "sign_in"]
    with seat(queue, confirm="two-person", town=town_in(tmp_path / "town")) as (address, _):
        assert look(browser, address, named(ids, views), by_name) == []
    queue.close()


def test_pages_of_a_manager(browser, tmp_path, rendered):
    """Every template that is a page of its own was looked at."""
    ids = filled(tmp_path / "q.sqlite")
    queue = open_queue(tmp_path / "q.sqlite")
    Accounts(queue).add("佐藤", "manager", WORD)
    with seat(queue, confirm="two-person", town=town_in(tmp_path / "town")) as (address, _):
        assert look(browser, address, named(ids, PAGES), by_password) == []
    folder = Path(app_module.__file__).parent / "templates"
    pages = {path.name for path in folder.iterdir() if '{% extends "base.html" %}' in path.read_text("utf-8")}
    assert pages - rendered == {"people.html"} and len(pages) >= 9  # which the next test looks at
    queue.close()


def test_the_people_of_a_code(browser, tmp_path, rendered):
    """With people in the list, of a job whose input is there."""
    queue = open_queue(made_up(tmp_path, 2))
    paths = [f"/people/{item.id}" for item in queue.items()]
    with seat(queue) as (address, _):
        assert look(browser, address, paths, by_name) == []
    assert "people.html" in rendered
    queue.close()
