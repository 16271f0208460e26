"""A town: its project file, its runs, its status and its proof book."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import random
import re
import runpy
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import GaijiError, JobError, OutputError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.run.convert import convert
from gaiji.run.job import KEYS
from gaiji.town.book import write_book
from gaiji.town.project import FILE, IDENTITY, PATHS, SYSTEM, TOWN, TownFile, load_town
from gaiji.town.rehearsal import compare
from gaiji.town.running import TownRun, _Hands, run_town
from gaiji.town.status import page, status_of
from gaiji.town.work import Done

SAMPLE = samples_dir() / "town"


def copy_town(to: Path, *, made: Path = SAMPLE) -> Path:
    """The sample town in a folder of its own; returns its project file."""
    shutil.copytree(made, to, ignore=shutil.ignore_patterns("*.py"))
    return to / "town.toml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TownRun]:
    """The sample town after a run, by one process; its folder and what the run says."""
    folder = tmp_path_factory.mktemp("town") / "town"
    run = run_town(copy_town(folder), jobs=1)
    write_book(run, status_of(run))
    return folder, run


def again(finished: tuple[Path, TownRun], tmp_path: Path) -> Path:
    """A copy of the finished town, to be changed; its project file."""
    return copy_town(tmp_path / "town", made=finished[0])


def converted(run: TownRun) -> set[str]:
    return {one.label for one in run.done if one.converted and not one.error}


def files_of(folder: Path) -> dict[str, str]:
    """What a run leaves, by its path: digests, but for what holds times."""
    timed = ("manifest.json", "verify.json", "verify.html", "book.json", "book.html", ".sqlite")
    found = {}
    for path in sorted((folder / "migration").rglob("*")):
        if path.is_file():
            data = b"" if path.name.endswith(timed) else path.read_bytes()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def queued(folder: Path) -> list[tuple[Any, ...]]:
    """What the queue holds, whatever numbers its items have."""
    query = """SELECT item.system, code, item.gaiji_set, reason, state, source.input, field, role, count, records
               FROM item JOIN usage ON item.id = item_id JOIN source ON source.id = usage.source"""
    database = sqlite3.connect(folder / "migration" / "review.sqlite")
    try:
        return sorted(database.execute(query).fetchall())
    finally:
        database.close()


def proposed(folder: Path) -> list[tuple[Any, ...]]:
    """What the other systems propose, by code."""
    query = """SELECT system, code, gaiji_set, proposal.source, glyph, score
               FROM proposal JOIN item ON item.id = item_id"""
    database = sqlite3.connect(folder / "migration" / "review.sqlite")
    try:
        return sorted(database.execute(query).fetchall())
    finally:
        database.close()


# -- a run ---------------------------------------------------------------------------------------------


def test_the_sample_town_is_what_its_generator_makes(tmp_path):
    made = runpy.run_path(str(SAMPLE / "generate.py"))
    made["main"](tmp_path, 240, 0.1)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (SAMPLE / path.relative_to(tmp_path)).read_bytes(), path


def test_a_run_converts_and_proves_every_file(finished):
    folder, run = finished
    town = load_town(folder / "town.toml")
    assert [file.label for file in town.files] == [one.label for one in run.looked]
    assert not run.failed and converted(run) == {file.label for file in town.files}
    assert {standing.proof for standing in run.now.values()} == {"holds"}
    residents = folder / "migration" / "住記"
    rows = [
        row
        for name in ("juki-honcho.csv", "juki-shisho.csv")
        for row in csv.DictReader((residents / name).open(encoding="utf-8", newline=""))
    ]
    assert len({row["宛名番号"] for row in rows}) == 240
    members = list(csv.DictReader((folder / "migration/戸籍/koseki.csv").open(encoding="utf-8", newline="")))
    assert all(int(row["構成員.occurrence"]) <= int(row["人数"]) for row in members)
    taxed = list(csv.DictReader((folder / "migration/税/zei.csv").open(encoding="utf-8", newline="")))
    assert {row["区分"] for row in taxed} == {"D"}  # neither header nor trailer became a resident


def test_processes_and_one_process_write_the_same_bytes(finished, tmp_path):
    project = copy_town(tmp_path / "town")
    run = run_town(project, jobs=3)
    write_book(run, status_of(run))
    assert files_of(tmp_path / "town") == files_of(finished[0])
    assert queued(tmp_path / "town") == queued(finished[0])


def test_what_is_as_it_was_is_left_alone(finished, tmp_path):
    project = again(finished, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in project.parent.rglob("*.csv")}
    run = run_town(project, jobs=1)
    assert not run.done and not run.failed and not run.applied
    assert {path: path.stat().st_mtime_ns for path in project.parent.rglob("*.csv")} == before
    assert converted(run_town(project, jobs=1, systems=["国保"], every=True)) == {"国保/kokuho"}


def change_input(folder: Path) -> set[str]:
    path = folder / "dumps" / "fukushi.csv"
    path.write_bytes(
        path.read_bytes() + "9999999,山田　太郎,ﾔﾏﾀﾞ ﾀﾛｳ,2000-01-01,本町１丁目\r\n".encode("cp932")
    )
    return {"福祉/fukushi"}


def change_table(folder: Path) -> set[str]:
    path = folder / "site" / "juki.tsv"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), "utf-8")
    return {"住記/juki-honcho", "住記/juki-shisho", "印鑑/inkan"}


def change_layout(folder: Path) -> set[str]:
    path = folder / "layouts" / "kokuho.toml"
    path.write_text(path.read_text("utf-8").replace("証番号", "被保険者証番号"), "utf-8")
    return {"国保/kokuho"}


def change_project(folder: Path) -> set[str]:
    path = folder / "town.toml"
    path.write_text(
        path.read_text("utf-8").replace('format = "csv"', 'format = "csv"\nshift = "reset"\ntrim = "none"'),
        "utf-8",
    )
    return {"福祉/fukushi"}


def spoil_output(folder: Path) -> set[str]:
    path = folder / "migration" / "税" / "zei.csv"
    path.write_bytes(path.read_bytes()[:-20])
    return {"税/zei"}


def remove_manifest(folder: Path) -> set[str]:
    (folder / "migration" / "戸籍" / "koseki.csv.manifest.json").unlink()
    return {"戸籍/koseki"}


def decide(folder: Path) -> set[str]:
    """A clerk decides a code of 住記's set, which 印鑑 shares."""
    queue = open_queue(folder / "migration" / "review.sqlite")
    try:
        item = next(i for i in queue.items() if i.gaiji_set == "住記")
        made = Decision("字形一致", "MJ026191", evidence="台帳", decided_by="見本 花子")
        Decisions(queue).decide(item.id, made)
        used = {field for field, _ in item.counts}
        assert used
        query = "SELECT DISTINCT source.input FROM usage JOIN source ON source.id = usage.source WHERE item_id = ?"
        with sqlite3.connect(folder / "migration" / "review.sqlite") as database:
            inputs = database.execute(query, (item.id,)).fetchall()
        assert inputs
    finally:
        queue.close()
    return {"住記/juki-honcho", "住記/juki-shisho", "印鑑/inkan"}


WITH_CODES = {
    "住記/juki-honcho",
    "住記/juki-shisho",
    "印鑑/inkan",
    "戸籍/koseki",
    "税/zei",
    "国保/kokuho",
    "福祉/fukushi",
}


def lose_queue(folder: Path) -> set[str]:
    """The queue is gone: nobody may be told that nothing waits."""
    for path in (folder / "migration").glob("review.sqlite*"):
        path.unlink()
    return WITH_CODES


def old_queue(folder: Path) -> set[str]:
    """A backup of the queue from before 国保 came is put back."""
    with sqlite3.connect(folder / "migration" / "review.sqlite") as database:
        found = database.execute("SELECT id FROM source WHERE input LIKE '%kokuho%'").fetchone()[0]
        for table in ("usage", "sample", "standing"):
            database.execute(f"DELETE FROM {table} WHERE source = ?", (found,))
        database.execute("DELETE FROM source WHERE id = ?", (found,))
    database.close()
    return {"国保/kokuho"}


@pytest.mark.parametrize(
    "change",
    [
        *(change_input, change_table, change_layout, change_project, spoil_output, remove_manifest, decide),
        *(lose_queue, old_queue),
    ],
)
def test_what_changed_is_converted_again_and_nothing_else(change, finished, tmp_path):
    project = again(finished, tmp_path)
    wanted = change(project.parent)
    looked = run_town(project, dry_run=True, jobs=1)
    unapplied = status_of(looked).unapplied
    run = run_town(project, jobs=1)
    assert not run.failed and converted(run) == wanted
    assert {one.label for one in looked.looked if one.standing.due} == wanted
    if change is decide:  # a decision is taken over by the run itself
        assert len(run.applied) == unapplied == 1 and status_of(run).unapplied == 0
    assert not run_town(project, jobs=1).done


def test_a_file_that_fails_does_not_stop_the_others(tmp_path):
    project = copy_town(tmp_path / "town")
    path = tmp_path / "town" / "dumps" / "koseki.dat"
    path.write_bytes(path.read_bytes()[:-3])
    (tmp_path / "town" / "layouts" / "inkan.toml").unlink()
    run = run_town(project, jobs=1)
    told = {one.label: one.error for one in run.failed}
    assert set(told) == {"戸籍/koseki", "印鑑/inkan"}
    assert all(re.match(r"E\d{4} ", line) and "\n" not in line for line in told.values())
    assert len(converted(run)) == 5
    book = json.loads(write_book(run, status_of(run)).with_suffix(".json").read_bytes())
    assert not book["holds"]
    shown = CliRunner().invoke(main, ["run", str(project), "--jobs", "1"])
    assert shown.exit_code == 1 and "2 failed" in shown.output and "5 as they were" in shown.output


def test_a_dry_run_writes_nothing_and_says_why(tmp_path):
    project = copy_town(tmp_path / "town")
    shown = CliRunner().invoke(main, ["run", str(project), "--dry-run", "--jobs", "1"])
    assert "住記/juki-honcho: would be converted (new)" in shown.output
    assert not (tmp_path / "town" / "migration").exists()


def test_two_runs_of_a_town_do_not_meet(finished, tmp_path):
    from gaiji.disk.lock import OutputLock

    project = again(finished, tmp_path)
    with OutputLock(project.parent / "migration" / "run"), pytest.raises(OutputError, match="E0775"):
        run_town(project, jobs=1)


def test_the_job_file_of_a_file_is_all_that_a_command_needs(finished, tmp_path):
    """What a run writes is what ``gaiji convert`` writes with the job file that it left."""
    project = again(finished, tmp_path)
    before = files_of(project.parent)
    for file in load_town(project).files:
        assert file.path.read_bytes() == file.text
        convert(file.path)
    assert files_of(project.parent) == before
    assert not run_town(project, jobs=1).failed
    shown = CliRunner().invoke(main, ["verify", str(project.parent / "migration/jobs/税/zei.toml")])
    assert "it holds" in shown.output, shown.output


# -- processes that end ----------------------------------------------------------------------------------


def dies_once(file: TownFile, marks: Path) -> Done:
    """An act whose process is killed at the first try of one file."""
    mark = marks / file.name
    if file.name == "inkan" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Done(file.label)


def dies(file: TownFile) -> Done:
    """An act whose process is killed by one file whenever it comes."""
    if file.name == "inkan":
        os.kill(os.getpid(), signal.SIGKILL)
    return Done(file.label)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_is_killed_takes_no_other_file_with_it(tmp_path):
    files = load_town(SAMPLE / "town.toml").files
    with _Hands(len(files), 2, progress=False) as hands:
        done = list(hands.each(dies_once, [(file, tmp_path) for file in files]))
        assert [one.label for one in done] == [file.label for file in files]
        assert not any(one.error for one in done)
    with _Hands(len(files), 2, progress=False) as hands:
        done = list(hands.each(dies, [(file,) for file in files]))
        assert [one.label for one in done if one.error] == ["印鑑/inkan"]
        assert "ended from outside" in next(one.error for one in done if one.error)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_run_goes_on_to_the_same_bytes(tmp_path):
    """kill -9 at 30 random moments of a run, the process that leads it; then --resume."""
    rng = random.Random(18)
    gaiji = [sys.executable, "-m", "gaiji", "run", "town.toml"]
    began = time.monotonic()
    copy_town(tmp_path / "timed")
    subprocess.run(gaiji, cwd=tmp_path / "timed", capture_output=True, check=False)
    length = time.monotonic() - began
    whole, asked = files_of(tmp_path / "timed"), queued(tmp_path / "timed") + proposed(tmp_path / "timed")
    for number in range(30):
        folder = tmp_path / f"town{number}"
        copy_town(folder)
        process = subprocess.Popen(gaiji, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.1, length))
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = subprocess.run([*gaiji, "--resume"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 3, (number, done.stderr)
        assert files_of(folder) == whole, number
        assert queued(folder) + proposed(folder) == asked, number
        shutil.rmtree(folder)


# -- the project file ------------------------------------------------------------------------------------

LEAST = """[town]
name = "町"
[[system]]
name = "住記"
charset = "fujitsu-jef-ebcdik"
[[system.file]]
path = "dumps/juki-honcho.dat"
format = "fixed"
layout = "layouts/juki.cpy"
"""


def refused(tmp_path: Path, text: str) -> str:
    if not (tmp_path / "dumps").exists():
        copy_town(tmp_path / "sample")
        for name in ("dumps", "layouts"):
            shutil.copytree(tmp_path / "sample" / name, tmp_path / name)
    path = tmp_path / "town.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(JobError) as caught:
        load_town(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_least_project_file_is_enough(tmp_path):
    copy_town(tmp_path / "town")
    (tmp_path / "town" / "town.toml").write_text(LEAST, "utf-8")
    town = load_town(tmp_path / "town" / "town.toml")
    assert town.files[0].job.owner == ("町", "住記")  # each system's 外字 are its own


@pytest.mark.parametrize(
    ("old", "new", "number"),
    [
        ("[town]", "[towns]", "E0756"),
        ('name = "町"\n', "", "E0259"),
        ('name = "町"', 'name = "町"\ncode = "011003"', "E0758"),
        ('name = "町"', 'name = "町"\nfolders = "x"', "E0258"),
        ('charset = "fujitsu', 'charsets = "fujitsu', "E0258"),
        ('format = "fixed"', 'format = "fix"', "E0379"),
        ('format = "fixed"', 'format = "fixed"\nformats = "x"', "E0258"),
        ('.cpy"', '.cpy"\n[system.file.output]\nbomb = true', "E0258"),
        ('charset = "fujitsu-jef-ebcdik"', 'charset = ""', "E0755"),
        ('layout = "layouts/juki.cpy"', "", "E0755"),
        ("dumps/juki-honcho.dat", "dumps/none-*.dat", "E0754"),
        ('path = "dumps/juki-honcho.dat"', 'path = "dumps/juki-*.dat"\nname = "juki"', "E0753"),
        ('path = "dumps/juki-honcho.dat"', 'path = "dumps/juki-*.dat"\noutput = "juki.csv"', "E0753"),
        ('name = "住記"', 'name = "a/b"', "E0759"),
        ('name = "住記"', 'name = ".."', "E0759"),
        ('[[system]]\nname = "住記"', "[[system]]\nname = 3", "E0260"),
        ("[[system.file]]", "[system.file]", "E0757"),
        ("[[system]]", "[system]", "E0757"),
        ("[town]", "[town", "E0752"),
    ],
)
def test_a_project_file_that_is_wrong_is_refused_by_name(old, new, number, tmp_path):
    assert old in LEAST
    assert refused(tmp_path, LEAST.replace(old, new, 1)).startswith(number)


def test_two_files_never_have_one_output(tmp_path):
    more = '[[system.file]]\npath = "dumps/juki-shisho.dat"\nformat = "fixed"\nlayout = "layouts/juki.cpy"\n'
    assert refused(tmp_path, LEAST + more + 'name = "juki-honcho"\n').startswith("E0760")
    assert refused(tmp_path, LEAST + more + 'output = "juki-honcho.csv"\n').startswith("E0760")
    twice = LEAST + LEAST[LEAST.index("[[system]]") :]
    assert refused(tmp_path, twice).startswith("E0760")


def test_all_that_has_no_answer_is_told_at_once(tmp_path):
    text = LEAST.replace('"fujitsu-jef-ebcdik"', '""') + '[[system.file]]\npath = "dumps/inkan.dat"\n'
    told = refused(tmp_path, text)
    assert "dumps/juki-honcho.dat (charset)" in told and "dumps/inkan.dat (charset, format)" in told


def test_every_key_that_names_a_file_is_seen_from_the_project_file():
    """A key that somebody adds to a job must say here whether it names a file."""
    words = re.compile(r"\b(file|copybook|tables?|queue|pictures)\b")
    no_files = {
        *("source.charset", "source.format", "source.redefines", "source.replacing", "source.depending"),
        *("source.copybook_encoding", "source.sync", "output.format", "output.encoding", "output.widths"),
        *("output.rows", "review.context", "review.roles", "review.key", "review.samples", "review.dots"),
        *("review.lost", "review.household", "review.site", "source.preset", "source.options"),
        *("source.gaiji_set", "source.header", "source.roles"),
    }
    named = {
        f"{section}.{key}"
        for section, keys in KEYS.items()
        for key, rule in keys.items()
        if words.search(rule.what)
    }
    assert named - no_files <= {f"{section}.{key}" for section, keys in PATHS.items() for key in keys}


def test_columns_of_a_receiver_go_through_a_town(tmp_path):
    """Tables of code values and lists of items lie where the project file says, and count as what a file is
    made of."""
    project = copy_town(tmp_path / "town")
    (tmp_path / "town" / "codes.csv").write_text("old,new\n1,M\n2,F\n", "utf-8")
    (tmp_path / "town" / "items.csv").write_text(
        "item,length,unit,required\n番号,15,characters,yes\n", "utf-8"
    )
    columns = """
[system.file.output]
items = "items.csv"
[[system.file.output.column]]
name = "番号"
field = "宛名番号"
[[system.file.output.column]]
field = "性別"
codes = "codes.csv"
"""
    text = project.read_text("utf-8").replace(
        'household = "世帯番号"\n', f'household = "世帯番号"\n{columns}', 1
    )
    project.write_text(text, "utf-8")
    assert not run_town(project, jobs=1, systems=["住記"]).failed
    rows = list(
        csv.reader((tmp_path / "town/migration/住記/juki-shisho.csv").open(encoding="utf-8", newline=""))
    )
    assert rows[0] == ["番号", "性別"] and {row[1] for row in rows[1:]} == {"M", "F"}
    (tmp_path / "town" / "codes.csv").write_text("old,new\n1,男\n2,女\n", "utf-8")
    again = run_town(project, jobs=1, systems=["住記"])
    assert converted(again) == {"住記/juki-honcho", "住記/juki-shisho"}
    assert {one.standing.why for one in again.looked} == {("table",)}


def test_an_output_for_another_system_is_made_again_with_its_policy(tmp_path):
    project = copy_town(tmp_path / "town")
    (tmp_path / "town" / "p.toml").write_text('[shrink]\nto = "cp932"\n', "utf-8")
    text = project.read_text("utf-8")
    where = 'preset = "kihon-data-list"\nkey = "宛名番号"\n'
    assert where in text
    project.write_text(text.replace(where, where + '[system.file.target]\nshrink = "p.toml"\n'), "utf-8")
    run = run_town(project, jobs=1, systems=["福祉"])
    assert not run.failed and (tmp_path / "town/migration/福祉/fukushi.cp932.csv").exists()
    assert not run_town(project, jobs=1, systems=["福祉"]).done
    (tmp_path / "town" / "p.toml").write_text('[shrink]\nto = "jisx0213"\n', "utf-8")
    again = run_town(project, jobs=1, systems=["福祉"])
    assert converted(again) == {"福祉/fukushi"} and again.looked[0].standing.why == ("shrink",)


def test_decisions_are_written_where_the_jobs_look_for_them(tmp_path):
    """With a queue on a server too, which lies in no folder."""
    from gaiji.town.queued import folders

    project = copy_town(tmp_path / "town")
    project.write_text(
        project.read_text("utf-8").replace('folder = "migration"', 'queue = "postgresql://127.0.0.1/gaiji"'),
        "utf-8",
    )
    for town in (load_town(project), load_town(copy_town(tmp_path / "file"))):
        looked = {os.path.realpath(file.job.decisions_path("JEF").parent) for file in town.files}
        assert {os.path.realpath(path) for path in folders(town)} == looked


def test_every_reason_to_convert_again_has_words(finished):
    folder, _ = finished
    from gaiji.run.plan import Plan
    from gaiji.town.standing import WHY

    job = load_town(folder / "town.toml").files[-1].job
    shrunk = dataclasses.replace(job, target={**job.target, "shrink": "cp932"})
    assert set(Plan.of(shrunk).identity) <= set(WHY)


def test_the_check_digit_of_a_town_is_checked(tmp_path):
    for code in ("011002", "131016", "271004", "402303"):  # 札幌市, 千代田区, 大阪市, 糸島市
        copy_town(tmp_path / code)
        text = LEAST.replace('name = "町"', f'name = "町"\ncode = "{code}"')
        (tmp_path / code / "town.toml").write_text(text, "utf-8")
        assert load_town(tmp_path / code / "town.toml").code == code


# -- status and book -------------------------------------------------------------------------------------


def test_the_status_counts_what_lies_there(finished, tmp_path):
    folder, run = finished
    status = status_of(run)
    assert json.loads(status.json())["town"] == "見本市"
    for one in status.systems:
        records = 0
        for path in (folder / "migration" / one.name).glob("*.csv"):
            rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
            records += len({row["戸籍番号"] for row in rows}) if one.name == "戸籍" else len(rows)
        assert (one.records, one.verified, one.stale, one.failed) == (records, one.files, 0, 0), one.name
    waiting = [row for row in queued(folder) if row[4] == "open"]
    assert status.waiting == len({row[:4] for row in waiting}) == status.codes
    for one in status.systems:
        own = [row for row in waiting if f"dumps/{DUMPS[one.name]}" in row[5]]
        assert (one.waiting, one.entries) == (len({row[:4] for row in own}), sum(row[9] for row in own))
    assert status.exit_code == 3 and "review serve" in status.next[0]
    shown = page(status)
    assert "見本市" in shown and "http" not in shown and "<script" not in shown


def test_what_is_flagged_and_no_question_for_a_clerk_is_no_clean_town(tmp_path):
    """A bad number waits for nobody, but the town is not done without a word."""
    project = copy_town(tmp_path / "town")
    text = project.read_text("utf-8")
    first = text.index("[[system]]")
    juki = text[first : text.index("[[system]]", first + 1)].replace("juki-*.dat", "juki-honcho.dat")
    project.write_text(text[:first].replace('key = "宛名番号"', "") + juki, "utf-8")
    path = tmp_path / "town" / "dumps" / "juki-honcho.dat"
    raw = bytearray(path.read_bytes()[:2000])
    raw[94] = 0xFF  # the sign of a packed date
    path.write_bytes(raw)
    status = status_of(run_town(project, jobs=1))
    assert (status.waiting, status.exit_code) == (0, 3)
    assert status.files[0].flagged == {"bad-number": 1} and "flagged" in status.next[-1]


DUMPS = {"住記": "juki", "印鑑": "inkan", "戸籍": "koseki", "税": "zei", "国保": "kokuho", "福祉": "fukushi"}


def test_the_book_tells_the_digest_of_every_file(finished):
    folder, _ = finished
    book = json.loads((folder / "migration" / "book.json").read_bytes())
    assert book["holds"] and book["cells"]["changed"] == 0
    told = {file["sha256"] for s in book["systems"] for one in s["files"] for file in one["files"]}
    there = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for below in ("dumps", "migration/jobs", *(f"migration/{name}" for name in DUMPS))
        for path in (folder / below).rglob("*")
        if path.is_file()
    }
    assert told == there
    printed = (folder / "migration" / "book.html").read_text("utf-8")
    assert hashlib.sha256((folder / "migration" / "book.json").read_bytes()).hexdigest() in printed
    assert all(digest in printed for digest in told)
    records = sum(one["records"]["written"] for s in book["systems"] for one in s["files"])
    assert book["records"]["written"] == records > 0
    names = {row["氏名"] for row in csv.DictReader((folder / "migration/税/zei.csv").open(encoding="utf-8"))}
    assert not any(name in printed for name in names)
    assert "src=" not in printed and "http" not in printed


def test_the_commands_say_what_they_made(finished, tmp_path):
    project = again(finished, tmp_path)
    shown = CliRunner().invoke(main, ["run", str(project), "--jobs", "1"])
    assert shown.exit_code == 3, shown.output
    assert "7 as they were" in shown.output and "proof book: " in shown.output
    json_path, html = tmp_path / "s.json", tmp_path / "s.html"
    asked = ["status", str(project), "--jobs", "1", "--json", str(json_path), "--page", str(html)]
    shown = CliRunner().invoke(main, asked)
    assert shown.exit_code == 3 and "next: " in shown.output
    assert json.loads(json_path.read_bytes())["waiting"] > 0 and html.read_text("utf-8").startswith(
        "<!doctype"
    )
    shown = CliRunner().invoke(main, ["status", str(project), "--json", str(tmp_path / "town/town.toml")])
    assert shown.exit_code != 0 and (tmp_path / "town/town.toml").read_bytes() == project.read_bytes()
    assert isinstance(shown.exception, SystemExit)
    with pytest.raises(GaijiError, match="has no system"):
        run_town(project, systems=["住基"])


# -- the beginning ---------------------------------------------------------------------------------------


def test_a_project_file_begins_with_empty_keys_and_guesses(tmp_path, monkeypatch):
    """The walk of a newcomer: a folder of dumps, the answers that the comments propose, the same outputs."""
    copy_town(tmp_path / "town")
    monkeypatch.chdir(tmp_path / "town")
    Path("town.toml").rename("answered.toml")
    shown = CliRunner().invoke(main, ["init", "--town", "."])
    assert shown.exit_code == 0, shown.output
    assert CliRunner().invoke(main, ["init", "--town", "."]).exit_code == 2  # never written over
    text = Path("town.toml").read_text("utf-8")
    refused = CliRunner().invoke(main, ["run", "town.toml"])
    assert refused.exit_code == 2 and "E0755" in refused.output and not Path("migration").exists()
    right = {
        "fukushi.csv": ("windows-31j", "csv", ""),
        "inkan.dat": ("fujitsu-jef-ebcdik", "fixed", "layouts/inkan.toml"),
        "juki-*.dat": ("fujitsu-jef-ebcdik", "fixed", "layouts/juki.cpy"),
        "kokuho.txt": ("nec-jips-j-jis8", "lines", "layouts/kokuho.toml"),
        "koseki.dat": ("hitachi-keis83-ebcdik", "vb", "layouts/koseki.cpy"),
        "zei.dat": ("ibm-930 | ibm-939", "fixed", None),
    }
    parts = text.split("[[system.file]]")[1:]
    assert len(parts) == len(right)
    for part in parts:
        name = re.search(r'path = "dumps/([^"]+)"', part)[1]
        charset, format_, layout = right[name]
        assert f"guess: {charset}, in which" in part and f"guess: {format_}, for" in part
        assert 'format = ""' in part and 'charset = ""' in part
        assert layout is None or ("guess: " + layout in part if layout else "layout" not in part)
    answered = text.replace('name = "" ', 'name = "見本市" ', 1)
    for name, (charset, format_, layout) in right.items():
        if name == "zei.dat":  # record types: no layout answers for them
            continue
        at = answered.index(f'"dumps/{name}"')
        tail = answered[at:].replace('charset = ""', f'charset = "{charset}"', 1)
        tail = tail.replace('format = ""', f'format = "{format_}"', 1)
        answered = answered[:at] + (
            tail.replace('layout = ""', f'layout = "{layout}"', 1) if layout else tail
        )
    Path("town.toml").write_text(
        answered[: answered.index('\n[[system.file]]\npath = "dumps/zei.dat"')], "utf-8"
    )
    run = run_town("town.toml", jobs=1)
    assert len(converted(run)) == 6 and not run.failed


def test_no_dump_is_no_project_file(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, number in ((tmp_path / "empty", "E0766"), (tmp_path / "none", "E0765")):
        asked = ["init", "--town", str(folder), "--job", str(tmp_path / "t.toml")]
        shown = CliRunner().invoke(main, asked)
        assert shown.exit_code == 2 and number in shown.output
    assert not (tmp_path / "t.toml").exists()


# -- the page ----------------------------------------------------------------------------------------------


def test_the_walk_of_the_page_does_what_it_shows(tmp_path, monkeypatch):
    text = (Path(__file__).parents[1] / "docs" / "town.md").read_text("utf-8")
    copy_town(tmp_path / "town")
    monkeypatch.chdir(tmp_path / "town")
    answered = Path("town.toml").read_text("utf-8")
    Path("town.toml").unlink()
    for number, shown in enumerate(re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
        if number == 1:
            assert "".join(Path("town.toml").read_text("utf-8").splitlines(keepends=True)[:24]) in text
            Path("town.toml").write_text(answered, "utf-8")
        for command, wanted in re.findall(r"^\$ (.*?)\n((?:(?!\$ ).*\n)*)", shown, re.MULTILINE):
            done = CliRunner().invoke(main, command.split()[1:])
            same = [
                re.sub(r"[\d.]+ s$", "… s", one) for one in (done.output, wanted) for one in one.splitlines()
            ]
            assert same[: len(same) // 2] == same[len(same) // 2 :], command


def test_the_page_names_every_key():
    text = (Path(__file__).parents[1] / "docs" / "town.md").read_text("utf-8")
    for head, keys in (
        ("[town]", TOWN),
        ("[identity]", IDENTITY),
        ("[[system]]", SYSTEM),
        ("[[system.file]]", FILE),
    ):
        for key, rule in keys.items():
            assert f"| `{head} {key}` | {rule.what}" in text


# -- rehearsals ------------------------------------------------------------------------------------------


def test_two_runs_are_compared_and_each_difference_has_its_cause(tmp_path):
    """A decision, a site table and the input changed between two rehearsals; each cell says which."""
    project = copy_town(tmp_path / "town")
    shown = CliRunner().invoke(main, ["run", str(project), "--jobs", "1", "--keep", "first"])
    folder = project.parent / "migration"
    kept = folder / "kept" / "first"
    assert f"kept for gaiji compare: {kept}" in shown.output
    before = {path.name: path.read_bytes() for path in kept.rglob("*.csv")}
    assert not compare(kept, folder).differs
    queue = open_queue(folder / "review.sqlite")  # a clerk decides a code of 住記
    try:
        item = next(i for i in queue.items() if i.gaiji_set == "住記")
        Decisions(queue).decide(item.id, Decision("字形一致", "MJ026200", evidence="台帳", decided_by="見本"))
        decided = sum(item.records.values())
    finally:
        queue.close()
    site = project.parent / "site" / "kokuho.tsv"  # the town's own table changes its mind
    lines = site.read_text("utf-8").splitlines()
    row = lines[1].split("\t")
    row[2] = "MJ026205"
    site.write_text("\n".join([lines[0], "\t".join(row), *lines[2:]]) + "\n", "utf-8")
    dump = project.parent / "dumps" / "fukushi.csv"  # somebody moved, somebody left, somebody came
    raw = dump.read_bytes().split(b"\r\n")
    moved = raw[1].split(b",")
    moved[4] = "西町９丁目".encode("cp932")
    came = "9999999,山田　太郎,ﾔﾏﾀﾞ ﾀﾛｳ,2000-01-01,本町".encode("cp932")
    dump.write_bytes(b"\r\n".join([raw[0], b",".join(moved), *raw[3:-1], came, b""]))
    assert "0 failed" in CliRunner().invoke(main, ["run", str(project), "--jobs", "1"]).output
    found = compare(kept, folder)
    causes = {one.label: dict(one.causes) for one in found.files if one.causes}
    assert set(causes) == {
        "福祉/fukushi",
        "国保/kokuho",
        *(label for label in causes if label.startswith(("住記", "印鑑"))),
    }
    assert causes["福祉/fukushi"] == {"input": 1} and list(causes["国保/kokuho"]) == ["table"]
    of_set = [counts for label, counts in causes.items() if label.startswith(("住記", "印鑑"))]
    assert all(list(counts) == ["decision"] for counts in of_set)
    assert sum(counts["decision"] for counts in of_set) == decided
    fukushi = next(one for one in found.files if one.label == "福祉/fukushi")
    assert (fukushi.gone, fukushi.added, fukushi.fields) == (1, 1, {"住所": 1})
    assert (
        next(one for one in compare(kept, folder, delta=True).files if one.label == "福祉/fukushi").gone == 0
    )
    assert {path.name: path.read_bytes() for path in kept.rglob("*.csv")} == before  # what is kept stays
    listed = tmp_path / "differences.csv"
    shown = CliRunner().invoke(main, ["compare", str(kept), str(folder), "--output", str(listed)])
    assert shown.exit_code == 3 and "cells by a decision" in shown.output
    rows = list(csv.DictReader(listed.open(encoding="utf-8-sig", newline="")))
    assert len(rows) == sum(sum(counts.values()) for counts in causes.values())
    assert any(
        row["field"] == "住所" and row["new"] == "西町９丁目" and row["why"] == "input" for row in rows
    )
    for spared in (folder / "住記/juki-honcho.csv", kept / "run.json", project.parent / "site/juki.tsv"):
        bytes_of = spared.read_bytes()
        refused = CliRunner().invoke(main, ["compare", str(kept), str(folder), "--output", str(spared)])
        assert refused.exit_code != 0 and spared.read_bytes() == bytes_of, spared
    again = CliRunner().invoke(main, ["run", str(project), "--keep", "first"])
    assert again.exit_code == 2 and "E0772" in again.output
    assert CliRunner().invoke(main, ["compare", str(tmp_path), str(folder)]).exit_code == 1


def one_system(folder: Path, files: str, dumps: dict[str, bytes]) -> Path:
    """A town of one CSV system with made-up residents."""
    (folder / "dumps").mkdir(parents=True)
    for name, data in dumps.items():
        (folder / "dumps" / name).write_bytes(data)
    text = '[town]\nname = "町"\n[[system]]\nname = "住記"\ncharset = "windows-31j"\nformat = "csv"\nkey = "番号"\n'
    (folder / "town.toml").write_text(text + files, "utf-8")
    return folder / "town.toml"


PEOPLE = "番号,氏名\r\n0000001,山田太郎\r\n0000002,高橋花子\r\n0000003,佐藤一郎\r\n".encode("cp932")
OTHERS = "番号,氏名\r\n0000004,鈴木太郎\r\n".encode("cp932")


def told(*words: str) -> str:
    shown = CliRunner().invoke(main, [*words])
    assert not shown.exception or isinstance(shown.exception, SystemExit), shown.exception
    return shown.output


@pytest.mark.parametrize("writes", [1, 2])
def test_a_proof_cut_short_at_any_write_is_made_again(tmp_path, monkeypatch, writes):
    """A run killed between the two files of a proof once left a report that holds, without its page."""
    from gaiji.proof import verify as proof

    project = one_system(tmp_path, '[[system.file]]\npath = "dumps/a.csv"\n', {"a.csv": PEOPLE})
    told("run", str(project), "--jobs", "1")
    whole, done, write_whole = files_of(tmp_path), [], proof.write_whole
    for path in (tmp_path / "migration").rglob("*.verify.*"):
        path.unlink()

    def dies(path, *args, **more):
        write_whole(path, *args, **more)
        done.append(path)
        if len(done) == writes:
            raise KeyboardInterrupt

    monkeypatch.setattr(proof, "write_whole", dies)
    job = next((tmp_path / "migration").rglob("*.toml"))
    with pytest.raises(KeyboardInterrupt):
        proof.verify(job)
    monkeypatch.undo()
    told("run", str(project), "--resume", "--jobs", "1")
    assert files_of(tmp_path) == whole


def test_outputs_of_one_name_in_two_folders_are_kept_as_they_are(tmp_path):
    files = '[[system.file]]\npath = "dumps/a.csv"\noutput = "a/juki.csv"\n'
    files += '[[system.file]]\npath = "dumps/b.csv"\noutput = "b/juki.csv"\n'
    files += '[[system.file]]\npath = "dumps/c.csv"\noutput = "../above.csv"\n'
    project = one_system(tmp_path, files, {"a.csv": PEOPLE, "b.csv": OTHERS, "c.csv": OTHERS})
    told("run", str(project), "--jobs", "1")
    before = files_of(tmp_path)
    assert "kept for gaiji compare" in told("run", str(project), "--jobs", "1", "--keep", "r1")
    kept = tmp_path / "migration" / "kept" / "r1"
    now = {path: digest for path, digest in files_of(tmp_path).items() if "/kept/" not in path}
    assert now == before
    assert not any(path.stat().st_nlink > 1 for path in kept.rglob("*") if path.is_file())
    found = compare(kept, tmp_path / "migration")
    assert [(one.label, one.both, one.missing) for one in found.files] == [
        ("住記/a", 3, ""),
        ("住記/b", 1, ""),
        ("住記/c", 1, ""),
    ]
    assert not found.differs
    path = kept / "住記" / "a" / "juki.csv"
    path.write_bytes(path.read_bytes().replace("山田".encode(), "川田".encode()))
    spoilt = compare(kept, tmp_path / "migration")
    assert "E0776" in spoilt.files[0].missing and not spoilt.files[1].missing  # told, and hides no other


def test_people_are_compared_by_their_key_under_whatever_name(tmp_path):
    files = '[[system.file]]\npath = "dumps/a.csv"\n[[system.file.output.column]]\nname = "ATENA"\nfield = "番号"\n'
    files += '[[system.file.output.column]]\nfield = "氏名"\n'
    project = one_system(tmp_path, files, {"a.csv": PEOPLE})
    told("run", str(project), "--jobs", "1", "--keep", "r1")
    lines = PEOPLE.split(b"\r\n")
    (tmp_path / "dumps" / "a.csv").write_bytes(b"\r\n".join([lines[0], *lines[2:]]))
    told("run", str(project), "--jobs", "1")
    one = compare(tmp_path / "migration/kept/r1", tmp_path / "migration").files[0]
    assert (one.both, one.same, one.gone, one.added, one.by_number) == (2, 2, 1, 0, False)
    project.write_text(
        project.read_text("utf-8").replace(
            '[[system.file.output.column]]\nname = "ATENA"\nfield = "番号"\n', ""
        ),
        "utf-8",
    )
    told("run", str(project), "--jobs", "1")
    assert compare(tmp_path / "migration/kept/r1", tmp_path / "migration").files[0].by_number


def test_a_town_s_folder_may_be_a_link_to_another_disk(tmp_path):
    project = one_system(tmp_path / "town", '[[system.file]]\npath = "dumps/a.csv"\n', {"a.csv": PEOPLE})
    (tmp_path / "disk" / "far").mkdir(parents=True)
    (tmp_path / "town" / "migration").symlink_to(tmp_path / "disk" / "far")
    assert "1 converted (3 records), 1 proved" in told("run", str(project), "--jobs", "1")
    assert (tmp_path / "disk" / "far" / "住記" / "a.csv").exists()
    assert "1 as they were" in told("run", str(project), "--jobs", "1")


def test_names_with_signs_of_patterns_are_names_where_there_is_such_a_file(tmp_path):
    project = one_system(tmp_path, '[[system.file]]\npath = "dumps/a[1].csv"\n', {"a[1].csv": PEOPLE})
    assert "1 converted (3 records)" in told("run", str(project), "--jobs", "1")
    text = project.read_text("utf-8")
    for name in ("jobs", "Kept", "book.html", "review.sqlite", "decisions-x.tsv"):
        project.write_text(text.replace('name = "住記"', f'name = "{name}"'), "utf-8")
        with pytest.raises(JobError, match="E0777"):
            load_town(project)
    project.write_text(text.replace('name = "住記"', 'name = "CON"'), "utf-8")
    with pytest.raises(JobError, match="E0759"):
        load_town(project)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_that_is_stopped_stops(jobs, tmp_path):
    files = "".join(f'[[system.file]]\npath = "dumps/{n}.csv"\n' for n in range(60))
    project = one_system(tmp_path, files, {f"{n}.csv": PEOPLE for n in range(60)})
    command = [sys.executable, "-m", "gaiji", "run", str(project), "--jobs", jobs]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not list((tmp_path / "migration").glob("住記/*.csv")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    shown = process.communicate(timeout=60)[1]
    made = len(list((tmp_path / "migration").glob("住記/*.csv")))
    assert (
        process.returncode == 1 and "E0016" in shown and "--resume" in shown and "Traceback" not in shown
    ), shown
    assert made < 60
    assert "60 of 60 files converted" in told("run", str(project), "--resume", "--jobs", "1")


def test_the_review_screen_shows_the_town_first(finished):
    flask = pytest.importorskip("flask")
    from gaiji.review.web.app import create_app
    from gaiji.shape.pictures import Gallery
    from gaiji.town.status import glance, on_screen

    assert flask
    folder, run = finished
    town = load_town(folder / "town.toml")
    queue = open_queue(town.queue)
    try:
        app = create_app(Decisions(queue), Gallery([]), "t", idle=60, town=lambda: on_screen(glance(town)))
        client, where = app.test_client(), "http://127.0.0.1:8000"
        assert client.get("/town", base_url=where).status_code == 403  # nobody without the token
        assert client.get("/town?open=t", base_url=where).headers["Location"] == "/town"
        text = client.get("/town", base_url=where).get_data(as_text=True)
        assert "見本市" in text and "style=" not in text and "<style" not in text
        for one in status_of(run).systems:
            assert f"<td>{one.name}</td>" in text and f">{one.characters:,}</td>" in text
        assert "/town" in client.get("/", base_url=where).get_data(as_text=True)
    finally:
        queue.close()
    assert glance(town).files == status_of(run).files


def test_what_the_project_has_no_more_is_told(finished, tmp_path):
    project = again(finished, tmp_path)
    (project.parent / "dumps" / "juki-shisho.dat").unlink()  # the pattern means one file less
    run = run_town(project, jobs=1)
    status = status_of(run)
    assert status.left == ["住記/juki-shisho"] and any("juki-shisho" in line for line in status.next)
    book = write_book(run, status)
    assert json.loads(book.with_suffix(".json").read_bytes())["left"] == ["住記/juki-shisho"]
    assert "住記/juki-shisho" in book.read_text("utf-8")
    assert not status_of(run_town(project, jobs=1, systems=["税"])).left
