"""A checkout that is measured, and what a process of it costs. Used by ``limits``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Side:
    """``name``: now or before; ``root``: its checkout; ``folder``: where its files go; ``cpu``: whether a
    process costs the time of the processors, not that of the clock."""

    name: str
    root: Path
    folder: Path
    cpu: bool

    @property
    def python(self) -> str:
        """Its interpreter: that of its own environment where it has one."""
        own = self.root / ".venv" / "bin" / "python"
        return str(own if own.exists() else sys.executable)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes see: a cache and a home of its own, and bytecode as an installed package has."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        own = {
            name: str(self.folder / f"{name.lower()}-{self.name}") for name in ("GAIJI_CACHE", "GAIJI_HOME")
        }
        return kept | own

    def gaiji(self, *words: str | Path, feed: Iterable[bytes] = ()) -> float:
        """Seconds of a command; ``feed``: what it reads from standard input."""
        return self.seconds(["-m", "gaiji", *map(str, words)], feed)

    def seconds(self, words: list[str], feed: Iterable[bytes] = ()) -> float:
        """Seconds of a process of its interpreter."""
        return cost([self.python, *words], self.cpu, self.folder, self.environment, feed)[0]

    def has(self, package: str) -> bool:
        """Whether a package can be imported there."""
        done = subprocess.run([self.python, "-c", f"import {package}"], capture_output=True, check=False)
        return not done.returncode

    def told(self, script: str, *words: str) -> dict[str, float]:
        """What a script of this folder measures with this checkout: numbers by name."""
        command = [self.python, str(HERE / script), *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"limits: {script} of {self.name}: {done.stderr}")
        return {f"{self.name} {what}": float(value) for what, value in json.loads(done.stdout).items()}


def cost(
    command: list[str], cpu: bool, folder: Path, environment: dict[str, str], feed: Iterable[bytes] = ()
) -> tuple[float, int]:
    """Seconds of a process, and its peak resident bytes where it was fed (looked at between the pieces)."""
    with (folder / "errors").open("w+") as errors:
        began, peak = time.perf_counter(), 0
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        if process.stdin:
            for piece in feed:
                process.stdin.write(piece)
                peak = max(peak, resident(process.pid))
            process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 3):
            errors.seek(0)
            sys.exit(f"limits: {' '.join(command)}: {errors.read()[-2000:]}")
    return (usage.ru_utime + usage.ru_stime if cpu else wall), peak


def resident(process: int) -> int:
    """The most bytes that a process has had in memory so far; 0 when it has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
