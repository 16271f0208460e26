"""Dates of a source as days: both readers, that of ``convert`` and that of the proof, against days that are spelled here.

The days of the eras are those of glibc's locale ja_JP (localedata/locales/ja_JP, lines ``era``), written out here once
more; a test holds the project's table to the file itself where the system has it.
"""

from __future__ import annotations

import random
import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from gaiji.output.dates import days
from gaiji.output.recipe import Dates
from gaiji.proof.dates import day_of
from gaiji.run.job import make_job
from gaiji.run.recipes import recipe_of
from gaiji.standard.eras import load_eras

LOCALE = Path("/usr/share/i18n/locales/ja_JP")
ERAS = [  # name, letter, square sign, Gregorian year of the first, first and last day
    ("明治", "M", "\u337e", 1868, date(1873, 1, 1), date(1912, 7, 29)),
    ("大正", "T", "\u337d", 1912, date(1912, 7, 30), date(1926, 12, 24)),
    ("昭和", "S", "\u337c", 1926, date(1926, 12, 25), date(1989, 1, 7)),
    ("平成", "H", "\u337b", 1989, date(1989, 1, 8), date(2019, 4, 30)),
    ("令和", "R", "\u32ff", 2019, date(2019, 5, 1), date(9999, 12, 31)),
]
MARKS = {"1": "明治", "2": "大正", "3": "昭和", "4": "平成", "5": "令和"}


def rule(kind: str = "wareki", **more: object) -> Dates:
    """What a job's column with these keys means."""
    column = {"field": "d", "date": kind, **more}
    job = make_job(
        {
            "source": {"path": "-", "charset": "unicode-utf8", "format": "csv"},
            "output": {"path": "o.csv", "column": [column]},
        }
    )
    recipe = recipe_of(job, ["d"])
    assert recipe is not None and recipe.columns[0].dates is not None
    return recipe.columns[0].dates


def both(texts: list[str], said: Dates) -> list[str | None]:
    """What convert reads, after the proof was seen to read the same."""
    found = days(pl.Series(texts, dtype=pl.String), said).to_list()
    assert [day_of(text, said) for text in texts] == found
    return found


def test_the_table_of_eras_is_that_of_the_source():
    table = [(e.name, e.letter, e.sign, e.year, e.first, e.last or "9999-12-31") for e in load_eras()]
    assert table == [(*one[:4], one[4].isoformat(), one[5].isoformat()) for one in ERAS]


@pytest.mark.skipif(not LOCALE.exists(), reason="the system has no source of the locale ja_JP")
def test_the_table_of_eras_is_that_of_glibc():
    found: dict[str, list[tuple[str, str]]] = {}
    for first, last, name in re.findall(
        r'"\+:\d+:(\d{4}//\d\d//\d\d):([^:]+):(<U[0-9A-F]+><U[0-9A-F]+>):',
        LOCALE.read_text("ascii", "replace"),
    ):
        era = "".join(chr(int(point, 16)) for point in re.findall(r"<U([0-9A-F]+)>", name))
        found.setdefault(era, []).append((first.replace("//", "-"), last.replace("//", "-")))
    for era in load_eras():
        spans = found[era.name]
        assert min(first for first, _ in spans) == era.first
        assert max(last for _, last in spans).replace("+*", "") == era.last or not era.last


BOUNDARIES = [
    ("明治5年12月2日", None),  # the last day of the lunisolar calendar
    ("明治6年1月1日", "1873-01-01"),
    ("明治45年7月29日", "1912-07-29"),
    ("明治45年7月30日", None),
    ("大正元年7月29日", None),
    ("大正元年7月30日", "1912-07-30"),
    ("大正1年7月30日", "1912-07-30"),
    ("大正15年12月24日", "1926-12-24"),
    ("大正15年12月25日", None),
    ("昭和元年12月24日", None),
    ("昭和元年12月25日", "1926-12-25"),
    ("昭和64年1月7日", "1989-01-07"),
    ("昭和64年1月8日", None),
    ("平成元年1月7日", None),
    ("平成元年1月8日", "1989-01-08"),
    ("平成31年4月30日", "2019-04-30"),
    ("平成31年5月1日", None),
    ("令和元年4月30日", None),
    ("令和元年5月1日", "2019-05-01"),
    ("令和1年5月1日", "2019-05-01"),
    ("昭和55年2月29日", "1980-02-29"),
    ("昭和56年2月29日", None),
    ("平成12年2月29日", "2000-02-29"),
    ("明治33年2月29日", None),  # 1900
    ("昭和55年2月30日", None),
    ("昭和55年4月31日", None),
    ("昭和55年13月1日", None),
    ("昭和55年0月1日", None),
    ("昭和55年1月0日", None),
    ("昭和0年1月1日", None),
    ("昭和元年元月1日", None),
    ("慶応3年1月1日", None),
    ("平成", None),
    ("不詳", None),
]


def test_the_days_at_the_edges_of_the_eras():
    assert both([text for text, _ in BOUNDARIES], rule()) == [day for _, day in BOUNDARIES]


def test_days_behind_an_era_are_read_where_the_job_says_so():
    texts = ["平成35年3月31日", "明治45年7月30日", "大正15年12月25日", "昭和元年12月24日", "明治5年1月1日"]
    assert both(texts, rule(beyond=True)) == ["2023-03-31", "1912-07-30", "1926-12-25", None, None]


SPELLED = [
    ("S55.1.2", "1980-01-02"),
    ("s55.01.02", "1980-01-02"),
    ("S.55.1.2", "1980-01-02"),
    ("S 5. 1. 2", "1930-01-02"),
    ("S55/1/2", "1980-01-02"),
    ("S55-1-2", "1980-01-02"),
    ("S55-1/2", None),
    ("S550102", "1980-01-02"),
    ("S55012", None),
    ("S5501021", None),
    ("昭55.1.2", "1980-01-02"),
    ("昭和 5年 1月 2日", "1930-01-02"),
    ("㍼５５年１月２日", "1980-01-02"),
    ("Ｓ５５．０１．０２", "1980-01-02"),
    ("昭和五十五年一月二日", "1980-01-02"),
    ("昭和五拾五年壱月弐日", "1980-01-02"),
    ("昭和五五年一月二日", "1980-01-02"),
    ("昭和二〇年一〇月一〇日", "1945-10-10"),
    ("昭和十年十月十日", "1935-10-10"),
    ("昭和百年一月一日", None),
    ("令和元年五月一日", "2019-05-01"),
    ("昭和55年1月2日頃", None),
    ("昭和55年1月", None),
    ("昭和55年1月2日 ", "1980-01-02"),
    ("　昭和55年1月2日", "1980-01-02"),
    ("昭和５²年1月2日", None),
    ("3550102", "1980-01-02"),
    ("3-55-01-02", "1980-01-02"),
    ("3.55.1.2", "1980-01-02"),
    ("355.1.2", None),
    ("03550102", None),
    ("9550102", None),
    ("0000000", None),
    ("9999999", None),
    ("", ""),
    ("   ", ""),
    ("　　", ""),
    ("19800102", None),
    ("1980-01-02", None),
]


def test_the_spellings_of_era_dates():
    said = rule(eras=MARKS)
    assert both([text for text, _ in SPELLED], said) == [day for _, day in SPELLED]


WESTERN = [
    ("19800102", "1980-01-02"),
    ("1980-1-2", "1980-01-02"),
    ("1980/01/02", "1980-01-02"),
    ("1980.1.2", "1980-01-02"),
    ("1980/1-2", None),
    ("1980年1月2日", "1980-01-02"),
    ("西暦1980年1月2日", "1980-01-02"),
    ("1980-01-02 00:00:00", "1980-01-02"),
    ("1980-01-02T00:00:00.000", "1980-01-02"),
    ("1980/01/02 0:00", "1980-01-02"),
    ("1980-01-02 10:00:00", None),
    ("1980-01-02 00:00:01", None),
    ("80-01-02", None),
    ("19800230", None),
    ("00000000", None),
    ("0000-01-01", None),
    ("99999999", None),
    ("S550102", None),
]


def test_the_spellings_of_western_dates():
    assert both([text for text, _ in WESTERN], rule("seireki")) == [day for _, day in WESTERN]


def test_both_calendars_basic_form_and_texts_that_are_no_day():
    said = rule(
        "either",
        eras=MARKS,
        iso="basic",
        special={"0000000": "", "99999999": "9999-12-31", "不詳": "", "": "-"},
    )
    texts = ["S550102", "3550102", "19800102", "0000000", "99999999", "不詳", "", " ", "00000000"]
    assert both(texts, said) == ["19800102", "19800102", "19800102", "", "9999-12-31", "", "-", "", None]


KANJI = "〇一二三四五六七八九"


def kanji(number: int, chance: random.Random) -> str:
    """A number from 1 to 99 in one of its ways."""
    tens, ones = divmod(number, 10)
    if tens and chance.random() < 0.3:
        return KANJI[tens] + KANJI[ones]
    head = ("" if tens == 1 and chance.random() < 0.8 else KANJI[tens]) + "十" if tens else ""
    return head + (KANJI[ones] if ones else "")


def spelled(day: date, chance: random.Random) -> str:
    """A day in some spelling of its era."""
    name, letter, sign, first, _, _ = next(one for one in ERAS if one[4] <= day <= one[5])
    year = day.year - first + 1
    number = next(key for key, era in MARKS.items() if era == name)
    era = chance.choice([name, name[0], letter, letter.lower(), sign])
    two = f"{year:02}"
    apart = chance.choice("-./")
    way = chance.randrange(6)
    if way == 0:
        return f"{era}{two}{day:%m%d}"
    if way == 1:
        return f"{number}{two}{day:%m%d}"
    if way == 2:
        shown = "元" if year == 1 and chance.random() < 0.5 else str(year)
        return f"{era}{apart if chance.random() < 0.3 else ''}{shown}{apart}{day.month}{apart}{day.day:02}"
    if way == 3:
        return apart.join([number, two, str(day.month), str(day.day)])
    if way == 4:
        shown = "元" if year == 1 else kanji(year, chance)
        return f"{era}{shown}年{kanji(day.month, chance)}月{kanji(day.day, chance)}日"
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    return f"{era}{year:2}年{day.month:2}月{day.day:2}日".translate(wide if chance.random() < 0.5 else {})


def test_every_day_comes_back_from_a_spelling_of_it():
    chance = random.Random(18)
    every = [date(1873, 1, 1) + timedelta(days=n) for n in range((date(2030, 1, 1) - date(1873, 1, 1)).days)]
    texts = [spelled(day, chance) for day in every]
    assert both(texts, rule(eras=MARKS)) == [day.isoformat() for day in every]


@pytest.mark.parametrize("kind", ["wareki", "seireki", "either"])
def test_two_readers_agree_about_any_text(kind):
    chance = random.Random(kind)
    pieces = [
        "昭和",
        "昭",
        "S",
        "ｓ",
        "㍻",
        "3",
        "元",
        "年",
        "月",
        "日",
        "-",
        ".",
        "/",
        " ",
        "　",
        "０",
        "5",
        "12",
        "1980",
        "十",
        "二",
        "〇",
    ]
    pieces += [
        "西暦",
        "T",
        " 0:00",
        "00:00:00",
        "拾",
        "0",
        "99",
        "550102",
        "19800102",
        "．",
        "−",
        "٣",
        "²",
        "\n",
        "和",
    ]
    near = [spelled(date(1873, 1, 1) + timedelta(days=chance.randrange(55000)), chance) for _ in range(4000)]
    texts = ["".join(chance.choices(pieces, k=chance.randrange(1, 9))) for _ in range(6000)]
    for text in near:
        at = chance.randrange(len(text) + 1)
        texts.append(text[:at] + chance.choice(pieces) + text[at + chance.randrange(2) :])
    more = {} if kind == "seireki" else {"eras": MARKS, "beyond": chance.random() < 0.5}
    found = both(texts, rule(kind, **more))
    assert sum(day is None for day in found) > 100 and sum(bool(day) for day in found) > 50
