"""The workbook in a real spreadsheet program: LibreOffice opens what we write, edits it, and we take what it saved."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from gaiji.queue.decisions import Decisions, verify_audit
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.exchange import Refused, export, import_sheet
from tests.reviewing import sample_queue

pytestmark = pytest.mark.system
OFFICE, PYTHON = shutil.which("soffice"), "/usr/bin/python3"
EDIT = Path(__file__).with_name("office_edit.py")


def edited(book: Path, edits: list[tuple[int, str, str]]) -> tuple[Path, str]:
    """The workbook as LibreOffice saves it after the edits, and what it printed."""
    assert OFFICE, "LibreOffice is not installed (.ci/install does it)"
    name, target, plan = (
        f"gaiji{uuid.uuid4().hex}",
        book.with_name("edited.xlsx"),
        book.with_name("edits.json"),
    )
    plan.write_text(json.dumps(edits), "utf-8")
    profile = f"-env:UserInstallation={(book.parent / 'profile').as_uri()}"
    office = subprocess.Popen(
        [OFFICE, "--headless", "--norestore", profile, f"--accept=pipe,name={name};urp;"]
    )
    try:
        ran = subprocess.run(
            [PYTHON, str(EDIT), name, str(book), str(target), str(plan)],
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert ran.returncode == 0, ran.stderr
    finally:
        office.terminate()
        office.wait(30)
    return target, ran.stdout


@pytest.fixture
def queue(tmp_path):
    opened = open_queue(sample_queue(tmp_path / "s"))
    yield opened
    opened.close()


def test_opened_and_saved_by_libreoffice_it_changes_nothing(queue, tmp_path):
    export(queue, tmp_path / "sheet.xlsx", "xlsx")
    before = list(queue.items())
    book, printed = edited(tmp_path / "sheet.xlsx", [])
    assert import_sheet(queue, book) == type(import_sheet(queue, book))(0, 0, len(before))
    assert list(queue.items()) == before
    assert int(printed.split("pictures")[1]) > 30  # the 外字 and their candidates came through


def test_decisions_made_in_libreoffice_are_taken(queue, tmp_path):
    export(queue, tmp_path / "sheet.xlsx", "xlsx")
    edits = [
        (2, "同定先", "MJ026192"),
        (2, "同定区分", "字形一致"),
        (2, "根拠", "戸籍簿"),
        (2, "判定者", "佐藤"),
        (2, "判定日", "2026-11-02"),
        (3, "同定区分", "判読不能"),
        (3, "判定者", "佐藤"),
        (3, "判定日", "2026/11/3"),
        (4, "旧コード", "0000"),
    ]
    book, printed = edited(tmp_path / "sheet.xlsx", edits)
    assert "protected: 旧コード4" in printed
    assert import_sheet(queue, book).decided == 2
    first, second, *_ = list(queue.items())
    made = Decisions(queue).of(first.id)
    assert (made.glyph, made.kind, made.evidence, made.decided_by, made.decided_at) == (
        "MJ026192",
        "字形一致",
        "戸籍簿",
        "佐藤",
        "2026-11-02",
    )
    assert (Decisions(queue).of(second.id).kind, Decisions(queue).of(second.id).decided_at) == (
        "判読不能",
        "2026-11-03",
    )
    assert verify_audit(queue) == (2, "")


def test_wrong_rows_from_libreoffice_are_refused_one_by_one(queue, tmp_path):
    export(queue, tmp_path / "sheet.xlsx", "xlsx")
    edits = [
        (2, "同定先", "MJ026192"),
        (2, "同定区分", "字形一致"),
        (2, "判定者", "佐藤"),
        (3, "同定先", "MJ999999"),
        (3, "同定区分", "字形一致"),
        (3, "判定者", "佐藤"),
        (4, "同定先", "MJ026192"),
        (4, "同定区分", "だいたい同じ"),
        (4, "判定者", "佐藤"),
        (5, "同定先", "MJ026192"),
        (5, "同定区分", "類似"),
        (5, "判定者", "佐藤"),
        (5, "判定日", "きのう"),
    ]
    book, _ = edited(tmp_path / "sheet.xlsx", edits)
    with pytest.raises(Refused) as error:
        import_sheet(queue, book)
    assert [(r.row, r.column) for r in error.value.refusals] == [
        (3, "同定先"),
        (4, "同定区分"),
        (5, "判定日"),
    ]
    assert all(item.state == "open" for item in queue.items())
    assert verify_audit(queue) == (0, "")
