"""Two made-up registers of the same people, with the differences that registers of one town have, at stated rates.

Nobody in it exists: names are put together from common parts, the common ones more often, as in a town. The rates
are in docs/matching.md. The tests use it too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

import polars as pl

from gaiji.names.keys import variant_classes
from gaiji.standard.repertoire import load_repertoire

COMMON = {
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
    "佐々木": "ササキ",
    "井上": "イノウエ",
    "木村": "キムラ",
    "林": "ハヤシ",
    "斎藤": "サイトウ",
    "清水": "シミズ",
    "山崎": "ヤマザキ",
    "森": "モリ",
    "阿部": "アベ",
    "長谷川": "ハセガワ",
    "近藤": "コンドウ",
    "遠藤": "エンドウ",
    "三浦": "ミウラ",
    "桜井": "サクライ",
    "宮崎": "ミヤザキ",
    "滝沢": "タキザワ",
    "原": "ハラ",
    "東": "ヒガシ",
    "伊東": "イトウ",
}
FRONT = {
    "大": "オオ",
    "小": "オ",
    "山": "ヤマ",
    "川": "カワ",
    "石": "イシ",
    "岡": "オカ",
    "松": "マツ",
    "竹": "タケ",
    "杉": "スギ",
    "藤": "フジ",
    "福": "フク",
    "西": "ニシ",
    "北": "キタ",
    "南": "ミナミ",
    "中": "ナカ",
    "上": "ウエ",
    "高": "タカ",
    "長": "ナガ",
    "広": "ヒロ",
    "島": "シマ",
    "村": "ムラ",
    "森": "モリ",
    "青": "アオ",
    "黒": "クロ",
    "白": "シラ",
    "浜": "ハマ",
    "宮": "ミヤ",
    "谷": "タニ",
    "沢": "サワ",
    "桜": "サクラ",
    "柳": "ヤナギ",
    "徳": "トク",
    "内": "ウチ",
    "前": "マエ",
    "平": "ヒラ",
    "吉": "ヨシ",
    "野": "ノ",
    "水": "ミズ",
    "金": "カネ",
    "滝": "タキ",
}
BACK = {
    "田": "ダ",
    "川": "カワ",
    "山": "ヤマ",
    "村": "ムラ",
    "本": "モト",
    "野": "ノ",
    "井": "イ",
    "島": "シマ",
    "崎": "サキ",
    "沢": "サワ",
    "原": "ハラ",
    "口": "グチ",
    "木": "キ",
    "谷": "タニ",
    "岡": "オカ",
    "浜": "ハマ",
    "下": "シタ",
    "内": "ウチ",
    "瀬": "セ",
    "塚": "ヅカ",
    "森": "モリ",
    "橋": "ハシ",
    "辺": "ベ",
    "坂": "サカ",
    "部": "ベ",
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
    "英": "エイ",
    "栄": "エイ",
    "愛": "アイ",
    "結": "ユイ",
    "優": "ユウ",
    "友": "ユ",
    "夏": "ナツ",
    "春": "ハル",
    "陽": "ヨウ",
    "洋": "ヨウ",
    "裕": "ユウ",
    "祐": "ユウ",
    "雅": "マサ",
    "哲": "テツ",
    "純": "ジュン",
    "隆": "タカ",
    "誠": "マコ",
    "康": "ヤス",
    "拓": "タク",
    "翔": "ショウ",
    "涼": "リョウ",
    "亮": "リョウ",
    "沙": "サ",
    "早": "サ",
    "麻": "マ",
    "絵": "エ",
    "里": "リ",
    "理": "リ",
    "奈": "ナ",
    "菜": "ナ",
    "香": "カ",
    "佳": "カ",
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
        "太郎": "タロウ",
        "二郎": "ジロウ",
        "之": "ユキ",
        "司": "シ",
        "平": "ヘイ",
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
        "美子": "ミコ",
        "里": "リ",
        "希": "キ",
        "乃": "ノ",
        "花": "カ",
    },
}
FOREIGN = {
    "NGUYEN": "グエン",
    "TRAN": "チャン",
    "PHAM": "ファム",
    "SANTOS": "サントス",
    "SILVA": "シルバ",
    "KIM": "キム",
    "LEE": "リー",
    "WANG": "ワン",
    "SMITH": "スミス",
    "GARCIA": "ガルシア",
    "SHARMA": "シャルマ",
    "REYES": "レイエス",
}
FOREIGN_GIVEN = {
    "ANH": "アイン",
    "MARIA": "マリア",
    "LINH": "リン",
    "JOSE": "ホセ",
    "JOHN": "ジョン",
    "MINH": "ミン",
    "ANNA": "アンナ",
    "DAVID": "デイビッド",
    "HOA": "ホア",
    "RAM": "ラム",
    "CARLOS": "カルロス",
    "MINJI": "ミンジ",
}
MIDDLE = {
    "THI": "ティ",
    "VAN": "ヴァン",
    "DE": "デ",
    "CRUZ": "クルス",
    "ROSE": "ローズ",
    "JAMES": "ジェームズ",
}
KANA_VARIANTS = {
    "ザキ": "サキ",
    "ジマ": "シマ",
    "オオ": "オウ",
    "ヅ": "ズ",
    "ユウ": "ユ",
    "ダ": "タ",
    "エ": "ヱ",
    "ウ": "ー",
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
CITY = "緑ヶ浦市"
NUMERALS = "〇一二三四五六七八九"
COLUMNS = ["id", "name", "kana", "birth", "sex", "address"]


@dataclass(frozen=True)
class Rates:
    """How often (0 to 1) the second register differs, each by itself; ``only_one`` people stand in A alone, as many in B
    alone."""

    variant: float = 0.15
    name_typo: float = 0.005
    no_space: float = 0.05
    kana: float = 0.05
    no_kana: float = 0.05
    birth_slip: float = 0.005
    birth_unknown: float = 0.003
    birth_partly: float = 0.003
    birth_swapped: float = 0.001
    other_era: float = 0.3
    moved: float = 0.08
    married: float = 0.006
    alias: float = 0.0015
    swapped: float = 0.001
    no_sex: float = 0.01
    foreign: float = 0.03
    foreign_order: float = 0.2
    foreign_middle: float = 0.1
    foreign_kana: float = 0.05
    only_one: float = 0.05
    twins: float = 0.01


@dataclass(frozen=True)
class Person:
    """Who somebody is, before a register writes it; ``words`` are surname and given name, foreign ones with more."""

    words: tuple[str, ...]
    readings: tuple[str, ...]
    birth: tuple[int, int, int]
    sex: str
    address: tuple[str, int, int, int]
    foreign: bool = False


@lru_cache(maxsize=1)
def surnames() -> tuple[list[tuple[str, str]], list[float]]:
    """Surnames with readings and their cumulative weights: some 1,000, falling off as a town's do (the first 1.5 %)."""
    made = [(f + b, FRONT[f] + BACK[b]) for f in FRONT for b in BACK if f != b]
    random.Random(1).shuffle(made)
    listed = [*COMMON.items(), *(pair for pair in made if pair[0] not in COMMON)]
    return listed, list(accumulate(1 / (n + 12) ** 0.9 for n in range(len(listed))))


@lru_cache(maxsize=2)
def given_names(sex: str) -> tuple[list[tuple[str, str]], list[float]]:
    """Given names of a sex with readings and cumulative weights."""
    made = [(f + s, FIRST[f] + SECOND[sex][s]) for f in FIRST for s in SECOND[sex] if f != s]
    random.Random(2).shuffle(made)
    return made, list(accumulate(1 / (n + 20) ** 0.8 for n in range(len(made))))


@lru_cache(maxsize=1)
def _spellings() -> dict[str, list[str]]:
    """Character → MJ texts of its variants' glyphs, for the characters that surnames here use."""
    used = set("".join(name for name, _ in surnames()[0]))
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
    town: list[Person] = []
    while len(town) < people:
        town += _household(rng, rates)
    a, b = [], []
    for number, person in enumerate(town[:people]):
        lot = rng.random()
        if lot >= rates.only_one:
            a.append((f"P{number:08d}", *_written(person)))
        if lot < 1 - rates.only_one:
            b.append((f"P{number:08d}", *_changed(person, rates, rng)))
    rng.shuffle(b)
    return pl.DataFrame(a, schema=COLUMNS, orient="row"), pl.DataFrame(b, schema=COLUMNS, orient="row")


def split_twins(pairs: int, seed: int = 7) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Twins of one sex, the one in A alone, the other in B alone: whoever matches them is wrong."""
    rng = random.Random(seed)
    a, b = [], []
    rates = Rates(only_one=0, married=0, swapped=0, alias=0)
    for number in range(pairs):
        first = _person(rng, _pick(rng, surnames()), _address(rng))
        second = first
        while second.words[1] == first.words[1] or second.readings[1] == first.readings[1]:
            given, kana = _pick(rng, given_names(first.sex))
            second = replace(first, words=(first.words[0], given), readings=(first.readings[0], kana))
        a.append((f"A{number:07d}", *_written(first)))
        b.append((f"B{number:07d}", *_changed(second, rates, rng)))
    return pl.DataFrame(a, schema=COLUMNS, orient="row"), pl.DataFrame(b, schema=COLUMNS, orient="row")


def _pick(rng: random.Random, names: tuple[list[tuple[str, str]], list[float]]) -> tuple[str, str]:
    return rng.choices(names[0], cum_weights=names[1])[0]


def _household(rng: random.Random, rates: Rates) -> list[Person]:
    """One to five people of one address, mostly of one surname; some with twins of one sex."""
    address = _address(rng)
    if rng.random() < rates.foreign:
        return [_foreigner(rng, address) for _ in range(rng.randint(1, 3))]
    surname = _pick(rng, surnames())
    out = [_person(rng, surname, address) for _ in range(rng.randint(1, 5))]
    if rng.random() < rates.twins:
        given, kana = _pick(rng, given_names(out[-1].sex))
        twin = replace(out[-1], words=(surname[0], given), readings=(surname[1], kana))
        if twin.words != out[-1].words:
            out.append(twin)
    return out


def _birth(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(1930, 2025), rng.randint(1, 12), rng.randint(1, 28)


def _person(rng: random.Random, surname: tuple[str, str], address: tuple[str, int, int, int]) -> Person:
    sex = rng.choice("MF")
    given = _pick(rng, given_names(sex))
    return Person((surname[0], given[0]), (surname[1], given[1]), _birth(rng), sex, address)


def _foreigner(rng: random.Random, address: tuple[str, int, int, int]) -> Person:
    chosen = [rng.choice(list(FOREIGN.items()))]
    if rng.random() < 0.5:
        chosen.append(rng.choice(list(MIDDLE.items())))
    chosen.append(rng.choice(list(FOREIGN_GIVEN.items())))
    words, readings = zip(*chosen, strict=True)
    return Person(words, readings, _birth(rng), rng.choice("MF"), address, foreign=True)


def _address(rng: random.Random) -> tuple[str, int, int, int]:
    return rng.choice(TOWNS) + "町", rng.randint(1, 9), rng.randint(1, 40), rng.randint(1, 30)


def _written(person: Person) -> tuple[str, ...]:
    """As register A writes it."""
    town, chome, ban, go = person.address
    gap = " " if person.foreign else "　"
    return (
        gap.join(person.words),
        "　".join(person.readings),
        "{}-{:02d}-{:02d}".format(*person.birth),
        {"M": "男", "F": "女"}[person.sex],
        f"{CITY}{town}{NUMERALS[chome]}丁目{ban}番{go}号",
    )


def _changed(person: Person, rates: Rates, rng: random.Random) -> tuple[str, ...]:
    """As register B writes it, some time later."""
    person = _later(person, rates, rng)
    name, kana = _names(person, rates, rng)
    sex = "" if rng.random() < rates.no_sex else {"M": "1", "F": "2"}[person.sex]
    return name, kana, _date(person.birth, rates, rng), sex, _place(person.address, rng)


def _later(person: Person, rates: Rates, rng: random.Random) -> Person:
    """Moves, marriages (half of them with a move) and 通称."""
    if rng.random() < rates.moved:
        person = replace(person, address=_address(rng))
    if not person.foreign and rng.random() < rates.married:
        surname = _pick(rng, surnames())
        address = _address(rng) if rng.random() < 0.5 else person.address
        person = replace(
            person,
            words=(surname[0], person.words[1]),
            readings=(surname[1], person.readings[1]),
            address=address,
        )
    if rng.random() < rates.alias:
        other = _person(rng, _pick(rng, surnames()), person.address)
        person = replace(person, words=other.words, readings=other.readings, foreign=False)
    return person


def _names(person: Person, rates: Rates, rng: random.Random) -> tuple[str, str]:
    words, readings = list(person.words), list(person.readings)
    if person.foreign:
        return _foreign_names(words, readings, rates, rng)
    if rng.random() < rates.variant:
        known = [c for c in words[0] if c in _spellings()]
        if known:
            old = rng.choice(known)
            words[0] = words[0].replace(old, rng.choice(_spellings()[old]), 1)
    if rng.random() < rates.name_typo:
        part = rng.randrange(2)
        at = rng.randrange(len(words[part]))
        words[part] = words[part][:at] + rng.choice(list(FIRST)) + words[part][at + 1 :]
    if rng.random() < rates.kana:
        found = [k for k in KANA_VARIANTS if k in readings[0] + readings[1]]
        if found:
            old = rng.choice(found)
            part = 0 if old in readings[0] else 1
            readings[part] = readings[part].replace(old, KANA_VARIANTS[old], 1)
    if rng.random() < rates.swapped:
        words.reverse(), readings.reverse()
    gap = "" if rng.random() < rates.no_space else "　"
    kana = "" if rng.random() < rates.no_kana else " ".join(readings)
    return gap.join(words), kana


def _foreign_names(
    words: list[str], readings: list[str], rates: Rates, rng: random.Random
) -> tuple[str, str]:
    if len(words) == 3 and rng.random() < rates.foreign_middle:
        words, readings = words[::2], readings[::2]
    if rng.random() < rates.foreign_order:
        words, readings = words[1:] + words[:1], readings[1:] + readings[:1]
    kana = "" if rng.random() < rates.no_kana else "　".join(readings)
    if rng.random() < rates.foreign_kana:
        return "・".join(readings), kana
    return " ".join(words), kana


def _date(birth: tuple[int, int, int], rates: Rates, rng: random.Random) -> str:
    year, month, day = birth
    lot = rng.random()
    steps = accumulate((rates.birth_unknown, rates.birth_partly, rates.birth_swapped, rates.birth_slip))
    unknown, partly, swapped, slip = steps
    if lot < unknown:
        return rng.choice(("", "00000000", "不詳", "9999-99-99"))
    if lot < partly:
        return rng.choice((f"{year}0000", f"{year}{month:02d}00", f"{year}"))
    if lot < swapped and day <= 12:
        month, day = day, month
    elif swapped <= lot < slip:
        month, day = (month, rng.randint(1, 28)) if rng.random() < 0.5 else (month % 12 + 1, day)
    if rng.random() < rates.other_era:
        for era, first in (("R", 2018), ("H", 1988), ("S", 1925)):
            if year > first + 1 or era == "S":
                return f"{era}{year - first}.{month}.{day}"
    return f"{year}{month:02d}{day:02d}"


def _place(address: tuple[str, int, int, int], rng: random.Random) -> str:
    town, chome, ban, go = address
    lot = rng.random()
    if lot < 0.5:
        return f"{town}{chome}-{ban}-{go}"
    if lot < 0.8:
        return f"{town}{chome}丁目{ban}番{go}号"
    if lot < 0.9:
        return f"{CITY}{town}{NUMERALS[chome]}丁目{ban}番地の{go}"
    return f"{town}{chome}-{ban}-{go}　{TOWNS[ban % 16]}荘{go}号室"
