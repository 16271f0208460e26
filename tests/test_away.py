"""A server that stopped, an old tab, a seat that nobody uses, in real Chromium: nothing that was written is lost, and the page says so."""

from __future__ import annotations

import socket

import pytest

from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decisions, audit_lines
from gaiji.queue.items import Item, Sample
from gaiji.queue.queue import open_queue
from tests.reviewing import Screen, chromium
from tests.test_seats import WORD

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def queue(tmp_path):
    opened = open_queue(tmp_path / "q.sqlite")
    codes = ("80A1", "80A2")
    opened.add(
        "a.dat",
        [
            Item(
                "JEF",
                code,
                "",
                "unmapped-gaiji",
                {("氏名", "name"): 1},
                [Sample(1, "7", "氏名", 1, "渡【〓】")],
            )
            for code in codes
        ],
    )
    yield opened
    opened.close()


def path(queue):
    return queue.folder / "q.sqlite"


def enter(page, url, name="佐藤"):
    page.goto(url)
    page.fill("#who", name)
    with page.expect_navigation():
        page.press("#who", "Enter")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def write(page, url, note="電話待ち"):
    page.goto(url)
    page.fill("input[name=evidence]", "戸籍簿 第3冊")
    page.fill("input[name=note]", note)


def written(page):
    return page.input_value("input[name=evidence]"), page.input_value("input[name=note]")


def test_a_stopped_server_loses_nothing(browser, queue):
    context, port = browser.new_context(locale="ja-JP"), free_port()
    page, screen = context.new_page(), Screen(path(queue), "--port", port)
    enter(page, screen.url)
    write(page, f"{screen.base}/item/1")
    assert screen.stop() == 0
    page.click("#defer")
    page.wait_for_selector("#away:visible")
    assert "サーバーに届きません" in page.inner_text("#away") and written(page) == (
        "戸籍簿 第3冊",
        "電話待ち",
    )
    screen = Screen(path(queue), "--port", port)
    page.click("#defer")  # another run of the server, whose token this tab never saw
    page.wait_for_selector("#away:has-text('サインインが切れました')")
    assert "サインインが切れました" in page.inner_text("#away") and written(page) == (
        "戸籍簿 第3冊",
        "電話待ち",
    )
    other = context.new_page()
    enter(other, screen.url)
    with page.expect_navigation():
        page.click("#defer")
    (line,) = audit_lines(queue)
    assert line["action"] == "defer" and "電話待ち" in line["detail"]
    assert screen.stop() == 0


def test_a_page_that_was_left_has_back_what_was_written(browser, queue):
    screen = Screen(path(queue))
    page = browser.new_context(locale="ja-JP").new_page()
    enter(page, screen.url)
    write(page, f"{screen.base}/item/1")
    page.reload()
    assert written(page) == ("戸籍簿 第3冊", "電話待ち") and "戻しました" in page.inner_text("#away")
    page.goto(f"{screen.base}/item/2")
    assert written(page) == ("", "")
    Decisions(queue).reject(1, "鈴木")  # it is another state of the item now
    page.goto(f"{screen.base}/item/1")
    assert written(page) == ("", "")
    write(page, f"{screen.base}/item/2")
    page.fill("#who", "鈴木")
    page.press("#who", "Tab")
    page.wait_for_timeout(300)
    page.goto(f"{screen.base}/item/2")
    assert written(page) == ("", "")  # what 佐藤 wrote is not 鈴木's
    with page.expect_navigation():
        page.click("form[action='/end'] button")
    assert page.evaluate("Object.keys(sessionStorage).filter((k) => k.startsWith('gaiji:')).length") == 0
    assert screen.stop() == 0


def test_an_old_tab_says_who_was_first(browser, queue):
    screen = Screen(path(queue))
    page = browser.new_context(locale="ja-JP").new_page()
    enter(page, screen.url)
    write(page, f"{screen.base}/item/1")
    Decisions(queue).reject(1, "鈴木")
    with page.expect_navigation():
        page.click("#defer")
    assert "保存していません" in page.inner_text("#message") and written(page) == ("戸籍簿 第3冊", "電話待ち")
    assert queue.item(1).state == "rejected"
    assert screen.stop() == 0


def test_a_seat_that_nobody_uses_is_locked_and_keeps_what_was_written(browser, queue):
    Accounts(queue).add("佐藤", "clerk", WORD)
    screen = Screen(path(queue), "--idle", "1")
    page = browser.new_context(locale="ja-JP").new_page()
    page.clock.install()
    page.goto(screen.url)

    def sign_in():
        page.fill("input[name=name]", "佐藤")
        page.fill("input[name=password]", WORD)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")

    sign_in()
    write(page, screen.url + "item/1")
    page.clock.fast_forward("01:05")
    page.wait_for_selector("#signin")
    assert "渡" not in page.inner_text("body") and "ロック" in page.inner_text("#message")
    sign_in()
    assert page.url.endswith("/item/1") and written(page) == ("戸籍簿 第3冊", "電話待ち")
    with page.expect_navigation():
        page.click("#defer")
    assert queue.item(1).state == "deferred"
    assert screen.stop() == 0
