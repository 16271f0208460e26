"""The MJ list and 変体仮名: counts of the edition, every look-up, the three text forms, the traps."""

from __future__ import annotations

import hashlib
import random
import tomllib
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaiji.disk.datafiles import mappings_dir, samples_dir, user_data_dir
from gaiji.errors import RepertoireError
from gaiji.standard import repertoire
from gaiji.standard.lists import COLUMNS, GlyphList, read_columns
from gaiji.standard.repertoire import FORMS, GlyphNotFound, Repertoire, load_repertoire

FOLDER = mappings_dir() / "repertoire"


@pytest.fixture(scope="module")
def rep() -> Repertoire:
    return load_repertoire(gj=False)


@pytest.fixture(scope="module")
def mj(rep: Repertoire) -> pl.DataFrame:
    return rep.frame.filter(pl.col("list") == "mj")


def names(glyphs: tuple) -> list[str]:
    return [glyph.name for glyph in glyphs]


# The data.


def test_counts_of_the_edition(mj: pl.DataFrame) -> None:
    filled = {column: mj.filter(pl.col(column) != "").height for column in mj.columns if column != "strokes"}
    compatibility = mj.filter(pl.col("also").str.contains("|", literal=True))
    assert mj.height == mj["name"].n_unique() == 58_862
    assert mj.filter("default").height + compatibility.height == 52_607
    assert filled["ivs"] == 11_382
    assert mj.filter(pl.col("default") & (pl.col("ivs") != "")).height + compatibility.height == 5_146
    assert mj.height - filled["text"] == 19
    assert (filled["koseki"], filled["juki"], filled["touki"]) == (55_270, 19_563, 56_380)
    assert filled["x0213"] == 13_707
    assert mj["strokes"].null_count() == 0


def test_hentaigana_are_apart_from_the_list(rep: Repertoire) -> None:
    kana = rep.frame.filter(pl.col("list") == "hentaigana")
    assert (kana.height, kana.filter(pl.col("text") != "").height) == (299, 286)
    assert len(rep) == 58_862 + 299
    assert names(rep.by_text("\U0001b002")) == ["MJ090001"]
    assert names(rep.by_koseki("900010")) == ["MJ090001"]
    assert "MJ090298" in names(rep.by_reading("ん"))
    merged = rep["MJ090039"]  # 備考: merged into another, no code point of its own
    assert (merged.text, merged.default) == ("", False)
    assert "MJ090061" in rep.note("MJ090039")


KEPT = {
    "errata.tsv": "source",
    "key-disputes.tsv": "why",
    "nicknames.tsv": "why",
    "shrink-disputes.tsv": "why",
}
"""Lists that the project keeps by hand, each with the column that says what a row rests on."""


@pytest.mark.parametrize("name", KEPT)
def test_lists_kept_by_hand_say_what_each_row_rests_on(name: str) -> None:
    header, *rows = (line.split("\t") for line in (FOLDER / name).read_text("utf-8").splitlines())
    assert rows and all(len(row) == len(header) and row[header.index(KEPT[name])] for row in rows)


@pytest.mark.parametrize(
    "path", [p for p in sorted(FOLDER.glob("*.tsv")) if p.name not in KEPT], ids=lambda path: path.name
)
def test_lists_are_the_generated_ones_and_say_where_they_come_from(path: Path) -> None:
    about = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
    data = path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == about["sha256"]
    assert data.count(b"\n") == about["rows"] + 1
    assert b"\r" not in data
    assert all(source["licence"] and source["name"] for source in about["source"])


def test_texts_are_unique_and_survive_normalisation(rep: Repertoire) -> None:
    texts = [text for text in rep.frame["text"].to_list() if text]
    assert len(texts) == len(set(texts))
    assert all(unicodedata.is_normalized("NFC", text) for text in texts)


def test_default_means_that_base_is_text_without_its_ivs(rep: Repertoire) -> None:
    assert rep.frame.select((pl.col("base") + pl.col("ivs") == pl.col("text")).all()).item()
    defaults = rep.frame.filter("default")
    assert defaults["base"].n_unique() == defaults.height
    bases = set(defaults["base"].to_list())
    assert bases >= set(rep.frame.filter(pl.col("ivs") != "")["base"].to_list())


# Looking up.


def test_every_glyph_by_name_and_by_text(rep: Repertoire) -> None:
    for glyph in rep:
        assert rep[glyph.name] is glyph
        if glyph.text:
            assert rep.by_text(glyph.text)[0] is glyph
            assert rep.by_text(glyph.base)[0].base == glyph.base
            assert glyph in rep.by_text(glyph.base)


def test_every_number_finds_its_glyph(rep: Repertoire) -> None:
    lookups = {"koseki": rep.by_koseki, "juki": rep.by_juki, "touki": rep.by_touki}
    for glyph in rep:
        for number, lookup in lookups.items():
            if value := getattr(glyph, number):
                assert lookup(value) == (glyph,)
        if glyph.x0213:
            assert glyph in rep.by_x0213(glyph.x0213)


def test_forms_agree_with_the_glyphs(rep: Repertoire) -> None:
    for form in FORMS:
        texts = rep.forms(form)
        assert len(texts) == len(rep)
        assert all(texts[glyph.name] == glyph.form(form) for glyph in rep)
    with pytest.raises(RepertoireError, match="needed, always, never"):
        rep.forms("sometimes")


def test_forms_keep_glyphs_apart_but_for_never(rep: Repertoire) -> None:
    for form in ("needed", "always"):
        texts = [text for text in rep.forms(form).values() if text]
        assert len(texts) == len(set(texts))
    assert not any(0xE0100 <= ord(ch) <= 0xE01EF for text in rep.forms("never").values() for ch in text)


@pytest.mark.parametrize(
    ("form", "tsuji", "old_tsuji"),
    [("needed", "辻", "辻\U000e0102"), ("always", "辻\U000e0103", "辻\U000e0102"), ("never", "辻", "辻")],
)
def test_forms_of_tsuji(rep: Repertoire, form: str, tsuji: str, old_tsuji: str) -> None:
    assert rep.forms(form)["MJ025761"] == tsuji
    assert rep.forms(form)["MJ025760"] == old_tsuji


# The traps of the field.


def test_tsuji_has_two_glyphs_default_first(rep: Repertoire) -> None:
    assert names(rep.by_text("辻")) == ["MJ025761", "MJ025760"]
    assert names(rep.by_text("辻\U000e0102")) == ["MJ025760"]
    assert (rep["MJ025761"].strokes, rep["MJ025760"].strokes) == (6, 5)


@pytest.mark.parametrize(
    ("code", "name"),
    [("J+845B", "MJ022335"), ("J+B9D5", "MJ022336"), ("J+BD47", "MJ026191"), ("J+9089", "MJ026190")],
)
def test_juki_codes_are_not_unicode(rep: Repertoire, code: str, name: str) -> None:
    assert names(rep.by_juki(code)) == [name]
    assert rep.by_juki(code.lower()) == rep.by_juki(code[2:]) == rep.by_juki(code)
    differing = rep.frame.filter(pl.col("juki") != "").select("juki", "base").rows()
    assert sum(int(juki[2:], 16) != ord(base or "\0") for juki, base in differing) > 5_000


def test_koseki_and_touki_numbers(rep: Repertoire) -> None:
    assert names(rep.by_koseki("445000")) == names(rep.by_touki("00445000")) == ["MJ026190"]
    assert names(rep.by_koseki("349920")) == ["MJ022335"]
    assert names(rep.by_koseki("470")) == names(rep.by_koseki("000470")) == ["MJ000004"]
    assert names(rep.by_touki("01080430")) == ["MJ022670"]  # its own number, not 00 + 戸籍


def test_compatibility_ideograph_is_read_but_never_written(rep: Repertoire) -> None:
    glyph = rep["MJ030183"]  # 実装したUCS U+F91D, IVS on U+6B04
    assert (glyph.text, glyph.base, glyph.default) == ("欄\U000e0103", "欄", False)
    assert names(rep.by_text("\uf91d")) == names(rep.by_text("欄\ufe00")) == ["MJ030183"]
    assert rep.by_text("欄")[0].name != "MJ030183"
    assert glyph in rep.by_text("欄")
    assert rep.forms("needed")["MJ030183"] == "欄\U000e0103"
    assert rep.defaults()["\uf91d"] == "MJ030183"


def test_second_ivs_of_the_list(rep: Repertoire) -> None:
    assert names(rep.by_text("博\U000e010a")) == ["MJ059399"]
    assert names(rep.by_text("博\U000e010b")) == ["MJ059400"]
    assert names(rep.by_text("\U0002b9e4"))[:2] == ["MJ059400", "MJ059399"]
    assert rep.by_text("博")[0].name == "MJ007860"


def test_glyphs_without_unicode_are_named_and_come_last(rep: Repertoire) -> None:
    assert names(rep.by_text("梦")) == ["MJ014005", "MJ014004"]
    assert rep["MJ014004"].text == ""
    assert names(rep.by_koseki("066350")) == ["MJ014004"]


def test_unknown_texts_find_nothing(rep: Repertoire) -> None:
    for text in ("", "辻\U000e01ef", "\U000e0102", "辻辻", "A", "\uf900", "\0", "が\u3099"):
        assert rep.by_text(text) == ()


def test_x0213_puts_the_printed_glyph_first(rep: Repertoire) -> None:
    assert names(rep.by_x0213("1-78-21"))[:2] == ["MJ026190", "MJ026191"]
    assert names(rep.by_x0213("1-19-75"))[:2] == ["MJ022336", "MJ022335"]
    assert rep.by_x0213("1-1-26")[0].name == "MJ000002"  # 〆, not 乄: two defaults in one code
    assert names(rep.by_x0213("1-86-27"))[:1] == ["MJ030183"]  # JIS X 0213 means U+F91D
    for code in ("", "1", "9-99-99", "x-y-z", "1-78-21-1"):
        assert rep.by_x0213(code) == ()


def test_readings_strokes_radicals(rep: Repertoire) -> None:
    assert {"MJ025760", "MJ025761"} <= set(names(rep.by_reading("つじ")))
    assert (
        rep.by_reading("ツジ") == rep.by_reading("ﾂｼﾞ") == rep.by_reading(" つじ ") == rep.by_reading("つじ")
    )
    assert rep["MJ022335"] in rep.by_strokes(11)
    assert rep.by_radical(162) == rep.by_radical("162") == rep.by_radical("辵") == rep.by_radical("辶")
    assert rep.by_radical("⾡") == rep.by_radical("１６２") == rep.by_radical(162)
    assert {"MJ025760", "MJ025761"} <= set(names(rep.by_radical("162.2")))
    assert set(rep.by_radical("阝")) == {*rep.by_radical(163), *rep.by_radical(170)}
    assert rep.by_reading("") == rep.by_radical("") == rep.by_strokes(0) == ()


def test_find_combines(rep: Repertoire) -> None:
    assert names(rep.find(reading="ツジ", strokes=(5, 6), radical=162)) == ["MJ025760", "MJ025761"]
    assert names(rep.find(text="辻", strokes=5)) == ["MJ025760"]
    assert names(rep.find(x0213="1-19-75", reading="かずら", limit=2)) == ["MJ022336", "MJ022335"]
    assert len(rep.find(strokes=12, limit=7)) == 7
    assert rep.find() == rep.find(reading="つじ", strokes=30) == ()


# Names, errors, loading.


@settings(deadline=None)
@given(st.text(max_size=12) | st.characters(min_codepoint=0x3400, max_codepoint=0x323AF))
def test_any_text_is_a_safe_name_and_character(text: str) -> None:
    rep = load_repertoire(gj=False)
    glyph = rep.get(text)
    assert (glyph is not None) == (text in rep)
    assert all(rep.by_text(text)[0] is rep.by_text(found.text)[0] for found in rep.by_text(text)[:1])


def test_names_in_any_case(rep: Repertoire) -> None:
    assert rep["mj026190"] is rep["MJ026190"] is rep["ＭＪ０２６１９０"]
    assert "mj026190" in rep
    assert 26190 not in rep


def test_a_wrong_name_says_what_is_near(rep: Repertoire) -> None:
    with pytest.raises(GlyphNotFound, match="did you mean 'MJ026190'") as caught:
        rep["MJ02619"]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, RepertoireError)
    assert "\n" not in str(caught.value)
    with pytest.raises(KeyError, match="import-gj"):
        rep["GJ000001"]
    assert rep.get("MJ999999") is None


def test_loading_is_cached() -> None:
    assert load_repertoire(gj=False) is load_repertoire(gj=False)
    assert load_repertoire(gj=False).version == "MJ 006.02"


def test_frame_has_the_promised_columns(rep: Repertoire) -> None:
    assert set(rep.frame.columns) >= {
        "name",
        "list",
        "text",
        "base",
        "ivs",
        "default",
        "also",
        "unified",
        "koseki",
        "juki",
        "touki",
        "x0213",
        "x0213_class",
        "x0212",
        "strokes",
        "radicals",
        "readings",
        "note",
    }
    assert rep.frame.drop("strokes").null_count().sum_horizontal().item() == 0


def test_user_data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    assert user_data_dir() == tmp_path / "home"
    monkeypatch.delenv("GAIJI_HOME")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert user_data_dir() == tmp_path / "gaiji"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert user_data_dir() == Path.home() / ".local/share/gaiji"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert user_data_dir() == tmp_path / "gaiji"


def test_data_folders_are_found() -> None:
    assert (mappings_dir() / "repertoire" / "mj-006.02.tsv").is_file()
    assert samples_dir().is_dir()


def test_the_lines_that_name_something_are_enough_to_find_it():
    known, dice = load_repertoire(), random.Random(5)
    special = [glyph for glyph in known if len(known.by_text(glyph.base)) > 6 or not glyph.text]
    for glyph in dice.sample(list(known), 60) + dice.sample(special, 30):
        assert known.naming(glyph.name).get(glyph.name) == glyph
        for text in {glyph.text, glyph.base} - {""}:
            assert known.naming(text[0]).by_text(text) == known.by_text(text)
        if glyph.juki:
            assert known.naming(glyph.juki).by_juki(glyph.juki) == known.by_juki(glyph.juki)
    for nothing in ("\uffff", "\U0010ffff"):
        assert known.naming(nothing).by_text(nothing) == () and len(known.naming(nothing)) == 0


def test_a_few_look_ups_by_text_do_not_read_the_lists(monkeypatch: pytest.MonkeyPatch):
    known = load_repertoire()
    texts = ["鳥", "𨔆", "", "辶+鳥", "渡", "\uffff", *{glyph.text for glyph in list(known)[:30_000:2_000]}]
    fresh = repertoire._load.__wrapped__(mappings_dir() / "repertoire", None, None)
    own = repertoire._load.__wrapped__(mappings_dir() / "repertoire", None, None)
    assert len(own) > 50_000  # reads the lists

    def never(lists):
        rows = sum(one.data.count(b"\n") for one in lists)
        assert rows < 1_000, "all lines are read"
        return read_columns(lists)

    with monkeypatch.context() as watched:
        watched.setattr(repertoire, "read_columns", never)
        found = {text: fresh.by_text(text) for text in texts if text}
    assert found == {text: own.by_text(text) for text in texts if text}
    assert fresh.by_text("") == ()
    assert [fresh.by_text(text) for text in texts] == [own.by_text(text) for text in texts]


@pytest.mark.parametrize("cells", [(15, 14), (16,), (14, 16), (16, 14), (15, 0, 15), (1,)])
def test_a_line_without_a_cell_for_each_column_is_damage(tmp_path, cells):
    """Also where one line has as many too many as another has too few."""
    lines = ["\t".join(["MJ000001", "3005", "1", *[""] * 13][:count]) for count in cells]
    one = GlyphList("mj", tmp_path / "mj.tsv", "\n".join(["\t".join(COLUMNS), *lines, ""]).encode())
    with pytest.raises(RepertoireError, match="E0284"):
        read_columns([one])
    whole = one._replace(data=one.data.split(b"\n")[0] + b"\nMJ000001\t3005\t1" + 12 * b"\t" + b"\n")
    assert read_columns([whole, whole]).bases == ["々", "々"]
