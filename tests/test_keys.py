"""How many keys a clerk needs: a code that is among the candidates two, one of a page of near-certain ones less than one, a person's lost
character five. The bench (tests/bench/clerk_keys.py) does the same with 842 codes and 300 people."""

from __future__ import annotations

import random

import pytest

from gaiji.model import Picture
from gaiji.queue.decisions import Decisions
from gaiji.queue.items import Proposal
from gaiji.queue.places import Places
from gaiji.queue.queue import open_queue
from gaiji.standard.repertoire import load_repertoire
from tests.clerking import EVIDENCE, LOST, Clerk, made_up, seat
from tests.reviewing import chromium

pytestmark = pytest.mark.system
CODES, SURE, ABSENT = 30, 14, 2
"""All codes; those whose first candidate is near certain, one of them wrong; those whose glyph is not among the candidates."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def at(browser, address, right):
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP", bypass_csp=True)
    clerk = Clerk(context.new_page(), right)
    clerk.page.set_default_timeout(60_000)
    clerk.enter(address)
    return clerk


def proposed(queue):
    """Nine candidates for each code; item → the right glyph."""
    dice, right, candidates = random.Random(5), {}, {}
    known = [glyph.name for glyph in load_repertoire() if glyph.default and len(glyph.text) == 1]
    items = list(queue.items())
    for number, item in enumerate(items):
        names = dice.sample(known, 10)
        candidates[item.id] = [Proposal(name, 0.99 - place / 10, "") for place, name in enumerate(names[:9])]
        right[item.id] = names[0 if number < SURE else 9 if number >= CODES - ABSENT else number % 9]
    wrong = items[3].id
    right[wrong] = candidates[wrong][1].glyph
    queue.add_pictures(
        items[0].system, "見本市", {item.code: [Picture(8, 8, bytes(range(64)))] for item in items[:SURE]}
    )
    queue.propose("shape", candidates, list(candidates))
    queue.judge({item.id: "near-certain" for item in items[:SURE]})
    return right


def test_keys_per_code(browser, tmp_path):
    queue = open_queue(made_up(tmp_path, CODES))
    right = proposed(queue)
    with seat(queue) as (address, timed):
        clerk = at(browser, address, right)
        clerk.bulk()
        clerk.singly()
        clerk.page.context.close()
    assert {item: made.glyph for item, made in Decisions(queue).all().items()} == right
    sure, one, found = "near-certain, by pages", "one by one", "searched"
    assert dict(clerk.done) == {sure: SURE - 1, one: CODES - SURE - ABSENT + 1, found: ABSENT}
    assert clerk.keys[one] == 1 + 2 * clerk.done[one]  # one opens the first
    assert clerk.keys[found] == 5 * ABSENT  # /, the character, Enter, its number, Enter
    pages = 2
    assert (
        clerk.keys[sure] == 1 + 3 * pages + (4 + 1 + 4) + 2
    )  # to the fourth box and back, and back to the list
    assert sum(clerk.keys.values()) < 2.5 * CODES
    assert timed.seconds > 0 and timed.spent["POST /item"][0][0] > 0
    queue.close()


def test_keys_per_lost_character(browser, tmp_path):
    queue = open_queue(made_up(tmp_path, 0, 12))
    with seat(queue) as (address, _):
        clerk = at(browser, address, {})
        clerk.people()
        clerk.page.context.close()
    (item,) = queue.items()
    told = Places(Decisions(queue)).of(item.id)
    assert [(one.answer, one.new, one.evidence) for one in told] == [
        ("unrestorable", "", "")
        if n == 8
        else ("deferred", "", "")
        if n == 9
        else ("restored", LOST[n % len(LOST)], EVIDENCE)
        for n in range(12)
    ]
    assert dict(clerk.done) == {"restored": 10, "not restorable": 1, "put off": 1}
    first = 2 + 2 + 1 + len(EVIDENCE) + 2  # to the person; /, the character, Tab, the 根拠, Enter, Enter
    assert clerk.keys["restored"] == first + 5 * 9
    assert clerk.keys["not restorable"] == clerk.keys["put off"] == 1
    queue.close()


def test_a_根拠_that_was_given_before_comes_back_by_a_key_and_in_turn(browser, tmp_path):
    """It stands in the field, and nothing is decided."""
    queue = open_queue(made_up(tmp_path, 0, 4))
    with seat(queue) as (address, _):
        clerk = at(browser, address, {})
        clerk.press("", "Enter", leads=True)
        clerk.press("", "Enter", leads=True)
        clerk.press("", "k")
        assert clerk.page.input_value("#evidence") == ""
        for text in ("戸籍簿", "申出書"):
            clerk.press("", "/")
            clerk.write("", "田")
            clerk.press("", "Tab")
            clerk.write("", text)
            clerk.press("", "Enter")
            clerk.press("", "Enter", leads=True)
        assert clerk.page.input_value("#evidence") == ""  # it comes by itself to nobody
        shown = []
        for _ in range(3):
            clerk.press("", "k")
            shown.append(clerk.page.input_value("#evidence"))
        assert shown == ["申出書", "戸籍簿", "申出書"]
        clerk.page.context.close()
    (item,) = queue.items()
    assert sum(bool(one.answer) for one in Places(Decisions(queue)).of(item.id)) == 2
    queue.close()


def test_enter_on_the_list_opens_what_waits(browser, tmp_path):
    queue = open_queue(made_up(tmp_path, 3))
    order = [item for item, _ in queue.order(("open",))]
    Decisions(queue).reject(order[0], "鈴木", "")
    with seat(queue) as (address, _):
        clerk = at(browser, address, {})
        clerk.press("", "Enter", leads=True)
        assert clerk.page.url.endswith(f"/item/{order[1]}")
        clerk.page.context.close()
    queue.close()
