"""Several people on one queue: nobody gets what another has, work goes to whom it is assigned, nothing is lost, and undo goes back."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.queue.accounts import Accounts
from gaiji.queue.chosen import Filter, chosen
from gaiji.queue.decisions import Decision, Decisions, audit_lines, verify_audit
from gaiji.queue.history import history
from gaiji.queue.items import Item, Proposal, Sample, Source
from gaiji.queue.pace import forecast, paces
from gaiji.queue.queue import open_queue
from gaiji.queue.schema import lease, metadata
from gaiji.queue.viewing import verify_views
from gaiji.queue.work import LEASE, Duties, Leases
from gaiji.review.web.app import create_app
from gaiji.shape.pictures import open_gallery
from tests.conftest import POSTGRES
from tests.test_seats import HOST, WORD, enter, get, post, text

PEOPLE = {"佐藤": "clerk", "鈴木": "clerk", "高橋": "clerk", "田中": "checker", "伊藤": "manager"}


def source(system, number=1):
    return Source(
        f"{system}.dat", f"{system}.toml", "見本市", system, f"out/{system}.csv", f"{number:02x}" * 32
    )


def fill(queue, count, system="住記"):
    """So many codes, the earlier the more people."""
    codes = [f"{0x80A1 + n // 90 * 256 + n % 90:04X}" for n in range(count)]
    sample = [Sample(1, "7", "氏名", 1, "渡【〓】")]
    queue.add(
        source(system),
        [
            Item(
                "JEF",
                code,
                "見本市",
                "unmapped-gaiji",
                {("氏名", "name"): count - n},
                sample,
                gaiji_set=system,
            )
            for n, code in enumerate(codes)
        ],
    )
    return {i.code: i.id for i in queue.items()}


@pytest.fixture
def staffed(queue):
    for name, role in PEOPLE.items():
        Accounts(queue).add(name, role, f"{WORD} {name}")
    return queue


def screen(queue, confirm="two-person"):
    return create_app(Decisions(queue, confirm=confirm), open_gallery(), "token", idle=600)


def next_of(client, after=0):
    """The item that is this clerk's next, 0 where there is none."""
    found = re.search(r"/item/(\d+)$", get(client, f"/next?after={after}").headers["Location"])
    return int(found[1]) if found else 0


def work_off(client, checks, log, deadline):
    """As a clerk does: the next item, look at it, decide or confirm it, until nothing is left for them."""
    number, idle = next_of(client), 0
    while idle < 40 and datetime.now(UTC) < deadline:
        if not number:
            idle, number = idle + checks + 40 * (not checks), next_of(client)
            continue
        page = text(client, f"/item/{number}")
        version = re.search(r'name="version" value="(\d+)"', page)[1]
        act = "confirm" if 'id="confirm"' in page else "decide"
        answer = post(client, f"/item/{number}/{act}", form_token=re.search(r'name="form_token" value="([^"]+)"', page)[1],
                      version=version, glyph="MJ026191", kind="字形一致")  # fmt: skip
        log.append((answer.status_code, act, number))
        found = re.search(r"/item/(\d+)$", answer.headers.get("Location", ""))
        number, idle = (int(found[1]) if found else 0), 0


def five_at_once(queue, count, minutes=1):
    """Five people at two servers over one queue, in two-person mode."""
    fill(queue, count)
    servers, logs = (
        [screen(open_queue(queue.url)), screen(open_queue(queue.url))],
        {name: [] for name in PEOPLE},
    )
    deadline = datetime.now(UTC) + timedelta(minutes=minutes)
    threads = [
        threading.Thread(
            target=work_off, args=(enter(servers[n % 2], name), role != "clerk", logs[name], deadline)
        )
        for n, (name, role) in enumerate(PEOPLE.items())
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    acts = [entry for log in logs.values() for entry in log]
    assert Counter(code for code, _, _ in acts) == {303: 2 * count}  # nobody was told that another was first
    for act in ("decide", "confirm"):
        assert sorted(number for _, which, number in acts if which == act) == sorted(
            i.id for i in queue.items()
        )
    assert {i.state for i in queue.items()} == {"confirmed"}
    made = Decisions(queue).all()
    assert len(made) == count and all(one.confirmed_by not in ("", one.decided_by) for one in made.values())
    lines = Counter(line["action"] for line in audit_lines(queue))
    assert lines == {"decide": count, "confirm": count, "account": len(PEOPLE)}
    assert verify_audit(queue) == (2 * count + len(PEOPLE), "") and verify_views(queue)[1] == ""
    return logs


def test_five_at_once_never_get_the_same(staffed):
    logs = five_at_once(staffed, 60)
    assert all(logs[name] for name in PEOPLE)


@pytest.mark.slow
@pytest.mark.skipif(not POSTGRES, reason="needs a PostgreSQL server")
def test_five_at_once_on_postgres_with_a_thousand_codes():
    engine = sa.create_engine(POSTGRES)
    metadata.drop_all(engine)
    engine.dispose()
    queue = open_queue(POSTGRES)
    for name, role in PEOPLE.items():
        Accounts(queue).add(name, role, f"{WORD} {name}")
    five_at_once(queue, 1000, 20)
    queue.close()


def test_leases(queue):
    ids = list(fill(queue, 4).values())
    now = [1000.0]
    leases = Leases(queue, clock=lambda: now[0])
    assert [leases.next("item", ids, name) for name in ("佐藤", "鈴木", "佐 藤")] == [ids[0], ids[1], ids[0]]
    assert leases.open("item", ids[1], "佐藤") == "鈴木" and leases.open("item", ids[2], "佐藤") == ""
    assert leases.next("item", ids, "高橋") == ids[0]  # 佐藤 went on to another
    now[0] += LEASE + 1
    assert leases.next("item", ids, "田中") == ids[0] and leases.open("item", ids[1], "佐藤") == ""
    Decisions(queue).reject(ids[3], "佐藤")
    assert leases.next("item", [ids[3]], "鈴木", ("open",)) is None
    leases.done("item", ids[0], "田中")
    assert leases.next("item", ids, "鈴木", ("open",)) == ids[0]
    with queue.reading() as connection:
        assert len(connection.execute(sa.select(lease)).all()) == 2


def test_work_goes_to_whom_it_is_assigned(staffed):
    juki, tax = fill(staffed, 3), None
    tax = {c: n for c, n in fill(staffed, 2, "税").items() if n not in juki.values()}
    tax = [i.id for i in staffed.items() if i.gaiji_set == "税"]
    shinnyo = staffed.items().__next__().id
    staffed.propose("site", {shinnyo: [Proposal("MJ026191", 0.9, "")]}, [shinnyo])
    duties = Duties(staffed)
    duties.assign("佐藤", "伊藤", system="税")
    duties.assign("鈴木", "伊藤", radical=162)
    everything = [i.id for i in staffed.items()]
    rest = [n for n in everything if n not in tax and n != shinnyo]
    assert duties.order(everything, "佐藤") == [n for n in everything if n in tax] + rest
    assert duties.order(everything, "鈴木") == [shinnyo, *rest]
    assert duties.order(everything, "高橋") == rest
    app = screen(staffed)
    assert next_of(enter(app, "佐藤")) in tax and next_of(enter(app, "鈴木")) == shinnyo
    with pytest.raises(UsageError, match="E0861"):
        duties.assign("誰か", "伊藤")
    with pytest.raises(UsageError, match="E0860"):
        duties.assign("佐藤", "伊藤", radical=215)
    boss, clerk = enter(app, "伊藤"), enter(app, "佐藤")
    assert post(clerk, "/assign", person="佐藤", system="").status_code == 403
    assert post(boss, "/assign", person="高橋", system="税").status_code == 303
    assert "高橋" in text(boss, "/work") and "高橋" not in text(clerk, "/work")
    post(boss, "/assign", remove=duties.all()[0].id)
    assert len(duties.all()) == 2 and verify_audit(staffed)[1] == ""


def test_a_clerk_is_told_who_has_an_item(staffed):
    first = next(iter(fill(staffed, 3).values()))
    app = screen(staffed)
    one, two = enter(app, "佐藤"), enter(app, "鈴木")
    assert next_of(one) == first and "佐藤" not in text(one, f"/item/{first}").split("<main>")[1]
    assert "佐藤さんが" in text(two, f"/item/{first}") and next_of(two) != first


# -- pace -----------------------------------------------------------------------------------------------


def test_pace_and_forecast(queue, monkeypatch):
    ids = list(fill(queue, 6).values())
    at = [datetime(2026, 11, 2, 1, 0, tzinfo=UTC)]
    monkeypatch.setattr("gaiji.queue.audit.now", lambda: at[0].isoformat(timespec="seconds"))
    acts = Decisions(queue)
    for minutes, number in zip((0, 2, 2, 60, 1440), ids, strict=False):
        at[0] += timedelta(minutes=minutes)
        acts.decide(number, Decision("字形一致", "MJ026191", decided_by="佐藤"))
    (pace,) = paces(queue, today=at[0].astimezone().date())
    assert (pace.decided, pace.today, pace.days, pace.per_hour) == (5, 1, 2, 30.0)
    told = forecast(queue, 6)
    assert (told.settled, told.days) == (2.5, 3) and forecast(open_queue(queue.url), 0).days == 0


# -- undo, comments, filters ------------------------------------------------------------------------------


def decided(queue, number, glyph="MJ026191", by="佐藤"):
    Decisions(queue).decide(number, Decision("字形一致", glyph, evidence="戸籍簿", decided_by=by))


def state(queue, number):
    made = Decisions(queue).of(number)
    return queue.item(number).state, made.glyph if made else ""


def test_undo_goes_back_to_the_earlier_decision(queue):
    number, acts = next(iter(fill(queue, 1).values())), Decisions(queue)
    decided(queue, number)
    decided(queue, number, "MJ026192")
    acts.defer(number, "佐藤", "後で")
    acts.comment(number, "鈴木", "戸籍係に電話した")
    for wanted in (("confirmed", "MJ026192"), ("confirmed", "MJ026191"), ("open", "")):
        acts.undo(number, "佐藤")
        assert state(queue, number) == wanted and verify_audit(queue)[1] == ""
    with pytest.raises(UsageError, match="E0863"):
        acts.undo(number, "佐藤")
    decided(queue, number)
    acts.confirm(number, "鈴木")
    with pytest.raises(UsageError, match="E0864"):
        acts.undo(number, "佐藤")
    acts.undo(number, "鈴木")
    assert (acts.of(number).confirmed_by, acts.of(number).decided_by) == ("", "佐藤")
    acts.reopen(number, "鈴木")
    acts.undo(number, "鈴木")
    assert state(queue, number) == ("confirmed", "MJ026191") and acts.of(number).evidence == "戸籍簿"
    told = [(one.action, one.note) for one in history(queue, number)]
    assert ("comment", "戸籍係に電話した") in told and told.count(("undo", "")) == 5


def test_what_was_taken_back_is_not_what_the_database_says(queue):
    number, acts = next(iter(fill(queue, 1).values())), Decisions(queue)
    decided(queue, number)
    decided(queue, number, "MJ026192")
    acts.undo(number, "佐藤")
    with queue.writing() as connection:
        connection.execute(sa.text("UPDATE decision SET glyph = 'MJ026192'"))
    assert "not the one in the log" in verify_audit(queue)[1]


@pytest.fixture
def clerk(queue):
    client = create_app(Decisions(queue), open_gallery(), "token", idle=600).test_client()
    get(client, "/?open=token")
    post(client, "/who", who="佐藤")
    return client


def test_undo_after_the_last_item_and_of_a_whole_sheet(queue, clerk):
    ids = list(fill(queue, 3).values())
    for number in ids:
        answer = post(clerk, f"/item/{number}/decide", version=0, glyph="MJ026191", kind="字形一致")
    assert "/item/" not in answer.headers["Location"]
    assert 'id="undo"' in text(clerk, answer.headers["Location"])
    assert post(clerk, "/undo").headers["Location"].endswith(f"/item/{ids[-1]}")
    assert [state(queue, n)[0] for n in ids] == ["confirmed", "confirmed", "open"]
    post(clerk, f"/item/{ids[0]}/decide", version=1, glyph="MJ026192", kind="字形一致")
    post(clerk, "/sheet", take=[f"{ids[2]}-2-MJ026191", f"{ids[0]}-2-MJ026193"])
    assert 'id="undo"' in text(clerk, "/sheet")
    post(clerk, "/undo")
    assert [state(queue, n) for n in ids] == [
        ("confirmed", "MJ026192"),
        ("confirmed", "MJ026191"),
        ("open", ""),
    ]
    post(clerk, "/undo")
    post(clerk, "/undo")
    assert [state(queue, n)[0] for n in ids] == ["confirmed", "open", "open"]
    post(clerk, "/undo")
    assert {state(queue, n)[0] for n in ids} == {"open"} and verify_audit(queue)[1] == ""


def test_filters_and_the_way_back(queue, clerk):
    ids = fill(queue, 5)
    by_number = {n: c for c, n in ids.items()}
    queue.add(
        source("税", 2),
        [
            Item(
                "JEF",
                "80A3",
                "見本市",
                "ambiguous",
                {("住所", "text"): 1},
                [Sample(4, "44", "住所", 0, "【〓】崎町")],
                gaiji_set="税",
            )
        ],
    )
    other = next(i.id for i in queue.items() if i.reason == "ambiguous")
    queue.propose("site", {ids["80A2"]: [Proposal("MJ026191", 0.9, "")]}, [ids["80A2"]])
    queue.judge({ids["80A4"]: "likely"})
    decided(queue, ids["80A5"], by="鈴木")
    for wanted, found in (
        (Filter(reason="ambiguous"), {other}),
        (Filter(verdict="likely"), {ids["80A4"]}),
        (Filter(field="住所"), {other}),
        (Filter(person="鈴 木"), {ids["80A5"]}),
        (Filter(name="〓崎"), {other}),
        (Filter(name="44"), {other}),
        (Filter(name="%"), set()),
        (Filter(radical=162), {ids["80A2"]}),
        (Filter(code="80A3"), {ids["80A3"], other}),
        (Filter(code="80A3", reason="ambiguous"), {other}),
    ):
        assert {n for n, _ in chosen(queue, tuple(state_names()), wanted)} == found, wanted
    for sort in ("code", "reason", "verdict", "radical", "person", "last"):
        order = [n for n, _ in chosen(queue, tuple(state_names()), Filter(sort=sort))]
        assert len(order) == 6
        first = {"code": "80A1", "verdict": "80A4", "radical": "80A2", "person": "80A5", "last": "80A5"}
        assert sort == "reason" or by_number[order[0]] == first[sort], sort
    page = text(clerk, "/?code=80A3&sort=code")
    assert page.count('class="go"') == 2
    page = text(clerk, f"/item/{other}")
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    assert (
        f'href="/?code=80A3&amp;sort=code#i{other}"' in page
        or f'href="/?sort=code&amp;code=80A3#i{other}"' in page
    )
    act = {"form_token": token, "version": 0, "glyph": "MJ026191", "kind": "字形一致"}
    answer = post(clerk, f"/item/{ids['80A3']}/decide", **act)
    assert answer.headers["Location"].endswith(f"/item/{other}")  # the next one of the list that was filtered


def state_names():
    from gaiji.queue.decisions import STATES

    return STATES


def test_a_comment_is_in_the_history_and_changes_nothing(queue, clerk):
    number = next(iter(fill(queue, 1).values()))
    assert post(clerk, f"/item/{number}/comment", version=0, comment="家庭訪問で確認予定").status_code == 303
    assert "家庭訪問で確認予定" in text(clerk, f"/item/{number}") and queue.item(number).version == 0
    assert post(clerk, f"/item/{number}/comment", version=0, comment=" ").status_code == 400
    assert state(queue, number) == ("open", "") and verify_audit(queue) == (1, "")


def test_old_tab_says_what_happened_and_keeps_what_was_written(queue, clerk):
    number = next(iter(fill(queue, 1).values()))
    decided(queue, number, by="鈴木")
    answer = post(clerk, f"/item/{number}/defer", version=0, evidence="戸籍簿", note="電話待ち")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "鈴木" in page and "電話待ち" in page and "戸籍簿" in page
    answer = post(
        clerk, f"/item/{number}/defer", form_token="of an older session", version=1, note="電話待ち"
    )
    assert answer.status_code == 403 and "電話待ち" in answer.get_data(as_text=True)
    stranger = clerk.application.test_client()
    answer = stranger.post(f"/item/{number}/defer", data={"note": "電話待ち"}, environ_overrides=HOST)
    assert answer.status_code == 403 and "電話待ち" in answer.get_data(as_text=True)


def test_the_commands_assign_work_and_tell_how_far_it_is(tmp_path):
    path = tmp_path / "review.sqlite"
    opened = open_queue(path)
    ids = fill(opened, 4)
    secret = tmp_path / "pw"
    secret.write_text(f"{WORD}\n", "utf-8")

    def ran(*words, code=0):
        done = CliRunner().invoke(main, ["review", *words, "--queue", str(path)])
        assert done.exit_code == code, done.output
        return done.output

    ran("user", "add", "佐藤", "--role", "clerk", "--password-file", str(secret))
    ran("assign", "add", "佐藤", "--system", "住記", "--radical", "162")
    assert ran("assign", "list").split() == ["1", "佐藤", "住記", "162"]
    assert [(one.system, one.radical) for one in Duties(opened).all()] == [("住記", 162)]
    for words in (
        ("assign", "add", "無名"),
        ("assign", "add", "佐藤", "--radical", "215"),
        ("assign", "remove", "9"),
    ):
        assert re.search(r"E086\d", ran(*words, code=2))
    ran("assign", "remove", "1")
    assert ran("assign", "list").strip() == "" and Duties(opened).all() == []
    assert ran("progress").startswith("4 codes wait")
    Decisions(opened, signed=True).decide(ids["80A1"], Decision("字形一致", "MJ026190", decided_by="佐藤"))
    assert ran("progress").splitlines()[-1].startswith("3 codes wait") and "佐藤" in ran("progress")
    assert [line["action"] for line in audit_lines(opened)][:3] == ["account", "assign", "unassign"]
    opened.close()
