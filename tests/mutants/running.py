"""What is run against a mutant: the oracle's dumps and the tests that come to the changed statement, the likely and quick ones
first.

Owns the forked processes (one for each mutant, ended when it takes too long), the record of which statements each test comes
to, and the choice. A test that fails without a mutant, or takes too long in interpreted kernels, kills nothing.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import resource
import select
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from mutants.operators import Mutant, function_of, mutated, path_of, statements

PAIRS = (
    ("ibm-939", "fixed"), ("windows-31j", "csv"), ("windows-31j", "copybook"), ("hitachi-keis83-ebcdik", "vb-blocked"),
    ("unicode-le", "lines"), ("unicode-be", "csv"), ("euc-jis-2004", "lines"), ("unicode-utf8", "fixed-crlf"),
    ("nec-jips-j", "fixed-lf"), ("ibm-939", "copybook"), ("eucjp-ms", "csv"), ("unicode-le", "vb"),
)  # fmt: skip
"""The oracle's dumps that every mutant is held against: all formats, and a charset of each kind."""
LONGEST = 20.0
"""Seconds of processor time of a test that is run at all."""
MEMORY, STACK = 6 << 30, 1 << 20
"""Bytes of a child's data and of a thread's stack: some tests begin thousands of threads."""


def dumps(rows: int, seed: int) -> dict[str, Any]:
    """Dumps of ``PAIRS`` by name; file ends, quotes and line ends are drawn once a dump."""
    from oracle.dumps import EVERY, make
    from oracle.run import known_kinds

    kinds = EVERY - known_kinds()
    return {
        f"oracle:{name} {format} {turn}": make(name, format, rows, seed + turn, kinds)
        for turn in range(1, 4)
        for name, format in PAIRS
    }


# -- putting code in --------------------------------------------------------------------------------------------------


def put_in(module: str, function: str, tree: ast.Module, given: dict[str, Any] | None = None) -> None:
    """Give the loaded function the code of a tree of its module."""
    code = compile(tree, str(path_of(module)), "exec")
    target: Any = importlib.import_module(module)
    vars(target).update(given or {})
    for part in function.split("."):
        target = vars(target)[part] if not isinstance(target, type) else target.__dict__[part]
    for inner in ("fget", "func", "__func__", "__wrapped__"):
        target = getattr(target, inner, None) or target
    target.__code__ = next(c for c in _codes(code) if c.co_qualname == function)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


class Seen:
    """Which statements of some functions are come to: (module, function, number of the statement)."""

    def __init__(self, functions: list[tuple[str, str]]) -> None:
        self.keys: list[tuple[str, str, int]] = []
        self.hits = bytearray()
        trees: dict[str, ast.Module] = {}
        for module, name in functions:
            tree = trees.setdefault(module, ast.parse(path_of(module).read_text("utf-8")))
            self._mark(module, name, function_of(tree, name))
        self.hits = bytearray(len(self.keys))
        for module, name in functions:
            put_in(module, name, ast.fix_missing_locations(trees[module]), {"_seen_": self.hits})

    def _mark(self, module: str, name: str, function: ast.FunctionDef) -> None:
        numbers = {id(one): n for n, one in enumerate(statements(function))}
        for node in list(ast.walk(function)):
            for part in ("body", "orelse", "finalbody"):
                block = getattr(node, part, None)
                if not isinstance(block, list) or not block or not isinstance(block[0], ast.stmt):
                    continue
                marked: list[ast.stmt] = []
                for one in block:
                    if id(one) in numbers:
                        marked.append(ast.parse(f"_seen_[{len(self.keys)}] = 1").body[0])
                        self.keys.append((module, name, numbers[id(one)]))
                    marked.append(one)
                setattr(node, part, marked)

    def taken(self) -> list[str]:
        """What has been come to since it was asked for the last time."""
        found = [
            f"{module}:{name}:{n}" for hit, (module, name, n) in zip(self.hits, self.keys, strict=True) if hit
        ]
        self.hits[:] = bytes(len(self.hits))
        return found


# -- children ---------------------------------------------------------------------------------------------------------


def in_child(work: Callable[[Callable[[str], None]], None], quiet: float) -> tuple[list[str], bool]:
    """Run ``work`` in a forked process; the lines that it says, and whether it came to its end. It is ended when it
    says nothing for ``quiet`` seconds."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        threading.stack_size(STACK)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        try:
            work(lambda line: os.write(write, f"{line}\n".encode()) and None)
            os.write(write, b"end\n")
        except BaseException as error:
            os.write(write, f"failed {type(error).__name__}: {error}\n".replace("\n", " ").encode() + b"\n")
        os._exit(0)
    os.close(write)
    said = b""
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], quiet)[0] and (got := pipe.read(65536)):
            said += got
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    lines = said.decode("utf-8", "replace").splitlines()
    ended = bool(lines) and lines[-1] == "end"
    return lines[:-1] if ended else lines, ended


def allow(seconds: float) -> None:
    """Let this process use so much more processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


class Tests:
    """The dumps and the collected tests, each by its name."""

    def __init__(self, session: pytest.Session, held: dict[str, Any]) -> None:
        self.items = {item.nodeid: item for item in session.items}
        self.held = held
        self.failed: list[str] = []
        session.config.pluginmanager.register(self)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def run(self, name: str, behind: str | None = None) -> bool:
        """Whether a dump or test passes; ``behind``: the one that comes next (None: all fixtures are let go)."""
        from oracle.run import hold

        if name in self.held:
            return not hold(self.held[name])
        self.failed = []
        item, following = self.items[name], self.items.get(behind or "")
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return not self.failed

    def names(self) -> list[str]:
        """All of them, dumps first."""
        return [*self.held, *self.items]


def look(tests: Tests, functions: list[tuple[str, str]], names: list[str]) -> dict[str, Any]:
    """For each of the tests: how long it takes and what it comes to; those that fail are left out."""

    def work(say: Callable[[str], None]) -> None:
        seen = Seen(functions)
        for name in names:
            allow(LONGEST)
            seen.taken()
            say(f"begin {name}")
            began = time.process_time()
            passed = tests.run(name)
            took = time.process_time() - began
            say(json.dumps([name, round(took, 3), passed, seen.taken()]))

    found: dict[str, Any] = {}
    left = list(names)
    while left:
        names = left
        lines, ended = in_child(work, 20 * LONGEST)
        for line in lines:
            if line.startswith("["):
                name, took, passed, hits = json.loads(line)
                found[name] = [took, hits if passed else [], passed]
                left = left[left.index(name) + 1 :]
        if not ended and left:
            found[left[0]] = [LONGEST, [], False]  # it crashed, or took too long
            left = left[1:]
    return found


class Choice:
    """Which tests a mutant meets, in which order: what killed others of its module, then those that come to the fewest
    statements beside its own, one of each function first."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.took = {name: took for name, (took, *_) in found.items()}
        self.reach = {name: len(hits) for name, (_, hits, _) in found.items()}
        self.won: dict[str, Counter[str]] = defaultdict(Counter)
        self.by: dict[str, set[str]] = defaultdict(set)
        for name, (_, hits, _) in found.items():
            for hit in hits:
                self.by[hit].add(name)

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that come to its statement; of a statement that nothing comes to (it is never alone on its way), none."""
        every = self.by[f"{mutant.module}:{mutant.function}:{mutant.statement}"]
        if mutant.statement == 0:  # the function's own line
            every = self.by[f"{mutant.module}:{mutant.function}:1"]
        won = self.won[mutant.module]
        turn: Counter[str] = Counter()
        order = []
        for name in sorted(every, key=lambda name: (self.reach[name], self.took[name], name)):
            of = name.partition("[")[0] if not name.startswith("oracle") else name
            order.append((-min(won[name], 5), turn[of], self.reach[name], name))
            turn[of] += 1
        return [name for *_, name in sorted(order)]


def run(tests: Tests, choice: Choice, mutant: Mutant, budget: float) -> tuple[str, str, str, int, int]:
    """(what killed it or "", changed line before, after, tests that it met, tests that there are)."""
    path = path_of(mutant.module)
    source = path.read_text("utf-8")
    tree, before, after = mutated(mutant, ast.parse(source))
    names = choice.of(mutant)
    met, spent = [], 0.0
    for name in names:
        if met and spent + choice.took[name] > budget:
            break
        met.append(name)
        spent += choice.took[name]

    def work(say: Callable[[str], None]) -> None:
        put_in(mutant.module, mutant.function, tree)
        for name, following in zip(met, [*met, None][1:], strict=False):
            allow(3 + 5 * choice.took[name])
            say(f"begin {name}")
            if not tests.run(name, following):
                say(f"killed {name}")
                return

    path.write_text(ast.unparse(tree), "utf-8")
    try:
        lines, ended = in_child(work, 120 + 30 * max((choice.took[name] for name in met), default=0))
    finally:
        path.write_text(source, "utf-8")
    last = lines[-1] if lines else "begin nothing"
    word, _, name = last.partition(" ")
    if word == "failed" and len(lines) == 1:
        raise RuntimeError(f"{mutant}: {name}")  # the mutant could not be put in
    if met and (word == "killed" or not ended):
        name = next(line for line in reversed(lines) if line.startswith(("begin ", "killed "))).partition(
            " "
        )[2]
        choice.won[mutant.module][name] += 1
        return name if word == "killed" else f"timeout or crash: {name}", before, after, len(met), len(names)
    return "", before, after, len(met), len(names)


def quietly() -> None:
    """Hypothesis with the same examples each time, and no search for the smallest."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants", deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    settings.load_profile("mutants")


class Loop:
    """A pytest plugin that does ``work`` in place of running what was collected."""

    def __init__(self, work: Callable[[pytest.Session], int]) -> None:
        self.work = work
        self.code = 2

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Before the test modules are imported, which look at the profile."""
        quietly()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of the tests."""
        self.code = self.work(session)
        return True


def collected(files: list[str], work: Callable[[pytest.Session], int]) -> int:
    """Collect the tests of some files and do ``work``; what it gives."""
    loop = Loop(work)
    options = ["-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider"]
    code = pytest.main([*options, *files], plugins=[loop])
    if loop.code == 2:
        print(f"pytest ended with {code} before anything was run", file=sys.stderr)
    return loop.code


def places(root: Path, functions: list[tuple[str, str]]) -> list[str]:
    """What the record of statements depends on: the modules of the functions, and the oracle."""
    modules = sorted({module.replace(".", "/") + ".py" for module, _ in functions})
    return modules + sorted(str(path.relative_to(root)) for path in (root / "tests/oracle").rglob("*.py"))
