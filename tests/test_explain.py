"""explain, diff-tables and impact: every byte has its place, every changed code and record is counted."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from quick import mostly_slow
from test_verify import dump, job

import gaiji
from gaiji.cli.commands import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import UsageError
from gaiji.reports.diff import diff_tables, impact
from gaiji.reports.explain import explain
from gaiji.run.convert import convert

HEADER = "code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces\n"


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    target = tmp_path_factory.mktemp("explain") / "samples"
    shutil.copytree(samples_dir(), target, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return target


def test_a_field_is_told_byte_by_byte(samples):
    parts = explain(samples / "koseki-keis.toml", 3, field="筆頭者_氏")
    assert [(p["offset"], p["bytes"], p["kind"], p["text"], p["glyph"]) for p in parts[:4]] == [
        (0, "0A42", "shift", "", ""),
        (2, "B0CB", "character", "伊", "MJ006569"),
        (4, "C6A3", "character", "藤", "MJ023079"),
        (6, "0A41", "shift", "", ""),
    ]
    assert parts[1]["layer"] == "vendor"
    line = Path(parts[1]["file"]).read_text("utf-8").split("\n")[parts[1]["line"] - 1]
    assert line.startswith("B0CB\t")


def test_site_rows_and_open_codes_name_what_decided(tmp_path):
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("80A180A2"),
        length=4,
        fields=[("a", "dbcs", "name")],
        site=["80A1\t\tMJ026191\t0"],
    )
    decided, waiting = explain(path, 1)
    assert (decided["layer"], decided["file"], decided["line"]) == ("site", str(tmp_path / "site.tsv"), 2)
    assert (waiting["layer"], waiting["text"], waiting["reason"]) == ("none", "〓", "unmapped-gaiji")


def test_overridden_rows_are_named_too(tmp_path):
    (tmp_path / "site.tsv").write_text(HEADER + "C4D4\t\tMJ025760\t0\t\t\t\t\tMJ025761\n", "utf-8")
    path = job(
        tmp_path,
        "fujitsu-jef",
        bytes.fromhex("C4D4"),
        length=2,
        fields=[("a", "dbcs", "name")],
        source='tables = ["site.tsv"]',
    )
    (part,) = explain(path, 1)
    assert (part["layer"], part["line"], part["glyph"]) == ("site", 2, "MJ025760")
    assert part["overridden"][0].startswith("jef-jis78.tsv:")


@pytest.mark.parametrize(
    "name",
    mostly_slow(
        ["fujitsu-jef-ebcdik", "hitachi-keis83-ebcdik", "eucjp-ms", "unicode-utf8", "unicode-be", "koseki"],
        ["fujitsu-jef-ebcdik", "koseki"],
    ),
)
@pytest.mark.parametrize("shift", ["reset", "carry"])
def test_the_parts_are_the_field_and_its_text(tmp_path, name, shift):
    """Bytes joined are the record; texts joined are what convert wrote."""
    data = dump(gaiji.load_charset(name), random.Random(f"{name} explain"), 40 * 12)
    path = job(
        tmp_path,
        name,
        data,
        length=20,
        output="out.tsv",
        source=f'trim = "none"\nshift = "{shift}"',
        fields=[("a", "mixed", "name"), ("b", "mixed", "other")],
    )
    with (tmp_path / "out" / "out.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for record, row in enumerate(rows[: 3 if name == "koseki" else 12], 1):
        parts = explain(path, record)
        assert "".join(p["bytes"] for p in parts) == data[40 * record - 40 : 40 * record].hex().upper()
        for field in "ab":
            assert "".join(p["text"] for p in parts if p["field"] == field) == row[field], (record, field)


def test_records_and_fields_that_are_not_there(samples):
    with pytest.raises(UsageError, match="no record 9000"):
        explain(samples / "juki-jef.toml", 9000)
    with pytest.raises(UsageError, match="氏名"):
        explain(samples / "juki-jef.toml", 1, field="氏")


# -- diff-tables and impact -----------------------------------------------------------------------------


def test_tables_are_compared_by_what_rows_mean(tmp_path):
    old, new = tmp_path / "old.tsv", tmp_path / "new.tsv"
    old.write_text(HEADER + "80A1\t\tMJ026191\t0\tnote\n80A2\t\tMJ026192\t0\n80A3\t\tMJ026193\t0\n", "utf-8")
    new.write_text(HEADER + "80A3\t\tMJ026194\t0\n80A1\t\tMJ026191\t0\tother\n80A4\t\tMJ026195\t3\n", "utf-8")
    assert [
        (r["code"], r["change"], r["old"].get("glyph"), r["new"].get("glyph")) for r in diff_tables(old, new)
    ] == [
        ("80A2", "removed", "MJ026192", None),
        ("80A3", "changed", "MJ026193", "MJ026194"),
        ("80A4", "added", None, "MJ026195"),
    ]
    assert diff_tables(old, old) == []


def test_shipped_tables_by_id():
    rows = {r["code"]: r for r in diff_tables("windows/cp932-jis90", "windows/cp932-jis2004")}
    assert rows["8A8B"]["old"]["glyph"] == "MJ022335" and rows["8A8B"]["new"]["glyph"] == "MJ022336"
    with pytest.raises(UsageError, match="no table"):
        diff_tables("nothing", "windows/cp932-jis90")


def test_impact_counts_what_a_new_conversion_changes(samples, tmp_path):
    """Against the two conversions themselves: a record is counted when its output differs."""
    site = samples / "site" / "sample-city-jef.tsv"
    lines = site.read_text("utf-8").splitlines(keepends=True)
    new = tmp_path / "new.tsv"
    new.write_text(
        "".join([lines[0], *lines[2:]]).replace("MJ026199", "MJ026201") + "80A2\t\tMJ026192\t0\n", "utf-8"
    )
    found = impact(samples / "juki-jef.toml", tables=[new])
    outputs = []
    for tables in ([], [str(new)]):
        overrides = {"output.path": str(tmp_path / "out.csv")} | ({"source.tables": tables} if tables else {})
        convert(samples / "juki-jef.toml", overrides=overrides)
        outputs.append((tmp_path / "out.csv").read_text("utf-8").split("\n"))
    differ = sum(a != b for a, b in zip(*outputs, strict=True))
    assert found["records"] == {"read": 2000, "changed": differ} and differ > 20
    assert {c["code"] for c in found["codes"]} == {c["code"] for c in diff_tables(site, new)}
    back = impact(samples / "juki-jef.toml", old_tables=[new])
    assert back["records"]["changed"] == differ


def test_impact_needs_a_change(samples):
    with pytest.raises(UsageError, match="nothing is said"):
        impact(samples / "juki-jef.toml")
    with pytest.raises(Exception, match="not imported"):
        impact(samples / "juki-jef.toml", gj="1999-01-01")


def test_the_commands_print(samples):
    def run(*words):
        shown = CliRunner().invoke(main, list(words))
        assert shown.exit_code == 0, shown.output
        return shown.output

    assert "jef-jis78.tsv:" in run(
        "explain", str(samples / "juki-jef.toml"), "--record", "1", "--field", "氏名"
    )
    assert run("diff-tables", "windows/cp932-jis90", "windows/cp932-jis2004").endswith("rows differ\n")
    table = str(samples / "site" / "sample-city-jef.tsv")
    assert "0 of 2000 records would change" in run("impact", str(samples / "juki-jef.toml"), "--table", table)
