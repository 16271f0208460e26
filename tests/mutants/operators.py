"""The operators: comparisons, boundaries, and/or, constants, arithmetic, statements left out.

Owns what a mutant is and what is none: no docstring, annotation or text of a message is changed, nothing that only compiled
kernels run, and of what would be the same by construction one is made. Runs nothing.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Mod: ast.FloorDiv,
}  # fmt: skip
NEGATED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
"""Comparisons whose swap is the whole condition turned round."""
REMOVABLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Break, ast.Continue, ast.Raise)
TEXTS = ("tr", "fault", "mark", "cast", "TypeVar")
"""Calls that hold texts for people, or types."""
NOT_TRIED = ("__repr__", "__str__")
Change = tuple[ast.stmt, str, Any]
"""(statement, what, do): ``do`` makes the change in the tree that the statement is of."""


@dataclass(frozen=True)
class Mutant:
    """One change: the ``number``-th of its function, in its ``statement``-th statement."""

    module: str
    function: str
    number: int
    statement: int
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.module}:{self.function} line {self.line}: {self.what}"


def path_of(module: str) -> Path:
    """The file of a module."""
    return ROOT / (module.replace(".", "/") + ".py")


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


def names(tree: ast.Module) -> list[str]:
    """All functions and methods of a module."""
    out = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    out += [f"{c.name}.{n.name}" for c in classes for n in c.body if isinstance(n, ast.FunctionDef)]
    return [name for name in out if name.rpartition(".")[2] not in NOT_TRIED]


@cache
def alone(module: str, name: str) -> ast.Module:
    """The tree of a module with one function, or a class with one method, and nothing else."""
    tree = ast.parse(path_of(module).read_text("utf-8"))
    first, _, method = name.partition(".")
    tree.body = [node for node in tree.body if getattr(node, "name", "") == first]
    if method and isinstance(tree.body[0], ast.ClassDef):
        tree.body[0].body = [node for node in tree.body[0].body if getattr(node, "name", "") == method]
    return tree


def functions(targets: list[str] | tuple[str, ...]) -> list[tuple[str, str]]:
    """(module, function) of targets, ``module:*`` being all of a module."""
    out = []
    for target in targets:
        module, _, name = target.partition(":")
        every = names(ast.parse(path_of(module).read_text("utf-8"))) if name == "*" else [name]
        out += [(module, function) for function in every]
    return out


def mutants(targets: list[str] | tuple[str, ...]) -> list[Mutant]:
    """All mutants of the named functions, from the modules as they are on disk."""
    out = []
    trees: dict[str, ast.Module] = {}
    for module, name in functions(targets):
        if module not in trees:
            trees[module] = ast.parse(path_of(module).read_text("utf-8"))
        function = function_of(trees[module], name)
        order = {id(one): n for n, one in enumerate(statements(function))}
        for number, (statement, what, _) in enumerate(changes(function)):
            out.append(Mutant(module, name, number, order[id(statement)], statement.lineno, what))
    return out


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function, itself first, in an order that a second parse gives again."""
    return [node for node in ast.walk(function) if isinstance(node, ast.stmt)]


def mutated(mutant: Mutant, tree: ast.Module) -> tuple[ast.Module, str, str]:
    """The module's tree with the change, and the changed line before and after."""
    new = copy.deepcopy(tree)
    before = ast.unparse(function_of(new, mutant.function)).splitlines()
    *_, do = list(changes(function_of(new, mutant.function)))[mutant.number]
    do()
    new = ast.fix_missing_locations(_Finish().visit(new))
    after = ast.unparse(function_of(new, mutant.function)).splitlines()
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(before) - 1)
    return new, before[at].strip(), after[at].strip()


# -- operators --------------------------------------------------------------------------------------------------------


def changes(function: ast.FunctionDef) -> Iterator[Change]:
    """Every mutant of a function."""
    first = function.name == "__init__"
    flags: dict[int, set[int]] = {}
    for statement, node in _living(function, function):
        if id(statement) not in flags:
            flags[id(statement)] = _flags(statement)
        if first and _slot(statement) and isinstance(node, ast.Constant):
            continue
        yield from ((statement, what, do) for what, do in _operators(node, flags[id(statement)]))
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for at, one in enumerate(block if isinstance(block, list) else []):
                if isinstance(one, REMOVABLE) and not _doc(one) and not (first and _slot(one)):
                    text = ast.unparse(one).splitlines()[0][:60]
                    yield one, f"left out: {text}", lambda b=block, i=at: b.__setitem__(i, ast.Pass())


def _doc(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _slot(node: ast.AST) -> bool:
    """Whether it gives an attribute its first value, a constant: before anything is done, it is set again."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.Constant)
    )


def _flags(statement: ast.stmt) -> set[int]:
    """Constants 0 and 1 that are all of what a statement gives, and the 1 of every -1: others would be as true, as false, or
    as much none."""
    value = getattr(statement, "value", None)
    given = [value]
    while given and isinstance(given[-1], ast.IfExp):
        last = given.pop()
        given[:0] = [last.body]
        given.append(last.orelse)
    given += [
        one.operand
        for one in ast.walk(statement)
        if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.USub)
    ]
    return {id(one) for one in given if isinstance(one, ast.Constant) and one.value in (0, 1)}


def _living(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.stmt, ast.AST]]:
    """(statement, node) of what interpreted code runs: nothing below ``cython.compiled``, no annotations, no docstrings, no
    texts."""
    statement = node if isinstance(node, ast.stmt) else statement
    yield statement, node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and isinstance(
            node, (ast.FunctionDef, ast.AnnAssign)
        ):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _doc(child) or _text(child):
                continue
            if isinstance(child, (ast.If, ast.While, ast.IfExp)) and "cython.compiled" in ast.unparse(
                child.test
            ):
                within = child if isinstance(child, ast.stmt) else statement
                for other in child.orelse if isinstance(child.orelse, list) else [child.orelse]:
                    yield from _living(other, within)
                continue
            yield from _living(child, statement)


def _text(node: ast.AST) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in TEXTS


def _operators(node: ast.AST, flags: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            if type(op) in SWAPS:
                yield _told(node, lambda at=at: node.ops.__setitem__(at, SWAPS[type(node.ops[at])]()))
    elif isinstance(node, (ast.BoolOp, ast.BinOp, ast.AugAssign)) and type(node.op) in SWAPS:
        if isinstance(node, ast.BoolOp) or not _of_strings(node):
            yield _told(node, lambda: setattr(node, "op", SWAPS[type(node.op)]()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        plus = isinstance(node.op, ast.USub)
        yield _told(node, lambda: setattr(node, "op", ast.UAdd() if plus else _Yes()))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _told(node, lambda: setattr(node, "value", not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        for value in _others(node.value, id(node) in flags):
            yield _told(node, lambda value=value: setattr(node, "value", value))
    elif isinstance(node, ast.If) and not _single(node.test):
        yield _told(node, lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test)))


def _others(value: int, flag: bool) -> list[int]:
    """What stands in place of a constant; below 0, where numbers mean that there is none, one stands for all."""
    return [1 - value] if flag else [1] if value == 0 else [value + 1, value - 1]


def _single(test: ast.expr) -> bool:
    """Whether another operator turns this condition round."""
    compared = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], NEGATED)
    return compared or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


class _Yes(ast.Not):
    """Stands for a ``not`` left out; ``_Finish`` takes it away."""


def _of_strings(node: Any) -> bool:
    """Whether texts, bytes or lists are put together."""
    sides = [node.value] if isinstance(node, ast.AugAssign) else [node.left, node.right]
    return any(
        isinstance(side, (ast.JoinedStr, ast.List))
        or (isinstance(side, ast.Constant) and isinstance(side.value, (str, bytes)))
        or (isinstance(side, ast.BinOp) and _of_strings(side))
        for side in sides
    )


def _told(node: Any, do: Any) -> tuple[str, Any]:
    text = ast.unparse(node.test if isinstance(node, ast.If) else node).splitlines()[0][:60]
    return f"changed: {text}", do


class _Finish(ast.NodeTransformer):
    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node.operand if isinstance(node.op, _Yes) else node
