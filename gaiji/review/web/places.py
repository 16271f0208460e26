"""The pages of places: what stood there is answered for each record on its own.

Owns what a place's page shows and its acts, which go through ``gaiji.queue.places`` with the version that
the page was made from.
"""

from __future__ import annotations

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gaiji.errors import GaijiError
from gaiji.errors.messages import tr
from gaiji.queue.decisions import Conflict, Decisions
from gaiji.queue.places import ANSWERS, DEFERRED, RESTORED, UNRESTORABLE, Place, Places
from gaiji.queue.work import Leases
from gaiji.review.web.guard import who_acts
from gaiji.review.web.seats import back_again, noted, seen_sources, typed

OFFERED = 8


class PlaceScreen:
    """The views; they keep no state of their own."""

    def __init__(self, acts: Decisions) -> None:
        self.places = Places(acts)
        self.queue = acts.queue
        self.leases = Leases(acts.queue)

    def place(self, place_id: int, message: str = "", code: int = 200) -> tuple[str, int]:
        """One place with what was answered."""
        found, others = self._found(place_id)
        at = [one.id for one in others].index(place_id)
        noted(self.queue, "place", found.item_id, [found])
        said = typed()
        page = render_template(
            "place.html",
            place=found,
            of=self.queue.item(found.item_id),
            answers=ANSWERS,
            message=message or back_again(),
            holder=self.leases.open("place", place_id, who) if (who := who_acts()) else "",
            typed=said,
            offered=g.clerk.evidence,
            before=others[at - 1].id if at else None,
            after=others[at + 1].id if at + 1 < len(others) else None,
            left=sum(not one.stands for one in others),
            total=len(others),
        )
        return page, code

    def answer(self, place_id: int, answer: str) -> AnyResponse | tuple[str, int]:
        """restored, unrestorable, deferred or open; then the next place that waits."""
        who, version = who_acts(), request.form.get("version", type=int)
        self._found(place_id)
        if not who:
            return self.place(place_id, tr("先に判定者の名前を入れてください。"), 400)
        if version is None or answer not in (RESTORED, UNRESTORABLE, DEFERRED, "open"):
            abort(400, tr("版がありません。"))
        said = {name: request.form.get(name, "").strip()[:500] for name in ("evidence", "note")}
        new = request.form.get("new", "").strip() if answer == RESTORED else ""
        try:
            if answer == "open":
                self.places.take_back(place_id, who, version=version)
            elif self._retyped(place_id, who):
                return self.place(place_id, tr("自分の回答を、別の名前で確認することはできません。"), 400)
            else:
                self.places.answer(place_id, who, answer, new=new, version=version, **said)
                g.clerk.answered[place_id] = who
        except Conflict:
            return self.place(
                place_id, tr("ほかの人が先に回答しました。あなたの操作は保存していません。"), 409
            )
        except GaijiError as error:
            return self.place(place_id, _japanese(error), 400)
        if said["evidence"]:
            g.clerk.evidence = list(dict.fromkeys([said["evidence"], *g.clerk.evidence]))[:OFFERED]
        self.leases.done("place", place_id, who)
        return redirect(self._next(place_id, answer, who), 303)

    def _next(self, place_id: int, answer: str, who: str) -> str:
        found, others = self._found(place_id)
        if answer == "open":
            return url_for("place", place_id=place_id)
        at = [one.id for one in others].index(place_id)
        waiting = [one.id for one in (*others[at + 1 :], *others[:at]) if not one.answer]
        to = self.leases.next("place", waiting, who)
        return url_for("place", place_id=to) if to else url_for("item", item_id=found.item_id)

    def _retyped(self, place_id: int, who: str) -> bool:
        """Whether the answer that stands was given in this session under another name."""
        found, here = self._found(place_id)[0], g.clerk.answered.get(place_id, "")
        return bool(found.answer and here and found.person == here != who)

    def _found(self, place_id: int) -> tuple[Place, list[Place]]:
        """A place, and all of its item."""
        found = self.places.place(place_id, sources=seen_sources())
        if found is None:
            abort(404)
        return found, self.places.of(found.item_id, sources=seen_sources())


def _japanese(error: GaijiError) -> str:
    """What stops an answer, in the clerk's words."""
    words = {
        "E0683": tr("ほかの人が違う回答をしています。話し合い、取り消してから回答してください。"),
        "E0858": tr("ほかの人の回答を確認したり取り消したりできるのは、確認者と管理者です。"),
        "E0687": tr("「復元した」のときだけ、そこにあった文字を書いてください。"),
        "E0688": tr("復元したときは、根拠（戸籍など）を書いてください。"),
    }
    return words.get(error.number) or str(error)
