"""Erasing what a finished migration left: what goes, what stays, the certificate, and being killed on the way."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

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
                for name in ("remove", "write_note", "write_whole", "_samples"):
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


def killed(job, monkeypatch, *, also=(), after=1):
    """An erasure that is killed when it has removed ``after`` files."""
    left = [after]

    def limited(path):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        whole(path)

    whole = room.remove
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(room, "remove", limited)
        erase(job, also=also)


def test_killed_and_run_again_from_elsewhere_it_is_no_strangers_file(tmp_path, monkeypatch):
    job = finished(tmp_path / "mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/sheet.html").write_text("another's", "utf-8")
    monkeypatch.chdir(tmp_path / "mine")
    killed(job, monkeypatch, also=["sheet.html"], after=0)
    monkeypatch.chdir(tmp_path / "elsewhere")
    erase(job)
    assert (tmp_path / "elsewhere/sheet.html").read_text("utf-8") == "another's"
    assert not (tmp_path / "mine/sheet.html").exists()


def test_what_came_in_the_place_of_a_file_since_is_another(tmp_path, monkeypatch):
    job, sheet = finished(tmp_path), tmp_path / "sheet.html"
    killed(job, monkeypatch, also=[sheet], after=0)
    sheet.write_text("another's", "utf-8")
    with pytest.raises(UsageError, match="another file") as refused:
        erase(job)
    assert refused.value.number == "E0563" and sheet.read_text("utf-8") == "another's"
    told = erase(job, also=[sheet]).data["files"]  # now it is asked for: both are told of
    assert not sheet.exists() and [one["path"] for one in told].count("sheet.html") == 2


def test_a_note_of_another_folder_or_of_another_form_is_one_line(tmp_path, monkeypatch):
    job = finished(tmp_path / "a")
    killed(job, monkeypatch, also=[tmp_path / "a/sheet.html"])
    (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(GaijiError, match="was written in") as refused:
        erase(tmp_path / "b/a.toml")
    assert refused.value.number == "E0561"
    note = tmp_path / "b/out/a.csv.erasing.json"
    told = json.loads(note.read_text("utf-8")) | {"folder": os.path.realpath(note.parent)}
    one = {"path": str(tmp_path / "x"), "bytes": 1, "sha256": "0" * 64}
    before = {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()} | {note: b""}
    for wrong in (
        *(
            [],
            1,
            "x",
            None,
            {},
            told | {"files": {"x": one}},
            told | {"samples": "1"},
            told | {"samples": True},
        ),
        *(told | {"files": [one | change]} for change in ({"path": "x"}, {"path": 1}, {"bytes": "1"})),
        *(told | {"files": [one | change]} for change in ({"sha256": "0"}, {"sha256": 1}, {"path": "/\0"})),
        *(told | {"files": [wrong]} for wrong in (1, None, [], {})),
    ):
        note.write_text(json.dumps(wrong), "utf-8")
        with pytest.raises(GaijiError, match="is damaged"):
            erase(tmp_path / "b/a.toml")
    note.write_text("[" * 100_000, "utf-8")
    with pytest.raises(GaijiError, match="is damaged"):
        erase(tmp_path / "b/a.toml")
    note.write_bytes(b"")
    assert {path: path.read_bytes() for path in (tmp_path / "b").rglob("*") if path.is_file()} == before


def test_what_the_job_reads_is_no_file_of_a_note(tmp_path, monkeypatch):
    job = finished(tmp_path)
    killed(job, monkeypatch)
    note = tmp_path / "out/a.csv.erasing.json"
    told = json.loads(note.read_text("utf-8"))
    told["files"].append({"path": str(tmp_path / "a.csv"), "bytes": 1, "sha256": "0" * 64})
    note.write_text(json.dumps(told), "utf-8")
    with pytest.raises(UsageError, match="input of this run"):
        erase(job)
    assert (tmp_path / "a.csv").exists()


def test_a_file_that_cannot_go_is_told_before_anything_goes(tmp_path):
    job, sheet = finished(tmp_path), tmp_path / "sheet.html"
    (tmp_path / "link.html").symlink_to(sheet)
    os.link(sheet, tmp_path / "second.html")
    before = names(tmp_path)
    for name, number in (
        ("none.html", "E0562"),
        ("link.html", "E0565"),
        ("out", "E0565"),
        ("sheet.html", "E0564"),
        ("out/a.jisx0208.csv", "E0390"),
    ):
        with pytest.raises(UsageError) as refused:
            erase(job, also=[tmp_path / name])
        assert refused.value.number == number and names(tmp_path) == before
    assert sheet.read_text("utf-8") == SURNAME
    certificate_path(tmp_path / "out/a.csv").write_text("{}", "utf-8")
    with pytest.raises(GaijiError) as refused:
        erase(job)
    assert refused.value.number == "E0560" and names(tmp_path) == before | {"a.csv.erased.json"}


TYPED = """[source]
path = "in.dat"
charset = "ibm-1399"
format = "fixed"
record_length = 8
on_bad_record = "quarantine"
[[record]]
name = "head"
when = {{ first = true }}
output = "out/head.csv"
[[record.field]]
name = "mark"
offset = 0
length = 8
role = "name"
[[record]]
name = "body"
output = "{body}"
[[record.field]]
name = "name"
offset = 0
length = 8
role = "name"
"""


@pytest.mark.parametrize("body", ["out/body.csv", "out/body.parquet"])
def test_the_outputs_of_record_types_stay_and_their_unfinished_files_go(tmp_path, body):
    (tmp_path / "in.dat").write_bytes("HEADREC1NAMEAAAANAMEBBBB".encode("cp037"))
    job, out = tmp_path / "job.toml", tmp_path / "out"
    job.write_text(TYPED.format(body=body), "utf-8")
    convert(job)
    for name in ("out/head.csv", body, "out/head.csv.record-order.tsv"):
        with pytest.raises(UsageError) as refused:
            erase(job, also=[tmp_path / name])
        assert refused.value.number == "E0390"
    before = names(tmp_path)
    for name in (".head.csv.unfinished", ".head.csv.record-order.tsv.unfinished", ".body.csv.abcdefgh.part"):
        (out / name).write_text(SURNAME, "utf-8")
    if body.endswith("parquet"):
        (out / ".body.parquet.unfinished").mkdir()
        (out / ".body.parquet.unfinished/00000000.parquet").write_text(SURNAME, "utf-8")
    else:
        (out / ".body.csv.unfinished").write_text(SURNAME, "utf-8")
    data = erase(job).data
    kept = {".body.csv.abcdefgh.part"} if body.endswith("parquet") else set()
    assert names(tmp_path) == before | {"head.csv.erased.json"} | kept
    assert [one["path"] for one in data["outputs"]] == ["head.csv", Path(body).name]


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


DYING = """
import json, os, sys
from gaiji.cli import main
import gaiji.review.sheets.apply, gaiji.run.erase, gaiji.shrinking.shrinker, polars
for line in sys.stdin:
    folder, number, options = json.loads(line)
    child = os.fork()
    if not child:
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for handle in range(3):
            os.dup2(nowhere, handle)
        real, left = os.fsync, [number]
        def fsync(handle):
            left[0] -= 1
            real(handle) if left[0] else os._exit(9)
        os.fsync = fsync
        main(options)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs commands, each in a process of its own that ends at its ``number``-th write to the disk (0: at none). They are
forked off one that has loaded the package and done nothing yet, since loading it is most of what such a command takes."""


@pytest.fixture
def dying():
    """``dying(folder, number, options)``: the exit code of a command that dies at that write."""
    with subprocess.Popen(
        [sys.executable, "-c", DYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run(folder, number, options):
            process.stdin.write(json.dumps([str(folder), number, options]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield run
        process.stdin.close()


@pytest.mark.parametrize("what", ["erase", "apply"])
def test_what_a_kill_left_of_a_note_is_gone_after_the_next_run(tmp_path, dying, what):
    """A run that dies while it writes what is to be done: each write of it ends the process once."""
    finished(tmp_path / "kept")
    options = {"erase": ["erase", "a.toml"], "apply": ["review", "apply", "--queue", "out/review.sqlite"]}[
        what
    ]
    whole = shutil.copytree(tmp_path / "kept", tmp_path / "whole")
    assert (
        subprocess.run([sys.executable, "-m", "gaiji", *options], cwd=whole, capture_output=True).returncode
        == 0
    )
    for number in range(1, 30):
        folder = shutil.copytree(tmp_path / "kept", tmp_path / f"f{number}")
        died = dying(folder, number, options)
        assert died in (0, 9), number
        assert dying(folder, 0, options) == 0, number
        assert names(folder) == names(whole), (number, names(folder) ^ names(whole))
        if died == 0:
            break
    assert died == 0 and number > 2
