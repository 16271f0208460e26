"""The review screen without a browser: who is let in, what each act does, what a conflict shows."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace

import pytest

from gaiji.errors import UsageError
from gaiji.model import Picture
from gaiji.queue.decisions import Decision, Decisions, audit_lines, verify_audit
from gaiji.queue.items import Item, Proposal, Sample
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.exchange import export
from gaiji.review.sheets.inquiry import export_inquiry
from gaiji.review.web.app import create_app
from gaiji.run.convert import convert
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
    assert client.get(f"/?open={TOKEN}", environ_overrides=HOST).status_code == 303
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
    "path", ["/", "/item/1", "/find?q=邉", "/glyph/MJ026191/96.png", "/static/review.js", "/?open=wrong"]
)
def test_nothing_is_shown_without_the_token(app, path):
    answer = get(app.test_client(), path)
    assert answer.status_code == 403
    assert "80A1" not in answer.get_data(as_text=True)


def test_the_token_opens_a_session_and_leaves_the_address(app):
    client = app.test_client()
    answer = get(client, f"/?open={TOKEN}")
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
    page = get(clerk, f"/item/{second.id}").get_data(as_text=True)
    assert (
        '<option value="戸籍簿">' in page and 'name="evidence" value=""' in page
    )  # offered, written nowhere
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


def test_the_name_in_the_field_acts_never_the_one_before(queue, clerk):
    first, second, third, _ = items(queue)
    decide(clerk, first, who="鈴木")
    assert Decisions(queue).of(first.id).decided_by == "鈴木"
    assert "名前" in decide(clerk, second, who=" ").get_data(as_text=True)
    assert decide(clerk, second).status_code == 400  # nor the one before that, when the field was emptied
    post(clerk, f"/item/{third.id}/defer", version=0, who="高橋", note="家族に聞く")
    assert [line["person"] for line in audit_lines(queue)] == ["鈴木", "高橋"]


@pytest.mark.parametrize("rule", ["one-person", "two-person"])
def test_a_second_answer_confirms_or_contests_and_replaces_nothing(queue, rule):
    app = create_app(Decisions(queue, confirm=rule), open_gallery(), TOKEN, idle=60)
    first, second = enter(app, "佐藤"), enter(app, "鈴木")
    one, two, *_ = items(queue)
    for item in (one, two):
        decide(first, item)
    assert decide(second, queue.item(one.id)).status_code == 303
    made = Decisions(queue).of(one.id)
    assert (made.decided_by, made.confirmed_by, queue.item(one.id).state) == ("佐藤", "鈴木", "confirmed")
    assert decide(second, queue.item(two.id), "MJ026192", note="点が一つ").status_code == 303
    made = Decisions(queue).of(two.id)
    assert (made.glyph, made.decided_by, queue.item(two.id).state) == ("MJ026191", "佐藤", "contested")
    page = get(first, f"/item/{two.id}").get_data(as_text=True)
    assert "MJ026192" in page and "鈴木：異なる判定" in page and "点が一つ" in page
    for client, glyph in ((first, "MJ026191"), (second, "MJ026192"), (second, "MJ026191")):
        assert "分かれて" in decide(client, queue.item(two.id), glyph).get_data(as_text=True)
    assert post(first, f"/item/{two.id}/confirm", version=2).status_code == 400
    assert post(first, f"/item/{two.id}/reopen", version=2).status_code == 303
    assert decide(first, queue.item(two.id), "MJ026192").status_code == 303
    assert Decisions(queue).of(two.id).glyph == "MJ026192" and verify_audit(queue)[1] == ""


@pytest.mark.parametrize("name", ["佐 藤", "佐藤　", "鈴木"])
def test_nobody_confirms_their_own_decision_under_another_name(queue, name):
    app = create_app(Decisions(queue, confirm="two-person"), open_gallery(), TOKEN, idle=60)
    clerk, item = enter(app, "佐藤"), items(queue)[0]
    decide(clerk, item)
    assert post(clerk, f"/item/{item.id}/confirm", version=1, who=name).status_code == 400
    decide(clerk, queue.item(item.id), who=name)
    made = Decisions(queue).of(item.id)
    assert queue.item(item.id).state == "proposed" and made.confirmed_by == ""


def test_a_retyped_name_is_the_same_person_in_the_library_too(queue):
    acts, item = Decisions(queue, confirm="two-person"), items(queue)[0]
    acts.decide(item.id, Decision("字形一致", "MJ026191", decided_by="ｻﾄｳ A"))
    for name in ("サトウA", "サトウ　ａ", " ｻﾄｳ A "):
        with pytest.raises(UsageError, match="their own"):
            acts.confirm(item.id, name)


def test_another_character_needs_its_evidence(queue, clerk):
    item = items(queue)[0]
    answer = decide(clerk, item, kind="別字", note="申出あり")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400 and "根拠を書いて" in page and 'value="申出あり"' in page
    assert queue.item(item.id).state == "open"
    assert decide(clerk, item, kind="別字", evidence="申出書").status_code == 303


@pytest.mark.parametrize(("act", "state"), [("defer", "保留"), ("reject", "対象外")])
def test_a_note_stays_with_what_is_put_off_or_left_out(queue, clerk, act, state, tmp_path):
    item = items(queue)[0]
    post(clerk, f"/item/{item.id}/{act}", version=0, note="母方の戸籍を待つ", evidence="")
    for page in (f"/item/{item.id}", "/"):
        assert "母方の戸籍を待つ" in get(clerk, page).get_data(as_text=True)
    export(queue, tmp_path / "sheet.csv")
    assert f"{state}：母方の戸籍を待つ" in (tmp_path / "sheet.csv").read_text("utf-8-sig")


def test_a_character_of_no_list_is_asked_about_without_a_name(queue, clerk, tmp_path):
    item, other, *_ = items(queue)
    answer = decide(clerk, item, kind="該当なし", note="佐藤さんの字")
    assert answer.status_code == 400 and "典拠" in answer.get_data(as_text=True)
    assert (
        decide(clerk, item, kind="該当なし", evidence="戸籍簿 昭和20年", note="佐藤さんの字").status_code
        == 303
    )
    assert queue.item(item.id).state == "inquiry" and Decisions(queue).of(item.id).glyph == ""
    assert Decisions(queue).status()["inquiry"]["items"] == 1
    queue.add_pictures("JEF", "見本市", {item.code: [Picture(1, 1, b"\xff")]})
    for name in ("i.html", "i.csv"):
        assert export_inquiry(queue, tmp_path / name) == 1
        text = (tmp_path / name).read_text("utf-8-sig")
        assert (
            item.code in text
            and "戸籍簿 昭和20年" in text
            and str(item.people) in text
            and other.code not in text
        )
        assert not re.search("佐藤|渡|〓", text) and ("data:image/png" in text) == (name == "i.html")
    assert queue.add("a.dat", [replace(found) for found in items(queue)]) == 4  # it waits
    second = post(clerk, f"/item/{item.id}/reopen", version=1, who="鈴木")
    assert second.status_code == 303 and queue.item(item.id).state == "open"
    assert verify_audit(queue)[1] == ""


def test_what_a_sheet_did_not_show_is_neither_taken_nor_doubted(queue, clerk):
    one, two, *_ = items(queue)
    queue.judge({one.id: "near-certain", two.id: "near-certain"})
    names = [f"{i.id}-{i.version}-MJ026191" for i in (one, two)]
    post(clerk, "/sheet", shown=names, take=names[:1])  # a browser without scripts: only what was ticked
    assert [queue.item(i.id).verdict for i in (one, two)] == ["near-certain"] * 2
    assert [queue.item(i.id).state for i in (one, two)] == ["confirmed", "open"]


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
    answer = post(clerk, "/sheet", shown=shown, seen=1, take=shown[:2], evidence="外字台帳")
    assert answer.status_code == 409 and two.code in answer.get_data(as_text=True)
    assert {
        c.code: s
        for c in queue.items()
        if (s := Decisions(queue).of(c.id) and Decisions(queue).of(c.id).glyph)
    } == {one.code: "MJ026191", two.code: "MJ026204"}
    assert queue.item(three.id).verdict == "likely"  # unchecked: it is looked at alone
    assert post(clerk, "/sheet", take=["1-x-MJ026191"]).status_code == 400


def test_a_picture_finds_glyphs(clerk, draw_mj_font, tmp_path, monkeypatch):
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    draw_mj_font([f"MJ{number:06}" for number in range(26170, 26210)])
    picture = open_gallery().glyph("MJ026191", 96)
    data = {"form_token": form_token(clerk), "picture": (io.BytesIO(png(picture)), "a.png")}
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


# -- what tells two candidates apart ------------------------------------------------------------------


def pictured(queue, name="MJ026191"):
    """The first item, with the picture of a glyph as its 外字 and two candidates of given shares."""
    item = items(queue)[0]
    queue.add_pictures("JEF", "見本市", {item.code: [open_gallery().glyph(name, 32)]})
    return items(queue)[0]


@pytest.mark.parametrize(
    ("shares", "said"),
    [((0.5, 0.45), "候補1から2まで"), ((0.5, 0.45, 0.4), "候補1から3まで"), ((0.9, 0.05), "")],
)
def test_close_candidates_ask_for_the_look_that_decides(queue, app, draw_mj_font, shares, said):
    names = ["MJ026191", "MJ026190", "MJ026192"]
    draw_mj_font(names)
    item = pictured(queue)
    proposed = [Proposal(name, share, "近い") for name, share in zip(names, shares, strict=False)]
    queue.propose("shape", {item.id: proposed}, [item.id])
    clerk = enter(create_app(Decisions(queue), open_gallery(), TOKEN, idle=60), "佐藤")
    page = get(clerk, f"/item/{item.id}").get_data(as_text=True)
    assert ("差はわずか" in page) == bool(said) and said in page
    assert ("MJ026191 と MJ026190 の違い" in page) == bool(said)
    look = get(clerk, f"/look/{item.id}/MJ026191?with=MJ026190").get_data(as_text=True)
    assert "MJ026191 と MJ026190 の違い" in look
    assert "JIS X 0213 の同じ面区点（1-78-21、包摂区分 0・0）" in look
    assert "民一2842号通達 誤字俗字・正字一覧表（無印）：MJ026191 → MJ026190" in look
    assert 'title="字形の比較 ' in page  # the whole reason


def test_a_glyph_is_shown_on_the_picture_in_layers(queue, draw_mj_font):
    draw_mj_font(["MJ026191", "MJ026190"])
    item = pictured(queue)
    clerk = enter(create_app(Decisions(queue), open_gallery(), TOKEN, idle=60), "佐藤")
    address = f"/overlay/{item.id}/MJ026190.png?with=MJ026191"
    shown = {layer: get(clerk, f"{address}&layer={layer}").data for layer in ("both", "own", "glyph")}
    assert len(set(shown.values())) == 3 and all(data[:4] == b"\x89PNG" for data in shown.values())
    assert get(clerk, address).data == shown["both"]
    for wrong in (
        f"{address}&layer=x",
        f"/overlay/{item.id}/MJ999999.png",
        f"/overlay/{item.id}/MJ026192.png",
    ):
        assert get(clerk, wrong).status_code == 404
    look = get(clerk, f"/look/{item.id}/MJ026190?with=MJ026191")
    assert look.status_code == 200 and "差はわずか" not in look.get_data(as_text=True)
    assert get(clerk, f"/look/{item.id}/MJ026190").status_code == 404
    assert get(clerk, f"/look/{item.id}/MJ026190?with=x").status_code == 404


def test_a_guideline_is_cited_by_its_number(queue, clerk):
    one, two, *_ = items(queue)
    decide(clerk, one, kind="デザイン差", evidence="戸籍簿", guideline=" 12-3 ")
    decide(clerk, two, kind="デザイン差", guideline="7")
    made = Decisions(queue).of(one.id), Decisions(queue).of(two.id)
    assert [one.evidence for one in made] == ["戸籍簿　文字包摂ガイドライン 12-3", "文字包摂ガイドライン 7"]


def test_the_tables_say_whether_two_glyphs_are_one_form():
    from gaiji.review.evidence.official import one_form

    verdicts = {
        ("MJ025760", "MJ025761"): "公開の表では、一つの字体です。",  # 辻, one 面区点 of JIS
        ("MJ008866", "MJ008851"): "公開の表では、別の字体です。",  # 國, 国
        ("MJ026190", "MJ026191"): "表によって扱いが違います。",  # one 面区点, but a 正字 and not
        ("MJ026202", "MJ026205"): "一つの字体かどうかは、公開の表に書かれていません。",
        ("MJ026202", "MJ026202"): "一つの字体かどうかは、公開の表に書かれていません。",
    }
    for (one, other), said in verdicts.items():
        assert one_form(one, other).verdict == one_form(other, one).verdict == said
    assert one_form("MJ026202", "MJ999999").lines == ()


def test_hits_are_counted_and_those_most_like_the_gaiji_come_first(
    queue, draw_mj_font, tmp_path, monkeypatch
):
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    draw_mj_font([f"MJ{number:06}" for number in range(26170, 26260)])
    item = pictured(queue, "MJ026205")
    app = create_app(Decisions(queue), open_gallery(), TOKEN, idle=60)
    clerk = enter(app, "佐藤")
    first = get(clerk, f"/find?q=辵部&item={item.id}").get_data(as_text=True)
    total = int(re.search(r"(\d+) のうち 60 を表示", first)[1])
    assert total > 600 and first.count("data-name") == 60 and "部品の少ない順" in first
    from gaiji.shape import load_index

    load_index()
    app.extensions["gaiji-warm"].make_ready()
    alike = get(clerk, f"/find?q=辵部&item={item.id}").get_data(as_text=True)
    names = re.findall(r'data-name="(\w+)"', alike)
    assert names[0] == "MJ026205" and "外字に似ている順" in alike and f"{total} のうち 60 を表示" in alike
    more = get(clerk, f"/find?q=辵部&item={item.id}&most=120").get_data(as_text=True)
    assert re.findall(r'data-name="(\w+)"', more)[:60] == names and more.count("data-name") == 120
    for odd in ("most=-1", "most=9999999", "most=x", "item=x", "item=999"):
        assert get(clerk, f"/find?q=辵部&{odd}").status_code == 200
    assert "のうち" not in get(clerk, "/find?q=xyz").get_data(as_text=True)


@pytest.mark.parametrize("typed", ["80A3", "８０Ａ３", "jef 80a3", "ＪＥＦ：８０Ａ３", "0x80A3"])
def test_the_list_finds_an_old_code_however_it_is_typed(clerk, typed):
    assert get(clerk, f"/?code={typed}").get_data(as_text=True).count('class="go"') == 1


# -- the people of a code, the data of a glyph --------------------------------------------------------


@pytest.fixture
def register(tmp_path):
    """A job with made-up people, converted: two of them hold the 外字, one in two fields; context as given."""

    def make(context="field", household="世帯番号"):
        rows = [
            ("3", "渡\ue000 花子", "ワタナベ ハナコ", "19700203", "見本市一丁目", "77", "123456789018"),
            ("1", "渡\ue000 太郎", "ワタナベ タロウ", "19690102", "見本市一丁目", "77", ""),
            ("2", "佐藤 次郎", "サトウ ジロウ", "19800101", "見本市二丁目", "78", ""),
            ("4", "山\ue000 三郎", "", "19500101", "見本市\ue000町", "79", ""),
        ]
        head = "宛名番号,氏名,フリガナ,生年月日,住所,世帯番号,メモ"
        text = "\r\n".join([head, *(",".join(row) for row in rows)]) + "\r\n"
        (tmp_path / "a.csv").write_bytes(text.encode("utf-8"))
        (tmp_path / "job.toml").write_text(
            f"""[source]
path = "a.csv"
charset = "unicode-utf8"
format = "csv"

[output]
path = "out/a.csv"

[review]
key = "宛名番号"
context = "{context}"
household = "{household}"
""",
            "utf-8",
        )
        convert(tmp_path / "job.toml")
        return tmp_path / "out" / "review.sqlite"

    return make


def people_page(where):
    opened = open_queue(where)
    try:
        item = next(item for item in opened.items() if item.code.endswith("E000"))
        clerk = enter(create_app(Decisions(opened), open_gallery(), TOKEN, idle=60), "佐藤")
        answer = get(clerk, f"/people/{item.id}")
        return answer.status_code, answer.get_data(as_text=True)
    finally:
        opened.close()


def test_all_people_of_a_code_in_the_order_of_their_readings(register):
    status, page = people_page(register())
    keys = re.findall(r'<td class="n">\d+</td><td>(\d+)</td>', page)
    assert status == 200 and keys == ["1", "3", "4"]  # タロウ, ハナコ, without a reading last
    for told in ("ワタナベ タロウ", "19690102", "見本市一丁目", ">77<", "渡【〓】 太郎", "氏名、住所"):
        assert told in page
    assert "サトウ" not in page and "123456789018" not in page and "3人" in page


@pytest.mark.parametrize(("context", "shown"), [("glyph-only", "【〓】"), ("none", "")])
def test_a_list_of_people_tells_what_the_context_allows(register, context, shown):
    status, page = people_page(register(context))
    assert status == 200 and re.findall(r'<td class="n">\d+</td><td>(\d+)</td>', page) == ["1", "3", "4"]
    for kept in ("ワタナベ", "太郎", "1969", "見本市一丁目", ">77<"):
        assert kept not in page
    assert ("【〓】" in page) == bool(shown)


def test_a_list_of_people_says_when_the_dump_cannot_be_read(register, tmp_path):
    where = register()
    (tmp_path / "a.csv").unlink()
    status, page = people_page(where)
    assert status == 400 and "E0820" in page and "a.csv" in page


def test_what_the_lists_have_of_a_glyph(clerk):
    page = get(clerk, "/facts/MJ028902").get_data(as_text=True)
    told = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))
    assert told["総画数"] == "11" and told["部首"] == "189（高）0画" and "たかい" in told["読み"]
    assert told["戸籍統一文字番号"] == "513280" and told["住基ネット統一文字"] == "J+9AD9"
    assert told["大漢和"] == "45314" and told["JIS X 0213"] == "1-25-66（包摂区分 2）"
    assert told["通達・告示"] == "戸籍統一文字情報 親字・正字 → 高"
    assert told["縮退"].startswith("高（JIS包摂規準・UCS統合規則")
    slang = get(clerk, "/facts/MJ032932").get_data(as_text=True)
    assert "誤字俗字・正字一覧表（俗字） → 土" in slang
    assert get(clerk, "/facts/MJ999999").status_code == 404


def test_the_step_after_the_address_is_let_in_once(app):
    """Without the session's own cookie, which a browser holds back after a link on another site."""
    one = app.test_client()
    answer = one.get(f"/?open={TOKEN}", environ_overrides=HOST)
    cookies = {c.partition("=")[0]: c for c in answer.headers.getlist("Set-Cookie")}
    assert "SameSite=Strict" in cookies["gaiji_review"] and "HttpOnly" in cookies["gaiji_review"]
    assert "SameSite=Lax" in cookies["gaiji_enter"] and "HttpOnly" in cookies["gaiji_enter"]
    assert TOKEN not in answer.headers["Location"]
    way_in = cookies["gaiji_enter"].partition(";")[0]

    def stranger(method="get", path="/"):
        ask = getattr(app.test_client(use_cookies=False), method)
        return ask(path, environ_overrides=HOST | {"HTTP_COOKIE": way_in}).status_code

    assert stranger("post", "/who") == 403  # nothing is changed by it
    assert stranger() == 200
    assert stranger() == 403  # once


def test_who_ended_the_session_is_not_let_in_again(app):
    client = app.test_client()
    assert get(client, f"/?open={TOKEN}").status_code == 303
    assert client.get_cookie("gaiji_enter", domain="127.0.0.1") is not None
    assert post(client, "/end").status_code == 200
    assert get(client, "/").status_code == 403
