"""Converts generated dumps with gaiji and holds the outputs against the oracle: the one module here that imports gaiji.

``python tests/oracle/run.py --fields 1000000 --seed 1`` prints how many fields, dumps, charsets and seconds, and every
difference with its place. Exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from oracle.cases import job_of, known, wrong
from oracle.charsets import load, names
from oracle.check import Difference, compare
from oracle.dumps import EVERY, Dump, formats, make


@dataclass
class Sum:
    """What a run compared."""

    fields: int = 0
    dumps: int = 0
    charsets: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def known_kinds() -> frozenset[str]:
    """Kinds of contents that are known to come out wrong: made only where they are asked for."""
    return frozenset(case["kind"] for case in known()["case"] if case["kind"] and not case.get("mended"))


def convert(dump: Dump, place: Path) -> tuple[bytes, dict[str, Any]]:
    """Run gaiji over the dump; its output and its manifest."""
    return _run(write_job(place, dump))


def write_job(place: Path, dump: Dump) -> Path:
    """A dump and a job over it; the job's path."""
    source = {"charset": dump.charset, "format": dump.format, **dump.source}
    fields = []
    if dump.copybook:
        (place / "dump.cpy").write_text(dump.copybook, "utf-8")
        source["layout"] = "dump.cpy"
    if dump.copybook or dump.format == "csv":
        source["roles"] = {c.name: c.role for c in dump.columns}
    else:
        fields = [_field(column) for column in dump.columns]
    return _write(source, fields, dump.data, place)


def _convert(
    source: dict[str, Any], fields: list[dict[str, Any]], data: bytes, place: Path
) -> tuple[bytes, dict[str, Any]]:
    return _run(_write(source, fields, data, place))


def _write(source: dict[str, Any], fields: list[dict[str, Any]], data: bytes, place: Path) -> Path:
    (place / "dump.dat").write_bytes(data)
    sections = {
        "source": {"path": "dump.dat", **source},
        "output": {"path": "out.csv"},
        "review": {"context": "none"},
    }
    job = place / "job.toml"
    job.write_text(_toml(sections, fields), "utf-8")
    return job


def _run(job: Path) -> tuple[bytes, dict[str, Any]]:
    import gaiji

    manifest = gaiji.convert(job, threads=1, checkpoints=False)
    return (job.parent / "out.csv").read_bytes(), manifest.data


def hold_case(case: dict[str, Any], place: Path) -> list[str]:
    """Convert the file of a case of known.toml; in what the outcome is not right."""
    from gaiji.errors import GaijiError

    try:
        output, manifest = _convert(*job_of(case), place)
    except GaijiError as error:
        return [] if case.get("refused") else [f"refused: {error}"]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return wrong(case, output, manifest)


def _toml(sections: dict[str, dict[str, Any]], fields: list[dict[str, Any]]) -> str:
    """A job file."""
    lines = []
    for title, table in (
        *((f"[{name}]", keys) for name, keys in sections.items()),
        *(("[[field]]", f) for f in fields),
    ):
        lines += [title, *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)  # strings, numbers and booleans are written alike


def _field(column: Any) -> dict[str, Any]:
    table = {"name": column.name, "offset": column.offset, "length": column.length, "type": column.type}
    if column.figure is None:
        return table | {"role": column.role}
    figure = column.figure
    table |= {"scale": figure.scale, "signed": figure.signed, "digits": figure.digits}
    said = {"sign": figure.place, "signs": figure.signs, "order": "little" if figure.little else ""}
    return table | {key: value for key, value in said.items() if value}


def hold(dump: Dump, name: str = "") -> list[Difference]:
    """Convert one dump and compare; an error of gaiji is a difference, too."""
    with tempfile.TemporaryDirectory() as place:
        try:
            output, manifest = convert(dump, Path(place))
        except Exception as error:
            return [
                Difference(
                    name or f"{dump.charset} {dump.format}",
                    0,
                    "conversion",
                    "error",
                    "done",
                    f"{type(error).__name__}: {error}",
                )
            ]
    return compare(dump, output, manifest, name, known()["reasons"])


def plan(fields: int, seed: int, charsets: list[str]) -> Iterator[tuple[str, str, int, int]]:
    """(charset, format, rows, seed) of dumps that together have about that many fields."""
    pairs = [(name, format) for name in charsets for format in formats(load(name))]
    rows = max(20, min(1500, fields // (16 * len(pairs))))
    number = 0
    while True:
        for name, format in pairs:
            yield name, format, rows, seed + number
        number += 1


def run(
    fields: int, seed: int, charsets: list[str] | None = None, kinds: frozenset[str] | None = None
) -> Sum:
    """Compare dumps until ``fields`` fields are done; ``kinds``: all but those known to be wrong."""
    done = Sum()
    wanted = EVERY - known_kinds() if kinds is None else kinds
    for name, format, rows, number in plan(fields, seed, charsets or names()):
        if done.fields >= fields:
            return done
        dump = make(name, format, rows, number, wanted)
        done.fields += rows * len(dump.columns)
        done.dumps += 1
        done.charsets.add(name)
        done.kinds.update(kind for row in dump.kinds for kind in row)
        done.differences += hold(dump, f"{name} {format} seed {number}")
    return done


def smallest(differences: list[Difference]) -> list[Difference]:
    """The differences, those of fewest bytes of each kind first."""
    seen: Counter[tuple[str, str]] = Counter()
    out = []
    for difference in sorted(differences, key=lambda d: len(d.raw)):
        key = (difference.kind, difference.dump.split()[0])
        seen[key] += 1
        out.append((seen[key], seen[difference.kind, ""], difference))
        seen[difference.kind, ""] += 1
    return [difference for _, _, difference in sorted(out, key=lambda item: item[:2])]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--charset", action="append")
    parser.add_argument("--kind", action="append", help="only these kinds of contents, known ones too")
    parser.add_argument("--all", action="store_true", help="with the kinds that are known to come out wrong")
    parser.add_argument("--show", type=int, default=40)
    args = parser.parse_args()
    began = time.monotonic()
    kinds = frozenset(args.kind) if args.kind else EVERY if args.all else None
    done = run(args.fields, args.seed, args.charset, kinds)
    seconds = time.monotonic() - began
    for difference in smallest(done.differences)[: args.show]:
        print(difference)
    by_kind = Counter(d.kind for d in done.differences)
    print("contents:", ", ".join(f"{kind} {n}" for kind, n in done.kinds.most_common()))
    print("differences by kind:", dict(by_kind))
    print(
        f"{done.fields:,} fields, {done.dumps} dumps, {len(done.charsets)} charsets, {seconds:.0f} s, "
        f"{len(done.differences)} differences"
    )
    return 1 if done.differences else 0


if __name__ == "__main__":
    sys.exit(main())
