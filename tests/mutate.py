"""Mutants made by operators, and whether the tests see them: comparisons, boundaries, and/or, constants, arithmetic,
statements left out.

``python tests/mutate.py --limit 220 --seed 1`` draws 220 of all mutants of the functions of ``mutants.targets`` and prints for
each whether it was killed, by what, and the place of every survivor. ``--target gaiji.kernel.numbers:_zoned`` names others
(``module:function``, ``module:Class.method``, ``module:*``), ``--tests`` the test files that run behind the oracle.

Owns the command. The package is copied without its compiled kernels, so that they run as Python. First, once for each state of
the sources, every dump of the oracle and every test is run with a mark at each statement; then each mutant is put into a forked
process, which meets what comes to its statement, the likely and quick ones first, until something fails. What survives that
within ``--budget`` seconds of tests meets the others at the end, up to ``--wide`` seconds. Survivors that ``equivalent.toml``
knows are printed with their reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KNOWN = Path(__file__).parent / "mutants" / "equivalent.toml"


def known() -> dict[tuple[str, str, str, str], str]:
    """(module, function, line before, line after) → why a mutant cannot be told from the code."""
    table = tomllib.loads(KNOWN.read_text("utf-8"))
    return {
        (one["module"], one["function"], one["before"], one["after"]): one["reason"]
        for one in table["mutant"]
    }


def inside(args: argparse.Namespace) -> int:
    """Everything in the copy: collect, look, draw, run, print."""
    import polars  # noqa: F401  (imported once; its threads begin in the children only)
    from mutants.running import Tests, collected, dumps, in_child
    from mutants.targets import FILES

    import gaiji
    import gaiji.run.convert

    assert Path(gaiji.__file__).is_relative_to(ROOT), gaiji.__file__
    held = dumps(args.rows, 1)
    files = list(FILES) if args.tests is None else list(args.tests)
    # The tables of the charsets are made by threads of Polars, which a forked process has none of: a child makes them.
    in_child(lambda say: say(str(collected(files, lambda session: 0))), 600)
    return collected(files, lambda session: _mutate(Tests(session, held), args))


def _mutate(tests: Any, args: argparse.Namespace) -> int:
    from mutants.operators import mutants
    from mutants.running import Choice, run
    from mutants.targets import TARGETS

    found = _looked(tests, args)
    every = mutants(args.target or TARGETS)
    drawn = random.Random(args.seed).sample(every, min(args.limit or len(every), len(every)))
    print(f"{len(every)} mutants, {len(drawn)} drawn; {len(found)} dumps and tests", flush=True)
    choice, reasons = Choice(found), known()
    left = [(number, one) for number, one in enumerate(drawn, 1) if not args.only or number in args.only]
    if args.after:
        left = [(number, one) for number, one in left if _changed_to(one) in args.after]
    count = len(left)
    survivors: list[str] = []
    explained: list[str] = []
    for budget in (args.budget, args.wide):
        again = []
        for number, mutant in left:
            began = time.monotonic()
            why, before, after, met, all_of = run(tests, choice, mutant, budget)
            reason = reasons.get((mutant.module, mutant.function, before, after), "")
            outcome = "killed" if why else "known" if reason else "SURVIVED"
            took = f"{number}/{len(drawn)} {outcome} {time.monotonic() - began:.0f} s"
            print(f"{took} {mutant} [{why[:90] or f'{met} of {all_of}'}]", flush=True)
            if why:
                continue
            text = f"{number} {mutant}\n    - {before}\n    + {after}"
            if met < all_of and budget < args.wide and not reason:
                again.append((number, mutant))
            elif reason:
                explained.append(f"equivalent: {text}\n    {reason}")
            else:
                survivors.append(f"survived: {text}\n    {met} of {all_of} tests that come to it ran")
        left = again
    print("\n".join(["", *explained, *survivors]))
    if liars := _failing(tests, choice):
        print(f"fail without a mutant, too: {liars}")
        return 2
    killed = count - len(survivors) - len(explained)
    print(
        f"killed {killed} of {count} ({100 * killed / max(count, 1):.1f}%), known to be equivalent {len(explained)}, "
        f"survived {len(survivors)}; of those that can be killed {100 * killed / max(count - len(explained), 1):.1f}%"
    )
    return 1 if survivors else 0


def _changed_to(mutant: Any) -> str:
    """The changed line of a mutant."""
    from mutants.operators import alone, mutated

    return mutated(mutant, alone(mutant.module, mutant.function))[2]


def _failing(tests: Any, choice: Any) -> list[str]:
    """Of the tests that killed a mutant, those that do not pass without one."""
    from mutants.running import look

    killers = sorted({name for won in choice.won.values() for name in won if name in choice.took})
    return [name for name, (*_, passed) in look(tests, [], killers).items() if not passed]


def _looked(tests: Any, args: argparse.Namespace) -> dict[str, Any]:
    """What each dump and test comes to; kept beside the system's temporary files for the same sources."""
    from mutants.operators import functions
    from mutants.running import look, places
    from mutants.targets import TARGETS

    wanted = functions(list(TARGETS))
    base = (
        str(wanted)
        + hashlib.sha256(
            "".join((ROOT / name).read_text("utf-8") for name in places(ROOT, wanted)).encode()
        ).hexdigest()
    )
    by_file: dict[str, list[str]] = {}
    for name in tests.names():
        by_file.setdefault(name.partition("::")[0] if "::" in name else "oracle", []).append(name)
    found: dict[str, Any] = {}
    for file, names in by_file.items():
        source = (ROOT / file).read_bytes() if (ROOT / file).is_file() else repr(args.rows).encode()
        key = hashlib.sha256(base.encode() + source + args.salt.encode()).hexdigest()[:24]
        stem = f"gaiji-mutants-{Path(file).stem}"
        kept = earlier = Path(args.kept) / f"{stem}-{key}.json"
        if args.stale and not kept.is_file():
            earlier = max(Path(args.kept).glob(f"{stem}-*.json"), key=os.path.getmtime, default=kept)
        mine = json.loads(earlier.read_text("utf-8")) if earlier.is_file() else {}
        mine = {name: mine[name] for name in names if name in mine}
        if missing := [name for name in names if name not in mine]:
            began = time.monotonic()
            looked = look(tests, wanted, missing)
            mine |= looked
            kept.write_text(json.dumps(mine), "utf-8")
            failed = [name for name, (*_, passed) in looked.items() if not passed]
            print(f"{file}: {len(looked)} in {time.monotonic() - began:.0f} s, left out {failed}", flush=True)
        found |= mine
    return found


def outside(arguments: list[str]) -> int:
    """Copy the package without compiled kernels and start again in the copy."""
    with tempfile.TemporaryDirectory() as place:
        copy_of = Path(place)
        for name in ("gaiji", "tests"):
            kept_back = shutil.ignore_patterns("*.so", "*.c", "__pycache__")
            shutil.copytree(ROOT / name, copy_of / name, ignore=kept_back)
        for name in ("mappings", "data", "docs", "pyproject.toml", "README.md"):
            (copy_of / name).symlink_to(ROOT / name)
        script = copy_of / "tests" / "mutate.py"
        paths = f"{copy_of}:{copy_of / 'tests'}"
        cache = {"GAIJI_CACHE": str(copy_of / "cache")}
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"} | cache
        return subprocess.run(
            [sys.executable, str(script), "--inside", *arguments],
            env=environment,
            cwd=copy_of,
            stdin=subprocess.DEVNULL,
        ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", action="append", help="module:function; may be repeated")
    parser.add_argument("--tests", nargs="+", help="test files in place of those of mutants.targets")
    parser.add_argument("--limit", type=int, default=0, help="mutants to draw (0: all)")
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the drawn mutants that run again")
    parser.add_argument("--after", nargs="*", help="only mutants with one of these as the changed line")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=4, help="records of each of the oracle's dumps")
    parser.add_argument(
        "--budget", type=float, default=30, help="seconds of tests that a mutant meets at first"
    )
    parser.add_argument(
        "--wide", type=float, default=240, help="seconds of tests that a survivor of those meets"
    )
    parser.add_argument(
        "--kept", default=tempfile.gettempdir(), help="directory for what the tests were seen to come to"
    )
    parser.add_argument(
        "--stale",
        action="store_true",
        help="choose tests by what they came to in an earlier state of the sources, where that is all there is",
    )
    parser.add_argument("--salt", default="", help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    return inside(args) if args.inside else outside(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
