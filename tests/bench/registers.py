"""Two made-up registers of the same people with variant spellings, kana variants, typing errors and moves at stated rates.

Nobody in it exists: names are drawn from common parts, with the common ones more often, as in a town.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from gaiji.names.keys import variant_classes
from gaiji.standard.repertoire import load_repertoire

SURNAMES = {
    "佐藤": "サトウ",
    "鈴木": "スズキ",
    "高橋": "タカハシ",
    "田中": "タナカ",
    "渡辺": "ワタナベ",
    "伊藤": "イトウ",
    "山本": "ヤマモト",
    "中村": "ナカムラ",
    "小林": "コバヤシ",
    "加藤": "カトウ",
    "吉田": "ヨシダ",
    "山田": "ヤマダ",
    "佐々木": "ササキ",
    "山口": "ヤマグチ",
    "松本": "マツモト",
    "井上": "イノウエ",
    "木村": "キムラ",
    "林": "ハヤシ",
    "斎藤": "サイトウ",
    "清水": "シミズ",
    "山崎": "ヤマザキ",
    "森": "モリ",
    "池田": "イケダ",
    "橋本": "ハシモト",
    "阿部": "アベ",
    "石川": "イシカワ",
    "前田": "マエダ",
    "藤田": "フジタ",
    "後藤": "ゴトウ",
    "岡田": "オカダ",
    "長谷川": "ハセガワ",
    "村上": "ムラカミ",
    "近藤": "コンドウ",
    "石井": "イシイ",
    "坂本": "サカモト",
    "遠藤": "エンドウ",
    "青木": "アオキ",
    "藤井": "フジイ",
    "西村": "ニシムラ",
    "福田": "フクダ",
    "太田": "オオタ",
    "三浦": "ミウラ",
    "岡本": "オカモト",
    "松田": "マツダ",
    "中島": "ナカジマ",
    "沢田": "サワダ",
    "広瀬": "ヒロセ",
    "桜井": "サクライ",
    "浜田": "ハマダ",
    "島田": "シマダ",
    "原田": "ハラダ",
    "小川": "オガワ",
    "竹内": "タケウチ",
    "上田": "ウエダ",
    "宮崎": "ミヤザキ",
    "滝沢": "タキザワ",
}
FIRST = {
    "太": "タ",
    "健": "ケン",
    "大": "ダイ",
    "和": "カズ",
    "正": "マサ",
    "義": "ヨシ",
    "幸": "ユキ",
    "秀": "ヒデ",
    "信": "ノブ",
    "光": "ミツ",
    "恵": "ケイ",
    "美": "ミ",
    "由": "ユ",
    "真": "マ",
    "智": "トモ",
    "明": "アキ",
    "千": "チ",
    "久": "ヒサ",
    "広": "ヒロ",
    "弘": "ヒロ",
    "礼": "レイ",
    "清": "キヨ",
    "静": "シズ",
    "節": "セツ",
    "豊": "トヨ",
    "勝": "カツ",
    "英": "ヒデ",
    "栄": "エイ",
    "愛": "アイ",
    "結": "ユイ",
}
SECOND = {
    "M": {
        "郎": "ロウ",
        "一": "イチ",
        "男": "オ",
        "夫": "オ",
        "雄": "オ",
        "介": "スケ",
        "也": "ヤ",
        "彦": "ヒコ",
        "人": "ト",
        "樹": "キ",
        "": "",
    },
    "F": {
        "子": "コ",
        "美": "ミ",
        "恵": "エ",
        "代": "ヨ",
        "香": "カ",
        "菜": "ナ",
        "江": "エ",
        "奈": "ナ",
        "織": "オリ",
        "穂": "ホ",
        "": "",
    },
}
KANA_VARIANTS = {
    "ザ": "サ",
    "ジマ": "シマ",
    "オオ": "オウ",
    "ウ": "",
    "ヅ": "ズ",
    "ユイ": "ユヒ",
    "コ": "ゴ",
    "エ": "ヱ",
}
TOWNS = (
    "緑",
    "泉",
    "旭",
    "栄",
    "港",
    "本",
    "東",
    "西",
    "南",
    "北",
    "若葉",
    "桜台",
    "松原",
    "川端",
    "宮前",
    "大手",
)


@dataclass(frozen=True)
class Rates:
    """How often (0 to 1) the second register differs, each by itself."""

    variant: float = 0.15
    kana: float = 0.08
    no_kana: float = 0.02
    birth_typo: float = 0.01
    name_typo: float = 0.01
    moved: float = 0.15
    only_one: float = 0.05


@lru_cache(maxsize=1)
def _spellings() -> dict[str, list[str]]:
    """Character → MJ texts of its variants' glyphs, for the characters that names here use."""
    used = set("".join(SURNAMES) + "".join(FIRST))
    classes = variant_classes()
    wanted = {classes.get(c, c): c for c in used}
    out: dict[str, list[str]] = {}
    for glyph in load_repertoire(gj=False):
        character = wanted.get(classes.get(glyph.base, glyph.base)) if glyph.base else None
        if character and glyph.text != character:
            out.setdefault(character, []).append(glyph.text)
    return out


def make(people: int, rates: Rates = Rates(), seed: int = 6) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Registers A and B of about ``people`` rows: id (equal for one person), name, kana, birth, sex, address."""
    rng = random.Random(seed)
    rows: list[tuple[str, ...]] = []
    while len(rows) < people:
        rows += _household(rng)
    rows = rows[:people]
    a, b = [], []
    for number, row in enumerate(rows):
        lot = rng.random()
        if lot >= rates.only_one:
            a.append((f"P{number:08d}", *row))
        if lot < 1 - rates.only_one:
            b.append((f"P{number:08d}", *_changed(row, rates, rng)))
    rng.shuffle(b)
    columns = ["id", "name", "kana", "birth", "sex", "address"]
    return pl.DataFrame(a, schema=columns, orient="row"), pl.DataFrame(b, schema=columns, orient="row")


def _household(rng: random.Random) -> list[tuple[str, ...]]:
    """One to five people of one surname and address; one in a hundred has twins."""
    names = list(SURNAMES)
    surname = names[min(int(rng.expovariate(1 / 15)), len(names) - 1)]
    address = _address(rng)
    out = []
    for _ in range(rng.randint(1, 5)):
        out.append(_person(rng, surname, address))
    if rng.random() < 0.01:
        twin = _person(rng, surname, address)
        out.append((*twin[:2], out[-1][2], out[-1][3], address))
    return out


def _person(rng: random.Random, surname: str, address: str) -> tuple[str, ...]:
    sex = rng.choice("MF")
    first, second = rng.choice(list(FIRST)), rng.choice(list(SECOND[sex]))
    birth = f"{rng.randint(1930, 2025)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return (
        f"{surname}　{first}{second}",
        f"{SURNAMES[surname]}　{FIRST[first]}{SECOND[sex][second]}",
        birth,
        sex,
        address,
    )


def _address(rng: random.Random) -> str:
    return f"{rng.choice(TOWNS)}町{rng.randint(1, 9)}丁目{rng.randint(1, 40)}番{rng.randint(1, 30)}号"


def _changed(row: tuple[str, ...], rates: Rates, rng: random.Random) -> tuple[str, ...]:
    name, kana, birth, sex, address = row
    if rng.random() < rates.variant:
        known = [c for c in name if c in _spellings()]
        if known:
            old = rng.choice(known)
            name = name.replace(old, rng.choice(_spellings()[old]), 1)
    if rng.random() < rates.name_typo:
        at = rng.choice([i for i, c in enumerate(name) if c != "　"])
        name = name[:at] + rng.choice("".join(FIRST)) + name[at + 1 :]
    if rng.random() < rates.kana:
        found = [k for k in KANA_VARIANTS if k in kana]
        if found:
            old = rng.choice(found)
            kana = kana.replace(old, KANA_VARIANTS[old], 1)
    if rng.random() < rates.no_kana:
        kana = ""
    if rng.random() < rates.birth_typo:
        at = rng.choice([3, 5, 6, 8, 9])
        birth = birth[:at] + str((int(birth[at]) + rng.randint(1, 9)) % 10) + birth[at + 1 :]
    if rng.random() < rates.moved:
        address = _address(rng)
    return name, kana, birth, sex, address
