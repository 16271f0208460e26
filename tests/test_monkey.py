"""A monkey at the review screen, in real Chromium: thousands of random keys and clicks make no decision that nobody made.

What it pressed and where is written down in the browser itself, before the page's own scripts see it. A decision is held against that
record: its glyph must have been chosen on that item, by a key while no control had the focus or by a click on it, and confirmed
there, before it was made, by a deciding act of its own: Enter while no control had the focus, or the deciding button. Two acts that
follow at once may be carried out in either order: the server answers on threads. Shares no code with the screen.
"""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path

import pytest

from gaiji.queue.decisions import audit_lines
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.queue import open_queue
from gaiji.standard.repertoire import load_repertoire
from tests.reviewing import Screen, chromium

Interrupted = pytest.importorskip("playwright.sync_api").Error
pytestmark = [pytest.mark.system, pytest.mark.slow]
BEFORE = Path(__file__).with_name("review_keys_before.js")
"""The script of the screen whose keys acted wherever the focus was."""
ITEMS = 320
GONE = ("interrupted", "ERR_ABORTED", "context was destroyed", "not attached", "navigat", "Timeout")
KEYS = (
    [*"123456789"] + [*"npfhuk/cxqwerty"] + ["Enter"] * 12 + ["Tab"] * 14 + ["Shift+Tab"] * 5 + ["Space"] * 3
)
KINDS = dict(zip("qwerty", ("字形一致", "デザイン差", "類似", "別字", "判読不能", "該当なし"), strict=True))
KEYS += ["Escape", "ArrowDown", "ArrowRight", "ArrowUp", "a", "Backspace"]
RECORD = """
(() => {
  const load = performance.timeOrigin;
  const name = (e) => !e || e === document.body || e === document.documentElement ? '' : (e.id || e.value || e.tagName);
  let clicked = null; // the button or choice that was clicked: the page takes the focus from it
  const focus = () => document.activeElement === clicked ? '' : name(document.activeElement);
  const off = () => !!document.querySelector('#keys[aria-pressed=false]');
  const glyphs = () => [...document.querySelectorAll('.glyph')].map((e) => e.dataset.name);
  const item = () => Number((location.pathname.match(/^\\/item\\/(\\d+)/) || [])[1] || (document.querySelector('.compare') || {dataset: {}}).dataset.item || 0);
  const given = () => (document.querySelector('input[name=kind][checked]') || {value: null}).value; // as the page came
  let number = 0; // of this document's own: no two documents write one entry, in whatever process they are
  const note = (kind, more) => {
    const where = {load, at: Date.now(), path: location.pathname, item: item(), given: given()};
    sessionStorage.setItem('pressed ' + load + ' ' + number, JSON.stringify({kind, number: number++, ...where, ...more}));
  };
  addEventListener('keydown', (e) => {
    note('key', {key: e.key, repeat: e.repeat, focus: focus(), off: off(), glyphs: glyphs()});
    clicked = null; // who comes back to it by Tab keeps it
  }, true);
  addEventListener('click', (e) => { if (e.isTrusted) {
    const card = e.target.closest('.glyph'), control = e.target.closest('button, input, a');
    const pressed = card ? card.querySelector('input') : (e.target.closest('label') || {}).control || control;
    if (e.detail && pressed) clicked = pressed.matches('button, [type=radio], [type=checkbox]') ? pressed : null;
    note('click', {on: card ? card.dataset.name : name(control), byHand: e.detail > 0});
  } }, true);
  addEventListener('change', (e) => { if (e.isTrusted) note('change', {field: e.target.name, value: e.target.value}); }, true);
})();
"""
WRITTEN = "'[' + Object.keys(sessionStorage).filter((key) => key.startsWith('pressed ')).map((key) => sessionStorage[key]).join() + ']'"


@pytest.fixture(scope="module")
def browser():
    with chromium("--blink-settings=imagesEnabled=false") as started:
        yield started


@pytest.fixture
def filled(tmp_path):
    """A queue of codes with nine candidates each, and the right one of each."""
    queue = open_queue(tmp_path / "review.sqlite")
    dice, right = random.Random(3), {}
    codes = [f"{0x80A1 + n // 90 * 256 + n % 90:04X}" for n in range(ITEMS)]
    sample = [Sample(1, "1", "氏名", 1, "山【〓】")]
    queue.add(
        "a.dat",
        [Item("JEF", code, "見本市", "unmapped-gaiji", {("氏名", "name"): 5}, sample) for code in codes],
    )
    proposed, known = {}, [glyph.name for glyph in load_repertoire()]
    for item in queue.items():
        names = dice.sample(known, 9)
        proposed[item.id] = [Proposal(name, 0.5, "") for name in names]
        right[item.id] = dice.choice(names)
    queue.propose("site", proposed, list(proposed))
    queue.close()
    return tmp_path / "review.sqlite", right


class Monkey:
    """Presses and clicks at random, and now and then decides rightly, as a clerk does."""

    def __init__(self, page, screen, right, seed):
        self.page, self.screen, self.right = page, screen, right
        self.dice = random.Random(seed)
        self.acts = 0

    def go(self, address):
        """Another page, also while one is on its way."""
        for _ in range(5):
            try:
                self.page.goto(address, wait_until="domcontentloaded")
                return
            except Interrupted as error:
                if "interrupted" not in str(error) and "ERR_ABORTED" not in str(error):
                    raise

    def written(self):
        """The record, read when the last act's page has come."""
        for _ in range(5):
            self.go(f"{self.screen.base}/")
            try:
                log = json.loads(self.page.evaluate(WRITTEN))
                return sorted(log, key=lambda entry: (entry["load"], entry["number"]))
            except Interrupted as error:
                if not any(word in str(error) for word in GONE):
                    raise
        raise AssertionError("the page never came to rest")

    def run(self, acts, right_every):
        self.go(self.screen.url)
        while self.acts < acts:
            try:
                self.act(right_every)
            except Interrupted as error:  # the page went away under the hand: only another act follows
                if not any(word in str(error) for word in GONE):
                    raise
            self.acts += 1

    def act(self, right_every):
        self.settle()
        if self.acts % right_every == 0:
            self.decide_rightly()
        elif self.dice.random() < 0.25:
            self.click()
        else:
            self.press()

    def settle(self):
        """A page to go on with: that of an item more often than another, with a name in it."""
        for _ in range(5):
            self.page.wait_for_load_state("domcontentloaded")
            if self.page.locator("header .who, #who").count():
                break
            self.go(self.screen.url)
        if not self.page.input_value("#who") or self.dice.random() < 0.002:
            self.page.fill("#who", "佐藤")
            self.page.keyboard.press("Enter")
            self.page.wait_for_load_state("domcontentloaded")
        if "/item/" not in self.page.url and self.dice.random() < 0.2:
            self.go(f"{self.screen.base}/item/{self.dice.choice(list(self.right))}")

    def press(self):
        key = self.dice.choice(KEYS)
        if self.dice.random() < 0.04:  # held down
            self.page.keyboard.down("Enter")
            self.page.keyboard.down("Enter")
            self.page.keyboard.down("Enter")
            self.page.keyboard.up("Enter")
        elif self.dice.random() < 0.05:  # hasty
            self.page.keyboard.press(self.dice.choice("123"))
            self.page.keyboard.press("Enter")
            self.page.keyboard.press("Enter")
        else:
            self.page.keyboard.press(key)

    def click(self):
        if self.dice.random() < 0.5:
            self.page.mouse.click(self.dice.randrange(1360), self.dice.randrange(760))
            return
        places = self.page.locator("button:visible, a:visible, label:visible, input:visible")
        count = places.count()
        if count:
            place = places.nth(self.dice.randrange(count)).bounding_box(timeout=2000)
            if place and place["y"] < 760:
                self.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)

    def decide_rightly(self):
        """Choose the right candidate of a waiting item by its key and confirm it; reopens nothing."""
        done = self.done()
        opened = [i for i in self.right if i not in done]
        item = self.dice.choice(opened)
        self.go(f"{self.screen.base}/item/{item}")
        names = [label.get_attribute("data-name") for label in self.page.query_selector_all(".glyph")]
        if self.right[item] not in names:  # what was pressed before led to another page after all
            return
        self.page.keyboard.press("Escape")
        number = names.index(self.right[item])
        if self.page.locator("#keys[aria-pressed=false]").count():
            self.page.locator(".glyph").nth(number).click()
        else:
            self.page.keyboard.press(str(number + 1))
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.page.keyboard.press("Enter")

    def done(self):
        opened = open_queue(self.queue)
        try:
            return {line["item_id"] for line in audit_lines(opened)}
        finally:
            opened.close()


def unmade(log, decided):
    """The decisions (second, item, glyph, kind) that the record of what was pressed does not bear out, each by an earlier act of its own."""
    confirmed = list(acts(log))
    wrong = []
    for second, *made in decided:
        found = next((act for act in confirmed if act[1:] == tuple(made) and act[0] <= second), None)
        if found:
            confirmed.remove(found)
        else:
            wrong.append((second, *made))
    return wrong


def acts(log):
    """(second, item, glyph, kind) of every deciding act whose glyph was chosen before on the same showing of the same item."""
    load, glyph, kind = None, "", KINDS["q"]
    for entry in log:
        if entry["load"] != load:
            refused = entry["path"] != f"/item/{entry['item']}"  # a form's answer, with what was typed
            load, glyph, kind = entry["load"], "", (entry["given"] if refused else None) or KINDS["q"]
        if not entry["item"]:
            continue
        what = entry["kind"]
        free = what == "key" and not entry["focus"] and not entry["repeat"]
        signs = free and not entry["off"]  # the screen says that letters and digits do nothing
        if signs and entry["key"] in "123456789" and int(entry["key"]) <= len(entry["glyphs"]):
            glyph = entry["glyphs"][int(entry["key"]) - 1]
        elif signs and entry["key"] in KINDS:
            kind = KINDS[entry["key"]]
        elif what == "change" and entry["field"] == "glyph":
            glyph = entry["value"]
        elif what == "change" and entry["field"] == "kind":
            kind = entry["value"]
        by_key = free and entry["key"] == "Enter"
        by_button = what == "click" and entry["on"] == "ok"
        if by_key or by_button:
            chosen = "" if kind in ("判読不能", "該当なし") else glyph
            yield entry["at"] // 1000, entry["item"], chosen, kind


def watch(browser, screen, script=""):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.add_init_script(RECORD)
    if script:
        page.route("**/review.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    return page


def let_loose(browser, filled, acts, *, seed, script="", right_every=16):
    """The monkey's record, and the decisions in the queue's log."""
    path, right = filled
    screen = Screen(path)
    page = watch(browser, screen, script)
    monkey = Monkey(page, screen, right, seed)
    monkey.queue = path
    try:
        monkey.run(acts, right_every)
        log = monkey.written()
    finally:
        page.context.close()
        screen.stop()
    opened = open_queue(path)
    lines = [line for line in audit_lines(opened) if line["action"] == "decide"]
    opened.close()
    details = [json.loads(line["detail"]) for line in lines]
    seconds = [int(datetime.fromisoformat(line["at"]).timestamp()) for line in lines]
    return log, [
        (second, line["item_id"], said["glyph"], said["kind"])
        for second, line, said in zip(seconds, lines, details, strict=True)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_no_key_and_no_click_decides_what_was_not_chosen_and_confirmed(browser, filled, seed):
    """5,000 acts and 200 right decisions in all five."""
    log, decided = let_loose(browser, filled, 1000, seed=seed)
    assert sum(glyph == filled[1][item] for _, item, glyph, _ in decided) >= 40
    wrong = unmade(log, decided)
    assert wrong == [], [entry for entry in log if entry["item"] in {item for _, item, *_ in wrong}]
    assert len(log) > 1000 and log[0]["path"] == "/"


def test_the_monkey_catches_keys_that_act_wherever_the_focus_is(browser, filled):
    log, decided = let_loose(browser, filled, 600, seed=19, script=BEFORE.read_text("utf-8"))
    assert unmade(log, decided)


def pressed(load, at, key, *, item=7, path="", given=None):
    """An entry of the record, as the page writes it."""
    where = {
        "path": path or f"/item/{item}",
        "item": item,
        "given": given,
        "glyphs": ["MJ000001", "MJ000002"],
    }
    return {
        "kind": "key",
        "load": load,
        "at": at * 1000 + 999,
        "focus": "",
        "repeat": False,
        "off": False,
        "key": key,
        **where,
    }


def test_two_acts_may_be_carried_out_in_either_order_but_each_bears_out_one_decision_made_after_it():
    log = [
        pressed(1, 50, "1"),
        pressed(1, 50, "Enter"),
        pressed(2, 51, "2", item=8),
        pressed(2, 51, "Enter", item=8),
    ]
    first, second = (51, 7, "MJ000001", "字形一致"), (51, 8, "MJ000002", "字形一致")
    assert unmade(log, [first, second]) == unmade(log, [second, first]) == []
    assert unmade(log, [second, second]) == [second]
    early = (50, 8, "MJ000002", "字形一致")
    assert unmade(log, [early]) == [early]
    other = (51, 7, "MJ000002", "字形一致")
    assert unmade(log, [other]) == [other]


def test_an_item_shown_in_answer_to_a_form_is_judged_by_what_it_shows():
    shown = {"path": "/undo", "given": "類似"}
    log = [pressed(1, 50, "1", **shown), pressed(1, 50, "Enter", **shown)]
    assert unmade(log, [(50, 7, "MJ000001", "類似")]) == []
    assert unmade([pressed(1, 50, "1"), pressed(2, 50, "Enter")], [(50, 7, "MJ000001", "字形一致")]) != []
