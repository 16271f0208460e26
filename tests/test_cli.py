"""The commands as a user types them, and their documentation."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main

ROOT = Path(__file__).parents[1]


def run(*words):
    return CliRunner().invoke(main, list(words))


def test_docs_are_the_help():
    spec = importlib.util.spec_from_file_location("make_cli_docs", ROOT / "tests" / "make_cli_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == module.document()


def test_help_loads_nothing_heavy():
    code = "import sys, gaiji.cli; print(sorted(m for m in sys.modules if m in ('polars', 'sqlalchemy', 'rapidfuzz')))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_version_names_the_kernel():
    assert "(kernel " in run("--version").output


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("辻", "MJ025761"),
        ("mj025761", "MJ025761"),
        ("J+845B", "MJ022335"),
        ("戸籍:349920", "MJ022335"),
        ("jef:C4D4", "MJ025761"),
        ("U+9089 E0119", "MJ026191"),
        ("1-36-52", "MJ025761"),
    ],
)
def test_lookup(query, name):
    shown = run("lookup", query)
    assert shown.exit_code == 0
    assert shown.output.startswith(name)


def test_lookup_shows_numbers_readings_and_vendor_codes():
    shown = run("lookup", "MJ025761").output
    for part in ("437750", "J+BC2F", "00437750", "つじ", "JEF:C4D4", "1-36-52"):
        assert part in shown


@pytest.mark.parametrize("query", ["MJ999999", "jeff:C4D4", "jef:xyz", "戸籍:000001", ""])
def test_lookup_of_nothing_says_what_to_give(query):
    shown = run("lookup", query)
    assert shown.exit_code == 2
    assert len(shown.output.strip().splitlines()) == 1


def test_scan_counts_and_writes_nothing(tmp_path):
    dump = tmp_path / "in.dat"
    dump.write_bytes(bytes.fromhex("0E455A69410F") * 3)
    shown = run(
        "scan", str(dump), "--charset", "ibm-939", "--record-length", "6", "--json", str(tmp_path / "r.json")
    )
    assert shown.exit_code == 0, shown.output
    assert "3 records, 18 bytes" in shown.output
    assert "unmapped-gaiji       6941" in shown.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.dat", "r.json"]


def test_init_writes_a_job_that_loads_and_never_overwrites(tmp_path):
    from gaiji.run.job import load_job

    job = tmp_path / "job.toml"
    words = ("init", "--charset", "ibm-939", "--layout", "a.cpy", "--record-length", "80", "--job", str(job))
    assert run(*words).exit_code == 0
    assert load_job(job).source["record_length"] == 80
    again = run(*words)
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_review_export_of_a_missing_queue(tmp_path):
    shown = run("review", "export", "--queue", str(tmp_path / "none.sqlite"))
    assert shown.exit_code == 2
    assert not list(tmp_path.iterdir())
