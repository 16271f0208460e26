"""Whose turn is what: the order in which the one who asks gets what waits, and the next item for them alone.

Owns that order; leases and duties are ``gaiji.queue.work``'s, filters ``gaiji.queue.chosen``'s.
"""

from __future__ import annotations

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gaiji.queue.accounts import same_person
from gaiji.queue.decisions import CONTESTED, DEFERRED, OPEN, PROPOSED, WAITING, Decisions
from gaiji.queue.work import Duties, Leases
from gaiji.review.web.guard import who_acts
from gaiji.review.web.lists import asked, ids_of
from gaiji.review.web.seats import seen_sources


class Turns:
    """The next item of whoever asks; keeps no state of its own."""

    def __init__(self, acts: Decisions) -> None:
        self.acts, self.queue = acts, acts.queue
        self.leases, self.duties = Leases(acts.queue), Duties(acts.queue)

    def order(self, also: int = 0) -> list[int]:
        """The items that wait for the one who asks, in their order: those of the list that they came from,
        where it was filtered; with an account what role and duties say; else all (and item ``also``)."""
        states, wanted = asked(g.clerk.listed)
        if g.clerk.listed:
            return ids_of(self.queue, states or WAITING, wanted)
        if g.account is None:
            return [number for number, _ in self.queue.order(WAITING, also=also, sources=seen_sources())]
        return self.duties.order(self._by_role(), g.account.name)

    def _by_role(self) -> list[int]:
        """What others decided first, for those who confirm; then what is open, and what was put off."""
        name, mine = g.account.name, self.acts.all()
        order = {state: self._in(state) for state in (PROPOSED, OPEN, CONTESTED, DEFERRED)}
        others = [n for n in order[PROPOSED] if n in mine and not same_person(mine[n].decided_by, name)]
        if not g.account.checks:
            return order[OPEN] + order[DEFERRED]
        return others + order[OPEN] + order[CONTESTED] + order[DEFERRED]

    def _in(self, state: str) -> list[int]:
        return [number for number, _ in self.queue.order((state,), sources=seen_sources())]

    def beside(self, item_id: int) -> tuple[int | None, int | None]:
        """The items before and after this one in that order."""
        order = self.order(also=item_id)
        if item_id not in order:
            return None, order[0] if order else None
        at = order.index(item_id)
        return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None

    def ahead(self, item_id: int) -> list[int]:
        """What follows an item, and, for those with an account, what stands before it after that."""
        order = self.order(also=item_id)
        at = order.index(item_id) if item_id in order else -1
        return order[at + 1 :] + (order[: max(at, 0)] if g.account is not None else [])

    def take(self, ahead: list[int], person: str) -> int | None:
        """The first of them that nobody else has, which is the person's from here on."""
        states = (OPEN, DEFERRED) if g.account is not None and not g.account.checks else WAITING
        return self.leases.next("item", ahead, person, () if g.clerk.listed else states)

    @staticmethod
    def listed() -> str:
        """The list, as it was filtered."""
        return url_for("list") + (f"?{g.clerk.listed}" if g.clerk.listed else "")

    def next(self) -> AnyResponse:
        """Go to the next item for the one who asks (after ``after``)."""
        found = self.take(self.ahead(request.args.get("after", 0, type=int)), who_acts())
        return redirect(url_for("item", item_id=found) if found else url_for("list", done=1), 303)

    def holder(self, item_id: int, state: str) -> str:
        """Who else has a waiting item before them, "" where nobody; it is this clerk's then."""
        person = who_acts()
        return self.leases.open("item", item_id, person) if person and state in WAITING else ""
