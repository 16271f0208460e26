"""Links in the pages lead somewhere, and the README's example does what the README shows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gaiji.cli import main
from gaiji.disk.datafiles import samples_dir

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
