"""A clerk who decides by the keyboard alone, in real Chromium: a made-up job, what is pressed, and what the server does meanwhile.

Owns the job, the clerk's policy and both counts: keys by the script that presses them, seconds at the WSGI application, request by
request. Printing them is tests/bench/clerk_keys.py's, what must hold is test_keys.py's.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gaiji.queue.decisions import Decisions
from gaiji.queue.queue import Queue
from gaiji.review.evidence.places import list_places
from gaiji.review.web.app import create_app
from gaiji.run.convert import convert
from gaiji.shape.pictures import open_gallery
from gaiji.standard.repertoire import load_repertoire

POLICY = """\
The clerk works by the keyboard alone and writes the name once. Near-certain codes come first, a page at a time: look at each pair,
uncheck what is wrong, go to the button and press it. Then one code after the other: look at the candidates, press the number of the
right one, wait until the comparison and the glyph's data are there, Enter; where it is not among the first nine, search its character
and go on as before. Each person's lost character: open, / and the character as the 戸籍 has it, Enter leaves the field, k puts the
根拠 there that was given before (written out the first time), Enter. What the 戸籍 does not tell is 復元できない (x), what must be asked is
保留 (h). One key is one press; each character that is written is one, what an input method needs for it is not counted."""
JOB = """\
[source]
path = "juki.csv"
charset = "windows-31j"
format = "csv"
preset = "kihon-data-list"

[output]
path = "out/juki.csv"

[review]
{pictures}site = "見本市"
key = "宛名番号"
"""
EVIDENCE = "戸籍簿"
LOST = "田藤木川山本村上野原"
"""What the 戸籍 has for the people whose character was lost, in turn."""
CODES = [
    bytes((lead, trail)) for lead in range(0xF0, 0xFA) for trail in (*range(0x40, 0x7F), *range(0x80, 0xFD))
]
"""The private codes of Windows: 1,880."""


def made_up(folder: Path, codes: int, lost: int = 0, *, seed: int = 19, pictures: bool = False) -> Path:
    """A job over made-up people, converted, with ``codes`` unknown codes in their names and ``lost`` names that an earlier migration
    left a ◎ in, each listed as a place. Returns the queue."""
    dice, rows = random.Random(seed), ["宛名番号,氏名,氏名_フリガナ".encode("cp932")]
    for code in CODES[:codes]:
        rows += [b"%d,\x8e\x52" % len(rows) + code + b",\xd4\xcf" for _ in range(dice.randrange(1, 6))]
    for number in range(lost):
        name = f"{len(rows)},◎{LOST[number % len(LOST)]},ﾔﾏ"
        rows.append(name.encode("cp932"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "juki.csv").write_bytes(b"\r\n".join(rows) + b"\r\n")
    (folder / "juki.toml").write_text(
        JOB.format(pictures='pictures = "gaiji"\n' if pictures else ""), "utf-8"
    )
    convert(folder / "juki.toml")
    if lost:
        assert list_places(folder / "juki.toml").places == lost
    return folder / "out" / "review.sqlite"


class Timed:
    """A WSGI application whose requests are timed, from the call to the last byte that it gives: processor seconds of the thread that
    answers, and seconds as they pass, by method and first part of the path."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        began, worked = time.perf_counter(), time.thread_time()
        try:
            body = self.app(environ, start_response)
            try:
                return list(body)
            finally:
                getattr(body, "close", lambda: None)()
        finally:
            what = re.match(r"/([a-z.]*)", environ["PATH_INFO"])
            spent = time.thread_time() - worked, time.perf_counter() - began
            self.spent[f"{environ['REQUEST_METHOD']} /{what[1] if what else ''}"].append(spent)

    @property
    def seconds(self) -> float:
        """Processor seconds of all requests together."""
        return sum(spent for requests in self.spent.values() for spent, _ in requests)


@contextmanager
def seat(queue: Queue, *, confirm: str = "one-person", town: Any = None):
    """The screen over a queue on a port of its own, in this process: (address that opens it, the timed application)."""
    from waitress.server import create_server

    app = create_app(Decisions(queue, confirm=confirm), open_gallery(), "key", idle=3600, town=town)
    timed = Timed(app.wsgi_app)
    app.wsgi_app = timed
    server = create_server(app, host="127.0.0.1", port=0, threads=8, ident=None)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/?open=key", timed
    finally:
        server.task_dispatcher.shutdown()
        server.close()


READY = """() => { const overlay = document.querySelector('#overlay'), facts = document.querySelector('#facts');
  return facts && !facts.hidden && (!document.querySelector('.compare').dataset.pictured || overlay.complete); }"""


class Clerk:
    """Somebody at the keyboard who knows what is right: ``right``: item → glyph. Every key is counted under what it was for."""

    def __init__(self, page: Any, right: Mapping[int, str]) -> None:
        self.page, self.right = page, right
        self.keys: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    def press(self, what: str, *keys: str, leads: bool = False) -> None:
        """Press keys; where the last ``leads`` to another page, it is waited for."""
        self.keys[what] += len(keys)
        for key in keys[:-1] if leads else keys:
            self.page.keyboard.press(key)
        if leads:
            with self.page.expect_navigation():
                self.page.keyboard.press(keys[-1])

    def write(self, what: str, text: str) -> None:
        """Write a text where the focus is."""
        self.keys[what] += len(text)
        self.page.keyboard.insert_text(text)

    def enter(self, address: str, name: str = "佐藤") -> None:
        """Come in and say who one is: not counted."""
        self.page.goto(address)
        self.page.fill("#who", name)
        with self.page.expect_navigation():
            self.page.press("#who", "Enter")

    # -- codes --------------------------------------------------------------------------------------

    def bulk(self) -> None:
        """All pages of near-certain codes."""
        what = "near-certain, by pages"
        if not self.page.query_selector("#sure"):
            return
        self.press(what, "s", leads=True)
        while self.page.query_selector("#ok"):
            taken = self.page.locator(".pair:visible input[name=take]")
            values = [taken.nth(n).input_value() for n in range(taken.count())]
            wrong = [
                n
                for n, value in enumerate(values)
                if self.right[int(value.split("-")[0])] != value.split("-")[2]
            ]
            self.press(what, "/", "Tab")
            at = -1  # the button; the pairs follow it
            for number in wrong:
                self.press(what, *["Tab"] * (number - at), "Space")
                at = number
            self.press(what, *["Shift+Tab"] * (at + 1), "Enter", leads=True)
            self.done[what] += len(values) - len(wrong)
        self.press(what, "Tab", "Enter", leads=True)  # the first link of the page: the list

    def singly(self) -> None:
        """All codes that wait, one after the other."""
        self.press("one by one", "Enter", leads=True)
        while "/item/" in self.page.url:
            self.decide(int(self.page.url.rsplit("/", 1)[1]))

    def decide(self, item: int) -> None:
        """One code."""
        wanted, at = self.right[item], self._at(self.right[item])
        what = "one by one" if at else "searched"
        if not at:
            self._search(what, load_repertoire()[wanted].base or wanted)
            at = self._at(wanted)
        if not at:
            self._search(what, wanted)
            at = self._at(wanted)
        self.press(what, str(at))
        self.page.wait_for_function(READY)
        self.press(what, "Enter", leads=True)
        self.done[what] += 1

    def _at(self, name: str) -> int:
        """The number key of a glyph, 0 where it has none."""
        shown = self.page.eval_on_selector_all(".glyph", "all => all.map((one) => one.dataset.name)")[:9]
        return shown.index(name) + 1 if name in shown else 0

    def _search(self, what: str, query: str) -> None:
        self.press(what, "/")
        self.write(what, query)
        with self.page.expect_response(lambda answer: "/find" in answer.url) as answer:
            self.press(what, "Enter")
        answer.value.finished()
        self.page.wait_for_function("() => document.querySelectorAll('.glyph').length > 0")

    # -- people -------------------------------------------------------------------------------------

    def people(self) -> None:
        """All people of a code whose character was lost, from the list."""
        self.press("restored", "Enter", leads=True)  # the code
        self.press("restored", "Enter", leads=True)  # the first person
        number = 0
        while "/place/" in self.page.url:
            self.answer(number)
            number += 1

    def answer(self, number: int) -> None:
        """One person: of ten the 戸籍 tells eight, one it does not tell, one must be asked about."""
        if number % 10 == 8:
            self.press("not restorable", "x", leads=True)
            self.done["not restorable"] += 1
            return
        if number % 10 == 9:
            self.press("put off", "h", leads=True)
            self.done["put off"] += 1
            return
        self.press("restored", "/")
        self.write("restored", LOST[number % len(LOST)])
        if number:
            self.press("restored", "Enter", "k")
        else:
            self.press("restored", "Tab")
            self.write("restored", EVIDENCE)
            self.press("restored", "Enter")
        self.press("restored", "Enter", leads=True)
        self.done["restored"] += 1
