"""Official lists newer than the toolkit's own: read as published, compared, what they change for a job, taken, left again."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

import gaiji
from gaiji.cli import commands
from gaiji.disk.datafiles import mappings_dir
from gaiji.errors import GaijiError, RepertoireError, UsageError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.reports.editions import update_lists
from gaiji.standard import published
from gaiji.standard.editions import current_edition, use_edition
from gaiji.standard.numbers import tables_of
from gaiji.standard.published import read_published
from gaiji.standard.repertoire import load_repertoire
from tests import published as forms

pytest.importorskip("xlsxwriter")
OWN = mappings_dir() / "repertoire"
CHANGED, NUMBERED, NAMELESS, NEW = "MJ026194", "MJ026190", "MJ059043", "MJ069999"
"""A glyph that gets another sequence, one with another 戸籍統一文字番号, one without Unicode that gets a code point, one that is new."""


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("GAIJI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def newer(row):
    """Ver.006.03: what differs from the toolkit's own."""
    match row["MJ文字図形名"]:
        case "MJ026194":
            row["実装したMoji_JohoコレクションIVS"] = "9089_E01EF"
        case "MJ026190":
            row["戸籍統一文字番号"] = "999998"
        case "MJ059043":
            row["実装したUCS"] = "U+3134A"
        case "MJ068101":
            new = dict.fromkeys(row, "") | {
                "MJ文字図形名": NEW,
                "対応するUCS": "U+3134B",
                "実装したUCS": "U+3134B",
            }
            yield new | {"総画数(参考)": "9", "更新履歴": "Ver.006.03 追加"}
    yield row


def no_links(content):
    """Ver.1.3.0 of the map: one glyph leads nowhere."""
    for item in content:
        if item["MJ文字図形名"] == CHANGED:
            for member in [key for key in item if key != "MJ文字図形名"]:
                del item[member]


MADE = {
    "own.csv": lambda: forms.as_csv(forms.mj_rows(version="006.02")),
    "few.csv": lambda: forms.as_csv(forms.mj_rows(most=200)),
    "mji.00603.csv": lambda: forms.as_csv(forms.mj_rows(newer)),
    "own.json": lambda: forms.shrink_map(version="1.2.0"),
    "MJShrinkMap.1.3.0.json": lambda: forms.shrink_map(no_links),
}


@cache
def made(name: str) -> bytes:
    """A list of these tests, made once."""
    return MADE[name]()


@pytest.fixture
def put(tmp_path):
    def put(name: str, data: bytes | None = None) -> Path:
        path = tmp_path / name
        path.write_bytes(made(name) if data is None else data)
        return path

    return put


@pytest.fixture
def town(tmp_path):
    """A job with names of the changed glyphs, converted; returns its file."""
    rows = ["code\tucs\tglyph\tflag\tnote\tevidence\tdecided_by\tdecided_at\treplaces"]
    rows += [f"80A1\t\t{CHANGED}\t0\t\t台帳\t\t\t", f"80A2\t\t{NAMELESS}\t0\t\t台帳\t\t\t"]
    (tmp_path / "site.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    names = ["80A1B0A1", "B0A1B0A2", "80A2B0A1", "80A3B0A1"]
    (tmp_path / "names.dat").write_bytes(b"".join(bytes.fromhex(name) for name in names))
    job = tmp_path / "town.toml"
    job.write_text(
        '[source]\npath = "names.dat"\ncharset = "fujitsu-jef"\nformat = "fixed"\nrecord_length = 4\n'
        'tables = ["site.tsv"]\n[[field]]\nname = "氏名"\noffset = 0\nlength = 4\ntype = "dbcs"\nrole = "name"\n'
        '[target]\nshrink = "jisx0208"\n[output]\npath = "names.csv"\n',
        "utf-8",
    )
    gaiji.convert(job)
    return job


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(commands.main, [str(one) for one in arguments])
    return done.exit_code, done.output


# -- as published ---------------------------------------------------------------------------------------


def test_the_published_forms_are_read_as_our_own_lists(put):
    mj, links = read_published(put("own.csv")), read_published(put("own.json"))
    assert (mj.kind, mj.version, mj.data) == ("mj", "006.02", (OWN / "mj-006.02.tsv").read_bytes())
    assert (links.kind, links.version, links.data) == (
        "shrink",
        "1.2.0",
        (OWN / "shrink-1.2.0.tsv").read_bytes(),
    )


def test_a_strict_workbook_and_a_zip_of_one(put, monkeypatch):
    """As mji.00602.xlsx is published; the first glyphs of it alone, since a whole one takes half a minute."""
    monkeypatch.setattr(published, "LEAST", 100)
    rows = forms.mj_rows(newer, most=300)
    raw = forms.as_strict_xlsx(rows)
    with pytest.raises(RepertoireError, match="更新履歴"):
        read_published(put("cut.csv", forms.as_csv([[*row[:-2], "", row[-1]] for row in rows])))
    found = read_published(put("mji.xlsx", raw))
    assert found.data == read_published(put("mji.csv", forms.as_csv(rows))).data
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mji.00603.xlsx", raw)
        archive.writestr("readme.txt", "")
    assert read_published(put("mji.zip", packed.getvalue())).data == found.data


@pytest.mark.slow
def test_the_whole_list_as_a_strict_workbook(put):
    found = read_published(put("mji.00602.xlsx", forms.as_strict_xlsx(forms.mj_rows(version="006.02"))))
    assert found.data == (OWN / "mj-006.02.tsv").read_bytes()


def test_tables_of_numbers_follow_from_a_list_as_ours_did():
    made = tables_of((OWN / "mj-006.02.tsv").read_bytes())
    own = {name: (mappings_dir() / "tables" / "official" / f"{name}.tsv").read_bytes() for name in made}
    assert set(made) == {"juki", "koseki", "touki"} and made == own


def _one(heading, value):
    def change(row):
        if row["MJ文字図形名"] == "MJ000007":
            row[heading] = value
        yield row

    return lambda: forms.as_csv(forms.mj_rows(change, most=200))


BROKEN = {
    "E0657": lambda: b"a,b\n1,2\n",
    "E0803": lambda: _zip({"a.csv": b"", "b.json": b""}),
    "E0804": lambda: _zip({"a.csv": made("few.csv")})[:5000],
    "E0805": lambda: made("few.csv").replace("総画数(参考)".encode(), b"x", 1),
    "E0807": _one("MJ文字図形名", "MJ7"),
    "E0808": lambda: made("few.csv"),
    "E0809": _one("住基ネット統一文字コード", "J+12"),
    "E0810": _one("実装したMoji_JohoコレクションIVS", "342A_E0103"),
    "E0811": _one("MJ文字図形名", "MJ000008"),
    "E0812": _one("実装したUCS", "3400"),
    "E0813": _one("実装したMoji_JohoコレクションIVS", "3403 E0101"),
    "E0814": lambda: made("own.json").replace("読み・字形による類推".encode(), "字形による類推".encode(), 1),
}


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("number", BROKEN)
def test_what_is_no_such_list_is_one_line(number, put, home, monkeypatch):
    if number != "E0808":
        monkeypatch.setattr(published, "LEAST", 100)
    path = put("list", BROKEN[number]())
    code, output = run("repertoire", "update", path)
    assert code == 1 and output.startswith(f"gaiji: {number} {path}") and output.count("\n") == 1, output
    assert not (home / "lists").exists()


# -- what changes, and taking it ------------------------------------------------------------------------


@pytest.mark.slow
def test_what_changes_for_a_job_is_said_and_nothing_taken(put, town, home):
    with open_queue(town.parent / "review.sqlite").reading():
        pass
    queue = open_queue(town.parent / "review.sqlite")
    (found,) = [one for one in queue.items() if one.code == "80A3"]
    Decisions(queue).decide(found.id, Decision(kind="字形一致", glyph=NUMBERED, decided_by="係"))
    queue.close()
    done = update_lists(put("mji.00603.csv"), [town], dry_run=True)
    assert (done.now, done.to_come.split()[0], done.taken) == ("006.02", "006.03", False)
    assert done.added == (NEW,) and done.gone == ()
    what = {one["glyph"]: one["what"] for one in done.changed}
    assert what == {CHANGED: "text", NUMBERED: "numbers", NAMELESS: "text"}
    (job,) = done.jobs
    assert job["output"]["repertoire"] == "MJ 006.02"
    assert [(one["table"], one["line"], one["glyphs"]) for one in job["site_rows"]] == [
        ("site.tsv", 2, [CHANGED]),
        ("site.tsv", 3, [NAMELESS]),
    ]
    assert [(one["code"], one["glyph"]) for one in job["decisions"]] == [("80A3", NUMBERED)]
    codes = {one["code"]: one for one in job["codes"]}
    assert codes["80A1"]["new"]["ucs"] == "9089 E01EF" and codes["80A1"]["occurrences"] == 1
    assert (codes["80A2"]["old"]["reason"], codes["80A2"]["new"]["reason"]) == ("no-unicode", "")
    assert job["records"] == {"read": 4, "changed": 2}
    assert current_edition("mj") is None and not (home / "lists").exists()
    assert run("repertoire", "update", put("mji.00603.csv"), "--job", town, "--dry-run")[1].endswith(
        "(--dry-run)\n"
    )


def test_it_is_taken_named_and_left_again(put, town, home):
    own = load_repertoire().version
    code, output = run("repertoire", "update", put("mji.00603.csv"))
    edition = current_edition("mj")
    assert code == 0 and edition and edition.name in output
    rep = load_repertoire()
    assert rep.version == f"MJ {edition.name}" and rep[NEW].text == "\U0003134b"
    assert rep.by_koseki("999998")[0].name == NUMBERED
    assert gaiji.load_charset("koseki").decode(b"999998").glyphs == (NUMBERED,)
    assert "006.03" in gaiji.load_charset("koseki").tables[0].edition
    assert gaiji.load_charset("unicode-utf8").decode("\u9089\U000e01ef".encode()).glyphs == (CHANGED,)
    code, output = run("verify", town)
    assert code == 1 and "E0202" in output
    code, output = run("convert", town)
    assert f"made with MJ {edition.name}, MJ縮退マップ 1.2.0; the output before with MJ 006.02" in output
    told = json.loads((town.parent / "names.csv.manifest.json").read_text("utf-8"))
    assert told["repertoire"] == f"MJ {edition.name}"
    assert "\u9089\U000e01ef" in (town.parent / "names.csv").read_text("utf-8")
    assert "\U0003134a" in (town.parent / "names.csv").read_text("utf-8")
    assert run("verify", town)[0] in (0, 3)
    assert edition.name in (town.parent / "names.csv.verify.html").read_text("utf-8")
    again = update_lists(put("mji.00603.csv"))
    assert again.same and not again.taken
    assert run("repertoire", "use", "mj", "own")[0] == 0
    assert load_repertoire().version == own
    assert (
        f"made with {own}, MJ縮退マップ 1.2.0; the output before with MJ {edition.name}"
        in run("convert", town)[1]
    )
    assert use_edition("mj", edition.release[:6]).release == edition.release


def test_a_newer_map_is_taken_and_named_by_the_runs_that_use_it(put, town):
    before = (town.parent / "names.jisx0208.csv").read_text("utf-8")
    assert before.startswith("氏名\n邉")
    done = update_lists(put("MJShrinkMap.1.3.0.json"), [town])
    assert done.taken and [one["glyph"] for one in done.changed] == [CHANGED]
    (job,) = done.jobs
    (code,) = job["codes"]
    assert (code["code"], code["occurrences"], code["new"]["reason"]) == ("80A1", 1, "shrink-none")
    assert job["output"]["map"] == "1.2.0"
    output = run("convert", town)[1]
    edition = current_edition("shrink")
    assert "the output before with MJ縮退マップ 1.2.0" in output
    told = json.loads((town.parent / "names.csv.manifest.json").read_text("utf-8"))
    assert told["shrink"]["map"] == edition.name
    assert (town.parent / "names.jisx0208.csv").read_text("utf-8").startswith("氏名\n〓")
    use_edition("shrink", "own")
    gaiji.convert(town)
    assert (town.parent / "names.jisx0208.csv").read_text("utf-8") == before


def test_every_file_of_a_town_is_looked_at_and_stale_after_another_map(put, town, tmp_path):
    """One file is not there yet: it is told, and the others go on."""
    project = tmp_path / "project.toml"
    file = 'layout = ""\nformat = "fixed"\nrecord_length = 4\ntables = ["site.tsv"]\n'
    field = '[[system.file.field]]\nname = "氏名"\noffset = 0\nlength = 4\ntype = "dbcs"\nrole = "name"\n'
    more = '[system.file.target]\nshrink = "jisx0208"\n' + field
    project.write_text(
        '[town]\nname = "架空町"\n[[system]]\nname = "住記"\nmaker = "富士通"\ncharset = "fujitsu-jef"\n'
        f'[[system.file]]\npath = "names.dat"\n{file}{more}[[system.file]]\npath = "later.dat"\n{file}{field}',
        "utf-8",
    )
    (tmp_path / "later.dat").write_bytes(b"\xb0\xa1\xb0\xa2")
    assert run("run", project)[0] == 3
    (tmp_path / "later.dat").unlink()
    done = update_lists(put("MJShrinkMap.1.3.0.json"), town=places(project), dry_run=True)
    here, later = done.jobs
    assert here["job"] == "住記/names" and here["records"]["changed"] == 1
    assert later["job"] == "住記/later" and "later.dat" in later["stops"]
    code, output = run("repertoire", "update", put("MJShrinkMap.1.3.0.json"), "--town", project)
    assert code == 0 and "住記/names:" in output and "it will not run before this is mended" in output
    assert "MJ縮退マップ" in run("status", project)[1]


def places(project):
    from gaiji.town.project import load_town

    return {one.label: one.here for one in load_town(project).files}


def test_a_gj_list_is_compared_and_taken_too(put, town):
    head = ["GJ文字図形名", "UCS", "戸籍統一文字番号"]
    old = forms.as_strict_xlsx([head, ["GJ000001", "U+100000", ""], ["GJ000002", "U+100001", ""]])
    assert update_lists(put("gj.xlsx", old)).added == ("GJ000001", "GJ000002")
    site = (town.parent / "site.tsv").read_text("utf-8").replace(CHANGED, "GJ000001")
    (town.parent / "site.tsv").write_text(site, "utf-8")
    gaiji.convert(town)
    new = forms.as_strict_xlsx([head, ["GJ000001", "U+100009", ""], ["GJ000003", "U+100001", ""]])
    done = update_lists(put("gj.zip", _zip({"gj.xlsx": new})), [town])
    assert (done.added, done.gone, done.taken) == (("GJ000003",), ("GJ000002",), True)
    (job,) = done.jobs
    assert [(one["code"], one["new"]["ucs"]) for one in job["codes"]] == [("80A1", "100009")]
    assert load_repertoire()["GJ000001"].text == "\U00100009"


@pytest.mark.slow
def test_what_must_not_be_taken_is_not(put, town, home):
    gone = forms.as_csv(forms.mj_rows(lambda row: () if row["MJ文字図形名"] == CHANGED else (row,)))
    with pytest.raises(RepertoireError, match=CHANGED):
        update_lists(put("gone.csv", gone))
    older = made("mji.00603.csv").replace(b"Ver.006.03", b"Ver.005.01").replace(b"Ver.006.02", b"Ver.005.01")
    with pytest.raises(UsageError, match="older"):
        update_lists(put("older.csv", older))
    assert not (home / "lists").exists()
    assert update_lists(put("older.csv", older), older=True).taken
    row = (home / "lists").glob("mj-*-list.tsv").__next__()
    shutil.copy(row, row.with_suffix(".old"))
    row.write_bytes(row.read_bytes().replace(b"MJ026194", b"MJ026195", 1))
    load_repertoire.__globals__["_load"].cache_clear()
    with pytest.raises(GaijiError) as error:
        load_repertoire()
    assert error.value.number == "E0802"
    assert use_edition("mj", "own") is None and load_repertoire().version == "MJ 006.02"


@pytest.mark.slow
def test_who_is_stopped_while_taking_one_goes_on_with_the_old(put, monkeypatch):
    from gaiji.standard import editions

    monkeypatch.setattr(editions, "_point", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        update_lists(put("mji.00603.csv"))
    assert current_edition("mj") is None and load_repertoire().version == "MJ 006.02"


@pytest.mark.slow
def test_a_row_that_no_longer_fits_is_said_before_the_list_is_taken(put, town):
    site = (
        (town.parent / "site.tsv")
        .read_text("utf-8")
        .replace(f"80A1\t\t{CHANGED}", f"80A1\t9089 E011A\t{CHANGED}")
    )
    (town.parent / "site.tsv").write_text(site, "utf-8")
    (job,) = update_lists(put("mji.00603.csv"), [town], dry_run=True).jobs
    assert "E0031" in job["stops"] and "9089 E01EF" in job["stops"]
    code, output = run("repertoire", "update", put("mji.00603.csv"), "--job", town, "--dry-run")
    assert code == 0 and "it will not run before this is mended" in output
