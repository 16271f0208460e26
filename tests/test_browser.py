"""The review screen in real Chromium, by keyboard alone."""

from __future__ import annotations

import re

import pytest

from gaiji.model import Picture
from gaiji.proof.verify import verify
from gaiji.queue.decisions import PLACES, Decisions, audit_lines, verify_audit
from gaiji.queue.items import Item, Proposal
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.shapes import propose_shapes
from tests.reviewing import Screen, chromium, sample_queue

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


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


def truth(queue):
    rows = (queue.parents[2] / "truth.tsv").read_text("utf-8").splitlines()[1:]
    return {
        code: glyph for file, code, glyph in (row.split("\t") for row in rows) if file.startswith("juki-jef")
    }


def test_ten_glyphs_by_keyboard(browser, screen, queue):
    page, right, decided = enter(browser, screen, "佐藤"), truth(queue), 0
    press(page, "Enter")
    while decided < 10:
        code = page.inner_text("figcaption >> nth=0").split()[2]  # 外字 JEF 80A2 and whose it is
        names = [label.get_attribute("data-name") for label in page.query_selector_all(".glyph")]
        wanted = right.get(code, "none")
        if wanted in names[:9]:
            keys = [str(names.index(wanted) + 1)]
            if decided == 0:
                press(page, *keys, moves=False)
            press(page, *keys, "Enter")  # two keystrokes
        elif wanted != "none":
            page.keyboard.press("/")
            page.keyboard.type(wanted)
            with page.expect_response(lambda r: "/find" in r.url):
                page.keyboard.press("Enter")
            page.wait_for_selector(f'.glyph[data-name="{wanted}"]')
            press(page, "1", "Enter")
        elif page.query_selector("#ok"):
            press(page, "t", "Enter")  # 判読不能
        else:
            press(page, "h")  # what each person lost: answered one by one
        decided += 1
    assert page.wrong == []
    assert page.asked and all(url.startswith(screen.base) for url in page.asked)
    opened = open_queue(queue)
    made = {i.code: Decisions(opened).of(i.id).glyph for i in opened.items() if i.reason not in PLACES}
    assert (
        made == {code: right[code] if right.get(code, "none") != "none" else "" for code in made}
        and len(made) == 7
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
    page.keyboard.press("1")
    page.wait_for_load_state("networkidle")
    with page.expect_response(lambda r: "/forms/" in r.url):
        page.keyboard.press("f")
    page.locator(".glyph").nth(
        24
    ).wait_for()  # a function would be evaluated, which the page's policy forbids
    page.wait_for_load_state("networkidle")
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


def test_the_people_of_a_code_print_as_a_check_list(browser, screen):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    people = int(re.search(r"(\d+)人", page.inner_text("aside"))[1])
    press(page, "1", moves=False)
    page.wait_for_selector("#facts dt >> text=総画数")
    with page.expect_navigation():
        page.click("#people")
    assert len(page.query_selector_all(".people tbody tr")) == people
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 1 + people // 10
    page.emulate_media(media="print")
    assert not page.locator("header").is_visible() and page.locator(".people").is_visible()
    assert page.wrong == []


def test_the_look_by_keys(browser, screen):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    press(page, "1", moves=False)
    both = page.get_attribute("#overlay", "src")
    reason = page.get_attribute(".glyph >> nth=0", "title")
    assert "layer" not in both and reason and reason in page.inner_text("#why")
    seen = []
    for _ in range(3):
        press(page, "b", moves=False)
        seen.append(page.get_attribute("#overlay", "src").rpartition("layer=")[2])
    assert seen == ["own", "glyph", "own"]
    press(page, "z", moves=False)
    large = page.locator("#overlay").bounding_box()
    assert large["width"] > 700 and large["y"] >= 0 and large["y"] + large["height"] <= 860
    press(page, "Escape", "2", moves=False)
    assert page.locator("#overlay").bounding_box()["width"] < 400
    names = [label.get_attribute("data-name") for label in page.query_selector_all(".glyph")]
    assert page.get_attribute("#overlay", "src").endswith(f"/{names[1]}.png?with={names[0]}")
    press(page, "3", moves=False)
    page.wait_for_selector(f"#look >> text={names[2]} と {names[0]} の違い")
    page.focus("#forms")
    for key in ("b", "z"):  # a control has the focus
        page.keyboard.press(key)
    assert "layer" not in page.get_attribute("#overlay", "src") and not page.query_selector(".zoomed")
    assert page.wrong == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (683, 384)])
def test_the_page_in_three_sizes_cuts_nothing_off(browser, screen, width, height):
    page = enter(browser, screen, "佐藤")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(screen.base)
    press(page, "Enter")
    press(page, "1", moves=False)
    sides = []
    for _ in range(3):
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide[0] <= wide[1]
        sides.append(page.locator("#overlay").bounding_box()["width"])
        if height > 600:  # the button that decides is on the screen
            ok = page.locator("#ok").bounding_box()
            assert ok["y"] + ok["height"] <= height
        page.click("#size")
    assert len(set(sides)) == 3
    kept = page.get_attribute("html", "data-size")
    page.click("#size")
    page.reload()
    assert page.get_attribute("html", "data-size") != kept
    assert page.wrong == []


def states(queue):
    """How many items of a queue are in each state."""
    opened = open_queue(queue)
    try:
        return {s: n["items"] for s, n in Decisions(opened).status().items() if n["items"]}
    finally:
        opened.close()


def settle(page):
    """Until whatever a key began has ended: also a page that it does not lead to."""
    page.wait_for_timeout(300)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("#defer", {"open": 9, "deferred": 1}),  # the button itself is pressed, and nothing else
        ("#reject", {"open": 9, "rejected": 1}),
        ("#after", {"open": 10}),
        ("form[action='/end'] button", {"open": 10}),
        ("#who", {"open": 10}),
        ("input[name=evidence]", {"open": 10}),
        ("input[name=note]", {"open": 10}),
        ("input[name=kind] >> nth=1", {"open": 10}),
        ("input[name=glyph] >> nth=2", {"open": 10}),
        ("#search", {"open": 10}),
        ("#forms", {"open": 10}),
    ],
)
def test_enter_belongs_to_the_control_that_has_the_focus(browser, screen, queue, place, left):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    page.keyboard.press("1")
    page.focus(place)
    page.keyboard.press("Enter")
    settle(page)
    assert states(queue) == left


def test_enter_on_a_filter_follows_it(browser, screen):
    page = enter(browser, screen, "佐藤")
    page.focus("nav a >> nth=1")
    press(page, "Enter")
    assert "state=open" in page.url


def test_a_key_held_down_acts_once(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    page.keyboard.press("1")
    for key in ("Enter", "h"):
        with page.expect_navigation():
            for _ in range(6):  # without a release: all but the first are repeats
                page.keyboard.down(key)
        settle(page)
    for _ in range(3):
        page.keyboard.down("h")
        settle(page)
    assert states(queue) == {"open": 8, "confirmed": 1, "deferred": 1}


AT_ONCE = """() => {
  const card = document.querySelector('.glyph');
  card.dispatchEvent(new MouseEvent('click', {detail: 1, bubbles: true, cancelable: true}));
  card.querySelector('input').focus();
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true}));
}"""


def test_enter_that_follows_a_click_at_once_is_not_lost(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    with page.expect_navigation():
        page.evaluate(AT_ONCE)
    settle(page)
    assert states(queue) == {"open": 9, "confirmed": 1}


def test_keys_of_one_letter_can_be_turned_off(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    page.click("#keys")
    for key in ("h", "x", "n", "1"):
        page.keyboard.press(key)
    settle(page)
    assert states(queue) == {"open": 10} and not page.query_selector(".glyph input:checked")
    page.reload()
    assert "切" in page.inner_text("#keys") and page.get_attribute("#keys", "aria-pressed") == "false"
    page.click(".glyph >> nth=0")
    press(page, "Enter")  # the one that is no letter
    assert states(queue) == {"open": 9, "confirmed": 1}


def test_what_is_typed_while_a_search_runs_chooses_none_of_the_old_candidates(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    page.keyboard.press("1")
    held = []
    page.route("**/find?*", lambda route: held.append(route))
    page.fill("#search", "辶自穴口")
    page.press("#search", "Enter")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    for _ in range(1200):
        if held:
            break
        page.wait_for_timeout(50)
    held[0].continue_()
    page.wait_for_selector('.glyph[data-name="MJ026190"]')
    page.keyboard.press("Enter")
    settle(page)
    assert states(queue) == {"open": 10}


def test_a_name_that_was_typed_is_the_clerks_without_決定(browser, screen, queue):
    page = enter(browser, screen, "佐藤")
    press(page, "Enter")
    page.fill("#who", "鈴木")
    page.keyboard.press("Enter")  # leaves the field
    press(page, "1", "Enter")
    assert page.input_value("#who") == "鈴木"
    page.fill("#who", "高橋")
    with page.expect_navigation():
        page.click("#after")
    assert page.input_value("#who") == "高橋"
    page.fill("#who", "")
    page.click(".glyph >> nth=0")
    with page.expect_navigation():
        page.click("#ok")
    assert "名前" in page.inner_text("#message")
    opened = open_queue(queue)
    assert [line["person"] for line in audit_lines(opened)] == ["鈴木"]
    opened.close()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (683, 384)])
def test_a_sheet_takes_what_is_on_the_screen(browser, tmp_path, width, height):
    """At 200% zoom a window of 1366×768 is one of 683×384."""
    opened = open_queue(tmp_path / "review.sqlite")
    codes = [f"80A{n:X}" for n in range(1, 16)]
    names = [f"MJ0261{n:02}" for n in range(70, 85)]
    opened.add("a", [Item("JEF", code, "", "unmapped-gaiji", {("氏名", "name"): 1}) for code in codes])
    ids = [item.id for item in opened.items()]
    opened.add_pictures("JEF", "", {code: [Picture(1, 1, b"\xff")] for code in codes})
    opened.propose("shape", {i: [Proposal(name, 0.99, "")] for i, name in zip(ids, names, strict=True)}, ids)
    opened.judge(dict.fromkeys(ids, "near-certain"))
    screen = Screen(tmp_path / "review.sqlite")
    page = enter(browser, screen, "佐藤")
    page.set_viewport_size({"width": width, "height": height})
    page.goto(screen.base + "/sheet")
    shown = [box.bounding_box() for box in page.query_selector_all(".pair:visible")]
    assert shown and all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in shown)
    assert page.locator("#ok").bounding_box()["y"] < height
    with page.expect_navigation():
        page.click("#ok")
    assert Decisions(opened).status()["confirmed"]["items"] == len(shown)
    assert sum(item.verdict == "likely" for item in opened.items()) == 0
    opened.close()
    assert screen.stop() == 0


def test_near_certain_ones_on_one_sheet(browser, tmp_path):
    queue = sample_queue(tmp_path / "all", **{"source.tables": []})
    opened, screen = open_queue(queue), Screen(queue)
    assert propose_shapes(opened).near_certain >= 1
    page = enter(browser, screen, "佐藤")
    press(page, "s")
    sure = len(page.query_selector_all('input[name="take"]'))
    clear, faded = (
        f"getComputedStyle(document.querySelector('.pair img')).opacity === '{n}'" for n in (1, 0.45)
    )
    assert page.evaluate(clear)  # what is left out looks so, and nothing else
    page.click(".pair >> nth=0")
    assert page.evaluate(faded)
    page.click(".pair >> nth=0")
    assert page.evaluate(clear)
    for place in ("body", "input[name=take] >> nth=0", "input[name=evidence]"):  # Enter decides nothing here
        page.press(place, "Enter")
        settle(page)
        assert Decisions(opened).status()["confirmed"]["items"] == 0 and page.url.endswith("/sheet")
    with page.expect_navigation():
        page.click("#ok")
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


def test_a_foreign_page_can_do_nothing(browser, screen):
    page = enter(browser, screen, "佐藤")
    answer = page.context.request.post(
        screen.base + "/item/1/decide", headers={"Origin": "http://evil.example"}, form={"version": "0"}
    )
    assert answer.status == 403
    stranger = browser.new_context().new_page()
    assert stranger.goto(screen.base + "/").status == 403
    assert page.evaluate("document.cookie") == ""


def test_what_opens_the_screen_stays_nowhere(browser, screen):
    """Not in the address, in the history, or with whom is asked; also where a page of another site led there."""
    secret = screen.url.partition("=")[2]
    for led in (False, True):
        context = browser.new_context(locale="ja-JP")
        page = context.new_page()
        if led:
            page.set_content(f'<a id="here" href="{screen.url}">文字同定</a>')
            with page.expect_navigation():
                page.click("#here")
        else:
            page.goto(screen.url)
        page.wait_for_selector("#who")
        assert page.url == f"{screen.base}/"
        assert secret not in page.content() and "token" not in page.inner_text("body")
        page.reload()
        page.wait_for_selector("#who")
        page.go_back(wait_until="commit")
        assert secret not in page.url
        cookies = {one["name"]: one for one in context.cookies()}
        assert cookies["gaiji_review"]["sameSite"] == "Strict" and all(
            one["httpOnly"] for one in cookies.values()
        )
        assert cookies["gaiji_enter"]["sameSite"] == "Lax" and cookies["gaiji_enter"]["expires"] > 0
        context.close()


def test_mouse_without_scripts(browser, screen, queue):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(screen.url)
    page.fill("#who", "佐藤")
    page.click("#named")
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
