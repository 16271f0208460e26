"""The page of everybody whose record holds a code, to be printed and taken to the 戸籍.

Owns what the page shows of them. The reading of the dump is ``gaiji.review.evidence.people``'.
"""

from __future__ import annotations

import threading
from datetime import date

from flask import abort, render_template

from gaiji.errors.messages import mark, tr
from gaiji.queue.items import Sample
from gaiji.queue.queue import Queue
from gaiji.review.evidence.people import people_in
from gaiji.review.web.seats import noted, seen_sources

PARTS = (
    (mark("フリガナ"), "kana"),
    (mark("用例"), "text"),
    (mark("生年月日"), "birth"),
    (mark("住所"), "address"),
    (mark("世帯"), "household"),
)
"""What a list may tell of a person; what the context of all of them keeps back has no column."""


class PeopleScreen:
    """The view; it keeps nothing."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._one = threading.Lock()  # a dump is read for one page at a time

    def people(self, item_id: int) -> str:
        """The check list of an item."""
        item = self.queue.item(item_id, sources=seen_sources())
        if item is None:
            abort(404)
        with self._one:
            found, wrong = people_in(self.queue, item, seen_sources())
        noted(
            self.queue, "people", item_id, [Sample(p.record, "", "", 0, "", source=p.source) for p in found]
        )
        return render_template(
            "people.html",
            of=item,
            people=found,
            wrong=wrong,
            shown=[(tr(what), part) for what, part in PARTS if any(getattr(one, part) for one in found)],
            pictured=bool(self.queue.pictured([item_id])),
            day=date.today().isoformat(),
        )
