"""縮退: the default policy over every MJ glyph, another implementation of the map beside it, and the way back."""

from __future__ import annotations

import shutil
from collections import Counter

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import gaiji
from gaiji.cli.commands import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.model import Reason
from gaiji.output.tabular import read_table
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.run.convert import convert
from gaiji.shrinking.files import unshrink_file
from gaiji.shrinking.shrinker import Policy, Shrinker, load_policy, shrink, shrink_links, unshrink
from gaiji.shrinking.targets import NAMES, load_target
from gaiji.standard.repertoire import load_repertoire

REP = load_repertoire()
MJ = [glyph for glyph in REP if glyph.name < "MJ090000"]
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([g.text for g in MJ[::7] if g.text]),
        st.text(st.characters(exclude_categories=("Cs",)), max_size=2),
        st.sampled_from("渡邉邊髙﨑𠮷〜～゚\U0001b002\U00100000"),
    ),
    max_size=8,
).map("".join)


def test_the_map_has_the_counts_that_its_publisher_gives():
    found = Counter(min(len({link.text for link in shrink_links().get(g.name, ())}), 2) for g in MJ)
    assert found == {0: 23_011, 1: 28_684, 2: 7_167}


def test_every_mj_glyph_has_one_choice_or_a_finding_and_the_difference_from_the_map_is_explained():
    shrinker = Shrinker(Policy())
    found = {g.name: shrinker.glyph(g.name) for g in MJ}
    counts = Counter(choice.reason.label if choice.reason else "one" for choice in found.values())
    assert counts == {"one": 35_340, "shrink-none": 23_019, "shrink-many": 503}
    for name, choice in found.items():
        linked = {link.text for link in shrink_links().get(name, ())}
        kept = {link.text for link in shrink_links().get(name, ()) if link.table != "min2842-betsuji"}
        if choice.reason is Reason.SHRINK_NONE:
            assert not kept  # no link, or only 別字, which the default policy does not take
        elif choice.reason is Reason.SHRINK_MANY:
            assert len(choice.candidates) > 1 and set(choice.candidates) <= linked
        else:
            assert choice.text in (linked | {REP[name].base}) and choice.text in shrinker.target


@pytest.mark.parametrize(
    ("scheme", "tables"),
    [
        (1, {"jis-ucs"}),
        (2, {"analogy"}),
        (4, {"moj582-1", "moj582-2"}),
        (8, {"koseki", "min2842", "min2842-zokuji", "min2842-betsuji", "min5202"}),
    ],
)
def test_jntajis_reads_the_same_links_for_every_glyph_with_an_ivs(scheme, tables):
    jntajis = pytest.importorskip("jntajis")
    also = dict(REP.frame.select("name", "also").iter_rows())
    compared = 0
    for g in (g for g in MJ if g.ivs):
        same = {
            g.text,
            g.base,
            *("".join(chr(int(c, 16)) for c in t.split()) for t in also[g.name].split("|")),
        }
        ours = {link.text for link in shrink_links().get(g.name, ()) if link.table in tables}
        assert ours - same == set(jntajis.mj_shrink_candidates(g.text, scheme, 1000)) - same, g.name
        compared += 1
    assert compared == 11_382


@pytest.mark.parametrize("name", [n for n in NAMES if n != "list"])
def test_what_comes_out_is_in_the_target_and_goes_back(name):
    target = load_target(name)
    for glyph in MJ[::11]:
        if glyph.text:
            made = shrink(glyph.text, name)
            assert made.text in target or made.text == "〓"
            assert unshrink(made) == glyph.text


@given(TEXTS, st.sampled_from(["jisx0213", "cp932"]), st.sampled_from(["geta", "reading", "keep"]))
def test_a_text_comes_back_as_it_was(text, to, fallback):
    assert unshrink(shrink(text, policy=Policy(to=to, fallback=fallback))) == text


@given(st.lists(st.one_of(st.none(), TEXTS), max_size=6))
def test_a_column_is_shrunk_as_its_texts_are_and_comes_back(texts):
    column = pl.Series("n", texts, dtype=pl.String)
    made = shrink(column)
    assert made.text.to_list() == [None if t is None else shrink(t).text for t in texts]
    assert made.findings.height == sum(len(shrink(t).findings) for t in texts if t is not None)
    assert unshrink(made.text, made.side).to_list() == texts


def test_known_cases():
    assert shrink("渡邉󠄏髙﨑𠮷野").text == "渡邉高﨑吉野"
    assert shrink("髙﨑𠮷～", "jisx0208").text == "高崎吉〜"
    assert shrink("髙﨑〜", "cp932").text == "髙﨑～"
    assert shrink("\U0001b002", "cp932").text == "あ"
    assert shrink("\ue000").findings[0].choice.reason is Reason.SHRINK_NONE
    assert gaiji.shrink("髙").text == "高" and gaiji.shrink("髙").text == "高"


def test_a_policy_file_changes_the_choice(tmp_path):
    (tmp_path / "own.tsv").write_text("glyph\ttext\nMJ028902\t隆\n", "utf-8")
    (tmp_path / "allowed.txt").write_text("高隆吉〓 # four\nU+3041-U+3096\n", "utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(
        '[shrink]\nto = "list"\ncharacters = "allowed.txt"\nevidence = ["jis-ucs", ["koseki"]]\nreplacements = ["own.tsv"]\n'
    )
    assert shrink("髙𠮷あ", policy=load_policy(path)).text == "隆吉あ"
    assert shrink("邉", policy=load_policy(path)).findings[0].choice.reason is Reason.SHRINK_NONE
    (tmp_path / "allowed.txt").write_text("高隆吉\n", "utf-8")
    with pytest.raises(UsageError, match="no 〓"):
        gaiji.shrink("高", policy=Policy(to="list", characters=str(tmp_path / "allowed.txt")))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('too = "cp932"', "no key"),
        ('to = "ascii"', "no target"),
        ('ties = "first"', "ties"),
        ("hops = true", "wrong type"),
        ('evidence = ["hearsay"]', "no evidence"),
        ('to = "list"', "no file"),
        ('replacements = ["none.tsv"]', "cannot be read"),
    ],
)
def test_a_wrong_policy_names_what_is_wrong(tmp_path, line, said):
    path = tmp_path / "policy.toml"
    path.write_text(f"[shrink]\n{line}\n", "utf-8")
    with pytest.raises(UsageError, match=said):
        shrink("邉", policy=load_policy(path))


def test_files_queue_and_the_way_back(tmp_path):
    source, out, side, back = (tmp_path / name for name in ("in.csv", "out.csv", "side.csv", "back.csv"))
    names = ["渡邉󠄏一郎", "髙﨑\U00100000子", '山田,"太郎"', "", "\U00100000"]
    pl.DataFrame({"id": ["1", "2", "3", "4", "5"], "name": names}).write_csv(source)
    queue = f"sqlite:///{tmp_path / 'q.sqlite'}"
    run = CliRunner().invoke(
        main, ["shrink", str(source), str(out), "--side", str(side), "--key", "id", "--queue", queue]
    )
    assert run.exit_code == 3 and "1 glyphs wait" in run.output
    assert "\U00100000" not in out.read_text("utf-8")
    assert (
        CliRunner().invoke(main, ["unshrink", str(out), str(side), str(back), "--key", "id"]).exit_code == 0
    )
    assert read_table(back)["name"].to_list() == names
    moved = tmp_path / "moved.csv"
    pl.read_csv(out, infer_schema=False).reverse().write_csv(moved)
    wrong = CliRunner().invoke(main, ["unshrink", str(moved), str(side), str(back), "--key", "id"])
    assert wrong.exit_code == 1 and "another id" in wrong.output
    unsure = CliRunner().invoke(main, ["unshrink", str(moved), str(side), str(back)])
    assert unsure.exit_code == 2 and "--key" in unsure.output
    side.write_text(side.read_text("utf-8").replace("9AD9", "X"), "utf-8")
    broken = CliRunner().invoke(main, ["unshrink", str(out), str(side), str(back), "--key", "id"])
    assert broken.exit_code == 1 and "is no side table" in broken.output


def test_a_glyph_is_decided_once(tmp_path):
    from gaiji.shrinking.files import shrink_file

    source, queue = tmp_path / "in.csv", tmp_path / "q.sqlite"
    hard = next(
        g for g in MJ if g.text and shrink(g.text).findings and shrink(g.text).findings[0].choice.candidates
    )
    pl.DataFrame({"name": [hard.text, hard.text + "山"]}).write_csv(source)
    first = shrink_file(source, tmp_path / "o.csv", tmp_path / "s.csv", policy=Policy(), queue=queue)
    assert first.waiting == 1 and first.findings == {"shrink-many": 2}
    opened = open_queue(queue)
    item = next(opened.items())
    assert item.code == hard.name and item.people == 2
    chosen = item.candidates.split("|")[1]
    Decisions(opened).decide(item.id, Decision("類似", glyph=chosen, decided_by="戸籍係"))
    opened.close()
    again = shrink_file(source, tmp_path / "o.csv", tmp_path / "s.csv", policy=Policy(), queue=queue)
    assert again.waiting == 0 and again.findings == {}
    assert pl.read_csv(tmp_path / "o.csv")["name"].to_list() == [REP[chosen].base, REP[chosen].base + "山"]


def test_a_side_table_of_another_text_is_refused():
    made = shrink(pl.Series(["髙橋", "邉󠄏"]))
    with pytest.raises(DataError):
        unshrink(pl.Series(["橋"]), made.side)
    assert unshrink(made.text, made.side).to_list() == ["髙橋", "邉󠄏"]
    with pytest.raises(DataError):
        unshrink(made.text.reverse(), made.side)


def test_columns_that_are_no_text_pass_as_they_are(tmp_path):
    source, out, side, back = (
        tmp_path / name for name in ("in.parquet", "out.parquet", "side.csv", "back.parquet")
    )
    frame = pl.DataFrame({"id": [1, 2], "name": ["邉󠄏", None], "raw": [b"\xff", b""], "parts": [[1], []]})
    frame.write_parquet(source)
    assert (
        CliRunner()
        .invoke(main, ["shrink", str(source), str(out), "--side", str(side), "--key", "id"])
        .exit_code
        == 0
    )
    assert pl.read_parquet(out).drop("name").equals(frame.drop("name")) and not pl.read_parquet(out).equals(
        frame
    )
    assert (
        CliRunner().invoke(main, ["unshrink", str(out), str(side), str(back), "--key", "id"]).exit_code == 0
    )
    assert pl.read_parquet(back).equals(frame)
    csv = CliRunner().invoke(main, ["shrink", str(source), str(tmp_path / "out.csv"), "--side", str(side)])
    assert csv.exit_code == 1 and "write .parquet" in csv.output
    number = CliRunner().invoke(
        main, ["shrink", str(source), str(out), "--side", str(side), "--column", "id"]
    )
    assert number.exit_code == 2 and "holds no text" in number.output


@pytest.mark.parametrize("name", ["juki-jef", "juki-windows"])
def test_a_job_writes_for_another_system_too(tmp_path, name):
    """The samples through a job: what is written fits the target, leads back exactly, and its findings wait in the job's queue."""
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    job = tmp_path / "s" / f"{name}.toml"
    plain = convert(job).data
    data = convert(job, overrides={"target.shrink": "jisx0208"}).data
    out = tmp_path / "s" / data["output"]["path"]
    shrunk, side = (out.parent / file["path"] for file in data["shrink"]["files"])
    assert data["review"]["waiting"] == plain["review"]["waiting"] + data["shrink"]["waiting"]
    assert data["output"]["sha256"] == plain["output"]["sha256"] and data["shrink"]["changed"]
    target = load_target("jisx0208")
    fields = [n for n, f in data["fields"].items() if f["role"] in ("name", "address")]
    frame = read_table(shrunk)
    assert all(c in target or c in "〓 " for n in fields for cell in frame[n] for c in cell or "")
    unshrink_file(shrunk, side, tmp_path / f"back{out.suffix}", key="宛名番号")
    assert read_table(tmp_path / f"back{out.suffix}").equals(read_table(out))


def test_a_job_that_cannot_shrink_says_so_at_once(tmp_path):
    shutil.copytree(
        samples_dir(), tmp_path / "s", ignore=shutil.ignore_patterns("out", "*.py", "__pycache__")
    )
    job = tmp_path / "s" / "juki-jef.toml"
    for wrong in (
        {"target.shrink": "jisx9999"},
        {"target.shrink": "none.toml"},
        {"target.shrink": "cp932", "output.path": "o.dat"},
    ):
        with pytest.raises(GaijiError):
            convert(job, overrides=wrong)
    assert not (tmp_path / "s" / "out").exists() and not (tmp_path / "s" / "o.dat").exists()
