"""``make bench``, second part: keys of names, matching and searching, beside a plain loop and another program.

python tests/bench/people.py [--names 1000000] [--people 200000]
"""

from __future__ import annotations

import argparse
import logging
import random
import statistics
import time
import unicodedata
from collections import Counter

import polars as pl
from registers import make

from gaiji.names.keys import keys, variant_classes
from gaiji.names.matching import match
from gaiji.names.searching import NameIndex
from gaiji.shrinking.evidence import shrink_links
from gaiji.shrinking.policy import Policy
from gaiji.shrinking.shrinker import Shrinker
from gaiji.standard.repertoire import load_repertoire


def many_names(count: int) -> pl.Series:
    """Names of a made-up register, one in twelve with a variant spelling."""
    _, b = make(min(count, 100_000))
    return pl.concat([b["name"]] * (count // b.height + 1))[:count].shuffle(seed=1)


def plain_loop(names: list[str]) -> list[str]:
    """The variant key, one character after the other."""
    classes = variant_classes()
    out = []
    for name in names:
        folded = []
        for c in unicodedata.normalize("NFKC", name.replace("゛", "\u3099").replace("゜", "\u309a")):
            if not (
                "\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef" or c.isspace() or c in "・･·•‧"
            ):
                folded.append(classes.get(c.lower(), c.lower()))
        out.append("".join(folded))
    return out


def bench_keys(count: int) -> None:
    names = many_names(count)
    variant_classes()
    begin = time.perf_counter()
    ours = keys(names)
    mine = time.perf_counter() - begin
    begin = time.perf_counter()
    theirs = plain_loop(names.to_list())
    loop = time.perf_counter() - begin
    assert ours.to_list() == theirs
    print(
        f"keys, {count:,} names: variant key {mine:.2f} s; plain Python loop {loop:.2f} s   ratio {loop / mine:.1f}"
    )


def bench_shrink() -> None:
    """Every MJ glyph through the default policy, and as the map alone has it."""
    mj = [glyph.name for glyph in load_repertoire() if glyph.name < "MJ090000"]
    shrinker = Shrinker(Policy())
    begin = time.perf_counter()
    choices = [shrinker.glyph(name) for name in mj]
    seconds = time.perf_counter() - begin
    counts = Counter(choice.reason.label if choice.reason else "one" for choice in choices)
    links = [len({link.text for link in shrink_links().get(name, ())}) for name in mj]
    alone = Counter("none" if n == 0 else "one" if n == 1 else "several" for n in links)
    print(
        f"shrink, {len(mj):,} MJ glyphs to JIS X 0213, {seconds:.2f} s: {dict(counts)}; the map alone: {dict(alone)}"
    )


def bench_search(count: int) -> None:
    names = many_names(count).to_list()
    forms = [g.text for g in load_repertoire() if g.base and g.base in "辺邊邉"]
    names[:: count // len(forms)] = [
        f"渡{forms[i % len(forms)]}　太郎" for i in range(len(names[:: count // len(forms)]))
    ]
    begin = time.perf_counter()
    index = NameIndex(pl.DataFrame({"name": names}), ["name"])
    loading = time.perf_counter() - begin
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        shown = index.search("渡辺", limit=50)
        times.append(time.perf_counter() - begin)
    hits = index.search("渡辺").hits
    found = {hit.text[1:].removesuffix("　太郎") for hit in hits if hit.text.endswith("　太郎")}
    assert len(hits) == shown.total
    print(
        f"search, {count:,} names: {1000 * statistics.median(times):.0f} ms for {shown.total:,} hits, 50 shown; index {loading:.2f} s; "
        f"{len(set(forms) & found)} of {len(set(forms))} forms of 辺 found"
    )


def judged(pairs: pl.DataFrame, a: str, b: str, true: int) -> str:
    """Precision over the pairs and recall over the people that both registers hold."""
    good = (pairs[a] == pairs[b]).sum()
    return f"precision {good / pairs.height:.5f}, recall {good / true:.5f}"


def bench_match(people: int) -> None:
    a, b = make(people)
    true = a.join(b, on="id").height
    begin = time.perf_counter()
    found = match(a, b)
    seconds = time.perf_counter() - begin
    pairs = found.pairs.with_columns(
        ours=a["id"].gather(found.pairs["a"]), theirs=b["id"].gather(found.pairs["b"])
    )
    matched = pairs.filter(pl.col("status").str.starts_with("matched"))
    unsure = pairs.filter((pl.col("status") == "ambiguous") & (pl.col("ours") == pl.col("theirs"))).height
    print(
        f"match, {a.height:,} and {b.height:,} people, {true:,} in both: {seconds:.1f} s, {judged(matched, 'ours', 'theirs', true)}"
    )
    print(f"  ambiguous, true candidate among them: {unsure / true:.5f} of the people; {found.counts()}")
    bench_splink(a, b, true)


def bench_splink(a: pl.DataFrame, b: pl.DataFrame, true: int) -> None:
    """The same registers through splink: trained without labels, the best pair of each record above a probability."""
    try:
        import splink.comparison_library as cl
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    except ImportError:
        print("  splink is not installed: pip install -e '.[bench]'")
        return
    logging.disable(logging.WARNING)
    begin = time.perf_counter()
    kana = pl.when(pl.col("kana") != "").then("kana")
    api = DuckDBAPI()
    tables = [
        api.register(
            frame.rename({"id": "number"}).with_columns(kana=kana).to_arrow(), dataset_display_name=name
        )
        for name, frame in (("a", a), ("b", b))
    ]
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="number",
        blocking_rules_to_generate_predictions=[
            block_on("birth"),
            block_on("name"),
            block_on("kana", "address"),
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.92, 0.8]),
            cl.JaroWinklerAtThresholds("kana", [0.92, 0.8]),
            cl.DamerauLevenshteinAtThresholds("birth", [1]),
            cl.ExactMatch("sex"),
            cl.JaroWinklerAtThresholds("address", [0.9]),
        ],
    )
    linker = Linker(tables, settings)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_probability_two_random_records_match([block_on("name", "birth")], recall=0.8)
    for rule in ("birth", "address"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(rule))
    found = pl.from_arrow(linker.inference.predict(threshold_match_probability=0.5).as_pyarrow_table())
    seconds = time.perf_counter() - begin
    for least in (0.99, 0.999):
        best = found.filter(pl.col("match_probability") >= least).sort("match_weight", descending=True)
        best = best.unique("number_l", keep="first").unique("number_r", keep="first")
        print(
            f"  splink {splink_version()}, {seconds:.1f} s, probability {least}: {judged(best, 'number_l', 'number_r', true)}"
        )


def splink_version() -> str:
    from importlib.metadata import version

    return version("splink")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=200_000)
    arguments = parser.parse_args()
    random.seed(6)
    bench_shrink()
    bench_keys(arguments.names)
    bench_search(arguments.names)
    bench_match(arguments.people)


if __name__ == "__main__":
    main()
