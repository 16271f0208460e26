"""Output forms beside the standard's: Adobe-Japan1's sequences and a town's private use, proved backwards; what a form lacks is told."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import gaiji
from gaiji.errors import CharsetError, GaijiError, JobError, TableError
from gaiji.proof.verify import verify
from gaiji.run.convert import convert
from gaiji.run.reverse import reverse

ROOT = Path(__file__).parents[1]


def sequences():
    """(text, glyph) of each Adobe-Japan1 sequence in the pinned list, and the bases that have any, read here."""
    folder, known, own = ROOT / "mappings/repertoire", set(), []
    for name in ("sequences.tsv", "registered.tsv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["collection"] == "Adobe-Japan1":
                    text = "".join(chr(int(point, 16)) for point in row["ucs"].split())
                    known.add(text[0])
                    own += [(text, row["glyph"])] if row.get("glyph") else []
    return own, known


@pytest.mark.parametrize("charset", ["fujitsu-jef", "hitachi-keis90", "nec-jips-j"])
def test_every_code_is_a_sequence_of_its_glyph_or_a_finding_and_comes_back(charset):
    own, known = sequences()
    pairs, names = set(own), {glyph for _, glyph in own}
    loaded = gaiji.load_charset(charset)
    repertoire = loaded.repertoire
    seen = dict.fromkeys(("sequence", "plain", "finding"), 0)
    for (size, code), entry in loaded.entries.items():
        row = entry.row
        if size != 2 or not row.sure or not row.glyph or row.flag:
            continue
        raw = code.to_bytes(2, "big")
        out = loaded.decode(raw, form="adobe-japan1")
        glyph = repertoire[row.glyph]
        if row.glyph in names:
            assert (out.text, row.glyph) in pairs, raw.hex()
            seen["sequence"] += 1
        elif glyph.form("needed") == glyph.base and glyph.base not in known:
            assert out.text == glyph.base
            seen["plain"] += 1
        else:
            assert out.text == "〓" and [one.reason for one in out.findings] == ["no-unicode"], raw.hex()
            seen["finding"] += 1
            continue
        back = loaded.encode(out.text, form="adobe-japan1")
        assert loaded.decode(back).glyphs == (row.glyph,), raw.hex()
    assert seen["sequence"] > 6000 and 0 < seen["finding"] < seen["sequence"] / 40


def test_a_column_in_a_form_comes_back_too():
    cs = gaiji.load_charset("fujitsu-jef")
    raw = [bytes.fromhex(one) for one in ("C4D4B0A1", "B0A2", "B0C2")]
    texts = [cs.decode(one, form="adobe-japan1").text for one in raw]
    assert cs.encode_many(texts, form="adobe-japan1").codes.to_list() == raw
    with pytest.raises(gaiji.GaijiError):
        cs.encode_many(texts, form="adobe-japan2")


def test_two_shapes_of_one_character_are_told_apart():
    cs = gaiji.load_charset("windows-31j-jis90", options={})
    new = gaiji.load_charset("windows-31j-jis2004")
    raw = "葛辻".encode("cp932")
    old, young = cs.decode(raw, form="adobe-japan1"), new.decode(raw, form="adobe-japan1")
    assert old.glyphs != young.glyphs and old.text != young.text
    assert [len(text) for text in (old.text, young.text)] == [
        4,
        4,
    ]  # JIS90 and JIS2004 fonts print plain 葛 differently
    assert not old.findings and not young.findings


@pytest.mark.parametrize("form", ["adobe-japan1", "pua"])
def test_text_that_comes_as_unicode_is_refused(tmp_path, form):
    (tmp_path / "p.tsv").write_text("glyph\tucs\nMJ026193\tE000\n", "utf-8")
    form = f"pua:{tmp_path / 'p.tsv'}" if form == "pua" else form
    with pytest.raises(CharsetError, match="E0660"):
        gaiji.load_charset("unicode-utf8").decode("葛".encode(), form=form)


def test_an_unknown_form_names_the_known_ones():
    with pytest.raises(GaijiError, match="E0261"):
        gaiji.load_charset("fujitsu-jef").decode(b"\xb0\xa1", form="adobe-japan2")


# -- private use -------------------------------------------------------------------------------------------


def table(folder, rows, name="pua.tsv"):
    path = folder / name
    path.write_text("glyph\tucs\n" + "".join(f"{glyph}\t{ucs}\n" for glyph, ucs in rows), "utf-8")
    return path


def test_glyphs_are_the_towns_characters_plain_or_findings(tmp_path):
    path = table(tmp_path, [("MJ026193", "U+E000"), ("mj026195", "F0000")])
    site = tmp_path / "site.tsv"
    site.write_text(
        "code\tucs\tglyph\tflag\n80A1\t\tMJ026193\t0\n80A2\t\tMJ026194\t0\n80A3\t\tMJ026195\t0\n", "utf-8"
    )
    cs = gaiji.load_charset("fujitsu-jef", site=[site])
    raw = bytes.fromhex("80A180A280A3B0A1")
    out = cs.decode(raw, form=f"pua:{path}")
    assert out.text == "\ue000〓\U000f0000" + cs.decode(b"\xb0\xa1").text
    assert out.glyphs[:3] == ("MJ026193", None, "MJ026195")
    assert [(one.code, one.reason) for one in out.findings] == [("80A2", "no-unicode")]
    assert cs.encode(out.text, form=f"pua:{path}", errors="geta")[:2] == raw[:2]
    assert cs.encode("\ue000\U000f0000", form=f"pua:{path}") == raw[:2] + raw[4:6]
    with pytest.raises(CharsetError):
        cs.encode("\ue000")  # in another form it is nobody's


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("a\tb\nMJ026193\tE000\n", "E0665"),
        ("", "E0665"),
        ("glyph\tucs\nMJ999999\tE000\n", "E0666"),
        ("glyph\tucs\nMJ026193\t9089\n", "E0667"),
        ("glyph\tucs\nMJ026193\t\n", "E0667"),
        ("glyph\tucs\nMJ026193\tE000 E001\n", "E0667"),
        ("glyph\tucs\nMJ026193\t110000\n", "E0667"),
        ("glyph\tucs\nMJ026193\tE000\nMJ026194\tE000\n", "E0668"),
        ("glyph\tucs\nMJ026193\tE000\nMJ026193\tE001\n", "E0668"),
    ],
)
def test_tables_that_cannot_be(tmp_path, text, number):
    path = tmp_path / "pua.tsv"
    path.write_text(text, "utf-8")
    with pytest.raises(TableError, match=number):
        gaiji.load_charset("fujitsu-jef").decode(b"\xb0\xa1", form=f"pua:{path}")
    path.write_bytes(b"glyph\tucs\n\xff\xff\n")
    with pytest.raises(TableError, match="E0664"):
        gaiji.load_charset("fujitsu-jef").decode(b"\xb0\xa1", form=f"pua:{path}")
    path.unlink()
    with pytest.raises(GaijiError, match="E0195"):
        gaiji.load_charset("fujitsu-jef").decode(b"\xb0\xa1", form=f"pua:{path}")


def test_one_private_character_is_never_two_things(tmp_path):
    path = table(tmp_path, [("MJ026193", "E000")])
    cs = gaiji.load_charset("fujitsu-jef")  # 80A1 is U+E000 by the policies pua and keep
    for how in ("pua", "keep"):
        with pytest.raises(CharsetError, match=r"E0661.*80A1"):
            cs.decode(b"\x80\xa1", form=f"pua:{path}", policy={"unmapped-gaiji": how})
    assert cs.decode(b"\x80\xa1", form=f"pua:{path}").text == "〓"
    free = table(tmp_path, [("MJ026193", "F800")], "free.tsv")
    assert cs.decode(b"\x80\xa1", form=f"pua:{free}", policy={"unmapped-gaiji": "pua"}).text == "\ue000"
    site = tmp_path / "site.tsv"
    site.write_text("code\tucs\tglyph\tflag\tnote\n80A2\tE000\t\t0\tours\n", "utf-8")
    with pytest.raises(CharsetError, match=r"E0661.*80A2"):
        gaiji.load_charset("fujitsu-jef", site=[site]).decode(b"\x80\xa2", form=f"pua:{path}")


# -- whole jobs --------------------------------------------------------------------------------------------

JOB = """[source]
path = "d.dat"
charset = "fujitsu-jef"
format = "fixed"
record_length = 12
tables = ["site.tsv"]
[[field]]
name = "n"
offset = 0
length = 12
type = "dbcs"
role = "name"
[target]
form = "{form}"
{more}
[output]
path = "{output}"
"""


@pytest.mark.parametrize("output", ["o.csv", "o.parquet", "o.dat"])
@pytest.mark.parametrize("form", ["adobe-japan1", "pua"])
def test_jobs_are_proved_backwards_and_come_back(tmp_path, form, output):
    held = {e.row.glyph for e in gaiji.load_charset("fujitsu-jef").entries.values()}
    names = [
        glyph for text, glyph in sequences()[0] if glyph not in held and text[0] in "邉辺葛渡高吉崎斎祇辻"
    ]
    rows = [("80A1", "MJ026193"), *((f"80A{n}", name) for n, name in enumerate(names[:6], 2))]
    assert len(rows) >= 4
    (tmp_path / "site.tsv").write_text(
        "code\tucs\tglyph\tflag\n" + "".join(f"{code}\t\t{glyph}\t0\n" for code, glyph in rows), "utf-8"
    )
    table(tmp_path, [(glyph, f"F{n:03X}") for n, (_, glyph) in enumerate(rows, 0x700)])
    more = 'pua = "pua.tsv"' if form == "pua" else ""
    (tmp_path / "job.toml").write_text(JOB.format(form=form, output=output, more=more), "utf-8")
    codes = [code for code, _ in rows if form == "pua" or code != "80A1"] + ["B0A1", "C4D4"]
    raw = b"".join(bytes.fromhex(f"{code}4040B0A2{code}40404040") for code in codes)
    (tmp_path / "d.dat").write_bytes(raw)
    convert(tmp_path / "job.toml")
    told = json.loads((tmp_path / f"{output}.manifest.json").read_text("utf-8"))
    (own,) = [one for one in told["tables"] if one["id"].startswith("form/")]
    assert len(own["sha256"]) == 64
    assert verify(tmp_path / "job.toml").data["holds"]
    assert reverse(tmp_path / "job.toml").data["same_as_input"]
    assert (tmp_path / f"{output}.reversed.dat").read_bytes() == raw
    if output == "o.csv":  # a character that somebody changed is found
        text = (tmp_path / output).read_text("utf-8")
        first = text.splitlines()[1][0:2] if form == "adobe-japan1" else text.splitlines()[1][0]
        (tmp_path / output).write_text(text.replace(first, "葛", 1), "utf-8")
        assert not verify(tmp_path / "job.toml").data["holds"]
    if form == "pua":  # and so is another table
        table(tmp_path, [(glyph, f"F{n:03X}") for n, (_, glyph) in enumerate(rows, 0x701)])
        with pytest.raises(GaijiError, match="E0202"):
            verify(tmp_path / "job.toml")


@pytest.mark.parametrize("policy", ["geta", "tag", "keep", "drop-record"])
@pytest.mark.parametrize("form", ["adobe-japan1", "pua"])
def test_what_a_form_cannot_show_is_counted_and_proved(tmp_path, form, policy):
    (tmp_path / "site.tsv").write_text("code\tucs\tglyph\tflag\n80A1\t\tMJ026193\t0\n", "utf-8")
    table(tmp_path, [("MJ026195", "F000")])
    more = ('pua = "pua.tsv"\n' if form == "pua" else "") + f'[policy]\nno-unicode = "{policy}"'
    (tmp_path / "job.toml").write_text(JOB.format(form=form, output="o.csv", more=more), "utf-8")
    (tmp_path / "d.dat").write_bytes(
        bytes.fromhex("80A1B0A2" + "4040" * 4 + "B0A1" + "4040" * 5 + "80A180A1" + "4040" * 4)
    )
    convert(tmp_path / "job.toml")
    told = json.loads((tmp_path / "o.csv.manifest.json").read_text("utf-8"))
    assert told["fields"]["n"]["flagged"]["no-unicode"] == 3
    text = (tmp_path / "o.csv").read_text("utf-8-sig").splitlines()[1:]
    mark = {"geta": "〓", "keep": "〓", "tag": "{JEF:80A1}", "drop-record": ""}[policy]
    assert [line.count(mark) for line in text] == [1, 0, 2] if mark else len(text) == 1
    done = verify(tmp_path / "job.toml").data
    assert done["holds"], done["checks"]
    assert [one["count"] for one in done["flagged"] if one["reason"] == "no-unicode"] == ([3] if mark else [])


def test_jobs_whose_form_and_table_do_not_go_together(tmp_path):
    table(tmp_path, [("MJ026193", "E000")])
    (tmp_path / "site.tsv").write_text("code\tucs\tglyph\n", "utf-8")
    (tmp_path / "d.dat").write_bytes(b"\xb0\xa1" * 6)
    for form, more, number in (("pua", "", "E0662"), ("needed", 'pua = "pua.tsv"', "E0663")):
        (tmp_path / "job.toml").write_text(JOB.format(form=form, output="o.csv", more=more), "utf-8")
        with pytest.raises(JobError, match=number):
            convert(tmp_path / "job.toml")
    (tmp_path / "job.toml").write_text(
        JOB.format(form="pua", output="pua.tsv", more='pua = "pua.tsv"'), "utf-8"
    )
    with pytest.raises(GaijiError, match="E0390"):
        convert(tmp_path / "job.toml")
