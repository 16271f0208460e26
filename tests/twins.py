"""Kernels run as plain Python beside the compiled ones: what a test compares with them."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import gaiji.kernel

USES = {
    "encode": ("points",),
    "reads": ("encode", "points"),
    "compare": ("encode", "points", "reads"),
    "numbers_back": ("encode",),
}
"""Kernels that a kernel imports: they are taken uncompiled too."""


@cache
def interpreted(name: str) -> ModuleType:
    """The kernel ``gaiji.kernel.NAME`` from its source, uncompiled."""
    path = Path(gaiji.kernel.__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"gaiji_{name}_interpreted", path)
    module = importlib.util.module_from_spec(spec)
    with patch.dict(sys.modules, {f"gaiji.kernel.{used}": interpreted(used) for used in USES.get(name, ())}):
        spec.loader.exec_module(module)
    return module
