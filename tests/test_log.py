"""Events: what a run tells on request, and that no name is in it."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys

import pytest

from gaiji.disk.datafiles import samples_dir
from gaiji.proof.verify import verify
from gaiji.run.convert import convert


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    return tmp_path / "s"


def run(*words):
    done = subprocess.run([sys.executable, "-m", "gaiji", *words], capture_output=True, text=True)
    return done, [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.slow
def test_a_run_in_lines_of_json(folder):
    path = folder / "juki-jef.dat"
    path.write_bytes(path.read_bytes() * 100)
    done, events = run("convert", str(folder / "juki-jef.toml"), "--log-json")
    assert done.returncode == 3
    assert [e["event"] for e in events if e["event"] != "checkpoint"] == ["convert-started", "convert-ended"]
    assert any(e["event"] == "checkpoint" and e["offset"] > 0 for e in events)
    assert events[-1]["records"] == {"read": 200_000, "written": 200_000, "dropped": 0, "quarantined": 0}
    assert all(set(e) >= {"time", "level", "event"} for e in events)
    done, events = run("verify", str(folder / "juki-jef.toml"), "--log-json")
    assert done.returncode == 3 and events[-1]["event"] == "verify-ended" and events[-1]["holds"] is True


def test_errors_are_events_too(folder):
    done, events = run("--log-json", "convert", str(folder / "none.toml"))
    assert done.returncode == 2 and len(events) == 1
    assert (events[0]["level"], events[0]["kind"], events[0]["exit"]) == ("error", "JobError", 2) and events[
        0
    ]["next"]
    done, events = run("--log-json", "nonsense")
    assert done.returncode == 2 and events[0]["exit"] == 2 and "nonsense" in events[0]["what"]


def test_a_program_sees_the_events_and_no_names(folder, caplog):
    with caplog.at_level(logging.INFO, logger="gaiji"):
        convert(folder / "juki-jef.toml")
        verify(folder / "juki-jef.toml")
    assert [r.message for r in caplog.records] == [
        "convert-started",
        "convert-ended",
        "verify-started",
        "verify-ended",
    ]
    told = json.dumps([r.facts for r in caplog.records], ensure_ascii=False)
    names = {
        line.split(",")[3] for line in (folder / "out/juki-jef/juki.csv").read_text("utf-8").splitlines()[1:]
    }
    assert len(names) > 100 and not any(name in told for name in names if name)


def test_nothing_is_said_unasked(folder):
    done, _ = run("convert", str(folder / "juki-jef.toml"))
    assert done.stderr == ""
