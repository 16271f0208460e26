"""Signing in, locking, and what was typed meanwhile: the doors of a screen whose queue has accounts.

Owns the sign-in page, the wait after wrong passwords, the lock of a seat that nobody uses, and that a form
which meets it comes back with everything that was written in it. What an account is and may do is
``gaiji.queue.accounts``'; the session's other checks are ``guard``'s.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from typing import Any

from flask import Response, abort, g, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from gaiji.errors.messages import tr
from gaiji.queue.accounts import Account, Accounts, plain_name
from gaiji.queue.items import Sample
from gaiji.queue.places import Place
from gaiji.queue.queue import Queue
from gaiji.queue.viewing import saw
from gaiji.review.web.sessions import Clerk, Sessions

FREE, LONGEST = 5, 300.0
"""Wrong passwords in a row before a name must wait, and the longest wait in seconds."""
MANY = 10_000
"""Names whose wrong passwords are remembered."""
KEEP = 10_000
"""Characters of a form that are kept."""
_HIDDEN = frozenset({"form_token", "password", "who", "take", "shown", "seen", "back"})
_PAGES = re.compile(r"/(?:(item|place)/[0-9]{1,10}|sheet|progress)?")


class Seats:
    """Who sits at the screen, where the queue has accounts."""

    def __init__(self, queue: Queue, sessions: Sessions, idle: int) -> None:
        self.accounts = Accounts(queue)
        self.sessions, self.idle = sessions, idle
        self._wrong: dict[str, tuple[int, float]] = {}

    def admit(self, known: dict[str, Account]) -> AnyResponse | tuple[str, int] | None:
        """None for a request of somebody who signed in; else the sign-in page, which keeps what was sent."""
        if request.endpoint in ("static", "sign_in"):
            return None
        clerk, account = self._seat(known)
        if clerk is None or account is None:
            return self.page(tr("サインインしてください。"))
        if clerk.locked:
            said = tr("しばらく操作がなかったので、画面をロックしました。書いた内容は残っています。")
            return self.page(said, account.name)
        clerk.seen = time.time()
        g.clerk, g.account = clerk, account
        return None

    def _seat(self, known: dict[str, Account]) -> tuple[Clerk | None, Account | None]:
        """The session of the request and its account, where both still are what they were; a session that
        nobody used for too long is locked from here on."""
        clerk = self.sessions.here()
        account = known.get(clerk.account) if clerk else None
        if clerk is None or account is None or account.stamp != clerk.stamp:
            self.sessions.end()
            return None, None
        if time.time() - clerk.seen > self.idle:
            clerk.locked = True
        return clerk, account

    def state(self, known: dict[str, Account]) -> str:
        """here, locked or ended: what has become of the session that asks."""
        clerk, _ = self._seat(known)
        return "ended" if clerk is None else "locked" if clerk.locked else "here"

    def page(self, message: str, name: str = "", code: int = 401) -> tuple[str, int]:
        """The sign-in page, with the page that was asked for and what was written in its form."""
        kept = request.form.get("kept") or _kept()
        return render_template("signin.html", message=message, name=name, kept=kept), code

    def sign_in(self) -> AnyResponse | tuple[str, int]:
        """Show the page, or begin a session with a name and its password."""
        if request.method == "GET":
            return self.page("", code=200)
        name, password = request.form.get("name", "").strip()[:60], request.form.get("password", "")
        plain = plain_name(name)  # another spelling of a name is no new chance
        times, until = self._wrong.get(plain, (0, 0.0))
        if time.time() < until:
            said = tr("続けて間違えたため、{seconds}秒待ってください。", seconds=int(until - time.time()) + 1)
            return self.page(said, name, 429)
        account = self.accounts.signs_in(name, password)
        if account is None:
            wait = min(LONGEST, 2.0 ** (times + 1 - FREE)) if times + 1 >= FREE else 0.0
            if len(self._wrong) > MANY:  # of names that nobody has: those of accounts wait on
                known = set(map(plain_name, self.accounts.all()))
                self._wrong = {one: told for one, told in self._wrong.items() if one in known}
            self._wrong[plain] = (times + 1, time.time() + wait)
            return self.page(tr("名前かパスワードが違います。"), name)
        self._wrong.pop(plain, None)
        here = self.sessions.here()
        was = here if here is not None and here.account == account.name else None
        clerk = self.sessions.begin(was)
        clerk.who = clerk.account = account.name
        clerk.stamp, clerk.locked = account.stamp, False
        theirs = here is not None and was is None  # what another person wrote stays with them
        answer = redirect(_restored(clerk, request.form.get("kept", ""), theirs=theirs), 303)
        self.sessions.send(answer, clerk)
        return answer

    def lock(self) -> tuple[str, int]:
        """Lock this seat now."""
        g.clerk.locked = True
        name, g.clerk = g.account.name, None
        return self.page(tr("画面をロックしました。書いた内容は残っています。"), name)


def typed() -> Any:
    """What was written in the form of this page: what was sent with the request, or what a lock kept."""
    kept: tuple[str, dict[str, str]] | None = g.clerk.kept if g.get("clerk") else None
    if request.method != "GET" or kept is None or kept[0] != request.path:
        return request.form
    g.clerk.kept = None
    g.restored = True
    return MultiDict(kept[1])


def back_again() -> str:
    """What is said on a page that has back what was written before the lock."""
    said = tr(
        "サインインする前に書いた内容を戻しました。まだ保存していません。確かめて、もう一度押してください。"
    )
    return said if g.get("restored") else ""


def seen_sources() -> frozenset[str] | None:
    """The sources (by id) that the one who asks may see; None: all."""
    sources: frozenset[str] | None = g.get("sources")
    return sources


def noted(queue: Queue, page: str, item_id: int, shown: Iterable[Sample | Place]) -> None:
    """Write down whose data a page shows to somebody who signed in."""
    account: Account | None = g.get("account")
    if account is not None:
        saw(queue, account.name, page, item_id, [(one.source, one.record) for one in shown])


def manager() -> None:
    """Ends the request of anybody who may not see everything that is done here."""
    account: Account | None = g.get("account")
    if account is not None and (account.role != "manager" or account.systems):
        abort(403, tr("管理者だけが見られる画面です。"))


def _kept() -> str:
    """The page that was asked for and the form that was sent to it, as the sign-in page carries them."""
    asked = request.form.get("back", "") if request.endpoint == "lock" else request.path
    page = _PAGES.match(asked)
    path = page[0] if page and page[0] else "/"
    fields = {
        key: value for key, value in request.form.items() if key not in _HIDDEN and isinstance(value, str)
    }
    kept = json.dumps([path, fields], ensure_ascii=False)
    return kept if len(kept) <= KEEP else json.dumps([path, {}])


def _restored(clerk: Clerk, kept: str, *, theirs: bool) -> str:
    """Where to go on after signing in; what was written is there again, but for what somebody else did."""
    try:
        path, fields = json.loads(kept[:KEEP]) if kept else ("/", {})
    except (ValueError, TypeError, RecursionError):
        return "/"
    if not isinstance(path, str) or not _PAGES.fullmatch(path) or not isinstance(fields, dict):
        return "/"
    texts = {str(key): value for key, value in fields.items() if isinstance(value, str)}
    clerk.kept = (path, texts) if texts and not theirs else None
    return path


def alive(state: str) -> Response:
    """What a page asks before it sends anything: whether its session is there, and the token of its forms."""
    said = {"state": state, "form": g.clerk.form if state == "here" else ""}
    return Response(json.dumps(said), 200, mimetype="application/json")
