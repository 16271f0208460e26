"""Tables of decisions: what is decided now, each site's own."""

from __future__ import annotations

import itertools
import os
import unicodedata

import pytest
from click.testing import CliRunner

from gaiji.cli.commands import main
from gaiji.errors import JobError
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.review.sheets.apply import apply
from gaiji.run.convert import convert
from gaiji.run.decided import decisions_name, earlier_decisions_name

JOB = """[source]
path = "{name}.dat"
charset = "windows-31j"
format = "fixed"
record_length = 6
[output]
path = "{name}/x.csv"
[review]
queue = "q/review.sqlite"
site = {site}
[[field]]
name = "n"
offset = 0
length = 6
role = "name"
"""
SITES = [
    "",
    "a1",
    "A1",
    "A-1",
    "A 1",
    "A_1",
    "Ａ1",
    "か゛",
    "か\u3099",
    "が",
    "見本市",
    "x" * 41,
    "x" * 42,
    "見" * 100,
    "../q",
    "a.b",
]


def write(folder, name, site):
    (folder / f"{name}.dat").write_bytes("山".encode("cp932") + b"\xf0\x40" + "田".encode("cp932"))
    quoted = '"' + site.replace("\\", "\\\\") + '"'
    (folder / f"{name}.toml").write_text(JOB.format(name=name, site=quoted), "utf-8")
    return folder / f"{name}.toml"


def decide(folder, glyphs):
    """Site → glyph for every item of the queue; None opens it again."""
    queue = open_queue(folder / "q/review.sqlite")
    acts = Decisions(queue)
    for item in list(queue.items()):
        glyph = glyphs.get(item.site, "")
        if glyph is None:
            acts.reopen(item.id, "a", "wrong")
        elif glyph:
            acts.decide(item.id, Decision("字形一致", glyph, decided_by="a", decided_at="2026-01-01"))
    queue.close()


def applied(folder):
    queue = open_queue(folder / "q/review.sqlite")
    try:
        return apply(queue, folder / "q")
    finally:
        queue.close()


def text(folder, name):
    return (folder / name / "x.csv").read_text("utf-8").splitlines()[1]


def test_every_site_has_a_file_name_of_its_own():
    for one, other in itertools.combinations(SITES, 2):
        folded = [
            unicodedata.normalize("NFKC", decisions_name("JEF", site)).casefold() for site in (one, other)
        ]
        assert folded[0] != folded[1], (one, other)
    for site in SITES:
        name = decisions_name("JEF", site)
        assert len(name.encode()) <= 255 and os.path.basename(name) == name
    assert decisions_name("JEF", "") == "decisions-JEF.tsv"
    assert decisions_name("JEF", "見本市") == "decisions-JEF-見本市.tsv"


def test_two_sites_of_like_names_keep_their_own_decisions(tmp_path):
    sites = {"a": "A-1", "b": "A 1", "c": "a_1"}
    for name, site in sites.items():
        convert(write(tmp_path, name, site))
    decide(tmp_path, {"A-1": "MJ000001", "A 1": "MJ000004"})
    assert sorted(applied(tmp_path).values()) == [1, 1]
    assert [convert(tmp_path / f"{name}.toml").to_review for name in sites] == [0, 0, 1]
    assert len({text(tmp_path, name) for name in sites}) == 3


def test_what_is_opened_again_leaves_the_table(tmp_path):
    job = write(tmp_path, "a", "t")
    convert(job)
    open_text = text(tmp_path, "a")
    for _ in range(2):
        decide(tmp_path, {"t": "MJ000001"})
        (path,) = applied(tmp_path)
        assert convert(job).to_review == 0 and text(tmp_path, "a") != open_text
        decide(tmp_path, {"t": None})
        shown = CliRunner().invoke(main, ["review", "apply", "--queue", str(tmp_path / "q/review.sqlite")])
        assert shown.exit_code == 0 and shown.output == f"no decision stands there: {path} removed\n"
        assert not path.exists()
        assert convert(job).to_review == 1 and text(tmp_path, "a") == open_text
    assert applied(tmp_path) == {}


def test_convert_says_that_a_table_is_not_what_was_decided(tmp_path):
    job = write(tmp_path, "a", "t")
    convert(job)
    decide(tmp_path, {"t": "MJ000001"})
    said = "the table of decisions is not what the queue says now"
    for act in ("decided, not applied", "applied", "withdrawn", "applied again"):
        if act.startswith("applied"):
            applied(tmp_path)
        if act == "withdrawn":
            decide(tmp_path, {"t": None})
        shown = CliRunner().invoke(main, ["convert", str(job)])
        assert (said in shown.output) == (not act.startswith("applied")), act
        assert shown.exit_code == (0 if act == "applied" else 3), act


def test_one_of_two_decisions_opened_again_leaves_the_other(tmp_path):
    job = write(tmp_path, "a", "t")
    (tmp_path / "a.dat").write_bytes(b"\xf0\x40\xf0\x41\xf0\x42")
    convert(job)
    decide(tmp_path, {"t": "MJ000001"})
    (path,) = applied(tmp_path)
    queue = open_queue(tmp_path / "q/review.sqlite")
    acts = Decisions(queue)
    for item in list(queue.items()):
        if item.code in ("F040", "F042"):
            (acts.reopen if item.code == "F040" else acts.reject)(item.id, "a", "wrong")
    queue.close()
    assert applied(tmp_path) == {path: 1}
    assert [line.split("\t")[0] for line in path.read_text("utf-8").splitlines()] == ["code", "F041"]


def test_a_table_under_its_earlier_name_is_never_passed_over(tmp_path):
    job = write(tmp_path, "a", "A 1")
    convert(job)
    decide(tmp_path, {"A 1": "MJ000001"})
    (path,) = applied(tmp_path)
    earlier = path.with_name(earlier_decisions_name("CP932", "A 1"))
    path.rename(earlier)
    with pytest.raises(JobError, match="run gaiji review apply"):
        convert(job)
    assert applied(tmp_path) == {path: 1, earlier: 0}
    assert not earlier.exists() and convert(job).to_review == 0
