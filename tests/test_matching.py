"""Matching two registers: each rule on its own, the rates on made-up registers, files and the queue."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent / "bench"))
from registers import make

from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.names.matchfile import differences
from gaiji.names.matching import COLUMNS, MatchPolicy, date_key, match
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.apply import apply
from gaiji.standard.repertoire import load_repertoire

PERSON = ("渡邉󠄏 一郎", "ワタナベ イチロウ", "1980-04-05", "M", "緑町1丁目1番1号")


def register(*rows: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame([(str(n), *row) for n, row in enumerate(rows)], schema=list(COLUMNS), orient="row")


def changed(**values: str) -> tuple[str, ...]:
    return tuple(values.get(name, old) for name, old in zip(COLUMNS[1:], PERSON, strict=True))


@pytest.mark.parametrize(
    ("other", "status", "rule"),
    [
        (changed(), "matched", "glyph"),
        (changed(address="港町", name="渡邉󠄏　一郎"), "matched", "glyph"),
        (changed(name="渡邊一郎"), "matched-spelling", "exact-key"),
        (changed(name="渡辺一郎", kana="ワタナベ　カズオ"), "matched-spelling", "name+birth"),
        (changed(name="渡辺一朗", kana="わたなべいちろー"), "matched-spelling", "kana+birth"),
        (changed(birth="1980-04-06"), "matched", "name+kana"),
        (changed(birth="1980-04-06", address="港町9丁目"), "ambiguous", ""),
        (changed(sex="F"), "ambiguous", ""),
        (changed(name="佐藤花子", kana="サトウハナコ"), "only-a", ""),
        (changed(birth="1955-12-31", address="港町9丁目"), "only-a", ""),
    ],
)
def test_each_rule(other, status, rule):
    row = match(register(PERSON), register(other)).pairs.row(0, named=True)
    assert (row["status"], row["rule"]) == (status, rule)


def test_two_who_are_alike_are_ambiguous_and_twins_are_not_mixed_up():
    alike = match(register(PERSON), register(PERSON, PERSON)).pairs
    assert alike["status"].to_list() == ["ambiguous", "ambiguous"]
    twin = changed(name="渡邉󠄏 二郎", kana="ワタナベ ジロウ")
    assert match(register(PERSON, twin), register(twin, PERSON)).pairs.select("a", "b").rows() == [
        (0, 1),
        (1, 0),
    ]
    assert match(register(PERSON), register(twin)).pairs["status"].to_list()[0] != "matched"


def test_every_record_is_in_the_result_and_matched_ones_once():
    a, b = make(3000)
    found = match(a, b).pairs
    assert set(found["a"].drop_nulls()) == set(range(a.height)) and set(found["b"].drop_nulls()) == set(
        range(b.height)
    )
    matched = found.filter(pl.col("status").str.starts_with("matched"))
    assert matched["a"].is_unique().all() and matched["b"].is_unique().all()
    rest = found.filter(~pl.col("status").str.starts_with("matched"))
    assert not set(rest["a"].drop_nulls()) & set(matched["a"]) and not set(rest["b"].drop_nulls()) & set(
        matched["b"]
    )


def test_precision_and_recall_on_made_up_registers():
    a, b = make(20_000, seed=11)
    matched = match(a, b).pairs.filter(pl.col("status").str.starts_with("matched"))
    good = (a["id"].gather(matched["a"]) == b["id"].gather(matched["b"])).sum()
    assert good / matched.height >= 0.999
    assert good / a.join(b, on="id").height >= 0.98


def test_blocks_that_are_too_big_are_told():
    people = [changed(name=f"渡辺{chr(0x4E00 + n)}", kana="") for n in range(40)]
    other = [changed(name=f"渡辺{chr(0x4F00 + n)}", kana="") for n in range(40)]
    assert (
        match(register(*people), register(*other), policy=MatchPolicy(largest=100)).left_out["birth+v1"]
        == 1600
    )


def test_the_glyphs_that_differ_are_named():
    assert differences("渡邉󠄏 一郎", "渡邊一郎") == [("MJ026190", load_repertoire().defaults()["邊"])]
    assert differences("山田", "山  田") == [] and differences("山田", "山田子")[0][0] == ""


def test_files_summary_and_queue(tmp_path):
    rows = {"A": [("1", *PERSON)], "B": [("9", *changed(name="渡邊一郎"))]}
    for which, some in rows.items():
        names = [f"{c}{which}" if c == "name" else c for c in COLUMNS]
        pl.DataFrame(some, schema=names, orient="row").write_csv(tmp_path / f"{which}.csv")
    options = [word for c in COLUMNS for word in (f"--{c}", "nameA=nameB" if c == "name" else c)]
    out, page, queue = tmp_path / "o.csv", tmp_path / "o.html", f"sqlite:///{tmp_path / 'q.sqlite'}"
    files = [
        str(tmp_path / "A.csv"),
        str(tmp_path / "B.csv"),
        "--output",
        str(out),
        "--summary",
        str(page),
        "--queue",
        queue,
    ]
    run = CliRunner().invoke(main, ["match", *files, *options])
    assert run.exit_code == 3, run.output
    assert pl.read_csv(out)["status"].to_list() == ["matched-spelling"]
    assert "字形が異なる" in page.read_text("utf-8") and "一郎" not in page.read_text("utf-8")
    opened = open_queue(queue)
    item = next(opened.items())
    assert (item.system, item.code.split()[0], item.people) == ("match", "MJ026190", 1)
    Decisions(opened).decide(item.id, Decision("字形一致", glyph="MJ026190", decided_by="戸籍係"))
    assert apply(opened, tmp_path) == {}  # a decision on people's spellings is no row of a mapping table
    opened.close()


def test_a_missing_column_is_told():
    with pytest.raises(UsageError, match="no column address"):
        match(register(PERSON).drop("address"), register(PERSON))


def date_keys(*dates: str) -> list[str]:
    return pl.DataFrame({"d": dates}).select(date_key(pl.col("d"))).to_series().to_list()


@given(st.dates(dt.date(1926, 12, 25), dt.date(1989, 1, 7)))
def test_a_date_has_one_key_however_it_is_written(day):
    era = day.year - 1925
    written = [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f" {day.year}年{day.month}月{day.day}日",
        f"昭和{era if era > 1 else '元'}年{day.month}月{day.day}日",
        f"S{era}.{day.month}.{day.day}",
        f"s{era:02}{day:%m%d}",
        f"{day.year}－{day.month:02}－{day.day:02}",
        f"{day} 00:00:00.000",
    ]
    assert set(date_keys(*written)) == {f"{day:%Y%m%d}"}


def test_other_dates_have_other_keys():
    other = ("1980/11/2", "1980/1/12", "S55.1.1", "H55.1.1", "550101", "1980", "不詳", "1980-00-00", "")
    assert len(set(date_keys(*other))) == len(other)
    assert date_keys("R1.5.1", "平成元年1月8日", "T15.12.24", "M45.7.29") == [
        "20190501",
        "19890108",
        "19261224",
        "19120729",
    ]
    assert (
        match(register(changed(birth="1980/11/2")), register(changed(birth="1980/1/12"))).counts()["matched"]
        == 0
    )
