"""Stand-in for the ``cython`` module when the kernel runs as plain Python and Cython is not installed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

compiled = False
nogil: Any = nullcontext()
