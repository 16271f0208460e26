"""The main job end to end on small inputs, and its errors as one line each."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli.commands import main
from gaiji.run.convert import convert

JOB = """
[source]
path = "in.dat"
charset = "fujitsu-jef-ebcdik"
format = "fixed"
record_length = 24
{source}
[[field]]
name = "id"
offset = 0
length = 3
type = "packed"
[[field]]
name = "name"
offset = 3
length = 20
type = "dbcs"
role = "name"
[output]
path = "out/juki.csv"
"""


def record(number, name):
    jef = gaiji.load_charset("fujitsu-jef")
    raw = jef.encode(name) if isinstance(name, str) else name
    return bytes.fromhex(f"{number:05d}C") + raw.ljust(20, b"\x40") + b"\x40"


def write(tmp_path, data, source=""):
    (tmp_path / "in.dat").write_bytes(data)
    job = tmp_path / "job.toml"
    job.write_text(JOB.format(source=source), "utf-8")
    return job


def test_a_dump_becomes_csv_queue_and_manifest(tmp_path):
    data = record(1, "渡邉　太郎") + record(2, bytes.fromhex("80A1C4D4"))
    job = write(tmp_path, data)
    result = convert(job, threads=1)
    assert result.exit_code == 3
    with (tmp_path / "out/juki.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["id", "00001", "00002"]
    assert rows[2][1] == "〓辻"
    manifest = json.loads((tmp_path / "out/juki.csv.manifest.json").read_text("utf-8"))
    assert manifest["fields"]["name"]["flagged"] == {"unmapped-gaiji": 1}
    assert all(field["reconciled"] for field in manifest["fields"].values())
    first = (tmp_path / "out/juki.csv").read_bytes()
    convert(job, threads=2)
    assert (tmp_path / "out/juki.csv").read_bytes() == first


def test_a_truncated_record_is_an_error_and_can_be_set_aside(tmp_path):
    data = record(1, "渡邉") + b"\x01\x02"
    job = write(tmp_path, data)
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 1
    assert "record 2 at byte 24: the last record has 2 bytes where 24 are needed" in shown.output
    assert "01 02" not in shown.output  # they can be the beginning of a name
    assert not (tmp_path / "out/juki.csv").exists()
    job = write(tmp_path, data, 'on_bad_record = "quarantine"')
    assert convert(job).data["records"] == {"read": 2, "written": 1, "dropped": 0, "quarantined": 1}
    assert (tmp_path / "out/juki.csv.bad-records.bin").read_bytes() == b"\x01\x02"


def test_an_override_must_state_what_it_replaces(tmp_path):
    site = tmp_path / "city.tsv"
    site.write_text("code\tucs\tglyph\tflag\tnote\nC4D4\t\tMJ025760\t0\t\n", "utf-8")
    job = write(tmp_path, record(1, "辻"), 'tables = ["city.tsv"]')
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 1
    assert "city.tsv:2" in shown.output and "without stating the old value" in shown.output


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ('charset = "fujitsu-jeff"\nformat = "lines"', "did you mean 'fujitsu-jef'?"),
        ('charset = "fujitsu-jef"\nformt = "lines"', "did you mean 'format'?"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(tmp_path, wrong, says):
    job = tmp_path / "job.toml"
    (tmp_path / "x").write_bytes(b"\x40\x40")
    field = '[[field]]\nname = "a"\noffset = 0\nlength = 2\n'
    job.write_text(f'[source]\npath = "x"\n{wrong}\n[output]\npath = "x.csv"\n{field}', "utf-8")
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 2
    assert says in shown.output


def test_charset_commands():
    assert "hitachi-keis83" in CliRunner().invoke(main, ["charset", "list"]).output
    assert "28, 38, 30E2" in CliRunner().invoke(main, ["charset", "show", "fujitsu-jef-ebcdik"]).output


VB = """
[source]
path = "in.dat"
charset = "hitachi-keis83-ebcdik"
format = "vb"
{source}
[[field]]
name = "name"
offset = 0
length = 40
role = "name"
[output]
path = "out/koseki.csv"
"""


def test_a_bad_record_descriptor(tmp_path):
    good = bytes.fromhex("0A42B0A10A41")
    data = (len(good) + 4).to_bytes(2, "big") + b"\0\0" + good + b"\xff\xff\x01\x00rest"
    (tmp_path / "in.dat").write_bytes(data)
    job = tmp_path / "job.toml"
    job.write_text(VB.format(source=""), "utf-8")
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 1
    assert "record 2 at byte 10 (bytes ff ff 01 00" in shown.output
    job.write_text(VB.format(source='on_bad_record = "quarantine"'), "utf-8")
    assert convert(job).data["records"]["quarantined"] == 1
    assert (tmp_path / "out/koseki.csv.bad-records.bin").read_bytes() == data[10:]
    assert (tmp_path / "out/koseki.csv").read_text("utf-8") == "name\n亜\n"


def test_a_bad_packed_digit_is_a_finding_with_its_hex(tmp_path):
    data = b"\x0a\x00\x1c" + record(1, "辻")[3:]
    manifest = convert(write(tmp_path, data)).data
    assert manifest["fields"]["id"]["flagged"] == {"bad-number": 1}
    assert {"field": "id", "role": "other", "code": "0A001C", "reason": "bad-number", "count": 1} in manifest[
        "findings"
    ]


def test_an_output_that_cannot_be_written(tmp_path):
    job = write(tmp_path, record(1, "辻"))
    (tmp_path / "out").write_text("a file where the folder should be")
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 1
    assert "cannot be written" in shown.output and "Traceback" not in shown.output


def test_a_field_beyond_the_record(tmp_path):
    job = write(tmp_path, record(1, "辻"))
    job.write_text(job.read_text("utf-8").replace("length = 20", "length = 40"), "utf-8")
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 2
    assert "name" in shown.output


CSV = """
[source]
path = "in.csv"
charset = "{charset}"
format = "csv"
{source}
[output]
path = "out/juki.csv"
{output}
"""


def run_csv(tmp_path, data, charset, source="", output="", **sections):
    (tmp_path / "in.csv").write_bytes(data)
    job = tmp_path / "job.toml"
    more = "".join(f"[{name}]\n{body}\n" for name, body in sections.items())
    job.write_text(CSV.format(charset=charset, source=source, output=output) + more, "utf-8")
    return convert(job)


TABLE = '宛名番号,氏名,フリガナ,住所\n1,渡邉 太郎,ﾜﾀﾅﾍﾞ ﾀﾛｳ,"表町1-2, 3号"\n2,辻◎,ﾂｼﾞ,\n'


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("windows-31j-jis2004", TABLE.encode("cp932")),
        ("unicode-utf8", TABLE.encode("utf-8-sig")),
        ("unicode", TABLE.encode("utf-16")),
        ("unicode", b"\xfe\xff" + TABLE.encode("utf-16-be")),
        ("unicode-le", TABLE.encode("utf-16-le")),
    ],
)
def test_csv_in_every_encoding(tmp_path, charset, data):
    manifest = run_csv(tmp_path, data, charset).data
    assert (tmp_path / "out/juki.csv").read_text("utf-8") == TABLE
    assert manifest["fields"]["氏名"]["role"] == "name"
    assert manifest["fields"]["フリガナ"]["role"] == "kana"
    assert manifest["fields"]["住所"]["role"] == "address"
    assert manifest["fields"]["氏名"]["flagged"] == {"already-lost": 1}


def test_every_output_format(tmp_path):
    import polars as pl

    data = TABLE.encode("cp932")
    run_csv(tmp_path, data, "windows-31j-jis2004", output='format = "tsv"\nbom = true\nnewline = "crlf"')
    assert (tmp_path / "out/juki.csv").read_bytes().startswith("\ufeff宛名番号\t氏名".encode())
    assert (tmp_path / "out/juki.csv").read_bytes().count(b"\r\n") == 3
    job = (tmp_path / "job.toml").read_text("utf-8").split("[output]")[0]
    (tmp_path / "job.toml").write_text(
        job + '[output]\npath = "out/juki.parquet"\n[target]\nglyph_columns = true\n', "utf-8"
    )
    convert(tmp_path / "job.toml")
    frame = pl.read_parquet(tmp_path / "out/juki.parquet")
    assert frame["氏名"].to_list() == ["渡邉 太郎", "辻◎"]
    assert frame["氏名.glyphs"].to_list()[1].split() == ["MJ025761", "-"]
    assert not [p for p in (tmp_path / "out").iterdir() if p.name.endswith(".part")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_fixed_length_output_and_overflow(tmp_path, encoding):
    output = f'format = "fixed"\nencoding = "{encoding}"\nwidths = {{ "宛名番号" = 4, "氏名" = 12, "フリガナ" = 30, "住所" = 40 }}'
    manifest = run_csv(tmp_path, TABLE.encode("cp932"), "windows-31j-jis2004", output=output).data
    lines = (tmp_path / "out/juki.csv").read_bytes().decode(encoding).splitlines()
    width = 86 if encoding == "utf-8" else 43
    assert [len(line.encode()) if encoding == "utf-8" else len(line) for line in lines] == [width, width]
    found = [f for f in manifest["findings"] if f["reason"] == "overflow"]
    assert [(f["field"], f["count"]) for f in found] == ([("氏名", 1)] if encoding == "utf-8" else [])


def test_policies_drop_and_fail(tmp_path):
    kept = run_csv(
        tmp_path, TABLE.encode("cp932"), "windows-31j-jis2004", policy='already-lost = "drop-record"'
    )
    assert kept.data["records"] == {"read": 2, "written": 1, "dropped": 1, "quarantined": 0}
    assert "辻" not in (tmp_path / "out/juki.csv").read_text("utf-8")
    from gaiji.errors import DataError

    with pytest.raises(DataError, match=r"record 2 at byte \d+: already-lost code 819D in field 氏名"):
        run_csv(tmp_path, TABLE.encode("cp932"), "windows-31j-jis2004", policy='already-lost = "fail"')


@pytest.mark.parametrize(("context", "text"), [("field", "辻【◎】"), ("glyph-only", "◎"), ("none", "")])
def test_the_queue_holds_no_more_than_its_context_allows(tmp_path, context, text):
    from gaiji.queue.queue import open_queue

    run_csv(
        tmp_path,
        TABLE.encode("cp932"),
        "windows-31j-jis2004",
        review=f'context = "{context}"\nkey = "宛名番号"',
    )
    queue = open_queue(tmp_path / "out/review.sqlite")
    (item,) = queue.items()
    queue.close()
    assert (item.code, item.reason, item.total) == ("819D", "already-lost", 1)
    assert [(s.record, s.record_key, s.text) for s in item.samples] == [(2, "2", text)]


def test_running_again_adds_nothing_and_a_settled_code_leaves(tmp_path):
    from gaiji.queue.queue import open_queue

    job = write(tmp_path, record(1, bytes.fromhex("80A1")) + record(2, bytes.fromhex("80A180A2")))
    for _ in range(2):
        assert convert(job).to_review == 2
    queue = open_queue(tmp_path / "out/review.sqlite")
    assert [(i.code, i.total) for i in queue.items()] == [("80A1", 2), ("80A2", 1)]
    queue.close()
    (tmp_path / "city.tsv").write_text("code\tucs\tglyph\n80A1\t\tMJ026191\n80A2\t\tMJ026192\n", "utf-8")
    job = write(tmp_path, (tmp_path / "in.dat").read_bytes(), 'tables = ["city.tsv"]')
    assert convert(job).exit_code == 0
    queue = open_queue(tmp_path / "out/review.sqlite")
    assert list(queue.items()) == []
    queue.close()


def test_the_clerks_sheet_has_a_bom_and_no_formulas(tmp_path):
    data = "宛名番号,氏名\n=1+1,辻◎\n".encode("cp932")
    run_csv(tmp_path, data, "windows-31j-jis2004", review='key = "宛名番号"')
    shown = CliRunner().invoke(main, ["review", "export", "--queue", str(tmp_path / "out/review.sqlite")])
    assert shown.exit_code == 0, shown.output
    raw = (tmp_path / "out/review.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert row["旧コード"] == "819D"
    assert row["用例"].startswith("'=1+1")
    assert row["状態"] == "未判定"


CARRY = """
[source]
path = "in.dat"
charset = "ibm-939"
format = "fixed"
record_length = 8
shift = "{shift}"
[[field]]
name = "a"
offset = 0
length = 4
role = "name"
[[field]]
name = "b"
offset = 4
length = 4
role = "name"
[output]
path = "out.csv"
"""


def test_the_shift_state_may_be_carried_over_a_field_boundary(tmp_path):
    kanji = gaiji.load_charset("ibm-300").encode("一二三")
    (tmp_path / "in.dat").write_bytes(
        b"\xc1\x0e" + kanji[:2] + kanji[2:4] + b"\x0f\xc2" + b"\xc1\x0e" + kanji[:2] + kanji[2:]
    )
    job = tmp_path / "job.toml"
    job.write_text(CARRY.format(shift="carry"), "utf-8")
    manifest = convert(job).data
    assert (tmp_path / "out.csv").read_text("utf-8") == "a,b\nA一,二B\nA一,二三\n"
    assert manifest["fields"]["b"]["flagged"] == {"broken-shift": 1}
    assert all(field["reconciled"] for field in manifest["fields"].values())
    job.write_text(CARRY.format(shift="reset"), "utf-8")
    assert convert(job).data["fields"]["a"]["flagged"] == {"broken-shift": 2}
