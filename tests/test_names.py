"""Search keys: what must share one, what must not, and a plain loop beside the columns."""

from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaiji.errors import UsageError
from gaiji.names.keys import KEYS, foldings_used, key, keys, variant_classes
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
    assert set(KEYS) == {"glyph", "base", "variant", "kana", "kana-written"}
