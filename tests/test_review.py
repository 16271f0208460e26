"""The review loop: from a flagged code to a decision to a clean re-run, on SQLite and, where one runs, on PostgreSQL.

Set GAIJI_TEST_POSTGRES to a database URL to run everything on PostgreSQL too.
"""

from __future__ import annotations

import csv
import io
import shutil
import threading

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError, UsageError
from gaiji.queue.decisions import Conflict, Decision, Decisions, verify_audit
from gaiji.queue.items import Item, Sample
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.apply import apply
from gaiji.review.sheets.exchange import Refused, export, import_sheet
from gaiji.review.sheets.sheet import COLUMNS, EDITED, FIXED
from gaiji.run.convert import convert


def found(code="80A1", count=3, reason="unmapped-gaiji", **more):
    item = Item(
        "JEF", code, "見本市", reason, {("氏名", "name"): count}, [Sample(7, "0007", "氏名", 1, "渡【〓】")]
    )
    for name, value in more.items():
        setattr(item, name, value)
    return item


def made(glyph="MJ026191", kind="字形一致", by="佐藤", **more):
    return Decision(kind=kind, glyph=glyph, evidence="戸籍簿", decided_by=by, decided_at="2026-11-02", **more)


def only(queue):
    (item,) = queue.items()
    return item


def test_the_same_source_again_replaces_and_another_adds(queue):
    for _ in range(2):
        assert queue.add("a.dat", [found()]) == 1
    queue.add("b.dat", [found(count=4)])
    assert only(queue).total == 7
    assert [s.text for s in only(queue).samples] == ["渡【〓】", "渡【〓】"]


def test_an_open_code_that_is_gone_leaves_and_a_decided_one_stays(queue):
    queue.add("a.dat", [found(), found("80A2")])
    first = next(iter(queue.items()))
    Decisions(queue).decide(first.id, made())
    queue.add("a.dat", [])
    assert [(i.code, i.state) for i in queue.items()] == [(first.code, "confirmed")]


def test_a_decided_code_is_not_asked_again_unless_its_basis_changed(queue):
    queue.add("a.dat", [found(basis="one")])
    Decisions(queue).decide(only(queue).id, made())
    assert queue.add("a.dat", [found(basis="one")]) == 0
    assert only(queue).state == "confirmed"
    assert queue.add("a.dat", [found(basis="two")]) == 1
    assert only(queue).state == "open"
    assert verify_audit(queue) == (2, "")


def test_a_sample_with_a_low_value_is_kept_on_every_database(queue):
    """PostgreSQL holds no U+0000 in a text, and a record of low-values is no reason to end a run."""
    item = found()
    item.samples[:] = [Sample(1, "k\0", "氏名", 1, "山\0【田】")]
    queue.add("a.dat", [item])
    queue.add("a.dat", [item])
    assert [(s.record_key, s.text) for s in only(queue).samples] == [("k␀", "山␀【田】")]


def test_two_people(queue):
    queue.add("a.dat", [found()])
    acts, item_id = Decisions(queue, confirm="two-person"), only(queue).id
    assert acts.decide(item_id, made()) == "proposed"
    with pytest.raises(UsageError, match="their own"):
        acts.confirm(item_id, "佐藤")
    assert acts.confirm(item_id, "鈴木") == "confirmed"
    assert acts.of(item_id).confirmed_by == "鈴木"


def test_nobody_overwrites_anybody(queue):
    queue.add("a.dat", [found()])
    acts, item = Decisions(queue), only(queue)
    acts.decide(item.id, made(), version=item.version)
    with pytest.raises(Conflict, match="somebody else"):
        acts.decide(item.id, made("MJ026192", by="鈴木"), version=item.version)
    assert acts.of(item.id).glyph == "MJ026191"


def test_of_two_at_once_one_wins(queue):
    queue.add("a.dat", [found()])
    item, outcomes = only(queue), []

    def clerk(name):
        try:
            outcomes.append(Decisions(queue).decide(item.id, made(by=name), version=item.version))
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=clerk, args=(name,)) for name in ("佐藤", "鈴木", "高橋")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["confirmed", "conflict", "conflict"]
    assert verify_audit(queue) == (1, "")


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (made(kind="似ている"), "同定区分"),
        (made(by=" "), "判定者"),
        (made(glyph=""), "同定先 is empty"),
        (made(glyph="MJ999999"), "not in"),
        (made(kind="判読不能"), "names a glyph"),
    ],
)
def test_decisions_that_cannot_stand(queue, decision, says):
    queue.add("a.dat", [found()])
    with pytest.raises(UsageError, match=says):
        Decisions(queue).decide(only(queue).id, decision)
    assert only(queue).state == "open"


def test_undo_and_put_off(queue):
    queue.add("a.dat", [found()])
    acts, item_id = Decisions(queue), only(queue).id
    acts.decide(item_id, made())
    acts.reopen(item_id, "佐藤", "wrong row")
    assert (only(queue).state, acts.of(item_id)) == ("open", None)
    acts.defer(item_id, "佐藤", "ask the family")
    acts.reject(item_id, "佐藤", "a stray code")
    assert acts.status()["rejected"] == {"items": 1, "occurrences": 3, "people": 3}
    assert verify_audit(queue) == (4, "")


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit SET person = 'x' WHERE number = 1",
        "UPDATE audit SET detail = replace(detail, 'MJ026191', 'MJ026192') WHERE number = 1",
        "DELETE FROM audit WHERE number = 1",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE decision SET glyph = 'MJ026192'",
        "UPDATE item SET state = 'open'",
    ],
)
def test_the_log_shows_every_tampering(queue, tamper):
    queue.add("a.dat", [found()])
    acts, item_id = Decisions(queue), only(queue).id
    acts.decide(item_id, made())
    acts.confirm(item_id, "鈴木")
    assert verify_audit(queue) == (2, "")
    with queue.engine.begin() as connection:
        connection.execute(sa.text(tamper))
    assert verify_audit(queue)[1]


# -- sheets ------------------------------------------------------------------------------------------


def edit(path, **cells):
    """Change cells of the first row of an exported CSV, as a clerk in Excel would."""
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    for name, value in cells.items():
        rows[1][COLUMNS.index(name)] = value
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())


@pytest.mark.parametrize("typed", ["2026-11-02", "2026/11/2", "2026.11.2", "2026年11月2日", "46328"])
def test_dates_as_people_and_spreadsheets_write_them(queue, tmp_path, typed):
    queue.add("a.dat", [found()])
    path = tmp_path / "sheet.csv"
    export(queue, path)
    edit(path, **(GOOD | {"判定日": typed}))
    import_sheet(queue, path)
    assert Decisions(queue).of(only(queue).id).decided_at == "2026-11-02"


GOOD = {
    "同定先": "MJ026191",
    "同定区分": "字形一致",
    "根拠": "戸籍簿",
    "判定者": "佐藤",
    "判定日": "2026/11/2",
}


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_round_trip_changes_nothing(queue, tmp_path, format):
    queue.add("a.dat", [found(), found("80A2"), found("A1FD", reason="already-lost")])
    Decisions(queue).decide(next(iter(queue.items())).id, made(note="=1+1"))
    before = list(queue.items())
    path = tmp_path / f"sheet.{format}"
    assert export(queue, path, format).rows == 3
    assert import_sheet(queue, path) == type(import_sheet(queue, path))(0, 0, 3)
    assert list(queue.items()) == before
    assert verify_audit(queue) == (1, "")


def test_a_sheet_comes_back_with_decisions(queue, tmp_path):
    queue.add("a.dat", [found()])
    path = tmp_path / "sheet.csv"
    export(queue, path)
    edit(path, **GOOD)
    assert import_sheet(queue, path, dry_run=True).decided == 1
    assert only(queue).state == "open"
    assert import_sheet(queue, path).decided == 1
    assert Decisions(queue).of(only(queue).id) == made(
        repertoire=Decisions(queue).of(only(queue).id).repertoire
    )
    export(queue, path)
    edit(path, 確認者="鈴木")
    assert import_sheet(queue, path).confirmed == 1


@pytest.mark.parametrize(
    ("cells", "column", "says"),
    [
        ({"同定先": "MJ999999"}, "同定先", "ありません"),
        ({"同定先": "邉"}, "同定先", "複数の字形"),
        ({"同定先": ""}, "同定先", "空欄"),
        ({"同定区分": "似"}, "同定区分", "字形一致"),
        ({"同定区分": "判読不能"}, "同定先", "判読不能なのに"),
        ({"判定者": ""}, "判定者", "空欄"),
        ({"判定日": "きのう"}, "判定日", "日付ではありません"),
        ({"確認者": "佐藤"}, "確認者", "同じ人"),
        ({"旧コード": "80A9"}, "旧コード", "80A1"),
        ({"管理番号": "99-0"}, "管理番号", "同定表にありません"),
        ({"管理番号": "=cmd"}, "管理番号", "同定表にありません"),
    ],
)
def test_wrong_rows_are_named_and_nothing_is_taken(queue, tmp_path, cells, column, says):
    queue.add("a.dat", [found(), found("80A2")])
    path = tmp_path / "sheet.csv"
    export(queue, path)
    edit(path, **(GOOD | cells))
    with pytest.raises(Refused) as error:
        import_sheet(queue, path)
    (refusal,) = error.value.refusals
    assert (refusal.row, refusal.column) == (2, column)
    assert says in str(refusal)
    assert {i.state for i in queue.items()} == {"open"}


def test_two_clerks_who_disagree_are_shown_side_by_side(queue, tmp_path):
    queue.add("a.dat", [found()])
    path = tmp_path / "sheet.csv"
    export(queue, path)
    edit(path, **GOOD)
    rows = path.read_text("utf-8-sig").splitlines()
    path.write_text(
        "\n".join([*rows, rows[1].replace("MJ026191", "MJ026192").replace("佐藤", "鈴木")]) + "\n",
        "utf-8-sig",
    )
    with pytest.raises(Refused) as error:
        import_sheet(queue, path)
    assert [r.row for r in error.value.refusals] == [2, 3]
    assert "佐藤：MJ026191" in error.value.refusals[0].why and "鈴木：MJ026192" in error.value.refusals[0].why
    assert only(queue).state == "open"


def test_a_sheet_older_than_another_clerks_decision_is_refused(queue, tmp_path):
    queue.add("a.dat", [found()])
    path = tmp_path / "sheet.csv"
    export(queue, path)
    Decisions(queue).decide(only(queue).id, made("MJ026192", by="鈴木"))
    edit(path, **GOOD)
    with pytest.raises(Refused, match="1件"):
        import_sheet(queue, path)
    assert Decisions(queue).of(only(queue).id).glyph == "MJ026192"


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 not a workbook", b"\xff\xfe\x00", "旧コード\n80A1\n".encode()]
)
def test_files_that_are_no_sheets(queue, tmp_path, data):
    path = tmp_path / "sheet.bin"
    path.write_bytes(data)
    with pytest.raises(GaijiError) as error:
        import_sheet(queue, path)
    assert str(path) in str(error.value)


def test_a_workbook_has_what_clerks_need(queue, tmp_path):
    from openpyxl import load_workbook

    queue.add("a.dat", [found(samples=[Sample(1, "=cmd|x", "氏名", 0, "=1+1")])])
    path = tmp_path / "sheet.xlsx"
    export(queue, path, "xlsx")
    sheet = load_workbook(path)["同定表"]
    assert tuple(cell.value for cell in sheet[1]) == COLUMNS
    assert (sheet.freeze_panes, sheet.page_setup.orientation, sheet.protection.sheet) == (
        "F2",
        "landscape",
        True,
    )
    assert [cell.protection.locked for cell in sheet[2]] == [True] * len(FIXED) + [False] * len(EDITED)
    assert {cell.data_type for cell in sheet[2] if cell.value} == {"s"}
    assert "字形一致" in sheet.data_validations.dataValidation[0].formula1
    assert "書き方" in load_workbook(path).sheetnames


def test_the_html_page_is_whole_and_safe(queue, tmp_path):
    queue.add("a.dat", [found(samples=[Sample(1, "1", "氏名", 0, "<script>x</script>")])])
    path = tmp_path / "sheet.html"
    export(queue, path, "html")
    page = path.read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http" not in page


# -- the whole loop ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    return tmp_path / "s"


@pytest.mark.parametrize("name", ["juki-jef", "koseki-keis", "juki-windows"])
def test_convert_review_apply_convert(folder, name):
    truth = {}
    for line in (folder / "truth.tsv").read_text("utf-8").splitlines()[1:]:
        _, code, glyph = line.split("\t")
        truth[name, code] = glyph
    job = folder / f"{name}.toml"
    assert convert(job).exit_code == 3
    where = folder / "out" / name / "review.sqlite"
    queue = open_queue(where)
    acts = Decisions(queue)
    for item in queue.items():
        if item.reason != "unmapped-gaiji":
            acts.decide(item.id, made("", kind="判読不能"))
        elif truth[name, item.code] == "none":  # in no list: the family agreed to another character
            acts.decide(item.id, made("MJ018412", kind="別字"))
        else:
            acts.decide(item.id, made(truth[name, item.code]))
    assert sum(apply(queue, where.parent).values()) > 5
    assert verify_audit(queue)[1] == ""
    queue.close()
    again = convert(job)
    assert again.to_review == 0 and again.exit_code == 3  # what was lost or broken before is still told
    left = {f["reason"] for f in again.data["findings"] if f["role"] in ("name", "kana", "address")}
    unknown = {f["code"] for f in again.data["findings"] if f["reason"] == "unmapped-gaiji"}
    assert left <= {"already-lost", "broken-shift", "illegal"} and not unknown
    assert any(t["id"].startswith("decisions-") for t in again.data["tables"])
    shown = CliRunner().invoke(main, ["review", "audit", "--queue", str(where)])
    assert (shown.exit_code, "lines hold" in shown.output) == (0, True)
    raw = bytearray(where.read_bytes())
    at = raw.index("戸籍簿".encode())
    raw[at] ^= 1
    where.write_bytes(raw)
    assert CliRunner().invoke(main, ["review", "audit", "--queue", str(where)]).exit_code == 1
