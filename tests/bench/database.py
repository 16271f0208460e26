"""A table of a million people in PostgreSQL, with CP932-era 外字 in a text column and JEF in a bytea column: converted, killed
twice on the way, resumed, verified.

    python tests/bench/database.py URL [--rows 1000000]

URL is an empty database, such as postgresql+psycopg://postgres@/gaijibench?host=/run/postgresql
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
from pathlib import Path

import sqlalchemy as sa

from gaiji.codes.charset import load_charset
from gaiji.database.convert import RUN

KANJI = "渡辺高橋田中山本伊藤佐木村井上松林清水口崎森池阿部石川島一郎太花子美"


def make(url: str, rows: int) -> None:
    """The source table; one name in a hundred has a 外字, one address in fifty."""
    rng = random.Random(6)
    jef = load_charset("fujitsu-jef")
    codes = {c: jef.encode(c) for c in KANJI}
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for table in ("people_mj", "people", "gaiji_run", "gaiji_chunk"):
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(
            sa.text("CREATE TABLE people (number bigint PRIMARY KEY, name bytea, address text)")
        )
        driver = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy("COPY people FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int8", "bytea", "text"])
            for number in range(rows):
                name = b"".join(codes[c] for c in rng.choices(KANJI, k=rng.randint(3, 6)))
                name += bytes.fromhex("80A1") if rng.random() < 0.01 else b""
                address = (
                    "".join(rng.choices(KANJI, k=8))
                    + f"町{rng.randint(1, 99)}番"
                    + ("\ue000" if rng.random() < 0.02 else "")
                )
                copy.write_row((number, name, address))
    engine.dispose()


def job(folder: Path) -> Path:
    path = folder / "people.toml"
    path.write_text(
        '[source]\nurl = "env:GAIJI_BENCH_URL"\ntable = "people"\nkey = "number"\n'
        '[[column]]\nname = "name"\ncharset = "fujitsu-jef"\n'
        '[[column]]\nname = "address"\ncharset = "unicode-utf8"\nrole = "address"\n'
        '[target]\ntable = "people_mj"\n',
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


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    os.environ["GAIJI_BENCH_URL"] = arguments.url
    make(arguments.url, arguments.rows)
    engine = sa.create_engine(arguments.url)
    with tempfile.TemporaryDirectory() as folder:
        path = job(Path(folder))
        command = [sys.executable, "-m", "gaiji", "db", "convert", str(path)]
        begin = time.perf_counter()
        for share in (0.25, 0.6):
            print(f"killed with {killed(command, engine, int(arguments.rows * share)):,} rows done")
        for more in ("", "db verify", "anew"):
            started = time.perf_counter()
            if more == "db verify":
                words = [sys.executable, "-m", "gaiji", "db", "verify", str(path)]
            else:
                words = [*command, *(["--restart"] if more else [])]
            done = subprocess.run(words, capture_output=True, text=True)
            seconds = time.perf_counter() - started
            print(
                f"{more or 'resumed'}: exit {done.returncode}, {seconds:.1f} s\n{(done.stdout + done.stderr).rstrip()}"
            )
        print(f"all: {time.perf_counter() - begin:.1f} s for {arguments.rows:,} rows")
    engine.dispose()


if __name__ == "__main__":
    main()
