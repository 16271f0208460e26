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
from registers import make, split_twins

from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.names.addresses import place_level, places
from gaiji.names.dates import date_keys
from gaiji.names.keys import keys
from gaiji.names.matchfile import differences, match_files
from gaiji.names.matching import COLUMNS, STATUSES, MatchPolicy, match
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
        (changed(name="渡辺一朗", kana="わたなべいちろー"), "matched-name", "kana+birth"),
        (changed(birth="1980-04-06"), "matched", "name+kana"),
        (changed(birth="1980-04-06", address="港町9丁目"), "ambiguous", ""),
        (changed(sex="F"), "ambiguous", ""),
        (changed(kana=""), "matched", "name+birth"),
        (changed(kana="", name="渡邊一郎", address="港町9丁目"), "matched-spelling", "name+birth"),
        (changed(birth="不詳"), "matched", "name+kana"),
        (changed(birth="1980-00-00"), "matched", "name+kana"),
        (changed(birth="1980-05-04"), "matched", "name+kana"),
        (changed(birth="1980-04", address="港町9丁目"), "ambiguous", ""),
        (changed(birth="1981", address="港町9丁目"), "only-a", ""),
        (changed(kana="", birth="1980-04-06"), "matched", "name+address"),
        (
            changed(name="一郎　渡邉", kana="イチロウ　ワタナベ", address="港町9丁目"),
            "matched-name",
            "order+birth",
        ),
        (changed(name="佐藤　一郎", kana="サトウ　イチロウ"), "matched-name", "given+birth"),
        (changed(name="佐藤　一郎", kana="サトウ　イチロウ", address="港町9丁目"), "ambiguous", ""),
        (changed(name="金　太郎", kana="キム　タロウ"), "ambiguous", ""),
        (changed(name="佐藤花子", kana="サトウハナコ"), "ambiguous", ""),
        (changed(name="佐藤花子", kana="サトウハナコ", address="港町9丁目"), "only-a", ""),
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
    found = match(register(*people), register(*other), policy=MatchPolicy(largest=100))
    assert found.left_out["birth"] == 1600


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


def keys_of(*dates: str) -> list[str]:
    return date_keys(pl.Series(dates)).to_list()


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
    assert set(keys_of(*written)) == {f"{day:%Y%m%d}"}


def test_other_dates_have_other_keys():
    other = (
        "1980/11/2",
        "1980/1/12",
        "S55.1.1",
        "H55.1.1",
        "550101",
        "1980",
        "不詳",
        "1980-01-00",
        "1980-13-01",
    )
    assert len(set(keys_of(*other))) == len(other)
    assert keys_of("R1.5.1", "平成元年1月8日", "T15.12.24", "M45.7.29") == [
        "20190501",
        "19890108",
        "19261224",
        "19120729",
    ]
    assert (
        match(register(changed(birth="1980/11/2")), register(changed(birth="1980/1/12"))).counts()["matched"]
        == 0
    )


def test_unknown_parts_of_dates_are_zeros_and_unknown_dates_are_empty():
    assert set(keys_of("00000000", "9999-99-99", "不詳", "年月日不詳", "0000/00/00", "", "S00.00.00")) == {""}
    assert set(keys_of("1980", "1980-00-00", "19800000", "S55", "昭和55年月日不詳", "1980年頃")) == {
        "19800000"
    }
    assert set(keys_of("1980-04", "19800400", "S55.4", "昭和55年4月日不詳", "1980/4/99")) == {"19800400"}
    assert date_keys(pl.Series(["1980", None])).to_list() == ["19800000", None]


def people(*rows: str) -> pl.DataFrame:
    """Rows as id,name,kana,birth,sex,address."""
    return pl.DataFrame([row.split(",") for row in rows], schema=list(COLUMNS), orient="row")


def statuses(a: pl.DataFrame, b: pl.DataFrame) -> list[tuple[str, str]]:
    return match(a, b).pairs.select("status", "rule").rows()


def test_dates_that_nobody_knows_do_not_agree():
    a = people(
        "1,山本　次郎,ヤマモト　ジロウ,00000000,男,緑町1-1", "2,木村　薫,キムラ　カオル,9999-99-99,女,緑町2-2"
    )
    b = people(
        "8,山本　次郎,ヤマモト　ジロウ,不詳,男,泉町7-9", "9,木村　薫,キムラ　カオル,9999-99-99,女,泉町3-8"
    )
    assert statuses(a, b) == [("ambiguous", "")] * 2


def test_a_reading_that_one_register_lacks_is_no_contradiction():
    a = people(
        "1,渡邉　真,ワタナベ　マコト,1980-04-05,男,緑町三丁目12番5号",
        "2,林　葵,ハヤシ　アオイ,1990-01-02,女,泉町1-2",
    )
    b = people("8,渡辺　真,,S55.4.5,男,緑町3-12-5", "9,林　葵,,H2.1.2,女,港町9-8")
    assert statuses(a, b) == [("matched-spelling", "name+birth"), ("matched", "name+birth")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("若葉市緑町三丁目１２番５号", "緑町3-12-5", True),
        ("若葉市大字上野１２３番地４", "上野123-4", True),
        ("緑町３－１２－５", "緑町三丁目12番5号　青葉荘203号", True),
        ("緑町3-12-5-203", "緑町3丁目12番5号", True),
        ("上野字中原123番地の4", "上野123-4", True),
        ("北三条西五丁目1番2号", "北3条西5-1-2", True),
        ("緑が丘1-5", "緑ヶ丘一丁目5番", True),
        ("四番町5-1", "四番町5番1号", True),
        ("一の宮町三番地", "一の宮町3", True),
        ("上野字中原123", "上野字下原123", False),
        ("緑町3-12-5", "東緑町3-12-5", False),
        ("緑町3-12-5", "緑町3-12-6", False),
        ("緑町3-12", "緑町31-2", False),
        ("緑町3-12-5", "緑町3-12-51", False),
        ("十文字町12", "十町12", False),
    ],
)
def test_one_place_however_it_is_written(one, other, same):
    sides = [places(pl.Series([text])) for text in (one, other)]
    wide = pl.concat([sides[0], sides[1].rename(lambda c: f"{c}_b")], how="horizontal")
    named = [{c: pl.col(c + suffix) for c in ("town", "aza", "numbers")} for suffix in ("", "_b")]
    assert (wide.select(place_level(*named)).item() == 2) is same
    a, b = (
        people(f"1,高橋　誠,タカハシ　マコト,,男,{one}"),
        people(f"9,髙橋　誠,ﾀｶﾊｼ ﾏｺﾄ,1975-01-02,男,{other}"),
    )
    assert statuses(a, b)[0][0] == ("matched-spelling" if same else "ambiguous")
    assert (sides[0]["place"] == sides[1]["place"]).item() or not same or "字" in one


def test_who_married_and_moved_is_shown_with_what_speaks_for_it():
    a = people("1,川口　真由美,カワグチ　マユミ,1995-07-08,女,緑町3-12-5")
    b = people("9,坂田　真由美,サカタ　マユミ,1995-07-08,女,泉町9")
    row = match(a, b).pairs.row(0, named=True)
    assert (row["status"], row["agrees"]) == ("ambiguous", "name:given kana:given birth sex")
    assert row["differs"] == "name:surname kana:surname place"


@pytest.mark.parametrize(
    ("one", "other", "status"),
    [
        ("JOHN SMITH,ジョン　スミス", "SMITH JOHN,スミス　ジョン", "matched-name"),
        ("JOHN SMITH,", "SMITH　JOHN,", "matched-name"),
        ("PHAM THI ANH,ファム　ティ　アイン", "PHAM ANH,ファム　アイン", "matched-name"),
        ("PHAM THI ANH,ファム　ティ　アイン", "ファム・ティ・アイン,", "matched-name"),
        ("MARIA SANTOS,", "マリア　サントス,", "ambiguous"),
        ("KIM MINJI,キム　ミンジ", "森田　花,モリタ　ハナ", "ambiguous"),
        ("山田　太郎,ヤマダ　タロウ", "太郎　山田,タロウ　ヤマダ", "matched-name"),
        ("佐藤　真一,サトウ　シンイチ", "佐藤　一真,サトウ　カズマ", "ambiguous"),
    ],
)
def test_foreign_names_other_order_and_names_beside_the_legal_one(one, other, status):
    rest = "1990-02-03,女,緑町3-12-5"
    assert statuses(people(f"1,{one},{rest}"), people(f"9,{other},{rest}"))[0][0] == status


def test_aliases_and_former_surnames_are_names_of_their_own():
    a = people(
        "1,KIM MINJI,キム　ミンジ,1990-02-03,女,緑町3-1", "2,坂田　真由美,サカタ　マユミ,1995-07-08,女,泉町9"
    )
    a = a.with_columns(
        alias=pl.Series(["森田　花", ""]),
        alias_kana=pl.Series(["モリタ　ハナ", ""]),
        former=pl.Series(["", "川口"]),
        former_kana=pl.Series(["", "カワグチ"]),
    )
    b = people(
        "8,森田　花,モリタ　ハナ,1990-02-03,女,港町5-5",
        "9,川口　真由美,カワグチ　マユミ,1995-07-08,女,旭町1-1",
    )
    assert statuses(a, b) == [("matched", "glyph")] * 2
    assert {status for status, _ in statuses(a.select(COLUMNS), b)} <= {"ambiguous", "only-a", "only-b"}


def test_sex_codes_of_two_registers_are_brought_together_or_told():
    a, b = make(3000)
    assert set(a["sex"]) == {"男", "女"} and set(b["sex"]) == {"1", "2", ""}
    assert match(a, b).notes == ()
    odd = b.with_columns(pl.col("sex").replace({"1": "甲", "2": "乙"}))
    found = match(a, odd)
    assert "乙=f, 甲=m" in found.notes[0]
    assert found.pairs.equals(match(a, b).pairs)
    few = match(
        people("1,林　葵,ハヤシ　アオイ,1990-01-02,女,泉町1"),
        people("9,林　葵,ハヤシ　アオイ,1990-01-02,乙,泉町1"),
    )
    assert few.notes and few.pairs["status"].to_list() == ["matched"]


def test_readings_that_differ_in_length_are_two_families():
    a = people(
        "1,大野　圭子,オオノ　ケイコ,1975-03-12,女,緑町1-1", "2,原　優希,ハラ　ユウキ,2014-05-06,女,緑町1-2"
    )
    b = people(
        "8,小野　圭子,オノ　ケイコ,1975-03-12,女,泉町9-9", "9,原　友希,ハラ　ユキ,2014-05-06,女,緑町1-2"
    )
    assert statuses(a, b) == [("ambiguous", "")] * 2


def test_spelling_is_asked_about_only_where_keys_are_equal():
    a, b = make(20_000, seed=5)
    pairs = match(a, b).pairs.filter(pl.col("status") == "matched-spelling")
    names = [keys(frame["name"].gather(pairs[c])) for frame, c in ((a, "a"), (b, "b"))]
    assert pairs.height > 1000 and (names[0] == names[1]).all()


def test_the_one_who_lives_there_is_preferred_to_the_one_with_equal_glyphs():
    glyph = next(g.text for g in load_repertoire().by_text("達") if not g.default and g.ivs)
    a = people(
        "1,達川　隆,タツカワ　タカシ,19710912,1,旭町6-1",
        f"2,{glyph}川　隆,タツカワ　タカシ,19710912,1,栄町5丁目14番4号",
    )
    b = people("9,達川　隆,タツカワ　タカシ,19710912,1,栄町5丁目14番4号")
    pairs = match(a, b).pairs
    assert pairs.filter(pl.col("status").str.starts_with("matched")).select("a", "b").rows() == [(1, 0)]
    assert pairs["score"].to_list()[1] < 100


def test_numbers_that_are_not_unique_are_refused():
    twice = people(
        "7,林　葵,,1990-01-02,女,泉町1", "8,森　葵,,1990-01-02,女,泉町1", "7,原　葵,,1990-01-02,女,泉町1"
    )
    with pytest.raises(UsageError, match=r"2 records share their number .* records 1 and 3"):
        match(register(PERSON), twice)


def test_decisions_count_in_the_next_run():
    a = people(
        "1,川口　真由美,カワグチ　マユミ,1995-07-08,女,緑町3-12-5",
        "2,林　葵,ハヤシ　アオイ,1990-01-02,女,泉町1",
    )
    b = people(
        "9,坂田　真由美,サカタ　マユミ,1995-07-08,女,泉町9", "8,林　葵,ハヤシ　アオイ,1990-01-02,女,泉町1"
    )

    def decided(*rows: tuple[int, int, bool]) -> list[tuple[str, str]]:
        table = pl.DataFrame(rows, schema=["a", "b", "same"], orient="row")
        return match(a, b, decided=table).pairs.select("status", "rule").rows()

    assert decided((0, 0, True)) == [("matched-name", "decision"), ("matched", "glyph")]
    assert ("ambiguous", "") not in decided((0, 0, False))
    assert decided((1, 1, False))[1:] == [("only-a", ""), ("only-b", "")]
    with pytest.raises(UsageError, match="contradict"):
        decided((0, 0, True), (0, 1, True))


def test_a_written_decision_holds_while_its_records_do(tmp_path):
    people("1,川口　真由美,カワグチ　マユミ,1995-07-08,女,緑町3-12-5").write_csv(tmp_path / "a.csv")
    people("9,坂田　真由美,サカタ　マユミ,1995-07-08,女,泉町9").write_csv(tmp_path / "b.csv")
    columns = {c: c for c in COLUMNS}

    def run(*decisions: Path):
        files = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "pairs.csv"
        return match_files(*files, columns=columns, decisions=decisions)

    assert run().counts["ambiguous"] == 1
    pairs = pl.read_csv(tmp_path / "pairs.csv", infer_schema=False).with_columns(decision=pl.lit("同一人"))
    pairs.write_csv(tmp_path / "decided.csv")
    done = run(tmp_path / "decided.csv")
    assert done.counts["matched-name"] == 1 and done.decisions == (1, 0, 0)
    assert pl.read_csv(tmp_path / "pairs.csv")["decision"].to_list() == ["同一人"]
    people("9,坂田　真弓,サカタ　マユミ,1995-07-08,女,泉町9").write_csv(tmp_path / "b.csv")
    assert run(tmp_path / "decided.csv").decisions == (0, 1, 0)
    pairs.with_columns(decision=pl.lit("maybe")).write_csv(tmp_path / "decided.csv")
    with pytest.raises(UsageError, match="1 decisions are none"):
        run(tmp_path / "decided.csv")


def test_the_model_orders_what_is_ambiguous_and_decides_nothing():
    a, b = make(5000, seed=9)
    plain, modelled = match(a, b), match(a, b, policy=MatchPolicy(model=True))
    for pairs in (plain.pairs, modelled.pairs):
        assert pairs.height == plain.pairs.height
    settled = [f.pairs.filter(pl.col("status") != "ambiguous").drop("probability") for f in (plain, modelled)]
    assert settled[0].equals(settled[1])
    open_ = modelled.pairs.filter(pl.col("status") == "ambiguous")
    assert open_["probability"].is_between(0, 1).all() and plain.pairs["probability"].is_null().all()
    assert open_.select((pl.col("probability").diff() <= 0).over("a").fill_null(True)).to_series().all()
    good = a["id"].gather(open_["a"]) == b["id"].gather(open_["b"])
    assert open_.filter(good)["probability"].median() > 0.5
    assert abs(modelled.model.both / a.join(b, on="id").height - 1) < 0.02


def test_rates_of_made_up_registers_hold():
    a, b = make(20_000, seed=3)
    both = a.join(b, on="id").height
    for kana, least in ((True, 0.975), (False, 0.93)):
        blank = [frame if kana else frame.with_columns(kana=pl.lit("")) for frame in (a, b)]
        pairs = match(*blank).pairs
        good = pairs.filter((a["id"].gather(pairs["a"]) == b["id"].gather(pairs["b"])).fill_null(False))
        matched = pairs.filter(pl.col("status").str.starts_with("matched"))
        right = good.filter(pl.col("status").str.starts_with("matched")).height
        assert right / matched.height >= 0.9999 and right / both >= least
        assert (both - good.height) / both <= 0.01
        assert pairs.filter(pl.col("status") == "ambiguous")["a"].n_unique() / a.height <= 0.03
    split = match(*split_twins(2000)).counts()
    assert sum(split[s] for s in STATUSES if s.startswith("matched")) / 2000 <= 0.002
