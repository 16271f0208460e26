"""Importing GJ 追加文字: a font or list of the official form, what may be wrong with one, releases."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gaiji.errors import MissingExtra, RepertoireError
from gaiji.standard.repertoire import gj_releases, import_gj, load_repertoire, select_gj

openpyxl = pytest.importorskip("openpyxl")
fonts = pytest.importorskip("tests.fonts")

HEADER = "GJ文字図形名,UCS,戸籍統一文字番号,読み,総画数"
ROWS = ("GJ000001,U+100000,445010,つじ・ツジ,7", "GJ000003,U+100005,,ヘン,18")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def font_bytes(cmap: dict[int, str], extra: Iterable[str] = ()) -> bytes:
    """A TrueType font as the official one: named glyphs, a cmap (format 12 beyond the BMP), no outlines."""
    return fonts.font_bytes(dict.fromkeys((*cmap.values(), *extra), ()), cmap)


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def workbook(rows: Iterable[Iterable[object]], title: Iterable[object] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in ([*title], *rows) if title else rows:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# What works.


def test_font(tmp_path: Path, home: Path) -> None:
    cmap = {0x20: "space", 0x100000: "gj000001", 0x10FECB: "gj009175"}
    font = write(tmp_path / "acgjm.ttf", font_bytes(cmap, extra=["gj000001.vert", "gj000002"]))
    done = import_gj(font)
    assert (done.count, done.without_unicode, done.skipped, done.previous) == (3, 1, 0, "")
    assert done.path == home / "gj" / f"{done.release}.tsv"
    assert done.sha256.startswith(done.release)
    rep = load_repertoire()
    assert rep.version == f"MJ 006.02 + GJ {done.release}"
    glyph = rep["gj009175"]
    assert (glyph.name, glyph.text, glyph.default) == ("GJ009175", "\U0010fecb", True)
    assert rep.by_text("\U00100000") == (rep["GJ000001"],)
    assert rep.forms("always")["GJ000001"] == "\U00100000"
    assert rep["GJ000002"].text == ""
    assert "GJ000001" not in load_repertoire(gj=False)
    assert len(rep) == len(load_repertoire(gj=False)) + 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_csv(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "\r\n".join(["追加文字の一覧", HEADER, *ROWS, "", "MJ026190,U+9089,445000,ヘン,17"])
    done = import_gj(write(tmp_path / "gj.csv", text.replace(",", delimiter).encode(encoding)))
    assert (done.count, done.skipped) == (2, 1)
    glyph = load_repertoire()["GJ000001"]
    assert (glyph.text, glyph.koseki, glyph.strokes) == ("\U00100000", "445010", 7)
    assert glyph.readings == ("つじ", "ツジ")
    assert glyph in load_repertoire().by_reading("つじ")
    assert glyph in load_repertoire().by_koseki("445010")


def test_xlsx_with_numbers_where_codes_should_be(tmp_path: Path) -> None:
    rows = [
        ["文字図形名", " 符号位置 ", "戸籍統一文字番号", "登記統一文字番号", "部首", "内画数"],
        ["gj000001", 100000, 470, 470.0, 162, 3],
        ["ＧＪ０００００２", "U+10FFFD", None, None, None, None],
        [None] * 6,
    ]
    done = import_gj(write(tmp_path / "gj.xlsx", workbook(rows, title=["一覧"])))
    assert done.count == 2
    glyph = load_repertoire()["GJ000001"]
    assert (glyph.text, glyph.koseki, glyph.touki) == ("\U00100000", "000470", "00000470")
    assert glyph.radicals == ("162.3",)
    assert load_repertoire()["GJ000002"].text == "\U0010fffd"


def test_xlsx_list_on_a_later_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["説明"])
    sheet = book.create_sheet("一覧")
    for row in (HEADER, *ROWS):
        sheet.append(row.split(","))
    book.save(tmp_path / "gj.xlsx")
    assert import_gj(tmp_path / "gj.xlsx").count == 2


def test_code_point_as_the_character_itself(tmp_path: Path) -> None:
    import_gj(write(tmp_path / "gj.csv", "GJ,文字\nGJ000001,\U00100000\nGJ000002,-\n"))
    assert load_repertoire()["GJ000001"].text == "\U00100000"
    assert load_repertoire()["GJ000002"].text == ""


def test_releases_are_kept_and_chosen(tmp_path: Path, home: Path) -> None:
    assert gj_releases() == ()
    first = import_gj(write(tmp_path / "a.ttf", font_bytes({0x100000: "gj000001"})))
    second = import_gj(write(tmp_path / "b.ttf", font_bytes({0x100000: "gj000001", 0x100001: "gj000002"})))
    assert second.previous == first.release
    assert {one.release: one.current for one in gj_releases()} == {first.release: False, second.release: True}
    assert "GJ000002" in load_repertoire()
    assert select_gj(first.release[:6]).count == 1
    assert "GJ000002" not in load_repertoire()
    with pytest.raises(RepertoireError, match="choose one of"):
        select_gj("ffffffffffff" if not first.release.startswith("f") else "000000000000")
    with pytest.raises(RepertoireError):
        select_gj("")
    assert sorted(path.suffix for path in (home / "gj").iterdir()) == ["", ".toml", ".toml", ".tsv", ".tsv"]


def test_the_same_file_gives_the_same_release(tmp_path: Path) -> None:
    font = write(tmp_path / "a.ttf", font_bytes({0x100000: "gj000001"}))
    first, again = import_gj(font), import_gj(font)
    assert first.release == again.release == again.previous
    assert len(gj_releases()) == 1


@pytest.mark.parametrize("name", ['quote".csv', "外字 \U0001f600.csv", "back\\slash.csv", "del\x7f.csv"])
def test_any_file_name(tmp_path: Path, name: str) -> None:
    import_gj(write(tmp_path / name, "\n".join([HEADER, *ROWS])))
    assert gj_releases()[0].source == name.replace("\x7f", "?")


# What is refused, in one line that says where, and with the old release left in use.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER}\nGJ000001,U+100000\nGJ000001,U+100001\n", r"gj.csv:3: GJ000001 occurs twice"),
        (f"{HEADER}\nGJ000001,U+100000\nGJ000002,U+100000\n", r"gj.csv:3: GJ000001 and GJ000002 are both"),
        (f"{HEADER}\nGJ000001,U+8FBB\n", r"gj.csv:2: GJ000001 is at U\+8FBB, outside planes 15 and 16"),
        (f"{HEADER}\nGJ000001,U+FFFFF\n", r"outside planes"),
        (f"{HEADER}\nGJ000001,U+110000\n", r"outside planes"),
        (f"{HEADER}\nGJ1,U+100000\n", r"gj.csv:2: 'GJ1' is no GJ name"),
        (f"{HEADER}\n,U+100000\n", r"gj.csv:2: '' is no GJ name"),
        (f"{HEADER}\nGJ000001,100000.5\n", r"gj.csv:2: '100000.5' is no code point"),
        (f"{HEADER}\nGJ000001,\n", r"no GJ glyph with a code point"),
        (f"{HEADER}\nMJ026190,U+9089\n", r"no GJ glyph with a code point"),
        (f"{HEADER}\n", r"no GJ glyph"),
        ("name\nGJ000001\n", r"no header with a glyph name and a code point"),
        ("", r"no header"),
        ("a\0b", r"neither a font, an XLSX nor text"),
        ("wOF2....", r"web font"),
        ('GJ,UCS\n"' + "x" * 140_000, r"not a CSV"),
    ],
)
def test_refused_lists(tmp_path: Path, home: Path, text: str, message: str) -> None:
    kept = import_gj(write(tmp_path / "good.csv", "\n".join([HEADER, *ROWS])))
    with pytest.raises(RepertoireError, match=message) as caught:
        import_gj(write(tmp_path / "gj.csv", text))
    assert "\n" not in str(caught.value)
    assert caught.value.next
    assert load_repertoire().version.endswith(kept.release)
    assert len(list((home / "gj").iterdir())) == 3


@pytest.mark.parametrize(
    ("cmap", "message"),
    [
        ({0x8FBB: "gj000001"}, "outside planes 15 and 16"),
        ({0x100000: "gj000001", 0x100001: "gj000001"}, "several code points"),
        ({0x100000: "gj000001", 0x100001: "gj000001.1"}, "is no GJ name"),
        ({0x100000: "uni100000"}, "no GJ glyph"),
    ],
)
def test_refused_fonts(tmp_path: Path, cmap: dict[int, str], message: str) -> None:
    with pytest.raises(RepertoireError, match=message) as caught:
        import_gj(write(tmp_path / "a.ttf", font_bytes(cmap)))
    assert "\n" not in str(caught.value)
    assert gj_releases() == ()


def test_font_whose_cmap_claims_billions(tmp_path: Path) -> None:
    data = font_bytes({0x100000: "gj000001", 0x100001: "gj000002"})
    group = bytes.fromhex("00100000 00100001")
    assert data.count(group) >= 1
    with pytest.raises(RepertoireError, match="more characters than Unicode has"):
        import_gj(write(tmp_path / "a.ttf", data.replace(group, bytes.fromhex("00000000 ffffffff"))))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_font_is_one_line(tmp_path: Path, data: st.DataObject) -> None:
    good = bytearray(font_bytes({0x100000: "gj000001", 0x100005: "gj000002"}))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(good[: data.draw(st.integers(4, len(good)))])
    try:
        import_gj(write(tmp_path / "a.ttf", damaged))
    except RepertoireError as error:
        assert "\n" not in str(error)


def test_zip_bomb(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (300 << 20))
    with pytest.raises(RepertoireError, match="which no glyph list needs"):
        import_gj(write(tmp_path / "bomb.xlsx", stream.getvalue()))


def test_damaged_xlsx(tmp_path: Path) -> None:
    data = workbook([HEADER.split(","), ROWS[0].split(",")])
    for damaged in (
        data[:200],
        b"PK\3\4" + b"\0" * 100,
        data.replace(b"xl/workbook.xml", b"xl/workbook.xmx"),
    ):
        with pytest.raises(RepertoireError, match="XLSX") as caught:
            import_gj(write(tmp_path / "a.xlsx", damaged))
        assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(RepertoireError, match="cannot read it"):
        import_gj(tmp_path / "none.ttf")
    with pytest.raises(RepertoireError, match="cannot read it"):
        import_gj(tmp_path)


def test_unwritable_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAIJI_HOME", str(write(tmp_path / "a-file", "x")))
    with pytest.raises(RepertoireError, match="GAIJI_HOME"):
        import_gj(write(tmp_path / "gj.csv", "\n".join([HEADER, *ROWS])))


@pytest.mark.parametrize(
    ("module", "file", "data", "extra"),
    [
        ("fontTools.ttLib", "a.ttf", font_bytes({0x100000: "gj000001"}), "fonts"),
        ("openpyxl", "a.xlsx", workbook([["GJ", "UCS"]]), "xlsx"),
    ],
)
def test_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, file: str, data: bytes, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtra) as caught:
        import_gj(write(tmp_path / file, data))
    assert caught.value.extra == extra


# A damaged user folder is said, never skipped.


@pytest.mark.parametrize("damage", ["list", "about", "pointer", "list-gone"])
def test_damaged_folder(tmp_path: Path, home: Path, damage: str) -> None:
    done = import_gj(write(tmp_path / "gj.csv", "\n".join([HEADER, *ROWS])))
    if damage == "list":
        write(done.path, done.path.read_bytes().replace(b"100005", b"100006"))
    elif damage == "about":
        write(done.path.with_suffix(".toml"), "nonsense")
    elif damage == "pointer":
        write(home / "gj" / "current", "../../etc/passwd\n")
    else:
        done.path.unlink()
    with pytest.raises(RepertoireError, match="import the font or list again") as caught:
        load_repertoire()
    assert "\n" not in str(caught.value)
    assert len(load_repertoire(gj=False)) > 59_000
