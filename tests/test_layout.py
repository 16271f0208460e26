"""Layouts from [[field]] tables, TOML files, copybooks and CSV headers; presets and role rules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import LayoutError
from gaiji.layout.check import TYPES
from gaiji.layout.copybook import MAX_FIELDS, MAX_RECORD, parse_copybook
from gaiji.layout.layout import (
    Layout,
    for_header,
    layout_from_fields,
    load_layout,
    override_fields,
    with_roles,
)
from gaiji.layout.roles import ROLES, find_role, load_preset, normalise, preset_names
from gaiji.model import Field

NAME = {"name": "name", "offset": 40, "length": 40, "type": "dbcs", "role": "name"}
NO = {"name": "no", "offset": 0, "length": 10, "type": "zoned"}


def refused(*tables: dict[str, Any], **options: Any) -> LayoutError:
    with pytest.raises(LayoutError) as caught:
        layout_from_fields(tables, path="job.toml", **options)
    return caught.value


# -- [[field]] tables ---------------------------------------------------------------------------------


def test_fields_of_a_job() -> None:
    layout = layout_from_fields([NO, NAME], path="job.toml", record_length=400)
    assert layout == Layout(
        (Field("no", 0, 10, "zoned"), Field("name", 40, 40, "dbcs", "name")), 400, "job.toml"
    )
    assert layout_from_fields([NO, NAME]).record_length == 80
    assert layout.field("name").role == "name"
    with pytest.raises(LayoutError, match="did you mean 'name'"):
        layout.field("nama")


@pytest.mark.parametrize(
    ("change", "says", "advice"),
    [
        ({"lenght": 4}, "unknown key 'lenght'", "did you mean 'length'?"),
        ({"colour": 4}, "unknown key", ""),
        ({"type": "DBCS"}, "has the type 'DBCS'", ", ".join(TYPES)),
        ({"role": "kanji"}, "has the role 'kanji'", ", ".join(ROLES)),
        ({"length": 0}, "has the length 0", "at least one byte"),
        ({"length": -4}, "negative", ""),
        ({"offset": -1}, "negative", ""),
        ({"length": 39}, "is dbcs and 39 bytes long", "even"),
        ({"length": "40"}, "length must be a whole number", ""),
        ({"length": True}, "length must be a whole number", ""),
        ({"length": 1.5}, "length must be a whole number", ""),
        ({"signed": 1, "type": "zoned"}, "signed must be true or false", ""),
        ({"name": ""}, "has no name", ""),
        ({"name": "　"}, "has no name", ""),
        ({"name": 5}, "name must be a string", ""),
        ({"scale": 2}, "has scale, but its type is dbcs", "zoned, packed, binary"),
        ({"type": "binary", "length": 9}, "is binary and 9 bytes long", "1 to 8"),
        ({"type": "packed", "length": 2, "digits": 4}, "has digits 4 in 2 bytes", "0 to 3"),
        ({"type": "zoned", "length": 2, "scale": 3}, "has scale 3 in 2 bytes", "0 to 2"),
        ({"type": "zoned", "scale": -1}, "has scale -1", ""),
        ({"type": "packed", "length": 4, "digits": 2, "scale": 3}, "3 decimal places in 2 digits", ""),
        ({"column": 1}, "a column and a place in bytes", ""),
    ],
)
def test_a_wrong_field(change: dict[str, Any], says: str, advice: str) -> None:
    error = refused({**NAME, **change})
    assert says in str(error) and advice in error.next
    assert error.path == "job.toml" and error.field and error.next


@pytest.mark.parametrize(("key", "who"), [("name", "#1"), ("offset", "name"), ("length", "name")])
def test_a_missing_key(key: str, who: str) -> None:
    error = refused({k: v for k, v in NAME.items() if k != key})
    assert f"no {key}" in str(error)
    assert error.field == who


def test_fields_together() -> None:
    assert "described twice" in str(refused(NAME, {**NAME, "offset": 90}))
    error = refused(NO, {**NAME, "offset": 8})
    assert (
        error.field == "name" and "shares bytes 8–9 with no" in str(error) and "overlaps = true" in error.next
    )
    error = refused({**NAME, "offset": 8}, NO)  # the later table is the one to correct
    assert error.field == "no"
    assert "describes no field" in str(refused())
    error = refused(NO, NAME, record_length=79)
    assert error.field == "name" and "ends at byte 80, records have 79" in str(error)
    assert "more than" in str(refused(*[NO] * (MAX_FIELDS + 1)))


def test_overlaps_that_are_meant() -> None:
    birth = {"name": "birth", "offset": 20, "length": 8}
    year = {"name": "year", "offset": 20, "length": 4, "overlaps": True}
    month = {"name": "month", "offset": 24, "length": 2, "overlaps": True}
    assert len(layout_from_fields([birth, year, month, NO]).fields) == 4
    assert "month" in str(refused(birth, year, {**month, "overlaps": False}))
    assert layout_from_fields([year, birth]).record_length == 28


def test_columns_of_delimited_formats() -> None:
    layout = layout_from_fields([{"name": "a", "column": 2}, {"name": "b", "column": 0, "role": "kana"}])
    assert [(f.column, f.length) for f in layout.fields] == [(2, 0), (0, 0)] and layout.record_length == 0
    assert "has the column 2 of a" in str(refused({"name": "a", "column": 2}, {"name": "b", "column": 2}))
    assert "negative" in str(refused({"name": "a", "column": -1}))
    assert "others have" in str(refused({"name": "a", "column": 1}, NO))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "offset",
                    "length",
                    "type",
                    "role",
                    "scale",
                    "digits",
                    "signed",
                    "column",
                    "overlaps",
                    "x",
                ]
            ),
            st.one_of(
                st.integers(-5, 200),
                st.booleans(),
                st.sampled_from([*TYPES, *ROLES, "氏名", ""]),
                st.none(),
                st.just([]),
            ),
        ),
        max_size=5,
    ),
    st.one_of(st.none(), st.integers(-1, 300)),
)
def test_any_tables_are_a_layout_or_a_layout_error(tables: list[dict[str, Any]], length: int | None) -> None:
    try:
        layout = layout_from_fields(tables, record_length=length)
    except LayoutError:
        return
    assert len({f.name for f in layout.fields}) == len(layout.fields) == len(tables)
    assert all(f.offset + f.length <= layout.record_length for f in layout.fields)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.booleans()), min_size=1, max_size=8))
def test_overlaps_are_found_as_bytes_say(places: list[tuple[int, int, bool]]) -> None:
    tables = [
        {"name": f"f{n}", "offset": at, "length": size, "overlaps": free}
        for n, (at, size, free) in enumerate(places)
    ]
    owned = [at + i for at, size, free in places if not free for i in range(size)]
    clean = len(owned) == len(set(owned))
    try:
        layout_from_fields(tables)
    except LayoutError:
        assert not clean
    else:
        assert clean


# -- files --------------------------------------------------------------------------------------------

LAYOUT = """title = "sample"
record_length = 100

[[field]]
name = "no"
offset = 0
length = 10

[[ field ]]
name = "氏名"
offset = 10
length = {length}
type = "dbcs"
role = "name"
"""


def test_toml_file(tmp_path: Path) -> None:
    path = tmp_path / "juki.TOML"
    path.write_text("\ufeff" + LAYOUT.format(length=40), encoding="utf-8")
    layout = load_layout(path)
    assert layout.record_length == 100 and layout.path == str(path)
    assert [(f.name, f.line) for f in layout.fields] == [("no", 4), ("氏名", 9)]
    assert load_layout(path, record_length=120).record_length == 120
    assert load_layout(path, roles={"no": "other", "氏名": "kana"}).field("氏名").role == "kana"
    with pytest.raises(LayoutError, match="describes 100 bytes, records have 90"):
        load_layout(path, record_length=90)
    path.write_text(LAYOUT.format(length=41), encoding="utf-8")
    with pytest.raises(LayoutError) as caught:
        load_layout(path)
    assert str(caught.value).startswith(f"E0169 {path}:9 field 氏名: is dbcs and 41 bytes long; ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("record_length = 100", "describes no field"),
        ("record_lenght = 100", "did you mean 'record_length'"),
        ("record_length = 0\n[[field]]\nname = 'a'", "whole number above 0"),
        ("record_length = true", "whole number above 0"),
        ("field = 1", "must be [[field]] tables"),
        ("[field]\nname = 'a'", "must be [[field]] tables"),
        ("[[field]", "is not valid TOML"),
        ("a = " + "[" * 100_000, "is not valid TOML"),
        ("[[field]]\nname = 'a'\noffset = 0\nlength = 99999999999", "too long"),
        ("[[field]]\nname = '''\n[[field]]\n'''\noffset = 0\nlength = 0", "has the length 0"),
    ],
)
def test_wrong_toml_files(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LayoutError) as caught:
        load_layout(path)
    assert says in str(caught.value) and caught.value.path == str(path)


def test_files_that_are_no_layout(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"names no layout format; end it in \.toml or \.cpy"):
        load_layout(tmp_path / "juki.xlsx")
    for name in ("a.toml", "a.cpy"):
        with pytest.raises(LayoutError, match="cannot be read"):
            load_layout(tmp_path / name)
    (tmp_path / "b.toml").write_bytes(b"\xff\xff")
    with pytest.raises(LayoutError, match="not valid TOML"):
        load_layout(tmp_path / "b.toml")
    (tmp_path / "c.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(LayoutError, match="bigger than 1 MiB"):
        load_layout(tmp_path / "c.toml")
    with pytest.raises(LayoutError, match="redefines has no meaning"):
        load_layout(tmp_path / "a.toml", redefines={"A": "B"})


def test_copybook_file(tmp_path: Path) -> None:
    path = tmp_path / "juki.CPY"
    path.write_text(
        "       01  REC.\n           05  SIMEI PIC N(20).\n           05  A PIC 9(4).\n"
        "           05  B REDEFINES A PIC X(4).\n"
        "           05  T OCCURS 1 TO 2 DEPENDING ON A PIC X.\n",
        encoding="utf-8",
    )
    with pytest.raises(LayoutError, match="DEPENDING"):
        load_layout(path)
    layout = load_layout(path, depending="max", redefines={"A": "B"}, roles={"B": "address"})
    assert [(f.name, f.role) for f in layout.fields] == [
        ("simei", "name"),
        ("b", "address"),
        ("t-1", "other"),
        ("t-2", "other"),
    ]
    assert layout.record_length == 46
    assert load_layout(path, depending="max", record_length=400).record_length == 400
    with pytest.raises(LayoutError, match="describes 46 bytes, records have 40"):
        load_layout(path, depending="max", record_length=40)


def test_job_fields_override_a_layout() -> None:
    layout = layout_from_fields([NO, NAME])
    changed = override_fields(layout, [{"name": "name", "type": "raw", "role": "other", "offset": 40}])
    assert changed.field("name") == Field("name", 40, 40, "raw", "other")
    assert changed.field("no") == layout.field("no")
    assert with_roles(layout, {"no": "kana"}).field("no").role == "kana"
    for table, says in (
        ({"name": "nam"}, "did you mean 'name'"),
        ({"name": "name", "type": "text"}, "has the type 'text'"),
        ({"name": "name", "length": 20}, "length is 40 in the layout, 20 in the job"),
        ({"name": "no", "type": "packed", "digits": 20}, "has digits 20"),
        ({"role": "name"}, "has no name"),
    ):
        with pytest.raises(LayoutError) as caught:
            override_fields(layout, [table], path="job.toml")
        assert says in str(caught.value)


# -- CSV headers and presets ---------------------------------------------------------------------------


def roles(*header: str, preset: str | None = None) -> list[str]:
    return [spec.role for spec in for_header(header, preset).fields]


def test_header() -> None:
    layout = for_header(["\ufeff宛名番号", " 氏名 ", "", "氏名", "氏名_2", "備考"])
    assert [(f.name, f.column, f.role) for f in layout.fields] == [
        ("宛名番号", 0, "other"),
        ("氏名", 1, "name"),
        ("column3", 2, "other"),
        ("氏名_2", 3, "name"),
        ("氏名_2_2", 4, "name"),
        ("備考", 5, "other"),
    ]
    assert layout.record_length == 0 and {f.type for f in layout.fields} == {"mixed"}
    assert for_header([]).fields == ()
    with pytest.raises(LayoutError, match="columns"):
        for_header(["a"] * (MAX_FIELDS + 1))


@pytest.mark.parametrize("preset", [None, "kihon-data-list"])
def test_headers_of_the_standard_list(preset: str | None) -> None:
    names = [
        "氏名",
        "氏_日本人",
        "名_日本人",
        "氏名_外国人ローマ字",
        "氏名_外国人漢字",
        "旧氏",
        "通称",
        "世帯主氏名",
        "戸籍_筆頭者",
        "戸籍_筆頭者_氏",
        "戸籍_筆頭者_名",
        "父母氏名",
        "氏名_優先",
        "転入前住所_世帯主氏名",
    ]
    kana = [
        "氏名_フリガナ",
        "氏_日本人_フリガナ",
        "名_日本人_フリガナ",
        "旧氏_フリガナ",
        "通称_フリガナ",
        "住所_方書_フリガナ",
        "氏名_振り仮名（フリガナ）",
        "氏名_氏名のカタカナ表記",
        "氏名_フリガナ_清音化",
        "世帯主氏名_フリガナ",
    ]
    address = [
        "住所",
        "住所_町字",
        "住所_番地号表記",
        "住所_方書",
        "本籍",
        "本籍_地番号または、街区符号",
        "本籍_町字",
        "転入前住所_方書",
        "転出先住所（予定）_町字",
        "住所_都道府県",
        "住所_市区郡町村名",
    ]
    other = [
        "宛名番号",
        "世帯番号",
        "住民票コード",
        "氏名_フリガナ確認状況",
        "氏名優先区分",
        "生年月日",
        "続柄表記",
        "性別表記",
        "住所_町字コード",
        "住所_郵便番号",
        "住所を定めた年月日",
        "住所_市区町村コード",
        "国籍名等",
        "個人番号",
        "記載順位",
        "住所_番地枝番数値",
        "生年月日_不詳フラグ",
        "世帯主との続柄",
        "異動事由",
    ]
    assert roles(*names, preset=preset) == ["name"] * len(names)
    assert roles(*kana, preset=preset) == ["kana"] * len(kana)
    assert roles(*address, preset=preset) == ["address"] * len(address)
    assert roles(*other, preset=preset) == ["other"] * len(other)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("氏名＿外国人ローマ字", "name"),
        ("氏名－漢字", "name"),
        ("氏名〔漢字〕", "name"),
        ("氏 名", "name"),
        ("氏　名", "name"),
        ("ｼﾒｲ", "other"),
        ("氏名_ﾌﾘｶﾞﾅ", "kana"),
        ("フリガナ", "kana"),
        ("氏名（ふりがな）", "kana"),
        ("カナ氏名", "kana"),
        ("氏名・カナ", "kana"),
        ("世帯主名", "name"),
        ("筆頭者氏名", "name"),
        ("筆頭者・名", "name"),
        ("住所【方書】", "address"),
        ("本名漢字", "name"),
        ("併記名", "name"),
        ("旧氏（漢字）", "name"),
        ("氏名ＣＤ", "other"),
        ("氏名1", "name"),
        ("名称", "other"),
        ("町名", "address"),
        ("業務名", "other"),
        ("母", "name"),
        ("母子手帳", "other"),
    ],
)
def test_headers_drift(header: str, role: str) -> None:
    assert roles(header) == [role]


def test_presets_know_their_items() -> None:
    assert preset_names() == ["chukan-hyojun", "kihon-data-list"]
    preset = load_preset("kihon-data-list")
    assert preset.item("氏名（振り仮名）") == "氏名_フリガナ" and preset.item("宛名番号") is None
    assert load_preset("chukan-hyojun").item("氏名＿フリガナ") == "氏名カナ"
    assert roles("氏名", preset="none") == ["other"]
    with pytest.raises(LayoutError, match="did you mean 'kihon-data-list'"):
        load_preset("kihon-data")
    with pytest.raises(LayoutError, match="use one of: chukan-hyojun, kihon-data-list"):
        load_preset("roles")
    with pytest.raises(LayoutError, match="no header preset"):
        load_preset("../tables/x")


def test_every_spelling_of_every_preset_has_its_role() -> None:
    for name in preset_names():
        preset = load_preset(name)
        data = tomllib.loads((mappings_dir() / "presets" / f"{name}.toml").read_text(encoding="utf-8"))
        for item in data["item"]:
            assert item["basis"] in ("facts", "seen", "alias") and item["role"] in ROLES
            for spelling in (item["name"], *item.get("aliases", ())):
                assert (preset.item(spelling), preset.role(spelling)) == (item["name"], item["role"]), (
                    spelling
                )
                # A preset and the rules may not disagree silently: the rules decide where no preset is asked.
                assert find_role(spelling) == item["role"], spelling


def test_presets_agree_with_each_other() -> None:
    first, second = (load_preset(name) for name in preset_names())
    for spelling in set(first.items) & set(second.items):
        assert first.items[spelling][1] == second.items[spelling][1], spelling


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("JK-SIMEI", "name"),
        ("SHIMEI1", "name"),
        ("NAMAE_KANJI", "name"),
        ("simei-kana", "kana"),
        ("KANA-SIMEI", "kana"),
        ("SIMEIKANA", "kana"),
        ("FURIGANA", "kana"),
        ("JUSYO-2", "address"),
        ("KATAGAKI", "address"),
        ("HONSEKI-CD", "other"),
        ("SIMEI-LEN", "other"),
        ("SETAINUSI-NM", "name"),
        ("MEISAI", None),
        ("KENSU", None),
        ("SEIBETU", None),
        ("KANAGAWA", None),
        ("SEI", "name"),
        ("MEI-2", "name"),
        ("YUBIN-NO", "other"),
        ("", None),
    ],
)
def test_rules_for_romanised_names(name: str, role: str | None) -> None:
    assert find_role(name) == role


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_header_has_a_role(cell: str) -> None:
    spec = for_header([cell, cell]).fields
    assert spec[0].role in ROLES and spec[0].name and spec[0].name != spec[1].name
    assert len(normalise(cell)) <= 18 * 256  # the longest NFKC expansion of what is looked at


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('type = "filler"\noffset = 4\nlength = 2\nrole = "name"', "E0401 {path}:9 field #3: is a filler, which has no role"),
        ('type = "filler"\nname = "空き"\noffset = 4\nlength = 0', "E0402 {path}:9 field 空き: length must be a whole number from 1"),
        ('type = "filler"\noffset = -1\nlength = 1', "E0402 {path}:9 field #3: offset must be a whole number from 0"),
    ],
)  # fmt: skip
def test_a_wrong_filler_is_told_with_its_line_and_number(tmp_path, wrong, said):
    path = tmp_path / "layout.toml"
    good = '[[field]]\nname = "a"\noffset = 0\nlength = 2\n'
    path.write_text(
        f'{good}[[field]]\ntype = "filler"\noffset = 2\nlength = 2\n[[field]]\n{wrong}\n', "utf-8"
    )
    with pytest.raises(LayoutError) as told:
        load_layout(path)
    assert str(told.value).startswith(said.format(path=path)), str(told.value)


def test_a_record_may_be_as_long_as_the_longest_and_no_longer():
    for body in ("05 A PIC X({most}).", "05 A.\n10 B PIC X({part}).\n10 C PIC X OCCURS 5."):
        longest = body.format(most=MAX_RECORD, part=MAX_RECORD - 5)
        assert parse_copybook(f"01 R.\n{longest}", format="free")[1] == MAX_RECORD
        longer = body.format(most=MAX_RECORD + 1, part=MAX_RECORD - 4)
        with pytest.raises(LayoutError, match="E0126"):
            parse_copybook(f"01 R.\n{longer}", format="free")
