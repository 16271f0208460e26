"""gaiji: municipal name data out of vendor character codes into 行政事務標準文字.

The public names are loaded when they are first used, so that ``import gaiji`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_PUBLIC = {
    "load_charset": "gaiji.codes.charset",
    "load_repertoire": "gaiji.standard.repertoire",
    "convert": "gaiji.run.convert",
    "reverse": "gaiji.run.reverse",
    "verify": "gaiji.proof.verify",
    "shrink": "gaiji.shrinking.shrinker",
    "unshrink": "gaiji.shrinking.shrinker",
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'gaiji' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value  # importing gaiji.convert put the module there
    return value
