"""The people of a town over its systems: who is who, whose name differs, what a 外字 is by other systems."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from io import StringIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError, JobError, UsageError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.candidates import suggest_all
from gaiji.standard.characters import bare, coded
from gaiji.standard.repertoire import load_repertoire
from gaiji.town.changes import changes_of, write_changes
from gaiji.town.contradictions import (
    CHARACTER,
    FLAGGED,
    FORM,
    LENGTH,
    VARIANT,
    Contradictions,
    Settled,
    find,
    settled_path,
    write_settled,
)
from gaiji.town.evidence import propose, votes
from gaiji.town.people import glyph_of, read_people, write_people
from gaiji.town.project import Town, load_town
from gaiji.town.running import run_town
from gaiji.town.sheets import take_settled, write_contradictions

SAMPLE = samples_dir() / "town"
TABLES = {"住記": "juki", "戸籍": "koseki", "税": "zei", "国保": "kokuho", "福祉": "fukushi"}


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(path.read_text("utf-8")), delimiter="\t"))


def sample(to: Path, *, known: bool = False) -> Town:
    """The sample town in a folder of its own; ``known``: every 外字 is in the site tables."""
    shutil.copytree(SAMPLE, to, ignore=shutil.ignore_patterns("*.py", "migration"))
    for row in rows_of(to / "truth-gaiji.tsv") if known else ():
        path = to / "site" / f"{TABLES[row['set']]}.tsv"
        head, *lines = path.read_text("utf-8").splitlines()
        if row["code"] not in {line.partition("\t")[0] for line in lines}:
            lines.append(f"{row['code']}\t\t{row['glyph']}\t0\t\t台帳\t見本\t2026-10-01\t")
            path.write_text("\n".join([head, *sorted(lines)]) + "\n", "utf-8")
    return load_town(to / "town.toml")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, Contradictions]:
    town = sample(tmp_path_factory.mktemp("known") / "town", known=True)
    return town, find(town, read_people(town))


# -- who is who ------------------------------------------------------------------------------------------


def test_one_resident_is_one_in_every_system(tmp_path):
    town = sample(tmp_path / "town")
    people = read_people(town)
    frame, labels = people.frame, [one.file.label for one in people.writings]
    assert people.residents == 240 and not people.left
    by_file = {label: set(frame.filter(pl.col("file") == at)["person"]) for at, label in enumerate(labels)}
    juki = by_file["住記/juki-honcho"] | by_file["住記/juki-shisho"]
    assert len(juki) == 240 and not by_file["住記/juki-honcho"] & by_file["住記/juki-shisho"]
    assert all(found and found <= juki for found in by_file.values())  # whatever zeros a number begins with
    names = dict(frame.filter(pl.col("file") == labels.index("戸籍/koseki")).select("person", "name").rows())
    own = dict(frame.filter(pl.col("file") < 2).select("person", "name").rows())
    plain = [person for person, name in names.items() if name.isascii() is False and name == own[person]]
    assert len(plain) > 100  # 氏 and 名 together are what others have in one field
    write_people(people, tmp_path / "people.parquet")
    assert pl.read_parquet(tmp_path / "people.parquet").height == frame.height


def test_what_tells_residents_must_be_said_and_be_there(tmp_path):
    project = sample(tmp_path / "town").path
    text = project.read_text("utf-8")
    project.write_text(
        text.replace('[identity]\nkey = "宛名番号"\n', "").replace('person = "附票宛名番号"', ""), "utf-8"
    )
    with pytest.raises(JobError, match="E0768"):
        read_people(load_town(project))
    project.write_text(text.replace('person = "附票宛名番号"', 'person = "附票番号"'), "utf-8")
    with pytest.raises(JobError, match="E0769"):
        read_people(load_town(project))
    project.write_text(text.replace('called = ["氏", "名"]', 'called = ["氏", "姓"]'), "utf-8")
    with pytest.raises(JobError, match="E0769"):
        read_people(load_town(project))
    project.write_text(text.replace('person = "附票宛名番号"', ""), "utf-8")
    assert list(read_people(load_town(project)).left) == ["戸籍/koseki"]


# -- contradictions --------------------------------------------------------------------------------------


def test_what_was_written_otherwise_is_found_and_nothing_else(known):
    town, found = known
    planted = {
        (row["number"], int(row["position"]) + 1): row
        for row in rows_of(town.path.parent / "truth-contradictions.tsv")
    }
    assert {(one.person, one.position) for one in found.open} == set(planted) and planted
    for one in found.open:
        row = planted[one.person, one.position]
        wrong = [unit for label, unit in one.written.items() if label.startswith(row["system"] + "/")]
        others = {unit for label, unit in one.written.items() if not label.startswith(row["system"] + "/")}
        assert len(wrong) == 1 and len(others) == 1 and wrong[0] not in others
    assert found.by_code  # 翔 of JIS C 6226-1978 beside that of JIS X 0208:1990 is nobody's mistake
    assert all(count > 0 for count in found.by_code.values())


def test_the_kinds_of_contradictions(tmp_path):
    """A form, a related character, another one, a name of another length, a code that waits."""
    town = sample(tmp_path / "town")
    path = tmp_path / "town" / "dumps" / "fukushi.csv"
    lines = path.read_bytes().decode("cp932", "replace").splitlines()
    own = dict(read_people(town).frame.filter(pl.col("file") < 2).select("person", "name").rows())
    plain = {p: name for p, name in own.items() if name[0] == "高" and name[1] == "橋" and "{" not in name}
    longer, other, variant, waits = list(plain)[:4]
    written = {longer: "高橋橋太郎", other: "山橋" + bare(plain[other][2:])}
    written[variant] = "髙橋" + bare(plain[variant][2:])
    made = [f"{person},{name},ﾀｶﾊｼ,1990-01-01,本町" for person, name in written.items()]
    raw = [line.encode("cp932") for line in [lines[0], *made]]
    raw.append(
        waits.encode()
        + b","
        + bytes.fromhex("F07E")
        + f"橋{bare(plain[waits][2:])},ﾀｶﾊｼ,1990-01-01,本町".encode("cp932")
    )
    path.write_bytes(b"\r\n".join(raw) + b"\r\n")
    found = find(town, read_people(town))
    kinds = {one.person: one for one in found.found if one.person in (longer, other, variant, waits)}
    assert kinds[longer].kind == LENGTH and kinds[longer].position == 0
    assert (kinds[other].kind, kinds[other].position) == (CHARACTER, 1)
    assert (kinds[variant].kind, kinds[variant].position) == (VARIANT, 1)
    assert (kinds[waits].kind, kinds[waits].written["福祉/fukushi"]) == (FLAGGED, "{CP932:F07E}")
    assert waits not in {one.person for one in found.open}
    assert {one.kind for one in found.found} <= {FORM, VARIANT, CHARACTER, LENGTH, FLAGGED}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_contradiction_is_settled_once(suffix, known, tmp_path):
    town = load_town(shutil.copytree(known[0].path.parent, tmp_path / "town") / "town.toml")
    people = read_people(town)
    found = find(town, people)
    sheet = tmp_path / f"c{suffix}"
    assert write_contradictions(town, found, sheet) == len(found.open)
    if suffix == ".csv":
        lines = list(csv.reader(StringIO(sheet.read_text("utf-8-sig"))))
        lines[1][-3:] = ["MJ025758", "戸籍原本", "見本 花子"]
        lines[2][-3:] = ["MJ99", "戸籍原本", "見本 花子"]
        lines[3][-3:] = ["MJ025758", "", "見本 花子"]
        lines[4][0], lines[4][-3:] = "K000000000000", ["MJ025758", "戸籍原本", "見本 花子"]
        with sheet.open("w", encoding="cp932", errors="replace", newline="") as file:
            csv.writer(file).writerows(lines)  # as Excel saves it
    else:
        book = openpyxl.load_workbook(sheet)
        page = book.worksheets[0]
        width = page.max_column
        given = {
            2: ("MJ025758", "戸籍原本", "見本 花子"),
            3: ("MJ99", "戸籍原本", "見本 花子"),
            4: ("MJ025758", "", "見本 花子"),
        }
        given[5] = ("MJ025758", "戸籍原本", "見本 花子")
        page.cell(5, 1).value = "K000000000000"
        for row, cells in given.items():
            for at, cell in enumerate(cells):
                page.cell(row, width - 2 + at).value = cell
        book.save(sheet)
    taken, wrong = take_settled(town, found, sheet)
    assert taken == 1 and len(wrong) == 3
    now = find(town, people)
    assert len(now.open) == len(found.open) - 1
    settled = next(one.settled for one in now.found if one.settled)
    assert (settled.right, settled.decided_by, settled.evidence) == ("MJ025758", "見本 花子", "戸籍原本")
    assert "太郎" not in settled_path(town).read_text("utf-8")  # no names are kept
    changed = dict.fromkeys(found.open[0].written, "邊")
    assert type(found.open[0])(found.open[0].person, found.open[0].position, FORM, changed).id != settled.id
    settled_path(town).write_text("nonsense\n", "utf-8")
    with pytest.raises(GaijiError, match="E0770"):
        find(town, people)
    with pytest.raises(GaijiError, match="E0771"):
        take_settled(town, found, town.path.parent / "truth-gaiji.tsv")


def test_each_system_is_told_what_it_has_to_change(known, tmp_path):
    """What was settled is listed for the system that has it otherwise, by its own numbers; nothing is changed, and
    where the next dump has it right the list is empty."""
    town = load_town(shutil.copytree(known[0].path.parent, tmp_path / "town") / "town.toml")
    found = find(town, read_people(town))
    wrong = "福祉/fukushi"
    one = next(
        o for o in found.open if wrong in o.written and [*o.written.values()].count(o.written[wrong]) == 1
    )
    right = glyph_of(next(unit for label, unit in one.written.items() if label != "福祉/fukushi"))
    write_settled(
        town, [Settled(one.id, one.person, one.position, one.seen, right, "戸籍原本", "見本", "2026-11-28")]
    )
    lists = tmp_path / "lists"
    arguments = ["contradictions", str(town.path), "--changes", str(lists)]
    shown = CliRunner().invoke(main, arguments)
    assert "settled and still to be changed in the systems: 福祉 1" in shown.output
    assert [path.name for path in lists.iterdir()] == ["福祉.csv"]
    (row,) = csv.DictReader(StringIO((lists / "福祉.csv").read_text("utf-8-sig"), newline=""))
    wrong = one.written["福祉/fukushi"]
    text = load_repertoire()[right].text
    assert (row["このシステムの番号"], row["いまの文字"]) == (one.person, f"{wrong} {glyph_of(wrong)}")
    assert (row["正しい文字図形名"], row["正しい文字"], row["根拠"]) == (right, text, "戸籍原本")
    now, made = coded(row["いまの氏名"]), coded(row["直した氏名"])
    assert [at for at, (a, b) in enumerate(zip(now, made, strict=True), 1) if a != b] == [one.position]
    assert made[one.position - 1] == text
    people = read_people(town)
    frame = people.frame.with_columns(  # the next dump: corrected where the list says
        name=pl.when((pl.col("person") == one.person) & (pl.col("name") == row["いまの氏名"]))
        .then(pl.lit(row["直した氏名"]))
        .otherwise("name")
    )
    later = replace(people, frame=frame)
    assert not changes_of(later, find(town, later))
    assert write_changes(town, [], lists) == {"福祉": 0}
    over = [replace(change, label="fukushi/fukushi") for change in changes_of(people, find(town, people))]
    with pytest.raises(UsageError):  # a list is never written over a dump
        write_changes(town, over, town.path.parent / "dumps")


def test_a_right_character_that_a_code_has_not_is_told(known):
    town, found = known
    people = read_people(town)
    one = next(one for one in found.open if one.position)
    label = next(iter(one.written))
    writing = next(w for w in people.writings if w.file.label == label)
    for glyph, note in (("MJ068101", True), (next(n for n in writing.reach if n.startswith("MJ")), False)):
        settled = replace(
            one,
            settled=Settled(one.id, one.person, one.position, one.seen, glyph, "台帳", "見本", "2026-11-28"),
        )
        changes = changes_of(people, replace(found, found=(settled,)))
        (change,) = [change for change in changes if change.label == label]
        assert change.writable is not note and change.number == one.person


def test_the_page_of_contradictions_loads_nothing(known, tmp_path):
    town, found = known
    write_contradictions(town, found, tmp_path / "c.html")
    text = (tmp_path / "c.html").read_text("utf-8")
    assert "http" not in text and "<script" not in text
    assert all(one.person in text for one in found.open)
    with pytest.raises(UsageError):
        write_contradictions(town, found, town.path)
    with pytest.raises(UsageError, match="E0232"):
        write_contradictions(town, found, tmp_path / "c.txt")


def test_the_command_counts_and_keeps_names_to_the_sheet(known, tmp_path):
    town, found = known
    shown = CliRunner().invoke(main, ["contradictions", str(town.path), "--output", str(tmp_path / "c.csv")])
    assert shown.exit_code == 3 and f"{found.people} people with an open contradiction" in shown.output
    names = set(read_people(town).frame["name"])
    assert not any(name in shown.output for name in names)
    assert (tmp_path / "c.csv").read_text("utf-8-sig").count("\n") == len(found.open) + 1


# -- evidence --------------------------------------------------------------------------------------------


def test_the_other_systems_say_what_a_code_is(tmp_path):
    """Votes and proposals against the truth of the generator."""
    town = sample(tmp_path / "town")
    run = run_town(town, jobs=1)
    assert not run.failed
    people = read_people(town)
    said = votes(people)
    truth = {
        (row["set"], row["code"]): row["glyph"] for row in rows_of(tmp_path / "town" / "truth-gaiji.tsv")
    }
    heard = propose(town, people)
    assert 0 < heard.proposed <= heard.codes
    queue = open_queue(town.queue)
    try:
        items = [item for item in queue.items() if item.reason == "unmapped-gaiji"]
        found = suggest_all(queue, items)
        planted = {row["number"] for row in rows_of(tmp_path / "town" / "truth-contradictions.tsv")}
        heard_of = 0
        for item in items:
            code = (item.site, item.gaiji_set, f"{{{item.system}:{item.code}}}")
            if code not in said or not said[code].known:
                continue
            witnesses = set().union(*(some for by in said[code].known.values() for some in by.values()))
            if witnesses <= planted:  # all that speak were written otherwise on purpose
                continue
            heard_of += 1
            town_said = [one for one in found[item.id] if any(part[0] == "town" for part in one.parts)]
            assert town_said[0].glyph == truth[item.gaiji_set, item.code], code
        assert heard_of > 5
        names = set(people.frame["name"])
        told = [part[2] for some in found.values() for one in some for part in one.parts]
        assert any("同じ人の氏名" in text for text in told)
        assert not any(name in text for name in names for text in told)
    finally:
        queue.close()


def test_a_decision_on_one_set_proposes_the_others(tmp_path):
    """A 外字 that no system knows: once a clerk decided it in one set, the others' codes of the same people get
    it."""
    town = sample(tmp_path / "town")
    assert not run_town(town, jobs=1).failed
    people = read_people(town)
    said = votes(people)
    unknown, linked = next(
        (code, some) for code, some in said.items() if some.codes and not some.known and code[1] == "住記"
    )
    truth = {
        (row["set"], row["code"]): row["glyph"] for row in rows_of(tmp_path / "town" / "truth-gaiji.tsv")
    }
    queue = open_queue(town.queue)
    try:
        by_code = {(i.site, i.gaiji_set, f"{{{i.system}:{i.code}}}"): i for i in queue.items()}
        glyph = truth[unknown[1], unknown[2].partition(":")[2][:-1]]
        Decisions(queue).decide(
            by_code[unknown].id, Decision("字形一致", glyph, evidence="台帳", decided_by="見本")
        )
    finally:
        queue.close()
    propose(town, people)
    queue = open_queue(town.queue)
    try:
        others = [by_code[code] for code in linked.codes if code in by_code]
        assert others
        for item, found in ((item, suggest_all(queue, [item])[item.id]) for item in others):
            assert found[0].glyph == glyph == truth[item.gaiji_set, item.code]
            assert "住記" in found[0].reason
    finally:
        queue.close()


def test_a_run_hears_the_people_by_itself(tmp_path):
    town = sample(tmp_path / "town")
    shown = CliRunner().invoke(main, ["run", str(town.path), "--jobs", "1"])
    assert "240 people in 6 systems; their names propose characters for " in shown.output
    shown = CliRunner().invoke(main, ["run", str(town.path), "--jobs", "1"])
    assert "their names propose" not in shown.output  # nothing is another: nothing is read again
    (town.folder / "heard.json").unlink()
    shown = CliRunner().invoke(main, ["run", str(town.path), "--jobs", "1"])
    assert "their names propose" in shown.output  # a run that was killed before it heard them
    note = json.loads((town.folder / "heard.json").read_bytes())
    found = find(town, read_people(town))
    assert (note["residents"], note["contradicted"]) == (240, found.people) and note["proposed"] > 0
    assert note["contradictions"] == found.counts()
    book = json.loads((town.folder / "book.json").read_bytes())
    assert book["people"]["contradicted"] == found.people
    names = set(read_people(town).frame["name"])
    assert not any(name in (town.folder / "heard.json").read_text("utf-8") for name in names)
