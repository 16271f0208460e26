"""Lists of findings as Spark takes them: none is an empty list, and no null."""

from __future__ import annotations

import polars as pl
import pyarrow as pa


def listed(found: pl.Series, kind: pa.DataType) -> pa.Array:
    """Lists of structs ``kind``; where a row has none, an empty one."""
    lists = found.to_arrow().cast(pa.list_(kind))
    return lists if not lists.null_count else lists.fill_null(pa.scalar([], pa.list_(kind)))
