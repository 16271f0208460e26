"""Who is whom where systems have no number in common: bound by what people have in common, asked once, kept."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.errors import GaijiError, JobError, UsageError
from gaiji.queue.accounts import Accounts
from gaiji.queue.decisions import verify_audit
from gaiji.queue.queue import open_queue
from gaiji.queue.schema import bond
from gaiji.town.asking import every_answer, take_answers, take_back, write_answers, write_questions
from gaiji.town.masks import masked, shown_names
from gaiji.town.people import People, read_people, write_people
from gaiji.town.project import Town, load_town
from gaiji.town.residents import town_persons
from gaiji.town.running import run_town
from gaiji.town.told import Source
from tests.test_town_people import sample

MATCH = """[identity]
match = true
eras = { "2" = "大正", "3" = "昭和", "4" = "平成" }
address = ["住所", "本籍"]
municipality = ["ﾎﾞｳｼ"]
"""
HEAD = "番号,氏名,カナ,生年月日,性別,住所"


def matched_sample(to: Path, identity: str = MATCH) -> Town:
    """The sample town whose systems do not know each other's numbers: each record's own says what is true."""
    project = sample(to).path
    text = project.read_text("utf-8").replace('[identity]\nkey = "宛名番号"\n', identity)
    project.write_text(text, "utf-8")
    return load_town(project)


def made_town(folder: Path, identity: str = "match = true\n", more: str = "", **systems: list[str]) -> Town:
    """A town of CSV files, one for each system, with the columns of HEAD."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f'[town]\nname = "見本町"\n[identity]\n{identity}kana = ["カナ"]\n{more}']
    for name, rows in systems.items():
        (folder / f"{name}.csv").write_bytes("\r\n".join([HEAD, *rows, ""]).encode("cp932"))
        parts.append(
            f'[[system]]\nname = "{name}"\ncharset = "windows-31j-jis90"\n[[system.file]]\n'
            f'path = "{name}.csv"\nformat = "csv"\nkey = "番号"\n'
        )
    (folder / "town.toml").write_text("\n".join(parts), "utf-8")
    return load_town(folder / "town.toml")


def persons(people: People) -> dict[tuple[str, str], str]:
    """(system, name) → person."""
    labels = [one.file.system for one in people.writings]
    return {(labels[at], name): who for who, name, at in people.frame.iter_rows()}


def number(record: str) -> str:
    return record.partition(":")[2]


def answer(town: Town, people: People, sheet: Path, said) -> tuple[int, list[str]]:
    """Answer the questions of a sheet: ``said`` gives answer, 根拠 and 回答者 of a row."""
    write_questions(town, people.identity, sheet)
    lines = list(csv.DictReader(StringIO(sheet.read_text("utf-8-sig"), newline="")))
    for row in lines:
        row["回答"], row["根拠"], row["回答者"] = said(row)
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return take_answers(town, people.identity, sheet)


def truth(row) -> tuple[str, str, str]:
    same = number(row["A"]) == number(row["B"])
    return ("同一人" if same else "別人"), "住民票", "見本 花子"


# -- bound -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return matched_sample(tmp_path_factory.mktemp("matched") / "town")


def test_nobody_is_bound_to_somebody_else(town):
    """Against the numbers that the generator gave every system, and that matching does not see."""
    people = read_people(town)
    bound = people.identity.people
    assert len(bound) > 300 and all(number(record) == number(person) for record, person in bound.items())
    every = {system: sum(counts.values()) for system, counts in people.identity.counts.items()}
    able = sum(count for system, count in every.items() if system not in ("住記", "国保"))
    assert len(bound) / able > 0.9
    asked = people.identity.asked
    same = pl.col("one").str.split(":").list.last() == pl.col("other").str.split(":").list.last()
    assert asked.filter(same)["other"].n_unique() == people.identity.waiting  # the true one is among them
    assert people.identity.counts["国保"] == {"nothing": every["国保"]}  # it knows no date and no address
    assert any(note.startswith("国保: ") for note in people.identity.notes)


def test_the_page_shows_what_the_command_prints(town, tmp_path, monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "town.md").read_text("utf-8")
    shown = text.partition("$ gaiji identity town.toml --output who.xlsx\n")[2].partition("```")[0]
    monkeypatch.chdir(town.path.parent)
    done = CliRunner().invoke(main, ["identity", "town.toml", "--output", "who.xlsx"])
    assert done.output == shown


def test_codes_that_nobody_knows_do_not_hide_a_person(town):
    """戸籍 knows no reading: its names with 外字 are compared with those of 住記, code by code."""
    people = read_people(town)
    labels = [one.file.label for one in people.writings]
    tagged = people.frame.filter(
        (pl.col("file") == labels.index("戸籍/koseki")) & pl.col("name").str.contains("{", literal=True)
    )
    bound = {person for person in tagged["person"] if person.startswith("住記:")}
    assert len(bound) >= 0.9 * tagged["person"].n_unique() > 5


def test_two_that_fit_are_bound_to_nobody(tmp_path):
    twins = [
        "1,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3",
        "2,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3",
    ]
    town = made_town(
        tmp_path / "t",
        juki=[*twins, "3,見本　花子,ミホン　ハナコ,1985-05-05,2,本町1-2-3"],
        zei=[
            "71,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3",
            "72,見本　花子,ミホン　ハナコ,1985-05-05,2,本町9-9-9",
        ],
    )
    identity = read_people(town).identity
    assert identity.people == {"zei:72": "juki:3"}
    assert sorted(identity.asked.select("one", "other").rows()) == [
        ("juki:1", "zei:71"),
        ("juki:2", "zei:71"),
    ]


@pytest.mark.parametrize("system", ["juki", "zei"])
def test_the_same_at_one_address_without_dates(system, tmp_path):
    """Name and place alone bind one to one; where the name stands twice there on either side, nobody."""
    rows = {
        "juki": ["1,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3"],
        "zei": ["71,見本　太郎,,,,本町一丁目２番３号"],
    }
    assert read_people(made_town(tmp_path / "one", **rows)).identity.people == {"zei:71": "juki:1"}
    twice = [rows[system][0], rows[system][0].replace("1980", "2005").replace("71", "72")]
    twice[1] = twice[1].replace("1,", "2,", 1) if system == "juki" else twice[1]
    identity = read_people(made_town(tmp_path / "two", **{**rows, system: twice})).identity
    assert not identity.people and identity.waiting == (2 if system == "zei" else 1)


def test_numbers_of_households_are_matched_with_nobody(tmp_path):
    town = made_town(
        tmp_path / "t",
        juki=["1,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3"],
        kokuho=[
            "9,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3",
            "9,見本　花子,ミホン　ハナコ,1985-05-05,2,本町1-2-3",
        ],
    )
    identity = read_people(town).identity
    assert not identity.people and "kokuho: 1 numbers stand for several people" in identity.notes[0]


def test_numbers_in_common_go_before_everything(tmp_path):
    """A file that has the town's number is not matched; one without it is matched with all that have."""
    town = made_town(
        tmp_path / "t",
        identity='key = "番号"\nmatch = true\n',
        juki=["1,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3"],
        zei=["1,別人　次郎,ベツジン　ジロウ,1950-01-02,1,西町1"],
    )
    people = read_people(town)
    assert persons(people) == {("juki", "見本太郎"): "1", ("zei", "別人次郎"): "1"}


def test_a_code_stands_for_nothing_that_its_own_set_can_write():
    sources = [
        Source("a/a", "a", ("t", "a"), lambda unit: unit == "部"),
        Source("b/b", "b", ("t", "b"), lambda unit: False),
    ]
    rows = pl.DataFrame(
        {
            "name": ["渡{JEF:80A1}　太郎", "渡部　太郎", "渡邉　太郎"],
            "file": [0, 1, 1],
            "node": ["1", "2", "3"],
        },
        schema_overrides={"file": pl.Int32},
    )
    shown = shown_names(rows, sources)
    assert shown["written"].to_list() == rows["name"].to_list()
    a, b = masked(shown.filter(pl.col("file") == 0), shown.filter(pl.col("file") == 1), sources)
    assert a["alias"].to_list() == ["渡〓太郎"] and b["alias"].to_list() == ["", "渡〓太郎"]


def test_dates_that_cannot_be_read_are_told_and_an_era_must_be_one(tmp_path):
    rows = {"juki": ["1,見本　太郎,,1980-01-02,1,"], "inkan": ["9,見本　太郎,,3550102,1,"]}
    town = made_town(tmp_path / "t", **rows)
    identity = read_people(town).identity
    assert not identity.people and "inkan/inkan: 1 of 1 birth dates cannot be read" in identity.notes[0]
    town = made_town(tmp_path / "e", more='eras = { "3" = "昭和" }\n', **rows)
    assert read_people(town).identity.people == {"inkan:9": "juki:1"}
    with pytest.raises(JobError, match="E0824"):
        read_people(made_town(tmp_path / "w", more='eras = { "3" = "正和" }\n', **rows))


# -- 附票 ------------------------------------------------------------------------------------------------


def bridged(folder: Path, koseki: list[str], fuhyo: list[str]) -> Town:
    folder.mkdir()
    files = {
        "juki": ("宛名番号,氏名", ["1,見本　太郎", "2,見本　花子", "3,例　三郎"]),
        "fuhyo": ("宛名番号,個人番号,氏名", fuhyo),
        "koseki": ("個人番号,氏名", koseki),
    }
    text = '[town]\nname = "見本町"\n[identity]\nkey = "宛名番号"\nsecond = "個人番号"\n'
    for name, (head, rows) in files.items():
        (folder / f"{name}.csv").write_bytes("\r\n".join([head, *rows, ""]).encode("cp932"))
        text += f'[[system]]\nname = "{name}"\ncharset = "windows-31j-jis90"\n'
        text += f'[[system.file]]\npath = "{name}.csv"\nformat = "csv"\nkey = "{head.split(",")[0]}"\n'
    (folder / "town.toml").write_text(text, "utf-8")
    return load_town(folder / "town.toml")


def test_a_file_that_has_both_numbers_joins_the_others(tmp_path):
    """戸籍's own numbers are other people's in 住記: 附票 says whose they are."""
    fuhyo = ["1,003,見本　太郎", "2,001,見本　花子", "3,005,例　三郎", "2,005,見本　花子"]
    town = bridged(
        tmp_path / "t", ["003,見本　太郎", "001,見本　華子", "005,例　三郎", "007,誰　四郎"], fuhyo
    )
    people = read_people(town)
    found = persons(people)
    assert found["koseki", "見本太郎"] == "1" and found["koseki", "見本華子"] == "2"
    assert found["koseki", "例三郎"] == "個人番号=5"  # it stands for two people: it joins nobody
    assert found["koseki", "誰四郎"] == "個人番号=7"
    assert len(people.identity.notes) == 2
    plain = bridged(tmp_path / "p", ["1,見本　太郎"], ["2,,見本　花子"])
    assert persons(read_people(plain))["koseki", "見本太郎"] == "1"  # no file joins: the numbers are one
    told = town_persons(town)
    assert told.read == 11


# -- asked once ------------------------------------------------------------------------------------------


def test_what_is_answered_is_kept_and_not_asked_again(tmp_path):
    town = matched_sample(tmp_path / "town")
    first = CliRunner().invoke(main, ["run", str(town.path), "--jobs", "1"])
    people = read_people(town)
    asked = people.identity.waiting
    assert asked and f"next: gaiji identity {town.path}: {asked} records" in first.output
    taken, wrong = answer(town, people, tmp_path / "q.csv", truth)
    assert taken == people.identity.asked.height and not wrong
    again = read_people(town)
    assert not again.identity.waiting and again.identity.answered == (taken, 0)
    assert all(number(record) == number(person) for record, person in again.identity.people.items())
    assert len(again.identity.people) == len(people.identity.people) + asked
    second = CliRunner().invoke(main, ["run", str(town.path), "--jobs", "1"])
    assert "gaiji identity" not in second.output and "their names propose" in second.output
    queue = open_queue(town.queue)
    try:
        lines, fault = verify_audit(queue)
        assert lines >= taken and not fault
        with queue.writing() as connection:
            connection.execute(bond.update().values(answer="different"))
        assert "is not the one in the log" in verify_audit(queue)[1]
    finally:
        queue.close()


@pytest.fixture
def doubtful(tmp_path: Path) -> Town:
    """見本 太郎 of zei may be either of two in juki."""
    both = [f"{n},見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3" for n in (1, 2)]
    return made_town(tmp_path / "d", juki=both, zei=["71,見本　太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3"])


def test_an_answer_is_undone_confirmed_contradicted_and_outlived(doubtful, tmp_path):
    town = doubtful
    people = read_people(town)

    def first(row, who="見本 花子"):
        return ("同一人" if row["A"] == "juki:1" else "別人", "住民票", who)

    assert answer(town, people, tmp_path / "a.csv", first) == (2, [])
    assert read_people(town).identity.people == {"zei:71": "juki:1"}

    def other(row):
        return ("別人", "住民票", "例 次郎")

    taken, wrong = answer(town, people, tmp_path / "b.csv", other)
    assert taken == 1 and "E0821" in wrong[0]  # the second 別人 confirms; the first is contradicted
    assert [one.confirmed_by for one in every_answer(town)] == ["", "例 次郎"]
    assert write_answers(town, every_answer(town), tmp_path / "answers.xlsx") == 2
    take_back(town, "juki:1", "zei:71", "見本 花子")
    assert read_people(town).identity.people == {"zei:71": "juki:1"}  # the other one is 別人: one is left
    take_back(town, "juki:2", "zei:71", "見本 花子")
    assert read_people(town).identity.waiting == 1
    with pytest.raises(UsageError, match="E0822"):
        take_back(town, "juki:2", "zei:71", "見本 花子")
    assert answer(town, people, tmp_path / "c.csv", first) == (2, [])
    dump = town.path.parent / "zei.csv"
    dump.write_bytes(dump.read_bytes().replace("太郎".encode("cp932"), "太朗".encode("cp932")))
    later = read_people(load_town(town.path)).identity
    assert later.answered == (0, 2) and not later.people  # it says something else now: nobody was asked


def test_the_second_person_of_two(doubtful, tmp_path):
    sheet = tmp_path / "q.csv"
    people = read_people(doubtful)
    answer(
        doubtful,
        people,
        sheet,
        lambda row: ("同一人" if row["A"] == "juki:1" else "別人", "戸籍", "見本 花子"),
    )
    for row in every_answer(doubtful):
        take_back(doubtful, row.one, row.other, "見本 花子")
    assert take_answers(doubtful, people.identity, sheet, confirm="two-person") == (2, [])
    assert read_people(doubtful).identity.waiting == 1
    text = sheet.read_text("utf-8-sig").replace("見本 花子", "例 次郎")
    sheet.write_text(text, "utf-8-sig")
    assert take_answers(doubtful, people.identity, sheet, confirm="two-person") == (2, [])
    assert read_people(doubtful).identity.people == {"zei:71": "juki:1"}


def test_a_wrong_sheet_takes_nothing(doubtful, tmp_path):
    people = read_people(doubtful)
    cases = {
        "is said to be two people": lambda row: ("同一人", "戸籍", "見本 花子"),
        "neither 同一人 nor 別人": lambda row: ("はい", "戸籍", "見本 花子"),
        "is missing": lambda row: ("同一人", "", "見本 花子"),
    }
    for said, given in cases.items():
        taken, wrong = answer(doubtful, people, tmp_path / "q.csv", given)
        assert not taken and any(said in line for line in wrong)
    with pytest.raises(GaijiError, match="E0826"):
        take_answers(doubtful, people.identity, doubtful.path.parent / "juki.csv")
    with pytest.raises(UsageError, match="E0825"):
        write_questions(doubtful, people.identity, tmp_path / "q.html")
    with pytest.raises(UsageError):
        write_questions(doubtful, people.identity, doubtful.path.parent / "juki.csv")
    with pytest.raises(UsageError):
        write_people(people, doubtful.path.parent / "juki.csv", doubtful)


def test_the_sheet_as_a_workbook_and_the_command(doubtful, tmp_path):
    sheet, table = tmp_path / "q.xlsx", tmp_path / "people.csv"
    arguments = ["identity", str(doubtful.path), "--output", str(sheet), "--people", str(table)]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 3 and "3 people; 1 records are asked about" in shown.output
    assert "見本太郎" not in shown.output.replace("　", "")
    assert [row["by"] for row in csv.DictReader(StringIO(table.read_text("utf-8-sig")))].count("asked") == 1
    book = openpyxl.load_workbook(sheet)
    page = book.worksheets[0]
    heads = [cell.value for cell in page[1]]
    assert page.data_validations.dataValidation[0].formula1 == '"同一人,別人"'
    for row in (2, 3):
        same = page.cell(row, heads.index("A") + 1).value == "juki:2"
        for name, value in (
            ("回答", "同一人" if same else "別人"),
            ("根拠", "戸籍"),
            ("回答者", "見本 花子"),
        ):
            page.cell(row, heads.index(name) + 1).value = value
    book.save(sheet)
    shown = CliRunner().invoke(main, ["identity", str(doubtful.path), "--import", str(sheet)])
    assert shown.exit_code == 0 and "2 answers taken, 0 rows are wrong" in shown.output
    back = ["identity", str(doubtful.path), "--take-back", "juki:2", "zei:71", "--person", "見本 花子"]
    CliRunner().invoke(main, [*back[:-1], "見本 花子"])
    assert read_people(doubtful).identity.waiting == 1 or read_people(doubtful).identity.people


def test_a_queue_with_accounts_takes_answers_of_who_signed_in(doubtful, tmp_path):
    run_town(doubtful, jobs=1)
    queue = open_queue(doubtful.queue)
    try:
        Accounts(queue).add("見本 花子", "manager", "a long password")
    finally:
        queue.close()
    people = read_people(doubtful)
    taken, wrong = answer(doubtful, people, tmp_path / "q.csv", lambda row: ("別人", "戸籍", "見本 花子"))
    assert not taken and "E0856" in wrong[0]
    taken, wrong = take_answers(doubtful, people.identity, tmp_path / "q.csv", user="見本 花子")
    assert (taken, wrong) == (2, [])


def test_a_queue_of_the_schema_before_keeps_what_it_has(doubtful):
    run_town(doubtful, jobs=1)
    queue = open_queue(doubtful.queue)
    with queue.writing() as connection:
        bond.drop(connection)
        connection.execute(sa.text("UPDATE meta SET value = '4' WHERE key = 'schema'"))
    queue.close()
    assert not every_answer(doubtful)
    assert read_people(doubtful).identity.waiting == 1


def test_residents_are_told_once_where_numbers_are_not_one(tmp_path):
    """The numbers of two systems are the same and mean other people: only who is matched is one resident."""
    rows = "見本　\uff03太郎,ミホン　タロウ,1980-01-02,1,本町1-2-3"
    town = made_town(tmp_path / "t", juki=[f"1,{rows}"], zei=["2,別　花子,ベツ　ハナコ,1950-01-01,2,西町1"])
    for name, lines in (("juki", [("1", "1980-01-02"), ("2", "1990-01-02")]), ("zei", [("2", "1980-01-02")])):
        raw = [HEAD.encode("cp932")]
        for own, birth in lines:
            written = f"{own},見本　".encode("cp932") + bytes.fromhex("F040")
            raw.append(written + f"郎,ミホン　ロウ,{birth},1,本町1-2-3".encode("cp932"))
        (town.path.parent / f"{name}.csv").write_bytes(b"\r\n".join([*raw, b""]))
    found = town_persons(town)
    assert found.affected == 2 and {one.systems for one in found.rows} == {
        ("juki/juki", "zei/zei"),
        ("juki/juki",),
    }
