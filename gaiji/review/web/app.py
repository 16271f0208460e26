"""The pages of the review screen: the list, one glyph at a time, search, pictures, and the acts of a clerk.

Owns what each page shows and what each form does. Every act goes through ``gaiji.queue.decisions`` with the
version that the page was made from, so that two clerks never overwrite each other unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from gaiji.codes.evidence import note_of
from gaiji.errors import GaijiError
from gaiji.messages import tr
from gaiji.model import Glyph, Picture
from gaiji.queue.decisions import KINDS, OPEN, PROPOSED, UNREADABLE, WAITING, Conflict, Decision, Decisions
from gaiji.queue.items import Item
from gaiji.queue.words import REASONS, STATES, VERDICTS
from gaiji.review.evidence.candidates import Candidate, forms_of, suggest, suggest_all
from gaiji.review.evidence.parts import find
from gaiji.review.own import own_picture
from gaiji.review.web.guard import guard
from gaiji.shape.pictures import Gallery, image, overlay, png
from gaiji.standard.repertoire import load_repertoire

PAGE = 100
SIDES = (48, 96, 144, 288)
"""Sides in pixels at which pictures are drawn."""
UNDO = 20
ON_A_SHEET = 12
"""Near-certain codes shown together."""
SURE = "near-certain"
KIND_KEYS = dict(zip("qwert", KINDS, strict=True))


@dataclass(frozen=True)
class Shown:
    """A candidate on the screen, with its number key."""

    key: str
    glyph: Glyph
    score: float
    reason: str


def create_app(acts: Decisions, gallery: Gallery, token: str, *, idle: int) -> Flask:
    """The screen over one queue. ``token`` opens it; ``idle`` seconds without a request end a session."""
    app = Flask("gaiji.review.web", root_path=str(Path(__file__).parent))
    app.config["MAX_CONTENT_LENGTH"] = 4 << 20
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app, token, idle)
    screen = Screen(acts, gallery)
    for rule, view, methods in (
        ("/", screen.list, ["GET"]),
        ("/item/<int(max=2147483647):item_id>", screen.item, ["GET"]),
        ("/item/<int(max=2147483647):item_id>/<act>", screen.act, ["POST"]),
        ("/undo", screen.undo, ["POST"]),
        ("/sheet", screen.sheet, ["GET"]),
        ("/sheet", screen.take, ["POST"]),
        ("/compare", screen.compare, ["POST"]),
        ("/who", screen.who, ["POST"]),
        ("/end", screen.end, ["POST"]),
        ("/find", screen.find, ["GET"]),
        ("/forms/<name>", screen.forms, ["GET"]),
        ("/glyph/<name>/<int(max=4096):side>.png", screen.glyph, ["GET"]),
        ("/picture/<int(max=2147483647):item_id>/<int(max=4096):side>.png", screen.picture, ["GET"]),
        ("/overlay/<int(max=2147483647):item_id>/<name>.png", screen.overlay, ["GET"]),
    ):
        app.add_url_rule(rule, view.__name__, view, methods=methods)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(GaijiError, _our_error)
    app.context_processor(
        lambda: {"tr": tr, "states": STATES, "reasons": REASONS, "kinds": KIND_KEYS, "verdicts": VERDICTS}
    )
    return app


def _http_error(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    known = {
        404: tr("ページがありません。"),
        405: tr("この操作はできません。"),
        413: tr("送られた内容が大きすぎます。"),
    }
    return render_template("message.html", message=known.get(code, error.description or "")), code


def _our_error(error: GaijiError) -> tuple[str, int]:
    return render_template("message.html", message=str(error)), 409 if isinstance(error, Conflict) else 400


class Screen:
    """The views; one for all requests and threads, so it keeps no state of its own."""

    def __init__(self, acts: Decisions, gallery: Gallery) -> None:
        self.acts = acts
        self.queue = acts.queue
        self.gallery = gallery

    # -- the list ---------------------------------------------------------------------------------

    def list(self) -> str:
        """Items of one state, or all, those first that concern the most people."""
        state = request.args.get("state", "")
        states = (state,) if state in STATES else tuple(STATES)
        order = self.queue.order(states)
        if wanted := request.args.get("code", "").strip().upper():
            order = [(item_id, code) for item_id, code in order if code.startswith(wanted)]
        pages = max(1, -(-len(order) // PAGE))
        number = min(max(request.args.get("page", 1, type=int), 1), pages)
        shown = [item_id for item_id, _ in order[(number - 1) * PAGE : number * PAGE]]
        items = {i.id: i for i in self.queue.items(shown)}
        return render_template(
            "list.html",
            items=[items[i] for i in shown if i in items],
            state=state,
            code=wanted,
            page=number,
            pages=pages,
            sure=len(self.queue.order((OPEN,), verdict=SURE)),
            total=len(order),
            pictures=self.queue.pictured(shown),
            decisions=self.acts.all(shown),
            progress=self._progress(),
        )

    def _progress(self) -> dict[str, Any]:
        status = self.acts.status()
        total = sum(s["people"] for s in status.values())
        waiting = sum(status[s]["people"] for s in WAITING)
        items = sum(s["items"] for s in status.values())
        left = sum(status[s]["items"] for s in WAITING)
        return {
            "status": status,
            "total": items,
            "left": left,
            "share": round(100 * (1 - waiting / total)) if total else 100,
        }

    # -- one glyph --------------------------------------------------------------------------------

    def item(self, item_id: int, message: str = "", code: int = 200) -> tuple[str, int]:
        """One item with its candidates."""
        found = self._item(item_id)
        candidates = _shown(suggest(self.queue, item_id))
        made = self.acts.of(item_id)
        before, after = self._beside(item_id)
        page = render_template(
            "item.html",
            item=found,
            note=note_of(found.system, found.code),
            candidates=candidates,
            made=made,
            message=message,
            missing=self.gallery.missing,
            pictured=self._picture_of(found) is not None,
            before=before,
            after=after,
            progress=self._progress(),
            evidence=g.clerk.evidence,
            second=found.state == PROPOSED,
            undo=bool(g.clerk.undo),
            decided=load_repertoire().get(made.glyph) if made and made.glyph else None,
        )
        return page, code

    def _item(self, item_id: int) -> Item:
        found = self.queue.item(item_id)
        if found is None:
            abort(404)
        return found

    def _beside(self, item_id: int) -> tuple[int | None, int | None]:
        """The waiting items before and after this one, in the order of the list."""
        order = [i for i, _ in self.queue.order(WAITING, also=item_id)]
        at = order.index(item_id)
        return order[at - 1] if at else None, order[at + 1] if at + 1 < len(order) else None

    # -- acts -------------------------------------------------------------------------------------

    def act(self, item_id: int, act: str) -> AnyResponse | tuple[str, int]:
        """decide, confirm, defer, reject or reopen; then the next item that waits."""
        person, version = g.clerk.who, request.form.get("version", type=int)
        if not person:
            return self.item(item_id, tr("先に判定者の名前を入れてください。"), 400)
        if version is None:
            abort(400, tr("版がありません。"))
        _, after = self._beside(item_id)
        note = request.form.get("note", "").strip()[:500]
        try:
            if act == "decide":
                self.acts.decide(item_id, self._decision(person, note), version=version)
            elif act == "confirm":
                self.acts.confirm(item_id, person, version=version)
            elif act in ("defer", "reject", "reopen"):
                getattr(self.acts, act)(item_id, person, note, version=version)
            else:
                abort(404)
        except Conflict:
            return self.item(item_id, self._conflict(item_id), 409)
        except GaijiError as error:
            return self.item(item_id, _japanese(error), 400)
        if act != "reopen":
            g.clerk.undo = [*g.clerk.undo, (item_id, version + 1)][-UNDO:]
        to = item_id if act == "reopen" else after
        return redirect(url_for("item", item_id=to) if to else url_for("list"), 303)

    def _decision(self, person: str, note: str, *, kind: str = "", glyph: str = "") -> Decision:
        kind = kind or request.form.get("kind", "")
        g.clerk.evidence = evidence = request.form.get("evidence", "").strip()[:200]
        glyph = "" if kind == UNREADABLE else glyph or request.form.get("glyph", "").strip().upper()
        return Decision(
            kind=kind,
            glyph=glyph,
            evidence=evidence,
            note=note,
            decided_by=person,
            decided_at=date.today().isoformat(),
            repertoire=load_repertoire().version,
        )

    def _conflict(self, item_id: int) -> str:
        found, made = self._item(item_id), self.acts.of(item_id)
        what = tr("「{value}」にしました", value=tr(STATES[found.state]))
        if made:
            what = tr(
                "「{glyph}」と判定しました（{decided_by}）",
                glyph=made.glyph or made.kind,
                decided_by=made.decided_by,
            )
        return tr("この画面を開いた後に、ほかの人が{what}。あなたの操作は保存していません。", what=what)

    # -- runs of near-certain ones ----------------------------------------------------------------

    def sheet(self, message: str = "") -> str:
        """Twelve codes whose shape is near certain, each beside its first candidate, all checked."""
        order = [i for i, _ in self.queue.order((OPEN,), verdict=SURE)]
        items = list(self.queue.items(order[: 5 * ON_A_SHEET]))
        found = suggest_all(self.queue, items)
        pairs = [(i, best) for i in items if (best := _agreed(found[i.id]))][:ON_A_SHEET]
        return render_template(
            "sheet.html",
            pairs=pairs,
            left=len(order),
            message=message,
            progress=self._progress(),
            evidence=g.clerk.evidence,
        )

    def take(self) -> AnyResponse | tuple[str, int]:
        """Decide the codes that stayed checked on a sheet; those that somebody changed meanwhile are named
        and left.
        """
        if not g.clerk.who:
            return self.sheet(tr("先に判定者の名前を入れてください。")), 400
        missed, taken = [], request.form.getlist("take")[:ON_A_SHEET]
        for given in taken:
            item_id, version, glyph = _parts(given)
            made = self._decision(g.clerk.who, "字形がほぼ確実な文字の一括判定", kind=KINDS[0], glyph=glyph)
            try:
                self.acts.decide(item_id, made, version=version)
                g.clerk.undo = [*g.clerk.undo, (item_id, version + 1)][-UNDO:]
            except Conflict:
                missed.append(self._item(item_id).code)
        doubted = [
            _parts(given)[0] for given in request.form.getlist("shown")[:ON_A_SHEET] if given not in taken
        ]
        self.queue.judge(dict.fromkeys(doubted, "likely"))  # a clerk doubts it: it is looked at alone
        if missed:
            return self.sheet(
                tr("ほかの人が先に判定したため保存しなかった文字：{missed}", missed="、".join(missed))
            ), 409
        return redirect(url_for("sheet"), 303)

    def undo(self) -> AnyResponse | tuple[str, int]:
        """Take back the last act of this session, if nobody has acted on the item since."""
        if not g.clerk.undo:
            return redirect(url_for("list"), 303)
        item_id, version = g.clerk.undo.pop()
        try:
            self.acts.reopen(item_id, g.clerk.who, "取り消し", version=version)
        except Conflict:
            return self.item(item_id, self._conflict(item_id), 409)
        return redirect(url_for("item", item_id=item_id), 303)

    def who(self) -> AnyResponse:
        """Set the clerk's name for this session."""
        g.clerk.who = request.form.get("who", "").strip()[:60]
        back = request.form.get("back", type=int)
        return redirect(url_for("item", item_id=back) if back else url_for("list"), 303)

    def end(self) -> tuple[str, int]:
        """End this session."""
        current_app.extensions["gaiji-end-session"]()
        return render_template("message.html", message=tr("終了しました。この画面を閉じてください。")), 200

    # -- glyphs -----------------------------------------------------------------------------------

    def find(self) -> str:
        """Glyphs for a clerk's query, as a fragment of a page."""
        return render_template("glyphs.html", candidates=_glyphs(find(request.args.get("q", ""))))

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
        return render_template("glyphs.html", candidates=_glyphs([name, *forms_of(name)]))

    def glyph(self, name: str, side: int) -> Response:
        """A glyph of the fonts."""
        return _png(png(self._glyph(name, _side(side))))

    def picture(self, item_id: int, side: int) -> Response:
        """The 外字 of an item."""
        return _png(png(self._own(item_id), _side(side)))

    def overlay(self, item_id: int, name: str) -> Response:
        """Both in one picture: red is the 外字 alone, blue the glyph alone."""
        return _png(overlay(self._own(item_id), self._glyph(name, 288), 288))

    def _own(self, item_id: int) -> Picture:
        picture = self._picture_of(self._item(item_id))
        if picture is None:
            abort(404)
        return picture

    def _picture_of(self, found: Item) -> Picture | None:
        pictures = self.queue.pictures([found.id]).get(found.id, [])
        return own_picture(found, pictures, self.gallery, 288)

    def _glyph(self, name: str, side: int) -> Picture:
        picture = self.gallery.glyph(name, side)
        if picture is None:
            abort(404)
        return picture


def _agreed(candidates: Sequence[Candidate]) -> Shown | None:
    """The first candidate, when it is also the first by shape."""
    by_shape = [(score, c.glyph) for c in candidates for source, score, _ in c.parts if source == "shape"]
    if not by_shape or max(by_shape)[1] != candidates[0].glyph:
        return None
    return _shown(candidates[:1])[0]


def _parts(given: str) -> tuple[int, int, str]:
    """Item, version and glyph of a check box."""
    item_id, version, glyph = (*given.split("-"), "", "", "")[:3]
    if not (item_id.isdecimal() and version.isdecimal()):
        abort(400, tr("画面が古くなっています。もう一度開いてください。"))
    return int(item_id), int(version), glyph


def _side(side: int) -> int:
    if side not in SIDES:
        abort(404)
    return side


def _shown(candidates: Sequence[Candidate]) -> list[Shown]:
    repertoire = load_repertoire()
    return [
        Shown(str(n) if n < 10 else "", repertoire[c.glyph], c.score, c.reason)
        for n, c in enumerate(candidates, 1)
    ]


def _glyphs(names: Sequence[str]) -> list[Shown]:
    repertoire = load_repertoire()
    return [Shown(str(n) if n < 10 else "", repertoire[name], 0.0, "") for n, name in enumerate(names, 1)]


def _png(data: bytes) -> Response:
    return Response(data, mimetype="image/png")


def _japanese(error: GaijiError) -> str:
    """What stops a decision, in the clerk's words."""
    words = {
        "E0002": tr("自分の判定を自分で確認することはできません。"),
        "E0003": tr("同定先の文字を選んでください。"),
        "E0004": tr("その名前の文字は一覧にありません。"),
        "E0005": tr("同定区分を選んでください。"),
        "E0006": tr("確認する判定がありません。"),
    }
    return words.get(error.number) or str(error)
