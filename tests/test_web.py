"""The review screen without a browser: who is let in, what each act does, what a conflict shows."""

from __future__ import annotations

import io
import re
import time

import pytest

from gaiji.model import Picture
from gaiji.queue.decisions import Decisions, verify_audit
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.review.web.app import create_app
from gaiji.shape.pictures import open_gallery, png

TOKEN = "a-token-of-the-test"
HOST = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8123", "HTTP_HOST": "127.0.0.1:8123"}


@pytest.fixture(autouse=True)
def filled(queue):
    queue.add(
        "a.dat",
        [
            Item(
                "JEF",
                f"80A{n}",
                "見本市",
                "unmapped-gaiji",
                {("氏名", "name"): 9 - n},
                [Sample(n, "7", "氏名", 1, "渡【〓】<b>")],
            )
            for n in range(1, 5)
        ],
    )


@pytest.fixture
def app(queue):
    return create_app(Decisions(queue), open_gallery(), TOKEN, idle=60)


@pytest.fixture
def clerk(app):
    return enter(app, "佐藤")


def enter(app, name):
    """A client that has come in by the token and given its name."""
    client = app.test_client()
    assert client.get(f"/?token={TOKEN}", environ_overrides=HOST).status_code == 303
    assert post(client, "/who", who=name).status_code == 303
    return client


def get(client, path, **headers):
    return client.get(path, environ_overrides=HOST, headers=headers)


def form_token(client):
    return re.search(r'name="form_token" value="([^"]+)"', get(client, "/").get_data(as_text=True))[1]


def post(client, path, headers=None, **form):
    form.setdefault("form_token", form_token(client))
    return client.post(path, data=form, environ_overrides=HOST, headers=headers or {})


def decide(client, item, glyph="MJ026191", kind="字形一致", **more):
    return post(client, f"/item/{item.id}/decide", version=item.version, glyph=glyph, kind=kind, **more)


def items(queue):
    return list(queue.items())


# -- who is let in ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/item/1", "/find?q=邉", "/glyph/MJ026191/96.png", "/static/review.js", "/?token=wrong"]
)
def test_nothing_is_shown_without_the_token(app, path):
    answer = get(app.test_client(), path)
    assert answer.status_code == 403
    assert "80A1" not in answer.get_data(as_text=True)


def test_the_token_opens_a_session_and_leaves_the_address(app):
    client = app.test_client()
    answer = get(client, f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert get(client, "/").status_code == 200


def test_a_name_rebound_to_this_machine_is_refused(clerk):
    for host in ("evil.example:8123", "127.0.0.1:9", "127.0.0.1.evil.example"):
        assert clerk.get("/", environ_overrides={**HOST, "HTTP_HOST": host}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({"Origin": "http://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({}, {"form_token": ""}),
        ({}, {"form_token": "guessed"}),
    ],
)
def test_a_change_comes_from_our_own_page(queue, clerk, headers, form):
    item = items(queue)[0]
    answer = post(
        clerk, f"/item/{item.id}/decide", headers, version=0, glyph="MJ026191", kind="字形一致", **form
    )
    assert answer.status_code == 403
    assert items(queue)[0].state == "open"


def test_changes_need_post(queue, clerk):
    assert get(clerk, f"/item/{items(queue)[0].id}/decide").status_code == 405


def test_an_idle_session_ends(app, monkeypatch):
    client = enter(app, "佐藤")
    later = time.time() + 61
    monkeypatch.setattr("gaiji.review.web.guard.time.time", lambda: later)
    assert get(client, "/").status_code == 403


def test_a_session_can_be_ended(app):
    client = enter(app, "佐藤")
    assert post(client, "/end").status_code == 200
    assert get(client, "/").status_code == 403


def test_pages_may_load_nothing_from_outside(queue, clerk):
    answer = get(clerk, f"/item/{items(queue)[0].id}")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    page = answer.get_data(as_text=True)
    assert not re.search(r"https?://", page)
    assert "<b>】" not in page and "&lt;b&gt;" in page
    assert not re.search(r"\son\w+=|<script>|style=", page)


# -- acts ---------------------------------------------------------------------------------------------


def test_a_decision_and_the_next_item(queue, clerk):
    first, second, *_ = items(queue)
    answer = decide(clerk, first, evidence="戸籍簿")
    assert answer.headers["Location"].endswith(f"/item/{second.id}")
    made = Decisions(queue).of(first.id)
    assert (made.glyph, made.kind, made.evidence, made.decided_by) == (
        "MJ026191",
        "字形一致",
        "戸籍簿",
        "佐藤",
    )
    assert "戸籍簿" in get(clerk, f"/item/{second.id}").get_data(
        as_text=True
    )  # the evidence stays for the next
    assert verify_audit(queue) == (1, "")


def test_somebody_elses_decision_is_shown_and_stays(queue, app, clerk):
    item, other = items(queue)[0], enter(app, "鈴木")
    assert decide(clerk, item).status_code == 303
    answer = decide(other, item, "MJ026192")
    assert answer.status_code == 409
    assert "MJ026191" in answer.get_data(as_text=True) and "佐藤" in answer.get_data(as_text=True)
    assert Decisions(queue).of(item.id).glyph == "MJ026191"


def test_two_people(queue):
    app = create_app(Decisions(queue, confirm="two-person"), open_gallery(), TOKEN, idle=60)
    first, second = enter(app, "佐藤"), enter(app, "鈴木")
    item = items(queue)[0]
    decide(first, item)
    assert "自分の判定" in post(first, f"/item/{item.id}/confirm", version=1).get_data(as_text=True)
    assert post(second, f"/item/{item.id}/confirm", version=1).status_code == 303
    assert queue.item(item.id).state == "confirmed"


def test_undo_takes_back_the_last_act(queue, clerk):
    first = items(queue)[0]
    decide(clerk, first)
    assert post(clerk, "/undo").headers["Location"].endswith(f"/item/{first.id}")
    assert queue.item(first.id).state == "open"
    assert verify_audit(queue) == (2, "")


def test_undo_does_not_take_back_what_another_clerk_did(queue, app, clerk):
    first = items(queue)[0]
    decide(clerk, first)
    other = enter(app, "鈴木")
    post(other, f"/item/{first.id}/reopen", version=1)
    decide(other, queue.item(first.id), "MJ026192")
    assert post(clerk, "/undo").status_code == 409
    assert Decisions(queue).of(first.id).glyph == "MJ026192"


@pytest.mark.parametrize(
    ("form", "says"),
    [({"glyph": ""}, "選んでください"), ({"glyph": "MJ999999"}, "ありません"), ({"kind": "似"}, "同定区分")],
)
def test_what_cannot_stand_is_said_in_japanese(queue, clerk, form, says):
    item = items(queue)[0]
    answer = decide(clerk, item, **form)
    assert answer.status_code == 400 and says in answer.get_data(as_text=True)
    assert queue.item(item.id).state == "open"


def test_nobody_decides_without_a_name(queue, app):
    client = enter(app, "")
    assert "名前" in decide(client, items(queue)[0]).get_data(as_text=True)
    assert items(queue)[0].state == "open"


def test_near_certain_ones_on_one_sheet(queue, app, clerk):
    one, two, three, four = items(queue)
    pictures = {i.code: [Picture(1, 1, b"\xff")] for i in (one, two, three)}
    queue.add_pictures("JEF", "見本市", pictures)
    ids = [i.id for i in items(queue)]
    shape = {
        one.id: [Proposal("MJ026191", 0.99, "")],
        two.id: [Proposal("MJ026192", 0.99, "")],
        three.id: [Proposal("MJ026193", 0.99, "")],
    }
    queue.propose("shape", shape, ids)
    queue.propose("dump", {three.id: [Proposal("MJ026191", 1.0, ""), Proposal("MJ026194", 0.5, "")]}, ids)
    queue.judge({one.id: "near-certain", two.id: "near-certain", three.id: "near-certain", four.id: "likely"})
    page = get(clerk, "/sheet").get_data(as_text=True)
    assert page.count('name="take"') == 3 and "MJ026193" in page and "残り <b>3</b>" in page
    shown = re.findall(r'name="shown" value="([^"]+)"', page)
    other = enter(app, "鈴木")
    decide(other, queue.item(two.id), "MJ026204")
    answer = post(clerk, "/sheet", shown=shown, take=shown[:2], evidence="外字台帳")
    assert answer.status_code == 409 and two.code in answer.get_data(as_text=True)
    assert {
        c.code: s
        for c in queue.items()
        if (s := Decisions(queue).of(c.id) and Decisions(queue).of(c.id).glyph)
    } == {one.code: "MJ026191", two.code: "MJ026204"}
    assert queue.item(three.id).verdict == "likely"  # unchecked: it is looked at alone
    assert post(clerk, "/sheet", take=["1-x-MJ026191"]).status_code == 400


def test_a_picture_finds_glyphs(clerk):
    from gaiji.shape.pictures import open_gallery

    gallery = open_gallery()
    if gallery.missing:
        pytest.skip("IPAmj 明朝 is not installed")
    data = {
        "form_token": form_token(clerk),
        "picture": (io.BytesIO(png(gallery.glyph("MJ026191", 96))), "a.png"),
    }
    answer = clerk.post("/compare", data=data, environ_overrides=HOST)
    assert 'data-name="MJ026191"' in answer.get_data(as_text=True).split("</label>")[0]
    data = {"form_token": form_token(clerk), "picture": (io.BytesIO(b"no picture"), "a.png")}
    assert clerk.post("/compare", data=data, environ_overrides=HOST).status_code == 400


def test_the_list_filters_and_shows_progress(queue, clerk):
    decide(clerk, items(queue)[0])
    page = get(clerk, "/?state=confirmed").get_data(as_text=True)
    assert page.count('class="go"') == 1 and "残り <b>3</b> / 4" in page
    assert get(clerk, "/?code=80A3").get_data(as_text=True).count('class="go"') == 1
    assert get(clerk, "/?page=99").status_code == 200


def test_search_and_forms(clerk):
    assert "MJ026190" in get(clerk, "/find?q=辶自穴口").get_data(as_text=True)
    assert get(clerk, "/forms/MJ026190").get_data(as_text=True).count("data-name") > 24
    assert get(clerk, "/forms/MJ999999").status_code == 404
    assert get(clerk, "/item/999").status_code == 404
    assert get(clerk, "/picture/1/48.png").status_code == 404
