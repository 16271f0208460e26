"""Which values of a heavy test the quick suite runs; the others are for CI (``pytest -m slow``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def mostly_slow(values: Iterable[Any], quick: Collection[Any]) -> list[Any]:
    """The values for ``parametrize``: those of ``quick`` as they are, each of which is one of them; the rest marked slow."""
    values = list(values)
    assert quick and all(value in values for value in quick), quick
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]
