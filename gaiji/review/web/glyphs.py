"""What the screen shows of glyphs: searches, pictures, the comparison of a 外字 with a candidate.

Owns those views; they change nothing. Which candidates an item has, and every act, is ``app``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import Response, abort, render_template, request

from gaiji.errors.messages import mark, tr
from gaiji.model import Glyph, Picture
from gaiji.queue.items import Item
from gaiji.queue.queue import Queue
from gaiji.review.evidence.candidates import Candidate, forms_of
from gaiji.review.evidence.official import Sayings, facts, one_form
from gaiji.review.evidence.parts import parts_apart
from gaiji.review.evidence.search import find
from gaiji.review.own import own_picture
from gaiji.review.web.seats import seen_sources
from gaiji.review.web.warm import Warm
from gaiji.shape.laid import LAYERS, Laid, lay, picture_of
from gaiji.shape.parting import KINDS, Place
from gaiji.shape.pictures import Gallery, image, png
from gaiji.standard.repertoire import load_repertoire

SIDES = (48, 96, 144, 288)
"""Sides in pixels at which pictures are drawn."""
SIZES = ("small", "middle", "large")
SIZE_COOKIE = "gaiji_size"
PAGE, MOST = 60, 600
"""Hits of a search that are shown at first, and at most."""
KEPT = 256
"""Comparisons kept: a page asks for each a few times."""
WHERE = (
    *(mark("左上"), mark("上"), mark("右上")),
    *(mark("左"), mark("中央"), mark("右")),
    *(mark("左下"), mark("下"), mark("右下")),
)
"""The nine parts of a character, row by row."""
CLOSE = 0.4
"""The second candidate's share of the first's from which the two need the look that decides."""


@dataclass(frozen=True)
class Shown:
    """A candidate on the screen, with its number key."""

    key: str
    glyph: Glyph
    score: float
    reason: str


@dataclass(frozen=True)
class Difference:
    """One place where two candidates part, in words: where it is, of what sort, and who has more there."""

    where: str
    kind: str
    more: str

    def __str__(self) -> str:
        return self.where + "：" + self.kind + (f"（{self.more}）" if self.more else "")


@dataclass(frozen=True)
class Look:
    """What tells two candidates apart; ``close``: how many candidates have a share near the first's, itself
    included (at most 1: none); ``wide``: they part in so many places that the rings say little."""

    first: Shown
    second: Shown
    close: int
    differences: tuple[Difference, ...]
    parts: str
    said: Sayings
    wide: bool


class GlyphScreen:
    """The views; one for all requests and threads."""

    def __init__(self, queue: Queue, gallery: Gallery, warm: Warm | None = None) -> None:
        self.queue = queue
        self.gallery = gallery
        self.warm = warm or Warm()
        self._lay = lru_cache(maxsize=KEPT)(lambda picture, name, rival: lay(picture, gallery, name, rival))

    # -- searches -----------------------------------------------------------------------------------

    def find(self) -> str:
        """Glyphs for a clerk's query, as a fragment of a page: those most like the 外字 of ``item`` first
        where it has a picture; ``most``: how many at most."""
        query, item_id = request.args.get("q", ""), request.args.get("item", 0, type=int)
        most = min(max(request.args.get("most", PAGE, type=int), PAGE), MOST)
        names = find(query, limit=None)
        likeness = self._likeness(item_id) if len(names) > 1 else {}
        if likeness:
            names.sort(key=lambda name: -likeness.get(name, -1.0))
        return render_template(
            "glyphs.html",
            candidates=numbered(names[:most]),
            found=len(names),
            shown=min(len(names), most),
            more=most + PAGE if most < min(len(names), MOST) else 0,
            alike=bool(likeness),
        )

    def _likeness(self, item_id: int) -> dict[str, float]:
        """How like an item's 外字 every glyph is; nothing without a picture or an index that is ready."""
        item = self.queue.item(item_id, sources=seen_sources()) if item_id else None
        picture = self.picture_of(item) if item is not None else None
        return self.warm.likeness(picture) if picture is not None else {}

    def compare(self) -> str:
        """The glyphs that a picture given by the clerk looks like, as a fragment of a page."""
        file = request.files.get("picture")
        if file is None:
            abort(400, tr("画像がありません。"))
        from gaiji.shape import as_ink, load_index

        answer = load_index().query([as_ink(image(file.read(), "picture"))], limit=9)
        repertoire = load_repertoire()
        shown = [
            Shown(str(n), repertoire[m.glyph], m.score, "")
            for n, m in enumerate(answer.matches, 1)
            if m.glyph in repertoire
        ]
        return render_template("glyphs.html", candidates=shown, said=answer.reason)

    def forms(self, name: str) -> str:
        """The related forms of a glyph, as a fragment of a page."""
        if load_repertoire().get(name) is None:
            abort(404)
        return render_template("glyphs.html", candidates=numbered([name, *forms_of(name)]))

    # -- pictures -----------------------------------------------------------------------------------

    def glyph(self, name: str, side: int) -> Response:
        """A glyph of the fonts."""
        picture = self.gallery.glyph(name, _side(side))
        if picture is None:
            abort(404)
        return _png(png(picture))

    def picture(self, item_id: int, side: int) -> Response:
        """The 外字 of an item."""
        return _png(png(self._own(item_id, 288), _side(side)))

    def overlay(self, item_id: int, name: str) -> Response:
        """A glyph on the 外字, dot by dot, with a ring where it and ``with`` part; ``layer``: both, or one of
        the two alone in its place."""
        layer = next((one for one in LAYERS if one == request.args.get("layer", "both")), None)
        laid = self._laid(self._own(item_id), name, request.args.get("with", ""))
        if layer is None or laid is None:
            abort(404)
        return _png(picture_of(laid, layer))

    def _laid(self, picture: Picture, name: str, rival: str) -> Laid | None:
        known = load_repertoire()
        ours, other = known.get(name), known.get(rival)
        if ours is None:
            return None
        found: Laid | None = self._lay(picture, ours.name, other.name if other else "")
        return found

    def facts(self, name: str) -> str:
        """What the lists have of a glyph, as a fragment of a page."""
        found = facts(name)
        if not found:
            abort(404)
        return render_template("facts.html", name=name, facts=found)

    # -- what tells two candidates apart ------------------------------------------------------------

    def look(self, item_id: int, name: str) -> str:
        """What tells a glyph and ``with`` apart, as a fragment of a page."""
        rivals = numbered([name, request.args.get("with", "")])
        if len(rivals) < 2:
            abort(404)
        picture = self.picture_of(self._item(item_id))
        return render_template("look.html", look=self._look(picture, rivals[0], rivals[1]), item_id=item_id)

    def look_at(self, picture: Picture | None, candidates: Sequence[Shown]) -> Look | None:
        """What tells the first two candidates apart where their shares are near each other; else None, for
        the page asks for it when somebody looks."""
        close = sum(one.score >= CLOSE * candidates[0].score > 0 for one in candidates)
        return self._look(picture, candidates[0], candidates[1], close) if close > 1 else None

    def _look(self, picture: Picture | None, first: Shown, second: Shown, close: int = 0) -> Look:
        names = first.glyph.name, second.glyph.name
        laid = self._laid(picture, *names) if picture is not None else None
        places = laid.places if laid is not None else ()
        return Look(
            first,
            second,
            close,
            tuple(_told(place, laid.own.shape, names) for place in places) if laid is not None else (),
            parts_apart(first.glyph.base, second.glyph.base),
            one_form(*names),
            laid is not None and laid.wide,
        )

    def picture_of(self, found: Item, side: int = 96) -> Picture | None:
        """The 外字 of an item, None where nobody gave one; ``side``: dots where a font draws it."""
        pictures = self.queue.pictures([found.id]).get(found.id, [])
        return own_picture(found, pictures, self.gallery, side)

    def _own(self, item_id: int, side: int = 96) -> Picture:
        picture = self.picture_of(self._item(item_id), side)
        if picture is None:
            abort(404)
        return picture

    def _item(self, item_id: int) -> Item:
        found = self.queue.item(item_id, sources=seen_sources())
        if found is None:
            abort(404)
        return found


def page_size() -> str:
    """How large this browser wants the pages: small, middle or large."""
    wanted = request.cookies.get(SIZE_COOKIE, "")
    return wanted if wanted in SIZES else SIZES[1]


def shown(candidates: Sequence[Candidate]) -> list[Shown]:
    """Candidates as they stand on the screen, with their keys."""
    repertoire = load_repertoire()
    return [
        Shown(str(n) if n < 10 else "", repertoire[c.glyph], c.score, c.reason)
        for n, c in enumerate(candidates, 1)
    ]


def numbered(names: Sequence[str]) -> list[Shown]:
    """Glyphs by name, in that order; those that the repertoire lacks are left out."""
    known = [glyph for glyph in map(load_repertoire().get, names) if glyph is not None]
    return [Shown(str(n) if n < 10 else "", glyph, 0.0, "") for n, glyph in enumerate(known, 1)]


def _told(place: Place, shape: tuple[int, ...], names: tuple[str, str]) -> Difference:
    """A place in words; the word for more depends on the sort."""
    left, top, right, bottom = place.box
    down = 3 * (top + bottom) // (2 * shape[0])
    across = 3 * (left + right) // (2 * shape[1])
    where = WHERE[3 * min(down, 2) + min(across, 2)]
    more = "" if place.more is None else names[place.more]
    words = {
        "dots": tr("{glyph} のほうが多い", glyph=more),
        "length": tr("{glyph} のほうが長い", glyph=more),
        "end": tr("{glyph} のほうが出ている", glyph=more),
        "contact": "",
        "part": tr("{glyph} のほうに多い", glyph=more),
    }
    return Difference(tr(where), tr(KINDS[place.kind]), words[place.kind] if more else "")


def _side(side: int) -> int:
    if side not in SIDES:
        abort(404)
    return side


def _png(data: bytes) -> Response:
    return Response(data, mimetype="image/png")
