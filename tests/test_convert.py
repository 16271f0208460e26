"""The main job end to end on small inputs, and its errors as one line each."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import main
from gaiji.convert import convert

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
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
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
    assert "record 2 at byte 24 (bytes 01 02)" in shown.output
    assert not (tmp_path / "out/juki.csv").exists()
    job = write(tmp_path, data, 'on_bad_record = "quarantine"')
    assert convert(job).data["records"] == {"read": 2, "written": 1, "dropped": 0, "quarantined": 1}
    assert (tmp_path / "out/bad-records.bin").read_bytes() == b"\x01\x02"


def test_an_override_must_state_what_it_replaces(tmp_path):
    site = tmp_path / "city.tsv"
    site.write_text("code\tucs\tglyph\tflag\tnote\nC4D4\t\tMJ025760\t0\t\n", "utf-8")
    job = write(tmp_path, record(1, "辻"), 'tables = ["city.tsv"]')
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 1
    assert "city.tsv:2" in shown.output and "without stating the old value" in shown.output


@pytest.mark.parametrize(("wrong", "says"), [('charset = "fujitsu-jeff"', "fujitsu-jef"), ('formt = "fixed"', "'format'")])
def test_a_wrong_name_is_answered_with_the_right_one(tmp_path, wrong, says):
    job = tmp_path / "job.toml"
    job.write_text(f'[source]\n{wrong}\n[output]\npath = "x.csv"\n', "utf-8")
    shown = CliRunner().invoke(main, ["convert", str(job)])
    assert shown.exit_code == 2
    assert says in shown.output or "is missing" in shown.output


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
    assert (tmp_path / "out/bad-records.bin").read_bytes() == data[10:]
    assert (tmp_path / "out/koseki.csv").read_text("utf-8") == "name\n亜\n"


def test_a_bad_packed_digit_is_a_finding_with_its_hex(tmp_path):
    data = b"\x0a\x00\x1c" + record(1, "辻")[3:]
    manifest = convert(write(tmp_path, data)).data
    assert manifest["fields"]["id"]["flagged"] == {"illegal": 1}
    assert {"field": "id", "role": "other", "code": "0A", "reason": "illegal", "count": 1} in manifest["findings"]


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
