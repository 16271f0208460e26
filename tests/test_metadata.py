"""What the package says of itself: its licences are those of the data it ships, its minima those that were tried."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def shipped_licences() -> set[str]:
    """The SPDX ids of the last column of mappings/LICENSES.md; a row without one says why in words."""
    rows = [
        line.strip("|").split("|")
        for line in (ROOT / "mappings" / "LICENSES.md").read_text("utf-8").splitlines()
        if line.startswith("|")
    ][2:]
    assert all(len(row) == 4 for row in rows)
    found = {row[3].strip() for row in rows}
    return {one for one in found if not one.startswith("none: ")}


def test_the_licence_names_the_programs_and_the_data():
    assert set(PROJECT["license"].split(" AND ")) == {"Apache-2.0"} | shipped_licences()


def test_every_licence_of_the_data_is_a_spdx_id():
    licenses = pytest.importorskip(
        "packaging.licenses", reason="packaging before 24.2 does not know SPDX licences"
    )
    for one in {"Apache-2.0"} | shipped_licences():
        assert licenses.canonicalize_license_expression(one) == one


def test_every_requirement_has_a_least_version():
    """Without one the oldest packages could not be tried (.ci/minima)."""
    extras = PROJECT["optional-dependencies"]
    for requirement in [*PROJECT["dependencies"], *(r for group in extras.values() for r in group)]:
        assert re.search(r"[>=]=\d", requirement), requirement


def test_extras_and_what_tests_use_have_the_same_minima():
    least = {}
    for group in (
        PROJECT["dependencies"],
        *(PROJECT["optional-dependencies"][e] for e in ("xlsx", "images", "web", "fonts", "dev")),
    ):
        for requirement in group:
            name, _, version = requirement.partition(";")[0].partition(">=")
            assert least.setdefault(name, version) == version, requirement


def marks_of(path: Path) -> list[tuple[str, list[ast.keyword]]]:
    """The marks that a file of tests has, with what they are given."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        at, given = (node.func, node.keywords) if isinstance(node, ast.Call) else (node, [])
        if isinstance(at, ast.Attribute) and isinstance(at.value, ast.Attribute) and at.value.attr == "mark":
            found.append((at.attr, given))
    return found


def test_every_heavier_test_is_run_by_ci_or_says_why_not():
    """CI names no files: those that a list forgot were run by nobody. What it leaves out, make soak runs."""
    lines = [line for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if "slow" in line]
    assert lines == ['.venv/bin/python -m pytest -n 2 --dist worksteal -m "slow and not soak and not system"']
    assert ".ci/system\n" in (ROOT / ".ci" / "run").read_text("utf-8")
    system = (ROOT / ".ci" / "system").read_text("utf-8")
    assert ".venv/bin/python -m pytest -m system --ignore tests/test_monkey.py\n" in system
    assert ".venv/bin/python -m pytest -n 2 -m system tests/test_monkey.py " in system
    assert "$(BIN)/python -m pytest -s -m soak\n" in (ROOT / "Makefile").read_text("utf-8")
    soaked = 0
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        marks = marks_of(path)
        bare = sum(name == "soak" for name, _ in marks) - sum(name == "soak" and bool(k) for name, k in marks)
        reasons = [k for name, given in marks if name == "soak" for k in given]
        assert all(k.arg == "reason" and isinstance(k.value, ast.Constant) and k.value.value for k in reasons)
        assert bare == len(reasons), path.name  # each `pytest.mark.soak` is the callee of one call
        soaked += len(reasons)
    assert soaked


def test_nothing_stands_at_the_top_but_what_the_layout_names():
    """A file that somebody tried something with is no part of the repository."""
    if not (
        ROOT / ".git"
    ).exists():  # a source distribution; one unpacked inside a checkout is none of its own either
        pytest.skip("no checkout of git")
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    top = {name.partition("/")[0] for name in found.stdout.splitlines()}
    hidden = {".ci", ".gitignore", ".pre-commit-config.yaml"}
    files = {
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "pyproject.toml",
        "setup.py",
    }
    assert top == hidden | files | {"data", "docs", "gaiji", "mappings", "tests"}
