"""The house: a package imports only what its line of the table allows, and nothing imports in a circle.

The table is that of docs/architecture.md. Imports inside functions and under TYPE_CHECKING count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "gaiji"
WORDS = {"errors", "model", "log"}
BELOW = {
    "kernel": set(),
    "disk": set(),
    "records": {"kernel", "disk"},
    "layout": {"disk"},
    "standard": {"disk"},
    "output": {"kernel", "disk"},
    "codes": {"kernel", "disk", "standard"},
    "queue": {"standard", "disk"},
    "columns": {"kernel", "records", "codes", "standard"},
    "shape": {"kernel", "disk", "standard", "codes"},
    "shrinking": {"disk", "layout", "standard", "output", "queue"},
    "names": {"disk", "standard", "output", "queue"},
}
BELOW["run"] = set(BELOW)
BELOW |= dict.fromkeys(("proof", "review", "reports", "database", "tables"), BELOW["run"] | {"run"})
BELOW["town"] = set(BELOW)
BELOW["spark"] = BELOW["run"] | {"run", "proof"}
BELOW["cli"] = set(BELOW)
CHECKED = {"kernel.decode", "kernel.numbers"}
ACCOUNTS = {
    "kernel.cut",
    "kernel.described",
    "kernel.shape",
    "kernel.unread",
    "layout.spans",
    "columns.owners",
}
CUTTERS = {
    f"records.{name}"
    for name in ("reader", "cutter", "fixed", "variable", "delimited", "source", "ends", "forms", "blocks")
}
SHAPING = {"output.shaping", "output.dates", "run.made", "run.recipes"}
PROOF = dict.fromkeys(("encode", "points", "reads", "compare", "numbers_back"), CHECKED)
PROOF = {f"kernel.{name}": checked for name, checked in PROOF.items()} | {
    "kernel.recut": CHECKED | ACCOUNTS,
    "proof.raw": CUTTERS | ACCOUNTS,
    "proof.recut": CUTTERS | ACCOUNTS | {"run.reading"},
    "proof.again": CUTTERS | ACCOUNTS | {"run.reading"},
    "proof.account": CUTTERS | ACCOUNTS,
    "proof.kinds": CUTTERS | ACCOUNTS,
    "proof.verify": CUTTERS | SHAPING | {"run.reading"},
    "proof.proving": CUTTERS | SHAPING | {"run.reading"},
    "proof.pieces": CUTTERS | SHAPING | {"run.reading", "run.pieces", "run.splits"},
    "proof.gathered": CUTTERS | SHAPING | {"run.reading", "run.gathered", "run.splits"},
    "proof.windows": CUTTERS | {"run.reading", "run.splits"},
    "proof.aside": CUTTERS | {"records.quarantine", "run.reading"},
    "proof.pairs": CUTTERS | SHAPING | {"run.reading"},
    "proof.prover": SHAPING,
    "proof.report": SHAPING,
    "proof.shaped": SHAPING,
    "proof.columns": SHAPING,
    "proof.dates": SHAPING,
    "proof.rows": CHECKED | CUTTERS,
    "database.verify": CHECKED
    | CUTTERS
    | {f"database.{name}" for name in ("convert", "cells", "progress", "target", "added")},
}
"""The proof never uses the loops, the cutting, the accounts and the making of columns that it checks."""


@cache
def parsed() -> dict[str, ast.Module]:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    return {
        name.removesuffix(".__init__"): ast.parse(path.read_text("utf-8")) for name, path in names.items()
    }


def modules() -> dict[str, ast.Module]:
    """Every module by its name inside the package, parsed: once for all tests, which put others in their place and
    change none."""
    return dict(parsed())


@cache
def import_lines(tree: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """The imports of a module, wherever in it."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def imports(tree: ast.Module, known: dict[str, ast.Module]) -> Iterator[str]:
    """Modules of the toolkit that a module imports, wherever in it."""
    for node in import_lines(tree):
        if isinstance(node, ast.Import):
            yield from (
                alias.name.removeprefix("gaiji.") for alias in node.names if alias.name.startswith("gaiji.")
            )
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "gaiji":
            base = node.module.removeprefix("gaiji").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".removeprefix(".")
                yield inner if inner in known else base


def faults(known: dict[str, ast.Module]) -> list[str]:
    """Imports that the table refuses, and circles."""
    wrong, graph = [], {}
    for name, tree in known.items():
        package = name.split(".")[0]
        graph[name] = {other for other in imports(tree, known) if other not in ("", name)}
        allowed = BELOW.get(package, set()) | {package} | WORDS
        if package in ("__init__", "__main__", ""):  # the face for programs, and `python -m gaiji`
            continue
        if package not in BELOW and package not in WORDS:
            wrong.append(f"{name} belongs to no package of the table")
        allowed = allowed if package in BELOW else WORDS
        wrong += [f"{name} imports {other}" for other in graph[name] if other.split(".")[0] not in allowed]
        wrong += [f"{name} imports {other}" for other in graph[name] & PROOF.get(name, set())]
    for package in {
        name for name in graph if "." not in name
    }:  # a package stands for what its __init__ offers
        graph[package] = {other for other in graph[package] if other.split(".")[0] != package}
    try:
        TopologicalSorter(graph).prepare()
    except ValueError as error:
        wrong.append(f"a circle: {' -> '.join(error.args[1])}")
    return wrong


def test_packages_import_only_what_the_table_allows():
    assert faults(modules()) == []


PLANTED = [
    ("kernel.decode", "from gaiji.codes.program import K"),
    ("kernel.encode", "from gaiji.kernel import decode"),
    ("kernel.compare", "from gaiji.kernel.decode import Program"),
    ("kernel.numbers_back", "from gaiji.kernel.numbers import numbers"),
    ("kernel.recut", "from gaiji.kernel import cut"),
    ("proof.recut", "from gaiji.records.fixed import Fixed"),
    ("proof.account", "from gaiji.layout.spans import spans"),
    ("proof.windows", "from gaiji.run.splits import splits_of"),
    ("disk.files", "import gaiji.records.reader"),
    ("records.reader", "from gaiji.codes import charset"),
    ("layout.copybook", "def f():\n    from gaiji.run.job import Job"),
    ("standard.repertoire", "from gaiji.codes.tables import load_table"),
    ("output.lines", "from gaiji.columns.decode import Decoder"),
    (
        "queue.queue",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gaiji.review.web import app",
    ),
    ("columns.findings", "from gaiji.run.job import Job"),
    ("proof.verify", "from gaiji.reports.explain import explain"),
    ("database.verify", "from gaiji.database.cells import rows_of"),
    ("run.convert", "from gaiji.cli.options import overrides"),
    ("model", "from gaiji.disk.files import AtomicFile"),
]


@pytest.mark.parametrize(("name", "line"), PLANTED, ids=[name for name, _ in PLANTED])
def test_planted_imports_are_refused(name, line):
    known = modules()
    known[name] = ast.parse(
        f"{line}\n{ast.unparse(known[name]).replace('from __future__ import annotations', '')}"
    )
    assert any(fault.startswith(f"{name} imports") for fault in faults(known))


def test_a_planted_circle_is_found():
    known = modules()
    first, second = "queue.schema", "queue.decisions"
    known[first] = ast.parse(f"import gaiji.{second}\n")
    assert any(fault.startswith("a circle") for fault in faults(known))


# -- private names, size, storeys --------------------------------------------------------------------------


def package_of(name: str) -> str:
    """The package that a module is in, or the module itself at the top."""
    return name.split(".")[0]


FREETYPE = {"_FT_Face", "_FT_Bitmap"}
"""What freetype-py calls its C structures; there is no other way to them."""
NAMED_TUPLE = {"_fields", "_replace", "_asdict"}
"""What every named tuple offers; the line before the name keeps them apart from its fields."""


def private_uses(known: dict[str, ast.Module]) -> list[str]:
    """Uses of a private name of another package: ``from gaiji.codes.x import _y``, or ``thing._y`` where nothing in the
    user's own package is called ``_y``."""
    own: dict[str, set[str]] = {}
    for name, tree in known.items():
        names = own.setdefault(package_of(name), set())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names.add(node.attr)
    wrong = []
    for name, tree in known.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gaiji."):
                other = package_of((node.module or "").removeprefix("gaiji."))
                if other != package_of(name):
                    wrong += [f"{name}: {a.name} of {other}" for a in node.names if a.name.startswith("_")]
            elif (
                isinstance(node, ast.Attribute)
                and node.attr.startswith("_")
                and not node.attr.startswith("__")
            ) and node.attr not in own[package_of(name)] | FREETYPE | NAMED_TUPLE:
                wrong.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    return wrong


def test_no_package_uses_private_names_of_another():
    assert private_uses(modules()) == []


def test_a_private_name_of_another_package_is_found():
    known = modules()
    known["reports.explain"] = ast.parse(
        f"{ast.unparse(known['reports.explain'])}\ndef f(reader):\n    return reader._tail"
    )
    assert [use for use in private_uses(known) if "reader._tail" in use]


LONG_MODULES = {"kernel.decode": "one loop over all kinds of charset, which must stay one for its speed"}
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions of more than 60 lines, with the reason."""


def test_modules_and_functions_stay_small():
    wrong = []
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        text = path.read_text("utf-8")
        lines = text.count("\n")
        if lines > 500 and name not in LONG_MODULES:
            wrong.append(f"{name} has {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and name not in LONG_MODULES:
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 60 and f"{name}.{node.name}" not in LONG_FUNCTIONS:
                    wrong.append(f"{name}.{node.name} has {size} lines")
    assert wrong == []


def storeys(known: dict[str, ast.Module]) -> dict[str, int]:
    """How high each room of the top lies: one above the highest that it imports."""
    graph: dict[str, set[str]] = {}
    for name, tree in known.items():
        below = {package_of(other) for other in imports(tree, known) if other}
        graph.setdefault(package_of(name), set()).update(below - {package_of(name)})
    height: dict[str, int] = {}
    for room in TopologicalSorter(graph).static_order():
        height[room] = 1 + max((height[other] for other in graph.get(room, ())), default=0)
    return height


def test_the_house_is_low_and_has_few_rooms():
    height = storeys(modules())
    assert len([room for room in height if room]) <= 26
    assert max(height.values()) <= 10


def test_a_job_passes_few_rooms():
    """The modules of ``run`` that a job enters between ``convert`` and the manifest."""
    known = modules()
    taking = {
        name
        for name, tree in known.items()
        if package_of(name) == "run" and name in {*imports(known["run.convert"], known), "run.convert"}
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(arg.arg in ("job", "plan") for arg in node.args.args)
    }
    assert len(taking) <= 9, sorted(taking)
