"""Reasons about a place and not a code: a list of people, an answer each, and a table of corrections that goes all the way."""

from __future__ import annotations

import csv
import json
import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import GaijiError, UsageError
from gaiji.proof.verify import verify
from gaiji.queue.decisions import PLACES, Decision, Decisions, verify_audit
from gaiji.queue.places import Places
from gaiji.queue.queue import open_queue
from gaiji.reports.explain import explain
from gaiji.reports.pages import report_summary
from gaiji.reports.residents import changed_residents
from gaiji.review.evidence.places import list_places
from gaiji.review.sheets.apply import apply
from gaiji.review.sheets.exchange import Refused
from gaiji.review.sheets.places import export_places
from gaiji.review.sheets.taking import take
from gaiji.review.web.app import create_app
from gaiji.run.convert import convert
from gaiji.shape.pictures import open_gallery
from tests.reviewing import sample_queue
from tests.test_web import TOKEN, enter, get, post

LOST = ("辻", "葛󠄀", "渡󠄁", "邉󠄏", "髙", "齋")
"""What stood in the place of each person's ◎."""


@pytest.fixture
def town(tmp_path):
    """A converted sample with its list of places."""
    where = sample_queue(tmp_path)
    job = tmp_path / "juki-jef.toml"
    assert list_places(job).places == 13
    queue = open_queue(where)
    yield job, queue
    queue.close()


def cells(job):
    text = (job.parent / "out/juki-jef/juki.csv").read_text("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def waiting(queue):
    acts = Places(Decisions(queue))
    items = [item for item in queue.items() if item.reason in PLACES]
    return acts, [(item, place) for item in items for place in acts.of(item.id)]


def answer_all(queue):
    """Every person's own character; a cut address gets its end, an unknown code cannot be restored."""
    acts, places = waiting(queue)
    given, lost = {}, iter(LOST)
    for item, place in places:
        if item.reason == "illegal":
            acts.answer(place.id, "佐藤", "unrestorable")
            continue
        new = next(lost) if item.reason == "already-lost" else "号室"
        acts.answer(place.id, "佐藤", "restored", new=new, evidence="戸籍簿")
        given[place.record_key, place.field] = (place.position, place.old, new)
    return given


def test_one_glyph_cannot_be_given_to_what_different_people_lost(town):
    _, queue = town
    item = next(i for i in queue.items() if i.reason == "already-lost")
    with pytest.raises(UsageError, match="for each person"):
        Decisions(queue).decide(item.id, Decision("字形一致", "MJ026190", decided_by="佐藤"))
    assert {place.text[:4] for _, place in waiting(queue)[1]} >= {"【◎】田", "【◎】藤"}


def test_every_answer_is_written_proved_and_explained(town):
    job, queue = town
    before = cells(job)
    given = answer_all(queue)
    assert len(given) == 9 and verify_audit(queue)[1] == ""
    assert {i.state for i in queue.items() if i.reason in PLACES} == {"confirmed"}
    assert sum(apply(queue, job.parent / "out/juki-jef").values()) == 9
    manifest = convert(job)
    assert manifest.data["corrections"]["applied"] == 9 and manifest.data["review"]["as_decided"]
    changed, header = {}, before[0]
    for old, new in zip(before[1:], cells(job)[1:], strict=True):
        for name, a, b in zip(header, old, new, strict=True):
            if a != b:
                changed[old[0], name] = (a, b)
    assert set(changed) == set(given)
    for place, (a, b) in changed.items():
        at, mark, new = given[place]
        assert b == (a + new if not mark else a.replace("◎", new, 1)) and (mark or at >= len(a))
    proof = verify(job)
    assert proof.holds and proof.exit_code == 3 and proof.data["corrections"]["applied"] == 9
    key, name = next(place for place in given if place[1] == "氏名")
    record = 1 + [row[0] for row in before[1:]].index(key)
    told = [part["correction"] for part in explain(job, record, field=name) if "correction" in part]
    assert [(one["text"], one["evidence"], one["decided_by"]) for one in told] == [
        (given[key, name][2], "戸籍簿", "佐藤")
    ]


def test_the_reports_know_what_was_restored(town, tmp_path):
    job, queue = town
    left = report_summary(job, tmp_path / "s.html")["left"]
    given = answer_all(queue)
    apply(queue, job.parent / "out/juki-jef")
    convert(job)
    assert report_summary(job, tmp_path / "s.html")["left"] == left - len(given)
    rows = changed_residents(job).rows
    assert {(r.key, r.field): r.text for r in rows if r.kind == "復元"} == {k: v[2] for k, v in given.items()}
    assert not any(row.open for row in rows if row.kind == "復元")


def test_a_forged_output_or_table_is_seen(town):
    job, queue = town
    given = answer_all(queue)
    (table, *_) = apply(queue, job.parent / "out/juki-jef")
    convert(job)
    output = job.parent / "out/juki-jef/juki.csv"
    key, new = next((key, new) for (key, _), (_, mark, new) in given.items() if mark)
    raw = output.read_bytes()
    line = next(line for line in raw.splitlines() if line.decode().lstrip("\ufeff").startswith(key))
    output.write_bytes(raw.replace(line, line.replace(new.encode(), "辺".encode(), 1)))
    proof = verify(job)
    assert not proof.holds and {c["check"] for c in proof.data["checks"] if not c["holds"]} >= {
        "corrections-hold"
    }
    table.write_text(table.read_text("utf-8").replace("◎", "■", 1), "utf-8")
    with pytest.raises(GaijiError) as error:
        verify(job)
    assert error.value.number == "E0202"
    with pytest.raises(GaijiError) as error:
        convert(job)
    assert error.value.number == "E0690" and str(table) in str(error.value)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda rows: [[*rows[0][:3], "1", *rows[0][4:]]], "E0690"),  # a place where nothing waits
        (lambda rows: [rows[0], rows[0]], "E0689"),
        (lambda rows: [["世帯番号", "1", *rows[0][2:5], "", *rows[0][6:]]], "E0689"),
        (lambda rows: [[*rows[0][:3], "first", *rows[0][4:]]], "E0689"),
        (lambda rows: [rows[0][:5]], "E0689"),
        (lambda rows: [["性別", "1", *rows[0][2:]]], "E0690"),  # a key that many records have
    ],
)
def test_a_table_that_does_not_fit_changes_nothing(town, change, number):
    job, queue = town
    answer_all(queue)
    (table, *_) = apply(queue, job.parent / "out/juki-jef")
    before = (job.parent / "out/juki-jef/juki.csv").read_bytes()
    header, *rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()]
    table.write_text("".join("\t".join(row) + "\n" for row in [header, *change(rows)]), "utf-8")
    with pytest.raises(GaijiError) as error:
        convert(job)
    assert error.value.number == number
    assert (job.parent / "out/juki-jef/juki.csv").read_bytes() == before


def test_a_row_about_no_record_is_told(town):
    job, queue = town
    answer_all(queue)
    (table, *_) = apply(queue, job.parent / "out/juki-jef")
    text = table.read_text("utf-8").splitlines()
    table.write_text(
        "\n".join([*text, text[-1].replace(text[-1].split("\t")[1], "9999999999")]) + "\n", "utf-8"
    )
    manifest = convert(job)
    assert (manifest.data["corrections"]["applied"], manifest.data["corrections"]["absent"]) == (9, 1)
    assert manifest.exit_code == 3 and not manifest.data["review"]["as_decided"]


def test_columns_of_the_jobs_own_are_refused(town):
    job, queue = town
    answer_all(queue)
    apply(queue, job.parent / "out/juki-jef")
    column = '\n[[output.column]]\nname = "氏名"\nfield = "氏名"\n'
    job.write_text(job.read_text("utf-8") + column, "utf-8")
    with pytest.raises(GaijiError) as error:
        convert(job)
    assert error.value.number == "E0694"


def test_records_without_a_key_go_by_their_number(tmp_path):
    more = {"review.key": ""}
    where = sample_queue(tmp_path, **more)
    job = tmp_path / "juki-jef.toml"
    list_places(job, overrides=more)
    queue = open_queue(where)
    given = answer_all(queue)
    apply(queue, where.parent)
    queue.close()
    assert convert(job, overrides=more).data["corrections"]["applied"] == len(given)
    rows = cells(job)
    for (record, field), (_, _, new) in given.items():
        assert new in rows[int(record)][rows[0].index(field)]
    assert verify(job, overrides=more).holds


def test_answers_stay_when_the_list_is_made_again(town):
    job, queue = town
    answer_all(queue)
    assert list_places(job).places == 13
    assert all(place.answer for _, place in waiting(queue)[1]) and verify_audit(queue)[1] == ""


def test_two_people_and_their_answers(town):
    _, queue = town
    acts = Places(Decisions(queue, confirm="two-person"))
    place = waiting(queue)[1][0][1]
    with pytest.raises(UsageError, match="根拠"):
        acts.answer(place.id, "佐藤", "restored", new="辻")
    acts.answer(place.id, "佐藤", "restored", new="辻", evidence="戸籍")
    with pytest.raises(UsageError, match="otherwise"):
        acts.answer(place.id, "鈴木", "restored", new="辺", evidence="戸籍")
    assert not acts.place(place.id).stands
    acts.answer(place.id, "佐 藤", "restored", new="辻", evidence="戸籍")  # the same person is no second one
    assert not acts.place(place.id).stands
    acts.answer(place.id, "鈴木", "restored", new="辻", evidence="戸籍")
    assert acts.place(place.id).stands and acts.place(place.id).confirmed_by == "鈴木"
    with queue.engine.begin() as connection:
        connection.execute(sa.text("UPDATE place SET new = '辺' WHERE answer <> ''"))
    assert "place" in verify_audit(queue)[1]


def test_a_sheet_of_places_goes_out_and_comes_back(town, tmp_path):
    _, queue = town
    path = tmp_path / "places.csv"
    assert export_places(queue, path) == 13
    assert take(queue, path).unchanged == 13
    header, *rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    at = {name: header.index(name) for name in header}

    def save(row, **said):
        for name, value in said.items():
            row[at[name]] = value
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])

    save(rows[0], 回答="復元した", 復元した文字="辻", 回答者="佐藤")
    with pytest.raises(Refused) as error:
        take(queue, path)
    assert "根拠" in str(error.value.refusals[0])
    save(rows[0], 根拠="戸籍簿")
    save(rows[1], 回答="復元できない", 回答者="佐藤", 備考="除籍も焼失")
    assert take(queue, path).decided == 2
    with pytest.raises(Refused):  # the sheet is older now, and says something new
        save(rows[0], 復元した文字="辺")
        take(queue, path)
    assert {place.answer for _, place in waiting(queue)[1]} == {"", "restored", "unrestorable"}


def test_one_after_the_other_on_the_screen(town):
    _, queue = town
    app = create_app(Decisions(queue), open_gallery(), TOKEN, idle=60)
    clerk, places = enter(app, "佐藤"), waiting(queue)[1]
    item, first = places[0]
    page = get(clerk, f"/item/{item.id}").get_data(as_text=True)
    assert f'href="/place/{first.id}"' in page and 'id="ok"' not in page
    where, lost = f"/place/{first.id}", iter("辻葛渡邉髙齋")
    refused = post(clerk, where + "/restored", version=0, new="辻", who="佐藤").get_data(as_text=True)
    assert "根拠" in refused and 'value="辻"' in refused
    for _ in range(sum(one.item_id == item.id for _, one in places)):
        shown = get(clerk, where).get_data(as_text=True)
        assert 'name="evidence" value=""' in shown
        answer = post(clerk, where + "/restored", version=0, new=next(lost), evidence="戸籍", who="佐藤")
        where = answer.headers["Location"]
    assert where.endswith(f"/item/{item.id}") and queue.item(item.id).state == "confirmed"
    assert post(clerk, f"/place/{first.id}/open", version=1).status_code == 303
    assert queue.item(item.id).state == "open"
    assert post(clerk, f"/place/{first.id}/unrestorable", version=1).status_code == 409
    assert verify_audit(queue)[1] == ""


def test_the_commands(town):
    job, queue = town
    run = CliRunner().invoke(main, ["review", "places", str(job)])
    assert run.exit_code == 0 and "13 places in 13 records" in run.output
    answer_all(queue)
    assert CliRunner().invoke(main, ["review", "apply", "--queue", queue.name]).exit_code == 0
    run = CliRunner().invoke(main, ["convert", str(job)])
    assert "9 places restored by corrections-" in run.output
    run = CliRunner().invoke(main, ["explain", str(job), "--record", "331", "--field", "氏名"])
    assert "restored as 辻 by 佐藤 from 戸籍簿  corrections-" in run.output
    manifest = json.loads((job.parent / "out/juki-jef/juki.csv.manifest.json").read_text("utf-8"))
    assert re.fullmatch(r"corrections-[0-9a-f]{16}\.tsv", manifest["corrections"]["file"])
