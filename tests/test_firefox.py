"""The review screen in Firefox as Debian packages it: sign in, choose and confirm by the keyboard, the page of near-certain codes, the people
of a lost character; axe finds nothing serious on any of the pages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from gaiji.queue.decisions import Decisions
from gaiji.queue.places import Places
from gaiji.queue.queue import open_queue
from tests.clerking import made_up, seat
from tests.firefox import firefox
from tests.test_access import filled

pytest.importorskip("marionette_driver")
pytestmark = pytest.mark.system
SHOWN = "return !document.querySelector('#facts').hidden && document.querySelector('#overlay').complete"


@pytest.fixture(scope="module")
def fox():
    with firefox() as started:
        yield started


@pytest.fixture(scope="module")
def axe():
    folder = Path(find_spec("axe_playwright_python").origin).parent
    return (folder / "axe.min.js").read_text("utf-8")


def enter(fox, address, name="佐藤"):
    fox.go(address)
    fox.write("#who", name)
    fox.lead(lambda: fox.press("Enter"))


def test_a_clerk_decides_by_the_keyboard(fox, axe, tmp_path):
    filled(tmp_path / "q.sqlite")
    queue = open_queue(tmp_path / "q.sqlite")
    ids, wrong = {item.code: item.id for item in queue.items()}, []
    with seat(queue) as (address, _):
        enter(fox, address)
        wrong += fox.serious(axe)
        base = address.partition("/?")[0]
        fox.go(f"{base}/item/{ids['80A1']}")
        fox.press("1")
        fox.until(SHOWN)
        assert fox.run("return document.querySelector('.glyph input:checked').value") == "MJ026191"
        wrong += fox.serious(axe)
        fox.run("document.querySelector('#defer').focus()")
        fox.press("1", "w")  # the button has the focus: the keys are its own
        assert fox.run("return document.querySelector('input[name=kind]:checked').value") == "字形一致"
        fox.press("Escape", "2")
        fox.until("return document.querySelector('#chosen-name').innerText.includes('MJ026192')")
        fox.lead(lambda: fox.press("Enter"))
        fox.lead(lambda: fox.press("u"))
        assert fox.url == f"{base}/item/{ids['80A1']}"
        fox.press("1")
        fox.until(SHOWN)
        fox.lead(lambda: fox.press("Enter"))
        made = Decisions(queue).of(ids["80A1"])
        assert made is not None and (made.glyph, made.kind, made.decided_by) == (
            "MJ026191",
            "字形一致",
            "佐藤",
        )
        fox.go(f"{base}/sheet")
        wrong += fox.serious(axe)
        fox.press("/", "Tab")
        assert fox.run("return document.activeElement.id") == "ok"
        fox.lead(lambda: fox.press("Enter"))
        made = Decisions(queue).of(ids["80A3"])
        assert made is not None and made.glyph == "MJ026191"
        for path in (
            "/work",
            "/?state=confirmed",
            f"/item/{ids['FFFF']}",
            f"/people/{ids['80A1']}",
            "/item/999",
        ):
            fox.go(base + path)
            wrong += fox.serious(axe)
    queue.close()
    assert wrong == []


def test_a_lost_character_is_answered_by_the_keyboard(fox, axe, tmp_path):
    queue, wrong = open_queue(made_up(tmp_path, 0, 3)), []
    with seat(queue) as (address, _):
        enter(fox, address)
        fox.lead(lambda: fox.press("Enter"))
        wrong += fox.serious(axe)
        fox.lead(lambda: fox.press("Enter"))
        wrong += fox.serious(axe)
        fox.press("/", "田", "Tab", "戸", "Enter")
        fox.lead(lambda: fox.press("Enter"))
        fox.press("/", "藤", "Enter", "k")
        assert fox.run("return document.querySelector('#evidence').value") == "戸"
        fox.lead(lambda: fox.press("Enter"))
        fox.lead(lambda: fox.press("x"))
    (item,) = queue.items()
    told = Places(Decisions(queue)).of(item.id)
    assert [(one.answer, one.new, one.evidence) for one in told] == [
        ("restored", "田", "戸"),
        ("restored", "藤", "戸"),
        ("unrestorable", "", ""),
    ]
    queue.close()
    assert wrong == []


def test_the_way_in_with_an_account(fox, axe, tmp_path):
    from gaiji.queue.accounts import Accounts
    from tests.test_seats import WORD

    filled(tmp_path / "q.sqlite")
    queue = open_queue(tmp_path / "q.sqlite")
    Accounts(queue).add("佐藤", "manager", WORD)
    with seat(queue) as (address, _):
        fox.go(address.partition("?")[0])
        wrong = fox.serious(axe)
        fox.write("input[name=name]", "佐藤")
        fox.write("input[name=password]", WORD)
        fox.lead(lambda: fox.press("Enter"))
        assert "佐藤" in fox.text("#seat")
        wrong += fox.serious(axe)
    queue.close()
    assert wrong == []
