"""Wrong charsets and lost shifts are told by what comes out; right ones never."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Sequence
from contextlib import suppress

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import main
from gaiji.codes.spec import charset_names
from gaiji.errors import GaijiError
from gaiji.model import Field
from gaiji.run import plausible
from gaiji.run.plausible import DOUBLE, as_double, better, near, others_of, readable, shares, usual

FAMILY = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "林",
    "斎藤",
    "清水",
    "濱田",
    "澤村",
    "籠谷",
    "梶原",
    "龍崎",
]
GIVEN = [
    "太郎",
    "花子",
    "一郎",
    "美咲",
    "健太",
    "陽子",
    "大輔",
    "さくら",
    "翔太",
    "恵子",
    "直樹",
    "ひろみ",
    "誠",
    "京子",
    "浩二",
    "由美",
    "隆",
    "久美子",
    "学",
    "紗希",
    "蓮",
    "凛",
    "颯",
    "ユミ",
]
PLACES = [
    "中央区本町",
    "西区栄町",
    "大字山田字前田",
    "北条町",
    "桜ヶ丘",
    "上野",
    "川崎",
    "小金井",
    "緑ヶ丘",
    "若葉台",
]
READINGS = [
    "サトウ",
    "タロウ",
    "スズキ",
    "ハナコ",
    "タカハシ",
    "イチロウ",
    "ワタナベ",
    "ケンタ",
    "ヤマモト",
    "ヨウコ",
    "コバヤシ",
    "ダイスケ",
    "カトウ",
    "ショウタ",
]
HALF = str.maketrans(
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンヨウ",
    "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾖｳ",
)
"""Of the readings without marks of voice."""


def people(count: int) -> dict[str, list[str]]:
    """Made-up names, addresses and readings."""
    dice = random.Random(14)
    return {
        "name": [f"{dice.choice(FAMILY)}　{dice.choice(GIVEN)}" for _ in range(count)],
        "address": [f"{dice.choice(PLACES)}{dice.choice('一二三四')}丁目" for _ in range(count)],
        "kana": [
            " ".join(
                word.translate(HALF)
                for word in dice.sample(["サトウ", "タロウ", "ハナコ", "ワタナヘ", "ケンタ", "カトウ"], 2)
            )
            for _ in range(count)
        ],
    }


def raws_of(charset: str, texts: list[str]) -> list[bytes]:
    return [gaiji.load_charset(charset).encode(text) for text in texts]


def writable(charset: str, texts: list[str]) -> list[str]:
    """The texts of which a charset has all: JIPS lacks one of the given names."""
    known, out = gaiji.load_charset(charset), []
    for text in texts:
        with suppress(GaijiError):
            known.encode(text)
            out.append(text)
    return out


def texts_of(charset: str, raws: list[bytes]) -> list[str]:
    known = gaiji.load_charset(charset)
    return [known.decode(raw, role="other", form="never").text for raw in raws]


def differ(one: list[str], other: list[str]) -> float:
    """The share of characters of the first that are not the second's."""
    every = sum(map(len, one))
    return (
        sum(
            sum(a != b for a, b in zip(x.ljust(len(y)), y, strict=False))
            for x, y in zip(other, one, strict=True)
        )
        / every
    )


def pairs(written: str, role: str, count: int, reads: Sequence[str]) -> tuple[int, list[str], list[str]]:
    """How many charsets read what is written in one otherwise; those of them that are not doubted; those
    that are doubted though they read the same."""
    texts = writable(written, people(count)[role])
    raws = raws_of(written, texts)
    spec = Field("f", type="mixed", role=role)
    wrong, missed, false = 0, [], []
    for read in reads:
        own = texts_of(read, raws)
        share = usual(role, own)
        names = better(share, shares(spec, raws, others_of(read), near(read)))[0] if not readable(own) else ()
        if differ(texts, own) >= 0.01:
            wrong += 1
            missed += [] if names else [f"{read} {share:.2f}"]
        elif names:
            false.append(read)
    return wrong, missed, false


QUICK = ("fujitsu-jef-ebcdik", "hitachi-keis83-ebcdik", "windows-31j", "eucjp-ms")


@pytest.mark.parametrize("written", QUICK[1:3])
def test_a_wrong_charset_is_doubted_and_the_right_one_is_not(written):
    wrong, missed, false = pairs(written, "name", 40, QUICK)
    assert wrong == 3 and not missed and not false, (missed, false)


@pytest.fixture
def every(monkeypatch):
    """All charsets that have characters, each loaded once."""
    load = functools.cache(gaiji.load_charset)
    monkeypatch.setattr(gaiji, "load_charset", load)
    monkeypatch.setattr(plausible, "rival", load)
    return [name for name in charset_names() if not load(name).kind.numbered]


@pytest.mark.slow
def test_over_all_ordered_pairs(every):
    """As printed by ``pytest -s``: 99 of 100 wrong ones at least, no right one."""
    for role in ("name", "address"):
        sums = [0, 0]
        for written in every:
            if len(writable(written, people(100)[role])) < 50:
                print(role, written, "cannot write them")
                continue
            wrong, missed, false = pairs(written, role, 100, every)
            sums[0] += wrong
            sums[1] += len(missed)
            print(role, written, wrong, "missed:", *missed)
            assert not false, (role, written, false)
        print(f"{role}: {sums[0] - sums[1]} of {sums[0]} wrong readings are doubted")
        assert sums[0] > 1000 and sums[1] <= sums[0] / 100


RARE = [bytes([0xA0 + row, 0xA0 + cell]).decode("euc_jp") for row in range(48, 84) for cell in range(1, 95)]
"""Kanji of JIS X 0208's second level."""


def rare(share: float, count: int) -> list[str]:
    """Names in which that share of the characters is of the second level."""
    dice = random.Random(share)
    names = (f"{dice.choice(FAMILY)}{dice.choice(GIVEN)}" for _ in range(count))
    return ["".join(dice.choice(RARE) if dice.random() < share else char for char in name) for name in names]


def foreign(count: int) -> list[str]:
    """Names of which a third are foreigners'."""
    dice = random.Random(7)
    latin = [
        f"{dice.choice(['Maria', 'van der Berg', 'de Souza'])} {dice.choice(['Lee', 'Kim'])}"
        for _ in range(count)
    ]
    return [one if dice.random() < 0.3 else f"{dice.choice(FAMILY)} {dice.choice(GIVEN)}" for one in latin]


def with_gaiji(charset: str, raws: list[bytes]) -> list[bytes]:
    """The same bytes with a user-defined character in the place of each 田."""
    known = gaiji.load_charset(charset)
    users = [code for area in known.ranges if area.kind == "user" and area.size == 2 for code in area.codes()]
    if not users:
        return []
    plain = known.encode("田", type="dbcs" if known.kind.typed else "")
    return [
        raw.replace(plain, random.Random(at).choice(users).to_bytes(2, "big")) for at, raw in enumerate(raws)
    ]


@pytest.mark.slow
def test_right_readings_of_hard_names_are_never_doubted(every):
    for name in every:
        given = {f"{share:.0%} rare": rare(share, 100) for share in (0.05, 0.2, 0.4)} | {
            "foreign": foreign(100)
        }
        raws = {what: raws_of(name, writable(name, texts)) for what, texts in given.items()}
        raws["gaiji"] = with_gaiji(name, raws["5% rare"])
        for what, some in raws.items():
            own = texts_of(name, some) if len(some) >= 30 else []
            share = usual("name", own)
            spec = Field("f", type="mixed", role="name")
            found = {DOUBLE: as_double(gaiji.load_charset(name), "name", some)} | shares(
                spec, some, others_of(name), near(name)
            )
            assert readable(own) or better(share, found)[0] == (), (name, what, share, found)


def test_kana_fields_are_held_against_kana(tmp_path):
    raws = raws_of("ibm-930", people(40)["kana"])
    for read, looks in (("ibm-939", ["ibm-930"]), ("ibm-930", [])):
        path = job(tmp_path, raws, read, role="kana")
        assert [one for doubt in gaiji.convert(path).data["doubts"] for one in doubt["looks_like"]] == looks


def test_what_is_usual():
    assert usual("name", ["佐藤　太郎"] * 10) == 1 and usual("name", ["SATO TARO"] * 10) == 1
    assert usual("name", ["ﾔﾏﾀﾞ"] * 10) == 0 and usual("kana", ["ﾔﾏﾀﾞ ﾀﾛｳ"] * 10) == 1
    assert usual("name", ["ｱ"] * 3) == 1  # too few to say
    assert usual("address", ["1-2-3"] * 40) == 1


def job(folder, raws: list[bytes], charset: str, type: str = "mixed", role: str = "name") -> str:
    """A job over records of one name."""
    width = max(map(len, raws)) + 2
    width += width % 2
    (folder / "in.dat").write_bytes(b"".join(raw + b"\x40" * (width - len(raw)) for raw in raws))
    path = folder / "job.toml"
    path.write_text(
        f'[source]\npath = "in.dat"\ncharset = "{charset}"\nformat = "fixed"\nrecord_length = {width}\n'
        f'[output]\npath = "out/o.csv"\n[[field]]\nname = "simei"\noffset = 0\nlength = {width}\n'
        f'type = "{type}"\nrole = "{role}"\n'
    )
    return str(path)


@pytest.mark.parametrize("shifts", [b"", b"\x40"])
def test_double_bytes_without_shifts_are_told_with_the_key_that_reads_them(tmp_path, shifts):
    known = gaiji.load_charset("fujitsu-jef-ebcdik")
    raws = [shifts + known.encode(text, type="dbcs") + shifts for text in people(30)["name"]]
    path = job(tmp_path, raws, "fujitsu-jef-ebcdik")
    done = CliRunner().invoke(main, ["convert", path])
    assert "as fujitsu-jef-ebcdik, 9" in done.output and f"% as {DOUBLE}" in done.output, done.output
    (doubt,) = json.loads((tmp_path / "out/o.csv.manifest.json").read_text())["doubts"]
    assert doubt["field"] == "simei" and doubt["looks_like"] == [DOUBLE] and doubt["share"] < 0.5
    if not shifts:
        right = gaiji.convert(job(tmp_path, raws, "fujitsu-jef-ebcdik", "dbcs")).data
        assert right["doubts"] == [] and not right["flagged"]


def test_convert_and_scan_name_the_charset_that_the_bytes_look_like(tmp_path):
    raws = raws_of("hitachi-keis83-ebcdik", people(30)["name"])
    path = job(tmp_path, raws, "fujitsu-jef-ebcdik")
    (doubt,) = gaiji.convert(path).data["doubts"]
    assert any(name.startswith("hitachi-keis") for name in doubt["looks_like"])
    assert gaiji.verify(path).holds  # a doubt is no change
    layout = tmp_path / "l.toml"
    width = (tmp_path / "in.dat").stat().st_size // 30
    layout.write_text(f'[[field]]\nname = "simei"\noffset = 0\nlength = {width}\nrole = "name"\n')
    told = CliRunner().invoke(
        main, ["scan", str(tmp_path / "in.dat"), "--charset", "fujitsu-jef-ebcdik", "--layout", str(layout)]
    )
    assert told.exit_code == 0 and "hitachi-keis" in told.output, told.output
    assert gaiji.convert(job(tmp_path, raws, "hitachi-keis83-ebcdik")).data["doubts"] == []
