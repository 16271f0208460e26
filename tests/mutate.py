"""Mutants made by operators, and whether the tests see them: comparisons, boundaries, and/or, constants, arithmetic,
statements left out.

``python tests/mutate.py --limit 60 --seed 1`` draws 60 of all mutants of the functions of ``TARGETS`` and prints for each
whether it was killed, by what, and the place of every survivor. ``--target gaiji.kernel.numbers:_zoned`` names others
(``module:function``, ``module:Class.method``, ``module:*``), ``--tests`` the test files that run behind the oracle.

Owns the operators and the running of mutants. The package is copied without its compiled kernels, so that they run as
Python; each mutant is written into the copy and put into a forked process, which holds the oracle's dumps against it and
then runs the tests, until something fails. Code that only compiled kernels run is not mutated.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGETS = (
    "gaiji.kernel.described:scan_vb",
    "gaiji.kernel.described:_vb_record",
    "gaiji.kernel.cut:scan_lines",
    "gaiji.kernel.cut:_at",
    "gaiji.kernel.cut:scan_csv",
    "gaiji.kernel.cut:_csv_row",
    "gaiji.kernel.cut:_row_done",
    "gaiji.kernel.cut:_cell_start",
    "gaiji.kernel.cut:_cell_end",
    "gaiji.kernel.cut:_width",
    "gaiji.kernel.cut:_undo_quotes",
    "gaiji.kernel.cut:_behind_quote",
    "gaiji.kernel.cut:csv_skip",
    "gaiji.kernel.numbers:_numbers",
    "gaiji.kernel.numbers:_packed",
    "gaiji.kernel.numbers:_zoned",
    "gaiji.kernel.numbers:_binary",
    "gaiji.kernel.cut:extent",
    "gaiji.kernel.decode:_rows",
    "gaiji.kernel.decode:_drop_padding",
    "gaiji.kernel.decode:_trim",
    "gaiji.columns.decode:Decoder.place",
    "gaiji.columns.decode:Decoder._numbers",
    "gaiji.columns.decode:Decoder._raw",
    "gaiji.records.source:Source.fill",
    "gaiji.records.cutter:Cutter.chunks",
    "gaiji.records.fixed:Fixed.batches",
    "gaiji.records.fixed:Fixed._check_newlines",
    "gaiji.records.variable:Described.batches",
    "gaiji.records.variable:Variable.found",
    "gaiji.records.variable:Lines.batches",
    "gaiji.records.variable:mark_length",
    "gaiji.records.delimited:Delimited.batches",
    "gaiji.records.delimited:Delimited._first",
    "gaiji.records.delimited:Delimited._rows",
    "gaiji.layout.copybook.measure:_pictured",
    "gaiji.layout.copybook.measure:_symbols",
    "gaiji.layout.copybook.measure:_numeric",
    "gaiji.layout.copybook.measure:measure",
    "gaiji.layout.copybook.measure:place",
    "gaiji.layout.copybook.fields:_expand",
)
TESTS = {
    "gaiji.kernel.cut": ["tests/test_framing.py"],
    "gaiji.kernel.numbers": ["tests/test_columns.py"],
    "gaiji.kernel.decode": ["tests/test_kernel.py"],
    "gaiji.columns": ["tests/test_columns.py"],
    "gaiji.records": ["tests/test_framing.py"],
    "gaiji.layout": ["tests/test_copybook.py", "tests/test_layout.py"],
}
"""The tests that run behind the oracle's dumps, by the beginning of the module's name."""
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Mod: ast.FloorDiv,
}  # fmt: skip
REMOVABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Break, ast.Continue, ast.Raise)


@dataclass(frozen=True)
class Mutant:
    """One change: the ``number``-th of its function."""

    module: str
    function: str
    number: int
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.module}:{self.function} line {self.line}: {self.what}"


# -- operators --------------------------------------------------------------------------------------------------------


def function_of(tree: ast.Module, name: str) -> ast.FunctionDef:
    """The function or method of that name."""
    body: list[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for part in name.split("."):
        named = (n for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == part)
        found = next(named, None)
        if found is None:
            raise SystemExit(f"there is no {name}: correct TARGETS or --target")
        body = found.body
    assert isinstance(found, ast.FunctionDef)
    return found


def changes(function: ast.FunctionDef) -> Iterator[tuple[int, str, Any]]:
    """(line, what, do) of every mutant of a function; ``do`` makes the change in the tree."""
    for node in _living(function):
        line = getattr(node, "lineno", function.lineno)
        yield from ((line, what, do) for what, do in _operators(node))
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for at, statement in enumerate(block if isinstance(block, list) else []):
                doc = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
                if isinstance(statement, REMOVABLE) and not doc:
                    text = ast.unparse(statement).splitlines()[0][:60]
                    yield (
                        statement.lineno,
                        f"left out: {text}",
                        lambda b=block, i=at: b.__setitem__(i, ast.Pass()),
                    )


def _living(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that interpreted code runs: nothing below ``cython.compiled``, no annotations, no docstrings."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and isinstance(
            node, (ast.FunctionDef, ast.AnnAssign)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or (
                isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            ):
                continue
            if isinstance(child, (ast.If, ast.While)) and "cython.compiled" in ast.unparse(child.test):
                for other in child.orelse:
                    yield from _living(other)
                continue
            yield from _living(child)


def _operators(node: ast.AST) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            if type(op) in SWAPS:
                yield _told(node, lambda at=at: node.ops.__setitem__(at, SWAPS[type(node.ops[at])]()))
    elif isinstance(node, (ast.BoolOp, ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS:
        if not _of_strings(node):
            yield _told(node, lambda: setattr(node, "op", SWAPS[type(node.op)]()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield _told(
            node, lambda: setattr(node, "op", ast.UAdd() if isinstance(node.op, ast.USub) else _Yes())
        )
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _told(node, lambda: setattr(node, "value", not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        for step in (1, -1):
            yield _told(node, lambda step=step: setattr(node, "value", node.value + step))
    elif isinstance(node, ast.If):
        yield _told(node, lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test)))


class _Yes(ast.Not):
    """Stands for a ``not`` left out; ``finished`` takes it away."""


def _of_strings(node: ast.AST) -> bool:
    return any(
        isinstance(n, (ast.JoinedStr, ast.List))
        or (isinstance(n, ast.Constant) and isinstance(n.value, (str, bytes)))
        for n in ast.walk(node)
    )


def _told(node: Any, do: Any) -> tuple[str, Any]:
    """What a change reads like, tried on a copy of the node's text only."""
    text = ast.unparse(node.test if isinstance(node, ast.If) else node).splitlines()[0][:60]
    return f"changed: {text}", do


class _Finish(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node.operand if isinstance(node.op, _Yes) else node


def mutants(targets: list[str]) -> list[Mutant]:
    """All mutants of the named functions, from the modules as they are on disk."""
    out = []
    for target in targets:
        module, _, name = target.partition(":")
        tree = ast.parse(_path(module).read_text("utf-8"))
        for function in _names(tree) if name == "*" else [name]:
            found = changes(function_of(tree, function))
            out += [Mutant(module, function, n, line, what) for n, (line, what, _) in enumerate(found)]
    return out


def _names(tree: ast.Module) -> list[str]:
    out = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    return out + [f"{c.name}.{n.name}" for c in classes for n in c.body if isinstance(n, ast.FunctionDef)]


def _path(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def mutated(mutant: Mutant, tree: ast.Module) -> tuple[ast.Module, str, str]:
    """The module's tree with the change, and the changed line before and after."""
    new = copy.deepcopy(tree)
    before = ast.unparse(new).splitlines()
    *_, do = list(changes(function_of(new, mutant.function)))[mutant.number]
    do()
    new = ast.fix_missing_locations(_Finish().visit(new))
    after = ast.unparse(new).splitlines()
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before) - 1)
    return new, before[at].strip(), after[at].strip()


# -- running ----------------------------------------------------------------------------------------------------------


def put_in(mutant: Mutant, tree: ast.Module) -> None:
    """Give the loaded function the code of the mutant."""
    code = compile(tree, str(_path(mutant.module)), "exec")
    target: Any = importlib.import_module(mutant.module)
    for part in mutant.function.split("."):
        target = vars(target)[part] if not isinstance(target, type) else target.__dict__[part]
    target = getattr(target, "fget", None) or getattr(target, "__func__", target)
    target.__code__ = next(c for c in _codes(code) if c.co_qualname == mutant.function)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


def dumps(rows: int, seed: int) -> list[Any]:
    """What every mutant is held against: all formats, and a charset of each kind."""
    from oracle.dumps import EVERY, make
    from oracle.run import known_kinds

    kinds = EVERY - known_kinds()
    pairs = (
        ("ibm-939", "fixed"), ("windows-31j", "csv"), ("windows-31j", "copybook"), ("hitachi-keis83-ebcdik", "vb-blocked"),
        ("unicode-le", "lines"), ("unicode-be", "csv"), ("euc-jis-2004", "lines"), ("unicode-utf8", "fixed-crlf"),
        ("nec-jips-j", "fixed-lf"), ("ibm-939", "copybook"), ("eucjp-ms", "csv"), ("unicode-le", "vb"),
    )  # fmt: skip
    return [
        make(name, format, rows, seed + turn, kinds)
        for turn in range(1, 4)  # file ends, quotes and line ends are drawn once a dump
        for name, format in pairs
    ]


def check(held: list[Any], tests: list[str], seconds: int) -> str:
    """What kills the mutant that is in place, or nothing; the dumps may take ``seconds`` of processor time."""
    from oracle.run import hold

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, most), most))
    for dump in held:
        if found := hold(dump):
            return f"oracle: {str(found[0])[:90]}"
    resource.setrlimit(resource.RLIMIT_CPU, (most - 5, most))
    if tests:
        import pytest

        if pytest.main(["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", *tests]) != 0:
            return "tests"
    return ""


def in_child(work: Any, seconds: int) -> tuple[str, float]:
    """Run ``work`` in a forked process; what it says, or that it crashed or took too long, and the seconds."""
    began = time.monotonic()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            said = work()
        except BaseException as error:
            said = f"error: {type(error).__name__}"
        os.write(write, (said or "-").encode()[:4000])
        os._exit(0)
    os.close(write)
    said = _listen(read, pid, began + 6 * seconds)
    os.waitpid(pid, 0)
    return said, time.monotonic() - began


def _listen(read: int, pid: int, until: float) -> str:
    """What the child writes before it ends; it is ended when it takes too long."""
    import select

    with os.fdopen(read, "rb") as pipe:
        if not select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
            os.kill(pid, signal.SIGKILL)
            return "timeout"
        said = pipe.read().decode("utf-8", "replace")
    return {"": "timeout or crash", "-": ""}.get(said, said)


def inside(args: argparse.Namespace) -> int:
    """Everything in the copy: draw, run, print."""
    import polars  # noqa: F401  (imported once; its threads begin in the children only)
    import pytest  # noqa: F401
    from oracle.run import hold  # noqa: F401

    import gaiji
    import gaiji.run.convert

    assert Path(gaiji.__file__).is_relative_to(ROOT), gaiji.__file__
    held = dumps(args.rows, args.seed)
    every = mutants(args.target or list(TARGETS))
    drawn = random.Random(args.seed).sample(every, min(args.limit or len(every), len(every)))
    every_test = sorted({test for m in drawn for test in tests_of(m.module, args)})
    why, took = in_child(lambda: check(held, every_test, 10 * args.timeout), 20 * args.timeout)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    args.most = max(args.timeout, int(3 * (used.ru_utime + used.ru_stime)))  # a slow test kills nothing
    print(
        f"{len(every)} mutants, {len(drawn)} drawn; without a mutant: {why or 'nothing fails'} in {took:.0f} s",
        flush=True,
    )
    if why:
        return 2
    for module in {m.module for m in drawn}:
        importlib.import_module(module)
    survivors = [s for number, m in enumerate(drawn, 1) if (s := one(number, len(drawn), m, held, args))]
    killed = len(drawn) - len(survivors)
    for survivor in survivors:
        print(survivor)
    print(
        f"killed {killed} of {len(drawn)} ({100 * killed / max(len(drawn), 1):.1f}%), survived {len(survivors)}"
    )
    return 1 if survivors else 0


def tests_of(module: str, args: argparse.Namespace) -> list[str]:
    """The tests that a mutant of the module must pass."""
    if args.tests is not None:
        return list(args.tests)
    return next((tests for name, tests in TESTS.items() if module.startswith(name)), [])


def one(number: int, count: int, mutant: Mutant, held: list[Any], args: argparse.Namespace) -> str:
    """Run one mutant; what to print of it when it survives."""
    path = _path(mutant.module)
    source = path.read_text("utf-8")
    tree, before, after = mutated(mutant, ast.parse(source))
    path.write_text(ast.unparse(tree), "utf-8")

    limit = args.timeout

    def work() -> str:
        put_in(mutant, tree)
        return check(held, tests_of(mutant.module, args), limit)

    try:
        why, took = in_child(work, args.most)
    finally:
        path.write_text(source, "utf-8")
    print(
        f"{number}/{count} {'killed' if why else 'SURVIVED'} {took:.0f} s {mutant} [{why[:70]}]", flush=True
    )
    return "" if why else f"survived: {mutant}\n    - {before}\n    + {after}"


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
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, str(script), "--inside", *arguments], env=environment, cwd=copy_of
        ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", action="append", help="module:function; may be repeated")
    parser.add_argument(
        "--tests", nargs="*", help="test files in place of those of TESTS; none: the oracle alone"
    )
    parser.add_argument("--limit", type=int, default=0, help="mutants to draw (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=4, help="records of each of the oracle's dumps")
    parser.add_argument(
        "--timeout", type=int, default=60, help="seconds of processor time for the oracle's dumps"
    )
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    return inside(args) if args.inside else outside(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
