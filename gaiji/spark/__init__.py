"""Spark: jobs as a data source, conversions in pieces on many machines, columns decoded where they lie.

Owns what Spark needs of the toolkit, and nothing of what it does: places to begin at come from
``run.splits``, pieces are converted by ``run.pieces``; neither knows Spark. The public names are loaded when
they are first used, so that an installation without Spark can import the package."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gaiji.errors import MissingExtra
from gaiji.errors.messages import tr

if TYPE_CHECKING:
    from gaiji.spark.engine import convert, verify
    from gaiji.spark.source import GaijiDataSource
    from gaiji.spark.udf import decode, keys

__all__ = ["GaijiDataSource", "convert", "decode", "keys", "verify"]
_HOMES = {
    "GaijiDataSource": "gaiji.spark.source",
    "convert": "gaiji.spark.engine",
    "decode": "gaiji.spark.udf",
    "keys": "gaiji.spark.udf",
    "verify": "gaiji.spark.engine",
}

if not TYPE_CHECKING:  # a type checker that saw this would take every misspelling for a name

    def __getattr__(name: str) -> Any:
        """A public name, when it is first used; MissingExtra where Spark is not installed."""
        if name not in _HOMES:
            raise AttributeError(f"module 'gaiji.spark' has no attribute {name!r}")
        if any(find_spec(package) is None for package in ("pyspark", "pyarrow", "pandas")):
            raise MissingExtra(tr("Spark"), "spark")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
