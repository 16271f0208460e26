"""The corpus of the fuzz targets, each input once: seeds, and what fuzzing found before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent / "fuzz"
sys.path.insert(0, str(FUZZ))

import targets  # noqa: E402

INPUTS = sorted((FUZZ / "corpus").glob("*/*"))


def test_every_target_has_a_corpus():
    assert {path.parent.name for path in INPUTS} == set(targets.TARGETS)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_replay(path):
    targets.TARGETS[path.parent.name](path.read_bytes())
