"""Tables of other products: files made here from the published description of each, imported and exported back."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli.commands import main
from gaiji.errors import GaijiError, UsageError
from gaiji.tables.exporting import export_table
from gaiji.tables.importing import import_table, survey


def utf8(text):
    return "0x" + text.encode().hex()


HULFT = f"""#
# JEF -> UTF8
#
# default output code
defaultcode=0xe296a1
#incode #outcode
0x80A1  {utf8("辻")}
0X80A2\t{utf8("邉").upper().replace("0X", "0X")}
0x80A3  0x9089
0x80A4  {utf8(chr(0xE000))}
0x80A5  {utf8("邉邊")}
0x80A6  {utf8("櫻")} 0x00
0xB0A1  {utf8("啞")}
"""
HULFT_I = f"*JIS LEVEL 3\n*SJIS       UTF8\n0XF040       {utf8('辻').upper().replace('0X', '0X')}\n"
HULFT_BACK = f"# UTF8 -> JEF\ndefaultcode=0xA2A2\n{utf8('辻')}  0x80A1\n"
UNIJEF = """CODE_CONVERT_Unicode-FJHOSTcode_USER_TABLE1.0 ;タイトル
JEF->Unicode ;変換種別
;JEF:Unic
80A1:8FBB,80A2:9089
80A3:9B2E ;戸籍
80A4:E92E
80A5-9089
Unicode->JEF
;JEF:Unic
80A1:8FBB
80A2:9089
80A6:6AFB
"""
JEF4J = """[
{ "unicode": "8FBB", "hd": "E0101", "jef": "80A1", "text": "辻", "options": [] },
{ "unicode": "9089", "hd": "E0102", "aj1": "E0100", "jef": "80A2", "text": "邉" },
{ "unicode": "5132", "jef": "80A3", "text": "儲", "options": ["substitution"] },
{ "unicode": "F91D", "jef": "80A4", "options": ["cjk_ci", "irreversible"] },
{ "unicode": "6AFB", "jef": "80A5", "options": ["decode_only"] },
{ "unicode": "9B2E", "jef": "80A6", "options": ["encode_only"] },
{ "unicode": "GGGG", "jef": "80A7" },
{ "unicode": "306F", "sp": "309A", "jef": "80A8" },
7
]
"""


def brought(folder, text, name, charset="fujitsu-jef", encoding="utf-8", **more):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    done = import_table(survey(path, charset), folder / "site.tsv", **more)
    gaiji.load_charset(charset, site=[done.table])
    with done.table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert done.read == done.taken + len(done.refusals) + done.apart
    said = {row["code"]: (row["glyph"] or row["ucs"], row["flag"]) for row in rows}
    return said, {one.code: one.why for one in done.refusals}, rows


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_hulft(tmp_path, encoding):
    said, refused, rows = brought(tmp_path, HULFT, "gtjto8.txt", encoding=encoding)
    assert said == {"80A1": ("8FBB", "3"), "80A2": ("9089", "3")}
    assert rows[0]["evidence"] == "gtjto8.txt!7"
    why = {code.split()[0]: reason for code, reason in refused.items()}
    assert "UTF-8" in why["0x80A3"] and "private use" in why["0x80A4"] and "more than one" in why["0x80A5"]
    assert "no pair" in why["0x80A6"] and "standard area" in why["0xB0A1"] and len(why) == 5


def test_hulft_of_ibm_i_and_the_other_direction(tmp_path):
    assert brought(tmp_path, HULFT_I, "J34.txt", "windows-31j")[0] == {"F040": ("8FBB", "3")}
    (tmp_path / "site.tsv").unlink()
    assert brought(tmp_path, HULFT_BACK, "gt8toj.txt")[0] == {"80A1": ("8FBB", "1")}


def test_a_hulft_table_says_one_direction_unless_a_person_means_both(tmp_path):
    """Two codes of one character are no contradiction of a table that decodes; two tables give both directions."""
    twice = f"#\n0x80A1  {utf8('辻')}\n0x80A2  {utf8('辻')}\n"
    assert brought(tmp_path, twice, "in.txt")[0] == {"80A1": ("8FBB", "3"), "80A2": ("8FBB", "3")}
    (tmp_path / "back.txt").write_text(f"#\n{utf8('辻')}  0x80A2\n", "utf-8")
    back = import_table(survey(tmp_path / "back.txt", "fujitsu-jef"), tmp_path / "back.tsv").table
    both = gaiji.load_charset("fujitsu-jef", site=[tmp_path / "site.tsv", back])
    assert both.decode(b"\x80\xa1\x80\xa2").text == "辻辻"
    assert both.encode("辻") == b"\xc4\xd4"  # the maker's own code first
    words = ["tables", "import", str(tmp_path / "in.txt"), "--charset", "fujitsu-jef", "--yes", "--output"]
    done = CliRunner().invoke(main, [*words, str(tmp_path / "no.tsv"), "--both-ways"])
    assert done.exit_code == 0 and "both ways" in done.output
    (tmp_path / "in.txt").write_text(f"#\n0x80A1  {utf8('辻')}\n", "utf-8")
    done = CliRunner().invoke(main, [*words, str(tmp_path / "yes.tsv"), "--both-ways"])
    assert done.exit_code == 0 and "both ways" in done.output
    assert gaiji.load_charset("fujitsu-jef", site=[tmp_path / "yes.tsv"]).decode(b"\x80\xa1").text == "辻"
    assert "\t0\t" in (tmp_path / "yes.tsv").read_text("utf-8")
    (tmp_path / "unijef.txt").write_text(UNIJEF, "utf-8")
    with pytest.raises(UsageError, match="E0818"):
        survey(tmp_path / "unijef.txt", "fujitsu-jef", both_ways=True)


def test_unijef(tmp_path):
    said, refused, rows = brought(tmp_path, UNIJEF, "unijef.txt", encoding="cp932")
    assert said == {
        "80A1": ("8FBB", "0"), "80A2": ("9089", "0"), "80A3": ("9B2E", "3"), "80A6": ("6AFB", "1"),
    }  # fmt: skip
    assert [row["evidence"] for row in rows][:2] == ["unijef.txt!4", "unijef.txt!4"]
    assert "private use" in refused["0x80A4"] and "no pair" in refused["80A5-9089"] and len(refused) == 2


def test_jef4j(tmp_path):
    said, refused, _ = brought(tmp_path, JEF4J, "fujitsu_jef_mapping.json")
    repertoire = gaiji.load_repertoire()
    for code, text in (("80A1", "\u8fbb\U000e0101"), ("80A2", "\u9089\U000e0102")):
        if code in said:  # a sequence is taken as the glyph that it shows, or refused
            assert repertoire.by_text(text) or said[code][0].startswith("MJ")
        else:
            assert "not in" in refused[code]
    assert said["80A5"] == ("6AFB", "3") and said["80A6"] == ("9B2E", "1")
    assert "substitution" in refused["80A3"] and "irreversible" in refused["80A4"]
    assert "no code point" in refused["80A7"] and "80A8" in refused and "7" in refused


@pytest.mark.parametrize(
    "entry",
    [
        '{"jef": "80A2", "unicode": "9089", "options": 7}',
        '{"jef": "80A2", "unicode": "9089", "options": ["other"]}',
        '{"jef": "80A2", "unicode": "9089", "options": [[]]}',
        '{"jef": "80A2", "unicode": "9089", "hd": 7}',
        '{"jef": null, "unicode": "9089"}',
        '{"jef": "80A2", "unicode": "110000"}',
        '{"jef": "80A2", "unicode": "D800"}',
        '{"jef": "80A2", "unicode": ""}',
        '{"unicode": "9089"}',
        "[]",
        "null",
    ],
)
def test_entries_that_are_none_are_refused_each_alone(tmp_path, entry):
    text = '[{"jef": "80A1", "unicode": "8FBB"}, ' + entry + "]"
    said, refused, _ = brought(tmp_path, text, "m.json")
    assert said == {"80A1": ("8FBB", "0")} and len(refused) == 1


def test_a_towns_own_table_is_not_taken_for_one(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("0x80A1\tU+8FBB\n0x80A2\tU+9089\n", "utf-8")
    assert not survey(path, "fujitsu-jef", columns="code=A,ucs=B").plans[0].sheet.roles
    (tmp_path / "u.txt").write_text(UNIJEF, "utf-8")
    with pytest.raises(UsageError, match="E0671"):
        survey(tmp_path / "u.txt", "fujitsu-jef", columns="code=A,ucs=B")


def test_a_policy_of_charset_manager_is_no_table(tmp_path):
    path = tmp_path / "policy.txt"
    text = "FileEncoding=Shift_JIS\nID=Charset-Conversion-Policy\nVersion=1.0\nUserTableFile=usertable.txt # 外字\n"
    path.write_bytes(text.encode("cp932"))
    with pytest.raises(GaijiError, match="E0674"):
        survey(path, "fujitsu-jef")


SITE = [("80A1", "8FBB", "", "0"), ("80A2", "9089", "", "0"), ("80A3", "", "MJ025761", "0")]


def site(folder, rows, name="city.tsv"):
    path = folder / name
    text = "".join("\t".join(row) + "\n" for row in rows)
    path.write_text("code\tucs\tglyph\tflag\n" + text, "utf-8")
    return path


def test_the_two_tables_of_hulft_hold_a_site_table_together(tmp_path):
    rows = [*SITE, ("80A4", "6AFB", "", "3"), ("80A5", "9B2E", "", "1")]
    path = site(tmp_path, rows)
    backs = []
    for form, left in (("hulft", 1), ("hulft-back", 1)):
        done = export_table(path, "fujitsu-jef", tmp_path / f"{form}.txt", form=form)
        assert (done.rows, done.left) == (len(rows) - left, left)
        backs.append(import_table(survey(done.path, "fujitsu-jef"), tmp_path / f"{form}.tsv").table)
    ours, theirs = (gaiji.load_charset("fujitsu-jef", site=some) for some in ([path], backs))
    for code in range(0x80A1, 0x80A6):
        raw = code.to_bytes(2, "big")
        assert ours.decode(raw).text == theirs.decode(raw).text
    assert ours.encode(chr(0x9B2E)) == theirs.encode(chr(0x9B2E)) == b"\x80\xa5"
    words = ["tables", "export", str(path), "--charset", "fujitsu-jef", "--form", "hulft"]
    done = CliRunner().invoke(main, [*words, "--output", str(tmp_path / "o.txt")])
    assert "1 rows go the other way alone: --form hulft-back" in done.output


@pytest.mark.parametrize("form", ["hulft", "unijef", "jef4j"])
def test_what_is_exported_says_the_same(tmp_path, form):
    rows = [*SITE, *([] if form == "hulft" else [("80A4", "6AFB", "", "3"), ("80A5", "9B2E", "", "1")])]
    path = site(tmp_path, rows)
    done = export_table(path, "fujitsu-jef", tmp_path / "out.txt", form=form)
    assert done.rows == len(rows)
    text = (tmp_path / "out.txt").read_text("utf-8")
    again = import_table(survey(tmp_path / "out.txt", "fujitsu-jef"), tmp_path / "back.tsv")
    assert again.taken == len(rows) and not again.refusals
    ours, theirs = (gaiji.load_charset("fujitsu-jef", site=[one]) for one in (path, again.table))
    for code in (b"\x80\xa1", b"\x80\xa2", b"\x80\xa3", b"\x80\xa4", b"\x80\xa5"):
        assert ours.decode(code).text == theirs.decode(code).text
    if form == "hulft":
        assert f"0x80A1  {utf8('辻').upper().replace('0X', '0x')}" in text.splitlines()
    elif form == "unijef":
        assert text.splitlines()[0] == "CODE_CONVERT_Unicode-FJHOSTcode_USER_TABLE1.0"
        assert text.split("Unicode->JEF")[0].count("80A5:9B2E") == 0 and "80A5:9B2E" in text
    else:
        assert {one["jef"]: one["options"] for one in json.loads(text)}["80A4"] == ["decode_only"]


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("hulft", ("80A9", "", "MJ026194", "0")),
        ("unijef", ("80A9", "", "MJ026194", "0")),
        ("unijef", ("80A9", "20BB7", "", "0")),
    ],
)
def test_rows_that_a_form_cannot_hold(tmp_path, form, row):
    with pytest.raises(GaijiError, match=r"E0595.*80A9"):
        export_table(site(tmp_path, [*SITE, row]), "fujitsu-jef", tmp_path / "out.txt", form=form)
    assert not (tmp_path / "out.txt").exists()


def test_forms_and_charsets_that_do_not_go_together(tmp_path):
    path = site(tmp_path, [("F040", "8FBB", "", "0")])
    with pytest.raises(UsageError, match="E0672"):
        export_table(path, "windows-31j", tmp_path / "out.txt", form="unijef")
    with pytest.raises(UsageError, match="E0673"):
        export_table(path, "windows-31j", tmp_path / "out.txt", form="hulf")
    words = ["tables", "export", str(path), "--charset", "windows-31j", "--form", "hulft"]
    done = CliRunner().invoke(main, [*words, "--output", str(tmp_path / "o.txt")])
    assert done.exit_code == 0 and "1 rows" in done.output
    done = CliRunner().invoke(main, [*words, "--output", str(path)])
    assert done.exit_code == 2 and "E0390" in done.output
