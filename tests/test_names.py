"""Search keys: what must share one, what must not, and a plain loop beside the columns."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaiji.errors import UsageError
from gaiji.names import single
from gaiji.names.keys import KEYS, foldings_used, key, keys, variant_classes
from gaiji.names.romaji import romaji_key
from gaiji.shrinking.shrinker import shrink_links
from gaiji.standard.repertoire import load_repertoire

REP = load_repertoire()


def test_every_pair_of_the_koseki_class_shares_a_key():
    pairs = [
        (REP[name], link.text)
        for name, links in shrink_links().items()
        for link in links
        if link.table == "koseki"
    ]
    pairs = [(glyph.text, text) for glyph, text in pairs if glyph.text]
    assert len(pairs) > 18_000
    assert (
        keys(pl.Series([a for a, _ in pairs])).to_list() == keys(pl.Series([b for _, b in pairs])).to_list()
    )


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


@given(st.text(max_size=12))
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
    st.one_of(st.text(max_size=12), KANA),
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
