"""Accounts at the review screen: who comes in, what each may see and do, what is written down, and what a lock keeps."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import QueueError, UsageError
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import Decision, Decisions, audit_lines, verify_audit
from gaiji.queue.items import Item, Proposal, Sample, Source
from gaiji.queue.places import Place, Places
from gaiji.queue.queue import open_queue
from gaiji.queue.schema import account, viewed
from gaiji.queue.viewing import verify_views, views
from gaiji.review.sheets.exchange import export
from gaiji.review.sheets.taking import take
from gaiji.review.web.app import create_app
from gaiji.shape.pictures import open_gallery

HOST = {"SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8123", "HTTP_HOST": "127.0.0.1:8123"}
WORD = "長い合言葉 one two"
THIRD = Path(__file__).with_name("queue-third.sql")
JUKI = Source("juki.dat", "juki.toml", "見本市", "住記", "out/juki.csv", "aa" * 32)
TAX = Source("zei.dat", "zei.toml", "見本市", "税", "out/zei.csv", "bb" * 32)
PEOPLE = {
    "佐藤": ("clerk", ["住記"]),
    "鈴木": ("checker", []),
    "高橋": ("manager", []),
    "田中": ("clerk", ["税"]),
}


def item(source, code, name, key, **more):
    """A code with one sample of a made-up person."""
    sample = Sample(int(key), key, "氏名", 1, f"{name}【〓】")
    reason = more.pop("reason", "unmapped-gaiji")
    return Item(
        "JEF",
        code,
        source.site,
        reason,
        {("氏名", "name"): 1},
        [sample],
        gaiji_set=more.pop("of", source.gaiji_set),
    )


@pytest.fixture(autouse=True)
def filled(queue):
    """Two systems, a code that both have, and a place that each has."""
    queue.add(
        JUKI,
        [
            item(JUKI, "80A1", "渡", "11"),
            item(JUKI, "80B1", "共", "12", of=""),
            item(JUKI, "FFFF", "失", "13", of="", reason="already-lost"),
        ],
    )
    queue.add(
        TAX,
        [
            item(TAX, "80A2", "税", "21"),
            item(TAX, "80B1", "秘", "22", of=""),
            item(TAX, "FFFF", "密", "23", of="", reason="already-lost"),
        ],
    )
    for source, key, old in ((JUKI, "13", "失"), (TAX, "23", "密")):
        where = ("JEF", "FFFF", "見本市", "", "already-lost")
        Places(Decisions(queue)).listed(
            source, {where: [Place(int(key), "番号", key, "氏名", 0, "◎", f"{old}【◎】")]}
        )
    both = next(i.id for i in queue.items() if i.code == "80B1")
    for source, why in ((JUKI, "共子の例"), (TAX, "秘子の例")):
        queue.propose("dump", {both: [Proposal("MJ026191", 0.9, why)]}, [both], origin=source)


@pytest.fixture
def people(queue):
    accounts = Accounts(queue)
    for name, (role, systems) in PEOPLE.items():
        accounts.add(name, role, f"{WORD} {name}", systems=systems)
    return accounts


@pytest.fixture
def app(queue, people):
    return create_app(Decisions(queue, confirm="two-person"), open_gallery(), "token", idle=60)


def get(client, path, **headers):
    return client.get(path, environ_overrides=HOST, headers=headers)


def text(client, path):
    return get(client, path).get_data(as_text=True)


def sign_in(client, name, word="", kept=""):
    form = {"name": name, "password": word or f"{WORD} {name}", "kept": kept}
    return client.post("/signin", data=form, environ_overrides=HOST)


def enter(app, name):
    client = app.test_client()
    assert sign_in(client, name).status_code == 303
    return client


def post(client, path, **form):
    if "form_token" not in form:
        token = re.search(r'name="form_token" value="([^"]+)"', text(client, "/"))
        form["form_token"] = token[1] if token else ""
    return client.post(path, data=form, environ_overrides=HOST)


def by_code(queue, code):
    return next(i for i in queue.items() if i.code == code)


def decide(client, found, glyph="MJ026191", **more):
    return post(
        client, f"/item/{found.id}/decide", version=found.version, glyph=glyph, kind="字形一致", **more
    )


# -- coming in ----------------------------------------------------------------------------------------


def test_with_accounts_the_printed_address_opens_nothing(app, queue):
    stranger = app.test_client()
    for path in (
        "/",
        "/?open=token",
        f"/item/{by_code(queue, '80A1').id}",
        "/find?q=邉",
        "/sheet",
        "/picture/1/48.png",
    ):
        answer = get(stranger, path)
        assert answer.status_code == 401 and "80A1" not in answer.get_data(as_text=True), path
    assert sign_in(stranger, "佐藤", "a wrong password").status_code == 401
    assert sign_in(stranger, "誰か", f"{WORD} 佐藤").status_code == 401
    answer = sign_in(stranger, "佐 藤", f"{WORD} 佐藤")  # the same person, written otherwise
    assert answer.status_code == 303 and "HttpOnly" in answer.headers["Set-Cookie"]
    assert "佐藤（担当者）" in text(stranger, "/")
    assert 'id="who"' not in text(stranger, "/")


def test_a_session_of_the_time_without_accounts_ends_with_the_first_account(queue):
    app = create_app(Decisions(queue), open_gallery(), "token", idle=60)
    client = app.test_client()
    get(client, "/?open=token")
    assert get(client, "/").status_code == 200
    Accounts(queue).add("佐藤", "clerk", WORD)
    assert get(client, "/").status_code == 401 and get(client, "/?open=token").status_code == 401
    Accounts(queue).remove("佐藤")
    assert get(client, "/?open=token").status_code == 303


@pytest.mark.parametrize("change", ["remove", "passwd"])
def test_a_session_ends_with_its_account_or_password(app, people, change):
    client = enter(app, "佐藤")
    people.passwd("佐藤", WORD + "新") if change == "passwd" else people.remove("佐藤")
    assert get(client, "/").status_code == 401


def test_who_guesses_must_wait(app, monkeypatch):
    client = app.test_client()
    for _ in range(5):
        assert sign_in(client, "佐藤", "a guess of mine").status_code == 401
    assert sign_in(client, "佐藤").status_code == 429
    assert sign_in(client, "鈴木").status_code == 303
    now = time.time()
    monkeypatch.setattr("gaiji.review.web.seats.time.time", lambda: now + 400)
    assert sign_in(client, "佐藤").status_code == 303


def test_another_spelling_of_a_name_and_names_of_nobody_are_no_new_chance(app, monkeypatch):
    now = time.time()
    monkeypatch.setattr("gaiji.review.web.seats.time.time", lambda: now)  # the wait is not over meanwhile
    monkeypatch.setattr("gaiji.review.web.seats.MANY", 3)
    client = app.test_client()
    for name in ("佐藤", "佐 藤", "　佐藤", "佐　藤", "佐藤 "):
        assert sign_in(client, name, "a guess of mine").status_code == 401
    for number in range(12):
        sign_in(client, f"nobody {number}", "a guess of mine")
    for name in ("佐藤", "佐  藤"):
        assert sign_in(client, name).status_code == 429


def test_another_site_signs_nobody_in(app):
    form = {"name": "佐藤", "password": f"{WORD} 佐藤"}
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = app.test_client().post("/signin", data=form, environ_overrides=HOST, headers=headers)
        assert answer.status_code == 403


def test_passwords_cannot_be_read(queue, people):
    with queue.reading() as connection:
        rows = connection.execute(sa.select(account)).all()
    assert len({row.secret for row in rows}) == len(PEOPLE)
    everything = repr(rows) + json.dumps(list(audit_lines(queue)), ensure_ascii=False)
    assert WORD not in everything and all(row.secret.startswith("scrypt:") for row in rows)
    assert not any(row.secret in json.dumps(list(audit_lines(queue))) for row in rows)


@pytest.mark.parametrize(
    ("name", "role", "word", "number"),
    [("佐藤", "clerk", WORD, "E0850"), ("佐　藤", "clerk", WORD, "E0850"), ("", "clerk", WORD, "E0852"), ("a" * 61, "clerk", WORD, "E0852"),
     ("a\nb", "clerk", WORD, ""), ("新", "boss", WORD, "E0853"), ("新", "clerk", "short", "E0855"), ("Gaiji", "clerk", WORD, "E0852")],
)  # fmt: skip
def test_accounts_that_cannot_be(people, name, role, word, number):
    if not number:  # a line break is a blank of a name
        people.add(name, role, word)
        assert "a b" in people.all()
        return
    with pytest.raises(UsageError) as error:
        people.add(name, role, word)
    assert error.value.number == number
    assert set(people.all()) == set(PEOPLE)


# -- what each may see --------------------------------------------------------------------------------


def test_tax_is_secret_to_residents(app, queue):
    client, secret = enter(app, "佐藤"), ("税", "秘", "密", "80A2")
    tax, both, lost = (by_code(queue, code) for code in ("80A2", "80B1", "FFFF"))
    places = {p.record_key: p.id for p in Places(Decisions(queue)).of(lost.id)}
    pages = {
        path: text(client, path)
        for path in ("/", f"/item/{both.id}", f"/item/{lost.id}", f"/place/{places['13']}")
    }
    for path, page in pages.items():
        assert not any(word in page for word in secret), path
    assert (
        "共【〓】" in pages["/"]
        and "共子の例" in pages[f"/item/{both.id}"]
        and "1人（1件）" in pages[f"/item/{both.id}"]
    )
    for path in (f"/item/{tax.id}", f"/place/{places['23']}", f"/picture/{tax.id}/48.png"):
        assert get(client, path).status_code == 404, path
    assert decide(client, tax).status_code == 404
    assert post(client, f"/place/{places['23']}/deferred", version=0).status_code == 404
    assert post(client, "/sheet", take=[f"{tax.id}-0-MJ026191"]).status_code == 404
    assert by_code(queue, "80A2").state == "open"
    whole = enter(app, "高橋")
    assert all(word in text(whole, "/") for word in ("渡", "税")) and "秘" in text(whole, f"/item/{both.id}")


def test_who_saw_whom_is_written_down_without_a_name(app, queue):
    both = by_code(queue, "80B1")
    text(enter(app, "佐藤"), f"/item/{both.id}")
    text(enter(app, "田中"), f"/item/{both.id}")
    text(enter(app, "田中"), "/")
    assert [(v.person, v.page) for v in views(queue, key="22")] == [("田中", "item"), ("田中", "list")]
    assert [v.records for v in views(queue, person="佐藤") if v.page == "item"] == [((JUKI.id, 12),)]
    with queue.reading() as connection:
        kept = repr(connection.execute(sa.select(viewed)).all())
    assert not any(word in kept for word in ("共", "秘", "渡", "【"))
    assert verify_views(queue) == (3, "")
    with queue.writing() as connection:
        connection.execute(viewed.update().where(viewed.c.number == 2).values(person="佐藤"))
    assert verify_views(queue)[1]


# -- two people -----------------------------------------------------------------------------------------


def test_two_people_are_two_accounts(app, queue):
    found = by_code(queue, "80A1")
    clerk = enter(app, "佐藤")
    assert decide(clerk, found, who="鈴木").status_code == 303  # a name in the form is nobody's
    assert Decisions(queue).of(found.id).decided_by == "佐藤"
    version = by_code(queue, "80A1").version
    assert post(clerk, "/who", who="鈴木").status_code == 303
    for who, says in (("佐藤", "自分の判定"), ("鈴木", "自分の判定")):
        answer = post(clerk, f"/item/{found.id}/confirm", version=version, who=who)
        assert answer.status_code == 400 and says in answer.get_data(as_text=True)
    assert by_code(queue, "80A1").state == "proposed"
    checker = enter(app, "鈴木")
    assert post(checker, f"/item/{found.id}/confirm", version=version).status_code == 303
    made = Decisions(queue).of(found.id)
    assert (made.decided_by, made.confirmed_by) == ("佐藤", "鈴木")
    assert post(clerk, f"/item/{found.id}/reopen", version=version + 1).status_code == 303  # their own
    assert verify_audit(queue)[1] == ""


def test_a_clerk_does_not_act_on_what_another_decided(app, queue):
    both = by_code(queue, "80B1")
    decide(enter(app, "佐藤"), both)
    other, version = enter(app, "田中"), by_code(queue, "80B1").version
    for path, form in (
        ("confirm", {}),
        ("reopen", {}),
        ("decide", {"glyph": "MJ026191", "kind": "字形一致"}),
        ("decide", {"glyph": "MJ026192", "kind": "字形一致"}),
    ):
        answer = post(other, f"/item/{both.id}/{path}", version=version, **form)
        assert answer.status_code == 400 and "確認者" in answer.get_data(as_text=True), path
    assert by_code(queue, "80B1").state == "proposed" and 'id="confirm"' not in text(
        other, f"/item/{both.id}"
    )


def test_nobody_acts_without_signing_in(queue, people, tmp_path):
    found, made = by_code(queue, "80A1"), Decision("字形一致", "MJ026191", decided_by="佐藤")
    for acts in (Decisions(queue), Decisions(queue, signed=True, only="鈴木")):
        with pytest.raises(UsageError) as error:
            acts.decide(found.id, made)
        assert error.value.number in ("E0856", "E0857")
    with pytest.raises(UsageError):
        Places(Decisions(queue)).answer(1, "佐藤", "unrestorable")
    Decisions(queue, signed=True).decide(found.id, made)
    assert by_code(queue, "80A1").state == "confirmed" and verify_audit(queue)[1] == ""


def test_a_sheet_is_brought_by_who_signed_in(queue, people, tmp_path):
    path = tmp_path / "sheet.csv"
    export(queue, path, "csv")
    head, *rows = path.read_text("utf-8-sig").splitlines()
    at = {name: n for n, name in enumerate(head.split(","))}
    cells = next(row for row in rows if ",80A1," in row).split(",")
    for name, value in (("同定先", "MJ026191"), ("同定区分", "字形一致"), ("判定者", "佐藤")):
        cells[at[name]] = value
    path.write_text("\n".join([head, ",".join(cells)]) + "\n", "utf-8-sig")
    for user in ("", "鈴木"):
        with pytest.raises(QueueError, match="E0856" if not user else "E0857"):
            take(queue, path, user=user)
        assert by_code(queue, "80A1").state == "open"
    assert take(queue, path, user="佐藤").decided == 1


# -- the lock -------------------------------------------------------------------------------------------


def test_a_lock_keeps_what_was_written(app, queue, monkeypatch):
    client, found, now = enter(app, "佐藤"), by_code(queue, "80A1"), time.time()
    monkeypatch.setattr("gaiji.review.web.seats.time.time", lambda: now + 61)
    answer = decide(client, found, evidence="戸籍簿 第3冊", note="要確認")
    page = answer.get_data(as_text=True)
    assert (
        answer.status_code == 401
        and "ロック" in page
        and "渡" not in page
        and by_code(queue, "80A1").state == "open"
    )
    kept = re.search(r'name="kept" value="([^"]*)"', page)[1].replace("&#34;", '"')
    assert get(client, "/").status_code == 401
    answer = sign_in(client, "佐藤", kept=kept)
    assert answer.headers["Location"] == f"/item/{found.id}"
    page = text(client, f"/item/{found.id}")
    assert "戸籍簿 第3冊" in page and "要確認" in page and "まだ保存していません" in page
    assert "戸籍簿 第3冊" not in text(client, f"/item/{found.id}")  # once


def test_what_somebody_wrote_is_nobody_elses(app, queue, monkeypatch):
    client, found, now = enter(app, "佐藤"), by_code(queue, "80B1"), time.time()
    monkeypatch.setattr("gaiji.review.web.seats.time.time", lambda: now + 61)
    page = decide(client, found, evidence="佐藤の根拠").get_data(as_text=True)
    kept = re.search(r'name="kept" value="([^"]*)"', page)[1].replace("&#34;", '"')
    assert sign_in(client, "鈴木", kept=kept).status_code == 303
    assert "佐藤の根拠" not in text(client, f"/item/{found.id}")


@pytest.mark.parametrize(
    "kept",
    [
        '["https://evil.example/", {}]',
        '["//evil.example", {}]',
        "[",
        "[1,2]",
        '["/item/1\\n/x", {}]',
        "null",
        "{}",
    ],
)
def test_what_is_kept_leads_nowhere_else(app, kept):
    assert sign_in(app.test_client(), "佐藤", kept=kept).headers["Location"] == "/"


def test_a_seat_can_be_locked_and_says_so(app, queue):
    client = enter(app, "佐藤")
    assert json.loads(text(client, "/alive")) | {"form": ""} == {"state": "here", "form": ""}
    assert post(client, "/lock", back="/sheet").status_code == 401
    assert json.loads(text(client, "/alive")) == {"state": "locked", "form": ""}
    assert json.loads(text(app.test_client(), "/alive"))["state"] == "ended"


# -- older queues, and the command line -----------------------------------------------------------------


def test_a_queue_of_the_third_schema_is_brought_along(tmp_path):
    made = sqlite3.connect(tmp_path / "q.sqlite")
    made.executescript(THIRD.read_text("utf-8"))
    made.close()
    queue = open_queue(tmp_path / "q.sqlite")
    found = {i.code: i for i in queue.items()}
    assert {code: i.state for code, i in found.items()} == {
        "80A1": "confirmed",
        "80A2": "deferred",
        "FFFF": "open",
    }
    assert (
        Decisions(queue).of(found["80A1"].id).confirmed_by == "鈴木"
        and found["80A1"].samples[0].text == "渡【〓】"
    )
    assert Places(Decisions(queue)).place(1).new == "髙" and verify_audit(queue) == (4, "")
    Accounts(queue).add("佐藤", "clerk", WORD, systems=["住記"])
    assert verify_audit(queue) == (5, "") and verify_views(queue) == (0, "")
    queue.close()


def test_commands(tmp_path, monkeypatch):
    queue, word = tmp_path / "q.sqlite", tmp_path / "word"
    opened = open_queue(queue)
    opened.add(JUKI, [item(JUKI, "80A1", "渡", "11")])
    opened.close()
    word.write_text(WORD + "\n", "utf-8")

    def run(*words, **more):
        shown = CliRunner().invoke(main, ["review", *words, "--queue", str(queue)], **more)
        return shown.exit_code, shown.output

    assert (
        run("user", "add", "佐藤", "--role", "checker", "--system", "住記", "--password-file", str(word))[0]
        == 0
    )
    assert run("user", "add", "鈴木", "--system", "介護", input=f"{WORD}\n{WORD}\n")[0] == 0
    assert run("user", "list")[1] == "佐藤\tchecker 確認者\t住記\n鈴木\tclerk 担当者\t介護\n"
    assert run("user", "remove", "鈴木")[0] == 0 and run("user", "remove", "鈴木")[0] == 2
    assert run("user", "passwd", "佐藤", "--password-file", str(word))[0] == 0
    assert run("audit")[1].startswith("4 lines hold") and run("views")[1] == ""
    with sqlite3.connect(queue) as made:
        made.execute("UPDATE account SET role = 'manager'")
    made.close()
    assert run("audit")[0] == 1 and "佐藤" in run("audit")[1]
