"""Runs one bad input in a folder of its own: exit code, the lines it said, and the files it made."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from click.testing import CliRunner

from gaiji.cli.commands import main


def run(files: dict[str, bytes], words: list[str]) -> tuple[int, list[str], list[str]]:
    """(exit code, lines of standard error without the folder's name, files made besides those given)."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, raw in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        os.chdir(folder)
        try:
            done = CliRunner().invoke(main, words)
        finally:
            os.chdir(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        made = sorted(
            str(p.relative_to(folder))
            for p in Path(folder).rglob("*")
            if p.is_file() and str(p.relative_to(folder)) not in files
        )
        changed = [name for name, raw in files.items() if (Path(folder) / name).read_bytes() != raw]
        assert not changed, changed
        return done.exit_code, [line.replace(folder, "DIR") for line in done.stderr.splitlines()], made
