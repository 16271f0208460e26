"""A table of people, with CP932-era 外字 in a text column and JEF in a column of bytes: converted into a new table and into new columns,
each killed twice on the way, resumed, verified, and once more from the start; rows a second.

    python tests/bench/database.py URL [--rows 1000000] [--mode table|columns]

URL is an empty database, such as postgresql+psycopg://postgres@/gaijibench?host=/run/postgresql, mariadb+pymysql://root@127.0.0.1/bench
or sqlite:////tmp/bench.sqlite; one of DuckDB is not killed, since nobody can look into it meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from gaiji.codes.charset import load_charset
from gaiji.database.engines import open_engine
from gaiji.database.progress import RUN

KANJI = "渡辺高橋田中山本伊藤佐木村井上松林清水口崎森池阿部石川島一郎太花子美"


def people(rows: int) -> Iterator[dict[str, object]]:
    """The source's rows; one name in a hundred has a 外字, one address in fifty."""
    rng = random.Random(6)
    jef = load_charset("fujitsu-jef")
    codes = {c: jef.encode(c) for c in KANJI}
    for number in range(rows):
        name = b"".join(codes[c] for c in rng.choices(KANJI, k=rng.randint(3, 6)))
        name += bytes.fromhex("80A1") if rng.random() < 0.01 else b""
        address = "".join(rng.choices(KANJI, k=8)) + f"町{rng.randint(1, 99)}番"
        yield {"number": number, "name": name, "address": address + ("\ue000" if rng.random() < 0.02 else "")}


def make(url: str, rows: int) -> None:
    """The source table, and nothing of an earlier run."""
    engine = open_engine(url)
    utf8 = {f"{kind}_charset": "utf8mb4" for kind in ("mysql", "mariadb")}
    kinds = (("number", sa.BigInteger), ("name", sa.LargeBinary), ("address", sa.Text))
    columns = [sa.Column(n, of, primary_key=n == "number", autoincrement=False) for n, of in kinds]
    table = sa.Table("people", sa.MetaData(), *columns, **utf8)
    with engine.begin() as connection:
        for name in ("people_mj", "people", "gaiji_run", "gaiji_chunk"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
        table.create(connection)
        rest = people(rows)
        while some := list(islice(rest, 20_000)):
            connection.execute(table.insert(), some)
    engine.dispose()


def job(folder: Path, mode: str) -> Path:
    """The job file of a mode."""
    path = folder / f"{mode}.toml"
    target = 'mode = "columns"' if mode == "columns" else 'table = "people_mj"'
    path.write_text(
        '[source]\nurl = "env:GAIJI_BENCH_URL"\ntable = "people"\nkey = "number"\n'
        '[[column]]\nname = "name"\ncharset = "fujitsu-jef"\nto = "name_mj"\n'
        '[[column]]\nname = "address"\ncharset = "unicode-utf8"\nrole = "address"\nto = "address_mj"\n'
        f"[target]\n{target}\n",
        "utf-8",
    )
    return path


def rows_done(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("gaiji_run"):
            return 0
        return int(connection.execute(sa.select(RUN.c.row_count)).scalar() or 0)


def killed(command: list[str], engine: sa.Engine, least: int) -> int:
    """Start the conversion and kill it (SIGKILL) when it has done ``least`` rows; returns the rows that stand."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while rows_done(engine) < least and process.poll() is None:
        time.sleep(0.02)
    if process.poll() is not None:
        sys.exit("bench: the conversion ended before it could be killed; use more rows")
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    return rows_done(engine)


def bench(mode: str, rows: int, engine: sa.Engine, folder: Path) -> None:
    """Kill, resume, prove, and convert from the start; print what each took."""
    path = job(folder, mode)
    command = [sys.executable, "-m", "gaiji", "db", "convert", str(path)]
    print(f"{mode}:")
    engine.dispose()
    for share in (0.25, 0.6) if engine.dialect.name != "duckdb" else ():  # one process at a time has its file
        print(f"  killed with {killed(command, engine, int(rows * share)):,} rows done")
    verify = [sys.executable, "-m", "gaiji", "db", "verify", str(path)]
    for name, words in (("resumed", command), ("verified", verify), ("anew", [*command, "--restart"])):
        started = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        lines = (done.stdout + done.stderr).splitlines()
        speed = f", {rows / seconds:,.0f} rows/s" if name != "resumed" else ""
        print(f"  {name}: exit {done.returncode}, {seconds:.1f} s{speed}: {lines[0] if lines else ''}")
        if done.returncode != 3:
            sys.exit("\n".join(lines))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--mode", choices=("table", "columns"))
    arguments = parser.parse_args()
    os.environ["GAIJI_BENCH_URL"] = arguments.url
    for mode in [arguments.mode] if arguments.mode else ("table", "columns"):
        make(arguments.url, arguments.rows)
        engine = open_engine(arguments.url)
        with tempfile.TemporaryDirectory() as folder:
            bench(mode, arguments.rows, engine, Path(folder))
        engine.dispose()


if __name__ == "__main__":
    main()
