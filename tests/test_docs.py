"""Links in the pages lead somewhere, and the README's example does what the README shows."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.disk.datafiles import samples_dir
from gaiji.errors import MissingExtra

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests/cases/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


def anchors(page: Path) -> set[str]:
    """The headings' names as links use them: small letters, punctuation gone, spaces as hyphens."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {target}"


def test_the_example_of_the_readme_does_what_it_shows(tmp_path, monkeypatch):
    pytest.importorskip("PIL", reason="the example needs the extra images")
    text = (ROOT / "README.md").read_text("utf-8")
    command, shown = re.search(
        r"^\$ gaiji (convert [^\n]+)\n(.*?)^\$ ", text, re.MULTILINE | re.DOTALL
    ).groups()
    shutil.copytree(samples_dir(), tmp_path / "data" / "samples", ignore=shutil.ignore_patterns("out"))
    job = (tmp_path / "data/samples/juki-jef.toml").read_text("utf-8")
    assert re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1].strip() in job
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 3 and "code is 3" in text
    assert done.stdout.splitlines() == shown.splitlines()


NAME = re.compile(r"(?<![\w/.@-])gaiji((?:\.[A-Za-z_]\w*)+)")
ENDS = {"toml", "sqlite", "pot", "mo", "po", "csv", "egg"}
"""Names of files, not of modules."""


def named(text: str) -> set[str]:
    return {found[1][1:] for found in NAME.finditer(text) if found[1].split(".")[-1] not in ENDS}


def stands(name: str) -> bool:
    """Whether a dotted name below ``gaiji`` is a module, or something in one."""
    parts = name.split(".")
    for cut in range(len(parts), -1, -1):
        module = ".".join(["gaiji", *parts[:cut]])
        try:
            thing = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            told = {*getattr(thing, "__annotations__", ()), *getattr(thing, "__all__", ())}
            try:
                if not hasattr(thing, part) and part not in told:
                    return False
                thing = getattr(thing, part, None)
            except MissingExtra:  # a name of an optional package: it stands where the module says so
                return part in told
        return True
    return False


def test_every_name_of_ours_in_pages_and_docstrings_exists():
    texts = {
        page: re.sub(r"^```(?:python |diff)(?s:.*?)^```$", "", page.read_text("utf-8"), flags=re.M)
        for page in PAGES
    }
    for path in (ROOT / "gaiji").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        holders = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, holders)]
        texts[path] = "\n".join(docs)
    wrong = [
        (path.name, name) for path, text in texts.items() for name in sorted(named(text)) if not stands(name)
    ]
    assert wrong == []
