"""縮退: the default policy over every MJ glyph, another implementation of the map beside it, and the way back."""

from __future__ import annotations

import csv
import importlib.util
import io
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gaiji
from gaiji.cli.commands import main
from gaiji.disk.datafiles import mappings_dir, samples_dir
from gaiji.errors import DataError, GaijiError, UsageError
from gaiji.model import Picture, Reason
from gaiji.output.tabular import read_table
from gaiji.queue.decisions import Decision, Decisions
from gaiji.queue.queue import open_queue
from gaiji.run.convert import convert
from gaiji.shape.pictures import Gallery, Raster
from gaiji.shrinking.evidence import led_elsewhere, sequences, shrink_links
from gaiji.shrinking.files import own_name, shrink_file, unshrink_file
from gaiji.shrinking.policy import Policy, load_policy
from gaiji.shrinking.shrinker import Shrinker, shrink, unshrink
from gaiji.shrinking.targets import NAMES, load_target
from gaiji.standard.repertoire import load_repertoire

ROOT = Path(__file__).parents[1]
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
    assert counts == {"one": 28_945, "shrink-none": 23_011, "shrink-many": 414, "shrink-lookalike": 6_492}
    for name, choice in found.items():
        links = shrink_links().get(name, ())
        linked = {link.text for link in links}
        if choice.reason is Reason.SHRINK_NONE:
            assert not linked
        elif choice.reason is Reason.SHRINK_MANY:
            assert len(choice.candidates) > 1 and set(choice.candidates) <= linked
        elif choice.reason is Reason.SHRINK_LOOKALIKE:
            assert set(choice.candidates) == linked
        else:
            assert choice.text in (linked | {REP[name].base}) and choice.text in shrinker.target


def test_no_look_alike_is_taken_without_being_asked_for():
    """Read from the map itself: what is taken stands in a table other than 類字 and 別字, and no 別字 row names the two
    unless the unification rules of JIS do."""
    rows = defaultdict(set)
    for line in (mappings_dir() / "repertoire" / "shrink-1.2.0.tsv").read_text("utf-8").splitlines()[1:]:
        name, ucs, _, table, *_ = line.split("\t")
        rows[name, "".join(chr(int(code, 16)) for code in ucs.split())].add(table)
    for to in NAMES:
        if to == "list":
            continue
        shrinker = Shrinker(Policy(to=to))
        for g in MJ:
            choice = shrinker.glyph(g.name)
            tables = rows[g.name, choice.text]
            if choice.reason is None and choice.evidence not in ("same", "base"):
                assert tables - {"moj582-2", "min2842-betsuji"}, g.name
                assert "min2842-betsuji" not in tables or "jis-ucs" in tables, g.name


@pytest.mark.parametrize("name", ["㑤田", "㐄島", "㑯本", "㐩上", "㑎井", "㐖山"])
def test_a_look_alike_waits_for_a_person_and_is_shown(name):
    """Characters of 法務省告示582号別表第四の二, of which the table names others that look like them."""
    made = shrink(name)
    assert made.text == "〓" + name[1:] and [c.choice.reason for c in made.findings] == [
        Reason.SHRINK_LOOKALIKE
    ]
    assert made.findings[0].choice.candidates


def test_a_policy_takes_look_alikes_by_name_and_the_output_says_so_of_each_person(tmp_path):
    source, out, side, listed = (tmp_path / f"{n}.csv" for n in ("in", "out", "side", "people"))
    pl.DataFrame({"番号": ["1", "2", "3"], "氏名": ["㑤田太郎", "山田花子", "髙田一郎"]}).write_csv(source)
    policy = tmp_path / "policy.toml"
    policy.write_text('[shrink]\nevidence = ["jis-ucs", "koseki", "moj582-2"]\n')
    arguments = ["shrink", str(source), str(out), "--side", str(side), "--key", "番号"]
    run = CliRunner().invoke(main, [*arguments, "--policy", str(policy), "--people", str(listed)])
    assert run.exit_code == 0 and "people-with-a-lookalike: 1" in run.output
    assert read_table(out)["氏名"].to_list() == ["苗田太郎", "山田花子", "高田一郎"]
    assert read_table(side).select("key", "evidence", "asserts").rows() == [
        ("1", "moj582-2", "similar"),
        ("3", "jis-ucs", "same"),
    ]
    assert read_table(listed).select("record", "key", "what", "written", "original").rows() == [
        ("1", "1", "lookalike", "82D7", "3464")
    ]
    by_default = CliRunner().invoke(main, arguments)
    assert by_default.exit_code == 3 and "shrink-lookalike: 1" in by_default.output
    assert read_table(out)["氏名"][0] == "〓田太郎"


@pytest.mark.parametrize(("name", "substitute"), [("㐲", "伏"), ("貟", "員"), ("䧽", "雅"), ("伵", "四")])
def test_a_table_of_other_characters_vetoes_a_substitute(name, substitute):
    """民一2842 says 別字 of the two, whatever other tables say."""
    choice = shrink(name).findings[0].choice
    assert choice.reason is Reason.SHRINK_LOOKALIKE and substitute in choice.candidates


def test_a_disputed_pair_is_taken_only_where_the_glyph_is_read_like_the_other():
    """JIS包摂 leads a form of 玉 to 王; 戸籍統一文字 leads a form of 切 that is read コウ to 功."""
    shrinker = Shrinker(Policy())
    assert [shrinker.glyph(name).text for name in ("MJ017121", "MJ057061")] == ["玉", "功"]


def test_what_is_merely_related_needs_a_reading_in_common():
    strict, free = Shrinker(Policy()), Shrinker(Policy(readings="any"))
    taken = [g for g in MJ if strict.glyph(g.name).asserts == "related"]
    readings = {character: set(REP[name].readings) for character, name in REP.defaults().items()}
    assert len(taken) > 1_400
    assert all(set(g.readings) & readings[strict.glyph(g.name).text] for g in taken)
    assert sum(free.glyph(g.name).asserts == "related" for g in MJ) > len(taken) + 200


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("恵󠄀子", "恵子"),  # Adobe-Japan1
        ("靖󠄁", "靖"),
        ("葛󠄀西", "葛西"),
        ("葛󠄉西", "葛西"),  # Hanyo-Denshi, by a number of 登記統一文字
        ("山󠄏本", "山本"),  # registered nowhere
        ("辻󠇯", "辻"),
    ],
)
def test_a_sequence_that_mj_lacks_keeps_its_base_character(text, plain):
    made = shrink(text, "jisx0208")
    assert made.text == plain and not made.findings and unshrink(made) == text


def test_a_sequence_that_mj_lacks_is_taken_as_the_glyph_that_it_shows():
    assert [shrink(t).changes[0].glyph for t in ("葛󠄀", "葛󠄁")] == ["MJ022335", "MJ022336"]  # CID 1481 and 7652
    for text, name in list(sequences().items())[::40]:
        made = shrink(text, "cp932").changes[0]
        assert REP[name].base == text[0]
        assert made.glyph == name
        assert made.choice.text == text[0] or text[0] not in load_target("cp932")


def test_no_registered_sequence_of_a_character_in_the_target_becomes_a_geta():
    target = load_target("jisx0208")
    texts = [text for text in sequences() if text[0] in target]
    assert len(texts) > 6_000 and "〓" not in "".join(shrink(text, "jisx0208").text for text in texts)


def test_where_the_tax_agencys_map_names_another_character_a_person_decides():
    jntajis = pytest.importorskip("jntajis")
    wide, narrow, agree, asked = load_target("jisx0213"), load_target("jisx0208"), 0, set()
    for code in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x30000)):
        character = chr(code)
        if character not in wide or character in narrow:
            continue
        theirs = jntajis.jnta_shrink_translit(character, replacement="", passthrough=False)
        choice = shrink(character, "jisx0208").changes[0].choice
        if theirs not in narrow or len(theirs) != 1:
            continue
        if choice.reason is None:
            assert choice.text == theirs, character
            agree += 1
        elif any(key[0] == character for key in led_elsewhere()):
            assert choice.reason is Reason.SHRINK_MANY and theirs in choice.candidates[1:], character
            asked.add(character)
    assert agree == 485
    assert asked == {character for character, _ in led_elsewhere()}


def test_the_page_has_the_counts_of_the_map_and_the_default_policy():
    spec = importlib.util.spec_from_file_location("make_shrink_docs", ROOT / "tests" / "make_shrink_docs.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = made.PAGE.read_text("utf-8")
    assert made.document(page) == page


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
    found = CliRunner().invoke(main, ["unshrink", str(moved), str(side), str(back), "--key", "id"])
    assert found.exit_code == 0 and read_table(back)["name"].to_list() == names[::-1]
    unsure = CliRunner().invoke(main, ["unshrink", str(moved), str(side), str(back)])
    assert unsure.exit_code == 2 and "--key" in unsure.output
    side.write_text(side.read_text("utf-8").replace("9AD9", "X"), "utf-8")
    broken = CliRunner().invoke(main, ["unshrink", str(out), str(side), str(back), "--key", "id"])
    assert broken.exit_code == 1 and "is no side table" in broken.output


def test_a_glyph_is_decided_once(tmp_path):
    source, queue = tmp_path / "in.csv", tmp_path / "q.sqlite"
    hard = next(
        g for g in MJ if g.text and [c.choice.reason for c in shrink(g.text).findings] == [Reason.SHRINK_MANY]
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


def way_back(tmp_path, change, *, columns=("宛名番号", "氏名", "住所"), rows=None):
    """What ``unshrink`` makes of a shrunk file that another system changed, and what it printed."""
    source, out, side, back = (tmp_path / f"{n}.csv" for n in ("in", "out", "side", "back"))
    rows = rows or [("1", "渡邉󠄏　太郎", "葛󠄄町"), ("2", "髙田　花子", "本町"), ("3", "山田　正", "葛󠄄町")]
    pl.DataFrame(rows, schema=list(columns), orient="row").write_csv(source)
    key = ["--key", "宛名番号"]
    made = ["shrink", str(source), str(out), "--side", str(side), "--to", "jisx0208", *key]
    assert CliRunner().invoke(main, made).exit_code == 0
    change(read_table(out)).write_csv(out)
    listed = tmp_path / "refused.csv"
    run = CliRunner().invoke(
        main, ["unshrink", str(out), str(side), str(back), *key, "--refused", str(listed)]
    )
    return read_table(back).rows(), run, read_table(listed)


def with_name(old, new):
    return lambda frame: frame.with_columns(pl.col("氏名").str.replace(old, new, literal=True))


@pytest.mark.parametrize(("old", "new"), [("渡邉　太郎", "田邉　太郎"), ("渡邉　太郎", "渡邉　一郎")])
def test_a_person_whose_name_has_changed_keeps_the_new_one_without_the_old_form(tmp_path, old, new):
    """By marriage the same character stands at the same place; by a correction the other name stands there."""
    rows, run, listed = way_back(tmp_path, with_name(old, new))
    assert rows == [("1", new, "葛町"), ("2", "髙田　花子", "本町"), ("3", "山田　正", "葛󠄄町")]
    assert (
        run.exit_code == 3
        and "1 records left as they are (the text is not what was written): 1" in run.output
    )
    assert {(r["record"], r["key"], r["why"]) for r in listed.rows(named=True)} == {("1", "1", "changed")}


def test_a_person_who_moved_keeps_the_name_and_gets_no_old_address(tmp_path):
    rows, run, _ = way_back(
        tmp_path,
        lambda f: f.with_columns(
            pl.when(pl.col("宛名番号") == "1").then(pl.lit("葛町二")).otherwise("住所").alias("住所")
        ),
    )
    assert rows[0] == ("1", "渡邉󠄏　太郎", "葛町二") and rows[2][2] == "葛󠄄町" and run.exit_code == 3


def test_records_are_found_by_key_wherever_they_stand(tmp_path):
    rows, run, _ = way_back(tmp_path, lambda f: f.reverse())
    assert rows[2] == ("1", "渡邉󠄏　太郎", "葛󠄄町") and run.exit_code == 0
    rows, run, _ = way_back(tmp_path, lambda f: f.slice(1))
    assert rows == [("2", "髙田　花子", "本町"), ("3", "山田　正", "葛󠄄町")]
    assert run.exit_code == 3 and "no record of this key" in run.output
    rows, run, _ = way_back(tmp_path, lambda f: pl.concat([f.slice(1), f.head(1), f.head(1)]))
    assert rows[-1] == ("1", "渡邉　太郎", "葛町") and "several records have this key" in run.output


def test_a_name_in_two_columns_is_one_name(tmp_path):
    rows, run, _ = way_back(
        tmp_path,
        lambda f: f.with_columns(名=pl.lit("一郎")),
        columns=("宛名番号", "氏", "名"),
        rows=[("1", "渡邉󠄏", "太郎"), ("2", "山田", "一郎")],
    )
    assert rows[0] == ("1", "渡邉", "一郎") and run.exit_code == 3


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_file_comes_back_as_it_was(rows):
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.parquet" for n in ("in", "out", "side", "back")]
        frame = pl.DataFrame(
            [(str(n), *row) for n, row in enumerate(rows)], schema=["id", "氏名", "住所"], orient="row"
        )
        frame.write_parquet(paths[0])
        shrink_file(*paths[:3], policy=Policy(to="cp932"), key="id")
        assert unshrink_file(paths[1], paths[2], paths[3], key="id").refused == ()
        assert read_table(paths[3]).equals(frame)


def test_people_whose_names_become_equal_are_listed(tmp_path):
    """渡邉󠄏太郎 and 渡邉󠄐太郎 become one; 山田 were one before and are no news; 髙田 becomes the name of 高田."""
    names = ["渡邉󠄏太郎", "渡邉󠄐太郎", "渡邉󠄐太郎", "山田正", "山田正", "髙田花子", "高田花子", "木村一"]
    births = [
        "1960-01-02",
        "1960-01-02",
        "1999-09-09",
        "1970-01-01",
        "1970-01-01",
        "00000000",
        "00000000",
        "1980-01-01",
    ]
    source, out, side, listed = (tmp_path / f"{n}.csv" for n in ("in", "out", "side", "people"))
    pl.DataFrame({"番号": list("12345678"), "氏名": names, "生年月日": births}).write_csv(source)
    arguments = ["shrink", str(source), str(out), "--side", str(side), "--key", "番号", "--column", "氏名"]
    run = CliRunner().invoke(main, [*arguments, "--birth", "生年月日", "--people", str(listed)])
    assert "equal-names: 2" in run.output and "people-with-an-equal-name: 5" in run.output
    assert "and-birth-date: 2" in run.output and run.exit_code == 0
    found = read_table(listed).filter(what="equal-name").select("key", "birth").rows()
    assert sorted(found) == [("1", "equal"), ("2", "equal"), ("3", "other"), ("6", "other"), ("7", "other")]
    groups = dict(read_table(listed).filter(what="equal-name").select("key", "group").iter_rows())
    assert groups["1"] == groups["2"] == groups["3"] != groups["6"] == groups["7"]


def test_which_columns_are_the_name_is_asked_where_several_could_be(tmp_path):
    source = tmp_path / "in.csv"
    pl.DataFrame({"氏名": ["髙田"], "世帯主氏名": ["高田"]}).write_csv(source)
    arguments = ["shrink", str(source), str(tmp_path / "o.csv"), "--side", str(tmp_path / "s.csv")]
    listed = ["--people", str(tmp_path / "p.csv")]
    unclear = CliRunner().invoke(main, [*arguments, *listed])
    assert unclear.exit_code == 2 and "give --name" in unclear.output and not (tmp_path / "o.csv").exists()
    assert CliRunner().invoke(main, [*arguments, *listed, "--name", "氏名"]).exit_code == 0
    assert own_name(["番号", "氏", "名", "氏カナ", "住所"]) == ["氏", "名"]


class OneDot:
    """A font of one dot for every glyph."""

    def glyph(self, name, side):
        return Picture(side, side, bytes([0 if n == len(name) else 255 for n in range(side * side)]))

    def raster(self, name, across, down, *, mono):
        return Raster(len(name) % across, down // 2, 1, 1, b"\xff")


def test_a_clerk_sees_the_glyph_and_its_look_alike(tmp_path):
    pytest.importorskip("flask")
    from gaiji.review.sheets.sheet import make_sheet
    from gaiji.review.web.app import create_app

    source, queue = tmp_path / "in.csv", tmp_path / "q.sqlite"
    pl.DataFrame({"氏名": ["㐄島　花子"]}).write_csv(source)
    shrink_file(source, tmp_path / "o.csv", tmp_path / "s.csv", policy=Policy(), queue=queue)
    opened = open_queue(queue)
    gallery = Gallery([OneDot()])
    row = make_sheet(opened, gallery).rows[0]
    assert row.picture is not None and REP[row.candidates[0]].base == "牛" and "類字" in "".join(row.cells)
    assert make_sheet(opened, Gallery([])).rows[0].picture is None
    client = create_app(Decisions(opened), gallery, "token", idle=60).test_client()
    local = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}
    client.get("/?open=token", environ_overrides=local)
    item = next(opened.items())
    page = client.get(f"/item/{item.id}", environ_overrides=local).get_data(as_text=True)
    assert "縮退先が類字・別字のみ" in page and f"/picture/{item.id}/288.png" in page and "牛" in page
    for path in (f"/picture/{item.id}/288.png", f"/overlay/{item.id}/{row.candidates[0]}.png"):
        assert client.get(path, environ_overrides=local).data[:4] == b"\x89PNG"
    opened.close()


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


# -- the way back of files, byte by byte ------------------------------------------------------------------

CELLS = st.text(alphabet='髙﨑邉吉𠮷山,"\n 1a\u3000', max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)
    ),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", "\t"]),
    st.booleans(),
    st.booleans(),
)
def test_the_way_back_gives_the_very_bytes(tmp_path, rows, quoting, newline, separator, mark, last):
    """Whoever wrote the file: Python's own writer here, with and without quotes, mark and last line end."""
    text = io.StringIO()
    names = [f"c{n}" for n in range(len(rows[0]))]
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=newline).writerows([names, *rows])
    written = text.getvalue()
    if rows[-1] == [""] and quoting == csv.QUOTE_MINIMAL:
        last = True  # without its end a last line of one empty cell is none
    raw = (b"\xef\xbb\xbf" if mark else b"") + (written if last else written.removesuffix(newline)).encode()
    suffix = ".csv" if separator == "," else ".tsv"
    source, out, side, back = (tmp_path / f"{name}{suffix}" for name in ("in", "out", "side", "back"))
    source.write_bytes(raw)
    done = shrink_file(source, out, side, policy=Policy())
    unshrink_file(out, side, back)
    assert read_table(back).equals(read_table(source))
    if done.same_form:
        assert back.read_bytes() == raw
        assert out.read_bytes().startswith(b"\xef\xbb\xbf") == mark
    else:  # Python quotes a blank at an end and a lone empty cell, where no other writer does
        assert quoting == csv.QUOTE_MINIMAL and any(
            cell == "" or cell != cell.strip() for row in rows for cell in row
        )


@pytest.mark.parametrize(
    "raw",
    [
        b"id,name\r\n1,\xe9\xab\x99\r\n2,\r\n",
        b"\xef\xbb\xbfid,name\n1,\xe9\xab\x99\n2,\n",
        b'"id","name"\n"1","\xe9\xab\x99"\n"2",""\n',
        b'id,name\n1,"\xe9\xab\x99,""x"""\n2,""\n3,',
        b"id,name\n1,\xe9\xab\x99",
    ],
)
def test_forms_that_come_back(tmp_path, raw):
    (tmp_path / "in.csv").write_bytes(raw)
    done = shrink_file(tmp_path / "in.csv", tmp_path / "o.csv", tmp_path / "s.csv", policy=Policy())
    assert done.same_form and (tmp_path / "o.csv").read_bytes() == raw.replace("髙".encode(), "高".encode())
    unshrink_file(tmp_path / "o.csv", tmp_path / "s.csv", tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == raw


def test_a_form_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "in.csv").write_text('id,name\n1,"髙"\n2,山\n', "utf-8")
    shown = CliRunner().invoke(
        main, ["shrink", str(tmp_path / "in.csv"), str(tmp_path / "o.csv"), "--side", str(tmp_path / "s.csv")]
    )
    assert shown.exit_code == 0 and "its cells, not its bytes" in shown.output
