"""Grades of evidence, from the table to the manifest and the page; notes, disputes and errata where they are asked for.

The expected numbers are counted here from the tables' own text, row by row.
"""

from __future__ import annotations

import csv
import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import main
from gaiji.errors import TableError

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "mappings" / "tables"
JOB = """[source]
path = "d.dat"
charset = "fujitsu-jef"
format = "fixed"
record_length = 40
tables = [{tables}]
[[field]]
name = "氏名"
offset = 0
length = 20
type = "dbcs"
role = "name"
[[field]]
name = "世帯主"
offset = 20
length = 20
type = "dbcs"
role = "name"
[output]
path = "out/o.csv"
[review]
one-source = {asked}
"""


def rows(table: str) -> dict[str, dict[str, str]]:
    with (TABLES / f"{table}.tsv").open(encoding="utf-8", newline="") as stream:
        return {r["code"]: r for r in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)}


def record(*fields: str) -> bytes:
    return b"".join(bytes.fromhex(codes).ljust(20, b"\x40") for codes in fields)


def write(folder: Path, records: list[bytes], asked: bool = False, tables: str = "") -> Path:
    (folder / "d.dat").write_bytes(b"".join(records))
    (folder / "job.toml").write_text(JOB.format(asked=str(asked).lower(), tables=tables), "utf-8")
    return folder / "job.toml"


def test_the_manifest_counts_every_name_field_by_grade_and_people_once(tmp_path: Path) -> None:
    """A made-up dump; the expected sums come from the tables' text, field by field and person by person."""
    jef, standard = rows("fujitsu/jef-extension"), rows("fujitsu/jef-jis78")
    sure = [code for code, row in jef.items() if row["glyph"] and "|" not in row["glyph"]]
    people = []
    for n in range(700):
        first = sure[(n * 37) % len(sure)] if n % 3 == 0 else "C4D4"
        second = sure[(n * 91) % len(sure)] if n % 4 == 0 else "C5C4"
        people.append((["C4D4", first, first] if n % 5 else [first], [second, "C5C4"]))
    site = tmp_path / "city.tsv"
    site.write_text("code\tucs\tglyph\n80A1\t\tMJ026191\n80A2\t0041 002C 0042\t\n", "utf-8")
    people += [(["80A1", "80A2"], ["C4D4"])]
    job = write(tmp_path, [record("".join(a), "".join(b)) for a, b in people], tables='"city.tsv"')
    made = gaiji.convert(job).data["fields"]
    both = {code: row["grade"] for code, row in jef.items()} | dict.fromkeys(("80A1", "80A2"), "site")
    weak: set[int] = set()
    for at, name in enumerate(("氏名", "世帯主")):
        units = [code for person in people for code in person[at]]
        assert all(code in both or code in standard for code in units)
        expected = Counter(both.get(code, "standard") for code in units)
        grades = made[name]["grades"]
        assert {g: n for g, n in grades.items() if g != "standard"} == {
            g: expected[g] for g in ("two", "one", "inferred", "site")
        }
        blanks = made[name]["units"] - len(units)
        assert grades["standard"] == expected["standard"] + blanks
        here = {i for i, p in enumerate(people) if any(both.get(c) in ("one", "inferred") for c in p[at])}
        assert made[name]["one_source_records"] == len(here - weak)
        weak |= here
    text = (tmp_path / "out" / "o.csv").read_text("utf-8")
    assert '"' in text and "A,B" in text  # what a CSV must quote is quoted, counted or not


def test_one_source_puts_each_code_before_a_person_once(tmp_path: Path) -> None:
    from gaiji.queue.decisions import Decision, Decisions
    from gaiji.queue.queue import open_queue
    from gaiji.review.sheets.apply import apply

    records = [record("41A3C4D4", "41A3"), record("41A1", "C4D4"), record("41A3", "C4D4")]
    silent = gaiji.convert(write(tmp_path, records))
    assert silent.data["review"]["codes"] == 0 and not silent.data["findings"]
    before = (tmp_path / "out" / "o.csv").read_text("utf-8")
    asked = gaiji.convert(write(tmp_path, records, asked=True))
    assert {(f["code"], f["reason"]) for f in asked.data["findings"]} == {("41A3", "one-source")}
    assert asked.data["review"] | {"queue": ""} == {"queue": "", "codes": 1, "waiting": 1, "as_decided": True}
    assert (tmp_path / "out" / "o.csv").read_text("utf-8") == before
    for name in ("氏名", "世帯主"):
        assert asked.data["fields"][name]["grades"] == silent.data["fields"][name]["grades"]
    verified = CliRunner().invoke(main, ["verify", str(tmp_path / "job.toml")])
    assert "it holds" in verified.output
    queue = open_queue(tmp_path / "out" / "review.sqlite")
    (item,) = queue.items()
    jef = rows("fujitsu/jef-extension")
    assert (item.reason, item.candidates, item.people) == ("one-source", jef["41A3"]["glyph"], 2)
    made = Decision(
        "字形一致", jef["41A3"]["glyph"], evidence="戸籍簿", decided_by="佐藤", decided_at="2026-11-02"
    )
    Decisions(queue).decide(item.id, made)
    (path,) = apply(queue, tmp_path / "out")
    queue.close()
    assert "41A3" in path.read_text("utf-8")
    again = gaiji.convert(tmp_path / "job.toml")
    assert not again.data["findings"] and again.data["fields"]["氏名"]["grades"]["site"] == 2


def test_the_page_to_be_signed_says_how_many_people_rest_on_one_source(tmp_path: Path) -> None:
    job = write(tmp_path, [record("41A2", "41A2"), record("C4D4", "41A2"), record("C4D4", "C4D4")])
    gaiji.convert(job)
    done = CliRunner().invoke(main, ["verify", str(job)])
    assert "it holds" in done.output
    page = (tmp_path / "out" / "o.csv.verify.html").read_text("utf-8")
    assert "出典が一つだけの文字を氏名に含む人：<b>2人</b>" in page
    data = json.loads((tmp_path / "out" / "o.csv.verify.json").read_text("utf-8"))
    assert (data["grades"]["one"], data["grades"]["records"]) == (3, 2)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("jef:74A1", "no character, grade one; グラフ"),
        ("jef:7CA1", "┌, grade one; 罫線"),
        ("jef:68AB", "dispute (fujitsu/jef-extension): jef4j: 9125; Jacode4e: 9114"),
        ("jef:B0B3", "a host is said to have answered the opposite"),
        ("jef:CFB6", "reported as exchanged with E4C6"),
        ("MJ020018", "erratum: 戸籍統一文字番号306060"),
        ("MJ037229", "erratum: 戸籍統一文字番号146930"),
        ("MJ025760", "JEF:67A5 (extension, grade two)"),
    ],
)
def test_lookup_tells_grade_note_disputes_and_errata(query: str, said: str) -> None:
    done = CliRunner().invoke(main, ["lookup", query])
    assert done.exit_code == 0 and said in done.output


def test_a_verdict_of_shape_tells_an_erratum() -> None:
    from gaiji.shape.find import lines as told
    from gaiji.shape.index import Answer, Match

    answer = Answer((Match("MJ020018", 0.9), Match("MJ026190", 0.1)), "likely", "", 1.0)
    _verdict, first, wrong, second = told(answer)
    assert "MJ020018" in first and "erratum: 戸籍統一文字番号306060" in wrong and "MJ026190" in second


def test_explain_and_charset_show_tell_the_grade(tmp_path: Path) -> None:
    job = write(tmp_path, [record("41A1" + "7CA1", "C4D4")])
    told = CliRunner().invoke(main, ["explain", str(job), "--record", "1"]).output.splitlines()
    assert "grade two" in told[1] and "grade one  罫線 ┌ の別の太さ" in told[2]
    shown = CliRunner().invoke(main, ["charset", "show", "fujitsu-jef"]).output
    found = Counter(row["grade"] for row in rows("fujitsu/jef-extension").values())
    assert f"grades: two {found['two']:,}, one {found['one']:,}, inferred {found['inferred']:,}" in shown


def test_candidates_and_shapes_mention_errata_and_notes() -> None:
    from gaiji.codes.evidence import note_of
    from gaiji.review.evidence.candidates import Candidate

    drawn = Candidate("MJ020018", "紫", 0.9, (("shape", 0.9, "近い字形"),))
    assert "字形の比較 0.90：近い字形／※戸籍統一文字番号306060" in drawn.reason
    assert "※" not in Candidate("MJ025761", "辻", 0.9, (("shape", 0.9, ""),)).reason
    assert note_of("JEF", "74A1").startswith("グラフ") and note_of("JEF", "41A1") == ""


def test_a_grade_that_is_none_is_an_error(tmp_path: Path) -> None:
    from gaiji.codes.code import Form
    from gaiji.codes.tables import GRADED_COLUMNS, _rows

    raw = b"code\tucs\tglyph\tflag\tgrade\tnote\n41A1\t4E02\t\t0\tsure\t\n"
    with pytest.raises(TableError, match="has the grade 'sure'"):
        list(_rows(raw, tmp_path / "t.tsv", GRADED_COLUMNS, GRADED_COLUMNS[:5], Form.HEX, "one"))


def test_the_docs_hold_the_counts_that_the_command_prints() -> None:
    spec = importlib.util.spec_from_file_location("make", ROOT / "tests" / "make_charset_docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for path, text in module.documents().items():
        assert path.read_text("utf-8") == text, path
    printed = CliRunner().invoke(main, ["charset", "count", "fujitsu"]).output
    assert printed in (ROOT / "docs" / "charsets" / "fujitsu.md").read_text("utf-8")
    table = rows("fujitsu/jef-extension")
    counted = Counter(row["grade"] for row in table.values())
    several = sum(len(list(filter(None, row["glyph"].split("|")))) > 1 for row in table.values())
    line = next(row for row in printed.splitlines() if "jef-extension" in row)
    cells = [cell.strip().replace(",", "") for cell in line.split("|")[2:-1]]
    assert cells[0] == str(len(table)) and cells[2] == str(several)
    assert cells[5:] == [str(counted[grade]) for grade in ("standard", "two", "one", "inferred")]


@pytest.mark.parametrize("name", ["unicode-utf8", "unicode-le", "unicode-be"])
def test_site_rows_of_unicode_sources_are_counted_too(tmp_path: Path, name: str) -> None:
    codec = {"unicode-utf8": "utf-8", "unicode-le": "utf-16-le", "unicode-be": "utf-16-be"}[name]
    (tmp_path / "city.tsv").write_text("code\tucs\tglyph\nE000\t\tMJ026191\n0F0001\t\tMJ026190\n", "utf-8")
    line = "\n".encode(codec)
    (tmp_path / "d.dat").write_bytes(
        line.join(t.encode(codec) for t in ("氏名", "山\ue000", "\U000f0001川", "山")) + line
    )
    (tmp_path / "job.toml").write_text(
        f'[source]\npath = "d.dat"\ncharset = "{name}"\nformat = "csv"\ntables = ["city.tsv"]\n'
        '[[field]]\nname = "氏名"\nrole = "name"\n[output]\npath = "out/o.csv"\n',
        "utf-8",
    )
    made = gaiji.convert(tmp_path / "job.toml").data["fields"]["氏名"]
    assert made["grades"] == {"standard": 0, "two": 0, "one": 0, "inferred": 0, "site": 2}
