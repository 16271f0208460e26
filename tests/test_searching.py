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
