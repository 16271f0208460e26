"""Reports of a sample whose codes are decided in each way: who is told, by the queue's own counts; files that open."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter
from io import StringIO

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from gaiji.cli.commands import main
from gaiji.errors import GaijiError, UsageError
from gaiji.output.cells import safe_cell
from gaiji.output.tabular import csv_text, safe_cells
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.reports.letters import write_template
from gaiji.reports.lists import COLUMNS, NEW, OLD, cells, csv_list, csv_merge, shown, xlsx_merge
from gaiji.reports.pages import report_residents, report_summary
from gaiji.reports.persons import FRAME, Persons, Wanted, persons
from gaiji.reports.residents import CUT, LOST, UNDECIDED, changed_residents
from gaiji.review.sheets.apply import apply
from gaiji.run.convert import convert
from gaiji.run.job import load_job
from gaiji.shape.pictures import Gallery
from tests.reviewing import sample_queue

KINDS = ("字形一致", "デザイン差", "類似", "別字", "判読不能")


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The job of a sample and what its queue said of each code before five were decided, one of each 同定区分."""
    folder = tmp_path_factory.mktemp("town")
    where = sample_queue(folder)
    queue = open_queue(where)
    items = list(queue.items())
    gaiji = [i for i in items if i.reason == "unmapped-gaiji"]
    assert len(gaiji) > len(KINDS) and {"already-lost"} <= {i.reason for i in items}
    for item, kind in zip(gaiji, KINDS, strict=False):
        glyph = "" if kind == "判読不能" else "MJ026190"
        Decisions(queue).decide(item.id, Decision(kind, glyph=glyph, evidence="戸籍簿", decided_by="戸籍係"))
    apply(queue, where.parent)
    queue.close()
    job = folder / "juki-jef.toml"
    convert(job)
    return job, items, dict(zip((i.code for i in gaiji), KINDS, strict=False))


def test_who_is_told_is_what_the_queue_counted(town):
    job, items, kinds = town
    found = changed_residents(job)
    told = Counter((row.code, row.kind) for row in found.rows)
    expected = {}
    for item in items:
        kind = kinds.get(item.code, LOST if item.reason == "already-lost" else UNDECIDED)
        if kind != "字形一致" and item.total:
            expected[item.code, kind] = item.total
    assert dict(told) == expected
    assert found.read == 2000 and 0 < found.people <= len(found.rows)
    assert [row.record for row in found.rows] == sorted(row.record for row in found.rows)


def test_a_row_shows_the_field_before_and_after(town):
    job, *_ = town
    row = next(r for r in changed_residents(job).rows if r.kind == "デザイン差")
    assert "【〓】" in row.before and row.glyph == "MJ026190" and row.text in row.after
    assert (
        row.before.replace("【〓】", row.text).count("〓") == row.after.count("〓")
        and row.evidence == "戸籍簿"
    )
    unread = next(r for r in changed_residents(job).rows if r.kind == "判読不能")
    assert unread.glyph == unread.text == "" and "〓" in unread.after
    lost = next(r for r in changed_residents(job).rows if r.kind == LOST)
    assert lost.before.replace("【", "").replace("】", "") == lost.after


def test_files_of_every_form_hold_every_person_once(town, tmp_path, draw_mj_font):
    job, *_ = town
    rows = changed_residents(job).rows
    draw_mj_font({row.glyph for row in rows if row.glyph})
    told = {}
    for row in rows:
        told.setdefault(row.key, Counter())[row.kind] += 1
    for suffix in ("csv", "xlsx", "html"):
        done = report_residents(job, tmp_path / f"r.{suffix}")
        assert (done.characters, done.people, done.written) == (len(rows), len(told), len(told))
    table = list(csv.DictReader((tmp_path / "r.csv").read_text("utf-8-sig").splitlines()))
    kinds = {key: "、".join(f"{kind} {count}" for kind, count in some.items()) for key, some in told.items()}
    assert {r["キー"]: r["区分"] for r in table} == kinds and len(table) == len(kinds)
    source = list(csv.DictReader((job.parent / "out/juki-jef/juki.csv").read_text("utf-8").splitlines()))
    known = {r["宛名番号"]: r for r in source}
    for r in table:
        mine = known[r["キー"]]
        assert (r["氏名"], r["フリガナ"]) == (mine["氏名"].strip(), mine["氏名フリガナ"].strip())
        assert r["住所"] == (mine["住所"] + mine["方書"]).strip()
    from openpyxl import load_workbook

    sheet = load_workbook(tmp_path / "r.xlsx").active
    assert sheet.max_row == len(told) + 1
    drawn = {file.stem for file in (job.parent / "gaiji" / "jef").glob("*.png")}
    old, new = ([cell.value for cell in sheet[1]].index(name) for name in ("外字", "字形"))
    number = {r["キー"]: int(r["番号"]) for r in table}
    pairs = {(number[row.key], row.code, row.glyph) for row in rows}
    assert sorted((p.anchor._from.row, p.anchor._from.col) for p in sheet._images) == sorted(
        (at, column)
        for at, code, glyph in pairs
        for column, shown in ((old, code in drawn), (new, glyph))
        if shown
    )
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<tr>") == len(told) + 1 and 'class="p g' in page
    with pytest.raises(UsageError):
        report_residents(job, tmp_path / "r.pdf")


def test_a_list_of_some_roles_reasons_and_kinds(town, tmp_path):
    job, *_ = town
    rows = changed_residents(job).rows
    for wanted, fits in (
        (Wanted(roles=("address",)), lambda r: r.role == "address"),
        (Wanted(reasons=("already-lost",)), lambda r: r.reason == "already-lost"),
        (Wanted(kinds=("別字", "類似")), lambda r: r.kind in ("別字", "類似")),
    ):
        keys = {r.key for r in rows if fits(r)}
        assert 0 < len(keys) < len({r.key for r in rows})
        assert report_residents(job, tmp_path / "r.csv", wanted=wanted).people == len(keys)
        table = csv.DictReader((tmp_path / "r.csv").read_text("utf-8-sig").splitlines())
        assert {r["キー"] for r in table} == keys
    with pytest.raises(GaijiError, match="no reason"):
        report_residents(job, tmp_path / "r.csv", wanted=Wanted(reasons=("lost",)))


def test_a_cut_address_makes_nobody_affected(town, tmp_path):
    job, *_ = town
    more = {"output.path": "out/cut.dat", "output.widths": {"方書": 3, "住所": 6}}
    convert(job, overrides=more)
    rows = changed_residents(job, overrides=more).rows
    cut = {r.key for r in rows if r.kind == CUT}
    others = {r.key for r in rows if r.kind != CUT}
    assert len(cut) > 1000 > len(others)
    done = report_residents(job, tmp_path / "r.csv", overrides=more)
    assert done.people == len(others) and any(f"{len(cut - others):,}人" in note for note in done.notes)
    asked = report_residents(job, tmp_path / "r.csv", overrides=more, wanted=Wanted(reasons=("overflow",)))
    assert asked.people == len(cut)


PEOPLE = {"people.protected": {"性別": ["2"]}, "people.deceased": {"異動年月日": ["0"]}}


def test_people_under_protection_are_kept_off_and_counted(town, tmp_path):
    job, *_ = town
    source = csv.DictReader((job.parent / "out/juki-jef/juki.csv").read_text("utf-8").splitlines())
    sex = {r["宛名番号"]: r["性別"] for r in source}
    keys = {r.key for r in changed_residents(job).rows}
    women = {key for key in keys if sex[key] == "2"}
    assert 0 < len(women) < len(keys)

    def listed(**more):
        done = report_residents(job, tmp_path / "r.csv", overrides=PEOPLE | more)
        return done, list(csv.DictReader((tmp_path / "r.csv").read_text("utf-8-sig").splitlines()))

    done, table = listed()
    assert {r["キー"] for r in table} == keys - women and done.people == len(keys)
    assert any("支援措置" in note and f"{len(women)}人" in note for note in done.notes)
    _, table = listed(**{"people.protected_off": ["addresses"]})
    assert (
        {r["キー"] for r in table if not r["住所"]}
        == women
        == {r["キー"] for r in table if "支援措置" in r["注意"]}
    )
    words = tmp_path / "t.toml"
    write_template(words)
    for name in ("sender", "contact", "date"):
        words.write_text(words.read_text("utf-8").replace(f'{name} = ""', f'{name} = "見本"'), "utf-8")
    done = report_residents(job, tmp_path / "l.html", overrides=PEOPLE, form="letters", template=words)
    page = (tmp_path / "l.html").read_text("utf-8")
    kinds = {}
    for row in changed_residents(job).rows:
        kinds.setdefault(row.key, set()).add(row.kind)
    due = {key for key, some in kinds.items() if some & {"デザイン差", "類似", "別字"}} - women
    assert page.count("<article>") == done.written == len(due) > 5
    names = {
        r["宛名番号"]: r["氏名"]
        for r in csv.DictReader((job.parent / "out/juki-jef/juki.csv").open(encoding="utf-8"))
    }
    assert (
        all(f"{names[key].strip()}　様" in page for key in due)
        and "字体（文字の骨組み）は変わりません" in page
    )
    report_residents(job, tmp_path / "m.csv", overrides=PEOPLE, form="merge")
    merged = {r["キー"] for r in csv.DictReader((tmp_path / "m.csv").read_text("utf-8-sig").splitlines())}
    assert merged == keys - women
    report_residents(job, tmp_path / "n.html", overrides=PEOPLE, form="notice", template=words)
    notice = (tmp_path / "n.html").read_text("utf-8")
    assert not any(name.strip() in notice for name in names.values() if len(name) > 2) and "人" in notice


def test_a_source_of_letters_that_a_spreadsheet_would_run_is_a_workbook(tmp_path):
    """In a CSV nothing could be put before the cell: it would be printed in the letter."""
    openpyxl = pytest.importorskip("openpyxl")
    for cell in ("=1+1", "+81", "-", "@a", "\tx"):
        row = dict(zip(FRAME, ("1", [], "見本", "", cell, "", *[[]] * 9, False, 1), strict=True))
        found = Persons(pl.DataFrame([row], schema=FRAME), 1, 1, 0, 1, {}, 0, {}, True)
        with pytest.raises(UsageError, match="E0895 row 1, 住所"):
            csv_merge(found, Gallery([]))
        (tmp_path / "m.xlsx").write_bytes(xlsx_merge(found, Gallery([])))
        written = openpyxl.load_workbook(tmp_path / "m.xlsx").active.cell(2, 4)
        assert (written.data_type, written.value.strip()) == ("s", cell.strip())


def test_no_letter_goes_out_before_somebody_said_who_is_protected(town, tmp_path):
    job, *_ = town
    write_template(tmp_path / "t.toml")
    with pytest.raises(UsageError, match="支援措置"):
        report_residents(job, tmp_path / "m.csv", form="merge")
    nobody = {"people.protected": {}}
    assert report_residents(job, tmp_path / "m.csv", overrides=nobody, form="merge").written
    for more, says in (
        ({"people.protected": {"性 別": ["2"]}}, "E0841"),
        ({"people.protected": {"性別": "2"}}, "E0842"),
    ):
        with pytest.raises(GaijiError, match=says):
            report_residents(job, tmp_path / "m.csv", overrides=more, form="merge")
    with pytest.raises(UsageError, match="sender, contact, date"):
        report_residents(
            job, tmp_path / "l.html", overrides=nobody, form="letters", template=tmp_path / "t.toml"
        )
    wrong = tmp_path / "w.toml"
    wrong.write_text((tmp_path / "t.toml").read_text("utf-8").replace("{町}では", "{市}では"), "utf-8")
    for name in ("sender", "contact", "date"):
        wrong.write_text(wrong.read_text("utf-8").replace(f'{name} = ""', f'{name} = "見本"'), "utf-8")
    with pytest.raises(UsageError, match="E0847"):
        report_residents(job, tmp_path / "l.html", overrides=nobody, form="letters", template=wrong)
    with pytest.raises(UsageError, match="template"):
        report_residents(job, tmp_path / "l.html", overrides=nobody, form="letters")


def test_what_a_job_says_of_people_changes_no_output(town):
    job, *_ = town
    assert load_job(job).digest == load_job(job, PEOPLE).digest


def test_the_summary_has_the_coverage_before_and_after(town, tmp_path):
    job, items, kinds = town
    figures = report_summary(job, tmp_path / "s.html")
    assert figures["codes"] == len(items) and figures["waiting"] == len(items) - len(KINDS)
    undecided = sum(
        i.total for i in items if kinds.get(i.code, "判読不能") == "判読不能"
    )  # not in the output
    every = sum(i.total for i in items)
    assert (1 - figures["after"]) / (1 - figures["before"]) == pytest.approx(undecided / every)
    page = (tmp_path / "s.html").read_text("utf-8")
    assert "文字の対応率" in page and "決裁" not in page and all(name in page for name in ("課長", "担当"))
    rows = changed_residents(job).rows
    assert figures["people"] == len({row.key for row in rows})
    assert f"{figures['people']:,}人（実人数）" in page and "週ごとの判定" in page
    assert all(row.key not in page for row in rows)


def test_the_commands(town, tmp_path):
    job, *_ = town
    run = CliRunner().invoke(main, ["report", "residents", str(job), "--output", str(tmp_path / "r.csv")])
    assert run.exit_code == 3 and "of 2000 records" in run.output
    run = CliRunner().invoke(main, ["report", "summary", str(job), "--output", str(tmp_path / "s.html")])
    assert run.exit_code == 3 and "coverage" in run.output


@pytest.mark.parametrize("form", ["csv", "dat"])
def test_what_the_output_does_not_hold_is_no_coverage_and_everybody_is_told(tmp_path, form):
    """All is settled, and 〓 and ◎ stand there: coverage, exit codes and the list of residents go by the output."""
    more = (
        {"output.path": f"out/juki-jef/juki.{form}", "output.widths": {"氏名": 12}} if form == "dat" else {}
    )
    where = sample_queue(tmp_path, **more)
    queue = open_queue(where)
    acts, right = Decisions(queue), _truth(tmp_path)
    for number, item in enumerate(queue.items()):
        if item.reason == "unmapped-gaiji" and right[item.code] != "none":
            acts.decide(item.id, Decision("字形一致", right[item.code], decided_by="佐藤"))
        elif number % 2:
            acts.decide(item.id, Decision("判読不能", decided_by="佐藤"))
        else:
            acts.reject(item.id, "佐藤", "対象外")
    assert acts.status()["open"]["items"] == 0
    apply(queue, where.parent)
    queue.close()
    job = tmp_path / "juki-jef.toml"
    manifest = convert(job, overrides=more).data
    reviewed = [f for f in manifest["fields"].values() if f["role"] in ("name", "kana", "address")]
    left = sum(f["count"] for f in manifest["findings"] if f["role"] in ("name", "kana", "address"))
    assert left >= sum(sum(f["flagged"].values()) for f in reviewed)
    done = report_summary(job, tmp_path / "s.html", overrides=more)
    assert done["waiting"] == 0 and done["left"] == left > 0
    assert done["before"] < done["after"] == pytest.approx(1 - left / sum(f["units"] for f in reviewed)) != 1
    told = changed_residents(job, overrides=more)
    assert {row.kind for row in told.rows if row.open} <= {"判読不能", "対象外", LOST, CUT}
    assert UNDECIDED not in {row.kind for row in told.rows}
    if form == "csv":
        rows = list(csv.reader((tmp_path / "out/juki-jef/juki.csv").read_text("utf-8-sig").splitlines()))
        marked = {
            n for n, row in enumerate(rows[1:], 1) if any(mark in cell for cell in row for mark in "〓◎■□●")
        }
        assert marked and marked <= {row.record for row in told.rows if row.open}
    else:
        assert {r["units"] for r in [manifest["flagged"]["overflow"]]} == {
            sum(row.kind == CUT for row in told.rows)
        }
    assert told.waiting >= 9
    settings = [f"--set={key}={value}" for key, value in more.items()]
    if not settings:
        run = CliRunner().invoke(main, ["report", "summary", str(job), "--output", str(tmp_path / "s.html")])
        assert run.exit_code == 3 and f"{left} characters left" in run.output


def _truth(folder):
    rows = [line.split("\t") for line in (folder / "truth.tsv").read_text("utf-8").splitlines()[1:]]
    return {code: glyph for name, code, glyph in rows if name.startswith("juki-jef")}


@pytest.mark.system
def test_libreoffice_opens_the_workbook(town, tmp_path):
    office = shutil.which("soffice")
    if not office:
        pytest.fail("LibreOffice is not installed (.ci/install does it)")
    job, *_ = town
    report_residents(job, tmp_path / "r.xlsx")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "csv",
        "--outdir",
        str(tmp_path / "out"),
        str(tmp_path / "r.xlsx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    lines = csv.reader((tmp_path / "out" / "r.csv").read_text("utf-8").splitlines())
    assert [row[0] for row in lines if row[0].isdigit()][-1] == str(
        len({r.key for r in changed_residents(job).rows})
    )


def test_the_csv_is_what_the_csv_module_writes_of_each_person(town):
    """The list is written by whole columns; its cells are those of the page and the workbook."""
    job, *_ = town
    found = persons({"": changed_residents(load_job(job, PEOPLE | {"people.protected_off": ["addresses"]}))})
    for one in (found, persons({"町": changed_residents(job), "=村": changed_residents(job)}), NOBODY):
        text = StringIO()
        kept = [at for at in shown(one) if at not in (OLD, NEW)]
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([COLUMNS[at] for at in kept])
        rows = [cells(number, person) for number, person in enumerate(one.rows, 1)]
        writer.writerows([safe_cell(row[at]) for at in kept] for row in rows)
        assert csv_list(one, Gallery([])).decode("utf-8-sig") == text.getvalue()
    assert any(person.groups for person in found.rows) and found.groups["protected"] > 5


NOBODY = Persons(pl.DataFrame(schema=FRAME), 0, 0, 0, 0, {}, 0, {}, True)
CELL = st.text("a=+-@\t\r\n\v\",'　漢\u2028\x00 ", max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), max_size=4))
def test_a_table_becomes_csv_as_the_csv_module_writes_it(rows):
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["a", 'b"'])
    writer.writerows([safe_cell(one), other] for one, other in rows)
    frame = pl.DataFrame(rows, schema={"a": pl.String, 'b"': pl.String}, orient="row")
    assert csv_text(frame.with_columns(safe_cells("a"))) == text.getvalue()
