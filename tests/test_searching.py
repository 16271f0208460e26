"""A clerk's search finds every spelling and says what was folded."""

from __future__ import annotations

import polars as pl
import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import UsageError
from gaiji.names.searching import NameIndex
from gaiji.standard.repertoire import load_repertoire

FORMS = [g.text for g in load_repertoire() if g.base and g.base in "辺邊邉"]
NAMES = ["渡部 花子", "ワタナベ", *[f"渡{form}　太郎" for form in FORMS], "渡辺 一", "髙橋", None]
INDEX = NameIndex(pl.DataFrame({"name": NAMES}), ["name"])


def test_every_form_of_watanabe_is_found_and_the_plain_one_comes_first():
    hits = INDEX.search("渡辺").hits
    assert {hit.text for hit in hits} == {f"渡{form}　太郎" for form in FORMS} | {"渡辺 一"}
    assert "渡辺" in hits[0].text and hits[0].folded == ()
    assert next(h for h in hits if "邉󠄏" in h.text).folded == (("邉󠄏", "辺"),)
    assert INDEX.search("渡辺", limit=2).hits == hits[:2] and INDEX.search("渡辺", limit=2).total == len(hits)
    assert {hit.row for hit in INDEX.search("渡邊󠄀").hits} == {hit.row for hit in hits}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ナベ", ["ワタナベ"]),
        ("わたなべ", ["ワタナベ"]),
        ("ﾜﾀﾅﾍﾞ", ["ワタナベ"]),
        ("高橋", ["髙橋"]),
        ("鈴木", []),
    ],
)
def test_known_queries(query, found):
    assert [hit.text for hit in INDEX.search(query).hits] == found


def test_an_empty_query_is_refused():
    with pytest.raises(UsageError, match="no character"):
        INDEX.search(" ・")


def test_the_command_shows_the_folding(tmp_path):
    path = tmp_path / "names.csv"
    pl.DataFrame({"id": ["1", "2"], "氏名": ["渡邊太郎", "山田"]}).write_csv(path)
    run = CliRunner().invoke(main, ["search", "渡辺", "--in", str(path), "--column", "氏名"])
    assert (
        run.exit_code == 0 and "1\t氏名\t渡邊太郎\t邊→辺" in run.output and "1 found in 2 rows" in run.output
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ウエ", ["イノウエ"]),
        ("イノーエ", ["イノウエ"]),
        ("ウチ", ["コウチ", "こうち"]),
        ("はる", ["𛂞る子"]),
        ("はる子", ["𛂞る子"]),
        ("三ヶ島", ["三ヶ島", "三ケ島"]),
    ],
)
def test_a_part_of_a_reading_and_old_kana_are_found(query, found):
    index = NameIndex(
        pl.DataFrame({"k": ["イノウエ", "コウチ", "こうち", "𛂞る子", "三ケ島", "三ヶ島"]}), ["k"]
    )
    assert [hit.text for hit in index.search(query).hits] == found


PEOPLE = pl.DataFrame(
    [
        ("大滝　里美", "オオタキ　サトミ", "19800102", "緑町1-1"),
        ("佐藤　誠", "サトウ　マコト", "19900304", "緑町2-2"),
        ("石原　信吉", "イシハラ　シンキチ", "19550607", "泉町三丁目3番"),
        ("原　武蔵", "ハラ　ムサシ", "19550000", "泉町4-4"),
        ("奥山　利香", "オクヤマ　リカ", "", ""),
        ("佐野　真里", "サノ　マリ", "S60.1.2", "緑町5-5"),
        ("山崎　愛", "ヤマザキ　アイ", "H1.2.3", "緑町6-6"),
        ("TRAN THI LINH", "チャン　ティ　リン", "20000101", "緑町7-7"),
        ("滝口　千秋", "タキグチ　チアキ", "19700809", "緑町8-8"),
        ("山下　英子", "ヤマシタ　エイコ", "19480101", "緑町9-9"),
        ("伊藤　花", "イトウ　ハナ", "20010101", "港町1"),
        ("伊東　花", "イトウ　ハナ", "20020202", "港町2"),
        ("大野　順一", "オオノ　ジュンイチ", "19600606", "港町3"),
    ],
    schema=["name", "kana", "birth", "address"],
    orient="row",
)
TOWN = NameIndex(PEOPLE, ["name", "kana"], birth="birth", address="address")


def rows(query: str, **narrow: str) -> list[int]:
    return [hit.row for hit in TOWN.search(query, **narrow).hits]


@pytest.mark.parametrize(
    ("query", "row", "how"),
    [
        ("さとう", 1, ()),
        ("サトウ　マコト", 1, ()),
        ("さとうまこと", 1, ()),
        ("佐藤誠", 1, ()),
        ("はら", 3, ()),
        ("まり", 5, ()),
        ("やまさき　あい", 6, ("sound",)),
        ("やまさきあい", 6, ("sound",)),
        ("やました　えーこ", 9, ()),
        ("滝口 ちあき", 8, ()),
        ("滝口ちあき", 8, ()),
        ("千秋 滝口", 8, ("order",)),
        ("takiguchi chiaki", 8, ("romaji",)),
        ("CHIAKI TAKIGUTI", 8, ("romaji", "order")),
        ("takiguchichiaki", 8, ("romaji",)),
        ("Ohno Jun'ichi", 12, ("romaji",)),
        ("TRAN LINH", 7, ("middle name",)),
        ("LINH TRAN", 7, ("order", "middle name")),
        ("tran thi linh", 7, ()),
        ("たきぐし ちあき", 8, ("one character",)),
        ("たきぐちちかき", 8, ("one character",)),
        ("たきぐっち", 8, ("one character",)),
    ],
)
def test_what_people_ask_for_comes_first_with_how_it_was_found(query, row, how):
    hit = TOWN.search(query).hits[0]
    assert (hit.row, hit.how) == (row, how)


def test_whole_names_come_before_beginnings_and_parts():
    names = ["小原　誠", "原田　誠", "誠原", "原", "原　誠", "森　原", "源　田"]
    index = NameIndex(pl.DataFrame({"n": names}), ["n"])
    assert [hit.text for hit in index.search("原").hits] == [
        "原",
        "原　誠",
        "森　原",
        "原田　誠",
        "小原　誠",
        "誠原",
    ]
    assert index.search("原", limit=2).total == 6


def test_nothing_is_found_across_the_space_and_homophones_come_after_the_exact():
    assert rows("まり") == [5]
    assert rows("伊東 花") == [11, 10]
    assert TOWN.search("伊東 花").hits[1].how == ("homophone",)


def test_birth_and_address_narrow():
    assert rows("花") == [10, 11]
    assert rows("花", birth="2002") == rows("花", birth="H14.2.2") == rows("花", address="港町2") == [11]
    assert rows("花", birth="2002", address="港町1") == []
    assert rows("はら", birth="1955-06-07") == [3, 2]  # of whom only the year is known may be meant
    assert rows("いしはら", address="泉町3") == [2]
    with pytest.raises(UsageError, match="no column of the birth"):
        NameIndex(PEOPLE, ["name"]).search("花", birth="2002")


def test_names_without_spaces_are_found_too():
    index = NameIndex(
        pl.DataFrame({"n": ["滝口千秋", None, ""], "k": ["タキグチチアキ", "", None]}), ["n", "k"]
    )
    for query in ("滝口 千秋", "たきぐち　ちあき", "takiguchi chiaki", "滝口", "たきぐち"):
        assert [hit.row for hit in index.search(query).hits][:1] == [0], query


def test_the_command_narrows_and_says_how(tmp_path):
    path = tmp_path / "names.csv"
    PEOPLE.write_csv(path)
    command = ["search", "たきぐし ちあき", "--in", str(path), "--column", "name", "--column", "kana"]
    run = CliRunner().invoke(main, command)
    assert run.exit_code == 0 and "9\tkana\tタキグチ　チアキ\t(one character)" in run.output
    narrowed = CliRunner().invoke(main, [*command, "--birth", "birth=1971"])
    assert "0 found" in narrowed.output
    assert CliRunner().invoke(main, [*command, "--birth", "1971"]).exit_code == 2


def test_an_empty_table_and_columns_that_are_no_text():
    empty = NameIndex(pl.DataFrame({"n": []}, schema={"n": pl.String}), ["n"])
    assert empty.search("山田").total == 0
    index = NameIndex(pl.DataFrame({"n": ["山 田", "PHAM THI ANH"], "x": [11, 2]}), ["n", "x"])
    assert [hit.text for hit in index.search("11").hits] == ["11"]
    assert [hit.text for hit in index.search("山田").hits] == ["山 田"]
