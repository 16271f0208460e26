"""What the tests of the review screen share: a queue with pictures and candidates, made of the samples."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from gaiji.disk.datafiles import samples_dir
from gaiji.review.evidence.learn import learn
from gaiji.run.convert import convert

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def sample_queue(folder: Path, name: str = "juki-jef", **overrides: object) -> Path:
    """The queue of a sample job, with what its names propose."""
    shutil.copytree(
        samples_dir(), folder, ignore=shutil.ignore_patterns("out", "*.py", "__pycache__"), dirs_exist_ok=True
    )
    convert(folder / f"{name}.toml", overrides=overrides)
    learn(folder / f"{name}.toml", overrides=overrides)
    return folder / "out" / name / "review.sqlite"


@contextmanager
def chromium(*switches: str):
    """Chromium of the system, headless, closed again."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "Chromium is not installed (.ci/install does it)"
    always = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=[*always, *switches])
        yield started
        started.close()


class Screen:
    """The review screen as its command starts it, with the URL that it prints."""

    def __init__(self, queue: Path, *options: str) -> None:
        command = [sys.executable, "-m", "gaiji", "review", "serve", "--queue", str(queue), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.url

    @property
    def base(self) -> str:
        """The address without its token."""
        return self.url.partition("/?")[0]

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(20)
