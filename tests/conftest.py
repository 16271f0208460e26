"""Fixtures that several suites share: a review queue on SQLite and, where a server is given, on PostgreSQL."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from hypothesis import settings

from gaiji.review.queue import open_queue
from gaiji.review.schema import metadata

settings.register_profile("gaiji", deadline=None)  # a busy machine is no finding
settings.load_profile("gaiji")
POSTGRES = os.environ.get("GAIJI_TEST_POSTGRES", "")
"""URL of an empty database of a PostgreSQL server; its tables are dropped before each test."""


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
