"""Reports over the systems of a town: a resident is told once, protected everywhere where one system says so."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.reports.residents import changed_residents
from gaiji.town.project import Town, load_town
from gaiji.town.residents import report_residents, report_summary
from gaiji.town.running import run_town
from tests.test_town_people import sample


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    made = sample(tmp_path_factory.mktemp("town") / "t")
    run_town(made, jobs=1)
    return made


def listed(town: Town, path, **more):
    done = report_residents(town, path, **more)
    return done, list(csv.DictReader(StringIO(path.read_text("utf-8-sig"), newline="")))


def told(town: Town) -> dict[str, set[str]]:
    """Resident → the files in which a character of theirs is told, each file read by itself."""
    out: dict[str, set[str]] = {}
    for file in town.files:
        for row in changed_residents(file.here, key=file.person or "宛名番号").rows:
            out.setdefault(row.key.lstrip("0"), set()).add(file.label)
    return out


def test_a_resident_is_told_once_with_all_systems(town, tmp_path):
    done, table = listed(town, tmp_path / "r.csv")
    expected = told(town)
    assert max(len(files) for files in expected.values()) > 2
    by_key = {row["キー"].lstrip("0"): row for row in table}
    assert len(by_key) == len(table) == done.people
    for key, files in expected.items():
        assert files <= set(by_key[key]["システム"].split("\n"))


def test_every_member_of_a_family_is_a_resident(town, tmp_path):
    """戸籍 has a table of members; the family's name is of all of them, and the numbers are those of 附票."""
    made = {row.key: row for row in changed_residents(next(f for f in town.files if f.person).here).rows}
    done, table = listed(town, tmp_path / "k.csv", systems=["戸籍"])
    source = next((town.folder / "戸籍").glob("*.csv")).read_text("utf-8-sig")
    rows = list(csv.DictReader(StringIO(source, newline="")))
    key = next(name for name in rows[0] if name.startswith("附票宛名番号"))
    members = {row[key].strip() for row in rows if row["戸籍番号"] in made and row[key].strip()}
    named = {row["キー"].strip() for row in table}
    assert len(named) == done.people > len(made) > 3 and named <= members


def test_one_systems_mark_protects_in_all(town, tmp_path):
    expected = told(town)
    text = town.path.read_text("utf-8")
    key = next(
        key for key, files in expected.items() if any("住記" in one for one in files) and len(files) > 1
    )
    path = town.path.with_name("marked.toml")
    added = f'[system.people]\nprotected = {{ "宛名番号" = ["{key.zfill(10)}"] }}\n\n[[system.file]]'
    path.write_text(text.replace("[[system.file]]", added, 1), "utf-8")
    marked = load_town(path)
    done, table = listed(marked, tmp_path / "r.csv")
    assert key not in {row["キー"].lstrip("0") for row in table}
    assert done.written == done.people - 1 and any("支援措置の1人" in note for note in done.notes)


def test_the_summary_counts_people_and_codes_once(town, tmp_path):
    figures = report_summary(town, tmp_path / "s.html")
    people = report_residents(town, tmp_path / "r.csv").people
    assert figures["people"] == people and figures["codes"] == figures["waiting"] > 0
    run = CliRunner().invoke(
        main, ["report", "summary", str(town.path), "--output", str(tmp_path / "t.html")]
    )
    assert run.exit_code == 3 and f"{figures['codes']} codes" in run.output
    run = CliRunner().invoke(
        main, ["report", "residents", str(town.path), "--system", "税", "--output", str(tmp_path / "z.csv")]
    )
    assert "people of 138 records" in run.output
