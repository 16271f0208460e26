"""``make bench``, third part: what 縮退 takes for each target, and whose names it makes equal.

python tests/bench/shrinking.py [--people 60000]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from registers import make

sys.path.insert(0, str(Path(__file__).parents[1]))
from make_shrink_docs import TARGETS, counts

from gaiji.shrinking.people import counted, equal_names
from gaiji.shrinking.policy import Policy
from gaiji.shrinking.shrinker import Shrinker


def bench_people(people: int) -> None:
    """A made-up register of as many people, written for each target."""
    _, register = make(int(people / 0.94))
    register = register.head(people)
    print(f"a made-up register of {register.height:,} people")
    for to in TARGETS:
        made = Shrinker(Policy(to=to)).column(register["name"])
        after = register.with_columns(made.text.alias("name"))
        equal = equal_names(register, after, ["name"], "birth")
        said = counted(equal, made.side.rename({"row": "record"}))
        words = ", ".join(f"{what} {count:,}" for what, count in said.items())
        print(f"  {to}: {made.side.height:,} characters changed, {made.findings.height} wait; {words}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=60_000)
    arguments = parser.parse_args()
    print(counts())
    bench_people(arguments.people)


if __name__ == "__main__":
    main()
