"""Rebuilds every table, charset file and ``disputes.tsv`` from the pinned sources.

    python mappings/build/make.py [--check] [--sources DIRECTORY] [--only PREFIX]

``--check`` writes nothing and fails if a committed file differs from what would be written.
Owns which files there are; what is in them is decided in the modules beside this one.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import charsets  # noqa: E402
import codecs_tables  # noqa: E402
import disputes  # noqa: E402
import hosts  # noqa: E402
import ibm  # noqa: E402
import official  # noqa: E402
from identity import Identity  # noqa: E402
from rows import Table, table_toml, tsv  # noqa: E402
from sources import SourceError  # noqa: E402

MAPPINGS = HERE.parent


def tables(identity: Identity) -> list[Table]:
    """Every table, in the order of their ids."""
    made = [
        *hosts.fujitsu(identity),
        *hosts.hitachi(identity),
        *hosts.nec(identity),
        *hosts.unisys(identity),
        *ibm.build(identity),
        *codecs_tables.windows(identity),
        *codecs_tables.euc(identity),
        *codecs_tables.sjis2004(identity),
        *official.build(identity),
    ]
    return sorted(made, key=lambda table: table.id)


def files() -> dict[str, str]:
    """Path below ``mappings`` → text of every generated file."""
    identity = Identity()
    made = tables(identity)
    out = {}
    for table in made:
        out[f"tables/{table.id}.tsv"] = tsv(table)
        out[f"tables/{table.id}.toml"] = table_toml(table)
    for name, spec in charsets.all_charsets().items():
        out[f"charsets/{name}.toml"] = charsets.render(spec)
    out["disputes.tsv"] = disputes.render(identity, {table.id: table for table in made})
    return out


def present() -> set[str]:
    """The generated files that are in the repository."""
    found = [*(MAPPINGS / "tables").rglob("*.t*"), *(MAPPINGS / "charsets").glob("*.toml")]
    return {path.relative_to(MAPPINGS).as_posix() for path in found}


def main() -> int:
    """Write the files, or compare them; 1 when they differ."""
    parser = argparse.ArgumentParser(description="Rebuild the mapping tables from the pinned sources.")
    parser.add_argument("--check", action="store_true", help="compare with the files here, write nothing")
    parser.add_argument("--sources", type=Path, help="directory of the fetched packages (default .cache)")
    options = parser.parse_args()
    if options.sources:
        os.environ["GAIJI_SOURCES"] = str(options.sources)
    try:
        made = files()
    except SourceError as error:
        sys.exit(f"make.py: {error}")
    stale = sorted(present() - set(made))
    if options.check:
        differing = [
            name
            for name, text in sorted(made.items())
            if not (MAPPINGS / name).exists() or (MAPPINGS / name).read_bytes() != text.encode()
        ]
        for name in (*differing, *stale):
            print(f"differs: mappings/{name}")
        print(f"{len(made)} files compared, {len(differing) + len(stale)} differ")
        return 1 if differing or stale else 0
    for name in stale:
        (MAPPINGS / name).unlink()
    for name, text in made.items():
        path = MAPPINGS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    print(f"{len(made)} files written, {len(stale)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
