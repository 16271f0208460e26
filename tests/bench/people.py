"""``make bench``, second part: keys of names, matching and searching, beside a plain loop and another program.

python tests/bench/people.py [--names 1000000] [--people 200000]
"""

from __future__ import annotations

import argparse
import random
import time
import unicodedata

import polars as pl
from registers import make

from gaiji.names import keys, variant_classes


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
            if not ("\ufe00" <= c <= "\ufe0f" or "\U000e0100" <= c <= "\U000e01ef" or c.isspace() or c in "・･·•‧"):
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
    print(f"keys, {count:,} names: variant key {mine:.2f} s; plain Python loop {loop:.2f} s   ratio {loop / mine:.1f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=200_000)
    arguments = parser.parse_args()
    random.seed(6)
    bench_keys(arguments.names)


if __name__ == "__main__":
    main()
