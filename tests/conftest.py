"""Fixtures that several suites share: a review queue on SQLite and, where a server is given, on PostgreSQL."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from gaiji.queue.queue import open_queue
from gaiji.queue.schema import metadata

gc.set_threshold(100_000, 20, 100)  # as ``gaiji.cli`` has it: tables are many small objects
settings.register_profile("gaiji", deadline=None)  # a busy machine is no finding
settings.load_profile("gaiji")
OWN_CACHE = "" if "GAIJI_CACHE" in os.environ else tempfile.mkdtemp(prefix="gaiji-tests-")
"""What the tests keep of compiled tables, theirs alone; the workers of one run share it."""
if OWN_CACHE:
    os.environ["GAIJI_CACHE"] = OWN_CACHE
POSTGRES = os.environ.get("GAIJI_TEST_POSTGRES", "")
"""URL of an empty database of a PostgreSQL server; its tables are dropped before each test."""
MARIADB = os.environ.get("GAIJI_TEST_MARIADB", "")
"""The same of a MariaDB server."""


def pytest_unconfigure():
    if OWN_CACHE:
        shutil.rmtree(OWN_CACHE, ignore_errors=True)


@contextmanager
def tmpfs(place: Path, options: str):
    """A file system in memory mounted at ``place`` for the block (``size=256k``, ``ro``); the test is skipped where none can be."""
    place.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True
        ).returncode
    ):
        pytest.skip("this machine mounts no tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def draw_mj_font(tmp_path, monkeypatch):
    """Makes a font of the MJ names given and has it used instead of IPAmj 明朝; a glyph's strokes are made up."""

    def draw(names):
        from tests.fonts import mj_font_bytes

        font = tmp_path / "drawn-mj.ttf"
        font.write_bytes(mj_font_bytes(names))
        monkeypatch.setenv("GAIJI_MJ_FONT", str(font))
        return font

    return draw


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def queue(request, tmp_path):
    """An empty queue on each kind of database."""
    if request.param == "postgres":
        engine = sa.create_engine(POSTGRES)
        metadata.drop_all(engine)
        engine.dispose()
    opened = open_queue(POSTGRES if request.param == "postgres" else tmp_path / "review.sqlite")
    yield opened
    opened.close()
