"""The sessions of the review screen: what the server remembers of each browser that came in.

Owns them and their cookie. They are kept here and not in the cookie: answers that overtake each other must
not bring back an older one. Who may begin one is ``guard``'s and ``seats``'.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from gaiji.queue.accounts import same_person

COOKIE = "gaiji_review"
ENTRANCE, SOON = "gaiji_enter", 60
"""A second cookie for the one step from the printed address to the screen, and for how many seconds it is
good. Who clicks the address on a page of another site (a mail, the groupware) is led on by that site, as
browsers see it, and SameSite=Strict holds the session's own cookie back from that step."""


@dataclass
class Clerk:
    """One session."""

    form: str
    """The token that every form of this session carries."""
    seen: float
    """Time of the last request, seconds since the epoch."""
    key: str = ""
    """What the cookie says."""
    who: str = ""
    account: str = ""
    """The account that signed in, "" where the queue has none."""
    stamp: str = ""
    """The account's, as it was then."""
    locked: bool = False
    kept: tuple[str, dict[str, str]] | None = None
    """The page at which it was locked, and what was written there."""
    evidence: list[str] = field(default_factory=list)
    """根拠 that were written before, the last one first: offered in a list, written in no field."""
    answered: dict[int, str] = field(default_factory=dict)
    """Places that were answered here, and under which name."""
    decided: dict[int, str] = field(default_factory=dict)
    """Items that were decided here, and under which name."""
    listed: str = ""
    """The filter of the list that was looked at last, as its address says it."""
    undo: list[list[tuple[int, int]]] = field(default_factory=list)
    """The acts that can be taken back, the last one last: (item, its version since) of each item that one act
    concerned."""

    def named(self, name: str) -> None:
        """Who sits here now; the acts of somebody else cannot be taken back from here."""
        if not same_person(name, self.who):
            self.undo.clear()
        self.who = name

    def acted(self, done: list[tuple[int, int]], most: int) -> None:
        """An act can be taken back; of ``most`` acts at most."""
        self.undo = [*self.undo, done][-most:]

    def undone(self, item_id: int, version: int) -> None:
        """An item is what the act before left, under a version of its own."""
        for group in reversed(self.undo):
            for at, (other, _) in enumerate(group):
                if other == item_id:
                    group[at] = (item_id, version)
                    return


class Sessions:
    """All of them, by what their cookie says. ``secure``: the cookie goes over TLS alone."""

    def __init__(self, *, secure: bool = False) -> None:
        self._all: dict[str, Clerk] = {}
        self._entering: dict[str, Clerk] = {}
        self.secure = secure

    def here(self) -> Clerk | None:
        """That of the request."""
        return self._all.get(request.cookies.get(COOKIE, ""))

    def let_in(self, answer: AnyResponse, clerk: Clerk) -> None:
        """Give the browser what the next step needs, once and soon, wherever it came from."""
        key = secrets.token_urlsafe(24)
        now = time.time()
        fresh = {one: other for one, other in self._entering.items() if now - other.seen <= SOON}
        self._entering = {**fresh, key: clerk}
        answer.set_cookie(ENTRANCE, key, max_age=SOON, httponly=True, samesite="Lax", secure=self.secure)

    def entered(self) -> bool:
        """Whether this request is that step of a session that goes on."""
        clerk = (
            self._entering.pop(request.cookies.get(ENTRANCE, ""), None) if request.method == "GET" else None
        )
        return clerk is not None and clerk.key in self._all and time.time() - clerk.seen <= SOON

    def begin(self, was: Clerk | None = None) -> Clerk:
        """A new one, or one that goes on, under a new name and with a new token of its forms."""
        clerk = was or Clerk("", 0.0)
        self._all.pop(clerk.key, None)
        clerk.form, clerk.key, clerk.seen = secrets.token_urlsafe(24), secrets.token_urlsafe(24), time.time()
        self._all[clerk.key] = clerk
        return clerk

    def end(self) -> None:
        """End that of the request."""
        self._all.pop(request.cookies.get(COOKIE, ""), None)

    def send(self, answer: AnyResponse, clerk: Clerk) -> None:
        """Give the browser its cookie."""
        answer.set_cookie(COOKIE, clerk.key, httponly=True, samesite="Strict", secure=self.secure)
