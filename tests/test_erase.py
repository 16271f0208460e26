"""Erasing what a finished migration left: what goes, what stays, the certificate, and being killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import GaijiError, UsageError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.exchange import export
from gaiji.run import erase as room
from gaiji.run.convert import convert
from gaiji.run.erase import certificate_path, erase
from gaiji.run.reverse import reverse

JOB = """[source]
path = "{name}.csv"
charset = "windows-31j-jis90"
format = "csv"
on_bad_record = "quarantine"
roles = {{ n = "name" }}
[target]
shrink = "jisx0208"
[output]
path = "out/{name}.csv"
[review]
queue = "out/review.sqlite"
"""
SURNAME = "架空崎"


def write(folder, name):
    folder.mkdir(exist_ok=True)
    lines = f"n,k\r\n{SURNAME}@,1\r\n{SURNAME}髙,2\r\n{SURNAME},2,3\r\n"
    (folder / f"{name}.csv").write_bytes(lines.encode("cp932").replace(b"@", b"\xf0\x40"))
    (folder / f"{name}.toml").write_text(JOB.format(name=name), "utf-8")
    return folder / f"{name}.toml"


def finished(folder):
    """Two jobs that are done, one code decided, sheets written; the first job."""
    job, other = write(folder, "a"), write(folder, "b")
    for one in (job, other):
        convert(one)
        reverse(one)
    queue = open_queue(folder / "out/review.sqlite")
    for item in list(queue.items()):
        if item.code == "F040":
            Decisions(queue).decide(item.id, Decision("字形一致", "MJ000001", decided_by="a"))
    export(queue, folder / "out/review.csv")
    queue.close()
    (folder / "sheet.html").write_text(SURNAME, "utf-8")
    return job


def names(folder):
    return {path.name for path in (folder / "out").iterdir()}


def test_what_is_about_people_goes_and_the_migration_stays(tmp_path):
    job = finished(tmp_path)
    before, output = names(tmp_path), (tmp_path / "out/a.csv").read_bytes()
    shown = CliRunner().invoke(main, ["erase", str(job), "--also", str(tmp_path / "sheet.html")])
    assert shown.exit_code == 0, shown.output
    assert "files and" in shown.output and "not promised: " in shown.output
    gone = {
        "a.csv.bad-records.bin",
        "a.csv.bad-records.tsv",
        "a.jisx0208.csv.side.tsv",
        "a.csv.reversed.csv",
        "a.csv.reversed.csv.reverse-findings.tsv",
        "review.csv",
    }
    assert gone <= before and names(tmp_path) == (before - gone) | {"a.csv.erased.json"}
    assert not (tmp_path / "sheet.html").exists() and (tmp_path / "out/a.csv").read_bytes() == output
    told = json.loads(certificate_path(tmp_path / "out/a.csv").read_text("utf-8"))
    assert {one["path"] for one in told["files"]} == gone | {"sheet.html"}
    assert told["queue"]["samples"] > 0 and all(len(one["sha256"]) == 64 for one in told["files"])
    assert SURNAME not in json.dumps(told, ensure_ascii=False)
    queue = open_queue(tmp_path / "out/review.sqlite")
    kept = {len(item.samples) for item in queue.items() if item.code == "F040"}
    assert kept == {1} and {i.state for i in queue.items() if i.code == "F040"} == {"confirmed"}
    queue.close()
    erase(tmp_path / "b.toml")
    raw = (tmp_path / "out/review.sqlite").read_bytes()
    assert SURNAME.encode() not in raw  # neither in a row nor in what rows left


def test_once_more_adds_to_the_certificate(tmp_path):
    job = finished(tmp_path)
    first = erase(job).data
    convert(job)
    again = erase(job).data
    assert again["earlier"] == [{"finished": first["finished"], "files": first["files"]}]


def test_before_a_conversion_and_of_what_is_read_it_is_refused(tmp_path):
    job = write(tmp_path, "a")
    with pytest.raises(GaijiError, match="no manifest"):
        erase(job)
    convert(job)
    for name in ("a.csv", "a.toml", "out/a.csv", "out/review.sqlite", "out/a.csv.manifest.json"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(UsageError):
            erase(job, also=[tmp_path / name])
        assert (tmp_path / name).read_bytes() == before


def test_cut_short_at_any_step_the_next_tells_of_all(tmp_path, monkeypatch):
    job = finished(tmp_path / "whole")
    wanted = erase(job).data
    finished(tmp_path / "kept")
    for step in range(20):
        shutil.rmtree(tmp_path / "f", ignore_errors=True)
        shutil.copytree(tmp_path / "kept", tmp_path / "f")
        left = [step]

        def ends(act, left=left):
            def limited(*args, **more):
                left[0] -= 1
                if left[0] < 0:
                    raise KeyboardInterrupt
                return act(*args, **more)

            return limited

        try:
            with monkeypatch.context() as patch:
                for name in ("_remove", "write_whole", "_samples"):
                    patch.setattr(room, name, ends(getattr(room, name)))
                erase(tmp_path / "f/a.toml")
            break
        except KeyboardInterrupt:
            pass
        done = erase(tmp_path / "f/a.toml").data
        kept = ("files", "queue", "output", "input")
        assert {key: done[key] for key in kept} == {key: wanted[key] for key in kept} or done["earlier"]
        assert names(tmp_path / "f") == names(tmp_path / "whole")
    assert step >= 8


@pytest.mark.slow
@pytest.mark.parametrize("what", ["erase", "apply"])
def test_killed_at_30_moments_it_is_all_or_nothing(tmp_path, what):
    finished(tmp_path / "kept")
    options = {"erase": ["erase", "a.toml"], "apply": ["review", "apply", "--queue", "out/review.sqlite"]}[
        what
    ]
    command = [sys.executable, "-m", "gaiji", *options]

    def run(folder):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "kept", folder)
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    begin = time.monotonic()
    assert run(tmp_path / "whole").wait() == 0
    took = time.monotonic() - begin
    old, new = names(tmp_path / "kept"), names(tmp_path / "whole")
    for number in range(30):
        process = run(tmp_path / "f")
        time.sleep(took * (0.3 + 0.8 * number / 30))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = {name for name in names(tmp_path / "f") if not name.startswith(".")}
        note = any(name.endswith(("erasing.json", ".together")) for name in names(tmp_path / "f"))
        assert found in (old, new) or note
        assert subprocess.run(command, cwd=tmp_path / "f", capture_output=True).returncode == 0
        assert names(tmp_path / "f") == new
        if what == "apply":
            tables = [sorted((tmp_path / f / "out").glob("decisions-*")) for f in ("f", "whole")]
            assert [p.read_bytes() for p in tables[0]] == [p.read_bytes() for p in tables[1]] != []
    assert os.path.exists(tmp_path / "f/out/a.csv")
