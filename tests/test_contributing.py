"""The worked examples of CONTRIBUTING.md, run as they are written there, in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gaiji")
    for name in ("gaiji", "mappings", "data", "tests"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "out", "bench")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "bin").mkdir()
    for name, module in (("python", ""), ("gaiji", "-m gaiji ")):
        (folder / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
        (folder / "bin" / name).chmod(0o755)
    return folder


def run(command: list[str], folder: Path, text: str) -> None:
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "PATH": path, "PYTHONPATH": str(folder), "GAIJI_HOME": str(folder / "home")}
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, env=settings)
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def test_there_are_four():
    assert [example.splitlines()[0] for example in EXAMPLES] == [
        "Add a row",
        "Add a table from a package",
        "Add a charset",
        "Add an output format",
    ]
    assert all(BLOCK.search(example) for example in EXAMPLES)


@pytest.mark.slow
def test_the_examples_work_as_written(copy):
    """One after the other: the charset uses the table of the example before."""
    ran = 0
    for language, path, text in (found for example in EXAMPLES for found in BLOCK.findall(example)):
        if path:
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            assert not (copy / path).exists(), path
            (copy / path).write_text(text, "utf-8")
        elif language == "diff":
            run(["git", "apply", "--unsafe-paths", "-p1", "-"], copy, text)
        else:
            assert language == "sh", language
            run(["bash", "-euo", "pipefail", "-s"], copy, text)
            ran += 1
    assert ran == 4
