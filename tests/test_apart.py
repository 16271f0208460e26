"""Nothing that is written may be what is read, or another thing written: every command × every protected file.

Each pair is tried with the file's own path, another spelling of it, a symbolic link and a hard link in the place of the
output. The command must refuse in one line, with exit code 2, and every byte of the folder must stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.disk.apart import Place, keep_apart, same_file
from gaiji.disk.lock import OutputLock
from gaiji.errors import OutputError, UsageError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue

JOB = """[source]
path = "in.csv"
charset = "windows-31j"
format = "csv"
tables = ["site.tsv"]
on_bad_record = "quarantine"
roles = {{ name = "name" }}
[target]
shrink = "policy.toml"
[output]
path = "{output}"
[review]
queue = "{queue}"
pictures = "pictures"
"""
COMMANDS = {
    "convert": ["convert", "job.toml", "--set", "output.path={}", "--set", "output.format=csv"],
    "convert, the queue": ["convert", "job.toml", "--set", "review.queue={}"],
    "reverse": ["convert", "--reverse", "job.toml", "--output", "{}"],
    "scan": [
        "scan",
        "in.csv",
        "--charset",
        "windows-31j",
        "--format",
        "csv",
        "--table",
        "site.tsv",
        "--json",
        "{}",
    ],
    "scan, the types": [
        *("scan", "in.csv", "--charset", "windows-31j", "--format", "csv"),
        *("--types", "job.toml", "--json", "{}"),
    ],
    "erase": ["erase", "job.toml", "--also", "{}"],
    "shrink": [
        "shrink",
        "a.csv",
        "{}",
        "--side",
        "s.tsv",
        "--policy",
        "policy.toml",
        "--queue",
        "q/review.sqlite",
    ],
    "shrink, the side table": ["shrink", "a.csv", "o.csv", "--side", "{}", "--policy", "policy.toml"],
    "shrink, the people": ["shrink", "a.csv", "o.csv", "--side", "s.tsv", "--name", "name", "--people", "{}"],
    "unshrink": ["unshrink", "a.csv", "side.tsv", "{}"],
    "unshrink, the refused": ["unshrink", "a.csv", "side.tsv", "o.csv", "--refused", "{}"],
    "match": [
        "match",
        "a.csv",
        "b.csv",
        "--id",
        "id",
        "--name",
        "name",
        "--output",
        "{}",
        "--queue",
        "q/review.sqlite",
    ],
    "match, the summary": [
        "match",
        "a.csv",
        "b.csv",
        "--id",
        "id",
        "--name",
        "name",
        "--output",
        "o.csv",
        "--summary",
        "{}",
    ],
    "review export": ["review", "export", "--queue", "q/review.sqlite", "--output", "{}"],
    "tables import": [
        *("tables", "import", "henkan.csv", "--charset", "windows-31j", "--yes", "--output", "{}")
    ],
    "tables export": ["tables", "export", "site.csv", "--charset", "windows-31j", "--output", "{}"],
    "charset sheet": [
        *("charset", "sheet", "windows-31j", "--rows", "F0", "--table", "site.csv", "--output", "{stem}")
    ],
    "charset sheet, the import": [
        *("charset", "sheet", "windows-31j", "--import", "chart.csv", "--table", "site.tsv", "--output", "{}")
    ],
    "charset compare": [
        *("charset", "compare", "windows-31j", "pictures", "--table", "site.csv", "--output", "{stem}")
    ],
    "report residents": ["report", "residents", "job.toml", "--output", "{}"],
    "report summary": ["report", "summary", "job.toml", "--output", "{}"],
}
OF_JOB = [
    "job.toml",
    "in.csv",
    "site.tsv",
    "policy.toml",
    "rules.tsv",
    "pictures/F041.png",
    "q/decisions-CP932.tsv",
]
QUEUE = ["q/review.sqlite"]
WRITTEN = [
    "out/x.csv.manifest.json",
    "out/x.csv.bad-records.bin",
    "out/x.csv.bad-records.tsv",
    "out/x.jisx0208.csv",
    "out/x.jisx0208.csv.side.tsv",
]
PROTECTED = {
    "convert": OF_JOB + QUEUE,
    "convert, the queue": [
        *OF_JOB[:-1],
        "out/x.csv",
        *WRITTEN,
    ],  # decisions lie beside the queue that is named
    "reverse": [*OF_JOB, *QUEUE, "out/x.csv", *WRITTEN],
    "scan": ["in.csv", "site.tsv"],
    "scan, the types": [*OF_JOB, *QUEUE, "out/x.csv", *WRITTEN],
    "erase": [*OF_JOB, *QUEUE, "out/x.csv", WRITTEN[0], WRITTEN[3]],
    "shrink": ["a.csv", "policy.toml", "rules.tsv", *QUEUE],
    "shrink, the side table": ["a.csv", "policy.toml", "rules.tsv"],
    "shrink, the people": ["a.csv"],
    "unshrink": ["a.csv", "side.tsv"],
    "unshrink, the refused": ["a.csv", "side.tsv"],
    "match": ["a.csv", "b.csv", *QUEUE],
    "match, the summary": ["a.csv", "b.csv"],
    "review export": [*QUEUE, "in.csv", "q/decisions-CP932.tsv"],
    "tables import": ["henkan.csv"],
    "tables export": ["site.csv"],
    "charset sheet": ["site.csv"],
    "charset sheet, the import": ["chart.csv", "site.tsv"],
    "charset compare": ["site.csv"],
    "report residents": [*OF_JOB, *QUEUE, "out/x.csv", *WRITTEN],
    "report summary": [*OF_JOB, *QUEUE, "out/x.csv", *WRITTEN],
}
SPELLINGS = ["itself", "around", "link", "hard link"]
SUFFIX = {
    "report residents": ".html",
    "report summary": ".html",
    "unshrink": ".csv",
    "match, the summary": ".html",
}
PAIRS = [(command, file, how) for command in COMMANDS for file in PROTECTED[command] for how in SPELLINGS]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A converted job with all that a job can name, a decided queue, and tables to shrink and match."""
    from gaiji.model import Picture
    from gaiji.shape.pictures import png

    folder = tmp_path_factory.mktemp("town")
    (folder / "pictures").mkdir()
    (folder / "pictures/F041.png").write_bytes(png(Picture(4, 4, bytes([0, 255, 255, 0] * 4))))
    (folder / "in.csv").write_bytes(
        "id,name\r\n1,山".encode("cp932") + b"\xf0\x40\r\n2,\xf0\x41\r\n3,x,y\r\n"
    )
    (folder / "site.tsv").write_text("code\tucs\tglyph\tflag\nF042\t\tMJ026191\t0\n", "utf-8")
    shutil.copy(folder / "site.tsv", folder / "site.csv")
    (folder / "henkan.csv").write_text("外字コード,MJ文字図形名\nF043,MJ026191\n", "utf-8")
    (folder / "chart.csv").write_text("コード,Unicode,MJ文字図形名,相違,実機の文字\n0xF043,,,,\n", "utf-8")
    (folder / "rules.tsv").write_text("glyph\ttext\nMJ026191\t辻\n", "utf-8")
    (folder / "policy.toml").write_text('[shrink]\nto = "jisx0208"\nreplacements = ["rules.tsv"]\n', "utf-8")
    (folder / "a.csv").write_text("id,name\n1,渡辺\n", "utf-8")
    (folder / "b.csv").write_text("id,name\n1,渡邉\n", "utf-8")
    (folder / "job.toml").write_text(JOB.format(output="out/x.csv", queue="q/review.sqlite"), "utf-8")
    with contextlib.chdir(folder):
        assert run("convert", "job.toml").exit_code == 3
        queue = open_queue("q/review.sqlite")
        item = next(one for one in queue.items() if one.code == "F040")
        made = Decision("字形一致", "MJ026191", decided_by="a", decided_at="2026-01-01")
        Decisions(queue).decide(item.id, made)
        queue.close()
        assert run("review", "apply", "--queue", "q/review.sqlite").exit_code == 0
        assert run("convert", "job.toml").exit_code == 3
        assert run("shrink", "b.csv", "c.csv", "--side", "side.tsv").exit_code in (0, 3)
    return folder


@pytest.fixture
def folder(town, tmp_path):
    shutil.copytree(town, tmp_path / "t")
    with contextlib.chdir(tmp_path / "t"):
        yield tmp_path / "t"


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def spelled(folder, file, how, suffix):
    """A path that means ``file``."""
    if how == "itself":
        return file
    if how == "around":
        return f"q/../{file}"
    other = folder / f"other{suffix}"
    if how == "link":
        other.symlink_to(folder / file)
    else:
        os.link(folder / file, other)
    return other.name


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_walk_is_long_enough():
    assert len(PAIRS) >= 200
    assert {command.split(",")[0].split()[0] for command in COMMANDS} >= {
        "convert",
        "reverse",
        "scan",
        "shrink",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_writes_over_what_is_not_its_own(command, town, tmp_path):
    for number, (_, file, how) in enumerate(pair for pair in PAIRS if pair[0] == command):
        folder = tmp_path / str(number)
        shutil.copytree(town, folder)
        with contextlib.chdir(folder):
            path = spelled(folder, file, how, SUFFIX.get(command, ".csv"))
            before = digests(folder)
            assert same_file(folder / path, folder / file)
            stem = path.rsplit(".", 1)[0]
            done = run(*(argument.format(path, stem=stem) for argument in COMMANDS[command]))
            told = (command, file, how, done.output)
            if command == "review export" and file in QUEUE and how == "hard link":
                said, code = "it has a second name", 1  # such a queue is not opened at all
            else:
                said, code = "path of its own", 2
            assert done.exit_code == code, told
            shown = done.stderr if command == "tables import" else done.output  # its columns are shown first
            assert shown.count("\n") == 1 and said in shown, told
            assert digests(folder) == before, told
        shutil.rmtree(folder)


@pytest.mark.parametrize("file", ["in.csv", "out/x.csv", "q/review.sqlite", "job.toml"])
@pytest.mark.parametrize(
    "side", ["manifest.json", "verify.json", "verify.html", "bad-records.bin", "bad-records.tsv"]
)
def test_what_stands_beside_an_output_is_guarded_too(folder, side, file):
    target = folder / f"out/x.csv.{side}"
    target.unlink(missing_ok=True)
    command = ["verify", "job.toml"] if side.startswith("verify") else ["convert", "job.toml"]
    for link in (os.symlink, os.link):
        link(folder / file, target)
        before = digests(folder)
        done = run(*command)
        assert done.exit_code == 2 and "path of its own" in done.output, done.output
        assert digests(folder) == before
        target.unlink()


def test_a_table_of_decisions_is_not_written_over_the_queue_or_an_input(folder):
    for file in ("q/review.sqlite", "in.csv"):
        (folder / "d").mkdir()
        (folder / "d/decisions-CP932.tsv").symlink_to(folder / file)
        before = digests(folder)
        done = run("review", "apply", "--queue", "q/review.sqlite", "--folder", "d")
        assert done.exit_code == 2 and "path of its own" in done.output
        assert digests(folder) == before
        shutil.rmtree(folder / "d")


def test_a_sheet_is_not_written_over_what_stands_beside_its_queue(folder):
    assert run("convert", "job.toml", "--set", "review.queue=").exit_code == 3
    for file in ("out/x.csv", *WRITTEN, "out/review.sqlite", "in.csv"):
        before = digests(folder)
        done = run("review", "export", "--queue", "out/review.sqlite", "--output", file)
        assert done.exit_code == 2 and "path of its own" in done.output, file
        assert digests(folder) == before


def test_a_standard_stream_into_a_file_of_the_run_is_refused(folder):
    command = [sys.executable, "-m", "gaiji", "convert", "job.toml", "--set", "target.shrink="]
    for file in ("in.csv", "site.tsv", "out/x.csv"):
        for piped in ([], ["--set", "output.path=-"])[: 1 if file.startswith("out") else 2]:
            before = digests(folder)
            with (folder / file).open("ab") as into:
                done = subprocess.run([*command, *piped], stdout=into, stderr=subprocess.PIPE, text=True)
            assert done.returncode == 2 and done.stderr.count("\n") == 1 and "standard output" in done.stderr
            with (folder / file).open("ab") as into:
                done = subprocess.run(
                    [*command, *piped, "--log-json"], stdout=subprocess.DEVNULL, stderr=into
                )
            assert done.returncode == 2
            assert digests(folder) == before


def test_two_spellings_of_one_output_are_one_lock(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")
    (tmp_path / "real/x.csv").write_bytes(b"x")
    (tmp_path / "y.csv").symlink_to("real/x.csv")
    spellings = ["real/x.csv", "linked/x.csv", "y.csv", "real/../linked/x.csv"]
    for one in spellings:
        with OutputLock(tmp_path / one):
            for other in spellings:
                with pytest.raises(OutputError, match="another run"), OutputLock(tmp_path / other):
                    pass


def test_what_is_no_file_is_nobodys(tmp_path):
    null = Place("output", tmp_path / "null")
    null.path.symlink_to(os.devnull)
    keep_apart([null, Place("report", tmp_path / "-")], [Place("input", null.path)])
    with pytest.raises(UsageError, match="it is the output"):
        keep_apart([Place("output", tmp_path / "a"), Place("side", tmp_path / "b/../a")], [])


def test_a_demo_in_the_folder_of_the_samples_is_refused(folder, monkeypatch):
    from gaiji.cli import demo

    monkeypatch.setattr(demo, "samples_dir", lambda: folder)
    before = digests(folder)
    done = run("demo", str(folder))
    assert done.exit_code == 2 and done.output.count("\n") == 1
    assert digests(folder) == before


def test_an_ordinary_second_run_is_not_refused(folder):
    for command in (
        ["convert", "job.toml"],
        ["verify", "job.toml"],
        ["verify", "job.toml"],
        ["convert", "--reverse", "job.toml"],
        ["convert", "--reverse", "job.toml"],
        ["review", "export", "--queue", "q/review.sqlite"],
        ["review", "export", "--queue", "q/review.sqlite"],
        ["review", "apply", "--queue", "q/review.sqlite"],
        ["report", "summary", "job.toml"],
        ["report", "summary", "job.toml"],
        [
            "scan",
            "in.csv",
            "--charset",
            "windows-31j",
            "--format",
            "fixed",
            "--record-length",
            "1",
            "--json",
            "s.json",
        ],
    ):
        done = run(*command)
        assert done.exit_code in (0, 3), (command, done.output)
    assert (
        json.loads((folder / "s.json").read_text("utf-8"))["records"]["read"]
        == (folder / "in.csv").stat().st_size
    )
