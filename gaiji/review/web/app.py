"""The pages of the review screen: the list, one glyph at a time, search, pictures, and the acts of a clerk.

Owns what each page shows and what each form does. Every act goes through ``gaiji.queue.decisions`` with the
version that the page was made from, so that two clerks never overwrite each other unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from gaiji.codes.evidence import note_of
from gaiji.errors import GaijiError
from gaiji.errors.messages import tr
from gaiji.queue.accounts import ROLES, same_person
from gaiji.queue.decisions import KINDS, NAMELESS, OPEN, PLACES, STANDS, Conflict, Decision, Decisions
from gaiji.queue.families import families_of
from gaiji.queue.history import history
from gaiji.queue.items import Item
from gaiji.queue.places import ANSWERS, Places
from gaiji.queue.words import ACTS, REASONS, STATES, VERDICTS
from gaiji.review.evidence.candidates import Candidate, suggest, suggest_all
from gaiji.review.web.glyphs import GlyphScreen, Shown, page_size
from gaiji.review.web.glyphs import shown as on_screen
from gaiji.review.web.guard import guard, who_acts
from gaiji.review.web.lists import ListScreen, progress
from gaiji.review.web.people import PeopleScreen
from gaiji.review.web.places import PlaceScreen
from gaiji.review.web.seats import back_again, manager, noted, seen_sources, typed
from gaiji.review.web.turns import Turns
from gaiji.shape.pictures import Gallery
from gaiji.standard.repertoire import load_repertoire

UNDO = 20
OFFERED = 8
"""根拠 that are offered again."""
ON_A_SHEET = 12
"""Near-certain codes shown together."""
SURE = "near-certain"
KIND_KEYS = dict(zip("qwerty", KINDS, strict=True))

Town = Callable[[], Mapping[str, Any]]
"""What stands on a town's page: ``title``, ``steps``, and ``tables`` of (heading, column heads, rows)."""


def create_app(
    acts: Decisions,
    gallery: Gallery,
    token: str,
    *,
    idle: int,
    town: Town | None = None,
    secure: bool = False,
    alone: bool = True,
) -> Flask:
    """The screen over one queue. ``token`` opens it where the queue has no accounts; ``idle`` seconds without
    a request end a session, or lock it. ``town``: says, whenever the town's page is asked for, what stands on
    it (``town.html``). ``secure``, ``alone``: as for ``guard``."""
    app = Flask("gaiji.review.web", root_path=str(Path(__file__).parent))
    app.config["MAX_CONTENT_LENGTH"] = 4 << 20
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    guard(app, token, idle, queue=acts.queue, secure=secure, alone=alone)
    acts = Decisions(acts.queue, confirm=acts.confirm_rule, signed=True)  # the guard lets nobody else in
    glyphs, places = GlyphScreen(acts.queue, gallery), PlaceScreen(acts)
    screen, people = Screen(acts, glyphs), PeopleScreen(acts.queue)
    lists = ListScreen(acts)
    app.extensions["gaiji-warm"] = glyphs.warm
    for rule, view, methods in (
        ("/", lists.list, ["GET"]),
        ("/item/<int(max=2147483647):item_id>", screen.item, ["GET"]),
        ("/item/<int(max=2147483647):item_id>/<act>", screen.act, ["POST"]),
        ("/place/<int(max=2147483647):place_id>", places.place, ["GET"]),
        ("/place/<int(max=2147483647):place_id>/<answer>", places.answer, ["POST"]),
        ("/undo", screen.undo, ["POST"]),
        ("/next", screen.turns.next, ["GET"]),
        ("/work", lists.work, ["GET"]),
        ("/assign", lists.assign, ["POST"]),
        ("/sheet", screen.sheet, ["GET"]),
        ("/sheet", screen.take, ["POST"]),
        ("/compare", glyphs.compare, ["POST"]),
        ("/who", screen.who, ["POST"]),
        ("/end", screen.end, ["POST"]),
        ("/find", glyphs.find, ["GET"]),
        ("/forms/<name>", glyphs.forms, ["GET"]),
        ("/glyph/<name>/<int(max=4096):side>.png", glyphs.glyph, ["GET"]),
        ("/picture/<int(max=2147483647):item_id>/<int(max=4096):side>.png", glyphs.picture, ["GET"]),
        ("/overlay/<int(max=2147483647):item_id>/<name>.png", glyphs.overlay, ["GET"]),
        ("/look/<int(max=2147483647):item_id>/<name>", glyphs.look, ["GET"]),
        ("/facts/<name>", glyphs.facts, ["GET"]),
        ("/people/<int(max=2147483647):item_id>", people.people, ["GET"]),
    ):
        app.add_url_rule(rule, view.__name__, view, methods=methods)
    if town is not None:
        app.add_url_rule("/town", "town", _of_managers(lambda: render_template("town.html", **town())))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(GaijiError, _our_error)
    app.context_processor(
        lambda: (
            {"tr": tr, "states": STATES, "reasons": REASONS, "of_town": town is not None}
            | {"kinds": KIND_KEYS, "verdicts": VERDICTS, "acts": ACTS, "roles": ROLES}
            | {"page_size": page_size()}
        )
    )
    return app


def _of_managers(view: Callable[[], str]) -> Callable[[], str]:
    """A page for those who may see everything."""

    def seen() -> str:
        manager()
        return view()

    return seen


def _http_error(error: HTTPException) -> tuple[str, int]:
    """What was written in a form that met an error is shown, to be copied."""
    code = error.code or 500
    known = {
        404: tr("ページがありません。"),
        405: tr("この操作はできません。"),
        413: tr("送られた内容が大きすぎます。"),
    }
    names = ("evidence", "note", "new") if code != 413 else ()
    written = [value for name in names if (value := request.form.get(name, "").strip())]
    said = known.get(code, error.description or "")
    return render_template("message.html", message=said, written=written), code


def _our_error(error: GaijiError) -> tuple[str, int]:
    return render_template("message.html", message=str(error)), 409 if isinstance(error, Conflict) else 400


class Screen:
    """The views; one for all requests and threads, so it keeps no state of its own."""

    def __init__(self, acts: Decisions, glyphs: GlyphScreen) -> None:
        self.acts = acts
        self.queue = acts.queue
        self.glyphs = glyphs
        self.turns = Turns(acts)

    # -- one glyph --------------------------------------------------------------------------------

    def item(self, item_id: int, message: str = "", code: int = 200) -> tuple[str, int]:
        """One item with its candidates."""
        found = self._item(item_id)
        candidates = on_screen(suggest(self.queue, item_id, sources=seen_sources()))
        picture = self.glyphs.picture_of(found)
        said = typed()
        places = Places(self.acts).of(item_id, sources=seen_sources()) if found.reason in PLACES else None
        noted(self.queue, "item", item_id, [*found.samples, *(places or ())])
        made = self.acts.of(item_id)
        before, after = self.turns.beside(item_id)
        page = render_template(
            "item.html",
            item=found,
            note=note_of(found.system, found.code),
            candidates=candidates,
            made=made,
            message=message or back_again(),
            missing=self.glyphs.gallery.missing,
            pictured=picture is not None,
            look=self.glyphs.look_at(picture, candidates),
            item_id=item_id,
            before=before,
            after=after,
            holder=self.turns.holder(item_id, found.state),
            listed=g.clerk.listed,
            progress=progress(self.acts),
            typed=said,
            offered=g.clerk.evidence,
            second=self._to_confirm(found, made),
            history=history(self.queue, item_id),
            places=places,
            family=families_of(self.queue, [item_id], sources=seen_sources()).get(item_id),
            answers=ANSWERS,
            undo=bool(g.clerk.undo),
            decided=load_repertoire().get(made.glyph) if made and made.glyph else None,
        )
        return page, code

    @staticmethod
    def _to_confirm(found: Item, made: Decision | None) -> bool:
        """Whether the clerk can confirm what somebody else decided."""
        if made is None or found.state not in ("proposed", "confirmed") or made.confirmed_by:
            return False
        if g.account is not None and not g.account.checks:
            return False
        return not same_person(made.decided_by, g.clerk.who)

    def _item(self, item_id: int) -> Item:
        found = self.queue.item(item_id, sources=seen_sources())
        if found is None:
            abort(404)
        return found

    # -- acts -------------------------------------------------------------------------------------

    def act(self, item_id: int, act: str) -> AnyResponse | tuple[str, int]:
        """decide, confirm, defer, reject or reopen; then the next item that waits."""
        person, version = who_acts(), request.form.get("version", type=int)
        self._item(item_id)
        if not person:
            return self.item(item_id, tr("先に判定者の名前を入れてください。"), 400)
        if version is None:
            abort(400, tr("版がありません。"))
        ahead = self.turns.ahead(item_id)
        if act in ("decide", "confirm") and self._retyped(item_id, person):
            return self.item(
                item_id,
                tr(
                    "この文字は、この画面で別の名前で判定しました。確認する人は「終了」を押し、"
                    "自分で画面を開き直してください。"
                ),
                400,
            )
        note = request.form.get("note", "").strip()[:500]
        try:
            if act == "decide":
                self.acts.decide(item_id, self._decision(person, note), version=version)
                g.clerk.decided[item_id] = person
            elif act == "confirm":
                self.acts.confirm(item_id, person, version=version)
            elif act == "comment":
                self.acts.comment(item_id, person, request.form.get("comment", "").strip()[:500])
                return redirect(url_for("item", item_id=item_id), 303)
            elif act in ("defer", "reject", "reopen"):
                getattr(self.acts, act)(item_id, person, note, version=version)
            else:
                abort(404)
        except Conflict:
            return self.item(item_id, self._conflict(item_id), 409)
        except GaijiError as error:
            return self.item(item_id, _japanese(error), 400)
        g.clerk.acted([(item_id, version + 1)], UNDO)
        if act == "reopen":
            return redirect(url_for("item", item_id=item_id), 303)
        self.turns.leases.done("item", item_id, person)
        to = self.turns.take(ahead, person)
        return redirect(url_for("item", item_id=to) if to else self.turns.listed(), 303)

    def _retyped(self, item_id: int, person: str) -> bool:
        """Whether the decision that stands was made in this session under another name."""
        found, made, here = self._item(item_id), self.acts.of(item_id), g.clerk.decided.get(item_id, "")
        if made is None or found.state not in STANDS or not here:
            return False
        return same_person(made.decided_by, here) and not same_person(here, person)

    def _decision(self, person: str, note: str, *, kind: str = "", glyph: str = "") -> Decision:
        kind = kind or request.form.get("kind", "")
        evidence = request.form.get("evidence", "").strip()[:200]
        guideline = request.form.get("guideline", "").strip()[:40]
        if guideline:
            cited = tr("文字包摂ガイドライン {number}", number=guideline)
            evidence = f"{evidence}　{cited}" if evidence else cited
        elif evidence:
            g.clerk.evidence = list(dict.fromkeys([evidence, *g.clerk.evidence]))[:OFFERED]
        glyph = "" if kind in NAMELESS else glyph or request.form.get("glyph", "").strip().upper()
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
        order = [i for i, _ in self.queue.order((OPEN,), verdict=SURE, sources=seen_sources())]
        items = list(self.queue.items(order[: 5 * ON_A_SHEET], sources=seen_sources()))
        found = suggest_all(self.queue, items, sources=seen_sources())
        pairs = [(i, best) for i in items if (best := _agreed(found[i.id]))][:ON_A_SHEET]
        return render_template(
            "sheet.html",
            pairs=pairs,
            left=len(order),
            message=message,
            progress=progress(self.acts),
            offered=g.clerk.evidence,
            undo=bool(g.clerk.undo),
        )

    def take(self) -> AnyResponse | tuple[str, int]:
        """Decide the codes that stayed checked on a sheet; those that somebody changed meanwhile are named
        and left. What the page did not show (``seen`` counts what it did) is neither taken nor doubted.
        """
        person = who_acts()
        if not person:
            return self.sheet(tr("先に判定者の名前を入れてください。")), 400
        done: list[tuple[int, int]] = []
        missed, taken = [], request.form.getlist("take")[:ON_A_SHEET]
        for given in taken:
            item_id, version, glyph = _parts(given)
            self._item(item_id)
            made = self._decision(person, "字形がほぼ確実な文字の一括判定", kind=KINDS[0], glyph=glyph)
            try:
                self.acts.decide(item_id, made, version=version)
                g.clerk.decided[item_id] = person
                done.append((item_id, version + 1))
            except Conflict:
                missed.append(self._item(item_id).code)
        if done:
            g.clerk.acted(done, UNDO)
        shown = request.form.getlist("shown")[:ON_A_SHEET] if "seen" in request.form else []
        doubted = [self._item(_parts(given)[0]).id for given in shown if given not in taken]
        self.queue.judge(dict.fromkeys(doubted, "likely"))  # a clerk doubts it: it is looked at alone
        if missed:
            return self.sheet(
                tr("ほかの人が先に判定したため保存しなかった文字：{missed}", missed="、".join(missed))
            ), 409
        return redirect(url_for("sheet"), 303)

    def undo(self) -> AnyResponse | tuple[str, int]:
        """Take back the last act of this session, each of its items on which nobody has acted since: what was
        decided before stands again."""
        person = who_acts()
        if not g.clerk.undo:
            return redirect(url_for("list"), 303)
        group, missed = g.clerk.undo.pop(), []
        for item_id, version in reversed(group):
            try:
                self.acts.undo(item_id, person, version=version)
                g.clerk.undone(item_id, version + 1)
            except Conflict:
                missed.append(item_id)
        if len(group) == 1:
            if missed:
                return self.item(missed[0], self._conflict(missed[0]), 409)
            return redirect(url_for("item", item_id=group[0][0]), 303)
        if missed:
            codes = "、".join(self._item(item_id).code for item_id in missed)
            return self.sheet(tr("後からほかの人が操作したため戻さなかった文字：{codes}", codes=codes)), 409
        return redirect(url_for("sheet"), 303)

    def who(self) -> AnyResponse:
        """Set the clerk's name for this session."""
        who_acts()
        back = request.form.get("back", "")
        if back == "sheet":
            return redirect(url_for("sheet"), 303)
        return redirect(url_for("item", item_id=int(back)) if back.isdecimal() else url_for("list"), 303)

    def end(self) -> tuple[str, int]:
        """End this session."""
        current_app.extensions["gaiji-end-session"]()
        return render_template("message.html", message=tr("終了しました。この画面を閉じてください。")), 200


def _agreed(candidates: Sequence[Candidate]) -> Shown | None:
    """The first candidate, when it is also the first by shape."""
    by_shape = [(score, c.glyph) for c in candidates for source, score, _ in c.parts if source == "shape"]
    if not by_shape or max(by_shape)[1] != candidates[0].glyph:
        return None
    return on_screen(candidates[:1])[0]


def _parts(given: str) -> tuple[int, int, str]:
    """Item, version and glyph of a check box."""
    item_id, version, glyph = (*given.split("-"), "", "", "")[:3]
    if not (item_id.isdecimal() and version.isdecimal()):
        abort(400, tr("画面が古くなっています。もう一度開いてください。"))
    return int(item_id), int(version), glyph


def _japanese(error: GaijiError) -> str:
    """What stops a decision, in the clerk's words."""
    words = {
        "E0002": tr("自分の判定を自分で確認することはできません。"),
        "E0003": tr("同定先の文字を選んでください。"),
        "E0004": tr("その名前の文字は一覧にありません。"),
        "E0005": tr("同定区分を選んでください。"),
        "E0006": tr("確認する判定がありません。"),
        "E0692": tr("この理由の文字は、人ごとに決めます。一覧から一人ずつ回答してください。"),
        "E0695": tr("該当なしのときは、その字がどこにあるか（典拠）を根拠に書いてください。"),
        "E0680": tr("別字にするときは、根拠を書いてください。"),
        "E0864": tr("後からほかの人が操作したので、取り消せません。"),
        "E0865": tr("コメントを書いてください。"),
        "E0858": tr("ほかの人の判定を確認したり戻したりできるのは、確認者と管理者です。"),
        "E0681": tr("二人の判定が分かれています。話し合い、「未判定に戻す」を押してから決めてください。"),
    }
    return words.get(error.number) or str(error)
