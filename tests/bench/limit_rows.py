"""What ``limits`` measures: groups of trials that run in turns, and the rows that their numbers fill."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager as Context
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import limit_data as data
import run as whole
from limit_sides import HERE, Side, cost
from start import JOB, RECORD

import gaiji

Trial = Callable[[], dict[str, float]]
FEW = 7
"""Runs of which the median counts, where one is too short."""


@dataclass(frozen=True)
class Row:
    """A number and what it must be. ``key``: its name among the trials' numbers, behind ``now`` and
    ``before``; ``peer``: the name of what it is compared with. ``limit``: the most that it may be, times the
    peer where ``by_ratio``; ``faster``: the least that the peer's may be of it instead."""

    what: str
    key: str
    unit: str
    threshold: str
    limit: float
    peer: str = ""
    peer_name: str = ""
    by_ratio: bool = False
    faster: bool = False


@dataclass(frozen=True)
class Group:
    """``trials``: each gives numbers by name; ``rows``: what is told of them; ``warm``: rounds that do not
    count; ``most``: rounds at the most (0: as many as asked for)."""

    trials: Sequence[Trial]
    rows: Sequence[Row]
    warm: int = 1
    most: int = 0


@dataclass(frozen=True)
class Setting:
    """Where it is measured and how large: ``size`` in MB of a whole job."""

    folder: Path
    sides: Sequence[Side]
    size: int
    large: bool
    postgres: str

    @property
    def cpu(self) -> bool:
        return self.sides[0].cpu


def one(side: Side, what: str, run: Callable[[], float]) -> Trial:
    """A trial of one number."""
    return lambda: {f"{side.name} {what}": run()}


def start(setting: Setting) -> Context[Group]:
    """What every job and every command costs before it does anything."""
    folder, now = setting.folder / "start", setting.sides[0]
    folder.mkdir()
    name = gaiji.load_charset("ibm-939").encode("田中太郎　佐藤花子").ljust(RECORD, b"\x40")
    (folder / "in.dat").write_bytes(name * (20_000 // RECORD))
    data.write_drawn(folder, RECORD, 20_000 // RECORD)
    trials: list[Trial] = [lambda: {"python": now.seconds(["-c", "pass"])}]
    for side in setting.sides:
        job = folder / f"{side.name}.toml"
        job.write_text(
            JOB.replace("in.dat", str(folder / "in.dat")).replace("out.csv", f"{side.name}/out.csv")
        )
        load = "import gaiji; gaiji.load_charset('ibm-939')"
        trials += [
            one(side, "convert", partial(side.gaiji, "convert", job)),
            one(side, "drawn", partial(_anew, side, data.drawn_job(job, side.name))),
            one(side, "load", partial(side.seconds, ["-c", load])),
            one(side, "lookup", partial(side.gaiji, "lookup", "辻")),
        ]
    told = [
        ("a job of 20 KB", "convert", 0.20),
        ("the same with 外字, a site table and a new queue", "drawn", 0.20),
        ("`import gaiji` and `load_charset`", "load", 0.10),
        ("`gaiji lookup 辻`", "lookup", 0.15),
    ]
    rows = [Row(a, key, "s", f"≤ {most:.2f} s", most, "python", "Python alone") for a, key, most in told]
    return nullcontext(Group(trials, rows))


def _anew(side: Side, job: Path) -> float:
    """Seconds of a job that has made nothing yet."""
    shutil.rmtree(job.with_suffix(""), ignore_errors=True)
    return side.gaiji("convert", job)


def calls(setting: Setting) -> Context[Group]:
    """Library calls, in microseconds of processor time."""
    trials = [partial(side.told, "limit_calls.py", "calls") for side in setting.sides]
    codec = ("now cp932", "bytes.decode('cp932')")
    kernel = ("now kernel", "the kernel alone")
    rows = [
        Row("`decode_text`, a name", "decode_text", "µs", "≤ 2 µs", 2, *codec),
        Row("`decode`, glyphs, codes and a finding", "finding", "µs", "≤ 5 µs", 5, *codec),
        Row("`decode_many` of a list, a row", "list", "µs", "≤ 1.2 × kernel", 1.2, *kernel, by_ratio=True),
        Row(
            "`decode_many` of a column, a row", "series", "µs", "≤ 1.2 × kernel", 1.2, *kernel, by_ratio=True
        ),
        Row("memory of a result", "bytes", "bytes", "≤ 200 bytes", 200),
    ]
    return nullcontext(Group(trials, rows))


def job(setting: Setting) -> Context[Group]:
    """Whole jobs beside the limit program and iconv, and their proofs."""
    folder = setting.folder / "job"
    folder.mkdir()
    codes, trials, rows = whole.agreed_codes(folder), [], []
    program = limit_program(folder)
    for kind, layout, least in (("dense", whole.DENSE, 6.0), ("padded", whole.PADDED, 4.5)):
        path = whole.make(folder, kind, layout, codes, setting.size * whole.MB)
        trials.append(
            lambda path=path, kind=kind: {f"iconv {kind}": timed([*whole.ICONV, str(path)], setting)}
        )
        for side in setting.sides:
            own = folder / f"{kind}-{side.name}.toml"
            own.write_text(
                (folder / f"{kind}.toml").read_text("utf-8").replace("out/", f"{kind}-{side.name}/"), "utf-8"
            )
            side.gaiji("convert", own)  # what is proved and copied is there in a round the other way about
            for command in ("convert", "verify"):
                run = partial(side.gaiji, command, own, "--threads", "2")
                trials.append(one(side, f"{command} {kind}", run))
        if program:
            out = folder / f"{kind}-now" / f"{kind}.csv"
            trials.append(
                lambda path=path, out=out, kind=kind: {
                    f"limit {kind}": timed([str(program), str(path), str(out), str(folder / "copy")], setting)
                }
            )
        size = f"{path.stat().st_size / whole.MB:,.0f} MB"
        convert, verify = f"convert {kind}", f"verify {kind}"
        rows += [
            Row(
                f"job, {kind}, {size}",
                convert,
                "s",
                "≤ 1.5 × limit",
                1.5,
                f"limit {kind}",
                "limit program",
                True,
            ),
            Row(
                "the same", convert, "s", f"≥ {least:g} × iconv", least, f"iconv {kind}", "iconv", True, True
            ),
            Row(
                "`verify` of it", verify, "s", "≥ 0.8 × convert", 0.8, f"now {convert}", "convert", True, True
            ),
        ]
    return nullcontext(Group(trials, rows))


def timed(command: list[str], setting: Setting) -> float:
    """Seconds of a program that is not gaiji."""
    return cost(command, setting.cpu, setting.folder, dict(os.environ))[0]


def limit_program(folder: Path) -> Path | None:
    """The limit program, compiled here; None without a C compiler or OpenSSL's headers."""
    made, compiler = folder / "limit", shutil.which("cc")
    command = [compiler or "", "-O2", "-pthread", str(HERE / "limit.c"), "-lcrypto", "-o", str(made)]
    done = compiler and subprocess.run(command, capture_output=True, text=True, check=False)
    if not done or done.returncode:
        print(f"the limit program: {done.stderr if done else 'no C compiler'}", file=sys.stderr)
        return None
    return made


def memory(setting: Setting) -> Context[Group]:
    """The most memory of a whole job, by looking at the process every 10 ms."""
    folder = setting.folder / "job"
    folder.mkdir(exist_ok=True)
    path = folder / "dense.dat"
    if not path.exists():
        whole.make(folder, "dense", whole.DENSE, whole.agreed_codes(folder), setting.size * whole.MB)
    trials: list[Trial] = []
    for side in setting.sides:
        job = folder / f"memory-{side.name}.toml"
        job.write_text(
            (folder / "dense.toml").read_text("utf-8").replace("out/", f"memory-{side.name}/"), "utf-8"
        )
        command = [side.python, "-m", "gaiji", "convert", str(job), "--threads", "2"]
        trials.append(one(side, "memory", lambda c=command: whole.peak(c) * 1.048576))
    rows = [Row("memory of the dense job", "memory", "MB", "≤ 300 MB", 300)]
    return nullcontext(Group(trials, rows, warm=0, most=3))


def day(setting: Setting) -> Context[Group]:
    """Names that teach, residents that are told."""
    folder, trials = setting.folder / "day", list[Trial]()
    folder.mkdir()
    data.write_people(folder / "learn.dat", 40_000, 8)
    data.write_people(folder / "residents.dat", 60_000, 1)
    for side in setting.sides:
        learned, told = (data.people_job(folder, name, side.name) for name in ("learn", "residents"))
        for made in (learned, told):
            side.gaiji("convert", made)
        trials += [
            one(side, "learn", partial(side.gaiji, "review", "learn", learned)),
            one(
                side,
                "residents",
                partial(side.gaiji, "report", "residents", told, "--output", folder / f"{side.name}.csv"),
            ),
        ]
    rows = [
        Row("`learn`, 40,000 undivided names", "learn", "s", "< 1 s", 1),
        Row("`report residents`, 60,000 told", "residents", "s", "< 2 s", 2),
    ]
    return nullcontext(Group(trials, rows, warm=0))


def queue(setting: Setting) -> Context[Group]:
    """A queue of 5,000 codes as sheets, and back."""
    folder, trials = setting.folder / "queue", list[Trial]()
    folder.mkdir()
    for side in setting.sides:
        place = folder / f"{side.name}.sqlite"
        side.told("limit_calls.py", "queue", str(side.root / "tests" / "bench"), str(place))
        csv, xlsx, back = (folder / f"{side.name}{end}" for end in (".csv", ".xlsx", "-back.csv"))
        export = partial(side.gaiji, "review", "export", "--queue", place)
        export("--format", "csv", "--output", csv)
        data.decide(csv, back)
        trials += [
            one(side, "csv", partial(export, "--format", "csv", "--output", csv)),
            one(side, "back", partial(_brought, side, place, folder / f"{side.name}-copy.sqlite", back)),
            one(side, "xlsx", partial(export, "--format", "xlsx", "--output", xlsx)),
        ]
    rows = [
        Row("`review export`, 5,000 codes, CSV", "csv", "s", "< 2 s", 2),
        Row("`review import`, 5,000 decisions, CSV", "back", "s", "< 2 s", 2),
        Row("XLSX of 5,000 pictures", "xlsx", "s", "< 6 s", 6),
    ]
    return nullcontext(Group(trials, rows, warm=0))


def _brought(side: Side, place: Path, copy: Path, sheet: Path) -> float:
    """Seconds of an import into a copy of the queue."""
    shutil.copyfile(place, copy)
    return side.gaiji("review", "import", "--queue", copy, sheet)


def search(setting: Setting) -> Context[Group]:
    """The first search by parts of a process."""
    trials = [partial(side.told, "limit_calls.py", "search") for side in setting.sides]
    return nullcontext(Group(trials, [Row("first search by parts, `辶+鳥`", "search", "s", "≤ 0.3 s", 0.3)]))


def shape(setting: Setting) -> Context[Group]:
    """The index of shapes, and queries one by one."""
    trials = [partial(side.told, "limit_calls.py", "shape") for side in setting.sides]
    rows = [
        Row("index of shapes", "index", "s", "≤ 5 s", 5),
        Row("a query by shape", "query", "ms", "≤ 3 ms", 3),
    ]
    return nullcontext(Group(trials, rows, warm=0))


@contextmanager
def database(setting: Setting) -> Iterator[Group]:
    """``db convert`` into a new table of PostgreSQL."""
    count = 500_000
    sides = [side for side in setting.sides if side.name == "now" or side.has("psycopg")]
    row = Row("`db convert`, PostgreSQL", "rows", "rows/s", "≥ 500,000 rows/s", 5e5, faster=True)
    with data.postgres(setting.postgres, setting.folder, [side.name for side in sides]) as urls:
        trials = list[Trial]()
        for side in sides:
            if side.name in urls:
                folder = setting.folder / f"table-{side.name}"  # each has a queue of its own
                folder.mkdir()
                path = data.table_job(folder)
                data.fill_table(urls[side.name], count)
                trials.append(one(side, "rows", partial(_rows_a_second, side, path, urls[side.name], count)))
        yield Group(trials, [row])


def _rows_a_second(side: Side, job: Path, url: str, rows: int) -> float:
    """Rows that ``db convert`` writes in a second."""
    os.environ["GAIJI_BENCH_URL"] = url
    return rows / side.gaiji("db", "convert", job, "--restart")


def growth(setting: Setting) -> Context[Group]:
    """What each record more costs, from size to size, and memory; the stream is generated and nothing is kept."""
    now, job = setting.sides[0], data.stream_job(setting.folder)
    sizes = (10**5, 10**6, 10**7, 10**8) if setting.large else (10**5, 10**6, 10**7)
    command = [now.python, "-m", "gaiji", "convert", str(job), "--set", "output.path=-"]

    def once(size: int) -> tuple[float, int]:
        return cost(command, True, setting.folder, now.environment, data.stream(size))

    def run() -> dict[str, float]:
        told, before, less = dict[str, float](), 1, median(once(1)[0] for _ in range(FEW))
        for size in sizes:
            runs = [once(size) for _ in range(FEW if size < 10**7 else 1)]  # where a start weighs more
            seconds = median(seconds for seconds, _ in runs)
            told[f"now each {size}"] = (seconds - less) / (size - before) * 1e6
            told[f"now peak {size}"] = runs[0][1] / 1e6
            before, less = size, seconds
        return told

    once(1)  # tables are compiled and kept
    rows = list[Row]()
    for less, size in pairwise(sizes):
        names = [f"10{'⁰¹²³⁴⁵⁶⁷⁸⁹'[len(str(one)) - 1]}" for one in (less, size)]
        for what, key, unit in (("a record more", "each", "µs"), ("memory", "peak", "MB")):
            if key == "peak" and less < 10**6:  # which do not fill the buffers
                continue
            told = f"≤ 1.1 × {names[0]}'s", 1.1, f"now {key} {less}", names[0]
            rows.append(Row(f"{names[1]} records, {what}", f"{key} {size}", unit, *told, by_ratio=True))
    return nullcontext(Group([run], rows, warm=0, most=3))


def suite(setting: Setting) -> Context[Group]:
    """The tests that every checkout collects, by name, as ``make test`` runs them. One round: it takes minutes."""
    listed, trials = setting.folder / "tests.txt", list[Trial]()
    common = set.intersection(*(_tests(side) for side in setting.sides))
    listed.write_text("".join(f"{one}\n" for one in sorted(common)), "utf-8")
    for side in setting.sides:
        trials.append(one(side, "suite", partial(_suite_seconds, side, listed)))
    of = " of both" if len(setting.sides) > 1 else ""
    row = Row(f"the {len(common):,} tests{of} by `make test`", "suite", "s", "≤ 120 s", 120)
    return nullcontext(Group(trials, [row], warm=0, most=1))


def _tests(side: Side) -> set[str]:
    """The names of the quick tests of a checkout."""
    done = _pytest(side, "--collect-only")
    names = {line for line in done.stdout.splitlines() if "::" in line}
    if done.returncode or not names:
        sys.exit(f"limits: the tests of {side.name}: {done.stdout[-2000:]}{done.stderr}")
    return names


def _suite_seconds(side: Side, listed: Path) -> float:
    """Seconds of listed tests, which must pass."""
    began = _spent(side)
    done = _pytest(side, "-n", "auto", "--dist", "worksteal", f"@{listed}")
    seconds = _spent(side) - began
    if done.returncode:
        sys.exit(f"limits: the tests of {side.name}: {done.stdout[-4000:]}{done.stderr}")
    return seconds


def _spent(side: Side) -> float:
    """The clock, or the processors' time of processes that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime if side.cpu else time.perf_counter()


def _pytest(side: Side, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a checkout, with the caller's own folders and bytecode kept, as ``make test`` has it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [side.python, "-m", "pytest", *words]
    return subprocess.run(command, cwd=side.root, env=kept, capture_output=True, text=True, check=False)


GROUPS: dict[str, Callable[[Setting], Context[Group]]] = {
    make.__name__: make
    for make in (start, calls, job, memory, day, queue, search, shape, database, suite, growth)
}
