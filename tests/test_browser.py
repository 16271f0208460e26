"""The review screen in real Chromium, by keyboard alone. With GAIJI_SCREENSHOTS set, the pictures of the clerk guide are made anew."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from gaiji.proof.verify import verify
from gaiji.queue.decisions import Decisions, verify_audit
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.shapes import propose_shapes
from tests.reviewing import Screen, sample_queue

pytestmark = pytest.mark.system
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SHOTS = os.environ.get("GAIJI_SCREENSHOTS", "")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "Chromium is not installed (.ci/install does it)"
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield started
        started.close()


@pytest.fixture
def queue(tmp_path):
    return sample_queue(tmp_path / "s")


@pytest.fixture
def screen(queue):
    started = Screen(queue)
    yield started
    assert started.stop() == 0


def enter(browser, screen, name):
    """A browser of its own for a clerk; every address that it asks for and every error on its pages is kept."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}, locale="ja-JP").new_page()
    page.asked, page.wrong = [], []
    page.on("request", lambda r: page.asked.append(r.url))
    page.on("pageerror", lambda e: page.wrong.append(str(e)))
    page.goto(screen.url)
    page.fill("#who", name)
    with page.expect_navigation():
        page.press("#who", "Enter")
    return page


def press(page, *keys, moves=True):
    """Type keys; the last one leads to another page."""
    for key in keys[:-1] if moves else keys:
        page.keyboard.press(key)
    if moves:
        with page.expect_navigation():
            page.keyboard.press(keys[-1])
    page.wait_for_load_state("networkidle")


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def truth(queue):
    rows = (queue.parents[2] / "truth.tsv").read_text("utf-8").splitlines()[1:]
    return {
        code: glyph for file, code, glyph in (row.split("\t") for row in rows) if file.startswith("juki-jef")
    }


def test_ten_glyphs_by_keyboard(browser, screen, queue):
    page, right, decided = enter(browser, screen, "佐藤"), truth(queue), 0
    shot(page, "list")
    press(page, "Enter")
    while decided < 10:
        code = page.inner_text("figcaption >> nth=0").split()[2]  # 外字 JEF 80A2 and whose it is
        names = [label.get_attribute("data-name") for label in page.query_selector_all(".glyph")]
        wanted = right.get(code, "none")
        if wanted in names[:9]:
            keys = [str(names.index(wanted) + 1)]
            if decided == 0:
                press(page, *keys, moves=False)
                shot(page, "item")
            press(page, *keys, "Enter")  # two keystrokes
        elif wanted != "none":
            page.keyboard.press("/")
            page.keyboard.type(wanted)
            with page.expect_response(lambda r: "/find" in r.url):
                page.keyboard.press("Enter")
            page.wait_for_selector(f'.glyph[data-name="{wanted}"]')
            press(page, "1", "Enter")
        else:
            press(page, "t", "Enter")  # 判読不能
        decided += 1
    page.wait_for_selector("table.items")
    assert page.wrong == []
    assert page.asked and all(url.startswith(screen.base) for url in page.asked)
    opened = open_queue(queue)
    made = {i.code: Decisions(opened).of(i.id).glyph for i in opened.items()}
    assert (
        made == {code: right[code] if right.get(code, "none") != "none" else "" for code in made}
        and len(made) == 10
    )
    assert verify_audit(opened) == (10, "")
    opened.close()


def test_moving_searching_and_undo(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    first = page.url
    press(page, "n")
    assert page.url != first
    press(page, "p")
    assert page.url == first
    page.keyboard.press("/")
    page.keyboard.type("辶自穴口")
    with page.expect_response(lambda r: "/find" in r.url):
        page.keyboard.press("Enter")
    page.wait_for_selector('.glyph[data-name="MJ026190"]')
    page.wait_for_load_state("networkidle")
    shot(page, "search")
    page.keyboard.press("1")
    page.wait_for_load_state("networkidle")
    with page.expect_response(lambda r: "/forms/" in r.url):
        page.keyboard.press("f")
    page.locator(".glyph").nth(
        24
    ).wait_for()  # a function would be evaluated, which the page's policy forbids
    page.wait_for_load_state("networkidle")
    shot(page, "forms")
    page.keyboard.press("Escape")
    press(page, "1", "Enter")
    press(page, "u")
    assert page.url == first and page.inner_text("#state") == "未判定"
    press(page, "h")
    press(page, "x")
    opened = open_queue(queue)
    assert {s: n["items"] for s, n in Decisions(opened).status().items() if n["items"]} == {
        "open": 8,
        "deferred": 1,
        "rejected": 1,
    }
    opened.close()


def test_near_certain_ones_on_one_sheet(browser, tmp_path):
    queue = sample_queue(tmp_path / "all", **{"source.tables": []})
    opened, screen = open_queue(queue), Screen(queue)
    assert propose_shapes(opened).near_certain >= 1
    page = enter(browser, screen, "佐藤")
    press(page, "s")
    sure = len(page.query_selector_all('input[name="take"]'))
    shot(page, "sheet")
    press(page, "Enter")
    assert Decisions(opened).status()["confirmed"]["items"] == sure >= 1
    right = truth(queue)
    assert all(
        made.glyph == right[opened.item(item_id).code] for item_id, made in Decisions(opened).all().items()
    )
    assert page.wrong == []
    opened.close()
    assert screen.stop() == 0


def test_a_second_browser_sees_the_conflict(browser, screen):
    one, two = enter(browser, screen, "佐藤"), enter(browser, screen, "鈴木")
    press(one, "Enter")
    press(two, "Enter")
    press(one, "1", "Enter")
    press(two, "2", "Enter")
    assert two.query_selector("#message"), two.url + two.inner_text("body")
    assert "ほかの人が" in two.inner_text("#message") and "佐藤" in two.inner_text("#message")
    shot(two, "conflict")


def test_a_foreign_page_can_do_nothing(browser, screen):
    page = enter(browser, screen, "佐藤")
    answer = page.context.request.post(
        screen.base + "/item/1/decide", headers={"Origin": "http://evil.example"}, form={"version": "0"}
    )
    assert answer.status == 403
    stranger = browser.new_context().new_page()
    assert stranger.goto(screen.base + "/").status == 403
    assert page.evaluate("document.cookie") == ""


def test_mouse_without_scripts(browser, screen, queue):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(screen.url)
    page.fill("#who", "佐藤")
    page.click("form.who button")
    page.click("a.go >> nth=0")
    page.click(".glyph >> nth=0")
    page.click("#ok")
    opened = open_queue(queue)
    assert Decisions(opened).status()["confirmed"]["items"] == 1
    opened.close()


def test_the_proof_prints_on_one_page(browser, tmp_path):
    sample_queue(tmp_path / "s")
    verify(tmp_path / "s" / "juki-jef.toml")
    page = browser.new_page()
    page.goto((tmp_path / "s/out/juki-jef/juki.csv.verify.html").as_uri())
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4"))) == 1
