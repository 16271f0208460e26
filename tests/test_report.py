"""Reports of a sample whose codes are decided in each way: who is told, by the queue's own counts; files that open."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections import Counter

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.reports.pages import report_residents, report_summary
from gaiji.reports.residents import LOST, UNDECIDED, changed_residents
from gaiji.review.sheets.apply import apply
from gaiji.run.convert import convert
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


def test_files_of_every_form_hold_every_row(town, tmp_path, draw_mj_font):
    job, *_ = town
    rows = changed_residents(job).rows
    draw_mj_font({row.glyph for row in rows if row.glyph})
    for suffix in ("csv", "xlsx", "html"):
        done = report_residents(job, tmp_path / f"r.{suffix}")
        assert done.characters == len(rows)
    table = list(csv.DictReader((tmp_path / "r.csv").read_text("utf-8-sig").splitlines()))
    assert [(r["キー"], r["変換後"], r["区分"]) for r in table] == [(r.key, r.after, r.kind) for r in rows]
    from openpyxl import load_workbook

    sheet = load_workbook(tmp_path / "r.xlsx").active
    assert sheet.max_row == len(rows) + 1
    drawn = {file.stem for file in (job.parent / "gaiji" / "jef").glob("*.png")}
    old, new = ([cell.value for cell in sheet[1]].index(name) for name in ("外字", "字形"))
    assert sorted((p.anchor._from.row, p.anchor._from.col) for p in sheet._images) == sorted(
        (number, column)
        for number, row in enumerate(rows, 1)
        for column, shown in ((old, row.code in drawn), (new, row.glyph))
        if shown
    )
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<tr>") == len(rows) + 1 and 'class="p g' in page
    with pytest.raises(UsageError):
        report_residents(job, tmp_path / "r.pdf")


def test_the_summary_has_the_coverage_before_and_after(town, tmp_path):
    job, items, kinds = town
    figures = report_summary(job, tmp_path / "s.html")
    assert figures["codes"] == len(items) and figures["waiting"] == len(items) - len(KINDS)
    undecided = sum(i.total for i in items if i.code not in kinds)
    every = sum(i.total for i in items)
    assert (1 - figures["after"]) / (1 - figures["before"]) == pytest.approx(undecided / every)
    assert "文字の対応率" in (tmp_path / "s.html").read_text("utf-8")


def test_the_commands(town, tmp_path):
    job, *_ = town
    run = CliRunner().invoke(main, ["report", "residents", str(job), "--output", str(tmp_path / "r.csv")])
    assert run.exit_code == 0 and "of 2000 records" in run.output
    run = CliRunner().invoke(main, ["report", "summary", str(job), "--output", str(tmp_path / "s.html")])
    assert run.exit_code == 0 and "coverage" in run.output


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
    lines = (tmp_path / "out" / "r.csv").read_text("utf-8").splitlines()
    assert len(lines) == len(changed_residents(job).rows) + 1
