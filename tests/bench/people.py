"""``make bench``, second part: keys of names and matching, beside a plain loop, plain joins and another program.

python tests/bench/people.py [--names 1000000] [--people 200000]
"""

from __future__ import annotations

import argparse
import logging
import random
import resource
import tempfile
import time
import unicodedata
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import polars as pl
from registers import make, split_twins

from gaiji.names.dates import date_keys
from gaiji.names.keys import keys, variant_classes
from gaiji.names.matching import MatchPolicy, match
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


def judged(pairs: pl.DataFrame, a: str, b: str, true: int) -> str:
    """Precision over the pairs and recall over the people that both registers hold."""
    good = (pairs[a] == pairs[b]).sum()
    return f"precision {good / pairs.height:.5f}, recall {good / true:.5f}"


def told(a: pl.DataFrame, b: pl.DataFrame, label: str, policy: MatchPolicy | None = None) -> None:
    """One run with its time, rates and what it needed."""
    true = a.join(b, on="id").height
    begin, cpu = time.perf_counter(), time.process_time()
    found = match(a, b, policy=policy)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    pairs = found.pairs.with_columns(
        ours=a["id"].gather(found.pairs["a"]), theirs=b["id"].gather(found.pairs["b"])
    )
    matched = pairs.filter(pl.col("status").str.starts_with("matched"))
    unsure = pairs.filter(pl.col("status") == "ambiguous")
    shown = unsure.filter(pl.col("ours") == pl.col("theirs"))
    first = unsure.unique("a", keep="first", maintain_order=True).filter(pl.col("ours") == pl.col("theirs"))
    good = matched.filter(pl.col("ours") == pl.col("theirs")).height
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{label}, {a.height:,} and {b.height:,} people, {true:,} in both: {seconds:.1f} s ({cpu:.1f} s of processor), "
        f"{memory} MB at the most so far; {judged(matched, 'ours', 'theirs', true)}"
    )
    print(
        f"  lost {(true - good - shown.height) / max(true, 1):.5f}; ambiguous people "
        f"{unsure['a'].n_unique() / a.height:.5f}, the true one first {first.height} of {shown.height}; {found.counts()}"
    )


def bench_match(people: int) -> None:
    """Both registers from files, as a command has them, so that making them takes none of the memory told."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{side}.parquet" for side in "ab"]
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
            elsewhere.submit(write_registers, people, paths).result()
        a, b = (pl.read_parquet(path) for path in paths)
    told(a, b, "match")
    told(a, b, "match with a model", MatchPolicy(model=True))
    blank = [frame.with_columns(kana=pl.lit("")) for frame in (a, b)]
    told(blank[0], blank[1], "match, readings blank")
    bench_twins(people // 10)
    bench_joins(a, b)
    bench_splink(a, b, a.join(b, on="id").height)


def write_registers(people: int, paths: list[Path]) -> None:
    for frame, path in zip(make(people), paths, strict=True):
        frame.write_parquet(path)


def bench_twins(pairs: int) -> None:
    """Twins of whom each register holds another: every match is wrong."""
    counts = match(*split_twins(pairs)).counts()
    wrong = sum(count for status, count in counts.items() if status.startswith("matched"))
    print(f"twins split over the registers, {pairs:,} pairs: {wrong / pairs:.5f} matched wrongly; {counts}")


def bench_joins(a: pl.DataFrame, b: pl.DataFrame) -> None:
    """What somebody does without a program: six joins on columns made alike, one after the other, unique pairs only."""
    begin = time.perf_counter()
    sides = [
        frame.select(
            "id",
            name=keys(frame["name"], "base"),
            kana=keys(frame["kana"], "kana-written"),
            birth=date_keys(frame["birth"]),
            address=keys(frame["address"], "base"),
        )
        for frame in (a, b)
    ]
    joins = [
        ("name", "kana", "birth", "address"),
        ("name", "kana", "birth"),
        ("name", "birth"),
        ("kana", "birth"),
        ("name", "kana", "address"),
        ("birth", "address"),
    ]
    found = [pl.DataFrame(schema={"id": pl.String, "id_right": pl.String})]
    for on in joins:
        some = [
            side.filter(pl.all_horizontal(pl.col(c) != "" for c in on)).unique(on, keep="none")
            for side in sides
        ]
        pairs = some[0].join(some[1], on=on).select("id", "id_right")
        found.append(pairs)
        sides[0] = sides[0].join(pairs, on="id", how="anti")
        sides[1] = sides[1].join(pairs, left_on="id", right_on="id_right", how="anti")
    seconds, matched = time.perf_counter() - begin, pl.concat(found)
    print(f"  six joins, {seconds:.1f} s: {judged(matched, 'id', 'id_right', a.join(b, on='id').height)}")


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
    plain = [_readable(frame) for frame in (a, b)]
    api = DuckDBAPI()
    tables = [
        api.register(frame.rename({"id": "number"}).to_arrow(), dataset_display_name=name)
        for name, frame in zip("ab", plain, strict=True)
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
    for rule in ("birth", "name"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(rule))
    found = pl.from_arrow(linker.inference.predict(threshold_match_probability=0.5).as_pyarrow_table())
    seconds = time.perf_counter() - begin
    for least in (0.99, 0.999):
        best = found.filter(pl.col("match_probability") >= least).sort("match_weight", descending=True)
        best = best.unique("number_l", keep="first").unique("number_r", keep="first")
        print(
            f"  splink {splink_version()}, {seconds:.1f} s, probability {least}: {judged(best, 'number_l', 'number_r', true)}"
        )


def _readable(frame: pl.DataFrame) -> pl.DataFrame:
    """The register as splink can use it: days and sexes in one form, no spaces, nothing where nothing is said."""
    made = frame.with_columns(
        name=keys(frame["name"], "base"),
        kana=keys(frame["kana"], "kana-written"),
        birth=date_keys(frame["birth"]),
        sex=frame["sex"].replace({"男": "1", "女": "2"}),
        address=keys(frame["address"], "base"),
    )
    return made.with_columns(pl.when(pl.col(c) != "").then(c).alias(c) for c in made.columns)


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
    bench_match(arguments.people)
    bench_shrink()
    bench_keys(arguments.names)


if __name__ == "__main__":
    main()
