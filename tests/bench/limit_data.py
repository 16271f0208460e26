"""Made-up data of ``limits``: a town's people with 外字, a table of them in PostgreSQL, a stream without an end."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import database
from registers import given_names, surnames

import gaiji
from gaiji.database.engines import open_engine
from gaiji.standard.repertoire import load_repertoire

SIZES = {"番号": 10, "氏名": 26, "氏名_フリガナ": 42}
CODES = 300
"""外字 of a dump."""


def write_people(path: Path, count: int, every: int) -> None:
    """People with undivided names and readings in JEF; every so many has a 外字 in the place of a character, always the same one
    for a character."""
    rng, jef = random.Random(20), gaiji.load_charset("fujitsu-jef")
    listed, weights = surnames()
    given = given_names("M")[0] + given_names("F")[0]
    codes: dict[str, bytes] = {}
    blank = jef.encode("　")
    with path.open("wb") as file:
        for number, (surname, first) in enumerate(
            zip(rng.choices(listed, cum_weights=weights, k=count), rng.choices(given, k=count), strict=True)
        ):
            name, kana = surname[0] + first[0], surname[1] + first[1]
            written = [jef.encode(one) for one in name]
            if number % every == 0:
                at = rng.randrange(len(name))
                written[at] = codes.setdefault(
                    name[at], (0x80A1 + len(codes) % CODES // 90 * 256 + len(codes) % 90).to_bytes(2, "big")
                )
            cells = [
                jef.encode("".join(chr(0xFF10 + int(c)) for c in f"{number:05d}")),
                b"".join(written),
                jef.encode(kana),
            ]
            file.write(
                b"".join((c + blank * size)[:size] for c, size in zip(cells, SIZES.values(), strict=True))
            )


def write_drawn(folder: Path, length: int, count: int) -> None:
    """Names in IBM-939, every tenth with one of twenty 外字, and a site table that knows half of them."""
    ibm, codes = gaiji.load_charset("ibm-939"), range(0x6941, 0x6941 + 20)
    plain = ibm.encode("田中太郎　佐藤花子").ljust(length, b"\x40")
    names = [b"\x0e" + code.to_bytes(2, "big") + b"\x0f" + ibm.encode("田太郎") for code in codes]
    (folder / "drawn.dat").write_bytes(
        b"".join(
            plain if number % 10 else names[number // 10 % len(names)].ljust(length, b"\x40")
            for number in range(count)
        )
    )
    rows = [
        f"{code:04X}\t\t{glyph}\n"
        for code, glyph in zip(codes, load_repertoire().frame["name"][:10], strict=False)
    ]
    (folder / "site.tsv").write_text("code\tucs\tglyph\n" + "".join(rows), "utf-8")


def drawn_job(plain: Path, side: str) -> Path:
    """A job over ``write_drawn``'s names, with outputs of its own in a folder of its name."""
    job = plain.with_name(f"drawn-{side}.toml")
    text = plain.read_text("utf-8").replace("in.dat", "drawn.dat").replace(f"{side}/", f"drawn-{side}/")
    job.write_text(text.replace("[output]", 'tables = ["site.tsv"]\n[output]'), "utf-8")
    return job


def people_job(folder: Path, name: str, side: str) -> Path:
    """A job over such a dump, with outputs and a queue of its own."""
    path, at = folder / f"{name}-{side}.toml", 0
    lines = [
        f'[source]\npath = "{name}.dat"\ncharset = "fujitsu-jef"\nformat = "fixed"\nrecord_length = {sum(SIZES.values())}'
    ]
    lines.append(f'[output]\npath = "{name}-{side}/out.csv"\n[review]\nkey = "番号"')
    for (field, size), role in zip(SIZES.items(), ("other", "name", "kana"), strict=True):
        lines.append(
            f'[[field]]\nname = "{field}"\noffset = {at}\nlength = {size}\ntype = "dbcs"\nrole = "{role}"'
        )
        at += size
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def decide(sheet: Path, filled: Path) -> None:
    """A sheet with every code decided: the first candidate, as a clerk copies its cell."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        target = next(cell for name, cell in row.items() if name.startswith("候補"))
        row |= {"同定先": target.split()[0], "同定区分": "類似", "根拠": "戸籍簿", "判定者": "係"}
    with filled.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def postgres(url: str, folder: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Name → URL of an empty database: the one given for the first name, or those of a server of its own; none where it cannot be
    started."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if url or not places or os.geteuid() or not shutil.which("setpriv"):
        yield {names[0]: url} if url else {}
        return
    home = folder / "postgres"
    home.mkdir()
    shutil.chown(home, "postgres")
    folder.chmod(0o755)
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(program: str, *words: str) -> None:
        command = [*as_postgres, str(places[-1] / program), *words]
        subprocess.run(command, cwd=home, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr)

    run("initdb", "-A", "trust", "-E", "UTF8", "-D", str(home / "data"))
    settings = f"-k {home} -c listen_addresses="
    run("pg_ctl", "-w", "-D", str(home / "data"), "-l", str(home / "log"), "-o", settings, "start")
    try:
        for name in names:
            run("createdb", "-h", str(home), name)
        yield {name: f"postgresql+psycopg://postgres@/{name}?host={home}" for name in names}
    finally:
        run("pg_ctl", "-D", str(home / "data"), "-m", "fast", "stop")


def fill_table(url: str, rows: int) -> None:
    """The table of people of ``database``."""
    database.make(url, rows)
    engine = open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE people")
    engine.dispose()


def table_job(folder: Path) -> Path:
    """The job that converts it into a new table."""
    return database.job(folder, "table")


RECORD = 40


def stream(records: int) -> Iterator[bytes]:
    """That many records, one name after the other, in pieces; the last piece is what is left."""
    jef = gaiji.load_charset("fujitsu-jef")
    block = b"".join(
        (jef.encode(a + b) + jef.encode("　") * 20)[:RECORD]
        for (a, _), (b, _) in zip(surnames()[0], given_names("M")[0], strict=False)
    )
    block *= 1 + 2_000_000 // len(block)
    left = records * RECORD
    while left > 0:
        yield block[:left]
        left -= min(left, len(block))


def stream_job(folder: Path) -> Path:
    """A job over a pipe."""
    path = folder / "stream.toml"
    path.write_text(
        f'[source]\npath = "-"\ncharset = "fujitsu-jef"\nformat = "fixed"\nrecord_length = {RECORD}\n'
        f'[output]\npath = "stream.csv"\n[[field]]\nname = "氏名"\noffset = 0\nlength = {RECORD}\ntype = "dbcs"\nrole = "name"\n',
        "utf-8",
    )
    return path
