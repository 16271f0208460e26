"""The list of the review screen: filters, order, and how far the work is, each person's too.

Owns which items the list shows and in which order, and the page of the work; one item is ``app``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields as parts_of
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gaiji.queue.accounts import Accounts
from gaiji.queue.chosen import SORTS, Filter, chosen, deciders, fields
from gaiji.queue.decisions import OPEN, WAITING, Decisions
from gaiji.queue.families import families_of
from gaiji.queue.history import last_notes
from gaiji.queue.pace import forecast, paces
from gaiji.queue.queue import Queue
from gaiji.queue.words import STATES
from gaiji.queue.work import Duties
from gaiji.review.evidence.search import plain
from gaiji.review.web.seats import manager, noted, seen_sources

PAGE = 100
SURE = "near-certain"
_TEXTS = [part.name for part in parts_of(Filter) if part.name not in ("radical", "alike")]


def asked(query: str) -> tuple[tuple[str, ...], Filter]:
    """The states (none: not said) and the filter that an address of the list asks for."""
    given = {key: value.strip()[:100] for key, value in parse_qsl(query)}
    texts = {name: given.get(name, "") for name in _TEXTS}
    texts["code"] = _code(texts["code"])
    texts["sort"] = texts["sort"] if texts["sort"] in SORTS else ""
    radical = given.get("radical", "")
    number = int(radical) if radical.isdecimal() and len(radical) < 4 else 0
    state = given.get("state", "")
    alike = given.get("alike", "")
    family = int(alike) if alike.isdecimal() and len(alike) < 10 else 0
    return ((state,) if state in STATES else ()), Filter(**texts, radical=number, alike=family)


def ids_of(queue: Queue, states: Sequence[str], wanted: Filter) -> list[int]:
    """The items of a list."""
    return [number for number, _ in chosen(queue, states, wanted, sources=seen_sources())]


class ListScreen:
    """The views; one for all requests and threads, so it keeps no state of its own."""

    def __init__(self, acts: Decisions) -> None:
        self.acts, self.queue = acts, acts.queue
        self.duties = Duties(acts.queue)

    def list(self) -> str:
        """Items of one state, or all, as the filter says; in its order, else those first that concern the
        most people."""
        states, wanted = asked(request.query_string.decode(errors="replace"))
        query = _query(states, wanted)
        g.clerk.listed = query
        order = chosen(self.queue, states or tuple(STATES), wanted, sources=seen_sources())
        pages = max(1, -(-len(order) // PAGE))
        number = min(max(request.args.get("page", 1, type=int), 1), pages)
        shown = [item_id for item_id, _ in order[(number - 1) * PAGE : number * PAGE]]
        items = {i.id: i for i in self.queue.items(shown, sources=seen_sources())}
        noted(self.queue, "list", 0, [s for i in items.values() for s in i.samples[:1]])
        return render_template(
            "list.html",
            items=[items[i] for i in shown if i in items],
            state=states[0] if states else "",
            waiting=WAITING,
            wanted=wanted,
            query=dict(parse_qsl(query)),
            sorts=SORTS,
            fields=fields(self.queue, sources=seen_sources()),
            deciders=deciders(self.queue),
            page=number,
            pages=pages,
            found=len(order),
            sure=len(self.queue.order((OPEN,), verdict=SURE, sources=seen_sources())),
            total=len(order),
            pictures=self.queue.pictured(shown),
            families=families_of(self.queue, shown, sources=seen_sources()),
            decisions=self.acts.all(shown),
            notes=last_notes(self.queue, shown),
            progress=progress(self.acts),
            undo=bool(g.clerk.undo),
            done="done" in request.args,
        )

    def work(self) -> str:
        """How far each person is and when the rest is done; who may not see everybody sees themselves."""
        told, account = progress(self.acts), g.account
        everybody = account is None or (account.role == "manager" and not account.systems)
        return render_template(
            "work.html",
            progress=told,
            paces=[one for one in paces(self.queue) if everybody or one.person == account.name],
            forecast=forecast(self.queue, told["left"]),
            duties=[one for one in self.duties.all() if everybody or one.person == account.name],
            assigns=account is not None and everybody,
            people=list(Accounts(self.queue).all()) if everybody else [],
            systems=sorted({one.system for one in self.queue.sources()}) if everybody else [],
        )

    def assign(self) -> AnyResponse:
        """A manager gives work to a person, or takes it back."""
        manager()
        if number := request.form.get("remove", 0, type=int):
            self.duties.remove(number, g.account.name)
        else:
            system, radical = request.form.get("system", ""), request.form.get("radical", 0, type=int)
            person = request.form.get("person", "")
            self.duties.assign(person, g.account.name, system=system[:128], radical=radical)
        return redirect(url_for("work"), 303)


def _query(states: Sequence[str], wanted: Filter) -> str:
    """A filter as an address says it; "" for the whole list."""
    given = {"state": states[0]} if states else {}
    given |= {part.name: str(value) for part in parts_of(Filter) if (value := getattr(wanted, part.name))}
    return urlencode(given)


def progress(acts: Decisions) -> dict[str, Any]:
    """How far the work is that the one who asks may see: ``status`` by state, ``total`` and ``left`` items,
    and the ``share`` that is done, in percent of the people it concerns."""
    status = acts.status(sources=seen_sources())
    total = sum(s["people"] for s in status.values())
    waiting = sum(status[s]["people"] for s in WAITING)
    items = sum(s["items"] for s in status.values())
    left = sum(status[s]["items"] for s in WAITING)
    share = round(100 * (1 - waiting / total)) if total else 100
    return {"status": status, "total": items, "left": left, "share": share}


def _code(typed: str) -> str:
    """The beginning of an old code as a clerk types it: ``80A1``, ``０ｘ８０ａ１``, ``JEF 80A1``."""
    last = plain(typed).upper().replace(":", " ").split()[-1:]
    return last[0].removeprefix("0X").removeprefix("U+") if last else ""
