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
