"""What the lists call a form: every row of the notices and no other, a town's own table before them, and the places where it is shown."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.errors import RepertoireError
from gaiji.queue.items import Item, Proposal
from gaiji.queue.queue import open_queue
from gaiji.review.evidence.official import facts
from gaiji.review.sheets.sheet import COLUMNS, make_sheet
from gaiji.shape.pictures import Gallery
from gaiji.standard.lists import read_columns
from gaiji.standard.repertoire import load_repertoire
from gaiji.standard.standing import Standing, drop_standings, standings, standings_alone, take_standings

MAP = Path(__file__).parents[1] / "mappings/repertoire/shrink-1.2.0.tsv"
CALLED = {
    "min2842": ("誤字俗字（付記なし）", "無印"),
    "min2842-zokuji": ("俗字", "俗字"),
    "min2842-betsuji": ("別字", "別字"),
    "min5202": ("俗字等", "民二5202号"),
}
ZOKUJI = "MJ000089"
"""A 俗字 by both notices."""
HEAD = "文字図形名,区分,正字,典拠\n"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    return tmp_path


def table(home, rows, head=HEAD):
    file = home / "forms.csv"
    file.write_text(head + rows, "utf-8")
    return file


def test_each_row_of_the_notices_is_told_and_nothing_else():
    rows = defaultdict(set)
    for line in MAP.read_text("utf-8").splitlines()[1:]:
        name, ucs, _, notice, *_ = line.split("\t")
        if notice in CALLED:
            rows[name].add((notice, "".join(chr(int(code, 16)) for code in ucs.split())))
    for glyph in load_repertoire():
        told = {(one.kind, one.of, one.source) for one in standings(glyph.name)}
        plain = {glyph.text, glyph.base if glyph.default else ""}
        wanted = [(CALLED[notice], of) for notice, of in rows[glyph.name] if of not in plain]
        assert len(told) == len(wanted)
        for (kind, mark), of in wanted:
            assert any(one[:2] == (kind, of) and mark in one[2] for one in told)
    assert sum(len(one) for one in rows.values()) > 1000


def test_of_one_glyph_the_same_is_told_without_reading_the_others(home, monkeypatch):
    take_standings(table(home, "MJ026192,俗字,,漢和辞典\n"))
    glyphs = [load_repertoire()[name] for name in (ZOKUJI, "MJ026192", "MJ068101")]
    glyphs += [glyph for at, glyph in enumerate(load_repertoire()) if at % 400 == 0]
    wanted = [standings(glyph.name) for glyph in glyphs]
    assert sum(map(bool, wanted)) > 2
    monkeypatch.setattr("gaiji.standard.standing.read_links", None)
    monkeypatch.setattr("gaiji.standard.standing.load_repertoire", None)
    assert [standings_alone(glyph) for glyph in glyphs] == wanted


def test_a_look_up_reads_the_lines_of_its_character_alone(monkeypatch):
    """Of the lists, which are 6 MB: a look-up is a start and an answer."""
    read = []
    monkeypatch.setattr(
        "gaiji.standard.repertoire.read_columns",
        lambda lists: read.append(sum(len(one.data) for one in lists)) or read_columns(lists),
    )
    monkeypatch.setattr("gaiji.standard.standing._links", None)
    assert "MJ025761" in CliRunner().invoke(main, ["lookup", "辻"]).output
    assert read and max(read) < 100_000


def test_a_towns_own_table_comes_first_and_goes_again(home):
    before = standings(ZOKUJI)
    assert before and standings("MJ026192") == () and standings("MJ999999") == ()
    file = table(home, f"{ZOKUJI.lower()},誤字,會,町の戸籍台帳\n\nMJ026192,俗字,,漢和辞典\n")
    assert take_standings(file) == 2
    assert standings(ZOKUJI) == (Standing("誤字", "會", "町の戸籍台帳"), *before)
    assert [str(one) for one in standings("MJ026192")] == ["俗字：漢和辞典"]
    assert take_standings(table(home, "MJ026192,正字,,台帳\n")) == 1  # it is used instead of the other
    assert standings(ZOKUJI) == before and [one.kind for one in standings("MJ026192")] == ["正字"]
    assert drop_standings() and not drop_standings() and standings("MJ026192") == ()


@pytest.mark.parametrize(
    ("rows", "head", "number", "line"),
    [
        ("MJ999999,俗字,,台帳\n", HEAD, "E0793", ":2"),
        ("MJ026192,俗字,,台帳\nMJ026191,略字,,台帳\n", HEAD, "E0794", ":3"),
        ("MJ026192,俗字,,\n", HEAD, "E0795", ":2"),
        ("MJ026192,俗字\n", HEAD, "E0795", ":2"),
        ("MJ026192,俗字\n", "文字図形名,区分\n", "E0792", ""),
        ("", "", "E0792", ""),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_nothing_is_kept(home, rows, head, number, line):
    take_standings(table(home, "MJ026192,正字,,台帳\n"))
    with pytest.raises(RepertoireError) as caught:
        take_standings(table(home, rows, head))
    assert caught.value.number == number and caught.value.where.endswith(f"forms.csv{line}")
    assert [one.kind for one in standings("MJ026192")] == ["正字"]


def test_a_file_that_cannot_be_read_is_refused(home):
    (home / "forms.csv").write_bytes("文字図形名,区分,正字,典拠\n".encode("cp932"))
    for file in (home / "forms.csv", home / "none.csv"):
        with pytest.raises(RepertoireError) as caught:
            take_standings(file)
        assert caught.value.number == "E0791"


def test_it_is_shown_where_somebody_decides(home):
    take_standings(table(home, "MJ026192,俗字,邊,漢和辞典\n"))
    assert dict(facts("MJ026192"))["正字・俗字・誤字"] == "俗字（表の正字 邊）：漢和辞典"
    assert "民一2842号" in dict(facts(ZOKUJI))["正字・俗字・誤字"]
    assert "正字・俗字・誤字" not in dict(facts("MJ000001"))
    said = CliRunner().invoke(main, ["lookup", "MJ026192"]).output
    assert "正字・俗字・誤字: 俗字（表の正字 邊）：漢和辞典" in said
    queue = open_queue(home / "q.sqlite")
    queue.add("a", [Item("JEF", "80A1", "", "unmapped-gaiji", {("氏名", "name"): 1})])
    (item,) = queue.items()
    queue.propose("site", {item.id: [Proposal("MJ026192", 0.9, "似ている")]}, [item.id])
    (row,) = make_sheet(queue, Gallery([])).rows
    cell = dict(zip(COLUMNS, row.cells, strict=True))["候補1"]
    assert cell.split("\n")[0].startswith("MJ026192") and "俗字（表の正字 邊）：漢和辞典" in cell.split("\n")
    queue.close()


def test_the_command(home):
    file, run = table(home, "MJ026192,俗字,,台帳\n"), CliRunner().invoke
    assert "1" in run(main, ["repertoire", "standing", str(file)]).output
    assert run(main, ["repertoire", "standing"]).exit_code == 2
    assert run(main, ["repertoire", "standing", str(file), "--drop"]).exit_code == 2
    assert run(main, ["repertoire", "standing", "--drop"]).exit_code == 0 and standings("MJ026192") == ()
