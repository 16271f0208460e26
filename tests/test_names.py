"""Search keys: what must share one, what must not, and a plain loop beside the columns."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import unicodedata
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import UsageError
from gaiji.names import single
from gaiji.names.keys import KEYS, foldings_used, key, keys, variant_classes
from gaiji.names.matching import match
from gaiji.names.romaji import romaji_key
from gaiji.shrinking.evidence import shrink_links
from gaiji.standard.repertoire import load_repertoire

REP = load_repertoire()
MAPPINGS = mappings_dir()
REPERTOIRE, DISPUTES = MAPPINGS / "repertoire", MAPPINGS / "repertoire" / "key-disputes.tsv"


def test_every_direct_link_of_the_koseki_class_shares_a_key_or_is_listed_as_kept_apart():
    """戸籍統一文字's 親字・正字 of one hop, of the glyphs that a plain character means."""
    pairs = {
        (REP[name].base, link.text)
        for name, links in shrink_links().items()
        for link in links
        if link.table == "koseki" and link.distance == 1 and REP[name].default
    }
    left, right = (keys(pl.Series([pair[side] for pair in pairs])).to_list() for side in (0, 1))
    apart = {frozenset(pair) for pair, ours, theirs in zip(pairs, left, right, strict=True) if ours != theirs}
    listed = {frozenset(plain(c) for c in pair) for pair in listed_apart()}
    assert len(pairs) > 9_000 and {frozenset(map(plain, pair)) for pair in apart} <= listed
    assert 0 < len(apart) < 150


def plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def characters(row: dict[str, str], *columns: str) -> list[str]:
    """The first character of each column's code points, as keys see it."""
    return [plain(chr(int(row[column].split()[0], 16))) for column in columns]


def listed_apart() -> list[tuple[str, ...]]:
    return [tuple(characters(row, "ucs", "other")) for row in rows(REPERTOIRE / "keys-apart.tsv")]


def direct_sources() -> set[frozenset[str]]:
    """Pairs that a list names together, read from the lists themselves: the map (links of one hop, and not the tables
    of look-alikes, 別字, other uses and dictionaries) and the lists of variants.
    """
    names = {row["name"]: row for row in rows(REPERTOIRE / "mj-006.02.tsv")}
    stated = {"jis-ucs", "koseki", "min2842", "min2842-zokuji", "min5202"}
    found = set()
    for row in rows(REPERTOIRE / "shrink-1.2.0.tsv"):
        if row["table"] in stated and row["hops"] in ("", "1") and names[row["name"]]["ucs"]:
            found.add(frozenset((*characters(names[row["name"]], "ucs"), *characters(row, "ucs"))))
    for row in rows(REPERTOIRE / "variants.tsv"):
        found.add(frozenset(characters(row, "ucs", "other")))
    return found


def readings() -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows(REPERTOIRE / "mj-006.02.tsv"):
        if row["ucs"] and row["default"] == "1":
            found[characters(row, "ucs")[0]] |= set(row["readings"].split())
    return found


def pairs_with_one_key(some: list[str]) -> list[frozenset[str]]:
    groups = defaultdict(list)
    for character, found in zip(some, keys(pl.Series(some)).to_list(), strict=True):
        groups[found].append(character)
    return [frozenset(pair) for group in groups.values() for pair in combinations(group, 2)]


def jis_kanji() -> list[str]:
    codes = ((row, cell) for row in range(0xB0, 0xF5) for cell in range(0xA1, 0xFF))
    return [text for code in codes if (text := bytes(code).decode("euc_jp", "ignore"))]


def test_no_two_kanji_of_jis_share_a_key_without_a_source_or_a_reading_but_those_looked_at():
    some = jis_kanji()
    assert len(some) == 6_355
    sources, read = direct_sources(), readings()
    disputes = {frozenset(characters(row, "ucs", "other")): row for row in rows(DISPUTES)}
    pairs = pairs_with_one_key(some)
    through = [pair for pair in pairs if pair not in sources]
    assert 700 < len(pairs) < 900 and len(through) < 60
    for pair in through:
        a, b = pair
        assert read[a] & read[b] or (disputes[pair]["join"] == "yes" and disputes[pair]["why"]), pair
    for pair, row in disputes.items():
        a, b = pair
        assert (key(a) == key(b)) is (row["join"] == "yes") and row["why"], pair


def test_two_characters_of_everyday_use_share_a_key_only_if_a_source_names_both():
    some = sorted({characters(row, "ucs")[0] for row in rows(REPERTOIRE / "kanji-lists.tsv")})
    assert len(some) > 2_900
    pairs, sources = pairs_with_one_key(some), direct_sources()
    assert len(pairs) > 100 and not [pair for pair in pairs if pair not in sources]


@pytest.mark.parametrize(
    "pair",
    [
        "優夏",
        "明朋",
        "乃弓",
        "乃及",
        "弓及",
        "留備",
        "島雀",
        "功切",
        "昼書",
        "師帥",
        "玉王",
        "喜堯",
        "侮奴",
        "派流",
        "糸玄",
        "梅某",
        "升叔",
        "満漫",
        "傳傅",
    ],
)
def test_unlike_characters_are_not_joined_through_a_rare_glyph(pair):
    assert key(pair[0]) != key(pair[1])


@pytest.mark.parametrize(
    "pair",
    [
        "邊邉",
        "齋斎",
        "髙高",
        "櫻桜",
        "﨑崎",
        "濵浜",
        "龍竜",
        "淵渕",
        "惠恵",
        "瀧滝",
        "蘆芦",
        "湏須",
        "袮祢",
        "圀国",
        "薮藪",
        "栁柳",
        "舘館",
        "舩船",
        "枩松",
        "峯峰",
        "島嶌",
    ],
)
def test_spellings_of_a_name_are_joined_still(pair):
    assert key(pair[0]) == key(pair[1])


def test_twins_with_unlike_names_are_not_matched():
    """Two sisters of one house and one birth date, one in each register: 優奈 is not 夏奈, 明美 not 朋美."""
    columns = ("id", "name", "kana", "birth", "sex", "address")
    twins = (("優奈", "ユウナ", "夏奈", "カナ"), ("明美", "アケミ", "朋美", "トモミ"))
    for ours, our_kana, theirs, their_kana in twins:
        a, b = (
            pl.DataFrame(
                [("1", f"山田　{name}", f"ヤマダ　{kana}", "2014-05-06", "女", "緑町1-2-3")],
                schema=list(columns),
                orient="row",
            )
            for name, kana in ((ours, our_kana), (theirs, their_kana))
        )
        assert not match(a, b).pairs["status"].str.starts_with("matched").any()


def test_the_classes_are_those_that_the_build_makes(tmp_path):
    names = ("mj-006.02.tsv", "shrink-1.2.0.tsv", "variants.tsv", "kanji-lists.tsv")
    for name in names:
        shutil.copy(REPERTOIRE / name, tmp_path)
    made = subprocess.run(
        [sys.executable, MAPPINGS / "build" / "keys.py", "--repertoire", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "常用 and 人名用: 183 pairs, 183 by a source, 0 through others" in made.stdout
    for name in ("keys.tsv", "keys.toml", "keys-apart.tsv", "keys-apart.toml"):
        assert (tmp_path / name).read_bytes() == (REPERTOIRE / name).read_bytes()


def test_all_forms_of_watanabe_share_a_key():
    forms = [g.text for g in REP if g.base and g.base in "辺邊邉"]
    assert len(forms) >= 24
    assert {key(f"渡{form}") for form in forms} == {"渡辺"}


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("斎藤　一郎", "齋藤一郎", "variant"),
        ("髙橋", "高橋", "variant"),
        ("神田", "\ufa19田", "variant"),
        ("櫻井", "桜井", "variant"),
        ("廣澤", "広沢", "variant"),
        ("\U0001b0a8る子", "はる子", "variant"),
        ("三ヶ島", "三ケ島", "variant"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ　たろう", "kana"),
        ("ヴィクトリア", "びくとりあ", "kana"),
        ("ヂ", "ジ", "kana"),
        ("ヅ", "ズ", "kana"),
        ("ショウコ", "シヨーコ", "kana"),
        ("コオノ", "コウノ", "kana"),
        ("キ゛", "ギ", "kana"),
        ("ジョン・スミス", "ＪＯＨＮ", "base"),
        ("ジョン･スミス", "ジョン スミス", "base"),
        ("葛󠄀城", "葛城", "base"),
    ],
)
def test_known_spellings(one, other, kind):
    assert (key(one, kind) == key(other, kind)) is (other != "ＪＯＨＮ")


def test_what_differs_keeps_different_keys():
    assert len({key(n) for n in ("斎藤", "斉藤", "渡辺", "渡部", "山崎", "島崎")}) == 6
    default = next(g for g in REP if g.default and g.ivs)
    other = next(g for g in REP.by_text("邉")[1:] if g.ivs)
    assert key(default.text, "glyph") == default.base
    assert key(other.text, "glyph") == other.text != key("邉", "glyph")


def test_the_foldings_used_are_told():
    assert foldings_used("渡邊󠄀　Ａ") == ("width", "selector", "case", "space", "variant")
    assert foldings_used("渡辺") == ()


# Characters that this Python's Unicode knows: polars lowers newer scripts too.
@given(st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=12))
def test_the_variant_key_is_that_of_a_plain_loop(name):
    classes = variant_classes()
    plain = unicodedata.normalize("NFKC", name.replace("゛", "\u3099").replace("゜", "\u309a"))
    plain = "".join(
        c for c in plain if not ("\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef")
    ).lower()
    skip = set(
        " \u3000\u30fb\uff65\u00b7\u2022\u2027\u200b\u200c\u200d\ufeff\t\n\r\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f"
    )
    skip |= {chr(c) for c in range(0x2000, 0x200B)}
    assert key(name) == "".join(classes.get(c, c) for c in plain if c not in skip)


def test_columns_keep_nulls_and_wrong_names_are_told():
    assert keys(pl.Series(["渡邉", None])).to_list() == ["渡辺", None]
    with pytest.raises(UsageError, match="no key"):
        key("x", "sound")
    assert set(KEYS) == {"glyph", "base", "variant", "kana", "kana-written", "kana-loose"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("オオノ", "オノ", False),
        ("ユウキ", "ユキ", False),
        ("コウノ", "コノ", False),
        ("イイダ", "イダ", False),
        ("エイコ", "エーコ", True),
        ("ケイコ", "ケエコ", True),
        ("ヨウイチ", "ヨオイチ", True),
        ("サトウ", "サトー", True),
    ],
)
def test_the_length_of_a_vowel_stays(one, other, same):
    assert (key(one, "kana") == key(other, "kana")) is same
    assert (key(one, "kana-loose") == key(other, "kana-loose")) is (
        same or key(one, "kana-loose") == key(other, "kana-loose")
    )
    assert key("やまさきゆうこ", "kana-loose") == key("ヤマザキ　ユコ", "kana-loose")


KANA = st.text(
    alphabet=[chr(c) for c in [*range(0x3041, 0x3097), *range(0x30A1, 0x30FD), *range(0xFF66, 0xFFA0)]],
    max_size=10,
)


@given(
    st.one_of(st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=12), KANA),
    st.sampled_from(["base", "variant", "kana", "kana-written", "kana-loose"]),
)
def test_the_twin_for_one_word_gives_the_same_keys(word, kind):
    assert single.key(word, kind) == key(word, kind)


@given(st.one_of(KANA, st.text(alphabet="abcdefghijklmnopqrstuvwxyzōūÔ'-", max_size=12)))
def test_the_twin_for_one_word_gives_the_same_romaji(word):
    text = unicodedata.normalize("NFKC", word.replace("゛", "\u3099").replace("゜", "\u309a")).lower()
    assert single.latin(word) == pl.select(romaji_key(pl.lit(text))).item()


def test_every_character_of_jis_has_one_key_in_both():
    rows = [
        bytes([0x1B, 0x24, 0x42, x, y, 0x1B, 0x28, 0x42])
        for x in range(0x30, 0x75)
        for y in range(0x21, 0x7F)
    ]
    characters = [c for row in rows if (c := row.decode("iso2022_jp", "ignore"))]
    assert len(characters) == 6355
    assert keys(pl.Series(characters)).to_list() == [single.key(c) for c in characters]


@pytest.mark.parametrize(
    "forms",
    [
        "タキグチ takiguchi takiguti TAKIGUCHI たきぐち",
        "オオノ Ohno Oono Ōno ONO ohno",
        "ショウジ shouji syouji shoji SHOHJI",
        "ハッチョウ hatchou hacchou hattyou hatcho",
        "シンバシ shimbashi shinbashi sinbasi SHIMBASHI",
        "ジュンイチ jun'ichi zyun'iti junichi",
        "チヅル chizuru tiduru chiduru",
        "フジワラ fujiwara huziwara",
        "キョウコ kyoko kyouko Kyôko",
    ],
)
def test_romaji_of_hepburn_kunrei_and_passports_meet_the_kana(forms):
    assert len({single.latin(form) for form in forms.split()}) == 1


def test_romaji_of_every_syllable_is_that_of_another_program():
    import jaconv

    plain = [chr(c) for c in range(0x3042, 0x3094) if chr(c) not in "ぃぅぇぉっゃゅょゎゐゑを"]
    for one in plain:
        assert single.latin(one) == single.latin(jaconv.kana2alphabet(one)), one
        for small in "ゃゅょ":
            if one in "きしちにひみりぎじびぴ":
                assert single.latin(one + small) == single.latin(jaconv.kana2alphabet(one + small)), one
